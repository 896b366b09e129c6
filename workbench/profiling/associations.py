"""How strongly two columns go together, in [0, 1], whatever their kinds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from workbench.core.contract import Column, Contract
from workbench.profiling.columns import seconds

# Levels beyond the most frequent are one: a table of 50 x 50 cells is filled by 20,000 rows.
MOST_LEVELS = 50
# A number with so few values is also looked at as a category, so that a link which does not rise or fall is seen.
FEW_VALUES = 10

Array = np.ndarray


@dataclass(frozen=True)
class Coded:
    """A column made ready to compare: ranks in [0, 1] with NaN where missing, codes with -1, or both."""

    ranks: Array | None
    codes: Array | None


def coded(table: pd.DataFrame, contract: Contract) -> dict[str, Coded]:
    """Make columns ready; free text with only unlike values is left out."""
    found = {c.name: _coded(table[c.name], c) for c in contract.columns if c.name in table}
    return {name: column for name, column in found.items() if column is not None}


def strength(a: Coded, b: Coded) -> float:
    """Strength of the link in [0, 1]; 0 where there are too few rows.

    Two numbers: the larger of Spearman's absolute rank correlation and the correlation ratios, where a column has few
    values. A category and a number: the correlation ratio of the ranks. Two categories: Cramér's V. The last two are
    corrected for their upward bias.

    References
    ----------
    W. Bergsma (2013). A bias-correction for Cramér's V and Tschuprow's T. J. Korean Stat. Soc. 42.
    T. Kelley (1935). An unbiased correlation ratio measure. PNAS 21.
    """
    links = []
    if a.ranks is not None and b.ranks is not None:
        links.append(_correlation(a.ranks, b.ranks))
    if a.codes is not None and b.ranks is not None:
        links.append(_ratio(a.codes, b.ranks))
    if b.codes is not None and a.ranks is not None:
        links.append(_ratio(b.codes, a.ranks))
    if a.codes is not None and b.codes is not None:
        links.append(_cramer(a.codes, b.codes))
    return float(min(max(links, default=0.0), 1.0))


def strongest(columns: Mapping[str, Coded], names: Iterable[str], most: int = 50) -> tuple[tuple[str, str, float], ...]:
    """The strongest pairs, strongest first."""
    pairs = [(a, b, strength(columns[a], columns[b])) for a, b in combinations([n for n in names if n in columns], 2)]
    return tuple(sorted((p for p in pairs if p[2] > 0), key=lambda p: -p[2])[:most])


def _coded(values: pd.Series, column: Column) -> Coded | None:
    if column.kind == "datetime":
        return Coded(_ranks(pd.Series(seconds(values))), None)
    if column.kind == "boolean":
        return Coded(None, _codes(values))
    if column.kind in ("number", "integer"):
        few = values.nunique() <= FEW_VALUES
        return Coded(_ranks(pd.to_numeric(values, errors="coerce")), _codes(values) if few else None)
    if values.nunique() > max(MOST_LEVELS, len(values) / 2):
        return None
    return Coded(None, _codes(values))


def _ranks(values: pd.Series) -> Array:
    return values.rank(pct=True).to_numpy(dtype=float)


def _codes(values: pd.Series) -> Array:
    """The most frequent level is 0; the rare ones share the last code."""
    order = {level: i for i, level in enumerate(values.value_counts().index)}
    codes = values.map(order).to_numpy(dtype=float, na_value=-1)
    return np.minimum(codes.astype(int), MOST_LEVELS - 1)


def _correlation(a: Array, b: Array) -> float:
    both = ~(np.isnan(a) | np.isnan(b))
    x, y = a[both], b[both]
    if len(x) < 3:
        return 0.0
    x, y = x - x.mean(), y - y.mean()
    scale = np.sqrt((x @ x) * (y @ y))
    return float(abs(x @ y) / scale) if scale > 0 else 0.0


def _ratio(codes: Array, ranks: Array) -> float:
    both = (codes >= 0) & ~np.isnan(ranks)
    c, y = codes[both], ranks[both]
    n, rows = len(y), np.bincount(c)
    k = int((rows > 0).sum())
    if k < 2 or n <= k:
        return 0.0
    y = y - y.mean()
    total = float(y @ y)
    between = float((np.bincount(c, weights=y)[rows > 0] ** 2 / rows[rows > 0]).sum())
    if total <= 0:
        return 0.0
    return float(np.sqrt(max(0.0, 1 - ((total - between) / (n - k)) / (total / (n - 1)))))


def _cramer(a: Array, b: Array) -> float:
    both = (a >= 0) & (b >= 0)
    n = int(both.sum())
    if n < 3:
        return 0.0
    table = np.bincount(a[both] * MOST_LEVELS + b[both], minlength=MOST_LEVELS**2).reshape(MOST_LEVELS, -1)
    table = table[table.sum(1) > 0][:, table.sum(0) > 0]
    r, k = table.shape
    if min(r, k) < 2:
        return 0.0
    expected = np.outer(table.sum(1), table.sum(0)) / n
    phi2 = float(((table - expected) ** 2 / expected).sum()) / n
    phi2 = max(0.0, phi2 - (k - 1) * (r - 1) / (n - 1))
    smaller = min(k - (k - 1) ** 2 / (n - 1), r - (r - 1) ** 2 / (n - 1)) - 1
    return float(np.sqrt(phi2 / smaller)) if smaller > 0 else 0.0
