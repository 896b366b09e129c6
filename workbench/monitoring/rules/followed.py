"""Groups and reasons, which are followed elsewhere and decide by themselves at their part of the budget."""

from __future__ import annotations

from workbench.core.fairness import Group
from workbench.monitoring.budget import Family, Suspicion
from workbench.monitoring.evidence import Evidence
from workbench.monitoring.group_windows import changed_groups, followed, told_group
from workbench.monitoring.reason_windows import CHANGED, changed_reasons, weighed


def groups(e: Evidence, part: float) -> Family:
    """Groups whose distance to the others changed."""
    found = [_group(one) for one in changed_groups(groups_of(e, part))]
    return Family(tuple(found), decided=True)


def groups_of(e: Evidence, part: float) -> tuple[Group, ...]:
    """All groups that the window knows."""
    return followed(e.seen, e.bundle, dict(e.labels), part, e.force)


def _group(one: Group) -> Suspicion:
    changed = [m for m in one.metrics if m.differs]
    p = min((m.p_value for m in changed if m.p_value is not None), default=0.0)
    effect = max((abs((m.value or 0.0) - (m.rest or 0.0)) for m in changed), default=0.0)
    return Suspicion("group", told_group(one), p, effect, (one.column,))


def reasons(e: Evidence, part: float) -> Family:
    """Columns that add otherwise than they did."""
    found = [one for one in changed_reasons(e.bundle, e.reasons, part) if one.important]
    return Family(
        tuple(
            Suspicion(
                "reasons", f"{CHANGED}: {weighed(one)}.", one.p_value, one.effect, (one.column,),
                "up" if one.importance[1] > one.importance[0] else "down",
            )
            for one in found
        ),
        decided=True,
    )  # fmt: skip
