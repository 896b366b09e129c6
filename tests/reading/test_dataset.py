"""Any user's table becomes a dataset, or the error says what to do."""

import math
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pytest

import workbench as wb
from workbench.core.contract import Contract
from workbench.errors import BadTable, BadTarget, ColumnNotFound
from workbench.reading.by_contract import coerce, read_by
from workbench.reading.dataset import read_table
from workbench.reading.deciding import infer_kind
from workbench.reading.sources import from_pandas

pytestmark = pytest.mark.usefixtures("both_ways")


def table(**columns):
    return pd.DataFrame({"x": [1, 2, 3, 4], "y": ["a", "b", "a", "b"], **columns})


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([True, False], "boolean"),
        (["true", "False"], "boolean"),
        ([1, 2], "integer"),
        ([1.0, None], "integer"),
        ([1.5, np.inf], "number"),
        (["29.85", " "], "number"),
        (["12", "n/a", "7"], "integer"),
        (["2024-01-31", "2024-02-01"], "datetime"),
        (["31-01-2011", "01-02-2011"], "datetime"),
        (["2013-01-01T10:00:00Z"], "datetime"),
        (["Yes", "No"], "category"),
        ([None, None], "category"),
        ([f"name {i} of a person" for i in range(2000)], "text"),
    ],
)
def test_kinds_are_what_people_mean(values, kind):
    assert infer_kind(from_pandas(pd.Series(values))) == kind


@pytest.mark.slow
def test_numbers_kept_as_text_become_numbers(shared_table):
    data = wb.dataset(shared_table("telco_churn.csv"), target="Churn")

    assert data.contract["TotalCharges"].kind == "number"
    assert data.frame()["TotalCharges"].isna().sum() == 11
    assert data.contract.task == "binary"


def test_days_come_before_months_where_only_that_is_possible(shared_table):
    data = wb.dataset(shared_table("bike_hour.csv"), target="count", time="dateday")

    assert data.frame()["dateday"].is_monotonic_increasing
    assert str(data.frame()["dateday"].iloc[-1].date()) == "2012-12-31"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("t.csv", "id;price;sold\n1;2,5;yes\n2;3,25;no\n"),
        ("t.csv", "id|price|sold\n1|2.5|yes\n2|3.25|no\n"),
        ("t.tsv", "id\tprice\tsold\n1\t2.5\tyes\n2\t3.25\tno\n"),
        ("t.csv", 'id,price,sold\n1,2.5,"yes"\n2,3.25,no\n'),
    ],
)
def test_what_separates_the_columns_is_seen_in_the_header(tmp_path, name, content):
    (tmp_path / name).write_text(content)

    data = wb.dataset(tmp_path / name, target="sold")

    assert data.contract.names == ("id", "price", "sold")
    assert data.frame()["price"].tolist() == [2.5, 3.25]


def test_a_table_of_one_column_stays_one(tmp_path):
    (tmp_path / "t.csv").write_text("a\n1;2\n3;4\n")

    assert wb.dataset(tmp_path / "t.csv").contract.names == ("a",)


@pytest.mark.parametrize("ending", ["csv", "parquet", "feather", "jsonl", "csv.gz"])
def test_every_format_gives_the_same_dataset(tmp_path, ending):
    frame, path = table(), tmp_path / f"t.{ending}"
    writers = {"parquet": frame.to_parquet, "feather": frame.to_feather}
    if ending == "jsonl":
        frame.to_json(path, orient="records", lines=True)
    else:
        writers.get(ending, lambda p: frame.to_csv(p, index=False))(path)

    assert wb.dataset(path, target="y").fingerprint == wb.dataset(frame, target="y").fingerprint


def test_one_changed_cell_changes_the_fingerprint():
    changed = table()
    changed.loc[2, "x"] = 99

    assert wb.dataset(changed).fingerprint != wb.dataset(table()).fingerprint


def test_a_wrong_name_suggests_the_nearest():
    with pytest.raises(ColumnNotFound, match=r"'tenur' is not in the data\. Did you mean 'tenure'"):
        wb.dataset(table(tenure=[1, 2, 3, 4]), target="tenur")


