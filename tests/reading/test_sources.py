"""Anything that holds a table becomes the same stream of chunks; what can't be read says so, and shows no password."""

import gzip
import pickle
import sqlite3
import zipfile
from datetime import time
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from pyarrow import feather, parquet

import workbench as wb
from workbench.errors import BadTable
from workbench.reading.columnar import has_checksums
from workbench.reading.sources import from_pandas, source_of

ROWS = 500


@pytest.fixture
def table():
    rng = np.random.default_rng(0)
    return pl.DataFrame(
        {
            "x": rng.normal(size=ROWS).round(6),
            "n": rng.integers(0, 9, ROWS),
            "c": rng.choice(["red", "green", "blue, or so"], ROWS),
            "at": np.datetime64("2024-01-01", "us") + np.arange(ROWS) * np.timedelta64(1, "h"),
        }
    ).with_columns(pl.when(pl.col("n") == 3).then(None).otherwise(pl.col("x")).alias("x"))


def told(profile):
    """What does not depend on how the table came."""
    numbers = [(c.name, c.kind, c.count, c.missing, c.distinct, c.minimum, c.maximum, dict(c.top)) for c in profile]
    return profile.rows, numbers, profile.duplicates


def sql(folder, table):
    with sqlite3.connect(folder / "shop.db") as store:
        table.to_pandas().assign(at=lambda t: t["at"].astype(str)).to_sql("sales", store, index=False)
    return wb.query("SELECT * FROM sales WHERE n >= :least", f"sqlite:///{folder / 'shop.db'}", least=0)


def written(folder, table, ending):
    path = folder / f"t{ending}"
    plain = table.with_columns(pl.col("at").dt.strftime("%Y-%m-%d %H:%M:%S"))
    if ending == ".parquet":
        parquet.write_table(table.to_arrow(), path, row_group_size=120)
    elif ending == ".feather":
        feather.write_feather(table.to_arrow(), path, chunksize=150)
    elif ending == ".jsonl":
        plain.write_ndjson(path)
    elif ending == ".csv.gz":
        path.write_bytes(gzip.compress(plain.write_csv().encode()))
    elif ending == ".csv.zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("t.csv", plain.write_csv())
    else:
        plain.write_csv(path, separator="\t" if ending == ".tsv" else ",")
    return path


@pytest.mark.parametrize("ending", [".csv", ".tsv", ".csv.gz", ".csv.zip", ".parquet", ".feather", ".jsonl"])
def test_every_kind_of_file_gives_the_profile_of_the_frame(tmp_path, table, ending):
    assert told(wb.profile(written(tmp_path, table, ending))) == told(wb.profile(table))


@pytest.mark.parametrize("form", ["pandas", "arrow", "reader", "lazy", "sql", "dask"])
def test_every_kind_of_table_gives_the_profile_of_the_frame(tmp_path, table, form):
    forms = {
        "pandas": lambda: table.to_pandas(),
        "arrow": table.to_arrow,
        "reader": lambda: table.to_arrow().to_reader(max_chunksize=77),
        "lazy": table.lazy,
        "sql": lambda: sql(tmp_path, table),
        "dask": lambda: pytest.importorskip("dask.dataframe").from_pandas(table.to_pandas(), npartitions=3),
    }
    assert told(wb.profile(forms[form]())) == told(wb.profile(table))


def test_a_glob_is_one_table_and_a_column_that_one_file_lacks_is_missing_there(tmp_path, table):
    table[:200].write_parquet(tmp_path / "day-1.parquet")
    table[200:].drop("c").write_parquet(tmp_path / "day-2.parquet")

    profile = wb.profile(tmp_path / "day-*.parquet")

    assert profile.rows == ROWS
    assert profile["c"].missing == ROWS - 200


