"""Scores with intervals, by scikit-learn's functions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache
from math import inf
from typing import TYPE_CHECKING, Any

from workbench.core.contract import Task
from workbench.core.measures import METRICS, Measure, is_ours, measure
from workbench.core.metric import Metric
from workbench.core.normal import quantile
from workbench.core.wording import worded
from workbench.errors import BadParameter

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

# Scores that are 0 at best, and never below.
ERRORS = frozenset({"rmse", "mae", "log_loss", "rank_mae"})
# Scores between 0 and 1 of which 1 is perfect.
SHARES = frozenset({"roc_auc", "average_precision", "accuracy", "balanced_accuracy"})
# Rows that the resampling looks at: the width of an interval is scaled to the true number afterwards.
MOST_RESAMPLED = 5_000


def scores(
    task: Task,
    truth: Any,
    prediction: Any,
    classes: Sequence[Any] = (),
    metric: Any = None,
    level: float = 0.9,
    resamples: int = 200,
    seed: int = 0,
    units: Any = None,
    windows: Sequence[Any] = (),
    drawn: bool = False,
    others: Sequence[str] | None = None,
    weights: Any = None,
) -> tuple[Metric, ...]:
    """Score predictions, the deciding metric first.

    Parameters
    ----------
    task : {"binary", "multiclass", "regression"}
        What was predicted.
    truth : array, shape (n,)
        True labels or numbers, none missing.
    prediction : array
        binary: probability of the second class, shape (n,). multiclass: probabilities, shape (n, k). regression:
        numbers, shape (n,).
    classes : sequence
        Labels in the order of the probabilities; needed for classes.
    metric : str, callable or Measure, optional
        The deciding one, as :func:`workbench.core.measures.measure` takes it; the task's first by default.
    level : float
        Share of intervals that hold the true value, in (0, 1). 0 leaves the intervals out.
    resamples : int
        Bootstrap samples. Where there are more than 5,000 rows a seeded part of them is resampled, and the half-width
        is scaled by the square root of the share, as the standard error of these scores goes.
    seed : int
        Of the resampling.
    units : int array, shape (n,), optional
        Rows of one number are drawn together: those of a group, copies. By default each row is its own.
    windows : sequence of (truth, prediction) or (truth, prediction, weights), optional
        Parts of the rows, or others, that were each scored by a model of its own, with their weights or None. The
        interval is then at least as wide as :func:`of_windows` says from what their scores differ by.
    drawn : bool
        Whether the windows are folds that were drawn; else they are stretches of time, and the next one is meant.
    others : sequence of str, optional
        Scores that are told beside the deciding one; by default the task's.
    weights : float array, shape (n,), optional
        How much each row counts, above 0. What is resampled are rows, so intervals are as wide as the effective number
        of rows (:func:`effective`) makes them.

    Returns
    -------
    tuple of Metric
        A score that can't be computed, such as ROC AUC where only one class is there, is left out. One that is perfect
        has an interval all the same: the worst score of which so few rows would be perfect in one of twenty tables.

    References
    ----------
    ``sklearn.metrics`` for the values; Efron, B. and Tibshirani, R. (1993), An Introduction to the Bootstrap, for the
    percentile interval, of clusters where there are units; Hahn, G. and Meeker, W. (1991), Statistical Intervals, for
    the prediction interval over windows (Student's t, on logarithms of errors and logits of shares).

    Examples
    --------
    >>> print(scores("regression", [1.0, 2.0, 3.0], [1.0, 2.0, 4.0], metric="mae", level=0)[0])
    mae 0.333
    """
    import numpy as np

    first = measure(metric or METRICS[task][0], task, classes)
    beside = METRICS[task] if others is None else others
    measures = {first.name: first} | {name: measure(name, task, classes) for name in beside if name != first.name}
    codes = _codes(truth, classes) if task != "regression" else np.asarray(truth, dtype=float)
    predicted = np.asarray(prediction, dtype=float)
    weights = None if weights is None else np.asarray(weights, dtype=float)
    values = {name: one.of(codes, predicted, weights) for name, one in measures.items()}
    known = {name: value for name, value in values.items() if value is not None}
    if not level:
        return tuple(_metric(measures[name], value) for name, value in known.items())
    each = np.arange(len(codes)) if units is None else np.unique(np.asarray(units), return_inverse=True)[1]
    measures = {name: measures[name] for name in known}
    spreads = _spreads(measures, codes, predicted, level, resamples, seed, each, weights)
    stretches = [
        (_codes(t, classes) if task != "regression" else np.asarray(t, dtype=float), p, *w) for t, p, *w in windows
    ]
    ends = {n: _ends(n, v, spreads.get(n), _few(n, codes, each), level) for n, v in known.items()}
    for name, value in known.items():
        of = measures[name].of
        each_one = [s for t, p, *w in stretches if (s := of(t, np.asarray(p, dtype=float), *w)) is not None]
        ends[name] = _wider(ends[name], of_windows(name, value, each_one, level, drawn))
    return tuple(_metric(measures[name], value, ends[name], spreads.get(name), level) for name, value in known.items())


def no_surer(metric: Metric, other: Metric, rows: float, others: float) -> Metric:
    """A score whose interval is no narrower than what the same score of other rows is uncertain by.

    Few rows may lack what is rare and weighs much: then no sample of them has it either, and all samples agree. Many
    others of the same kind tell how much so few may differ by.

    Parameters
    ----------
    metric : Metric
        With its interval.
    other : Metric
        The same score of other rows, with its standard error.
    rows, others : float
        How many units each was measured on.

    Returns
    -------
    Metric
        As it is where one of them has no standard error.

    References
    ----------
    Of squared errors whose logarithm is normal (deviation 1.6), 200 of them, percentiles of their own samples hold the
    truth in 79 of 100 tables; no surer than 800 others, in 92. Of squared normal errors in 88 and 90.

    Examples
    --------
    >>> few = Metric("rmse", 150.0, 140.0, 160.0, error=6.0)
    >>> print(no_surer(few, Metric("rmse", 190.0, error=9.0), rows=200, others=800))
    rmse 150.0 (120.4 to 179.6)
    """
    if metric.low is None or metric.high is None or metric.error is None or other.error is None:
        return metric
    error = max(metric.error, other.error * (others / rows) ** 0.5)
    half = error * quantile((1 + metric.level) / 2)
    least, most = (0.0, 1.0) if metric.name in SHARES else (0.0 if metric.name in ERRORS else -inf, inf)
    low, high = max(metric.value - half, least), min(metric.value + half, most)
    return replace(metric, low=min(metric.low, low), high=max(metric.high, high), error=error)


def effective(weights: Any) -> float:
    """The effective number of rows: as many that count the same would give a mean the same standard error.

    Parameters
    ----------
    weights : float array, shape (n,)
        How much each row counts.

    References
    ----------
    Kish, L. (1965), Survey Sampling: the design effect of weighting.

    Examples
    --------
    >>> import numpy as np
    >>> effective(np.array([2.0, 2.0])), effective(np.array([3.0, 1.0]))
    (2.0, 1.6)
    """
    import numpy as np

    return float(np.sum(weights) ** 2 / np.square(weights).sum())


def counted_share(which: Any, weights: Any = None) -> tuple[float, float]:
    """Rows of which something holds, and all of them: counted, or as effective rows by their weights.

    >>> import numpy as np
    >>> counted_share(np.array([True, False])), counted_share(np.array([True, False]), np.array([3.0, 1.0]))
    ((1, 2), (1.2000000000000002, 1.6))
    """
    if weights is None:
        return int(which.sum()), len(which)
    rows = effective(weights)
    return float(weights[which].sum() / weights.sum()) * rows, rows


def share_interval(part: float, whole: float, level: float = 0.9) -> tuple[float, float] | None:
    """Wilson's interval of a share; None of nothing.

    Parameters
    ----------
    part, whole : float
        So many of so many; of rows that count differently, of the effective number of rows.
    level : float
        Share of intervals that hold the true one, in (0, 1).

    References
    ----------
    ``scipy.stats.binomtest(part, whole).proportion_ci(level, "wilson")``.

    Examples
    --------
    >>> [round(end, 3) for end in share_interval(8, 10)]
    [0.541, 0.931]
    """
    if not whole:
        return None
    z, share = quantile((1 + level) / 2), min(part / whole, 1.0)
    middle = (share + z * z / (2 * whole)) / (1 + z * z / whole)
    half = z / (1 + z * z / whole) * (share * (1 - share) / whole + z * z / (4 * whole * whole)) ** 0.5
    return max(middle - half, 0.0), min(middle + half, 1.0)


def _codes(truth: Any, classes: Sequence[Any]) -> NDArray[np.intp]:
    import numpy as np

    place = {label: i for i, label in enumerate(classes)}
    unknown = [v for v in np.asarray(truth, dtype=object).tolist() if v not in place]
    if unknown:
        raise BadParameter(
            f"{worded(unknown[0])} is not one of the classes {worded(list(classes))}. Correct the labels."
        )
    return np.array([place[v] for v in np.asarray(truth, dtype=object).tolist()], dtype=np.intp)


Ends = tuple[float, float]


def _metric(
    what: Measure, value: float, ends: Ends | None = None, spread: Ends | None = None, level: float = 0.9
) -> Metric:
    larger = None if is_ours(what.name) else what.larger_is_better
    if ends is None or spread is None:
        return Metric(what.name, value, larger=larger)
    error = sum(spread) / 2 / quantile((1 + level) / 2)
    return Metric(what.name, value, *ends, level, error, larger)


def _ends(name: str, value: float, spread: Ends | None, few: int, level: float) -> Ends | None:
    """The interval by resampling; of a perfect score, which no resampling doubts, by what so few rows can tell."""
    if spread is None:
        return None
    low, high = value - spread[0], value + spread[1]
    if name in (*SHARES, "quadratic_kappa") and value == 1.0:
        low = min(low, ((1 - level) / 2) ** (1 / max(few, 1)))
    return low, high


def _few(name: str, codes: Any, units: Any) -> int:
    """Units that a share is measured on: of ranks those of the rarer class."""
    import numpy as np

    if name not in SHARES or codes.dtype.kind != "i":
        return len(np.unique(units))
    return min(len(np.unique(units[codes == k])) for k in np.unique(codes))


def _wider(a: Ends | None, b: Ends | None) -> Ends | None:
    """The interval that holds both."""
    if a is None or b is None:
        return a or b
    return min(a[0], b[0]), max(a[1], b[1])


def of_windows(
    name: str, value: float, windows: Sequence[float], level: float = 0.9, drawn: bool = False
) -> Ends | None:
    """The interval around a score that follows from what the scores of several models on rows of their own differ by.

    Parameters
    ----------
    name : str
        Of the score: errors are compared by their logarithms, shares by their logits, others as they are.
    value : float
        Around which it lies.
    windows : sequence of float
        One score a model.
    level : float
        In (0, 1).
    drawn : bool
        True: the windows are folds, and the mean over all draws of rows is meant. False: stretches of time, and the
        score of the next one is meant.

    Returns
    -------
    tuple of float, or None where there are fewer than two windows.

    References
    ----------
    Hahn, G. and Meeker, W. (1991), Statistical Intervals, for the next of several; Nadeau, C. and Bengio, Y. (2003),
    Inference for the Generalization Error, for folds, whose models share rows.

    Examples
    --------
    >>> low, high = of_windows("rmse", 48.0, [40.0, 44.0, 50.0, 48.0])
    >>> round(low), round(high)
    (37, 62)
    """
    import numpy as np
    from scipy.special import stdtrit

    k = len(windows)
    if k < 2:
        return None
    there, back = _scale(name)
    factor = 1 / k + 1 / (k - 1) if drawn else 1 + 1 / k
    half = float(stdtrit(k - 1, (1 + level) / 2)) * float(np.std(there(windows), ddof=1)) * factor**0.5
    middle = float(there([value])[0])
    return float(back(middle - half)), float(back(middle + half))


def _scale(name: str) -> tuple[Callable[[Sequence[float]], Any], Callable[[float], Any]]:
    """To where differences of the score mean the same everywhere, and back."""
    import numpy as np
    from scipy.special import expit, logit

    tiny = np.finfo(float).eps
    if name in SHARES:
        return lambda shares: logit(np.clip(shares, tiny, 1 - tiny)), expit
    if not is_ours(name) or name in ("r2", "quadratic_kappa"):
        return np.asarray, float
    return lambda errors: np.log(np.maximum(errors, tiny)), np.exp


def _spreads(
    measures: dict[str, Measure], truth: Any, predicted: Numbers, level: float, resamples: int, seed: int, units: Any,
    weights: Any = None,
) -> dict[str, Ends]:  # fmt: skip
    """How far the interval of each score reaches below and above it."""
    import numpy as np

    part, times, shrink = _drawn(units, resamples, seed, weights)
    truth, predicted, weights = truth[part], predicted[part], None if weights is None else weights[part]
    ends = (50 * (1 - level), 50 * (1 + level))
    spreads = {}
    for name, one in measures.items():
        middle, drawn = one.of(truth, predicted, weights), one.of_samples(truth, predicted, times, weights)
        if middle is not None and np.isfinite(drawn).any():
            low, high = np.percentile(drawn[np.isfinite(drawn)], ends)
            spreads[name] = (float(shrink * (middle - low)), float(shrink * (high - middle)))
    return spreads


def _drawn(rows: Any, resamples: int, seed: int, weights: Any = None) -> tuple[Any, Any, float]:
    """Rows that are resampled, how often each sample has each of them, and how much narrower all rows' spread is.

    ``rows`` says of each row which unit it is of, ``weights`` how much it counts.
    """
    import numpy as np

    part, times = _samples(np.ascontiguousarray(rows, dtype=np.int64).tobytes(), resamples, seed)
    share = len(part) / len(rows) if weights is None else effective(weights[part]) / effective(weights)
    return part, times, share**0.5


@lru_cache(maxsize=4)
def _samples(units_of_rows: bytes, resamples: int, seed: int) -> tuple[Any, Any]:
    """The same for all scores of the same rows: drawing them takes as long as scoring them."""
    import numpy as np

    rng, rows = np.random.default_rng(seed), np.frombuffer(units_of_rows, dtype=np.int64)
    part = np.arange(len(rows))
    if len(rows) > MOST_RESAMPLED:
        many = int(rows.max()) + 1
        wanted = rng.choice(many, max(MOST_RESAMPLED * many // len(rows), 2), replace=False)
        part = np.flatnonzero(np.isin(rows, wanted))
    units = np.unique(rows[part], return_inverse=True)[1]
    many = int(units.max(initial=-1)) + 1
    times = np.empty((resamples, len(part)))
    for sample in times:
        sample[:] = np.bincount(rng.integers(0, many, many), minlength=many)[units]
    part.flags.writeable = times.flags.writeable = False
    return part, times


def difference(
    task: Task,
    truth: Any,
    predictions: tuple[Any, Any],
    classes: Sequence[Any] = (),
    metric: Any = None,
    level: float = 0.9,
    resamples: int = 200,
    seed: int = 0,
    units: Any = None,
    weights: Any = None,
) -> tuple[float, float, float] | None:
    """By how much the first of two predictions of the same rows scores better than the second, with its interval.

    Both are scored on the same samples, so what makes a sample hard for both does not blur their difference.

    Parameters
    ----------
    task, truth, classes, metric, level, resamples, seed, units, weights
        As :func:`scores` takes them.
    predictions : pair of array
        As ``prediction`` of :func:`scores`.

    Returns
    -------
    (float, float, float), or None where one of them can't be scored
        The difference in the score's own unit, larger being better, and the ends of its interval.

    References
    ----------
    Efron, B. and Tibshirani, R. (1993), An Introduction to the Bootstrap: paired samples.

    Examples
    --------
    >>> better, low, high = difference("regression", [1.0, 2.0, 3.0, 4.0], ([1.0, 2.0, 3.0, 4.5], [2.0, 3.0, 4.0, 5.0]))
    >>> better > 0.5, low > 0
    (True, True)
    """
    import numpy as np

    judge = measure(metric or METRICS[task][0], task, classes)
    codes = _codes(truth, classes) if task != "regression" else np.asarray(truth, dtype=float)
    pair = [np.asarray(one, dtype=float) for one in predictions]
    values = [judge.of(codes, one, weights) for one in pair]
    if values[0] is None or values[1] is None:
        return None
    each = np.arange(len(codes)) if units is None else np.unique(np.asarray(units), return_inverse=True)[1]
    part, times, shrink = _drawn(each, resamples, seed, weights)
    counted = None if weights is None else weights[part]
    first, second = (judge.of_samples(codes[part], one[part], times, counted) for one in pair)
    sign = 1 if judge.larger_is_better else -1
    drawn = sign * (first - second)
    drawn = drawn[np.isfinite(drawn)]
    if not len(drawn):
        return None
    middle, whole = float(np.median(drawn)), sign * (values[0] - values[1])
    low, high = np.percentile(drawn, (50 * (1 - level), 50 * (1 + level)))
    return whole, whole - shrink * (middle - float(low)), whole + shrink * (float(high) - middle)
