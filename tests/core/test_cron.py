"""Moments of cron expressions: none is left out or told twice, whatever is asked and whatever the clocks do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.core.cron import expression_of, latest, moments, next_times, zone_of
from workbench.errors import BadParameter

ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Pacific/Auckland", "Australia/Lord_Howe", "Antarctica/Troll",
         "Asia/Kolkata", "Africa/Casablanca"]  # fmt: skip
FIELD = st.sampled_from
EXPRESSIONS = st.tuples(
    FIELD(["0", "30", "*/7", "*", "0,59", "15-45/10"]),
    FIELD(["*", "0", "1", "2", "3", "1-3", "*/5", "23"]),
    FIELD(["*", "1", "L", "*/9", "28-31"]),
    FIELD(["*", "3,10", "mar-apr", "2"]),
    FIELD(["*", "sun", "mon-fri", "7", "5#2", "6L"]),
).map(" ".join)
# Around the nights in which clocks change, too.
CHANGES = [datetime(2027, 3, 28, 1), datetime(2027, 10, 31, 1), datetime(2027, 4, 3, 14), datetime(2027, 11, 7, 5)]
TIMES = st.one_of(
    st.datetimes(datetime(2026, 1, 1), datetime(2032, 1, 1)),
    st.builds(lambda at, d: at + d, st.sampled_from(CHANGES), st.timedeltas(-timedelta(hours=5), timedelta(hours=5))),
).map(lambda moment: moment.replace(tzinfo=UTC))


@given(EXPRESSIONS, st.sampled_from(ZONES), TIMES, st.integers(0, 4))
def test_moments_are_the_same_whatever_they_are_asked_after(
    expression: str, zone: str, after: datetime, skipped: int
) -> None:
    """Whoever looks again from any of them, or from just before one, sees the rest of the same row."""
    known = expression_of(expression)
    row = list(islice(moments(known, zone, after), 8))

    assert all(a.astimezone(UTC) < b.astimezone(UTC) for a, b in pairwise([after, *row]))
    assert list(islice(moments(known, zone, row[skipped]), 7 - skipped)) == row[skipped + 1 :]
    just_before = row[skipped].astimezone(UTC) - timedelta(microseconds=1)
    assert next(moments(known, zone, just_before)) == row[skipped]


@given(EXPRESSIONS, st.sampled_from(ZONES), TIMES, st.integers(1, 7))
def test_the_last_of_many_is_found_without_going_through_them_all(
    expression: str, zone: str, after: datetime, n: int
) -> None:
    known = expression_of(expression)
    row = list(islice(moments(known, zone, after), n + 1))

    assert latest(known, zone, after, row[n - 1].astimezone(UTC)) == row[n - 1]
    assert latest(known, zone, after, row[n].astimezone(UTC) - timedelta(seconds=1)) == row[n - 1]
    assert latest(known, zone, after, after) is None


@pytest.mark.parametrize(
    ("expression", "after", "expected"),
    [
        # 2:00 to 3:00 does not exist on 28 March, and comes twice on 31 October.
        ("30 2 * * *", "2027-03-27T12:00+00:00", ["03-28 03:00 +0200", "03-29 02:30 +0200"]),
        ("30 2 * * *", "2027-10-30T12:00+00:00", ["10-31 02:30 +0200", "11-01 02:30 +0100"]),
        ("0 * * * *", "2027-03-28T00:30+00:00", ["03-28 03:00 +0200", "03-28 04:00 +0200"]),
        ("0 * * * *", "2027-10-30T23:30+00:00", ["10-31 02:00 +0200", "10-31 02:00 +0100", "10-31 03:00 +0100"]),
        ("*/30 2 * * *", "2027-10-30T23:30+00:00", ["10-31 02:00 +0200", "10-31 02:30 +0200", "10-31 02:00 +0100"]),
    ],
)
def test_where_clocks_change_debians_rules_hold(expression: str, after: str, expected: list[str]) -> None:
    found = next_times(expression, "Europe/Berlin", len(expected), datetime.fromisoformat(after))

    assert [f"{moment:%m-%d %H:%M %z}" for moment in found] == expected


@given(st.one_of(st.text(max_size=30), st.text("0123456789*/,-#L@ mondaily", max_size=30)))
def test_any_text_is_an_expression_or_refused_with_an_example(text: str) -> None:
    known, said = _read(text)

    assert (known is None) == ("30 6 * * mon-fri" in said)
    assert known is None or (expression_of(known), len(next_times(known, "UTC", 2))) == (known, 2)


def _read(text: str) -> tuple[str | None, str]:
    try:
        return expression_of(text), ""
    except BadParameter as error:
        return None, str(error)


@pytest.mark.parametrize(
    ("expression", "sentence"),
    [
        ("61 * * * *", "the minute '61' is none (0 to 59)"),
        ("0 25 * * *", "the hour '25' is none (0 to 23)"),
        ("0 0 0 * *", "the day-of-month '0'"),
        ("0 0 * foo *", "the month 'foo'"),
        ("0 0 * * 8", "the day-of-week '8'"),
        ("0 0 31 2 *", "that the months have"),
        ("* * */20 * 1L", "never comes in fifty years"),
        ("* * * *", "has five fields (minute, hour, day-of-month, month, day-of-week), got '* * * *'"),
        ("* * * * * *", "has five fields"),
        ("@reboot", "has five fields"),
        ("* " * 500, "a text of 1,000 characters"),
        (None, "got None"),
        (5, "got the number 5"),
    ],
)
def test_what_is_no_expression_is_told_by_its_field(expression: object, sentence: str) -> None:
    with pytest.raises(BadParameter) as caught:
        expression_of(expression)

    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    "name", ["Europe/Berlim", "Europe", "../etc/passwd", "", "a\0b", "x" * 400, 3, "\ud800", b"UTC"]
)
def test_what_is_no_zone_is_refused(name: object) -> None:
    with pytest.raises(BadParameter, match=r"no such time zone.*IANA name"):
        zone_of(name)


def test_a_zone_that_is_spelt_wrongly_is_guessed() -> None:
    with pytest.raises(BadParameter, match="Did you mean 'Europe/Berlin'"):
        zone_of("Europe/Berlim")


def test_the_machines_zone_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tzlocal.get_localzone_name", lambda: "Pacific/Auckland")

    assert zone_of() == "Pacific/Auckland"
    assert next_times("0 2 * * *", n=1)[0].tzinfo == ZoneInfo("Pacific/Auckland")


@pytest.mark.parametrize("name", [None, "EST5EDT,M3.2.0,M11.1.0"])
def test_a_machine_whose_zone_has_no_name_asks_for_one(name: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tzlocal.get_localzone_name", lambda: name)

    with pytest.raises(BadParameter, match=r"no name\. Give one, such as zone='Europe/Berlin'"):
        zone_of()
