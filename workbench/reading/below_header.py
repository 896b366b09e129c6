"""Lines below a header that are no rows: units of measurement, what a logger did with them, a second line of names.

No value may be lost: a line is taken for one of these only if it holds words above all columns of numbers, and these
words are known for it. What only may be one stays a row, and is told.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from workbench.core.forms import NOTHING, PERHAPS_NOTHING
from workbench.core.names import twin
from workbench.reading.typed_cells import TYPED, columns, is_typed, names_columns

# Rows below by which a line is known to be none.
FEWEST_ROWS = 2
# Letters of a unit, at most.
LONGEST = 24
# What loggers of Campbell Scientific write first: units and processing are below their names.
LOGGER = "TOA5"

_UNITS = frozenset({
    "s", "sec", "secs", "second", "seconds", "ms", "µs", "us", "ns", "min", "mins", "minute", "minutes", "h", "hr",
    "hrs", "hour", "hours", "d", "day", "days", "wk", "week", "weeks", "month", "months", "yr", "yrs", "year",
    "years", "nm", "µm", "um", "mm", "cm", "dm", "m", "km", "inch", "inches", "in", "ft", "feet", "yd", "mi",
    "mile", "miles", "nmi", "kn", "kt", "kts", "knot", "knots", "mph", "kph", "kmh", "ha", "acre", "acres", "l",
    "liter", "liters", "litre", "litres", "ml", "dl", "cl", "hl", "gal", "mg", "µg", "ug", "g", "kg", "t", "lb",
    "lbs", "oz", "ton", "tons", "tonnes", "pa", "hpa", "kpa", "mpa", "bar", "mbar", "psi", "atm", "torr", "mmhg",
    "n", "j", "kj", "mj", "kcal", "cal", "ev", "kev", "mev", "w", "mw", "kw", "gw", "wh", "kwh", "mwh", "gwh",
    "va", "kva", "var", "kvar", "v", "mv", "kv", "volt", "volts", "a", "ma", "µa", "amp", "amps", "ampere", "ohm",
    "ohms", "kohm", "mohm", "ω", "hz", "khz", "mhz", "ghz", "rpm", "k", "c", "f", "°c", "°f", "degc", "degf",
    "deg", "degree", "degrees", "celsius", "fahrenheit", "kelvin", "°", "rad", "sr", "%", "pct", "percent", "‰",
    "ppm", "ppb", "ppt", "mol", "mmol", "µmol", "umol", "nmol", "lx", "lux", "lm", "cd", "db", "dba", "dbm", "dbz",
    "siemens", "bq", "sv", "msv", "gy", "ph", "psu", "ntu", "fnu", "usd", "eur", "gbp", "chf", "jpy", "cny", "$",
    "€", "£", "¥", "counts", "unitless", "dimensionless", "bit", "bits", "byte", "bytes", "kb", "mb", "gb", "tb",
    "kib", "mib", "gib", "px", "fps", "dt", "date", "datetime", "ts", "rn", "yyyy-mm-dd",
})  # fmt: skip
_STATISTICS = frozenset({
    "avg", "average", "mean", "min", "max", "tot", "total", "sum", "smp", "sample", "std", "sd", "stddev",
    "median", "med", "inst", "wvc", "rms",
})  # fmt: skip
_NONE = frozenset({"", "-", "–"})
# Of a logger's own columns: the time and the number of a record have no unit.
_NO_UNITS = frozenset({"ts", "rn", "date", "datetime", "dt", "unitless", "dimensionless", "yyyy-mm-dd"})
_POWER = re.compile(r"(?:\^?[-+]?\d|[⁻¹²³])+$")
_BRACKETED = re.compile(r"\[[^\[\]]*\]|\([^()]*\)")

Row = Sequence[str]


class Below(NamedTuple):
    """How many lines below a header are no rows, and whether they go on with its names."""

    below: int = 0
    joined: bool = False


def below(names: Row, body: Sequence[Row], first: str = "") -> Below:
    """What stands between a header and the first row.

    Parameters
    ----------
    names : sequence of str
        Of the header, as many as a row has values.
    body : sequence of sequence of str
        The lines below.
    first : str
        First cell of the file.

    Examples
    --------
    >>> below(["t", "v"], [["s", "[m]"], ["1", "2"], ["2", "3"]])
    Below(below=1, joined=False)
    >>> below(["Region", "Price", ""], [["", "min", "max"], ["a", "1", "2"], ["b", "1", "3"]])
    Below(below=1, joined=True)
    >>> below(["t", "v"], [["1", "unknown"], ["1", "2"], ["2", "3"]])
    Below(below=0, joined=False)
    """
    if first == LOGGER and not any(map(_has_value, body[:2])):
        return Below(min(2, len(body)))
    if len(body) <= FEWEST_ROWS or _has_value(body[0]):
        return Below()
    if _go_on(names, body):
        return Below(1 + _names_the_first(body[1]), joined=True)
    if not _are_units(body[0], body[1:]):
        return Below()
    return Below(1 + (len(body) > FEWEST_ROWS + 1 and _are_statistics(body[1], body[2:])))


def number_without_values(body: Sequence[Row], most: int) -> int:
    """How many of the first lines have neither number nor date; at most so many are looked at."""
    return next((i for i, row in enumerate(body[:most]) if _has_value(row)), min(most, len(body)))


def joined(names: Row, lines: Sequence[Row]) -> list[str]:
    """Names that stand in several lines, each with that of its group; a group's name stands above its first column.

    >>> joined(["", "Price", "", "Note"], [["Region", "min", "max", ""]])
    ['Region', 'Price_min', 'Price_max', 'Note']
    """
    several, group = [], ""
    for i, name in enumerate(names):
        own = [line[i].strip() for line in lines if i < len(line)]
        group = name.strip() if name.strip() or not any(own) else group
        several.append("_".join(dict.fromkeys(part for part in (group, *own) if part)))
    return several


def units_of(names: Row, line: Row) -> dict[str, str]:
    """The unit of each column that has one, without brackets.

    >>> units_of(["TIMESTAMP", "Temp", "n"], ["TS", "[Deg C]", ""])
    {'Temp': 'Deg C'}
    """
    bare = {name: value.strip().strip("[]()").strip() for name, value in zip(names, line, strict=False)}
    return {name: unit for name, unit in bare.items() if unit not in _NONE and unit.lower() not in _NO_UNITS}


def _has_value(row: Row) -> bool:
    return any(TYPED.fullmatch(value) for value in row)


def _go_on(names: Row, body: Sequence[Row]) -> bool:
    """Whether the first line below goes on with the names, some of which stand above a group or come twice."""
    second = body[0]
    if len(second) != len(names) or not (twin(names) or any(not name.strip() for name in names[1:])):
        return False
    both = joined(names, body[: 1 + _names_the_first(body[1])])
    named = all(name.strip() or own.strip() for name, own in zip(names[1:], second[1:], strict=True))
    words = all(_is_word(value) for value in second if value.strip())
    return named and words and twin(both) is None and names_columns(second, body[1:])


def _is_word(value: str) -> bool:
    return value.strip().lower() not in NOTHING | PERHAPS_NOTHING


def _names_the_first(row: Row) -> bool:
    """Whether a line has the name of the first column alone, as pandas writes that of an index."""
    return bool(row[0].strip()) and len(row) > 1 and not any(map(str.strip, row[1:])) and not _has_value(row)


def _are_units(row: Row, rows: Sequence[Row]) -> bool:
    typed = is_typed(columns(rows, len(row)))
    words = [value.strip() for value, number in zip(row, typed, strict=True) if number and value.strip() not in _NONE]
    known = [word for word in words if _is_unit(word)]
    sure = len(known) > 1 or any(len(word) > 1 or not word.isalnum() for word in known)
    enough = sure and 2 * len(known) >= len(words) and max(map(len, words)) <= LONGEST
    return enough and all(map(_is_word, words)) and not _come_again(row, rows, typed)


def _come_again(row: Row, rows: Sequence[Row], typed: Sequence[bool]) -> bool:
    """Whether what stands above a column of texts is one of them."""
    pairs = zip(row, columns(rows, len(row)), typed, strict=True)
    return any(value.strip() not in _NONE and value in column for value, column, number in pairs if not number)


def _are_statistics(row: Row, rows: Sequence[Row]) -> bool:
    words = [value.strip().lower() for value in row if value.strip()]
    return bool(words) and set(words) <= _STATISTICS and not _come_again(row, rows, is_typed(columns(rows, len(row))))


def _is_unit(word: str) -> bool:
    """Whether a word is a unit, or several with powers.

    >>> [_is_unit(word) for word in ("W/m^2", "kg m-3", "[any]", "°C", "unknown")]
    [True, True, True, True, False]
    """
    if _BRACKETED.fullmatch(word):
        return True
    parts = [part for part in re.split(r"[\s/·*]+", word.lower()) if part]
    return bool(parts) and all((_POWER.sub("", part) or part) in _UNITS for part in parts)
