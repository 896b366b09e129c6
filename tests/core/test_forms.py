"""One text is one value by its form: as people write numbers, dates, truth and gaps, or it is none."""

from datetime import datetime

import pytest

from workbench.core import forms
from workbench.core.reading import Form

GERMAN, ENGLISH, FRENCH = Form(decimal=",", thousands="."), Form(thousands=","), Form(decimal=",", thousands=" ")
NUMBERS = [
    ("7", Form(), 7.0),
    (" -12.50 ", Form(), -12.5),
    ("+5", Form(), 5.0),
    ("5.", Form(), 5.0),
    (".5", Form(), 0.5),
    ("1e3", Form(), 1000.0),
    ("-1.5E-2", Form(), -0.015),
    ("(5.50)", Form(), -5.5),
    ("5-", Form(), -5.0),
    ("\u22125", Form(), -5.0),
    ("\u0663\u066b\u0665", Form(), 3.5),
    ("\uff11\uff12", Form(), 12.0),
    ("1,003.50", ENGLISH, 1003.5),
    ("12,34,567", ENGLISH, 1234567.0),
    ("1.003.000,5", GERMAN, 1003000.5),
    ("1003,5", GERMAN, 1003.5),
    ("1\u202f003,5", FRENCH, 1003.5),
    ("1_003", FRENCH, 1003.0),
    ("1'003.5", Form(thousands="'"), 1003.5),
    ("1\u2019003.5", Form(thousands="'"), 1003.5),
    ("$5", Form(unit="$"), 5.0),
    ("-$5", Form(unit="$"), -5.0),
    ("$-5", Form(unit="$"), -5.0),
    ("($5)", Form(unit="$"), -5.0),
    ("12 %", Form(unit="%"), 12.0),
    ("12", Form(unit="%"), 12.0),
    ("1.5k", Form(multiples=True), 1500.0),
    ("2 Mio.", Form(multiples=True), 2e6),
    ("2e1M", Form(multiples=True), 2e7),
    ("3bn", Form(multiples=True), 3e9),
]
NO_NUMBERS = [
    ("", Form()),
    ("x", Form()),
    ("(5", Form()),
    ("5)", Form()),
    ("-(5)", Form()),
    ("-5-", Form()),
    ("(5-)", Form()),
    ("--5", Form()),
    ("1,003", Form()),
    ("1.5", GERMAN),
    ("0,003", ENGLISH),
    ("1,00", ENGLISH),
    ("1,0000", ENGLISH),
    ("1.0.0", Form()),
    ("5 kg", Form()),
    ("5 lb", Form(unit="kg")),
    ("1.5k", Form()),
    ("1e400", Form()),
    ("-1e400", Form()),
    ("1e", Form()),
    ("5\u00b2", Form()),
]


@pytest.mark.parametrize(("text", "form", "value"), NUMBERS)
def test_a_number_is_read_as_it_is_meant(text, form, value):
    assert forms.number(text, form) == value


@pytest.mark.parametrize(("text", "form"), NO_NUMBERS)
def test_what_is_no_number_in_this_form_is_none(text, form):
    assert forms.number(text, form) is None


@pytest.mark.parametrize(
    ("text", "form", "plain"),
    [
        ("(9.007.199.254.740.993,10)", GERMAN, "-9007199254740993.10"),
        ("+007", Form(), "007"),
        (".5e-3", Form(), "0.5e-3"),
        ("5.", Form(), "5"),
        ("1.25e2k", Form(multiples=True), "1.25e5"),
        ("1e-3k", Form(multiples=True), "1"),
    ],
)
def test_a_number_keeps_every_digit(text, form, plain):
    assert forms.plain_number(text, form) == plain


