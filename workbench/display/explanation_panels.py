"""What a model is asked beside an explanation, as pieces of its page: effects, paths, lines near a row, rows alike."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from workbench.core.cohorts import Cohorts, CohortValue
from workbench.core.effect import Effect
from workbench.core.explanation import Explanation
from workbench.core.neighbours import Neighbours
from workbench.core.path import DecisionPath
from workbench.core.surrogate import Surrogate
from workbench.display import charts
from workbench.display.explanation_rows import outcome, text
from workbench.display.rendering import clipped, number, percent, piece, signed
from workbench.display.run_drawings import Plane

Numbers = NDArray[np.float64]
Cell = str | Markup
Drawing = tuple[str, str, Markup]
# Columns of rows that are alike; categories that are written on an axis; differences of groups.
MOST_COLUMNS, MOST_MARKS = 6, 8
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
    return [
        ("Partial dependence", "the mean, and single rows behind it", pdp),
        ("Accumulated local effects", "small steps of rows that exist", ale),
    ]


def _ends(seen: Effect, name: str) -> tuple[Numbers, Numbers]:
    return getattr(seen, f"{name}_low"), getattr(seen, f"{name}_high")


def _curve(seen: Effect, values: Numbers, ends: tuple[Numbers, Numbers], lines: Numbers | None = None) -> Markup:
    """A line with its band, and single rows behind it; of categories a dot with whiskers each."""
    places = _places(seen)
    inner = np.array([]) if lines is None or not lines.size else np.quantile(lines, (0.02, 0.98))
    every = np.concatenate([*ends, values, inner])
    across = (min(places), max(places)) if seen.kind != "category" else (-0.5, len(places) - 0.5)
    room = 0.05 * float(np.ptp(every)) or 0.5
    ends_up = (float(every.min()) - room, float(every.max()) + room)
    label = f"{seen.column}: the table below says the same"
    plane = Plane(across, ends_up, (clipped(seen.column, 40), seen.unit), label, marks=_marks(seen))
    single = () if lines is None else lines.tolist()
    behind = [plane.line(zip(places, one, strict=True), "wb-single") for one in single]
    if seen.kind == "category":
        dots = zip(places, values.tolist(), *(end.tolist() for end in ends), seen.grid, strict=True)
        return plane.draw(*(plane.whisker((x, v), low, high, f"{name}: {number(v)}") for x, v, low, high, name in dots))
    return plane.draw(*behind, _band(plane, places, ends), plane.line(zip(places, values.tolist(), strict=True)))


def _band(plane: Plane, places: Sequence[float], ends: tuple[Numbers, Numbers]) -> Markup:
    low, high = (list(zip(places, end.tolist(), strict=True)) for end in ends)
    corners = " ".join(f"{x:.1f},{y:.1f}" for x, y in map(plane.at, [*low, *high[::-1]]))
    return Markup('<polygon class="wb-band" points="{}"/>').format(corners)


def _places(seen: Effect) -> list[float]:
    if seen.kind == "number":
        return [float(v) for v in seen.grid]
    if seen.kind == "date":
        return [datetime.fromisoformat(str(v)).timestamp() for v in seen.grid]
    return [float(i) for i in range(len(seen.grid))]


def _marks(seen: Effect) -> tuple[tuple[float, str], ...] | None:
    """Places of the axis: None for numbers, which have round ones."""
    if seen.kind == "number":
        return None
    places = _places(seen)
    some = range(0, len(places), -(-len(places) // (3 if seen.kind == "date" else MOST_MARKS)))
    return tuple((places[i], clipped(str(seen.grid[i])[:10], 10)) for i in some)


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
