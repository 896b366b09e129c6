"""Drawings of a run's evaluation: curves with the threshold marked on them, calibration, spreads, predicted and true.

All are planes of one size with two axes. ``static/run.js`` moves what a threshold moves: each marker carries the scale
of its plane.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import floor, inf, log2, log10
from typing import Any

from markupsafe import Markup

from workbench.core.evaluation import Bin, Evaluation, Spread
from workbench.core.metric import short
from workbench.core.run import Tried
from workbench.core.thresholds import Thresholds
from workbench.core.uncertainty import Uncertainty
from workbench.display.charts import ticks
from workbench.display.rendering import number

WIDTH, HEIGHT, FLAT = 260, 210, 130
LEFT, RIGHT, TOP, BOTTOM = 42, 10, 8, 34
# Of the drawing of trials: its width, room beside its first and last axis, settings that have an axis.
WIDE, BESIDE, MOST_AXES = 760, 60, 7
Point = tuple[float, float]
Range = tuple[float, float]


@dataclass(frozen=True)
class Plane:
    """Two axes and what lies between them.

    Parameters
    ----------
    x, y : (float, float)
        Ends of the axes.
    titles : (str, str)
        Of the axes.
    label : str
        For screen readers.
    height : int
        Of the picture, in its own units.
    marks, levels : tuple of (float, str), optional
        Places of the axis below, and of the one on the left, and what is written there; by default round numbers.
    """

    x: Range
    y: Range
    titles: tuple[str, str]
    label: str
    height: int = HEIGHT
    marks: tuple[tuple[float, str], ...] | None = None
    levels: tuple[tuple[float, str], ...] | None = None

    def draw(self, *layers: Markup) -> Markup:
        """The picture: the grid, then the layers."""
        return Markup(
            '<svg class="wb-plane" viewBox="0 0 {} {}" role="img" aria-label="{}"><title>{}</title>{}{}</svg>'
        ).format(WIDTH, self.height, self.label, self.label, self._grid(), Markup("").join(layers))

    def at(self, point: Point) -> Point:
        """Where a point lies in the picture; what is beyond an axis lies on its end."""
        (x0, x1), (y0, y1) = self.x, self.y
        across = min(max((point[0] - x0) / ((x1 - x0) or 1), 0.0), 1.0)
        up = min(max((point[1] - y0) / ((y1 - y0) or 1), 0.0), 1.0)
        return LEFT + across * (WIDTH - LEFT - RIGHT), self.height - BOTTOM - up * (self.height - TOP - BOTTOM)

    def line(self, points: Iterable[Point], kind: str = "wb-curve") -> Markup:
        """A line through points."""
        places = " ".join(f"{x:.1f},{y:.1f}" for x, y in map(self.at, points))
        return Markup('<polyline class="{}" points="{}"/>').format(kind, places)

    def dots(self, points: Iterable[Point], kind: str = "wb-dot", radius: float = 1.6) -> Markup:
        """A dot a point."""
        dot = Markup('<circle class="{}" cx="{:.1f}" cy="{:.1f}" r="{}"/>')
        return Markup("").join(dot.format(kind, *self.at(p), radius) for p in points)

    def whisker(self, point: Point, low: float, high: float, text: str, kind: str = "wb-dot") -> Markup:
        """A value with its interval, and what it says when it is pointed at."""
        (x, y), ends = self.at(point), [self.at((point[0], end))[1] for end in (low, high)]
        drawn = Markup(
            '<g class="{}"><title>{}</title><line x1="{:.1f}" x2="{:.1f}" y1="{:.1f}" y2="{:.1f}"/>'
            '<circle cx="{:.1f}" cy="{:.1f}" r="3"/></g>'
        )
        return drawn.format(kind, text, x, x, *ends, x, y)

    def marker(self, name: str, point: Point) -> Markup:
        """The place of the threshold, which the script moves."""
        x, y = self.at(point)
        scale = " ".join(f"{n:g}" for n in (LEFT, WIDTH - RIGHT, self.height - BOTTOM, TOP, *self.x, *self.y))
        mark = Markup('<circle class="wb-here" data-mark="{}" data-scale="{}" cx="{:.1f}" cy="{:.1f}" r="4.5"/>')
        return mark.format(name, scale, x, y)

    def _grid(self) -> Markup:
        across = Markup('<line class="wb-grid" x1="{0:.1f}" x2="{0:.1f}" y1="{1}" y2="{2}"/>')
        up = Markup('<line class="wb-grid" x1="{1}" x2="{2}" y1="{0:.1f}" y2="{0:.1f}"/>')
        text = Markup('<text x="{:.1f}" y="{:.1f}" text-anchor="{}">{}</text>')
        floor_, end = self.height - BOTTOM, WIDTH - RIGHT
        drawn = Markup("")
        for value, shown in marked(*self.x) if self.marks is None else self.marks:
            x = self.at((value, self.y[0]))[0]
            drawn += across.format(x, TOP, floor_) + text.format(x, floor_ + 13, "middle", shown)
        for value, shown in marked(*self.y) if self.levels is None else self.levels:
            y = self.at((self.x[0], value))[1]
            drawn += up.format(y, LEFT, end) + text.format(LEFT - 5, y + 3, "end", shown)
        titles = Markup(
            '<text class="wb-axis" x="{:.1f}" y="{}" text-anchor="middle">{}</text>'
            '<text class="wb-axis" transform="translate(11 {:.1f}) rotate(-90)" text-anchor="middle">{}</text>'
        )
        return drawn + titles.format(
            (LEFT + end) / 2, self.height - 5, self.titles[0], (TOP + floor_) / 2, self.titles[1]
        )  # fmt: skip


def marked(low: float, high: float) -> list[tuple[float, str]]:
    """Places of an axis and what is written there: large numbers in thousands or millions."""
    places = ticks(low, high)
    largest = max(map(abs, places), default=0.0)
    unit, sign = next(((u, s) for u, s in ((1e9, "B"), (1e6, "M"), (1e3, "k")) if largest >= 10 * u), (1.0, ""))
    step = (places[1] - places[0] if len(places) > 1 else largest) / unit or 1.0
    digits = max(0, -floor(log10(step) + 1e-9))
    return [(t, f"{t / unit:.{digits}f}{sign if t else ''}".replace("-", "−")) for t in places]


def roc(counted: Thresholds, threshold: float) -> Markup:
    """Share of the second class that is found, by the share of the first that is answered wrongly."""
    plane = Plane((0, 1), (0, 1), ("False alarms, of all others", "Found (recall)"), "ROC curve")
    curve = [*((_of(a, counted.negatives), _of(h, counted.positives)) for h, a in _counts(counted)), (1.0, 1.0)]
    now = counted.confusion(threshold)
    here = plane.marker("roc", (now.false_alarm_rate or 0.0, now.recall or 0.0))
    return plane.draw(plane.line([(0, 0), (1, 1)], "wb-chance"), plane.line(curve), here)


def precision_recall(counted: Thresholds, threshold: float) -> Markup:
    """Share of the answers that are right, by the share of the second class that is found."""
    plane = Plane((0, 1), (0, 1), ("Found (recall)", "Right (precision)"), "Precision and recall")
    curve = [(_of(h, counted.positives), h / (h + a)) for h, a in _counts(counted) if h + a]
    base = _of(counted.positives, counted.positives + counted.negatives)
    now = counted.confusion(threshold)
    here = plane.marker("pr", (now.recall or 0.0, 1.0 if now.precision is None else now.precision))
    return plane.draw(plane.line([(0, base), (1, base)], "wb-chance"), plane.line(curve), here)


def lift(counted: Thresholds, threshold: float) -> Markup:
    """Share of the second class that is found, by the share of rows that are answered so: the gains chart."""
    rows = counted.positives + counted.negatives
    plane = Plane((0, 1), (0, 1), ("Rows answered, most probable first", "Found (recall)"), "Cumulative gains")
    curve = [*((_of(h + a, rows), _of(h, counted.positives)) for h, a in _counts(counted)), (1.0, 1.0)]
    now = counted.confusion(threshold)
    here = plane.marker("gain", (now.answered or 0.0, now.recall or 0.0))
    best = [(0, 0), (_of(counted.positives, rows), 1), (1, 1)]
    return plane.draw(
        plane.line([(0, 0), (1, 1)], "wb-chance"), plane.line(best, "wb-perfect"), plane.line(curve), here
    )  # fmt: skip


def calibration(evaluation: Evaluation, titles: tuple[str, str]) -> Markup:
    """What came true of ten parts of the rows, by what was predicted of them."""
    bins = evaluation.bins
    ends = (0.0, 1.0)
    if evaluation.points:
        values = [v for b in bins for v in (b.predicted, b.low, b.high)]
        ends = (min(values), max(values))
    plane = Plane(ends, ends, titles, "Calibration: predicted and came true")
    path = plane.line([(b.predicted, b.came) for b in bins], "wb-thin")
    diagonal = plane.line([(ends[0], ends[0]), (ends[1], ends[1])], "wb-chance")
    return plane.draw(diagonal, path, *(_calibrated(plane, one) for one in bins))


def _calibrated(plane: Plane, one: Bin) -> Markup:
    """What came true of a part; what is off the diagonal by more than chance stands out."""
    text = f"predicted {number(one.predicted)}, came {number(one.came)} ({number(one.low)} to {number(one.high)})"
    kind = "wb-dot" if one.low <= one.predicted <= one.high else "wb-off"
    return plane.whisker((one.predicted, one.came), one.low, one.high, f"{text}, {number(one.rows)} rows", kind)


def predicted_and_true(points: Sequence[Point], left_open: Uncertainty | None = None) -> Markup:
    """A dot a row, around the diagonal of right predictions, with the band that holds nine of ten."""
    values = [v for point in points for v in point]
    ends = (min(values), max(values))
    plane = Plane(ends, ends, ("Predicted", "True"), "Predicted and true")
    diagonal = plane.line([(ends[0], ends[0]), (ends[1], ends[1])], "wb-chance")
    return plane.draw(_band(plane, left_open), diagonal, plane.dots(points))


def _band(plane: Plane, left_open: Uncertainty | None) -> Markup:
    """From the low to the high end of the interval around each prediction."""
    if left_open is None or left_open.least is not None:
        return Markup("")
    low, high = plane.x
    edges = [low, *(e for e in left_open.edges if low < e < high), high]
    sides: tuple[list[Point], list[Point]] = ([], [])
    for start, stop in pairwise(edges):
        part = bisect_right(left_open.edges, start)
        for x in (start, stop):
            sides[0].append((x, x + left_open.low[part]))
            sides[1].append((x, x + left_open.high[part]))
    places = " ".join(f"{x:.1f},{y:.1f}" for x, y in map(plane.at, [*sides[0], *sides[1][::-1]]))
    return Markup('<polygon class="wb-band" points="{}"/>').format(places)


def learning(evaluation: Evaluation, score: str) -> Markup:
    """The score by the rows that were learnt from, each step twice as many, and what twice all of them would bring."""
    learned, doubled = evaluation.learned, evaluation.doubled
    points = [(log2(one.rows), one.score.value) for one in learned]
    further = [] if doubled is None else [points[-1], (points[-1][0] + 1, doubled)]
    ends = [v for one in learned for v in (one.score.value, one.score.low, one.score.high) if v is not None]
    ends += [value for _, value in further]
    room = (max(ends) - min(ends)) * 0.06 or 0.01
    marks = tuple((x, _shortened(2**x)) for x, _ in [*points, *further[1:]])
    across, up = (marks[0][0] - 0.2, marks[-1][0] + 0.2), (min(ends) - room, max(ends) + room)
    plane = Plane(across, up, ("Rows learnt from", score), "Learning curve", marks=marks)
    scores = (
        plane.whisker(point, _or(m.low, m.value), _or(m.high, m.value), f"{one.rows:,} rows: {m}")
        for one, point in zip(learned, points, strict=True)
        for m in (one.score,)
    )
    return plane.draw(plane.line(further, "wb-chance"), plane.line(points), plane.dots(further[1:], radius=3), *scores)


def _or(value: float | None, other: float) -> float:
    return other if value is None else value


def _shortened(rows: float) -> str:
    """A number of rows in few characters.

    >>> _shortened(704), _shortened(28_170.0)
    ('704', '28.2k')
    """
    return f"{rows:.0f}" if rows < 1e3 else f"{rows / 1e3:.3g}k" if rows < 1e6 else f"{rows / 1e6:.3g}M"


def trials(tried: Sequence[Tried], score: str, larger: bool) -> Markup:
    """Settings that were tried as lines through their values, to the score that each reached; the best one stands out.

    What differs between them has an axis, as many as there is room for; what was given up does not reach the score.
    """
    names = _differing(tried)[:MOST_AXES]
    levels = {name: sorted({_level(one.settings[name]) for one in tried if name in one.settings}) for name in names}
    scores = [one.metrics[0].value for one in tried if one.metrics]
    low, high = min(scores), max(scores)
    xs = [BESIDE + k * (WIDE - 2 * BESIDE) / max(len(names), 1) for k in range(len(names) + 1)]
    best = max(scores) if larger else min(scores)

    def place(one: Tried) -> list[Point]:
        at = [
            (x, _up(levels[name].index(_level(one.settings[name])), len(levels[name]) - 1))
            for x, name in zip(xs, names, strict=False)
            if name in one.settings
        ]
        return [*at, (xs[-1], _up(one.metrics[0].value - low, high - low))] if one.metrics else at

    drawn = Markup("")
    for one in sorted(tried, key=lambda t: bool(t.metrics) and t.metrics[0].value == best):
        kind = "wb-given-up" if not one.metrics else "wb-best-trial" if one.metrics[0].value == best else "wb-trial"
        text = f"{score} {one.metrics[0].text}" if one.metrics else one.told
        places = " ".join(f"{x:.1f},{y:.1f}" for x, y in place(one))
        drawn += Markup('<polyline class="{}" points="{}"><title>{}</title></polyline>').format(kind, places, text)
    ends = [(name, str(levels[name][0][1]), str(levels[name][-1][1])) for name in names]
    axes = Markup("").join(
        _upright(x, *told) for x, told in zip(xs, [*ends, (score, short(low), short(high))], strict=True)
    )
    label = f"{len(tried)} settings and the score of each"
    return Markup('<svg class="wb-plane wb-trials" viewBox="0 0 {} {}" role="img" aria-label="{}">{}{}</svg>').format(
        WIDE, HEIGHT, label, axes, drawn
    )


def _differing(tried: Sequence[Tried]) -> list[str]:
    names = dict.fromkeys(name for one in tried for name in one.settings)
    return [n for n in names if len({_level(one.settings.get(n)) for one in tried}) > 1]


def _level(value: Any) -> tuple[float, str]:
    """Numbers in their order, texts after them."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value), f"{value:g}"
    return inf, "none" if value is None else str(value)[:12]


