"""Under load a request is refused before others wait too long, and whether it lives is told whatever waits."""

import asyncio
import json
import logging
import sqlite3
import time

import httpx
import pytest
from starlette.testclient import TestClient

from tests.prometheus import promtool  # noqa: F401 - a fixture
from tests.scoring.odd_models import CHEAP, DEAR, LONG, Gate, but_last_digits, odd, priced
from workbench.errors import BadParameter, StoreError
from workbench.scoring import service as services
from workbench.scoring.costs import Cost, Price
from workbench.scoring.log import PredictionLog
from workbench.scoring.patience import Patience
from workbench.scoring.pulse import Pulse
from workbench.scoring.service import Service

SECRET = "Ada Lovelace"
GOOD = {"customer": "c1", "age": 60, "city": SECRET}
JSON_TYPE = {"Content-Type": "application/json"}


@pytest.fixture(autouse=True)
def _quick_refusals(monkeypatch):
    """And none for a machine that is slow itself."""
    monkeypatch.setattr(services, "REFUSAL", 0.0)
    monkeypatch.setattr(Pulse, "crowded", 0.0)


@pytest.fixture
def gate():
    gate = Gate()
    yield gate
    gate.open()


def held(scorer, gate, price=DEAR, **options) -> Service:
    """A service whose model answers nothing before the gate is open."""
    service = priced(Service(scorer, **options), price)
    odd(scorer, gate)
    return service


def asking(service):
    return httpx.AsyncClient(transport=httpx.ASGITransport(service), base_url="http://test", timeout=LONG)


def test_of_128_requests_at_once_those_are_answered_that_wait_no_longer_than_they_may(scorer, gate):
    """Rows of a sixteenth of a second, and one of patience: 17 of them; and probes are answered meanwhile."""
    service = held(scorer, gate, Price(Cost(0.0, 0.0625)))

    async def asked():
        async with asking(service) as client:
            tasks = [asyncio.create_task(client.post("/predict", json=GOOD)) for _ in range(128)]
            refused = []
            while len(refused) < 111:
                await asyncio.sleep(0.01)
                refused = [task.result() for task in tasks if task.done()]
            live = [await client.get(path) for path in ("/health", "/livez", "/ping", "/version")]
            ready, metrics = await client.get("/readyz"), (await client.get("/metrics")).text
            gate.open()
            return refused, live, ready, metrics, await asyncio.gather(*tasks)

    refused, live, ready, metrics, answers = asyncio.run(asked())
    assert {a.status_code for a in refused} == {503}
    assert {int(a.headers["Retry-After"]) for a in refused} == {2}
    assert refused[0].json()["error"].startswith("The service is busy: this request would wait about 2 seconds.")
    assert {a.status_code for a in live} == {200}
    assert (ready.status_code, ready.headers["Retry-After"]) == (503, "1")
    assert [one["reason"] for one in ready.json()["reasons"]] == ["queue full"]
    assert "would wait about 1.1 seconds" in ready.json()["error"]
    assert 'workbench_unanswered_total{path="/predict",why="crowded"} 111' in metrics
    assert 'workbench_waiting_requests{version="1"} 17' in metrics
    assert "workbench_ready 0" in metrics
    assert [a.status_code for a in answers].count(200) == 17


def test_a_row_does_not_wait_behind_a_large_batch(scorer):
    service = priced(Service(scorer))
    order = []

    def slowly(columns):
        order.append(len(columns["age"]))
        time.sleep(0.01)  # else the whole batch may have its turns before the row has come

    odd(scorer, slowly)

    async def asked():
        async with asking(service) as client:
            batch = asyncio.create_task(client.post("/predict?reasons=0", json={"rows": [GOOD] * 200}))
            while not order:
                await asyncio.sleep(0.001)
            row = await client.post("/predict?reasons=0", json=GOOD)
            return row.status_code, batch.done(), (await batch).status_code

    assert asyncio.run(asked()) == (200, False, 200)
    assert sum(order) == 201


