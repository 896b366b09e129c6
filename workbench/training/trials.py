"""A trial: one setting of a candidate, fitted on the folds and scored on what they leave."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from time import process_time
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from workbench.core.metric import Metric
from workbench.core.run import Tried
from workbench.core.scores import difference, effective, no_surer, scores
from workbench.training.candidates import Settings, member_settings
from workbench.training.growing import Grown, grow_until_enough, threads
from workbench.training.plan import MANY_MORE, Plan
from workbench.training.rounds import Library, Rows, agreed, inner
from workbench.training.weighing import fit_options

# True and predicted values of some rows.
Window = tuple[pd.Series, Any]
# Who waits for a trial: is asked after each fold, or tree, and may raise to give it up.
Watch = Callable[[], None]


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
    booster : lightgbm.Booster
        That of the last fold where they were.
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
    booster: Any = field(default=None, repr=False)
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

    def told(self, became: str) -> Tried:
        """What a run keeps of it, with what became of it."""
        return Tried(self.name, self.settings, self.metrics, self.seconds, became)


def untried(plan: Plan, name: str, setting: Settings) -> Trial:
    """A trial before its first fold."""
    rows = np.concatenate([rows for _, rows in plan.parts.folds])
    return Trial(name, setting, (), 0.0, rows, (), None)


def validated(
    plan: Plan, name: str, setting: Settings, rival: Trial | None = None, watch: Watch | None = None
) -> Trial | None:
    """A candidate fitted on each fold, and scored on what the fold leaves.

    None where a rival, the best of this candidate so far, is better on the folds that were tried: the others are
    spared, as in successive halving. ``watch`` is called after each fold, or tree, and may raise.
    """
    started = process_time()
    trial = untried(plan, name, setting)
    model = plan.models[name]
    way = _grown if model.grows else _by_rounds if model.library is not None else _fitted
    made = way(plan, trial, rival, watch or _patient)
    return made and replace(made, seconds=process_time() - started)


def _patient() -> None:
    """Nobody waits."""


def _fitted(plan: Plan, trial: Trial, rival: Trial | None, watch: Watch) -> Trial | None:
    """Fold after fold."""
    for fit, validate in plan.parts.folds:
        pipeline = fitted(plan, trial, fit)
        window = (plan.target.iloc[validate], predicted(pipeline, plan, trial.name, validate))
        trial = scored_so_far(plan, replace(trial, windows=(*trial.windows, window), pipeline=pipeline))
        if falls_behind(plan, trial, rival):
            return None
        watch()
    return trial


def _grown(plan: Plan, trial: Trial, rival: Trial | None, watch: Watch) -> Trial | None:
    """All folds side by side, for they have to agree on the number of trees; the first one alone before."""
    if rival is not None:
        first = plan.growing.grow(trial.settings, 1, watch)
        if falls_behind(plan, _with_trees(plan, trial, first), rival):
            return None
    return _with_trees(plan, trial, plan.growing.grow(trial.settings, watch=watch))


def _with_trees(plan: Plan, trial: Trial, grown: Grown) -> Trial:
    windows = tuple(
        (plan.target.iloc[validate], prediction)
        for (_, validate), prediction in zip(plan.parts.folds, grown.predictions, strict=False)
    )
    settings = trial.settings | {"n_estimators": grown.trees}
    return scored_so_far(plan, replace(trial, settings=settings, windows=windows, booster=grown.booster))


def _by_rounds(plan: Plan, trial: Trial, rival: Trial | None, watch: Watch) -> Trial | None:
    """Each fold once, with the loss after each tree; then all with the number that they agree on."""
    library = plan.models[trial.name].library
    assert library is not None, "it is one of another library"
    fits = []
    for pair in plan.parts.folds:
        fits.append(_rounds_of(plan, trial, library, *pair))
        watch()
    trees = agreed([losses for *_, losses in fits])
    for (_, validate), (estimator, matrix, _) in zip(plan.parts.folds, fits, strict=True):
        told = library.answers(estimator, matrix, trees)
        if plan.classes:
            classes = np.asarray(estimator.classes_).tolist()
            known = classes if library.numbers_classes else [plan.classes.index(c) for c in classes]
            told = _shaped(plan, told, known)
        trial = replace(trial, windows=(*trial.windows, (plan.target.iloc[validate], told)))
    return scored_so_far(plan, replace(trial, settings=trial.settings | {library.count: trees}))


def _rounds_of(plan: Plan, trial: Trial, library: Library, fit: Any, validate: Any) -> tuple[Any, Any, Any]:
    """An estimator fitted on a fold, the rows that the fold leaves as it takes them, and their losses."""
    pipeline = plan.to_fit(trial.name, trial.settings)
    encode, estimator = pipeline[0], inner(pipeline[-1])
    words, places = plan.target.to_numpy(), plan.labels
    matrix = encode.fit_transform(plan.rows(trial.name, fit), words[fit])
    held = encode.transform(plan.rows(trial.name, validate))
    losses = library.fit(
        estimator,
        Rows(matrix, words[fit], places[fit], plan.weights_of(fit)),
        Rows(held, words[validate], places[validate], plan.weights_of(validate)),
    )
    return estimator, held, losses


def falls_behind(plan: Plan, trial: Trial, rival: Trial | None) -> bool:
    """Whether a rival is better on the folds that a trial has seen."""
    return rival is not None and trial.quality < _as_far(plan, rival, trial).quality


def _as_far(plan: Plan, rival: Trial, trial: Trial) -> Trial:
    """The rival on the folds that a trial has seen."""
    return scored_so_far(plan, replace(rival, windows=rival.windows[: len(trial.windows)]))


def scored_so_far(plan: Plan, trial: Trial) -> Trial:
    """The trial with the scores of the folds that it has seen, without intervals."""
    metrics = scores(
        plan.task, trial.truth, trial.prediction, plan.classes, plan.metric, level=0, others=plan.others,
        weights=plan.weights_at(trial.truth),
    )  # fmt: skip
    return replace(trial, metrics=metrics)


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
        plan.task, truth, pair, plan.classes, plan.metric, resamples=resamples, seed=plan.seed, units=units,
        weights=plan.weights_at(truth),
    )  # fmt: skip


def of_holdout(plan: Plan, best: Trial, held: Any) -> tuple[Metric, ...]:
    """The scores of the hold-out; in time its interval looks at all stretches that the candidate was tried on.

    Elsewhere it is no narrower than the many validated rows say that so few may be off by.
    """
    rows, kind = plan.parts.holdout, plan.parts.split.kind
    stretches = (*best.windows, (plan.target.iloc[rows], held)) if kind == "time" else ()
    metrics = scored(plan, rows, held, best.windows if kind == "given" else stretches)
    if kind in ("time", "given"):
        return metrics
    validated = {m.name: m for m in best.metrics}
    many = [_units(plan, of) for of in (rows, best.rows)]
    return tuple(no_surer(m, validated[m.name], *many) if m.name in validated else m for m in metrics)


def _units(plan: Plan, rows: Any) -> float:
    """How many units some rows are of; of rows that count differently, so many as count the same."""
    weights = plan.weights_of(rows)
    share = 1.0 if weights is None else effective(weights) / len(weights)
    return len(np.unique(plan.parts.units[rows])) * share


def scored(plan: Plan, rows: Any, prediction: Any, windows: Sequence[Window]) -> tuple[Metric, ...]:
    """The scores of some rows, with intervals that know which of them belong together and how windows differ."""
    return scores(
        plan.task, plan.target.iloc[rows], prediction, plan.classes, plan.metric, seed=plan.seed,
        units=plan.parts.units[rows], windows=[(t, p, plan.weights_at(t)) for t, p in windows],
        drawn=plan.parts.split.kind not in ("time", "given"), others=plan.others, weights=plan.weights_of(rows),
    )  # fmt: skip


def window_scores(plan: Plan, trial: Trial) -> tuple[float, ...]:
    """The deciding score of each fold; without those where it can't be known."""
    each = (
        scores(
            plan.task, truth, prediction, plan.classes, plan.metric, level=0, others=(),
            weights=plan.weights_at(truth),
        )
        for truth, prediction in trial.windows
    )  # fmt: skip
    return tuple(found[0].value for found in each if found)


