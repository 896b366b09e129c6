"""The values of a column in an order: by rank, in seven levels, and in parts of like ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from workbench.core.json_values import seconds_of
from workbench.core.wording import Ours

Numbers = NDArray[np.float64]
Integers = NDArray[np.intp]
Kind = Literal["number", "moment", "flag", "category"]

MOST_CATEGORIES = 12
# Values from low to high in as many colours; what is missing has one of its own.
LEVELS, MISSING = 7, 7
# A column's values, when another one is looked for that changes what it adds.
PARTS = 24


@dataclass(frozen=True)
class Coded:
    """The values of a column as numbers in an order, NaN where missing."""

    kind: Kind
    order: Numbers
    categories: tuple[str, ...] = ()

    @cached_property
    def levels(self) -> Integers:
        """From 0 (low) to 6 (high) by rank; a few different values are spread evenly."""
        return levels(self.order)

    @cached_property
    def parts(self) -> Integers:
        """Rows by like values; what is missing is a part of its own, the last one."""
        return split(self.order, PARTS)


def code(values: Sequence[Any], effects: Numbers) -> Coded:
    """Plain values as numbers in an order; categories in that of their mean effect.

    >>> code(["b", "a", None, "b"], np.array([1.0, -1.0, 0.0, 2.0])).order
    array([ 1.,  0., nan,  1.])
    """
    kind = kind_of(values)
    if kind == "category":
        return _categories([None if v is None else str(v) for v in values], effects)
    moments = _moments(values) if kind == "moment" else None
    numbers = np.array([np.nan if v is None else float(v) for v in values]) if moments is None else moments
    return Coded(kind, numbers, (Ours("false"), Ours("true")) if kind == "flag" else ())


def kind_of(values: Sequence[Any]) -> Kind:
    """What the plain values of a column are.

    >>> kind_of([1, 2.5, None]), kind_of([True]), kind_of(["2024-01-01"]), kind_of(["a"])
    ('number', 'flag', 'moment', 'category')
    """
    known = [v for v in values if v is not None]
    if known and all(isinstance(v, bool) for v in known):
        return "flag"
    if all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in known):
        return "number"
    return "category" if _moments(values) is None else "moment"


def _moments(values: Sequence[Any]) -> Numbers | None:
    """Seconds since 1970 where each value is a moment in ISO 8601; None where one is not."""
    known: dict[Any, float] = {None: np.nan}
    try:
        for value in set(values) - {None}:
            if len(value) < 10:  # "20240101" is a number
                return None
            known[value] = seconds_of(value)
    except (TypeError, ValueError, OverflowError, OSError):
        return None
    return np.array([known[v] for v in values])


def _categories(texts: Sequence[str | None], effects: Numbers) -> Coded:
    """The most frequent ones, the others together, and each in the order of what it adds in the mean."""
    counts = Counter(t for t in texts if t is not None)
    many = len(counts) > MOST_CATEGORIES
    kept = [name for name, _ in counts.most_common(MOST_CATEGORIES - 1 if many else MOST_CATEGORIES)]
    labels = [*kept, Ours(f"{len(counts) - len(kept)} others")] if many else kept
    index = {label: i for i, label in enumerate(kept)}
    codes = np.array([-1 if t is None else index.get(t, len(kept)) for t in texts], dtype=np.intp)
    known = codes >= 0
    means = np.bincount(codes[known], effects[known], len(labels)) / np.bincount(codes[known], minlength=len(labels))
    order = np.argsort(means, kind="stable")
    place = np.full(len(labels) + 1, np.nan)
    place[order] = np.arange(len(labels))
    return Coded("category", place[codes], tuple(labels[i] for i in order))


def ranks(order: Numbers) -> tuple[Integers, int]:
    """Which of the different values each one is, and the last of them; what is missing counts as the first.

    >>> ranks(np.array([5.0, 2.0, np.nan, 5.0]))
    (array([1, 0, 0, 1]), 1)
    """
    known = ~np.isnan(order)
    different, inverse = np.unique(order[known], return_inverse=True)
    found = np.zeros(len(order), dtype=np.intp)
    found[known] = inverse
    return found, max(len(different) - 1, 0)


def quantiles(ranked: Integers) -> Numbers:
    """Share of rows that lie below each, those of the same rank counted by half."""
    counts = np.bincount(ranked)
    return ((np.cumsum(counts) - counts / 2) / max(len(ranked), 1))[ranked]


def split(order: Numbers, count: int) -> Integers:
    """Rows by like values: each of a few values, or about ``count`` parts with equally many rows.

    A value that would fill a part by itself has one of its own, so that the others are told apart however rare they
    are: these come after them. What is missing is the last part.

    >>> split(np.array([0, 0, 0, 0, 0, 0, 1, 2, 3, np.nan]), 3)
    array([2, 2, 2, 2, 2, 2, 0, 1, 1, 3])
    """
    known = ~np.isnan(order)
    ranked, last = ranks(order[known])
    if last >= count:
        rows = np.bincount(ranked)
        alone = rows > len(ranked) / count
        left = np.where(alone, 0, rows)
        shared = max(count - int(alone.sum()), 1)
        middles = (np.cumsum(left) - left / 2) / max(int(left.sum()), 1)
        among = np.minimum(shared * middles, shared - 1).astype(np.intp)
        ranked = np.unique(np.where(alone, shared + np.cumsum(alone), among), return_inverse=True)[1][ranked]
    found = np.full(len(order), ranked.max(initial=-1) + 1, dtype=np.intp)
    found[known] = ranked
    return found


def levels(order: Numbers) -> Integers:
    """The level of each value.

    >>> levels(np.array([1.0, 0.0, np.nan]))
    array([6, 0, 7])
    """
    known = ~np.isnan(order)
    found = np.full(len(order), MISSING, dtype=np.intp)
    ranked, last = ranks(order[known])
    if last < LEVELS:
        found[known] = np.rint(ranked / max(last, 1) * (LEVELS - 1))
    else:
        found[known] = np.minimum(LEVELS * quantiles(ranked), LEVELS - 1)
    return found


def group_means(parts: Integers, values: Numbers) -> Numbers:
    """The mean of each part, shape (parts,)."""
    return np.bincount(parts, values) / np.maximum(np.bincount(parts), 1)


def direction(coded: Coded, effects: Numbers) -> float | None:
    """Spearman's correlation of value and mean effect of like values; None of categories, and where one does not vary.

    >>> round(direction(Coded("number", np.array([1.0, 2.0, 4.0])), np.array([0.0, 0.1, 0.9])), 9)
    1.0
    """
    known = ~np.isnan(coded.order)
    if coded.kind == "category" or not known.any():
        return None
    like = group_means(coded.parts, effects)[coded.parts]
    x, y = (quantiles(ranks(one[known])[0]) for one in (coded.order, like))
    spread = float(x.std() * y.std())
    return None if spread < 1e-12 else float(((x - x.mean()) * (y - y.mean())).mean() / spread)
