"""Skewed."""

from __future__ import annotations

from collections.abc import Iterator

from workbench.core.finding import Finding
from workbench.profiling.findings.context import Context

CODE = "WB113"
TITLE = "Skewed"

TOO_SKEWED = 5.0


def check(context: Context) -> Iterator[Finding]:
    """Numbers with a long tail."""
    for column in context.features("number", "integer"):
        if column.skew is not None and abs(column.skew) > TOO_SKEWED and column.distinct > 10:
            told = f"is skewed ({column.skew:.1f}): a linear model will follow its few largest values."
            cure = f"import numpy as np; np.log1p(data.table[{column.name!r}])" if not column.negatives else ""
            yield Finding(CODE, "info", told, column.name, cure, {"skew": column.skew})
