"""A whole column read by its kind and form; on polars, so that it serves chunks of any table.

What :mod:`workbench.core.forms` says of one text is said of a column here, by the same patterns.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import polars as pl

from workbench.core.contract import Kind
from workbench.core.forms import (
    ISO,
    MONTHS,
    MULTIPLES,
    NOTHING,
    is_iso,
    missing_numbers,
    moment_patterns,
    number_pattern,
    offset,
    plain_signs,
)
from workbench.core.reading import Form

# Whole numbers beyond this have no exact float.
EXACT = 2**53
PLAIN = Form()
_MICROSECONDS = pl.Datetime("us")
_DAY = 86_400_000_000
# Numbers as programs write them, which no form reads otherwise.
PLAINEST = {".": r"^-?[0-9]+(?:\.[0-9]+)?$", ",": "^-?[0-9]+$"}


def read(values: pl.Series, kind: Kind, form: Form = PLAIN) -> pl.Series:
    """The values in their type; what can't be read in it becomes missing, and :func:`unread` tells which.

    Parameters
    ----------
    values : polars.Series, shape (rows,)
        Of any type; forms are of texts.
    kind : str
        As in the contract.
    form : Form
        How texts are written.

    Returns
    -------
    polars.Series, shape (rows,)
        number: Float64. integer: Int64, Float64 where the values are no whole numbers or reach beyond it. boolean:
        Float64 (0, 1). category, text: String. datetime: Datetime, in UTC where a text names a zone.

    Examples
    --------
    >>> read(pl.Series(["29.85", " "]), "number").to_list()
    [29.85, None]
    >>> read(pl.Series(["1.003,50"]), "number", Form(decimal=",", thousands=".")).to_list()
    [1003.5]
    """
    if kind == "number":
        return without_words(_floats(values, form), form)
    if kind == "integer":
        return without_words(_integers(values, form), form)
    if kind == "boolean":
        return _booleans(values, form)
    if kind == "datetime":
        return _datetimes(values, form)
    text = as_text(values)
    return read_texts(text, form)[0] if _may_be_nothing(text, form) else text


def read_texts(
    values: pl.Series, form: Form = PLAIN, rows: pl.DataFrame | None = None
) -> tuple[pl.Series, pl.DataFrame]:
    """As :func:`read` of categories and texts, and what is counted on the way, as :func:`counted` in any order.

    ``rows`` are the same of the values, where they were counted already.

    >>> texts, rows = read_texts(pl.Series(["a", "NaN", "a"]))
    >>> texts.to_list(), rows.rows()
    (['a', None, 'a'], [('a', 2)])
    """
    text = as_text(values)
    rows = counted(text, commonest_first=False) if rows is None else rows
    nothing = is_nothing(rows["value"], form) if _may_be_nothing(rows["value"], form) else None
    if nothing is None or not nothing.any():
        return text, rows
    return text.set(text.is_in(rows["value"].filter(nothing).implode()), None), rows.filter(~nothing)


def without_gaps(values: pl.Series) -> pl.Series:
    """The values that are there; the series itself where all are, since polars would copy it."""
    return values.drop_nulls() if values.null_count() else values


def unread(values: pl.Series, typed: pl.Series, form: Form = PLAIN) -> pl.Series:
    """Which values are there, stand for no missing value, and could not be read; shape (rows,), booleans.

    >>> texts = pl.Series(["1", "n.d.", "", None])
    >>> unread(texts, read(texts, "number")).to_list()
    [False, True, False, False]
    """
    lost = typed.is_null() & values.is_not_null()
    if values.dtype.is_float():
        lost = lost & values.is_not_nan()
    if form.missing and values.dtype.is_numeric():
        return lost & ~_stands_for_nothing(values, form)
    if values.dtype != pl.String or not lost.any():
        return lost
    places = lost.arg_true()
    texts = values.gather(places)
    nothing = is_nothing(texts, form)
    if form.missing:
        nothing = nothing | _stands_for_nothing(_floats(texts, form), form)
    return lost.scatter(places.filter(nothing), values=False)


def is_nothing(text: pl.Series, form: Form = PLAIN) -> pl.Series:
    """Which texts stand for a missing value, shape (rows,)."""
    bare = pl.first().str.strip_chars()  # a name could be a pattern
    nothing = bare.str.to_lowercase().is_in(words_of(NOTHING))
    if form.missing:
        nothing = nothing | bare.is_in(list(form.missing))
    return text.to_frame().select(nothing.fill_null(value=False)).to_series()


@cache
def words_of(words: frozenset[str]) -> pl.Series:
    """Words as polars looks among them; made once, for that takes as long as to look."""
    return pl.Series(sorted(words)).implode()


def without_words(numbers: pl.Series, form: Form) -> pl.Series:
    """Without those that are words for a missing value, such as -999.

    >>> without_words(pl.Series([1.0, -999.0]), Form(missing=("-999",))).to_list()
    [1.0, None]
    """
    words = _stands_for_nothing(numbers, form) if form.missing else None
    return numbers if words is None or not words.any() else numbers.set(words, None)


def _stands_for_nothing(numbers: pl.Series, form: Form) -> pl.Series:
    """Which numbers are words for a missing value."""
    return numbers.cast(pl.Float64).is_in(list(missing_numbers(form))).fill_null(value=False)


def as_text(values: pl.Series) -> pl.Series:
    """Any values as texts, None where missing; a whole number has no point, as one gap makes a whole column floats.

    >>> as_text(pl.Series([[1, 2], None])).to_list(), as_text(pl.Series([1.0, None, 2.0])).to_list()
    (['[1, 2]', None], ['1', None, '2'])
    """
    kind = values.dtype
    if kind == pl.String:
        return values
    if kind.is_float():
        finite = values.fill_nan(None)
        whole = finite.drop_nulls().is_finite().all() and (finite.drop_nulls() % 1 == 0).all()
        small = whole and bool((finite.drop_nulls().abs() <= EXACT).all())
        return finite.cast(pl.Int64).cast(pl.String) if small else finite.cast(pl.String)
    if kind == pl.Duration:
        return values.dt.to_string("iso")
    if kind.is_numeric() or kind.is_temporal() or kind in (pl.Boolean, pl.Categorical, pl.Enum, pl.Null):
        return values.cast(pl.String)
    # Nested, raw, or a type that did not exist when this was written.
    return pl.Series(values.name, [None if v is None else value_text(v) for v in values.to_list()], dtype=pl.String)


def value_text(value: Any) -> str:
    """Any value as a text; bytes that are a text in UTF-8 are that text.

    >>> value_text(b"a"), value_text(b"\\xff"), value_text([1])
    ('a', "b'\\\\xff'", '[1]')
    """
    if not isinstance(value, bytes):
        return str(value)
    try:
        return value.decode()
    except UnicodeDecodeError:
        return str(value)


def counted(values: pl.Series, *, commonest_first: bool = True) -> pl.DataFrame:
    """Distinct values that are there, with their rows: columns ``value`` and ``rows``.

    >>> counted(pl.Series("count", ["a", "b", "b", None])).rows()
    [('b', 2), ('a', 1)]
    """
    found = without_gaps(values).alias("value").value_counts(name="rows")
    # Of those that come equally often the first by their letters: threads give them in any order.
    return found.sort(["rows", "value"], descending=[True, False]) if commonest_first else found


def is_whole(values: pl.Series) -> bool:
    """Whether every finite number is whole: integers with gaps arrive as floats."""
    numbers = values.cast(pl.Float64).to_numpy()
    finite = numbers[np.isfinite(numbers)]
    return bool(finite.size) and bool((finite == np.round(finite)).all()) and float(abs(finite).max()) <= EXACT


def all_whole(floats: pl.Series) -> bool:
    """Whether every number is whole, and none infinite.

    >>> all_whole(pl.Series([1.0, None])), all_whole(pl.Series([1.0, 1.5])), all_whole(pl.Series([1.0, float("inf")]))
    (True, False, False)
    """
    numbers = floats.drop_nulls().to_numpy()
    return bool(np.isfinite(numbers).all() and (numbers == np.round(numbers)).all())


def plain(text: pl.Series) -> pl.Series:
    """Texts without blanks around, their digits and signs in ASCII."""
    bare = text.str.strip_chars()
    odd = bare.filter(bare.str.len_bytes() != bare.str.len_chars())
    if odd.is_empty():
        return bare
    odd = odd.unique()
    return bare.replace(odd, pl.Series([plain_signs(t) for t in odd.to_list()], dtype=pl.String))


def plain_numbers(text: pl.Series, form: Form) -> pl.Series:
    """Numbers as programs write them, none of their digits lost; None for what is no number in this form."""
    if text.str.contains(PLAINEST[form.decimal]).all():
        return text
    found = _groups(plain(text), number_pattern(form))
    signs = pl.sum_horizontal(*(pl.col(n).str.len_bytes() > 0 for n in ("open", "sign", "inner", "behind")))
    right = (pl.col("open").is_null() == pl.col("close").is_null()) & (signs.fill_null(0) <= 1)
    minus = pl.coalesce("open", "sign", "inner", "behind").is_in(["-", "("]).fill_null(value=False)
    whole = pl.col("whole").str.replace_all("[^0-9]", "")
    fraction = pl.coalesce("fraction", "bare").str.slice(1).str.strip_chars("-")
    number = pl.concat_str(
        pl.when(minus).then(pl.lit("-")).otherwise(pl.lit("")),
        pl.when(whole.is_null()).then(pl.lit("0")).otherwise(whole),
        pl.when(fraction.str.len_bytes() > 0).then(pl.concat_str(pl.lit("."), fraction)).otherwise(pl.lit("")),
        _power(form),
    )
    there = pl.coalesce("whole", "bare").is_not_null()
    return found.select(pl.when(there & right).then(number).otherwise(None).alias(text.name)).to_series()


def _power(form: Form) -> pl.Expr:
    power = pl.col("power").str.slice(1).str.strip_prefix("+").cast(pl.Int32, strict=False).fill_null(0)
    if form.multiples:
        power = power + pl.col("times").str.to_lowercase().replace_strict(MULTIPLES, default=0, return_dtype=pl.Int32)
    return pl.when(power == 0).then(pl.lit("")).otherwise(pl.concat_str(pl.lit("e"), power.cast(pl.String)))


def _groups(text: pl.Series, pattern: str) -> pl.DataFrame:
    return pl.select(pl.lit(text).str.extract_groups(f"^(?:{pattern})$").alias("found")).unnest("found")


def _may_be_nothing(text: pl.Series, form: Form) -> bool:
    """Whether a text could stand for nothing: cheap for columns whose texts are all longer than any such word."""
    shortest = text.str.len_bytes().min()
    return shortest is not None and (int(shortest) <= _LONGEST_NOTHING or bool(form.missing) or _may_be_blank(text))  # type: ignore[arg-type]  # a whole number


_LONGEST_NOTHING = max(len(word.encode()) for word in NOTHING)


def _may_be_blank(text: pl.Series) -> bool:
    """Whether a text could be nothing but spaces: they come before all other letters, or are no ASCII."""
    first, last = text.min(), text.max()
    return first is not None and (str(first) < "!" or str(last) > "~")


def _floats(values: pl.Series, form: Form) -> pl.Series:
    if values.dtype == pl.Duration:
        in_nanoseconds = values.dtype == pl.Duration("ns")
        return values.dt.total_nanoseconds() / 1e9 if in_nanoseconds else values.dt.total_microseconds() / 1e6
    if values.dtype.is_numeric() or values.dtype == pl.Boolean:
        return _without_nan(values.cast(pl.Float64))
    text = as_text(values)
    quick = _as_programs_write(text, form)
    left = quick.is_null() & text.str.contains("[0-9]|[^\\x00-\\x7f]").fill_null(value=False)
    if not left.any():
        return quick
    slow = plain_numbers(text.filter(left), form).cast(pl.Float64, strict=False)
    return quick.scatter(left.arg_true(), slow.set(slow.is_infinite().fill_null(value=False), None))


def _as_programs_write(text: pl.Series, form: Form) -> pl.Series:
    """The numbers among texts by polars' own parser, where the form has its marks: far quicker than patterns."""
    if form.decimal != "." or form.thousands == ".":
        return pl.Series(text.name, [None], dtype=pl.Float64).new_from_index(0, len(text))
    floats = text.str.strip_chars().cast(pl.Float64, strict=False)
    endless = floats.is_infinite().fill_null(value=False)
    if endless.any():  # 1e999 is no number; the word is one
        floats = floats.set(endless & text.str.contains("[0-9]"), None)
    return _without_nan(floats)


