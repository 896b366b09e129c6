"""Statistics that merge: moments, quantile sketches, distinct counts, histograms."""

from __future__ import annotations

import base64
import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from datasketches import kll_doubles_sketch as Sketch  # noqa: N813 - a class, in its library's lower case

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
            return cls(len(values), mean, float(square.sum()), float(square @ away), float(square @ square))

    def merge(self, other: Moments) -> Moments:
        """Moments of both sets of values."""
        if not (self.n and other.n):
            return self if self.n else other
        a, b, n = self.n, other.n, self.n + other.n
        d = other.mean - self.mean
        return Moments(
            n,
            self.mean + d * b / n,
            self.m2 + other.m2 + d**2 * a * b / n,
            self.m3 + other.m3 + d**3 * a * b * (a - b) / n**2 + 3 * d * (a * other.m2 - b * self.m2) / n,
            self.m4 + other.m4 + d**4 * a * b * (a * a - a * b + b * b) / n**3
            + 6 * d**2 * (a * a * other.m2 + b * b * self.m2) / n**2 + 4 * d * (a * other.m3 - b * self.m3) / n,
        )

    @property
    def sd(self) -> float | None:
        """Standard deviation with n - 1."""
        return _finite(math.sqrt(self.m2 / (self.n - 1))) if self.n > 1 and self.m2 >= 0 else None

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
        return self.n > 1 and max(1e-28 * self.n * self.mean**2, 1e-150) < self.m2 < 1e150


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


def quantiles_of(values: Array) -> dict[float, float]:
    """Quantiles of finite numbers, shape (n,), by linear interpolation."""
    return dict(zip(QUANTILES, map(float, np.quantile(values, QUANTILES)), strict=True)) if values.size else {}


def histogram_of(values: Array, bins: int) -> Histogram | None:
    """Counts of finite numbers in bins of equal width."""
    if not values.size:
        return None
    counts, borders = np.histogram(values, edges(float(values.min()), float(values.max()), bins))
    return Histogram(tuple(borders.tolist()), tuple(counts.astype(float).tolist()))


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
