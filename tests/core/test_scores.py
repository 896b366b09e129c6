"""Scores: scikit-learn's values, and intervals that mean what they say."""

import warnings

import numpy as np
import pytest
import sklearn.metrics as sk
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.core.measures import METRICS, measure
from workbench.core.metric import Metric
from workbench.core.scores import SHARES, difference, no_surer, of_windows, scores
from workbench.errors import BadParameter

few = settings(max_examples=60, deadline=None)
# Coarse steps make ties; 0 and 1 themselves are among them.
probabilities = st.integers(0, 8).map(lambda k: k / 8)
numbers = st.floats(-1e6, 1e6, allow_nan=False).map(lambda v: round(v, 3))


def values(*args, **keywords):
    return {m.name: m.value for m in scores(*args, level=0, **keywords)}


def both_classes(pairs):
    return len({truth for truth, _ in pairs}) == 2


@few
@given(st.lists(st.tuples(st.sampled_from(["No", "Yes"]), probabilities), min_size=2, max_size=60).filter(both_classes))
def test_binary_scores_equal_scikit_learn_with_ties(pairs):
    truth, p = [t for t, _ in pairs], np.array([p for _, p in pairs])
    y = np.array([t == "Yes" for t in truth])
    assert values("binary", truth, p, ["No", "Yes"]) == pytest.approx({
        "roc_auc": sk.roc_auc_score(y, p),
        "log_loss": sk.log_loss(y, p),
        "average_precision": sk.average_precision_score(y, p),
        "accuracy": sk.accuracy_score(y, p >= 0.5),
    })  # fmt: skip


@pytest.mark.slow
@few
@given(st.lists(st.tuples(st.integers(0, 2), st.tuples(*[st.integers(1, 9)] * 3)), min_size=1, max_size=60))
def test_multiclass_scores_equal_scikit_learn(pairs):
    truth = np.array([t for t, _ in pairs])
    p = np.array([weights for _, weights in pairs], dtype=float)
    p /= p.sum(axis=1, keepdims=True)
    with warnings.catch_warnings():
        # scikit-learn warns of answers that are no true label here: balanced accuracy leaves them out as ours does.
        warnings.simplefilter("ignore")
        expected = {
            "log_loss": sk.log_loss(truth, p, labels=[0, 1, 2]),
            "accuracy": sk.accuracy_score(truth, p.argmax(axis=1)),
            "balanced_accuracy": sk.balanced_accuracy_score(truth, p.argmax(axis=1)),
        }
    assert values("multiclass", truth, p, [0, 1, 2]) == pytest.approx(expected)


@few
@given(
    st.lists(st.tuples(st.booleans(), probabilities, st.integers(0, 3)), min_size=2, max_size=40),
    st.sampled_from(METRICS["binary"] + ("balanced_accuracy",)),
)
def test_weighted_scores_equal_scikit_learn_and_are_unknown_where_a_class_is_missing(rows, name):
    truth, p, weights = (
        np.array([t for t, _, _ in rows]),
        np.array([p for _, p, _ in rows]),
        np.array([w for *_, w in rows]),
    )
    there = weights > 0
    known = measure(name, "binary") if name in METRICS["binary"] else measure(name, "multiclass")
    found = known.of_samples(truth.astype(int), p, np.stack([weights, np.ones_like(weights)]))[0]
    if not there.any() or (name in ("roc_auc", "average_precision") and len(set(truth[there])) < 2):
        # Average precision of positive rows alone is known, and 1.
        assert np.isnan(found) or (name == "average_precision" and found == 1)
        return
    function = {"roc_auc": sk.roc_auc_score, "average_precision": sk.average_precision_score}.get(name)
    if function:
        expected = function(truth[there], p[there], sample_weight=weights[there])
    elif name == "log_loss":
        expected = sk.log_loss(truth[there], p[there], sample_weight=weights[there], labels=[False, True])
    else:
        function = {"accuracy": sk.accuracy_score, "balanced_accuracy": sk.balanced_accuracy_score}[name]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            expected = function(truth[there], p[there] >= 0.5, sample_weight=weights[there])
    assert found == pytest.approx(expected)


