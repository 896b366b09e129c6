"""Values that exist: by column, what the rows that a run held out have, and which of them are met together."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from workbench.core.contract import NUMERIC, Column, Contract

Numbers = NDArray[np.float64]
# Of a column with more, values are met together by its tenths.
LEVELS = 50
BINS = 10
# Two values that so many rows would have by chance alone, and none has, exclude each other.
EXPECTED = 5.0
MOST_ROWS, MOST_PARTS = 5000, 5000


@dataclass(frozen=True, eq=False)
class Existing:
    """The values that one column has, in order.

    Parameters
    ----------
    column : Column
        Its contract.
    values : array, shape (values,)
        Distinct ones without the missing: float64, datetime64 or texts; numbers within the contract's range, categories
        among its own.
    edges : float array
        Where the parts of :meth:`part` begin, for numbers and moments of many values; else empty.
    span : float
        Largest less smallest value: a difference as large as this counts 1 in a distance.
    """

    column: Column
    values: NDArray[Any]
    edges: Numbers
    span: float

    @classmethod
    def of(cls, column: Column, table: pd.Series, usual: bool = True) -> Existing:
        """The values of one column of rows; all of them, or those that the contract calls usual."""
        every = np.unique(typed_column(table.dropna()))
        values = _usual(column, every) if usual else every
        if not _ordered(column) or not len(values):
            return cls(column, values, np.empty(0), 1.0)
        steps = as_numbers(values)
        many = len(values) > LEVELS
        tenths = np.quantile(as_numbers(typed_column(table.dropna())), np.arange(1, BINS) / BINS) if many else steps[1:]
        edges = np.unique(tenths)
        return cls(column, values, edges, float(steps[-1] - steps[0]) or 1.0)

    @property
    def ordered(self) -> bool:
        """Whether the values are numbers or moments."""
        return _ordered(self.column)

    @property
    def parts(self) -> int:
        """How many :meth:`part` tells apart, the missing among them."""
        return (len(self.edges) + 1 if self.ordered else len(self.values)) + 1

    def part(self, values: Any) -> NDArray[np.intp]:
        """Which value, or which part of many, shape (rows,); the last is for missing and unknown ones."""
        if self.ordered:
            numbers = as_numbers(values)
            parts = np.searchsorted(self.edges, numbers, side="right")
            return np.where(np.isnan(numbers), self.parts - 1, parts)
        return np.array(
            [self._place.get(value, len(self.values)) for value in np.asarray(values, dtype=object).tolist()], np.intp
        )

    def distance(self, values: Any, other: Any) -> Numbers:
        """How far values are from another one, each in [0, 1]; Gower's, for one column."""
        if self.ordered:
            apart = np.abs(as_numbers(values) - as_numbers([other])[0]) / self.span
            one_missing = np.isnan(as_numbers(values)) != np.isnan(as_numbers([other])[0])
            return np.where(one_missing, 1.0, np.minimum(np.nan_to_num(apart), 1.0))
        same = [_same(value, other) for value in np.asarray(values, dtype=object).tolist()]
        return 1.0 - np.array(same, dtype=float)

    def few(self, most: int) -> NDArray[Any]:
        """At most so many values, at even steps of their rank; the ends are among them."""
        return _evenly(self.values, most)

    def typed(self, value: Any) -> Any:
        """One value as the column's values are: a float, a moment of numpy, or what it is."""
        return as_typed([value], self.values.dtype)[0]

    def between(self, value: Any, other: Any, most: int) -> NDArray[Any]:
        """At most so many existing values between two, in order, both left out but for ``other``."""
        ends = as_numbers([value, other])
        steps = as_numbers(self.values)
        inside = (steps >= ends.min()) & (steps <= ends.max()) & (steps != ends[0])
        return _evenly(self.values[inside], most)

    @cached_property
    def _place(self) -> dict[Any, int]:
        return {value: place for place, value in enumerate(self.values.tolist())}


