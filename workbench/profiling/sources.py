"""Where tables come from: each becomes a stream of polars chunks, and no file is read whole."""

from __future__ import annotations

import csv
import glob
import io
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

import polars as pl

from workbench.core.dataset import Dataset
from workbench.errors import BadTable
from workbench.profiling.queries import Query
from workbench.profiling.scan import Plan, Scanned, merged, scan

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

# Bytes of text that are read at a time.
BLOCK = 4 << 20
# Texts in a CSV file that stand for a missing value; those that pandas takes.
MISSING = (
    "", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA",
    "NULL", "NaN", "None", "n/a", "nan", "null",
)  # fmt: skip
ENDINGS = (".csv", ".csv.zip", ".csv.gz", ".tsv", ".parquet", ".feather", ".jsonl", ".ndjson")


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


def source_of(table: Any) -> Source:
    """Anything that holds a table, as a stream of chunks.

    Parameters
    ----------
    table : object
        A path or glob (CSV also zipped, Parquet, Feather, JSON lines; local, or an fsspec URL such as ``s3://…``), a
        pandas or polars frame, an Arrow table or reader (anything with ``__arrow_c_stream__``), a
        :func:`workbench.query`, a Dask dataframe, or a :class:`~workbench.core.dataset.Dataset`.

    Raises
    ------
    BadTable
        If it is none of these, is not there, is empty, or has two columns of one name.

    Examples
    --------
    >>> import polars as pl
    >>> source = source_of(pl.DataFrame({"x": [1, 2, 3]}))
    >>> source.names, source.rows, [chunk.height for chunk in source.chunks(2)]
    (('x',), 3, [2, 1])
    """
    if isinstance(table, (str, Path)):
        return _files(str(table))
    if isinstance(table, Query):
        return Source(str(table), table.names(), table.chunks)
    if isinstance(table, Dataset):
        return _pandas(table.table, table.source)
    if isinstance(table, pl.LazyFrame):
        names = table.collect_schema().names()
        return Source("memory", tuple(names), lambda n: iter(table.collect_batches(chunk_size=n, maintain_order=True)))
    if isinstance(table, pl.DataFrame):
        return Source("memory", tuple(table.columns), lambda n: table.iter_slices(n), table.height)
    kind = f"{type(table).__module__}.{type(table).__name__}"
    if kind.startswith("pandas."):
        return _pandas(table, "memory")
    if kind.startswith("dask"):
        return _dask(table)
    if hasattr(table, "__arrow_c_stream__"):
        return _arrow(table)
    known = "a path, a pandas or polars frame, an Arrow table, a query or a Dask frame"
    raise BadTable(f"A table can't be made of {kind}. Give {known}.")


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


def from_pandas(values: pd.Series) -> pl.Series:
    """One column of a pandas frame; mixed and nested objects become texts.

    >>> import pandas as pd
    >>> from_pandas(pd.Series([1, "a", None], name="x")).to_list()
    ['1', 'a', None]
    """
    name = str(values.name)
    if values.dtype != object:
        try:
            return pl.from_pandas(values, nan_to_null=True).alias(name)
        except (TypeError, ValueError, pl.exceptions.PolarsError):
            values = values.astype(object)  # an extension type that Arrow does not know
    from pandas.api.types import infer_dtype

    kept = [None if _is_missing(v) else v for v in values.to_list()]
    if infer_dtype(kept, skipna=True) in _PLAIN:
        try:
            return pl.Series(name, kept, strict=True)
        except (TypeError, OverflowError, pl.exceptions.PolarsError):
            pass  # what polars has no type for is told as text
    return pl.Series(name, [None if v is None else _safe(str(v)) for v in kept], dtype=pl.String)


def _is_missing(value: Any) -> bool:
    from pandas import isna

    found = isna(value)
    return found is True  # of a list it is an array


_PLAIN = ("boolean", "date", "datetime", "datetime64", "floating", "integer", "decimal")


