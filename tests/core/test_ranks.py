"""Ranks and distinct values without sorting where numbers are close together."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import rankdata

from workbench.core.ranks import average_ranks
from workbench.profiling.statistics import _unique

FAR = st.floats(-1e308, 1e308) | st.sampled_from([2.0**60, 2.0**60 + 256, -(2.0**53)])
NUMBERS = st.lists(st.integers(-5, 40).map(float), min_size=1) | st.lists(FAR, min_size=1)
WHOLE = st.lists(st.integers(-5, 40), min_size=1) | st.lists(
    st.integers(-(2**63), 2**63 - 1) | st.sampled_from([2**60, 2**60 + 1]), min_size=1
)


@given(NUMBERS | WHOLE)
def test_ranks_are_those_of_scipy(values):
    assert average_ranks(np.array(values)).tolist() == rankdata(np.array(values)).tolist()


@given(NUMBERS | WHOLE)
def test_distinct_values_are_those_of_numpy(values):
    seen, rows = _unique(np.array(values))
    expected, times = np.unique(np.array(values), return_counts=True)

    assert seen.dtype == expected.dtype
    assert seen.tolist() == expected.tolist()
    assert rows.tolist() == times.tolist()
