"""From predictions of rows that a model has not seen to the numbers that its curves are drawn from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from workbench.core.contract import Task
from workbench.core.evaluation import Bin, Evaluation, Mistaken, Slice, Spread
from workbench.core.loss import SQUARED, Loss
from workbench.core.measures import Measure
from workbench.core.metric import short
from workbench.core.scores import scores, share_interval
from workbench.core.thresholds import Thresholds
from workbench.core.wording import worded

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
    """
    predicted = np.asarray(prediction, dtype=float)
    slices = tuple(_slices(task, classes, metric, table, truth, predicted, loss))
    if task == "binary":
        second = (truth == classes[1]).to_numpy()
        at = () if threshold is None else (threshold,)
        return Evaluation(
            len(truth), bins=_shares(predicted, second),
            spread=_spread(0.0, 1.0, predicted[~second], predicted[second]),
            thresholds=Thresholds.of(second, predicted, at), validated=validated, slices=slices,
        )  # fmt: skip
    if task == "multiclass":
        codes = pd.Index(classes).get_indexer(truth)
        labels, confusion = _confusion(classes, codes, predicted.argmax(axis=1))
        right = predicted.argmax(axis=1) == codes
        return Evaluation(
            len(truth), bins=_shares(predicted.max(axis=1), right), labels=labels, confusion=confusion, slices=slices,
            mistaken=tuple(_mistaken(classes, codes, predicted.argmax(axis=1))),
        )  # fmt: skip
    numbers = truth.to_numpy(dtype=float)
    residuals = numbers - predicted
    ends = np.quantile(residuals, [0.005, 0.995])
    return Evaluation(
        len(truth), bins=_came(predicted, numbers, loss), spread=_spread(*ends.tolist(), np.clip(residuals, *ends)),
        points=_points(predicted, numbers), slices=slices, below=share_below(loss, numbers, predicted),
    )  # fmt: skip


def share_below(loss: Loss, truth: Any, predicted: Any) -> tuple[float, float, float] | None:
    """The share of rows at or below their prediction, with its 90% interval; of medians and quantiles."""
    if loss.share is None:
        return None
    hits = int((np.asarray(truth, dtype=float) <= np.asarray(predicted, dtype=float)).sum())
    return hits / len(truth), *(share_interval(hits, len(truth)) or (0.0, 1.0))


def parted(predicted: Numbers) -> Iterator[NDArray[np.intp]]:
    """Rows in ten parts of as many each, by their predictions; equal predictions are never parted."""
    order = np.argsort(predicted, kind="stable")
    _, firsts = np.unique(predicted[order], return_index=True)
    wanted = np.arange(1, BINS) * len(order) // BINS
    cuts = np.unique(firsts[np.minimum(np.searchsorted(firsts, wanted), len(firsts) - 1)])
    return (rows for rows in np.split(order, cuts) if len(rows))


def _shares(predicted: Numbers, came: NDArray[np.bool_]) -> tuple[Bin, ...]:
    """Of each part the share that came true, with Wilson's interval."""
    return tuple(_share(float(predicted[rows].mean()), int(came[rows].sum()), len(rows)) for rows in parted(predicted))


def _share(predicted: float, part: int, rows: int) -> Bin:
    low, high = share_interval(part, rows, LEVEL) or (0.0, 1.0)
    return Bin(rows, predicted, part / rows, low, high)


def _came(predicted: Numbers, truth: Numbers, loss: Loss) -> tuple[Bin, ...]:
    """Of each part the mean that came true, with Student's interval; or the quantile that was predicted."""
    share = loss.share
    found = partial(_quantile, share=share) if share else _mean
    return tuple(found(predicted[rows], truth[rows]) for rows in parted(predicted))


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


