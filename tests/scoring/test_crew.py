"""Threads that work in turns: nothing small waits behind something large, and what nobody waits for ends."""

import asyncio
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.scoring.odd_models import LONG
from workbench.scoring import crew as crews
from workbench.scoring.crew import Crew, Job, Late, Left, watched


def counting(name, slices, seen, first=None):
    """Steps that note whose turn it was."""
    for _ in range(slices):
        if first is not None and not seen:
            assert first.wait(LONG)
        seen.append(name)
        yield 0.1
    return name


class Done:
    """Results of jobs, and a wait until all of them are there."""

    def __init__(self):
        self.results, self._come = [], threading.Semaphore(0)

    def __call__(self, result, error):
        self.results.append(result if error is None else error)
        self._come.release()

    def wait(self, n):
        for _ in range(n):
            assert self._come.acquire(timeout=LONG)
        return self.results


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(1, 6), min_size=1, max_size=5))
def test_jobs_take_turns_and_each_gives_its_result(slices):
    crew, seen, begin, done = Crew("turns"), [], threading.Event(), Done()
    for i, n in enumerate(slices):
        crew.put(Job(counting(i, n, seen, begin), n * 0.1, 1, done))
    begin.set()

    results = done.wait(len(slices))

    turns = [i for turn in range(max(slices)) for i, n in enumerate(slices) if turn < n]
    assert seen == turns
    assert results == sorted(range(len(slices)), key=lambda i: (slices[i], i))


def test_a_small_job_comes_before_the_rest_of_a_large_one():
    crew, seen, begin, done = Crew("small"), [], threading.Event(), Done()
    crew.put(Job(counting("large", 1000, seen, begin), 100.0, 1, done))
    crew.put(Job(counting("small", 1, seen), 0.1, 1, done))
    begin.set()

    done.wait(2)

    assert done.results == ["small", "large"]
    assert seen.index("small") <= 2


def test_what_is_dropped_is_not_continued_and_cleans_up():
    crew, begun, go_on, cleaned = Crew("dropped"), threading.Event(), threading.Event(), threading.Event()
    slices = []

    def steps():
        try:
            begun.set()
            assert go_on.wait(LONG)
            for i in range(1000):
                slices.append(i)
                yield 0.1
        finally:
            cleaned.set()

    job = crew.put(Job(steps(), 100.0))
    assert begun.wait(LONG)
    job.dropped = True
    go_on.set()

    assert cleaned.wait(LONG)
    assert slices == [0]


@pytest.mark.parametrize("error", [ValueError("x"), KeyError("x"), MemoryError(), SystemExit(1)])
def test_a_job_that_fails_tells_it_and_the_next_one_is_worked_on(error):
    crew = Crew("failing")

    def fail():
        raise error

    async def asked():
        with pytest.raises((type(error), RuntimeError)):
            await crew.call(fail)
        return await crew.call(lambda: 7)

    assert asyncio.run(asked()) == 7


def test_the_wait_of_a_job_is_what_is_before_it_but_no_more_of_each_than_its_own():
    crew, begin = Crew("wait"), threading.Event()
    crew.put(Job(counting("held", 1, [], begin), 0.5, 3))
    crew.put(Job(counting("large", 1, []), 8.0, 100))

    assert crew.wait() == pytest.approx(8.5)
    assert crew.wait(0.25) == pytest.approx(0.5)
    assert (crew.rows, crew.jobs) == (103, 2)
    begin.set()
    assert crew.close(LONG) == []
    assert (crew.wait(), crew.rows, crew.jobs) == (0.0, 0, 0)


def test_where_every_thread_is_stuck_the_wait_says_so(monkeypatch):
    monkeypatch.setattr(crews, "LONG", 0.0)
    crew, begin, begun = Crew("stuck", 2), threading.Event(), threading.Semaphore(0)

    def hold():
        begun.release()
        assert begin.wait(LONG)

    jobs = [Job(crews.one_step(hold), 0.1) for _ in range(2)]
    crew.put(jobs[0])
    assert begun.acquire(timeout=LONG)
    assert crew.stuck == 0.0
    crew.put(jobs[1])
    assert begun.acquire(timeout=LONG)
    for job in jobs:
        job.dropped = True  # nobody waits for them, and yet they are in the way

    assert crew.stuck > 0
    assert crew.wait(0.1) >= crew.stuck - 1
    begin.set()