def test_a_url_is_read_through_fsspec_and_told_without_its_password(table):
    fsspec = pytest.importorskip("fsspec")
    with fsspec.open("memory://folder/t.csv", "wb") as file:
        file.write(table.drop("at").write_csv().encode())

    assert wb.profile("memory://folder/t.csv").rows == ROWS
    with pytest.raises(BadTable) as error:
        wb.profile("ftp://ada:secret@127.0.0.1:1/t.csv")
    assert "secret" not in str(error.value)


@pytest.mark.parametrize("form", ["polars", "arrow", "sql", "glob"])
def test_a_dataset_is_made_of_them_too(tmp_path, table, form):
    table[:300].write_parquet(tmp_path / "a.parquet")
    table[300:].write_parquet(tmp_path / "b.parquet")
    given = {
        "polars": table,
        "arrow": table.to_arrow(),
        "sql": sql(tmp_path, table),
        "glob": str(tmp_path / "*.parquet"),
    }

    data = wb.dataset(given[form], target="c", time="at")

    assert (data.rows, data.contract.task, data.contract["at"].kind) == (ROWS, "multiclass", "datetime")


def test_a_query_that_fails_says_why_and_keeps_the_secrets(tmp_path):
    url = f"sqlite:///{tmp_path / 'shop.db'}"
    with pytest.raises(BadTable, match="no such table: nowhere"):
        wb.profile(wb.query("SELECT * FROM nowhere WHERE key = :key", url, key="hunter2"))
    with pytest.raises(BadTable, match="driver is not installed") as error:
        wb.profile(wb.query("SELECT 1", "oracle://ada:hunter2@localhost/shop"))

    assert "hunter2" not in str(error.value)
    assert "hunter2" not in repr(wb.query("SELECT 1", "sqlite://ada:hunter2@/x", key="hunter2"))


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("t.parquet", b"PAR1 but not really", "can't be read as parquet"),
        ("t.csv", b"", "is empty"),
        ("t.csv", b"a,a\n1,2\n", "Two columns are called 'a'"),
        ("t.csv", b"a,b\n1,2\n3,4,5\n", "3 values on line 3, expected 2"),
        ("t.csv", b"a,b\n", "0 rows"),
        ("t.csv.zip", b"no zip", "can't be read as csv.zip"),
        ("t.jsonl", b'{"a": 1}\n{"a": ', "can't be read as jsonl"),
        ("t.feather", b"ARROW1 x", "can't be read as feather"),
        ("t.xlsx", b"x", "is no workbook that can be opened"),
    ],
)
def test_a_file_that_cannot_be_read_says_what_is_wrong(tmp_path, name, content, told):
    (tmp_path / name).write_bytes(content)

    with pytest.raises(BadTable, match=told):
        wb.profile(tmp_path / name)


def test_what_is_not_there_is_named(tmp_path):
    with pytest.raises(BadTable, match="There is no file"):
        wb.profile(tmp_path / "gone.csv")
    with pytest.raises(BadTable, match="No file matches"):
        wb.profile(str(tmp_path / "*.csv"))
    with pytest.raises(BadTable, match=r"can't be made of the number 3"):
        wb.profile(3)


def test_a_page_of_parquet_that_changed_on_disk_is_an_error_and_no_wrong_number(tmp_path, table):
    path = tmp_path / "t.parquet"
    parquet.write_table(table.to_arrow(), path, write_page_checksum=True, compression="none", use_dictionary=False)
    content = bytearray(path.read_bytes())
    content[300] ^= 0xFF
    path.write_bytes(content)

    with pytest.raises(BadTable, match="can't be read"):
        wb.profile(path)


def test_columns_of_pandas_that_arrow_does_not_know_become_texts():
    values = pd.Series([1, "a", None, [1, 2], {"b": 1}, float("nan")], name="mixed", dtype=object)

    assert from_pandas(values).to_list() == ["1", "a", None, "[1, 2]", "{'b': 1}", None]


def test_an_arrow_reader_passes_by_once(table):
    assert not source_of(table.to_arrow().to_reader()).again
    assert source_of(pa.table({"x": [1]})).again


