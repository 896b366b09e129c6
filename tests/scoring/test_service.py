"""The service answers rows, names what is wrong with bad ones, and never shows a stack trace."""

import json
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from workbench.core.contract import Column, Contract
from workbench.core.reading import Form
from workbench.errors import BadRow
from workbench.scoring.labels import clean_labels
from workbench.scoring.log import PredictionLog
from workbench.scoring.service import Service

JSON_TYPE = {"Content-Type": "application/json"}
GOOD = {"customer": "c1", "age": 60, "city": "Ulm"}


@pytest.fixture
def log(tmp_path, scorer) -> PredictionLog:
    return PredictionLog(tmp_path / "log", scorer.sensitive)


@pytest.fixture
def service(scorer, log) -> Service:
    return Service(scorer, log)


@pytest.fixture
def client(service) -> TestClient:
    return TestClient(service.application())


def test_one_row_and_many(client):
    one = client.post("/predict", json=GOOD).json()
    many = client.post("/predict", json={"rows": [GOOD, {**GOOD, "age": 20}]}).json()["predictions"]

    assert one == many[0]
    assert [a["answer"] for a in many] == ["yes", "no"]


@pytest.mark.parametrize(
    ("row", "field", "expected", "got"),
    [
        ({"age": 60}, "city", "a text or null", "nothing: the column is missing"),
        ({**GOOD, "age": "old"}, "age", "a whole number", "the text 'old'"),
        ({**GOOD, "city": 3}, "city", "a text", "the number (hidden)"),
    ],
)
def test_a_bad_row_is_a_422_that_names_the_field(client, row, field, expected, got):
    response = client.post("/predict", json=row)

    assert response.status_code == 422
    assert response.json()["problems"] == [{"row": 0, "field": field, "expected": expected, "got": got}]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"age": ', 400),
        (b"", 400),
        (b"\xff\xfe", 400),
        (b"[" * 100_000, 400),
        (b'{"age": ' + b"1" * 5000 + b"}", 400),
        (b"[]", 422),
        (b"7", 422),
        (b'{"rows": []}', 422),
        (b'{"rows": [1, null]}', 422),
        (b'{"age": NaN, "city": "Ulm"}', 422),
        (b'{"age": 1e999, "city": "Ulm"}', 422),
        (b'{"age": 60, "city": "\\ud800"}', 200),
        (b'{"age": 60, "city": "Ulm", "\\ud800": "\\u0000"}', 200),
        (b'{"age": 60, "city": "Ulm", "customer": "\\ud800"}', 200),
    ],
)
def test_a_hostile_body_gets_a_clear_status(client, body, status):
    assert client.post("/predict", content=body, headers=JSON_TYPE).status_code == status


def test_too_much_is_refused(client, limited):
    limited(most_rows=2, most_bytes=1000)

    assert client.post("/predict", json={"rows": [GOOD] * 3}).status_code == 422
    assert client.post("/predict", content=b" " * 2000, headers=JSON_TYPE).status_code == 413


def test_unusual_rows_are_answered_flagged_and_logged(client, log):
    answer = client.post("/predict", json={"age": 200, "city": "Rome", "extra": 1}).json()

    flags = ["out_of_range:age", "unseen_category:city", "extra_column:extra"]
    (kept,) = log.read()
    assert answer["flags"] == kept["flags"] == flags
    assert kept["row"].keys() == {"age", "city"}
    assert kept["row"]["city"].startswith("hash:")
    assert kept["latency_ms"] > 0


def test_feedback_joins_the_log(client, log):
    answered = client.post("/predict", json=GOOD).json()

    assert client.post("/feedback", json={"id": answered["id"], "label": "no"}).json() == {"labels": 1, "known": 1}
    assert client.post("/feedback", json={"labels": [{"id": "?", "label": "yes"}]}).json() == {"labels": 1, "known": 0}
    assert client.post("/feedback", json={"id": "x"}).status_code == 422
    assert log.read()[0]["label"] == "no"


@pytest.mark.parametrize("label", ["perhaps", 1, {"a": 1}, [], True])
def test_a_label_that_is_no_class_is_a_422_and_not_kept(client, log, label):
    """One of them in the log, and no report could be made any more."""
    answer = client.post("/feedback", json={"labels": [{"id": "a", "label": "no"}, {"id": "b", "label": label}]})

    assert answer.status_code == 422
    assert answer.json()["problems"][0]["expected"] == "one of 'no', 'yes'"
    assert log.labels() == {}


