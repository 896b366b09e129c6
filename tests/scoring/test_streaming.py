"""Rows of any number in one request: in order, as they come, in constant memory, whatever single ones are like."""

import asyncio
import io
import json
import socket
import struct
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from tests.scoring.odd_models import but_last_digits
from tests.scoring.sockets import LONG, all_of, client, listening
from tests.scoring.test_process import wait_until
from tests.scoring.test_workers import working
from workbench.errors import StoreError
from workbench.scoring import streaming
from workbench.scoring.http import Rejected
from workbench.scoring.log import PredictionLog
from workbench.scoring.service import Service
from workbench.scoring.streaming import Lines, Messages

arrow = pytest.importorskip("pyarrow")
ipc = pytest.importorskip("pyarrow.ipc")

LINES, ARROW = "application/x-ndjson", "application/vnd.apache.arrow.stream"
GOOD = {"customer": "c1", "age": 60, "city": "Ulm"}


@pytest.fixture
def log(tmp_path, scorer):
    there = PredictionLog(tmp_path / "log", scorer.sensitive)
    yield there
    there.close()


@pytest.fixture
def web(scorer, log) -> TestClient:
    return TestClient(Service(scorer, log))


def lines(web, content: bytes, query: str = "", kind: str = LINES) -> list[dict]:
    answer = web.post(f"/predict{query}", content=content, headers={"Content-Type": kind})
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == LINES
    return [json.loads(line) for line in answer.text.splitlines()]


def written(rows) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def arrow_of(batches) -> bytes:
    sink = io.BytesIO()
    with ipc.new_stream(sink, batches[0].schema) as writer:
        for batch in batches:
            writer.write_batch(batch)
    return sink.getvalue()


def table(ages):
    return arrow.record_batch(
        {"age": arrow.array(ages, arrow.int64()), "city": arrow.array(["Ulm"] * len(ages), "string")}
    )


def arrow_answer(web, content: bytes, query: str = ""):
    kinds = {"Content-Type": ARROW, "Accept": ARROW}
    answer = web.post(f"/predict{query}", content=content, headers=kinds)
    assert answer.status_code == 200, answer.text
    reader = ipc.open_stream(answer.content)
    rows, told = [], None
    while True:
        try:
            batch, metadata = reader.read_next_batch_with_custom_metadata()
        except StopIteration:
            return rows, told
        rows += batch.to_pylist()
        told = json.loads(metadata[b"summary"]) if metadata and b"summary" in metadata else told


@pytest.mark.parametrize("kind", ["application/x-ndjson", "application/jsonl; charset=utf-8"])
def test_each_line_is_answered_as_the_row_alone_is(web, log, kind):
    rows = [{**GOOD, "customer": f"c{i}", "age": 18 + i % 60} for i in range(2500)]
    alone = [web.post("/predict", json=row).json() for row in rows[:20]]

    *answers, last = lines(web, written(rows), kind=kind)

    assert but_last_digits(answers[:20]) == but_last_digits(alone)
    assert [answer["id"] for answer in answers] == [row["customer"] for row in rows]
    assert {name: last["summary"][name] for name in ("rows", "answered", "refused")} == {
        "rows": 2500, "answered": 2500, "refused": 0
    }  # fmt: skip
    assert log.count() == 2520


def test_the_last_line_needs_no_end_and_empty_ones_are_none(web):
    content = b"\n" + json.dumps(GOOD).encode() + b"\r\n\n  \n" + json.dumps(GOOD).encode()

    assert [answer.get("answer") for answer in lines(web, content)] == ["yes", "yes", None]
    assert lines(web, b"") == [{"summary": {"rows": 0, "answered": 0, "refused": 0, "seconds": 0.0}}]


def test_a_bad_line_is_told_in_its_place_and_the_others_are_answered(web, log):
    bad = [b'{"age": ', b"[]", b"7", b'{"age": 60}', b'{"age": "old", "city": "Ulm"}',
           b'{"age":1,"age":2,"city":"Ulm"}', b"\xff\xff", b"[" * 10_000]  # fmt: skip
    content = b"\n".join(line for one in bad for line in (json.dumps(GOOD).encode(), one))

    *answers, last = lines(web, content)

    assert ["error" in answer for answer in answers] == [False, True] * len(bad)
    assert answers[9]["problems"] == [{"field": "age", "expected": "a whole number", "got": "the text 'old'"}]
    assert (last["summary"]["answered"], last["summary"]["refused"]) == (len(bad), len(bad))
    assert log.count() == len(bad)


