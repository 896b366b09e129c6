"""What a check may look at."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import pandas as pd

from workbench.core.contract import Contract
from workbench.core.dataset import Dataset
from workbench.core.finding import Finding
from workbench.core.profile import ColumnProfile


@dataclass(frozen=True)
class Seen:
    """A dataset with its statistics.

    Parameters
    ----------
    data : Dataset
        All rows.
    sample : pandas.DataFrame
        At most 20,000 of them, drawn with a fixed seed, in the table's order.
    columns : tuple of ColumnProfile
        Of all rows.
    associations : tuple of (str, str, float)
        Strongest pairs.
    duplicates : int
        Rows equal to an earlier one.
    """

    data: Dataset
    sample: pd.DataFrame
    columns: tuple[ColumnProfile, ...]
    associations: tuple[tuple[str, str, float], ...]
    duplicates: int

    @property
    def contract(self) -> Contract:
        """Kinds and roles."""
        return self.data.contract

    @property
    def used(self) -> Iterator[ColumnProfile]:
        """Columns that matter to a model: all but the ignored ones and the id."""
        return (c for c in self.columns if c.role not in ("ignored", "id"))

    @property
    def features(self) -> Iterator[ColumnProfile]:
        """Columns that a model would use."""
        return (c for c in self.columns if c.role == "feature")

    def __getitem__(self, name: str) -> ColumnProfile:
        return next(c for c in self.columns if c.name == name)


Check = Callable[[Seen], Iterable[Finding]]


def without(name: str) -> str:
    """The cure that leaves a column out."""
    return f"data = data.without({name!r})"


def known_after(name: str) -> str:
    """The cure that marks a column as known too late."""
    return f"data = data.known_after({name!r})"
