"""How many jobs run at once on this machine: a slot is a file, and who runs a job holds its lock.

The system lets go of a lock with the processes that hold it, however these end, so a slot is never lost. The lock is
taken by who starts a job and handed down to it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from workbench.jobs.line.tickets import mark
from workbench.jobs.liveness import locked
from workbench.settings import jobs_at_once

MEMORY = 1 << 30  # bytes that have to be free for each job beside the first
_GROUPS = Path("/sys/fs/cgroup")


def take(home: Path) -> int | None:
    """A free slot, as the descriptor that holds it; None where as many jobs run as may.

    Without ``WORKBENCH_JOBS`` there is one for each core, and each but the first needs a gigabyte of free memory.

    Parameters
    ----------
    home : Path
        Folder of everything that Workbench writes.
    """
    folder, asked = home / "queue" / "slots", jobs_at_once()
    folder.mkdir(parents=True, exist_ok=True)
    host = mark().partition("-")[0]
    for number in range(asked or cores()):
        if asked is None and number and free_memory() < MEMORY:
            return None
        descriptor = os.open(folder / f"{host}-{number}", os.O_RDWR | os.O_CREAT, 0o666)
        if locked(descriptor):
            return descriptor
        os.close(descriptor)
    return None


def cores() -> int:
    """Cores that this process may use: by its affinity, and by the quota of its container.

    >>> cores() >= 1
    True
    """
    own = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quotas = (text.split() for text in _told("cpu.max"))
    return max(1, min([own, *(int(q[0]) // int(q[1]) for q in quotas if q[0] != "max")]))


def free_memory() -> int:
    """Bytes that can be had without taking them from others: of the machine, and of this process's container.

    >>> free_memory() > 0
    True
    """
    limits = zip(_told("memory.max"), _told("memory.current"), _told("memory.stat"), strict=False)
    left = [int(most) - int(used) + _idle(stat) for most, used, stat in limits if most != "max"]
    return min([_available(), *left])


def _available() -> int:
    try:
        told = Path("/proc/meminfo").read_text(encoding="ascii")
        return 1024 * next(int(line.split()[1]) for line in told.splitlines() if line.startswith("MemAvailable"))
    except (OSError, StopIteration):
        import psutil

        return int(psutil.virtual_memory().available)


def _idle(stat: str) -> int:
    """What a container keeps of files that nobody has looked at lately; the system takes it back where it needs it."""
    told = dict(line.split() for line in stat.splitlines())
    return int(told.get("inactive_file", 0))


def _told(name: str) -> list[str]:
    """What the control groups of this process say, from its own up."""
    return [text for folder in _groups() if (text := _read(folder / name))]


def _groups() -> Iterator[Path]:
    own = next((line[3:] for line in _read(Path("/proc/self/cgroup")).splitlines() if line.startswith("0::")), "/")
    place = _GROUPS / own.lstrip("/")
    yield from (folder for folder in (place, *place.parents) if folder.is_relative_to(_GROUPS))


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError:
        return ""
