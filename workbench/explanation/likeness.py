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
    shares: Numbers = np.array([_shares(values[codes == level], values) for level in range(levels)])
    between: Numbers = np.abs(shares[:, None, :] - shares[None, :, :])
    apart: Numbers = between.sum(axis=2) / 2 if is_text else between.max(axis=2, initial=0.0)
    return apart


def _shares(own: NDArray[Any], values: NDArray[Any]) -> Numbers:
    """Of texts the share of each; of numbers the share up to each of some quantiles of all, and of missing ones."""
    if values.dtype == object:
        kinds, every = pd.unique(values), pd.Series(own)
        shares = every.value_counts(normalize=True, dropna=False).reindex(kinds, fill_value=0.0)
        return np.asarray(shares, dtype=np.float64)
    numbers, every_number = as_numbers(own), as_numbers(values)
    steps = np.nanquantile(every_number, np.linspace(0, 1, STEPS)) if np.isfinite(every_number).any() else np.zeros(1)
    below = np.searchsorted(np.sort(numbers), steps, side="right") / max(len(own), 1)
    at_steps: Numbers = np.append(below, np.isnan(numbers).mean() if len(own) else 0.0)
    return at_steps
