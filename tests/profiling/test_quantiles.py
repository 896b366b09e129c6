"""Sketches find the same for the same table: of numbers, which DataSketches reads, and of texts in any order."""

import datasketches
import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.profiling.quantiles import Quantiles
from workbench.profiling.value_counts import ValueCounts

PARTS = st.lists(st.integers(0, 3000), min_size=1, max_size=6)


def numbers(sizes, seed):
    rng = np.random.default_rng(seed)
    return [rng.normal(size=size).round(2) for size in sizes]


def read(sketch):
    return datasketches.kll_doubles_sketch.deserialize(sketch.serialize())


@given(PARTS, st.integers(0, 3))
def test_the_same_numbers_in_the_same_parts_give_the_same_bytes(sizes, seed):
    def made():
        sketch = Quantiles()
        for part in numbers(sizes, seed):
            sketch.update(part)
        return sketch.serialize()

    assert made() == made()


@given(PARTS, PARTS)
def test_no_row_is_lost_in_updating_merging_writing_and_reading(one, other):
    first, second = Quantiles(), Quantiles()
    for sketch, sizes in ((first, one), (second, other)):
        for part in numbers(sizes, 1):
            sketch.update(part)

    merged = read(Quantiles.deserialize(first.serialize()).merge(second))

    values = np.concatenate([*numbers(one, 1), *numbers(other, 1)])
    assert merged.n == sum(weight for _, weight in merged) == len(values)
    if len(values):
        assert (merged.get_min_value(), merged.get_max_value()) == (values.min(), values.max())


@pytest.mark.parametrize("parts", [1, 7, 40])
def test_ranks_are_as_close_as_the_sketch_says(parts):
    values = np.random.default_rng(3).permutation(60_000).astype(float)
    whole, merged = Quantiles(), Quantiles()
    for part in np.array_split(values, parts):
        whole.update(part)
        merged.merge(Quantiles().update(part))

    shares = np.linspace(0.01, 0.99, 99)
    for sketch in (read(whole), read(merged)):
        ranks = np.array(sketch.get_quantiles(shares.tolist())) / len(values)
        assert np.abs(ranks - shares).max() < sketch.normalized_rank_error(False)
        assert sketch.num_retained < 1500


def test_a_sketch_of_datasketches_own_is_read_and_goes_on():
    old = datasketches.kll_doubles_sketch(400)
    old.update(np.arange(10_000.0))

    both = read(Quantiles.deserialize(old.serialize()).update(np.arange(10_000.0, 20_000.0)))

    assert both.n == 20_000
    assert abs(both.get_quantile(0.5) - 10_000) < 0.01 * 20_000


def test_texts_that_come_in_another_order_are_counted_alike():
    """Threads give the values of a chunk in any order."""
    words, states = np.array([f"N{n}" for n in range(3000)]), []
    for seed in range(4):
        order, counts = np.random.default_rng(seed).permutation(3000), np.arange(3000) % 7 + 1
        seen = ValueCounts(numeric=False)
        seen.update(pl.Series(words[order]), counts[order])
        states.append(seen.state())

    assert all(state == states[0] for state in states)
