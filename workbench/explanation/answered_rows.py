"""The rows that fairness is told of: what came true of each, what the model answers, and how much it counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from workbench.core.arguments import described
from workbench.core.dataset import Dataset
from workbench.core.group_metrics import GroupMeasure, measures, of_many, of_numbers, of_two
from workbench.core.grouping import as_text
from workbench.core.run import Run
from workbench.core.wording import how_many, worded
from workbench.errors import BadParameter, BadTable, ColumnNotFound, shortened
from workbench.reading.dataset import dataset

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Answered:
    """Rows that the model has not seen.

    Parameters
    ----------
    run : Run
    table : pandas.DataFrame, shape (n, columns)
        Features and what is beside them.
    truth : pandas.Series, shape (n,)
    predicted : float array, shape (n,) or (n, classes)
        As :func:`workbench.core.scores.scores` takes it.
    weights : float array, shape (n,), optional
    place : int, optional
        Of the class whose rates are told, among the run's classes.
    """

    run: Run
    table: pd.DataFrame
    truth: pd.Series
    predicted: Numbers
    weights: Numbers | None
    place: int | None

    @property
    def label(self) -> Any:
        """The class whose rates are told; None where there is none."""
        return None if self.place is None else self.run.classes[self.place]

    @property
    def threshold(self) -> float:
        """From which probability on the second of two classes is answered."""
        return 0.5 if self.run.threshold is None else self.run.threshold

    @property
    def came(self) -> NDArray[np.bool_]:
        """Whether each row is of the class."""
        return (self.truth == self.label).to_numpy(dtype=bool)

    @property
    def probability(self) -> Numbers:
        """Of the class, shape (n,)."""
        if self.predicted.ndim == 2:
            return self.predicted[:, self.place]
        return self.predicted if self.place == 1 else 1 - self.predicted

    @property
    def answered(self) -> NDArray[np.bool_]:
        """Whether each row is answered as the class."""
        if self.predicted.ndim == 2:
            return np.asarray(self.predicted.argmax(axis=1) == self.place)
        second = self.predicted >= self.threshold
        return np.asarray(second if self.place == 1 else ~second)

    def measures(self) -> tuple[GroupMeasure, ...]:
        """What is told of each group."""
        return measures("binary" if self.place is not None else self.run.task, self.run.classes)

    def parts(self) -> Mapping[str, Numbers]:
        """What each row adds to the sums."""
        if self.place is not None:
            return of_two(self.came, self.answered, self.probability)
        if self.run.task == "regression":
            return of_numbers(self.truth, self.predicted)
        codes = pd.Index(self.run.classes).get_indexer(self.truth)
        return of_many(codes, self.predicted, len(self.run.classes))


def answered_rows(run: Run, data: Any, label: Any) -> Answered:
    """The held-out rows of a run, or others that it answers now.

    Raises
    ------
    BadParameter
        If the run kept no predictions, or has no such class.
    BadTable
        If the rows have no target, or one that is no class of the run.
    """
    place = _place(run, label)
    if data is not None:
        return _of_data(run, data, place)
    if run.held is None or run.holdout is None:
        raise BadParameter(
            "This run kept no predictions of its hold-out: it is of an older version. Train again with wb.train(data)."
        )
    name = run.contract.weight
    weights = run.holdout[name].to_numpy(dtype=float) if name is not None and name in run.holdout else None
    return Answered(run, run.holdout, run.holdout[str(run.contract.target)], np.asarray(run.held), weights, place)


def _place(run: Run, label: Any) -> int | None:
    """Of two classes the second by default; of more none, for no answer is the one that matters."""
    if label is None:
        return 1 if run.task == "binary" else None
    if run.task == "regression":
        raise BadParameter(f"A regression has no classes, got label={described(label)}. Leave it out.")
    known = {text: k for k, one in enumerate(run.classes) for text in (str(one), as_text(one))}
    place = known.get(_in_words(label))
    if place is None:
        classes = shortened(list(map(str, run.classes)))
        raise BadParameter(f"label= is no class of the target, got {described(label)}. Classes: {classes}.")
    return place


def _in_words(label: Any) -> str:
    """A label as text; nothing of what can be none."""
    plain = label.item() if isinstance(label, np.generic) else label
    can_be = isinstance(plain, (str, bool, float)) or (isinstance(plain, int) and abs(plain) < 2**63)
    return str(plain) if can_be else ""


def _of_data(run: Run, data: Any, place: int | None) -> Answered:
    rows = data if isinstance(data, Dataset) else dataset(data, contract=run.contract)
    table, target = rows.table, str(run.contract.target)
    absent = next((name for name in (*run.features, target) if name not in table), None)
    if absent is not None:
        raise ColumnNotFound.named(absent, map(str, table.columns))
    weight = run.contract.weight if run.contract.weight in table else None
    known = table[target].notna()
    if weight is not None:
        known &= table[weight] > 0
    table = table[known].reset_index(drop=True)
    if table.empty:
        raise BadTable(f"No row has a value of {target!r}. Give rows whose outcome is known.")
    features = table[list(run.features)]
    predicted = run.pipeline.predict(features) if run.task == "regression" else run.pipeline.predict_proba(features)
    predicted = np.asarray(predicted, dtype=float)
    predicted = predicted[:, 1] if run.task == "binary" else predicted
    weights = None if weight is None else table[weight].to_numpy(dtype=float)
    return Answered(run, table, _as_classes(run, table[target]), predicted, weights, place)


def _as_classes(run: Run, truth: pd.Series) -> pd.Series:
    if run.task == "regression":
        return truth.astype(float)
    known = {str(label): label for label in run.classes}
    found = truth.map(lambda value: known.get(str(value), known.get(f"{value:g}" if isinstance(value, float) else "")))
    strange = truth[found.isna()]
    if len(strange):
        raise BadTable(
            f"{worded(strange.iloc[0])} is no class of the run, in {how_many(len(strange), 'row')}. Classes: "
            f"{', '.join(known)}. Correct the column {truth.name!r}."
        )
    return found
