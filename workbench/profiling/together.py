"""How columns go together, whatever each of them is like: sums of products of their ranks, without a row.

Each column is replaced by the ranks of its own values, and these by two polynomials that are uncorrelated: one that
rises, one that is largest at both ends. Products of those of two columns, and of the first of three, have means that a
change of any single column leaves as they are: what moves them is the joint distribution (its copula) alone. So two
tables are compared by these means, pair by pair, and whatever differs has its columns' names. The means are bounded
(few rows and long tails do no harm), and kilobytes, in which nobody's row is.

References
----------
Sklar (1959), Fonctions de répartition à n dimensions et leurs marges.
Kallenberg, Ledwina (1999), Data-driven rank tests for independence, Journal of the American Statistical Association 94.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations, pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from workbench.core.contract import NUMERIC, Contract
from workbench.profiling.packing import packed, unpacked

Numbers = NDArray[np.float64]
# Rows that are looked at (drawn, always the same), columns, and sets of three.
MOST_ROWS, MOST_COLUMNS, MOST_TRIPLES = 20_000, 40, 1_200
# Rows in which both columns have a value, below which a pair is left out; and by how much more rows there must be than
# the kurtosis of the products, for their mean to be near enough to normal in its tails.
FEWEST, ROWS_A_TAIL = 50, 30
# Stretches of a table in time, by which is seen how much they differ, and how many rows each needs.
MOST_STRETCHES, FEWEST_STRETCHES, LEAST_STRETCH = 32, 8, 300
# Ranks of a column's own values let a correlation vary more than the influence of its rows says: by up to a third in
# halves of real tables (many columns of three levels), by nothing in normal ones.
RANKED = 1.5
KINDS = (*NUMERIC, "boolean", "category", "text")
RISING, ENDS = 0, 1
# Which polynomials of the two columns of a pair are multiplied.
PRODUCTS = ((RISING, RISING), (RISING, ENDS), (ENDS, RISING), (ENDS, ENDS))
KEPT = {"counts": "<f4", "pairs": "<f4", "variances": "<f2", "tails": "<f2", "triples": "<f4", "spreads": "<f2"}


@dataclass(frozen=True)
class Together:
    """Means of products of ranks.

    Parameters
    ----------
    names : tuple of str, length p
        The columns.
    counts : numpy.ndarray, shape (p, p)
        Rows in which both have a value.
    pairs, variances, tails : numpy.ndarray, shape (4, p, p)
        Correlation of each product of polynomials, in [-1, 1] but for rounding; the variance that one row brings into
        it; and the kurtosis of the products. NaN where too few rows have both. ``pairs[0]`` is Spearman's correlation.
    triples : numpy.ndarray, shape (4, t)
        Of three columns: mean product, variance of a row, kurtosis, and rows in which all have a value.
    spreads : numpy.ndarray, shape (4, p, p)
        Variance of the correlations between stretches of a table whose rows come in time, beyond that by chance; 0 of
        other tables.
    """

    names: tuple[str, ...]
    counts: Numbers
    pairs: Numbers
    variances: Numbers
    tails: Numbers
    triples: Numbers
    spreads: Numbers

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return {"names": list(self.names), **{name: packed(getattr(self, name), kind) for name, kind in KEPT.items()}}

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Together:
        """Read what :meth:`to_dict` wrote."""
        names = tuple(content["names"])
        p = len(names)
        shapes = {"counts": (p, p), "triples": (4, -1)}
        arrays = {
            name: unpacked(content[name], kind).astype(float).reshape(shapes.get(name, (len(PRODUCTS), p, p)))
            for name, kind in KEPT.items()
        }
        return cls(names, **arrays)


@dataclass(frozen=True)
class JointChange:
    """Columns that go together otherwise.

    Parameters
    ----------
    columns : tuple of str
        Two or three.
    product : int
        Of a pair, which of ``PRODUCTS``; 0 of three.
    before, now : float
        Correlation, in [-1, 1].
    p_value : float
        In [0, 1], before any correction.
    """

    columns: tuple[str, ...]
    product: int
    before: float
    now: float
    p_value: float

    @property
    def effect(self) -> float:
        """How much the correlation changed."""
        return abs(self.now - self.before)


def together(table: pd.DataFrame, contract: Contract, in_time: bool = False) -> Together | None:
    """How the columns of a table go together; None where fewer than two can.

    Parameters
    ----------
    table : pandas.DataFrame, shape (rows, columns)
        Typed as the contract says.
    contract : Contract
        Which columns there are: the first 40 that are no dates.
    in_time : bool
        Whether neighbouring rows have something in common, so that stretches of them differ by more than chance.
    """
    names = tuple(c.name for c in contract.columns if c.kind in KINDS and c.name in table)[:MOST_COLUMNS]
    if len(names) < 2 or len(table) < FEWEST:
        return None
    whole = _seen(_drawn(table[list(names)]), names)
    many = min(len(table) // LEAST_STRETCH, MOST_STRETCHES)
    if not in_time or many < FEWEST_STRETCHES:
        return whole
    cuts = np.linspace(0, len(table), many + 1).astype(int)
    parts = [_seen(_drawn(table[list(names)].iloc[a:b]), names, threes=False) for a, b in pairwise(cuts.tolist())]
    with np.errstate(all="ignore"):
        by_chance = np.mean([RANKED * part.variances / part.counts for part in parts], axis=0)
        spreads = np.var([part.pairs for part in parts], axis=0, ddof=1) - by_chance
    # Of three columns stretches are too few to tell what is usual of so many sets.
    return replace(whole, spreads=np.nan_to_num(np.maximum(spreads, 0.0)), triples=np.full_like(whole.triples, np.nan))


def _seen(drawn: pd.DataFrame, names: tuple[str, ...], threes: bool = True) -> Together:
    known = np.column_stack([drawn[n].notna().to_numpy() for n in names])
    scored = [_polynomials(_ranks(drawn[n]), known[:, k]) for k, n in enumerate(names)]
    rising, ends = (np.column_stack([s[k] for s in scored]) for k in (RISING, ENDS))
    counts = known.T.astype(float) @ known
    found = [_correlations((rising, ends)[a], (rising, ends)[b], known.astype(float), counts) for a, b in PRODUCTS]
    three = _in_threes(rising, known.astype(float), _triples(len(names)) if threes else [])
    pairs, variances, tails = (np.stack(part) for part in zip(*found, strict=True))
    return Together(names, counts, pairs, variances, tails, three, np.zeros_like(pairs))


def joint_changes(reference: Together, current: Together) -> list[JointChange]:
    """Each pair and each three that both know, with the p-value that they go together as before.

    Examples
    --------
    >>> draw = np.random.default_rng(0)
    >>> from workbench.core.contract import Column
    >>> contract = Contract((Column("a", "number"), Column("b", "number")))
    >>> a, noise = draw.normal(size=(2, 500))
    >>> before, now = (together(pd.DataFrame({"a": a, "b": b}), contract) for b in (a + noise, noise - a))
    >>> min(joint_changes(before, now), key=lambda one: one.p_value).columns
    ('a', 'b')
    """
    if reference.names != current.names:
        return []
    return [*_pair_changes(reference, current), *_triple_changes(reference, current)]


def swapped(reference: Together, current: Together, a: str, b: str) -> float:
    """How much of what changed in how two columns go with all others is left if they are taken for each other.

    Returns
    -------
    float
        A share: near 0 where they were swapped, about 1 or more where not.
    """
    i, j = (reference.names.index(name) for name in (a, b))
    others = [k for k in range(len(reference.names)) if k not in (i, j)]
    _, error = _apart(reference, current)
    before, now, error = reference.pairs[RISING], current.pairs[RISING], error[RISING]

    def far(was: int, became: int) -> float:
        return float(np.nansum((now[became, others] - before[was, others]) ** 2 / error[was, others]))

    with np.errstate(all="ignore"):
        as_is, turned = far(i, i) + far(j, j), far(i, j) + far(j, i)
    chance = 2.0 * len(others)
    return max(turned - chance, 0.0) / as_is if as_is > 3 * chance else 1.0


def _apart(reference: Together, current: Together) -> tuple[Numbers, Numbers]:
    """How far each pair is from what it was, in standard errors (NaN where nothing can be said), and their squares."""
    n, m = reference.counts, current.counts
    with np.errstate(all="ignore"):
        variance = np.nansum([reference.variances * n, current.variances * m], axis=0) / (n + m)
        # What stretches of time have in common is told by few of them: twice their variance, for Student's tails.
        error = RANKED * variance * (1 / n + 1 / m) + 2 * reference.spreads
        z = np.abs(current.pairs - reference.pairs) / np.sqrt(error)
        tails = np.fmax(reference.tails, current.tails)
    return np.where((np.minimum(n, m) >= ROWS_A_TAIL * tails) & (error > 0), z, np.nan), error


def _pair_changes(reference: Together, current: Together) -> Iterator[JointChange]:
    from scipy.special import ndtr

    upper = np.triu(np.ones(reference.counts.shape, dtype=bool), 1)
    z, _ = _apart(reference, current)
    for product, i, j in zip(*np.nonzero(np.isfinite(z) & upper), strict=True):
        yield JointChange(
            (reference.names[i], reference.names[j]), int(product), float(reference.pairs[product, i, j]),
            float(current.pairs[product, i, j]), 2 * float(ndtr(-z[product, i, j])),
        )  # fmt: skip


def _triple_changes(reference: Together, current: Together) -> Iterator[JointChange]:
    from scipy.special import ndtr

    (before, variance, tails, n), (now, other, others_tails, m) = reference.triples, current.triples
    with np.errstate(all="ignore"):
        error = RANKED * (variance * n + other * m) / (n + m) * (1 / n + 1 / m)
        z = np.abs(now - before) / np.sqrt(error)
    sure = (np.minimum(n, m) >= ROWS_A_TAIL * np.fmax(tails, others_tails)) & (error > 0)
    sets = _triples(len(reference.names))
    for k in np.flatnonzero(np.isfinite(z) & sure).tolist():
        columns = tuple(reference.names[at] for at in sets[k])
        yield JointChange(columns, 0, float(before[k]), float(now[k]), 2 * float(ndtr(-z[k])))


def _drawn(table: pd.DataFrame) -> pd.DataFrame:
    if len(table) <= MOST_ROWS:
        return table
    rows = np.random.default_rng(len(table)).choice(len(table), MOST_ROWS, replace=False)
    return table.iloc[np.sort(rows)]


def _ranks(column: pd.Series) -> Numbers:
    """Middle ranks of a column's values in [-1, 1]; NaN where missing. Texts in the order of the alphabet."""
    if not pd.api.types.is_numeric_dtype(column.dtype):
        codes, levels = pd.factorize(column.astype(object))
        place = np.empty(len(levels) + 1)
        place[:-1][np.argsort([str(level) for level in levels], kind="stable")] = np.arange(len(levels))
        place[-1] = np.nan
        column = pd.Series(place[codes])
    values = column.astype("Float64").to_numpy(dtype=float, na_value=np.nan)
    ranks = pd.Series(values).rank(method="average").to_numpy()
    return 2 * (ranks - 0.5) / max(np.isfinite(values).sum(), 1) - 1


