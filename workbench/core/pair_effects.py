"""How much each two columns do together that neither does alone, whatever the model is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from workbench.core.effect import plain_fields
from workbench.core.shown import Shown

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class PairEffects(Shown):
    """What each two columns do together beyond what each does alone. Made by :meth:`workbench.Run.interactions`.

    Parameters
    ----------
    run_id : str
        The run.
    columns : tuple of str
        Their names, k of them.
    size : float array, shape (k, k)
        How far the mean answer is from the sum of both columns' own effects: the root of the mean square over the rows,
        in ``unit``. Zero on the diagonal.
    strength : float array, shape (k, k)
        Friedman's H² in [0, 1]: the share of what the two do together that no sum of two effects has. Large
        where the two do next to nothing, too: read it beside ``size``.
    rows : int
        Rows of the hold-out that were looked at.
    label : object
        The class; None for a regression.
    unit : str
        Of the answers: ``probability``, or the target's. What adds up in log-odds does not quite in probabilities.

    References
    ----------
    Friedman, J. and Popescu, B. (2008), Predictive learning via rule ensembles, section 8.1.
    """

    run_id: str
    columns: tuple[str, ...]
    size: Numbers = field(repr=False)
    strength: Numbers = field(repr=False)
    rows: int
    label: Any
    unit: str

    @property
    def pairs(self) -> tuple[tuple[str, str, float, float], ...]:
        """Two columns, their size and their strength; the largest first."""
        places = [(i, k) for i in range(len(self.columns)) for k in range(i)]
        told = [
            (self.columns[k], self.columns[i], float(self.size[i, k]), float(self.strength[i, k])) for i, k in places
        ]
        return tuple(sorted(told, key=lambda pair: -pair[2]))

    def headline(self) -> str:
        """The pair that does most together."""
        a, b, size, share = self.pairs[0]
        return f"{a} and {b} do most together: {size:.3g} {self.unit} that no sum has, {share:.0%} of what both do"

    def frame(self) -> pd.DataFrame:
        """One row a pair, the largest first."""
        return self._frame(
            [dict(zip(("column", "beside", "size", "strength"), pair, strict=True)) for pair in self.pairs]
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return plain_fields(self)
