"""Reasons in sums: SHAP values of rows become counts and moments by column, which add up and can be compared.

The parts that values fall into are chosen once, on the reference: as many rows in each, and no edge where values lie,
so that last digits, in which one way of computing differs from another, move no row into another part.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.core.contract import Kind
from workbench.core.explanation import Explanation
from workbench.core.explanation_comparison import ReasonDifference
from workbench.core.reasons import ColumnReasons, Reasons
from workbench.errors import BadParameter
from workbench.profiling.drift_tests import NOTHING, TestResult, holm, ks, means, normal, welch_interval
from workbench.profiling.sketches import merge_moments, moments

Numbers = NDArray[np.float64]
# Parts of what a column adds, and of what it holds.
PARTS, GIVEN = 16, 8
LEVELS: tuple[Kind, ...] = ("category", "boolean")  # kinds of columns whose values are told one by one
ENOUGH = 200  # rows from which on two means are compared
SURE = 0.999  # a correlation that counts as 1
FEW = 5  # rows of a level by which it is named
# Share of the largest value below which two values are one: the digits that single precision does not keep.
SAME = 1e-6
# What matters, of what is beyond chance: how far two distributions are apart (as for columns), a share of a column's
# importance, a step of its direction; and only of columns that weigh a tenth of the strongest one.
RELEVANT, RELEVANT_SHARE, RELEVANT_TURN, WEIGHTY = 0.1, 0.25, 0.3, 0.1


def numbers(values: Iterable[Any]) -> Numbers:
    """What a column of numbers holds, NaN where that is none.

    >>> numbers([1, None, "x"])
    array([ 1., nan, nan])
    """
    return np.array([float(v) if isinstance(v, (int, float)) else np.nan for v in values], dtype=float)


def texts(values: Iterable[Any]) -> Any:
    """What a column of categories holds as texts, None where that is nothing.

    >>> texts(["a", True, None, float("nan")])
    array(['a', 'True', None, None], dtype=object)
    """
    return np.array([None if v is None or v != v else str(v) for v in values], dtype=object)


def reference_reasons(explanation: Explanation, known: Mapping[str, Any], not_followed: str = "") -> Reasons:
    """The sums of an explanation, with the parts that later rows are counted in.

    Parameters
    ----------
    explanation : Explanation
        Of rows that the model has not seen.
    known : mapping of str to array, shape (rows,)
        What columns hold: numbers, NaN where nothing, or categories as texts, None where nothing. Of those that are
        left out only what they add is kept.
    not_followed : str
        Why windows can't be compared with it.
    """
    values, ends = _as_kept(explanation.values), explanation.intervals()
    scale = float(np.abs(values).max(initial=0.0))
    columns = []
    for k, name in enumerate(explanation.features):
        held, at = known.get(name), edges(values[:, k], PARTS, SAME * scale)
        summed = _summed(name, values[:, k], held, at, *_parts(held))
        low, high = ends[name]
        columns.append(replace(summed, low=low, high=high, direction=_direction(summed, summed)))
    return Reasons(
        model=explanation.model,
        unit=explanation.unit,
        label=explanation.label,
        rows=len(values),
        created=explanation.created,
        columns=tuple(columns),
        base=explanation.base,
        method=explanation.method,
        not_followed=not_followed,
    )


def counted_reasons(reference: Reasons, values: Numbers, known: Mapping[str, Any], created: str = "") -> Reasons:
    """The sums of other rows, in the reference's parts.

    Parameters
    ----------
    reference : Reasons
    values : float array, shape (rows, columns)
        SHAP values of the same model, unit and class.
    known : mapping of str to array, shape (rows,)
        What columns hold, as :func:`reference_reasons` takes it.
    created : str
        ISO 8601 with zone.
    """
    values = _as_kept(values)
    columns = tuple(
        _summed(one.column, values[:, k], known.get(one.column), one.edges, one.given, one.levels)
        for k, one in enumerate(reference.columns)
    )
    return Reasons(reference.model, reference.unit, reference.label, len(values), created, columns)


def merge_reasons(one: Reasons, other: Reasons) -> Reasons:
    """The reasons of the rows of both.

    Raises
    ------
    BadParameter
        If they are of different models, or not counted in the same parts.
    """
    if not alike(one, other):
        raise BadParameter("Reasons add up where they are of one model and counted by one reference. Count them anew.")
    columns = tuple(_added(a, b) for a, b in zip(one.columns, other.columns, strict=True))
    return replace(one, rows=one.rows + other.rows, columns=columns)


def alike(one: Reasons, other: Reasons) -> bool:
    """Whether two are of the same model, unit and class, and counted in the same parts."""
    kinds = [
        (r.model, r.unit, r.label, *((c.column, c.edges, c.given, c.levels) for c in r.columns)) for r in (one, other)
    ]  # fmt: skip
    return kinds[0] == kinds[1]


def compare_reasons(reference: Reasons, current: Reasons, rate: float) -> tuple[ReasonDifference, ...]:
    """Which columns weigh otherwise than in the reference by more than chance, and by how much.

    Three tests a column: how far the distributions of its values are apart (Kolmogorov-Smirnov on the parts), whether
    its mean absolute value changed (Welch), and whether its direction did. P-values are corrected for all of them
    (Holm).

    Parameters
    ----------
    reference, current : Reasons
        Counted in the same parts.
    rate : float
        The chance, in (0, 1), that anything is told of two samples of one population.

    Returns
    -------
    tuple of ReasonDifference
        Those that matter first, strongest change first; then those beyond chance and the others by importance.
    """
    pairs = list(zip(reference.columns, current.columns, strict=True))
    tested = [_Tested(*pair) for pair in pairs]
    corrected = holm([one.p_value for one in tested])
    most = max((one.importance for pair in pairs for one in pair), default=0.0)
    ranks = [{one.column: k for k, one in enumerate(side.ranked, 1)} for side in (reference, current)]
    found = [
        one.difference((ranks[0][one.column], ranks[1][one.column]), p, rate, WEIGHTY * most)
        for one, p in zip(tested, corrected, strict=True)
    ]
    return tuple(
        sorted(
            found,
            key=lambda d: (not d.important, not d.differs, -d.effect if d.important else -max(d.importance), d.column),
        )
    )


class _Tested:
    """One column with its three tests."""

    def __init__(self, before: ColumnReasons, now: ColumnReasons) -> None:
        self.column, self.before, self.now = before.column, before, now
        distance = ks(*(_distribution(one) for one in (before, now)))
        # Of few rows the mean of a skewed column's effects is not near enough to normal, and nobody could see it.
        shift = means(before.moments, now.moments) if min(before.rows, now.rows) >= ENOUGH else NOTHING
        turn, self.direction = _turn(before, now)
        self.effect = distance.effect
        self.p_value = min(holm([distance.p_value, shift.p_value, turn.p_value]))

    def difference(self, rank: tuple[int, int], p_value: float, rate: float, least: float) -> ReasonDifference:
        """What was found, with the p-value that is corrected for all that was tested."""
        before, now = self.before, self.now
        low, high = welch_interval(before.moments, now.moments)
        differs = p_value <= rate
        return ReasonDifference(
            column=self.column,
            segment=None,
            rows=(before.rows, now.rows),
            importance=(before.importance, now.importance),
            low=low,
            high=high,
            mean=(before.mean, now.mean),
            rank=rank,
            direction=self.direction,
            effect=self.effect,
            p_value=p_value,
            differs=differs,
            parts=tuple((round(a, 4), round(b, 4)) for a, b in zip(before.shares, now.shares, strict=True)),
            important=differs and self._matters(least),
        )

    def _matters(self, least: float) -> bool:
        sizes = self.before.importance, self.now.importance
        step = abs(self.direction[1] - self.direction[0]) if self.direction else 0.0
        changed = abs(sizes[1] - sizes[0]) >= RELEVANT_SHARE * max(sizes)
        return max(sizes) >= least and (self.effect >= RELEVANT or changed or step >= RELEVANT_TURN)


def edges(values: Numbers, parts: int, same: float = 0.0) -> tuple[float, ...]:
    """Where values are cut into parts of about as many rows each: between two that are apart, never at one.

    Parameters
    ----------
    values : float array, shape (rows,)
    parts : int
        At most.
    same : float
        How far apart two values may lie and still be one.

    Examples
    --------
    >>> edges(np.array([0.0, 0.0, 1.0, 1.0, 4.0]), 3), edges(np.zeros(9), 4)
    ((0.5, 2.5), ())
    """
    ordered = np.sort(values)
    gaps = np.flatnonzero(np.diff(ordered) > same)
    if not gaps.size:
        return ()
    wanted = np.arange(1, parts) * len(ordered) / parts - 1
    cuts = np.unique(gaps[np.abs(gaps[:, None] - wanted).argmin(axis=0)])
    return tuple(((ordered[cuts] + ordered[cuts + 1]) / 2).tolist())


def _as_kept(values: Numbers) -> Numbers:
    """In single precision, as files have them, and nothing where a column adds but what was rounded away."""
    kept = np.asarray(values, dtype=np.float32).astype(np.float64)
    kept[np.abs(kept) < SAME * np.abs(kept).max(initial=0.0)] = 0.0
    return kept


def _parts(held: Any) -> tuple[tuple[float, ...], tuple[str, ...]]:
    """Edges between the parts of numbers, or the most frequent levels of categories that are not too few to show."""
    if held is None:
        return (), ()
    if held.dtype.kind == "f":
        return edges(held[~np.isnan(held)], GIVEN), ()
    return (), tuple(
        level for level, rows in Counter(v for v in held if v is not None).most_common(GIVEN) if rows >= FEW
    )


def _lines(held: Any, rows: int, given: tuple[float, ...], levels: tuple[str, ...]) -> tuple[Any, int]:
    """Of each row the line that it is counted in, and how many lines there are."""
    last = len(given) + 1 if given else len(levels)
    if held is None or not last:
        return np.full(rows, last, dtype=np.intp), last + 1
    if given:
        return np.where(np.isnan(held), last, np.searchsorted(given, held, side="right")), last + 1
    place = {level: k for k, level in enumerate(levels)}
    return np.array([place.get(value, last) for value in held], dtype=np.intp), last + 1


def _summed(
    column: str, values: Numbers, held: Any, at: Sequence[float], given: tuple[float, ...], levels: tuple[str, ...]
) -> ColumnReasons:
    part, width = np.searchsorted(at, values, side="right"), len(at) + 1
    line, lines = _lines(held, len(values), given, levels)
    counts = np.bincount(line * width + part, minlength=lines * width).reshape(lines, width).tolist()
    mean = float(values.mean()) if len(values) else 0.0
    return ColumnReasons(
        column, moments(np.abs(values)), mean, tuple(at), given, tuple(map(tuple, counts)), levels=levels
    )  # fmt: skip


def _added(a: ColumnReasons, b: ColumnReasons) -> ColumnReasons:
    counts = np.add(a.counts, b.counts).tolist()
    rows = a.rows + b.rows
    return ColumnReasons(
        a.column,
        merge_moments(a.moments, b.moments),  # type: ignore[arg-type]  # five numbers each
        (a.rows * a.mean + b.rows * b.mean) / max(rows, 1),
        a.edges,
        a.given,
        tuple(map(tuple, counts)),
        levels=a.levels,
    )


def _distribution(one: ColumnReasons) -> tuple[Any, Any, float]:
    weights = np.sum(one.counts, axis=0).astype(float)
    return np.arange(len(weights), dtype=float), weights, 0.0


def _turn(before: ColumnReasons, now: ColumnReasons) -> tuple[TestResult, tuple[float, float] | None]:
    """Whether the direction changed, and both of them; nothing where one has none."""
    then, later = (_correlation(one, before) for one in (before, now))
    if then is None or later is None:
        return NOTHING, None
    (z, error), (z_now, error_now) = (_fisher(*side) for side in (then, later))
    return normal(z_now - z, error + error_now), (then[0], later[0])


def _fisher(r: float, variance: float, rows: float) -> tuple[float, float]:
    """Fisher's z of a correlation and its variance: never below that of two normal columns, for a few rows in line."""
    r = min(max(r, -SURE), SURE)
    return float(np.arctanh(r)), max(variance / (1 - r**2) ** 2, 1.06 / max(rows - 3, 1))


