"""Duplicate rows."""

from __future__ import annotations

from collections.abc import Iterator

from workbench.core.finding import Finding
from workbench.core.literals import python
from workbench.profiling.findings.context import Context

CODE = "WB105"


def check(context: Context) -> Iterator[Finding]:
    """Rows that equal an earlier row."""
    if context.duplicates and context.duplicates >= 0.001 * context.rows:
        told = f"{context.duplicates:,} of {context.rows:,} rows equal an earlier row in every column."
        cure = python("data = wb.dataset(data.table.drop_duplicates(), contract=data.contract)")
        yield Finding(CODE, "info", told, None, cure, {"duplicates": context.duplicates})
