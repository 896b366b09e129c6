"""The beginning of a text file: enough to know its columns, without a library for tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from workbench.core.reading import Layout
from workbench.errors import BadTable
from workbench.reading.encodings import encoding_of, nul, other_than, said_encoding, undecodable
from workbench.reading.heads import Head, head_of
from workbench.reading.layouts import SAMPLE, Asked, decoded, layout_of
from workbench.reading.names import matching
from workbench.reading.packed import name_of, opened, refuse_binary


class Beginning(NamedTuple):
    """What is known of a file before its rows are read.

    Parameters
    ----------
    head : Head
    guessed : bool
        Whether its encoding was found by what the text looks like.
    begin : int
        Bytes above the first row, in UTF-8.
    """

    head: Head
    guessed: bool
    begin: int


def beginning(path: str, asked: Asked, like: Layout | None = None, expected: Sequence[str] = ()) -> Beginning:
    """The columns of a file, from its first 256 kB.

    Parameters
    ----------
    path : str
        Also packed, or a URL.
    asked : Asked
        What was said of it.
    like : Layout, optional
        Of an earlier file; taken where the header that it gives has the expected names.
    expected : sequence of str
        Names of columns.

    Raises
    ------
    BadTable
        If it is empty or no text, or a byte is none of its encoding.
    """
    sample, whole = _sample(path)
    name = name_of(path)
    refuse_binary(sample, name)
    head, guessed = _kept(sample, whole, name, like, expected) or _seen(sample, whole, name, asked)
    return Beginning(head, guessed, _begin(sample, whole, head))


def _sample(path: str) -> tuple[bytes, bool]:
    with opened(path) as file:
        parts = []
        size = 0
        while size <= SAMPLE and (part := file.read(SAMPLE + 1 - size)):
            parts.append(part)
            size += len(part)
    sample = b"".join(parts)
    return sample[:SAMPLE], len(sample) <= SAMPLE


def _kept(
    sample: bytes, whole: bool, name: str, like: Layout | None, expected: Sequence[str]
) -> tuple[Head, bool] | None:
    """By an earlier layout, else by the plainest one, where that gives the expected names."""
    if not expected:
        return None
    like = like or Layout()
    seen, sure = encoding_of(sample, whole)
    encoding = like.encoding if not sure or (sample.isascii() and not _is_marked(like.encoding)) else seen
    layout = replace(like, encoding=encoding)
    try:
        head = head_of(_text(sample, encoding, whole, name), layout, name)
    except BadTable:
        return None  # laid out otherwise: it is looked at anew
    return (head, False) if all(matching(one, head.names) is not None for one in expected) else None


def _is_marked(encoding: str) -> bool:
    """Whether plain letters alone could not be in this encoding, or need its mark."""
    return encoding.startswith(("utf-16", "utf-32")) or encoding == "utf-8-sig"


def _seen(sample: bytes, whole: bool, name: str, asked: Asked) -> tuple[Head, bool]:
    encoding, sure = (said_encoding(asked.encoding, sample), True) if asked.encoding else encoding_of(sample, whole)
    text = _text(sample, encoding, whole, name)
    if not text.strip("\r\n\t \ufeff"):
        raise BadTable(f"{name} is empty. Give a file with a header and rows.")
    return head_of(text, layout_of(text, encoding, asked, whole), name), not sure


def _text(sample: bytes, encoding: str, whole: bool, name: str) -> str:
    try:
        text = decoded(sample, encoding, whole)
    except UnicodeDecodeError as error:
        line = sample[: error.start].count(b"\n") + 1
        other = other_than(encoding, sample)
        raise undecodable(name, encoding, sample[error.start], error.start, line, other) from None
    if (zero := text.find("\0")) >= 0:
        raise nul(name, zero)
    return text


def _begin(sample: bytes, whole: bool, head: Head) -> int:
    """Bytes above the first row, in UTF-8."""
    text = decoded(sample, head.layout.encoding, whole)
    return len(text[: head.begin].encode("utf-8", "surrogatepass"))
