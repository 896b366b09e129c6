"""The page of a soak: memory, descriptors, the log and the time of requests over the time, drawn."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from soak import Soak

WIDE, HIGH, LEFT, BELOW = 860, 150, 56, 22
MOST = 600  # points of a line: of more, the largest of each stretch
STYLE = """
:root { color-scheme: light dark; --ink: light-dark(#1f2328, #e6edf3); --soft: light-dark(#6e7781, #8b949e);
  --line: light-dark(#d0d7de, #30363d); --page: light-dark(#fff, #0d1117); --one: light-dark(#0969da, #58a6ff);
  --two: light-dark(#bc4c00, #f0883e); --bad: light-dark(#cf222e, #ff7b72) }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--page); max-width: 900px;
  margin: 2rem auto; padding: 0 1rem }
h2 { font-size: 1rem; margin: 1.6rem 0 .2rem } svg { width: 100%; height: auto }
text { font-size: 11px; fill: var(--soft) } .grid { stroke: var(--line) }
.act { stroke: var(--soft); stroke-dasharray: 2 3 }
.p50, .value { stroke: var(--one) } .p99 { stroke: var(--two) } path { fill: none; stroke-width: 1.5 }
.bad { color: var(--bad) } .key { color: var(--soft) }
.key-p50 { color: var(--one) } .key-p99 { color: var(--two) }
"""
Points = Sequence[tuple[float, float]]


def drawn(found: Soak, faults: Sequence[str]) -> str:
    """An HTML page that needs nothing else."""
    from soak import told

    verdict = (
        "".join(f'<li class="bad">{escape(one)}</li>' for one in faults) or "<li>Nothing failed, nothing grew.</li>"
    )
    samples = found.samples
    charts = [
        _chart("Memory (PSS), MB", {"value": [(s.t, s.memory) for s in samples]}, found),
        _chart("Open descriptors", {"value": [(s.t, s.descriptors) for s in samples]}, found),
        _chart("Log on disk, MB", {"value": [(s.t, s.log) for s in samples]}, found),
        *(_chart(f"{title}, ms", _times(found, kind), found) for kind, title in KINDS.items()),
        _chart("Requests a second", {"value": _rates(found)}, found),
    ]
    acts = "".join(f"<li>{at:.0f} s: {escape(what)}</li>" for at, what in found.acts)
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Soak</title><style>{STYLE}</style>'
        f"<h1>The service under load</h1><p>{escape(told(found))}</p><ul>{verdict}</ul>{''.join(charts)}"
        f'<h2>What was done meanwhile</h2><ul class="key">{acts}</ul></html>\n'
    )


KINDS = {"row": "One row", "reasons": "One row with reasons", "batch": "100 rows", "feedback": "A label"}


def _times(found: Soak, kind: str) -> dict[str, Points]:
    seen = [(line["t"], line["kinds"][kind]) for line in found.lines if kind in line["kinds"]]
    return {name: [(t, one[name]) for t, one in seen] for name in ("p50", "p99")}


def _rates(found: Soak) -> Points:
    ends = [0.0, *(line["t"] for line in found.lines)]
    spans = [max(1e-3, b - a) for a, b in pairwise(ends)]
    numbers = [sum(kind["n"] for kind in line["kinds"].values()) for line in found.lines]
    # The last line closes a part of a second.
    return [(line["t"], n / s) for line, n, s in zip(found.lines, numbers, spans, strict=True) if s > 0.5]


def _chart(title: str, lines: dict[str, Points], found: Soak) -> str:
    lines = {name: thinned(points) for name, points in lines.items() if points}
    longest = max((s.t for s in found.samples), default=1.0) or 1.0
    top = _round_up(max((y for points in lines.values() for _, y in points), default=1.0))

    def place(t: float, y: float) -> str:
        return f"{LEFT + (WIDE - LEFT) * min(t / longest, 1):.1f},{HIGH - BELOW - (HIGH - BELOW - 10) * y / top:.1f}"

    paths = "".join(
        f'<path class="{name}" d="M{" L".join(place(*point) for point in points)}"/>' for name, points in lines.items()
    )
    marks = "".join(
        f'<line class="grid" x1="{LEFT}" x2="{WIDE}" y1="{y}" y2="{y}"/><text x="{LEFT - 6}" y="{y + 4}" '
        f'text-anchor="end">{value:,.4g}</text>'
        for value in (0, top / 2, top)
        for y in [float(place(0, value).split(",")[1])]
    )
    acts = "".join(
        f'<line class="act" x1="{x}" x2="{x}" y1="10" y2="{HIGH - BELOW}"><title>{escape(what)}</title></line>'
        for at, what in found.acts
        for x in [place(at, 0).split(",")[0]]
    )
    end = f'<text x="{WIDE}" y="{HIGH - 4}" text-anchor="end">{longest:.0f} s</text>'
    drawing = f'{marks}{acts}{paths}<text x="{LEFT}" y="{HIGH - 4}">0 s</text>{end}'
    key = " ".join(f'<span class="key-{name}">{name}</span>' for name in lines if name != "value")
    label = escape(title, quote=True)
    box = f'viewBox="0 0 {WIDE} {HIGH}" role="img" aria-label="{label}"'
    return f"<h2>{escape(title)} {key}</h2><svg {box}>{drawing}</svg>"


def thinned(points: Points) -> Points:
    """At most ``MOST`` points, of each stretch the largest: no peak is lost.

    >>> thinned([(0, 1), (1, 5)])
    [(0, 1), (1, 5)]
    """
    step = -(-len(points) // MOST)
    return [max(points[i : i + step], key=lambda p: p[1]) for i in range(0, len(points), step)] if step > 1 else points


def _round_up(value: float) -> float:
    """The next of 1, 2, 5 times a power of ten.

    >>> _round_up(0.3), _round_up(71)
    (0.5, 100.0)
    """
    power = 1.0
    while power > value > 0:
        power /= 10
    while 10 * power < value:
        power *= 10
    return next(power * one for one in (1, 2, 5, 10) if power * one >= value)
