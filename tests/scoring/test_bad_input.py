"""The bad-input table: what the service says to each kind of bad row. Never a 500, and never a silent number.

The same cases are asked of other servers in the benchmark; several of them answer a missing column with a number.
"""

import json
from typing import NamedTuple

import pytest
from starlette.testclient import TestClient

from workbench.scoring.service import Service

GOOD = {"age": 60, "city": "Ulm"}


class Case(NamedTuple):
    """``body``: a row, or raw bytes. ``says``: a problem's field, expected and got; a text of the error; or flags."""

    body: object
    status: int
    says: object


ANY = "a whole number"
TEXT = "a text or null"
CASES = {
    "a missing column": Case({"age": 60}, 422, ("city", TEXT, "nothing: the column is missing")),
    "a missing column among others": Case({"city": "Ulm", "agee": 60}, 422, ("age", ANY, "nothing: the column")),
    "text in a number": Case({**GOOD, "age": "old"}, 422, ("age", ANY, "the text 'old'")),
    "a number as text": Case({**GOOD, "age": "60"}, 422, ("age", ANY, "the text '60'")),
    "an empty text in a number": Case({**GOOD, "age": ""}, 422, ("age", ANY, "the text ''")),
    "a fraction in a whole number": Case({**GOOD, "age": 11.5}, 422, ("age", ANY, "11.5")),
    "true in a number": Case({**GOOD, "age": True}, 422, ("age", ANY, "the truth value True")),
    "a number in a text": Case({**GOOD, "city": 3}, 422, ("city", "a text", "the number (hidden)")),
    "a list": Case({**GOOD, "age": [60]}, 422, ("age", ANY, "a list")),
    "a nested object": Case({**GOOD, "city": {"name": "Ulm"}}, 422, ("city", "a text", "an object")),
    "NaN": Case(b'{"age": NaN, "city": "Ulm"}', 422, ("age", "number", "the number nan")),
    "infinity": Case(b'{"age": Infinity, "city": "Ulm"}', 422, ("age", "number", "the number inf")),
    "a number beyond floats": Case(b'{"age": 1e999, "city": "Ulm"}', 422, ("age", "number", "the number inf")),
    "a number of 5,000 digits": Case(b'{"age": ' + b"1" * 5000 + b', "city": "Ulm"}', 400, ""),
    "null": Case({"age": None, "city": None}, 200, []),
    "an unseen category": Case({**GOOD, "city": "Rome"}, 200, ["unseen_category:city"]),
    "an absurd number": Case({**GOOD, "age": -5_000_000_000}, 200, ["out_of_range:age"]),
    "an extra column": Case({**GOOD, "extra": 1}, 200, ["extra_column:extra"]),
    "nothing": Case(b"", 400, ""),
    "an empty object": Case({}, 422, ("age", ANY, "nothing: the column is missing")),
    "no rows": Case({"rows": []}, 422, ""),
    "no row at all": Case(b"7", 422, ""),
    "malformed JSON": Case(b'{"age": 60,', 400, ""),
    "no text": Case(b"\xff\xfe\x00", 400, ""),
    "deeply nested": Case(b"[" * 100_000, 400, ""),
    "the same column twice": Case(b'{"age": 60, "age": 20, "city": "Ulm"}', 400, "age"),
    "huge": Case(b'{"age": 60, "city": "' + b"U" * 4000 + b'"}', 413, "larger"),
}


@pytest.fixture
def client(scorer, limited) -> TestClient:
    limited(most_bytes=3_000_000)
    return TestClient(Service(scorer, None).application())


def post(client: TestClient, body: object):
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return client.post("/predict", content=content, headers={"Content-Type": "application/json"})


@pytest.mark.parametrize("name", CASES)
def test_each_bad_row_gets_its_status_and_is_told_why(client, name, limited):
    case = CASES[name]
    if name == "huge":
        limited(most_bytes=1000)

    response = post(client, case.body)
    answer = response.json()

    assert response.status_code == case.status, answer
    if case.status == 200:
        assert answer["flags"] == case.says
        assert 0 <= answer["prediction"] <= 1
    elif isinstance(case.says, tuple):
        (field, expected, got), problem = case.says, answer["problems"][0]
        assert problem["field"] == field
        assert expected in problem["expected"]
        assert got in problem["got"]
    else:
        assert str(case.says) in response.text


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.status != 200])
def test_no_refusal_shows_other_values_of_the_row_or_a_path(client, name):
    """What is wrong is named; the row's other values, server paths and stack traces are not."""
    case = CASES[name]
    body = {**case.body, "note": "secret-4711"} if isinstance(case.body, dict) else case.body

    text = post(client, body).text

    assert "secret-4711" not in text
    assert "Traceback" not in text
    assert ".py" not in text


def test_every_bad_row_of_a_batch_is_told(client):
    bad = [case.body for case in CASES.values() if isinstance(case.says, tuple) and isinstance(case.body, dict)]

    problems = post(client, {"rows": [GOOD, *bad]}).json()["problems"]

    assert sorted({p["row"] for p in problems}) == list(range(1, len(bad) + 1))
