"""Gradient boosting tree by tree: how many trees there should be, say rows that they were not fitted on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone, is_classifier
from sklearn.pipeline import Pipeline

from workbench.settings import settings as workbench_settings
from workbench.training.many_classes import most_rounds
from workbench.training.weighing import Weights, by_class

Rows = NDArray[np.intp]
# Trees without a better score after which no more are grown.
PATIENCE = 30
MOST_TREES = 2_000
# Values of the features from which on several threads are worth their waiting for each other.
MANY_VALUES = 4_000_000
# What scikit-learn's side of an estimator of LightGBM is told alone.
NOT_FOR_THE_LIBRARY = {"n_estimators", "importance_type", "class_weight"}


@dataclass(frozen=True)
class Grown:
    """What was grown on folds.

    Parameters
    ----------
    trees : int
        With which the mean loss over the folds is least.
    predictions : tuple of array
        One a fold, of the rows that it leaves, with that many trees: probabilities of the second class, of each class,
        or numbers.
    booster : lightgbm.Booster
        That of the last fold.
    """

    trees: int
    predictions: tuple[Any, ...]
    booster: Any = None


class Growing:
    """LightGBM on folds: the rows are encoded and binned once for all settings that are tried.

    Parameters
    ----------
    unfitted : sklearn.pipeline.Pipeline
        ``encode`` and ``model``, as :func:`workbench.training.candidates.build` makes it.
    table : pandas.DataFrame
        Shape (n, features).
    labels : array, shape (n,)
        Numbers, or classes as 0, 1, …
    classes : int
        How many; 0 for numbers.
    folds : sequence of (int array, int array)
        Positions of the rows to fit on, and of those to validate on.
    weights : array, shape (n,), optional
        How much each row counts, where trees are grown and where their loss is looked at.
    class_weight : "balanced" or dict of int to float, optional
        What each class counts beside.
    left : sequence of array, shape (n,), optional
        One a fold: what is to be learnt there instead of the labels, such as what a line that was fitted on the fold
        leaves of them.

    Notes
    -----
    As ``lightgbm.cv`` has it: the folds grow side by side, and stop where their mean loss was least. Encoder and bins
    have seen the features of all these rows, and no target. Where the encoder looks at the target (words of texts,
    means by level), each fold has one of its own, fitted on its rows alone.
    """

    def __init__(
        self, unfitted: Pipeline, table: Any, labels: Any, classes: int, folds: Sequence[tuple[Rows, Rows]],
        weights: Weights = None, class_weight: Any = None, left: Sequence[Any] | None = None,
    ) -> None:  # fmt: skip
        self.unfitted, self.labels, self.classes, self.left = unfitted, labels, classes, left
        self.weights, self.class_weight = weights, class_weight
        self.rows = np.unique(np.concatenate([rows for pair in folds for rows in pair]))
        self.table = table.iloc[self.rows]
        self.folds = [(self.rows.searchsorted(fit), self.rows.searchsorted(validate)) for fit, validate in folds]

    @cached_property
    def looks_at_target(self) -> bool:
        """Whether what the encoder gives depends on the target."""
        return looks_at_target(self.unfitted[0])

    @cached_property
    def apart(self) -> bool:
        """Whether each fold has columns or labels of its own."""
        return self.left is not None or self.looks_at_target

    @cached_property
    def encoded(self) -> Any:
        """The features as numbers, shape (rows of the folds, features)."""
        return np.asarray(self.unfitted[0].fit_transform(self.table), dtype=float)

    @cached_property
    def _binned(self) -> Any:
        from lightgbm import Dataset

        labels = np.asarray(self.labels)[self.rows]
        told = self._parameters({})
        return Dataset(self.encoded, labels, weight=self._weights, params=told, free_raw_data=False).construct()

    @cached_property
    def _weights(self) -> Weights:
        """How much the rows of the folds count, by themselves and by their classes."""
        labels = np.asarray(self.labels)[self.rows]
        return by_class(self.class_weight, labels, None if self.weights is None else self.weights[self.rows])

    def grow(
        self, settings: dict[str, Any], folds: int | None = None, watch: Callable[[], None] | None = None
    ) -> Grown:
        """Grow trees with some settings on the first folds, by default on all; who waits may give up at each tree."""
        from lightgbm import cv, early_stopping

        tried, most = self.folds[:folds], most_rounds(self.classes, MOST_TREES)
        found: Any = cv(
            self._parameters(settings), self._rows if self.apart else self._binned,
            num_boost_round=most, folds=tried, fpreproc=self._own(tried) if self.apart else None,
            callbacks=[early_stopping(PATIENCE, verbose=False), *_each_tree(watch)], return_cvbooster=True,
        )["cvbooster"]  # fmt: skip
        trees = max(found.best_iteration, 1)
        answers = (b.predict(self._validated(k), num_iteration=trees) for k, b in enumerate(found.boosters))
        return Grown(trees, tuple(answers), found.boosters[-1])

    def _validated(self, fold: int) -> Any:
        """The features of the rows that a fold leaves, as numbers."""
        return self._by_fold[fold].validated if self.apart else self.encoded[self.folds[fold][1]]

    def _own(self, tried: Sequence[Any]) -> Callable[..., Any]:
        """What gives ``lightgbm.cv``, which asks for one fold after the other, each fold's own features."""
        each = iter(self._by_fold[: len(tried)])

        def own(_fit: Any, _validated: Any, parameters: dict[str, Any]) -> tuple[Any, Any, dict[str, Any]]:
            fold = next(each)
            return fold.fit, fold.watched, parameters

        return own

    @cached_property
    def _rows(self) -> Any:
        """As many rows as there are: what ``lightgbm.cv`` takes before it asks for each fold's own."""
        from lightgbm import Dataset

        return Dataset(np.arange(len(self.rows), dtype=float)[:, None], np.asarray(self.labels)[self.rows])

    @cached_property
    def _by_fold(self) -> list[Fold]:
        each = self.left or [self.labels] * len(self.folds)
        pairs = zip(each, self.folds, strict=True)
        return [self._fold(np.asarray(labels)[self.rows], fit, validate) for labels, (fit, validate) in pairs]

    def _fold(self, labels: Any, fit: Rows, validate: Rows) -> Fold:
        from lightgbm import Dataset

        encode = clone(self.unfitted[0])
        encoded = np.asarray(encode.fit_transform(self.table.iloc[fit], labels[fit]), dtype=float)
        validated = np.asarray(encode.transform(self.table.iloc[validate]), dtype=float)
        told = self._parameters({})
        counted, there = (
            None if w is None else w[rows] for w, rows in ((self._weights, fit), (self._weights, validate))
        )
        bins = Dataset(encoded, labels[fit], weight=counted, params=told, free_raw_data=False).construct()
        watched = Dataset(validated, labels[validate], reference=bins, weight=there, params=told, free_raw_data=False)
        return Fold(bins, watched.construct(), validated)

    def holding(self, booster: Any) -> Pipeline:
        """The pipeline with a booster that was grown, as far as it is needed to compile it."""
        (name, encode), (last, model) = self.unfitted.steps
        if self.looks_at_target:
            fit = self.folds[-1][0]
            encode = clone(encode).fit(self.table.iloc[fit], np.asarray(self.labels)[self.rows][fit])
        else:
            _ = self.encoded  # which fits it
        model = clone(model)
        model._Booster, model.fitted_ = booster, True
        if self.classes:
            model._classes = np.unique(np.asarray(self.labels))
        return Pipeline([(name, encode), (last, model)])

    def _parameters(self, settings: dict[str, Any]) -> dict[str, Any]:
        told = for_the_library(self.unfitted[-1], self.classes, settings)
        size = self.table.size if self.apart else self.encoded.size
        return told | {"n_jobs": threads(size)}


