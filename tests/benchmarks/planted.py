"""Frames with planted defects: which of them the profile names, and what it says of columns that are clean.

    python tests/benchmarks/planted.py

Each kind of defect lies in one column (or pair, or the table) and is named when a finding with one of the codes that
mean it is about that column. ``FRAMES`` are three choices of names, values and shares: what is general passes all.
"""

import sys
import uuid
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

ROWS = 5_000


@dataclass(frozen=True)
class Planted:
    """A kind of defect, the column that has it (None: the table), and the codes that name it."""

    kind: str
    column: str | None
    codes: tuple[str, ...]


def luhn(digits: str) -> str:
    """The digits with the check digit that makes them a card number."""
    total = sum(sum(divmod(2 * int(d), 10)) if i % 2 == 0 else int(d) for i, d in enumerate(reversed(digits)))
    return digits + str(-total % 10)


def grouped(digits: str) -> str:
    """In fours, as on a card."""
    return " ".join(digits[i : i + 4] for i in range(0, len(digits), 4))


def iban(country: str, account: str) -> str:
    """The account with the check digits of ISO 7064."""
    number = "".join(str(int(c, 36)) for c in account + country + "00")
    return f"{country}{98 - int(number) % 97:02d}{account}"


def _digits(rng: np.random.Generator, size: int) -> str:
    return "".join(map(str, rng.integers(0, 10, size)))


def first(seed: int, n: int = ROWS) -> tuple[pd.DataFrame, list[Planted], str]:
    """American spellings; a target of two classes."""
    rng = np.random.default_rng(seed)
    y = rng.random(n) < 0.4
    amount = rng.normal(50, 10, n)
    cities = rng.choice(["New York", "Boston", "Chicago"], n)
    frame = pd.DataFrame({
        "source_system": "crm",
        "channel": np.where(rng.random(n) < 0.002, "fax", "web"),
        "record_id": np.arange(10_000, 10_000 + n),
        "session": [str(uuid.UUID(bytes=rng.bytes(16))) for _ in range(n)],
        "contact": [f"user{i}@mail{i % 7}.com" for i in rng.permutation(n)],
        "callback": [f"({a}) {b}-{c}" for a, b, c in rng.integers([200, 200, 1000], [999, 999, 9999], (n, 3))],
        "ssn": [f"{rng.integers(1, 665):03d}-{rng.integers(1, 99):02d}-{rng.integers(1, 9999):04d}" for _ in range(n)],
        "payment": [luhn("4" + _digits(rng, 14)) for _ in range(n)],
        "referrer": [f"https://site{rng.integers(90)}.org/page/{rng.integers(999)}" for _ in range(n)],
        "client_ip": [".".join(map(str, rng.integers(1, 255, 4))) for _ in range(n)],
        "account": [iban("DE", _digits(rng, 18)) for _ in range(n)],
        "holder": [f"{a} {b}" for a, b in zip(rng.choice(["Mary", "John", "Wei", "Fatima", "Carlos"], n),
                                              rng.choice(["Smith", "Chen", "Garcia", "Khan"], n), strict=True)],
        "signup": (pd.Timestamp("2021-01-01") + pd.to_timedelta(rng.integers(0, 900, n), "D")).strftime("%Y-%m-%d"),
        "last_seen": (pd.Timestamp("2023-01-01") + pd.to_timedelta(rng.integers(0, 900, n), "D")).strftime("%d/%m/%Y"),
        "charges": [f"{v:.2f}" if rng.random() > 0.01 else " " for v in rng.gamma(2, 30, n)],
        "price": [f"${v:,.2f}" for v in rng.gamma(2, 900, n)],
        "weight": [f"{v:.1f} kg" for v in rng.normal(70, 9, n)],
        "subscribed": rng.choice(["yes", "no"], n),
        "outcome_score": y * 5.0 + rng.normal(0, 0.05, n),
        "closed_as": np.where(y, "lost", "kept"),
        "amount": amount,
        "amount_copy": amount,
        "spiky": np.where(rng.random(n) < 0.01, 1e6, rng.normal(0, 1, n)),
        "age": np.where(rng.random(n) < 0.05, -999, rng.integers(18, 90, n)).astype(float),
        "fax_date": np.where(rng.random(n) < 0.6, np.nan, rng.normal(size=n)),
        "skewed": np.exp(rng.normal(0, 2.2, n)),
        "spend": np.where(rng.random(n) < 0.8, 0.0, rng.gamma(2, 20, n)),
        "ratio": np.where(rng.random(n) < 0.01, np.inf, rng.normal(size=n)),
        "city": np.where(rng.random(n) < 0.2, [f" {c.upper()}" for c in cities], cities),
        "code": np.where(rng.random(n) < 0.5, rng.integers(100, 999, n).astype(str), rng.choice(["north", "south"], n)),
        "level": np.linspace(0, 10, n) + rng.normal(0, 1, n),
        "renewal": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 40_000, n), "D"),
        "capped": np.minimum(rng.exponential(100, n), 180.0),
        "y": np.where(y, "left", "stayed"),
    })  # fmt: skip
    gap = rng.random(n) < 0.08
    frame["lat"] = np.where(gap, np.nan, rng.normal(40, 1, n))
    frame["lon"] = np.where(gap, np.nan, rng.normal(-74, 1, n))
    frame["tags"] = [[int(v)] for v in rng.integers(0, 9, n)]
    again = frame.iloc[:100]
    return pd.concat([frame, again], ignore_index=True), _first_planted(), "y"


