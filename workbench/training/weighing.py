"""How much each row counts: by a column of the table, and by its class."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from inspect import Parameter, signature
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import compute_sample_weight
from sklearn.utils.validation import has_fit_parameter

from workbench.core.arguments import described
from workbench.core.contract import NUMERIC
from workbench.core.dataset import Dataset
from workbench.core.literals import Code, python
from workbench.core.wording import how_many, worded
from workbench.errors import BadParameter, BadTable, shortened

Weights = NDArray[np.float64] | None
# Of classes by their labels in words, as ``classes=`` of a dataset has them, or by what scikit-learn calls balanced.
ClassWeight = str | dict[str, float] | None
WEIGHT = "sample_weight"
FILLED = "data = data.assign(**{$name: data.table[$name].fillna(1.0)})"
FINITE = "data = data.take(data.table[$name].abs() < float('inf'))"
NOT_BELOW = "data = data.assign(**{$name: data.table[$name].clip(lower=0.0)})"


def counting_rows(data: Dataset) -> Dataset:
    """The rows whose target is known and whose weight is not 0: those that are learnt from and scored.

    Raises
    ------
    BadTable
        If a weight is no number, missing, below 0 or infinite, or all are 0.
    """
    known = data.take(data.target.notna())
    weights = _of_column(known)
    return known if weights is None or weights.all() else known.take(weights > 0)


def row_weights(known: Dataset) -> Weights:
    """How much each row counts, shape (rows,); None where all count the same as one does."""
    weights = _of_column(known)
    return None if weights is None or (weights == 1).all() else weights


def _of_column(known: Dataset) -> Weights:
    name = known.contract.weight
    if name is None:
        return None
    if known.contract[name].kind not in NUMERIC:
        raise BadTable(
            f"The weight column {name!r} holds a {known.contract[name].kind}, and weights are numbers. Choose another "
            "column, or leave weight= out."
        )
    weights = known.columns([name])[name].to_numpy(dtype=float, na_value=np.nan)
    for wrong, rows, mended in _faults(weights, name):
        if rows:
            raise BadTable(
                f"The weight column {name!r} {wrong} in {how_many(rows, 'row')}; a weight is a number from 0 on. "
                f"Correct it, such as by {mended}."
            ).cured_by(mended)
    if not weights.any():
        raise BadTable(f"All weights in {name!r} are 0, so no row counts. Choose another column, or leave weight= out.")
    return weights


def _faults(weights: NDArray[np.float64], name: str) -> list[tuple[str, int, Code]]:
    return [
        ("is missing", int(np.isnan(weights).sum()), python(FILLED, name=name)),
        ("is infinite", int(np.isinf(weights).sum()), python(FINITE, name=name)),
        ("is below 0", int((weights < 0).sum()), python(NOT_BELOW, name=name)),
    ]


def class_weight_asked(weight: Any) -> str | None:
    """What somebody asked for of classes, as a step keeps it: ``balanced``, or the weights by class as JSON.

    Raises
    ------
    BadParameter
        If it is no mapping of classes to numbers above 0.

    Examples
    --------
    >>> class_weight_asked({True: 5}), class_weight_asked("balanced"), class_weight_asked(None)
    ('{"true": 5.0}', 'balanced', None)
    """
    if isinstance(weight, str) and weight.startswith("{"):
        try:
            weight = json.loads(weight)
        except ValueError as error:
            raise BadParameter(f"{EXPECTED}, got {weight[:80]!r}. Change it.") from error
    if not isinstance(weight, Mapping):
        if weight is None or isinstance(weight, str):
            return weight
        raise BadParameter(f"{EXPECTED}, got {described(weight)}. Change it.")
    wrong = [each for each in weight.values() if not _is_weight(each)]
    if wrong or not weight:
        raise BadParameter(f"{EXPECTED}, got {worded(wrong[0]) if wrong else 'none'}. Change it.")
    return json.dumps({label_text(label): float(each) for label, each in weight.items()}, ensure_ascii=False)


EXPECTED = "class_weight is 'balanced', or a mapping of classes to numbers above 0, such as {'yes': 10}"


def _is_weight(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool) and 0 < float(value) < float("inf")


def label_text(label: Any) -> str:
    """A label in words, as ``classes=`` of :func:`workbench.dataset` takes it.

    >>> label_text("yes"), label_text(np.int64(3)), label_text(True)
    ('yes', '3', 'true')
    """
    return str(bool(label)).lower() if isinstance(label, (bool, np.bool_)) else str(label)


def class_weight_of(asked: str | None, classes: Sequence[Any]) -> ClassWeight:
    """What a step keeps of classes, if there are such classes.

    Raises
    ------
    BadParameter
        If the target has no classes, or none of a name.
    """
    if asked is None:
        return None
    if not classes:
        raise BadParameter("A regression has no classes. Leave class_weight= out.")
    weight: ClassWeight = json.loads(asked) if asked.startswith("{") else asked
    known = [label_text(label) for label in classes]
    strange = [name for name in weight if name not in known] if isinstance(weight, dict) else []
    if strange:
        raise BadParameter(
            f"class_weight has {worded(strange[0])}, which is no class of the target. Classes: {shortened(known)}."
        )
    return weight


def calibrates_with(weight: ClassWeight, classes: Sequence[Any]) -> bool:
    """Whether scikit-learn can calibrate a model with such weights: it numbers the classes before it fits the model.

    >>> calibrates_with("balanced", ["no", "yes"]), calibrates_with({"yes": 5.0}, ["no", "yes"])
    (True, False)
    """
    return not isinstance(weight, Mapping) or list(classes) == list(range(len(classes)))


def of_classes(weight: ClassWeight, classes: Sequence[Any]) -> Any:
    """As scikit-learn takes it: by the labels themselves, every one of them.

    >>> of_classes({"1": 5.0}, [0, 1]), of_classes("balanced", [0, 1])
    ({0: 1.0, 1: 5.0}, 'balanced')
    """
    if not isinstance(weight, Mapping):
        return weight
    # A truth value equals its number, and a file of skops keeps one truth value of two as keys.
    keys = {label: int(label) if isinstance(label, (bool, np.bool_)) else label for label in classes}
    return {keys[label]: float(weight.get(label_text(label), 1.0)) for label in classes}


def of_places(weight: ClassWeight, classes: Sequence[Any]) -> Any:
    """The same by the places of the labels, 0, 1, …"""
    told = of_classes(weight, classes)
    return dict(enumerate(told.values())) if isinstance(told, dict) else told


def told_weights(settings: Mapping[str, Any], classes: Sequence[Any]) -> dict[str, Any]:
    """Settings of an estimator, with class weights by the labels themselves."""
    weighing = [name for name in settings if name.split("__")[-1] == "class_weight"]  # of a member of an ensemble, too
    return {**settings, **{name: of_classes(settings[name], classes) for name in weighing}}


def by_class(weight: Any, target: Any, weights: Weights = None) -> Weights:
    """Weights of rows times those of their classes, for a library that knows no classes' weights."""
    if weight is None:
        return weights
    each: NDArray[np.float64] = compute_sample_weight(weight, target)
    return each if weights is None else each * weights


