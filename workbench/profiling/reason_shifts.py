"""What the change of a column does to a model's mean output: how it is spread now, by what its values add.

Of each part of a column's values the tables of reasons tell what it added on average. With the shares of these parts in
later rows that is the mean effect which the model would have there, if only this column had changed.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.core.profile import ColumnProfile
from workbench.core.reasons import ColumnReasons
from workbench.profiling.statistics import distribution

Numbers = NDArray[np.float64]


def shift(reference: ColumnReasons, current: ColumnProfile) -> float | None:
    """By how much a column's change moves the mean output.

    Parameters
    ----------
    reference : ColumnReasons
        What the column held and added when the model was explained.
    current : ColumnProfile
        What it holds now.

    Returns
    -------
    float or None
        In the unit of the reasons; None where the tables do not tell what its values add, as of sensitive columns.
    """
    held = _held(reference, current)
    if held is None or not held.sum():
        return None
    counts = np.asarray(reference.counts, dtype=float)
    rows = counts.sum(axis=1)
    # A part that the reference never saw adds what its neighbours are not known to: nothing is said of it.
    effects = np.divide(counts @ _centres(reference), rows, out=np.full(len(rows), reference.mean), where=rows > 0)
    return float((held / held.sum()) @ effects - reference.mean)


def _held(reference: ColumnReasons, current: ColumnProfile) -> Numbers | None:
    """Rows by what they hold, in the parts of the reference; the last is of all others."""
    if reference.given and current.state.get("moments") is not None:
        values, weights, _ = distribution(current.state)
        lines = np.searchsorted(reference.given, values, side="right")
        counted = np.bincount(lines, weights, minlength=len(reference.given) + 1)
        return np.append(counted * (current.count / max(counted.sum(), 1.0)), current.missing)
    counts = current.state.get("counts")
    if reference.levels and counts is not None:
        place = {level: k for k, level in enumerate(reference.levels)}
        lines = np.array([place.get(str(value), len(place)) for value, _ in counts], dtype=np.intp)
        rows = np.array([n for _, n in counts], dtype=float)
        return np.bincount(lines, rows, minlength=len(place) + 1) + _last(len(place) + 1, current.missing)
    return None


def _last(length: int, value: float) -> Numbers:
    return np.append(np.zeros(length - 1), float(value))


def _centres(reference: ColumnReasons) -> Numbers:
    """What each part of the effects stands for: its middle, moved so that all together have the mean that they had."""
    edges = np.asarray(reference.edges, dtype=float)
    shares: Any = np.asarray(reference.shares, dtype=float)
    if not len(edges):
        return np.array([reference.mean])
    half = np.diff(edges).mean() / 2 if len(edges) > 1 else abs(edges[0]) / 2
    middles = np.concatenate([[edges[0] - half], (edges[1:] + edges[:-1]) / 2, [edges[-1] + half]])
    return np.asarray(middles + (reference.mean - shares @ middles))
