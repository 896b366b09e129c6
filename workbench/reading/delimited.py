"""A text file by its layout, as chunks of texts: by Arrow as long as it is regular, then row by row.

No value is changed: what texts mean is decided by who reads them. An empty value is missing.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import polars as pl

from workbench.core.reading import Layout
from workbench.errors import BadTable
from workbench.reading.beginnings import beginning
from workbench.reading.encodings import UTF8, Recoded, nul
from workbench.reading.heads import Head
from workbench.reading.layout_findings import Irregular, findings
from workbench.reading.layouts import Asked
from workbench.reading.packed import endings, name_of, opened
from workbench.reading.plain_blocks import Ahead, PlainBlocks
from workbench.reading.rows import BLANKS, LONGEST, NONE, Rows
from workbench.reading.source import Source, from_arrow
from workbench.reading.typed_cells import TYPED

if TYPE_CHECKING:
    pass

# Bytes of text whose rows are looked at together, and the pieces of it that Arrow reads at a time: the memory of small
# pieces is taken and given back without asking the system each time.
BLOCK, PIECES = 4 << 20, 4
# Lines without a table's values at the end of a file that may be its footer.
FOOTER = 5
# Of PostgreSQL's COPY.
_ESCAPES = {
    "\\\\": "\\", "\\t": "\t", "\\n": "\n", "\\r": "\r", "\\b": "\b", "\\f": "\f", "\\v": "\v",
}  # fmt: skip
_FOOTER_WORDS = ("total", "sum", "source", "note", "gesamt", "summe", "quelle", "(", "*", "#", "-- ", "end of")


def delimited(path: str, asked: Asked, like: Layout | None = None, expected: Sequence[str] = ()) -> Source:
    """A file of text as a stream of chunks, all columns texts.

    Parameters
    ----------
    path : str
        Also packed, or a URL.
    asked : Asked
        What was said of it; the rest is seen from its first 256 kB.
    like : Layout, optional
        Of an earlier file; taken where the header that it gives has the expected names.
    expected : sequence of str
        Names of columns.

    Raises
    ------
    BadTable
        If it is empty, is no text, or a byte is none of its encoding. While it is read: at a row with more values than
        columns, at a quote that is never closed, and at a byte that can't be read, each with its line.
    """
    head, guessed, begin = beginning(path, asked, like, expected)
    text = _Text(path, head, begin)
    irregular = Irregular()

    def notes() -> tuple[Any, ...]:
        return findings(path, head, guessed, irregular, asked.given())

    def chunks(most: int) -> Iterator[pl.DataFrame]:
        vars(irregular).update(vars(Irregular()))
        parts = _chunks(text, most, irregular)
        parts = map(_unescaped, parts) if head.layout.escaped else parts
        return map(_unprotected, parts) if head.protected else parts

    local = "://" not in path and not endings(path)[1]
    size = Path(path).stat().st_size if local else None
    return Source(
        path,
        head.names,
        chunks,
        size=size,
        typed=False,
        layout=head.layout,
        decimal=head.decimal,
        notes=notes,
        streamed=True,
        units=head.measured,
    )


@dataclass(frozen=True)
class _Text:
    """A file's rows as a stream of UTF-8.

    Parameters
    ----------
    path : str
    head : Head
    begin : int
        Bytes above the first row.
    """

    path: str
    head: Head
    begin: int

    @contextmanager
    def stream(self, *, careful: bool) -> Iterator[IO[bytes]]:
        """From the first row on; a careful one names the byte that can't be decoded."""
        with opened(self.path) as file:
            encoding = self.head.layout.encoding
            if careful or encoding not in UTF8:
                file = io.BufferedReader(Recoded(file, encoding, self.name), BLOCK)
            elif encoding == "utf-8-sig":
                file.read(3)
            left = self.begin
            while left and (part := file.read(left)):
                left -= len(part)
            yield file

    @property
    def name(self) -> str:
        return name_of(self.path)


def _chunks(text: _Text, most: int, irregular: Irregular) -> Iterator[pl.DataFrame]:
    """Quickly up to the first irregular row, and from there on row by row."""
    done = 0
    if text.head.layout.separator != " ":
        for chunk in _sliced(_quick(text), most):
            if chunk is None:
                break
            done += chunk.height
            yield chunk
        else:
            return
    yield from _careful(text, most, done, irregular)


