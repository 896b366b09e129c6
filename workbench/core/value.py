"""What a model's mistakes cost: a false alarm, a missed one, and what both came to on the rows that were held out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from workbench.core.metric import Metric
from workbench.core.saved import Flat

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FILE = "value.json"
NAME = "cost"


@dataclass(frozen=True)
class Value(Flat):
    """The costs of a decision between two classes.

    Parameters
    ----------
    alarm, missed : float
        Of a false alarm and of a missed one, in the unit of whoever asked for ``threshold="cost 1:10"``.
    threshold : float
        From which probability on the second class is answered.
    mean, error : float
        Cost of a row on the hold-out, and its standard error.
    rows : int
        Of the hold-out.
    """

    alarm: float
    missed: float
    threshold: float
    mean: float = 0.0
    error: float = 0.0
    rows: int = 0

    noun: ClassVar[str] = "value"

    def costs(self, probability: NDArray[np.float64], came: NDArray[np.bool_]) -> NDArray[np.float64]:
        """What each row cost, shape (n,).

        >>> import numpy as np
        >>> Value(1.0, 10.0, 0.5).costs(np.array([0.9, 0.9, 0.1]), np.array([True, False, True])).tolist()
        [0.0, 1.0, 10.0]
        """
        said = probability >= self.threshold
        return self.alarm * (said & ~came) + self.missed * (~said & came)

    def of(self, probability: NDArray[np.float64], came: NDArray[np.bool_]) -> Metric:
        """The mean cost of some rows, with its 90% interval."""
        costs = self.costs(probability, came)
        return _metric(float(costs.mean()), float(costs.std(ddof=1)) / len(costs) ** 0.5)

    @property
    def reference(self) -> Metric:
        """The mean cost on the hold-out."""
        return _metric(self.mean, self.error)


def _metric(mean: float, error: float) -> Metric:
    return Metric(NAME, mean, max(mean - 1.645 * error, 0.0), mean + 1.645 * error, 0.9, error, larger=False)
