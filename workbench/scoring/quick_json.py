"""JSON at the speed of C, and by the standard library whatever is out of the ordinary.

msgspec reads and writes floats and whole numbers of any length exactly. What it refuses (NaN, half of a surrogate pair,
a malformed body) and what it would let through (a name twice in an object) goes to the standard library, which words
the error.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import msgspec

_READ = msgspec.json.Decoder().decode
_REFUSED = (TypeError, ValueError, OverflowError, RecursionError, msgspec.MsgspecError)
_HOLDERS = (dict, list)
_NAME_ENDS = re.compile(rb'"\s*:')


class NotPlain(Exception):
    """A body that the standard library has to look at."""


def read(content: bytes) -> Any:
    """Rows or columns of plain values.

    Raises
    ------
    NotPlain
        If the content is no JSON, may have a name twice in an object, or is nested deeper than rows are.

    Examples
    --------
    >>> read(b'{"rows": [{"age": 36}]}')
    {'rows': [{'age': 36}]}
    """
    try:
        parsed = _READ(content)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise NotPlain from error
    names = _names(parsed)
    # Each name has its colon, so as many colons as distinct names mean that none came twice.
    if names != content.count(b":") and names != len(_NAME_ENDS.findall(content)):
        raise NotPlain
    return parsed


def writer(other: Callable[[Any], Any], slow: Callable[[Any], str]) -> Callable[[Any], bytes]:
    """A function that writes values as JSON in UTF-8.

    Parameters
    ----------
    other : callable
        Makes a plain value of one of a type that JSON has not.
    slow : callable
        Writes what msgspec refuses.

    Examples
    --------
    >>> writer(str, repr)({"age": 36.5})
    b'{"age":36.5}'
    """
    quick = msgspec.json.Encoder(enc_hook=other).encode

    def write(value: Any) -> bytes:
        try:
            return quick(value)
        except _REFUSED:
            return slow(value).encode("utf-8")

    return write


def line_writer(other: Callable[[Any], Any], slow: Callable[[Any], str]) -> Callable[[list[Any]], list[str]]:
    """As :func:`writer`, for a list of values, each a text of its own.

    Examples
    --------
    >>> line_writer(str, repr)([{"age": 36.5}, "one\\ntwo"])
    ['{"age":36.5}', '"one\\\\ntwo"']
    """
    quick, alone = msgspec.json.Encoder(enc_hook=other).encode_lines, writer(other, slow)

    def write(values: list[Any]) -> list[str]:
        try:
            # A line break within a text is escaped in JSON.
            return quick(values).decode().split("\n")[:-1]
        except _REFUSED:
            return [alone(value).decode() for value in values]

    return write


def _names(body: Any) -> int:
    """Names in an object and in the objects right below it; deeper ones are not counted."""
    if type(body) is not dict:
        return 0
    return len(body) + sum([_below(value) for value in body.values() if type(value) in _HOLDERS])


def _below(value: Any) -> int:
    if type(value) is dict:
        return len(value)
    rows = type(value) is list and set(map(type, value)) == {dict}
    return sum(map(len, value)) if rows else 0
