"""Several processes on one port are one service: one version, one rate, one log, one sum of counters."""

import json
import os
import re
import selectors
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from threading import Event

import pytest

from tests.scoring.conftest import make_bundle
from tests.scoring.test_process import GOOD, ROOT, answers, ask, wait_until
from workbench.core.ports import free_port
from workbench.errors import BadParameter
from workbench.scoring.keys import Keys
from workbench.scoring.listen import Listen
from workbench.scoring.log import PredictionLog
from workbench.scoring.metrics import Metrics
from workbench.scoring.runtime import Scorer
from workbench.scoring.shared_rate import PARTS, WAYS, SharedRate
from workbench.scoring.traffic import Arm, Traffic
from workbench.scoring.workers import HUNG, LONGEST_PAUSE, Workers, _Hand

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="workers are forked")
ADMIN = "a key for all that there is"


@contextmanager
def working(folder, *options, workers: int = 2, environment=None, output=subprocess.PIPE):
    port = free_port()
    command = [sys.executable, "-m", "workbench.scoring", "--bundle", str(folder), "--port", str(port),
               "--workers", str(workers), *options]  # fmt: skip
    clean = {k: v for k, v in os.environ.items() if not k.startswith("WORKBENCH_")} | (environment or {})
    process = subprocess.Popen(command, cwd=ROOT, env=clean, stderr=output, text=True)
    try:
        wait_until(lambda: process.poll() is not None or (answers(port) and all_there(port, workers)))
        yield process, port
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def all_there(port: int, workers: int) -> bool:
    """The first one answers while others begin; whoever has no key, or is alone, sees none."""
    told = metrics(port)
    return told.get("workbench_workers", workers) == workers


def workers_of(process) -> list[int]:
    """Processes that the parent has forked."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    if not children.exists():
        pytest.skip("this system does not tell who forked whom")
    return [int(pid) for pid in children.read_text().split()]


def metrics(port: int) -> dict[str, float]:
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", "/metrics")
    response = connection.getresponse()
    text = response.read().decode() if response.status == 200 else ""
    connection.close()
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in text.splitlines() if line[0] != "#"}


def connected(port: int, n: int) -> list[HTTPConnection]:
    """Connections that stay, over all workers."""
    there = [HTTPConnection("127.0.0.1", port, timeout=60) for _ in range(n)]
    for one in there:
        one.connect()
        asked(one)
    return there


def asked(connection: HTTPConnection, path: str = "/predict", content=GOOD, headers=None) -> tuple[int, dict]:
    kind = {"Content-Type": "application/json", **(headers or {})}
    connection.request("POST", path, json.dumps(content), kind)
    response = connection.getresponse()
    return response.status, json.loads(response.read())


def listeners(port: int) -> dict[int, int]:
    """Connections to a port by the process that holds our side's other end."""
    inodes = {}
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if int(fields[1].rpartition(":")[2], 16) == port and fields[3] == "01":
            inodes[fields[9]] = 1
    return inodes


def held(pid: int, inodes) -> int:
    found = 0
    for file in Path(f"/proc/{pid}/fd").iterdir():
        try:
            target = str(file.readlink())
        except OSError:
            continue
        found += target.removeprefix("socket:[").removesuffix("]") in inodes
    return found


def test_connections_are_spread_and_any_worker_tells_the_sum(folder):
    with working(folder) as (process, port):
        there = connected(port, 8)
        inodes = listeners(port)
        shares = [held(pid, inodes) for pid in workers_of(process)]
        for one in there:
            asked(one)
            one.close()

        told = [metrics(port) for _ in range(4)]

    assert sum(shares) == 8
    assert min(shares) >= 2  # four, where the machine is not busy
    predicted = [one['workbench_predictions_total{version="1"}'] for one in told]
    assert predicted == [16] * 4
    assert told[0]["workbench_workers"] == 2