def _first_planted() -> list[Planted]:
    personal = ("contact", "callback", "ssn", "payment", "referrer", "client_ip", "account", "holder")
    kinds = ("e-mail", "phone", "social security", "card", "URL", "IP", "IBAN", "name")
    return [
        Planted("constant", "source_system", ("WB101",)),
        Planted("near constant", "channel", ("WB102",)),
        Planted("identifier, whole numbers", "record_id", ("WB107",)),
        Planted("identifier, uuid", "session", ("WB107",)),
        *(Planted(kind, column, ("WB121",)) for kind, column in zip(kinds, personal, strict=True)),
        Planted("ISO date as text", "signup", ("WB138",)),
        Planted("d/m/y date as text", "last_seen", ("WB138",)),
        Planted("number as text, blanks", "charges", ("WB138",)),
        Planted("money", "price", ("WB138",)),
        Planted("unit", "weight", ("WB138",)),
        Planted("boolean in words", "subscribed", ("WB124",)),
        Planted("leak, number", "outcome_score", ("WB120",)),
        Planted("leak, category", "closed_as", ("WB120",)),
        Planted("duplicate column", "amount_copy", ("WB106",)),
        Planted("duplicate rows", None, ("WB105",)),
        Planted("outliers", "spiky", ("WB112",)),
        Planted("sentinel", "age", ("WB108",)),
        Planted("mostly missing", "fax_date", ("WB103",)),
        Planted("missing together", "lat", ("WB104",)),
        Planted("skewed", "skewed", ("WB113",)),
        Planted("many zeros", "spend", ("WB123",)),
        Planted("infinities", "ratio", ("WB111",)),
        Planted("spellings", "city", ("WB110",)),
        Planted("mixed types", "code", ("WB118",)),
        Planted("trend", "level", ("WB122",)),
        Planted("future dates", "renewal", ("WB119",)),
        Planted("capped", "capped", ("WB115",)),
        Planted("nested", "tags", ("WB126",)),
    ]


