"""Going on with a job that did not end well: in the kernel that was kept, or from its start in a new one."""

from __future__ import annotations

import os
import secrets
import shlex
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from workbench.core.arguments import described, mapping, place
from workbench.core.job import Job, JobState
from workbench.errors import BadParameter, Busy, NotFound
from workbench.jobs.notebook.kernels import language_of
from workbench.jobs.notebook.notebooks import find, quoted, read
from workbench.jobs.notebook.parameters import check
from workbench.jobs.processes import JOB
from workbench.jobs.records import events, job, load, seen
from workbench.jobs.run import park
from workbench.jobs.submit import go_on, watched

PATIENCE = 30.0  # seconds that a parked job has to take up a request


def resume(
    id: str | Job,  # noqa: A002 - the record's own word
    notebook: str | Path | None = None,
    parameters: Mapping[str, Any] | None = None,
    *,
    wait: bool = True,
    replay: bool = False,
    show: bool = True,
    home: str | Path | None = None,
) -> Job:
    """Go on with a job at the cell that failed.

    While its kernel is kept (the option ``park``) the same job goes on in it, and no cell that has finished runs again.
    Later a new job runs the notebook from its start, in which results of steps are loaded where nothing that they
    depend on has changed.

    Parameters
    ----------
    id : str or Job
        The job.
    notebook : str or Path, optional
        The notebook as it is to go on, its cells mended; by default the job's own file as it is now, or what it ran
        where that is gone.
    parameters : mapping, optional
        Values that replace those of the job.
    wait : bool
        True: return when it has ended. False: return at once.
    replay : bool
        True: a new job, also where the kernel is kept; finished cells may have changed then.
    show : bool
        Show a progress bar while waiting.
    home : str or Path, optional
        Folder of everything that Workbench writes.

    Returns
    -------
    Job
        The same job, or a new one that says which it ``resumes``. Its ``reused`` cells did not run again.

    Raises
    ------
    NotFound
        If there is no such job, as of a notebook that papermill ran by itself.
    BadParameter
        If the job has completed, or the kernel is kept and a cell that has finished was changed, added or removed.
    Busy
        If the job is at work, or somebody else resumes it.
    JobFailed
        If it fails again.

    Examples
    --------
    >>> from workbench.jobs.resume import resume
    >>> resume("20261121T0149-score-3f2a")
    Traceback (most recent call last):
    ...
    workbench.errors.NotFound: No job named '20261121T0149-score-3f2a'. ...
    """
    record = _known(id, home)
    path = _source(record, notebook)
    content = read(path)
    asked = {**record.parameters, **mapping(parameters, "parameters", "resume")}
    values = check(path, asked, content, str(record.kernel.get("language") or language_of(content["metadata"])))
    if record.state is JobState.PARKED and not replay:
        gone_on = _in_its_kernel(record, content, values)
        if gone_on is not None:
            return watched(gone_on, show) if wait else gone_on
    started = go_on(record, path, values, at_once=wait and JOB in os.environ)
    return watched(started, show) if wait else started


def _known(asked: str | Job, home: str | Path | None) -> Job:
    """The job, if it can be resumed at all."""
    if not isinstance(asked, (str, Job)):
        raise BadParameter(f"resume takes the id of a job, got {described(asked)}. Give job.id.")
    id, home = (asked.id, asked.path.parent.parent) if isinstance(asked, Job) else (asked, home)  # noqa: A001
    _check_is_no_file(id)
    record = job(id, home)
    if record.state in (JobState.FAILED, JobState.STOPPED, JobState.PARKED):
        return record
    if record.state is JobState.COMPLETED:
        raise BadParameter(f"The job {id} has completed: there is nothing to resume. Submit its notebook again.")
    if record.state is JobState.DAMAGED:
        raise BadParameter(f"{record.error} Submit its notebook again.")
    raise Busy(f"The job {id} is {record.state.value}. Wait for its end, or stop it, before it is resumed.")


def _check_is_no_file(name: str) -> None:
    """A notebook is no job: one of ours says which it is of, and of papermill's own nobody kept a record."""
    if not name.endswith(".ipynb"):
        return
    try:
        told = read(find(name))["metadata"]["workbench"]["job"]
    except (NotFound, BadParameter, KeyError, TypeError):
        told = None
    if isinstance(told, str):
        raise BadParameter(f"{quoted(name)} is the notebook of a job. Resume that: {_command(told)}")
    raise NotFound(
        f"{quoted(name)} is no job: of a notebook that papermill or JupyterLab ran there is no record, and its kernel "
        "is gone. Run it with `workbench submit`; `workbench jobs` lists what can be resumed."
    )


def source(id: str | Job, notebook: str | Path | None = None, home: str | Path | None = None) -> Path:  # noqa: A002 - as above
    """The notebook that a job goes on with.

    Raises
    ------
    NotFound, BadParameter, Busy
        As :func:`resume`.
    """
    return _source(_known(id, home), notebook)


def _source(record: Job, given: str | Path | None) -> Path:
    if given is not None:
        return find(place(given, "notebook", "resume"))
    own = Path(record.notebook)
    return own if own.is_file() else record.path / "input.ipynb"


def _in_its_kernel(record: Job, content: dict[str, Any], values: dict[str, Any]) -> Job | None:
    """The job, when its runner has taken it up; None where its kernel has gone in the meantime."""
    token = secrets.token_hex(8)
    _, position = events(record.path)
    park.ask(record, park.Request(token, len(record.attempts), content, values))
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        told, position = events(record.path, position)
        for event in told:
            if event["event"] == park.REFUSED and event.get("request") in (token, ""):
                raise BadParameter(str(event.get("error")).replace("JOB", record.id))
            if event["event"] == park.RESUMED and event.get("request") == token:
                return load(record.path)
            if event["event"] == park.RESUMED:
                park.withdraw(record, token)
                raise Busy(f"The job {record.id} has just been resumed by somebody else. Look at it again.")
        if seen(load(record.path)).state.final:
            park.withdraw(record, token)
            return None
        time.sleep(park.LOOK)
    park.withdraw(record, token)
    raise Busy(
        f"The job {record.id} is parked and does not answer: its process may be suspended. Try again, stop it, or run "
        f"the notebook in a new kernel: `{_command(record.id, '--replay')}`."
    )


def _command(*words: str) -> str:
    return shlex.join(["workbench", "resume", *words])