def fitted(plan: Plan, trial: Trial, rows: Any) -> Any:
    """A pipeline with the trial's settings, fitted on some rows."""
    pipeline, table = plan.to_fit(trial.name, trial.settings), plan.rows(trial.name, rows)
    if plan.models[trial.name].grows:
        pipeline.set_params(model__n_jobs=threads(table.size))
    with threadpool_limits(1) if plan.numbered.counts else nullcontext():  # of many terms, sums in one order
        if plan.models[trial.name].cross_fits:
            return _cross_fitted(plan, pipeline, table, rows)
        return pipeline.fit(table, plan.target.iloc[rows], **fit_options(pipeline, plan.weights_of(rows)))


def _cross_fitted(plan: Plan, pipeline: Any, table: pd.DataFrame, rows: Any) -> Any:
    """Fitted; the folds within keep together what belongs together, and are not kept with it."""
    last = pipeline[-1]
    last.set_params(cv=plan.parts.thirds(rows, plan.labels[rows], plan.seed))
    pipeline.fit(table, plan.target.iloc[rows], **fit_options(pipeline, plan.weights_of(rows)))
    last.set_params(cv=3)
    return pipeline


def grown_on(plan: Plan, trial: Trial, rows: Any) -> tuple[Any, Trial]:
    """The pipeline fitted on many rows, and the trial with as many trees as they ask for."""
    model = plan.models[trial.name]
    grows = model.grows or any(plan.models[name].grows for name in model.members)
    if not grows or len(rows) < MANY_MORE * len(plan.growing.rows):
        return fitted(plan, trial, rows), trial
    if model.members:
        trial = _with_grown_members(plan, trial, rows)
        return fitted(plan, trial, rows), trial
    fit, validate = plan.parts.inner(rows, plan.seed)
    pipeline = plan.to_fit(trial.name, trial.settings)
    trees = grow_until_enough(pipeline, plan.numbered.table, plan.target, fit, validate, plan.weights)
    return pipeline, replace(trial, settings=trial.settings | {"n_estimators": trees})


