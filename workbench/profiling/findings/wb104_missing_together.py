"""Missing together."""

from __future__ import annotations

from collections.abc import Iterator

from workbench.core.finding import Finding
from workbench.core.literals import python
from workbench.core.profile import ColumnProfile
from workbench.profiling.findings.context import Context
from workbench.profiling.findings.wb136_non_response import blocks

CODE = "WB104"

LEAST = 10


def check(context: Context) -> Iterator[Finding]:
    """Groups of columns that are empty in exactly the same rows."""
    # What a block of unanswered questions says is said once, by WB136.
    unanswered = {name for block in blocks(context) for name in block.names}
    by_count: dict[int, list[ColumnProfile]] = {}
    for column in context.features():
        if LEAST <= column.missing < column.rows and column.name not in unanswered:
            by_count.setdefault(column.missing, []).append(column)
    for columns in by_count.values():
        yield from _groups(context, columns)


def _groups(context: Context, left: list[ColumnProfile]) -> Iterator[Finding]:
    """Of columns with as many gaps."""
    while left and context.gaps is not None:
        first, *others = left
        same = [c for c in others if context.gaps.same(first.name, c.name)]
        if same:
            names = [c.name for c in (first, *same)]
            message = f"is empty in the same {first.missing:,} rows as {', '.join(names[1:])}."
            cure = python(
                "data.table[data.table[$column].isna()].head()  # look at what these rows share", column=first.name
            )
            yield Finding(CODE, "info", message, first.name, cure, {"columns": names, "rows": first.missing})
        left = [c for c in others if c not in same]
