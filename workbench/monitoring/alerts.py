"""Telling people of incidents: when one begins or becomes an alarm, when a snooze has run out, and when it is over.

Each event is a letter of its own, so it is told once whoever is killed when; see :mod:`workbench.delivery.letters`.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict

from workbench.core.json_values import json_value
from workbench.core.report import Incident, MonitorReport, Window
from workbench.delivery import letters
from workbench.delivery.message import Message
from workbench.errors import Busy, StoreError
from workbench.monitoring.routes import routes
from workbench.settings import Settings

# Windows whose reasons a message tells.
SHOWN = 3
# In a row while somebody waits; who comes by later tries on.
TRIES = 2
LEVELS = ("alarm", "warning")


def tell(report: MonitorReport, gone: Sequence[Incident], force: Settings) -> list[str]:
    """Tell who is to be told of what is new in a report; a sentence for each that has not been told yet.

    Parameters
    ----------
    report : MonitorReport
        Its incidents with what people made of them.
    gone : sequence of Incident
        Those of the report before that went on then, and are none with what is known now.
    force : Settings
    """
    known = routes(force)
    written = [
        letters.put(message, whom, force.home)
        for one, message in _events(report, gone, force)
        if (whom := [route.to for route in known if route.hears(report.name, one)])
    ]
    said: list[str] = []
    for own in written:
        with suppress(Busy, OSError, StoreError):  # another process is at it, or the disk is full
            said += letters.tell(force.home, own, at_once=True, tries=TRIES)
    return said


def _events(report: MonitorReport, gone: Sequence[Incident], force: Settings) -> Iterator[tuple[Incident, Message]]:
    by_label = {w.label: w for w in report.windows}
    for one in report.incidents:
        about = f"incident/{report.name}/{one.id}"
        if key := _key(about, one):
            yield one, message(report, one, key, by_label)
        elif not one.open and _told(about, force):
            yield one, message(report, one, f"{about}/over", by_label, "is over" if not one.within else "has grown")
    for one in gone:
        about = f"incident/{report.name}/{one.id}"
        if _told(about, force):
            yield one, message(report, one, f"{about}/gone", by_label, "is none any more")


def _key(about: str, one: Incident) -> str:
    """The key of what there is to tell of an incident that goes on; nothing where people know of it already."""
    if not one.open:
        return ""
    if one.state in ("acknowledged", "closed"):
        known = next((act.severity for act in reversed(one.acts) if act.act in ("acknowledge", "close")), "")
        return f"{about}/{one.severity}" if known == "warning" and one.severity == "alarm" else ""
    if one.state == "snoozed":
        return ""
    return f"{about}/{one.severity}/after {one.until}" if one.until else f"{about}/{one.severity}"


def _told(about: str, force: Settings) -> bool:
    return any(letters.written(f"{about}/{level}", force.home) for level in LEVELS)


def message(report: MonitorReport, one: Incident, key: str, by_label: Mapping[str, Window], what: str = "") -> Message:
    """What is told of an incident.

    Parameters
    ----------
    report : MonitorReport
    one : Incident
    key : str
        Of the event.
    by_label : mapping of str to Window
        Of the report.
    what : str
        What became of it; nothing where it goes on.
    """
    kind = f"{one.kind} {one.direction}".rstrip()
    title = f"{report.name}: {one.severity}, {kind}, {what or 'since ' + one.start}"
    facts = {
        "Model": f"{report.name} version {report.version}",
        "Incident": one.id,
        "Severity": one.severity,
        "Windows": f"{one.span} ({len(one.windows)})",
        "Worst": one.peak,
        "Part of": one.within,
        "Owner": one.owner,
        "State": one.state if one.state != "open" else "",
        "Look at": shlex.join(["workbench", "incidents", report.name, "show", one.id]),
    }
    data = {"name": report.name, "version": report.version, "status": report.status, "incident": asdict(one)}
    return Message(
        key=key,
        title=title,
        facts={name: text for name, text in facts.items() if text},
        details="\n".join(_details(one, by_label)),
        kind="incident",
        data=json_value(data),
    )


def _details(one: Incident, by_label: Mapping[str, Window]) -> Iterator[str]:
    yield one.cause
    for label in one.windows[-SHOWN:]:
        yield ""
        yield f"{label}:"
        yield from _reasons(by_label.get(label))


def _reasons(window: Window | None) -> Sequence[str]:
    return window.reasons if window is not None else ()
