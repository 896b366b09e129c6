"""A dataset that keeps its file is the one that holds its values: contract, findings, fingerprint, rows and table."""

import copy
import dataclasses
import os
import pickle
import random
from contextlib import contextmanager
from datetime import datetime

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import workbench as wb
from workbench.core.contract import Column
from workbench.core.dataset import fingerprint
from workbench.core.rows import Rows
from workbench.display.dataset import sample
from workbench.errors import BadTable, WorkbenchError
from workbench.reading.file_rows import FileRows
from workbench.reading.pandas_tables import pandas_source
from workbench.reading.typed_columns import TypedColumn

TABLES = ["adult.csv", "bike_hour.csv", "elec.csv", "housing.csv", "telco_churn.csv"]
TIMES = {"bike_hour.csv": "dateday", "elec.csv": "period", "telco_churn.csv": "tenure", "housing.csv": "longitude"}


@contextmanager
def reading(*, most_held, chunk=None):
    """Read by another bound of what is held, and in chunks of so many rows."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("workbench.reading.dataset.MOST_HELD", most_held)
        for module in ("dataset", "passing", "file_rows") if chunk else ():
            patch.setattr(f"workbench.reading.{module}.CHUNK", chunk)
        yield


def held(path, chunk=None, **asked):
    with reading(most_held=2**60, chunk=chunk):
        return wb.dataset(path, **asked)


def kept(path, chunk=None, **asked):
    with reading(most_held=0, chunk=chunk):
        data = wb.dataset(path, **asked)
    assert isinstance(data.values, Rows)
    return data


def outcome(way, path, chunk, asked):
    """The dataset, or what is said where there is none."""
    try:
        return way(path, chunk, **asked)
    except WorkbenchError as error:
        return f"{type(error).__name__}: {error}"


def assert_alike(path, chunk=None, **asked):
    """Both ways come to the same dataset, or to the same error; what the first came to."""
    whole, data = outcome(held, path, chunk, asked), outcome(kept, path, chunk, asked)
    if isinstance(whole, str):
        assert data == whole
        return whole
    assert data.contract == whole.contract
    assert data.findings == whole.findings
    assert data == whole  # fingerprint, rows and source
    pd.testing.assert_frame_equal(data.values.first, whole.table.head(5))
    with reading(most_held=0, chunk=chunk):
        last = data.names[-1]
        pd.testing.assert_series_equal(data.columns([last])[last], whole.table[last])
        pd.testing.assert_frame_equal(data.table, whole.table)
    assert fingerprint(data.table) == whole.fingerprint
    return whole


def small(path, **columns):
    """A table in a file, as its name says."""
    frame = pl.DataFrame({"x": [3, 1, 2, 4], "y": ["a", "b", "a", "b"], **columns})
    frame.write_parquet(path) if path.suffix == ".parquet" else frame.write_csv(path)
    return path


@pytest.mark.parametrize("ordered", [False, True])
@pytest.mark.parametrize("name", TABLES)
@pytest.mark.slow
def test_a_real_table_is_the_same_either_way(shared_table, name, ordered):
    if ordered and name not in TIMES:
        pytest.skip("it has no time")
    assert_alike(shared_table(name), time=TIMES[name] if ordered else None)


@pytest.mark.slow
def test_every_sample_of_readings_is_the_same_either_way(shared_table):
    for path in sorted(shared_table("readings/expected.json").parent.glob("*.csv")):
        first = assert_alike(path, chunk=25).names[0]  # sixty rows: the last chunk is not full
        assert_alike(path, chunk=20, time=first)


LATE = {
    "a whole number that becomes a fraction": [*range(10), 2.5, 7],
    "whole numbers with a gap at the end": [*range(11), None],
    "gaps at the beginning": [None] * 7 + [1, 2, 3, 4, 5],
    "no value at all": [None] * 12,
    "numbers that become words": [*map(str, range(6)), *"abcdef"],
    "one word among numbers": [*map(str, range(11)), "n.d."],
    "dates in the order that the last one says": ["01/02/2024"] * 11 + ["31/01/2024"],
    "dates that become words": ["2024-01-31"] * 4 + ["soon"] * 8,
    "a zone in the last rows": ["2024-01-31 10:00:00"] * 8 + ["2024-01-31T10:00:00+02:00"] * 4,
    "numbers too long for a float": [*map(str, range(11)), str(2**53 + 1)],
    "codes with zeros": ["12"] * 8 + ["0012"] * 4,
    "truth and other words": ["true", "false"] * 4 + ["maybe"] * 4,
    "German numbers": ["1.234,5"] * 6 + ["7"] * 6,
    "texts of which none is twice": [f"text {i} of many" for i in range(12)],
    "mail at the end": ["nothing to say"] * 10 + ["write to ada@example.org", "or to alan@example.org"],
}


def write(frame, path):
    """A table in a file of any kind."""
    writers = {".csv": "write_csv", ".parquet": "write_parquet", ".feather": "write_ipc", ".jsonl": "write_ndjson"}
    getattr(frame, writers[path.suffix])(path)
    return path


@pytest.mark.parametrize("asked", [{}, {"time": "n", "target": "last"}], ids=str)
@pytest.mark.slow
def test_what_later_rows_say_of_a_column_counts(tmp_path, asked):
    """In chunks of three rows, so that each of them misleads; all such columns side by side, as none is asked for."""
    frame = pl.DataFrame({"n": range(12, 0, -1), **LATE, "last": list("abc") * 4}, strict=False)

    for name in ("t.csv", "t.parquet"):
        whole = assert_alike(write(frame, tmp_path / name), chunk=3, **asked)
        assert whole.names == tuple(frame.columns)


@pytest.mark.parametrize("asked", [{"time": "x"}, {"target": "x"}], ids=str)
@pytest.mark.parametrize("name", LATE)
def test_what_later_rows_say_of_the_order_and_the_target_counts(tmp_path, name, asked):
    frame = pl.DataFrame({"n": range(12, 0, -1), "x": LATE[name]}, strict=False)

    assert_alike(write(frame, tmp_path / "t.csv"), chunk=3, **asked)
    assert_alike(write(frame, tmp_path / "t.parquet"), chunk=3, **asked)


@pytest.mark.slow
@pytest.mark.parametrize("ending", [".feather", ".jsonl"])
def test_every_kind_of_file_is_the_same_either_way(tmp_path, ending):
    columns = {f"{i} {name}": values for i, (name, values) in enumerate(LATE.items())}

    assert_alike(write(pl.DataFrame(columns, strict=False), tmp_path / f"t{ending}"), chunk=5)


@pytest.mark.slow
@pytest.mark.parametrize("ending", [".parquet", ".feather"])
@pytest.mark.parametrize("chunk", [1, 2, 9])
def test_every_type_of_a_column_is_the_same_either_way(tmp_path, ending, chunk):
    moments = pl.Series([datetime(2024, 1, day, 10, 30) for day in (3, 1, 2)])
    frame = pl.DataFrame(
        {
            "small": pl.Series([1, 2, 3], dtype=pl.Int8),
            "beyond": pl.Series([2**64 - 1, 1, 2], dtype=pl.UInt64),
            "single": pl.Series([1.5, float("nan"), None], dtype=pl.Float32),
            "endless": [1.0, float("inf"), 2.0],
            "exact": pl.Series(["1.50", "2.25", None]).cast(pl.Decimal(9, 2)),
            "truth": [True, None, False],
            "day": moments.dt.date(),
            "clock": moments.dt.time(),
            "milliseconds": moments.cast(pl.Datetime("ms")),
            "nanoseconds": moments.cast(pl.Datetime("ns")).dt.replace_time_zone("Europe/Berlin"),
            "took": moments - moments.min(),
            "level": pl.Series(["a", "b", "a"], dtype=pl.Categorical),
            "raw": [b"a", None, b"b"],
            "several": [[1, 2], None, []],
            "parts": [{"a": 1}, {"a": 2}, None],
            "nothing": pl.Series([None] * 3, dtype=pl.Null),
            "no number": pl.Series([None] * 3, dtype=pl.Float64),
        }
    )

    for time in (None, "milliseconds", "nanoseconds", "took", "single"):
        assert_alike(write(frame, tmp_path / f"t{ending}"), chunk, time=time)


@pytest.mark.slow
def test_many_distinct_texts_are_no_category_either_way(tmp_path):
    path = tmp_path / "t.parquet"
    texts = [f"word {i % 1001}" for i in range(4000)]
    pl.DataFrame({"text": texts, "category": [f"word {i % 1000}" for i in range(4000)]}).write_parquet(path)

    assert_alike(path, chunk=100)
    assert [c.kind for c in kept(path, chunk=100).contract.columns] == ["text", "category"]


CELLS = {
    "numbers": st.one_of(st.none(), st.integers(-99, 99), st.floats(-9, 9, width=32)),
    "whole numbers": st.integers(-(2**60), 2**60),
    "gaps": st.one_of(st.none(), st.integers(0, 9)),
    "texts": st.one_of(st.none(), st.text("ab 1.,-/@", max_size=6)),
    "written numbers": st.sampled_from(["1", "2.5", "1.234,5", "n/a", "-", "007", "x", "", "12 kg", "1e3"]),
    "written dates": st.sampled_from(
        ["2024-01-31", "31.01.2024", "01/02/24", "2024-01-31T10:00:00Z", "", "soon", "20240131"]
    ),
    "moments": st.one_of(st.none(), st.datetimes(pd.Timestamp("1990-01-01"), pd.Timestamp("2030-01-01"))),
    "truths": st.one_of(st.none(), st.booleans()),
}


@st.composite
def tables(draw):
    """Some columns of one length, each of one kind of cells at first and maybe of another at the end."""
    rows, columns = draw(st.integers(1, 25)), {}
    for i in range(draw(st.integers(1, 4))):
        kind = draw(st.sampled_from(sorted(CELLS)))
        values = draw(st.lists(CELLS[kind], min_size=rows, max_size=rows))
        columns[f"c{i}"] = [None] * min(rows, draw(st.sampled_from([0, 0, 5]))) + values
        columns[f"c{i}"] = columns[f"c{i}"][:rows]
    return pl.DataFrame({name: pl.Series(values, strict=False) for name, values in columns.items()})


@pytest.mark.slow
@given(table=tables(), chunk=st.integers(1, 9), ordered=st.booleans(), aimed=st.booleans())
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_any_table_is_the_same_either_way(tmp_path, table, chunk, ordered, aimed):
    table.write_csv(tmp_path / "t.csv")
    table.write_parquet(tmp_path / "t.parquet")
    asked = {"time": "c0" if ordered else None, "target": table.columns[-1] if aimed and table.width > 1 else None}

    for name in ("t.csv", "t.parquet"):
        assert_alike(tmp_path / name, chunk, **asked)


@pytest.mark.slow
def test_an_accepted_contract_reads_it_the_same_either_way(tmp_path, shared_table):
    path = shared_table("telco_churn.csv")
    contract = held(path, target="Churn").contract

    assert_alike(path, contract=contract)
    assert_alike(path, contract=contract.only(["tenure", "TotalCharges", "Churn"]), time="tenure")
    assert_alike(path, contract=contract.change("tenure", kind="text").change("MonthlyCharges", kind="category"))


def test_what_the_user_says_of_columns_counts_either_way(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("when;price;note\n" + "01.02.2024;1,5;-\n02.02.2024;?;x\n" * 20)

    assert_alike(path, chunk=3, missing={"price": ["?"], "note": []}, dates="%d.%m.%Y", decimal=",")
    assert_alike(path, chunk=3, missing=["-"], ignore=["price"], known_after=["note"])
    assert_alike(path, chunk=3, target="nothing")


@pytest.mark.parametrize("pattern", ["", "*/*.parquet"])
def test_files_of_a_folder_are_the_same_either_way(tmp_path, monkeypatch, pattern):
    for year in (2023, 2024):
        (tmp_path / f"d/year={year}").mkdir(parents=True)
        small(tmp_path / f"d/year={year}/t.parquet", **({"z": [1.5, None, 2, 3]} if year == 2024 else {}))
    monkeypatch.chdir(tmp_path)

    assert_alike(f"d/{pattern}", chunk=3)
    assert kept(f"d/{pattern}").columns(["year"])["year"].tolist() == [2023] * 4 + [2024] * 4
    assert kept(f"d/{pattern}").columns(["z"])["z"].isna().sum() == 5


def test_what_can_not_be_read_again_is_held(tmp_path, monkeypatch):
    monkeypatch.setattr("workbench.reading.dataset.MOST_HELD", 0)
    frame = pd.DataFrame({"x": [1, 2], "y": ["a", "b"]})
    frame.to_parquet(tmp_path / "t.parquet")
    frame.to_json(tmp_path / "t.json", orient="records")
    frame.to_excel(tmp_path / "t.xlsx", index=False)
    url = (tmp_path / "t.parquet").as_uri()
    stream = pl.from_pandas(frame).to_arrow().to_reader()

    for source in (frame, stream, tmp_path / "t.json", tmp_path / "t.xlsx", url):
        assert isinstance(wb.dataset(source).values, pd.DataFrame)


def test_a_small_file_is_held_and_a_large_one_is_kept(tmp_path):
    path = small(tmp_path / "t.csv")
    size = path.stat().st_size

    with reading(most_held=1000):
        assert isinstance(wb.dataset(path).values, pd.DataFrame)
    with reading(most_held=size - 1):
        assert isinstance(wb.dataset(path).values, Rows)


def test_only_what_is_asked_for_is_read(tmp_path, monkeypatch):
    data, typed = kept(small(tmp_path / "t.parquet", z=[1, 2, 3, 4]), target="y", time="x"), []
    chunks = FileRows._chunks
    monkeypatch.setattr(FileRows, "_chunks", lambda self, names: typed.extend(names) or chunks(self, names))

    assert data.target.tolist() == ["b", "a", "a", "b"]
    assert data.features.columns.tolist() == ["z"]
    assert (data.columns(["y"])["y"] == data.target).all()
    assert typed == ["y", "z"]
    assert data.table["x"].tolist() == [1, 2, 3, 4]
    assert data.table is data.frame()
    assert typed == ["y", "z", "x"]
    with pytest.raises(KeyError, match="nothing"):
        kept(tmp_path / "t.parquet").columns(["nothing"])


def test_what_is_shown_is_not_read(tmp_path):
    path = small(tmp_path / "t.csv", mail=[f"{name}@example.org" for name in ("ada", "alan", "ann", "al")])
    data = kept(path, target="y", time="x")
    shown = sample(held(path, target="y", time="x"))
    path.unlink()

    assert "ada@" not in repr(data)
    assert data.headline() == "4 rows, 3 columns, target y, in order of x"
    assert sample(data) == shown
    assert "First rows" in data._repr_mimebundle_()["text/html"]
    assert data.names == ("x", "y", "mail")
    assert data.without("x").contract["x"].role == "ignored"
    assert data.with_personal("mail", reason="it is a test").contract.features == ("mail",)


def test_categories_are_shown_where_they_stand_in_several_rows(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("x,y\n" + "1,often\n" * 20 + "2,once\n")

    assert sample(kept(path, chunk=3)) == sample(held(path)) == [["1", "often"]] * 5


def changes(path):
    """What may happen to a file, by name."""
    before = path.read_bytes()
    return {
        "a row more": lambda: path.write_bytes(before + b"5,b\n"),
        "another value": lambda: path.write_bytes(before.replace(b"2,a", b"9,a")),
        "rows exchanged": lambda: path.write_bytes(before.replace(b"1,b\n2,a", b"2,a\n1,b")),
        "another name": lambda: path.write_bytes(before.replace(b"x,y", b"x,z")),
        "another kind of file": lambda: path.write_bytes(b"PAR1" + before[4:]),
        "nothing in it": lambda: path.write_bytes(b""),
    }


CHANGES = ("a row more", "another value", "rows exchanged", "another name", "another kind of file", "nothing in it")


@pytest.mark.parametrize("what", CHANGES)
@pytest.mark.parametrize("time", [None, "x"])
def test_a_file_that_has_changed_is_never_read_in_silence(tmp_path, what, time):
    path = small(tmp_path / "t.csv")
    data = kept(path, target="y", time=time)
    changes(path)[what]()

    for act in (lambda: data.table, lambda: data.target, lambda: data.take([True] * 4), lambda: wb.profile(data)):
        with pytest.raises(BadTable, match=r"has changed since it was read; call wb\.dataset again"):
            act()


def test_a_change_that_keeps_size_and_time_is_seen(tmp_path):
    path = small(tmp_path / "t.csv")
    data, before = kept(path), path.stat()
    path.write_text(path.read_text().replace("2,a", "9,a"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))

    assert path.stat().st_size == before.st_size
    with pytest.raises(BadTable, match="has changed"):
        _ = data.table


@pytest.mark.parametrize("time", [None, "x"])
def test_a_file_that_was_touched_or_copied_is_still_the_same(tmp_path, time):
    path = small(tmp_path / "t.parquet")
    data, whole = kept(path, time=time), held(path, time=time)
    content = path.read_bytes()
    path.unlink()
    path.write_bytes(content)
    os.utime(path, (1, 1))

    pd.testing.assert_frame_equal(data.columns(["y"]), whole.table[["y"]])
    pd.testing.assert_frame_equal(data.table, whole.table)


def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path, monkeypatch):
    path = small(tmp_path / "t.csv")
    data, read = kept(path), TypedColumn.read

    def change(self, values):
        os.utime(path, (1, 1))
        return read(self, values)

    monkeypatch.setattr(TypedColumn, "read", change)
    with pytest.raises(BadTable, match="has changed"):
        _ = data.table


def test_a_file_that_changes_while_the_dataset_is_made_is_refused(tmp_path, monkeypatch):
    path = small(tmp_path / "t.csv")
    monkeypatch.setattr(
        "workbench.reading.passing.column_of", lambda *_: os.utime(path, (1, 1)) or Column("x", "number")
    )

    with pytest.raises(BadTable, match="has changed"):
        kept(path)


def test_a_file_that_is_gone_is_told(tmp_path):
    path = small(tmp_path / "t.csv")
    data = kept(path, target="y")
    path.unlink()

    with pytest.raises(BadTable, match=r"t\.csv is not there any more.*Put it back, or call wb\.dataset"):
        _ = data.target


def test_the_working_folder_may_change(tmp_path, monkeypatch):
    small(tmp_path / "t.csv")
    monkeypatch.chdir(tmp_path)
    data = kept("t.csv")
    (tmp_path / "other").mkdir()
    monkeypatch.chdir(tmp_path / "other")

    assert data.source == "t.csv"
    assert data.table["x"].tolist() == [3, 1, 2, 4]


def pickled(data):
    return pickle.loads(pickle.dumps(data))


def replaced(data):
    return dataclasses.replace(data, source="there")


@pytest.mark.parametrize("way", [copy.copy, copy.deepcopy, pickled, replaced])
@pytest.mark.parametrize("read", [False, True])
def test_a_copy_reads_the_same_rows(tmp_path, way, read):
    data = kept(small(tmp_path / "t.parquet"), target="y", time="x")
    if read:
        assert data.target.tolist() == ["b", "a", "a", "b"]

    other = way(data)

    assert (other.contract, other.fingerprint) == (data.contract, data.fingerprint)
    pd.testing.assert_frame_equal(other.table, data.table)


def test_what_was_read_is_not_pickled(tmp_path):
    data = kept(small(tmp_path / "t.parquet", z=np.random.default_rng(0).random(4)))
    before = len(pickle.dumps(data))
    _ = data.table

    assert len(pickle.dumps(data)) == before


def test_parts_of_it_and_changes_are_those_of_the_table(tmp_path):
    path = small(tmp_path / "t.parquet", when=pd.date_range("2024-01-01", periods=4)[::-1])
    whole, data = held(path, target="y", time="when"), kept(path, target="y", time="when")

    for change in (
        lambda one: one.take(one.table["x"] > 1),
        lambda one: one.before("2024-01-03"),
        lambda one: one.since("2024-01-03"),
        lambda one: one.assign(double=one.table["x"] * 2.0),
        lambda one: one.without("x"),
        lambda one: one.known_after("x"),
    ):
        a, b = change(whole), change(data)
        assert a == b
        pd.testing.assert_frame_equal(a.table, b.table)


@pytest.mark.slow
@pytest.mark.parametrize("time", [None, "when", "x"])
def test_its_profile_is_that_of_the_table(tmp_path, time):
    rng, rows = np.random.default_rng(1), 500
    frame = pl.DataFrame(
        {
            "x": rng.normal(size=rows),
            "n": [None if i % 7 == 3 else i for i in range(rows)],
            "when": pl.Series(np.datetime64("2024-01-01", "us") + np.arange(rows) * 3_600_000_000),
            "zone": pl.Series(np.datetime64("2024-01-01", "ms") + np.arange(rows) * 60_000).dt.replace_time_zone("UTC"),
            "word": rng.choice(["a", "b", "c"], rows),
            "paid": rng.random(rows) < 0.3,
            "mail": [f"{i}@example.org" for i in range(rows)],
        }
    )  # fmt: skip
    frame.write_parquet(tmp_path / "t.parquet")
    frame.write_csv(tmp_path / "t.csv")

    for name in ("t.parquet", "t.csv"):
        path = tmp_path / name
        of_table = wb.profile(held(path, 64, target="paid", time=time), memory_budget="300MB").to_dict()
        data = kept(path, 64, target="paid", time=time)
        of_file = wb.profile(data, memory_budget="300MB").to_dict()
        assert {**of_file, "created": ""} == {**of_table, "created": ""}
        assert data.values._frame is None


@pytest.mark.parametrize("time", [None, "x", "y"])
@pytest.mark.parametrize("most", [1, 7, 64, 1000])
def test_its_chunks_are_those_of_the_table(tmp_path, monkeypatch, most, time):
    """Also where its rows are put in order window by window, of fewer rows than a chunk or of more."""
    monkeypatch.setattr("workbench.reading.file_rows.WINDOW", 60)
    rng = random.Random(0)
    rows = {
        "x": [rng.randrange(50) for _ in range(200)],
        "y": [rng.random() for _ in range(200)],
        "z": list("ab") * 100,
    }
    path = write(pl.DataFrame(rows), tmp_path / "t.parquet")

    of_table = list(pandas_source(held(path, 9, time=time).table, "").chunks(most))
    with reading(most_held=0, chunk=9):
        of_file = list(wb.dataset(path, time=time).values.chunks(most))

    assert [part.rows() for part in of_file] == [part.rows() for part in of_table]
    assert [part.schema for part in of_file] == [part.schema for part in of_table]


@pytest.mark.slow
def test_a_dataset_of_a_file_is_trained_as_the_table_is(tmp_path, store):
    rng = random.Random(0)
    frame = pl.DataFrame({"x": [rng.random() for _ in range(200)]}).with_columns(y=pl.col("x") > 0.5)
    frame.write_csv(tmp_path / "t.csv")

    of_table, of_file = (wb.train(way(tmp_path / "t.csv", target="y"), candidates=["linear"]) for way in (held, kept))

    assert of_file.fingerprint == of_table.fingerprint
    assert [m.value for m in of_file.metrics] == [m.value for m in of_table.metrics]


def test_rows_of_a_file_say_where_they_are(tmp_path):
    data = kept(small(tmp_path / "t.csv"))

    assert isinstance(data.values, FileRows)
    assert repr(data.values) == f"<4 rows of {tmp_path / 't.csv'}>"
