"""The verb ``monitor``: what changed since the training, window by window."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from workbench.core.bundle import Bundle
from workbench.core.bundles import champion
from workbench.core.fairness import Group
from workbench.core.finding import Finding, sort
from workbench.core.literals import call, python
from workbench.core.nouns import bundle_name
from workbench.core.parameters import MonitorStep, take
from workbench.core.progress import progress
from workbench.core.report import Incident, MonitorReport, Window
from workbench.errors import NotFound
from workbench.monitoring.alerts import tell
from workbench.monitoring.exposition import expose
from workbench.monitoring.following import followed_incidents
from workbench.monitoring.group_windows import unfollowed
from workbench.monitoring.judgement import as_windows_count, changed_groups, judge, told_groups
from workbench.monitoring.live import compact
from workbench.monitoring.promotion import acts, champions
from workbench.monitoring.reason_windows import explain_again, reason_findings, why_not
from workbench.monitoring.windows import windows
from workbench.scoring.log import PredictionLog
from workbench.settings import Settings, settings
from workbench.storage.registry import folder_of


def monitor(name: str | Bundle, *, false_alarm_rate: float = 0.05, home: str | Path | None = None) -> MonitorReport:
    """Compare what a model saw and answered with what it was made for.

    It reads the stored windows and labels only, never the training data. Each window is measured against the version
    that answered it. The report is kept in ``reports/NAME``, and whoever is to be told of its incidents is told, once
    (``workbench notify add``).

    Parameters
    ----------
    name : str or Bundle
        Name of the bundle, or the bundle.
    false_alarm_rate : float
        Share of windows without any drift that may still warn, in [0.000001, 0.5].
    home : path, optional
        Folder of everything that Workbench writes.

    Returns
    -------
    MonitorReport

    Raises
    ------
    NotFound
        If there is no such bundle.
    BadParameter
        If the rate is out of its range, or the name can't be a bundle's.

    Examples
    --------
    >>> import workbench as wb
    >>> scored = wb.score("churn", "july.csv", window="2026-07")
    >>> report = wb.monitor("churn")
    >>> report.name, [(w.label, w.rows) for w in report.windows]
    ('churn', [('2026-07', 300)])
    """
    step = take(MonitorStep, {"name": bundle_name(name, "wb.monitor"), "false_alarm_rate": false_alarm_rate})
    name, false_alarm_rate = step.name, step.false_alarm_rate
    force = settings(home=home)
    bundle = champion(name, force)
    compact(name, force)
    judged, without = _judged(bundle, false_alarm_rate, force)
    unit = bundle.reasons.unit if bundle.reasons else ""
    together, gone = followed_incidents(bundle, judged, unit, force)
    found = (
        *_findings(name, judged, together, champions(name, force)),
        *_without_weights(bundle, judged),
        *unfollowed(bundle, judged),
        *reason_findings(judged, unit, without, explain_again(bundle)),
    )
    report = MonitorReport(
        name=name,
        version=bundle.version,
        reference=as_windows_count(bundle),
        windows=judged,
        incidents=together,
        findings=sort(found),
        false_alarm_rate=false_alarm_rate,
        events=tuple(_event(entry) for entry in acts(name, force)),
        created=datetime.now(UTC).isoformat(timespec="milliseconds"),
        reasons_unit=unit,
    )
    _keep(report, force)
    expose(report, force)
    for line in tell(report, gone, force):
        warnings.warn(line, stacklevel=2)
    return report


def _judged(bundle: Bundle, rate: float, force: Settings) -> tuple[tuple[Window, ...], dict[str, str]]:
    """Each window, and by its label why its reasons are not followed."""
    seen, labels = windows(bundle.name, force), _labels(bundle.name, force)

    @cache
    def made_by(version: int) -> Bundle:
        try:
            return bundle if version == bundle.version else Bundle.load_folder(folder_of(bundle.name, version, force))
        except NotFound:
            return bundle  # that version was removed; the one that answers now is the nearest

    judged = []
    with progress(f"Monitoring {bundle.name}", total=len(seen)) as tracker:
        for one in seen:
            judged.append(judge(one, made_by(one.version), labels, rate, force))
            tracker.advance(f"{one.label} {judged[-1].status}")
    return tuple(judged), {one.label: why_not(made_by(one.version), one.source) for one in seen}


def _labels(name: str, force: Settings) -> dict[str, Any]:
    if not (force.predictions / name / "log.sqlite").exists():
        return {}
    log = PredictionLog(force.predictions / name)
    try:
        return log.labels()
    finally:
        log.close()


RETRAIN = (
    'wb.submit("notebooks/retrain.ipynb", {"name": $name, "source": "NEW_TABLE.parquet", '
    '"evaluation": "LATER_ROWS.parquet", "target": "TARGET"})'
)


def _without_weights(bundle: Bundle, judged: Sequence[Window]) -> Iterator[Finding]:
    """A service sees no weights."""
    weight = bundle.contract.weight
    if weight is not None and any(window.performance for window in judged):
        message = (
            f"Training counted rows by {weight!r}, which a service does not see: windows count each row the same, and "
            "so does the score that they are compared with."
        )
        yield Finding("WB305", "info", message, weight)


def _findings(
    name: str, judged: Sequence[Window], together: Sequence[Incident], line: Sequence[int]
) -> Iterator[Finding]:
    retrain = python(RETRAIN, name=name)
    for incident in together:
        alarm, active = incident.severity == "alarm", incident.active
        evidence = {
            "id": incident.id,
            "start": incident.start,
            "end": incident.end,
            "open": incident.open,
            "columns": list(incident.columns),
        }
        code, severity = ("WB301", "error" if active else "warning") if alarm else ("WB302", "warning")
        message = f"{incident.span}: {incident.cause}"
        yield Finding(code, severity, message, None, retrain if alarm else "", evidence)  # type: ignore[arg-type]  # one of the severities
    last = next((w for w in reversed(judged) if w.status != "unknown"), None)
    # Going back helps only where the champion itself is in alarm, not a version that it has replaced.
    if last and last.status == "alarm" and len(line) > 1 and last.version == line[-1]:
        yield Finding(
            "WB303",
            "warning",
            f"Version {line[-1]} is in alarm; version {line[-2]} answered before.",
            None,
            call("wb.rollback", name),
            {"version": line[-1], "before": line[-2]},
        )
    yield from _changed_groups(judged)
    unlabelled = [w.label for w in judged if not w.labelled]
    if unlabelled:
        yield Finding(
            "WB304",
            "info",
            f"Windows without a label: {len(unlabelled)}. Only their drift can be told.",
            None,
            call("wb.feedback", name, "LABELS.csv"),
            {"windows": unlabelled},
        )


def _changed_groups(judged: Sequence[Window]) -> Iterator[Finding]:
    """One finding a group, with the windows in which it was answered otherwise than before."""
    changed: dict[tuple[str, str], list[tuple[Window, Group]]] = {}
    for window in judged:
        for group in changed_groups(window.groups):
            changed.setdefault((group.column, group.value), []).append((window, group))
    for (column, value), found in changed.items():
        labels = [window.label for window, _ in found]
        message = f"{labels[-1]}: {next(told_groups([found[-1][1]])).removeprefix(f'{column} ')}"
        yield Finding("WB311", "warning", message, column, "", {"group": value, "windows": labels})


def _event(entry: dict[str, Any]) -> dict[str, Any]:
    return {k: entry.get(k, "") for k in ("at", "by", "act", "version", "previous", "reason")}


def _keep(report: MonitorReport, force: Settings) -> None:
    folder = force.reports / report.name
    report.save(folder / f"{report.created.replace(':', '').replace('+0000', 'Z')}.json")
    report.save(folder / "latest.json")
