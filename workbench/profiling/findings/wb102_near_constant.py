"""Near constant."""

from __future__ import annotations

from collections.abc import Iterator

from workbench.core.finding import Finding
from workbench.profiling.findings.context import Context, without

CODE = "WB102"
TITLE = "Near constant"

MOST_OF_IT = 0.995


def check(context: Context) -> Iterator[Finding]:
    """Columns in which one value fills at least 99.5% of the rows."""
    for column in context.features("category", "boolean", "integer", "number"):
        share = column.top[0][1] / column.count if column.top else 0.0
        if column.distinct > 1 and share >= MOST_OF_IT and column.count >= 200:
            told = f"has {column.top[0][0]} in {share:.2%} of the rows that have a value."
            yield Finding(CODE, "info", told, column.name, without(column.name), {"share": share})
