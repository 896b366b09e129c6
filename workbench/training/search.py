"""The search: candidates validated one after another, and the best one fitted; it can be stopped at any moment."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from math import inf
from time import monotonic, process_time
from typing import Any

import numpy as np
import pandas as pd

from workbench.core.metric import Metric, metric_name
from workbench.core.parameters import seconds
from workbench.core.progress import progress
from workbench.core.run import Tried
from workbench.core.scores import difference, scores
from workbench.errors import BadParameter, WorkbenchError
from workbench.training.candidates import MODELS, Settings, columns_by_kind, settings_to_try
from workbench.training.growing import Grown, grow_until_enough, threads
from workbench.training.journal import Journal, Kept
from workbench.training.plan import Plan
from workbench.training.recording import undisturbed

# Of more rows drawn at random than this, the model that was scored on the hold-out is the one that is kept.
MANY_ROWS = 300_000
# Times as many rows as were searched, from which on the number of trees is found anew.
MANY_MORE = 1.5
# Rows up to which other settings of boosting than the first are tried where nobody says how many: they cost little, and
# it is there that they differ.
FEW_ROWS = 10_000
MOST_TRIALS = 200
# True and predicted values of some rows.
Window = tuple[pd.Series, Any]


@dataclass(frozen=True)
class Trial:
    """One validated setting of a candidate.

    Parameters
    ----------
    name : str
        Of the candidate.
    settings : dict
        Its hyper-parameters.
    metrics : tuple of Metric
        Of all validated rows, the deciding one first.
    seconds : float
        CPU seconds.
    rows : int array
        Positions of the validated rows.
    windows : tuple of (pandas.Series, array)
        True and predicted values of each fold.
    pipeline : sklearn.pipeline.Pipeline
        That of the last fold; none where the folds were grown side by side.
    measured : bool
        Whether its metrics have intervals.
    """

    name: str
    settings: Settings
    metrics: tuple[Metric, ...]
    seconds: float
    rows: Any = field(repr=False)
    windows: tuple[Window, ...] = field(repr=False)
    pipeline: Any = field(repr=False)
    measured: bool = False

    @property
    def truth(self) -> Any:
        """Of all validated rows."""
        return pd.concat([truth for truth, _ in self.windows])

    @property
    def prediction(self) -> Any:
        """Of all validated rows."""
        return np.concatenate([prediction for _, prediction in self.windows])

    @property
    def quality(self) -> float:
        """The deciding score, larger being better."""
        return self.metrics[0].value if self.metrics[0].larger_is_better else -self.metrics[0].value


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


@dataclass(frozen=True)
class Ending:
    """The best candidate, fitted, and what it answers for the hold-out.

    Parameters
    ----------
    pipeline : sklearn.pipeline.Pipeline
        Fitted on all rows; where somebody stopped the training, on those that it had been fitted on until then.
    held : array
        Predictions of the hold-out by a model that has not seen it.
    rows : int
        That the pipeline was fitted on.
    settings : dict
        That it was fitted with: many rows ask for another number of trees than the search, which looks at fewer.
    stopped : bool
        Whether somebody stopped the training.
    at_random : tuple of Metric
        What rows drawn at random would have promised, where the split is another.
    without : mapping of str to Metric
        What the candidate scores without suspicious features, by their names.
    """

    pipeline: Any
    held: Any
    rows: int
    settings: Settings
    stopped: bool = True
    at_random: tuple[Metric, ...] = ()
    without: Mapping[str, Metric] = field(default_factory=dict)


def search(plan: Plan, journal: Journal) -> Search:
    """Validate each setting of each candidate, the simplest first; those that the journal knows are not done again.

    The first settings of all candidates come first, then the second ones, and so on. A budget of seconds is looked at
    before each further round: it starts where it will end in time, with what is to be fitted after it. Ctrl-C ends the
    search with what is there.
    """
    rounds = _rounds(plan, _trials(plan))
    budget, many = seconds(plan.step.budget), sum(map(len, rounds))
    race = Race(plan, journal, Clock(budget))
    try:
        with progress("Training", total=None if budget else many, seconds=budget) as tracker:
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
    settings = {name: settings_to_try(model, trials, plan.seed, dates) for name, model in plan.models.items()}
    longest = max(map(len, settings.values()))
    return [[(name, tried[k]) for name, tried in settings.items() if k < len(tried)] for k in range(longest)]


class Clock:
    """Seconds that a search may take, and those that trials took.

    Parameters
    ----------
    budget : float, optional
        Seconds from now; without it there is always time.
    """

    def __init__(self, budget: float | None) -> None:
        self.until = inf if budget is None else monotonic() + budget
        self.longest: dict[str, float] = {}

    @contextmanager
    def running(self, name: str) -> Iterator[None]:
        """A trial of a candidate."""
        began = monotonic()
        yield
        self.longest[name] = max(monotonic() - began, self.longest.get(name, 0.0))

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
    """

    def __init__(self, plan: Plan, journal: Journal, clock: Clock) -> None:
        self.plan, self.journal, self.clock = plan, journal, clock
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
        except (WorkbenchError, MemoryError):
            raise
        except Exception as error:
            logging.getLogger(__name__).info("The candidate %s failed.", name, exc_info=True)
            self.failed[name], trial, became = error, None, in_short(error)
        if trial is None:
            spent = process_time() - began
            self.others.append(Tried(name, setting, (), spent, became, failed=name in self.failed))
        else:
            self._ranked(name, trial)
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
            self.others.append(Tried(name, worse.settings, worse.metrics, worse.seconds, "validated"))

    @property
    def leading(self) -> float | None:
        """The best score so far."""
        best = max(self.best.values(), key=lambda trial: trial.quality, default=None)
        return best.metrics[0].value if best is not None else None

    def has_time_for(self, trials: Sequence[tuple[str, Settings]]) -> bool:
        """Whether further trials, and the fits that follow the search, are likely to end in time."""
        if not self.rounds or not self.best:
            return True
        parts, leader = self.plan.parts, max(self.best.values(), key=lambda trial: trial.quality)
        rows = len(self.plan.table) + len(parts.train) * (1 if parts.split.kind == "random" else 2)
        after = self.clock.longest[leader.name] * rows / sum(len(fit) for fit, _ in parts.folds)
        return sum(self.clock.longest.get(name, 0.0) for name, _ in trials) + after <= self.clock.left()

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
        trial = validated(self.plan, name, setting, self.best.get(name))
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
    return _scored_so_far(plan, replace(_untried(plan, name, kept.settings), windows=windows, seconds=kept.seconds))


