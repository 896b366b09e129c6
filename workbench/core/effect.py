"""What a model answers along one column, or two, with all others as they are."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from workbench.core.finding import Finding
from workbench.core.shown import Shown
from workbench.core.wording import listed

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Effect(Shown):
    """What a model answers along one column. Made by :meth:`workbench.Run.effect`.

    Parameters
    ----------
    run_id : str
        The run.
    column : str
        Its name.
    kind : {"number", "date", "category"}
        How the grid is to be drawn: numbers and moments along an axis, categories side by side.
    grid : tuple, g points
        Values of the column: numbers, ISO 8601 texts, or categories in the order of their likeness.
    pdp : float array, shape (g,)
        Partial dependence: the mean answer over all rows if each had this value; a probability of ``label``, or in the
        target's unit.
    pdp_low, pdp_high : float array, shape (g,)
        Ends of its interval at ``level``, for other rows of the same population.
    ice : float array, shape (lines, g)
        Individual conditional expectation: the answer about some single rows.
    ice_rows : int array, shape (lines,)
        Their positions in the hold-out.
    ale : float array, shape (g,)
        Accumulated local effects: what small steps from neighbour to neighbour add up to, around 0 in the mean. Only
        rows near a value say what it does, so no rows are made that don't exist.
    ale_low, ale_high : float array, shape (g,)
        Ends of its interval.
    counts : int array, shape (g - 1,) or (g,)
        Rows between two points of the grid, the first with both ends; of categories rows that have each.
    missing : float, optional
        Partial dependence where the value is missing; None where no row of the hold-out has a gap.
    rows : int
        Rows of the hold-out that were looked at for ``pdp``.
    ale_rows : int
        Rows that were looked at for ``ale``: those with a value.
    label : object
        The class; None for a regression.
    unit : str
        Of the answers: ``probability``, or the target's.
    level : float
        Of the intervals.
    findings : tuple of Finding
        WB238 where the column goes with others, so that ``ale`` says more than ``pdp``.

    References
    ----------
    Friedman, J. (2001), Greedy function approximation: a gradient boosting machine. Goldstein, A. et al. (2015),
    Peeking inside the black box. Apley, D. and Zhu, J. (2020), Visualizing the effects of predictor variables in black
    box supervised learning models. ``sklearn.inspection.partial_dependence`` agrees.
    """

    run_id: str
    column: str
    kind: Literal["number", "date", "category"]
    grid: tuple[Any, ...]
    pdp: Numbers = field(repr=False)
    pdp_low: Numbers = field(repr=False)
    pdp_high: Numbers = field(repr=False)
    ice: Numbers = field(repr=False)
    ice_rows: NDArray[np.intp] = field(repr=False)
    ale: Numbers = field(repr=False)
    ale_low: Numbers = field(repr=False)
    ale_high: Numbers = field(repr=False)
    counts: NDArray[np.intp] = field(repr=False)
    missing: float | None
    rows: int
    ale_rows: int
    label: Any
    unit: str
    level: float
    findings: tuple[Finding, ...] = ()

    def headline(self) -> str:
        """From where to where the answers go, by the measure that may be read."""
        told, name = (self.ale, "ALE") if self.findings else (self.pdp, "PDP")
        low, high = (str(self.grid[int(place)]).removesuffix("T00:00:00") for place in (told.argmin(), told.argmax()))
        of = "" if self.label is None else f" of {self.label}"
        apart = float(told.max() - told.min())
        return f"{self.column}: {apart:.3g} {self.unit}{of} from {low} (least) to {high} (most), by {name}"

    def frame(self) -> pd.DataFrame:
        """One row a point of the grid: pdp and ale with their intervals."""
        names = ("pdp", "pdp_low", "pdp_high", "ale", "ale_low", "ale_high")
        columns = {self.column: list(self.grid), **{name: getattr(self, name) for name in names}}
        return self._frame(columns)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return plain_fields(self)


@dataclass(frozen=True, eq=False)
class JointEffect(Shown):
    """What a model answers along two columns. Made by :meth:`workbench.Run.effect`.

    Parameters
    ----------
    run_id : str
        The run.
    columns : (str, str)
        Their names.
    kinds : (str, str)
        As :class:`Effect` has them.
    grids : (tuple, tuple), a and b points
        Values of each.
    pdp : float array, shape (a, b)
        Mean answer over all rows if each had both values.
    interaction : float array, shape (a, b)
        What remains of it when what each column does alone is taken off; around 0.
    counts : int array, shape (a, b)
        Rows nearest to each point; where there is none, the answer is about rows that don't exist.
    strength : float
        Friedman's H² in [0, 1]: share of the variance of ``pdp`` that no sum of two effects has.
    rows : int
        Rows that were looked at.
    label, unit
        As :class:`Effect` has them.
    findings : tuple of Finding
        WB238 where one of them goes with others.

    References
    ----------
    Friedman, J. and Popescu, B. (2008), Predictive learning via rule ensembles.
    """

    run_id: str
    columns: tuple[str, str]
    kinds: tuple[str, str]
    grids: tuple[tuple[Any, ...], tuple[Any, ...]]
    pdp: Numbers = field(repr=False)
    interaction: Numbers = field(repr=False)
    counts: NDArray[np.intp] = field(repr=False)
    strength: float
    rows: int
    label: Any
    unit: str
    findings: tuple[Finding, ...] = ()

    def headline(self) -> str:
        """How much of it is no sum of two effects."""
        return f"{listed(self.columns)}: {self.strength:.0%} of what they do together is no sum of what each does"

    def frame(self) -> pd.DataFrame:
        """Partial dependence, one row a value of the first column, one column a value of the second."""
        frame = self._frame(self.pdp, columns=list(self.grids[1]))
        frame.index = list(self.grids[0])
        return frame

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return plain_fields(self)


def plain_fields(result: Any) -> dict[str, Any]:
    """The fields of a result with arrays as plain JSON data."""
    from dataclasses import asdict, fields

    told = {one.name: getattr(result, one.name) for one in fields(result)}
    told = {name: value.tolist() if hasattr(value, "tolist") else value for name, value in told.items()}
    return {**told, "findings": [asdict(one) for one in result.findings]}
