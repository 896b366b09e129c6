"""What a column is, and how its texts are written: seen once, from its values, and kept in the contract.

Reading loses no value: a column is a number, a date or a boolean only if at least :data:`READABLE` of its *rows* read
as such; what does not is counted and told, and digits that a number would lose (leading zeros, whole numbers that no
float holds) make a text.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

import polars as pl

from workbench.core.contract import Kind
from workbench.core.forms import BLANK, CLOCK, ISO, MONTHS, MULTIPLES, NOTHING, PERHAPS_NOTHING, WEEKDAY
from workbench.core.reading import Form
from workbench.reading.values import (
    EXACT,
    PLAIN,
    PLAINEST,
    as_text,
    is_whole,
    moments,
    plain,
    plain_numbers,
    read,
    without_words,
    words_of,
)
from workbench.reading.values import counted as counted_values

# A text column is a number (a date) when at least this share of its rows can be read as one.
READABLE = 0.95
# Words such as "none" may fill so many of the rows of a column of numbers; above, it is a category with numbers in it.
MOST_WORDS = 0.5
# Text with more distinct values than this is free text: nobody lists them, and a model that learns them learns names.
MOST_CATEGORIES = 1000
BEYOND = f"holds whole numbers beyond {EXACT:,}, which have no exact float: it is kept as text"
# Distinct texts that are looked at for patterns of dates.
LOOKED_AT = 1000
# Texts longer than this are no numbers and no dates.
LONGEST = 80
FIRST_LOOKED_AT = 50
# Rows whose order is asked which of two dates is meant, and how much closer together they must lie in one of them.
ORDERED = 5000
CLOSER = 0.8
# Fewer distinct whole numbers than these may look like dates by luck.
FEWEST_DATES = 2
# Share of the rows whose digits begin with a zero from which on numbers of several lengths are codes.
FEW_CODES = 0.01
# Share of the others that are codes of two letters where NA is one too.
MOSTLY = 0.9

CURRENCIES = (
    r"(?:[$€£¥₹₽₩₺₴₫₪฿₿]|(?:US|A|C|NZ|HK|S|R)\$|USD|EUR|GBP|CHF|JPY|CNY|INR|AUD|CAD|NZD|SEK|NOK|DKK|PLN|CZK|HUF|BRL|ZAR|"
    r"MXN|TRY|RUB|KRW|Rs\.?|kr\.?|zł|Kč|Fr\.?)"
)
_CODE_OF_TWO = r"^[A-Z]{2}$"
_WORD_FOR_MISSING = frozenset(
    {"na", "n.a.", "n.a", "n.d.", "n.d", "n. d.", "k.a.", "k. a.", "not available", "no data"}
)
_UNIT = rf"[%‰°]?[^\W\d_]{{1,12}}[²³]?(?:/[^\W\d_]{{1,4}}[²³]?)?|[%‰°]|{CURRENCIES}"
# Orders of day, month and year in which a date of three numbers may be meant, the likeliest first.
ORDERS = ("dmy", "mdy", "ymd")
_NUMBERS = ({"%d", "%m", "%Y"}, {"%d", "%m", "%y"})
_TEXT, _ROWS = pl.col("text"), pl.col("rows")
_MAY_BE_NUMERIC = _TEXT.str.contains("[0-9]") & (_TEXT.str.len_chars() <= LONGEST)
_COMPACT_DATE = r"^(?:19|20)[0-9]{6}(?:T?[0-9]{4}(?:[0-9]{2}(?:\.[0-9]{1,9})?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?)?$"
_ENDLESS = r"(?i)^[-+]?inf(?:inity)?$"
_ORDINALS = frozenset({"st", "nd", "rd", "th", "er", "º"})
_WEEKDAY = re.compile(WEEKDAY)
_LETTER = r"[\p{L}&&[^eE]]"  # in the syntax of Rust
_FIRST_COMPACT_DATE = 19000101
# Signs that no form of a number has; where more rows than these have one, no form need be tried.
_STRANGE = r'[<>=@#&*\\:;!?"|~^{}\[\]]|[0-9][-/][0-9]'
MOST_STRANGE = 1 - READABLE + 1e-9
_DIGITS_OF_EXACT = len(str(EXACT))
_CLOCK = re.compile(f"(?<![0-9]){CLOCK}")
_MARKS: tuple[tuple[str, str], ...] = (
    (".", ","), (",", "."), (".", BLANK), (",", BLANK), (".", "'"), (",", "'"),
)  # fmt: skip


class Wish(NamedTuple):
    """What the user says of how the values of a column are written; the rest is seen.

    Parameters
    ----------
    decimal : str, optional
        The mark before decimals: ``.`` or ``,``.
    likely : str
        The mark that is more likely meant where a number can be read both ways: the comma where semicolons separate.
    missing : tuple of str, optional
        Words that stand for a missing value, and no others.
    dates : tuple of str
        Patterns of dates in the letters of ``strptime``.
    """

    decimal: str | None = None
    likely: str = "."
    missing: tuple[str, ...] | None = None
    dates: tuple[str, ...] = ()


AS_SEEN = Wish()


class Decision(NamedTuple):
    """What a column is.

    Parameters
    ----------
    kind : str
        As in the contract.
    form : Form
        How its texts are written.
    doubt : str
        What else the values could mean; else empty.
    """

    kind: Kind
    form: Form = PLAIN
    doubt: str = ""


def decide(values: pl.Series, wish: Wish = AS_SEEN, rows: pl.DataFrame | None = None) -> Decision:
    """What the values of one column are.

    Parameters
    ----------
    values : polars.Series, shape (rows,)
        Of any type.
    wish : Wish
        What the user says of it.
    rows : polars.DataFrame, optional
        Of texts that were counted already, as :func:`~workbench.reading.values.counted` gives them, in any order.

    Examples
    --------
    >>> decide(pl.Series(["1.5", " ", "3"])).kind, decide(pl.Series(["2024-01-02", "2024-02-03"])).kind
    ('number', 'datetime')
    >>> decide(pl.Series(["12/31/2023", "01/02/2024"])).form.moments
    ('%m/%d/%Y',)
    >>> decide(pl.Series(["1.234", "2.345"])).kind, decide(pl.Series(["1.234", "2.345"]), Wish(",")).kind
    ('number', 'integer')
    """
    kind = values.dtype
    if wish.missing and kind.is_numeric():
        form = replace(PLAIN, missing=wish.missing)
        decided = decide(without_words(values, form))
        return decided._replace(form=replace(decided.form, missing=wish.missing))
    if kind == pl.Boolean:
        return Decision("boolean")
    if kind.is_integer() or kind.is_float() or kind.is_decimal():
        return _of_numbers(values)
    if kind in (pl.Date, pl.Datetime):
        return Decision("datetime")
    if kind == pl.Duration:
        return Decision("integer" if is_whole(read(values, "number")) else "number")
    return _of_texts(as_text(values), wish, rows)


def infer_kind(values: pl.Series) -> Kind:
    """What the values of one column are.

    >>> infer_kind(pl.Series(["1.5", " ", "3"])), infer_kind(pl.Series(["2024-01-02", "2024-02-03"]))
    ('number', 'datetime')
    """
    return decide(values).kind


def text_or_category(distinct: int, count: int) -> Kind:
    """Few distinct values make a category, many a text.

    >>> text_or_category(3, 100), text_or_category(100, 100)
    ('category', 'text')
    """
    return "category" if distinct <= MOST_CATEGORIES and distinct < 0.9 * count + 10 else "text"


def _of_numbers(values: pl.Series) -> Decision:
    if not values.dtype.is_integer():
        return Decision("integer" if is_whole(values) else "number")
    known = values.drop_nulls()
    if not len(known):
        return Decision("integer")
    low, high = int(known.min()), int(known.max())  # type: ignore[arg-type]  # whole numbers, not empty
    if max(-low, high) > EXACT:  # a model's floats would make one of several
        return Decision(text_or_category(known.n_unique(), len(known)), doubt=BEYOND)
    if high < _FIRST_COMPACT_DATE:
        return Decision("integer")
    counted = _bare(counted_values(known.cast(pl.String), commonest_first=False))
    return _compact_dates(counted, _looks(counted)) or Decision("integer")


def _of_texts(values: pl.Series, wish: Wish, rows: pl.DataFrame | None) -> Decision:
    counted = _bare(counted_values(values, commonest_first=False) if rows is None else rows)
    words, rest = _parted(counted, _may_be_missing(wish))
    missing = tuple(sorted(words["text"].to_list())) if wish.missing is None else wish.missing
    few_words = wish.missing is not None or _rows(words) <= MOST_WORDS * _rows(counted)
    looks = _looks(rest)
    if len(rest) and few_words:
        decided = (
            _as_wished(rest, wish)
            or _boolean(rest)
            or _compact_dates(rest, looks)
            or _number(rest, looks, wish)
            or _dates(rest, looks, values, wish)
        )
        if decided is not None:
            return decided._replace(form=replace(decided.form, missing=missing))
    if wish.missing is None:
        missing = tuple(w for w in missing if w.lower() in _WORD_FOR_MISSING and not _is_a_code(w, rest))
    distinct = len(counted) - len(missing)
    beyond = BEYOND if looks.whole >= READABLE and without_exact_float(rest["text"]) else ""
    return Decision(text_or_category(distinct, _rows(counted)), replace(PLAIN, missing=missing), beyond)


def _parted(counted: pl.DataFrame, words: pl.Expr) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The words and the rest."""
    among = counted.select(words).to_series()
    return (counted.filter(among), counted.filter(~among)) if among.any() else (counted.clear(), counted)


