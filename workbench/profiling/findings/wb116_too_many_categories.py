"""Too many categories."""

from __future__ import annotations

from collections.abc import Iterator

from workbench.core.finding import Finding
from workbench.profiling.findings.context import Context, without

CODE = "WB116"
TITLE = "Too many categories"


def check(context: Context) -> Iterator[Finding]:
    """Texts with so many values that a model would learn them by heart."""
    for column in context.features("text"):
        if column.distinct < 0.98 * column.count or (context.table is not None and not _one_word(context, column.name)):
            told = f"has {column.distinct:,} distinct texts in {column.count:,} rows."
            yield Finding(CODE, "info", told, column.name, without(column.name), {"distinct": column.distinct})


def _one_word(context: Context, name: str) -> bool:
    assert context.table is not None
    return bool(context.table[name].dropna().head(1000).str.count(" ").mean() < 2)
