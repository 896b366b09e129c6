"""Files of tables, local or not, as streams of chunks: none is read whole."""

from __future__ import annotations

import csv
import glob
import io
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import polars as pl

from workbench.errors import BadTable
from workbench.reading.source import Source, empty_file, from_arrow, refuse_twins

if TYPE_CHECKING:
    from pyarrow import ipc, parquet

# Bytes of text that are read at a time.
BLOCK = 4 << 20
# Texts in a CSV file that stand for a missing value; those that pandas takes.
MISSING = (
    "", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA",
    "NULL", "NaN", "None", "n/a", "nan", "null",
)  # fmt: skip
ENDINGS = (".csv", ".csv.zip", ".csv.gz", ".tsv", ".parquet", ".feather", ".jsonl", ".ndjson")
# Chunks that are read from Parquet at once, since each slice finds its pages anew, as long as they are small.
READ_AHEAD = 4
MOST_CELLS = 1 << 22
# Rows from which on finding slices would take long where one row group holds them all.
LONG = 100_000_000
WHOLE_NUMBER = b"\x15"


def files(pattern: str) -> Source:
    """All files of one kind that a path, glob or URL names, one after the other."""
    paths = _matching(pattern)
    ending = _ending(paths[0])
    if any(_ending(p) != ending for p in paths):
        raise BadTable(f"{pattern!r} matches files of several kinds. Choose one of them, such as '*{ending}'.")
    reader = _READERS[ending]
    parts = [_explained(path, lambda path=path: reader(path)) for path in paths]  # type: ignore[misc]  # bound now
    names = tuple(dict.fromkeys(name for part in parts for name in part.names))

    def chunks(most: int) -> Iterator[pl.DataFrame]:
        for path, part in zip(paths, parts, strict=True):
            stream = part.chunks(most)
            while (chunk := _explained(path, lambda stream=stream: next(stream, None))) is not None:  # type: ignore[misc]
                yield _completed(chunk, names)
                del chunk  # a part of what was read, which would stay while more is read

    rows = None if any(p.rows is None for p in parts) else sum(p.rows or 0 for p in parts)
    size = None if any(p.size is None for p in parts) else sum(p.size or 0 for p in parts)
    return Source(_told(pattern), names, chunks, rows, size, typed=all(p.typed for p in parts))


