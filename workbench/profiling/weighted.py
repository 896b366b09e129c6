"""What columns are like where rows count by their weights, told beside what they are row by row.

It is told from the sample of rows that a profile keeps, so it merges as that does, and is exact of as many rows as the
sample holds. What is compared later, with rows whose weights nobody knows, counts rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from workbench.core.contract import NUMERIC
from workbench.core.profile import ColumnProfile, Weighted
from workbench.core.scores import effective
from workbench.profiling.statistics import SHARES, as_floats
from workbench.reading.source import values_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

# Standard errors that 99% of samples lie within.
SURE = 2.576


def weighted(columns: Sequence[ColumnProfile], sample: pl.DataFrame, by: str, rows: int) -> dict[str, Weighted]:
    """What columns are like where rows count by one of them.

    Parameters
    ----------
    columns : sequence of ColumnProfile
        Of all rows.
    sample : polars.DataFrame, shape (n, columns)
        The rows at hand, in their types; columns that it does not have, and sensitive ones, are left out.
    by : str
        The column of weights; rows that have none, or 0, do not count.
    rows : int
        In the whole table.
    """
    if by not in sample.columns:
        return {}
    weights = np.nan_to_num(as_floats(values_of(sample, by)), nan=0.0, posinf=0.0).clip(min=0.0)
    there = weights > 0
    if not there.any():
        return {}
    sample, weights = sample.filter(there), weights[there]
    error = _error(weights, rows) if len(there) < rows else 0.0
    told = (c for c in columns if c.name in sample.columns and c.name != by and not c.sensitive)
    return {c.name: _one(c, values_of(sample, c.name), weights, error) for c in told}


def _error(weights: Numbers, rows: int) -> float:
    """How far a share may be off, at 99% confidence: at most where it is a half."""
    return float(SURE * 0.5 * np.sqrt((1 - len(weights) / rows) / effective(weights)))


def _one(column: ColumnProfile, values: pl.Series, weights: Numbers, error: float) -> Weighted:
    known = values.is_not_null().to_numpy()
    whole, there = float(weights.sum()), float(weights[known].sum())
    told = Weighted(1 - there / whole, _top(values, weights, column, whole), error=error, rows=len(weights))
    if column.histogram is None or not (column.kind in NUMERIC or column.kind == "datetime"):
        return told
    numbers = as_floats(values)
    finite = np.isfinite(numbers)
    return (
        told.of_numbers(*_moments(numbers[finite], weights[finite], column.histogram.edges)) if finite.any() else told
    )


def _moments(
    numbers: Numbers, weights: Numbers, edges: Sequence[float]
) -> tuple[float, float, Mapping[float, float], Sequence[float]]:
    """Mean, standard deviation, quantiles, and the share of each bar.

    References
    ----------
    ``numpy.average``; ``numpy.quantile(…, method="inverted_cdf", weights=…)``, the one that knows weights.
    """
    mean = float(np.average(numbers, weights=weights))
    spread = float(np.sqrt(np.average((numbers - mean) ** 2, weights=weights)))
    quantiles = np.quantile(numbers, SHARES, method="inverted_cdf", weights=weights)
    bars, _ = np.histogram(numbers, np.asarray(edges), weights=weights)
    return mean, spread, dict(zip(SHARES, quantiles.tolist(), strict=True)), (bars / weights.sum()).tolist()


def _top(values: pl.Series, weights: Numbers, column: ColumnProfile, whole: float) -> tuple[float, ...]:
    """The share of each of the column's most frequent values, as it is told there."""
    if column.kind != "category" or not column.top:
        return ()
    sums = (
        pl.DataFrame({"value": values.cast(pl.String), "weight": weights}).group_by("value").agg(pl.col("weight").sum())
    )
    share = dict(sums.iter_rows())
    return tuple(share.get(value, 0.0) / whole for value, _ in column.top)
