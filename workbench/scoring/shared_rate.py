"""How often a caller may ask, where several processes answer: one table of buckets in memory that they share."""

from __future__ import annotations

import mmap
import os
import struct
import tempfile
import time
from collections.abc import Callable
from hashlib import blake2b

_SLOT = struct.Struct("=Qdd")  # whose it is, tokens, when they were counted
WAYS = 8  # callers that share a part of the table
PARTS = 2_048  # of the table: room for 16,384 callers


class SharedRate:
    """As :class:`workbench.scoring.rate.Rate`, over all processes that are forked from this one.

    A part of the table is locked while it is changed, and the system gives the lock back of a process that is killed.
    Where ever new callers come, the one that has not asked for longest makes room.

    Parameters
    ----------
    per_second : float
        Requests of each caller; 0 for no limit.
    clock : callable
        Seconds, the same ones in all processes.

    Examples
    --------
    >>> rate = SharedRate(1, clock=lambda: 1.0)
    >>> [rate.wait("a") for _ in range(3)], rate.wait("b")
    ([0.0, 0.0, 1.0], 0.0)
    """

    def __init__(self, per_second: float = 0.0, clock: Callable[[], float] = time.monotonic) -> None:
        self.per_second = per_second
        self._clock = clock
        if per_second:
            self._table = mmap.mmap(-1, PARTS * WAYS * _SLOT.size)
            self._file = _nowhere()
            self._secret = os.urandom(16)  # nobody can choose whose bucket theirs throws out

    def wait(self, caller: str) -> float:
        """Seconds until this caller may ask again; 0: it may, and has."""
        if not self.per_second:
            return 0.0
        import fcntl  # not on Windows, where there are no workers

        name = blake2b(caller.encode("utf-8", "replace"), digest_size=8, key=self._secret).digest()
        number = int.from_bytes(name) or 1
        part = number % PARTS
        fcntl.lockf(self._file, fcntl.LOCK_EX, 1, part)
        try:
            return self._taken(number, part * WAYS)
        finally:
            fcntl.lockf(self._file, fcntl.LOCK_UN, 1, part)

    def _taken(self, number: int, first: int) -> float:
        now, most = self._clock(), max(1.0, 2 * self.per_second)
        places = [place * _SLOT.size for place in range(first, first + WAYS)]
        slots = [_SLOT.unpack_from(self._table, place) for place in places]
        own = next((i for i, slot in enumerate(slots) if slot[0] == number), None)
        if own is None:
            own = min(range(WAYS), key=lambda i: slots[i][2])
            tokens, at = most, now
        else:
            _, tokens, at = slots[own]
        tokens = min(most, tokens + (now - at) * self.per_second)
        allowed = tokens >= 1
        _SLOT.pack_into(self._table, places[own], number, tokens - allowed, now)
        return 0.0 if allowed else (1 - tokens) / self.per_second


def _nowhere() -> int:
    """A file without a name, which holds locks alone as long as the process lives."""
    if hasattr(os, "memfd_create"):  # a container may have no place to write
        return os.memfd_create("rates")
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())
