"""Rows become answers: by the champion, by the arms of an experiment, and behind them by shadows.

A single row is answered inside the event loop, for a hop to a thread costs more than a tree walk; batches and
reasons of many rows go to a thread. Any number of threads may score at once: a scorer is never changed, only exchanged.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from threading import Lock, Thread
from typing import Any

from workbench.core.fitting import check_fits
from workbench.errors import BadRow, WorkbenchError
from workbench.scoring.bodies import Rows
from workbench.scoring.log import PredictionLog
from workbench.scoring.metrics import Metrics
from workbench.scoring.runtime import Scorer
from workbench.scoring.traffic import CANARY, SHADOW, Answers, Arm, Traffic, Trial, answered_by, scored

MOST_FAILURES = 3  # requests that an arm may fail before it takes no more rows
MOST_BEHIND = 64  # requests whose rows wait for a shadow; those of more are not scored by it
INLINE = 8  # rows that are scored without a thread


class Answering:
    """Who answers now, and the work of it.

    Parameters
    ----------
    traffic : Traffic
        To begin with; :meth:`follow` and :meth:`try_out` exchange it between two requests.
    metrics : Metrics
        What is counted.
    log : PredictionLog, optional
        Where questions and answers are kept.

    Raises
    ------
    Refused
        If an arm or the shadow takes other rows than the champion, or answers another question.
    """

    def __init__(self, traffic: Traffic, metrics: Metrics, log: PredictionLog | None = None) -> None:
        self.traffic, self.metrics, self.log = traffic, metrics, log
        self._behind: set[asyncio.Task[None]] = set()
        self._failures: Counter[int] = Counter()
        self._turn = Lock()
        for other in traffic.others:
            if other.bundle.version != traffic.champion.bundle.version:  # an alias may mean the champion, too
                check_fits(other.bundle, traffic.champion.bundle)
            self._hide(other)
        scorers = (traffic.champion, *traffic.others)
        Thread(target=lambda: list(map(_warm, scorers)), name="paths of reasons", daemon=True).start()

    def follow(self, scorer: Scorer) -> None:
        """Answer with another champion from now on; a request in progress keeps the old one."""
        self._hide(scorer)
        warm = _warm(scorer)
        self._exchange(lambda traffic: traffic.follow(warm))

    def try_out(self, trial: Trial | None) -> None:
        """Try a version out from now on, in place of the one before; None: the champion answers all again.

        Raises
        ------
        Refused
            If it takes other rows than the champion, or answers another question; the one before has gone then.
        BadParameter
            If its share does not fit beside the other arms; likewise.
        """
        self.metrics.broken = None
        try:
            tried = None if trial is None else self._ready_to_try(trial)
            self._exchange(lambda traffic: replace(traffic, trial=tried))
        except WorkbenchError:
            self._exchange(lambda traffic: replace(traffic, trial=None))
            raise

    def rollback(self) -> None:
        """End what is tried out; where nothing is, answer with the version before again: it is still in memory.

        Raises
        ------
        Refused
            If there was none since the service started.
        """
        self._exchange(Traffic.back)

    async def score(self, rows: Rows, reasons: int) -> Answers:
        """The answers of all rows, kept and counted.

        Raises
        ------
        BadRow
            If a row breaks the champion's contract.
        StoreError
            If the log takes no more.
        """
        traffic = self.traffic
        rows = list(traffic.champion.named(rows))
        if len(rows) <= INLINE and traffic.champion.bundle.compiled:
            answers = self._score(rows, reasons, traffic)
        else:
            answers = await asyncio.to_thread(self._score, rows, reasons, traffic)
        for shadow, places in _shadowed(traffic, answers):
            self._score_behind(shadow, [rows[i] for i in places], [answers[i]["id"] for i in places])
        return answers

    async def close(self) -> None:
        """Wait for what works behind the answers."""
        await asyncio.gather(*self._behind, return_exceptions=True)

    def _ready_to_try(self, trial: Trial) -> Trial:
        check_fits(trial.scorer.bundle, self.traffic.champion.bundle)
        self._hide(trial.scorer)
        self._failures = Counter()
        return replace(trial, scorer=_warm(trial.scorer))

    def _exchange(self, change: Callable[[Traffic], Traffic]) -> None:
        """One change after the other: who follows the store, an admin and a failing arm are threads of their own."""
        with self._turn:
            self.traffic = change(self.traffic)
            self.metrics.trial = None if self.traffic.trial is None else self.traffic.trial.rollout

    def _score(self, rows: Rows, reasons: int, traffic: Traffic) -> Answers:
        start = time.perf_counter()
        answers = traffic.predict(rows, reasons, self._failed)
        self._keep(traffic.champion, rows, answers, time.perf_counter() - start)
        self.metrics.predicted([(a["version"], a.get("arm", "")) for a in answers], _flags(answers))
        return answers

    def _score_behind(self, shadow: Scorer, rows: Rows, ids: list[str]) -> None:
        """Behind the answer, which has gone; where too much waits already, not at all."""
        version = shadow.bundle.version
        if len(self._behind) >= MOST_BEHIND:
            self.metrics.skipped(version, len(rows))
            return
        task = asyncio.create_task(asyncio.to_thread(self._shadow, shadow, rows, ids))
        self._behind.add(task)
        task.add_done_callback(self._behind.discard)

    def _shadow(self, shadow: Scorer, rows: Rows, ids: list[str]) -> None:
        start = time.perf_counter()
        answers, error = scored(shadow, rows, 0, ids)
        there = [i for i, answer in enumerate(answers) if answer]
        marked = [{**answers[i], "arm": SHADOW} for i in there]
        try:
            self._keep(shadow, [rows[i] for i in there], marked, time.perf_counter() - start)
        except WorkbenchError as full:  # nobody waits any more: only our own log can be told
            logging.getLogger(__name__).warning("The shadow's answers could not be kept: %s", full)
        self.metrics.predicted([(a["version"], SHADOW) for a in marked], ())
        if error is not None:
            self._tell_failure(SHADOW, shadow.bundle.version, error, len(rows) - len(there))

    def _failed(self, arm: Arm, error: Exception, rows: int) -> None:
        """The champion answered in an arm's place. What fails otherwise than by a row's fault takes no more rows."""
        version = arm.scorer.bundle.version
        self._tell_failure(arm.name, version, error, rows)
        if isinstance(error, BadRow):
            return
        with self._turn:
            self._failures[version] += 1
            enough = self._failures[version] == MOST_FAILURES
        if enough:
            self.metrics.broken = self.metrics.trial if arm.name == CANARY else None
            self._exchange(lambda traffic: traffic.without(arm))
            logging.getLogger(__name__).error(
                "Version %s (%s) has failed %s times and takes no more rows: the champion answers them.",
                version, arm.name, MOST_FAILURES,
            )  # fmt: skip

    def _tell_failure(self, arm: str, version: int, error: Exception, rows: int) -> None:
        """In the metrics each time, in the log when a kind of fault is met first, without a value of a row."""
        if self.metrics.failed(version, arm, type(error).__name__, rows):
            trace = None if isinstance(error, WorkbenchError) else error
            logging.getLogger(__name__).warning(
                "Version %s (%s) could not score %s rows: %s", version, arm, rows, _fault(error), exc_info=trace
            )

    def _keep(self, scorer: Scorer, rows: Rows, answers: Answers, seconds: float) -> None:
        if self.log is None:
            return
        self.log.put(answers, _only(rows, scorer.known), 1000 * seconds)

    def _hide(self, scorer: Scorer) -> None:
        """Before its first row: what any version calls sensitive is kept out of the log in clear."""
        if self.log is not None:
            self.log.sensitive |= frozenset(scorer.sensitive)


def _shadowed(traffic: Traffic, answers: Sequence[dict[str, Any]]) -> Iterator[tuple[Scorer, Sequence[int]]]:
    """Who scores which rows behind their answers: shadows all of them, and the champion those of the canary.

    So both versions have answered the same rows, and can be compared by them.
    """
    yield from ((shadow, range(len(answers))) for shadow in traffic.shadows)
    of_canary = list(answered_by(answers, CANARY))
    if of_canary:
        yield traffic.champion, of_canary


def _fault(error: Exception) -> str:
    """What went wrong, without a row's values."""
    if isinstance(error, BadRow):
        return f"field {error.problems[0]['field']!r} must be {error.problems[0]['expected']}"
    return str(error) if isinstance(error, WorkbenchError) else type(error).__name__


def _only(rows: Rows, known: frozenset[str]) -> Rows:
    """What the contract knows of the rows."""
    if all(map(known.issuperset, set(map(tuple, rows)))):  # rows mostly have the same names
        return rows
    return [{c: v for c, v in row.items() if c in known} for row in rows]


def _warm(scorer: Scorer) -> Scorer:
    """The scorer with its paths found, so that no client waits for them."""
    if not scorer.without_reasons:
        scorer.model.explain({name: [None] for name in scorer.features})
    return scorer


def _flags(answers: Answers) -> list[str]:
    return [flag for a in answers for flag in a["flags"]]
