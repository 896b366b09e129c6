"""Rows that are equal, or nearly: visits of one patient, copies with another rounding, readings a second apart.

A model that learns rows by heart is praised for them where some are fitted on and the others scored.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Rows = NDArray[np.intp]
# Rows from which on nobody looks for nearly equal ones: each would be compared with all.
MOST_COMPARED = 50_000
# Rows that are asked first whether they have a near one, and the neighbours that tell how far a usual one is.
ASKED = 400
NEIGHBOURS = 50
COPIES = 10
# A near one lies within this share of the usual distance, and the next one this many times farther; and how many rows
# must have one to be more than chance.
NEAR = 0.1
JUMP = 3.0
FEWEST_NEAR = 0.2
# Numbers with fewer values say little about nearness, and fewer such columns nothing.
FEWEST_VALUES = 20
FEWEST_COLUMNS = 3
# Sets that hold more than this share of the rows are no copies: everything is near to everything.
LARGEST_SET = 0.05


def equal_rows(features: pd.DataFrame) -> Rows:
    """A number for each row, shape (n,), rising from 0: equal ones where rows are equal, gaps included.

    >>> equal_rows(pd.DataFrame({"x": [1.0, None, 1.0, None], "y": ["a", "b", "a", "c"]})).tolist()
    [0, 1, 0, 2]
    """
    if not features.shape[1]:
        return np.arange(len(features))
    zeros = {name: v + 0.0 if v.dtype.kind == "f" else v for name, v in features.items()}  # minus zero is zero
    hashes = pd.util.hash_pandas_object(pd.DataFrame(zeros), index=False)
    return pd.factorize(hashes)[0].astype(np.intp)


def near_rows(features: pd.DataFrame) -> Rows:
    """The same, with nearly equal rows counted as equal where so many have one that it can't be chance.

    Two rows are near where their distance is at most a tenth of that to the fiftieth neighbour, and the next neighbour
    is three times as far or more, in three numbers at least, each scaled to the middle half of its values; their
    categories are equal. Whether that is more than chance is judged by the dimension in which the rows lie, after
    Levina and Bickel (2004), Maximum likelihood estimation of intrinsic dimension.

    Parameters
    ----------
    features : pandas.DataFrame
        Shape (n, columns).

    Returns
    -------
    int array, shape (n,)
        Rising from 0. :func:`equal_rows` where there are more than 50,000 rows, or hardly any near ones.
    """
    equal = equal_rows(features)
    firsts = np.unique(equal, return_index=True)[1]
    if not 3 * NEIGHBOURS <= len(firsts) <= MOST_COMPARED:
        return equal
    names = [n for n, v in features.items() if v.dtype.kind in "fiu" and v.nunique() >= FEWEST_VALUES]
    if len(names) < FEWEST_COLUMNS:
        return equal
    points = _scaled(features[names].iloc[firsts])
    words = [n for n in features if features[n].dtype.kind not in "fiuM" and n not in names]
    kinds = equal_rows(features[words].iloc[firsts]) if words else np.zeros(len(firsts), dtype=np.intp)
    if not _many_near(points, kinds):
        return equal
    sets = _linked(points, kinds)
    together = sets[equal]
    return pd.factorize(together)[0].astype(np.intp)


def _scaled(numbers: pd.DataFrame) -> NDArray[np.float32]:
    """Shape (n, columns): the middle half of each column is one wide, gaps lie at its median."""
    low, middle, high = numbers.quantile([0.25, 0.5, 0.75]).to_numpy(dtype=float)
    width = np.where(high > low, high - low, 1.0)
    values = (numbers.to_numpy(dtype=float, na_value=np.nan) - middle) / width
    return np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0).astype(np.float32)


def _many_near(points: NDArray[np.float32], kinds: Rows) -> bool:
    """Whether more of some rows have a near one than the dimension lets expect."""
    asked = np.random.default_rng(0).choice(len(points), min(ASKED, len(points)), replace=False)
    apart, at = _neighbours(points, asked)
    near = _near(apart)[:, 0] & (kinds[asked] == kinds[at[:, 0]])
    beyond = apart[:, COPIES:]
    known = beyond[:, 0] > 0
    if not known.any():
        return False
    dimension = 1 / np.log(beyond[known, -1:] / beyond[known]).mean()
    expected = min(1 - (1 - NEAR**dimension) ** NEIGHBOURS, 2 * JUMP**-dimension)
    return bool(near.mean() >= FEWEST_NEAR + 2 * expected)


def _near(apart: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which neighbours are near ones, shape (rows, fifty): those before the last jump, where they are few."""
    jumps = (apart[:, 1 : COPIES + 1] >= JUMP * apart[:, :COPIES]) & (apart[:, :COPIES] <= NEAR * apart[:, -1:])
    last = np.where(jumps.any(axis=1), COPIES - np.argmax(jumps[:, ::-1], axis=1), 0)
    return np.arange(apart.shape[1]) < last[:, None]


def _linked(points: NDArray[np.float32], kinds: Rows) -> Rows:
    """The set of each point; every one its own where the sets would be large."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    n = len(points)
    apart, at = _neighbours(points, np.arange(n))
    rows, nth = np.nonzero(_near(apart) & (kinds[:, None] == kinds[at]))
    links = coo_array((np.ones(len(rows), dtype=bool), (rows, at[rows, nth])), shape=(n, n))
    sets = connected_components(links, directed=False)[1]
    return sets if np.bincount(sets).max() <= max(LARGEST_SET * n, COPIES) else np.arange(n)


def _neighbours(points: NDArray[np.float32], asked: Sequence[int] | Rows) -> tuple[NDArray[np.float64], Rows]:
    """Distances to the nearest fifty others, rising, and which they are; shape (asked, fifty)."""
    from sklearn.neighbors import NearestNeighbors

    # A tree helps in few dimensions alone.
    how = "kd_tree" if points.shape[1] <= 10 else "brute"
    search = NearestNeighbors(n_neighbors=NEIGHBOURS + 1, algorithm=how, n_jobs=1).fit(points)
    apart, at = search.kneighbors(points[asked])
    return apart[:, 1:].astype(float), at[:, 1:]
