"""The client asks as it should, waits as it is told, counts a row once, and says what went wrong."""

import inspect
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd
import polars as pl
import pytest

import workbench.client
from workbench.client import (
    Client,
    Health,
    NotAllowed,
    Overloaded,
    Prediction,
    Problem,
    RowRefused,
    ServiceFailed,
    Unreachable,
)

ROW = {"customer": "c1", "age": 60, "city": "Ulm"}
ANSWER = {"id": "c1", "version": 1, "prediction": 0.9, "answer": "yes", "probability": 0.9, "reasons": [], "flags": []}
OK = (200, {}, json.dumps({"predictions": [ANSWER]}).encode())


def error(status, sentence="No.", **headers):
    return status, {k.replace("_", "-"): v for k, v in headers.items()}, json.dumps({"error": sentence}).encode()


@pytest.fixture
def client(live):
    with Client(live) as client:
        yield client


@pytest.fixture
def fake(scripted):
    """A client of the scripted server that notes how long it would have slept."""
    client = Client(f"http://127.0.0.1:{scripted.server_address[1]}", key="wb_secret")
    client.slept = []
    client._sleep = client.slept.append
    yield client
    client.close()


def test_one_row_is_one_prediction(client):
    found = client.predict(ROW, reasons=2)

    assert (found.id, found.answer, found.version, found.flags) == ("c1", "yes", 1, ())
    assert [r.column for r in found.reasons] == ["age", "city"]
    assert found.probability == found.prediction


def test_many_rows_come_in_order_and_lazily_in_requests_of_a_batch(client, service):
    taken = []
    rows = ({"customer": f"c{i}", "age": i, "city": "Ulm"} for i in range(25) if taken.append(i) or True)
    answers = client.predict(rows, batch=10)

    first = next(answers)
    assert (first.id, len(taken)) == ("c0", 10)
    assert [a.id for a in answers] == [f"c{i}" for i in range(1, 25)]
    assert len(service.log.read()) == 25
    assert 'workbench_requests_total{path="/predict",status="200"} 3' in service.metrics.text()


def test_a_bad_row_names_its_place_among_all(client):
    rows = [{**ROW, "age": 20}] * 10 + [{**ROW, "age": "old"}]

    with pytest.raises(RowRefused) as caught:
        list(client.predict(rows, batch=4))
    assert caught.value.problems == (Problem(10, "age", "a whole number", "the text 'old'"),)
    assert caught.value.status == 422
    assert "Row 10, 'age': expected a whole number" in str(caught.value)


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_a_frame_goes_by_arrow(client, frame, service):
    table = frame({"customer": ["a", "b", "c"], "age": [60, None, 20], "city": ["Ulm", None, "Bonn"]})
    expected = [client.predict({"age": a, "city": c}).prediction for a, c in ((60, "Ulm"), (None, None), (20, "Bonn"))]

    found = list(client.predict_frame(table, batch=2))

    assert [a.prediction for a in found] == expected
    assert [a.id for a in found] == ["a", "b", "c"]


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_a_frame_goes_as_json_where_pyarrow_is_not(client, frame, monkeypatch):
    def missing(name):
        raise ImportError(name)

    monkeypatch.setattr(workbench.client, "import_module", missing)
    table = frame({"customer": ["a", "b"], "age": [60.0, None], "city": ["Ulm", None]})

    assert [a.answer for a in client.predict_frame(table)] == ["yes", "no"]


def test_a_table_of_arrow_is_taken(client):
    arrow = pytest.importorskip("pyarrow")
    table = arrow.table({"age": [60, 20], "city": ["Ulm", "Bonn"]})

    assert [a.answer for a in client.predict_table(table)] == ["yes", "no"]
    assert [a.answer for a in client.predict_table(pl.DataFrame({"age": [60], "city": ["Ulm"]}))] == ["yes"]


def test_reasons_labels_state_and_schema_are_asked_for(client, service):
    answer = client.predict(ROW)
    told = client.explain([ROW, {**ROW, "age": 20}])

    assert (told.features, len(told.values), len(told.base), told.unit) == (("age", "city"), 2, 2, "log-odds")
    assert client.feedback(answer.id, "no")
    assert not client.feedback("nobody", "no")
    assert client.feedback_many({"c1": "yes", "c2": "no"}) == 1
    assert service.log.read()[0]["label"] == "yes"
    assert client.health() == Health(True, "shop", 1)
    assert client.schema()["required"] == ["age", "city"]
    assert client.contract()["name"] == "shop"


def test_threads_have_a_connection_each(client):
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda i: client.predict({**ROW, "customer": f"c{i}"}).id, range(60)))

    assert found == [f"c{i}" for i in range(60)]
    assert len(client._all) <= 4


