"""The few labels that come at once recalibrate what is expected of predictions, window after window.

Chances of a class are corrected in their log-odds by a level and a slope over a row's rank, which move from window to
window: one part stays where it went, another comes back. Labels move them by as much as they tell. Whether the chances
of the window itself are corrected or the usual ones of a rank, and whether the correction moves much or hardly, is told
by which of the four foresaw the labels better.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]

# Labels below which nothing is recalibrated, and those of a window that are looked at.
FEWEST, MOST_LABELS = 30, 500
# Of log-odds: variance of the correction before any label, steps from window to window of what stays and of what comes
# back, and the share of the latter that is left after one; where it moves, and where it hardly does.
MOVING, STEADY = (0.25, 0.1, 0.4, 0.8), (0.02, 0.02, 0.02, 0.8)
# Share of the weight that goes back to all alike from window to window, so that none is given up for good.
FORGOTTEN = 0.02
EDGE = 1e-3  # chances are kept off 0 and 1 by so much
STEPS = 12


def _chance(odds: Numbers) -> Numbers:
    """Of log-odds, as ``scipy.special.expit``, which takes a third of a second to load."""
    return np.asarray(0.5 * (1 + np.tanh(0.5 * odds)))


@dataclass(frozen=True)
class Rows:
    """Rows of a window, as recalibration sees them.

    Parameters
    ----------
    rank : float array, shape (n,)
        Normal scores of their ranks in the window.
    chance : float array, shape (n,)
        Of the class, by the curve.
    usual : (float, float)
        Intercept and slope of the log-odds over the rank, in training.
    """

    rank: Numbers
    chance: Numbers
    usual: tuple[float, float]

    def odds(self, own: bool) -> Numbers:
        """Log-odds to be corrected: the window's own, or the usual ones of a rank."""
        if own:
            kept = np.clip(self.chance, EDGE, 1 - EDGE)
            return np.asarray(np.log(kept / (1 - kept)))
        return self.usual[0] + self.usual[1] * self.rank

    def some(self, which: NDArray[np.intp]) -> Rows:
        """Some of them."""
        return replace(self, rank=self.rank[which], chance=self.chance[which])

    @property
    def design(self) -> Numbers:
        """Shape (n, 4): level and slope of what stays, and of what comes back."""
        return np.column_stack([np.ones(len(self.rank)), self.rank] * 2)


@dataclass(frozen=True)
class Filter:
    """One belief about the correction: a normal distribution of four numbers.

    Parameters
    ----------
    own : bool
        Whether the window's own chances are corrected.
    moves : (float, float, float, float)
        As :data:`MOVING`.
    mean : float array, shape (4,)
    spread : float array, shape (4, 4)
    weight : float
        Logarithm of how much it counts.
    """

    own: bool
    moves: tuple[float, float, float, float]
    mean: Numbers
    spread: Numbers
    weight: float = 0.0

    @classmethod
    def begun(cls, own: bool, moves: tuple[float, float, float, float]) -> Filter:
        """Before any label."""
        variance, _, step, _ = moves
        return cls(own, moves, np.zeros(4), np.diag([variance, variance, step**2, step**2]))

    def gone_on(self) -> Filter:
        """A window later."""
        _, stays, step, left = self.moves
        keep = np.array([1.0, 1.0, left, left])
        more = np.diag(np.square([stays, stays, step, step]))
        return replace(self, mean=keep * self.mean, spread=np.outer(keep, keep) * self.spread + more)

    def told(self, rows: Rows, came: NDArray[np.bool_]) -> Filter:
        """After labels (Laplace's approximation), with how well it had foreseen them in its weight."""
        odds, design, before = rows.odds(self.own), rows.design, np.linalg.inv(self.spread)
        place = self.mean
        for _ in range(STEPS):
            said = _chance(odds + design @ place)
            curved = design.T @ (design * (said * (1 - said))[:, None]) + before
            step = np.linalg.solve(curved, design.T @ (came - said) - before @ (place - self.mean))
            place = place + step * min(1.0, 2.0 / max(float(np.abs(step).max()), 1e-9))
        line = odds + design @ place
        likely = float((np.where(came, line, 0.0) - np.logaddexp(0.0, line)).sum())
        away = place - self.mean
        foresaw = likely - 0.5 * float(away @ before @ away)
        foresaw -= 0.5 * float(np.linalg.slogdet(self.spread)[1] + np.linalg.slogdet(curved)[1])
        return replace(self, mean=place, spread=np.linalg.inv(curved), weight=self.weight + foresaw)


