"""What is fitted, on what, and how it is judged; what can't be is refused here, with what to do."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from workbench.core.contract import Contract, Task
from workbench.core.dataset import Dataset
from workbench.core.literals import python
from workbench.core.loss import Loss
from workbench.core.measures import METRICS, ORDERED, Measure, measure
from workbench.core.parameters import TrainStep
from workbench.core.profile import Profile
from workbench.core.ranked import Ranked, ranked
from workbench.core.wording import worded
from workbench.errors import BadParameter, BadTable, BadTarget
from workbench.profiling.findings.wb111_infinities import MADE_MISSING
from workbench.training.candidates import MODELS, Model, Settings, columns_by_kind, unfitted
from workbench.training.columns import ROLES, follow_the_clock, left_out, made_of
from workbench.training.evidence import Evidence, evidence, too_short
from workbench.training.growing import Growing
from workbench.training.losses import loss_of, metric_of, told_loss, without_lines
from workbench.training.many_classes import rare_classes, told_many
from workbench.training.numbered import Numbered, numbered
from workbench.training.own import model as own_model
from workbench.training.splits import Parts, in_order, parts
from workbench.training.weighing import (
    ClassWeight,
    Weights,
    calibrates_with,
    class_weight_of,
    of_places,
    row_weights,
    told_weights,
)

FEWEST_ROWS = 40
# Times as many rows as were searched, from which on the number of trees is found anew.
MANY_MORE = 1.5
# Of more rows drawn at random than this, the model that was scored on the hold-out is the one that is kept.
MANY_ROWS = 300_000
# The candidates of which one can go on beyond what it has seen, and the other can bend.
LINE, TREES, TREND = "linear", "lightgbm", "trend"
NOT_TAKEN = "the pipeline does not take it"


@dataclass(frozen=True)
class Plan:
    """What is fitted, on what, and how it is judged.

    Parameters
    ----------
    loss : Loss, optional
        Of numbers: what they are fitted by.
    rare : mapping of str to int
        Rows of the classes that are left out, since they are too few to validate on.
    untried : tuple of str
        Candidates that were asked for and would take too long.
    how : Evidence, optional
        What the split follows.
    """

    task: Task
    metric: Measure
    models: Mapping[str, Model]
    contract: Contract
    features: tuple[str, ...]
    left_out: dict[str, str]
    table: pd.DataFrame
    target: pd.Series
    classes: tuple[Any, ...]
    parts: Parts
    numbered: Numbered
    step: TrainStep
    loss: Loss | None = None
    rare: Mapping[str, int] = field(default_factory=dict)
    untried: tuple[str, ...] = ()
    made: Mapping[str, str] = field(default_factory=dict)
    weights: Weights = None
    class_weight: ClassWeight = None
    how: Evidence | None = None

    @property
    def seed(self) -> int:
        """Of everything random."""
        return self.step.seed

    @cached_property
    def growing(self) -> Growing:
        """The folds for LightGBM, encoded and binned once for all settings."""
        return Growing(
            self.to_fit("lightgbm", {}), self.numbered.table, self.labels, len(self.classes), self.parts.folds,
            self.weights, of_places(self.class_weight, self.classes),
        )  # fmt: skip

    def unfitted(self, name: str, settings: Settings) -> Pipeline:
        """A candidate's pipeline, not fitted yet."""
        told = told_weights(settings, self.classes)
        return unfitted(self.models[name], self.contract, self.features, self.task, told, self.seed, self.made)

    def to_fit(self, name: str, settings: Settings) -> Pipeline:
        """The same for the rows as :meth:`rows` has them."""
        pipeline = self.unfitted(name, settings)
        return pipeline if self.models[name].takes_words else self.numbered.taken_by(pipeline)

    def weights_of(self, rows: Any) -> Weights:
        """How much some rows count; None where all count the same."""
        return None if self.weights is None else self.weights[rows]

    def weights_at(self, truth: pd.Series) -> Weights:
        """How much the rows of a part of the target count."""
        return self.weights_of(truth.index.to_numpy())

    def rows(self, name: str, rows: Any) -> pd.DataFrame:
        """The features of some rows as a candidate takes them: with their texts, or numbered."""
        words = name in self.models and self.models[name].takes_words
        return (self.table[list(self.features)] if words else self.numbered.table).iloc[rows]

    def without(self, names: Collection[str]) -> Plan:
        """The same as if nobody had asked for some candidates, or for a trend."""
        models = {name: model for name, model in self.models.items() if name not in names}
        asked = tuple(name for name in self.step.candidates if name not in names)
        trend = "none" if TREND in names else self.step.trend
        return replace(self, models=models, step=replace(self.step, candidates=asked, trend=trend))

    def only(self, features: Sequence[str]) -> Plan:
        """The same with some of the features."""
        return replace(self, features=tuple(features), numbered=self.numbered.only(features))

    def told(self, name: str) -> Settings:
        """The settings of a candidate that follow from the loss and the classes, whatever else is tried."""
        ours = self.models[name] is MODELS.get(name)
        return told_loss(name, self.loss) | told_many(name, len(self.classes)) if ours else {}

    @property
    def others(self) -> tuple[str, ...]:
        """Scores that are told beside the deciding one."""
        if isinstance(self.classes, Ranked):
            return ORDERED
        return METRICS[self.task] if self.loss is None else self.loss.metrics

    @property
    def labels(self) -> NDArray[Any]:
        """The target as numbers: classes by their place, shape (n,)."""
        return np.unique(self.target, return_inverse=True)[1] if self.classes else self.target.to_numpy(dtype=float)


