"""From predictions of rows that a model has not seen to the numbers that its curves are drawn from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from workbench.core.contract import Task
from workbench.core.evaluation import Bin, Evaluation, Mistaken, Slice, Spread
from workbench.core.grouping import groups_of
from workbench.core.loss import SQUARED, Loss
from workbench.core.measures import Measure, average
from workbench.core.scores import counted_share, effective, scores, share_interval
from workbench.core.thresholds import Thresholds

BINS = 10
# Of each bin's interval, so that all of them hold in nine of ten tables (Šidák).
LEVEL = 0.9 ** (1 / BINS)
# Parts of the range of predictions that are counted.
PARTS = 25
# Points of a regression that are drawn, and labels of a confusion matrix.
MOST_POINTS = 400
MOST_LABELS = 20
MOST_MISTAKEN = 10
# Rows below which a slice says nothing, values of a column that are looked at, slices that are told.
FEWEST = 30
MOST_VALUES = 12
MOST_SLICES = 8
# A slice is told where its loss is larger than that of the others by more than chance does in one of ten tables.
RATE = 0.1
# Standard errors that chance alone exceeds in one of twenty tables.
ONE_IN_TWENTY = 1.645

Numbers = NDArray[np.float64]


def evaluate(
    task: Task,
    classes: Sequence[Any],
    metric: Measure,
    table: pd.DataFrame,
    truth: pd.Series,
    prediction: Any,
    validated: Thresholds | None = None,
    threshold: float | None = None,
    loss: Loss = SQUARED,
    weights: Any = None,
) -> Evaluation:
    """Aggregate how a model answered rows that it had not seen.

    Parameters
    ----------
    task : {"binary", "multiclass", "regression"}
    classes : sequence
        Labels in the order of the probabilities.
    metric : Measure
        The deciding score, for the slices.
    table : pandas.DataFrame, shape (n, features)
        The rows, with the columns that slices are made of.
    truth, prediction : array, shape (n,) or (n, k)
        As :func:`workbench.core.scores.scores` takes them.
    validated : Thresholds, optional
        Binary: what is answered on the validated rows, on which a threshold is chosen.
    threshold : float, optional
        Binary: counted exactly.
    loss : Loss
        Regression: what was fitted by, and so what of the target a prediction is.
    weights : float array, shape (n,), optional
        How much each row counts: shares, means and scores are weighted, and their intervals go by the effective number
        of rows (:func:`workbench.core.scores.effective`).
    """
    predicted = np.asarray(prediction, dtype=float)
    slices = tuple(_slices(task, classes, metric, table, truth, predicted, loss, weights))
    if task == "binary":
        second = (truth == classes[1]).to_numpy()
        at = () if threshold is None else (threshold,)
        return Evaluation(
            len(truth), bins=_shares(predicted, second, weights),
            spread=_spread(0.0, 1.0, predicted[~second], predicted[second]),
            thresholds=Thresholds.of(second, predicted, at, weights), validated=validated, slices=slices,
        )  # fmt: skip
    if task == "multiclass":
        codes = pd.Index(classes).get_indexer(truth)
        labels, confusion = _confusion(classes, codes, predicted.argmax(axis=1), weights)
        right = predicted.argmax(axis=1) == codes
        return Evaluation(
            len(truth), bins=_shares(predicted.max(axis=1), right, weights), labels=labels, confusion=confusion,
            slices=slices, mistaken=tuple(_mistaken(classes, codes, predicted.argmax(axis=1))),
        )  # fmt: skip
    numbers = truth.to_numpy(dtype=float)
    residuals = numbers - predicted
    ends = np.quantile(residuals, [0.005, 0.995])
    return Evaluation(
        len(truth), bins=_came(predicted, numbers, loss, weights),
        spread=_spread(*ends.tolist(), np.clip(residuals, *ends)),
        points=_points(predicted, numbers), slices=slices, below=share_below(loss, numbers, predicted, weights),
    )  # fmt: skip


def share_below(loss: Loss, truth: Any, predicted: Any, weights: Any = None) -> tuple[float, float, float] | None:
    """The share of rows at or below their prediction, with its 90% interval; of medians and quantiles."""
    if loss.share is None:
        return None
    below = np.asarray(truth, dtype=float) <= np.asarray(predicted, dtype=float)
    part, whole = counted_share(below, weights)
    return part / whole, *(share_interval(part, whole) or (0.0, 1.0))


def parted(predicted: Numbers) -> Iterator[NDArray[np.intp]]:
    """Rows in ten parts of as many each, by their predictions; equal predictions are never parted."""
    order = np.argsort(predicted, kind="stable")
    _, firsts = np.unique(predicted[order], return_index=True)
    wanted = np.arange(1, BINS) * len(order) // BINS
    cuts = np.unique(firsts[np.minimum(np.searchsorted(firsts, wanted), len(firsts) - 1)])
    return (rows for rows in np.split(order, cuts) if len(rows))


def _shares(predicted: Numbers, came: NDArray[np.bool_], weights: Any) -> tuple[Bin, ...]:
    """Of each part the share that came true, with Wilson's interval."""
    return tuple(_share(predicted[rows], came[rows], part_of(weights, rows)) for rows in parted(predicted))


