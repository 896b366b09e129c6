"""Thresholds by group: the same rules as fairlearn's, and a cost of rows that they were not chosen on."""

import numpy as np
import pytest
from fairlearn.postprocessing import ThresholdOptimizer
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import BaseEstimator, ClassifierMixin

from workbench.explanation.group_thresholds import CONSTRAINTS, Rule, chances, cross_fitted, rules


class Told(ClassifierMixin, BaseEstimator):
    """Answers the probability that is its only column."""

    classes_ = (0, 1)

    def __sklearn_is_fitted__(self):
        return True

    def fit(self, table, target):
        return self

    def predict_proba(self, table):
        return np.column_stack([1 - table[:, 0], table[:, 0]])


def drawn(seed, rows=400, groups=3, digits=2):
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, groups, rows)
    said = rng.beta(1 + codes, 2).round(digits)
    return codes, rng.random(rows) < said, said


@pytest.mark.slow
@settings(max_examples=8)
@given(st.integers(0, 10**6), st.sampled_from(sorted(CONSTRAINTS)), st.sampled_from([1, 2, 6]))
def test_rules_are_fairlearns(seed, constraint, digits):
    codes, came, said = drawn(seed, digits=digits)
    theirs = ThresholdOptimizer(
        estimator=Told(), constraints=constraint, objective="accuracy_score", prefit=True,
        predict_method="predict_proba",
    ).fit(said[:, None], came.astype(int), sensitive_features=codes)  # fmt: skip

    found = rules(constraint, codes, came, said)

    expected = theirs._pmf_predict(said[:, None], sensitive_features=codes)[:, 1]
    np.testing.assert_allclose(chances(codes, said, found, 0.5), expected, atol=1e-12)


@pytest.mark.parametrize("constraint", CONSTRAINTS)
def test_rates_become_equal_on_the_rows_that_rules_were_chosen_on(constraint):
    codes, came, said = drawn(1, rows=4_000, digits=6)

    answered = chances(codes, said, rules(constraint, codes, came, said), 0.5)

    of = {"demographic_parity": [np.ones(len(came), bool)], "true_positive_rate_parity": [came]}
    for rows in of.get(constraint, [came, ~came]):
        rates = [answered[rows & (codes == k)].mean() for k in range(3)]
        assert max(rates) - min(rates) < 1e-9


@settings(max_examples=20)
@given(st.integers(0, 10**6))
def test_a_weight_counts_as_repeated_rows(seed):
    codes, came, said = drawn(seed, rows=120)
    weights = np.random.default_rng(seed).integers(1, 4, 120)
    repeated = [np.repeat(part, weights) for part in (codes, came, said)]

    weighted = rules("demographic_parity", codes, came, said, weights.astype(float))
    plain = rules("demographic_parity", *repeated)

    for k, rule in plain.items():
        np.testing.assert_allclose(weighted[k].chance(said), rule.chance(said), atol=1e-9)


def test_rows_of_no_group_and_groups_of_one_class_keep_the_one_threshold():
    codes, came, said = drawn(2)
    codes[:50] = -1
    came[codes == 2] = True

    found = rules("demographic_parity", codes, came, said)

    assert sorted(found) == [0, 1]
    answered = chances(codes, said, found, 0.5)
    kept = (codes == -1) | (codes == 2)
    np.testing.assert_array_equal(answered[kept], said[kept] >= 0.5)


def test_no_row_is_decided_by_rules_that_it_chose():
    """Of noise, rules look better than chance on the rows where they were chosen, and on no others."""
    found = []
    for seed in range(30):
        rng = np.random.default_rng(seed)
        codes, came, said = np.repeat([0, 1], 60), rng.random(120) < 0.5, rng.random(120)
        own = chances(codes, said, rules("demographic_parity", codes, came, said), 0.5)
        others = cross_fitted("demographic_parity", codes, came, said, 0.5)
        found.append([(came * each + ~came * (1 - each)).mean() for each in (own, others)])

    chosen, honest = np.mean(found, axis=0)
    assert chosen > 0.55
    assert 0.46 < honest < 0.53


def test_a_rule_tells_one_threshold_or_two():
    assert Rule(0.2, 0.4, 1.0).told() == {"threshold": 0.2}
    assert Rule(float("-inf"), 0.4, 0.5).told() == {"low": 0.0, "high": 0.4, "share": 0.5}
    assert Rule(0.2, float("inf"), 0.0, 0.1, 0.3).told() == {"threshold": 1.0, "ignored": 0.1, "constant": 0.3}