def test_reasons_may_be_left_out(web):
    assert [answer["reasons"] for answer in lines(web, written([GOOD]), "?reasons=0")[:-1]] == [[]]
    assert web.post("/predict?reasons=x", content=b"", headers={"Content-Type": LINES}).status_code == 400


def test_a_line_that_is_too_long_ends_the_stream_in_words(web, limited):
    limited(most_bytes=1000)

    *_, last = lines(web, written([GOOD]) + b'{"city": "' + b"U" * 5000 + b'"}\n' + written([GOOD]))

    assert last["summary"]["answered"] >= 1


def test_a_line_without_an_end_is_bounded(limited):
    limited(most_bytes=1000)

    async def pieces():
        while True:
            yield b"a" * 400

    async def read():
        return [rows async for rows in Lines().rows(pieces())]

    with pytest.raises(Rejected, match="longer than 1000 bytes"):
        asyncio.run(read())


def test_more_rows_than_a_request_may_have_are_no_matter(web, limited):
    limited(most_rows=10)

    assert lines(web, written([GOOD] * 30))[-1]["summary"]["answered"] == 30


def test_an_arrow_stream_is_answered_by_one(web, log):
    batches = [table([20, 60, 30]), table([61, 19])]

    rows, told = arrow_answer(web, arrow_of(batches), "?reasons=2")
    plain = web.post("/predict?reasons=2", content=arrow_of(batches), headers={"Content-Type": ARROW}).json()

    for row, one in zip(rows, plain["predictions"], strict=True):
        assert {name: row[name] for name in ("prediction", "answer", "probability", "flags", "version")} == {
            name: one[name] for name in ("prediction", "answer", "probability", "flags", "version")
        }
        assert [(r["column"], json.loads(r["value"]), r["added"]) for r in row["reasons"]] == [
            (r["column"], r["value"], r["added"]) for r in one["reasons"]
        ]
    assert {name: told[name] for name in ("rows", "answered", "refused")} == {"rows": 5, "answered": 5, "refused": 0}
    assert log.count() == 10


def test_a_large_batch_of_arrow_is_answered_in_parts(web, log):
    rows, told = arrow_answer(web, arrow_of([table(list(range(18, 68)) * 100)]), "?reasons=0")

    assert told["answered"] == len(rows) == log.count() == 5000
    assert rows[0]["answer"] == "no"


def test_dictionaries_of_arrow_may_grow_and_change(web):
    def encoded(cities):
        column = arrow.array(cities).dictionary_encode()
        return arrow.record_batch({"age": arrow.array([60] * len(cities), arrow.int64()), "city": column})

    rows, _ = arrow_answer(web, arrow_of([encoded(["Ulm", "Bonn"]), encoded(["Bonn"]), encoded(["Ulm", "Rome"])]))

    assert [row["flags"] for row in rows] == [[], [], [], [], ["unseen_category:city"]]


def test_a_bad_row_of_arrow_has_an_error_in_its_place(web):
    rows, told = arrow_answer(web, arrow_of([arrow.record_batch({"age": [20.0, 20.5, 60.0], "city": ["Ulm"] * 3})]))

    assert [row["error"] is None for row in rows] == [True, False, True]
    assert json.loads(rows[1]["problems"])[0]["field"] == "age"
    assert rows[1]["prediction"] is None
    assert (told["answered"], told["refused"]) == (2, 1)


@pytest.mark.parametrize(
    "content", [b"", b"no arrow at all", b"\xff\xff\xff\xff\xff\xff\xff\x7f", arrow_of([table([1])])[:-30]]
)
def test_what_is_no_arrow_stream_is_told_by_its_status(web, content):
    answer = web.post("/predict", content=content, headers={"Content-Type": ARROW, "Accept": ARROW})

    assert answer.status_code in (400, 413)
    assert "Arrow" in answer.json()["error"] or "message" in answer.json()["error"]


def test_an_arrow_stream_that_breaks_later_says_so_at_its_end(web):
    rows, told = arrow_answer(web, arrow_of([table([20]), table([60])])[:-30])

    assert [row["answer"] for row in rows] == ["no"]
    assert "not a whole" in told["error"]


def test_compressed_arrow_is_refused(web):
    sink = io.BytesIO()
    with ipc.new_stream(sink, table([1]).schema, options=ipc.IpcWriteOptions(compression="lz4")) as writer:
        writer.write_batch(table([20] * 1000))

    answer = web.post("/predict", content=sink.getvalue(), headers={"Content-Type": ARROW, "Accept": ARROW})

    assert answer.status_code == 400


