"""Transformers that make columns of several others: products, projections, rows of one length. None is imported."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, repeat
from typing import Any

import numpy as np

from workbench.compiling.collecting import collected
from workbench.compiling.columns import Made, Matrix, Mixed, Mixture, State, each, steps_of, transformer
from workbench.compiling.texts import sums_of
from workbench.tables.links import Array
from workbench.tables.mixing import Normed, Products, Stepped
from workbench.tables.nodes import Chain, Linear


def gathered(state: State, matrix: Matrix) -> tuple[tuple[Any, ...], Array, list[int]]:
    """What makes the columns of ``state``.

    Returns
    -------
    members : tuple of nodes
        One for each way in which columns are mixed.
    passed : int array
        The columns of the matrix that come as they are.
    places : list of int
        Where each column of ``state`` stands among the members' outputs and then the passed ones.
    """
    groups: dict[Any, dict[Mixed, int]] = {}
    for column in state:
        if isinstance(column, Mixed):
            group = groups.setdefault((column.mixture, steps_of(column)), {})
            group.setdefault(column, len(group))
    members = tuple(_member(list(group), matrix) for group in groups.values())
    places: dict[Made, int] = {column: i for i, column in enumerate(chain.from_iterable(groups.values()))}
    rest = dict.fromkeys(column for column in state if not isinstance(column, Mixed))
    places |= {column: len(places) + i for i, column in enumerate(rest)}
    return members, matrix.place(tuple(rest)), [places[column] for column in state]


def _member(columns: list[Mixed], matrix: Matrix) -> Any:
    """A node that makes columns of one mixture, all with the same kinds of steps."""
    whole = _mixture(columns[0].mixture, matrix)
    take = np.array([c.place for c in columns], np.int64)
    if not columns[0].steps and np.array_equal(take, np.arange(whole.width)):
        return whole
    steps = tuple(
        (name, np.array([c.steps[i][1] for c in columns], np.float64)) for i, (name, _) in enumerate(columns[0].steps)
    )
    return Chain((whole,), Stepped(take, steps).checked(whole.width), np.zeros(0, np.int64), np.zeros(0))


def _mixture(mixture: Mixture, matrix: Matrix) -> Any:
    members, passed, places = gathered(mixture.state, matrix)
    if isinstance(mixture.final, Linear) and not members:
        return Linear(mixture.final.weights, mixture.final.intercept, mixture.final.mean, passed[places])
    inputs = Stepped(np.array(places, np.int64))
    ordered = Chain(members, inputs, passed, np.zeros(len(passed)))
    return Chain((ordered,), mixture.final, np.zeros(0, np.int64), np.zeros(0))


def _mixed(state: State, final: Any) -> State:
    mixture = Mixture(state, final)
    return tuple(Mixed(mixture, k) for k in range(final.width))


@transformer("PolynomialFeatures")
def _polynomial(step: Any, state: State) -> State:
    rows = [list(_multiplied(powers)) for powers in step.powers_.tolist()]
    longest = max(map(len, rows), default=0)
    factors = np.array([row + [-1] * (longest - len(row)) for row in rows], np.int64).reshape(len(rows), longest)
    return _mixed(state, Products(factors))


def _multiplied(powers: list[int]) -> Iterator[int]:
    """The factors in scikit-learn's order, which takes the last column first."""
    for place in reversed(range(len(powers))):
        yield from repeat(place, powers[place])


@transformer("Normalizer")
def _normalizer(step: Any, state: State) -> State:
    return _mixed(state, Normed(step.norm, len(state)))


@transformer("PCA", "IncrementalPCA")
def _principal(step: Any, state: State) -> State:
    weights = np.asarray(step.components_, dtype=np.float64)
    components = projected(state, weights, -(weights @ step.mean_))
    if not step.whiten:
        return components
    tiny = np.finfo(np.float64).eps
    return each(components, "divide", np.maximum(np.sqrt(step.explained_variance_), tiny))


@transformer("TruncatedSVD", "GaussianRandomProjection")
def _projection(step: Any, state: State) -> State:
    weights = np.asarray(step.components_, dtype=np.float64)
    return projected(state, weights, np.zeros(len(weights)))


def projected(state: State, weights: Array, intercept: Array) -> State:
    """Weighted sums of columns, shape (sums, columns) and (sums,)."""
    summed = sums_of(state, weights, intercept)
    if summed is not None:
        return summed
    state, weights = collected(state, weights)
    return _mixed(state, Linear(weights, intercept, np.zeros(weights.shape[1])))
