"""Texts as numbers: an encoder that was fitted on them, and told the words, is the one that was fitted on the words."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.core.contract import Column, Contract
from workbench.training.candidates import build
from workbench.training.numbered import in_words, numbered

CONTRACT = Contract((Column("size", "number"), Column("city", "category"), Column("street", "category")))
WORDS = st.one_of(st.none(), st.text(max_size=3), st.sampled_from(["Ulm", "Bonn", "nan", "", " ", "1", "01"]))


def frame(cities, streets):
    texts = {name: pd.Series(values, dtype="str") for name, values in (("city", cities), ("street", streets))}
    return pd.DataFrame({"size": np.arange(len(cities), dtype=float), **texts})


@pytest.mark.parametrize("name", ["linear", "boosting"])
@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(WORDS, WORDS), min_size=40, max_size=80), st.lists(WORDS, min_size=1, max_size=5))
@pytest.mark.slow
def test_the_encoder_is_the_one_of_the_words_in_every_attribute(name, rows, later):
    table = frame(*zip(*rows, strict=True))
    fit = np.arange(len(table) * 3 // 4)  # an encoder of a fold has not seen every value
    own = build(name, CONTRACT, CONTRACT.names, "regression", {}, seed=0)[:1].fit(table.iloc[fit])
    made = numbered(table)
    by_number = build(name, CONTRACT, CONTRACT.names, "regression", {}, seed=0)[:1].fit(made.table.iloc[fit])
    before = by_number.transform(made.table)
    told = in_words(by_number, made.words)

    np.testing.assert_array_equal(before, own.transform(table))
    np.testing.assert_array_equal(by_number.transform(made.table), before)
    unseen = frame(later, later[::-1])
    for rows_of in (table, unseen):
        np.testing.assert_array_equal(told.transform(rows_of), own.transform(rows_of))
    one, other = (p[0].named_transformers_["categories"] for p in (own, told))
    assert one.__dict__.keys() == other.__dict__.keys()
    for places, said in zip(one.categories_, other.categories_, strict=True):
        assert places.dtype == said.dtype
        assert repr(places.tolist()) == repr(said.tolist())


def test_more_values_than_an_encoder_keeps_share_one_code_either_way():
    rng = np.random.default_rng(0)
    table = frame(rng.integers(0, 900, 4_000).astype(str), ["a"] * 4_000)
    own = build("boosting", CONTRACT, CONTRACT.names, "regression", {}, seed=0)[:1].fit(table)
    made = numbered(table)
    told = in_words(
        build("boosting", CONTRACT, CONTRACT.names, "regression", {}, seed=0)[:1].fit(made.table), made.words
    )
    np.testing.assert_array_equal(told.transform(table), own.transform(table))


def test_other_columns_and_the_index_stay():
    table = pd.DataFrame({"n": [1, 2], "b": [True, False], "t": ["x", None]}, index=[7, 3]).astype({"t": "str"})
    made = numbered(table)
    pd.testing.assert_frame_equal(made.table[["n", "b"]], table[["n", "b"]])
    assert made.table.index.tolist() == [7, 3]
    assert {name: list(words) for name, words in made.words.items()} == {"t": ["x"]}
    assert list(made.only(["n"]).table) == ["n"]
    assert made.only(["n"]).words == {}