MOMENTS = [
    ("2023-02-03", Form(), (2023, 2, 3)),
    ("2023-02-03T04:05:06.789Z", Form(), (2023, 2, 3, 4, 5, 6, 789_000)),
    ("2023-02-03 04:05:06,123456789", Form(), (2023, 2, 3, 4, 5, 6, 123_456)),
    ("2023-02-03 04:05:06.05", Form(), (2023, 2, 3, 4, 5, 6, 50_000)),
    ("2023-02-03 04.05", Form(), (2023, 2, 3, 4, 5)),
    ("02/03/2023", Form(moments=("%m/%d/%Y",)), (2023, 2, 3)),
    ("02/03/2023", Form(moments=("%d/%m/%Y",)), (2023, 3, 2)),
    ("2023-02-03", Form(moments=("%d/%m/%Y",)), (2023, 2, 3)),
    ("3.2.68", Form(moments=("%d.%m.%y",)), (2068, 2, 3)),
    ("3.2.69", Form(moments=("%d.%m.%y",)), (1969, 2, 3)),
    ("3.2.00", Form(moments=("%d.%m.%y",)), (2000, 2, 3)),
    ("Feb 3rd, 2023", Form(moments=("%b %d, %Y",)), (2023, 2, 3)),
    ("3. Februar 2023", Form(moments=("%d. %b %Y",)), (2023, 2, 3)),
    ("ven. 3 f\u00e9vr. 2023", Form(moments=("%d %b %Y",)), (2023, 2, 3)),
    ("Fri, 3 FEB 2023 04:05 PM", Form(moments=("%d %b %Y",)), (2023, 2, 3, 16, 5)),
    ("Fri Feb 3 04:05:06 2023", Form(moments=("%b %d %X %Y",)), (2023, 2, 3, 4, 5, 6)),
    ("12:30 AM 2023-02-03", Form(), (2023, 2, 3, 0, 30)),
    ("2023-02-03 12:30 p.m.", Form(), (2023, 2, 3, 12, 30)),
    ("2023-02-03, 11:59 pm", Form(), (2023, 2, 3, 23, 59)),
    ("20230203", Form(moments=("%Y%m%d",)), (2023, 2, 3)),
    ("20230203T040506", Form(moments=("%Y%m%d",)), (2023, 2, 3, 4, 5, 6)),
    ("2023-02", Form(moments=("%Y-%m",)), (2023, 2, 1)),
    ("2023-12-31 24:00", Form(), (2024, 1, 1)),
    ("2023-12-31T24:00:00.000+01:00", Form(), (2023, 12, 31, 23)),
    ("28.02.2023, 24:00 Uhr", Form(moments=("%d.%m.%Y",)), (2023, 3, 1)),
    ("2023\u5e742\u67083\u65e5", Form(moments=("%Y\u5e74%m\u6708%d\u65e5",)), (2023, 2, 3)),
    ("2023-02-03 00:30+02:00", Form(), (2023, 2, 2, 22, 30)),
    ("2023-02-03 00:30-0330", Form(), (2023, 2, 3, 4, 0)),
    ("2023-02-03 00:30 CET", Form(), (2023, 2, 2, 23, 30)),
    ("2023-02-03 00:30 pdt", Form(), (2023, 2, 3, 7, 30)),
]


@pytest.mark.parametrize(("text", "form", "parts"), MOMENTS)
def test_a_moment_is_read_as_it_is_meant_and_in_utc(text, form, parts):
    assert forms.moment(text, form) == datetime(*parts)


@pytest.mark.parametrize(
    "text",
    [
        "", "soon", "02/03/2023", "2023-02-30", "2023-13-01", "2023-02-03 24:30", "2023-02-03 13:30 PM",
        "2023-02-03 04:60", "3 Foo 2023", "0001-01-01 00:00+05:00", "2023-02-03 04:05 XYZ",
    ],
)  # fmt: skip
def test_what_is_no_moment_in_this_form_is_none(text):
    assert forms.moment(text, Form(moments=("%d %b %Y",))) is None


def test_where_the_first_of_two_dates_is_none_the_second_is_tried():
    form = Form(moments=("%d/%m/%Y", "%m/%d/%Y"))

    assert forms.moment("02/03/2023", form) == datetime(2023, 3, 2)
    assert forms.moment("02/13/2023", form) == datetime(2023, 2, 13)
    assert forms.moment("13/13/2023", form) is None


def test_a_form_with_two_dates_reads_what_either_says():
    form = Form(moments=("%d/%m/%Y", "%b %d, %Y"))

    assert forms.moment("03/02/2023", form) == forms.moment("Feb 3, 2023", form) == datetime(2023, 2, 3)


@pytest.mark.parametrize(
    ("text", "missing", "nothing"),
    [
        ("", (), True),
        (" N/A ", (), True),
        ("NaN", (), True),
        ("#DIV/0!", (), True),
        ("-", (), False),
        (" - ", ("-",), True),
        ("NA", (), False),
        ("NA", ("NA",), True),
        ("na", ("NA",), False),
        ("0", (), False),
    ],
)
def test_a_gap_is_a_word_of_everywhere_or_of_the_column(text, missing, nothing):
    assert forms.is_nothing(text, Form(missing=missing)) == nothing


@pytest.mark.parametrize(
    ("text", "form", "value"),
    [
        ("true", Form(), 1.0),
        (" FALSE ", Form(), 0.0),
        ("1", Form(), 1.0),
        ("0.0", Form(), 0.0),
        ("yes", Form(), None),
        ("Ja", Form(true=("ja",), false=("nein",)), 1.0),
        ("true", Form(true=("ja",), false=("nein",)), None),
    ],
)
def test_truth_is_a_word_of_the_form(text, form, value):
    assert forms.boolean(text, form) == value


@pytest.mark.parametrize(
    ("zone", "minutes"),
    [
        ("Z", 0),
        ("utc", 0),
        ("+05:30", 330),
        ("+0530", 330),
        ("-08", -480),
        ("-00:30", -30),
        ("EST", -300),
        ("MESZ", 120),
    ],
)
def test_a_zone_is_minutes_east_of_greenwich(zone, minutes):
    assert forms.offset(zone) == minutes
