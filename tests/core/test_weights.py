"""Weights: scores, counts and intervals are those of scikit-learn with ``sample_weight``, and of rows that repeat."""

import numpy as np
import pytest
import sklearn.metrics as sk
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import binomtest

from workbench.core.measures import METRICS, OURS, measure
from workbench.core.scores import effective, scores, share_interval
from workbench.core.thresholds import Thresholds
from workbench.training.conformal import uncertainty
from workbench.training.glass_box import plain

EPSILON = np.finfo(float).eps
EIGHTHS = st.integers(0, 8).map(lambda n: n / 8)  # so that predictions are equal at times


@st.composite
def answered(draw, whole=False):
    """Truth, prediction and weights of a task, with its name."""
    task = draw(st.sampled_from(["binary", "multiclass", "regression"]))
    rows = draw(st.integers(4, 30))
    weight = st.integers(1, 4).map(float) if whole else st.floats(0.01, 1e5)
    weights = draw(arrays(float, rows, elements=weight))
    if task == "regression":
        numbers = arrays(float, rows, elements=st.floats(-100, 100))
        truth = draw(numbers)
        truth[0] = truth[1:].max() + 1.0  # never all the same
        return task, truth, draw(numbers), weights
    classes = 2 if task == "binary" else 3
    truth = draw(arrays(np.intp, rows, elements=st.integers(0, classes - 1)))
    truth[:classes] = range(classes)
    if task == "binary":
        return task, truth, draw(arrays(float, rows, elements=EIGHTHS)), weights
    likely = draw(arrays(float, (rows, 3), elements=st.integers(1, 8).map(float)))
    return task, truth, likely / likely.sum(axis=1, keepdims=True), weights


THEIRS = {
    "roc_auc": sk.roc_auc_score,
    "average_precision": sk.average_precision_score,
    "rmse": sk.root_mean_squared_error,
    "mae": sk.mean_absolute_error,
    "r2": sk.r2_score,
    "accuracy": lambda y, p, **w: sk.accuracy_score(y, plain.answered(p), **w),
    "balanced_accuracy": lambda y, p, **w: sk.balanced_accuracy_score(y, plain.answered(p), **w),
    "log_loss": lambda y, p, **w: sk.log_loss(y, p, labels=range(2 if p.ndim == 1 else p.shape[1]), **w),
}


@given(answered())
def test_every_score_is_the_one_that_scikit_learn_gives_with_sample_weight(case):
    task, truth, predicted, weights = case
    for name in METRICS[task]:
        found = OURS[name].of(truth, predicted, weights)
        assert found == pytest.approx(THEIRS[name](truth, predicted, sample_weight=weights), rel=1e-9, abs=1e-9)
        # Each logarithm, here and there, is off by a unit in its last place on another processor.
        bound = 2 * len(truth) * EPSILON if name == "log_loss" else 0.0
        shown = getattr(plain, f"weighted_{name}")(truth, predicted, weights)
        assert found == pytest.approx(shown, rel=bound, abs=0.0), "what notebooks show, bit by bit"


@given(answered(whole=True))
def test_whole_weights_are_rows_that_repeat(case):
    task, truth, predicted, weights = case
    again = np.repeat(np.arange(len(truth)), weights.astype(int))
    for name in METRICS[task]:
        assert OURS[name].of(truth, predicted, weights) == pytest.approx(OURS[name].of(truth[again], predicted[again]))
    if task == "binary":
        one = Thresholds.of(truth == 1, predicted, weights=weights)
        other = Thresholds.of(truth[again] == 1, predicted[again])
        for at in one.at:
            told, known = (each.confusion(at).shares() for each in (one, other))
            for name, (part, all_of_them) in told.items():
                assert part * known[name][1] == pytest.approx(known[name][0] * all_of_them, abs=1e-6), (name, at)


@given(answered(), st.floats(0.01, 1e6))
def test_equal_weights_change_nothing(case, each):
    task, truth, predicted, _ = case
    weights = np.full(len(truth), each)
    classes = {"binary": (0, 1), "multiclass": (0, 1, 2), "regression": ()}[task]
    for found, known in zip(
        scores(task, truth, predicted, classes, weights=weights), scores(task, truth, predicted, classes), strict=True
    ):
        wanted = [v if v is None else pytest.approx(v, abs=1e-9) for v in (known.value, known.low, known.high)]
        told = [found.value, found.low, found.high]
        # Of a sample whose truth is one number, R² divides by what rounding leaves.
        assert (told[:1] == wanted[:1]) if found.name == "r2" else (told == wanted)
    if task == "binary":
        one, other = Thresholds.of(truth == 1, predicted, weights=weights), Thresholds.of(truth == 1, predicted)
        assert (one.hits, one.alarms) == (pytest.approx(other.hits), pytest.approx(other.alarms))