def test_a_client_can_be_used_after_it_was_closed(client):
    client.predict(ROW)
    client.close()

    assert client.predict(ROW).answer == "yes"


def test_a_lost_answer_is_asked_for_again_with_the_same_key(scripted, fake):
    scripted.script = [None, None, error(503), OK]

    assert fake.predict(ROW) == Prediction("c1", 0.9, "yes", 0.9, version=1)
    assert len({headers["Idempotency-Key"] for _, headers, _ in scripted.heard}) == 1
    assert len({body for _, _, body in scripted.heard}) == 1
    assert len(fake.slept) == 3
    assert fake.slept[0] < fake.slept[2]


def test_a_connection_that_was_closed_meanwhile_costs_no_wait(scripted, fake):
    scripted.script = [OK, None, OK]

    fake.predict(ROW)
    fake.predict(ROW)

    assert fake.slept == []


def test_what_is_told_to_wait_is_waited(scripted, fake):
    scripted.script = [error(429, Retry_After="7"), error(503, Retry_After="Wed, 01 Jan 2020 00:00:00 GMT"), OK]

    fake.predict(ROW)

    assert 7 <= fake.slept[0] <= 7.1
    assert 0 <= fake.slept[1] <= 0.2


@pytest.mark.parametrize(
    ("step", "kind"),
    [
        (error(401), NotAllowed), (error(403), NotAllowed), (error(422), RowRefused), (error(413), RowRefused),
        (error(404), ServiceFailed),
        (error(500), ServiceFailed), (error(501), ServiceFailed), ((502, {}, b"<html>"), ServiceFailed),
        ((200, {}, b"<html>"), ServiceFailed), ((200, {}, b"{}"), ServiceFailed), ((200, {}, b"[]"), ServiceFailed),
    ],
)  # fmt: skip
def test_each_fault_has_its_error_and_is_not_asked_again(scripted, fake, step, kind):
    scripted.script = [step]

    with pytest.raises(kind) as caught:
        fake.predict({**ROW, "city": "private"})
    assert "wb_secret" not in repr(caught.value)
    assert "private" not in str(caught.value)
    assert fake.slept == []


def test_who_has_no_time_is_told_at_last(scripted, fake):
    scripted.script = [error(503, "Too much to do.", Retry_After="3")] * 4

    with pytest.raises(Overloaded, match="Too much to do") as caught:
        fake.predict(ROW)
    assert caught.value.wait == 3
    assert len(fake.slept) == 3


def test_nobody_there_is_said_without_the_key():
    with pytest.raises(Unreachable) as caught:
        Client("http://127.0.0.1:9", key="wb_secret", retries=0).predict(ROW)

    assert "wb_secret" not in str(caught.value)
    assert "http://127.0.0.1:9" in str(caught.value)


def test_a_service_that_is_not_ready_says_why(scripted, fake):
    scripted.script = [error(503, "The log is full.")]

    assert fake.health() == Health(False, message="The log is full.")


@pytest.mark.parametrize("url", ["churn", "ftp://a", "http://", "http://anna:secret@host"])
def test_an_address_that_is_none_is_refused(url):
    with pytest.raises(ValueError, match="url") as caught:
        Client(url)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("key", ["a\nb", "schlüssel"])
def test_a_key_that_no_header_can_have_is_refused(key):
    with pytest.raises(ValueError, match="key") as caught:
        Client("http://a", key=key)
    assert key not in str(caught.value)


def test_a_value_that_json_has_not_is_said_before_it_is_sent(fake, scripted):
    with pytest.raises(ValueError, match="None for what is missing"):
        fake.predict({"age": float("nan")})
    with pytest.raises(ValueError, match="at least one row"):
        fake.predict([ROW], batch=0)
    assert scripted.heard == []


def test_it_is_one_file_that_needs_python_alone(tmp_path, live):
    """Copied somewhere else, it works without this package, and loads nothing but the standard library."""
    source = Path(inspect.getfile(workbench.client))
    (tmp_path / "shop_client.py").write_bytes(source.read_bytes())
    code = (
        "import sys; from shop_client import Client\n"
        f"print(Client({live!r}).predict({ROW!r}).answer)\n"
        "print(sorted({m.partition('.')[0] for m in sys.modules} - set(sys.stdlib_module_names) - {'__main__'}))"
    )
    run = [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, {str(tmp_path)!r}); {code}"]
    done = subprocess.run(run, capture_output=True, text=True, check=True)

    assert done.stdout.splitlines() == ["yes", "['shop_client']"]
