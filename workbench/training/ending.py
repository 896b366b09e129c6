"""The end of a training: the best candidate fitted on the rows outside the hold-out, scored, and fitted on all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from workbench.core.cost import Cost
from workbench.core.metric import Metric
from workbench.core.scores import scores
from workbench.training.candidates import Settings
from workbench.training.crossed import Crossed, crossed, of_holdout
from workbench.training.plan import MANY_ROWS, Plan
from workbench.training.recording import undisturbed
from workbench.training.search import Search
from workbench.training.trials import Trial, fitted, grown_on, predicted, scored


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
    costs : mapping of str to Cost
        What each candidate costs when it ships, by its name.
    crossed : Crossed, optional
        Predictions of more rows than the hold-out, each by a model that had not seen it.
    """

    pipeline: Any
    held: Any
    rows: int
    settings: Settings
    stopped: bool = True
    at_random: tuple[Metric, ...] = ()
    without: Mapping[str, Metric] = field(default_factory=dict)
    costs: Mapping[str, Cost] = field(default_factory=dict)
    crossed: Crossed | None = None


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
            return replace(ending, stopped=False, crossed=of_holdout(plan, ending.held, itself=True))
        ending = replace(ending, crossed=crossed(plan, grown, ending.held))
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
    held = predicted(pipeline, plan, trial.name, plan.parts.holdout)
    return Ending(pipeline, held, rows, trial.settings, crossed=of_holdout(plan, held, itself=True))


def at_random(plan: Plan, best: Trial) -> tuple[Metric, ...]:
    """What rows drawn at random would have promised; nothing where they were."""
    if plan.parts.split.kind == "random":
        return ()
    order = np.random.default_rng(plan.seed).permutation(len(plan.target))
    held, fit = np.split(order, [len(plan.parts.holdout)])
    prediction = predicted(fitted(plan, best, fit), plan, best.name, held)
    return scores(
        plan.task, plan.target.iloc[held], prediction, plan.classes, plan.metric, seed=plan.seed, others=plan.others,
        weights=plan.weights_of(held),
    )  # fmt: skip


def _without(plan: Plan, best: Trial, suspects: Sequence[str]) -> dict[str, Metric]:
    """What the best candidate scores on the hold-out without some features."""
    rest = tuple(n for n in plan.features if n not in suspects)
    if not suspects or not rest:
        return {}
    other, rows = plan.only(rest), plan.parts.holdout
    prediction = predicted(fitted(other, best, plan.parts.train), other, best.name, rows)
    return dict.fromkeys(suspects, scored(other, rows, prediction, ())[0])
