"""Effects of one column or two: partial dependence, single rows, and accumulated local effects."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from workbench.core.effect import Effect, JointEffect
from workbench.core.finding import Finding
from workbench.core.json_values import plain
from workbench.core.literals import python
from workbench.core.profile import Association
from workbench.core.resampling import interval, row_counts
from workbench.core.run import Run
from workbench.core.wording import listed_values, quoted_list
from workbench.errors import BadParameter, ColumnNotFound
from workbench.explanation.answering import Answering
from workbench.explanation.asking import Asking, drawn_rows
from workbench.explanation.existing import Existing, as_numbers, as_typed, typed_column
from workbench.explanation.likeness import by_likeness

Numbers = NDArray[np.float64]
Places = NDArray[np.intp]
LEVEL = 0.95
LINES = 50  # single rows that are kept
ALE_ROWS = 5000
MOST_CATEGORIES = 30  # the most frequent ones
JOINT_POINTS = 15  # of each column's grid, where there are two
# From here on two columns go together so far that a row with one changed is rare.
STRONG = 0.7


def effect(
    run: Run, column: str, beside: str | None = None, *, label: Any = None, rows: int = 500, points: int = 30
) -> Effect | JointEffect:
    """What the model answers along a column, or two: partial dependence, single rows, accumulated local effects.

    Parameters
    ----------
    run : Run
        Made by :func:`workbench.train` or :func:`workbench.adopt`.
    column : str
        A feature.
    beside : str, optional
        A second one: both together, as a table.
    label : object, optional
        The class whose probability is told: of two the second by default, of more the one predicted most often.
    rows : int
        Of the hold-out to look at, drawn at random, at least 2.
    points : int
        Of the grid, at least 2: at quantiles of a number, so that as many rows lie between each two.

    Returns
    -------
    Effect or JointEffect
        The second where ``beside`` is given.

    Raises
    ------
    BadParameter
        If there is no such class, a number is out of its range, or the column is free text or has one value only.
    ColumnNotFound
        If a column is no feature.
    Refused
        If the run's scores are of another pipeline than the one it holds.
    """
    _check_count("rows", rows)
    _check_count("points", points)
    answering = Answering.of(run, "run.effect")
    asking = Asking(answering, answering.place(label), drawn_rows(answering, rows))
    if beside is None:
        return _effect(asking, _axis(answering, column, points))
    if beside == column:
        raise BadParameter(f"beside is another column than {column!r}.")
    return _joint(asking, *(_axis(answering, name, min(points, JOINT_POINTS)) for name in (column, beside)))


@dataclass(frozen=True, eq=False)
class _Axis:
    """A column and the values along it."""

    one: Existing
    grid: NDArray[Any]

    @property
    def name(self) -> str:
        return self.one.column.name

    @property
    def kind(self) -> Any:
        return {"category": "category", "boolean": "category", "datetime": "date"}.get(self.one.column.kind, "number")

    @property
    def told(self) -> tuple[Any, ...]:
        values = [plain(value) for value in self.grid]
        return tuple(map(bool, values)) if self.one.column.kind == "boolean" else tuple(values)

    def nearest(self, values: Any) -> Places:
        """Place in the grid that is nearest to each value; -1 where it is missing or not among them."""
        if not self.one.ordered:
            return np.array([self._places.get(value, -1) for value in values], np.intp)
        numbers, steps = as_numbers(values), as_numbers(self.grid)
        places = np.abs(numbers[:, None] - steps[None, :]).argmin(axis=1)
        return np.where(np.isnan(numbers), -1, places)

    @cached_property
    def _places(self) -> dict[Any, int]:
        return {value: place for place, value in enumerate(self.grid.tolist())}


def _axis(answering: Answering, name: str, points: int) -> _Axis:
    run = answering.run
    if name not in run.features:
        raise ColumnNotFound.named(str(name), run.features)
    column = run.contract[name]
    if column.kind == "text":
        raise BadParameter(f"{name!r} is free text, and has no values to go along. Give another column.")
    values = typed_column(answering.table[name])
    one = Existing.of(column, answering.table[name], usual=False)
    grid = _quantiles(one, values, points) if one.ordered else by_likeness(answering, name, MOST_CATEGORIES)
    if len(grid) < 2:
        raise BadParameter(f"{name!r} has one value only in the hold-out, so it has no effect to tell.")
    return _Axis(one, grid)


def _quantiles(one: Existing, values: NDArray[Any], points: int) -> NDArray[Any]:
    """All values of few, else existing ones at even steps of the rows."""
    if len(one.values) <= points:
        return one.values
    numbers = np.sort(as_numbers(values))
    numbers = numbers[np.isfinite(numbers)]
    steps = numbers[np.linspace(0, len(numbers) - 1, points).round().astype(np.intp)]
    return one.values[np.unique(np.searchsorted(as_numbers(one.values), steps))]


def _effect(asking: Asking, axis: _Axis) -> Effect:
    run = asking.answering.run
    ice = asking.along(asking.rows, {axis.name: axis.grid})
    drawn = row_counts(len(ice), np.random.default_rng(run.seed))
    pdp_low, pdp_high = interval(drawn @ ice / len(ice), LEVEL)
    ale, draws, counts = _accumulated(asking, axis)
    ale_low, ale_high = interval(draws, LEVEL)
    kept = np.arange(min(LINES, len(ice)))
    return Effect(
        run.id, axis.name, axis.kind, axis.told, ice.mean(axis=0), pdp_low, pdp_high, ice[kept], asking.rows[kept],
        ale, ale_low, ale_high, counts, _missing(asking, axis), len(ice), int(counts.sum()), asking.label,
        asking.answering.unit, LEVEL, tuple(_correlated(run, axis.name)),
    )  # fmt: skip


def _missing(asking: Asking, axis: _Axis) -> float | None:
    """The mean answer without a value, where some rows have none."""
    if not asking.answering.table[axis.name].isna().any():
        return None
    nothing = as_typed([None], axis.grid.dtype)
    return float(asking.along(asking.rows, {axis.name: nothing}).mean())


def _accumulated(asking: Asking, axis: _Axis) -> tuple[Numbers, Numbers, Places]:
    """Accumulated local effects, shape (g,), the same of samples, shape (draws, g), and rows by step or category."""
    rows = drawn_rows(asking.answering, ALE_ROWS)
    values = typed_column(asking.answering.run.holdout[axis.name].iloc[rows])
    own = axis.nearest(values)
    rows, values, own = rows[own >= 0], values[own >= 0], own[own >= 0]
    differences, there = _differences(asking, axis, rows, _steps(axis, values))
    drawn = row_counts(len(rows), np.random.default_rng(asking.answering.run.seed))
    weights = np.vstack([np.ones(len(rows)), drawn])
    with np.errstate(invalid="ignore"):
        mean = np.nan_to_num(weights @ differences / (weights @ there))
    summed = np.column_stack([np.zeros(len(mean)), mean.cumsum(axis=1)])
    height = (summed[:, 1:] + summed[:, :-1]) / 2 if axis.one.ordered else summed
    shares = there if axis.one.ordered else np.eye(len(axis.grid))[own]
    centre = ((weights @ shares) * height).sum(axis=1, keepdims=True) / weights.sum(axis=1, keepdims=True)
    by_value = np.bincount(own, minlength=len(axis.grid))
    counts = by_value if axis.kind == "category" else there.sum(axis=0).astype(np.intp)
    return summed[0] - centre[0], summed[1:] - centre[1:], counts


def _differences(asking: Asking, axis: _Axis, rows: Places, steps: list[Places]) -> tuple[Numbers, Numbers]:
    """What each row's answer changes by along each step that it speaks of, and which those are; shape (rows, g - 1)."""
    differences = np.zeros((len(rows), len(axis.grid) - 1))
    there = np.zeros((len(rows), len(axis.grid) - 1))
    for lower in steps:
        inside = np.flatnonzero(lower >= 0)
        grid = (axis.grid[lower[inside] + up] for up in (0, 1))
        low, high = (asking.with_each(rows[inside], axis.name, values) for values in grid)
        differences[inside, lower[inside]] = high - low
        there[inside, lower[inside]] = 1.0
    return differences, there