@dataclass(frozen=True)
class Fold:
    """The features of one fold, by an encoder of its own.

    Parameters
    ----------
    fit, watched : lightgbm.Dataset
        Of the rows that it is fitted on, and of those that it leaves.
    validated : float array, shape (rows, features)
        The latter as numbers.
    """

    fit: Any
    watched: Any
    validated: Any


def _each_tree(watch: Callable[[], None] | None) -> list[Callable[[Any], None]]:
    return [] if watch is None else [lambda _tree: watch()]


def looks_at_target(encode: Any) -> bool:
    """Whether an encoder gives other numbers by another target.

    >>> from sklearn.compose import ColumnTransformer
    >>> from sklearn.preprocessing import TargetEncoder
    >>> looks_at_target(ColumnTransformer([("levels", TargetEncoder(), ["city"])]))
    True
    """
    steps = (step[-1] if isinstance(step, Pipeline) else step for _, step, _ in encode.transformers)
    return any(not isinstance(step, str) and step.__sklearn_tags__().target_tags.required for step in steps)


def for_the_library(model: Any, classes: int, settings: dict[str, Any]) -> dict[str, Any]:
    """What LightGBM itself is told, as its estimator would tell it; bins that hold for any settings.

    Parameters
    ----------
    model : LGBMClassifier or LGBMRegressor
    classes : int
        How many; 0 for numbers.
    settings : dict
        Hyper-parameters instead of the model's own.
    """
    own = {k: v for k, v in model.get_params().items() if v is not None and k not in NOT_FOR_THE_LIBRARY}
    objective = {0: "regression", 2: "binary"}.get(classes, "multiclass")
    counted = {"num_class": classes} if classes > 2 else {}
    told = {name: value for name, value in settings.items() if name not in NOT_FOR_THE_LIBRARY}
    return {"objective": objective} | own | counted | told | {"feature_pre_filter": False}


