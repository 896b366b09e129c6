"""The bootstrap by row: how often each row is in samples of as many rows, drawn with replacement."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

DRAWS = 200


def row_counts(rows: int, random: np.random.Generator, draws: int = DRAWS) -> Numbers:
    """How often each row is in each sample, shape (draws, rows); a sample's counts add up to the rows.

    Examples
    --------
    >>> import numpy as np
    >>> row_counts(5, np.random.default_rng(0), 3).sum(axis=1)
    array([5., 5., 5.])
    """
    import numpy as np

    counts = np.empty((draws, rows))
    for sample in counts:  # several times as quick as the multinomial distribution of all
        sample[:] = np.bincount(random.integers(0, max(rows, 1), rows, dtype=np.int32), minlength=rows)
    return counts


def interval(drawn: Numbers, level: float) -> tuple[Numbers, Numbers]:
    """Ends that hold so large a share of what was drawn, shape (draws, …) to (…) each.

    Parameters
    ----------
    drawn : float array, shape (draws, …)
    level : float
        Share in (0, 1).

    References
    ----------
    Efron, B. and Tibshirani, R. (1993), An Introduction to the Bootstrap, chapter 13 (the percentile interval).
    """
    import numpy as np

    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return low, high
