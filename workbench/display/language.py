"""Pages in other languages: catalogues of sentences, and the scripts that put them in the place of the English ones.

The kernel does not know who reads: JupyterLab, a page or a browser says the language, so the choice is the script's
(``static/language.js``). Without a script a page is in English, but for those whose address says the language: these
are written in it by a :class:`Speaker`, from the same catalogues.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

from markupsafe import Markup

from workbench.core.wording import Ours
from workbench.display.rendering import MONTHS, clipped, moment, number, own, percent, signed

SHARED = "controls"  # sentences and script of all pages


@cache
def catalogues(*pages: str) -> dict[str, dict[str, str]]:
    """The sentences of pages and their scripts in other languages, by the language's two letters.

    >>> catalogues("profile")["de"]["Missing values"]
    'Fehlende Werte'
    """
    static, names = files("workbench.display").joinpath("static"), "|".join(map(re.escape, (SHARED, *pages)))
    found: dict[str, dict[str, str]] = {}
    for file in sorted(static.iterdir(), key=lambda one: one.name):
        named = re.fullmatch(rf"(?:{names})\.([a-z]{{2}})\.json", file.name)
        if named:
            found.setdefault(named[1], {}).update(json.loads(file.read_text(encoding="utf-8")))
    return {language: dict(sorted(sentences.items())) for language, sentences in found.items()}


@cache
def script(*pages: str) -> str:
    """The functions of pages' scripts and of what they share, after the catalogues; whoever shows them starts one.

    Parameters
    ----------
    *pages : str
        Their names: ``static/PAGE.js`` and ``static/PAGE.LANGUAGE.json``.
    """
    sentences = json.dumps(catalogues(*pages), ensure_ascii=False, separators=(",", ":"))
    scripts = map(own, (f"{one}.js" for one in (SHARED, "language", *pages)))
    return "\n".join([f"const CATALOGUES = {sentences};", *scripts])


def said(sentence: str, *values: Any, tag: str = "span") -> Markup:
    """A sentence of ours with values in it, which a script can say in another language.

    Parameters
    ----------
    sentence : str
        As the catalogues have it: ``#1`` stands for a number or another word, ``@1`` for a word of ours such as a unit,
        ``%1`` for a text of the data.
    *values
        What stands for them.
    tag : str
        Of the element.

    Examples
    --------
    >>> said("How %1 acts", "age")
    Markup('<span data-say="How %1 acts" data-with="[&#34;age&#34;]">How age acts</span>')
    """
    told = re.sub(r"[#%@](\d)", lambda place: str(values[int(place[1]) - 1]), sentence)
    given = Markup(' data-with="{}"').format(json.dumps(list(map(str, values)), ensure_ascii=False)) if values else ""
    return Markup('<{0} data-say="{1}"{2}>{3}</{0}>').format(Markup(tag), sentence, given, told)  # noqa: S704 - ours


def told(value: Any, most: int = 60, tag: str = "span") -> str | Markup:
    """A text that keeps its place, and where it is a word of ours, one that a script can say in another language.

    >>> told("missing"), told(Ours("missing"))
    ('missing', Markup('<span data-own="">missing</span>'))
    """
    if isinstance(value, Markup):
        return value
    short = clipped(value, most)
    if not isinstance(value, Ours):
        return short
    return Markup('<{0} data-own="">{1}</{0}>').format(Markup(tag), short)  # noqa: S704 - ours


# Whole numbers with marks between thousands, and numbers with decimals.
_NUMBER = re.compile(r"(?<![\w.,])\d{1,3}(?:,\d{3})+(?:\.\d+)?(?!\d)|(?<![\w.,])\d+\.\d+(?![\d.])")
_END = re.compile(r"[.?!] (?=[A-Z])")
_PLACE = re.compile(r"([#%@])(\d)")
# How a language writes what English writes as 1,234.5, and its months.
MARKS = {"de": str.maketrans(",.", ".,")}
MONTHS_OF = {"de": ("Jan.", "Feb.", "März", "Apr.", "Mai", "Juni", "Juli", "Aug.", "Sept.", "Okt.", "Nov.", "Dez.")}
MANY = 4096  # sentences that are remembered
BETWEEN = ("; ", ", and ", " and ", ", ")  # parts of a list
MOST_ENDS = 40  # where a sentence may end in a text


class Local(str):
    """A text in the form of the reader's language already: 1,234 is another number there."""

    __slots__ = ()


