"""A model asked about rows of its hold-out in which some columns have other values: what effects are made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.core.steps import in_parts
from workbench.explanation.answering import Answering
from workbench.explanation.existing import typed_column

Numbers = NDArray[np.float64]
Places = NDArray[np.intp]
BATCH, FIRST = 50_000, 500  # rows that are answered together, at most and at first where somebody waits


@dataclass(frozen=True, eq=False)
class Asking:
    """The model, the class that is told, and the positions of the rows that are looked at."""

    answering: Answering
    place: int
    rows: Places

    @property
    def label(self) -> Any:
        """The class that is told; None of a regression."""
        classes = self.answering.run.classes
        return classes[self.place] if classes else None

    def columns(self, rows: Places) -> dict[str, NDArray[Any]]:
        """Rows of the hold-out by column."""
        table = self.answering.table.iloc[rows]
        return {str(name): typed_column(table[name]) for name in table.columns}

    def along(self, rows: Places, values: dict[str, NDArray[Any]]) -> Numbers:
        """The answer about each row with each of some values, shape (rows, values)."""
        columns, many = self.columns(rows), len(next(iter(values.values())))
        result = np.empty((len(rows), many))
        each = max(len(rows), 1)
        for some in in_parts(many, max(1, BATCH // each), max(1, FIRST // each)):
            own = {name: np.repeat(value[some], len(rows)) for name, value in values.items()}
            asked = len(range(many)[some])
            batch = {name: np.tile(column, asked) for name, column in columns.items()} | own
            result[:, some] = self.answering.scores(batch, self.place).reshape(asked, len(rows)).T
        return result

    def with_each(self, rows: Places, name: str, values: NDArray[Any]) -> Numbers:
        """The answer about each row with a value of its own, shape (rows,)."""
        columns = {**self.columns(rows), name: values}
        answers = [
            self.answering.scores({own: column[some] for own, column in columns.items()}, self.place)
            for some in in_parts(len(rows), BATCH, FIRST)
        ]
        return np.concatenate(answers) if answers else np.empty(0)


def drawn_rows(answering: Answering, most: int) -> Places:
    """Positions of at most so many rows of the hold-out, in order, drawn by the run's seed."""
    many = len(answering.run.holdout)
    if many <= most:
        return np.arange(many)
    return np.sort(np.random.default_rng(answering.run.seed).choice(many, most, replace=False))
