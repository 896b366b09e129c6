"""Future dates."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np

from workbench.core.finding import Finding
from workbench.core.literals import python
from workbench.profiling.findings.context import Context

CODE = "WB119"


def check(context: Context) -> Iterator[Finding]:
    """Dates that lie after today."""
    now = time.time() + 86400
    for column in context.columns:
        if column.kind == "datetime" and column.maximum is not None and column.maximum > now:
            last = str(np.datetime64(int(column.maximum), "s"))[:10]
            cure = python("data.table[$column].sort_values().tail(20)  # look at them", column=column.name)
            yield Finding(CODE, "warning", f"reaches {last}, which is still to come.", column.name, cure)
