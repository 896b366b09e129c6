"""Every format gives the table that went in, packed or not; what can't be read says what to do."""

import bz2
import gzip
import io
import json
import lzma
import sqlite3
import sys
import tarfile
import zipfile
from datetime import datetime

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from pyarrow import ipc

import workbench as wb
from workbench.errors import BadParameter, BadTable, MissingExtra
from workbench.reading.sources import source_of

FRAME = pd.DataFrame(
    {"n": [1, 2, 3], "x": [1.5, None, 3.5], "c": ["a", "ü", None], "at": pd.date_range("2023-01-01", periods=3)}
)
ROWS = [(1, 1.5, "a", datetime(2023, 1, 1)), (2, None, "ü", datetime(2023, 1, 2)), (3, 3.5, None, datetime(2023, 1, 3))]
TEXT = "n;c\n1;a\n2;ü\n"


def zipped(files):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, inside in files.items():
            archive.writestr(name, inside)
    return content.getvalue()


def zstd(content):
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(content)
    return sink.getvalue().to_pybytes()


def rows(source, most=2):
    return [row for chunk in source.chunks(most) for row in chunk.rows()]


PACK = {
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": zstd,
    ".zip": lambda c: zipped({"t.csv": c}),
}


@pytest.mark.parametrize("packed", PACK)
@pytest.mark.parametrize("ending", [".csv", ".txt", ""])
def test_packed_text_is_read_as_a_stream(packed, ending, tmp_path):
    path = tmp_path / f"t{ending}{packed}"
    path.write_bytes(PACK[packed](TEXT.encode("cp1252")))

    source = source_of(path)

    assert (source.names, rows(source)) == (("n", "c"), [("1", "a"), ("2", "ü")])
    assert wb.dataset(path).rows == 2


@pytest.mark.parametrize("packed", [".gz", ".bz2", ".xz", ".zst"])
def test_packed_lines_of_json_are_read(packed, tmp_path):
    (tmp_path / f"t.jsonl{packed}").write_bytes(PACK[packed](b'{"a": 1}\n{"a": 2}\n{"a": 3}'))

    assert rows(source_of(tmp_path / f"t.jsonl{packed}")) == [(1,), (2,), (3,)]


@pytest.mark.parametrize("ending", [".csv", ".tsv", ".txt", ".data", ".dat", ".tab", ".psv", ".report", ""])
def test_text_of_any_ending_is_read(ending, tmp_path):
    (tmp_path / f"t{ending}").write_text(TEXT, encoding="utf-8")

    assert source_of(tmp_path / f"t{ending}").names == ("n", "c")


def test_an_archive_is_what_it_holds(tmp_path):
    (tmp_path / "t.zip").write_bytes(zipped({"t.jsonl": '{"a": 1}\n', "__MACOSX/t.jsonl": "x"}))

    assert rows(source_of(tmp_path / "t.zip")) == [(1,)]


DOCUMENTS = {
    "objects": ([{"a": 1, "b": "x"}, {"a": 2}], [(1, "x"), (2, None)]),
    "columns": ({"a": [1, 2], "b": ["x", "y"]}, [(1, "x"), (2, "y")]),
    "columns as pandas writes them": ({"a": {"0": 1, "1": 2}, "b": {"0": "x", "1": "y"}}, [(1, "x"), (2, "y")]),
    "rows by name": ({"ann": {"a": 1}, "bob": {"a": 2}}, [("ann", 1), ("bob", 2)]),
    "rows by number": ({"0": {"a": 1}, "1": {"a": 2}}, [(1,), (2,)]),
    "split": ({"columns": ["a"], "index": [0, 1], "data": [[1], [2]]}, [(1,), (2,)]),
    "a table within": ({"meta": {"n": 2}, "data": [{"a": 1}, {"a": 2}]}, [(1,), (2,)]),
    "lists": ([[1, 2], [3, 4]], [(1, 2), (3, 4)]),
    "lists with names": ([["a", "b"], [1, 2]], [(1, 2)]),
    "values": ([1, 2], [(1,), (2,)]),
    "several kinds": ([{"a": 1}, {"a": "x"}, {"a": None}], [("1",), ("x",), (None,)]),
    "whole numbers beyond floats": ([{"a": 2**53 + 1}], [(2**53 + 1,)]),
}


