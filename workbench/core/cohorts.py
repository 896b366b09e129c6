"""What columns add in groups of rows, and what two models weigh differently."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from workbench.core.late import late
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
class Cohorts:
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

    def __str__(self) -> str:
        return self.headline()

    def frame(self) -> pd.DataFrame:
        """One row a group and column."""
        frame: pd.DataFrame = late("Result.frame")([asdict(one) for one in self.values])
        return frame

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return asdict(self)


@dataclass(frozen=True)
class Weighed:
    """What one column adds to the same rows by two models.

    Parameters
    ----------
    segment : str
        The rows; ``all rows`` for all.
    column : str
        The column.
    rows : int
        Of the segment.
    one, other : float
        Mean absolute value by each: how much the column weighs; 0 for a column that a model does not use.
    difference, low, high : float
        ``other`` less ``one``, with its interval.
    push_one, push_other : float
        Mean value by each: which way the column moves these rows.
    p_value : float
        That it weighs the same and moves them the same way, row by row: the smaller p-value of two paired tests,
        corrected for all tests of the call (Holm).
    """

    segment: str
    column: str
    rows: int
    one: float
    other: float
    difference: float
    low: float
    high: float
    push_one: float
    push_other: float
    p_value: float

    @property
    def differs(self) -> bool:
        """Whether the models differ by more than chance."""
        return self.p_value <= SURE


@dataclass(frozen=True)
class SideBySide:
    """What two models weigh differently. Made by :meth:`workbench.Explanation.beside`.

    Parameters
    ----------
    run_ids : (str, str)
        The two runs.
    by : str, optional
        What makes the segments; None: all rows together.
    weights : tuple of Weighed
        Segment by segment, columns by their weight in either model.
    unit : str
        Of the weights.
    level : float
        Of the intervals.
    agreement : float
        Correlation of the two models' outputs over the rows, in [-1, 1].
    """

    run_ids: tuple[str, str]
    by: str | None
    weights: tuple[Weighed, ...]
    unit: str
    level: float
    agreement: float

    @property
    def differences(self) -> tuple[Weighed, ...]:
        """Those that differ by more than chance, the largest difference in weight first."""
        sure = (one for one in self.weights if one.differs)
        return tuple(sorted(sure, key=lambda one: -abs(one.difference)))

    def headline(self) -> str:
        """The column that the second model weighs most differently."""
        if not self.differences:
            return (
                f"Both models weigh all columns alike, as far as chance lets tell; outputs agree {self.agreement:.2f}"
            )
        most = self.differences[0]
        more = "more" if most.difference > 0 else "less"
        return (
            f"The second model weighs {most.column} {more} for {most.segment}: {most.other:.3g} instead of "
            f"{most.one:.3g} {self.unit} (p {most.p_value:.2g}); outputs agree {self.agreement:.2f}"
        )

    def __str__(self) -> str:
        return self.headline()

    def frame(self) -> pd.DataFrame:
        """One row a segment and column."""
        frame: pd.DataFrame = late("Result.frame")([asdict(one) for one in self.weights])
        return frame

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return asdict(self)
