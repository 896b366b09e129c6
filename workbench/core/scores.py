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

    Returns
    -------
    tuple of Metric
        A score that can't be computed, such as ROC AUC where only one class is there, is left out.

    References
    ----------
    ``sklearn.metrics`` for the values; Efron, B. and Tibshirani, R. (1993), An Introduction to the Bootstrap, for the
    percentile interval.

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
    known = [name for name in names if values[name] is not None]
    spreads = _spreads(known, codes, predicted, level, resamples, seed) if level else {}
    return tuple(_metric(name, values[name], spreads.get(name), level) for name in known)


def _codes(truth: Any, classes: Sequence[Any]) -> NDArray[np.intp]:
    import numpy as np

    place = {label: i for i, label in enumerate(classes)}
    unknown = [v for v in np.asarray(truth, dtype=object).tolist() if v not in place]
    if unknown:
        raise BadParameter(
            f"{worded(unknown[0])} is not one of the classes {worded(list(classes))}. Correct the labels."
        )
    return np.array([place[v] for v in np.asarray(truth, dtype=object).tolist()], dtype=np.intp)


def _metric(name: str, value: float | None, spread: tuple[float, float] | None, level: float) -> Metric:
    assert value is not None, "left out before"
    if spread is None:
        return Metric(name, value)
    return Metric(name, value, value - spread[0], value + spread[1], level)


def _spreads(
    names: list[str], truth: Any, predicted: Numbers, level: float, resamples: int, seed: int
) -> dict[str, tuple[float, float]]:
    """How far the interval of each score reaches below and above it."""
    import numpy as np

    rng = np.random.default_rng(seed)
    n = len(truth)
    part = rng.choice(n, MOST_RESAMPLED, replace=False) if n > MOST_RESAMPLED else np.arange(n)
    truth, predicted = truth[part], predicted[part]
    shrink = (len(part) / n) ** 0.5
    centre = {name: _score(name, truth, predicted) for name in names}
    drawn: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(resamples):
        rows = rng.integers(0, len(part), len(part))
        for name in names:
            value = _score(name, truth[rows], predicted[rows])
            if value is not None:
                drawn[name].append(value)
    ends = (50 * (1 - level), 50 * (1 + level))
    return {
        name: (float(shrink * (middle - low)), float(shrink * (high - middle)))
        for name, middle in centre.items()
        if middle is not None and drawn[name]
        for low, high in [np.percentile(drawn[name], ends)]
    }


def _score(name: str, truth: Any, predicted: Numbers) -> float | None:
    import numpy as np

    classes = np.unique(truth) if truth.dtype.kind == "i" else None
    if name in ("roc_auc", "average_precision") and classes is not None and len(classes) < 2:
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
    """As ``sklearn.metrics.log_loss``: natural logarithm, probabilities kept off 0 and 1 by float64's epsilon."""
    import numpy as np

    likelihood = (
        np.where(truth == 1, predicted, 1 - predicted)
        if predicted.ndim == 1
        else predicted[np.arange(len(truth)), truth]
    )
    return float(-np.log(np.clip(likelihood, np.finfo(float).eps, 1)).mean())


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
