"""Sheets of workbooks: titles above the header and notes below the rows are passed over, and told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

import polars as pl

from workbench.core.finding import Finding
from workbench.core.literals import call
from workbench.core.names import normalised
from workbench.core.reading import Layout
from workbench.errors import BadParameter, BadTable, MissingExtra, nearest, shortened
from workbench.reading.below_header import joined, units_of
from workbench.reading.heads import are_units
from workbench.reading.layout_findings import NO_HEADER, UNITS, UNUSUAL, footer, lines_below
from workbench.reading.layouts import Asked, placed
from workbench.reading.packed import name_of, raw
from workbench.reading.source import Source, in_memory, refuse_twins
from workbench.reading.typed_cells import TYPED

# Rows of a sheet by which its header is found, and those at its end that may be notes.
LOOKED_AT = 200
MOST_NOTES = 3
# A time of the day is a moment of the day that Excel counts from.
FIRST_DAY = datetime(1900, 1, 1)


class _Sheet(NamedTuple):
    """The table of a sheet, each column in its type, where its header stands, and what was noticed."""

    frame: pl.DataFrame
    layout: Layout
    titles: bool
    units: bool
    notes: tuple[str, ...]
    measured: dict[str, str]


def workbook(path: str, asked: Asked) -> Source:
    """A sheet of a workbook: the named one, or the first that is not empty.

    Raises
    ------
    MissingExtra
        If what reads workbooks is not installed.
    BadParameter
        If there is no such sheet.
    BadTable
        If it is no workbook, or has no values.
    """
    book = _opened(path)
    if asked.sheet is not None and asked.sheet not in book.sheet_names:
        known = shortened(book.sheet_names)
        raise BadParameter(
            f"There is no sheet {asked.sheet!r}. {nearest(asked.sheet, book.sheet_names)}Sheets: {known}."
        )
    filled = {name: rows for name in book.sheet_names if (rows := _first_cells(book, name))}
    if not filled:
        raise BadTable(f"{name_of(path)} has no sheet with values. Give a table.")
    chosen = asked.sheet if asked.sheet is not None else next(iter(filled))
    if chosen not in filled:
        raise BadTable(f"The sheet {chosen!r} of {name_of(path)} is empty. Choose one of {shortened(list(filled))}.")
    sheet = _sheet(book, chosen, filled[chosen])
    findings = _findings(path, chosen, list(filled), sheet, asked)
    return replace(in_memory(path, sheet.frame), notes=lambda: findings, units=sheet.measured)


def _opened(path: str) -> Any:
    try:
        import fastexcel
    except ImportError as error:
        raise MissingExtra.of("Reading a workbook", "fastexcel", "excel") from error
    with raw(path) as file:
        content = file.read()
    try:
        return fastexcel.read_excel(content)
    except fastexcel.FastExcelError as error:
        raise BadTable(
            f"{name_of(path)} is no workbook that can be opened ({str(error).splitlines()[0]}). Save it anew as .xlsx; "
            "if it holds text, as many programs write it, rename it to .csv."
        ) from error


def _first_cells(book: Any, name: str) -> list[list[str]]:
    """Of a sheet, as texts; empty rows at its beginning too."""
    sheet = book.load_sheet(name, header_row=None, skip_rows=0, n_rows=LOOKED_AT, dtypes="string")
    rows = [[value or "" for value in row] for row in sheet.to_polars().rows()]
    return rows if any(any(row) for row in rows) else []


def _sheet(book: Any, name: str, first: list[list[str]]) -> _Sheet:
    layout = placed(first)
    begin = layout.skip + layout.header
    lower = [row for row in first[begin:] if any(map(str.strip, row))][: layout.below]
    begin = first.index(lower[-1], begin) + 1 if lower else begin
    frame = _loaded(book, name, begin)
    notes = _notes(frame)
    if notes:  # types are seen anew without them
        frame = _loaded(book, name, begin, frame.height - _rows_from(frame, len(notes)))
    given = [*first[layout.skip], *[""] * frame.width][: frame.width] if layout.header else [""] * frame.width
    given = joined(given, lower) if layout.joined else given
    kept = [i for i in range(frame.width) if given[i].strip() or frame.to_series(i).null_count() < frame.height]
    values = [_times(frame.to_series(i)) for i in kept]
    names = [given[i] for i in kept]
    refuse_twins(names)
    plain = normalised(names, values[0] if layout.header and values else ())
    table = pl.DataFrame([one.alias(n) for one, n in zip(values, plain, strict=True)])
    body = [row for row in first[begin:] if any(map(str.strip, row))]
    units = layout.header and are_units(body)
    table = table.filter(~pl.all_horizontal(pl.all().is_null())) if table.width else table
    line = lower[0] if lower and not layout.joined else []
    measured = units_of(plain, [line[i] for i in kept if i < len(line)])
    titles = any(any(map(str.strip, row)) for row in first[: layout.skip])
    return _Sheet(table, layout, titles, units, notes, measured)


def _loaded(book: Any, name: str, begin: int, rows: int | None = None) -> pl.DataFrame:
    sheet = book.load_sheet(name, header_row=None, skip_rows=begin, n_rows=rows, schema_sample_rows=None)
    frame: pl.DataFrame = sheet.to_polars()
    frame.columns = [str(i) for i in range(frame.width)]
    return frame


def _notes(frame: pl.DataFrame) -> tuple[str, ...]:
    """Texts alone in the last rows, behind an empty one or below values that are no texts."""
    filled = [[str(value) for value in row if value is not None] for row in frame.tail(2 * MOST_NOTES).rows()]
    last: list[str] = []
    while filled and len(filled[-1]) <= 1 and len(last) < MOST_NOTES:
        last = [*filled.pop(), *last]
    if not last or frame.width < 2 or frame[-1, 0] is None or any(map(TYPED.fullmatch, last)):
        return ()
    apart = _rows_from(frame, len(last)) > len(last)
    above = frame.to_series(0).cast(pl.String).drop_nulls().head(LOOKED_AT).to_list()[: -len(last)]
    typed = sum(bool(TYPED.fullmatch(value)) for value in above) > 0.8 * len(above)
    return tuple(last) if above and (apart or typed) else ()


def _rows_from(frame: pl.DataFrame, filled: int) -> int:
    """Rows from the first of the last ones that have a value, and from the empty ones above it."""
    empty = frame.select(pl.all_horizontal(pl.all().is_null())).to_series().to_list()[::-1]
    seen = 0
    for at, is_empty in enumerate(empty):
        if not is_empty and seen == filled:
            return at
        seen += not is_empty
    return len(empty)


def _times(values: pl.Series) -> pl.Series:
    """Times of the day as texts, which would else be moments of the year 1899."""
    if values.dtype != pl.Datetime or values.is_null().all() or values.max() >= FIRST_DAY:  # type: ignore[operator]
        return values
    return values.dt.strftime("%H:%M:%S")


def _findings(path: str, chosen: str, sheets: Sequence[str], sheet: _Sheet, asked: Asked) -> tuple[Finding, ...]:
    unusual = []
    if len(sheets) > 1 and asked.sheet is None:
        others = shortened([repr(one) for one in sheets if one != chosen], 3)
        message = f"The workbook has {len(sheets)} sheets: {chosen!r} was read, and {others} not."
        unusual.append(Finding(UNUSUAL, "info", message, cure=call("wb.dataset", path, sheet=chosen)))
    if sheet.titles:
        message = f"Lines above the header of the sheet were passed over: {sheet.layout.skip}."
        unusual.append(Finding(UNUSUAL, "info", message))
    if not sheet.layout.header:
        message = "The sheet has no line with names: its first row holds values as the others do."
        unusual.append(Finding(NO_HEADER, "warning", message))
    if sheet.units:
        unusual.append(Finding(UNUSUAL, "info", UNITS))
    if sheet.layout.below:
        measured = None if sheet.layout.joined else sheet.measured
        message = lines_below(sheet.layout.below, sheet.frame.columns, measured)
        unusual.append(Finding(UNUSUAL, "info", message))
    if sheet.notes:
        unusual.append(Finding(UNUSUAL, "info", footer(sheet.notes)))
    return tuple(unusual)
