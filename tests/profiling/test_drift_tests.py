"""The tests of drift agree with SciPy, on samples and on what a sketch keeps of them."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.stats import chi2_contingency, fisher_exact, ks_2samp, kstwo, ttest_ind

from workbench.profiling.drift_tests import (
    FEW_ROWS,
    LEAST_EXPECTED,
    LEAST_ROWS,
    MANY_ROWS,
    MOST_EXACT_ROWS,
    NOTHING,
    SMIRNOV_95,
    _large_ks,
    chi2,
    holm,
    ks,
    means,
    pool,
    proportions,
)
from workbench.profiling.sketches import moments

COUNTS = st.lists(st.tuples(st.integers(60, 400), st.integers(60, 400)), min_size=2, max_size=6)


def sample(values, error=0.0):
    """Each value once."""
    values = np.sort(np.asarray(values, dtype=float))
    return values, np.ones(len(values)), error


def levels(counts):
    return {f"level {i}": float(n) for i, n in enumerate(counts)}


def test_large_ks_and_chi_square_agree_with_scipy():
    rng = np.random.default_rng(4)
    a, b = np.sort(rng.normal(size=80)), np.sort(rng.normal(0.3, 1, 60))
    ours, theirs = ks((a, np.ones(80), 0.0), (b, np.ones(60), 0.0)), ks_2samp(a, b, method="asymp")
    assert (ours.statistic, ours.p_value) == pytest.approx((theirs.statistic, theirs.pvalue))
    table = np.array([[50.0, 30, 20], [45, 40, 35]])
    found = chi2(dict(enumerate(table[0])), dict(enumerate(table[1])))
    assert (found.statistic, found.p_value) == pytest.approx(chi2_contingency(table, correction=False)[:2])


@settings(max_examples=60, deadline=None)
@given(st.integers(50, 20_000), st.floats(0.2, 8))
def test_the_ks_distribution_is_scipys_without_loading_it(rows, z):
    distance = min(z / rows**0.5, 1.0)

    found, exact = _large_ks(distance, 2 * rows, 2 * rows), kstwo.sf(distance, rows)

    # Where nothing is significant to four digits; in the tail, where it is compared with small levels, to five.
    assert found == pytest.approx(exact, abs=3e-4)
    if exact < 0.05 and rows <= MANY_ROWS:
        assert found == pytest.approx(exact, rel=2e-5)


def test_a_new_category_in_one_row_is_no_drift():
    assert chi2({"a": 500, "b": 500}, {"a": 500, "b": 500, "new": 1}).p_value > 0.5


def test_holm_keeps_order_and_caps_at_one():
    assert holm([0.5, 0.01, 0.9]) == pytest.approx([1.0, 0.03, 1.0])


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(30, 400), st.integers(30, 400))
def test_the_test_of_means_agrees_with_scipy(seed, n, m):
    rng = np.random.default_rng(seed)
    a, b = rng.normal(0, 1, n), rng.uniform(-1, 2, m)
    ours, theirs = means(moments(a), moments(b)), ttest_ind(a, b, equal_var=False)
    assume(ours is not NOTHING)  # one far value forbids the test; what that takes is the next test's

    assert ours.statistic == pytest.approx(abs(theirs.statistic))
    assert ours.p_value == pytest.approx(theirs.pvalue, rel=1e-6)


def test_a_mean_that_one_value_makes_is_not_tested():
    ordinary = np.arange(100.0)

    assert means(moments(np.append(ordinary, 1e9)), moments(ordinary)) is NOTHING
    assert means(moments(ordinary[:20]), moments(ordinary)) is NOTHING
    assert means(moments(np.ones(50)), moments(np.zeros(50))) is NOTHING
    assert means(moments(ordinary * 1e-200), moments(ordinary * 1e-201)) is NOTHING


@pytest.mark.parametrize(("n", "m"), [(1, 1), (2, 1), (5, 4), (3, 400)])
def test_few_rows_prove_nothing(n, m):
    """Two values against one differ, however far apart they are, by chance alone."""
    a, b = ((np.arange(float(k)) + far, np.ones(k), 0.0) for k, far in ((n, 0), (m, 1000)))

    assert ks(a, b).p_value == pytest.approx(ks_2samp(a[0], b[0], method="exact").pvalue)


def test_a_weight_counts_as_so_many_rows():
    a, b = np.array([1.0, 2.0, 5.0]), np.array([2.0, 3.0])
    once, twice = np.array([40.0, 50.0, 60.0]), np.array([70.0, 30.0])
    repeated = sample(np.repeat(a, once.astype(int))), sample(np.repeat(b, twice.astype(int)))

    found = ks((a, once, 0.0), (b, twice, 0.0))

    assert (found.statistic, found.p_value) == pytest.approx((ks(*repeated).statistic, ks(*repeated).p_value))
    assert found.effect == found.statistic == pytest.approx(60 / 150)


def test_a_sketch_is_judged_as_a_sample_that_is_as_sure_as_it():
    a, b = np.arange(1000.0), np.arange(1000.0) + 60

    def p_value(error):
        return ks(sample(a, error), sample(b, error)).p_value

    rows = 1 / (1 / 1000 + (0.03 / SMIRNOV_95) ** 2)
    assert ks(sample(a, 0.03), sample(b, 0.03)).statistic == pytest.approx(0.06)
    assert p_value(0.03) == pytest.approx(kstwo.sf(0.06, round(rows / 2)), abs=5e-5)  # p of 0.17: the limit's digits
    assert p_value(0.0) < p_value(0.01) < p_value(0.03) < 1
    assert ks(sample(a, 0.03), sample(b, 0.0)).p_value == ks(sample(a, 0.0), sample(b, 0.03)).p_value < p_value(0.03)


@pytest.mark.parametrize(
    ("n", "m", "error", "exact"),
    [
        (FEW_ROWS - 1, FEW_ROWS, 0.0, True),
        (FEW_ROWS, FEW_ROWS, 0.0, False),
        (FEW_ROWS - 1, MOST_EXACT_ROWS, 0.0, True),
        (FEW_ROWS - 1, MOST_EXACT_ROWS + 1, 0.0, False),
        (FEW_ROWS - 1, FEW_ROWS, 1e-9, False),
    ],
)
def test_few_rows_are_tested_exactly(n, m, error, exact):
    a, b = np.arange(float(n)), np.arange(float(m)) + 0.3 * n + 0.5

    method = "exact" if exact else "asymp"
    assert ks(sample(a, error), sample(b)).p_value == pytest.approx(ks_2samp(a, b, method=method).pvalue)


def test_without_a_row_or_without_a_distance_nothing_is_said():
    some = sample(np.arange(100))

    assert ks(sample([]), some) is ks(some, sample([])) is NOTHING
    assert ks(some, some).p_value == 1.0


@pytest.mark.parametrize(("rows", "tested"), [(LEAST_ROWS - 1, False), (LEAST_ROWS, True)])
def test_means_of_few_rows_are_not_tested(rows, tested):
    few, many = np.linspace(0, 1, rows), np.linspace(0.1, 1, 200)

    assert (means(moments(few), moments(many)) is not NOTHING) == tested
    assert (means(moments(many), moments(few)) is not NOTHING) == tested


def test_the_effect_of_means_is_in_pooled_standard_deviations():
    a, b = np.linspace(0, 1, 100), np.linspace(3, 5, 300)

    pooled = np.sqrt((100 * a.var() + 300 * b.var()) / 400)

    assert means(moments(a), moments(b)).effect == pytest.approx((4 - 0.5) / pooled)


@given(COUNTS)
def test_counts_of_levels_agree_with_scipy(counts):
    a, b = np.array(counts, dtype=float).T

    found = chi2(levels(a), levels(b))

    assert (found.statistic, found.p_value) == pytest.approx(chi2_contingency([a, b], correction=False)[:2])
    assert 0 <= found.effect <= np.abs(a / a.sum() - b / b.sum()).sum() / 2 + 1e-12


def test_a_level_that_one_side_lacks_counts_as_none_there():
    found = chi2({"a": 100.0, "b": 100.0}, {"a": 200.0, "c": 50.0})

    expected = chi2_contingency([[100, 100, 0], [200, 0, 50]], correction=False)
    assert (found.statistic, found.p_value) == pytest.approx(expected[:2])


def test_the_effect_of_counts_is_what_chance_does_not_give():
    """Two samples of 400 rows of one coin differ by 0.028 in the mean; the rest is a difference."""
    chance = np.sqrt(2 / np.pi * 0.5 * 0.5 * 2 / 400)

    assert chi2(levels([240, 160]), levels([160, 240])).effect == pytest.approx(0.2 - chance)
    assert chi2(levels([201, 199]), levels([199, 201])).effect == 0


@pytest.mark.parametrize("sides", [({}, {"a": 9}), ({"a": 9}, {"a": 0}), ({"a": 50}, {"a": 90}), ({}, {})])
def test_without_rows_or_with_one_level_counts_say_nothing(sides):
    assert chi2(*sides) is NOTHING


TABLES = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), min_size=1, max_size=8).map(
    lambda rows: np.array(rows, dtype=float).T
)


@given(TABLES)
def test_levels_that_are_too_rare_are_added_up_and_no_row_is_lost(table):
    assume(table.sum(axis=1).all())
    pooled = pool(table)

    np.testing.assert_array_equal(pooled.sum(axis=1), table.sum(axis=1))
    least = pooled.sum(axis=0) * table.sum(axis=1).min() / table.sum()
    assert pooled.shape[1] == 1 or least.min() >= LEAST_EXPECTED
    usual = table.sum(axis=0) * table.sum(axis=1).min() / table.sum() >= LEAST_EXPECTED
    assert usual.sum() <= pooled.shape[1] <= usual.sum() + 1


@pytest.mark.parametrize(
    ("table", "pooled"),
    [
        ([[50, 40, 3, 2], [50, 40, 3, 2]], [[50, 40, 5], [50, 40, 5]]),
        ([[2, 50, 40], [2, 40, 50]], [[50, 42], [40, 52]]),
        ([[50, 50], [50, 50]], [[50, 50], [50, 50]]),
        ([[5, 50], [5, 50]], [[50, 5], [50, 5]]),
        ([[1, 2], [2, 1]], [[3], [3]]),
    ],
)
def test_rare_levels_make_one_or_join_the_rarest_of_the_others(table, pooled):
    assert pool(np.array(table, dtype=float)).tolist() == pooled


@given(st.integers(0, 200), st.integers(0, 200), st.integers(0, 200), st.integers(0, 200))
def test_shares_agree_with_scipy(a, other_a, b, other_b):
    n, m = a + other_a, b + other_b
    assume(n and m and (a or b) and (a, b) != (n, m))
    table = np.array([[a, other_a], [b, other_b]], dtype=float)
    statistic, p_value, _, expected = chi2_contingency(table, correction=False)

    found = proportions((a, b), (n, m))

    assert found.effect == pytest.approx(abs(a / n - b / m))
    assert found.statistic == pytest.approx(statistic)
    assert found.p_value == pytest.approx(p_value if expected.min() >= LEAST_EXPECTED else fisher_exact(table).pvalue)


@pytest.mark.parametrize(("hits", "totals"), [((0, 0), (9, 9)), ((9, 9), (9, 9)), ((0, 1), (0, 9)), ((1, 0), (9, 0))])
def test_shares_that_nothing_speaks_of_are_no_test(hits, totals):
    assert proportions(hits, totals) is NOTHING


@given(st.lists(st.floats(0, 1), max_size=8))
def test_holm_is_the_step_down_rule(p_values):
    """The k-th smallest of n is multiplied by n - k + 1, and none is less than a smaller one's."""
    adjusted = holm(p_values)

    for i, p in enumerate(p_values):
        smaller = sorted(p_values)[: sum(q <= p for q in p_values)]
        expected = max(min(1.0, q * (len(p_values) - k)) for k, q in enumerate(smaller))
        assert adjusted[i] == pytest.approx(expected)
    assert holm([]) == []
