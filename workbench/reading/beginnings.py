"""The beginning of a text file: enough to know its columns, without a library for tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

from workbench.core.names import matching
from workbench.core.reading import Layout
from workbench.errors import BadTable
from workbench.reading.encodings import (
    UTF8,
    encoding_further_on,
    encoding_of,
    nul,
    other_than,
    said_encoding,
    undecodable,
)
from workbench.reading.heads import Head, head_of
from workbench.reading.layouts import SAMPLE, Asked, decoded, layout_of
from workbench.reading.packed import endings, name_of, opened, refuse_binary

# Bytes that are looked through for letters beyond ASCII; of a file that is packed or far away, fewer.
LOOKED_ON_HERE, LOOKED_ON = 1 << 30, 1 << 26


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
    """The columns of a file, from its first 256 kB; its encoding from the first letters that say something of it.

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
    sample = _sample(path)
    refuse_binary(sample.content, sample.name)
    head, guessed = _kept(sample, like, expected) or _seen(sample, asked)
    return Beginning(head, guessed, _begin(sample, head))


@dataclass(frozen=True)
class _Sample:
    """The first bytes of a file.

    Parameters
    ----------
    path : str
    content : bytes
    whole : bool
        Whether they are all there are.
    """

    path: str
    content: bytes
    whole: bool

    @property
    def name(self) -> str:
        return name_of(self.path)

    @cached_property
    def encoding(self) -> tuple[str, bool, bool]:
        """What it is, whether that is certain, and whether all letters are plain."""
        encoding, sure = encoding_of(self.content, self.whole)
        if self.whole or not self.content.isascii() or encoding != "utf-8":
            return encoding, sure, self.content.isascii()
        most = LOOKED_ON if "://" in self.path or endings(self.path)[1] else LOOKED_ON_HERE
        with opened(self.path) as file:
            further = encoding_further_on(file, most)
        return (encoding, sure, True) if further is None else (*further, False)


def _sample(path: str) -> _Sample:
    with opened(path) as file:
        parts = []
        size = 0
        while size <= SAMPLE and (part := file.read(SAMPLE + 1 - size)):
            parts.append(part)
            size += len(part)
    content = b"".join(parts)
    return _Sample(path, content[:SAMPLE], len(content) <= SAMPLE)


def _kept(sample: _Sample, like: Layout | None, expected: Sequence[str]) -> tuple[Head, bool] | None:
    """By an earlier layout, else by the plainest one, where that gives the expected names."""
    if not expected:
        return None
    like = like or Layout()
    encoding, guessed = _encoding(sample, like)
    layout = replace(like, encoding=encoding)
    try:
        head = head_of(_text(sample, encoding), layout, sample.name)
    except BadTable:
        return None  # laid out otherwise: it is looked at anew
    return (head, guessed) if all(matching(one, head.names) is not None for one in expected) else None


def _encoding(sample: _Sample, like: Layout) -> tuple[str, bool]:
    """The earlier one, unless this file's is certain or can't be that one; and whether it is guessed."""
    seen, sure, plain = sample.encoding
    if plain:
        return (seen if _is_marked(like.encoding) else like.encoding), False
    if not sure and like.encoding not in UTF8:
        return like.encoding, False
    return seen, not sure


def _is_marked(encoding: str) -> bool:
    """Whether plain letters alone could not be in this encoding, or need its mark."""
    return encoding.startswith(("utf-16", "utf-32")) or encoding == "utf-8-sig"


def _seen(sample: _Sample, asked: Asked) -> tuple[Head, bool]:
    said = said_encoding(asked.encoding, sample.content) if asked.encoding else None
    encoding, sure = (said, True) if said else sample.encoding[:2]
    text = _text(sample, encoding)
    if not text.strip("\r\n\t \ufeff"):
        raise BadTable(f"{sample.name} is empty. Give a file with a header and rows.")
    return head_of(text, layout_of(text, encoding, asked, sample.whole), sample.name), not sure


def _text(sample: _Sample, encoding: str) -> str:
    content = sample.content
    try:
        text = decoded(content, encoding, sample.whole)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        other = other_than(encoding, content)
        raise undecodable(sample.name, encoding, content[error.start], error.start, line, other) from None
    if (zero := text.find("\0")) >= 0:
        raise nul(sample.name, zero)
    return text


def _begin(sample: _Sample, head: Head) -> int:
    """Bytes above the first row, in UTF-8."""
    text = decoded(sample.content, head.layout.encoding, sample.whole)
    return len(text[: head.begin].encode("utf-8", "surrogatepass"))
