"""A compiled pipeline answers exactly as scikit-learn does, and its SHAP values add up to the model's own output."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import (
    BaggingClassifier,
    ExtraTreesClassifier,
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
from sklearn.impute import SimpleImputer
from sklearn.linear_model import (
    ElasticNet,
    Lasso,
    LinearRegression,
    LogisticRegression,
    PoissonRegressor,
    Ridge,
    SGDClassifier,
)
from sklearn.model_selection import FixedThresholdClassifier, TunedThresholdClassifierCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import (
    OneHotEncoder,
    OrdinalEncoder,
    StandardScaler,
)
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from workbench.compiling.pipeline import check_difference, compile_pipeline
from workbench.compiling.rounding import limit
from workbench.errors import BadRow, CannotCompile, ColumnNotFound
from workbench.tables.compiled import CompiledModel

NUMBERS = ["age", "income"]
TEXTS = ["city", "job"]
FEATURES = [*NUMBERS, *TEXTS]


def table(rows: int = 300, seed: int = 0, missing: float = 0.1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "age": rng.integers(18, 90, rows).astype(float),
            "income": rng.lognormal(10, 1, rows),
            "city": pd.Series(
                rng.choice(["Ulm", "Bonn", "Köln", "Jena", "Kiel"], rows, p=[0.4, 0.3, 0.2, 0.05, 0.05]), dtype="str"
            ),
            "job": pd.Series(rng.choice(["<b>", "nurse", "cook"], rows), dtype="str"),
        }
    )
    return frame.mask(rng.random(frame.shape) < missing)


def unusual(seed: int = 1) -> pd.DataFrame:
    """Rows with missing, unseen and extreme values."""
    frame = table(80, seed)
    frame.loc[:9, "city"] = "Atlantis"
    frame.loc[10:19, "city"] = np.nan
    frame.loc[20:29, NUMBERS] = np.nan
    frame.loc[30, "income"] = 1e30
    frame.loc[31, "income"] = -1e30
    return frame


def target(frame: pd.DataFrame, task: str, seed: int = 0):
    rng = np.random.default_rng(seed)
    signal = frame["age"].fillna(50) / 10 + (frame["city"] == "Ulm") * 3 + rng.normal(size=len(frame))
    if task == "regression":
        return signal.clip(lower=0.1)
    return pd.cut(signal, 2 if task == "binary" else 3, labels=False).map({0: "low", 1: "mid", 2: "high"})


def one_hot() -> OneHotEncoder:
    return OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=0.1, sparse_output=False)


def ordinal() -> OrdinalEncoder:
    return OrdinalEncoder(
        handle_unknown="use_encoded_value", unknown_value=np.nan, encoded_missing_value=np.nan, max_categories=4
    )


def pipeline(model, numbers="passthrough", texts=None) -> Pipeline:
    encode = ColumnTransformer(
        [("texts", texts or one_hot(), TEXTS), ("numbers", numbers, NUMBERS)], verbose_feature_names_out=False
    )
    return Pipeline([("encode", encode), ("model", model)])


def scaled(model) -> Pipeline:
    return pipeline(model, Pipeline([("fill", SimpleImputer(strategy="median")), ("scale", StandardScaler())]))


def native(model) -> Pipeline:
    """Categories last in the matrix, so that boosting's own reordering matters."""
    encode = ColumnTransformer(
        [("numbers", "passthrough", NUMBERS), ("texts", ordinal(), TEXTS)], verbose_feature_names_out=False
    )
    return Pipeline([("encode", encode), ("model", model.set_params(categorical_features=[2, 3]))])


