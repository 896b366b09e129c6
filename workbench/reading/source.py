"""A table as a stream of chunks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

import polars as pl

from workbench.core.finding import Finding
from workbench.core.literals import python
from workbench.core.reading import Layout
from workbench.errors import BadTable

if TYPE_CHECKING:
    import pyarrow as pa

T = TypeVar("T")
FILES_BESIDE = "import os\n\nsorted((entry.name, entry.stat().st_size) for entry in os.scandir($folder))"


class Workers(Protocol):
    """Acts on the parts of a table where they are, and brings the results together."""

    def __call__(self, act: Callable[[Iterable[pl.DataFrame], int], T], merge: Callable[[Iterable[T]], T]) -> T:
        """Calls ``act`` with the chunks and the number of each part, and ``merge`` with the results of two parts."""


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
        Of a file of text.
    decimal : {".", ","}
        The mark before decimals that is more likely meant where a number can be read both ways.
    notes : callable
        What was noticed of the file; known whole when it has been read.
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


def refuse_twins(names: Iterable[str]) -> None:
    """Two columns of one name can't be told apart.

    Raises
    ------
    BadTable
        If there are two.
    """
    seen: set[str] = set()
    for name in map(str, names):
        if name in seen:
            raise BadTable(f"Two columns are called {name!r}. Rename one of them.")
        seen.add(name)


def empty_file(path: str | Path) -> BadTable:
    """The error of a file with nothing in it; its cure looks which files beside it are larger.

    >>> print(empty_file("data/july.csv"))
    july.csv is empty. Give a file with a header and rows.
    """
    error = BadTable(f"{Path(path).name} is empty. Give a file with a header and rows.")
    return error if "://" in str(path) else error.cured_by(python(FILES_BESIDE, folder=str(Path(path).parent)))


def from_arrow(batch: pa.RecordBatch) -> pl.DataFrame:
    """A batch of Arrow as a polars frame; types that polars has not become numbers or texts."""
    import pyarrow as pa

    known = [_known(column) for column in batch.columns]
    frame = pl.from_arrow(pa.RecordBatch.from_arrays(known, names=batch.schema.names))
    return frame if isinstance(frame, pl.DataFrame) else frame.to_frame()


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
