"""LightGBM and XGBoost as tables: their own sums to the last bit, their answers within the bound, their SHAP values."""

import lightgbm
import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder

from workbench.compiling import lightgbm_trees
from workbench.compiling.pipeline import check_difference, compile_pipeline
from workbench.compiling.rounding import limit, raw
from workbench.errors import CannotCompile
from workbench.tables.compiled import CompiledModel

xgboost = pytest.importorskip("xgboost")

NUMBERS, TEXTS = ["age", "income"], ["city", "job"]
FEATURES = [*NUMBERS, *TEXTS]
NATIVE = ["q", "q", "c", "c"]


def table(rows: int = 400, seed: int = 0, missing: float = 0.1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "age": rng.integers(18, 90, rows).astype(float),
            "income": rng.lognormal(10, 1, rows),
            "city": rng.choice(["Ulm", "Bonn", "Köln", "Jena"], rows),
            "job": rng.choice(["nurse", "cook"], rows),
        }
    )
    return frame.mask(rng.random(frame.shape) < missing)


def unusual(seed: int = 1) -> pd.DataFrame:
    """Rows with missing, unseen and extreme values."""
    frame = table(400, seed)
    frame.loc[:9, "city"], frame.loc[10:19, "city"] = "Atlantis", np.nan
    frame.loc[20:29, NUMBERS] = np.nan
    frame.loc[30, "income"], frame.loc[31, "income"] = 1e30, -1e30
    return frame


def target(frame: pd.DataFrame, task: str) -> pd.Series:
    noise = np.random.default_rng(0).normal(size=len(frame))
    signal = frame["age"].fillna(50) / 10 + (frame["city"] == "Ulm") * 3 + noise
    return signal if task == "regression" else pd.cut(signal, 2 if task == "binary" else 3, labels=False)


def one_hot(model) -> Pipeline:
    texts = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    encode = ColumnTransformer([("texts", texts, TEXTS), ("numbers", "passthrough", NUMBERS)])
    return Pipeline([("encode", encode), ("model", model)])


def numbered(model) -> Pipeline:
    texts = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=np.nan)
    encode = ColumnTransformer([("numbers", "passthrough", NUMBERS), ("texts", texts, TEXTS)])
    return Pipeline([("encode", encode), ("model", model)])


def light(task: str, **settings):
    make = lightgbm.LGBMRegressor if task == "regression" else lightgbm.LGBMClassifier
    return make(n_estimators=20, verbose=-1, n_jobs=1, random_state=0, **settings)


def extreme(task: str, **settings):
    make = xgboost.XGBRegressor if task == "regression" else xgboost.XGBClassifier
    return make(n_estimators=20, n_jobs=1, random_state=0, **settings)


def fit(made: Pipeline, task: str, **settings) -> Pipeline:
    frame = table()
    truth = target(frame, task)
    return made.fit(frame, np.exp(truth / 10) if task == "regression" else truth, **settings)


TASKS = ("binary", "multiclass", "regression")
GROUPED = {"min_data_per_group": 5, "cat_smooth": 1}
CASES = {
    **{f"lightgbm, {t}": (one_hot(light(t)), t, {}) for t in TASKS},
    **{
        f"lightgbm, native categories, {t}": (numbered(light(t, **GROUPED)), t, {"model__categorical_feature": [2, 3]})
        for t in TASKS
    },
    "lightgbm, dart": (one_hot(light("binary", boosting_type="dart")), "binary", {}),
    "lightgbm, forest": (
        one_hot(light("binary", boosting_type="rf", subsample=0.5, subsample_freq=1)),
        "binary",
        {},
    ),
    "lightgbm, flat sigmoid": (one_hot(light("binary", sigmoid=0.7)), "binary", {}),
    "lightgbm, poisson": (one_hot(light("regression", objective="poisson")), "regression", {}),
    **{f"xgboost, {t}": (one_hot(extreme(t)), t, {}) for t in TASKS},
    **{
        f"xgboost, native categories, {t}": (
            numbered(extreme(t, enable_categorical=True, feature_types=NATIVE, max_cat_to_onehot=1)),
            t,
            {},
        )
        for t in TASKS
    },
    "xgboost, base score": (one_hot(extreme("binary", base_score=0.3)), "binary", {}),
    "xgboost, forest": (one_hot(xgboost.XGBRFClassifier(n_estimators=10, n_jobs=1)), "binary", {}),
    "xgboost, poisson": (one_hot(extreme("regression", objective="count:poisson")), "regression", {}),
}


