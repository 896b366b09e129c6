"""Statistics that merge: moments, quantile sketches, distinct counts, histograms."""

from __future__ import annotations

import base64
import math
import sys
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from datasketches import kll_doubles_sketch as Sketch  # noqa: N812 - a class, in its library's lower case

from workbench.core.profile import Histogram

# Rank error 0.3 % (99 of 100 sketches), 23 kB a column however long the table is.
SKETCH_K = 1000
QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
# Smallest hashes that are kept to estimate the number of distinct values; relative error about 1/sqrt(512) = 4 %.
HASHES = 512

Array = np.ndarray


@dataclass(frozen=True)
class Moments:
    """Count, mean and central sums of the second to fourth power.

    References
    ----------
    P. Pébay (2008). Formulas for Robust, One-Pass Parallel Computation of Covariances and Arbitrary-Order Statistical
    Moments. Sandia Report SAND2008-6212.

    Examples
    --------
    >>> both = Moments.of(np.array([1.0, 2.0])).merge(Moments.of(np.array([6.0])))
    >>> both.mean, both.sd
    (3.0, 2.6457513110645907)
    """

    n: int = 0
    mean: float = 0.0
    m2: float = 0.0
    m3: float = 0.0
    m4: float = 0.0

    @classmethod
    def of(cls, values: Array) -> Moments:
        """Moments of finite numbers, shape (n,)."""
        if not values.size:
            return cls()
        with np.errstate(over="ignore", invalid="ignore"):
            mean = float(values.mean())
            away = values - mean
            square = away * away
            return cls(len(values), *_held(mean, square.sum(), np.dot(square, away), np.dot(square, square)))

    def merge(self, other: Moments) -> Moments:
        """Moments of both sets of values."""
        if not (self.n and other.n):
            return self if self.n else other
        a, b, n = self.n, other.n, self.n + other.n
        with np.errstate(over="ignore", invalid="ignore"):
            d = np.float64(other.mean) - self.mean
            mean = self.mean + d * b / n
            m2 = self.m2 + other.m2 + d**2 * a * b / n
            m3 = self.m3 + other.m3 + d**3 * a * b * (a - b) / n**2 + 3 * d * (a * other.m2 - b * self.m2) / n
            m4 = self.m4 + other.m4 + d**4 * a * b * (a * a - a * b + b * b) / n**3
            m4 += 6 * d**2 * (a * a * other.m2 + b * b * self.m2) / n**2 + 4 * d * (a * other.m3 - b * self.m3) / n
            return Moments(n, *_held(mean, m2, m3, m4))

    @property
    def sd(self) -> float | None:
        """Standard deviation with n - 1."""
        return _finite(math.sqrt(self.m2 / (self.n - 1))) if self.n > 1 and self.m2 < sys.float_info.max else None

    @property
    def skew(self) -> float | None:
        """Third standardised moment; None where all values are equal."""
        return _finite(math.sqrt(self.n) * self.m3 / self.m2**1.5) if self._varies() else None

    @property
    def kurtosis(self) -> float | None:
        """Fourth standardised moment less 3; None where all values are equal."""
        return _finite(self.n * self.m4 / (self.m2 * self.m2) - 3) if self._varies() else None

    def _varies(self) -> bool:
        # What rounding leaves of equal values is no spread; and powers must neither vanish nor overflow.
        return self.n > 1 and max(1e-28 * self.n * min(abs(self.mean), 1e150) ** 2, 1e-150) < self.m2 < 1e150


def sketch_of(values: Array) -> Sketch:
    """A KLL sketch of finite numbers, shape (n,). Exact up to ``SKETCH_K`` values.

    Its compactions toss coins that the library can't seed, so two sketches of one column differ within the bound.

    References
    ----------
    Z. Karnin, K. Lang, E. Liberty (2016). Optimal Quantile Approximation in Streams. FOCS.
    """
    sketch = Sketch(SKETCH_K)
    if values.size:
        sketch.update(np.ascontiguousarray(values, dtype=float))
    return sketch


def pack(sketch: Sketch) -> str:
    """The sketch as text."""
    return base64.b64encode(sketch.serialize()).decode()


def unpack(text: str) -> Sketch:
    """Read what :func:`pack` wrote."""
    return Sketch.deserialize(base64.b64decode(text))


def rank_error(sketch: Sketch) -> float:
    """Largest error of a rank in [0, 1], in 99 of 100 sketches; 0 while every value is kept."""
    return float(sketch.normalized_rank_error(False)) if sketch.is_estimation_mode() else 0.0


def quantiles_of(rising: Array) -> dict[float, float]:
    """Quantiles of sorted finite numbers, shape (n,), by linear interpolation."""
    if not rising.size:
        return {}
    places = np.array(QUANTILES) * (len(rising) - 1)
    low, share = places.astype(int), places % 1
    # Weighted so, two neighbours of opposite sign can't overflow.
    between = rising[low] * (1 - share) + rising[np.minimum(low + 1, len(rising) - 1)] * share
    return dict(zip(QUANTILES, between.tolist(), strict=True))


def histogram_of(rising: Array, bins: int) -> Histogram | None:
    """Counts of sorted finite numbers in bins of equal width; the last bin holds its upper edge."""
    if not rising.size:
        return None
    borders = edges(float(rising[0]), float(rising[-1]), bins)
    below = np.searchsorted(rising, borders)
    below[-1] = len(rising)
    return Histogram(tuple(borders.tolist()), tuple(np.diff(below).astype(float).tolist()))


def edges(low: float, high: float, bins: int) -> Array:
    """Rising edges of equal width from ``low`` to ``high``; fewer where floats can't be told apart any more."""
    if low == high:
        away = max(abs(low) * 1e-6, 0.5)
        return np.array([low - away, high + away])
    steps = np.unique(low * (1 - (share := np.linspace(0, 1, bins + 1))) + high * share)
    steps[0], steps[-1] = low, high
    return steps


def smallest_hashes(distinct: Array | pd.api.extensions.ExtensionArray) -> list[str]:
    """The smallest hashes of the distinct values: a sketch of how many there are, the same on every machine.

    References
    ----------
    Z. Bar-Yossef et al. (2002). Counting Distinct Elements in a Data Stream. RANDOM.
    """
    hashes = np.sort(pd.util.hash_array(np.asarray(distinct), categorize=False))
    return [format(h, "016x") for h in hashes[:HASHES].tolist()]


def distinct_estimate(hashes: list[str]) -> int:
    """Distinct values by their smallest hashes; exact while fewer than ``HASHES`` are kept."""
    return len(hashes) if len(hashes) < HASHES else round((HASHES - 1) / (int(hashes[-1], 16) / 2**64))


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _held(*values: Any) -> tuple[float, ...]:
    """Plain numbers that JSON can hold: what overflowed becomes the largest float."""
    return tuple(float(np.nan_to_num(v)) for v in values)
