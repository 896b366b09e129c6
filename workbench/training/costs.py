"""What each candidate costs when it ships, measured on its model of the last fold: nothing is fitted for it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from contextlib import suppress
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd
import skops.io

from workbench.compiling.pipeline import compile_pipeline
from workbench.core.cost import Cost
from workbench.errors import Refused, Untrusted
from workbench.storage.lightgbm_text import without_boosters
from workbench.tables.compiled import CompiledModel
from workbench.tables.nodes import Chain, Linear
from workbench.tables.trees import Trees
from workbench.training.numbered import in_words
from workbench.training.plan import Plan
from workbench.training.trials import Trial

# Rows that come together.
MANY = 1_000
# The shortest of so many times; another program may have been in the way of the others. Of a slow model fewer.
TIMES, ENOUGH = 7, 0.02


def costs(plan: Plan, tried: Iterable[Trial]) -> dict[str, Cost]:
    """What candidates cost, by their names.

    Without those whose model of a fold is not there (of a training that went on after it was killed), those that can't
    be measured, and those that somebody did not wait for: what a candidate costs must not end a training.
    """
    found = {}
    with suppress(KeyboardInterrupt):
        for trial in tried:
            try:
                cost = _cost(plan, trial)
            except Exception:  # of somebody's own estimator: any
                logging.getLogger(__name__).info("The cost of %s could not be measured.", trial.name, exc_info=True)
                continue
            if cost is not None:
                found[trial.name] = cost
    return found


def _cost(plan: Plan, trial: Trial) -> Cost | None:
    pipeline = trial.pipeline if trial.booster is None else plan.growing.holding(trial.booster)
    if pipeline is None:
        return None
    if not plan.models[trial.name].takes_words:
        pipeline = in_words(pipeline, plan.numbered.words)
    rows = plan.table[list(plan.features)].iloc[np.resize(plan.parts.holdout[:MANY], MANY)]
    try:
        return of_tables(compile_pipeline(pipeline, plan.features, plan.task), rows)
    except Refused:  # no tables, or larger ones than are read again
        return of_pipeline(pipeline, rows)


def of_tables(compiled: CompiledModel, rows: pd.DataFrame) -> Cost:
    """What a compiled model costs.

    Parameters
    ----------
    compiled : CompiledModel
    rows : pandas.DataFrame, shape (n, features)
        To time it on.
    """
    one = {name: [value] for name, value in rows.iloc[0].to_dict().items()}
    return Cost(
        len(compiled.packed()), True, operations(compiled.model),
        1e3 * _shortest(lambda: compiled.predict(one)), 1e6 * _shortest(lambda: compiled.predict(rows)) / len(rows),
    )  # fmt: skip


def of_pipeline(pipeline: Any, rows: pd.DataFrame) -> Cost:
    """What a fitted pipeline costs that has no tables."""
    answer = getattr(pipeline, "predict_proba", pipeline.predict)
    one = rows.head(1)
    timed = 1e3 * _shortest(lambda: answer(one)), 1e6 * _shortest(lambda: answer(rows)) / len(rows)
    return Cost(_size(pipeline), False, None, *timed)


def operations(node: Any) -> float:
    """Comparisons and multiplications of a row: a tree's by how many rows came through each split.

    Examples
    --------
    >>> import numpy as np
    >>> operations(Linear(np.ones((1, 3)), np.zeros(1), np.zeros(3)))
    3.0
    """
    if isinstance(node, Trees):
        tree = np.searchsorted(node.roots, np.arange(len(node.feature)), side="right") - 1
        inner = node.feature >= 0
        return float((node.cover / np.maximum(node.cover[node.roots][tree], 1e-300))[inner].sum())
    if isinstance(node, Chain):
        return sum(map(operations, (*node.members, node.final)))
    if isinstance(node, Linear):
        return float(np.count_nonzero(node.weights))
    return float(getattr(node, "inputs", node.width))


def _size(pipeline: Any) -> int | None:
    """Bytes of the file that it would be kept in."""
    try:
        return len(skops.io.dumps(without_boosters(pipeline)))
    except Untrusted:
        return None


def _shortest(call: Callable[[], Any]) -> float:
    """Seconds; the first call makes what is made once."""
    call()
    times: list[float] = []
    while len(times) < TIMES and sum(times) < ENOUGH:
        began = perf_counter()
        call()
        times.append(perf_counter() - began)
    return min(times)
