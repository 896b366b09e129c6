"""The way of one row through all trees of a model, as conditions on the original columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.core.contract import Contract
from workbench.core.json_values import plain
from workbench.core.path import MOMENT, Condition, DecisionPath
from workbench.core.run import Run
from workbench.core.steps import stepwise
from workbench.errors import Refused
from workbench.explanation.answering import Answering
from workbench.explanation.existing import as_numbers, typed_column
from workbench.tables.cuts import Cuts, cuts
from workbench.tables.encoders import EACH, Categories, Hot, Numbers
from workbench.tables.nodes import Chain
from workbench.tables.trees import Trees
from workbench.tables.words import Words

Places = NDArray[np.intp]
# What is read of a column, by the kind of its encoder, in the encoder's order.
READ = {
    "number": ("",),
    "written": ("number in the text",),
    "date": ("month", "weekday", "hour"),
    "calendar": ("day of the month", MOMENT),
}


def decision_path(run: Run, row: Mapping[str, Any] | int) -> DecisionPath:
    """The conditions that one row meets on its way through all trees: within them its answer stays as it is.

    Parameters
    ----------
    run : Run
        Of a model of trees that has tables: boosting, a forest, a tree.
    row : mapping, or int
        Every feature and its value, as JSON has them; or the position of a row in the hold-out.

    Returns
    -------
    DecisionPath
        One condition a column: all tests on it together, as an interval or a set of categories.

    Raises
    ------
    BadParameter
        If there is no such row.
    BadRow
        If the row breaks the contract.
    Refused
        If the model is not made of trees alone, or the run's scores are of another pipeline than the one it holds.
    """
    answering = Answering.of(run, "run.decision_path")
    columns = answering.checked(row).columns
    forests = _forests(answering)
    assert answering.tables is not None
    met = [_Met.of(forest, answering.tables.encode(columns)) for forest in forests]
    told, texts = _conditions(answering, met, {name: values[0] for name, values in columns.items()})
    predicted = answering.predict(columns)
    asked = {name for one in told for name in _names(one)} | set(texts)
    return DecisionPath(
        run.id,
        tuple(told),
        tuple(name for name in run.features if name not in asked),
        texts,
        sum(len(forest.roots) for forest in forests),
        sum(len(one.node) for one in met),
        run.classes[int(answering.decided(predicted)[0])] if run.classes else float(predicted[0, 0]),
    )


@dataclass(frozen=True, eq=False)
class _Met:
    """The tests that a row met: their trees' tables, their nodes, and whether the row went left."""

    trees: Trees
    node: Places
    left: NDArray[np.bool_]

    @classmethod
    def of(cls, trees: Trees, matrix: Any) -> _Met:
        row = trees.rounded(matrix)[0]
        node, met, went = trees.roots, [np.empty(0, np.intp)], [np.empty(0, bool)]
        while len(node := node[trees.feature[node] >= 0]):
            left = trees.goes(node, row[trees.feature[node]])
            met.append(node)
            went.append(left)
            node = np.where(left, trees.left[node], trees.right[node])
        return cls(trees, np.concatenate(met), np.concatenate(went))

    def of_columns(self, columns: range) -> _Met:
        """Those that look at some of the matrix' columns."""
        own = np.isin(self.trees.feature[self.node], columns)
        return _Met(self.trees, self.node[own], self.left[own])

    @property
    def by_code(self) -> bool:
        """Whether a test asks for categories by their codes."""
        return bool((self.trees.category[self.node] >= 0).any())

    def met_by(self, made: Any, first: int) -> NDArray[np.bool_]:
        """Which rows of values, made for the columns from ``first`` on, go the same way in each test."""
        made = self.trees.rounded(made)
        same = np.ones(len(made), bool)
        for node, left in zip(self.node.tolist(), self.left.tolist(), strict=True):
            values = made[:, self.trees.feature[node] - first]
            same &= self.trees.goes(np.full(len(made), node), values) == left
        return same


def _forests(answering: Answering) -> list[Trees]:
    leaves = list(_members(None if answering.tables is None else answering.tables.model))
    forests = [leaf for leaf in leaves if isinstance(leaf, Trees)]
    if len(forests) < len(leaves):
        raise Refused(
            "Only a model of trees alone has a decision path, and this one is none, or has no tables. Train one: "
            'wb.train(data, candidates=["boosting"]).'
        )
    return forests


def _members(node: Any) -> Iterator[Any]:
    """The parts that work on the matrix itself."""
    if isinstance(node, Chain) and not len(node.columns):
        for member in node.members:
            yield from _members(member)
    else:
        yield node


def _conditions(answering: Answering, met: list[_Met], own: dict[str, Any]) -> tuple[list[Condition], tuple[str, ...]]:
    """All conditions in the order of the features, and the columns of text whose words were asked about."""
    tables, found, texts, first = answering.tables, list[Condition](), list[str](), 0
    assert tables is not None
    for encoder in stepwise(tables.encoders):
        columns = range(first, first + len(encoder.sources))
        asked = [one.of_columns(columns) for one in met]
        if isinstance(encoder, Words):
            texts += [encoder.column] * any(len(one.node) for one in asked)
        elif isinstance(encoder, (Categories, Hot)):
            found += _of_categories(encoder, asked, first, own)
        else:
            found += _of_numbers(answering, encoder, asked, first, own)
        first = columns.stop
    order = {name: place for place, name in enumerate(answering.run.features)}
    joined = [_allowed(one, answering.run.contract) for one in _joined(found)]
    return sorted(joined, key=lambda one: order[one.column]), tuple(dict.fromkeys(texts))