def _untried(plan: Plan, name: str, setting: Settings) -> Trial:
    rows = np.concatenate([rows for _, rows in plan.parts.folds])
    return Trial(name, setting, (), 0.0, rows, (), None)


def _trials(plan: Plan) -> int:
    few = 3 if len(plan.table) <= FEW_ROWS else 1
    return plan.step.trials or (MOST_TRIALS if plan.step.budget else few)


def end(plan: Plan, found: Search, suspects: Sequence[str]) -> Ending:
    """Fit the best candidate: on the rows outside the hold-out, which are scored by it, then on all.

    Of more than :data:`MANY_ROWS` that were drawn at random, the model that was scored is the one that is kept: a
    quarter more of them would tell it nothing new. Ctrl-C ends it with the model that is there, which has not seen the
    hold-out.
    """
    best = found.best
    if found.untried:
        return _as_it_is(plan, best)
    ending = None
    try:
        on_train, grown = grown_on(plan, best, plan.parts.train)
        ending = _scored(plan, on_train, len(plan.parts.train), grown)
        ending = replace(ending, at_random=at_random(plan, grown))
        ending = replace(ending, without=_without(plan, grown, suspects))
        if len(plan.table) > MANY_ROWS and plan.parts.split.kind == "random":
            return replace(ending, stopped=False)
        everything = np.arange(len(plan.table))
        return replace(ending, pipeline=fitted(plan, grown, everything), rows=len(everything), stopped=False)
    except KeyboardInterrupt:
        return ending or _as_it_is(plan, best)


def _as_it_is(plan: Plan, best: Trial) -> Ending:
    """The model of the last fold: what there is when somebody stops a training."""
    rows = plan.parts.folds[-1][0]
    with undisturbed():
        return _scored(plan, best.pipeline or fitted(plan, best, rows), len(rows), best)


def _scored(plan: Plan, pipeline: Any, rows: int, trial: Trial) -> Ending:
    return Ending(pipeline, predicted(pipeline, plan, trial.name, plan.parts.holdout), rows, trial.settings)


