"""The learning curve: what the best candidate scores of fewer rows, and what more of them are likely to bring."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from math import inf
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.core.evaluation import Learned
from workbench.core.metric import Metric
from workbench.core.progress import progress
from workbench.training.growing import grow_until_enough
from workbench.training.plan import Plan
from workbench.training.trials import Trial, fitted, predicted, scored

# Parts of the training rows that the candidate is fitted on; the whole is known already.
SHARES = (1 / 8, 1 / 4, 1 / 2)
# Rows of the smallest part: of fewer the score says more of the draw than of the model.
FEWEST = 40
# Of how fast scores near their end: errors of well-posed learning go with one over the rows or with their root.
SLOWEST, FASTEST = 0.2, 1.0

Numbers = NDArray[Any]


def learning_curve(plan: Plan, best: Trial) -> tuple[Learned, ...]:
    """What the candidate scores on the hold-out when it learns from an eighth, a quarter and half of the rows.

    Parameters
    ----------
    plan : Plan
    best : Trial
        The candidate and its settings; the number of trees is found anew for each part.

    Returns
    -------
    tuple of Learned
        The fewest rows first; fewer where the table is small, or where somebody pressed Ctrl-C.
    """
    parts = [share for share in SHARES if share * len(plan.parts.train) >= FEWEST]
    learned: list[Learned] = []
    with suppress(KeyboardInterrupt), progress("Learning curve", total=len(parts)) as tracker:
        for share in parts:
            rows = plan.parts.share(share, plan.seed)
            learned.append(Learned(len(rows), _score(plan, best, rows)))
            tracker.advance(f"{len(rows):,} rows")
    return tuple(learned)


def doubled(learned: Sequence[Learned]) -> float | None:
    """The score that twice as many rows are likely to bring.

    A curve that nears its end as a power of the rows, ``end + b * rows ** -c`` with ``c`` between 0.2 and 1: ``c`` by
    least squares, the height by the last step.

    Returns
    -------
    float, or None of fewer than three points, and where more rows brought a worse score by more than its interval: what
    goes up and down foretells nothing.

    References
    ----------
    Viering, T. and Loog, M. (2023), The shape of learning curves: a review, for the power law.

    Examples
    --------
    >>> points = [Learned(n, Metric("rmse", 3.0 + 8.0 / n**0.5)) for n in (100, 200, 400, 800)]
    >>> round(doubled(points), 3)
    3.2
    """
    if len(learned) < 3:
        return None
    rows = np.array([one.rows for one in learned], dtype=float)
    values = np.array([one.score.value for one in learned])
    c = min(np.linspace(SLOWEST, FASTEST, 81), key=lambda c: _misses(rows, values, c))
    change = (values[-1] - values[-2]) * ((2 * rows[-1]) ** -c - rows[-1] ** -c) / (rows[-1] ** -c - rows[-2] ** -c)
    sign = 1 if learned[-1].score.larger_is_better else -1
    if (-sign * np.diff(values) > [_half_width(one.score) for one in learned[1:]]).any():
        return None
    return float(values[-1] + sign * max(sign * change, 0.0))


def _half_width(score: Metric) -> float:
    return inf if score.low is None or score.high is None else (score.high - score.low) / 2


def _misses(rows: Numbers, values: Numbers, c: float) -> float:
    """By how much the best curve with that exponent misses the points, squared."""
    basis = np.column_stack([np.ones_like(rows), rows**-c])
    return float(np.square(basis @ np.linalg.lstsq(basis, values, rcond=None)[0] - values).sum())


def _score(plan: Plan, best: Trial, rows: NDArray[np.intp]) -> Metric:
    if plan.models[best.name].grows:
        pipeline = plan.to_fit(best.name, best.settings)
        grow_until_enough(pipeline, plan.numbered.table, plan.target, *plan.parts.inner(rows, plan.seed))
    else:
        pipeline = fitted(plan, best, rows)
    held = plan.parts.holdout
    return scored(plan, held, predicted(pipeline, plan, best.name, held), ())[0]
