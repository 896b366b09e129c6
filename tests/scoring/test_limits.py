"""What one client may take: every bound is an option, holds over a real socket, and tells a clean sentence."""

import argparse
import http.client
import json
import socket
import ssl
import threading
import time
import urllib.error
import urllib.request

import pytest
import requests

from tests.scoring.sockets import LONG, all_of, client, listening
from workbench.errors import BadParameter
from workbench.scoring.limits import SPARE, Limits, in_force
from workbench.scoring.service import Service

GOOD = json.dumps({"customer": "c1", "age": 60, "city": "Ulm"}).encode()
KIND = {"Content-Type": "application/json"}
LARGE = 20_000_000  # bytes: far more than sockets hold for anyone


@pytest.fixture
def port(scorer, limited):
    limited(most_bytes=1_000_000, header_seconds=2, body_seconds=10, idle_seconds=0.5)
    with listening(Service(scorer)) as there:
        yield there


def ask(port: int, content: bytes) -> bytes:
    with client(port) as sock:
        sock.sendall(content)
        return all_of(sock)


def post(headers: str, body: bytes = b"", path: str = "/predict") -> bytes:
    return f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n{headers}\r\n".encode() + body


def is_told(answer: bytes, status: int, words: str) -> bool:
    head, _, body = answer.partition(b"\r\n\r\n")
    closes = b"connection: close" in head.lower()
    return head.startswith(f"HTTP/1.1 {status} ".encode()) and words in json.loads(body)["error"] and closes


def test_an_argument_wins_over_the_environment_and_that_over_the_default():
    environment = {"WORKBENCH_MOST_ROWS": "5", "WORKBENCH_BODY_SECONDS": "1.5", "WORKBENCH_MOST_BYTES": ""}

    limits = Limits.of({"most_rows": 7, "body_seconds": None}, environment)

    assert (limits.most_rows, limits.body_seconds, limits.most_bytes) == (7, 1.5, Limits().most_bytes)


@pytest.mark.parametrize("name", list(vars(Limits())))
def test_every_bound_is_an_option(name):
    parser = argparse.ArgumentParser()
    Limits.add_arguments(parser)
    value = type(getattr(Limits(), name))(1000)

    given = parser.parse_args([f"--{name.replace('_', '-')}", str(value)])

    assert vars(Limits.of(vars(given), {}))[name] == value


@pytest.mark.parametrize("text", ["many", "0", "-1", "nan", "1e400"])
def test_a_bound_that_is_none_is_refused_with_its_name(text):
    with pytest.raises(BadParameter, match=r"(?i)most_rows is a number"):
        Limits.of({}, {"WORKBENCH_MOST_ROWS": text})


def test_a_process_takes_no_more_connections_than_it_may_open_files():
    resource = pytest.importorskip("resource")
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if files == resource.RLIM_INFINITY or files > 10**6:
        pytest.skip("this system has no such bound")

    assert Limits(most_connections=10**6).fitting().most_connections == files - SPARE
    assert Limits(most_connections=3).fitting().most_connections == 3


def test_a_thousand_rows_of_five_hundred_numbers_fit_by_default():
    row = {f"sensor_reading_{i:03d}": -0.12345678901234567 - i for i in range(500)}

    assert len(json.dumps({"rows": [row] * 1000})) < Limits().most_bytes
    assert Limits().most_rows >= 1000


def test_a_body_that_is_too_large_is_a_413_for_urllib(port):
    request = urllib.request.Request(f"http://127.0.0.1:{port}/predict", b" " * LARGE, KIND)

    with pytest.raises(urllib.error.HTTPError) as told:
        urllib.request.urlopen(request, timeout=LONG)
    with told.value as answer:
        assert answer.code == 413
        assert "larger than 1000000 bytes" in json.load(answer)["error"]


