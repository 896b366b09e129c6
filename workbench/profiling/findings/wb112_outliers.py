"""Outliers."""

from __future__ import annotations

from collections.abc import Iterator

from workbench.core.finding import Finding
from workbench.profiling.findings.context import Context

CODE = "WB112"
TITLE = "Outliers"

FAR = 20.0


def check(context: Context) -> Iterator[Finding]:
    """Few numbers that lie 20 times the middle half's width away from it."""
    for column in context.features("number", "integer"):
        low, high = column.quantiles.get(0.25), column.quantiles.get(0.75)
        if low is None or high is None or high <= low or column.distinct < 10:
            continue
        far = FAR * (high - low)
        extreme = [v for v in (column.minimum, column.maximum) if v is not None and (v < low - far or v > high + far)]
        if extreme:
            told = f"reaches {extreme[-1]:.6g} while its middle half lies between {low:.6g} and {high:.6g}."
            cure = f"data.table[{column.name!r}].sort_values().tail(20)  # look at them before anything else"
            yield Finding(CODE, "info", told, column.name, cure, {"extreme": extreme})
