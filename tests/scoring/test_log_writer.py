"""Records that are put are committed by a thread: soon, in order, and never half."""

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbench.errors import FormatVersion, StoreError
from workbench.scoring import log_writer
from workbench.scoring.log import PredictionLog

MANY = 32  # records of a batch
ROOT = Path(__file__).parents[2]
WRITER = """
import sys, time
from workbench.scoring.log import PredictionLog
log = PredictionLog(sys.argv[1])
for i in range(1_000_000):
    names = [f"{sys.argv[2]}-{i}-{k}" for k in range(int(sys.argv[3]))]
    log.put([{"id": name, "version": 1, "row": {"x": i}, "prediction": 0.5, "answer": "yes"} for name in names])
    print("put", i, flush=True)
    if i % 10 == 9:  # nobody asks for a commit: the log's own thread makes it
        while log.waiting: time.sleep(0.001)
        print("kept", i, flush=True)
"""
OLD = """
PRAGMA journal_mode=WAL;
CREATE TABLE records (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL, at TEXT NOT NULL, version INTEGER, row TEXT NOT NULL,
    prediction TEXT NOT NULL, answer TEXT NOT NULL, flags TEXT NOT NULL, latency_ms REAL);
CREATE TABLE labels (id TEXT PRIMARY KEY, label TEXT NOT NULL, at TEXT NOT NULL);
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
INSERT INTO records VALUES (1, 'a', '2013-01-01T00:00:00.000000+00:00', 1, '{"x": 1}', '0.5', '"no"', '[]', 0.1);
"""


def record(name: str, **changes) -> dict:
    return {"id": name, "version": 1, "row": {"x": 1}, "prediction": 0.5, "answer": "yes", **changes}


SECOND = """
ALTER TABLE records ADD COLUMN arm TEXT;
CREATE TABLE sealed (
    file TEXT PRIMARY KEY, sha256 TEXT NOT NULL, rows INTEGER NOT NULL, first TEXT NOT NULL, last TEXT NOT NULL);
CREATE TABLE sealed_ids (id TEXT PRIMARY KEY) WITHOUT ROWID;
PRAGMA user_version=2;
"""


def killed_writer(folder: Path, turn: int, many: int, before: str = "") -> tuple[int, int]:
    """How many parts a writer said that it had put, and that were committed, before it was killed."""
    command, lines = [sys.executable, "-c", before + WRITER, str(folder), str(turn), str(many)], []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as writer:
        for line in writer.stdout:
            lines.append(line)
            if line == f"put {40 + 17 * (turn % 10)}\n":
                break
        os.kill(writer.pid, signal.SIGKILL)
        lines += [text for text in writer.stdout if text.endswith("\n")]
    return tuple(1 + max(int(text.split()[1]) for text in lines if text.startswith(word)) for word in ("put", "kept"))


