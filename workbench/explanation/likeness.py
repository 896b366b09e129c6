"""Categories in the order of their likeness: side by side stand those whose rows are alike in all other columns.

References
----------
Apley, D. and Zhu, J. (2020), Visualizing the effects of predictor variables in black box supervised learning models:
distances summed over the other columns, Kolmogorov and Smirnov's of numbers and total variation of categories, laid
along one line by classical scaling.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from workbench.explanation.answering import Answering
from workbench.explanation.existing import as_numbers, typed_column

Numbers = NDArray[np.float64]
STEPS = 50  # quantiles at which distributions of numbers are compared


def by_likeness(answering: Answering, name: str, most: int) -> NDArray[Any]:
    """The most frequent categories of a column in the order of their likeness, shape (categories,)."""
    table = answering.table
    frequent = table[name].dropna().value_counts().head(most).index.tolist()
    levels = np.array(sorted(frequent), dtype=object)
    if len(levels) < 3:
        return levels
    codes = pd.Categorical(table[name], categories=levels).codes
    others = (_apart(typed_column(table[other]), codes, len(levels)) for other in table.columns if other != name)
    order: NDArray[Any] = levels[along_a_line(np.sum([np.zeros((len(levels),) * 2), *others], axis=0))]
    return order


def along_a_line(distances: Numbers) -> NDArray[np.intp]:
    """Places in the order in which one line keeps their distances best: classical scaling.

    Examples
    --------
    >>> at = np.array([3.0, 1.0, 2.0])
    >>> along_a_line(np.abs(at[:, None] - at[None, :])).tolist()
    [0, 2, 1]
    """
    centre = np.eye(len(distances)) - 1 / len(distances)
    _, vectors = np.linalg.eigh(-centre @ distances**2 @ centre / 2)
    line = vectors[:, -1].round(12)
    rising = np.arange(len(line)) @ (line - line.mean()) >= 0
    order: NDArray[np.intp] = np.argsort(line if rising else -line, kind="stable")
    return order


def _apart(values: NDArray[Any], codes: NDArray[Any], levels: int) -> Numbers:
    """How far the distributions of a column in each two levels are apart, in [0, 1]."""
    is_text = values.dtype == object
    shares = (_shares if is_text else _up_to)(values, codes, levels)
    between: Numbers = np.abs(shares[:, None, :] - shares[None, :, :])
    apart: Numbers = between.sum(axis=2) / 2 if is_text else between.max(axis=2, initial=0.0)
    return apart


def _shares(values: NDArray[Any], codes: NDArray[Any], levels: int) -> Numbers:
    """Of texts the share of each in each level, the missing ones among them; shape (levels, kinds)."""
    kinds = pd.factorize(pd.Series(values), use_na_sentinel=False)[0]
    return _in_each(kinds, int(kinds.max(initial=-1)) + 1, codes, levels)


def _up_to(values: NDArray[Any], codes: NDArray[Any], levels: int) -> Numbers:
    """Of numbers the share up to each of some quantiles of all, and of missing ones; shape (levels, steps + 1)."""
    numbers = as_numbers(values)
    steps = np.nanquantile(numbers, np.linspace(0, 1, STEPS)) if np.isfinite(numbers).any() else np.zeros(1)
    missing = np.isnan(numbers)
    parts = np.where(missing, len(steps), np.searchsorted(steps, numbers, side="left"))
    shares = _in_each(parts, len(steps) + 1, codes, levels)
    return np.column_stack([shares[:, :-1].cumsum(axis=1), shares[:, -1]])


def _in_each(parts: NDArray[Any], many: int, codes: NDArray[Any], levels: int) -> Numbers:
    """Share of each part among the rows of each level."""
    known = codes >= 0
    counts = np.bincount(codes[known].astype(np.intp) * many + parts[known], minlength=levels * many)
    counts = counts.reshape(levels, many)
    shares: Numbers = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    return shares
