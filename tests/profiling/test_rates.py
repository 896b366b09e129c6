"""One test for shares: Fisher's where nothing is tolerated, and silent about what is rare in any feed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import fisher_exact

from workbench.profiling.rates import fall, rise


@given(st.integers(1, 400), st.integers(1, 400), st.data())
def test_without_tolerance_it_is_fishers_exact_test(n, m, data):
    k, x = data.draw(st.integers(0, n - 1)), data.draw(st.integers(0, m))
    expected = fisher_exact([[x, m - x], [k, n - k]], alternative="greater").pvalue

    p = rise((k, n), (x, m), 0.0)

    # Below the mean nothing rose, and nobody asks how little.
    above = x > m * (k + 1) / (n + 1)
    assert p == pytest.approx(expected, rel=1e-6, abs=1e-12) if above else p >= 0.5


@given(st.integers(0, 50), st.integers(50, 10**6), st.integers(0, 10**5), st.integers(10**5, 10**7))
def test_a_chance_is_a_chance_and_falls_with_the_hits(k, n, x, m):
    p, more = rise((k, n), (x, m)), rise((k, n), (x + 1000, m))

    assert 0 <= more <= p <= 1


def test_one_gap_in_many_rows_is_no_news_and_a_rise_to_a_twentieth_is():
    assert rise((0, 800), (1, 200_000)) > 0.5
    assert rise((0, 10_000_000), (5, 10_000)) > 0.2, "one in two thousand is rare in any feed"
    assert rise((0, 800), (10_000, 200_000)) < 1e-9
    assert rise((100, 10_000), (50, 1000)) < 1e-9


def test_many_rows_take_the_normal_limit_without_a_step():
    exact, limit = rise((1000, 50_000), (2_250, 100_000)), rise((100_000, 5_000_000), (2_250, 100_000))

    assert 1e-6 < limit < exact < 0.2


def test_what_vanished_is_a_fall():
    assert fall((300, 1000), (0, 500)) < 1e-9
    assert fall((2, 1000), (0, 500)) > 0.1
