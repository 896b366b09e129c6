"""The search: candidates validated one after another; a clock, a journal and Ctrl-C can end it."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from time import process_time
from types import MappingProxyType
from typing import Any

from workbench.core.metric import metric_name
from workbench.core.parameters import seconds
from workbench.core.progress import Tracker, progress
from workbench.core.run import Tried
from workbench.errors import BadParameter, WorkbenchError
from workbench.training.budget import SPARE, Clock, Deadline, OutOfTime, ahead
from workbench.training.candidates import FEW_A_FEATURE, MODELS, Settings, columns_by_kind, settings_to_try
from workbench.training.journal import Journal, Kept
from workbench.training.plan import TREND, Plan, may_drift
from workbench.training.recording import MOST_NESTED
from workbench.training.trials import Trial, scored_so_far, untried, validated, with_intervals

# Rows, and values of the features, up to which other settings of boosting than the first are tried where nobody says
# how many: they cost little, and it is there that they differ.
FEW_ROWS, FEW_VALUES = 10_000, 1_000_000
MOST_TRIALS = 200


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
    late : mapping of str to float
        Candidates for which the budget was too short, with the seconds that they had.
    """

    tried: tuple[Trial, ...]
    untried: int
    failed: Mapping[str, str] = field(default_factory=dict)
    rounds: int = 1
    others: tuple[Tried, ...] = ()
    late: Mapping[str, float] = field(default_factory=dict)

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
    certain: Collection[str] = (),
    suspects: int = 0,
) -> Search:
    """Validate each setting of each candidate, the simplest first; those that the journal knows are not done again.

    The first settings of all candidates come first, then the second ones, and so on. A budget of seconds is looked at
    before each further round: it starts where it will end in time, with what is to be done after it. One that takes
    longer all the same is given up, and so is a candidate's first setting, unless nothing is there yet. Ctrl-C ends
    the search with what is there.

    Parameters
    ----------
    plan : Plan
    journal : Journal
    clock : Clock, optional
    done : mapping of (str, str) to Trial, optional
        Trials that were done before the search, by candidate and setting.
    stopped : bool
        Whether somebody pressed Ctrl-C before it.
    certain : collection of str
        Candidates whose first setting is tried whatever it takes.
    suspects : int
        How many features nearly give the target.
    """
    clock = clock or Clock(seconds(plan.step.budget))
    rounds = _rounds(plan, _trials(plan))
    budget, many = seconds(plan.step.budget), sum(map(len, rounds))
    left = None if budget is None else max(clock.left(), 1.0)
    race = Race(plan, journal, clock, done, certain, suspects)
    try:
        if stopped:
            raise KeyboardInterrupt
        with progress("Training", total=None if budget else many, seconds=left) as tracker:
            for each in rounds:
                if not race.has_time_for(each):
                    break
                if not race.round(each, tracker):
                    break
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
    certain : collection of str
        Candidates whose first setting is tried whatever it takes, since what was decided before rests on them.
    suspects : int
        How many features nearly give the target.
    """

    def __init__(
        self, plan: Plan, journal: Journal, clock: Clock, done: Mapping[tuple[str, str], Trial] = MappingProxyType({}),
        certain: Collection[str] = (), suspects: int = 0,
    ) -> None:  # fmt: skip
        self.plan, self.journal, self.clock, self.before, self.certain = plan, journal, clock, done, certain
        self.whole, self.ahead = (ahead(one, suspects) for one in (plan, plan if certain else plan.without((TREND,))))
        self.best: dict[str, Trial] = {}
        self.took: dict[str, float] = {}
        self.failed: dict[str, Exception] = {}
        self.late: dict[str, float] = {}
        self.others: list[Tried] = []
        self.done = self.rounds = 0

    def round(self, trials: Sequence[tuple[str, Settings]], tracker: Tracker) -> bool:
        """A setting of each candidate; whether there was time.

        Of the first round those that don't end in time are late, and the others go on. A further round counts as a
        whole, or not at all: else as many rounds without a clock would not give the same.
        """
        best, took, others = dict(self.best), dict(self.took), list(self.others)
        for name, setting in trials:
            try:
                self.try_out(name, setting)
            except OutOfTime as late:
                if self.rounds:
                    self.best, self.took, self.others = best, took, others
                    return False
                self.late[name] = late.args[0]
            tracker.advance(name, rows=list(_board(self.best.values())), best=self.leading)
        if not self.rounds:
            self._with_trend()
        self.rounds += 1
        return True

    def _with_trend(self) -> None:
        """Once the first settings are known: whether there is time for a line below the trees."""
        if not may_drift(self.plan.without(self.late)):
            return
        if self.whole.seconds(self.clock, self.leading_took, self._shown) <= self.clock.left():
            self.ahead = self.whole
        elif self.ahead is not self.whole:
            self.late[TREND] = self.clock.left()

    def try_out(self, name: str, setting: Settings) -> None:
        """Validate a setting of a candidate; where its library fails, the others go on.

        What our own code refuses (a bad metric, say) holds for all candidates, and is raised.
        """
        began, became = process_time(), "fell behind the best of its kind on the first folds"
        try:
            with self.clock.running(name):
                trial = self._validated(name, setting)
                leads = trial is not None and self._leads(name, trial)
            if trial is not None and trial.seconds > 2 * (process_time() - began):  # it was done before
                self.clock.took[name][-1] = self.clock.takes(trial.seconds)
            if leads:
                self.took[name] = self.clock.took[name][-1]
        except (WorkbenchError, MemoryError, OutOfTime):
            raise
        except Exception as error:
            logging.getLogger(__name__).info("The candidate %s failed.", name, exc_info=True)
            self.failed[name], trial, became = error, None, in_short(error)
        if trial is None:
            spent = process_time() - began
            self.others.append(Tried(name, setting, (), spent, became, failed=name in self.failed))
        self.done += 1

    def _leads(self, name: str, trial: Trial) -> bool:
        """Whether it is the best of its candidate: the better one is kept, the other one told."""
        best = self.best.get(name)
        leads = best is None or trial.quality > best.quality
        worse = best if leads else trial
        if leads:
            self.best[name] = with_intervals(self.plan, trial)
        if worse is not None:
            self.others.append(worse.told("validated"))
        return leads

    @property
    def leading(self) -> float | None:
        """The best score so far."""
        return self._leader.metrics[0].value if self._leader else None

    @property
    def _leader(self) -> Trial | None:
        return max(self.best.values(), key=lambda trial: trial.quality, default=None)

    @property
    def leading_took(self) -> float:
        """Seconds of the best trial so far."""
        return self.took.get(self._leader.name, 0.0) if self._leader else 0.0

    def has_time_for(self, trials: Sequence[tuple[str, Settings]]) -> bool:
        """Whether further trials, and what follows the search, are likely to end in time."""
        if not self.rounds or not self.best:
            return True
        usual = self.clock.usual()
        after = self.ahead.seconds(self.clock, self.leading_took, self._shown)
        return sum(usual.get(name, 0.0) for name, _ in trials) + after <= self.clock.left()

    def _deadline(self, name: str) -> Deadline | None:
        """Until when a trial has to end; none where it has to be done whatever it takes."""
        if not self.best or name in self.certain:
            return None
        spare = SPARE if self.rounds else 1.0  # a candidate more is worth what is kept for when others come
        return self.clock.deadline(self.ahead.at_most(self.clock, name, self.leading_took, self._shown + 1, spare))

    @property
    def _shown(self) -> int:
        return len(self.best) + min(len(self.others), MOST_NESTED)

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
        return Search(tried, untried, reasons, self.rounds, tuple(self.others), dict(self.late))

    def _validated(self, name: str, setting: Settings) -> Trial | None:
        """A trial, or what the journal knows of it; None where it falls behind its rival."""
        kept = self.journal.read(name, setting)
        if kept is not None:
            return _again(self.plan, name, kept)
        trial = self.before.get((name, repr(setting))) or self._in_time(name, setting)
        self.journal.write(name, setting, _to_keep(setting, trial))
        return trial

    def _in_time(self, name: str, setting: Settings) -> Trial | None:
        """A trial; raises :class:`OutOfTime` where it, and what follows it, would not end in the budget."""
        deadline = self._deadline(name)
        if deadline is None:
            return validated(self.plan, name, setting, self.best.get(name))
        deadline.check()
        return validated(self.plan, name, setting, self.best.get(name), deadline.check)


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
