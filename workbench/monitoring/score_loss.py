"""How far one score lies on the worse side of another; without the tables that they were computed of.

Apart from :mod:`workbench.monitoring.losses`, so that a page asks what other rates had told without loading pandas.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import hypot
from typing import TYPE_CHECKING

from workbench.core.metric import Metric
from workbench.core.normal import exceeded_by, quantile

if TYPE_CHECKING:
    from workbench.monitoring.usual import Spread

# Shares of what the model is worth: of its ROC AUC above chance, of its error otherwise. In a large window even a
# thousandth is significant, so chance alone decides nothing. A fifth is a convention, a tenth is worth a look.
RELEVANT = 0.2
NOTABLE = 0.1


@dataclass(frozen=True)
class Loss:
    """How far a window's score lies on the worse side of the reference.

    Parameters
    ----------
    reference : Metric
        What it was compared with.
    amount : float
        In the metric's unit; negative where the window is better.
    share : float
        Of what the model is worth.
    significant : bool
        Beyond chance, at the false-alarm rate.
    """

    reference: Metric
    amount: float
    share: float
    significant: bool

    @property
    def alarming(self) -> bool:
        """Beyond chance, and large enough to matter."""
        return self.significant and self.share >= RELEVANT

    @property
    def notable(self) -> bool:
        """Beyond chance, and worth a look."""
        return self.significant and self.share >= NOTABLE


def loss_of(
    reference: Metric, now: Metric, rate: float, shown: Metric | None = None, spread: Spread | None = None
) -> Loss:
    """Compare two scores by their standard errors, which are read off their intervals, or by what chunks of time did.

    Parameters
    ----------
    reference, now : Metric
        What the model claims, and the window's.
    rate : float
        At which chance alone may call a loss significant, in (0, 1).
    shown : Metric, optional
        What training has shown otherwise; where that is worse, only what goes beyond it is news.
    spread : Spread, optional
        Of the same score between stretches of the training rows about as long as the window. With it a loss is
        significant where it exceeds both what they let expect, and what the worst of them did.

    Examples
    --------
    >>> loss = loss_of(Metric("roc_auc", 0.75, 0.74, 0.76), Metric("roc_auc", 0.65, 0.63, 0.67), 0.025)
    >>> round(loss.amount, 3), round(loss.share, 3), loss.alarming
    (0.1, 0.4, True)
    """
    sign = 1 if reference.larger_is_better else -1
    amount = sign * (reference.value - now.value)
    if spread is not None:
        news = min(amount, sign * (spread.middle - now.value))
        significant = news > spread.bound(standard_error(now), rate) and sign * (spread.worst - now.value) > 0
    else:
        news = amount if shown is None else min(amount, sign * (shown.value - now.value))
        against = reference if shown is None else shown
        error = hypot(standard_error(against), standard_error(now))
        significant = news > error * exceeded_by(rate)
    return Loss(reference, amount, amount / max(worth(reference), 1e-12), significant and news > 0)


def standard_error(metric: Metric) -> float:
    """That of a score, read off its interval where it does not say; 0 where it has neither."""
    if metric.error is not None:
        return metric.error
    if metric.low is None or metric.high is None:
        return 0.0
    return (metric.high - metric.low) / 2 / quantile((1 + metric.level) / 2)


def worth(reference: Metric) -> float:
    """What a tenth is taken of: skill above chance, share of explained variance, or the error itself."""
    value = reference.value
    if reference.name in ("roc_auc", "balanced_accuracy"):
        return abs(value - 0.5)
    if reference.name in ("accuracy", "f1", "precision", "recall"):
        return 1 - value
    return abs(value)