def _up(value: float, most: float) -> float:
    return HEIGHT - BOTTOM - (value / most if most else 0.5) * (HEIGHT - TOP - BOTTOM - 12)


def _upright(x: float, name: str, low: str, high: str) -> Markup:
    """An axis with its ends and its name."""
    line = Markup('<line class="wb-grid" x1="{0:.1f}" x2="{0:.1f}" y1="{1}" y2="{2}"/>')
    text = Markup('<text class="{}" x="{:.1f}" y="{}" text-anchor="middle">{}</text>')
    bottom = HEIGHT - BOTTOM
    texts = (("", bottom + 12, low), ("", TOP + 8, high), ("wb-axis", HEIGHT - 6, name))
    return line.format(x, TOP + 12, bottom) + Markup("").join(text.format(kind, x, y, told) for kind, y, told in texts)


def spread(counts: Spread, title: str) -> Markup:
    """Rows over equal parts of a range; those of the second class over those of the first."""
    top = max((n for row in counts.counts for n in row), default=0) or 1
    plane = Plane((counts.low, counts.high), (0, top), (title, "Rows"), f"{title}: how many rows")
    kinds = ("wb-first", "wb-second") if len(counts.counts) == 2 else ("wb-only",)
    layers = [_steps(plane, counts, row, kind) for row, kind in zip(counts.counts, kinds, strict=True)]
    if counts.low < 0 < counts.high:
        layers.append(plane.line([(0, 0), (0, top)], "wb-chance"))
    return plane.draw(*layers)


