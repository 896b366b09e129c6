"""Look-ups answer as the walk does, to the last bit, and give the reasons of the paths."""

from dataclasses import replace

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
from workbench.tables.patterns import patterns

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


MODELS = {(kind, seed): fitted(seed, kind) for kind in ("plain", "forest", "classes", "categories") for seed in (0, 1)}
VALUES = st.none() | st.sampled_from((0.0, -0.0, 1e300, -1e300, float("inf"), -float("inf"))) | st.floats(-3, 3)
ROW = st.tuples(VALUES, VALUES, VALUES, st.sampled_from((*CITIES, None, "Atlantis")), st.sampled_from("abcd"))


@pytest.mark.parametrize("kind", ["plain", "forest", "classes", "categories"])
@settings(max_examples=40, deadline=None)
@given(rows=st.lists(ROW, min_size=1, max_size=12), seed=st.sampled_from((0, 1)))
def test_a_look_up_is_the_walk_to_the_last_bit(kind, rows, seed):
    model = MODELS[kind, seed]
    columns = {name: list(values) for name, values in zip(model.features, zip(*rows, strict=True), strict=True)}

    found = model.lookup.predict(model.lookup.codes(columns))

    np.testing.assert_array_equal(found, model.model.predict(model.encode(columns)))


def test_every_row_of_a_table_and_every_threshold_itself_is_the_walk():
    model = MODELS["plain", 0]
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

    assert replace(MODELS["plain", 0]).lookup is None


KINDS = ("plain", "forest", "classes", "categories")
PREPARED = {key: replace(model) for key, model in MODELS.items()}
for prepared in PREPARED.values():
    prepared.prepare()


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=25, deadline=None)
@given(rows=st.lists(ROW, min_size=1, max_size=8), seed=st.sampled_from((0, 1)))
def test_reasons_by_look_up_are_those_of_the_paths(kind, rows, seed):
    model = MODELS[kind, seed]
    columns = {name: list(values) for name, values in zip(model.features, zip(*rows, strict=True), strict=True)}

    for place in range(model.model.width):
        values, base = PREPARED[kind, seed].explain_class(columns, place)

        expected, expected_base = model.model.explain(model.encode(columns), place, model._source, 5)
        np.testing.assert_allclose(values, expected, atol=1e-12)
        assert base == expected_base


@pytest.mark.parametrize("room", [0, 2_000, 8_000])
def test_what_has_no_room_is_explained_by_its_paths(room):
    model, rows = MODELS["plain", 1], table(3, 50)
    found = patterns(model.lookup, 0, model._source, room)

    values = found.explain(model.lookup.codes(rows), 5)
    values += model.model.added(found.rest, model.encode(rows), 0, model._source, 5)

    assert found.values.nbytes <= room
    assert bool(found.rest[0])
    expected, _ = model.model.explain(model.encode(rows), 0, model._source, 5)
    np.testing.assert_allclose(values, expected, atol=1e-12)


def test_reasons_of_many_rows_add_up():
    model, rows = replace(MODELS["forest", 0]), table(4, 3000).fillna({"x0": 0.0, "x1": 0.0, "x2": 0.0})

    values, base = model.explain(rows)

    np.testing.assert_allclose(values.sum(axis=1) + base, model.output(rows), atol=1e-12)
    assert model._patterns
