"""Follows the clock."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from polars import selectors

from workbench.core.finding import Finding
from workbench.core.ranks import average_ranks
from workbench.profiling.findings.context import Context, without
from workbench.profiling.statistics import as_numbers
from workbench.reading.source import values_of

CODE = "WB117"

STRONG = 0.95
OUTSIDE = 0.6


def check(context: Context) -> Iterator[Finding]:
    """Columns that grow with the time column, so that the values to come are never seen in training."""
    time = context.contract.time
    if time is None or context.sample is None or context.rows < 100:
        return
    ordered = context.sample.sort(selectors.by_name(time))
    for column in context.features("integer", "number", "datetime"):
        outside = beyond(as_numbers(values_of(ordered, column.name).drop_nulls()).astype(float))
        if outside is not None:
            message = f"follows {time}: {outside:.0%} of its last fifth lies outside all that came before."
            yield Finding(CODE, "warning", message, column.name, without(column.name), {"outside": outside})


def beyond(values: np.ndarray) -> float | None:
    """Share of the last fifth that lies outside all that came before; None where values don't follow their order.

    >>> beyond(np.arange(100.0)), beyond(np.resize([1.0, 2.0, 3.0], 100))
    (1.0, None)
    """
    values = values[np.isfinite(values)]
    cut = int(0.8 * values.size)
    if cut < 50 or np.unique(values).size < 3:
        return None
    outside = float(((values[cut:] > values[:cut].max()) | (values[cut:] < values[:cut].min())).mean())
    return outside if outside >= OUTSIDE and abs(with_order(values)) >= STRONG else None


def with_order(values: np.ndarray) -> float:
    """Spearman's correlation of values with their places, in [-1, 1]; 0 where they don't vary.

    >>> round(with_order(np.array([1.0, 2.0, 4.0, 8.0] * 1)), 6)
    1.0
    """
    ranks = average_ranks(values)
    spread = ranks.std()
    return float(np.corrcoef(ranks, np.arange(ranks.size))[0, 1]) if ranks.size > 2 and spread else 0.0
