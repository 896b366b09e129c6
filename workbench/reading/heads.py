"""What a file's layout says of its columns: their names, where the rows begin, and what is unusual."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain, islice

from workbench.core.names import normalised, twin
from workbench.core.reading import Layout
from workbench.errors import BadTable
from workbench.reading.below_header import LOGGER, below, joined, number_without_values, units_of
from workbench.reading.layouts import COMMENTS, COMPARED, SEPARATOR_LINE, looks_like_row, usual_width, without_mark
from workbench.reading.rows import Rows, split_lines
from workbench.reading.typed_cells import MOSTLY, TYPED, TYPED_ROWS, columns, is_typed, names_columns

_POINT = re.compile(r"\s*[-+]?(?:\d{1,3}(?:,\d{3})+|\d*)\.(?:\d{1,2}|\d{4,})\s*|\s*[-+]?0\.\d+\s*")
_COMMA = re.compile(r"\s*[-+]?(?:\d{1,3}(?:\.\d{3})+|\d*),(?:\d{1,2}|\d{4,})\s*|\s*[-+]?0,\d+\s*")
_PROTECTED = re.compile('="[^"]*"')
# Letters of a unit of measurement, at most.
UNIT = 12


@dataclass(frozen=True)
class Head:
    """The columns of a file, and where its rows begin.

    Parameters
    ----------
    layout : Layout
    names : tuple of str
        In normal form, without those of dropped columns.
    width : int
        Values of a usual row.
    begin : int
        Characters above the first row.
    line : int
        Of the first row.
    decimal : str
    titles : tuple of str
        Lines above the header that say something.
    trailing : int
        Columns at the end that have neither name nor value: separators behind the last value.
    counted : bool
        Whether the first column only counts the rows, without a name of its own.
    doubtful : bool
        Whether the names look like values.
    units : bool
        Whether the first row looks like units of measurement.
    below : int
        Lines below the header that are no rows.
    measured : dict of str to str
        Units that stand below the names, by column.
    first_typed : bool
        Whether the first column holds numbers or dates.
    protected : bool
        Whether texts are written as ="00123", so that Excel takes them for texts.
    """

    layout: Layout
    names: tuple[str, ...]
    width: int
    begin: int
    line: int
    decimal: str
    titles: tuple[str, ...] = ()
    trailing: int = 0
    counted: bool = False
    doubtful: bool = False
    units: bool = False
    below: int = 0
    measured: dict[str, str] = field(default_factory=dict)
    first_typed: bool = False
    protected: bool = False


def head_of(text: str, layout: Layout, name: str) -> Head:
    """Of a decoded sample by its layout.

    Parameters
    ----------
    text : str
    layout : Layout
    name : str
        Of the file, for messages.

    Raises
    ------
    BadTable
        If there is no header where one is said to be, or two columns have one name.
    """
    lines = split_lines(text)
    rows = Rows(lines, layout)
    header = _header(rows, layout, name)
    placed = ((rows.until, row) for row in rows if len(row) > 1 or row[0].strip() or not layout.separator)
    line, first = rows.until, list(islice(placed, layout.below + TYPED_ROWS if layout.below else 0))
    lower = _lower([row for _, row in first], header, layout, lines[0])
    line = first[len(lower) - 1][0] if lower else line
    begin = sum(map(len, lines[: line - 1]))
    body = [row for _, row in islice(chain(first[len(lower) :], placed), COMPARED)]
    if not header and not body:
        raise BadTable(f"{name} is empty. Give a file with a header and rows.")
    if rows.unclosed and len(body) > 1:
        body.pop()  # cut with the sample
    width = _width(body, header, layout)
    full = [row for row in body if len(row) == width]
    given = joined(_padded(header, width), lower) if layout.joined else _padded(header, width)
    trailing = _trailing(given, full)
    given = given[: width - trailing]
    if (double := twin(given)) is not None:
        raise BadTable(f"Two columns are called {double!r}. Rename one of them.")
    names = normalised(given, columns(full, 1)[0] if header else ())
    return Head(
        layout, names, width, begin, line, _decimal(full, layout), _titles(lines[: layout.skip]), trailing,
        counted=bool(header) and not given[0].strip() and names[0] == "index",
        doubtful=layout.header and (looks_like_row(given, full) or _come_again(given, full)),
        units=layout.header and are_units(full),
        below=len(lower),
        measured=units_of(names, lower[0]) if lower and not layout.joined else {},
        first_typed=is_typed(columns(full, 1))[0],
        protected=any(map(_PROTECTED.fullmatch, chain.from_iterable(full[:TYPED_ROWS]))),
    )  # fmt: skip


def _width(body: Sequence[Sequence[str]], header: Sequence[str], layout: Layout) -> int:
    """Values of a usual row: as many as there are names, but where nearly all rows have more."""
    if not layout.separator or not body:
        return max(len(header), 1)
    usual, _ = usual_width(body)
    if header and sum(len(row) == usual for row in body) < MOSTLY * len(body):
        return len(header)
    return max(usual, len(header))


def _header(rows: Rows, layout: Layout, name: str) -> list[str]:
    """Names as they are written; none where there is no header."""
    if not layout.header:
        return []
    first = next(rows, None)
    if first is None:
        raise BadTable(f"{name} is empty. Give a file with a header and rows.")
    marked = first[0].startswith(COMMENTS) and without_mark(first[0])
    if marked and len(first) > 1 and (layout.skip or re.match(r"\S+\s", first[0])):
        first = [without_mark(first[0]), *first[1:]]
    return ["", *first] if layout.row_names else first


def _lower(rows: Sequence[list[str]], header: Sequence[str], layout: Layout, title: str) -> Sequence[list[str]]:
    """The lines below the header that are no rows; a later file may lack those that an earlier one had."""
    if not layout.below or not rows:
        return []
    if layout.joined:  # else the names were others
        return rows[: number_without_values(rows, layout.below)]
    width = max(usual_width(rows)[0], len(header))
    first = LOGGER if title.startswith((LOGGER, f'"{LOGGER}"')) else ""
    lines = below(_padded(header, width), [row for row in rows if len(row) == width], first).below
    lower = rows[: min(lines, layout.below)]
    return lower if all(len(row) == width for row in lower) else []


def _padded(header: Sequence[str], width: int) -> list[str]:
    return [*header, *[""] * (width - len(header))]


def _trailing(names: Sequence[str], full: Sequence[Sequence[str]]) -> int:
    """Columns at the end without name and values."""
    count = 0
    while count + 1 < len(names) and full and not names[-1 - count].strip():
        if any(row[-1 - count].strip() for row in full):
            break
        count += 1
    return count


def _titles(lines: Sequence[str]) -> tuple[str, ...]:
    return tuple(bare for line in lines if (bare := line.strip(" \t\r\n;,")) and not SEPARATOR_LINE.fullmatch(line))


def _come_again(header: Sequence[str], full: Sequence[Sequence[str]]) -> bool:
    """Whether every name is a value of its own column."""
    below = columns(full, len(header)) if full else []
    return len(header) > 1 and bool(below) and all(n in column for n, column in zip(header, below, strict=True))


def _decimal(rows: Sequence[Sequence[str]], layout: Layout) -> str:
    """The likelier mark before decimals: where semicolons separate, the comma was taken by the numbers."""
    if layout.separator == ";":
        return ","
    values = Counter(value for row in rows[:TYPED_ROWS] for value in row)
    points, commas = (
        sum(times for value, times in values.items() if mark.fullmatch(value)) for mark in (_POINT, _COMMA)
    )
    return "," if commas > points else "."


def are_units(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first row has short words above all columns of numbers, as '[kg]'."""
    if len(rows) < 3 or not names_columns(rows[0], rows[1:]):
        return False
    typed = is_typed(columns(rows[1:], len(rows[0])))
    above = [value for value, is_number in zip(rows[0], typed, strict=True) if is_number]
    return all(len(value) <= UNIT and not TYPED.fullmatch(value) for value in above if value.strip())