@pytest.fixture(params=CASES, scope="module")
def case(request):
    made, task, settings = CASES[request.param]
    fit(made, task, **settings)
    return made, compile_pipeline(made, FEATURES, task)


def test_the_tables_give_the_librarys_own_answers(case):
    made, compiled = case

    for rows in (unusual(), unusual()[40:41]):
        compared = check_difference(made, compiled, rows)
        assert (compared.predictions if compared.raw is None else compared.raw) == 0.0
    assert limit(raw(compiled)) == 0.0


def test_reasons_add_up_to_the_librarys_own_output(case):
    _, compiled = case
    values, base = compiled.explain(unusual())

    output = compiled.output(unusual())
    output = output.max(axis=1) if output.ndim == 2 else output
    np.testing.assert_allclose(values.sum(axis=1) + base, output, rtol=0, atol=1e-6)


def test_a_saved_model_is_the_same_model(case, tmp_path):
    _, compiled = case
    loaded = CompiledModel.load(compiled.save(tmp_path / "model.npz"))

    np.testing.assert_array_equal(loaded.predict(unusual()), compiled.predict(unusual()))


def test_values_agree_with_lightgbms_own():
    made = fit(numbered(light("binary", **GROUPED)), "binary", model__categorical_feature=[2, 3])
    values, base = compile_pipeline(made, FEATURES, "binary").explain(unusual())

    own = made["model"].predict(made["encode"].transform(unusual()), pred_contrib=True)
    np.testing.assert_allclose(values, own[:, :4], atol=1e-9)
    np.testing.assert_allclose(base, own[:, 4])


def test_values_agree_with_xgboosts_own():
    made = fit(numbered(extreme("binary", enable_categorical=True, feature_types=NATIVE)), "binary")
    values, base = compile_pipeline(made, FEATURES, "binary").explain(unusual())

    rows = xgboost.DMatrix(made["encode"].transform(unusual()), feature_types=NATIVE, enable_categorical=True)
    own = made["model"].get_booster().predict(rows, pred_contribs=True)
    np.testing.assert_allclose(values, own[:, :4], atol=1e-5)
    np.testing.assert_allclose(base, own[:, 4], atol=1e-5)


def test_training_that_stopped_early_predicts_with_its_best_round():
    frame, later = table(), table(200, 5)
    encode = one_hot(None)["encode"].fit(frame)
    rows = (encode.transform(later), target(later, "binary"))
    for model in (extreme("binary", early_stopping_rounds=2, learning_rate=1.0), light("binary", learning_rate=1.0)):
        stop = {} if "XGB" in type(model).__name__ else {"callbacks": [lightgbm.early_stopping(2, verbose=False)]}
        model.fit(encode.transform(frame), target(frame, "binary"), eval_set=[rows], **stop)
        made = Pipeline([("encode", encode), ("model", model)])

        compiled = compile_pipeline(made, FEATURES, "binary")

        assert len(compiled.model.roots) < 20
        assert check_difference(made, compiled, unusual()).raw == 0.0


@pytest.mark.parametrize(
    ("model", "why"),
    [
        (light("binary", zero_as_missing=True), "zero_as_missing=True has no table"),
        (light("binary", linear_tree=True), "linear_tree=True has no table"),
        (light("binary", objective="cross_entropy"), "objective 'cross_entropy' has no table"),
        # ``dart`` was a booster of its own until XGBoost 3.4; now it is any booster that drops trees.
        (extreme("binary", booster="dart", rate_drop=0.5), "(booster='dart'|dropped trees .*) has no table"),
        (extreme("binary", booster="gblinear"), "booster='gblinear' has no table"),
        (extreme("binary", missing=-1), "missing=-1 has no table"),
        (extreme("binary", objective="binary:hinge"), "objective 'binary:hinge' has no table"),
    ],
)
def test_what_has_no_table_says_why(model, why):
    made = fit(one_hot(model), "binary")

    with pytest.raises(CannotCompile, match=why):
        compile_pipeline(made, FEATURES, "binary")


