"""What a model of numbers is made to have little of: the loss, by the names that LightGBM and scikit-learn share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from workbench.core.metric import pinball

LossKind = Literal["squared", "absolute", "poisson", "quantile"]


@dataclass(frozen=True)
class Loss:
    """What predictions of numbers are fitted by, and so what of the target they give.

    Parameters
    ----------
    kind : {"squared", "absolute", "poisson", "quantile"}
        *squared*: the mean. *absolute*: the median. *poisson*: the mean of a count, on a log scale, never below 0.
        *quantile*: the number below which the share ``level`` lies.
    level : float, optional
        Of a quantile, in (0, 1).

    References
    ----------
    Gneiting, T. (2011), Making and evaluating point forecasts: which loss goes with which answer.

    Examples
    --------
    >>> Loss.of("quantile 0.9"), str(Loss.of("quantile .50"))
    (Loss(kind='quantile', level=0.9), 'quantile 0.5')
    """

    kind: LossKind = "squared"
    level: float | None = None

    @classmethod
    def of(cls, text: str) -> Loss:
        """Read what ``wb.train(loss=…)`` takes, but for ``auto``."""
        kind, _, level = text.partition(" ")
        return cls(kind, float(level) if level else None)  # type: ignore[arg-type]

    def __str__(self) -> str:
        return self.kind if self.level is None else f"{self.kind} {self.level:g}"

    @property
    def share(self) -> float | None:
        """The share of rows that is to lie below a prediction; none where a mean is predicted."""
        return 0.5 if self.kind == "absolute" else self.level

    @property
    def metrics(self) -> tuple[str, ...]:
        """Scores that go with it, the one that decides first."""
        return {
            "squared": ("rmse", "mae", "r2"),
            "absolute": ("mae", "rmse", "r2"),
            "poisson": ("poisson_deviance", "rmse", "mae", "r2"),
            "quantile": (pinball(self.level or 0.5), "mae"),
        }[self.kind]

    @property
    def gives(self) -> str:
        """What it predicts of the target, in words.

        >>> Loss.of("poisson").gives, Loss.of("quantile 0.25").gives
        ('mean', '0.25 quantile')
        """
        return {"absolute": "median", "quantile": f"{self.level:g} quantile" if self.level else ""}.get(
            self.kind, "mean"
        )

    def of_rows(self, truth: Any, predicted: Any) -> Any:
        """By how much each row is missed, shape (n,): the pinball loss of a quantile, else the absolute error."""
        import numpy as np

        off = np.asarray(truth, dtype=float) - predicted
        return np.abs(off) if self.kind != "quantile" else pinball_losses(off, self.level or 0.5)


SQUARED = Loss()


def pinball_losses(off: Any, level: float) -> Any:
    """As ``sklearn.metrics.mean_pinball_loss`` has them, of true minus predicted."""
    import numpy as np

    return np.where(off >= 0, level * off, (level - 1) * off)
