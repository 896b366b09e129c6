"""A night by the commands alone: a schedule, the line, a cell that fails, a message, a mended cell, and the morning."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import nbformat
import pytest

from tests.receivers import Hook
from workbench.core.job import Job, JobState
from workbench.jobs import schedules
from workbench.jobs.records import job, jobs

PATIENCE = 120.0
TRACES = "from pathlib import Path\nwith Path('traces').open('a') as file:\n    file.write('prepared ')\nrows = [3, 4]"
SHIFT = ("# How the month went", TRACES, "total = summ(rows) * month", "print('total', total)")


def command(*words: str, code: int = 0) -> str:
    """What a command says, which ends as it is expected to."""
    done = subprocess.run(
        [sys.executable, "-m", "workbench", *words], env=dict(os.environ), capture_output=True, text=True, check=False
    )
    assert done.returncode == code, (done.stdout, done.stderr)
    return done.stdout


def until(found: Callable[[], Any], what: str) -> Any:
    """What is found in the end."""
    end = time.monotonic() + PATIENCE
    while not (seen := found()):
        assert time.monotonic() < end, what
        time.sleep(0.1)
    return seen


def of(name: str, *states: JobState) -> Job | None:
    """The job of a notebook, once it is in one of some states."""
    return next((one for one in jobs() if one.name == name and one.state in states), None)


@pytest.fixture
def scheduler(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """Starts the service, which is ended cleanly when all is done."""
    monkeypatch.chdir(tmp_path)
    started: list[subprocess.Popen[str]] = []

    def start() -> None:
        words = [sys.executable, "-m", "workbench", "scheduler"]
        started.append(subprocess.Popen(words, env=dict(os.environ), stdout=subprocess.DEVNULL, text=True))

    yield start
    for service in started:
        service.terminate()
        assert service.wait(PATIENCE) == 0


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_a_night_from_the_schedule_to_the_morning(
    home: Path,
    notebook: Callable[..., Path],
    hook: Hook,
    scheduler: Callable[[], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("WORKBENCH_JOBS", "1")
    shift = notebook(*SHIFT, parameters="month: int = 7", name="shift.ipynb")
    notebook("import time; time.sleep(600)", name="long.ipynb")

    # In the evening: a job that takes the only slot, and a schedule whose last moment has passed with nobody there.
    command("submit", "long.ipynb", "--no-wait")
    with monkeypatch.context() as earlier:
        now = schedules._now
        earlier.setattr(schedules, "_now", lambda: now() - timedelta(minutes=5))
        schedules.add("nightly", "shift.ipynb", "* * * * *", {"month": 8}, park=600, notify=[f"failure:{hook.url}"])
    scheduler()

    # In the night: it waits for its turn, and its second cell fails.
    waiting = until(lambda: of("shift.ipynb", JobState.QUEUED), "the schedule has put nothing into the line")
    command("schedule", "pause", "nightly")
    assert (waiting.schedule, waiting.parameters) == ("nightly", {"month": 8})
    assert waiting.id in command("jobs", "--state", "QUEUED")
    assert "STOPPED" in command("stop", until(lambda: of("long.ipynb", JobState.IN_PROGRESS), "not begun").id)
    parked = until(lambda: of("shift.ipynb", JobState.PARKED), "the job is not parked")
    assert "NameError: name 'summ' is not defined" in str(parked.error)
    told = until(lambda: hook.texts, "nobody was told")[0]
    assert "shift.ipynb" in told
    assert "total = summ(rows) * month" in told

    # In the morning: the cell is mended, and the job goes on there.
    mended = nbformat.read(shift, 4)
    (broken,) = [cell for cell in mended.cells if "summ(" in cell.source]
    broken.source = broken.source.replace("summ", "sum")
    nbformat.write(mended, shift)
    command("resume", parked.id)
    done = job(parked.id)
    assert done.state is JobState.COMPLETED
    assert done.reused
    assert Path("traces").read_text(encoding="utf-8") == "prepared "
    assert "total 56" in str(nbformat.read(done.output, 4).cells[-1].outputs)

    # And whoever doubts it gets the same again.
    assert "identical" in command("reproduce", done.id)
