"""Strips of dots: what a column adds to each row, along one axis."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
Integers = NDArray[np.intp]
# Places along the axis, and dots above each other.
PLACES, STACKED = 140, 11


@dataclass(frozen=True)
class Swarm:
    """A strip of dots, a dot for up to ``rows`` rows that have nearly the same effect, low values below high ones.

    Parameters
    ----------
    places, heights : array of int, shape (dots,)
        Along the axis from 0, and in half dots from the middle.
    levels : array of int, shape (dots,)
        Of the value, from 0 (low) to 6 (high); 7 where it is missing.
    rows : int
        Rows that a dot stands for, at most.
    """

    places: Integers
    heights: Integers
    levels: Integers
    rows: int


def swarm(
    effects: Numbers, values: Integers, axis: tuple[float, float], across: int = PLACES, stacked: int = STACKED
) -> Swarm:
    """Dots along an axis: above each other where many rows have nearly the same effect, low values below.

    >>> one = swarm(np.array([0.0, 0.0, 1.0]), np.array([6, 0, 3]), (0.0, 1.0))
    >>> one.places.tolist(), one.heights.tolist(), one.levels.tolist()
    ([0, 0, 139], [-1, 1, 0], [0, 6, 3])
    """
    places = slots(effects, *axis, across)
    sorted_ = np.lexsort((values, places))
    counts = np.bincount(places, minlength=across)
    size = max(-(-int(counts.max(initial=1)) // stacked), 1)
    starts = np.cumsum(counts) - counts
    within = np.arange(len(places)) - starts[places[sorted_]]
    first = np.flatnonzero(within % size == 0)
    at = places[sorted_[first]]
    middle = np.minimum(first + size // 2, (starts + counts - 1)[at])
    heights = 2 * (within[first] // size) - (-(-counts[at] // size) - 1)
    return Swarm(at, heights, values[sorted_[middle]], size)


def slots(values: Numbers, low: float, high: float, count: int) -> Integers:
    """Which of ``count`` equal parts of a range each value lies in; what is beyond it lies in the last one."""
    return np.clip((values - low) / ((high - low) or 1.0) * count, 0, count - 1).astype(np.intp)
