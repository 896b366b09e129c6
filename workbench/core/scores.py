"""Scores with intervals, by scikit-learn's functions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from workbench.core.contract import Task
from workbench.core.metric import Metric
from workbench.core.wording import worded
from workbench.errors import BadParameter

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

METRICS: dict[Task, tuple[str, ...]] = {
    "binary": ("roc_auc", "log_loss", "average_precision", "accuracy"),
    "multiclass": ("log_loss", "accuracy", "balanced_accuracy"),
    "regression": ("rmse", "mae", "r2"),
}
# Scores between 0 and 1 of which 1 is perfect.
SHARES = frozenset({"roc_auc", "average_precision", "accuracy", "balanced_accuracy"})
# Rows that the resampling looks at: the width of an interval is scaled to the true number afterwards.
MOST_RESAMPLED = 5_000


def deciding_metric(task: Task, metric: str | None = None) -> str:
    """The score that decides: the one asked for, or the first of the task.

    Raises
    ------
    BadParameter
        If the task has no such score.

    Examples
    --------
    >>> deciding_metric("binary"), deciding_metric("regression", "mae")
    ('roc_auc', 'mae')
    """
    known = METRICS[task]
    if metric is None:
        return known[0]
    if metric not in known:
        raise BadParameter.unknown(metric, known, f"A {task} task")
    return metric


def scores(
    task: Task,
    truth: Any,
    prediction: Any,
    classes: Sequence[Any] = (),
    metric: str | None = None,
    level: float = 0.9,
    resamples: int = 200,
    seed: int = 0,
    units: Any = None,
    windows: Sequence[Any] = (),
    drawn: bool = False,
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
    metric : str, optional
        The deciding one; the task's first by default.
    level : float
        Share of intervals that hold the true value, in (0, 1). 0 leaves the intervals out.
    resamples : int
        Bootstrap samples. Where there are more than 5,000 rows a seeded part of them is resampled, and the half-width
        is scaled by the square root of the share, as the standard error of these scores goes.
    seed : int
        Of the resampling.
    units : int array, shape (n,), optional
        Rows of one number are drawn together: those of a group, copies. By default each row is its own.
    windows : sequence of (truth, prediction), optional
        Parts of the rows, or others, that were each scored by a model of its own. The interval is then at least as wide
        as :func:`of_windows` says from what their scores differ by.
    drawn : bool
        Whether the windows are folds that were drawn; else they are stretches of time, and the next one is meant.

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

    first = deciding_metric(task, metric)
    names = (first, *(n for n in METRICS[task] if n != first))
    codes = _codes(truth, classes) if task != "regression" else np.asarray(truth, dtype=float)
    predicted = np.asarray(prediction, dtype=float)
    values = {name: _score(name, codes, predicted) for name in names}
    known = {name: value for name, value in values.items() if value is not None}
    if not level:
        return tuple(Metric(name, value) for name, value in known.items())
    each = np.arange(len(codes)) if units is None else np.unique(np.asarray(units), return_inverse=True)[1]
    spreads = _spreads(list(known), codes, predicted, level, resamples, seed, each)
    stretches = [(_codes(t, classes) if task != "regression" else np.asarray(t, dtype=float), p) for t, p in windows]
    ends = {n: _ends(n, v, spreads.get(n), _few(n, codes, each), level) for n, v in known.items()}
    for name, value in known.items():
        each_one = [s for t, p in stretches if (s := _score(name, t, np.asarray(p, dtype=float))) is not None]
        ends[name] = _wider(ends[name], of_windows(name, value, each_one, level, drawn))
    return tuple(_metric(name, value, ends[name], spreads.get(name), level) for name, value in known.items())


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


def _metric(name: str, value: float, ends: Ends | None, spread: Ends | None, level: float) -> Metric:
    from scipy.stats import norm

    if ends is None or spread is None:
        return Metric(name, value)
    return Metric(name, value, *ends, level, sum(spread) / 2 / float(norm.ppf((1 + level) / 2)))


def _ends(name: str, value: float, spread: Ends | None, few: int, level: float) -> Ends | None:
    """The interval by resampling; of a perfect score, which no resampling doubts, by what so few rows can tell."""
    if spread is None:
        return None
    low, high = value - spread[0], value + spread[1]
    if name in SHARES and value == 1.0:
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
    from scipy.stats import t

    k = len(windows)
    if k < 2:
        return None
    there, back = _scale(name)
    factor = 1 / k + 1 / (k - 1) if drawn else 1 + 1 / k
    half = float(t.ppf((1 + level) / 2, k - 1)) * float(np.std(there(windows), ddof=1)) * factor**0.5
    middle = float(there([value])[0])
    return float(back(middle - half)), float(back(middle + half))


def _scale(name: str) -> tuple[Callable[[Sequence[float]], Any], Callable[[float], Any]]:
    """To where differences of the score mean the same everywhere, and back."""
    import numpy as np
    from scipy.special import expit, logit

    tiny = np.finfo(float).eps
    if name in SHARES:
        return lambda shares: logit(np.clip(shares, tiny, 1 - tiny)), expit
    if name == "r2":
        return np.asarray, float
    return lambda errors: np.log(np.maximum(errors, tiny)), np.exp


def _spreads(
    names: list[str], truth: Any, predicted: Numbers, level: float, resamples: int, seed: int, units: Any
) -> dict[str, Ends]:
    """How far the interval of each score reaches below and above it."""
    import numpy as np

    rng = np.random.default_rng(seed)
    part = np.arange(len(units))
    if len(units) > MOST_RESAMPLED:
        many = int(units.max()) + 1
        wanted = rng.choice(many, max(MOST_RESAMPLED * many // len(units), 2), replace=False)
        part = np.flatnonzero(np.isin(units, wanted))
    shrink = (len(part) / len(units)) ** 0.5
    truth, predicted = truth[part], predicted[part]
    units = np.unique(units[part], return_inverse=True)[1]
    many = int(units.max(initial=-1)) + 1
    weights = np.stack([np.bincount(rng.integers(0, many, many), minlength=many)[units] for _ in range(resamples)])
    ends = (50 * (1 - level), 50 * (1 + level))
    spreads = {}
    for name in names:
        middle, drawn = _score(name, truth, predicted), weighted(name, truth, predicted, weights)
        if middle is not None and np.isfinite(drawn).any():
            low, high = np.percentile(drawn[np.isfinite(drawn)], ends)
            spreads[name] = (float(shrink * (middle - low)), float(shrink * (high - middle)))
    return spreads


def weighted(name: str, truth: Any, predicted: Numbers, weights: Any) -> Numbers:
    """A score of many samples at once, each a row of how often it has each of the values.

    Parameters
    ----------
    name : str
        Of the score.
    truth : array, shape (n,)
        Numbers, or classes as 0, 1, …
    predicted : array, shape (n,) or (n, k)
    weights : int array, shape (samples, n)

    Returns
    -------
    float array, shape (samples,)
        As ``sklearn.metrics`` has them with ``sample_weight``; NaN where a sample has too few classes.

    Examples
    --------
    >>> import numpy as np
    >>> weighted("mae", np.array([1.0, 2.0]), np.array([1.0, 4.0]), np.array([[1, 1], [2, 0]])).tolist()
    [1.0, 0.0]
    """
    import numpy as np

    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(_WEIGHTED[name](truth, predicted, weights.astype(float)), dtype=float)


def _score(name: str, truth: Any, predicted: Numbers) -> float | None:
    if name in ("roc_auc", "average_precision") and (not len(truth) or truth.min() == truth.max()):
        return None
    if name == "r2" and len(truth) < 2:
        return None
    return float(_FUNCTIONS[name](truth, predicted))


def _roc_auc(truth: Any, predicted: Numbers) -> float:
    """The Mann-Whitney form, equal to ``sklearn.metrics.roc_auc_score`` and many times faster in a bootstrap."""
    from scipy.stats import rankdata

    ranks = rankdata(predicted)
    positive = int(truth.sum())
    negative = len(truth) - positive
    return float((ranks[truth == 1].sum() - positive * (positive + 1) / 2) / (positive * negative))


def _average_precision(truth: Any, predicted: Numbers) -> float:
    """As ``sklearn.metrics.average_precision_score``, without its checks, which cost more than the sum."""
    import numpy as np

    order = np.argsort(-predicted, kind="stable")
    hits = np.cumsum(truth[order] == 1)
    last_of_ties = np.append(np.flatnonzero(np.diff(predicted[order])), len(order) - 1)
    recall = hits[last_of_ties] / hits[-1]
    return float(np.sum(np.diff(recall, prepend=0.0) * hits[last_of_ties] / (last_of_ties + 1)))


def _log_loss(truth: Any, predicted: Numbers) -> float:
    return float(_losses(truth, predicted).mean())


def _losses(truth: Any, predicted: Numbers) -> Numbers:
    """As ``sklearn.metrics.log_loss``: natural logarithm, probabilities kept off 0 and 1 by float64's epsilon."""
    import numpy as np

    likelihood = (
        np.where(truth == 1, predicted, 1 - predicted)
        if predicted.ndim == 1
        else predicted[np.arange(len(truth)), truth]
    )
    return -np.log(np.clip(likelihood, np.finfo(float).eps, 1))


