"""The record of each job on disk: what was asked, where it stands, what happened.

A job is a folder: ``job.json`` (the record), ``events.jsonl`` (what happened, one line each), ``input.ipynb``,
``output.ipynb``, ``log`` and ``environment.json`` (what it ran in, :mod:`workbench.jobs.run.environment`). Whoever
changes the record holds its lock and never changes a final state. A reader changes nothing: of a job whose process is
gone it says so, and :func:`settle` writes it down for those who may. A job that waits has a ticket
(:mod:`workbench.jobs.line.tickets`) and no process.
"""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from workbench.core.job import Cause, Job, JobState
from workbench.errors import Busy, NotFound, StoreError
from workbench.jobs.line import retries, tickets
from workbench.jobs.liveness import Life, hold, last_beat, life
from workbench.jobs.messages import outbox
from workbench.settings import settings
from workbench.storage.files import change, safe_name

RECORD = "job.json"
EVENTS = "events.jsonl"
WAITS = (JobState.CREATED, JobState.QUEUED)  # nothing of it has run since
STOPPED = "Stopped on request."
GONE = "Its process is gone; see the file log."
LOST = "It was not started: its place in the queue is gone. Submit it again."
LEFT = "Its kernel, which was kept after the failure, is gone with its process."
UNSEEN = "Whether it still runs can't be seen from here: it was started on {host}, and its last sign of life is {beat}."


def job(id: str, home: str | Path | None = None) -> Job:  # noqa: A002 - the record's own word
    """The job of that id as it stands now: FAILED if its process is gone, UNKNOWN if nobody here can know.

    Raises
    ------
    NotFound
        If there is no such job.
    Damaged
        If its record can't be read.

    Examples
    --------
    >>> from workbench.jobs.records import job
    >>> job("20261121T0149-score-3f2a")
    Traceback (most recent call last):
    ...
    workbench.errors.NotFound: No job named '20261121T0149-score-3f2a'. ...
    """
    folder = settings(home=home).jobs / safe_name(id, "job")
    if not os.path.lexists(folder / RECORD):
        raise NotFound.named("job", id, [j.name for j in folders(home)], "Submit a notebook with wb.submit(…).")
    return seen(load(folder))


def jobs(home: str | Path | None = None) -> list[Job]:
    """All jobs, the newest first; one whose record can't be read is DAMAGED and says where it lies."""
    line = tickets.places(settings(home=home).home)
    return [look(folder, line) for folder in reversed(folders(home))]


def look(folder: Path, line: Mapping[str, int] | None = None) -> Job:
    """The job of a folder as a reader has it, also where its record can't be read.

    Parameters
    ----------
    folder : Path
        The job's.
    line : mapping of str to int, optional
        The places of those that wait, where the reader has them already.
    """
    try:
        return seen(load(folder), line)
    except (StoreError, OSError) as error:
        message = f"Its record can't be read ({error})."
        return Job(folder.name, folder.name, {}, JobState.DAMAGED, error=message, path=folder)


def folders(home: str | Path | None = None) -> list[Path]:
    """The folder of each job, the oldest first."""
    root = settings(home=home).jobs
    there = (f for f in root.iterdir() if not f.name.startswith(".")) if root.is_dir() else ()
    return sorted(f for f in there if os.path.lexists(f / RECORD))


def load(folder: Path) -> Job:
    """The record in ``folder`` as it was last written."""
    return replace(Job.load(folder / RECORD), path=folder)


def lasting_notes(folder: Path) -> tuple[str, ...]:
    """The notes of a job that stand for all its tries."""
    return load(folder).lasting_notes


def write(record: Job) -> None:
    """Write the record, in one step."""
    record.save(record.path / RECORD)


