"""Columns whose groups are worth a look: those by which people are told apart first."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.core.contract import Column, Contract
from workbench.core.group_choices import choices

FEW, MANY = ("a", "b", "c"), tuple(f"v{k}" for k in range(31))


def test_sensitive_columns_come_first_then_those_that_law_tells_people_apart_by():
    columns = (
        Column("city", "category", categories=FEW), Column("Age", "integer"), Column("sex", "category", categories=FEW),
        Column("score", "number", sensitive=True), Column("flag", "boolean"), Column("income", "number"),
    )  # fmt: skip

    assert choices(Contract(columns)) == (("score", "sex", "Age"), ("flag", "city"))


@pytest.mark.parametrize("name", ["sex", "Gender", "SEX", "marital_status", "Marital Status", "SeniorCitizen", "Alter"])
def test_a_name_counts_however_it_is_written(name):
    assert choices(Contract((Column(name, "category", categories=FEW),))).people == (name,)


@pytest.mark.parametrize("name", ["housing_median_age", "page", "sexy", "race_time", "wage"])
def test_a_word_inside_another_name_tells_nothing(name):
    assert choices(Contract((Column(name, "category", categories=FEW),))) == ((), (name,))


@pytest.mark.parametrize(
    "column",
    [
        Column("sex", "category", role="target", categories=FEW),
        Column("sex", "category", role="personal", categories=FEW, sensitive=True),
        Column("race", "category", categories=MANY), Column("race", "text", sensitive=True),
        Column("age", "datetime", role="time"), Column("id", "integer", role="id", sensitive=True),
    ],
)  # fmt: skip
def test_what_makes_no_groups_is_not_offered(column):
    assert choices(Contract((column,))) == ((), ())


COLUMNS = st.builds(
    Column, st.sampled_from(["sex", "age", "x", "y", "z"]), st.sampled_from(["number", "category", "boolean", "text"]),
    st.sampled_from(["feature", "ignored", "known_after"]), categories=st.sampled_from([None, FEW, MANY]),
    sensitive=st.booleans(),
)  # fmt: skip


@given(st.lists(COLUMNS, max_size=5, unique_by=lambda column: column.name))
def test_no_column_is_offered_twice_and_sensitive_ones_before_others(columns):
    people, others = choices(Contract(tuple(columns)))
    sensitive = [column.name for column in columns if column.sensitive]

    assert len({*people, *others}) == len(people) + len(others)
    assert not set(others) & {*sensitive, "sex", "age"}
    assert [name for name in people if name in sensitive] == list(people[: len(set(people) & set(sensitive))])