BOOSTING = {"max_iter": 15, "random_state": 0}
FOREST = {"n_estimators": 8, "random_state": 0}
CASES = {
    "boosting, binary": (pipeline(HistGradientBoostingClassifier(**BOOSTING)), "binary"),
    "boosting, native categories": (native(HistGradientBoostingClassifier(**BOOSTING)), "binary"),
    "boosting, three classes": (native(HistGradientBoostingClassifier(**BOOSTING)), "multiclass"),
    "boosting, regression": (native(HistGradientBoostingRegressor(**BOOSTING)), "regression"),
    "forest, binary": (pipeline(RandomForestClassifier(**FOREST)), "binary"),
    "forest, three classes": (pipeline(RandomForestClassifier(**FOREST)), "multiclass"),
    "forest, regression": (pipeline(RandomForestRegressor(**FOREST)), "regression"),
    "one tree": (pipeline(DecisionTreeClassifier(random_state=0)), "binary"),
    "linear, binary": (scaled(LogisticRegression(max_iter=500)), "binary"),
    "linear, three classes": (scaled(LogisticRegression(max_iter=500)), "multiclass"),
    "linear, regression": (scaled(Ridge()), "regression"),
    "lasso": (scaled(Lasso(0.01)), "regression"),
    "elastic net": (scaled(ElasticNet(0.01)), "regression"),
    "least squares": (scaled(LinearRegression()), "regression"),
    "stochastic, three classes": (scaled(SGDClassifier(loss="log_loss", random_state=0)), "multiclass"),
    "one tree, regression": (pipeline(DecisionTreeRegressor(random_state=0)), "regression"),
    "extra trees": (pipeline(ExtraTreesClassifier(**FOREST)), "multiclass"),
    "gradient boosting, binary": (scaled(GradientBoostingClassifier(**FOREST)), "binary"),
    "gradient boosting, exponential": (scaled(GradientBoostingClassifier(**FOREST, loss="exponential")), "binary"),
    "gradient boosting, three classes": (scaled(GradientBoostingClassifier(**FOREST)), "multiclass"),
    "gradient boosting, regression": (scaled(GradientBoostingRegressor(**FOREST)), "regression"),
    "constant, binary": (pipeline(DummyClassifier()), "binary"),
    "constant, regression": (pipeline(DummyRegressor()), "regression"),
}


def hist(**settings) -> HistGradientBoostingClassifier:
    return HistGradientBoostingClassifier(max_iter=6, random_state=0, **settings)


def forest(**settings) -> RandomForestClassifier:
    return RandomForestClassifier(**FOREST, max_depth=5, **settings)


def calibrated(model, method: str, ensemble: bool = True) -> CalibratedClassifierCV:
    return CalibratedClassifierCV(model, method=method, cv=3, ensemble=ensemble)


MIXED = [("forest", forest()), ("boosting", hist())]
WHOLE = [("forest", pipeline(forest())), ("native", native(hist())), ("linear", scaled(LogisticRegression()))]
REGRESSORS = [
    ("forest", RandomForestRegressor(**FOREST)),
    ("boosting", HistGradientBoostingRegressor(max_iter=5, random_state=0)),
]
LOG = {"func": np.log1p, "inverse_func": np.expm1}
CASES |= {
    f"{name}, {task}": (made, task)
    for task in ("binary", "multiclass")
    for name, made in {
        "calibrated by sigmoids": pipeline(calibrated(hist(), "sigmoid")),
        "calibrated by one sigmoid": pipeline(calibrated(forest(), "sigmoid", False)),
        "calibrated by steps": pipeline(calibrated(forest(), "isotonic")),
        "calibrated around the pipeline": calibrated(pipeline(hist()), "isotonic", False),
        "calibrated planes": scaled(calibrated(LinearSVC(random_state=0), "sigmoid")),
        "vote of forests": pipeline(
            VotingClassifier([("a", forest()), ("b", ExtraTreesClassifier(**FOREST))], voting="soft", weights=[2, 1])
        ),
        "vote of pipelines": VotingClassifier(WHOLE, voting="soft"),
        "bag of trees": pipeline(
            BaggingClassifier(DecisionTreeClassifier(max_depth=4), max_features=0.7, random_state=0)
        ),
        "stack": pipeline(StackingClassifier(MIXED, final_estimator=LogisticRegression(), cv=3)),
        "stack with columns": scaled(StackingClassifier(MIXED, cv=3, passthrough=True)),
        "stack of pipelines under trees": StackingClassifier(WHOLE, final_estimator=forest(), cv=3),
    }.items()
}
CASES |= {
    "fixed threshold": (FixedThresholdClassifier(pipeline(hist()), threshold=0.3), "binary"),
    "tuned threshold": (TunedThresholdClassifierCV(pipeline(hist()), cv=3), "binary"),
    "vote of regressors": (pipeline(VotingRegressor(REGRESSORS, weights=[1, 3])), "regression"),
    "stack of regressors": (pipeline(StackingRegressor(REGRESSORS, cv=3)), "regression"),
    "logarithm of the target": (
        TransformedTargetRegressor(native(HistGradientBoostingRegressor(**BOOSTING)), **LOG),
        "regression",
    ),
    "scaled target": (TransformedTargetRegressor(scaled(Ridge()), transformer=StandardScaler()), "regression"),
    "poisson boosting": (native(HistGradientBoostingRegressor(**BOOSTING, loss="poisson")), "regression"),
    "poisson, linear": (scaled(PoissonRegressor()), "regression"),
}


