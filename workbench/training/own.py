"""Estimators that people bring: each is tried beside ours, on the same folds, by the same score."""

from __future__ import annotations

from typing import Any

from sklearn.base import BaseEstimator, clone, is_classifier, is_regressor
from sklearn.pipeline import Pipeline

from workbench.core.contract import Task
from workbench.core.parameters import listed
from workbench.errors import BadParameter
from workbench.training.candidates import Columns, Model, Settings, encoded_for_lines

EXPECTED = "candidates holds names, estimators of scikit-learn's kind, or pairs of a name and an estimator"


def sorted_out(candidates: Any) -> tuple[Any, dict[str, Any]]:
    """Names of our candidates, and the estimators of others by theirs.

    Parameters
    ----------
    candidates : iterable of str, estimator or (str, estimator)

    Raises
    ------
    BadParameter
        If one is none of these, or a name comes twice.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> sorted_out(["linear", LogisticRegression()])
    (('linear',), {'LogisticRegression': LogisticRegression()})
    """
    given = listed(candidates)
    if not isinstance(given, tuple) or not any(_is_own(one) for one in given):
        return given, {}
    names, own = [one for one in given if not _is_own(one)], {}
    for name, estimator in map(_named, filter(_is_own, given)):
        if name in own or name in names:
            raise BadParameter(f"Two candidates are called {name!r}. Give pairs of a name and an estimator.")
        own[name] = estimator
    return tuple(names), own


def model(name: str, estimator: Any, task: Task, as_they_are: bool = False) -> Model:
    """An estimator as a model that is tried: a pipeline takes the columns as they are, another one numbers.

    Parameters
    ----------
    name : str
        What it is called.
    estimator : estimator
        Of scikit-learn's kind; it is cloned, and stays as it is.
    task : {"binary", "multiclass", "regression"}
        What it is to predict.
    as_they_are : bool
        Whether any estimator takes the columns as they are.

    Raises
    ------
    BadParameter
        If it can't predict what the task asks for.
    """
    if not _predicts(estimator, task):
        wanted = "a regressor" if task == "regression" else "a classifier"
        raise BadParameter(f"The candidate {name!r} is not {wanted}, and the task is {task}. Give {wanted}.")
    if task != "regression" and not hasattr(estimator, "predict_proba"):
        raise BadParameter(
            f"The candidate {name!r} predicts no probabilities, which scores and thresholds need. Wrap it: "
            "sklearn.calibration.CalibratedClassifierCV(…)."
        )

    takes_words = as_they_are or isinstance(estimator, Pipeline)

    def make(columns: Columns, classes: bool, settings: Settings, seed: int) -> Pipeline:
        seeded = _seeded(clone(estimator), seed)
        if takes_words:
            return seeded
        encode = encoded_for_lines(columns, classes, seed, sparse=False, by_term=False)
        return Pipeline([("encode", encode), ("model", seeded)])

    return Model(make, takes_words=takes_words)


def _predicts(estimator: Any, task: Task) -> bool:
    """Whether it is of the kind that the task asks for; what says nothing of it is known by its methods."""
    try:
        return bool(is_regressor(estimator) if task == "regression" else is_classifier(estimator))
    except (AttributeError, TypeError):  # none of scikit-learn's kind
        return hasattr(estimator, "predict_proba") is (task != "regression")


def _is_own(candidate: Any) -> bool:
    return not isinstance(candidate, str)


def _named(candidate: Any) -> tuple[str, Any]:
    pair = isinstance(candidate, (tuple, list)) and len(candidate) == 2 and isinstance(candidate[0], str)
    name, estimator = candidate if pair else ("", candidate)
    if isinstance(estimator, type) and issubclass(estimator, BaseEstimator):
        raise BadParameter(f"{EXPECTED}; {estimator.__name__} is a class. Give an instance: {estimator.__name__}().")
    if not all(hasattr(estimator, method) for method in ("fit", "predict", "get_params")):
        raise BadParameter(f"{EXPECTED}; got {type(estimator).__name__}. Give one that has fit and predict.")
    return name or type(_last(estimator)).__name__, estimator


def _last(estimator: Any) -> Any:
    return _last(estimator.steps[-1][1]) if isinstance(estimator, Pipeline) and estimator.steps else estimator


def _seeded(estimator: Any, seed: int) -> Any:
    """With the training's seed wherever nobody gave one: the same rows give the same model again."""
    parameters = estimator.get_params(deep=True).items()
    unset = {k: seed for k, v in parameters if k.split("__")[-1] == "random_state" and v is None}
    return estimator.set_params(**unset)
