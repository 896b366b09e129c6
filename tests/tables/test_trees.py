"""A hostile or damaged tree table is refused before it is walked."""

import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from itertools import combinations
from math import factorial

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder

from workbench.compiling.pipeline import compile_pipeline
from workbench.errors import Damaged, FormatVersion
from workbench.tables.compiled import CompiledModel, Numbers, moments, parts
from workbench.tables.trees import Trees, blocks


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


def model(trees: Trees) -> CompiledModel:
    return CompiledModel("regression", (), ("x",), (Numbers(("x",), "number", np.arange(1)),), trees)


def test_a_stump_scores_and_explains_by_hand():
    values, base = model(stump()).explain({"x": [1.0, 2.0, None]})

    assert model(stump()).predict({"x": [1.0, 2.0, None]}).tolist() == [3.0, 5.0, 3.0]
    assert base == pytest.approx(1 + 0.4 * 2 + 0.6 * 4)
    np.testing.assert_allclose(values[:, 0] + base, [3, 5, 3])


CHILD, STARTS, TYPES, SHAPES = "a child lies outside its tree", "a tree starts outside", "types", "shapes"
LENGTH, FEATURE, OUTPUT = "tables differ in length", "a feature lies outside", "an output lies outside"
TABLE, THRESHOLD, LEAF = "a category table lies outside", "a threshold is not a number", "a leaf is not finite"
COVER, DIVISOR = "a cover is not a number of rows", "a divisor is no number of trees"
# Three leaves more behind the stump: a second tree, and leaves that nothing leads to.
MORE = {
    "threshold": [1.5, 0, 0, 2.5, 0, 0], "value": [[0.0]] * 6, "cover": [2.0, 1, 1] * 2, "category": [-1] * 6,
    "missing_left": [True] * 6, "feature": [0, -1, -1] * 2,
}  # fmt: skip
TWO = {**MORE, "roots": [0, 3], "outputs": [0, 0], "left": [1, -1, -1, 4, -1, -1], "right": [2, -1, -1, 5, -1, -1]}
SPOILT = [
    ({"left": [2_000_000_000, -1, -1]}, CHILD), ({"left": [0, -1, -1]}, CHILD), ({"right": [1, -1, -1]}, CHILD),
    ({"right": [-5, -1, -1]}, CHILD), ({"right": [3, -1, -1]}, CHILD),
    ({**TWO, "left": [4, -1, -1, 1, -1, -1]}, CHILD), ({**TWO, "right": [2, -1, -1, 4, -1, -1]}, CHILD),
    ({**TWO, "roots": [0], "outputs": [0]}, CHILD),
    ({"roots": [1]}, STARTS), ({"roots": [0, 7], "outputs": [0, 0]}, STARTS), ({**TWO, "roots": [0, 6]}, STARTS),
    ({**TWO, "roots": [0, 0]}, STARTS),
    ({"roots": [0, 7]}, LENGTH), ({"feature": [0, -1]}, LENGTH), ({"cover": [1.0] * 4}, LENGTH),
    ({"value": [[1.0]] * 2}, LENGTH), ({"category": [-1]}, LENGTH),
    ({"feature": [1, -1, -1]}, FEATURE), ({"feature": [-2, -1, -1]}, FEATURE),
    ({"threshold": [np.nan, 0, 0]}, THRESHOLD),
    ({"value": [[0.0], [np.inf], [1.0]]}, LEAF), ({"value": [[0.0], [-1e101], [1.0]]}, LEAF),
    ({"baseline": [np.nan]}, LEAF), ({"baseline": [1e101]}, LEAF),
    ({"outputs": [1]}, OUTPUT), ({"outputs": [-1]}, OUTPUT), ({"value": [[0.0, 1.0]] * 3}, OUTPUT),
    ({"category": [0, -1, -1]}, TABLE), ({"category": [-2, -1, -1]}, TABLE),
    ({"cover": [-1.0, 1, 1]}, COVER), ({"cover": [np.inf, 1, 1]}, COVER), ({"cover": [np.nan, 1, 1]}, COVER),
    ({"roots": [0.0]}, TYPES), ({"outputs": [0.0]}, TYPES), ({"feature": [0.0, -1, -1]}, TYPES),
    ({"left": [1.0, -1, -1]}, TYPES), ({"right": [2.0, -1, -1]}, TYPES), ({"category": [-1.0] * 3}, TYPES),
    ({"missing_left": [1, 0, 0]}, TYPES), ({"goes_left": np.zeros((0, 256))}, TYPES), ({"threshold": [1, 0, 0]}, TYPES),
    ({"value": [[0], [2], [4]]}, TYPES), ({"cover": [10, 4, 6]}, TYPES), ({"baseline": [1]}, TYPES),
    ({"roots": np.zeros(0, int), "outputs": np.zeros(0, int)}, SHAPES), ({"value": [0.0, 2.0, 4.0]}, SHAPES),
    ({"goes_left": np.zeros((0, 255), bool)}, SHAPES), ({"goes_left": np.zeros(256, bool)}, SHAPES),
    ({"baseline": [[1.0]]}, SHAPES), ({"threshold": [[1.5], [0.0], [0.0]]}, SHAPES), ({"feature": [[0]] * 3}, SHAPES),
    ({"divisor": 0.0}, DIVISOR), ({"divisor": 1e9}, DIVISOR), ({"divisor": 1}, DIVISOR), ({"divisor": np.nan}, DIVISOR),
    ({"single": 1}, TYPES), ({"single_sum": None}, TYPES),
]  # fmt: skip


