"""From one text to one value, by the form of its column; what can't be read so gives None.

This is the definition, and the scoring service reads by it. :mod:`workbench.reading` reads whole columns by the same
patterns, and a property test holds both together.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache

from workbench.core.reading import Form

# Texts that stand for a missing value in any column, in small letters: databases, spreadsheets and pandas write them.
NOTHING = frozenset({
    "", "nan", "-nan", "null", "<na>", "n/a", "nat", "#n/a", "#n/a n/a", "#na", "1.#ind", "-1.#ind", "1.#qnan",
    "-1.#qnan", "#null!", "#value!", "#ref!", "#div/0!", "#num!", "#name?", "(null)", "\\n",
    # Excel's errors in other languages, and its newer ones.
    "#nv", "#wert!", "#bezug!", "#zahl!", "#überlauf!", "#valeur!", "#nombre!", "#nom?", "#n/d", "#nul!", "#¡valor!",
    "#¡ref!", "#¡num!", "#¡div/0!", "#¿nombre?", "#¡nulo!", "#valore!", "#rif!", "#nome?", "#nullo!", "#valor!",
    "#núm!", "#nulo!", "#waarde!", "#verw!", "#getal!", "#n/b", "#naam?", "#deel/0!", "#leeg!", "#arg!", "#adr!",
    "#liczba!", "#nazwa?", "#dziel/0!", "#n/d!", "#zero!", "#saknas!", "#värdefel!", "#referens!", "#ogiltigt!",
    "#division/0!", "#н/д", "#знач!", "#ссылка!", "#число!", "#имя?", "#дел/0!", "#пусто!", "#spill!", "#calc!",
    "#field!", "#getting_data",
})  # fmt: skip
# Words that stand for a missing value in some tables and are values in others: each column decides.
PERHAPS_NOTHING = frozenset({
    "na", "none", "nil", "-", "--", "---", "\u2013", "\u2014", "?", "??", "???", ".", "..", "...", "n.a.", "n.a",
    "n.d.", "n.d", "nd", "n. d.", "k.a.", "k. a.", "s.o.", "missing", "unknown", "not available", "no data", "tbd",
    "keine angabe", "unbekannt", "inconnu", "desconocido", "*", ":", "/", "\u2026", "n/d", "s/d", "sin datos",
    "0000-00-00", "0000-00-00 00:00:00", "00.00.0000", "00/00/0000", "00000000",
    "$-", "$ -", "€-", "€ -", "-€", "- €", "£-", "£ -",
})  # fmt: skip

# A blank as the mark between groups of digits: the narrow and the fixed ones too.
BLANK = " "
MULTIPLES = {"k": 3, "mio": 6, "mn": 6, "m": 6, "mrd": 9, "bn": 9, "b": 9}

MONTHS: Mapping[str, int] = {
    name: month
    for month, names in enumerate((
        "jan january januar jänner janvier janv enero ene gennaio gen janeiro januari "
        "январь января янв styczeń stycznia sty leden ledna ocak oca tammikuu tammikuuta január",
        "feb february februar feber février févr fév febrero febbraio fevereiro fev februari "
        "февраль февраля фев luty lutego lut únor února şubat şub helmikuu helmikuuta február",
        "mar march mär märz mars marzo março maart mrt marts "
        "март марта мар marzec marca březen března mart maaliskuu maaliskuuta március",
        "apr april avril avr abril abr aprile "
        "апрель апреля апр kwiecień kwietnia kwi duben dubna nisan nis huhtikuu huhtikuuta április",
        "may mai mayo maggio mag maio mei "
        "май мая maj maja květen května mayıs toukokuu toukokuuta május",
        "jun june juni juin junio giugno giu junho "
        "июнь июня июн czerwiec czerwca cze červen června haziran haz kesäkuu kesäkuuta június",
        "jul july juli juillet juil julio luglio lug julho "
        "июль июля июл lipiec lipca lip červenec července temmuz tem heinäkuu heinäkuuta július",
        "aug august août aoû agosto ago augustus augusti "
        "август августа авг sierpień sierpnia sie srpen srpna ağustos ağu elokuu elokuuta augusztus",
        "sep sept september septembre septiembre settembre set setembro "
        "сентябрь сентября сен сент wrzesień września wrz září eylül eyl syyskuu syyskuuta szeptember",
        "oct october okt oktober octobre octubre ottobre ott outubro out "
        "октябрь октября окт październik października paź říjen října ekim eki lokakuu lokakuuta október",
        "nov november novembre noviembre novembro "
        "ноябрь ноября ноя listopad listopada listopadu lis kasım kas marraskuu marraskuuta",
        "dec december dez dezember décembre déc diciembre dic dicembre dezembro desember des "
        "декабрь декабря дек grudzień grudnia gru prosinec prosince aralık ara joulukuu joulukuuta",
    ), start=1)
    for name in names.split()
}  # fmt: skip
# Minutes east of Greenwich. Names that two countries give to two zones (IST, BST) are left out.
ZONES: Mapping[str, int] = {
    "z": 0, "utc": 0, "gmt": 0, "ut": 0, "wet": 0, "west": 60, "cet": 60, "mez": 60, "cest": 120, "mesz": 120,
    "eet": 120, "eest": 180, "msk": 180, "est": -300, "edt": -240, "cst": -360, "cdt": -300, "mst": -420, "mdt": -360,
    "pst": -480, "pdt": -420, "akst": -540, "akdt": -480, "hst": -600, "jst": 540, "kst": 540, "awst": 480,
    "aest": 600, "aedt": 660, "nzst": 720, "nzdt": 780,
}  # fmt: skip
ISO = "%Y-%m-%d"

_LETTER = r"[^\W\d_]"
WEEKDAY = (
    r"(?i:mon|tue|wed|thu|fri|sat|sun|mo|di|mi|do|fr|sa|so|lun|mar|mer|mié|mie|jeu|jue|ven|vie|sam|sáb|sab|dim|dom)"
    rf"{_LETTER}*[\s,.]+"
)
_ZONE_NAMES = "|".join(sorted(ZONES, key=len, reverse=True))
# As a browser writes it, GMT+0100 (CET), and Java, +01:00[Europe/Berlin].
_BEHIND_A_ZONE = r"(?:\s*(?:\([^()]*\)|\[[^\[\]]*\]))?"
_ZONE = rf"(?i:gmt|utc)?(?P<zone>[+-][0-9]{{2}}(?::?[0-9]{{2}})?|(?i:{_ZONE_NAMES})){_BEHIND_A_ZONE}"
# The time of a day as people write it, to find it within a text.
CLOCK = (
    r"(?:[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]{1,9})?)?(?:\s*(?i:[ap]\.?\s?m\b\.?|uhr\b))?"
    r"|[0-9]{1,2}\.[0-9]{2}\.[0-9]{2}(?:[.,][0-9]{1,9})?\s*(?i:[ap]m\b))"
    rf"(?:\s*(?i:gmt|utc)?(?:[+-][0-9]{{2}}(?::?[0-9]{{2}})?|(?i:{_ZONE_NAMES})\b){_BEHIND_A_ZONE})?"
)
# The time of a day, in any of its usual forms: only a date can be read in two ways.
_TIME = (
    r"(?P<hour>[0-9]{1,2})[:.h](?P<minute>[0-9]{2})(?:[:.](?P<second>[0-9]{2})(?:[.,](?P<fraction>[0-9]{1,9}))?)?"
    rf"(?:\s*(?:(?P<half>(?i:[ap]\.?\s?m\.?))|(?i:uhr)))?(?:\s*{_ZONE})?"
)
_TOKENS = {
    "%Y": r"(?P<year>[0-9]{4})",
    "%y": r"(?P<short>[0-9]{2})",
    "%m": r"(?P<month>[0-9]{1,2})",
    "%d": r"(?P<day>[0-9]{1,2})(?i:st|nd|rd|th|º|er)?",
    "%b": rf"(?P<name>{_LETTER}+)\.?",
    "%X": _TIME,
}
_COMPACT = {"%Y": r"(?P<year>[0-9]{4})", "%m": r"(?P<month>[0-9]{2})", "%d": r"(?P<day>[0-9]{2})"}
_COMPACT_TIME = (
    rf"(?:[T\s]?(?P<hour>[0-9]{{2}}):?(?P<minute>[0-9]{{2}})(?::?(?P<second>[0-9]{{2}})(?:[.,](?P<fraction>[0-9]{{1,9}}))?)?"
    rf"\s*(?:{_ZONE})?)?"
)
_OTHER_SIGNS = str.maketrans({
    "\u2212": "-", "\u2010": "-", "\u2011": "-", "\u2012": "-", "\u2013": "-", "\ufe63": "-", "\uff0d": "-",
    "\uff0b": "+", "\u066b": ".", "\u066c": ",", "\uff0e": ".", "\uff0c": ",", "\uff08": "(", "\uff09": ")",
    "\uff05": "%", "\u2019": "'", "\u00b4": "'",
})  # fmt: skip


def is_nothing(text: str, form: Form) -> bool:
    """Whether a text stands for a missing value.

    >>> is_nothing("N/A", Form()), is_nothing("-", Form()), is_nothing("-", Form(missing=("-",)))
    (True, False, True)
    """
    bare = text.strip()
    return bare in form.missing or bare.lower() in NOTHING


@lru_cache(1024)
def missing_numbers(form: Form) -> frozenset[float]:
    """The words for a missing value that are numbers, such as -999.

    >>> missing_numbers(Form(missing=("-999", "n.d."))), missing_numbers(Form())
    (frozenset({-999.0}), frozenset())
    """
    read = (number(word, one) for word in form.missing for one in (form, Form()))
    return frozenset(value for value in read if value is not None)


def number(text: str, form: Form) -> float | None:
    """A finite number, or None.

    >>> number("1.003,50", Form(decimal=",", thousands=".")), number("(5.50)", Form()), number("5-", Form())
    (1003.5, -5.5, -5.0)
    >>> number("1.200,-", Form(decimal=",", thousands="."))
    1200.0
    >>> number("1.5k", Form(multiples=True)), number("12 %", Form(unit="%")), number("1,5", Form())
    (1500.0, 12.0, None)
    """
    plain = plain_number(text, form)
    value = None if plain is None else float(plain)
    return None if value is None or abs(value) > sys.float_info.max else value


def plain_number(text: str, form: Form) -> str | None:
    """The same number as programs write it, without losing a digit; None where it is none.

    >>> plain_number("9.007.199.254.740.993", Form(decimal=",", thousands="."))
    '9007199254740993'
    """
    match = re.fullmatch(number_pattern(form), plain_signs(text).strip())
    if match is None or bool(match["open"]) != bool(match["close"]):
        return None
    parts = match.groupdict()
    signs = [sign for name in ("open", "sign", "inner", "behind") if (sign := parts[name])]
    if len(signs) > 1:
        return None
    sign = "-" if signs and signs[0] != "+" else ""
    whole = re.sub("[^0-9]", "", parts["whole"] or "") or "0"
    fraction = (parts["fraction"] or parts["bare"] or "")[1:].strip("-")
    power = int((parts["power"] or "e0")[1:]) + MULTIPLES.get((parts.get("times") or "").lower(), 0)
    return f"{sign}{whole}{'.' + fraction if fraction else ''}{f'e{power}' if power else ''}"


def plain_signs(text: str) -> str:
    """Digits of any script as ASCII's, and the many forms of minus, point and apostrophe as one.

    >>> plain_signs("\\u0661\\u0662\\u066b\\u0665"), plain_signs("\\u22125"), plain_signs("5\\u00b2")
    ('12.5', '-5', '5²')
    """
    if text.isascii():
        return text
    signs = text.translate(_OTHER_SIGNS)
    return "".join(str(int(c)) if c.isdecimal() else c for c in signs)


@lru_cache(1024)
def number_pattern(form: Form) -> str:
    """Regular expression of a number in this form, in the syntax that Python and Rust share.

    Its groups: ``open``, ``sign``, ``inner``, ``whole``, ``fraction``, ``bare``, ``power``, ``times``, ``behind``,
    ``close``.
    """
    mark = r"[\s_]" if form.thousands == BLANK else re.escape(form.thousands)
    groups = rf"[1-9][0-9]{{0,2}}(?:{mark}[0-9]{{2,3}})*{mark}[0-9]{{3}}|" if mark else ""
    unit = rf"(?:{re.escape(form.unit)})" if form.unit else ""
    before, after = (rf"(?:{unit}\s*)?", rf"(?:\s*{unit})?") if unit else ("", "")
    times = rf"(?:\s*(?P<times>(?i:{'|'.join(MULTIPLES)}))\.?)?" if form.multiples else ""
    point = re.escape(form.decimal)
    return (
        rf"{before}(?P<open>\()?\s*(?P<sign>[-+])?\s*{before}(?P<inner>[-+])?"
        rf"(?:(?P<whole>{groups}[0-9]+)(?P<fraction>{point}(?:--?|[0-9]*))?|(?P<bare>{point}[0-9]+))"
        rf"(?P<power>[eE][-+]?[0-9]{{1,3}})?{times}{after}\s*(?P<behind>-)?\s*(?P<close>\))?"
    )


def boolean(text: str, form: Form) -> float | None:
    """1.0, 0.0 or None.

    >>> boolean("TRUE", Form()), boolean("no", Form()), boolean("no", Form(true=("yes",), false=("no",)))
    (1.0, None, 0.0)
    """
    word = text.strip().lower()
    if word in form.true:
        return 1.0
    return 0.0 if word in form.false else None


def moment(text: str, form: Form) -> datetime | None:
    """A naive moment, in UTC where the text names a zone; or None.

    >>> moment("02/03/2023 1:05 PM", Form(moments=("%m/%d/%Y",)))
    datetime.datetime(2023, 2, 3, 13, 5)
    >>> moment("2023-01-01T02:00+02", Form()), moment("02/03/2023", Form())
    (datetime.datetime(2023, 1, 1, 0, 0), None)
    >>> moment("2023-01-31 24:00", Form())
    datetime.datetime(2023, 2, 1, 0, 0)
    """
    bare = plain_signs(text).strip()
    for pattern in (*form.moments, ISO):
        for expression in moment_patterns(pattern):
            match = re.fullmatch(expression, bare)
            value = None if match is None else _moment(match.groupdict())
            if value is not None:  # 02/13/2023 has the signs of day/month/year too
                return value
    return None


def is_iso(form: Form) -> bool:
    """Whether a date as ISO 8601 has it is meant so: in no pattern does the day stand between year and month.

    >>> is_iso(Form(moments=("%d.%m.%Y",))), is_iso(Form(moments=("%Y-%d-%m",)))
    (True, False)
    """
    return not any(pattern.startswith("%Y-%d") for pattern in form.moments)


@lru_cache(1024)
def moment_patterns(pattern: str) -> tuple[str, ...]:
    """Regular expressions of a date in this pattern, in the syntax that Python and Rust share.

    The first has the time of the day behind the date, in any form or not at all; the second before it.

    Parameters
    ----------
    pattern : str
        Of the date, in the letters of ``strptime``: ``%Y %y %m %d`` and ``%b`` for the name of a month in several
        languages; ``%X`` where the time of the day stands within.
    """
    if "%Y%m" in pattern:
        return (_expression(pattern, _COMPACT) + (_COMPACT_TIME if pattern.endswith("%d") else ""),)
    date = _expression(pattern, _TOKENS)
    if "%X" in pattern:
        return (rf"(?:{WEEKDAY})?{date}",)
    return rf"(?:{WEEKDAY})?{date}(?:(?:T|:|,?\s+){_TIME})?", rf"{_TIME},?\s+(?:{WEEKDAY})?{date}"


def _expression(pattern: str, tokens: Mapping[str, str]) -> str:
    parts = re.findall(r"%[A-Za-z]|\s+|[^%\s]+|%", pattern)
    return "".join(tokens.get(p) or (r"\s+" if p.isspace() else re.escape(p)) for p in parts)


def _moment(parts: Mapping[str, str | None]) -> datetime | None:
    ends = _ends_the_day(parts)
    written = iso_moment({**parts, "hour": "0"} if ends else parts)
    try:
        if written is None:
            return None
        return datetime.fromisoformat(written) + timedelta(days=ends) - timedelta(minutes=_offset(parts))
    except (ValueError, OverflowError):
        return None


def _ends_the_day(parts: Mapping[str, str | None]) -> bool:
    """Whether it is 24:00, which is 0:00 of the next day (ISO 8601)."""
    rest = ((parts.get(name) or "0").strip("0") for name in ("minute", "second", "fraction"))
    return parts.get("hour") == "24" and not parts.get("half") and not any(rest)


def iso_moment(parts: Mapping[str, str | None]) -> str | None:
    """What the groups of a pattern say, as ISO 8601 without the zone; None where the month or the hour is none."""
    month = parts.get("month") or MONTHS.get((parts.get("name") or "").lower())
    hour = _hour(int(parts.get("hour") or 0), (parts.get("half") or "")[:1].lower())
    if month is None or hour is None:
        return None
    short = parts.get("short")
    year = parts.get("year") or str(int(short or 0) + (1900 if int(short or 0) >= 69 else 2000))
    day = (parts.get("day") or "1").zfill(2)
    fraction = (parts.get("fraction") or "")[:6].ljust(6, "0")
    time = f"{hour:02}:{parts.get('minute') or '00'}:{parts.get('second') or '00'}.{fraction}"
    return f"{year}-{str(month).zfill(2)}-{day} {time}"


def _hour(hour: int, half: str) -> int | None:
    if not half:
        return hour
    return None if hour > 12 else hour % 12 + (12 if half == "p" else 0)


def _offset(parts: Mapping[str, str | None]) -> int:
    """Minutes east of Greenwich."""
    return offset(parts.get("zone") or "z")


def offset(zone: str) -> int:
    """Minutes east of Greenwich.

    >>> offset("+05:30"), offset("-08"), offset("EST")
    (330, -480, -300)
    """
    if zone.lower() in ZONES:
        return ZONES[zone.lower()]
    hours, minutes = int(zone[1:3]), int(zone[3:].lstrip(":") or 0)
    return (-1 if zone[0] == "-" else 1) * (60 * hours + minutes)
