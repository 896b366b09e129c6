"""Columns of many categories: nothing that is made of them is as large as their square, and what is written is read."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import TruncatedSVD
from sklearn.ensemble import RandomForestRegressor, VotingRegressor
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.feature_selection import SelectKBest, f_regression
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import MaxAbsScaler, OneHotEncoder, OrdinalEncoder, StandardScaler, TargetEncoder

from workbench.compiling.levels import FEW
from workbench.compiling.onnx import onnx_difference, to_onnx
from workbench.compiling.pipeline import compile_pipeline, difference, raw_difference
from workbench.errors import CannotCompile, Refused
from workbench.tables.compiled import CompiledModel
from workbench.tables.encoders import Hot
from workbench.tables.trees import Trees

MANY = 300
IGNORED = OneHotEncoder(handle_unknown="ignore")
ENCODERS = {
    "one-hot": IGNORED,
    "first dropped": OneHotEncoder(handle_unknown="ignore", drop="first"),
    "rare ones together": OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=2),
    "scaled": make_pipeline(IGNORED, StandardScaler(with_mean=False)),
    "scaled twice": make_pipeline(IGNORED, MaxAbsScaler(), StandardScaler(with_mean=False)),
    "chosen": make_pipeline(IGNORED, SelectKBest(f_regression, k=200)),
    "behind an ordinal": make_pipeline(
        OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), OneHotEncoder(handle_unknown="ignore")
    ),
    "projected": make_pipeline(IGNORED, TruncatedSVD(4, random_state=0)),
    "ordinal": OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1),
    "by the target": TargetEncoder(random_state=0),
}
MODELS = {
    "linear": Ridge(),
    "trees": RandomForestRegressor(5, max_leaf_nodes=40, random_state=0),
    "deep trees": RandomForestRegressor(3, random_state=0),
    "vote": VotingRegressor([("a", Ridge()), ("b", RandomForestRegressor(3, max_leaf_nodes=20, random_state=0))]),
}


def table(levels: int, rows: int | None = None, numbers: bool = False) -> pd.DataFrame:
    """Each category at least once, some twice, and a number beside them."""
    order = np.random.default_rng(levels)
    codes = np.concatenate([np.arange(levels), order.integers(0, levels, rows or levels)])
    names = codes.astype(float) if numbers else np.array([f"level {code:06d}" for code in codes], dtype=object)
    return pd.DataFrame({"c": names, "x": order.normal(size=len(codes)), "code": codes})


def fitted(frame: pd.DataFrame, encoder: object, model: object, target: object = None) -> Pipeline:
    encode = ColumnTransformer([("c", encoder, ["c"]), ("x", StandardScaler(), ["x"])])
    wave = np.sin(frame["code"].to_numpy()) + frame["x"].to_numpy()
    return Pipeline([("encode", encode), ("model", model)]).fit(frame[["c", "x"]], wave if target is None else target)


def strange(frame: pd.DataFrame) -> pd.DataFrame:
    """Known rows, and one whose category was never seen."""
    odd = frame.head(1).assign(c=-1.0 if frame["c"].dtype == float else "never seen")
    return pd.concat([frame.tail(60), odd], ignore_index=True)[["c", "x"]]


def size(model: CompiledModel) -> int:
    return sum(array.nbytes for array in model.contents().values())


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("encoder", ENCODERS)
def test_many_categories_are_answered_as_the_pipeline_answers_and_are_read_again(tmp_path, encoder, model):
    frame = table(MANY)
    pipeline = fitted(frame, ENCODERS[encoder], MODELS[model])

    compiled = compile_pipeline(pipeline, ["c", "x"], "regression", frame[["c", "x"]])
    again = CompiledModel.load(compiled.save(tmp_path / "model.npz"))

    rows = strange(frame)
    assert difference(pipeline, compiled, rows) <= (0.0 if "trees" in model and encoder != "projected" else 1e-12)
    np.testing.assert_array_equal(again.predict(rows), compiled.predict(rows))
    values, base = again.explain(rows)
    np.testing.assert_allclose(base + values.sum(axis=1), again.output(rows), atol=1e-9)


@settings(max_examples=25, deadline=None)
@given(
    levels=st.integers(2, 400),
    encoder=st.sampled_from(sorted(ENCODERS)),
    model=st.sampled_from(["linear", "trees"]),
    numbers=st.booleans(),
)
def test_whatever_compiles_is_read_again(tmp_path_factory, levels, encoder, model, numbers):
    """Of numbers, too, and on both sides of where a table becomes too wide."""
    frame = table(levels, rows=200, numbers=numbers)
    chosen = ENCODERS[encoder]
    if encoder in ("chosen", "projected") and levels < 201:
        chosen = IGNORED
    pipeline = fitted(frame, chosen, MODELS[model])

    compiled = compile_pipeline(pipeline, ["c", "x"], "regression")
    again = CompiledModel.load(compiled.save(tmp_path_factory.mktemp("written") / "model.npz"))

    rows = strange(frame)
    np.testing.assert_array_equal(again.predict(rows), compiled.predict(rows))
    assert difference(pipeline, again, rows) <= 1e-12


@pytest.mark.parametrize("model", [Ridge(), RandomForestRegressor(10, max_leaf_nodes=50, random_state=0)])
@pytest.mark.parametrize("levels", [1_000, 10_000])
def test_tables_grow_as_the_categories_do_and_not_as_their_square(levels, model):
    frame = table(levels)

    compiled = compile_pipeline(fitted(frame, IGNORED, model), ["c", "x"], "regression")

    assert size(compiled) < 200_000 + 100 * levels


def test_a_linear_model_of_many_categories_is_a_look_up_of_its_coefficients():
    frame = table(MANY)
    pipeline = fitted(frame, IGNORED, Ridge())

    compiled = compile_pipeline(pipeline, ["c", "x"], "regression")

    assert compiled.model.weights.shape == (1, 2)
    first = compiled.output({"c": ["level 000001"], "x": [0.0]}) - compiled.output({"c": ["level 000002"], "x": [0.0]})
    coefficients = pipeline.named_steps["model"].coef_
    np.testing.assert_allclose(first, coefficients[1] - coefficients[2], atol=1e-12)


def test_several_classes_have_one_column_each():
    frame = table(MANY)
    labels = np.array(["a", "b", "c"])[frame["code"] % 3]
    pipeline = fitted(frame, IGNORED, LogisticRegression(max_iter=20), labels)

    compiled = compile_pipeline(pipeline, ["c", "x"], "multiclass", frame[["c", "x"]])

    assert compiled.model.weights.shape == (3, 4)
    assert raw_difference(pipeline, compiled, strange(frame)) < 1e-12


def test_reasons_of_many_categories_are_those_of_a_table():
    """Measured from the same rows, a column that is looked up adds what its one-hot columns add together."""
    frame = table(FEW)  # a table is written out; one category more, and it is not
    pipeline = fitted(frame, IGNORED, Ridge())
    more = pd.concat([frame, pd.DataFrame({"c": ["one more"], "x": [0.0], "code": [0]})], ignore_index=True)
    other = fitted(more, IGNORED, Ridge())
    few, many = (
        compile_pipeline(p, ["c", "x"], "regression", f[["c", "x"]]) for p, f in ((pipeline, frame), (other, more))
    )

    coefficients = other.named_steps["model"].coef_[:-1]
    seen = other.named_steps["encode"].transform(more[["c", "x"]]).toarray()[:, :-1].mean(axis=0)
    values, _ = many.explain({"c": ["level 000003"], "x": [0.0]})
    assert len(few.encoders[0].sources) == FEW
    assert len(many.encoders[-1].sources) == 1
    np.testing.assert_allclose(values[0, 0], coefficients[3] - coefficients @ seen, atol=1e-12)


def test_columns_that_no_tree_asks_for_are_not_made():
    frame = table(MANY)

    compiled = compile_pipeline(
        fitted(frame, IGNORED, RandomForestRegressor(1, max_leaf_nodes=4, random_state=0)), ["c", "x"], "regression"
    )

    assert isinstance(compiled.model, Trees)
    assert sum(len(encoder.sources) for encoder in compiled.encoders) <= 3


def test_rows_of_a_wide_matrix_are_answered_some_at_a_time(monkeypatch):
    frame = table(MANY)
    pipeline = fitted(frame, IGNORED, RandomForestRegressor(3, random_state=0))
    compiled = compile_pipeline(pipeline, ["c", "x"], "regression")
    whole, (values, _) = compiled.predict(frame), compiled.explain(frame.head(40))
    made: list[int] = []
    encode = CompiledModel.encode
    monkeypatch.setattr(CompiledModel, "encode", lambda self, part: made.append(len(part["c"])) or encode(self, part))
    monkeypatch.setattr("workbench.tables.compiled.WIDE", 20 * len(compiled.source))

    np.testing.assert_array_equal(compiled.predict(frame), whole)
    np.testing.assert_allclose(compiled.explain(frame.head(40))[0], values, atol=1e-12)
    assert compiled.lookup is None
    assert max(made) == 20


def test_texts_of_many_words_are_read_again(tmp_path):
    order = np.random.default_rng(0)
    texts = [" ".join(f"word{k}" for k in order.integers(0, 5_000, 30)) for _ in range(400)]
    frame = pd.DataFrame({"c": texts})
    encode = ColumnTransformer([("words", TfidfVectorizer(token_pattern=r"(?u)\b\w\w+\b"), "c")])
    pipeline = Pipeline([("encode", encode), ("model", Ridge())]).fit(frame, order.normal(size=400))

    compiled = compile_pipeline(pipeline, ["c"], "regression")
    again = CompiledModel.load(compiled.save(tmp_path / "model.npz"))

    assert difference(pipeline, again, frame) <= 1e-12


def test_what_would_not_be_read_again_is_not_written(tmp_path, monkeypatch):
    """The writer asks what the reader asks, and says what to do about it."""
    frame = table(MANY)
    pipeline = fitted(frame, IGNORED, RandomForestRegressor(20, random_state=0))
    compiled = compile_pipeline(pipeline, ["c", "x"], "regression")
    monkeypatch.setattr("workbench.storage.bundle_files.LARGEST", 10_000)

    with pytest.raises(Refused, match=r"would unpack to \d+ MB, and at most 0 MB are read\. Train it smaller"):
        compiled.save(tmp_path / "model.npz")

    assert not (tmp_path / "model.npz").exists()


def test_many_values_that_an_earlier_step_made_are_refused_by_name():
    frame = table(MANY, numbers=True)
    pipeline = fitted(frame, make_pipeline(StandardScaler(), IGNORED), Ridge())

    with pytest.raises(CannotCompile, match=r"one-hot encoder of 300 values that an earlier transformer made"):
        compile_pipeline(pipeline, ["c", "x"], "regression")


def test_groups_of_categories_that_no_column_tells_are_one():
    known = Hot("c", ("a", "b", "z"), np.array([0, 1, 2, 2, 1]), np.array([1, 0, 1]), np.ones(3), np.zeros(3))

    made = known.checked().encode({"c": ["a", "b", "z", None, "never seen"]})

    assert made.tolist() == [[0, 1, 0], [1, 0, 1], [0, 0, 0], [0, 0, 0], [1, 0, 1]]
    assert known.by_key(0).tolist() == [0, 1, 0, 0, 1]
    assert known.by_group(1).tolist() == [1, 0, 0]


def test_the_graph_of_many_categories_answers_as_the_tables_do():
    frame = table(MANY)
    pipeline = fitted(frame, IGNORED, RandomForestRegressor(3, max_leaf_nodes=40, random_state=0))
    compiled = compile_pipeline(pipeline, ["c", "x"], "regression")

    graph = to_onnx(compiled).SerializeToString()

    assert any(isinstance(encoder, Hot) for encoder in compiled.encoders)
    assert onnx_difference(graph, compiled, strange(frame)) < 1e-6
