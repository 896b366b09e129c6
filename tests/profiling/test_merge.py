"""The profile of two chunks is the profile of both."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.core.contract import Column
from workbench.errors import BadTable
from workbench.profiling.merge import merge
from workbench.profiling.profile import profile
from workbench.profiling.statistics import column_profile, column_state, merge_states
from workbench.reading.dataset import dataset

numbers = st.lists(st.floats(-1e6, 1e6) | st.just(float("nan")) | st.just(float("inf")), min_size=1, max_size=60)


@given(numbers, numbers)
@settings(max_examples=60, deadline=None)
def test_numbers_merge_exactly_while_few(a, b):
    column = Column("x", "number")
    left, right, whole = (column_state(pl.Series(v, dtype=pl.Float64).fill_nan(None), "number") for v in (a, b, a + b))
    merged, both = column_profile(merge_states(left, right), column), column_profile(whole, column)
    for name in ("count", "missing", "distinct", "minimum", "maximum", "zeros", "negatives", "infinities", "quantiles"):
        assert getattr(merged, name) == getattr(both, name), name
    if both.mean is not None:
        assert merged.mean == pytest.approx(both.mean, rel=1e-9, abs=1e-6)
        assert (merged.sd or 0) == pytest.approx(both.sd or 0, rel=1e-6, abs=1e-6)


@given(st.lists(st.text(max_size=3) | st.none(), min_size=1), st.lists(st.text(max_size=3) | st.none(), min_size=1))
@settings(max_examples=40, deadline=None)
def test_categories_merge_exactly_while_few(a, b):
    left, right, whole = (column_state(pl.Series(v, dtype=pl.String), "category") for v in (a, b, a + b))
    assert dict(merge_states(left, right)["counts"]) == dict(whole["counts"])


def test_sketches_merge_within_their_bound():
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"x": rng.gamma(2, 3, 40_000), "t": rng.integers(0, 9000, 40_000).astype(str)})
    table["t"] = "v" + table["t"]
    merged = merge(profile(dataset(table[:1500])), profile(dataset(table[1500:])))
    x = merged["x"]
    for share, value in x.quantiles.items():
        assert (table["x"] <= value).mean() == pytest.approx(share, abs=3 * x.rank_error)
    assert x.skew == pytest.approx(table["x"].skew(), rel=1e-3)
    assert merged["t"].distinct == pytest.approx(table["t"].nunique(), rel=0.06)
    assert not merged["t"].distinct_exact
    assert sum(merged["t"].state["buckets"]) == 40_000


def test_other_columns_are_refused():
    with pytest.raises(BadTable, match="differ in y"):
        merge(profile(dataset(pd.DataFrame({"x": [1]}))), profile(dataset(pd.DataFrame({"x": [1], "y": [2]}))))


def test_a_merged_profile_shows_the_target():
    rng = np.random.default_rng(1)
    x = rng.normal(size=4000)
    table = pd.DataFrame({"x": x, "noise": rng.normal(size=4000), "bought": np.where(x > 0, "yes", "no")})
    data = dataset(table, target="bought")
    halves = [profile(dataset(part, contract=data.contract)) for part in (table[:2000], table[2000:])]

    merged, whole = merge(*halves), profile(data)

    assert merged["x"].target == pytest.approx(whole["x"].target, abs=0.02)
    assert merged["noise"].target < 0.1
    assert merged["x"].by_target is not None
    assert merged["x"].by_target.classes == whole["x"].by_target.classes
