"""A straight line that stands for a model near one row, with how far it may be believed."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from workbench.core.finding import Finding
from workbench.core.shown import Shown

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Surrogate(Shown):
    """A local linear surrogate (LIME). Made by :meth:`workbench.Run.lime`.

    Parameters
    ----------
    run_id : str
        The run.
    row : dict of str to object
        The row, plain values by feature.
    label : object
        The class whose probability is followed; None for a regression.
    unit : str
        Of all that follows: ``probability``, or the target's.
    weights : dict of str to float
        By column, strongest first. Of a number: what one more standard deviation adds. Of others, and where the row has
        no value: what the row's own value adds against all others.
    intercept : float
        The line at the row without what its categories add.
    line, prediction : float
        What the line says about the row, and what the model does.
    fidelity : float
        Weighted R² of the line on rows that it was not fitted on: 1 where it follows the model, 0 where it says no more
        than their mean, below where it says less.
    width : float
        Of the kernel: rows so far away count 1/e of the row itself.
    samples : int
        Rows that the model was asked about.
    findings : tuple of Finding
        WB239 where the fidelity is below 0.7.

    References
    ----------
    Ribeiro, M., Singh, S. and Guestrin, C. (2016), "Why should I trust you?" Explaining the predictions of any
    classifier.
    """

    run_id: str
    row: dict[str, Any]
    label: Any
    unit: str
    weights: dict[str, float]
    intercept: float
    line: float
    prediction: float
    fidelity: float
    width: float
    samples: int
    findings: tuple[Finding, ...] = ()

    def headline(self) -> str:
        """The three strongest columns, and how far the line may be believed."""
        return f"{', '.join(list(self.weights)[:3])} weigh most near this row; fidelity {self.fidelity:.2f}"

    def frame(self) -> pd.DataFrame:
        """One row a column, strongest first: its value and its weight."""
        rows = [{"column": name, "value": self.row[name], "weight": weight} for name, weight in self.weights.items()]
        return self._frame(rows)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return asdict(self)
