"""What the address of a page asks for: Voila hands its query string to the kernel in ``QUERY_STRING``."""

from __future__ import annotations

import os
from urllib.parse import parse_qs, urlencode


def asked(name: str, query: str | None = None) -> str | None:
    """The value of one parameter of the address, or None.

    >>> asked("name", "name=flights&theme=dark")
    'flights'
    """
    values = parse_qs(os.environ.get("QUERY_STRING", "") if query is None else query).get(name)
    return values[0] if values else None


def link(notebook: str, **parameters: str | None) -> str:
    """Address of a page beside this one, parameters that are None left out; the theme stays as it is.

    >>> link("model.ipynb", name="a b")
    'model.ipynb?name=a+b'
    """
    theme = parameters.pop("theme", asked("theme"))
    given = {key: value for key, value in {**parameters, "theme": theme}.items() if value}
    return notebook + (f"?{urlencode(given)}" if given else "")
