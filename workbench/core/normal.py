"""The normal distribution by Python alone: SciPy's takes most of a second to load."""

from __future__ import annotations

from math import erfc, sqrt
from statistics import NormalDist


def quantile(share: float) -> float:
    """What so much of a standard normal distribution lies below.

    Parameters
    ----------
    share : float
        In (0, 1).

    Examples
    --------
    >>> round(quantile(0.975), 6)
    1.959964

    References
    ----------
    ``scipy.stats.norm.ppf``
    """
    return NormalDist().inv_cdf(share)


def exceeded_by(share: float) -> float:
    """What so much of it lies above, exactly so for the smallest shares too.

    >>> round(exceeded_by(1e-30), 3)
    11.464

    References
    ----------
    ``scipy.stats.norm.isf``
    """
    return -NormalDist().inv_cdf(share)


def above(value: float) -> float:
    """How much of it lies above a value.

    >>> round(above(1.96), 6), 0 < above(30.0) < 1e-190
    (0.024998, True)

    References
    ----------
    ``scipy.stats.norm.sf``
    """
    return erfc(value / sqrt(2)) / 2
