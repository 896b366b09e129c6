"""Small inline SVG charts: no script, colours by the stylesheet's classes, a label for screen readers on each.

Each function takes plain numbers and returns ``Markup``; texts are escaped here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

from markupsafe import Markup

from workbench.display.estimate_drawings import Guess, guesses

_TEXT = Markup('<text x="{:.1f}" y="{:.1f}" text-anchor="{}">{}</text>')


WIDEST = 24  # of a bar: two categories are no two walls


Band = tuple[float, float, float]  # low, value, high of a reference


@dataclass(frozen=True)
class Point:
    """One window on a line: label, value and interval, the class that colours it, own reference, and estimate.

    ``href`` is where a click on it leads; the chosen one is marked.
    """

    label: str
    value: float | None
    low: float | None = None
    high: float | None = None
    status: str = "ok"
    band: Band | None = None
    guess: Guess | None = None
    href: str = ""
    chosen: bool = False


def histogram(counts: Sequence[float], label: str, width: int = 132, height: int = 28) -> Markup:
    """Bars without axes.

    >>> histogram([1, 3], "two bars").count("<rect")
    2
    """
    top = max(counts, default=0) or 1
    step = min(width / max(len(counts), 1), WIDEST)
    bars = Markup("").join(
        Markup('<rect x="{:.2f}" y="{:.2f}" width="{:.2f}" height="{:.2f}"/>').format(
            i * step, height - _shown(n, top, height), max(step - 1, 0.5), _shown(n, top, height)
        )
        for i, n in enumerate(counts)
    )
    return _svg(width, height, bars, label, "wb-hist")


def overlay(
    reference: Sequence[float], current: Sequence[float], label: str, width: int = 132, height: int = 28
) -> Markup:
    """Two distributions over the same parts: the first filled, the second as steps over it.

    >>> drawn = overlay([0.5, 0.5], [0.2, 0.8], "two parts")
    >>> drawn.count("<path"), drawn.count("<title>")
    (2, 0)
    """
    top = max([*reference, *current], default=0) or 1
    step = min(width / max(len(reference), 1), WIDEST * width / 132)
    drawn = Markup('<path d="{}"/><path class="wb-outline" d="{}"/>').format(
        _steps([_shown(n, top, height) for n in reference], step, height, closed=True),
        _steps([n / top * height for n in current], step, height, closed=False),
    )
    return _svg(width, height, drawn, label, "wb-overlay", hover=False)


def _steps(heights: Sequence[float], step: float, height: int, closed: bool) -> str:
    """A path over parts of one width, each as high as that."""
    parts = [f"V{_few(height - one)}h{_few(step)}" for one in heights]
    return f"M0 {height}{''.join(parts)}V{height}{'z' if closed else ''}"


def _few(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def sparkline(
    values: Sequence[float | None],
    label: str,
    against: float | None = None,
    width: int = 132,
    height: int = 28,
    least: float = 0.0,
) -> Markup:
    """A line through the known values, the last one marked, and dashed what they are compared with.

    It spans at least ``least``, so that what hardly changes looks so.
    """
    known = [(i, v) for i, v in enumerate(values) if v is not None]
    if not known:
        return Markup('<span class="wb-faint">–</span>')
    low, high = _padded([v for _, v in known] + ([] if against is None else [against]))
    room = max(least - (high - low), 0.0) / 2
    low, high = low - room, high + room
    step = (width - 8) / max(len(values) - 1, 1)
    y = _axis((low, high), height - 4, 4)
    places = [(4 + i * step, y(v)) for i, v in known]
    ground = Markup("")
    if against is not None:
        dashed = Markup('<line class="wb-reference" x1="4" x2="{}" y1="{:.1f}" y2="{:.1f}"/>')
        ground = dashed.format(width - 4, y(against), y(against))
    line = Markup('<polyline points="{}"/>').format(" ".join(f"{x:.1f},{y:.1f}" for x, y in places))
    return _svg(width, height, ground + line + _dot(*places[-1], "wb-last"), label, "wb-spark", hover=False)


@dataclass(frozen=True)
class Part:
    """Some rows beside each other: where nine of ten of their values lie, and the middle one."""

    label: str
    low: float
    middle: float
    high: float


def acts(
    parts: Sequence[Part],
    scale: tuple[float, float],
    label: str,
    width: int = 190,
    height: int = 40,
    brief: bool = False,
) -> Markup:
    """Intervals beside each other on a common scale, coloured by whether the middle lies above zero.

    Brief, it takes a third of the bytes, and no part says its name to who points at it.

    >>> acts([Part("low", -1.0, -0.5, 0.0), Part("high", 0.0, 0.5, 1.0)], (-1.0, 1.0), "two parts").count("wb-up")
    1
    """
    y, step = _axis(scale, height - 3, 3), width / max(len(parts), 1)
    ground = Markup('<line class="wb-grid" x1="0" x2="{}" y1="{:.1f}" y2="{:.1f}"/>').format(width, y(0.0), y(0.0))
    if brief:
        drawn = Markup("").join(_acting([p.middle >= 0 for p in parts], up, parts, y, step) for up in (True, False))
        return _svg(width, height, ground + drawn, label, "wb-acts-so", hover=False)
    one = Markup(
        '<g class="{}"><title>{}: {:.3g}</title><rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"/>{}</g>'
    )
    drawn = Markup("").join(
        one.format(
            "wb-up" if part.middle >= 0 else "wb-down", part.label, part.middle,
            (i + 0.5) * step - min(step, WIDEST) * 0.35, y(part.high), min(step, WIDEST) * 0.7,
            max(y(part.low) - y(part.high), 1.5), _dot((i + 0.5) * step, y(part.middle), "wb-value", 2.6),
        )
        for i, part in enumerate(parts)
    )  # fmt: skip
    return _svg(width, height, ground + drawn, label, "wb-acts-so")


def _acting(ups: Sequence[bool], up: bool, parts: Sequence[Part], y: _Axis, step: float) -> Markup:
    """The intervals of one colour as one path, and their middles as another, whose round ends are the dots."""
    own = [(i, part) for i, (part, one) in enumerate(zip(parts, ups, strict=True)) if one is up]
    if not own:
        return Markup("")
    half = min(step, WIDEST) * 0.35
    boxes = "".join(
        f"M{_few((i + 0.5) * step - half)} {_few(y(part.high))}h{_few(2 * half)}V"
        f"{_few(max(y(part.low), y(part.high) + 1.5))}h-{_few(2 * half)}z"
        for i, part in own
    )
    dots = "".join(f"M{_few((i + 0.5) * step)} {_few(y(part.middle))}h0" for i, part in own)
    both = Markup('<g class="{}"><path d="{}"/><path class="wb-dots" d="{}"/></g>')
    return both.format("wb-up" if up else "wb-down", boxes, dots)


def bar(value: float, most: float, label: str, kind: str = "wb-bar") -> Markup:
    """One horizontal bar from the left."""
    return _stretched(_rect(0, 100 * abs(value) / (most or 1), kind), label)


def signed_bar(start: float, end: float, low: float, high: float, label: str) -> Markup:
    """One bar from ``start`` to ``end`` on a scale from ``low`` to ``high``, coloured by its direction."""
    span = (high - low) or 1
    left, right = sorted(((start - low) / span * 100, (end - low) / span * 100))
    return _stretched(_rect(left, max(right - left, 0.6), "wb-up" if end >= start else "wb-down"), label)


def interval(
    value: float,
    low: float | None,
    high: float | None,
    scale: tuple[float, float],
    label: str,
    against: float | None = None,
) -> Markup:
    """A value and its interval on a common scale, as a dot with whiskers; ``against`` is a value to compare with."""
    width, height = 200, 18
    at = _axis(scale, 6, width - 6)
    ground = Markup('<line class="wb-grid" x1="6" x2="{}" y1="9" y2="9"/>').format(width - 6)
    if against is not None:
        ground += Markup('<line class="wb-against" x1="{0:.1f}" x2="{0:.1f}" y1="0" y2="18"/>').format(at(against))
    whisker = Markup("")
    if low is not None and high is not None:
        whisker = Markup(
            '<line x1="{0:.1f}" x2="{1:.1f}" y1="9" y2="9"/><line x1="{0:.1f}" x2="{0:.1f}" y1="5" y2="13"/>'
            '<line x1="{1:.1f}" x2="{1:.1f}" y1="5" y2="13"/>'
        ).format(at(low), at(high))
    return _svg(width, height, ground + whisker + _dot(at(value), 9, "wb-value", 4), label, "wb-interval")


def line(points: Sequence[Point], band: Band | None, label: str, write: Callable[[str], str] = str) -> Markup:
    """Values with whiskers over windows, and behind each the reference as a band.

    Parameters
    ----------
    points : sequence of Point
        In order.
    band : (low, value, high), optional
        The reference of points that have none of their own.
    label : str
        For screen readers.
    write : callable
        Puts the numbers of a text into the reader's form.
    """
    width, height, left, bottom = 760, 190, 46, 26
    bands = [p.band or band for p in points]
    ends = [v for p in points for v in (p.value, p.low, p.high) if v is not None] + [v for b in bands for v in b or ()]
    low, high = _padded(ends + [v for p in points if p.guess for v in p.guess.ends])
    y = _axis((low, high), height - bottom, 10)
    step = (width - left - 20) / max(len(points), 1)
    xs = [left + step * (i + 0.5) for i in range(len(points))]
    parts = [_grid(low, high, y, left, width, write), _bands(bands, y, left, step)]
    parts += [_chosen(x, height - bottom) for p, x in zip(points, xs, strict=True) if p.chosen]
    parts += [guesses([p.guess for p in points], xs, [p.label for p in points], y, write), _path(points, xs, y)]
    parts += [_mark(p, x, y, write) for p, x in zip(points, xs, strict=True)]
    every = -(-len(points) // 12) or 1
    parts += [_TEXT.format(x, height - 8, "middle", p.label) for x, p in list(zip(xs, points, strict=True))[::every]]
    role = "group" if any(p.href for p in points) else "img"  # an image has no links
    return _svg(width, height, Markup("").join(parts), label, "wb-line", role)


def _grid(low: float, high: float, y: _Axis, left: int, width: int, write: Callable[[str], str]) -> Markup:
    marks = ticks(low, high)
    digits = max(0, -floor(log10(marks[1] - marks[0]))) if len(marks) > 1 else 3
    lines = Markup('<line class="wb-grid" x1="{}" x2="{}" y1="{:.1f}" y2="{:.1f}"/>')
    return Markup("").join(
        lines.format(left, width - 8, y(t), y(t)) + _TEXT.format(left - 6, y(t) + 4, "end", write(f"{t:,.{digits}f}"))
        for t in marks
    )


def _chosen(x: float, height: float) -> Markup:
    return Markup('<line class="wb-chosen" x1="{0:.1f}" x2="{0:.1f}" y1="4" y2="{1:.1f}"/>').format(x, height)


def ticks(low: float, high: float) -> list[float]:
    """Two to six round numbers between the ends.

    >>> [round(t, 3) for t in ticks(0.63, 0.76)]
    [0.65, 0.7, 0.75]
    """
    rough = (high - low) / 4
    power = 10.0 ** floor(log10(rough))
    step = next(s for s in (power, 2 * power, 5 * power, 10 * power) if s >= rough)
    return [k * step for k in range(ceil(low / step), floor(high / step) + 1)]


def _bands(bands: Sequence[Band | None], y: _Axis, left: float, step: float) -> Markup:
    """One band over each run of points with the same reference."""
    drawn, start = Markup(""), 0
    for i in range(1, len(bands) + 1):
        if i == len(bands) or bands[i] != bands[start]:
            drawn += _band(bands[start], y, left + start * step, left + i * step)
            start = i
    return drawn


def _band(band: Band | None, y: _Axis, left: float, right: float) -> Markup:
    if band is None:
        return Markup("")
    low, value, high = (y(v) for v in band)
    return Markup(
        '<rect class="wb-band" x="{0:.1f}" y="{1:.1f}" width="{2:.1f}" height="{3:.1f}"/>'
        '<line class="wb-reference" x1="{0:.1f}" x2="{4:.1f}" y1="{5:.1f}" y2="{5:.1f}"/>'
    ).format(left, min(low, high), right - left, max(abs(high - low), 2), right, value)


def _path(points: Sequence[Point], xs: Sequence[float], y: _Axis) -> Markup:
    places = [f"{x:.1f},{y(p.value):.1f}" for p, x in zip(points, xs, strict=True) if p.value is not None]
    return Markup('<polyline class="wb-path" points="{}"/>').format(" ".join(places))


def _mark(point: Point, x: float, y: _Axis, write: Callable[[str], str]) -> Markup:
    if point.value is None:
        return Markup("")
    whisker = Markup("")
    if point.low is not None and point.high is not None:
        ends = Markup('<line class="wb-whisker" x1="{0:.1f}" x2="{0:.1f}" y1="{1:.1f}" y2="{2:.1f}"/>')
        whisker = ends.format(x, y(point.low), y(point.high))
    told = f"{point.label}: {write(f'{point.value:.4g}')}"
    parts = Markup("<title>{}</title>{}{}").format(told, whisker, _symbol(point.status, x, y(point.value)))
    if not point.href:
        return Markup("<g>{}</g>").format(parts)
    return Markup('<a href="{}">{}</a>').format(point.href, parts)


def _dot(x: float, y: float, kind: str, radius: float = 2.5) -> Markup:
    return Markup('<circle class="{}" cx="{:.1f}" cy="{:.1f}" r="{}"/>').format(kind, x, y, radius)


def _symbol(status: str, x: float, y: float) -> Markup:
    """A status is told by its shape too: triangle, diamond or dot."""
    corners = {
        "alarm": f"{x:.1f},{y - 6:.1f} {x + 5.5:.1f},{y + 4.5:.1f} {x - 5.5:.1f},{y + 4.5:.1f}",
        "warning": f"{x:.1f},{y - 6:.1f} {x + 6:.1f},{y:.1f} {x:.1f},{y + 6:.1f} {x - 6:.1f},{y:.1f}",
    }.get(status)
    if corners is None:
        return _dot(x, y, f"wb-{status}", 4.5)
    return Markup('<polygon class="wb-{}" points="{}"/>').format(status, corners)


def _rect(x: float, width: float, kind: str) -> Markup:
    return Markup('<rect class="{}" x="{:.2f}" y="0" width="{:.2f}" height="10" rx="1"/>').format(kind, x, width)


def _stretched(content: Markup, label: str) -> Markup:
    """A drawing that takes the width of its cell."""
    return Markup(
        '<svg class="wb-stretch" viewBox="0 0 100 10" preserveAspectRatio="none" role="img" aria-label="{0}">'
        "<title>{0}</title>{1}</svg>"
    ).format(label, content)


def _svg(
    width: int, height: int, content: Markup, label: str, kind: str, role: str = "img", hover: bool = True
) -> Markup:
    title = Markup("<title>{}</title>").format(label) if hover else Markup("")
    return Markup('<svg class="{}" viewBox="0 0 {} {}" role="{}" aria-label="{}">{}{}</svg>').format(
        kind, width, height, role, label, title, content
    )


def _shown(count: float, top: float, height: int) -> float:
    """Height of a bar; one that is not empty can be seen."""
    return max(count / top * height, 1.5) if count else 0.0


def _padded(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values, default=0.0), max(values, default=1.0)
    room = (high - low) * 0.1 or abs(high) * 0.05 or 1.0
    return low - room, high + room


def _axis(scale: tuple[float, float], start: float, end: float) -> _Axis:
    return _Axis(scale[0], (scale[1] - scale[0]) or 1.0, start, end)


@dataclass(frozen=True)
class _Axis:
    low: float
    span: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        return self.start + (value - self.low) / self.span * (self.end - self.start)
