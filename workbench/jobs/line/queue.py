"""Starting what waits: whoever frees a slot, or finds one free, starts the next.

There is no daemon and nobody in charge. Who dispatches takes a slot, then the lock of a job, then its ticket, and hands
the first two down to the job's process. All three are the system's: whoever is killed at whatever moment, they are free
again, and what was left half-way is finished by the next who looks. Submitting, the end of each job, waiting for one
and the Jupyter server look.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from workbench.core.job import Cause, Job, JobState
from workbench.errors import Busy, NotFound, StoreError
from workbench.jobs.elsewhere.cluster import ask
from workbench.jobs.line import slots, tickets
from workbench.jobs.line.starting import is_foreign, kept, lacking, launch
from workbench.jobs.line.tickets import Ticket
from workbench.jobs.liveness import FRESH, age, beat, boot, hold, host
from workbench.jobs.records import (
    STOPPED,
    WAITS,
    events,
    finish,
    is_due,
    load,
    now,
    seen,
    settle,
    settle_held,
    tell,
    update,
)
from workbench.settings import SCHEDULER, settings

MOST_STARTS = 5  # of one try, each of whose processes ended before it had written down that it was at work
PATIENCE = 1.0  # seconds that who has just written a ticket may take to let go of its job
ENDS = (JobState.FAILED, JobState.STOPPED, JobState.DAMAGED)


def dispatch(home: str | Path | None = None) -> list[str]:
    """Start what may start now, and end what was to run after a job that failed.

    A higher priority goes first, then who came first. Any number of processes may do this at once.

    Parameters
    ----------
    home : str or Path, optional
        Folder of everything that Workbench writes.

    Returns
    -------
    list of str
        Ids of the jobs that were started.

    Raises
    ------
    OSError
        If that folder can't be written.

    Examples
    --------
    >>> dispatch()
    []
    """
    root = settings(home=home).home
    _take_up(root)
    line = _Line(root)
    while line.look():
        pass
    return line.begun


def withdraw(record: Job) -> Job | None:
    """Stop a job that waits; None where it has begun.

    Parameters
    ----------
    record : Job
        With its ``path``.
    """
    try:
        with holding(record.path) as _:
            if load(record.path).state not in WAITS:
                return None
            return finish(record.path, state=JobState.STOPPED, error=STOPPED, ended=now())
    except Busy:
        return None


@dataclass
class _Line:
    """The line as one process goes along it, again and again until there is nothing new."""

    home: Path
    begun: list[str] = field(default_factory=list)
    passed: set[str] = field(default_factory=set)  # looked at, and left to others or to later

    def look(self) -> bool:
        """Go along the line once; whether another look is worth it.

        It is when somebody has come in the meantime: he may have found the slot taken that was held here.
        """
        slot = _Slot(self.home)
        try:
            for ticket in self._new():
                self.passed.add(ticket.id)
                if (not ticket.held or self._is_ready(ticket)) and slot.is_for(ticket):
                    self._start(ticket, slot)
        finally:
            slot.close()
        return bool(self._new())

    def _new(self) -> list[Ticket]:
        return [ticket for ticket in tickets.waiting(self.home) if ticket.id not in self.passed]

    def _is_ready(self, ticket: Ticket) -> bool:
        """Whether its moment has come and the jobs before it are COMPLETED; where one failed, it ends."""
        try:
            record = load(_folder(self.home, ticket))
        except StoreError:
            return True  # whoever starts it finds out what is wrong
        ended = [told for before in record.after if (told := _how_it_ended(record.path.with_name(before)))]
        broken = next((told for told in ended if told[0] is not JobState.COMPLETED), None)
        if broken is not None:
            self._end(record, *broken)
        return is_due(record) and len(ended) == len(record.after) and broken is None

    def _end(self, record: Job, state: JobState, why: str) -> None:
        """End a job that was to run after one that is not COMPLETED, and look anew at who waits for this one."""
        end: dict[str, Any] = {"state": JobState.FAILED, "cause": Cause.OTHER}
        if state is JobState.STOPPED:
            end = {"state": JobState.STOPPED}
        with suppress(Busy, OSError, StoreError), holding(record.path):
            if load(record.path).state in WAITS:
                finish(record.path, **end, error=f"It was not started: it was to run after {why}.", ended=now())
                self.passed.clear()

    def _start(self, ticket: Ticket, slot: _Slot) -> None:
        folder = _folder(self.home, ticket)
        try:
            with holding(folder, ticket) as held:
                if begin(ticket, folder, held, slot.number(ticket)):
                    self.begun.append(ticket.id)
                    slot.hand_down(ticket)
        except (NotFound, FileNotFoundError):
            if not folder.exists():  # somebody removed it
                ticket.path.unlink(missing_ok=True)
        except (OSError, StoreError):
            return  # somebody else is at it, a full disk, a record that can't be read: whoever looks next tries again


class _Slot:
    """A slot of this machine, taken when the first ticket needs one."""

    def __init__(self, home: Path) -> None:
        self._home, self._full = home, False
        self._descriptor: int | None = None

    def is_for(self, ticket: Ticket) -> bool:
        """Whether there is one for a ticket, or it needs none."""
        if ticket.at_once:
            return True
        if self._descriptor is None and not self._full:
            self._descriptor = slots.take(self._home)
            self._full = self._descriptor is None
        return self._descriptor is not None

    def number(self, ticket: Ticket) -> int | None:
        """The descriptor to hand down."""
        return None if ticket.at_once else self._descriptor

    def hand_down(self, ticket: Ticket) -> None:
        """The process of a ticket has it now."""
        if not ticket.at_once:
            self.close()

    def close(self) -> None:
        """Hold it no more."""
        if self._descriptor is not None:
            os.close(self._descriptor)
        self._descriptor = None


def begin(ticket: Ticket, folder: Path, held: int, slot: int | None, worker: Mapping[str, str] | None = None) -> bool:
    """Take a ticket and start its job, by who holds that and the slot; whether it was started.

    Parameters
    ----------
    ticket : Ticket
    folder : Path
        The job's.
    held, slot : int
        Its lock, and the slot that it runs in.
    worker : mapping, optional
        Variables that a Dask worker gives the jobs that it starts. Anybody else asks the cluster, where there is one.
    """
    record = load(folder)
    if not os.path.lexists(ticket.path):
        return False  # it has begun, and perhaps ended, in the meantime
    if record.state not in WAITS:
        _resolve(record, ticket)
        return False
    start = kept(record)
    cluster = start.environment.get(SCHEDULER) if worker is None else None
    # Whoever answers at a scheduler's address can run code here, so nobody asks at one that somebody else has named.
    why = ask(record, cluster) if cluster and not is_foreign(record) else lacking(record, start)
    notes = (*record.lasting_notes, why) if why else record.lasting_notes
    if why or cluster:
        update(folder, notes=notes) if record.notes != notes else None
        return False
    beat(folder)
    taken = tickets.take(ticket)
    if taken is None:
        return False
    try:
        if _starts(folder) >= MOST_STARTS:
            error = f"Its process did not start in {MOST_STARTS} tries; see the file log."
            finish(folder, state=JobState.FAILED, cause=Cause.START, error=error, ended=now())
            return False
        own: dict[str, Any] = {"host": host(), "boot": boot(), "notes": record.lasting_notes}
        taken_on = update(folder, state=JobState.CREATED, **own)
        tell(folder, "job_taken", host=host())
        started_with = replace(start, environment={**start.environment, **(worker or {})})
        launch(taken_on, held, slot, started_with)
    except (OSError, StoreError):
        tickets.give_back(taken)
        raise
    return True


def _starts(folder: Path) -> int:
    """How often its process was started in this try."""
    told = [event["event"] for event in events(folder)[0]]
    retried = max((i for i, name in enumerate(told) if name == "job_retried"), default=-1)
    return told[retried + 1 :].count("job_taken")


def _take_up(home: Path) -> None:
    """Finish what was left half-way here: a ticket that was taken and not started, a try whose process is gone."""
    for ticket in tickets.started(home):
        folder = _folder(home, ticket)
        if not _was_taken_here(ticket, folder):
            continue
        try:
            with holding(folder, patience=0.0):
                _resolve(load(folder), ticket)
        except (NotFound, FileNotFoundError):
            if not folder.exists():
                ticket.path.unlink(missing_ok=True)
        except (OSError, StoreError):
            continue  # it is at work, which is as it should be, or can't be written


def _was_taken_here(ticket: Ticket, folder: Path) -> bool:
    """Whether this machine has taken it: of others the locks may not be seen."""
    own_host, own_boot = tickets.mark().split("-")
    return ticket.boot == own_boot or (ticket.host == own_host and age(folder) > FRESH)


def _resolve(record: Job, ticket: Ticket) -> None:
    """Bring a ticket and its record in step, by who holds the job's lock."""
    if record.state in WAITS:
        tickets.give_back(ticket)
    elif not record.state.final:
        settle_held(record.path)
    ticket.path.unlink(missing_ok=True) if record.state.final else None


def _how_it_ended(folder: Path) -> tuple[JobState, str] | None:
    """The end of a job that others are to run after, in words; None while it has none."""
    try:
        record = seen(load(folder))
        if record.state.final and not load(folder).state.final:
            record = settle(folder)  # it may be tried again
    except NotFound:
        return JobState.DAMAGED, f"{folder.name}, whose record is gone"
    except StoreError:
        return JobState.DAMAGED, f"{folder.name}, whose record can't be read"
    return (record.state, f"{folder.name}, which is {record.state.value}") if record.state.final else None


def _folder(home: Path, ticket: Ticket) -> Path:
    return home / "jobs" / ticket.id


@contextmanager
def holding(folder: Path, ticket: Ticket | None = None, patience: float = PATIENCE) -> Iterator[int]:
    """Hold the lock of a job; where it has a ticket that waits, only as long as it does."""
    until = time.monotonic() + patience
    while True:
        try:
            descriptor = hold(folder, patience=0.0)
            break
        except Busy:
            if time.monotonic() >= until or not (ticket is None or os.path.lexists(ticket.path)):
                raise
            time.sleep(0.01)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
