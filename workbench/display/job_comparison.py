"""Two jobs side by side: what differs first, then parameters, environment, scores, cells with their figures.

The page is whole without a script; ``static/job_comparison.js`` puts it into the reader's language.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from workbench.core.job_comparison import AROUND, CAME_OUT, WENT_IN, CellPair, FigurePair, JobComparison, Pair, shown
from workbench.core.wording import Ours
from workbench.display import language
from workbench.display.language import said
from workbench.display.rendering import clipped, fragment, number, signed
from workbench.display.sketches import sketches

if TYPE_CHECKING:
    import plotly.graph_objects as go

MOST = 200  # differences that are shown; the others are counted
MOST_SAME = 400  # scores that are alike
KIND_WORDS = {
    "notebook": "code", "parameter": "parameter", "kernel": "kernel", "data": "table", "seed": "seed",
    "state": "outcome", "result": "result", "finding": "finding", "output": "output", "figure": "figure",
    "python": "Python", "package": "package", "platform": "machine", "setting": "setting", "git": "commit",
}  # fmt: skip
# Names that are words of ours; all others are the data's.
OWN = frozenset((
    "Kernel", "Kernel language", "Python version", "Python implementation", "Operating system", "Kind of machine",
    "Processor name", "Processors", "Processor instructions", "Packages of one version", "outcome",
))  # fmt: skip
_MIME = {"png": "image/png", "jpeg": "image/jpeg", "svg": "image/svg+xml"}
_START = "translatePage(document.currentScript.previousElementSibling);"


@dataclass(frozen=True)
class Side:
    """What is drawn of a figure on one side, or why nothing is."""

    image: str = ""
    drawing: Markup | None = None


def html(comparison: JobComparison) -> str:
    """The whole view: what :func:`body` gives, and the script that puts it into the reader's language."""
    return f"{body(comparison)}<script>(() => {{ {script()}\n{_START} }})();</script>"


def body(comparison: JobComparison) -> str:
    """Verdict, differences, parameters and environment, scores, findings and cells, readable without any script."""
    c = comparison
    return fragment(
        "job_comparison",
        c=c,
        title=" ↔ ".join(dict.fromkeys(Path(name).name for name in c.notebooks)),
        kind="ok" if c.identical else "warning",
        word="identical" if c.identical else "different",
        verdict=_verdict(c),
        tiles=_tiles(c),
        shown_differences=c.differences[:MOST],
        hidden=max(len(c.differences) - MOST, 0),
        words=KIND_WORDS,
        around=c.around,
        other_scores=[one for one in c.scores if not one.same],
        same_scores=[one for one in c.scores if one.same][:MOST_SAME],
        cells=[(cell, _places(cell), [(f, *_sides(f)) for f in cell.figures]) for cell in c.cells],
        longest=max((s for cell in c.cells for s in cell.seconds if s), default=1.0),
        value=_value,
        apart=_apart,
        seconds=_seconds,
        named=_named,
    )


def figure(comparison: JobComparison) -> go.Figure:
    """How long each cell took in both jobs."""
    from workbench.display.figures import two_sides

    there = [cell for cell in comparison.cells if any(s is not None for s in cell.seconds)]
    lines = [f"{_places(cell)}: {clipped(cell.line, 40)}" for cell in there]
    sides = tuple([cell.seconds[side] or 0.0 for cell in there] for side in (0, 1))
    return two_sides(lines, (sides[0], sides[1]), "Duration of each cell", "s")


@cache
def script() -> str:
    """The script that puts the page into other languages."""
    return language.script("job_comparison")


def _verdict(c: JobComparison) -> Markup:
    if c.differences and c.identical:
        return said("The same came out, in another environment.")
    if c.identical:
        return said("The same went in and the same came out.")
    inside = sum(one.kind in WENT_IN for one in c.differences)
    outside = sum(one.kind in CAME_OUT for one in c.differences)
    if not outside:
        return said("The same came out, although #1 of what went in differs.", inside)
    rest = sum(one.kind in AROUND for one in c.differences)
    sentence = "What came out differs in #1 places; #2 of what went in, and #3 of the environment differ."
    return said(sentence, outside, inside, rest)


def _tiles(c: JobComparison) -> list[tuple[str, Any, Any]]:
    told = c.compared or {}
    other = sum(one.kind in WENT_IN or one.kind in CAME_OUT for one in c.differences)
    return [
        ("Differences", number(other), ""),
        ("Results compared", number(told.get("results", 0)), ""),
        ("Outputs compared", number(told.get("outputs", 0)), ""),
        ("Figures compared", number(told.get("figures", 0)), ""),
        ("Took", f"{_seconds(c.seconds[0])} → {_seconds(c.seconds[1])}", ""),
    ]


def _places(cell: CellPair) -> str:
    """Both positions, from 1."""
    first, second = (None if place is None else str(place + 1) for place in cell.positions)
    return second if first == second and second else f"{first or '–'} → {second or '–'}"


def _sides(one: FigurePair) -> tuple[Side, Side]:
    if one.kind == "plotly":
        before, now = sketches(one.before, one.after)
        return Side(drawing=before), Side(drawing=now)
    return Side(image=_address(one.kind, one.before)), Side(image=_address(one.kind, one.after))


def _address(kind: str, content: str) -> str:
    """A picture as an address that a browser draws without running what is in it."""
    if not content or kind not in _MIME:
        return ""
    packed = base64.b64encode(content.encode()).decode() if kind == "svg" else "".join(content.split())
    return f"data:{_MIME[kind]};base64,{packed}"


def _named(name: str, most: int) -> str | Markup:
    """A name of the data, or a word of ours, which a script can say in another language."""
    return language.told(Ours(name) if name in OWN else name, most)


def _value(value: Any) -> str:
    return number(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else shown(value, 300)


def _apart(one: Pair) -> str:
    """How much a number has changed."""
    numbers = [v for v in (one.before, one.after) if isinstance(v, (int, float)) and not isinstance(v, bool)]
    return signed(numbers[1] - numbers[0]) if len(numbers) == 2 else ""


def _seconds(seconds: float | None) -> str:
    if seconds is None:
        return "–"
    return f"{seconds:.2f} s" if seconds < 10 else f"{seconds:,.0f} s"
