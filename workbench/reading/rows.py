"""The rows of a text by its layout, with the line that each begins on: the careful way of reading."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from io import StringIO
from itertools import islice

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
    characters : int
        Of all lines up to there.
    unclosed : bool
        Whether the latest row ends with the text, within quotes that begin on an earlier line.

    Examples
    --------
    >>> rows = Rows(["a;b\\n", '1;"x\\n', 'y"\\n', "\\n", "2;z\\n"], Layout(separator=";"))
    >>> [(rows.line, row) for row in rows]
    [(1, ['a', 'b']), (2, ['1', 'x\\ny']), (5, ['2', 'z'])]
    """

    def __init__(self, lines: Iterable[str], layout: Layout, first: int = 1) -> None:
        self.line, self.until, self.characters, self.unclosed = first, first, 0, False
        self._comment, self._padded, self._fresh = layout.comment, layout.padded, True
        self._lines = iter(lines)
        for line in islice(self._lines, layout.skip):
            self._count(line)
        self._rows = _between_blanks(self._fed()) if layout.separator == " " else _separated(self._fed(), layout)

    def __iter__(self) -> Iterator[list[str]]:
        return self

    def __next__(self) -> list[str]:
        while True:
            self._fresh = True
            row = next(self._rows)
            if row:
                return [value.strip(BLANKS) for value in row] if self._padded else row

    def _fed(self) -> Iterator[str]:
        """The lines that hold rows; the first of each row is known by being asked for."""
        for line in self._lines:
            self._count(line)
            if self._fresh:
                if self._comment and line.startswith(self._comment):
                    continue
                self._fresh, self.line = False, self.until - 1
            yield line
        self.unclosed = not self._fresh and self.until > self.line + 1

    def _count(self, line: str) -> None:
        self.until += 1
        self.characters += len(line)


def _separated(lines: Iterable[str], layout: Layout) -> Iterator[list[str]]:
    csv.field_size_limit(max(csv.field_size_limit(), LONGEST))
    return csv.reader(
        lines,
        delimiter=layout.separator or NONE,
        quotechar=layout.quote or None,
        quoting=csv.QUOTE_MINIMAL if layout.quote else csv.QUOTE_NONE,
        escapechar=layout.escape or None,
        skipinitialspace=layout.padded,
    )


def _between_blanks(lines: Iterable[str]) -> Iterator[list[str]]:
    for line in lines:
        yield [plain or quoted.replace('""', '"') for quoted, plain in _BETWEEN_BLANKS.findall(line)]


def split_lines(text: str) -> list[str]:
    """Lines with their ends, of any of the three kinds; no other sign ends one.

    >>> split_lines("a\\r\\nb\\rc\\x0bd")
    ['a\\r\\n', 'b\\r', 'c\\x0bd']
    """
    return StringIO(text, newline="").readlines()
