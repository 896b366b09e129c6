"""A monitoring report: what changed between the reference and what was seen, window by window."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from math import expm1, log1p
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from workbench.core.explanation_comparison import ReasonDifference
from workbench.core.fairness import Group
from workbench.core.finding import Finding
from workbench.core.incident import Act, Cause, Direction, Incident, Level
from workbench.core.late import late
from workbench.core.load import Served
from workbench.core.metric import Metric
from workbench.core.report_lines import with_windows
from workbench.core.result import Result
from workbench.core.segments import Segment
from workbench.core.wording import how_many
from workbench.errors import Damaged
from workbench.storage.files import read

if TYPE_CHECKING:
    import pandas as pd

    from workbench.core.alarm_curve import AlarmCurve

__all__ = ["Act", "Cause", "ColumnDrift", "Direction", "Estimate", "Incident", "Level", "MonitorReport", "Signal",
           "Status", "Window"]  # fmt: skip

Status = Literal["ok", "warning", "alarm", "unknown"]


@dataclass(frozen=True)
class ColumnDrift:
    """How one column differs from the reference in one window.

    Parameters
    ----------
    column : str
        A feature, or ``prediction``.
    test : str
        ``ks`` or ``mean`` for numbers, ``chi2`` for categories, ``missing`` for the share without a value.
    statistic : float
        The test's own: KS distance in [0, 1]; difference of means in standard errors; chi-square.
    p_value : float
        Before any correction, in [0, 1].
    effect : float
        How much, in [0, 1], apart from whether: KS distance, total variation, difference of missing shares.
    drifted : bool
        True: significant after the correction for the number of columns.
    important : bool
        True: drifted, and ``effect`` is large enough to matter.
    """

    column: str
    test: str
    statistic: float
    p_value: float
    effect: float
    drifted: bool
    important: bool


@dataclass(frozen=True)
class Signal:
    """One thing that a rule has seen in a window, beyond chance.

    Parameters
    ----------
    kind : str
        What it is of: ``score``, ``calibration``, ``drift``, ``missing``, ``group``, ``reasons``, ….
    level : {"alarm", "warning", "small"}
        *small*: real, but too small to matter.
    text : str
        A sentence.
    columns : tuple of str
        Whose, the strongest first; empty of the model as a whole.
    direction : {"", "up", "down"}
        Where what was measured has gone; empty where that has no meaning.
    effect : float, optional
        How much, in the unit of its kind.
    p_value : float, optional
        Before any correction, in [0, 1].
    """

    kind: str
    level: Level
    text: str
    columns: tuple[str, ...] = ()
    direction: Direction = ""
    effect: float | None = None
    p_value: float | None = None

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Signal:
        """Read what ``dataclasses.asdict`` wrote."""
        return cls(**{**content, "columns": tuple(content.get("columns", ()))})


@dataclass(frozen=True)
class Estimate:
    """A score of a window as it is to be expected from its predictions alone, without labels.

    Parameters
    ----------
    name : str
        Of the metric.
    value, low, high : float
        In the metric's unit, with the interval of its ``level``.
    trusted : bool
        Whether what it takes for granted holds, as far as that can be seen.
    why : tuple of str
        For and against trusting it, one sentence each.
    level : float
        Of the interval, in (0, 1).
    """

    name: str
    value: float
    low: float | None = None
    high: float | None = None
    trusted: bool = False
    why: tuple[str, ...] = ()
    level: float = 0.95

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Estimate:
        """Read what ``dataclasses.asdict`` wrote."""
        return cls(**{**content, "why": tuple(content.get("why", ()))})


@dataclass(frozen=True)
class Window:
    """One stretch of time (or one batch).

    Parameters
    ----------
    label : str
        Such as ``2013-07``.
    rows, labelled : int
        Predictions, and those whose true label is known by now.
    flagged : float
        Share of rows that the contract flags (unseen category, out of range), in [0, 1].
    drift : tuple of ColumnDrift
        Strongest effect first.
    performance : tuple of Metric
        On the labelled rows, with intervals, the deciding one first; empty while there are no labels.
    prediction_mean : float, optional
        Mean prediction (binary: of the positive class's probability).
    target_mean : float, optional
        Mean of the true labels where known (binary: share of the positive class).
    status : {"ok", "warning", "alarm", "unknown"}
        *alarm*: a loss beyond chance that matters, or a quality rule broke. *warning*: a smaller loss beyond chance,
        many rows that the training never saw the like of, or important drift while no label says whether it costs
        anything. *unknown*: too few rows.
    reasons : tuple of str
        Why, one sentence each.
    reference : Metric, optional
        What the deciding score is compared with: that of the version that answered this window, from its training.
    version : int, optional
        Of the bundle that answered this window.
    groups : tuple of Group
        Those that the bundle's fairness told of, where the window knows them: what ``differs`` is no longer as far
        from the other rows as it was in training, beyond chance and by a tenth or more.
    explained : tuple of ReasonDifference
        What each column added to its predictions, beside what it added to those that the bundle's explanation is of.
        Those that changed by enough to matter come first; empty where no reasons are followed.
    signals : tuple of Signal
        What the rules have seen, the gravest first; the ``reasons`` are the sentences of those that matter.
    estimates : tuple of Estimate
        Scores without labels, the deciding one first.
    begin, end : str
        First and last moment of its rows, ISO 8601 in UTC; empty where no row has one. Windows sort by it, or by the
        date or number that their name is.
    segments : tuple of Segment
        Those that the bundle follows, where enough of their rows are labelled: what ``differs`` lost more than all rows
        together did, beyond chance.
    value, value_reference : Metric, optional
        What a labelled row cost, and a row of the hold-out, where the threshold was chosen by costs.
    waiting, conflicts : int
        Rows whose label has not come, and rows that have had several labels, of which the last one counts.
    carried : dict of str to float
        Running sums over its rows, which go on in the next window.
    served : Served, optional
        How the service answered its requests; None of batches.
    """

    label: str
    rows: int
    labelled: int
    flagged: float
    drift: tuple[ColumnDrift, ...]
    performance: tuple[Metric, ...]
    prediction_mean: float | None
    target_mean: float | None
    status: Status
    reasons: tuple[str, ...] = ()
    reference: Metric | None = None
    version: int | None = None
    groups: tuple[Group, ...] = ()
    explained: tuple[ReasonDifference, ...] = ()
    signals: tuple[Signal, ...] = ()
    estimates: tuple[Estimate, ...] = ()
    begin: str = ""
    end: str = ""
    waiting: int = 0
    conflicts: int = 0
    segments: tuple[Segment, ...] = ()
    value: Metric | None = None
    value_reference: Metric | None = None
    carried: dict[str, float] = field(default_factory=dict)
    served: Served | None = None

    def results(self) -> dict[str, Any]:
        """Its main numbers, by name."""
        counts = {"rows": self.rows, "labelled": self.labelled, "flagged": self.flagged, "status": self.status}
        scores = {one.name: one.value for one in self.performance}
        return {**counts, "metrics": scores, "drift": {one.column: one.effect for one in self.drift}}

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Window:
        """Read what ``dataclasses.asdict`` wrote."""
        return cls(
            **{
                **content,
                "drift": tuple(ColumnDrift(**d) for d in content["drift"]),
                "performance": tuple(Metric.from_dict(m) for m in content["performance"]),
                "reasons": tuple(content["reasons"]),
                "reference": Metric.from_dict(content["reference"]) if content.get("reference") else None,
                "groups": tuple(Group.from_dict(one) for one in content.get("groups", ())),
                "explained": tuple(ReasonDifference.from_dict(one) for one in content.get("explained", ())),
                "signals": tuple(Signal.from_dict(one) for one in content.get("signals", ())),
                **{name: _metric(content.get(name)) for name in ("value", "value_reference")},
                "served": Served(**content["served"]) if content.get("served") else None,
                "segments": tuple(Segment.from_dict(one) for one in content.get("segments", ())),
                "estimates": tuple(Estimate.from_dict(one) for one in content.get("estimates", ())),
            }
        )


def of_one(rate: float, history: int) -> float:
    """The rate of one window where so many in a row have a rate together.

    References
    ----------
    Šidák, Z. (1967), Rectangular confidence regions for the means of multivariate normal distributions. Journal of the
    American Statistical Association 62. Where windows have something in common the histories' rate is smaller.

    Examples
    --------
    >>> of_one(0.05, 1), round(of_one(0.05, 12), 5)
    (0.05, 0.00427)
    """
    return rate if history == 1 else -expm1(log1p(-rate) / history)


def _metric(content: dict[str, Any] | None) -> Metric | None:
    return None if content is None else Metric.from_dict(content)


@dataclass(frozen=True)
class MonitorReport(Result):
    """Drift, data quality and performance of a bundle, window by window. Made by :func:`workbench.monitor`.

    Parameters
    ----------
    name, version
        Of the bundle that is champion now.
    reference : tuple of Metric
        On the hold-out of the training, the deciding one first.
    windows : tuple of Window
        In order.
    incidents : tuple of Incident
        In order.
    findings : tuple of Finding
        WB3xx, worst first; their cures retrain or roll back.
    false_alarm_rate : float
        Share of windows without any drift that may still warn, or of histories of several.
    events : tuple of dict
        What was done to the model, from the audit log: ``at``, ``act``, ``version``, …
    created : str
        ISO 8601 with zone.
    reasons_unit : str
        Of the reasons of the windows; empty where none are followed.
    history : int
        Windows in a row that the rate is for.
    """

    name: str
    version: int
    reference: tuple[Metric, ...]
    windows: tuple[Window, ...]
    incidents: tuple[Incident, ...]
    findings: tuple[Finding, ...]
    false_alarm_rate: float = 0.05
    events: tuple[dict[str, Any], ...] = ()
    created: str = ""
    reasons_unit: str = ""
    history: int = 1

    noun: ClassVar[str] = "report"
    format_version: ClassVar[int] = 2  # 2: a file may have the keys of its windows, which are lines beside it

    @classmethod
    def load(cls, path: str | Path) -> MonitorReport:
        """Read what :meth:`save` wrote, or what monitoring keeps: a head, and its windows in lines beside it."""
        path = Path(path)

        def parse(content: Any) -> MonitorReport:
            return cls.parse_file(path.name, with_windows(content, path.parent, Window))

        try:
            return read(path, parse, sys.maxsize)
        except Damaged:  # another process may have written the lines anew since the head was read
            return read(path, parse, sys.maxsize)

    @property
    def status(self) -> Status:
        """Status of the latest window that has one."""
        return next((w.status for w in reversed(self.windows) if w.status != "unknown"), "unknown")

    @property
    def rate_of_window(self) -> float:
        """Share of windows without any drift that may still warn, each by itself."""
        return of_one(self.false_alarm_rate, self.history)

    def headline(self) -> str:
        """Name, status and incidents in one line."""
        summary = how_many(len(self.incidents), "incident") if self.incidents else "no incident"
        told = f", {self.labels_told}" if self.windows else ""
        windows = how_many(len(self.windows), "window")
        return f"{self.name} version {self.version}: {self.status}, {windows}, {summary}{told}"

    @property
    def labels_told(self) -> str:
        """How many rows have their label, wait for it, and have had several."""
        joined, rows, conflicts = (sum(getattr(w, n) for w in self.windows) for n in ("labelled", "rows", "conflicts"))
        contradicted = f", {conflicts:,} in conflict" if conflicts else ""
        return f"labels of {joined:,} of {rows:,} rows, {rows - joined:,} waiting{contradicted}"

    def frame(self) -> pd.DataFrame:
        """One row a window: rows, labelled, waiting, conflicts, flagged, drifted columns, performance, status."""
        return self._frame(
            [
                {
                    "window": w.label,
                    "rows": w.rows,
                    "labelled": w.labelled,
                    "waiting": w.rows - w.labelled,
                    "conflicts": w.conflicts,
                    "flagged": w.flagged,
                    "drifted": sum(d.drifted for d in w.drift),
                    "important": sum(d.important for d in w.drift),
                    **{m.name: m.value for m in w.performance},
                    "status": w.status,
                }
                for w in self.windows
            ]
        ).set_index("window")

    def results(self) -> dict[str, Any]:
        """Of each window its rows, flags, scores, drift and status."""
        return {one.label: one.results() for one in self.windows}

    def alarms(
        self,
        rates: Iterable[float] | None = None,
        *,
        alarm_cost: float = 1.0,
        missed_cost: float = 0.0,
        bad: Iterable[str] | None = None,
    ) -> AlarmCurve:
        """How many alarms this history would have had at other false-alarm rates, and what that would have cost.

        It uses the p-values that the report has stored; nothing is judged anew.

        Parameters
        ----------
        rates : iterable of float, optional
            In (0, 0.5]; eighteen from 0.000001 to 0.5 by default. The report's own is added.
        alarm_cost, missed_cost : float
            Of an alarm that people are told of, and of a bad window that no alarm tells of; at least 0.
        bad : iterable of str, optional
            Labels of windows that somebody should have been told of; by default those in which labels showed a loss
            that is an alarm.

        Raises
        ------
        BadParameter
            If a rate or cost is out of its range, or a window is not in the report.

        Examples
        --------
        >>> report = MonitorReport("churn", 1, (), (), (), ())
        >>> report.alarms([0.01]).now.alarms
        0
        """
        return late("MonitorReport.alarms")(self, rates, alarm_cost=alarm_cost, missed_cost=missed_cost, bad=bad)

    def passing(self) -> tuple[str, ...]:
        """The version that answers."""
        return (f"{self.name} version {self.version}",)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return asdict(self)

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> MonitorReport:
        """Read what :meth:`to_dict` wrote."""
        return cls(
            **{
                **content,
                "reference": tuple(Metric.from_dict(m) for m in content["reference"]),
                "windows": tuple(w if isinstance(w, Window) else Window.from_dict(w) for w in content["windows"]),
                "incidents": tuple(Incident.from_dict(i) for i in content["incidents"]),
                "findings": tuple(Finding.from_dict(f) for f in content["findings"]),
                "events": tuple(content["events"]),
            }
        )
