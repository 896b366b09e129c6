"""A hostile or damaged tree table is refused before it is walked."""

import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tables.made import answer, chain_of, grown, random_rows, random_trees, shapley, stump
from workbench.errors import Damaged, FormatVersion
from workbench.tables import edges
from workbench.tables.compiled import CompiledModel, Numbers, moments, parts
from workbench.tables.trees import Trees, blocks

pytestmark = pytest.mark.usefixtures("either")


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


@pytest.mark.parametrize("seed", range(3))
def test_one_row_is_walked_as_many_are(seed):
    trees, matrix = grown(seed)

    alone = np.vstack([trees._leaves(matrix[i : i + 1]) for i in range(50)])

    np.testing.assert_array_equal(alone, trees._leaves(matrix)[:50])


@pytest.mark.parametrize("seed", range(3))
def test_kept_factors_are_those_that_are_reckoned_anew(seed, monkeypatch):
    trees, matrix = grown(seed)
    kept = trees.explain(matrix[:20], 0, np.arange(10), 10)[0]

    monkeypatch.setattr(edges, "TABLED", 0)
    reckoned = replace(trees).explain(matrix[:20], 0, np.arange(10), 10)[0]

    np.testing.assert_allclose(reckoned, kept, atol=1e-14)


def test_a_large_model_is_explained_some_trees_at_a_time(monkeypatch):
    trees, matrix = grown(1)
    whole, base = trees.explain(matrix[:20], 0, np.arange(10), 10)

    monkeypatch.setattr("workbench.tables.trees.EDGES", 50)
    parts = replace(trees)

    values, same = parts.explain(matrix[:20], 0, np.arange(10), 10)
    assert len(list(parts.parts(0))) > 1
    np.testing.assert_allclose(values, whole, atol=1e-14)
    assert same == pytest.approx(base, abs=1e-14)


def test_a_path_of_many_columns_gets_the_points_that_it_needs():
    """Eight points are not enough for a path of 60 columns that a row meets, though many are enough for most."""
    trees, matrix = chain_of(60)
    (part,) = trees.parts(0)

    values, base = trees.explain(matrix, 0, np.arange(60), 60)

    assert part.points == 16
    assert part.missed(8).max() > 1e-8
    np.testing.assert_allclose(values.sum(axis=1) + base, trees.predict(matrix)[:, 0], atol=1e-13)
    np.testing.assert_allclose(values[0], (1 - trees.cover[-1] / trees.cover[0]) / 60, atol=1e-14)


def test_a_leaf_alone_adds_nothing():
    trees = changed({"feature": [-1], "threshold": [0.0], "left": [-1], "right": [-1], "missing_left": [False],
                     "category": [-1], "value": [[3.0]], "cover": [7.0]})  # fmt: skip

    values, base = trees.explain(np.zeros((2, 1)), 0, np.arange(1), 1)

    assert not values.any()
    assert base == 4.0
