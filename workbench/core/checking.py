"""Rows against the contract: what breaks it is a problem, what is merely unusual is a flag. Pure Python.

Many rows are checked column by column, where a few passes at the speed of C say that all is well. Where one of them
does not, the rows are checked one by one: that path words every problem, and is the reference for the other.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import chain
from operator import itemgetter
from typing import Any, NamedTuple

from workbench.core.contract import Column, Contract, Kind

LONGEST = 60  # characters of a value that an error may repeat
EXTRAS = 5  # extra columns that are named
MANY = 8  # rows from which a check by column is quicker


class Checked(NamedTuple):
    """What a check found.

    Parameters
    ----------
    columns : dict of str to list
        Clean values by feature, one a row: float, str, naive datetime in UTC, or None where missing (and where there
        was a problem).
    problems : list of dict
        ``row`` (position), ``field``, ``expected``, ``got``. Empty: all rows may be scored.
    flags : list of list of str
        By row: ``unseen_category:COLUMN``, ``out_of_range:COLUMN``; once for all rows ``extra_column:COLUMN``.
    """

    columns: dict[str, list[Any]]
    problems: list[dict[str, Any]]
    flags: list[list[str]]


def check(rows: Mapping[str, Any] | Sequence[Any], contract: Contract, features: Sequence[str]) -> Checked:
    """Check one row or many.

    Parameters
    ----------
    rows : mapping or sequence of mappings
        From column to value, as JSON gives them. Moments are ISO 8601 texts.
    contract : Contract
        What a row must look like.
    features : sequence of str
        Columns that the model uses; only these are required.

    Returns
    -------
    Checked
        Clean columns, problems and flags.

    Examples
    --------
    >>> contract = Contract((Column("age", "integer", maximum=99.0), Column("city", "category", categories=("Ulm",))))
    >>> check({"age": 120, "city": "Bonn"}, contract, contract.features).flags
    [['out_of_range:age', 'unseen_category:city']]
    >>> check({"age": "old", "city": "Ulm"}, contract, contract.features).problems
    [{'row': 0, 'field': 'age', 'expected': 'a whole number', 'got': "the text 'old'"}]
    """
    several: Sequence[Any] = [rows] if isinstance(rows, Mapping) else rows
    needed = [contract[name] for name in features]
    found = check_columns(several, needed) if len(several) >= MANY else None
    if found is None:
        found = check_rows(several, needed)
    _flag_extras(several, contract, found)
    return found


def check_columns(rows: Sequence[Any], needed: Sequence[Column]) -> Checked | None:
    """Check rows column by column; None where a row may have a problem, and has to be looked at by itself."""
    values = _turned(rows, needed)
    if values is None:
        return None
    found = Checked({}, [], [[] for _ in rows])
    for column, raw in zip(needed, values, strict=True):
        clean = _clean_column(raw, column)
        if clean is None:
            return None
        found.columns[column.name] = clean
        if _some_unusual(clean, column):
            for value, row_flags in zip(clean, found.flags, strict=True):
                if value is not None:
                    row_flags.extend(flags(value, column))
    return found


def _turned(rows: Sequence[Any], needed: Sequence[Column]) -> list[Sequence[Any]] | None:
    """The values by column, where every row is a plain object that has them all."""
    if set(map(type, rows)) != {dict} or not needed:
        return None
    names = [column.name for column in needed]
    try:
        if len(names) == 1:
            return [list(map(itemgetter(*names), rows))]
        return list(zip(*map(itemgetter(*names), rows), strict=True))
    except KeyError:
        return None


def _clean_column(values: Sequence[Any], column: Column) -> list[Any] | None:
    kinds = set(map(type, values))
    if _NOTHING in kinds and not column.missing_allowed:
        return None
    if not kinds <= _TYPES[column.kind]:
        return None
    present = [v for v in values if v is not None] if _NOTHING in kinds else list(values)
    try:
        clean = _CLEAN_MANY[column.kind](present)
    except OverflowError:
        return None
    if clean is None or _NOTHING not in kinds:
        return clean
    following = iter(clean)
    return [None if v is None else next(following) for v in values]


def _finite_many(values: list[Any]) -> list[Any] | None:
    # A sum with an infinity or NaN in it is not finite. Where finite numbers overflow, the other path decides.
    clean = list(map(float, values))
    return clean if math.isfinite(sum(clean)) else None


def _whole_many(values: list[Any]) -> list[Any] | None:
    clean = _finite_many(values)
    return clean if clean is not None and all(map(float.is_integer, clean)) else None


def _yes_or_no_many(values: list[Any]) -> list[Any] | None:
    return list(map(float, values)) if set(values) <= {0, 1} else None


def _moments_many(values: list[Any]) -> list[Any] | None:
    clean = list(map(_moment, values))
    return None if None in clean else clean


def _some_unusual(clean: Iterable[Any], column: Column) -> bool:
    """Whether any value of a column is to be flagged."""
    if column.kind == "category":
        return column.usual is not None and not (column.usual | {None}).issuperset(clean)
    if column.kind not in ("number", "integer"):
        return False
    present = [v for v in clean if v is not None]
    low, high = column.minimum, column.maximum
    return bool(present) and bool(
        (low is not None and min(present) < low) or (high is not None and max(present) > high)
    )


def check_rows(rows: Sequence[Any], needed: Sequence[Column]) -> Checked:
    """Check rows one by one, and word what is wrong: the reference for :func:`check_columns`."""
    found = Checked({column.name: [] for column in needed}, [], [[] for _ in rows])
    for i, row in enumerate(rows):
        if not isinstance(row, Mapping):
            found.problems.append(
                {"row": i, "field": "", "expected": "an object of columns and values", "got": _worded(row)}
            )
        elif not _check_row(row, i, needed, found):
            found.flags[i].clear()
    return found


def _check_row(row: Mapping[str, Any], i: int, needed: Sequence[Column], found: Checked) -> bool:
    before = len(found.problems)
    for column in needed:
        value, expected = _value(row, column)
        found.columns[column.name].append(value)
        if expected:
            found.problems.append({"row": i, "field": column.name, "expected": expected, "got": _got(row, column)})
        elif value is not None:
            found.flags[i].extend(flags(value, column))
    return len(found.problems) == before


def flags(value: Any, column: Column) -> list[str]:
    """What is unusual about a clean value."""
    if column.kind in ("number", "integer"):
        low = column.minimum is not None and value < column.minimum
        high = column.maximum is not None and value > column.maximum
        return [f"out_of_range:{column.name}"] if low or high else []
    unseen = column.kind == "category" and column.usual is not None and value not in column.usual
    return [f"unseen_category:{column.name}"] if unseen else []


def _value(row: Mapping[str, Any], column: Column) -> tuple[Any, str | None]:
    """The clean value, and what was expected where it is not fit."""
    value = row.get(column.name)
    if value is None:
        fits = column.name in row and column.missing_allowed
        return None, None if fits else _EXPECTED[column.kind] + (" or null" if column.missing_allowed else "")
    clean = _CLEAN[column.kind](value)
    return clean, None if clean is not None else _EXPECTED[column.kind]


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _whole(value: Any) -> float | None:
    number = _number(value)
    return number if number is not None and number.is_integer() else None


def _yes_or_no(value: Any) -> float | None:
    return float(value) if isinstance(value, (bool, int, float)) and value in (0, 1) else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _moment(value: Any) -> datetime | None:
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
        return moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)
    except (TypeError, ValueError, OverflowError):
        return None


_CLEAN: dict[Kind, Callable[[Any], Any]] = {
    "number": _number,
    "integer": _whole,
    "boolean": _yes_or_no,
    "category": _text,
    "text": _text,
    "datetime": _moment,
}
_NOTHING = type(None)
# What a column that is checked as a whole may hold. A subclass of these goes the slow way.
_TYPES: dict[Kind, frozenset[type]] = {
    "number": frozenset({int, float, _NOTHING}),
    "integer": frozenset({int, float, _NOTHING}),
    "boolean": frozenset({bool, int, float, _NOTHING}),
    "category": frozenset({str, _NOTHING}),
    "text": frozenset({str, _NOTHING}),
    "datetime": frozenset({str, datetime, _NOTHING}),
}
_CLEAN_MANY: dict[Kind, Callable[[list[Any]], list[Any] | None]] = {
    "number": _finite_many,
    "integer": _whole_many,
    "boolean": _yes_or_no_many,
    "category": lambda values: values,
    "text": lambda values: values,
    "datetime": _moments_many,
}
_EXPECTED: dict[Kind, str] = {
    "number": "a finite number",
    "integer": "a whole number",
    "boolean": "true or false",
    "category": "a text",
    "text": "a text",
    "datetime": "a moment such as 2013-07-01T14:30:00Z",
}


def _got(row: Mapping[str, Any], column: Column) -> str:
    if column.name not in row:
        return "nothing: the column is missing"
    return f"{_kind(row[column.name])} (hidden)" if column.sensitive else _worded(row[column.name])


def _worded(value: Any) -> str:
    if value is None or isinstance(value, (Mapping, list)):
        return _kind(value)
    shown = repr(value) if not isinstance(value, str) or len(value) <= LONGEST else repr(value[:LONGEST]) + "…"
    return f"{_kind(value)} {shown if len(shown) <= LONGEST + 10 else shown[:LONGEST] + '…'}"


def _kind(value: Any) -> str:
    kinds = {
        bool: "the truth value",
        int: "the number",
        float: "the number",
        str: "the text",
        type(None): "null",
        dict: "an object",
        list: "a list",
    }
    return kinds.get(type(value), f"a {type(value).__name__}")


def _flag_extras(rows: Sequence[Any], contract: Contract, found: Checked) -> None:
    """Name columns that the contract does not know, once, at the first row that has them."""
    known, named = contract.by_name, set[str]()
    if known.keys() >= set(chain.from_iterable(row for row in rows if isinstance(row, Mapping))):
        return
    for row, row_flags in zip(rows, found.flags, strict=True):
        for name in row if isinstance(row, Mapping) else ():
            if name not in known and name not in named and len(named) < EXTRAS:
                named.add(name)
                row_flags.append(f"extra_column:{str(name)[:LONGEST]}")
