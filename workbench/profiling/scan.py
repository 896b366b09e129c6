"""One pass over a table: every column's state, and what is known of the columns together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, reduce
from hashlib import sha256
from typing import Any

import numpy as np
import polars as pl

from workbench.core.contract import NUMERIC, Column, Kind
from workbench.core.reading import Form, Notes
from workbench.profiling.comoments import Comoments
from workbench.profiling.pairs import WIDE
from workbench.profiling.row_hashes import MOST_KEPT, RowHashes
from workbench.profiling.row_sample import SAMPLED, RowSample
from workbench.profiling.statistics import ColumnScan, State, as_floats, merge_states, without_values
from workbench.reading.columns import CHUNK, ColumnReader
from workbench.reading.deciding import Decision, Wish
from workbench.reading.meanings import LOOKED_AT
from workbench.reading.sensitive import meaning_of
from workbench.reading.source import values_of
from workbench.reading.values import PLAIN, read


@dataclass(frozen=True)
class Plan:
    """How a table is looked at.

    Parameters
    ----------
    columns : mapping of str to Column
        What columns are by contract; the others are seen from their first values.
    decisions : mapping of str to Decision
        What columns are, where that was decided by an earlier pass.
    decimal : {".", ","}
        The mark before decimals that is more likely meant where a number can be read both ways.
    sensitive : frozenset of str
        Columns of which only hashes are kept; others are found by looking, unless ``look`` is False.
    look : bool
        Whether to look for personal data.
    show : bool
        Whether the values of sensitive columns are kept in clear.
    bins : int
        Bars of each histogram.
    chunk : int
        Most rows that are looked at together.
    kept : int
        Most hashes of rows that are kept.
    seed : int
        Of the sample.
    """

    columns: Mapping[str, Column] = field(default_factory=dict)
    decisions: Mapping[str, Decision] = field(default_factory=dict)
    decimal: str = "."
    sensitive: frozenset[str] = frozenset()
    look: bool = True
    show: bool = False
    bins: int = 20
    chunk: int = CHUNK
    kept: int = MOST_KEPT
    seed: int = 0


@dataclass(frozen=True)
class Scanned:
    """What was seen of some rows of a table; two of them merge into what would have been seen of both.

    Parameters
    ----------
    rows : int
    kinds : dict of str to str
        What each column was read as, in the table's order; None where it had no value.
    states : dict of str to dict
        One a column.
    sums : Comoments
        Of the numbers and dates; of none in a wide table.
    gaps : numpy.ndarray, shape (p, p)
        Rows in which both columns have no value; shape (0, 0) of a wide table, whose sample tells it.
    hashes : RowHashes
    checksums : dict of str to int
        Equal for columns with the same value in every row.
    sample : RowSample
    sensitive : frozenset of str
        Columns of personal data.
    meanings : dict of str to str
        What people would call the values of a column, where that was recognised.
    notes : dict of str to Notes
        What was noticed while columns were read.
    again : dict of str to Decision
        What columns are whose first values misled.
    """

    rows: int
    kinds: dict[str, Kind | None]
    states: dict[str, State]
    sums: Comoments
    gaps: np.ndarray
    hashes: RowHashes
    checksums: dict[str, int]
    sample: RowSample
    sensitive: frozenset[str] = frozenset()
    meanings: dict[str, str] = field(default_factory=dict)
    notes: dict[str, Notes] = field(default_factory=dict)
    again: dict[str, Decision] = field(default_factory=dict)

    def merge(self, other: Scanned) -> Scanned:
        """Of the rows of both; those of ``other`` come after."""
        late = replace(other.sample, at=other.sample.at + self.rows)
        return Scanned(
            self.rows + other.rows,
            {n: self.kinds[n] or other.kinds[n] for n in self.kinds},
            {n: _merge_columns(self.states[n], other.states[n]) for n in self.states},
            self.sums.merge(other.sums),
            self.gaps + other.gaps,
            self.hashes.merge(other.hashes),
            {n: (self.checksums[n] + other.checksums[n]) % 2**64 for n in self.checksums},
            self.sample.merge(late, SAMPLED),
            self.sensitive | other.sensitive,
            {**other.meanings, **self.meanings},
            {n: self.notes[n].merge(other.notes[n]) if n in other.notes else self.notes[n] for n in self.notes},
            {**other.again, **self.again},
        )

    def equal(self) -> tuple[tuple[str, str], ...]:
        """Columns with the same value in every row as an earlier one: (the earlier, the later)."""
        first: dict[tuple[str, int], str] = {}
        numbers = ("number", "integer", "boolean")
        pairs = []
        for name, checksum in self.checksums.items():
            family = "number" if self.kinds[name] in numbers else str(self.kinds[name]).replace("category", "text")
            seen = first.setdefault((family, checksum), name)
            if seen != name and self.states[name]["count"]:
                pairs.append((seen, name))
        return tuple(pairs)

    def digest(self) -> str:
        """SHA-256 over names, rows and columns' checksums: equal content in equal order has an equal one."""
        content = repr((self.rows, sorted(self.checksums.items()), pl.__version__))
        return sha256(content.encode()).hexdigest()

    @cached_property
    def typed_sample(self) -> pl.DataFrame:
        """The sampled rows in their types."""
        rows = self.sample.rows
        assert rows is not None
        names = set(rows.columns)
        there = [(n, k or "category") for n, k in self.kinds.items() if n in names]
        return pl.DataFrame({n: read(values_of(rows, n), kind, self.form(n)) for n, kind in there})

    def form(self, name: str) -> Form:
        """How the texts of a column are written."""
        return self.notes[name].form if name in self.notes else PLAIN


