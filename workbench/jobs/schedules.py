"""Schedules: notebooks that become jobs at the moments of a cron expression.

Each is a file of ``home/schedules``. Whoever looks at one holds its lock, and the id of a job follows from the schedule
and the moment: of one moment there is one job, whoever looks, how often, and whatever the clock says. The job is
written before the schedule notes that the moment has been dealt with, so that a crash between loses no run either.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice, takewhile
from pathlib import Path
from typing import Any

from workbench.core.arguments import mapping
from workbench.core.cron import expression_of, latest, moments, next_times, zone_of
from workbench.core.job import Job, JobState
from workbench.core.schedule import KEPT, MISSED, OVERLAP, Schedule
from workbench.errors import BadParameter, InputError, NotFound, StoreError
from workbench.jobs.notebook.notebooks import opened
from workbench.jobs.records import RECORD, job
from workbench.jobs.submit import Order, enqueue, refused
from workbench.settings import settings
from workbench.storage.files import change, lock, safe_name

__all__ = ["add", "fire", "next_times", "pause", "remove", "resume", "schedule", "schedules"]

PROMPT = timedelta(seconds=60)  # after its moment a run is still on time
COUNTED = 10_000  # missed moments; beyond that they are "more than"
# A clock that was ahead by more and is set right: what lies before it need not be waited for.
AHEAD = timedelta(days=1)
WORKS = (JobState.CREATED, JobState.QUEUED, JobState.IN_PROGRESS, JobState.STOPPING)
LONGEST = 60  # characters of a name, which goes into the ids of jobs


def folder(home: str | Path | None = None) -> Path:
    """Where the schedules lie."""
    return settings(home=home).home / "schedules"


def add(
    name: str,
    notebook: str | Path,
    cron: str,
    parameters: dict[str, Any] | None = None,
    *,
    zone: str | None = None,
    missed: str = "once",
    overlap: str = "skip",
    kernel: str | None = None,
    home: str | Path | None = None,
    folder: str | Path | None = None,
    **options: Any,
) -> Schedule:
    """Make a schedule: the notebook becomes a job at the moments of ``cron``, as long as a scheduler runs.

    Parameters
    ----------
    name : str
        Of letters, digits, ``.``, ``_`` and ``-``, 60 at most.
    notebook : str or Path
        As :func:`workbench.submit` takes it.
    cron : str
        Minute, hour, day of the month, month and day of the week, such as ``"30 6 * * mon-fri"``; or ``@daily`` and
        the like.
    parameters : dict, optional
        Checked now and when a job starts; secrets by reference, resolved where the scheduler runs.
    zone : str, optional
        IANA name of the time zone that is meant; by default the machine's.
    missed : str
        What becomes of moments while no scheduler ran: ``"once"`` runs one job for them all, ``"skip"`` none.
    overlap : str
        Where the job before is still at work: ``"skip"`` leaves the moment out (the next one comes), ``"wait"`` runs
        one job when it has ended.
    kernel, home, folder
        As :func:`workbench.submit` takes them.
    **options
        How each job is to run, as :class:`workbench.core.job_options.JobOptions` has it.

    Returns
    -------
    Schedule

    Raises
    ------
    NotFound
        If there is no such notebook, or its kernel is not installed.
    BadParameter
        If a name is taken or none, or the expression, the zone, a parameter or an option is none.

    Examples
    --------
    >>> from workbench.jobs.schedules import add, remove
    >>> nightly = add("nightly", "profile.ipynb", "0 2 * * *", {"source": "churn.csv"}, zone="Europe/Berlin")
    >>> nightly.next_times(1)[0].strftime("%H:%M")
    '02:00'
    >>> remove("nightly")
    """
    order = Order.of(opened(notebook, "a schedule"), kernel, folder, options)
    values = order.checked(mapping(parameters, "parameters", "a schedule"), resolve=False)
    order.warn()
    made = Schedule(
        name=_name(name),
        notebook=order.notebook.place,
        parameters=values,
        cron=expression_of(cron),
        zone=zone_of(zone),
        since=_now().isoformat(),
        options=order.options,
        kernel=kernel,
        folder=order.folder,
        missed=_choice("missed", missed, MISSED),
        overlap=_choice("overlap", overlap, OVERLAP),
    )
    return _change(_file(made.name, home), partial(_first, made))


def _first(made: Schedule, before: Schedule | None) -> Schedule:
    if before is None:
        return made
    raise BadParameter(f"There is a schedule {made.name!r} already. Remove that one, or choose another name.")


def _name(name: object) -> str:
    if not isinstance(name, str) or len(name) > LONGEST:
        raise BadParameter(f"A schedule's name is a text of at most {LONGEST} characters. Choose a shorter one.")
    return safe_name(name, "schedule")


def _choice(name: str, value: object, known: tuple[str, ...]) -> str:
    if value in known:
        return str(value)
    raise BadParameter(f"{name!r} is {' or '.join(map(repr, known))}, got {str(value)[:60]!r}. Choose one.")


def schedules(home: str | Path | None = None) -> list[Schedule]:
    """All schedules by name; one whose file can't be read says so in its ``error``."""
    where = folder(home)
    names = sorted(p.stem for p in where.glob("[!.]*.json")) if where.is_dir() else []
    return [_listed(where / f"{name}.json") for name in names]