def _safe(text: str) -> str:
    """Lone surrogates have no UTF-8."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _pandas(table: pd.DataFrame, told: str) -> Source:
    if table.empty:
        raise _nothing(len(table), table.shape[1])
    refuse_twins(table.columns)

    def chunks(most: int) -> Iterator[pl.DataFrame]:
        for start in range(0, len(table), most):
            part = table.iloc[start : start + most]
            yield pl.DataFrame([from_pandas(part.iloc[:, i]) for i in range(part.shape[1])])

    return Source(told, tuple(map(str, table.columns)), chunks, len(table))


def _arrow(table: Any) -> Source:
    import pyarrow as pa

    again = isinstance(table, (pa.Table, pa.RecordBatch))
    reader = None if again else pa.RecordBatchReader.from_stream(table)
    schema = table.schema if again else reader.schema  # type: ignore[union-attr]  # one of the two
    refuse_twins(schema.names)

    def chunks(most: int) -> Iterator[pl.DataFrame]:
        stream = pa.RecordBatchReader.from_stream(table) if again else reader
        for batch in stream:  # type: ignore[union-attr]  # one of the two
            yield from _from_arrow(batch).iter_slices(most)

    return Source("memory", tuple(schema.names), chunks, table.num_rows if again else None, again=again)


def _from_arrow(batch: pa.RecordBatch) -> pl.DataFrame:
    frame = pl.from_arrow(batch)
    return frame if isinstance(frame, pl.DataFrame) else frame.to_frame()


def _dask(table: Any) -> Source:
    names = tuple(map(str, table.columns))
    refuse_twins(names)

    def chunks(most: int) -> Iterator[pl.DataFrame]:
        for part in table.partitions:
            frame = part.compute()
            if len(frame):
                yield from _pandas(frame, "dask").chunks(most)

    def distributed(plan: Plan) -> Scanned:
        from dask import compute, delayed

        seen = [delayed(_seen_part)(part, names, plan, i) for i, part in enumerate(table.to_delayed())]
        while len(seen) > 1:
            pairs = [seen[i : i + 2] for i in range(0, len(seen), 2)]
            seen = [delayed(merged)(pair) for pair in pairs]
        return cast(Scanned, compute(seen[0])[0])

    return Source("dask", names, chunks, distributed=distributed)


def _seen_part(frame: pd.DataFrame, names: tuple[str, ...], plan: Plan, number: int) -> Scanned:
    """What a Dask worker sees of its part."""
    own = replace(plan, seed=plan.seed + number)
    return scan(_pandas(frame, "dask").chunks(plan.chunk) if len(frame) else (), names, own)


def _files(pattern: str) -> Source:
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
        found = [file.full_name for file in _fsspec().open_files(pattern, mode="rb")] if "*" in pattern else [pattern]
        return sorted(found) or [pattern]
    if not Path(pattern).exists() and glob.has_magic(pattern):
        found = sorted(glob.glob(pattern, recursive=True))  # noqa: PTH207 - a pattern may be absolute
        if not found:
            raise BadTable(f"No file matches {pattern!r}. Give the pattern from the working folder {Path.cwd()}.")
        return found
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
        told = f"{Path(path).name!r} ends in {ending or 'nothing'!r}"
        raise BadTable(f"{told}. Give one of {', '.join(ENDINGS)}, or a frame.")
    return ending


def _explained(path: str, act: Callable[[], Any]) -> Any:
    import pyarrow as pa

    try:
        return act()
    except (pa.ArrowException, OSError, ValueError, zipfile.BadZipFile, pl.exceptions.PolarsError) as error:
        if isinstance(error, BadTable):
            raise
        told = f"{Path(path).name} can't be read as {_ending(path)[1:]} ({error})"
        raise BadTable(f"{told}. Check the file, or give a frame.") from error


def _parquet(path: str) -> Source:
    from pyarrow import parquet

    def opened() -> parquet.ParquetFile:
        # A small read buffer and no read-ahead: a row group of a million rows would else lie in memory whole.
        options: dict[str, Any] = {"pre_buffer": False, "buffer_size": 1 << 18, "page_checksum_verification": True}
        return parquet.ParquetFile(_remote(path) if "://" in path else path, **options)

    def chunks(most: int) -> Iterator[pl.DataFrame]:
        with opened() as file:
            for batch in file.iter_batches(batch_size=most, use_threads=False):
                yield _from_arrow(batch)

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
                yield from _from_arrow(file.get_batch(i)).iter_slices(most)

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
                frame = _from_arrow(batch)
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
        raise BadTable(f"{Path(path).name} is empty. Give a file with a header and rows.")
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


def _nothing(rows: int, columns: int) -> BadTable:
    return BadTable(f"The table has {rows} rows and {columns} columns. Give one with at least one of each.")


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
