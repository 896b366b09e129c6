"""The two threads of a prediction log: one commits what was put, the other one keeps house."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence

from workbench.errors import StoreError
from workbench.scoring.log_lines import Part

PAUSE = 0.01  # seconds between two commits of what was put
FLUSH = 0.25  # seconds that kill -9 may cost at most: the pause, and room for a busy machine
MOST_WAITING = 50_000  # records that wait in memory while the disk takes none
EVERY = 600.0  # seconds between two looks at what is too old
_LOG = logging.getLogger("workbench.scoring.log")


class Writer:
    """A thread that commits what was put, all that waits together. It starts with the first record."""

    def __init__(self, insert: Callable[[Sequence[Part]], None]) -> None:
        self._insert = insert
        self._changed = threading.Condition()
        self._waiting: list[Part] = []
        self._thread: threading.Thread | None = None
        self._put = self._done = 0
        self._closing = False
        self.failure: StoreError | None = None

    @property
    def waiting(self) -> int:
        """Records that are not committed yet."""
        return self._put - self._done

    @property
    def failing(self) -> bool:
        """Whether the last commit failed."""
        return self.failure is not None

    @property
    def full(self) -> bool:
        """Whether :meth:`put` may refuse the next record."""
        return self.failing and self.waiting >= MOST_WAITING

    def put(self, part: Part) -> None:
        """Take records to be committed soon.

        Raises
        ------
        StoreError
            If too many wait already, and none can be committed.
        """
        with self._changed:
            if self.failure is not None and self.waiting + len(part.ids) > MOST_WAITING:
                raise _full(self.failure)
            self._put += len(part.ids)
            self._waiting.append(part)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="prediction log", daemon=True)
                self._thread.start()
            elif len(self._waiting) == 1:
                self._changed.notify_all()

    def flush(self) -> bool:
        """Wait until what was put is committed; False if it can't be."""
        with self._changed:
            target = self._put
            self._changed.wait_for(lambda: self._done >= target or self.failing)
            return self._done >= target

    def close(self) -> None:
        """Commit what waits, if it can be."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(30)

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._closing)
                closing_now, parts, self._waiting = self._closing, self._waiting, []
            failure = self._kept(parts)
            with self._changed:
                self.failure = failure
                self._done += sum(len(part.ids) for part in parts) if failure is None else 0
                if failure is not None:
                    self._waiting[:0] = parts
                self._changed.notify_all()
                if closing_now and (failure is not None or not self._waiting):
                    return
                self._changed.wait_for(lambda: self._closing, timeout=PAUSE if failure is None else 20 * PAUSE)

    def _kept(self, parts: list[Part]) -> StoreError | None:
        try:
            self._insert(parts)
        except StoreError as failure:
            if not self.failing:
                _LOG.warning("Records wait for the disk and are tried again: %s", failure)
            return failure
        return None


class Keeper:
    """A thread that keeps house: after every so many records, and every some minutes where it is asked to.

    Parameters
    ----------
    work : callable
        Called with a function that says whether to stop.
    often : bool
        Whether to look every ``EVERY`` seconds, too.
    """

    def __init__(self, work: Callable[[Callable[[], bool]], None], often: bool) -> None:
        self._work, self._often = work, often
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._asked = often
        self._closing = False
        if often:
            self._start()

    def ask(self) -> None:
        """That it be done soon."""
        with self._changed:
            self._asked = True
            if self._thread is None and not self._closing:
                self._start()
            self._changed.notify_all()

    def close(self) -> None:
        """Stop after the step that it is in."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(30)

    def _start(self) -> None:
        self._thread = threading.Thread(target=self._keep, name="prediction log keeper", daemon=True)
        self._thread.start()

    def _keep(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._asked or self._closing, EVERY if self._often else None)
                if self._closing:
                    return
                self._asked = False
            try:
                self._work(lambda: self._closing)
            except StoreError as failure:  # it is tried again, after as many records
                _LOG.warning("The prediction log can't be put in order now: %s", failure)


def _full(failure: StoreError) -> StoreError:
    full = StoreError(f"The prediction log takes no more records. {failure} Free some space, or mend it.")
    full.retry_after = failure.retry_after
    return full
