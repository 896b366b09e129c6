"""Rows against the contract: problems name the field, unusual values are flagged."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.core.checking import MANY, Checker, check, check_columns, check_rows
from workbench.core.contract import Column, Contract
from workbench.core.reading import Form

CONTRACT = Contract(
    (
        Column("age", "integer", minimum=18.0, maximum=90.0),
        Column("income", "number", missing_allowed=False),
        Column("city", "category", categories=("Ulm", "Bonn")),
        Column("note", "text", sensitive=True),
        Column("member", "boolean"),
        Column("when", "datetime"),
        Column("bought", "category", "target"),
    )
)
GOOD = {"age": 40, "income": 1.5, "city": "Ulm", "note": "hi", "member": True, "when": "2013-07-01T16:30:00+02:00"}


def test_a_good_row_is_clean():
    columns, problems, flags = check(GOOD, CONTRACT, CONTRACT.features)

    assert (problems, flags) == ([], [[]])
    assert columns["member"] == [1.0]
    assert columns["when"][0].isoformat() == "2013-07-01T14:30:00"


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("age", "forty", "a whole number"),
        ("age", 40.5, "a whole number"),
        ("age", True, "a whole number"),
        ("income", "1.5", "a finite number"),
        ("income", float("nan"), "a finite number"),
        ("income", float("inf"), "a finite number"),
        ("income", 10**400, "a finite number"),
        ("income", None, "a finite number"),
        ("income", [1], "a finite number"),
        ("city", 3, "a text"),
        ("city", True, "a text"),
        ("member", "yes", "true or false"),
        ("member", 2, "true or false"),
        ("when", "yesterday", "a moment such as 2013-07-01T14:30:00Z"),
        ("when", 5, "a moment such as 2013-07-01T14:30:00Z"),
    ],
)
@pytest.mark.parametrize("before", [0, MANY])
def test_a_wrong_value_names_field_expected_and_got(field, value, expected, before):
    problem = check([GOOD] * before + [{**GOOD, field: value}], CONTRACT, CONTRACT.features).problems

    assert [(p["row"], p["field"], p["expected"]) for p in problem] == [(before, field, expected)]


def test_numbers_of_many_rows_are_an_array_with_nan_where_one_is_missing():
    columns = check([{**GOOD, "age": None}] + [GOOD] * MANY, CONTRACT, CONTRACT.features).columns

    np.testing.assert_array_equal(columns["age"], np.array([np.nan] + [40.0] * MANY))
    assert columns["age"].dtype == columns["member"].dtype == np.float64
    assert columns["city"] == ["Ulm"] * (MANY + 1)


def test_a_missing_column_differs_from_a_null():
    rows = [{k: v for k, v in GOOD.items() if k != "age"}, {**GOOD, "age": None}]

    problems = check(rows, CONTRACT, CONTRACT.features).problems

    assert [(p["row"], p["got"]) for p in problems] == [(0, "nothing: the column is missing")]


def test_every_bad_row_is_reported():
    rows = [GOOD, {**GOOD, "age": "x"}, 7, {**GOOD, "city": 1, "income": "y"}]

    problems = check(rows, CONTRACT, CONTRACT.features).problems

    assert {(p["row"], p["field"]) for p in problems} >= {(1, "age"), (2, ""), (3, "city"), (3, "income")}


def test_unusual_values_are_flagged_and_extra_columns_once():
    rows = [{**GOOD, "city": "Atlantis", "extra": 1}, {**GOOD, "age": -5, "extra": 2}]

    assert check(rows, CONTRACT, CONTRACT.features).flags == [
        ["unseen_category:city", "extra_column:extra"],
        ["out_of_range:age"],
    ]


def test_only_the_models_columns_are_required():
    assert check({"age": 30}, CONTRACT, ("age",)).problems == []


def test_a_long_or_sensitive_value_is_not_echoed():
    secret = "s3cret" * 1000

    (long,) = check({**GOOD, "age": secret}, CONTRACT, CONTRACT.features).problems
    (hidden,) = check({**GOOD, "note": 12345}, CONTRACT, CONTRACT.features).problems

    assert len(long["got"]) < 100
    assert "12345" not in hidden["got"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@pytest.mark.slow
@given(st.lists(st.dictionaries(st.sampled_from(CONTRACT.names), JSON) | JSON, min_size=1, max_size=4))
def test_any_json_is_clean_or_a_problem_in_plain_json(rows):
    columns, problems, flags = check(rows, CONTRACT, CONTRACT.features)

    json.dumps([problems, flags], allow_nan=False)
    if not problems:
        assert all(len(values) == len(rows) for values in columns.values())


GOOD_ROW = st.fixed_dictionaries(
    {
        "age": st.none() | st.integers(0, 120) | st.integers(0, 9).map(float),
        "income": st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.just(10**300),
        "city": st.sampled_from((None, "Ulm", "Bonn", "Rome")),
        "note": st.none() | st.text(),
        "member": st.sampled_from((None, True, False, 0, 1, 0.0, 1.0)),
        "when": st.none() | st.datetimes(timezones=st.none() | st.timezones()).map(lambda moment: moment.isoformat()),
    }
)
HOSTILE = GOOD_ROW | st.dictionaries(st.sampled_from(CONTRACT.names), JSON) | JSON
NEEDED = [CONTRACT[name] for name in CONTRACT.features]


@pytest.mark.slow
@given(st.lists(GOOD_ROW, min_size=1, max_size=20), st.lists(HOSTILE, max_size=2))
def test_rows_checked_by_column_are_found_as_each_by_itself(good, hostile):
    rows = good + hostile

    found, reference = check_columns(rows, NEEDED), check_rows(rows, NEEDED)

    assert found is None or repr(found._replace(columns=listed(found.columns))) == repr(reference)
    assert found is not None or reference.problems


@pytest.mark.slow
@given(st.lists(GOOD_ROW | HOSTILE, min_size=1, max_size=3))
def test_few_rows_are_found_as_value_by_value(rows):
    found, reference = Checker(CONTRACT, CONTRACT.features)._as_usual(rows), check_rows(rows, NEEDED)

    assert found is None or repr(found) == repr(reference)


@pytest.mark.parametrize("age", [None, 18, 90.0])
def test_a_usual_row_needs_no_second_look(age):
    assert Checker(CONTRACT, CONTRACT.features)._as_usual([GOOD, {**GOOD, "age": age}]) is not None


def listed(columns):
    """As the check of single rows gives them."""
    return {n: [None if v != v else v for v in np.asarray(c, object).tolist()] for n, c in columns.items()}


def test_many_rows_are_answered_as_few_are():
    rows = [{**GOOD, "city": "Rome"}, *[GOOD] * 20, {**GOOD, "age": 200, "more": 1}]

    assert check(rows, CONTRACT, CONTRACT.features).flags == [
        ["unseen_category:city"],
        *[[]] * 20,
        ["out_of_range:age", "extra_column:more"],
    ]
    assert check([*rows, {**GOOD, "age": "x"}], CONTRACT, CONTRACT.features).problems == [
        {"row": 22, "field": "age", "expected": "a whole number", "got": "the text 'x'"}
    ]


@pytest.mark.parametrize("rows", [1, 3, 3 * MANY])
@pytest.mark.parametrize("value", [-999, -999.0, "-999", "-999.0", "n.d."])
def test_a_number_may_stand_for_a_missing_value(value, rows):
    form = Form(missing=("-999", "n.d."))
    column = Column("x", "number", minimum=-1000.0, maximum=10.0, form=form)
    given = [{"x": value}, {"x": 1.5}, {"x": 2}] * rows

    columns, problems, flags = check(given, Contract((column,)), ["x"])

    assert problems == []
    assert not any(flags)
    assert [v is None or v != v for v in columns["x"]] == [True, False, False] * rows
    refused = check(given, Contract((replace(column, missing_allowed=False),)), ["x"])
    assert [problem["row"] for problem in refused.problems][:2] == [0, 3][: len(refused.problems)]
    assert len(refused.problems) == rows


@pytest.mark.parametrize("rows", [1, 3 * MANY])
def test_a_date_is_read_by_its_pattern_before_the_usual_one(rows):
    column = Column("day", "datetime", form=Form(moments=("%Y-%d-%m",)))

    columns, problems, _ = check([{"day": "2024-05-03"}, {"day": "2024-05-13"}] * rows, Contract((column,)), ["day"])

    assert problems == []
    assert [d.strftime("%d %B") for d in columns["day"][:2]] == ["05 March", "13 May"]