def changed(changes) -> Trees:
    plain = ("divisor", "single", "single_sum")
    return replace(stump(), **{n: v if n in plain else np.array(v) for n, v in changes.items()})


@pytest.mark.parametrize(("changes", "what"), SPOILT)
def test_a_table_that_leads_outside_is_refused(changes, what):
    with pytest.raises(Damaged, match=f"not what was written: {what}"):
        changed(changes).checked(1)


def test_what_is_read_from_a_file_is_checked(tmp_path):
    with pytest.raises(Damaged, match=CHILD):
        CompiledModel.load(model(changed({"left": [0, -1, -1]})).save(tmp_path / "model.npz"))


ENDS = {"threshold": [np.inf, 0, 0], "value": [[-1e100], [1e100], [0]], "cover": [1e100, 0, 0], "baseline": [-1e100]}


@pytest.mark.parametrize("changes", [{}, TWO, {n: np.array(v, float) for n, v in ENDS.items()}, {"divisor": 1e-3}])
def test_a_table_within_its_bounds_is_taken(changes):
    trees = changed(changes)

    assert trees.checked(1) is trees


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


@pytest.mark.parametrize("width", [1, 2])
@given(seed=st.integers(0, 2**20), rows=st.integers(1, 7))
@settings(max_examples=25, deadline=None)
def test_any_trees_answer_and_give_their_reasons_by_the_definition(width, seed, rows):
    trees, matrix = random_trees(seed, width=width), random_rows(seed, rows)

    answers = trees.predict(matrix)

    np.testing.assert_allclose(answers, [answer(trees, row, range(4)) for row in matrix], rtol=1e-12)
    by_definition = np.array([shapley(trees, row, 4) for row in matrix])
    for output in range(2):
        values, base = trees.explain(matrix, output, np.arange(4), 4)
        np.testing.assert_allclose(values, by_definition[:, :, output], atol=1e-12)
        assert base == pytest.approx(answer(trees, matrix[0], ())[output])
        np.testing.assert_allclose(values.sum(axis=1) + base, answers[:, output], atol=1e-12)


def test_reasons_of_columns_that_come_from_one_are_added_up():
    trees, matrix = random_trees(3), random_rows(3, 9)

    values, _ = trees.explain(matrix, 0, np.arange(4), 4)
    together, _ = trees.explain(matrix, 0, np.array([1, 0, 1, 1]), 2)

    np.testing.assert_allclose(together, np.column_stack([values[:, 1], values[:, [0, 2, 3]].sum(axis=1)]), atol=1e-14)


@pytest.mark.parametrize("rows", [1, 4, 5, 40])
def test_many_rows_are_answered_as_each_alone_to_the_last_bit(rows):
    for seed in range(5):
        trees, matrix = random_trees(seed), random_rows(seed, rows)

        alone = np.vstack([trees.predict(row[None]) for row in matrix])

        np.testing.assert_array_equal(trees.predict(matrix), alone)


@pytest.mark.parametrize("rows", [1, 3, 30])
def test_a_model_of_single_numbers_rounds_what_it_compares(rows):
    """0.1 as a float32 is above 0.1, and so is it for scikit-learn's forests."""
    trees = changed({"threshold": [0.1, 0.0, 0.0], "missing_left": [False] * 3})
    matrix = np.full((rows, 1), 0.1)

    assert (trees.predict(matrix) == 3.0).all()
    assert (replace(trees, single=True).predict(matrix) == 5.0).all()
    values, base = replace(trees, single=True).explain(matrix, 0, np.arange(1), 1)
    np.testing.assert_allclose(values[:, 0] + base, 5.0)