def test_a_second_large_batch_waits_and_a_fifth_is_refused(scorer, gate):
    """Who takes ten seconds may wait as long; whatever is queued is bounded."""
    service = held(scorer, gate)
    for station in (service.answering._station(scorer),):
        station.crew._pace = 2.0

    async def asked():
        async with asking(service) as client:
            body = {"rows": [GOOD] * 200}
            tasks = [asyncio.create_task(client.post("/predict", json=body)) for _ in range(5)]
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            statuses = [task.result().status_code for task in done]
            for task in tasks:
                task.cancel()
            return statuses

    assert 503 in asyncio.run(asked())


def app_call(service, body, receive_more, path="/predict"):
    """One request by hand, whose client does as it is told after its body."""
    sent = []
    messages = [{"type": "http.request", "body": json.dumps(body).encode(), "more_body": False}]

    async def receive():
        return messages.pop() if messages else await receive_more()

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": path, "query_string": b"", "client": ("1", 1),
             "headers": [(b"content-type", b"application/json")]}  # fmt: skip
    return service(scope, receive, send), sent


@pytest.mark.parametrize("path", ["/predict", "/explain"])
def test_the_work_of_a_client_that_leaves_stops(scorer, gate, path, tmp_path):
    """Of 500 slices at most the one that each thread is in is done."""
    log = PredictionLog(tmp_path / "log")
    service = held(scorer, gate, log=log)
    left = asyncio.Event()

    async def leave():
        await left.wait()
        return {"type": "http.disconnect"}

    async def asked():
        request, sent = app_call(service, {"rows": [GOOD] * 500}, leave, path)
        task = asyncio.create_task(request)
        await asyncio.to_thread(gate.come)
        left.set()
        await task
        waiting = service.answering._station(scorer).crew.wait()
        gate.open()
        await service.answering._station(scorer).crew.call(lambda: None)
        return sent, waiting

    sent, waiting = asyncio.run(asked())
    assert sent[0]["status"] == 499
    assert waiting == 0
    assert gate.calls <= 3
    assert f'workbench_unanswered_total{{path="{path}",why="left"}} 1' in service.metrics.text()
    assert log.count() == 0


@pytest.mark.parametrize("path", ["/predict", "/invocations", "/explain"])
def test_what_takes_longer_than_the_deadline_is_a_503_and_stops(scorer, gate, path):
    service = held(scorer, gate, patience=Patience(deadline=0.05, most_wait=100.0))
    body = {"dataframe_records": [GOOD] * 50} if path == "/invocations" else {"rows": [GOOD] * 50}
    with TestClient(service) as client:
        answer = client.post(path, json=body)
        gate.open()

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert "longer than 0.05 seconds and was stopped" in answer.json()["error"]
    assert gate.calls <= 3
    assert f'workbench_unanswered_total{{path="{path}",why="late"}} 1' in service.metrics.text()


def test_dear_reasons_of_one_row_leave_the_loop_free(scorer, gate):
    """A polynomial's reasons take seconds a row: probes and cheap rows are answered meanwhile."""
    service = held(scorer, lambda columns: None, Price(Cost(0.0, 1e-5), Cost(0.0, 0.5)))
    inner = scorer.model.inner
    scorer.model.explain = lambda columns: (gate(columns), inner.explain(columns))[1]

    async def asked():
        async with asking(service) as client:
            dear = asyncio.create_task(client.post("/predict?reasons=5", json=GOOD))
            await asyncio.to_thread(gate.come)
            health = await client.get("/health")
            cheap = await client.post("/predict?reasons=0", json=GOOD)
            early = dear.done()
            gate.open()
            return health.status_code, cheap.status_code, early, (await dear).json()["reasons"]

    health, cheap, early, reasons = asyncio.run(asked())
    assert (health, cheap, early) == (200, 200, False)
    assert [one["column"] for one in reasons] == ["age", "city"]


