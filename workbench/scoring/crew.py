"""Threads that work in turns: a slice of each job, so that no small one waits behind a large one.

The event loop must never wait for a model, so whatever takes longer than a moment is done here. A job is a generator:
what it does between two ``yield`` is one slice, and so a job ends early by not being continued, when its client has
left or its time is over. Threads are daemons of their own, not those of ``asyncio.to_thread``: whoever is stuck in one
keeps neither another job nor the end of the process waiting.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from collections.abc import Awaitable, Callable, Generator
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Condition, Thread
from typing import Any, TypeVar

from workbench.scoring.http import Receive

# Gives between two slices how many seconds the one before was thought to take; after the last no turn is waited for.
Steps = Generator[float, None, Any]
T = TypeVar("T")
IDLE = 10.0  # seconds without a job after which a thread ends
IDLING = 50.0  # times its CPU seconds that a slice may take and is no sleep, on a machine however busy
LONG = 1.0  # seconds of one slice from which on others are told of it
EVERY = 0.25  # seconds of work after which the pace is looked at again
SWIFTEST, SLOWEST = 16.0, 1 / 64  # bounds of a pace: one odd slice must not make it absurd


class Left(Exception):
    """The client has gone; nobody waits for the answer."""


class Late(Exception):
    """The time for an answer is over."""


@dataclass(eq=False)
class Job:
    """Work in slices.

    Parameters
    ----------
    steps : generator
        The work; what it returns is the result.
    seconds : float
        That it is thought to take still.
    rows : int
        That wait for it.
    done : callable
        Takes the result, or what went wrong; called once, by the thread, unless the job was dropped.
    own : float, optional
        Of the seconds those that its last slice takes, where others will follow it; by default all that are left.
    """

    steps: Steps
    seconds: float
    rows: int = 0
    done: Callable[[Any, BaseException | None], None] = lambda result, error: None
    own: float | None = None
    dropped: bool = field(default=False, init=False)


class Crew:
    """Some threads with one queue.

    Parameters
    ----------
    name : str
        Of the threads.
    threads : int
        How many at most; they start with the first job, and end when there is none for long.
    share : float
        Of the time that one thread computes at most, in (0, 1]: after each slice it rests accordingly. Python's lock
        makes whoever computes slow everybody down, so work that nobody waits for takes a small share.

    Examples
    --------
    >>> import asyncio
    >>> crew = Crew("example")
    >>> asyncio.run(crew.call(lambda: 6 * 7))
    42
    """

    def __init__(self, name: str, threads: int = 1, share: float = 1.0) -> None:
        self.name, self._share, self._most = name, share, threads
        self._changed = Condition()
        self._jobs: deque[Job] = deque()
        self._working: dict[Job, float] = {}  # and when its slice began
        self._threads = 0
        self._retired = False
        self._pace, self._since, self._achieved = 1.0, 0.0, 0.0

    @property
    def rows(self) -> int:
        """Rows that wait or are worked on."""
        with self._changed:
            return sum(job.rows for job in self._all())

    @property
    def jobs(self) -> int:
        """Jobs that wait or are worked on."""
        with self._changed:
            return len(self._all())

    def wait(self, seconds: float = math.inf) -> float:
        """Seconds that a job of so many would wait for others, at the pace of late.

        Jobs take turns, so another one delays it by no more than it takes itself. Where every thread has been in one
        slice for long, it may take as long again.
        """
        with self._changed:
            turns = sum(min(job.seconds, seconds) for job in self._all()) / self._pace
            return turns + (stuck if (stuck := self._stuck()) > LONG else 0.0)

    @property
    def stuck(self) -> float:
        """Seconds that every thread has been in one slice at least; 0 where one is free."""
        with self._changed:
            return self._stuck()

    def put(self, job: Job) -> Job:
        """Queue a job."""
        with self._changed:
            if not self._jobs and not self._working:
                self._since, self._achieved = time.monotonic(), 0.0
            self._jobs.append(job)
            if self._threads < self._most and self._threads <= len(self._working):
                self._threads += 1
                Thread(target=self._work, name=f"{self.name} {self._threads}", daemon=True).start()
            self._changed.notify()
        return job

    def do(self, steps: Steps, seconds: float = 0.0, rows: int = 0, own: float | None = None) -> asyncio.Future[Any]:
        """Queue some steps now; the future is their result, and who cancels it leaves the rest of them undone."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()

        def done(result: Any, error: BaseException | None) -> None:
            with suppress(RuntimeError):  # the loop has ended: nobody waits
                loop.call_soon_threadsafe(_settle, future, result, error)

        job = Job(steps, seconds, rows, done, own)
        future.add_done_callback(lambda _: _drop(job))
        self.put(job)
        return future

    async def call(self, function: Callable[[], T], seconds: float = 0.0, rows: int = 0) -> T:
        """The result of a function."""
        result: T = await self.do(one_step(function), seconds, rows)
        return result

    def retire(self) -> None:
        """Take no more rests, and end the threads when nothing is queued; a later job starts one again."""
        with self._changed:
            self._retired = True
            self._changed.notify_all()

    def close(self, patience: float = 0.0) -> list[Job]:
        """Retire, wait so many seconds for what is queued, and drop the rest, which is returned."""
        self.retire()
        with self._changed:
            self._changed.wait_for(lambda: not self._jobs and not self._working, patience)
            left = self._all()
            self._jobs.clear()
            for job in left:
                job.dropped = True
            self._changed.notify_all()
            return left

    def _all(self) -> list[Job]:
        return [job for job in (*self._working, *self._jobs) if not job.dropped]

    def _stuck(self) -> float:
        busy = self._working.values()
        return time.monotonic() - max(busy) if len(busy) >= self._most else 0.0

    def _work(self) -> None:
        while (job := self._next()) is not None:
            start, began = time.thread_time(), time.monotonic()
            ended = self._slice(job)
            used = _used(time.thread_time() - start, time.monotonic() - began)
            with self._changed:
                self._working.pop(job, None)
                if not ended:
                    self._jobs.append(job)
                self._look_at_pace()
                self._changed.notify_all()
                if self._share < 1:
                    self._changed.wait_for(lambda: self._retired, used * (1 / self._share - 1))

    def _next(self) -> Job | None:
        with self._changed:
            self._changed.wait_for(lambda: self._jobs or self._retired, IDLE)
            if not self._jobs:
                self._threads -= 1
                return None
            job = self._jobs.popleft()
            self._working[job] = time.monotonic()
            return job

    def _slice(self, job: Job) -> bool:
        """Whether the job has ended with it."""
        if job.dropped:
            job.steps.close()
            return True
        try:
            seconds = next(job.steps)
        except StopIteration as end:
            job.done(end.value, None)
            return self._achieve(job, job.seconds if job.own is None else job.own)
        except BaseException as error:  # noqa: BLE001 - whoever waits for the job is told, whatever it was
            job.done(None, error)
            return True
        return not self._achieve(job, seconds)

    def _achieve(self, job: Job, seconds: float) -> bool:
        with self._changed:
            self._achieved += seconds
            job.seconds = max(0.0, job.seconds - seconds)
        return True

    def _look_at_pace(self) -> None:
        """How many of the seconds that jobs were thought to take have gone in one: waits are told by it."""
        now = time.monotonic()
        if now - self._since >= EVERY:
            pace = self._achieved / (now - self._since)
            self._pace = min(SWIFTEST, max(SLOWEST, 0.5 * self._pace + 0.5 * pace))
            self._since, self._achieved = now, 0.0