@pytest.fixture(params=CASES, scope="module")
def case(request):
    made, task = CASES[request.param]
    frame = table()
    made.fit(frame, target(frame, task))
    return made, compile_pipeline(made, FEATURES, task)


def test_answers_as_scikit_learn_does_with_missing_and_unseen_values(case):
    made, compiled = case

    assert check_difference(made, compiled, unusual()).predictions <= limit(compiled)
    assert check_difference(made, compiled, unusual()[:1]).predictions <= limit(compiled)


def test_reasons_add_up_to_the_models_own_output(case):
    _, compiled = case
    rows = unusual().drop(index=[30, 31])  # a linear model's values of 1e30 cancel only relatively

    values, base = compiled.explain(rows)

    output = compiled.output(rows)
    chosen = compiled.predict(rows).argmax(axis=1) if output.ndim == 2 else 0
    output = output[np.arange(len(output)), chosen] if output.ndim == 2 else output
    np.testing.assert_allclose(values.sum(axis=1) + base, output, rtol=1e-9, atol=1e-9)


def test_a_saved_model_is_the_same_model(case, tmp_path):
    _, compiled = case

    loaded = CompiledModel.load(compiled.save(tmp_path / "model.npz"))

    np.testing.assert_array_equal(loaded.predict(unusual()), compiled.predict(unusual()))
    assert (loaded.task, loaded.classes, loaded.features, loaded.unit) == (
        compiled.task,
        compiled.classes,
        compiled.features,
        compiled.unit,
    )


def test_plain_lists_are_read_like_a_frame(case):
    _, compiled = case
    rows = unusual()
    plain = {c: [None if v != v else v for v in rows[c].tolist()] for c in rows}

    np.testing.assert_array_equal(compiled.predict(plain), compiled.predict(rows))


@given(seed=st.integers(0, 10_000), depth=st.integers(1, 8), leaves=st.integers(2, 40), native_codes=st.booleans())
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_boosting_is_exact_and_additive(seed, depth, leaves, native_codes):
    frame = table(200, seed, missing=0.2)
    model = HistGradientBoostingClassifier(
        max_iter=4, max_depth=depth, max_leaf_nodes=leaves, min_samples_leaf=3, random_state=0
    )
    made = (native if native_codes else pipeline)(model).fit(frame, target(frame, "binary", seed))
    rows = unusual(seed)

    compiled = compile_pipeline(made, FEATURES, "binary")
    values, base = compiled.explain(rows)

    assert check_difference(made, compiled, rows).raw == 0.0
    np.testing.assert_allclose(values.sum(axis=1) + base, made.decision_function(rows), atol=1e-9)


def test_values_agree_with_shap_where_shap_is_right():
    import shap

    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(400, 5)), columns=list("abcde"))
    encode = ColumnTransformer([("numbers", "passthrough", list("abcde"))], verbose_feature_names_out=False)
    model = HistGradientBoostingClassifier(max_iter=20, random_state=0)
    made = Pipeline([("encode", encode), ("model", model)]).fit(frame, frame["a"] * frame["b"] > 0)

    values, base = compile_pipeline(made, list("abcde"), "binary").explain(frame[:50])

    explainer = shap.TreeExplainer(model)
    np.testing.assert_allclose(values, explainer.shap_values(frame[:50].to_numpy()), atol=1e-9)
    assert base == pytest.approx(float(np.ravel(explainer.expected_value)[0]))


def test_values_agree_with_all_subsets_on_native_categories():
    """Shapley's own definition on one small tree, with the training shares as weights."""
    frame = table(300, 3)
    made = native(HistGradientBoostingRegressor(max_iter=1, max_leaf_nodes=8, random_state=0, learning_rate=1.0))
    made.fit(frame, target(frame, "regression", 3))
    compiled = compile_pipeline(made, FEATURES, "regression")
    row = unusual()[:1]

    values, _ = compiled.explain(row)

    np.testing.assert_allclose(values[0], by_definition(compiled, row), atol=1e-9)


