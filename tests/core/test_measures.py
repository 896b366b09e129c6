"""Measures: names, scorers and functions become one thing, with the values that scikit-learn gives."""

import numpy as np
import pytest
import sklearn.metrics as sk
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LinearRegression, LogisticRegression

from workbench.core.measures import METRICS, OURS, answers, is_own, known_anywhere, measure
from workbench.core.metric import Metric, level_of, metric_name, pinball
from workbench.errors import BadParameter

RNG = np.random.default_rng(0)
ROWS = RNG.normal(size=(120, 3))
BINARY = (ROWS[:, 0] + RNG.normal(size=120) > 0).astype(int)
LEVELS = np.digitize(ROWS[:, 0] + RNG.normal(size=120), [-0.5, 0.7])
NUMBERS = np.abs(ROWS[:, 0] * 3 + RNG.normal(size=120)) + 1
LABELS = {"binary": np.array(["No", "Yes"]), "multiclass": np.array(["a", "b", "c"])}


def fitted(task):
    if task == "regression":
        return LinearRegression().fit(ROWS, NUMBERS), NUMBERS, NUMBERS
    codes = BINARY if task == "binary" else LEVELS
    labels = codes if task == "binary" else LABELS[task][codes]
    return LogisticRegression().fit(ROWS, labels), labels, codes


def suits(name, task):
    model, labels, _ = fitted(task)
    try:
        return np.isfinite(sk.get_scorer(name)(model, ROWS, labels))
    except (ValueError, AttributeError, TypeError):
        return False


CASES = [(task, name) for task in METRICS for name in sk.get_scorer_names() if name not in OURS and suits(name, task)]


def test_most_scores_of_scikit_learn_suit_some_task():
    assert len(CASES) > 50


@pytest.mark.parametrize(("task", "name"), CASES)
def test_every_scorer_of_scikit_learn_has_the_value_that_it_gives_the_model(task, name):
    model, labels, codes = fitted(task)
    if task == "regression":
        prediction = model.predict(ROWS)
    else:
        probabilities = model.predict_proba(ROWS)
        prediction = probabilities[:, 1] if task == "binary" else probabilities
    found = measure(name, task, LABELS.get(task, ())).of(codes, prediction)
    assert found == pytest.approx(sk.get_scorer(name)(model, ROWS, labels))


@pytest.mark.parametrize(("task", "name"), [(task, name) for task, names in METRICS.items() for name in names])
def test_samples_by_weight_are_the_scores_of_the_rows_drawn(task, name):
    model, _, codes = fitted(task)
    prediction = model.predict(ROWS) if task == "regression" else model.predict_proba(ROWS)
    prediction = prediction[:, 1] if task == "binary" else prediction
    drawn = RNG.integers(0, 120, (5, 120))
    weights = np.stack([np.bincount(rows, minlength=120) for rows in drawn])
    found = measure(name, task).of_samples(codes, prediction, weights)
    assert found == pytest.approx([measure(name, task).of(codes[rows], prediction[rows]) for rows in drawn])


def test_a_function_is_given_zero_and_one_of_two_classes_and_the_classes_of_more():
    seen = []

    def spy(truth, predicted):
        seen.append((set(truth.tolist()), set(predicted.tolist())))
        return 1.0

    measure(spy, "binary", ["No", "Yes"]).of(BINARY, RNG.random(120))
    measure(spy, "multiclass", ["a", "b", "c"]).of(LEVELS, RNG.dirichlet([1, 1, 1], 120))
    assert seen == [({0, 1}, {0, 1}), ({"a", "b", "c"}, {"a", "b", "c"})]


@pytest.mark.parametrize(
    ("name", "larger"), [("my_score", True), ("my_error", False), ("my_loss", False), ("cost", True)]
)
def test_whether_more_of_a_function_is_better_follows_its_name(name, larger):
    def function(truth, predicted):
        return 0.0

    function.__name__ = name
    assert measure(function, "regression").larger_is_better is larger


def test_a_score_that_is_no_number_is_not_known():
    assert measure(lambda truth, predicted: float("nan"), "regression").of(NUMBERS, NUMBERS) is None
    assert measure("roc_auc", "binary").of(np.ones(3, int), np.array([0.1, 0.2, 0.3])) is None
    assert measure("r2", "regression").of(np.ones(1), np.ones(1)) is None


def test_answers_are_the_likeliest_class():
    np.testing.assert_array_equal(answers(np.array([0.2, 0.5, 0.9])), [0, 1, 1])
    np.testing.assert_array_equal(answers(np.array([[0.2, 0.5, 0.3], [0.6, 0.2, 0.2]])), [1, 0])


COUNTED = st.lists(
    st.tuples(st.integers(0, 10**6), st.floats(1e-6, 1e7), st.integers(0, 3)), min_size=1, max_size=30
).filter(lambda rows: sum(n for *_, n in rows) > 0)


@settings(max_examples=60, deadline=None)
@given(COUNTED)
def test_poissons_deviance_is_that_of_scikit_learn_by_rows_and_by_weights(rows):
    """Of any counts, those of 0 among them, whether rows are there once or as often as a sample drew them."""
    truth, predicted, times = (np.array(side, dtype=float) for side in zip(*rows, strict=True))
    deviance = measure("poisson_deviance", "regression")

    weighted = sk.mean_poisson_deviance(truth, predicted, sample_weight=times)
    assert deviance.of(truth, predicted) == pytest.approx(sk.mean_poisson_deviance(truth, predicted), abs=1e-6)
    assert deviance.of_samples(truth, predicted, times[None].astype(int))[0] == pytest.approx(weighted, abs=1e-6)


@settings(max_examples=60, deadline=None)
@given(COUNTED, st.floats(0.001, 0.999).map(lambda level: float(f"{level:g}")))
def test_the_pinball_loss_of_any_level_is_that_of_scikit_learn_and_its_name_says_the_level(rows, level):
    truth, predicted, times = (np.array(side, dtype=float) for side in zip(*rows, strict=True))
    loss = measure(pinball(level), "regression")

    weighted = sk.mean_pinball_loss(truth, predicted, alpha=level, sample_weight=times)
    assert (level_of(loss.name), loss.larger_is_better, is_own(loss.name)) == (level, False, False)
    assert loss.of(truth, predicted) == pytest.approx(sk.mean_pinball_loss(truth, predicted, alpha=level))
    assert loss.of_samples(truth, predicted, times[None].astype(int))[0] == pytest.approx(weighted)


def test_predictions_of_zero_and_less_are_punished_and_no_truth_below_zero_is_a_count():
    deviance = measure("poisson_deviance", "regression")

    assert 30 < deviance.of(np.array([1.0]), np.array([-3.0])) < 100
    assert deviance.of(np.array([-1.0]), np.array([3.0])) is None


def test_scores_of_losses_are_known_without_the_notebook_that_asked_for_them():
    known = known_anywhere([Metric("my_score", 1.0), Metric("pinball_0.9", 2.0), Metric("rmse", 1.0)], "regression")

    assert (known.name, metric_name(known.name), known.larger_is_better) == ("pinball_0.9", "Pinball loss (0.9)", False)
    with pytest.raises(BadParameter, match="pinball_0"):
        measure("pinball_0.9", "binary")
