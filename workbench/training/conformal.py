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
from workbench.core.scores import share_interval
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

    Returns
    -------
    Uncertainty, or None where there are too few rows to promise that much.
    """
    truth, predicted = validated[0], np.asarray(validated[1], dtype=float)
    if task == "regression":
        found = _of_numbers(truth.to_numpy(dtype=float), predicted, level)
    else:
        found = _of_classes(_of_truth(classes, truth, predicted), level)
    found = found and replace(found, floor=floor)
    return found and replace(found, held=_held(found, classes, *held))


def _of_numbers(truth: Numbers, predicted: Numbers, level: float) -> Uncertainty | None:
    """Offsets at which the residuals of each part begin and end, but for their share in both tails."""
    if _first(len(truth), level) < 1:
        return None
    parts = max(1, min(MOST_PARTS, len(truth) // FEWEST))
    edges = np.unique(np.quantile(predicted, np.arange(1, parts) / parts))
    part = np.searchsorted(edges, predicted, side="right")
    residuals = [np.sort((truth - predicted)[part == k]) for k in range(len(edges) + 1)]
    if min(map(len, residuals)) < FEWEST:  # many rows have the same prediction
        edges, residuals = edges[:0], [np.sort(truth - predicted)]
    ends = [(r[_first(len(r), level) - 1], r[len(r) - _first(len(r), level)]) for r in residuals]
    low, high = (tuple(float(end) for end in side) for side in zip(*ends, strict=True))
    return Uncertainty(level, len(truth), tuple(edges.tolist()), low, high)


def _first(rows: int, level: float) -> int:
    """Which residual, in order, is the last one left out below; 0 where there are too few to leave any out."""
    return floor((rows + 1) * (1 - level) / 2 + 1e-9)


def _of_classes(probability: Numbers, level: float) -> Uncertainty | None:
    """The probability that the true class has at least, in the wanted share of the rows."""
    rank = ceil((len(probability) + 1) * level - 1e-9)
    if rank > len(probability):
        return None
    return Uncertainty(level, len(probability), least=float(-np.sort(-probability)[rank - 1]))


def _of_truth(classes: Sequence[Any], truth: pd.Series, predicted: Numbers) -> Numbers:
    """The probability of each row's true class."""
    each = predicted if predicted.ndim == 2 else np.column_stack([1 - predicted, predicted])
    probability: Numbers = each[np.arange(len(each)), pd.Index(classes).get_indexer(truth)]
    return probability


def _held(found: Uncertainty, classes: Sequence[Any], truth: pd.Series, prediction: Any) -> tuple[float, float, float]:
    predicted, rows = np.asarray(prediction, dtype=float), len(truth)
    if classes:
        hits = int(found.masks(predicted)[np.arange(rows), pd.Index(classes).get_indexer(truth)].sum())
    else:
        low, high = found.intervals(predicted)
        hits = int(truth.astype(float).between(low, high).sum())
    return hits / rows, *(share_interval(hits, rows) or (0.0, 1.0))
