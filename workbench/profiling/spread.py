"""Whether numbers are spread otherwise: Mood's rank test on two summaries, which no long tail can mislead.

References
----------
Mood (1954), On the asymptotic efficiency of certain nonparametric two-sample tests, Annals of Mathematical Statistics
25 (``scipy.stats.mood``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.core.chunks import ColumnChunks
from workbench.profiling.chunking import in_parts
from workbench.profiling.dispersion import of_shares
from workbench.profiling.drift_tests import SMIRNOV_95
from workbench.profiling.statistics import distribution

Numbers = NDArray[np.float64]


def spread_change(
    reference: Mapping[str, Any], current: Mapping[str, Any], chunks: ColumnChunks | None = None
) -> float:
    """The chance, in [0, 1], that two columns of numbers of one population are spread so differently.

    Parameters
    ----------
    reference, current : mapping
        States of the columns.
    chunks : ColumnChunks, optional
        Of the reference where its rows come in time: then what stretches of it did counts.

    Notes
    -----
    A row's score is the square of its distance to the middle rank. Their means are compared, with the variance that
    scores have in both together; a sketch is as sure as the rows that its error is worth.
    """
    from scipy.special import ndtr

    (a, wa, ea), (b, wb, eb) = distribution(dict(reference)), distribution(dict(current))
    if not a.size or not b.size:
        return 1.0
    scores_a, scores_b, variance = _scores(a, wa, b, wb)
    n, m = (1 / (1 / w.sum() + (error / SMIRNOV_95) ** 2) for w, error in ((wa, ea), (wb, eb)))
    apart = (wb @ scores_b) / wb.sum() - (wa @ scores_a) / wa.sum()
    error = (variance * (1 / n + 1 / m)) ** 0.5
    if error <= 0:
        return 1.0
    p = 2 * float(ndtr(-abs(apart) / error))
    return p if chunks is None else max(p, _in_time(chunks, current))


def _scores(a: Numbers, wa: Numbers, b: Numbers, wb: Numbers) -> tuple[Numbers, Numbers, float]:
    """Of both, at their values; and their variance over all rows."""
    _, inverse = np.unique(np.concatenate([a, b]), return_inverse=True)
    weights = np.bincount(inverse, np.concatenate([wa, wb]))
    total = weights.sum()
    scores = ((np.cumsum(weights) - weights / 2) / total - 0.5) ** 2
    mean = float(weights @ scores / total)
    return scores[inverse[: a.size]], scores[inverse[a.size :]], float(weights @ (scores - mean) ** 2 / total)


def _in_time(chunks: ColumnChunks, current: Mapping[str, Any]) -> float:
    """By how the same mean varies between stretches of the reference that are as long; none that did it is news."""
    from scipy.special import stdtr

    rows = in_parts(chunks, current)
    shares, _, whole, fit = of_shares(chunks, float(rows.sum()))
    if len(shares) < 2 or not rows.sum():
        return 0.0
    scores = (np.cumsum(whole) - whole / 2 - 0.5) ** 2
    usual, now = (shares - whole) @ scores, float((rows / rows.sum() - whole) @ scores)
    if abs(now) <= np.abs(usual).max():
        return 1.0
    error = float((usual**2).mean() * fit / max(fit - 1, 1.0)) ** 0.5
    return 2 * float(stdtr(max(fit - 1, 1.0), -abs(now) / error)) if error else 0.0
