"""Rows that are like one, and what came of them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

from workbench.core.shown import Shown
from workbench.core.wording import how_many, worded

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Neighbour:
    """A row that is like another.

    Parameters
    ----------
    row : int
        Its place among the explained rows.
    distance : float
        From the other: by columns Gower's, in [0, 1]; by reasons in the explanation's unit.
    values : dict of str to object
        By column, as the explanation has them: sensitive ones masked.
    prediction : float, optional
        Probability of the explained class, or the number.
    truth : object
        What came of it; None where that is not known.
    """

    row: int
    distance: float
    values: dict[str, Any]
    prediction: float | None
    truth: Any


@dataclass(frozen=True)
class Neighbours(Shown):
    """The rows that are most like one, nearest first. Made by :meth:`workbench.Explanation.nearest`.

    Parameters
    ----------
    rows : tuple of Neighbour
        Nearest first.
    by : {"columns", "reasons"}
        What they are alike in.
    label : object
        The explained class; None for a regression.
    outcome : float, optional
        Share of ``label`` among their true outcomes, or the mean of these; None where none is known.
    """

    rows: tuple[Neighbour, ...]
    by: Literal["columns", "reasons"]
    label: Any
    outcome: float | None

    def headline(self) -> str:
        """What came of them, in one line."""
        many = how_many(len(self.rows), "nearest row")
        if self.outcome is None:
            return f"{many}; what came of them is not known"
        if self.label is None:
            return f"{many}; the truth of them is {self.outcome:,.6g} on average"
        return f"{many}; {self.outcome:.0%} of them turned out {worded(self.label)}"

    def frame(self) -> pd.DataFrame:
        """One row a neighbour: distance, prediction, truth and columns."""
        told = [{"row": n.row, "distance": n.distance, "prediction": n.prediction, "truth": n.truth} for n in self.rows]
        return self._frame([{**t, **n.values} for t, n in zip(told, self.rows, strict=True)])

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return asdict(self)
