"""Measures by group: equal to fairlearn's, weights count as repeated rows, intervals hold what they say."""

import time

import numpy as np
import pytest
from fairlearn import metrics as fairlearn
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, balanced_accuracy_score, log_loss, precision_score

from workbench.core.group_metrics import (
    BINARY,
    REGRESSION,
    largest_gap,
    of_many,
    of_numbers,
    of_two,
    smallest_ratio,
    summed,
)
from workbench.core.group_metrics import measures as told_of

THEIRS = {
    "selection_rate": fairlearn.selection_rate,
    "true_positive_rate": fairlearn.true_positive_rate,
    "false_positive_rate": fairlearn.false_positive_rate,
    "true_negative_rate": fairlearn.true_negative_rate,
    "false_negative_rate": fairlearn.false_negative_rate,
    "accuracy": accuracy_score,
    "balanced_accuracy": balanced_accuracy_score,
    "precision": precision_score,
}


@st.composite
def tables(draw):
    """Groups, truth, probabilities and whole weights; each group has rows of both classes and both answers."""
    groups = draw(st.integers(2, 4))
    seed, n = draw(st.integers(0, 10**6)), draw(st.integers(groups * 4, 120))
    rng = np.random.default_rng(seed)
    codes = np.concatenate([np.repeat(np.arange(groups), 4), rng.integers(0, groups, n - 4 * groups)])
    came = np.concatenate([np.tile([0, 0, 1, 1], groups), rng.random(n - 4 * groups) < rng.random()]).astype(bool)
    said = np.concatenate([np.tile([0.2, 0.8], 2 * groups), rng.random(n - 4 * groups).round(2)])
    return codes, came, said, rng.integers(1, 5, n)


@pytest.mark.slow
@settings(max_examples=6)
@given(tables())
def test_values_and_gaps_are_fairlearns(table):
    codes, came, said, weights = table
    answered = said >= 0.5
    sums = summed(codes, codes.max() + 1, of_two(came, answered, said), weights, resamples=3)
    params = {name: {"sample_weight": weights} for name in THEIRS}
    frame = fairlearn.MetricFrame(
        metrics=THEIRS, y_true=came.astype(int), y_pred=answered.astype(int), sensitive_features=codes,
        sample_params=params,
    )  # fmt: skip
    ours = {one.name: one for one in BINARY}

    for name in THEIRS:
        np.testing.assert_allclose(sums.values(ours[name]), frame.by_group[name], atol=1e-12)
    asked = {"y_true": came, "y_pred": answered, "sensitive_features": codes, "sample_weight": weights}
    for kind, names in {"demographic_parity": ["selection_rate"], "equal_opportunity": ["true_positive_rate"],
                        "equalized_odds": ["true_positive_rate", "false_positive_rate"]}.items():  # fmt: skip
        values, drawn = [sums.values(ours[n]) for n in names], [sums.samples(ours[n]) for n in names]
        wholes = [sums.effective(ours[n].whole) for n in names]
        difference = getattr(fairlearn, f"{kind}_difference")(**asked)
        ratio = getattr(fairlearn, f"{kind}_ratio")(**asked)
        assert largest_gap(values, drawn, 0.9)[0] == pytest.approx(difference, abs=1e-12)
        assert smallest_ratio(values, drawn, wholes, 0.9)[0] == pytest.approx(ratio, abs=1e-12)


@given(tables())
def test_a_weight_counts_as_repeated_rows(table):
    codes, came, said, weights = table
    repeated = [np.repeat(part, weights) for part in (codes, came, said)]

    weighted = summed(codes, 4, of_two(came, said >= 0.5, said), weights, resamples=0)
    plain = summed(repeated[0], 4, of_two(repeated[1], repeated[2] >= 0.5, repeated[2]), resamples=0)

    for one in BINARY:
        np.testing.assert_allclose(weighted.values(one), plain.values(one), atol=1e-12)
    assert (weighted.effective("rows") <= plain.effective("rows") + 1e-9).all()


@given(tables())
def test_coarser_groups_are_the_sums_of_finer_ones_in_every_sample(table):
    codes, came, said, _ = table
    parts, places = of_two(came, said >= 0.5, said), np.array([0, 1, 0, 1])

    fine, coarse = summed(codes, 4, parts, resamples=4, seed=3), summed(places[codes], 2, parts, resamples=4, seed=3)

    together = fine.together(places, 2)
    for name in together.sums:
        np.testing.assert_allclose(together.sums[name], coarse.sums[name], atol=1e-9)
    np.testing.assert_allclose(together.drawn["rows"].sum(axis=1), len(codes))
    np.testing.assert_allclose(together.others().sums["hits"][0], together.sums["hits"][1], atol=1e-9)


