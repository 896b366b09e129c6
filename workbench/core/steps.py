"""Long work in steps: between two of them others have their turn, and it may be called off.

What takes long says where a step of it ends: :func:`step`. Usually that does nothing. Run by :class:`Stepped`, the work
waits there until it may go on, so that one thread, such as a notebook's kernel, can answer others in between. The work
has a thread of its own, but never runs beside the one that lets it: nothing it touches needs a lock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sized
from contextvars import ContextVar, copy_context
from threading import Semaphore, Thread
from time import monotonic
from typing import Generic, TypeVar

T = TypeVar("T")
_PAUSE: ContextVar[Callable[[float | None], None] | None] = ContextVar("_PAUSE", default=None)
# Seconds that a part takes where somebody waits, and how much larger the next one may be.
PART, GROWS = 0.04, 4
_WITHIN: ContextVar[bool] = ContextVar("_WITHIN", default=False)


class CalledOff(BaseException):
    """Raised inside of work that nobody waits for any more. No error: what cleans up may catch it and raise it on."""


def step(done: float | None = None) -> None:
    """A step ends here; ``done`` is the share of the work that is done, in [0, 1], where that is known."""
    pause = _PAUSE.get()
    if pause is not None:
        pause(done)


def stepwise(items: Iterable[T], many: int | None = None) -> Iterator[T]:
    """Items, with a step before each; ``many`` is how many there are, where they have no length.

    Of loops within each other the outermost one says what share is done.

    >>> list(stepwise("ab"))
    ['a', 'b']
    """
    whole = len(items) if many is None and isinstance(items, Sized) else many
    within = _WITHIN.get()
    _WITHIN.set(True)
    try:
        for place, item in enumerate(items):
            step(place / whole if whole and not within else None)
            yield item
    finally:
        _WITHIN.set(within)


def in_parts(many: int, most: int, first: int) -> Iterator[slice]:
    """Parts of many things, with a step before each: of ``most`` things, which is the same whoever asks.

    Where somebody waits for their turn, they begin with ``first`` things and become as large as is done in 40 ms.

    >>> list(in_parts(5, most=2, first=1))
    [slice(0, 2, None), slice(2, 4, None), slice(4, 5, None)]
    """
    waited_for, within = _PAUSE.get() is not None, _WITHIN.get()
    start, size = 0, min(first, most) if waited_for else most
    while start < many:
        step(None if within else start / many)
        began = monotonic()
        yield slice(start, min(start + size, many))
        start += size
        if waited_for:
            fitting = size * PART / max(monotonic() - began, PART / GROWS)
            size = min(max(int(fitting), 1), most)


class Stepped(Generic[T]):
    """Work that goes on only while somebody lets it.

    Parameters
    ----------
    work : callable
        Without parameters. It says where its steps end by :func:`step`.

    Attributes
    ----------
    done : float or None
        Share that is done, as it said last.
    finished : bool
        Whether there is a result, or an error.

    Examples
    --------
    >>> def work():
    ...     step(0.5)
    ...     return "done"
    >>> stepped = Stepped(work)
    >>> stepped.go_on(seconds=0.0), stepped.done
    (False, 0.5)
    >>> stepped.go_on(), stepped.result()
    (True, 'done')
    """

    def __init__(self, work: Callable[[], T]) -> None:
        self.done: float | None = None
        self.finished = False
        self._work, self._called_off = work, False
        self._mine, self._theirs = Semaphore(0), Semaphore(0)
        self._result: T | None = None
        self._error: BaseException | None = None
        self._thread: Thread | None = None

    def go_on(self, seconds: float | None = None) -> bool:
        """Let it go on for so long, step by step, to its end where nothing is said; whether it is finished."""
        until = None if seconds is None else monotonic() + seconds
        while not self.finished:
            self._one_step()
            if until is not None and monotonic() >= until:
                break
        return self.finished

    def call_off(self) -> None:
        """End it at its next step: nobody waits for the result."""
        self._called_off = True
        if self._thread is not None:
            self.go_on()
        self.finished = True

    def result(self) -> T:
        """What came of it; raises what it raised. None of what was called off."""
        self.go_on()
        if self._error is not None and not isinstance(self._error, CalledOff):
            raise self._error
        return self._result  # type: ignore[return-value]  # finished without an error

    def _one_step(self) -> None:
        if self._thread is None:
            context = copy_context()
            self._thread = Thread(target=context.run, args=(self._run,), daemon=True)
            self._thread.start()
        self._mine.release()
        try:
            self._theirs.acquire()
        except BaseException:  # somebody interrupts the one that waits: the work ends at its next step
            self._called_off = self.finished = True
            raise

    def _run(self) -> None:
        self._mine.acquire()
        _PAUSE.set(self._pause)
        try:
            self._result = self._work()
        except BaseException as error:  # noqa: BLE001 - raised where the result is asked for
            self._error = error
        finally:
            self.finished = True
            self._theirs.release()

    def _pause(self, done: float | None) -> None:
        self.done = self.done if done is None else done
        if not self._called_off:
            self._theirs.release()
            self._mine.acquire()
        if self._called_off:
            raise CalledOff
