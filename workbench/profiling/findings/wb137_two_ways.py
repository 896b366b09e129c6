"""Target can be read in two ways."""

from __future__ import annotations

from collections.abc import Iterator

from workbench.core.finding import Finding
from workbench.core.literals import python
from workbench.profiling.findings.context import Context
from workbench.reading.tasks import MOST_WHOLE, Seen, whole_numbers

CODE = "WB137"

# Three codes of classes are common, four or more whole numbers mostly have an order.
FEWEST_SCORES = 4
OTHERWISE = "data = wb.dataset(data.table, contract=data.contract, task=$task)"


def check(context: Context) -> Iterator[Finding]:
    """Whole numbers as a target, which are classes or a number."""
    target = next((c for c in context.columns if c.role == "target"), None)
    if target is None or target.kind != "integer" or target.distinct <= 2:
        return
    reason = whole_numbers(Seen.of(target))
    taken = {"multiclass": True, "regression": False}.get(context.contract.task or "")
    if taken is None or not _may_be_either(target.distinct, reason.why, taken):
        return
    why = f", since {reason.why}" if reason.why and reason.classes == taken else ""
    if taken:
        message = f"has {target.distinct} whole numbers, taken as classes{why}: as a number their order would count."
        yield Finding(CODE, "info", message, target.name, python(OTHERWISE, task="regression"), {"task": "multiclass"})
    else:
        message = f"has {target.distinct} whole numbers, taken as a number{why}: they could be classes too."
        yield Finding(CODE, "info", message, target.name, python(OTHERWISE, task="multiclass"), {"task": "regression"})


def _may_be_either(distinct: int, why: str, classes: bool) -> bool:
    """Few whole numbers always, but for three codes; of many, where something says that they are no mere number."""
    if distinct > MOST_WHOLE:
        return classes
    return not classes or distinct >= FEWEST_SCORES or bool(why)
