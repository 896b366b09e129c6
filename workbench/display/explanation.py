"""An explanation: what drives the predictions, how each column acts, and each prediction step by step.

The page is whole without a script. ``static/explanation.js`` leads from a column to its cells, from a cell to its rows
and from a row to its steps; the widget (``workbench.widgets.explanation``) uses the same file.
"""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from markupsafe import Markup

from workbench.core.explanation import Explanation
from workbench.core.wording import Ours
from workbench.display import explanation_drawings as drawings
from workbench.display import language, reasons
from workbench.display.explanation_rows import (
    MOST_BYTES,
    Packed,
    answer,
    carried,
    fall,
    name_of,
    outcome,
    right,
    sentences_of,
)
from workbench.display.language import said, told
from workbench.display.rendering import fragment, number, percent, scoped
from workbench.explanation.ordered_values import kind_of
from workbench.explanation.overview import ColumnView, Overview, chances, overview
from workbench.profiling.reasons import reference_reasons

if TYPE_CHECKING:
    import plotly.graph_objects as go

LISTS = {"errors": "Worst errors", "threshold": "Nearest to the threshold", "range": "From low to high"}
# Rows of a list that are there without a script, and of those with one that have the sentences for a customer.
FIRST, TOLD = 8, 30
# What a column holds, in a letter for the script.
KINDS = {"number": "n", "moment": "m", "flag": "f", "category": "c"}
# A rank correlation of value and effect from which on the direction has a word.
CLEAR = 0.6
_START = "enhance(document.currentScript.previousElementSibling);"


def html(explanation: Explanation, row: int | None = None, seen: Overview | None = None) -> str:
    """The whole view: what :func:`body` gives, and the script that leads through it.

    An explanation that is kept without its rows knows of no column how it acts: it is told in sums.
    """
    if len(explanation.values) and not explanation.columns:
        return reasons.html(reference_reasons(explanation, {}), explanation.target, explanation.drivers())
    return f"{body(explanation, row, seen=seen)}<script>(() => {{ {script()}\n{_START} }})();</script>"


def body(
    explanation: Explanation,
    row: int | None = None,
    most: int = MOST_BYTES,
    sentences: bool = True,
    seen: Overview | None = None,
) -> str:
    """Columns with their effects, how each acts, which interact, and one row step by step, without any script.

    Parameters
    ----------
    explanation : Explanation
        What to show.
    row : int, optional
        Position of the explained row that is shown first, from 0; by default the first of the first list.
    most : int
        Bytes that rows take which the script may show.
    sentences : bool
        Whether the first ones of each list have the sentences that a customer could be told.
    seen : Overview, optional
        The explanation binned, where somebody has it already.

    Raises
    ------
    BadParameter
        If there is no such row.
    """
    seen = overview(explanation) if seen is None else seen
    listed = next((name for name in LISTS if len(seen.lists.get(name, ()))), None)
    first = int(seen.lists[listed][0]) if row is None and listed else row
    steps = None if first is None else fall(explanation, first, seen.probabilities)
    return fragment(
        "explanation",
        e=explanation,
        seen=seen,
        style=scoped("explanation", "controls.css", "plane.css", "explanation.css"),
        drawings=drawings,
        said=said,
        told=told,
        most=max((c.high for c in seen.columns), default=1.0) or 1.0,
        scale=drawings.scale(seen.axis),
        directions={c.name: _direction(c) for c in seen.columns},
        title=_title(explanation),
        subtitle=_subtitle(explanation),
        tiles=_tiles(explanation, seen),
        heat=_heat(seen),
        lists=[(name, LISTS[name]) for name in LISTS if name in seen.lists],
        listed=[] if listed is None else [_line(explanation, int(r)) for r in seen.lists[listed][:FIRST]],
        row=None if first is None else _line(explanation, first),
        fall=steps,
        data=_data(explanation, seen, first, most, sentences),
        named=explanation.named_by,
    )


@cache
def script() -> str:
    """The functions of ``static/explanation.js``; whoever shows them adds the line that starts them."""
    return language.script("explanation")


@cache
def live_script() -> str:
    """The same with what a kernel adds."""
    return language.script("explanation", "explanation_live")


def figure(explanation: Explanation, *args: Any, **kwargs: Any) -> go.Figure:
    """An interactive figure: see :func:`workbench.display.explanation_figures.figure`."""
    from workbench.display.explanation_figures import figure as drawn

    return drawn(explanation, *args, **kwargs)


def _title(explanation: Explanation) -> Markup:
    strongest = [name for name, size in explanation.importance().items() if size > 0][:3]
    if strongest:
        return said("Driven by %1", ", ".join(strongest))
    return said("No column drives it: all predictions are the same")