def fit_options(estimator: Any, weights: Weights) -> dict[str, Any]:
    """Keywords of ``fit``: the weights, where there are some and the estimator takes them."""
    if weights is None or not takes_weights(estimator):
        return {}
    steps = getattr(estimator, "steps", None)
    return {f"{steps[-1][0]}__{WEIGHT}" if steps else WEIGHT: weights}


def takes_weights(estimator: Any) -> bool:
    """Whether ``fit`` takes a weight a row: that of a pipeline if its last step does, and no step makes other rows."""
    steps = getattr(estimator, "steps", None)
    if steps:
        return takes_weights(steps[-1][1]) and not any(hasattr(step, "fit_resample") for _, step in steps)
    if has_fit_parameter(estimator, WEIGHT):
        inner = getattr(estimator, "estimator", None)
        # A calibrator, say, gives weights to what asks for them by that name, and to no other.
        return not hasattr(inner, "fit") or has_fit_parameter(inner, WEIGHT)
    return _hands_on(estimator)


def _hands_on(estimator: Any) -> bool:
    """Whether ``fit`` gives any keyword to an estimator within, as searches of settings do, and that one takes it."""
    voting = getattr(estimator, "estimators", None)
    if voting and hasattr(estimator, "voting"):
        return all(takes_weights(one) and not getattr(one, "steps", None) for _, one in voting)
    inner = getattr(estimator, "estimator", getattr(estimator, "regressor", None))
    if inner is None or getattr(inner, "steps", None):
        return False
    kinds = {parameter.kind for parameter in signature(estimator.fit).parameters.values()}
    return Parameter.VAR_KEYWORD in kinds and takes_weights(inner)


def class_weights_of(estimator: Any) -> list[str]:
    """Parameters of an estimator that say what classes count, where nobody has set them."""
    known = estimator.get_params(deep=True) if hasattr(estimator, "get_params") else {}
    return [name for name, value in known.items() if name.split("__")[-1] == "class_weight" and value is None]
