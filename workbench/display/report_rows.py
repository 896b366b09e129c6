"""What a report's page shows in rows: scores over the windows, columns, segments, groups and reasons."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from workbench.core.explanation_comparison import ReasonDifference
from workbench.core.fairness import Group, GroupMetric
from workbench.core.metric import Metric
from workbench.core.report import ColumnDrift, Estimate, MonitorReport, Signal, Window
from workbench.core.report_summary import POINTS
from workbench.core.segments import Segment
from workbench.core.shape import Shape
from workbench.display.charts import Band, Point
from workbench.display.estimate_drawings import Guess
from workbench.display.report_view import View


def points(report: MonitorReport, most: int = POINTS, view: View | None = None) -> list[Point]:
    """A score of each window and its estimate; an empty list while there is neither.

    Parameters
    ----------
    report : MonitorReport
    most : int
        As many windows as are drawn, the latest.
    view : View, optional
        Which score, of which part of the rows, in which windows; by default the deciding one of all.
    """
    if view is None:
        view, windows = View(), report.windows[-most:]
    else:
        windows = view.windows(report)
    if view.segment:
        drawn = [_of_segment(w, view.segment) for w in windows]
    else:
        drawn = [_point(w, view.scored_by(report)) for w in windows]
    if not any(p.value is not None or p.guess for p in drawn):
        return []
    link = view.link
    if link is None:
        return drawn
    return [replace(p, href=link(window=p.label, at="window"), chosen=p.label == view.window) for p in drawn]


def band(report: MonitorReport, metric: str | None = None) -> Band | None:
    """Interval and value of the champion's reference, of the deciding score or another one."""
    known = named(report.reference, metric) if metric else next(iter(report.reference), None)
    return _band(known) if known else None


def named(scores: Sequence[Metric], name: str | None) -> Metric | None:
    """The score of a name."""
    return next((one for one in scores if one.name == name), None)


def estimate(window: Window, name: str | None) -> Estimate | None:
    """The estimate of a score."""
    return next((one for one in window.estimates if one.name == name), None)


def _of_segment(window: Window, name: str) -> Point:
    one = next((one for one in window.segments if one.name == name), None)
    if one is None:
        return Point(window.label, None)
    own = _band(one.reference) if one.reference else None
    return Point(window.label, one.score.value, one.score.low, one.score.high, "warning" if one.differs else "ok", own)


def _point(window: Window, name: str | None) -> Point:
    deciding = window.performance[0].name if window.performance else name
    own = _band(window.reference) if window.reference and window.reference.name == name else None
    one = estimate(window, name)
    guess = None if one is None else Guess(one.value, one.low, one.high, one.trusted)
    score = named(window.performance, name)
    if score is None:
        return Point(window.label, None, status=window.status, band=own, guess=guess)
    status = window.status if deciding == name else "unknown"  # of another score no rule says anything
    return Point(window.label, score.value, score.low, score.high, status, own, guess)


def _band(metric: Metric) -> Band:
    low = metric.value if metric.low is None else metric.low
    return low, metric.value, metric.value if metric.high is None else metric.high


@dataclass(frozen=True)
class ColumnRow:
    """One column over the windows, and in the one that is looked at.

    Parameters
    ----------
    name : str
    cells : tuple of ColumnDrift or None
        One a window.
    now : ColumnDrift, optional
        In the window that is looked at.
    signals : tuple of Signal
        Of that window, about this column.
    weight : ReasonDifference, optional
        What it adds to the predictions of that window.
    shape : Shape, optional
        Its values in the training and in that window.
    """

    name: str
    cells: tuple[ColumnDrift | None, ...]
    now: ColumnDrift | None = None
    signals: tuple[Signal, ...] = ()
    weight: ReasonDifference | None = None
    shape: Shape | None = None

    @property
    def state(self) -> str:
        """Of the window that is looked at: the gravest of its signals."""
        levels = {one.level for one in self.signals}
        return next((level for level in ("alarm", "warning") if level in levels), "ok" if self.now else "unknown")

    @property
    def known(self) -> list[ColumnDrift]:
        """Of the windows that tested it."""
        return [one for one in self.cells if one]


def column_rows(windows: Sequence[Window], shown: Window | None, view: View) -> list[ColumnRow]:
    """One row a column: those of which the window says something first, then by how much they drifted."""
    rows = [_column_row(name, cells, shown, view) for name, cells in drift_by_column(windows)]
    order = {"alarm": 0, "warning": 1}
    return sorted(rows, key=lambda r: (order.get(r.state, 2), -(r.now.effect if r.now else 0.0)))


def _column_row(name: str, cells: list[ColumnDrift | None], shown: Window | None, view: View) -> ColumnRow:
    if shown is None:
        return ColumnRow(name, tuple(cells))
    return ColumnRow(
        name,
        tuple(cells),
        _strongest(shown).get(name),
        tuple(one for one in shown.signals if name in one.columns),
        next((one for one in shown.explained if one.column == name), None),
        view.shapes.get(name),
    )


def drift_by_column(windows: Sequence[Window]) -> list[tuple[str, list[ColumnDrift | None]]]:
    """One row a column, strongest effect of any window first; None where a window did not test it."""
    strongest = [_strongest(w) for w in windows]
    names = {name for drifts in strongest for name in drifts}
    rows = [(name, [drifts.get(name) for drifts in strongest]) for name in names]
    return sorted(rows, key=lambda row: (-max(d.effect for d in row[1] if d), row[0]))


