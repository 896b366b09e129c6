"""Rows that are worth a look: where the model is most wrong or least sure, and some from the lowest to the highest."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from workbench.core.explanation import Explanation
from workbench.core.json_values import MASK

Numbers = NDArray[np.float64]
Integers = NDArray[np.intp]
# Of each list.
LISTED = 100


def found_by(explanation: Explanation, name: str, text: str, most: int = LISTED) -> list[int]:
    """Rows in whose column a text stands: those that are called exactly so first, then as they begin, then any.

    Parameters
    ----------
    explanation : Explanation
        With its rows.
    name : str
        A column; of one that is masked, or not there, no row is found.
    text : str
        Upper and lower case are the same. Nothing finds nothing.
    most : int
        Rows at most.
    """
    wanted, column = text.strip().casefold(), explanation.columns.get(name, ())
    if not wanted or MASK in column:
        return []
    told = [(row, str(value).casefold()) for row, value in enumerate(column) if value is not None]
    held = [(row, one) for row, one in told if wanted in one]
    return [row for row, one in sorted(held, key=lambda item: _far(item[1], wanted))][:most]


def _far(told: str, wanted: str) -> int:
    return 0 if told == wanted else 1 if told.startswith(wanted) else 2


def lists(explanation: Explanation, most: int = LISTED) -> dict[str, Integers]:
    """Rows worth a look: the worst errors, those nearest to the threshold, and some from the lowest to the highest.

    Returns
    -------
    dict of str to array of int
        ``errors`` where the truth is known, ``threshold`` of a decision between two classes, and ``range``.
    """
    found = {}
    wrong, predictions = errors(explanation), explanation.predictions
    if wrong is not None:
        known = np.flatnonzero(~np.isnan(wrong))
        found["errors"] = known[np.argsort(-wrong[known], kind="stable")][:most]
    if explanation.threshold is not None and predictions is not None:
        away = np.abs(np.asarray(predictions, dtype=float) - explanation.threshold)
        found["threshold"] = np.argsort(away, kind="stable")[:most]
    outputs = np.argsort(np.asarray(explanation.outputs, dtype=float), kind="stable")
    even = np.linspace(0, len(outputs) - 1, min(most, len(outputs)))
    return {**found, "range": outputs[np.rint(even).astype(np.intp)]}


def errors(explanation: Explanation) -> Numbers | None:
    """How far each prediction is from the truth: of a class, one less the probability of the true side; NaN unknown.

    None where no truth is known, or nothing was predicted.
    """
    if explanation.truth is None or explanation.predictions is None:
        return None
    known = np.array([v is not None for v in explanation.truth])
    predictions = np.asarray(explanation.predictions, dtype=float)
    if explanation.label is None:
        truth = np.array([np.nan if v is None else float(v) for v in explanation.truth])
    else:
        truth = np.array([v == explanation.label for v in explanation.truth], dtype=float)
    return np.where(known, np.abs(truth - predictions), np.nan)
