"""What verbs are given besides nouns: texts, paths and mappings, checked and put in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any, TypeVar

from workbench.errors import BadParameter
from workbench.settings import may_be_path

T = TypeVar("T")
LONGEST = 60  # characters of a text that an error repeats


def text(value: Any, name: str, verb: str) -> str:
    """``value`` if it is a text.

    Raises
    ------
    BadParameter
        If it is none.

    Examples
    --------
    >>> text(2026, "window", "wb.score")
    Traceback (most recent call last):
    ...
    workbench.errors.BadParameter: wb.score takes a text as 'window', got the number 2026. Put it in quotes.
    """
    if isinstance(value, str):
        return value
    raise BadParameter(f"{verb} takes a text as {name!r}, got {described(value)}. Put it in quotes.")


def text_or_none(value: Any, name: str, verb: str) -> str | None:
    """The same where it may be left out."""
    return None if value is None else text(value, name, verb)


def one_of(value: Any, choices: Sequence[T], name: str, verb: str) -> T:
    """``value`` if it is one of some texts.

    Raises
    ------
    BadParameter
        If it is none of them.

    Examples
    --------
    >>> one_of("canari", ("shadow", "canary"), "stage", "wb.promote")
    Traceback (most recent call last):
    ...
    workbench.errors.BadParameter: wb.promote takes 'shadow' or 'canary' as 'stage', got the text 'canari'. Give one.
    """
    if isinstance(value, str) and value in choices:
        return next(one for one in choices if one == value)
    told = f"{', '.join(map(repr, choices[:-1]))} or {choices[-1]!r}"
    raise BadParameter(f"{verb} takes {told} as {name!r}, got {described(value)}. Give one.")


def names_or_none(value: Any, name: str, verb: str) -> tuple[str, ...] | None:
    """One name or several, as a tuple; None where they are left out, as an empty list does.

    Raises
    ------
    BadParameter
        If something else came.

    Examples
    --------
    >>> names_or_none("id", "id", "wb.score"), names_or_none(["day", "flight"], "id", "wb.score")
    (('id',), ('day', 'flight'))
    """
    if isinstance(value, (list, tuple)):
        return tuple(text(one, name, verb) for one in value) or None
    return None if value is None else (text(value, name, verb),)


def place(value: Any, name: str, verb: str) -> str | Path:
    """``value`` if it is a path.

    Raises
    ------
    BadParameter
        If it is neither a text nor a path, or can be none.
    """
    if isinstance(value, (str, PathLike)) and str(value).strip(" ./") and may_be_path(value):
        return value if isinstance(value, str) else Path(value)
    raise BadParameter(f"{verb} takes a path as {name!r}, got {described(value)}. Give for example 'score.ipynb'.")


def mapping(value: Any, name: str, verb: str) -> dict[str, Any]:
    """``value`` as a dict, nothing as an empty one.

    Raises
    ------
    BadParameter
        If it is something else.
    """
    if value is None or isinstance(value, Mapping):
        return dict(value or {})
    raise BadParameter(
        f"{verb} takes a dict of names and values as {name!r}, got {described(value)}. "
        'Write for example {"source": "july.csv"}.'
    )


def described(value: Any) -> str:
    """What came, in words that stay short whatever it is.

    >>> described(None), described("churn"), described(3), described([1, 2]), described(())
    ('None', "the text 'churn'", 'the number 3', 'a list', 'an empty tuple')
    """
    if value is None or isinstance(value, bool):
        return str(value)
    if isinstance(value, str):
        return f"the text {value[:LONGEST]!r}{'…' if len(value) > LONGEST else ''}"
    if isinstance(value, (int, float)) and abs(value) < 1e16:
        return f"the number {value!r}"
    if isinstance(value, type):
        return f"the class {value.__name__}"
    empty = isinstance(value, (list, tuple, dict, set)) and not value
    return f"an empty {type(value).__name__}" if empty else described_type(type(value))


def described_type(kind: type) -> str:
    """One of its kind, in words.

    >>> described_type(dict), described_type(int)
    ('a dict', 'an int')
    """
    return f"{'an' if kind.__name__[:1].lower() in 'aeio' else 'a'} {kind.__name__}"
