"""Nobody waits for ever: a body that never begins, headers that never end, an answer that nobody reads."""

import asyncio
import json
import socket
import threading
import time

import pytest

from tests.scoring import sockets
from tests.scoring.sockets import LONG, all_of, client, listening
from workbench.scoring import http
from workbench.scoring.connection import PatientConnection
from workbench.scoring.http import Rejected, Request
from workbench.scoring.service import Service

GOOD = json.dumps({"customer": "c1", "age": 60, "city": "Ulm"}).encode()
POST = b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
SHORT = 0.3  # seconds of patience in these tests


@pytest.fixture(autouse=True)
def _impatient(limited):
    limited(header_seconds=SHORT, body_seconds=SHORT)


def body_of(receive) -> bytes:
    return asyncio.run(Request("POST", "/", {}, "", receive, "r").body())


async def never():
    await asyncio.Event().wait()


def test_a_body_that_never_begins_is_a_408():
    with pytest.raises(Rejected, match="longer than") as told:
        body_of(never)

    assert told.value.status == 408
    assert told.value.headers["Connection"] == "close"


def test_a_body_that_never_ends_is_a_408():
    messages = [{"type": "http.request", "body": b"{", "more_body": True}]

    async def receive():
        return messages.pop() if messages else await never()

    with pytest.raises(Rejected, match="longer than"):
        body_of(receive)


@pytest.mark.parametrize("pauses", [0, 1, 3])
def test_a_body_that_comes_late_but_in_time_is_read(pauses):
    async def receive():
        for _ in range(pauses):
            await asyncio.sleep(0.01)
        return {"type": "http.request", "body": b"{}", "more_body": False}

    assert body_of(receive) == b"{}"


def test_a_body_that_is_there_starts_no_clock(monkeypatch):
    async def receive():
        return {"type": "http.request", "body": b"{}", "more_body": False}

    monkeypatch.setattr(asyncio, "timeout", None)

    assert body_of(receive) == b"{}"


def test_a_request_that_is_cancelled_stops_what_it_waits_for():
    stopped = []

    async def receive():
        try:
            await never()
        finally:
            stopped.append(True)

    async def cancelled():
        task = asyncio.create_task(Request("POST", "/", {}, "", receive, "r").body())
        await asyncio.sleep(0.01)
        task.cancel()
        await task

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(cancelled())
    assert stopped == [True]


def test_a_fault_while_the_body_is_awaited_comes_through():
    async def receive():
        await asyncio.sleep(0.01)
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        body_of(receive)


@pytest.mark.parametrize("begun", [b"", GOOD[:5]])
def test_over_a_socket_a_body_that_does_not_come_is_a_408_and_the_end(scorer, begun):
    with listening(Service(scorer)) as port, client(port) as sock:
        sock.sendall(POST % len(GOOD) + begun)
        answer = all_of(sock)

    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"Send it again." in answer


@pytest.mark.parametrize("sent", [b"", b"POST /pre", b"GET /health HTTP/1.1\r\nHost: x\r\nX-Slow: "])
def test_headers_that_never_end_are_hung_up_on(scorer, sent):
    with listening(Service(scorer)) as port, client(port) as sock:
        sock.sendall(sent)

        assert all_of(sock) == b""


def trickle(sock: socket.socket) -> None:
    end = time.monotonic() + LONG
    while time.monotonic() < end:
        sock.sendall(b"x")
        time.sleep(0.02)


def test_headers_that_trickle_are_hung_up_on(scorer):
    with listening(Service(scorer)) as port, client(port) as sock:
        sock.sendall(b"GET /")
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            trickle(sock)


def test_what_comes_after_an_answer_and_is_no_request_is_hung_up_on(scorer):
    with listening(Service(scorer)) as port, client(port) as sock:
        sock.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
        first = sock.recv(65536)
        sock.sendall(b"GET /hea")

        assert first.startswith(b"HTTP/1.1 200 ")
        assert all_of(sock) == b""


@pytest.mark.slow
def test_an_answer_that_takes_longer_than_the_patience_is_waited_for():
    async def slow(scope, receive, send):
        await asyncio.sleep(2 * SHORT)
        await http.answer_json({"status": "ok"}).send(send, "r")

    with listening(slow) as port, client(port) as sock:
        sock.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")

        assert all_of(sock).startswith(b"HTTP/1.1 200 ")


def large(size: int, done: list):
    async def application(scope, receive, send):
        await http.Answer(b"x" * size).send(send, "r")
        done.append(await receive())

    return application


def test_an_answer_that_nobody_reads_is_dropped():
    lost = threading.Event()

    class Watched(PatientConnection):
        def connection_lost(self, exc):
            super().connection_lost(exc)
            lost.set()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sockets, "PatientConnection", Watched)
        with listening(large(50_000_000, [])) as port, client(port) as sock:
            sock.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")

            assert lost.wait(LONG)


@pytest.mark.slow
def test_a_slow_reader_gets_all_of_its_answer():
    with listening(large(20_000_000, [])) as port, client(port) as sock:
        sock.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        got, begin = 0, time.monotonic()
        while part := sock.recv(1_000_000):
            got += len(part)
            time.sleep(0.05)

    assert got > 20_000_000
    assert time.monotonic() - begin > SHORT


@pytest.mark.slow
def test_clients_who_keep_their_connection_are_answered_again_and_again(scorer):
    with listening(Service(scorer)) as port, client(port) as sock:
        for _ in range(3):
            sock.sendall(POST % len(GOOD) + GOOD)
            assert sock.recv(65536).startswith(b"HTTP/1.1 200 ")
            time.sleep(1.5 * SHORT)
