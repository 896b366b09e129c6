"""Numbers in texts: ``<5``, ``1000+``, ``20-29``, ``3.4 GB`` beside ``340 MB``."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

_NUMBER = r"(-?\d+(?:[.,]\d+)*)"
_MONEY = "[$€£¥]"
_WRITTEN = re.compile(
    rf"(?:[<>≤≥=~≈±]+|about|over|under|ca\.)?\s*({_MONEY})?\s*{_NUMBER}\s*"
    rf"(?:(?:-|–|to)\s*{_MONEY}?\s*{_NUMBER}\s*)?\+?\s*([A-Za-z%]*)\.?\s*({_MONEY})?\s*\+?",
    re.IGNORECASE,
)
_THOUSANDS = re.compile(r"-?[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?")
_PLAIN = re.compile(r"-?(?:0|[1-9]\d*)(?:[.,]\d+)?")
_LONGEST = 60  # letters
# What a unit is in the first one of its kind: bytes, seconds, grams, metres.
_UNITS = {
    "": 1.0, "%": 1.0,
    "b": 1.0, "kb": 1e3, "mb": 1e6, "gb": 1e9, "tb": 1e12, "kib": 2.0**10, "mib": 2.0**20, "gib": 2.0**30,
    "ms": 1e-3, "s": 1.0, "sec": 1.0, "second": 1.0, "min": 60.0, "minute": 60.0, "h": 3600.0, "hr": 3600.0,
    "hour": 3600.0, "d": 86400.0, "day": 86400.0, "week": 604800.0, "month": 2629800.0, "yr": 31557600.0,
    "year": 31557600.0,
    "mg": 1e-3, "g": 1.0, "kg": 1e3, "t": 1e6, "oz": 28.349523125, "lb": 453.59237,
    "mm": 1e-3, "cm": 1e-2, "m": 1.0, "km": 1e3, "in": 0.0254, "ft": 0.3048, "mi": 1609.344,
}  # fmt: skip
_MANY = {"k": 1e3, "K": 1e3, "M": 1e6}
_OF_MONEY = {"k": 1e3, "m": 1e6, "mio": 1e6, "b": 1e9, "bn": 1e9}


def written_numbers(values: Any) -> Any:
    """The number that each text holds: the middle of a range, the limit of an open one, units in one of their kind.

    Parameters
    ----------
    values : pandas.DataFrame
        Texts, shape (rows, columns).

    Returns
    -------
    float array, shape (rows, columns)
        NaN where there is no number, or something else beside it.

    Examples
    --------
    >>> import pandas as pd
    >>> written_numbers(pd.DataFrame({"size": ["< 5", "20-29", "1.5 GB", "300 MB", "$2M", "1,200+", "none"]})).T
    array([[5.00e+00, 2.45e+01, 1.50e+09, 3.00e+08, 2.00e+06, 1.20e+03,
                 nan]])
    """
    return np.column_stack([[written(value) for value in values[name].tolist()] for name in values.columns])


def written(value: Any) -> float:
    """The number that one text holds, NaN where there is none."""
    found = _WRITTEN.fullmatch(value.strip()) if isinstance(value, str) and len(value) <= _LONGEST else None
    if found is None:
        return float("nan")
    before, first, last, unit, behind = found.groups()
    low = _read(first)
    high = low if last is None else _read(last)
    return (low + high) / 2 * _factor(unit, bool(before or behind)) if low <= high else float("nan")


def _read(digits: str) -> float:
    """A number whose comma parts thousands or decimals; NaN where both can't be, and for codes with zeros in front."""
    if _THOUSANDS.fullmatch(digits):
        return float(digits.replace(",", ""))
    return float(digits.replace(",", ".")) if _PLAIN.fullmatch(digits) else float("nan")


def _factor(unit: str, of_money: bool) -> float:
    if of_money and unit.lower() in _OF_MONEY:
        return _OF_MONEY[unit.lower()]
    if unit in _MANY:
        return _MANY[unit]
    small = unit.lower()
    return _UNITS.get(small, _UNITS.get(small.removesuffix("s"), float("nan")))
