"""Jobs run on a Dask cluster as they do here: the same record, stopped the same way, each try by one worker."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat
import psutil
import pytest

import workbench as wb
from workbench.core.job import Cause, Job, JobState
from workbench.core.job_options import JobOptions
from workbench.errors import BadParameter, JobFailed
from workbench.jobs.elsewhere import cluster, worker
from workbench.jobs.line import queue, tickets
from workbench.jobs.line.queue import dispatch
from workbench.jobs.line.retries import MOST_LOST, next_try
from workbench.jobs.line.starting import keep
from workbench.jobs.processes import family
from workbench.jobs.records import events, job, load, write
from workbench.jobs.stopping import stop

distributed = pytest.importorskip("distributed")
pytestmark = pytest.mark.skipif(os.name != "posix", reason="the workers are told apart by locks")

Make = Callable[..., Path]
ID = "20261130T010203-small-0a1b"


@pytest.fixture(scope="module")
def workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A cluster of two real worker processes, each with one thread."""
    local = tmp_path_factory.mktemp("dask")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, local_directory=str(local)
    ) as made:
        yield made


@pytest.fixture
def on_cluster(workers: Any, home: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("WORKBENCH_SCHEDULER", workers.scheduler_address)
    monkeypatch.setattr(cluster, "_UNREACHED", {})
    return workers


def _until(reached: Callable[[], Any], within: float = 180.0) -> Any:
    end = time.monotonic() + within
    while not (found := reached()):
        assert time.monotonic() < end, f"not reached in {within} s"
        time.sleep(0.1)
    return found


def _worker_of(of: Job, workers: Any) -> int:
    """The process that has started a job: it holds a file of it."""
    with distributed.Client(workers, set_as_default=False) as client:
        numbers = client.run(os.getpid).values()
    held = str(of.path / ".worker-0")
    (number,) = [pid for pid in numbers if held in [file.path for file in psutil.Process(pid).open_files()]]
    return int(number)


def _names(of: Job) -> list[str]:
    return [event["event"] for event in events(of.path)[0]]


@pytest.mark.slow
@pytest.mark.usefixtures("on_cluster")
def test_a_job_runs_on_a_worker_with_the_same_record(notebook: Make) -> None:
    ended = wb.submit(notebook("import workbench as wb\nwb.give(n=n)", parameters="n = 1"), {"n": 21})
    after = wb.submit(notebook("print(n * 2)", parameters="n = 1"), {"n": ended.result("n")})

    assert (ended.state, ended.cells_done, ended.attempts, ended.notes) == (JobState.COMPLETED, 3, (), ())
    assert [name for name in _names(ended) if not name.startswith("cell")] == ["job_taken", "job_started", "job_ended"]
    assert nbformat.read(after.output, 4).cells[-1].outputs[0].text == "42\n"
    assert tickets.find(ended.path.parent.parent, ended.id) is None


@pytest.mark.slow
@pytest.mark.usefixtures("on_cluster")
def test_a_job_is_stopped_while_it_waits_and_while_it_runs(notebook: Make) -> None:
    path = notebook("print('kept', flush=True)", "import threading; threading.Event().wait()")
    running = [wb.submit(path, wait=False) for _ in range(2)]
    for one in running:
        _until(lambda one=one: job(one.id).cells_done == 1)
    waits = wb.submit(path, wait=False)

    ended = [stop(one.id) for one in (waits, *running)]

    assert [one.state for one in ended] == [JobState.STOPPED] * 3
    assert [one.cells_done for one in ended] == [0, 1, 1]
    _until(lambda: not any(family(one.id) for one in ended))


@pytest.mark.slow
def test_a_job_whose_worker_is_killed_is_tried_again_and_never_runs_twice_at_once(
    on_cluster: Any, notebook: Make, tmp_path: Path
) -> None:
    """The first try waits for ever; its process is gone when the second one begins."""
    marks = tmp_path / "marks"
    source = (
        "import os, pathlib, threading\n"
        f"marks = pathlib.Path({str(marks)!r})\n"
        "first = not marks.exists()\n"
        "before = marks.read_text().split() if not first else []\n"
        "alive = [pid for pid in before if pathlib.Path('/proc', pid).exists()]\n"
        "marks.open('a').write(f'{os.getpid()} ')\n"
        "threading.Event().wait() if first else print('alive:', alive)"
    )
    begun = wb.submit(notebook(source), wait=False)
    _until(lambda: marks.exists() and marks.read_text(encoding="utf-8"))

    os.kill(_worker_of(begun, on_cluster), signal.SIGKILL)
    ended = _until(lambda: (seen := job(begun.id)).state.final and seen)

    assert ended.state is JobState.COMPLETED
    assert [one["cause"] for one in ended.attempts] == [Cause.WORKER.value]
    assert nbformat.read(ended.output, 4).cells[-1].outputs[0].text == "alive: []\n"
    assert len(marks.read_text(encoding="utf-8").split()) == 2
    assert _names(ended).count("job_retried") == 1


def test_an_address_that_is_none_is_refused(home: Path, notebook: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKBENCH_SCHEDULER", "localhost")

    with pytest.raises(BadParameter, match="tcp://HOST:PORT"):
        wb.submit(notebook("1"))


@pytest.fixture
def nobody(home: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of a scheduler that is not there."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
    monkeypatch.setenv("WORKBENCH_SCHEDULER", address)
    monkeypatch.setattr(cluster, "PATIENCE", 0.2)
    monkeypatch.setattr(cluster, "_UNREACHED", {})
    return address


@pytest.mark.slow
def test_a_scheduler_that_is_not_there_is_told_and_the_job_waits(
    nobody: str, notebook: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    from workbench.cli import _exit_code

    with pytest.raises(JobFailed, match=f"is in the queue as .*the Dask scheduler {nobody} can't be reached") as caught:
        wb.submit(notebook("1"))
    waits = wb.submit(notebook("1"), wait=False)

    assert _exit_code(caught.value) == 75
    assert waits.state is JobState.QUEUED
    assert "can't be reached" in waits.headline()
    asked: list[str] = []
    monkeypatch.setattr(queue, "ask", lambda record, address: asked.append(address) or "")
    assert dispatch() == []
    assert asked == [nobody] * 2
    assert job(waits.id).notes == ()


def test_a_cluster_is_asked_once_for_a_try(nobody: str, notebook: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    monkeypatch.setattr(cluster, "_told", lambda record, address, number: asked.append(number) or "")
    waits = wb.submit(notebook("1"), wait=False)

    cluster.ask(waits, nobody)
    cluster.ask(replace(waits, attempts=({},)), nobody)

    assert asked == [0, 1]


# What Dask runs anew.


@pytest.fixture
def waiting(home: Path, notebook: Make) -> Callable[..., Job]:
    """A job with a ticket, as the cluster is asked for one."""

    def make(state: JobState = JobState.QUEUED, **changes: Any) -> Job:
        made = Job(
            ID, "small.ipynb", {}, state, path=home / "jobs" / ID, created="2026-11-30T01:02:03+00:00", **changes
        )
        made.path.mkdir(parents=True)
        (made.path / "input.ipynb").write_bytes(notebook("1").read_bytes())
        write(made)
        keep(made)
        tickets.put(made, at_once=True, taken=state is not JobState.QUEUED)
        return made

    return make


def test_a_task_that_runs_twice_starts_its_job_once(
    waiting: Callable[..., Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dask believes a worker lost that is not: the other one waits for the end of the try."""
    made = waiting()
    started: list[int] = []
    told: list[str] = []

    def launch(record: Job, held: int, slot: int | None = None, start: Any = None) -> int:
        started.append(os.dup(held))
        told.append(start.environment[cluster.WATCHED])
        return os.getpid()

    monkeypatch.setattr(queue, "launch", launch)
    monkeypatch.setattr(worker, "LOOK", 0.01)
    both = [threading.Thread(target=worker.run, args=(made.path, 0)) for _ in range(2)]
    for one in both:
        one.start()
    _until(lambda: started)
    write(replace(load(made.path), state=JobState.COMPLETED))
    for one in both:
        one.join(timeout=60)

    assert not any(one.is_alive() for one in both)
    assert (len(started), told) == (1, [".worker-0"])
    os.close(started[0])


def test_a_task_of_a_try_that_has_ended_does_nothing(waiting: Callable[..., Job]) -> None:
    made = waiting(attempts=({"cause": None},))

    assert worker.run(made.path, 0) == "QUEUED"


def test_a_try_whose_machine_is_gone_is_written_down_and_tried_again(
    waiting: Callable[..., Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "dispatch", lambda _: [])
    made = waiting(JobState.IN_PROGRESS, host="elsewhere", boot="other", started="2026-11-30T01:02:04+00:00")
    (made.path / ".alive").touch()
    os.utime(made.path / ".alive", (1, 1))

    assert worker.run(made.path, 0) == "QUEUED"

    again = load(made.path)
    assert [one["cause"] for one in again.attempts] == [Cause.WORKER.value]
    assert [ticket.id for ticket in tickets.waiting(made.path.parent.parent)] == [ID]


def test_a_lost_worker_is_no_failure_of_the_notebook() -> None:
    """It counts for none of the retries that were asked for, and not for ever."""
    lost = Job(ID, "n", {}, JobState.FAILED, cause=Cause.WORKER, ended="2026-11-30T01:02:03.000+00:00")
    tried = {"cause": Cause.WORKER.value}

    assert next_try(lost) == lost.ended
    assert next_try(replace(lost, attempts=(tried,) * (MOST_LOST - 1))) == lost.ended
    assert next_try(replace(lost, attempts=(tried,) * MOST_LOST)) is None
    failed = replace(lost, cause=Cause.CELL, attempts=(tried,), options=JobOptions(retries=1))
    assert next_try(failed) is not None
    assert next_try(replace(failed, attempts=(tried, {"cause": Cause.CELL.value}))) is None


def test_a_process_ends_with_its_worker_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not cluster.is_lost(tmp_path)
    monkeypatch.setenv(cluster.WATCHED, ".worker-0")

    with cluster.watched(tmp_path, 0):
        assert not cluster.is_lost(tmp_path)
    assert cluster.is_lost(tmp_path)


def test_nobody_asks_a_cluster_that_somebody_else_has_named(
    nobody: str, waiting: Callable[..., Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dask's messages are pickles: who answers at the address could run code as who asks."""
    made = waiting()
    asked: list[str] = []
    monkeypatch.setattr(queue, "ask", lambda record, address: asked.append(address) or "")
    monkeypatch.setattr("workbench.jobs.line.starting.os.getuid", lambda: made.path.stat().st_uid + 1)

    assert dispatch() == []

    assert asked == []
    assert load(made.path).notes == ("It waits for a process of the user who submitted it.",)


@pytest.mark.parametrize("seen", [True, False])
def test_what_a_worker_can_not_start_goes_to_another(
    waiting: Callable[..., Job], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seen: bool
) -> None:
    made = waiting(folder=str(tmp_path / "gone"))
    monkeypatch.setattr(worker, "LOOK", 0.001)
    folder = made.path if seen else tmp_path / "elsewhere" / "jobs" / ID

    with pytest.raises(distributed.Reschedule):
        worker.run(folder, 0)

    assert ("waits for a machine that has its working folder" in str(load(made.path).notes)) == seen