def _with_grown_members(plan: Plan, trial: Trial, rows: Any) -> Trial:
    """An ensemble whose members have as many trees as many rows ask for."""
    settings = dict(trial.settings)
    for name in plan.models[trial.name].members:
        if name in settings and plan.models[name].grows:
            member = replace(trial, name=name, settings=member_settings(settings, name))
            grown = grown_on(plan, member, rows)[1].settings
            settings |= {f"{name}__{key}": value for key, value in grown.items()}
    return replace(trial, settings=settings)


def predicted(pipeline: Any, plan: Plan, name: str, rows: Any) -> Any:
    """A candidate's predictions of some rows; a class that a fold has never seen gets probability 0."""
    return answers(pipeline, plan, plan.rows(name, rows))


def answers(pipeline: Any, plan: Plan, table: pd.DataFrame) -> Any:
    """What a fitted pipeline says of rows as it takes them, as scores take it."""
    if plan.task == "regression":
        return pipeline.predict(table)
    known = [plan.classes.index(c) for c in np.asarray(pipeline.classes_).tolist()]
    return _shaped(plan, pipeline.predict_proba(table), known)


def _shaped(plan: Plan, told: Any, known: Any) -> Any:
    """Probabilities of the classes at some places as scores take them: of all classes, and of two the second one's."""
    probabilities = np.zeros((len(told), len(plan.classes)))
    probabilities[:, known] = told
    return probabilities[:, 1] if plan.task == "binary" else probabilities
