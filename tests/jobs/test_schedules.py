"""Schedules: one job a moment and no more, whoever looks, whatever the clock says, and wherever one is killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from workbench.core.job import Cause, Job, JobState
from workbench.core.job_options import JobOptions
from workbench.core.schedule import Schedule
from workbench.errors import BadParameter, Busy, Damaged, NotFound
from workbench.jobs import schedules as schedules_module
from workbench.jobs import submit
from workbench.jobs.line import queue, tickets
from workbench.jobs.records import LOST, job, jobs, update
from workbench.jobs.scheduler import Scheduler, alone
from workbench.jobs.schedules import add, fire, folder, pause, remove, resume, schedule, schedules

Make = Callable[..., Path]
START = datetime(2027, 10, 30, 22, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


class Clock:
    """A clock that goes where a test sets it."""

    def __init__(self, moment: datetime = START) -> None:
        self.moment = moment

    def __call__(self) -> datetime:
        return self.moment

    def to(self, hours: int, minutes: int = 0, seconds: int = 0) -> datetime:
        """So long after the start."""
        self.moment = START + timedelta(hours=hours, minutes=minutes, seconds=seconds)
        return self.moment


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr("workbench.jobs.schedules._now", made)
    return made


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Ids of the jobs whose process is started, in their order; each has ended at once."""
    ids: list[str] = []
    monkeypatch.setattr(queue, "launch", lambda record, *_: _runs(record, ids))
    return ids


def _runs(record: Job, ids: list[str], state: JobState = JobState.COMPLETED) -> int:
    """What the process of a job writes down."""
    ids.append(record.id)
    update(record.path, state=state, pid=1)
    tickets.drop(record.path.parent.parent, record.id)
    return 1


def _file(name: str = "nightly") -> Path:
    return folder() / f"{name}.json"


def _made(notebook: Make, cron: str = "0 * * * *", **more: Any) -> Schedule:
    return add("nightly", notebook("1", parameters="n = 1"), cron, zone="UTC", **more)


