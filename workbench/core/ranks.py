"""Average ranks of one column, as :func:`scipy.stats.rankdata` gives them."""

from __future__ import annotations

import numpy as np


def average_ranks(values: np.ndarray) -> np.ndarray:
    """Ranks from 1 on of numbers without NaN, shape (n,); equal ones share the mean of theirs.

    >>> average_ranks(np.array([10.0, 30.0, 10.0])).tolist()
    [1.5, 3.0, 1.5]
    """
    if are_close_together(values):
        return _of_places((values - values.min()).astype(np.intp))
    order = np.argsort(values)
    ordered = values[order]
    first = np.flatnonzero(np.append(ordered.size > 0, ordered[1:] != ordered[:-1]))
    rows = np.diff(first, append=ordered.size)
    ranks = np.empty(ordered.size)
    ranks[order] = np.repeat(first + (rows + 1) / 2, rows)
    return ranks


def are_close_together(values: np.ndarray) -> bool:
    """Whether all are whole and as close together as they are many: then nothing need be sorted."""
    if not values.size or float(values.max()) - float(values.min()) >= values.size:
        return False
    return values.dtype.kind == "i" or bool((values == np.rint(values)).all())


def _of_places(places: np.ndarray) -> np.ndarray:
    rows = np.bincount(places)
    return (np.cumsum(rows) - rows + (rows + 1) / 2)[places]