@pytest.mark.parametrize("shape", DOCUMENTS)
def test_json_of_any_usual_shape_is_a_table(shape, tmp_path):
    document, expected = DOCUMENTS[shape]
    (tmp_path / "t.json").write_text(json.dumps(document))

    assert rows(source_of(tmp_path / "t.json")) == expected


@pytest.mark.parametrize("orient", ["records", "columns", "index", "split", "table"])
def test_json_of_pandas_is_read(orient, tmp_path):
    frame = pd.DataFrame({"n": [1, 2, 3], "c": ["a", "b", "c"]})
    frame.to_json(tmp_path / "t.json", orient=orient)

    assert pl.concat(source_of(tmp_path / "t.json").chunks(9))["c"].to_list() == ["a", "b", "c"]


def test_objects_in_lines_are_read_under_either_name(tmp_path):
    (tmp_path / "t.json").write_text('{"a": 1}\n{"a": 2}\n')

    assert rows(source_of(tmp_path / "t.json")) == [(1,), (2,)]


def open_document(frame):
    """A sheet as LibreOffice writes it."""

    def cell(value):
        if isinstance(value, datetime):
            return f'<table:table-cell office:value-type="date" office:date-value="{value:%Y-%m-%dT%H:%M:%S}"/>'
        if isinstance(value, str):
            return f'<table:table-cell office:value-type="string"><text:p>{value}</text:p></table:table-cell>'
        if value is None or value != value:
            return "<table:table-cell/>"
        return f'<table:table-cell office:value-type="float" office:value="{value}"/>'

    lines = [list(frame.columns), *frame.itertuples(index=False)]
    body = "".join(f"<table:table-row>{''.join(map(cell, line))}</table:table-row>" for line in lines)
    spaces = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text")
    )
    inside = f'<office:body><office:spreadsheet><table:table table:name="s">{body}</table:table>'
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    manifest = (
        '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
        f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{kind}"/></manifest:manifest>'
    )
    content = f"<office:document-content {spaces}>{inside}</office:spreadsheet></office:body></office:document-content>"
    return zipped({"mimetype": kind, "META-INF/manifest.xml": manifest, "content.xml": content})


def written(tmp_path, ending):
    path = tmp_path / f"t{ending}"
    if ending == ".xlsx":
        FRAME.to_excel(path, index=False)
    elif ending == ".ods":
        path.write_bytes(open_document(FRAME))
    elif ending == ".dta":
        FRAME.to_stata(path, write_index=False, version=118)
    elif ending == ".sav":
        pytest.importorskip("pyreadstat").write_sav(FRAME, str(path))
    elif ending == ".arrow":
        table = pa.Table.from_pandas(FRAME)
        with ipc.new_stream(path, table.schema) as stream:
            stream.write_table(table)
    elif ending == ".duckdb":
        with pytest.importorskip("duckdb").connect(str(path)) as store:
            store.register("frame", FRAME)
            store.execute("CREATE TABLE t AS SELECT * FROM frame")
    elif ending == ".parquet":
        FRAME.to_parquet(path)
    else:
        FRAME.to_feather(path)
    return path


@pytest.mark.parametrize("ending", [".xlsx", ".ods", ".dta", ".sav", ".arrow", ".duckdb", ".parquet", ".feather"])
def test_a_typed_format_gives_back_its_values(ending, tmp_path):
    source = source_of(written(tmp_path, ending))

    read = [tuple(None if value in ("", "NaT") else value for value in row) for row in rows(source)]

    assert source.names == ("n", "x", "c", "at")
    assert read == ROWS
    assert wb.dataset(tmp_path / f"t{ending}").rows == wb.profile(tmp_path / f"t{ending}").rows == 3


