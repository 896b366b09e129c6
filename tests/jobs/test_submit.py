"""A job runs in its own process, and its record and its notebook tell the truth whatever happens."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import psutil
import pytest

import workbench as wb
from workbench.core.job import Job, JobState
from workbench.errors import BadParameter, JobFailed, NotFound
from workbench.jobs.processes import family
from workbench.jobs.records import events, job, jobs
from workbench.jobs.stopping import stop

Make = Callable[..., Path]


def _until(job_id: str, reached: Callable[[Job], bool], within: float = 60.0) -> Job:
    end = time.monotonic() + within
    while time.monotonic() < end:
        seen = job(job_id)
        if reached(seen):
            return seen
        time.sleep(0.1)
    raise AssertionError(f"not reached in {within} s: {job(job_id)}")


def _statuses(of: Job) -> list[str]:
    return [c.metadata.papermill.status for c in nbformat.read(of.output, 4).cells if c.cell_type == "code"]


def _event_names(of: Job) -> list[str]:
    return [e["event"] for e in events(of.path)[0]]


@pytest.mark.slow
@pytest.mark.usefixtures("home")
def test_a_notebook_runs_with_its_parameters_in_the_working_folder(notebook: Make, tmp_path: Path) -> None:
    path = notebook("import os\nprint(n * 2, os.getcwd())", parameters="n = 1  # how many")

    ended = wb.submit(path, {"n": 21})

    assert (ended.state, ended.cells, ended.cells_done) == (JobState.COMPLETED, 3, 3)
    output = nbformat.read(ended.output, 4)
    assert output.cells[-1].outputs[0].text == f"42 {Path.cwd()}\n"
    assert output.metadata.workbench == {"job": ended.id, "state": "COMPLETED", "failed_cell": None, "error": None}
    assert _event_names(ended)[0] == "job_started"
    assert _event_names(ended)[-1] == "job_ended"
    assert [j.id for j in jobs()] == [ended.id]


@pytest.mark.slow
@pytest.mark.usefixtures("home")
def test_a_failing_cell_is_named_and_later_cells_stay_pending(notebook: Make) -> None:
    path = notebook("1", "open('no such file')", "2")

    with pytest.raises(JobFailed, match=r"cell 3: FileNotFoundError.*output.ipynb") as caught:
        wb.submit(path)

    ended = jobs()[0]
    assert caught.value.cell == 2
    assert (ended.state, ended.failed_cell, ended.cells_done) == (JobState.FAILED, 2, 1)
    assert _statuses(ended) == ["completed", "failed", "pending"]


@pytest.mark.slow
@pytest.mark.usefixtures("home")
def test_a_killed_kernel_is_a_failure_of_its_cell(notebook: Make) -> None:
    path = notebook("1", "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", "2")

    with pytest.raises(JobFailed, match="kernel died"):
        wb.submit(path)

    assert _statuses(jobs()[0]) == ["completed", "failed", "pending"]
    assert nbformat.read(jobs()[0].output, 4).metadata.workbench.state == "FAILED"


@pytest.mark.slow
@pytest.mark.usefixtures("home")
def test_a_job_that_uses_up_its_time_fails(notebook: Make) -> None:
    """The cell never ends by itself, so that neither a slow nor a fast machine changes what happens."""
    with pytest.raises(JobFailed, match="time for the job"):
        wb.submit(notebook("import threading; threading.Event().wait()", "1"), timeout=1)

    assert _statuses(jobs()[0]) == ["failed", "pending"]


@pytest.mark.slow
@pytest.mark.usefixtures("home")
def test_a_job_whose_process_is_gone_says_so(notebook: Make) -> None:
    started = wb.submit(notebook("1", "import time; time.sleep(60)"), wait=False)
    running = _until(started.id, lambda j: _event_names(j).count("cell_started") == 2)
    kernel = next(p for p in family(started.id) if "ipykernel" in " ".join(p.cmdline()))

    os.kill(running.pid, signal.SIGKILL)
    ended = _until(started.id, lambda j: j.state.final)

    assert (ended.state, ended.failed_cell) == (JobState.FAILED, 2)
    assert "process is gone" in ended.error
    assert _statuses(ended) == ["completed", "failed"]
    kernel.wait(timeout=30)


@pytest.mark.slow
@pytest.mark.usefixtures("home")
def test_a_stopped_job_leaves_no_process_behind(notebook: Make) -> None:
    stubborn = "import time\nwhile True:\n    try:\n        time.sleep(60)\n    except KeyboardInterrupt:\n        pass"
    started = wb.submit(notebook(stubborn), wait=False)
    running = _until(started.id, lambda j: "cell_started" in _event_names(j))
    there = family(started.id)
    assert running.pid in [process.pid for process in there]

    ended = stop(started.id, grace=1.0)

    assert ended.state is JobState.STOPPED
    assert psutil.wait_procs(there, timeout=30)[1] == []


@pytest.mark.slow
@pytest.mark.usefixtures("home")
def test_stopping_interrupts_the_cell_and_keeps_what_was_done(notebook: Make) -> None:
    started = wb.submit(notebook("print('kept')", "import time; time.sleep(60)"), wait=False)
    _until(started.id, lambda j: j.cells_done == 1)

    ended = stop(started.id, grace=20.0)

    assert (ended.state, ended.cells_done) == (JobState.STOPPED, 1)
    assert nbformat.read(ended.output, 4).cells[1].outputs[0].text == "kept\n"
    assert stop(ended.id) == ended


@pytest.mark.slow
@pytest.mark.usefixtures("home")
def test_two_jobs_at_once_do_not_disturb_each_other(notebook: Make) -> None:
    path = notebook("print(n)", parameters="n = 0")

    started = [wb.submit(path, {"n": n}, wait=False) for n in (1, 2)]
    ended = [_until(j.id, lambda j: j.state.final) for j in started]

    assert [j.state for j in ended] == [JobState.COMPLETED] * 2
    assert [nbformat.read(j.output, 4).cells[-1].outputs[0].text for j in ended] == ["1\n", "2\n"]


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"mounth": 7}, "Did you mean 'month'"),
        ({"month": "7"}, "'month' is int"),
        ({"month": True}, "'month' is int"),
        ({"share": "x"}, "'share' is float"),
        ({"x = 1; import os": 1}, "Python name"),
        ({"class": 1}, "Python name"),
        ({"share": object()}, "'share' is float"),
        ({"api_key": "sk-123"}, "env:NAME"),
    ],
)
def test_wrong_parameters_are_refused_before_anything_is_written(
    home: Path, notebook: Make, parameters: dict[str, Any], message: str
) -> None:
    path = notebook("month", parameters="month = 1\nshare = 0.5\napi_key = ''")

    with pytest.raises(BadParameter, match=message):
        wb.submit(path, parameters)

    assert not (home / "jobs").exists()


@pytest.mark.slow
@pytest.mark.usefixtures("home")
def test_a_secret_given_by_reference_is_written_nowhere(notebook: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAREHOUSE", "correct-horse")
    source = "from workbench.jobs.secrets import secret\nprint(len(secret(password)))"

    ended = wb.submit(notebook(source, parameters="password = ''"), {"password": "env:WAREHOUSE"})

    assert nbformat.read(ended.output, 4).cells[-1].outputs[0].text == "13\n"
    assert not any(b"correct-horse" in f.read_bytes() for f in ended.path.iterdir())


@pytest.mark.usefixtures("home")
def test_the_record_can_not_be_reached_by_a_path(notebook: Make) -> None:
    with pytest.raises(BadParameter, match="job name"):
        job("../../etc")
    with pytest.raises(NotFound, match="No job named"):
        job("20261121T0149-score-3f2a")


@pytest.mark.slow
@pytest.mark.usefixtures("home")
def test_a_hostile_notebook_name_stays_in_the_jobs_folder(home: Path, notebook: Make) -> None:
    ended = wb.submit(notebook("1", name="..{a} $(x) 'ü.ipynb"))

    assert ended.path.parent == home / "jobs"


@pytest.mark.slow
@pytest.mark.usefixtures("home")
def test_the_record_is_json_and_the_widgets_state_is_left_out(notebook: Make) -> None:
    ended = wb.submit(notebook("import ipywidgets\nipywidgets.IntSlider()"))

    assert json.loads((ended.path / "job.json").read_text())["state"] == "COMPLETED"
    assert "widgets" not in nbformat.read(ended.output, 4).metadata
