"""Whatever form the rows have, they become the same rows, and a wrong body is a clear 4xx."""

import json
import math
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from workbench.core.contract import Column, Contract
from workbench.core.reading import Form, Layout
from workbench.scoring.bodies import ARROW, read_json, rows_of_arrow, rows_of_csv, rows_of_mlflow
from workbench.scoring.http import Rejected
from workbench.scoring.log import PredictionLog
from workbench.scoring.service import Service

ROWS = [{"age": 60, "city": "Ulm"}, {"age": 20, "city": "Bonn"}]
CONTRACT = Contract((Column("age", "integer"), Column("city", "category")))
JSON_TYPE = {"Content-Type": "application/json"}


@pytest.fixture
def client(scorer, tmp_path) -> TestClient:
    return TestClient(Service(scorer, PredictionLog(tmp_path / "log", scorer.sensitive)))


@pytest.fixture
def expected(scorer) -> list[float]:
    return [a["prediction"] for a in scorer.predict(ROWS)]


def arrow(table: pa.Table, **options) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=pa.ipc.IpcWriteOptions(**options)) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


@pytest.mark.parametrize(
    "body",
    [
        {"dataframe_split": {"columns": ["age", "city"], "data": [[60, "Ulm"], [20, "Bonn"]]}},
        {"dataframe_split": pd.DataFrame(ROWS).to_dict(orient="split")},
        {"dataframe_records": ROWS},
        {"instances": ROWS},
        {"instances": [[60, "Ulm"], [20, "Bonn"]]},
        {"inputs": {"age": [60, 20], "city": ["Ulm", "Bonn"]}},
        {"inputs": ROWS},
    ],
)
def test_mlflows_forms_are_answered(client, expected, body):
    assert client.post("/invocations", json=body).json()["predictions"] == expected


def test_csv_and_arrow_are_answered(client, expected):
    table = pa.table({"age": [60, 20], "city": pa.array(["Ulm", "Bonn"]).dictionary_encode()})

    csv = client.post("/invocations", content="age,city\n60,Ulm\n20,Bonn\n", headers={"Content-Type": "text/csv"})
    stream = client.post("/predict", content=arrow(table), headers={"Content-Type": ARROW})

    assert csv.json()["predictions"] == expected
    assert [a["prediction"] for a in stream.json()["predictions"]] == expected


@pytest.mark.parametrize("name", [" {} ", "{}\n", "\u00a0{}"])
def test_names_of_every_body_are_brought_to_one_form(client, expected, name):
    rows = [{name.format(column): value for column, value in row.items()} for row in ROWS]
    csv = pd.DataFrame(rows).to_csv(index=False)

    bodies = [{"dataframe_records": rows}, {"dataframe_split": pd.DataFrame(rows).to_dict(orient="split")}]
    answers = [client.post("/invocations", json=body).json() for body in bodies]
    answers += [client.post("/invocations", content=csv, headers={"Content-Type": "text/csv"}).json()]
    answers += [
        client.post(
            "/invocations", content=arrow(pa.table(dict(pd.DataFrame(rows)))), headers={"Content-Type": ARROW}
        ).json()
    ]
    said = client.post("/predict", json={"rows": rows}).json()["predictions"]
    why = client.post("/explain", json={"rows": rows}).json()

    assert [a["predictions"] for a in answers] == [expected] * 4
    assert [flag for a in answers for flags in a["flags"] for flag in flags] == []
    assert [a["prediction"] for a in said] == expected
    assert said[0]["reasons"][0]["value"] == 60
    assert why["features"] == ["age", "city"]


def test_a_name_that_is_there_as_it_is_comes_before_one_like_it(client, expected):
    answer = client.post("/predict", json={**ROWS[0], " age ": "old"}).json()

    assert answer["prediction"] == expected[0]
    assert answer["flags"] == ["extra_column: age "]


def test_mlflows_own_client_reads_the_answer(client, expected):
    from mlflow.deployments import PredictionsResponse

    answer = client.post("/invocations", json={"dataframe_records": ROWS})

    found = PredictionsResponse.from_json(answer.text).get_predictions()
    assert found[0].tolist() == expected


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"dataframe_split": ROWS}, 400),
        ({"dataframe_split": {"columns": ["age"], "data": [[1, 2]]}}, 400),
        ({"dataframe_split": {"columns": ["age", "age"], "data": [[1, 2]]}}, 400),
        ({"dataframe_split": {"columns": [None], "data": [[1]]}}, 400),
        ({"dataframe_records": {"age": 1}}, 400),
        ({"dataframe_records": []}, 422),
        ({"instances": 3}, 400),
        ({"inputs": {"age": [1], "city": []}}, 400),
        ({"inputs": {}}, 400),
        ({"inputs": ROWS, "instances": ROWS}, 400),
        ({"dataframe_records": [None]}, 422),
        ([], 400),
    ],
)
def test_a_wrong_form_is_a_clear_4xx(client, body, status):
    answer = client.post("/invocations", json=body)

    assert answer.status_code == status
    assert answer.json()["error_code"] == "BAD_REQUEST"
    assert answer.json()["message"].endswith(".")


