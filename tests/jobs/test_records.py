"""What a record says is so, whoever looks and whatever is wrong with another one."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from workbench.core.job import Cause, Job, JobState
from workbench.errors import Damaged
from workbench.jobs import records
from workbench.jobs.liveness import ALIVE, boot, hold, host
from workbench.jobs.records import events, finish, job, jobs, load, settle, settle_held, tell, write
from workbench.jobs.run import runner

ID = "20261121T0149-score-3f2a"
LONG_AGO = datetime.now(UTC) - timedelta(days=2)


@pytest.fixture
def running(home: Path) -> Job:
    """The record of a job at work whose process is gone: nobody holds its lock."""
    folder = home / "jobs" / ID
    folder.mkdir(parents=True)
    (folder / ALIVE).touch()
    os.utime(folder / ALIVE, (LONG_AGO.timestamp(), LONG_AGO.timestamp()))
    record = Job(ID, "score.ipynb", {}, JobState.IN_PROGRESS, pid=os.getpid(), path=folder, host=host(), boot=boot())
    write(record)
    return record


def _snapshot(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {f.name: (f.read_bytes(), f.stat().st_mtime_ns) for f in folder.rglob("*") if f.is_file()}


def test_a_held_lock_is_a_running_job(running: Job) -> None:
    held = hold(running.path)

    assert job(ID).state is JobState.IN_PROGRESS
    os.close(held)


def test_a_free_lock_on_this_machine_is_a_job_that_ended_with_its_last_heartbeat(running: Job) -> None:
    seen = job(ID)

    assert (seen.state, seen.cause) == (JobState.FAILED, Cause.PROCESS)
    assert datetime.fromisoformat(seen.ended) == LONG_AGO.replace(microsecond=LONG_AGO.microsecond // 1000 * 1000)


@pytest.mark.parametrize(
    ("machine", "beat", "state"),
    [
        ({"boot": "another", "host": "another"}, LONG_AGO, JobState.UNKNOWN),
        ({"boot": "another", "host": "another"}, None, JobState.IN_PROGRESS),
        ({"boot": "another"}, LONG_AGO, JobState.FAILED),
        ({"boot": "", "host": ""}, LONG_AGO, JobState.UNKNOWN),
    ],
    ids=["another machine, no heartbeat", "another machine, alive", "this machine, started anew", "an older record"],
)
def test_who_cant_know_says_unknown(running: Job, machine: dict[str, str], beat: datetime | None, state: str) -> None:
    write(replace(running, **machine))
    if beat is None:
        os.utime(running.path / ALIVE)

    assert job(ID).state is state


def test_a_reader_changes_nothing(running: Job) -> None:
    (running.path / "output.ipynb").write_text('{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}')
    before = _snapshot(running.path)

    assert [j.state for j in (job(ID), *jobs())] == [JobState.FAILED] * 2
    assert _snapshot(running.path) == before


def test_another_process_sees_the_lock_whatever_its_numbers_mean(running: Job) -> None:
    """The number of the process says nothing in another namespace; the lock does."""
    write(replace(running, pid=2**22 - 1))
    held = hold(running.path)
    look = "import sys; from workbench.jobs.records import job; print(job(sys.argv[1]).state)"

    told = subprocess.run([sys.executable, "-c", look, ID], capture_output=True, text=True, check=True).stdout

    os.close(held)
    assert told == "IN_PROGRESS\n"


def test_the_end_of_a_gone_job_is_written_once_by_who_may(running: Job) -> None:
    (running.path / "output.ipynb").write_text(
        json.dumps({"cells": [{"metadata": {"papermill": {"status": "running"}}}], "metadata": {}})
    )
    tell(running.path, "cell_started", cell=0)

    ended = settle_held(running.path, moment="2026-11-21T01:50:00.000+00:00")

    assert (ended.state, ended.failed_cell, ended.ended) == (JobState.FAILED, 0, "2026-11-21T01:50:00.000+00:00")
    notebook = json.loads((running.path / "output.ipynb").read_text())
    assert notebook["cells"][0]["metadata"]["papermill"]["status"] == "failed"
    assert notebook["metadata"]["workbench"]["state"] == "FAILED"
    assert settle(running.path) == ended


def test_nobody_writes_the_end_of_a_running_job(running: Job) -> None:
    held = hold(running.path)

    assert settle(running.path).state is JobState.IN_PROGRESS
    os.close(held)


@pytest.mark.parametrize(
    "content",
    [
        '{"id": ',
        "[]",
        "null",
        '{"state": "ODD"}',
        '{"id": "a", "notebook": "a", "parameters": {}, "state": "UNKNOWN"}',
        '{"id": "a", "notebook": "a", "parameters": {}, "state": "FAILED", "cells": "many"}',
        '{"id": "a", "notebook": "a", "parameters": {}, "state": "FAILED", "ended": "yesterday"}',
        '{"id": "a", "notebook": "a", "parameters": {}, "state": "FAILED", "cause": "bad luck"}',
        '{"id": "a", "notebook": "a", "parameters": {}, "state": "FAILED", "notes": 3}',
        "\ud800",
    ],
)
def test_one_damaged_record_is_shown_with_its_path_and_hides_no_other(running: Job, content: str) -> None:
    broken = running.path.parent / "20261121T0150-broken-0000"
    broken.mkdir()
    (broken / "job.json").write_bytes(content.encode("utf-8", "surrogatepass"))

    told = {j.id: j for j in jobs()}

    assert told[ID].state is JobState.FAILED
    assert told[broken.name].state is JobState.DAMAGED
    assert str(broken / "job.json") in told[broken.name].error
    with pytest.raises(Damaged):
        job(broken.name)


def test_a_torn_line_of_events_hides_no_other(running: Job) -> None:
    tell(running.path, "cell_started", cell=3)
    with (running.path / "events.jsonl").open("a") as file:
        file.write('{"event": "cell_comp')
    tell(running.path, "job_ended")

    assert [e["event"] for e in events(running.path)[0]] == ["cell_started", "job_ended"]
    assert job(ID).state is JobState.FAILED


def test_whoever_sees_a_final_state_finds_its_event(running: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    """The record changes last: a reader that looks at any moment never misses the end."""
    before: list[dict] = []
    change = records.update
    monkeypatch.setattr(
        records, "update", lambda folder, **to: [before.extend(events(folder)[0]), change(folder, **to)][1]
    )

    finish(running.path, state=JobState.FAILED, error="no")

    assert [(e["event"], e["state"], e["error"]) for e in before] == [("job_ended", "FAILED", "no")]
    assert load(running.path).state is JobState.FAILED


@pytest.mark.parametrize(("version", "timeout"), [(1, None), (2, 60.0)])
def test_a_record_of_an_older_version_loads(home: Path, version: int, timeout: float | None) -> None:
    folder = home / "jobs" / "20261121T014900-score-3f2a"
    folder.mkdir(parents=True)
    shutil.copy(Path(__file__).parent / "formats" / f"{version}-job.json", folder / "job.json")

    old = job(folder.name)

    assert (old.state, old.failed_cell, old.parameters["month"]) == (JobState.FAILED, 3, 7)
    assert (old.exit_code, old.notes, old.kernel) == (1, (), {})
    assert (old.options.timeout, old.options.retries) == (timeout, 0)


@pytest.mark.parametrize("cause", Cause)
def test_each_cause_survives_its_record_and_has_an_exit_code(running: Job, cause: Cause) -> None:
    ended = finish(running.path, state=JobState.FAILED, cause=cause)

    assert load(running.path) == ended
    assert ended.exit_code not in (0, 2, 130)


def test_a_runner_whose_folder_is_gone_says_so_in_a_sentence(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert runner.main([str(home / "jobs" / "gone")]) == Cause.RECORD.exit_code
    assert "can't be written" in capsys.readouterr().err


def test_the_engine_is_the_first_thing_that_may_be_imported() -> None:
    check: Callable[..., object] = subprocess.run
    script = "import workbench.jobs.run.engine as e, sys; assert 'papermill' not in sys.modules; e.WorkbenchEngine"

    check([sys.executable, "-c", script], check=True)