def test_a_reload_reaches_all_before_anybody_is_told_so_and_loses_no_request(folder, tmp_path):
    keys = Keys(tmp_path / "keys.json")
    token = {"X-API-Key": keys.add("admin", ["admin", "predict", "read"])}

    def ask_until(stop: Event, connection: HTTPConnection) -> list[tuple[float, int, int]]:
        found = []
        while not stop.is_set():
            begin = time.monotonic()
            status, answer = asked(connection, headers=token)
            found.append((begin, status, answer.get("version")))
        return found

    with working(folder, "--keys", str(keys.path)) as (_, port), ThreadPoolExecutor(4) as pool:
        wait_until(lambda: asked(HTTPConnection("127.0.0.1", port), headers=token)[0] == 200)
        stop = Event()
        there = [HTTPConnection("127.0.0.1", port, timeout=60) for _ in range(4)]
        clients = [pool.submit(ask_until, stop, one) for one in there]
        time.sleep(0.3)
        make_bundle(folder, 2)
        admin = HTTPConnection("127.0.0.1", port, timeout=60)
        changed = asked(admin, "/admin/reload", headers=token)
        then = time.monotonic()
        again = asked(admin, "/admin/reload", headers=token)
        time.sleep(0.3)
        back = asked(admin, "/admin/rollback", headers=token)
        rolled = time.monotonic()
        time.sleep(0.3)
        stop.set()
        found = [answer for client in clients for answer in client.result(60)]

    assert changed == (200, {"version": 2, "changed": True})
    assert again == (200, {"version": 2, "changed": False})
    assert back == (200, {"version": 1, "changed": True})
    assert {status for _, status, _ in found} == {200}
    assert {version for begin, _, version in found if then < begin < rolled - 0.3} == {2}
    assert {version for begin, _, version in found if begin > rolled} == {1}


def test_a_hangup_reaches_all_workers(folder):
    with working(folder, workers=3) as (process, port):
        there = connected(port, 6)
        make_bundle(folder, 2)
        process.send_signal(signal.SIGHUP)

        wait_until(lambda: {asked(one)[1]["version"] for one in there} == {2})


def test_a_version_that_can_not_be_loaded_changes_nothing(folder, tmp_path):
    keys = Keys(tmp_path / "keys.json")
    token = {"X-API-Key": keys.add("admin", ["admin", "predict", "read"])}
    with working(folder, "--keys", str(keys.path)) as (_, port):
        there = [HTTPConnection("127.0.0.1", port, timeout=60) for _ in range(4)]
        (folder / "model.npz").write_bytes(b"broken")

        status, _ = asked(there[0], "/admin/reload", headers=token)

        assert status == 501
        assert {asked(one, headers=token)[0] for one in there} == {200}


def test_a_worker_that_is_killed_is_replaced_and_what_it_counted_stays(folder, tmp_path):
    with working(folder, "--log", str(tmp_path / "log"), "--idle-seconds", "60") as (process, port):
        there = connected(port, 4)
        assert metrics(port)['workbench_predictions_total{version="1"}'] == 4
        make_bundle(folder, 2)
        process.send_signal(signal.SIGHUP)
        wait_until(lambda: {asked(one)[1]["version"] for one in there} == {2})
        before = metrics(port)
        first, second = workers_of(process)
        os.kill(first, signal.SIGKILL)
        wait_until(lambda: len(workers_of(process)) == 2 and first not in workers_of(process))
        wait_until(lambda: metrics(port)["workbench_workers"] == 2)
        alive = [answer for one in there if (answer := answer_of(one)) is not None]
        fresh = [ask(port, "POST", "/predict", GOOD)[1]["version"] for _ in range(8)]
        told = metrics(port)

        assert second in workers_of(process)
        assert len(alive) == 2  # those of the other worker were not touched
        assert fresh == [2] * 8
        for version, more in ((1, 0), (2, 10)):
            name = f'workbench_predictions_total{{version="{version}"}}'
            assert told[name] == before[name] + more
        assert told["workbench_worker_restarts_total"] == 1


def answer_of(connection: HTTPConnection) -> int | None:
    try:
        return asked(connection)[0]
    except OSError:
        return None


def test_whoever_connects_while_no_worker_is_there_waits_and_is_answered(folder):
    with working(folder) as (process, port):
        killed = workers_of(process)
        for pid in killed:
            os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not any(map(lives, killed)))  # what they have taken is lost

        assert [ask(port, "POST", "/predict", GOOD)[0] for _ in range(4)] == [200] * 4


def test_a_parent_that_is_killed_takes_its_workers_with_it(folder):
    with working(folder) as (process, port):
        there = workers_of(process)
        process.kill()
        process.wait(60)

        wait_until(lambda: not any(lives(pid) for pid in there))
        assert not answers(port)


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_the_end_is_graceful_and_the_log_of_all_is_whole(folder, tmp_path):
    with working(folder, "--log", str(tmp_path / "log")) as (process, port):
        slow = HTTPConnection("127.0.0.1", port, timeout=60)
        body = json.dumps(GOOD).encode()
        slow.putrequest("POST", "/predict")
        slow.putheader("Content-Type", "application/json")
        slow.putheader("Content-Length", str(len(body)))
        slow.endheaders()
        slow.send(body[:5])
        there = connected(port, 6)
        ids = [asked(one, content={"rows": [GOOD] * 40})[1]["predictions"] for one in there]
        process.send_signal(signal.SIGTERM)
        time.sleep(0.2)
        slow.send(body[5:])

        assert slow.getresponse().status == 200
        slow.close()
        assert process.wait(60) in (0, -signal.SIGTERM)
    log = PredictionLog(tmp_path / "log")
    every = [answer["id"] for answers in ids for answer in answers]
    assert len(set(every)) == 240  # no two processes give one id
    assert log.count() == 240 + 6 + 1
    assert log.known(every) == set(every)