def _strongest(window: Window) -> dict[str, ColumnDrift]:
    """Of several tests of a column, the one with the strongest effect; one that matters wins."""
    strongest: dict[str, ColumnDrift] = {}
    for one in sorted(window.drift, key=lambda d: (d.important, d.effect)):
        strongest[one.column] = one
    return strongest


@dataclass(frozen=True)
class GroupRow:
    """One measure of a group over the windows; None where a window does not know it."""

    column: str
    value: str
    measure: str
    cells: tuple[GroupMetric | None, ...]

    @property
    def known(self) -> list[GroupMetric]:
        """Of the windows that know it."""
        return [one for one in self.cells if one is not None and one.value is not None]

    @property
    def values(self) -> list[float | None]:
        """In each window."""
        return [None if one is None else one.value for one in self.cells]

    @property
    def differs(self) -> bool:
        """Whether its distance to the others is another one than in training, in any window."""
        return any(one.differs for one in self.known)


def followed_groups(windows: Sequence[Window]) -> list[GroupRow]:
    """One row a measure of a group, those that changed first."""
    each = [{_place(g, one): one for g in w.groups for one in g.metrics if one.value is not None} for w in windows]
    names = dict.fromkeys(name for known in each for name in known)
    rows = [GroupRow(*name, tuple(known.get(name) for known in each)) for name in names]
    return sorted(rows, key=lambda row: not row.differs)


def _place(group: Group, one: GroupMetric) -> tuple[str, str, str]:
    return group.column, group.value, one.name


@dataclass(frozen=True)
class SegmentRow:
    """One part of the rows over the windows; None where a window has too few labels of it."""

    name: str
    cells: tuple[Segment | None, ...]

    @property
    def latest(self) -> Segment:
        """In the latest window that has it."""
        return [one for one in self.cells if one is not None][-1]

    @property
    def values(self) -> list[float | None]:
        """Its score in each window."""
        return [None if one is None else one.score.value for one in self.cells]

    @property
    def differs(self) -> int:
        """In how many windows it lost more than all rows did."""
        return sum(one.differs for one in self.cells if one is not None)


def followed_segments(windows: Sequence[Window]) -> list[SegmentRow]:
    """One row a segment, those that lost more than all rows first."""
    each = [{one.name: one for one in w.segments} for w in windows]
    names = dict.fromkeys(name for known in each for name in known)
    rows = [SegmentRow(name, tuple(known.get(name) for known in each)) for name in names]
    return sorted(rows, key=lambda row: (not row.latest.differs, -row.differs))


@dataclass(frozen=True)
class Measured:
    """What the service or its answers took, over the windows; None where a window does not know it."""

    kind: str
    values: tuple[float | None, ...]
    levels: tuple[str, ...]

    @property
    def latest(self) -> float:
        """In the latest window that knows it."""
        return [one for one in self.values if one is not None][-1]

    @property
    def share(self) -> bool:
        """Whether it is a share of the requests."""
        return self.kind in ("failures", "refused")

    @property
    def level(self) -> str:
        """Of the latest window: what its signal says, or that all is normal."""
        return self.levels[-1] or "ok"

    @property
    def told(self) -> int:
        """In how many windows it was beyond chance and mattered."""
        return sum(bool(one) for one in self.levels)


def measured(windows: Sequence[Window]) -> list[Measured]:
    """One row for each thing that a request or an answer takes, as far as any window knows it."""
    rows = [
        Measured(kind, tuple(of(w) for w in windows), tuple(_level(w, kind) for w in windows))
        for kind, of in TAKEN.items()
    ]
    return [row for row in rows if any(one is not None for one in row.values)]


def _level(window: Window, kind: str) -> str:
    return next((one.level for one in window.signals if one.kind == kind and one.level != "small"), "")


def _share(window: Window, field: str) -> float | None:
    served = window.served
    return getattr(served, field) / served.requests if served and served.requests else None


TAKEN: dict[str, Callable[[Window], float | None]] = {
    "failures": lambda w: _share(w, "failed"),
    "refused": lambda w: _share(w, "refused"),
    "latency": lambda w: w.served.p95 if w.served else None,
    "cpu": lambda w: w.served.cpu if w.served else None,
    "memory": lambda w: (w.served.memory or None) if w.served else None,
    "value": lambda w: w.value.value if w.value else None,
}


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
    def changed(self) -> list[ReasonDifference]:
        """Of the windows in which they changed by enough to matter."""
        return [one for one in self.known if one.important]

    @property
    def turned(self) -> bool:
        """Whether the column spoke the other way in one of these windows."""
        return any(one.turned for one in self.changed)

    @property
    def rank(self) -> tuple[bool, float]:
        """Those that changed come first, then those that weigh most."""
        return not any(one.important for one in self.known), -max(max(one.importance) for one in self.known)


def reasons_by_column(windows: Sequence[Window]) -> list[Followed]:
    """One row a column, those whose reasons changed by enough to matter first."""
    each = [{one.column: one for one in w.explained} for w in windows]
    names = dict.fromkeys(name for known in each for name in known)
    return sorted((Followed(name, tuple(known.get(name) for known in each)) for name in names), key=lambda f: f.rank)
