"""Moments of a cron expression in a time zone, as Debian's cron has them.

What runs at a fixed time runs once a day whatever the clocks do: where they skip it, right after; where they repeat it,
the first time. What runs every so many minutes or hours follows the time that really passes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import islice
from zoneinfo import ZoneInfo, available_timezones

from workbench.core.arguments import described
from workbench.errors import BadParameter, nearest

EXAMPLE = "Write for example '30 6 * * mon-fri': at 6:30 on weekdays"
FIELDS = {
    "minute": "0 to 59",
    "hour": "0 to 23",
    "day-of-month": "1 to 31, L for the last, and one that the months have",
    "month": "1 to 12, or jan to dec",
    "day-of-week": "0 to 7, or sun to sat",
}
WORDS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
LONGEST = 200  # characters of an expression
# Clocks are moved by 3 hours at most: what is asked from before that does not depend on where it begins.
BEFORE = timedelta(hours=3)
_SPANS = (timedelta(hours=4), timedelta(days=2), timedelta(days=40), timedelta(days=400), timedelta(days=9 * 366))


def expression_of(text: object) -> str:
    """A cron expression of five fields, if ``text`` is one.

    Raises
    ------
    BadParameter
        Naming the field that is wrong, with an example.

    Examples
    --------
    >>> expression_of(" 0  2 * * MON "), expression_of("@daily")
    ('0 2 * * mon', '0 0 * * *')
    >>> expression_of("61 2 * * *")
    Traceback (most recent call last):
    ...
    workbench.errors.BadParameter: In '61 2 * * *' the minute '61' is none (0 to 59). Write for example ...
    """
    if not isinstance(text, str) or len(text) > LONGEST:
        came = f"a text of {len(text):,} characters" if isinstance(text, str) else described(text)
        raise BadParameter(f"When it runs is a cron expression, got {came}. {EXAMPLE}.")
    words = text.lower().split()
    fields = WORDS[words[0]].split() if len(words) == 1 and words[0] in WORDS else words
    if len(fields) != len(FIELDS):
        names = ", ".join(FIELDS)
        raise BadParameter(f"A cron expression has five fields ({names}), got {text!r}. {EXAMPLE}.")
    expression = " ".join(fields)
    _check(expression, fields)
    return expression


def _check(expression: str, fields: list[str]) -> None:
    from cronsim import CronSim, CronSimError

    try:
        next(CronSim(expression, datetime(2026, 1, 1)))
    except CronSimError as error:
        field = str(error).removeprefix("Bad ")
        position = list(FIELDS).index(field) if field in FIELDS else 0
        got = f"the {field} {fields[position]!r} is none ({FIELDS[field]})" if field in FIELDS else "a field is wrong"
        raise BadParameter(f"In {expression!r} {got}. {EXAMPLE}.") from error
    except (StopIteration, OverflowError) as error:
        raise BadParameter(f"{expression!r} never comes in fifty years. {EXAMPLE}.") from error


def zone_of(name: object = None) -> str:
    """The IANA name of a time zone, by default the machine's.

    Raises
    ------
    BadParameter
        If there is none of that name, or the machine's has no name.

    Examples
    --------
    >>> zone_of("Europe/Berlin")
    'Europe/Berlin'
    """
    if name is None:
        return _local()
    try:
        if isinstance(name, str) and ZoneInfo(name).key:
            return name
    except (LookupError, ValueError, OSError):
        pass  # told below, in the same words for all
    near = nearest(name, sorted(available_timezones())) if isinstance(name, str) else ""
    message = f"There is no such time zone: {described(name)}. {near}"
    raise BadParameter(f"{message}Give an IANA name such as 'Europe/Berlin', or 'UTC'.")


def _local() -> str:
    from tzlocal import get_localzone_name

    try:
        return zone_of(get_localzone_name() or "?")
    except (LookupError, ValueError, OSError, BadParameter) as error:
        message = "The time zone of this machine has no name. Give one, such as zone='Europe/Berlin', or 'UTC'."
        raise BadParameter(message) from error


def moments(expression: str, zone: str, after: datetime) -> Iterator[datetime]:
    """The moments of an expression after one, in their order, in the zone's time.

    The same ones whatever they are asked after: a moment is neither left out nor told twice where clocks change.

    Parameters
    ----------
    expression : str
        As :func:`expression_of` gives it.
    zone : str
        As :func:`zone_of` gives it.
    after : datetime
        With a zone.

    Examples
    --------
    >>> from itertools import islice
    >>> found = moments("30 2 * * *", "Europe/Berlin", datetime(2027, 3, 27, 12, tzinfo=UTC))
    >>> [f"{moment:%d %b %H:%M %z}" for moment in islice(found, 2)]
    ['28 Mar 03:00 +0200', '29 Mar 02:30 +0200']
    """
    from cronsim import CronSim

    local, last = ZoneInfo(zone), after.astimezone(UTC)
    try:
        for found in CronSim(expression, (last - BEFORE).astimezone(local)):
            moment = found.astimezone(UTC)
            if moment > last:
                last = moment
                yield moment.astimezone(local)
    except OverflowError:  # the end of the calendar
        return


def next_times(
    expression: object, zone: object = None, n: int = 5, after: datetime | None = None
) -> tuple[datetime, ...]:
    """The next moments of a cron expression, in the zone's time.

    Parameters
    ----------
    expression : str
        Five fields, or ``@daily`` and the like.
    zone : str, optional
        An IANA name; by default the machine's zone.
    n : int
        How many.
    after : datetime, optional
        By default now.

    Raises
    ------
    BadParameter
        If the expression or the zone is none.

    Examples
    --------
    >>> found = next_times("0 12 * * *", "Asia/Tokyo", n=2, after=datetime(2027, 1, 1, tzinfo=UTC))
    >>> [moment.isoformat() for moment in found]
    ['2027-01-01T12:00:00+09:00', '2027-01-02T12:00:00+09:00']
    """
    known, where = expression_of(expression), zone_of(zone)
    return tuple(islice(moments(known, where, after or datetime.now(UTC)), n))


def latest(expression: str, zone: str, after: datetime, until: datetime) -> datetime | None:
    """The last moment after ``after`` that is not later than ``until``."""
    for span in (*_SPANS, until - after):
        start, found = max(after, until - span), None
        for moment in moments(expression, zone, start):
            if moment > until:
                break
            found = moment
        if found is not None or start == after:
            return found
    return None


@cache
def explained(expression: str) -> str:
    """What an expression says, in English.

    >>> explained("30 6 * * mon-fri")
    'At 06:30 on Monday through Friday'
    """
    from cronsim import CronSim

    told = CronSim(expression, datetime(2026, 1, 1)).explain()
    return re.sub(r"\s+", " ", told)