def _listed(path: Path) -> Schedule:
    try:
        return Schedule.load(path)
    except (StoreError, OSError) as error:
        return Schedule(path.stem, "", {}, "", "", "", error=str(error))


def schedule(name: str, home: str | Path | None = None) -> Schedule:
    """The schedule of that name.

    Raises
    ------
    NotFound
        If there is none.
    Damaged
        If its file can't be read.
    """
    return Schedule.load(_known(name, home))


def pause(name: str, home: str | Path | None = None) -> Schedule:
    """No moment counts until :func:`resume`.

    Raises
    ------
    NotFound
        If there is no such schedule.
    """
    return _change(_known(name, home), partial(_paused, True))


def resume(name: str, home: str | Path | None = None) -> Schedule:
    """Moments count again from now on; those of the pause are not missed.

    Raises
    ------
    NotFound
        If there is no such schedule.
    """
    return _change(_known(name, home), partial(_paused, False))


def _paused(paused: bool, before: Schedule | None) -> Schedule:
    before = _there(before)
    return before if before.paused is paused else replace(before, paused=paused, waiting=None, since=_now().isoformat())


def remove(name: str, home: str | Path | None = None) -> None:
    """Remove a schedule; its jobs stay.

    Raises
    ------
    NotFound
        If there is no such schedule.
    """
    path = _known(name, home)
    with lock(_lock(path)):
        path.unlink(missing_ok=True)


def _known(name: str, home: str | Path | None) -> Path:
    path = _file(name, home)
    if not os.path.lexists(path):
        known = [s.name for s in schedules(home)]
        raise NotFound.named("schedule", name, known, "Make one with: workbench schedule add")
    return path


def _file(name: str, home: str | Path | None) -> Path:
    return folder(home) / f"{_name(name)}.json"


def _lock(path: Path) -> Path:
    return path.with_name(f".{path.name}.lock")


def _change(path: Path, function: Callable[[Schedule | None], Schedule]) -> Schedule:
    return change(path, function, parse=Schedule.parse, plain=Schedule.document, newest=Schedule.format_version)


def _there(before: Schedule | None) -> Schedule:
    if before is None:
        raise NotFound("The schedule is gone: somebody has removed it. Add it again if it is wanted.")
    return before


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


@dataclass(frozen=True)
class Due:
    """The moments that are to be dealt with.

    Parameters
    ----------
    found : tuple of datetime
        In their order, at least one and at most one more than :data:`COUNTED`.
    last : datetime
        Of them all.
    """

    found: tuple[datetime, ...]
    last: datetime

    def words(self, most: int | None = None) -> str:
        """How many of the first ones they are, from when to when."""
        found = self.found[:most]
        if len(found) == 1:
            return f"the moment {_shown(found[0])}"
        last = self.last if most is None else found[-1]
        many = f"more than {COUNTED:,}" if len(self.found) > COUNTED else f"{len(found):,}"
        return f"{many} moments from {_shown(found[0])} to {_shown(last)}"


def fire(path: Path, now: datetime) -> list[str]:
    """Deal with the moments of one schedule that have come; what happened, a sentence each.

    Parameters
    ----------
    path : Path
        The schedule's file.
    now : datetime
        With a zone.

    Raises
    ------
    StoreError, OSError
        If the schedule or a job can't be read or written. Nothing is lost: the moment comes again with the next look.
    """
    told: list[str] = []

    def looked(before: Schedule | None) -> Schedule:
        after = _look(_there(before), now, path.parent.parent)
        told.extend(line["said"] for line in after.history if line not in _there(before).history)
        return after

    _change(path, looked)
    return told


def _look(seen: Schedule, now: datetime, home: Path) -> Schedule:
    """The schedule after a look; itself where nothing has happened."""
    if seen.paused:
        return seen
    if seen.cursor > now + AHEAD:
        return _rewound(seen, now)
    seen, due = _due(seen, now, home)
    if due is None:
        return seen
    before = _at_work(seen, home)
    return _dealt_with(seen, due, now, home) if before is None else _overlapping(seen, due, now, before)


def _rewound(seen: Schedule, now: datetime) -> Schedule:
    """No moment is run again: that the clock had reached one stands in the jobs."""
    after = replace(seen, since=now.isoformat(), handled=None, waiting=None)
    return _noted(after, now, None, "clock", "The clock was ahead and has been set back; moments count from now on.")


