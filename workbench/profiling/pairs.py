"""Which pairs of columns are looked at: all of a table of usual width, those that a screen chooses of a wide one.

Pairs grow with the square of the columns, and so would time and memory. The screen costs a product of matrices of few
rows: each column becomes ranks, or marks of its commonest levels, and the pairs that go together most are kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from workbench.core.ranks import average_ranks
from workbench.profiling.comoments import FEWEST, Comoments

# Up to this many columns all pairs are looked at; beyond, as many pairs as these columns have.
WIDE = 200
MOST_PAIRS = WIDE * (WIDE - 1) // 2
# Values of a wide table that are looked at together: the rows are fewer, the more columns there are.
MOST_VALUES = 4_000_000
FEWEST_ROWS = 200
# Rows that the screen looks at, levels of a category that it marks, and columns that it multiplies at once.
SCREENED = 500
LEVELS = 4
BLOCK = 256
# Columns up to which the correlations of all pairs cost less, by products of matrices, than those of some one by one.
SQUARE = 1_000


@dataclass(frozen=True)
class Pairs:
    """Pairs that are looked at.

    Parameters
    ----------
    at : numpy.ndarray, shape (k, 2)
        Positions of both columns, the lower first, in rising order.
    left_out : int
        Pairs that are not.
    """

    at: np.ndarray
    left_out: int

    def partners(self) -> Iterator[tuple[int, np.ndarray]]:
        """Each column with the later ones that it is looked at with."""
        first, start = np.unique(self.at[:, 0], return_index=True)
        yield from zip(first.tolist(), np.split(self.at[:, 1], start[1:]) if len(first) else (), strict=True)


def rows_at_even_steps(rows: int, columns: int) -> np.ndarray:
    """Positions of the rows that are looked at in a wide table, shape (m,).

    >>> len(rows_at_even_steps(20_000, 200)), len(rows_at_even_steps(20_000, 5_000))
    (20000, 800)
    """
    return even_steps(rows, max(MOST_VALUES // max(columns, 1), FEWEST_ROWS))


def even_steps(rows: int, most: int) -> np.ndarray:
    """Positions of some of the rows, from the first to near the last, shape (min(rows, most),).

    >>> even_steps(10, 4).tolist(), even_steps(3, 4).tolist()
    ([0, 2, 5, 7], [0, 1, 2])
    """
    kept = min(rows, most)
    return (np.arange(kept) * (rows / max(kept, 1))).astype(np.intp)


def chosen(columns: Sequence[np.ndarray], is_level: Sequence[bool], most: int = MOST_PAIRS) -> Pairs:
    """The pairs that go together most on some rows; all where they are no more than ``most``.

    Parameters
    ----------
    columns : sequence of numpy.ndarray, each of shape (n,)
        Numbers, NaN where missing; or level numbers, the commonest 0, -1 for missing.
    is_level : sequence of bool
        Which they are.
    most : int
        Pairs to choose.
    """
    total = len(columns) * (len(columns) - 1) // 2
    if total <= most:
        return Pairs(np.argwhere(np.triu(np.ones((len(columns),) * 2, dtype=bool), 1)), 0)
    kept = even_steps(len(columns[0]), SCREENED)
    parts = [_marks(c[kept]) if level else _ranks(c[kept]) for c, level in zip(columns, is_level, strict=True)]
    return Pairs(strongest(parts, most), total - most)


def strongest(parts: Sequence[np.ndarray], most: int) -> np.ndarray:
    """The pairs with the largest sum of squared products, shape (most, 2), in rising order.

    Parameters
    ----------
    parts : sequence of numpy.ndarray, each of shape (k, n)
        What stands for a column: one or more rows of length 1.
    most : int
        Fewer than there are pairs.
    """
    sizes = np.array([len(p) for p in parts])
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    stacked = np.vstack(parts)
    best, at = np.zeros(0, dtype=np.float32), np.zeros((0, 2), dtype=np.intp)
    least = np.float32(-1.0)
    for low in range(0, len(parts), BLOCK):
        high = min(low + BLOCK, len(parts))
        rows = stacked[starts[low] : starts[high - 1] + sizes[high - 1]]
        squares = np.add.reduceat((rows @ stacked[starts[low] :].T) ** 2, starts[low:] - starts[low], axis=1)
        sums = np.add.reduceat(squares, starts[low:high] - starts[low], axis=0)
        sums /= np.minimum.outer(sizes[low:high], sizes[low:])
        i, j = np.nonzero(np.triu(sums > least, 1))
        best = np.concatenate([best, sums[i, j]])
        at = np.concatenate([at, np.column_stack([i, j]) + low])
        if len(best) > most:
            keep = np.argpartition(-best, most - 1)[:most]
            best, at = best[keep], at[keep]
            least = best.min()
    return at[np.lexsort((at[:, 1], at[:, 0]))]


def correlations(numbers: np.ndarray, pairs: Pairs) -> np.ndarray:
    """Pearson's r of each pair over the rows in which both have a value, shape (k,); NaN where these say nothing.

    Parameters
    ----------
    numbers : numpy.ndarray, shape (n, p)
        NaN where missing.
    pairs : Pairs
    """
    p = numbers.shape[1]
    if len(pairs.at) and p <= SQUARE:
        names = tuple(map(str, range(p)))
        return Comoments.of(names, numbers.T).correlations()[pairs.at[:, 0], pairs.at[:, 1]]
    values = [_with_one(numbers[:, i], numbers[:, js]) for i, js in pairs.partners()]
    return np.concatenate(values) if values else np.zeros(0)


def _with_one(x: np.ndarray, others: np.ndarray) -> np.ndarray:
    both = ~np.isnan(others) & ~np.isnan(x)[:, None]
    n = both.sum(axis=0)
    with np.errstate(all="ignore"):
        a = np.where(both, x[:, None], 0.0)
        a = np.where(both, a - a.sum(axis=0) / n, 0.0)
        b = np.where(both, others, 0.0)
        size = np.abs(b).max(axis=0, initial=0.0)
        b = np.where(both, b - b.sum(axis=0) / n, 0.0)
        spread = np.sqrt((a * a).sum(axis=0)) * np.sqrt((b * b).sum(axis=0))
        r = np.clip((a * b).sum(axis=0) / spread, -1, 1)
    # What is left of the sums by rounding alone is no spread.
    varies = (np.abs(b).max(axis=0, initial=0.0) > 1e-9 * size) & (n >= FEWEST)
    return np.where(varies, r, np.nan)


def _ranks(values: np.ndarray) -> np.ndarray:
    known = np.isfinite(values)
    ranks = np.zeros(len(values))
    ranks[known] = average_ranks(values[known])
    return _of_length_one(ranks[None, :], known)


def _marks(levels: np.ndarray) -> np.ndarray:
    """One level of two tells the other."""
    most = max(min(int(levels.max(initial=-1)), LEVELS), 1)
    return _of_length_one((levels == np.arange(most)[:, None]).astype(float), levels >= 0)


def _of_length_one(rows: np.ndarray, known: np.ndarray) -> np.ndarray:
    middle = rows[:, known].mean(axis=1, keepdims=True) if known.any() else 0.0
    away = np.where(known, rows - middle, 0.0)
    length = np.sqrt((away * away).sum(axis=1, keepdims=True))
    return np.divide(away, length, out=np.zeros_like(away), where=length > 0).astype(np.float32)
