"""Models of models: the candidates' answers averaged with weights, or a model fitted on them."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from time import process_time
from typing import Any

import numpy as np
from sklearn.ensemble import StackingClassifier, StackingRegressor, VotingClassifier, VotingRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression, QuantileRegressor, RidgeCV
from sklearn.pipeline import Pipeline

from workbench.core.loss import Loss
from workbench.core.progress import progress
from workbench.errors import WorkbenchError
from workbench.training.candidates import Columns, Model, Settings, member_settings
from workbench.training.plan import Plan
from workbench.training.search import Search, in_short
from workbench.training.trials import Trial, scored_so_far, validated

BLEND, STACK = "blend", "stack"
# Steps of the weights: finer ones are no more than chance on the validated rows.
STEPS = 10


def ensembled(plan: Plan, found: Search) -> tuple[Plan, Search]:
    """The plan and the search with an ensemble of the candidates beside them, where that was asked for.

    It is validated as they are: fitted on each fold, scored on what the fold leaves. A blend that no second candidate
    makes better is none.

    References
    ----------
    Caruana, R. et al. (2004), Ensemble selection from libraries of models: the weights, by steps that each add the
    candidate which helps most. Wolpert, D. (1992), Stacked generalization.
    """
    name, members = plan.step.ensemble, _members(found)
    if name == "none" or found.untried or len(members) < 2:
        return plan, found
    settings = _blended(plan, members) if name == BLEND else _together(members)
    if settings is None:
        return plan, found
    plan = replace(plan, models={**plan.models, name: _model(plan, name, [t.name for t in members])})
    began = process_time()
    try:
        with progress(f"Combining ({name})", total=1) as tracker:
            trial = validated(plan, name, settings)
            tracker.advance(name)
    except KeyboardInterrupt:
        return plan, replace(found, untried=1)
    except (WorkbenchError, MemoryError):
        raise
    except Exception as error:
        logging.getLogger(__name__).info("The %s failed.", name, exc_info=True)
        return plan, replace(found, failed={**found.failed, name: in_short(error)})
    assert trial is not None, "it has no rival"
    trial = replace(trial, seconds=sum(member.seconds for member in members) + process_time() - began)
    return plan, replace(found, tried=tuple(sorted((*found.tried, trial), key=lambda t: -t.quality)))


def _members(found: Search) -> list[Trial]:
    """The best trial of each candidate that looks at the columns, by their names."""
    return sorted((trial for trial in found.tried if trial.name != "baseline"), key=lambda trial: trial.name)


def _blended(plan: Plan, members: Sequence[Trial]) -> Settings | None:
    """Weights and settings of a blend; None where one candidate is best alone."""
    weights = max(_steps(plan, members), key=lambda step: step[1])[0]
    if len(weights) < 2:
        return None
    return _together([trial for trial in members if weights[trial.name]], weights)


def _steps(plan: Plan, members: Sequence[Trial]) -> Iterator[tuple[Counter[str], float]]:
    """Weights with what they score: each step adds one to that of the candidate which helps most."""
    weights: Counter[str] = Counter()
    for _ in range(STEPS):
        tried = [weights + Counter([trial.name]) for trial in members]
        scores = [_mean(plan, members, one).quality for one in tried]
        best = int(np.argmax(scores))
        weights = tried[best]
        yield weights, scores[best]


def _together(members: Sequence[Trial], weights: Mapping[str, int] | None = None) -> Settings:
    """The settings of the members by ``member__setting``, and their weights by their names."""
    own = {f"{trial.name}__{key}": value for trial in members for key, value in trial.settings.items()}
    return {trial.name: (weights or {}).get(trial.name, 1) for trial in members} | own


def _mean(plan: Plan, members: Sequence[Trial], weights: Mapping[str, int]) -> Trial:
    """What the weighted mean of the validated answers scores."""
    chosen = [trial for trial in members if weights[trial.name]]
    shares = np.array([weights[trial.name] for trial in chosen], dtype=float)
    windows = tuple(
        (parts[0][0], np.average([answer for _, answer in parts], axis=0, weights=shares))
        for parts in zip(*(trial.windows for trial in chosen), strict=True)
    )
    return scored_so_far(plan, replace(chosen[0], windows=windows))


def _model(plan: Plan, name: str, names: Sequence[str]) -> Model:
    models = {member: plan.models[member] for member in names}

    def make(columns: Columns, classes: bool, settings: Settings, seed: int) -> Pipeline:
        inner = [
            (member, model.make(columns, classes, member_settings(settings, member), seed))
            for member, model in models.items()
            if member in settings
        ]
        return Pipeline([("model", _of_all(name, inner, classes, settings, seed, plan.loss))])

    return Model(make, takes_words=True, cross_fits=name == STACK, members=tuple(names))


def _of_all(
    name: str, inner: list[tuple[str, Pipeline]], classes: bool, settings: Settings, seed: int, loss: Loss | None
) -> Any:
    if name == STACK and classes:
        return StackingClassifier(inner, LogisticRegression(random_state=seed, max_iter=1000), cv=3)
    if name == STACK:
        return StackingRegressor(inner, _upon(loss), cv=3)
    weights = [settings[member] for member, _ in inner]
    return (
        VotingClassifier(inner, voting="soft", weights=weights) if classes else VotingRegressor(inner, weights=weights)
    )


def _upon(loss: Loss | None) -> Any:
    """What is fitted on the members' numbers, by the loss that they have: of counts a sum that is never below 0."""
    if loss is not None and loss.share is not None:
        return QuantileRegressor(quantile=loss.share, alpha=0.0, solver="highs")
    if loss is not None and loss.kind == "poisson":
        return LinearRegression(positive=True, fit_intercept=False)
    return RidgeCV()
