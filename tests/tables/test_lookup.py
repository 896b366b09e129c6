"""Look-ups answer as the walk does, to the last bit, and give the reasons of the paths."""

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestRegressor
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder

from workbench.compiling.pipeline import compile_pipeline
from workbench.tables import lookup
from workbench.tables.compiled import CompiledModel
from workbench.tables.encoders import Categories, Numbers
from workbench.tables.patterns import patterns
from workbench.tables.trees import Trees

pytestmark = pytest.mark.usefixtures("either")

CITIES = ("Ulm", "Bonn", "Rome", "Linz")


def table(seed: int, rows: int = 300) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({f"x{i}": rng.normal(size=rows).round(1) for i in range(3)})
    frame["city"] = rng.choice([*CITIES, None], rows)
    frame["job"] = rng.choice(["a", "b", "c"], rows)
    return frame.mask(pd.DataFrame(rng.random(frame.shape) < 0.1, columns=frame.columns))


def fitted(seed: int, kind: str, leaves: int = 20) -> CompiledModel:
    """A pipeline over numbers with gaps and texts, as tables."""
    frame, names = table(seed), ["x0", "x1", "x2", "city", "job"]
    y = np.nan_to_num(frame["x0"].to_numpy(float)) + (frame["city"] == "Ulm") + (frame["job"] == "b")
    one_hot, numbers = OneHotEncoder(handle_unknown="ignore", sparse_output=False), "passthrough"
    codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan)
    if kind == "forest":
        model, numbers = RandomForestRegressor(5, max_leaf_nodes=leaves, random_state=0), SimpleImputer()
    else:
        model = HistGradientBoostingClassifier(
            max_iter=6, max_leaf_nodes=leaves, min_samples_leaf=3, random_state=0,
            categorical_features=[len(CITIES) + 1] if kind == "categories" else None)  # fmt: skip
        y = np.digitize(y, [0.5, 1.5]) if kind == "classes" else y > 1
    texts = [("city", one_hot, ["city"]), ("job", codes if kind == "categories" else one_hot, ["job"])]
    encode = ColumnTransformer([*texts, ("numbers", numbers, names[:3])], sparse_threshold=0)
    task = {"forest": "regression", "classes": "multiclass"}.get(kind, "binary")
    return compile_pipeline(make_pipeline(encode, model).fit(frame, y), names, task)


@cache
def kept(kind: str, seed: int) -> CompiledModel:
    """Fitted once, and only where a test asks for it."""
    return fitted(seed, kind)


@cache
def prepared(kind: str, seed: int) -> CompiledModel:
    model = replace(kept(kind, seed))
    model.prepare()
    return model


VALUES = st.none() | st.sampled_from((0.0, -0.0, 1e300, -1e300, float("inf"), -float("inf"))) | st.floats(-3, 3)
ROW = st.tuples(VALUES, VALUES, VALUES, st.sampled_from((*CITIES, None, "Atlantis")), st.sampled_from("abcd"))


@pytest.mark.parametrize("kind", ["plain", "forest", "classes", "categories"])
@settings(max_examples=40, deadline=None)
@given(rows=st.lists(ROW, min_size=1, max_size=12), seed=st.sampled_from((0, 1)))
def test_a_look_up_is_the_walk_to_the_last_bit(kind, rows, seed):
    model = kept(kind, seed)
    columns = {name: list(values) for name, values in zip(model.features, zip(*rows, strict=True), strict=True)}

    found = model.lookup.predict(model.lookup.codes(columns))

    np.testing.assert_array_equal(found, model.model.predict(model.encode(columns)))


def test_every_row_of_a_table_and_every_threshold_itself_is_the_walk():
    model = kept("plain", 0)
    trees = model.model
    frame = table(5, 2000)
    points = np.unique(trees.threshold[trees.feature >= 0])
    frame.loc[: len(points) - 1, "x1"] = points[:2000]

    found = model.lookup.predict(model.lookup.codes(frame))

    np.testing.assert_array_equal(found, trees.predict(model.encode(frame)))


def test_a_tree_with_too_many_leaves_is_walked(monkeypatch):
    model = fitted(0, "plain", leaves=40)
    assert model.lookup is not None

    monkeypatch.setattr(lookup, "MOST_LEAVES", 8)
    walked = replace(model)

    assert walked.lookup is None
    np.testing.assert_array_equal(walked.predict(table(1)), model.predict(table(1)))


def test_tables_that_would_be_too_large_are_not_made(monkeypatch):
    monkeypatch.setattr(lookup, "MOST_BYTES", 100)

    assert replace(kept("plain", 0)).lookup is None


KINDS = ("plain", "forest", "classes", "categories")


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=25, deadline=None)
@given(rows=st.lists(ROW, min_size=1, max_size=8), seed=st.sampled_from((0, 1)))
def test_reasons_by_look_up_are_those_of_the_paths(kind, rows, seed):
    model = kept(kind, seed)
    columns = {name: list(values) for name, values in zip(model.features, zip(*rows, strict=True), strict=True)}

    for place in range(model.model.width):
        values, base = prepared(kind, seed).explain_class(columns, place)

        expected, expected_base = model.model.explain(model.encode(columns), place, model.source, 5)
        np.testing.assert_allclose(values, expected, atol=1e-12)
        assert base == expected_base


