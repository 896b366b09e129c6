"""What columns add in groups of rows."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from workbench.core.shown import Shown
from workbench.core.wording import how_many

if TYPE_CHECKING:
    import pandas as pd

SURE = 0.05  # p-values up to here are told as differences


@dataclass(frozen=True)
class CohortValue:
    """What one column adds in one group of rows.

    Parameters
    ----------
    group : str
        Its name.
    column : str
        The column.
    rows : int
        Of the group.
    mean, low, high : float
        Mean value with its interval, in the explanation's unit: which way the column moves these rows.
    size, size_low, size_high : float
        Mean absolute value with its interval: how much it moves them.
    others : float
        Mean value in all other rows that were compared.
    p_value : float
        That it adds the same there (Welch's test), corrected for all groups and columns of the call (Holm).
    """

    group: str
    column: str
    rows: int
    mean: float
    low: float
    high: float
    size: float
    size_low: float
    size_high: float
    others: float
    p_value: float

    @property
    def differs(self) -> bool:
        """Whether it differs from the other rows by more than chance."""
        return self.p_value <= SURE


@dataclass(frozen=True)
class Cohorts(Shown):
    """What columns add in groups of rows. Made by :meth:`workbench.Explanation.cohorts`.

    Parameters
    ----------
    by : str
        What makes the groups.
    groups : dict of str to int
        Rows of each.
    values : tuple of CohortValue
        Group by group, columns in the order of their importance.
    unit : str
        Of the values.
    level : float
        Of the intervals.
    left_out : int
        Rows of groups that are too small to compare.
    """

    by: str
    groups: dict[str, int]
    values: tuple[CohortValue, ...]
    unit: str
    level: float
    left_out: int = 0

    @property
    def differences(self) -> tuple[CohortValue, ...]:
        """Those that differ by more than chance, the largest difference first."""
        sure = (one for one in self.values if one.differs)
        return tuple(sorted(sure, key=lambda one: -abs(one.mean - one.others)))

    def headline(self) -> str:
        """How many groups, and the largest sure difference."""
        said = f"{how_many(len(self.groups), 'group')} by {self.by}"
        if not self.differences:
            return f"{said}: no column adds another amount in one of them than in the others, beyond chance"
        most = self.differences[0]
        return (
            f"{said}: {most.column} adds {most.mean:+.3g} {self.unit} in {most.group}, {most.others:+.3g} in the "
            f"others (p {most.p_value:.2g})"
        )

    def frame(self) -> pd.DataFrame:
        """One row a group and column."""
        return self._frame([asdict(one) for one in self.values])

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return asdict(self)