def may_drift(plan: Plan) -> bool:
    """Whether a line and trees may be more together than alone: of numbers in time, unless they are on a log scale."""
    ours = all(plan.models.get(name) is MODELS[name] for name in (LINE, TREES))
    counts = plan.loss is not None and plan.loss.kind == "poisson"
    return ours and plan.step.trend == "auto" and plan.parts.split.kind == "time" and not plan.classes and not counts


def make_plan(
    known: Dataset,
    profile: Profile,
    step: TrainStep,
    own: Mapping[str, Any] | None = None,
    metric: Any = None,
    features: tuple[str, ...] | None = None,
) -> Plan:
    """The plan of a training.

    Parameters
    ----------
    known : Dataset
        Rows whose target is known.
    profile : Profile
        Of the table.
    step : TrainStep
        What was asked for.
    own : mapping of str to estimator, optional
        Candidates that somebody brings, by their names.
    metric : scorer or function, optional
        Somebody's own score, instead of the step's.
    features : tuple of str, optional
        The columns that all candidates take, as they are; by default those that nothing speaks against.

    Raises
    ------
    BadTable, BadTarget, BadParameter
        As :func:`workbench.train`.
    """
    task = known.contract.task
    assert task is not None, "a dataset with a target has a task"
    if known.rows < FEWEST_ROWS:
        raise BadTable(f"There are {known.rows} rows with a target. Give at least {FEWEST_ROWS}.")
    known = replace(known, contract=_without_persons(known.contract, profile))
    target = _labels(known)
    as_they_are = features is not None
    rare = {} if as_they_are or task != "multiclass" else rare_classes(target, 2 * step.folds)
    if rare:
        known, target = _without_rare(known, target, rare)
        task = known.contract.task or task
    classes = ranked(np.unique(target).tolist(), known.contract) if task != "regression" else ()
    _check_classes(target, classes, step.folds)
    table = with_target(known.frame(), target)
    loss = None if as_they_are else loss_of(step, task, target)
    by_rank = ORDERED[0] if isinstance(classes, Ranked) and step.metric is None else None
    judge = measure(metric or by_rank or metric_of(step, task, loss), task, classes)
    weighed = class_weight_of(step.class_weight, classes)
    if (step.calibration, step.ensemble) != ("none", "none") and not calibrates_with(weighed, classes):
        raise BadParameter(
            "scikit-learn numbers classes before it fits what is calibrated or combined, and knows no weights of named "
            "ones then. Give class_weight='balanced', or leave out class_weight= or calibration= and ensemble=."
        )
    if step.ensemble != "none" and row_weights(known) is not None:
        raise BadParameter(
            "scikit-learn hands no weights to pipelines within a blend or stack. Leave out ensemble= or weight=."
        )
    untried = without_lines(step.candidates, loss, known.rows)
    named = [name for name in step.candidates if name not in untried]
    for name in named:
        if (library := MODELS[name].library) is not None:
            library.check(name)
    models = {name: MODELS[name] for name in sorted(named, key=list(MODELS).index)}
    models |= {name: own_model(name, estimator, task, as_they_are) for name, estimator in (own or {}).items()}
    told = {worded(label): rows for label, rows in rare.items()}
    wanted = Wanted(step, judge, models, classes, features, loss, told, untried, row_weights(known), weighed)
    how = evidence(table, known.contract, profile, asked=step.split)
    try:
        return _planned(known, table, profile, how, wanted)
    except (BadTable, BadTarget):
        if not how.found or step.split != "auto":
            raise
        # What nobody asked for must not refuse a table.
        return _planned(known, table, profile, too_short(how), wanted)


