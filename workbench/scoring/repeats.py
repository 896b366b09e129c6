"""A request that comes again is answered as before: its rows are neither scored nor counted twice.

Whose answer got lost on its way sends the same request with the same ``Idempotency-Key`` again, as
:mod:`workbench.client` does. What was answered is remembered for a while, what is being answered is waited for.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, NamedTuple

from workbench.scoring.bodies import Rows
from workbench.scoring.http import Rejected

MOST_ROWS = 20_000  # that are remembered, of all requests together
MOST_REQUESTS = 2_000
SECONDS = 600.0  # for which a request is remembered
LONGEST_KEY = 200  # bytes

Answers = list[dict[str, Any]]


class _Asked(NamedTuple):
    """One request: what was asked, who works on it, until when it is remembered."""

    rows: Rows
    reasons: int
    work: asyncio.Future[Answers]
    until: float


class Repeats:
    """What was asked with a key of its own lately. Of one event loop.

    Parameters
    ----------
    clock : callable
        Seconds that never go back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._asked: OrderedDict[Hashable, _Asked] = OrderedDict()
        self._rows, self._clock = 0, clock

    async def once(
        self, key: Hashable, rows: Rows, reasons: int, score: Callable[[], Awaitable[Answers]]
    ) -> tuple[Answers, bool]:
        """The answers of some rows, and whether they were asked before.

        Raises
        ------
        Rejected
            422 if other rows have come with this key.
        """
        self._forget_old()
        known = self._asked.get(key)
        if known is not None:
            if known.reasons != reasons or known.rows != rows:
                raise Rejected(422, "This Idempotency-Key came with other rows. Send a new one for a new request.")
            return await asyncio.shield(known.work), True
        work = asyncio.ensure_future(score())  # who asked may hang up: then the next one with the key gets the answer
        self._asked[key] = _Asked(rows, reasons, work, self._clock() + SECONDS)
        self._rows += len(rows)
        work.add_done_callback(lambda done: self._forget(key) if done.cancelled() or done.exception() else None)
        self._forget_most()
        return await asyncio.shield(work), False

    def _forget(self, key: Hashable) -> None:
        known = self._asked.pop(key, None)
        if known is not None:
            self._rows -= len(known.rows)

    def _forget_old(self) -> None:
        now = self._clock()
        while self._asked and next(iter(self._asked.values())).until < now:
            self._forget(next(iter(self._asked)))

    def _forget_most(self) -> None:
        while len(self._asked) > 1 and (self._rows > MOST_ROWS or len(self._asked) > MOST_REQUESTS):
            self._forget(next(iter(self._asked)))
