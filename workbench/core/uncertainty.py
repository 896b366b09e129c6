"""How far the truth may lie from a prediction: intervals of numbers and sets of classes that hold at a stated rate.

What is kept is found on validated rows, whose predictions come from models that have not seen them; so it needs no
assumption about the model, only that rows to come are like those (Vovk, Gammerman and Shafer, 2005).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from math import inf
from typing import TYPE_CHECKING, Any, ClassVar

from workbench.core.saved import Saved

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Uncertainty(Saved):
    """What a prediction leaves open. Made by :func:`workbench.train`, and part of the bundle.

    Parameters
    ----------
    level : float
        Share of rows whose truth is held, in (0, 1).
    rows : int
        Validated rows that it was found on.
    edges : tuple of float
        Regression: predictions at which another part begins, rising; each part has offsets of its own, for large
        predictions are mostly off by more.
    low, high : tuple of float
        Regression: what is added to a prediction of each part to get the ends of its interval, one more than edges.
    least : float, optional
        Classes: a class belongs to the set from this probability on; the most probable one always does.
    held : tuple of float, optional
        Share of the hold-out that it holds, and the ends of that share's 90% interval.
    floor : float, optional
        Regression: below which no interval reaches, such as 0 of counts.

    References
    ----------
    Lei, J. and others (2018), Distribution-free predictive inference for regression; Barber, R. F. and others (2021),
    Predictive inference with the jackknife+ (residuals of folds); Sadinle, M., Lei, J. and Wasserman, L. (2019), Least
    ambiguous set-valued classifiers.

    Examples
    --------
    >>> some = Uncertainty(0.9, 500, edges=(10.0,), low=(-1.0, -4.0), high=(2.0, 3.0))
    >>> some.interval(8.0), some.interval(12.0)
    ((7.0, 10.0), (8.0, 15.0))
    >>> Uncertainty(0.9, 500, least=0.2).members([0.1, 0.25, 0.65])
    [1, 2]
    """

    level: float
    rows: int
    edges: tuple[float, ...] = ()
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()
    least: float | None = None
    held: tuple[float, float, float] | None = None
    floor: float | None = None

    noun: ClassVar[str] = "uncertainty"

    def interval(self, prediction: float) -> tuple[float, float]:
        """Ends of the interval around a predicted number."""
        part, floor = bisect_right(self.edges, prediction), -inf if self.floor is None else self.floor
        return max(prediction + self.low[part], floor), max(prediction + self.high[part], floor)

    def members(self, probabilities: Sequence[float]) -> list[int]:
        """Positions of the classes that a row may be of, by the probability of each."""
        least = min(self.least or 0.0, max(probabilities))
        return [k for k, p in enumerate(probabilities) if p >= least]

    def intervals(self, predictions: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Ends of the intervals around many predicted numbers, each of shape (rows,)."""
        import numpy as np

        part = np.searchsorted(self.edges, predictions, side="right")
        low, high = (predictions + np.asarray(side)[part] for side in (self.low, self.high))
        floor = -inf if self.floor is None else self.floor
        return np.maximum(low, floor), np.maximum(high, floor)

    def masks(self, probabilities: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Which classes each of many rows may be of, shape (rows, classes); two classes by the second's probability."""
        import numpy as np

        each = probabilities if probabilities.ndim == 2 else np.column_stack([1.0 - probabilities, probabilities])
        return each >= np.minimum(self.least or 0.0, each.max(axis=1, keepdims=True))

    def added(self, predictions: Iterable[Any], classes: Sequence[Any]) -> list[dict[str, Any]]:
        """What an answer says beside each prediction: ``low`` and ``high`` of a number, ``set`` of labels of classes.

        Parameters
        ----------
        predictions : iterable
            Numbers, probabilities of the second of two classes, or one probability a class.
        classes : sequence
            Labels in the order of the probabilities; none for a regression.
        """
        if not classes:
            return [dict(zip(("low", "high"), self.interval(p), strict=True)) for p in predictions]
        every = ((1.0 - p, p) if isinstance(p, float) else p for p in predictions)
        return [{"set": [classes[k] for k in self.members(row)]} for row in every]

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return {name: value for name, value in asdict(self).items() if name != "floor" or value is not None}

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Uncertainty:
        """Read what :meth:`to_dict` wrote.

        Raises
        ------
        ValueError
            If the offsets don't fit the edges.
        """
        edges, low, high = (tuple(content.get(name, ())) for name in ("edges", "low", "high"))
        least, held = content.get("least"), content.get("held")
        if least is None and not len(low) == len(high) == len(edges) + 1:
            raise ValueError(f"{len(edges)} edges need one low and high more, got {len(low)} and {len(high)}")
        held, floor = held and tuple(held), content.get("floor")
        return cls(content["level"], content["rows"], edges, low, high, least, held, floor)
