"""The Open Inference Protocol V2: tensors become rows and answers tensors, and clients of others are understood."""

import base64
import json
import math
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from workbench.scoring.http import Rejected
from workbench.scoring.keys import Access, Keys
from workbench.scoring.log import PredictionLog
from workbench.scoring.service import Service
from workbench.scoring.tensors import BYTES, RAW, Tensor, _of_raw, _texts, question
from workbench.scoring.traffic import Arm

RECORDED = sorted((Path(__file__).parent / "recorded").glob("*.json"))
INFER, LENGTH = "/v2/models/shop/infer", "Inference-Header-Content-Length"
AGE = {"name": "age", "datatype": "FP64", "shape": [2], "data": [60, 20]}
CITY = {"name": "city", "datatype": "BYTES", "shape": [2, 1], "data": ["Ulm", "Bonn"]}


@pytest.fixture
def log(tmp_path, scorer) -> PredictionLog:
    return PredictionLog(tmp_path / "log", scorer.sensitive)


@pytest.fixture
def client(scorer, log) -> TestClient:
    return TestClient(Service(scorer, log))


def infer(client, *inputs, path=INFER, **more):
    return client.post(path, json={"inputs": list(inputs), **more})


def outputs(response) -> dict:
    assert response.status_code == 200, response.text
    return {one["name"]: one["data"] for one in response.json()["outputs"]}


def test_columns_by_name_are_answered_as_rows_are(client, log):
    rows = client.post("/predict", json={"rows": [{"age": 60, "city": "Ulm"}, {"age": 20, "city": "Bonn"}]}).json()
    answer = infer(client, AGE, CITY, id="q1")
    found = outputs(answer)

    assert answer.json()["id"] == "q1"
    assert (answer.json()["model_name"], answer.json()["model_version"]) == ("shop", "1")
    assert found["prediction"] == [a["prediction"] for a in rows["predictions"]]
    assert found["answer"] == ["yes", "no"]
    assert found["probabilities"][1::2] == found["prediction"]
    assert set(found) == {"prediction", "answer", "probabilities", "id", "flags"}
    assert [record["id"] for record in log.read()][2:] == found["id"]


def test_wanted_outputs_come_in_their_order_and_reasons_when_asked(client):
    asked = infer(client, AGE, CITY, outputs=[{"name": "reasons"}, {"name": "prediction"}])
    every = infer(client, AGE, CITY, parameters={"reasons": 1})

    assert list(outputs(asked)) == ["reasons", "prediction"]
    assert [r["column"] for r in json.loads(outputs(asked)["reasons"][0])] == ["age", "city"]
    assert len(json.loads(outputs(every)["reasons"][0])) == 1


def test_unusual_values_are_flagged(client):
    age, city = {**AGE, "data": [200, 20]}, {**CITY, "data": ["Rome", "Bonn"]}

    assert [json.loads(f) for f in outputs(infer(client, age, city))["flags"]] == [
        ["out_of_range:age", "unseen_category:city"], [],
    ]  # fmt: skip


@pytest.mark.parametrize("gap", [None, math.nan])
def test_a_gap_is_null_or_nan_or_an_empty_text(client, gap):
    missing = client.post("/predict", json={"age": None, "city": None}).json()["prediction"]
    age, city = {**AGE, "shape": [1], "data": [gap]}, {**CITY, "shape": [1], "data": ["" if gap else None]}
    content = json.dumps({"inputs": [age, city]})

    answer = client.post(INFER, content=content, headers={"Content-Type": "application/json"})

    assert outputs(answer)["prediction"] == [missing]


def test_a_whole_table_in_one_tensor_has_the_order_of_the_contract(client):
    texts = {"name": "rows", "datatype": "BYTES", "shape": [2, 2], "data": [["60", "Ulm"], ["20", "Bonn"]]}

    assert outputs(infer(client, texts))["prediction"] == outputs(infer(client, AGE, CITY))["prediction"]
    numbers = infer(client, {"name": "rows", "datatype": "FP32", "shape": [1, 2], "data": [60, 1]})
    assert numbers.status_code == 422
    assert "'city': expected a text" in numbers.json()["error"]