def test_cheap_rows_need_no_thread_and_dear_ones_of_the_same_number_do(scorer):
    service = priced(Service(scorer), CHEAP)
    client = TestClient(service)
    rows = {"rows": [GOOD] * 100}

    assert client.post("/predict", json=rows).status_code == 200
    assert service.answering._station(scorer).crew._threads == 0
    priced(service, DEAR)
    assert client.post("/predict", json={"rows": [GOOD]}).status_code == 200
    assert service.answering._station(scorer).crew._threads == 1


def test_in_slices_answers_are_the_same(scorer):
    client = TestClient(priced(Service(scorer), CHEAP))
    rows = {"rows": [{"customer": f"c{i}", "age": 18 + i, "city": "Ulm"} for i in range(40)]}
    at_once = [client.post(path, json=rows).json() for path in ("/predict", "/explain")]

    client = TestClient(priced(Service(scorer), DEAR))
    in_slices = [client.post(path, json=rows).json() for path in ("/predict", "/explain")]
    assert but_last_digits(in_slices) == but_last_digits(at_once)


def test_where_the_loop_itself_is_behind_rows_are_refused_and_probes_are_not(scorer, monkeypatch):
    service = priced(Service(scorer), CHEAP)
    monkeypatch.setattr(Pulse, "crowded", 2.5)
    client = TestClient(service)

    answer = client.post("/predict", json=GOOD)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "3")
    assert client.post("/explain", json=GOOD).status_code == 503
    assert {client.get(path).status_code for path in ("/livez", "/health", "/ready", "/contract")} == {200}


def test_a_late_loop_is_a_crowd_only_where_several_requests_have_come(monkeypatch):
    monkeypatch.undo()

    async def seen(requests):
        pulse = Pulse()
        pulse.start()
        pulse._due -= 5.0
        for _ in range(requests - 1):
            pulse.start()
        return pulse.crowded

    assert asyncio.run(seen(2)) == 0.0
    assert asyncio.run(seen(9)) > 4.0


def test_a_large_csv_is_read_in_a_thread(scorer, monkeypatch):
    service = priced(Service(scorer), CHEAP)
    asides = []
    aside = service.answering.aside
    monkeypatch.setattr(service.answering, "aside", lambda *a: asides.append(a[1]) or aside(*a))
    body = "age,city\n" + "60,Ulm\n" * 9_999

    with TestClient(service) as client:
        answer = client.post("/invocations", content=body, headers={"Content-Type": "text/csv"})

    assert len(answer.json()["predictions"]) == 9_999
    assert asides == [pytest.approx(len(body) * services.BYTE)]


def test_every_refusal_says_when_to_come_again(scorer, tmp_path, monkeypatch):
    service = Service(scorer, PredictionLog(tmp_path / "log"), rate=1.0)
    client = TestClient(service)
    statuses = {}
    for _ in range(10):
        answer = client.post("/predict", json=GOOD)
        statuses[answer.status_code] = answer.headers.get("Retry-After")
    service.rate.per_second = 0.0
    held = StoreError("The log is held.")
    held.retry_after = 30
    for error in (StoreError("The log takes nothing."), held):
        monkeypatch.setattr(service.log, "put", lambda *_, error=error: (_ for _ in ()).throw(error))
        answer = client.post("/predict", json=GOOD)
        statuses[str(error), answer.status_code] = answer.headers.get("Retry-After")

    assert statuses == {200: None, 429: "1", ("The log takes nothing.", 503): "1", ("The log is held.", 503): "30"}


def test_labels_wait_in_a_queue_of_their_own_which_is_bounded(scorer, tmp_path, monkeypatch):
    log, gate = PredictionLog(tmp_path / "log"), Gate()
    service = priced(Service(scorer, log), DEAR)
    monkeypatch.setattr(services, "MOST_LABELLING", 2)
    label = log.label
    monkeypatch.setattr(log, "label", lambda pairs: (gate(None), label(pairs))[1])

    async def asked():
        async with asking(service) as client:
            body = {"id": "c1", "label": "yes"}
            tasks = [asyncio.create_task(client.post("/feedback", json=body)) for _ in range(2)]
            await asyncio.to_thread(gate.come)
            refused = await client.post("/feedback", json=body)
            row = await client.post("/predict", json=GOOD)
            gate.open()
            return refused.status_code, row.status_code, [(await task).status_code for task in tasks]

    assert asyncio.run(asked()) == (503, 200, [200, 200])


