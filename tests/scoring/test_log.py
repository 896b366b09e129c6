"""The prediction log loses nothing that it acknowledged, and keeps sensitive values to itself."""

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread

import numpy as np
import pytest

from workbench.scoring.log import PredictionLog

ROOT = Path(__file__).parents[2]
WRITER = """
import sys
from workbench.scoring.log import PredictionLog
log = PredictionLog(sys.argv[1])
for i in range(1_000_000):
    log.append([{"id": f"{sys.argv[2]}-{i}", "version": 1, "row": {"x": i}, "prediction": 0.5, "answer": "yes"}])
    print(i, flush=True)
"""


def record(name: str, **changes) -> dict:
    return {"id": name, "version": 1, "row": {"x": 1}, "prediction": 0.5, "answer": "yes", **changes}


def test_a_killed_writer_loses_no_acknowledged_record(tmp_path):
    acknowledged = []
    for turn in range(4):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path), str(turn)], stdout=subprocess.PIPE, text=True, cwd=ROOT
        )
        for line in writer.stdout:
            acknowledged.append(f"{turn}-{line.strip()}")
            if int(line) >= 20 + 13 * turn:
                break
        os.kill(writer.pid, signal.SIGKILL)
        acknowledged += [f"{turn}-{line.strip()}" for line in writer.stdout if line.endswith("\n")]
        writer.wait()

    kept = {r["id"] for r in PredictionLog(tmp_path).read()}

    assert set(acknowledged) <= kept
    assert len(kept) <= len(acknowledged) + 4


def test_labels_join_by_id_and_the_last_one_wins(tmp_path):
    log = PredictionLog(tmp_path)
    log.append([record("a"), record("b")])

    assert log.label([("a", "no"), ("unknown", "yes")]) == 1
    log.label([("a", "yes")])

    assert [(r["id"], r["label"]) for r in log.read()] == [("a", "yes"), ("b", None)]


def test_reading_since_a_moment(tmp_path):
    log = PredictionLog(tmp_path)
    log.append([record("old", at="2013-01-01T00:00:00Z"), record("new", at=datetime(2013, 6, 1, tzinfo=UTC))])

    assert [r["id"] for r in log.read(since="2013-03-01")] == ["new"]
    assert [r["id"] for r in log.read()] == ["old", "new"]


def test_sensitive_values_never_reach_the_disk(tmp_path):
    log = PredictionLog(tmp_path, sensitive=["name"])
    log.append([record(str(i), row={"name": "Lovelace", "x": i}) for i in range(2)])

    first, second = log.read()

    assert first["row"]["name"] == second["row"]["name"] != "Lovelace"
    assert all(b"Lovelace" not in path.read_bytes() for path in tmp_path.iterdir())


def test_numpy_values_and_missing_ones_are_plain_json(tmp_path):
    log = PredictionLog(tmp_path)
    row = {"a": np.float64(1.5), "b": float("nan"), "c": np.int64(3), "d": datetime(2013, 1, 1)}
    log.append([record("x", row=row, prediction=np.array([0.1, 0.9]), answer=np.bool_(True))])

    (kept,) = log.read()

    assert kept["row"] == {"a": 1.5, "b": None, "c": 3, "d": "2013-01-01T00:00:00"}
    assert (kept["prediction"], kept["answer"]) == ([0.1, 0.9], True)


def test_threads_and_two_logs_take_turns(tmp_path):
    logs = [PredictionLog(tmp_path), PredictionLog(tmp_path)]
    threads = [
        Thread(target=lambda log=log: [log.append([record("x")]) for _ in range(25)]) for log in logs for _ in (1, 2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert logs[0].count() == 100


def test_a_batch_is_kept_whole_or_not_at_all(tmp_path):
    log = PredictionLog(tmp_path)

    with pytest.raises(KeyError):
        log.append([record("good"), {"id": "bad"}])

    assert log.count() == 0


@pytest.mark.slow
def test_many_processes_open_a_new_log_at_once(tmp_path):
    """The first moment of a log is the one in which a switch to WAL used to fail."""
    code = f"from workbench.scoring.log import PredictionLog; PredictionLog({str(tmp_path)!r}).label([('a', 1)])"

    running = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(6)]

    assert [p.wait(60) for p in running] == [0] * 6
    assert [p.name for p in tmp_path.iterdir() if p.suffix == ".sqlite"] == ["log.sqlite"]