def _works(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every job that is started is at work, for its lock is held."""
    monkeypatch.setattr(
        queue, "launch", lambda record, held, *_: os.dup(held) and _runs(record, [], JobState.IN_PROGRESS)
    )


def test_a_moment_becomes_a_job_that_says_whose_it_is(
    home: Path, notebook: Make, clock: Clock, started: list[str]
) -> None:
    made = _made(notebook, parameters={"n": 3}, retries=2, timeout=60.0)

    before = fire(_file(), clock.to(0, 59))
    told = fire(_file(), clock.to(1))
    again = fire(_file(), clock.to(1, 30))

    record = job(started[0])
    assert (before, again, len(told), len(started)) == ([], [], 1, 1)
    assert (record.schedule, record.nominal, record.parameters) == ("nightly", "2027-10-30T23:00:00+00:00", {"n": 3})
    assert record.options == JobOptions(retries=2, timeout=60.0)
    assert record.id.startswith("20271030T230000000-nightly-")
    assert schedule("nightly").job == record.id
    assert made.next_times(2, after=START)[1].isoformat() == "2027-10-31T00:00:00+00:00"


SPAN = "5 moments from 2027-10-30 23:00 UTC to 2027-10-31 03:00 UTC"
NOTE = f"Schedule nightly: No scheduler was at work for {SPAN}; this run stands for all that was missed."


@pytest.mark.parametrize(("missed", "notes"), [("once", [(NOTE,)]), ("skip", [])])
def test_what_was_missed_is_told_and_run_once_or_left_out(
    missed: str, notes: list[tuple[str]], home: Path, notebook: Make, clock: Clock, started: list[str]
) -> None:
    _made(notebook, missed=missed)

    told = fire(_file(), clock.to(5, 30))

    assert [job(one).notes for one in started] == notes
    assert SPAN in told[0]
    assert schedule("nightly").history[-1]["said"] == told[0]
    assert fire(_file(), clock.to(5, 31)) == []


@pytest.mark.parametrize("missed", ["once", "skip"])
def test_a_moment_that_is_on_time_runs_whatever_was_missed_before(
    missed: str, home: Path, notebook: Make, clock: Clock, started: list[str]
) -> None:
    _made(notebook, missed=missed)

    fire(_file(), clock.to(3, 0, 10))

    assert [job(one).nominal for one in started] == ["2027-10-31T01:00:00+00:00"]
    assert "2 moments from 2027-10-30 23:00 UTC to 2027-10-31 00:00 UTC" in str(schedule("nightly").history)
    assert bool(job(started[0]).notes) is (missed == "once")


@pytest.mark.slow
def test_of_more_moments_than_are_counted_the_last_is_run(
    home: Path, notebook: Make, clock: Clock, started: list[str]
) -> None:
    _made(notebook, "* * * * *")

    fire(_file(), clock.to(24 * 365, 0, 30))

    assert job(started[0]).nominal == "2028-10-29T22:00:00+00:00"
    assert "more than 10,000 moments from 2027-10-30 22:01 UTC" in job(started[0]).notes[0]


def test_an_overlapping_moment_is_left_out_and_told(
    home: Path, notebook: Make, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    _works(monkeypatch)
    _made(notebook)

    fire(_file(), clock.to(1))
    told = fire(_file(), clock.to(2))
    update(jobs()[0].path, state=JobState.COMPLETED)
    fire(_file(), clock.to(3))

    assert "Left out the moment 2027-10-31 00:00 UTC" in told[0]
    assert [j.nominal[11:13] for j in jobs()] == ["01", "23"]
    assert [line["what"] for line in schedule("nightly").history] == ["run", "skipped", "run"]


def test_an_overlapping_moment_waits_where_that_is_asked_for(
    home: Path, notebook: Make, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One job at most waits, and it stands for all moments that came meanwhile, whatever is done with missed ones."""
    _works(monkeypatch)
    _made(notebook, overlap="wait", missed="skip")

    fire(_file(), clock.to(1))
    waits, still = fire(_file(), clock.to(2)), fire(_file(), clock.to(3, 40))
    update(jobs()[0].path, state=JobState.FAILED, cause=Cause.CELL)
    fire(_file(), clock.to(3, 45))

    assert ("waits for the end of" in waits[0], still) == (True, [])
    assert [j.nominal[11:13] for j in jobs()] == ["01", "23"]
    span = "2027-10-31 00:00 UTC to 2027-10-31 01:00 UTC"
    assert jobs()[0].notes == (f"Schedule nightly: This run waited, and stands for 2 moments from {span}.",)
    assert fire(_file(), clock.to(3, 46)) == []


def test_a_job_that_nobody_can_see_or_that_is_gone_holds_up_nothing(
    home: Path, notebook: Make, clock: Clock, started: list[str]
) -> None:
    _made(notebook)
    fire(_file(), clock.to(1))
    record = json.loads((home / "jobs" / started[0] / "job.json").read_text())
    record |= {"state": "IN_PROGRESS", "host": "elsewhere", "boot": "another"}
    (home / "jobs" / started[0] / "job.json").write_text(json.dumps(record))
    os.utime(home / "jobs" / started[0] / ".alive", (1, 1))

    fire(_file(), clock.to(2))

    assert job(started[0]).state is JobState.UNKNOWN
    assert len(started) == 2


def test_a_pause_misses_nothing(home: Path, notebook: Make, clock: Clock, started: list[str]) -> None:
    _made(notebook)

    clock.to(0, 30)
    paused = pause("nightly")
    during = fire(_file(), clock.to(5))
    resumed = resume("nightly")
    fire(_file(), clock.to(6))

    assert (paused.next_times(), during, resumed.paused) == ((), [], False)
    assert [job(one).nominal for one in started] == ["2027-10-31T04:00:00+00:00"]
    assert job(started[0]).notes == ()


def test_a_clock_that_goes_back_repeats_nothing(home: Path, notebook: Make, clock: Clock, started: list[str]) -> None:
    _made(notebook)

    for hours in (1, 2, 1, 0, 2, 3):
        fire(_file(), clock.to(hours, 1))

    assert [job(one).nominal[11:13] for one in started] == ["23", "00", "01"]


@pytest.mark.slow
def test_a_clock_that_was_years_ahead_does_not_silence_a_schedule(
    home: Path, notebook: Make, clock: Clock, started: list[str]
) -> None:
    _made(notebook)
    fire(_file(), clock.to(1))
    fire(_file(), clock.to(24 * 4000))

    told = fire(_file(), clock.to(0, 59))
    fire(_file(), clock.to(1))  # has its job already
    fire(_file(), clock.to(2))

    assert "The clock was ahead" in told[0]
    assert [job(one).nominal[:13] for one in started] == ["2027-10-30T23", "2038-10-12T22", "2027-10-31T00"]


class Killed(BaseException):
    """The process ends here."""


POINTS = ("hold", "write_bytes", "write", "ticket", "dispatch", "launch", "started", "noted", None)
STEPS = st.lists(
    st.tuples(
        st.one_of(st.integers(-90, 200), st.sampled_from([-60 * 24 * 30, 60 * 24 * 20])), st.sampled_from(POINTS)
    ),
    min_size=1,
    max_size=8,
)


@contextmanager
def _killed_at(point: str | None, starts: list[str]) -> Iterator[None]:
    """Ends whoever looks before or after an act of his."""

    def launch(record: Job, *_: Any) -> int:
        if point == "launch":
            raise Killed
        _runs(record, starts)
        return die() if point == "started" else 1

    def die(*_: object, **__: object) -> Any:
        raise Killed

    change = schedules_module._change
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(queue, "launch", launch)
        if point == "noted":
            patch.setattr(schedules_module, "_change", lambda path, look: change(path, lambda it: die(look(it))))
        elif point == "ticket":
            patch.setattr(tickets, "put", die)
        elif point in ("hold", "write_bytes", "write", "dispatch"):
            patch.setattr(submit, point, die)
        with suppress(Killed):
            yield


@pytest.mark.slow
@hypothesis_settings(max_examples=60)
@given(STEPS, st.sampled_from(["0 * * * *", "*/20 1-2 * * *", "30 2 * * *"]), st.sampled_from(["once", "skip"]))
def test_no_moment_is_run_twice_and_none_is_lost(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[int, str | None]], cron: str, missed: str
) -> None:
    """Whatever the clock does (the night of a change among it) and wherever whoever looks is killed."""
    assume(sum(point == "launch" for _, point in steps) < queue.MOST_STARTS)
    place, starts = tmp_path_factory.mktemp("home"), list[str]()
    path = place / "n.ipynb"
    path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []}))
    made = add("nightly", path, cron, zone="Europe/Berlin", missed=missed, home=place)
    made = Schedule.from_dict({**made.to_dict(), "since": START.isoformat()})
    made.save(folder(place) / "nightly.json")
    moment = furthest = START
    for minutes, point in steps:
        moment += timedelta(minutes=minutes)
        furthest = max(moment, furthest)
        with _killed_at(point, starts):
            fire(folder(place) / "nightly.json", moment)

    with _killed_at(None, starts):
        fire(folder(place) / "nightly.json", furthest)
        queue.dispatch(place)  # as the scheduler does now and then, and whoever comes by

    after = schedule("nightly", place)
    coming = after.next_times(1, after=after.cursor)[0].astimezone(UTC)
    assert sorted(starts) == sorted(set(starts))
    left = [j for j in jobs(place) if j.state is not JobState.COMPLETED]
    # Killed between record and ticket, and then the clock fell back by weeks, behind which nobody looks: it says so.
    assert left == [] or ({j.error for j in left} == {LOST} and any(minutes < -60 * 24 for minutes, _ in steps))
    assert {j.id for j in jobs(place)} == {*starts, *(j.id for j in left)}
    assert coming > furthest, "a moment has come and has not been dealt with"