def workbook(path, **sheets):
    with pd.ExcelWriter(path) as book:
        for name, cells in sheets.items():
            pd.DataFrame(cells).to_excel(book, sheet_name=name, index=False, header=False)
    return path


SALES = [["Sales of 2023", None], [None, None], ["day", "price"], ["Mon", 1.5], ["Tue", 2.5]]


def test_titles_above_the_header_of_a_sheet_are_passed_over(tmp_path):
    source = source_of(workbook(tmp_path / "t.xlsx", sales=SALES))

    assert (source.names, rows(source)) == (("day", "price"), [("Mon", 1.5), ("Tue", 2.5)])
    assert "Lines above the header of the sheet were passed over: 2." in [one.message for one in source.notes()]


def test_one_of_several_sheets_is_read_and_told(tmp_path):
    path = workbook(tmp_path / "t.xlsx", empty=[], first=[["a"], ["x"], ["y"]], second=[["b"], ["z"]])

    source = source_of(path)

    assert (source.names, source_of(path, sheet="second").names) == (("a",), ("b",))
    assert "has 2 sheets: 'first' was read, and 'second' not" in source.notes()[0].message
    assert source_of(path, sheet="second").notes() == ()
    with pytest.raises(BadParameter, match=r"no sheet 'secon'\. Did you mean 'second'"):
        source_of(path, sheet="secon")
    with pytest.raises(BadTable, match=r"The sheet 'empty' of t\.xlsx is empty"):
        source_of(path, sheet="empty")


def test_labels_of_statistics_programs_are_values(tmp_path):
    labels = pd.DataFrame({"sex": pd.Categorical(["female", "male"])})
    labels.to_stata(tmp_path / "t.dta", write_index=False)
    pytest.importorskip("pyreadstat").write_sav(
        pd.DataFrame({"sex": [1.0, 2.0]}),
        str(tmp_path / "t.sav"),
        variable_value_labels={"sex": {1: "female", 2: "male"}},
    )

    for name in ("t.dta", "t.sav"):
        assert [str(row[0]) for row in rows(source_of(tmp_path / name))] == ["female", "male"]


def database(path, *tables):
    with sqlite3.connect(path) as store:
        for table in (name.replace('"', '""') for name in tables):
            store.execute(f'CREATE TABLE "{table}" (a, b)')
            store.executemany(f'INSERT INTO "{table}" VALUES (?, ?)', [(1, "x"), (2, None), (2**60 + 1, "z")])
    store.close()
    return path


@pytest.mark.parametrize("ending", [".db", ".sqlite", ".sqlite3"])
def test_the_one_table_of_a_database_is_read(ending, tmp_path):
    path = database(tmp_path / f"a b%?#{ending}", "sales")

    assert rows(source_of(path)) == [(1, "x"), (2, None), (2**60 + 1, "z")]
    assert source_of(path).description.endswith("table sales")


def test_one_of_several_tables_must_be_named(tmp_path):
    path = database(tmp_path / "t.db", 'odd "one"', "sales")

    with pytest.raises(BadTable, match=r'has 2 tables: odd "one", sales\. Name one, as in wb\.dataset\(.*table='):
        source_of(path)
    assert len(rows(source_of(path, table='odd "one"'))) == 3
    with pytest.raises(BadParameter, match=r"no table 'sale'\. Did you mean 'sales'"):
        source_of(path, table="sale")


def hive(folder, *partitions):
    for i, partition in enumerate(partitions):
        (folder / partition).mkdir(parents=True)
        pl.DataFrame({"x": [i]}).write_parquet(folder / partition / "part.parquet")
    (folder / "_SUCCESS").touch()
    return folder


