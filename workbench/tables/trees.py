"""Trees as tables: scoring and exact SHAP values with numpy alone.

Scoring walks all trees of a model at once and adds the leaves in scikit-learn's order, so that the sums are the same
bits on every processor; what a link makes of them may differ in the last place.

A tree is its root-to-leaf paths. On a path each distinct feature j has a condition (met or not: o_j in {1, 0}) and a
cover share z_j (the product of its splits' cover ratios). The path's game is a product, so its Shapley values are
``v * (o_j - z_j) * integral over t in [0, 1] of product over k != j of ((1 - t) * z_k + t * o_k)``: a polynomial of
degree d - 1, which Gauss-Legendre quadrature with ceil(d / 2) points integrates exactly.

References
----------
Lundberg et al. (2020), From local explanations to global understanding with explainable AI for trees.
Mitchell, Frank, Holmes (2022), GPUTreeShap: massively parallel exact calculation of SHAP scores for tree ensembles.
Quadrature-TreeSHAP, arXiv 2605.04497.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import Any

import numpy as np

from workbench.errors import Damaged

Array = np.ndarray[Any, np.dtype[Any]]

CODES = 256  # HistGradientBoosting's category codes fit in a byte
SMALLEST = 1e-12  # a cover share of nothing would divide by zero
WALK_CELLS = 100_000  # rows x trees walked together: fits in the processor's cache
SHAP_CELLS = 2_000_000  # numbers in one block of the quadrature: 16 MB
LEAVES = 4096  # paths explained together
TABLE_CELLS = 2_000_000  # numbers in the tables of all patterns of one model: 16 MB
TABLE_BLOCK = 20_000  # numbers of a table made together: they stay in the processor's cache
LONGEST = 8  # conditions on a path whose table is worth its making
FEW_ROWS = 4  # for so few rows, asking every node once costs less than following each tree
FEW_NODES = 20_000
LARGEST = np.finfo(np.float64).max
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
        values = self.added(self.paths, matrix, output, source, columns)
        return values + self.rounding(matrix, output, values), self.base(output)

    def added(
        self, paths: tuple[tuple[Paths, ...], Conditions], matrix: Array, output: int, source: Array, columns: int
    ) -> Array:
        """What each original column adds to one output by some paths, shape (rows, columns)."""
        matrix = np.maximum(self.rounded(matrix), -LARGEST)
        values = np.zeros((len(matrix), columns))
        groups, conditions = paths
        for group in groups:
            weight = group.weight[:, output] / self.divisor
            for block in blocks(len(matrix), SHAP_CELLS // group.cells):
                values[block] += group.explain(conditions.met(matrix[block]), weight, source, columns)
        return values

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

    @cached_property
    def paths(self) -> tuple[tuple[Paths, ...], Conditions]:
        """All root-to-leaf paths, in groups of similar length, and what they ask of a row; found once."""
        return group_paths(self)

    def rounding(self, matrix: Array, output: int, values: Array) -> Array | float:
        """What a sum in float32 lost, shared out by the size of the values."""
        if not self.single_sum:
            return 0.0
        lost = self.predict(matrix)[:, output] - self.base(output) - values.sum(axis=1)
        size = np.abs(values)
        result: Array = size * (lost / np.maximum(size.sum(axis=1), SMALLEST))[:, None]
        return result

    @cached_property
    def _bases(self) -> Array:
        groups, _ = self.paths
        sums = [p.weight.T @ p.share.prod(axis=1) for p in groups]
        return (self.baseline + np.sum(sums, axis=0)) / self.divisor if sums else self.baseline / self.divisor

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


@dataclass(frozen=True, eq=False)
class Conditions:
    """What a row must be like to stay on a path, each distinct condition once.

    Parameters
    ----------
    feature : int array, shape (conditions,)
        Column of the model's matrix.
    low, high : float array, shape (conditions,)
        The value lies in (low, high].
    missing : bool array, shape (conditions,)
        Whether NaN stays.
    category : int array, shape (conditions,)
        Row of ``codes`` for a categorical condition; -1 for a numeric one.
    codes : bool array, shape (categorical conditions, 256)
        Category codes that stay.
    """

    feature: Array
    low: Array
    high: Array
    missing: Array
    category: Array
    codes: Array

    def met(self, matrix: Array) -> Array:
        """Which conditions each row meets, shape (rows, conditions)."""
        value = matrix.take(self.feature, axis=1)
        nothing = np.isnan(value)
        met = (value > self.low) & (value <= self.high)
        categorical = np.flatnonzero(self.category >= 0)
        if categorical.size:
            codes = np.where(nothing, 0, value)[:, categorical].astype(np.uint8)
            met[:, categorical] = self.codes[self.category[categorical], codes]
        return np.where(nothing, self.missing, met)


@dataclass(frozen=True, eq=False)
class Paths:
    """Some paths, padded to one length with conditions that are always met.

    Parameters
    ----------
    condition : int array, shape (leaves, length)
        Into :class:`Conditions`.
    feature : int array, shape (leaves, length)
        Column of the model's matrix.
    share : float array, shape (leaves, length)
        Share of the training rows that met the condition, z in (0, 1].
    weight : float array, shape (leaves, outputs)
        What the leaf adds.
    tabled : bool
        Whether the values of all patterns of met conditions are kept.
    """

    condition: Array
    feature: Array
    share: Array
    weight: Array
    tabled: bool = False

    @property
    def cells(self) -> int:
        """Numbers that one row takes."""
        return self.share.size * (1 if self.tabled else self._points)

    @property
    def patterns(self) -> int:
        """Numbers in the table of all patterns."""
        return int(self.share.size) << self.share.shape[1]

    def explain(self, met: Array, weight: Array, source: Array, columns: int) -> Array:
        """What each original column adds by these paths, shape (rows, columns)."""
        one = met.take(self.condition, axis=1)
        added = (self._looked_up(one) if self.tabled else self._added(one)) * weight[:, None]
        rows = np.arange(len(met))[:, None, None] * columns
        cell = rows + source.take(self.feature)
        return np.bincount(cell.ravel(), added.ravel(), len(met) * columns).reshape(len(met), columns)

    @property
    def _points(self) -> int:
        return max(1, -(-self.share.shape[1] // 2))

    def _added(self, one: Array) -> Array:
        """Each condition's part in a path of weight 1, shape (rows, leaves, length); ``one`` says which are met."""
        at, weights = quadrature(self._points)
        factor = at[:, None, None, None] * one + ((1 - at)[:, None, None, None] * self.share)
        product = factor.prod(axis=3) * weights[:, None, None]
        rest: Array = (product[..., None] / factor).sum(axis=0)
        return (one - self.share) * rest

    def _looked_up(self, one: Array) -> Array:
        leaves, length = self.share.shape
        pattern = one @ (1 << np.arange(length))
        return self._table.take(pattern * leaves + np.arange(leaves), axis=0)

    @cached_property
    def _table(self) -> Array:
        """:meth:`_added` of every pattern, shape (patterns x leaves, length)."""
        leaves, length = self.share.shape
        patterns = ((np.arange(1 << length)[:, None] >> np.arange(length)) & 1).astype(bool)
        parts = [
            self._added(np.broadcast_to(patterns[block, None], (len(patterns[block]), leaves, length)))
            for block in blocks(len(patterns), TABLE_BLOCK // self.share.size)
        ]
        return np.concatenate(parts).reshape(-1, length)


def group_paths(trees: Trees, only: AbstractSet[int] | None = None) -> tuple[tuple[Paths, ...], Conditions]:
    """Find all paths of ``trees``, number their conditions and group them by length.

    Parameters
    ----------
    trees : Trees
        The model.
    only : set of int, optional
        Leaves whose paths are wanted. No tables are kept for them.
    """
    numbers: dict[tuple[Any, ...], int] = {(0, -np.inf, np.inf, True, None): 0}
    paths = [
        (leaf, output, [(numbers.setdefault((f, *c[1:]), len(numbers)), f, c[0]) for f, c in path.items()])
        for root, output in zip(trees.roots.tolist(), trees.outputs.tolist(), strict=True)
        for leaf, path in leaf_paths(trees, root)
        if only is None or leaf in only
    ]
    paths.sort(key=lambda item: len(item[2]))
    groups = (_pad(trees, part) for part in _parts(paths))
    return tuple(_tabled(groups) if only is None else groups), _conditions(list(numbers))


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


def leaf_paths(trees: Trees, root: int) -> Iterator[tuple[int, dict[int, tuple[Any, ...]]]]:
    """Leaves below ``root`` with their path: feature to (share, low, high, missing, codes as bytes)."""
    stack: list[tuple[int, dict[int, tuple[Any, ...]]]] = [(root, {})]
    while stack:
        node, path = stack.pop()
        if trees.feature[node] < 0:
            yield node, path
            continue
        for child, left in ((int(trees.right[node]), False), (int(trees.left[node]), True)):
            stack.append((child, {**path, **_narrowed(trees, path, node, child, left)}))


def _narrowed(
    trees: Trees, path: dict[int, tuple[Any, ...]], node: int, child: int, left: bool
) -> dict[int, tuple[Any, ...]]:
    feature, threshold = int(trees.feature[node]), float(trees.threshold[node])
    share, low, high, missing, codes = path.get(feature, (1.0, -np.inf, np.inf, True, None))
    share *= max(float(trees.cover[child]) / max(float(trees.cover[node]), SMALLEST), SMALLEST)
    missing = missing and bool(trees.missing_left[node]) == left
    if trees.category[node] >= 0:
        stays = trees.goes_left[trees.category[node]] == left
        codes = (stays if codes is None else stays & np.frombuffer(codes, bool)).tobytes()
    elif left:
        high = min(high, threshold)
    else:
        low = max(low, threshold)
    return {feature: (share, low, high, missing, codes)}


def _conditions(conditions: list[tuple[Any, ...]]) -> Conditions:
    sets = [c[4] for c in conditions if c[4] is not None]
    row = iter(range(len(sets)))
    return Conditions(
        feature=np.array([c[0] for c in conditions], np.intp),
        low=np.array([c[1] for c in conditions]),
        high=np.array([c[2] for c in conditions]),
        missing=np.array([c[3] for c in conditions], bool),
        category=np.array([-1 if c[4] is None else next(row) for c in conditions], np.intp),
        codes=np.frombuffer(b"".join(sets), bool).reshape(len(sets), CODES),
    )


def _parts(paths: list[Any]) -> Iterator[list[Any]]:
    """Runs of similar length, so that short paths are not padded to the longest."""
    part: list[Any] = []
    for item in paths:
        if part and (len(part) == LEAVES or len(item[2]) > max(4, 1.5 * len(part[0][2]))):
            yield part
            part = []
        part.append(item)
    if part:
        yield part


def _pad(trees: Trees, part: list[Any]) -> Paths:
    length = max(1, len(part[-1][2]))
    condition, feature = np.zeros((2, len(part), length), np.intp)
    share = np.ones((len(part), length))
    weight = np.zeros((len(part), len(trees.baseline)))
    width = trees.value.shape[1]
    for i, (leaf, output, path) in enumerate(part):
        weight[i, output : output + width] = trees.value[leaf]
        if path:
            condition[i, : len(path)], feature[i, : len(path)], share[i, : len(path)] = zip(*path, strict=True)
    return Paths(condition, feature, share, weight)


def _tabled(groups: Iterable[Paths]) -> Iterator[Paths]:
    """The groups, with a table as long as there is room for one: short paths come first and need little."""
    room = TABLE_CELLS
    for paths in groups:
        fits = paths.patterns <= room and paths.share.shape[1] <= LONGEST
        room -= paths.patterns if fits else 0
        yield replace(paths, tabled=fits)


@cache
def quadrature(points: int) -> tuple[Array, Array]:
    """Gauss-Legendre points and weights on [0, 1]."""
    at, weights = np.polynomial.legendre.leggauss(points)
    return (at + 1) / 2, weights / 2


def _between(values: Array, low: int, below: int) -> bool:
    return bool(((values >= low) & (values < below)).all())
