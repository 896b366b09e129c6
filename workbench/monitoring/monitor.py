"""The verb ``monitor``: what changed since the training, window by window."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from workbench.core import report_file
from workbench.core.bundle import Bundle, file_hash
from workbench.core.bundles import champion
from workbench.core.fairness import Group
from workbench.core.finding import Finding, sort
from workbench.core.incident import SERVED
from workbench.core.literals import call, python
from workbench.core.nouns import bundle_name
from workbench.core.parameters import MonitorStep, take
from workbench.core.progress import progress
from workbench.core.report import Incident, MonitorReport, Window, of_one
from workbench.core.report_file import Judged
from workbench.core.wording import how_many
from workbench.errors import NotFound
from workbench.monitoring import estimation, segments, serving
from workbench.monitoring import value as costs
from workbench.monitoring.alerts import tell
from workbench.monitoring.estimation import MOST_BEFORE, Estimating, estimate_findings, told_of
from workbench.monitoring.exposition import expose
from workbench.monitoring.following import followed_incidents
from workbench.monitoring.group_windows import changed_groups, told_groups, unfollowed
from workbench.monitoring.judgement import VERSION, judge
from workbench.monitoring.live import Cut, compact
from workbench.monitoring.losses import as_windows_count
from workbench.monitoring.places import Places, look_up
from workbench.monitoring.promotion import acts, champions
from workbench.monitoring.reason_windows import explain_again, reason_findings, why_not
from workbench.monitoring.windows import Seen
from workbench.scoring.log import PredictionLog, log_of
from workbench.settings import Settings, settings
from workbench.storage.manifest import MANIFEST
from workbench.storage.registry import folder_of

# What is judged beside the rules, with a part of the rate of its own.
BESIDE = (segments, costs, estimation)


def monitor(
    name: str | Bundle, *, false_alarm_rate: float = 0.05, history: int = 1, home: str | Path | None = None
) -> MonitorReport:
    """Compare what a model saw and answered with what it was made for.

    It reads the stored windows and labels only, never the training data. Each window is measured against the version
    that answered it, once: it is judged again only when its rows, their labels, that version, the rate or the rules
    have changed. The report is kept in ``reports/NAME``, and whoever is to be told of its incidents is told, once
    (``workbench notify add``).

    Parameters
    ----------
    name : str or Bundle
        Name of the bundle, or the bundle.
    false_alarm_rate : float
        Share of windows without any drift that may still warn, in [0.000001, 0.5].
    history : int
        Windows in a row that the rate is for, 1 to 1,000: with 12, at most that share of histories of twelve windows
        without any drift has one that warns. What changed little is then seen later.
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
    asked = {"name": bundle_name(name, "wb.monitor"), "false_alarm_rate": false_alarm_rate, "history": history}
    step = take(MonitorStep, asked)
    name = step.name
    force = settings(home=home)
    bundle = champion(name, force)
    kept = _kept(bundle, of_one(step.false_alarm_rate, step.history), force)
    judged = tuple(one.window for one in kept)
    unit = bundle.reasons.unit if bundle.reasons else ""
    together, gone = followed_incidents(bundle, judged, unit, force)
    without = {one.window.label: one.unfollowed for one in kept}
    found = (
        *_findings(name, judged, together, champions(name, force)),
        *_without_weights(bundle, judged),
        *unfollowed(bundle, judged),
        *estimate_findings(bundle, judged),
        *reason_findings(judged, unit, without, explain_again(bundle)),
        *_contradicted(name, judged),
    )
    report = MonitorReport(
        name=name,
        version=bundle.version,
        reference=as_windows_count(bundle),
        windows=judged,
        incidents=together,
        findings=sort(found),
        false_alarm_rate=step.false_alarm_rate,
        history=step.history,
        events=tuple(_event(entry) for entry in acts(name, force)),
        created=datetime.now(UTC).isoformat(timespec="milliseconds"),
        reasons_unit=unit,
    )
    report_file.keep(report, kept, force.reports / name)
    expose(report, force)
    for line in tell(report, gone, force):
        warnings.warn(line, stacklevel=2)
    return report


def _kept(bundle: Bundle, rate: float, force: Settings) -> list[Judged]:
    """Each window's judgement: the kept one where nothing that it depends on has changed."""
    compacted(bundle.name, force)
    with log_of(bundle.name, force) as log:
        seen, said = look_up(bundle.name, force, log, lambda places: (places.windows, places.said()))
        before, judge_one = report_file.judged(force.reports / bundle.name), _Judge(bundle, rate, force, log, seen)
        kept: list[Judged] = []
        with progress(f"Monitoring {bundle.name}", total=len(seen)) as tracker:
            for place, one in enumerate(seen):
                behind = [one.window for one in kept]
                key = judge_one.key(place, said, behind)
                kept.append(before.get(key) or judge_one(one, key, behind))
                tracker.advance(f"{one.label} {kept[-1].window.status}")
    return kept


