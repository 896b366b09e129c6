"""What the server itself says on pages, in the reader's language."""

from __future__ import annotations

from functools import cache
from typing import Any

from workbench.display.language import Speaker


def say(sentence: str, lang: str, *values: Any) -> str:
    """A sentence in another language; where the catalogue has none, as it is.

    >>> say("Log in", "de"), say("Log in", "en")
    ('Anmelden', 'Log in')
    """
    return speaker(lang)(sentence, *values)


@cache
def speaker(lang: str) -> Speaker:
    """Of what the server and the pages that compute say."""
    return Speaker(lang, "pages")
