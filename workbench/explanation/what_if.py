"""What if a row were another: the model's answer and its reasons, at once."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from workbench.core.contract import NUMERIC, Column, Kind
from workbench.core.counterfactual import Counterfactuals
from workbench.core.json_values import plain
from workbench.core.run import Run
from workbench.core.what_if import Answer, Control, ControlKind
from workbench.explanation.answering import Answering, Row
from workbench.explanation.counterfactuals import Search
from workbench.explanation.existing import as_typed, typed_column

# Steps that a slider's range is cut into, about.
STEPS = 200
# Values of a category that are offered.
MOST_CHOICES = 200
# Orders of the columns in which the reasons of a model without tables are sampled, with their reverses.
DRAWS = 12
NORMAL = 1.96


class WhatIf:
    """Rows that somebody makes up, and what a run's model answers about them; its tables are made once.

    Parameters
    ----------
    run : Run
        Made by :func:`workbench.train` or :func:`workbench.adopt`.
    label : object, optional
        The class that is explained: of two the second by default, of more the one that is answered.

    Attributes
    ----------
    controls : tuple of Control
        What may be turned: one a feature, in their order.

    Raises
    ------
    BadParameter
        If it is no run, or has no such class.
    Refused
        If the run's scores are of another pipeline than the one it holds.

    Examples
    --------
    >>> import workbench as wb
    >>> run = wb.train(wb.dataset("churn.csv", target="Churn"), candidates=["linear"])
    >>> what_if = run.what_if()
    >>> row = what_if.usual()
    >>> leaves, stays = (what_if.ask({**row, "tenure": months}) for months in (1, 70))
    >>> leaves.prediction, stays.prediction
    ('Yes', 'No')
    >>> what_if.ask({**row, "tenure": 200}).flags
    ('out_of_range:tenure',)
    """

    def __init__(self, run: Run, label: Any = None) -> None:
        self._answering = Answering.of(run, "WhatIf")
        self.run = self._answering.run
        answered = label is None and self.run.task == "multiclass"
        self._place = None if answered else self._answering.place(label)
        self.controls = tuple(_controls(self._answering))

    def ask(self, row: Row | int) -> Answer:
        """The model's answer about one row, and what each column added: exact values where the model has tables.

        Parameters
        ----------
        row : mapping, or int
            Every feature and its value as JSON has them: a missing value is None, a moment an ISO 8601 text. Or the
            position of a row in the hold-out.

        Raises
        ------
        BadRow
            If it breaks the contract: a column is missing, or its value is of another kind. What is only unusual is
            answered and flagged.
        """
        given = self._answering.row(row)
        checked = self._answering.checked(given)
        predicted = self._answering.predict(checked.columns)
        place = int(predicted[0].argmax()) if self._place is None else self._place
        return Answer(
            self._answering.plain(checked.columns),
            **self._told(predicted, place),
            **self._explained(checked.columns, place),
            flags=tuple(checked.flags[0]),
            target=str(self.run.contract.target),
            units={c.name: c.unit for c in self.run.contract.columns if c.unit},
        )

    def counterfactuals(self, row: Row | int, wanted: Any = None, **rules: Any) -> Counterfactuals:
        """What would have to be different for another answer, as :meth:`workbench.Run.counterfactuals` has it."""
        return self._search.find(row, wanted, **rules)

    @cached_property
    def _search(self) -> Search:
        return Search(self._answering)

    def row(self, position: int) -> dict[str, Any]:
        """A row of the hold-out by its position, as plain values by feature."""
        return self._answering.row(position)

    def usual(self) -> dict[str, Any]:
        """A row of what most rows have: medians and most frequent values."""
        return {control.column: control.usual for control in self.controls}

    def _told(self, predicted: Any, place: int) -> dict[str, Any]:
        run = self.run
        if not run.classes:
            return {"prediction": float(predicted[0, 0]), "probability": None}
        return {
            "prediction": run.classes[int(self._answering.decided(predicted)[0])],
            "probability": float(predicted[0, place]),
            "probabilities": {str(label): float(p) for label, p in zip(run.classes, predicted[0], strict=True)},
            "label": run.classes[place],
            "threshold": self._answering.cut if run.task == "binary" else None,
        }

    def _explained(self, columns: dict[str, Any], place: int) -> dict[str, Any]:
        tables = self._answering.tables
        if tables is None:
            return self._sampled(columns, place)
        values, base = tables.explain_class(columns, place if self.run.task == "multiclass" else 0)
        if self.run.task == "binary" and not place:
            values, base = -values, (1.0 if tables.unit == "probability" else 0.0) - base
        return {
            "values": dict(zip(self.run.features, values[0].tolist(), strict=True)),
            "base": float(base),
            "output": float(base + values[0].sum()),
            "unit": tables.unit or self._answering.unit,
        }

    def _sampled(self, columns: dict[str, Any], place: int) -> dict[str, Any]:
        """Of a model without tables: values from a few orders of the columns and their reverses, in one batch."""
        answering, random = self._answering, np.random.default_rng(self.run.seed)
        features, others = self.run.features, self.run.usual
        orders = np.array([random.permutation(len(features)) for _ in range(DRAWS)])
        turns = np.argsort(np.stack([orders, orders[:, ::-1]], axis=1), axis=2)
        others = others.iloc[random.integers(len(others), size=DRAWS)]
        own = np.arange(len(features) + 1)[:, None] > turns[:, :, None, :]
        batch = {
            name: _exchanged(columns[name][0], typed_column(others[name]), own[..., j])
            for j, name in enumerate(features)
        }
        scores = answering.scores(batch, place).reshape(own.shape[:3])
        steps = np.take_along_axis(np.diff(scores, axis=2), turns, axis=2).mean(axis=1)
        values, half = steps.mean(axis=0), NORMAL * steps.std(axis=0, ddof=1) / DRAWS**0.5
        return {
            "values": dict(zip(features, values.tolist(), strict=True)),
            "half_width": dict(zip(features, half.tolist(), strict=True)),
            "base": float(scores[:, 0, 0].mean()),
            "output": float(scores[0, 0, -1]),
            "unit": answering.unit,
        }


def _exchanged(own: Any, others: NDArray[Any], taken: NDArray[np.bool_]) -> NDArray[Any]:
    """A column of rows that are the row's own where ``taken``, shape (draws, ways, steps), else another row's."""
    column = np.broadcast_to(others[:, None, None], taken.shape).copy()
    column[taken] = as_typed([own], others.dtype)[0]
    return column.ravel()


def what_if(run: Run, label: Any = None) -> WhatIf:
    """Rows that somebody makes up, and what the model answers about them at once, with its reasons.

    Parameters
    ----------
    run : Run
        Made by :func:`workbench.train` or :func:`workbench.adopt`.
    label : object, optional
        The class that is explained: of two the second by default, of more the one that is answered.

    Raises
    ------
    BadParameter
        If there is no such class, or the run kept no hold-out.
    Refused
        If the run's scores are of another pipeline than the one it holds.
    """
    return WhatIf(run, label)


def _controls(answering: Answering) -> Iterator[Control]:
    for name in answering.run.features:
        yield _control(answering.run.contract[name], answering.table[name])


def _control(column: Column, values: pd.Series) -> Control:
    present = values.dropna()
    return Control(
        column.name,
        _KINDS[column.kind],
        **_ends(column, present),
        choices=_choices(column, present) if column.kind == "category" else (),
        missing_allowed=column.missing_allowed,
        unit=column.unit,
        sensitive=column.sensitive,
        usual=_usual(column, present),
    )


_KINDS: dict[Kind, ControlKind] = {
    "number": "range",
    "integer": "range",
    "boolean": "yes or no",
    "datetime": "date",
    "category": "choice",
    "text": "text",
}


def _ends(column: Column, present: pd.Series) -> dict[str, Any]:
    """The usual range and step: the contract's, else those of the hold-out; nothing where there is no order."""
    if column.kind not in (*NUMERIC, "datetime"):
        return {}
    low = plain(present.min()) if column.minimum is None else column.minimum
    high = plain(present.max()) if column.maximum is None else column.maximum
    if column.kind == "datetime" or low is None or high is None:
        return {"minimum": low, "maximum": high}
    step = 1.0 if column.kind == "integer" else step_of(low, high)
    return {"minimum": float(low), "maximum": float(high), "step": step}


