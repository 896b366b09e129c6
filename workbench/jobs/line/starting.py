"""Starting the process of a job, by who submits it or, later, by whoever finds that it may start."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from workbench.core.job import Job
from workbench.core.secrets import is_secret, looks_secret, references, secret
from workbench.errors import InputError
from workbench.instant.asking import Forked, started
from workbench.instant.place import AT_START
from workbench.storage.files import read, write_json

START = "start.json"
# Variables that say which Python, packages, kernels and settings a job has. Everything else, secrets above all, it has
# from whoever starts it.
KEPT = (*AT_START, "CONDA_", "JUPYTER_", "PATH", "VIRTUAL_ENV", "WORKBENCH_")
NOBODY = 65534  # whom a file system shows as the owner of everything that does not tell users apart
OWN = ("WORKBENCH_JOB", "WORKBENCH_WORKER")  # of one job alone
FOREIGN = "It waits for a process of the user who submitted it."
_STARTED: list[subprocess.Popen[bytes] | Forked] = []


@dataclass(frozen=True)
class Start:
    """What a job that waits is started with, whoever starts it.

    Parameters
    ----------
    python : str
        Its interpreter.
    environment : dict of str to str
        Variables that it was submitted with; no secrets.
    """

    python: str = sys.executable
    environment: dict[str, str] = field(default_factory=dict)


def keep(job: Job) -> None:
    """Write down what a job is to be started with, as this process has it."""
    named = {reference.partition(":")[2] for reference in references(job.parameters)}
    kept = {n: v for n, v in os.environ.items() if _is_kept(n, v) and n not in named and n not in OWN}
    write_json(job.path / START, {"python": sys.executable, "environment": kept})


def kept(job: Job) -> Start:
    """What :func:`keep` wrote; of a job without it what this process has."""
    if not (job.path / START).is_file():
        return Start(environment={n: v for n, v in os.environ.items() if _is_kept(n, v)})
    return read(job.path / START, _start)


def lacking(job: Job, start: Start) -> str:
    """What this process lacks to start a job, in a sentence; empty where it has all.

    Parameters
    ----------
    job : Job
    start : Start
        What it is to be started with.
    """
    if is_foreign(job):
        return FOREIGN
    if not os.access(start.python, os.X_OK):
        return f"It waits for a machine that has its Python, {start.python}."
    if not Path(job.folder or ".").is_dir():
        return f"It waits for a machine that has its working folder, {job.folder}."
    try:
        for reference in references(job.parameters):
            secret(reference)
    except InputError as error:
        return f"It waits for a process that can read its secret ({error})"
    return ""


def is_foreign(job: Job) -> bool:
    """Whether somebody else wrote it: that runs with his rights, not ours, and on a cluster that he asks."""
    return job.path.stat().st_uid not in (os.getuid(), NOBODY)


def launch(job: Job, held: int, slot: int | None = None, start: Start | None = None) -> int:
    """Start a job's process, in a group of its own so that the terminal's Ctrl-C does not reach it; its number.

    Parameters
    ----------
    job : Job
    held, slot : int
        Its lock and its slot. Both are handed down, so that at no moment anybody finds them free.
    start : Start, optional
        With what; by default as this process is.

    Raises
    ------
    OSError
        If it can't be started.
    """
    passed = [held, *([] if slot is None else [slot])]
    python = sys.executable if start is None else start.python
    command = [python, "-m", "workbench.jobs.run.runner", str(job.path), *map(str, passed)]
    with (job.path / "log").open("ab") as log:
        process = started(command, _environment(job, start), job.folder, log, passed)
    forget_ended()
    _STARTED.append(process)
    return process.pid


def forget_ended() -> None:
    """Let go of the processes of jobs that this process has started and that have ended."""
    _STARTED[:] = [process for process in _STARTED if process.poll() is None]


def wait_for(pid: int | None, seconds: float = 10.0) -> None:
    """Wait for the end of a job's process, where this one has started it."""
    for process in [p for p in _STARTED if p.pid == pid]:
        try:
            process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            return


def _environment(job: Job, start: Start | None) -> dict[str, str]:
    """The job writes where its submitter does, whatever folder the notebook changes to."""
    own: Mapping[str, str] = os.environ
    if start is not None:
        own = {name: value for name, value in os.environ.items() if not _is_kept(name, value)} | start.environment
    return {**own, "WORKBENCH_HOME": str(job.path.parent.parent), "WORKBENCH_JOB": job.id}


def _is_kept(name: str, value: str) -> bool:
    return name.startswith(KEPT) and not is_secret(name) and not looks_secret(value)


def _start(content: dict[str, Any]) -> Start:
    environment = content["environment"]
    if not (isinstance(content["python"], str) and all(isinstance(v, str) for v in environment.values())):
        raise TypeError("an interpreter and variables are texts")
    return Start(content["python"], dict(environment))
