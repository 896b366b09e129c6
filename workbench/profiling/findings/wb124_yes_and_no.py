"""Yes and no in words."""

from __future__ import annotations

from collections.abc import Iterator

from workbench.core.finding import Finding
from workbench.core.literals import python
from workbench.profiling.findings.context import Context
from workbench.reading.meanings import yes_and_no

CODE = "WB124"


def check(context: Context) -> Iterator[Finding]:
    """Categories that are a yes and a no in words; several columns make one finding."""
    names = [
        c.name
        for c in context.features("category")
        if not c.sensitive and c.state.get("counts") and yes_and_no(value for value, _ in c.state["counts"])
    ]
    if names:
        others = f", and so {'do' if len(names) > 2 else 'does'} {', '.join(names[1:])}" if names[1:] else ""
        message = f"says yes and no in words{others}: training takes them as categories, which is right for two values."
        cure = python("data.table[$columns].apply(lambda c: c.str.strip().str.lower().value_counts())", columns=names)
        yield Finding(CODE, "info", message, names[0], cure, {"columns": names})
