"""A trend and what it leaves: trees answer within the numbers that they saw, a line beyond. Needs scikit-learn."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted
from threadpoolctl import threadpool_limits


class TrendRegressor(RegressorMixin, BaseEstimator):
    """A model that can go on beyond what it has seen, and a second one on what it leaves of the target.

    Parameters
    ----------
    trend : estimator
        Fitted on the target, such as a line.
    rest : estimator
        Fitted on what the trend leaves, such as boosted trees.

    Attributes
    ----------
    trend_, rest_ : estimator
        The fitted ones; a prediction is the sum of theirs.

    References
    ----------
    Zhang, G. P. (2003), Time series forecasting using a hybrid ARIMA and neural network model: a linear model first,
    another one on its residuals.

    Examples
    --------
    >>> from sklearn.linear_model import LinearRegression
    >>> from sklearn.tree import DecisionTreeRegressor
    >>> day = np.arange(100.0)[:, None]
    >>> weekly = TrendRegressor(LinearRegression(), DecisionTreeRegressor(max_depth=1)).fit(day, 3 * day[:, 0])
    >>> weekly.predict([[200.0]]).round(6).tolist()
    [600.0]
    """

    def __init__(self, trend: Any, rest: Any) -> None:
        self.trend = trend
        self.rest = rest

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> TrendRegressor:
        """Fit the trend, then the rest on what it leaves.

        Parameters
        ----------
        X : array or frame, shape (rows, columns)
        y : array, shape (rows,)
        sample_weight : array, shape (rows,), optional
            How much each row counts in both.
        """
        target = np.asarray(y, dtype=np.float64)
        with threadpool_limits(1):  # sums have one order: what is left is the same on any number of threads
            self.trend_ = _fitted(self.trend, X, target, sample_weight)
            left = target - self.trend_.predict(X)
        self.rest_ = _fitted(self.rest, X, left, sample_weight)
        return self

    def predict(self, X: Any) -> Any:
        """The sum of both, shape (rows,)."""
        check_is_fitted(self)
        return self.trend_.predict(X) + self.rest_.predict(X)


def _fitted(estimator: Any, table: Any, target: Any, weights: Any) -> Any:
    last = f"{estimator.steps[-1][0]}__" if isinstance(estimator, Pipeline) else ""
    return clone(estimator).fit(table, target, **({} if weights is None else {f"{last}sample_weight": weights}))
