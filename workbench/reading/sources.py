"""Where tables come from: each becomes a stream of polars chunks, and no file is read whole."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import polars as pl

from workbench.core.arguments import described
from workbench.core.dataset import Dataset
from workbench.errors import BadTable
from workbench.reading.files import files
from workbench.reading.queries import Query
from workbench.reading.source import Source, from_arrow, refuse_twins
from workbench.settings import may_be_path

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

T = TypeVar("T")
# Rows of a chunk on a worker.
ON_WORKERS = 32_768


def source_of(table: Any, **layout: Any) -> Source:
    """Anything that holds a table, as a stream of chunks.

    Parameters
    ----------
    table : object
        A path or glob (CSV also zipped, Parquet, Feather, JSON lines; local, or an fsspec URL such as ``s3://…``), a
        pandas or polars frame, an Arrow table or reader (anything with ``__arrow_c_stream__``), a
        :func:`workbench.query`, a Dask dataframe, a :class:`~workbench.core.dataset.Dataset`, or what pandas makes a
        frame of: a series, a dict of lists, a list of dicts, an array with named fields.

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
        return files(_possible(str(table)))
    if isinstance(table, Query):
        return Source(str(table), table.names(), table.chunks)
    if isinstance(table, Dataset):
        return _pandas(table.table, table.source)
    if isinstance(table, pl.LazyFrame):
        names = table.collect_schema().names()
        return Source("memory", tuple(names), lambda n: iter(table.collect_batches(chunk_size=n, maintain_order=True)))
    if isinstance(table, pl.DataFrame):
        return Source("memory", tuple(table.columns), lambda n: table.iter_slices(n), table.height)
    frame = _as_frame(table)
    if frame is not None:
        return _pandas(frame, "memory")
    if type(table).__module__.startswith("dask"):
        return _dask(table)
    if hasattr(table, "__arrow_c_stream__"):
        return _arrow(table)
    known = "a path, a pandas or polars frame, an Arrow table, a query, a Dask frame or a dict of lists"
    raise BadTable(f"A table can't be made of {described(table)}. Give {known}.")


def _possible(path: str) -> str:
    if may_be_path(path):
        return path
    raise BadTable(f"{described(path).capitalize()} can't be a path: a name is too long. Give that of a file.")


def _as_frame(table: Any) -> pd.DataFrame | None:
    """What pandas makes a frame of, with names that somebody gave its columns; None where it is none of that."""
    import numpy as np
    import pandas as pd

    if isinstance(table, pd.DataFrame):
        return table
    if isinstance(table, pd.Series):
        return table.to_frame()
    if isinstance(table, np.ndarray):
        return pd.DataFrame(_named(table))
    if isinstance(table, dict) or (isinstance(table, list) and table and all(isinstance(r, dict) for r in table)):
        try:
            return pd.DataFrame(table)
        except (ValueError, TypeError) as error:
            raise BadTable(f"{described(table).capitalize()} is no table ({error}). Give a dict of lists.") from error
    return None


def _named(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    if array.dtype.names is None or array.ndim != 1:
        shape = " x ".join(map(str, array.shape)) or "no"
        raise BadTable(
            f"An array of {shape} values has no names of columns. Give pd.DataFrame(array, columns=['a', 'b', …])."
        )
    return array


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

    missing = isna(value)
    return missing is True  # of a list it is an array


_PLAIN = ("boolean", "date", "datetime", "datetime64", "floating", "integer", "decimal")


def _safe(text: str) -> str:
    """Lone surrogates have no UTF-8."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _pandas(table: pd.DataFrame, description: str) -> Source:
    if table.empty:
        raise _nothing(len(table), table.shape[1])
    refuse_twins(table.columns)

    def chunks(most: int) -> Iterator[pl.DataFrame]:
        for start in range(0, len(table), most):
            part = table.iloc[start : start + most]
            yield pl.DataFrame([from_pandas(part.iloc[:, i]) for i in range(part.shape[1])])

    return Source(description, tuple(map(str, table.columns)), chunks, len(table))


def _arrow(table: Any) -> Source:
    import pyarrow as pa

    again = isinstance(table, (pa.Table, pa.RecordBatch))
    reader = None if again else pa.RecordBatchReader.from_stream(table)
    schema = table.schema if again else reader.schema  # type: ignore[union-attr]  # one of the two
    refuse_twins(schema.names)

    def chunks(most: int) -> Iterator[pl.DataFrame]:
        stream = pa.RecordBatchReader.from_stream(table) if again else reader
        for batch in stream:  # type: ignore[union-attr]  # one of the two
            yield from from_arrow(batch).iter_slices(most)

    return Source("memory", tuple(schema.names), chunks, table.num_rows if again else None, again=again)


def _dask(table: Any) -> Source:
    names = tuple(map(str, table.columns))
    refuse_twins(names)

    def chunks(most: int) -> Iterator[pl.DataFrame]:
        for part in table.partitions:
            frame = part.compute()
            if len(frame):
                yield from _pandas(frame, "dask").chunks(most)

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
    return act(_pandas(frame, "dask").chunks(ON_WORKERS) if len(frame) else (), number)


def _nothing(rows: int, columns: int) -> BadTable:
    return BadTable(f"The table has {rows} rows and {columns} columns. Give one with at least one of each.")