def test_the_pace_tells_of_what_takes_longer_than_it_was_thought():
    crew = Crew("pace")
    for achieved, seconds, pace in ((1.0, 1.0, 1.0), (0.25, 1.0, 0.625), (1000.0, 1.0, crews.SWIFTEST)):
        crew._since, crew._achieved = crews.time.monotonic() - seconds, achieved
        crew._look_at_pace()
        assert crew._pace == pytest.approx(pace, rel=0.05)


def test_threads_end_where_nothing_comes_and_begin_again(monkeypatch):
    monkeypatch.setattr(crews, "IDLE", 0.01)
    crew = Crew("idle")

    assert asyncio.run(crew.call(threading.get_ident))
    thread = next((t for t in threading.enumerate() if t.name == "idle 1"), None)
    if thread is not None:
        thread.join(LONG)
        assert not thread.is_alive()
    assert asyncio.run(crew.call(lambda: 1)) == 1


def test_the_end_waits_no_longer_than_it_is_told_and_tells_what_is_left():
    crew, begin, begun, seen = Crew("end"), threading.Event(), threading.Event(), []

    def stuck():
        begun.set()
        assert begin.wait(LONG)

    held = crew.put(Job(crews.one_step(stuck), 1.0, 2))
    more = crew.put(Job(counting("more", 1, seen), 1.0, 5))
    assert begun.wait(LONG)

    assert crew.close(0.01) == [held, more]
    begin.set()
    assert seen == []


@pytest.mark.parametrize(
    ("cpu", "wall", "used"),
    [(1.0, 1.0, 1.0), (0.5, 1.0, 1.0), (0.1, 1.0, 1.0), (0.01, 1.0, 0.01), (0.0, 5.0, 0.0)],
)
def test_whoever_computes_rests_for_all_of_the_time_and_whoever_sleeps_for_none(cpu, wall, used):
    assert crews._used(cpu, wall) == used


def test_after_each_slice_a_thread_rests_by_its_share(monkeypatch):
    monkeypatch.setattr(crews, "_used", lambda cpu, wall: 0.5)
    rests, done = [], Done()

    class Noting(threading.Condition):
        def wait_for(self, predicate, timeout=None):
            if timeout not in (crews.IDLE, LONG):
                rests.append(timeout)
                return True
            return super().wait_for(predicate, timeout)

    crew = Crew("share", share=0.1)
    crew._changed = Noting()
    crew.put(Job(counting("slice", 3, []), 0.3, 1, done))
    done.wait(1)
    crew.close(LONG)

    assert rests[:3] == [pytest.approx(4.5)] * 3


def test_who_is_cancelled_leaves_the_rest_undone():
    crew, seen, begin = Crew("cancelled"), [], threading.Event()

    async def asked():
        task = crew.do(counting("slice", 1000, seen, begin), 100.0)
        await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.sleep(0)
        begin.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        await crew.call(lambda: None)

    asyncio.run(asked())
    assert len(seen) <= 2


async def _never():
    await asyncio.Event().wait()


async def _gone():
    return {"type": "http.disconnect"}


@pytest.mark.parametrize(("seconds", "receive", "raised"), [(0.01, _never, Late), (LONG, _gone, Left)])
def test_work_ends_with_its_time_or_its_client(seconds, receive, raised):
    ended = []

    async def work():
        try:
            await _never()
        finally:
            ended.append(True)

    async def asked():
        with pytest.raises(raised):
            await watched(work(), seconds, receive)
        await asyncio.sleep(0)

    asyncio.run(asked())
    assert ended == [True]


def test_work_that_is_done_is_done_whatever_else_has_come():
    async def work():
        return 7

    async def fail():
        raise ValueError("x")

    assert asyncio.run(watched(work(), LONG, _gone)) == 7
    with pytest.raises(ValueError, match="x"):
        asyncio.run(watched(fail(), LONG, _never))