def _steps(axis: _Axis, values: NDArray[Any]) -> list[Places]:
    """Lower end of each step that a row speaks of, -1 for none: one of a number, of a category both sides."""
    if axis.one.ordered:
        upper = np.searchsorted(as_numbers(axis.grid), as_numbers(values), side="left")
        return [np.clip(upper, 1, len(axis.grid) - 1) - 1]
    own = axis.nearest(values)
    return [own - 1, np.where(own < len(axis.grid) - 1, own, -1)]


def _joint(asking: Asking, first: _Axis, second: _Axis) -> JointEffect:
    run, shape = asking.answering.run, (len(first.grid), len(second.grid))
    both = {first.name: np.repeat(first.grid, shape[1]), second.name: np.tile(second.grid, shape[0])}
    pdp = asking.along(asking.rows, both).mean(axis=0).reshape(shape)
    counts = _nearest_counts(asking.answering.run.holdout, first, second)
    alone = [asking.along(asking.rows, {axis.name: axis.grid}).mean(axis=0) for axis in (first, second)]
    interaction, strength = _apart(pdp, alone[0], alone[1], counts)
    found = {f.column: f for axis in (first, second) for f in _correlated(run, axis.name)}
    return JointEffect(
        run.id, (first.name, second.name), (first.kind, second.kind), (first.told, second.told), pdp, interaction,
        counts, strength, len(asking.rows), asking.label, asking.answering.unit, tuple(found.values()),
    )  # fmt: skip