@pytest.mark.parametrize("rows", [1, 3, 30])
def test_a_model_of_single_sums_loses_what_float32_loses_and_its_reasons_add_up(rows):
    trees = changed({**TWO, "value": [[0], [1e8], [1e8], [0], [1.0], [1.0]], "baseline": [0.0]})
    trees, matrix = replace(trees, value=trees.value.astype(float), single_sum=True), np.zeros((rows, 1))

    assert (trees.predict(matrix) == 1e8).all()
    assert (replace(trees, single_sum=False).predict(matrix) == 1e8 + 1).all()


def test_what_a_single_sum_lost_is_shared_out_among_the_reasons():
    trees = replace(random_trees(5), single_sum=True)
    matrix = random_rows(5, 20)

    values, base = trees.explain(matrix, 0, np.arange(4), 4)

    np.testing.assert_allclose(values.sum(axis=1) + base, trees.predict(matrix)[:, 0], rtol=1e-12)
    exact, _ = replace(trees, single_sum=False).explain(matrix, 0, np.arange(4), 4)
    np.testing.assert_allclose(values, exact, atol=1e-6)


@given(st.binary(min_size=1, max_size=300))
@settings(max_examples=30, deadline=None)
def test_a_file_of_noise_is_damaged(tmp_path_factory, noise):
    path = tmp_path_factory.mktemp("noise") / "model.npz"
    path.write_bytes(noise)

    with pytest.raises(Damaged):
        CompiledModel.load(path)


def test_a_pickled_array_is_never_loaded(tmp_path):
    np.savez(tmp_path / "model.npz", header=np.array([{"a": 1}], dtype=object))

    with pytest.raises(Damaged):
        CompiledModel.load(tmp_path / "model.npz")


def test_a_newer_format_asks_for_an_upgrade(tmp_path):
    header = np.frombuffer(json.dumps({"format_version": 99}).encode(), np.uint8)
    np.savez(tmp_path / "model.npz", header=header)

    with pytest.raises(FormatVersion, match="Upgrade"):
        CompiledModel.load(tmp_path / "model.npz")


def test_date_parts_agree_with_pandas():
    import pandas as pd

    when = pd.Series(pd.date_range("1969-12-30 23:59", periods=500, freq="19h", tz="UTC"))
    when[3] = pd.NaT

    found = parts(when)

    expected = pd.DataFrame({"month": when.dt.month, "weekday": when.dt.day_of_week, "hour": when.dt.hour})
    np.testing.assert_array_equal(found, expected.to_numpy(dtype=float))


def test_zones_are_brought_to_utc():
    when = datetime(2013, 7, 1, 2, tzinfo=timezone(timedelta(hours=2)))

    assert moments([when, None])[0] == np.datetime64("2013-07-01T00:00")
    assert np.isnat(moments([when, None])[1])


@pytest.mark.filterwarnings("error")
def test_a_missing_moment_has_a_unit_as_the_others():
    """NumPy 2.5 warns of a moment without a unit, and will refuse it."""
    when = datetime(2013, 7, 1, 2)

    assert np.isnat(moments([None, when, None])).tolist() == [True, False, True]
    assert moments([None]).dtype == moments([when]).dtype == "datetime64[us]"


@given(st.integers(0, 50), st.integers(-3, 20))
def test_blocks_cover_all_rows_once(rows, size):
    assert [i for b in blocks(rows, size) for i in range(rows)[b]] == list(range(rows))


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


@pytest.mark.parametrize("seed", range(3))
def test_one_row_is_walked_as_many_are(seed):
    trees, matrix = grown(seed)

    alone = np.vstack([trees._leaves(matrix[i : i + 1]) for i in range(50)])

    np.testing.assert_array_equal(alone, trees._leaves(matrix)[:50])


@pytest.mark.parametrize("seed", range(3))
def test_kept_patterns_give_the_values_of_the_quadrature(seed):
    trees, matrix = grown(seed)
    groups, conditions = trees.paths
    source = np.arange(10)

    for paths in groups:
        arguments = (conditions.met(matrix[:20]), paths.weight[:, 0], source, 10)
        kept, reckoned = replace(paths, tabled=True), replace(paths, tabled=False)
        if paths.patterns < 5_000_000:
            np.testing.assert_allclose(kept.explain(*arguments), reckoned.explain(*arguments), atol=1e-14)
    assert any(paths.tabled for paths in groups)
