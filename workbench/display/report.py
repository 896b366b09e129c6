"""A monitoring report: a verdict in words, and what it rests on, window by window, column by column."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from workbench.core.explanation_comparison import ReasonDifference
from workbench.core.glossary import TERMS
from workbench.core.report import ColumnDrift, Incident, MonitorReport, Window
from workbench.core.report_checks import trend, verdict
from workbench.core.report_summary import metric_of
from workbench.core.shape import Shape
from workbench.core.wording import Ours
from workbench.display import report_words
from workbench.display.charts import Point
from workbench.display.language import Speaker, speaker
from workbench.display.rendering import fragment, metric_name, scoped
from workbench.display.report_rows import (
    ColumnRow,
    Followed,
    band,
    column_rows,
    drift_by_column,
    estimate,
    followed_groups,
    followed_segments,
    measured,
    named,
    points,
    reasons_by_column,
)
from workbench.display.report_view import View, columns, days, metrics, segments
from workbench.display.report_words import CHECKS, UNKNOWN, VERDICTS

if TYPE_CHECKING:
    import plotly.graph_objects as go

INCIDENTS, ON_A_PAGE = 20, 6  # the newest, in full
OF_INCIDENT = 24  # its newest windows
COLUMNS = 12  # rows of the table of columns
REASONS = 8  # rows of the table of reasons
SEGMENTS = 8  # rows of segments
FIRST_TOLD, MOST_TOLD = 6, 24  # signals of a window: at once, and folded
GROUPS, MOST_GROUPS, MOST_OF_PAGE = 12, 400, 24  # rows of groups: at once, and folded
MOST_OFFERED = 120  # windows, columns and parts in a form
ACTS = ("acknowledge", "note", "snooze", "close", "reopen")
PAGE = View()


def html(report: MonitorReport, view: View = PAGE) -> str:
    """A verdict in words and its checks, then what they rest on: the score over time, columns, segments, incidents.

    Parameters
    ----------
    report : MonitorReport
    view : View
        What is looked at more closely, and in which language.
    """
    return fragment("report", **context(report, view))


def context(report: MonitorReport, view: View = PAGE) -> dict[str, Any]:
    """What the template shows."""
    say = speaker(view.language)
    windows, shown = view.windows(report), view.shown(report)
    metric, told = view.scored_by(report), verdict(report)
    drawn = points(report, view=view)
    groups = followed_groups(windows)
    first = view.most(GROUPS) if view.link else max(GROUPS, sum(one.differs for one in groups))
    table, followed = column_rows(windows, shown, view), reasons_by_column(windows)
    estimated = [estimate(w, metric) for w in windows]
    return {
        **say.words(),
        "style": style(),
        "words": report_words,
        "done": "",
        "drives": "",
        "watch": None,
        "r": report,
        "v": view,
        "told": told,
        "checks": [(one, *CHECKS[one.kind], UNKNOWN.get(one.kind, UNKNOWN[""])) for one in told.checks],
        "verdict": VERDICTS[told.trust],
        "ways": trend(report),
        "owners": tuple(dict.fromkeys(i.owner for i in report.incidents if i.open and i.owner)),
        "metric": metric,
        "reference": named(report.reference, metric),
        "points": drawn,
        "band": None if view.segment else band(report, metric),
        "known": any(p.value is not None for p in drawn),
        "sure": any(one.trusted for one in estimated if one),
        "unsure": any(not one.trusted for one in estimated if one),
        "level": say.percent(next((m.level for m in report.reference), 0.9)),
        "windows": windows,
        "estimated": estimated,
        "w": shown,
        "asked": _asked(report, view),
        "beside": _neighbours(report, shown),
        "first_told": view.most(FIRST_TOLD),
        "most_told": view.most(MOST_TOLD),
        "columns": table[: view.most(COLUMNS)],
        "hidden": max(len(table) - view.most(COLUMNS), 0),
        "of_column": _of_column(report, table, followed, view),
        "heat": _heat,
        "tone": _tone,
        "p_value": partial(_p_value, say),
        "segments": (parts := followed_segments(windows))[: view.most(SEGMENTS)],
        "more_segments": max(len(parts) - view.most(SEGMENTS), 0),
        "groups": groups[:first],
        "more_groups": groups[first : view.most(MOST_OF_PAGE) if view.link else MOST_GROUPS],
        "reasons": followed[: view.most(REASONS)],
        "reasons_hidden": max(len(followed) - view.most(REASONS), 0),
        "unit": _unit(report),
        "taken": measured(windows),
        "incidents": (told_of := _incidents(report, windows, view))[0],
        "more_incidents": told_of[1],
        "acts": ACTS,
        "events": report.events[::-1][:20],
        "summary": _summary(drawn, metric, say),
        "terms": TERMS,
        "label_of": partial(_part, say),
        "named": named,
        "estimate": estimate,
        "choices": _choices(report, view),
    }


def style() -> Markup:
    """What a report and its pages add to the stylesheet of all."""
    return scoped("report", "report.css")


def figure(report: MonitorReport, column: str | None = None, reasons: bool = False) -> go.Figure:
    """Performance over the windows; with ``column``, how much it drifted; with ``reasons`` too, how much it weighs.

    Raises
    ------
    ColumnNotFound
        If no window tested such a column, or tells its reasons.
    """
    from workbench.display import figures
    from workbench.errors import ColumnNotFound

    windows = report.windows[-2000:]
    if column is None:
        shown = [p for p in points(report, most=2000) if p.value is not None or p.guess]
        bands = {p.band or band(report) for p in shown}
        common = bands.pop() if len(bands) == 1 else None  # of several versions, none is the reference of all
        return figures.over_time(shown, common, metric_name(metric_of(report) or "performance"))
    if reasons:
        return _weighing(report, windows, column)
    rows = dict(drift_by_column(windows))
    if column not in rows:
        raise ColumnNotFound.named(column, rows)
    effects = [0.0 if d is None else d.effect for d in rows[column]]
    return figures.bars([w.label for w in windows], effects, f"Drift of {column}", "effect, 0 to 1")


def _weighing(report: MonitorReport, windows: tuple[Window, ...], column: str) -> go.Figure:
    """The importance of a column over the windows, with 95% intervals of its change, and what it was before."""
    from workbench.display import figures
    from workbench.errors import ColumnNotFound

    rows = {one.column: one for one in reasons_by_column(windows)}
    if column not in rows:
        raise ColumnNotFound.named(column, rows)
    pairs = [(w, one) for w, one in zip(windows, rows[column].cells, strict=True) if one is not None]
    shown = [
        Point(w.label, d.importance[1], d.importance[0] + d.low, d.importance[0] + d.high, _as_status(d))
        for w, d in pairs
    ]
    before = rows[column].before
    return figures.over_time(shown, (before, before, before), f"Mean effect of {column}, {_unit(report)}")


def _as_status(one: ReasonDifference) -> str:
    return "warning" if one.important else "ok"


def _incidents(
    report: MonitorReport, windows: tuple[Window, ...], view: View
) -> tuple[list[tuple[Incident, list[Window]]], int]:
    """Those that go on first, then the newest of the windows that are shown, each with its own; and how many more."""
    by_label = {w.label: w for w in report.windows}
    within = {w.label for w in windows}
    there = [one for one in report.incidents[::-1] if one.open or not view.link or within & {one.start, *one.windows}]
    shown = sorted(there, key=lambda one: not one.open)[: view.most(ON_A_PAGE) if view.link else INCIDENTS]
    told = [(one, [by_label[k] for k in one.windows[: -OF_INCIDENT - 1 : -1] if k in by_label]) for one in shown]
    return told, len(report.incidents) - len(shown)


def _asked(report: MonitorReport, view: View) -> list[str]:
    """What the address names and the report does not have."""
    wanted = {
        "window": (view.window, {w.label for w in report.windows}),
        "column": (view.column, {*columns(report.windows)}),
        "segment": (view.segment, {*segments(report.windows)}),
        "metric": (view.metric, {*metrics(report.windows)}),
    }
    return [name for name, (value, there) in wanted.items() if value and value not in there]


def _choices(report: MonitorReport, view: View) -> dict[str, Any]:
    """What the forms offer."""
    first = min((day for w in report.windows if (day := days(w)[0])), default="")
    last = max((days(w)[1] for w in report.windows), default="")
    return {
        "windows": [w.label for w in report.windows[: -view.most(MOST_OFFERED) - 1 : -1]],
        "columns": columns(report.windows)[: view.most(MOST_OFFERED)],
        "segments": segments(report.windows)[: view.most(MOST_OFFERED)],
        "metrics": metrics(report.windows),
        "days": (first, last),
    }


def _neighbours(report: MonitorReport, shown: Window | None) -> tuple[str | None, str | None]:
    """The windows before and after the one that is looked at."""
    labels = [w.label for w in report.windows]
    if shown is None:
        return None, None
    at = labels.index(shown.label)
    return (labels[at - 1] if at else None), (labels[at + 1] if at + 1 < len(labels) else None)


def _of_column(
    report: MonitorReport, table: list[ColumnRow], followed: list[Followed], view: View
) -> dict[str, Any] | None:
    """What is told of the column that is looked at: its row, its reasons, and what it did in incidents."""
    row = next((one for one in table if one.name == view.column), None)
    if row is None:
        return None
    moved = [(i, c) for i in report.incidents[::-1] for c in i.causes if c.kind == "moved" and c.name == view.column]
    weights = next((one for one in followed if one.column == view.column), None)
    return {"row": row, "weights": weights, "moved": moved[:4]}


def _part(say: Speaker, shape: Shape, place: int) -> str:
    """The label of a part of a column's values."""
    label = shape.labels[place]
    if isinstance(label, Ours):
        return say(label)
    return label if shape.by_value else say.localised(label)


