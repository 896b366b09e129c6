"""How often a caller may ask: a bucket of tokens that fills again."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

MOST_CALLERS = 10_000  # whoever sends ever new addresses must not fill the memory


class Rate:
    """At most ``per_second`` requests of each caller, and twice that at once. Used by one thread, the event loop.

    Parameters
    ----------
    per_second : float
        0 for no limit.
    clock : callable
        Seconds.

    Examples
    --------
    >>> rate = Rate(1, clock=lambda: 0.0)
    >>> [rate.wait("a") for _ in range(3)], rate.wait("b")
    ([0.0, 0.0, 1.0], 0.0)
    """

    def __init__(self, per_second: float = 0.0, clock: Callable[[], float] = time.monotonic) -> None:
        self.per_second = per_second
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, caller: str) -> float:
        """Seconds until this caller may ask again; 0: it may, and has."""
        if not self.per_second:
            return 0.0
        now, most = self._clock(), max(1.0, 2 * self.per_second)
        tokens, at = self._buckets.pop(caller, (most, now))
        tokens = min(most, tokens + (now - at) * self.per_second)
        allowed = tokens >= 1
        self._buckets[caller] = (tokens - allowed, now)
        if len(self._buckets) > MOST_CALLERS:
            self._buckets.popitem(last=False)
        return 0.0 if allowed else (1 - tokens) / self.per_second