def _completed(chunk: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    """With the columns that only other files have, empty."""
    if tuple(chunk.columns) == tuple(names):
        return chunk
    return chunk.select(pl.col(n) if n in chunk.columns else pl.lit(None, dtype=pl.String).alias(n) for n in names)


def _matching(pattern: str) -> list[str]:
    if "://" in pattern:
        paths = [file.full_name for file in _fsspec().open_files(pattern, mode="rb")] if "*" in pattern else [pattern]
        return sorted(paths) or [pattern]
    if not Path(pattern).exists() and glob.has_magic(pattern):
        paths = sorted(glob.glob(pattern, recursive=True))  # noqa: PTH207 - a pattern may be absolute
        if not paths:
            raise BadTable(f"No file matches {pattern!r}. Give the pattern from the working folder {Path.cwd()}.")
        return paths
    _ending(pattern)
    if not Path(pattern).exists():
        raise BadTable(f"There is no file {pattern!r}. Give the path from the working folder {Path.cwd()}.")
    return [pattern]


def _told(pattern: str) -> str:
    """A path or URL without user, password and query."""
    if "://" not in pattern:
        return pattern
    from urllib.parse import urlsplit

    parts = urlsplit(pattern)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def _ending(path: str) -> str:
    suffixes = [s.lower() for s in Path(path.split("?")[0]).suffixes]
    ending = "".join(suffixes[-2:]) if suffixes[-1:] in ([".zip"], [".gz"]) else "".join(suffixes[-1:])
    if ending not in _READERS:
        problem = f"{Path(path).name!r} ends in {ending or 'nothing'!r}"
        raise BadTable(f"{problem}. Give one of {', '.join(ENDINGS)}, or a frame.")
    return ending


def _explained(path: str, act: Callable[[], Any]) -> Any:
    try:
        return act()
    except BadTable:
        raise
    except _unreadable() as error:
        problem = f"{Path(path).name} can't be read as {_ending(path)[1:]} ({error})"
        raise BadTable(f"{problem}. Check the file, or give a frame.") from error


def _unreadable() -> tuple[type[Exception], ...]:
    """What reading may raise; asked for when something was raised, so that Arrow is not loaded before."""
    import pyarrow as pa

    return pa.ArrowException, OSError, ValueError, zipfile.BadZipFile, pl.exceptions.PolarsError


def _parquet(path: str) -> Source:
    if "://" in path or has_checksums(path):
        return _checked_parquet(path)
    table = pl.scan_parquet(path, glob=False, hive_partitioning=False)
    try:
        names, rows = tuple(table.head(1).collect().columns), int(table.select(pl.len()).collect().item())
    except pl.exceptions.PolarsError:
        return _checked_parquet(path)  # a type that polars does not know, or an error that Arrow tells better

    def chunks(most: int) -> Iterator[pl.DataFrame]:
        several = most * max(1, min(READ_AHEAD, MOST_CELLS // (most * len(names))))
        for start in range(0, rows, several):
            yield from table.slice(start, several).collect().iter_slices(most)

    return Source(path, names, chunks, rows) if rows <= LONG else _checked_parquet(path)


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
        return parquet.ParquetFile(_remote(path) if "://" in path else path, **options)

    def chunks(most: int) -> Iterator[pl.DataFrame]:
        with opened() as file:
            for batch in file.iter_batches(batch_size=most, use_threads=False):
                yield from_arrow(batch)

    with opened() as file:
        refuse_twins(file.schema_arrow.names)
        return Source(path, tuple(file.schema_arrow.names), chunks, file.metadata.num_rows)


def _feather(path: str) -> Source:
    from pyarrow import ipc

    def opened() -> ipc.RecordBatchFileReader:
        import pyarrow as pa

        return ipc.open_file(_remote(path) if "://" in path else pa.memory_map(path))

    def chunks(most: int) -> Iterator[pl.DataFrame]:
        with opened() as file:
            for i in range(file.num_record_batches):
                yield from from_arrow(file.get_batch(i)).iter_slices(most)

    with opened() as file:
        refuse_twins(file.schema.names)
        return Source(path, tuple(file.schema.names), chunks)


def _csv(path: str) -> Source:
    from pyarrow import csv as arrow_csv

    with _bytes(path) as file:
        names, separator = _header(path, io.TextIOWrapper(file, "utf-8-sig", newline=""))
    options = {
        "read_options": arrow_csv.ReadOptions(block_size=BLOCK, use_threads=False),
        "parse_options": arrow_csv.ParseOptions(delimiter=separator, newlines_in_values=True),
        "convert_options": _as_texts(names),
    }

    def chunks(most: int) -> Iterator[pl.DataFrame]:
        import pyarrow as pa

        with _bytes(path) as file, arrow_csv.open_csv(pa.PythonFile(file, mode="r"), **options) as reader:
            for batch in reader:
                # Where semicolons separate, the comma is the decimal point.
                frame = from_arrow(batch)
                yield from (_with_points(frame) if separator == ";" else frame).iter_slices(most)

    size = None if "://" in path or path.lower().endswith((".zip", ".gz")) else Path(path).stat().st_size
    return Source(path, names, chunks, size=size, typed=False)


def _as_texts(names: tuple[str, ...]) -> Any:
    """Every column as it is written: what the values are is seen by us, and no later block contradicts the first."""
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    return arrow_csv.ConvertOptions(
        column_types=dict.fromkeys(names, pa.string()),
        null_values=list(MISSING),
        strings_can_be_null=True,
        quoted_strings_can_be_null=True,
        check_utf8=True,
    )


def _with_points(frame: pl.DataFrame) -> pl.DataFrame:
    text = pl.col(pl.String)
    comma = text.str.contains(r"^\s*[-+]?\d*,\d+\s*$")
    return frame.with_columns(pl.when(comma).then(text.str.replace(",", ".", literal=True)).otherwise(text))


def _header(path: str, text: IO[str]) -> tuple[tuple[str, ...], str]:
    line = next(csv.reader(text), None)
    if not line:
        raise empty_file(path)
    separator = ","
    if len(line) == 1:
        most = max(";\t|", key=line[0].count)
        separator = most if most in line[0] else ","
        line = next(csv.reader(line, delimiter=separator))
    refuse_twins(line)
    return tuple(line), separator


def _json_lines(path: str) -> Source:
    def chunks(most: int) -> Iterator[pl.DataFrame]:
        with _bytes(path) as file:
            while block := file.read(BLOCK):
                lines = block + (file.readline() if not block.endswith(b"\n") else b"")
                if lines.strip():
                    yield from pl.read_ndjson(io.BytesIO(lines), infer_schema_length=None).iter_slices(most)

    names = tuple(dict.fromkeys(name for chunk in chunks(1 << 20) for name in chunk.columns))
    if not names:
        raise BadTable(f"{Path(path).name} is empty. Give a file with a JSON object in each line.")
    return Source(path, names, lambda most: (_completed(chunk, names) for chunk in chunks(most)))


@contextmanager
def _bytes(path: str) -> Iterator[IO[bytes]]:
    """The content of a file, unpacked."""
    with _remote(path) if "://" in path else Path(path).open("rb") as file:
        if path.lower().endswith(".zip"):
            with zipfile.ZipFile(file) as archive, archive.open(_only(archive, path)) as inner:
                yield inner
        elif path.lower().endswith(".gz"):
            import gzip

            with gzip.open(file) as inner:
                yield inner  # type: ignore[misc]  # a stream of bytes
        else:
            yield file


def _only(archive: zipfile.ZipFile, path: str) -> str:
    names = [n for n in archive.namelist() if not n.endswith("/") and not n.startswith("__MACOSX")]
    if len(names) != 1:
        raise BadTable(f"{Path(path).name} holds {len(names)} files. Give an archive of one file.")
    return names[0]


def _remote(url: str) -> Any:
    return _fsspec().open(url, mode="rb").open()


def _fsspec() -> Any:
    try:
        import fsspec
    except ImportError as error:
        raise BadTable("URLs need fsspec: pip install fsspec, for s3:// also s3fs. Or give a local path.") from error
    return fsspec


_READERS: dict[str, Callable[[str], Source]] = {
    ".csv": _csv,
    ".csv.zip": _csv,
    ".csv.gz": _csv,
    ".tsv": _csv,
    ".parquet": _parquet,
    ".feather": _feather,
    ".jsonl": _json_lines,
    ".ndjson": _json_lines,
}
