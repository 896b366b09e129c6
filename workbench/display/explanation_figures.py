"""The plotly figures of an explanation, in the colours of its page, from binned values."""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches

import numpy as np
import plotly.graph_objects as go

from workbench.core.explanation import Explanation
from workbench.display.explanation_drawings import ends_of, moment_marks
from workbench.display.explanation_rows import steps_of
from workbench.display.figures import BLUE, GREY, HIGH, INK, LOW, MIDDLE, plain, styled, waterfall
from workbench.errors import BadParameter, ColumnNotFound
from workbench.explanation.clouds import Cloud
from workbench.explanation.ordered_values import LEVELS, MISSING
from workbench.explanation.overview import acting, overview, swarm_of

SCALE = [[0, LOW], [0.5, MIDDLE], [1, HIGH]]
# Points of a beeswarm; its places along the axis, and dots above each other.
MOST_POINTS, PLACES, STACKED = 1900, 80, 7


def figure(
    explanation: Explanation,
    kind: str = "importance",
    column: str | None = None,
    *,
    row: int | None = None,
    by: str | None = None,
) -> go.Figure:
    """An interactive figure.

    Parameters
    ----------
    explanation : Explanation
        What to show.
    kind : {"importance", "beeswarm", "dependence", "interactions", "waterfall"}
        *importance*: mean absolute values with their intervals. *beeswarm*: the effects of every row, coloured by
        value. *dependence*: what ``column`` adds by its value, coloured by another one. *interactions*: which columns
        change what others add. *waterfall*: one row, step by step.
    column : str, optional
        Of a dependence; by default the strongest one.
    row : int, optional
        Position of an explained row, from 0: its waterfall.
    by : str, optional
        The column that colours a dependence; by default the one that changes it most.

    Raises
    ------
    BadParameter
        If there is no such kind or row.
    ColumnNotFound
        If there is no such column.
    """
    kinds: dict[str, Callable[[], go.Figure]] = {
        "importance": lambda: importance(explanation),
        "beeswarm": lambda: beeswarm(explanation),
        "dependence": lambda: dependence(explanation, column, by),
        "interactions": lambda: interactions(explanation),
        "waterfall": lambda: _steps(explanation, row or 0),
    }
    wanted = kind if row is None else "waterfall"
    if wanted not in kinds:
        near = get_close_matches(str(wanted), kinds, 1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise BadParameter(f"There is no plot {wanted!r} of an explanation.{hint} There are: {', '.join(kinds)}.")
    return kinds[wanted]()


def importance(explanation: Explanation, most: int = 30) -> go.Figure:
    """Mean absolute effect of each column, with the 95% interval had other rows been explained."""
    shown = list(explanation.importance().items())[:most][::-1]
    ends = explanation.intervals()
    bars = go.Bar(
        x=[v for _, v in shown],
        y=[plain(n) for n, _ in shown],
        orientation="h",
        marker_color=BLUE,
        error_x={
            "type": "data",
            "array": [ends[n][1] - v for n, v in shown],
            "arrayminus": [v - ends[n][0] for n, v in shown],
            "color": GREY,
        },
    )
    drawn = styled(go.Figure(bars), "Mean effect").update_layout(xaxis_title=plain(explanation.unit))
    return drawn.update_layout(yaxis_type="category")


def beeswarm(explanation: Explanation) -> go.Figure:
    """The effects of all rows, a dot for rows with nearly the same; low values blue and below, high ones orange."""
    seen = overview(explanation)
    low, high = seen.axis
    drawn, points = go.Figure(), 0
    names: list[str] = []
    for place, column in enumerate(seen.columns):
        dots = swarm_of(explanation, column, seen.axis, PLACES, STACKED)
        points += len(dots.places)
        if points > MOST_POINTS and names:
            break
        names.append(column.name)
        plain_colour = column.kind == "category"
        marks = {"size": 5, "color": GREY if plain_colour else dots.levels, "symbol": _symbols(dots.levels)}
        coloured = {} if plain_colour else {"colorscale": SCALE, "cmin": 0, "cmax": LEVELS - 1}
        drawn.add_scatter(
            x=low + (dots.places + 0.5) * ((high - low) / PLACES),
            y=-place + 0.38 * dots.heights / STACKED,
            mode="markers",
            marker={**marks, **coloured},
            name=plain(column.name),
            hovertemplate="%{x:.3g}<extra>" + plain(column.name) + "</extra>",
        )
    drawn.add_vline(x=0, line_color=GREY, line_width=1)
    styled(drawn, "Effects of all rows: blue low, orange high values").update_layout(
        xaxis_title=plain(explanation.unit), height=90 + 34 * max(len(names), 4)
    )
    return drawn.update_yaxes(tickvals=[-i for i in range(len(names))], ticktext=[plain(n) for n in names])


def dependence(explanation: Explanation, column: str | None = None, by: str | None = None) -> go.Figure:
    """What a column adds by its value, a dot for rows that are alike, coloured by another column."""
    for name in (column, by):
        if name is not None and name not in explanation.features:
            raise ColumnNotFound.named(name, explanation.features)
    one = acting(explanation, column or next(iter(explanation.importance())), by)
    partner, levels = next(iter(one.cloud.partners.items()), ("", np.full(len(one.cloud.x), MISSING)))
    drawn = (_of_categories if one.cloud.categories else _of_numbers)(one.cloud)
    drawn.data[0].marker = {
        "size": 5 + 3 * one.cloud.sizes,
        "color": np.where(levels == MISSING, LEVELS // 2, levels),
        "symbol": _symbols(levels),
        "colorscale": SCALE,
        "cmin": 0,
        "cmax": LEVELS - 1,
        "line": {"width": 0},
    }
    adds = f"adds, {explanation.unit}"
    titles = (adds, one.name) if one.cloud.categories else (one.name, adds)
    coloured = f", coloured by {partner}: blue low, orange high" if partner else ""
    styled(drawn, f"How {one.name} acts{coloured}").update_layout(
        xaxis_title=plain(titles[0]), yaxis_title=plain(titles[1])
    )
    if one.kind == "moment":
        marks = moment_marks(one.cloud.values)
        drawn.update_xaxes(tickvals=[v for v, _ in marks], ticktext=[text for _, text in marks])
    return drawn


def _of_numbers(cloud: Cloud) -> go.Figure:
    low, high = ends_of(cloud)
    across, up = cloud.shape
    (bottom, top), width = cloud.effects, (high - low) / across
    x, y = low + (cloud.x + 0.5) * width, bottom + (cloud.y + 0.5) * (top - bottom) / up
    drawn = go.Figure(go.Scatter(x=x, y=y, mode="markers"))
    line = [(low + a * width, bottom + b * (top - bottom) / up) for a, b in cloud.line]
    drawn.add_scatter(x=[a for a, _ in line], y=[b for _, b in line], mode="lines", line={"color": INK, "width": 1.5})
    return drawn.add_hline(y=0, line_color=GREY, line_dash="dot", line_width=1)


def _of_categories(cloud: Cloud) -> go.Figure:
    low, high = cloud.effects
    x = low + (cloud.x + 0.5) * (high - low) / cloud.shape[0]
    drawn = go.Figure(go.Scatter(x=x, y=cloud.y, mode="markers"))
    means = {"symbol": "line-ns", "size": 16, "line": {"color": INK, "width": 2}}
    marks = [low + share * (high - low) / cloud.shape[0] for share, _ in cloud.line]
    drawn.add_scatter(x=marks, y=list(range(len(marks))), mode="markers", marker=means)
    drawn.update_yaxes(tickvals=list(range(len(cloud.categories))), ticktext=[plain(c) for c in cloud.categories])
    return drawn.add_vline(x=0, line_color=GREY, line_dash="dot", line_width=1)


def _symbols(levels: np.ndarray[tuple[int], np.dtype[np.intp]]) -> list[str]:
    """What is missing is a square."""
    return ["square" if level == MISSING else "circle" for level in levels.tolist()]


def interactions(explanation: Explanation) -> go.Figure:
    """How much two columns interact, in the unit of the values."""
    seen = overview(explanation)
    names = [plain(c.name) for c in seen.crossed]
    off = seen.strengths - np.diag(np.diag(seen.strengths))
    heat = go.Heatmap(z=off, x=names, y=names, colorscale=[[0, "rgba(128,128,128,0.12)"], [1, BLUE]], showscale=False)
    title = "Which columns interact" if seen.exact else "Which columns interact, estimated"
    drawn = styled(go.Figure(heat), title).update_layout(height=420)
    return drawn.update_xaxes(type="category").update_yaxes(type="category", autorange="reversed")


def _steps(explanation: Explanation, row: int) -> go.Figure:
    steps = steps_of(explanation, row)
    names = [f"{name} = {given}" if given else name for name, given, *_ in steps]
    added = [added for _, _, added, _ in steps]
    return waterfall(names, added, explanation.base, f"Row {row}", explanation.unit, (HIGH, LOW))
