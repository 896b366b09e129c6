"""A table as a stream of chunks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import polars as pl

from workbench.core.finding import Finding
from workbench.core.names import COUNTED, is_unnamed, normalised, twin
from workbench.core.reading import Layout
from workbench.errors import BadTable
from workbench.reading.stamps import Stamp
from workbench.reading.values import as_text

if TYPE_CHECKING:
    import pyarrow as pa

T = TypeVar("T")


class Workers(Protocol):
    """Acts on the parts of a table where they are, and brings the results together."""

    def __call__(self, act: Callable[[Iterable[pl.DataFrame], int], T], merge: Callable[[Iterable[T]], T]) -> T:
        """Calls ``act`` with the chunks and the number of each part, and ``merge`` with the results of two parts."""


class Stored(Protocol):
    """Files that may be opened again; can be pickled."""

    @property
    def places(self) -> tuple[str, ...]:
        """Their absolute paths."""

    @property
    def seen(self) -> tuple[Stamp | None, ...]:
        """What they were known by before they were opened first."""

    def open(self) -> Source:
        """The table that they hold."""


@dataclass(frozen=True)
class Source:
    """A table that can be read from its beginning, chunk by chunk.

    Parameters
    ----------
    description : str
        What it is, in words; never holds a password.
    names : tuple of str
        The columns.
    chunks : callable
        Takes the most rows of a chunk, gives polars frames with these columns in this order.
    rows : int, optional
        How many there are, where that is known before reading.
    size : int, optional
        Bytes to read, where that is known instead.
    typed : bool
        Whether it says what its columns are; a CSV file does not.
    again : bool
        Whether it can be read a second time.
    workers : Workers, optional
        Of a table whose parts lie elsewhere.
    layout : Layout, optional
        Of a file of text; of several, of the first.
    decimal : {".", ","}
        The mark before decimals that is more likely meant where a number can be read both ways.
    notes : callable
        What was noticed of the file; known whole when it has been read.
    columns : callable, optional
        As ``chunks``, of the columns alone whose names it takes first; of a file that has its columns apart.
    streamed : bool
        Whether it is read from its file anew each time, and never lies in memory whole.
    files : Stored, optional
        Of local files that are streamed: how they are opened again, by this process or another.
    units : mapping of str to str
        Of columns whose unit stands below their name.
    """

    description: str
    names: tuple[str, ...]
    chunks: Callable[[int], Iterator[pl.DataFrame]]
    rows: int | None = None
    size: int | None = None
    typed: bool = True
    again: bool = True
    workers: Workers | None = None
    layout: Layout | None = None
    decimal: str = "."
    notes: Callable[[], tuple[Finding, ...]] = tuple
    columns: Callable[[Sequence[str], int], Iterator[pl.DataFrame]] | None = None
    streamed: bool = False
    files: Stored | None = None
    units: Mapping[str, str] = field(default_factory=dict)

    def chunks_of(self, names: Sequence[str], most: int) -> Iterator[pl.DataFrame]:
        """Chunks with some of the columns, in this order."""
        if self.columns is not None:
            return self.columns(names, most)
        return (chosen(chunk, names) for chunk in self.chunks(most))


def in_memory(description: str, frame: pl.DataFrame) -> Source:
    """A frame of polars as a stream of chunks."""
    return Source(description, tuple(frame.columns), lambda most: frame.iter_slices(most), frame.height)


def chosen(chunk: pl.DataFrame, names: Iterable[str]) -> pl.DataFrame:
    """Some columns by their names, which polars would else take for patterns."""
    return pl.DataFrame([chunk[name] for name in names])


def values_of(chunk: pl.DataFrame, name: str) -> pl.Series:
    """A column's values without its name, by which polars' methods would look for columns of that pattern.

    >>> values_of(pl.DataFrame({"^x$": [1, None]}), "^x$").drop_nulls().to_list()
    [1]
    """
    return chunk.get_column(name).alias("")


def completed(chunk: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    """With the columns that it lacks, empty, in this order."""
    if tuple(chunk.columns) == tuple(names):
        return chunk
    there = set(chunk.columns)
    return chosen(chunk.with_columns(pl.lit(None).alias(name) for name in names if name not in there), names)


def named(source: Source) -> Source:
    """With the names of its columns in normal form.

    Raises
    ------
    BadTable
        If two columns have one name.
    """
    names = plain_names(
        source.names, lambda: next(iter(source.chunks(COUNTED)), pl.DataFrame()) if source.again else None
    )
    if names == source.names:
        return source

    def chunks(most: int) -> Iterator[pl.DataFrame]:
        for chunk in source.chunks(most):
            chunk.columns = list(names)
            yield chunk

    def columns(wanted: Sequence[str], most: int) -> Iterator[pl.DataFrame]:
        given = dict(zip(names, source.names, strict=True))
        for chunk in source.chunks_of([given[name] for name in wanted], most):
            chunk.columns = list(wanted)
            yield chunk

    return replace(source, names=names, chunks=chunks, columns=None if source.columns is None else columns)


def plain_names(names: Iterable[Any], peek: Callable[[], pl.DataFrame | None] = lambda: None) -> tuple[str, ...]:
    """Names in normal form; the first rows are looked at only where the first column has no name.

    Raises
    ------
    BadTable
        If two columns have one name.
    """
    given = list(names)
    refuse_twins(given)
    rows = peek() if given and is_unnamed(given[0]) else None
    return normalised(given, () if rows is None or not rows.width else rows.to_series(0))


def distinct_names(names: Iterable[str]) -> tuple[str, ...]:
    """Names as they are, unless several columns have none.

    Raises
    ------
    BadTable
        If two columns have one name.
    """
    given = tuple(names)
    return given if len(set(given)) == len(given) else plain_names(given)


def together(every: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """All chunks as one frame; a column that is text in one of them is text.

    >>> together([pl.DataFrame({"x": [1]}), pl.DataFrame({"x": ["a"]})])["x"].to_list()
    ['1', 'a']
    """
    names = every[0].columns
    if all(chunk.schema == every[0].schema for chunk in every):
        return pl.concat(every)
    numbered = [pl.DataFrame({str(at): values_of(chunk, name) for at, name in enumerate(names)}) for chunk in every]
    joined = _relaxed(numbered)
    joined.columns = names
    return joined


def _relaxed(every: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Columns of different types in a common one, by names that are no pattern."""
    try:
        return pl.concat(every, how="vertical_relaxed")
    except pl.exceptions.PolarsError:
        kinds = {name: {chunk.schema[name] for chunk in every} - {pl.Null} for name in every[0].columns}
        mixed = [name for name, several in kinds.items() if len(several) > 1 and not _numbers(several)]
        texts = [chunk.with_columns(as_text(chunk[name]) for name in mixed) for chunk in every]
        return pl.concat(texts, how="vertical_relaxed")


