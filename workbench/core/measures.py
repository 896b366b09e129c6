"""What a score is: a function of truth and prediction, ours by scikit-learn's names, theirs by name, or anybody's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workbench.core.contract import Task
from workbench.core.loss import pinball_losses
from workbench.core.metric import LARGER_IS_BETTER, Metric, level_of
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
# Others of ours, which are told where the loss asks for them. The name of a pinball loss has its level: pinball_0.9.
FURTHER: dict[Task, tuple[str, ...]] = {
    "binary": (),
    "multiclass": ("quadratic_kappa", "rank_mae"),
    "regression": ("poisson_deviance",),
}
# Of classes that come in an order: the first decides.
ORDERED = ("quadratic_kappa", "rank_mae", "accuracy", "log_loss")
# Values of samples that are looked at together: as many as a processor's own memory holds.
AT_ONCE = 2**18
# Scores of which less is better, by the end of a function's name, as scikit-learn names them.
ERRORS = ("_error", "_loss", "_deviance")


@dataclass(frozen=True)
class Measure:
    """A score.

    Parameters
    ----------
    name : str
    larger_is_better : bool
    function : callable
        Truth (numbers, or classes as 0, 1, …), prediction (numbers, probabilities of the second class, or shape (n, k)
        of each) and weights (shape (n,), or None) to a number, or None where it can't be known.
    weighted : callable, optional
        The same of many samples at once: truth, prediction and weights, shape (samples, n), to shape (samples,).
    weighs : bool
        Whether weights change it; somebody's own score may know none.
    """

    name: str
    larger_is_better: bool
    function: Callable[[Any, Any, Any], float | None]
    weighted: Callable[[Any, Any, Any], Any] | None = None
    weighs: bool = True

    def of(self, truth: Any, prediction: Any, weights: Any = None) -> float | None:
        """The score of some rows; None where it can't be known, as ROC AUC of one class.

        Parameters
        ----------
        truth : array, shape (n,)
        prediction : array, shape (n,) or (n, k)
        weights : float array, shape (n,), optional
            How much each row counts, above 0.

        Examples
        --------
        >>> import numpy as np
        >>> truth, predicted = np.array([1.0, 2.0]), np.array([1.0, 4.0])
        >>> measure("mae", "regression").of(truth, predicted, np.array([3.0, 1.0]))
        0.5
        """
        value = self.function(truth, prediction, weights)
        return None if value is None or value != value else float(value)

    def of_samples(self, truth: Any, prediction: Any, times: Any, weights: Any = None) -> Numbers:
        """The score of many samples, each a row of how often it has each of the values.

        Parameters
        ----------
        truth : array, shape (n,)
        prediction : array, shape (n,) or (n, k)
        times : int array, shape (samples, n)
        weights : float array, shape (n,), optional
            How much each row counts whenever it is drawn.

        Returns
        -------
        float array, shape (samples,)
            As ``sklearn.metrics`` has them with ``sample_weight``; NaN where a sample has too few classes.

        Examples
        --------
        >>> import numpy as np
        >>> truth, predicted = np.array([1.0, 2.0]), np.array([1.0, 4.0])
        >>> measure("mae", "regression").of_samples(truth, predicted, np.array([[1, 1], [2, 0]])).tolist()
        [1.0, 0.0]
        """
        import numpy as np

        if self.weighted is None:
            drawn = (np.repeat(np.arange(len(truth)), many) for many in times.astype(np.intp))
            each = ((rows, None if weights is None else weights[rows]) for rows in drawn)
            return np.array([self.of(truth[rows], prediction[rows], there) for rows, there in each], dtype=float)
        few = max(AT_ONCE // max(times.shape[1], 1), 1)
        parts = (times[k : k + few] for k in range(0, len(times), few))
        with np.errstate(divide="ignore", invalid="ignore"):
            each = (part.astype(float, copy=False) if weights is None else part * weights for part in parts)
            return np.concatenate([np.asarray(self.weighted(truth, prediction, of), dtype=float) for of in each])


def measure(metric: Any, task: Task, classes: Sequence[Any] = ()) -> Measure:
    """The measure of a name, a scorer of scikit-learn, or a function.

    Parameters
    ----------
    metric : str, callable or Measure
        One of :data:`METRICS`, ``poisson_deviance`` or a pinball loss such as ``pinball_0.9`` (of the quantile below
        which nine in ten lie) for numbers, any other name of ``sklearn.metrics.get_scorer_names``, what
        ``sklearn.metrics.make_scorer`` makes, or a function of true and predicted values. It is called with 0 and 1
        (the second class) of two classes, with the classes themselves of more. Of a function more is better, unless
        its name ends with ``_error``, ``_loss`` or ``_deviance``.
    task : {"binary", "multiclass", "regression"}
        What is predicted.
    classes : sequence
        Labels in the order of the probabilities.

    Raises
    ------
    BadParameter
        If there is no such score for the task.

    Examples
    --------
    >>> measure("rmse", "regression").larger_is_better, measure("f1", "binary").larger_is_better
    (False, True)
    """
    if isinstance(metric, Measure):
        return metric
    if isinstance(metric, str):
        return _ours(metric, task, classes) or _of_scikit_learn(metric, task, classes)
    if hasattr(metric, "_score_func"):
        return _of_scorer(str(metric._score_func.__name__), metric, task, classes)
    if callable(metric):
        return _of_function(metric, task, classes)
    raise BadParameter(f"metric is the name of a score or a function of true and predicted values, got {metric!r}.")


def is_ours(name: str) -> bool:
    """Whether a name is one of our scores, which need nobody's function.

    >>> is_ours("rmse"), is_ours("pinball_0.9"), is_ours("quadratic_kappa"), is_ours("f1")
    (True, True, True, False)
    """
    return name in OURS or name in _RANKS or level_of(name) is not None


def _ours(name: str, task: Task, classes: Sequence[Any] = ()) -> Measure | None:
    if name in FURTHER["multiclass"] and task == "multiclass":
        return _by_ranks(name, classes)
    if name in (*METRICS[task], *FURTHER[task]):
        return OURS[name]
    level = level_of(name)
    return _pinball(name, level) if level is not None and task == "regression" else None


def is_own(metric: Any) -> bool:
    """Whether it is none of ours, but a function, a scorer, or the name of another one of scikit-learn's.

    >>> is_own("roc_auc"), is_own("f1"), is_own(max), is_own("rock_auc")
    (False, True, True, False)
    """
    if not isinstance(metric, str):
        return callable(metric)
    return not is_ours(metric) and _is_scorer(metric)


def known_anywhere(metrics: Sequence[Metric], task: Task) -> Metric:
    """The first score that can be computed anew without the notebook: any but somebody's own function.

    Examples
    --------
    >>> known_anywhere([Metric("f2", 0.6), Metric("roc_auc", 0.7)], "binary").name
    'roc_auc'
    """
    return next((m for m in metrics if is_ours(m.name) or _is_scorer(m.name)), metrics[0])


def _is_scorer(name: str) -> bool:
    """Whether scikit-learn has it; to ask takes a second of imports."""
    from sklearn.metrics import get_scorer_names

    return name in get_scorer_names()


def _of_scikit_learn(name: str, task: Task, classes: Sequence[Any]) -> Measure:
    from sklearn.metrics import get_scorer, get_scorer_names

    if is_ours(name) or name not in get_scorer_names():
        raise BadParameter.unknown(name, (*METRICS[task], *FURTHER[task]), f"A {task} task")
    return _of_scorer(name, get_scorer(name), task, classes)


def _of_scorer(name: str, scorer: Any, task: Task, classes: Sequence[Any]) -> Measure:
    weighs = _knows_weights(scorer._score_func)

    def function(truth: Any, prediction: Any, weights: Any) -> float:
        import numpy as np

        rows = np.arange(len(truth))[:, None]
        labels = _labels(task, classes)
        true = truth if labels is None else labels[truth]
        return float(scorer(_fitted(task, prediction, labels), rows, true, **_weighing(weights, weighs)))

    return Measure(name, True, _tried(name, function, task), weighs=weighs)


def _of_function(metric: Callable[..., Any], task: Task, classes: Sequence[Any]) -> Measure:
    name = getattr(metric, "__name__", type(metric).__name__).strip("<>")  # of a lambda, which has none
    weighs = _knows_weights(metric)

    def function(truth: Any, prediction: Any, weights: Any) -> float:
        labels = _labels(task, classes)
        if labels is None:
            return float(metric(truth, prediction, **_weighing(weights, weighs)))
        return float(metric(labels[truth], labels[answers(prediction)], **_weighing(weights, weighs)))

    return Measure(name, not name.endswith(ERRORS), _tried(name, function, task), weighs=weighs)


def _knows_weights(function: Any) -> bool:
    """Whether it takes ``sample_weight``, by that name, as scikit-learn's scores do."""
    from inspect import signature

    try:
        return "sample_weight" in signature(function).parameters
    except (TypeError, ValueError):  # of a language that tells no names
        return False


