"""The verb ``incident``: one incident as it stands now, and what somebody does about it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import get_args

from workbench.core.arguments import described, text
from workbench.core.bundle import Bundle
from workbench.core.incident import Act, Done, Incident
from workbench.core.literals import call
from workbench.core.nouns import bundle_name
from workbench.core.spans import SPAN, span
from workbench.core.wording import listed
from workbench.errors import BadParameter, NotFound
from workbench.monitoring.exposition import expose_incidents
from workbench.monitoring.incident_book import acts, add, handled, known
from workbench.settings import Settings, settings
from workbench.storage.audit import user

DONE: tuple[str, ...] = get_args(Done)
LONGEST = 2000  # characters of a note
VERB = "wb.incident"


def incident(
    name: str | Bundle,
    id: str,  # noqa: A002 - what everybody calls it
    act: str | None = None,
    *,
    note: str = "",
    until: str | datetime | None = None,
    owner: str = "",
    by: str = "",
    home: str | Path | None = None,
) -> Incident:
    """One incident as the latest report has it, with what people did about it; or do something about it.

    What is done is kept with who and when, apart from the reports. It changes who is told: of an incident that is
    acknowledged or closed nobody is told again while it lasts, unless a warning becomes an alarm; of one that is
    snoozed nobody until that moment, and once more if it still goes on then. What begins after it was over is another
    incident.

    Parameters
    ----------
    name : str or Bundle
        Name of the bundle, or the bundle.
    id : str
        Of the incident, as the report shows it; its beginning is enough where no other one begins so.
    act : {"acknowledge", "snooze", "close", "own", "reopen", "note"}, optional
        What is done; nothing: it is only looked at.
    note : str
        What there is to say; *close* and *note* need one.
    until : str or datetime
        Of *snooze*: a moment such as ``"2026-12-08"``, or a time from now such as ``"3d"``.
    owner : str
        Of *own*: who looks after it; by default who acts.
    by : str
        Who acts, by default the user of the system.
    home : path, optional
        Folder of everything that Workbench writes.

    Returns
    -------
    Incident

    Raises
    ------
    BadParameter
        If something else came.
    NotFound
        If no report of that bundle has such an incident.

    Examples
    --------
    >>> import workbench as wb
    >>> report = wb.monitor("churn")
    >>> for one in report.incidents:
    ...     _ = wb.incident("churn", one.id, "acknowledge", note="I look at the feed.")
    """
    name, force = bundle_name(name, VERB), settings(home=home)
    one = _found(name, text(id, "id", VERB), force)
    if act is not None:
        add(name, _act(one, text(act, "act", VERB), note, until, owner, by), force)
        expose_incidents(name, handled(known(name, force), acts(name, force)), force)
    return handled([one], acts(name, force))[0]


def _found(name: str, id: str, force: Settings) -> Incident:  # noqa: A002
    there = known(name, force)
    exact = [one for one in there if one.id == id]
    found = exact or [one for one in there if id and one.id.startswith(id)]
    if len(found) != 1:
        ids = listed([one.id for one in there]) if there else ""
        way = f"Its incidents: {ids}." if there else f"It has none yet; look with {call('wb.monitor', name)}."
        what = "Several incidents begin" if found else "No incident begins"
        raise NotFound(f"{what} with {id[:40]!r} in the latest report of {name}. {way}")
    return found[0]


def _act(one: Incident, act: str, note: str, until: str | datetime | None, owner: str, by: str) -> Act:
    if act not in DONE:
        raise BadParameter(f"What can be done about an incident: {', '.join(DONE)}; got {described(act)}. Choose one.")
    note, owner, by = _line(note, "note"), _line(owner, "owner"), _line(by, "by") or user()
    if act in ("close", "note") and not note:
        raise BadParameter(f"{act!r} needs a note that says why. Give note='…'.")
    if (until is None) == (act == "snooze"):
        raise BadParameter("'snooze', and nothing else, takes until: give it a moment such as '2026-12-08', or '3d'.")
    if owner and act != "own":
        raise BadParameter(f"An owner is given with act='own', got act={act!r}. Do both, one after the other.")
    now = datetime.now(UTC)
    return Act(
        one.id,
        act,  # type: ignore[arg-type]  # one of DONE
        by,
        now.isoformat(timespec="milliseconds"),
        note,
        (owner or by) if act == "own" else "",
        "" if until is None else _moment(until, now).isoformat(timespec="seconds"),
        one.severity,
    )


def _line(value: str, name: str) -> str:
    found = text(value, name, VERB).strip()
    if len(found) > LONGEST:
        raise BadParameter(f"{name!r} has at most {LONGEST:,} characters, got {len(found):,}. Shorten it.")
    return found


def _moment(until: str | datetime, now: datetime) -> datetime:
    """A moment from now on, in UTC; without a zone it is the machine's."""
    try:
        if isinstance(until, str) and SPAN.match(until.strip()):
            found = now + span(until)
        else:
            found = (datetime.fromisoformat(until) if isinstance(until, str) else until).astimezone(UTC)
    except (ValueError, TypeError, AttributeError, OverflowError) as error:
        raise BadParameter(
            f"'until' is a moment or how long from now, got {described(until)}. Write for example 2026-12-08 or 3d."
        ) from error
    if not now < found < now + timedelta(days=3660):
        raise BadParameter(f"'until' lies within the next ten years, got {described(until)}. Write for example 3d.")
    return found
