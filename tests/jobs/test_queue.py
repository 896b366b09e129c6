"""What waits is started in its order, never more at once than may, and whoever is killed, none is lost or run twice."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import nbformat
import pytest
from dispatchers import queued
from hypothesis import given, settings
from hypothesis import strategies as st

import workbench as wb
from workbench.core.job import Cause, Job, JobState
from workbench.core.job_options import JobOptions
from workbench.errors import BadParameter, NotFound
from workbench.jobs.line import queue, slots, tickets
from workbench.jobs.line.queue import dispatch
from workbench.jobs.line.starting import Start
from workbench.jobs.liveness import ALIVE
from workbench.jobs.records import events, finish, job, jobs, load, update
from workbench.jobs.stopping import stop

Make = Callable[..., Path]
HERE = Path(__file__).parent


@dataclass
class Started:
    """Jobs that would have been started; each holds its lock and its slot until it is ended."""

    held: dict[str, list[int]] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)
    starts: list[Start | None] = field(default_factory=list)

    def launch(self, job: Job, held: int, slot: int | None = None, start: Start | None = None) -> int:
        self.held[job.id] = [os.dup(descriptor) for descriptor in (held, slot) if descriptor is not None]
        self.order.append(job.id)
        self.starts.append(start)
        return os.getpid()

    def end(self, made: Job, state: JobState | None = JobState.COMPLETED, cause: Cause | None = None) -> None:
        if state is not None:
            finish(made.path, state=state, cause=cause)
        for descriptor in self.held.pop(made.id):
            os.close(descriptor)


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch, home: Path) -> Iterator[Started]:
    begun = Started()
    monkeypatch.setattr(queue, "launch", begun.launch)
    monkeypatch.setenv("WORKBENCH_JOBS", "1")
    yield begun
    for descriptors in begun.held.values():
        for descriptor in descriptors:
            os.close(descriptor)


def _until(reached: Callable[[], Any], within: float = 120.0) -> Any:
    end = time.monotonic() + within
    while not (found := reached()):
        assert time.monotonic() < end, f"not reached in {within} s: {[j.headline() for j in jobs()]}"
        time.sleep(0.05)
    return found


def _ahead(**span: float) -> str:
    return (datetime.now(UTC) + timedelta(**span)).isoformat(timespec="milliseconds")


# --- the order and the limit ------------------------------------------------------------------------------------------


@settings(max_examples=30)
@given(priorities=st.lists(st.integers(-1000, 1000) | st.sampled_from([0, 1]), max_size=7), most=st.integers(1, 4))
def test_a_higher_priority_goes_first_then_who_came_first_and_never_more_than_may(
    priorities: list[int], most: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    home = tmp_path_factory.mktemp("line") / "home"
    made = {j.id: j for j in (queued(home, i, options=JobOptions(priority=p)) for i, p in enumerate(priorities))}
    expected = [j.id for j in sorted(made.values(), key=lambda j: (-j.options.priority, j.created))]
    places = {j.id: j.place for j in jobs(home)}
    begun = Started()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(queue, "launch", begun.launch)
        patch.setenv("WORKBENCH_JOBS", str(most))
        while dispatch(home):
            assert len(begun.held) <= most
            begun.end(made[next(iter(begun.held))])
        for name in list(begun.held):
            begun.end(made[name])

    assert begun.order == expected
    assert [places[name] for name in expected] == [*range(1, len(expected) + 1)]


SCENARIO = st.fixed_dictionaries(
    {
        "play": st.just("together"),
        "most": st.integers(1, 3),
        "priorities": st.lists(st.integers(-2, 2), min_size=1, max_size=6),
        "dispatchers": st.integers(1, 3),
        "kills": st.lists(st.integers(0, 40), max_size=3),
    }
)


@pytest.fixture(scope="module")
def play() -> Iterator[Callable[[Any], Any]]:
    """Plays scenarios in a process that has no threads, so that it may fork."""
    env = {**os.environ, "WORKBENCH_INSTANT": "0"}
    command = [sys.executable, str(HERE / "dispatchers.py")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env) as process:

        def play(scenario: Any) -> Any:
            process.stdin.write(json.dumps(scenario) + "\n")
            process.stdin.flush()
            return json.loads(process.stdout.readline())

        yield play
        process.stdin.close()


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="forks")
def test_several_dispatchers_start_each_job_once_and_never_more_than_may(play: Callable[[Any], Any]) -> None:
    @settings(max_examples=25)
    @given(scenario=SCENARIO)
    def holds(scenario: Any) -> None:
        told = play(scenario)

        running = 0
        for line in (line for line in told["said"] if line[0] in "+-"):
            running += 1 if line[0] == "+" else -1
            assert running <= scenario["most"]
        assert sorted(line[1:] for line in told["said"] if line[0] == "+") == sorted(told["states"])
        assert set(told["states"].values()) == {"COMPLETED"}
        assert told["tickets"] == []

    holds()


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="forks")
@pytest.mark.parametrize("full", [False, True], ids=["killed", "full disk"])
@pytest.mark.parametrize(("act", "starts", "attempts"), [("dispatch", 1, 0), ("retry", 2, 1)])
def test_a_dispatcher_stopped_at_any_step_costs_no_job_and_no_try(
    play: Callable[[Any], Any], act: str, starts: int, attempts: int, full: bool
) -> None:
    told = play({"play": "stopped", "most": 1, "act": act, "full": full})

    assert len(told) > 8  # steps at which it was stopped
    assert {sum(line[0] == "+" for line in one["said"]) for one in told} == {starts}
    assert {tuple(one["attempts"]) for one in told} == {(attempts,)}
    assert all(one["tickets"] == [] for one in told)
    assert {state for one in told for state in one["states"].values()} == {"FAILED" if attempts else "COMPLETED"}


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="forks")
def test_who_is_killed_while_stopping_what_waits_leaves_it_to_be_stopped(play: Callable[[Any], Any]) -> None:
    told = play({"play": "stopped", "most": 1, "act": "withdraw"})

    assert {(tuple(one["said"]), *one["states"].values(), *one["tickets"]) for one in told} == {((), "STOPPED")}


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="forks")
def test_a_submitter_killed_at_any_step_leaves_a_job_that_runs_or_says_that_it_will_not(
    play: Callable[[Any], Any],
) -> None:
    told = play({"play": "stopped", "most": 1, "act": "submit"})

    for one in told:
        ran, lost = sum(line[0] == "+" for line in one["said"]), "Submit it again" in str(one["errors"])
        assert ran + lost + (one["states"] == {}) == 1
        assert one["tickets"] == []


def test_what_waits_starts_when_nobody_who_submitted_it_lives_any_more(home: Path, started: Started) -> None:
    """After a restart of all: only files are left."""
    waits = queued(home, 0)

    assert dispatch() == [waits.id]
    assert tickets.waiting(home) == []
    assert dispatch() == []


def test_a_ticket_that_was_taken_here_and_not_started_is_taken_up(home: Path, started: Started) -> None:
    waits = queued(home, 0)
    tickets.take(tickets.waiting(home)[0])
    assert job(waits.id).state is JobState.QUEUED

    assert dispatch() == [waits.id]


@pytest.mark.parametrize(("own_host", "beat", "taken_up"), [(False, 0, False), (True, 0, False), (True, 7200, True)])
def test_a_ticket_that_another_machine_has_taken_is_its_own(
    home: Path, started: Started, own_host: bool, beat: int, taken_up: bool
) -> None:
    """Of another start of this machine, nobody lives: once no heartbeat has come for a while, that is what it is."""
    waits = queued(home, 0)
    taken = tickets.take(tickets.waiting(home)[0])
    mark = f"{tickets.mark().split('-')[0] if own_host else '0' * 8}-{'0' * 8}"
    taken.path.rename(taken.path.with_name(f"{taken.path.name.partition('@')[0]}@{mark}"))
    os.utime(waits.path / ALIVE, (time.time() - beat,) * 2)

    assert (dispatch() == [waits.id]) is taken_up


def test_a_process_that_never_gets_to_its_job_is_started_some_times_and_no_more(home: Path, started: Started) -> None:
    waits = queued(home, 0)

    for _ in range(queue.MOST_STARTS):
        assert dispatch() == [waits.id]
        started.end(waits, None)

    assert dispatch() == []
    assert (job(waits.id).state, job(waits.id).cause) == (JobState.FAILED, Cause.START)
    assert "did not start" in job(waits.id).error


def test_a_folder_that_somebody_removed_takes_its_ticket_along(home: Path, started: Started) -> None:
    shutil.rmtree(queued(home, 0).path)
    behind = queued(home, 1)

    assert dispatch() == [behind.id]
    assert tickets.waiting(home) == []


def test_a_record_that_cannot_be_read_holds_up_no_other(home: Path, started: Started) -> None:
    (queued(home, 0).path / "job.json").write_text("{")
    behind = queued(home, 1)

    assert dispatch() == [behind.id]


@pytest.mark.parametrize("odd", ["0", "-1", "two", "1.5", "", "²", "9" * 30])
@pytest.mark.usefixtures("home")
def test_an_odd_limit_is_told_before_anything_is_written(
    odd: str, home: Path, notebook: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKBENCH_JOBS", odd)

    with pytest.raises(BadParameter, match="WORKBENCH_JOBS must be a whole number of at least 1"):
        wb.submit(notebook("1"))

    assert not (home / "jobs").exists()


def test_without_a_limit_there_is_one_for_each_core_as_far_as_memory_goes(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WORKBENCH_JOBS", raising=False)
    monkeypatch.setattr(slots, "cores", lambda: 3)
    free = [2 * slots.MEMORY, slots.MEMORY, slots.MEMORY - 1]
    monkeypatch.setattr(slots, "free_memory", lambda: free[0])

    taken = []
    for memory in (0, *free):  # the first job needs none
        free[0] = memory
        taken.append(slots.take(home))

    assert [slot is not None for slot in taken] == [True, True, True, False]
    for slot in filter(None, taken):
        os.close(slot)


# --- what is waited for -----------------------------------------------------------------------------------------------


def test_a_job_waits_for_its_moment_and_lets_others_pass(home: Path, started: Started) -> None:
    later = queued(home, 0, due=_ahead(hours=1))
    behind = queued(home, 1)
    assert (job(later.id).place, job(behind.id).place) == (None, 1)
    assert "not before" in job(later.id).headline()

    assert dispatch() == [behind.id]

    started.end(behind)
    update(later.path, due=_ahead(seconds=-1))
    assert job(later.id).place == 1
    assert dispatch() == [later.id]


@pytest.mark.parametrize("end", [JobState.FAILED, JobState.STOPPED])
def test_a_job_runs_after_others_have_completed_and_ends_as_one_that_has_not(
    home: Path, started: Started, end: JobState
) -> None:
    first, second = queued(home, 1), queued(home, 2)
    both = queued(home, 0, after=(first.id, second.id), options=JobOptions(priority=9))
    then = queued(home, 3, after=(both.id,), options=JobOptions(priority=10))
    assert job(both.id).headline() == f"small.ipynb QUEUED (after {first.id}, {second.id})"

    assert dispatch() == [first.id]
    started.end(first)
    assert dispatch() == [second.id]
    started.end(second, end)
    assert dispatch() == []

    assert [load(j.path).state for j in (both, then)] == [end] * 2
    assert load(both.path).error == f"It was not started: it was to run after {second.id}, which is {end.value}."
    assert both.id in load(then.path).error
    assert tickets.waiting(home) == []


def test_a_job_runs_after_one_that_completed(home: Path, started: Started) -> None:
    first = queued(home, 0)
    then = queued(home, 1, after=(first.id,))
    dispatch()
    assert job(then.id).place is None

    started.end(first)

    assert job(then.id).place == 1
    assert dispatch() == [then.id]


def test_a_job_that_was_to_run_after_a_removed_one_says_so(home: Path, started: Started) -> None:
    then = queued(home, 0, after=("20261121T014900-gone-0000",))

    assert dispatch() == []
    assert "gone-0000, whose record is gone" in job(then.id).error


@pytest.mark.usefixtures("home")
def test_a_job_runs_after_jobs_that_there_are(notebook: Make) -> None:
    with pytest.raises(NotFound, match="No job named"):
        wb.submit(notebook("1"), after="20261121T014900-gone-0000")
    with pytest.raises(BadParameter, match="'due' is a moment"):
        wb.submit(notebook("1"), due="soon")


# --- what a job is started with ---------------------------------------------------------------------------------------


@pytest.fixture
def full(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As many jobs run as may."""
    monkeypatch.setenv("WORKBENCH_JOBS", "1")
    slot = slots.take(home)
    yield
    os.close(slot)


