"""What a model's answers cost: by outcome, in numbers or in columns of money, and what that came to on the hold-out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Self

from workbench.core.metric import Metric
from workbench.core.saved import Flat

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]

FILE = "value.json"
NAME = "cost"
# What may come of an answer: of two classes, and of a number.
DECISIONS = ("false_alarm", "missed", "hit", "quiet")
ERRORS = ("above", "below")


@dataclass(frozen=True)
class Value(Flat):
    """What an answer costs by what comes of it; what is below 0 is a gain.

    Parameters
    ----------
    prices : dict of str to float
        Of two classes by outcome: ``false_alarm``, ``missed``, ``hit`` (the second class, found), ``quiet`` (the first,
        left alone); of a number, of each unit that it lies ``above`` or ``below`` what came. What is not there costs
        nothing.
    columns : dict of str to str
        By outcome the column of money that its price is multiplied by.
    threshold : float, optional
        From which probability on the second class is answered.
    mean, error : float
        Cost of a row on the hold-out, and its standard error.
    rows : int
        Of the hold-out.
    scale : float
        Mean size of a row's cost or gain there.
    """

    prices: dict[str, float]
    columns: dict[str, str] = field(default_factory=dict)
    threshold: float | None = None
    mean: float = 0.0
    error: float = 0.0
    rows: int = 0
    scale: float = 0.0

    noun: ClassVar[str] = "value"
    format_version: ClassVar[int] = 2

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Self:
        """Read what :meth:`to_dict` wrote; of format 1, which knew mistakes alone, too."""
        if "prices" in content:
            return cls(**content)
        prices = {"false_alarm": content["alarm"], "missed": content["missed"]}
        kept = {name: content[name] for name in ("threshold", "mean", "error", "rows") if name in content}
        return cls(prices, scale=content.get("mean", 0.0), **kept)

    @property
    def plain(self) -> bool:
        """Whether mistakes alone cost something, each the same: that can be estimated without labels."""
        return not self.columns and set(self.prices) <= {"false_alarm", "missed"} and min(self.prices.values()) >= 0

    def costs(self, predicted: Numbers, truth: NDArray[Any], money: Mapping[str, Numbers] | None = None) -> Numbers:
        """What each row cost, shape (n,); NaN where its money is not known.

        Parameters
        ----------
        predicted : array, shape (n,)
            Probabilities of the second class, or numbers.
        truth : array, shape (n,)
            Whether the second class came (bool), or the numbers that came.
        money : mapping of str to array, shape (n,), optional
            The columns of money.

        Examples
        --------
        >>> import numpy as np
        >>> value = Value({"false_alarm": 5.0, "missed": 1.0}, {"missed": "amount"}, 0.5)
        >>> said, came = np.array([0.9, 0.1, 0.1]), np.array([False, True, False])
        >>> value.costs(said, came, {"amount": np.array([70.0, 80.0, 90.0])}).tolist()
        [5.0, 80.0, 0.0]
        """
        import numpy as np

        costs = np.zeros(len(predicted))
        for outcome, price in self.prices.items():
            worth = price * money[self.columns[outcome]] if money and outcome in self.columns else price
            amounts = self._amounts(outcome, predicted, truth)
            costs += np.where(amounts == 0, 0.0, worth * amounts)
        return costs

    def _amounts(self, outcome: str, predicted: Numbers, truth: NDArray[Any]) -> Numbers:
        """How much of an outcome each row has: 0 or 1, or how far a number was off."""
        import numpy as np

        if outcome in ERRORS:
            off = predicted - np.asarray(truth, dtype=float)
            return np.maximum(off if outcome == "above" else -off, 0.0)
        said, came = predicted >= (self.threshold or 0.0), np.asarray(truth, dtype=bool)
        which = {"false_alarm": said & ~came, "missed": ~said & came, "hit": said & came, "quiet": ~said & ~came}
        return which[outcome].astype(float)

    def of(self, predicted: Numbers, truth: NDArray[Any], money: Mapping[str, Numbers] | None = None) -> Metric | None:
        """The mean cost of some rows, with its 90% interval; None where fewer than two have one."""
        costs = self.known(predicted, truth, money)
        if len(costs) < 2:
            return None
        return _metric(float(costs.mean()), float(costs.std(ddof=1)) / len(costs) ** 0.5, self._least)

    def known(self, predicted: Numbers, truth: NDArray[Any], money: Mapping[str, Numbers] | None = None) -> Numbers:
        """What those rows cost whose money is known."""
        import numpy as np

        costs = self.costs(predicted, truth, money)
        return costs[np.isfinite(costs)]

    @property
    def reference(self) -> Metric:
        """The mean cost on the hold-out."""
        return _metric(self.mean, self.error, self._least)

    @property
    def _least(self) -> float | None:
        """What a row can't cost less than, where that is known."""
        return 0.0 if self.plain else None


def _metric(mean: float, error: float, least: float | None) -> Metric:
    low = mean - 1.645 * error
    return Metric(NAME, mean, low if least is None else max(low, least), mean + 1.645 * error, 0.9, error, larger=False)
