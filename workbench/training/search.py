"""The search: candidates validated one after another; a clock, a journal and Ctrl-C can end it."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from math import inf
from time import monotonic, process_time
from types import MappingProxyType
from typing import Any

from workbench.core.metric import metric_name
from workbench.core.parameters import seconds
from workbench.core.progress import progress
from workbench.core.run import Tried
from workbench.errors import BadParameter, WorkbenchError
from workbench.training.candidates import FEW_A_FEATURE, MODELS, Settings, columns_by_kind, settings_to_try
from workbench.training.journal import Journal, Kept
from workbench.training.plan import Plan, may_drift
from workbench.training.recording import MOST_NESTED
from workbench.training.trials import Trial, scored_so_far, untried, validated, with_intervals

# Rows, and values of the features, up to which other settings of boosting than the first are tried where nobody says
# how many: they cost little, and it is there that they differ.
FEW_ROWS, FEW_VALUES = 10_000, 1_000_000
MOST_TRIALS = 200
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


@dataclass(frozen=True)
class Search:
    """What was tried.

    Parameters
    ----------
    tried : tuple of Trial
        The best trial of each candidate, the best first.
    untried : int
        Settings that were still to come when somebody stopped the search; 0 where nobody did.
    failed : mapping of str to str
        Candidates that could not be fitted, with the reason.
    rounds : int
        Settings of boosting that were tried: a search that is given so many finds the same.
    others : tuple of Tried
        All other settings that were tried, in their order.
    """

    tried: tuple[Trial, ...]
    untried: int
    failed: Mapping[str, str] = field(default_factory=dict)
    rounds: int = 1
    others: tuple[Tried, ...] = ()

    @property
    def best(self) -> Trial:
        """The one with the best score."""
        return self.tried[0]


def search(
    plan: Plan,
    journal: Journal,
    clock: Clock | None = None,
    done: Mapping[tuple[str, str], Trial] = MappingProxyType({}),
    stopped: bool = False,
) -> Search:
    """Validate each setting of each candidate, the simplest first; those that the journal knows are not done again.

    The first settings of all candidates come first, then the second ones, and so on. A budget of seconds is looked at
    before each further round: it starts where it will end in time, with what is to be done after it. Ctrl-C ends the
    search with what is there.

    Parameters
    ----------
    plan : Plan
    journal : Journal
    clock : Clock, optional
    done : mapping of (str, str) to Trial, optional
        Trials that were done before the search, by candidate and setting.
    stopped : bool
        Whether somebody pressed Ctrl-C before it.
    """
    clock = clock or Clock(seconds(plan.step.budget))
    rounds = _rounds(plan, _trials(plan))
    budget, many = seconds(plan.step.budget), sum(map(len, rounds))
    left = None if budget is None else max(clock.left(), 1.0)
    race = Race(plan, journal, clock, done)
    try:
        if stopped:
            raise KeyboardInterrupt
        with progress("Training", total=None if budget else many, seconds=left) as tracker:
            for each in rounds:
                if not race.has_time_for(each):
                    break
                for name, setting in each:
                    race.try_out(name, setting)
                    tracker.advance(name, rows=list(_board(race.best.values())), best=race.leading)
                race.rounds += 1
        return race.ended(untried=0)
    except KeyboardInterrupt:
        # The baseline costs next to nothing: whoever stops the first trial gets at least a model to compare with.
        race.best = race.best or {"baseline": _baseline(plan)}
        return race.ended(untried=many - race.done)


def _rounds(plan: Plan, trials: int) -> list[list[tuple[str, Settings]]]:
    """The first settings of all candidates, then the second ones, and so on."""
    dates = len(columns_by_kind(plan.contract, plan.features)["dates"])
    wide = len(plan.table) < FEW_A_FEATURE * len(plan.features)
    settings = {
        name: _distinct(tried | plan.told(name) for tried in settings_to_try(model, trials, plan.seed, dates, wide))
        for name, model in plan.models.items()
    }
    if plan.class_weight is not None:
        weighed = {"class_weight": plan.class_weight}
        settings |= {name: [one | weighed for one in settings[name]] for name in plan.models if _weighs(plan, name)}
    longest = max(map(len, settings.values()))
    return [[(name, tried[k]) for name, tried in settings.items() if k < len(tried)] for k in range(longest)]


def first_settings(plan: Plan) -> list[tuple[str, Settings]]:
    """What the search tries first of each candidate."""
    return _rounds(plan, _trials(plan))[0]


def _distinct(settings: Iterable[Settings]) -> list[Settings]:
    """Each once: what they differed by may be settled by the loss or the classes."""
    return list({repr(sorted(one.items())): one for one in settings}.values())


def _weighs(plan: Plan, name: str) -> bool:
    return plan.models[name].weighs_classes


class Clock:
    """Seconds that a search may take, and those that trials took.

    Parameters
    ----------
    budget : float, optional
        Seconds from now; without it there is always time.

    Attributes
    ----------
    longest : dict of str to float
        Seconds of the longest trial by candidate.
    write : float
        Seconds that MLflow's store takes for what is written at once.
    """

    def __init__(self, budget: float | None) -> None:
        self.marks = [(monotonic(), process_time())]
        self.until = inf if budget is None else self.marks[0][0] + budget
        self.longest: dict[str, float] = {}
        self.write = 0.0

    @contextmanager
    def running(self, name: str) -> Iterator[None]:
        """A trial of a candidate."""
        began = monotonic()
        yield
        self.marks.append((monotonic(), process_time()))
        self.longest[name] = max(self.marks[-1][0] - began, self.longest.get(name, 0.0))

    def takes(self, cpu: float) -> float:
        """Seconds that some CPU seconds are likely to take: many more on a machine that is busy with others."""
        return cpu * max(self._pace(0), self._pace(-1 - PACE), 1.0)

    def _pace(self, since: int) -> float:
        """Seconds that a CPU second took, from the beginning or in the last trials."""
        wall, cpu = self.marks[max(since, -len(self.marks))]
        used = process_time() - cpu
        return (monotonic() - wall) / used if used > 0 else 1.0

    def left(self) -> float:
        """Seconds until the budget ends."""
        return self.until - monotonic()


class Race:
    """The best trial of each candidate so far.

    Parameters
    ----------
    plan : Plan
        What is tried.
    journal : Journal
        Trials that had ended before.
    clock : Clock
        The time there is.
    done : mapping of (str, str) to Trial, optional
        Trials that were done before, by candidate and setting.
    """

    def __init__(
        self, plan: Plan, journal: Journal, clock: Clock, done: Mapping[tuple[str, str], Trial] = MappingProxyType({})
    ) -> None:
        self.plan, self.journal, self.clock, self.before = plan, journal, clock, done
        self.best: dict[str, Trial] = {}
        self.failed: dict[str, Exception] = {}
        self.others: list[Tried] = []
        self.done = self.rounds = 0

    def try_out(self, name: str, setting: Settings) -> None:
        """Validate a setting of a candidate; where its library fails, the others go on.

        What our own code refuses (a bad metric, say) holds for all candidates, and is raised.
        """
        began, became = process_time(), "fell behind the best of its kind on the first folds"
        try:
            with self.clock.running(name):
                trial = self._validated(name, setting)
                if trial is not None:
                    self._ranked(name, trial)
        except (WorkbenchError, MemoryError):
            raise
        except Exception as error:
            logging.getLogger(__name__).info("The candidate %s failed.", name, exc_info=True)
            self.failed[name], trial, became = error, None, in_short(error)
        if trial is None:
            spent = process_time() - began
            self.others.append(Tried(name, setting, (), spent, became, failed=name in self.failed))
        self.done += 1

    def _ranked(self, name: str, trial: Trial) -> None:
        """The better one of a candidate is kept, the other one told."""
        best = self.best.get(name)
        if best is None or trial.quality > best.quality:
            self.best[name], worse = trial, best
            self.best[name] = with_intervals(self.plan, trial)
        else:
            worse = trial
        if worse is not None:
            self.others.append(worse.told("validated"))

    @property
    def leading(self) -> float | None:
        """The best score so far."""
        best = max(self.best.values(), key=lambda trial: trial.quality, default=None)
        return best.metrics[0].value if best is not None else None

    def has_time_for(self, trials: Sequence[tuple[str, Settings]]) -> bool:
        """Whether further trials, and what follows the search, are likely to end in time."""
        if not self.rounds or not self.best:
            return True
        after = SPARE * (self._fits_after() + self._told_after())
        return sum(self.clock.longest.get(name, 0.0) for name, _ in trials) + after <= self.clock.left()

    def _fits_after(self) -> float:
        """Seconds of the fits that follow: what is made of the candidates, and the last ones of the best."""
        plan, longest = self.plan, self.clock.longest
        leader, together = longest[max(self.best.values(), key=lambda trial: trial.quality).name], sum(longest.values())
        more = COMBINED[plan.step.ensemble] * together
        more += CALIBRATED[plan.step.calibration] * leader if plan.classes else 0.0
        more += TRENDED * together if may_drift(plan) else 0.0
        rows: float = len(plan.table) + len(plan.parts.train) * (1 if plan.parts.split.kind == "random" else 2)
        rows += CURVED * len(plan.parts.train) if plan.step.learning_curve else 0.0
        last = together if plan.step.ensemble != "none" or may_drift(plan) else leader
        return more + last * rows / sum(len(fit) for fit, _ in plan.parts.folds)

    def _told_after(self) -> float:
        """Seconds of what is told and written."""
        shown = len(self.best) + min(len(self.others), MOST_NESTED)
        told = self.clock.takes(TOLD_AFTER + TOLD_AFTER_A_ROW * len(self.plan.table))
        return told + (WRITES + WRITES_A_ROW * shown) * self.clock.write

    def ended(self, untried: int) -> Search:
        """What was found.

        Raises
        ------
        BadParameter
            If no candidate could be fitted.
        """
        reasons = {name: in_short(error) for name, error in self.failed.items()}
        if not self.best:
            told = "; ".join(f"{name}: {reason}" for name, reason in reasons.items())
            message = f"No candidate could be fitted. {told}. Give others, or mend these."
            raise BadParameter(message) from next(iter(self.failed.values()))
        tried = tuple(sorted(self.best.values(), key=lambda trial: -trial.quality))
        return Search(tried, untried, reasons, self.rounds, tuple(self.others))

    def _validated(self, name: str, setting: Settings) -> Trial | None:
        """A trial, or what the journal knows of it; None where it falls behind its rival."""
        kept = self.journal.read(name, setting)
        if kept is not None:
            return _again(self.plan, name, kept)
        trial = self.before.get((name, repr(setting))) or validated(self.plan, name, setting, self.best.get(name))
        self.journal.write(name, setting, _to_keep(setting, trial))
        return trial


def in_short(error: Exception) -> str:
    """An error of somebody's own model in one line, without the values that it may quote at length."""
    first = (str(error).strip().splitlines() or [""])[0][:300].rstrip(".")
    return f"{type(error).__name__}: {first}" if first else type(error).__name__


