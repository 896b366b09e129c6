"""From fitted estimators to nodes: scikit-learn's own. They are read by attribute; none is imported."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from workbench.compiling.collecting import collected
from workbench.compiling.columns import INSTEAD, Inner, Inputs, Looked, Made, Matrix, Mixed, State, through
from workbench.compiling.mixing import gathered
from workbench.core.contract import Task
from workbench.errors import CannotCompile
from workbench.tables.compiled import Link
from workbench.tables.links import Array
from workbench.tables.nodes import Chain, Curve, Linear
from workbench.tables.trees import CODES, Trees

NO_COLUMNS = np.zeros(0, np.int64)


@dataclass(frozen=True)
class Part:
    """A compiled estimator.

    Parameters
    ----------
    node : Trees, Linear or Chain
        Its own output: log-odds, a decision, a probability, or a number.
    link : str
        From there to the prediction.
    threshold : float, optional
        Where the estimator itself answers the second class.
    """

    node: Any
    link: Link = "identity"
    threshold: float | None = None

    def answers(self) -> Any:
        """A node that gives probabilities, or the number: the link is in it."""
        return self.node if self.link == "identity" else after(self.node, Curve(self.link, self.node.width))


Compiler = Callable[[Any, State, Task, Matrix], Part]
COMPILERS: dict[str, Compiler] = {}


def compiler(*names: str) -> Callable[[Compiler], Compiler]:
    """Register a function that compiles the estimators of these class names."""

    def register(function: Compiler) -> Compiler:
        COMPILERS.update(dict.fromkeys(names, function))
        return function

    return register


def compile_model(model: Any, state: State, task: Task, matrix: Matrix) -> Part:
    """Compile a fitted estimator that works on the columns of ``state``.

    Raises
    ------
    CannotCompile
        Naming the estimator that has no table.
    """
    name = type(model).__name__
    if name not in COMPILERS:
        raise CannotCompile(f"{name} has no exact table. {INSTEAD}")
    if any(isinstance(column, Mixed) for column in state):
        return _on_mixed(model, state, task, matrix)
    return COMPILERS[name](model, state, task, matrix)


def _on_mixed(model: Any, state: State, task: Task, matrix: Matrix) -> Part:
    """A model on columns that are made of several others: these are made first, and carry the reasons through."""
    members, passed, places = gathered(state, matrix)
    part = compile_model(model, tuple(map(Inner, places)), task, Inputs())
    return replace(part, node=Chain(members, part.node, passed, np.zeros(len(passed))))


def after(member: Any, final: Any) -> Chain:
    """``final`` on the outputs of ``member``."""
    return Chain((member,), final, NO_COLUMNS, np.zeros(0))


def linear_on(member: Any, scale: float, shift: float) -> Chain:
    """``scale * output + shift`` of a member, for each of its outputs."""
    width = member.width
    return after(member, Curve("scaled", width, np.full(width, float(scale)), np.full(width, float(shift))))


def classes_of(model: Any) -> tuple[Any, ...]:
    """Classes as plain Python values, empty for a regression."""
    return tuple(c.item() if isinstance(c, np.generic) else c for c in getattr(model, "classes_", ()))


def link_of(task: Task) -> Link:
    """From log-odds to probabilities, if there are classes."""
    links: dict[str, Link] = {"binary": "logistic", "multiclass": "softmax"}
    return links.get(task, "identity")


@compiler("Pipeline")
def _pipeline(model: Any, state: State, task: Task, matrix: Matrix) -> Part:
    *before, (_, last) = model.steps
    for _, step in before:
        state = through(step, state)
    return compile_model(last, state, task, matrix)


# --- histogram gradient boosting ----------------------------------------------------------------------------------


@compiler("HistGradientBoostingClassifier", "HistGradientBoostingRegressor")
def _histogram_boosting(model: Any, state: State, task: Task, matrix: Matrix) -> Part:
    link = type(model._loss.link).__name__
    if task == "regression" and link not in ("IdentityLink", "LogLink"):
        raise CannotCompile(f"Gradient boosting with loss {model.loss!r} has no exact table. Use squared_error.")
    state, known = _recoded(model, state)
    predictors = [(k, p) for step in model._predictors for k, p in enumerate(step)]
    tables = [_histogram_tree(p, known) for _, p in predictors]
    baseline = np.asarray(model._baseline_prediction, dtype=np.float64).reshape(-1)
    trees = joined(tables, [k for k, _ in predictors], baseline, state, matrix)
    if link == "LogLink":
        return Part(after(trees, Curve("exp", 1)))
    return Part(trees, link_of(task))


def _recoded(model: Any, state: State) -> tuple[State, Array]:
    """The columns in the model's own order, categories first and in its own codes, and the codes that it knows."""
    known = np.zeros((len(state), CODES), bool)
    if model._preprocessor is None:
        return state, known
    categorical = np.flatnonzero(model.is_categorical_).tolist()
    codes = model._preprocessor.named_transformers_["encoder"].categories_
    first = [recode(state[place], codes[i]) for i, place in enumerate(categorical)]
    for i in range(len(categorical)):
        known[i, model._bin_mapper.bin_thresholds_[i].astype(np.intp)] = True
    return (*first, *(c for i, c in enumerate(state) if i not in categorical)), known


