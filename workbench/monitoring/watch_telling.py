"""Telling people what a watch has decided, by the routes by which they hear of incidents; once each."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from workbench.core.incident import Incident
from workbench.core.json_values import json_value
from workbench.core.watch import Decision
from workbench.delivery import letters
from workbench.delivery.message import Message
from workbench.errors import Busy, StoreError
from workbench.monitoring.routes import routes
from workbench.monitoring.watch_book import folder_of
from workbench.settings import Settings
from workbench.storage.files import change, read

FILE = "told.json"
TRIES = 2
# What everybody hears of who hears of alarms; of other decisions those do who hear of warnings, too.
GRAVE = ("asks", "failed", "promote", "rollback", "unread")
QUIET = ("scored", "labels", "waits", "trained", "approved", "refused")
TITLES = {
    "retrain": "a new version is trained",
    "failed": "the training of a new version failed",
    "better": "the new version is better",
    "rejected": "the new version is not better",
    "stage": "the new version is tried",
    "passed": "the trial of the new version went well",
    "asks": "may the new version become champion?",
    "promote": "the new version becomes champion",
    "kept": "the new champion did well",
    "rollback": "the champion before answers again",
    "given up": "the new version is given up",
    "unread": "a source could not be read",
}


def tell(name: str, decisions: Sequence[Decision], force: Settings) -> list[str]:
    """Tell of the decisions that nobody was told of yet; a sentence for what did not arrive.

    Parameters
    ----------
    name : str
        Of the bundle.
    decisions : sequence of Decision
        All of the watch, oldest first.
    force : Settings
    """
    path = folder_of(name, force) / FILE
    before = read(path, _count) if path.exists() else 0
    written = [own for one in decisions[before:] for own in _letters(name, one, force)]
    said: list[str] = []
    for own in written:
        with suppress(Busy, OSError, StoreError):  # another process is at it, or the disk is full
            said += letters.tell(force.home, own, at_once=True, tries=TRIES)
    if len(decisions) > before:  # last: nobody is forgotten, and of one letter nobody is told twice
        change(path, lambda _: len(decisions), parse=_count, plain=_plain)
    return said


def _letters(name: str, one: Decision, force: Settings) -> list[str]:
    if one.what in QUIET:
        return []
    about = Incident("", "", one.why, severity="alarm" if one.what in GRAVE else "warning")
    whom = [route.to for route in routes(force) if route.hears(name, about)]
    return [letters.put(message(name, one), whom, force.home)] if whom else []


def message(name: str, one: Decision) -> Message:
    """What is told of a decision."""
    look = ["workbench", "watch", "show", name]
    act = ["workbench", "watch", "approve", name] if one.what == "asks" else look
    facts = {
        "Model": name,
        "Version": "" if one.version is None else str(one.version),
        "Incident": one.incident,
        "Decided": one.at,
        "Job": one.job,
        "By": one.by,
        "Approve" if one.what == "asks" else "Look at": shlex.join(act),
        "Refuse": shlex.join(["workbench", "watch", "refuse", name]) if one.what == "asks" else "",
    }
    return Message(
        key=f"watch/{name}/{one.key}",
        title=f"{name}: {TITLES[one.what]}",
        facts={word: text for word, text in facts.items() if text},
        details=one.why,
        kind="watch",
        data=json_value({"name": name, "decision": asdict(one)}),
    )


def _count(content: Any) -> int:
    found = content["decisions"]
    if type(found) is not int:
        raise TypeError("a number of decisions is a whole number")
    return found


def _plain(count: int) -> dict[str, Any]:
    return {"noun": "told", "format_version": 1, "decisions": count}
