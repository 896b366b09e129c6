"""The parts that a compiled model is built from besides trees: linear models, curves, and models on models' outputs.

Every node works on one matrix and gives ``outputs`` columns. The values of a node on other nodes' outputs are Shapley
values of a game: a column that plays moves the inner outputs by what it adds to each of them, and the outer node says
what that changes. They add up to the output, and none is larger than what the outer node can change. They are exact
SHAP values where the outer node is linear (weighted votes, stacked linear models, sigmoid calibration in log-odds);
elsewhere the mean over some orders of the columns and their reverses, always the same ones. Each begins at a row of the
background, where each column has what it adds there, so the base is the mean output over these rows.

References
----------
Chen, Lundberg, Lee (2022), Explaining a series of models by propagating Shapley values, for inner values carried on;
Mitchell, Cooper, Frank, Holmes (2022), Sampling Permutations for Shapley Value Estimation, for orders with reverses.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from typing import Any, NamedTuple, Protocol

import numpy as np

from workbench.errors import Damaged
from workbench.tables.encoders import fits
from workbench.tables.links import LINKS, Array, logistic, shares, single_exp
from workbench.tables.mixing import KINDS, Mixing, Products, read_mixing
from workbench.tables.trees import FIELDS, Engine, Trees, blocks, reasonable

ORDERS = 128  # of the columns, and their reverses; and rows of the background, one an order
ORDERS_OF_MIXING = 16  # products of two are exact with one order and its reverse, but many depend on them
ORDERS_OF_TREES = 64  # which cost a hundred times as much as a curve
MOVED_CELLS = 1_000_000  # numbers in one block of moved inputs: 8 MB
DEEPEST = 20  # nodes within nodes


class Node(Protocol):
    """A part of a compiled model."""

    @property
    def width(self) -> int:
        """How many columns it gives."""

    @property
    def exact(self) -> bool:
        """Whether its values are SHAP values, not the mean over some orders."""

    def predict(self, matrix: Array) -> Array:
        """The outputs, shape (rows, outputs)."""

    def explain(self, matrix: Array, output: int, source: Array, columns: int) -> tuple[Array, float]:
        """What each original column adds to one output, shape (rows, columns), and the base."""

    def every(self, matrix: Array, source: Array, columns: int) -> Array:
        """The values of all outputs at once, shape (rows, columns, outputs)."""

    def weighted(self, matrix: Array, weights: Array, source: Array, columns: int) -> Array:
        """The values of a weighted sum of all outputs, shape (rows, columns)."""

    def base(self, output: int) -> float:
        """What the values of one output are measured from."""

    def settled(self, mean: Array, rows: Array | None = None) -> Node:
        """This node, with its values measured from some rows of the matrix, or from their mean, as it needs them."""


@dataclass(frozen=True, eq=False)
class Linear:
    """A weighted sum.

    Parameters
    ----------
    weights : float array, shape (outputs, columns)
        Coefficients.
    intercept : float array, shape (outputs,)
        Constant terms.
    mean : float array, shape (columns,)
        Mean of the encoded training rows: SHAP values are measured from it.
    columns : int array, shape (columns,), optional
        Which columns of the matrix it works on; all of them by default.
    """

    weights: Array
    intercept: Array
    mean: Array
    columns: Array | None = None
    exact = True

    @property
    def width(self) -> int:
        """How many columns it gives."""
        return len(self.intercept)

    def predict(self, matrix: Array) -> Array:
        """The outputs, shape (rows, outputs)."""
        return self._taken(matrix) @ self.weights.T + self.intercept

    def explain(self, matrix: Array, output: int, source: Array, columns: int) -> tuple[Array, float]:
        """SHAP values of a linear model with independent columns, shape (rows, columns), and the base."""
        added = (self._taken(matrix) - self.mean) * self.weights[output]
        own = source if self.columns is None else source[self.columns]
        return added @ np.eye(columns)[own], self.base(output)

    def every(self, matrix: Array, source: Array, columns: int) -> Array:
        """The values of all outputs at once, shape (rows, columns, outputs)."""
        own = source if self.columns is None else source[self.columns]
        added = (self._taken(matrix) - self.mean)[:, None] * np.eye(columns)[own].T
        return added @ self.weights.T

    def weighted(self, matrix: Array, weights: Array, source: Array, columns: int) -> Array:
        """The values of a weighted sum of all outputs, shape (rows, columns)."""
        one = replace(self, weights=(weights @ self.weights)[None], intercept=np.zeros(1))
        return one.explain(matrix, 0, source, columns)[0]

    def base(self, output: int) -> float:
        """The output of the mean row."""
        return float(self.weights[output] @ self.mean + self.intercept[output])

    def settled(self, mean: Array, rows: Array | None = None) -> Linear:
        """This model, measured from the mean row of the matrix."""
        return replace(self, mean=mean if self.columns is None else mean[self.columns])

    def arrays(self) -> dict[str, Array]:
        """The tables by name, for saving."""
        tables = {"weights": self.weights, "intercept": self.intercept, "mean": self.mean}
        return tables if self.columns is None else {**tables, "columns": self.columns}

    def checked(self, columns: int) -> Linear:
        """This model, if its tables fit together.

        Raises
        ------
        Damaged
            If they do not.
        """
        _check_places(self.columns, columns)
        width = columns if self.columns is None else len(self.columns)
        tables = (self.weights, self.intercept, self.mean)
        shapes = self.weights.shape == (len(self.intercept), width) and self.mean.shape == (width,)
        if not shapes or not all(a.dtype == np.float64 and reasonable(a) for a in tables):
            raise Damaged("The model's coefficients are not what was written. Package the model again.")
        return self

    def _taken(self, matrix: Array) -> Array:
        return matrix if self.columns is None else matrix[:, self.columns]


def _sigmoids(matrix: Array, slope: Array, offset: Array) -> Array:
    return logistic(-(slope * matrix + offset))


def _isotonic(matrix: Array, x: Array, y: Array) -> Array:
    return np.column_stack([np.interp(matrix[:, k], x[k], y[k]) for k in range(len(x))])


def _mean(matrix: Array, weights: Array, _: Array) -> Array:
    """Members are added one after the other, as numpy does along the first axis of an array."""
    members = matrix.reshape(len(matrix), len(weights), -1)
    total = members[:, 0] * weights[0]
    for i in range(1, len(weights)):
        total = total + members[:, i] * weights[i]
    result: Array = total / weights.sum()
    return result


def _scaled(matrix: Array, scale: Array, shift: Array) -> Array:
    return matrix * scale + shift


def _without_tables(link: Callable[[Array], Array]) -> Callable[[Array, Array, Array], Array]:
    return lambda matrix, *_: link(matrix)


# Functions of the matrix and two tables. `scaled` and `mean` are linear.
CURVES: dict[str, Callable[[Array, Array, Array], Array]] = {
    "sigmoids": _sigmoids,
    "isotonic": _isotonic,
    "mean": _mean,
    "scaled": _scaled,
    "shares": lambda matrix, *_: shares(matrix),
    "exp": lambda matrix, *_: np.exp(matrix),
    "expm1": lambda matrix, *_: np.expm1(matrix),
    "square": lambda matrix, *_: np.square(matrix),
    "single exp": lambda matrix, *_: single_exp(matrix),
    **{name: _without_tables(link) for name, link in LINKS.items()},
}
_LINEAR = ("mean", "scaled", "identity")


@dataclass(frozen=True, eq=False)
class Curve:
    """A function of some inputs, one output each; ``mean`` takes the members' outputs together.

    Parameters
    ----------
    kind : str
        One of :data:`CURVES`.
    inputs : int
        How many inputs.
    first, second : float array
        *sigmoids*: slope and offset by input, as Platt's; *isotonic*: places and values, shape (inputs, points);
        *mean*: weights by member; *scaled*: factor and summand by input. Empty for the rest.
    """

    kind: str
    inputs: int
    first: Array = field(default_factory=lambda: np.zeros(0))
    second: Array = field(default_factory=lambda: np.zeros(0))

    @property
    def width(self) -> int:
        """How many columns it gives."""
        return self.inputs // len(self.first) if self.kind == "mean" else self.inputs

    @property
    def exact(self) -> bool:
        """Whether it is linear."""
        return self.kind in _LINEAR

    def predict(self, matrix: Array) -> Array:
        """The outputs, shape (rows, outputs)."""
        with np.errstate(over="ignore"):
            return CURVES[self.kind](matrix, self.first, self.second)

    def arrays(self) -> dict[str, Array]:
        """The tables by name, for saving."""
        return {"first": self.first, "second": self.second}

    def checked(self, columns: int) -> Curve:
        """This curve, if its tables fit together.

        Raises
        ------
        Damaged
            If they do not.
        """
        what = "the curves"
        fits(self.kind in CURVES and self.inputs == columns and columns > 0, what)
        fits(all(a.dtype == np.float64 and reasonable(a) for a in self.arrays().values()), what)
        fits(self.first.shape == self.second.shape or self.kind == "mean", what)
        shapes = {"sigmoids": (columns,), "scaled": (columns,), "isotonic": (columns, *self.first.shape[1:2])}
        fits(self.kind not in shapes or self.first.shape == shapes[self.kind], what)
        if self.kind == "isotonic":
            fits(self.first.ndim == 2 and self.first.shape[1] > 0 and bool((np.diff(self.first) >= 0).all()), what)
        if self.kind == "mean":
            fits(self.first.ndim == 1 and len(self.first) > 0 and columns % len(self.first) == 0, what)
            fits(bool((self.first >= 0).all()) and float(self.first.sum()) > 0, what)
        return self


@dataclass(frozen=True, eq=False)
class Chain:
    """A node that works on other nodes' outputs.

    Parameters
    ----------
    members : tuple of Node
        They work on the matrix.
    final : Trees, Linear, Curve or Chain
        Works on the members' outputs, side by side, and then on ``columns``.
    columns : int array
        Columns of the matrix that ``final`` gets as they are.
    mean : float array
        Mean of those columns.
    background : float array, shape (rows, matrix columns), optional
        Rows that stand for all others: what ``final`` makes of them, on average, is what values are measured from.
        None in files of older formats, and where ``final`` is linear: the inputs' own bases do then.
    """

    members: tuple[Any, ...]
    final: Any
    columns: Array
    mean: Array
    background: Array | None = None

    @property
    def width(self) -> int:
        """How many columns it gives."""
        return int(self.final.width)

    @property
    def exact(self) -> bool:
        """Whether everything outside the members is linear, and the members are exact."""
        outer = self.final.exact and not isinstance(self.final, Trees)
        return bool(outer and all(m.exact for m in self.members))

    def predict(self, matrix: Array) -> Array:
        """The outputs, shape (rows, outputs)."""
        result: Array = self.final.predict(self.inputs(matrix))
        return result

    def explain(self, matrix: Array, output: int, source: Array, columns: int) -> tuple[Array, float]:
        """The members' values, carried through ``final``; shape (rows, columns), and the base."""
        chosen = np.zeros(self.width)
        chosen[output] = 1.0
        return self.weighted(matrix, chosen, source, columns), self.base(output)

    def every(self, matrix: Array, source: Array, columns: int) -> Array:
        """The values of all outputs at once, shape (rows, columns, outputs)."""
        if isinstance(self.final, Linear):
            return self._added(matrix, source, columns)[..., self._taken] @ self.final.weights.T
        return self._carried(matrix, np.eye(self.width), source, columns)

    def weighted(self, matrix: Array, weights: Array, source: Array, columns: int) -> Array:
        """The values of a weighted sum of all outputs, shape (rows, columns)."""
        if isinstance(self.final, Linear):
            inner = np.zeros(self._inputs_width)
            inner[self._taken] = weights @ self.final.weights
            return self._inner_weighted(matrix, inner, source, columns)
        if isinstance(self.final, Products) and self.final.factors.shape[1] <= 2:
            return self._of_pairs(matrix, self.final.pairs(weights, self._inputs_width), source, columns)
        return self._carried(matrix, weights[:, None], source, columns)[..., 0]

    def base(self, output: int) -> float:
        """The mean output of the background; without one, the output where every input is at its own base."""
        return float(self._all_bases[output])

    def settled(self, mean: Array, rows: Array | None = None) -> Chain:
        """This node, measured from some rows of the matrix, or from their mean where that is all there is."""
        settled = replace(self, members=tuple(m.settled(mean, rows) for m in self.members), mean=mean[self.columns])
        return settled if rows is None or self.final.exact else replace(settled, background=settled._typical(rows))

    def inputs(self, matrix: Array) -> Array:
        """What the final part works on, shape (rows, inputs)."""
        outputs = [m.predict(matrix) for m in self.members]
        alone = len(outputs) == 1 and not len(self.columns)
        return outputs[0] if alone else np.hstack([*outputs, matrix[:, self.columns]])

    def _typical(self, rows: Array) -> Array:
        """As many of the rows as there are orders, spread evenly over what they are answered."""
        outputs = np.nan_to_num(self.predict(rows))
        apart = outputs - outputs.mean(axis=0)
        along = apart @ np.linalg.svd(apart, full_matrices=False)[2][0]
        many = min(self._many, len(rows))
        places = ((np.arange(many) + 0.5) / many * len(rows)).astype(np.intp)
        return rows[np.argsort(along, kind="stable")[places]]

    @cached_property
    def _all_bases(self) -> Array:
        """Of all outputs at once: chains stand in chains, and each would ask its members anew for each output."""
        if self.background is None:
            alone: Array = self.final.predict(self._bases())[0]
            return alone
        turns = np.arange(self._many) % len(self.background)
        result: Array = self.final.predict(self.inputs(self.background))[turns].mean(axis=0)
        return result

    def _bases(self) -> Array:
        bases = [m.base(k) for m in self.members for k in range(m.width)]
        return np.array([[*bases, *self.mean.tolist()]])

    @property
    def _many(self) -> int:
        """Orders in which the columns move; one where any gives the same."""
        return 1 if self.final.exact and not has_trees(self.final) else _orders_for(self.final)

    def _paths(self, source: Array, columns: int) -> _Paths:
        """Orders and their reverses, each with the inputs that it starts from; made once for each way to add up."""
        key = (source.tobytes(), columns)
        if key not in self._kept:
            self._kept[key] = self._new_paths(source, columns)
        return self._kept[key]

    @cached_property
    def _kept(self) -> dict[tuple[bytes, int], _Paths]:
        return {}

    def _new_paths(self, source: Array, columns: int) -> _Paths:
        one_way = _orders(columns, self._many)
        orders = np.concatenate([one_way, one_way[:, ::-1]])
        if self.background is None:
            start, added = self._bases(), np.zeros((1, columns, self._bases().shape[1]))
        else:
            start, added = self.inputs(self.background), self._added(self.background, source, columns)
        one_each = np.arange(len(one_way)) % len(start)
        turns = np.tile(one_each, 2)
        return _Paths(
            orders, np.argsort(orders, axis=1), start[turns], added[turns[:, None], orders], start[one_each],
            added[one_each],
        )  # fmt: skip

    def _added(self, matrix: Array, source: Array, columns: int) -> Array:
        """What each original column adds to each input, shape (rows, columns, inputs)."""
        inner = [m.every(matrix, source, columns) for m in self.members]
        passed = np.zeros((len(matrix), columns, len(self.columns)))
        passed[:, source[self.columns], np.arange(len(self.columns))] = matrix[:, self.columns] - self.mean
        return np.concatenate([*inner, passed], axis=2) if inner else passed

    def _inner_weighted(self, matrix: Array, weights: Array, source: Array, columns: int) -> Array:
        """What each original column adds to a weighted sum of the inputs, shape (rows, columns)."""
        values, start = np.zeros((len(matrix), columns)), 0
        for member in self.members:
            values += member.weighted(matrix, weights[start : start + member.width], source, columns)
            start += member.width
        passed = (matrix[:, self.columns] - self.mean) * weights[start:]
        return values + passed @ np.eye(columns)[source[self.columns]]

    @property
    def _inputs_width(self) -> int:
        return sum(m.width for m in self.members) + len(self.columns)

    @property
    def _taken(self) -> Any:
        """Which inputs a linear final part works on."""
        return slice(None) if self.final.columns is None else self.final.columns

    def _carried(self, matrix: Array, weights: Array, source: Array, columns: int) -> Array:
        """The values of sums of the outputs, weighted by columns of (outputs, sums); shape (rows, columns, sums)."""
        values = np.empty((len(matrix), columns, weights.shape[1]))
        paths = self._paths(source, columns)
        cells = len(paths.orders) * (columns + 1) * (paths.start.shape[1] + self.width)
        for block in blocks(len(matrix), MOVED_CELLS // max(1, cells)):
            here = matrix[block]
            values[block] = self._shared_out(self.inputs(here), self._added(here, source, columns), weights, paths)
        return values

    def _of_pairs(self, matrix: Array, pairs: Array, source: Array, columns: int) -> Array:
        """The values of a weighted sum of products of two, which are the same by any order and its reverse.

        A column that adds a to the inputs changes a product of two, on average, by half of what they are before and
        after all columns have moved: ``a pairs (start + end) / 2``.
        """
        paths = self._paths(source, columns)
        start, begun, values = _with_one(paths.rows_start), paths.rows_added, np.empty((len(matrix), columns))
        for block in blocks(len(matrix), MOVED_CELLS // max(1, (columns + len(start)) * len(pairs))):
            here = matrix[block]
            rate = (_with_one(self.inputs(here))[:, None] + start) @ (pairs / 2)  # rows x background x inputs
            moved = np.einsum("rci,ri->rc", self._added(here, source, columns), rate.mean(axis=1))
            values[block] = moved - np.einsum("tci,rti->rc", begun, rate) / len(start)
        return values

    def _shared_out(self, inputs: Array, added: Array, weights: Array, paths: _Paths) -> Array:
        """The mean over the orders of what each column changes when it moves, shape (rows, columns, sums)."""
        rows, columns, width = added.shape
        path = np.empty((rows, len(paths.orders), columns + 1, width))
        path[:, :, 0] = paths.start
        np.cumsum(added[:, paths.orders] - paths.added, axis=2, out=path[:, :, 1:])
        path[:, :, 1:] += paths.start[:, None]
        path[:, :, -1] = inputs[:, None]
        outputs = self.final.predict(path.reshape(-1, width))
        steps = np.diff(_summed(outputs, weights).reshape(*path.shape[:3], -1), axis=2)
        result: Array = np.take_along_axis(steps, paths.turns[None, ..., None], axis=2).mean(axis=1)
        return result


class _Paths(NamedTuple):
    """Orders of the columns, with what each starts from."""

    orders: Array  # which column moves, shape (orders, columns)
    turns: Array  # when each column moves, shape (orders, columns)
    start: Array  # inputs before any does, shape (orders, inputs)
    added: Array  # what each column had added to them, in its turn; shape (orders, columns, inputs)
    rows_start: Array  # the same of one way alone, column by column as they are
    rows_added: Array


def _with_one(inputs: Array) -> Array:
    return np.column_stack([inputs, np.ones(len(inputs))])


def _summed(outputs: Array, weights: Array) -> Array:
    """Weighted sums of outputs; one output alone, and all of them, as they are."""
    if weights.shape[1] > 1:
        return outputs if len(weights) == weights.shape[1] else outputs @ weights
    there = np.flatnonzero(weights[:, 0])
    alone = len(there) == 1 and weights[there[0], 0] == 1
    return outputs[:, there] if alone else outputs @ weights


@cache
def _orders(columns: int, many: int) -> Array:
    """Orders of the columns, shape (many, columns): shuffled ones, each turned so that a column comes early and late.

    References
    ----------
    Steele, G., Lea, D., Flood, C. (2014), Fast splittable pseudorandom number generators: the shuffling, which is the
    same with every version of numpy.

    Examples
    --------
    >>> _orders(3, 4).tolist()
    [[2, 1, 0], [0, 2, 1], [1, 0, 2], [1, 2, 0]]
    """
    turns = np.arange(0, columns, max(1, columns // 4))
    shuffles = -(-many // len(turns))
    keys = np.arange(1, shuffles * columns + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        keys = (keys ^ (keys >> np.uint64(shift))) * np.uint64(factor)
    shuffled = (keys ^ (keys >> np.uint64(31))).reshape(shuffles, columns).argsort(axis=1)
    turned = (np.arange(columns) - turns[:, None]) % columns
    result: Array = shuffled[:, turned].reshape(-1, columns)[:many]
    return result


def _orders_for(node: Any) -> int:
    """As many as its dearest part allows."""
    if isinstance(node, Chain):
        return min(map(_orders_for, (*node.members, node.final)))
    return ORDERS_OF_TREES if isinstance(node, Trees) else ORDERS_OF_MIXING if isinstance(node, Mixing) else ORDERS


def has_trees(node: Any) -> bool:
    """Whether a node is one of trees, or has one within."""
    inner = (*node.members, node.final) if isinstance(node, Chain) else ()
    return isinstance(node, Trees) or any(map(has_trees, inner))


def explained_by(node: Any, engine: Engine) -> Any:
    """The same node, all of whose trees ask ``engine`` for their values first."""
    if isinstance(node, Trees):
        return replace(node, engine=engine)
    if isinstance(node, Chain):
        return replace(node, members=tuple(explained_by(member, engine) for member in node.members))
    return node


# --- on disk ------------------------------------------------------------------------------------------------------


def write_node(node: Any, name: str) -> tuple[dict[str, Any], dict[str, Array]]:
    """A node's header and its arrays, each under ``name``."""
    if isinstance(node, Chain):
        members = [write_node(m, f"{name}.{i}") for i, m in enumerate(node.members)]
        final = write_node(node.final, f"{name}.final")
        arrays = {f"{name}.columns": node.columns, f"{name}.mean": node.mean}
        if node.background is not None:
            arrays[f"{name}.background"] = node.background
        for _, inner in (*members, final):
            arrays |= inner
        return {"kind": "chain", "members": [m for m, _ in members], "final": final[0]}, arrays
    arrays = {f"{name}.{n}": table for n, table in node.arrays().items()}
    if isinstance(node, Trees):
        rules = {"divisor": node.divisor, "single": node.single, "single_sum": node.single_sum}
        return {"kind": "trees", **rules}, arrays
    if isinstance(node, Curve):
        return {"kind": "curve", "curve": node.kind, "inputs": node.inputs}, arrays
    if isinstance(node, Mixing):
        return node.header(), arrays
    return {"kind": "linear", "columns": node.columns is not None}, arrays


def read_node(header: dict[str, Any], arrays: dict[str, Array], name: str, columns: int, depth: int = 0) -> Any:
    """What :func:`write_node` wrote, with every table checked; ``columns`` is the width of its matrix."""
    fits(depth < DEEPEST and isinstance(header, dict), "the members")
    kind = header["kind"]
    if kind == "chain":
        return _read_chain(header, arrays, name, columns, depth)
    if kind == "trees":
        rules = {rule: header[rule] for rule in ("divisor", "single", "single_sum")}
        tables: dict[str, Any] = {n: arrays[f"{name}.{n}"] for n in FIELDS}
        return Trees(**tables, **rules).checked(columns)
    if kind == "curve":
        first, second = arrays[f"{name}.first"], arrays[f"{name}.second"]
        return Curve(header["curve"], header["inputs"], first, second).checked(columns)
    if kind in KINDS:
        return read_mixing(header, arrays, name, columns)
    fits(kind == "linear", "a member")
    taken = arrays[f"{name}.columns"] if header["columns"] else None
    weights, intercept, mean = (arrays[f"{name}.{n}"] for n in ("weights", "intercept", "mean"))
    return Linear(weights, intercept, mean, taken).checked(columns)


def _read_chain(header: dict[str, Any], arrays: dict[str, Array], name: str, columns: int, depth: int) -> Chain:
    members = tuple(
        read_node(member, arrays, f"{name}.{i}", columns, depth + 1) for i, member in enumerate(header["members"])
    )
    fits(not any(isinstance(m, (Curve, Mixing)) for m in members), "the members")
    taken, mean = arrays[f"{name}.columns"], arrays[f"{name}.mean"]
    _check_places(taken, columns)
    fits(mean.shape == taken.shape and mean.dtype == np.float64 and reasonable(mean), "the members")
    width = sum(m.width for m in members) + len(taken)
    fits(width > 0, "the members")
    background = arrays.get(f"{name}.background")
    if background is not None:
        fits(
            background.ndim == 2 and background.shape[1] == columns and 0 < len(background) <= ORDERS, "the background"
        )
        fits(background.dtype == np.float64, "the background")
    final = read_node(header["final"], arrays, f"{name}.final", width, depth + 1)
    return Chain(members, final, taken, mean, background)


def _check_places(places: Array | None, columns: int) -> None:
    inside = places is None or (
        places.ndim == 1 and places.dtype.kind == "i" and bool(((places >= 0) & (places < columns)).all())
    )
    fits(inside, "the columns of a member")
