"""Alarms by the false-alarm rate: a line of how many there would have been, and what that would have cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.core.alarm_curve import AlarmCurve
from workbench.display.charts import Point
from workbench.display.rendering import fragment, number

if TYPE_CHECKING:
    import plotly.graph_objects as go


def html(curve: AlarmCurve) -> str:
    """Tiles for the report's rate and the cheapest one, two lines over the rates, and the table."""
    return fragment(
        "alarm_curve",
        c=curve,
        tiles=_tiles(curve),
        alarms=[_point(one.rate, one.alarms, curve) for one in curve.points],
        costs=[_point(one.rate, one.cost, curve) for one in curve.points],
        priced=curve.missed_cost > 0,
    )


def figure(curve: AlarmCurve) -> go.Figure:
    """Alarms over the rates."""
    from workbench.display import figures

    return figures.over_time([_point(one.rate, one.alarms, curve) for one in curve.points], None, "Alarms by rate")


def _point(rate: float, value: float, curve: AlarmCurve) -> Point:
    return Point(f"{rate:g}", float(value), status="warning" if rate == curve.now.rate else "ok")


def _tiles(curve: AlarmCurve) -> list[tuple[str, str, str]]:
    now, best = curve.now, curve.cheapest
    return [
        ("Alarms now", number(now.alarms), f"at a rate of {now.rate:g}"),
        ("Warnings now", number(now.warnings), f"{curve.windows:,} windows"),
        ("Bad windows missed", number(now.missed), f"of {len(curve.bad):,}"),
        ("Cheapest rate", f"{best.rate:g}", f"cost {number(best.cost)}, now {number(now.cost)}"),
    ]
