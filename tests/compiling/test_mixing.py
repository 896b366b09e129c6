"""Columns that are made of several others: the tables answer alike, and reasons still add up by original column."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA, IncrementalPCA, TruncatedSVD
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestClassifier
from sklearn.feature_selection import SelectKBest
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import (
    Normalizer,
    OneHotEncoder,
    PolynomialFeatures,
    PowerTransformer,
    StandardScaler,
)
from sklearn.tree import DecisionTreeRegressor

from workbench.compiling.pipeline import compile_pipeline, difference
from workbench.compiling.rounding import limit
from workbench.errors import Damaged
from workbench.tables.compiled import CompiledModel
from workbench.tables.mixing import Products

NUMBERS, FEATURES = ["a", "b", "c"], ["a", "b", "c", "x"]

CASES = {
    "products": PolynomialFeatures(),
    "products of three": PolynomialFeatures((2, 3), include_bias=False),
    "products of different columns": PolynomialFeatures(3, interaction_only=True),
    "scaled products": make_pipeline(PolynomialFeatures(include_bias=False), StandardScaler()),
    "products of scaled columns": make_pipeline(StandardScaler(), PolynomialFeatures()),
    "chosen products": make_pipeline(PolynomialFeatures(), SelectKBest(k=4)),
    "components": PCA(2),
    "even components": PCA(whiten=True),
    "components by parts": IncrementalPCA(2),
    "values": TruncatedSVD(2),
    "scaled components": make_pipeline(StandardScaler(), PCA(2), PowerTransformer()),
    "products of components": make_pipeline(PCA(2), PolynomialFeatures()),
    "components of products": make_pipeline(PolynomialFeatures(), StandardScaler(), PCA(3)),
    **{f"rows of {norm} 1": Normalizer(norm) for norm in ("l1", "l2", "max")},
    "beside themselves": FeatureUnion(
        [("own", "passthrough"), ("components", PCA(2))], transformer_weights={"components": 2.5}
    ),
}


def table(rows: int = 200, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({name: rng.normal(scale=i + 1, size=rows) for i, name in enumerate(NUMBERS)})
    frame = frame.mask(rng.random(frame.shape) < 0.1)
    return frame.assign(x=pd.Series(rng.choice(["u", "v", "w"], rows), dtype="str"))


def unusual() -> pd.DataFrame:
    frame = table(60, 1)
    frame.loc[:9, "x"], frame.loc[10, NUMBERS], frame.loc[11, NUMBERS] = "new", 1e4, 0.0
    return frame


def target(frame: pd.DataFrame) -> pd.Series:
    return frame["a"].fillna(0) * frame["b"].fillna(1) + (frame["x"] == "u")


def encoder(step) -> ColumnTransformer:
    texts = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    return ColumnTransformer([("numbers", make_pipeline(SimpleImputer(), step), NUMBERS), ("texts", texts, ["x"])])


def adds_up(compiled: CompiledModel, rows: pd.DataFrame) -> None:
    values, base = compiled.explain(rows)
    np.testing.assert_allclose(values.sum(axis=1) + base, compiled.output(rows), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize(
    "model", [Ridge(), DecisionTreeRegressor(max_depth=5), HistGradientBoostingRegressor(max_iter=5)]
)
def test_models_answer_alike_add_up_and_are_saved(name, model, tmp_path):
    frame = table()
    made = make_pipeline(encoder(clone(CASES[name])), model).fit(frame, target(frame))

    compiled = compile_pipeline(made, FEATURES, "regression", background=frame)
    loaded = CompiledModel.load(compiled.save(tmp_path / "model.npz"))

    assert difference(made, loaded, unusual()) <= limit(loaded)
    assert difference(made, loaded, unusual()[:1]) <= limit(loaded)
    adds_up(loaded, unusual())


def test_a_linear_model_on_components_has_exact_reasons():
    """Two linear steps are one: the reasons are the weights times the way from the mean."""
    frame = table().dropna()
    made = make_pipeline(ColumnTransformer([("numbers", PCA(2), NUMBERS)]), Ridge()).fit(frame[NUMBERS], target(frame))

    compiled = compile_pipeline(made, NUMBERS, "regression", background=frame)

    weights = made[-1].coef_ @ made[0].named_transformers_["numbers"].components_
    assert compiled.method == "linear"
    np.testing.assert_allclose(
        compiled.explain(frame)[0], (frame[NUMBERS] - frame[NUMBERS].mean()) * weights, atol=1e-9
    )


def test_classes_on_products():
    frame = table()
    truth = pd.cut(target(frame), 3, labels=["low", "mid", "high"]).astype(str)
    for model in (LogisticRegression(), RandomForestClassifier(5, random_state=0)):
        made = make_pipeline(encoder(PolynomialFeatures(include_bias=False)), StandardScaler(), model).fit(frame, truth)

        compiled = compile_pipeline(made, FEATURES, "multiclass", background=frame)

        assert difference(made, compiled, unusual()) <= 1e-12


@pytest.mark.parametrize("factors", [[[0, 3]], [[-2, 0]], [0, 1], [[0.5, 1.0]]])
def test_products_of_columns_that_are_not_there_are_refused(factors):
    with pytest.raises(Damaged):
        Products(np.array(factors)).checked(3)


STEPS = ["scaled products", "components", "even components", "rows of l2 1", "beside themselves"]


@given(st.lists(st.sampled_from(STEPS), min_size=1, max_size=2, unique=True), st.integers(0, 2**32 - 1))
@pytest.mark.slow
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_chain_of_them_answers_alike(names, seed):
    frame = table(seed=seed)
    made = make_pipeline(encoder(make_pipeline(*(clone(CASES[n]) for n in names), StandardScaler())), Ridge())
    made.fit(frame, target(frame))

    compiled = compile_pipeline(made, FEATURES, "regression", background=frame)

    rows = table(50, seed + 1)
    assert difference(made, compiled, rows) <= 1e-10
    adds_up(compiled, rows)