@pytest.mark.slow
def test_text_that_begins_as_numbers_is_read_once_more_as_text(tmp_path):
    path = tmp_path / "codes.csv"
    path.write_text("code\n" + "\n".join([*map(str, range(70_000)), *(f"K{i}" for i in range(30_000))]) + "\n")

    column = wb.profile(path)["code"]

    assert (column.kind, column.count, column.unread) == ("text", 100_000, 0)


def test_few_values_that_are_no_numbers_are_counted_as_unread(tmp_path):
    path = tmp_path / "prices.csv"
    path.write_text("price\n" + "\n".join([*map(str, range(970)), *["call us"] * 30]) + "\n")

    column = wb.profile(path)["price"]

    assert (column.kind, column.count, column.missing, column.unread) == ("integer", 970, 30, 30)


@pytest.mark.parametrize("compression", ["snappy", "zstd", "none"])
@pytest.mark.parametrize("checksums", [True, False])
def test_parquet_is_checked_where_its_pages_can_be(tmp_path, table, compression, checksums):
    path = tmp_path / "t.parquet"
    parquet.write_table(table.to_arrow(), path, write_page_checksum=checksums, compression=compression)

    assert has_checksums(str(path)) is checksums


@pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1" + b"\xff" * 60, b"no parquet at all"])
def test_what_can_not_be_told_of_a_parquet_file_is_left_to_the_reader_that_checks(tmp_path, content):
    path = tmp_path / "t.parquet"
    path.write_bytes(content)

    assert has_checksums(str(path))
    with pytest.raises(BadTable, match="can't be read as parquet"):
        wb.profile(path)


def test_both_ways_of_reading_parquet_give_the_same_profile(tmp_path, table):
    for name, checksums in (("quick", False), ("checked", True)):
        parquet.write_table(table.to_arrow(), tmp_path / f"{name}.parquet", write_page_checksum=checksums)

    quick, checked = (wb.profile(tmp_path / f"{name}.parquet") for name in ("quick", "checked"))

    assert quick.fingerprint == checked.fingerprint
    assert [c.state for c in quick.columns] == [c.state for c in checked.columns]


def test_parquet_is_read_in_order_over_row_groups_and_slices(tmp_path):
    path = tmp_path / "t.parquet"
    parquet.write_table(pa.table({"i": np.arange(10_000)}), path, row_group_size=1_100)

    chunks = list(source_of(path).chunks(700))

    assert max(chunk.height for chunk in chunks) <= 700
    assert pl.concat(chunks)["i"].to_list() == list(range(10_000))


FOUR = 4
ODD = {
    "decimal of 256 bits": pa.array([Decimal(1)] * FOUR, pa.decimal256(50, 2)),
    "decimals in lists": pa.array([[Decimal(1)]] * FOUR, pa.list_(pa.decimal256(50, 2))),
    "interval": pa.array([(1, 2, 3)] * FOUR, pa.month_day_nano_interval()),
    "union": pa.UnionArray.from_sparse(pa.array([0, 1, 0, 1], pa.int8()), [pa.array(range(4)), pa.array(list("abcd"))]),
    "run ends": pa.RunEndEncodedArray.from_arrays(pa.array([2, 4], pa.int32()), pa.array([1.0, 2.0])),
    "views": pa.array([[1]] * FOUR, pa.list_view(pa.int64())),
    "uuid": pa.array([bytes(16)] * FOUR, pa.uuid()),
    "json": pa.array(['{"a": 1}'] * FOUR, pa.json_(pa.string())),
    "map": pa.array([[("a", 1)]] * FOUR, pa.map_(pa.string(), pa.int64())),
    "maps in lists": pa.array([[[("a", 1)]]] * FOUR, pa.list_(pa.map_(pa.string(), pa.int64()))),
    "pairs": pa.array([[1, 2]] * FOUR, pa.list_(pa.int64(), 2)),
    "bytes": pa.array([b"\xff\x00"] * FOUR),
    "time": pa.array([time(1, 2)] * FOUR),
    "nothing": pa.nulls(FOUR),
}  # fmt: skip


