"""A request that comes again is answered as before, and counted once."""

import asyncio

import pytest
from starlette.testclient import TestClient

from workbench.scoring import repeats
from workbench.scoring.http import Rejected
from workbench.scoring.keys import Access, Keys
from workbench.scoring.log import PredictionLog
from workbench.scoring.repeats import Repeats
from workbench.scoring.service import Service

ROW, KEY = {"age": 60, "city": "Ulm"}, {"Idempotency-Key": "k1"}


def test_the_same_key_is_the_same_answer_and_one_record(scorer, tmp_path):
    log = PredictionLog(tmp_path / "log", scorer.sensitive)
    service = Service(scorer, log)
    client = TestClient(service)
    first = client.post("/predict", json=ROW, headers=KEY).json()

    assert client.post("/predict", json=ROW, headers=KEY).json() == first
    assert client.post("/predict", json=ROW, headers={"Idempotency-Key": "k2"}).json()["id"] != first["id"]
    assert len(log.read()) == 2
    assert 'workbench_predictions_total{version="1"} 2' in service.metrics.text()


def test_other_rows_with_the_same_key_are_refused(scorer):
    client = TestClient(Service(scorer))
    client.post("/predict", json=ROW, headers=KEY)

    answer = client.post("/predict", json={**ROW, "age": 20}, headers=KEY)
    assert (answer.status_code, "Idempotency-Key" in answer.json()["error"]) == (422, True)


def test_a_request_that_failed_can_be_sent_again(scorer):
    client = TestClient(Service(scorer))

    assert client.post("/predict", json={"age": "x"}, headers=KEY).status_code == 422
    assert client.post("/predict", json=ROW, headers=KEY).status_code == 200


def test_nobody_gets_the_answer_of_another_caller(scorer, tmp_path):
    keys = Keys(tmp_path / "keys.json")
    client = TestClient(Service(scorer, access=Access(keys=keys)))
    ids = set()
    for name in ("anna", "bert"):
        headers = {**KEY, "X-API-Key": keys.add(name, ["predict"])}
        ids.add(client.post("/predict", json=ROW, headers=headers).json()["id"])

    assert len(ids) == 2


class Work:
    """Scores when it is let, and counts how often it was asked."""

    def __init__(self):
        self.asked, self.let = 0, asyncio.Event()

    async def __call__(self):
        self.asked += 1
        await self.let.wait()
        return [{"id": "a"}]


def test_what_is_being_answered_is_waited_for_though_the_first_has_hung_up():
    async def run():
        memory, work = Repeats(), Work()
        first = asyncio.create_task(memory.once("k", [1], 0, work))
        await asyncio.sleep(0)
        second = asyncio.create_task(memory.once("k", [1], 0, work))
        await asyncio.sleep(0)
        first.cancel()
        work.let.set()
        return await second, work.asked

    assert asyncio.run(run()) == (([{"id": "a"}], True), 1)


def test_what_is_old_or_too_much_is_forgotten(monkeypatch):
    monkeypatch.setattr(repeats, "MOST_ROWS", 5)
    now = [0.0]

    async def run():
        memory, work = Repeats(lambda: now[0]), Work()
        work.let.set()
        for key in "abc":
            await memory.once(key, [1, 2], 0, work)
        kept = list(memory._asked)
        now[0] = repeats.SECONDS + 1
        again = (await memory.once("c", [1, 2], 0, work))[1]
        return kept, again, memory._rows

    assert asyncio.run(run()) == (["b", "c"], False, 2)


def test_reasons_are_part_of_what_is_asked():
    async def run():
        memory, work = Repeats(), Work()
        work.let.set()
        await memory.once("k", [1], 0, work)
        await memory.once("k", [1], 5, work)

    with pytest.raises(Rejected):
        asyncio.run(run())
