"""Answers of a model that show themselves in a notebook: a line, and a table."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from workbench.core.finding import Finding
from workbench.core.late import late

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go


class Shown(ABC):
    """Base of what a run or an explanation answers when it is asked: plain frozen data with a line and a table."""

    findings: tuple[Finding, ...] = ()

    @abstractmethod
    def headline(self) -> str:
        """One line that says the main thing."""

    @abstractmethod
    def frame(self) -> pd.DataFrame:
        """The numbers as a table."""

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""

    def __str__(self) -> str:
        return self.headline()

    def plot(self, kind: str | None = None) -> go.Figure:
        """An interactive figure of an effect, a joint effect or interactions.

        Parameters
        ----------
        kind : str, optional
            Of an effect ``"pdp"`` or ``"ale"``, by default the one that may be read; of a joint effect ``"together"``,
            the default, or ``"interaction"``.

        Raises
        ------
        BadParameter
            If there is no such kind, or nothing to draw.
        """
        return late("Shown.plot")(self, kind)

    def _frame(self, rows: Any, columns: Any = None) -> pd.DataFrame:
        """A table of plain rows; pandas is loaded where somebody asks for one."""
        return late("Result.frame")(rows, columns=columns)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        """Headline, findings and the table, for a notebook's output."""
        return late("Shown._repr_mimebundle_")(self, include, exclude)
