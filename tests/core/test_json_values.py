"""Values of a table as JSON."""

import json
from datetime import date
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.core.json_values import plain, rows

anything = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**62), 2**62), st.floats(), st.text(max_size=5), st.datetimes(),
    st.dates(), st.decimals(allow_nan=False), st.binary(max_size=3),
)  # fmt: skip


@given(anything)
def test_every_value_is_strict_json(value):
    json.dumps(plain(value), allow_nan=False)


MISSING = [None, np.nan, np.inf, -np.inf, pd.NaT, pd.NA, np.datetime64("NaT"), np.float32("nan"), Decimal("NaN")]


@pytest.mark.parametrize("value", MISSING)
def test_missing_and_infinite_values_are_none(value):
    assert plain(value) is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.int64(3), 3),
        (np.float64(0.5), 0.5),
        (np.bool_(True), True),
        (pd.Timestamp("2013-07-04 10:00", tz="UTC"), "2013-07-04T10:00:00+00:00"),
        (np.datetime64("2013-07-04T10:00", "ns"), "2013-07-04T10:00:00"),
        (date(2013, 7, 4), "2013-07-04"),
        (Decimal("1.50"), "1.50"),
    ],
)
def test_values_of_numpy_and_pandas_become_plain(value, expected):
    assert plain(value) == expected
    assert type(plain(value)) is type(expected)


def test_rows_are_dicts_and_hidden_columns_are_masked():
    table = pd.DataFrame({"age": [1.0, np.nan], "name": ["Ada", None], "at": pd.to_datetime(["2013-07-04", None])})
    assert rows(table, hidden=["name"]) == (
        {"age": 1.0, "name": "•••", "at": "2013-07-04T00:00:00"},
        {"age": None, "name": "•••", "at": None},
    )


def test_a_table_without_rows_has_none():
    assert rows(pd.DataFrame({"a": []})) == ()
