"""Whether a job still lives is read off its process, not guessed."""

import os

import psutil
import pytest

from workbench.core.job import Job, JobState
from workbench.jobs.records import checked, write


@pytest.fixture
def running(home):
    job = Job(
        "20261121T0149-score-3f2a", "score.ipynb", {}, JobState.IN_PROGRESS, pid=os.getpid(), path=home / "jobs" / "x"
    )
    write(job)
    return job


@pytest.mark.parametrize(
    ("words", "state"),
    [
        (["python", "-m", "workbench.jobs.runner", "/jobs/20261121T0149-score-3f2a"], JobState.IN_PROGRESS),
        ([], JobState.IN_PROGRESS),
        (["somebody", "else"], JobState.FAILED),
    ],
    ids=["its own", "too young to have a command line", "somebody else's"],
)
def test_a_number_is_a_job_only_with_its_command_line(running, monkeypatch, words, state):
    monkeypatch.setattr(psutil.Process, "cmdline", lambda self: words)

    assert checked(running).state is state
