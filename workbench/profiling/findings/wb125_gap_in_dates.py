"""Gap in the dates."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from workbench.core.finding import Finding
from workbench.core.literals import python
from workbench.profiling.findings.context import Context

CODE = "WB125"

# A gap stands out when it is this share of the whole range, and this many times the usual step.
LONG = 0.05
TIMES = 10.0
DAY = 86_400.0


def check(context: Context) -> Iterator[Finding]:
    """Dates with a long stretch without any."""
    for column in context.columns:
        if column.longest_gap is None or column.minimum is None or column.maximum is None or column.role == "ignored":
            continue
        before, after = column.longest_gap
        usual = (column.maximum - column.minimum) / max(column.distinct - 1, 1)
        length, whole = after - before, column.maximum - column.minimum
        if length > max(LONG * whole, TIMES * max(usual, DAY)):
            day = [str(np.datetime64(int(t), "s"))[:10] for t in (before, after)]
            told = f"has nothing between {day[0]} and {day[1]} ({length / DAY:.0f} days)."
            cure = python("data.table[$column].dt.to_period('M').value_counts().sort_index()", column=column.name)
            yield Finding(CODE, "info", told, column.name, cure, {"from": day[0], "to": day[1]})
