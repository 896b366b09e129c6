"""What people mean by the texts of a column: e-mail addresses, money, names, yes and no, dates kept as text, …

A pattern says what a value may be, a checksum whether it is (cards by Luhn, IBANs by ISO 7064), and the share of a
column's distinct values that match decides. The column's name is asked only where digits alone could be anything.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from workbench.reading.first_names import FIRST_NAMES

# Distinct values that are looked at, and the share of them that must match.
LOOKED_AT = 1_000
MATCHING = 0.8
# Characters of a text that are looked at.
LONGEST = 500
# Free texts are personal where this share of them, or so many, hold an identifier of a person.
EMBEDDED = 0.01
FEWEST_EMBEDDED = 2
# Characters of a free text that are looked at, and texts that may hold something.
LONGEST_EMBEDDED = 10_000
MOST_SUSPECTS = 5_000
# Of what has the shape of a card or an IBAN, so many must have the checksum: by luck one in ten, or one in 97, has it.
SHAPED = {"card numbers": 0.8, "IBANs": 0.2}

IPS = "IP addresses"
# What names one person, so that a model learns nothing but the person from it.
DIRECT = frozenset({"e-mail addresses", "phone numbers", "card numbers", "IBANs", "social security numbers"})
WITHIN = "texts with "

Test = Callable[[str], bool]


class _Late:
    """A pattern that is compiled when it is first asked: a table of numbers needs none of them."""

    def __init__(self, pattern: str, flags: int = 0) -> None:
        self._pattern, self._flags = pattern, flags

    def __getattr__(self, name: str) -> Any:
        method = self.__dict__[name] = getattr(re.compile(self._pattern, self._flags), name)
        return method


@dataclass(frozen=True)
class Meaning:
    """What the values of a column are.

    Parameters
    ----------
    name : str
        In words, plural.
    sensitive : bool
        Whether it is personal data.
    share : float
        Share of the distinct values that match, in [0, 1].
    """

    name: str
    sensitive: bool
    share: float


def recognise(texts: Iterable[str], column: str = "") -> Meaning | None:
    """What people mean by distinct texts, or None.

    Parameters
    ----------
    texts : iterable of str
        Distinct values; at most 1,000 are looked at.
    column : str
        Name of the column, asked where digits alone could be anything.

    Examples
    --------
    >>> recognise(["ada@example.org", "alan@example.org"]).name
    'e-mail addresses'
    >>> recognise(["$1,200.50", "$7"]).name, recognise(["red", "green"])
    ('amounts of money', None)
    """
    # A pattern's time may grow with the square of a text's length, and texts come from anywhere.
    values = [stripped for text in list(texts)[:LOOKED_AT] if (stripped := text[:LONGEST].strip())]
    if not values:
        return None
    for name, sensitive, test in _tests(column):
        share = _matching(test, values)
        if share >= MATCHING and (sensitive or len(values) > 1) and not (name == IPS and _are_versions(values)):
            return Meaning(name, sensitive, share)
    return within(values, len(values))


def is_direct(meaning: str) -> bool:
    """Whether the values of a column name persons: it is no feature then, unless somebody says why.

    >>> is_direct("e-mail addresses"), is_direct("texts with phone numbers"), is_direct("IP addresses")
    (True, True, False)
    """
    return meaning in DIRECT or meaning.startswith(WITHIN)


def within(texts: Sequence[str], distinct: int) -> Meaning | None:
    """Identifiers of persons in some of the texts of a column, or None.

    At least 1% of the column's distinct texts, or two of them, must hold an e-mail address, a phone number, a card
    (Luhn) or an IBAN (mod 97). Where digits alone could be anything, words must stand around them.

    Parameters
    ----------
    texts : sequence of str
        Distinct texts that may hold one; of more than 5,000, as many at even steps are looked at.
    distinct : int
        Distinct texts of the whole column.

    Examples
    --------
    >>> within(["call (555) 010-9999 after six", "write to ada@example.org"], 900).name
    'texts with e-mail addresses'
    >>> within(["2024-01-31 10:15 shipped", "order 4111111111111112 packed"], 2) is None
    True
    """
    looked = [text[:LONGEST_EMBEDDED] for text in texts[:: -(-len(texts) // MOST_SUSPECTS) or 1]]
    shaped = {kind: [shapes(text) for text in looked] for kind, shapes in _WITHIN.items()}
    held = {kind: [any(right) for right in per_text] for kind, per_text in shaped.items() if _is_meant(kind, per_text)}
    hits = sum(map(any, zip(*held.values(), strict=True))) if held else 0
    share = hits * len(texts) / (len(looked) or 1) / max(distinct, 1)
    if not hits or (hits < FEWEST_EMBEDDED and share < EMBEDDED):
        return None
    return Meaning(WITHIN + max(held, key=lambda kind: sum(held[kind])), True, min(share, 1.0))


def is_card(text: str) -> bool:
    """Whether it has a card's digits with a right Luhn checksum.

    >>> is_card("4111 1111 1111 1111"), is_card("4111 1111 1111 1112")
    (True, False)
    """
    if not _CARD.fullmatch(text):
        return False
    digits = [int(d) for d in re.sub(r"\D", "", text)]
    doubled = sum(digits[-1::-2]) + sum(sum(divmod(2 * d, 10)) for d in digits[-2::-2])
    return 13 <= len(digits) <= 19 and doubled % 10 == 0 and digits[0] in range(2, 7)


def is_iban(text: str) -> bool:
    """Whether it is an IBAN with a right checksum (ISO 7064, mod 97).

    >>> is_iban("DE89 3704 0044 0532 0130 00")
    True
    """
    bare = text.replace(" ", "").upper()
    return bool(_IBAN.fullmatch(bare)) and int("".join(str(int(c, 36)) for c in bare[4:] + bare[:4])) % 97 == 1


def named_phone(column: str) -> bool:
    """Whether a column of bare digits says by its name that they are phone numbers.

    >>> named_phone("mobile_no"), named_phone("mobile_since"), named_phone("Phone2")
    (True, False, True)
    """
    return bool(_PHONE_NAME.search(_spelt(column).strip()))


def is_ip(text: str) -> bool:
    """Whether it is an IPv4 or IPv6 address.

    >>> is_ip("192.168.0.1"), is_ip("1.2.3")
    (True, False)
    """
    if text.count(".") != 3 and text.count(":") < 2:
        return False
    from ipaddress import ip_address

    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def is_phone(text: str) -> bool:
    """Whether it is written as phone numbers are: a country code, brackets, or groups of digits.

    >>> is_phone("+49 171 1234567"), is_phone("(555) 010-9999"), is_phone("2024-01-31")
    (True, True, False)
    """
    digits = sum(c.isdigit() for c in text)
    return 7 <= digits <= 15 and bool(_PHONE.fullmatch(text)) and not _DATE_LIKE.fullmatch(text)


def is_person(text: str) -> bool:
    """Whether it is a person's name: two to four capitalised words, one of the first two a common first name.

    >>> is_person("Ada Lovelace"), is_person("Blue Whale")
    (True, False)
    """
    words = re.sub(r"^(?:Mr|Mrs|Ms|Dr|Prof)\.? ", "", text).replace(",", " ").split()
    if not 2 <= len(words) <= 4 or not all(_NAME_WORD.fullmatch(w) for w in words):
        return False
    return any(w.casefold() in FIRST_NAMES for w in words[:2])


def _matching(test: Test, values: list[str]) -> float:
    """Share of the values that match; 0 as soon as too many do not."""
    failed, most = 0, (1 - MATCHING) * len(values)
    for value in values:
        failed += not test(value)
        if failed > most:
            return 0.0
    return 1 - failed / len(values)


def _tests(column: str) -> list[tuple[str, bool, Test]]:
    name = _spelt(column)
    hints = [(meaning, test) for words, meaning, test in _BY_NAME if re.search(rf"\b(?:{words})\b", name)]
    return [*_TESTS[:_SURE], *((meaning, True, test) for meaning, test in hints), *_TESTS[_SURE:]]


def _spelt(column: str) -> str:
    return re.sub(r"[^a-z]+", " ", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", column).lower())


def _are_versions(values: list[str]) -> bool:
    """Four small numbers with dots between are a version, not an address."""
    return sum(any(int(n) > 31 for n in re.findall(r"\d+", v)) or ":" in v for v in values) < 0.3 * len(values)


def _is_meant(kind: str, per_text: list[list[bool]]) -> bool:
    """Whether enough of what has the shape has the checksum too."""
    shaped = sum(map(len, per_text))
    return bool(shaped) and sum(map(sum, per_text)) >= SHAPED.get(kind, 0.0) * shaped


def _emails(text: str) -> list[bool]:
    return [True for _ in _EMAIL_WITHIN.finditer(text)] if "@" in text else []


def _cards(text: str) -> list[bool]:
    return [is_card(match[0]) for match in _CARD_WITHIN.finditer(text)]


def _ibans(text: str) -> list[bool]:
    """With and without its last group, which may be a word in capitals."""
    candidates = [match[0] for match in _IBAN_WITHIN.finditer(text)]
    return [is_iban(one) or is_iban(one.rpartition(" ")[0]) for one in candidates]


def _phones(text: str) -> list[bool]:
    """Groups of digits are phone numbers beside words alone: they are order numbers and versions as well."""
    among_words = len(_WORD.findall(text)) >= 2
    candidates = [match[0] for match in _PHONE_WITHIN.finditer(text)]
    numbers = [
        True for one in candidates if is_phone(one) and (among_words or (one[0] in "+(" and not _CENTS.search(one)))
    ]
    return numbers + [True for _ in _CALL_ME.finditer(text)]


def _matches(pattern: _Late) -> Test:
    return lambda text: pattern.fullmatch(text) is not None


def _is_first_name(text: str) -> bool:
    return bool(_NAME_WORD.fullmatch(text)) and text.casefold() in FIRST_NAMES


def _is_two_words(text: str) -> bool:
    words = text.split()
    return 2 <= len(words) <= 4 and all(_NAME_WORD.fullmatch(w) for w in words)


_EMAIL = _Late(r"[^@\s,;<>()]+@[^@\s,;<>()]+\.[A-Za-z]{2,}")
_EMAIL_WITHIN = _Late(r"[\w.%+'-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){0,4}\.[^\W\d_]{2,24}")
_CARD_WITHIN = _Late(r"(?<![\w.-])(?:\d{4}(?:[ -]?\d{4}){2}[ -]?\d{1,7}|3\d{3}[ -]?\d{6}[ -]?\d{4,5})(?![\w-])")
_IBAN_WITHIN = _Late(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b")
_PHONE_WITHIN = _Late(
    r"(?<![\w.,/+-])(?:(?:\+|00(?=[1-9]))\d[\d\s().-]{6,18}\d|(?:\d{1,2}[ .-]?)?\(\d{2,5}\)[\d\s./-]{5,12}\d"
    r"|(?:1[ .-])?[2-9]\d{2}[ .-]\d{3}[ .-]\d{4}|0\d{1,4}[ /-]\d{2,4}(?:[ -]?\d{2,5}){1,3})(?![\w-])"
)
_CALL_ME = _Late(
    r"\b(?:tel|phone|call|mobile|cell|fax|telefon|handy|whatsapp|sms|ring)[a-z]{0,5}\W{1,3}"
    r"(?:(?:me|at|on|under|no|nr|number|is|auf)\W{1,3}){0,3}\d{7,15}\b",
    re.IGNORECASE,
)
_WORD = _Late(r"[^\W\d_]{2,}")
_CENTS = _Late(r"\.\d{1,2}$")
_URL = _Late(r"(?:https?://|ftp://|www\.)[^\s/$.?#][^\s]*", re.IGNORECASE)
_UUID = _Late(r"\{?[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}\}?", re.IGNORECASE)
_CARD = _Late(r"\d{4}(?:[ -]?\d{4}){2}[ -]?\d{1,7}|3\d{3}[ -]?\d{6}[ -]?\d{4,5}|\d{13,19}")
_IBAN = _Late(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}")
_SOCIAL = _Late(r"(?!000|666|9\d\d)\d{3}[- ](?!00)\d{2}[- ](?!0000)\d{4}")
_PHONE = _Late(
    r"(?:\+|00)\d[\d\s().-]{6,18}\d"  # +49 171 1234567
    r"|(?:\d{1,2}[ .-]?)?\(\d{2,5}\)[\d\s./-]{5,12}\d"  # (555) 010-9999
    r"|(?:1[ .-])?[2-9]\d{2}[ .-]\d{3}[ .-]\d{4}"  # 555-010-9999
    r"|0\d{1,4}[ /-]\d{2,4}(?:[ -]?\d{2,5}){1,3}"  # 0171 1234567, 01 23 45 67 89
    r"(?:\s?(?:x|ext\.?)\s?\d{1,5})?"
)
_STREET = _Late(
    r"\d{1,5}[a-zA-Z]? [\w .'-]+ (?:Street|St|Road|Rd|Avenue|Ave|Lane|Ln|Drive|Dr|Boulevard|Blvd|Way|Court|Ct|Place|Pl)"
    r"\.?(?:,.*)?"
    r"|[\w .'-]+(?:straße|strasse|str\.|weg|platz|allee|gasse) \d{1,4} ?[a-z]?(?:,.*)?"
    r"|\d{1,4},? (?:rue|avenue|place|boulevard|via|calle) [\w .'-]+(?:,.*)?",
    re.IGNORECASE,
)
_DATE_LIKE = _Late(r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}.*|\d{1,2}[-/.]\d{1,2}[-/.]\d{4}.*")
_DIGITS = _Late(r"\+?[\d\s().-]{7,20}")
_NINE = _Late(r"\d{9}")
_NAME_WORD = _Late(r"[^\W\d_](?:[^\W\d_]|['’.-])*")
_SIGN = r"(?:[$€£¥₹₽₩]|USD|EUR|GBP|CHF|JPY|CNY|INR|AUD|CAD|SEK|NOK|DKK|PLN|BRL|Rs\.?|kr\.?|zł)"
_AMOUNT = r"(?:\d{1,3}(?:[,.' \u00a0]\d{3})+|\d+)(?:[.,]\d{1,2})?"
_MONEY = _Late(rf"\(?[-+]?\s?(?:{_SIGN}\s?[-+]?{_AMOUNT}|{_AMOUNT}\s?{_SIGN})[kKmM]?\)?")
_PERCENT = _Late(r"[-+]?\d+(?:[.,]\d+)?\s?%")
_UNIT = _Late(
    r"[-+]?\d+(?:[.,]\d+)?\s?(?:kg|g|mg|t|lbs?|oz|km|m|cm|mm|mi|miles|ft|feet|in|inch(?:es)?|yd|l|ml|gal|h|hrs?|hours?|"
    r"min|mins|s|sec|ms|d|days?|°?[CF]|°|k?wh|mw|w|v|a|hz|[kmgt]i?b|mph|km/h|px|pcs)",
    re.IGNORECASE,
)
_COMMA = _Late(r"[-+]?(?:\d{1,3}(?:\.\d{3})+|\d+),\d+")
_THOUSANDS = _Late(r"[-+]?\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_DATE = _Late(
    rf"\d{{1,2}}[ -]{_MONTH}[ -,]*\d{{2,4}}|{_MONTH} \d{{1,2}},? \d{{4}}|\d{{1,2}}[-/.]\d{{1,2}}[-/.]\d{{2}}",
    re.IGNORECASE,
)
_TRUE_AND_FALSE = (
    ("yes", "no"), ("y", "n"), ("true", "false"), ("t", "f"), ("on", "off"), ("ja", "nein"), ("j", "n"), ("oui", "non"),
    ("o", "n"), ("si", "no"), ("sí", "no"), ("s", "n"), ("sim", "não"), ("enabled", "disabled"), ("wahr", "falsch"),
    ("vrai", "faux"), ("да", "нет"), ("tak", "nie"),
)  # fmt: skip
_WORDS = frozenset(word for pair in _TRUE_AND_FALSE for word in pair)

_TESTS: list[tuple[str, bool, Test]] = [
    ("e-mail addresses", True, _matches(_EMAIL)),
    ("web addresses", True, _matches(_URL)),
    ("unique identifiers", False, _matches(_UUID)),
    ("social security numbers", True, _matches(_SOCIAL)),
    (IPS, True, is_ip),
    ("IBANs", True, is_iban),
    ("card numbers", True, is_card),
    ("phone numbers", True, is_phone),
    ("names of persons", True, is_person),
    ("postal addresses", True, _matches(_STREET)),
    ("amounts of money", False, _matches(_MONEY)),
    ("percentages", False, _matches(_PERCENT)),
    ("numbers with units", False, _matches(_UNIT)),
    ("numbers with thousands separators", False, _matches(_THOUSANDS)),
    ("numbers with a decimal comma", False, _matches(_COMMA)),
    ("dates kept as text", False, _matches(_DATE)),
]
_SURE = 8  # so many need no word of the column's name
_PHONES = "phones?|tel|telephone|mobile|cell|fax|telefon|handy|msisdn"
_PHONE_NAME = _Late(rf"\b(?:{_PHONES})(?: (?:numbers?|no|nr|num|home|work|private|business|mobile))?$")
_BY_NAME: tuple[tuple[str, str, Test], ...] = (
    (_PHONES, "phone numbers", _matches(_DIGITS)),
    ("ssn|social security|sin", "social security numbers", _matches(_NINE)),
    (
        "name|first name|firstname|last name|surname|full name|vorname|nachname|customer name",
        "names of persons",
        _is_two_words,
    ),
    ("name|first name|firstname|forename|vorname|given name", "names of persons", _is_first_name),
)


_WITHIN: dict[str, Callable[[str], list[bool]]] = {
    "e-mail addresses": _emails,
    "phone numbers": _phones,
    "card numbers": _cards,
    "IBANs": _ibans,
}


def yes_and_no(texts: Iterable[str]) -> bool:
    """Whether the distinct values are words for yes and no, in any spelling.

    >>> yes_and_no(["Yes", "no", "NO"]), yes_and_no(["male", "female"])
    (True, False)
    """
    words = {text.strip().casefold() for text in texts} - {""}
    return len(words) >= 2 and words <= _WORDS and any(words >= set(pair) for pair in _TRUE_AND_FALSE)
