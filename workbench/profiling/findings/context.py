"""What a check may look at, and what a check is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from workbench.core.contract import Contract
from workbench.core.finding import Finding
from workbench.core.profile import ColumnProfile

if TYPE_CHECKING:
    import pandas as pd

# Fewer values than these say nothing about a column.
FEWEST = 20


@dataclass(frozen=True)
class Context:
    """Statistics, and rows where there are any.

    Parameters
    ----------
    columns : tuple of ColumnProfile
        In the table's order.
    contract : Contract
        Roles and task.
    rows : int
        Rows of the table.
    pairs : tuple of (str, str, float)
        What goes together.
    duplicates : int, optional
        Rows equal to an earlier one.
    table, sample : pandas.DataFrame, optional
        All rows, and at most 20,000 of them; None for merged profiles.
    """

    columns: tuple[ColumnProfile, ...]
    contract: Contract
    rows: int
    pairs: tuple[tuple[str, str, float], ...] = ()
    duplicates: int | None = None
    table: pd.DataFrame | None = None
    sample: pd.DataFrame | None = None

    def features(self, *kinds: str) -> Iterator[ColumnProfile]:
        """Columns that a model would use, of these kinds (all by default), with enough values to judge."""
        for column in self.columns:
            if column.role == "feature" and column.count >= FEWEST and (not kinds or column.kind in kinds):
                yield column


class Check(Protocol):
    """A module with one check."""

    CODE: str
    TITLE: str

    def check(self, context: Context) -> Iterable[Finding]:
        """What it finds."""


def without(*names: str) -> str:
    """The cure that leaves columns out."""
    return f"data = data.without({', '.join(map(repr, names))})"