def grow_until_enough(
    pipeline: Pipeline, table: Any, target: Any, fit: Rows, validate: Rows, weights: Weights = None
) -> int:
    """Fit an unfitted pipeline on some rows, with as many trees as others ask for; how many these are.

    Parameters
    ----------
    pipeline : sklearn.pipeline.Pipeline
        ``encode`` and ``model``, an estimator of LightGBM.
    table : pandas.DataFrame
        Shape (n, features).
    target : pandas.Series, shape (n,)
    fit, validate : int array
        Positions.
    weights : array, shape (n,), optional
        How much each row counts.
    """
    from lightgbm import early_stopping

    encode, model = pipeline[0], pipeline[-1]
    encoded = encode.fit_transform(table.iloc[fit], target.iloc[fit])
    watched, labels = _as_it_numbers(model, target.iloc[fit], target.iloc[validate])
    classes = len(np.unique(target.iloc[fit])) if is_classifier(model) else 0
    model.set_params(n_estimators=most_rounds(classes, MOST_TREES), n_jobs=threads(encoded.size))
    counted, there = (None if weights is None else weights[rows] for rows in (fit, validate[watched]))
    there = by_class(model.get_params().get("class_weight"), target.iloc[validate[watched]], there)
    model.fit(
        encoded, target.iloc[fit], sample_weight=counted,
        eval_X=encode.transform(table.iloc[validate[watched]]), eval_y=labels,
        eval_sample_weight=None if there is None else [there],
        callbacks=[early_stopping(PATIENCE, verbose=False)],
    )  # fmt: skip
    model.set_params(n_estimators=model.best_iteration_)
    return int(model.best_iteration_)


def _as_it_numbers(model: Any, fit: Any, watched: Any) -> tuple[Any, Any]:
    """Which rows to watch with, and their target: LightGBM numbers the classes that it is fitted on, but not these."""
    if not is_classifier(model):
        return np.ones(len(watched), dtype=bool), watched
    classes = np.unique(fit)
    known = np.isin(watched, classes)
    return known, np.searchsorted(classes, watched[known])


def threads(values: int) -> int:
    """Threads of a fit on so many values."""
    return workbench_settings().threads if values >= MANY_VALUES else 1
