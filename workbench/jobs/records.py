"""The record of each job on disk: what was asked, where it stands, what happened.

A job is a folder: ``job.json`` (the record), ``events.jsonl`` (what happened, one line each), ``input.ipynb``,
``output.ipynb`` and ``log``. Whoever changes the record holds the folder's lock and never changes a final state.
"""

from __future__ import annotations

import copy
import json
import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from workbench.core.job import Job, JobState
from workbench.errors import Damaged, NotFound, StoreError
from workbench.settings import settings
from workbench.storage.files import change, safe_name

RECORD = "job.json"
EVENTS = "events.jsonl"
# A process that was just started has this long to write its number.
START = timedelta(seconds=60)


def job(id: str, home: str | Path | None = None) -> Job:  # noqa: A002 - the record's own word
    """The job of that id as it stands now; one whose process is gone is FAILED.

    Raises
    ------
    NotFound
        If there is no such job.

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
    return checked(load(folder))


def jobs(home: str | Path | None = None) -> list[Job]:
    """All jobs, the newest first; one whose record is damaged is FAILED and says what is wrong with it."""
    return [_listed(folder) for folder in reversed(_folders(home))]


def _listed(folder: Path) -> Job:
    try:
        return checked(load(folder))
    except StoreError as error:
        message = f"Its record can't be read ({error})."
        return Job(folder.name, folder.name, {}, JobState.FAILED, error=message, path=folder)


def stop(id: str, home: str | Path | None = None, grace: float = 5.0) -> Job:  # noqa: A002 - the record's own word
    """Stop a job: interrupt its kernel, and end its processes if that does not help.

    Parameters
    ----------
    id : str
        The job. One that has ended is returned as it is.
    grace : float
        Seconds that the running cell has to give up.

    Raises
    ------
    NotFound
        If there is no such job.
    """
    record = job(id, home)
    if record.state.final:
        return record
    update(record.path, state=JobState.STOPPING)
    for kernel in _family(record)[1:]:
        _signalled(kernel.send_signal, 2)
    if not _ends(record, grace):
        _end(record, grace)
    return update(record.path, state=JobState.STOPPED, error="Stopped on request.", ended=now())


def _ends(record: Job, within: float) -> bool:
    until = time.monotonic() + within
    while time.monotonic() < until:
        if load(record.path).state.final or not _lives(record):
            return True
        time.sleep(0.1)
    return False


def _end(record: Job, grace: float) -> None:
    family = _family(record)
    for process in family:
        _signalled(process.terminate)
    if not _ends(record, grace):
        for process in family:
            _signalled(process.kill)


def _signalled(act: Callable[..., Any], *arguments: Any) -> None:
    import psutil

    with suppress(psutil.NoSuchProcess):  # it ended by itself in the meantime, which is what was wanted
        act(*arguments)


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


def checked(record: Job) -> Job:
    """The job, or its end where its process is gone and nobody wrote that down."""
    if record.state.final or _lives(record):
        return record
    again = load(record.path)  # it may have ended between the two looks
    if again.state.final:
        return again
    return _gone(again)


def _gone(record: Job) -> Job:
    if record.state is JobState.STOPPING:
        return update(record.path, state=JobState.STOPPED, error="Stopped on request.", ended=now())
    ended = update(
        record.path,
        state=JobState.FAILED,
        error="Its process is gone; see the file log.",
        ended=now(),
        failed_cell=_running_cell(record.path),
    )
    mark_output(ended)
    return ended


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
    notebook = copy.deepcopy(notebook)
    notebook["metadata"]["workbench"] = {
        "job": record.id,
        "state": record.state.value,
        "failed_cell": record.failed_cell,
        "error": record.error,
    }
    if record.failed_cell is not None and 0 <= record.failed_cell < len(notebook["cells"]):
        cell = notebook["cells"][record.failed_cell]["metadata"]
        cell.setdefault("papermill", {}).update(status="failed", exception=True)
    return notebook


def _running_cell(folder: Path) -> int | None:
    cell_events = [e for e in events(folder)[0] if "cell" in e]
    return cell_events[-1]["cell"] if cell_events and cell_events[-1]["event"] == "cell_started" else None


def _lives(record: Job) -> bool:
    if record.pid is None:
        return bool(record.created) and datetime.now(UTC) - datetime.fromisoformat(record.created) < START
    return _runner(record) is not None


def _family(record: Job) -> list[Any]:
    """The process that runs the job, then its kernel and what that started; empty if it is gone."""
    import psutil

    try:
        runner = _runner(record)
        return [] if runner is None else [runner, *runner.children(recursive=True)]
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return []


def _runner(record: Job) -> Any:
    """The process that runs the job, None if it is gone.

    Its command line names the job, so that a number that the system gave to somebody else is not taken for it.
    """
    import psutil

    try:
        runner = psutil.Process(record.pid)
        words = runner.cmdline()
    except (psutil.NoSuchProcess, psutil.AccessDenied, ValueError, TypeError, OverflowError):
        return None
    # For a moment after its start a process has no command line yet; a dead one raises instead.
    return runner if not words or any(record.id in word for word in words) else None


def tell(folder: Path, event: str, **details: Any) -> None:
    """Append one event; a reader never sees half of a line without its end."""
    line = json.dumps({"at": now(), "event": event, **details}, ensure_ascii=False)
    with (folder / EVENTS).open("a", encoding="utf-8") as file:
        file.write(line + "\n")


def events(folder: Path, start: int = 0) -> tuple[list[dict[str, Any]], int]:
    """Events from byte ``start`` on, and where to go on reading."""
    path = folder / EVENTS
    if not path.exists():
        return [], start
    with path.open("rb") as file:
        file.seek(start)
        content = file.read()
    whole = content[: content.rfind(b"\n") + 1]
    return [_event(path, line) for line in whole.splitlines()], start + len(whole)


def _event(path: Path, line: bytes) -> dict[str, Any]:
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        event = None
    if not isinstance(event, dict) or "event" not in event:
        raise Damaged(f"{path} holds a line that is no event. The job's output and log are beside it.")
    return event


def now() -> str:
    """The time, ISO 8601 in UTC."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _folders(home: str | Path | None) -> list[Path]:
    root = settings(home=home).jobs
    return sorted(f for f in root.iterdir() if os.path.lexists(f / RECORD)) if root.is_dir() else []