@dataclass(frozen=True)
class Wanted:
    """What was asked for, made out: the score, the models, the classes, the features, the loss, what rows count."""

    step: TrainStep
    metric: Measure
    models: Mapping[str, Model]
    classes: tuple[Any, ...]
    features: tuple[str, ...] | None = None
    loss: Loss | None = None
    rare: Mapping[str, int] = field(default_factory=dict)
    untried: tuple[str, ...] = ()
    weights: Weights = None
    class_weight: ClassWeight = None


def _planned(known: Dataset, table: pd.DataFrame, profile: Profile, how: Evidence, wanted: Wanted) -> Plan:
    """The plan by what is known of order and groups."""
    if wanted.features is None or how.column not in wanted.features:
        known = replace(known, contract=_with_role(known.contract, how))
    task, target = known.contract.task, table[known.contract.target]
    assert task is not None, "a dataset with a target has a task"
    out = _left_out(known.contract, table, profile, how, wanted)
    features = wanted.features or tuple(c for c in known.contract.features if c not in out)
    if not features:
        raise BadTable(f"No feature is left: {'; '.join(f'{n} {r}' for n, r in out.items())}. Give more columns.")
    _check_finite(table[[*features, str(target.name)]])
    split = parts(table, known.contract, task, wanted.step.folds, wanted.step.seed, features, how, wanted.step.gap)
    contract = _seen(known.contract, profile).set_role(
        "ignored", (n for n in out if known.contract[n].role == "feature")
    )
    if wanted.classes:
        _check_folds(target, split)
    made = made_of(table[list(features)], contract)
    return Plan(
        task, wanted.metric, wanted.models, contract, features, out, table, target, wanted.classes, split,
        numbered(table[list(features)], columns_by_kind(contract, features, made)["words"]), wanted.step, wanted.loss,
        wanted.rare, wanted.untried, made, wanted.weights, wanted.class_weight, how,
    )  # fmt: skip


def _left_out(
    contract: Contract, table: pd.DataFrame, profile: Profile, how: Evidence, wanted: Wanted
) -> dict[str, str]:
    """Columns that are no features, with the reason."""
    if wanted.features is not None:
        roles = {c.name: ROLES[c.role] for c in contract.columns if c.role in ROLES}
        rest = (n for n in contract.names if n not in wanted.features and n != contract.target)
        return {n: roles.get(n, NOT_TAKEN) for n in rest}
    out = left_out(contract, profile)
    if how.found and how.kind == "time" and how.by is not None:
        out |= dict(follow_the_clock(table, contract, in_order(how.by)))
    return out