def _may_be_missing(wish: Wish) -> pl.Expr:
    """Which texts are words for a missing value, by the user or by usage."""
    if wish.missing is not None:
        return _TEXT.is_in(list(wish.missing))
    return _TEXT.str.to_lowercase().is_in(words_of(PERHAPS_NOTHING))


class _Looks(NamedTuple):
    """What the distinct texts of a column look like: shares of the rows, and whether any or all are such.

    Parameters
    ----------
    numeric : float
        With a digit, and not too long for a number or a date.
    endless : bool
        Whether any is infinite.
    whole : float
        Whole numbers of any length, without a zero in front.
    compact : float
        Dates without a mark.
    bare : float
        Without a letter but that of a power.
    padded : float
        Whole numbers that begin with a zero.
    codes : bool
        Whether there are such, and all texts have one length.
    marked : bool
        Whether there is a mark or a blank in any.
    strange : float
        With a sign that no form of a number has.
    """

    numeric: float
    endless: bool
    whole: float
    compact: float = 0.0
    bare: float = 0.0
    padded: float = 0.0
    codes: bool = False
    marked: bool = False
    strange: float = 0.0


def _looks(rest: pl.DataFrame) -> _Looks:
    """All of it at once, since polars takes as long for each question as for the texts of a category.

    The rest of it is asked only of what may be numbers or dates: free texts are long.
    """

    def share(condition: pl.Expr) -> pl.Expr:
        return _ROWS.filter(condition).sum() / _ROWS.sum()

    numeric, endless, whole = rest.select(
        numeric=share(_MAY_BE_NUMERIC),
        endless=_TEXT.str.contains(_ENDLESS).any(),
        whole=share(_TEXT.str.contains("^[-+]?[1-9][0-9]*$")),
    ).row(0)
    if numeric < READABLE:
        return _Looks(numeric, endless, whole)
    padded, length = _TEXT.str.contains("^0[0-9]+$"), _TEXT.str.len_chars()
    looks = rest.select(
        compact=share(_TEXT.str.contains(_COMPACT_DATE)),
        bare=share(~_TEXT.str.contains(_LETTER)),
        padded=share(padded),
        codes=padded.any() & (length.min() == length.max()),
        marked=_TEXT.str.contains(r"[.,'\s]").any(),
        strange=share(_TEXT.str.contains(_STRANGE)),
    )
    return _Looks(numeric, endless, whole, *looks.row(0))