def _due(seen: Schedule, now: datetime, home: Path) -> tuple[Schedule, Due | None]:
    """The moments up to now without a job; one with a job has been dealt with, if somebody lived to note it or not."""
    found = list(islice(takewhile(lambda m: m <= now, moments(seen.cron, seen.zone, seen.cursor)), COUNTED + 1))
    has_job = [at for at, moment in enumerate(found) if os.path.lexists(_record(seen, moment, home))]
    if has_job:
        dealt = found[has_job[-1]]
        seen = _ran(replace(seen, handled=dealt.isoformat(), waiting=None), dealt, now, home, "")
        found = found[has_job[-1] + 1 :]
    if not found:
        return seen, None
    later = latest(seen.cron, seen.zone, found[-1], now) if len(found) > COUNTED else None
    return seen, Due(tuple(found), later or found[-1])


def _at_work(seen: Schedule, home: Path) -> Job | None:
    """The job before, if it is at work or waits for its turn; one that nobody can see from here holds up nothing."""
    with suppress(StoreError):
        record = job(seen.job, home) if seen.job else None
        return record if record and record.state in WORKS else None
    return None


def _overlapping(seen: Schedule, due: Due, now: datetime, before: Job) -> Schedule:
    last = due.last.isoformat()
    if seen.overlap == "skip":
        said = f"Left out {due.words()}: {before.id} is still at work."
        return _noted(replace(seen, handled=last), now, due.last, "skipped", said)
    if seen.waiting is not None:
        return seen
    said = f"{_shown(due.last)} waits for the end of {before.id}."
    return _noted(replace(seen, waiting=last), now, due.last, "waits", said)


def _dealt_with(seen: Schedule, due: Due, now: datetime, home: Path) -> Schedule:
    """Run one job at most; what was missed is told in the schedule, and in the job that stands for it."""
    dealt, count = replace(seen, handled=due.last.isoformat(), waiting=None), len(due.found)
    if seen.waiting is not None:
        return _ran(dealt, due.last, now, home, f"This run waited, and stands for {due.words()}." if count > 1 else "")
    prompt = now - due.last <= PROMPT
    missed = due.words(count - 1 if prompt else None) if count > prompt else ""
    if missed and seen.missed == "skip":
        dealt = _noted(dealt, now, due.last, "missed", f"No scheduler was at work for {missed}; left out.")
        return _ran(dealt, due.last, now, home, "") if prompt else dealt
    note = f"No scheduler was at work for {missed}; this run stands for all that was missed." if missed else ""
    return _ran(dealt, due.last, now, home, note)


def _ran(dealt: Schedule, moment: datetime, now: datetime, home: Path, note: str) -> Schedule:
    record = _run(dealt, moment, home, note)
    failed = record.state is JobState.FAILED
    said = f"{record.id} FAILED. {record.error}" if failed else f"{record.id} is submitted. {note}".strip()
    what = "failed" if failed else "run"
    return _noted(replace(dealt, job=record.id), now, moment, what, said, record.id)


def _run(dealt: Schedule, moment: datetime, home: Path, note: str) -> Job:
    """The one job of a moment; what can't be started is a job that FAILED, so that it is seen and told."""
    about: dict[str, Any] = {
        "id": job_id(dealt.name, moment),
        "schedule": dealt.name,
        "nominal": moment.isoformat(),
        "notes": (f"Schedule {dealt.name}: {note}",) if note else (),
    }
    asked: dict[str, Any] = {"kernel": dealt.kernel, "folder": dealt.folder or None, **dealt.options.asked()}
    try:
        return enqueue(dealt.notebook, dealt.parameters, home=home, told=about, **asked)
    except (InputError, NotFound) as error:
        known: dict[str, Any] = {"notebook": dealt.notebook, "parameters": dealt.parameters, "options": dealt.options}
        return refused(home, error, folder=dealt.folder, **known, **about)


def job_id(name: str, moment: datetime) -> str:
    """The id of the job of a schedule at a moment.

    >>> job_id("nightly", datetime(2027, 3, 28, 1, tzinfo=UTC))
    '20270328T010000000-nightly-eb4ca209'
    """
    when = moment.astimezone(UTC)
    mark = hashlib.sha256(f"{name}@{when.isoformat()}".encode()).hexdigest()[:8]
    return f"{when:%Y%m%dT%H%M%S}000-{name}-{mark}"


def _record(seen: Schedule, moment: datetime, home: Path) -> Path:
    return settings(home=home).jobs / job_id(seen.name, moment) / RECORD


def _noted(after: Schedule, now: datetime, moment: datetime | None, what: str, said: str, of: str = "") -> Schedule:
    nominal = None if moment is None else moment.isoformat()
    line = {"at": now.isoformat(timespec="seconds"), "nominal": nominal, "what": what, "job": of, "said": said}
    return replace(after, history=(*after.history, line)[-KEPT:])


def _shown(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M %Z}"