def _weighing(weights: Any, known: bool) -> dict[str, Any]:
    return {} if weights is None or not known else {"sample_weight": weights}


def _tried(name: str, function: Callable[[Any, Any, Any], float], task: Task) -> Callable[[Any, Any, Any], float]:
    """The function, whose own errors say whose they are."""

    def call(truth: Any, prediction: Any, weights: Any = None) -> float:
        try:
            return function(truth, prediction, weights)
        except (ValueError, TypeError, AttributeError, LookupError, ArithmeticError) as error:
            raise BadParameter(
                f"The metric {name!r} could not be computed for a {task} task: {error} "
                f"Give another, such as {METRICS[task][0]!r}."
            ) from error

    return call


def _labels(task: Task, classes: Sequence[Any]) -> Any:
    """What a metric of scikit-learn is told for each place among the classes: 0 and 1 of two, since one is positive."""
    import numpy as np

    return {"regression": None, "binary": np.array([0, 1])}.get(task, np.asarray(classes))


def _fitted(task: Task, prediction: Any, labels: Any) -> Any:
    """Answers that are known, as the estimator that a scorer asks."""
    import numpy as np
    from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin

    class Number(RegressorMixin, BaseEstimator):
        def predict(self, rows: Any) -> Any:
            return prediction[rows[:, 0]]

        def __sklearn_is_fitted__(self) -> bool:
            return True

    class Classes(ClassifierMixin, BaseEstimator):
        classes_ = labels

        def predict(self, rows: Any) -> Any:
            return labels[answers(prediction[rows[:, 0]])]

        def predict_proba(self, rows: Any) -> Any:
            there = prediction[rows[:, 0]]
            return there if there.ndim > 1 else np.column_stack([1 - there, there])

        def __sklearn_is_fitted__(self) -> bool:
            return True

    return Number() if task == "regression" else Classes()


