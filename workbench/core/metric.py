"""A number with its interval."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

# Larger is better for these; smaller is better for every other metric.
LARGER_IS_BETTER = frozenset(
    {
        *("roc_auc", "average_precision", "accuracy", "balanced_accuracy", "f1", "precision", "recall", "r2"),
        "quadratic_kappa",
    }
)

METRIC_NAMES = {
    "roc_auc": "ROC AUC",
    "average_precision": "Average precision",
    "log_loss": "Log loss",
    "accuracy": "Accuracy",
    "balanced_accuracy": "Balanced accuracy",
    "f1": "F1",
    "quadratic_kappa": "Quadratic weighted kappa",
    "rank_mae": "Ranks off",
    "rmse": "RMSE",
    "mae": "MAE",
    "r2": "R²",
    "poisson_deviance": "Poisson deviance",
    "brier_score": "Brier score",
    "precision": "Precision",
    "recall": "Recall",
}


@dataclass(frozen=True)
class Metric:
    """A score and the interval that holds it.

    Parameters
    ----------
    name : str
        scikit-learn's name: ``roc_auc``, ``log_loss``, ``rmse``, ``mae``, ``r2``, …
    value : float
        In the metric's own unit: RMSE and MAE in the target's.
    low, high : float, optional
        Ends of the interval at ``level``.
    level : float
        Share of intervals that hold the true value, in (0, 1).
    error : float, optional
        Standard error that comes of the rows scored alone; the interval may hold more, such as what differs from month
        to month.
    larger : bool, optional
        Whether more of it is better, where its name does not say so: that of somebody's own function.

    Examples
    --------
    >>> print(Metric("roc_auc", 0.7512, 0.7401, 0.7620))
    roc_auc 0.751 (0.740 to 0.762)
    """

    name: str
    value: float
    low: float | None = None
    high: float | None = None
    level: float = 0.9
    error: float | None = None
    larger: bool | None = None

    @property
    def larger_is_better(self) -> bool:
        """Whether more of it is better."""
        return self.name in LARGER_IS_BETTER if self.larger is None else self.larger

    @property
    def text(self) -> str:
        """Value and interval.

        >>> Metric("roc_auc", 0.7512, 0.7401, 0.7620).text
        '0.751 (0.740 to 0.762)'
        """
        interval = "" if self.low is None or self.high is None else f" ({short(self.low)} to {short(self.high)})"
        return f"{short(self.value)}{interval}"

    def __str__(self) -> str:
        return f"{self.name} {self.text}"

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Metric:
        """Read what ``dataclasses.asdict`` wrote."""
        return cls(**content)


def short(value: float) -> str:
    """A number as people read it: three decimals below 10, thousands marked above.

    >>> short(0.12345), short(48211.7)
    ('0.123', '48,212')
    """
    return f"{value:.3f}" if abs(value) < 10 else f"{value:,.1f}" if abs(value) < 1000 else f"{value:,.0f}"


def metric_name(name: str) -> str:
    """The name of a score as the field writes it.

    >>> metric_name("roc_auc"), metric_name("my_score"), metric_name("pinball_0.9")
    ('ROC AUC', 'my score', 'Pinball loss (0.9)')
    """
    level = level_of(name)
    if level is not None:
        return f"Pinball loss ({level:g})"
    return METRIC_NAMES.get(name, name.replace("_", " "))


def pinball(level: float) -> str:
    """The name of a quantile's score.

    >>> pinball(0.9), level_of("pinball_0.9"), level_of("rmse")
    ('pinball_0.9', 0.9, None)
    """
    return f"pinball_{level:g}"


def level_of(name: str) -> float | None:
    """The level in the name of a quantile's score; None of other names."""
    found = re.fullmatch(r"pinball_(0\.\d*[1-9]\d*|\d(?:\.\d+)?e-\d+)", name)
    return float(found[1]) if found else None
