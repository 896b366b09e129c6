"""A comparison of two explanations: which columns weigh otherwise by more than chance, overall and by segment."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from workbench.core.finding import Finding
from workbench.core.result import Result
from workbench.errors import ColumnNotFound

if TYPE_CHECKING:
    import pandas as pd

Pair = tuple[float, float]


@dataclass(frozen=True)
class ReasonDifference:
    """How one column's values differ between two explanations, in all rows or in a segment.

    Parameters
    ----------
    column : str
        Its name in both.
    segment : str, optional
        The rows that are compared; None for all of them.
    rows : (int, int)
        How many, of the reference and now.
    importance : (float, float)
        Mean absolute value, in the explanations' unit.
    low, high : float
        95% interval of the difference of the two, now less before.
    mean : (float, float)
        Mean value, with its sign.
    rank : (int, int)
        Place by importance, from 1.
    direction : (float, float) or None
        Rank correlation of what the column holds and what it adds, in [-1, 1]; None where it holds no numbers.
    effect : float
        How far the two distributions of values are apart (Kolmogorov-Smirnov), in [0, 1].
    p_value : float
        Corrected for the tests of all columns and segments (Holm), in [0, 1].
    differs : bool
        True: by more than chance.
    parts : tuple of (float, float)
        Share of the values in equal parts of their common range, of both (in a window: in parts of as many rows of the
        reference each); empty for segments.
    important : bool
        True: it differs, and by enough to matter. Only windows of a monitor are judged so.
    """

    column: str
    segment: str | None
    rows: tuple[int, int]
    importance: Pair
    low: float
    high: float
    mean: Pair
    rank: tuple[int, int]
    direction: Pair | None
    effect: float
    p_value: float
    differs: bool
    parts: tuple[Pair, ...] = ()
    important: bool = False

    @property
    def turned(self) -> bool:
        """Whether more of the column spoke for the label, and now speaks against it, or the other way round."""
        before, now = self.direction or (0.0, 0.0)
        return min(abs(before), abs(now)) >= 0.3 and before * now < 0

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> ReasonDifference:
        """Read what ``dataclasses.asdict`` wrote."""
        pairs = ("rows", "importance", "mean", "rank")
        direction = content["direction"]
        return cls(
            **{
                **content,
                **{name: tuple(content[name]) for name in pairs},
                "direction": direction and tuple(direction),
                "parts": tuple(tuple(pair) for pair in content["parts"]),
            }
        )


@dataclass(frozen=True)
class ExplanationComparison(Result):
    """Two explanations, column by column. Made by :meth:`workbench.Explanation.compare`.

    Parameters
    ----------
    run_ids : (str, str)
        The runs that were explained: one and the same where rows are compared, two where models are.
    rows : (int, int)
        Explained rows of both.
    unit : str
        Of the values.
    label : object
        The class that both explain; None for a regression.
    differences : tuple of ReasonDifference
        Those that differ by more than chance first, strongest change of importance first; all rows before segments.
    rate : float
        The chance that a comparison of two samples of one population calls anything different, in (0, 1).
    by : str, optional
        The column whose values make the segments.
    only_reference, only_current : tuple of str
        Columns that the other one lacks.
    findings : tuple of Finding
        What somebody should look at.
    """

    run_ids: tuple[str, str]
    rows: tuple[int, int]
    unit: str
    label: Any
    differences: tuple[ReasonDifference, ...]
    rate: float
    by: str | None = None
    only_reference: tuple[str, ...] = ()
    only_current: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()

    noun: ClassVar[str] = "explanation_comparison"

    def __iter__(self) -> Iterator[ReasonDifference]:
        """All rows, column by column."""
        return (d for d in self.differences if d.segment is None)

    def __getitem__(self, column: str) -> ReasonDifference:
        for difference in self:
            if difference.column == column:
                return difference
        raise ColumnNotFound.named(column, (d.column for d in self))

    @property
    def differing(self) -> tuple[str, ...]:
        """Columns that weigh otherwise by more than chance over all rows, strongest change first."""
        return tuple(d.column for d in self if d.differs)

    @property
    def segments(self) -> tuple[str, ...]:
        """The segments that were compared."""
        return tuple(dict.fromkeys(d.segment for d in self.differences if d.segment is not None))

    def headline(self) -> str:
        """How many columns weigh otherwise, in one line."""
        what = "sets of rows" if self.run_ids[0] == self.run_ids[1] else "models"
        many, of = len(self.differing), len(tuple(self))
        return f"{many} of {of} columns weigh otherwise by more than chance between the two {what}"

    def frame(self) -> pd.DataFrame:
        """One row a column and segment: importance, mean and rank of both, effect, p-value."""
        return self._frame([_row(d) for d in self.differences])

    def results(self) -> dict[str, Any]:
        """Of each column both importances."""
        return {one.column: {"before": one.importance[0], "now": one.importance[1]} for one in self}

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return asdict(self)

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> ExplanationComparison:
        """Read what :meth:`to_dict` wrote."""
        lists = ("run_ids", "rows", "only_reference", "only_current")
        return cls(
            **{
                **content,
                **{name: tuple(content[name]) for name in lists},
                "differences": tuple(ReasonDifference.from_dict(d) for d in content["differences"]),
                "findings": tuple(Finding.from_dict(f) for f in content["findings"]),
            }
        )


def _row(one: ReasonDifference) -> dict[str, Any]:
    return {
        "column": one.column, "segment": one.segment, "before": one.importance[0], "now": one.importance[1],
        "low": one.low, "high": one.high, "mean_before": one.mean[0], "mean_now": one.mean[1],
        "rank_before": one.rank[0], "rank_now": one.rank[1], "turned": one.turned, "effect": one.effect,
        "p_value": one.p_value, "differs": one.differs,
    }  # fmt: skip
