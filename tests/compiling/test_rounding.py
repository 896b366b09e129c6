"""What is allowed between two processors is enough, and no more than the model needs."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from workbench.compiling import pipeline
from workbench.compiling.pipeline import check_difference, compile_pipeline
from workbench.compiling.rounding import LOGISTIC, UNIT, WEIGHTED, bound, limit, raw
from workbench.errors import CannotCompile
from workbench.tables import links

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