@pytest.mark.parametrize(
    ("target", "told"),
    [("one", "one class only"), ("none", "no value in any row"), ("when", "distinct datetime")],
)
def test_a_target_that_cannot_be_learnt_is_refused(target, told):
    frame = table(one=["a"] * 4, none=[None] * 4, when=pd.date_range("2024-01-01", periods=4))
    with pytest.raises(BadTarget, match=told):
        wb.dataset(frame, target=target)


def test_two_columns_of_one_name_are_refused(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a,a\n1,2\n")
    for source in (path, pd.DataFrame([[1, 2]], columns=["a", "a"])):
        with pytest.raises(BadTable, match="Two columns are called 'a'"):
            wb.dataset(source)


def test_an_empty_table_is_refused():
    with pytest.raises(BadTable, match="0 rows"):
        wb.dataset(pd.DataFrame({"a": []}))


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("none.csv", None, "There is no file"),
        ("t.xlsx", b"x", "is no workbook that can be opened"),
        ("e.csv", b"", "is empty"),
        ("b.parquet", b"no parquet", "can't be read as parquet"),
        ("j.jsonl", b"{no json", "can't be read as jsonl"),
    ],
)
def test_an_unreadable_file_says_so(tmp_path, name, content, told):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(BadTable, match=told):
        read_table(tmp_path / name)


def test_a_column_of_only_missing_values_is_read():
    data = wb.dataset(table(nothing=[None] * 4), target="y")

    assert data.frame()["nothing"].isna().all()


def test_time_orders_the_rows_and_cuts_them():
    frame = table(when=pd.to_datetime(["2024-03-01", "2024-01-01", "2024-04-01", "2024-02-01"]))
    data = wb.dataset(frame, target="y", time="when")

    assert list(data.frame()["x"]) == [2, 4, 1, 3]
    assert data.before("2024-03-01").rows == 2
    assert data.since("2024-03-01").rows == 2
    with pytest.raises(BadTable, match="No row is left"):
        data.before("2000-01-01")


def test_roles_take_columns_out_of_the_features():
    data = wb.dataset(table(n=[1, 2, 3, 4], after=[1, 2, 3, 4]), target="y", id="n", known_after=["after"])

    assert data.contract.features == ("x",)
    assert data.without("x").contract.features == ()


def test_coercing_needs_the_features_and_nothing_else():
    contract: Contract = wb.dataset(table(), target="y").contract
    typed = coerce(pd.DataFrame({"x": ["7", "?"], "more": [1, 2]}), contract)

    assert list(typed.columns) == ["x"]
    assert typed["x"].isna().tolist() == [False, True]
    with pytest.raises(ColumnNotFound, match="'x'"):
        coerce(pd.DataFrame({"more": [1]}), contract)


@pytest.mark.parametrize("values", [["1", "-999", "3"], [1, -999, 3], [1.5, -999.0, 3.0], [1, None, -999]])
def test_a_word_for_missing_may_be_a_number(values, both_ways, tmp_path):
    frame = pd.DataFrame({"a": pd.Series(values * 5), "b": list("xyz") * 5})
    frame.to_csv(tmp_path / "t.csv", index=False)

    for given in (frame, tmp_path / "t.csv"):
        data = wb.dataset(given, missing={"a": ["-999"]})

        assert -999 not in data.table["a"].tolist()
        assert data.table["a"].isna().sum() == sum(v in (None, -999, "-999") for v in values) * 5
        assert data.contract["a"].form.missing == ("-999",)
        assert "WB128" in [f.code for f in data.findings if f.column == "a"]
    batch = read_table(pd.DataFrame({"a": [-999, 4], "b": ["x", "y"]}))
    typed = read_by(batch, data.contract)
    assert typed.table["a"].isna().tolist() == [True, False]
    assert not typed.unread


