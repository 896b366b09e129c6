"""What is allowed between two processors is enough, and no more than the model needs."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures

from workbench.compiling import pipeline
from workbench.compiling.pipeline import check_difference, compile_pipeline, difference, raw_difference
from workbench.compiling.rounding import CANCELLED_MOST, LOGISTIC, UNIT, WEIGHTED, _of_order, bound, limit, raw
from workbench.errors import CannotCompile
from workbench.tables import links
from workbench.tables.compiled import CompiledModel
from workbench.tables.nodes import Linear

ROWS = pd.DataFrame(np.random.default_rng(0).normal(size=(300, 3)), columns=list("abc"))


def fitted(model, classes: int):
    truth = pd.qcut(ROWS["a"] + ROWS["b"], classes, labels=False)
    made = make_pipeline("passthrough", model).fit(ROWS, truth)
    return made, compile_pipeline(made, list("abc"), "binary" if classes == 2 else "multiclass")


@pytest.mark.parametrize(
    ("model", "classes", "expected"),
    [
        (RandomForestClassifier(5, random_state=0), 2, 0.0),
        (HistGradientBoostingClassifier(max_iter=5), 2, LOGISTIC),
        (HistGradientBoostingClassifier(max_iter=5), 3, (2 * 5 + 4) * UNIT),
        (LogisticRegression(), 2, WEIGHTED),
    ],
)
def test_each_model_is_allowed_what_its_functions_need(model, classes, expected, other_processor):
    made, compiled = fitted(model, classes)

    compared = check_difference(made, compiled, ROWS)

    assert limit(compiled) == expected
    assert compared.predictions <= expected
    assert compared.raw is None or compared.raw <= limit(raw(compiled))


def test_another_processor_is_seen_where_an_exponential_is(other_processor):
    made, compiled = fitted(HistGradientBoostingClassifier(max_iter=5), 2)

    compared = check_difference(made, compiled, ROWS)

    assert compared.predictions > 0
    assert compared.raw == 0.0


def test_a_sum_that_is_off_by_its_last_bits_is_refused_though_its_prediction_would_be_let_pass():
    made, compiled = fitted(HistGradientBoostingClassifier(max_iter=5), 2)
    compiled = replace(compiled, model=replace(compiled.model, baseline=compiled.model.baseline + 2.0**-50))

    assert pipeline.difference(made, compiled, ROWS) <= LOGISTIC
    with pytest.raises(CannotCompile, match=r"sums differ from the pipeline by .*; 0\.0 .* is allowed"):
        check_difference(made, compiled, ROWS)


def test_a_bound_says_in_words_what_it_is_for():
    _, compiled = fitted(HistGradientBoostingClassifier(max_iter=5), 2)

    assert str(bound(compiled)) == "1.6e-15 (7 units in the last place, for an exponential)"
    assert str(bound(raw(compiled))) == "0.0 (sums of leaves: the same on every processor)"


@given(st.lists(st.floats(-800, 800), min_size=1, max_size=40))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_rows_alone_are_answered_as_in_a_batch_within_the_bound_and_as_scipy_does(outputs):
    from scipy.special import expit

    column = np.array(outputs)[:, None]
    alone = np.concatenate([links.logistic(column[i : i + 1]) for i in range(len(column))])

    np.testing.assert_array_equal(alone, expit(column))
    np.testing.assert_allclose(links.logistic(column), alone, rtol=LOGISTIC, atol=0)


def test_terms_that_cancel_out_allow_what_their_order_is_worth():
    """Cubes of a column that stands far from 0: terms of 1e18 add up to 1, and each order gives other last digits."""
    order = np.random.default_rng(0)
    frame = pd.DataFrame({"a": 1e6 + 1e-3 * order.normal(size=500), "b": order.normal(size=500)})
    target = frame["b"] + 1e-3 * order.normal(size=500)
    pipeline = make_pipeline(PolynomialFeatures(3), LinearRegression()).fit(frame, target)

    compiled = compile_pipeline(pipeline, ["a", "b"], "regression", frame)

    allowed = bound(compiled, frame)
    assert difference(pipeline, compiled, frame) <= allowed.limit <= CANCELLED_MOST
    assert "cancel out" in allowed.why
    assert bound(compiled).limit == bound(compiled, pd.DataFrame({"a": [0.0], "b": [0.0]})).limit == WEIGHTED


@given(st.integers(1, 60), st.integers(0, 2**31))
def test_no_order_of_the_terms_is_farther_off_than_is_allowed(terms, seed):
    order = np.random.default_rng(seed)
    weights, row = order.normal(size=terms) * 10.0 ** order.integers(-8, 8, terms), order.normal(size=terms)
    node = Linear(weights[None], np.zeros(1), np.zeros(terms))
    model = CompiledModel("regression", (), tuple(map(str, range(terms))), (), node)
    turned = order.permutation(terms)
    sums = [float(sum(weights[i] * row[i] for i in places)) for places in (range(terms), turned, sorted(turned)[::-1])]

    allowed = max(WEIGHTED, _of_order(model.model, row[None]))

    assert max(sums) - min(sums) <= 2 * allowed * max(1.0, abs(sums[0]))


@pytest.mark.parametrize("classes", [2, 20, 100, 200])
def test_many_classes_have_tables_whose_bound_grows_with_them(classes):
    order = np.random.default_rng(0)
    frame = pd.DataFrame(order.normal(size=(1200, 4)), columns=list("abcd"))
    labels = np.resize(np.arange(classes), 1200).astype(str)
    task = "binary" if classes == 2 else "multiclass"
    for model in (HistGradientBoostingClassifier(max_iter=2, max_leaf_nodes=4), LogisticRegression(max_iter=20)):
        pipeline = make_pipeline(model).fit(frame, labels)

        compiled = compile_pipeline(pipeline, list(frame), task, frame)

        assert difference(pipeline, compiled, frame) <= bound(compiled, frame).limit < 1e-11
        assert raw_difference(pipeline, compiled, frame) <= bound(raw(compiled), frame).limit


@pytest.mark.parametrize("classes", [2, 20])
@pytest.mark.parametrize("member", [LogisticRegression(), HistGradientBoostingClassifier(max_iter=2)])
def test_one_against_rest_has_tables(classes, member):
    order = np.random.default_rng(0)
    frame = pd.DataFrame(order.normal(size=(600, 3)), columns=list("abc"))
    labels = np.resize(np.arange(classes), 600).astype(str)
    task = "binary" if classes == 2 else "multiclass"
    pipeline = make_pipeline("passthrough", OneVsRestClassifier(member)).fit(frame, labels)

    compiled = compile_pipeline(pipeline, list(frame), task, frame)

    assert difference(pipeline, compiled, frame) <= bound(compiled, frame).limit
    values, base = compiled.explain(frame.head(20))
    outputs = compiled.output(frame.head(20))
    told = outputs.max(axis=1) if classes > 2 else outputs
    np.testing.assert_allclose(base + values.sum(axis=1), told, atol=1e-9)
