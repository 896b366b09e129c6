"""A column as the training had it and as a window has it, in parts that both share."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.core.contract import Column, Contract
from workbench.core.shape import BARS, FEW, VALUES, beside
from workbench.profiling.profile import profile_columns


def profiled(values, kind):
    (one,) = profile_columns(pd.DataFrame({"x": values}), Contract((Column("x", kind),)))
    return one


numbers = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60)
words = st.lists(st.text("abß漢", min_size=1, max_size=2), min_size=1, max_size=60)


@settings(max_examples=25)
@given(numbers, numbers)
def test_shares_of_numbers_add_up_on_both_sides(a, b):
    shape = beside(profiled(a, "number"), profiled(b, "number"))

    assert len(shape.labels) == len(shape.before) == len(shape.now) <= max(BARS, FEW + 1)
    assert [sum(shape.before), sum(shape.now)] == pytest.approx([1, 1])
    assert min(*shape.before, *shape.now) >= 0


@settings(max_examples=25)
@given(words, words)
def test_shares_of_values_are_their_counts(a, b):
    shape = beside(*(profiled(pd.Series(side, dtype="category"), "category") for side in (a, b)))

    assert len(shape.labels) <= VALUES + 1
    assert [sum(shape.before), sum(shape.now)] == pytest.approx([1, 1])
    for label, before, now in list(zip(shape.labels, shape.before, shape.now, strict=True))[:-1]:
        assert [before, now] == pytest.approx([a.count(label) / len(a), b.count(label) / len(b)])


def test_bars_are_where_the_rows_are():
    """Twenty bars of two normal samples are as numpy counts them, but for what a bin of the profile smooths."""
    made = np.random.default_rng(4)
    a, b = made.normal(0, 1, 5_000), made.normal(1, 1, 5_000)
    shape = beside(profiled(a, "number"), profiled(b, "number"))
    ends = shape.labels[0].split(" – ")[0], shape.labels[-1].split(" – ")[1]
    low, high = map(float, ends)
    for told, values in ((shape.before, a), (shape.now, b)):
        counted, _ = np.histogram(np.clip(values, low, high), BARS, (low, high))

        assert np.abs(np.cumsum(told) - np.cumsum(counted) / len(values)).max() < 0.03
    assert shape.moved == pytest.approx(0.38, abs=0.05)  # of two normal distributions one apart


def test_a_sensitive_column_a_moment_and_an_empty_one_are_not_drawn():
    plain = profiled([1.0, 2.0, 3.0], "number")
    when = profiled(pd.to_datetime(["2026-01-01", "2026-01-02"]), "datetime")

    assert beside(plain, plain) is not None
    assert [beside(plain, replace(plain, sensitive=True)), beside(when, when)] == [None, None]
    assert beside(plain, profiled([np.nan, np.nan], "number")) is None
