"""What a model answers about a row that somebody makes up, and what may be turned to make one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from workbench.core.sentences import Told, sentence

ControlKind = Literal["range", "choice", "yes or no", "date", "text"]


@dataclass(frozen=True)
class Control:
    """What somebody can turn: one column of a row, within its contract.

    Parameters
    ----------
    column : str
        Its name.
    kind : {"range", "choice", "yes or no", "date", "text"}
        *range*: a number between ``minimum`` and ``maximum``. *choice*: one of ``choices``.
    minimum, maximum : float or str, optional
        Usual ends: numbers in the column's unit, dates as ISO 8601. What lies outside is answered and flagged.
    step : float, optional
        By which a number moves: whole for whole numbers, else a round part of the range.
    choices : tuple of str
        Usual values of a category, most frequent first.
    missing_allowed : bool
        Whether the value may be left out.
    unit : str, optional
        Of the numbers.
    sensitive : bool
        Whether the values are kept out of logs.
    usual : object
        What most rows have: the median, or the most frequent value.
    """

    column: str
    kind: ControlKind
    minimum: float | str | None = None
    maximum: float | str | None = None
    step: float | None = None
    choices: tuple[str, ...] = ()
    missing_allowed: bool = True
    unit: str | None = None
    sensitive: bool = False
    usual: Any = None

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return {**asdict(self), "choices": list(self.choices)}


@dataclass(frozen=True)
class Answer:
    """What a model answers about one row, and why. Made by :meth:`workbench.explanation.what_if.WhatIf.ask`.

    Parameters
    ----------
    row : dict of str to object
        The row as it was read, plain values by column.
    prediction : object
        The label that is answered, or the number.
    probability : float, optional
        Of the explained class, in [0, 1]; None for a regression.
    probabilities : dict of str to float
        Of each class by its name; empty for a regression.
    label : object
        The explained class; None for a regression.
    threshold : float, optional
        Two classes: probability from which on the second is answered.
    output, base : float
        The model's own output, and what it is without any column, in ``unit``.
    unit : str
        Of output, base and values: ``log-odds``, ``probability`` or the target's.
    values : dict of str to float
        What each column added, as it stands in the row; ``base + sum(values)`` is the output.
    half_width : dict of str to float
        Of a model without tables, whose values are sampled: half of each one's 95% interval. Else empty.
    flags : tuple of str
        What is unusual, as the service has it: ``out_of_range:COLUMN``, ``unseen_category:COLUMN``,
        ``extra_column:COLUMN``.
    target : str
        Name of what is predicted.
    units : dict of str to str
        Of the columns and the target that have one.
    """

    row: dict[str, Any]
    prediction: Any
    probability: float | None
    probabilities: dict[str, float] = field(default_factory=dict)
    label: Any = None
    threshold: float | None = None
    output: float = 0.0
    base: float = 0.0
    unit: str = ""
    values: dict[str, float] = field(default_factory=dict)
    half_width: dict[str, float] = field(default_factory=dict)
    flags: tuple[str, ...] = ()
    target: str = ""
    units: dict[str, str] = field(default_factory=dict)

    @property
    def reasons(self) -> tuple[tuple[str, Any, float], ...]:
        """Column, its value and what it added, strongest first."""
        strongest = sorted(self.values.items(), key=lambda item: -abs(item[1]))
        return tuple((column, self.row.get(column), added) for column, added in strongest)

    def sentence(self, language: str = "en", *, names: Mapping[str, str] | None = None, most: int = 2) -> str:
        """One sentence that a customer could be told, as :meth:`workbench.Explanation.sentence` has it."""
        told = Told(
            self.target,
            self.label,
            float(self.prediction) if self.probability is None else self.probability,
            [one for one in self.reasons if abs(one[2]) > self.half_width.get(one[0], 0.0)],
            rises=self.output >= self.base,
            unit=self.units.get(self.target, ""),
            units=self.units,
            names=names or {},
        )
        return sentence(told, language, most)

    def headline(self) -> str:
        """The answer in one line."""
        if self.probability is None:
            return f"{self.prediction:,.6g} {self.unit}".rstrip()
        return f"{self.prediction} ({self.label}: {self.probability:.1%})"

    def __str__(self) -> str:
        return self.headline()

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return {**asdict(self), "flags": list(self.flags)}
