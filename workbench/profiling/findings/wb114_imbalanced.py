"""Imbalanced target."""

from __future__ import annotations

from collections.abc import Iterator

from workbench.core.finding import Finding
from workbench.core.literals import python
from workbench.profiling.findings.context import Context
from workbench.reading.tasks import label_of

CODE = "WB114"

RARE = 0.1


def check(context: Context) -> Iterator[Finding]:
    """A target with a rare class."""
    target = next((c for c in context.columns if c.role == "target"), None)
    if target is None or context.contract.task not in ("binary", "multiclass") or not target.state.get("counts"):
        return
    value, n = min(target.state["counts"], key=lambda pair: pair[1])
    if n < RARE * target.count:
        label = label_of(value, target.kind)
        message = (
            f"has class {label} in {n / target.count:.1%} of {target.count:,} rows: accuracy will flatter every model."
        )
        cure = python("run = wb.train(data, metric='average_precision')")
        yield Finding(CODE, "info", message, target.name, cure, {"class": value, "rows": n})
