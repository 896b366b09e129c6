"""A column is read as each of its texts is: what the service says of one value, a batch says of many."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from babel.dates import get_month_names
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.core import forms
from workbench.core.reading import Form
from workbench.reading.values import as_text, is_nothing, read, unread

MARKS = st.sampled_from(
    [".", ",", " ", "'", "", "-", "(", ")", "+", "e", "k", "M", "%", "$", "٣", "５", "−", "\u00a0", "x"]
)
NUMBERS = st.lists(st.one_of(st.integers(0, 99999).map(str), MARKS), min_size=1, max_size=6).map("".join)
FORMS = st.builds(
    Form,
    decimal=st.sampled_from([".", ","]),
    thousands=st.sampled_from(["", ",", ".", " ", "'"]),
    unit=st.sampled_from(["", "$", "%", "kg"]),
    multiples=st.booleans(),
).filter(lambda form: form.decimal != form.thousands)
DATES = st.datetimes(datetime(1900, 1, 1), datetime(2099, 12, 31))
PATTERNS = [
    "%d.%m.%Y",
    "%m/%d/%Y",
    "%d/%m/%Y",
    "%d/%m/%y",
    "%Y%m%d",
    "%b %d, %Y",
    "%d %b %Y",
    "%Y-%m",
    "%d-%b-%y",
    "%y-%m-%d",
    "%Y年%m月%d日",
]
CLOCKS = [
    " 24:00",
    ", 24:00:00.000",
    "",
    " %H:%M",
    " %H:%M:%S",
    "T%H:%M:%S.%f",
    " %I:%M %p",
    " %H:%M:%S,%f",
    " %H:%M:%SZ",
    " %H:%M +02",
    " %H:%M EST",
]

MOMENTS = st.tuples(DATES, st.sampled_from(PATTERNS), st.sampled_from(CLOCKS))
ODD = st.sampled_from(["0/0/0", "31.02.2024", "13/13/2013", "24:00", "99:99"])
ANY = st.one_of(st.text(max_size=12), NUMBERS, ODD)


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(st.lists(NUMBERS, min_size=1, max_size=8), FORMS)
def test_numbers_of_a_column_are_those_of_its_texts(texts, form):
    texts = [t for t in texts if "inf" not in t.lower()]
    column = read(pl.Series("x", texts, dtype=pl.String), "number", form).to_list()

    assert column == [forms.number(text, form) for text in texts]


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(st.lists(MOMENTS, min_size=1, max_size=6), st.permutations(PATTERNS))
def test_moments_of_a_column_are_those_of_its_texts(moments, patterns):
    form = Form(moments=tuple(patterns[:6]))
    texts = [moment.strftime(pattern + clock) for moment, pattern, clock in moments]
    column = read(pl.Series("x", texts, dtype=pl.String), "datetime", form).to_list()

    plain = [v if v is None or v.tzinfo is None else v.astimezone(UTC).replace(tzinfo=None) for v in column]
    assert plain == [forms.moment(text, form) for text in texts]


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(st.lists(ANY))
def test_any_text_is_read_alike_alone_and_in_a_column(texts):
    form = Form(moments=("%d.%m.%Y", "%m/%d/%Y"), missing=("-",))
    column = pl.Series("x", texts, dtype=pl.String)

    assert is_nothing(column, form).to_list() == [forms.is_nothing(text, form) for text in texts]
    assert read(column, "boolean", form).to_list() == [forms.boolean(text, form) for text in texts]
    moments = read(column, "datetime", form)
    assert (moments.is_not_null()).to_list() == [forms.moment(text, form) is not None for text in texts]


@pytest.mark.slow
@given(st.lists(st.integers(-(2**53), 2**53), min_size=1))
def test_whole_numbers_lose_no_digit(numbers):
    grouped = [f"{number:,}" for number in numbers]

    assert read(pl.Series([str(n) for n in numbers]), "integer").to_list() == numbers
    assert read(pl.Series(grouped), "integer", Form(thousands=",")).cast(pl.Int64).to_list() == numbers


@pytest.mark.parametrize("language", ["en", "de", "fr", "es", "it", "pt", "nl"])
@pytest.mark.parametrize("width", ["wide", "abbreviated"])
def test_months_have_their_names_in_seven_languages(language, width):
    """Unicode's own names, by babel; a trailing point is no part of them."""
    names = get_month_names(width, locale=language)

    assert {forms.MONTHS[name.lower().rstrip(".")]: month for month, name in names.items()} == {
        m: m for m in range(1, 13)
    }


ZONES = [("Z", 0), ("UTC", 0), ("+02", 2), ("-0330", -3.5), ("+05:30", 5.5), ("PST", -8), ("cest", 2)]


@pytest.mark.parametrize(("zone", "hours"), ZONES)
def test_a_zone_moves_the_clock(zone, hours):
    text = f"2024-03-01 12:00:00{zone if zone[0] in '+-' else ' ' + zone}"
    expected = datetime(2024, 3, 1, 12) - timedelta(hours=hours)

    assert forms.moment(text, Form()) == expected
    assert read(pl.Series([text]), "datetime")[0] == expected.replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("values", "texts"),
    [([1.0, None], ["1", None]), ([1.5, 2.0], ["1.5", "2.0"]), ([True], ["true"]), ([[1, 2]], ["[1, 2]"])],
)
def test_values_become_texts_as_people_write_them(values, texts):
    assert as_text(pl.Series(values)).to_list() == texts


def test_what_is_there_and_can_not_be_read_is_told_apart_from_nothing():
    texts, form = pl.Series(["1", "N/A", " ", "-", "soon", None]), Form(missing=("-",))

    assert unread(texts, read(texts, "number", form), form).to_list() == [False] * 4 + [True, False]


@pytest.mark.parametrize("name", ["*", "^x$", "^.*$", "", "literal"])
def test_what_a_column_is_called_does_not_decide_what_is_missing(name):
    texts = pl.Series(name, ["-", "x", " ", None])

    assert is_nothing(texts, Form(missing=("-",))).to_list() == [True, False, True, False]
