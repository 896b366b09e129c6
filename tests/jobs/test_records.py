"""Whether a job still lives is read off its process, not guessed."""

import os

import psutil
import pytest

from workbench.core.job import Job, JobState
from workbench.jobs import runner
from workbench.jobs.records import checked, events, jobs, load, write


@pytest.fixture
def running(home, monkeypatch):
    monkeypatch.setattr(psutil.Process, "cmdline", lambda self: ["20261121T0149-score-3f2a"])
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


def test_one_damaged_record_does_not_hide_the_others(running):
    broken = running.path.parent / "20261121T0150-broken-0000"
    broken.mkdir()
    (broken / "job.json").write_text('{"id": ')

    told = {job.path.name: job for job in jobs(home=running.path.parent.parent)}

    assert told["x"].state is JobState.IN_PROGRESS
    assert "can't be read" in told[broken.name].error


def test_whoever_sees_a_final_state_finds_its_event(running, monkeypatch):
    """The record changes last: a reader that looks at any moment never misses the end."""
    before = []
    change = runner.update
    monkeypatch.setattr(
        runner, "update", lambda folder, **to: [before.extend(events(folder)[0]), change(folder, **to)][1]
    )

    assert runner._finish(running.path, {"state": JobState.FAILED, "error": "no"}) == 1

    assert [(e["event"], e["state"], e["error"]) for e in before] == [("job_ended", "FAILED", "no")]
    assert load(running.path).state is JobState.FAILED