def _nearest_counts(table: pd.DataFrame, first: _Axis, second: _Axis) -> Places:
    places = [axis.nearest(typed_column(table[axis.name])) for axis in (first, second)]
    counts = np.zeros((len(first.grid), len(second.grid)), np.intp)
    there = (places[0] >= 0) & (places[1] >= 0)
    np.add.at(counts, (places[0][there], places[1][there]), 1)
    return counts


def _apart(pdp: Numbers, first: Numbers, second: Numbers, counts: Places) -> tuple[Numbers, float]:
    """What is no sum of two effects, and its share of the variance, by the rows at each point."""
    weights = counts / max(counts.sum(), 1)
    rows, columns = weights.sum(axis=1), weights.sum(axis=0)
    joint = pdp - (weights * pdp).sum()
    left = joint - (first - rows @ first)[:, None] - (second - columns @ second)[None, :]
    left = left - (weights * left).sum()
    whole = float((weights * joint**2).sum())
    return left, min(1.0, float((weights * left**2).sum()) / whole) if whole > 0 else 0.0


def _correlated(run: Run, name: str) -> Iterator[Finding]:
    """WB238, where a column goes with others that the model uses."""
    with_it = {_other(a, name): a.strength for a in reversed(_strong(run, name))}
    if with_it:
        told = dict(sorted(with_it.items(), key=lambda item: -item[1]))
        among = ", ".join(f"{strength:.2f}" for strength in told.values())
        yield Finding(
            "WB238",
            "warning",
            f"goes with {quoted_list(list(told)[:5])} ({among}): partial dependence asks about rows that don't exist. "
            "Read the accumulated local effects.",
            column=name,
            cure=python("run.effect($name).ale", name=name),
            evidence={"columns": told},
        )


def _strong(run: Run, name: str) -> list[Association]:
    pairs = () if run.profile is None else run.profile.associations
    used = set(run.features)
    return [
        a for a in pairs
        if name in (a.a, a.b) and {a.a, a.b} <= used and a.measure != "missing_together" and a.strength >= STRONG
    ]  # fmt: skip


def _other(pair: Association, name: str) -> str:
    return pair.b if pair.a == name else pair.a


def _check_count(name: str, value: Any) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < 2:
        raise BadParameter(f"{name} is a whole number from 2; got {listed_values([value])}.")
