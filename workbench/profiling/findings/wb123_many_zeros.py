"""Many zeros."""

from __future__ import annotations

from collections.abc import Iterator

from workbench.core.finding import Finding
from workbench.core.literals import python
from workbench.profiling.findings.context import Context

CODE = "WB123"

MANY = 0.25
# Times as many zeros as rows of the commonest other value: counts that are often zero have many ones too.
MORE = 4.0
MARKED = "data = data.assign(**{$new: data.table[$column] == 0})"


def check(context: Context) -> Iterator[Finding]:
    """Numbers that are zero far more often than anything else, and spread out where they are not."""
    for column in context.features("number", "integer"):
        share = column.zeros / column.count
        commonest = max((n for value, n in column.top if float(value) != 0), default=0)
        if share >= MANY and column.distinct >= 10 and column.zeros > MORE * commonest:
            told = f"is zero in {share:.0%} of the rows and spread out in the others: two things in one column."
            cure = python(MARKED, new=f"{column.name} is zero", column=column.name)
            yield Finding(CODE, "info", told, column.name, cure, {"share": share})