def _bare(every: pl.DataFrame) -> pl.DataFrame:
    """Distinct texts that may stand for something, with their rows: columns ``text`` and ``rows``."""
    counted = pl.DataFrame({"text": every["value"], "rows": every["rows"]})
    if every["value"].str.contains(PLAINEST["."]).all():
        return counted
    bare, is_nothing = _TEXT.str.strip_chars(), _TEXT.str.to_lowercase().is_in(words_of(NOTHING))
    odd, nothing = counted.select(
        odd=(bare != _TEXT) | (bare.str.len_bytes() != bare.str.len_chars()), nothing=is_nothing
    )
    if odd.any():
        counted = counted.with_columns(plain(counted["text"])).group_by("text").agg(_ROWS.sum())
        return counted.filter(~is_nothing)
    return counted.filter(~nothing) if nothing.any() else counted


def _commonest_first(counted: pl.DataFrame) -> pl.DataFrame:
    return counted.sort("rows", "text", descending=[True, False])


def _share(counted: pl.DataFrame, readable: pl.Series) -> float:
    """Share of the rows."""
    rows = _rows(counted)
    return int(counted["rows"].filter(readable).sum()) / rows if rows else 0.0


def _rows(counted: pl.DataFrame) -> int:
    return int(counted["rows"].sum())


