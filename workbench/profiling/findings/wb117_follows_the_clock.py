"""Follows the clock."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.stats import spearmanr

from workbench.core.finding import Finding
from workbench.profiling.findings.context import Context, without
from workbench.profiling.statistics import as_numbers

CODE = "WB117"
TITLE = "Follows the clock"


def check(context: Context) -> Iterator[Finding]:
    """Columns that grow with the time column, so that the values to come are never seen in training."""
    time = context.contract.time
    if time is None or context.sample is None or context.rows < 100:
        return
    for column in context.features("integer", "number", "datetime"):
        values = as_numbers(context.sample.sort(time)[column.name].drop_nulls())
        values = values[np.isfinite(values)]
        cut = int(0.8 * values.size)
        if cut < 50 or column.distinct < 3:
            continue
        outside = float(((values[cut:] > values[:cut].max()) | (values[cut:] < values[:cut].min())).mean())
        if outside >= 0.6 and abs(spearmanr(values, np.arange(values.size)).statistic) >= 0.95:
            told = f"follows {time}: {outside:.0%} of its last fifth lies outside all that came before."
            yield Finding(CODE, "warning", told, column.name, without(column.name), {"outside": outside})