def _subtitle(explanation: Explanation) -> Markup:
    told = [
        said(
            "What each column added to each of #1 predictions, in @2.",
            number(len(explanation.values)),
            explanation.unit,
        )
    ]
    if explanation.label is not None:
        told.append(said("What is above zero speaks for %1.", explanation.label))
    if explanation.others:
        told.append(said("It is one of #1 classes.", len(explanation.labels)))
    return Markup(" ").join(told)


def _tiles(explanation: Explanation, seen: Overview) -> list[tuple[str, Any, Any]]:
    base, unit, halves = explanation.base, explanation.unit, explanation.half_width
    begins = said("@1: where each row starts", unit)
    if seen.probabilities:
        begins = said("@1, #2: where each row starts", unit, percent(float(chances(np.array(base)))))
    exact = ("Adds up", f"± {explanation.additivity_error:.0e}", "to the model's own output")
    sampled = ("Sampled", f"± {number(0.0 if halves is None else float(halves.max(initial=0)))}", "at most, at 95%")
    return [
        ("Rows", number(len(explanation.values)), said("of #1 columns", len(explanation.features))),
        ("Mean prediction", number(base), begins),
        exact if halves is None else sampled,
        ("Method", told(Ours(explanation.method)), ""),
    ]


def _direction(column: ColumnView) -> tuple[str, str]:
    """A mark and the words for it."""
    if column.direction is None:
        return ("≡", "by category") if column.kind == "category" else ("–", "the same for all")
    if column.direction > CLEAR:
        return "↗", "more raises it"
    return ("↘", "more lowers it") if column.direction < -CLEAR else ("∿", "either way")


def _heat(seen: Overview) -> list[tuple[ColumnView, list[tuple[ColumnView, str, int] | None]]]:
    """The rows of the matrix: of each other column the strength in words, and in hundredths of the largest."""
    off = seen.strengths - np.diag(np.diag(seen.strengths))
    most = float(off.max(initial=0.0))
    least = max(0.02 * most, 0.01 * max((c.importance for c in seen.columns), default=0.0))
    if most <= least:
        return []
    return [
        (a, [None if a is b else _cell(b, float(off[i, k]), most, least) for k, b in enumerate(seen.crossed)])
        for i, a in enumerate(seen.crossed)
    ]


def _cell(column: ColumnView, strength: float, most: float, least: float) -> tuple[ColumnView, str, int]:
    return (column, compact(strength), round(70 * strength / most)) if strength > least else (column, "·", 0)


def compact(value: float) -> str:
    """A number that goes into a narrow cell.

    >>> compact(0.0312), compact(0.5), compact(8951.5), compact(31.0)
    ('0.03', '0.50', '9.0k', '31')
    """
    for size, sign in ((1e9, "B"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:.1f}{sign}" if value < 10 * size else f"{value / size:.0f}{sign}"
    return f"{value:.0f}" if value >= 10 else f"{value:.2f}" if value >= 0.005 else f"{value:.0e}"


def _line(explanation: Explanation, row: int) -> dict[str, Any]:
    """One row of a list."""
    at = int(explanation.positions[row]) if len(explanation.positions) else row
    return {
        "at": f"{at:,}",
        "answer": answer(explanation, row),
        "short": answer(explanation, row, short=True),
        "name": name_of(explanation, row),
        "outcome": outcome(explanation, row),
        "right": right(explanation, row),
        "sentences": sentences_of(explanation, row),
    }


def _data(explanation: Explanation, seen: Overview, first: int | None, most: int, spoken: bool) -> str:
    """What the script needs: names, numbers and as many rows as the page may carry."""
    packed = Packed(explanation, seen)
    chosen = [] if first is None else [first]
    listed = {*chosen, *(int(row) for some in seen.lists.values() for row in some[:TOLD])} if spoken else set()
    rows = packed.some(dict.fromkeys([*chosen, *carried(seen, len(explanation.values))]), most, listed)
    place = {row[0]: at for at, row in enumerate(rows)}
    content = {
        "features": explanation.features,
        "kinds": "".join(KINDS[kind_of(explanation.given(name))] for name in explanation.features),
        "named": explanation.named_by,
        "drawn": [column.at for column in seen.columns],
        "axis": seen.axis,
        "base": explanation.base,
        "unit": explanation.unit,
        "label": None if explanation.label is None else str(explanation.label),
        "threshold": explanation.threshold,
        "linked": seen.probabilities,
        "sampled": explanation.half_width is not None,
        "total": len(explanation.values),
        "lists": {name: [place[int(r)] for r in some if int(r) in place] for name, some in seen.lists.items()},
        "rows": rows,
        "texts": list(packed.texts),
    }
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))
