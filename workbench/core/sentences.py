"""One sentence about a prediction that a customer could be told, in English and in German.

Names and values come from data: control characters are dropped and long ones are cut, but a page that shows a sentence
escapes it as any text.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from workbench.core.arguments import described
from workbench.core.json_values import MASK
from workbench.errors import BadParameter

Language = Literal["en", "de"]
Reason = tuple[str, Any, float]
# What it says, and the verb at its end.
Clause = tuple[str, str]

LONGEST = 60  # characters of a name or a value
# Labels that say that what the target names is so.
TRUE = frozenset({"yes", "true", "1", "1.0", "y", "ja", "wahr"})
# Of the sum of all reasons: smaller ones are not told. Of the strongest reason: what must be told against it.
LEAST = 0.05
AGAINST = 0.25
NO_BREAK = "\N{NO-BREAK SPACE}"
PLACE = "{value}"  # in a clause that somebody gave
ROUND = 3  # digits of a predicted number below 1,000


@dataclass(frozen=True)
class Told:
    """What a sentence is about.

    Parameters
    ----------
    target : str
        What is predicted.
    label : object
        The class; None for a number.
    prediction : float
        Its probability, in [0, 1], or the number.
    reasons : sequence of (str, object, float)
        Column, value and what it added, in any unit.
    rises : bool
        Whether all columns together add something: the answer is above what it is without them.
    unit : str
        Of the predicted number.
    units : mapping of str to str
        Of the columns.
    names : mapping of str to str
        What columns and target are called in the sentence; with ``{value}`` in it a whole clause: ``"the customer is
        {value} old"``.
    groups : sequence of sequence of str
        Columns that say the same: the strongest speaks for all.
    """

    target: str
    label: Any
    prediction: float
    reasons: Sequence[Reason]
    rises: bool
    unit: str = ""
    units: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    groups: Sequence[Sequence[str]] = ()


def sentence(told: Told, language: str = "en", most: int = 2) -> str:
    """The prediction, at most so many reasons for it, and one against it where that weighs.

    Parameters
    ----------
    told : Told
        What it is about.
    language : {"en", "de"}
        English or German.
    most : int
        Reasons for it, at least 1.

    Returns
    -------
    str
        Plain text, to be escaped where it is shown.

    Raises
    ------
    BadParameter
        If there is no such language, or ``most`` is no such number.

    Examples
    --------
    >>> reasons = [("contract", "monthly", 1.2), ("tenure", 2, 0.8), ("age", 65, -0.6)]
    >>> told = Told("Churn", "Yes", 0.72, reasons, rises=True, units={"tenure": "months"}, names={"Churn": "churning"})
    >>> print(sentence(told))
    The probability of churning is 72%, mostly because contract is monthly and tenure is 2 months; that age is 65
    speaks against it.
    >>> print(sentence(told, "de").replace(NO_BREAK, " "))
    Die Wahrscheinlichkeit für churning beträgt 72 %, vor allem weil contract monthly ist und tenure 2 months beträgt;
    dass age 65 beträgt, spricht dagegen.
    """
    if language not in _LANGUAGES:
        raise BadParameter(f"language is 'en' or 'de'; got {described(language)}.")
    if not isinstance(most, int) or isinstance(most, bool) or most < 1:
        raise BadParameter(f"most is a whole number from 1; got {described(most)}.")
    words = _LANGUAGES[language]
    reasons, hidden = _visible(told)
    way = 1 if told.rises else -1
    total = sum(abs(added) for *_, added in reasons)
    ahead = [one for one in reasons if one[2] * way > LEAST * total][:most]
    if not ahead:
        return f"{words.opening(told)}{words.nothing}"
    strongest = abs(ahead[0][2])
    because = words.partly if hidden > strongest else words.mostly
    clauses = [words.clause(told, name, value) for name, value, _ in ahead]
    against = next((one for one in reasons if -one[2] * way >= max(AGAINST * strongest, LEAST * total)), None)
    first = f"{words.opening(told)}, {because} {_joined(clauses, words.both)}"
    if against is None:
        return f"{first}."
    return f"{first}; {words.against(told, ' '.join(filter(None, words.clause(told, *against[:2]))))}."


def _joined(clauses: Sequence[Clause], both: str) -> str:
    """Clauses in a row; a verb at the end is said once where the next clause has the same."""
    pairs = zip(clauses, [*(verb for _, verb in clauses[1:]), None], strict=True)
    said = [text if verb in ("", following) else f"{text} {verb}" for (text, verb), following in pairs]
    return both.join(filter(None, [", ".join(said[:-1]), said[-1]]))


@dataclass(frozen=True)
class _Words:
    """What a language says."""

    opening: Callable[[Told], str]
    clause: Callable[[Told, str, Any], Clause]
    against: Callable[[Told, str], str]
    mostly: str
    partly: str
    both: str
    nothing: str


def _visible(told: Told) -> tuple[list[Reason], float]:
    """Reasons that may be told, strongest first, one of columns that say the same; and the size of the hidden one."""
    first = {name: group[0] for group in told.groups for name in group}
    sums: dict[str, float] = {}
    speaker: dict[str, Reason] = {}
    for one in sorted(told.reasons, key=lambda reason: -abs(reason[2])):
        group = first.get(one[0], one[0])
        sums[group] = sums.get(group, 0.0) + one[2]
        speaker.setdefault(group, one)
    joined = [(name, value, sums[group]) for group, (name, value, _) in speaker.items()]
    ranked = sorted(joined, key=lambda reason: -abs(reason[2]))
    hidden = max((abs(added) for _, value, added in ranked if value == MASK), default=0.0)
    return [one for one in ranked if one[1] != MASK and one[2]], hidden


def clean(text: Any, longest: int = LONGEST) -> str:
    """A text of one line without control characters, cut where it is long.

    >>> clean("a\\u202eb\\n c"), clean("x" * 70, 5)
    ('ab c', 'xxxx…')
    """
    spaced = re.sub(r"\s+", " ", str(text))
    kept = "".join(letter for letter in unicodedata.normalize("NFC", spaced) if unicodedata.category(letter)[0] != "C")
    plain = kept.strip() or "…"
    return plain if len(plain) <= longest else plain[: longest - 1] + "…"


# --- what both languages share --------------------------------------------------------------------------------------


def _name(told: Told, name: str) -> str:
    return clean(told.names.get(name, name), 2 * LONGEST)


def _is_so(label: Any) -> bool:
    """Whether a label says that what the target names is so."""
    return label is True or str(label).strip().lower() in TRUE


def _quoted(text: str, opened: str, closed: str) -> str:
    """A value that is no plain word in quotes, so that it does not run into the sentence."""
    return text if re.fullmatch(r"[\w.+-]+( [\w.+()-]+){0,2}", text) else f"{opened}{text}{closed}"


def _digits(number: float, digits: int = 6) -> str:
    """A number as people write it, with a point, and commas between thousands from 10,000 on; so many digits.

    >>> _digits(12345.678), _digits(1234), _digits(-114.57), _digits(12345.678, 3), _digits(0.25), _digits(0)
    ('12,345.7', '1234', '-114.57', '12,346', '0.25', '0')
    """
    if not number or not 1e-4 <= abs(number) < 1e15:
        return f"{number:.3g}"
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(number))))
    told = f"{number:,.{decimals}f}" if abs(number) >= 10_000 else f"{number:.{decimals}f}"
    return told.rstrip("0").rstrip(".") if "." in told else told


def _moment(value: Any) -> datetime | None:
    """The moment that a text in ISO 8601 tells, with year, month and day."""
    if not isinstance(value, str) or not re.match(r"\d{4}-\d{2}-\d{2}", value):
        return None
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        return None


def _time(moment: datetime) -> str:
    return "" if (moment.hour, moment.minute) == (0, 0) else f", {moment:%H:%M}"


# --- English --------------------------------------------------------------------------------------------------------


def _english_opening(told: Told) -> str:
    target = _name(told, told.target)
    if told.label is None:
        return f"The prediction for {target} is {_english_number(told.prediction, told.unit, ROUND)}"
    of = f"of {target}" if _is_so(told.label) else f"that {target} is {_english_text(told.label)}"
    return f"The probability {of} is {_english_share(told.prediction)}"


def _english_clause(told: Told, name: str, value: Any) -> Clause:
    called, moment = _name(told, name), _moment(value)
    if value is None:
        return f"{_subject(called)} is not known", ""
    if isinstance(value, bool) and PLACE not in called:
        return f"{called} {'applies' if value else 'does not apply'}", ""
    if isinstance(value, bool):
        said = "yes" if value else "no"
    elif isinstance(value, (int, float)):
        said = _english_number(value, told.units.get(name, ""))
    else:
        said = _english_text(value) if moment is None else f"{moment.day} {moment:%B %Y}{_time(moment)}"
    return (called.replace(PLACE, said) if PLACE in called else f"{called} is {said}"), ""


def _english_against(told: Told, clause: str) -> str:
    if told.label is None:
        return f"that {clause} {'lowers' if told.rises else 'raises'} it"
    return f"that {clause} speaks {'against' if told.rises else 'for'} it"


def _english_text(value: Any) -> str:
    return _quoted(clean(value), "“", "”")


def _english_number(number: float, unit: str, digits: int = 6) -> str:
    unit = clean(unit) if unit else ""
    one = unit[:-1] if number == 1 and unit.endswith("s") and not unit.endswith("ss") else unit
    return f"{_digits(number, digits)} {one}".rstrip()


def _english_share(share: float) -> str:
    if share < 0.01:
        return "less than 1%"
    return "more than 99%" if share > 0.99 else f"{share:.0%}"


# --- German ---------------------------------------------------------------------------------------------------------

MONTHS = (
    "Januar", "Februar", "März", "April", "Mai", "Juni",
    "Juli", "August", "September", "Oktober", "November", "Dezember",
)  # fmt: skip


def _german_opening(told: Told) -> str:
    target = _name(told, told.target)
    if told.label is None:
        return f"Die Vorhersage für {target} beträgt {_german_number(told.prediction, told.unit, ROUND)}"
    if _is_so(told.label):
        return f"Die Wahrscheinlichkeit für {target} beträgt {_german_share(told.prediction)}"
    label = _german_text(told.label)
    return f"Die Wahrscheinlichkeit, dass {target} {label} ist, beträgt {_german_share(told.prediction)}"


def _german_clause(told: Told, name: str, value: Any) -> Clause:
    called, moment = _name(told, name), _moment(value)
    if value is None:
        return f"{_subject(called)} nicht bekannt", "ist"
    if isinstance(value, bool) and PLACE not in called:
        return (called, "zutrifft") if value else (f"{called} nicht", "zutrifft")
    if isinstance(value, bool):
        said, verb = "ja" if value else "nein", "ist"
    elif isinstance(value, (int, float)):
        said, verb = _german_number(value, told.units.get(name, "")), "beträgt"
    elif moment is not None:
        said, verb = f"{moment.day}. {MONTHS[moment.month - 1]} {moment.year}{_time(moment)}", "ist"
        said = said if PLACE in called else f"der {said}"
    else:
        said, verb = _german_text(value), "ist"
    return (called.replace(PLACE, said), "") if PLACE in called else (f"{called} {said}", verb)


def _german_against(told: Told, clause: str) -> str:
    if told.label is None:
        return f"dass {clause}, {'senkt' if told.rises else 'erhöht'} sie"
    return f"dass {clause}, spricht {'dagegen' if told.rises else 'dafür'}"


def _german_text(value: Any) -> str:
    return _quoted(clean(value), "„", "“")


def _german_number(number: float, unit: str, digits: int = 6) -> str:
    """With a comma, and points between thousands."""
    swapped = _digits(number, digits).translate(str.maketrans(",.", ".,"))
    return f"{swapped}{NO_BREAK}{clean(unit)}" if unit else swapped


def _german_share(share: float) -> str:
    if share < 0.01:
        return f"weniger als 1{NO_BREAK}%"
    return f"mehr als 99{NO_BREAK}%" if share > 0.99 else f"{share:.0%}".replace("%", f"{NO_BREAK}%")


def _subject(called: str) -> str:
    """What a clause about a missing value is about: of a whole clause what stands before the value's verb."""
    return called.partition(PLACE)[0].removesuffix(" ").removesuffix(" is").removesuffix(" ist") or called


_LANGUAGES = {
    "en": _Words(
        _english_opening, _english_clause, _english_against,
        "mostly because", "among other things because", " and ", "; nothing about this case moves it much.",
    ),
    "de": _Words(
        _german_opening, _german_clause, _german_against,
        "vor allem weil", "unter anderem weil", " und ", "; nichts an diesem Fall ändert sie merklich.",
    ),
}  # fmt: skip
