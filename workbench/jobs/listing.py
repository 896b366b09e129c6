"""Jobs by the page, and what removes them.

The names of jobs sort by time, so a page reads only its own records. What filters and counts need of each record is
kept by this process as long as the record's file does not change.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property, partial
from itertools import islice
from pathlib import Path
from typing import Any

from workbench.core.job import Job, JobState
from workbench.core.spans import SPAN, span
from workbench.errors import BadParameter, Refused, StoreError, nearest
from workbench.jobs.line import tickets
from workbench.jobs.records import RECORD, folders, job, load, look
from workbench.settings import settings
from workbench.storage.files import read, safe_name

FINAL = tuple(state for state in JobState if state.final)
_REMOVED = ".removed-"  # before the name of a job that is being deleted


@dataclass(frozen=True)
class Page:
    """Some jobs, the newest first.

    Parameters
    ----------
    jobs : tuple of Job
    following : str, optional
        Where the next page begins: its ``before``; None on the last page.
    fitting : tuple of Path
        Folders of all jobs that fit but for their state, on whatever page.
    """

    jobs: tuple[Job, ...]
    following: str | None
    fitting: tuple[Path, ...] = ()

    @cached_property
    def counts(self) -> dict[str, int]:
        """How many of them there are in each state, as readers see it; states without a job are left out."""
        line = tickets.places(self.fitting[0].parents[1]) if self.fitting else {}
        return dict(Counter(_state(folder, line).value for folder in self.fitting))


@dataclass(frozen=True)
class Pruned:
    """What was deleted, or would be.

    Parameters
    ----------
    ids : tuple of str
        The oldest first.
    size : int
        Bytes on disk that they take, or took.
    """

    ids: tuple[str, ...]
    size: int


def page(
    home: str | Path | None = None,
    states: Collection[JobState | str] = (),
    text: str = "",
    batch: str = "",
    schedule: str = "",
    before: str | None = None,
    limit: int = 50,
    since: str | datetime | None = None,
) -> Page:
    """Some jobs, the newest first.

    Parameters
    ----------
    home : str or Path, optional
        Folder of everything that Workbench writes.
    states : collection of JobState or str
        Only jobs in these; all without any.
    text : str
        Only jobs whose id, notebook or error has it, in any case.
    batch, schedule : str
        Only jobs of this fan-out, or of the schedule of this name.
    before : str, optional
        Only jobs behind the one of this id: the ``following`` of the page before.
    limit : int
        How many at most, at least 1.
    since : str or datetime, optional
        Only jobs that were made since then: a moment, or how long ago, such as ``"2d"``.

    Raises
    ------
    BadParameter
        If a state is none, or a moment or the limit is not one.

    Examples
    --------
    >>> page(states=["FAILED"], since="7d").jobs
    ()
    """
    wanted = _states(states)
    if isinstance(limit, bool) or not isinstance(limit, int) or limit < 1:
        raise BadParameter(f"'limit' is a whole number of at least 1, got {limit!r}. Change it.")
    first = "" if since is None else f"{_moment(since):%Y%m%dT%H%M%S}"
    needs = (text.casefold(), batch, schedule)
    every = [folder for folder in reversed(folders(home)) if folder.name >= first]
    fitting = tuple(folder for folder in every if not any(needs) or _summary(folder).fits(*needs))
    found = _found(fitting, wanted, before, tickets.places(settings(home=home).home))
    jobs = list(islice(found, limit))
    more = len(jobs) == limit and next(found, None) is not None
    return Page(tuple(jobs), jobs[-1].id if more else None, fitting)


def delete(id: str, home: str | Path | None = None) -> None:  # noqa: A002 - the record's own word
    """Remove a job with all that lies in its folder; what was laid elsewhere stays.

    Raises
    ------
    NotFound
        If there is no such job.
    Refused
        If it is at work or waits, or another one is to run after it.
    StoreError
        If its folder can't be changed.
    """
    root = settings(home=home).home
    folder = root / "jobs" / safe_name(id, "job")
    record = look(folder) if os.path.lexists(folder / RECORD) else job(id, home)
    if not record.state.final:
        raise Refused(f"The job {id} is {record.state.value}. Stop it first.")
    if waits := _waited_for(root).get(id):
        raise Refused(f"The job {waits} is to run after {id}. Stop that one first.")
    _sweep(folder.parent)
    _remove(folder)


def prune(
    older_than: str | timedelta,
    states: Collection[JobState | str] = FINAL,
    home: str | Path | None = None,
    dry_run: bool = False,
) -> Pruned:
    """Delete the jobs that ended some time ago; what is at work, waits, or is waited for stays.

    Parameters
    ----------
    older_than : str or timedelta
        How long ago at least, such as ``"30d"``; units are s, min, h, d and w.
    states : collection of JobState or str
        Only jobs that ended so.
    home : str or Path, optional
        Folder of everything that Workbench writes.
    dry_run : bool
        Delete nothing and say what would be.

    Raises
    ------
    BadParameter
        If a state is none that a job ends in, or the time is none.

    Examples
    --------
    >>> prune("30d", dry_run=True)
    Pruned(ids=(), size=0)
    """
    wanted = _states(states)
    if odd := [state for state in wanted if not state.final]:
        raise BadParameter(f"Jobs that are {odd[0].value} have not ended. Choose among: {', '.join(FINAL)}.")
    until = datetime.now(UTC) - span(older_than)
    root = settings(home=home).home
    needed, line = _waited_for(root), tickets.places(root)
    old = [
        f for f in folders(home) if f.name not in needed and _state(f, line) in wanted and _summary(f).moment <= until
    ]
    pruned = Pruned(tuple(folder.name for folder in old), sum(map(_size, old)))
    if not dry_run:
        _sweep(root / "jobs")
        for folder in old:
            _remove(folder)
    return pruned


def _found(
    fitting: Sequence[Path], wanted: Collection[JobState], before: str | None, line: Mapping[str, int]
) -> Iterator[Job]:
    """Those in some states, read one by one."""
    for folder in fitting:
        if before is not None and folder.name >= before:
            continue
        if not wanted or not _summary(folder).state.final or _summary(folder).state in wanted:
            record = look(folder, line)
            if not wanted or record.state in wanted:
                yield record


@dataclass(frozen=True)
class _Summary:
    """What filters and counts need of a record."""

    state: JobState
    text: str
    batch: str
    schedule: str
    moment: datetime

    def fits(self, text: str, batch: str, schedule: str) -> bool:
        return text in self.text and batch in ("", self.batch) and schedule in ("", self.schedule)


_SUMMARIES: dict[Path, tuple[tuple[int, int], _Summary]] = {}


def _summary(folder: Path) -> _Summary:
    """The summary of the record as it is on disk; read again only where that has changed."""
    try:
        told = (folder / RECORD).stat()
        key = (told.st_mtime_ns, told.st_size)
        known = _SUMMARIES.get(folder)
        if known is None or known[0] != key:
            known = _SUMMARIES[folder] = (
                key,
                read(folder / RECORD, partial(_summarised, folder.name), Job.format_version),
            )
        return known[1]
    except (StoreError, OSError):
        return _Summary(JobState.DAMAGED, folder.name.casefold(), "", "", _written(folder))


def _summarised(name: str, content: dict[str, Any]) -> _Summary:
    text = " ".join(str(content.get(part) or "") for part in ("notebook", "error"))
    moment = datetime.fromisoformat(content.get("ended") or content.get("created") or name.partition("-")[0])
    return _Summary(
        JobState(content["state"]),
        f"{name} {text}".casefold(),
        str(content.get("batch", "")),
        str(content.get("schedule", "")),
        moment if moment.tzinfo else moment.replace(tzinfo=UTC),
    )


def _written(folder: Path) -> datetime:
    try:
        return datetime.fromtimestamp((folder / RECORD).lstat().st_mtime, UTC)
    except OSError:
        return datetime.now(UTC)


def _state(folder: Path, line: Mapping[str, int]) -> JobState:
    """The state as a reader has it; one that is final in the record is believed."""
    state = _summary(folder).state
    return state if state.final else look(folder, line).state


def _waited_for(root: Path) -> dict[str, str]:
    """Ids of jobs that others are to run after, each with one of those."""
    return {before: t.id for t in tickets.waiting(root) if t.held for before in _after(root / "jobs" / t.id)}


def _after(folder: Path) -> tuple[str, ...]:
    try:
        return load(folder).after
    except StoreError:
        return ()


def _remove(folder: Path) -> None:
    """Delete a folder of a job: first its name goes, so that no half of it is ever seen; no link is followed."""
    try:
        removed = folder.rename(folder.with_name(f"{_REMOVED}{folder.name}"))
        _clear(removed)
    except FileNotFoundError:
        return  # somebody else has
    except OSError as error:
        raise StoreError(f"{folder} can't be deleted ({error.strerror}). See who may write there.") from error


def _sweep(jobs: Path) -> None:
    """Finish what somebody began who was killed."""
    for left in jobs.glob(f"{_REMOVED}*"):
        with suppress(OSError):  # somebody is at it
            _clear(left)


def _clear(removed: Path) -> None:
    if removed.is_symlink():
        removed.unlink()
    else:
        shutil.rmtree(removed)


def _size(folder: Path) -> int:
    """Bytes that a folder takes; what its links lead to is not its own."""
    files = [folder, *folder.rglob("*")] if not folder.is_symlink() else [folder]
    return sum(_room(file) for file in files)


def _room(file: Path) -> int:
    try:
        told = file.lstat()
    except OSError:
        return 0
    return getattr(told, "st_blocks", 0) * 512 or told.st_size


def _states(states: Collection[JobState | str]) -> frozenset[JobState]:
    given = [states] if isinstance(states, str) else states
    known = [state.value for state in JobState]
    for state in given:
        if str(state).upper() not in known:
            near = nearest(str(state).upper(), known)
            raise BadParameter(f"No job is ever {str(state)[:80]!r}. {near}There are: {', '.join(known)}.")
    return frozenset(JobState(str(state).upper()) for state in given)


def _moment(since: str | datetime) -> datetime:
    """A moment, or the one so long ago, in UTC."""
    if isinstance(since, str) and SPAN.match(since.strip()):
        return datetime.now(UTC) - span(since)
    try:
        return (datetime.fromisoformat(since) if isinstance(since, str) else since).astimezone(UTC)
    except (ValueError, TypeError, AttributeError, OverflowError) as error:
        raise BadParameter(
            f"'since' is a moment or how long ago, got {str(since)[:80]!r}. Write for example 2026-12-01 or 2d."
        ) from error
