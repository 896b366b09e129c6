"""Where tables come from: each becomes a stream of polars chunks, and no file is read whole."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import polars as pl

from workbench.core.arguments import described
from workbench.core.dataset import Dataset
from workbench.core.reading import Layout
from workbench.core.rows import Rows
from workbench.errors import BadParameter, BadTable
from workbench.reading.files import files
from workbench.reading.layouts import Asked
from workbench.reading.pandas_tables import from_pandas as from_pandas
from workbench.reading.pandas_tables import pandas_source
from workbench.reading.queries import Query
from workbench.reading.source import Source, distinct_names, from_arrow, named, refuse_twins

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

T = TypeVar("T")
# Rows of a chunk on a worker.
ON_WORKERS = 32_768


def source_of(table: Any, /, *, like: Layout | None = None, expected: Sequence[str] = (), **options: Any) -> Source:
    """Anything that holds a table, as a stream of chunks.

    Parameters
    ----------
    table : object
        A path, folder or glob (text such as CSV, also packed; Parquet, Feather, JSON, workbooks, files of Stata, SPSS,
        SQLite and DuckDB; local, or an fsspec URL such as ``s3://…``), a pandas or polars frame, a series, an Arrow
        table or reader (anything with ``__arrow_c_stream__``), a :func:`workbench.query`, a Dask dataframe, a
        :class:`~workbench.core.dataset.Dataset`, or what pandas makes a frame of: a dict of lists, a list of dicts, an
        array with named fields.
    like : Layout, optional
        Of an earlier file of text, by which this one is read if that gives the expected names.
    expected : sequence of str
        Names of columns.
    **options
        What is known of a file: ``encoding``, ``header``, ``skip``, ``separator``, ``quote``, ``comment`` of text,
        ``sheet`` of a workbook, ``table`` of a database; None: to be seen.

    Raises
    ------
    BadTable
        If it is none of these, is not there, is empty, or has two columns of one name.
    BadParameter
        If an option is unknown, not of its type, or not for this table.

    Examples
    --------
    >>> import polars as pl
    >>> source = source_of(pl.DataFrame({"x": [1, 2, 3]}))
    >>> source.names, source.rows, [chunk.height for chunk in source.chunks(2)]
    (('x',), 3, [2, 1])
    """
    asked = Asked.checked(options)
    if isinstance(table, (str, Path)):
        return files(str(table), asked, like, expected)
    if asked.given():
        raise BadParameter(f"{next(iter(asked.given()))}= is for files, got {described(table)}. Leave it out.")
    return named(_in_memory(table))


def _in_memory(table: Any) -> Source:
    """What is no file."""
    if isinstance(table, Query):
        return Source(str(table), table.names(), table.chunks)
    if isinstance(table, Dataset):
        return _dataset(table)
    if isinstance(table, pl.LazyFrame):
        names = table.collect_schema().names()
        return Source("memory", tuple(names), lambda n: iter(table.collect_batches(chunk_size=n, maintain_order=True)))
    if isinstance(table, pl.DataFrame):
        return Source("memory", tuple(table.columns), lambda n: table.iter_slices(n), table.height)
    if isinstance(table, pl.Series):
        return _in_memory(table.to_frame())
    frame = _as_frame(table)
    if frame is not None:
        return pandas_source(frame, "memory")
    if type(table).__module__.startswith("dask"):
        return _dask(table)
    if hasattr(table, "__arrow_c_stream__"):
        return _arrow(table)
    known = "a path, a pandas or polars frame, an Arrow table, a query, a Dask frame or a dict of lists"
    raise BadTable(f"A table can't be made of {described(table)}. Give {known}.")


def _dataset(data: Dataset) -> Source:
    """One that keeps its file is read anew, by its contract."""
    rows = data.values
    if not isinstance(rows, Rows):
        return pandas_source(rows, data.source)
    return Source(data.source, rows.names, rows.chunks, data.rows)


def _as_frame(table: Any) -> pd.DataFrame | None:
    """What pandas makes a frame of, with names that somebody gave its columns; None where it is none of that."""
    import numpy as np
    import pandas as pd

    if isinstance(table, (pd.DataFrame, pd.Series)):
        return table  # type: ignore[return-value]  # a series is taken as a frame of one column
    if isinstance(table, np.ndarray):
        return pd.DataFrame(_with_names(table))
    if isinstance(table, dict) or (isinstance(table, list) and table and all(isinstance(r, dict) for r in table)):
        try:
            return pd.DataFrame(table)
        except (ValueError, TypeError) as error:
            raise BadTable(f"{described(table).capitalize()} is no table ({error}). Give a dict of lists.") from error
    return None


def _with_names(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    if array.dtype.names is None or array.ndim != 1:
        shape = " x ".join(map(str, array.shape)) or "no"
        raise BadTable(
            f"An array of {shape} values has no names of columns. Give pd.DataFrame(array, columns=['a', 'b', …])."
        )
    return array


def _arrow(table: Any) -> Source:
    import pyarrow as pa

    again = isinstance(table, (pa.Table, pa.RecordBatch))
    reader = None if again else pa.RecordBatchReader.from_stream(table)
    schema = table.schema if again else reader.schema  # type: ignore[union-attr]  # one of the two
    names = distinct_names(schema.names)

    def chunks(most: int) -> Iterator[pl.DataFrame]:
        stream = pa.RecordBatchReader.from_stream(table) if again else reader
        for batch in stream:  # type: ignore[union-attr]  # one of the two
            yield from from_arrow(batch, names).iter_slices(most)

    return Source("memory", names, chunks, table.num_rows if again else None, again=again)


def _dask(table: Any) -> Source:
    names = tuple(map(str, table.columns))
    refuse_twins(names)

    def chunks(most: int) -> Iterator[pl.DataFrame]:
        for part in table.partitions:
            frame = part.compute()
            if len(frame):
                yield from pandas_source(frame, "dask").chunks(most)

    def workers(act: Callable[[Iterable[pl.DataFrame], int], T], merge: Callable[[Iterable[T]], T]) -> T:
        from dask import compute, delayed

        results = [delayed(_act_on)(part, i, act) for i, part in enumerate(table.to_delayed())]
        while len(results) > 1:
            pairs = [results[i : i + 2] for i in range(0, len(results), 2)]
            results = [delayed(merge)(pair) for pair in pairs]
        return cast(T, compute(results[0])[0])

    return Source("dask", names, chunks, workers=workers)


def _act_on(frame: pd.DataFrame, number: int, act: Callable[[Iterable[pl.DataFrame], int], T]) -> T:
    """What a Dask worker does with its part."""
    return act(pandas_source(frame, "dask").chunks(ON_WORKERS) if len(frame) else (), number)
