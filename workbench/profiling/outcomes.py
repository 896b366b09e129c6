"""What came true, by what was said: residuals, in sums over equal parts of the predictions, in which nobody's row is.

References
----------
Hosmer, Lemeshow (1980), Goodness of fit tests for the multiple logistic regression model, Communications in Statistics
A 9: outcomes by tenths of the predictions, here of two samples.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from math import inf
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.core.running_sum import watch

Numbers = NDArray[np.float64]
PARTS = 10
# Lengths of stretches of time, each twice the one before, of which so many at least there must be.
SHORTEST, FEWEST_STRETCHES = 100, 8
# Of numbers: the share of residuals of the reference that are called large, so that an error is a matter of yes or no.
LARGE = 0.1
# Rows of a part below which it is left out; and, of probabilities, the sum of variances.
FEWEST, LEAST_EXPECTED = 10, 4.0
# Of a short window neighbouring parts are added up, until each has about so many rows.
ROWS_A_PART = 40


@dataclass(frozen=True)
class Outcomes:
    """Outcomes by parts of the predictions.

    Parameters
    ----------
    edges : tuple of float
        Between the parts, rising: of the probability of the second of two classes, or of the most probable of several,
        or of the predicted number.
    rows, came, squares : tuple of float
        Of each part: rows, and sum and sum of squares of the residuals: whether the second class came (of several
        classes whether the answer was right) less its probability, or the number less the predicted one.
    wrong : int
        Rows whose answer was wrong; of numbers, those whose residual was among the tenth of the largest.
    large : float
        Of numbers: the size from which on a residual is so.
    peak : float
        Of rows that come in time: the largest of the running sum of :mod:`workbench.core.running_sum` over them.
    usual : tuple of (rows, factor, worst, stretches)
        Of rows that come in time, for stretches of some lengths: by how much more the sums differ from those of all
        rows than independent rows let expect (a factor of chi-square), the largest effect, and how many there are.
    """

    edges: tuple[float, ...]
    rows: tuple[float, ...]
    came: tuple[float, ...]
    squares: tuple[float, ...]
    wrong: int
    large: float = 0.0
    peak: float = 0.0
    usual: tuple[tuple[float, float, float, float], ...] = ()

    @property
    def count(self) -> float:
        """All rows."""
        return sum(self.rows)

    @property
    def spread(self) -> float:
        """Standard deviation of all residuals."""
        mean = sum(self.came) / self.count
        return max(sum(self.squares) / self.count - mean**2, 0.0) ** 0.5

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return asdict(self)

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Outcomes:
        """Read what :meth:`to_dict` wrote."""
        read: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in content.items()}
        read["usual"] = tuple(tuple(one) for one in content.get("usual", ()))
        return cls(**read)


@dataclass(frozen=True)
class Answered:
    """Rows whose truth is known: what was said of each, the residual, and whether the answer was wrong."""

    said: Numbers
    came: Numbers
    wrong: NDArray[np.bool_]


def answered(truth: Any, predictions: Any, answers: Any, classes: Any, large: float | None = None) -> Answered:
    """Of rows of any task.

    Parameters
    ----------
    truth, answers : sequence, length rows
        Labels, or numbers.
    predictions : numpy.ndarray, shape (rows,) or (rows, classes)
    classes : sequence
        Empty for numbers.
    large : float, optional
        The size from which on a residual is an error; by default that of the largest tenth here.
    """
    predictions = np.asarray(predictions, dtype=float)
    if not len(classes):
        residual = np.asarray(truth, dtype=float) - predictions
        size = np.abs(residual)
        large = _large(size) if large is None else large
        return Answered(predictions, residual, size > large)
    right = np.asarray([t == a for t, a in zip(truth, answers, strict=True)], dtype=bool)
    if predictions.ndim == 2:
        return Answered(predictions.max(axis=1), right - predictions.max(axis=1), ~right)
    second = np.asarray([t == classes[1] for t in truth], dtype=float)
    return Answered(predictions, second - predictions, ~right)


def outcomes(rows: Answered, numbers: bool = False, in_time: bool = False) -> Outcomes | None:
    """The sums of a reference, by tenths of its own predictions; None of fewer rows than two parts need.

    Parameters
    ----------
    rows : Answered
        Out of sample; in their order where they come in time.
    numbers : bool
        Whether numbers are predicted.
    in_time : bool
        Whether the rows come in time.
    """
    if len(rows.said) < 2 * FEWEST:
        return None
    edges = np.unique(np.quantile(rows.said, np.linspace(0, 1, PARTS + 1)[1:-1]))
    large = _large(np.abs(rows.came)) if numbers else 0.0
    many, came, squares = _sums(rows, edges)
    whole = Outcomes(tuple(edges.tolist()), many, came, squares, int(rows.wrong.sum()), large)
    if not in_time:
        return whole
    peak = watch(rows.wrong, whole.wrong / whole.count, most=inf).largest
    return replace(whole, usual=tuple(_stretches(whole, rows)), peak=peak)


def _stretches(whole: Outcomes, rows: Answered) -> Iterator[tuple[float, float, float, float]]:
    length = SHORTEST
    while len(rows.said) // length >= FEWEST_STRETCHES:
        many = len(rows.said) // length
        cuts = pairwise(np.linspace(0, len(rows.said), many + 1).astype(int).tolist())
        parts = [outcome_change(whole, Answered(rows.said[a:b], rows.came[a:b], rows.wrong[a:b])) for a, b in cuts]
        known = [one for one in parts if one is not None]
        if known:
            factor = float(np.mean([one.statistic / one.freedom for one in known]))
            yield length, max(factor, 1.0), max(one.effect for one in known), len(known)
        length *= 2


@dataclass(frozen=True)
class OutcomeChange:
    """How outcomes at equal predictions differ from the reference's.

    Parameters
    ----------
    p_value : float
        In [0, 1].
    effect : float
        In standard deviations of the residuals, less what chance would give.
    mean : float
        By how much residuals are larger now, at equal predictions.
    statistic, freedom : float
        Chi-square, and of how many parts.
    """

    p_value: float
    effect: float
    mean: float
    statistic: float = 0.0
    freedom: float = 1.0


def outcome_change(reference: Outcomes, now: Answered) -> OutcomeChange | None:
    """Whether the same predictions come true as they did, whatever predictions are frequent now."""
    from scipy.special import chdtrc

    fewer = max(min(len(now.said) // ROWS_A_PART, PARTS), 1)
    rows, came, squares = (_merged(part, fewer) for part in _sums(now, np.array(reference.edges)))
    n, known, known_squares = (_merged(part, fewer) for part in (reference.rows, reference.came, reference.squares))
    with np.errstate(all="ignore"):
        total = n + rows
        apart = came / rows - known / n
        inner = known_squares - known**2 / n + squares - came**2 / rows
        pooled = (inner + (apart**2) * n * rows / total) / (total - 1)
        error = pooled * (1 / n + 1 / rows)
        enough = pooled * np.minimum(n, rows) >= LEAST_EXPECTED
    # Of probabilities so many of the rarer outcome that the mean of its residuals is near enough to normal.
    used = (np.minimum(n, rows) >= FEWEST) & (error > 0) & (enough | (reference.large > 0))
    if not used.any() or not reference.spread:
        return None
    weight = rows[used] / rows[used].sum()
    statistic, free = float((apart[used] ** 2 / error[used]).sum()), float(used.sum())
    effect = max(float((weight * (apart[used] ** 2 - error[used])).sum()), 0.0) ** 0.5 / reference.spread
    p = max(float(chdtrc(free, statistic)), _in_time(reference, float(rows.sum()), effect, statistic / free, free))
    return OutcomeChange(p, effect, float((weight * apart[used]).sum()), statistic, free)


def _merged(part: Sequence[float], fewer: int) -> Numbers:
    """Neighbouring parts added up, so that there are no more than so many."""
    values = np.asarray(part, dtype=float)
    starts = np.unique(np.linspace(0, len(values), min(fewer, len(values)) + 1).astype(int)[:-1])
    return np.asarray(np.add.reduceat(values, starts), dtype=float)


def _in_time(reference: Outcomes, rows: float, effect: float, scaled: float, free: float) -> float:
    """By what stretches about as long did: chi-square over its dispersion, as F; what one of them did is no news."""
    from scipy.special import fdtrc

    if not reference.usual:
        return 0.0
    length, factor, worst, many = min(reference.usual, key=lambda one: abs(np.log(one[0] / rows)))
    longer = max(rows / length, 1.0) if factor > 1 else 1.0
    return 1.0 if effect <= worst else float(fdtrc(free, max(many - 1, 1.0), scaled / (1 + (factor - 1) * longer)))


def _sums(rows: Answered, edges: Numbers) -> tuple[tuple[float, ...], ...]:
    part = np.searchsorted(edges, rows.said, side="right")
    sums = (np.bincount(part, w, len(edges) + 1) for w in (np.ones(len(part)), rows.came, rows.came**2))
    return tuple(tuple(one.tolist()) for one in sums)


def _large(size: Numbers) -> float:
    return float(np.quantile(size, 1 - LARGE)) if len(size) else 0.0
