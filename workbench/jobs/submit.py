"""Submitting a notebook as a job."""

from __future__ import annotations

import os
import re
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from workbench.core.arguments import mapping, place
from workbench.core.job import Cause, Job, JobState
from workbench.core.job_options import JobOptions
from workbench.core.parameters import listed, take
from workbench.core.progress import Tracker, progress
from workbench.errors import BadParameter, JobFailed, NotFound, StoreError
from workbench.instant.asking import Forked, started
from workbench.jobs.kernels import installed, kernel_of
from workbench.jobs.liveness import Life, boot, hold, host, life
from workbench.jobs.notebooks import find, read
from workbench.jobs.parameters import check
from workbench.jobs.records import events, load, settle, update, write
from workbench.jobs.stopping import stop
from workbench.settings import settings
from workbench.storage.files import write_bytes

_STARTED: list[subprocess.Popen[bytes] | Forked] = []


def submit(
    notebook: str | Path,
    parameters: dict[str, Any] | None = None,
    *,
    wait: bool = True,
    show: bool = True,
    kernel: str | None = None,
    home: str | Path | None = None,
    folder: str | Path | None = None,
    **options: Any,
) -> Job:
    """Run a notebook with parameters, in a process of its own, and keep a record.

    Parameters
    ----------
    notebook : str or Path
        A path, or the name of one that comes with Workbench, such as ``score.ipynb``.
    parameters : dict, optional
        Values for its ``parameters`` cell, of the types that it annotates or shows. Secrets by reference:
        ``{"password": "env:NAME"}``.
    wait : bool
        True: return when it has ended. False: return at once; look with :func:`workbench.jobs.records.job`.
    show : bool
        Show a progress bar while waiting.
    kernel : str, optional
        Name of an installed kernel; by default the one that the notebook names.
    home : str or Path, optional
        Folder of everything that Workbench writes.
    folder : str or Path, optional
        The notebook's working folder; by default the one of this process.
    **options
        How it is to run, as :class:`workbench.core.job_options.JobOptions` has it: ``timeout`` and ``cell_timeout``
        in seconds, ``retries``, ``backoff``, ``priority``, ``park``, ``notify``.

    Returns
    -------
    Job
        Its state is COMPLETED, or STOPPED if somebody stopped it; with ``wait=False`` where it stands now.

    Raises
    ------
    NotFound
        If there is no such notebook, or its kernel is not installed.
    BadParameter
        If the notebook does not take the parameters, or an option is none. Nothing has run then.
    StoreError
        If the record can't be written.
    JobFailed
        If a cell failed, its kernel died or the time was used up; it names the cell and the output.

    Examples
    --------
    >>> import workbench as wb
    >>> job = wb.submit("profile.ipynb", {"source": "churn.csv", "target": "Churn"}, show=False)
    >>> job.headline()
    'profile.ipynb COMPLETED (4 of 4 cells)'
    """
    path = find(place(notebook, "notebook", "wb.submit"))
    content = read(path)
    runs = _kernel(content, kernel)
    asked = {
        "options": take(JobOptions, {name: listed(value) for name, value in options.items()}),
        "parameters": check(path, mapping(parameters, "parameters", "wb.submit"), content, runs["language"]),
        "kernel": runs,
        "folder": str(_folder(folder)),
    }
    try:
        job = _start(*_create(path, asked, home))
    except OSError as error:
        message = f"The job's record can't be written to {settings(home=home).jobs} ({error.strerror})."
        raise StoreError(f"{message} Make room there, or give another folder in WORKBENCH_HOME.") from error
    return _watched(job, show) if wait else job


def _kernel(content: dict[str, Any], asked: str | None) -> dict[str, str]:
    """What is to run it; the runner writes down what really did."""
    metadata = content.get("metadata") or {}
    spec = installed(kernel_of(metadata, asked))
    return {"name": spec["name"], "display_name": spec["display_name"], "language": spec["language"]}


def _folder(folder: str | Path | None) -> Path:
    if folder is None:
        return Path.cwd()
    where = Path(place(folder, "folder", "wb.submit")).expanduser().absolute()
    if not where.is_dir():
        raise BadParameter(f"'folder' is where the notebook works, and there is no folder {where}. Make it.")
    return where