def _without_nan(floats: pl.Series) -> pl.Series:
    absent = int(np.isnan(floats.to_numpy()).sum())  # nulls and NaN alike
    return floats if absent == floats.null_count() else floats.fill_nan(None)


def _integers(values: pl.Series, form: Form) -> pl.Series:
    if values.dtype.is_integer():
        return values.cast(pl.Int64, strict=False)
    if values.dtype.is_numeric() or values.dtype in (pl.Boolean, pl.Duration):
        return _whole(_floats(values, form))
    text = as_text(values)
    whole = text.cast(pl.Int64, strict=False)
    if whole.null_count() == values.null_count():
        return whole
    whole = text.str.strip_chars().cast(pl.Int64, strict=False)
    if whole.null_count() == values.null_count():
        return whole
    floats = _floats(text, form)
    exact = whole.null_count() == floats.null_count() and bool((whole.cast(pl.Float64) == floats).all())
    return whole if exact else _whole(floats)


def _whole(floats: pl.Series) -> pl.Series:
    """As whole numbers where all are and have an exact float."""
    return (
        floats.cast(pl.Int64)
        if floats.null_count() < len(floats) and is_whole(floats) and floats.is_finite().all()
        else floats
    )


def _booleans(values: pl.Series, form: Form) -> pl.Series:
    if values.dtype == pl.Boolean or values.dtype.is_numeric():
        floats = _without_nan(values.cast(pl.Float64))
        return floats.set(~floats.is_in([0.0, 1.0]).fill_null(value=True), None)
    words = dict.fromkeys(form.true, 1.0) | dict.fromkeys(form.false, 0.0)
    bare = as_text(values).str.strip_chars().str.to_lowercase()
    return bare.replace_strict(words, default=None, return_dtype=pl.Float64)


