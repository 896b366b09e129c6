"""One normal form of names, whichever way a table comes in."""

import io
import sqlite3

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import workbench as wb
from tests.hostile_names import HOSTILE
from workbench.core.names import matching, normalised, twin
from workbench.errors import BadTable
from workbench.reading.sources import source_of


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ([" age\t", "sex"], ("age", "sex")),
        (["net\r\nprice"], ("net price",)),
        (["e\u0301"], ("é",)),
        (["a", "", " "], ("a", "column_2", "column_3")),
        (["a", "", "column_2"], ("a", "column_2_", "column_2")),
        ([1, 2.5, None, True, pd.Timestamp("2023-01-01")], ("1", "2.5", "None", "True", "2023-01-01 00:00:00")),
        ([("price", "mean"), ("price", ""), ("", "")], ("price_mean", "price", "column_3")),
        (["a", "a ", "b"], ("a", "a ", "b")),
        (["x", float("nan"), float("nan")], ("x", "column_2", "column_3")),
        (["a", "__index_level_0__"], ("a", "index")),
        ([], ()),
    ],
)
def test_names_have_one_normal_form(names, expected):
    assert normalised(names) == expected


@pytest.mark.parametrize(
    ("names", "first", "expected"),
    [
        (["", "a"], [0, 1, 2], "index"),
        (["", "a"], ["1", "2", "3"], "index"),
        (["Unnamed: 0", "a"], [0.0, 1.0], "index"),
        (["Unnamed: 0", "a"], [3, 1], "Unnamed: 0"),
        (["", "a"], ["x", "y"], "column_1"),
        (["", "index"], [0, 1], "index_"),
        (["id", "a"], [0, 1], "id"),
        (["", "a"], [], "column_1"),
    ],
)
def test_a_first_column_that_only_counts_is_called_index(names, first, expected):
    assert normalised(names, first)[0] == expected


ANY = st.one_of(st.text(), st.integers(), st.sampled_from(HOSTILE), st.tuples(st.text(), st.text()), st.none())


@given(st.lists(ANY, max_size=8))
def test_as_many_names_come_as_went_in_and_a_second_time_changes_nothing(names):
    once = normalised(names)

    assert len(once) == len(names)
    assert all(once)
    assert normalised(once) == once


@given(st.lists(ANY, min_size=1, max_size=8))
def test_names_that_are_no_twins_stay_distinct_and_each_is_found(names):
    assume(twin(names) is None)

    plain = normalised(names)

    assert len(set(plain)) == len(plain)
    assert [matching(name, names) for name in plain] == list(range(len(plain)))


def test_the_same_name_is_found_before_one_of_the_same_form():
    assert matching("a ", ["a", "a "]) == 1
    assert matching("e\u0301", ["é"]) == 0
    assert matching("3", [1, 3]) == 1
    assert matching("column_2", ["a", ""]) == 1
    assert matching("b", ["a"]) is None


NAMES = ("age", "net price", "column_3", "7")
GIVEN = (" age", "net\nprice", "", "7")
VALUES = [(1, "x", 2.5, True), (2, "y", 3.5, False)]


def polars_frame():
    frame = pl.DataFrame(VALUES, orient="row")
    frame.columns = list(GIVEN)
    return frame


def sql(tmp_path):
    with sqlite3.connect(tmp_path / "t.db") as store:
        store.execute('CREATE TABLE t (" age", "net\nprice", "", "7")')
        store.executemany("INSERT INTO t VALUES (?, ?, ?, ?)", VALUES)
    store.close()
    return tmp_path / "t.db"


def written(tmp_path, ending):
    frame = pd.DataFrame(VALUES, columns=list(GIVEN))
    path = tmp_path / f"t{ending}"
    if ending == ".csv":
        frame.to_csv(path, index=False)
    elif ending == ".json":
        frame.to_json(path, orient="records")
    elif ending == ".parquet":
        frame.to_parquet(path)
    else:
        frame.to_feather(path)
    return path


WAYS = {
    "pandas": lambda _: pd.DataFrame(VALUES, columns=[" age", "net\nprice", "", 7]),
    "polars": lambda _: polars_frame(),
    "lazy": lambda _: polars_frame().lazy(),
    "arrow": lambda _: polars_frame().to_arrow(),
    "reader": lambda _: polars_frame().to_arrow().to_reader(),
    "dask": lambda _: pytest.importorskip("dask.dataframe").from_pandas(
        pd.DataFrame(VALUES, columns=list(GIVEN)), npartitions=2
    ),
    "sqlite": sql,
    "query": lambda tmp_path: wb.query("SELECT * FROM t", f"sqlite:///{sql(tmp_path)}"),
    **{
        ending: lambda tmp_path, ending=ending: written(tmp_path, ending)
        for ending in (".csv", ".json", ".parquet", ".feather")
    },
}


