"""Personal data: found by what its values mean, and masked before anything is shown or kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import polars as pl

from workbench.core.contract import Contract, Kind, Role
from workbench.reading.meanings import (
    EMBEDDED,
    LOOKED_AT,
    MATCHING,
    Meaning,
    is_card,
    is_direct,
    is_phone,
    named_phone,
    recognise,
    within,
)
from workbench.reading.values import read

# Whole numbers of fewer digits are no card numbers, and one right checksum in a few may be luck.
LEAST_CARD = 10**12
FEWEST_CARDS = 5
_SUSPECT = r"@|(?:\d[\s().-]{0,2}){7}|[A-Z]{2}\d{2}[ A-Z0-9]{8}"


def meaning_of(values: pl.Series, kind: Kind) -> Meaning | None:
    """What people mean by a column's values.

    Parameters
    ----------
    values : polars.Series, shape (rows,)
        As they came, or in the column's type.
    kind : str
        As in the contract.

    Examples
    --------
    >>> meaning_of(pl.Series("mail", ["ada@example.org", "alan@example.org"]), "text").sensitive
    True
    """
    if kind == "integer":
        return _numbers(values)
    if kind not in ("category", "text"):
        return None
    distinct = read(values, kind).drop_nulls().unique(maintain_order=True)
    whole = recognise(distinct.head(LOOKED_AT).to_list(), values.name)
    if whole is not None and is_direct(whole.name):
        return whole
    # What only some texts hold is looked for in all of them, where they have an address' sign or a number's digits.
    suspects = distinct.filter(distinct.str.contains(_SUSPECT))
    return within(suspects.to_list(), len(distinct)) or whole


def set_apart(contract: Contract, meanings: Mapping[str, str]) -> Contract:
    """A contract in which features that name persons are *personal*: no features, unless somebody said why.

    The one place that decides it; every way from a table to a model comes through it.

    Parameters
    ----------
    contract : Contract
    meanings : mapping of str to str
        What people mean by the values of a column, where that is known.

    Examples
    --------
    >>> from workbench.core.contract import Column
    >>> set_apart(Contract((Column("mail", "category"),)), {"mail": "e-mail addresses"})["mail"].role
    'personal'
    """
    for name, meaning in meanings.items():
        column = contract[name]
        if is_direct(meaning) and column.role == "feature":
            role: Role = "feature" if column.reason else "personal"
            contract = contract.change(name, role=role, sensitive=True, categories=None)
    return contract


def meanings_of(values: Iterable[pl.Series], contract: Contract) -> dict[str, str]:
    """What people mean by the values of each feature, where that can be seen."""
    known = {v.name: meaning_of(v, contract[v.name].kind) for v in values if contract[v.name].role == "feature"}
    return {name: meaning.name for name, meaning in known.items() if meaning is not None}


def mask(text: str) -> str:
    """Its first character and its length, nothing else.

    >>> mask("ada@example.org")
    'a… (15)'
    """
    return f"{text[:1]}… ({len(text)})"


def _numbers(values: pl.Series) -> Meaning | None:
    """Cards by their checksum, phones by a plus or by the column's name: other digits may be anything."""
    if values.dtype == pl.String:
        texts = values.drop_nulls().unique(maintain_order=True).head(LOOKED_AT).str.strip_chars().to_list()
        written = sum(text.startswith("+") and is_phone(text) for text in texts)
        if texts and written >= MATCHING * len(texts):
            return Meaning("phone numbers", True, written / len(texts))
    whole = read(values, "integer").cast(pl.Int64, strict=False).drop_nulls().unique(maintain_order=True)
    return _cards(whole) or _phones(whole.head(LOOKED_AT), values.name)


def _cards(whole: pl.Series) -> Meaning | None:
    """Of the numbers that are long enough, be there shorter ones beside them."""
    long = whole.filter(whole >= LEAST_CARD).head(LOOKED_AT)
    if len(long) < FEWEST_CARDS or len(long) < EMBEDDED * len(whole):
        return None
    share = sum(is_card(str(v)) for v in long.to_list()) / len(long)
    return Meaning("card numbers", True, share) if share >= MATCHING else None


def _phones(whole: pl.Series, name: str) -> Meaning | None:
    if not len(whole) or not named_phone(name):
        return None
    share = sum(7 <= len(str(v)) <= 15 for v in whole.to_list()) / len(whole)
    return Meaning("phone numbers", True, share) if share >= MATCHING else None
