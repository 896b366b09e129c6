"""What a check may look at, and what a check is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from workbench.core.contract import Contract
from workbench.core.finding import Finding
from workbench.core.literals import Code, assigned, call
from workbench.core.profile import Association, ColumnProfile

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

# What texts may mean that are numbers and dates in truth; WB109 tells them.
AMOUNTS = ("amounts of money", "percentages", "numbers with units")
COMMAS = "numbers with a decimal comma"
THOUSANDS = "numbers with thousands separators"
DATES = "dates kept as text"
MEASURES = (*AMOUNTS, COMMAS, THOUSANDS, DATES)
# Fewer values than these say nothing about a column.
FEWEST = 20


@dataclass(frozen=True)
class Gaps:
    """Rows in which two columns have no value, for every two columns.

    Parameters
    ----------
    names : tuple of str, length p
    both : numpy.ndarray, shape (p, p)
        On the diagonal the gaps of the column itself.
    """

    names: tuple[str, ...]
    counts: np.ndarray

    def both(self, a: str, b: str) -> int:
        """Rows in which ``a`` and ``b`` are missing."""
        return int(self.counts[self._at[a], self._at[b]])

    def same(self, a: str, b: str) -> bool:
        """Whether ``a`` and ``b`` are missing in exactly the same rows."""
        return self.both(a, a) == self.both(b, b) == self.both(a, b)

    @cached_property
    def _at(self) -> dict[str, int]:
        return {name: i for i, name in enumerate(self.names)}


@dataclass(frozen=True)
class SampledGaps:
    """The same of a wide table, by its sample: exact where the sample has all rows.

    Parameters
    ----------
    empty : mapping of str to numpy.ndarray, shape (n,)
        Whether the column has no value in a sampled row.
    rows : int
        Rows of the table.
    """

    empty: Mapping[str, np.ndarray]
    rows: int

    def both(self, a: str, b: str) -> int:
        """Rows in which ``a`` and ``b`` are missing, extrapolated to the table."""
        marks = self.empty[a] & self.empty[b]
        return round(int(marks.sum()) * self.rows / max(len(marks), 1))

    def same(self, a: str, b: str) -> bool:
        """Whether ``a`` and ``b`` are missing in exactly the same of these rows."""
        return bool((self.empty[a] == self.empty[b]).all())


@dataclass(frozen=True)
class Context:
    """Statistics of all rows, and some rows where there are any.

    Parameters
    ----------
    columns : tuple of ColumnProfile
        In the table's order.
    contract : Contract
        Roles and task.
    rows : int
        Rows of the table.
    associations : tuple of Association
        What goes together.
    duplicates : int, optional
        Rows equal to an earlier one.
    gaps : Gaps or SampledGaps, optional
        What is missing together.
    equal : tuple of (str, str)
        Columns with the same value in every row.
    sample : polars.DataFrame, optional
        At most 20,000 rows in the table's order, in their types; None for merged profiles.
    raw : polars.DataFrame, optional
        The same rows as they came: numbers and dates that are kept as text are text here, nested values nested.
    pairs_left_out : int
        Pairs of columns that were not looked at.
    """

    columns: tuple[ColumnProfile, ...]
    contract: Contract
    rows: int
    associations: tuple[Association, ...] = ()
    duplicates: int | None = None
    gaps: Gaps | SampledGaps | None = None
    equal: tuple[tuple[str, str], ...] = ()
    sample: pl.DataFrame | None = None
    raw: pl.DataFrame | None = None
    pairs_left_out: int = 0

    def features(self, *kinds: str) -> Iterator[ColumnProfile]:
        """Columns that a model would use, of these kinds (all by default), with enough values to judge."""
        for column in self.columns:
            if column.role == "feature" and column.count >= FEWEST and (not kinds or column.kind in kinds):
                yield column


class Check(Protocol):
    """A module with one check; its code stands for title and meaning in ``core/codes.py``."""

    CODE: str

    def check(self, context: Context) -> Iterable[Finding]:
        """What it finds."""


def without(*names: str) -> Code:
    """The cure that leaves columns out."""
    return assigned("data", call("data.without", *names))
