"""Windows in the order of their time; where none is known, in the order in which people read their names."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, Protocol, TypeVar

_DIGITS = re.compile(r"(\d+)")
_LIVE = re.compile(r"live-|\.v\d+$")
_YEAR = re.compile(r"(?P<year>(?:19|20)\d\d)(?:-?[qQ](?P<quarter>[1-4]))?")
_MONTH = re.compile(r"(?P<year>(?:19|20)\d\d)-(?P<month>0?[1-9]|1[0-2])(?:-(?P<day>[0-3]?\d))?")
_WEEK = re.compile(r"(?P<year>(?:19|20)\d\d)-?[wW](?P<week>\d\d?)")


class Timed(Protocol):
    """What has a name, and perhaps the first and the last moment of its rows."""

    @property
    def label(self) -> str:
        """Its name."""

    @property
    def begin(self) -> str:
        """The first moment, ISO 8601 in UTC, or nothing."""

    @property
    def end(self) -> str:
        """The last moment likewise."""


Some = TypeVar("Some", bound=Timed)


def in_time(windows: Iterable[Some]) -> list[Some]:
    """Windows by the first moment of their rows, or by the date that their name is; those without one come first.

    Of one moment, and without any, they come as people count: ``week2`` before ``week10``.
    """
    return sorted(windows, key=_place)


def natural(text: str) -> tuple[Any, ...]:
    """A key by which numbers within names sort as numbers.

    >>> sorted(["week10", "week2", "Week1"], key=natural)
    ['Week1', 'week2', 'week10']
    """
    parts = _DIGITS.split(text)
    return tuple((0, int(part), "") if part.isdecimal() else (1, 0, part.lower()) for part in parts if part), text


def date_of(label: str) -> date | None:
    """The first day of what a name stands for; None where it is no date.

    >>> date_of("2026-07"), date_of("live-2026-07-03.v2"), date_of("2026-W02"), date_of("2026Q3"), date_of("week 2")
    (datetime.date(2026, 7, 1), datetime.date(2026, 7, 3), datetime.date(2026, 1, 5), datetime.date(2026, 7, 1), None)
    """
    bare = bare_name(label)
    try:
        if found := _MONTH.fullmatch(bare):
            return date(int(found["year"]), int(found["month"]), int(found["day"] or 1))
        if found := _WEEK.fullmatch(bare):
            return date.fromisocalendar(int(found["year"]), int(found["week"]), 1)
        if found := _YEAR.fullmatch(bare):
            return date(int(found["year"]), 3 * int(found["quarter"] or 1) - 2, 1)
    except ValueError:  # no such day
        return None
    return None


def bare_name(label: str) -> str:
    """A name without what says that it is the service's, and of which version.

    >>> bare_name("live-2026-07.v2"), bare_name("2026-07")
    ('2026-07', '2026-07')
    """
    return _LIVE.sub("", label)


def _place(one: Timed) -> tuple[Any, ...]:
    day = None if one.begin else date_of(one.label)
    begin = one.begin or (day.isoformat() if day else "")
    return begin, one.end or begin, natural(one.label)


def span(moments: Iterable[datetime]) -> tuple[str, str]:
    """First and last of some moments in UTC, as windows have them.

    >>> span([datetime(2026, 7, 2), datetime(2026, 7, 1, 12, 30)])
    ('2026-07-01T12:30:00+00:00', '2026-07-02T00:00:00+00:00')
    """
    from datetime import UTC

    known = sorted(one.replace(tzinfo=UTC) if one.tzinfo is None else one.astimezone(UTC) for one in moments)
    return (known[0].isoformat(timespec="seconds"), known[-1].isoformat(timespec="seconds")) if known else ("", "")
