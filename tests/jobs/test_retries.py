"""A job that fails is tried again as often as was asked, each try with its own time, output and place in the record."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import nbformat
import pytest
from dispatchers import queued, record
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

import workbench as wb
from workbench.cli import app
from workbench.core.job import Cause, Job, JobState
from workbench.core.job_options import JobOptions
from workbench.errors import BadParameter, JobFailed, StoreError
from workbench.jobs.line import queue, tickets
from workbench.jobs.line.queue import dispatch
from workbench.jobs.records import conclude, events, finish, job, jobs, load, write
from workbench.jobs.run import runner
from workbench.jobs.run.control import Control
from workbench.jobs.stopping import stop

Make = Callable[..., Path]
ENDED = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
COUNTS = """import pathlib
place = pathlib.Path("tries")
place.write_text(place.read_text() + "x" if place.exists() else "x")"""


def _until(job_id: str, reached: Callable[[Job], bool], within: float = 120.0) -> Job:
    end = time.monotonic() + within
    while not reached(seen := job(job_id)):
        assert time.monotonic() < end, f"not reached in {within} s: {seen.headline()}"
        time.sleep(0.05)
    return seen


@settings(max_examples=20)
@given(
    wanted=st.integers(0, 6),
    backoff=st.sampled_from([0.0, 0.5, 30.0, 3000.0, 86400.0]),
    causes=st.lists(st.sampled_from(list(Cause)), min_size=7, max_size=7),
    good=st.integers(0, 8),
)
def test_a_job_is_tried_as_often_as_asked_and_waits_twice_as_long_each_time(
    wanted: int, backoff: float, causes: list[Cause], good: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    home = tmp_path_factory.mktemp("tries") / "home"
    made = queued(home, 0, options=JobOptions(retries=wanted, backoff=backoff))
    tickets.take(tickets.waiting(home)[0])
    waits, tries = [], 0
    while True:
        tries += 1
        (made.path / "output.ipynb").write_text(f'{{"cells": [], "metadata": {{"try": {tries}}}}}')
        state = JobState.COMPLETED if tries > good else JobState.FAILED
        now = conclude(made.path, state=state, cause=causes[tries - 1], failed_cell=2, ended=ENDED.isoformat())
        if now.state.final:
            break
        assert (now.state, now.failed_cell, now.cause, now.cells_done) == (JobState.QUEUED, None, None, 0)
        waits.append((datetime.fromisoformat(now.due) - ENDED).total_seconds())
        tickets.take(tickets.waiting(home)[0])

    assert tries == min(wanted, good) + 1
    assert waits == [min(backoff * 2**i, max(3600.0, backoff)) for i in range(tries - 1)]
    assert now.state is (JobState.COMPLETED if good < tries else JobState.FAILED)
    assert [a["output"] for a in now.attempts] == [f"output-{i + 1}.ipynb" for i in range(tries - 1)]
    assert [a["cause"] for a in now.attempts] == [c.value for c in causes[: tries - 1]]
    for attempt, number in zip(now.attempts, range(1, tries), strict=True):
        assert f'"try": {number}' in (made.path / attempt["output"]).read_text()
        assert '"state": "FAILED"' in (made.path / attempt["output"]).read_text()
    told = [e["attempt"] for e in events(made.path)[0] if e["event"] == "job_retried"]
    assert told == [*range(1, tries)]
    assert not (*tickets.waiting(home), *tickets.started(home))


@pytest.mark.parametrize("state", [JobState.STOPPED, JobState.COMPLETED])
def test_only_what_failed_is_tried_again(home: Path, state: JobState) -> None:
    made = record(home, 0, JobState.IN_PROGRESS, options=JobOptions(retries=3))
    write(made)

    assert conclude(made.path, state=state, ended=ENDED.isoformat()).state is state


@pytest.mark.parametrize(
    ("error", "writes"),
    [
        (BadParameter("'n' is int, got 'x'. Change it."), finish),
        (JobFailed("The kernel died.", cause=Cause.KERNEL), conclude),
        (OSError(28, "No space left on device"), conclude),
        (StoreError("It is damaged."), conclude),
        (RuntimeError("odd"), conclude),
    ],
)
def test_wrong_parameters_are_wrong_the_next_time_too(
    home: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, writes: Any
) -> None:
    made = record(home, 0, JobState.IN_PROGRESS, options=JobOptions(retries=3))

    def fails(*_: Any) -> None:
        raise error

    monkeypatch.setattr(runner, "_execute", fails)

    assert runner._end(made, Control(made.path), home)[1] is writes


def test_a_stop_that_comes_while_a_try_ends_is_heard(home: Path) -> None:
    made = record(home, 0, JobState.STOPPING, options=JobOptions(retries=3))
    write(made)

    ended = conclude(made.path, state=JobState.FAILED, cause=Cause.CELL, ended=ENDED.isoformat())

    assert ended.state is JobState.STOPPED
    assert not tickets.waiting(home)


def test_a_reader_sees_a_killed_try_as_one_that_is_tried_again(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runner and guardian are gone, as after a power cut; whoever dispatches next goes on."""
    made = record(home, 0, JobState.IN_PROGRESS, options=JobOptions(retries=1, backoff=0.0))
    write(made)
    (made.path / ".alive").touch()
    tickets.put(made, taken=True)
    started: list[str] = []
    monkeypatch.setattr(queue, "launch", lambda job, *_: started.append(job.id) or os.getpid())
    assert (job(made.id).state, load(made.path).state) == (JobState.QUEUED, JobState.IN_PROGRESS)

    dispatch()

    assert started == [made.id]
    assert [a["cause"] for a in load(made.path).attempts] == ["process gone"]


