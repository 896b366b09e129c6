"""Frames of pandas: their columns as those of polars, their index as a column where it says something."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from workbench.core.names import is_unnamed, normalised, written
from workbench.errors import BadTable
from workbench.reading.source import Source, refuse_twins
from workbench.reading.values import value_text

if TYPE_CHECKING:
    from decimal import Decimal

    import pandas as pd

# Of a decimal number of Arrow's.
MOST_DIGITS = 38


def from_pandas(values: pd.Series) -> pl.Series:
    """One column of a pandas frame without its name; mixed and nested objects become texts.

    >>> import pandas as pd
    >>> from_pandas(pd.Series([1, "a", None], name="x")).to_list()
    ['1', 'a', None]
    """
    values = _plain(values)
    if values.dtype != object:
        try:
            return pl.from_pandas(values, nan_to_null=True).alias("")
        except (TypeError, ValueError, NotImplementedError, pl.exceptions.PolarsError):
            values = values.astype(object)  # a type that Arrow does not know
    from pandas.api.types import infer_dtype

    kept = [None if _is_missing(v) else v for v in values.to_list()]
    inferred = infer_dtype(kept, skipna=True)
    if inferred in _PLAIN and not (inferred == "decimal" and not all(map(_fits, kept))):
        try:
            return pl.Series(kept, strict=True)
        except (TypeError, OverflowError, pl.exceptions.PolarsError):
            pass  # what polars has no type for is told as text
    return pl.Series([None if v is None else _safe(value_text(v)) for v in kept], dtype=pl.String)


def _fits(value: Decimal | None) -> bool:
    """Whether a decimal number has a place in Arrow's, which has 38 digits; else it is told as text."""
    if value is None:
        return True
    _, digits, exponent = value.as_tuple()
    return isinstance(exponent, int) and max(len(digits), value.adjusted() + 1, -exponent) <= MOST_DIGITS


def _is_missing(value: Any) -> bool:
    from pandas import isna

    missing = isna(value)
    return missing is True  # of a list it is an array


_PLAIN = ("boolean", "date", "datetime", "datetime64", "floating", "integer", "decimal")


def _safe(text: str) -> str:
    """Lone surrogates have no UTF-8."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _plain(values: pd.Series) -> pd.Series:
    """Periods as their first moment, categories as what they are of, intervals as texts.

    Raises
    ------
    BadTable
        If they are complex numbers, which have no order.
    """
    import pandas as pd

    kind = values.dtype
    if isinstance(kind, pd.PeriodDtype):
        return values.dt.to_timestamp()
    if isinstance(kind, pd.IntervalDtype):
        return values.astype(object)
    if isinstance(kind, pd.CategoricalDtype) and not isinstance(kind.categories.dtype, pd.StringDtype):
        whole = kind.categories.dtype
        return _plain(values.astype("Int64" if whole.kind in "iu" else whole))  # such as have a gap
    if isinstance(kind, np.dtype) and kind.kind == "f" and kind.itemsize > np.dtype(float).itemsize:
        return values.astype(float)
    if kind.kind == "c":
        raise BadTable(
            f"The column {written(values.name)!r} holds complex numbers. Give their real and imaginary parts."
        )
    return values


def tidied(table: pd.DataFrame | pd.Series) -> pd.DataFrame:
    """A frame with names in normal form; an index with a name, or of distinct texts or dates, is its first column.

    Raises
    ------
    BadTable
        If two columns have one name.

    Examples
    --------
    >>> import pandas as pd
    >>> tidied(pd.DataFrame({" x": [1, 2]}, index=["a", "b"])).columns.tolist()
    ['index', 'x']
    """
    import pandas as pd

    frame = table.to_frame("value" if table.name is None else table.name) if isinstance(table, pd.Series) else table
    frame = _with_index(frame)
    names = list(frame.columns)
    refuse_twins(names)
    first = frame.iloc[:, 0] if names and is_unnamed(names[0]) else ()
    plain = normalised(names, first)
    return frame if list(plain) == names else frame.set_axis(list(plain), axis=1)


def _with_index(frame: pd.DataFrame) -> pd.DataFrame:
    index, taken = frame.index, set(map(written, frame.columns))
    levels = [i for i, name in enumerate(index.names) if _says_something(index, i) and written(name) not in taken]
    if not levels:
        return frame
    names = [index.names[i] if index.names[i] is not None else _free_name(i, index.nlevels, taken) for i in levels]
    added = frame.copy(deep=False)
    for place, (level, name) in enumerate(zip(levels, names, strict=True)):
        added.insert(place, _as_label(frame, name), index.get_level_values(level).array, allow_duplicates=True)
    return added.reset_index(drop=True)


def _free_name(level: int, levels: int, taken: set[str]) -> str:
    name = "index" if levels == 1 else f"index_{level + 1}"
    while name in taken:
        name += "_"
    return name


def _as_label(frame: pd.DataFrame, name: Any) -> Any:
    """A name for a column, with as many levels as the others have."""
    return (written(name), *[""] * (frame.columns.nlevels - 1)) if frame.columns.nlevels > 1 else name


def _says_something(index: pd.Index, level: int) -> bool:
    """Whether a level has a name, or distinct texts or dates in an index without one."""
    import pandas as pd
    from pandas.api.types import infer_dtype

    if index.names[level] is not None or index.nlevels > 1:
        return True
    if isinstance(index, pd.RangeIndex) or pd.api.types.is_numeric_dtype(index.dtype):
        return False
    kind = infer_dtype(index, skipna=True)
    return kind in ("string", "datetime64", "datetime", "date", "period") and bool(index.is_unique)


def pandas_source(table: pd.DataFrame | pd.Series, description: str) -> Source:
    """A frame of pandas as a stream of chunks.

    Raises
    ------
    BadTable
        If it has no row or no column, or two columns have one name.
    """
    frame = tidied(table)
    if frame.empty:
        raise nothing(len(frame), frame.shape[1])

    def chunks(most: int) -> Iterator[pl.DataFrame]:
        for start in range(0, len(frame), most):
            part = frame.iloc[start : start + most]
            yield pl.DataFrame({name: from_pandas(part.iloc[:, i]) for i, name in enumerate(part.columns)})

    return Source(description, tuple(frame.columns), chunks, len(frame))


def nothing(rows: int, columns: int) -> BadTable:
    """The error of a table without rows or columns."""
    return BadTable(f"The table has {rows} rows and {columns} columns. Give one with at least one of each.")