def step_of(low: float, high: float) -> float:
    """A round step, 1, 2 or 5 times a power of ten, that cuts a range into about 200.

    Examples
    --------
    >>> step_of(0, 100), step_of(0.0, 0.31), step_of(0, 90_000), step_of(3, 3)
    (0.5, 0.002, 500.0, 1.0)
    """
    if not (high > low and math.isfinite(high - low)):
        return 1.0
    raw = (high - low) / STEPS
    power = 10.0 ** math.floor(math.log10(raw))
    return float(f"{min((1, 2, 5, 10), key=lambda m: abs(math.log(m * power / raw))) * power:.3g}")


def _choices(column: Column, present: pd.Series) -> tuple[str, ...]:
    """Usual values, the most frequent first."""
    seen = {str(value): place for place, value in enumerate(present.value_counts().index)}
    usual = tuple(seen) if column.categories is None else column.categories
    return tuple(sorted(usual, key=lambda value: seen.get(value, len(seen))))[:MOST_CHOICES]


def _usual(column: Column, present: pd.Series) -> Any:
    """The value that stands in the middle of those that have an order; of others the most frequent."""
    if present.empty:
        return None
    if column.kind in (*NUMERIC, "datetime"):
        return plain(present.sort_values(ignore_index=True).iloc[len(present) // 2])
    most = plain(present.mode().iloc[0])
    return bool(most) if column.kind == "boolean" else most
