"""Within which values a row's answer stays as it is."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from workbench.core.shown import Shown
from workbench.core.wording import how_many, listed

if TYPE_CHECKING:
    import pandas as pd


MOMENT = "days since 1970"


@dataclass(frozen=True)
class Condition:
    """What all tests that a row met ask of one column.

    Parameters
    ----------
    column : str
        The original column; of days between two moments the first of them.
    of : str
        What is asked of it, where that is not its value: ``month``, ``weekday``, ``hour``, ``day of the month``,
        ``days since 1970``, ``number in the text``, ``days until COLUMN``. Else empty.
    low, high : float, optional
        A number above ``low``, and up to ``high``, meets them. None: that end is open, or it is no number.
    values : tuple, optional
        The categories that meet them; None for numbers.
    missing : bool
        Whether a missing value meets them.
    tests : int
        How many there were, in all trees.
    value : object
        The row's own value of the column.
    """

    column: str
    of: str
    low: float | None
    high: float | None
    values: tuple[Any, ...] | None
    missing: bool
    tests: int
    value: Any

    @property
    def subject(self) -> str:
        """What is asked, in words."""
        return f"{self.of} of {self.column}" if self.of not in ("", MOMENT) else self.column

    @property
    def only_missing(self) -> bool:
        """Whether no value meets the tests, and a missing one does."""
        if self.values is not None:
            return not self.values
        return self.low is not None and self.high is not None and self.low >= self.high

    @property
    def ends(self) -> tuple[str | None, str | None]:
        """What a value lies above, and up to what, as people read it."""
        low, high = (None if end is None else _end(end, self.of) for end in (self.low, self.high))
        return low, high

    def __str__(self) -> str:
        if self.only_missing:
            return f"{self.subject} missing"
        asked = _between(self) if self.values is None else _choice(self.values)
        return f"{self.subject} {asked}{' or missing' if self.missing else ''}"


@dataclass(frozen=True)
class DecisionPath(Shown):
    """The conditions that one row meets on its way through all trees. Made by :meth:`workbench.Run.decision_path`.

    Every row that meets them all gets the same answer, whatever else it holds.

    Parameters
    ----------
    run_id : str
        The run.
    conditions : tuple of Condition
        In the order of the columns; columns that no tree asked about are not among them.
    free : tuple of str
        Features that no tree asked about: they may be anything.
    texts : tuple of str
        Columns of free text whose words were asked about; no condition says which.
    trees, tests : int
        Trees, and how many tests the row met in all of them.
    prediction : object
        The label or the number that is answered.

    References
    ----------
    Karimi, A., Barthe, G., Balle, B. and Valera, I. (2020), Model-agnostic counterfactual explanations, for what a path
    formula is; ``sklearn.tree.DecisionTreeClassifier.decision_path`` names the nodes of one tree.
    """

    run_id: str
    conditions: tuple[Condition, ...]
    free: tuple[str, ...]
    texts: tuple[str, ...]
    trees: int
    tests: int
    prediction: Any

    def headline(self) -> str:
        """Which columns were asked about, and which not."""
        asked = how_many(len(self.conditions), "condition")
        free = f"; {listed(self.free)} may be anything" if self.free else ""
        return f"{self.prediction}: {asked} from {how_many(self.tests, 'test')} in {how_many(self.trees, 'tree')}{free}"

    def frame(self) -> pd.DataFrame:
        """One row a condition."""
        told = [{"column": c.column, "value": c.value, "condition": str(c), "tests": c.tests} for c in self.conditions]
        return self._frame(told)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return asdict(self)


def _between(condition: Condition) -> str:
    low, high = condition.ends
    if low is None:
        return f"up to {high}"
    return f"above {low}" if high is None else f"above {low}, up to {high}"


def _end(number: float, of: str) -> str:
    """A number, or the moment that it is."""
    if of == MOMENT:
        return str(datetime(1970, 1, 1) + timedelta(days=number)).removesuffix(" 00:00:00")
    return f"{number:,.6g}"


def _choice(values: tuple[Any, ...]) -> str:
    if len(values) == 1:
        return f"is {values[0]}"
    return f"is one of {listed([str(value) for value in values])}"