def compacted(name: str, force: Settings) -> None:
    """Cut the log of a name into windows, as far as that is not done."""
    with log_of(name, force) as log:
        look_up(name, force, log, lambda places: _compact(name, places, log, force))


def _compact(name: str, places: Places, log: PredictionLog, force: Settings) -> None:
    before = Cut(places.numbers("left"), places.numbers("mark"))
    cut = compact(name, force, log, places.windows, before)
    places.note("left", cut.left)
    places.note("mark", cut.marks)


class _Judge:
    """Judges windows, each by the version that answered it."""

    def __init__(self, bundle: Bundle, rate: float, force: Settings, log: PredictionLog, seen: Sequence[Seen]) -> None:
        self._bundle, self._rate, self._force, self._log, self._seen = bundle, rate, force, log, seen
        self._made_by, self._digest = cache(self._find), cache(self._find_digest)
        self._estimating = Estimating(seen, self._labels, self._made_by)

    def key(self, place: int, said: Mapping[str, int], behind: Sequence[Window]) -> str:
        """Of all that a judgement takes: the rows, their labels, the model that answered, the rate, the rules.

        And the windows before with their labels, by which a score without labels is estimated, how they were served,
        and the running sums that the last one carries on.
        """
        seen, before = self._seen[place], self._seen[max(place - MOST_BEFORE, 0) : place]
        told = [(one.content, said.get(one.label, 0)) for one in before]
        digest, revision = self._digest(seen.version), said.get(seen.label, 0)
        carried = behind[-1].carried if behind else {}
        parts = [VERSION, self._rate, digest, asdict(seen) | {"path": ""}, revision, told, carried]
        if (load := serving.load_of(seen, self._log)) is not None:
            parts += [asdict(load), list(map(asdict, serving.usual(behind)))]
        return sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]

    def __call__(self, seen: Seen, key: str, behind: Sequence[Window]) -> Judged:
        """Judge one window, behind others."""
        bundle, labels = self._made_by(seen.version), self._labels(seen)
        of_segments, of_costs, of_estimate = (self._rate * one.part_of_rate(bundle) for one in BESIDE)
        load = serving.load_of(seen, self._log)
        of_serving = self._rate * serving.PART if load else 0.0
        own = self._rate - of_segments - of_costs - of_estimate - of_serving
        window = judge(seen, bundle, labels, own, self._force, behind[-1] if behind else None)
        window = segments.with_segments(window, seen, bundle, labels, of_segments)
        window = costs.with_value(window, seen, bundle, labels, of_costs)
        window = self._estimating.added(seen, window, of_estimate)
        window = serving.with_serving(window, load, serving.usual(behind), of_serving)
        ids = set(seen.ids())
        waiting, conflicts = len(ids) - window.labelled, len(self._log.conflicts(ids))
        window = replace(window, begin=seen.begin, end=seen.end, waiting=waiting, conflicts=conflicts)
        return Judged(key, window, why_not(bundle, seen.source))

    def _labels(self, seen: Seen) -> dict[str, Any]:
        """Those of a window's rows, without what was withdrawn."""
        return {one: label for one, label in self._log.labels(seen.ids()).items() if label is not None}

    def _folder(self, version: int) -> Path:
        try:
            return folder_of(self._bundle.name, version, self._force)
        except NotFound:
            return self._bundle.path  # that version was removed; the one that answers now is the nearest

    def _find(self, version: int) -> Bundle:
        folder = self._folder(version)
        return (
            self._bundle
            if version == self._bundle.version or folder == self._bundle.path
            else Bundle.load_folder(folder)
        )

    def _find_digest(self, version: int) -> str:
        return file_hash(self._folder(version) / MANIFEST)


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
        cure = retrain if alarm and incident.kind not in SERVED else ""
        yield Finding(code, severity, message, None, cure, evidence)  # type: ignore[arg-type]  # one of the severities
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
            f"Windows without a label: {len(unlabelled)}. {told_of(judged)}",
            None,
            call("wb.feedback", name, "LABELS.csv"),
            {"windows": unlabelled},
        )


def _contradicted(name: str, judged: Sequence[Window]) -> Iterator[Finding]:
    """Labels that contradict earlier ones."""
    told = {window.label: window.conflicts for window in judged if window.conflicts}
    if told:
        message = (
            f"Rows that have had several labels: {sum(told.values()):,}, in {how_many(len(told), 'window')}. The last "
            "one counts. Withdraw what is wrong, and give the right label again."
        )
        cure = call("wb.feedback", name, "WRONG.csv", withdraw=True)
        yield Finding("WB244", "warning", message, None, cure, {"windows": told})


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
