"""Trees, rows for them, and their values by the definition, for tests of all that explains them."""

from itertools import combinations
from math import factorial

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder

from workbench.compiling.pipeline import compile_pipeline
from workbench.tables.trees import Trees


def stump() -> Trees:
    return Trees(
        roots=np.array([0]),
        outputs=np.array([0]),
        feature=np.array([0, -1, -1]),
        threshold=np.array([1.5, 0.0, 0.0]),
        left=np.array([1, -1, -1]),
        right=np.array([2, -1, -1]),
        missing_left=np.array([True, False, False]),
        category=np.array([-1, -1, -1]),
        goes_left=np.zeros((0, 256), bool),
        value=np.array([[0.0], [2.0], [4.0]]),
        cover=np.array([10.0, 4.0, 6.0]),
        baseline=np.array([1.0]),
    )


def random_tree(rng, columns, categories, depth=3):
    """Nodes in the order of their arrays: (feature, threshold, missing left, category, left, right, cover)."""
    if depth == 0 or rng.random() < 0.2:
        return [(-1, 0.0, False, -1, -1, -1, float(rng.integers(1, 9)))]
    left, right = (random_tree(rng, columns, categories, depth - 1) for _ in "lr")
    shift = [[(*n[:4], *(c + by if c >= 0 else c for c in n[4:6]), n[6]) for n in side]
             for side, by in ((left, 1), (right, 1 + len(left)))]  # fmt: skip
    feature = int(rng.integers(0, columns))
    category = int(rng.integers(0, categories)) if feature == 0 else -1  # the first column holds codes
    cover = left[0][6] + right[0][6]
    threshold = float(rng.integers(-2, 3)) / 2
    top = (feature, threshold, bool(rng.random() < 0.5), category, 1, 1 + len(left), cover)
    return [top, *shift[0], *shift[1]]


def random_trees(seed: int, columns=4, width=1) -> Trees:
    """A model of three trees and two outputs, with codes in the first column."""
    rng = np.random.default_rng(seed)
    made = [random_tree(rng, columns, 3) for _ in range(3)]
    roots = np.cumsum([0, *map(len, made[:-1])])
    nodes = [
        (*n[:4], *(c + r if c >= 0 else c for c in n[4:6]), n[6]) for r, t in zip(roots, made, strict=True) for n in t
    ]
    feature, threshold, missing_left, category, left, right, cover = map(np.array, zip(*nodes, strict=True))
    return Trees(
        roots=roots, outputs=np.array([0, 1, 0] if width == 1 else [0, 0, 0]), feature=feature, threshold=threshold,
        left=left, right=right, missing_left=missing_left, category=category, goes_left=rng.random((3, 256)) < 0.5,
        value=rng.normal(size=(len(nodes), width)), cover=cover, baseline=rng.normal(size=2), divisor=2.0,
    ).checked(columns)  # fmt: skip


def random_rows(seed, rows, columns=4):
    rng = np.random.default_rng(seed)
    matrix = np.column_stack([rng.integers(0, 4, rows), rng.integers(-3, 4, (rows, columns - 1)) / 2]).astype(float)
    return np.where(rng.random(matrix.shape) < 0.15, np.nan, matrix)


def expected(trees, node, row, known):
    """A tree's mean answer where some columns are known, by its definition."""
    column, left, right = trees.feature[node], trees.left[node], trees.right[node]
    if column < 0:
        return trees.value[node]
    if column not in known:
        sides = [trees.cover[side] * expected(trees, side, row, known) for side in (left, right)]
        return sum(sides) / trees.cover[node]
    value = row[column]
    if np.isnan(value):
        goes = trees.missing_left[node]
    elif trees.category[node] >= 0:
        goes = trees.goes_left[trees.category[node], int(value)]
    else:
        goes = value <= trees.threshold[node]
    return expected(trees, left if goes else right, row, known)


def answer(trees, row, known):
    """All outputs where some columns are known."""
    total, width = trees.baseline.copy(), trees.value.shape[1]
    for root, output in zip(trees.roots, trees.outputs, strict=True):
        total[output : output + width] += expected(trees, root, row, known)
    return total / trees.divisor


def shapley(trees, row, columns):
    """By the definition: the mean of what a column adds, over all orders; shape (columns, outputs)."""
    values = np.zeros((columns, trees.width))
    for column in range(columns):
        others = [c for c in range(columns) if c != column]
        for size in range(columns):
            for known in combinations(others, size):
                share = factorial(size) * factorial(columns - size - 1) / factorial(columns)
                values[column] += share * (answer(trees, row, {*known, column}) - answer(trees, row, set(known)))
    return values


def grown(seed: int):
    """Boosting on gaps and categories, as a Trees table, and rows for it."""
    rng = np.random.default_rng(seed)
    rows = np.column_stack([rng.normal(size=300), rng.integers(0, 5, 300), rng.normal(size=(300, 8))])
    rows[rng.random(rows.shape) < 0.1] = np.nan
    frame = pd.DataFrame(rows, columns=[f"x{i}" for i in range(10)])
    boosting = HistGradientBoostingRegressor(max_iter=4, min_samples_leaf=2, max_leaf_nodes=40, random_state=0)
    codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan)
    encode = ColumnTransformer([("code", codes, ["x1"])], remainder="passthrough")
    made = make_pipeline(encode, boosting.set_params(categorical_features=[0]))
    compiled = compile_pipeline(made.fit(frame, rng.normal(size=300)), list(frame), "regression")
    return compiled.model, compiled.encode(frame)


def chain_of(depth: int) -> tuple[Trees, np.ndarray]:
    """A tree that asks for one column more on each level, each of which one row in five fails; rows that meet all."""
    inner, leaves = np.arange(0, 2 * depth, 2), np.arange(1, 2 * depth, 2)
    nodes = 2 * depth + 1
    feature, left, right = np.full((3, nodes), -1)
    feature[inner], left[inner], right[inner] = np.arange(depth), leaves, inner + 2
    cover = np.empty(nodes)
    cover[inner], cover[-1] = 1e6 * 0.8 ** np.arange(depth), 1e6 * 0.8**depth
    cover[leaves] = cover[inner] - cover[inner + 2]
    value = np.zeros((nodes, 1))
    value[-1] = 1.0
    trees = Trees(
        roots=np.array([0]), outputs=np.array([0]), feature=feature, threshold=np.zeros(nodes), left=left, right=right,
        missing_left=np.zeros(nodes, bool), category=np.full(nodes, -1), goes_left=np.zeros((0, 256), bool),
        value=value, cover=cover, baseline=np.zeros(1),
    ).checked(depth)  # fmt: skip
    rows = np.ones((3, depth))
    rows[1, depth // 2] = rows[2, :3] = -1.0
    return trees, rows