def _sliced(blocks: Iterator[pl.DataFrame | None], most: int) -> Iterator[pl.DataFrame | None]:
    """Chunks of the blocks; the rest of a block that is more than one chunk comes with the next."""
    rest: pl.DataFrame | None = None
    for block in blocks:
        if block is None:
            yield None
            return
        rows = block if rest is None else pl.concat([rest, block], rechunk=False)
        rest = rows[-(rows.height % most) :] if rows.height > most and rows.height % most else None
        yield from rows[: rows.height - (0 if rest is None else rest.height)].iter_slices(most)
    if rest is not None:
        yield rest


def _quick(text: _Text) -> Iterator[pl.DataFrame | None]:
    """Regular blocks; None at the first that is not."""
    with text.stream(careful=False) as file:
        plain = PlainBlocks(file, text.head.layout, text.head.width, BLOCK)
        for block in plain:
            if _has_more_values(block, len(text.head.names)):
                yield None
                return
            yield _named(block, text)
        pieces = _pieces(_Counted(Ahead(plain.left, file), text, plain.passed), text)
        while several := list(islice(pieces, PIECES)):
            yield None if several[-1] is None else pl.concat(several, rechunk=False)  # type: ignore[type-var]  # at the end


def _pieces(file: _Counted, text: _Text) -> Iterator[pl.DataFrame | None]:
    """Regular pieces of blocks; None at the first that is not."""
    if not file.more():
        return
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    last = None
    try:
        with arrow_csv.open_csv(pa.PythonFile(file, mode="r"), **_options(text)) as reader:
            for batch in reader:
                every = from_arrow(batch)
                frame = _named(every, text)
                if _has_more_values(every, frame.width) or _has_odd_rows(frame, text.head.layout):
                    yield None
                    return
                yield _without_padding(frame) if text.head.layout.padded else frame
                last = frame.tail(1)
    except pa.ArrowInvalid as error:
        if "Empty CSV" not in str(error):
            yield None
        return
    if file.quotes % 2 and last is not None and _spans_lines(last):
        refuse_unclosed(text)


def _named(block: pl.DataFrame, text: _Text) -> pl.DataFrame:
    """Its named columns."""
    names = text.head.names
    named = block if block.width == len(names) else block[:, : len(names)]
    named.columns = list(names)
    return named


def _options(text: _Text) -> dict[str, Any]:
    """Every column as it is written: what the values are is seen by us, and no later block contradicts the first."""
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    layout, names = text.head.layout, [str(i) for i in range(text.head.width)]
    return {
        "read_options": arrow_csv.ReadOptions(block_size=BLOCK // PIECES, use_threads=False, column_names=names),
        "parse_options": arrow_csv.ParseOptions(
            delimiter=layout.separator or NONE,
            quote_char=layout.quote or False,
            escape_char=layout.escape or False,
            newlines_in_values=bool(layout.quote),
        ),
        "convert_options": arrow_csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()),
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=True,
            check_utf8=True,
        ),
    }


class _Counted:
    """A stream for Arrow that counts quotes and knows no zero bytes."""

    closed = False

    def __init__(self, file: Ahead, text: _Text, passed: int) -> None:
        self._file, self._text, self._quote = file, text, text.head.layout.quote.encode()
        self._at, self._mark = text.begin + passed, codecs.BOM_UTF8  # Arrow takes one away, which may be a value's
        self.quotes = 0

    def more(self) -> bool:
        """Whether there is anything to read."""
        return self._file.more()

    def read(self, size: int) -> bytes:
        """At most so many bytes."""
        mark, self._mark = self._mark, b""
        block = self._file.read(size - len(mark))
        if (zero := block.find(b"\0")) >= 0:
            raise nul(self._text.name, self._at + zero)
        self._at += len(block)
        self.quotes += block.count(self._quote) if self._quote else 0
        return mark + block

    def close(self) -> None:
        """Nothing: who opened the file closes it."""


def _has_more_values(block: pl.DataFrame, names: int) -> bool:
    """Whether a value stands behind the named columns, where none was seen."""
    return any(column.null_count() < block.height for column in block.get_columns()[names:])


def _has_odd_rows(frame: pl.DataFrame, layout: Layout) -> bool:
    """Whether there is a comment, or a quote behind a blank, which Arrow takes for a part of the value."""
    odd = []
    if layout.comment:
        mark = layout.comment.lstrip(layout.separator)  # lines that are drawn begin with the separator
        odd.append(pl.nth(len(layout.comment) - len(mark)).str.starts_with(mark).any().alias("comment"))
    if layout.padded and layout.quote:
        odd.append(
            pl.any_horizontal(pl.all().str.contains(f"^[{BLANKS}]+{re.escape(layout.quote)}")).any().alias("quote")
        )
    return bool(odd) and any(frame.select(odd).row(0))


