"""What many columns say together as one number, of each row by a model that has not seen it. Needs scikit-learn."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.linear_model import Ridge
from sklearn.model_selection import KFold, cross_val_predict
from sklearn.utils.validation import check_is_fitted
from threadpoolctl import threadpool_limits


class CrossFittedRidge(TransformerMixin, BaseEstimator):
    """The prediction of a ridge regression as a feature: a number, or one a class (of two classes the second).

    As :class:`sklearn.preprocessing.TargetEncoder` does with categories, ``fit_transform`` gives each row the answer of
    a model that was fitted without it, so that whatever is fitted on these numbers finds them as good as they will be
    of other rows.

    Parameters
    ----------
    classes : bool
        Whether the target is classes, not numbers.
    alpha : float
        Strength of the penalty, above 0.
    cv : int
        Parts of the cross-fitting, at least 2.
    random_state : int, optional
        How rows are drawn for them.

    Notes
    -----
    Answers are rounded to float32: their last digits depend on the order in which products are added.

    Examples
    --------
    >>> x = np.arange(30.0)[:, None]
    >>> CrossFittedRidge(classes=True, random_state=0).fit(x, x[:, 0] > 14).transform([[0.0], [29.0]]).round(1).tolist()
    [[-0.2], [1.2]]
    """

    def __init__(self, classes: bool = False, alpha: float = 1.0, cv: int = 3, random_state: int | None = None) -> None:
        self.classes = classes
        self.alpha = alpha
        self.cv = cv
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> CrossFittedRidge:
        """Fit on all rows."""
        with threadpool_limits(1):  # sums have one order
            self.ridge_ = Ridge(alpha=self.alpha).fit(X, self._numbers(y))
        return self

    def fit_transform(self, X: Any, y: Any) -> Any:
        """Fit on all rows, and answer each by a model that was fitted on others; shape (rows, outputs)."""
        parts = KFold(self.cv, shuffle=True, random_state=self.random_state)
        with threadpool_limits(1):
            answers = cross_val_predict(Ridge(alpha=self.alpha), X, self._numbers(y), cv=parts)
        self.fit(X, y)
        return _rounded(answers)

    def transform(self, X: Any) -> Any:
        """Answer rows, shape (rows, outputs)."""
        check_is_fitted(self)
        return _rounded(self.ridge_.predict(X))

    def _numbers(self, y: Any) -> Any:
        """The target as numbers: of classes which one it is, shape (rows, classes), of two the second alone."""
        if not self.classes:
            return np.asarray(y, dtype=np.float64)
        classes, codes = np.unique(y, return_inverse=True)
        one_hot = np.eye(len(classes))[codes]
        return one_hot[:, 1:] if len(classes) == 2 else one_hot

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.input_tags.sparse = True
        return tags


def _rounded(answers: Any) -> Any:
    return np.asarray(answers, dtype=np.float32).astype(np.float64).reshape(len(answers), -1)