def test_a_second_signal_ends_it_at_once(folder):
    with working(folder) as (process, port):
        slow = socket.create_connection(("127.0.0.1", port))
        slow.sendall(b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n"
                     b"Content-Type: application/json\r\n\r\n{")  # fmt: skip
        time.sleep(0.2)
        process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        begin = time.monotonic()
        process.wait(60)
        slow.close()

    assert time.monotonic() - begin < 10  # requests in progress would get twenty


def test_a_worker_that_can_not_start_ends_the_parent_with_a_sentence(folder, tmp_path):
    (tmp_path / "log").write_text("no folder")
    with working(folder, "--log", str(tmp_path / "log")) as (process, _):
        _, told = process.communicate(timeout=60)

    assert process.returncode == 2
    assert "A worker can't start" in told
    assert "Traceback" not in told


def test_a_port_that_is_taken_is_told(folder):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        command = [sys.executable, "-m", "workbench.scoring", "--bundle", str(folder), "--workers", "2",
                   "--port", str(taken.getsockname()[1])]  # fmt: skip
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)

    assert done.returncode == 2
    assert "can't be listened on" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_key_taken_back_counts_no_more_in_any_worker(folder, tmp_path):
    keys = Keys(tmp_path / "keys.json")
    token = {"X-API-Key": keys.add("billing", ["predict"])}
    with working(folder, "--keys", str(keys.path)) as (_, port):
        there = [HTTPConnection("127.0.0.1", port, timeout=60) for _ in range(6)]
        assert {asked(one, headers=token)[0] for one in there} == {200}

        keys.remove("billing")

        assert {asked(one, headers=token)[0] for one in there} == {401}


def test_the_rate_of_a_caller_holds_over_all_workers(folder):
    with working(folder, "--rate", "5") as (_, port):
        there = [HTTPConnection("127.0.0.1", port, timeout=60) for _ in range(6)]
        statuses = [asked(one)[0] for _ in range(10) for one in there]

    assert (
        6 <= statuses.count(200) <= 15
    )  # ten at once (some were asked before), and what comes meanwhile; two workers alone would let 20 in
    assert set(statuses) == {200, 429}


def test_arms_are_sticky_over_workers(folder, tmp_path):
    other = tmp_path / "shop" / "2"
    other.mkdir()
    make_bundle(other, 2)
    with working(folder, "--ab", f"{other}=0.5") as (_, port):
        there = connected(port, 4)
        rows = [{**GOOD, "customer": f"c{i}"} for i in range(20)]
        arms = [[asked(one, content=row)[1]["arm"] for one in there] for row in rows]

    assert all(len(set(of_row)) == 1 for of_row in arms)
    assert {arm for of_row in arms for arm in of_row} == {"champion", "version 2"}


def test_the_environment_says_how_many_workers(folder):
    with working(folder, workers=2, environment={"WORKBENCH_WORKERS": "3"}) as (process, _):
        assert len(workers_of(process)) == 2  # an argument wins
    assert Listen(workers=None).processes == 1


@pytest.mark.parametrize("text", ["0", "-1", "two", "10000"])
def test_a_number_of_workers_that_is_none_is_refused(monkeypatch, text):
    monkeypatch.setenv("WORKBENCH_WORKERS", text)

    with pytest.raises(BadParameter, match=r"(?i)workers"):
        _ = Listen().processes


@pytest.fixture
def parent(scorer) -> Workers:
    """One that has not begun."""
    return Workers(lambda traffic, kind: None, Traffic(scorer), Listen(workers=2))


def hand(parent: Workers, ready: bool = True, lived: float = 0.0) -> _Hand:
    one = _Hand(0, None, None, since=time.monotonic() - lived)
    one.ready = ready
    return one


