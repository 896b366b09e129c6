"""Boundaries between ordered classes as tables: the model's own probabilities, with exact reasons in log-odds."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lightgbm import LGBMClassifier
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline

from workbench.compiling.pipeline import compile_pipeline, difference
from workbench.compiling.rounding import limit
from workbench.errors import CannotCompile
from workbench.storage.pipelines import load_pipeline, save_pipeline, untrusted
from workbench.tables.boundaries import OrdinalClassifier

ORDER = ["small", "medium", "large", "huge"]
LIGHTGBM = LGBMClassifier(n_estimators=8, verbose=-1, n_jobs=1)
ESTIMATORS = [LogisticRegression(), LIGHTGBM, HistGradientBoostingClassifier(max_iter=8)]


def table(rows=400, seed=0):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(rng.normal(size=(rows, 3)), columns=["a", "b", "c"])


def sizes(frame, noise=0.3):
    rng = np.random.default_rng(1)
    said = frame["a"] + 0.5 * frame["b"] ** 2 + rng.normal(0, noise, len(frame))
    return np.array(ORDER)[np.digitize(said, [-0.3, 0.5, 1.4])]


def pipeline(estimator, order=ORDER):
    encode = ColumnTransformer([("numbers", "passthrough", ["a", "b", "c"])])
    return Pipeline([("encode", encode), ("model", OrdinalClassifier(estimator, order))])


@pytest.fixture(scope="module", params=ESTIMATORS, ids=lambda one: type(one).__name__)
def fitted(request):
    frame = table()
    model = pipeline(request.param).fit(frame, sizes(frame))
    return model, compile_pipeline(model, ["a", "b", "c"], "multiclass", frame)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), scale=st.floats(0.01, 1e3))
def test_the_tables_answer_as_the_model_and_reasons_add_up(fitted, seed, scale):
    model, compiled = fitted
    frame = scale * table(20, seed)

    assert difference(model, compiled, frame) <= limit(compiled)
    values, base = compiled.explain(frame)
    chosen = compiled.output(frame).max(axis=1)
    np.testing.assert_allclose(base + values.sum(axis=1), chosen, atol=1e-9 * max(1, scale))
    assert compiled.model.exact


def test_the_most_probable_class_is_the_one_that_half_lies_on_either_side_of(fitted):
    model, _ = fitted
    frame = table(300, seed=9)

    above = np.array([one.predict_proba(frame.to_numpy())[:, 1] > 0.5 for one in model[-1].estimators_])
    in_order = (above == (np.cumsum(~above, axis=0) == 0)).all(axis=0)  # no boundary is passed behind one that is not
    expected = np.array(ORDER)[above.sum(axis=0)]
    assert in_order.mean() > 0.9
    np.testing.assert_array_equal(model.predict(frame)[in_order], expected[in_order])


def test_it_is_kept_without_a_pickle_and_read_back(fitted, tmp_path):
    model, _ = fitted
    assert untrusted(model) == ()

    again = load_pipeline(save_pipeline(model, tmp_path / "model.skops"))
    np.testing.assert_array_equal(again.predict_proba(table(9)), model.predict_proba(table(9)))


def test_classes_that_are_not_there_make_no_boundary():
    frame = table(200)
    words = np.where(sizes(frame) == "medium", "large", sizes(frame))

    model = pipeline(LogisticRegression()).fit(frame, words)
    assert len(model[-1].estimators_) == 2
    assert model.classes_.tolist() == ["huge", "large", "small"]
    assert model[-1].ranks_.tolist() == [2, 1, 0]
    numbers = OrdinalClassifier(LogisticRegression()).fit(frame, np.array(ORDER).searchsorted("x") + np.arange(200) % 3)
    assert numbers.ranks_.tolist() == [0, 1, 2]


def test_votes_of_trees_add_up_no_log_odds_and_have_no_table():
    class Forest(RandomForestClassifier):
        def decision_function(self, X):
            return self.predict_proba(X)[:, 1]

    Forest.__name__ = "RandomForestClassifier"
    model = pipeline(Forest(3, max_depth=3)).fit(table(), sizes(table()))

    with pytest.raises(CannotCompile, match="log-odds"):
        compile_pipeline(model, ["a", "b", "c"], "multiclass")
