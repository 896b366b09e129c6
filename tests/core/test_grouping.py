"""Groups: values of a column, parts of its range, what is missing; the same for every later row."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.core.grouping import MISSING, OTHER, Grouping, as_text, crossed, named
from workbench.errors import BadParameter

VALUES = st.one_of(st.none(), st.sampled_from(["a", "b", "(missing)", ""]))


@given(st.lists(VALUES, min_size=1, max_size=40), st.lists(VALUES | st.just("new"), max_size=20))
def test_every_row_is_of_one_group_and_later_rows_of_the_same(first, later):
    grouping = Grouping.by(pd.Series(first, dtype=object, name="kind"))

    for values in (first, later):
        told = [grouping.names[k] for k in grouping.of(pd.Series(values, dtype=object))]
        there = set(grouping.values)
        assert told == [MISSING if v is None else v if v in there else OTHER for v in values]


@given(st.lists(st.floats(-1e6, 1e6) | st.none(), min_size=3, max_size=20))
def test_a_numbers_parts_hold_what_they_say(numbers):
    column = pd.Series(numbers, dtype=float, name="age")
    edges = [-10.0, 0.0, 99.5]

    codes = Grouping.by(column, edges).of(column)

    expected = [4 if v is None else sum(v >= edge for edge in edges) for v in numbers]
    assert codes.tolist() == expected


def test_many_numbers_are_quarters_and_few_are_values():
    ages = pd.Series(np.arange(100.0), name="age")

    assert Grouping.by(ages).names == ("below 24.8", "24.8 to below 49.5", "49.5 to below 74.2",
                                       "74.2 and more", MISSING, OTHER)  # fmt: skip
    assert Grouping.by(pd.Series([0, 1, 1, 0, 1], name="flag")).values == ("1", "0")
    assert Grouping.by(pd.Series([0.0, 1.0, np.nan], name="flag")).values == ("0", "1")
    assert Grouping.by(pd.Series([True, False, True], name="flag")).values == ("True", "False")


def test_a_number_that_hardly_varies_has_fewer_parts():
    assert Grouping.by(pd.Series([*[0.0] * 90, *range(1, 11)], name="gain")).edges == (0.0,)


def test_many_values_are_refused_with_what_to_do():
    with pytest.raises(BadParameter, match=r"31 values.*regions"):
        Grouping.by(pd.Series([f"v{k}" for k in range(31)], name="city"))


@pytest.mark.parametrize("edges", [[3, 2], [], [1, 1]])
def test_edges_rise(edges):
    with pytest.raises(BadParameter, match="rise"):
        Grouping.by(pd.Series([1.0, 2.0], name="age"), edges)


def test_edges_are_of_numbers_and_of_columns_that_are_grouped_by():
    with pytest.raises(BadParameter, match="no numbers"):
        Grouping.by(pd.Series(["a"], name="city"), [1])
    with pytest.raises(BadParameter, match="not grouped by"):
        named({"size": [1]}, ["age"])


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3)), min_size=1, max_size=60))
def test_crossed_groups_are_the_pairs_that_there_are(pairs):
    first, second = np.array(pairs).T
    codes, names = crossed([first, second], [("x", "y", "z"), ("a", "b", "c", "d")])

    assert [names[k] for k in codes] == [f"{'xyz'[a]}, {'abcd'[b]}" for a, b in pairs]
    assert len(names) == len(set(pairs))


def test_names_of_numbers_are_short():
    assert [as_text(v) for v in (1.0, 2.5, "a", np.True_)] == ["1", "2.5", "a", "True"]
