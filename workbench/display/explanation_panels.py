"""What a model is asked beside an explanation, as pieces of its page: effects, paths, lines near a row, rows alike."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from workbench.core.cohorts import Cohorts, CohortValue
from workbench.core.effect import Effect, JointEffect
from workbench.core.explanation import Explanation
from workbench.core.explanation_comparison import ExplanationComparison, ReasonDifference
from workbench.core.json_values import seconds_of
from workbench.core.neighbours import Neighbours
from workbench.core.pair_effects import PairEffects
from workbench.core.path import Condition, DecisionPath
from workbench.core.surrogate import Surrogate
from workbench.core.wording import Ours
from workbench.display import charts
from workbench.display.explanation_drawings import LINE
from workbench.display.explanation_rows import answer, outcome, text
from workbench.display.heat_drawings import ends, heat
from workbench.display.language import said, told
from workbench.display.rendering import clipped, number, percent, piece, signed
from workbench.display.run_drawings import BOTTOM, TOP, Plane

Numbers = NDArray[np.float64]
Cell = str | Markup
Head = tuple[str, bool]
Note = Markup | str
Drawing = tuple[Note, Note, Markup]
# Columns of rows that are alike; categories that are drawn; differences of groups.
MOST_COLUMNS, MOST_LINES = 6, 20
MOST_DIFFERENCES = 24
MOST_PAIRS = 28
SIDES = ("wb-bar", "wb-bar-now")


def effect(seen: Effect) -> str:
    """Partial dependence with single rows, and accumulated local effects."""
    heads = [(seen.column, False), *_heads("Partial dependence>", "Interval>", "ALE>", "Interval>")]
    rows = [
        (None, (text(v), number(p), f"{number(pl)} to {number(ph)}", signed(a), f"{signed(al)} to {signed(ah)}"))
        for v, p, pl, ph, a, al, ah in zip(
            seen.grid, seen.pdp, seen.pdp_low, seen.pdp_high, seen.ale, seen.ale_low, seen.ale_high, strict=True
        )
    ]
    notes = [_of_what(seen), said("With #1 intervals.", percent(seen.level))]
    notes += [] if seen.missing is None else [said("Where it is missing: #1.", number(seen.missing))]
    return _panel(_effect_told(seen), seen.findings, curves(seen), heads, rows, *notes)


def _effect_told(seen: Effect) -> Markup:
    """From where to where the answers go, by the measure that may be read."""
    values, name = (seen.ale, "ALE") if seen.findings else (seen.pdp, "PDP")
    low, high = (text(seen.grid[int(place)]).removesuffix("T00:00:00") for place in (values.argmin(), values.argmax()))
    apart = number(float(values.max() - values.min()))
    sentence = "%1: #2 @3 from %4 (least) to %5 (most), by #6."
    return said(sentence, seen.column, apart, _answers(seen), low, high, name)


def _of_what(seen: Effect | JointEffect | PairEffects) -> Markup:
    return said("@1, over #2 rows of the hold-out.", _answers(seen), number(seen.rows))


def _answers(seen: Effect | JointEffect | PairEffects) -> str:
    """What the numbers are: a probability and of which class, or the target's unit."""
    return seen.unit if seen.label is None else f"{seen.unit} of {seen.label}"


def _heads(*names: str) -> list[Head]:
    """Heads of ours; those of numbers end in ``>``."""
    return [(Ours(name.rstrip(">")), name.endswith(">")) for name in names]


