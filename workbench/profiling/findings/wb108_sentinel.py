"""Sentinel."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from workbench.core.finding import Finding, Severity
from workbench.core.literals import python
from workbench.core.profile import ColumnProfile
from workbench.profiling.findings.context import Context
from workbench.reading.source import values_of

CODE = "WB108"

# Numbers of nines, eights and ones that people write for "not known".
NUMBERS = re.compile(r"-?(?:9{2,8}|8{3,8}|7{3,8}|1{4,8})|-[19]|-?10{5,8}")
# 1899-12-30, 1900-01-01, 1970-01-01, 2099-12-31, 9999-12-31 in seconds.
DATES = (-2209161600.0, -2208988800.0, 0.0, 4102358400.0, 253402214400.0)
WORDS = re.compile(
    r"(?i)(?:un(?:known|specified|defined)|not (?:known|available|applicable|specified)|n\.?[/.]?a\.?|nil|null|none|"
    r"missing|tbd|tba|xxx+|\?+|-+|\.+|#n/a|no data|keine angabe|unbekannt|inconnu)"
)
LEAST = 3
# A code may fill so much of a column where it lies far away, and so much where it is just beside the others.
MOST_OF_IT = 0.995
MOST_OF_ANY = 0.7
# Zeros among measures: a share of the rows at most, of a column with many values, whose lowest hundredth is a share of
# the median at least, with nothing below a share of that.
FEW_ZEROS = 0.05
FEWEST_MEASURES = 20
FAR_ABOVE = 0.3
NOTHING_BELOW = 0.3


def check(context: Context) -> Iterator[Finding]:
    """Numbers, dates or words that stand for a missing value, such as -999."""
    for column in context.features("integer", "number"):
        for value, n in column.top[:20]:
            if NUMBERS.fullmatch(value) and n >= LEAST and stands_apart(column, float(value), n):
                yield _finding(column, int(float(value)), n, f"has {value} in {n:,} rows, apart from every other value")
        if zero_stands_apart(context, column):
            yield _finding(column, 0, column.zeros, f"has 0 in {column.zeros:,} rows, far below every other value")
    for column in context.features("datetime"):
        for value, n in _dates(column):
            yield _finding(column, value, n, f"has {value} in {n:,} rows, far from every other date")
    for column in context.features("category", "text"):
        for value, n in column.top[:20]:
            if WORDS.fullmatch(value.strip()) and n >= LEAST and not column.sensitive and column.distinct > 2:
                yield _finding(column, value, n, f"has {value!r} in {n:,} rows")


def stands_apart(column: ColumnProfile, code: float, rows: int) -> bool:
    """Whether the code lies at the end of the range, far from the other values, or just below all others and often.

    It may fill nearly all rows, as 999 days since the last call do where most were never called.
    """
    if code not in (column.minimum, column.maximum) or column.distinct < 3 or rows > MOST_OF_IT * column.count:
        return False
    rest = _without(column, code)
    if rest.size < 2:
        return False
    low, high = float(rest.min()), float(rest.max())
    gap = low - code if code < low else code - high
    if gap > 0.5 * (high - low):
        return True
    # Minus one, or ninety-nine, among numbers that would never be it: often there, and with nothing beside it.
    often = rows >= max(0.01 * column.count, 4 * _beside(column, code))
    usual = rows <= MOST_OF_ANY * column.count
    return often and (low >= 0 > code or (usual and gap >= max(3.0, 0.04 * (high - low))))


def zero_stands_apart(context: Context, column: ColumnProfile) -> bool:
    """Whether few zeros lie far below all other numbers, which are positive, as of a length that nobody measured."""
    few = LEAST <= column.zeros <= FEW_ZEROS * column.count
    if column.minimum != 0 or column.negatives or not few or column.distinct < FEWEST_MEASURES:
        return False
    from workbench.profiling.statistics import as_floats, distribution

    values, rows, _ = distribution(column.state)
    values, rows = values[values > 0], rows[values > 0]
    least = float(values.min())
    if context.sample is not None and column.name in context.sample.columns:
        numbers = as_floats(values_of(context.sample, column.name))
        least = min(least, float(numbers[numbers > 0].min(initial=least)))
    below = np.cumsum(rows) / rows.sum()
    low, middle = (float(values[np.searchsorted(below, share)]) for share in (0.01, 0.5))
    return least >= NOTHING_BELOW * low and low >= FAR_ABOVE * middle


def _without(column: ColumnProfile, code: float) -> np.ndarray:
    from workbench.profiling.statistics import distribution

    values, _, _ = distribution(column.state)
    return values[values != code]


def _beside(column: ColumnProfile, code: float) -> float:
    """Rows of the commonest other value."""
    return max((n for value, n in column.top if float(value) != code), default=0) if column.distinct > 200 else 0


def _dates(column: ColumnProfile) -> Iterator[tuple[str, int]]:
    from workbench.profiling.statistics import distribution

    values, rows, _ = distribution(column.state)
    for code in DATES:
        n = int(rows[np.abs(values - code) < 1].sum())
        rest = values[np.abs(values - code) >= 86_400]
        if n >= LEAST and rest.size and code in (column.minimum, column.maximum):
            gap = max(float(rest.min()) - code, code - float(rest.max()))
            if gap > 0.5 * float(rest.max() - rest.min()):
                yield str(np.datetime64(int(code), "s"))[:10], n


def _finding(column: ColumnProfile, value: int | str, n: int, message: str) -> Finding:
    cure = python(
        "data = data.assign(**{$column: data.table[$column].mask(data.table[$column] == $value)})",
        column=column.name,
        value=value,
    )
    severity: Severity = "info" if column.kind in ("category", "text") else "warning"
    return Finding(
        CODE, severity, f"{message}: it may stand for missing.", column.name, cure, {"value": value, "rows": n}
    )
