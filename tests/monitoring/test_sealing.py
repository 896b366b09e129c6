"""Sealed hours are read as if they were still open, and a changed one is refused."""

from datetime import UTC, datetime, timedelta

import pyarrow.parquet as pq
import pytest

from workbench.errors import Damaged
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
