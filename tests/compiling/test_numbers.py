"""Transformers that need tables: what they make is what the tables make, number by number."""

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    Binarizer,
    FunctionTransformer,
    KBinsDiscretizer,
    OneHotEncoder,
    OrdinalEncoder,
    PowerTransformer,
    QuantileTransformer,
    SplineTransformer,
    StandardScaler,
    TargetEncoder,
)

from workbench.compiling.columns import Matrix, Plain, through
from workbench.compiling.pipeline import compile_pipeline, difference
from workbench.errors import CannotCompile
from workbench.tables.compiled import CompiledModel
from workbench.tables.steps import FUNCTIONS

FEATURES = ["a", "b", "c"]


def table(rows: int = 200, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "a": rng.normal(size=rows),
            "b": rng.lognormal(1, 2, rows),
            "c": rng.integers(0, 6, rows).astype(float),
        }
    )


def far() -> pd.DataFrame:
    """Rows far beyond the training rows, and right on them."""
    frame = pd.concat([table(60, 1), table(20)], ignore_index=True)
    frame.loc[0], frame.loc[1], frame.loc[2] = 1e9, -1e9, 0.0
    frame.loc[3], frame.loc[4] = table().max(), table().min()
    frame["b"] = frame["b"].abs() + 1e-9
    return frame


def one_hot(**options) -> OneHotEncoder:
    return OneHotEncoder(handle_unknown="ignore", sparse_output=False, **options)


def bins(encode: str = "ordinal", **options) -> KBinsDiscretizer:
    options = {"n_bins": 4, "strategy": "quantile", "quantile_method": "averaged_inverted_cdf", **options}
    return KBinsDiscretizer(encode=encode, **options)


CASES = {
    "two sides": Binarizer(threshold=0.5),
    "bins": bins(),
    "even bins": bins(strategy="uniform"),
    "bins by means": bins(strategy="kmeans", random_state=0),
    "a column a bin": bins("onehot-dense"),
    "bins as categories": make_pipeline(bins(), one_hot()),
    "bins as target means": make_pipeline(bins(), TargetEncoder(cv=2, random_state=0)),
    "scaled bins": make_pipeline(bins(), StandardScaler()),
    "whole numbers as categories": make_pipeline(
        FunctionTransformer(np.rint), one_hot(max_categories=5)
    ),
    "codes of codes": make_pipeline(
        OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), one_hot(min_frequency=3)
    ),
    "powers": PowerTransformer(),
    "powers, not scaled": PowerTransformer(standardize=False),
    "functions of functions": make_pipeline(
        FunctionTransformer(np.abs), FunctionTransformer(np.log1p), FunctionTransformer(np.sin)
    ),
    "quantiles": QuantileTransformer(n_quantiles=50),
    "normal quantiles": QuantileTransformer(n_quantiles=50, output_distribution="normal"),
    "quantiles, scaled": make_pipeline(QuantileTransformer(n_quantiles=20), StandardScaler()),
    **{
        f"splines, {kind}": SplineTransformer(extrapolation=kind)
        for kind in ("constant", "linear", "continue", "periodic")
    },
    "steps as splines": SplineTransformer(degree=0, n_knots=4, extrapolation="continue"),
    "lines as splines": SplineTransformer(degree=1),
    "splines of degree 4": SplineTransformer(degree=4, knots="quantile", n_knots=7, include_bias=False),
    "scaled splines": make_pipeline(SplineTransformer(), StandardScaler()),
}  # fmt: skip


def made_by_tables(step, frame: pd.DataFrame) -> np.ndarray:
    matrix = Matrix()
    places = matrix.place(through(step, tuple(Plain(name) for name in FEATURES)))
    return np.hstack([e.encode(frame) for e in matrix.encoders()])[:, places]


def dense(made) -> np.ndarray:
    return np.asarray(made.todense() if hasattr(made, "todense") else made, dtype=np.float64)


