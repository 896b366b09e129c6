"""The mergeable state of a column of numbers, its moments and quantiles, and the rows of values by hash.

References
----------
Pébay (2008), Formulas for robust, one-pass parallel computation of covariances and arbitrary-order statistical
moments, SAND2008-6212.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from zlib import crc32

import datasketches
import numpy as np
import polars as pl

from workbench.profiling.distinct import Values, hash_values
from workbench.profiling.murmur import Hash
from workbench.profiling.quantiles import Quantiles

# Distinct values that are counted exactly.
MOST_EXACT = 1000
# Hash buckets in which the rows of columns with more values are counted; they add up exactly.
BUCKETS = 256
HASH = "murmur3"

Moments = tuple[float, float, float, float, float]


def moments(values: np.ndarray) -> Moments:
    """Count, mean, and the sums of the second to fourth powers about it, of finite values, shape (n,).

    >>> moments(np.array([1.0, 3.0]))
    (2.0, 2.0, 2.0, 0.0, 2.0)
    """
    if not values.size:
        return (0.0, 0.0, 0.0, 0.0, 0.0)
    mean = float(values.mean())
    away = values - mean
    square = away * away
    return (float(values.size), mean, float(square.sum()), float((square * away).sum()), float((square * square).sum()))


def merge_moments(a: Moments, b: Moments) -> Moments:
    """The moments of both chunks (Pébay 2008, equations 2.1 and 3.1).

    >>> merge_moments(moments(np.array([1.0])), moments(np.array([3.0])))
    (2.0, 2.0, 2.0, 0.0, 2.0)
    """
    if not a[0] or not b[0]:
        return tuple(b) if not a[0] else tuple(a)  # type: ignore[return-value]  # five numbers each
    (na, ma, a2, a3, a4), (nb, mb, b2, b3, b4) = a, b
    n, d = na + nb, mb - ma
    m2 = a2 + b2 + d**2 * na * nb / n
    m3 = a3 + b3 + d**3 * na * nb * (na - nb) / n**2 + 3 * d * (na * b2 - nb * a2) / n
    m4 = (
        a4
        + b4
        + d**4 * na * nb * (na**2 - na * nb + nb**2) / n**3
        + 6 * d**2 * (na**2 * b2 + nb**2 * a2) / n**2
        + 4 * d * (na * b3 - nb * a3) / n
    )
    return (n, ma + d * nb / n, m2, m3, m4)


def quantile_sketch(values: np.ndarray) -> str:
    """A KLL sketch of finite values, shape (n,), as base64."""
    return as_text(Quantiles().update(values).serialize())


def merge_quantiles(a: str, b: str) -> str:
    """The sketch of both chunks."""
    first, second = (Quantiles.deserialize(b64decode(one)) for one in (a, b))
    return as_text(first.merge(second).serialize())


def weighted_values(text: str) -> tuple[np.ndarray, np.ndarray, float]:
    """What a quantile sketch holds.

    Returns
    -------
    values, weights : numpy.ndarray, shape (m,)
        Rising values, and the rows that each stands for.
    error : float
        Rank error in [0, 1] at 99% confidence; 0 where the sketch still holds every value.
    """
    sketch = datasketches.kll_doubles_sketch.deserialize(b64decode(text))
    pairs = np.array([(value, weight) for value, weight in sketch], dtype=float).reshape(-1, 2)
    pairs = pairs[np.argsort(pairs[:, 0], kind="stable")]
    error = float(sketch.normalized_rank_error(False)) if sketch.is_estimation_mode() else 0.0
    return pairs[:, 0], pairs[:, 1], error


def bucketed(hashed: Hash, counts: np.ndarray) -> np.ndarray:
    """Rows by the hash of their value, shape (256,): equal values fall in equal buckets in every process and version.

    Parameters
    ----------
    hashed : pair of numpy.ndarray, shape (m,)
        Of distinct values.
    counts : numpy.ndarray, shape (m,)
        Their rows.
    """
    # The sketch of distinct values takes its register from the other end.
    return np.bincount((hashed[0] >> np.uint64(56)).astype(np.intp), counts, BUCKETS).astype(np.int64)


def buckets_of(values: Values, counts: np.ndarray, by: str = HASH) -> list[int]:
    """As :func:`bucketed`, of the values themselves.

    Parameters
    ----------
    values : numpy.ndarray or polars.Series, shape (m,)
        Distinct numbers or texts.
    counts : numpy.ndarray, shape (m,)
        Their rows.
    by : {"murmur3", "crc32", "pandas"}
        The hash; profiles of format 1 have that of :func:`pandas.util.hash_array`.
    """
    if by == "murmur3":
        return [int(n) for n in bucketed(hash_values(values), counts)]
    hashed = _crc32(values) if by == "crc32" else _hash_array(values)
    return [int(n) for n in np.bincount(hashed % BUCKETS, weights=counts, minlength=BUCKETS)]


def _crc32(values: Values) -> np.ndarray:
    texts = isinstance(values, pl.Series)
    content = (v.encode() for v in values) if texts else np.asarray(values, dtype="<f8").view("V8").tolist()
    return np.fromiter(map(crc32, content), np.int64, len(values))


def _hash_array(values: Values) -> np.ndarray:
    from pandas.util import hash_array

    known = np.array(values.to_list(), dtype=object) if isinstance(values, pl.Series) else np.asarray(values, float)
    return (hash_array(known, categorize=False) % np.uint64(BUCKETS)).astype(np.int64)


def as_text(content: bytes) -> str:
    """Bytes as base64."""
    return b64encode(content).decode()