@dataclass(frozen=True, eq=False)
class Together:
    """Which values of two columns exclude each other.

    Parameters
    ----------
    starts : int array, shape (columns,)
        Where a column's parts begin.
    never : bool array, shape (parts of all columns, parts of all columns)
        Pairs that many rows would have by chance alone, and none has.
    """

    starts: NDArray[np.intp]
    never: NDArray[np.bool_]

    @classmethod
    def of(cls, columns: list[Existing], table: pd.DataFrame) -> Together:
        """The pairs of at most 5,000 rows, at even steps; none where there are too many values to look at each two."""
        sizes = [one.parts for one in columns]
        starts = np.cumsum([0, *sizes[:-1]])
        if sum(sizes) > MOST_PARTS:
            return cls(starts, np.broadcast_to(False, (sum(sizes),) * 2))
        table = table.iloc[:: -(-len(table) // MOST_ROWS) or 1]
        has = np.zeros((len(table), sum(sizes)), dtype=np.float32)
        for one, start in zip(columns, starts, strict=True):
            has[np.arange(len(table)), start + one.part(typed_column(table[one.column.name]))] = 1.0
        met, count = has.T @ has, has.sum(axis=0)
        never = (met == 0) & (np.outer(count, count) / max(len(table), 1) >= EXPECTED)
        own = np.repeat(np.arange(len(columns)), sizes)
        return cls(starts, never & (own[:, None] != own[None, :]))


def existing(contract: Contract, table: pd.DataFrame) -> dict[str, Existing]:
    """The values of each column of a table."""
    return {str(name): Existing.of(contract[str(name)], table[name]) for name in table.columns}


def as_numbers(values: Any) -> Numbers:
    """Numbers or moments as float64, NaN where missing, shape (rows,)."""
    array = np.asarray(values)
    if array.dtype == object:
        array = np.array([None if _missing(value) else value for value in array.tolist()])
        some = next((value for value in array.tolist() if value is not None), None)
        array = array.astype("datetime64[us]" if isinstance(some, (datetime, np.datetime64)) else float)
    if array.dtype.kind != "M":
        return array.astype(float)
    return np.where(np.isnat(array), np.nan, array.astype("datetime64[us]").astype(float))


def as_typed(values: Any, dtype: Any) -> NDArray[Any]:
    """Values as an array of a type, shape (rows,); None becomes what is missing there."""
    result = np.empty(len(values), object)
    result[:] = list(values)
    return result.astype(dtype, copy=False)


def _evenly(values: NDArray[Any], most: int) -> NDArray[Any]:
    return values[np.unique(np.linspace(0, len(values) - 1, min(most, len(values))).round().astype(np.intp))]


def typed_column(series: pd.Series) -> NDArray[Any]:
    """A column as float64, datetime64 in microseconds, or objects."""
    if pd.api.types.is_datetime64_any_dtype(series.dtype):
        return series.to_numpy(dtype="datetime64[us]")
    if pd.api.types.is_numeric_dtype(series.dtype):
        return series.to_numpy(dtype=float, na_value=np.nan)
    return series.to_numpy(dtype=object)


def _usual(column: Column, values: NDArray[Any]) -> NDArray[Any]:
    if column.kind in NUMERIC:
        low = -np.inf if column.minimum is None else column.minimum
        high = np.inf if column.maximum is None else column.maximum
        return values[(values >= low) & (values <= high) & np.isfinite(values)]
    if column.kind == "category" and column.usual is not None:
        return np.array([value for value in values.tolist() if value in column.usual], dtype=object)
    return values


def _ordered(column: Column) -> bool:
    return column.kind in (*NUMERIC, "boolean", "datetime")


def _missing(value: Any) -> bool:
    return value is None or bool(value != value)


def _same(value: Any, other: Any) -> bool:
    return (_missing(value) and _missing(other)) or value == other
