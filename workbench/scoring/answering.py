"""Rows become answers: by the champion, by the arms of an experiment, and behind them by shadows.

What costs less than a moment is answered inside the event loop, for a hop to a thread costs more than a tree walk;
all else in threads of the version that answers, slice by slice, until it is done, its client has left or its time is
over. Where too much waits, a request is refused at once. Any number of threads may score at once: a scorer is never
changed, only exchanged.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import replace
from threading import Lock
from typing import Any, TypeVar

from workbench.core.checking import NamedRows, alike
from workbench.core.fitting import check_fits
from workbench.errors import BadRow, Refused, StoreError, WorkbenchError
from workbench.scoring.bodies import Rows
from workbench.scoring.crew import Late, Left, Steps, one_step, watched
from workbench.scoring.faults import Faults
from workbench.scoring.http import Request
from workbench.scoring.log import PredictionLog
from workbench.scoring.metrics import Gauges, Metrics
from workbench.scoring.patience import Patience
from workbench.scoring.refusals import Crowded, Gone, Overdue, Unanswered
from workbench.scoring.runtime import Scorer
from workbench.scoring.stations import Station
from workbench.scoring.traffic import CANARY, SHADOW, Answers, Arm, Share, Traffic, Trial, answered_by, marked

T = TypeVar("T")
MOST_FAILURES = 3  # requests that an arm may fail before it takes no more rows,
WITHIN = 600.0  # in so many seconds
ARM_SECONDS, ARM_TIMES = 2.0, 10.0  # that an arm may take for its rows: so long, and so many times what another would
ODD = 4.0  # times what it was thought to take, from which on something done at once is looked at
STOPPING = 1.0  # seconds that the end of the service leaves to shadows
KEEPING = 5e-6  # seconds of a row that is kept in the log


class Slow(Refused):
    """An arm has not answered in its time."""


class Full(Refused):
    """Too much waits for an arm already."""


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
    patience : Patience, optional
        How long a client is kept waiting.
    faults : Faults, optional
        Where failures are told.

    Raises
    ------
    Refused
        If an arm or the shadow takes other rows than the champion, or answers another question.
    """

    def __init__(
        self,
        traffic: Traffic,
        metrics: Metrics,
        log: PredictionLog | None = None,
        patience: Patience | None = None,
        faults: Faults | None = None,
    ) -> None:
        self.traffic, self.metrics, self.log = traffic, metrics, log
        self.patience, self.faults = patience or Patience(), faults or Faults()
        self.failed_in_turn = 0  # requests one after the other that the champion itself could not answer
        self._stations: dict[Scorer, Station] = {}
        self._failures: dict[int, deque[float]] = {}
        self._turn, self._opening = Lock(), Lock()
        self.dropped: Callable[[Arm], None] = lambda arm: None  # is told of an arm that takes no more rows
        for other in traffic.others:
            if other.bundle.version != traffic.champion.bundle.version:  # an alias may mean the champion, too
                check_fits(other.bundle, traffic.champion.bundle)
            self._hide(other)
        for scorer in traffic.all:
            self._station(scorer)

    def follow(self, scorer: Scorer) -> None:
        """Answer with another champion from now on; a request in progress keeps the old one."""
        self._hide(scorer)
        self._station(scorer).warm()
        self._exchange(lambda traffic: traffic.follow(scorer))
        self.failed_in_turn = 0

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

    def stand(self, traffic: Traffic) -> None:
        """Answer by this traffic from now on, as the other processes of one service do."""
        for scorer in traffic.all:
            self._hide(scorer)
            self._station(scorer).warm()
        if traffic.champion is not self.traffic.champion:
            self.failed_in_turn = 0
        if traffic.trial is not None and traffic.trial != self.traffic.trial:
            self._ready_to_try(traffic.trial)
            self.metrics.broken = None
        self._exchange(lambda _: traffic)

    async def score(
        self, rows: Rows, reasons: int, traffic: Traffic | None = None, request: Request | None = None
    ) -> Answers:
        """The answers of all rows, kept and counted.

        Parameters
        ----------
        rows : list of mapping
            Column to value.
        reasons : int
            Columns named with each answer; 0 for none.
        traffic : Traffic, optional
            Who answers; by default whoever does now.
        request : Request, optional
            Whose client may leave; nobody is watched without it.

        Raises
        ------
        BadRow
            If a row breaks the champion's contract.
        StoreError
            If the log takes no more.
        Unanswered
            If too much waits already, the time is over or the client has left.
        """
        traffic = traffic or self.traffic
        try:
            rows, answers = await self._scored(rows, reasons, request, traffic)
        except (Unanswered, BadRow, StoreError, asyncio.CancelledError):
            raise
        except BaseException:
            self.failed_in_turn += 1
            raise
        self.failed_in_turn = 0
        for shadow, places in _shadowed(traffic, answers):
            self._score_behind(shadow, [rows[i] for i in places], [answers[i]["id"] for i in places])
        return answers

    async def explain(self, rows: Rows, request: Request | None = None) -> dict[str, Any]:
        """What every column added to the champion's prediction of each row.

        Raises
        ------
        BadRow, Refused
            As :meth:`workbench.scoring.runtime.Scorer.explain`.
        Unanswered
            As :meth:`score`.
        """
        champion = self._station(self.traffic.champion)
        if champion.at_once(len(rows), 1):
            return champion.scorer.explain(rows)
        seconds = champion.price.of(len(rows), 1)
        self._admit(champion, seconds)
        work: asyncio.Future[dict[str, Any]] = champion.crew.do(champion.explained(rows), seconds, len(rows))
        return await self.within(work, request)

    async def aside(self, work: Callable[[], T], seconds: float) -> T:
        """What a function gives, in a thread of the champion and in turn with its rows; thought to take so long.

        Raises
        ------
        Crowded
            If it would wait too long.
        """
        champion = self._station(self.traffic.champion)
        self._admit(champion, seconds)
        return await champion.crew.call(work, seconds)

    async def within(self, work: Awaitable[T], request: Request | None = None) -> T:
        """The result of some work, if it is there before the deadline and before its client leaves.

        Raises
        ------
        Unanswered
            Otherwise; the work is cancelled.
        """
        watch = request is not None and request.whole
        try:
            return await watched(work, self.patience.deadline, request.receive if request and watch else None)
        except Late:
            raise Overdue(self.patience.deadline) from None
        except Left:
            raise Gone from None

    @property
    def waits(self) -> float:
        """Seconds that one more row would wait for others."""
        champion = self._station(self.traffic.champion)
        return champion.crew.wait(champion.price.of(1, 0))

    def _station(self, scorer: Scorer) -> Station:
        """Where a version is at work."""
        station = self._stations.get(scorer)
        if station is None:
            with self._opening:
                station = self._stations.setdefault(scorer, Station(scorer, self._heard, self.faults))
        return station

    def gauges(self) -> Gauges:
        """What waits at this moment, for the metrics."""
        stations = list(self._stations.values())
        return {
            "workbench_waiting_rows": {(one.scorer.bundle.version,): one.crew.rows for one in stations},
            "workbench_waiting_requests": {(one.scorer.bundle.version,): one.crew.jobs for one in stations},
            "workbench_shadow_waiting_rows": {(one.scorer.bundle.version,): one.behind.rows for one in stations},
            "workbench_expected_wait_seconds": {(): self.waits},
        }

    def close(self) -> None:
        """Leave a moment to what works behind the answers, and drop the rest of it; for a thread of its own."""
        end = time.monotonic() + STOPPING
        for station in list(self._stations.values()):
            left = station.behind.close(max(0.0, end - time.monotonic()))
            self.metrics.skipped(station.scorer.bundle.version, left)
            station.retire()

    async def _scored(
        self, rows: Rows, reasons: int, request: Request | None, traffic: Traffic
    ) -> tuple[Rows, Answers]:
        champion = self._station(traffic.champion)
        if all(self._station(s).at_once(len(rows), reasons) for s in (traffic.champion, *_arms(traffic))):
            return self._at_once(champion, rows, reasons, traffic)
        seconds = champion.price.of(len(rows), reasons)
        self._admit(champion, seconds)
        # Queued before anything is waited for: whoever is admitted next must find it there.
        if not traffic.answering:
            first = champion.crew.do(self._by_champion(champion, rows, reasons), seconds, len(rows))
            return await self.within(first, request)
        shared = one_step(lambda: _shared(traffic, rows))
        first = champion.crew.do(shared, seconds, len(rows), own=KEEPING * len(rows))
        return await self.within(self._by_arms(champion, first, reasons), request)

    def _admit(self, station: Station, seconds: float) -> None:
        """Refuse what would wait too long; who takes long himself may wait as long."""
        wait = station.crew.wait(seconds)
        if wait > max(self.patience.most_wait, seconds):
            raise Crowded(wait)

    def _at_once(self, champion: Station, rows: Rows, reasons: int, traffic: Traffic) -> tuple[Rows, Answers]:
        start = time.perf_counter()
        rows = champion.scorer.named(rows)
        answers = traffic.predict(rows, reasons, self._failed)
        seconds = time.perf_counter() - start
        if seconds > ODD * champion.price.of(len(rows), reasons):
            champion.price.learn(len(rows), reasons, seconds)
        self._kept(champion.scorer, rows, answers, seconds)
        return rows, answers

    def _by_champion(self, champion: Station, rows: Rows, reasons: int) -> Steps:
        start = time.perf_counter()
        rows = champion.scorer.named(rows)
        answers = yield from champion.answers(rows, reasons)
        self._kept(champion.scorer, rows, answers, time.perf_counter() - start)
        return rows, answers

    async def _by_arms(
        self, champion: Station, shared: Awaitable[tuple[Rows, list[Share]]], reasons: int
    ) -> tuple[Rows, Answers]:
        start = time.perf_counter()
        rows, shares = await shared
        tasks = [asyncio.ensure_future(self._of_share(champion, share, reasons)) for share in shares]
        try:
            parts = await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
        answers: Answers = [{}] * len(rows)
        for share, part in zip(shares, parts, strict=True):
            for i, answer in zip(share.places, part, strict=True):
                answers[i] = answer
        seconds = time.perf_counter() - start
        await champion.crew.call(lambda: self._kept(champion.scorer, rows, answers, seconds), KEEPING * len(rows))
        return rows, answers

    async def _of_share(self, champion: Station, share: Share, reasons: int) -> Answers:
        """The answers of an arm; of the champion where the arm has none, or takes too long."""
        if share.arm.scorer is champion.scorer:
            return marked(await _of_champion(champion, share, reasons), share.arm.name)
        answers, error = await self._tried(self._station(share.arm.scorer), champion, share, reasons)
        if error is None:
            return marked(answers, share.arm.name)
        left = share.left(answers)
        instead = await _of_champion(champion, left, reasons)
        self._failed(share.arm, error, len(left.rows))  # not where the champion fails, too
        return share.filled(answers, instead)

    async def _tried(
        self, station: Station, champion: Station, share: Share, reasons: int
    ) -> tuple[Answers, Exception | None]:
        rows = len(share.rows)
        none: Answers = [{}] * rows
        patience = min(self.patience.deadline / 2, ARM_SECONDS + ARM_TIMES * champion.price.of(rows, reasons))
        seconds = station.price.of(rows, reasons)
        if station.crew.wait(seconds) > patience:
            return none, Full(f"The version {station.scorer.bundle.version} has more to do than it can. Try it later.")
        try:
            work = station.crew.do(station.tried(share.rows, reasons, share.ids), seconds, rows)
            answers, error = await watched(work, patience)
        except Late:
            return none, Slow(f"It took longer than {patience:.1f} seconds. Look into the model.")
        return answers, error

    def _score_behind(self, shadow: Scorer, rows: Rows, ids: list[str]) -> None:
        """Behind the answer, which has gone; what is more than may wait, not at all."""
        self.metrics.skipped(shadow.bundle.version, self._station(shadow).behind.take(rows, ids))

    def _heard(self, shadow: Scorer, rows: Rows, answers: Answers, error: Exception | None, seconds: float) -> None:
        there = [i for i, answer in enumerate(answers) if answer]
        if error is not None:
            self._tell_failure(SHADOW, shadow.bundle.version, error, len(rows) - len(there))
        if there:
            self._kept(shadow, [rows[i] for i in there], marked([answers[i] for i in there], SHADOW), seconds)

    def _failed(self, arm: Arm, error: Exception, rows: int) -> None:
        """The champion answered in an arm's place. What fails otherwise than by a row's fault takes no more rows."""
        version = arm.scorer.bundle.version
        self._tell_failure(arm.name, version, error, rows)
        if not isinstance(error, (BadRow, Full)) and self._fails_often(version):
            self.metrics.out(version, arm.name)
            self.metrics.broken = self.metrics.trial if arm.name == CANARY else self.metrics.broken
            self._exchange(lambda traffic: traffic.without(arm))
            self.dropped(arm)
            logging.getLogger(__name__).error(
                "Version %s (%s) has failed %s times and takes no more rows: the champion answers them.",
                version, arm.name, MOST_FAILURES,
            )  # fmt: skip

    def _fails_often(self, version: int) -> bool:
        """Whether it has just become too often; once it was, it is not told again."""
        now = time.monotonic()
        with self._turn:
            failures = self._failures.setdefault(version, deque(maxlen=MOST_FAILURES))
            failures.append(now)
            often = len(failures) == MOST_FAILURES and failures[0] > now - WITHIN
            if often:
                failures.clear()
            return often

    def _tell_failure(self, arm: str, version: int, error: Exception, rows: int) -> None:
        self.metrics.failed(version, arm, type(error).__name__, rows)
        self.faults.tell(f"Version {version} ({arm}) could not score rows", error)

    def _kept(self, scorer: Scorer, rows: Rows, answers: Answers, seconds: float) -> None:
        """In the log, and counted."""
        if self.log is not None:
            self.log.put(answers, _only(rows, scorer.known), 1000 * seconds)
        self.metrics.predicted([(a["version"], a.get("arm", "")) for a in answers], _flags(answers), seconds)

    def _ready_to_try(self, trial: Trial) -> Trial:
        check_fits(trial.scorer.bundle, self.traffic.champion.bundle)
        self._hide(trial.scorer)
        self._failures.pop(trial.scorer.bundle.version, None)
        self.metrics.out(trial.scorer.bundle.version, trial.rollout.stage, 0)
        self._station(trial.scorer).warm()
        return trial

    def _exchange(self, change: Callable[[Traffic], Traffic]) -> None:
        """One change after the other: who follows the store, an admin and a failing arm are threads of their own."""
        with self._turn:
            self.traffic = change(self.traffic)
            self.metrics.trial = None if self.traffic.trial is None else self.traffic.trial.rollout
            self._retire(self.traffic.all)

    def _retire(self, needed: Sequence[Scorer]) -> None:
        with self._opening:
            for scorer in [one for one in self._stations if one not in needed]:
                self._stations.pop(scorer).retire()

    def _hide(self, scorer: Scorer) -> None:
        """Before its first row: what any version calls sensitive is kept out of the log in clear."""
        if self.log is not None:
            self.log.sensitive |= frozenset(scorer.sensitive)