@pytest.mark.parametrize("pattern", ["", "**/*.parquet", "year=*/*/*.parquet"])
def test_partitions_of_folders_are_columns(pattern, tmp_path):
    folder = hive(tmp_path / "t", "year=2022/month=01", "year=2023/month=12")

    source = source_of(folder / pattern)

    assert (source.names, rows(source)) == (("x", "year", "month"), [(0, 2022, 1), (1, 2023, 12)])
    assert wb.profile(folder / pattern).rows == 2


def test_partitions_that_are_no_numbers_are_texts(tmp_path):
    folder = hive(tmp_path / "t", "zip=00037/city=K%C3%B6ln", "zip=__HIVE_DEFAULT_PARTITION__/city=Rom")

    assert rows(source_of(folder)) == [(0, "00037", "Köln"), (1, None, "Rom")]


def test_files_of_a_glob_are_split_as_the_first_and_told_once(tmp_path):
    for i in range(3):
        (tmp_path / f"{i}.csv").write_text(f"Report {i % 2}\na;b\n{i};x\n7;y\n")

    source = source_of(tmp_path / "*.csv")

    assert rows(source) == [("0", "x"), ("7", "y"), ("1", "x"), ("7", "y"), ("2", "x"), ("7", "y")]
    assert len(source.notes()) == 2
    assert source.layout.separator == ";"


def test_a_column_that_has_two_types_in_two_files_keeps_its_values(tmp_path):
    pl.DataFrame({"x": [1]}).write_parquet(tmp_path / "1.parquet")
    pl.DataFrame({"x": ["a"]}).write_parquet(tmp_path / "2.parquet")

    assert wb.dataset(tmp_path / "*.parquet").table["x"].tolist() == ["1", "a"]


def test_a_path_with_the_signs_of_a_glob_is_that_file(tmp_path):
    (tmp_path / "odd[1]*.csv").write_text("a,b\n1,2\n")

    assert source_of(tmp_path / "odd[1]*.csv").names == ("a", "b")


CORRUPT = gzip.compress(b"a,b\n" + bytes(str(list(range(40_000))), "ascii"))[:3000]