@pytest.mark.parametrize("way", WAYS)
def test_every_way_in_gives_the_same_names(way, tmp_path):
    source = source_of(WAYS[way](tmp_path))

    assert source.names == NAMES
    assert all(tuple(chunk.columns) == NAMES for chunk in source.chunks(1))


@pytest.mark.parametrize(
    "make",
    [
        lambda: pd.DataFrame([[1, 2]], columns=["a", "a"]),
        lambda: pd.DataFrame([[1, 2]], columns=[1, "1"]),
        lambda: pa.table([pa.array([1]), pa.array([2])], names=["a", "a"]),
    ],
)
def test_twins_with_a_name_are_refused(make):
    with pytest.raises(BadTable, match="Two columns are called"):
        source_of(make())


@pytest.mark.parametrize(
    "make",
    [
        lambda: pd.DataFrame([[5, 2]], columns=["", ""]),
        lambda: pa.table([pa.array([5]), pa.array([2])], names=["", ""]),
    ],
)
def test_two_columns_without_a_name_are_read(make):
    assert pl.concat(source_of(make()).chunks(5)).to_dicts() == [{"column_1": 5, "column_2": 2}]


INDEXED = {
    "named": (pd.Index([5, 6], name="k"), ("k", "a")),
    "texts": (pd.Index(["x", "y"]), ("index", "a")),
    "dates": (pd.date_range("2023-01-01", periods=2), ("index", "a")),
    "rows that are left": (pd.Index([5, 9]), ("a",)),
    "texts that come twice": (pd.Index(["x", "x"]), ("a",)),
    "several levels": (pd.MultiIndex.from_tuples([("x", 1), ("y", 2)], names=["k", None]), ("k", "index_2", "a")),
    "the same as a column": (pd.Index([1, 2], name="a"), ("a",)),
}  # fmt: skip


@pytest.mark.parametrize("kind", INDEXED)
def test_an_index_that_says_something_is_a_column(kind):
    index, names = INDEXED[kind]
    frame = pd.DataFrame({"a": [1, 2]}, index=index)

    assert source_of(frame).names == names
    assert wb.profile(frame).rows == 2
    assert frame.columns.tolist() == ["a"]


def test_levels_of_names_are_joined_after_grouping():
    frame = pd.DataFrame({"k": ["x", "y", "x"], "v": [1, 2, 3]}).groupby("k").agg(["min", "max"])

    assert source_of(frame).names == ("k", "v_min", "v_max")


def test_a_series_is_a_table_of_one_column():
    assert source_of(pd.Series([1, 2], name="y")).names == ("y",)
    assert source_of(pd.Series([1, 2])).names == ("value",)
    assert source_of(pl.Series("y", [1, 2])).names == ("y",)


def test_any_frame_that_pandas_saves_is_profiled(tmp_path):
    frame = pd.DataFrame({"a": [1.5, 2.5, 3.5], "b": ["x", "y", "x"]})
    for name, options in (("plain", {}), ("sep", {"sep": ";", "decimal": ","}), ("names", {"header": False})):
        text = io.StringIO()
        frame.to_csv(text, **options)
        (tmp_path / f"{name}.csv").write_text(text.getvalue())

        assert wb.profile(tmp_path / f"{name}.csv").rows == 3
        assert wb.dataset(tmp_path / f"{name}.csv").rows == 3


JANUARY, FEBRUARY = "2023-01-01 00:00:00", "2023-02-01 00:00:00"
DATES = pd.Categorical(pd.to_datetime([JANUARY, None]))
TYPES = {
    "periods": (pd.Series(pd.period_range("2023-01", periods=2, freq="M")), [JANUARY, FEBRUARY]),
    "intervals": (pd.Series(pd.interval_range(0, 2)), ["(0, 1]", "(1, 2]"]),
    "categories of numbers": (pd.Series(pd.Categorical([3, None])), ["3", "None"]),
    "categories": (pd.Series(pd.Categorical(["x", None])), ["x", "None"]),
    "categories of dates": (pd.Series(DATES), [JANUARY, "None"]),
    "whole numbers with a gap": (pd.Series([2**60 + 1, None], dtype="Int64"), [str(2**60 + 1), "None"]),
    "truth values with a gap": (pd.Series([True, None], dtype="boolean"), ["True", "None"]),
}  # fmt: skip


@pytest.mark.parametrize("kind", TYPES)
def test_a_type_of_pandas_keeps_its_values(kind):
    values, expected = TYPES[kind]

    chunk = next(source_of(values.to_frame("x")).chunks(5))

    assert [str(value) for value in chunk["x"].to_list()] == expected


def test_complex_numbers_are_refused_by_name():
    with pytest.raises(BadTable, match="'z' holds complex numbers"):
        wb.profile(pd.DataFrame({"z": np.array([1j, 2.0])}))
