"""LightGBM and XGBoost: the fitted model's own text becomes a tree table. Neither library is imported.

Their sums of leaves come out as the same bits; the exponential behind them is the C library's, float64 or float32.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np

from workbench.compiling import lightgbm_trees
from workbench.compiling.columns import INSTEAD, Looked, Made, Matrix, State
from workbench.compiling.lightgbm_trees import OTHER
from workbench.compiling.models import Part, after, compiler, joined, linear_on
from workbench.core.contract import Task
from workbench.errors import CannotCompile
from workbench.tables.compiled import Link
from workbench.tables.links import Array
from workbench.tables.nodes import Curve
from workbench.tables.trees import CODES

# How each is asked for its sums of leaves.
RAW: dict[str, dict[str, Any]] = {
    "LGBM": {"raw_score": True},
    "XGB": {"output_margin": True},
    "CatBoost": {"prediction_type": "RawFormulaVal"},
}


def raw_outputs(pipeline: Any, rows: Any) -> Array | None:
    """The sums of leaves of a pipeline that ends in one of these models, before any link; None where it does not."""
    last = pipeline
    while hasattr(last, "steps"):
        last = last.steps[-1][1]
    asked = next((asked for start, asked in RAW.items() if type(last).__name__.startswith(start)), None)
    if asked is None or last is pipeline:
        return None
    outputs = np.asarray(pipeline.predict(rows, **asked), dtype=np.float64)
    # LightGBM's forests are added up there, and divided later.
    forest = getattr(last, "boosting_type", "") == "rf"
    return outputs / last.booster_.current_iteration() if forest else outputs


# --- LightGBM -----------------------------------------------------------------------------------------------------

LIGHTGBM_PLAIN = ("regression", "regression_l1", "huber", "fair", "quantile", "mape")
LIGHTGBM_LOG = ("poisson", "gamma", "tweedie")


@compiler("LGBMClassifier", "LGBMRegressor")
def _lightgbm(model: Any, state: State, task: Task, matrix: Matrix) -> Part:
    text = lightgbm_trees.read(model.booster_.model_to_string())
    if text.foot.get("pandas_categorical", "null") not in ("null", "[]"):
        raise CannotCompile(f"LightGBM with categories of pandas has no table: number them first. {INSTEAD}")
    tables = lightgbm_trees.tables(text.trees)
    state = _coded(state, {int(f) for tree in tables for f in tree["feature"][tree["category"] >= 0]})
    outputs = int(text.head["num_tree_per_iteration"])
    places = [i % outputs for i in range(len(tables))]
    trees = joined(tables, places, np.zeros(outputs), state, matrix)
    if "average_output" in text.head:
        trees = replace(trees, divisor=float(len(tables) // outputs))
    return _lightgbm_linked(trees, text.head.get("objective", ""), outputs)


def _lightgbm_linked(trees: Any, objective: str, outputs: int) -> Part:
    name, *rest = objective.split() or [""]
    settings = dict(pair.split(":") for pair in rest if ":" in pair)
    if name == "multiclass":
        return Part(trees, "softmax in order")
    if name == "binary":
        slope = float(settings.get("sigmoid", 1.0))
        return Part(trees if slope == 1 else linear_on(trees, slope, 0.0), "logistic")
    if name in LIGHTGBM_LOG:
        return Part(after(trees, Curve("exp", 1)))
    if name not in LIGHTGBM_PLAIN or "sqrt" in rest:
        raise CannotCompile(f"LightGBM with the objective {objective!r} has no table. {INSTEAD}")
    return Part(trees)


# --- XGBoost ------------------------------------------------------------------------------------------------------

XGBOOST_LINKS: dict[str, Link] = {"binary:logistic": "single logistic", "multi:softprob": "single softmax"}
XGBOOST_PLAIN = (
    "reg:squarederror",
    "reg:squaredlogerror",
    "reg:absoluteerror",
    "reg:pseudohubererror",
    "reg:quantileerror",
)
XGBOOST_LOG = ("count:poisson", "reg:gamma", "reg:tweedie")


@compiler("XGBClassifier", "XGBRegressor", "XGBRFClassifier", "XGBRFRegressor")
def _xgboost(model: Any, state: State, task: Task, matrix: Matrix) -> Part:
    learner = json.loads(bytes(model.get_booster().save_raw("json")))["learner"]
    objective, booster = learner["objective"]["name"], learner["gradient_booster"]
    _check_xgboost(model, learner)
    used = _xgboost_trees(learner)
    raw = booster["model"]["trees"][:used]
    state = _coded(state, {int(tree["split_indices"][n]) for tree in raw for n in tree["categories_nodes"]})
    outputs = max(1, int(learner["learner_model_param"]["num_class"]))
    trees = joined(
        [_xgboost_tree(tree) for tree in raw],
        booster["model"]["tree_info"][:used],
        _xgboost_start(learner, outputs),
        state,
        matrix,
    )
    trees = replace(trees, single=True, single_sum=True)
    if objective in XGBOOST_LOG:
        return Part(after(trees, Curve("single exp", 1)))
    return Part(trees, XGBOOST_LINKS.get(objective, "identity"))


def _check_xgboost(model: Any, learner: dict[str, Any]) -> None:
    objective, booster = learner["objective"]["name"], learner["gradient_booster"]
    if booster["name"] != "gbtree":
        raise CannotCompile(f"XGBoost with booster={booster['name']!r} has no table. {INSTEAD}")
    if objective not in (*XGBOOST_LINKS, *XGBOOST_PLAIN, *XGBOOST_LOG):
        raise CannotCompile(f"XGBoost with the objective {objective!r} has no table. {INSTEAD}")
    if model.missing is not None and model.missing == model.missing:
        raise CannotCompile(f"XGBoost with missing={model.missing!r} has no table. Use NaN.")
    if _is_weighted(booster["model"]):
        raise CannotCompile(f"XGBoost with dropped trees (rate_drop, one_drop) has no table. {INSTEAD}")
    if any(int(tree["tree_param"].get("size_leaf_vector", 1)) > 1 for tree in booster["model"]["trees"]):
        raise CannotCompile(f"XGBoost with multi_strategy='multi_output_tree' has no table. {INSTEAD}")
    if int(learner["learner_model_param"].get("num_target", 1)) > 1 or booster["model"].get("cats", {}).get("enc"):
        raise CannotCompile(f"XGBoost with several targets, or categories of pandas, has no table. {INSTEAD}")


def _is_weighted(model: dict[str, Any]) -> bool:
    """Whether trees count with weights: since XGBoost 3.4, ``dart`` is a ``gbtree`` with a weight for each."""
    return any(weight != 1 for weight in model.get("weight_drop") or ())


def _xgboost_trees(learner: dict[str, Any]) -> int:
    """How many trees predict: up to the best round, where training stopped early."""
    ends = learner["gradient_booster"]["model"]["iteration_indptr"]
    best = learner["attributes"].get("best_iteration") if isinstance(learner["attributes"], dict) else None
    return int(ends[-1] if best is None else ends[int(best) + 1])


def _xgboost_start(learner: dict[str, Any], outputs: int) -> Array:
    """What the sum starts from, in float32: kept as a probability or a mean, used as log-odds or a logarithm."""
    kept = json.loads(learner["learner_model_param"]["base_score"].replace("E", "e"))
    start = np.broadcast_to(np.asarray(kept, dtype=np.float32).reshape(-1), (outputs,))
    objective = learner["objective"]["name"]
    if objective == "binary:logistic":
        one = np.float32(1)
        start = -_logf(one / start - one)
    elif objective in XGBOOST_LOG:
        start = _logf(start)
    return start.astype(np.float64)


def _logf(values: Array) -> Array:
    """The logarithm of float32 values, rounded once; numpy's own in float32 differs in the last digit."""
    return np.log(values.astype(np.float64)).astype(np.float32)


