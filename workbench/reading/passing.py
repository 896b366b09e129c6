"""One pass over a file that stays where it is: what its columns are, and the fingerprint of its rows.

What a whole column is known by (its kind, its type, what its values mean) is gathered chunk by chunk, by the functions
that read a table into memory too, so that both ways come to the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import polars as pl

from workbench.core.contract import Column
from workbench.core.rows import OFTEN, SHOWN, Rows
from workbench.reading.columns import AGAIN, CHUNK, ColumnReader, common_dtype, empty_dtype
from workbench.reading.deciding import MOST_CATEGORIES, Decision, Wish
from workbench.reading.file_rows import Content, FileRows, changed
from workbench.reading.pandas_tables import nothing
from workbench.reading.read_columns import ColumnRead, column_of
from workbench.reading.sensitive import Glance
from workbench.reading.source import Source, Stored, values_of
from workbench.reading.stamps import stamps
from workbench.reading.typed_columns import TypedColumn, in_pandas


@dataclass(frozen=True)
class Wanted:
    """What is wanted of a table.

    Parameters
    ----------
    names : tuple of str
        Columns to read.
    known : mapping of str to Column
        What columns are by an accepted contract.
    wish : callable
        What the user says of a column, by its name.
    features : frozenset of str
        Columns that may be features, and are looked through for personal data.
    target, time : str, optional
        Columns whose values are needed whole: to set the task, and to put the rows in order.
    """

    names: tuple[str, ...]
    known: Mapping[str, Column]
    wish: Callable[[str], Wish]
    features: frozenset[str]
    target: str | None = None
    time: str | None = None


@dataclass(frozen=True)
class Passed:
    """What was seen of a file that stays where it is.

    Parameters
    ----------
    columns : mapping of str to ColumnRead
    series : dict of str to pandas.Series
        Of target and time, in the file's order.
    files : Stored
    seen : Pass
    """

    columns: Mapping[str, ColumnRead]
    series: dict[str, pd.Series]
    files: Stored
    seen: Pass

    def rows(self, order: np.ndarray | None) -> tuple[str, int, Rows]:
        """Fingerprint, number and values of all rows, put in order."""
        files, seen, types = self.files, self.seen, self.seen.types()
        if seen.content is None or stamps(files.places) != files.seen:
            raise changed(files, files.seen)
        fingerprint, first = seen.content.fingerprint(order), seen.first(order)
        return fingerprint, seen.rows, FileRows(files, types, seen.rows, fingerprint, order, first, seen.often(first))


def passed(source: Source, wanted: Wanted) -> Passed:
    """Go through a file, and again where its first rows misled.

    Raises
    ------
    BadTable
        If it has no row.
    """
    seen = _gone_through(source, wanted, {}, {})
    for _ in range(AGAIN):
        misread = seen.misread()
        if not misread:
            break
        types = {name: one for name, one in seen.types().items() if name not in misread}
        seen = _gone_through(source, wanted, seen.decisions() | misread, types)
    if seen.content is None:  # a later chunk has a type that the first rows don't show
        seen = _gone_through(source, wanted, seen.decisions(), seen.types())
    assert source.files is not None  # who calls has asked
    return Passed(seen.read(), seen.held(), source.files, seen)


def _gone_through(
    source: Source, wanted: Wanted, decisions: Mapping[str, Decision], types: Mapping[str, TypedColumn]
) -> Pass:
    seen = Pass(wanted, decisions, types)
    for chunk in source.chunks(CHUNK) if wanted.names == source.names else source.chunks_of(wanted.names, CHUNK):
        if chunk.height:
            seen.add(chunk)
        del chunk  # a part of what was read, which would stay while more is read
    if not seen.rows:
        raise nothing(0, len(source.names))
    seen.settle()
    return seen


class Pass:
    """All columns on their way.

    Parameters
    ----------
    wanted : Wanted
    decisions : mapping of str to Decision
        What columns are, where an earlier pass has decided it.
    types : mapping of str to TypedColumn
        Of whole columns, where an earlier pass has seen it; else those of the first chunk are expected.
    """

    def __init__(self, wanted: Wanted, decisions: Mapping[str, Decision], types: Mapping[str, TypedColumn]) -> None:
        self._wanted, self._expected = wanted, types
        self._columns = {name: _ColumnPass(name, wanted, decisions.get(name)) for name in wanted.names}
        self._held: dict[str, list[pl.Series]] = {n: [] for n in (wanted.target, wanted.time) if n in self._columns}
        self._places: list[int] = []
        self._first: dict[str, list[pl.Series]] = {name: [] for name in wanted.names}
        self.content: Content | None = Content(ordered=wanted.time in self._columns)
        self.rows = 0

    def add(self, chunk: pl.DataFrame) -> None:
        """The next rows."""
        typed = {name: column.add(values_of(chunk, name)) for name, column in self._columns.items()}
        if not self.rows:
            self._expected = {**{name: column.type() for name, column in self._columns.items()}, **self._expected}
        for name, parts in self._held.items():
            parts.append(typed[name])
        self._keep_first(typed, chunk.height)
        self._add_content(typed)
        self.rows += chunk.height

    def settle(self) -> None:
        """The end: a fingerprint by other types than those of the whole columns is none."""
        if not all(self._expected[name].like(one) for name, one in self.types().items()):
            self.content = None

    def misread(self) -> dict[str, Decision]:
        """What columns are whose first values misled."""
        return {name: one.reader.again() for name, one in self._columns.items() if one.reader.misread()}

    def decisions(self) -> dict[str, Decision]:
        """What columns are that have a value."""
        every = ((name, column.reader.decision) for name, column in self._columns.items())
        return {name: decision for name, decision in every if decision is not None}

    def types(self) -> dict[str, TypedColumn]:
        """How all values of each column are read."""
        return {name: column.type() for name, column in self._columns.items()}

    def read(self) -> dict[str, ColumnRead]:
        """What each column is."""
        return {name: column.read(self.rows) for name, column in self._columns.items()}

    def held(self) -> dict[str, pd.Series]:
        """The values that are needed whole, which are given away."""
        types = self.types()
        return {name: types[name].to_pandas(_whole(types[name], self._held.pop(name))) for name in list(self._held)}

    def first(self, order: np.ndarray | None) -> pd.DataFrame:
        """The first rows in their order."""
        there = {place: at for at, place in enumerate(self._places)}
        wanted = range(min(SHOWN, self.rows)) if order is None else order[:SHOWN].tolist()
        types = self.types()
        rows = in_pandas(types, {name: _whole(types[name], parts) for name, parts in self._first.items()})
        return rows.iloc[[there[place] for place in wanted]].reset_index(drop=True)

    def often(self, first: pd.DataFrame) -> dict[str, frozenset[str]]:
        """By column of texts, which of the first rows' stand in several rows."""
        return {name: one.often(first[name].dropna()) for name, one in self._columns.items() if one.levels.rows}

    def _keep_first(self, typed: Mapping[str, pl.Series], rows: int) -> None:
        """Of each chunk those that may be the first ones of all."""
        time = typed.get(self._wanted.time or "")
        if time is None:
            places = np.arange(max(0, min(rows, SHOWN - self.rows)))
        else:
            by_time = time.to_pandas().sort_values(kind="stable", na_position="first")
            places = np.sort(by_time.index[:SHOWN].to_numpy())
        if len(places):
            self._places += (places + self.rows).tolist()
            for name, parts in self._first.items():
                parts.append(typed[name].gather(places))

    def _add_content(self, typed: Mapping[str, pl.Series]) -> None:
        if self.content is not None and all(self._expected[name].fits(one) for name, one in typed.items()):
            self.content.add(in_pandas(self._expected, typed))
        else:
            self.content = None


