"""However a job dies, its record and its notebook say so, and nothing of it is left.

``WORKBENCH_TEST_KILLS=200`` sets how often; by default each way is tried once.
"""

from __future__ import annotations

import os
import random
import signal
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import nbformat
import psutil
import pytest

import workbench as wb
from workbench.core.job import Cause, Job, JobState
from workbench.errors import JobFailed
from workbench.jobs.processes import family
from workbench.jobs.records import events, load
from workbench.jobs.stopping import stop

KILLS = int(os.environ.get("WORKBENCH_TEST_KILLS", "11"))
BYSTANDER = "import subprocess\nsubprocess.Popen(['sleep', '3000'], start_new_session=True)"
WAIT = "import threading\nthreading.Event().wait()"


@dataclass(frozen=True)
class Death:
    """A way to die: what the cell does, what happens from outside, and what is so afterwards."""

    cell: str
    strike: Callable[[Job], None] | None
    state: JobState
    cause: Cause | None
    status: str = "failed"
    timeout: float | None = None


def _kernel(job: Job) -> psutil.Process:
    return next(p for p in family(job.id) if "ipykernel_launcher" in " ".join(p.cmdline()))


def _kernel_gets(number: int) -> Callable[[Job], None]:
    return lambda job: _kernel(job).send_signal(number)


def _runner_gets(number: int) -> Callable[[Job], None]:
    return lambda job: os.kill(job.pid, number)


def _suspended_runner(job: Job) -> None:
    os.kill(job.pid, signal.SIGSTOP)
    stop(job.id, home=job.path.parent.parent, grace=0.2)


LIMIT = "import resource\nresource.setrlimit(resource.RLIMIT_AS, (2**31, 2**31))\nkept = bytearray(2**33)"
DEATHS = {
    "kernel killed": Death(WAIT, _kernel_gets(signal.SIGKILL), JobState.FAILED, Cause.KERNEL),
    "kernel ended": Death(WAIT, _kernel_gets(signal.SIGTERM), JobState.FAILED, Cause.KERNEL),
    "kernel aborted": Death("import os\nos.abort()", None, JobState.FAILED, Cause.KERNEL),
    "os._exit": Death("import os\nos._exit(0)", None, JobState.FAILED, Cause.KERNEL),
    "kernel suspended": Death(WAIT, _kernel_gets(signal.SIGSTOP), JobState.FAILED, Cause.TIME, timeout=20.0),
    "time used up": Death(WAIT, None, JobState.FAILED, Cause.TIME, timeout=20.0),
    "memory limit": Death(LIMIT, None, JobState.FAILED, Cause.CELL),
    "runner killed": Death(WAIT, _runner_gets(signal.SIGKILL), JobState.FAILED, Cause.PROCESS),
    "runner ended": Death(WAIT, _runner_gets(signal.SIGTERM), JobState.STOPPED, None, "stopped"),
    "runner suspended": Death(WAIT, _suspended_runner, JobState.STOPPED, None, "stopped"),
    "runner aborted": Death(WAIT, _runner_gets(signal.SIGABRT), JobState.FAILED, Cause.PROCESS),
}


def _until(reached: Callable[[], bool], within: float = 180.0) -> None:
    end = time.monotonic() + within
    while not reached():
        assert time.monotonic() < end, "not reached"
        time.sleep(0.05)


def _dies(path: Path, kind: str, home: Path, delay: float) -> Job:
    death = DEATHS[kind]
    job = wb.submit(path, show=False, wait=False, timeout=death.timeout, home=home)
    if death.strike is not None:
        _until(lambda: any(e["event"] == "cell_started" and e["cell"] == 1 for e in events(job.path)[0]))
        time.sleep(delay)  # somewhere within the cell; what comes out does not depend on it
        death.strike(load(job.path))
    _until(lambda: load(job.path).state.final)
    _until(lambda: not family(job.id))
    return load(job.path)


def _problems(kind: str, job: Job) -> list[str]:
    """What is not so in the record, in the notebook, or among the processes."""
    death = DEATHS[kind]
    output = nbformat.read(job.output, 4)
    statuses = [c.metadata.papermill.status for c in output.cells]
    told = {
        "state": (job.state, death.state),
        "cause": (job.cause, death.cause),
        "cells": (job.cells_done, 1),
        "failed cell": (job.failed_cell, 1 if death.state is JobState.FAILED else None),
        "notebook": (output.metadata.workbench.state, death.state.value),
        "statuses": (statuses, ["completed", death.status, "pending"]),
        "ended": (job.ended is not None and job.started <= job.ended, True),
    }
    return [f"{kind}: {name} is {seen}, not {so} ({job.error})" for name, (seen, so) in told.items() if seen != so]


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="signals and forks")
def test_whatever_kills_a_job_its_record_is_true_and_nothing_is_left(
    home: Path, notebook: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sockets = tmp_path / "tmp"
    sockets.mkdir()
    monkeypatch.setenv("TMPDIR", str(sockets) if len(str(sockets)) < 60 else tempfile.mkdtemp(prefix="k-"))
    paths = {
        kind: notebook(BYSTANDER, death.cell, "2", name=f"{i}.ipynb") for i, (kind, death) in enumerate(DEATHS.items())
    }
    for path in paths.values():  # no title: cell 0 runs to its end, cell 1 dies
        content = nbformat.read(path, 4)
        nbformat.write(nbformat.from_dict({**content, "cells": content.cells[1:]}), path)
    draw = random.Random(13)
    kinds = [*DEATHS, *draw.choices(list(DEATHS), k=max(0, KILLS - len(DEATHS)))][:KILLS]
    delays = [draw.random() * 0.5 for _ in kinds]

    with ThreadPoolExecutor(4) as pool:
        ended = list(
            pool.map(lambda kd: (kd[0], _dies(paths[kd[0]], kd[0], home, kd[1])), zip(kinds, delays, strict=True))
        )

    assert [problem for kind, job in ended for problem in _problems(kind, job)] == []
    assert {p.name for p in sockets.iterdir()} == set()


@pytest.mark.slow
def test_a_submitter_that_waits_is_told_of_a_killed_runner(home: Path, notebook: Callable[..., Path]) -> None:
    kill = """
import json, os, pathlib, signal
record = pathlib.Path(os.environ["WORKBENCH_HOME"], "jobs", os.environ["WORKBENCH_JOB"], "job.json")
os.kill(json.loads(record.read_text())["pid"], signal.SIGKILL)
"""
    path = notebook(kill + WAIT)

    with pytest.raises(JobFailed, match="process is gone") as caught:
        wb.submit(path, show=False)

    assert caught.value.cause is Cause.PROCESS