def _is_a_code(word: str, rest: pl.DataFrame) -> bool:
    """Whether NA is Namibia: a code of two capitals among such codes."""
    alike = int(rest["text"].str.contains(_CODE_OF_TWO).sum())
    return bool(re.match(_CODE_OF_TWO, word)) and len(rest) > 1 and alike > MOSTLY * len(rest)


def _boolean(rest: pl.DataFrame) -> Decision | None:
    few = len(rest) <= 10 and {text.lower() for text in rest["text"].to_list()} <= {"true", "false"}
    return Decision("boolean") if few else None


def _number(rest: pl.DataFrame, looks: _Looks, wish: Wish) -> Decision | None:
    if looks.endless:
        rest = rest.filter(~_TEXT.str.contains(_ENDLESS))
        looks = _looks(rest)
    if not len(rest) or looks.numeric < READABLE or looks.strange > MOST_STRANGE or _are_codes(looks):
        return None
    # Where a few rows alone have other letters; else a number has a unit, or is none.
    alone = _best(rest, _marks(wish) if looks.marked else [PLAIN]) if looks.bare >= READABLE else None
    best = alone or _best(rest, _with_words(rest, _marks(wish)))
    if best is None:
        return None
    form, numbers = best
    if without_exact_float(numbers):
        return None
    whole = is_whole(numbers.cast(pl.Float64, strict=False))
    doubt = _doubtful_marks(rest, form) if wish.decimal is None else ""
    return Decision("integer" if whole else "number", form, doubt)


def _marks(wish: Wish) -> list[Form]:
    """Forms by their marks, the likeliest first."""
    decimal = wish.decimal or wish.likely
    likely = [(",", "."), (",", ""), (".", "")] if decimal == "," else [(".", ""), (".", ","), (",", "")]
    marks = dict.fromkeys([*likely, *_MARKS])
    return [replace(PLAIN, decimal=d, thousands=t) for d, t in marks if wish.decimal in (None, d)]


