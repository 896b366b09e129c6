"""The training rows by chunks of time: how they were spread, answered and scored, for later windows to be judged by."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from workbench.core.chunks import Chunks, ColumnChunks
from workbench.core.contract import Column, Contract, Task
from workbench.core.measures import known_anywhere
from workbench.core.metric import Metric
from workbench.core.profile import ColumnProfile
from workbench.core.scores import scores
from workbench.profiling.chunking import FEWEST, chunked, counted_again, places_of
from workbench.profiling.profile import profile_columns
from workbench.training.crossed import Crossed, row_order
from workbench.training.plan import Plan
from workbench.training.trials import answers

Rows = NDArray[np.intp]
# Rows from which on a window is scored.
FEWEST_SCORED = 50


@dataclass(frozen=True)
class Placed:
    """The rows of a plan in time.

    Parameters
    ----------
    order : int array, shape (n,)
        Their positions in the plan's table.
    places : int array, shape (n,)
        The chunk of each, rising.
    """

    order: Rows
    places: Rows

    def of(self, rows: Rows) -> Rows:
        """The chunks of rows by their positions; -1 of those that have no place in time."""
        where = np.full(max(int(self.order.max()), int(rows.max(initial=0))) + 1, -1)
        where[self.order] = self.places
        return where[rows]


def placed(plan: Plan) -> Placed | None:
    """The rows of a plan in time; None where they have no order, or are too few."""
    order = row_order(plan)
    places = places_of(0 if order is None else len(order))
    return Placed(order, places) if order is not None and len(places) else None


def predictions_column(task: Task, classes: Sequence[Any], prediction: Any) -> tuple[pd.DataFrame, Contract]:
    """Predictions as a column ``prediction`` to profile: the number, or the most probable of several classes."""
    if task == "multiclass":
        words = np.asarray([str(c) for c in classes], dtype=object)[np.asarray(prediction).argmax(axis=1)]
        return pd.DataFrame({"prediction": pd.Series(words, dtype="str")}), Contract(
            (Column("prediction", "category"),)
        )
    return pd.DataFrame({"prediction": np.asarray(prediction, dtype=float)}), Contract(
        (Column("prediction", "number"),)
    )


def chunks_of(
    plan: Plan, features: Sequence[ColumnProfile], told: Crossed, metrics: tuple[Metric, ...], pipeline: Any
) -> Chunks | None:
    """The training rows by chunks of time; None where nothing orders them.

    Parameters
    ----------
    plan : Plan
    features : sequence of ColumnProfile
        Of the training rows.
    told : Crossed
        What models that had not seen them answered.
    metrics : tuple of Metric
        Of the hold-out; the first that can be computed anywhere is scored chunk by chunk.
    pipeline : sklearn.pipeline.Pipeline
        That ships; it takes the rows as they are.
    """
    rows = placed(plan)
    if rows is None:
        return None
    table = plan.table[list(plan.features)].iloc[rows.order].reset_index(drop=True)
    columns = tuple(chunked(table, plan.contract.only(plan.features), features, rows.places))
    begins, end = _moments(plan, rows)
    plain = Chunks(_name(plan), tuple(np.bincount(rows.places).tolist()), columns, begins, end)
    if not _everywhere(rows, told):
        return plain
    return _with_answers(plan, plain, told, rows, metrics, answers(pipeline, plan, table))


def _everywhere(rows: Placed, told: Crossed) -> bool:
    """Whether each chunk has rows that were answered."""
    return set(rows.of(told.rows).tolist()) >= set(rows.places.tolist())


def _with_answers(
    plan: Plan, plain: Chunks, told: Crossed, rows: Placed, metrics: tuple[Metric, ...], itself: Any
) -> Chunks:
    place = rows.of(told.rows)
    turn = np.argsort(place, kind="stable")[np.searchsorted(np.sort(place), 0) :]
    prediction, place = np.asarray(told.prediction)[turn], place[turn]
    truth = plan.target.iloc[told.rows[turn]]
    metric = known_anywhere(metrics, plan.task)
    scored = tuple(_scored(plan, metric, truth, prediction, place, len(plain.rows)))
    answered = _answers(plan, (prediction, place), (itself, rows.places))
    gaps = _gaps(plan, truth, prediction, place)
    return replace(plain, columns=(*plain.columns, *answered), metric=metric.name, scores=scored, gaps=gaps)


def _answers(plan: Plan, told: tuple[Any, Rows], itself: tuple[Any, Rows]) -> Iterator[ColumnChunks]:
    """Those of models that had not seen the rows, and those of the model that ships beside them."""
    (frame, contract), (other, _) = (predictions_column(plan.task, plan.classes, one) for one, _ in (told, itself))
    for one in chunked(frame, contract, profile_columns(frame, contract), told[1]):
        yield counted_again(one, other, contract, itself[1])


def _scored(
    plan: Plan, metric: Metric, truth: pd.Series, prediction: Any, place: Rows, many: int
) -> Iterator[tuple[float | None, ...]]:
    """Of each chunk, of two neighbours, of four, ..., as long as enough of them are left."""
    length = 1
    while many // length >= FEWEST // 2:
        ends = np.searchsorted(place, np.arange(0, many + 1, length))
        pairs = pairwise(ends)
        yield tuple(_score(plan, metric, truth.iloc[a:b], prediction[a:b]) for a, b in pairs)
        length *= 2


def _score(plan: Plan, metric: Metric, truth: pd.Series, prediction: Any) -> float | None:
    """As a window is scored: each row counts the same."""
    if len(truth) < FEWEST_SCORED:
        return None
    found = scores(plan.task, truth, prediction, plan.classes, metric.name, level=0, others=())
    known = found and found[0].name == metric.name and np.isfinite(found[0].value)
    return float(found[0].value) if known else None


def _gaps(plan: Plan, truth: pd.Series, prediction: Any, place: Rows) -> tuple[float, ...]:
    if plan.task != "binary":
        return ()
    off = np.asarray(prediction, dtype=float) - (truth == plan.classes[1]).to_numpy(dtype=float)
    return tuple((np.bincount(place, off) / np.bincount(place)).tolist())


def _name(plan: Plan) -> str:
    """The column that orders the rows; nothing where they come in time."""
    if plan.how is not None and plan.how.kind == "time":
        return ", ".join(plan.how.columns)
    return plan.contract.time or ""


def _moments(plan: Plan, rows: Placed) -> tuple[tuple[str, ...], str]:
    """First moments of the chunks, and the last of all, where the order is one of moments."""
    by = plan.how.by if plan.how is not None and plan.how.kind == "time" else plan.table[plan.contract.time]
    if by is None or by.dtype.kind != "M" or by.iloc[rows.order].isna().any():
        return (), ""
    moments = by.iloc[rows.order]
    firsts = np.searchsorted(rows.places, np.arange(int(rows.places.max()) + 1))
    return tuple(moment.isoformat() for moment in moments.iloc[firsts]), moments.iloc[-1].isoformat()