def same(step, rows: pd.DataFrame) -> None:
    expected = dense(step.transform(rows))
    np.testing.assert_allclose(made_by_tables(step, rows), expected, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("name", CASES)
def test_every_number_is_the_transformers_own(name):
    step = CASES[name].fit(table(), table()["a"])

    same(step, table())
    same(step, far().clip(-1e3, 1e3) if "splines" in name else far())


@pytest.mark.parametrize("name", ["powers", "quantiles", "normal quantiles", "codes of codes"])
def test_missing_stays_what_the_transformer_makes_of_it(name):
    step = CASES[name].fit(table(), table()["a"])

    same(step, table().mask(np.random.default_rng(0).random((200, 3)) < 0.3))


def test_missing_values_of_splines_may_be_zeros():
    rows = table().mask(np.random.default_rng(0).random((200, 3)) < 0.3)

    same(SplineTransformer(handle_missing="zeros").fit(rows), rows)


@pytest.mark.parametrize("extrapolation", ["constant", "linear", "continue", "periodic"])
def test_splines_of_a_column_with_one_value_are_zeros(extrapolation):
    step = SplineTransformer(extrapolation=extrapolation).fit(table().assign(b=2.0))

    same(step, table())
    of_b = [name.startswith("b_") for name in step.get_feature_names_out()]
    assert not made_by_tables(step, table())[:, of_b].any()


def test_positive_numbers_have_powers():
    step = PowerTransformer(method="box-cox").fit(far()[["b"]].assign(a=far()["b"], c=far()["b"] + 1)[FEATURES])

    same(step, far().assign(a=far()["b"] * 3, c=1.0))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_of_numpy(name):
    with np.errstate(all="ignore"):
        same(FunctionTransformer(getattr(np, name)).fit(table()), table() + 1)


@pytest.mark.parametrize("name", CASES)
def test_models_on_them_answer_alike_and_are_saved(name, tmp_path):
    frame = table()
    for model, limit in ((HistGradientBoostingRegressor(max_iter=5), 0.0), (Ridge(), 1e-12)):
        made = make_pipeline(SimpleImputer(), CASES[name], model).fit(frame, frame["a"] + frame["c"])
        compiled = compile_pipeline(made, FEATURES, "regression")
        loaded = CompiledModel.load(compiled.save(tmp_path / "model.npz"))

        rows = far().clip(-1e3, 1e3).mask(far() == far().max())
        assert difference(made, loaded, rows) <= limit
        values, base = loaded.explain(rows)
        np.testing.assert_allclose(values.sum(axis=1) + base, loaded.output(rows), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(
    ("step", "why"),
    [
        (SplineTransformer(extrapolation="error"), "extrapolation='linear'"),
        (SplineTransformer(degree=1, extrapolation="linear"), "degree=3"),
        (bins(dtype=np.float32), "float32"),
        (FunctionTransformer(lambda rows: rows + 1), r"FunctionTransformer\(<lambda>\)"),
        (make_pipeline(PowerTransformer(), bins()), "step by limits"),
        (make_pipeline(CASES["normal quantiles"], CASES["quantiles"]), "step by limits"),
    ],
)
def test_what_has_no_table_says_what_to_do(step, why):
    with pytest.raises(CannotCompile, match=why):
        through(step.fit(table()), tuple(map(Plain, FEATURES)))


# Behind a function whose last digit may differ, a limit that lies on a training value may be met otherwise: a bin's, or
# a quantile's where values repeat: such chains have no table.
SMOOTH = ["powers", "powers, not scaled", "functions of functions", "splines, linear"]
EXACT = ["bins", "even bins", "quantiles", "quantiles, scaled"]


@given(
    exact=st.lists(st.lists(st.sampled_from(EXACT), max_size=2), min_size=3, max_size=3),
    smooth=st.lists(st.lists(st.sampled_from(SMOOTH), max_size=2), min_size=3, max_size=3),
    seed=st.integers(0, 2**32 - 1),
)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_chain_of_them_is_the_same(exact, smooth, seed):
    frame, rows = table(seed=seed), table(seed=seed + 1)
    chains = [[CASES[name] for name in (*first, *then)] for first, then in zip(exact, smooth, strict=True)]
    parts = [
        (c, make_pipeline(*map(clone, chain), "passthrough"), [c]) for c, chain in zip(FEATURES, chains, strict=True)
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        step = ColumnTransformer(parts, sparse_threshold=0).fit(frame, frame["a"])
        expected = dense(step.transform(rows))
    np.testing.assert_allclose(made_by_tables(step, rows), expected, rtol=1e-9, atol=1e-9)
