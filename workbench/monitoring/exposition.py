"""Reports and incidents in Prometheus' text format, and rules by which it tells its Alertmanager of them.

The files lie beside the log of the service, whose ``GET /metrics`` shows them too, and in the folder of the node
exporter's textfile collector where ``WORKBENCH_TEXTFILES`` names it. They are written after each report, and those of
incidents whenever somebody acts, in one step each.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from math import isfinite

from workbench.core.report import Incident, MonitorReport, Window
from workbench.scoring.metrics import BESIDE, escaped
from workbench.settings import Settings, textfiles
from workbench.storage.files import inside, safe_name, write_text

# Columns whose drift is told, those first that drifted most: a series each.
MOST_COLUMNS = 50
STATUSES = ("ok", "warning", "alarm", "unknown")
REPORT, INCIDENTS = BESIDE

Sample = tuple[dict[str, object], float]


def expose(report: MonitorReport, force: Settings) -> None:
    """Write what Prometheus is told of a report."""
    _write(report.name, REPORT, report_metrics(report), force)
    expose_incidents(report.name, report.incidents, force)


def expose_incidents(name: str, found: Sequence[Incident], force: Settings) -> None:
    """Write what Prometheus is told of the incidents of a bundle."""
    _write(name, INCIDENTS, incident_metrics(name, found), force)


def _write(name: str, file: str, text: str, force: Settings) -> None:
    write_text(inside(force.predictions, safe_name(name, "bundle")) / file, text)
    folder = textfiles()
    if folder is not None:
        write_text(folder / f"workbench_{name}_{file}", text)


def report_metrics(report: MonitorReport) -> str:
    """What the newest judged window of a report shows, in Prometheus' text format.

    Examples
    --------
    >>> report = MonitorReport("churn", 2, (), (), (), (), created="2026-12-01T06:00:00+00:00")
    >>> 'workbench_report_status{model="churn",status="unknown"} 1' in report_metrics(report)
    True
    """
    return "".join(_report(report, {"model": report.name}))


def _report(report: MonitorReport, model: dict[str, object]) -> Iterator[str]:
    made = datetime.fromisoformat(report.created).timestamp() if report.created else 0.0
    yield _metric("report_timestamp_seconds", "When the latest report was made.", [(model, made)])
    yield _metric("report_version", "Version of the bundle that answers.", [(model, report.version)])
    yield _metric("report_windows", "Windows of the latest report.", [(model, len(report.windows))])
    statuses = [({**model, "status": one}, float(report.status == one)) for one in STATUSES]
    yield _metric("report_status", "1 for the status of the newest judged window.", statuses)
    judged = [w for w in report.windows if w.status != "unknown"]
    if judged:
        yield from _window(judged[-1], model)


def _window(window: Window, model: dict[str, object]) -> Iterator[str]:
    yield _metric("window_rows", "Predictions in the newest judged window.", [(model, window.rows)])
    yield _metric("window_labelled", "Predictions in it whose label is known.", [(model, window.labelled)])
    yield _metric("window_flagged_ratio", "Share of rows in it that the contract flags.", [(model, window.flagged)])
    scores = [({**model, "metric": one.name}, one.value) for one in window.performance]
    yield _metric("window_score", "Scores on its labelled rows.", scores)
    expected = window.reference
    reference = [({**model, "metric": expected.name}, expected.value)] if expected and window.performance else []
    yield _metric("window_score_reference", "What the deciding score is compared with.", reference)
    strongest: dict[str, float] = {}
    for one in sorted(window.drift, key=lambda one: -one.effect):
        strongest.setdefault(one.column, one.effect)
    drift = [({**model, "column": name}, strongest[name]) for name in list(strongest)[:MOST_COLUMNS]]
    yield _metric("window_drift", "How much columns drifted, from 0 to 1.", drift)


def incident_metrics(name: str, found: Iterable[Incident]) -> str:
    """The incidents of a bundle that go on, and how many there were, in Prometheus' text format."""
    there = list(found)
    model: dict[str, object] = {"model": name}
    going = [
        (
            {
                **model,
                "id": one.id,
                "kind": one.kind,
                "direction": one.direction,
                "severity": one.severity,
                "state": one.state,
                "owner": one.owner,
            },
            1.0,
        )
        for one in there
        if one.open
    ]
    counted = Counter(one.severity for one in there)
    number: list[Sample] = [({**model, "severity": level}, counted[level]) for level in ("alarm", "warning")]
    return _metric("incident", "1 for each incident that goes on.", going) + _metric(
        "incidents", "Incidents in the history of the latest report.", number
    )


def _metric(name: str, said: str, samples: Sequence[Sample]) -> str:
    """One metric with its lines; nothing where there is none that is a number."""
    lines = [f"workbench_{name}{{{_labels(labels)}}} {value:.15g}\n" for labels, value in samples if isfinite(value)]
    return f"# HELP workbench_{name} {said}\n# TYPE workbench_{name} gauge\n{''.join(lines)}" if lines else ""


def _labels(labels: dict[str, object]) -> str:
    return ",".join(f'{name}="{escaped(str(value))}"' for name, value in labels.items())


RULES = """\
# promtool check rules FILE. The metrics are those of stored reports: WORKBENCH_TEXTFILES, or GET /metrics of a service.
groups:
  - name: workbench-incidents
    rules:
      - alert: WorkbenchAlarm
        expr: max by (model, id, kind, direction, owner) (workbench_incident{severity="alarm", state="open"}) == 1
        labels: {severity: critical}
        annotations:
          summary: "{{ $labels.model }}: alarm, {{ $labels.kind }} {{ $labels.direction }}, incident {{ $labels.id }}"
          action: "workbench incidents {{ $labels.model }} show {{ $labels.id }}"

      - alert: WorkbenchWarning
        expr: max by (model, id, kind, direction, owner) (workbench_incident{severity="warning", state="open"}) == 1
        labels: {severity: warning}
        annotations:
          summary: "{{ $labels.model }}: warning, {{ $labels.kind }} {{ $labels.direction }}, incident {{ $labels.id }}"
          action: "workbench incidents {{ $labels.model }} show {{ $labels.id }}"

      - alert: WorkbenchReportStale
        expr: time() - max by (model) (workbench_report_timestamp_seconds) > @@
        labels: {severity: warning}
        annotations:
          summary: "{{ $labels.model }} has not been looked at for {{ $value | humanizeDuration }}."
          action: "Look at the job that monitors it."
"""


def alert_rules(stale: timedelta = timedelta(days=8)) -> str:
    """Rules of Prometheus for all models of a home.

    Parameters
    ----------
    stale : timedelta
        A report that is older is told of.

    Examples
    --------
    >>> "> 3600" in alert_rules(timedelta(hours=1))
    True
    """
    return RULES.replace("@@", f"{stale.total_seconds():.0f}")