def _datetimes(values: pl.Series, form: Form) -> pl.Series:
    if values.dtype == pl.Date:
        return values.cast(_MICROSECONDS)
    if values.dtype == pl.Datetime:
        return values
    return moments(as_text(values), form)


def moments(text: pl.Series, form: Form) -> pl.Series:
    """Texts as moments, in UTC where any of them names a zone."""
    bare = plain(text)
    dates = _iso(bare) if is_iso(form) else bare.clear(len(bare)).cast(_MICROSECONDS)
    offsets = pl.Series([None], dtype=pl.Int64).new_from_index(0, len(text))
    for expression in (e for pattern in (*form.moments, ISO) for e in moment_patterns(pattern)):
        left = dates.is_null() & bare.is_not_null()
        if not left.any():
            break
        found = _groups(bare.filter(left), expression)
        dates = dates.scatter(left.arg_true(), _assembled(found))
        if "zone" in found.columns:
            offsets = offsets.scatter(left.arg_true(), _offsets(found["zone"]))
    if offsets.null_count() == len(offsets):
        return dates.alias(text.name)
    east = offsets.fill_null(0) * 60_000_000
    return (dates - east.cast(pl.Duration("us"))).dt.replace_time_zone("UTC").alias(text.name)


def _iso(bare: pl.Series) -> pl.Series:
    """ISO 8601 without a zone, by polars' own parser: far quicker than patterns."""
    # chrono takes fewer digits for a year too.
    spaced = bare.str.extract(r"^([0-9]{4}-.*)$").str.replace("T", " ", literal=True)
    dates = spaced.str.to_datetime("%Y-%m-%d %H:%M:%S%.f", time_unit="us", strict=False)
    for form in ("%Y-%m-%d %H:%M", "%Y-%m-%d"):
        if dates.null_count() > spaced.null_count():
            kind = _MICROSECONDS if "%H" in form else pl.Date
            other = spaced.str.strptime(kind, form, strict=False).cast(_MICROSECONDS)
            dates = dates.zip_with(dates.is_not_null(), other)
    return dates


