"""Mostly missing."""

from __future__ import annotations

from collections.abc import Iterator

from workbench.core.finding import Finding
from workbench.profiling.findings.context import Context, without

CODE = "WB103"


def check(context: Context) -> Iterator[Finding]:
    """Columns that are empty in more than half of the rows."""
    for column in context.columns:
        if column.role == "feature" and column.count and column.missing_share > 0.5:
            told = f"is empty in {column.missing_share:.1%} of {column.rows:,} rows."
            yield Finding(CODE, "warning", told, column.name, without(column.name), {"missing": column.missing})
