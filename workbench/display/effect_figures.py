"""The plotly figures of effects: of one column, of two, and of how much each two do together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import plotly.graph_objects as go

from workbench.core.effect import Effect, JointEffect
from workbench.core.pair_effects import PairEffects
from workbench.core.shown import Shown
from workbench.display.figures import BLUE, GREY, HIGH, LOW, MIDDLE, plain, styled
from workbench.display.heat_drawings import ends
from workbench.errors import BadParameter

SCALE = [[0, LOW], [0.5, MIDDLE], [1, HIGH]]
MOST_LINES = 20  # single rows that are drawn


def figure(shown: Shown, kind: str | None = None) -> go.Figure:
    """An interactive figure of an effect, a joint effect or interactions.

    Parameters
    ----------
    shown : Shown
        An Effect, a JointEffect, or PairEffects.
    kind : str, optional
        Of an effect ``"pdp"`` or ``"ale"``, by default the one that may be read; of a joint effect ``"together"``, the
        default, or ``"interaction"``.

    Raises
    ------
    BadParameter
        If there is no such kind, or nothing to draw.
    """
    kinds = _kinds(shown)
    wanted = next(iter(kinds), None) if kind is None else kind
    if wanted not in kinds:
        known = f"There are: {', '.join(kinds)}." if kinds else "Its numbers are in .frame()."
        raise BadParameter(f"There is no plot {kind or ''} of a {type(shown).__name__}. {known}".replace("  ", " "))
    return kinds[wanted]()


def _kinds(shown: Shown) -> dict[str, Callable[[], go.Figure]]:
    """The figures of an answer by their names, the one that is meant first."""
    if isinstance(shown, Effect):
        names = ("ale", "pdp") if shown.findings else ("pdp", "ale")
        return {name: lambda name=name: _curve(shown, name) for name in names}  # type: ignore[misc]
    if isinstance(shown, JointEffect):
        return {"together": lambda: _joint(shown, False), "interaction": lambda: _joint(shown, True)}
    return {"pairs": lambda: _pairs(shown)} if isinstance(shown, PairEffects) else {}


def _curve(seen: Effect, name: str) -> go.Figure:
    """A line with its band, and single rows behind partial dependence; categories as dots with their intervals."""
    x = [plain(v) if isinstance(v, str) else v for v in seen.grid]
    value, low, high = (getattr(seen, part) for part in (name, f"{name}_low", f"{name}_high"))
    title = {"pdp": "Partial dependence", "ale": "Accumulated local effects"}[name]
    drawn = styled(go.Figure(), f"{title} of {seen.column}")
    if seen.kind == "category":
        error = {"type": "data", "array": high - value, "arrayminus": value - low, "color": GREY}
        drawn.add_scatter(
            x=list(map(str, x)), y=value, error_y=error, mode="markers", marker={"color": BLUE, "size": 9}
        )
        drawn.update_xaxes(type="category")
        return _named(drawn, seen.column, seen.unit)
    for line in seen.ice[:MOST_LINES] if name == "pdp" else ():
        drawn.add_scatter(x=x, y=line, mode="lines", line={"color": GREY, "width": 0.6}, opacity=0.5, hoverinfo="skip")
    drawn.add_scatter(x=[*x, *x[::-1]], y=[*high, *low[::-1]], fill="toself", line={"width": 0}, opacity=0.25,
                      fillcolor=BLUE, hoverinfo="skip")  # fmt: skip
    drawn.add_scatter(x=x, y=value, mode="lines", line={"color": BLUE, "width": 2})
    return _named(drawn, seen.column, seen.unit)


def _joint(seen: JointEffect, interaction: bool) -> go.Figure:
    """A heat map; where no row is near, the cell is left out."""
    values = seen.interaction if interaction else seen.pdp
    low, high = ends(values, seen.counts, interaction)
    there = seen.counts > 0
    names = [[plain(v) for v in grid] for grid in seen.grids]
    hover = "%{y}, %{x}: %{z:.4g} (%{customdata} rows)<extra></extra>"
    cells = go.Heatmap(
        z=np.where(there, values, np.nan), x=names[1], y=names[0], customdata=seen.counts, hovertemplate=hover,
        zmin=low, zmax=high, colorscale=SCALE, colorbar={"title": plain(seen.unit)}, xgap=1, ygap=1,
    )  # fmt: skip
    what = "Beyond what each does alone" if interaction else "Mean answer"
    drawn = styled(go.Figure(cells), f"{what}: {seen.columns[0]} and {seen.columns[1]}").update_layout(height=440)
    drawn.update_xaxes(type="category").update_yaxes(type="category", autorange="reversed")
    return _named(drawn, seen.columns[1], seen.columns[0])


def _pairs(seen: PairEffects) -> go.Figure:
    names = [plain(name) for name in seen.columns]
    cells = go.Heatmap(
        z=seen.size, x=names, y=names, customdata=seen.strength, colorscale=[[0, "rgba(128,128,128,0.12)"], [1, BLUE]],
        hovertemplate="%{y}, %{x}: %{z:.3g}, H² %{customdata:.2f}<extra></extra>",
        colorbar={"title": plain(seen.unit)}, xgap=1, ygap=1,
    )  # fmt: skip
    drawn = styled(go.Figure(cells), "What two columns do together that neither does alone").update_layout(height=440)
    return drawn.update_xaxes(type="category").update_yaxes(type="category", autorange="reversed")


def _named(drawn: go.Figure, x: Any, y: Any) -> go.Figure:
    return drawn.update_layout(xaxis_title=plain(x), yaxis_title=plain(y))
