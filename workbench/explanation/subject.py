"""Who is explained: a run's model, or a fitted one that nobody scored, with what is known of its rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from workbench.core.contract import Contract, Task
from workbench.core.profile import Profile
from workbench.core.run import Run
from workbench.core.wording import listed
from workbench.errors import BadParameter, ColumnNotFound
from workbench.reading.door import as_dataset

Numbers = NDArray[np.float64]
BACKGROUND = 1000
# What a model without a target, or without probabilities, says of a row; the first that it has.
SCORES = ("score_samples", "decision_function", "predict")


@dataclass(frozen=True)
class Subject:
    """A fitted model, its rows, and what they are.

    Parameters
    ----------
    run_id : str
        Of the run; empty where there is none.
    model : str
        What tells it from other models.
    pipeline : fitted estimator
        Takes the features as a frame.
    features : tuple of str
        Its columns.
    task : {"binary", "multiclass", "regression"}
        *regression* also where it gives a score of another kind.
    classes : tuple
        In the order of the probabilities.
    contract : Contract
        Of the rows.
    rows : pandas.DataFrame
        That may be explained: the features, and beside them target, id and time where they are there.
    background : pandas.DataFrame
        Features of rows that stand for all others.
    asked : str
        The method that is explained, of a model with one number a row.
    unit : str
        Of that number.
    threshold : float, optional
        Of a decision between two classes.
    profile : Profile, optional
        Of the rows that it was fitted on.
    seed : int
        Of samples.
    """

    run_id: str
    model: str
    pipeline: Any
    features: tuple[str, ...]
    task: Task
    classes: tuple[Any, ...]
    contract: Contract
    rows: pd.DataFrame
    background: pd.DataFrame
    asked: str = "predict"
    unit: str = ""
    threshold: float | None = None
    profile: Profile | None = None
    seed: int = 0

    @property
    def target(self) -> str:
        """What is predicted, in a sentence."""
        return self.contract.target or "the score"

    def numbers(self, table: pd.DataFrame) -> Numbers:
        """What a model with one number a row says, shape (rows,)."""
        return np.asarray(self._answered(self.asked, table), dtype=float).ravel()

    def probabilities(self, table: pd.DataFrame) -> Numbers:
        """Of each class, shape (rows, classes)."""
        return np.asarray(self._answered("predict_proba", table), dtype=float)

    def predictions(self, table: pd.DataFrame, place: int) -> Numbers:
        """The probability of a class, or the number; shape (rows,)."""
        return self.numbers(table) if self.task == "regression" else self.probabilities(table)[:, place]

    def _answered(self, method: str, table: pd.DataFrame) -> Any:
        try:
            return getattr(self.pipeline, method)(table)
        except Exception as error:  # whatever somebody's own model raises is told
            if self.run_id:
                raise
            raise BadParameter(
                f"The model can't answer rows of the data: {type(error).__name__}: {str(error)[:200]}. It gets them as "
                "Workbench reads them: fit it on the frame that wb.dataset(…).frame() gives."
            ) from error


def of_run(run: Run) -> Subject:
    """A run's model, and the rows that were held out."""
    return Subject(
        run.id,
        run.id if run.claim is None else run.claim.model,
        run.pipeline,
        run.features,
        run.task,
        run.classes,
        run.contract,
        run.holdout,
        run.usual,
        unit=run.contract[str(run.contract.target)].unit or f"units of {run.contract.target}",
        threshold=run.threshold if run.task == "binary" else None,
        profile=run.profile,
        seed=run.seed,
    )


def unscored(model: Any, data: Any, target: str | None) -> bool:
    """Whether a fitted model is explained as it is: its data have no target, or it has nothing that one scores.

    So are detectors of outliers, models of survival and clusters, and classifiers without probabilities.
    """
    if isinstance(model, Run) or data is None or not hasattr(model, "predict"):
        return False
    known = target or getattr(getattr(data, "contract", None), "target", None)
    return not known or (hasattr(model, "classes_") and not hasattr(model, "predict_proba"))


def of_model(model: Any, data: Any, target: str | None) -> Subject:
    """A fitted model that nobody scored, and the rows that were given.

    Raises
    ------
    ColumnNotFound
        If the data lack a column that it was fitted on.
    BadParameter
        If it does not say which columns these are, and there are more or fewer than it takes.
    """
    known = as_dataset(data, target=target)
    table = known.frame()
    features = _features(model, [c.name for c in known.contract.columns if c.role != "target"])
    for name in features:
        if name not in table:
            raise ColumnNotFound.named(name, table.columns)
    draw = np.random.default_rng(0).choice(len(table), min(len(table), BACKGROUND), replace=False)
    classes = tuple(np.asarray(model.classes_).tolist()) if hasattr(model, "predict_proba") else ()
    asked = next(name for name in SCORES if hasattr(model, name)) if not _predicts(model) else "predict"
    return Subject(
        "",
        known.fingerprint,
        model,
        features,
        "regression" if not classes else "binary" if len(classes) == 2 else "multiclass",
        classes,
        known.contract,
        table,
        table[list(features)].iloc[draw].reset_index(drop=True),
        asked=asked,
        unit=_unit(model, asked),
    )


def _unit(model: Any, asked: str) -> str:
    """What a number of a model that nobody scored is: a model of survival tells a risk, others what they are asked."""
    last = model
    while hasattr(last, "steps"):
        last = last.steps[-1][1]
    if hasattr(last, "predict_survival_function"):
        return "risk score"
    return "units of the prediction" if asked == "predict" else asked.replace("_", " ")


def _predicts(model: Any) -> bool:
    """Whether its prediction is what one explains: of a regression, and of what says nothing of its kind."""
    kind = getattr(getattr(model, "__sklearn_tags__", lambda: None)(), "estimator_type", None)
    return kind in (None, "regressor") and not hasattr(model, "score_samples")


def _features(model: Any, there: list[str]) -> tuple[str, ...]:
    named = getattr(model, "feature_names_in_", None)
    if named is not None:
        return tuple(str(name) for name in named)
    many = getattr(model, "n_features_in_", len(there))
    if many != len(there):
        raise BadParameter(
            f"The model was fitted on {many} columns without names, and the data have {len(there)}: {listed(there)}. "
            "Give it those columns alone, or fit it on a frame."
        )
    return tuple(there)
