"""Whether a group differs from all other rows by more than chance, and which of many do at one false-alarm rate."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from workbench.core.group_metrics import GroupMeasure, Summed
from workbench.profiling.drift_tests import holm, proportions

Numbers = NDArray[np.float64]
# Rows below which a share or mean of a group is not judged, however large the group is: positives, say, for their rate.
FEWEST = 20


def p_values(summed: Summed, one: GroupMeasure, smallest: float) -> Numbers:
    """That chance alone makes the difference of a measure between each group and all other rows, shape (groups,).

    Shares by a chi-square or Fisher's exact test of effective rows, the rest by Student's t with the standard error of
    the bootstrap samples. NaN where the group, or the rest, is too small.

    Parameters
    ----------
    summed : Summed
        Of all groups of a column, so that the others are the rest.
    one : GroupMeasure
    smallest : float
        Rows that a group has at least.
    """
    others = summed.others()
    enough = (summed.effective("rows") >= smallest) & (others.effective("rows") >= smallest)
    for side in (summed, others):
        enough &= side.effective(one.whole) >= FEWEST
    found = _of_shares(summed, others, one) if one.part else _of_means(summed, others, one)
    return np.where(enough, found, np.nan)


def corrected(columns: Sequence[Numbers]) -> list[Numbers]:
    """P-values that hold together for all groups of all columns, by Holm's method; NaN stays.

    Where a column has two groups, the one against the rest is the other against the rest: it is one test.

    Parameters
    ----------
    columns : sequence of float array, shape (measures, groups)
    """
    tests = [_once(one) for one in columns]
    together = np.concatenate([one.ravel() for one in tests]) if tests else np.zeros(0)
    known = ~np.isnan(together)
    together[known] = holm(together[known].tolist())
    parts = np.split(together, np.cumsum([one.size for one in tests])[:-1]) if tests else []
    found = [part.reshape(one.shape) for part, one in zip(parts, tests, strict=True)]
    return [np.broadcast_to(new, old.shape) for new, old in zip(found, columns, strict=True)]


def _once(column: Numbers) -> Numbers:
    return column[:, :1] if column.shape[1] == 2 else column


def _of_shares(summed: Summed, others: Summed, one: GroupMeasure) -> Numbers:
    wholes = [side.effective(one.whole) for side in (summed, others)]
    shares = [np.nan_to_num(side.values(one)) for side in (summed, others)]
    pairs = zip(*shares, *wholes, strict=True)
    # Fisher's test counts; effective rows are none, and are rounded where there are so few that it is asked.
    return np.array([proportions((round(a * n), round(b * m)), (round(n), round(m))).p_value for a, b, n, m in pairs])


def _of_means(summed: Summed, others: Summed, one: GroupMeasure) -> Numbers:
    apart = summed.values(one) - others.values(one)
    with np.errstate(all="ignore"):
        errors = np.nanstd(summed.samples(one) - others.samples(one), axis=0)
        statistic = np.abs(apart) / errors
    freedom = np.maximum(np.minimum(summed.effective(one.whole), others.effective(one.whole)) - 1, 1)
    return np.where(errors > 0, 2 * stats.t.sf(np.nan_to_num(statistic), freedom), 1.0)
