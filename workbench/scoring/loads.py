"""What the service bears, hour by hour and version by version, for the monitor."""

from __future__ import annotations

import os
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from workbench.core.load import BROKEN, Load, part

Key = tuple[str, int]


class Loads:
    """Sums of the hour so far, by hour and version. Of one thread: that of the event loop.

    Examples
    --------
    >>> loads = Loads()
    >>> loads.answered(200, 0.002, 1, version=3)
    >>> [(version, load.requests) for (hour, version), load in loads.taken().items()]
    [(3, 1)]
    """

    def __init__(self) -> None:
        self._loads: dict[Key, _Summed] = {}
        self._cpu = time.process_time()

    def answered(self, status: int, seconds: float, rows: int, version: int) -> None:
        """Count one request for predictions."""
        key = (_hour(), version)
        summed = self._loads.get(key)
        if summed is None:
            summed = self._loads[key] = _Summed()
        summed.requests += 1
        summed.rows += rows
        summed.failed += status >= 500
        summed.refused += status in BROKEN
        name = part(seconds)
        summed.times[name] = summed.times.get(name, 0) + 1

    def taken(self) -> dict[Key, Load]:
        """Every stretch since the last time, whole, with that of this hour; what the process took is the last one's."""
        cpu, self._cpu = time.process_time() - self._cpu, time.process_time()
        if self._loads:
            last = self._loads[max(self._loads)]
            last.cpu += cpu
            last.memory = max(last.memory, memory())
        taken = {key: summed.load() for key, summed in self._loads.items()}
        self._loads = {key: summed for key, summed in self._loads.items() if key[0] == _hour()}
        return taken


class _Summed:
    """A load that grows."""

    def __init__(self) -> None:
        self.requests = self.failed = self.refused = self.rows = 0
        self.cpu = self.memory = 0.0
        self.times: dict[str, int] = {}

    def load(self) -> Load:
        return replace(Load(**vars(self)), times=dict(self.times))


def memory() -> float:
    """What the process holds now, in MB; the most that it ever held where the system does not say."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20
    except (OSError, ValueError):
        import resource

        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most / (2**20 if sys.platform == "darwin" else 2**10)


def _hour() -> str:
    return _named(int(time.time() // 3600))


@lru_cache(2)  # asked by each request
def _named(hour: int) -> str:
    return f"{datetime.fromtimestamp(3600 * hour, UTC):%Y-%m-%dT%H}"
