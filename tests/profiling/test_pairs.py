"""Which pairs of a wide table are looked at, and that what is looked at is measured as in a narrow one."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import workbench as wb
from workbench.profiling import associations as module
from workbench.profiling.pairs import MOST_PAIRS, WIDE, chosen, correlations, rows_at_even_steps, strongest


def mixed(columns, rows=150, seed=0):
    """Numbers, numbers with gaps and categories, some of which go together."""
    rng = np.random.default_rng(seed)
    base = rng.normal(size=rows)
    words = np.array(["low", "middle", "high"])
    table = {}
    for i in range(columns):
        x = rng.normal(size=rows) + (base if i % 5 == 0 else 0)
        table[f"c{i}"] = [x, np.where(rng.random(rows) < 0.3, np.nan, x), words[np.digitize(x, [-0.5, 0.5])]][i % 3]
    return pd.DataFrame(table)


def told(profile):
    return {(f.a, f.b, f.measure): f.value for f in profile.associations}


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**16), st.integers(5, 60), st.integers(1, 9))
def test_the_screen_keeps_the_strongest(seed, columns, most):
    rng = np.random.default_rng(seed)
    parts = [rng.normal(size=(rng.integers(1, 4), 12)).astype(np.float32) for _ in range(columns)]
    strength = {
        (i, j): ((parts[i] @ parts[j].T) ** 2).sum() / min(len(parts[i]), len(parts[j]))
        for i in range(columns)
        for j in range(i + 1, columns)
    }

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("workbench.profiling.pairs.BLOCK", 7)
        kept = list(map(tuple, strongest(parts, most).tolist()))

    assert kept == sorted(kept)
    least = min(strength[pair] for pair in kept)
    assert all(s <= least * (1 + 1e-4) for pair, s in strength.items() if pair not in kept)


@pytest.mark.slow
def test_usual_tables_have_every_pair_looked_at():
    profile = wb.profile(mixed(60))

    assert profile.pairs_left_out == 0
    assert [f for f in profile.findings if f.code == "WB134"] == []


@pytest.mark.slow
def test_a_pair_of_a_wide_table_is_measured_as_in_a_narrow_one(monkeypatch):
    table = mixed(30)
    narrow = told(wb.profile(table))
    for name in ("associations", "scan", "profile"):
        monkeypatch.setattr(f"workbench.profiling.{name}.WIDE", 10)
    wide = told(wb.profile(table))

    assert wide.keys() == narrow.keys()
    assert list(wide.values()) == pytest.approx([narrow[key] for key in wide], abs=2e-4)


def test_the_pairs_of_columns_with_gaps_agree_with_pandas(monkeypatch):
    table = mixed(9)[["c0", "c1", "c3", "c4", "c6", "c7"]]
    pairs = chosen(list(table.to_numpy().T), [False] * 6)
    wanted = table.corr().to_numpy()

    for square in (0, 100):
        monkeypatch.setattr("workbench.profiling.pairs.SQUARE", square)
        assert correlations(table.to_numpy(), pairs) == pytest.approx([wanted[i, j] for i, j in pairs.at])


@pytest.mark.slow
def test_a_wide_table_says_what_was_left_out_and_finds_what_is_strong():
    table = mixed(2 * WIDE)
    table["twin"] = table["c1"] * 3 + np.random.default_rng(1).normal(0, 0.1, len(table))
    table["group"] = table["c2"].replace({"low": "rest", "middle": "rest"})
    gap = np.random.default_rng(2).random(len(table)) < 0.3
    table["left"], table["right"] = (np.where(gap, np.nan, np.random.default_rng(i).normal(size=150)) for i in (3, 4))
    profile = wb.profile(table)
    (one,) = [f for f in profile.findings if f.code == "WB134"]
    columns = len(table.columns)

    assert profile.pairs_left_out == columns * (columns - 1) // 2 - MOST_PAIRS
    assert f"{profile.pairs_left_out:,} were not" in one.message
    for a, b, measure in (
        ("c1", "twin", "spearman"), ("c2", "group", "cramers_v"), ("left", "right", "missing_together"),
    ):  # fmt: skip
        assert told(profile)[(a, b, measure)] > 0.7
    together = [f.evidence["columns"] for f in profile.findings if f.code == "WB104"]
    assert together == [["c1", "twin"], ["left", "right"]]


@pytest.mark.slow
def test_profiles_of_a_wide_table_merge_and_keep():
    table = mixed(WIDE + 20, rows=300)
    halves = [wb.profile(part) for part in (table[:150], table[150:])]
    merged = halves[0].merge(type(halves[1]).from_dict(halves[1].to_dict()))

    assert merged.rows == 300
    assert merged.pairs_left_out > 0
    assert merged["c1"].missing == table["c1"].isna().sum()


def test_the_values_that_are_looked_at_do_not_grow_with_the_columns():
    kept = [len(rows_at_even_steps(20_000, columns)) for columns in (300, 3_000, 30_000)]

    assert kept == [13_333, 1_333, 200]
    assert module.WIDE * 20_000 == 4_000_000
