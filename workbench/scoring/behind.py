"""What is scored behind the answers: nobody waits for it, so it may not make anybody wait."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from threading import Lock
from typing import Any

from workbench.scoring.crew import Crew, Job, Steps

MOST_WAITING = 10_000  # rows; those beyond are dropped


class Behind:
    """Rows that wait for one version, which scores some at once, whichever requests they came with.

    Parameters
    ----------
    name : str
        Of the thread.
    score : callable
        Takes rows and their ids; must not raise.
    at_once : callable
        Gives how many rows are scored at once.
    share : float
        Of the time that it may compute.

    Examples
    --------
    >>> seen = []
    >>> behind = Behind("example", lambda rows, ids: seen.extend(ids), lambda: 2, 1.0)
    >>> behind.take([{"age": 1}, {"age": 2}, {"age": 3}], ["a", "b", "c"]), behind.close(10.0), seen
    (0, 0, ['a', 'b', 'c'])
    """

    def __init__(
        self, name: str, score: Callable[[list[Any], list[str]], None], at_once: Callable[[], int], share: float
    ) -> None:
        self._crew = Crew(name, share=share)
        self._score, self._at_once = score, at_once
        self._turn = Lock()
        self._waiting: deque[tuple[Any, str]] = deque()
        self._now = 0
        self._begun = False

    @property
    def rows(self) -> int:
        """Rows that wait or are being scored."""
        return len(self._waiting) + self._now

    def take(self, rows: Sequence[Any], ids: Sequence[str]) -> int:
        """Queue rows as far as there is room; returns how many were dropped."""
        with self._turn:
            room = min(len(rows), max(0, MOST_WAITING - self.rows))
            self._waiting.extend(zip(rows[:room], ids[:room], strict=True))
            begin, self._begun = not self._begun and room > 0, self._begun or room > 0
        if begin:
            self._crew.put(Job(self._work(), 0.0))
        return len(rows) - room

    def retire(self) -> None:
        """The thread ends when nothing waits."""
        self._crew.retire()

    def close(self, patience: float) -> int:
        """Wait so many seconds for what is queued, and drop the rest; returns how many rows those are."""
        self._crew.close(patience)
        with self._turn:
            left = self.rows
            self._waiting.clear()
            return left

    def _work(self) -> Steps:
        while some := self._next():
            self._score([row for row, _ in some], [one for _, one in some])
            yield 0.0

    def _next(self) -> list[tuple[Any, str]]:
        most = self._at_once()
        with self._turn:
            some = [self._waiting.popleft() for _ in range(min(most, len(self._waiting)))]
            self._now = len(some)
            self._begun = bool(some)
            return some