def test_without_pyarrow_it_is_a_415(web, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)

    answer = web.post("/predict", content=b"", headers={"Content-Type": ARROW, "Accept": ARROW})

    assert answer.status_code == 415
    assert "pyarrow" in answer.json()["error"]


@given(st.lists(st.integers(1, 40), max_size=6), st.lists(st.integers(1, 300), min_size=1, max_size=30))
def test_wherever_a_stream_of_arrow_is_cut_its_batches_come_whole(sizes, cuts):
    batches = [table(list(range(size))) for size in sizes]
    content = arrow_of([*batches, table([])])
    messages, found, at = Messages(), [], 0
    for cut in [*cuts, len(content)]:
        for whole in messages.of(content[at : at + cut]):
            found += [batch.num_rows for batch in ipc.open_stream(whole)]
        at += cut
    messages.end()

    assert found == [*sizes, 0]


@given(st.binary(max_size=200), st.integers(0, 200), st.integers(0, 255))
def test_whatever_bytes_come_are_refused_or_read(noise, at, byte):
    content = bytearray(arrow_of([table([1, 2])]))
    content[at % len(content)] = byte

    for one in (noise, bytes(content)):
        assert status_of(one) in (None, 400, 413)


def status_of(content: bytes) -> int | None:
    messages = Messages()
    try:
        list(messages.of(content))
        messages.end()
    except Rejected as told:
        return told.status
    return None


def test_a_message_that_would_be_larger_than_a_body_is_refused_before_it_comes(limited):
    limited(most_bytes=1000)

    with pytest.raises(Rejected, match="larger than 1000 bytes"):
        list(Messages().of(struct.pack("<II", 0xFFFFFFFF, 2_000_000)))


@pytest.mark.parametrize(
    ("fault", "words"), [(StoreError("The log is full."), "The log is full."), (ValueError("secret"), streaming.FAILED)]
)
def test_what_fails_otherwise_is_told_line_by_line(scorer, monkeypatch, fault, words):
    service = Service(scorer)

    async def fail(*_):
        raise fault

    monkeypatch.setattr(service.answering, "score", fail)
    *answers, last = lines(TestClient(service), written([GOOD] * 3))

    assert [answer["error"] for answer in answers] == [words] * 3
    assert last["summary"]["refused"] == 3


def test_a_stream_waits_while_the_service_is_crowded(scorer, monkeypatch):
    service, asked = Service(scorer), []
    usual = service.answering.score

    async def score(rows, reasons):
        asked.append(len(rows))
        if len(asked) < 3:
            raise streaming.Crowded(1)
        return await usual(rows, reasons)

    monkeypatch.setattr(service.answering, "score", score)

    assert lines(TestClient(service), written([GOOD]))[0]["answer"] == "yes"
    assert asked == [1, 1, 1]


def test_a_stream_waits_for_the_log(scorer, log, monkeypatch):
    monkeypatch.setattr(streaming, "MOST_WAITING", -1)
    looks = iter([1, 1, -1])
    monkeypatch.setattr(PredictionLog, "waiting", property(lambda self: next(looks, -1)))

    assert lines(TestClient(Service(scorer, log)), written([GOOD]))[0]["answer"] == "yes"
    assert next(looks, None) is None


def test_requests_and_rows_of_streams_are_counted(web):
    lines(web, written([GOOD] * 7))

    text = web.get("/metrics").text

    assert 'workbench_requests_total{path="/predict",status="200"} 1' in text
    assert 'workbench_predictions_total{version="1"} 7' in text


HEAD = (
    f"POST /predict?reasons=0 HTTP/1.1\r\nHost: x\r\nContent-Type: {LINES}\r\nTransfer-Encoding: chunked\r\n\r\n"
).encode()


def chunk(content: bytes) -> bytes:
    return f"{len(content):x}\r\n".encode() + content + b"\r\n"


def until(sock, mark: bytes) -> bytes:
    content = b""
    while mark not in content and (part := sock.recv(65536)):
        content += part
    return content


