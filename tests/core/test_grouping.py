"""Groups: values of a column, parts of its range, what is missing; the same for every later row."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.core.grouping import (
    FEW_NUMBERS,
    MISSING,
    OTHER,
    TOGETHER,
    Grouping,
    as_text,
    crossed,
    groups_of,
    named,
    with_enough,
)
from workbench.errors import BadParameter

WORDS = ["a", "b", "missing", "(missing)", "((missing))", "other values", "(other values)", ""]
VALUES = st.one_of(st.none(), st.sampled_from(WORDS))
NUMBERS = st.floats(allow_nan=False) | st.floats(-1e6, 1e6) | st.integers(2000, 2030).map(float)
EDGES = st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=12, unique=True).map(sorted)


@given(st.lists(VALUES, min_size=1, max_size=40), st.lists(VALUES | st.just("new"), max_size=20))
def test_every_row_is_of_one_group_and_later_rows_of_the_same(first, later):
    grouping = Grouping.by(pd.Series(first, dtype=object, name="kind"))

    for values in (first, later):
        told = [grouping.names[k] for k in grouping.of(pd.Series(values, dtype=object))]
        there = set(grouping.values)
        named_so = [grouping.missing if v is None else v if v in there else grouping.other for v in values]
        assert told == named_so


@given(st.lists(st.sampled_from(WORDS), max_size=8, unique=True), EDGES)
def test_no_two_groups_have_one_name_and_the_words_are_the_same_wherever_they_are_free(values, edges):
    by_value, by_part = Grouping("x", tuple(values)), Grouping("x", edges=tuple(edges))

    for grouping in (by_value, by_part):
        assert len(set(grouping.names)) == len(grouping.names)
    assert by_part.names[-2:] == (MISSING, OTHER)
    assert by_value.names[: len(values)] == tuple(values)
    assert (by_value.missing == MISSING) == (MISSING not in values)


@given(st.lists(NUMBERS | st.none(), min_size=1, max_size=60))
def test_quarters_part_the_rows_in_the_order_of_their_numbers(numbers):
    column = pd.Series(numbers, dtype=float, name="x")
    grouping = Grouping.by(column, rest=True)
    codes = grouping.of(column)

    assert (codes == len(grouping.names) - 2).tolist() == [v is None for v in numbers]
    finite = np.isfinite(column.to_numpy(dtype=float))
    if column[finite].nunique() > FEW_NUMBERS:
        assert len(set(codes[finite])) > 1
        assert (np.diff(codes[finite][np.argsort(column[finite], kind="stable")]) >= 0).all()
        assert list(grouping.edges) == sorted(set(grouping.edges))
    else:
        assert not grouping.edges


@given(st.integers(0, 10**6), st.floats(-1e9, 1e9), st.floats(1e-3, 1e6))
def test_quarters_hold_about_a_quarter_wherever_the_numbers_lie(seed, middle, width):
    """Also where the numbers are large and hardly differ, as years do."""
    numbers = np.random.default_rng(seed).normal(middle, width, 400)

    codes = Grouping.by(pd.Series(numbers, name="x")).of(pd.Series(numbers))
    assert np.bincount(codes, minlength=4)[:4].min() > 80


@given(st.lists(st.floats(allow_nan=False), min_size=2, max_size=6, unique=True))
def test_different_numbers_have_different_names(numbers):
    assert len({as_text(v) for v in numbers}) == len(numbers)
    assert [as_text(np.float64(v)) for v in numbers] == [as_text(v) for v in numbers]


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
    assert Grouping.by(pd.Series([*[0.0] * 90, *range(1, 11)], name="gain")).names[:2] == ("below 1", "1 and more")
    assert Grouping.by(pd.Series([*[0.0] * 40, *range(1, 61)], name="gain")).names[:3] == (
        "below 10.5", "10.5 to below 35.2", "35.2 and more"
    )  # fmt: skip


def test_moments_have_quarters_by_date_the_same_in_every_zone():
    days = pd.Series(pd.date_range("2026-01-01", periods=100, freq="D"), name="day")
    grouping = Grouping.by(days)

    assert grouping.names[:4] == (
        "before 2026-01-25", "2026-01-25 to before 2026-02-19", "2026-02-19 to before 2026-03-16",
        "2026-03-16 and later",
    )  # fmt: skip
    assert np.bincount(grouping.of(days)).tolist() == [25, 25, 25, 25]
    assert (grouping.of(days.dt.tz_localize("UTC").dt.tz_convert("Asia/Tokyo")) == grouping.of(days)).all()
    minutes = pd.Series(pd.date_range("2026-01-01 08:00", periods=9, freq="7min"), name="at")
    assert Grouping.by(minutes).names[0] == "before 2026-01-01 08:14"


@pytest.mark.parametrize("moments", [False, True])
def test_a_later_column_of_another_kind_has_no_part_and_a_gap_is_still_a_gap(moments):
    grouping = Grouping("x", edges=(10.0, 20.0), moments=moments)

    told = [grouping.names[k] for k in grouping.of(pd.Series(["?", None], dtype=object))]
    assert told == [OTHER, MISSING]


def test_rarer_values_are_told_together_where_that_is_asked_for():
    column = pd.Series([*"aaabbcd", None], name="kind")

    codes, names = groups_of(column, most=2)

    assert names == ("a", "b", MISSING, OTHER)
    assert np.bincount(codes).tolist() == [3, 2, 1, 2]


@given(st.lists(st.integers(0, 5), min_size=1, max_size=60), st.integers(1, 8))
def test_groups_of_few_rows_are_one_and_none_is_in_two(codes, fewest):
    parts = dict(with_enough(np.array(codes), list("abcdef"), fewest))

    assert all(rows.sum() >= fewest for rows in parts.values())
    assert (sum((rows.astype(int) for rows in parts.values()), np.zeros(len(codes), int)) <= 1).all()
    left = len(codes) - sum(int(rows.sum()) for rows in parts.values())
    assert left < fewest
    assert left == 0 or TOGETHER not in parts


@given(st.lists(st.sampled_from(WORDS), max_size=8, unique=True), EDGES)
def test_names_of_older_versions_lead_to_those_of_now(values, edges):
    """Then gaps were ``(missing)``, and numbers had four digits."""
    by_value, by_part = Grouping("x", tuple(values)), Grouping("x", edges=tuple(edges))

    assert all(by_value.renamed[value] == value for value in values)
    assert by_value.renamed.get("(missing)") == ("(missing)" if "(missing)" in values else by_value.missing)
    assert (by_part.renamed["(missing)"], by_part.renamed["(other values)"]) == (MISSING, OTHER)
    old = f"{edges[-1]:,.0f}" if edges[-1].is_integer() else f"{edges[-1]:,.4g}"
    assert by_part.renamed[f"{old} and more"] == by_part.names[len(edges)]


def test_a_category_that_no_row_has_is_no_group():
    column = pd.Series(pd.Categorical(["a", "b", "a"], categories=["c", "b", "a"]), name="kind")

    assert Grouping.by(column).values == ("a", "b")


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