def test_nan_is_missing_in_mlflows_forms_and_in_arrow(client):
    body = b'{"dataframe_split": {"columns": ["age", "city"], "data": [[NaN, "Ulm"]]}}'
    table = pa.table({"age": [math.nan], "city": ["Ulm"]})

    answers = [
        client.post("/invocations", content=body, headers=JSON_TYPE).json()["predictions"][0],
        client.post("/predict", content=arrow(table), headers={"Content-Type": ARROW}).json()["predictions"][0][
            "prediction"
        ],
    ]

    assert answers == [client.post("/predict", json={"age": None, "city": "Ulm"}).json()["prediction"]] * 2


@pytest.mark.parametrize("body", [b'{"a": 1, "a": 2}', b'{"r": {"b": 1, "b": 1}}', b"{\x00}\x00", b"\xef\xbb\xbf{}"])
def test_json_that_reads_two_ways_is_refused(body):
    with pytest.raises(Rejected) as error:
        read_json(body)

    assert error.value.status == 400


@pytest.mark.parametrize("kind", ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
def test_what_a_form_of_another_site_can_send_is_a_415(client, kind):
    answer = client.post("/predict", content=json.dumps(ROWS[0]), headers={"Content-Type": kind} if kind else {})

    assert answer.status_code == 415
    assert "application/json" in answer.json()["error"]


def test_a_csv_cell_that_is_no_number_is_named(client):
    answer = client.post("/invocations", content="age,city\nold,Ulm\n", headers={"Content-Type": "text/csv"})

    assert answer.status_code == 422
    assert answer.json()["problems"] == [
        {"row": 0, "field": "age", "expected": "a whole number", "got": "the text 'old'"}
    ]


GERMAN = Contract(
    (
        Column("price", "number", form=Form(decimal=",", thousands=".", unit="€", missing=("-",))),
        Column("day", "datetime", form=Form(moments=("%d/%m/%Y",))),
        Column("paid", "boolean", form=Form(true=("ja",), false=("nein",))),
    ),
    layout=Layout(separator=";"),
)


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        ('"1.234","03/02/2024",ja', (1234.0, datetime(2024, 2, 3), 1.0)),
        ('"1.234,50 €",2024-02-03,NEIN', (1234.5, datetime(2024, 2, 3), 0.0)),
        ("-,,n/a", (None, None, None)),
        ("12.5,02/13/2024,true", ("12.5", "02/13/2024", "true")),
    ],
)
def test_a_csv_cell_is_read_by_its_columns_form_or_left_to_the_check(cells, values):
    (row,) = rows_of_csv(f"price,day,paid\n{cells}\n".encode(), GERMAN)

    assert tuple(row.values()) == values


@pytest.mark.parametrize(
    "column", [Column("age", "number"), Column("age", "integer"), Column("age", "number", form=Form())]
)
@pytest.mark.parametrize(("cell", "value"), [("1e3", 1000.0), ("nan", None), ("1_000", "1_000"), ("inf", "inf")])
def test_a_csv_cell_without_a_form_is_read_by_the_usual_one(column, cell, value):
    assert rows_of_csv(f"age,x\n{cell},\n".encode(), Contract((column,))) == [{"age": value, "x": None}]


@pytest.mark.parametrize("mark", [",", ";"])
def test_a_csv_may_have_the_separator_of_the_contracts_file(mark):
    body = f'day{mark}price{mark}"odd;,name"\n03/02/2024{mark}"1.234,5"{mark}x\n\n'.encode()

    assert rows_of_csv(body, GERMAN) == [{"day": datetime(2024, 2, 3), "price": 1234.5, "odd;,name": "x"}]
    assert rows_of_csv(body.replace(mark.encode(), b","), CONTRACT)


def test_a_category_that_looks_like_nothing_is_a_category_where_the_contract_says_so():
    contract = Contract((Column("grade", "category", categories=("n/a", "low"), form=Form()),))

    assert rows_of_csv(b"grade,x\nn/a,1\nnull,1\n", contract) == [{"grade": "n/a", "x": "1"}, {"grade": None, "x": "1"}]


def test_every_bad_row_of_a_batch_is_told_up_to_a_limit(client):
    answer = client.post("/predict", json={"rows": [{"age": "x", "city": "Ulm"}] * 150}).json()

    assert [p["row"] for p in answer["problems"]] == list(range(100))
    assert answer["more_problems"] == 50


@pytest.mark.parametrize("codec", ["zstd", "lz4"])
def test_compressed_arrow_is_refused_before_it_is_unpacked(codec):
    bomb = arrow(pa.table({"age": np.zeros(5000)}), compression=codec)

    with pytest.raises(Rejected, match="uncompressed"):
        rows_of_arrow(bomb)


def test_a_long_text_that_many_rows_point_to_is_kept_once():
    big = pa.DictionaryArray.from_arrays(pa.array(np.zeros(5000, np.int8)), pa.array(["x" * 1_000_000]))

    rows = rows_of_arrow(arrow(pa.table({"city": big})))

    assert rows[0]["city"] is rows[-1]["city"]