@dataclass(frozen=True)
class Trickle:
    """What the labels so far have told of one class.

    Parameters
    ----------
    filters : tuple of Filter
    labels : int
        How many were looked at.

    References
    ----------
    McCormick, T. and others (2012), Dynamic logistic regression and dynamic model averaging for binary classification;
    West, M. and Harrison, J. (1997), Bayesian Forecasting and Dynamic Models.
    """

    filters: tuple[Filter, ...]
    labels: int = 0

    @classmethod
    def begun(cls) -> Trickle:
        """Before any label."""
        return cls(tuple(Filter.begun(own, moves) for own in (True, False) for moves in (STEADY, MOVING)))

    @property
    def weights(self) -> Numbers:
        """How much each filter counts, adding up to 1."""
        each = np.array([one.weight for one in self.filters])
        share = np.exp(each - each.max())
        return np.asarray(share / share.sum())

    def gone_on(self) -> Trickle:
        """A window later."""
        share = (1 - FORGOTTEN) * self.weights + FORGOTTEN / len(self.filters)
        pairs = zip(self.filters, np.log(share).tolist(), strict=True)
        return replace(self, filters=tuple(replace(one.gone_on(), weight=weight) for one, weight in pairs))

    def told(self, rows: Rows, came: NDArray[np.bool_]) -> Trickle:
        """After the labels of some rows."""
        if not len(came):
            return self
        return Trickle(tuple(one.told(rows, came) for one in self.filters), self.labels + len(came))

    def chances(self, rows: Rows) -> Numbers:
        """The chance of the class of each row, recalibrated, shape (n,)."""
        each = [_chance(rows.odds(one.own) + rows.design @ one.mean) for one in self.filters]
        return np.asarray(self.weights @ np.array(each))

    def drawn(self, rows: Rows, draw: np.random.Generator, draws: int) -> Numbers:
        """Chances as they may be just as well, shape (draws, n)."""
        which = draw.choice(len(self.filters), draws, p=self.weights)
        found = []
        for one in (self.filters[k] for k in which):
            place = one.mean + np.linalg.cholesky(one.spread) @ draw.standard_normal(4)
            found.append(_chance(rows.odds(one.own) + rows.design @ place))
        return np.array(found)


def some_labels(known: NDArray[np.intp], seed: int) -> NDArray[np.intp]:
    """Of many labels as many as are looked at, always the same."""
    if len(known) <= MOST_LABELS:
        return known
    return np.sort(np.random.default_rng(seed).choice(known, MOST_LABELS, replace=False))


@dataclass(frozen=True)
class Factor:
    """By how much losses of numbers are larger than expected, as labels tell: one part stays, another comes back.

    Parameters
    ----------
    mean : float array, shape (2,)
    spread : float array, shape (2, 2)
    labels : int
    """

    mean: Numbers
    spread: Numbers
    labels: int = 0

    @classmethod
    def begun(cls) -> Factor:
        """Before any label."""
        variance, _, step, _ = MOVING
        return cls(np.zeros(2), np.diag([variance, step**2]))

    def gone_on(self) -> Factor:
        """A window later."""
        _, stays, step, left = MOVING
        keep = np.array([1.0, left])
        more = np.diag(np.square([stays, step]))
        return replace(self, mean=keep * self.mean, spread=np.outer(keep, keep) * self.spread + more)

    def told(self, loss: Numbers, expected: Numbers, noise: float) -> Factor:
        """After labels: the ratio of the sums, whose variance is that of a row's loss (a Kalman filter)."""
        total = float(expected.sum())
        if not len(loss) or total <= 0:
            return self
        variance = noise * float(np.square(expected).sum()) / total**2
        gain = self.spread.sum(axis=1) / (self.spread.sum() + variance)
        mean = self.mean + gain * (float(loss.sum()) / total - self.value)
        return Factor(mean, self.spread - np.outer(gain, self.spread.sum(axis=0)), self.labels + len(loss))

    @property
    def value(self) -> float:
        """Losses are so many times as large as expected."""
        return float(1 + self.mean.sum())

    @property
    def error(self) -> float:
        """Standard error of the value."""
        return float(max(self.spread.sum(), 0.0) ** 0.5)


def recalibrated(found: Sequence[Trickle], rows: Sequence[Rows]) -> Numbers:
    """Chances of each class, shape (n, classes), of the second of two, or of each of several made to add up to 1."""
    each = np.column_stack([one.chances(there) for one, there in zip(found, rows, strict=True)])
    return whole(each)


def whole(each: Numbers) -> Numbers:
    """Of one class the other's beside it, of several divided by their sum.

    >>> whole(np.array([[0.25]])).tolist(), whole(np.array([[0.2, 0.2]])).tolist()
    ([[0.75, 0.25]], [[0.5, 0.5]])
    """
    if each.shape[1] == 1:
        return np.column_stack([1 - each[:, 0], each[:, 0]])
    return np.asarray(each / np.maximum(each.sum(axis=1, keepdims=True), 1e-12))