@pytest.mark.slow
def test_many_schedulers_at_once_start_one_job(home: Path, notebook: Make, clock: Clock, started: list[str]) -> None:
    _made(notebook, "* * * * *")

    with ThreadPoolExecutor(6) as pool:
        told = list(pool.map(lambda n: fire(_file(), clock.moment + n // 6 * MINUTE), range(30)))

    assert len(started) == len(set(started)) == 4
    assert sum(map(len, told)) == 4


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda path: path.unlink(), "No notebook named"),
        (lambda path: path.write_text("{"), "is not a Jupyter notebook"),
        (lambda path: path.write_text(path.read_text().replace("n = 1", "m = 1")), "has no parameter 'n'"),
        (lambda path: path.write_text(path.read_text().replace('"python3"', '"nowhere"')), "No kernel named 'nowhere'"),
    ],
)
def test_what_can_not_start_is_a_job_that_failed_with_a_sentence(
    change: Callable[[Path], Any], sentence: str, home: Path, notebook: Make, clock: Clock, started: list[str]
) -> None:
    made = _made(notebook, parameters={"n": 2})
    change(Path(made.notebook))

    told = fire(_file(), clock.to(1))

    record = jobs()[0]
    assert (record.state, record.cause, record.schedule) == (JobState.FAILED, Cause.OTHER, "nightly")
    assert sentence in str(record.error)
    assert sentence in told[0]
    assert started == []