def _answers(predicted: Numbers) -> Any:
    return (predicted >= 0.5).astype(int) if predicted.ndim == 1 else predicted.argmax(axis=1)


def _accuracy(truth: Any, predicted: Numbers) -> float:
    return float((_answers(predicted) == truth).mean())


def _balanced_accuracy(truth: Any, predicted: Numbers) -> float:
    import numpy as np

    right = _answers(predicted) == truth
    return float(np.mean([right[truth == k].mean() for k in np.unique(truth)]))


def _rmse(truth: Any, predicted: Numbers) -> float:
    return float(((truth - predicted) ** 2).mean() ** 0.5)


def _mae(truth: Any, predicted: Numbers) -> float:
    return float(abs(truth - predicted).mean())


def _r2(truth: Any, predicted: Numbers) -> float:
    """As ``sklearn.metrics.r2_score``: 1 less the share of the variance that is left; 0 where there is none."""
    left, whole = ((truth - predicted) ** 2).sum(), ((truth - truth.mean()) ** 2).sum()
    return float(1 - left / whole) if whole else float(left == 0)


_FUNCTIONS: dict[str, Callable[[Any, Any], float]] = {
    "roc_auc": _roc_auc,
    "average_precision": _average_precision,
    "log_loss": _log_loss,
    "accuracy": _accuracy,
    "balanced_accuracy": _balanced_accuracy,
    "rmse": _rmse,
    "mae": _mae,
    "r2": _r2,
}


