"""Services that run follow what is promoted, tried out and rolled back, without a restart or a lost request."""

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection
from threading import Event

import pytest

import workbench as wb
from workbench.core.bundle import MANIFEST, file_hash
from workbench.core.ports import free_port
from workbench.errors import Refused
from workbench.packaging import following
from workbench.packaging.following import Follower
from workbench.scoring.listen import Listen
from workbench.scoring.log import log_of
from workbench.scoring.runtime import Scorer
from workbench.scoring.service import Service
from workbench.scoring.traffic import Traffic
from workbench.scoring.workers import Workers
from workbench.settings import settings
from workbench.storage.rollouts import path_of

SERVE = "from workbench.cli import main; main()"


@contextmanager
def serving(name, *options):
    port = free_port()
    environment = {k: v for k, v in os.environ.items() if not k.startswith("WORKBENCH_API")}
    command = [sys.executable, "-c", SERVE, "serve", name, "--port", str(port), *options]
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, encoding="utf-8")
    try:
        wait_until(lambda: answers(port) or process.poll() is not None)
        assert process.poll() is None, process.communicate()[1]
        yield port
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
        assert process.returncode in (0, -signal.SIGTERM)
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()


def wait_until(true, seconds: float = 120.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


def ask(port, method, path, content=None):
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(method, path, json.dumps(content), {"Content-Type": "application/json"})
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


def answers(port):
    try:
        return ask(port, "GET", "/ready")[0] == 200
    except OSError:
        return False


def predicted(port, rows):
    status, body = ask(port, "POST", "/predict", {"rows": rows})
    assert status == 200, body
    return json.loads(body)["predictions"]


def until_all(ports, told):
    """All services say so in their metrics, or say it no more."""
    for port in ports:
        wait_until(lambda port=port: told(ask(port, "GET", "/metrics")[1]))


def ask_until(stop, port, row):
    statuses = set()
    while not stop.is_set():
        statuses.add(ask(port, "POST", "/predict", row)[0])
        stop.wait(0.05)  # the machine is for the services
    return statuses


@pytest.mark.slow
def test_shadow_canary_champion_and_back_over_http_alone_and_with_workers(shop, customers):
    table = customers(200, 9)
    rows = table.drop(columns="stays").to_dict("records")
    stop = Event()
    with ExitStack() as stack, ThreadPoolExecutor(2) as pool:
        ports = [stack.enter_context(serving(shop, *options)) for options in ((), ("--workers", "2"))]
        clients = [pool.submit(ask_until, stop, port, rows[0]) for port in ports]
        stack.callback(stop.set)

        wb.promote(shop, 2, stage="shadow")
        until_all(ports, lambda text: 'version="2",stage="shadow",state="running"} 0' in text)
        assert {a["version"] for a in predicted(ports[0], rows[:50])} == {1}

        wb.promote(shop, 2, stage="canary", share=0.4)
        until_all(ports, lambda text: 'version="2",stage="canary",state="running"} 0.4' in text)
        one, other = ([(a["id"], a["version"]) for a in predicted(port, rows)] for port in ports)
        assert one == other  # the same rows meet the same version, whichever process answers
        assert {version for _, version in one} == {1, 2}

        labels = [{"id": row["customer"], "label": table["stays"][i]} for i, row in enumerate(rows)]
        assert ask(ports[0], "POST", "/feedback", {"labels": labels})[0] == 200
        assert wb.challenge(shop, 2).source == "log"

        assert wb.rollback(shop) == 1
        until_all(ports, lambda text: "workbench_rollout_share{" not in text)
        assert {a["version"] for a in predicted(ports[1], rows)} == {1}

        wb.promote(shop, 2)
        until_all(ports, lambda text: "workbench_model_version 2" in text)
        wb.rollback(shop)
        until_all(ports, lambda text: "workbench_model_version 1" in text)
        stop.set()
        assert [client.result(60) for client in clients] == [{200}, {200}]
    with log_of(shop, settings()) as log:
        arms = {(r["version"], r["arm"]) for r in log.read()}
    assert {(1, None), (2, "shadow"), (1, "champion"), (2, "canary"), (1, "shadow")} <= arms


# --- one look at a time, without waiting ----------------------------------------------------------------------------


@pytest.fixture(params=["a service", "the parent of workers"])
def follower(shop, request):
    scorer = Scorer(wb.bundle(shop).path)
    alone = request.param == "a service" or not hasattr(os, "fork")
    return Follower(Service(scorer) if alone else Workers(no_worker, Traffic(scorer), Listen(workers=2)), shop)


def no_worker(traffic, kind=Service):
    raise AssertionError("nothing was begun")


def state(follower):
    """Who is champion, who is tried out how, and what is refused."""
    traffic, metrics = follower.service.traffic, follower.service.metrics
    tried, refused = traffic.trial, metrics.refused
    return (
        traffic.champion.bundle.version,
        tried and (tried.rollout.version, tried.rollout.stage),
        refused and refused.version,
    )


def damage(version, shop="shop"):
    model = wb.bundle(f"{shop}/{version}").path / "model.npz"
    whole = model.read_bytes()
    model.write_bytes(b"")
    return lambda: model.write_bytes(whole)


def test_each_look_does_what_is_named_then(shop, follower):
    steps = [
        (lambda: None, (1, None, None)),
        (lambda: wb.promote(shop, 2, stage="shadow"), (1, (2, "shadow"), None)),
        (lambda: wb.promote(shop, 2, stage="canary"), (1, (2, "canary"), None)),
        (lambda: wb.promote(shop, 2), (2, None, None)),
        (lambda: wb.promote(shop, 1, stage="canary"), (2, (1, "canary"), None)),
        (lambda: wb.rollback(shop), (2, None, None)),
        (lambda: wb.rollback(shop), (1, None, None)),
    ]
    for act, expected in steps:
        act()
        follower.look()
        assert state(follower) == expected


def test_a_version_that_can_not_be_loaded_is_refused_told_and_tried_again_later(shop, follower, caplog, monkeypatch):
    monkeypatch.setattr(following, "AGAIN", 3)
    wb.promote(shop, 2, stage="canary")
    mend = damage(2)

    for _ in range(3):
        follower.look()
        assert state(follower) == (1, None, 2)
    mend()
    assert len([r for r in caplog.records if "is refused" in r.message]) == 1
    assert 'workbench_rollout_share{version="2",stage="canary",state="refused"} 0.1' in follower.service.metrics.text(1)
    follower.look()
    assert state(follower) == (1, (2, "canary"), None)


def test_a_champion_that_can_not_be_loaded_leaves_the_old_one_and_what_is_tried_out(shop, follower, caplog):
    wb.promote(shop, 2)
    mend = damage(2)

    follower.look()
    follower.look()
    assert state(follower) == (1, None, None)
    assert len([r for r in caplog.records if "can't be followed" in r.message]) == 1
    mend()
    follower.look()
    assert state(follower) == (2, None, None)


def spend_as_category(shop):
    """Version 2 takes another kind of value than version 1."""
    folder = wb.bundle(f"{shop}/2").path
    changed = json.loads((folder / "contract.json").read_text(encoding="utf-8"))
    next(c for c in changed["columns"] if c["name"] == "spent")["kind"] = "category"
    (folder / "contract.json").write_text(json.dumps(changed), encoding="utf-8")
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    manifest["files"]["contract.json"] = file_hash(folder / "contract.json")
    (folder / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")


def test_a_version_with_another_contract_is_refused_by_the_verb_and_by_the_service(shop, follower):
    wb.promote(shop, 2, stage="shadow")
    spend_as_category(shop)

    follower.look()
    assert state(follower) == (1, None, 2)
    with pytest.raises(Refused, match="takes 'spent' as category"):
        wb.promote(shop, 2, stage="canary")


def test_an_alias_that_moves_to_another_contract_leaves_the_champion_and_says_so_once(shop, follower, caplog):
    """And is not loaded again at each look."""
    spend_as_category(shop)
    wb.promote(shop, 2)
    loaded = []
    follower._loaded = lambda version, load=follower._loaded: loaded.append(version) or load(version)

    for _ in range(5):
        follower.look()

    assert state(follower)[0] == 1
    assert len(loaded) == 1
    (told,) = [r.getMessage() for r in caplog.records if "is not followed" in r.getMessage()]
    assert "takes 'spent' as category" in told
    assert "version 1 answers on" in told


def test_a_file_that_is_damaged_changes_nothing(shop, follower, caplog):
    wb.promote(shop, 2, stage="canary")
    follower.look()
    path_of(shop, settings()).write_bytes(b"no JSON")

    follower.look()
    assert state(follower) == (1, (2, "canary"), None)
    wb.rollback(shop)
    follower.look()
    assert state(follower) == (1, None, None)


def test_what_an_admin_has_ended_stays_ended_until_somebody_promotes(shop, follower):
    wb.promote(shop, 2, stage="canary")
    follower.look()
    follower.service.rollback()

    follower.look()
    assert state(follower) == (1, None, None)
    wb.promote(shop, 2, stage="canary")
    follower.look()
    assert state(follower) == (1, (2, "canary"), None)


def test_who_answers_as_the_challenger_tries_nothing_out(shop):
    follower = Follower(Service(Scorer(wb.bundle(f"{shop}@challenger").path)), f"{shop}@challenger")
    wb.promote(shop, 2, stage="canary")

    follower.look()
    assert state(follower) == (2, None, None)
