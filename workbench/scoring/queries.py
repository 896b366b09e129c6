"""What stands behind the question mark of an address."""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import parse_qs

from workbench.scoring.http import Rejected, Request
from workbench.scoring.runtime import REASONS

MOST_REASONS = 50


def reasons_asked(request: Request, usual: int = REASONS) -> int:
    """Columns that are to be named with each answer.

    Raises
    ------
    Rejected
        400 if it is no whole number from 0 to ``MOST_REASONS``.
    """
    query = request.notes["query"]
    return _asked_reasons(query, usual) if query else usual


@lru_cache(256)  # clients ask the same again and again
def _asked_reasons(query: bytes, usual: int) -> int:
    digits = parse_qs(query.decode("latin-1"), keep_blank_values=True).get("reasons", [str(usual)])[-1]
    if not (digits.isascii() and digits.isdigit() and len(digits) < 4 and int(digits) <= MOST_REASONS):
        raise Rejected(400, f"reasons is a whole number from 0 to {MOST_REASONS}. Correct it, or leave it out.")
    return int(digits)