@pytest.mark.slow
def test_a_fraction_that_comes_late_is_seen_by_both_verbs(both_ways, tmp_path):
    (tmp_path / "t.csv").write_text("v,w\n" + "1,a\n" * 100_000 + "1.5,b\n")

    assert wb.dataset(tmp_path / "t.csv").contract["v"].kind == wb.profile(tmp_path / "t.csv")["v"].kind == "number"


TYPES = {
    "whole durations": (pd.to_timedelta([1, 2, 3] * 5, unit="h"), "integer", 3600.0),
    "broken durations": (pd.to_timedelta([1.5, 2, 3] * 5, unit="s"), "number", 1.5),
    "durations of nanoseconds": (pl.Series([1, 2, 3] * 5, dtype=pl.Duration("ns")), "number", 1e-9),
    "decimals without end": ([Decimal("Infinity"), Decimal("2.5"), None] * 5, "number", math.inf),
    "decimals beyond Arrow's": ([Decimal("1e400"), Decimal(2)] * 5, "category", "1E+400"),
    "long doubles": (np.array([1.5, 2.5] * 5, dtype=np.longdouble), "number", 1.5),
    "bytes that are a text": ([b"a", "ü".encode(), None] * 5, "category", "a"),
    "bytes that are none": ([b"\xff", b"a"] * 5, "category", "b'\\xff'"),
    "bytes of polars": (pl.Series([b"a", b"b"] * 5), "category", "a"),
    "words without end": (["1", "inf", "2"] * 5, "number", 1.0),
}


@pytest.mark.parametrize("name", TYPES)
def test_a_type_is_read_or_told_and_never_a_foreign_error(name):
    values, kind, first = TYPES[name]
    frame = pl.DataFrame({"v": values}) if isinstance(values, pl.Series) else pd.DataFrame({"v": values})

    data = wb.dataset(frame)

    assert data.contract["v"].kind == wb.profile(frame)["v"].kind == wb.profile(data)["v"].kind == kind
    assert data.table["v"][0] == first


def test_a_batch_of_durations_where_numbers_were_trained_is_read_as_seconds():
    contract = wb.dataset(pd.DataFrame({"n": [1, 2, 3] * 5, "s": ["a", "b", "c"] * 5})).contract
    hours = pd.to_timedelta([1, 2], unit="h")

    typed = read_by(pd.DataFrame({"n": hours, "s": hours}), contract).table

    assert typed["n"].tolist() == [3600, 7200]
    assert typed["s"].tolist() == ["PT1H", "PT2H"]


def test_two_numbers_with_decimals_are_no_classes():
    frame = pd.DataFrame({"x": range(60), "y": [0.5, 1.0] * 30})

    assert wb.dataset(frame, target="y").contract.task == "regression"
    assert wb.dataset(frame.assign(y=[0, 1] * 30), target="y").contract.task == "binary"


def test_a_date_is_read_by_its_pattern_before_the_usual_one(tmp_path):
    (tmp_path / "t.csv").write_text("day,n\n2024-05-03,1\n2024-06-03,2\n2024-31-12,3\n")

    data = wb.dataset(tmp_path / "t.csv", dates={"day": ["%Y-%d-%m"]})

    assert data.table["day"].dt.strftime("%d %B").tolist() == ["05 March", "06 March", "31 December"]
    typed = read_by(pd.DataFrame({"day": ["2024-05-03"], "n": [1]}), data.contract).table
    assert typed["day"].dt.strftime("%d %B").tolist() == ["05 March"]


def test_rows_that_a_word_in_the_target_takes_away_are_a_warning(tmp_path):
    (tmp_path / "t.csv").write_text("x,y\n" + "".join(f"{i},{('None', 'low', 'NA')[i % 3]}\n" for i in range(60)))

    data = wb.dataset(tmp_path / "t.csv", target="y")
    told = next(f for f in data.findings if f.code == "WB128")

    assert (told.severity, told.column) == ("warning", "y")
    assert "'NA' in 20 rows: taken to mean a missing value, so these are not learnt from" in told.message
    assert set(wb.dataset(tmp_path / "t.csv", target="y", missing={"y": []}).target) == {"None", "low", "NA"}
