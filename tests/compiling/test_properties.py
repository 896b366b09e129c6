"""Any pipeline of known parts on any table with gaps and unseen categories: the tables answer as it does."""

import warnings

import lightgbm
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
    StackingClassifier,
    StackingRegressor,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.feature_selection import VarianceThreshold
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Lasso, LogisticRegression, Ridge
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import (
    MaxAbsScaler,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    RobustScaler,
    StandardScaler,
    TargetEncoder,
)
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from workbench.compiling.pipeline import compile_pipeline, difference
from workbench.compiling.rounding import limit
from workbench.tables.compiled import CompiledModel

xgboost = pytest.importorskip("xgboost")

NUMBERS, TEXTS = ["a", "b", "c"], ["x", "y"]
FEATURES = [*NUMBERS, *TEXTS]

SCALERS = st.sampled_from([StandardScaler, MinMaxScaler, RobustScaler, MaxAbsScaler])
FILLS = st.sampled_from(["mean", "median", "most_frequent"])


@st.composite
def number_steps(draw):
    steps = [SimpleImputer(strategy=draw(FILLS), add_indicator=draw(st.booleans()))]
    return make_pipeline(*steps, *(scaler() for scaler in draw(st.lists(SCALERS, max_size=2))))


@st.composite
def text_steps(draw):
    rare = {"min_frequency": draw(st.sampled_from([None, 0.1])), "max_categories": draw(st.sampled_from([None, 3]))}
    encoder = draw(
        st.sampled_from(
            [
                OneHotEncoder(handle_unknown="infrequent_if_exist", sparse_output=False, **rare),
                OneHotEncoder(handle_unknown="ignore", drop="first", sparse_output=False),
                OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-2, **rare),
                TargetEncoder(cv=2, random_state=0),
            ]
        )
    )
    fill = SimpleImputer(strategy=draw(st.sampled_from(["most_frequent", "constant"])), fill_value="x0")
    return make_pipeline(fill, encoder) if draw(st.booleans()) else encoder


SMALL = {"n_estimators": 4, "random_state": 0}
CLASSIFIERS = {
    "tree": lambda: DecisionTreeClassifier(max_depth=6, random_state=0),
    "forest": lambda: RandomForestClassifier(**SMALL),
    "extra": lambda: ExtraTreesClassifier(**SMALL),
    "gradient": lambda: GradientBoostingClassifier(**SMALL),
    "histogram": lambda: HistGradientBoostingClassifier(max_iter=4, random_state=0),
    "lightgbm": lambda: lightgbm.LGBMClassifier(**SMALL, n_jobs=1, verbose=-1),
    "xgboost": lambda: xgboost.XGBClassifier(**SMALL, n_jobs=1),
    "linear": lambda: LogisticRegression(max_iter=200),
}
REGRESSORS = {
    "tree": lambda: DecisionTreeRegressor(max_depth=6, random_state=0),
    "forest": lambda: RandomForestRegressor(**SMALL),
    "extra": lambda: ExtraTreesRegressor(**SMALL),
    "gradient": lambda: GradientBoostingRegressor(**SMALL),
    "histogram": lambda: HistGradientBoostingRegressor(max_iter=4, random_state=0),
    "lightgbm": lambda: lightgbm.LGBMRegressor(**SMALL, n_jobs=1, verbose=-1),
    "xgboost": lambda: xgboost.XGBRegressor(**SMALL, n_jobs=1),
    "linear": lambda: Ridge(),
    "lasso": lambda: Lasso(0.01),
}


@st.composite
def models(draw, task):
    known = REGRESSORS if task == "regression" else CLASSIFIERS
    first, second = (known[draw(st.sampled_from(sorted(known)))]() for _ in range(2))
    members, passed = [("first", first), ("second", second)], draw(st.booleans())
    if task == "regression":
        others = [
            VotingRegressor(members),
            StackingRegressor(members, final_estimator=Ridge(), cv=2, passthrough=passed),
        ]
    else:
        method = draw(st.sampled_from(["sigmoid", "isotonic"]))
        others = [
            VotingClassifier(members, voting="soft", weights=draw(st.sampled_from([None, [1, 3]]))),
            StackingClassifier(members, final_estimator=LogisticRegression(), cv=2, passthrough=passed),
            CalibratedClassifierCV(first, method=method, cv=2, ensemble=draw(st.booleans())),
        ]
    return draw(st.sampled_from([first, first, first, *others]))


@st.composite
def cases(draw):
    task = draw(st.sampled_from(["binary", "multiclass", "regression"]))
    encode = ColumnTransformer(
        [("numbers", draw(number_steps()), NUMBERS), ("texts", draw(text_steps()), TEXTS)],
        verbose_feature_names_out=False,
    )
    chosen = [("choose", VarianceThreshold(0.0))] if draw(st.booleans()) else []
    made = Pipeline([("encode", encode), *chosen, ("model", draw(models(task)))])
    return task, made, draw(st.integers(0, 2**32 - 1)), draw(st.sampled_from([0.0, 0.1, 0.5]))


def table(rng: np.random.Generator, rows: int, missing: float, texts: int) -> pd.DataFrame:
    """Numbers of all sizes, few and many categories; later tables have categories that earlier ones had not."""
    frame = pd.DataFrame(
        {
            "a": rng.normal(size=rows),
            "b": np.exp(3 * rng.normal(size=rows)),
            "c": rng.integers(-2, 3, rows).astype(float),
            "x": pd.Series([f"x{i}" for i in rng.integers(0, texts, rows)], dtype="str"),
            "y": pd.Series([f"y{i}" for i in rng.integers(0, 2 * texts, rows) ** 2 // texts], dtype="str"),
        }
    )
    return frame.mask(rng.random(frame.shape) < missing)


def target(frame: pd.DataFrame, task: str, rng: np.random.Generator) -> np.ndarray:
    signal = frame["a"].fillna(0) + (frame["x"] == "x0") * 2 + rng.normal(size=len(frame))
    if task == "regression":
        return signal.to_numpy()
    return pd.qcut(signal, 2 if task == "binary" else 3, labels=False).to_numpy()


def check(case) -> None:
    task, made, seed, missing = case
    rng = np.random.default_rng(seed)
    frame = table(rng, 150, missing, 4)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a small table with many gaps: models that did not converge, empty folds
        made.fit(frame, target(frame, task, rng))
        rows = table(rng, 120, max(missing, 0.1), 7)

        compiled = compile_pipeline(made, FEATURES, task)

        assert difference(made, compiled, rows) <= limit(compiled)
        assert difference(made, compiled, rows[:1]) <= limit(compiled)
        adds_up(compiled, rows)


def adds_up(compiled: CompiledModel, rows: pd.DataFrame) -> None:
    values, base = compiled.explain(rows)
    output = compiled.output(rows)
    if output.ndim == 2:
        output = output[np.arange(len(output)), compiled.model.predict(compiled.encode(rows)).argmax(axis=1)]
    np.testing.assert_allclose(values.sum(axis=1) + base, output, rtol=1e-6, atol=1e-6)


QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


@pytest.mark.slow
@given(cases())
@settings(max_examples=150, deadline=None, suppress_health_check=QUIET)
def test_many_pipelines_answer_alike_as_tables(case):
    check(case)
