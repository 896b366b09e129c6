"""Probabilities that mean what they say: the best candidate with a calibrator behind it, where that helps."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from sklearn.calibration import CalibratedClassifierCV
from sklearn.pipeline import Pipeline

from workbench.core.measures import average
from workbench.core.progress import progress
from workbench.core.scores import effective
from workbench.training.candidates import Columns, Model, Settings
from workbench.training.evaluating import above_chance, losses, parted
from workbench.training.plan import Plan
from workbench.training.search import Search
from workbench.training.trials import Trial, validated
from workbench.training.weighing import takes_weights

METHODS = ("sigmoid", "isotonic")
# Rows of the rarest class from which on a free curve is tried by itself: of fewer it learns their noise.
ENOUGH_FOR_A_CURVE = 500
# Probabilities are told to be off where chance does so much in one of a hundred tables, and so far in the mean.
RATE, FAR = 0.01, 0.03


def calibrated(plan: Plan, found: Search) -> tuple[Plan, Search]:
    """The plan and the search with the best candidate calibrated, where that was asked for and helps.

    The calibrator is fitted on predictions of rows that the model has not seen (``CalibratedClassifierCV`` with
    ``ensemble=False``), in folds that keep units together and time in order; it is judged on the folds of the search,
    as every candidate.
    """
    if plan.step.calibration == "none" or plan.task == "regression" or found.untried:
        return plan, found
    if not hands_weights_on(plan, found.best):
        return plan, found
    try:
        tried = [_tried(plan, found.best, method) for method in _methods(plan)]
    except KeyboardInterrupt:
        return plan, replace(found, untried=1)
    if plan.step.calibration == "auto":
        tried = [(other, trial) for other, trial in tried if _helps(plan, found.best, trial)]
    if not tried:
        return plan, found
    plan, chosen = min(tried, key=lambda pair: average(_losses(plan, pair[1]), plan.weights_at(pair[1].truth)))
    return plan, replace(found, tried=(chosen, *found.tried[1:]))


def hands_weights_on(plan: Plan, best: Trial) -> bool:
    """Whether the rows count the same, or a calibrator gives the model behind it their weights."""
    if plan.weights is None:
        return True
    other = replace(plan, models={**plan.models, best.name: behind(plan.models[best.name], METHODS[0])})
    return takes_weights(other.unfitted(best.name, best.settings))


def _methods(plan: Plan) -> tuple[str, ...]:
    if plan.step.calibration != "auto":
        return (plan.step.calibration,)
    return METHODS if plan.target.value_counts().min() >= ENOUGH_FOR_A_CURVE else METHODS[:1]


def _tried(plan: Plan, best: Trial, method: str) -> tuple[Plan, Trial]:
    """The best candidate with a calibrator, on the same folds."""
    other = replace(plan, models={**plan.models, best.name: behind(plan.models[best.name], method)})
    with progress(f"Calibrating ({method})", total=1) as tracker:
        trial = validated(other, best.name, best.settings)
        tracker.advance(best.name)
    assert trial is not None, "it has no rival"
    return other, replace(trial, seconds=best.seconds + trial.seconds)


def behind(model: Model, method: str) -> Model:
    """A model with a calibrator behind its estimator."""

    def make(columns: Columns, classes: bool, settings: Settings, seed: int) -> Pipeline:
        pipeline = model.make(columns, classes, settings, seed)
        name, estimator = pipeline.steps[-1]
        calibrator = CalibratedClassifierCV(estimator, method=method, cv=3, ensemble=False)
        return Pipeline([*pipeline.steps[:-1], (name, calibrator)])

    return replace(model, make=make, known_good=({},), space={}, grows=False, library=None, cross_fits=True)


def off_by(plan: Plan, best: Trial) -> float | None:
    """How far the validated probabilities are off in the mean, where that is far and no chance; else None.

    References
    ----------
    Hosmer, D. and Lemeshow, S. (1980), Goodness of fit tests for the multiple logistic regression model: their
    statistic, on rows that the model has not seen.
    """
    if plan.task == "regression":
        return None
    probability, came = _answered(plan, best)
    statistic, error = 0.0, 0.0
    weights = plan.weights_at(best.truth)
    counted = np.ones(len(came)) if weights is None else weights * (effective(weights) / weights.sum())
    parts = list(parted(probability))
    for rows in parts:
        there = None if weights is None else weights[rows]
        said, share, many = average(probability[rows], there), average(came[rows], there), counted[rows].sum()
        statistic += many * (share - said) ** 2 / max(said * (1 - said), 1e-9)
        error += many * abs(share - said) / counted.sum()
    by_chance = float(stats.chi2.sf(statistic, len(parts)))
    return float(error) if by_chance < RATE and error >= FAR else None


def _answered(plan: Plan, trial: Trial) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """A probability a row, and whether it came true: that of the second class, or of the most probable one."""
    predicted, truth = np.asarray(trial.prediction, dtype=float), trial.truth
    if plan.task == "binary":
        return predicted, (truth == plan.classes[1]).to_numpy()
    codes = np.searchsorted(plan.classes, truth)
    return predicted.max(axis=1), predicted.argmax(axis=1) == codes


def _helps(plan: Plan, before: Trial, after: Trial) -> bool:
    less = _losses(plan, before) - _losses(plan, after)
    return above_chance(less, plan.weights_at(before.truth))


def _losses(plan: Plan, trial: Trial) -> NDArray[np.float64]:
    return losses(plan.task, plan.classes, trial.truth, np.asarray(trial.prediction, dtype=float))
