"""Text without quotes, escapes and comments, as polars reads it: far quicker than Arrow, which need not be loaded then.

polars fills short rows up and keeps empty lines, without a word. A block is taken from it only where neither can be:
no line is empty, and there are as many separators as whole rows have.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from typing import IO

import polars as pl

from workbench.core.reading import Layout


class PlainBlocks:
    """Blocks of rows, up to the first that is not plain or not regular.

    Parameters
    ----------
    file : binary file
        UTF-8, at its first row.
    layout : Layout
    width : int
        Values of a row.
    size : int
        Bytes of a block.

    Attributes
    ----------
    left : bytes
        What was read and is in no block.
    passed : int
        Bytes of the blocks.

    Examples
    --------
    >>> from io import BytesIO
    >>> blocks = PlainBlocks(BytesIO(b"a,1\\nb,\\nc,'x'\\nd\\n"), Layout(), 2, size=10)
    >>> [block.rows() for block in blocks], blocks.left
    ([[('a', '1'), ('b', None)]], b"c,'x'\\nd\\n")
    """

    def __init__(self, file: IO[bytes], layout: Layout, width: int, size: int) -> None:
        self.left, self.passed = b"", 0
        self._file, self._width, self._size = file, width, size
        self._separator = layout.separator.encode()
        signs = (layout.quote.encode(), layout.escape.encode())
        self._signs = (b"\0", b"\n\n", b"\n\r", *(sign for sign in signs if sign))
        self._none = len(self._separator) != 1 or bool(layout.comment) or layout.padded

    def __iter__(self) -> Iterator[pl.DataFrame]:
        while not self._none:
            read = self._file.read(self._size)
            end = read.rfind(b"\n") + 1
            # The last line may lack its end. Nothing is copied twice: a block is large.
            content = b"".join((self.left, memoryview(read)[:end])) if end or not read else b""
            frame = self._frame(content)
            if frame is None:
                self.left += read
                return
            self.left, self.passed = read[end:], self.passed + len(content)
            yield frame

    def _frame(self, content: bytes) -> pl.DataFrame | None:
        odd = content.startswith((codecs.BOM_UTF8, b"\n", b"\r")) or any(sign in content for sign in self._signs)
        if not content or odd or content.count(b"\r") != content.count(b"\r\n"):
            return None
        try:
            frame = self._read(content)
        except pl.exceptions.PolarsError:  # more values than columns, or no UTF-8
            return None
        return frame if content.count(self._separator) == frame.height * (self._width - 1) else None

    def _read(self, content: bytes) -> pl.DataFrame:
        """Every column as it is written, by its position."""
        schema = {str(i): pl.String() for i in range(self._width)}
        return pl.read_csv(
            content, has_header=False, separator=self._separator.decode(), quote_char=None, schema=schema
        )


class Ahead:
    """A file that gives some bytes before its own."""

    def __init__(self, content: bytes, file: IO[bytes]) -> None:
        self._content, self._file = content, file

    def more(self) -> bool:
        """Whether there is any."""
        self._content = self._content or self._file.read(1)
        return bool(self._content)

    def read(self, size: int) -> bytes:
        """At most so many bytes."""
        content, self._content = self._content[:size], self._content[size:]
        return content if len(content) == size else content + self._file.read(size - len(content))