def validated(plan: Plan, name: str, setting: Settings, rival: Trial | None = None) -> Trial | None:
    """A candidate fitted on each fold, and scored on what the fold leaves.

    None where a rival, the best of this candidate so far, is better on the folds that were tried: the others are
    spared, as in successive halving.
    """
    started = process_time()
    trial = _untried(plan, name, setting)
    made = _grown(plan, trial, rival) if plan.models[name].grows else _fitted(plan, trial, rival)
    return made and replace(made, seconds=process_time() - started)


def _fitted(plan: Plan, trial: Trial, rival: Trial | None) -> Trial | None:
    """Fold after fold."""
    for fit, validate in plan.parts.folds:
        pipeline = fitted(plan, trial, fit)
        window = (plan.target.iloc[validate], predicted(pipeline, plan, trial.name, validate))
        trial = _scored_so_far(plan, replace(trial, windows=(*trial.windows, window), pipeline=pipeline))
        if _falls_behind(plan, trial, rival):
            return None
    return trial


def _grown(plan: Plan, trial: Trial, rival: Trial | None) -> Trial | None:
    """All folds side by side, for they have to agree on the number of trees; the first one alone before."""
    if rival is not None and _falls_behind(plan, _with_trees(plan, trial, plan.growing.grow(trial.settings, 1)), rival):
        return None
    return _with_trees(plan, trial, plan.growing.grow(trial.settings))


def _with_trees(plan: Plan, trial: Trial, grown: Grown) -> Trial:
    windows = tuple(
        (plan.target.iloc[validate], prediction)
        for (_, validate), prediction in zip(plan.parts.folds, grown.predictions, strict=False)
    )
    settings = trial.settings | {"n_estimators": grown.trees}
    return _scored_so_far(plan, replace(trial, settings=settings, windows=windows))


def _falls_behind(plan: Plan, trial: Trial, rival: Trial | None) -> bool:
    return rival is not None and trial.quality < _as_far(plan, rival, trial).quality


def _as_far(plan: Plan, rival: Trial, trial: Trial) -> Trial:
    """The rival on the folds that a trial has seen."""
    return _scored_so_far(plan, replace(rival, windows=rival.windows[: len(trial.windows)]))


def _scored_so_far(plan: Plan, trial: Trial) -> Trial:
    metrics = scores(plan.task, trial.truth, trial.prediction, plan.classes, plan.metric, level=0)
    return replace(trial, metrics=metrics)


def _baseline(plan: Plan) -> Trial:
    trial = validated(replace(plan, models={"baseline": MODELS["baseline"]}), "baseline", {})
    assert trial is not None, "it has no rival"
    return trial


def with_intervals(plan: Plan, trial: Trial) -> Trial:
    """The trial with intervals of its scores; one that has them already stays as it is."""
    if trial.measured:
        return trial
    return replace(trial, measured=True, metrics=scored(plan, trial.rows, trial.prediction, trial.windows))


def tied(plan: Plan, best: Trial, other: Trial) -> bool:
    """Whether the best trial scores no better than another one by more than chance.

    That is where samples of the rows that both validated say so, or where the other one is better on one of the folds:
    another draw of the rows to fit on would give other models.
    """
    if len(best.rows) != len(other.rows) or (best.rows != other.rows).any():
        return False
    whole = (best.truth, (best.prediction, other.prediction))
    found = _difference(plan, *whole, resamples=200, units=plan.parts.units[best.rows])
    pairs = [(truth, (one, two)) for (truth, one), (_, two) in zip(best.windows, other.windows, strict=True)]
    each = [_difference(plan, *pair, resamples=1) for pair in pairs]
    return found is not None and (found[1] <= 0 or any(fold is not None and fold[0] <= 0 for fold in each))


def _difference(plan: Plan, truth: Any, pair: tuple[Any, Any], resamples: int, units: Any = None) -> Any:
    return difference(
        plan.task, truth, pair, plan.classes, plan.metric, resamples=resamples, seed=plan.seed, units=units
    )


def of_holdout(plan: Plan, best: Trial, held: Any) -> tuple[Metric, ...]:
    """The scores of the hold-out; in time its interval looks at all stretches that the candidate was tried on."""
    rows, kind = plan.parts.holdout, plan.parts.split.kind
    stretches = (*best.windows, (plan.target.iloc[rows], held)) if kind == "time" else ()
    return scored(plan, rows, held, best.windows if kind == "given" else stretches)


