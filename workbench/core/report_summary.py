"""What the page of all models shows of a monitoring report: its main numbers, without its windows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from workbench.core.metric import Metric
from workbench.core.report import MonitorReport, Status
from workbench.core.report_checks import trend, verdict
from workbench.core.saved import Flat

POINTS = 60  # on the line of a score


@dataclass(frozen=True)
class Summary(Flat):
    """The main numbers of a report.

    Parameters
    ----------
    name, version
        Of the bundle that is champion.
    status : {"ok", "warning", "alarm", "unknown"}
        Of the latest window that has one.
    metric : str
        The deciding score; empty where there is none.
    values : tuple of float or None
        Of that score in the latest windows; empty while there are no labels.
    last : dict
        ``value`` and ``label`` of the latest window with labels; empty where there is none.
    reference : float, optional
        What that is compared with.
    window : dict
        ``label``, ``rows`` and ``flagged`` of the latest window; empty where there is none.
    windows, open : int
        Windows, and open incidents.
    event : dict
        What was done last.
    created : str
        ISO 8601 with zone.
    stamp : str
        Of the report's file.
    trust : str
        Whether answers can be trusted, as :class:`workbench.core.report_checks.Verdict` says it.
    normal, checks : int
        Checks that are normal, and all.
    worst : tuple of str
        Kind and sentence of the gravest check that is not normal; empty where there is none.
    rows : int
        Of all windows.
    seen : str
        Last moment of the latest window, ISO 8601 in UTC; empty where none is known.
    trend : {"better", "worse", "steady", ""}
        Of the deciding score over the latest windows.
    going : tuple of str
        Ids of the open incidents.
    alarms : int
        Incidents among them that are alarms.
    keeper : str
        Who made the champion what it is, by the audit log.
    """

    name: str
    version: int
    status: Status
    metric: str = ""
    values: tuple[float | None, ...] = ()
    last: dict[str, Any] | None = None
    reference: float | None = None
    window: dict[str, Any] | None = None
    windows: int = 0
    open: int = 0
    event: dict[str, Any] | None = None
    created: str = ""
    stamp: str = ""
    trust: str = "unknown"
    normal: int = 0
    checks: int = 0
    worst: tuple[str, ...] = ()
    rows: int = 0
    seen: str = ""
    trend: str = ""
    going: tuple[str, ...] = ()
    alarms: int = 0
    keeper: str = ""

    noun: ClassVar[str] = "summary"

    @classmethod
    def of(cls, report: MonitorReport) -> Summary:
        """Of a report."""
        scored = [w for w in report.windows[-POINTS:] if w.performance]
        told = verdict(report)
        compared, latest = reference_of(report), report.windows[-1] if report.windows else None
        return cls(
            report.name,
            report.version,
            report.status,
            metric_of(report) or "",
            tuple(w.performance[0].value if w.performance else None for w in report.windows[-POINTS:])
            if scored
            else (),
            {"value": scored[-1].performance[0].value, "label": scored[-1].label} if scored else None,
            None if compared is None else compared.value,
            None if latest is None else {"label": latest.label, "rows": latest.rows, "flagged": latest.flagged},
            len(report.windows),
            sum(incident.open for incident in report.incidents),
            report.events[-1] if report.events else None,
            report.created,
            trust=told.trust,
            normal=told.normal,
            checks=len(told.checks),
            worst=(told.worst.kind, told.worst.text) if told.worst else (),
            rows=sum(w.rows for w in report.windows),
            seen=latest.end if latest else "",
            trend=trend(report),
            going=tuple(one.id for one in report.incidents if one.open and one.id),
            alarms=told.going,
            keeper=_keeper(report),
        )

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Summary:
        """Read what :meth:`to_dict` wrote."""
        lists = {name: tuple(content.get(name, ())) for name in ("values", "worst", "going")}
        return cls(**{**content, **lists})


def _keeper(report: MonitorReport) -> str:
    """Who promoted or rolled back last."""
    moved = [one for one in report.events if one.get("act") in ("promote", "rollback") and one.get("by")]
    return str(moved[-1]["by"]) if moved else ""


def metric_of(report: MonitorReport) -> str | None:
    """Name of the deciding score, if there is one."""
    if report.reference:
        return report.reference[0].name
    return next((w.performance[0].name for w in report.windows if w.performance), None)


def reference_of(report: MonitorReport) -> Metric | None:
    """What the latest window with labels is compared with: the score of the version that answered it."""
    seen = [w.reference for w in report.windows if w.performance and w.reference]
    return seen[-1] if seen else report.reference[0] if report.reference else None
