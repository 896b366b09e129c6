"""Personal data by its pattern: e-mail, phone, card, IBAN, IP address, social security number."""

from __future__ import annotations

import re
from collections.abc import Callable

import pandas as pd

from workbench.core.contract import Kind

# Distinct values that are looked at, and the share of them that must match.
LOOKED_AT = 500
MATCHING = 0.8

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[A-Za-z]{2,}")
_PHONE = re.compile(r"(?:\+\d[\d\s().-]{7,18}\d|\(\d{2,4}\)[\d\s.-]{6,12}\d|\d{3}[ .-]\d{3}[ .-]\d{4})")
_CARD = re.compile(r"\d{4}(?:[ -]?\d{4}){2}[ -]?\d{1,7}|3\d{3}[ -]?\d{6}[ -]?\d{5}")
_IBAN = re.compile(r"[A-Z]{2}\d{2}(?: ?[A-Z0-9]){11,30}")
_IP = re.compile(
    r"(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)|(?:[0-9a-f]{0,4}:){3,7}[0-9a-f]{0,4}"
)
_SOCIAL = re.compile(r"(?!000|666|9\d\d)\d{3}-(?!00)\d{2}-(?!0000)\d{4}")


def sensitive_kind(values: pd.Series, kind: Kind) -> str | None:
    """What personal data a column holds, in words, or None.

    >>> sensitive_kind(pd.Series(["ada@example.org", "alan@example.org"]), "text")
    'e-mail addresses'
    """
    if kind not in ("category", "text", "integer"):
        return None
    distinct = values.drop_duplicates().dropna().head(LOOKED_AT)
    if kind == "integer":
        distinct = distinct[(distinct >= 1e12) & (distinct < 2**53)].astype("int64") if len(distinct) else distinct
        return "card numbers" if len(distinct) >= 5 and _share(distinct.astype(str), is_card) >= MATCHING else None
    texts = distinct.astype(str).str.strip()
    return next((word for word, test in TESTS.items() if len(texts) and _share(texts, test) >= MATCHING), None)


def is_card(text: str) -> bool:
    """Whether it has a card's digits with a right Luhn checksum.

    >>> is_card("4111 1111 1111 1111"), is_card("4111 1111 1111 1112")
    (True, False)
    """
    digits = [int(d) for d in re.sub(r"\D", "", text)]
    doubled = sum(digits[-1::-2]) + sum(sum(divmod(2 * d, 10)) for d in digits[-2::-2])
    return bool(_CARD.fullmatch(text)) and 13 <= len(digits) <= 19 and doubled % 10 == 0 and any(digits)


def is_iban(text: str) -> bool:
    """Whether it is an IBAN with a right checksum (ISO 7064, mod 97).

    >>> is_iban("DE89 3704 0044 0532 0130 00")
    True
    """
    bare = text.replace(" ", "")
    return bool(_IBAN.fullmatch(text)) and int("".join(str(int(c, 36)) for c in bare[4:] + bare[:4])) % 97 == 1


def mask(text: str) -> str:
    """Its first character and its length, nothing else.

    >>> mask("ada@example.org")
    'a… (15)'
    """
    return f"{text[:1]}… ({len(text)})"


def _share(texts: pd.Series, test: Callable[[str], bool]) -> float:
    return sum(map(test, texts)) / len(texts)


def _matches(pattern: re.Pattern[str]) -> Callable[[str], bool]:
    return lambda text: pattern.fullmatch(text) is not None


TESTS: dict[str, Callable[[str], bool]] = {
    "e-mail addresses": _matches(_EMAIL),
    "social security numbers": _matches(_SOCIAL),
    "IP addresses": _matches(_IP),
    "card numbers": is_card,
    "IBANs": is_iban,
    "phone numbers": _matches(_PHONE),
}
