"""Rows that are nearly equal are found where that is more than chance, and nowhere else."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.training.near_rows import equal_rows, near_rows


def copies(sets, each, columns, noise, seed=0):
    rng = np.random.default_rng(seed)
    values = np.repeat(rng.normal(size=(sets, columns)), each, axis=0)
    frame = pd.DataFrame(values + rng.normal(0, noise, values.shape)).rename(columns=lambda i: f"c{i}")
    return frame, np.repeat(np.arange(sets), each)


@pytest.mark.parametrize("each", [2, 3, 5, 8])
@pytest.mark.parametrize("columns", [4, 8, 20])
def test_copies_with_a_little_noise_are_one_set(each, columns):
    frame, truth = copies(300, each, columns, 0.003)
    order = np.random.default_rng(1).permutation(len(frame))
    sets = near_rows(frame.iloc[order])
    together = pd.DataFrame({"set": sets, "truth": truth[order]})
    assert together.groupby("truth")["set"].nunique().mean() < 1.05
    assert together.groupby("set")["truth"].nunique().mean() < 1.05


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000), st.integers(3, 12), st.sampled_from(["normal", "heavy", "line", "grid"]))
def test_tables_without_copies_have_none(seed, columns, how):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(400, columns))
    if how == "heavy":
        values = rng.standard_t(2, size=(400, columns))
    elif how == "line":  # rows along a curve have near ones on both sides
        values = np.cumsum(values, axis=0)
    elif how == "grid":
        values = rng.integers(0, 25, size=(400, columns)).astype(float)
    frame = pd.DataFrame(values).rename(columns=str)
    np.testing.assert_array_equal(near_rows(frame), equal_rows(frame))


def test_rows_of_another_category_are_no_copies():
    frame, _ = copies(300, 2, 6, 0.003)
    apart = near_rows(frame.assign(kind=np.resize(["a", "b"], 600)))
    assert apart.max() + 1 == 600


def test_gaps_and_infinities_break_nothing():
    frame, _ = copies(300, 4, 6, 0.003)
    frame = frame.mask(np.random.default_rng(0).random(frame.shape) < 0.01)
    frame.iloc[0, 0] = np.inf
    sets = near_rows(frame)
    assert sets.max() + 1 < 500


def test_numbers_rise_from_zero():
    frame, _ = copies(200, 3, 5, 0.003)
    sets = near_rows(frame)
    assert sorted(set(sets)) == list(range(sets.max() + 1))