def test_a_secret_is_resolved_when_it_fires_and_a_missing_one_is_told(
    home: Path, notebook: Make, clock: Clock, started: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NIGHTLY_PASSWORD", raising=False)
    add("nightly", notebook("1", parameters="password = ''"), "0 * * * *", {"password": "env:NIGHTLY_PASSWORD"},
        zone="UTC")  # fmt: skip

    fire(_file(), clock.to(1))
    monkeypatch.setenv("NIGHTLY_PASSWORD", "correct-horse")
    fire(_file(), clock.to(2))

    second, first = jobs()
    assert (first.state, "NIGHTLY_PASSWORD is not set" in str(first.error)) == (JobState.FAILED, True)
    assert (second.id, second.parameters) == (started[0], {"password": "env:NIGHTLY_PASSWORD"})


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"parameters": {"m": 1}}, "has no parameter 'm'"),
        ({"parameters": {"n": "many"}}, "'n'"),
        ({"parameters": {"n": "ghp_" + "a1B2" * 9}}, "looks like a secret"),
        ({"cron": "61 * * * *"}, "the minute '61'"),
        ({"zone": "Mars"}, "no such time zone"),
        ({"missed": "twice"}, "'missed' is 'once' or 'skip', got 'twice'"),
        ({"overlap": None}, "'overlap' is 'skip' or 'wait'"),
        ({"name": "a/b"}, "schedule name"),
        ({"name": "x" * 61}, "at most 60"),
        ({"name": None}, "at most 60"),
        ({"retries": -1}, "retries"),
        ({"colour": "red"}, "no parameter 'colour'"),
        ({"folder": "nowhere"}, "there is no folder"),
    ],
)
def test_a_schedule_is_checked_when_it_is_made(more: dict[str, Any], sentence: str, home: Path, notebook: Make) -> None:
    asked: dict[str, Any] = {"name": "nightly", "notebook": notebook("1", parameters="n = 1"), "cron": "0 2 * * *"}

    with pytest.raises(BadParameter) as caught:
        add(**{**asked, "zone": "UTC", **more})

    assert sentence in str(caught.value)
    assert schedules() == []


def test_a_name_is_taken_once_and_given_back(home: Path, notebook: Make) -> None:
    _made(notebook)

    with pytest.raises(BadParameter, match="'nightly' already"):
        _made(notebook)
    remove("nightly")
    with pytest.raises(NotFound, match="No schedule named 'nightly'"):
        schedule("nightly")
    _made(notebook)

    assert [s.name for s in schedules()] == ["nightly"]


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '{"noun": "job"}', '{"name": 3}'])
def test_a_damaged_schedule_says_so_and_hides_no_other(content: str, home: Path, notebook: Make) -> None:
    _made(notebook)
    (folder() / "broken.json").write_text(content)

    broken, good = schedules()

    assert "broken.json" in broken.error
    assert "damaged" in broken.headline()
    assert (good.error, broken.next_times()) == ("", ())
    with pytest.raises(Damaged):
        schedule("broken")


