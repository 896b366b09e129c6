"""Alarms by the false-alarm rate: a line of how many there would have been, and what that would have cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.core.alarm_curve import AlarmCurve, AlarmsAt
from workbench.display.charts import Point
from workbench.display.rendering import fragment, number

if TYPE_CHECKING:
    import plotly.graph_objects as go


def html(curve: AlarmCurve, tried: float | None = None) -> str:
    """Tiles for the report's rate and the cheapest one, two lines over the rates, and the table.

    Parameters
    ----------
    curve : AlarmCurve
    tried : float, optional
        A rate of the curve that has tiles of its own, and the mark in the lines.
    """
    chosen = next((one for one in curve.points if one.rate == tried), curve.now)
    return fragment(
        "alarm_curve",
        c=curve,
        chosen=chosen,
        tiles=_tiles(curve) if chosen is curve.now else _tried(chosen, curve),
        alarms=[_point(one.rate, one.alarms, chosen) for one in curve.points],
        costs=[_point(one.rate, one.cost, chosen) for one in curve.points],
        priced=curve.missed_cost > 0,
    )


def figure(curve: AlarmCurve) -> go.Figure:
    """Alarms over the rates."""
    from workbench.display import figures

    return figures.over_time([_point(one.rate, one.alarms, curve.now) for one in curve.points], None, "Alarms by rate")


def _point(rate: float, value: float, marked: AlarmsAt) -> Point:
    return Point(f"{rate:g}", float(value), status="warning" if rate == marked.rate else "ok")


def _tried(one: AlarmsAt, curve: AlarmCurve) -> list[tuple[str, str, str]]:
    now, best = curve.now, curve.cheapest
    return [
        (f"Alarms at {one.rate:g}", number(one.alarms), f"now {number(now.alarms)}"),
        (f"Warnings at {one.rate:g}", number(one.warnings), f"now {number(now.warnings)}"),
        (f"Missed at {one.rate:g}", number(one.missed), f"now {number(now.missed)} of {len(curve.bad):,}"),
        (f"Cost at {one.rate:g}", f"{one.cost:,.6g}", f"now {now.cost:,.6g}"),
        ("Cheapest rate", f"{best.rate:g}", f"cost {best.cost:,.6g}"),
    ]


def _tiles(curve: AlarmCurve) -> list[tuple[str, str, str]]:
    now, best = curve.now, curve.cheapest
    return [
        ("Alarms now", number(now.alarms), f"at a rate of {now.rate:g}"),
        ("Warnings now", number(now.warnings), f"{curve.windows:,} windows"),
        ("Bad windows missed", number(now.missed), f"of {len(curve.bad):,}"),
        ("Cheapest rate", f"{best.rate:g}", f"cost {best.cost:,.6g}, now {now.cost:,.6g}"),
    ]