def answers(predicted: Numbers) -> Any:
    """The place of the class that probabilities answer."""
    return (predicted >= 0.5).astype(int) if predicted.ndim == 1 else predicted.argmax(axis=1)


def _roc_auc(truth: Any, predicted: Numbers, weights: Any = None) -> float | None:
    """The Mann-Whitney form, equal to ``sklearn.metrics.roc_auc_score``."""
    from workbench.core.ranks import average_ranks

    if _one_class(truth):
        return None
    if weights is not None:
        hits, others = _by_rank(truth, predicted, weights)
        return float((hits * (others.cumsum() - others / 2)).sum() / (hits.sum() * others.sum()))
    ranks = average_ranks(predicted)
    positive = int(truth.sum())
    negative = len(truth) - positive
    return float((ranks[truth == 1].sum() - positive * (positive + 1) / 2) / (positive * negative))


def _by_rank(truth: Any, predicted: Numbers, weights: Numbers) -> tuple[Any, Any]:
    """Weights of the positive and the negative rows at each value that is predicted, the least first."""
    import numpy as np

    order = np.argsort(predicted, kind="stable")
    starts = np.flatnonzero(np.diff(predicted[order], prepend=-np.inf))
    positive, negative = (weights[order] * (truth[order] == k) for k in (1, 0))
    return np.add.reduceat(positive, starts), np.add.reduceat(negative, starts)


def _one_class(truth: Any) -> bool:
    return not len(truth) or truth.min() == truth.max()


def _average_precision(truth: Any, predicted: Numbers, weights: Any = None) -> float | None:
    """As ``sklearn.metrics.average_precision_score``, without its checks, which cost more than the sum."""
    import numpy as np

    if _one_class(truth):
        return None
    if weights is not None:
        positive, negative = (there[::-1] for there in _by_rank(truth, predicted, weights))
        right, answered = positive.cumsum(), (positive + negative).cumsum()
        return float((positive * (right / answered)).sum() / right[-1])
    order = np.argsort(-predicted, kind="stable")
    hits = np.cumsum(truth[order] == 1)
    last_of_ties = np.append(np.flatnonzero(np.diff(predicted[order])), len(order) - 1)
    recall = hits[last_of_ties] / hits[-1]
    return float(np.sum(np.diff(recall, prepend=0.0) * hits[last_of_ties] / (last_of_ties + 1)))


def average(values: Any, weights: Any = None) -> float:
    """The mean, or the weighted one, which does not hang on how a library for matrices adds up.

    >>> import numpy as np
    >>> average(np.array([0.0, 4.0]), np.array([3.0, 1.0]))
    1.0
    """
    return float(values.mean() if weights is None else (weights * values).sum() / weights.sum())


