"""How far the event loop is behind: what was read of sockets and waits for its turn."""

from __future__ import annotations

import asyncio
import time

EVERY = 0.05  # seconds between two beats
SEVERAL = 8  # requests since the last beat, below which it is the machine that is late and no crowd of requests


class Pulse:
    """A beat in the event loop; a late one tells that requests wait.

    A request that is answered inside the loop waits in no queue that could be counted, but in the loop's own: all that
    was read together is answered one after the other, and the beat comes after the last of them.

    Examples
    --------
    >>> async def blocked():
    ...     pulse = Pulse()
    ...     pulse.start()
    ...     time.sleep(0.2)
    ...     return pulse.late
    >>> 0.1 < asyncio.run(blocked()) < 5
    True
    """

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._due = 0.0
        self._requests = 0

    def start(self) -> None:
        """Count a request, and beat in the running loop, where it does not yet."""
        self._requests += 1
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._loop = loop
            self._beat()

    @property
    def late(self) -> float:
        """Seconds that the beat is overdue; 0 where it is not."""
        return max(0.0, time.monotonic() - self._due) if self._due else 0.0

    @property
    def crowded(self) -> float:
        """Seconds that it is overdue where several requests have come since the last one, else 0."""
        return self.late if self._requests >= SEVERAL else 0.0

    def _beat(self) -> None:
        self._requests = 0
        self._due = time.monotonic() + EVERY
        if self._loop is not None:
            self._loop.call_later(EVERY, self._beat)
