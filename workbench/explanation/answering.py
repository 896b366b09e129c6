"""A run's model, ready to answer any rows: by its tables where it has some, else by its pipeline."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController

from workbench.compiling.pipeline import compile_pipeline
from workbench.core.checking import Checked, Checker
from workbench.core.contract import Column
from workbench.core.json_values import plain
from workbench.core.labels import place_of_label
from workbench.core.nouns import expect
from workbench.core.run import Run
from workbench.core.wording import how_many, listed_values
from workbench.errors import BadParameter, BadRow, CannotCompile
from workbench.tables.compiled import Columns, CompiledModel

Numbers = NDArray[np.float64]
Row = Mapping[str, Any]
# Probability from which the second class is answered where nobody chose another.
HALF = 0.5
# For so few rows threads cost more than they save: on a busy machine a hundred times as much.
FEW_ROWS = 1000
# Tables of pipelines that were asked for, as long as somebody holds the pipeline.
_TABLES: WeakKeyDictionary[Any, CompiledModel | None] = WeakKeyDictionary()


@dataclass(frozen=True, eq=False)
class Answering:
    """What a run's model answers about rows, many at once.

    Parameters
    ----------
    run : Run
        With its pipeline and its hold-out.
    tables : CompiledModel, optional
        Its tables; None where it has none, and the pipeline answers.
    """

    run: Run
    tables: CompiledModel | None

    @classmethod
    def of(cls, run: Any, verb: str) -> Answering:
        """The answering model of a run, whose tables are made once.

        Raises
        ------
        BadParameter
            If it is no run, or one of an older version that kept no hold-out.
        Refused
            If the run's scores are of another pipeline than the one it holds.
        """
        checked = expect(run, Run, verb).checked()
        if checked.holdout is None or checked.pipeline is None:
            raise BadParameter(f"{verb} needs the run's pipeline and hold-out, and this run kept none. Train it again.")
        return cls(checked, _tables(checked))

    @property
    def table(self) -> pd.DataFrame:
        """The features of the hold-out, shape (rows, p)."""
        return self.run.holdout[list(self.run.features)]

    @property
    def cut(self) -> float:
        """Probability from which on the second class is answered."""
        return HALF if self.run.threshold is None else self.run.threshold

    @property
    def unit(self) -> str:
        """Of :meth:`scores`: ``probability``, or the target's own."""
        target = str(self.run.contract.target)
        return "probability" if self.run.classes else self.run.contract[target].unit or f"units of {target}"

    def predict(self, columns: Columns) -> Numbers:
        """Probabilities of all classes, shape (rows, classes), or numbers, shape (rows, 1)."""
        if self.tables is None:
            return self.by_pipeline(columns)
        told = np.asarray(self.tables.predict(columns), dtype=float)
        return np.column_stack([1.0 - told, told]) if self.run.task == "binary" else told.reshape(len(told), -1)

    def by_pipeline(self, columns: Columns) -> Numbers:
        """The same by the fitted pipeline itself.

        Raises
        ------
        BadParameter
            If it refuses a row, as many models do a missing value.
        """
        frame, pipeline = self.frame(columns), self.run.pipeline
        with _threads().limit(limits=1) if len(frame) <= FEW_ROWS else nullcontext():
            try:
                told = pipeline.predict_proba(frame) if self.run.classes else pipeline.predict(frame)
            except ValueError as error:
                raise BadParameter(
                    f"The pipeline itself refuses such a row: {error}. Give values that it takes."
                ) from error
        return np.asarray(told, dtype=float).reshape(len(frame), -1)

    def scores(self, columns: Columns, place: int = 0) -> Numbers:
        """Probability of one class, or the number that is predicted, shape (rows,)."""
        return self.predict(columns)[:, place]

    def decided(self, predicted: Numbers) -> NDArray[np.intp]:
        """Place of the class that is answered, shape (rows,); by the threshold where there are two."""
        if self.run.task == "binary":
            return (predicted[:, 1] >= self.cut).astype(np.intp)
        return predicted.argmax(axis=1)

    def place(self, label: Any = None) -> int:
        """Place of a class among the run's: of two the second by default, of more the most probable in the hold-out.

        Raises
        ------
        BadParameter
            If there is no such class, or the run has none.
        """
        classes = self.run.classes
        if label is None:
            return self._usual_place if classes else 0
        place = place_of_label(label, classes)
        if place is None:
            known = f"one of {listed_values(classes)}" if classes else "None: a regression has no classes"
            raise BadParameter(f"label is {known}; got {listed_values([label])}.")
        return place

    @cached_property
    def _usual_place(self) -> int:
        if self.run.task == "binary":
            return 1
        return int(np.bincount(self.predict(self.table).argmax(axis=1)).argmax())

    @cached_property
    def checker(self) -> Checker:
        """The check of a row against the contract, as the service has it."""
        return Checker(self.run.contract, self.run.features)

    def checked(self, row: Row | int) -> Checked:
        """One row's clean values and what is unusual about them.

        Parameters
        ----------
        row : mapping, or int
            Column to value, or the position of a row in the hold-out; negative from its end.

        Raises
        ------
        BadRow
            If it breaks the contract.
        BadParameter
            If there is no such row.
        """
        checked = self.checker([self.row(row)])
        if checked.problems:
            raise BadRow(checked.problems)
        return checked

    def row(self, row: Row | int) -> dict[str, Any]:
        """A row as plain values by column, whether it was given or is of the hold-out."""
        if isinstance(row, (int, np.integer)) and not isinstance(row, bool):
            many = len(self.run.holdout)
            if not -many <= row < many:
                raise BadParameter(f"The hold-out has {how_many(many, 'row')}, and no row {row}.")
            return {name: plain(self.run.holdout[name].iloc[int(row)]) for name in self.run.features}
        if isinstance(row, (Mapping, pd.Series)):
            return {str(name): plain(value) for name, value in row.items()}
        raise BadParameter(
            "A row is a dict of columns and values, or its position in the hold-out; got "
            f"{listed_values([row], most=1)}. Give for example 0."
        )

    def plain(self, columns: Columns) -> dict[str, Any]:
        """The first row of clean columns as plain values."""
        return {name: plain_of(self.run.contract[name], columns[name][0]) for name in self.run.features}

    def frame(self, columns: Columns) -> pd.DataFrame:
        """Columns as a frame of the hold-out's types, as the pipeline was fitted on; shape (rows, p)."""
        return pd.DataFrame({name: self._typed(name, columns[name]) for name in self.run.features})

    def _typed(self, name: str, values: Any) -> pd.Series:
        kind, series = self.run.holdout[name].dtype, pd.Series(np.asarray(values, dtype=object))
        whole_with_gap = pd.api.types.is_integer_dtype(kind) and series.isna().any()
        return series.astype("float64" if whole_with_gap else kind)


def plain_of(column: Column, value: Any) -> Any:
    """A clean value as JSON has it: a flag as true or false, a whole number without a point.

    Examples
    --------
    >>> plain_of(Column("paid", "boolean"), 1.0), plain_of(Column("age", "integer"), 31.0)
    (True, 31)
    """
    told, as_kind = plain(value), {"boolean": bool, "integer": int}.get(column.kind)
    return told if told is None or as_kind is None else as_kind(told)


@cache
def _threads() -> ThreadpoolController:
    """What the pools of threads are bounded by; found once, when a pipeline has loaded its libraries."""
    return ThreadpoolController()


def _tables(run: Run) -> CompiledModel | None:
    """The run's tables, from those of before where the pipeline is the same object."""
    if run.pipeline not in _TABLES:
        _TABLES[run.pipeline] = _compiled(run)
    return _TABLES[run.pipeline]


def _compiled(run: Run) -> CompiledModel | None:
    try:
        return compile_pipeline(run.pipeline, run.features, run.task, background=run.usual)
    except CannotCompile:
        return None