@pytest.mark.parametrize("dropping", [{"rate_drop": 0.5}, {"one_drop": 1}])
def test_trees_that_count_with_a_weight_are_no_table(dropping):
    made = fit(one_hot(extreme("binary", **dropping)), "binary")
    raw = bytes(made["model"].get_booster().save_raw("json"))
    weighted = b'"weight_drop"' in raw  # XGBoost takes no notice of them before 3.4

    if weighted:
        with pytest.raises(CannotCompile, match="dropped trees"):
            compile_pipeline(made, FEATURES, "binary")
    else:
        compiled = compile_pipeline(made, FEATURES, "binary")

        assert check_difference(made, compiled, unusual()).raw == 0.0


def test_leaves_of_several_outputs_are_no_table():
    made = fit(one_hot(extreme("multiclass", multi_strategy="multi_output_tree", tree_method="hist")), "multiclass")

    with pytest.raises(CannotCompile, match="multi_strategy='multi_output_tree' has no table"):
        compile_pipeline(made, FEATURES, "multiclass")


def test_a_category_that_no_encoder_numbers_is_refused():
    encode = ColumnTransformer([("numbers", "passthrough", NUMBERS)])
    made = Pipeline([("encode", encode), ("model", light("binary"))])
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"age": rng.integers(0, 5, 500), "income": rng.normal(size=500)})
    made.fit(frame, (frame["age"] % 2), model__categorical_feature=[0])

    with pytest.raises(CannotCompile, match="'age' is a category for the model, but no encoder numbers it"):
        compile_pipeline(made, NUMBERS, "binary")


@pytest.mark.parametrize("settings", [{}, {"boosting_type": "rf", "bagging_freq": 1, "bagging_fraction": 0.6}])
def test_trees_of_the_text_are_those_of_the_json(settings):
    """The model's text is read for its speed; the library's own JSON has the same splits, leaves and rows."""
    rng = np.random.default_rng(0)
    x = np.column_stack([rng.normal(size=(600, 2)), rng.integers(0, 60, 600)])
    x[rng.random(x.shape) < 0.1] = np.nan
    labels = np.digitize(np.nan_to_num(x[:, 0]) + np.nan_to_num(x[:, 2]) % 3, [0.5, 1.5])
    model = lightgbm.LGBMClassifier(n_estimators=4, verbose=-1, **settings).fit(x, labels, categorical_feature=[2])
    said = [_flat(tree["tree_structure"]) for tree in model.booster_.dump_model()["tree_info"]]

    tables = lightgbm_trees.tables(lightgbm_trees.read(model.booster_.model_to_string()).trees)

    assert [_read(table) for table in tables] == said


def _flat(node):
    """A node of the JSON with what lies below it: feature, threshold or codes, and value or rows."""
    if "split_feature" not in node:
        return node["leaf_value"], node.get("leaf_count", 1)
    asked = node["threshold"]
    codes = sorted(map(int, asked.split("||"))) if node["decision_type"] == "==" else asked
    return node["split_feature"], codes, node["internal_count"], _flat(node["left_child"]), _flat(node["right_child"])


def _read(table, at=0):
    if table["feature"][at] < 0:
        return table["value"][at, 0], table["cover"][at]
    row = table["category"][at]
    asked = table["threshold"][at] if row < 0 else np.flatnonzero(table["goes_left"][row]).tolist()
    below = (_read(table, table[side][at]) for side in ("left", "right"))
    return table["feature"][at], asked, table["cover"][at], *below


@pytest.mark.slow
def test_the_reasons_of_catboost_are_those_that_it_gives_itself():
    """Its trees ask the same on each level, in any order; reasons depend on the order, and it asks the last first."""
    catboost = pytest.importorskip("catboost")
    rng = np.random.default_rng(0)
    x = rng.normal(size=(400, 5))
    x[rng.random(x.shape) < 0.1] = np.nan
    y = np.nan_to_num(x[:, 0] * x[:, 1] + x[:, 2]) > 0
    frame = pd.DataFrame(x, columns=list("abcde"))
    fitted = catboost.CatBoostClassifier(30, depth=4, verbose=False, random_seed=0, allow_writing_files=False)
    pipeline = Pipeline([("model", fitted.fit(frame, y))])
    compiled = compile_pipeline(pipeline, list("abcde"), "binary", background=frame)

    values, base = compiled.explain(frame)

    theirs = fitted.get_feature_importance(catboost.Pool(frame), type="ShapValues")
    np.testing.assert_allclose(values, theirs[:, :-1], atol=1e-12)
    assert base == pytest.approx(theirs[0, -1])
