"""An ONNX graph made from the tables answers as they do, by onnxruntime."""

import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.dummy import DummyRegressor
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, OneHotEncoder, OrdinalEncoder, StandardScaler
from sklearn.tree import DecisionTreeRegressor

from workbench.compiling.pipeline import compile_pipeline
from workbench.errors import CannotCompile, MissingExtra
from workbench.tables.dates import date_parts

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

from workbench.compiling.onnx import onnx_difference, to_onnx  # noqa: E402

FEATURES = ["age", "income", "rooms", "city", "job"]


def table(rows: int = 300, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "age": rng.integers(18, 90, rows).astype(float),
            "income": rng.lognormal(10, 1, rows),
            "rooms": rng.integers(1, 6, rows).astype(float),
            "city": rng.choice(["Ulm", "Bonn", "Köln"], rows),
            "job": rng.choice(["nurse", "cook"], rows),
        }
    )
    return frame.mask(rng.random(frame.shape) < 0.1)


def unusual() -> pd.DataFrame:
    frame = table(100, 1)
    frame.loc[:9, "city"], frame.loc[10:12, "rooms"] = "Atlantis", 77
    return frame


def target(frame: pd.DataFrame, task: str) -> pd.Series:
    signal = frame["age"].fillna(50) / 10 + (frame["city"] == "Ulm") * 3 + np.random.default_rng(0).normal(size=300)
    return signal.clip(lower=0) if task == "regression" else pd.cut(signal, 2 if task == "binary" else 3, labels=False)


def pipeline(model, numbers="passthrough", texts=None) -> Pipeline:
    texts = texts or OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    rooms = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    parts = [("numbers", numbers, ["age", "income"]), ("rooms", rooms, ["rooms"]), ("texts", texts, ["city", "job"])]
    return Pipeline([("encode", ColumnTransformer(parts)), ("model", model)])


def filled(*steps) -> Pipeline:
    return make_pipeline(SimpleImputer(add_indicator=True), *steps)


def codes() -> OrdinalEncoder:
    return OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan, encoded_missing_value=np.nan)


def hist() -> HistGradientBoostingClassifier:
    return HistGradientBoostingClassifier(max_iter=5, random_state=0)


def native() -> Pipeline:
    encode = ColumnTransformer([("texts", codes(), ["city", "job"]), ("numbers", "passthrough", ["age", "income"])])
    return Pipeline([("encode", encode), ("model", hist().set_params(categorical_features=[0, 1]))])


FOREST = RandomForestClassifier(n_estimators=5, random_state=0)
CASES = {
    "boosting": (pipeline(hist()), "binary"),
    "boosting, native categories": (native(), "multiclass"),
    "boosting, poisson": (pipeline(HistGradientBoostingRegressor(max_iter=5, loss="poisson")), "regression"),
    "forest": (pipeline(FOREST), "multiclass"),
    "one leaf": (pipeline(DecisionTreeRegressor(min_samples_leaf=200)), "regression"),
    "linear": (pipeline(LogisticRegression(max_iter=500), filled(StandardScaler())), "multiclass"),
    "clipped": (pipeline(Ridge(), filled(MinMaxScaler(clip=True))), "regression"),
    "constant": (pipeline(DummyRegressor()), "regression"),
    "steps": (pipeline(CalibratedClassifierCV(FOREST, method="isotonic", cv=3)), "multiclass"),
    "sigmoids": (pipeline(CalibratedClassifierCV(hist(), cv=3)), "binary"),
    "vote": (pipeline(VotingClassifier([("a", FOREST), ("b", hist())], voting="soft", weights=[1, 2])), "multiclass"),
    "stack": (
        pipeline(StackingClassifier([("a", FOREST), ("b", hist())], cv=2, passthrough=True), filled()),
        "binary",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_the_graph_answers_as_the_tables_do(name):
    made, task = CASES[name]
    frame = table()
    model = compile_pipeline(made.fit(frame, target(frame, task)), FEATURES, task)

    graph = to_onnx(model)

    onnx.checker.check_model(graph, full_check=True)
    assert onnx_difference(graph.SerializeToString(), model, unusual()) <= 1e-14


def test_a_float32_sum_differs_by_what_is_said():
    xgboost = pytest.importorskip("xgboost")
    frame = table()
    made = pipeline(xgboost.XGBClassifier(n_estimators=20, n_jobs=1)).fit(frame, target(frame, "binary"))
    model = compile_pipeline(made, FEATURES, "binary")

    assert 0 < onnx_difference(to_onnx(model).SerializeToString(), model, unusual()) < 1e-6


@pytest.mark.parametrize(
    ("function", "why"), [(date_parts, "The date 'since' has no ONNX operator"), (np.log1p, "The function 'log1p'")]
)
def test_what_has_no_operator_says_so(function, why):
    when = pd.DataFrame({"since": pd.date_range("2020-01-01", periods=60, freq="5h")})
    frame = when if function is date_parts else when.assign(since=np.arange(60.0))
    encode = ColumnTransformer([("a", FunctionTransformer(function), ["since"])])
    made = make_pipeline(encode, DecisionTreeRegressor()).fit(frame, np.arange(60))

    with pytest.raises(CannotCompile, match=why):
        to_onnx(compile_pipeline(made, ["since"], "regression"))


def test_a_package_that_is_not_there_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    frame = table()
    model = compile_pipeline(
        pipeline(Ridge(), filled()).fit(frame, target(frame, "regression")), FEATURES, "regression"
    )

    with pytest.raises(MissingExtra, match=r"pip install 'ml-workbench\[onnx\]'"):
        to_onnx(model)
