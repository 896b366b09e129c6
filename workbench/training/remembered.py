"""What a reference keeps beside its columns, in sums: how they go together, the target, and what came true."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from workbench.core.json_values import json_value
from workbench.profiling.chunking import chunked
from workbench.profiling.outcomes import Answered, answered, outcomes
from workbench.profiling.profile import profile_columns
from workbench.profiling.together import together
from workbench.training.chunking import placed
from workbench.training.crossed import Crossed, row_order
from workbench.training.plan import Plan


def remembered(plan: Plan, learnt: pd.DataFrame, told: Crossed, threshold: float | None) -> dict[str, Any]:
    """As plain JSON, for the state of the reference's profile: kilobytes, in which no row is.

    Parameters
    ----------
    plan : Plan
    learnt : pandas.DataFrame, shape (rows, columns)
        The rows that were fitted on.
    told : Crossed
        Predictions out of sample.
    threshold : float, optional
        Two classes: from which on the second one is answered.
    """
    order = row_order(plan)
    joint = together(
        learnt if order is None else learnt.iloc[order], plan.contract.only(plan.features), order is not None
    )
    came = outcomes(_answered(plan, told, threshold, order), plan.task == "regression", order is not None)
    kept: dict[str, Any] = json_value({
        **({"together": joint.to_dict()} if joint else {}),
        **({"outcomes": came.to_dict()} if came else {}),
        **_target(plan, told),
    })  # fmt: skip
    return kept


def _answered(plan: Plan, told: Crossed, threshold: float | None, order: Any) -> Answered:
    turn = np.arange(len(told.rows)) if order is None else _in_turn(told.rows, order)
    prediction, truth = np.asarray(told.prediction)[turn], plan.target.iloc[told.rows[turn]].tolist()
    if plan.task == "regression":
        return answered(truth, prediction, truth, ())
    cut = 0.5 if threshold is None else threshold
    places = prediction.argmax(axis=1) if prediction.ndim == 2 else (prediction >= cut).astype(int)
    return answered(truth, prediction, [plan.classes[k] for k in places.tolist()], plan.classes)


def _in_turn(rows: Any, order: Any) -> Any:
    """The turn in which rows come in time; those without a place come last."""
    place = np.full(max(int(rows.max(initial=0)), int(order.max(initial=0))) + 1, len(order))
    place[order] = np.arange(len(order))
    return np.argsort(place[rows], kind="stable")


def _target(plan: Plan, told: Crossed) -> dict[str, Any]:
    """The target's profile, and where its rows come in time, the same by chunks."""
    target = plan.target.name
    assert isinstance(target, str), "the target is a column"
    frame, contract = plan.target.iloc[told.rows].to_frame(), plan.contract.only([target])
    (column,) = profile_columns(frame, contract)
    placing = placed(plan)
    places = None if placing is None else placing.of(told.rows)
    known = (
        None if places is None or not (places >= 0).all() else next(chunked(frame, contract, (column,), places), None)
    )
    return {"target": column.to_dict(), **({"target_chunks": asdict(known)} if known else {})}