class Speaker:
    """Says sentences in the language of a page that needs no script.

    Parameters
    ----------
    language : str
        Two letters; one without a catalogue is English.
    *pages : str
        Whose catalogues it knows.

    Examples
    --------
    >>> say = Speaker("de", "report")
    >>> say("#1 rows", "1,234"), say.number(0.5), say.moment("2026-11-21T02:10:05+00:00")
    ('1.234 Zeilen', '0,500', '21. Nov. 2026, 02:10 UTC')
    """

    def __init__(self, language: str, *pages: str) -> None:
        self.language = language if language in catalogues(*pages) else "en"
        self._sentences: Mapping[str, str] = catalogues(*pages).get(self.language, {})
        self._patterns = _patterns(self.language, *pages)
        self._whole = lru_cache(MANY)(self._found)

    def __call__(self, sentence: str, *values: Any) -> str:
        """A sentence with its values: ``#1`` is a number, ``@1`` a word of ours, ``%1`` a text of the data."""
        text = self._sentences.get(sentence, sentence)
        return self._filled(text, values) if values else text

    def tell(self, text: str) -> str | Markup:
        """A sentence, or some, that were written in English; what no catalogue has stays so, and says that it is."""
        if self.language == "en" or not text:
            return text
        found = self._whole(text)
        if found is None and self._sentences.get(text) is None:
            return Markup('<span lang="en">{}</span>').format(text)
        return found or text

    def word(self, text: str) -> str:
        """A word of ours, or some in a list; what no catalogue has, such as a unit of the data, stays as it is."""
        return self._whole(text) or self._listed(text) or self.localised(text)

    def _listed(self, text: str) -> str | None:
        """A list of which each part is in a catalogue."""
        for between in BETWEEN if self._sentences else ():
            for found in [*re.finditer(re.escape(between), text)][:MOST_ENDS]:
                first = self._whole(text[: found.start()])
                rest = first and (self._whole(text[found.end() :]) or self._listed(text[found.end() :]))
                if first and rest:
                    return f"{first}{self._sentences[between]}{rest}"
        return None

    def localised(self, text: str) -> str:
        """Numbers in a text in the form of the language, once."""
        marks = MARKS.get(self.language)
        if marks is None or isinstance(text, Local):
            return text
        numbers = _NUMBER.sub(lambda one: one[0].translate(marks), text)
        return Local(re.sub(r"(?<=\d)%", "\N{NO-BREAK SPACE}%", numbers))

    def words(self) -> dict[str, Any]:
        """What a template says by: ``say``, ``tell`` and the forms of numbers and moments."""
        forms = {"num": self.number, "pct": self.percent, "sgn": self.signed, "when": self.moment}
        return {"say": self, "tell": self.tell, **forms}

    def number(self, value: Any) -> str:
        """As :func:`workbench.display.rendering.number`."""
        return self.localised(number(value))

    def percent(self, share: float | None) -> str:
        """As :func:`workbench.display.rendering.percent`, with the blank that the language puts before the sign."""
        return self.localised(percent(share))

    def signed(self, value: float) -> str:
        """As :func:`workbench.display.rendering.signed`."""
        return self.localised(signed(value))

    def moment(self, text: str | None) -> str:
        """As :func:`workbench.display.rendering.moment`."""
        months = MONTHS_OF.get(self.language)
        shown = moment(text)
        try:
            at = datetime.fromisoformat(text or "")
        except ValueError:
            return shown
        if months is None:
            return shown
        at = at.astimezone(UTC) if at.tzinfo else at
        return Local(shown.replace(f"{at.day:02} {MONTHS[at.month - 1]}", f"{at.day}. {months[at.month - 1]}", 1))

    def _filled(self, text: str, values: Any) -> str:
        def put(place: re.Match[str]) -> str:
            value = values[int(place[2]) - 1]
            text = value if isinstance(value, str) else str(value)
            return text if place[1] == "%" else self.localised(text) if place[1] == "#" else self.word(text)

        return _PLACE.sub(put, text)

    def _found(self, text: str) -> str | None:
        """A text as one sentence, else as some after each other; None where a part of it is in no catalogue."""
        exact = self._sentences.get(text)
        return exact or self._matched(text, whole=True) or next(self._parts(text), None) or self._matched(text)

    def _parts(self, text: str) -> Iterator[str]:
        """The longest beginning that is a sentence, and the rest."""
        for end in [m.end() for m in _END.finditer(text)][MOST_ENDS::-1]:
            first = self._sentences.get(text[: end - 1]) or self._matched(text[: end - 1], whole=True)
            rest = first and self._whole(text[end:])
            if first and rest:
                yield f"{first} {rest}"

    def _matched(self, text: str, whole: bool = False) -> str | None:
        """By the first sentence with values that fits; of a whole one no value holds the end of a sentence."""
        for pattern in self._patterns:
            values = pattern.values(text)
            if values is not None and not (whole and any(map(_END.search, values))):
                return self._filled(pattern.translation, values)
        return None


@cache
def speaker(language: str) -> Speaker:
    """Of the pages of monitoring."""
    return Speaker(language, "report")


@dataclass(frozen=True)
class _Pattern:
    """A sentence with values: what stands around them, and their marks.

    Each value ends where what follows it comes first. So a sentence is read in one go, whatever the values are.
    """

    around: tuple[str, ...]
    marks: tuple[str, ...]
    translation: str

    @classmethod
    def of(cls, sentence: str, translation: str) -> _Pattern:
        parts = re.split(r"([#%@]\d)", sentence)
        return cls(tuple(parts[::2]), tuple(parts[1::2]), translation)

    def values(self, text: str) -> list[str] | None:
        """The values in the order of their numbers, where the text is such a sentence."""
        first, *between, last = self.around
        start, end = len(first), len(text) - len(last)
        if not text.startswith(first) or not text.endswith(last) or (text[-1:] == "." and last[-1:] != "."):
            return None
        found: list[str] = []
        for literal in between:
            at = text.find(literal, start + 1, end)
            if at < 0:
                return None
            found.append(text[start:at])
            start = at + len(literal)
        return self._numbered([*found, text[start:end]]) if start < end else None

    def _numbered(self, found: list[str]) -> list[str] | None:
        if any(mark[0] == "#" and " " in value for mark, value in zip(self.marks, found, strict=True)):
            return None
        by_number = dict(zip((int(mark[1]) for mark in self.marks), found, strict=True))
        return [by_number.get(k, "") for k in range(1, max(by_number) + 1)]


@cache
def _patterns(language: str, *pages: str) -> tuple[_Pattern, ...]:
    """Sentences with values, those with most words of their own first."""
    sentences = catalogues(*pages).get(language, {})
    some = sorted(filter(_PLACE.search, sentences), key=lambda one: -len(_PLACE.sub("", one)))
    return tuple(_Pattern.of(one, sentences[one]) for one in some)
