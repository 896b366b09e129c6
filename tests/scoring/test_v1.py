"""TensorFlow Serving's REST, which KServe calls V1."""

import pytest
from starlette.testclient import TestClient

from workbench.scoring.service import Service

PREDICT = "/v1/models/shop:predict"
ROWS = [{"age": 60, "city": "Ulm"}, {"age": None, "city": "Bonn"}]


@pytest.fixture
def client(scorer) -> TestClient:
    return TestClient(Service(scorer))


@pytest.fixture
def expected(client) -> list:
    return [a["prediction"] for a in client.post("/predict", json={"rows": ROWS}).json()["predictions"]]


def test_instances_are_answered_by_row(client, expected):
    objects = client.post(PREDICT, json={"instances": ROWS}).json()["predictions"]
    lists = client.post(PREDICT, json={"instances": [list(row.values()) for row in ROWS]}).json()["predictions"]

    assert [one["prediction"] for one in objects] == [one["prediction"] for one in lists] == expected
    assert set(objects[0]) == {"prediction", "answer", "probability", "id", "flags"}


def test_inputs_are_answered_by_column(client, expected):
    columns = {"age": [60, None], "city": ["Ulm", "Bonn"]}
    told = client.post(f"{PREDICT}?reasons=1", json={"inputs": columns, "signature_name": "serving_default"}).json()

    assert told["outputs"]["prediction"] == expected
    assert [len(reasons) for reasons in told["outputs"]["reasons"]] == [1, 1]


@pytest.mark.parametrize("form", ["instances", "inputs"])
def test_a_signature_gives_one_output_alone(client, expected, form):
    told = client.post(PREDICT, json={form: ROWS, "signature_name": "prediction"}).json()

    assert told == {{"instances": "predictions", "inputs": "outputs"}[form]: expected}


@pytest.mark.parametrize(
    ("path", "body", "status", "said"),
    [
        (PREDICT, {}, 400, "instances"),
        (PREDICT, {"instances": ROWS, "inputs": {}}, 400, "instances"),
        (PREDICT, [], 400, "instances"),
        (PREDICT, {"instances": []}, 422, "no row"),
        (PREDICT, {"instances": [[1]]}, 400, "Row 0 has not 2 values"),
        (PREDICT, {"instances": [{"age": "x", "city": "Ulm"}]}, 422, "'age': expected a whole number"),
        (PREDICT, {"instances": ROWS, "signature_name": "other"}, 400, "no signature 'other'"),
        (PREDICT, {"instances": ROWS, "signature_name": ["x"]}, 400, "no signature"),
        ("/v1/models/other:predict", {"instances": ROWS}, 404, "no model"),
        ("/v1/models/shop/versions/9:predict", {"instances": ROWS}, 404, "not loaded"),
        ("/v1/models/shop:other", {"instances": ROWS}, 404, "no such address"),
    ],
)
def test_what_is_wrong_is_said_where_these_clients_look(client, path, body, status, said):
    answer = client.post(path, json=body)

    assert (answer.status_code, said in answer.json()["error"]) == (status, True), answer.text


def test_a_version_and_the_state_have_addresses(client):
    assert client.post("/v1/models/shop/versions/1:predict", json={"instances": ROWS}).status_code == 200
    for path in ("/v1/models/shop", "/v1/models/shop/versions/1"):
        told = client.get(path).json()
        assert (told["name"], told["ready"]) == ("shop", True)
        assert told["model_version_status"][0]["state"] == "AVAILABLE"
    assert client.get("/v1/models/other").status_code == 404
    assert client.get("/v1/models").json() == {"models": ["shop"]}
