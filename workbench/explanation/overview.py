"""What a page shows of an explanation: columns, dots, cells and lists of rows, binned so that 10,000 rows stay small.

From the explanation alone: neither the model nor the data is asked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from workbench.core.explanation import Explanation
from workbench.core.json_values import seconds_of

Numbers = NDArray[np.float64]
Integers = NDArray[np.intp]
Kind = Literal["number", "moment", "flag", "category"]

# Columns that are drawn, partners of each, and columns of the matrix; the others keep their importance.
MOST_COLUMNS, MOST_PARTNERS, MOST_CROSSED = 20, 10, 8
# A strip of dots: places along the axis, and dots above each other.
PLACES, STACKED = 140, 11
# Share of all effects on either side that may lie beyond the ends of their axis, where a few are far off.
BEYOND = 0.0015
# A cloud: cells across and up, and across of one that lies on its side.
ACROSS, UP, LONG = 44, 34, 60
MOST_CATEGORIES = 12
# Cells on the left for missing values, of which the last two stay empty.
GAP = 3
# Values from low to high in as many colours; what is missing has one of its own.
LEVELS, MISSING = 7, 7
# Of each list of rows.
LISTED = 100
# Standard errors by which means must differ more than by chance before they count.
SURE = 3
# A column's values, when another one is looked for that changes what it adds, and in its table.
PARTS, TABLED = 24, 8


@dataclass(frozen=True)
class Swarm:
    """A strip of dots, a dot for up to ``rows`` rows that have nearly the same effect, low values below high ones.

    Parameters
    ----------
    places, heights : array of int, shape (dots,)
        Along the axis from 0, and in half dots from the middle.
    levels : array of int, shape (dots,)
        Of the value, from 0 (low) to 6 (high); 7 where it is missing.
    rows : int
        Rows that a dot stands for, at most.
    """

    places: Integers
    heights: Integers
    levels: Integers
    rows: int


@dataclass(frozen=True)
class Cloud:
    """What a column adds by its value: cells that hold rows, and in what they hold.

    Parameters
    ----------
    shape : (int, int)
        Cells across and up. Values go across and effects up; of categories, effects across and a category is a line.
    x, y : array of int, shape (cells,)
        Place of each cell that holds rows.
    sizes : array of int, shape (cells,)
        How many rows it holds, from 0 (few) to 3.
    partners : dict of str to array of int, shape (cells,)
        Other columns, the one first that changes most what this one adds, and the level of its values in each cell.
    places : array of int, shape (rows, 2)
        The cell of each row.
    values, effects : (float, float)
        The ends of both axes; what is beyond them lies in the last cell.
    categories : tuple of str
        The lines of categories, from below; the one of missing values last.
    missing : int
        Cells on the left that missing values take, with the gap after them.
    line : tuple of (float, float)
        Mean effect along the values, or of each category, in cells.
    """

    shape: tuple[int, int]
    x: Integers
    y: Integers
    sizes: Integers
    partners: dict[str, Integers]
    places: Integers
    values: tuple[float, float]
    effects: tuple[float, float]
    categories: tuple[str, ...] = ()
    missing: int = 0
    line: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True)
class Part:
    """Rows with like values: what they are, how many, the mean effect and where nine of ten effects lie."""

    value: str
    rows: int
    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class ColumnView:
    """One column: how much, how surely, in which direction, and how it depends on its values.

    Parameters
    ----------
    name, at, kind
        The column, its place among the features, and what its values are.
    importance, low, high : float
        Mean absolute value with its bootstrap interval.
    stability : float
        Share of the bootstrap draws in which it keeps its place, in [0, 1].
    direction : float or None
        Spearman's correlation of value and mean effect of like values; None of categories.
    spread : tuple of float
        The 5%, 50% and 95% quantile of the effects.
    swarm, cloud, parts
        Its drawings, and the table that says the same.
    """

    name: str
    at: int
    kind: Kind
    importance: float
    low: float
    high: float
    stability: float
    direction: float | None
    spread: tuple[float, float, float]
    swarm: Swarm
    cloud: Cloud
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Overview:
    """Everything that a page of an explanation shows.

    Parameters
    ----------
    columns : tuple of ColumnView
        The strongest ones, strongest first.
    others : tuple of (str, float)
        The importance of the others.
    axis : (float, float)
        Ends of the axis of effects that all strips share; what is beyond them lies in the last place.
    beyond : float
        Share of rows with an effect beyond the axis, in [0, 1].
    strengths : array of float, shape (m, m)
        How much two of the first m columns interact, in the unit of the values.
    exact : bool
        Whether they are mean interaction values; else they are estimated from the SHAP values.
    lists : dict of str to array of int
        Rows worth a look by what they are, the most telling first.
    probabilities : bool
        Whether the outputs are the log-odds of the predictions, so that both go on one axis.
    """

    columns: tuple[ColumnView, ...]
    others: tuple[tuple[str, float], ...]
    axis: tuple[float, float]
    beyond: float
    strengths: Numbers
    exact: bool
    lists: dict[str, Integers]
    probabilities: bool

    @property
    def crossed(self) -> tuple[ColumnView, ...]:
        """The columns of ``strengths``."""
        return self.columns[: len(self.strengths)]


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


def overview(explanation: Explanation) -> Overview:
    """Bin an explanation for its page; seconds for a hundred columns, a tenth of one for ten thousand rows of ten.

    Examples
    --------
    >>> import workbench as wb
    >>> run = wb.train(wb.dataset("churn.csv", target="Churn"), candidates=["linear"])
    >>> seen = overview(wb.explain(run, rows=200))
    >>> [column.name for column in seen.columns][:2]
    ['tenure', 'Contract']
    """
    values = np.asarray(explanation.values, dtype=float)
    importance = explanation.importance()
    places = {name: at for at, name in enumerate(explanation.features)}
    shown = [places[name] for name in list(importance)[:MOST_COLUMNS]] if len(values) else []
    coded = {at: code(explanation.given(explanation.features[at]), values[:, at]) for at in shown}
    estimated = _estimated(values, shown, coded)
    axis = _axis(values[:, shown])
    return Overview(
        columns=tuple(_column(explanation, at, axis, coded, estimated[i]) for i, at in enumerate(shown)),
        others=tuple(list(importance.items())[len(shown) :]),
        axis=axis,
        beyond=float(((values[:, shown] < axis[0]) | (values[:, shown] > axis[1])).any(axis=1).mean())
        if shown
        else 0.0,
        strengths=_strengths(explanation, shown[:MOST_CROSSED], estimated),
        exact=explanation.interactions is not None,
        lists=lists(explanation),
        probabilities=_are_log_odds(explanation),
    )


def _axis(values: Numbers) -> tuple[float, float]:
    """The ends that strips share, with zero between them."""
    if not values.size:
        return 0.0, 1.0
    low, inner_low, inner_high, high = np.quantile(values, (0, BEYOND, 1 - BEYOND, 1)).tolist()
    width = max(inner_high, 0.0) - min(inner_low, 0.0)
    return min(_end(low, inner_low, width), 0.0), max(_end(high, inner_high, width), 0.0)


def _end(all_of_them: float, most: float, width: float) -> float:
    """Where all lie, unless that is further than half the width away from where most lie."""
    return all_of_them if abs(all_of_them - most) <= 0.5 * width else most


def _column(
    explanation: Explanation, at: int, axis: tuple[float, float], coded: Mapping[int, Coded], strengths: Numbers
) -> ColumnView:
    name = explanation.features[at]
    effects, one = np.asarray(explanation.values, dtype=float)[:, at], coded[at]
    others = [k for k in np.argsort(-strengths, kind="stable") if list(coded)[k] != at][:MOST_PARTNERS]
    partners = {explanation.features[list(coded)[k]]: list(coded.values())[k].levels for k in others}
    low, high = explanation.intervals()[name]
    return ColumnView(
        name=name,
        at=at,
        kind=one.kind,
        importance=explanation.importance()[name],
        low=low,
        high=high,
        stability=explanation.stability()[name],
        direction=direction(one, effects),
        spread=tuple(np.quantile(effects, (0.05, 0.5, 0.95)).tolist()),
        swarm=swarm(effects, _shades(one), axis),
        cloud=(_cloud_of_categories if one.kind in ("category", "flag") else _cloud_of_numbers)(one, effects, partners),
        parts=_parts(one, effects),
    )


def _shades(coded: Coded) -> Integers:
    """Levels of the dots of a strip: categories have none."""
    return np.zeros(len(coded.order), dtype=np.intp) if coded.kind == "category" else coded.levels


def swarm_of(
    explanation: Explanation, column: ColumnView, axis: tuple[float, float], across: int, stacked: int
) -> Swarm:
    """The strip of a column with other numbers of places and dots."""
    effects = np.asarray(explanation.values, dtype=float)[:, column.at]
    return swarm(effects, _shades(code(explanation.given(column.name), effects)), axis, across, stacked)


def acting(explanation: Explanation, name: str, by: str | None = None) -> ColumnView:
    """One column by itself, coloured by another one: by default the one that changes it most."""
    values, features = np.asarray(explanation.values, dtype=float), list(explanation.features)
    at = features.index(name)
    others = [features.index(n) for n in ([by] if by else list(explanation.importance())[:MOST_COLUMNS]) if n != name]
    coded = {k: code(explanation.given(features[k]), values[:, k]) for k in (at, *others)}
    strengths = _estimated(values, [at], coded)[0]
    return _column(explanation, at, _axis(values[:, [at]]), coded, strengths)


def code(values: Sequence[Any], effects: Numbers) -> Coded:
    """Plain values as numbers in an order; categories in that of their mean effect.

    >>> code(["b", "a", None, "b"], np.array([1.0, -1.0, 0.0, 2.0])).order
    array([ 1.,  0., nan,  1.])
    """
    known = [v for v in values if v is not None]
    if known and all(isinstance(v, bool) for v in known):
        numbers = np.array([np.nan if v is None else float(v) for v in values])
        return Coded("flag", numbers, ("false", "true"))
    if all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in known):
        return Coded("number", np.array([np.nan if v is None else float(v) for v in values]))
    moments = _moments(values)
    if moments is not None:
        return Coded("moment", moments)
    return _categories([None if v is None else str(v) for v in values], effects)


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
    labels = [*kept, f"{len(counts) - len(kept)} others"] if many else kept
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


def direction(coded: Coded, effects: Numbers) -> float | None:
    """Spearman's correlation of value and mean effect of like values; None of categories, and where one does not vary.

    >>> round(direction(Coded("number", np.array([1.0, 2.0, 4.0])), np.array([0.0, 0.1, 0.9])), 9)
    1.0
    """
    known = ~np.isnan(coded.order)
    if coded.kind == "category" or not known.any():
        return None
    like = _group_means(coded.parts, effects)[coded.parts]
    x, y = (quantiles(ranks(one[known])[0]) for one in (coded.order, like))
    spread = float(x.std() * y.std())
    return None if spread < 1e-12 else float(((x - x.mean()) * (y - y.mean())).mean() / spread)


def swarm(
    effects: Numbers, values: Integers, axis: tuple[float, float], across: int = PLACES, stacked: int = STACKED
) -> Swarm:
    """Dots along an axis: above each other where many rows have nearly the same effect, low values below.

    >>> one = swarm(np.array([0.0, 0.0, 1.0]), np.array([6, 0, 3]), (0.0, 1.0))
    >>> one.places.tolist(), one.heights.tolist(), one.levels.tolist()
    ([0, 0, 139], [-1, 1, 0], [0, 6, 3])
    """
    places = _slots(effects, *axis, across)
    sorted_ = np.lexsort((values, places))
    counts = np.bincount(places, minlength=across)
    size = max(-(-int(counts.max(initial=1)) // stacked), 1)
    starts = np.cumsum(counts) - counts
    within = np.arange(len(places)) - starts[places[sorted_]]
    first = np.flatnonzero(within % size == 0)
    at = places[sorted_[first]]
    middle = np.minimum(first + size // 2, (starts + counts - 1)[at])
    heights = 2 * (within[first] // size) - (-(-counts[at] // size) - 1)
    return Swarm(at, heights, values[sorted_[middle]], size)


def _slots(values: Numbers, low: float, high: float, count: int) -> Integers:
    """Which of ``count`` equal parts of a range each value lies in; what is beyond it lies in the last one."""
    return np.clip((values - low) / ((high - low) or 1.0) * count, 0, count - 1).astype(np.intp)


def _cloud_of_numbers(coded: Coded, effects: Numbers, partners: dict[str, Integers]) -> Cloud:
    known = ~np.isnan(coded.order)
    values, ends = _middle(coded.order[known]), _middle(effects)
    missing = 0 if known.all() else GAP
    x = np.zeros(len(effects), dtype=np.intp)
    x[known] = missing + _slots(coded.order[known], *values, ACROSS - missing)
    places = np.column_stack([x, _slots(effects, *ends, UP)])
    along = [
        (missing + _share(value, values) * (ACROSS - missing), _share(effect, ends) * UP)
        for value, effect in _means(coded, effects)
    ]
    return _cells((ACROSS, UP), places, partners, values=values, effects=ends, missing=missing, line=tuple(along))


def _cloud_of_categories(coded: Coded, effects: Numbers, partners: dict[str, Integers]) -> Cloud:
    known, ends = ~np.isnan(coded.order), _middle(effects)
    labels = (*coded.categories, *(() if known.all() else ("missing",)))
    lines = np.where(known, np.nan_to_num(coded.order), len(coded.categories)).astype(np.intp)
    places = np.column_stack([_slots(effects, *ends, LONG), lines])
    shape = (LONG, len(labels))
    means = _group_means(lines, effects)
    along = tuple((_share(mean, ends) * LONG, line + 0.5) for line, mean in enumerate(means.tolist()))
    return _cells(
        shape, places, partners, values=(0.0, float(len(labels))), effects=ends, categories=labels, line=along
    )


def _cells(shape: tuple[int, int], places: Integers, partners: dict[str, Integers], **rest: Any) -> Cloud:
    """The cells that hold rows, and the mean level of each other column in them."""
    across, _ = shape
    cells, inverse, counts = np.unique(places[:, 1] * across + places[:, 0], return_inverse=True, return_counts=True)
    sizes = np.minimum(4 * np.sqrt(counts / counts.max(initial=1)), 3).astype(np.intp)
    found = {name: _mean_levels(one, inverse, len(cells)) for name, one in partners.items()}
    return Cloud(shape, cells % across, cells // across, sizes, found, places, **rest)


def _mean_levels(one: Integers, cells: Integers, count: int) -> Integers:
    known = one < MISSING
    rows = np.bincount(cells[known], minlength=count)
    means = np.bincount(cells[known], one[known], count) / np.maximum(rows, 1)
    return np.where(rows > 0, np.rint(means), MISSING).astype(np.intp)


def _share(value: float, ends: tuple[float, float]) -> float:
    """Where a value lies between the ends of its axis, in [0, 1]."""
    return min(max((value - ends[0]) / ((ends[1] - ends[0]) or 1.0), 0.0), 1.0)


def _means(coded: Coded, effects: Numbers) -> list[tuple[float, float]]:
    """Mean value and mean effect of each part of the known values, from the lowest."""
    known = ~np.isnan(coded.order)
    parts = coded.parts[known]
    rows = np.bincount(parts)
    sums = [np.bincount(parts, one[known]) for one in (coded.order, effects)]
    return sorted((v / n, e / n) for v, e, n in zip(*sums, rows, strict=True) if n)


def _middle(values: Numbers) -> tuple[float, float]:
    """The ends of an axis: all values, or where 99 of 100 lie if the others are far off."""
    if not len(values):
        return 0.0, 1.0
    low, inner_low, inner_high, high = np.quantile(values, (0, 0.005, 0.995, 1)).tolist()
    far = high - low > 3 * (inner_high - inner_low) > 0
    ends = (inner_low, inner_high) if far else (low, high)
    return ends if ends[0] < ends[1] else (ends[0] - 0.5, ends[1] + 0.5)


def _parts(coded: Coded, effects: Numbers) -> tuple[Part, ...]:
    """The table of a column: categories, few values, or eight parts with equally many rows."""
    parts = split(coded.order, TABLED)
    of_each = [_part(coded, parts == one, effects) for one in np.unique(parts)]
    return tuple(part for _, part in sorted(of_each, key=lambda item: item[0]))


def _part(coded: Coded, rows: NDArray[np.bool_], effects: Numbers) -> tuple[float, Part]:
    """The lowest value of a part, infinite where it is missing, and the part."""
    own = effects[rows]
    low, high = np.quantile(own, (0.05, 0.95)).tolist()
    told = Part(_told(coded, coded.order[rows]), int(rows.sum()), float(own.mean()), low, high)
    return float(np.nan_to_num(coded.order[rows].min(), nan=np.inf)), told


def _told(coded: Coded, order: Numbers) -> str:
    """What values of a part are, in words."""
    low, high = float(order.min()), float(order.max())
    if np.isnan(low):
        return "missing"
    if coded.categories:
        return coded.categories[int(low)]
    ends = [moment(v) if coded.kind == "moment" else f"{v:.12g}" if v == int(v) else f"{v:.4g}" for v in (low, high)]
    return ends[0] if low == high else f"{ends[0]} to {ends[1]}"


def moment(seconds: float) -> str:
    """A moment as people read it; the time of day where it has one.

    >>> moment(0.0)
    '1970-01-01'
    """
    at = datetime.fromtimestamp(seconds, UTC)
    return f"{at:%Y-%m-%d}" if at.time() == datetime.min.time() else f"{at:%Y-%m-%d %H:%M}"


def _estimated(values: Numbers, shown: Sequence[int], coded: Mapping[int, Coded]) -> Numbers:
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
    left = effects - _group_means(coded.parts, effects)[coded.parts]
    known = ~np.isnan(coded.order)
    if coded.kind not in ("number", "moment") or not known.any():
        return left
    lined = left.copy()
    along, means = (np.array(one) for one in zip(*_means(coded, effects), strict=True))
    lined[known] = effects[known] - np.interp(coded.order[known], along, means)
    lined -= _group_means(coded.parts, lined)[coded.parts]
    return min(left, lined, key=lambda one: float((one**2).sum()))


def _group_means(parts: Integers, values: Numbers) -> Numbers:
    return np.bincount(parts, values) / np.maximum(np.bincount(parts), 1)


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


def _strengths(explanation: Explanation, shown: Sequence[int], estimated: Numbers) -> Numbers:
    if explanation.interactions is not None:
        return np.asarray(explanation.interactions, dtype=float)[np.ix_(shown, shown)]
    few = estimated[: len(shown), : len(shown)]
    return np.asarray(np.sqrt((few**2 + few.T**2) / 2))


def lists(explanation: Explanation, most: int = LISTED) -> dict[str, Integers]:
    """Rows worth a look: the worst errors, those nearest to the threshold, and some from the lowest to the highest.

    Returns
    -------
    dict of str to array of int
        ``errors`` where the truth is known, ``threshold`` of a decision between two classes, and ``range``.
    """
    found = {}
    wrong, predictions = errors(explanation), explanation.predictions
    if wrong is not None:
        known = np.flatnonzero(~np.isnan(wrong))
        found["errors"] = known[np.argsort(-wrong[known], kind="stable")][:most]
    if explanation.threshold is not None and predictions is not None:
        away = np.abs(np.asarray(predictions, dtype=float) - explanation.threshold)
        found["threshold"] = np.argsort(away, kind="stable")[:most]
    outputs = np.argsort(np.asarray(explanation.outputs, dtype=float), kind="stable")
    even = np.linspace(0, len(outputs) - 1, min(most, len(outputs)))
    return {**found, "range": outputs[np.rint(even).astype(np.intp)]}


def errors(explanation: Explanation) -> Numbers | None:
    """How far each prediction is from the truth: of a class, one less the probability of the true side; NaN unknown.

    None where no truth is known, or nothing was predicted.
    """
    if explanation.truth is None or explanation.predictions is None:
        return None
    known = np.array([v is not None for v in explanation.truth])
    predictions = np.asarray(explanation.predictions, dtype=float)
    if explanation.label is None:
        truth = np.array([np.nan if v is None else float(v) for v in explanation.truth])
    else:
        truth = np.array([v == explanation.label for v in explanation.truth], dtype=float)
    return np.where(known, np.abs(truth - predictions), np.nan)


def _are_log_odds(explanation: Explanation) -> bool:
    if explanation.unit != "log-odds" or explanation.predictions is None:
        return False
    outputs = np.asarray(explanation.outputs, dtype=float)
    away = np.abs(chances(outputs) - np.asarray(explanation.predictions, dtype=float))
    return bool(away.max(initial=0) < 1e-6)


def chances(outputs: Numbers) -> Numbers:
    """The probabilities of log-odds.

    >>> chances(np.array([0.0, 1e9])).tolist()
    [0.5, 1.0]
    """
    return np.asarray(1 / (1 + np.exp(-np.clip(outputs, -700, 700))))