def recode(column: Made, known: Sequence[Any], other: float = np.nan) -> Looked:
    """A look-up whose values become their place among the ``known`` ones; NaN stays, the rest is ``other``."""
    if not isinstance(column, Looked):
        raise CannotCompile(f"Column {column.source!r} is a category for the model, but no encoder numbers it.")
    code = {float(v): float(i) for i, v in enumerate(known) if v == v}
    return replace(column, values=tuple(v if v != v else code.get(v, other) for v in column.values))


def _histogram_tree(predictor: Any, known: Array) -> dict[str, Array]:
    nodes = predictor.nodes
    leaf, categorical = nodes["is_leaf"].astype(bool), nodes["is_categorical"].astype(bool)
    feature = np.where(leaf, -1, nodes["feature_idx"]).astype(np.int64)
    missing_left = nodes["missing_go_to_left"].astype(bool)
    splits = np.flatnonzero(categorical & ~leaf)
    bits = np.ascontiguousarray(predictor.raw_left_cat_bitsets, dtype="<u4").view(np.uint8)
    left = np.unpackbits(bits.reshape(-1, 32), axis=1, bitorder="little").astype(bool)[nodes["bitset_idx"][splits]]
    goes_left = left | (~known[feature[splits]] & missing_left[splits][:, None])
    category = np.full(len(nodes), -1)
    category[splits] = np.arange(len(splits))
    return {
        "feature": feature,
        "threshold": np.where(leaf | categorical, 0.0, nodes["num_threshold"]),
        "left": np.where(leaf, -1, nodes["left"].astype(np.int64)),
        "right": np.where(leaf, -1, nodes["right"].astype(np.int64)),
        "missing_left": missing_left,
        "category": category,
        "goes_left": goes_left,
        "value": nodes["value"].astype(np.float64)[:, None],
        "cover": nodes["count"].astype(np.float64),
    }


# --- trees, forests, gradient boosting ----------------------------------------------------------------------------


@compiler(
    "RandomForestClassifier",
    "RandomForestRegressor",
    "ExtraTreesClassifier",
    "ExtraTreesRegressor",
    "DecisionTreeClassifier",
    "DecisionTreeRegressor",
    "ExtraTreeClassifier",
    "ExtraTreeRegressor",
)
def _forest(model: Any, state: State, task: Task, matrix: Matrix) -> Part:
    members = list(getattr(model, "estimators_", None) or [model])
    tables = [_tree(m.tree_) for m in members]
    outputs = 1 if task == "regression" else len(model.classes_)
    trees = joined(tables, [0] * len(tables), np.zeros(outputs), state, matrix)
    if task == "binary":
        trees = replace(trees, value=np.ascontiguousarray(trees.value[:, 1:]), baseline=np.zeros(1))
    return Part(replace(trees, divisor=float(len(members)), single=True))


@compiler("GradientBoostingClassifier", "GradientBoostingRegressor")
def _gradient_boosting(model: Any, state: State, task: Task, matrix: Matrix) -> Part:
    outputs = len(model.classes_) if task == "multiclass" else 1
    tables = [_tree(member.tree_) for step in model.estimators_ for member in step]
    for table in tables:
        table["value"] = model.learning_rate * table["value"]
    trees = joined(tables, list(range(outputs)) * len(model.estimators_), _start(model, outputs), state, matrix)
    trees = replace(trees, single=True)
    doubled = getattr(model, "loss", "") == "exponential"
    return Part(linear_on(trees, 2.0, 0.0) if doubled else trees, link_of(task))


def _start(model: Any, outputs: int) -> Array:
    """What gradient boosting starts from: a constant, where no estimator of the caller's makes it."""
    if model.init_ == "zero" or model.init == "zero":
        return np.zeros(outputs)
    if type(model.init_).__name__ not in ("DummyClassifier", "DummyRegressor"):
        raise CannotCompile(f"Gradient boosting that starts from {type(model.init_).__name__} has no table. {INSTEAD}")
    row = np.zeros((1, model.n_features_in_), np.float32)
    return np.asarray(model._raw_predict_init(row), dtype=np.float64).reshape(-1)


def _tree(tree: Any) -> dict[str, Array]:
    leaf = tree.children_left < 0
    missing = getattr(tree, "missing_go_to_left", np.zeros(len(leaf)))
    if tree.n_outputs != 1:
        raise CannotCompile("A forest with several targets has no table. Train one model a target.")
    return {
        "feature": np.where(leaf, -1, tree.feature).astype(np.int64),
        "threshold": np.where(leaf, 0.0, tree.threshold),
        "left": np.where(leaf, -1, tree.children_left).astype(np.int64),
        "right": np.where(leaf, -1, tree.children_right).astype(np.int64),
        "missing_left": np.asarray(missing).astype(bool),
        "category": np.full(len(leaf), -1),
        "goes_left": np.zeros((0, CODES), bool),
        "value": tree.value[:, 0, :].astype(np.float64),
        "cover": tree.weighted_n_node_samples.astype(np.float64),
    }


