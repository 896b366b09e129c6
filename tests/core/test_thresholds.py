"""From probabilities to a decision: counts at thresholds, and rules that choose one."""

import re

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix, f1_score

from workbench.core.parameters import DECISION, DECISIONS, TrainStep, take
from workbench.core.scores import share_interval
from workbench.core.thresholds import HIGHEST, LOWEST, Thresholds
from workbench.errors import BadParameter

# A threshold lies between 1e-6 and one less that much: so do probabilities here, or at the very ends.
# They have six digits, as thresholds do.
PROBABILITY = st.one_of(
    st.floats(2e-6, 1 - 2e-6).map(lambda p: float(f"{p:.6g}")), st.sampled_from([0.0, 0.25, 0.5, 1.0])
)
ROWS = st.lists(st.tuples(st.booleans(), PROBABILITY), min_size=1, max_size=300)


def counted(rows, also=()):
    truth, probability = map(np.asarray, zip(*rows, strict=True))
    return truth, probability, Thresholds.of(truth, probability, also)


@given(ROWS, st.floats(0.001, 0.999))
def test_counts_are_those_of_scikit_learn(rows, threshold):
    truth, probability, thresholds = counted(rows, (threshold,))

    now = thresholds.confusion(threshold)

    (quiet, alarms), (missed, hits) = confusion_matrix(truth, probability >= threshold, labels=[False, True]).tolist()
    assert (now.hits, now.alarms, now.missed, now.quiet) == (hits, alarms, missed, quiet)


@given(ROWS)
def test_a_higher_threshold_answers_no_more(rows):
    _, _, thresholds = counted(rows)

    assert list(thresholds.at) == sorted(set(thresholds.at))
    assert list(thresholds.hits) == sorted(thresholds.hits, reverse=True)
    assert list(thresholds.alarms) == sorted(thresholds.alarms, reverse=True)
    assert (thresholds.at[0], thresholds.at[-1]) == (LOWEST, HIGHEST)
    assert thresholds.hits[0] + thresholds.alarms[0] == sum(p > 0 for _, p in rows)


@given(ROWS)
def test_the_best_f1_is_the_best_there_is(rows):
    truth, probability, thresholds = counted(rows)
    assume(truth.any() and len(set(probability)) <= 100)
    every = [f1_score(truth, probability >= t) for t in {LOWEST, *probability} if t > 0]

    found = f1_score(truth, probability >= thresholds.chosen("f1"))

    assert found >= max(every, default=0.0) - 1e-12


@given(ROWS, st.floats(0.01, 0.99))
def test_a_wanted_recall_is_reached_by_the_highest_threshold_that_does(rows, wanted):
    truth, probability, thresholds = counted(rows)
    assume(truth.any() and not (truth & (probability == 0)).any())

    chosen = thresholds.chosen(f"recall >= {wanted:.4f}")

    wanted = float(f"{wanted:.4f}")
    higher = [thresholds.confusion(t) for t in thresholds.at if t > chosen]
    assert thresholds.confusion(chosen).recall >= wanted
    assert all(one.recall < wanted for one in higher)


@given(ROWS, st.floats(0.01, 0.99))
def test_a_wanted_precision_is_reached_with_the_most_found_or_told(rows, wanted):
    _, _, thresholds = counted(rows)
    wanted = float(f"{wanted:.4f}")

    chosen = thresholds.chosen(f"precision >= {wanted:.4f}")

    reached = [one for t in thresholds.at if (one := thresholds.confusion(t)).hits and one.precision >= wanted]
    assert (chosen is None) == (not reached)
    if chosen is not None:
        assert thresholds.confusion(chosen).hits == max(one.hits for one in reached)


@given(ROWS, st.integers(0, 50), st.integers(0, 50))
def test_the_least_cost_is_no_larger_than_any_other(rows, alarm, missed):
    truth, probability, thresholds = counted(rows)

    chosen = thresholds.chosen(f"cost {alarm}:{missed}")

    def cost(threshold):
        answered = probability >= threshold
        return alarm * (answered & ~truth).sum() + missed * (~answered & truth).sum()

    assert cost(chosen) == min(map(cost, thresholds.at))


def test_a_dear_miss_lowers_the_threshold_and_a_dear_alarm_raises_it():
    rng = np.random.default_rng(0)
    truth = rng.random(2_000) < 0.3
    _, _, thresholds = counted(list(zip(truth, np.clip(rng.normal(0.35 + 0.25 * truth, 0.15), 0, 1), strict=True)))

    low, middle, high = (thresholds.chosen(f"cost {rule}") for rule in ("1:20", "1:1", "20:1"))

    assert low < middle < high
    assert thresholds.confusion(thresholds.chosen("top 5%")).answered == pytest.approx(0.05, abs=0.005)


def test_steps_of_large_tables_are_a_hundredth_of_each_class():
    rng = np.random.default_rng(0)
    truth, probability = rng.random(200_000) < 0.01, rng.random(200_000)

    thresholds = Thresholds.of(truth, probability)

    assert len(thresholds.at) <= 204
    steps = -np.diff([thresholds.positives, *thresholds.hits]) / thresholds.positives
    assert steps.max() < 0.0125


@given(st.text(max_size=20) | st.from_regex(r"[a-z0-9]+ ?(>=|<)? ?[0-9.:%]+"))
def test_what_is_no_rule_is_refused_with_examples_everywhere(rule):
    assume(not re.search(DECISION, rule))

    with pytest.raises(BadParameter, match="Give one such as"):
        counted([(True, 0.5)])[2].chosen(rule)
    with pytest.raises(BadParameter):
        take(TrainStep, {"threshold": rule})


@given(st.from_regex(DECISION))
def test_each_rule_that_the_form_takes_chooses_or_says_that_none_does(rule):
    thresholds = counted([(False, 0.1), (True, 0.4), (False, 0.5), (True, 0.9)])[2]

    chosen = thresholds.chosen(rule)

    assert chosen is None or 0 < chosen < 1
    assert take(TrainStep, {"threshold": rule}).threshold == rule


def test_the_examples_are_rules():
    assert all(re.search(DECISION, example) for example in DECISIONS)


def test_who_is_never_taken_for_one_of_the_second_class_can_not_be_found():
    assert counted([(True, 0.0), (False, 0.5)])[2].chosen("recall >= 0.5") is None


def test_of_nothing_there_is_no_share():
    assert share_interval(0, 0) is None
    assert Thresholds.of([], []).confusion(0.5).precision is None
