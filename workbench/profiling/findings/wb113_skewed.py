"""Skewed."""

from __future__ import annotations

from collections.abc import Iterator

from workbench.core.finding import Finding
from workbench.core.literals import Cure, python
from workbench.core.profile import ColumnProfile
from workbench.profiling.findings.context import Context

CODE = "WB113"

TOO_SKEWED = 3.0
LOGARITHM = "import numpy as np; np.log1p(data.table[$column])"


def check(context: Context) -> Iterator[Finding]:
    """Numbers with a long tail."""
    for column in context.features("number", "integer"):
        if column.skew is not None and abs(column.skew) > TOO_SKEWED and column.distinct > 10 and _pulls(column):
            told = f"is skewed ({column.skew:.1f}): a linear model will follow its few largest values."
            cure: Cure = "" if column.negatives else python(LOGARITHM, column=column.name)
            yield Finding(CODE, "info", told, column.name, cure, {"skew": column.skew})


def _pulls(column: ColumnProfile) -> bool:
    """Whether the tail pulls the mean out of the middle half: more than a long tail that everything counted has."""
    low, high, mean = column.quantiles.get(0.25), column.quantiles.get(0.75), column.mean
    return low is not None and high is not None and mean is not None and not low <= mean <= high