def _of_categories(
    encoder: Categories | Hot, asked: list[_Met], first: int, own: dict[str, Any]
) -> Iterator[Condition]:
    tests = sum(len(one.node) for one in asked)
    if tests:
        fits = np.logical_and.reduce([part for one in asked for part in _met_by(encoder, one, first)])
        values = tuple(plain(key) for key, fit in zip(encoder.keys, fits, strict=False) if fit)
        yield Condition(encoder.column, "", None, None, values, bool(fits[-2]), tests, plain(own[encoder.column]))


def _met_by(encoder: Categories | Hot, one: _Met, first: int) -> Iterator[NDArray[np.bool_]]:
    """Which categories go the same way, by some columns at a time."""
    if isinstance(encoder, Categories):
        yield one.met_by(encoder.table, first)
        return
    for made in np.unique(one.trees.feature[one.node]).tolist():
        yield one.of_columns(range(made, made + 1)).met_by(encoder.by_key(made - first)[:, None], made)


def _of_numbers(
    answering: Answering, encoder: Numbers, asked: list[_Met], first: int, own: dict[str, Any]
) -> Iterator[Condition]:
    for made in range(len(encoder.take)):
        its = [one.of_columns(range(first + made, first + made + 1)) for one in asked]
        tests = sum(len(one.node) for one in its)
        if tests:
            column, of = _read(encoder, made)
            low, high, missing = _interval(encoder, made, its)
            values = _codes(answering, encoder, made, its, first) if any(one.by_code for one in its) else None
            ends = (low, high) if values is None else (None, None)
            yield Condition(column, of, *ends, values, missing, tests, plain(own[column]))


def _codes(answering: Answering, encoder: Numbers, made: int, asked: list[_Met], first: int) -> tuple[Any, ...]:
    """Categories that came as numbers: those of the hold-out that go the same way."""
    raw = np.unique(as_numbers(typed_column(answering.table[encoder.columns[encoder.take[made]]].dropna())))
    worked = encoder.worked(raw, made)[:, None]
    fits = np.logical_and.reduce([one.met_by(worked, first + made) for one in asked if len(one.node)])
    return tuple(raw[fits].tolist())


def _interval(encoder: Numbers, made: int, asked: list[_Met]) -> tuple[float | None, float | None, bool]:
    """Above which raw number, up to which, and whether a missing one goes the same way."""
    low, high, missing = -np.inf, np.inf, True
    for one in asked:
        if not len(one.node):
            continue
        nothing = encoder.worked(np.array([np.nan]), made)[:, None]
        missing &= bool(one.met_by(nothing, int(one.trees.feature[one.node[0]]))[0])
        ends = _limits(encoder, made, one)
        low = max(low, max((end for end, left in zip(ends, one.left, strict=True) if not left), default=-np.inf))
        high = min(high, min((end for end, left in zip(ends, one.left, strict=True) if left), default=np.inf))
    return None if low == -np.inf else low, None if high == np.inf else high, missing


def _limits(encoder: Numbers, made: int, met: _Met) -> list[float]:
    """Largest raw number on the left of each test; where a step turns the order, the threshold itself."""
    thresholds = met.trees.threshold[met.node]
    points, place = np.unique(thresholds, return_inverse=True)
    plain_numbers = replace(encoder, kind="number", columns=("",) * (int(encoder.take.max()) + 1))
    found: Cuts | None = cuts(plain_numbers, made, points, met.trees.rounded)
    ends = points.tolist() if found is None else found.ends
    return [ends[i] for i in place.ravel().tolist()]


def _read(encoder: Numbers, made: int) -> tuple[str, str]:
    """The original column, and what is read of it."""
    taken = int(encoder.take[made])
    if encoder.kind == "difference":
        start, end = encoder.columns[2 * taken], encoder.columns[2 * taken + 1]
        return start, f"days until {end}"
    many = EACH[encoder.kind]
    return encoder.columns[taken // many], READ[encoder.kind][taken % many]


def _joined(found: list[Condition]) -> Iterator[Condition]:
    """One condition for each thing that is asked: two encoders may read one column."""
    together: dict[tuple[str, str, bool], Condition] = {}
    for one in found:
        key = (one.column, one.of, one.values is None)
        together[key] = one if key not in together else _both(together[key], one)
    yield from together.values()


def _both(one: Condition, other: Condition) -> Condition:
    lows = [end for end in (one.low, other.low) if end is not None]
    highs = [end for end in (one.high, other.high) if end is not None]
    values = None if one.values is None else tuple(v for v in one.values if v in (other.values or ()))
    return replace(
        one, low=max(lows, default=None), high=min(highs, default=None), values=values,
        missing=one.missing and other.missing, tests=one.tests + other.tests,
    )  # fmt: skip


def _allowed(condition: Condition, contract: Contract) -> Condition:
    """Missing values meet it only where there may be any."""
    return replace(condition, missing=condition.missing and contract[condition.column].missing_allowed)


def _names(condition: Condition) -> tuple[str, ...]:
    return condition.column, condition.of.removeprefix("days until ")
