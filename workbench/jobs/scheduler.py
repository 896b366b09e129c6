"""The scheduler: the one process of a home that deals with its schedules.

It sleeps until the next moment; once a second it looks whether a file of a schedule has changed, which costs some ten
microseconds. What is wrong with one schedule is told, tried again later, and never holds up the others.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from workbench.core.schedule import Schedule
from workbench.errors import Busy, NotFound, StoreError, WorkbenchError
from workbench.jobs.line.queue import dispatch
from workbench.jobs.line.starting import forget_ended
from workbench.jobs.liveness import host
from workbench.jobs.messages.left_to_tell import tell_left
from workbench.jobs.records import now
from workbench.jobs.schedules import fire, folder
from workbench.storage.files import lock, read, write_json

TICK = 1.0  # seconds between two looks at the folder
CHORES = 10  # such looks between two at what jobs left to be done
AGAIN = timedelta(seconds=30)  # after something went wrong
WAITS = timedelta(seconds=5)  # until a moment that waits for a job is looked at again
WHO = ".scheduler.json"


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Scheduler:
    """Deals with the schedules of a home until it is told to stop.

    Parameters
    ----------
    home : Path
        Folder of everything that Workbench writes.
    say : callable
        Given one line for everything that happens.
    now : callable
        The clock.
    stopping : Event
        Set by who wants its end; it wakes at once.
    """

    home: Path
    say: Callable[[str], object]
    now: Callable[[], datetime] = _now
    stopping: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._last = self.now()
        self._seen: dict[str, tuple[int, int]] = {}
        self._next: dict[str, datetime] = {}
        self._wrong: dict[str, str] = {}

    def run(self) -> None:
        """Work until :attr:`stopping` is set.

        Raises
        ------
        Busy
            If another scheduler is at work in this home; it says which.
        """
        with alone(self.home):
            self.say(f"At work for {self.home}.")
            ticks = 0
            while not self.stopping.is_set():
                self.look()
                if ticks % CHORES == 0:
                    self._do_chores()
                ticks += 1
                self.stopping.wait(TICK)
            self.say("Ended; jobs at work go on.")

    def look(self) -> None:
        """Deal with whatever has come."""
        moment = self.now()
        set_back, self._last = moment < self._last, moment
        for name in self._next if set_back else self._changed():
            self._next[name] = moment  # whatever was known of it
        for name in sorted(name for name, due in self._next.items() if due <= moment):
            self._deal_with(name, moment)

    def _changed(self) -> list[str]:
        """Names of the files that are new or others than at the last look; those that are gone are forgotten."""
        found = _files(folder(self.home))
        changed = [name for name, state in found.items() if self._seen.get(name) != state]
        for gone in self._seen.keys() - found.keys():
            self._next.pop(gone, None)
            self._wrong.pop(gone, None)
        self._seen = found
        return changed

    def _deal_with(self, name: str, moment: datetime) -> None:
        path = folder(self.home) / name
        try:
            for line in fire(path, moment):
                self.say(f"{path.stem}: {line}")
            self._next[name] = _wake(Schedule.load(path), moment)
            self._wrong.pop(name, None)
        except NotFound:
            self._next.pop(name, None)
        except (WorkbenchError, OSError) as error:
            self._tell_once(path, str(error))
            self._next[name] = moment + AGAIN
        except Exception as error:  # noqa: BLE001 - whatever it is, the others go on
            self._tell_once(path, f"{type(error).__name__}: {error}")
            self._next[name] = moment + AGAIN

    def _tell_once(self, path: Path, error: str) -> None:
        if self._wrong.get(path.name) != error:
            self._wrong[path.name] = error
            self.say(f"{path.stem}: {' '.join(error.split())}")

    def _do_chores(self) -> None:
        try:
            for line in chores(self.home):
                self.say(line)
            self._wrong.pop("queue", None)
        except (WorkbenchError, OSError) as error:
            self._tell_once(Path("queue"), str(error))


def chores(home: Path) -> list[str]:
    """What is to be done now and then, whoever submitted the jobs; what went wrong, a sentence each."""
    forget_ended()
    dispatch(home)
    return tell_left(home)


@contextmanager
def alone(home: Path) -> Iterator[None]:
    """Be the one scheduler of a home; the system lets go of it with the process, however that ends.

    Raises
    ------
    Busy
        If another is, naming it.
    """
    where = folder(home)
    with ExitStack() as held:
        try:
            held.enter_context(lock(where / ".scheduler.lock", timeout=0.0))
        except Busy as error:
            raise Busy(f"{_who(where)} Let it be, or end it first.") from error
        write_json(where / WHO, {"host": host(), "pid": os.getpid(), "since": now()})
        yield


def _who(where: Path) -> str:
    try:
        return read(
            where / WHO, lambda it: f"A scheduler is at work: process {it['pid']} on {it['host']}, since {it['since']}."
        )
    except (StoreError, OSError):
        return f"A scheduler is at work for {where.parent}."


def _wake(known: Schedule, moment: datetime) -> datetime:
    """When to look at a schedule again."""
    if known.waiting:
        return moment + WAITS
    coming = known.next_times(1, after=min(moment, known.cursor))
    return coming[0].astimezone(UTC) if coming else datetime.max.replace(tzinfo=UTC)


def _files(where: Path) -> dict[str, tuple[int, int]]:
    """Each schedule's file, with what changes when it does."""
    try:
        with os.scandir(where) as entries:
            return {e.name: _state(e) for e in entries if e.name.endswith(".json") and not e.name.startswith(".")}
    except OSError:
        return {}


def _state(entry: os.DirEntry[str]) -> tuple[int, int]:
    try:
        found = entry.stat()
    except OSError:  # removed in this very moment
        return (0, 0)
    return (found.st_mtime_ns, found.st_ino)
