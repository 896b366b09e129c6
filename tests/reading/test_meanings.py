# ruff: noqa: E501 - tables of generators read better with one a line
"""What texts mean is recognised on generated columns, hard ones included, and personal data inside texts too."""

import importlib.util
import ipaddress
import uuid
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import workbench as wb
from workbench.reading.meanings import is_card, is_iban, recognise, yes_and_no

_SPEC = importlib.util.spec_from_file_location(
    "planted_of_meanings", Path(__file__).parents[1] / "benchmarks" / "planted.py"
)
planted = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(planted)
luhn, iban = planted.luhn, planted.iban

FIRST = [
    "Anna",
    "Peter",
    "Maria",
    "John",
    "Laura",
    "Ahmed",
    "Wei",
    "Priya",
    "Carlos",
    "Emma",
    "Lukas",
    "Sofia",
    "Yuki",
    "Ivan",
    "Fatima",
    "Thomas",
]
LAST = [
    "Smith",
    "Müller",
    "Garcia",
    "Okafor",
    "Tanaka",
    "Rossi",
    "Novak",
    "Jensen",
    "Dubois",
    "Kowalski",
    "Silva",
    "Khan",
    "Ivanov",
    "Berg",
]
WORDS = [
    "the",
    "bright",
    "river",
    "runs",
    "past",
    "our",
    "quiet",
    "house",
    "while",
    "people",
    "walk",
    "slowly",
    "home",
    "after",
    "long",
    "days",
    "of",
    "work",
]

SEEDS = 4


def columns(seed):
    """Name, texts, and the personal data that they are (None: none)."""
    r = np.random.default_rng(seed)
    n = 60
    number = lambda k: "".join(map(str, r.integers(0, 10, k)))  # noqa: E731 - a short word for a short thing
    many = lambda make: [make() for _ in range(n)]  # noqa: E731
    name = lambda: f"{r.choice(FIRST)} {r.choice(LAST)}"  # noqa: E731
    yield "a", many(lambda: f"{r.choice(FIRST)}{number(3)}@{r.choice(['x.org', 'mail.co.uk'])}"), "e-mail addresses"
    for pattern in ("+1 2{}-{}-{}", "(3{}) {}-{}", "4{}-{}-{}", "+44 7{} {} {}", "+493{}{}{}", "00492{} {}{}"):
        yield "b", many(lambda p=pattern: p.format(number(2), number(3), number(4))), "phone numbers"
    yield "c", many(lambda: luhn("4" + number(14))), "card numbers"
    yield (
        "c",
        many(lambda: " ".join((lambda t: [t[i : i + 4] for i in (0, 4, 8, 12)])(luhn("5" + number(14))))),
        "card numbers",
    )
    for country, size in (("DE", 18), ("FR", 23), ("ES", 20), ("NO", 11)):
        yield "d", many(lambda c=country, s=size: iban(c, number(s))), "IBANs"
    yield "e", many(lambda: str(ipaddress.IPv4Address(int(r.integers(2**24, 2**32))))), "IP addresses"
    yield "e", many(lambda: str(ipaddress.IPv6Address(int(r.integers(2**62)) << 60))), "IP addresses"
    yield "f", many(lambda: f"https://{r.choice(WORDS)}.org/{number(4)}?q=1"), "web addresses"
    yield (
        "g",
        many(lambda: f"{r.integers(100, 665)}-{r.integers(10, 99)}-{r.integers(1000, 9999)}"),
        "social security numbers",
    )
    yield "h", many(name), "names of persons"
    yield "h", many(lambda: ", ".join(reversed(name().split(maxsplit=1)))), "names of persons"
    yield "i", many(lambda: f"{r.integers(1, 200)} {r.choice(['Oak', 'Mill', 'High'])} Street"), "postal addresses"
    words = lambda k: " ".join(r.choice(WORDS, k))  # noqa: E731
    yield "j", [*many(lambda: words(8)), f"{words(3)} ada@example.org {words(2)}"], "texts with e-mail addresses"
    clean = {
        "order": lambda: f"ORD-{number(3)}-{number(4)}", "order2": lambda: f"100-{number(3)}-{number(4)}",
        "number": lambda: number(10), "long": lambda: "7" + number(15), "version": lambda: ".".join(map(str, r.integers(0, 12, 4))),
        "release": lambda: ".".join(map(str, r.integers(0, 20, 3))), "decimal": lambda: f"{r.normal(0, 99):.4f}",
        "comma": lambda: f"{r.integers(0, 999)},{number(2)}", "stamp": lambda: f"2024-0{r.integers(1, 9)}-1{r.integers(0, 9)} 1{r.integers(0, 9)}:{r.integers(10, 59)}",
        "unix": lambda: f"17{number(8)}", "date": lambda: f"{r.integers(10, 28)}.0{r.integers(1, 9)}.20{r.integers(10, 24)}",
        "at": lambda: f"{words(4)} @ {r.integers(1, 12)} pm {words(2)}", "handle": lambda: f"@{r.choice(WORDS)}{number(3)}",
        "uuid": lambda: str(uuid.UUID(bytes=r.bytes(16))), "hash": lambda: r.bytes(16).hex(), "zip": lambda: number(5),
        "city": lambda: r.choice(["Paris", "Austin", "London", "Oslo", "Rome", "Berlin", "New York", "Los Angeles"]),
        "colour": lambda: r.choice(["red", "green", "dark blue", "black"]), "sku": lambda: f"{r.choice(list('ABC'))}{number(2)}-{number(4)}",
        "price": lambda: f"${r.integers(1, 9)},{number(3)}.{number(2)}", "unit": lambda: f"{number(2)} kg",
        "file": lambda: f"{r.choice(WORDS)}_{number(3)}.csv", "time": lambda: f"{r.integers(10, 23)}:{r.integers(10, 59)}",
        "text": lambda: words(9), "range": lambda: f"{r.integers(10, 40)}-{r.integers(41, 90)}", "plate": lambda: f"AB {number(2)} {number(3)}",
        "isbn": lambda: f"978-{number(1)}-{number(4)}-{number(4)}-{number(1)}", "product": lambda: f"{r.choice(['Steel', 'Wood'])} {r.choice(['Chair', 'Table', 'Lamp'])}",
        "job": lambda: r.choice(["Senior Engineer", "Head Nurse", "Sales Clerk", "Bus Driver"]),
    }  # fmt: skip
    for title, make in clean.items():
        yield title, many(make), None


