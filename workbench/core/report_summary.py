"""What the page of all models shows of a monitoring report: its main numbers, without its windows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from workbench.core.metric import Metric
from workbench.core.report import MonitorReport, Status
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

    noun: ClassVar[str] = "summary"

    @classmethod
    def of(cls, report: MonitorReport) -> Summary:
        """Of a report."""
        scored = [w for w in report.windows[-POINTS:] if w.performance]
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
        )

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Summary:
        """Read what :meth:`to_dict` wrote."""
        return cls(**{**content, "values": tuple(content["values"])})


def metric_of(report: MonitorReport) -> str | None:
    """Name of the deciding score, if there is one."""
    if report.reference:
        return report.reference[0].name
    return next((w.performance[0].name for w in report.windows if w.performance), None)


def reference_of(report: MonitorReport) -> Metric | None:
    """What the latest window with labels is compared with: the score of the version that answered it."""
    seen = [w.reference for w in report.windows if w.performance and w.reference]
    return seen[-1] if seen else report.reference[0] if report.reference else None
