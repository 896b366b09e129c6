"""Slices of a hold-out: column by column, each slice with its score, its loss and the difference to the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from workbench.core.evaluation import Slice
from workbench.core.metric import Metric
from workbench.core.slices import Slices
from workbench.display import charts
from workbench.display.rendering import fragment, metric_name

if TYPE_CHECKING:
    import plotly.graph_objects as go

# Columns that are open when the view is shown.
OPEN = 1


def html(slices: Slices) -> str:
    """A fold a column, those that differ most surely first."""
    columns = sorted(slices.by_column.items(), key=lambda pair: min(one.p_value for one in pair[1]))
    return fragment(
        "slices",
        s=slices,
        score=metric_name(slices.overall.name) if slices.overall else "Score",
        columns=[(name, k < OPEN, [_drawn(slices, one) for one in found]) for k, (name, found) in enumerate(columns)],
    )


def figure(slices: Slices) -> go.Figure:
    """The score of each slice, with its interval."""
    from workbench.display.figures import intervals

    scored = [(f"{one.column}: {one.value}", one.score) for one in slices.slices[::-1] if one.score is not None]
    title = metric_name(slices.overall.name) if slices.overall else "score"
    return intervals([name for name, _ in scored], [score for _, score in scored], title)


def _drawn(slices: Slices, one: Slice) -> dict[str, Any]:
    ends = [(m.value if end is None else end) for m in _scores(slices) for end in (m.value, m.low, m.high)]
    scale = (min(ends, default=0.0), max(ends, default=1.0))
    drawing = Markup('<span class="wb-faint">–</span>')
    if one.score is not None:
        text = f"{one.column} {one.value}: {one.score}"
        against = slices.overall.value if slices.overall else None
        drawing = charts.interval(one.score.value, one.score.low, one.score.high, scale, text, against)
    return {"one": one, "drawing": drawing, "sure": one.p_value < 0.1, "apart": one.loss - one.others}


def _scores(slices: Slices) -> list[Metric]:
    scores: list[Metric | None] = [slices.overall, *(one.score for one in slices.slices)]
    return [one for one in scores if one is not None]
