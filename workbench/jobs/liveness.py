"""Whether the process of a job lives, as far as this process can know.

Whoever runs a job holds a lock on a file of its folder from before its record is written until it ends; the system
lets go of it with the process, however that ends, and whatever namespace looks. The file's time is the heartbeat. Where
the lock says nothing (another machine, a file system without locks) the heartbeat does, and where it is old nobody here
can know.
"""

from __future__ import annotations

import os
import platform
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.errors import Busy

if TYPE_CHECKING:
    from workbench.core.job import Job

try:
    import fcntl
except ImportError:  # Windows has no flock: there the number of the process is looked at
    fcntl = None  # type: ignore[assignment]

ALIVE = ".alive"
BEAT = 2.0  # seconds between two heartbeats
# Of another machine nothing is known but its heartbeat, and clocks differ.
FRESH = timedelta(seconds=60)


class Life(StrEnum):
    """What is known of a job's process."""

    RUNS = "runs"
    GONE = "gone"
    UNKNOWN = "unknown"


def life(record: Job) -> Life:
    """Whether the process of a job that has not ended lives; nothing on disk changes.

    Parameters
    ----------
    record : Job
        With its ``path``.
    """
    held = is_held(record.path / ALIVE)
    if held:
        return Life.RUNS
    if record.boot and record.boot == boot():
        return _by_number(record) if held is None else Life.GONE
    stale = age(record.path) > FRESH
    if record.host and record.host == host() and stale:
        return Life.GONE  # this machine has started anew since
    return Life.UNKNOWN if stale else Life.RUNS


def hold(folder: Path, patience: float = 1.0) -> int:
    """Take the lock of a job, as its runner or to write down the end of one; the descriptor holds it until closed.

    Raises
    ------
    Busy
        If somebody runs the job.
    """
    descriptor = os.open(folder / ALIVE, os.O_RDWR | os.O_CREAT, 0o666)
    until = time.monotonic() + patience  # a reader holds it for an instant
    while not locked(descriptor):
        if time.monotonic() > until:
            os.close(descriptor)
            raise Busy(f"The job {folder.name} is at work. Wait for its end, or stop it.")
        time.sleep(0.01)
    return descriptor


def beat(folder: Path) -> None:
    """Leave a sign of life; OSError where the folder is gone or can't be written."""
    os.utime(folder / ALIVE)


def last_beat(folder: Path) -> str | None:
    """The last sign of life, ISO 8601 in UTC; None where there is none."""
    try:
        seconds = (folder / ALIVE).stat().st_mtime
    except OSError:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")


def age(folder: Path) -> timedelta:
    """How long ago the last sign of life was."""
    try:
        return timedelta(seconds=time.time() - (folder / ALIVE).stat().st_mtime)
    except OSError:
        return timedelta.max


@cache
def host() -> str:
    """The name of this machine, or of this container."""
    return platform.node()


@cache
def boot() -> str:
    """Which start of which kernel this is: the same in all containers of a machine until it starts anew."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        import psutil

        return f"{platform.node()}@{psutil.boot_time():.0f}"


def locked(descriptor: int) -> bool:
    """Take the lock of a file that is open, if nobody has it; whether this one has it now."""
    if fcntl is None:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True  # a file system without locks: the heartbeat has to do
    return True


def let_go(descriptor: int | None) -> None:
    """Let go of a lock, also for processes that were forked with it."""
    if descriptor is not None and fcntl is not None:
        with suppress(OSError):  # a file system without locks
            fcntl.flock(descriptor, fcntl.LOCK_UN)


def is_held(path: Path) -> bool | None:
    """Whether somebody holds the lock; None where that can't be told. Opened to read alone, so that nothing changes."""
    if fcntl is None:
        return None
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return None
    else:
        return False
    finally:
        os.close(descriptor)


def _by_number(record: Job) -> Life:
    """Where there are no locks: the process of that number, if its command line names the job."""
    import psutil

    try:
        words = psutil.Process(record.pid).cmdline()
    except psutil.AccessDenied:
        return Life.UNKNOWN
    except (psutil.NoSuchProcess, ValueError, TypeError, OverflowError):
        return Life.GONE
    return Life.RUNS if not words or any(record.id in word for word in words) else Life.GONE
