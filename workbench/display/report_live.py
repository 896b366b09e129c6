"""What a kernel adds to the page of a monitoring report: its script, its style, and the rates of its slider."""

from __future__ import annotations

from typing import Any

from workbench.core.alarm_curve import AlarmCurve
from workbench.core.literals import python
from workbench.display import language
from workbench.display.rendering import scoped

PAGE = "report_live"


def live_script() -> str:
    """The functions of ``static/report_live.js`` and of what it needs; whoever shows them starts ``render``."""
    return language.script(PAGE)


def live_style() -> str:
    """The style of the slider."""
    return scoped("report", "controls.css", "report_live.css")


def rates(curve: AlarmCurve) -> dict[str, Any]:
    """What the slider shows: of each rate its alarms, and the code that takes it.

    Examples
    --------
    >>> from workbench.core.alarm_curve import AlarmsAt
    >>> told = rates(AlarmCurve("churn", 12, 0.05, (AlarmsAt(0.05, 2, 1, 3, 0, 2.0),), ("2026-07",)))
    >>> told["points"][0]["code"], told["bad"]
    ('report = wb.monitor("churn", false_alarm_rate=0.05)', 1)
    """
    points = [
        {
            "rate": one.rate, "alarms": one.alarms, "warnings": one.warnings, "windows": one.windows,
            "missed": one.missed,
            "code": python("report = wb.monitor($name, false_alarm_rate=$rate)", name=curve.name, rate=one.rate),
        }
        for one in curve.points
    ]  # fmt: skip
    return {"points": points, "own": curve.points.index(curve.now), "windows": curve.windows, "bad": len(curve.bad)}
