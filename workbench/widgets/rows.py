"""One prediction after another: a number to turn, and the row's reasons below it."""

from __future__ import annotations

from typing import Any

from ipywidgets import HTML, BoundedIntText, VBox

from workbench.core.explanation import Explanation
from workbench.display.explanation import html
from workbench.errors import BadParameter


class Rows(VBox):
    """Look through the explained rows of an explanation.

    A saved notebook, or one that ran as a job, shows the row that was chosen when the cell ran.

    Parameters
    ----------
    explanation : Explanation
        With at least one row.
    row : int
        The row to begin with, from 0.

    Raises
    ------
    BadParameter
        If there is no such row.

    Examples
    --------
    >>> import workbench as wb
    >>> run = wb.train(wb.dataset("churn.csv", target="Churn"), candidates=["linear"])
    >>> Rows(wb.explain(run, rows=20)).row
    0
    """

    def __init__(self, explanation: Explanation, row: int = 0) -> None:
        last = len(explanation.values) - 1
        if not 0 <= row <= last:
            raise BadParameter(
                f"Row {row} is not explained: there are {last + 1} rows, numbered from 0. Choose one of them."
            )
        self._explanation = explanation
        self._view = HTML(html(explanation, row))
        self._choice = BoundedIntText(value=row, min=0, max=last, description="Row", tooltip=f"0 to {last}")
        self._choice.observe(self._show, "value")
        super().__init__([self._choice, self._view])

    @property
    def row(self) -> int:
        """The row that is shown."""
        return int(self._choice.value)

    @row.setter
    def row(self, row: int) -> None:
        self._choice.value = row

    def _show(self, change: Any) -> None:
        self._view.value = html(self._explanation, change["new"])

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        """The live widget, and the same as plain HTML for a reader without a kernel."""
        bundle = super()._repr_mimebundle_(**kwargs)
        return {**bundle, "text/plain": self._explanation.headline(), "text/html": html(self._explanation, self.row)}
