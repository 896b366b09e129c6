"""What every result can do: show itself, become plain data, be saved and loaded."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

from workbench.core.finding import Finding
from workbench.core.late import late
from workbench.core.saved import Saved

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

MIME = "application/vnd.workbench+json"


class Result(Saved, ABC):
    """Base of the nouns: frozen plain data with the same few methods.

    A subclass gives ``noun``, ``format_version``, :meth:`to_dict`, :meth:`from_dict`, :meth:`frame`,
    :meth:`headline` and has ``findings``.
    """

    findings: tuple[Finding, ...] = ()

    @abstractmethod
    def headline(self) -> str:
        """One line that says the main thing."""

    @abstractmethod
    def frame(self) -> pd.DataFrame:
        """The numbers as a table, one row a thing."""

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data, without ``format_version``."""

    @classmethod
    @abstractmethod
    def from_dict(cls, content: dict[str, Any]) -> Self:
        """Read what :meth:`to_dict` wrote."""

    def record(self) -> dict[str, Any]:
        """The short machine-readable record that a notebook's output carries: noun, headline, findings, main numbers.

        What stands for it as a parameter is there, too. Kept small on purpose; the whole result is what :meth:`save`
        writes. Two runs of one notebook are compared by it, so what differs each time is named by :meth:`passing`.
        """
        more: dict[str, Any] = {
            "results": self.results(),
            "origin": self.origin(),
            "passing": list(self.passing()),
            "parameter": self.as_parameter(),
        }
        return {
            "noun": self.noun,
            "format_version": self.format_version,
            "headline": self.headline(),
            "findings": [{"code": f.code, "severity": f.severity, "column": f.column} for f in self.findings],
            **{name: told for name, told in more.items() if told},
        }

    def as_parameter(self) -> str | None:
        """What stands for it where a notebook is given it: a run's id, a bundle's folder; None where nothing does."""
        return None

    def results(self) -> dict[str, Any]:
        """The main numbers and answers, by name and nested: what the same code finds again on the same data."""
        return {}

    def origin(self) -> dict[str, Any]:
        """What it was made of, as far as it knows: *source*, *fingerprint* and *rows* of a table, and a *seed*."""
        return {}

    def passing(self) -> tuple[str, ...]:
        """Texts in its headline and page that are others each time it is made, such as the version of a bundle.

        Moments of now, random ids and addresses need not be told: :mod:`workbench.jobs.comparison.volatile` knows them.
        """
        return ()

    def plot(self, *args: Any, **kwargs: Any) -> go.Figure:
        """An interactive figure of the result; arguments as the figure of the noun takes them."""
        return late("Result.plot")(self, *args, **kwargs)

    def page(self) -> str:
        """The result as an HTML page of one file, which a browser shows without a server."""
        return late("Result.page")(self)

    def _frame(self, rows: Any, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """A table of plain rows; pandas is loaded where somebody asks for one."""
        return late("Result.frame")(rows, columns=columns)

    def __str__(self) -> str:
        return self.headline()

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        """Headline, page fragment and :meth:`record`, for a notebook's output."""
        return late("Result._repr_mimebundle_")(self, include, exclude)
