"""A monitoring report: performance against the reference, drift window by window, incidents and events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbench.core.explanation_comparison import ReasonDifference
from workbench.core.fairness import Group, GroupMetric
from workbench.core.metric import Metric
from workbench.core.report import ColumnDrift, Estimate, Incident, MonitorReport, Window
from workbench.core.report_summary import POINTS, metric_of, reference_of
from workbench.core.segments import Segment
from workbench.display.charts import Band, Point
from workbench.display.estimate_drawings import Guess
from workbench.display.rendering import fragment, metric_name, number, percent, signed

if TYPE_CHECKING:
    import plotly.graph_objects as go

WINDOWS = 24  # as many as fit beside each other
INCIDENTS = 20  # the newest, in full
COLUMNS = 14  # rows of the drift matrix
SEGMENTS = 12  # rows of segments
TOLD, MOST_TOLD = 6, 12  # windows whose signals are listed, and signals of each
GROUPS, MOST_GROUPS = 12, 400  # rows of groups that are followed: at once, and folded


def html(report: MonitorReport) -> str:
    """Status, findings, performance with the reference as a band, drift matrix, incidents and events."""
    windows = report.windows[-WINDOWS:]
    drift, groups = drift_by_column(windows), followed_groups(windows)
    shown = max(GROUPS, sum(map(_differs, groups)))
    return fragment(
        "report",
        r=report,
        tiles=_tiles(report),
        metric=metric_of(report),
        points=(drawn := points(report)),
        known=any(p.value is not None for p in drawn),
        estimated=(guessed := [_estimate(w, metric_of(report)) for w in windows]),
        sure=any(one.trusted for one in guessed if one),
        unsure=any(not one.trusted for one in guessed if one),
        band=band(report),
        level=percent(next((m.level for m in report.reference), 0.9)),
        windows=windows,
        drift=drift[:COLUMNS],
        hidden=max(len(drift) - COLUMNS, 0),
        heat=_heat,
        segments=followed_segments(windows)[:SEGMENTS],
        groups=groups[:shown],
        more_groups=groups[shown:MOST_GROUPS],
        reasons=(followed := reasons_by_column(windows))[:COLUMNS],
        reasons_hidden=max(len(followed) - COLUMNS, 0),
        unit=_unit(report),
        shade=_shade,
        told=_told_reason,
        incidents=_incidents(report),
        more_incidents=max(len(report.incidents) - INCIDENTS, 0),
        seen=[w for w in windows[::-1] if w.signals][:TOLD],
        most_told=MOST_TOLD,
        events=report.events[::-1][:20],
        summary=_summary(report),
    )


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


def points(report: MonitorReport, most: int = POINTS) -> list[Point]:
    """The deciding score of each window and its estimate; an empty list while there is neither."""
    windows = report.windows[-most:]
    name = metric_of(report)
    if not any(w.performance or _estimate(w, name) for w in windows):
        return []
    return [_point(w, name) for w in windows]


def band(report: MonitorReport) -> Band | None:
    """Interval and value of the champion's reference."""
    if not report.reference:
        return None
    return _band(report.reference[0])


def drift_by_column(windows: tuple[Window, ...]) -> list[tuple[str, list[ColumnDrift | None]]]:
    """One row a column, strongest effect of any window first; None where a window did not test it."""
    strongest = [_strongest(w) for w in windows]
    names = {name for drifts in strongest for name in drifts}
    rows = [(name, [drifts.get(name) for drifts in strongest]) for name in names]
    return sorted(rows, key=lambda row: (-max(d.effect for d in row[1] if d), row[0]))


def followed_groups(windows: tuple[Window, ...]) -> list[tuple[str, list[GroupMetric | None]]]:
    """One row a measure of a group, those that changed first; None where a window does not know it."""
    each = [{_told(g, one): one for g in w.groups for one in g.metrics if one.value is not None} for w in windows]
    names = dict.fromkeys(name for known in each for name in known)
    rows = [(name, [known.get(name) for known in each]) for name in names]
    return sorted(rows, key=lambda row: not _differs(row))


def _incidents(report: MonitorReport) -> list[tuple[Incident, list[Window]]]:
    """The newest ones, those that go on first, each with its newest windows."""
    by_label = {w.label: w for w in report.windows}
    shown = sorted(report.incidents[::-1][:INCIDENTS], key=lambda one: not one.open)
    return [
        (one, [by_label[label] for label in one.windows[: -WINDOWS - 1 : -1] if label in by_label]) for one in shown
    ]


def followed_segments(windows: tuple[Window, ...]) -> list[tuple[str, list[Segment | None]]]:
    """One row a segment, those that lost more than all rows first; None where a window has too few labels of it."""
    each = [{one.name: one for one in w.segments} for w in windows]
    rows = [(n, [known.get(n) for known in each]) for n in dict.fromkeys(n for known in each for n in known)]
    return sorted(rows, key=lambda row: not any(one is not None and one.differs for one in row[1]))


def _differs(row: tuple[str, list[GroupMetric | None]]) -> bool:
    return any(one is not None and one.differs for one in row[1])


