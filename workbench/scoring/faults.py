"""What went wrong, told without a value of a row: what it was and where, once a minute a kind.

A message of Python or of a library may hold whatever a client sent, and a traceback holds the message. So neither is
logged: the class and the places are, and of our own errors those sentences that can't hold a row's value.
"""

from __future__ import annotations

import logging
import threading
import time
import traceback
from collections.abc import Callable, Hashable, Iterator
from pathlib import PurePath

from workbench.errors import BadRow, MissingExtra, Refused, StoreError

EVERY = 60.0  # seconds between two lines about one kind of fault
MOST_KINDS = 500  # that are kept apart
DEEPEST = 8  # places of one error that are told, the innermost
MOST_CAUSES = 3
PLAIN = (StoreError, Refused, MissingExtra)  # their sentences name files, versions and packages
_ROOTS = ("workbench", "site-packages", "dist-packages")


class Faults:
    """Where failures are told.

    Parameters
    ----------
    clock : callable
        Seconds.

    Examples
    --------
    >>> faults = Faults(clock=lambda: 0.0)
    >>> [faults.tell("A row failed", ValueError("Ada Lovelace")) for _ in range(3)]
    [True, False, False]
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._turn = threading.Lock()
        self._told: dict[Hashable, float] = {}
        self._kept_back: dict[Hashable, int] = {}

    def tell(self, what: str, error: BaseException, level: int = logging.WARNING, note: str = "") -> bool:
        """Log a sentence and what it was, or count it where the kind has been told within a minute; says whether.

        Parameters
        ----------
        what : str
            A sentence without its point and without a value of a row.
        error : exception
            Of which the class and the places are told.
        level : int
            Of the line.
        note : str
            What may differ from one to the next of a kind, such as the request.
        """
        told, kind = described(error), (what, type(error), _innermost(error))
        with self._turn:
            now, known = self._clock(), kind in self._told
            if (known and now < self._told[kind] + EVERY) or (not known and len(self._told) >= MOST_KINDS):
                self._kept_back[kind] = self._kept_back.get(kind, 0) + known
                self._forget(now)
                return False
            self._told[kind], before = now, self._kept_back.pop(kind, 0)
        notes = [*([note] if note else []), *([f"{before:,} more since the last line"] if before else [])]
        more = f" ({'; '.join(notes)})" if notes else ""
        logging.getLogger(__name__).log(level, "%s: %s%s", what, told, more)
        return True

    def _forget(self, now: float) -> None:
        if len(self._told) >= MOST_KINDS:
            self._told = {kind: at for kind, at in self._told.items() if now < at + EVERY}
            self._kept_back = {kind: n for kind, n in self._kept_back.items() if kind in self._told}


def described(error: BaseException) -> str:
    """An error as class and places, innermost first, without its message.

    >>> try:
    ...     {}["Ada Lovelace"]
    ... except KeyError as error:
    ...     "KeyError at " in described(error), "Ada" in described(error)
    (True, False)
    """
    return ", after ".join(map(_one, _chain(error)))


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and what caused it."""
    now: BaseException | None = error
    for _ in range(MOST_CAUSES):
        if now is None:
            return
        yield now
        now = now.__cause__ or (None if now.__suppress_context__ else now.__context__)


def _one(error: BaseException) -> str:
    where = [f"{_short(frame.f_code.co_filename)}:{line} {frame.f_code.co_name}"
             for frame, line in traceback.walk_tb(error.__traceback__)][-DEEPEST:]  # fmt: skip
    places = f" at {' < '.join(reversed(where))}" if where else ""
    return f"{type(error).__name__}{_said(error)}{places}"


def _innermost(error: BaseException) -> Hashable:
    """Where it was raised: two ways to one fault are one kind."""
    *_, last = [None, *traceback.walk_tb(error.__traceback__)]
    return None if last is None else (last[0].f_code, last[1])


def _said(error: BaseException) -> str:
    """What can be told of its message."""
    if isinstance(error, BadRow) and error.problems:
        return f" (field {error.problems[0]['field']!r} must be {error.problems[0]['expected']})"
    if isinstance(error, PLAIN):
        return f" ({error})"
    if isinstance(error, OSError) and error.errno is not None:
        return f" ({error.errno})"
    return ""


def _short(path: str) -> str:
    """A place without what stands before the package."""
    parts = PurePath(path).parts
    start = max((i + (part != "workbench") for i, part in enumerate(parts) if part in _ROOTS), default=len(parts) - 1)
    return "/".join(parts[start:])
