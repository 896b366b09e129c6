"""Columns on their way in: what each is is decided at its first values, and it is read so from then on."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from workbench.core.contract import NUMERIC, Column, Kind
from workbench.core.forms import NOTHING
from workbench.core.reading import EXAMPLES, Form, Notes
from workbench.reading.deciding import AS_SEEN, READABLE, Decision, Wish, decide, text_or_category
from workbench.reading.later_values import LaterValues
from workbench.reading.values import PLAIN, all_whole, as_text, counted, read, read_texts, unread

# Rows that are looked at together; enough to be quick, few enough to stay in the processor's cache and in memory.
CHUNK = 32_768
# Values that could not be read which are kept, to decide again by them.
MOST_KEPT = 10_000
TEXTS: tuple[Kind, ...] = ("category", "text")
# How often a column is decided again before it is a text.
AGAIN = 2


class ColumnReader:
    """Reads one column, chunk by chunk.

    Parameters
    ----------
    column : Column, optional
        What it is by contract; else it is seen from the first chunk that has a value, and so is the form of its texts
        where the contract has none.
    wish : Wish
        What the user says of how values are written.
    decision : Decision, optional
        What it is, where that has been decided.

    Attributes
    ----------
    unread : int
        Values so far that are there and could not be read.
    counted : polars.DataFrame or None
        Of the latest chunk, where it was read as texts: each with its rows, columns ``value`` and ``rows``.
    first : polars.DataFrame or None
        The same of the texts as they came, where the latest chunk is the first one with a value.

    Examples
    --------
    >>> reader = ColumnReader()
    >>> reader.read(pl.Series(["12.5", "n.d.", "7"] * 20)).null_count(), reader.notes().words
    (20, {'n.d.': 20})
    """

    def __init__(self, column: Column | None = None, wish: Wish = AS_SEEN, decision: Decision | None = None) -> None:
        self.decision, self._column, self._wish = decision, column, wish
        self.counted: pl.DataFrame | None = None
        self.first: pl.DataFrame | None = None
        self._head: pl.Series | None = None
        self._kept: list[pl.Series] = []
        self._later = LaterValues()
        self.unread, self._read, self._broken = 0, 0, False
        self._words: dict[str, int] = {}

    def read(self, values: pl.Series) -> pl.Series:
        """The values in their type; of a column without any value so far, as they are."""
        self.counted = self.first = None
        if self._head is None:
            if values.null_count() == len(values):
                return values.cast(pl.Float64) if values.dtype == pl.Null else values
            self._head = values
            self.first = counted(values, commonest_first=False) if values.dtype == pl.String else None
            self.decision = self.decision or self._decide(values)
        assert self.decision is not None
        kind, form, _ = self.decision
        if kind in TEXTS:
            typed, self.counted = read_texts(values, form, self.first)
        else:
            typed = read(values, kind, form)
        if values.dtype in (pl.String, pl.UInt64) or (form.missing and values.dtype.is_numeric()):
            self._note(values, typed, form)
        if self._column is None and kind in ("integer", "number"):
            self._later.add(values, typed, kind, form)
            self._broken = self._broken or (kind == "integer" and typed.dtype.is_float() and not all_whole(typed))
        return typed

    def notes(self) -> Notes:
        """What was noticed so far."""
        kind, form, doubt = self.decision or Decision("category" if self._column is None else self._column.kind)
        kind = "number" if self._broken else kind
        lost = pl.concat(self._kept).unique(maintain_order=True).head(EXAMPLES).to_list() if self._kept else []
        as_text = self._head is not None and self._head.dtype == pl.String
        return Notes(kind, form, self.unread, tuple(lost), dict(self._words), doubt, as_text)

    def misread(self) -> bool:
        """Whether the rows are not what the first ones were, or too many of them; a contract is not doubted."""
        too_many = self.unread > (1 - READABLE) * (self._read + self.unread)
        return self._column is None and (too_many or self._later.refute)

    def again(self) -> Decision:
        """What it is by its first values and by those that could not be read; a text where they don't agree."""
        assert self._head is not None
        both = pl.concat([as_text(self._head), *self._kept, *self._later.contradicting])
        decided = decide(both, self._wish)
        if self.decision is not None and decided[:2] == self.decision[:2]:
            known = both.drop_nulls()
            return Decision(text_or_category(known.n_unique(), len(known)))
        return decided

    def _decide(self, values: pl.Series) -> Decision:
        column = self._column
        if column is None:
            return decide(values, self._wish, self.first)
        if column.form is not None:
            return Decision(column.kind, column.form)
        seen = decide(values, self._wish, self.first)
        alike = seen.kind == column.kind or {seen.kind, column.kind} <= set(NUMERIC)
        return Decision(column.kind, seen.form if alike else PLAIN)

    def _note(self, values: pl.Series, typed: pl.Series, form: Form) -> None:
        self._read += len(typed) - typed.null_count()
        if typed.null_count() == values.null_count():
            return
        is_lost = unread(values, typed, form)
        lost = as_text(values.filter(is_lost))
        self.unread += len(lost)
        room = MOST_KEPT - sum(map(len, self._kept))
        self._kept += [lost.head(room)] if len(lost) and room > 0 else []
        if form.missing:
            self._count_words(as_text(values.filter(typed.is_null() & ~is_lost)), form)

    def _count_words(self, texts: pl.Series, form: Form) -> None:
        bare = texts.str.strip_chars()
        usual = bare.str.to_lowercase().is_in(list(NOTHING)) & ~bare.is_in(list(form.missing))
        for word, rows in counted(bare.filter(~usual)).iter_rows():
            self._words[word] = self._words.get(word, 0) + rows


