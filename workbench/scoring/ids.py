"""Ids of rows: their own as one text whichever way they come, and new ones that nobody can guess."""

from __future__ import annotations

import math
import os
import re
import threading
import unicodedata
from collections.abc import Callable, Iterable, Sequence, Set
from datetime import UTC, date, datetime
from decimal import Decimal
from numbers import Integral, Rational, Real
from time import time_ns
from typing import Any

from workbench.core.contract import NUMERIC, Column
from workbench.core.forms import is_nothing, moment, plain_number
from workbench.core.reading import Form
from workbench.errors import BadTable

BYTES = 16  # of an id
AT_ONCE = 256  # ids that one call to the system brings: a call costs as much as walking some trees

# A whole number with marks between thousands: in an id nothing else can be meant.
_GROUPED = re.compile(r"[1-9][0-9]{0,2}([,.'\u2019\s])[0-9]{3}(?:\1[0-9]{3})*")

_turn = threading.Lock()
_ready: list[str] = []


def id_text(value: Any, column: Column | None = None) -> str:
    """One id as text, read by the kind and form of its column; what can't be read so stays as it came.

    The one canonical form, whichever way an id comes: blanks around it and ways to write one letter are no part of it,
    a code keeps the zeros in front, a whole number is written without its point, as one gap in a file makes the whole
    column floats, and a moment is ISO 8601 in UTC, a day where it is midnight.

    Parameters
    ----------
    value : object
        As JSON, a file or a frame has it.
    column : Column, optional
        Of the contract; None: a text stays as it is.

    Raises
    ------
    BadTable
        If it is a float so large that other ids have the same one.

    Examples
    --------
    >>> number = Column("customer", "integer", "id", form=Form(thousands=","))
    >>> id_text(1000, number), id_text("1,000", number), id_text("1000.0", number), id_text("c7", number)
    ('1000', '1000', '1000', 'c7')
    >>> id_text(7.0), id_text("7.0"), id_text("00005000", number), id_text(" c 7 ")
    ('7', '7.0', '00005000', 'c 7')
    >>> day = Column("day", "datetime", "id", form=Form(moments=("%d.%m.%Y",)))
    >>> id_text("31.01.2024", day), id_text(datetime(2024, 1, 31), day)
    ('2024-01-31', '2024-01-31')
    """
    if isinstance(value, str):
        return _written(value, column)
    if isinstance(value, (Integral, date)) or value is None:
        return _day(value) if isinstance(value, date) else str(value)
    if isinstance(value, (Real, Decimal)):
        return _of_number(value)
    if hasattr(value, "astype") and getattr(value, "dtype", None) is not None and value.dtype.kind == "M":
        return id_text(value.astype("datetime64[us]").item())
    return bare(value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value))


def readings(value: Any, column: Column | None, strange: bool = False) -> tuple[str, ...]:
    """What an id may mean where it is compared with others, the likeliest first.

    Parameters
    ----------
    value : object
        As it came.
    column : Column, optional
        Of the contract.
    strange : bool
        Whether it stood in a column that the contract does not know: as it is written comes first then.

    Examples
    --------
    >>> number = Column("nr", "integer", "id")
    >>> readings("007", number), readings("1'234", number), readings("x", number)
    (('007', '7'), ("1'234", '1234'), ('x',))
    """
    read, as_written = id_text(value, column), id_text(value)
    found = [as_written, read] if strange else [read, as_written]
    if isinstance(value, str) and column is not None and column.kind in NUMERIC:
        found.append(_number_text(as_written, column.form or Form()))
        if column.kind == "integer" and _GROUPED.fullmatch(as_written):
            found.append(re.sub("[^0-9]", "", as_written))
    return tuple(dict.fromkeys(found))