PRICES = Contract((Column("price", "number", "target", form=Form(decimal=",", thousands=".")),), "regression")


@pytest.mark.parametrize("several", [1, 10])
def test_a_number_as_label_is_kept_as_the_contract_reads_it(several):
    """A report takes the log's labels for numbers: 1.234 as a text would be a thousandth."""
    scorer = SimpleNamespace(bundle=SimpleNamespace(classes=()), contract=PRICES)
    labels = [None, "1.234", "1.234,5", 7, 0.5, "n/a"] * several

    assert clean_labels(labels, scorer) == [None, 1234.0, 1234.5, 7, 0.5, None] * several
    with pytest.raises(BadRow) as refused:
        clean_labels([None, 1, "12.5", True], scorer)
    assert [(p["row"], p["field"]) for p in refused.value.problems] == [(2, "label"), (3, "label")]


def test_without_a_log_feedback_has_no_place(scorer):
    client = TestClient(Service(scorer).application())

    assert client.post("/feedback", json={"id": "x", "label": 1}).status_code == 503


def test_reasons_of_every_column(client):
    found = client.post("/explain", json=GOOD).json()

    assert found["features"] == ["age", "city"]
    assert found["unit"] == "log-odds"
    assert sum(found["values"][0]) + found["base"][0] == pytest.approx(3.5)


def test_contract_health_metrics_and_description(client):
    client.post("/predict", json={"rows": [GOOD, {**GOOD, "age": 99}]})
    client.post("/predict", json={})

    text = client.get("/metrics").text
    described = client.get("/openapi.json").json()

    assert [c["name"] for c in client.get("/contract").json()["columns"]] == ["age", "city"]
    assert client.get("/health").json() == {"status": "ok"}
    assert client.get("/ready").json() == {"status": "ready", "name": "shop", "version": 1}
    assert 'workbench_requests_total{path="/predict",status="422"} 1' in text
    assert 'workbench_predictions_total{version="1"} 2' in text
    assert 'workbench_flags_total{flag="out_of_range:age",kind="out_of_range",column="age"} 1' in text
    assert described["components"]["schemas"]["Row"]["required"] == ["age", "city"]
    assert set(described["paths"]) >= {"/predict", "/explain", "/feedback"}


def test_a_key_is_asked_for_where_one_is_set(scorer, monkeypatch):
    monkeypatch.setenv("WORKBENCH_API_KEY", "sesam öffne")
    client = TestClient(Service(scorer).application())
    key = "sesam öffne".encode()

    assert client.post("/predict", json=GOOD).status_code == 401
    assert client.post("/predict", json=GOOD, headers={"X-API-Key": "wrong"}).status_code == 401
    assert client.post("/predict", json=GOOD, headers={b"X-API-Key": key}).status_code == 200
    assert client.post("/predict", json=GOOD, headers={b"Authorization": b"Bearer " + key}).status_code == 200
    assert client.get("/health").status_code == 200


def test_a_failure_is_one_sentence(service, client, monkeypatch):
    def fail(*_, **__):
        raise RuntimeError("secret path /srv/x")

    monkeypatch.setattr(service.scorer, "predict", fail)
    response = client.post("/predict", json=GOOD)

    assert response.status_code == 500
    assert "secret" not in response.text


def test_another_version_answers_from_one_request_to_the_next(service, client, second):
    before = client.post("/predict", json=GOOD).json()

    service.follow(second)

    after = client.post("/predict", json=GOOD).json()
    assert (before["version"], after["version"]) == (1, 2)
    assert after["prediction"] != before["prediction"]


def test_what_a_new_version_calls_sensitive_is_not_logged_in_clear(service, client, log, second):
    second.contract = second.contract.change("age", sensitive=True)

    service.follow(second)
    client.post("/predict", json=GOOD)

    assert log.read()[-1]["row"]["age"].startswith("hash:")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@pytest.mark.slow
@given(st.fixed_dictionaries({}, optional={"age": JSON, "city": JSON, "customer": JSON, "rows": JSON}) | JSON)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_json_makes_the_service_fail(client, body):
    response = client.post("/predict", content=json.dumps(body).encode(), headers=JSON_TYPE)

    assert response.status_code in (200, 422)
