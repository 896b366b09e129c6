"""Calibrated, thresholded, voted, bagged and stacked models, and models of a transformed target."""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.compiling.columns import INSTEAD, Inner, Inputs, Matrix, State, through
from workbench.compiling.models import NO_COLUMNS, Part, after, compile_model, compiler, linear_node
from workbench.core.contract import Task
from workbench.errors import CannotCompile
from workbench.tables.links import Array
from workbench.tables.nodes import Chain, Curve, Linear

# --- calibration and thresholds -----------------------------------------------------------------------------------


@compiler("CalibratedClassifierCV")
def _calibrated(model: Any, state: State, task: Task, matrix: Matrix) -> Part:
    classes = len(model.classes_)
    members = [_one_calibrated(m, state, task, matrix, classes) for m in model.calibrated_classifiers_]
    if len(members) == 1:
        return members[0]
    return Part(voted([m.answers() for m in members], np.ones(len(members))))


def _one_calibrated(member: Any, state: State, task: Task, matrix: Matrix, classes: int) -> Part:
    if len(member.estimator.classes_) != classes:
        raise CannotCompile(f"A calibrated member that knows fewer classes has no table. {INSTEAD}")
    inner = _decision(member.estimator, state, task, matrix)
    if member.method == "sigmoid":
        slope, offset = (np.array([getattr(c, n) for c in member.calibrators], np.float64) for n in ("a_", "b_"))
        if task == "binary":
            return Part(after(inner, Curve("scaled", 1, -slope, -offset)), "logistic")
        return Part(after(after(inner, Curve("sigmoids", classes, slope, offset)), Curve("shares", classes)))
    if member.method != "isotonic":
        raise CannotCompile(f"CalibratedClassifierCV(method={member.method!r}) has no table. Use 'sigmoid'.")
    curves = after(inner, Curve("isotonic", inner.width, *_isotonic(member.calibrators)))
    return Part(curves if task == "binary" else after(curves, Curve("shares", classes)))


def _decision(model: Any, state: State, task: Task, matrix: Matrix) -> Any:
    """What scikit-learn calibrates: the decision function where there is one, else the probabilities."""
    if type(model).__name__ in ("FrozenEstimator",):
        model = model.estimator
    last = model.steps[-1][1] if hasattr(model, "steps") else model
    if type(last).__name__ in ("LinearSVC", "RidgeClassifier", "RidgeClassifierCV", "Perceptron", "SGDClassifier"):
        return _plane(model, state, matrix)
    part = compile_model(model, state, task, matrix)
    return part.node if hasattr(model, "decision_function") else part.answers()


def _plane(model: Any, state: State, matrix: Matrix) -> Linear:
    """The decision function of a linear classifier that gives no probability itself."""
    if not hasattr(model, "steps"):
        return linear_node(model, state, matrix)
    for _, step in model.steps[:-1]:
        state = through(step, state)
    return linear_node(model.steps[-1][1], state, matrix)


def _isotonic(calibrators: list[Any]) -> tuple[Array, Array]:
    """Places and values of the steps; shorter curves are held at their last point."""
    longest = max(len(c.X_thresholds_) for c in calibrators)
    tables = [[getattr(c, name) for c in calibrators] for name in ("X_thresholds_", "y_thresholds_")]
    places, values = ([np.pad(t, (0, longest - len(t)), mode="edge") for t in table] for table in tables)
    return np.array(places, dtype=np.float64), np.array(values, dtype=np.float64)


@compiler("FixedThresholdClassifier", "TunedThresholdClassifierCV")
def _threshold(model: Any, state: State, task: Task, matrix: Matrix) -> Part:
    """The probabilities of the model inside; the threshold is kept beside them."""
    part = compile_model(model.estimator_, state, task, matrix)
    chosen = getattr(model, "best_threshold_", getattr(model, "threshold", "auto"))
    kept = float(chosen) if not isinstance(chosen, str) and 0 <= chosen <= 1 else None
    return Part(part.node, part.link, kept)


@compiler("FrozenEstimator")
def _frozen(model: Any, state: State, task: Task, matrix: Matrix) -> Part:
    return compile_model(model.estimator, state, task, matrix)


