"""An arm that fails, in whichever way, costs no answer: the champion gives it, and it is told everywhere."""

import logging

import numpy as np
import pytest
from starlette.testclient import TestClient

from tests.scoring.odd_models import CHEAP, DEAR, Gate, odd, priced
from tests.scoring.test_trials import trial
from workbench.scoring import answering
from workbench.scoring.answering import MOST_FAILURES
from workbench.scoring.log import PredictionLog
from workbench.scoring.service import Service
from workbench.scoring.traffic import Arm

SECRET = "Ada Lovelace"
GOOD = {"customer": "c1", "age": 60, "city": SECRET}


def raising(error):
    def act(columns):
        raise error

    return act


def few(columns):
    return np.array([0.5] * (len(columns["age"]) + 1))


def no_number(columns):
    return np.full(len(columns["age"]), np.nan)


def nothing(columns):
    return np.array([None] * len(columns["age"]), dtype=object)


BROKEN = {
    "ValueError": raising(ValueError(SECRET)),
    "KeyError": raising(KeyError(SECRET)),
    "MemoryError": raising(MemoryError(SECRET)),
    "RecursionError": raising(RecursionError(SECRET)),
    "AssertionError": raising(AssertionError(SECRET)),
    "TimeoutError": raising(TimeoutError(SECRET)),
    "Unsound": raising(SystemExit(SECRET)),
}


@pytest.fixture
def log(tmp_path) -> PredictionLog:
    return PredictionLog(tmp_path / "log")


def served(scorer, second, log, price, way):
    """A service of which the second version answers almost all rows, as an arm or a canary."""
    service = Service(scorer, log, arms=[Arm("version 2", second, 0.95)] if way == "arm" else ())
    if way == "canary":
        service.try_out(trial(second, share=0.95))
    return priced(service, price)


def rows(n):
    return [{**GOOD, "customer": f"c{i}"} for i in range(n)]


def check(service, client, fault, arm, caplog, reasons=""):
    """Every row is answered by the champion, and who failed is told in answers, log, metrics and our own log."""
    bodies = [{"rows": rows(30)}, *rows(5)]
    answers = []
    for body in bodies:
        answer = client.post(f"/predict{reasons}", json=body)
        assert answer.status_code == 200
        answers += answer.json().get("predictions", [answer.json()])
    text = client.get("/metrics").text

    assert {a["version"] for a in answers} == {1}
    assert {a.get("arm") for a in answers} == {"champion", "fallback", None}
    assert f'workbench_arm_failures_total{{version="2",arm="{arm}",fault="{fault}"}}' in text
    assert f'workbench_arm_broken{{version="2",arm="{arm}"}} 1' in text
    assert service.traffic.plain
    lines = [r.message for r in caplog.records if f"Version 2 ({arm}) could not score rows" in r.message]
    assert len(lines) == 1
    assert lines[0].startswith(f"Version 2 ({arm}) could not score rows: {fault}")
    assert any(r.levelname == "ERROR" and "takes no more rows" in r.message for r in caplog.records)
    assert "Ada" not in caplog.text


@pytest.mark.parametrize("way", ["arm", "canary"])
@pytest.mark.parametrize("price", [CHEAP, DEAR], ids=["inline", "thread"])
@pytest.mark.parametrize("fault", BROKEN)
def test_an_arm_that_raises(scorer, second, log, caplog, fault, price, way):
    service = served(scorer, second, log, price, way)
    odd(second, BROKEN[fault])
    with TestClient(service) as client, caplog.at_level(logging.WARNING):
        check(service, client, fault, "version 2" if way == "arm" else "canary", caplog)

    kept = {(r["version"], r["arm"]) for r in PredictionLog(log.path.parent).read()}
    assert kept == {(1, "champion"), (1, "fallback"), (1, None)}


@pytest.mark.parametrize("price", [CHEAP, DEAR], ids=["inline", "thread"])
@pytest.mark.parametrize(("act", "fault"), [(few, "ValueError"), (no_number, "Unsound"), (nothing, "TypeError")])
def test_an_arm_whose_answers_are_none(scorer, second, log, caplog, act, fault, price):
    service = served(scorer, second, log, price, "arm")
    odd(second, act)
    with TestClient(service) as client, caplog.at_level(logging.WARNING):
        check(service, client, fault, "version 2", caplog, "?reasons=0")


@pytest.mark.parametrize("price", [CHEAP, DEAR], ids=["inline", "thread"])
def test_an_arm_that_fails_on_reasons_alone(scorer, second, log, caplog, price):
    service = served(scorer, second, log, price, "arm")
    second.model = type("Half", (), {"predict": second.model.predict, "explain": lambda *_: 1 / 0})()
    with TestClient(service) as client, caplog.at_level(logging.WARNING):
        assert client.post("/predict?reasons=0", json=rows(2)[1]).json()["version"] in (1, 2)
        check(service, client, "ZeroDivisionError", "version 2", caplog)


def test_an_arm_that_hangs_is_given_up_and_the_threads_of_the_champion_are_free(
    scorer, second, log, caplog, monkeypatch
):
    monkeypatch.setattr(answering, "ARM_SECONDS", 0.02)
    monkeypatch.setattr(answering, "ARM_TIMES", 0.0)
    service = served(scorer, second, log, DEAR, "arm")
    gate = Gate()
    odd(second, gate)
    with TestClient(service) as client, caplog.at_level(logging.WARNING):
        check(service, client, "Slow", "version 2", caplog)

        assert service.answering._station(scorer).crew.stuck == 0
        assert client.get("/ready").status_code == 200
    gate.open()


def test_an_arm_with_too_much_to_do_is_passed_over_and_stays(scorer, second, log, monkeypatch):
    service = served(scorer, second, log, DEAR, "arm")
    monkeypatch.setattr(service.answering._station(second).crew, "wait", lambda seconds: 100.0)
    with TestClient(service) as client:
        answers = client.post("/predict", json={"rows": rows(30)}).json()["predictions"]

    assert {a["arm"] for a in answers} == {"champion", "fallback"}
    assert 'fault="Full"' in service.metrics.text()
    assert not service.traffic.plain


def test_failures_of_long_ago_count_no_more(scorer, second, log, monkeypatch):
    monkeypatch.setattr(answering, "WITHIN", -1.0)
    service = served(scorer, second, log, CHEAP, "arm")
    odd(second, BROKEN["ValueError"])
    with TestClient(service) as client:
        for _ in range(3 * MOST_FAILURES):
            assert client.post("/predict", json={"rows": rows(10)}).status_code == 200

    assert not service.traffic.plain


@pytest.mark.parametrize("price", [CHEAP, DEAR], ids=["inline", "thread"])
def test_a_fault_of_a_row_is_told_by_its_place_among_all_rows(scorer, second, log, price):
    """Whichever arm the row meets, and in whichever slice it stands."""
    service = served(scorer, second, log, price, "arm")
    sent = rows(12)
    sent[3]["age"], sent[11]["age"] = "x", "y"
    with TestClient(service) as client:
        answer = client.post("/predict", json={"rows": sent})

    assert answer.status_code == 422
    assert [p["row"] for p in answer.json()["problems"]] == [3, 11]