def _best(rest: pl.DataFrame, forms: Iterable[Form]) -> tuple[Form, pl.Series] | None:
    """The form that reads most rows, the earlier of equals, and the numbers; None where none reads enough."""
    best, most = None, 0.0
    for form in forms:
        numbers = plain_numbers(rest["text"], form)
        share = _share(rest, numbers.is_not_null()) if numbers.null_count() else 1.0
        if share > most and share >= READABLE:
            best, most = (form, numbers), share
        if most == 1:
            break
    return best


def _with_words(rest: pl.DataFrame, forms: Iterable[Form]) -> Iterator[Form]:
    """The forms with the unit that stands beside nearly every number, or with words for thousands and millions."""
    beside = rest.select(
        before=pl.col("text").str.extract(r"^[-+(\s]*([^0-9\s.,+()-]*)"),
        behind=pl.col("text").str.extract(r"([^0-9.,'()-]*\.?)[\s)-]*$").str.strip_chars().str.strip_prefix("."),
        rows="rows",
    )
    words = set(beside["behind"].str.strip_suffix(".")) - {""}
    if {word.lower() for word in words} <= set(MULTIPLES) and _are_multiples(rest, beside, words):
        currency = "".join(set(beside["before"]) - {""})
        unit = currency if re.fullmatch(CURRENCIES, currency) else ""
        return (replace(form, multiples=True, unit=unit) for form in forms)
    unit = _unit(beside)
    return (replace(form, unit=unit) for form in forms if unit)


def _are_multiples(rest: pl.DataFrame, beside: pl.DataFrame, words: Iterable[str]) -> bool:
    """Whether letters behind numbers stand for thousands and millions: 3b may be a flat, and 300K a temperature."""
    several = {word.lower() for word in words}
    if not several - {"m"}:
        return False
    spelt_out = any(len(word) > 1 or word == "k" for word in words)
    money = bool((beside["before"] != "").any())
    broken = bool(rest["text"].str.contains(r"[0-9][.,][0-9]{1,2}\D*$").any())
    return spelt_out or len(several) > 1 or money or broken


def _unit(beside: pl.DataFrame) -> str:
    """What stands before or behind nearly every number, if it is a currency, a measure or a word."""
    counted = beside.group_by("before", "behind").agg(pl.col("rows").sum()).sort("rows", descending=True)
    before, behind, rows = counted.row(0)
    if rows < READABLE * _rows(beside) or (before and behind):
        return ""
    return before if re.fullmatch(CURRENCIES, before) else behind if re.fullmatch(_UNIT, behind) else ""


def _are_codes(looks: _Looks) -> bool:
    """Whether some begin with zeros, as 00123: no number is written so, and a number would lose them."""
    return looks.codes or looks.padded >= FEW_CODES


def without_exact_float(numbers: pl.Series) -> bool:
    """Whether a whole number among them has no exact float."""
    longest = numbers.str.len_bytes().max()
    if longest is None or int(longest) < _DIGITS_OF_EXACT:  # type: ignore[arg-type]  # a whole number
        return False
    long = numbers.filter(numbers.str.contains(r"^-?[0-9]{16,}$"))
    return any(abs(int(n)) > EXACT for n in long.to_list())


def _doubtful_marks(rest: pl.DataFrame, form: Form) -> str:
    """Where each number could be another one with its mark before decimals: 1.234 in a file with semicolons."""
    if form.thousands not in (".", ","):
        return ""
    other = replace(form, decimal=form.thousands, thousands="")
    marked = _commonest_first(rest.filter(_TEXT.str.contains(form.thousands, literal=True)))["text"]
    if not len(marked) or plain_numbers(marked, other).null_count():
        return ""
    return f"can be meant in two ways: {marked[0]} was read as {plain_numbers(marked.head(1), form)[0]}"


def _compact_dates(counted: pl.DataFrame, looks: _Looks) -> Decision | None:
    """Dates without any mark, such as 20240131: whole numbers that are all dates are nothing else."""
    if len(counted) < FEWEST_DATES or looks.compact < READABLE:
        return None
    form = replace(PLAIN, moments=("%Y%m%d",))
    readable = moments(counted["text"], form).is_not_null()
    return Decision("datetime", form) if _share(counted, readable) >= READABLE else None


