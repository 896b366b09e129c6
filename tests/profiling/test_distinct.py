"""The sketch of distinct values: fed with little, the same as fed with all."""

from __future__ import annotations

from base64 import b64decode

import datasketches
import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.profiling import distinct
from workbench.profiling.distinct import MANY, Distinct, agrees, estimate, merge, sketch_of
from workbench.profiling.murmur import hash_numbers, hash_texts

SIZES = (MANY, 7_000, 1, 30_000, MANY)


def library(chunks) -> bytes:
    sketch = datasketches.hll_sketch(distinct.LG_K)
    for chunk in chunks:
        for value in distinct.listed(chunk):
            sketch.update(value)
    return sketch.serialize_compact()


def fed(chunks) -> bytes:
    one = Distinct()
    for chunk in chunks:
        one.update(chunk)
    return b64decode(one.text())


def chunks_of(make):
    rng = np.random.default_rng(3)
    return [make(rng, size) for size in SIZES]


@pytest.mark.parametrize(
    "make",
    [
        lambda rng, n: np.unique(rng.normal(size=n)),
        lambda rng, n: np.unique(rng.integers(0, 10**6, n)),
        lambda rng, n: np.unique(rng.integers(2**60, 2**62, n)),
        lambda rng, n: pl.Series([f"{v:x}" for v in np.unique(rng.integers(0, 10**6, n)).tolist()]),
        lambda rng, n: pl.Series([chr(int(v)) * (int(v) % 90) for v in np.unique(rng.integers(32, 50_000, n))]),
    ],
    ids=["floats", "whole numbers", "wide whole numbers", "texts", "texts of many lengths"],
)
def test_a_sketch_that_takes_what_changes_it_is_the_library_s_to_the_byte(make):
    chunks = chunks_of(make)

    assert fed(chunks) == library(chunks)


def test_of_a_later_chunk_the_library_takes_little(monkeypatch):
    """After n values one in n / 4,096 or so raises a register, so it is fed with some in place of all."""
    taken = []
    monkeypatch.setattr(Distinct, "_feed", lambda self, values: taken.append(len(values)))
    one = Distinct()
    for start in range(0, 200_000, 50_000):
        one.update(np.arange(float(start), start + 50_000))

    assert taken[0] == 50_000
    assert 0 < sum(taken[1:]) < 15_000
    assert taken[1] > taken[2] > taken[3]


@given(st.integers(0, 2**64 - 1))
def test_a_register_is_raised_by_a_hash_with_more_zeros_at_its_front(second):
    """Of hashes that begin with 53 zeros, which never come, all would be taken."""
    (most,) = distinct._below(np.array([second], np.uint64)).tolist()

    assert most.bit_length() == max(second.bit_length(), 11) - 1
    assert (most + 1).bit_length() == most.bit_length() + 1


def test_few_values_are_not_hashed_here(monkeypatch):
    monkeypatch.setattr(distinct, "hash_values", lambda values: pytest.fail("they were hashed"))

    assert estimate(sketch_of(np.arange(MANY - 1.0)))[0] == pytest.approx(MANY, rel=0.05)


def test_a_hash_at_hand_is_used(monkeypatch):
    values = np.arange(float(MANY))
    hashed = distinct.hash_values(values)
    assert agrees()
    monkeypatch.setattr(distinct, "hash_values", lambda values: pytest.fail("they were hashed again"))
    one = Distinct()

    one.update(values, hashed)

    assert b64decode(one.text()) == library([values])


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.array([1, 2], np.uint8), [1.0, 2.0]),
        (np.array([-(2**53) + 1]), [float(-(2**53) + 1)]),
        (np.array([2**53, 1]), [2**53, 1]),
        (np.array([], np.int64), []),
        (np.array([0.5]), [0.5]),
        (np.array([True]), [True]),
        (pl.Series(["a"]), ["a"]),
    ],
)
def test_whole_numbers_count_as_the_floats_that_they_equal_where_there_are_such(values, expected):
    found = distinct.listed(values)

    assert (found, list(map(type, found))) == (expected, list(map(type, expected)))


@pytest.mark.parametrize("count", [0, 1, 100, 3000])
def test_an_estimate_of_few_values_is_near_and_says_how_near(count):
    found, error = estimate(sketch_of(np.arange(float(count))))

    assert abs(found - count) <= error * count
    assert 0 <= error < 0.08
    assert (error > 0) == (count > 0)


def test_the_library_hashes_as_we_think():
    assert agrees()


def test_a_library_that_hashes_otherwise_gets_every_value(monkeypatch):
    chunks = chunks_of(lambda rng, n: np.unique(rng.normal(size=n)))
    monkeypatch.setattr(distinct, "agrees", lambda: False)
    monkeypatch.setattr(distinct, "hash_values", lambda values: (np.zeros(len(values), np.uint64),) * 2)

    assert fed(chunks) == library(chunks)


def test_another_hash_is_noticed(monkeypatch):
    monkeypatch.setattr(distinct, "hash_numbers", lambda values: hash_numbers(values + 1))
    agrees.cache_clear()
    try:
        assert not agrees()
    finally:
        agrees.cache_clear()


@pytest.mark.slow
@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=70), min_size=1, max_size=40))
def test_texts_are_hashed_alone_as_together(texts):
    together = hash_texts(pl.Series(texts))
    alone = [hash_texts(pl.Series([text])) for text in texts]

    assert [half.tolist() for half in together] == [[one[i][0] for one in alone] for i in (0, 1)]


@given(st.lists(st.floats(allow_nan=False), min_size=1, max_size=40))
def test_both_zeros_have_one_hash_and_equal_numbers_equal_ones(values):
    first, second = hash_numbers(np.array([*values, 0.0, -0.0]))

    assert first[-1] == first[-2]
    assert second[-1] == second[-2]


def test_the_estimate_is_within_its_error_and_merges():
    a, b = np.arange(0.0, 60_000), np.arange(40_000.0, 100_000)

    found, error = estimate(merge(sketch_of(a), sketch_of(b)))

    assert abs(found - 100_000) <= error * 100_000