class TableScan:
    """Looks at a table chunk by chunk.

    Parameters
    ----------
    names : iterable of str
        The columns; every chunk has them.
    plan : Plan

    Examples
    --------
    >>> scan = TableScan(["x"], Plan())
    >>> scan.update(pl.DataFrame({"x": [1, 2, 2]}))
    >>> scan.finish().states["x"]["distinct"], scan.finish().hashes.duplicates()
    (2, (1, 0))
    """

    def __init__(self, names: Iterable[str], plan: Plan) -> None:
        self._plan = plan
        self._names = tuple(names)
        self._columns = {n: _ColumnPass(n, plan) for n in self._names}
        self._rng = np.random.default_rng(plan.seed)
        self._keys = np.random.default_rng(7).integers(0, 2**64, CHUNK, dtype=np.uint64, endpoint=False) | np.uint64(1)
        self.rows = 0
        self._sums = Comoments.of((), ())
        # What is known of every two columns grows with their square; of a wide table the sample tells it.
        self._wide = len(self._names) > WIDE
        self._gaps = np.zeros((0 if self._wide else len(self._names),) * 2, dtype=np.int64)
        self._hashes = RowHashes(np.zeros(0, dtype=np.uint64))
        self._checksums = dict.fromkeys(self._names, 0)
        self._sample = RowSample()

    def update(self, chunk: pl.DataFrame) -> None:
        """The next rows, at most as many as the plan's chunk."""
        typed = {name: self._columns[name].update(values_of(chunk, name)) for name in self._names}
        if not self._wide:
            self._sums = self._sums.merge(_sums(typed, self._columns, self._sums))
            self._add_gaps(typed)
        self._add_hashes(typed, chunk.height)
        self._sample = self._sample.add(chunk, self.rows, SAMPLED, self._rng)
        self.rows += chunk.height

    def finish(self) -> Scanned:
        """What was seen."""
        columns, sample = self._columns.items(), self._sample.thinned(SAMPLED)
        if sample.rows is not None:
            for name, column in columns:
                column.look(values_of(sample.rows, name))
        return Scanned(
            self.rows,
            {n: c.kind for n, c in columns},
            {n: c.state() for n, c in columns},
            self._sums,
            self._gaps,
            self._hashes,
            dict(self._checksums),
            sample,
            frozenset(n for n, c in columns if c.sensitive),
            {n: c.meaning for n, c in columns if c.meaning},
            {n: c.reader.notes() for n, c in columns},
            {n: c.reader.again() for n, c in columns if c.reader.misread()},
        )

    def _add_gaps(self, typed: Mapping[str, pl.Series]) -> None:
        at = [i for i, name in enumerate(self._names) if typed[name].null_count()]
        if at:
            empty = np.column_stack([typed[self._names[i]].is_null().to_numpy() for i in at]).astype(np.float32)
            self._gaps[np.ix_(at, at)] += (empty.T @ empty).round().astype(np.int64)

    def _add_hashes(self, typed: Mapping[str, pl.Series], rows: int) -> None:
        """A row's hash is the sum of its values' hashes, each times its column's odd number; a column's likewise."""
        table = pl.DataFrame({name: _hashable(values) for name, values in typed.items()})
        hashes = table.select(pl.all().hash())
        total = np.zeros(rows, dtype=np.uint64)
        place = self._keys.take(np.arange(self.rows, self.rows + rows), mode="wrap")
        for i, name in enumerate(self._names):
            hashed = hashes[name].to_numpy()
            total += hashed * self._keys[i % CHUNK]
            self._checksums[name] = (self._checksums[name] + int((hashed * place).sum())) % 2**64
        self._hashes = self._hashes.add(total, self._plan.kept)


