"""What would have to be different for another answer."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from workbench.core.finding import Finding
from workbench.core.shown import Shown
from workbench.core.wording import how_many, worded

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Change:
    """One column that is different.

    Parameters
    ----------
    column : str
        Its name.
    before, after : object
        Plain values; None where missing.
    """

    column: str
    before: Any
    after: Any

    def __str__(self) -> str:
        return f"{self.column} {_said(self.before)} → {_said(self.after)}"


@dataclass(frozen=True)
class Counterfactual:
    """One way to another answer.

    Parameters
    ----------
    changes : tuple of Change
        In the order of the columns; at most as many as were allowed.
    prediction : object
        The label or the number that the pipeline itself answers then.
    probability : float, optional
        Of the wanted class, in [0, 1], as the pipeline has it; None for a regression.
    distance : float
        From the row, in [0, 1]: Gower's, the mean over all columns of how far apart the values are.
    """

    changes: tuple[Change, ...]
    prediction: Any
    probability: float | None
    distance: float

    def __str__(self) -> str:
        sure = "" if self.probability is None else f" ({self.probability:.1%})"
        return f"{', '.join(map(str, self.changes))}: {_said(self.prediction)}{sure}"


@dataclass(frozen=True)
class Counterfactuals(Shown):
    """What would have to be different for another answer. Made by :meth:`workbench.Run.counterfactuals`.

    Parameters
    ----------
    row : dict of str to object
        The row that was asked about, plain values by feature.
    prediction : object
        What the model answers about it.
    probability : float, optional
        Of the wanted class; None for a regression.
    wanted : object
        The label, or of a regression the lowest and the highest number, None where that end is open.
    found : tuple of Counterfactual
        The fewest changes first, then the nearest.
    nearest : Counterfactual, optional
        Where none was found: what came nearest to the wanted answer with the allowed changes.
    kept : tuple of str
        Columns that were not allowed to change.
    most : int
        Columns that were allowed to change at once.
    tried : int
        Rows that the model was asked about.
    findings : tuple of Finding
        WB240 where none was found.

    References
    ----------
    Wachter, S., Mittelstadt, B. and Russell, C. (2018), Counterfactual explanations without opening the black box.
    Gower, J. (1971), A general coefficient of similarity and some of its properties.
    """

    row: dict[str, Any]
    prediction: Any
    probability: float | None
    wanted: Any
    found: tuple[Counterfactual, ...]
    nearest: Counterfactual | None
    kept: tuple[str, ...]
    most: int
    tried: int
    findings: tuple[Finding, ...] = ()

    def headline(self) -> str:
        """The first way, or that there is none and how far the best one gets."""
        if self.found:
            return f"{how_many(len(self.found), 'way')} to {wanted_words(self.wanted)}; the first: {self.found[0]}"
        reached = "" if self.nearest is None else f"; the nearest: {self.nearest}"
        return f"No way to {wanted_words(self.wanted)} with {how_many(self.most, 'change')}{reached}"

    def frame(self) -> pd.DataFrame:
        """One row for the row itself and for each way, one column a changed column, and what is answered."""
        names = dict.fromkeys(change.column for way in self.found for change in way.changes)
        own = {name: self.row[name] for name in names}
        rows = [_line(own, {}, self.prediction, self.probability, 0.0)]
        for way in self.found:
            after = {change.column: change.after for change in way.changes}
            rows.append(_line(own, after, way.prediction, way.probability, way.distance))
        return self._frame(rows)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return asdict(self)


def wanted_words(wanted: Any) -> str:
    """What was wanted, in words.

    >>> wanted_words("Yes"), wanted_words((200, None)), wanted_words((None, 5.5)), wanted_words((1, 2))
    ("'Yes'", 'at least 200', 'at most 5.5', '1 to 2')
    """
    if not isinstance(wanted, tuple):
        return worded(wanted)
    low, high = (None if end is None else f"{end:,.6g}" for end in wanted)
    if high is None:
        return f"at least {low}"
    return f"at most {high}" if low is None else f"{low} to {high}"


def _line(
    own: dict[str, Any], after: dict[str, Any], prediction: Any, sure: float | None, far: float
) -> dict[str, Any]:
    return {**own, **after, "prediction": prediction, "probability": sure, "distance": far}


def _said(value: Any) -> str:
    if value is None:
        return "missing"
    return f"{value:,.6g}" if isinstance(value, float) else str(value)
