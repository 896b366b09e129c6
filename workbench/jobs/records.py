"""The record of each job on disk: what was asked, where it stands, what happened.

A job is a folder: ``job.json`` (the record), ``events.jsonl`` (what happened, one line each), ``input.ipynb``,
``output.ipynb`` and ``log``. Whoever changes the record holds its lock and never changes a final state. A reader
changes nothing: of a job whose process is gone it says so, and :func:`settle` writes it down for those who may.
"""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from workbench.core.job import Cause, Job, JobState
from workbench.errors import Busy, NotFound, StoreError
from workbench.jobs.liveness import Life, hold, last_beat, life
from workbench.settings import settings
from workbench.storage.files import change, safe_name

RECORD = "job.json"
EVENTS = "events.jsonl"
STOPPED = "Stopped on request."
GONE = "Its process is gone; see the file log."
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
        raise NotFound.named("job", id, [j.name for j in _folders(home)], "Submit a notebook with wb.submit(…).")
    return seen(load(folder))


def jobs(home: str | Path | None = None) -> list[Job]:
    """All jobs, the newest first; one whose record can't be read is DAMAGED and says where it lies."""
    return [_listed(folder) for folder in reversed(_folders(home))]


def _listed(folder: Path) -> Job:
    try:
        return seen(load(folder))
    except (StoreError, OSError) as error:
        message = f"Its record can't be read ({error})."
        return Job(folder.name, folder.name, {}, JobState.DAMAGED, error=message, path=folder)


def load(folder: Path) -> Job:
    """The record in ``folder`` as it was last written."""
    return replace(Job.load(folder / RECORD), path=folder)


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


def seen(record: Job) -> Job:
    """The job as a reader has it: a record that says "at work" is believed as far as its process can be seen."""
    if record.state.final:
        return record
    known = life(record)
    if known is Life.RUNS:
        return record
    again = load(record.path)  # it may have ended between the two looks
    if again.state.final:
        return again
    return replace(again, **(_end_of(again) if known is Life.GONE else _unseen(again)))


def _unseen(record: Job) -> dict[str, Any]:
    beat = last_beat(record.path) or "not known"
    return {"state": JobState.UNKNOWN, "error": UNSEEN.format(host=record.host or "another machine", beat=beat)}


def _end_of(record: Job) -> dict[str, Any]:
    """What became of a job whose process is gone; it ended with its last sign of life, not when somebody looked."""
    ended = max(filter(None, (last_beat(record.path), record.started, record.created)), default=None)
    if record.state is JobState.STOPPING:
        return {"state": JobState.STOPPED, "error": STOPPED, "ended": ended}
    return {
        "state": JobState.FAILED,
        "cause": Cause.PROCESS,
        "error": GONE,
        "ended": ended,
        "failed_cell": _running_cell(record.path),
    }


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
    return finish(folder, **{**_end_of(record), **({"ended": moment} if moment else {})})


def finish(folder: Path, seal: Callable[[Path], Any] | None = None, **end: Any) -> Job:
    """Write the end of a job: into the notebook, as an event, and last into the record.

    Parameters
    ----------
    folder : Path
        The job's.
    seal : callable, optional
        Given the output notebook in its last state.
    **end
        What changes in the record.
    """
    record = load(folder)
    ended = replace(record, **end)
    # The record last: whoever sees a final state finds the output and the events complete.
    with suppress(StoreError, OSError, ValueError):  # a notebook that was never written whole, or can't be now
        mark_output(ended)
        if seal is not None and ended.output.is_file():
            seal(ended.output)
    tell(folder, "job_ended", state=ended.state.value, error=ended.error, done=ended.cells_done, cells=ended.cells)
    return update(folder, **end)


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
    for name in ("cause", "ended_early", "notes"):
        if plain[name] not in (None, [], {}):
            metadata[name] = plain[name]
    for cell in notebook["cells"]:
        told = cell["metadata"].get("papermill")
        if isinstance(told, dict) and told.get("status") == "running":
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


def _folders(home: str | Path | None) -> list[Path]:
    root = settings(home=home).jobs
    return sorted(f for f in root.iterdir() if os.path.lexists(f / RECORD)) if root.is_dir() else []