def part_of(weights: Any, rows: Any) -> Any:
    """The weights of some rows; None where all rows count the same."""
    return None if weights is None else weights[rows]


def _share(predicted: Numbers, came: NDArray[np.bool_], weights: Any) -> Bin:
    part, whole = counted_share(came, weights)
    low, high = share_interval(part, whole, LEVEL) or (0.0, 1.0)
    return Bin(len(came), average(predicted, weights), part / whole, low, high)


def _came(predicted: Numbers, truth: Numbers, loss: Loss, weights: Any) -> tuple[Bin, ...]:
    """Of each part the mean that came true, with Student's interval; or the quantile that was predicted."""
    if loss.share:
        return tuple(_quantile(predicted[rows], truth[rows], loss.share) for rows in parted(predicted))
    return tuple(_mean(predicted[rows], truth[rows], part_of(weights, rows)) for rows in parted(predicted))


def _quantile(predicted: Numbers, truth: Numbers, share: float) -> Bin:
    """The quantile of what came true, less what differs among the predictions themselves.

    Its interval is that of the order statistics between which it lies (binomial), which no distribution is asked of.
    """
    off = np.sort(truth - predicted)
    ends = stats.binom.ppf([(1 - LEVEL) / 2, (1 + LEVEL) / 2], len(off), share).astype(int)
    low, high = off[np.clip([ends[0] - 1, ends[1]], 0, len(off) - 1)]
    middle = float(predicted.mean())
    came = float(np.quantile(off, share, method="inverted_cdf"))
    return Bin(len(off), middle, middle + came, middle + float(low), middle + float(high))


def _mean(predicted: Numbers, truth: Numbers, weights: Any) -> Bin:
    came = average(truth, weights)
    _, deviation, rows = moments(truth - predicted, weights)
    half = float(stats.t.ppf((1 + LEVEL) / 2, rows - 1) * deviation / rows**0.5) if rows > 1 else 0.0
    return Bin(len(truth), average(predicted, weights), came, came - half, came + half)


def moments(values: Numbers, weights: Any = None) -> tuple[float, float, float]:
    """Mean, standard deviation and number of rows, the effective one where they have weights.

    >>> moments(np.array([1.0, 3.0])) == moments(np.array([1.0, 3.0]), np.array([2.0, 2.0]))
    True
    """
    if weights is None:
        return float(values.mean()), float(values.std(ddof=1)), len(values)
    mean, rows = average(values, weights), effective(weights)
    variance = average((values - mean) ** 2, weights)
    return mean, float((variance * rows / (rows - 1)) ** 0.5) if rows > 1 else float("nan"), rows


def above_chance(values: Numbers, weights: Any = None) -> bool:
    """Whether the mean is above 0 by more than chance is in one of twenty tables.

    >>> above_chance(np.array([1.0, 2.0, 1.5])), above_chance(np.array([1.0, -2.0, 1.5]))
    (True, False)
    """
    mean, deviation, rows = moments(values, weights)
    return mean > ONE_IN_TWENTY * deviation / rows**0.5


def _spread(low: float, high: float, *predicted: Numbers) -> Spread:
    if not (np.diff(np.linspace(low, high, PARTS + 1)) > 0).all():  # equal, but for the last digits
        high = low + max(1.0, abs(low))
    counted = (np.histogram(one, PARTS, (low, high))[0] for one in predicted)
    return Spread(low, high, tuple(tuple(counts.tolist()) for counts in counted))


def _points(predicted: Numbers, truth: Numbers) -> tuple[tuple[float, float], ...]:
    order = np.argsort(predicted, kind="stable")
    drawn = order[np.unique(np.linspace(0, len(order) - 1, min(MOST_POINTS, len(order))).round().astype(int))]
    return tuple(zip(predicted[drawn].tolist(), truth[drawn].tolist(), strict=True))


