"""The line above each page: the same page in other colours and languages."""

from __future__ import annotations

from typing import Any

from workbench.apps.choice import LANGUAGES, THEMES, Choice


def top(notebook: str, choice: Choice, back: str = "") -> dict[str, Any]:
    """What the template of that line shows.

    Parameters
    ----------
    notebook : str
        The page.
    choice : Choice
        What it shows.
    back : str
        Address of the page above it; empty where there is none.
    """
    return {
        "back": back,
        "themes": [(word, choice.link(notebook, theme=word), word == choice.theme) for word in (*THEMES, "")],
        "languages": [(word, choice.link(notebook, lang=word), word == choice.lang) for word in LANGUAGES],
    }