def _dates(rest: pl.DataFrame, looks: _Looks, values: pl.Series, wish: Wish) -> Decision | None:
    if looks.numeric < READABLE:
        return None
    rest = _commonest_first(rest)
    texts = rest["text"]
    patterns = [] if wish.dates else _patterns(rest.filter(_MAY_BE_NUMERIC))
    if not patterns:
        return None
    forms = {order: _in_order(patterns, order) for order in ORDERS}
    shares = {order: _share(rest, moments(texts, form).is_not_null()) for order, form in forms.items()}
    best = [order for order in ORDERS if shares[order] == max(shares.values())]
    if shares[best[0]] < READABLE:
        return None
    alike = len({forms[order] for order in best}) == 1
    form = forms[best[0]] if alike else _likelier([forms[order] for order in best], values)
    return Decision("datetime", form, _too_fine(texts) if alike else _doubtful_order(texts, form))


def _as_wished(rest: pl.DataFrame, wish: Wish) -> Decision | None:
    if not wish.dates:
        return None
    form = replace(PLAIN, moments=wish.dates)
    readable = _share(rest, moments(rest["text"], form).is_not_null())
    return Decision("datetime", form) if readable >= READABLE else None


def _patterns(rest: pl.DataFrame) -> list[str]:
    """Patterns that the texts may have, the commonest first; empty where most have none."""
    looked = rest.head(LOOKED_AT)
    if not any(patterns_of(text) for text in looked["text"].head(FIRST_LOOKED_AT)):
        return []
    counted = Counter[str]()
    for text, rows in looked.iter_rows():
        for pattern in patterns_of(text):
            counted[pattern] += rows
    return [pattern for pattern, _ in counted.most_common()]


def _in_order(patterns: Iterable[str], order: str) -> Form:
    """Of patterns that can be meant in several orders, those in this one."""
    return replace(PLAIN, moments=tuple(p for p in patterns if p != ISO and _order(p) in ("", order)))


def _order(pattern: str) -> str:
    """Which of the numbers comes first where that can be doubted; else empty."""
    parts = re.findall("%[a-zA-Z]", pattern)
    return "".join(p[1] for p in parts).lower() if parts[:1] != ["%Y"] and set(parts[:3]) in _NUMBERS else ""


def _likelier(forms: list[Form], values: pl.Series) -> Form:
    """Of two that read as much: that in which the rows, as they come, lie closer together; else days come first."""
    rows = as_text(values).drop_nulls().head(ORDERED)
    if rows.str.contains(r"(?i)[0-9]\s*[ap]\.?m\.?$").any() and not rows.str.contains(r"^[0-9]+\.").any():
        forms = sorted(forms, key=lambda form: _order(form.moments[0]) != "mdy")
    steps = [float(moments(rows, form).cast(pl.Int64).diff().abs().sum() or 0) for form in forms]
    closest = min(range(len(forms)), key=steps.__getitem__)
    return forms[closest] if steps[closest] < CLOSER * steps[0] else forms[0]


def _too_fine(texts: pl.Series) -> str:
    """Where moments have more digits than they are kept with."""
    fine = texts.filter(texts.str.contains(r":[0-9]{2}[.,][0-9]{6,8}[1-9]"))
    return f"is kept in microseconds: of {fine[0]} and the like the last digits are cut" if len(fine) else ""


def _doubtful_order(texts: pl.Series, form: Form) -> str:
    shown = moments(texts.head(1), form)[0]
    return f"can be meant in two ways: {texts[0]} was read as {shown:%Y-%m-%d}" if shown is not None else ""


