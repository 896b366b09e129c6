"""The few plotly figures that all nouns share: ``graph_objects`` only, so that a saved notebook stays small."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import plotly.graph_objects as go

from workbench.core.metric import Metric
from workbench.display.charts import Point
from workbench.display.estimate_drawings import Guess

BLUE, RED, GREEN, GREY = "#2563c9", "#c8324f", "#157a4a", "#737c8a"
# Low and high values, and what lowers and raises: they differ for every eye.
LOW, MIDDLE, HIGH, INK = "#1f62d0", "#b3aeb1", "#bd4d00", "#50565f"
GRID = "rgba(128,128,128,0.25)"
STATUS = {"ok": GREEN, "warning": "#b86e00", "alarm": RED, "unknown": GREY}


def bars(names: Sequence[str], values: Sequence[float], title: str, unit: str, flat: bool = False) -> go.Figure:
    """One bar a name; ``flat`` lays them on their side."""
    labels = [plain(n) for n in names]
    data = {"x": values, "y": labels, "orientation": "h"} if flat else {"x": labels, "y": values}
    drawn = go.Figure(go.Bar(**data, marker_color=BLUE))
    axis = "xaxis_title" if flat else "yaxis_title"
    return styled(drawn, title).update_layout(
        **{axis: plain(unit), ("yaxis" if flat else "xaxis") + "_type": "category"}
    )


def two_sides(names: Sequence[str], sides: tuple[Sequence[float], Sequence[float]], title: str, unit: str) -> go.Figure:
    """Two bars a name: the reference, and now."""
    labels = [plain(n) for n in names]
    sets = zip(("reference", "now"), (GREY, BLUE), sides, strict=True)
    drawn = go.Figure([go.Bar(name=name, x=labels, y=list(side), marker_color=c) for name, c, side in sets])
    return styled(drawn, title).update_layout(
        yaxis_title=plain(unit), xaxis_type="category", barmode="group", showlegend=True
    )


def intervals(names: Sequence[str], metrics: Sequence[Metric], title: str) -> go.Figure:
    """Values with their intervals, one row a name."""
    up = [0.0 if m.high is None else m.high - m.value for m in metrics]
    down = [0.0 if m.low is None else m.value - m.low for m in metrics]
    error = {"type": "data", "array": up, "arrayminus": down, "symmetric": False}
    marks = go.Scatter(
        x=[m.value for m in metrics],
        y=[plain(n) for n in names],
        error_x=error,
        mode="markers",
        marker={"size": 9, "color": BLUE},
    )
    return styled(go.Figure(marks), title).update_layout(yaxis_type="category")


def over_time(points: Sequence[Point], band: tuple[float, float, float] | None, title: str) -> go.Figure:
    """Values over windows, with the reference as a band."""
    up = [0.0 if p.high is None or p.value is None else p.high - p.value for p in points]
    down = [0.0 if p.low is None or p.value is None else p.value - p.low for p in points]
    marks = go.Scatter(
        x=[plain(p.label) for p in points],
        y=[p.value for p in points],
        mode="lines+markers",
        line_color=GREY,
        marker={"size": 9, "color": [STATUS[p.status] for p in points]},
        error_y={"type": "data", "array": up, "arrayminus": down, "symmetric": False},
    )
    drawn = styled(go.Figure([*_guesses(points), marks]), title).update_layout(xaxis_type="category")
    if band is not None:
        drawn.add_hrect(y0=band[0], y1=band[2], fillcolor=GREEN, opacity=0.15, line_width=0)
        drawn.add_hline(y=band[1], line_dash="dash", line_color=GREEN, annotation_text="reference")
    return drawn


def _guesses(points: Sequence[Point]) -> Iterator[go.Scatter]:
    """Estimates without labels: dashed with their intervals where they can be trusted, hollow where not."""
    for trusted, symbol in ((True, "circle"), (False, "circle-open")):
        shown = [(p.label, p.guess) for p in points if p.guess and p.guess.trusted == trusted]
        if shown:
            up, down = ([abs((end or g.value) - g.value) for end, g in side] for side in _sides(shown))
            error = {"type": "data", "array": up, "arrayminus": down, "symmetric": False, "visible": trusted}
            yield go.Scatter(
                x=[plain(label) for label, _ in shown], y=[g.value for _, g in shown], error_y=error,
                mode="lines+markers" if trusted else "markers", line={"dash": "dash", "color": BLUE},
                marker={"size": 8, "color": BLUE, "symbol": symbol},
                name="estimated" if trusted else "estimated, not to be trusted",
            )  # fmt: skip


def _sides(shown: Sequence[tuple[str, Guess]]) -> tuple[list[tuple[float | None, Guess]], ...]:
    return [(g.high, g) for _, g in shown], [(g.low, g) for _, g in shown]


def waterfall(
    names: Sequence[str],
    added: Sequence[float],
    base: float,
    title: str,
    unit: str,
    colours: tuple[str, str] = (RED, BLUE),
) -> go.Figure:
    """What each column added, from the base at the top to the output at the bottom."""
    steps = go.Waterfall(
        orientation="h",
        base=base,
        y=[plain(n) for n in names],
        x=added,
        measure=["relative"] * len(added),
        increasing_marker_color=colours[0],
        decreasing_marker_color=colours[1],
    )
    return styled(go.Figure(steps), title).update_layout(xaxis_title=plain(unit), yaxis={"autorange": "reversed"})


def plain(text: object) -> str:
    """A text that plotly does not read as its own markup (it knows ``<b>``, ``<a href>`` and entities).

    >>> plain("<b>x</b>")
    '&lt;b&gt;x&lt;/b&gt;'
    """
    return str(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def styled(drawn: go.Figure, title: str) -> go.Figure:
    """The look that all figures share."""
    return drawn.update_layout(
        title=plain(title),
        template="plotly_white",
        # Transparent, in a grey that can be read on light and on dark: a figure does not know where it will be shown.
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        font_color=GREY,
        margin={"l": 10, "r": 10, "t": 46, "b": 10},
        height=380,
        showlegend=False,
        font_size=12,
        xaxis={"automargin": True, "gridcolor": GRID, "zerolinecolor": GRID},
        yaxis={"automargin": True, "gridcolor": GRID, "zerolinecolor": GRID},
    )