def _without_padding(frame: pl.DataFrame) -> pl.DataFrame:
    bare = pl.all().str.strip_chars(BLANKS)
    return frame.select(pl.when(bare != "").then(bare).name.keep())


def _unprotected(frame: pl.DataFrame) -> pl.DataFrame:
    """Without what makes Excel take a number for a text."""
    return frame.select(pl.all().str.replace('^="([^"]*)"$', "$1"))


def _unescaped(frame: pl.DataFrame) -> pl.DataFrame:
    """With the signs that escapes stand for, and none where there is no value."""
    signs = pl.all().str.replace_many(list(_ESCAPES), list(_ESCAPES.values()))
    return frame.select(pl.when(pl.all() != "\\N").then(signs).name.keep())


def _spans_lines(row: pl.DataFrame) -> bool:
    return any("\n" in value or "\r" in value for value in row.row(0) if value)


def refuse_unclosed(text: _Text) -> None:
    """Look for a quote that swallows the rest of the file.

    Raises
    ------
    BadTable
        If there is one.
    """
    for _ in _rows(text):
        pass


def _rows(text: _Text) -> Iterator[tuple[int, list[str]]]:
    """The line of each row and its values, from the first row on."""
    head, at = text.head, text.head.line
    with text.stream(careful=True) as file, io.TextIOWrapper(file, "utf-8", "surrogatepass", newline="") as lines:
        rows = Rows(lines, replace(head.layout, skip=0), head.line)
        try:
            for row in rows:
                at = rows.until
                if rows.unclosed:
                    raise _unclosed(text, rows.line, rows.until)
                if len(row) > 1 or row[0].strip() or head.width == 1:
                    yield rows.line, row
        except csv.Error as error:
            raise BadTable(
                f"{text.name} has a value on line {at:,} with more than {LONGEST:,} characters ({error}): a quote is "
                'not closed there, or it is no table. Close it, or give quote="" if quotes are parts of values.'
            ) from error


def _unclosed(text: _Text, line: int, until: int) -> BadTable:
    return BadTable(
        f"{text.name} has a quote on line {line:,} that is never closed: the {until - line:,} lines from there on "
        'would be one value. Close it, or give quote="" if quotes are parts of values.'
    )


def _careful(text: _Text, most: int, done: int, irregular: Irregular) -> Iterator[pl.DataFrame]:
    """Row by row, with the irregular ones made regular or refused; the first ``done`` were given already."""
    rows: list[list[str | None]] = []
    held: list[tuple[int, list[str]]] = []
    for line, row in islice(_rows(text), done, None):
        held.append((line, row))
        if len(row) == 1 < text.head.width and len(held) <= FOOTER:
            continue
        rows += [_completed(*one, text, irregular) for one in held]
        held.clear()
        while len(rows) >= most:
            yield _frame(rows[:most], text)
            rows = rows[most:]
    rows += _last(held, text, irregular)
    for start in range(0, len(rows), most):
        yield _frame(rows[start : start + most], text)


def _last(held: Sequence[tuple[int, list[str]]], text: _Text, irregular: Irregular) -> list[list[str | None]]:
    """Rows of one value at the end of a file: a footer, or rows that are too short."""
    if any(_is_footer(row[0], text.head) for _, row in held):
        irregular.footer += [row[0] for _, row in held]
        return []
    return [_completed(line, row, text, irregular) for line, row in held]


def _is_footer(value: str, head: Head) -> bool:
    """Whether a line of one value is no row: a word in a column of numbers, or it says so."""
    if head.first_typed:
        return not TYPED.fullmatch(value)
    return value.strip().lower().startswith(_FOOTER_WORDS) or value.rstrip().endswith(":") or ": " in value


def _completed(line: int, row: list[str], text: _Text, irregular: Irregular) -> list[str | None]:
    """As many values as there are columns.

    Raises
    ------
    BadTable
        If there are more.
    """
    width = len(text.head.names)
    if any(value.strip() for value in row[width:]):
        raise BadTable(
            f"{text.name} has {len(row)} values on line {line:,}, expected {width}: {_excess(row, width)}. Put the "
            "value that holds the separator in quotes, or remove what is too much."
        )
    if len(row) < width:
        irregular.add_short(line)
    elif len(row) > text.head.width:
        irregular.longer += 1
    return [*(value or None for value in row[:width]), *[None] * (width - len(row))]


def _excess(row: Sequence[str], width: int) -> str:
    beyond = next(value for value in row[width:] if value.strip())
    return f"{beyond[:40]!r} is beyond the last column"


def _frame(rows: Sequence[Sequence[str | None]], text: _Text) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=dict.fromkeys(text.head.names, pl.String), orient="row")
