"""Whatever a column was written as, it is read back: equal, or a note says what was not read."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.core.reading import Form
from workbench.reading.columns import read_column
from workbench.reading.deciding import READABLE, Wish, decide, patterns_of, text_or_category

ROWS = 200
NUMBERS = np.random.default_rng(3).normal(0, 4000, ROWS).round(2).tolist()
WHOLE = [int(n) for n in np.random.default_rng(4).integers(-99_999, 99_999, ROWS)]
DAYS = [date(2023, 1, 1) + timedelta(days=5 * i) for i in range(ROWS)]
TIMES = [datetime(2023, 1, 1, 0, 7) + timedelta(hours=37 * i, seconds=i) for i in range(ROWS)]

MIXED = st.sampled_from(["1", "2.5", "3", "failed", "x", "", "-", "2024-01-01", "true"])


def swap(text):
    """German marks for English ones."""
    return text.translate(str.maketrans(",.", ".,"))


FORMATS_OF_NUMBERS = {
    "plain": lambda n: str(n),
    "two decimals": lambda n: f"{n:.2f}",
    "comma for thousands": lambda n: f"{n:,.2f}",
    "German": lambda n: swap(f"{n:,.2f}"),
    "decimal comma": lambda n: swap(f"{n:.2f}"),
    "French": lambda n: f"{n:,.2f}".replace(",", "\u202f").replace(".", ","),
    "Swiss": lambda n: f"{n:,.2f}".replace(",", "'"),
    "blank for thousands": lambda n: f"{n:,.2f}".replace(",", " "),
    "brackets": lambda n: f"({-n:.2f})" if n < 0 else f"{n:.2f}",
    "brackets and commas": lambda n: f"({-n:,.2f})" if n < 0 else f"{n:,.2f}",
    "minus behind": lambda n: f"{-n:.2f}-" if n < 0 else f"{n:.2f}",
    "plus": lambda n: f"{n:+.2f}",
    "true minus": lambda n: f"{n:.2f}".replace("-", "\u2212"),
    "exponent": lambda n: repr(n) if abs(n) < 1 else f"{n:.8e}",
    "Arabic": lambda n: f"{n:.2f}".translate(str.maketrans("0123456789.", "٠١٢٣٤٥٦٧٨٩٫")),
    "full width": lambda n: f"{n:.2f}".translate({ord(c): ord(c) + 0xFEE0 for c in "0123456789.-"}),
    "dollar": lambda n: f"-${-n:,.2f}" if n < 0 else f"${n:,.2f}",
    "euro behind": lambda n: swap(f"{n:,.2f}") + " €",
    "code of a currency": lambda n: f"CHF {n:.2f}",
    "per cent": lambda n: f"{n:.2f}%",
    "per cent and blank": lambda n: f"{n:.2f} %",
    "unit": lambda n: f"{n:.2f} kg",
    "unit at once": lambda n: f"{n:.2f}km/h",
    "word": lambda n: f"{n:.2f} pieces",
    "padded": lambda n: f"{n:12.2f}",
}
FORMATS_OF_WHOLE = {
    "plain": str,
    "commas": lambda n: f"{n:,}",
    "points": lambda n: swap(f"{n:,}"),
    "blanks": lambda n: f"{n:,}".replace(",", "\u00a0"),
    "apostrophes": lambda n: f"{n:,}".replace(",", "\u2019"),
    "Indian": lambda n: f"{n:,}",
    "with a point": lambda n: f"{n}.0",
    "pieces": lambda n: f"{n} pieces",
    "thousands as k": lambda n: f"{n / 1000}k",
    "Arabic": lambda n: str(n).translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")),
}
FORMATS_OF_DAYS = [
    "%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%d.%m.%Y", "%d/%m/%Y", "%d-%m-%Y", "%m/%d/%Y", "%m-%d-%Y",
    "%d.%m.%y", "%m/%d/%y", "%d/%m/%y", "%y-%m-%d", "%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d %Y", "%d-%b-%y",
    "%d-%b-%Y", "%d. %B %Y", "%a, %d %b %Y", "%A, %B %d, %Y", "%Y年%m月%d日",
]  # fmt: skip
FORMATS_OF_TIMES = [
    "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d %H:%M:%S UTC", "%Y-%m-%d %H:%M:%S,%f",
    "%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%dT%H:%M:%S+00:00", "%m/%d/%Y %I:%M:%S %p", "%d.%m.%Y %H:%M:%S",
    "%d/%m/%Y, %H:%M:%S",
       "%d %b %Y %H:%M:%S", "%a %b %d %H:%M:%S %Y", "%d/%b/%Y:%H:%M:%S", "%Y%m%d%H%M%S", "%Y%m%dT%H%M%S",
    "%H:%M:%S %d.%m.%Y",
       "%a, %d %b %Y %H:%M:%S +0000", "%m/%d/%y %I:%M:%S %p",
]  # fmt: skip


def back(texts, likely="."):
    values, notes = read_column([pl.Series("x", texts)], wish=Wish(likely=likely))
    return values, notes


@pytest.mark.parametrize("name", FORMATS_OF_NUMBERS)
def test_numbers_are_read_back(name):
    values, notes = back([FORMATS_OF_NUMBERS[name](n) for n in NUMBERS])

    assert notes.kind == "number"
    assert values.to_list() == pytest.approx(NUMBERS, rel=1e-8)


@pytest.mark.parametrize("name", FORMATS_OF_WHOLE)
def test_whole_numbers_are_read_back(name):
    likely = "," if name == "points" else "."
    values, notes = back([FORMATS_OF_WHOLE[name](n) for n in WHOLE], likely)

    assert notes.kind == "integer"
    assert values.to_list() == WHOLE


@pytest.mark.parametrize("form", FORMATS_OF_DAYS)
def test_days_are_read_back(form):
    values, notes = back([day.strftime(form) for day in DAYS])

    assert notes.kind == "datetime"
    assert values.dt.date().to_list() == DAYS


@pytest.mark.parametrize("form", FORMATS_OF_TIMES)
def test_times_are_read_back(form):
    values, notes = back([time.strftime(form) for time in TIMES])

    assert notes.kind == "datetime"
    assert values.dt.replace_time_zone(None).to_list() == TIMES


@pytest.mark.parametrize("months", [12, 1])
def test_days_up_to_twelve_are_told_as_doubtful(months):
    """Nothing in the values says whether 03/04 is in March or in April, but for their order in the table."""
    texts = [f"{1 + i % 12:02}/{1 + i % months:02}/2023" for i in range(60)]

    assert decide(pl.Series(texts)).doubt


def test_the_order_of_the_rows_says_which_is_the_month():
    american = [date(2023, m, d).strftime("%m/%d/%Y") for m in range(1, 13) for d in range(1, 12)]

    assert decide(pl.Series(american)).form.moments == ("%m/%d/%Y",)
    assert decide(pl.Series(["01/02/2023 10:00 AM"] * 5)).form.moments == ("%m/%d/%Y",)


@pytest.mark.parametrize(
    ("texts", "kind"),
    [
        (["00037", "01234"], "category"),
        (["007", "12", "345"] * 9, "category"),
        (["716277643516076032", "716277643516076033"], "category"),
        (["18446744073709551615", "1"], "category"),
        (["12345678901234567890123", "5"], "category"),
        (["1.2.3", "1.2.4"], "category"),
        (["12:30", "13:45"], "category"),
        (["3/4", "1/2"], "category"),
        (["10-20", "20-30"], "category"),
        (["A1", "B2"], "category"),
        (["<5", "7"], "category"),
        (["0", *["never"] * 3] * 9, "category"),
        (["1", "0"] * 9 + ["failed"] * 18, "category"),
        (["5 kg", "500 g"] * 9, "category"),
        (["2023-W01", "2023-W02"], "category"),
        (["true", "FALSE"], "boolean"),
        (["inf", "1.5", "-inf"], "number"),
    ],
)
def test_what_a_number_would_lose_stays_a_text(texts, kind):
    values, notes = back(texts)

    assert notes.kind == kind
    assert notes.unread == 0
    if kind == "category":
        assert values.to_list() == texts


@pytest.mark.parametrize("values", [[2**53 + 1, 2**53 + 2], [2**63 + 1, 5]])
def test_whole_numbers_beyond_floats_stay_exact_in_any_type(values):
    read, notes = read_column([pl.Series("x", values, dtype=pl.UInt64)])

    assert read.to_list() == [str(v) for v in values]
    assert "no exact float" in notes.doubt


@pytest.mark.parametrize(
    ("texts", "missing"),
    [
        (["NA", "DE", "FR", "US"], ()),
        (["NA", "red", "blue"], ("NA",)),
        (["None", "low", "high"], ()),
        (["-", "+", "-"], ()),
        (["-", "5", "6"], ("-",)),
        (["?", "5", "6"], ("?",)),
        (["n.d.", "5,5", "6,5"], ("n.d.",)),
        (["NA", "5", "6"], ("NA",)),
        (["unknown", "2024-01-01", "2024-01-02"], ("unknown",)),
        (["none", "none", "none", "5"], ()),
    ],
)
def test_words_for_missing_are_decided_by_column(texts, missing):
    assert decide(pl.Series(texts)).form.missing == missing


def test_what_the_user_says_is_not_doubted():
    assert decide(pl.Series(["NA", "red"]), Wish(missing=())).form.missing == ()
    assert decide(pl.Series(["1.234", "2.345"]), Wish(decimal=",")).form == Form(decimal=",", thousands=".")
    assert decide(pl.Series(["01/02/2023"]), Wish(dates=("%m/%d/%Y",))).form.moments == ("%m/%d/%Y",)
    assert read_column([pl.Series("x", ["red", "5", "-"])], wish=Wish(missing=("red", "-")))[0].to_list() == [
        None,
        5,
        None,
    ]


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.sampled_from(["1", "2.5", "3", "failed", "x", "", "-", "2024-01-01", "true"]), min_size=1, max_size=300)
)
def test_reading_loses_no_value(texts):
    """What is there is read, stands for missing by a word that is named, or is counted; of few rows only."""
    values, notes = back(texts)
    there = [t for t in texts if t]

    assert len(values) - values.null_count() + sum(notes.words.values()) + notes.unread == len(there)
    assert notes.unread <= (1 - READABLE) * (len(there) - sum(notes.words.values()))
    assert not notes.unread or notes.examples


@pytest.mark.parametrize("chunk", [1, 7, 50, 1000])
def test_the_first_values_may_mislead(chunk):
    """Numbers at first, words later: the column is a text, whatever was read at once."""
    texts = [*map(str, range(100)), *["word"] * 50]
    parts = [pl.Series("x", texts[i : i + chunk]) for i in range(0, len(texts), chunk)]

    values, notes = read_column(parts)

    assert notes.kind == "category"
    assert values.to_list() == texts


def test_days_up_to_twelve_at_first_do_not_mislead():
    texts = [f"{1 + i % 12:02}/{1 + i % 12:02}/2023" for i in range(50)] + [f"03/{13 + i % 15}/2023" for i in range(50)]
    parts = [pl.Series("x", texts[:50]), pl.Series("x", texts[50:])]

    values, notes = read_column(parts)

    assert notes.form.moments == ("%m/%d/%Y",)
    assert values.null_count() == 0


@pytest.mark.parametrize(
    "text", ["", "hello", "12", "5 May", "2024", "1.2", "Mai", "99.99.9999.9", "a/b/c", "May May 2023"]
)
def test_what_is_no_date_has_no_pattern(text):
    assert patterns_of(text) == ()


@pytest.mark.parametrize(
    ("text", "patterns"),
    [
        ("2024-01", ("%Y-%m",)),
        ("01/2024", ("%m/%Y",)),
        ("1.2.24", ("%d.%m.%y", "%m.%d.%y")),
        ("1/2/24", ("%d/%m/%y", "%m/%d/%y", "%y/%m/%d")),
        ("1-2-2024", ("%d-%m-%Y", "%m-%d-%Y")),
        ("2024/1/2", ("%Y/%m/%d",)),
        ("03 04 2024", ("%d %m %Y", "%m %d %Y")),
        ("10:15 2.1.2024", ("%d.%m.%Y", "%m.%d.%Y")),
        ("2.1.2024, 10:15 PM", ("%d.%m.%Y", "%m.%d.%Y")),
        ("2-Jan-24", ("%d-%b-%y",)),
        ("Jan 2024", ("%b %Y",)),
        ("Jan. 3, 2024", ("%b %d, %Y",)),
        ("March 5, 2024", ("%b %d, %Y",)),
        ("Tue, March 5, 2024", ("%b %d, %Y",)),
        ("Feb 3rd 2024", ("%b %d %Y",)),
        ("3 de mayo de 2024", ("%d de %b de %Y",)),
        ("Fri Feb 3 04:05:06 2023", ("%b %d %X %Y",)),
        ("123-1-2024", ()),
        ("2024-1-2024", ()),
        ("1/2/123", ()),
        ("1.2/2024", ()),
        ("2 Jan", ()),
        ("Jan 3 2024 2024", ()),
        ("x Jan 3 2024", ()),
    ],
)
def test_a_date_has_the_patterns_in_which_it_may_be_meant(text, patterns):
    assert patterns_of(text) == patterns


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (pl.Series([True, None]), "boolean"),
        (pl.Series([1, 2]), "integer"),
        (pl.Series([1.5, None]), "number"),
        (pl.Series([1.0, 2.0, None]), "integer"),
        (pl.Series([], dtype=pl.Int64), "integer"),
        (pl.Series([Decimal("1.50")]), "number"),
        (pl.Series([date(2024, 1, 1)]), "datetime"),
        (pl.Series([datetime(2024, 1, 1)]), "datetime"),
        (pl.Series([timedelta(1)]), "integer"),
        (pl.Series([timedelta(1), timedelta(milliseconds=1)]), "number"),
        (pl.Series([], dtype=pl.String), "category"),
        (pl.Series([None, None], dtype=pl.String), "category"),
        (pl.Series([20240131, 20240201]), "datetime"),
        (pl.Series([20240131]), "integer"),
        (pl.Series(["20240131"]), "integer"),
        (pl.Series([2**53, 1]), "integer"),
        (pl.Series([2**53 + 1, 1]), "category"),
        (pl.Series([-(2**53) - 1, 1]), "category"),
    ],
)
def test_a_typed_column_is_what_its_type_and_its_values_say(values, kind):
    assert decide(values).kind == kind


@pytest.mark.parametrize(
    ("texts", "decision"),
    [
        ([*map(str, range(95)), *["failed"] * 5], ("integer", Form(), "")),
        ([*map(str, range(94)), *["failed"] * 6], ("category", Form(), "")),
        (["none", "5"], ("integer", Form(missing=("none",)), "")),
        (["none", "none", "5"], ("category", Form(), "")),
        ([*map(str, range(99)), "007"], ("text", Form(), "")),
        ([*map(str, range(199)), "007"], ("integer", Form(), "")),
        (["1.234", "12.345"], ("number", Form(), "")),
        (["1,234", "2,345,678"], ("integer", Form(thousands=","), "")),
        (["1,234", "2,34"], ("number", Form(decimal=","), "")),
        (["5 kg", "6"] + ["7 kg"] * 40, ("integer", Form(unit="kg"), "")),
        (["1.5k", "2M"], ("integer", Form(multiples=True), "")),
        (["5m", "6m"], ("integer", Form(unit="m"), "")),
        (["EUR 5", "EUR 7.5"], ("number", Form(unit="EUR"), "")),
        (["a 5 b", "a 6 b"], ("category", Form(), "")),
    ],
)
def test_texts_are_decided_by_most_of_their_rows(texts, decision):
    assert decide(pl.Series(texts)) == decision


@pytest.mark.parametrize(
    ("texts", "likely", "doubt"),
    [
        (["1.234", "2.345"], ",", "can be meant in two ways: 1.234 was read as 1234"),
        (["1.234", "2.345,5"], ",", ""),
        (["1,234", "5"], ".", "can be meant in two ways: 1,234 was read as 1234"),
        (["01/02/2023", "03/04/2023"], ".", "can be meant in two ways: 01/02/2023 was read as 2023-02-01"),
        (["01/02/2023", "13/04/2023"], ".", ""),
    ],
)
def test_a_doubt_names_a_value_and_how_it_was_read(texts, likely, doubt):
    assert decide(pl.Series(texts), Wish(likely=likely)).doubt == doubt


@pytest.mark.parametrize(
    ("distinct", "count", "kind"),
    [(1000, 10**6, "category"), (1001, 10**6, "text"), (10, 10, "category"), (99, 100, "category"), (100, 100, "text")],
)
def test_few_distinct_texts_make_a_category(distinct, count, kind):
    assert text_or_category(distinct, count) == kind
