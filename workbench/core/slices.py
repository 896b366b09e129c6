"""Slices that somebody chose: how a model answers parts of the hold-out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from workbench.core.evaluation import Slice
from workbench.core.metric import Metric
from workbench.core.result import Result

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Slices(Result):
    """How a run's model answers parts of the rows that it has not seen. Made by :meth:`workbench.Run.slices`.

    Parameters
    ----------
    run : str
        Id of the run.
    rows : int
        Of the hold-out that were looked at.
    loss : str
        What a slice's ``loss`` is: ``log loss``, or ``absolute error`` in the target's unit.
    overall : Metric, optional
        The deciding score of all these rows.
    slices : tuple of Slice
        Column by column. ``p_value`` is two-sided, corrected for all slices of this call (Holm).
    bins : dict of str to tuple of float
        Where a number's parts begin, of the columns for which somebody said so.
    """

    run: str
    rows: int
    loss: str
    overall: Metric | None
    slices: tuple[Slice, ...]
    bins: dict[str, tuple[float, ...]] = field(default_factory=dict)

    noun: ClassVar[str] = "slices"

    def headline(self) -> str:
        """How many slices, and the one that differs most surely."""
        said = f"{len(self.slices)} slices of {self.rows:,} held-out rows"
        sure = [one for one in self.slices if one.p_value < 0.1]
        if not sure:
            return f"{said}: none differs by more than chance"
        most = min(sure, key=lambda one: one.p_value)
        kind = "worse" if most.loss > most.others else "better"
        return f"{said}: {most.column} {most.value} is {kind} than the rest, p {most.p_value:.2g}"

    @property
    def by_column(self) -> Mapping[str, tuple[Slice, ...]]:
        """The slices of each column, or of columns together."""
        names = dict.fromkeys(one.column for one in self.slices)
        return {name: tuple(one for one in self.slices if one.column == name) for name in names}

    def frame(self) -> pd.DataFrame:
        """One row a slice: rows, score with its interval, loss, its difference to the rest, p-value."""
        return self._frame([_row(one) for one in self.slices])

    def results(self) -> dict[str, Any]:
        """Of each slice its rows, loss and score."""
        return {
            column: {
                one.value: {"rows": one.rows, "loss": one.loss, "score": one.score and one.score.value} for one in its
            }
            for column, its in self.by_column.items()
        }

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return asdict(self)

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Slices:
        """Read what :meth:`to_dict` wrote."""
        overall, slices = content["overall"], tuple(Slice.from_dict(one) for one in content["slices"])
        bins = {name: tuple(edges) for name, edges in content.get("bins", {}).items()}
        return cls(**{**content, "overall": overall and Metric.from_dict(overall), "slices": slices, "bins": bins})


def _row(one: Slice) -> dict[str, Any]:
    score = one.score
    told = {} if score is None else {score.name: score.value, "low": score.low, "high": score.high}
    return {
        "column": one.column, "value": one.value, "rows": one.rows, **told, "loss": one.loss,
        "difference": one.loss - one.others, "difference_low": one.low, "difference_high": one.high,
        "p_value": one.p_value,
    }  # fmt: skip