def _mean(predicted: Numbers, truth: Numbers) -> Bin:
    came, rows = float(truth.mean()), len(truth)
    half = float(stats.t.ppf((1 + LEVEL) / 2, rows - 1) * stats.sem(truth - predicted)) if rows > 1 else 0.0
    return Bin(rows, float(predicted.mean()), came, came - half, came + half)


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
    classes: Sequence[Any], truth: NDArray[np.intp], answered: NDArray[np.intp]
) -> tuple[tuple[str, ...], tuple[tuple[int, ...], ...]]:
    """Labels, and how many rows of each were answered as which; of many classes the rarest are counted together."""
    shown = np.arange(len(classes))
    if len(classes) > MOST_LABELS:
        shown = np.sort(np.argsort(-np.bincount(truth, minlength=len(classes)), kind="stable")[: MOST_LABELS - 1])
    place = np.full(len(classes), len(shown))
    place[shown] = np.arange(len(shown))
    labels = [str(classes[k]) for k in shown.tolist()]
    if len(shown) < len(classes):
        labels.append(f"{len(classes) - len(shown)} rarer ones")
    counts = np.zeros((len(labels), len(labels)), dtype=int)
    np.add.at(counts, (place[truth], place[answered]), 1)
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
    by: Loss,
) -> Iterator[Slice]:  # fmt: skip
    """Where the loss is larger than elsewhere by more than chance, with the deciding score of those rows."""
    loss = losses(task, classes, truth, predicted, by)
    found = [(name, value, rows) for name in table.columns for value, rows in _parts_of(table[name])]
    if not found:
        return
    p_values = np.array([_more_by_chance(loss[rows], loss[~rows]) for *_, rows in found])
    order = np.argsort(p_values, kind="stable")
    corrected = np.minimum(1.0, np.maximum.accumulate(p_values[order] * np.arange(len(order), 0, -1)))
    for k, p_value in list(zip(order.tolist(), corrected.tolist(), strict=True))[:MOST_SLICES]:
        if p_value <= RATE:
            name, value, rows = found[k]
            score = scores(task, truth[rows], predicted[rows], classes, metric, resamples=100)
            mean, others = float(loss[rows].mean()), float(loss[~rows].mean())
            yield Slice(str(name), value, int(rows.sum()), mean, others, p_value, _first(score, metric))


def _more_by_chance(losses: Numbers, others: Numbers) -> float:
    """Probability that chance alone makes the losses so much larger than the others, by Welch's test."""
    moments = [(one.mean(), one.std(ddof=1), len(one)) for one in (losses, others)]
    if not any(deviation for _, deviation, _ in moments):
        return 1.0
    return float(stats.ttest_ind_from_stats(*moments[0], *moments[1], equal_var=False, alternative="greater").pvalue)


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
    return ((name, rows) for name, rows in values_of(column) if FEWEST <= rows.sum() <= len(column) - FEWEST)


def values_of(column: pd.Series) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """The commonest values of a column, or the quarters of its range, and what is missing, each with its rows.

    Parameters
    ----------
    column : pandas.Series, shape (n,)

    Examples
    --------
    >>> [(name, int(rows.sum())) for name, rows in values_of(pd.Series(["a", "b", "a", None]))]
    [('missing', 1), ("'a'", 2), ("'b'", 1)]
    """
    yield "missing", column.isna().to_numpy()
    yield from _quarters(column) if _is_many_numbers(column) else _values(column)


def _is_many_numbers(column: pd.Series) -> bool:
    orders = pd.api.types.is_numeric_dtype(column) or pd.api.types.is_datetime64_any_dtype(column)
    return orders and not pd.api.types.is_bool_dtype(column) and column.nunique() > MOST_VALUES


def _values(column: pd.Series) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    for value in column.value_counts().index[:MOST_VALUES]:
        yield worded(value), (column == value).fillna(False).to_numpy(dtype=bool)


def _quarters(column: pd.Series) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    ordered = column if pd.api.types.is_numeric_dtype(column) else column.astype("int64").where(column.notna())
    numbers = ordered.to_numpy(dtype=float, na_value=np.nan)
    ends = np.unique(np.nanquantile(numbers, [0.0, 0.25, 0.5, 0.75, 1.0]))
    for k, (low, high) in enumerate(pairwise(ends)):
        last = k == len(ends) - 2
        rows = (numbers >= low) & ((numbers <= high) if last else (numbers < high))
        yield _range(column, low, high), rows


def _range(column: pd.Series, low: float, high: float) -> str:
    if pd.api.types.is_numeric_dtype(column):
        return f"{short(low)} to {short(high)}"
    first, last = (pd.Timestamp(int(end), unit=column.dt.unit) for end in (low, high))
    return f"{first:%Y-%m-%d} to {last:%Y-%m-%d}"
