"""How long something takes, as people write it: ``30d``, ``1.5 h``."""

from __future__ import annotations

import re
from datetime import timedelta

from workbench.errors import BadParameter

SPAN = re.compile(r"(\d+(?:\.\d+)?) ?(s|min|h|d|w)\Z", re.ASCII)
UNITS = {"s": "seconds", "min": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def span(text: str | timedelta) -> timedelta:
    """A time of so many seconds, minutes, hours, days or weeks.

    Raises
    ------
    BadParameter
        If it is none, or longer than a million of them.

    Examples
    --------
    >>> span("30d"), span("1.5 h")
    (datetime.timedelta(days=30), datetime.timedelta(seconds=5400))
    """
    if isinstance(text, timedelta):
        return text
    match = SPAN.match(text.strip()) if isinstance(text, str) else None
    if match is None or float(match[1]) > 1e6:
        raise BadParameter(f"A time is a number and one of {', '.join(UNITS)}, got {str(text)[:80]!r}. Write 30d.")
    return timedelta(**{UNITS[match[2]]: float(match[1])})