def _log_loss(truth: Any, predicted: Numbers, weights: Any = None) -> float:
    return average(_losses(truth, predicted), weights)


def _losses(truth: Any, predicted: Numbers) -> Numbers:
    """As ``sklearn.metrics.log_loss``: natural logarithm, probabilities kept off 0 and 1 by float64's epsilon."""
    import numpy as np

    likelihood = (
        np.where(truth == 1, predicted, 1 - predicted)
        if predicted.ndim == 1
        else predicted[np.arange(len(truth)), truth]
    )
    return -np.log(np.clip(likelihood, np.finfo(float).eps, 1))


def _accuracy(truth: Any, predicted: Numbers, weights: Any = None) -> float:
    return average(answers(predicted) == truth, weights)


def _balanced_accuracy(truth: Any, predicted: Numbers, weights: Any = None) -> float:
    import numpy as np

    right, every = answers(predicted) == truth, (truth == k for k in np.unique(truth))
    return float(np.mean([average(right[rows], None if weights is None else weights[rows]) for rows in every]))


def _rmse(truth: Any, predicted: Numbers, weights: Any = None) -> float:
    return average((truth - predicted) ** 2, weights) ** 0.5


def _mae(truth: Any, predicted: Numbers, weights: Any = None) -> float:
    return average(abs(truth - predicted), weights)


def _r2(truth: Any, predicted: Numbers, weights: Any = None) -> float | None:
    """As ``sklearn.metrics.r2_score``: 1 less the share of the variance that is left; 0 where there is none."""
    if len(truth) < 2:
        return None
    left, whole = (truth - predicted) ** 2, (truth - average(truth, weights)) ** 2
    left, whole = ((one if weights is None else weights * one).sum() for one in (left, whole))
    return float(1 - left / whole) if whole else float(left == 0)


def _deviances(truth: Any, predicted: Numbers) -> Numbers:
    """As ``sklearn.metrics.mean_poisson_deviance``, predictions kept above 0 by float64's epsilon, as log loss's are.

    A model that predicts 0 or less for a count is so punished, not refused.
    """
    import numpy as np

    expected = np.maximum(predicted, np.finfo(float).eps)
    return 2 * (truth * np.log(np.where(truth > 0, truth, 1.0) / expected) - truth + expected)


def _poisson_deviance(truth: Any, predicted: Numbers, weights: Any = None) -> float | None:
    """None where the truth is below 0: that is no count."""
    return average(_deviances(truth, predicted), weights) if len(truth) and truth.min() >= 0 else None


def _pinball(name: str, level: float) -> Measure:
    def function(truth: Any, predicted: Numbers, weights: Any) -> float:
        return average(pinball_losses(truth - predicted, level), weights)

    def weighted(truth: Any, predicted: Numbers, weights: Numbers) -> Any:
        return _mean(weights, pinball_losses(truth - predicted, level))

    return Measure(name, False, function, weighted)


def _by_ranks(name: str, classes: Sequence[Any]) -> Measure:
    """A score of classes in their order: of labels that are texts, somebody has to have said it."""
    import numpy as np

    ranks = getattr(classes, "ranks", None)
    if ranks is None and any(isinstance(label, str) for label in classes):
        raise BadParameter(
            f"The metric {name!r} goes by the order of the classes, and nobody has said it. Give it: "
            "wb.dataset(…, task='ordinal', classes=['low', 'middle', 'high'])."
        )
    places = np.asarray(range(len(classes)) if ranks is None else ranks, dtype=float)
    one, many = _RANKS[name]
    return Measure(
        name,
        name in LARGER_IS_BETTER,
        lambda truth, predicted, weights: one(places[truth], places[answers(predicted)], weights),
        lambda truth, predicted, weights: many(places[truth], places[answers(predicted)], weights),
    )


def _quadratic_kappa(truth: Numbers, answered: Numbers, weights: Any = None) -> float | None:
    """As ``sklearn.metrics.cohen_kappa_score(weights="quadratic")``: 1 less the mean squared difference of the ranks,
    by that of answers which do not look at the row. None where both are one class.
    """
    centres = average(truth, weights), average(answered, weights)
    spread = average((truth - centres[0]) ** 2, weights) + average((answered - centres[1]) ** 2, weights)
    by_chance = spread + (centres[0] - centres[1]) ** 2
    return float(1 - average((truth - answered) ** 2, weights) / by_chance) if by_chance else None


