"""Whether something happens more often than it did: one test for shares of missing, unseen and flagged rows.

References
----------
Skellam (1948), A probability distribution derived from the binomial distribution by regarding the probability of
success as variable between the sets of trials, Journal of the Royal Statistical Society B 10
(``scipy.stats.betabinom``).
Fisher (1935): with ``tolerance=0`` this is the one-sided exact test of two shares, as :func:`scipy.stats.fisher_exact`.
"""

from __future__ import annotations

import numpy as np

# What is that rare in any feed is no news, however many rows say so: five rows in ten thousand.
TOLERANCE = 0.0005
# Terms of the tail that are summed up: far beyond the mean they fall quickly.
TERMS = 20_000


def rise(before: tuple[float, float], now: tuple[float, float], tolerance: float = TOLERANCE) -> float:
    """The chance that so many or more of the rows now are hit, if the share is what it was, or within the tolerance.

    Parameters
    ----------
    before, now : (hits, rows)
        Of the reference, and of what came. What the reference can't know for sure, having so few rows, counts for it.
    tolerance : float
        By how much the share may rise without being told, in [0, 1).

    Returns
    -------
    float
        In [0, 1].

    Examples
    --------
    >>> rise((0, 800), (1, 200_000)) > 0.9, rise((0, 10_000), (5, 10_000)) > 0.1, rise((0, 800), (50, 1000)) < 1e-9
    (True, True, True)
    """
    (k, n), (x, m) = before, now
    if x <= 0 or m <= 0:
        return 1.0
    hits = k + tolerance * n + 1
    return _tail(int(x), int(m), hits, max(n - k - tolerance * n, 1.0))


def fall(before: tuple[float, float], now: tuple[float, float], tolerance: float = TOLERANCE) -> float:
    """The chance that the reference had so many hits if its share was what it is now, or within the tolerance.

    >>> fall((500, 1000), (100, 1000)) < 1e-9, fall((1, 1000), (0, 1000)) > 0.1
    (True, True)
    """
    return rise(now, before, tolerance)


def _tail(x: int, m: int, a: float, b: float) -> float:
    """P(X >= x) of a beta-binomial of m trials; by its normal limit where the terms are too many to be summed up."""
    from scipy.special import betaln, gammaln, ndtr

    mean = m * a / (a + b)
    if x <= mean:
        return 1.0 if x < mean * 0.5 else 0.5
    variance = mean * b / (a + b) * (a + b + m) / (a + b + 1)
    if variance**0.5 * 40 > TERMS:
        return float(ndtr(-(x - 0.5 - mean) / variance**0.5))
    j = np.arange(x, min(m, x + TERMS) + 1, dtype=float)
    choose = gammaln(m + 1) - gammaln(j + 1) - gammaln(m - j + 1)
    return float(min(np.exp(choose + betaln(j + a, m - j + b) - betaln(a, b)).sum(), 1.0))
