"""A threshold for each group: rates become equal at the best accuracy that is left.

References
----------
Hardt, M., Price, E. and Srebro, N. (2016), Equality of Opportunity in Supervised Learning.
``fairlearn.postprocessing.ThresholdOptimizer`` has the same rules; here rows have weights, and thresholds are plain
numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
GRID = np.linspace(0, 1, 1001)
CONSTRAINTS = {
    "demographic_parity": "answered as often",
    "true_positive_rate_parity": "found as often where it comes true",
    "equalized_odds": "found, and falsely alarmed, as often",
}


@dataclass(frozen=True)
class Rule:
    """How the rows of a group are decided.

    Parameters
    ----------
    low, high : float
        The second class is answered above one of these: between two that can be had, chance takes turns.
    share : float
        Of the rows that ``low`` decides, the others by ``high``; in [0, 1].
    ignored : float
        Share of rows that are decided by chance alone; equalized odds ask for it.
    constant : float
        Their chance of the second class.
    """

    low: float
    high: float
    share: float
    ignored: float = 0.0
    constant: float = 0.0

    def chance(self, probability: Numbers) -> Numbers:
        """That each row is answered as the second class, shape (n,)."""
        decided = self.share * (probability > self.low) + (1 - self.share) * (probability > self.high)
        return self.ignored * self.constant + (1 - self.ignored) * decided

    def told(self) -> dict[str, float]:
        """Plain numbers: one threshold, or two with the share of rows that the lower decides."""
        low, high = (min(max(end, 0.0), 1.0) for end in (self.low, self.high))
        single = self.share in (0.0, 1.0) or low == high
        rule = {"threshold": low if self.share else high} if single else {"low": low, "high": high, "share": self.share}
        return rule | ({"ignored": self.ignored, "constant": self.constant} if self.ignored else {})


def rules(
    constraint: str, codes: NDArray[np.intp], came: NDArray[np.bool_], probability: Numbers, weights: Any = None
) -> dict[int, Rule]:
    """Rules of the groups that have rows of both classes, chosen so that accuracy is largest.

    Parameters
    ----------
    constraint : str
        One of :data:`CONSTRAINTS`.
    codes : int array, shape (n,)
        Group of each row; those below 0 are in none.
    came : bool array, shape (n,)
    probability : float array, shape (n,)
    weights : float array, shape (n,), optional

    Examples
    --------
    >>> came, said = np.array([0, 1, 0, 1, 1, 0], bool), np.array([0.1, 0.9, 0.2, 0.4, 0.3, 0.1])
    >>> found = rules("demographic_parity", np.array([0, 0, 0, 1, 1, 1]), came, said)
    >>> sorted(found)
    [0, 1]
    """
    each = np.ones(len(codes)) if weights is None else np.asarray(weights, dtype=float)
    groups = [k for k in np.unique(codes[codes >= 0]).tolist() if 0 < came[codes == k].sum() < (codes == k).sum()]
    metric, objective = _METRICS[constraint]
    curves = {
        k: _interpolated(_hull(*_points(came[rows], probability[rows], each[rows], metric, objective)))
        for k in groups
        if (rows := codes == k).any()
    }
    if not curves:
        return {}
    shares = {k: each[codes == k].sum() for k in groups}
    best = _OPTIMA[constraint](curves, shares, came[codes >= 0], each[codes >= 0])
    return {k: _rule(curve, best, curves, constraint) for k, curve in curves.items()}


def chances(codes: NDArray[np.intp], probability: Numbers, found: Mapping[int, Rule], otherwise: float) -> Numbers:
    """That each row is answered as the second class; rows of groups without a rule by the one threshold."""
    answered = (probability >= otherwise).astype(float)
    for k, rule in found.items():
        answered[codes == k] = rule.chance(probability[codes == k])
    return answered


def cross_fitted(
    constraint: str, codes: NDArray[np.intp], came: NDArray[np.bool_], probability: Numbers, otherwise: float,
    weights: Any = None, seed: int = 0,
) -> Numbers:  # fmt: skip
    """The same, each half of the rows by rules of the other half: what is to be expected of rows to come."""
    half = np.random.default_rng(seed).permutation(len(codes)) % 2 == 0
    answered = np.empty(len(codes))
    for fit in (half, ~half):
        there = None if weights is None else weights[fit]
        found = rules(constraint, codes[fit], came[fit], probability[fit], there)
        answered[~fit] = chances(codes[~fit], probability[~fit], found, otherwise)
    return answered


@dataclass(frozen=True)
class _Curve:
    """Of each point of the grid the objective that can be had, the thresholds around, and the share of the first."""

    objective: Numbers
    first: Numbers
    second: Numbers
    share: Numbers


def _points(came: Any, probability: Numbers, weights: Numbers, metric: str, objective: str) -> tuple[Numbers, ...]:
    """Constraint, objective and threshold of every cut between rows, from none answered to all, sorted."""
    order = np.argsort(-probability, kind="stable")
    said, counted = probability[order], np.stack([came, ~came])[:, order] * weights[order]
    last = np.flatnonzero(np.append(said[1:] != said[:-1], True))
    hits, alarms = np.hstack([np.zeros((2, 1)), np.cumsum(counted, axis=1)[:, last]])
    cuts = np.concatenate([[np.inf], (said[last] + np.append(said[last][1:], -np.inf)) / 2])
    x, y = (_RATES[name](hits, alarms, hits[-1], alarms[-1]) for name in (metric, objective))
    sort = np.lexsort((y, x))
    return x[sort], y[sort], cuts[sort]


def _hull(x: Numbers, y: Numbers, cuts: Numbers) -> tuple[Numbers, ...]:
    """The upper convex hull (Andrew's monotone chain)."""
    kept: list[int] = []
    points = list(zip(x.tolist(), y.tolist(), strict=True))
    for k, (x2, y2) in enumerate(points):
        while len(kept) >= 2:
            (x0, y0), (x1, y1) = points[kept[-2]], points[kept[-1]]
            if (y1 - y0) * (x2 - x0) > (y2 - y0) * (x1 - x0):
                break
            kept.pop()
        kept.append(k)
    return x[kept], y[kept], cuts[kept]


def _interpolated(hull: tuple[Numbers, ...]) -> _Curve:
    x, y, cuts = hull
    at = np.searchsorted(x, GRID, side="right") - 1
    at[1:] = np.where(GRID[1:] == x[at[1:]], at[1:] - 1, at[1:])
    at = np.clip(at, 0, len(x) - 2)
    share = (x[at + 1] - GRID) / (x[at + 1] - x[at])
    return _Curve(share * y[at] + (1 - share) * y[at + 1], cuts[at], cuts[at + 1], share)


def _rule(curve: _Curve, best: int, curves: Mapping[int, _Curve], constraint: str) -> Rule:
    first, second, share = float(curve.first[best]), float(curve.second[best]), float(curve.share[best])
    rule = Rule(second, first, 1 - share)  # along the curve thresholds fall
    if constraint != "equalized_odds":
        return rule
    y, x = float(curve.objective[best]), float(GRID[best])
    lowest = min(float(one.objective[best]) for one in curves.values())
    return rule if y == x else replace(rule, ignored=(y - lowest) / (y - x), constant=x)


def _most_accurate(curves: Mapping[int, _Curve], shares: Mapping[int, float], came: Any, weights: Numbers) -> int:
    """Where the objective, in the mean over all rows, is largest."""
    whole = sum(shares.values())
    return int(np.argmax(sum(shares[k] / whole * curve.objective for k, curve in curves.items())))


def _most_accurate_odds(curves: Mapping[int, _Curve], shares: Mapping[int, float], came: Any, weights: Numbers) -> int:
    """Where accuracy is largest among the false and true positive rates that all groups can have."""
    positives, negatives = weights[came].sum(), weights[~came].sum()
    lowest = np.min([curve.objective for curve in curves.values()], axis=0)
    accuracy = (positives * lowest + negatives * (1 - GRID)) / (positives + negatives)
    return int(np.argmax(np.around(accuracy, 15)))


_RATES: dict[str, Callable[..., Numbers]] = {
    "selection_rate": lambda hits, alarms, p, n: (hits + alarms) / (p + n),
    "true_positive_rate": lambda hits, alarms, p, n: hits / p,
    "false_positive_rate": lambda hits, alarms, p, n: alarms / n,
    "accuracy": lambda hits, alarms, p, n: (hits + n - alarms) / (p + n),
}
_METRICS = {
    "demographic_parity": ("selection_rate", "accuracy"),
    "true_positive_rate_parity": ("true_positive_rate", "accuracy"),
    "equalized_odds": ("false_positive_rate", "true_positive_rate"),
}
_OPTIMA = {
    "demographic_parity": _most_accurate,
    "true_positive_rate_parity": _most_accurate,
    "equalized_odds": _most_accurate_odds,
}
