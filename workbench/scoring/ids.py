"""Ids that nobody can guess."""

from __future__ import annotations

import os
import threading
from time import time_ns

BYTES = 16  # of an id
AT_ONCE = 256  # ids that one call to the system brings: a call costs as much as walking some trees

_turn = threading.Lock()
_ready: list[str] = []


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
