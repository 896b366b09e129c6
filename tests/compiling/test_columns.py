"""Preprocessing as tables: the encoded matrix is the pipeline's own, for missing and unseen values too."""

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.feature_selection import SelectFromModel, SelectKBest, VarianceThreshold
from sklearn.impute import KNNImputer, SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    RobustScaler,
    StandardScaler,
    TargetEncoder,
)
from sklearn.tree import DecisionTreeRegressor

from workbench.compiling.pipeline import compile_pipeline, difference
from workbench.errors import CannotCompile
from workbench.tables.compiled import CompiledModel
from workbench.tables.dates import date_features, date_parts

NUMBERS, TEXTS, DATES = ["age", "income"], ["city", "job"], ["since"]
FEATURES = [*NUMBERS, *TEXTS, *DATES]


def table(rows: int = 300, seed: int = 0, missing: float = 0.15) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "age": rng.integers(18, 90, rows).astype(float),
            "income": rng.lognormal(10, 1, rows),
            "city": pd.Series(rng.choice(["Ulm", "Bonn", "Köln", "Jena"], rows, p=[0.5, 0.3, 0.15, 0.05]), dtype="str"),
            "job": pd.Series(rng.choice(["nurse", "cook"], rows), dtype="str"),
            "since": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 90_000, rows), unit="h"),
        }
    )
    return frame.mask(rng.random(frame.shape) < missing)


def unusual() -> pd.DataFrame:
    frame = table(100, 7)
    frame.loc[:9, "city"], frame.loc[10:19, "city"], frame.loc[20:29, "job"] = "Atlantis", np.nan, "astronaut"
    frame.loc[30:39, NUMBERS] = np.nan
    frame.loc[40, NUMBERS], frame.loc[41, NUMBERS] = 1e12, -1e12
    return frame


def target(frame: pd.DataFrame) -> pd.Series:
    noise = np.random.default_rng(0).normal(size=len(frame))
    return frame["age"].fillna(50) / 10 + (frame["city"] == "Ulm") * 3 + noise


def filled(*steps) -> Pipeline:
    return make_pipeline(SimpleImputer(strategy="median"), *steps)


def one_hot(**settings) -> OneHotEncoder:
    return OneHotEncoder(**{"handle_unknown": "ignore", "sparse_output": False, **settings})


def ordinal() -> OrdinalEncoder:
    return OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)


def columns(numbers="passthrough", texts=None, dates="drop", **settings) -> ColumnTransformer:
    parts = [("numbers", numbers, NUMBERS), ("texts", texts or one_hot(), TEXTS), ("dates", dates, DATES)]
    return ColumnTransformer(parts, verbose_feature_names_out=False, **settings)


def fill(**settings) -> SimpleImputer:
    return SimpleImputer(**settings)


CASES = {
    "mean": columns(fill()),
    "most frequent": columns(fill(strategy="most_frequent"), make_pipeline(fill(strategy="most_frequent"), one_hot())),
    "a constant number": columns(fill(strategy="constant", fill_value=-7)),
    "a constant text": columns(texts=make_pipeline(fill(strategy="constant", fill_value="none"), ordinal())),
    "a constant text that is a city": columns(
        texts=make_pipeline(fill(strategy="constant", fill_value="Ulm"), ordinal())
    ),
    "numbers with indicators": columns(fill(add_indicator=True)),
    "scaled indicators": columns(make_pipeline(fill(add_indicator=True), StandardScaler())),
    "standard": columns(filled(StandardScaler())),
    "standard without the mean": columns(filled(StandardScaler(with_mean=False))),
    "min and max": columns(filled(MinMaxScaler())),
    "min and max, clipped": columns(filled(MinMaxScaler((-1, 2), clip=True))),
    "robust": columns(filled(RobustScaler())),
    "robust, centred only": columns(filled(RobustScaler(with_scaling=False))),
    "largest": columns(filled(MaxAbsScaler())),
    "two scalers": columns(filled(RobustScaler(), MinMaxScaler())),
    "imputer behind a scaler": columns(make_pipeline(StandardScaler(), fill())),
    "square root and scale": columns(filled(*(FunctionTransformer(f) for f in (np.abs, np.sqrt)), StandardScaler())),
    "one category dropped": columns(texts=one_hot(drop="first")),
    "one category of two dropped": columns(texts=one_hot(drop="if_binary")),
    "rare categories, one dropped": columns(
        texts=one_hot(drop="first", min_frequency=0.1, handle_unknown="infrequent_if_exist")
    ),
    "sparse": columns(texts=one_hot(sparse_output=True)),
    "target means": columns(texts=TargetEncoder(cv=3)),
    "scaled target means": columns(texts=make_pipeline(TargetEncoder(cv=3), StandardScaler())),
    "numbers as categories": columns(one_hot(max_categories=5, handle_unknown="infrequent_if_exist")),
    "dates": columns(dates=make_pipeline(FunctionTransformer(date_parts), fill(), StandardScaler())),
    "a date's age and place in its month": columns(dates=FunctionTransformer(date_features)),
    "dates as points on a circle": columns(
        dates=make_pipeline(FunctionTransformer(date_features, kw_args={"cyclic": True}), fill(), StandardScaler())
    ),
    "rest as it is": ColumnTransformer([("texts", one_hot(), TEXTS), ("gone", "drop", DATES)], remainder="passthrough"),
    "rest dropped": ColumnTransformer([("texts", one_hot(), ["city"])]),
    "scaled rest": ColumnTransformer([("a", ordinal(), TEXTS), ("b", "drop", DATES)], remainder=filled(MaxAbsScaler())),
    "columns by place": ColumnTransformer([("a", filled(), [0, 1]), ("b", ordinal(), slice(2, 4))]),
    "columns by names from to": ColumnTransformer([("a", filled(), slice("age", "income")), ("b", ordinal(), ["job"])]),
    "columns by mask": ColumnTransformer([("a", filled(), [True, True, False, False, False])]),
    "the same column twice": ColumnTransformer([("a", filled(), NUMBERS), ("b", filled(StandardScaler()), NUMBERS)]),
    "transformers in transformers": make_pipeline(
        columns(ColumnTransformer([("a", filled(StandardScaler()), ["income"])])),
        ColumnTransformer([("first", MinMaxScaler(), [0]), ("rest", "passthrough", slice(1, None))]),
    ),
    "united": make_pipeline(
        columns(filled()), FeatureUnion([("plain", "passthrough"), ("scaled", StandardScaler())])
    ),
    "best columns": make_pipeline(columns(filled()), SelectKBest(k=3)),
    "columns a model chose": make_pipeline(columns(filled()), SelectFromModel(DecisionTreeRegressor(random_state=0))),
    "columns that vary": make_pipeline(columns(filled()), VarianceThreshold(0.05)),
    "frames between steps": make_pipeline(columns(filled()), StandardScaler()).set_output(transform="pandas"),
}  # fmt: skip


