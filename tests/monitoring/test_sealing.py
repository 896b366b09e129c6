"""Sealed hours are read as if they were still open, a changed one is refused, and nobody waits for a sealer."""

import errno
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from workbench.errors import Damaged, StoreError
from workbench.monitoring import sealing
from workbench.monitoring.sealing import seal
from workbench.scoring.log import PredictionLog

MANY = 32  # records of a batch
NOW = datetime(2026, 3, 1, 12, 5, tzinfo=UTC)
MOMENTS = ["2026-03-01T09:10", "2026-03-01T10:20", "2026-03-01T10:50", "2026-03-01T11:59", "2026-03-01T12:01"]


@pytest.fixture
def log(tmp_path) -> PredictionLog:
    log = PredictionLog(tmp_path)
    records = [
        {"id": str(i), "at": at, "version": 1, "row": {"x": i}, "prediction": 0.5, "answer": "yes", "latency_ms": 0.2}
        for i, at in enumerate(MOMENTS)
    ]
    log.append(records)
    log.label([("1", "no")])
    return log


def test_closed_hours_are_sealed_once_and_read_as_before(log, tmp_path):
    before = log.read()

    assert (seal(tmp_path, NOW), seal(tmp_path, NOW)) == (3, 0)
    assert sorted(p.name for p in (tmp_path / "sealed").iterdir()) == [
        "2026-03-01T09.parquet",
        "2026-03-01T10.parquet",
    ]
    assert log.read() == before
    assert log.count() == 5
    assert [r["id"] for r in log.read(since="2026-03-01T10:30")] == ["2", "3", "4"]


def test_labels_of_sealed_records_are_known(log, tmp_path):
    seal(tmp_path, NOW)

    assert log.label([("0", "yes"), ("9", "yes")]) == 1
    assert [r["label"] for r in log.read()] == ["yes", "no", None, None, None]


def test_a_late_record_of_a_sealed_hour_gets_a_file_of_its_own(log, tmp_path):
    seal(tmp_path, NOW)
    log.append([{"id": "late", "at": "2026-03-01T10:30", "row": {}, "prediction": 0.1}])

    assert seal(tmp_path, NOW) == 1
    assert [r["id"] for r in log.read()] == ["0", "1", "late", "2", "3", "4"]


def test_batches_are_sealed_too(tmp_path):
    log = PredictionLog(tmp_path)
    log.append([{"id": f"a{i}", "row": {"x": i}, "prediction": 0.5, "flags": ["f"]} for i in range(MANY)])
    before = log.read()

    assert seal(tmp_path, datetime.now(UTC) + timedelta(hours=2)) == MANY
    assert log.read() == before
    assert log.count() == MANY
    assert log.label([("a1", "no"), ("b", "no")]) == 1
    assert log.read(since="2100-01-01") == []


def test_a_sealer_that_dies_after_its_file_loses_nothing(log, tmp_path, monkeypatch):
    before = log.read()
    monkeypatch.setattr(sealing, "file_hash", lambda path: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        seal(tmp_path, NOW)
    monkeypatch.undo()

    assert log.read() == before
    assert seal(tmp_path, NOW) == 3
    assert log.read() == before


def test_a_changed_sealed_file_is_refused(log, tmp_path):
    seal(tmp_path, NOW)
    path = tmp_path / "sealed" / "2026-03-01T09.parquet"
    content = bytearray(path.read_bytes())
    content[20] ^= 1
    path.write_bytes(content)

    with pytest.raises(Damaged, match="2026-03-01T09"):
        log.read()


def test_pages_carry_checksums(log, tmp_path):
    seal(tmp_path, NOW)

    table = pq.read_table(tmp_path / "sealed" / "2026-03-01T10.parquet", page_checksum_verification=True)
    assert table["id"].to_pylist() == ["1", "2"]


STEPS = ["fold_once", "_write", "file_hash", "sync_folder", "_exchange", "_clear"]


@pytest.mark.parametrize("step", STEPS)
def test_a_sealer_that_dies_before_any_step_loses_nothing_and_reads_nothing_twice(log, tmp_path, monkeypatch, step):
    before = log.read()
    with monkeypatch.context() as patch:
        place = "workbench.scoring.log" if step == "fold_once" else "workbench.monitoring.sealing"
        patch.setattr(f"{place}.{step}", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            seal(tmp_path, NOW)
        assert log.read() == before

    assert seal(tmp_path, NOW) == 3
    assert log.read() == before
    assert contents(log) == 0
    assert not list((tmp_path / "sealed").glob(".*"))


def contents(log: PredictionLog) -> int:
    with log.store.turn() as store:
        return store.execute("SELECT count(*) FROM contents").fetchone()[0]


KILLED = """
import os, signal, sys
from datetime import datetime
from workbench.monitoring import sealing
from workbench.scoring import log
place = log if sys.argv[2] == "fold_once" else sealing
step, calls = getattr(place, sys.argv[2]), []
def killed(*given, **named):
    done = step(*given, **named)
    calls.append(1)
    if len(calls) == int(sys.argv[3]):
        os.kill(os.getpid(), signal.SIGKILL)
    return done
setattr(place, sys.argv[2], killed)
sealing.seal(sys.argv[1], datetime.fromisoformat("2026-03-01T12:15+00:00"))
"""


@pytest.mark.slow
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("turn", ["1", "2"])
def test_a_sealer_that_is_killed_after_any_step_loses_nothing(log, tmp_path, step, turn):
    before = log.read()
    killed = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path), step, turn], cwd=Path(__file__).parents[2])

    assert killed.returncode == -signal.SIGKILL
    assert log.read() == before
    seal(tmp_path, NOW)
    assert log.read() == before
    assert len(list((tmp_path / "sealed").iterdir())) == 2


