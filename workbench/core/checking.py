"""Rows against the contract: what breaks it is a problem, what is merely unusual is a flag.

Few rows are checked in one loop that asks whether all is as usual, many column by column, in a few passes at the speed
of C. Where that says no, the rows are checked value by value: this path words every problem and flag, and is the
reference for the others.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from operator import itemgetter
from typing import Any, NamedTuple

import numpy as np

from workbench.core import forms
from workbench.core.contract import Column, Contract, Kind
from workbench.core.reading import Form

LONGEST = 60  # characters of a value that an error may repeat
EXTRAS = 5  # extra columns that are named
MANY = 8  # rows from which a check by column is quicker
_LARGEST = sys.float_info.max
_USUAL_FORM = Form()


class Checked(NamedTuple):
    """What a check found.

    Parameters
    ----------
    columns : dict of str to list or float array, shape (rows,)
        Clean values by feature: float, str, naive datetime in UTC, or None where missing (and where there was a
        problem). Many numbers are an array, NaN where missing.
    problems : list of dict
        ``row`` (position), ``field``, ``expected``, ``got``. Empty: all rows may be scored.
    flags : list of list of str
        By row: ``unseen_category:COLUMN``, ``out_of_range:COLUMN``; once for all rows ``extra_column:COLUMN``.
    """

    columns: dict[str, Any]
    problems: list[dict[str, Any]]
    flags: list[list[str]]


def check(rows: Mapping[str, Any] | Sequence[Any], contract: Contract, features: Sequence[str]) -> Checked:
    """Check one row or many.

    Parameters
    ----------
    rows : mapping or sequence of mappings
        From column to value, as JSON gives them. Moments are ISO 8601 texts. Where the contract says how a column was
        written, texts are read so: numbers, dates, truth values and words for missing.
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
    return Checker(contract, features)([rows] if isinstance(rows, Mapping) else rows)


class NamedRows(list[Any]):
    """Rows whose names were looked at, so that nobody has to do it again.

    Attributes
    ----------
    known : bool
        Whether the contract knows all of them.
    """

    known = False


def alike(rows: Sequence[Any]) -> set[tuple[Any, ...]]:
    """The distinct names of rows, in their order; rows mostly have the same.

    >>> alike([{"age": 1}, {"age": 2}, None])
    {('age',)}
    """
    plain = set(map(type, rows)) == {dict}
    return set(map(tuple, rows)) if plain else {tuple(row) for row in rows if isinstance(row, Mapping)}


class Checker:
    """The check of one contract and one model's features, made ready for many calls.

    Parameters
    ----------
    contract : Contract
        What a row must look like.
    features : sequence of str
        Columns that the model uses.

    Attributes
    ----------
    known : frozenset of str
        Columns that the contract knows.
    """

    def __init__(self, contract: Contract, features: Sequence[str]) -> None:
        self.known = frozenset(contract.names)
        self._needed = [contract[name] for name in features]
        self._names = [column.name for column in self._needed]
        self._usual = [_Usual.of(column) for column in self._needed]

    def __call__(self, rows: Sequence[Any]) -> Checked:
        """Check rows, as :func:`check` does."""
        checked = self._as_usual(rows) if len(rows) < MANY else check_columns(rows, self._needed)
        if checked is None:
            checked = check_rows(rows, self._needed)
        _flag_extras(rows, self.known, checked)
        return checked

    def _as_usual(self, rows: Sequence[Any]) -> Checked | None:
        """The clean columns of a few rows about which nothing is wrong or unusual; None where there may be."""
        clean = [_clean_row(row, self._usual) for row in rows]
        if None in clean or not clean:
            return None
        columns = map(list, zip(*clean, strict=True))
        return Checked(dict(zip(self._names, columns, strict=True)), [], [[] for _ in rows])


class _Usual(NamedTuple):
    """What a value of a column mostly is."""

    name: str
    types: frozenset[type]
    optional: bool
    number: bool
    whole: bool
    moment: bool
    low: float
    high: float
    categories: frozenset[str] | None
    form: Form | None

    @classmethod
    def of(cls, column: Column) -> _Usual:
        low, high = (0.0, 1.0) if column.kind == "boolean" else (column.minimum, column.maximum)
        number = column.kind in _FITS_MANY
        return cls(
            column.name,
            frozenset() if _needs_a_look(column) else _TYPES[column.kind] - {_NOTHING},
            column.missing_allowed,
            number,
            number and column.kind != "number",
            column.kind == "datetime",
            -_LARGEST if low is None else low,
            _LARGEST if high is None else high,
            column.usual if column.kind == "category" else None,
            column.form if column.kind == "text" else None,
        )


