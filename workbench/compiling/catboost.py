"""CatBoost: its symmetric trees on numbers become a tree table. The library is not imported.

Each level of a tree asks one question, so a tree of depth d has two to the d leaves, numbered by the answers, the first
question's in the lowest bit.
"""

from __future__ import annotations

import json
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from workbench.compiling.columns import INSTEAD, Matrix, State
from workbench.compiling.models import Part, after, compiler, joined
from workbench.core.contract import Task
from workbench.errors import CannotCompile
from workbench.tables.compiled import Link
from workbench.tables.links import Array
from workbench.tables.nodes import Curve
from workbench.tables.trees import CODES

LINKS: dict[str, Link] = {"Logloss": "logistic", "CrossEntropy": "logistic", "MultiClass": "softmax"}
PLAIN = ("RMSE", "MAE", "Quantile", "MAPE", "Huber", "Expectile", "LogCosh", "Lq")
LOG = ("Poisson", "Tweedie")


@compiler("CatBoostClassifier", "CatBoostRegressor")
def _catboost(model: Any, state: State, task: Task, matrix: Matrix) -> Part:
    told = _told(model)
    loss = str(told["model_info"]["params"]["loss_function"]["type"])
    _check(told, loss)
    columns = {int(f["feature_index"]): f for f in told["features_info"]["float_features"]}
    bias = told["scale_and_bias"][1]
    tables = [_tree(tree, columns, len(bias)) for tree in told["oblivious_trees"]]
    if any(bias):  # CatBoost adds it last, and so does a tree of one leaf
        tables.append(_tree({"leaf_values": bias, "leaf_weights": [1.0]}, columns, len(bias)))
    trees = joined(tables, [0] * len(tables), np.zeros(len(bias)), state, matrix)
    node = replace(trees, single=True)
    if loss in LOG:
        return Part(after(node, Curve("exp", 1)))
    return Part(node, LINKS.get(loss, "identity"))


def _told(model: Any) -> dict[str, Any]:
    """The model as CatBoost writes it down."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.json")
        model.save_model(str(path), format="json")
        told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return told


def _check(told: dict[str, Any], loss: str) -> None:
    others = [kind for kind, columns in told["features_info"].items() if kind != "float_features" and columns]
    if others or "ctrs" in told:
        raise CannotCompile(f"CatBoost on categories or texts of its own has no table: number them first. {INSTEAD}")
    if "oblivious_trees" not in told:
        raise CannotCompile(f"CatBoost with grow_policy other than 'SymmetricTree' has no table. {INSTEAD}")
    if told["scale_and_bias"][0] != 1:
        raise CannotCompile(f"CatBoost whose sum is scaled has no table. {INSTEAD}")
    if loss not in (*LINKS, *PLAIN, *LOG):
        raise CannotCompile(f"CatBoost with the loss {loss!r} has no table. {INSTEAD}")


def _tree(tree: dict[str, Any], columns: dict[int, Any], outputs: int) -> dict[str, Array]:
    """A whole binary tree, level by level: the children of node i are 2 i + 1 and 2 i + 2.

    The last split is asked first: all orders answer alike, and this one gives the reasons that CatBoost itself gives.
    """
    splits = (tree.get("splits") or [])[::-1]
    depth, inner = len(splits), 2 ** len(splits) - 1
    level = np.repeat(np.arange(depth), 2 ** np.arange(depth))
    used = [columns[int(split["float_feature_index"])] for split in splits]
    node = np.arange(inner)
    nothing = np.full(inner + 1, -1)
    of_leaves = np.asarray(tree["leaf_values"], dtype=float).reshape(-1, outputs)
    return {
        "feature": np.concatenate([np.array([f["flat_feature_index"] for f in used], np.int64)[level], nothing]),
        "threshold": np.concatenate([np.array([s["border"] for s in splits], float)[level], np.zeros(inner + 1)]),
        "left": np.concatenate([2 * node + 1, nothing]),
        "right": np.concatenate([2 * node + 2, nothing]),
        "missing_left": np.concatenate(
            [np.array([f["nan_value_treatment"] != "AsTrue" for f in used], bool)[level], np.zeros(inner + 1, bool)]
        ),
        "category": np.full(2 * inner + 1, -1),
        "goes_left": np.zeros((0, CODES), bool),
        "value": np.concatenate([np.zeros((inner, outputs)), of_leaves]),
        "cover": _covers(np.asarray(tree["leaf_weights"], dtype=float)),
    }


def _covers(leaves: Array) -> Array:
    """Weight of the rows in each node."""
    levels = [leaves]
    while len(levels[0]) > 1:
        levels.insert(0, levels[0].reshape(-1, 2).sum(axis=1))
    return np.concatenate(levels)