def test_a_row_is_answered_before_the_next_is_sent(scorer):
    with listening(Service(scorer)) as port, client(port) as sock:
        sock.sendall(HEAD)
        for i in range(3):
            sock.sendall(chunk(written([{**GOOD, "customer": f"c{i}"}])))
            assert f'"id":"c{i}"'.encode() in until(sock, b"}\n\r\n")
        sock.sendall(chunk(b""))

        assert b'"summary"' in until(sock, b"0\r\n\r\n")
        sock.sendall(HEAD + chunk(written([GOOD])) + chunk(b""))  # the connection goes on
        assert b'"summary"' in until(sock, b"0\r\n\r\n")


def test_a_client_that_leaves_ends_the_work(scorer, log):
    service = Service(scorer, log)
    with listening(service) as port:
        sock = client(port)
        sock.sendall(HEAD + chunk(written([GOOD])))
        until(sock, b"}\n\r\n")
        sock.close()
        time.sleep(0.3)
        assert log.count() == 1
        wait_until(lambda: 'path="/predict",status="200"} 1' in service.metrics.text())


def test_a_client_that_reads_nothing_is_not_read_from(scorer):
    """Back-pressure: what it may send ahead is bounded."""
    part = chunk(written([GOOD] * 500))
    with listening(Service(scorer)) as port, client(port) as sock:
        sock.sendall(HEAD)
        sock.settimeout(2)

        assert sent_until_nothing_goes(sock, part) < 40_000_000


def sent_until_nothing_goes(sock, part: bytes) -> int:
    sent = 0
    try:
        while sent < 10**9:
            sock.sendall(part)
            sent += len(part)
    except TimeoutError:
        pass
    return sent


def test_a_pause_that_is_too_long_ends_the_stream_in_words(scorer, limited):
    limited(body_seconds=0.3, idle_seconds=0.2)
    with listening(Service(scorer)) as port, client(port) as sock:
        sock.sendall(HEAD + chunk(written([GOOD])))
        content = all_of(sock)

    assert content.count(b'"answer":"yes"') == 1
    assert b"Nothing came for 0.3 seconds" in content


@contextmanager
def posting(port: int, kind: str, content, accept: str):
    """A request whose body is written by a thread while its answer is read."""
    connection = HTTPConnection("127.0.0.1", port, timeout=300)
    connection.putrequest("POST", "/predict?reasons=0")
    for name, value in (("Content-Type", kind), ("Accept", accept), ("Transfer-Encoding", "chunked")):
        connection.putheader(name, value)
    connection.endheaders()
    writer = threading.Thread(target=lambda: [connection.send(chunk(part)) for part in (*content, b"")])
    writer.start()
    try:
        yield connection.getresponse()
    finally:
        writer.join(LONG)
        connection.close()


def memory(pid: int) -> float:
    """In MB, what a process holds."""
    text = Path(f"/proc/{pid}/status").read_text()
    return int(text.split("VmRSS:")[1].split()[0]) / 1024


def of_lines(rows: int):
    part = written([GOOD] * 5000)
    yield from (part for _ in range(rows // 5000))


def of_arrow(rows: int):
    whole = arrow_of([table([60] * 5000)])
    start = whole.index(b"\xff\xff\xff\xff", 8)
    yield whole[:start]  # the schema
    yield from (whole[start:-8] for _ in range(rows // 5000))


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "content"), [(LINES, of_lines), (ARROW, of_arrow)])
def test_a_million_rows_take_no_more_memory_than_a_few(folder, tmp_path, kind, content):
    if not Path("/proc/self/status").exists():
        pytest.skip("this system does not tell what a process holds")
    rows = 1_000_000
    with working(folder, "--log", str(tmp_path / "log"), workers=1, output=subprocess.DEVNULL) as (process, port):
        with posting(port, kind, content(20_000), kind) as answer:
            answer.read()
        before, most, last = memory(process.pid), 0.0, b""
        with posting(port, kind, content(rows), kind) as answer:
            while piece := answer.read(2**18):
                most, last = max(most, memory(process.pid)), (last + piece)[-5000:]
    print(f"{before:.0f} MB before, {most:.0f} MB at most")

    assert f'"answered":{rows}'.encode() in last.replace(b" ", b"")
    assert most - before < 50


def test_the_socket_of_a_stream_is_closed_at_the_end_of_the_service(scorer):
    with listening(Service(scorer)) as port:
        sock = client(port)
        sock.sendall(HEAD + chunk(written([GOOD])))
        until(sock, b"}\n\r\n")
        sock.shutdown(socket.SHUT_WR)
        assert b'"summary"' not in all_of(sock)  # it was cut, and does not look whole
        sock.close()