def update(folder: Path, **changes: Any) -> Job:
    """Change the record. A final state stays; a job that is stopping only ends."""

    def changed(before: Job | None) -> Job:
        if before is None:
            raise NotFound(f"The job {folder.name} has no record any more. Submit its notebook again.")
        if before.state.final:
            return before
        stopping = before.state is JobState.STOPPING and not changes.get("state", JobState.STOPPING).final
        return replace(before, **{k: v for k, v in changes.items() if k != "state" or not stopping})

    after = change(folder / RECORD, changed, parse=Job.parse, plain=Job.document, newest=Job.format_version)
    return replace(after, path=folder)


def seen(record: Job, line: Mapping[str, int] | None = None) -> Job:
    """The job as a reader has it: a record that says "at work" is believed as far as its process can be seen.

    Parameters
    ----------
    record : Job
        As it was last written.
    line : mapping of str to int, optional
        The places of those that wait, where the reader has them already.
    """
    if record.state.final:
        return record
    waits = _in_line(record, line)
    if waits is not None:
        return waits
    known = life(record)
    if known is Life.RUNS:
        return record
    again = load(record.path)  # it may have begun, ended or gone back into the line between the two looks
    if again != record:
        return seen(again)
    return _gone(again) if known is Life.GONE else replace(again, **_unseen(again))


def _gone(record: Job) -> Job:
    """A job whose process is gone: ended, or to be tried again by whoever dispatches next."""
    ended = replace(record, **_end_of(record))
    due = retries.next_try(ended)
    if due and tickets.find(record.path.parent.parent, record.id):
        return replace(ended, **retries.afresh(ended, due, None))
    return ended


def _in_line(record: Job, line: Mapping[str, int] | None = None) -> Job | None:
    """A job that has a ticket and no process yet, with its place; None of any other."""
    if record.state not in WAITS:
        return None
    home = record.path.parent.parent
    place = (tickets.places(home) if line is None else line).get(record.id)
    if place is not None:
        ready = is_due(record) and all(_is_completed(record.path.with_name(before)) for before in record.after)
        return replace(record, state=JobState.QUEUED, place=place if ready else None)
    taken = tickets.find(home, record.id) is not None
    return replace(record, state=JobState.QUEUED) if taken and life(record) is not Life.RUNS else None


def is_due(record: Job) -> bool:
    """Whether the moment has come that a job waits for."""
    return record.due is None or datetime.fromisoformat(record.due) <= datetime.now(UTC)


def _is_completed(folder: Path) -> bool:
    try:
        return load(folder).state is JobState.COMPLETED
    except StoreError:
        return False


def _unseen(record: Job) -> dict[str, Any]:
    beat = last_beat(record.path) or "not known"
    return {"state": JobState.UNKNOWN, "error": UNSEEN.format(host=record.host or "another machine", beat=beat)}


def _end_of(record: Job) -> dict[str, Any]:
    """What became of a job whose process is gone; it ended with its last sign of life, not when somebody looked."""
    ended = max(filter(None, (last_beat(record.path), record.started, record.created)), default=None)
    if record.state is JobState.STOPPING:
        return {**stopped(record), "ended": ended}
    if record.state is JobState.PARKED:  # why it failed is known, whatever became of the kernel
        return {"state": JobState.FAILED, "notes": (*record.notes, LEFT), "due": None, "ended": ended}
    return {
        "state": JobState.FAILED,
        "cause": Cause.PROCESS,
        "error": LOST if record.state is JobState.QUEUED else GONE,
        "ended": ended,
        "failed_cell": _running_cell(record.path),
    }


def stopped(record: Job) -> dict[str, Any]:
    """The end of a job that somebody stopped; of one that was parked it still says what had failed."""
    return {"state": JobState.STOPPED, "error": f"{record.error} {STOPPED}" if record.error else STOPPED, "due": None}


def settle(folder: Path, moment: str | None = None) -> Job:
    """Write down the end of a job whose process is gone, in its record and in its notebook.

    For who started it or stops it. Nothing happens where it has ended, or somebody still runs it.

    Parameters
    ----------
    folder : Path
        The job's.
    moment : str, optional
        When the process ended, where that is known better than by its last heartbeat.
    """
    record = load(folder)
    if record.state.final:
        return record
    try:
        held = hold(folder, patience=0.2)
    except (Busy, OSError):
        return record
    try:
        return settle_held(folder, moment)
    finally:
        os.close(held)


