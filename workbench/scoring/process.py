"""What the process holds and has used, under the names that Prometheus' own clients have for it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

from workbench.scoring.loads import memory

STARTED = time.time()
_DESCRIPTORS = (Path("/proc/self/fd"), Path("/dev/fd"))  # Linux and others


def used() -> Mapping[str, Mapping[tuple[str, ...], float]]:
    """Memory in bytes, CPU seconds and open descriptors, by name; what the system does not say is left out.

    >>> used()["process_cpu_seconds_total"][()] > 0
    True
    """
    told = {
        "process_resident_memory_bytes": memory() * 2**20,
        "process_cpu_seconds_total": time.process_time(),
        "process_start_time_seconds": STARTED,
        "process_open_fds": _open(),
        "process_max_fds": _most(),
    }
    return {name: {(): number} for name, number in told.items() if number is not None}


def _open() -> float | None:
    for place in _DESCRIPTORS:
        try:
            return float(sum(1 for _ in place.iterdir()))
        except OSError:
            continue
    return None


def _most() -> float | None:
    try:
        import resource
    except ImportError:  # not on Windows
        return None
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return None if most == resource.RLIM_INFINITY else float(most)
