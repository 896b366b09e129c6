"""What the address of a page asks for: Voila hands its query string to the kernel in ``QUERY_STRING``."""

from __future__ import annotations

import os
from urllib.parse import parse_qs, urlencode


def query() -> str:
    """What stands after the question mark of a page's address."""
    return os.environ.get("QUERY_STRING", "")


def asked(name: str, given: str | None = None) -> str | None:
    """The value of one parameter of the address, or None.

    >>> asked("name", "name=flights&theme=dark")
    'flights'
    """
    values = parse_qs(query() if given is None else given).get(name)
    return values[0] if values else None


def link(notebook: str, **parameters: str | None) -> str:
    """Address of a page beside this one, parameters that are None left out; the theme stays as it is.

    >>> link("model.ipynb", name="a b")
    'model.ipynb?name=a+b'
    """
    theme = parameters.pop("theme", asked("theme"))
    given = {key: value for key, value in {**parameters, "theme": theme}.items() if value}
    return notebook + (f"?{urlencode(given)}" if given else "")
