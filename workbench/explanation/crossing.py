"""Which columns change what others add: by interaction values where there are, else estimated from SHAP values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from workbench.core.explanation import Explanation
from workbench.explanation.clouds import means
from workbench.explanation.ordered_values import MISSING, Coded, group_means

Numbers = NDArray[np.float64]
Integers = NDArray[np.intp]
# Standard errors by which means must differ more than by chance before they count.
SURE = 3


def strengths(explanation: Explanation, shown: Sequence[int], found: Numbers) -> Numbers:
    """How much each two of some columns interact, in the unit of the values; shape (columns, columns)."""
    if explanation.interactions is not None:
        return np.asarray(explanation.interactions, dtype=float)[np.ix_(shown, shown)]
    few = found[: len(shown), : len(shown)]
    return np.asarray(np.sqrt((few**2 + few.T**2) / 2))


def estimated(values: Numbers, shown: Sequence[int], coded: Mapping[int, Coded]) -> Numbers:
    """How much each column (across) changes what each one adds (down) where that one's own value stays.

    What a column adds varies among rows with like values of it only by interactions; another column's share in this
    variance is how far the means of its parts differ, less what they would by chance. The square root of that, in the
    unit of the values; zero where chance alone may do it.
    """
    found = np.zeros((len(shown), len(coded)))
    for i, j in enumerate(shown):
        own, left = coded[j].parts, _left(coded[j], values[:, j])
        for k, other in enumerate(coded):
            if other != j:
                found[i, k] = _between(own, coded[other].levels, left)
    return found


def _left(coded: Coded, effects: Numbers) -> Numbers:
    """The effects less their mean among like values, or less a line between these means where that leaves less."""
    left = effects - group_means(coded.parts, effects)[coded.parts]
    known = ~np.isnan(coded.order)
    if coded.kind not in ("number", "moment") or not known.any():
        return left
    lined = left.copy()
    along, line = (np.array(one) for one in zip(*means(coded, effects), strict=True))
    lined[known] = effects[known] - np.interp(coded.order[known], along, line)
    lined -= group_means(coded.parts, lined)[coded.parts]
    return min(left, lined, key=lambda one: float((one**2).sum()))


def _between(own: Integers, levels: Integers, left: Numbers) -> float:
    cells = own * (MISSING + 1) + levels
    counts, sums = (np.bincount(cells, one, minlength=(own.max() + 1) * (MISSING + 1)) for one in (None, left))
    by_part = counts.reshape(-1, MISSING + 1)
    between = (sums**2 / np.maximum(counts, 1)).reshape(by_part.shape).sum(axis=1)
    held, rows = (by_part > 0).sum(axis=1), by_part.sum(axis=1)
    within = np.bincount(own, left**2, minlength=len(rows)) - between
    # What the means of cells differ by chance: each part has a spread of its own.
    spread = within / np.maximum(rows - held, 1)
    more = float((between - (held - 1) * spread).sum())
    by_chance = float(np.sqrt((2 * (held - 1) * spread**2).sum()))
    return float(np.sqrt(more / len(left))) if more > SURE * by_chance + 1e-12 * float((left**2).sum()) else 0.0
