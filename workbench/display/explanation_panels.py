"""What a model is asked beside an explanation, as pieces of its page: effects, paths, lines near a row, rows alike."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from workbench.core.cohorts import Cohorts, CohortValue
from workbench.core.effect import Effect
from workbench.core.explanation import Explanation
from workbench.core.json_values import seconds_of
from workbench.core.neighbours import Neighbours
from workbench.core.path import DecisionPath
from workbench.core.surrogate import Surrogate
from workbench.display import charts
from workbench.display.explanation_drawings import LINE
from workbench.display.explanation_rows import outcome, text
from workbench.display.rendering import clipped, number, percent, piece, signed
from workbench.display.run_drawings import BOTTOM, TOP, Plane

Numbers = NDArray[np.float64]
Cell = str | Markup
Drawing = tuple[str, str, Markup]
# Columns of rows that are alike; categories that are drawn; differences of groups.
MOST_COLUMNS, MOST_LINES = 6, 20
MOST_DIFFERENCES = 24


def effect(seen: Effect) -> str:
    """Partial dependence with single rows, and accumulated local effects."""
    of = "" if seen.label is None else f" of {seen.label}"
    heads = [(seen.column, False), ("Partial dependence", True), ("Interval", True), ("ALE", True), ("Interval", True)]
    rows = [
        (None, (text(v), number(p), f"{number(pl)} to {number(ph)}", signed(a), f"{signed(al)} to {signed(ah)}"))
        for v, p, pl, ph, a, al, ah in zip(
            seen.grid, seen.pdp, seen.pdp_low, seen.pdp_high, seen.ale, seen.ale_low, seen.ale_high, strict=True
        )
    ]
    gap = "" if seen.missing is None else f" Where it is missing: {number(seen.missing)}."
    note = f"{seen.unit}{of}, over {seen.rows:,} rows of the hold-out, with {percent(seen.level)} intervals.{gap}"
    return _panel(seen.headline(), seen.findings, curves(seen), heads, rows, note)


def curves(seen: Effect) -> list[Drawing]:
    """Title, note and drawing of both."""
    pdp, ale = _curve(seen, seen.pdp, _ends(seen, "pdp"), seen.ice), _curve(seen, seen.ale, _ends(seen, "ale"))
    behind = "" if seen.kind == "category" else ", and single rows behind it"
    return [
        ("Partial dependence", f"the mean answer{behind}", pdp),
        ("Accumulated local effects", "small steps of rows that exist", ale),
    ]


def _ends(seen: Effect, name: str) -> tuple[Numbers, Numbers]:
    return getattr(seen, f"{name}_low"), getattr(seen, f"{name}_high")


def _curve(seen: Effect, values: Numbers, ends: tuple[Numbers, Numbers], lines: Numbers | None = None) -> Markup:
    """A line with its band, and single rows behind it; of categories a dot with whiskers each."""
    if seen.kind == "category":
        return _by_category(seen, values, ends)
    places, single = _places(seen), np.zeros((0, len(values))) if lines is None else lines
    inner = np.quantile(single, (0.02, 0.98)) if single.size else np.array([])
    label = f"{seen.column}: the table below says the same"
    titles = (clipped(seen.column, 40), seen.unit)
    plane = Plane((min(places), max(places)), _room(*ends, values, inner), titles, label, marks=_marks(seen))
    behind = (plane.line(zip(places, one, strict=True), "wb-single") for one in single.tolist())
    return plane.draw(*behind, _band(plane, places, ends), plane.line(zip(places, values.tolist(), strict=True)))


def _room(*values: Numbers) -> tuple[float, float]:
    """The ends of an axis for all of them, with a little room."""
    every = np.concatenate(values)
    room = 0.05 * float(np.ptp(every)) or 0.5
    return float(every.min()) - room, float(every.max()) + room


def _by_category(seen: Effect, values: Numbers, ends: tuple[Numbers, Numbers]) -> Markup:
    """A line a category, from above, with its name over it."""
    many = min(len(seen.grid), MOST_LINES)
    label = f"{seen.column}: the table below says the same"
    height = TOP + BOTTOM + LINE * many
    plane = Plane(_room(*ends, values), (0, many), (seen.unit, ""), label, height, levels=())
    drawn = Markup(
        '<g class="wb-dot"><title>{}</title><line x1="{:.1f}" x2="{:.1f}" y1="{:.1f}" y2="{:.1f}"/>'
        '<circle cx="{:.1f}" cy="{:.1f}" r="2.6"/></g><text class="wb-category" x="{}" y="{:.1f}">{}</text>'
    )
    told = zip(seen.grid[:many], values.tolist(), *(end.tolist() for end in ends), strict=False)
    layers = []
    for line, (name, value, low, high) in enumerate(told):
        (x, y), (left, _), (right, _) = (plane.at((v, many - line - 0.5)) for v in (value, low, high))
        title = f"{name}: {number(value)} ({number(low)} to {number(high)})"
        layers.append(drawn.format(title, left, right, y, y, x, y, 2, y - 3, clipped(text(name), 24)))
    return plane.draw(*layers)


def _band(plane: Plane, places: Sequence[float], ends: tuple[Numbers, Numbers]) -> Markup:
    low, high = (list(zip(places, end.tolist(), strict=True)) for end in ends)
    corners = " ".join(f"{x:.1f},{y:.1f}" for x, y in map(plane.at, [*low, *high[::-1]]))
    return Markup('<polygon class="wb-band" points="{}"/>').format(corners)


def _places(seen: Effect) -> list[float]:
    if seen.kind == "number":
        return [float(v) for v in seen.grid]
    return [seconds_of(str(v)) for v in seen.grid]


def _marks(seen: Effect) -> tuple[tuple[float, str], ...] | None:
    """Places of the axis: None for numbers, which have round ones."""
    if seen.kind == "number":
        return None
    places = _places(seen)
    return tuple((places[i], str(seen.grid[i])[:10]) for i in range(0, len(places), -(-len(places) // 3)))


def neighbours(explanation: Explanation, row: int, found: Neighbours) -> str:
    """The rows most like one, what was predicted and what came of them; values that differ stand out."""
    columns = list(explanation.importance())[:MOST_COLUMNS]
    own = {name: explanation.columns[name][row] for name in columns}
    known = explanation.truth is not None
    heads = [("Row", False), ("Distance", True), ("Predicted", True), *([("Truth", False)] if known else [])]
    heads += [(name, False) for name in columns]
    rows = []
    for one in found.rows:
        at = explanation.positions[one.row] if explanation.positions else one.row
        predicted = (
            "–"
            if one.prediction is None
            else number(one.prediction)
            if found.label is None
            else percent(one.prediction)
        )
        truth = [outcome(explanation, one.row) or "–"] if known else []
        cells = [_beside(own[name], one.values.get(name)) for name in columns]
        rows.append((at, (f"{at:,}", number(one.distance), predicted, *truth, *cells)))
    return _panel(f"{found.headline()}.", (), (), heads, rows, "Values that differ from those of the row stand out.")


def _beside(own: Any, other: Any) -> Cell:
    told = clipped(text(other), 24)
    return told if own == other else Markup("<b>{}</b>").format(told)


def path(seen: DecisionPath) -> str:
    """The conditions that a row meets on its way through all trees."""
    heads = [("Column", False), ("Value", False), ("Met by any value", False), ("Tests", True)]
    rows = [(None, (c.subject, text(c.value), str(c), number(c.tests))) for c in seen.conditions]
    note = "Every row that meets all of them gets the same answer, whatever else it holds."
    return _panel(seen.headline(), (), (), heads, rows, note)


def cohorts(seen: Cohorts) -> str:
    """What columns add in groups of rows: the sure differences, or where there is none what the strongest one adds."""
    shown = (seen.differences or seen.values)[:MOST_DIFFERENCES]
    ends = [end for one in shown for end in (one.low, one.high, one.others)]
    scale = (min(ends, default=0.0), max(ends, default=1.0))
    heads = [("Group", False), ("Rows", True), ("Column", False), ("Mean effect", True), ("With its interval", False)]
    heads += [("In the others", True), ("p", True)]
    rows = [(None, _cohort(one, scale)) for one in shown]
    many = len(seen.differences) - len(shown)
    more = f" {many} more differ." if many > 0 else ""
    small = f" {seen.left_out:,} rows of small groups are left out." if seen.left_out else ""
    note = (
        f"{seen.unit}, {percent(seen.level)} intervals; p-values are corrected for all that were compared.{more}{small}"
    )
    return _panel(f"{seen.headline()}.", (), (), heads, rows, note)


def _cohort(one: CohortValue, scale: tuple[float, float]) -> tuple[Cell, ...]:
    told = f"{one.group}, {one.column}: {signed(one.mean)} ({signed(one.low)} to {signed(one.high)})"
    drawn = charts.interval(one.mean, one.low, one.high, scale, told, one.others)
    p = "<0.001" if one.p_value < 0.001 else f"{one.p_value:.3f}"
    return one.group, number(one.rows), one.column, signed(one.mean), drawn, signed(one.others), p


def surrogate(seen: Surrogate) -> str:
    """A straight line near a row: its weights, and how far it may be believed."""
    most = max(map(abs, seen.weights.values()), default=1.0) or 1.0
    heads = [("Column", False), ("Value", False), ("", False), ("Weight", True)]
    rows = [
        (None, (name, text(seen.row.get(name)), _weight(name, weight, most), signed(weight)))
        for name, weight in seen.weights.items()
    ]
    told = (
        f"A straight line that follows the model near this row with a fidelity of {seen.fidelity:.2f} of 1: "
        f"it says {number(seen.line)}, the model {number(seen.prediction)} {seen.unit}."
    )
    note = "Of a number: what one more standard deviation adds. Of others: what this value adds against all others."
    return _panel(told, seen.findings, (), heads, rows, note)


def _weight(name: str, weight: float, most: float) -> Markup:
    return charts.signed_bar(0.0, weight, -most, most, f"{name}: {signed(weight)}")


def _panel(
    told: str,
    findings: Iterable[Any],
    drawings: Sequence[Drawing],
    heads: Sequence[tuple[str, bool]],
    rows: Sequence[tuple[int | None, Sequence[Cell]]],
    note: str,
) -> str:
    return piece(
        "explanation_panel",
        told=told,
        findings=tuple(findings),
        drawings=drawings,
        heads=heads,
        rows=rows,
        note=note,
    )
