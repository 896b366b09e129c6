"""The Pareto front of score and cost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.core.cost import best_of_their_cost

numbers = st.sampled_from([0.5, 1.0, 2.0, 3.0])


@given(st.lists(st.tuples(numbers, numbers), min_size=1, max_size=8), st.booleans())
def test_none_beats_a_candidate_of_the_front_at_both_and_each_other_one_is_beaten(points, larger):
    named = [(str(k), cost, score) for k, (cost, score) in enumerate(points)]
    front = best_of_their_cost(named, larger)

    for name, cost, score in named:
        others = [(c, s) for _, c, s in named if (c, s) != (cost, score)]
        beaten = any(c <= cost and (s >= score if larger else s <= score) for c, s in others)
        alike = [o for o, c, s in named if (c, s) == (cost, score) and o in front]

        assert len(alike) == (0 if beaten else 1), name


@pytest.mark.parametrize(("larger", "front"), [(True, ("a", "c")), (False, ("a", "b"))])
def test_what_is_better_is_said_by_the_score(larger, front):
    assert best_of_their_cost([("a", 1.0, 0.5), ("b", 2.0, 0.4), ("c", 3.0, 0.6)], larger) == front