def settle_held(folder: Path, moment: str | None = None) -> Job:
    """The same by who holds the job's lock.

    Parameters
    ----------
    folder : Path
        The job's.
    moment : str, optional
        When the process ended, where that is known better than by its last heartbeat.
    """
    record = load(folder)
    if record.state.final:
        return record
    if record.state in WAITS and tickets.find(folder.parent.parent, record.id):
        return record  # nothing of it has run
    if record.state is JobState.QUEUED:
        return finish(folder, **_end_of(record))
    return conclude(folder, **{**_end_of(record), **({"ended": moment} if moment else {})})


def conclude(
    folder: Path,
    seal: Callable[[Path], Any] | None = None,
    deliver: Callable[[Job], dict[str, Any]] | None = None,
    **end: Any,
) -> Job:
    """Write the end of a try by who holds the job's lock: that of the job, or that it is to be tried again.

    Parameters
    ----------
    folder, seal, deliver, **end
        As :func:`finish` takes them.

    Returns
    -------
    Job
        QUEUED if it is tried again, at its ``due``.
    """
    ended = replace(load(folder), **end)
    due = retries.next_try(ended)
    if due is None:
        return finish(folder, seal, deliver, **end)
    number = len(ended.attempts) + 1
    kept = _kept_output(ended, folder / f"output-{number}.ipynb", seal)
    if not any(e["event"] == "job_retried" and e.get("attempt") == number for e in events(folder)[0]):
        details = {"failed_cell": ended.failed_cell, "error": ended.error, "due": due}
        tell(folder, "job_retried", attempt=number, **details)
    # The ticket first, the record last: whoever finishes what was left half-way comes to the same.
    at_once = any(t.id == ended.id and t.at_once for t in tickets.started(ended.path.parent.parent))
    tickets.put(replace(ended, due=due), at_once=at_once)
    again = update(folder, **retries.afresh(ended, due, kept))
    if again.state is JobState.STOPPING:  # somebody has asked for that since
        return finish(folder, state=JobState.STOPPED, error=STOPPED, ended=now())
    for ticket in tickets.started(ended.path.parent.parent):
        if ticket.id == ended.id:
            ticket.path.unlink(missing_ok=True)
    return again


def _kept_output(ended: Job, to: Path, seal: Callable[[Path], Any] | None) -> str | None:
    """Give the output of a try its own name; its end stands in it."""
    if ended.output.is_file():
        _seal(ended, seal)
        ended.output.replace(to)
    return to.name if to.is_file() else None


def _seal(ended: Job, seal: Callable[[Path], Any] | None) -> None:
    with suppress(StoreError, OSError, ValueError):  # a notebook that was never written whole, or can't be now
        mark_output(ended)
        if seal is not None and ended.output.is_file():
            seal(ended.output)


def finish(
    folder: Path,
    seal: Callable[[Path], Any] | None = None,
    deliver: Callable[[Job], dict[str, Any]] | None = None,
    **end: Any,
) -> Job:
    """Write the end of a job: into the notebook, as an event, and last into the record.

    Parameters
    ----------
    folder : Path
        The job's.
    seal : callable, optional
        Given the output notebook in its last state.
    deliver : callable, optional
        Given the job once that is signed; what it returns changes in the record, too.
    **end
        What changes in the record.
    """
    record = load(folder)
    ended = replace(record, **end)
    # The record last: whoever sees a final state finds the output and the events complete.
    _seal(ended, seal)
    if deliver is not None and ended.output.is_file():
        end |= deliver(ended)
    tell(folder, "job_ended", state=ended.state.value, error=ended.error, done=ended.cells_done, cells=ended.cells)
    if not record.state.final:
        outbox.put(ended)
    record = update(folder, **end)
    tickets.drop(folder.parent.parent, folder.name)
    return record


