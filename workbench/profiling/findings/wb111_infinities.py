"""Infinities."""

from __future__ import annotations

from collections.abc import Iterator

from workbench.core.finding import Finding
from workbench.core.literals import python
from workbench.profiling.findings.context import Context

CODE = "WB111"

MADE_MISSING = "data = wb.dataset(data.table.replace([float('inf'), float('-inf')], None), contract=data.contract)"


def check(context: Context) -> Iterator[Finding]:
    """Columns with infinite numbers."""
    for column in context.columns:
        if column.infinities and column.role in ("feature", "target"):
            told = f"has {column.infinities:,} infinite numbers."
            cure = python(MADE_MISSING)
            yield Finding(CODE, "warning", told, column.name, cure, {"infinities": column.infinities})