def _to_keep(setting: Settings, trial: Trial | None) -> Kept:
    if trial is None:
        return Kept(setting, 0.0, ())
    return Kept(trial.settings, trial.seconds, tuple(prediction for _, prediction in trial.windows))


def _again(plan: Plan, name: str, kept: Kept) -> Trial | None:
    """The trial that was kept; None where it had fallen behind."""
    if not kept.predictions:
        return None
    pairs = zip(plan.parts.folds, kept.predictions, strict=True)
    windows = tuple((plan.target.iloc[validate], prediction) for (_, validate), prediction in pairs)
    return scored_so_far(plan, replace(untried(plan, name, kept.settings), windows=windows, seconds=kept.seconds))


def _trials(plan: Plan) -> int:
    rows = len(plan.table)
    few = 3 if rows <= FEW_ROWS and rows * len(plan.features) <= FEW_VALUES else 1
    return plan.step.trials or (MOST_TRIALS if plan.step.budget else few)


def _baseline(plan: Plan) -> Trial:
    alone = replace(plan, models={"baseline": MODELS["baseline"]})
    trial = validated(alone, "baseline", alone.told("baseline"))
    assert trial is not None, "it has no rival"
    return trial


def _board(tried: Iterable[Trial]) -> Iterator[dict[str, Any]]:
    for trial in sorted(tried, key=lambda t: -t.quality):
        first, *others = trial.metrics
        scores = {metric_name(first.name): first.text, **{metric_name(m.name): m.value for m in others}}
        yield {"candidate": trial.name, **scores, "CPU s": round(trial.seconds, 1)}
