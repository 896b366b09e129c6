"""Fitted models that people bring: what they were taught, and whether the data has it."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import Pipeline
from sklearn.utils import get_tags
from sklearn.utils.validation import check_is_fitted

from workbench.core.arguments import described
from workbench.core.contract import Contract
from workbench.core.dataset import Dataset
from workbench.core.literals import call, python
from workbench.core.wording import how_many, worded
from workbench.errors import BadParameter, ColumnNotFound, shortened
from workbench.training.search import in_short

# Names that libraries give to columns that have none.
NUMBERED = re.compile(r"(?:Column_|x|f)?(\d+)")
# Rows that a model is tried on before anything is scored.
TRIED = 200
READ_AS = "texts as str, numbers and truth values as float64, dates as datetime64[us]"


@dataclass(frozen=True)
class Brought:
    """A fitted model of somebody's own.

    Parameters
    ----------
    name : str
        What it is called.
    pipeline : estimator
        It itself, which is kept and ships. One that was fitted on numbers without names stands behind a step that
        takes the columns in their order.
    procedure : estimator
        What makes such a model: it is cloned and fitted where there are no rows that the model has not seen. For a
        search of settings, the search.
    features : tuple of str
        Columns that it takes.
    """

    name: str
    pipeline: Any
    procedure: Any
    features: tuple[str, ...]

    @property
    def threshold(self) -> float:
        """Probability from which on it answers the second class itself."""
        last = self.pipeline
        while isinstance(last, Pipeline):
            last = last[-1]
        own = getattr(last, "best_threshold_", getattr(last, "threshold", 0.5))
        return float(own) if isinstance(own, (int, float)) and 0 < own < 1 else 0.5


@dataclass(frozen=True)
class Report:
    """What a report of skore holds, as far as it is needed; known by its attributes alone."""

    model: Any
    data: Any
    holdout: Any
    target: str | None = None


def opened(value: Any, data: Any, holdout: Any, target: str | None) -> Report:
    """A report as its model and tables; anything else as it came.

    Parameters
    ----------
    value : estimator or report
        A report, as ``skore.EstimatorReport``, has ``estimator_``, ``X_test`` and ``y_test``, and mostly ``X_train``
        and ``y_train``: its test rows are the hold-out, its training rows the data, where none were given.
    data, holdout : table, optional
        As they were given.
    target : str, optional
        What the target is called, where the report does not say.

    Raises
    ------
    BadParameter
        If a report has no test rows, or no training rows and no data were given.
    """
    if hasattr(value, "reports_") and hasattr(value, "estimator_"):
        raise BadParameter(
            f"A {type(value).__name__} holds several models, and one of them is adopted. Give one of its reports, "
            "wb.adopt(report.reports_[0])."
        )
    if not (hasattr(value, "estimator_") and hasattr(value, "X_test") and hasattr(value, "y_test")):
        return Report(value, data, holdout, target)
    target = target or _target_of(value, data)
    test, train = (_joined(value, part, target) for part in ("test", "train"))
    if (test is None and holdout is None) or (train is None and data is None):
        lacks = "test rows. Give holdout=" if test is None and holdout is None else "training rows. Give data"
        raise BadParameter(f"The report has no {lacks}: wb.adopt(report, data, holdout=…).")
    told = train if data is None else data
    return Report(value.estimator_, told, test if holdout is None else holdout, target)


def _target_of(report: Any, data: Any) -> str:
    known = data.contract.target if isinstance(data, Dataset) else None
    return str(known or getattr(report.y_test, "name", None) or "target")


def _joined(report: Any, part: str, target: str) -> pd.DataFrame | None:
    rows, labels = getattr(report, f"X_{part}", None), getattr(report, f"y_{part}", None)
    if rows is None or labels is None:
        return None
    if not hasattr(rows, "columns"):
        rows = pd.DataFrame(np.asarray(rows)).rename(columns=str)
    elif not isinstance(rows, pd.DataFrame):
        rows = pd.DataFrame({name: rows[name].to_numpy() for name in rows.columns})
    return rows.assign(**{target: np.asarray(labels)})


def fitted_one(given: Any) -> tuple[str, Any]:
    """What was given, with its name; it is a fitted model.

    Raises
    ------
    BadParameter
        If it is no model, or was not fitted.
    """
    pair = isinstance(given, (tuple, list)) and len(given) == 2 and isinstance(given[0], str)
    model = given[1] if pair else given
    if isinstance(model, type) or not hasattr(model, "predict"):
        raise BadParameter(
            f"wb.adopt takes a fitted pipeline, an estimator or a report of skore, got {described(model)}. "
            "Give one that has predict, such as the result of pipeline.fit(X, y)."
        )
    if not _is_fitted(model):
        raise BadParameter(
            f"The {type(model).__name__} is not fitted, and a fitted one is adopted. Fit it before, or let it be "
            "tried and fitted beside others: wb.train(data, candidates=[pipeline])."
        )
    return (given[0] if pair else _called(getattr(model, "best_estimator_", model))), model


def _called(model: Any) -> str:
    """The class of the estimator, or of the last step of a pipeline."""
    return type(model).__name__ if not isinstance(model, Pipeline) else _called(model.steps[-1][1])


def _is_fitted(model: Any) -> bool:
    try:
        check_is_fitted(model)
    except NotFittedError:
        return False
    except (TypeError, AttributeError):  # none of scikit-learn's kind: who brings it says so
        return True
    return True


def brought(name: str, model: Any, contract: Contract) -> Brought:
    """A fitted model with the columns that it takes.

    Parameters
    ----------
    name : str
        What it is called.
    model : estimator
        Fitted.
    contract : Contract
        Of the data.

    Raises
    ------
    ColumnNotFound
        If the data lack a column that it was fitted on.
    BadParameter
        If it was fitted on the target, on names of persons, on another number of columns, or has other classes.
    """
    kept = getattr(model, "best_estimator_", model)
    known = _columns_of(kept)
    if not isinstance(known, int):  # what does not say a word gets all columns, by their names
        features = contract.features if known is None else known
        _check_columns(features, contract)
        return Brought(name, kept, model, features)
    features = _in_order(known, contract)
    return Brought(name, _on_columns(kept, features), _on_columns(model, features), features)


def _columns_of(model: Any) -> tuple[str, ...] | int | None:
    """Names of the columns that it was fitted on, or how many; None where it does not say."""
    names = getattr(model, "feature_names_in_", None)
    names = getattr(model, "feature_names_", None) if names is None else names
    told = tuple(map(str, names)) if names is not None else ()
    if told and not _only_numbered(told):
        return told
    many = getattr(model, "n_features_in_", None)
    return int(many) if many is not None else len(told) or None


def _only_numbered(names: Sequence[str]) -> bool:
    found = [NUMBERED.fullmatch(name) for name in names]
    return all(match is not None and int(match[1]) == place for place, match in enumerate(found))


def _check_columns(names: Sequence[str], contract: Contract) -> None:
    for name in names:
        if name not in contract.names:
            raise ColumnNotFound.named(name, contract.names)
    if contract.target in names:
        raise BadParameter(
            f"The pipeline was fitted on {contract.target!r}, the column to predict. Fit it without, or name another "
            "target."
        )
    for name in names:
        if contract[name].role == "personal":
            raise BadParameter(
                f"The pipeline takes {name!r}, which names persons: what comes of it would hold them. Fit it without, "
                "or say why it is needed."
            ).cured_by(python("data = data.with_personal($name, reason='…')", name=name))


def _in_order(many: int, contract: Contract) -> tuple[str, ...]:
    """The features as they stand, for a model that knows columns by their place."""
    features = contract.features
    if many != len(features):
        raise BadParameter(
            f"The pipeline was fitted on {how_many(many, 'column')} without names, and the data have "
            f"{how_many(len(features), 'feature')}: {shortened(list(features))}. Fit it on a table with names, or set "
            "the others aside: data.without('column')."
        )
    strange = [n for n in features if contract[n].kind not in ("number", "integer", "boolean")]
    if strange:
        raise BadParameter(
            f"The pipeline was fitted on numbers without names, and {strange[0]!r} has {contract[strange[0]].kind} "
            "values. Fit it on a table with names, or set the column aside: "
            f"{call('data.without', strange[0])}."
        )
    return features


def _on_columns(model: Any, features: Sequence[str]) -> Pipeline:
    """The very model behind a step that takes columns by name and gives them in order."""
    take = ColumnTransformer([("in order", "passthrough", list(features))])
    take.fit(pd.DataFrame({name: [0.0] for name in features}))
    return Pipeline([("columns", take), ("model", model)])


def check_classes(pipeline: Any, classes: Sequence[Any], target: str) -> None:
    """Refuse a classifier of other classes than the data's.

    Raises
    ------
    BadParameter
        Naming both.
    """
    own = np.asarray(getattr(pipeline, "classes_", classes)).tolist()
    if not classes or [(type(c) is str, c) for c in own] == [(type(c) is str, c) for c in classes]:
        return
    raise BadParameter(
        f"The pipeline answers the classes {worded(own)}, and {target!r} has {worded(list(classes))}. Give data whose "
        "target is written as it was when the pipeline was fitted, or fit it on this one."
    )


def check_answers(brought: Brought, table: pd.DataFrame, task: str, given: Any = None) -> None:
    """Let a model answer a few rows.

    Parameters
    ----------
    brought : Brought
        The model.
    table : pandas.DataFrame
        Rows as Workbench reads them, which is how they come when it serves.
    task : {"binary", "multiclass", "regression"}
        What it predicts.
    given : table, optional
        The same rows as somebody gave them: it must answer them alike.

    Raises
    ------
    BadParameter
        If it can't, answers no finite number, or answers the same rows otherwise as they were given.
    """
    rows = table[list(brought.features)].head(TRIED)
    answers = _answers(brought.pipeline, rows, task)
    if answers.shape[:1] != (len(rows),) or not np.isfinite(answers).all():
        raise BadParameter(
            f"The pipeline answers {len(rows)} rows of the data with something else than as many finite numbers. "
            "Mend it, mostly by filling what is missing."
        )
    if isinstance(given, pd.DataFrame) and len(given) == len(table) and set(brought.features) <= set(given.columns):
        _check_alike(brought, answers, given.head(TRIED), rows, task)


def _answers(pipeline: Any, rows: Any, task: str) -> Any:
    try:
        return np.asarray(pipeline.predict(rows) if task == "regression" else pipeline.predict_proba(rows), dtype=float)
    except Exception as error:  # whatever somebody's own model raises is told
        raise BadParameter(
            f"The pipeline can't answer rows of the data: {in_short(error)}. It gets them as Workbench "
            f"reads and serves them ({READ_AS}). Fit it on the frame that wb.dataset(…).frame() gives; categories are "
            "numbered by a step of it, such as OrdinalEncoder."
        ) from error


def _check_alike(brought: Brought, answers: Any, given: pd.DataFrame, rows: pd.DataFrame, task: str) -> None:
    """The score would be of another model than the one that its maker knows."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            own = _answers(brought.pipeline, given[list(brought.features)], task)
    except BadParameter:
        return  # a frame that it was not made for: what is read of it is
    apart = np.abs(own - answers).reshape(len(rows), -1).max(axis=1)
    if (apart > 1e-6 * np.maximum(1.0, np.abs(own).reshape(len(rows), -1).max(axis=1))).any():
        other = [f"{n!r} is {given[n].dtype} there" for n in rows if str(given[n].dtype) != str(rows[n].dtype)]
        raise BadParameter(
            f"The pipeline answers {int((apart > 0).sum())} of {len(rows)} rows otherwise as Workbench reads and "
            f"serves them ({READ_AS}) than in your frame ({shortened(other) or 'whose values are read otherwise'}). "
            "Fit it on the frame that wb.dataset(…).frame() gives."
        )