def test_arrow_moments_and_nested_columns():
    when = datetime(2026, 1, 1, 12, tzinfo=UTC)
    (row,) = rows_of_arrow(arrow(pa.table({"at": pa.array([when], pa.timestamp("ns", "UTC"))})))

    assert row["at"] == when
    with pytest.raises(Rejected, match="'deep' has the Arrow type list"):
        rows_of_arrow(arrow(pa.table({"deep": [[1, 2]]})))


DAY = date(2024, 2, 3)
MOMENT = datetime(2024, 2, 3)
ARROW_VALUES = {
    "date32": (pa.array([DAY, None]), [MOMENT, None]),
    "date64": (pa.array([DAY], pa.date64()), [MOMENT]),
    "decimal128": (pa.array([Decimal("12.50"), Decimal("7.00"), None]), [12.5, 7, None]),
    "decimal256": (pa.array([Decimal("9" * 40)], pa.decimal256(50, 2)), [int("9" * 40)]),
    "large_string": (pa.array(["Ulm", None], pa.large_string()), ["Ulm", None]),
    "string_view": (pa.array(["Ulm"], pa.string_view()), ["Ulm"]),
    "texts in a dictionary": (pa.array(["a", "b", None, "a"]).dictionary_encode(), ["a", "b", None, "a"]),
    "dates in a dictionary": (pa.array([DAY, None]).dictionary_encode(), [MOMENT, None]),
    "uint64": (pa.array([2**64 - 1], pa.uint64()), [2**64 - 1]),
    "float16": (pa.array([np.float16(1.5)]), [1.5]),
    "float32": (pa.array([0.25], pa.float32()), [0.25]),
    "duration": (pa.array([timedelta(minutes=1), None]), [60.0, None]),
    "nothing": (pa.array([None]), [None]),
}


@pytest.mark.parametrize("name", ARROW_VALUES)
def test_everyday_arrow_types_are_taken(name):
    column, values = ARROW_VALUES[name]

    assert [row["x"] for row in rows_of_arrow(arrow(pa.table({"x": column})))] == values


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", [None, "UTC", "Europe/Berlin", "+02:00", "Atlantis/Middle"])
def test_arrow_moments_of_every_unit_and_zone_are_taken(unit, zone):
    second = 10 ** {"s": 0, "ms": 3, "us": 6, "ns": 9}[unit]
    (row,) = rows_of_arrow(arrow(pa.table({"x": pa.array([1_706_918_400 * second], pa.timestamp(unit, zone))})))

    assert row["x"] == MOMENT.replace(tzinfo=UTC if zone else None)


@pytest.mark.parametrize(
    ("column", "sentence"),
    [
        (pa.array([2**62], pa.timestamp("s")), "beyond the years 1 to 9999"),
        (pa.array([2**62], pa.timestamp("us")), "beyond the years 1 to 9999"),
        (pa.array([2**31 - 1], pa.date32()), "beyond the years 1 to 9999"),
        (pa.array([b"x"]), "the Arrow type binary. Send numbers, texts, truth values or moments"),
        (pa.array([time(1)]), "Send numbers, texts, truth values or moments"),
        (pa.array([{"a": 1}]), "Send it flat"),
    ],
)
def test_an_arrow_column_that_is_no_value_of_a_row_is_named(column, sentence):
    with pytest.raises(Rejected, match=f"'x' .*{sentence}") as error:
        rows_of_arrow(arrow(pa.table({"x": column})))

    assert error.value.status == 422


@given(st.binary(max_size=300) | st.tuples(st.integers(0, 700), st.integers(0, 255)))
def test_no_mutant_of_an_arrow_stream_is_more_than_a_4xx(mutation):
    whole = arrow(pa.table({"age": [1.0, 2.0], "city": ["Ulm", "Bonn"]}))
    if isinstance(mutation, bytes):
        body = mutation
    else:
        changed = bytearray(whole)
        changed[mutation[0] % len(whole)] = mutation[1]
        body = bytes(changed)

    assert answered_or_rejected(rows_of_arrow, body)


@given(st.recursive(st.none() | st.integers() | st.floats() | st.text(), lambda i: st.lists(i) | st.dictionaries(
    st.sampled_from(["columns", "data", "age"]), i), max_leaves=8), st.sampled_from(["dataframe_split",
    "dataframe_records", "instances", "inputs"]))  # fmt: skip
def test_no_form_is_more_than_a_4xx(value, form):
    assert answered_or_rejected(rows_of_mlflow, {form: value}, ["age"])


@given(st.binary(max_size=200))
def test_no_csv_is_more_than_a_4xx(content):
    assert answered_or_rejected(rows_of_csv, content, CONTRACT)


def test_arrow_rows_without_a_column_are_refused():
    empty = pa.table({"age": [1.0, 2.0]}).select([])

    with pytest.raises(Rejected, match="no row"):
        rows_of_arrow(arrow(empty))


def answered_or_rejected(read, *arguments) -> bool:
    """Rows, or a 4xx; any other error fails the test."""
    try:
        return bool(read(*arguments))
    except Rejected as error:
        return 400 <= error.status < 500