def test_and_for_http_client_in_chunks(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=LONG)
    chunks = (b" " * 2**20 for _ in range(LARGE // 2**20))
    connection.request("POST", "/predict", chunks, KIND, encode_chunked=True)

    assert connection.getresponse().status == 413
    connection.close()


def test_and_for_requests(port):
    answer = requests.post(f"http://127.0.0.1:{port}/predict", data=b" " * LARGE, headers=KIND, timeout=LONG)

    assert answer.status_code == 413
    assert answer.json()["error_code"] == "BAD_REQUEST"


@pytest.mark.parametrize("more", ["", "Connection: close\r\n"])
def test_and_for_one_who_sends_all_before_reading(port, more):
    assert is_told(ask(port, post(f"Content-Length: {LARGE}\r\n{more}", b" " * LARGE)), 413, "larger")


def test_one_who_asks_before_sending_is_told_not_to(port):
    with client(port) as sock:
        sock.sendall(post(f"Content-Length: {LARGE}\r\nExpect: 100-continue\r\n"))

        assert is_told(all_of(sock), 413, "larger")


def test_one_who_asks_before_sending_what_fits_may(port):
    with client(port) as sock:
        sock.sendall(post(f"Content-Length: {len(GOOD)}\r\nExpect: 100-continue\r\n"))
        assert sock.recv(1000).startswith(b"HTTP/1.1 100 ")
        sock.sendall(GOOD)

        assert sock.recv(65536).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(("path", "status"), [("/nowhere", 404), ("/contract", 405)])
def test_whatever_is_refused_before_its_body_came_is_told_too(port, path, status):
    answer = ask(port, post(f"Content-Length: {LARGE}\r\nConnection: close\r\n", b" " * LARGE, path))

    assert answer.startswith(f"HTTP/1.1 {status} ".encode())


def send_for_ever(sock: socket.socket, content: bytes, pause: float = 0.0) -> None:
    end = time.monotonic() + LONG
    while time.monotonic() < end:
        sock.sendall(content)
        time.sleep(pause)


def test_one_who_never_stops_sending_is_hung_up_on(port, monkeypatch):
    monkeypatch.setattr("workbench.scoring.connection.MOST_THROWN", 10_000_000)
    with client(port) as sock:
        sock.sendall(post("Transfer-Encoding: chunked\r\n"))
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            send_for_ever(sock, b"100000\r\n" + b" " * 2**20 + b"\r\n")


def test_one_who_is_told_and_stays_silent_is_hung_up_on(port):
    with client(port) as sock:
        sock.sendall(post(f"Content-Length: {LARGE}\r\n", b" " * 1000))
        assert all_of(sock)  # until our side is closed
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            send_for_ever(sock, b" ", pause=0.6)  # longer than one may be


def test_a_small_body_that_is_not_wanted_keeps_the_connection(port):
    with client(port) as sock:
        for _ in range(2):
            sock.sendall(post(f"Content-Length: {len(GOOD)}\r\n", GOOD, "/nowhere"))
            assert sock.recv(65536).startswith(b"HTTP/1.1 404 ")


@pytest.mark.parametrize("pieces", [1, 50])
@pytest.mark.parametrize(
    ("head", "status", "words"),
    [
        (b"GET /" + b"a" * 9_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414, "address is longer"),
        (b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414, "address is longer"),
        (b"GET /health HTTP/1.1\r\nHost: x\r\nX-A: " + b"a" * 40_000 + b"\r\n\r\n", 431, "more than 32768 bytes"),
        (b"GET /health HTTP/1.1\r\nHost: x\r\n" + b"X-A: a\r\n" * 200 + b"\r\n", 431, "headers, at most 100"),
        (b"GET /health HTTP/1.1\r\nHost: x\r\nX-A: " + b"a" * 300_000, 431, "more than 32768 bytes"),
        (b"GET /" + b"a" * 300_000, 414, "address is longer"),
    ],
)
def test_a_head_that_is_too_large_is_told_so(port, head, status, words, pieces):
    with client(port) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        size = -(-len(head) // pieces)
        for start in range(0, len(head), size):
            sock.sendall(head[start : start + size])

        assert is_told(all_of(sock), status, words)


@pytest.mark.parametrize("body", [b"", b"a" * 50_000])
def test_a_head_just_within_its_bounds_is_answered(port, body):
    """However much of a body comes with it."""
    headers = "".join(f"X-{i}: {'a' * 300}\r\n" for i in range(90))
    with client(port) as sock:
        sock.sendall(post(f"{headers}Content-Length: {len(body)}\r\n", body))

        assert sock.recv(65536).startswith(b"HTTP/1.1 400 ")  # which says that this is no JSON


def test_connections_beyond_those_there_may_be_get_a_503_but_for_probes(scorer, limited):
    limited(most_connections=2, header_seconds=5)
    with listening(Service(scorer)) as port, client(port) as first, client(port) as second:
        for sock in (first, second):
            sock.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
            assert sock.recv(65536).startswith(b"HTTP/1.1 200 ")

        assert is_told(ask(port, post(f"Content-Length: {len(GOOD)}\r\n", GOOD)), 503, "too many connections")
        assert b" 200 OK" in ask(port, b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        first.close()
        again = post(f"Content-Length: {len(GOOD)}\r\nConnection: close\r\n", GOOD)
        assert eventually(lambda: b" 200 OK" in ask(port, again))


def eventually(true) -> bool:
    end = time.monotonic() + LONG
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def test_twice_as_many_are_hung_up_on_without_a_word(scorer, limited):
    limited(most_connections=1, header_seconds=LONG)
    with listening(Service(scorer)) as port, client(port), client(port), client(port) as third:
        assert all_of(third) == b""


@pytest.mark.parametrize("sent", [b"", b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"])
def test_a_connection_that_pauses_is_closed_in_its_time(scorer, limited, sent):
    limited(idle_seconds=0.2, header_seconds=0.3)
    with listening(Service(scorer)) as port, client(port) as sock:
        sock.sendall(sent)

        assert all_of(sock).startswith(b"HTTP/1.1 200 " if sent else b"")


def test_many_slow_clients_keep_nobody_waiting(scorer, limited):
    """Slowloris: headers that trickle from many connections at once."""
    limited(header_seconds=1.0)
    with listening(Service(scorer)) as port:
        slow = [client(port) for _ in range(100)]
        for sock in slow:
            sock.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\nX-A: ")
        answer = ask(port, post(f"Content-Length: {len(GOOD)}\r\nConnection: close\r\n", GOOD))
        ends = [all_of(sock) for sock in slow]
        for sock in slow:
            sock.close()

    assert answer.startswith(b"HTTP/1.1 200 ")
    assert ends == [b""] * 100


def test_what_is_refused_is_told_over_tls_too(scorer, limited, tmp_path):
    """A side of TLS can't be closed alone."""
    import subprocess
    import sys
    from pathlib import Path

    from workbench.core.ports import free_port

    key, certificate, place = tmp_path / "key.pem", tmp_path / "certificate.pem", free_port()
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate]
    try:
        subprocess.run([*made, "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"],
                       check=True, capture_output=True)  # fmt: skip
    except FileNotFoundError:
        pytest.skip("openssl is not here")
    command = [sys.executable, "-m", "workbench.scoring", "--bundle", str(scorer.bundle.path), "--port", str(place),
               "--certificate", str(certificate), "--certificate-key", str(key), "--most-bytes", "1000"]  # fmt: skip
    process = subprocess.Popen(command, cwd=Path(__file__).parents[2])
    try:
        context = ssl.create_default_context(cafile=str(certificate))
        assert eventually(lambda: large_over_tls(place, context) == 413)
    finally:
        process.terminate()
        process.wait(60)


def large_over_tls(port: int, context: ssl.SSLContext) -> int | None:
    request = urllib.request.Request(f"https://127.0.0.1:{port}/predict", b" " * LARGE, KIND)
    try:
        urllib.request.urlopen(request, timeout=LONG, context=context)
    except urllib.error.HTTPError as error:
        with error:
            return error.code
    except urllib.error.URLError as error:
        if isinstance(error.reason, ConnectionRefusedError):
            return None  # it has not begun
        raise


def test_the_bounds_of_a_process_are_those_it_was_given(limited):
    limited(most_rows=3)
    seen = []
    thread = threading.Thread(target=lambda: seen.append(in_force().most_rows))
    thread.start()
    thread.join()

    assert seen == [3]
