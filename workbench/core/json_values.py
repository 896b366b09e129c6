"""Values of a table as plain JSON."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


MASK = "•••"


def plain(value: Any) -> Any:
    """One value as JSON has it: missing and infinite become None, a moment its ISO 8601 text.

    Examples
    --------
    >>> from datetime import date
    >>> plain(float("nan")), plain(1.5), plain(date(2013, 7, 4))
    (None, 1.5, '2013-07-04')
    """
    if hasattr(value, "item"):
        # numpy counts nanoseconds as an integer; a moment that Python knows has microseconds.
        value = (value.astype("datetime64[us]") if value.dtype.kind == "M" else value).item()
    # NaN and NaT differ from themselves; pandas.NA leaves it open.
    if value is None or (value != value) is not False:
        return None
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, (bool, int, float, str)):
        return value
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def json_value(value: Any) -> Any:
    """Nested dicts, lists and tuples of values as plain JSON: names are texts, and what is no number is None.

    Examples
    --------
    >>> json_value({1: (0.5, float("nan"))})
    {'1': [0.5, None]}
    """
    if isinstance(value, dict):
        return {str(name): json_value(part) for name, part in value.items()}
    return [json_value(part) for part in value] if isinstance(value, (list, tuple)) else plain(value)


def seconds_of(moment: str) -> float:
    """Seconds since 1970 of a moment in ISO 8601; one without a zone is of UTC, whatever this machine's is.

    Raises
    ------
    ValueError
        If it is none.

    Examples
    --------
    >>> seconds_of("1970-01-02"), seconds_of("1970-01-01T02:00:00+01:00")
    (86400.0, 3600.0)
    """
    read = datetime.fromisoformat(moment)
    return (read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp()


def rows(table: pd.DataFrame, hidden: Iterable[str] = ()) -> tuple[dict[str, Any], ...]:
    """The rows of a frame as dicts of plain values; those of ``hidden`` columns are masked."""
    by_column = columns(table, hidden)
    return tuple({name: values[i] for name, values in by_column.items()} for i in range(len(table)))


def columns(table: pd.DataFrame, hidden: Iterable[str] = ()) -> dict[str, tuple[Any, ...]]:
    """The columns of a frame as plain values; those of ``hidden`` ones are masked."""
    hide = set(hidden)
    return {str(n): (MASK,) * len(table) if n in hide else tuple(map(plain, table[n].tolist())) for n in table.columns}
