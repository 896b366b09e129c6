"""A trend and what it leaves as tables: the pipeline's own answers, beyond what it has seen too, with exact reasons."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

from workbench.compiling.onnx import to_onnx
from workbench.compiling.pipeline import compile_pipeline, difference
from workbench.compiling.rounding import limit
from workbench.storage.pipelines import load_pipeline, save_pipeline, untrusted
from workbench.tables.compiled import CompiledModel
from workbench.tables.trended import TrendRegressor

FEATURES = ["x", "z", "city"]


def table(rows=300, seed=0, missing=0.1):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"x": rng.normal(size=rows), "z": rng.uniform(0, 9, rows)})
    frame = frame.assign(city=rng.choice(["Ulm", "Bonn", "Köln"], rows))
    return frame.mask(rng.random((rows, 3)) < missing)


def target(frame):
    return 3 * frame["x"].fillna(0) + np.sin(frame["z"].fillna(0)) + (frame["city"] == "Ulm")


def line():
    scaled = make_pipeline(SimpleImputer(), StandardScaler())
    encode = ColumnTransformer([("n", scaled, ["x", "z"]), ("c", OneHotEncoder(handle_unknown="ignore"), ["city"])])
    return Pipeline([("encode", encode), ("model", Ridge())])


def trees(model):
    codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-2)
    encode = ColumnTransformer([("c", codes, ["city"]), ("n", "passthrough", ["x", "z"])])
    return Pipeline([("encode", encode), ("model", model)])


@pytest.fixture(scope="module")
def fitted():
    """Pipelines whose last step is a trend and what it leaves."""
    rest = (HistGradientBoostingRegressor(max_iter=20), RandomForestRegressor(5, max_depth=4, random_state=0))
    frame = table()
    models = [Pipeline([("model", TrendRegressor(line(), trees(one)))]) for one in rest]
    return [(one.fit(frame, target(frame)), compile_pipeline(one, FEATURES, "regression", frame)) for one in models]


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), far=st.floats(-1e6, 1e6))
def test_the_tables_answer_as_the_pipeline_however_far_rows_lie_from_those_it_saw(fitted, seed, far):
    frame = table(20, seed)
    frame = frame.assign(x=frame["x"] + far)

    for pipeline, compiled in fitted:
        assert difference(pipeline, compiled, frame) <= limit(compiled)
        values, base = compiled.explain(frame)
        np.testing.assert_allclose(base + values.sum(axis=1), compiled.predict(frame), atol=1e-9 * (1 + abs(far)))


def test_reasons_are_those_of_the_line_and_those_of_the_trees(fitted):
    frame = table(40, seed=3)

    for pipeline, compiled in fitted:
        one, other = (
            compile_pipeline(part, FEATURES, "regression", table()).explain(frame)[0]
            for part in (pipeline[-1].trend_, pipeline[-1].rest_)
        )
        np.testing.assert_allclose(compiled.explain(frame)[0], one + other, atol=1e-10)
        assert compiled.model.exact


def test_tables_and_pipelines_are_kept_and_read_back(fitted, tmp_path):
    frame = table(50, seed=5)
    pipeline, compiled = fitted[1]

    again = CompiledModel.load(compiled.save(tmp_path / "model.npz"))
    np.testing.assert_array_equal(again.predict(frame), compiled.predict(frame))
    assert untrusted(pipeline) == ()
    kept = load_pipeline(save_pipeline(pipeline, tmp_path / "model.skops"))
    np.testing.assert_array_equal(kept.predict(frame), pipeline.predict(frame))
    assert to_onnx(compiled)


def test_weights_count_in_both_parts():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 1))
    y = np.where(np.arange(200) < 100, 5 * x[:, 0], -5 * x[:, 0])
    weights = np.where(np.arange(200) < 100, 1.0, 0.0)
    model = TrendRegressor(LinearRegression(), HistGradientBoostingRegressor(max_iter=5))

    weighed = model.fit(x, y, sample_weight=weights).predict(x[:100])
    np.testing.assert_allclose(weighed, y[:100], atol=1e-6)
    assert np.abs(model.fit(x, y).predict(x[:100]) - y[:100]).max() > 1
