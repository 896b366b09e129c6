"""Parts of the rows whose score is followed by itself: those that somebody chose, or that the run found to be worse."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from workbench.core.grouping import Grouping
from workbench.core.metric import Metric
from workbench.core.saved import Saved

FILE = "segments.json"


@dataclass(frozen=True)
class Segment:
    """Rows with one value of a column, or in one part of its range.

    Parameters
    ----------
    column, value : str
        As slices name them.
    rows : int
        How many were scored.
    score : Metric
        The deciding one, with its interval.
    reference : Metric, optional
        What it was in training; None of that itself.
    differs : bool
        Whether it lost more than all rows together did, beyond chance.
    p_value : float, optional
        Of that, before any correction, in [0, 1].
    """

    column: str
    value: str
    rows: int
    score: Metric
    reference: Metric | None = None
    differs: bool = False
    p_value: float | None = None

    @property
    def name(self) -> str:
        """Column and value."""
        return f"{self.column} {self.value}"

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Segment:
        """Read what ``dataclasses.asdict`` wrote."""
        score, before = Metric.from_dict(content["score"]), content.get("reference")
        return cls(**{**content, "score": score, "reference": before and Metric.from_dict(before)})


@dataclass(frozen=True)
class Segments(Saved):
    """The segments of a bundle, with their scores in training.

    Parameters
    ----------
    by : tuple of Grouping
        How rows are told apart, one a column.
    told : tuple of Segment
        On the hold-out.
    """

    by: tuple[Grouping, ...]
    told: tuple[Segment, ...]

    noun: ClassVar[str] = "segments"

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return asdict(self)

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Segments:
        """Read what :meth:`to_dict` wrote."""
        by = tuple(Grouping.from_dict(one) for one in content["by"])
        return cls(by, tuple(Segment.from_dict(one) for one in content["told"]))