@pytest.mark.parametrize(("turns", "many"), [(3, 1), (3, MANY), pytest.param(30, 1, marks=pytest.mark.slow)])
def test_kill_9_costs_no_more_than_what_was_not_yet_flushed(tmp_path, turns, many):
    for turn in range(turns):
        put, kept = killed_writer(tmp_path, turn, many)
        names = [r["id"] for r in PredictionLog(tmp_path).read() if r["id"].startswith(f"{turn}-")]

        assert names == [f"{turn}-{i}-{k}" for i in range(len(names) // many) for k in range(many)], "in order, no gap"
        assert len(names) % many == 0, "all of a part, or nothing"
        assert kept <= len(names) // many <= put + 1, "one may have been put and not yet told"
    checked = sqlite3.connect(tmp_path / "log.sqlite").execute("PRAGMA integrity_check").fetchone()
    assert checked == ("ok",)


SMALL_BLOCKS = """
from workbench.scoring import log, log_lines
log.BLOCK = log_lines.BLOCK = 7
"""


@pytest.mark.slow
def test_kill_9_while_lines_become_blocks_loses_nothing_and_shows_nothing_twice(tmp_path):
    for turn in range(12):
        put, kept = killed_writer(tmp_path, turn, 1, SMALL_BLOCKS)
        names = [r["id"] for r in PredictionLog(tmp_path).read() if r["id"].startswith(f"{turn}-")]

        assert names == [f"{turn}-{i}-0" for i in range(len(names))]
        assert kept <= len(names) <= put + 1
    with sqlite3.connect(tmp_path / "log.sqlite") as file:
        assert file.execute("SELECT count(*) FROM blocks").fetchone()[0] > 12
    file.close()


def test_what_was_put_is_read_at_once(tmp_path):
    log = PredictionLog(tmp_path)
    log.put([record("a", arm="challenger"), record("b")])

    assert [(r["id"], r["arm"]) for r in log.read()] == [("a", "challenger"), ("b", None)]
    assert log.waiting == 0


def test_closing_commits_what_waits(tmp_path):
    log = PredictionLog(tmp_path)
    log.put([record(str(i)) for i in range(500)])
    log.close()

    assert PredictionLog(tmp_path).count() == 500


def test_a_full_disk_keeps_records_waiting_and_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(log_writer, "MOST_WAITING", 5)
    log = PredictionLog(tmp_path)
    log.store.connection.execute("PRAGMA max_page_count=1")  # SQLite then answers as on a full disk
    pages = log.store.connection.execute("PRAGMA page_count").fetchone()[0]
    log.store.connection.execute(f"PRAGMA max_page_count={pages + 1}")
    log.put([record("a", row={"x": "y" * 50_000})])

    assert not log.flush()
    assert log.failing
    log.put([record("b")])
    with pytest.raises(StoreError, match="Free some space"):
        log.put([record(str(i)) for i in range(5)])

    log.store.connection.execute("PRAGMA max_page_count=1000000")
    wait_until(lambda: log.waiting == 0)
    assert [r["id"] for r in log.read()] == ["a", "b"]
    assert not log.failing


@pytest.mark.parametrize("since", ["", SECOND], ids=["the first", "the second"])
def test_a_log_of_an_old_format_opens(tmp_path, since):
    with sqlite3.connect(tmp_path / "log.sqlite") as old:
        old.executescript(OLD + since)
    old.close()
    log = PredictionLog(tmp_path)
    log.append([record("b", arm="a")])
    log.append([record(f"many {i}") for i in range(MANY)])

    assert [(r["id"], r["arm"]) for r in log.read()][:2] == [("a", None), ("b", "a")]
    assert log.count() == MANY + 2
    assert log.label([("a", "no"), ("many 1", "no")]) == 2


def test_the_rows_of_a_batch_are_one_line_of_the_file_and_read_as_records(tmp_path):
    log = PredictionLog(tmp_path, sensitive=["name"])
    rows = [{"name": "Ada", "x": i} for i in range(MANY)]
    answers = [
        {"id": str(i), "version": 2, "prediction": [0.1, 0.9], "answer": "yes", "flags": ["a"]} for i in range(MANY)
    ]
    log.put([{**answer, "arm": "b"} for answer in answers], rows, 1.5)
    log.append([record("last")])

    *batch, last = log.read()
    hashed = batch[0]["row"]["name"]
    assert batch == [
        {**answer, "at": batch[0]["at"], "row": {"name": hashed, "x": i}, "latency_ms": 1.5, "arm": "b", "label": None}
        for i, answer in enumerate(answers)
    ]
    assert hashed.startswith("hash:")
    assert last["id"] == "last"
    assert log.read(since=last["at"]) == [last]
    file = sqlite3.connect(tmp_path / "log.sqlite")
    assert sorted(file.execute("SELECT rows FROM fresh")) == [(1,), (MANY,)]


PREDICTIONS = (0.5, float("nan"), [0.25, 0.75])
VALUES = st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats() | st.text(st.characters())
ROWS = st.lists(st.dictionaries(st.text(max_size=5), VALUES, max_size=4), min_size=MANY, max_size=MANY + 3)


@pytest.mark.slow
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS, own=st.text(st.characters(), min_size=1))
def test_a_batch_is_read_as_its_records_would_be_one_by_one(tmp_path, rows, own):
    log = PredictionLog(tmp_path / uuid4().hex)
    records = [record(f"{own}{i}", row=row, prediction=PREDICTIONS[i % 3]) for i, row in enumerate(rows)]
    log.put(records)
    together = log.read()
    for one in records:
        log.append([one])
    alone = log.read()[len(records) :]

    assert [{**r, "at": ""} for r in together] == [{**r, "at": ""} for r in alone]
    assert log.label([(together[0]["id"], 1)]) == 1
    log.close()


def test_a_log_of_a_newer_format_is_refused(tmp_path):
    PredictionLog(tmp_path).close()
    with sqlite3.connect(tmp_path / "log.sqlite") as newer:
        newer.execute("PRAGMA user_version=99")
    newer.close()

    with pytest.raises(FormatVersion, match="Upgrade"):
        PredictionLog(tmp_path)


@pytest.mark.slow
def test_a_put_waits_for_no_disk_and_what_waits_is_committed_together(tmp_path, monkeypatch):
    """Twenty thousand single records cost two commits, not as many; how long they take, a benchmark measures."""
    log, free, commits = PredictionLog(tmp_path), threading.Event(), []
    insert = log._writer._insert
    monkeypatch.setattr(
        log._writer, "_insert", lambda parts: (free.wait(60), commits.append(len(parts)), insert(parts))
    )
    for i in range(20_000):
        log.put([record(str(i))])

    assert log.waiting == 20_000
    free.set()
    assert log.flush()
    assert (log.count(), sum(commits)) == (20_000, 20_000)
    assert len(commits) <= 2


def wait_until(true, seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)