def _xgboost_tree(tree: dict[str, Any]) -> dict[str, Array]:
    left = np.array(tree["left_children"], np.int64)
    leaf = left < 0
    split = np.array(tree["split_conditions"], np.float32)
    category = np.full(len(left), -1, np.int64)
    category[np.array(tree["categories_nodes"], np.int64)] = np.arange(len(tree["categories_nodes"]))
    # A value below the split goes left; ours go left up to it: up to the number before it, that is.
    below = np.nextafter(split, np.float32(-np.inf)).astype(np.float64)
    return {
        "feature": np.where(leaf, -1, np.array(tree["split_indices"], np.int64)),
        "threshold": np.where(leaf | (category >= 0), 0.0, below),
        "left": left,
        "right": np.array(tree["right_children"], np.int64),
        "missing_left": np.array(tree["default_left"], bool),
        "category": category,
        "goes_left": ~_codes([_xgboost_set(tree, i) for i in range(len(tree["categories_nodes"]))]),
        "value": np.where(leaf, split, np.float32(0)).astype(np.float64)[:, None],
        "cover": np.array(tree["sum_hessian"], np.float64),
    }


def _xgboost_set(tree: dict[str, Any], i: int) -> list[int]:
    start, size = tree["categories_segments"][i], tree["categories_sizes"][i]
    return [int(c) for c in tree["categories"][start : start + size]]


# --- categories ---------------------------------------------------------------------------------------------------


def _codes(sets: list[list[int]]) -> Array:
    """Which codes each set holds, shape (sets, 256)."""
    held = np.zeros((len(sets), CODES), bool)
    for row, codes in zip(held, sets, strict=True):
        if max(codes, default=0) >= OTHER:
            raise CannotCompile(f"A category's code is over {OTHER - 1}; there is no table for so many. {INSTEAD}")
        row[codes] = True
    return held


def _coded(state: State, categorical: set[int]) -> State:
    return tuple(_byte(column) if i in categorical else column for i, column in enumerate(state))


def _byte(column: Made) -> Looked:
    """A look-up whose values are codes of 0 to 254, :data:`OTHER` for the rest, or NaN."""
    if not isinstance(column, Looked):
        raise CannotCompile(f"Column {column.source!r} is a category for the model, but no encoder numbers it.")
    values = (v if v != v else float(int(v)) if -1 < v < OTHER else float(OTHER) for v in column.values)
    return replace(column, values=tuple(values))
