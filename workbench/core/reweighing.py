"""Weights that make group and outcome independent of each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from workbench.core.grouping import Grouping, crossed

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]


def independent(codes: Any, labels: Any, weights: Any = None) -> Numbers:
    """How much each row is to count so that group and outcome are independent, shape (n,).

    The share of its group times that of its outcome, over the share of both together: all rows count as much as before,
    so do all of a group, and all of an outcome.

    Parameters
    ----------
    codes, labels : int array, shape (n,)
        Group and outcome of each row.
    weights : float array, shape (n,), optional
        How much it counts already; the result is multiplied by it.

    References
    ----------
    Kamiran, F. and Calders, T. (2012), Data preprocessing techniques for classification without discrimination.

    Examples
    --------
    >>> import numpy as np
    >>> independent(np.array([0, 0, 0, 1]), np.array([1, 1, 0, 0])).tolist()
    [0.75, 0.75, 1.5, 0.5]
    """
    import numpy as np

    each = np.ones(len(codes)) if weights is None else np.asarray(weights, dtype=float)
    groups, outcomes = (np.unique(part, return_inverse=True)[1] for part in (codes, labels))
    table = np.zeros((groups.max(initial=0) + 1, outcomes.max(initial=0) + 1))
    np.add.at(table, (groups, outcomes), each)
    expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0, keepdims=True) / table.sum()
    factors: Numbers = each * (expected[groups, outcomes] / table[groups, outcomes])
    return factors


def reweighed(by: Sequence[Grouping], table: pd.DataFrame, target: pd.Series, weights: Any = None) -> Numbers:
    """The same for the rows of a table whose target is known; 0 where it is not."""
    import numpy as np

    known = target.notna().to_numpy()
    codes, _ = crossed([one.of(table[one.column])[known] for one in by], [one.names for one in by])
    found = np.zeros(len(target))
    there = None if weights is None else np.asarray(weights, dtype=float)[known]
    found[known] = independent(codes, target[known].factorize()[0], there)
    return found