def _quadratic_kappas(truth: Numbers, answered: Numbers, weights: Numbers) -> Any:
    centres = _mean(weights, truth), _mean(weights, answered)
    spreads = [
        _mean_of_rows(weights, (one - centre[:, None]) ** 2)
        for one, centre in zip((truth, answered), centres, strict=True)
    ]
    return 1 - _mean(weights, (truth - answered) ** 2) / (sum(spreads) + (centres[0] - centres[1]) ** 2)


def _mean_of_rows(weights: Numbers, values: Numbers) -> Any:
    return (weights * values).sum(axis=1) / weights.sum(axis=1)


_RANKS: dict[str, tuple[Callable[..., float | None], Callable[..., Any]]] = {
    "quadratic_kappa": (_quadratic_kappa, _quadratic_kappas),
    "rank_mae": (
        lambda truth, answered, weights: average(abs(truth - answered), weights),
        lambda truth, answered, weights: _mean(weights, abs(truth - answered)),
    ),
}


def _mean(weights: Numbers, values: Any) -> Any:
    return weights @ values / weights.sum(axis=1)


def _rising(truth: Any, predicted: Numbers, label: int) -> Any:
    """Places of the rows of a class, by what is predicted of them, the least first."""
    import numpy as np

    rows = np.flatnonzero(truth == label)
    return rows[np.argsort(predicted[rows], kind="stable")]


def _below(weights: Numbers, rows: Any) -> Numbers:
    """What the first none, one, two, … of some rows weigh together, shape (samples, rows + 1)."""
    import numpy as np

    sums = np.zeros((len(weights), len(rows) + 1))
    np.cumsum(weights[:, rows], axis=1, out=sums[:, 1:])
    return sums


def _roc_aucs(truth: Any, predicted: Numbers, weights: Numbers) -> Any:
    import numpy as np

    positive, negative = (_rising(truth, predicted, label) for label in (1, 0))
    below, there = _below(weights, negative), weights[:, positive]
    low, high = (np.searchsorted(predicted[negative], predicted[positive], side) for side in ("left", "right"))
    beaten = there * below[:, low]
    if (low != high).any():  # one that is equal is half beaten
        beaten = (beaten + there * below[:, high]) / 2
    return beaten.sum(axis=1) / (there.sum(axis=1) * below[:, -1])


def _average_precisions(truth: Any, predicted: Numbers, weights: Numbers) -> Any:
    import numpy as np

    positive, negative = (_rising(truth, predicted, label) for label in (1, 0))
    hits, wrong = (
        below[:, -1:] - below[:, np.searchsorted(predicted[rows], predicted[positive])]
        for rows, below in ((rows, _below(weights, rows)) for rows in (positive, negative))
    )
    there = weights[:, positive]
    precision = np.where(hits > 0, hits / (hits + wrong), 0.0)
    return (there * precision).sum(axis=1) / there.sum(axis=1)


def _balanced_accuracies(truth: Any, predicted: Numbers, weights: Numbers) -> Any:
    import numpy as np

    right = answers(predicted) == truth
    shares = [_mean(weights[:, truth == k], right[truth == k]) for k in np.unique(truth)]
    return np.nanmean(shares, axis=0)


def _r2s(truth: Any, predicted: Numbers, weights: Numbers) -> Any:
    import numpy as np

    left = _mean(weights, (truth - predicted) ** 2)
    spread = (truth - _mean(weights, truth)[:, None]) ** 2  # not by the mean of squares, which cancel
    whole = (weights * spread).sum(axis=1) / weights.sum(axis=1)
    return np.where(whole > 0, 1 - left / whole, left == 0)


_FUNCTIONS: dict[str, tuple[Callable[[Any, Any, Any], float | None], Callable[[Any, Any, Any], Any]]] = {
    "roc_auc": (_roc_auc, _roc_aucs),
    "average_precision": (_average_precision, _average_precisions),
    "log_loss": (_log_loss, lambda truth, predicted, weights: _mean(weights, _losses(truth, predicted))),
    "accuracy": (_accuracy, lambda truth, predicted, weights: _mean(weights, answers(predicted) == truth)),
    "balanced_accuracy": (_balanced_accuracy, _balanced_accuracies),
    "rmse": (_rmse, lambda truth, predicted, weights: _mean(weights, (truth - predicted) ** 2) ** 0.5),
    "mae": (_mae, lambda truth, predicted, weights: _mean(weights, abs(truth - predicted))),
    "r2": (_r2, _r2s),
    "poisson_deviance": (
        _poisson_deviance,
        lambda truth, predicted, weights: _mean(weights, _deviances(truth, predicted)),
    ),
}
OURS = {name: Measure(name, name in LARGER_IS_BETTER, *pair) for name, pair in _FUNCTIONS.items()}