def _create(notebook: Path, asked: dict[str, Any], home: str | Path | None) -> tuple[Job, int]:
    """The record of a job, and the lock that says that somebody sees to it."""
    moment = datetime.now(UTC)
    word = re.sub(r"[^A-Za-z0-9]+", "-", notebook.stem).strip("-")[:40] or "notebook"
    name = f"{moment:%Y%m%dT%H%M%S}-{word}-{secrets.token_hex(2)}"
    job = Job(
        id=name,
        notebook=str(notebook),
        state=JobState.CREATED,
        created=moment.isoformat(timespec="milliseconds"),
        host=host(),
        boot=boot(),
        path=settings(home=home).jobs / name,
        **asked,
    )
    write_bytes(job.path / "input.ipynb", notebook.read_bytes())
    held = hold(job.path)
    write(job)
    return job, held


def _start(job: Job, held: int) -> Job:
    """Start the job's process, in a group of its own so that the terminal's Ctrl-C does not reach it.

    The lock is handed down, so that at no moment a reader finds it free.
    """
    passed = [held] if os.name == "posix" else []
    command = [sys.executable, "-m", "workbench.jobs.runner", str(job.path), *map(str, passed)]
    try:
        with (job.path / "log").open("wb") as log:
            process = started(command, _environment(job), job.folder, log, passed)
    finally:
        os.close(held)
    _STARTED[:] = [p for p in _STARTED if p.poll() is None] + [process]
    return update(job.path, pid=process.pid)


def _environment(job: Job) -> dict[str, str]:
    """The job writes where its submitter does, whatever folder the notebook changes to."""
    return {**os.environ, "WORKBENCH_HOME": str(job.path.parent.parent), "WORKBENCH_JOB": job.id}


def _watched(job: Job, show: bool) -> Job:
    try:
        ended = _follow(job, show)
    except KeyboardInterrupt:
        stop(job.id, home=job.path.parent.parent)
        _reap(job)
        raise
    _reap(job)
    if ended.state is JobState.FAILED:
        where = "" if ended.failed_cell is None else f" in cell {ended.failed_cell + 1}"
        raise JobFailed(
            f"{Path(ended.notebook).name} failed{where}: {ended.error} Look at {_place_to_look(ended)}",
            cell=ended.failed_cell,
            output=str(ended.output),
            cause=ended.cause,
        )
    return ended


def _reap(job: Job) -> None:
    """Wait for the last breath of the process, so that nothing of the job is left when this returns."""
    for process in [p for p in _STARTED if p.pid == job.pid]:
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=10)


def _place_to_look(job: Job) -> Path:
    return job.output if job.output.is_file() else job.path / "log"


def _follow(job: Job, show: bool) -> Job:
    """Wait for the end and pass on each event of a cell; who started a job may write down that its process is gone."""
    position = 0
    with _bar(job, show) as heard:
        while True:
            # The state before the events: what is told before the end is shown before the end.
            job = _state(job)
            new_events, position = events(job.path, position)
            for event in new_events:
                heard(event)
            if job.state.final:
                return job
            time.sleep(0.1)


def _state(job: Job) -> Job:
    try:
        now = load(job.path)
        return now if now.state.final or life(now) is not Life.GONE else settle(job.path)
    except NotFound as error:
        message = f"The record of {Path(job.notebook).name} is gone: somebody removed {job.path} while it ran."
        raise JobFailed(message, cause=Cause.RECORD) from error


@contextmanager
def _bar(job: Job, show: bool) -> Iterator[Callable[[dict[str, Any]], None]]:
    """A bar that shows the first line of the cell at work; it appears with the first cell."""
    if not show:
        yield lambda event: None
        return
    cells = _code_cells(job)
    with progress(Path(job.notebook).name, total=cells) as tracker:
        yield lambda event: _show(tracker, event)


def _show(tracker: Tracker, event: dict[str, Any]) -> None:
    if event["event"] == "cell_started" and event["done"] > 0:
        tracker.advance(event["line"])
    elif event["event"] == "cell_completed" and event["done"] == event["cells"]:
        tracker.advance("done")


def _code_cells(job: Job) -> int:
    cells = read(job.path / "input.ipynb")["cells"]
    return sum(c["cell_type"] == "code" and bool("".join(c["source"]).strip()) for c in cells) + bool(job.parameters)
