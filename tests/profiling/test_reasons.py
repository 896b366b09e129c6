"""Reasons in sums: they add up, last digits are no difference, and what is chance alone is told no more than asked."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from workbench.core.explanation import Explanation
from workbench.core.reasons import ColumnReasons, Reasons
from workbench.errors import BadParameter
from workbench.profiling.reasons import (
    alike,
    compare_reasons,
    counted_reasons,
    edges,
    merge_reasons,
    reference_reasons,
    texts,
)

VALUES = arrays(np.float64, st.integers(2, 80), elements=st.floats(-5, 5).map(lambda v: round(v, 2)))


def drawn(rows, seed, flip=False):
    """Effects of five awkward columns, and what they hold: in a line, of few atoms, skewed, U-shaped, of categories."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, 4))
    city = rng.choice(["Rome", "Oslo", "Bonn"], rows, p=[0.6, 0.3, 0.1])
    line, other = x[:, 0] * (-1 if flip else 1), rng.normal(size=rows)
    values = np.column_stack([
        line + 0.3 * other, np.where(x[:, 1] > 0.8, 1.0, -0.25), np.exp(x[:, 2]) - 1.6, x[:, 3] ** 2 - 1,
        np.where(city == "Rome", 0.2, -0.4) * (1 + 0.1 * np.abs(other)),
    ])  # fmt: skip
    held = {**{f"x{k}": np.where(rng.random(rows) < 0.05, np.nan, x[:, k]) for k in range(4)}, "city": texts(city)}
    return values, held


def explained(values, names=("x0", "x1", "x2", "x3", "city")):
    base = np.zeros(len(values))
    return Explanation("r", tuple(names), values, 0.0, base, "log-odds", "yes", 0.0, "tree paths", {}, model="m")


def reference(rows=600, seed=0):
    values, held = drawn(rows, seed)
    return reference_reasons(explained(values), held)


def told(before, rows, seed, rate=0.05, **how):
    return compare_reasons(before, counted_reasons(before, *drawn(rows, seed, **how)), rate)


@given(VALUES, st.integers(2, 20))
def test_no_edge_lies_at_a_value_and_no_part_is_empty(values, parts):
    at = edges(values, parts)
    counts = np.bincount(np.searchsorted(at, values, side="right"), minlength=len(at) + 1)

    assert len(at) < parts
    assert not np.isin(at, values).any()
    assert (counts > 0).all()


@given(VALUES, st.floats(-3e-8, 3e-8))
def test_the_last_digits_of_another_way_of_computing_move_no_row(values, noise):
    before = reference_reasons(explained(values[:, None], ["x"]), {})
    other = counted_reasons(before, values[:, None] * (1 + noise), {})

    assert other.columns[0].counts == before.columns[0].counts
    assert not compare_reasons(before, other, 0.05)[0].important


@given(st.integers(0, 60), st.integers(0, 60), st.integers(0, 10**6))
def test_reasons_of_two_chunks_add_up_to_those_of_both(one, other, seed):
    before = reference(80)
    values, held = drawn(one + other, seed)
    parts = [slice(0, one), slice(one, None)]

    whole = counted_reasons(before, values, held)
    # Both are rounded alike, for the largest value is in one of the two.
    scale = np.abs(values).max(initial=0.0)
    merged = merge_reasons(*(counted_reasons(before, values[p], {k: v[p] for k, v in held.items()}) for p in parts))

    assert merged.rows == whole.rows
    for a, b in zip(merged.columns, whole.columns, strict=True):
        assert a.counts == b.counts
        assert a.moments == pytest.approx(b.moments, rel=1e-6, abs=1e-6 * (1 + scale) ** 4 * (one + other + 1))
        assert a.mean == pytest.approx(b.mean, abs=1e-6 * (1 + scale))


