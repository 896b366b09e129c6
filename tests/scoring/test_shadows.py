"""A shadow can't hurt: whatever it does, the champion answers and the service ends."""

import sys
import threading
import time

import pytest
from starlette.testclient import TestClient

from tests.scoring.odd_models import CHEAP, LONG, Gate, odd, priced
from workbench.scoring import answering, behind
from workbench.scoring.behind import Behind
from workbench.scoring.log import PredictionLog
from workbench.scoring.service import Service

GOOD = {"customer": "c1", "age": 60, "city": "Ulm"}


@pytest.fixture
def log(tmp_path) -> PredictionLog:
    return PredictionLog(tmp_path / "log")


def skipped(service) -> float:
    lines = [x for x in service.metrics.text().splitlines() if x.startswith("workbench_shadow_skipped_total{")]
    return sum(float(line.split()[-1]) for line in lines)


def until(what) -> None:
    end = time.monotonic() + LONG
    while not what():
        assert time.monotonic() < end, "waited for ever"
        time.sleep(0.005)


def test_a_stuck_shadow_keeps_neither_rows_nor_the_end_waiting(scorer, second, log, monkeypatch):
    monkeypatch.setattr(answering, "STOPPING", 0.05)
    monkeypatch.setattr(behind, "MOST_WAITING", 20)
    service = Service(scorer, log, shadow=second)
    priced(service, CHEAP)
    gate = Gate()
    odd(second, gate)
    with TestClient(service) as client:
        client.post("/predict", json=GOOD)
        gate.come()
        statuses = {client.post("/predict", json={"rows": [GOOD] * 5}).status_code for _ in range(10)}
        waiting = service.answering._station(second).behind.rows
        before = skipped(service)

    assert statuses == {200}
    assert waiting == 20
    assert before == 51 - 20
    assert skipped(service) == 51
    assert {r["version"] for r in PredictionLog(log.path.parent).read()} == {1}
    gate.open()


def test_rows_of_many_requests_are_scored_together_as_soon_as_there_is_time(scorer, second, log):
    service = priced(Service(scorer, log, shadow=second), CHEAP)
    gate, sizes = Gate(), []

    def act(columns):
        sizes.append(len(columns["age"]))
        gate(columns)

    odd(second, act)
    with TestClient(service) as client:
        client.post("/predict", json={**GOOD, "customer": "first"})
        gate.come()
        for i in range(30):
            client.post("/predict", json={**GOOD, "customer": f"c{i}"})
        gate.open()

    assert sizes == [1, 30]
    shadowed = [r["id"] for r in PredictionLog(log.path.parent).read() if r["arm"] == "shadow"]
    assert shadowed == ["first", *(f"c{i}" for i in range(30))]
    assert skipped(service) == 0


def test_a_shadow_that_computes_takes_few_rows_at_once_and_drops_none_that_fit(scorer, second, log):
    """What its rows take is learnt, so that it gives way often; ``test_crew.py`` shows how long it rests then."""
    service = priced(Service(scorer, log, shadow=second), CHEAP)
    sizes = []

    def burn(columns):
        sizes.append(len(columns["age"]))
        end = time.thread_time() + 0.005 * sizes[-1]
        while time.thread_time() < end:
            pass

    odd(second, burn)
    with TestClient(service) as client:
        client.post("/predict", json={"rows": [GOOD] * 20})
        client.post("/predict", json={"rows": [GOOD] * 400})

    station = service.answering._station(second)
    assert sizes[0] == 20
    assert station.price.of(1, 0) > 5 * CHEAP.of(1, 0)
    assert max(sizes[1:], default=1) < 400
    assert sum(sizes) + skipped(service) >= 420


def test_a_champion_scores_behind_a_canary_by_the_same_rules(scorer, second, log):
    station = Service(scorer, log).answering._station(scorer)

    assert station.behind._crew._share < 1 == station.crew._share


def test_the_lock_of_python_changes_hands_sooner_while_a_service_lives(scorer):
    before = sys.getswitchinterval()
    with TestClient(Service(scorer)):
        during = sys.getswitchinterval()

    assert during < before == sys.getswitchinterval()


def test_what_can_not_be_kept_of_a_shadow_is_told_and_it_goes_on(scorer, second, log, caplog):
    service = priced(Service(scorer, log, shadow=second), CHEAP)
    put, fails = log.put, [True]

    def keep(answers, rows, latency):
        if answers[0].get("arm") == "shadow" and fails:
            fails.pop()
            raise RuntimeError("Ada Lovelace")
        return put(answers, rows, latency)

    log.put = keep
    with TestClient(service) as client:
        client.post("/predict", json=GOOD)
        until(lambda: not fails)
        client.post("/predict", json={**GOOD, "customer": "c2"})

    assert [r.message.split(":")[0] for r in caplog.records] == ["Answers of a shadow could not be kept"]
    assert "Ada" not in caplog.text
    assert ("c2", 2) in {(r["id"], r["version"]) for r in PredictionLog(log.path.parent).read()}


def test_a_thread_begins_again_after_it_had_nothing_to_do():
    seen, come = [], threading.Semaphore(0)

    def score(rows, ids):
        seen.extend(ids)
        come.release()

    one = Behind("again", score, lambda: 10, 1.0)
    for name in "abc":
        assert one.take([{}], [name]) == 0
        assert come.acquire(timeout=LONG)

    assert seen == ["a", "b", "c"]
    until(lambda: one.rows == 0)
