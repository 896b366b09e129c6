"""Nearly the target."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np

from workbench.core.finding import Finding
from workbench.core.literals import assigned, call
from workbench.profiling.findings.context import Context
from workbench.profiling.findings.wb120_leak import ALMOST_PERFECT, few_of_a_class, gives, numbers_and_truth

CODE = "WB139"

# Share of the target's variance that a plain sum explains from which on it is hardly chance, and how plain: its weights
# are this near to one or minus one.
ALMOST = 0.95
PLAIN = 0.05
# A part that adds less than this share of the target's spread is not needed.
NEEDED = 0.02


def check(context: Context) -> Iterator[Finding]:
    """Columns whose plain sum is nearly the target, and those that seem to know a class of which there are few rows."""
    target = context.contract.target
    if target is None or context.sample is None:
        return
    if few_of_a_class(context, target):
        yield from _by_few_rows(context, target)
    names, explained = _best_sum(context, target)
    for name in names:
        others = ", ".join(n for n in names if n != name)
        message = f"nearly gives {target} when added to {others} ({explained:.1%} of it): is it known before?"
        cure = assigned("data", call("data.known_after", *names))
        yield Finding(CODE, "warning", message, name, cure, {"columns": list(names), "explained": explained})


def _by_few_rows(context: Context, target: str) -> Iterator[Finding]:
    """Columns that would be leaks, were there more rows of the rarest class: by chance one of many looks so."""
    for column in context.features():
        if (column.target or 0.0) >= ALMOST_PERFECT:
            message = f"alone predicts {target} almost perfectly (score {column.target:.3f} of 1), though of few rows."
            cure = assigned("data", call("data.known_after", column.name))
            yield Finding(CODE, "warning", message, column.name, cure, {"columns": [column.name]})


def _best_sum(context: Context, target: str) -> tuple[tuple[str, ...], float]:
    """The two or three numbers whose plain sum explains the target best, and how much of it; none where none does."""
    values, truth = numbers_and_truth(context, target, context.features())
    best: tuple[tuple[str, ...], float] = (), 0.0
    for size in (2, 3):
        for names in combinations(values, size):
            parts = [values[n] for n in names]
            explained = _explained(parts, truth)
            if explained > max(best[1], ALMOST) and not gives(parts, truth):
                best = names, explained
    return best


def _explained(parts: list[np.ndarray], truth: np.ndarray) -> float:
    """Share of the variance that a sum with weights of about one explains, each part being needed; else 0."""
    design = np.column_stack([*parts, np.ones(len(truth))])
    weights = np.linalg.lstsq(design, truth, rcond=None)[0]
    total = float(((truth - truth.mean()) ** 2).sum())
    plain = (abs(abs(weights[:-1]) - 1) <= PLAIN).all()
    needed = all(p.std() > NEEDED * truth.std() for p in parts)
    return float(1 - ((truth - design @ weights) ** 2).sum() / total) if total and plain and needed else 0.0