def scored(plan: Plan, rows: Any, prediction: Any, windows: Sequence[Window]) -> tuple[Metric, ...]:
    """The scores of some rows, with intervals that know which of them belong together and how windows differ."""
    return scores(
        plan.task, plan.target.iloc[rows], prediction, plan.classes, plan.metric, seed=plan.seed,
        units=plan.parts.units[rows], windows=windows, drawn=plan.parts.split.kind not in ("time", "given"),
    )  # fmt: skip


def fitted(plan: Plan, trial: Trial, rows: Any) -> Any:
    """A pipeline with the trial's settings, fitted on some rows."""
    pipeline, table = plan.unfitted(trial.name, trial.settings), plan.rows(trial.name, rows)
    if plan.models[trial.name].grows:
        pipeline.set_params(model__n_jobs=threads(table.size))
    if plan.models[trial.name].calibrates:
        return _fitted_with_calibrator(plan, pipeline, table, rows)
    return pipeline.fit(table, plan.target.iloc[rows])


def _fitted_with_calibrator(plan: Plan, pipeline: Any, table: pd.DataFrame, rows: Any) -> Any:
    """Fitted; the calibrator's folds keep together what belongs together, and are not kept with it."""
    last = pipeline[-1]
    last.set_params(cv=plan.parts.thirds(rows, plan.labels[rows], plan.seed))
    pipeline.fit(table, plan.target.iloc[rows])
    last.set_params(cv=3)
    return pipeline


def grown_on(plan: Plan, trial: Trial, rows: Any) -> tuple[Any, Trial]:
    """The pipeline fitted on many rows, and the trial with as many trees as they ask for."""
    if not plan.models[trial.name].grows or len(rows) < MANY_MORE * len(plan.growing.rows):
        return fitted(plan, trial, rows), trial
    fit, validate = plan.parts.inner(rows, plan.seed)
    pipeline = plan.unfitted(trial.name, trial.settings)
    trees = grow_until_enough(pipeline, plan.numbered.table, plan.target, fit, validate)
    return pipeline, replace(trial, settings=trial.settings | {"n_estimators": trees})


def predicted(pipeline: Any, plan: Plan, name: str, rows: Any) -> Any:
    """A candidate's predictions of some rows; a class that a fold has never seen gets probability 0."""
    table = plan.rows(name, rows)
    if plan.task == "regression":
        return pipeline.predict(table)
    probabilities = np.zeros((len(table), len(plan.classes)))
    probabilities[:, [plan.classes.index(c) for c in np.asarray(pipeline.classes_).tolist()]] = pipeline.predict_proba(
        table
    )
    return probabilities[:, 1] if plan.task == "binary" else probabilities


def _board(tried: Iterable[Trial]) -> Iterator[dict[str, Any]]:
    for trial in sorted(tried, key=lambda t: -t.quality):
        first, *others = trial.metrics
        scores = {metric_name(first.name): first.text, **{metric_name(m.name): m.value for m in others}}
        yield {"candidate": trial.name, **scores, "CPU s": round(trial.seconds, 1)}


def at_random(plan: Plan, best: Trial) -> tuple[Metric, ...]:
    """What rows drawn at random would have promised; nothing where they were."""
    if plan.parts.split.kind == "random":
        return ()
    order = np.random.default_rng(plan.seed).permutation(len(plan.target))
    held, fit = np.split(order, [len(plan.parts.holdout)])
    prediction = predicted(fitted(plan, best, fit), plan, best.name, held)
    return scores(plan.task, plan.target.iloc[held], prediction, plan.classes, plan.metric, seed=plan.seed)


def _without(plan: Plan, best: Trial, suspects: Sequence[str]) -> dict[str, Metric]:
    """What the best candidate scores on the hold-out without some features."""
    rest = tuple(n for n in plan.features if n not in suspects)
    if not suspects or not rest:
        return {}
    other, rows = plan.only(rest), plan.parts.holdout
    prediction = predicted(fitted(other, best, plan.parts.train), other, best.name, rows)
    return dict.fromkeys(suspects, scored(other, rows, prediction, ())[0])