async def _of_champion(champion: Station, share: Share, reasons: int) -> Answers:
    steps = champion.answers(share.rows, reasons, share.ids)
    try:
        answers: Answers = await champion.crew.do(steps, champion.price.of(len(share.rows), reasons), len(share.rows))
    except BadRow as error:
        raise share.told(error) from None
    return answers


def _shared(traffic: Traffic, rows: Rows) -> tuple[Rows, list[Share]]:
    rows = traffic.champion.named(rows)
    return rows, traffic.shares(rows)


def _arms(traffic: Traffic) -> Iterator[Scorer]:
    return (arm.scorer for arm in traffic.answering)


def _shadowed(traffic: Traffic, answers: Sequence[dict[str, Any]]) -> Iterator[tuple[Scorer, Sequence[int]]]:
    """Who scores which rows behind their answers: shadows all of them, and the champion those of the canary.

    So both versions have answered the same rows, and can be compared by them.
    """
    yield from ((shadow, range(len(answers))) for shadow in traffic.shadows)
    if traffic.answering and (of_canary := list(answered_by(answers, CANARY))):
        yield traffic.champion, of_canary


def _only(rows: Rows, known: frozenset[str]) -> Rows:
    """What the contract knows of the rows."""
    all_known = rows.known if isinstance(rows, NamedRows) else all(map(known.issuperset, alike(rows)))
    if all_known:
        return rows
    return [{c: v for c, v in row.items() if c in known} for row in rows]


def _flags(answers: Answers) -> list[str]:
    return [flag for a in answers for flag in a["flags"]]
