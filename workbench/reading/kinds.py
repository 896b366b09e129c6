"""What the values of a column are, and reading them as such; on polars, so that it serves chunks of any table."""

from __future__ import annotations

import numpy as np
import polars as pl

from workbench.core.contract import Kind

# Text with more distinct values than this is free text: nobody lists them, and a model that learns them learns names.
MOST_CATEGORIES = 1000
# A text column is a number (a date) when at least this share of what is not blank can be read as one.
READABLE = 0.95
# Whole numbers beyond this have no exact float.
EXACT = 2**53

_BLANK = r"(?i)^\s*(?:|na|n/a|nan|null|none|-|\?)\s*$"
_NUMBER = r"^\s*[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?\s*$"
_DATE = r"^\s*(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{4})(?:[T ]\d{1,2}:\d{2}.*)?\s*$"
_ZONE = r"(?:Z|[+-]\d{2}:?\d{2})\s*$"
# Day, month and year in either order, with the rest of the text.
_PARTS = r"^\s*(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})"
_YEAR_FIRST = r"^\s*(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})"
_WORDS = {"true": 1.0, "false": 0.0, "1": 1.0, "0": 0.0, "1.0": 1.0, "0.0": 0.0}


def infer_kind(values: pl.Series) -> Kind:
    """What the values of one column are.

    Parameters
    ----------
    values : polars.Series, shape (rows,)
        Of any type.

    Examples
    --------
    >>> infer_kind(pl.Series(["1.5", " ", "3"])), infer_kind(pl.Series(["2024-01-02", "2024-02-03"]))
    ('number', 'datetime')
    """
    kind = values.dtype
    if kind == pl.Boolean:
        return "boolean"
    if kind.is_integer():
        return "integer"
    if kind.is_float() or kind.is_decimal():
        return "integer" if is_whole(values) else "number"
    if kind in (pl.Date, pl.Datetime):
        return "datetime"
    if kind == pl.Duration:
        return "number"
    return _text_kind(as_text(values))


def is_whole(values: pl.Series) -> bool:
    """Whether every finite number is whole: integers with gaps arrive as floats."""
    numbers = values.cast(pl.Float64).to_numpy()
    finite = numbers[np.isfinite(numbers)]
    return bool(finite.size) and bool((finite == np.round(finite)).all()) and float(abs(finite).max()) < EXACT


def as_text(values: pl.Series) -> pl.Series:
    """Any values as texts, None where missing.

    >>> as_text(pl.Series([[1, 2], None])).to_list()
    ['[1, 2]', None]
    """
    if values.dtype == pl.String:
        return values
    kind = values.dtype
    if kind.is_numeric() or kind.is_temporal() or kind in (pl.Boolean, pl.Categorical, pl.Enum, pl.Null):
        return values.cast(pl.String)
    # Nested, raw, or a type that did not exist when this was written.
    texts = [None if v is None else str(v) for v in values.to_list()]
    return pl.Series(values.name, texts, dtype=pl.String)


def day_first(values: pl.Series) -> bool:
    """Whether 02-01-2011 is the second of January: some first number is above 12, or no second one is.

    >>> day_first(pl.Series(["02-01-2011", "31-01-2011"])), day_first(pl.Series(["02-01-2011", "01-31-2011"]))
    (True, False)
    """
    first = values.str.extract(_PARTS, 1).cast(pl.Int32)
    second = values.str.extract(_PARTS, 2).cast(pl.Int32)
    return bool((first > 12).any()) or not bool((second > 12).any())


def read(values: pl.Series, kind: Kind, days_first: bool | None = None) -> pl.Series:
    """The values in their type; what can't be read in it becomes missing.

    Parameters
    ----------
    values : polars.Series, shape (rows,)
    kind : str
        As in the contract.
    days_first : bool, optional
        How dates such as 02-01-2011 are meant; seen from these values by default.

    Returns
    -------
    polars.Series, shape (rows,)
        number: Float64. integer: Int64, Float64 where the values are no whole numbers or reach beyond it. boolean:
        Float64 (0, 1). category, text: String. datetime: Datetime.

    Examples
    --------
    >>> read(pl.Series(["29.85", " "]), "number").to_list()
    [29.85, None]
    """
    if kind == "number":
        return _floats(values)
    if kind == "integer":
        return _integers(values)
    if kind == "boolean":
        return _booleans(values)
    if kind == "datetime":
        return _datetimes(values, days_first)
    text = as_text(values)
    return text.set(text.str.strip_chars() == "", None) if _may_be_blank(text) else text


def is_blank(values: pl.Series) -> pl.Series:
    """Which texts stand for nothing, shape (rows,)."""
    return values.str.contains(_BLANK)


def _may_be_blank(text: pl.Series) -> bool:
    """Whether a text could be nothing but spaces: they come before all other letters, or are no ASCII."""
    first, last = text.min(), text.max()
    return first is not None and (str(first) < "!" or str(last) > "~")


