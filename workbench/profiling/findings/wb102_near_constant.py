"""Near constant."""

from __future__ import annotations

from collections.abc import Iterator

from workbench.core.finding import Finding
from workbench.core.profile import ColumnProfile
from workbench.profiling.findings.context import Context, without

CODE = "WB102"

# Two levels of which one has 97% say little; of numbers that are often zero the rest may say much.
MOST_OF_IT = {"category": 0.97, "boolean": 0.97, "integer": 0.99, "number": 0.99}


def check(context: Context) -> Iterator[Finding]:
    """Columns in which one value fills nearly all rows."""
    for column in context.features("category", "boolean", "integer", "number"):
        share = column.top[0][1] / column.count if column.top else 0.0
        if column.distinct > 1 and share >= _most(column) and column.count >= 200:
            told = f"has {column.top[0][0]} in {share:.2%} of the rows that have a value."
            yield Finding(CODE, "info", told, column.name, without(column.name), {"share": share})


def _most(column: ColumnProfile) -> float:
    """Two numbers are two levels."""
    return MOST_OF_IT["category" if column.distinct == 2 else column.kind]
