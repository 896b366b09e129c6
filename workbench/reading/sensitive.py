"""Personal data: found by what its values mean, and masked before anything is shown or kept."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from workbench.core.contract import Contract, Kind
from workbench.reading.meanings import (
    EMBEDDED,
    LOOKED_AT,
    MATCHING,
    MOST_SUSPECTS,
    Meaning,
    is_card,
    is_direct,
    is_phone,
    named_phone,
    recognise,
    within,
)
from workbench.reading.values import as_text, read

# Rows of which every one is looked at; of as many more every second, of as many more again every third, and so on.
LOOKED_THROUGH = 500_000
# Whole numbers of fewer digits are no card numbers, and one right checksum in a few may be luck.
LEAST_CARD = 10**12
FEWEST_CARDS = 5
_SUSPECT = r"@|(?:\d[\s().-]{0,2}){7}|[A-Z]{2}\d{2}[ A-Z0-9]{8}"


def meaning_of(name: str, values: pl.Series, kind: Kind) -> Meaning | None:
    """What people mean by a column's values.

    Parameters
    ----------
    name : str
        The column's.
    values : polars.Series, shape (rows,)
        As they came, or in the column's type.
    kind : str
        As in the contract.

    Examples
    --------
    >>> meaning_of("mail", pl.Series(["ada@example.org", "alan@example.org"]), "text").sensitive
    True
    """
    looked = Glance(name, kind)
    looked.add(values)
    return looked.meaning()


class Glance:
    """Looks at the values of a column, chunk by chunk, for what people mean by them; it keeps few of them.

    Parameters
    ----------
    name : str
    kind : str
        As in the contract.

    Examples
    --------
    >>> glance = Glance("mail", "text")
    >>> glance.add(pl.Series(["ada@example.org"]))
    >>> glance.add(pl.Series(["alan@example.org"]))
    >>> glance.meaning().name
    'e-mail addresses'
    """

    def __init__(self, name: str, kind: Kind) -> None:
        self._seen = (
            _Digits(name) if kind == "integer" else _Texts(name, kind) if kind in ("category", "text") else None
        )
        self._rows = 0

    def add(self, values: pl.Series) -> None:
        """Further values, as they came or in the column's type; of many rows ever fewer are looked at."""
        if self._seen is not None and values.null_count() < len(values):
            step = 1 + self._rows // LOOKED_THROUGH
            self._seen.add(values.gather_every(step) if step > 1 else values)
            self._rows += len(values)

    def meaning(self) -> Meaning | None:
        """What they are, as far as that can be seen."""
        return None if self._seen is None else self._seen.meaning()


class _First:
    """The first distinct values of a column, and whether there are more."""

    def __init__(self, most: int) -> None:
        self._most, self._values = most, pl.Series(dtype=pl.Null)

    def add(self, distinct: pl.Series) -> None:
        if not len(self._values):
            self._values = distinct.alias("").head(self._most + 1)
        elif len(self._values) <= self._most:
            both = pl.concat([self._values.cast(distinct.dtype), distinct.alias("")])
            self._values = both.unique(maintain_order=True).head(self._most + 1)

    def __len__(self) -> int:
        return len(self._values)

    def head(self, most: int) -> pl.Series:
        return self._values.head(most)


class _Texts:
    """What texts mean by the first of them, and what some hold within, looked for in all."""

    def __init__(self, name: str, kind: Kind) -> None:
        self._name, self._kind, self._first = name, kind, _First(LOOKED_AT)
        self._suspects, self._step, self._passed = pl.Series(dtype=pl.String), 1, 0

    def add(self, values: pl.Series) -> None:
        distinct = read(as_text(values).unique(maintain_order=True), self._kind).drop_nulls()
        self._first.add(distinct)
        # What only some texts hold is looked for in all of them, where they have an address' sign or a number's digits.
        suspects = distinct.filter(distinct.str.contains(_SUSPECT)).alias("")
        if len(suspects):
            self._suspect(suspects.filter(~suspects.is_in(self._suspects.implode())))

    def _suspect(self, suspects: pl.Series) -> None:
        """Of very many, as many at even steps are kept."""
        begin = -self._passed % self._step
        self._passed += len(suspects)
        self._suspects = pl.concat([self._suspects, suspects.gather_every(self._step, begin)])
        while len(self._suspects) > 2 * MOST_SUSPECTS:
            self._suspects, self._step = self._suspects.gather_every(2), 2 * self._step

    def meaning(self) -> Meaning | None:
        if not len(self._first):
            return None
        whole = recognise(self._first.head(LOOKED_AT).to_list(), self._name)
        if whole is not None and is_direct(whole.name):
            return whole
        return within(self._suspects.to_list(), len(self._first)) or whole


class _Digits:
    """Cards by their checksum, phones by a plus or by the column's name: other digits may be anything."""

    def __init__(self, name: str) -> None:
        self._name, self._texts = name, _First(LOOKED_AT)
        # More than so many distinct numbers, and those that are looked at are too small a share of them.
        self._whole, self._long = _First(int(LOOKED_AT / EMBEDDED)), _First(LOOKED_AT)

    def add(self, values: pl.Series) -> None:
        distinct = values.unique(maintain_order=True).drop_nulls()
        if distinct.dtype == pl.String:
            self._texts.add(distinct)
        whole = read(distinct, "integer").cast(pl.Int64, strict=False).drop_nulls()
        whole = whole if distinct.dtype.is_integer() else whole.unique(maintain_order=True)
        self._whole.add(whole)
        if len(whole) and int(whole.max()) >= LEAST_CARD:  # type: ignore[arg-type]  # whole numbers
            self._long.add(whole.filter(whole >= LEAST_CARD))

    def meaning(self) -> Meaning | None:
        texts = [text.strip() for text in self._texts.head(LOOKED_AT).to_list()]
        written = sum(text.startswith("+") and is_phone(text) for text in texts)
        if texts and written >= MATCHING * len(texts):
            return Meaning("phone numbers", True, written / len(texts))
        return self._cards() or _phones(self._whole.head(LOOKED_AT), self._name)

    def _cards(self) -> Meaning | None:
        """Of the numbers that are long enough, be there shorter ones beside them."""
        long = self._long.head(LOOKED_AT)
        if len(long) < FEWEST_CARDS or len(long) < EMBEDDED * len(self._whole):
            return None
        share = sum(is_card(str(v)) for v in long.to_list()) / len(long)
        return Meaning("card numbers", True, share) if share >= MATCHING else None


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
    direct = {name for name, meaning in meanings.items() if is_direct(meaning) and contract[name].role == "feature"}
    masked = {"sensitive": True, "categories": None}
    return contract.change_each(
        {name: {"role": "feature" if contract[name].reason else "personal"} | masked for name in direct}
    )


def mask(text: str) -> str:
    """Its first character and its length, nothing else.

    >>> mask("ada@example.org")
    'a… (15)'
    """
    return f"{text[:1]}… ({len(text)})"


def _phones(whole: pl.Series, name: str) -> Meaning | None:
    if not len(whole) or not named_phone(name):
        return None
    share = sum(7 <= len(str(v)) <= 15 for v in whole.to_list()) / len(whole)
    return Meaning("phone numbers", True, share) if share >= MATCHING else None