def decision(counts: Spread, threshold: float, title: str) -> Markup:
    """The spread of both classes, and the threshold between them."""
    top = max((n for row in counts.counts for n in row), default=0) or 1
    plane = Plane((counts.low, counts.high), (0, top), (title, "Rows"), f"{title}: how many rows of each class", FLAT)
    first, second = counts.counts
    layers = [_steps(plane, counts, first, "wb-first"), _steps(plane, counts, second, "wb-second")]
    x, bottom = plane.at((threshold, 0))
    cut = Markup('<line class="wb-cut" data-cut="{} {}" x1="{:.1f}" x2="{:.1f}" y1="{}" y2="{:.1f}"/>')
    return plane.draw(*layers, cut.format(LEFT, WIDTH - RIGHT, x, x, TOP, bottom))


def _steps(plane: Plane, counts: Spread, row: Sequence[int], kind: str) -> Markup:
    width = (counts.high - counts.low) / len(row)
    corners = [(counts.low + (k + end) * width, n) for k, n in enumerate(row) for end in (0, 1)]
    outline = [(counts.low, 0.0), *corners, (counts.high, 0.0)]
    places = " ".join(f"{x:.1f},{y:.1f}" for x, y in map(plane.at, outline))
    return Markup('<polygon class="{}" points="{}"/>').format(kind, places)


def _counts(counted: Thresholds) -> Iterable[tuple[float, float]]:
    """Hits and alarms, from the highest threshold, which answers nothing, to the lowest."""
    return [(0, 0), *zip(counted.hits[::-1], counted.alarms[::-1], strict=True)]


def _of(part: float, whole: float) -> float:
    return part / whole if whole else 0.0