def check_clones(procedure: Any) -> None:
    """Refuse what can't be fitted anew on some of the rows, so that others are left to score it.

    Raises
    ------
    BadParameter
        If it can't be cloned, or a clone keeps what a part has learnt.
    """
    try:
        cloned = clone(procedure)
    except (TypeError, RuntimeError, AttributeError, ValueError) as error:
        raise BadParameter(
            f"The {type(procedure).__name__} can't be cloned, so it can't be fitted anew on some of the rows and "
            f"scored on others ({in_short(error)}). {HOLDOUT}"
        ) from error
    learnt = next(_learnt(cloned), None)
    if learnt is not None:
        raise BadParameter(
            f"A clone of the {type(procedure).__name__} keeps what its {learnt} has learnt, perhaps of the very rows "
            f"that it would be scored on. {HOLDOUT}"
        )


HOLDOUT = "Give rows that it has not seen: wb.adopt(pipeline, data, holdout=…)."


def _learnt(cloned: Any) -> Iterator[str]:
    """Parts of a clone that are fitted all the same, such as a FrozenEstimator."""
    parts = cloned.get_params(deep=True).values() if hasattr(cloned, "get_params") else ()
    for part in (cloned, *parts):
        if hasattr(part, "fit") and not isinstance(part, (type, Pipeline)) and _has_learnt(part):
            yield type(part).__name__


def _has_learnt(part: Any) -> bool:
    try:
        return bool(get_tags(part).requires_fit) and _is_fitted(part)
    except (AttributeError, TypeError):
        return False
