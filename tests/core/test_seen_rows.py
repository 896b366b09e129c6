"""Rows that were there are always recognised; of others hardly any is taken for one."""

import base64
import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.core.row_content import content_hashes
from workbench.core.seen_rows import MOST_BYTES, Filter, SeenRows
from workbench.errors import Damaged

VALUES = st.one_of(st.integers(-(2**40), 2**40), st.floats(allow_nan=True, width=32))
TEXTS = st.one_of(st.none(), st.text(max_size=8))


@st.composite
def tables(draw):
    rows = draw(st.integers(1, 60))
    numbers = draw(st.lists(VALUES, min_size=rows, max_size=rows))
    texts = draw(st.lists(TEXTS, min_size=rows, max_size=rows))
    days = pd.to_datetime(draw(st.lists(st.integers(0, 20_000), min_size=rows, max_size=rows)), unit="D")
    return pd.DataFrame({"x": pd.array(numbers, dtype="float64"), "city": texts, "day": days})


@settings(max_examples=50, deadline=None)
@given(table=tables(), seed=st.integers(0, 2**32 - 1))
def test_every_row_that_was_there_is_found_whatever_order_types_and_company_it_comes_in(table, seed):
    seen = SeenRows.of(table, ("x", "city"), ("day",))
    other = table.sample(frac=1, random_state=seed)[["day", "city", "x"]]
    other = pd.concat([other.astype({"city": object}), table.iloc[:1].assign(x=2.0**50)], ignore_index=True)

    assert seen.content.has(seen.hashes(other))[:-1].all()
    assert seen.whole.has(seen.hashes(other, whole=True))[:-1].all()


@settings(max_examples=20, deadline=None)
@given(rows=st.integers(1, 20_000), seed=st.integers(0, 2**32 - 1))
def test_of_other_rows_at_most_one_in_two_hundred_is_taken_for_seen(rows, seed):
    """The stated rate, with what 20,000 draws leave open (five standard errors)."""
    draw = np.random.default_rng(seed)
    kept, others = (draw.integers(0, 2**64, n, dtype=np.uint64) for n in (rows, 20_000))
    others = np.setdiff1d(others, kept)

    one = Filter.of(kept)
    assert one.has(kept).all()
    assert one.has(others).mean() <= 0.005 + 5 * (0.005 / 20_000) ** 0.5
    assert len(base64.b64decode(one.bits)) == max(512, -(-12 * rows // 8))


def test_of_very_many_rows_the_sketch_stays_small_and_says_how_many_are_taken_for_seen():
    draw = np.random.default_rng(1)
    one = Filter.of(draw.integers(0, 2**64, 1_000_000, dtype=np.uint64))
    others = draw.integers(0, 2**64, 50_000, dtype=np.uint64)

    assert len(base64.b64decode(one.bits)) == MOST_BYTES
    assert one.false_positives == pytest.approx(one.has(others).mean(), abs=0.003)
    assert one.false_positives < 0.02


def test_equal_values_of_other_types_are_one_row_and_a_label_is_no_part_of_it():
    table = pd.DataFrame({"age": [36, 41], "member": [True, False], "label": ["a", "b"]})
    seen = SeenRows.of(table, ("age", "member"))
    later = pd.DataFrame({"age": [36.0, 41.0], "member": [1.0, 0.0], "label": ["b", "a"]})

    assert seen.content.has(seen.hashes(later)).all()
    assert content_hashes(pd.DataFrame({"x": [0.0]})) == content_hashes(pd.DataFrame({"x": [-0.0]}))


def test_a_sketch_is_the_same_however_many_rows_are_hashed_at_a_time(monkeypatch):
    table = pd.DataFrame({"age": np.arange(50) % 7, "city": ["Ulm", None] * 25, "nr": np.arange(50)})
    whole = SeenRows.of(table, ("age", "city"), ("nr",))

    monkeypatch.setattr("workbench.core.seen_rows.AT_A_TIME", 9)
    assert SeenRows.of(table, ("age", "city"), ("nr",)) == whole


def test_a_sketch_comes_back_from_its_file(tmp_path):
    seen = SeenRows.of(pd.DataFrame({"age": range(50), "nr": range(50)}), ("age",), ("nr",))

    assert SeenRows.load(seen.save(tmp_path / "seen.json")) == seen


@pytest.mark.parametrize(
    "damage", [{"size": 10**9}, {"times": 0}, {"bits": "no base64"}, {"bits": ""}, {"size": -8, "bits": ""}]
)
def test_a_sketch_that_is_none_is_damaged(tmp_path, damage):
    seen = SeenRows.of(pd.DataFrame({"age": range(50)}), ("age",))
    content = seen.document()
    content["content"].update(damage)
    path = seen.save(tmp_path / "seen.json")
    path.write_text(json.dumps(content), encoding="utf-8")

    with pytest.raises(Damaged):
        SeenRows.load(path)


@settings(max_examples=30, deadline=None)
@given(kinds=st.integers(2, 400), rows=st.integers(200, 2_000), seed=st.integers(0, 2**32 - 1))
def test_new_rows_that_hold_little_equal_old_ones_no_more_often_than_chance_has_it(kinds, rows, seed):
    draw = np.random.default_rng(seed)
    table, later = (pd.DataFrame({"kind": draw.integers(0, kinds, n)}) for n in (rows, 1_000))
    seen = SeenRows.of(table, ("kind",))

    assert seen.content.has(seen.hashes(later)).sum() <= seen.by_chance(len(later))