def read_column(parts: list[pl.Series], column: Column | None = None, wish: Wish = AS_SEEN) -> tuple[pl.Series, Notes]:
    """One column in its type, with what was noticed.

    Parameters
    ----------
    parts : list of polars.Series
        Chunk by chunk, as they came.
    column : Column, optional
        What it is by contract.
    wish : Wish
        What the user says of how values are written.

    Examples
    --------
    >>> values, notes = read_column([pl.Series("x", ["1", "2"]), pl.Series("x", ["3.5", "x"])])
    >>> values.to_list(), notes.kind
    (['1', '2', '3.5', 'x'], 'category')
    """
    reader = ColumnReader(column, wish)
    values = [reader.read(part) for part in parts]
    for _ in range(AGAIN):
        if not reader.misread():
            break
        reader = ColumnReader(None, wish, reader.again())
        values = [reader.read(part) for part in parts]
    notes = reader.notes()
    return joined(values) if reader.decision else nothing(parts, notes.kind), notes


def nothing(parts: list[pl.Series], kind: str) -> pl.Series:
    """A column without any value."""
    return pl.repeat(None, sum(map(len, parts)), dtype=empty_dtype(kind), eager=True).alias(parts[0].name)


def empty_dtype(kind: str) -> pl.DataType:
    """The type of a column of a kind that has no value."""
    empty = {"category": pl.String(), "text": pl.String(), "datetime": pl.Datetime("us")}
    return empty.get(kind, pl.Float64())


def joined(parts: list[pl.Series]) -> pl.Series:
    """Chunks of a column as one, though some had no value, no zone or no gap."""
    dtype = common_dtype((part.dtype for part in parts if part.null_count() < len(part)), parts[0].dtype)
    return pl.concat([conformed(part, dtype) for part in parts])


def common_dtype(several: Iterable[pl.DataType], otherwise: pl.DataType) -> pl.DataType:
    """The type of a column whose chunks have these where they have a value, and another where none has."""
    kinds = set(several)
    if len(kinds) < 2:
        return next(iter(kinds), otherwise)
    if pl.String in kinds:  # two files may differ
        return pl.String()
    return pl.Datetime("us", "UTC") if any(kind == pl.Datetime for kind in kinds) else pl.Float64()


def conformed(part: pl.Series, dtype: pl.DataType) -> pl.Series:
    """A chunk of a column in the type of the whole."""
    if part.dtype == dtype:
        return part
    if dtype == pl.String:
        return as_text(part)
    return _in_utc(part) if dtype == pl.Datetime("us", "UTC") else part.cast(dtype)


def _in_utc(values: pl.Series) -> pl.Series:
    if values.dtype != pl.Datetime:
        return values.cast(pl.Datetime("us", "UTC"))
    naive = values.dtype.time_zone is None  # type: ignore[attr-defined]  # of moments
    return (values.dt.replace_time_zone("UTC") if naive else values.dt.convert_time_zone("UTC")).dt.cast_time_unit("us")