def test_raw_bytes_come_in_and_go_out(client):
    texts = b"".join(struct.pack("<I", len(t)) + t for t in (b"Ulm", b"Bonn"))
    body = {
        "inputs": [
            {"name": "age", "datatype": "INT32", "shape": [2], "parameters": {"binary_data_size": 8}},
            {**CITY, "parameters": {"binary_data_size": len(texts)}},
        ],
        "parameters": {"binary_data_output": True},
    }
    del body["inputs"][1]["data"]
    head = json.dumps(body).encode()
    content = head + np.array([60, 20], "<i4").tobytes() + texts

    answer = client.post(INFER, content=content, headers={LENGTH: str(len(head))})
    size = int(answer.headers[LENGTH])
    told = json.loads(answer.content[:size])["outputs"]
    first = answer.content[size : size + told[0]["parameters"]["binary_data_size"]]

    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert np.frombuffer(first, "<f8").tolist() == outputs(infer(client, AGE, CITY))["prediction"]
    assert size + sum(one["parameters"]["binary_data_size"] for one in told) == len(answer.content)


@pytest.mark.parametrize(
    ("inputs", "status", "said"),
    [
        ([{**AGE, "shape": [3]}, CITY], 400, "has 2 values, and its shape says [3]"),
        ([{**AGE, "shape": [2, 2], "data": [1, 2, 3, 4]}, CITY], 400, "Send [rows] or [rows, 1]"),
        ([{**AGE, "shape": [-2]}, CITY], 400, "no list of whole numbers"),
        ([{**AGE, "shape": []}, CITY], 400, "no list of whole numbers"),
        ([{**AGE, "shape": [10**30], "data": []}, CITY], 422, "rows are more than"),
        ([{**AGE, "datatype": "FP8"}, CITY], 400, "'FP8'"),
        ([{**AGE, "datatype": ["FP64"]}, CITY], 400, "FP64"),
        ([{**AGE, "data": None}, CITY], 400, "a list"),
        ([AGE, AGE], 400, "there twice"),
        ([AGE, {**CITY, "shape": [1], "data": ["Ulm"]}], 400, "differ in their number"),
        ([7], 400, "an object"),
        ([{**AGE, "parameters": {"binary_data_size": 9}}, CITY], 400, "more bytes than there are"),
        ([{**AGE, "parameters": {"shared_memory_region": "a"}}, CITY], 400, "shared memory"),
        ([{**AGE, "parameters": 5}, CITY], 400, "an object"),
        ([], 422, "no row"),
        ([AGE], 422, "'city': expected a text or null, got nothing: the column is missing; 1 more"),
        ([{**AGE, "datatype": "BYTES", "data": ["x", "y"]}, CITY], 422, "'age': expected a whole number"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_where_these_clients_look(client, inputs, status, said):
    answer = infer(client, *inputs)

    assert (answer.status_code, said in answer.json()["error"]) == (status, True), answer.text


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"outputs": [{"name": "logits"}]}, "no output 'logits'"),
        ({"outputs": [{"name": "answer", "parameters": {"classification": 3}}]}, "probabilities"),
        ({"outputs": "answer"}, "a list"),
        ({"parameters": {"reasons": 51}}, "from 0 to 50"),
        ({"parameters": {"reasons": True}}, "from 0 to 50"),
        ({"parameters": {"reasons": "-1"}}, "from 0 to 50"),
        ({"id": 7}, "a text"),
    ],
)
def test_what_else_is_asked_has_its_bounds(client, more, said):
    answer = infer(client, AGE, CITY, **more)

    assert (answer.status_code, said in answer.json()["error"]) == (400, True), answer.text


@pytest.mark.parametrize("head", ["x", "-1", "99999", "9" * 40])
def test_a_head_that_is_no_length_is_refused(client, head):
    answer = client.post(INFER, content=b"{}", headers={LENGTH: head})

    assert (answer.status_code, LENGTH in answer.json()["error"]) == (400, True)


def test_a_page_of_another_site_can_not_ask_without_saying_what_it_sends(client):
    content = json.dumps({"inputs": [AGE, CITY]}).encode()

    assert client.post(INFER, content=content).status_code == 200
    assert client.post(INFER, content=content, headers={"Origin": "https://elsewhere.example"}).status_code == 415
    assert client.post(INFER, content=content, headers={"Content-Type": "text/plain"}).status_code == 415