def _unit(report: MonitorReport) -> str:
    return report.reasons_unit or "the model's unit"


def _heat(drift: ColumnDrift) -> int:
    """Shade in percent: an effect of a half or more is darkest; what is not significant stays pale."""
    return round(min(drift.effect * 2, 1) * (70 if drift.drifted else 25))


def _tone(drift: ColumnDrift) -> int:
    """The same in ten steps."""
    return round(_heat(drift), -1)


def _p_value(say: Speaker, value: float, named: bool = True) -> str:
    """As people write it.

    >>> _p_value(speaker("en"), 0.0), _p_value(speaker("en"), 0.03, named=False)
    ('p < 0.0001', '0.030')
    """
    if value < 1e-4:
        return ("p < " if named else "< ") + say.localised("0.0001")
    return ("p " if named else "") + say.number(value)


def _summary(drawn: list[Point], metric: str | None, say: Speaker) -> str:
    known = [p for p in drawn if p.value is not None]
    name = metric_name(metric or "")
    if known:
        ends = say.number(known[0].value), say.number(known[-1].value)
        return say("%1 over #2 windows, from #3 to #4", name, len(known), *ends)
    guessed = [p.guess for p in drawn if p.guess]
    return say("%1 as estimated of #2 windows without labels", name, len(guessed)) if guessed else ""