@pytest.fixture(params=CASES)
def case(request):
    frame = table()
    made = Pipeline([("encode", CASES[request.param]), ("model", DecisionTreeRegressor(random_state=0))])
    made.fit(frame, target(frame))
    return made, compile_pipeline(made, FEATURES, "regression")


def test_a_tree_on_the_columns_answers_alike(case):
    made, compiled = case

    assert difference(made, compiled, unusual()) == 0.0
    assert difference(made, compiled, table()) == 0.0


def test_a_saved_encoder_is_the_same_encoder(case, tmp_path):
    _, compiled = case
    loaded = CompiledModel.load(compiled.save(tmp_path / "model.npz"))

    np.testing.assert_array_equal(loaded.encode(unusual()), compiled.encode(unusual()))


def test_every_made_column_knows_its_source(case):
    _, compiled = case
    values, base = compiled.explain(unusual())

    assert {s for e in compiled.encoders for s in e.sources} <= set(FEATURES)
    np.testing.assert_allclose(values.sum(axis=1) + base, compiled.output(unusual()), atol=1e-9)


@pytest.mark.parametrize("classes", [2, 3])
def test_target_means_by_class(classes):
    frame = table()
    labels = pd.cut(target(frame), classes, labels=False)
    made = Pipeline(
        [("encode", columns(filled(), TargetEncoder(cv=3))), ("model", DecisionTreeRegressor(random_state=0))]
    )
    encode = made[0].fit(frame, labels)

    compiled = compile_pipeline(made.fit(frame, labels), FEATURES, "regression")

    assert encode.transform(unusual()).shape[1] == 2 + len(TEXTS) * (classes if classes > 2 else 1)
    assert difference(made, compiled, unusual()) == 0.0


def test_an_empty_column_is_left_out_as_the_imputer_does():
    frame = table().assign(age=np.nan)
    with pytest.warns(UserWarning, match="without any observed values"):
        made = make_pipeline(columns(filled()), DecisionTreeRegressor()).fit(frame, target(table()))

    with pytest.warns(UserWarning, match="without any observed values"):
        assert difference(made, compile_pipeline(made, FEATURES, "regression"), unusual()) == 0.0


def test_a_linear_model_on_texts_with_indicators_is_the_same():
    frame = table()
    texts = make_pipeline(fill(strategy="most_frequent", add_indicator=False), one_hot())
    made = make_pipeline(columns(filled(StandardScaler()), texts), Ridge()).fit(frame, target(frame))

    assert difference(made, compile_pipeline(made, FEATURES, "regression"), unusual()) <= 1e-12


@pytest.mark.parametrize(
    ("encode", "why"),
    [
        (columns(make_pipeline(KNNImputer())), "KNNImputer has no exact table"),
        (columns(filled(FunctionTransformer(np.signbit))), r"FunctionTransformer\(signbit\) has no exact table"),
        (columns(texts=OneHotEncoder(sparse_output=False)), "handle_unknown='ignore'"),
        (columns(texts=OrdinalEncoder()), "handle_unknown='use_encoded_value'"),
        (columns(fill(missing_values=0, keep_empty_features=True)), "missing_values=0"),
    ],
)
def test_what_has_no_table_says_what_to_do(encode, why):
    frame = table(missing=0)
    made = make_pipeline(encode, DecisionTreeRegressor()).fit(frame, target(frame))

    with pytest.raises(CannotCompile, match=why):
        compile_pipeline(made, FEATURES, "regression")


def test_tables_that_answer_otherwise_are_refused(monkeypatch):
    frame = table()
    made = make_pipeline(columns(filled()), DecisionTreeRegressor()).fit(frame, target(frame))
    monkeypatch.setattr(CompiledModel, "predict", lambda self, raw: self.output(raw) + 1e-9)

    with pytest.raises(CannotCompile, match=r"differ from the pipeline by 1e-09.*; 0\.0 \(sums of leaves.*is allowed"):
        compile_pipeline(made, FEATURES, "regression", background=frame)