def _confusion(
    classes: Sequence[Any], truth: NDArray[np.intp], answered: NDArray[np.intp], weights: Any = None
) -> tuple[tuple[str, ...], tuple[tuple[float, ...], ...]]:
    """Labels, and how many rows of each were answered as which; of many classes the rarest are counted together.

    Where rows have weights, these are effective rows.
    """
    shown = np.arange(len(classes))
    if len(classes) > MOST_LABELS:
        shown = np.sort(np.argsort(-np.bincount(truth, minlength=len(classes)), kind="stable")[: MOST_LABELS - 1])
    place = np.full(len(classes), len(shown))
    place[shown] = np.arange(len(shown))
    labels = [str(classes[k]) for k in shown.tolist()]
    if len(shown) < len(classes):
        labels.append(f"{len(classes) - len(shown)} rarer ones")
    each: Any = 1 if weights is None else weights * (effective(weights) / weights.sum())
    counts = np.zeros((len(labels), len(labels)), dtype=int if weights is None else float)
    np.add.at(counts, (place[truth], place[answered]), each)
    return tuple(labels), tuple(tuple(row) for row in counts.tolist())


def _mistaken(classes: Sequence[Any], truth: NDArray[np.intp], answered: NDArray[np.intp]) -> Iterator[Mistaken]:
    """Of many classes, those that are most often answered for another; once is no often."""
    if len(classes) <= MOST_LABELS:
        return
    pairs, rows = np.unique(np.stack([truth, answered])[:, truth != answered], axis=1, return_counts=True)
    whole = np.bincount(truth, minlength=len(classes))
    for k in np.argsort(-rows, kind="stable")[:MOST_MISTAKEN]:
        if rows[k] > 1:
            true, other = pairs[:, k].tolist()
            yield Mistaken(str(classes[true]), str(classes[other]), int(rows[k]), int(whole[true]))


def _slices(
    task: Task, classes: Sequence[Any], metric: Measure, table: pd.DataFrame, truth: pd.Series, predicted: Numbers,
    by: Loss, weights: Any = None,
) -> Iterator[Slice]:  # fmt: skip
    """Where the loss is larger than elsewhere by more than chance, with the deciding score of those rows."""
    loss = losses(task, classes, truth, predicted, by)
    found = [(name, value, rows) for name in table.columns for value, rows in _parts_of(table[name])]
    if not found:
        return
    p_values = _more_by_chance(loss, [rows for *_, rows in found], weights)
    order = np.argsort(p_values, kind="stable")
    corrected = holm(p_values)
    for k in order[:MOST_SLICES].tolist():
        p_value = float(corrected[k])
        if p_value <= RATE:
            name, value, rows = found[k]
            there = part_of(weights, rows)
            score = scores(task, truth[rows], predicted[rows], classes, metric, resamples=100, others=(), weights=there)
            mean, others = average(loss[rows], there), average(loss[~rows], part_of(weights, ~rows))
            yield Slice(str(name), value, int(rows.sum()), mean, others, p_value, _first(score, metric))


def holm(p_values: NDArray[np.float64]) -> NDArray[np.float64]:
    """P-values that hold together, by Holm's correction.

    Examples
    --------
    >>> holm(np.array([0.01, 0.04, 0.03])).tolist()
    [0.03, 0.06, 0.06]
    """
    order = np.argsort(p_values, kind="stable")
    corrected = np.empty(len(p_values))
    steps = p_values[order] * np.arange(len(order), 0, -1)
    corrected[order] = np.minimum(1.0, np.maximum.accumulate(steps)) if len(order) else steps
    return corrected


def _more_by_chance(losses: Numbers, parts: Sequence[NDArray[np.bool_]], weights: Any) -> Numbers:
    """Probabilities that chance alone makes the losses of parts so much larger than the others', by Welch's test."""
    inside, outside = (
        np.array([moments(losses[rows], part_of(weights, rows)) for rows in sides]).T
        for sides in (parts, [~rows for rows in parts])
    )
    told = ((inside[1] > 0) | (outside[1] > 0)) & (np.minimum(inside[2], outside[2]) >= 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        test = stats.ttest_ind_from_stats(*inside, *outside, equal_var=False, alternative="greater")
    return np.where(told, test.pvalue, 1.0)


def _first(measured: Sequence[Any], metric: Measure) -> Any:
    return next((one for one in measured if one.name == metric.name), None)


def losses(task: Task, classes: Sequence[Any], truth: pd.Series, predicted: Numbers, loss: Loss = SQUARED) -> Numbers:
    """Of each row: how improbable what came true was (log loss), or how far off the number is, shape (n,)."""
    if task == "regression":
        off: Numbers = loss.of_rows(truth.to_numpy(dtype=float), predicted)
        return off
    codes = pd.Index(classes).get_indexer(truth)
    each = np.column_stack([1 - predicted, predicted]) if task == "binary" else predicted
    return -np.log(np.clip(each[np.arange(len(codes)), codes], 1e-15, None))


def _parts_of(column: pd.Series) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """The parts of a column that enough rows have, and enough have not."""
    codes, names = groups_of(column, most=MOST_VALUES)
    sizes = np.bincount(codes, minlength=len(names))
    enough = np.flatnonzero((sizes >= FEWEST) & (sizes <= len(column) - FEWEST))
    return ((names[code], codes == code) for code in enough.tolist())
