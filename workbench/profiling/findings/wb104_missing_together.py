"""Missing together."""

from __future__ import annotations

from collections.abc import Iterator

from workbench.core.finding import Finding
from workbench.core.literals import python
from workbench.profiling.findings.context import Context

CODE = "WB104"

LEAST = 10


def check(context: Context) -> Iterator[Finding]:
    """Groups of columns that are empty in exactly the same rows."""
    gaps = context.gaps
    if gaps is None:
        return
    left = [c for c in context.features() if LEAST <= c.missing < c.rows]
    while left:
        first, *others = left
        same = [c for c in others if c.missing == first.missing == gaps.both(first.name, c.name)]
        if same:
            names = [c.name for c in (first, *same)]
            told = f"is empty in the same {first.missing:,} rows as {', '.join(names[1:])}."
            cure = python(
                "data.table[data.table[$column].isna()].head()  # look at what these rows share", column=first.name
            )
            yield Finding(CODE, "info", told, first.name, cure, {"columns": names, "rows": first.missing})
        left = [c for c in others if c not in same]