@few
@given(
    st.lists(st.tuples(numbers, numbers, st.integers(0, 3)), min_size=2, max_size=40).filter(
        lambda r: any(w for *_, w in r)
    )
)
def test_weighted_scores_of_numbers_equal_those_of_repeated_rows(rows):
    truth, predicted, weights = np.array(rows).T
    again = np.repeat(np.arange(len(rows)), weights.astype(int))
    for name in METRICS["regression"]:
        found = measure(name, "regression").of_samples(truth, predicted, weights[None, :])[0]
        if name == "r2" and np.ptp(truth[again]) < 1e-6 * (1 + np.ptp(truth)):
            continue  # no spread to explain: 0, 1 or what rounding leaves
        expected = values("regression", truth[again], predicted[again]).get(name)
        if expected is not None:
            assert found == pytest.approx(expected, rel=1e-6, abs=1e-6)


@few
@given(st.lists(st.tuples(numbers, numbers), min_size=2, max_size=60))
def test_regression_scores_equal_scikit_learn(pairs):
    truth, predicted = np.array(pairs).T
    found = values("regression", truth, predicted)
    assert found["rmse"] == pytest.approx(sk.root_mean_squared_error(truth, predicted))
    assert found["mae"] == pytest.approx(sk.mean_absolute_error(truth, predicted))
    assert found["r2"] == pytest.approx(sk.r2_score(truth, predicted), rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("task", METRICS)
def test_the_deciding_score_comes_first(task):
    for name in METRICS[task]:
        assert measure(name, task).name == name
        truth, predicted, classes = example(task, 50)
        assert scores(task, truth, predicted, classes, metric=name, level=0)[0].name == name


def test_a_window_of_one_class_has_no_ranking_scores():
    assert set(values("binary", ["No"] * 5, np.linspace(0.1, 0.9, 5), ["No", "Yes"])) == {"log_loss", "accuracy"}


def test_one_row_has_no_r2():
    assert set(values("regression", [1.0], [2.0])) == {"rmse", "mae"}


def test_a_perfect_and_certain_model_has_finite_scores():
    found = values("binary", [0, 1], [0.0, 1.0], [0, 1])
    assert found["log_loss"] == pytest.approx(0, abs=1e-12)
    assert found["roc_auc"] == 1
    assert np.isfinite(values("binary", [0, 1], [1.0, 0.0], [0, 1])["log_loss"])


@pytest.mark.parametrize("task", METRICS)
def test_an_interval_holds_the_value_and_narrows_with_rows(task):
    small, large = (scores(task, *example(task, n)) for n in (200, 2000))
    for metric in (*small, *large):
        assert metric.low <= metric.value <= metric.high
        assert metric.level == 0.9
    for narrow, wide in zip(large, small, strict=True):
        assert narrow.high - narrow.low < wide.high - wide.low


def test_rows_beyond_the_resampled_ones_narrow_an_interval_too():
    some, more = (scores("regression", *example("regression", n))[0] for n in (5_000, 20_000))
    assert (more.high - more.low) / (some.high - some.low) == pytest.approx(0.5, rel=0.3)


def test_level_0_gives_no_intervals():
    assert all(m.low is None and m.high is None for m in scores("binary", *example("binary", 100), level=0))


def test_a_seed_gives_the_same_intervals_again():
    one, again, other = (scores("binary", *example("binary", 300), seed=s) for s in (1, 1, 2))
    assert one == again
    assert one != other


def test_a_label_that_is_no_class_is_named():
    with pytest.raises(BadParameter, match="'Maybe' is not one of the classes"):
        scores("binary", ["No", "Maybe"], [0.1, 0.9], ["No", "Yes"])


def test_a_score_of_another_task_is_refused_with_those_that_there_are():
    with pytest.raises(BadParameter, match="rmse"):
        scores("binary", [0, 1], [0.1, 0.9], [0, 1], metric="rmse")
    with pytest.raises(BadParameter, match="roc_auc"):
        measure("rock_auc", "binary")


@pytest.mark.slow
def test_nine_in_ten_intervals_hold_the_true_score():
    """Errors of a normal law with scale 1: the true RMSE is 1 and the true mean error sqrt(2 / pi)."""
    rng, held = np.random.default_rng(0), {"rmse": 0, "mae": 0}
    for seed in range(150):
        noise = rng.normal(size=200)
        for metric in scores("regression", noise, np.zeros(200), resamples=100, seed=seed)[:2]:
            true = {"rmse": 1.0, "mae": (2 / np.pi) ** 0.5}[metric.name]
            held[metric.name] += metric.low <= true <= metric.high
    assert all(0.82 <= count / 150 <= 0.96 for count in held.values()), held


def example(task, n, seed=0):
    """Truth, predictions with some skill, and classes."""
    rng = np.random.default_rng(seed)
    if task == "regression":
        truth = rng.normal(size=n)
        return truth, truth + rng.normal(size=n), ()
    k = 2 if task == "binary" else 3
    truth = rng.integers(0, k, n)
    weights = rng.random((n, k)) + np.eye(k)[truth] * 0.5
    p = weights / weights.sum(axis=1, keepdims=True)
    return truth, p[:, 1] if k == 2 else p, list(range(k))


@pytest.mark.slow
def test_nine_in_ten_intervals_hold_the_true_score_where_rows_come_in_sets():
    """Twenty rows a person, whose errors go together: rows alone would promise four times too much."""
    held = alone = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        who = np.repeat(np.arange(60), 20)
        truth = rng.normal(size=1200)
        predicted = truth + rng.normal(size=60)[who] + rng.normal(0, 0.1, 1200)
        true = 1.01**0.5
        one = scores("regression", truth, predicted, seed=seed, units=who)[0]
        other = scores("regression", truth, predicted, seed=seed)[0]
        held += one.low <= true <= one.high
        alone += other.low <= true <= other.high
    assert 82 <= held <= 97
    assert alone < 60


@pytest.mark.slow
@pytest.mark.parametrize("deviation", [0.3, 1.6], ids=["light tails", "heavy tails"])
def test_few_rows_are_no_surer_than_many_others_of_their_kind(deviation):
    rng, tables = np.random.default_rng(0), 150
    off = rng.lognormal(0, deviation / 2, (tables, 1_000))
    true = np.exp(deviation**2 / 2) ** 0.5
    held = [scores("regression", np.zeros(200), row[:200], resamples=100)[0] for row in off]
    validated = [scores("regression", np.zeros(800), row[200:], resamples=100)[0] for row in off]
    wide = [no_surer(few, many, 200, 800) for few, many in zip(held, validated, strict=True)]

    inside = [np.mean([m.low <= true <= m.high for m in metrics]) for metrics in (held, wide)]
    assert inside[0] < inside[1]
    assert 0.86 <= inside[1] <= 0.97


@given(
    st.sampled_from(["roc_auc", "rmse", "r2", "mine"]), st.floats(0.01, 0.99), st.floats(0.0, 0.5), st.floats(0.0, 0.5)
)
def test_an_interval_is_never_narrowed_and_stays_where_scores_can_be(name, value, error, other):
    metric = Metric(name, value, value * 0.9, value + (1 - value) * 0.1, error=error)
    wide = no_surer(metric, Metric(name, value, error=other), 100, 400)
    assert wide.low <= metric.low <= metric.high <= wide.high
    assert wide.error == max(error, 2 * other)
    assert not (name in SHARES and (wide.low < 0 or wide.high > 1))
    assert not (name == "rmse" and wide.low < 0)
    assert no_surer(metric, Metric(name, value), 100, 400) == metric


@pytest.mark.parametrize("rows", [4, 25, 400])
def test_a_perfect_score_of_few_rows_is_no_certainty(rows):
    truth = np.resize([0, 1], rows)
    metrics = {m.name: m for m in scores("binary", truth, truth * 0.8 + 0.1, [0, 1])}
    first = metrics["roc_auc"]
    assert (first.value, first.high) == (1.0, 1.0)
    assert first.low == pytest.approx(0.05 ** (1 / (rows // 2)))
    assert metrics["accuracy"].low < 1


@pytest.mark.slow
@pytest.mark.parametrize(("name", "task"), [("rmse", "regression"), ("roc_auc", "binary"), ("r2", "regression")])
def test_the_next_stretch_of_time_lies_in_nine_of_ten_intervals(name, task):
    """Scores of stretches that differ as they like, normal where they are compared."""
    rng = np.random.default_rng(0)
    back = {"rmse": np.exp, "roc_auc": lambda v: 1 / (1 + np.exp(-v)), "r2": np.asarray}[name]
    inside = 0
    for _ in range(2000):
        *past, coming = back(rng.normal(1, 0.3, 5))
        low, high = of_windows(name, past[-1], past)
        # The interval lies around the last stretch, which is one more that differs: a little less than nine in ten.
        inside += low <= coming <= high
    assert 0.84 <= inside / 2000 <= 0.92


def test_folds_that_were_drawn_differ_less_than_stretches_of_time():
    drawn, time = (of_windows("rmse", 10.0, [9.0, 10.0, 11.0], drawn=d) for d in (True, False))
    assert time[0] < drawn[0] < 10 < drawn[1] < time[1]
    assert of_windows("rmse", 10.0, [10.0]) is None
    assert of_windows("roc_auc", 1.0, [1.0, 1.0]) == pytest.approx((1, 1))


def test_the_error_of_the_rows_stays_beside_a_wider_interval():
    rng = np.random.default_rng(0)
    truth = rng.normal(size=600)
    predicted = truth + rng.normal(size=600) * np.repeat([0.5, 1, 2], 200)
    parts = [(truth[i : i + 200], predicted[i : i + 200]) for i in (0, 200, 400)]
    alone, together = (scores("regression", truth, predicted, windows=w)[0] for w in ((), parts))
    assert together.error == alone.error == pytest.approx((alone.high - alone.low) / 2 / 1.645, rel=1e-3)
    assert together.high - together.low > 3 * (alone.high - alone.low)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1_000), st.floats(0.0, 0.5))
def test_a_paired_difference_is_that_of_the_scores_and_turns_its_sign(seed, noise):
    rng = np.random.default_rng(seed)
    truth = rng.normal(size=200)
    a, b = truth + rng.normal(0, 0.3, 200), truth + rng.normal(0, 0.3 + noise, 200)

    one = difference("regression", truth, (a, b), seed=seed)
    other = difference("regression", truth, (b, a), seed=seed)

    rmse = [float(np.sqrt(np.mean((truth - p) ** 2))) for p in (a, b)]
    assert one[0] == pytest.approx(rmse[1] - rmse[0])
    assert one == pytest.approx((-other[0], -other[2], -other[1]))
    assert one[1] <= one[0] <= one[2]


def test_a_paired_difference_holds_the_truth_as_often_as_it_says_and_is_narrow():
    """Two that err alike are told apart on few rows, where their own intervals overlap by far."""
    rng = np.random.default_rng(0)
    held, found = 0, []
    for k in range(100):
        truth, shared = rng.normal(size=300), rng.normal(size=300)
        pair = (truth + shared + rng.normal(0, 0.1, 300), truth + shared + rng.normal(0, 0.5, 300))
        _, low, high = difference("regression", truth, pair, seed=k)
        held += low <= 1.25**0.5 - 1.01**0.5 <= high
        found.append(low > 0)

    assert 82 <= held <= 97
    assert sum(found) > 90


def test_what_can_not_be_scored_has_no_difference():
    assert difference("binary", ["a", "a"], ([0.1, 0.2], [0.3, 0.1]), ("a", "b")) is None
