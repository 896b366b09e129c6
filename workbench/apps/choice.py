"""What a reader of a page has chosen: all of it stands in the address, so that a page needs no script and no kernel."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any
from urllib.parse import parse_qsl, urlencode

LONGEST = 200  # characters of a name that an address may hold
LANGUAGES, THEMES = ("en", "de"), ("light", "dark")


@dataclass(frozen=True)
class Choice:
    """What a page is asked to show, and what its reader may do.

    Parameters
    ----------
    name : str
        Of the bundle.
    since, until : str
        First and last day of the windows that are shown, ``2026-11-30``; empty where there is no end.
    window, column, segment, metric : str
        That are looked at more closely; what the report does not have is told on the page.
    lang : {"en", "de"}
        Language of the page.
    theme : {"", "light", "dark"}
        Colours; empty: what the reader's system says.
    may_act : bool
        Whether incidents can be acknowledged and closed. Never of the address: the server says it.
    by : str
        Who acts, where the server knows; the person is asked where it does not. Never of the address.
    hidden : tuple of (str, str)
        Fields that each form carries for the server, such as ``("_xsrf", "…")``. Never of the address.
    done : str
        What was done a moment ago, or why it was not, in a sentence. Never of the address.
    """

    name: str = ""
    since: str = ""
    until: str = ""
    window: str = ""
    column: str = ""
    segment: str = ""
    metric: str = ""
    lang: str = "en"
    theme: str = ""
    may_act: bool = False
    by: str = ""
    hidden: tuple[tuple[str, str], ...] = ()
    done: str = ""

    @classmethod
    def of(cls, query: str = "", *, language: str = "en", **given: Any) -> Choice:
        """Read the part of an address after its question mark; what makes no sense there is left out.

        Parameters
        ----------
        query : str
            Such as ``name=flights&since=2013-06-01``.
        language : str
            Of the reader where the address names none: two letters, or what a browser sends as ``Accept-Language``.
        **given
            ``may_act``, ``by``, ``hidden`` and ``done``, which the server knows.

        Examples
        --------
        >>> Choice.of("name=flights&lang=de&may_act=1&since=soon")
        Choice(name='flights', since='', until='', window='', column='', segment='', metric='', lang='de', ...)
        """
        asked = {key: value[:LONGEST] for key, value in reversed(parse_qsl(query, max_num_fields=50))}
        known = {key: CHECKS.get(key, str)(asked[key]) for key in ASKED if key in asked}
        return cls(**{**known, "lang": known.get("lang") or preferred(language), **given})

    def but(self, **changes: Any) -> Choice:
        """The same with other choices.

        >>> Choice("flights", window="2013-07").but(window="").name
        'flights'
        """
        return replace(self, **changes)

    def kept(self, **changes: Any) -> Choice:
        """What stays from page to page: the model, the language and the colours."""
        return Choice(self.name, lang=self.lang, theme=self.theme).but(**changes)

    def query(self, **changes: str) -> str:
        """Its address after the question mark; empty where all is as it is at first."""
        return urlencode(self.but(**changes).asked())

    def asked(self) -> dict[str, str]:
        """What of it stands in an address."""
        usual = Choice()
        told = {key: getattr(self, key) for key in ASKED}
        return {key: value for key, value in told.items() if value != getattr(usual, key)}

    def link(self, notebook: str, **changes: str) -> str:
        """Address of a page beside this one.

        >>> Choice("a b", theme="dark").link("model.ipynb", window="2013-07")
        'model.ipynb?name=a+b&window=2013-07&theme=dark'
        """
        query = self.query(**changes)
        return f"{notebook}?{query}" if query else notebook


def preferred(told: str) -> str:
    """The language of a page for who sends ``Accept-Language``, the wish that counts most first.

    >>> preferred("fr;q=0.9, de-AT;q=0.8, en;q=0.5"), preferred(""), preferred("pt")
    ('de', 'en', 'en')
    """
    wishes = [_wish(part) for part in told.split(",")]
    known = [(-weight, place, tag) for place, (tag, weight) in enumerate(wishes) if tag in LANGUAGES and weight > 0]
    return min(known)[2] if known else LANGUAGES[0]


def _wish(part: str) -> tuple[str, float]:
    tag, _, rest = part.partition(";")
    weight = re.search(r"q=(\d(?:\.\d+)?)", rest)
    return tag.strip()[:2].lower(), float(weight[1]) if weight else 1.0


def _day(text: str) -> str:
    """A day as the address has it; nothing where it is none."""
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        return ""


SERVERS = ("may_act", "by", "hidden", "done")
ASKED = tuple(field.name for field in fields(Choice) if field.name not in SERVERS)
CHECKS: Mapping[str, Any] = {
    "since": _day,
    "until": _day,
    "lang": lambda text: text if text in LANGUAGES else "",
    "theme": lambda text: text if text in THEMES else "",
}