def test_other_measures_are_scikit_learns():
    rng = np.random.default_rng(0)
    truth, said = rng.integers(0, 3, 60), rng.dirichlet(np.ones(3), 60)
    codes = np.zeros(60, dtype=int)
    many = summed(codes, 1, of_many(truth, said, 3), resamples=0)
    numbers = summed(codes, 1, of_numbers(truth, said[:, 0]), resamples=0)

    named = {one.name: float(many.values(one)[0]) for one in told_of("multiclass", ["a", "b", "c"])}
    assert named["accuracy"] == pytest.approx(accuracy_score(truth, said.argmax(axis=1)))
    assert named["log_loss"] == pytest.approx(log_loss(truth, said))
    assert named["selection_rate of b"] == pytest.approx((said.argmax(axis=1) == 1).mean())
    found = {one.name: float(numbers.values(one)[0]) for one in REGRESSION}
    assert found["mean_error"] == pytest.approx((said[:, 0] - truth).mean())
    assert found["rmse"] == pytest.approx(((said[:, 0] - truth) ** 2).mean() ** 0.5)


def test_of_many_classes_none_is_told_alone():
    assert [one.name for one in told_of("multiclass", range(13))] == ["accuracy", "log_loss"]


def test_groups_without_rows_that_count_have_no_value():
    sums = summed(np.array([0, 1, 1]), 2, of_two([1, 0, 0], [1, 0, 1], [0.9, 0.1, 0.8]), resamples=5)
    rate = next(one for one in BINARY if one.name == "true_positive_rate")

    assert np.isnan(sums.values(rate)[1])
    assert np.isnan(largest_gap([sums.values(rate)], [sums.samples(rate)], 0.9)).all()


def gaps(rates, rows, times, seed):
    """Largest differences of selection rates of many tables, with their intervals."""
    rng, found = np.random.default_rng(seed), []
    for _ in range(times):
        codes = np.repeat(np.arange(len(rates)), rows)
        answered = rng.random(len(codes)) < np.asarray(rates)[codes]
        sums = summed(codes, len(rates), of_two(answered, answered, answered), resamples=120)
        found.append(largest_gap([sums.values(BINARY[0])], [sums.samples(BINARY[0])], 0.9))
    return np.array(found)


@pytest.mark.slow
def test_equal_groups_are_not_told_apart():
    """The percentiles of a bootstrap would be above 0 in every table."""
    found = gaps([0.3, 0.3, 0.3, 0.3], 150, 80, seed=0)

    assert (found[:, 1] == 0).mean() > 0.85
    assert (found[:, 0] > 0).all()


@pytest.mark.slow
@pytest.mark.parametrize("rates", [[0.2, 0.35], [0.1, 0.2, 0.4]])
def test_the_interval_of_the_largest_difference_holds_it(rates):
    found = gaps(rates, 200, 60, seed=1)

    true = max(rates) - min(rates)
    assert ((found[:, 1] <= true) & (true <= found[:, 2])).mean() > 0.85


def test_a_ratio_of_none_has_an_interval_all_the_same():
    sums = summed(np.repeat([0, 1], 100), 2, of_two(*[np.repeat([0, 1, 1], [100, 50, 50])] * 3), resamples=50)

    ratio, low, high = smallest_ratio([np.array([0.0, 0.5])], [sums.samples(BINARY[0])], [np.array([100, 100])], 0.9)
    assert (ratio, low) == (0.0, 0.0)
    assert 0 < high < 0.1


def test_ten_groups_of_49_000_rows_take_less_than_a_second():
    """fairlearn takes a minute for 50 samples of four measures."""
    rng = np.random.default_rng(0)
    codes, said = rng.integers(0, 10, 49_000), rng.random(49_000)
    came, begin = rng.random(49_000) < said, time.process_time()

    sums = summed(codes, 10, of_two(came, said >= 0.5, said), resamples=200)
    drawn = np.stack([sums.samples(one) for one in BINARY[:4]])

    assert time.process_time() - begin < 1
    assert drawn.shape == (4, 200, 10)
    assert np.isfinite(drawn).all()


@settings(max_examples=15)
@given(st.integers(0, 10**6))
def test_samples_scatter_around_the_value(seed):
    rng = np.random.default_rng(seed)
    codes, came = rng.integers(0, 2, 400), rng.random(400) < 0.4
    assume(len(set(codes)) == 2)
    sums = summed(codes, 2, of_two(came, came, came.astype(float)), resamples=300, seed=seed)

    value, drawn = sums.values(BINARY[0]), sums.samples(BINARY[0])
    expected = np.sqrt(value * (1 - value) / np.bincount(codes))
    np.testing.assert_allclose(drawn.std(axis=0), expected, rtol=0.25)
    assert (abs(drawn.mean(axis=0) - value) < expected / 3).all()
