"""A trend and what it leaves as one node: the sum of two."""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.compiling.columns import Matrix, State
from workbench.compiling.models import NO_COLUMNS, Part, compile_model, compiler
from workbench.core.contract import Task
from workbench.tables.nodes import Chain, Linear


@compiler("TrendRegressor")
def _trended(model: Any, state: State, task: Task, matrix: Matrix) -> Part:
    members = tuple(compile_model(one, state, task, matrix).answers() for one in (model.trend_, model.rest_))
    both = Linear(np.ones((1, 2)), np.zeros(1), np.zeros(2))
    return Part(Chain(members, both, NO_COLUMNS, np.zeros(0)))
