"""Which cells look like numbers or dates, before anybody knows what the columns are."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

# Rows by which a column's kind is seen.
TYPED_ROWS = 200
# Share of a column's values that must be numbers or dates to call it one of those.
MOSTLY = 0.8

# Loosely a number or a date, in any form: digits and what stands between them.
TYPED = re.compile(
    r"\s*[-+(]?\s*[$€£¥]?\s*[-+]?[\d.,](?:[ _\u00a0\u202f]?[\d.,'’:/eE+T-])*(?<=[\d.])"
    r"\s*(?:[Zz%)€$£-]|[AaPp]\.?[Mm]\.?|UTC|GMT|[kKM])?\s*"
)
_MISSING = frozenset({"", "na", "nan", "null", "n/a", "none", "-", "?", "."})


def columns(rows: Sequence[Sequence[str]], width: int) -> list[list[str]]:
    """The values of each column, of the first rows."""
    return [[row[i] for row in rows[:TYPED_ROWS] if i < len(row)] for i in range(width)]


def is_typed(values: Sequence[Sequence[str]]) -> list[bool]:
    """Which columns hold numbers or dates."""
    return [_mostly_typed(column) for column in values]


def _mostly_typed(column: Sequence[str]) -> bool:
    there = {value: rows for value, rows in Counter(column).items() if value.strip().lower() not in _MISSING}
    typed = sum(rows for value, rows in there.items() if TYPED.fullmatch(value))
    return bool(there) and typed >= MOSTLY * sum(there.values())


def names_columns(values: Sequence[str], body: Sequence[Sequence[str]]) -> bool:
    """Whether values are texts where the rows below have numbers or dates."""
    typed = is_typed(columns(body, len(values)))
    pairs = [value for value, is_number in zip(values, typed, strict=True) if is_number and value.strip()]
    return bool(pairs) and not any(TYPED.fullmatch(value) for value in pairs)