def test_readiness_says_why_not(scorer, tmp_path, monkeypatch):
    log = PredictionLog(tmp_path / "log")
    service = priced(Service(scorer, log), CHEAP)
    client = TestClient(service, raise_server_exceptions=False)
    assert client.get("/ready").json() == {"status": "ready", "name": "shop", "version": 1}

    monkeypatch.setattr(type(log), "full", True)
    inner = scorer.model
    odd(scorer, lambda columns: {}[SECRET])
    assert {client.post("/predict", json=GOOD).status_code for _ in range(3)} == {500}
    answer = client.get("/ready")
    assert answer.status_code == 503
    assert [one["reason"] for one in answer.json()["reasons"]] == ["log full", "model fails"]
    assert all(one["message"].endswith(".") for one in answer.json()["reasons"])
    assert "workbench_ready 0" in client.get("/metrics").text

    monkeypatch.setattr(type(log), "full", False)
    scorer.model = inner
    assert client.post("/predict", json=GOOD).status_code == 200
    assert client.get("/readyz").status_code == 200
    assert "workbench_ready 1" in client.get("/metrics").text


@pytest.mark.parametrize("price", [CHEAP, DEAR], ids=["inline", "thread"])
@pytest.mark.parametrize(
    "error",
    [ValueError(SECRET), KeyError(SECRET), OSError(SECRET), sqlite3.Error(SECRET), MemoryError(SECRET)],
)
@pytest.mark.parametrize("path", ["/predict", "/explain", "/invocations"])
def test_no_value_of_a_row_is_in_the_log_of_the_service(scorer, second, tmp_path, caplog, error, price, path):
    """Neither of the champion's failure, nor of a shadow's; counted, and one line a kind."""
    service = priced(Service(scorer, PredictionLog(tmp_path / "log"), shadow=second), price)
    for one in (scorer, second):
        odd(one, lambda columns: (_ for _ in ()).throw(error))
    body = {"dataframe_records": [GOOD]} if path == "/invocations" else GOOD
    with TestClient(service) as client, caplog.at_level(logging.DEBUG):
        answers = [client.post(path, json=body) for _ in range(3)]
        metrics = client.get("/metrics").text

    assert {a.status_code for a in answers} == {500}
    assert SECRET not in "".join(a.text for a in answers) + caplog.text + metrics
    assert all(r.exc_info is None for r in caplog.records)
    assert f'workbench_errors_total{{path="{path}",fault="{type(error).__name__}"}} 3' in metrics
    lines = [r for r in caplog.records if r.message.startswith(f"A request to {path} failed: {type(error).__name__}")]
    assert [r.levelname for r in lines] == ["ERROR"]


def test_patience_is_a_positive_number():
    for wrong in (0, -1, float("nan"), float("inf"), "5"):
        with pytest.raises(BadParameter, match="deadline is a number of seconds above 0"):
            Patience(deadline=wrong)


def test_prometheus_finds_no_fault_in_what_is_told(scorer, second, tmp_path, promtool):  # noqa: F811
    service = priced(Service(scorer, PredictionLog(tmp_path / "log"), shadow=second), DEAR)
    with TestClient(service, raise_server_exceptions=False) as client:
        client.post("/predict", json={"rows": [{**GOOD, 'a"b\\\n': 1}] * 3})
        client.get("/nowhere")
        service.metrics.out(2, 'an "arm"')
        service.metrics.failed(2, "canary", "ValueError", 3)
        text = client.get("/metrics").text

    promtool("check", "metrics", given=text)
    for name in ("process_resident_memory_bytes", "process_cpu_seconds_total", "process_open_fds", "workbench_ready"):
        assert f"\n{name} " in text
