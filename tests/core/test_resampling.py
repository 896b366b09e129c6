"""Rows drawn with replacement."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from workbench.core.resampling import DRAWS, interval, row_counts


@given(st.integers(0, 200), st.integers(0, 2**32 - 1))
def test_each_sample_has_as_many_rows_and_a_seed_gives_the_same_again(rows, seed):
    counts = row_counts(rows, np.random.default_rng(seed))

    assert counts.shape == (DRAWS, rows)
    assert (counts.sum(axis=1) == rows).all()
    assert (row_counts(rows, np.random.default_rng(seed)) == counts).all()


def test_counts_are_those_of_draws_with_replacement():
    """Of many rows each count is Poisson's of mean 1, and rows have the same chance."""
    counts = row_counts(400, np.random.default_rng(0), 500)

    observed = np.bincount(np.minimum(counts, 5).astype(int).ravel(), minlength=6) / counts.size
    expected = [*stats.poisson.pmf(range(5), 1.0), stats.poisson.sf(4, 1.0)]
    assert np.abs(observed - expected).max() < 0.005
    assert np.abs(counts.mean(axis=0) - 1).max() < 5 / 500**0.5


def test_an_interval_of_a_mean_is_scipys():
    values = np.random.default_rng(1).exponential(size=300)
    low, high = interval(row_counts(300, np.random.default_rng(2), 2000) @ values / 300, 0.9)

    theirs = stats.bootstrap((values,), np.mean, confidence_level=0.9, n_resamples=2000, method="percentile", rng=3)
    assert np.allclose((low, high), theirs.confidence_interval, atol=0.01)