@pytest.mark.parametrize("room", [0, 2_000, 8_000])
def test_what_has_no_room_is_explained_by_its_paths(room):
    model, rows = kept("plain", 1), table(3, 50)
    found = patterns(model.lookup, 0, model.source, room)

    values = found.explain(model.lookup.codes(rows), 5)
    values += model.model.added(found.rest, model.encode(rows), 0, model.source, 5)

    assert found.values.nbytes <= room
    assert bool(found.rest[0])
    expected, _ = model.model.explain(model.encode(rows), 0, model.source, 5)
    np.testing.assert_allclose(values, expected, atol=1e-12)


def test_reasons_of_many_rows_add_up():
    model, rows = replace(kept("forest", 0)), table(4, 3000).fillna({"x0": 0.0, "x1": 0.0, "x2": 0.0})

    values, base = model.explain(rows)

    np.testing.assert_allclose(values.sum(axis=1) + base, model.output(rows), atol=1e-12)
    assert model._patterns


def chain(leaves: int) -> Trees:
    """One tree that asks of each threshold in turn: leaf ``i`` is for numbers up to ``i``."""
    inner, ends = np.arange(leaves - 1), np.full(leaves, -1)
    last = 2 * leaves - 2
    return Trees(
        roots=np.array([0]), outputs=np.array([0]), feature=np.r_[np.zeros_like(inner), ends],
        threshold=np.r_[inner.astype(float), np.zeros(leaves)], left=np.r_[inner + leaves - 1, ends],
        right=np.r_[np.where(inner < leaves - 2, inner + 1, last), ends], missing_left=np.ones(2 * leaves - 1, bool),
        category=np.full(2 * leaves - 1, -1), goes_left=np.zeros((0, 256), bool),
        value=np.arange(2.0 * leaves - 1)[:, None], cover=np.r_[leaves - inner, np.ones(leaves)].astype(float),
        baseline=np.array([0.5]),
    ).checked(1)  # fmt: skip


@pytest.mark.parametrize(
    ("leaves", "bits"), [(2, 8), (8, 8), (9, 16), (16, 16), (17, 32), (32, 32), (33, 64), (64, 64)]
)
def test_a_word_has_a_bit_for_each_leaf_of_the_largest_tree(leaves, bits):
    trees, values = chain(leaves), [*np.arange(-1, leaves + 1.0), 0.5, None, np.inf, -np.inf]

    found = lookup.lookup(trees, (Numbers(("x",), "number", np.array([0])),))

    assert found.table.dtype.itemsize * 8 == bits
    matrix = np.array(values, dtype=float)[:, None]
    np.testing.assert_array_equal(found.predict(found.codes({"x": values})), trees.predict(matrix))
    alone = [found.predict(found.codes({"x": [value]})) for value in values]
    np.testing.assert_array_equal(np.vstack(alone), trees.predict(matrix))


def test_a_tree_of_more_leaves_than_a_word_has_bits_has_no_look_up():
    assert lookup.lookup(chain(65), (Numbers(("x",), "number", np.array([0])),)) is None


def test_tables_as_large_as_there_is_room_for_are_made(monkeypatch):
    """Three thresholds make four codes and one for a missing value, of a byte each."""
    for room, made in ((5, True), (4, False)):
        monkeypatch.setattr(lookup, "MOST_BYTES", room)

        found = lookup.lookup(chain(4), (Numbers(("x",), "number", np.array([0])),))

        assert (found is not None) == made
        assert found is None or found.table.nbytes == room


def test_a_model_that_asks_nothing_has_no_look_up():
    assert lookup.lookup(chain(1), (Numbers(("x",), "number", np.array([0])),)) is None


@pytest.mark.parametrize("values", [[-3.0], [-8.0, -7.5, 0.0, None, 2.0, -1.0]])
def test_numbers_whose_steps_turn_the_order_round_are_made_for_the_look_up(values):
    turned = Numbers(("x",), "number", np.array([0]), (("multiply", np.array([-1.0])),))
    before = Categories("city", ("Ulm",), np.zeros((3, 1)))
    trees = chain(8)
    trees = replace(trees, feature=np.where(trees.feature == 0, 1, -1))

    found = lookup.lookup(trees, (before, turned))

    assert found.questions[0].cuts is None
    expected = trees.predict(np.column_stack([np.zeros(len(values)), turned.encode({"x": values})]))
    np.testing.assert_array_equal(found.predict(found.codes({"x": values})), expected)


def test_a_column_that_no_tree_asks_for_is_not_looked_at():
    unasked = (Categories("city", ("Ulm",), np.zeros((3, 1))), Numbers(("y",), "number", np.array([0])))

    found = lookup.lookup(chain(3), (Numbers(("x",), "number", np.array([0])), *unasked))

    assert found.predict(found.codes({"x": [0.0, 9.0]})).tolist() == [[2.5], [4.5]]