def second(seed: int, n: int = 4_000) -> tuple[pd.DataFrame, list[Planted], str]:
    """European spellings, other shares; a target that is a number and rare values of other kinds."""
    rng = np.random.default_rng(seed)
    y = rng.normal(100, 20, n)
    temp = rng.normal(15, 8, n)
    frame = pd.DataFrame({
        "Mandant": 7,
        "Typ": np.where(rng.random(n) < 0.015, "B", "A"),
        "Kundennr": [f"{i:08d}" for i in rng.permutation(n)],
        "Mail": [f"{v}.{i}@firma-{i % 11}.de" for i, v in enumerate(rng.choice(["a", "b", "jo"], n))],
        "Telefon": [f"+49 {rng.integers(151, 179)} {rng.integers(1_000_000, 9_999_999)}" for _ in range(n)],
        "Karte": [grouped(luhn("5" + _digits(rng, 14))) for _ in range(n)],
        "Konto": [iban("FR", _digits(rng, 23)) for _ in range(n)],
        "Web": [f"www.seite{rng.integers(300)}.de/x{rng.integers(50)}" for _ in range(n)],
        "Adresse": ["2001:db8::" + format(rng.integers(1, 2**16), "x") for _ in range(n)],
        "Kunde": [f"{b}, {a}" for a, b in zip(rng.choice(["Anna", "Jürgen", "Ali", "Sofia"], n),
                                              rng.choice(["Müller", "Schmidt", "Yilmaz"], n), strict=True)],
        "Datum": (pd.Timestamp("2022-01-01") + pd.to_timedelta(rng.integers(0, 500, n), "D")).strftime("%d.%m.%Y"),
        "Eingang": (pd.Timestamp("2022-01-01") + pd.to_timedelta(rng.integers(0, 500, n), "D")).strftime("%d %b %Y"),
        "Menge": rng.integers(1, 999, n).astype(str),
        "Umsatz": [f"{v:.2f}".replace(".", ",") + " €" for v in rng.gamma(2, 90, n)],
        "Gewicht": [f"{v:.0f}lb" for v in rng.normal(150, 20, n)],
        "Anteil": [f"{v:.1f}%" for v in rng.uniform(0, 99, n)],
        "Aktiv": rng.choice(["oui", "non"], n),
        "Rest": 1 - y + rng.normal(0, 0.2, n),
        "temp_c": temp,
        "temp_f": temp * 1.8 + 32,
        "Sensor": np.where(rng.random(n) < 0.004, -5e4, rng.normal(100, 5, n)),
        "Alter": np.where(rng.random(n) < 0.02, 999, rng.integers(18, 90, n)),
        "Fax": np.where(rng.random(n) < 0.85, None, rng.choice(["a", "b", "c"], n)),
        "Schaden": np.where(rng.random(n) < 0.55, 0.0, rng.gamma(1.5, 800, n)),
        "Quote": np.where(rng.random(n) < 0.002, -np.inf, rng.normal(size=n)),
        "Land": np.where(rng.random(n) < 0.02, "Germny", rng.choice(["Germany", "France", "Poland"], n)),
        "Größe": np.where(rng.random(n) < 0.2, rng.integers(30, 60, n).astype(str), rng.choice(["small", "large"], n)),
        "Index": np.linspace(5, -5, n) + rng.normal(0, 1.2, n),
        "Frist": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 30_000, n), "D"),
        "Note": [f"call back, or write to a{i}@post.org" if i % 20 == 0 else "paid in time" for i in range(n)],
        "y": y,
    })  # fmt: skip
    gap = rng.random(n) < 0.03
    frame["b1"] = np.where(gap, None, rng.choice(["x", "y"], n))
    frame["b2"] = np.where(gap, np.nan, rng.normal(size=n))
    return pd.concat([frame, frame.iloc[:37]], ignore_index=True), _second_planted(), "y"


def _second_planted() -> list[Planted]:
    personal = ("Mail", "Telefon", "Karte", "Konto", "Web", "Adresse", "Kunde", "Note")
    kinds = ("e-mail", "phone", "card", "IBAN", "URL", "IP", "name", "e-mail in text")
    return [
        Planted("constant", "Mandant", ("WB101",)),
        Planted("near constant", "Typ", ("WB102",)),
        Planted("identifier, padded", "Kundennr", ("WB107",)),
        *(Planted(kind, column, ("WB121",)) for kind, column in zip(kinds, personal, strict=True)),
        Planted("d.m.y date as text", "Datum", ("WB138",)),
        Planted("date with month name", "Eingang", ("WB138",)),
        Planted("number as text", "Menge", ("WB138",)),
        Planted("money, decimal comma", "Umsatz", ("WB138",)),
        Planted("unit", "Gewicht", ("WB138",)),
        Planted("percentage", "Anteil", ("WB138",)),
        Planted("boolean in words", "Aktiv", ("WB124",)),
        Planted("leak, one minus the target", "Rest", ("WB120",)),
        Planted("same in another unit", "temp_f", ("WB106",)),
        Planted("duplicate rows", None, ("WB105",)),
        Planted("outliers", "Sensor", ("WB112",)),
        Planted("sentinel", "Alter", ("WB108",)),
        Planted("mostly missing", "Fax", ("WB103",)),
        Planted("missing together", "b1", ("WB104",)),
        Planted("many zeros", "Schaden", ("WB123",)),
        Planted("infinities", "Quote", ("WB111",)),
        Planted("spelling with a typing error", "Land", ("WB110",)),
        Planted("mixed types", "Größe", ("WB118",)),
        Planted("trend, falling", "Index", ("WB122",)),
        Planted("future dates", "Frist", ("WB119",)),
    ]


