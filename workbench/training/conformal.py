"""Conformal prediction: from validated predictions to what a prediction leaves open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import ceil, floor
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from workbench.core.contract import Task
from workbench.core.scores import counted_share, share_interval
from workbench.core.uncertainty import Uncertainty

LEVEL = 0.9
# Parts by the prediction that have offsets of their own, and rows that each must have.
MOST_PARTS, FEWEST = 10, 200

Numbers = NDArray[np.float64]


def uncertainty(
    task: Task,
    classes: Sequence[Any],
    validated: tuple[pd.Series, Any],
    held: tuple[pd.Series, Any],
    level: float = LEVEL,
    floor: float | None = None,
    weights: tuple[Any, Any] = (None, None),
) -> Uncertainty | None:
    """What predictions leave open, found on validated rows and checked on the hold-out.

    Parameters
    ----------
    task : {"binary", "multiclass", "regression"}
    classes : sequence
        Labels in the order of the probabilities.
    validated, held : (truth, prediction)
        Of the validated rows and of the hold-out, as :func:`workbench.core.scores.scores` takes them.
    level : float
        Share of rows whose truth is to be held, in (0, 1).
    floor : float, optional
        Below which no truth lies: 0 of counts.
    weights : (array or None, array or None)
        How much the validated rows, and those of the hold-out, count: the share is of weights then.

    Returns
    -------
    Uncertainty, or None where there are too few rows to promise that much.
    """
    truth, predicted = validated[0], np.asarray(validated[1], dtype=float)
    if task == "regression":
        found = _of_numbers(truth.to_numpy(dtype=float), predicted, level, weights[0])
    else:
        found = _of_classes(_of_truth(classes, truth, predicted), level, weights[0])
    found = found and replace(found, floor=floor)
    return found and replace(found, held=_held(found, classes, *held, weights[1]))


def _of_numbers(truth: Numbers, predicted: Numbers, level: float, weights: Any = None) -> Uncertainty | None:
    """Offsets at which the residuals of each part begin and end, but for their share in both tails."""
    if _first(len(truth), level) < 1:
        return None
    parts = max(1, min(MOST_PARTS, len(truth) // FEWEST))
    edges = np.unique(np.quantile(predicted, np.arange(1, parts) / parts))
    part = np.searchsorted(edges, predicted, side="right")
    rows = [part == k for k in range(len(edges) + 1)]
    if min(each.sum() for each in rows) < FEWEST:  # many rows have the same prediction
        edges, rows = edges[:0], [np.ones(len(truth), dtype=bool)]
    residuals = truth - predicted
    ends = [_tails(residuals[each], level, None if weights is None else weights[each]) for each in rows]
    low, high = (tuple(float(end) for end in side) for side in zip(*ends, strict=True))
    return Uncertainty(level, len(truth), tuple(edges.tolist()), low, high)


def _tails(residuals: Numbers, level: float, weights: Any) -> tuple[float, float]:
    """The residuals outside of which either tail has half of what is left out."""
    if weights is None:
        ordered, first = np.sort(residuals), _first(len(residuals), level)
        return ordered[first - 1], ordered[len(ordered) - first]
    aside = (1 - level) / 2
    return _reached(residuals, weights, aside), -_reached(-residuals, weights, aside)


def _reached(values: Numbers, weights: Numbers, share: float) -> float:
    """The largest value up to which no more than a share of the weights lies, those of one more row counted in.

    That row is the one to be predicted; it counts as rows do in the mean (Tibshirani, R. J. and others, 2019, Conformal
    prediction under covariate shift). With equal weights this is the order statistic that it is without them.
    """
    order = np.argsort(values, kind="stable")
    counted = np.cumsum(weights[order]) / weights.mean()
    place = int(np.searchsorted(counted, (len(values) + 1) * share + 1e-6, side="right")) - 1
    return float(values[order[max(place, 0)]])


def _first(rows: int, level: float) -> int:
    """Which residual, in order, is the last one left out below; 0 where there are too few to leave any out."""
    return floor((rows + 1) * (1 - level) / 2 + 1e-9)


def _of_classes(probability: Numbers, level: float, weights: Any = None) -> Uncertainty | None:
    """The probability that the true class has at least, in the wanted share of the rows."""
    rank = ceil((len(probability) + 1) * level - 1e-9)
    if rank > len(probability):
        return None
    if weights is None:
        return Uncertainty(level, len(probability), least=float(-np.sort(-probability)[rank - 1]))
    order = np.argsort(-probability, kind="stable")
    counted = np.cumsum(weights[order]) / weights.mean()
    place = int(np.searchsorted(counted, (len(probability) + 1) * level - 1e-6))
    return Uncertainty(level, len(probability), least=float(probability[order[min(place, len(order) - 1)]]))


def _of_truth(classes: Sequence[Any], truth: pd.Series, predicted: Numbers) -> Numbers:
    """The probability of each row's true class."""
    each = predicted if predicted.ndim == 2 else np.column_stack([1 - predicted, predicted])
    probability: Numbers = each[np.arange(len(each)), pd.Index(classes).get_indexer(truth)]
    return probability


def _held(
    found: Uncertainty, classes: Sequence[Any], truth: pd.Series, prediction: Any, weights: Any = None
) -> tuple[float, float, float]:
    predicted = np.asarray(prediction, dtype=float)
    if classes:
        held = found.masks(predicted)[np.arange(len(truth)), pd.Index(classes).get_indexer(truth)]
    else:
        held = truth.astype(float).between(*found.intervals(predicted)).to_numpy()
    part, rows = counted_share(held, weights)
    return part / rows, *(share_interval(part, rows) or (0.0, 1.0))