def park(folder: Path, seal: Callable[[Path], Any] | None = None, **failure: Any) -> Job:
    """Write down that a job has failed and that its kernel is kept: into the same places, in the same order.

    Parameters
    ----------
    folder : Path
        The job's.
    seal : callable, optional
        Given the output notebook as it is now.
    **failure
        What changes in the record: ``error``, ``cause`` and until when (``due``).
    """
    changes = {"state": JobState.PARKED, **failure}
    parked = replace(load(folder), **changes)
    _seal(parked, seal)
    outbox.put(parked)
    tell(folder, "job_parked", until=parked.due, error=parked.error, done=parked.cells_done, cells=parked.cells)
    return update(folder, **changes)


def mark_output(record: Job) -> None:
    """Write the end of a job into its output notebook too, where the process could not."""
    if not record.output.is_file():
        return
    change(record.output, lambda notebook: _marked(notebook, record), parse=_notebook, newest=10**9)


def _notebook(content: Any) -> Any:
    if not isinstance(content["metadata"], dict) or any(not isinstance(c["metadata"], dict) for c in content["cells"]):
        raise ValueError("a notebook and its cells have metadata")
    return content


def _marked(notebook: Any, record: Job) -> Any:
    notebook, plain = copy.deepcopy(notebook), record.to_dict()
    notebook["metadata"]["workbench"] = {
        "job": record.id,
        "state": record.state.value,
        "failed_cell": record.failed_cell,
        "error": record.error,
    }
    metadata = notebook["metadata"]["workbench"]
    running = _running_cell(record.path)  # its mark is written only if it lasts
    for name in ("cause", "ended_early", "notes", "resumes", "reused"):
        if plain[name] not in (None, "", [], {}):
            metadata[name] = plain[name]
    for index, cell in enumerate(notebook["cells"]):
        told = cell["metadata"].get("papermill")
        if isinstance(told, dict) and (told.get("status") == "running" or index == running):
            told["status"] = "stopped" if record.state is JobState.STOPPED else "failed"
    if record.failed_cell is not None and 0 <= record.failed_cell < len(notebook["cells"]):
        cell = notebook["cells"][record.failed_cell]["metadata"]
        cell.setdefault("papermill", {}).update(status="failed", exception=True)
    return notebook


def _running_cell(folder: Path) -> int | None:
    told = [e for e in events(folder)[0] if isinstance(e.get("cell"), int)]
    return told[-1]["cell"] if told and told[-1]["event"] == "cell_started" else None


def tell(folder: Path, event: str, **details: Any) -> None:
    """Append one event as a whole line, behind whatever a writer left that was killed in the middle of one."""
    line = json.dumps({"at": now(), "event": event, **details}, ensure_ascii=True).encode()
    with (folder / EVENTS).open("a+b") as file:
        torn = file.tell() and (file.seek(-1, os.SEEK_END), file.read(1))[1] != b"\n"
        file.write((b"\n" if torn else b"") + line + b"\n")


def events(folder: Path, start: int = 0) -> tuple[list[dict[str, Any]], int]:
    """Events from byte ``start`` on, and where to go on reading; a line that is no event is left out."""
    try:
        with (folder / EVENTS).open("rb") as file:
            file.seek(start)
            content = file.read()
    except OSError:
        return [], start
    whole = content[: content.rfind(b"\n") + 1]
    told = [event for line in whole.splitlines() if (event := _event(line)) is not None]
    return told, start + len(whole)


def _event(line: bytes) -> dict[str, Any] | None:
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        return None
    whole = isinstance(event, dict) and isinstance(event.get("event"), str)
    return event if whole else None


def unwritten(error: Exception) -> str:
    """One sentence for a record that can't be written."""
    why = getattr(error, "strerror", None) or str(error)
    return f"The job's record can't be written ({why}). Make room, or give its folder back, and run it again."


def now() -> str:
    """The time, ISO 8601 in UTC."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
