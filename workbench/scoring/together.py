"""Rows of several requests scored together, where a model takes about as long for many rows as for one.

A pipeline does: its parts look at whole tables, and a table of one row costs them milliseconds. Compiled tables don't:
a row costs some microseconds there, less than to wait for another one. So it is off unless asked for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from workbench.errors import BadRow

MOST = 256  # rows that are scored together

Answers = list[dict[str, Any]]
Scored = Callable[[list[Any], int], Awaitable[Answers]]


@dataclass(eq=False)
class _Asked:
    """A row that waits for its answer."""

    row: Any
    reasons: int
    answer: asyncio.Future[Answers] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Together:
    """Gathers single rows; of one event loop.

    While some are scored the next ones gather, so that under load nobody waits for the clock.

    Parameters
    ----------
    score : callable
        Answers rows with so many reasons, all or none.
    seconds : float
        That a row waits for others at most, where nothing is being scored.

    Examples
    --------
    >>> sizes = []
    >>> async def score(rows, reasons):
    ...     sizes.append(len(rows))
    ...     return [{"answer": row} for row in rows]
    >>> async def three():
    ...     together = Together(score, 0.01)
    ...     return await asyncio.gather(*(together.score([i], 0) for i in range(3)))
    >>> asyncio.run(three()), sizes
    ([[{'answer': 0}], [{'answer': 1}], [{'answer': 2}]], [3])
    """

    def __init__(self, score: Scored, seconds: float) -> None:
        self._score, self._seconds = score, seconds
        self._waiting: list[_Asked] = []
        self._clock: asyncio.TimerHandle | None = None
        self._work: asyncio.Task[None] | None = None

    async def score(self, rows: Sequence[Any], reasons: int) -> Answers:
        """The answer of one row, in a list.

        Raises
        ------
        BadRow
            If this row breaks the contract; it does not matter what the others do.
        """
        asked = _Asked(rows[0], reasons)
        self._waiting.append(asked)
        if self._work is None:
            if len(self._waiting) >= MOST:
                self._begin()
            elif self._clock is None:
                self._clock = asyncio.get_running_loop().call_later(self._seconds, self._begin)
        return await asked.answer

    def _begin(self) -> None:
        if self._clock is not None:
            self._clock.cancel()
            self._clock = None
        self._work = asyncio.get_running_loop().create_task(self._all())

    async def _all(self) -> None:
        """What waits, and what has come meanwhile."""
        try:
            while self._waiting:
                some, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
                for reasons in sorted({one.reasons for one in some}):
                    await self._answer([one for one in some if one.reasons == reasons and not one.answer.done()])
        finally:
            self._work = None

    async def _answer(self, some: list[_Asked]) -> None:
        while some:
            try:
                answers = await self._score([one.row for one in some], some[0].reasons)
            except BadRow as error:
                some = _without_bad(some, error)
            except Exception as error:  # noqa: BLE001 - each request tells its client what is wrong
                _refuse(some, error)
                return
            else:
                for one, answer in zip(some, answers, strict=True):
                    if not one.answer.done():  # its client may have left
                        one.answer.set_result([answer])
                return


def _without_bad(some: list[_Asked], error: BadRow) -> list[_Asked]:
    """Those whose rows are good; the others are told their own faults."""
    bad: dict[int, list[dict[str, Any]]] = {}
    for problem in error.problems:
        bad.setdefault(int(str(problem["row"])), []).append({**problem, "row": 0})
    if not any(i < len(some) for i in bad):  # of none of them in particular
        _refuse(some, error)
        return []
    for i, problems in bad.items():
        if not some[i].answer.done():
            some[i].answer.set_exception(BadRow(problems))
    return [one for i, one in enumerate(some) if i not in bad]


def _refuse(some: list[_Asked], error: Exception) -> None:
    for one in some:
        if not one.answer.done():
            one.answer.set_exception(error)
