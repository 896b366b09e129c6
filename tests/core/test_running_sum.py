"""Sums that run over rows and notice a rise."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from workbench.core.running_sum import ALARM, chance, running, steps, watch

INCREMENTS = arrays(float, st.integers(1, 60), elements=st.floats(-3, 3, width=32))


@given(INCREMENTS, st.floats(0, 5), st.floats(5, 20))
def test_it_is_what_a_loop_would_say(increments, carried, most):
    now, expected = carried, []
    for one in increments:
        now = min(max(now + one, 0.0), most)
        expected.append(now)

    assert running(increments, carried, most) == pytest.approx(expected, abs=1e-6)


@given(st.lists(st.booleans(), min_size=2, max_size=80), st.integers(1, 79), st.floats(0.01, 0.5))
def test_rows_cut_into_windows_give_what_they_give_at_once(happened, cut, rate):
    first = watch(happened[:cut], rate)

    assert watch(happened[cut:], rate, first.last).last == pytest.approx(watch(happened, rate).last, abs=1e-9)


@pytest.mark.parametrize("rate", [0.02, 0.1, 0.3])
def test_its_p_value_is_no_smaller_than_what_chance_does(rate):
    draw = np.random.default_rng(0)
    p = np.array([watch(draw.random(500) < rate, rate).p_value for _ in range(1000)])

    assert (p < 0.05).mean() <= 0.06
    assert (p < 0.01).mean() <= 0.02


def test_a_rise_is_noticed_within_the_rows_that_it_needs():
    """From one in ten to one in five: half the rows that ADWIN needs, with one false alarm in 100,000 rows."""
    draw = np.random.default_rng(0)
    delays = [watch(draw.random(3000) < 0.2, 0.1).alarm for _ in range(200)]

    assert np.median(delays) < 180
    assert chance(ALARM, 10_000, 0.1) == pytest.approx(0.1, abs=0.02)


def test_the_onset_is_where_the_change_began():
    draw = np.random.default_rng(1)

    seen = watch(draw.random(2000) < np.repeat([0.05, 0.4], 1000), 0.05)

    assert abs(seen.onset - 1000) < 60
    assert seen.now == pytest.approx(0.4, abs=0.1)


def test_without_a_row_and_without_a_hit_nothing_is_told():
    assert (watch([], 0.1, 3.0).last, watch([], 0.1).p_value) == (3.0, 1.0)
    assert (watch([False] * 50, 0.1).alarm, watch([False] * 50, 0.1).p_value) == (None, 1.0)
    assert steps(0.5)[1] < 0 < steps(0.5)[0]
