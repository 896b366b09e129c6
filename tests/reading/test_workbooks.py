"""Sheets as people make them: tables somewhere on the sheet, notes below, units and times of the day."""

from datetime import date, time

import openpyxl
import pytest

import workbench as wb

TABLE = [["day", "city", "price"], *([date(2024, 1, i + 1), "AB"[i % 2], i * 1.5] for i in range(6))]


def sheet(path, *blocks):
    """A workbook with blocks of cells, each (row, column, rows)."""
    book = openpyxl.Workbook()
    for row, column, cells in blocks:
        for i, line in enumerate(cells):
            for j, value in enumerate(line):
                book.active.cell(row + i, column + j, value)
    book.save(path)
    return path


def read(path):
    data = wb.dataset(path)
    assert [(c.name, c.kind) for c in wb.profile(path)] == [(c.name, c.kind) for c in data.contract.columns]
    return data, [finding.message for finding in data.findings]


BLOCKS = {
    "at its corner": [(1, 1, TABLE)],
    "lower and further right": [(3, 3, TABLE)],
    "below a title": [(1, 1, [["Sales 2024"]]), (3, 1, TABLE)],
    "below a title, further right": [(2, 3, [["Sales 2024"]]), (4, 3, TABLE)],
    "above a note that stands apart": [(1, 1, TABLE), (9, 1, [["Source: us"]])],
    "above a note without a gap": [(1, 1, TABLE), (8, 1, [["Source: us"], ["All prices in EUR"]])],
}


@pytest.mark.parametrize("where", BLOCKS)
def test_a_table_is_read_wherever_it_stands(where, tmp_path):
    data, messages = read(sheet(tmp_path / "t.xlsx", *BLOCKS[where]))

    assert [(c.name, c.kind) for c in data.contract.columns] == [
        ("day", "datetime"), ("city", "category"), ("price", "number"),
    ]  # fmt: skip
    assert data.rows == 6
    assert data.table["price"].tolist() == [0.0, 1.5, 3.0, 4.5, 6.0, 7.5]
    assert any("passed over" in message for message in messages) == ("title" in where)
    assert any("'Source: us'" in message for message in messages) == ("note" in where)


def test_a_last_row_with_a_value_is_a_row(tmp_path):
    texts = [["city", "note"], ["A", "x"], ["B", "y"], ["C", "z"], ["D", None]]
    total = [["city", "sold", "price"], ["A", 1, 2.5], ["B", 2, 3.5], ["Total", 3, 6.0]]

    assert read(sheet(tmp_path / "texts.xlsx", (1, 1, texts)))[0].rows == 4
    assert read(sheet(tmp_path / "total.xlsx", (1, 1, total)))[0].rows == 3


def test_units_below_the_names_are_those_of_the_columns(tmp_path):
    units = [TABLE[0], [None, None, "EUR"], *TABLE[1:]]

    data, messages = read(sheet(tmp_path / "t.xlsx", (1, 1, units)))
    bare, _ = read(sheet(tmp_path / "bare.xlsx", (1, 1, TABLE)))

    assert any("units (EUR of" in message for message in messages)
    assert [column.unit for column in data.contract.columns] == [None, None, "EUR"]
    assert data.table.equals(bare.table)
    assert {c.name: c.kind for c in data.contract.columns} == {c.name: c.kind for c in bare.contract.columns}


def test_names_in_two_rows_are_joined(tmp_path):
    cells = [["Region", "Price", None, "Volume", None], [None, "min", "max", "min", "max"]]
    cells += [[f"r{i}", i, i + 0.5, 2 * i, 3 * i] for i in range(5)]

    data, messages = read(sheet(tmp_path / "t.xlsx", (1, 1, cells)))

    assert list(data.names) == ["Region", "Price_min", "Price_max", "Volume_min", "Volume_max"]
    assert [c.kind for c in data.contract.columns][1:] == ["integer", "number", "integer", "integer"]
    assert (data.rows, any("were joined" in message for message in messages)) == (5, True)


def test_times_of_the_day_are_no_moments_of_1899(tmp_path):
    cells = [["at", "n"], *([time(1, 30 + i), i] for i in range(5))]

    data, _ = read(sheet(tmp_path / "t.xlsx", (1, 1, cells)))

    assert data.table["at"].tolist() == [f"01:{30 + i}:00" for i in range(5)]