def test_models_are_told_by_name_and_version(client):
    told = client.get("/v2/models/shop").json()

    assert told["versions"] == ["1"]
    assert [(i["name"], i["datatype"], i["shape"]) for i in told["inputs"]] == [
        ("age", "INT64", [-1]), ("city", "BYTES", [-1]),
    ]  # fmt: skip
    assert {o["name"]: o["shape"] for o in told["outputs"]}["probabilities"] == [-1, 2]
    assert client.get("/v2/models/shop/versions/1/ready").json() == {"name": "shop", "ready": True}
    for path in (
        "/v2/models/other",
        "/v2/models/shop/versions/9",
        "/v2/models/other/ready",
        "/v2/models/shop/versions/9/ready",
    ):
        assert client.get(path).status_code == 404
    assert infer(client, AGE, CITY, path="/v2/models/other/infer").status_code == 404
    assert client.get("/v2/models/shop/more/of/it").status_code == 404


def test_a_version_that_is_named_answers_alone(scorer, second, tmp_path):
    log = PredictionLog(tmp_path / "log", scorer.sensitive)
    client = TestClient(Service(scorer, log, arms=[Arm("version 2", second, 0.5)]))
    many = [{**AGE, "shape": [40], "data": [60] * 40}, {**CITY, "shape": [40], "data": ["Ulm"] * 40}]

    shared = outputs(infer(client, *many))
    only = outputs(infer(client, *many, path="/v2/models/shop/versions/2/infer", outputs=[{"name": "version"}]))

    assert set(shared["version"]) == {1, 2}
    assert set(shared["arm"]) == {"champion", "version 2"}
    assert set(only["version"]) == {2}
    assert client.get("/v2/models/shop").json()["versions"] == ["1", "2"]
    assert {record["version"] for record in log.read()[40:]} == {2}


def test_keys_rates_and_metrics_are_the_service_s_own(scorer, tmp_path):
    keys = Keys(tmp_path / "keys.json")
    client = TestClient(Service(scorer, access=Access(keys=keys), rate=1.0))
    token, content = keys.add("asker", ["predict"]), {"inputs": [AGE, CITY]}

    assert client.post(INFER, json=content).status_code == 401
    asked = [client.post(INFER, json=content, headers={"Authorization": f"Bearer {token}"}) for _ in range(4)]
    assert {200, 429} == {a.status_code for a in asked}
    told = client.get("/metrics", headers={"X-API-Key": keys.add("reader", ["read"])}).text
    assert 'path="/v2/models/{name}/infer"' in told
    assert "shop/infer" not in told


@pytest.mark.parametrize("path", RECORDED, ids=lambda p: p.stem)
def test_what_a_client_has_sent_is_answered_as_it_was(path, client):
    """The very bytes that the clients of Triton, KServe and Seldon send; they have read these answers."""
    content = json.loads(path.read_text())["rest"]
    for one in content:
        sent, expected = base64.b64decode(one["body"]), base64.b64decode(one["answer"])
        answer = client.request(one["method"], one["path"], content=sent, headers=one["headers"])

        assert answer.status_code == one["status"], one["path"]
        assert plain(answer.content) == plain(expected), one["path"]
    assert any(one["path"].endswith("/infer") and one["status"] == 200 for one in content)


def plain(content: bytes) -> bytes:
    """Without the version of Workbench."""
    from workbench import __version__

    return content.replace(f'"version":"{__version__}"'.encode(), b"")


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1))
def test_texts_go_through_raw_bytes_unchanged(texts):
    assert _texts(memoryview(Tensor("a", BYTES, texts, {}).raw())) == texts


@given(st.sampled_from(sorted(RAW)), st.lists(st.integers(0, 1), min_size=1))
def test_numbers_go_through_raw_bytes_unchanged(kind, values):
    assert _of_raw(memoryview(Tensor("a", kind, values, {}).raw()), kind, "a") == values


@given(st.binary(max_size=80))
def test_bytes_that_are_none_are_refused_in_words(scorer_of_module, content):
    head = json.dumps(
        {"inputs": [{**AGE, "datatype": "BYTES", "parameters": {"binary_data_size": len(content)}}]}
    ).encode()
    refusal = None
    try:
        question(head + content, str(len(head)), scorer_of_module)
    except Rejected as error:
        refusal = error
    assert refusal is None or refusal.status in (400, 422)


@pytest.fixture(scope="module")
def scorer_of_module(tmp_path_factory):
    from tests.scoring.conftest import make_bundle
    from workbench.scoring.runtime import Scorer

    folder = tmp_path_factory.mktemp("bundle")
    make_bundle(folder)
    return Scorer(folder)


def test_more_rows_than_a_request_may_have_are_refused(client, limited):
    limited(most_rows=1)

    assert infer(client, AGE, CITY).status_code == 422