class _ColumnPass:
    """One column on its way through."""

    def __init__(self, name: str, plan: Plan) -> None:
        self.name, self._plan = name, plan
        self.reader = ColumnReader(plan.columns.get(name), Wish(likely=plan.decimal), plan.decisions.get(name))
        self.sensitive = name in plan.sensitive
        self.meaning: str | None = None
        self._scan: ColumnScan | None = None
        self._empty = 0

    @property
    def kind(self) -> Kind | None:
        """What it is looked at as; None where it had no value."""
        if self._scan is None:
            column = self._plan.columns.get(self.name)
            return None if column is None else column.kind
        return self._scan.kind

    def update(self, values: pl.Series) -> pl.Series:
        """Counts the values and returns them in their type."""
        before = self.reader.unread
        typed = self.reader.read(values)
        if self._scan is None:
            if values.null_count() == len(values):
                self._empty += len(values)
                return typed
            self._begin(values)
        assert self._scan is not None
        counted = self.reader.counted
        if self._scan.kind != self._read_as():
            typed, counted = read(values, self._scan.kind), None
        self._scan.update(typed, self.reader.unread - before, counted)
        return typed

    def state(self) -> State:
        """What was seen of it."""
        scan = self._scan or ColumnScan(self.kind or "category", self._plan.bins)
        state = scan.state()
        state = {**state, "missing": state["missing"] + self._empty}
        return without_values(state) if self.sensitive and not self._plan.show else state

    def look(self, values: pl.Series) -> None:
        """What people would call the values, and whether they are personal."""
        kind = self._read_as()
        if kind is None or not (self._plan.look or self.sensitive):
            return
        meaning = meaning_of(self.name, values, kind)
        if meaning is not None:
            self.meaning, self.sensitive = meaning.name, self.sensitive or meaning.sensitive

    def _read_as(self) -> Kind | None:
        return None if self.reader.decision is None else self.reader.decision.kind

    def _begin(self, values: pl.Series) -> None:
        # Of few texts it does not matter in which order they are looked at.
        first = self.reader.first
        self.look(values if first is None or len(first) > LOOKED_AT else first["value"])
        kind = self._read_as()
        assert kind is not None
        # Statistics of card numbers would hold card numbers: they are looked at as texts.
        secret = self.sensitive and kind in NUMERIC and not self._plan.show
        self._scan = ColumnScan("text" if secret else kind, self._plan.bins)


def scan(chunks: Iterable[pl.DataFrame], names: Iterable[str], plan: Plan) -> Scanned:
    """Look at all chunks."""
    one = TableScan(names, plan)
    for chunk in chunks:
        one.update(chunk)
    return one.finish()


def merged(parts: Iterable[Scanned]) -> Scanned:
    """Of the rows of all parts, in their order."""
    return reduce(Scanned.merge, parts)


def _merge_columns(a: State, b: State) -> State:
    """One of them may have had no value, and so no kind."""
    for full, bare in ((a, b), (b, a)):
        if not bare["count"] and ("moments" in full) != ("moments" in bare):
            return {**full, "missing": full["missing"] + bare["missing"], "unread": full["unread"] + bare["unread"]}
    return merge_states(a, b)


def _sums(typed: Mapping[str, pl.Series], columns: Mapping[str, Any], before: Comoments) -> Comoments:
    names = tuple(n for n in typed if columns[n].kind in (*NUMERIC, "datetime") and typed[n].dtype != pl.String)
    return Comoments.of(names, [as_floats(typed[n]) for n in names], before.shift if before.names == names else None)


def _hashable(values: pl.Series) -> pl.Series:
    """Whole numbers as floats, as they come where a chunk has gaps; but for those that have no float."""
    if values.dtype.is_integer() and (len(values) == values.null_count() or abs(_widest(values)) < 2**53):
        return values.cast(pl.Float64)
    return values if values.dtype != pl.Null else values.cast(pl.Float64)


def _widest(values: pl.Series) -> int:
    return max(int(values.max()), -int(values.min()))  # type: ignore[arg-type]  # whole numbers, not empty
