"""Ids of rows: their own as one text whichever way they come, and new ones that nobody can guess."""

from __future__ import annotations

import math
import os
import threading
from decimal import Decimal
from time import time_ns
from typing import Any

from workbench.core.contract import NUMERIC, Column
from workbench.core.forms import plain_number
from workbench.core.reading import Form

BYTES = 16  # of an id
AT_ONCE = 256  # ids that one call to the system brings: a call costs as much as walking some trees

_turn = threading.Lock()
_ready: list[str] = []


def id_text(value: Any, column: Column | None = None) -> str:
    """One id as text, read by the kind and form of its column; what can't be read so stays as it came.

    A whole number is written without its point, as one gap in a file makes the whole column floats.

    Parameters
    ----------
    value : object
        As JSON, a file or a frame has it.
    column : Column, optional
        Of the contract; None: a text stays as it is.

    Examples
    --------
    >>> number = Column("customer", "integer", "id", form=Form(thousands=","))
    >>> id_text(1000, number), id_text("1,000", number), id_text("1000.0", number), id_text("c7", number)
    ('1000', '1000', '1000', 'c7')
    >>> id_text(7.0), id_text("7.0")
    ('7', '7.0')
    """
    if isinstance(value, str):
        return value if column is None or column.kind not in NUMERIC else _number_text(value, column.form or Form())
    if isinstance(value, (float, Decimal)) and math.isfinite(value) and value == int(value):
        return str(int(value))
    return str(value)


def _number_text(text: str, form: Form) -> str:
    if text.isascii() and text.isdigit() and text[0] != "0":  # mostly
        return text
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