def _used(cpu: float, wall: float) -> float:
    """Seconds for which a slice has kept others waiting.

    Who computes holds Python's lock in turn with those, and on a busy machine the processor: then all of the time
    counts. Who sleeps keeps nobody waiting.
    """
    return wall if cpu > wall / IDLING else cpu


async def apart(name: str, function: Callable[[], T]) -> T:
    """The result of a function, in a thread of its own.

    >>> asyncio.run(apart("example", lambda: 6 * 7))
    42
    """
    crew = Crew(name)
    crew.retire()
    return await crew.call(function)


def _drop(job: Job) -> None:
    job.dropped = True  # too late where it is done


async def watched(work: Awaitable[T], seconds: float, receive: Receive | None = None) -> T:
    """The result of some work, as long as its client waits and its time is not over; then it is cancelled.

    Parameters
    ----------
    work : awaitable
        To be done.
    seconds : float
        That it may take.
    receive : callable, optional
        ASGI's, of a request whose body has come whole: then only the client's leaving can follow.

    Raises
    ------
    Left
        If the client has gone.
    Late
        If the time is over.
    """
    task: asyncio.Future[T] = asyncio.ensure_future(work)
    gone = None if receive is None else asyncio.ensure_future(_gone(receive))
    watched_for = {one for one in (task, gone) if one is not None}
    try:
        await asyncio.wait(watched_for, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        raise Left if gone is not None and gone.done() else Late
    finally:
        for one in watched_for:
            if not one.done():
                one.cancel()
            one.add_done_callback(_forget)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _forget(task: asyncio.Future[Any]) -> None:
    """Nobody asks any more how it ended."""
    if not task.cancelled():
        task.exception()


def _settle(future: asyncio.Future[Any], result: Any, error: BaseException | None) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(result)
    else:
        future.set_exception(error if isinstance(error, Exception) else RuntimeError(type(error).__name__))


def one_step(function: Callable[[], Any]) -> Steps:
    """A function as steps."""
    yield from ()
    return function()