def by_definition(compiled: CompiledModel, row: pd.DataFrame) -> list[float]:
    from itertools import combinations
    from math import comb

    trees, matrix = compiled.model, compiled.encode(row)
    n = matrix.shape[1]

    def worth(node: int, known: frozenset[int]) -> float:
        if trees.feature[node] < 0:
            return float(trees.value[node, 0])
        left, right = int(trees.left[node]), int(trees.right[node])
        if trees.feature[node] in known:
            goes = trees.goes(np.array([node]), matrix[:, trees.feature[node]])[0]
            return worth(left if goes else right, known)
        return sum(trees.cover[c] / trees.cover[node] * worth(c, known) for c in (left, right))

    result = dict.fromkeys(range(n), 0.0)
    for j in range(n):
        others = [k for k in range(n) if k != j]
        for size in range(n):
            for known in combinations(others, size):
                gain = worth(0, frozenset({*known, j})) - worth(0, frozenset(known))
                result[j] += gain / (n * comb(n - 1, size))
    made = dict(zip([s for e in compiled.encoders for s in e.sources], result.values(), strict=True))
    return [made.get(f, 0.0) for f in FEATURES]  # what no tree asks for adds nothing


def test_a_linear_models_reasons_are_measured_from_the_background():
    frame = table(missing=0.0)
    made = scaled(Ridge()).fit(frame, target(frame, "regression"))

    values, base = compile_pipeline(made, FEATURES, "regression", background=frame).explain(frame)

    np.testing.assert_allclose(values.mean(axis=0), 0, atol=1e-9)
    assert base == pytest.approx(made.predict(frame).mean())


def test_classes_stay_as_in_the_data():
    frame = table()
    for labels in ([True, False], [1, 2], ["yes", "no"]):
        truth = np.where(frame["age"] > 50, labels[0], labels[1])

        compiled = compile_pipeline(pipeline(DecisionTreeClassifier(max_depth=2)).fit(frame, truth), FEATURES, "binary")

        assert compiled.classes == tuple(sorted(labels))
        assert {type(c) for c in compiled.classes} == {type(labels[0])}


def test_a_model_without_a_table_says_so():
    frame = table(missing=0)

    with pytest.raises(CannotCompile, match="KNeighborsClassifier has no exact table"):
        compile_pipeline(pipeline(KNeighborsClassifier()).fit(frame, target(frame, "binary")), FEATURES, "binary")


def test_a_pipeline_that_is_not_fitted_is_refused_in_words():
    with pytest.raises(CannotCompile, match="not fitted, or not built as Workbench knows it"):
        compile_pipeline(pipeline(DecisionTreeClassifier()), FEATURES, "binary")


def test_another_librarys_estimator_of_the_same_name_is_refused_in_words():
    frame = table()
    made = pipeline(DecisionTreeClassifier()).fit(frame, target(frame, "binary"))
    made.steps[-1] = ("model", type("RandomForestClassifier", (), {"classes_": np.array([0, 1])})())

    with pytest.raises(CannotCompile, match="no attribute 'tree_'"):
        compile_pipeline(made, FEATURES, "binary")


def test_a_linear_model_without_a_number_for_a_row_names_the_field():
    frame = table(missing=0)
    made = pipeline(Ridge()).fit(frame, target(frame, "regression"))
    compiled = compile_pipeline(made, FEATURES, "regression")

    with pytest.raises(
        BadRow, match="Row 1, field 'income': expected values that the model gives a number for"
    ) as told:
        compiled.predict({"age": [1, 2, 3], "income": [2, None, 4], "city": ["Ulm"] * 3, "job": ["cook"] * 3})
    assert [p["row"] for p in told.value.problems] == [1]


@pytest.mark.parametrize("version", [2, 3, 5])
def test_a_model_of_an_older_format_still_answers(version):
    folder = Path(__file__).parents[1] / "tables" / "formats"
    kept = json.loads((folder / f"model-{version}.json").read_text())

    found = CompiledModel.load(folder / f"model-{version}.npz")

    np.testing.assert_allclose(found.predict(kept["columns"]), kept["predictions"], rtol=1e-12)
    values, base = found.explain(kept["columns"])
    if found.model.exact:
        np.testing.assert_allclose(values, kept["values"], atol=1e-9)
    assert base == pytest.approx(kept.get("base", base))
    np.testing.assert_allclose(values.sum(axis=1) + base, found.output(kept["columns"]), atol=1e-9)


def test_a_missing_column_is_named():
    frame = table()
    compiled = compile_pipeline(
        pipeline(DecisionTreeClassifier()).fit(frame, target(frame, "binary")), FEATURES, "binary"
    )

    with pytest.raises(ColumnNotFound, match="'income' is not in the data"):
        compiled.predict({"age": [1], "incom": [2], "city": ["Ulm"], "job": ["cook"]})
