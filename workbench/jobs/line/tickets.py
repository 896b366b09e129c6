"""The line of the jobs that wait: a ticket is an empty file, and its name is its place.

``queue/waiting`` has the tickets that nobody has taken, ``queue/started`` those that somebody has. Taking one is
renaming it, which one process alone can do, whatever locks the file system knows; the new name says on which machine.
What is to be started stands in the job's own folder, so nothing in here can be torn or out of date.
"""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

from workbench.core.job import Job
from workbench.jobs.liveness import boot, host
from workbench.storage.files import sync_folder

FIRST = 0  # the rank of what starts at once, whatever else waits
MIDDLE = 2000  # the rank of priority 0; those of the others lie 1000 around it
_NAME = re.compile(
    r"(?P<rank>\d{4})_(?P<stamp>\d*)_(?P<id>[A-Za-z0-9][A-Za-z0-9._-]*)(?P<held>~?)"
    r"(?:@(?P<host>[0-9a-f]{8})-(?P<boot>[0-9a-f]{8}))?\Z"
)


@dataclass(frozen=True)
class Ticket:
    """One that waits, or that somebody has taken.

    Parameters
    ----------
    path : Path
        Its file.
    id : str
        Of its job.
    at_once : bool
        Whether it needs no slot.
    held : bool
        Whether it may have to wait for a moment or for other jobs.
    host, boot : str
        Where it was taken, as :func:`mark` has it; empty while it waits.
    """

    path: Path
    id: str
    at_once: bool
    held: bool
    host: str = ""
    boot: str = ""


def waiting(home: Path) -> list[Ticket]:
    """Those that wait: a higher priority first, then who came first."""
    return _in(home / "queue" / "waiting")


def places(home: Path) -> dict[str, int]:
    """Places of the jobs that wait, from 1; those that may have to wait for more than a slot are not counted."""
    numbers, ahead = {}, 0
    for ticket in waiting(home):
        numbers[ticket.id] = ahead + 1
        ahead += not ticket.held
    return numbers


def started(home: Path) -> list[Ticket]:
    """Those that somebody has taken: to be started now, or at work and to be tried again where it fails."""
    return _in(home / "queue" / "started")


def find(home: Path, id: str) -> Ticket | None:  # noqa: A002 - the record's own word
    """The ticket of a job, where it has one; whoever moves one moves it once, so the second look finds it."""
    return next((t for look in (waiting, started, waiting) for t in look(home) if t.id == id), None)


def put(job: Job, *, at_once: bool = False, taken: bool = False) -> Ticket:
    """Write the ticket of a job.

    Parameters
    ----------
    job : Job
        Its ``options.priority``, ``created``, ``due`` and ``after`` say where it stands.
    at_once : bool
        Whether it needs no slot.
    taken : bool
        Whether it is started by who writes it.

    Raises
    ------
    OSError
        If it can't be written.
    """
    rank = FIRST if at_once else MIDDLE - job.options.priority
    stamp = re.sub(r"\D", "", job.created)[:17]
    name = f"{rank:04d}_{stamp}_{job.id}{'~' if job.due or job.after else ''}"
    folder = job.path.parent.parent / "queue" / ("started" if taken else "waiting")
    path = folder / (f"{name}@{mark()}" if taken else name)
    folder.mkdir(parents=True, exist_ok=True)
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o666))
    sync_folder(folder)
    ticket = _read(path)
    assert ticket is not None, f"{job.id} is no id"
    return ticket


def take(ticket: Ticket) -> Ticket | None:
    """Take a ticket that waits; None where somebody else has."""
    folder = ticket.path.parent.with_name("started")
    folder.mkdir(exist_ok=True)
    return _moved(ticket, folder / f"{ticket.path.name}@{mark()}")


def give_back(ticket: Ticket) -> Ticket | None:
    """Let one that was taken wait again, at its old place."""
    return _moved(ticket, ticket.path.parent.with_name("waiting") / ticket.path.name.partition("@")[0])


def drop(home: Path, id: str) -> None:  # noqa: A002 - the record's own word
    """Remove the tickets of a job that waits no more."""
    for ticket in (*waiting(home), *started(home)):
        if ticket.id == id:
            ticket.path.unlink(missing_ok=True)


def mark() -> str:
    """This machine and this start of it, as the name of a taken ticket has them."""
    return f"{_short(host())}-{_short(boot())}"


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _moved(ticket: Ticket, to: Path) -> Ticket | None:
    try:
        ticket.path.rename(to)
    except FileNotFoundError:
        return None
    return _read(to)


def _in(folder: Path) -> list[Ticket]:
    try:
        paths = sorted(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []
    return [ticket for path in paths if (ticket := _read(path)) is not None]


def _read(path: Path) -> Ticket | None:
    told = _NAME.match(path.name)
    if told is None:
        return None
    at_once = int(told["rank"]) == FIRST
    return Ticket(path, told["id"], at_once, bool(told["held"]), told["host"] or "", told["boot"] or "")