@pytest.mark.parametrize("name", ODD)
def test_a_column_of_any_arrow_type_disables_no_other(name, tmp_path):
    table = pa.table({"odd": ODD[name], "x": [1.0, 2.0, 3.0, 4.0]})

    told = wb.profile(table)

    assert told["x"].mean == 2.5
    assert told["odd"].count == (0 if name == "nothing" else FOUR)


@pytest.mark.parametrize("name", [n for n in ODD if n not in ("interval", "union", "run ends", "views")])
@pytest.mark.parametrize("checksums", [True, False])
def test_so_does_none_in_parquet(name, checksums, tmp_path):
    table = pa.table({"odd": ODD[name], "x": [1.0, 2.0, 3.0, 4.0]})
    parquet.write_table(table, tmp_path / "t.parquet", write_page_checksum=checksums)

    assert wb.profile(tmp_path / "t.parquet")["x"].mean == 2.5


NAMES = ("n", "*", "^x.*$", "a.b", "a", "größe\n")


@pytest.mark.parametrize("ending", ["parquet", "checked.parquet", "feather", "stream.arrow", "csv", "jsonl", "csv.gz"])
@pytest.mark.parametrize("wanted", [NAMES, ("*", "n"), ("^x.*$",), ("a", "a.b"), ("größe\n", "a")], ids=repr)
def test_some_columns_are_those_of_all(tmp_path, ending, wanted):
    """Whatever they are called, and in the order that is asked for."""
    frame = pl.DataFrame({name: [i, i + 1, i + 2, None] for i, name in enumerate(NAMES)})
    path = tmp_path / f"t.{ending}"
    writers = {
        "parquet": lambda: frame.write_parquet(path),
        "checked.parquet": lambda: parquet.write_table(frame.to_arrow(), path, write_page_checksum=True),
        "feather": lambda: feather.write_feather(frame.to_arrow(), path),
        "stream.arrow": lambda: frame.write_ipc_stream(path),
        "csv": lambda: frame.write_csv(path),
        "jsonl": lambda: frame.write_ndjson(path),
        "csv.gz": lambda: path.write_bytes(gzip.compress(frame.write_csv().encode())),
    }
    writers[ending]()
    source = source_of(path)
    whole = pl.concat(source.chunks(3))
    at = [NAMES.index(name) for name in wanted]

    names = [source.names[i] for i in at]  # in normal form: without blanks around
    some = pl.concat(source.chunks_of(names, 3))

    assert some.rows() == [tuple(row[i] for i in at) for row in whole.rows()]
    assert some.columns == names
    assert source.files.places == (str(path),)


def test_files_are_opened_again_by_another_process(tmp_path, monkeypatch):
    (tmp_path / "there/k=1").mkdir(parents=True)
    pl.DataFrame({"x": [1, 2]}).write_parquet(tmp_path / "there/k=1/a.parquet")
    monkeypatch.chdir(tmp_path / "there")
    files = source_of("*/*.parquet").files
    pl.DataFrame({"x": [3]}).write_parquet(tmp_path / "there/k=1/b.parquet")
    monkeypatch.chdir(tmp_path)

    again = pickle.loads(pickle.dumps(files))

    assert pl.concat(again.open().chunks(9)).rows() == [(1, 1), (2, 1)]
    assert again.places == (str(tmp_path / "there/k=1/a.parquet"),)


def test_what_lies_in_memory_has_no_files(tmp_path):
    pd.DataFrame({"x": [1]}).to_json(tmp_path / "t.json", orient="records")
    pd.DataFrame({"x": [1]}).to_parquet(tmp_path / "t.parquet")
    url = (tmp_path / "t.parquet").as_uri()

    assert [source_of(one).files for one in (tmp_path / "t.json", url, pd.DataFrame({"x": [1]}))] == [None] * 3