def test_a_disk_that_is_full_while_a_file_is_written_leaves_the_log_as_it_was(log, tmp_path, monkeypatch):
    before = log.read()

    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full)
        with pytest.raises(StoreError, match="Free some space"):
            seal(tmp_path, NOW)

    assert log.read() == before
    assert not [path.name for path in (tmp_path / "sealed").iterdir()]
    assert seal(tmp_path, NOW) == 3


def test_of_two_sealers_one_leaves_it_to_the_other(log, tmp_path):
    before = log.read()
    with ThreadPoolExecutor(4) as pool:
        rows = list(pool.map(lambda _: seal(tmp_path, NOW), range(4)))

    assert sum(rows) == 3
    assert log.read() == before


def test_who_writes_reads_and_labels_while_a_file_is_written_waits_for_nobody(log, tmp_path, monkeypatch):
    monkeypatch.setattr("workbench.scoring.log_store.PATIENCE", 0.2)
    write, seen = sealing._write, []

    def meanwhile(*given):
        write(*given)
        log.append([{"id": f"new {len(seen)}", "at": "2026-03-01T12:02", "row": {}, "prediction": 0.5}])
        seen.append((log.label([("0", "yes")]), len(log.read())))

    monkeypatch.setattr(sealing, "_write", meanwhile)

    assert seal(tmp_path, NOW) == 3
    assert seen == [(1, 6), (1, 7)]
    assert len(log.read()) == 7


def test_a_reader_that_began_before_a_seal_reads_each_record_once(log, tmp_path):
    chunks = log.chunks("", "~", 1)
    first = next(chunks)

    seal(tmp_path, NOW)

    assert [r["id"] for records in [first, *chunks] for r in records] == ["0", "1", "2", "3", "4"]
    assert [r["id"] for records in log.chunks("", "~", 1) for r in records] == ["0", "1", "2", "3", "4"]


def test_rows_of_any_shape_are_sealed_as_they_were(tmp_path, monkeypatch):
    monkeypatch.setattr(sealing, "MOST_NAMES", 3)
    log = PredictionLog(tmp_path)
    for hour, rows in enumerate([[{"a": 1}, {}, {"b": None, "a": "x"}], [{}], [{str(i): i} for i in range(5)]]):
        log.append([
            {"id": f"{hour} {i}", "at": f"2026-03-01T0{hour}:10", "row": row, "prediction": [0.1, 0.9], "answer": True}
            for i, row in enumerate(rows)
        ])  # fmt: skip
    before = log.read()

    assert seal(tmp_path, NOW) == 9
    assert log.read() == before


def test_a_sealed_hour_is_a_table_that_others_read(log, tmp_path):
    seal(tmp_path, NOW)

    table = pq.read_table(tmp_path / "sealed" / "2026-03-01T10.parquet")
    assert table["row.x"].to_pylist() == ["1", "2"]
    assert table["at"].to_pylist()[0] == datetime(2026, 3, 1, 10, 20, tzinfo=UTC)


def test_blocks_are_written_some_at_a_time(tmp_path, monkeypatch):
    monkeypatch.setattr("workbench.scoring.log_lines.BLOCK", 40)
    monkeypatch.setattr(sealing, "AT_A_TIME", 100)
    log = PredictionLog(tmp_path)
    for i in range(50):
        log.append([{"id": f"{i} {k}", "at": "2026-03-01T09:10", "row": {"x": k}, "prediction": 0.5} for k in range(9)])
    before = log.read()
    most, unpack = [], sealing.unpack
    monkeypatch.setattr(sealing, "unpack", lambda *given: most.append(len((u := unpack(*given))["id"])) or u)

    assert seal(tmp_path, NOW) == 450
    assert max(most) <= 48
    assert pq.ParquetFile(tmp_path / "sealed" / "2026-03-01T09.parquet").num_row_groups == 4
    assert log.read() == before
