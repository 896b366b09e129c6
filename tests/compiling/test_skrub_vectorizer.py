"""skrub's TableVectorizer in front of trees: the same answers from tables."""

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder

from workbench.compiling.pipeline import compile_pipeline, difference
from workbench.compiling.rounding import limit
from workbench.errors import CannotCompile

skrub = pytest.importorskip("skrub")

FEATURES = ["age", "income", "city", "member"]


def table(rows: int = 300, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "age": rng.integers(18, 90, rows).astype(float),
            "income": rng.lognormal(10, 1, rows),
            "city": rng.choice(["Ulm", "Bonn", "Jena"], rows),
            "member": rng.choice(["yes", "no"], rows),
        }
    ).astype({"city": object, "member": object})
    return frame.mask(rng.random(frame.shape) < 0.1)


def unusual() -> pd.DataFrame:
    frame = table(60, 1)
    frame.loc[:9, "city"] = ["Rome", "N/A", "?", "", " ", "   ", None, np.nan, "null", "Ulm "]
    frame.loc[10, "age"], frame.loc[11, "income"] = 1e9, -1e9
    return frame


def target(frame: pd.DataFrame) -> pd.Series:
    return (frame["age"].fillna(50) + 20 * (frame["city"] == "Ulm") > 60).astype(int)


ORDINAL = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-2)


@pytest.mark.parametrize(
    ("options", "model"),
    [
        ({}, HistGradientBoostingClassifier(max_iter=10)),
        ({}, make_pipeline(SimpleImputer(), RandomForestClassifier(5, random_state=0))),
        ({"low_cardinality": ORDINAL}, HistGradientBoostingClassifier(max_iter=10)),
        (
            {
                "low_cardinality": OneHotEncoder(
                    handle_unknown="infrequent_if_exist", min_frequency=0.3, sparse_output=False
                )
            },
            HistGradientBoostingClassifier(max_iter=10),
        ),
    ],
)
def test_trees_behind_a_table_vectorizer_answer_alike(options, model):
    frame = table()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = make_pipeline(skrub.TableVectorizer(**options), model).fit(frame, target(frame))

        compiled = compile_pipeline(made, FEATURES, "binary", background=frame)

        assert difference(made, compiled, unusual()) <= limit(compiled)
        values, base = compiled.explain(unusual())
    np.testing.assert_allclose(values.sum(axis=1) + base, compiled.output(unusual()), rtol=1e-6, atol=1e-6)


def test_texts_and_dates_say_that_they_have_no_table():
    frame = table().assign(note=[f"note {i} of {i % 7}" for i in range(300)], since=pd.date_range("2020", periods=300))
    for column, name in {"note": "StringEncoder", "since": "DatetimeEncoder"}.items():
        part = frame[[*FEATURES, column]]
        made = make_pipeline(skrub.TableVectorizer(), HistGradientBoostingClassifier(max_iter=2)).fit(
            part, target(part)
        )
        with pytest.raises(CannotCompile, match=f"{name} has no exact table"):
            compile_pipeline(made, list(part), "binary")


def test_a_linear_model_in_single_precision_is_refused_rather_than_shipped_with_a_difference():
    frame = table().dropna()
    made = make_pipeline(skrub.TableVectorizer(), LogisticRegression(max_iter=50)).fit(frame, target(frame))

    with pytest.raises(CannotCompile, match="differ from the pipeline"):
        compile_pipeline(made, FEATURES, "binary", background=frame)