def test_one_schedule_that_is_wrong_holds_up_no_other(
    home: Path, notebook: Make, clock: Clock, started: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A damaged file is told once and not each second; a full disk, until there is room."""
    said: list[str] = []
    service = Scheduler(home, said.append, now=clock)
    _made(notebook)
    (folder() / "broken.json").write_text("{")
    monkeypatch.setattr(submit, "write", _full)

    for second in (0, 1, 2):
        clock.to(1, 0, second)
        service.look()
    monkeypatch.undo()
    monkeypatch.setattr(queue, "launch", lambda record, *_: _runs(record, started))
    monkeypatch.setenv("WORKBENCH_HOME", str(home))
    clock.to(1, 1)
    service.look()

    assert [line.split(":")[0] for line in said] == ["broken", "nightly", "nightly"]
    assert "No space left" in said[1]
    assert len(started) == 1


def _full(*_: object) -> None:
    raise OSError(28, "No space left on device")


def test_a_schedule_that_is_made_changed_or_removed_while_the_scheduler_sleeps_is_seen(
    home: Path, notebook: Make, clock: Clock, started: list[str]
) -> None:
    service = Scheduler(home, lambda line: None, now=clock)
    service.look()
    _made(notebook)
    for hours in (1, 2):
        clock.to(hours)
        service.look()
    pause("nightly")
    clock.to(3)
    service.look()
    resume("nightly")
    clock.to(4)
    service.look()
    remove("nightly")
    clock.to(5)
    service.look()

    assert [job(one).nominal[11:13] for one in started] == ["23", "00", "02"]


@pytest.mark.slow
def test_a_clock_that_is_set_back_wakes_the_scheduler(
    home: Path, notebook: Make, clock: Clock, started: list[str]
) -> None:
    service = Scheduler(home, lambda line: None, now=clock)
    _made(notebook)

    for hours in (24 * 4000, 0, 1, 2):
        clock.to(hours, 1)
        service.look()

    assert [job(one).nominal[:13] for one in started] == ["2038-10-12T22", "2027-10-30T23", "2027-10-31T00"]


def test_a_look_at_an_idle_home_is_cheap(home: Path, notebook: Make, clock: Clock) -> None:
    """No file is opened until a moment comes or a file changes."""
    _made(notebook)
    service = Scheduler(home, lambda line: None, now=clock)
    service.look()
    service.look()
    opened: list[str] = []
    sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == "open" and watched.is_set() else None)
    watched = threading.Event()

    watched.set()
    for _ in range(100):
        service.look()
    watched.clear()

    assert [path for path in opened if str(home) in path] == []


def test_a_second_scheduler_says_who_is_at_work(home: Path) -> None:
    with alone(home), pytest.raises(Busy, match=f"process {os.getpid()} on .*, since 20"), alone(home):
        pass

    with alone(home):  # and once it has ended another may
        pass


@pytest.mark.slow
def test_the_service_runs_a_notebook_and_ends_on_sigterm(home: Path, notebook: Make) -> None:
    """A schedule that was missed for a day runs as soon as the scheduler is there; its end is clean."""
    made = _made(notebook, "0 * * * *", parameters={"n": 5})
    late = Schedule.from_dict({**made.to_dict(), "since": "2026-01-01T00:00:00+00:00"})
    late.save(_file())
    service = subprocess.Popen(
        [sys.executable, "-m", "workbench", "scheduler"], stdout=subprocess.PIPE, text=True, env=dict(os.environ)
    )

    assert service.stdout is not None
    lines = [service.stdout.readline(), service.stdout.readline()]
    second = subprocess.run(
        [sys.executable, "-m", "workbench", "scheduler"], capture_output=True, text=True, env=dict(os.environ),
        check=False,
    )  # fmt: skip
    _until(lambda: bool(jobs()) and jobs()[0].state.final)
    service.send_signal(signal.SIGTERM)
    rest = service.communicate(timeout=60)[0]

    assert ("At work for" in lines[0], "is submitted" in lines[1], "jobs at work go on" in rest) == (True, True, True)
    assert (service.returncode, second.returncode) == (0, 2)
    assert f"process {service.pid} on" in second.stderr
    assert (jobs()[0].state, jobs()[0].schedule, len(jobs()[0].notes)) == (JobState.COMPLETED, "nightly", 1)


def _until(reached: Callable[[], bool], within: float = 120.0) -> None:
    end = time.monotonic() + within
    while not reached():
        assert time.monotonic() < end, "not reached"
        time.sleep(0.05)