def test_personal_data_is_found_and_nothing_else_is(capsys):
    right = missed = wrong = 0
    told = []
    for seed in range(SEEDS):
        for title, texts, truth in columns(seed):
            found = recognise(list(dict.fromkeys(texts)), title)
            kind = found.name if found and found.sensitive else None
            right += truth is not None and kind == truth
            missed += truth is not None and kind != truth
            wrong += kind is not None and kind != truth
            told += [(title, texts[0], truth, kind)] if kind != truth else []
    recall, precision = right / (right + missed), right / (right + wrong)
    with capsys.disabled():
        print(f"\npersonal data: recall {recall:.3f}, precision {precision:.3f}", *told[:8], sep="\n")
    assert recall >= 0.95
    assert precision >= 0.95


@pytest.mark.parametrize(
    ("texts", "name"),
    [
        (["$1,200.50", "$3"], "amounts of money"),
        (["1.200,50 €", "80 €"], "amounts of money"),
        (["USD 1,200", "USD 7"], "amounts of money"),
        (["12 kg", "3.5 kg"], "numbers with units"),
        (["5 ft", "6 ft"], "numbers with units"),
        (["3%", "4.5 %"], "percentages"),
        (["Jan 5, 2021", "March 31, 2020"], "dates kept as text"),
        (["1,5", "2,75"], "numbers with a decimal comma"),
        (["1,500", "22,750"], "numbers with thousands separators"),
        (["AB-123", "CD-456"], None),
        (["red", "green"], None),
        ([], None),
    ],
)
def test_what_people_mean(texts, name):
    found = recognise(texts)
    assert (found and found.name) == name


@pytest.mark.parametrize(
    "words", [("Yes", "no"), ("Ja", "nein"), ("oui", "non"), ("T", "F"), ("on", "OFF"), ("sí", "no")]
)
def test_yes_and_no_in_many_languages(words):
    assert yes_and_no(words)
    assert not yes_and_no([*words, "maybe"])


def test_one_wrong_digit_is_no_card_and_no_iban():
    assert is_card(luhn("411111111111111"))
    assert not is_card("4111111111111112")
    assert is_iban(iban("DE", "370400440532013000"))
    assert not is_iban("DE88370400440532013000")


def test_digits_alone_are_phones_only_where_the_column_says_so():
    digits = [f"55501{i:05d}" for i in range(50)]

    assert recognise(digits, "phone_number").name == "phone numbers"
    assert recognise(digits, "order") is None


def test_codes_with_leading_zeros_stay_texts():
    profile = wb.profile(pl.DataFrame({"zip": [f"{v:05d}" for v in range(400, 99_000, 331)]}))

    assert profile["zip"].kind in ("category", "text")


def test_a_check_that_fails_is_told_and_keeps_no_other_from_looking(monkeypatch):
    from workbench.profiling.findings import wb101_constant

    def broken(context):
        raise ZeroDivisionError("secret of the data")

    monkeypatch.setattr(wb101_constant, "check", broken)
    told = wb.profile(pl.DataFrame({"x": range(100), "key": [1] * 100})).findings

    assert [f.evidence for f in told if f.code == "WB199"] == [{"check": "WB101"}]
    assert "secret" not in " ".join(map(str, told))
    assert any(f.code == "WB107" for f in told)
