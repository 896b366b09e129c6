"""Personal data: found by what its values mean, and masked before anything is shown or kept."""

from __future__ import annotations

import polars as pl

from workbench.core.contract import Kind
from workbench.profiling.meanings import LOOKED_AT, MATCHING, Meaning, is_card, recognise

# Whole numbers of fewer digits are no card numbers.
LEAST_CARD = 10**12


def meaning_of(values: pl.Series, kind: Kind) -> Meaning | None:
    """What people mean by a column's values.

    Parameters
    ----------
    values : polars.Series, shape (rows,)
        In the column's type, or as texts.
    kind : str
        As in the contract.

    Examples
    --------
    >>> meaning_of(pl.Series("mail", ["ada@example.org", "alan@example.org"]), "text").sensitive
    True
    """
    if kind == "integer":
        return _cards(values)
    if kind not in ("category", "text") or values.dtype != pl.String:
        return None
    distinct = values.drop_nulls().unique(maintain_order=True).head(LOOKED_AT)
    return recognise(distinct.to_list(), values.name)


def mask(text: str) -> str:
    """Its first character and its length, nothing else.

    >>> mask("ada@example.org")
    'a… (15)'
    """
    return f"{text[:1]}… ({len(text)})"


def _cards(values: pl.Series) -> Meaning | None:
    if not values.dtype.is_numeric():
        return None
    whole = values.drop_nulls().head(LOOKED_AT).cast(pl.Int64, strict=False).drop_nulls().unique()
    if len(whole) < 5 or int(whole.min()) < LEAST_CARD:  # type: ignore[arg-type]  # whole numbers, not empty
        return None
    share = sum(is_card(str(v)) for v in whole.to_list()) / len(whole)
    return Meaning("card numbers", True, share) if share >= MATCHING else None