class _ColumnPass:
    """One column on its way."""

    def __init__(self, name: str, wanted: Wanted, decision: Decision | None) -> None:
        known = wanted.known.get(name)
        self.reader = ColumnReader(known, wanted.wish(name), decision)
        self.levels = Levels()
        self._name, self._column, self._look = name, known, name in wanted.features
        self._glance: Glance | None = None
        self._dtypes: list[pl.DataType] = []
        self._otherwise: pl.DataType | None = None
        self._gaps = 0

    def add(self, values: pl.Series) -> pl.Series:
        """Counts the values, and returns them in their type."""
        typed = self.reader.read(values)
        self._otherwise = typed.dtype if self._otherwise is None else self._otherwise
        self._gaps += typed.null_count()
        if typed.null_count() < len(typed) and typed.dtype not in self._dtypes:
            self._dtypes.append(typed.dtype)
        if self.reader.decision is not None:
            self._look_at(values, self.reader.decision)
        return typed

    def _look_at(self, values: pl.Series, decision: Decision) -> None:
        if self.reader.counted is not None:
            self.levels.add(self.reader.counted)
        if self._look:
            self._glance = self._glance or Glance(self._name, decision.kind)
            self._glance.add(values)

    def type(self) -> TypedColumn:
        """How all values are read, by those so far."""
        kind, form = self.reader.notes().kind, self.reader.notes().form
        if self.reader.decision is None or self._otherwise is None:
            return TypedColumn(kind, form, empty_dtype(kind), whole=False)
        dtype = common_dtype(self._dtypes, self._otherwise)
        return TypedColumn(kind, form, dtype, whole=dtype.is_integer() and not self._gaps)

    def read(self, rows: int) -> ColumnRead:
        """What it is."""
        notes = self.reader.notes()
        column = self._column or column_of(self._name, notes, self.levels.distinct, rows - self._gaps)
        meaning = None if self._glance is None else self._glance.meaning()
        return ColumnRead(column, notes, None if meaning is None else meaning.name)

    def often(self, texts: pd.Series) -> frozenset[str]:
        """Which texts stand in several rows, as far as that is known."""
        return frozenset(text for text in texts.unique() if self.levels.rows.get(text, 0) >= OFTEN)


class Levels:
    """Distinct texts of a column and their rows, as long as they may be categories.

    Attributes
    ----------
    distinct : int
        Texts; beyond the most of a category one more than that.

    Examples
    --------
    >>> from workbench.reading.values import counted
    >>> levels = Levels()
    >>> levels.add(counted(pl.Series(["a", "b"])))
    >>> levels.add(counted(pl.Series(["b", None])))
    >>> levels.distinct, levels.rows
    (2, {'a': 1, 'b': 2})
    """

    def __init__(self) -> None:
        self.distinct = 0
        self.rows: dict[str, int] = {}

    def add(self, rows: pl.DataFrame) -> None:
        """Further ones, counted."""
        if self.distinct > MOST_CATEGORIES:
            return
        for text, times in rows.sort("value").iter_rows():
            self.rows[text] = self.rows.get(text, 0) + times
        self.distinct = min(len(self.rows), MOST_CATEGORIES + 1)
        if self.distinct > MOST_CATEGORIES:
            self.rows = {}


def _whole(column: TypedColumn, parts: list[pl.Series]) -> pl.Series:
    return pl.concat([column.conformed(part) for part in parts])
