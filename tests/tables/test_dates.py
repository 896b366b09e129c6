"""Dates as a model takes them: their parts, and the days between each two of them."""

from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import Damaged
from workbench.tables.compiled import CompiledModel
from workbench.tables.dates import date_features, date_parts, pairs
from workbench.tables.encoders import Numbers, days, moments
from workbench.tables.nodes import Linear

MOMENTS = st.none() | st.datetimes(datetime(1700, 1, 1), datetime(2200, 1, 1))
ZONES = st.sampled_from([None, "UTC", "Europe/Berlin", "Asia/Kolkata"])
UNITS = st.sampled_from(["s", "ms", "us", "ns"])


def column(values, zone, unit):
    """Moments of a zone, in a unit."""
    return pd.Series(pd.to_datetime(pd.Series(values, dtype="datetime64[us]"))).dt.tz_localize("UTC").dt.as_unit(
        unit
    ).dt.tz_convert(zone or "UTC").pipe(lambda found: found if zone else found.dt.tz_localize(None))  # fmt: skip


@given(st.lists(st.tuples(MOMENTS, MOMENTS), min_size=1, max_size=5), ZONES, UNITS, UNITS)
def test_differences_are_those_of_pandas(rows, zone, unit, other):
    """Whatever their units and zone; what is missing has none."""
    start, end = (column(values, zone, of) for values, of in zip(zip(*rows, strict=True), (unit, other), strict=True))

    found = date_features(pd.DataFrame({"start": start, "end": end}))[:, -1]

    expected = (end.dt.as_unit("us") - start.dt.as_unit("us")) / pd.Timedelta(days=1)
    np.testing.assert_array_equal(found, expected.to_numpy())


@given(st.lists(MOMENTS, min_size=1, max_size=5), st.booleans())
def test_rows_of_a_service_have_the_features_of_a_frame(values, aware):
    """Moments of Python, in UTC or not, are those of pandas."""
    zone = timezone(timedelta(hours=-5))
    listed = [v and (v.replace(tzinfo=UTC).astimezone(zone) if aware else v) for v in values]
    frame = pd.DataFrame({"a": column(values, None, "us"), "b": pd.Timestamp("2020-02-29 12:00")})
    columns = {"a": listed, "b": [datetime(2020, 2, 29, 12)] * len(values)}

    made = [Numbers(("a", "b"), kind, np.arange(wide)).encode(columns) for kind, wide in (("date", 6), ("calendar", 4))]

    expected = date_features(frame)
    np.testing.assert_array_equal(np.hstack([*made, days(*map(moments, columns.values()))[:, None]]), expected)


def test_a_year_is_a_circle_for_lines():
    dates = pd.DataFrame({"a": pd.to_datetime(["2023-12-04", "2024-01-01", "2024-06-03"]), "b": pd.NaT})

    month = date_features(dates, cyclic=True)[:, [-12, -6]]

    far = np.linalg.norm(month[:, None] - month, axis=2)
    assert far[0, 1] < 0.6 < 1.9 < far[0, 2]


def test_six_dates_make_differences_and_more_only_parts():
    names = [f"d{i}" for i in range(8)]
    dates = pd.DataFrame({name: pd.date_range("2024-01-01", periods=2) for name in names})

    assert len(pairs(names)) == 15
    assert date_features(dates).shape == (2, 8 * 3 + 8 * 2 + 15)
    np.testing.assert_array_equal(date_features(dates)[:, :24], date_parts(dates))


def days_as_a_model(*pair):
    """A line along the days between two columns."""
    encoder = Numbers(pair, "difference", np.array([0]))
    line = Linear(np.array([[3.0]]), np.array([1.0]), np.array([2.0]))
    return CompiledModel("regression", (), ("x", "from", "to"), (encoder.checked(),), line)


def test_what_a_difference_adds_is_told_of_both_dates_in_halves():
    columns = {"x": [0.0], "from": [datetime(2024, 2, 28)], "to": [datetime(2024, 3, 1)]}

    values, base = days_as_a_model("from", "to").explain(columns | {"to": [datetime(2024, 3, 3)]})

    assert (values.tolist(), base) == ([[0.0, 3.0, 3.0]], 7.0)
    assert days_as_a_model("to", "from").predict(columns).tolist() == [-5.0]


@pytest.mark.parametrize(
    "changed", [{"columns": ("from",)}, {"take": np.array([1])}, {"take": np.array([-1])}], ids=str
)
def test_a_difference_of_one_column_or_of_none_is_damaged(changed):
    with pytest.raises(Damaged, match="is not what was written"):
        Numbers(**{"columns": ("from", "to"), "kind": "difference", "take": np.array([0]), **changed}).checked()