@pytest.mark.usefixtures("full")
def test_a_job_waits_with_what_it_was_submitted_with_and_no_secret(
    home: Path, notebook: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKBENCH_API_KEY", "hunter2-key")
    monkeypatch.setenv("WORKBENCH_HIDDEN", "hunter2-named")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "https://me:hunter2@mlflow.example")
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    path = notebook("1", parameters="who = 'a'")

    waits = wb.submit(path, {"who": "env:WORKBENCH_HIDDEN"}, wait=False)

    assert (waits.state, waits.place) == (JobState.QUEUED, 1)
    written = "".join(f.read_text() for f in (*waits.path.iterdir(), *(home / "queue").rglob("*")) if f.is_file())
    assert "hunter2" not in written
    kept = json.loads((waits.path / "start.json").read_text())
    assert (kept["python"], kept["environment"]["OMP_NUM_THREADS"]) == (sys.executable, "3")


def test_a_process_without_a_jobs_secret_leaves_it_to_one_that_has_it_and_says_so(
    home: Path, started: Started, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits, behind = queued(home, 0, parameters={"who": "env:SHOP_PASSWORD"}), queued(home, 1)

    assert dispatch() == [behind.id]
    assert "SHOP_PASSWORD is not set" in job(waits.id).headline()

    started.end(behind)
    monkeypatch.setenv("SHOP_PASSWORD", "fishes")
    assert dispatch() == [waits.id]
    assert load(waits.path).notes == ()


@pytest.mark.parametrize(
    ("lacks", "told"), [({"folder": "/no/such"}, "working folder"), ({"python": "/no/python"}, "its Python")]
)
def test_a_job_is_left_to_a_machine_that_has_its_folder_and_its_python(
    home: Path, started: Started, lacks: dict[str, str], told: str
) -> None:
    waits = queued(home, 0, **({"folder": lacks["folder"]} if "folder" in lacks else {}))
    (waits.path / "start.json").write_text(json.dumps({"python": sys.executable, "environment": {}, **lacks}))

    assert dispatch() == []
    assert told in job(waits.id).headline()


def test_a_job_of_another_user_does_not_run_with_ones_own_rights(
    home: Path, started: Started, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits = queued(home, 0)
    with monkeypatch.context() as patch:
        patch.setattr(os, "getuid", lambda: waits.path.stat().st_uid + 1)
        assert dispatch() == []
    assert "the user who submitted it" in job(waits.id).headline()

    assert dispatch() == [waits.id]


@pytest.mark.slow
@pytest.mark.usefixtures("full")
def test_a_job_that_waited_has_the_interpreter_folder_and_variables_of_its_submitter(
    home: Path, notebook: Make, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Whoever starts it has others, as another environment on a shared home does."""
    own = tmp_path / "own"
    own.mkdir()
    monkeypatch.setenv("MLFLOW_OWN", "ours")
    shown = "import os, sys; print(os.getcwd(), os.environ['MLFLOW_OWN'], 'JUPYTER_THEIRS' in os.environ, sys.prefix)"
    waits = wb.submit(notebook(shown), wait=False, folder=own)
    monkeypatch.delenv("MLFLOW_OWN")
    other = {**os.environ, "WORKBENCH_JOBS": "2", "JUPYTER_THEIRS": "1", "MLFLOW_OWN": "theirs"}
    code = "from workbench.jobs.line.queue import dispatch; print(*dispatch())"

    told = subprocess.run([sys.executable, "-c", code], env=other, cwd="/", capture_output=True, text=True, check=True)

    ended = _until(lambda: (now := job(waits.id)).state.final and now)
    assert (told.stdout.split(), ended.state) == ([waits.id], JobState.COMPLETED)
    assert nbformat.read(ended.output, 4).cells[-1].outputs[0].text == f"{own} ours False {sys.prefix}\n"


# --- who looks --------------------------------------------------------------------------------------------------------


def test_stopping_what_waits_ends_it_at_once(home: Path, started: Started) -> None:
    waits, behind = queued(home, 0), queued(home, 1)

    assert stop(waits.id).state is JobState.STOPPED
    assert dispatch() == [behind.id]
    assert (load(waits.path).started, load(waits.path).cells_done) == (None, 0)
    assert events(waits.path)[0][-1]["event"] == "job_ended"


def test_a_record_whose_ticket_is_gone_does_not_wait_for_ever(home: Path) -> None:
    waits = queued(home, 0)
    tickets.drop(home, waits.id)

    assert (job(waits.id).state, job(waits.id).cause) == (JobState.FAILED, Cause.PROCESS)
    assert "its place in the queue is gone" in job(waits.id).headline()
    assert stop(waits.id).state is JobState.FAILED
    assert load(waits.path).state is JobState.FAILED


def test_a_reader_of_the_line_changes_nothing(home: Path) -> None:
    queued(home, 0), queued(home, 1, due=_ahead(hours=1))
    before = {p: p.stat().st_mtime_ns for p in home.rglob("*")}

    assert [j.place for j in jobs()] == [None, 1]
    assert {p: p.stat().st_mtime_ns for p in home.rglob("*")} == before


@pytest.mark.slow
def test_twenty_jobs_run_two_at_a_time(home: Path, notebook: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKBENCH_JOBS", "2")
    path = notebook("import time; time.sleep(0.1)")

    made = [wb.submit(path, wait=False) for _ in range(20)]
    assert [j.place for j in made if j.state is JobState.QUEUED][:1] == [1]
    ended = _until(lambda: all(job(j.id).state.final for j in made) and jobs())

    assert [j.state for j in ended] == [JobState.COMPLETED] * 20
    moments = sorted([(j.started, 1) for j in ended] + [(j.ended, -1) for j in ended])
    assert max(sum(step for _, step in moments[: i + 1]) for i in range(len(moments))) <= 2


@pytest.mark.slow
def test_a_job_submitted_inside_a_job_and_waited_for_starts_at_once(
    home: Path, notebook: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With one slot the outer job has it, and nothing would ever end."""
    monkeypatch.setenv("WORKBENCH_JOBS", "1")
    inner = notebook("1", name="inner.ipynb")
    outer = notebook(f"import workbench as wb\nwb.submit({str(inner)!r}, show=False).state", name="outer.ipynb")

    wb.submit(outer, show=False)

    assert [j.state for j in jobs()] == [JobState.COMPLETED] * 2


@pytest.mark.slow
def test_who_waits_for_a_job_sees_to_the_line(home: Path, notebook: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one that had the slot is killed without a word, and its guardian, too: nobody else is there."""
    monkeypatch.setenv("WORKBENCH_JOBS", "1")
    holder = subprocess.Popen(
        [sys.executable, "-c", "import sys, pathlib; from workbench.jobs.line.slots import take\n"
         "take(pathlib.Path(sys.argv[1])); print('has it', flush=True); sys.stdin.read()", str(home)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=dict(os.environ),
    )  # fmt: skip
    holder.stdout.readline()
    waits = wb.submit(notebook("1"), wait=False)
    assert waits.state is JobState.QUEUED
    holder.kill()
    holder.communicate()

    assert wb.submit(notebook("2"), show=False).state is JobState.COMPLETED
    assert _until(lambda: (now := job(waits.id)).state.final and now).state is JobState.COMPLETED
