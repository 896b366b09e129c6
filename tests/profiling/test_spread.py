"""The spread of two columns, by Mood's test on their summaries."""

import numpy as np
import polars as pl
import pytest
from scipy.stats import mood

from workbench.profiling.spread import spread_change
from workbench.profiling.statistics import ColumnScan


def state(values):
    scan = ColumnScan("number")
    scan.update(pl.Series(values))
    return scan.state()


@pytest.mark.parametrize("wide", [1.0, 1.1, 1.3, 2.0])
def test_of_rows_that_are_counted_it_is_moods_test(wide):
    a, b = np.random.default_rng(3).normal(size=(2, 200))
    b = wide * b

    p = spread_change(state(a), state(b))

    assert p == pytest.approx(mood(a, b).pvalue, rel=0.15)


def test_long_tails_do_not_mislead_it():
    draw = np.random.default_rng(0)
    cases = [draw.standard_cauchy(size=(2, 300)) for _ in range(200)]

    assert sum(spread_change(state(a), state(b)) < 0.05 for a, b in cases) <= 20


def test_a_sketch_finds_what_its_rows_would():
    a, b = np.random.default_rng(1).normal(size=(2, 30_000))

    assert spread_change(state(a), state(1.1 * b)) < 1e-4
    assert spread_change(state(a), state(b)) > 0.01


def test_a_column_that_does_not_vary_says_nothing():
    assert spread_change(state([1.0] * 60), state([1.0] * 60)) == 1.0
