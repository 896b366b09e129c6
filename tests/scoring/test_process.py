"""The service as a process: signals, a graceful end, TLS, and its own description fuzzed from outside."""

import json
import os
import signal
import ssl
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from threading import Event
from urllib.request import urlopen

import pytest

from tests.scoring.conftest import make_bundle
from workbench.core.ports import free_port
from workbench.scoring.log import PredictionLog

ROOT = Path(__file__).parents[2]
GOOD = {"age": 60, "city": "Ulm"}


@contextmanager
def serving(folder, *options):
    port = free_port()
    command = [sys.executable, "-m", "workbench.scoring", "--bundle", str(folder), "--port", str(port), *options]
    clean = {k: v for k, v in os.environ.items() if not k.startswith("WORKBENCH_API")}
    process = subprocess.Popen(command, cwd=ROOT, env=clean, stderr=subprocess.PIPE, text=True)
    try:
        wait_until(lambda: answers(port) or process.poll() is not None)
        yield process, port
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def wait_until(true, seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def answers(port: int) -> bool:
    try:
        return ask(port, "GET", "/ready")[0] in (200, 421)
    except OSError:
        return False


def ask(port: int, method: str, path: str, content=None) -> tuple[int, dict]:
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(method, path, json.dumps(content), {"Content-Type": "application/json"})
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()


def ask_until(stop: Event, port: int) -> list[tuple[int, int]]:
    found = []
    while not stop.is_set():
        status, answer = ask(port, "POST", "/predict", GOOD)
        found.append((status, answer.get("version")))
    return found


def test_a_hangup_switches_versions_without_a_lost_request(folder):
    with serving(folder) as (process, port), ThreadPoolExecutor(3) as pool:
        stop = Event()
        clients = [pool.submit(ask_until, stop, port) for _ in range(3)]
        make_bundle(folder, 2)
        process.send_signal(signal.SIGHUP)
        wait_until(lambda: ask(port, "GET", "/ready")[1]["version"] == 2)
        stop.set()
        found = [answer for client in clients for answer in client.result(60)]

    assert {status for status, _ in found} == {200}
    assert {version for _, version in found} <= {1, 2}


@pytest.mark.slow
def test_the_end_is_graceful_and_the_log_is_whole(folder, tmp_path):
    with serving(folder, "--log", str(tmp_path / "log")) as (process, port):
        slow = HTTPConnection("127.0.0.1", port, timeout=60)
        body = json.dumps(GOOD).encode()
        slow.putrequest("POST", "/predict")
        slow.putheader("Content-Type", "application/json")
        slow.putheader("Content-Length", str(len(body)))
        slow.endheaders()
        slow.send(body[:5])
        for _ in range(20):
            assert ask(port, "POST", "/predict", GOOD)[0] == 200
        process.send_signal(signal.SIGTERM)
        slow.send(body[5:])

        assert slow.getresponse().status == 200
        slow.close()
        assert process.wait(60) in (0, -signal.SIGTERM)
    assert PredictionLog(tmp_path / "log").count() == 21


def test_a_second_signal_ends_it_at_once_and_the_log_is_whole(folder, tmp_path):
    with serving(folder, "--log", str(tmp_path / "log")) as (process, port):
        slow = HTTPConnection("127.0.0.1", port, timeout=60)
        slow.putrequest("POST", "/predict")
        slow.putheader("Content-Type", "application/json")
        slow.putheader("Content-Length", "1000")
        slow.endheaders()
        assert ask(port, "POST", "/predict", GOOD)[0] == 200
        process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        begin = time.monotonic()
        process.wait(60)
        slow.close()

    assert time.monotonic() - begin < 10  # requests in progress would get twenty
    assert PredictionLog(tmp_path / "log").count() == 1


def test_a_body_without_a_length_has_the_same_limit(folder):
    with serving(folder, "--most-bytes", "1000000") as (_, port):
        connection = HTTPConnection("127.0.0.1", port, timeout=60)
        chunks = (b" " * 2**20 for _ in range(11))
        connection.request("POST", "/predict", chunks, {"Content-Type": "application/json"}, encode_chunked=True)

        assert connection.getresponse().status == 413
        assert ask(port, "POST", "/predict", GOOD)[0] == 200


@pytest.mark.slow
def test_listening_everywhere_without_a_key_is_refused(folder):
    with serving(folder, "--host", "0.0.0.0") as (process, _):
        _, told = process.communicate(timeout=60)

    assert process.returncode == 2
    assert "--open-to-all" in told
    assert "Traceback" not in told


@pytest.mark.slow
def test_tls_is_an_option(folder, tmp_path):
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate]
    try:
        subprocess.run([*made, "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"],
                       check=True, capture_output=True)  # fmt: skip
    except FileNotFoundError:
        pytest.skip("openssl is not here")
    port = free_port()
    command = [sys.executable, "-m", "workbench.scoring", "--bundle", str(folder), "--port", str(port),
               "--certificate", str(certificate), "--certificate-key", str(key)]  # fmt: skip
    process = subprocess.Popen(command, cwd=ROOT)
    try:
        context = ssl.create_default_context(cafile=str(certificate))
        wait_until(lambda: secured(port, context))
    finally:
        process.terminate()
        process.wait(60)


def secured(port: int, context: ssl.SSLContext) -> bool:
    try:
        with urlopen(f"https://127.0.0.1:{port}/ready", context=context, timeout=5) as response:
            return response.status == 200
    except OSError:
        return False


@pytest.mark.slow
def test_schemathesis_finds_nothing(folder, tmp_path):
    """Every address of the description, with fitting and unfitting requests."""
    with serving(folder, "--log", str(tmp_path / "log")) as (_, port):
        command = [sys.executable, "-m", "schemathesis.cli", "run", f"http://127.0.0.1:{port}/openapi.json"]
        options = ["--checks", "all", "--max-examples", "60", "--seed", "1", "--generation-database", "none"]
        done = subprocess.run([*command, *options], capture_output=True, text=True, cwd=tmp_path)

    assert done.returncode == 0, done.stdout[-6000:]
