"""An id is one text, whichever way it comes: a frame, a file, a request, a label."""

import datetime
import io
import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.core.contract import Column, Contract
from workbench.core.reading import Form
from workbench.errors import BadRow, BadTable
from workbench.monitoring.score import ids_of
from workbench.reading.dataset import read_table
from workbench.scoring.bodies import rows_of_arrow, rows_of_csv
from workbench.scoring.ids import id_text
from workbench.scoring.runtime import Scorer

DAY = Form(moments=("%d.%m.%Y",))
CONTRACTS = {
    kind: Contract((Column("nr", kind, "id", form=DAY if kind == "datetime" else None), Column("x", "text")))
    for kind in ("integer", "text", "datetime")
}


def scorer(contract):
    """What the service reads ids by, without a model."""
    made = Scorer.__new__(Scorer)
    made.contract, made._id = contract, contract.id
    return made


def batch(table, contract):
    return ids_of(read_table(table), None, contract)


@pytest.fixture(scope="module")
def ways(tmp_path_factory):
    """By name: from values as Python has them, and as texts, to ids."""
    folder = tmp_path_factory.mktemp("ids")

    def by_file(name, write, values, contract):
        write(pd.DataFrame({"nr": values, "x": ["a"] * len(values)}), folder / name)
        return batch(folder / name, contract)

    def arrow(values, contract):
        table = pa.table({"nr": pa.array(values), "x": pa.array(["a"] * len(values))})
        sink = io.BytesIO()
        with pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table)
        return scorer(contract).ids_of(rows_of_arrow(sink.getvalue()))

    def json_rows(values, contract):
        rows = json.loads(json.dumps([{"nr": value} for value in values], default=str))
        return scorer(contract).ids_of(rows)

    def csv_body(values, contract):
        text = pd.DataFrame({"nr": values, "x": "a"}).to_csv(index=False)
        return scorer(contract).ids_of(rows_of_csv(text.encode(), contract))

    def label(values, contract):
        return scorer(contract).label_ids(values, lambda ids: set())

    return {
        "a frame": lambda values, contract: batch(pd.DataFrame({"nr": values, "x": "a"}), contract),
        "a frame of objects": lambda values, contract: batch(
            pd.DataFrame({"nr": pd.Series(values, dtype=object), "x": "a"}), contract
        ),
        "CSV": lambda v, c: by_file("a.csv", lambda f, p: f.to_csv(p, index=False), v, c),
        "Parquet": lambda v, c: by_file("a.parquet", lambda f, p: f.to_parquet(p), v, c),
        "JSON rows": json_rows,
        "a body of CSV": csv_body,
        "a body of Arrow": arrow,
        "labels": label,
    }


WHOLE = st.lists(st.integers(-(2**63) + 1, 2**63 - 1), min_size=2, max_size=5, unique=True)
LETTERS = st.sampled_from("abcXYZ0123456789-_/ äé")
# Padded codes stay as they are; what is no id, and what a file of text takes for something else, is left out.
TEXTS = st.lists(
    st.text(LETTERS, min_size=2, max_size=9).map(str.strip).filter(lambda text: len(text) > 1 and text.isalnum())
    | st.integers(0, 99999).map(lambda number: f"{number:08d}")
    | st.tuples(st.sampled_from(["id", "Ab c", "é"]), st.integers(0, 999)).map(lambda pair: f"{pair[0]} {pair[1]}"),
    min_size=2, max_size=5, unique=True,
)  # fmt: skip
DAYS = st.lists(st.dates(datetime.date(1990, 1, 1), datetime.date(2090, 1, 1)), min_size=2, max_size=5, unique=True)


@pytest.mark.slow
@settings(max_examples=25)
@given(values=WHOLE)
def test_whole_numbers_come_the_same_on_every_way(ways, values):
    """Above 2^53 too, where a float would take several for one."""
    found = {name: way(values, CONTRACTS["integer"]) for name, way in ways.items()}

    assert all(ids == [str(value) for value in values] for ids in found.values()), found


@pytest.mark.slow
@settings(max_examples=25)
@given(values=TEXTS)
def test_texts_come_the_same_on_every_way(ways, values):
    """With blanks within, letters that can be written in two ways, and codes with zeros in front."""
    found = {name: way(values, CONTRACTS["text"]) for name, way in ways.items()}

    assert all(ids == values for ids in found.values()), found


@pytest.mark.slow
@settings(max_examples=25)
@given(values=DAYS)
def test_days_come_the_same_on_every_way(ways, values):
    """As moments, as texts in the form of the contract and as ISO 8601."""
    as_moments = [datetime.datetime.combine(day, datetime.time()) for day in values]
    written = [f"{day:%d.%m.%Y}" for day in values]
    found = {
        (name, kind): way(given, CONTRACTS["datetime"])
        for kind, given in (("moments", as_moments), ("written", written))
        for name, way in ways.items()
        if kind == "written" or name not in ("JSON rows",)  # JSON has no moments
    }

    assert all(ids == [day.isoformat() for day in values] for ids in found.values()), found


@pytest.mark.parametrize("kind", ["integer", "text"])
def test_a_padded_code_stays_padded(ways, kind):
    found = {name: way(["00005000", "00005001"], CONTRACTS[kind]) for name, way in ways.items()}

    assert all(ids == ["00005000", "00005001"] for ids in found.values()), found


@pytest.mark.parametrize("value", [2.0**53, -(2.0**60), np.float32(2**24)])
def test_a_float_that_other_ids_have_too_is_refused(value):
    """From there on several whole numbers are one float: the row of another would get the label."""
    with pytest.raises(BadTable, match="as a float, and other ids have the same one"):
        id_text(value)
    with pytest.raises(BadRow):
        scorer(CONTRACTS["integer"]).ids_of([{"nr": float(value)}] if abs(value) >= 2**53 else [{"nr": 2.0**53}])


def test_a_gap_in_a_file_of_large_ids_costs_none_of_their_digits(tmp_path):
    path = tmp_path / "labels.parquet"
    ids = [2**60 + 1, None, 2**60 + 3]
    pd.DataFrame({"nr": pd.array(ids, dtype="Int64")}).to_parquet(path)

    assert read_table(path)["nr"].tolist()[::2] == ids[::2]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (np.int64(7), "7"),
        (np.float64(7), "7"),
        (7.5, "7.5"),
        (" a ", "a"),
        ("e\u0301", "\u00e9"),
        (b"a", "a"),
        (np.datetime64("2024-01-31"), "2024-01-31"),
        (pd.Timestamp("2024-01-31 05:30", tz="Europe/Berlin"), "2024-01-31T04:30:00"),
    ],
)
def test_what_frames_hold_is_written_in_its_one_form(value, text):
    assert id_text(value) == text


def test_several_columns_make_an_id_together():
    contract = Contract((Column("x", "text"),))
    table = pd.DataFrame({"day": ["2024-01-31"] * 2, "flight": [1545.0, 7.0], "x": "a"})

    assert ids_of(table, ["day", "flight"], contract) == ["2024-01-31|1545", "2024-01-31|7"]
    with pytest.raises(BadTable, match="is there twice"):
        ids_of(table, ["day"], contract)