def _with_role(contract: Contract, how: Evidence) -> Contract:
    """The contract with the column that says when, or whose, a row is: it is no feature."""
    if not how.found or how.column is None or (how.kind == "time" and contract[how.column].kind != "datetime"):
        return contract
    return contract.set_role("time" if how.kind == "time" else "group", (how.column,))


def _without_persons(contract: Contract, profile: Profile) -> Contract:
    """Also of a dataset whose columns were changed after it was made: the profile has looked at these rows."""
    personal = profile.contract.with_role("personal")
    return contract.set_role("personal", (n for n in contract.features if n in personal and not contract[n].reason))


def _seen(contract: Contract, profile: Profile) -> Contract:
    """The data's own kinds and roles with the ranges, categories and masks that the profile saw."""
    seen = ("minimum", "maximum", "categories", "missing_allowed", "sensitive")
    said = {contract.target: {"categories"}} if contract.target and contract[contract.target].ordered else {}
    return contract.change_each(
        {
            name: {what: getattr(profile.contract[name], what) for what in seen if what not in said.get(name, ())}
            for name in contract.names
        }
    )


def with_target(table: pd.DataFrame, target: pd.Series) -> pd.DataFrame:
    """The table with its target as it is learnt; a keyword of ``assign`` can't have every name."""
    table = table.copy(deep=False)
    table[target.name] = target
    return table


def _labels(known: Dataset) -> pd.Series:
    """The target as classes or numbers: booleans and integers were kept as floats beside missing ones."""
    target = known.target
    exact: Any = {"boolean": bool, "integer": np.int64}.get(known.contract[str(target.name)].kind)
    return target.astype(exact) if exact and known.contract.task != "regression" else target


def _without_rare(known: Dataset, target: pd.Series, rare: Mapping[Any, int]) -> tuple[Dataset, pd.Series]:
    """The rows of all other classes; where two are left, these are what is told apart."""
    rows = ~target.isin(list(rare)).to_numpy()
    left, target = known.take(rows), target[rows].reset_index(drop=True)
    if target.nunique() == 2:
        left = replace(left, contract=replace(left.contract, task="binary"))
    return left, target


def _check_finite(table: pd.DataFrame) -> None:
    """scikit-learn refuses an infinite number too, without saying where it is."""
    for name in table.columns[[d.kind == "f" for d in table.dtypes]]:
        if np.isinf(table[name]).any():
            raise BadTable(f"The column {name!r} has infinite numbers. Make them missing: {MADE_MISSING}")


def _check_classes(target: pd.Series, classes: Sequence[Any], folds: int) -> None:
    counts = target.value_counts() if classes else None
    if counts is not None and counts.min() < 2 * folds:
        rarest = next(c for c in classes if counts[c] == counts.min())
        raise BadTarget(
            f"Class {worded(rarest)} of {target.name!r} has {counts.min()} rows, validation needs {2 * folds}. "
            f"Merge it with another class, or leave its rows out{_or_number(target)}."
        ).cured_by(python("data = data.take(data.target != $label)", label=rarest))


def _or_number(target: pd.Series) -> str:
    """What else can be done with whole numbers."""
    return ", or learn it as a number: wb.dataset(…, task='regression')" if target.dtype.kind == "i" else ""


def _check_folds(target: pd.Series, parts: Parts) -> None:
    """Where rows are not drawn, an early part may hold one class alone."""
    for rows in (parts.train, *(fit for fit, _ in parts.folds)):
        if target.iloc[rows].nunique() < 2:
            raise BadTarget(
                f"Split by {parts.split.column!r}, {len(rows)} rows to fit on have only class "
                f"{worded(target.iloc[rows[0]])} of {target.name!r}. Give fewer folds or more rows, or leave "
                f"{parts.split.kind}= out."
            )