def test_reasons_of_other_models_and_parts_do_not_add_up():
    one, other = reference(seed=0), reference(seed=1)

    assert alike(one, one)
    assert not alike(one, other)
    for strange in (other, replace(one, model="another"), replace(one, label="no")):
        with pytest.raises(BadParameter, match="Count them anew"):
            merge_reasons(one, strange)


def test_a_reference_tells_what_the_explanation_tells():
    values, held = drawn(900, 3)
    explanation = explained(values)
    found = reference_reasons(explanation, held)

    assert {one.column: one.importance for one in found.ranked} == pytest.approx(explanation.importance(), rel=1e-6)
    assert {one.column: (one.low, one.high) for one in found.columns} == explanation.intervals()
    for k in range(4):
        known = ~np.isnan(held[f"x{k}"])
        exact = stats.spearmanr(held[f"x{k}"][known], values[known, k]).statistic
        assert found.columns[k].direction == pytest.approx(exact, abs=0.05)
    assert found.columns[4].direction is None
    assert found.columns[4].levels == ("Rome", "Oslo", "Bonn")
    assert sum(map(sum, found.columns[0].counts)) == 900


@pytest.mark.slow
@settings(max_examples=8)
@given(st.integers(0, 10**6), st.sampled_from([(600, 600), (1000, 120), (150, 1000)]))
def test_of_windows_without_any_change_no_more_are_told_than_was_asked(seed, rows):
    """Of 60 references and windows each, at a rate of one in twenty for all columns and tests together."""
    found = [
        any(one.differs for one in told(reference(rows[0], seed + 2 * k), rows[1], seed + 2 * k + 1)) for k in range(60)
    ]

    assert sum(found) <= stats.binom.ppf(0.9995, 60, 0.05)


def test_a_column_that_speaks_the_other_way_is_found_though_its_effects_are_spread_as_before():
    """Values and effects each look as before: only together they do not."""
    first, *others = told(reference(), 800, 7, flip=True)

    assert (first.column, first.turned, first.important) == ("x0", True, True)
    assert first.effect < 0.1
    assert first.importance[0] == pytest.approx(first.importance[1], rel=0.1)
    assert not any(one.important for one in others)


def test_a_change_that_matters_is_told_with_how_much():
    before = reference()
    values, held = drawn(800, 5)
    values[:, 2] *= 1.8

    first = compare_reasons(before, counted_reasons(before, values, held), 0.05)[0]
    assert (first.column, first.important) == ("x2", True)
    assert first.importance[1] > 1.5 * first.importance[0]
    assert 0 < first.low < first.importance[1] - first.importance[0] < first.high
    assert sum(now for _, now in first.parts) == pytest.approx(1, abs=0.01)


def test_what_weighs_next_to_nothing_never_matters():
    values, held = drawn(600, 0)
    before = reference_reasons(explained(values * [1, 1, 1, 1, 0.01]), held)
    values, held = drawn(800, 1)

    found = compare_reasons(before, counted_reasons(before, values * [1, 1, 1, 1, 0.03], held), 0.05)
    city = next(one for one in found if one.column == "city")
    assert city.differs
    assert not city.important


def test_a_file_holds_the_same_and_no_row(tmp_path):
    before = reference(rows=2000)
    path = before.save(tmp_path / "reasons.json")

    assert Reasons.load(path) == before
    assert path.stat().st_size < 2000 * len(before.columns)


@pytest.mark.parametrize("wrong", [{"counts": [[1, 2]]}, {"edges": [0.5]}, {"levels": ["a"]}, {"moments": [1.0, 2.0]}])
def test_counts_that_are_not_of_their_parts_are_refused(wrong):
    column = {
        "column": "x",
        "moments": [2.0, 1.0, 0.0, 0.0, 0.0],
        "mean": 1.0,
        "edges": [],
        "given": [],
        "counts": [[2]],
    }

    assert ColumnReasons.from_dict(column).rows == 2
    with pytest.raises(ValueError, match="counts of 'x'"):
        ColumnReasons.from_dict({**column, **wrong})
