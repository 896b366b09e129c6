"""Classes that come in an order, by the boundaries between them. Needs scikit-learn."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import softmax
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.utils.validation import check_is_fitted


class OrdinalClassifier(ClassifierMixin, BaseEstimator):
    """One classifier a boundary: whether a row lies above it. What they say together makes the classes' probabilities.

    The log-odds of two neighbouring classes are those of lying above the boundary between them, so the most probable
    class is the median: half of the probability lies on either side of it.

    Parameters
    ----------
    estimator : classifier
        Of two classes, with ``decision_function``, or of LightGBM: its own output is log-odds.
    order : list, optional
        All labels, the least first; by default as they are sorted.

    Attributes
    ----------
    classes_ : array, shape (classes,)
        Sorted labels.
    estimators_ : list of classifier
        One a boundary, the lowest first.

    References
    ----------
    Frank, E. and Hall, M. (2001), A simple approach to ordinal classification: the classifiers. Agresti, A. (2010),
    Analysis of Ordinal Categorical Data: adjacent-categories logits.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> size = np.arange(30.0)[:, None]
    >>> shirt = np.repeat(["small", "medium", "large"], 10)
    >>> model = OrdinalClassifier(LogisticRegression(), ["small", "medium", "large"]).fit(size, shirt)
    >>> model.predict([[2.0], [15.0], [27.0]]).tolist()
    ['small', 'medium', 'large']
    """

    def __init__(self, estimator: Any, order: list[Any] | None = None) -> None:
        self.estimator = estimator
        self.order = order

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> OrdinalClassifier:
        """Fit each boundary on all rows.

        Parameters
        ----------
        X : array, shape (rows, columns)
        y : array, shape (rows,)
        sample_weight : array, shape (rows,), optional
            How much each row counts.
        """
        self.classes_, places = np.unique(y, return_inverse=True)
        self.ranks_ = self._ranks()
        above = self.ranks_[places][:, None] > np.arange(len(self.classes_) - 1)
        weights = {} if sample_weight is None else {"sample_weight": sample_weight}
        self.estimators_ = [clone(self.estimator).fit(X, one, **weights) for one in above.T]
        return self

    def predict_proba(self, X: Any) -> Any:
        """Probabilities of the sorted classes, shape (rows, classes)."""
        check_is_fitted(self)
        odds = np.column_stack([log_odds(one, X) for one in self.estimators_])
        sums = np.column_stack([np.zeros(len(odds)), np.cumsum(odds, axis=1)])
        return softmax(sums[:, self.ranks_], axis=1)

    def predict(self, X: Any) -> Any:
        """The most probable class."""
        return self.classes_[self.predict_proba(X).argmax(axis=1)]

    def _ranks(self) -> Any:
        """The rank of each sorted class among those that are there."""
        if self.order is None:
            return np.arange(len(self.classes_))
        there = [label for label in self.order if label in self.classes_]
        return np.array([there.index(label) for label in self.classes_.tolist()])


def log_odds(model: Any, X: Any) -> Any:
    """A classifier's own output, shape (rows,)."""
    if hasattr(model, "decision_function"):
        return model.decision_function(X)
    return model.predict(X, raw_score=True)
