# ruff: noqa: E501 - a table, a line a case
"""What people bring, and how it is read: a table of readings.

Each row shows a file as it lies on the disk, what its columns are, some values, and what is told of it. Both verbs, the
one that keeps the values and the one that streams them, read every file alike.
"""

import gzip
import json
from dataclasses import dataclass, field

import pandas as pd
import pytest

import workbench as wb
from workbench.core.forms import moment
from workbench.reading.by_contract import read_by
from workbench.reading.dataset import read_table

pytestmark = pytest.mark.usefixtures("both_ways")


@dataclass(frozen=True)
class Case:
    """A file, what its columns are, values of one of them, and codes of findings about how it was read."""

    text: str | bytes
    kinds: dict[str, str]
    values: dict[str, list] = field(default_factory=dict)
    codes: tuple[str, ...] = ()
    name: str = "t.csv"


def rows(*lines, times=5, head="x,v"):
    return "\n".join([head, *list(lines) * times]) + "\n"


DAY = pd.Timestamp("2024-01-31")
TABLE = {
    # layout
    "title lines": Case("Report\n\na,b\n1,x\n2,y\n", {"a": "integer", "b": "category"}, {"a": [1, 2]}, ("WB132",)),
    "a comment": Case("# made by hand\na,b\n1,x\n2,y\n", {"a": "integer", "b": "category"}, {"a": [1, 2]}, ("WB132",)),
    "separators behind": Case(rows("1,2,", "3,4,"), {"x": "integer", "v": "integer"}, {"v": [2, 4] * 5}, ("WB132",)),
    "comma in a header": Case("a;b, of all\n1;2\n3;4\n", {"a": "integer", "b, of all": "integer"}),
    "tabs": Case("a\tb\n1\tx y\n2\tz\n", {"a": "integer", "b": "category"}, {"b": ["x y", "z"]}, name="t.tsv"),
    "units below the names": Case(
        "t;temp;city\n[s];[°C];\n1;1,5;A\n2;2,5;B\n3;3,5;A\n", {"t": "integer", "temp": "number", "city": "category"}, {"temp": [1.5, 2.5, 3.5]}, ("WB132", "WB138")
    ),
    "a logger's file": Case(
        '"TOA5","CR1000","Table1"\n"TIMESTAMP","RECORD","Temp"\n"TS","RN","Deg C"\n"","","Avg"\n"2024-01-31 00:00:00",0,20.5\n"2024-01-31 00:00:00",1,"NAN"\n',
        {"TIMESTAMP": "datetime", "RECORD": "integer", "Temp": "number"}, {"TIMESTAMP": [DAY, DAY], "Temp": [20.5, None]}, ("WB132",), "t.dat",
    ),
    "names in two lines": Case(
        "city,price,,sold,\n,min,max,min,max\nA,1,2,3,4\nB,2,3,4,5\nC,3,4,5,6\n",
        {"city": "category", "price_min": "integer", "price_max": "integer", "sold_min": "integer", "sold_max": "integer"}, {"price_max": [2, 3, 4]}, ("WB132",),
    ),
    "PostgreSQL's COPY": Case(
        'a\tb\n1\tx\\ty\n2\t\\N\n3\tC:\\\\new "x"\n4\t"\n5\tu\\\\tv\n', {"a": "integer", "b": "category"}, {"b": ["x\ty", None, 'C:\\new "x"', '"', "u\\tv"]}, ("WB132",), "t.tsv"
    ),
    "paths are no escapes": Case("a\tb\n1\tC:\\new\n2\tC:\\table\n", {"a": "integer", "b": "category"}, {"b": ["C:\\new", "C:\\table"]}, name="t.tsv"),
    "paths beside no value": Case("a\tb\n1\tC:\\Users\n2\t\\N\n", {"a": "integer", "b": "category"}, {"b": ["C:\\Users", None]}, name="t.tsv"),
    "Excel's first line": Case("sep=;\na;b\n1;2\n3;4\n", {"a": "integer", "b": "integer"}),
    "one column": Case("a\n1,5\n2,5\n", {"a": "number"}, {"a": [1.5, 2.5]}, ("WB138",)),
    "a short row": Case(rows("1,2", "5,6") + "3\n", {"x": "integer", "v": "integer"}, codes=("WB131",)),
    "names of rows": Case('a,b\n"1",5,x\n"2",6,y\n', {"index": "integer", "a": "integer", "b": "category"}, codes=("WB132",)),
    "a saved index": Case(",a\n0,5\n1,6\n", {"index": "integer", "a": "integer"}, codes=("WB132",)),
    "no header": Case(
        "2024-01-01,1.5,x\n2024-01-02,2.5,y\n2024-01-03,3.5,x\n",
        {"column_1": "datetime", "column_2": "number", "column_3": "category"},
        {"column_2": [1.5, 2.5, 3.5]},
        ("WB130",),
    ),
    "latin letters": Case("a,b\nMüller,1\nGroß,2\n".encode("cp1252"), {"a": "category", "b": "integer"}, {"a": ["Müller", "Groß"]}, ("WB132",)),
    "UTF-16": Case("a,b\nMüller,1\nGroß,2\n".encode("utf-16"), {"a": "category", "b": "integer"}, {"a": ["Müller", "Groß"]}),
    "UTF-8 with its mark": Case("\ufeffa,b\nü,1\n".encode(), {"a": "category", "b": "integer"}),
    "packed": Case(gzip.compress(b"a,b\n1,x\n2,y\n"), {"a": "integer", "b": "category"}, name="t.csv.gz"),
    "JSON": Case(json.dumps([{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]), {"a": "integer", "b": "category"}, name="t.json"),
    "lines of JSON": Case('{"a": 1}\n{"a": 2, "b": "y"}\n', {"a": "integer", "b": "category"}, name="t.jsonl"),
    "names with blanks": Case(" a , b\n1,x\n2,y\n", {"a": "integer", "b": "category"}),
    # numbers
    "German numbers": Case(rows("1;1.003,50", "2;12,25", head="x;v"), {"v": "number"}, {"v": [1003.5, 12.25] * 5}, ("WB138",)),
    "thousands with points": Case(rows("1;1.000", "2;1.013", head="x;v"), {"v": "integer"}, {"v": [1000, 1013] * 5}, ("WB138",)),
    "decimals with points": Case(rows("1,1.000", "2,1.013"), {"v": "number"}, {"v": [1.0, 1.013] * 5}),
    "thousands with commas": Case(rows('1,"1,234"', '2,"12"'), {"v": "integer"}, {"v": [1234, 12] * 5}, ("WB138",)),
    "blanks between thousands": Case(rows("1;1 234,5", "2;12,5", head="x;v"), {"v": "number"}, {"v": [1234.5, 12.5] * 5}, ("WB138",)),
    "brackets for minus": Case(rows("1,(5.50)", "2,3.00"), {"v": "number"}, {"v": [-5.5, 3.0] * 5}),
    "minus behind": Case(rows("1,5-", "2,3"), {"v": "integer"}, {"v": [-5, 3] * 5}),
    "thousands as k": Case(rows("1,1.5k", "2,300"), {"v": "integer"}, {"v": [1500, 300] * 5}, ("WB138",)),
    "a currency": Case(rows('1,"$1,200.50"', "2,$7"), {"v": "number"}, {"v": [1200.5, 7.0] * 5}, ("WB138",)),
    "a unit": Case(rows("1,5 pieces", "2,7 pieces"), {"v": "integer"}, {"v": [5, 7] * 5}, ("WB138",)),
    "two units": Case(rows("1,5 kg", "2,700 g"), {"v": "category"}, {"v": ["5 kg", "700 g"] * 5}),
    "Arabic digits": Case(rows("1,١٠٠٠", "2,١٠١٣"), {"v": "integer"}, {"v": [1000, 1013] * 5}),
    "codes with zeros": Case(rows("1,00037", "2,01234"), {"v": "category"}, {"v": ["00037", "01234"] * 5}),
    "codes that Excel protects": Case(rows('1,="00037"', '2,="01234"'), {"v": "category"}, {"v": ["00037", "01234"] * 5}, ("WB132",)),
    "protected codes within quotes": Case(rows('1;"=""00037"""', '2;"=""01234"""', head="x;v"), {"v": "category"}, {"v": ["00037", "01234"] * 5}, ("WB132",)),
    "numbers beyond floats": Case(
        rows("1,716277643516076032", "2,716277643516076033"), {"v": "category"}, {"v": ["716277643516076032", "716277643516076033"] * 5}, ("WB138",)
    ),
    "a word among numbers": Case(rows("1,0", "2,never", "3,never", "4,never"), {"v": "category"}, {"v": ["0", "never", "never", "never"] * 5}),
    "few words among numbers": Case(
        rows(*[f"{i},{i}" for i in range(30)], times=1) + "30,failed\n", {"v": "integer"}, {"v": [*range(30), None]}, ("WB129",)
    ),
    "a dash for nothing": Case(rows("1,5", "2,-", "3,7"), {"v": "integer"}, {"v": [5, None, 7] * 5}, ("WB128",)),
    "Excel's errors in German": Case(rows("1;5,5", "2;#NV", "3;#WERT!", "4;7", head="x;v"), {"v": "number"}, {"v": [5.5, None, None, 7.0] * 5}, ("WB138",)),
    "Excel's errors in French": Case(rows("1,5", "2,#VALEUR!", "3,#N/D", "4,7"), {"v": "integer"}, {"v": [5, None, None, 7] * 5}),
    "accounting": Case(rows('1,"$ (1,234.50)"', "2,$ 12.00", "3,$ -"), {"v": "number"}, {"v": [-1234.5, 12.0, None] * 5}, ("WB128", "WB138")),
    "prices without cents": Case(rows("1;5,-", "2;1.200,-", "3;7,50", head="x;v"), {"v": "number"}, {"v": [5.0, 1200.0, 7.5] * 5}, ("WB138",)),
    "millions": Case(rows("1;1,5 Mio.", "2;3 Mrd.", head="x;v"), {"v": "integer"}, {"v": [1_500_000, 3_000_000_000] * 5}, ("WB138",)),
    "amounts in billions": Case(rows("1,$5B", "2,$7.5M"), {"v": "integer"}, {"v": [5_000_000_000, 7_500_000] * 5}, ("WB138",)),
    "flats are no billions": Case(rows("1,3b", "2,12b"), {"v": "integer"}, {"v": [3, 12] * 5}, ("WB138",)),
    "kelvin is no thousand": Case(rows("1,300K", "2,273K"), {"v": "integer"}, {"v": [300, 273] * 5}, ("WB138",)),
    "Eurostat's gaps": Case(rows("1,5.5", "2,:", "3,7.25"), {"v": "number"}, {"v": [5.5, None, 7.25] * 5}, ("WB128",)),
    # words
    "NA among colours": Case(rows("1,NA", "2,red", "3,blue"), {"v": "category"}, {"v": [None, "red", "blue"] * 5}, ("WB128",)),
    "NA among countries": Case(rows("1,NA", "2,DE", "3,FR"), {"v": "category"}, {"v": ["NA", "DE", "FR"] * 5}),
    "a class called None": Case(rows("1,None", "2,low"), {"v": "category"}, {"v": ["None", "low"] * 5}),
    "truth in words": Case(rows("1,TRUE", "2,false"), {"v": "boolean"}, {"v": [1, 0] * 5}),
    "yes and no": Case(rows("1,yes", "2,no"), {"v": "category"}, {"v": ["yes", "no"] * 5}),
    # dates
    "American with AM and PM": Case(rows("1,01/31/2024 12:00:00 AM", "2,01/31/2024 01:00:00 PM"), {"v": "datetime"}, {"v": [DAY, DAY + pd.Timedelta(hours=13)] * 5}, ("WB138",)),
    "German": Case(rows("1,31.01.2024", "2,31.01.24"), {"v": "datetime"}, {"v": [DAY] * 10}, ("WB138",)),
    "two-digit years": Case(rows("1,31/01/24", "2,31/01/24"), {"v": "datetime"}, {"v": [DAY] * 10}, ("WB138",)),
    "names of months": Case(rows('1,"Jan 31, 2024"', "2,31 January 2024"), {"v": "datetime"}, {"v": [DAY] * 10}, ("WB138",)),
    "digits alone": Case(rows("1,20240131", "2,20240130"), {"v": "datetime"}, codes=("WB138",)),
    "milliseconds": Case(rows('1,"2024-01-31 00:00:00,500"', '2,"2024-01-31 00:00:00,000"'), {"v": "datetime"}, {"v": [DAY + pd.Timedelta(milliseconds=500), DAY] * 5}),
    "a zone by its name": Case(rows("1,2024-01-31 00:00:00 UTC", "2,2024-01-30 19:00 EST"), {"v": "datetime"}, {"v": [DAY] * 10}),
    "hours of a zone": Case(rows("1,2024-01-31T02:00+02", "2,2024-01-31T00:00Z"), {"v": "datetime"}, {"v": [DAY] * 10}),
    "basic ISO with a zone": Case(rows("1,20240131T000000Z", "2,20240130T190000-0500"), {"v": "datetime"}, {"v": [DAY] * 10}, ("WB138",)),
    "a month and a short year": Case(rows("1,Jan-24", "2,Feb-25"), {"v": "datetime"}, {"v": [pd.Timestamp("2024-01-01"), pd.Timestamp("2025-02-01")] * 5}, ("WB138",)),
    "a clock with its word": Case(rows("1,31.01.2024 00:00 Uhr", "2,31.01.2024 15:04 Uhr"), {"v": "datetime"}, {"v": [DAY, DAY + pd.Timedelta("15:04:00")] * 5}, ("WB138",)),
    "Hungarian": Case(rows("1,2024. 01. 31.", "2,2024. 1. 31."), {"v": "datetime"}, {"v": [DAY] * 10}, ("WB138",)),
    "as cameras write": Case(rows("1,2024:01:31 00:00:00", "2,2024:01:31 15:04:00"), {"v": "datetime"}, {"v": [DAY, DAY + pd.Timedelta("15:04:00")] * 5}, ("WB138",)),
    "as browsers write": Case(rows("1,Wed Jan 31 2024 01:00:00 GMT+0100 (CET)", "2,Wed Jan 31 2024 01:00:00 GMT+0100 (Central European Standard Time)"), {"v": "datetime"}, {"v": [DAY] * 10}, ("WB138",)),
    "as Java writes": Case(rows("1,2024-01-31T01:00+01:00[Europe/Berlin]", "2,2024-01-31T00:00Z[UTC]"), {"v": "datetime"}, {"v": [DAY] * 10}),
    "as Oracle writes": Case(rows("1,31-JAN-24 12.00.00.000000000 AM", "2,31-JAN-24 01.00.00.500000000 PM"), {"v": "datetime"}, {"v": [DAY, DAY + pd.Timedelta("13:00:00.5")] * 5}, ("WB138",)),
    "the end of a day": Case(rows("1,2024-01-30 24:00", "2,2024-01-30T24:00:00", "3,2024-01-30 23:59"), {"v": "datetime"}, {"v": [DAY, DAY, DAY - pd.Timedelta(minutes=1)] * 5}),
    "the end of a German day": Case(rows("1,30.01.2024 24:00", "2,30.01.2024 24:00:00.000"), {"v": "datetime"}, {"v": [DAY] * 10}, ("WB138",)),
    "no hour of any day": Case(rows(*[f"{i},2024-01-31 00:00" for i in range(30)], times=1) + "30,2024-01-30 24:01\n", {"v": "datetime"}, {"v": [*[DAY] * 30, None]}, ("WB129",)),
    "Korean": Case(rows("1,2024년 1월 31일", "2,2024년 01월 31일"), {"v": "datetime"}, {"v": [DAY] * 10}, ("WB138",)),
    "Russian": Case(rows("1,31 января 2024", "2,31 янв 2024"), {"v": "datetime"}, {"v": [DAY] * 10}, ("WB138",)),
    "Polish": Case(rows("1,31 stycznia 2024", "2,31 sty 2024"), {"v": "datetime"}, {"v": [DAY] * 10}, ("WB138",)),
    "Turkish": Case(rows("1,31 Ocak 2024", "2,31 Oca 2024"), {"v": "datetime"}, {"v": [DAY] * 10}, ("WB138",)),
    "nanoseconds": Case(rows("1,2024-01-31T00:00:00.000000001Z", "2,2024-01-31T00:00:00.000000000Z"), {"v": "datetime"}, {"v": [DAY] * 10}, ("WB138",)),
    "zeros behind microseconds": Case(rows("1,2024-01-31T00:00:00.000000000Z", "2,2024-01-31T00:00:00.000001000Z"), {"v": "datetime"}, {"v": [DAY, DAY + pd.Timedelta(microseconds=1)] * 5}),
    "dates of zeros": Case(rows("1,2024-01-31", "2,0000-00-00", "3,2024-01-31"), {"v": "datetime"}, {"v": [DAY, None, DAY] * 5}, ("WB128",)),
    "a day and a month": Case(rows("1,24-Jan", "2,3-Feb"), {"v": "category"}, {"v": ["24-Jan", "3-Feb"] * 5}),
    "times of the day": Case(rows("1,12:30", "2,13:45"), {"v": "category"}, {"v": ["12:30", "13:45"] * 5}),
}  # fmt: skip


def write(tmp_path, case):
    path = tmp_path / case.name
    path.write_bytes(case.text if isinstance(case.text, bytes) else case.text.encode())
    return path


def plain(values):
    """As the table above writes them: missing is None, moments without their zone."""
    if pd.api.types.is_datetime64_any_dtype(values):
        values = values.dt.tz_localize(None) if values.dt.tz else values
    return [None if pd.isna(v) else v for v in values.tolist()]


@pytest.fixture(scope="module")
def _read_before():
    return {}


@pytest.fixture
def read(both_ways, _read_before, tmp_path_factory):
    """``read(name)``: the file of a case and the dataset of it, read once in each of both ways for all tests."""

    def once(name):
        if (name, both_ways) not in _read_before:
            path = write(tmp_path_factory.mktemp("case"), TABLE[name])
            _read_before[name, both_ways] = path, wb.dataset(path)
        return _read_before[name, both_ways]

    return once


@pytest.mark.parametrize("name", TABLE)
def test_it_is_read_as_a_person_reads_it(read, name):
    case, (_, data) = TABLE[name], read(name)

    assert {n: data.contract[n].kind for n in case.kinds} == case.kinds
    assert {n: plain(data.table[n]) for n in case.values} == case.values
    assert {f.code for f in data.findings} == set(case.codes)


@pytest.mark.parametrize("name", TABLE)
def test_both_verbs_read_it_alike(read, name):
    path, data = read(name)
    profile = wb.profile(path)

    assert [(c.name, c.kind, c.form) for c in profile.contract.columns] == [
        (c.name, c.kind, c.form) for c in data.contract.columns
    ]
    assert profile.contract.layout == data.contract.layout
    assert profile.rows == data.rows
    assert {c.name: c.missing for c in profile.columns} == data.table.isna().sum().to_dict()
    assert {str(f) for f in data.findings} <= {str(f) for f in profile.findings}


@pytest.mark.parametrize("name", TABLE)
def test_later_rows_are_read_by_it(read, name):
    """Each row alone, and all of them by the contract, are what they are in the whole table."""
    path, data = read(name)
    raw = read_table(path, like=data.contract)
    again = read_by(raw, data.contract).table

    pd.testing.assert_frame_equal(again, data.table)
    for places in raw.groupby(list(raw), dropna=False, sort=False).indices.values():  # most rows stand there five times
        alone = read_by(raw.iloc[places[:1]], data.contract).table.astype(object)
        repeated = alone.iloc[[0] * len(places)].set_axis(raw.index[places])
        pd.testing.assert_frame_equal(repeated, again.iloc[places].astype(object))


@pytest.mark.slow
def test_the_shared_samples_are_read_rightly(shared_table):
    """Files that were read wrongly once, with their right values."""
    folder = shared_table("readings/expected.json").parent
    expected = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    wrong = {}
    for name, right in expected.items():
        data, profile = wb.dataset(folder / name), wb.profile(folder / name)
        assert profile.rows == data.rows == 60
        if right["column"] is not None:
            values = plain(data.table[right["column"]])
            if values != right["values"] and not _same(values, right["values"]):
                wrong[name] = values[:3]

    assert wrong == {}


def _same(values, right):
    as_texts = [v.isoformat() if isinstance(v, pd.Timestamp) else str(v) for v in values]
    return as_texts == [str(v) for v in right]


@pytest.mark.parametrize("batch", ["batch_digits_only.csv", "batch_early_days.csv", "batch_yes_only.csv"])
def test_a_batch_is_read_by_the_contract_of_its_training(shared_table, batch):
    folder = shared_table("readings/expected.json").parent
    contract = wb.dataset(folder / "batch_training.csv", target="y").contract
    names = ["when", "code", "ok", "x"]
    training = read_table(folder / "batch_training.csv")
    place = {tuple(row): i for i, row in enumerate(training[names].itertuples(index=False, name=None))}
    rows_of_batch = read_table(folder / batch, like=contract)
    at = [place[tuple(row)] for row in rows_of_batch[names].itertuples(index=False, name=None)]

    typed = read_by(rows_of_batch, contract)

    whole = read_by(training, contract).table[names].iloc[at].reset_index(drop=True)
    pd.testing.assert_frame_equal(typed.table[names], whole)
    assert typed.unread == {}


def test_a_value_that_the_contract_can_not_read_is_told_by_row():
    contract = wb.dataset(
        pd.DataFrame({"n": ["1", "2"] * 9, "when": ["31.01.2024"] * 18, "ok": ["true", "false"] * 9})
    ).contract
    batch = pd.DataFrame(
        {
            "n": ["1,5", "n.d.", "3", ""],
            "when": ["01/31/2024", "2024-01-31", "31.01.2024", None],
            "ok": ["yes", "true", "0", "no"],
        }
    )

    typed = read_by(batch, contract)

    assert {name: lost.tolist() for name, lost in typed.unread.items()} == {
        "n": [True, True, False, False],
        "when": [True, False, False, False],
        "ok": [True, False, False, True],
    }
    assert moment("31.01.2024", contract["when"].form) == DAY
