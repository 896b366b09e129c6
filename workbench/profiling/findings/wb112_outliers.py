"""Outliers."""

from __future__ import annotations

import math
from collections.abc import Iterator

from workbench.core.finding import Finding
from workbench.core.literals import python
from workbench.core.profile import ColumnProfile
from workbench.profiling.findings.context import Context

CODE = "WB112"

# Widths of the middle half that a value must lie away from it; of positive numbers their logarithms are looked at too,
# since a long tail has no outliers.
FAR = 15.0
FAR_IN_LOGS = 5.0
LARGEST = "data.table[$column].sort_values().tail(20)  # look at them before anything else"


def check(context: Context) -> Iterator[Finding]:
    """Few numbers that lie far from all others."""
    for column in context.features("number", "integer"):
        low, high = column.quantiles.get(0.25), column.quantiles.get(0.75)
        if low is None or high is None or high <= low or column.distinct < 10:
            continue
        extreme = [v for v in (column.minimum, column.maximum) if v is not None and _is_far(column, v, low, high)]
        if extreme:
            told = f"reaches {extreme[-1]:.6g} while its middle half lies between {low:.6g} and {high:.6g}."
            cure = python(LARGEST, column=column.name)
            yield Finding(CODE, "info", told, column.name, cure, {"extreme": extreme})


def _is_far(column: ColumnProfile, value: float, low: float, high: float) -> bool:
    if low - FAR * (high - low) <= value <= high + FAR * (high - low):
        return False
    if column.minimum is None or column.minimum < 0 or low <= 0 or value <= 0:
        return True
    return math.log(value / high) > FAR_IN_LOGS * math.log(high / low) or value < low
