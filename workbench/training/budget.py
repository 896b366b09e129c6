"""A budget of time: what is to come is foreseen, so that the whole training ends in it.

The seconds that candidates took to be validated tell what the fits after them will take, and the pace of the last ones
what a CPU second is worth on a machine that is busy with others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from math import inf
from statistics import median
from time import monotonic, process_time

from workbench.core.ranked import Ranked
from workbench.training.plan import MANY_MORE, MANY_ROWS, Plan, may_drift

# CPU seconds that are spent after the fits: intervals, slices, what each candidate costs, the files of the record.
TOLD_AFTER, TOLD_AFTER_A_ROW = 0.7, 1e-5
# What is written to MLflow: so many times a row of the leaderboard, or a setting that is told beside it, and the rest.
WRITES_A_ROW, WRITES = 3, 5
# Trials whose pace is that of what follows, and by how much more time is kept for it than it is likely to take.
PACE, SPARE = 8, 1.25
# How many times the seconds of a validation: of all candidates for an ensemble, of the best one for a calibrator.
COMBINED = {"none": 0.0, "blend": 1.0, "stack": 4.0}
CALIBRATED = {"none": 0.0, "auto": 8.0, "sigmoid": 4.0, "isotonic": 4.0}
# Of both parts for a line below trees: how many trees, then the folds. Of a fit for a learning curve.
TRENDED, CURVED = 2.5, 0.9
# Of a boundary between classes in an order: how many trees, then the folds.
BOUNDARY = 2.0
# Of a fold's share of a validation, what a fit on as many rows takes: no scores, and no trees beyond enough. On telco,
# adult, housing and bike it took 0.2 to 0.66.
LAST = 0.7
# Many more rows than were searched ask for more trees, by how many times as a rule.
MORE_TREES = 2.0


class OutOfTime(Exception):
    """A trial that would not end in time, or what follows it would not."""


class Deadline:
    """The end of a trial's time.

    Parameters
    ----------
    seconds : float
        From now.
    now : callable, optional
        The clock.

    Examples
    --------
    >>> seconds = iter([0.0, 2.0, 4.0])
    >>> deadline = Deadline(3.0, lambda: next(seconds))
    >>> deadline.check()
    >>> deadline.check()
    Traceback (most recent call last):
        ...
    workbench.training.budget.OutOfTime: 4.0
    """

    def __init__(self, seconds: float, now: Callable[[], float] = monotonic) -> None:
        self._seconds, self._now, self._began = seconds, now, now()

    def check(self) -> None:
        """Give up where it is over.

        Raises
        ------
        OutOfTime
            With the seconds that it took until then.
        """
        took = self._now() - self._began
        if took > self._seconds:
            raise OutOfTime(round(took, 1))


class Clock:
    """Seconds that a search may take, and those that trials took.

    Parameters
    ----------
    budget : float, optional
        Seconds from now; without it there is always time.
    now, cpu : callable, optional
        Seconds that have passed, and those that a processor worked for this process.

    Attributes
    ----------
    took : dict of str to list of float
        Seconds of the trials of each candidate.
    write : float
        Seconds that MLflow's store takes for what is written at once.
    """

    def __init__(
        self, budget: float | None, now: Callable[[], float] = monotonic, cpu: Callable[[], float] = process_time
    ) -> None:
        self.now, self._cpu = now, cpu
        self.marks = [(now(), cpu())]
        self.until = inf if budget is None else self.marks[0][0] + budget
        self.took: dict[str, list[float]] = {}
        self.write = 0.0

    @contextmanager
    def running(self, name: str) -> Iterator[None]:
        """A trial of a candidate; one that raises says nothing of how long others take."""
        began = self.now()
        yield
        self.marks.append((self.now(), self._cpu()))
        self.took.setdefault(name, []).append(self.marks[-1][0] - began)

    def usual(self) -> dict[str, float]:
        """Seconds that a trial of each candidate took of late."""
        return {name: median(seconds[-PACE:]) for name, seconds in self.took.items()}

    def deadline(self, seconds: float) -> Deadline:
        """The end of so many seconds from now."""
        return Deadline(seconds, self.now)

    def takes(self, cpu: float) -> float:
        """Seconds that some CPU seconds are likely to take: many more on a machine that is busy with others."""
        return cpu * max(self._pace(0), self._pace(-1 - PACE), 1.0)

    def _pace(self, since: int) -> float:
        """Seconds that a CPU second took, from the beginning or in the last trials."""
        wall, cpu = self.marks[max(since, -len(self.marks))]
        used = self._cpu() - cpu
        return (self.now() - wall) / used if used > 0 else 1.0

    def left(self) -> float:
        """Seconds until the budget ends."""
        return self.until - self.now()


@dataclass(frozen=True)
class Ahead:
    """What is done after the search.

    Parameters
    ----------
    together, leader : float
        Fits: so many times the validation of all candidates together, and of the best one.
    cpu : float
        CPU seconds beside the fits.
    writes : int
        To MLflow's store, beside those of each trial that is told there.

    Examples
    --------
    >>> ahead = Ahead(together=0.0, leader=1.0, cpu=0.0, writes=0)
    >>> ahead.fits({"linear": 1.0, "lightgbm": 4.0}, 4.0)
    4.0
    """

    together: float
    leader: float
    cpu: float
    writes: int = WRITES

    def fits(self, usual: Mapping[str, float], leading: float) -> float:
        """Seconds of the fits, by the usual validation of each candidate and that of the best trial."""
        return self.together * sum(usual.values()) + self.leader * leading

    def told(self, clock: Clock, shown: int) -> float:
        """Seconds of what is told and written of so many trials."""
        return clock.takes(self.cpu) + (self.writes + WRITES_A_ROW * shown) * clock.write

    def seconds(self, clock: Clock, leading: float, shown: int) -> float:
        """All of it, with some to spare."""
        return SPARE * (self.fits(clock.usual(), leading) + self.told(clock, shown))

    def at_most(self, clock: Clock, name: str, leading: float, shown: int, spare: float = SPARE) -> float:
        """Seconds that a trial may take, so that it ends in time with what follows, whoever leads then."""
        others = sum(seconds for other, seconds in clock.usual().items() if other != name)
        left = clock.left() - spare * (self.told(clock, shown) + self.together * others)
        leads = left / (1 + spare * (self.together + self.leader))
        return leads if leads >= leading else (left - spare * self.leader * leading) / (1 + spare * self.together)


def ahead(plan: Plan, suspects: int = 0) -> Ahead:
    """What is done after a search.

    Parameters
    ----------
    plan : Plan
    suspects : int
        How many features nearly give the target: the best candidate is fitted without them too.
    """
    step, train, rows = plan.step, len(plan.parts.train), len(plan.table)
    drifts, combined, at_random = may_drift(plan), step.ensemble != "none", plan.parts.split.kind == "random"
    fitted: float = train * (1 + (suspects > 0))
    fitted += (rows if rows <= MANY_ROWS else 0) if at_random else 2 * rows
    fitted += CURVED * train if step.learning_curve else 0.0
    last = LAST * fitted / sum(len(fit) for fit, _ in plan.parts.folds)
    last *= MORE_TREES if train >= MANY_MORE * sum(map(len, plan.parts.folds[-1])) else 1.0
    together = COMBINED[step.ensemble] + TRENDED * drifts + last * (combined or drifts)
    leader = last * (not (combined or drifts)) + (CALIBRATED[step.calibration] if plan.classes else 0.0)
    leader += BOUNDARY * (len(plan.classes) - 1) if isinstance(plan.classes, Ranked) else 0.0
    return Ahead(together, leader, TOLD_AFTER + TOLD_AFTER_A_ROW * rows)