def patterns_of(text: str) -> tuple[str, ...]:
    """Patterns of the date that a text may be, in the letters of ``strptime``; empty where it is none.

    >>> patterns_of("31.01.2024 10:15"), patterns_of("2024-01-31T10:15:00Z"), patterns_of("Jan 31, 2024")
    (('%d.%m.%Y', '%m.%d.%Y'), ('%Y-%m-%d',), ('%b %d, %Y',))
    """
    if re.fullmatch(rf"\d{{4}}:\d\d:\d\d(?: {CLOCK})?", text.strip()):
        return ("%Y:%m:%d",)  # as cameras write it
    date = _without_clock(text.strip())
    numbers = re.fullmatch(r"(\d{1,4})(\. |[-/. ])(\d{1,2})\2(\d{1,4})(\.?)", date)
    if numbers:
        *parts, end = numbers.groups()
        return tuple(pattern + end for pattern in _of_three(*parts))
    two = re.fullmatch(r"(\d{4})([-/])\d{1,2}|\d{1,2}([-/])(\d{4})", date)
    if two:
        return (f"%Y{two[2]}%m",) if two[1] else (f"%m{two[3]}%Y",)
    eastern = re.fullmatch(r"\d{4}([年년]\s*)\d{1,2}([月월]\s*)\d{1,2}([日일])", date)
    if eastern:
        return (f"%Y{eastern[1]}%m{eastern[2]}%d{eastern[3]}",)
    return _with_a_name(date)


def _without_clock(text: str) -> str:
    """The date of a moment; ``%X`` stands where the time of the day stood within it."""
    text = _without_weekday(text)
    clock = _CLOCK.search(text)
    if clock is None:
        return text
    before, after = text[: clock.start()].rstrip("T ,:"), text[clock.end() :].strip(" ,")
    after = _without_weekday(after)
    return f"{before} %X {after}" if before and after else before or after


def _without_weekday(text: str) -> str:
    """March is no mardi."""
    day = _WEEKDAY.match(text)
    return text if day is None or day[0].strip(" .,").lower() in MONTHS else text[day.end() :]


def _of_three(first: str, mark: str, second: str, third: str) -> tuple[str, ...]:
    sizes = (len(first), len(third))
    if len(first) == 4:
        orders: tuple[str, ...] = ("Ymd",) if len(third) <= 2 else ()
    elif sizes[0] > 2:
        orders = ()
    else:
        orders = {4: ("dmY", "mdY"), 2: ("dmy", "mdy") if mark == "." else ("dmy", "mdy", "ymd")}.get(sizes[1], ())
    return tuple(mark.join(f"%{letter}" for letter in order) for order in orders)


def _with_a_name(date: str) -> tuple[str, ...]:
    """Where a month stands by its name."""
    pattern, known = "", {"%d": "", "%b": "", "%Y": "", "%y": ""}
    for part in re.findall(r"%X|\d+|[^\W\d_]+|[^\w%]+|.", date):
        token = _token(part, known)
        if token is None:
            return ()
        pattern += token
        known |= {token: part} if token in known else {}
    if re.fullmatch(r"%b\.?[-/']%d", pattern) and len(known["%d"]) == 2:
        return (pattern.replace("%d", "%y"),)  # Jan-24 as Excel writes a month; a day stands in front of it
    complete = known["%b"] and (known["%Y"] or known["%y"])
    return (pattern,) if complete else ()


def _token(part: str, known: Mapping[str, str]) -> str | None:
    """What a part of a date with a month's name is; None where it has no place there."""
    if part.isdecimal():
        if len(part) == 4 and not known["%Y"]:
            return "%Y"
        short = "%d" if not known["%d"] else "%y"
        return short if len(part) <= 2 and not known[short] else None
    if part.lower() in MONTHS:
        return None if known["%b"] else "%b"
    if part.lower() in _ORDINALS:
        return ""
    if part == "%X" or part.lower() in ("de", "of"):
        return part
    return part.replace(".", "") if known["%b"] and not part[:1].isalnum() else None if part[:1].isalnum() else part
