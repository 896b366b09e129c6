"""A difference in words, and both sides of a column in parts that they share, for a drawing.

Nothing is told of the values of a sensitive column.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import pairwise

import numpy as np

from workbench.core.profile import ColumnProfile
from workbench.profiling.statistics import distribution

# Parts of a drawing: bars of a number, values of a category.
BARS = 20
MOST_VALUES = 12
# Where the most frequent values are so little of the whole, a drawing of them says nothing.
MOST_OTHERS = 0.9
# A move of the mean below this many standard deviations is not what makes a difference; a spread within these is one.
LEAST_MOVE = 0.05
SAME_SPREAD = (0.9, 1.1)
LONGEST = 40

Parts = tuple[tuple[str, ...], tuple[float, ...], tuple[float, ...]]
NO_PARTS: Parts = ((), (), ())


def parts(a: ColumnProfile, b: ColumnProfile) -> Parts:
    """Labels of what both sides are drawn in, and the share of each side's values in each part.

    Numbers lie in bars between the outer percentiles, and what lies beyond them is in the first and the last.
    """
    if a.sensitive or b.sensitive or not a.count or not b.count:
        return NO_PARTS
    if "moments" in a.state and a.kind != "boolean":
        return _bars(a, b)
    return _values(_shares(a), _shares(b))


def said(a: ColumnProfile, b: ColumnProfile, test: str) -> str:
    """What a difference between reference ``a`` and current ``b`` means, in one sentence."""
    if test == "missing":
        return f"{_percent(a.missing_share)} of the rows were without a value, now {_percent(b.missing_share)} are."
    if a.sensitive or b.sensitive:
        return "Other values occur, or the same with other frequencies; the column is sensitive, so none is told."
    if test == "chi2":
        return _changed_value(a, b)
    return _moved(a, b)


def _moved(a: ColumnProfile, b: ColumnProfile) -> str:
    if a.mean is None or b.mean is None:
        return _apart(a, b)
    scale = a.sd or b.sd or 0.0
    move = (b.mean - a.mean) / scale if scale else 0.0
    if abs(move) >= LEAST_MOVE or not a.sd or not b.sd:
        return _shifted(a, b, move)
    if not SAME_SPREAD[0] <= b.sd / a.sd <= SAME_SPREAD[1]:
        spread = "wider" if b.sd > a.sd else "narrower"
        return f"Spread {spread}: standard deviation {_number(a.sd)}, now {_number(b.sd)}."
    return _apart(a, b)


def _shifted(a: ColumnProfile, b: ColumnProfile, move: float) -> str:
    moment = a.kind == "datetime"
    way = ("later" if move > 0 else "earlier") if moment else ("higher" if move > 0 else "lower")
    much = f" by {abs(move):.2g} standard deviations" if move and not moment else ""
    return f"{way.capitalize()}{much}: mean {_value(a, a.mean)}, now {_value(b, b.mean)}."


def _apart(a: ColumnProfile, b: ColumnProfile) -> str:
    """Where the two distributions are furthest apart."""
    (x, wx, _), (y, wy, _) = distribution(a.state), distribution(b.state)
    points = np.union1d(x, y)
    below, now = _below(x, wx, points), _below(y, wy, points)
    at = int(np.abs(below - now).argmax())
    return f"{_percent(below[at])} of the values were up to {_value(a, points[at])}, now {_percent(now[at])} are."


def _changed_value(a: ColumnProfile, b: ColumnProfile) -> str:
    """The value whose share changed most."""
    before, now = _shares(a), _shares(b)
    least = _least(a, before), _least(b, now)
    changes = {n: abs(before.get(n, least[0]) - now.get(n, least[1])) for n in {*before, *now}}
    if not changes or max(changes.values()) <= 0:
        return "Other values occur, or the same with other frequencies; no single one stands out."
    # Of yes and no, which change alike, yes is told.
    name = min(changes, key=lambda n: (-round(changes[n], 9), n != "true", n))
    return _told_change(_quoted(name), before.get(name), now.get(name), least)


def _least(column: ColumnProfile, known: Mapping[str, float]) -> float:
    """What a value may still have that is not among the most frequent of a column with many: less than these."""
    return 0.0 if column.state.get("counts") is not None else min(known.values(), default=1.0)


def _told_change(name: str, old: float | None, new: float | None, least: tuple[float, float]) -> str:
    if old is None and not least[0]:
        return f"{name} is new, and is {_percent(new or 0.0)} of the values."
    if new is None and not least[1]:
        return f"{name} was {_percent(old or 0.0)} of the values, and occurs no longer."
    was, now = (
        f"less than {_percent(end)}" if s is None else _percent(s) for s, end in zip((old, new), least, strict=True)
    )
    return f"{name} was {was} of the values, now it is {now}."


def _bars(a: ColumnProfile, b: ColumnProfile) -> Parts:
    (x, wx, _), (y, wy, _) = distribution(a.state), distribution(b.state)
    points = np.union1d(x, y)
    if not points.size or not x.size or not y.size:
        return NO_PARTS
    if points.size <= BARS:
        return (
            tuple(_value(a, p) for p in points),
            tuple(float(wx[x == p].sum() / wx.sum()) for p in points),
            tuple(float(wy[y == p].sum() / wy.sum()) for p in points),
        )
    edges = _edges(a, b, points)
    labels = tuple(f"{_value(a, low)} to {_value(a, high)}" for low, high in pairwise(edges))
    return labels, _in_bars(x, wx, edges), _in_bars(y, wy, edges)


def _edges(a: ColumnProfile, b: ColumnProfile, points: np.ndarray) -> np.ndarray:
    low = min(c.quantiles.get(0.01, points[0]) for c in (a, b))
    high = max(c.quantiles.get(0.99, points[-1]) for c in (a, b))
    if not high > low:
        low, high = points[0], points[-1]
    # Halved first: the ends of the floats' range are further apart than a float holds.
    return np.unique(2 * np.linspace(low / 2, high / 2, BARS + 1))


def _in_bars(values: np.ndarray, weights: np.ndarray, edges: np.ndarray) -> tuple[float, ...]:
    at = np.clip(np.searchsorted(edges, values, side="right") - 1, 0, len(edges) - 2)
    counts = np.bincount(at, weights=weights, minlength=len(edges) - 1)
    return tuple(float(n) for n in counts / weights.sum())


def _values(before: Mapping[str, float], now: Mapping[str, float]) -> Parts:
    names = sorted({*before, *now}, key=lambda n: (-before.get(n, 0.0) - now.get(n, 0.0), n))[:MOST_VALUES]
    sides = [[side.get(n, 0.0) for n in names] for side in (before, now)]
    rest = [max(1.0 - sum(shares), 0.0) for shares in sides]
    if min(rest) > MOST_OTHERS:
        return NO_PARTS
    if max(rest) > 1e-9:
        names.append("all others")
        sides = [[*shares, other] for shares, other in zip(sides, rest, strict=True)]
    return tuple(n[:LONGEST] for n in names), tuple(sides[0]), tuple(sides[1])


def _shares(column: ColumnProfile) -> dict[str, float]:
    """Share of the values that are known by name: all, or the most frequent."""
    return {value: n / column.count for value, n in _counted(column)}


def _counted(column: ColumnProfile) -> list[tuple[str, int]]:
    counts = column.state.get("counts")
    if counts is None:
        return list(column.top)
    if column.kind == "boolean":
        return [("true" if value else "false", n) for value, n in counts]
    return [(str(value), n) for value, n in counts]


def _below(values: np.ndarray, weights: np.ndarray, points: np.ndarray) -> np.ndarray:
    sums = np.concatenate([[0.0], np.cumsum(weights)])
    return sums[np.searchsorted(values, points, side="right")] / sums[-1]


def _value(column: ColumnProfile, value: float | None) -> str:
    if value is None or column.kind != "datetime":
        return _number(value)
    try:
        return f"{datetime.fromtimestamp(value, UTC):%Y-%m-%d}"
    except (OverflowError, OSError, ValueError):
        return _number(value)


def _number(value: float | None) -> str:
    if value is None:
        return "none"
    return f"{value:,.0f}" if 10_000 <= abs(value) < 1e15 else f"{value:.4g}"


def _percent(share: float) -> str:
    return f"{100 * share:.1f}%" if share < 0.1 else f"{100 * share:.0f}%"


def _quoted(name: str) -> str:
    return f"'{name if len(name) <= LONGEST else name[: LONGEST - 1] + '…'}'"
