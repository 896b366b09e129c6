"""What is counted in one go equals what is counted one by one: tests of groups, likeness of categories."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import ttest_ind

from workbench.explanation.cohorts import _alike, _moments
from workbench.explanation.existing import as_numbers
from workbench.explanation.likeness import STEPS, _shares, _up_to

VALUES = st.lists(st.lists(st.floats(-5, 5), min_size=2, max_size=2), min_size=10, max_size=25).map(np.array)


@pytest.mark.slow
@settings(max_examples=30)
@given(VALUES, VALUES)
def test_groups_are_told_apart_as_by_scipy(values, others):
    """Where something varies: what never does is alike to anything that never does, whatever a mean is rounded to."""
    p_values = _alike((_moments([values, others]), _moments([others, values])))

    for column in range(2):
        own, rest = values[:, column], others[:, column]
        if np.ptp(own) > 1e-3 and np.ptp(rest) > 1e-3:
            both = [ttest_ind(own, rest, equal_var=equal).pvalue for equal in (False, True)]
            assert p_values[0, column] == pytest.approx(max(both), rel=1e-6, abs=1e-12)
            assert p_values[1, column] == pytest.approx(p_values[0, column])


def test_what_a_column_adds_everywhere_is_no_difference():
    same = np.full((30, 1), 0.1 + 0.2)

    assert _alike((_moments([same[:11]]), _moments([same[11:]])))[0, 0] == 1.0


CELLS = st.lists(st.none() | st.sampled_from("abc"), min_size=1, max_size=40)


@given(CELLS, st.integers(0, 3), st.integers(1, 4))
def test_shares_of_texts_are_those_of_each_level_by_itself(texts, seed, levels):
    values = np.array(texts, dtype=object)
    codes = np.random.default_rng(seed).integers(-1, levels, len(values))
    found = _shares(values, codes, levels)

    for level in range(levels):
        own = pd.Series(values[codes == level], dtype=object)
        counts = own.value_counts(normalize=True, dropna=False)
        assert sorted(found[level][found[level] > 0]) == pytest.approx(sorted(counts[counts > 0]))


@given(st.lists(st.none() | st.floats(-9, 9), min_size=1, max_size=60), st.integers(0, 3), st.integers(1, 4))
def test_shares_of_numbers_are_those_up_to_each_quantile(numbers, seed, levels):
    values = np.array([np.nan if n is None else n for n in numbers])
    codes = np.random.default_rng(seed).integers(-1, levels, len(values))
    every = as_numbers(values)
    steps = np.nanquantile(every, np.linspace(0, 1, STEPS)) if np.isfinite(every).any() else np.zeros(1)

    found = _up_to(values, codes, levels)
    for level in range(levels):
        own = every[codes == level]
        expected = [(own <= step).mean() if len(own) else 0.0 for step in steps]
        np.testing.assert_allclose(found[level], [*expected, np.isnan(own).mean() if len(own) else 0.0])