def curves(seen: Effect) -> list[Drawing]:
    """Title, note and drawing of both."""
    pdp, ale = _curve(seen, seen.pdp, _ends(seen, "pdp"), seen.ice), _curve(seen, seen.ale, _ends(seen, "ale"))
    behind = "the mean answer" if seen.kind == "category" else "the mean answer, and single rows behind it"
    return [
        (said("Partial dependence"), said(behind), pdp),
        (said("Accumulated local effects"), said("small steps of rows that exist"), ale),
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
    titles = (clipped(seen.column, 40), told(Ours(seen.unit), tag="tspan"))
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
    plane = Plane(_room(*ends, values), (0, many), (told(Ours(seen.unit), tag="tspan"), ""), label, height, levels=())
    drawn = Markup(
        '<g class="wb-dot"><title>{}</title><line x1="{:.1f}" x2="{:.1f}" y1="{:.1f}" y2="{:.1f}"/>'
        '<circle cx="{:.1f}" cy="{:.1f}" r="2.6"/></g><text class="wb-category" x="{}" y="{:.1f}">{}</text>'
    )
    lines = zip(seen.grid[:many], values.tolist(), *(end.tolist() for end in ends), strict=False)
    layers = []
    for line, (name, value, low, high) in enumerate(lines):
        (x, y), (left, _), (right, _) = (plane.at((v, many - line - 0.5)) for v in (value, low, high))
        title = f"{name}: {number(value)} ({number(low)} to {number(high)})"
        layers.append(drawn.format(title, left, right, y, y, x, y, 2, y - 3, told(text(name), 24, "tspan")))
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


def joint(seen: JointEffect) -> str:
    """Two columns together: the mean answer at each two values, and what of it no sum of two effects has."""
    heads = [(seen.columns[0], False), *((text(v), True) for v in seen.grids[1])]
    rows = [
        (None, (text(value), *(f"{number(p)} ({signed(i)}); {n:,}" for p, i, n in zip(*cells, strict=True))))
        for value, *cells in zip(
            seen.grids[0], seen.pdp.tolist(), seen.interaction.tolist(), seen.counts.tolist(), strict=True
        )
    ]
    note = said("In the table: the mean answer, in brackets what no sum has, and how many rows are near.")
    sentence = "%1 and %2: #3 of what they do together is no sum of what each does."
    headline = said(sentence, *seen.columns, percent(seen.strength))
    return _panel(headline, seen.findings, heats(seen), heads, rows, _of_what(seen), note)


def heats(seen: JointEffect) -> list[Drawing]:
    """Title, note and drawing of both."""
    pairs = (("Mean answer", False), ("Beyond what each does alone", True))
    return [(said(title), _ends_of_colours(seen, apart), heat(seen, apart)) for title, apart in pairs]


def _ends_of_colours(seen: JointEffect, interaction: bool) -> Markup:
    """What the first and the last colour stand for, and the cells without rows."""
    low, high = ends(seen.interaction if interaction else seen.pdp, seen.counts, interaction)
    drawn = Markup('<span class="wb-colours"><span>{} <i class="wb-ramp" aria-hidden="true"></i> {}</span>{}</span>')
    nobody = Markup('<span><i class="wb-empty"></i>{}</span>').format(said("small and pale: no rows"))
    low_told, high_told = (told(Ours((signed if interaction else number)(end))) for end in (low, high))
    return drawn.format(low_told, high_told, nobody if (seen.counts == 0).any() else "")


def pairs(seen: PairEffects) -> str:
    """Each two columns by what they do together: size and Friedman's H."""
    most = max((size for *_, size, _ in seen.pairs), default=0.0) or 1.0
    heads = _heads("Column", "Beside", "As a bar", "Beyond both alone>", "Share (H²)>")
    rows = [
        (None, (a, b, charts.bar(size, most, f"{a}, {b}: {number(size)}"), number(size), percent(share)))
        for a, b, size, share in seen.pairs[:MOST_PAIRS]
    ]
    a, b, size, share = seen.pairs[0]
    sentence = "%1 and %2 do most together: #3 @4 that no sum has, #5 of what both do."
    headline = said(sentence, a, b, number(size), seen.unit, percent(share))
    note = said("In the table: what of the mean answers no sum of two has.")
    return _panel(headline, (), (), heads, rows, _of_what(seen), note)


def beside(own: Explanation, other: Explanation, row: int, place: int) -> str:
    """One row by two models: what each column adds in both, the largest difference first."""
    names = [name for name in own.features if name in other.features]
    added = {n: [float(e.values[r, e.features.index(n)]) for e, r in ((own, row), (other, place))] for n in names}
    order = sorted(names, key=lambda n: -abs(added[n][1] - added[n][0]))
    most = max((abs(v) for pair in added.values() for v in pair), default=1.0) or 1.0
    heads = _heads("Column", "Value", "This model", "Effect>", "The other", "Effect>")
    rows = [
        (None, (n, text(own.given(n)[row]), *(cell for v in added[n] for cell in (_weight(n, v, most), signed(v)))))
        for n in order[:MOST_DIFFERENCES]
    ]
    headline = said("This model: @1. The other: @2.", answer(own, row), answer(other, place))
    note = said("@1; columns that the models weigh most differently first.", own.unit)
    return _panel(headline, (), (), heads, rows, note)


def comparison(found: ExplanationComparison) -> str:
    """What the other model weighs differently, over all rows and by segment."""
    shown = [d for d in found.differences if d.segment is None][:MOST_DIFFERENCES]
    shown += [d for d in found.differences if d.segment is not None and d.differs][:MOST_DIFFERENCES]
    most = max((size for d in shown for size in d.importance), default=1.0) or 1.0
    heads = _heads(
        "Rows", "Column", "This model", "Mean effect>", "The other", "Mean effect>", "Difference>", "Place>", "Verdict"
    )
    rows = [(None, _compared(d, most)) for d in shown]
    notes = (
        said("@1, mean effect with the 95% interval of the difference; p-values are corrected for all.", found.unit),
        said("Of groups, what differs by more than chance."),
    )
    many, of = len(found.differing), len(tuple(found))
    headline = said("#1 of #2 columns weigh otherwise in the other model, by more than chance.", many, of)
    return _panel(headline, found.findings, (), heads, rows, *notes)


def _compared(d: ReasonDifference, most: float) -> tuple[Cell, ...]:
    before, now = d.importance
    bars = [charts.bar(v, most, f"{d.column}: {number(v)}", kind) for v, kind in zip(d.importance, SIDES, strict=True)]
    word = "turned" if d.turned else "more" if now > before else "less" if now < before else "other"
    place = str(d.rank[0]) if d.rank[0] == d.rank[1] else f"{d.rank[0]} → {d.rank[1]}"
    return (
        Ours("all rows") if d.segment is None else d.segment, d.column, bars[0], number(before), bars[1],
        number(now), f"{signed(d.low)} to {signed(d.high)}", place, Ours(word if d.differs else "chance"),
    )  # fmt: skip


def neighbours(explanation: Explanation, row: int, found: Neighbours) -> str:
    """The rows most like one, what was predicted and what came of them; values that differ stand out."""
    columns = list(explanation.importance())[:MOST_COLUMNS]
    own = {name: explanation.columns[name][row] for name in columns}
    known = explanation.truth is not None
    heads = _heads("Row", "Distance>", "Predicted>", *(["Truth"] if known else []))
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
        rows.append((at, (Ours(f"{at:,}"), number(one.distance), predicted, *truth, *cells)))
    note = said("Values that differ from those of the row stand out.")
    return _panel(_outcome_told(found), (), (), heads, rows, note)


def _outcome_told(found: Neighbours) -> Markup:
    """What came of rows that are alike."""
    many = len(found.rows)
    if found.outcome is None:
        return said("#1 nearest rows; what came of them is not known.", many)
    if found.label is None:
        return said("#1 nearest rows; the truth of them is #2 on average.", many, number(found.outcome))
    return said("#1 nearest rows; #2 of them turned out %3.", many, percent(found.outcome), found.label)


def _beside(own: Any, other: Any) -> Cell:
    shown = told(text(other), 24)
    return shown if own == other else Markup("<b>{}</b>").format(shown)


def path(seen: DecisionPath) -> str:
    """The conditions that a row meets on its way through all trees."""
    heads = _heads("Column", "Value", "Met by any value", "Tests>")
    rows = [(None, (_subject(c), text(c.value), _met_by(c), number(c.tests))) for c in seen.conditions]
    note = said("Every row that meets all of them gets the same answer, whatever else it holds.")
    counts = [number(n) for n in (len(seen.conditions), seen.tests, seen.trees)]
    headline = [said("%1: #2 conditions from #3 tests in #4 trees.", text(seen.prediction), *counts)]
    headline += [said("Anything may be: %1.", ", ".join(seen.free))] if seen.free else []
    return _panel(Markup(" ").join(headline), (), (), heads, rows, note)


def _subject(condition: Condition) -> Cell:
    """What is asked about: a column, or what is read of it."""
    if condition.subject == condition.column:
        return condition.column
    return said("@1 of %2", condition.of, condition.column)


def _met_by(condition: Condition) -> Cell:
    """Which values meet a condition."""
    if condition.only_missing:
        return Ours("missing")
    asked = _ends_told(condition) if condition.values is None else _choice_told(list(map(str, condition.values)))
    return Markup(" ").join([asked, said("or missing")]) if condition.missing else asked


def _ends_told(condition: Condition) -> Markup:
    low, high = condition.ends
    if low is None:
        return said("up to #1", high)
    return said("above #1", low) if high is None else said("above #1, up to #2", low, high)


def _choice_told(values: Sequence[str]) -> Markup:
    return said("is %1", *values) if len(values) == 1 else said("is one of %1", ", ".join(values))


def cohorts(seen: Cohorts) -> str:
    """What columns add in groups of rows: the sure differences, or where there is none what the strongest one adds."""
    shown = (seen.differences or seen.values)[:MOST_DIFFERENCES]
    ends = [end for one in shown for end in (one.low, one.high, one.others)]
    scale = (min(ends, default=0.0), max(ends, default=1.0))
    heads = _heads("Group", "Rows>", "Column", "Mean effect>", "With its interval", "In the others>", "p>")
    rows = [(None, _cohort(one, scale)) for one in shown]
    many = len(seen.differences) - len(shown)
    notes = [
        said("@1, #2 intervals; p-values are corrected for all that were compared.", seen.unit, percent(seen.level))
    ]
    notes += [said("#1 more differ.", many)] if many > 0 else []
    notes += [said("#1 rows of small groups are left out.", number(seen.left_out))] if seen.left_out else []
    return _panel(_cohorts_told(seen), (), (), heads, rows, *notes)


def _cohorts_told(seen: Cohorts) -> Markup:
    """How many groups, and the largest sure difference."""
    many = len(seen.groups)
    if not seen.differences:
        sentence = "#1 groups by %2: no column adds another amount in one of them than in the others, beyond chance."
        return said(sentence, many, seen.by)
    most = seen.differences[0]
    sentence = "#1 groups by %2: %3 adds #4 @5 in @6, #7 in the others (p #8)."
    added = (most.column, signed(most.mean), seen.unit, most.group, signed(most.others))
    return said(sentence, many, seen.by, *added, _p_value(most.p_value))


def _cohort(one: CohortValue, scale: tuple[float, float]) -> tuple[Cell, ...]:
    label = f"{one.group}, {one.column}: {signed(one.mean)} ({signed(one.low)} to {signed(one.high)})"
    drawn = charts.interval(one.mean, one.low, one.high, scale, label, one.others)
    p = _p_value(one.p_value)
    return one.group, number(one.rows), one.column, signed(one.mean), drawn, signed(one.others), p


def _p_value(p: float) -> str:
    return "<0.001" if p < 0.001 else f"{p:.3f}"


def surrogate(seen: Surrogate) -> str:
    """A straight line near a row: its weights, and how far it may be believed."""
    most = max(map(abs, seen.weights.values()), default=1.0) or 1.0
    heads = _heads("Column", "Value", "As a bar", "Weight>")
    rows = [
        (None, (name, text(seen.row.get(name)), _weight(name, weight, most), signed(weight)))
        for name, weight in seen.weights.items()
    ]
    sentence = (
        "A straight line that follows the model near this row with a fidelity of #1 of 1: it says #2, the model #3 @4."
    )
    headline = said(sentence, f"{seen.fidelity:.2f}", number(seen.line), number(seen.prediction), seen.unit)
    notes = (
        said("Of a number: what one more standard deviation adds."),
        said("Of others: what this value adds against all others."),
    )
    return _panel(headline, seen.findings, (), heads, rows, *notes)


def _weight(name: str, weight: float, most: float) -> Markup:
    return charts.signed_bar(0.0, weight, -most, most, f"{name}: {signed(weight)}")


def _panel(
    headline: Note,
    findings: Iterable[Any],
    drawings: Sequence[Drawing],
    heads: Sequence[Head],
    rows: Sequence[tuple[int | None, Sequence[Cell]]],
    *notes: Note,
) -> str:
    return piece(
        "explanation_panel",
        headline=headline,
        findings=tuple(findings),
        drawings=drawings,
        heads=heads,
        rows=rows,
        notes=notes,
        told=told,
    )


def refusal(message: str) -> str:
    """Why there is nothing to show, and what to do."""
    return _panel(message, (), (), (), ())
