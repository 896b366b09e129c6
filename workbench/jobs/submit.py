"""Submitting a notebook as a job."""

from __future__ import annotations

import os
import re
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from workbench.core.job import Job, JobState
from workbench.core.progress import Tracker, progress
from workbench.core.wording import worded
from workbench.errors import BadParameter, JobFailed
from workbench.jobs.notebooks import check, find, read
from workbench.jobs.records import checked, events, load, stop, update, write
from workbench.settings import settings
from workbench.storage.files import write_bytes

_STARTED: list[subprocess.Popen[bytes]] = []


def submit(
    notebook: str | Path,
    parameters: dict[str, Any] | None = None,
    *,
    wait: bool = True,
    show: bool = True,
    timeout: float | None = None,
    home: str | Path | None = None,
    folder: str | Path | None = None,
) -> Job:
    """Run a notebook with parameters, in a process of its own, and keep a record.

    Parameters
    ----------
    notebook : str or Path
        A path, or the name of one that comes with Workbench, such as ``score.ipynb``.
    parameters : dict, optional
        Values for its ``parameters`` cell, plain JSON. Secrets by reference: ``{"password": "env:NAME"}``.
    wait : bool
        True: return when it has ended. False: return at once; look with :func:`workbench.jobs.records.job`.
    show : bool
        Show a progress bar while waiting.
    timeout : float, optional
        Seconds that the job may take, from 0 up.
    home : str or Path, optional
        Folder of everything that Workbench writes.
    folder : str or Path, optional
        The notebook's working folder; by default the one of this process.

    Returns
    -------
    Job
        Its state is COMPLETED, or STOPPED if somebody stopped it; with ``wait=False`` where it stands now.

    Raises
    ------
    NotFound
        If there is no such notebook.
    BadParameter
        If the notebook does not take the parameters. Nothing has run then.
    JobFailed
        If a cell failed, its kernel died or the time was used up; it names the cell and the output.

    Examples
    --------
    >>> import workbench as wb
    >>> job = wb.submit("profile.ipynb", {"source": "churn.csv", "target": "Churn"}, show=False)
    >>> job.headline()
    'profile.ipynb COMPLETED (4 of 4 cells)'
    """
    if timeout is not None and not timeout > 0:
        raise BadParameter(
            f"'timeout' is a number of seconds above 0, got {worded(timeout)}. Change it, or leave it out."
        )
    path = find(notebook)
    job = _create(path, check(path, dict(parameters or {})), home)
    job = _start(job, timeout, folder)
    return _watched(job, show) if wait else job


def _create(notebook: Path, parameters: dict[str, Any], home: str | Path | None) -> Job:
    moment = datetime.now(UTC)
    word = re.sub(r"[^A-Za-z0-9]+", "-", notebook.stem).strip("-")[:40] or "notebook"
    name = f"{moment:%Y%m%dT%H%M%S}-{word}-{secrets.token_hex(2)}"
    job = Job(
        id=name,
        notebook=str(notebook),
        parameters=parameters,
        state=JobState.CREATED,
        created=moment.isoformat(timespec="milliseconds"),
        path=settings(home=home).jobs / name,
    )
    write_bytes(job.path / "input.ipynb", notebook.read_bytes())
    write(job)
    return job


def _start(job: Job, timeout: float | None, folder: str | Path | None) -> Job:
    """Start the job's process, in a group of its own so that the terminal's Ctrl-C does not reach it."""
    command = [sys.executable, "-m", "workbench.jobs.runner", str(job.path)]
    command += [] if timeout is None else [str(timeout)]
    with (job.path / "log").open("wb") as log:
        process = subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            env=_environment(job),
        )
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
        raise
    if ended.state is JobState.FAILED:
        where = "" if ended.failed_cell is None else f" in cell {ended.failed_cell + 1}"
        raise JobFailed(
            f"{Path(ended.notebook).name} failed{where}: {ended.error} Look at {ended.output}",
            cell=ended.failed_cell,
            output=str(ended.output),
        )
    return ended


def _follow(job: Job, show: bool) -> Job:
    """Wait for the end and pass on each event of a cell."""
    position = 0
    with _bar(job, show) as heard:
        while True:
            # The state before the events: what is told before the end is shown before the end.
            job = checked(load(job.path))
            new_events, position = events(job.path, position)
            for event in new_events:
                heard(event)
            if job.state.final:
                return job
            time.sleep(0.1)


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