def clean(seed: int, n: int = ROWS) -> pd.DataFrame:
    """Forty columns of many shapes in which nothing is wrong."""
    rng = np.random.default_rng(seed)
    day = pd.Timestamp("2023-01-01") + pd.to_timedelta(rng.integers(0, 365, n), "D")
    words = ["the", "order", "came", "late", "but", "all", "was", "well", "and", "nobody", "asked", "for", "more"]
    columns: dict[str, object] = {
        "normal": rng.normal(size=n), "normal_far": rng.normal(1e6, 5, n), "student": rng.standard_t(8, n),
        "lognormal": np.exp(rng.normal(0, 0.8, n)), "uniform": rng.uniform(-1, 1, n), "gamma": rng.gamma(2, 3, n),
        "beta": rng.beta(2, 5, n), "exponential": rng.exponential(3, n), "triangular": rng.triangular(0, 2, 9, n),
        "two_peaks": np.where(rng.random(n) < 0.5, rng.normal(-3, 1, n), rng.normal(3, 1, n)),
        "logistic": rng.logistic(size=n), "weibull": rng.weibull(1.5, n), "price": rng.gamma(3, 20, n).round(2),
        "percent": rng.uniform(0, 100, n).round(1), "temperature": rng.normal(12, 8, n).round(1),
        "poisson": rng.poisson(4, n), "few": rng.poisson(0.6, n), "dice": rng.integers(1, 7, n),
        "binomial": rng.binomial(20, 0.3, n), "years": rng.integers(1950, 2010, n), "minutes": rng.integers(0, 1440, n),
        "ages": np.clip(rng.normal(42, 14, n), 18, 95).astype(int), "rating": rng.integers(1, 6, n),
        "zip": rng.integers(10_000, 99_999, n), "children": rng.poisson(1.1, n), "month": rng.integers(1, 13, n),
        "some_missing": np.where(rng.random(n) < 0.1, np.nan, rng.normal(size=n)),
        "balanced": rng.choice(["red", "green", "blue"], n),
        "unbalanced": rng.choice(list("abcd"), n, p=[0.7, 0.2, 0.06, 0.04]),
        "two": rng.choice(["male", "female"], n), "grade": rng.choice(["A", "B", "C", "D", "E"], n),
        "country": rng.choice(["Austria", "Australia", "Iran", "Iraq", "Niger", "Nigeria", "Slovakia", "Slovenia"], n),
        "size": rng.choice(["S", "M", "L", "XL"], n),
        "plan": rng.choice(["monthly", "yearly"], n, p=[0.8, 0.2]),
        "product": [f"P{v:03d}" for v in rng.integers(0, 400, n)],
        "version": rng.choice(["1.2.3", "1.3.0", "2.0.1"], n),
        "day": day, "moment": day + pd.to_timedelta(rng.integers(0, 86_400, n), "s"),
        "flag": rng.random(n) < 0.3, "comment": [" ".join(rng.choice(words, 9)) for _ in range(n)],
    }  # fmt: skip
    return pd.DataFrame(columns)


FRAMES: dict[str, Callable[[int], tuple[pd.DataFrame, list[Planted], str]]] = {"first": first, "second": second}


def judged(name: str, seed: int) -> tuple[list[tuple[Planted, bool]], list[object]]:
    """Each planted defect of a frame with whether it is named; and all findings."""
    import workbench as wb

    frame, planted, target = FRAMES[name](seed)
    findings = wb.profile(frame, target=target).findings
    named = {(f.code, column) for f in findings for column in (f.column, *_others(f.evidence))}
    return [(p, any((code, p.column) in named for code in p.codes)) for p in planted], list(findings)


def false_findings(seed: int) -> list[object]:
    """What is said of the forty clean columns, though nothing is wrong with them."""
    import workbench as wb

    # That a text of many values is none for a model is told of a comment, and is true.
    return [f for f in wb.profile(clean(seed)).findings if (f.code, f.column) != ("WB116", "comment")]


def _others(evidence: dict[str, object]) -> list[str]:
    names = evidence.get("columns", [])
    return [str(n) for n in names] if isinstance(names, list) else []


def main() -> None:
    """Print both tables."""
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    for name in FRAMES:
        found, _ = judged(name, seed)
        print(f"\n{name} frame: {sum(named for _, named in found)} of {len(found)} kinds named")
        for planted, named in found:
            print(f"  {'yes' if named else 'NO '}  {planted.kind:32} {planted.column or '(table)'}")
    wrong = false_findings(seed)
    print(f"\n40 clean columns: {len(wrong)} false findings")
    for finding in wrong:
        print(f"  {finding}")


if __name__ == "__main__":
    main()
