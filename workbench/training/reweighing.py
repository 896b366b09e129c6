"""What the kept candidate would answer had it learnt from rows whose weights make group and outcome independent."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from workbench.core.fairness import Fairness
from workbench.core.nouns import expect
from workbench.core.reweighing import reweighed as weights_of
from workbench.core.run import Run
from workbench.errors import BadParameter
from workbench.settings import settings
from workbench.training.choosing import GIVE, planned_again
from workbench.training.plan import Plan
from workbench.training.train import MOST_KEPT
from workbench.training.trials import fitted, predicted, untried

MINE = "Give the dataset that wb.train was given: wb.fairness(run, by, reweigh=data)."


def reweighed(run: Run, fairness: Fairness, *, data: Any = None) -> NDArray[np.float64]:
    """Fit the kept candidate anew on rows whose weights make group and outcome independent; answer the hold-out.

    Parameters
    ----------
    run : Run
    fairness : Fairness
        Which groups.
    data : Dataset, or another table, optional
        What it was trained on; by default the file that it was read from.

    Returns
    -------
    float array, shape (n,) or (n, classes)
        Of the rows of ``run.holdout``.

    Raises
    ------
    BadParameter
        If the data or what comes of them are others than those of the training, or it was not validated here.
    BadTable
        If the file that it was trained on is gone.
    """
    fairness = expect(fairness, Fairness, "run.reweighed")
    plan = _plan(run, data)
    weights = weights_of(fairness.by, plan.table, plan.target, plan.weights)
    plan = replace(plan, weights=weights)
    trial = untried(plan, run.best.name, dict(run.best.parameters))
    with threadpool_limits(settings().threads):
        pipeline = fitted(plan, trial, plan.parts.train)
        answers = predicted(pipeline, plan, trial.name, plan.parts.holdout)
    return np.asarray(answers, dtype=float)[-MOST_KEPT:]


def _plan(run: Run, data: Any) -> Plan:
    try:
        return planned_again(run, data)
    except BadParameter as error:
        raise BadParameter(str(error).replace(GIVE, MINE)) from error