def _tar():
    """Two tables in an archive."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name in ("a.csv", "b.csv"):
            one = tarfile.TarInfo(name)
            one.size = 4
            archive.addfile(one, io.BytesIO(b"a\n1\n"))
    return packed.getvalue()


BROKEN = {
    "t.csv.gz": (b"no gzip", "can't be read as csv.gz"),
    "cut.csv.gz": (CORRUPT, "can't be read as csv.gz"),
    "t.csv.bz2": (b"no bzip2", "can't be read as csv.bz2"),
    "t.csv.xz": (b"no xz", "can't be read as csv.xz"),
    "t.csv.zst": (b"no zstd", "can't be read as csv.zst"),
    "two.zip": (zipped({"a": "1", "b": "2"}), "holds 2 files"),
    "none.zip": (zipped({}), "holds 0 files"),
    "nested.zip": (zipped({"a.zip": zipped({"b": "1"})}), r"holds another archive, 'a\.zip'\. Unpack it first"),
    "t.parquet.gz": (b"x", "holds a packed .parquet file"),
    "t.xlsx": (b"x", "is no workbook that can be opened"),
    "page.xls": (b"<html><table><tr><td>1</td></tr></table>", "is no workbook that can be opened"),
    "t.dta": (b"x", "can't be read as dta"),
    "t.sav": (b"x", "can't be read as sav"),
    "t.db": (b"x" * 40, "is no SQLite and no DuckDB database"),
    "t.sqlite": (b"SQLite format 3\0" + b"x" * 5000, "can't be read as sqlite"),
    "t.duckdb": (b"x" * 8 + b"DUCK" + b"x" * 5000, "can't be read as duckdb"),
    "t.arrow": (b"ARROW1", "can't be read as arrow"),
    "t.json": (b'{"a": ', "can't be read as json"),
    "deep.json": (b"[" * 200_000, "nested too deep"),
    "number.json": (b"5", "holds no table"),
    "empty.json": (b" ", "is empty"),
    "two.json": (b'{"a": [{"x": 1}], "b": [{"y": 1}, {"y": 2}]}', "holds several tables: a, b"),
    "binary.csv": (bytes(range(256)), "zero byte"),
    "page.csv": (
        b"\n<!DOCTYPE html><body>Not found</body>",
        "is a page of HTML. Save the table in it as CSV",
    ),
    "feed.csv": (b'\xef\xbb\xbf<?xml version="1.0"?><a><b>1</b></a>', "is XML. Read it with pandas.read_xml"),
    "pointer.csv": (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n", "Run git lfs pull"),
    "rows.csv": (b'[{"a": 1}, {"a": 2}]', "is JSON. Let its name end in .json"),
    "lines.csv": (b'{"a": 1}\n{"a": 2}\n', "is JSON. Let its name end in .json or .jsonl"),
    "map.geojson": (b'{"type": "FeatureCollection", "features": []}', "is JSON. Let its name end in .json"),
    "several.tar.gz": (_tar(), r"is an archive of files \(tar\). Unpack it"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_says_what_is_wrong_in_one_sentence(name, tmp_path):
    content, told = BROKEN[name]
    (tmp_path / name).write_bytes(content)

    with pytest.raises(BadTable, match=told):
        rows(source_of(tmp_path / name))


def test_folders_and_paths_without_a_table_are_named(tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "mixed").mkdir()
    (tmp_path / "mixed" / "a.csv").write_text("a\n1\n")
    (tmp_path / "mixed" / "b.parquet").write_bytes(b"")

    for path, told in (
        (tmp_path / "empty", "holds no file"),
        (tmp_path / "mixed", "several kinds"),
        ("a\0b.csv", "can't be a path"),
        (tmp_path / "gone.csv", "There is no file"),
        (tmp_path / "gone" / "*.csv", "No file matches"),
    ):
        with pytest.raises(BadTable, match=told):
            source_of(path)


@pytest.mark.parametrize(("name", "package", "extra"), [
    ("t.xlsx", "fastexcel", "excel"), ("t.sav", "pyreadstat", "spss"), ("t.duckdb", "duckdb", "duckdb"),
])  # fmt: skip
def test_a_format_whose_package_is_not_installed_names_the_extra(name, package, extra, tmp_path, monkeypatch):
    (tmp_path / name).write_bytes(b"x" * 8 + b"DUCK" + b"x" * 9)
    monkeypatch.setitem(sys.modules, package, None)

    with pytest.raises(MissingExtra, match=rf"ml-workbench\[{extra}\]"):
        source_of(tmp_path / name)


@pytest.mark.parametrize("options", [{"separator": ";"}, {"encoding": "cp1252"}, {"table": "x"}])
def test_an_option_of_text_is_none_of_a_typed_file_or_a_frame(options, tmp_path):
    FRAME.to_parquet(tmp_path / "t.parquet")

    with pytest.raises(BadParameter, match=r"is not for files such as t\.parquet"):
        source_of(tmp_path / "t.parquet", **options)
    with pytest.raises(BadParameter, match="is for files, got a DataFrame"):
        source_of(FRAME, **options)


@pytest.mark.slow
def test_a_bomb_is_read_as_a_stream(tmp_path):
    """64 MB of one line's repetition pack to some kB; only a block of it is in memory at a time."""
    with gzip.open(tmp_path / "t.csv.gz", "wb") as file:
        file.write(b"a,b\n")
        for _ in range(16):
            file.write(b"1,2\n" * (1 << 20))

    first = next(source_of(tmp_path / "t.csv.gz").chunks(1000))

    assert first.rows()[0] == ("1", "2")