def test_a_worker_that_dies_again_and_again_is_forked_ever_later(parent):
    pauses = [parent._pause_of(hand(parent)) for _ in range(10)]

    assert pauses[0] == 0
    assert pauses[1:4] == [0.5, 1.0, 2.0]
    assert pauses[-1] == LONGEST_PAUSE
    assert parent._pause_of(hand(parent, lived=2 * LONGEST_PAUSE)) == 0


class Process:
    """Stands for a worker's process."""

    pid, exitcode, killed = 7, -9, False

    def kill(self) -> None:
        self.killed = True

    def join(self, seconds: float) -> None: ...


@pytest.fixture
def pair(parent):
    """A worker as the parent knows it, and the worker's end."""
    ours, theirs = socket.socketpair()
    ours.settimeout(1)
    one = _Hand(0, Process(), ours)
    parent._begun, parent._counts = True, [0, 0]
    parent._hands[0] = one
    parent._selector.register(ours, selectors.EVENT_READ, one)
    yield one, theirs
    theirs.close()


def test_a_worker_that_does_not_move_any_more_is_ended_and_replaced(parent, pair):
    one, _ = pair
    one.ready, one.still = True, HUNG - 5
    parent._end_hung()
    assert not one.process.killed

    one.heard = time.monotonic() - 10  # it has not said so since
    parent._end_hung()

    assert one.process.killed
    assert parent._hands == {}
    assert list(parent._again) == [0]


def test_a_worker_that_was_just_forked_hears_what_was_decided_meanwhile(parent, pair, second):
    one, theirs = pair
    theirs.sendall(b'{"did": 1}\n')

    parent.follow(second)

    told = json.loads(theirs.recv(65536))
    assert not one.ready
    assert told["act"] == "stand"
    assert told["champion"]["folder"] == str(second.bundle.path)
    assert not one.process.killed


def test_a_worker_that_can_not_do_what_was_decided_is_forked_anew(parent, pair, second):
    one, theirs = pair
    theirs.sendall(b'{"did": 1, "error": "Damaged: it is broken"}\n')

    parent.follow(second)

    assert one.process.killed
    assert list(parent._again) == [0]


def test_an_arm_that_fails_in_one_worker_is_dropped_in_all(scorer, second):
    parent = Workers(lambda traffic, kind: None, Traffic(scorer, (Arm("b", second, 0.5),)), Listen(workers=2))

    parent._asked_drop({"arm": "b"})
    parent._asked_drop({"arm": "b"})

    assert parent.traffic.arms == ()


def test_a_parent_follows_and_rolls_back_as_a_service_does(parent, second, folder):
    parent.follow(second)
    assert parent.scorer is second

    parent._asked_rollback({})

    assert parent.scorer.bundle.version == 1
    assert parent.traffic.before is second
    assert isinstance(Scorer(folder), Scorer)


def test_the_counts_of_the_dead_are_counts_alone(parent):
    metrics = Metrics(lambda: {"workbench_model_version": {(): 9}})
    metrics.answered("/predict", 200, 0.1)
    told = {**metrics.state(), "gauges": {}}

    text = Metrics.of([told, told]).text()

    assert 'workbench_requests_total{path="/predict",status="200"} 2' in text
    assert not re.search(r"^workbench_model_version", text, re.MULTILINE)


def test_a_shared_bucket_fills_again():
    now = [0.0]
    rate = SharedRate(2, clock=lambda: now[0])

    assert [rate.wait("a") > 0 for _ in range(5)] == [False] * 4 + [True]
    now[0] = 0.5
    assert [rate.wait("a") > 0 for _ in range(2)] == [False, True]
    assert SharedRate(0).wait("a") == 0


def test_ever_new_callers_take_no_more_memory_and_the_latest_are_known(monkeypatch):
    now = [0.0]
    rate = SharedRate(1, clock=lambda: now[0])
    for i in range(2 * PARTS):
        now[0] += 1e-6
        rate.wait(f"from:{i}")
    for _ in range(3):
        now[0] += 1e-6
        last = rate.wait("from:new")

    assert last > 0
    assert len(rate._table) == PARTS * WAYS * 24


def test_processes_share_a_bucket():
    rate = SharedRate(50)
    children = []
    for _ in range(4):
        read, write = os.pipe()
        pid = os.fork()
        if pid == 0:
            allowed = sum(rate.wait("a") == 0 for _ in range(100))
            os.write(write, bytes([allowed]))
            os._exit(0)
        os.close(write)
        children.append((pid, read))
    allowed = [os.read(read, 1)[0] for _, read in children]
    for pid, read in children:
        os.waitpid(pid, 0)
        os.close(read)

    assert 100 <= sum(allowed) < 160  # a hundred at once, and what fills meanwhile
