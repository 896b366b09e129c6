"""Target can be read in two ways."""

from __future__ import annotations

from collections.abc import Iterator

from workbench.core.finding import Finding
from workbench.core.literals import python
from workbench.profiling.findings.context import Context
from workbench.reading.tasks import FEWEST_OF_A_CLASS, MOST_WHOLE

CODE = "WB137"

# Three codes of classes are common, four or more whole numbers mostly have an order.
FEWEST_SCORES = 4
OTHERWISE = "data = wb.dataset(data.table, contract=data.contract, task=$task)"


def check(context: Context) -> Iterator[Finding]:
    """Whole numbers as a target, which are classes or a number."""
    target = next((c for c in context.columns if c.role == "target"), None)
    if target is None or target.kind != "integer" or not 2 < target.distinct <= MOST_WHOLE:
        return
    if context.contract.task == "multiclass" and target.distinct >= FEWEST_SCORES:
        message = f"has {target.distinct} whole numbers, taken as classes: as a number their order would count."
        yield Finding(CODE, "info", message, target.name, python(OTHERWISE, task="regression"), {"task": "multiclass"})
    if context.contract.task == "regression":
        value, n = min(target.state.get("counts") or [(None, 0)], key=lambda pair: pair[1])
        rare = f", since {value:g} has {n} rows of {FEWEST_OF_A_CLASS}" if value is not None else ""
        why = rare if n < FEWEST_OF_A_CLASS else ""
        message = f"has {target.distinct} whole numbers, taken as a number{why}: they could be classes too."
        yield Finding(CODE, "info", message, target.name, python(OTHERWISE, task="multiclass"), {"task": "regression"})
