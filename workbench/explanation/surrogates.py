"""Local linear surrogates (LIME) of any model on raw columns, each with its fidelity on rows it was not fitted on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.core.arguments import described
from workbench.core.finding import Finding
from workbench.core.literals import python
from workbench.core.run import Run
from workbench.core.steps import step
from workbench.core.surrogate import Surrogate
from workbench.errors import BadParameter
from workbench.explanation.answering import Answering
from workbench.explanation.existing import Existing, as_numbers, existing, typed_column

Numbers = NDArray[np.float64]
FEWEST = 100
# Of the kernel, by the root of the number of columns, as LIME's own.
WIDTH = 0.75
FAITHFUL = 0.7


def lime(
    run: Run,
    row: Mapping[str, Any] | int,
    *,
    label: Any = None,
    samples: int = 2000,
    width: float | None = None,
    seed: int = 0,
) -> Surrogate:
    """A straight line that stands for the model near one row, and how far it may be believed.

    Parameters
    ----------
    run : Run
        Made by :func:`workbench.train` or :func:`workbench.adopt`.
    row : mapping, or int
        Every feature and its value, as JSON has them; or the position of a row in the hold-out.
    label : object, optional
        The class whose probability is followed: of two the second by default, of more the most probable one.
    samples : int
        Rows to fit the line on, and as many to check it on; at least 100.
    width : float, optional
        Of the kernel, above 0; by default 0.75 times the root of the number of columns. Narrower is more local.
    seed : int
        Of the rows.

    Returns
    -------
    Surrogate
        Weights by original column, and the fidelity.

    Raises
    ------
    BadParameter
        If there is no such class or row, or a number is out of its range.
    BadRow
        If the row breaks the contract.
    Refused
        If the run's scores are of another pipeline than the one it holds.
    """
    if not isinstance(samples, int) or isinstance(samples, bool) or samples < FEWEST:
        raise BadParameter(f"samples is a whole number from {FEWEST}; got {described(samples)}.")
    if width is not None and not (isinstance(width, (int, float)) and 0 < width < float("inf")):
        raise BadParameter(f"width is a number above 0; got {described(width)}.")
    answering = Answering.of(run, "run.lime")
    columns = answering.checked(row).columns
    predicted = answering.predict(columns)
    several = label is None and run.task == "multiclass"
    place = int(predicted[0].argmax()) if several else answering.place(label)
    around = _Around.of(answering, columns, width or WIDTH * len(run.features) ** 0.5)
    random = np.random.default_rng(seed)
    line = around.fitted(random, samples, place)
    fidelity = line.fidelity(around, random, samples, place)
    strongest = sorted(zip(run.features, line.weights.tolist(), strict=True), key=lambda pair: -abs(pair[1]))
    return Surrogate(
        run.id, answering.plain(columns),
        run.classes[place] if run.classes else None, answering.unit, dict(strongest), line.intercept,
        line.intercept + float(line.weights[around.same].sum()), float(predicted[0, place]), fidelity, around.width,
        2 * samples, () if fidelity >= FAITHFUL else (_unfaithful(fidelity),),
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class _Around:
    """Rows around one: each takes some of its columns from rows that exist, each column from another one.

    Parameters
    ----------
    answering : Answering
    values : list of array
        The hold-out by column.
    columns : list of Existing
    own : list
        The row's values.
    same : bool array, shape (p,)
        Columns whose weight is that of having the row's own value.
    width : float
        Of the kernel.
    """

    answering: Answering
    values: list[NDArray[Any]]
    columns: list[Existing]
    own: list[Any]
    same: NDArray[np.bool_]
    width: float

    @classmethod
    def of(cls, answering: Answering, columns: Mapping[str, Any], width: float) -> _Around:
        table = answering.table
        there = list(existing(answering.run.contract, table).values())
        own = [one.typed(columns[one.column.name][0]) for one in there]
        pairs = zip(there, own, strict=True)
        same = np.array([not one.ordered or one.distance([None], value)[0] == 0 for one, value in pairs])
        values = [typed_column(table[one.column.name]) for one in there]
        return cls(answering, values, there, own, same, width)

    def drawn(self, random: np.random.Generator, rows: int, place: int) -> tuple[Numbers, Numbers, Numbers]:
        """What the line sees of some rows, shape (rows, p), what the model answers, and how much each counts."""
        taken = random.random((rows, len(self.own))) < random.random((rows, 1))
        step()
        columns = {}
        for i, (one, values) in enumerate(zip(self.columns, self.values, strict=True)):
            column = np.full(rows, self.own[i], dtype=values.dtype)
            column[taken[:, i]] = values[random.integers(len(values), size=int(taken[:, i].sum()))]
            columns[one.column.name] = column
        distance = np.column_stack(
            [one.distance(columns[one.column.name], own) for one, own in zip(self.columns, self.own, strict=True)]
        )
        weight = np.exp(-(distance**2).sum(axis=1) / self.width**2)
        return self._seen(columns, distance), self.answering.scores(columns, place), weight

    def fitted(self, random: np.random.Generator, rows: int, place: int) -> _Line:
        """The line, by ridge regression as LIME's own."""
        from sklearn.linear_model import Ridge

        seen, answers, weight = self.drawn(random, rows, place)
        line = Ridge(alpha=1.0).fit(seen, answers, sample_weight=weight)
        return _Line(np.asarray(line.coef_, dtype=float), float(line.intercept_), len(self.own))

    def _seen(self, columns: Mapping[str, Any], distance: Numbers) -> Numbers:
        """Of numbers the standard deviations from the row, of others whether they are as in the row; then gaps."""
        given = [columns[one.column.name] for one in self.columns]
        seen = [
            (distance[:, i] == 0).astype(float) if same else self._deviations(i, given[i])
            for i, same in enumerate(self.same)
        ]
        gaps = [np.isnan(as_numbers(values)) for values, same in zip(given, self.same, strict=True) if not same]
        return np.column_stack([*seen, *gaps]).astype(float)

    def _deviations(self, i: int, values: Any) -> Numbers:
        spread = float(np.nanstd(as_numbers(self.values[i]))) or 1.0
        return np.nan_to_num((as_numbers(values) - as_numbers([self.own[i]])[0]) / spread)


@dataclass(frozen=True, eq=False)
class _Line:
    """Coefficients, of the columns first and then of their gaps."""

    every: Numbers
    intercept: float
    columns: int

    @property
    def weights(self) -> Numbers:
        return self.every[: self.columns]

    def fidelity(self, around: _Around, random: np.random.Generator, rows: int, place: int) -> float:
        """Weighted R² on fresh rows; 1 where there is nothing to follow and nothing is missed."""
        from sklearn.metrics import r2_score

        seen, answers, weight = around.drawn(random, rows, place)
        return float(r2_score(answers, seen @ self.every + self.intercept, sample_weight=weight))


def _unfaithful(fidelity: float) -> Finding:
    return Finding(
        "WB239",
        "warning",
        f"The line follows the model badly near this row: R² {fidelity:.2f} on rows it was not fitted on, below "
        f"{FAITHFUL}. Its weights say little of the model.",
        cure=python("explanation = wb.explain(run)"),
        evidence={"fidelity": fidelity},
    )