def _mean(weights: Numbers, values: Any) -> Any:
    return weights @ values / weights.sum(axis=1)


def _by_rank(truth: Any, predicted: Numbers, weights: Numbers) -> tuple[Any, Any]:
    """Weights of the positive and the negative rows at each value that is predicted, the least first."""
    import numpy as np

    order = np.argsort(predicted, kind="stable")
    starts = np.flatnonzero(np.diff(predicted[order], prepend=-np.inf))
    there = weights[:, order]
    return (np.add.reduceat(there * (truth[order] == k), starts, axis=1) for k in (1, 0))  # type: ignore[return-value]


def _roc_aucs(truth: Any, predicted: Numbers, weights: Numbers) -> Any:
    positive, negative = _by_rank(truth, predicted, weights)
    below = negative.cumsum(axis=1) - negative / 2
    return (positive * below).sum(axis=1) / (positive.sum(axis=1) * negative.sum(axis=1))


def _average_precisions(truth: Any, predicted: Numbers, weights: Numbers) -> Any:
    import numpy as np

    positive, negative = (there[:, ::-1] for there in _by_rank(truth, predicted, weights))
    hits, answered = positive.cumsum(axis=1), (positive + negative).cumsum(axis=1)
    precision = np.where(answered > 0, hits / answered, 0.0)
    return (positive * precision).sum(axis=1) / hits[:, -1]


def _balanced_accuracies(truth: Any, predicted: Numbers, weights: Numbers) -> Any:
    import numpy as np

    right = _answers(predicted) == truth
    shares = [_mean(weights[:, truth == k], right[truth == k]) for k in np.unique(truth)]
    return np.nanmean(shares, axis=0)


def _r2s(truth: Any, predicted: Numbers, weights: Numbers) -> Any:
    import numpy as np

    centred = truth - truth.mean()  # squares of large numbers would cancel
    left = _mean(weights, (truth - predicted) ** 2)
    whole = _mean(weights, centred**2) - _mean(weights, centred) ** 2
    return np.where(whole > 0, 1 - left / whole, left == 0)


_WEIGHTED: dict[str, Callable[[Any, Any, Any], Any]] = {
    "roc_auc": _roc_aucs,
    "average_precision": _average_precisions,
    "log_loss": lambda truth, predicted, weights: _mean(weights, _losses(truth, predicted)),
    "accuracy": lambda truth, predicted, weights: _mean(weights, _answers(predicted) == truth),
    "balanced_accuracy": _balanced_accuracies,
    "rmse": lambda truth, predicted, weights: _mean(weights, (truth - predicted) ** 2) ** 0.5,
    "mae": lambda truth, predicted, weights: _mean(weights, abs(truth - predicted)),
    "r2": _r2s,
}
