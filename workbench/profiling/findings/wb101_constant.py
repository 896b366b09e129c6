"""Constant."""

from __future__ import annotations

from collections.abc import Iterator

from workbench.core.finding import Finding
from workbench.profiling.findings.context import Context, without

CODE = "WB101"


def check(context: Context) -> Iterator[Finding]:
    """Columns with one value, or none."""
    for column in context.columns:
        if (
            column.role == "feature"
            and column.rows > 1
            and column.distinct <= 1
            and not (column.distinct and column.missing)
        ):
            told = f"has one value only ({column.top[0][0]})." if column.top else "has no value in any row."
            yield Finding(CODE, "warning", told, column.name, without(column.name), {"distinct": column.distinct})
