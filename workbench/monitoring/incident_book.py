"""What is known of the incidents of a bundle name, and what people did about them; apart from the reports.

::

    incidents/NAME/known.json    each incident of the latest report, so that it is found again as the same one
    incidents/NAME/acts.json     who acknowledged, snoozed, closed or took one over, when and why; only added to

Both are changed under a lock and in one step: who is killed leaves the old file, and two at once take turns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from workbench.core.incident import Act, Incident, State
from workbench.core.saved import check_types
from workbench.settings import Settings
from workbench.storage.files import change, inside, read, safe_name

KNOWN, ACTS = "known.json", "acts.json"
BECOMES: dict[str, State] = {
    "acknowledge": "acknowledged",
    "snooze": "snoozed",
    "close": "closed",
    "reopen": "open",
}

Incidents = tuple[Incident, ...]


def folder_of(name: str, force: Settings) -> Path:
    """Folder of the incidents of a bundle name.

    Raises
    ------
    BadParameter
        If it can't be a bundle's name.
    """
    return inside(force.incidents, safe_name(name, "bundle"))


def known(name: str, force: Settings) -> Incidents:
    """The incidents of the latest report, without what people did; none where there was no report.

    Raises
    ------
    Damaged
        If the file is not what was written.
    """
    path = folder_of(name, force) / KNOWN
    return read(path, _incidents) if path.exists() else ()


def follow(name: str, function: Callable[[Incidents], Incidents], force: Settings) -> Incidents:
    """Replace what is known by what follows from it; nobody else does so at the same time.

    Raises
    ------
    Damaged
        If the file is not what was written; it stays as it is.
    """
    return change(
        folder_of(name, force) / KNOWN,
        lambda before: function(before or ()),
        parse=_incidents,
        plain=lambda found: _plain("incidents", [asdict(one) for one in found]),
    )


def acts(name: str, force: Settings) -> tuple[Act, ...]:
    """What people did about the incidents of a name, oldest first.

    Raises
    ------
    Damaged
        If the file is not what was written.
    """
    path = folder_of(name, force) / ACTS
    return read(path, _acts) if path.exists() else ()


def add(name: str, act: Act, force: Settings) -> tuple[Act, ...]:
    """Write down one act more, and return all.

    Raises
    ------
    Damaged
        If the file is not what was written; it stays as it is.
    """
    return change(
        folder_of(name, force) / ACTS,
        lambda before: (*(before or ()), act),
        parse=_acts,
        plain=lambda done: _plain("acts", [asdict(one) for one in done]),
    )


def handled(found: Iterable[Incident], done: Sequence[Act], now: datetime | None = None) -> Incidents:
    """Incidents with what people made of them.

    Parameters
    ----------
    found : iterable of Incident
    done : sequence of Act
        Oldest first, of these and of others.
    now : datetime, optional
        With zone: what was snoozed until before is open again.

    Examples
    --------
    >>> act = Act("1a", "acknowledge", "anna", "2026-12-01T09:00:00+00:00", "I look at the feed.")
    >>> [(one.id, one.state) for one in handled([Incident("w1", "w2", "…", id=i) for i in ("1a", "2b")], [act])]
    [('1a', 'acknowledged'), ('2b', 'open')]
    """
    moment = now or datetime.now(UTC)
    return tuple(_handled(one, tuple(act for act in done if act.incident == one.id), moment) for one in found)


def _handled(one: Incident, mine: tuple[Act, ...], now: datetime) -> Incident:
    state: State = "open"
    until = owner = ""
    for act in mine:
        owner = act.owner if act.act == "own" else owner
        if act.act in BECOMES:
            state, until = BECOMES[act.act], act.until
    if state == "snoozed" and datetime.fromisoformat(until) <= now:
        state = "open"
    return replace(one, state=state, owner=owner, until=until, acts=mine)


def _plain(noun: str, items: list[dict[str, Any]]) -> dict[str, Any]:
    return {"noun": noun, "format_version": 1, noun: items}


def _incidents(content: Any) -> Incidents:
    return tuple(_checked(Incident.from_dict(one)) for one in content["incidents"])


def _acts(content: Any) -> tuple[Act, ...]:
    done = tuple(_checked(Act(**one)) for one in content["acts"])
    for act in done:
        _ = [datetime.fromisoformat(moment).astimezone(UTC) for moment in (act.at, act.until) if moment]
    return done


def _checked(value: Any) -> Any:
    check_types(value)
    return value