def settled(
    values: Sequence[Any], column: Column | None, known: Callable[[Iterable[str]], Set[str]], strange: bool = False
) -> list[str]:
    """Ids of labels: of what each may mean what predictions have, else what is likeliest.

    Parameters
    ----------
    values : sequence
        As they came.
    column : Column, optional
        Of the contract.
    known : callable
        Which of some ids predictions have.
    strange : bool
        As in :func:`readings`.
    """
    meant = [readings(value, column, strange) for value in values]
    there = known({one for ones in meant for one in ones})
    return [next((one for one in ones if one in there), ones[0]) for ones in meant]


def no_id(value: Any, column: Column | None = None) -> bool:
    """Whether a value stands for no id: nothing, NaN, or a word for a missing value.

    >>> no_id(None), no_id(float("nan")), no_id("  "), no_id("N/A"), no_id(0)
    (True, True, True, True, False)
    """
    if isinstance(value, str):
        return is_nothing(value, (column.form if column is not None else None) or Form())
    return value is None or type(value).__name__ in ("NaTType", "NAType") or value != value


def bare(text: str) -> str:
    """Without blanks around it, each letter in its one form.

    >>> bare(" e\u0301 1 ") == "\u00e9 1"
    True
    """
    return text.strip() if text.isascii() else unicodedata.normalize("NFC", text).strip()


def _written(text: str, column: Column | None) -> str:
    text = bare(text)
    if column is None or (text.isascii() and text.isdigit()):  # a code keeps its zeros
        return text
    if column.kind in NUMERIC:
        return _number_text(text, column.form or Form())
    if column.kind == "datetime" and (read := moment(text, column.form or Form())) is not None:
        return _day(read)
    return text


def _of_number(value: Any) -> str:
    if not math.isfinite(value) or value != int(value):
        return str(float(value)) if isinstance(value, Real) else str(value)
    if not isinstance(value, (Decimal, Rational)) and abs(value) >= _exact(value):
        raise BadTable(
            f"The id {value:.0f} came as a float, and other ids have the same one from 2^{_digits(value)} on. "
            "Give the column as whole numbers or as text."
        )
    return str(int(value))


def _digits(value: Any) -> int:
    """Binary digits that a float of this type holds."""
    return {2: 11, 4: 24}.get(getattr(value, "itemsize", 8), 53)


def _exact(value: Any) -> float:
    return 2.0 ** _digits(value)


def _day(value: date) -> str:
    """ISO 8601 in UTC, to the microsecond; without a time of the day at midnight."""
    if not isinstance(value, datetime):
        return value.isoformat()
    if value.tzinfo is not None:
        value = value.astimezone(UTC).replace(tzinfo=None)
    plain = datetime(*value.timetuple()[:6], value.microsecond)  # pandas' have nanoseconds, which texts have not
    return plain.date().isoformat() if plain == datetime(plain.year, plain.month, plain.day) else plain.isoformat()


def _number_text(text: str, form: Form) -> str:
    plain = plain_number(text, form)
    if plain is None:
        return text
    number = Decimal(plain)  # no float: ids have more digits
    return str(int(number)) if number == number.to_integral_value() else str(float(number))


def new_id() -> str:
    """128 random bits, as :func:`secrets.token_hex` gives them.

    >>> len(new_id()), new_id() == new_id()
    (32, False)
    """
    with _turn:
        if not _ready:
            fresh = os.urandom(BYTES * AT_ONCE).hex()
            _ready.extend(fresh[i : i + 2 * BYTES] for i in range(0, len(fresh), 2 * BYTES))
        return _ready.pop()


def new_ids(n: int) -> list[str]:
    """Ids of rows: milliseconds, then 80 random bits, so ids of one moment stand together in the log's index.

    >>> first, second = new_ids(2)
    >>> first[:12] == second[:12], first == second
    (True, False)
    """
    moment = f"{time_ns() // 1_000_000:012x}"
    if n == 1:
        return [moment + new_id()[12:]]
    digits = os.urandom(10 * n).hex()
    return [moment + digits[i : i + 20] for i in range(0, 20 * n, 20)]


def _forget() -> None:
    _ready.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)  # two processes must not give one id twice
