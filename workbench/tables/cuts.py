"""A tree's thresholds as limits of the raw column.

A threshold asks of a number after its steps: filled, centred, scaled. Where the steps keep the order, some raw number
is the largest that still lies below the threshold, and is found once by bisection over all doubles. From then on a row
needs no arithmetic: the raw number is compared, and lands on the same side to the last bit.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from workbench.tables.encoders import Array, Numbers, numbers

# Steps whose answer never falls when the number rises; of those in SCALES, where the operand is positive.
RISING = frozenset({"fill", "subtract", "add", "at least", "at most", "single"})
SCALES = frozenset({"divide", "multiply"})
_LARGEST = int(np.iinfo(np.int64).max)


@dataclass(frozen=True, eq=False)
class Cuts:
    """The limits of one raw column.

    Parameters
    ----------
    column : str
        Its name.
    ends : list of float
        In order: the largest raw number on the left of each threshold.
    nothing : int
        Code of a missing value.
    """

    column: str
    ends: list[float]
    nothing: int

    def code(self, value: Any) -> int:
        """How many thresholds a number lies beyond.

        >>> Cuts("age", [17.5, 40.0], 2).code(40.0), Cuts("age", [17.5, 40.0], 2).code(None)
        (1, 2)
        """
        return self.nothing if value is None or value != value else bisect_left(self.ends, value)

    def codes(self, values: Any) -> Array:
        """The code of each, shape (rows,)."""
        raw = numbers(values)
        codes = np.searchsorted(self.ends, raw)
        codes[np.isnan(raw)] = self.nothing
        return codes


def cuts(encoder: Any, made: int, points: Array, rounded: Callable[[Array], Array]) -> Cuts | None:
    """The limits of the column behind one that an encoder makes; None where they can't be found.

    Parameters
    ----------
    encoder : Numbers, or another
        That makes it.
    made : int
        Which of its columns.
    points : float array, shape (thresholds,)
        In order.
    rounded : callable
        Numbers as the trees compare them.
    """
    if not isinstance(encoder, Numbers) or encoder.kind != "number" or not _rises(encoder, made):
        return None

    def below(raw: Array) -> Array:
        with np.errstate(all="ignore"):  # the largest doubles may overflow
            return rounded(encoder.worked(raw, made)) <= points

    low, high = np.full(len(points), _place(-np.inf)), np.full(len(points), _place(np.inf) + 1)
    if not below(_number(low)).all():
        return None  # no number is small enough
    while (high - 1 > low).any():
        middle = (low >> 1) + (high >> 1) + (low & high & 1)
        left = below(_number(middle))
        low, high = np.where(left, middle, low), np.where(left, high, middle)
    nothing = float(rounded(encoder.worked(np.array([np.nan]), made))[0])
    code = len(points) + 1 if np.isnan(nothing) else int(np.searchsorted(points, nothing))
    return Cuts(encoder.columns[encoder.take[made]], _number(low).tolist(), code)


def _rises(encoder: Numbers, column: int) -> bool:
    return all(name in RISING or (name in SCALES and operand[column] > 0) for name, operand in encoder.steps)


def _place(number: float) -> int:
    """Doubles in their order, as whole numbers."""
    bits = int(np.float64(number).view(np.int64))
    return bits if bits >= 0 else -(bits & _LARGEST)


def _number(place: Array) -> Array:
    """The doubles at places."""
    size: Array = np.abs(place).view(np.float64)
    return np.where(place < 0, -size, size)
