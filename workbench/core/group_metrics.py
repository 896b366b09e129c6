"""Rates, errors and means by group: functions of sums over rows, with bootstrap samples of these sums.

Everything that is told of a group follows from a few sums over its rows, so a sample of all rows is one small table of
sums: the rows are gone through once a sample, however many groups and measures there are.

References
----------
``fairlearn.metrics`` for names and definitions; Efron, B. and Tibshirani, R. (1993), An Introduction to the Bootstrap;
Hochberg, Y. and Tamhane, A. (1987), Multiple Comparison Procedures, for intervals of all differences at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.core.contract import Task

Numbers = NDArray[np.float64]
Sums = Mapping[str, Any]
# Of more classes, rates of single ones are not told.
MOST_CLASSES = 12


@dataclass(frozen=True)
class GroupMeasure:
    """What is told of a group.

    Parameters
    ----------
    name : str
        As fairlearn and scikit-learn call it.
    of : callable
        Sums by their names, shape (..., groups) each, to values of that shape.
    whole : str
        Sum of the rows that it is a share or a mean of.
    part : str, optional
        Sum of those that count, where it is a share.
    judged : bool
        Whether groups are tested by it; others say the same, or follow from what is.
    """

    name: str
    of: Callable[[Sums], Any]
    whole: str = "rows"
    part: str | None = None
    judged: bool = False


def _share(name: str, part: str, whole: str, judged: bool = False) -> GroupMeasure:
    return GroupMeasure(name, lambda sums: sums[part] / sums[whole], whole, part, judged)


def _mean(name: str, part: str, judged: bool = False) -> GroupMeasure:
    return GroupMeasure(name, lambda sums: sums[part] / sums["rows"], judged=judged)


BINARY = (
    _share("selection_rate", "answered", "rows", judged=True),
    _share("true_positive_rate", "hits", "came", judged=True),
    _share("false_positive_rate", "alarms", "stayed", judged=True),
    _share("false_negative_rate", "missed", "came"),
    _share("true_negative_rate", "quiet", "stayed"),
    _share("precision", "hits", "answered", judged=True),
    _share("accuracy", "right", "rows", judged=True),
    GroupMeasure("balanced_accuracy", lambda s: (s["hits"] / s["came"] + s["quiet"] / s["stayed"]) / 2),
    _share("base_rate", "came", "rows"),
    _mean("mean_prediction", "predicted"),
    GroupMeasure("calibration_gap", lambda s: (s["predicted"] - s["came"]) / s["rows"], judged=True),
    _mean("log_loss", "loss"),
)
REGRESSION = (
    _mean("mean_prediction", "predicted", judged=True),
    _mean("mean_target", "target"),
    _mean("mean_error", "error", judged=True),
    _mean("mae", "absolute", judged=True),
    GroupMeasure("rmse", lambda s: (s["squared"] / s["rows"]) ** 0.5),
)
_MULTICLASS = (_share("accuracy", "right", "rows", judged=True), _mean("log_loss", "loss", judged=True))
# Differences and ratios between groups, by fairlearn's names: of which rates the largest differences are meant.
GAPS: dict[Task, dict[str, tuple[str, ...]]] = {
    "binary": {
        "demographic_parity": ("selection_rate",),
        "equalized_odds": ("true_positive_rate", "false_positive_rate"),
        "equal_opportunity": ("true_positive_rate",),
        "false_positive_rate": ("false_positive_rate",),
        "accuracy_score": ("accuracy",),
    },
    "multiclass": {"accuracy_score": ("accuracy",)},
    "regression": {"mean_prediction": ("mean_prediction",), "mean_error": ("mean_error",), "mae": ("mae",)},
}


def measures(task: Task, classes: Sequence[Any] = ()) -> tuple[GroupMeasure, ...]:
    """What is told of each group for a task; of up to twelve classes how often each is answered, and found."""
    if task != "multiclass":
        return BINARY if task == "binary" else REGRESSION
    shown = classes if len(classes) <= MOST_CLASSES else ()
    each = [
        one
        for k, label in enumerate(shown)
        for one in (
            _share(f"selection_rate of {label}", f"answered {k}", "rows", judged=True),
            _share(f"true_positive_rate of {label}", f"hits {k}", f"came {k}"),
        )
    ]
    return (*_MULTICLASS, *each)


def of_two(came: Any, answered: Any, probability: Any) -> dict[str, Numbers]:
    """What each row adds to the sums: two classes.

    Parameters
    ----------
    came : bool array, shape (n,)
        Whether the row is of the class.
    answered : bool or float array, shape (n,)
        Whether it is answered as the class; or the chance that it is, in [0, 1], where chance decides.
    probability : float array, shape (n,)
        Of the class, as the model has it.
    """
    came, answered, predicted = (np.asarray(part, dtype=float) for part in (came, answered, probability))
    loss = -np.log(np.clip(np.where(came > 0, predicted, 1 - predicted), 1e-15, None))
    hits, quiet = came * answered, (1 - came) * (1 - answered)
    return {
        "came": came, "stayed": 1 - came, "answered": answered, "hits": hits, "alarms": answered - hits,
        "missed": came - hits, "quiet": quiet, "right": hits + quiet, "predicted": predicted, "loss": loss,
    }  # fmt: skip


def of_many(truth: Any, probabilities: Any, classes: int) -> dict[str, Numbers]:
    """The same of several classes: places of the true ones, shape (n,), and probabilities, shape (n, classes)."""
    answered = probabilities.argmax(axis=1)
    loss = -np.log(np.clip(probabilities[np.arange(len(truth)), truth], 1e-15, None))
    parts = {"right": (answered == truth).astype(float), "loss": loss}
    for k in range(classes if classes <= MOST_CLASSES else 0):
        came, said = truth == k, answered == k
        parts |= {f"came {k}": came.astype(float), f"answered {k}": said.astype(float)}
        parts |= {f"hits {k}": (came & said).astype(float)}
    return parts


def of_numbers(truth: Any, predicted: Any) -> dict[str, Numbers]:
    """The same of numbers: true and predicted, shape (n,)."""
    truth, predicted = np.asarray(truth, dtype=float), np.asarray(predicted, dtype=float)
    error = predicted - truth
    return {
        "predicted": predicted, "target": truth, "error": error, "absolute": np.abs(error), "squared": error**2,
    }  # fmt: skip


@dataclass(frozen=True)
class Summed:
    """Sums of the rows of each group, and of samples of all rows.

    Parameters
    ----------
    sums : mapping of str to float array, shape (groups,)
        Weighted; ``rows`` is the sum of the weights.
    squares : mapping of str to float array, shape (groups,)
        Sums of squared weights of the rows that count in a sum of ones.
    drawn : mapping of str to float array, shape (samples, groups)
    """

    sums: dict[str, Numbers]
    squares: dict[str, Numbers]
    drawn: dict[str, Numbers]

    def together(self, places: NDArray[np.intp], groups: int) -> Summed:
        """The sums of coarser groups: the place of each of ours among them."""
        member = (places[:, None] == np.arange(groups)).astype(float)

        def added(sums: dict[str, Numbers]) -> dict[str, Numbers]:
            return {name: values @ member for name, values in sums.items()}

        return Summed(added(self.sums), added(self.squares), added(self.drawn))

    def others(self) -> Summed:
        """Of each group the sums of all others."""

        def left(sums: dict[str, Numbers]) -> dict[str, Numbers]:
            return {name: values.sum(axis=-1, keepdims=True) - values for name, values in sums.items()}

        return Summed(left(self.sums), left(self.squares), left(self.drawn))

    def values(self, one: GroupMeasure) -> Numbers:
        """Of each group, shape (groups,); NaN where it has no row that counts."""
        with np.errstate(all="ignore"):
            return np.asarray(one.of(self.sums), dtype=float)

    def samples(self, one: GroupMeasure) -> Numbers:
        """The same of the samples, shape (samples, groups)."""
        with np.errstate(all="ignore"):
            return np.asarray(one.of(self.drawn), dtype=float)

    def effective(self, whole: str) -> Numbers:
        """Rows that count in a sum of ones, effective ones where they have weights; shape (groups,)."""
        squares = self.squares[whole]
        counted: Numbers = np.divide(self.sums[whole] ** 2, squares, out=np.zeros_like(squares), where=squares > 0)
        return counted.round(9)


def summed(
    codes: NDArray[np.intp], groups: int, parts: Mapping[str, Any], weights: Any = None, resamples: int = 500,
    seed: int = 0,
) -> Summed:  # fmt: skip
    """Add up what rows add to the sums of their groups, and do the same for samples of all rows.

    Parameters
    ----------
    codes : int array, shape (n,)
        The group of each row, below ``groups``.
    groups : int
    parts : mapping of str to float array, shape (n,)
        As :func:`of_two` and its like have them.
    weights : float array, shape (n,), optional
        How much each row counts.
    resamples : int
        Samples of as many rows, drawn with replacement, seeded.
    seed : int

    Examples
    --------
    >>> parts = of_numbers([1.0, 2.0, 3.0], [1.0, 2.0, 5.0])
    >>> summed(np.array([0, 0, 1]), 2, parts).sums["error"].tolist()
    [0.0, 2.0]
    """
    n, names = len(codes), ["rows", *parts]
    each = np.ones(n) if weights is None else np.asarray(weights, dtype=float)
    order = np.argsort(codes, kind="stable")
    ends = np.searchsorted(codes[order], np.arange(groups + 1))
    table = np.column_stack([np.ones(n), *parts.values()])[order] * each[order, None]
    totals = _added(table, ends, np.ones(n))
    squares = _added(table**2, ends, np.ones(n))
    rng, drawn = np.random.default_rng(seed), np.empty((resamples, groups, len(names)))
    for k in range(resamples):
        times = np.bincount(rng.integers(0, n, n, dtype=np.int32), minlength=n).astype(float)
        drawn[k] = _added(table, ends, times)
    by_name = enumerate(names)
    return Summed(
        dict(zip(names, totals.T, strict=True)), dict(zip(names, squares.T, strict=True)),
        {name: drawn[:, :, k] for k, name in by_name},
    )  # fmt: skip


def _added(table: Numbers, ends: NDArray[np.intp], times: Numbers) -> Numbers:
    """Sums of the rows between each two ends, each row so many times; shape (groups, parts)."""
    return np.stack([times[low:high] @ table[low:high] for low, high in pairwise(ends)])


def largest_gap(
    values: Sequence[Numbers], samples: Sequence[Numbers], level: float, most: float = float("inf")
) -> tuple[float, float, float]:
    """The largest difference between two groups, of one or several measures, and an interval that holds the true one.

    Of samples the largest difference is never 0, so their percentiles would call any groups different. The interval is
    made of intervals of all differences that hold together: its lower end is 0 unless two groups differ surely.

    Parameters
    ----------
    values : sequence of float array, shape (groups,)
        One a measure; groups without a value are NaN.
    samples : sequence of float array, shape (samples, groups)
        The same of bootstrap samples.
    level : float
        Share of intervals that hold the true difference, in (0, 1).
    most : float
        The largest difference that there can be: 1 of shares.

    Returns
    -------
    (float, float, float)
        Difference and ends, all from 0 on; NaN where fewer than two groups have a value.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> noise = rng.normal(0, 0.01, (200, 2))
    >>> [round(v, 2) for v in largest_gap([np.array([0.5, 0.3])], [np.array([0.5, 0.3]) + noise], 0.9)]
    [0.2, 0.18, 0.22]
    """
    pairs = [
        _pair(one[a] - one[b], drawn[:, a] - drawn[:, b])
        for one, drawn in zip(values, samples, strict=True)
        for a, b in combinations(np.flatnonzero(np.isfinite(one)).tolist(), 2)
    ]
    if not pairs:
        return float("nan"), float("nan"), float("nan")
    apart, errors = np.array([p[:2] for p in pairs]).T
    away = np.stack([p[2] for p in pairs])  # a pair's samples, from its own difference, in standard errors
    critical = float(np.quantile(away.max(axis=0), level))
    low = max(float((apart - critical * errors).max()), 0.0)
    return float(apart.max()), low, min(float((apart + critical * errors).max()), most)


def _pair(difference: float, drawn: Numbers) -> tuple[float, float, Numbers]:
    known = np.where(np.isfinite(drawn), drawn, difference)
    error = float(np.std(known - difference))
    return abs(difference), error, np.abs(known - difference) / (error or 1.0)


def smallest_ratio(
    values: Sequence[Numbers], samples: Sequence[Numbers], wholes: Sequence[Numbers], level: float
) -> tuple[float, float, float]:
    """The smallest ratio of two groups' rates, and its interval, as :func:`largest_gap` of their logarithms.

    Parameters
    ----------
    values, samples, level
        As :func:`largest_gap` takes them; rates from 0 on.
    wholes : sequence of float array, shape (groups,)
        Rows that each rate is of: none is taken as half a row.

    Examples
    --------
    >>> rates = np.array([0.5, 0.25])
    >>> smallest_ratio([rates], [np.full((9, 2), rates)], [np.array([100, 100])], 0.9)[0]
    0.5
    """
    exact = [one[np.isfinite(one)] for one in values]
    ratios = [float(one.min() / one.max()) if one.max() > 0 else float("nan") for one in exact if len(one) > 1]
    known = [ratio for ratio in ratios if ratio == ratio]
    if not known:
        return float("nan"), float("nan"), float("nan")
    with np.errstate(all="ignore"):
        floors = [0.5 / np.maximum(whole, 1) for whole in wholes]
        logs, drawn = (
            [np.log(np.maximum(*pair)) for pair in zip(side, floors, strict=True)] for side in (values, samples)
        )
    _, low, high = largest_gap(logs, drawn, level)
    least = min(known)
    return least, min(float(np.exp(-high)), least), max(float(np.exp(-low)), least)
