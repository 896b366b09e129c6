"""What is needed to tell a score without labels: how often predictions came true in training, and how well that held.

It is found on rows whose predictions come from models that had not seen them, and so small that each bundle ships it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from workbench.core.saved import Saved

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FILE = "estimation.json"
# Of the files that hold what the loss of a row is expected to be.
LOSSES = "losses"


@dataclass(frozen=True)
class Curve:
    """How often rows are of a class, by what was predicted of it: a rising curve, flat in parts.

    Parameters
    ----------
    starts, ends : tuple of float, length k
        Least and largest prediction of each part, rising; between two parts lies a straight line.
    rates : tuple of float, length k
        Share of its rows that are of the class, rising, in [0, 1].
    rows : tuple of int, length k
        Rows in it.
    closer : bool
        Whether the curve is closer to what came true than the predictions themselves; else those are taken.
    rank : (float, float)
        Intercept and slope of the log-odds of the class over the normal score of a row's rank.
    """

    starts: tuple[float, ...]
    ends: tuple[float, ...]
    rates: tuple[float, ...]
    rows: tuple[int, ...]
    closer: bool = True
    rank: tuple[float, float] = (0.0, 1.0)

    def chances(self, predicted: NDArray[np.float64], rates: Sequence[float] | None = None) -> NDArray[np.float64]:
        """The chance of the class of each row, shape (n,).

        Parameters
        ----------
        predicted : float array, shape (n,)
            Probabilities of the class.
        rates : sequence of float, length k, optional
            Other rates than its own.

        Examples
        --------
        >>> import numpy as np
        >>> Curve((0.1, 0.6), (0.4, 0.9), (0.2, 0.8), (50, 50)).chances(np.array([0.0, 0.5, 0.7])).round(2).tolist()
        [0.2, 0.5, 0.8]
        """
        import numpy as np

        if not self.closer and rates is None:
            return predicted
        places = np.column_stack([self.starts, self.ends]).ravel()
        return np.interp(predicted, places, np.repeat(self.rates if rates is None else rates, 2))

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Curve:
        """Read what ``dataclasses.asdict`` wrote.

        Raises
        ------
        ValueError
            If its parts are not as many as their rates, or no rising curve.
        """
        named = {name: tuple(content[name]) for name in ("starts", "ends", "rates", "rows", "rank")}
        if len({len(named[name]) for name in ("starts", "ends", "rates", "rows")}) != 1 or not named["rows"]:
            raise ValueError("a curve needs as many starts, ends, rates and rows")
        if len(named["rank"]) != 2 or list(named["rates"]) != sorted(named["rates"]):
            raise ValueError("the rates of a curve rise, and a rank has two numbers")
        return cls(**{**content, **named})


@dataclass(frozen=True)
class Backtest:
    """Rows of the training whose score was estimated as a window's is, beside what came true.

    Parameters
    ----------
    rows : int
        How many.
    expected, came : float
        The deciding score: estimated, and by their labels.
    error : float
        Standard error of the difference by chance.
    """

    rows: int
    expected: float
    came: float
    error: float

    @property
    def off(self) -> float:
        """How far the estimate was off."""
        return self.expected - self.came


@dataclass(frozen=True)
class Estimation(Saved):
    """How a score is told without labels. Made by :func:`workbench.train`, and part of the bundle.

    Parameters
    ----------
    metric : str
        The deciding score.
    rows : int
        Rows that it was found on: validated ones and the hold-out.
    curves : tuple of Curve
        Of the second of two classes, or of each of several; none of numbers.
    ordered : bool
        Whether the rows come in time, so that the stretches follow each other.
    stretches : tuple of Backtest
        Parts of the rows, one after the other, each estimated by what was known before it; where rows come in no order,
        parts that were drawn.
    spread, spread_p : float
        How far estimates of stretches were off beyond chance (a standard deviation, in the metric's unit), and the
        p-value of chance alone.
    by_column : dict of str to float
        The same of parts of the rows by what a column holds, those first that matter most.
    losses : tuple of str
        Numbers: scores whose loss of a row is expected by a model of it, in files of their names.
    noise : tuple of float
        One a loss: variance of a row's loss about what is expected, by the squared expectation.

    References
    ----------
    NannyML's CBPE and DLE: Białek, J., Kivimäki, J., Kuberski, W. and Perrakis, N. (2024), Estimating Model Performance
    Under Covariate Shift Without Labels, arXiv:2401.08348.
    """

    metric: str
    rows: int
    curves: tuple[Curve, ...] = ()
    ordered: bool = False
    stretches: tuple[Backtest, ...] = ()
    spread: float = 0.0
    spread_p: float = 1.0
    by_column: dict[str, float] | None = None
    losses: tuple[str, ...] = ()
    noise: tuple[float, ...] = ()

    noun: ClassVar[str] = "estimation"

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return asdict(self)

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Estimation:
        """Read what :meth:`to_dict` wrote.

        Raises
        ------
        ValueError
            If a curve is none, or the losses are not as many as their noise.
        """
        losses, noise = tuple(content.get("losses", ())), tuple(content.get("noise", ()))
        if len(losses) != len(noise):
            raise ValueError(f"{len(losses)} losses need a noise each, got {len(noise)}")
        told = {
            "curves": tuple(Curve.from_dict(one) for one in content.get("curves", ())),
            "stretches": tuple(Backtest(**one) for one in content.get("stretches", ())),
            "losses": losses,
            "noise": noise,
        }
        return cls(**{**content, **told})
