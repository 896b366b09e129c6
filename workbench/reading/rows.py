"""The rows of a text by its layout, with the line that each begins on: the careful way of reading."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from io import StringIO
from itertools import chain, islice
from typing import Protocol

from workbench.core.reading import Layout

# Characters of the longest value; more in one are a quote that was never closed, or no table.
LONGEST = 1 << 24
# Of no meaning around values that are padded.
BLANKS = " \t"
# Stands where a line is one value: the csv module and Arrow need a separator, and texts have no such sign.
NONE = "\x1f"

_BETWEEN_BLANKS = re.compile(r'"((?:[^"]|"")*)"(?=\s|$)|(\S+)')


class Rows:
    """Splits lines into rows, one after the other.

    Parameters
    ----------
    lines : iterable of str
        With their ends, of any kind.
    layout : Layout
        Its ``skip`` lines are passed over first.
    first : int
        Number of the first line.

    Attributes
    ----------
    line : int
        On which the latest row begins.
    until : int
        Number of the line behind it.
    unclosed : bool
        Whether the latest row ends with the text, within quotes that begin on an earlier line.

    Examples
    --------
    >>> rows = Rows(["a;b\\n", '1;"x\\n', 'y"\\n', "\\n", "2;z\\n"], Layout(separator=";"))
    >>> [(rows.line, row) for row in rows]
    [(1, ['a', 'b']), (2, ['1', 'x\\ny']), (5, ['2', 'z'])]
    """

    def __init__(self, lines: Iterable[str], layout: Layout, first: int = 1) -> None:
        self._lines, self._comment, self._padded = iter(lines), layout.comment, layout.padded
        self._passed, self._began = first + sum(1 for _ in islice(self._lines, layout.skip)), 0
        self.line, self.until, self.unclosed = first, self._passed, False
        fed = chain(self._without_comments() if self._comment else self._lines, self._end())
        self._rows = _BetweenBlanks(fed) if layout.separator == " " else _separated(fed, layout)

    def __iter__(self) -> Iterator[list[str]]:
        return self

    def __next__(self) -> list[str]:
        row: list[str] = []
        while not row:
            self._began = self._rows.line_num
            row = next(self._rows)
            self.line, self.until = self._passed + self._began, self._passed + self._rows.line_num
        return [value.strip(BLANKS) for value in row] if self._padded else row

    def _without_comments(self) -> Iterator[str]:
        """The lines that hold rows; a comment stands between rows."""
        for line in self._lines:
            if self._rows.line_num == self._began and line.startswith(self._comment):
                self._passed += 1
            else:
                yield line

    def _end(self) -> Iterator[str]:
        """No line, but asked for when there is no more: in the middle of a row then, where a quote is open."""
        self.unclosed = self._rows.line_num > self._began + 1
        yield from ()


class _Reader(Protocol):
    """Splits lines; knows how many it has taken."""

    @property
    def line_num(self) -> int: ...

    def __next__(self) -> list[str]: ...


def _separated(lines: Iterable[str], layout: Layout) -> _Reader:
    csv.field_size_limit(max(csv.field_size_limit(), LONGEST))
    return csv.reader(
        lines,
        delimiter=layout.separator or NONE,
        quotechar=layout.quote or None,
        quoting=csv.QUOTE_MINIMAL if layout.quote else csv.QUOTE_NONE,
        escapechar=layout.escape or None,
        skipinitialspace=layout.padded,
    )


class _BetweenBlanks:
    """Splits lines at blanks."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines, self.line_num = lines, 0

    def __next__(self) -> list[str]:
        found = _BETWEEN_BLANKS.findall(next(self._lines))
        self.line_num += 1
        return [plain or quoted.replace('""', '"') for quoted, plain in found]


def split_lines(text: str) -> list[str]:
    """Lines with their ends, of any of the three kinds; no other sign ends one.

    >>> split_lines("a\\r\\nb\\rc\\x0bd")
    ['a\\r\\n', 'b\\r', 'c\\x0bd']
    """
    return StringIO(text, newline="").readlines()
