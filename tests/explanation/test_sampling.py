"""Sampled values: they are those of brute force within their intervals, add up, and leave alone what does nothing."""

from itertools import combinations
from math import factorial

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.explanation import sampling
from workbench.explanation.sampling import sample

COLUMNS = ["number", "word", "flag", "idle"]


def table(rows, seed):
    random = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "number": random.normal(size=rows),
            "word": pd.Series(random.choice(["a", "b"], rows), dtype="str"),
            "flag": random.integers(0, 2, rows),
            "idle": pd.Categorical(random.choice(["x", "y"], rows), categories=["x", "y"]),
        }
    )


def answer(frame):
    """With an interaction of a number and a text, and one column that does nothing."""
    assert frame["word"].dtype == "str"
    assert frame["idle"].dtype == "category"
    return (frame["number"] * (frame["word"] == "a") + 0.5 * frame["flag"]).to_numpy(float)


def by_brute_force(rows, background):
    """Shapley values over all coalitions, against all background rows."""
    p = len(COLUMNS)

    def worth(row, names):
        moved = background.copy()
        for name in names:
            moved[name] = pd.Series([row[name]] * len(moved)).astype(background[name].dtype)
        return answer(moved).mean()

    values = np.zeros((len(rows), p))
    for i, row in enumerate(rows.to_dict("records")):
        for j, name in enumerate(COLUMNS):
            rest = [c for c in COLUMNS if c != name]
            for size in range(p):
                weight = factorial(size) * factorial(p - size - 1) / factorial(p)
                values[i, j] += weight * sum(
                    worth(row, (*names, name)) - worth(row, names) for names in combinations(rest, size)
                )
    return values


def test_values_are_those_of_brute_force_within_their_intervals():
    rows, background = table(12, 1), table(20, 2)
    found = sample(answer, rows, background, seed=0)
    expected = by_brute_force(rows, background)
    inside = np.abs(found.values - expected) <= found.half_width + 1e-12
    assert inside.mean() >= 0.85
    assert np.abs(found.values - expected).max() < 0.35
    assert found.base == pytest.approx(answer(background).mean())


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 9), st.integers(1, 9))
def test_values_add_up_and_what_does_nothing_has_none(seed, rows, others):
    explained = table(rows, seed)
    found = sample(answer, explained, table(others, seed + 1), seed)
    np.testing.assert_allclose(found.base + found.values.sum(axis=1), answer(explained), atol=1e-9)
    assert not found.values[:, COLUMNS.index("idle")].any()
    assert not found.half_width[:, COLUMNS.index("idle")].any()
    assert sampling.FEWEST <= found.draws <= sampling.MOST


def test_the_same_seed_gives_the_same_values_however_many_are_asked_together(monkeypatch):
    monkeypatch.setattr(sampling, "MOST", 16)
    whole = sample(answer, table(5, 1), table(9, 2), seed=3)
    monkeypatch.setattr(sampling, "ASKED", 7)
    parts = sample(answer, table(5, 1), table(9, 2), seed=3)
    np.testing.assert_array_equal(whole.values, parts.values)


def test_a_model_that_says_the_same_of_all_rows_ends_at_once():
    found = sample(lambda frame: np.full(len(frame), 2.0), table(5, 1), table(9, 2), seed=0)
    assert (found.draws, found.base) == (sampling.FEWEST, 2.0)
    assert not found.values.any()


@pytest.mark.parametrize(("after", "counts"), [(3, False), (20, True)])
def test_an_interrupt_keeps_what_was_drawn_where_that_is_enough(after, counts):
    asked = []

    def interrupted(frame):
        asked.append(len(frame))
        if len(asked) > 2 + 2 * after:
            raise KeyboardInterrupt
        return np.random.default_rng(len(asked)).normal(size=len(frame))

    if not counts:
        with pytest.raises(KeyboardInterrupt):
            sample(interrupted, table(5, 1), table(9, 2), seed=0)
        return
    assert sample(interrupted, table(5, 1), table(9, 2), seed=0).draws == after
