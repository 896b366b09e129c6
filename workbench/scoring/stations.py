"""A version at work: what its rows cost, its threads, and how some of its rows are scored slice by slice."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Generator, Sequence
from itertools import chain
from threading import Thread
from typing import Any, TypeVar

from workbench.errors import BadRow
from workbench.scoring.behind import Behind
from workbench.scoring.bodies import Rows
from workbench.scoring.costs import Price
from workbench.scoring.crew import Crew, Steps
from workbench.scoring.faults import Faults
from workbench.scoring.runtime import Scorer
from workbench.scoring.traffic import Answers, scored

T = TypeVar("T")
Heard = Callable[[Scorer, Rows, Answers, "Exception | None", float], None]
INLINE = 0.0015  # seconds of work that the event loop does itself: a hop to a thread and back costs a tenth of it
SLICE = 0.02  # seconds of work after which another request has its turn
SLICE_BEHIND = 0.005  # likewise, where nobody waits for it
SHARE = 0.1  # of the time for what nobody waits for: at most so much slower may it make what somebody does
THREADS = min(2, os.cpu_count() or 1)  # Python's lock lets one compute at a time, numpy and the kernel some more
WARMING = 10.0  # seconds that a version gets to be ready before it takes rows


class Station:
    """One version, with threads for its answers and one for what it scores behind those of others.

    Parameters
    ----------
    scorer : Scorer
        The version.
    heard : callable
        Takes what it scored behind the answers of others: rows, answers (an empty one where it has none), why not, and
        the seconds that it took.
    faults : Faults
        Where it is told if it can't be timed.
    """

    def __init__(self, scorer: Scorer, heard: Heard, faults: Faults) -> None:
        version = scorer.bundle.version
        self.scorer, self._tell, self._faults = scorer, heard, faults
        self.price = Price()
        self.crew = Crew(f"version {version}", THREADS)
        self.behind = Behind(
            f"behind version {version}", self._hear, lambda: self.price.rows_in(SLICE_BEHIND, 0), SHARE
        )
        self._warming = Thread(target=self._warm, name="paths of reasons", daemon=True)
        self._warming.start()

    def warm(self) -> None:
        """Wait until its paths are found and its rows timed, so that no client waits for that; but not for ever."""
        self._warming.join(WARMING)

    def retire(self) -> None:
        """Its threads end with what they do."""
        self.crew.retire()
        self.behind.retire()

    def at_once(self, rows: int, reasons: int) -> bool:
        """Whether the event loop may do it: tables of known cost, for what else may hang in there can't be told."""
        known = self.price.known and self.scorer.bundle.compiled
        return known and self.price.of(rows, reasons) <= INLINE

    def answers(self, rows: Rows, reasons: int, ids: Sequence[str] | None = None) -> Steps:
        """Its answers.

        Raises
        ------
        BadRow
            If rows break the contract: all of them at once.
        """
        parts = yield from self._slices(
            rows, reasons, lambda at: self.scorer.predict(rows[at], reasons, None if ids is None else ids[at])
        )
        return list(chain.from_iterable(parts))

    def tried(self, rows: Rows, reasons: int, ids: Sequence[str]) -> Steps:
        """Its answers, an empty one where it has none, and why. What fails otherwise than by a row has failed."""
        faults: list[Exception] = []

        def attempt(at: slice) -> Answers:
            if faults and not isinstance(faults[0], BadRow):
                return [{}] * len(rows[at])
            some, fault = scored(self.scorer, rows[at], reasons, ids[at])
            faults[:] = _worst(faults, fault)
            return some

        parts = yield from self._slices(rows, reasons, attempt)
        return list(chain.from_iterable(parts)), faults[0] if faults else None

    def explained(self, rows: Rows) -> Steps:
        """What every column added to each prediction, as :meth:`workbench.scoring.runtime.Scorer.explain` has it."""
        parts = yield from self._slices(rows, 1, lambda at: self.scorer.explain(rows[at]))
        joined = {name: list(chain.from_iterable(part[name] for part in parts)) for name in ("values", "base")}
        return {name: joined.get(name, one) for name, one in parts[0].items()}

    def _slices(self, rows: Rows, reasons: int, work: Callable[[slice], T]) -> Generator[float, None, list[T]]:
        """What some work gives for each part of the rows; the price is corrected by what they took."""
        done: list[T] = []
        took = 0.0
        for at in self.price.slices(len(rows), reasons, SLICE):
            if done:
                yield took
            start = time.thread_time()
            try:
                done.append(work(at))
            except BadRow as error:
                raise self._of_all(rows, at, error) from None
            self.price.learn(at.stop - at.start, reasons, time.thread_time() - start)
            took = self.price.of(at.stop - at.start, reasons)
        return done

    def _of_all(self, rows: Rows, at: slice, error: BadRow) -> BadRow:
        """The faults of a part, or of all rows where later ones have some, too."""
        if at.stop - at.start < len(rows):
            self.scorer.check(rows)
        return BadRow([{**problem, "row": at.start + int(str(problem["row"]))} for problem in error.problems])

    def _hear(self, rows: list[Any], ids: list[str]) -> None:
        start, used = time.perf_counter(), time.thread_time()
        answers, fault = scored(self.scorer, rows, 0, ids)
        self.price.learn(len(rows), 0, time.thread_time() - used)
        try:
            self._tell(self.scorer, rows, answers, fault, time.perf_counter() - start)
        except Exception as error:  # noqa: BLE001 - nobody waits any more: only our own log can be told
            self._faults.tell("Answers of a shadow could not be kept", error)

    def _warm(self) -> None:
        try:
            if not self.scorer.without_reasons:
                self.scorer.model.explain({name: [None] for name in self.scorer.features})
            self.price.measure(self.scorer)
        except Exception as error:  # noqa: BLE001 - whoever asks it will be told; here it stays a version of unknown cost
            self._faults.tell(f"Version {self.scorer.bundle.version} could not be timed", error)


def _worst(faults: Sequence[Exception], new: Exception | None) -> list[Exception]:
    """The first one, or the first that is no row's fault."""
    both = [*faults, *([] if new is None else [new])]
    return sorted(both, key=lambda fault: isinstance(fault, BadRow))[:1]
