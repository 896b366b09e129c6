"""One column as the training had it and as a window has it, in parts that both share: for a drawing, without numpy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from workbench.core.metric import short
from workbench.core.profile import ColumnProfile, Histogram
from workbench.core.wording import Ours

BARS, VALUES = 20, 8
FEW = 12  # different numbers of a column that is drawn value by value


@dataclass(frozen=True)
class Shape:
    """Shares of the values in each part, before and now.

    Parameters
    ----------
    column : str
    labels : tuple of str, length p
        Of the parts, in order: ranges of numbers, or values.
    before, now : tuple of float, length p
        Shares in [0, 1]; they add up to 1 each.
    rows : (int, int)
        With and without a value.
    missing : (float, float)
        Shares of the rows without a value, in [0, 1].
    mean, middle : (float or None, float or None)
        Mean and median, of numbers.
    by_value : bool
        Whether the parts are values of the data; otherwise they are ranges of numbers.
    """

    column: str
    labels: tuple[str, ...]
    before: tuple[float, ...]
    now: tuple[float, ...]
    rows: tuple[int, int]
    missing: tuple[float, float]
    mean: tuple[float | None, float | None] = (None, None)
    middle: tuple[float | None, float | None] = (None, None)
    by_value: bool = False

    @property
    def moved(self) -> float:
        """How much of the rows lies in other parts (total variation), in [0, 1]."""
        return sum(abs(a - b) for a, b in zip(self.before, self.now, strict=True)) / 2


def beside(a: ColumnProfile, b: ColumnProfile) -> Shape | None:
    """Reference ``a`` and window ``b`` of one column; None of what is sensitive, of a moment, and of what is empty.

    Examples
    --------
    >>> tops = (("a", 4),), (("a", 1), ("b", 3))
    >>> yes, no = (ColumnProfile("x", "category", "feature", 4, 0, 2, top=top) for top in tops)
    >>> (shape := beside(yes, no)).labels, shape.before, shape.now, shape.moved
    (('a', 'b'), (1.0, 0.0), (0.25, 0.75), 0.75)
    """
    if a.sensitive or b.sensitive or not a.count or not b.count or "datetime" in (a.kind, b.kind):
        return None
    counted = a.histogram is None or b.histogram is None or max(a.distinct, b.distinct) <= FEW
    labels, before, now = _values(a, b) if counted else _bars(a, b)
    if not labels:
        return None
    return Shape(
        a.name, labels, before, now, (a.rows, b.rows), (a.missing_share, b.missing_share), (a.mean, b.mean),
        (a.quantiles.get(0.5), b.quantiles.get(0.5)), counted,
    )  # fmt: skip


Parts = tuple[tuple[str, ...], tuple[float, ...], tuple[float, ...]]


def _values(a: ColumnProfile, b: ColumnProfile) -> Parts:
    """The most frequent values of either side, numbers in their order; the rest together."""
    before, now = _told(a), _told(b)
    every = sorted({*before, *now}, key=lambda v: -max(before.get(v, 0.0), now.get(v, 0.0)))
    shown = every[: FEW if a.histogram else VALUES]
    shown = sorted(shown, key=float) if a.histogram and b.histogram else shown
    shares = [tuple(side.get(value, 0.0) for value in shown) for side in (before, now)]
    rest = [max(1.0 - sum(side), 0.0) for side in shares]
    if max(rest) < 1e-9:
        return tuple(shown), shares[0], shares[1]
    return (*shown, Ours("others")), (*shares[0], rest[0]), (*shares[1], rest[1])


def _told(side: ColumnProfile) -> dict[str, float]:
    """The share of each value by its text; some may read alike."""
    shares: dict[str, float] = {}
    for value, rows in side.top:
        shares[value] = shares.get(value, 0.0) + rows / side.count
    return shares


def _bars(a: ColumnProfile, b: ColumnProfile) -> Parts:
    """Bars of one width between the outer percentiles; what lies beyond them is in the first and the last."""
    assert a.histogram is not None, "numbers have one"
    assert b.histogram is not None, "numbers have one"
    low = min(_outer(side, 0.01, 0) for side in (a, b))
    high = max(_outer(side, 0.99, -1) for side in (a, b))
    edges = [low + (high - low) * k / BARS for k in range(BARS + 1)]
    labels = tuple(f"{short(left)} – {short(right)}" for left, right in pairwise(edges))
    return labels, _shares(a.histogram, edges), _shares(b.histogram, edges)


def _outer(side: ColumnProfile, share: float, end: int) -> float:
    assert side.histogram is not None, "numbers have one"
    return side.quantiles.get(share, side.histogram.edges[end])


def _shares(known: Histogram, edges: Sequence[float]) -> tuple[float, ...]:
    """What lies between some edges, where the rows of a bin are spread evenly over it."""
    below = [0.0, *(_below(known, edge) for edge in edges[1:-1]), 1.0]
    return tuple(max(right - left, 0.0) for left, right in pairwise(below))


def _below(known: Histogram, edge: float) -> float:
    every = sum(known.counts) or 1.0
    each = zip(pairwise(known.edges), known.counts, strict=True)
    return sum(count * _part(left, right, edge) for (left, right), count in each) / every


def _part(left: float, right: float, edge: float) -> float:
    if edge >= right:
        return 1.0
    return max((edge - left) / (right - left), 0.0) if right > left else 0.0