def _polynomials(ranks: Numbers, known: NDArray[np.bool_]) -> tuple[Numbers, Numbers]:
    """The two polynomials of a column, of mean 0 and variance 1 and uncorrelated; 0 where missing or constant."""
    rising, square = _standardised(ranks[known]), ranks[known] ** 2
    ends = _standardised(square - rising * float(np.mean(square * rising))) if len(square) else square
    filled = np.zeros((2, len(ranks)))
    filled[:, known] = rising, ends
    return filled[RISING], filled[ENDS]


def _standardised(values: Numbers) -> Numbers:
    if not len(values):
        return values
    centred = values - values.mean()
    spread = float(np.sqrt(np.mean(centred**2)))
    return centred / spread if spread > 1e-9 else np.zeros_like(centred)


def _correlations(a: Numbers, b: Numbers, known: Numbers, counts: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    """Of each two columns; with a row's variance, from each one's influence on a correlation, and the kurtosis."""
    aa, bb = a * a, b * b
    with np.errstate(all="ignore"):
        r = a.T @ b / counts
        both = aa.T @ bb / counts
        mixed = ((aa * a).T @ b + a.T @ (bb * b)) / counts
        fourth = ((aa * aa).T @ known + known.T @ (bb * bb)) / counts
        variance = both + r**2 / 4 * (fourth + 2 * both) - r * mixed
        tails = (aa * aa).T @ (bb * bb) / counts / both**2
    enough = (counts >= FEWEST) & (both > 1e-9)
    # Of a column that follows from the other no row brings any, and yet none of few is sure.
    r, variance, tails = (
        np.where(enough, one, np.nan) for one in (r, np.maximum(variance, 0.05 * both), np.minimum(tails, 6e4))
    )
    return r, variance, tails


def _triples(columns: int) -> list[tuple[int, ...]]:
    """All sets of three, or as many as are looked at, drawn, always the same."""
    every: list[tuple[int, ...]] = list(combinations(range(columns), 3))
    if len(every) <= MOST_TRIPLES:
        return every
    drawn = np.random.default_rng(columns).choice(len(every), MOST_TRIPLES, replace=False)
    return [every[k] for k in np.sort(drawn)]


def _in_threes(rising: Numbers, known: Numbers, sets: list[tuple[int, ...]]) -> Numbers:
    """Of each set of three: mean product, variance of a row, kurtosis, rows; shape (4, t)."""
    found = np.full((4, len(sets)), np.nan)
    squares = rising * rising
    first = np.array([at[0] for at in sets], dtype=int)
    rest = np.array([at[1:] for at in sets], dtype=int).reshape(-1, 2)
    for k in np.unique(first):
        of, (i, j) = first == k, rest[first == k].T
        one, two = rising[:, k : k + 1] * rising, squares[:, k : k + 1] * squares
        sums = (
            one.T @ rising,
            two.T @ squares,
            (two * two).T @ (squares * squares),
            (known[:, k : k + 1] * known).T @ known,
        )
        mean, second, fourth, counts = (part[i, j] for part in sums)
        with np.errstate(all="ignore"):
            mean, second, fourth = mean / counts, second / counts, fourth / counts
            variance = second - mean**2
            enough = (counts >= FEWEST) & (variance > 1e-9)
            found[:3, of] = np.where(enough, [mean, variance, fourth / variance**2], np.nan)
        found[3, of] = counts
    return found
