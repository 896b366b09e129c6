"""Feature selection by random probes: columns that tell no more than shuffled copies of themselves are left out."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from workbench.core.loss import SQUARED
from workbench.core.metric import Metric
from workbench.core.progress import Tracker, progress
from workbench.training.candidates import MODELS, Columns, columns_by_kind, unfitted
from workbench.training.evaluating import above_chance, losses
from workbench.training.growing import for_the_library
from workbench.training.losses import told_loss
from workbench.training.near_rows import near_rows
from workbench.training.plan import Plan
from workbench.training.splits import apart
from workbench.training.trials import Trial, validated
from workbench.training.weighing import Weights

WHY = "tells no more than shuffled copies of itself"
# Shuffled copies of each column on each fold, and how many folds are looked at.
COPIES, FOLDS = 8, 3
# Rows that one of these models is fitted on, and its trees: small ones, which learn little noise by heart.
MOST_ROWS = 10_000
TREES: dict[str, Any] = {"num_leaves": 15, "learning_rate": 0.1, "colsample_bytree": 0.5, "min_child_samples": 20}
MANY_TREES = 40
# The share of copies that would pass for more than copies. Of columns of noise four in a hundred do, on one fold.
RATE = 0.01
# Copies' worth of trust in the spread that all columns share, beside that of a column's own copies.
SHARED = 4.0

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Selected:
    """What was left out, and what it would have brought.

    Parameters
    ----------
    columns : tuple of str
        That tell no more than shuffled copies of themselves.
    with_them, without : Metric, optional
        What LightGBM scores in validation with all columns, and without these.
    none : bool
        Whether no column tells more: all are kept then.
    """

    columns: tuple[str, ...] = ()
    with_them: Metric | None = None
    without: Metric | None = None
    none: bool = False


def selected(plan: Plan) -> tuple[Plan, Selected]:
    """The plan without the columns that tell no more than chance, where that was asked for.

    On the rows to fit on of each fold (in time: of the last one, which has all that came before) small gradient
    boosting is fitted on the columns and on shuffled copies of them, several times. A column stays where it splits
    better than copies do, each measured against copies of its own, on more than half of the folds. Where the validated
    loss is larger without the others, by more than chance, the better half of them comes back, and so on. The hold-out
    is not looked at. Dates, texts and
    categories of many levels stay.

    References
    ----------
    Stoppiglia, H., Dreyfus, G., Dubois, R. and Oussar, Y. (2003), Ranking a random feature for variable and feature
    selection; Kursa, M. and Rudnicki, W. (2010), Feature selection with the Boruta package, for copies of columns.
    """
    judged = _judged(plan)
    if plan.step.feature_selection == "none" or len(judged) < 2:
        return plan, Selected()
    with suppress(KeyboardInterrupt), progress("Selecting columns", total=len(_folds(plan)) * COPIES) as tracker:
        stay, worth = _that_tell(plan, judged, tracker)
        if not stay.any():
            return plan, Selected(none=True)
        weakest_first = (judged[k] for k in np.argsort(worth, kind="stable") if not stay[k])
        return _without_the_needless(plan, list(weakest_first))
    return plan, Selected()


def _judged(plan: Plan) -> list[str]:
    """Columns that have one place in the matrix, in its order."""
    kinds = _plain(plan)
    return [*kinds["categories"], *kinds["numbers"]]


def _plain(plan: Plan) -> Columns:
    """Columns that are taken as they are: of texts and of many levels something is made that looks at the target."""
    return columns_by_kind(plan.contract, [name for name in plan.features if name not in plan.made])


def _folds(plan: Plan) -> list[Any]:
    """The rows to fit on that are looked at."""
    fits = [fit for fit, _ in plan.parts.folds]
    return fits[-1:] if plan.parts.split.kind == "time" else fits[:FOLDS]


def _that_tell(plan: Plan, judged: Sequence[str], tracker: Tracker) -> tuple[NDArray[np.bool_], Numbers]:
    """Which columns tell more than their copies on more than half of the folds, and how much each tells."""
    each = [_beyond(plan, judged, fit, k, tracker) for k, fit in enumerate(_folds(plan))]
    kept: NDArray[np.bool_] = np.mean([one > 0 for one in each], axis=0) > 0.5
    return kept, np.mean(each, axis=0)


def _beyond(plan: Plan, judged: Sequence[str], fit: Any, fold: int, tracker: Tracker) -> Numbers:
    rng = np.random.default_rng([plan.seed, fold])
    rows = np.sort(rng.permutation(fit)[:MOST_ROWS])
    model = _model(plan)
    table = plan.numbered.table.iloc[rows]
    matrix, labels = _encoded(model, table, judged), plan.labels[rows]
    if len(plan.classes):
        labels = np.unique(labels, return_inverse=True)[1]
    own, copied = [], []
    for k in range(COPIES):
        shuffled = np.column_stack([rng.permutation(column) for column in matrix.T])
        gains = _gains(plan, model[-1], np.hstack([matrix, shuffled]), labels, k, plan.weights_of(rows))
        own.append(gains[: len(judged)])
        copied.append(gains[len(judged) :])
        tracker.advance(f"fold {fold + 1}")
    return beyond_copies(np.sqrt(own), np.sqrt(copied))


def beyond_copies(own: Numbers, copied: Numbers, rate: float = RATE) -> Numbers:
    """How far columns are worth more than copies, shape (columns,); up to 0 where that may be chance.

    Parameters
    ----------
    own, copied : float array, shape (times, columns)
        What columns, and shuffled copies of them, were worth.
    rate : float
        Share of the copies themselves that would pass.

    Examples
    --------
    >>> copied = np.random.default_rng(0).uniform(1, 2, (8, 20))
    >>> own = copied[::-1] + np.where(np.arange(20) < 2, 9, 0)
    >>> (beyond_copies(own, copied) > 0).nonzero()[0].tolist()
    [0, 1]
    """
    times = len(copied)
    middle, variance = copied.mean(axis=0), copied.var(axis=0, ddof=1)
    usual = float(np.median(variance[variance > 0])) if (variance > 0).any() else 1.0
    spread = np.sqrt(((times - 1) * variance + SHARED * usual) / (times - 1 + SHARED))
    chance = (copied - middle) / spread * np.sqrt(times / (times - 1))
    return np.asarray((own.mean(axis=0) - middle) / spread - np.quantile(chance, 1 - rate))


def _model(plan: Plan) -> Any:
    return unfitted(MODELS["lightgbm"], plan.contract, _judged(plan), plan.task, TREES, plan.seed)


def _encoded(model: Any, table: pd.DataFrame, judged: Sequence[str]) -> Numbers:
    """The judged columns as numbers, shape (n, columns)."""
    return np.asarray(model[0].fit_transform(table[list(judged)]), dtype=float)


def _gains(plan: Plan, model: Any, matrix: Numbers, labels: Any, time: int, weights: Weights) -> Numbers:
    """What each column of the matrix was worth: the loss that its splits took away."""
    from lightgbm import Dataset, train

    categories = len(_plain(plan)["categories"])
    half = matrix.shape[1] // 2
    native = [*range(categories), *range(half, half + categories)]
    settings = told_loss("lightgbm", plan.loss) | {"seed": 1000 * plan.seed + time}
    told = for_the_library(model, len(plan.classes), settings)
    told = {k: v for k, v in told.items() if k not in ("categorical_column", "random_state")}
    told |= {"num_class": len(np.unique(labels))} if "num_class" in told else {}
    data = Dataset(matrix, labels, weight=weights, params=told, categorical_feature=native, free_raw_data=True)
    return np.asarray(train(told, data, MANY_TREES).feature_importance("gain"))


def _without_the_needless(plan: Plan, weakest_first: list[str]) -> tuple[Plan, Selected]:
    """Without as many of these columns, the weakest first, as make no validated loss larger by more than chance."""
    whole = _validated(plan) if weakest_first else None
    while weakest_first and whole is not None:
        other = _without(plan, weakest_first)
        rest = _validated(other)
        if not above_chance(_losses(other, rest) - _losses(plan, whole), plan.weights_at(whole.truth)):
            gone = tuple(name for name in plan.features if name in weakest_first)
            return other, Selected(gone, whole.metrics[0], rest.metrics[0])
        weakest_first = weakest_first[: len(weakest_first) // 2]
    return plan, Selected()


def _losses(plan: Plan, trial: Trial) -> Numbers:
    predicted = np.asarray(trial.prediction, dtype=float)
    return losses(plan.task, plan.classes, trial.truth, predicted, plan.loss or SQUARED)


def _without(plan: Plan, gone: Sequence[str]) -> Plan:
    rest = tuple(name for name in plan.features if name not in gone)
    left_out = plan.left_out | dict.fromkeys(gone, WHY)
    contract = plan.contract.set_role("ignored", gone)
    parts = apart(plan.parts, near_rows(plan.table[list(rest)]), _classes(plan))
    return replace(plan.only(rest), parts=parts, left_out=left_out, contract=contract)


def _classes(plan: Plan) -> pd.Series | None:
    return plan.target if plan.classes else None


def _validated(plan: Plan) -> Trial:
    """LightGBM on the folds, with the settings that are tried first."""
    plan = replace(plan, models={"lightgbm": MODELS["lightgbm"]})
    trial = validated(plan, "lightgbm", MODELS["lightgbm"].known_good[0] | plan.told("lightgbm"))
    assert trial is not None, "it has no rival"
    return trial
