"""Average ranks of one column, as :func:`scipy.stats.rankdata` gives them."""

from __future__ import annotations

import numpy as np


def average_ranks(values: np.ndarray) -> np.ndarray:
    """Ranks from 1 on of numbers without NaN, shape (n,); equal ones share the mean of theirs.

    >>> average_ranks(np.array([10.0, 30.0, 10.0])).tolist()
    [1.5, 3.0, 1.5]
    """
    order = np.argsort(values)
    ordered = values[order]
    first = np.flatnonzero(np.append(ordered.size > 0, ordered[1:] != ordered[:-1]))
    rows = np.diff(first, append=ordered.size)
    ranks = np.empty(ordered.size)
    ranks[order] = np.repeat(first + (rows + 1) / 2, rows)
    return ranks