def _assembled(found: pl.DataFrame) -> pl.Series:
    """The groups of a pattern as moments without their zone."""
    there = set(found.columns)

    def part(name: str, otherwise: str) -> pl.Expr:
        return pl.col(name).fill_null(otherwise) if name in there else pl.lit(otherwise)

    number = pl.col("short").cast(pl.Int32, strict=False) if "short" in there else pl.lit(None, dtype=pl.Int32)
    century = pl.when(number >= 69).then(1900).otherwise(2000) + number
    year = pl.col("year") if "year" in there else century.cast(pl.String)
    name = pl.col("name").str.to_lowercase() if "name" in there else pl.lit(None, dtype=pl.String)
    month = (
        part("month", "")
        if "month" in there
        else name.replace_strict({n: str(m) for n, m in MONTHS.items()}, default=None, return_dtype=pl.String)
    )
    rest = pl.concat_str(part("minute", "0"), part("second", "0"), part("fraction", "0"))
    ends = (part("hour", "0") == "24") & (rest.str.strip_chars("0") == "")  # 24:00 is 0:00 of the next day
    hour = pl.when(ends).then(0).otherwise(part("hour", "0").cast(pl.Int32))
    if "half" in there:
        half = pl.col("half").str.to_lowercase().str.slice(0, 1)
        twelve = pl.when(hour <= 12).then(hour % 12 + pl.when(half == "p").then(12).otherwise(0))
        hour = pl.when(half.is_null()).then(hour).otherwise(twelve)
        ends = ends & half.is_null()
    written = pl.concat_str(
        year, pl.lit("-"), month.str.zfill(2), pl.lit("-"), part("day", "1").str.zfill(2), pl.lit(" "),
        hour.cast(pl.String).str.zfill(2), pl.lit(":"), part("minute", "00"), pl.lit(":"), part("second", "00"),
        pl.lit("."), part("fraction", "0").str.slice(0, 6).str.pad_end(6, "0"),
    )  # fmt: skip
    texts, days = found.select(moment=written, days=ends.cast(pl.Int64)).get_columns()
    moments = texts.str.to_datetime("%Y-%m-%d %H:%M:%S%.6f", time_unit="us", strict=False)
    return moments + (days * _DAY).cast(pl.Duration("us")) if days.sum() else moments


def _offsets(zones: pl.Series) -> pl.Series:
    named = zones.drop_nulls().unique()
    return zones.replace_strict({z: offset(z) for z in named.to_list()}, default=None, return_dtype=pl.Int64)
