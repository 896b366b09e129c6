"""Boundaries between ordered classes as one node: sums of their log-odds."""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.compiling.columns import INSTEAD, Matrix, State
from workbench.compiling.models import NO_COLUMNS, Part, compile_model, compiler
from workbench.core.contract import Task
from workbench.errors import CannotCompile
from workbench.tables.nodes import Chain, Linear


@compiler("OrdinalClassifier")
def _boundaries(model: Any, state: State, task: Task, matrix: Matrix) -> Part:
    parts = [compile_model(one, state, "binary", matrix) for one in model.estimators_]
    if any(part.link != "logistic" for part in parts):
        raise CannotCompile(f"Boundaries by models that do not add up log-odds have no table. {INSTEAD}")
    above = np.arange(len(parts)) < np.asarray(model.ranks_)[:, None]  # each class adds up the boundaries below it
    sums = Linear(above.astype(np.float64), np.zeros(len(above)), np.zeros(len(parts)))
    return Part(Chain(tuple(part.node for part in parts), sums, NO_COLUMNS, np.zeros(0)), "softmax")