def test_an_interval_is_as_wide_as_the_effective_rows_make_it():
    rng = np.random.default_rng(0)
    truth, weights = rng.normal(size=4_000), rng.exponential(size=4_000) ** 2
    metric = scores("regression", truth, np.zeros(4_000), metric="mae", weights=weights)[0]

    error = np.sqrt((weights**2 * (np.abs(truth) - metric.value) ** 2).sum()) / weights.sum()
    assert metric.error == pytest.approx(error, rel=0.15)
    assert metric.error > 1.5 * scores("regression", truth, np.zeros(4_000), metric="mae")[0].error


def test_an_interval_of_part_of_the_rows_is_scaled_by_their_effective_number(monkeypatch):
    rng = np.random.default_rng(1)
    truth, weights = rng.normal(size=4_000), rng.exponential(size=4_000)
    whole = scores("regression", truth, np.zeros(4_000), metric="mae", weights=weights)[0].error
    monkeypatch.setattr("workbench.core.scores.MOST_RESAMPLED", 1_000)

    assert scores("regression", truth, np.zeros(4_000), metric="mae", weights=weights)[0].error == pytest.approx(
        whole, rel=0.25
    )


@given(st.integers(0, 500), st.integers(1, 500), st.sampled_from([0.5, 0.9, 0.99]))
def test_the_interval_of_a_share_of_effective_rows_is_wilsons(part, whole, level):
    part = min(part, whole)
    exact = binomtest(part, whole).proportion_ci(level, "wilson")
    assert share_interval(float(part), float(whole), level) == pytest.approx((exact.low, exact.high), abs=1e-12)


@given(arrays(float, st.integers(1, 50), elements=st.floats(0.01, 1e3)))
def test_effective_rows_are_no_more_than_there_are(weights):
    assert 1 - 1e-9 <= effective(weights) <= len(weights) + 1e-9
    assert effective(7 * weights) == pytest.approx(effective(weights))


def test_a_score_of_scikit_learn_takes_weights_where_it_knows_some():
    truth, predicted, weights = np.array([0, 1, 1, 0]), np.array([0.1, 0.9, 0.2, 0.7]), np.array([1.0, 2.0, 3.0, 4.0])
    f1 = measure("f1", "binary", ["no", "yes"])
    own = measure(lambda true, answer: float((true == answer).mean()), "binary", ["no", "yes"])

    assert f1.of(truth, predicted, weights) == pytest.approx(
        sk.f1_score(truth, predicted >= 0.5, sample_weight=weights)
    )
    assert (f1.weighs, own.weighs) == (True, False)
    assert own.of(truth, predicted, weights) == 0.5


class Truth:
    """Numbers and probabilities as a training hands them to conformal prediction."""

    def __init__(self, rows=900, seed=0):
        import pandas as pd

        rng = np.random.default_rng(seed)
        self.numbers = pd.Series(rng.normal(size=rows) * (1 + (rng.random(rows) < 0.3) * 4))
        self.probability = rng.random(rows)
        self.labels = pd.Series(np.where(rng.random(rows) < self.probability, "yes", "no"))


@pytest.mark.parametrize("task", ["regression", "binary"])
def test_intervals_with_equal_weights_are_those_without(task):
    rows = Truth()
    pair = (rows.numbers, np.zeros(900)) if task == "regression" else (rows.labels, rows.probability)
    classes = () if task == "regression" else ("no", "yes")
    each = np.full(900, 0.3)

    found, known = (uncertainty(task, classes, pair, pair, weights=w) for w in ((each, each), (None, None)))

    assert (found.low, found.high, found.least) == (known.low, known.high, known.least)
    assert found.held == pytest.approx(known.held)


def test_intervals_hold_the_share_of_the_weight_that_they_promise():
    rows = Truth(4_000)
    spread = np.abs(rows.numbers.to_numpy()) > 3  # rows that are far off count ten times as much
    weights = np.where(spread, 10.0, 1.0)
    validated, held = (rows.numbers[:2000], np.zeros(2000)), (rows.numbers[2000:], np.zeros(2000))

    found = uncertainty("regression", (), validated, held, weights=(weights[:2000], weights[2000:]))
    blind = uncertainty("regression", (), validated, held, weights=(None, weights[2000:]))

    assert found.held[1] < 0.9 < found.held[2]
    assert blind.held[2] < 0.9, "without weights they would hold too little"