@compiler("OneVsRestClassifier")
def _one_vs_rest(model: Any, state: State, task: Task, matrix: Matrix) -> Part:
    """Each class has a model of its own; for several classes their probabilities are divided by their sum."""
    if not hasattr(model, "predict_proba") or any(type(m).__name__ == "_ConstantPredictor" for m in model.estimators_):
        raise CannotCompile(f"A one-against-rest model without a probability for each class has no table. {INSTEAD}")
    members = [compile_model(m, state, "binary", matrix).answers() for m in model.estimators_]
    if task == "binary":
        return Part(members[0])
    joined = Chain(tuple(members), Curve("shares", len(members)), NO_COLUMNS, np.zeros(0))
    return Part(joined)


# --- votes --------------------------------------------------------------------------------------------------------


@compiler("VotingClassifier", "VotingRegressor")
def _voting(model: Any, state: State, task: Task, matrix: Matrix) -> Part:
    if getattr(model, "voting", "soft") != "soft":
        raise CannotCompile("VotingClassifier(voting='hard') gives no probability. Use voting='soft'.")
    if len(model.estimators_) == 1:
        return compile_model(model.estimators_[0], state, task, matrix)
    members = [compile_model(member, state, task, matrix).answers() for member in model.estimators_]
    weights = model._weights_not_none
    return Part(voted(members, np.ones(len(members)) if weights is None else np.array(weights, dtype=np.float64)))


@compiler("BaggingClassifier", "BaggingRegressor")
def _bagging(model: Any, state: State, task: Task, matrix: Matrix) -> Part:
    members = []
    for member, chosen in zip(model.estimators_, model.estimators_features_, strict=True):
        if task != "regression" and len(member.classes_) != len(model.classes_):
            raise CannotCompile(f"A bagged member that knows fewer classes has no table. {INSTEAD}")
        members.append(compile_model(member, tuple(state[i] for i in chosen), task, matrix).answers())
    return Part(voted(members, np.ones(len(members))))


def voted(members: list[Any], weights: Array) -> Chain:
    """The weighted mean of the members' outputs."""
    width = sum(m.width for m in members)
    return Chain(tuple(members), Curve("mean", width, weights), NO_COLUMNS, np.zeros(0))


# --- stacks -------------------------------------------------------------------------------------------------------


@compiler("StackingClassifier", "StackingRegressor")
def _stacking(model: Any, state: State, task: Task, matrix: Matrix) -> Part:
    if any(method == "predict" for method in model.stack_method_) and task != "regression":
        raise CannotCompile(f"A stacked classifier on labels has no table. Use probabilities. {INSTEAD}")
    members = tuple(
        _stacked(member, method, state, task, matrix)
        for member, method in zip(model.estimators_, model.stack_method_, strict=True)
    )
    passed = matrix.place(state) if model.passthrough else NO_COLUMNS
    inputs = tuple(Inner(i) for i in range(sum(m.width for m in members) + len(passed)))
    final = compile_model(model.final_estimator_, inputs, task, Inputs())
    return Part(Chain(members, final.node, passed, np.zeros(len(passed))), final.link)


def _stacked(member: Any, method: str, state: State, task: Task, matrix: Matrix) -> Any:
    return (
        _decision(member, state, task, matrix)
        if method == "decision_function"
        else compile_model(member, state, task, matrix).answers()
    )


# --- transformed targets ------------------------------------------------------------------------------------------

INVERSES = ("exp", "expm1", "square")


@compiler("TransformedTargetRegressor")
def _transformed_target(model: Any, state: State, task: Task, matrix: Matrix) -> Part:
    inner = compile_model(model.regressor_, state, task, matrix).answers()
    kind = type(model.transformer_).__name__
    if kind == "StandardScaler":
        scale = np.ones(1) if model.transformer_.scale_ is None else model.transformer_.scale_
        mean = np.zeros(1) if model.transformer_.mean_ is None else model.transformer_.mean_
        return Part(after(inner, Curve("scaled", 1, np.array(scale, float), np.array(mean, float))))
    function = getattr(model.transformer_, "inverse_func", None)
    name = getattr(function, "__name__", "")
    if kind != "FunctionTransformer" or (function is not None and name not in INVERSES):
        raise CannotCompile(f"TransformedTargetRegressor with {name or kind} has no table. {INSTEAD}")
    return Part(inner if function is None else after(inner, Curve(name, 1)))