@pytest.mark.slow
def test_a_job_that_fails_twice_is_completed_by_its_third_try(home: Path, notebook: Make, tmp_path: Path) -> None:
    path = notebook(COUNTS, "assert place.read_text() == 'xxx'")

    ended = wb.submit(path, folder=tmp_path, retries=5, backoff=0.0, show=False)

    assert (ended.state, ended.error, ended.cells_done) == (JobState.COMPLETED, None, 2)
    assert [(a["error"], a["failed_cell"], a["output"]) for a in ended.attempts] == [
        ("AssertionError:", 2, "output-1.ipynb"),
        ("AssertionError:", 2, "output-2.ipynb"),
    ]
    first = nbformat.read(ended.path / "output-1.ipynb", 4)
    assert (first.metadata.workbench.state, first.metadata.workbench.failed_cell) == ("FAILED", 2)
    assert nbformat.read(ended.output, 4).metadata.workbench.state == "COMPLETED"
    assert [e["event"] for e in events(ended.path)[0]].count("job_retried") == 2


@pytest.mark.slow
@pytest.mark.usefixtures("home")
def test_each_try_has_its_own_time(notebook: Make, tmp_path: Path) -> None:
    """What never ends by itself is ended each time, whatever the machine's pace."""
    path = notebook(COUNTS, "import threading; threading.Event().wait()")

    with pytest.raises(JobFailed, match=r"The time for the job is used up.* This was try 2 of 2\.") as caught:
        wb.submit(path, folder=tmp_path, retries=1, backoff=0.0, timeout=1.0, show=False)

    assert caught.value.cause is Cause.TIME
    assert [a["cause"] for a in jobs()[0].attempts] == ["timed out"]


@pytest.mark.slow
@pytest.mark.usefixtures("home")
def test_a_cell_has_its_own_time(notebook: Make, tmp_path: Path) -> None:
    path = notebook(COUNTS, "import threading\nplace.read_text() == 'xx' or threading.Event().wait()")

    ended = wb.submit(path, folder=tmp_path, retries=1, backoff=0.0, cell_timeout=5.0, show=False)

    assert ended.state is JobState.COMPLETED
    assert [(a["cause"], a["failed_cell"]) for a in ended.attempts] == [("timed out", 2)]


@pytest.mark.slow
@pytest.mark.usefixtures("home")
@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_a_killed_process_is_tried_again_though_nobody_waits(notebook: Make, tmp_path: Path) -> None:
    """The guardian of the first try sees to the second; nobody else is there."""
    kill = "import os, json, signal; home = pathlib.Path(os.environ['WORKBENCH_HOME'])\n"
    kill += "told = json.loads((home / 'jobs' / os.environ['WORKBENCH_JOB'] / 'job.json').read_text())\n"
    kill += "if place.read_text() == 'x': os.kill(told['pid'], signal.SIGKILL); import time; time.sleep(600)"

    started = wb.submit(notebook(COUNTS, kill), folder=tmp_path, wait=False, retries=3, backoff=0.2)
    ended = _until(started.id, lambda j: j.state.final)

    assert ended.state is JobState.COMPLETED
    assert [(a["cause"], a["failed_cell"]) for a in ended.attempts] == [("process gone", 2)]
    assert (tmp_path / "tries").read_text() == "xx"


@pytest.mark.slow
@pytest.mark.usefixtures("home")
def test_what_waits_to_be_tried_again_can_be_stopped(notebook: Make) -> None:
    started = wb.submit(notebook("1/0"), wait=False, retries=1, backoff=3600.0)
    waits = _until(started.id, lambda j: j.state is JobState.QUEUED)
    assert "not before" in waits.headline()
    assert waits.headline().endswith("try 2)")

    ended = stop(started.id)

    assert (ended.state, len(ended.attempts)) == (JobState.STOPPED, 1)
    assert dispatch() == []


@pytest.mark.usefixtures("home")
def test_the_command_takes_each_option_of_a_job_and_gives_only_those_that_were_given(
    notebook: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    given_options: list[dict[str, Any]] = []

    def submit(_: str, values: Any, **options: Any) -> Job:
        given_options.append(options)
        return Job("a", "a.ipynb", {}, JobState.QUEUED, place=1)

    monkeypatch.setattr("workbench.jobs.submit.submit", submit)
    given = ["--timeout", "9", "--cell-timeout", "1.5", "--retries", "2", "--backoff", "0.5", "--priority", "-3",
             "--park", "60", "--notify", "mailto:a@example.org", "--notify", "https://example.org/h",
             "--output", "out/{id}.ipynb"]  # fmt: skip
    path = str(notebook("1"))

    done = [CliRunner().invoke(app, ["submit", path, "--no-wait", *more]) for more in ([], given)]

    assert [one.output for one in done] == ["a  a.ipynb QUEUED (next)\n"] * 2
    rest = {"kernel": None, "after": (), "wait": False}
    options = JobOptions(
        9.0, 1.5, 2, 0.5, -3, 60.0, ("mailto:a@example.org", "https://example.org/h"), "out/{id}.ipynb"
    )
    assert given_options[0] == rest
    assert given_options[1] == {**rest, **{f.name: getattr(options, f.name) for f in fields(options)},
                                "notify": list(options.notify)}  # fmt: skip