def _direction(one: ColumnReasons, reference: ColumnReasons) -> float | None:
    found = _correlation(one, reference)
    return None if found is None else found[0]


def _correlation(one: ColumnReasons, reference: ColumnReasons) -> tuple[float, float, float] | None:
    """Correlation of the reference's ranks of what a column holds and adds, its variance, and of how many rows.

    The variance is that of the influence function, so it holds whatever the two look like together.

    References
    ----------
    Devlin, S., Gnanadesikan, R., Kettenring, J. (1975), Robust estimation and outlier detection with correlation
    coefficients. Biometrika 62. Fieller, E., Hartley, H., Pearson, E. (1957), Tests for rank correlation coefficients.
    """
    if not one.given:
        return None
    counts, usual = (np.asarray(side.counts, dtype=float)[:-1] for side in (one, reference))
    n = counts.sum()
    held, added = (_standardised(_ranks(usual.sum(axis=k)), counts.sum(axis=k)) for k in (1, 0))
    if held is None or added is None:
        return None
    shares, both = counts / n, np.outer(held, added)
    r = float((shares * both).sum())
    influence = both - r / 2 * (held[:, None] ** 2 + added[None, :] ** 2)
    return min(max(r, -1.0), 1.0), float((shares * influence**2).sum()) / float(n), float(n)


def _ranks(counts: Numbers) -> Numbers:
    """The middle rank of each part."""
    return np.cumsum(counts) - counts / 2


def _standardised(scores: Numbers, counts: Numbers) -> Numbers | None:
    """Scores with mean 0 and variance 1 over the rows; None where they do not vary."""
    if not counts.sum():
        return None
    away = scores - np.average(scores, weights=counts)
    spread = float(np.average(away**2, weights=counts)) ** 0.5
    result: Numbers = away / spread if spread > 0 else away
    return result if spread > 0 else None
