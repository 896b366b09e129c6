"""What the recipe that ships answers for rows that it has not seen: the predictions that later ones are compared with.

A model answers rows that it was fitted on otherwise than new ones, and another model otherwise than itself. So the
reference is cross-fitted: each training row is answered by a model of the same settings that was fitted on others.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.core.contract import Task
from workbench.core.reference_predictions import Reference
from workbench.errors import WorkbenchError
from workbench.profiling.drift_tests import SMIRNOV_95, Distribution, ks
from workbench.training.plan import MANY_MORE, Plan
from workbench.training.splits import HOLDOUT, MOST_SEARCHED, in_order
from workbench.training.trials import Trial, fitted, predicted

Rows = NDArray[np.intp]
# Stretches of time that are each answered by a model of the others; the hold-out is one of them.
STRETCHES = round(1 / HOLDOUT)
# Of Kolmogorov's distribution: the mean of its square, and the standard deviation of that in means.
MEAN_SQUARE, SPREAD = np.pi**2 / 12, 0.632
# Rows that such a model is fitted on at most, taken at even steps: more of them hardly change how answers spread.
MOST_FITTED = 60_000


@dataclass(frozen=True)
class Crossed:
    """Predictions of rows by models that had not seen them.

    Parameters
    ----------
    rows : int array, shape (n,)
        Their positions in the plan's table, each once.
    prediction : array, shape (n,) or (n, classes)
    told : Reference
        Which they are, in words.
    """

    rows: Rows
    prediction: Any
    told: Reference


def crossed(plan: Plan, best: Trial, held: Any) -> Crossed:
    """The reference of a candidate that is about to be fitted on all rows.

    Drawn at random, or by group: the validated rows, answered in the folds, and the hold-out. In time a fold knows no
    more than what came before it, which the model that ships does not resemble: each fifth of the rows is answered by a
    model of the others, the hold-out being one. Where the folds saw a small part of the rows only, the hold-out stands
    alone.
    """
    kind = plan.parts.split.kind
    if kind == "time":
        return _of_stretches(plan, best, held)
    if kind == "given" or len(plan.parts.train) > MANY_MORE * MOST_SEARCHED:
        return of_holdout(plan, held)
    rows = np.concatenate([best.rows, plan.parts.holdout])
    prediction = np.concatenate([np.asarray(best.prediction), np.asarray(held)])
    by_model = [*(answer for _, answer in best.windows), held]
    told = Reference("cross-fitted", len(rows), len(by_model), apart=apart(plan.task, by_model))
    return Crossed(rows, prediction, told)


def apart(task: Task, by_model: Sequence[Any]) -> float:
    """How far models of one recipe lie apart, from what each answered for rows of its own, drawn at random.

    The mean squared distance of one model's answers to the others', less what samples of so many rows have by chance,
    and more by a standard error of it, for the models are few. It is told as the error of a sketch is: as large as that
    of a sample which would be off by as much.

    Parameters
    ----------
    task : {"binary", "multiclass", "regression"}
        Of several classes it is not known.
    by_model : sequence of float array
        Each model's answers.
    """
    if task == "multiclass" or len(by_model) < 2:
        return 0.0
    each = [np.asarray(one, dtype=float) for one in by_model]
    pairs = [(one, np.concatenate([*each[:k], *each[k + 1 :]])) for k, one in enumerate(each)]
    found = np.array([ks(_spread(a), _spread(b)).statistic for a, b in pairs])
    by_chance = np.array([(1 / len(a) + 1 / len(b)) * MEAN_SQUARE for a, b in pairs])
    beyond = float((found**2 - by_chance).mean()) + float(by_chance.mean()) * SPREAD / len(each) ** 0.5
    return SMIRNOV_95 * (max(beyond, 0.0) / MEAN_SQUARE) ** 0.5


def _spread(values: NDArray[np.float64]) -> Distribution:
    different, rows = np.unique(values, return_counts=True)
    return different, rows.astype(float), 0.0


def of_holdout(plan: Plan, held: Any, itself: bool = False) -> Crossed:
    """The hold-out alone; ``itself`` where the very model that ships has answered it."""
    rows = plan.parts.holdout
    return Crossed(rows, np.asarray(held), Reference("hold-out", len(rows), 1, itself))


def _of_stretches(plan: Plan, best: Trial, held: Any) -> Crossed:
    order = row_order(plan)
    assert order is not None, "rows in time have an order"
    stretches = np.array_split(order[~np.isin(order, plan.parts.holdout)], STRETCHES - 1)
    try:
        answers = [_answered(plan, best, order, one) for one in stretches]
    except (WorkbenchError, MemoryError):
        raise
    except Exception:
        logging.getLogger(__name__).info("A stretch could not be answered.", exc_info=True)
        return of_holdout(plan, held)
    rows = np.concatenate([*stretches, plan.parts.holdout])
    prediction = np.concatenate([*answers, np.asarray(held)])
    return Crossed(rows, prediction, Reference("cross-fitted", len(rows), STRETCHES))


def _answered(plan: Plan, best: Trial, order: Rows, rows: Rows) -> Any:
    """A stretch by a model of the rows outside it, at even steps where they are many."""
    others = order[~np.isin(order, rows)]
    step = max(len(others) / MOST_FITTED, 1.0)
    fit = others[np.arange(0, len(others), step).astype(np.intp)]
    return np.asarray(predicted(fitted(plan, best, fit), plan, best.name, rows))


def row_order(plan: Plan) -> Rows | None:
    """Positions of the training rows in time; None where nothing says when they happened."""
    how, named = plan.how, plan.contract.time
    by = how.by if how is not None and how.kind == "time" else plan.table.get(named)
    if by is None:
        return None
    fitted_on = len(plan.parts.train) if plan.parts.split.kind == "given" else len(plan.table)
    return in_order(by.iloc[:fitted_on])