def _numbers(kinds: Iterable[pl.DataType]) -> bool:
    return all(kind.is_numeric() for kind in kinds)


def refuse_twins(names: Iterable[Any]) -> None:
    """Two columns of one name can't be told apart; those without one are called by their position.

    Raises
    ------
    BadTable
        If there are two.
    """
    if (double := twin(list(names))) is not None:
        raise BadTable(f"Two columns are called {double!r}. Rename one of them.")


def from_arrow(batch: pa.RecordBatch, names: Sequence[str] | None = None) -> pl.DataFrame:
    """A batch of Arrow as a polars frame; types that polars has not become numbers or texts."""
    import pyarrow as pa

    known = [_known(column) for column in batch.columns]
    # By position on the way: Arrow's interface cuts a name at a zero byte.
    converted = pl.from_arrow(pa.RecordBatch.from_arrays(known, names=[str(i) for i in range(len(known))]))
    frame = converted if isinstance(converted, pl.DataFrame) else converted.to_frame()
    frame.columns = list(names or batch.schema.names)
    return frame


def _known(values: pa.Array) -> pa.Array:
    import pyarrow as pa

    kind = values.type
    if isinstance(kind, pa.BaseExtensionType) and not pa.types.is_fixed_size_binary(kind.storage_type):
        return _known(values.storage)
    if pa.types.is_decimal256(kind):
        return values.cast(pa.float64())
    if _has_unknown(kind):
        return pa.array([None if v is None else str(v) for v in values.to_pylist()], pa.string())
    return values


def _has_unknown(kind: pa.DataType) -> bool:
    """Whether polars has no such type, or not within a nested one."""
    import pyarrow as pa

    odd = (
        isinstance(kind, pa.BaseExtensionType)
        or pa.types.is_decimal256(kind)
        or pa.types.is_interval(kind)
        or pa.types.is_union(kind)
        or pa.types.is_run_end_encoded(kind)
        or pa.types.is_list_view(kind)
        or pa.types.is_large_list_view(kind)
    )
    return odd or any(_has_unknown(kind.field(i).type) for i in range(kind.num_fields))
