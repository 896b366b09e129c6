"""Parquet and Feather files as streams of chunks, with their pages checked where they can be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
from polars import selectors

from workbench.reading.layouts import Asked
from workbench.reading.remotes import opened_remote
from workbench.reading.source import Source, chosen, distinct_names, from_arrow

if TYPE_CHECKING:
    import pyarrow as pa
    from pyarrow import parquet

# Rows that are read from Parquet at once where chunks are smaller, since each slice finds its pages anew.
AT_ONCE = 65_536
MOST_CELLS = 1 << 22
# Rows from which on finding slices would take long where one row group holds them all.
LONG = 100_000_000
WHOLE_NUMBER = b"\x15"


def parquet_file(path: str, _: Asked | None = None) -> Source:
    """A Parquet file."""
    if "://" in path or has_checksums(path):
        return _checked_parquet(path)
    table = pl.scan_parquet(path, glob=False, hive_partitioning=False)
    try:
        names, rows = tuple(table.head(1).collect().columns), int(table.select(pl.len()).collect().item())
    except pl.exceptions.PolarsError:
        return _checked_parquet(path)  # a type that polars does not know, or an error that Arrow tells better

    def columns(wanted: Sequence[str], most: int) -> Iterator[pl.DataFrame]:
        part = table if tuple(wanted) == names else table.select(selectors.by_name(*wanted))
        several = most * max(1, min(AT_ONCE, MOST_CELLS // len(wanted)) // most)
        for start in range(0, rows, several):
            yield from part.slice(start, several).collect().iter_slices(most)

    def chunks(most: int) -> Iterator[pl.DataFrame]:
        return columns(names, most)

    if rows > LONG:
        return _checked_parquet(path)
    return Source(path, names, chunks, rows, columns=columns, streamed=True)


def has_checksums(path: str) -> bool:
    """Whether the pages of a Parquet file can be checked, seen at the first one; True also where that can't be seen.

    A page's header begins with its type, its sizes unpacked and packed, and then the checksum, each a whole number of
    Thrift's compact protocol, or with something else in its place.
    """
    with Path(path).open("rb") as file:
        head = file.read(64)
    at = 4
    for _ in range(3):
        if head[at : at + 1] != WHOLE_NUMBER:
            return True
        at += 1
        while head[at : at + 1] >= b"\x80":
            at += 1
        at += 1
    return head[at : at + 1] == WHOLE_NUMBER


def _checked_parquet(path: str) -> Source:
    from pyarrow import parquet

    def opened() -> parquet.ParquetFile:
        # A small read buffer and no read-ahead: a row group of a million rows would else lie in memory whole.
        options: dict[str, Any] = {"pre_buffer": False, "buffer_size": 1 << 18, "page_checksum_verification": True}
        return parquet.ParquetFile(opened_remote(path) if "://" in path else path, **options)

    with opened() as file:
        given, rows = file.schema_arrow.names, file.metadata.num_rows
    names = distinct_names(given)

    def chunks(most: int) -> Iterator[pl.DataFrame]:
        with opened() as file:
            for batch in file.iter_batches(batch_size=most, use_threads=False):
                yield from_arrow(batch, names)

    def columns(wanted: Sequence[str], most: int) -> Iterator[pl.DataFrame]:
        with opened() as file:
            for batch in file.iter_batches(batch_size=most, use_threads=False, columns=list(wanted)):
                yield chosen(from_arrow(batch), wanted)

    by_name = columns if names == tuple(given) else None
    return Source(path, names, chunks, rows, columns=by_name, streamed=True)


def feather(path: str, _: Asked | None = None) -> Source:
    """A Feather or Arrow file, or a stream of Arrow in a file."""
    with _arrow_batches(path) as (given, _batches):
        names = distinct_names(given)

    def chunks(most: int) -> Iterator[pl.DataFrame]:
        with _arrow_batches(path) as (_names, batches):
            for batch in batches:
                yield from from_arrow(batch, names).iter_slices(most)

    def columns(wanted: Sequence[str], most: int) -> Iterator[pl.DataFrame]:
        places = sorted(map(names.index, wanted))
        with _arrow_batches(path, places) as (_names, batches):
            for batch in batches:
                yield from chosen(from_arrow(batch, [names[i] for i in places]), wanted).iter_slices(most)

    return Source(path, names, chunks, columns=columns, streamed=True)


@contextmanager
def _arrow_batches(path: str, places: list[int] | None = None) -> Iterator[tuple[list[str], Iterable[pa.RecordBatch]]]:
    """Names and batches of either of Arrow's two forms in a file, with all columns or those at some places."""
    import pyarrow as pa
    from pyarrow import ipc

    file = opened_remote(path) if "://" in path else pa.memory_map(path)
    beginning, options = file.read(6), ipc.IpcReadOptions(included_fields=places)
    file.seek(0)
    if beginning == b"\xff\xff\xff\xff" + beginning[4:]:
        with ipc.open_stream(file, options=options) as stream:
            yield stream.schema.names, stream
        return
    with ipc.open_file(file, options=options) as whole:
        yield whole.schema.names, (whole.get_batch(i) for i in range(whole.num_record_batches))
