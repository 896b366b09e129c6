"""Trees as tables: scoring and exact SHAP values with numpy alone.

Scoring walks all trees of a model at once and adds the leaves in scikit-learn's order, so that the sums are the same
bits on every processor; what a link makes of them may differ in the last place.

:mod:`workbench.tables.edges` says how values are found.

References
----------
Lundberg et al. (2020), From local explanations to global understanding with explainable AI for trees.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.errors import Damaged
from workbench.tables import native
from workbench.tables.edges import EDGES, SMALLEST, Edges, edges
from workbench.tables.walk import Walked, walked

if TYPE_CHECKING:
    from workbench.tables.patterns import Patterns

Array = np.ndarray[Any, np.dtype[Any]]

CODES = 256  # HistGradientBoosting's category codes fit in a byte
WALK_CELLS = 100_000  # rows x trees walked together: fits in the processor's cache
SHAP_CELLS = 100_000  # numbers in one block of the quadrature: its arrays stay in the processor's cache
FEW_ROWS = 4  # for so few rows, asking every node once costs less than following each tree
FEW_NODES = 20_000
MOST = 1e100
FIELDS = (
    "roots",
    "outputs",
    "feature",
    "threshold",
    "left",
    "right",
    "missing_left",
    "category",
    "goes_left",
    "value",
    "cover",
    "baseline",
)


Engine = Callable[["Trees", Array, int, Array, int], Array | None]


@dataclass(frozen=True, eq=False)
class Trees:
    """The nodes of all trees of one model, one after the other.

    Parameters
    ----------
    roots, outputs : int array, shape (trees,)
        First node of each tree, and the output that its leaves add to.
    feature : int array, shape (nodes,)
        Column of the model's matrix that the node looks at; -1 for a leaf.
    threshold : float array, shape (nodes,)
        A value up to here goes left.
    left, right : int array, shape (nodes,)
        Children, counted over all trees; -1 for a leaf.
    missing_left : bool array, shape (nodes,)
        Whether NaN goes left.
    category : int array, shape (nodes,)
        Row of ``goes_left`` for a categorical split; -1 for a numeric one.
    goes_left : bool array, shape (categorical splits, 256)
        Whether a category code goes left; codes that were unknown in training go where NaN goes.
    value : float array, shape (nodes, width)
        What a leaf adds to outputs ``outputs[tree]`` to ``outputs[tree] + width - 1``.
    cover : float array, shape (nodes,)
        Training rows that came through, by weight.
    baseline : float array, shape (outputs,)
        What the sum starts from.
    divisor : float
        What the sum is divided by: 1, or the number of trees of a forest.
    single : bool
        True: numbers are rounded to float32 first, as scikit-learn's forests do.
    single_sum : bool
        True: leaves are added in float32, as XGBoost does.
    engine : callable, optional
        Takes these trees and what :meth:`explain` takes, and gives its values, without the base; or None, where it does
        not pay. It is no part of the model, and not saved.
    """

    roots: Array
    outputs: Array
    feature: Array
    threshold: Array
    left: Array
    right: Array
    missing_left: Array
    category: Array
    goes_left: Array
    value: Array
    cover: Array
    baseline: Array
    divisor: float = 1.0
    single: bool = False
    single_sum: bool = False
    engine: Engine | None = None
    exact = True

    @property
    def width(self) -> int:
        """How many outputs it gives."""
        return len(self.baseline)

    def predict(self, matrix: Array) -> Array:
        """The model's own outputs.

        Parameters
        ----------
        matrix : float array, shape (rows, columns)
            Encoded values, NaN where missing.

        Returns
        -------
        float array, shape (rows, outputs)
        """
        matrix = self.rounded(matrix)
        if (loops := native.kernel()) is not None:
            return loops.predict(self._forest, matrix) / self.divisor
        result = np.empty((len(matrix), len(self.baseline)))
        for block in blocks(len(matrix), WALK_CELLS // max(1, len(self.roots))):
            result[block] = self.sum(self._leaves(matrix[block]))
        return result

    def explain(self, matrix: Array, output: int, source: Array, columns: int) -> tuple[Array, float]:
        """Path-dependent SHAP values of one output.

        Parameters
        ----------
        matrix : float array, shape (rows, model columns)
            Encoded values, NaN where missing.
        output : int
            Which output.
        source : int array, shape (model columns,)
            Original column of each model column; values of one original column are added up.
        columns : int
            Number of original columns.

        Returns
        -------
        values : float array, shape (rows, columns)
        base : float
            ``base + values.sum(axis=1)`` is the output.
        """
        values = self.engine(self, matrix, output, source, columns) if self.engine else None
        if values is None:
            values = self.by_loops(matrix, output, source, columns)
        if values is None:
            values = self.added(self.parts(output), matrix, output, source, columns)
        base = self.base(output)
        return values + self.rounding(matrix, output, values, base), base

    def every(self, matrix: Array, source: Array, columns: int) -> Array:
        """The values of all outputs at once, shape (rows, columns, outputs)."""
        return np.stack([self.explain(matrix, k, source, columns)[0] for k in range(self.width)], axis=2)

    def weighted(self, matrix: Array, weights: Array, source: Array, columns: int) -> Array:
        """The values of a weighted sum of all outputs, shape (rows, columns)."""
        values = np.zeros((len(matrix), columns))
        for k in np.flatnonzero(weights).tolist():
            values += weights[k] * self.explain(matrix, k, source, columns)[0]
        return values

    def added(self, parts: Iterable[Edges], matrix: Array, output: int, source: Array, columns: int) -> Array:
        """What each original column adds to one output by some edges, shape (rows, columns)."""
        matrix, value = self.rounded(matrix), self.weight(output)
        values = np.zeros((len(matrix), columns))
        for part in parts:
            column = source[self.feature[part.asked]]
            for block in blocks(len(matrix), SHAP_CELLS // (part.points * len(part.node))):
                met = part.met(self.go_left(part.asked, matrix[block]))
                added = part.added(met, value)[1:]
                values[block] += _by_column(added[::2] + added[1::2], column, columns)
        return values

    def by_loops(
        self, matrix: Array, output: int, source: Array, columns: int, among: Array | None = None
    ) -> Array | None:
        """What :meth:`added` gives, by the compiled loops, of all trees or some; None where there are none."""
        loops = native.kernel()
        if loops is None:
            return None
        result, asked = np.zeros((len(matrix), columns)), self._asked(output, source, among)
        if asked is not None:
            values = loops.values(asked, self.rounded(matrix))
            if values is None:
                return None
            result[:, asked.shown] = values
        return result

    def of_large(self, tables: Patterns, matrix: Array, output: int, source: Array, columns: int) -> Array:
        """What is added by the trees for which tables of reasons have no room."""
        values = self.by_loops(matrix, output, source, columns, tables.large)
        return self.added(tables.rest, matrix, output, source, columns) if values is None else values

    def parts(self, output: int) -> Iterator[Edges]:
        """The edges of the trees that add to an output, some trees together; found once."""
        width = self.value.shape[1]
        return (part for first, part in self._parts if first <= output < first + width)

    def weight(self, output: int) -> Array:
        """What each node adds to an output if it is a leaf that a row reaches, shape (nodes,)."""
        if self.width == 1:
            return self.value[:, 0] / self.divisor
        column = output - np.repeat(self.outputs, np.diff(self.roots, append=len(self.feature)))
        inside = (column >= 0) & (column < self.value.shape[1])
        return np.where(inside, self.value[np.arange(len(column)), np.where(inside, column, 0)], 0.0) / self.divisor

    def base(self, output: int) -> float:
        """Mean output over the training rows, by the nodes' covers: what the values are measured from."""
        return float(self._bases[output])

    def settled(self, mean: Array, rows: Array | None = None) -> Trees:
        """These trees: they know their own base."""
        return self

    def arrays(self) -> dict[str, Array]:
        """The tables by name, for saving."""
        return {name: getattr(self, name) for name in FIELDS}

    def checked(self, columns: int) -> Trees:
        """These trees, if no node can lead out of its tables; ``columns`` is the width of the model's matrix.

        Raises
        ------
        Damaged
            Naming what does not fit.
        """
        for fits, what in self._checks(columns):
            if not fits:
                raise Damaged(f"The model's tree table is not what was written: {what}. Package the model again.")
        return self

    def _asked(self, output: int, source: Array, among: Array | None) -> native.Paths | None:
        """What the loops are asked for an output, None where no tree asks anything; found once."""
        key = (output, source.tobytes(), b"" if among is None else among.tobytes())
        if key not in self._paths_asked:
            self._paths_asked[key] = self._new_paths(walked(self, output, among), output, source)
        return self._paths_asked[key]

    def _new_paths(self, found: Walked | None, output: int, source: Array) -> native.Paths | None:
        if found is None:
            return None
        shown, place = np.unique(source[found.used], return_inverse=True)
        offset = (output - self.outputs[found.trees]).astype(np.int64)
        return native.Paths(found, self._forest_value, offset, float(self.divisor), place.astype(np.int32), shown)

    @cached_property
    def _paths_asked(self) -> dict[tuple[int, bytes, bytes], native.Paths | None]:
        return {}

    @cached_property
    def _forest_value(self) -> Array:
        return np.ascontiguousarray(self.value)

    @cached_property
    def _forest(self) -> native.Forest:
        """The nodes as the compiled loops walk them."""
        return native.forest(
            self.roots, self.outputs, self.feature, self.threshold, self.left, self.right, self.missing_left,
            self.category, self.goes_left, self._forest_value, self.baseline, self.single_sum,
        )  # fmt: skip

    @cached_property
    def _parts(self) -> tuple[tuple[int, Edges], ...]:
        """The first output that some trees add to, and their edges."""
        return tuple(self._new_parts())

    def _new_parts(self) -> Iterator[tuple[int, Edges]]:
        sizes = np.diff(self.roots, append=len(self.feature))
        for first in np.unique(self.outputs).tolist():
            trees = np.flatnonzero(self.outputs == first)
            part = np.cumsum(sizes[trees]) // EDGES
            yield from ((first, edges(self, trees[part == k])) for k in np.unique(part))

    def rounding(self, matrix: Array, output: int, values: Array, base: float) -> Array | float:
        """What a sum in float32 lost, shared out by the size of the values, which are measured from ``base``."""
        if not self.single_sum:
            return 0.0
        lost = self.predict(matrix)[:, output] - base - values.sum(axis=1)
        size = np.abs(values)
        result: Array = size * (lost / np.maximum(size.sum(axis=1), SMALLEST))[:, None]
        return result

    @cached_property
    def _bases(self) -> Array:
        bases, width = self.baseline.copy(), self.value.shape[1]
        # The loops need no edges: those of a large forest would take more memory than its tables.
        for first, part in self._parts if native.kernel() is None else self._new_parts():
            bases[first : first + width] += part.reach[part.leaves] @ self.value[part.node[part.leaves]]
        alone = np.flatnonzero(self.feature[self.roots] < 0)
        places = self.outputs[alone, None] + np.arange(width)
        np.add.at(bases, places, self.value[self.roots[alone]])
        result: Array = bases / self.divisor
        return result

    def rounded(self, matrix: Array) -> Array:
        """Numbers as the trees compare them."""
        with np.errstate(over="ignore"):
            return matrix.astype(np.float32).astype(np.float64) if self.single else matrix

    def _leaves(self, matrix: Array) -> Array:
        """Leaf of each row in each tree, shape (rows, trees). Who has arrived leaves the loop."""
        rows, trees = len(matrix), len(self.roots)
        if rows <= FEW_ROWS and len(self.feature) <= FEW_NODES:
            return np.array([self._followed(row) for row in matrix]).reshape(rows, trees)
        node = np.tile(self.roots, rows)
        row = np.repeat(np.arange(rows) * matrix.shape[1], trees)
        flat, active = matrix.ravel(), np.flatnonzero(self.feature[node] >= 0)
        while active.size:
            at = node[active]
            at = np.where(self.goes(at, flat[row[active] + self.feature[at]]), self.left[at], self.right[at])
            node[active] = at
            active = active[self.feature[at] >= 0]
        return node.reshape(rows, trees)

    def _followed(self, row: Array) -> Array:
        """Leaf of one row in each tree: every node is asked, then the answers are followed."""
        inner, feature, category, depth = self._inner
        value = row.take(feature)
        left = value <= self.threshold[inner]
        nothing = value != value
        if nothing.any():
            left = np.where(nothing, self.missing_left[inner], left)
        if category.size:
            chosen = category[~nothing[category]]
            left[chosen] = self.goes_left[self.category[inner[chosen]], value[chosen].astype(np.uint8)]
        onward = np.arange(len(self.feature))
        onward[inner] = np.where(left, self.left[inner], self.right[inner])
        node = self.roots
        for _ in range(depth):
            node = onward.take(node)
        return node

    @cached_property
    def _inner(self) -> tuple[Array, Array, Array, int]:
        """Inner nodes, their features, which of them ask for a category, and the depth of the deepest tree."""
        inner = np.flatnonzero(self.feature >= 0)
        level, depth = self.roots[self.feature[self.roots] >= 0], 0
        while level.size:
            children = np.concatenate([self.left[level], self.right[level]])
            level, depth = children[self.feature[children] >= 0], depth + 1
        return inner, self.feature[inner], np.flatnonzero(self.category[inner] >= 0), depth

    def goes(self, node: Array, value: Array) -> Array:
        """Whether each value goes left at its node."""
        left = value <= self.threshold[node]
        nothing = np.flatnonzero(value != value)
        left[nothing] = self.missing_left[node[nothing]]
        if len(self.goes_left):
            chosen = np.flatnonzero((self.category[node] >= 0) & ~np.isnan(value))
            left[chosen] = self.goes_left[self.category[node[chosen]], value[chosen].astype(np.uint8)]
        return left

    def go_left(self, node: Array, matrix: Array) -> Array:
        """Which way each row goes at some nodes, shape (nodes, rows)."""
        value = matrix.T.take(self.feature[node], axis=0)
        if len(matrix) == 1:
            return self.goes(node, value[:, 0])[:, None]
        return self.goes(np.repeat(node, len(matrix)), value.ravel()).reshape(value.shape)

    def sum(self, leaves: Array, values: Array | None = None) -> Array:
        """Add the leaves one after the other, as scikit-learn does: a pairwise sum would differ in the last digit.

        Parameters
        ----------
        leaves : int array, shape (rows, trees)
            Nodes; or lines of ``values``, where these are given.
        values : float array, shape (lines, outputs a leaf), optional
            What the lines add.
        """
        values = self.value if values is None else values
        result = np.empty((len(leaves), self.width))
        for k, (trees, column) in enumerate(self._by_output):
            taken = leaves if len(trees) == len(self.roots) else leaves[:, trees]
            if values.shape[1] > 1:
                taken = taken * values.shape[1] + column
            result[:, k] = self.in_turn(values.ravel().take(taken), k)
        return result / self.divisor

    def in_turn(self, added: Array, output: int) -> Array:
        """The sums of what each tree added, shape (rows, trees), in the order of the trees."""
        kind = np.float32 if self.single_sum else np.float64
        if len(added) == 1 and not self.single_sum:
            one = float(self.baseline[output])
            for value in added[0].tolist():
                one += value
            return np.array([one])
        if len(added) <= FEW_ROWS:
            start = np.full((len(added), 1), self.baseline[output])
            last: Array = np.cumsum(np.hstack([start, added]).astype(kind), axis=1)[:, -1]
            return last
        by_tree = np.ascontiguousarray(added.T, kind)
        if len(by_tree):
            by_tree[0] += kind(self.baseline[output])
        total: Array = np.add.reduce(by_tree, axis=0)  # whole lines, one after the other
        return total

    @cached_property
    def _by_output(self) -> tuple[tuple[Array, Array], ...]:
        """For each output the trees that add to it, and the column of their leaves' values."""
        width = self.value.shape[1]
        adding = [np.flatnonzero((self.outputs <= k) & (k < self.outputs + width)) for k in range(self.width)]
        return tuple((trees, k - self.outputs[trees]) for k, trees in enumerate(adding))

    def _checks(self, columns: int) -> Iterator[tuple[bool, str]]:
        nodes, trees = len(self.feature), len(self.roots)
        per_node = (self.threshold, self.left, self.right, self.missing_left, self.category, self.value, self.cover)
        yield all(len(table) == nodes for table in per_node) and len(self.outputs) == trees, "tables differ in length"
        yield all(a.dtype.kind == "i" for a in (self.roots, self.outputs, self.feature, self.left, self.right)), "types"
        yield self.category.dtype.kind == "i" and self.missing_left.dtype == self.goes_left.dtype == np.bool_, "types"
        yield all(a.dtype == np.float64 for a in (self.threshold, self.value, self.cover, self.baseline)), "types"
        flat = (*per_node[:5], self.cover, self.feature, self.roots, self.outputs, self.baseline)
        yield all(a.ndim == 1 for a in flat) and trees > 0, "shapes"
        yield self.value.ndim == 2 and self.goes_left.ndim == 2 and self.goes_left.shape[1] == CODES, "shapes"
        yield self._starts_fit(nodes, trees), "a tree starts outside"
        yield _between(self.feature, -1, columns), "a feature lies outside"
        yield _between(self.category, -1, len(self.goes_left)), "a category table lies outside"
        yield _between(self.outputs, 0, len(self.baseline) - self.value.shape[1] + 1), "an output lies outside"
        yield self._children_fit(nodes), "a child lies outside its tree"
        yield not np.isnan(self.threshold).any(), "a threshold is not a number"
        yield reasonable(self.value) and reasonable(self.baseline), "a leaf is not finite"
        yield bool((self.cover >= 0).all()) and reasonable(self.cover), "a cover is not a number of rows"
        yield isinstance(self.divisor, float) and 1e-3 <= self.divisor < 1e9, "a divisor is no number of trees"
        yield isinstance(self.single, bool) and isinstance(self.single_sum, bool), "types"

    def _starts_fit(self, nodes: int, trees: int) -> bool:
        return trees == 0 or (self.roots[0] == 0 and bool((np.diff(self.roots) > 0).all()) and self.roots[-1] < nodes)

    def _children_fit(self, nodes: int) -> bool:
        """Every child comes after its parent, in the same tree, and every node but the roots has one parent."""
        inner = np.flatnonzero(self.feature >= 0)
        children = np.concatenate([self.left[inner], self.right[inner]])
        parents = np.concatenate([inner, inner])
        if not _between(children, 0, nodes) or not bool((children > parents).all()):
            return False
        tree = np.searchsorted(self.roots, np.arange(nodes), side="right")
        met_once = np.bincount(children, minlength=nodes)
        met_once[self.roots] += 1
        return bool((tree[children] == tree[parents]).all() and (met_once == 1).all())


def _by_column(added: Array, column: Array, columns: int) -> Array:
    """Sums of the lines of each column, shape (rows, columns)."""
    rows = added.shape[1]
    cell = np.arange(rows) * columns + column[:, None]
    return np.bincount(cell.ravel(), added.ravel(), rows * columns).reshape(rows, columns)


def reasonable(values: Array) -> bool:
    """Whether all are finite, and small enough that no sum or product of them is not.

    >>> reasonable(np.array([1.0, -3.5])), reasonable(np.array([1e308]))
    (True, False)
    """
    return bool((np.abs(values) <= MOST).all())


def blocks(rows: int, size: int) -> Iterator[slice]:
    """Slices of at most ``size`` rows, at least one row each.

    >>> list(blocks(5, 2))
    [slice(0, 2, None), slice(2, 4, None), slice(4, 6, None)]
    """
    size = max(1, size)
    for start in range(0, rows, size):
        yield slice(start, start + size)


def _between(values: Array, low: int, below: int) -> bool:
    return bool(((values >= low) & (values < below)).all())