def _clean_row(row: Any, usual: Sequence[_Usual]) -> list[Any] | None:
    """The clean values of a row, in one loop; None where any of them is not as usual."""
    if type(row) is not dict:
        return None
    clean: list[Any] = []
    for name, types, optional, number, whole, moment, low, high, categories, form in usual:
        value: Any = row.get(name)
        if type(value) not in types:
            if value is not None or not optional or name not in row:
                return None
        elif number:
            if not low <= value <= high or (whole and value % 1):
                return None
            value = float(value)
        elif moment:
            if (value := iso_moment(value)) is None:
                return None
        elif (categories is not None and value not in categories) or (
            form is not None and forms.is_nothing(value, form)
        ):
            return None
        clean.append(value)
    return clean


def check_columns(rows: Sequence[Any], needed: Sequence[Column]) -> Checked | None:
    """Check rows column by column; None where a row may have a problem, and has to be looked at by itself."""
    values = _turned(rows, needed)
    if values is None:
        return None
    checked = Checked({}, [], [[] for _ in rows])
    for column, raw in zip(needed, values, strict=True):
        clean = _clean_column(raw, column)
        if clean is None:
            return None
        checked.columns[column.name] = clean
        if _some_unusual(clean, column):
            for value, row_flags in zip(clean, checked.flags, strict=True):
                if value is not None:  # nothing is unusual about NaN
                    row_flags.extend(flags(value, column))
    return checked


def _turned(rows: Sequence[Any], needed: Sequence[Column]) -> list[list[Any]] | None:
    """The values by column, where every row is a plain object that has them all."""
    if set(map(type, rows)) != {dict} or not needed:
        return None
    try:
        return [list(map(itemgetter(column.name), rows)) for column in needed]
    except KeyError:
        return None


def _clean_column(values: list[Any], column: Column) -> Any:
    kinds = set(map(type, values))
    if _needs_a_look(column):
        return None
    if (_NOTHING in kinds and not column.missing_allowed) or not kinds <= _TYPES[column.kind]:
        return None
    if column.kind in _FITS_MANY:
        return _clean_numbers(values, column.kind)
    return _clean_moments(values) if column.kind == "datetime" else _clean_texts(values, column)


def _clean_numbers(values: list[Any], kind: Kind) -> Any:
    try:
        clean = np.array(values, np.float64)
    except OverflowError:
        return None
    missing = np.isnan(clean)
    present = clean[~missing] if missing.any() else clean
    all_there = len(present) == len(values) - values.count(None)  # NaN is no missing value in JSON
    return clean if all_there and np.isfinite(present).all() and _FITS_MANY[kind](present).all() else None


def _clean_texts(values: list[Any], column: Column) -> list[Any] | None:
    """Without the words that stand for a missing value; None where such a gap is not allowed."""
    form, usual = column.form, column.usual or frozenset()
    if form is None or usual.issuperset(values):
        return values
    clean = [None if v is None or (v not in usual and forms.is_nothing(v, form)) else v for v in values]
    return clean if column.missing_allowed or clean.count(None) == 0 else None


def _clean_moments(values: list[Any]) -> list[Any] | None:
    clean = [None if v is None else iso_moment(v) for v in values]
    return clean if clean.count(None) == values.count(None) else None


def _some_unusual(clean: Any, column: Column) -> bool:
    """Whether any value of a column is to be flagged."""
    if column.kind == "category":
        return column.usual is not None and not (column.usual | {None}).issuperset(clean)
    if column.kind not in ("number", "integer"):
        return False
    low, high = column.minimum, column.maximum
    return bool((low is not None and (clean < low).any()) or (high is not None and (clean > high).any()))