def _text_kind(values: pl.Series) -> Kind:
    count = len(values) - values.null_count()
    filled = values.drop_nulls().unique()
    filled = filled.filter(~is_blank(filled))
    if filled.is_empty():
        return "category"
    if len(filled) <= 10 and set(filled.str.strip_chars().str.to_lowercase()) <= {"true", "false"}:
        return "boolean"
    if _share(filled, _NUMBER) >= READABLE and not _padded(filled):
        return "integer" if is_whole(_floats(filled)) else "number"
    if _share(filled, _DATE) >= READABLE:
        return "datetime"
    return text_or_category(len(filled), count)


def text_or_category(distinct: int, count: int) -> Kind:
    """Few distinct values make a category, many a text.

    >>> text_or_category(3, 100), text_or_category(100, 100)
    ('category', 'text')
    """
    return "category" if distinct <= MOST_CATEGORIES and distinct < 0.9 * count + 10 else "text"


def _padded(values: pl.Series) -> bool:
    """Whether they are codes of one length of which some begin with zeros, as 00123: no number is written so."""
    lengths = values.str.len_chars()
    return lengths.min() == lengths.max() != 1 and _share(values, r"^0\d+$") >= 0.01


def _share(values: pl.Series, pattern: str) -> float:
    return float(values.str.contains(pattern).mean())  # type: ignore[arg-type]  # booleans


def _floats(values: pl.Series) -> pl.Series:
    if values.dtype == pl.Duration:
        return values.dt.total_microseconds() / 1e6
    if not values.dtype.is_numeric() and values.dtype != pl.Boolean:
        values = as_text(values).str.strip_chars()
    return _without_nan(values.cast(pl.Float64, strict=False))


def _without_nan(floats: pl.Series) -> pl.Series:
    absent = int(np.isnan(floats.to_numpy()).sum())  # nulls and NaN alike
    return floats if absent == floats.null_count() else floats.fill_nan(None)


def _integers(values: pl.Series) -> pl.Series:
    if values.dtype.is_integer():
        return values.cast(pl.Int64, strict=False) if values.dtype != pl.UInt64 else values
    plain = values if values.dtype.is_numeric() else as_text(values).str.strip_chars()
    whole = plain.cast(pl.Int64, strict=False)
    if plain.dtype == pl.String and whole.null_count() == values.null_count():
        return whole
    floats = _floats(plain)
    exact = whole.null_count() == floats.null_count() and bool((whole.cast(pl.Float64) == floats).all())
    return whole if exact else floats


def _booleans(values: pl.Series) -> pl.Series:
    if values.dtype == pl.Boolean or values.dtype.is_numeric():
        return _without_nan(values.cast(pl.Float64))
    words = as_text(values).str.strip_chars().str.to_lowercase()
    return words.replace_strict(_WORDS, default=None, return_dtype=pl.Float64)


def _datetimes(values: pl.Series, days_first: bool | None) -> pl.Series:
    if values.dtype == pl.Date:
        return values.cast(pl.Datetime("us"))
    if values.dtype == pl.Datetime:
        return values
    text = as_text(values).str.strip_chars()
    first = day_first(text) if days_first is None else days_first
    order = "$3-$2-$1" if first else "$3-$1-$2"
    text = text.str.replace(_PARTS, order).str.replace(_YEAR_FIRST, "$1-$2-$3").str.replace("T", " ", literal=True)
    zoned = bool(text.str.contains(_ZONE).any()) and bool(text.str.contains(":").any())
    return _zoned(text) if zoned else _naive(text)


def _naive(text: pl.Series) -> pl.Series:
    """Dates with or without a time, both in one column too."""
    dates = text.str.to_datetime("%Y-%m-%d %H:%M:%S%.f", time_unit="us", strict=False)
    for form in ("%Y-%m-%d %H:%M", "%Y-%m-%d"):
        if dates.null_count() > text.null_count():
            kind = pl.Datetime("us") if "%H" in form else pl.Date
            other = text.str.strptime(kind, form, strict=False).cast(pl.Datetime("us"))
            dates = dates.zip_with(dates.is_not_null(), other)
    return dates


def _zoned(text: pl.Series) -> pl.Series:
    stamped = text.str.replace(r"\s*Z$", "+00:00").str.replace(r"([+-]\d{2}):?(\d{2})$", "$1:$2")
    dates = pl.Series(text.name, [None] * len(text), dtype=pl.Datetime("us", "UTC"))
    for form in ("%Y-%m-%d %H:%M:%S%.f%:z", "%Y-%m-%d %H:%M%:z"):
        dates = dates.zip_with(dates.is_not_null(), stamped.str.to_datetime(form, time_unit="us", strict=False))
    return dates.zip_with(dates.is_not_null(), _naive(text).dt.replace_time_zone("UTC"))
