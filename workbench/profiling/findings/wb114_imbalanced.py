"""Imbalanced target."""

from __future__ import annotations

from collections.abc import Iterator

from workbench.core.finding import Finding
from workbench.core.literals import python
from workbench.profiling.findings.context import Context
from workbench.reading.tasks import label_of

CODE = "WB114"

# Of the share that each class would have, were they equally often: a tenth of the rows where there are two.
RARE = 0.2


def check(context: Context) -> Iterator[Finding]:
    """A target with a rare class."""
    target = next((c for c in context.columns if c.role == "target"), None)
    if target is None or context.contract.task not in ("binary", "multiclass") or not target.state.get("counts"):
        return
    value, n = min(target.state["counts"], key=lambda pair: pair[1])
    if n < RARE * target.count / target.distinct:
        label = label_of(value, target.kind)
        rows = f"{_share(n / target.count)} of {target.count:,} rows"
        message = f"has class {label} in {rows}: accuracy will flatter every model."
        metric = "average_precision" if context.contract.task == "binary" else "balanced_accuracy"
        cure = python("run = wb.train(data, metric=$metric)", metric=metric)
        yield Finding(CODE, "info", message, target.name, cure, {"class": value, "rows": n})


def _share(part: float) -> str:
    """A share in words.

    >>> _share(0.0412), _share(0.0002)
    ('4.1%', 'less than 0.1%')
    """
    return f"{part:.1%}" if part >= 0.001 else "less than 0.1%"