def check_rows(rows: Sequence[Any], needed: Sequence[Column]) -> Checked:
    """Check rows one by one, and word what is wrong: the reference for :func:`check_columns`."""
    checked = Checked({column.name: [] for column in needed}, [], [[] for _ in rows])
    for i, row in enumerate(rows):
        if not isinstance(row, Mapping):
            checked.problems.append(
                {"row": i, "field": "", "expected": "an object of columns and values", "got": _worded(row)}
            )
        elif not _check_row(row, i, needed, checked):
            checked.flags[i].clear()
    return checked


def _check_row(row: Mapping[str, Any], i: int, needed: Sequence[Column], checked: Checked) -> bool:
    before = len(checked.problems)
    for column in needed:
        value, expected = _value(row, column)
        checked.columns[column.name].append(value)
        if expected:
            checked.problems.append({"row": i, "field": column.name, "expected": expected, "got": _got(row, column)})
        elif value is not None:
            checked.flags[i].extend(flags(value, column))
    return len(checked.problems) == before


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
    if isinstance(value, str) and column.form is not None:
        value = _read(value, column, column.form)
    if column.kind in _FITS_MANY and _number(value) in _missing_numbers(column):
        value = None
    if value is None:
        fits = column.name in row and column.missing_allowed
        return None, None if fits else _expected(column) + (" or null" if column.missing_allowed else "")
    clean = _CLEAN[column.kind](value)
    return clean, None if clean is not None else _expected(column)


def _needs_a_look(column: Column) -> bool:
    """Whether no value is usual at a glance: a number may stand for a missing one, or an ISO date be another."""
    if column.kind == "datetime":
        return column.form is not None and not forms.is_iso(column.form)
    return column.kind in _FITS_MANY and bool(_missing_numbers(column))


def _missing_numbers(column: Column) -> frozenset[float]:
    return forms.missing_numbers(column.form) if column.form is not None and column.form.missing else frozenset()


def _expected(column: Column) -> str:
    """What a value must be; of dates in the words of the form too."""
    written = column.form.moments if column.form is not None and column.kind == "datetime" else ()
    return " or ".join([_EXPECTED[column.kind], *(f"as {pattern}" for pattern in written)])


def read_text(text: str, column: Column) -> Any:
    """What a text says by its column's form, by the usual one where the contract has none.

    For what comes as text because its file has no types. None: it stands for a missing value. The text itself: it says
    nothing in this column, and the check will word that.

    >>> price = Column("price", "number", form=Form(decimal=",", thousands="."))
    >>> read_text("1.234", price), read_text("12.5", price), read_text("12.5", Column("age", "number"))
    (1234.0, '12.5', 12.5)
    """
    return _read(text, column, column.form or _USUAL_FORM)


def _read(text: str, column: Column, form: Form) -> Any:
    if column.kind == "category" and column.usual is not None and text in column.usual:
        return text
    if forms.is_nothing(text, form):
        return None
    reader = _READERS.get(column.kind)
    value = None if reader is None else reader(text, form)
    return text if value is None else value


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


def iso_moment(value: Any) -> datetime | None:
    """A naive moment in UTC of what is one, or a text in ISO 8601; None of anything else.

    >>> iso_moment("20240203"), iso_moment("2024-02-03T02:00+02:00"), iso_moment("soon")
    (datetime.datetime(2024, 2, 3, 0, 0), datetime.datetime(2024, 2, 3, 0, 0), None)
    """
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
    "datetime": iso_moment,
}
_READERS: dict[Kind, Callable[[str, Form], Any]] = {
    "number": forms.number,
    "integer": forms.number,
    "boolean": forms.boolean,
    "datetime": forms.moment,
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
# Kinds that many clean values of are an array, and what holds of each of them.
_FITS_MANY: dict[Kind, Callable[[Any], Any]] = {
    "number": np.isfinite,
    "integer": lambda values: np.floor(values) == values,
    "boolean": lambda values: (values == 0) | (values == 1),
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


def _flag_extras(rows: Sequence[Any], known: frozenset[str], checked: Checked) -> None:
    """Name columns that the contract does not know, once, at the first row that has them."""
    named = set[str]()
    if rows.known if isinstance(rows, NamedRows) else all(map(known.issuperset, alike(rows))):
        return
    for row, row_flags in zip(rows, checked.flags, strict=True):
        for name in row if isinstance(row, Mapping) else ():
            if name not in known and name not in named and len(named) < EXTRAS:
                named.add(name)
                row_flags.append(f"extra_column:{str(name)[:LONGEST]}")
