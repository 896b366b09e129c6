"""What the server itself says on pages, in the reader's language."""

from __future__ import annotations

from workbench.display.language import catalogues


def say(sentence: str, lang: str) -> str:
    """A sentence in another language; where the catalogue has none, as it is.

    >>> say("Log in", "de"), say("Log in", "en")
    ('Anmelden', 'Log in')
    """
    return catalogues("pages").get(lang, {}).get(sentence, sentence)
