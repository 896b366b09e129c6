"""Whatever goes wrong with the log's file is a sentence with what to do, at every door, and a status over HTTP."""

import errno
import os
import shutil
import sqlite3
import threading
from contextlib import closing, contextmanager, suppress

import pytest
from starlette.testclient import TestClient

from workbench.errors import Busy, Damaged, StoreError
from workbench.scoring import log_store, log_writer
from workbench.scoring.log import PredictionLog
from workbench.scoring.log_store import refusal
from workbench.scoring.service import Service

ROW = {"age": 36, "city": "Ulm"}
DOORS = {
    "append": lambda log: log.append([record("x")]),
    "label": lambda log: log.label([("a", "no")]),
    "known": lambda log: log.known(["a"]),
    "read": lambda log: log.read(),
    "chunks": lambda log: list(log.chunks("", "~")),
    "days": lambda log: log.days(),
    "versions": lambda log: log.versions("", "~"),
    "labels": lambda log: log.labels(),
    "said": lambda log: log.said(),
    "conflicts": lambda log: log.conflicts(["a"]),
    "prune": lambda log: log.prune("2100-01-01T00"),
    "bear": lambda log: log.bear("p", {}),
    "count": lambda log: log.count(),
    "any id": lambda log: log.any_id(),
}
WRITES = ("append", "label", "prune", "bear")


def record(name: str) -> dict:
    return {"id": name, "version": 1, "row": ROW, "prediction": 0.5, "answer": "yes"}


@pytest.fixture
def log(tmp_path, monkeypatch) -> PredictionLog:
    monkeypatch.setattr(log_store, "PATIENCE", 0.1)
    log = PredictionLog(tmp_path / "shop")
    log.append([record("a")])
    yield log
    with suppress(StoreError):
        log.close()


@contextmanager
def held(log: PredictionLog):
    """Another process writes, and takes its time."""
    with closing(sqlite3.connect(log.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


@pytest.mark.parametrize("door", WRITES)
def test_a_log_that_somebody_holds_is_waited_for_and_then_said_to_be_busy(log, door):
    with held(log), pytest.raises(Busy, match="Try again in a moment") as told:
        DOORS[door](log)

    assert told.value.retry_after == 1
    DOORS[door](log)


def test_a_thread_that_holds_the_log_is_not_waited_for_either(log):
    with log.store.turn(), pytest.raises(Busy):
        log.labels()


@pytest.mark.parametrize("door", sorted(set(DOORS) - set(WRITES)))
def test_readers_wait_for_no_writer(log, door):
    with held(log):
        DOORS[door](log)


@pytest.mark.parametrize("door", DOORS)
def test_a_malformed_file_is_damaged(tmp_path, door):
    PredictionLog(tmp_path).close()
    with closing(sqlite3.connect(tmp_path / "log.sqlite")) as file:
        file.execute("PRAGMA journal_mode=DELETE")
    content = bytearray((tmp_path / "log.sqlite").read_bytes())
    content[4096:] = os.urandom(len(content) - 4096)
    (tmp_path / "log.sqlite").write_bytes(content)

    with pytest.raises(Damaged, match="Restore a copy"):
        opened_and_asked(tmp_path, door)


def opened_and_asked(folder, door: str) -> None:
    """What is damaged may be seen when the log is opened, or not before it is asked."""
    log = PredictionLog(folder)
    try:
        DOORS[door](log)
    finally:
        log.store.connection.close()


@pytest.mark.parametrize("door", ["read", "chunks", "days", "versions", "count"])
def test_a_folder_that_was_taken_away_is_said_to_be_away(log, door):
    shutil.rmtree(log.path.parent)

    with pytest.raises(StoreError, match="not there any more") as told:
        DOORS[door](log)

    assert told.value.retry_after is None


@pytest.mark.parametrize("door", WRITES)
def test_a_full_disk_is_said_to_be_full_and_may_pass(log, door, monkeypatch):
    pages = log.store.connection.execute("PRAGMA page_count").fetchone()[0]
    log.store.connection.execute(f"PRAGMA max_page_count={pages}")
    monkeypatch.setitem(ROW, "text", "x" * 50_000)
    large = {"append": lambda: log.append([record("large")]), "label": lambda: log.label([("a", "x" * 50_000)])}

    with pytest.raises(StoreError, match="Free some space") as told:
        large.get(door, large["append"])()

    assert told.value.retry_after == 30


@pytest.mark.parametrize("door", WRITES)
def test_a_file_that_may_not_be_written_is_said_to_be_closed(log, door):
    log.store.connection.execute("PRAGMA query_only=1")

    with pytest.raises(StoreError, match="right to write") as told:
        DOORS[door](log)

    assert told.value.retry_after is None


@pytest.mark.parametrize("door", sorted(set(DOORS) - {"chunks", "read", "days", "versions", "count"}))
def test_a_log_that_was_closed_says_so(log, door):
    log.close()

    with pytest.raises(StoreError, match="was closed"):
        DOORS[door](log)


@pytest.mark.parametrize(
    ("code", "sentence", "wait"),
    [
        (errno.ENOSPC, "disk is full", 30), (errno.EDQUOT, "disk is full", 30), (errno.EROFS, "right to write", None),
        (errno.EACCES, "right to write", None), (errno.ENOENT, "not there any more", None), (errno.EIO, "fails", 30),
    ],
)  # fmt: skip
def test_what_the_system_says_is_said(code, sentence, wait):
    told = refusal(OSError(code, os.strerror(code), "/secret/place"), "shop")

    assert sentence in str(told)
    assert "/secret" not in str(told)
    assert told.retry_after == wait


def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(StoreError, match="can't be opened"):
        PredictionLog(tmp_path / "file" / "log")


@pytest.fixture
def client(scorer, log):
    with TestClient(Service(scorer, log), base_url="http://localhost") as client:
        yield client


def test_feedback_to_a_log_that_is_held_is_a_503_that_says_when_to_come_again(client, log):
    assert client.post("/predict", json=ROW).status_code == 200
    with held(log):
        answer = client.post("/feedback", json={"id": "a", "label": "no"})

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert "held by somebody else" in answer.text
    assert client.post("/feedback", json={"id": "a", "label": "no"}).json() == {"labels": 1, "known": 1}


def test_predictions_wait_for_nobody_while_the_log_is_held(client, log):
    with held(log):
        answers = [client.post("/predict", json=ROW) for _ in range(20)]

    assert {answer.status_code for answer in answers} == {200}
    assert log.flush() or log.flush()
    assert log.count() == 21


def test_what_a_log_that_is_full_of_waiting_records_answers_says_why(log, monkeypatch):
    monkeypatch.setattr(log_writer, "MOST_WAITING", 3)
    log.store.connection.execute("PRAGMA query_only=1")
    log.put([record("b")])
    log.flush()

    with pytest.raises(StoreError, match="right to write"):
        log.put([record(str(i)) for i in range(3)])

    log.store.connection.execute("PRAGMA query_only=0")
    assert wait_until(lambda: log.flush() and log.count() == 2)


def wait_until(true) -> bool:
    pause = threading.Event()
    return any(true() or pause.wait(0.05) for _ in range(200))
