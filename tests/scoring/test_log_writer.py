"""Records that are put are committed by a thread: soon, in order, and never half."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from workbench.errors import FormatVersion, StoreError
from workbench.scoring import log as module
from workbench.scoring.log import FLUSH, PredictionLog

ROOT = Path(__file__).parents[2]
WRITER = """
import sys, time
from workbench.scoring.log import PredictionLog
log = PredictionLog(sys.argv[1])
for i in range(1_000_000):
    log.put([{"id": f"{sys.argv[2]}-{i}", "version": 1, "row": {"x": i}, "prediction": 0.5, "answer": "yes"}])
    print(i, time.monotonic(), flush=True)
    time.sleep(0.0005)
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


def killed_writer(folder: Path, turn: int) -> list[tuple[str, float]]:
    """What a writer said it had put, and when, before it was killed."""
    command = [sys.executable, "-c", WRITER, str(folder), str(turn)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as writer:
        for line in writer.stdout:
            if int(line.split()[0]) >= 40 + 17 * (turn % 10):
                break
        os.kill(writer.pid, signal.SIGKILL)
        rest = [text for text in writer.stdout if text.endswith("\n")]
    told = [text.split() for text in (line, *rest)]
    return [(f"{turn}-{i}", float(at)) for i, at in told]


@pytest.mark.parametrize("turns", [3, pytest.param(50, marks=pytest.mark.slow)])
def test_kill_9_costs_no_more_than_the_flush_interval(tmp_path, turns):
    lasts = []
    for turn in range(turns):
        said = killed_writer(tmp_path, turn)
        lasts.append(said[-1])
        kept = [r["id"] for r in PredictionLog(tmp_path).read() if r["id"].startswith(f"{turn}-")]

        assert kept == [f"{turn}-{i}" for i in range(len(kept))], "records are kept in order, without a gap"
        late = {name for name, at in said if at > said[-1][1] - FLUSH}
        assert {name for name, _ in said} - set(kept) <= late
    checked = sqlite3.connect(tmp_path / "log.sqlite").execute("PRAGMA integrity_check").fetchone()
    assert checked == ("ok",)


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
    monkeypatch.setattr(module, "MOST_WAITING", 5)
    log = PredictionLog(tmp_path)
    log._store.execute("PRAGMA max_page_count=1")  # SQLite then answers as on a full disk
    pages = log._store.execute("PRAGMA page_count").fetchone()[0]
    log._store.execute(f"PRAGMA max_page_count={pages + 1}")
    log.put([record("a", row={"x": "y" * 50_000})])

    assert not log.flush()
    assert log.failing
    log.put([record("b")])
    with pytest.raises(StoreError, match="Free some space"):
        log.put([record(str(i)) for i in range(5)])

    log._store.execute("PRAGMA max_page_count=1000000")
    wait_until(lambda: log.waiting == 0)
    assert [r["id"] for r in log.read()] == ["a", "b"]
    assert not log.failing


def test_a_log_of_the_first_format_opens(tmp_path):
    with sqlite3.connect(tmp_path / "log.sqlite") as old:
        old.executescript(OLD)
    old.close()
    log = PredictionLog(tmp_path)
    log.append([record("b", arm="a")])

    assert [(r["id"], r["arm"]) for r in log.read()] == [("a", None), ("b", "a")]
    assert log.label([("a", "no")]) == 1


def test_a_log_of_a_newer_format_is_refused(tmp_path):
    PredictionLog(tmp_path).close()
    with sqlite3.connect(tmp_path / "log.sqlite") as newer:
        newer.execute("PRAGMA user_version=99")
    newer.close()

    with pytest.raises(FormatVersion, match="Upgrade"):
        PredictionLog(tmp_path)


@pytest.mark.slow
def test_ten_thousand_single_records_a_second_of_processor_time(tmp_path):
    """Processor time, so that a busy machine does not decide; a put returns within 10 ms in 99 of 100 cases."""
    log, waits = PredictionLog(tmp_path), []
    began = time.process_time()
    for i in range(20_000):
        start = time.perf_counter()
        log.put([record(str(i))])
        waits.append(time.perf_counter() - start)
    log.flush()
    spent = time.process_time() - began

    assert log.count() == 20_000
    assert spent < 2.0
    assert sorted(waits)[int(0.99 * len(waits))] < 0.010


def wait_until(true, seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)
