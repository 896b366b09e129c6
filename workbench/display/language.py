"""Pages in other languages: catalogues of sentences, and the scripts that put them in the place of the English ones.

The kernel does not know who reads: JupyterLab, a page or a browser says the language, so the choice is the script's
(``static/language.js``). Without a script a page is in English.
"""

from __future__ import annotations

import json
import re
from functools import cache
from importlib.resources import files
from typing import Any

from markupsafe import Markup

from workbench.core.wording import Ours
from workbench.display.rendering import clipped, own

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
