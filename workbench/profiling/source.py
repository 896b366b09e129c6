"""A table as a stream of chunks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from workbench.errors import BadTable
from workbench.profiling.scan import Plan, Scanned

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Source:
    """A table that can be read from its beginning, chunk by chunk.

    Parameters
    ----------
    told : str
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
    distributed : callable, optional
        Takes a plan and looks at all parts where they are.
    """

    told: str
    names: tuple[str, ...]
    chunks: Callable[[int], Iterator[pl.DataFrame]]
    rows: int | None = None
    size: int | None = None
    typed: bool = True
    again: bool = True
    distributed: Callable[[Plan], Scanned] | None = None


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


def from_arrow(batch: pa.RecordBatch) -> pl.DataFrame:
    """A batch of Arrow as a polars frame."""
    frame = pl.from_arrow(batch)
    return frame if isinstance(frame, pl.DataFrame) else frame.to_frame()