def joined(tables: list[dict[str, Array]], outputs: list[int], baseline: Array, state: State, matrix: Matrix) -> Trees:
    """One table from the tables of the trees; children and category tables are counted on."""
    if not tables:
        raise CannotCompile(f"A model without a tree has no table. {INSTEAD}")
    sizes = [len(t["feature"]) for t in tables]
    splits = [len(t["goes_left"]) for t in tables]
    nodes = np.repeat(np.cumsum([0, *sizes[:-1]]), sizes)
    sets = np.repeat(np.cumsum([0, *splits[:-1]]), sizes)
    whole: dict[str, Any] = {name: np.concatenate([t[name] for t in tables]) for name in tables[0]}
    inner = whole["feature"] >= 0
    place = _placed(whole["feature"][inner], state, matrix)
    whole["feature"] = np.where(inner, place[np.where(inner, whole["feature"], 0)] if len(place) else -1, -1)
    for name, start in (("left", nodes), ("right", nodes), ("category", sets)):
        whole[name] = np.where(whole[name] >= 0, whole[name] + start, -1)
    roots = np.cumsum([0, *sizes[:-1]]).astype(np.int64)
    columns = int(max(place, default=-1)) + 1
    return Trees(roots, np.array(outputs, np.int64), baseline=baseline, **whole).checked(columns)


def _placed(asked: Array, state: State, matrix: Matrix) -> Array:
    """Where each column stands, -1 for those that no tree asks for: they are never made; one at least is."""
    place, places = np.full(len(state), -1), np.unique(asked) if len(asked) else np.arange(min(1, len(state)))
    place[places] = matrix.place(tuple(state[i] for i in places.tolist()))
    return place


# --- linear models ------------------------------------------------------------------------------------------------


@compiler(
    "LinearRegression",
    "Ridge",
    "RidgeCV",
    "Lasso",
    "LassoCV",
    "ElasticNet",
    "ElasticNetCV",
    "Lars",
    "LassoLars",
    "BayesianRidge",
    "ARDRegression",
    "HuberRegressor",
    "SGDRegressor",
    "LinearSVR",
    "QuantileRegressor",
    "TheilSenRegressor",
)
def _linear(model: Any, state: State, task: Task, matrix: Matrix) -> Part:
    return Part(linear_node(model, state, matrix))


@compiler("PoissonRegressor", "GammaRegressor", "TweedieRegressor")
def _log_linear(model: Any, state: State, task: Task, matrix: Matrix) -> Part:
    node = linear_node(model, state, matrix)
    log = type(model._base_loss.link).__name__ == "LogLink"
    return Part(after(node, Curve("exp", 1)) if log else node)


@compiler("LogisticRegression", "LogisticRegressionCV")
def _logistic(model: Any, state: State, task: Task, matrix: Matrix) -> Part:
    one_by_one = getattr(model, "multi_class", "") == "ovr" or model.solver == "liblinear"
    return Part(
        linear_node(model, state, matrix),
        "one against rest" if one_by_one and task == "multiclass" else link_of(task),
    )


@compiler("SGDClassifier")
def _sgd(model: Any, state: State, task: Task, matrix: Matrix) -> Part:
    if model.loss != "log_loss":
        raise CannotCompile(f"SGDClassifier(loss={model.loss!r}) gives no probability. Use loss='log_loss'.")
    return Part(linear_node(model, state, matrix), "one against rest" if task == "multiclass" else link_of(task))


def linear_node(model: Any, state: State, matrix: Matrix) -> Linear:
    """A weighted sum of the columns of ``state``."""
    weights = np.atleast_2d(np.asarray(model.coef_, dtype=np.float64))
    intercept = np.broadcast_to(np.asarray(model.intercept_, dtype=np.float64).reshape(-1), len(weights)).copy()
    state, weights = collected(state, weights)
    return Linear(weights, intercept, np.zeros(weights.shape[1]), matrix.place(state))


@compiler("DummyClassifier", "DummyRegressor")
def _constant(model: Any, state: State, task: Task, matrix: Matrix) -> Part:
    nothing = np.zeros((1, 1))
    outputs = model.predict(nothing).reshape(-1)[:1] if task == "regression" else model.predict_proba(nothing)[0]
    if task != "regression" and model.strategy not in ("prior", "most_frequent", "constant"):
        raise CannotCompile(f"DummyClassifier(strategy={model.strategy!r}) answers at random. Use strategy='prior'.")
    intercept = np.asarray(outputs[1:2] if task == "binary" else outputs, dtype=np.float64)
    return Part(Linear(np.zeros((len(intercept), 0)), intercept, np.zeros(0), NO_COLUMNS))
