"""Boosting of other libraries: how many trees there should be is what the folds agree on, each fitted once.

As :mod:`workbench.training.growing` does for LightGBM, but fold after fold: each is fitted until its loss on the rows
that it leaves has not become less for some trees, and the number with the least mean loss is the one for all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.errors import MissingExtra
from workbench.training.growing import MOST_TREES, PATIENCE

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Rows:
    """Rows as an estimator takes them.

    Parameters
    ----------
    matrix : array, shape (n, columns)
        Encoded.
    words, places : array, shape (n,)
        The target as it came, and its classes as 0, 1, …; numbers are the same in both.
    weights : array, shape (n,), optional
    """

    matrix: Any
    words: Any
    places: Any
    weights: Any = None


@dataclass(frozen=True)
class Library:
    """A library whose trees are counted so.

    Parameters
    ----------
    package, extra : str
        What is imported, and the extra of ours that installs it.
    count : str
        The parameter that says how many trees.
    fit : callable
        An estimator, rows to fit on and rows to look at; it fits with as many trees as these ask for, and gives the
        loss of the others after each tree.
    answers : callable
        What the fitted estimator answers for a matrix with so many trees: probabilities of each class, or numbers.
    numbers_classes : bool
        Whether the estimator itself is fitted on the classes' places.
    """

    package: str
    extra: str
    count: str
    fit: Callable[[Any, Rows, Rows], Sequence[float]]
    answers: Callable[[Any, Any, int], Any]
    numbers_classes: bool = False

    @property
    def is_there(self) -> bool:
        """Whether it is installed."""
        return find_spec(self.package) is not None

    def check(self, name: str) -> None:
        """Refuse a candidate whose library is not installed.

        Raises
        ------
        MissingExtra
            With the line that installs it.
        """
        if not self.is_there:
            raise MissingExtra.of(f"The candidate {name!r}", self.package, self.extra)


def agreed(losses: Sequence[Sequence[float]]) -> int:
    """With how many trees the mean loss over the folds is least, among those that all folds have grown.

    >>> agreed([[3.0, 2.0, 1.0, 2.0], [3.0, 1.0, 1.5]])
    3
    """
    shortest = min(map(len, losses))
    return int(np.mean([fold[:shortest] for fold in losses], axis=0).argmin()) + 1


def inner(model: Any) -> Any:
    """The library's own estimator: where scikit-learn numbers the classes for it, the one behind that."""
    named = getattr(model, "estimators", None)
    return named[0][1] if named else model


def _fit_xgboost(model: Any, fit: Rows, watched: Rows) -> Sequence[float]:
    model.set_params(n_estimators=MOST_TREES, early_stopping_rounds=PATIENCE)
    model.fit(
        fit.matrix, fit.places, sample_weight=fit.weights, eval_set=[(watched.matrix, watched.places)],
        sample_weight_eval_set=None if watched.weights is None else [watched.weights], verbose=False,
    )  # fmt: skip
    (losses,) = model.evals_result()["validation_0"].values()
    return list(losses)


def _answers_of_xgboost(model: Any, matrix: Any, trees: int) -> Any:
    answer = model.predict_proba if hasattr(model, "predict_proba") else model.predict
    return answer(matrix, iteration_range=(0, trees))


def _fit_catboost(model: Any, fit: Rows, watched: Rows) -> Sequence[float]:
    from catboost import Pool

    model.set_params(iterations=MOST_TREES)
    model.fit(
        fit.matrix, fit.words, sample_weight=fit.weights, use_best_model=False, early_stopping_rounds=PATIENCE,
        eval_set=Pool(watched.matrix, watched.words, weight=watched.weights),
    )  # fmt: skip
    (losses,) = model.evals_result_["validation"].values()
    return list(losses)


def _answers_of_catboost(model: Any, matrix: Any, trees: int) -> Any:
    answer = model.predict_proba if hasattr(model, "predict_proba") else model.predict
    return answer(matrix, ntree_end=trees)


XGBOOST = Library("xgboost", "xgboost", "n_estimators", _fit_xgboost, _answers_of_xgboost, numbers_classes=True)
CATBOOST = Library("catboost", "catboost", "iterations", _fit_catboost, _answers_of_catboost)
