"""Whether columns go together otherwise, though each of them may lie as it did."""

from __future__ import annotations

from workbench.monitoring.budget import Family, Suspicion
from workbench.monitoring.evidence import Evidence
from workbench.profiling.drift_tests import holm
from workbench.profiling.together import RISING, JointChange, Together, joint_changes, swapped

# Of so many sets of columns it is told at most, the strongest.
MOST = 6
# Two columns are called exchanged if no more than this share of what changed about them is left when they are.
LEFT = 0.2


def joint(e: Evidence, part: float) -> Family:
    """Each pair and three of columns; two that were exchanged by name.

    In a table in time only the latter: how columns go together differs from stretch to stretch (in March the season and
    the temperature do otherwise than in a year), and what stretches of the training did is known of columns alone.
    """
    assert e.together is not None, "the rule applies"
    changes = joint_changes(*e.together)
    if not changes:
        return Family()
    told = _strongest(changes, part)
    exchanged = _exchanged(told, *e.together)
    first = [_swap(*pair, told) for pair in exchanged]
    mixed = {name for pair in exchanged for name in pair}
    rest = [] if e.in_time else [_told(one) for one in told if not mixed & set(one.columns)]
    return Family((*first, *rest)[:MOST], len(changes))


def _strongest(changes: list[JointChange], part: float) -> list[JointChange]:
    """Of each set of columns the surest, of those that may be beyond chance; a pair speaks for the threes around it."""
    corrected = holm([one.p_value for one in changes])
    sure = [one for one, p in zip(changes, corrected, strict=True) if p <= max(part * 20, 0.05)]
    found: dict[tuple[str, ...], JointChange] = {}
    for one in sorted(sure, key=lambda one: (len(one.columns), one.p_value, -one.effect)):
        if not any(len(known) == 2 and len(one.columns) == 3 and set(known) <= set(one.columns) for known in found):
            found.setdefault(one.columns, one)
    return sorted(found.values(), key=lambda one: (one.p_value, -one.effect))


def _exchanged(told: list[JointChange], reference: Together, current: Together) -> list[tuple[str, str]]:
    """Pairs of columns that each go with the others as the other one did."""
    names = list(dict.fromkeys(name for one in told for name in one.columns))[:12]
    pairs = [(a, b) for k, a in enumerate(names) for b in names[k + 1 :]]
    left = {pair: swapped(reference, current, *pair) for pair in pairs}
    found: list[tuple[str, str]] = []
    for pair in sorted(pairs, key=lambda pair: left[pair]):
        if left[pair] < LEFT and not {*pair} & {name for known in found for name in known}:
            found.append(pair)
    return found


def _swap(a: str, b: str, told: list[JointChange]) -> Suspicion:
    p = min(one.p_value for one in told if {a, b} & set(one.columns))
    text = f"{a} and {b} seem to be exchanged: each goes with the other columns as the other one did."
    return Suspicion("swap", text, p, 1.0, (a, b))


def _told(one: JointChange) -> Suspicion:
    names = (
        " and ".join(one.columns) if len(one.columns) == 2 else f"{', '.join(one.columns[:-1])} and {one.columns[-1]}"
    )
    what = "rank correlation" if one.product == RISING and len(one.columns) == 2 else "correlation of their ranks"
    text = f"{names} go together otherwise: {what} {one.now:+.2f}, {one.before:+.2f} in training."
    return Suspicion("joint", text, one.p_value, one.effect, one.columns, "up" if one.now > one.before else "down")