@dataclass(frozen=True)
class Followed:
    """The reasons of one column over the windows; None where a window does not tell them."""

    column: str
    cells: tuple[ReasonDifference | None, ...]

    @property
    def known(self) -> list[ReasonDifference]:
        """Of the windows that tell them, in order."""
        return [one for one in self.cells if one is not None]

    @property
    def before(self) -> float:
        """Importance that the latest window is compared with."""
        return self.known[-1].importance[0]

    @property
    def sizes(self) -> list[float | None]:
        """Importance in each window."""
        return [None if one is None else one.importance[1] for one in self.cells]

    @property
    def drawn(self) -> tuple[tuple[float, float], ...]:
        """Shares of the effects by their parts, before and in the latest window."""
        return self.known[-1].parts

    @property
    def rank(self) -> tuple[bool, float]:
        """Those that changed come first, then those that weigh most."""
        return not any(one.important for one in self.known), -max(max(one.importance) for one in self.known)


def reasons_by_column(windows: tuple[Window, ...]) -> list[Followed]:
    """One row a column, those whose reasons changed by enough to matter first."""
    each = [{one.column: one for one in w.explained} for w in windows]
    names = dict.fromkeys(name for known in each for name in known)
    return sorted((Followed(name, tuple(known.get(name) for known in each)) for name in names), key=lambda f: f.rank)


def _unit(report: MonitorReport) -> str:
    return report.reasons_unit or "the model's unit"


def _shade(one: ReasonDifference) -> int:
    """As :func:`_heat`, of reasons."""
    return round(min(one.effect * 2, 1) * (70 if one.differs else 25))


def _told_reason(one: ReasonDifference) -> str:
    """What a cell says to who points at it."""
    direction = "" if one.direction is None else f", direction {signed(one.direction[0])} → {signed(one.direction[1])}"
    return (
        f"{one.column}: mean effect {number(one.importance[0])} → {number(one.importance[1])}, average "
        f"{signed(one.mean[0])} → {signed(one.mean[1])}, place {one.rank[0]} → {one.rank[1]}{direction}, effects "
        f"{number(one.effect)} apart, p {number(one.p_value)}"
    )


def _told(group: Group, one: GroupMetric) -> str:
    return f"{group.column} {group.value}: {one.name.replace('_', ' ')}"


def _strongest(window: Window) -> dict[str, ColumnDrift]:
    """Of several tests of a column, the one with the strongest effect; one that matters wins."""
    strongest: dict[str, ColumnDrift] = {}
    for one in sorted(window.drift, key=lambda d: (d.important, d.effect)):
        strongest[one.column] = one
    return strongest


def _point(window: Window, name: str | None) -> Point:
    own = _band(window.reference) if window.reference else None
    one = _estimate(window, name)
    guess = None if one is None else Guess(one.value, one.low, one.high, one.trusted)
    if not window.performance:
        return Point(window.label, None, status=window.status, band=own, guess=guess)
    first = window.performance[0]
    return Point(window.label, first.value, first.low, first.high, window.status, own, guess)


def _estimate(window: Window, name: str | None) -> Estimate | None:
    """The estimate of a score."""
    return next((one for one in window.estimates if one.name == name), None)


def _band(metric: Metric) -> Band:
    low = metric.value if metric.low is None else metric.low
    return low, metric.value, metric.value if metric.high is None else metric.high


def _heat(drift: ColumnDrift) -> int:
    """Shade in percent: an effect of a half or more is darkest; what is not significant stays pale."""
    return round(min(drift.effect * 2, 1) * (70 if drift.drifted else 25))


def _tiles(report: MonitorReport) -> list[tuple[str, str, str]]:
    known = [p for p in points(report) if p.value is not None]
    compared = reference_of(report)
    reference = f"reference {number(compared.value)}" if compared else ""
    last = report.windows[-1] if report.windows else None
    return [
        (metric_name(metric_of(report) or "Performance"), number(known[-1].value if known else None), reference),
        ("Latest window", last.label if last else "–", f"{last.rows:,} rows" if last else "nothing seen yet"),
        ("Flagged", percent(last.flagged if last else None), "rows outside the contract"),
        ("Labels", f"{sum(w.labelled for w in report.windows):,}", _waiting(report)),
        ("Open incidents", str(sum(i.open for i in report.incidents)), f"{len(report.incidents)} in all"),
    ]


def _waiting(report: MonitorReport) -> str:
    waiting = sum(w.rows - w.labelled for w in report.windows)
    conflicts = sum(w.conflicts for w in report.windows)
    return f"{waiting:,} rows wait" + (f", {conflicts:,} in conflict" if conflicts else "")


def _summary(report: MonitorReport) -> str:
    known = [p for p in points(report) if p.value is not None]
    name = metric_name(metric_of(report) or "")
    if known:
        return f"{name} over {len(known)} windows, from {number(known[0].value)} to {number(known[-1].value)}"
    guessed = [p.guess for p in points(report) if p.guess]
    return f"{name} as estimated of {len(guessed)} windows without labels" if guessed else ""
