"""Old records leave the log whole: from lines, blocks and sealed files, with ids and labels, and the disk gets back."""

import threading
from datetime import UTC, datetime, timedelta

import pytest

from workbench.errors import StoreError
from workbench.monitoring.sealing import seal
from workbench.scoring import log_retention, log_writer
from workbench.scoring.log import PredictionLog
from workbench.scoring.log_reading import sealed_folder
from workbench.scoring.log_writer import Keeper

DAYS = ("2026-06-29", "2026-06-30", "2026-07-01")


def filled(folder, rows: int = 50, days=DAYS) -> PredictionLog:
    log = PredictionLog(folder)
    for day in days:
        log.append([
            {"id": f"{day}-{i}", "at": f"{day}T{i % 24:02d}:10", "version": 1, "row": {"x": i}, "prediction": 0.5}
            for i in range(rows)
        ])  # fmt: skip
        log.label((f"{day}-{i}", "no") for i in range(3))
    return log


def as_lines(log: PredictionLog) -> None:
    """As they came."""


def as_blocks(log: PredictionLog) -> None:
    log.fold(end="2100")


def as_files(log: PredictionLog) -> None:
    seal(log.path.parent)


def as_all(log: PredictionLog) -> None:
    as_files(log)
    log.append([{"id": "late", "at": "2026-06-30T05:00", "row": {}, "prediction": 0.5}])


@pytest.mark.parametrize("kept", [as_lines, as_blocks, as_files, as_all])
def test_what_is_older_leaves_and_what_is_not_stays(tmp_path, kept):
    log = filled(tmp_path)
    kept(log)
    more = 1 if kept is as_all else 0
    told = log.to_prune("2026-07-01T00")

    done = log.prune("2026-07-01T00")

    assert done.days == told.days == log.pruned() == {"2026-06-29": 50, "2026-06-30": 50 + more}
    assert (done.rows, done.labels, told.labels) == (100 + more, 6, 6)
    assert done.files.keys() == told.files.keys()
    assert log.days() == {"2026-07-01": 50}
    assert {record["id"] for record in log.read()} == {f"2026-07-01-{i}" for i in range(50)}
    assert set(log.labels()) == {f"2026-07-01-{i}" for i in range(3)}
    assert log.known([f"2026-06-29-{i}" for i in range(50)]) == set()
    assert log.known(["2026-07-01-7"]) == {"2026-07-01-7"}
    assert {path.name[:10] for path in sealed_folder(log.path).glob("*.parquet")} <= {"2026-07-01"}


def test_an_id_that_was_asked_again_later_stays_with_its_label(tmp_path):
    log = filled(tmp_path)
    log.append([{"id": "2026-06-29-0", "at": "2026-07-01T05:00", "row": {}, "prediction": 0.5}])
    log.append([{"id": "2026-06-29-0", "at": "2026-06-29T05:00", "row": {}, "prediction": 0.5}])

    log.prune("2026-07-01T00")

    assert log.known(["2026-06-29-0"]) == {"2026-06-29-0"}
    assert "2026-06-29-0" in log.labels()


def test_labels_that_wait_for_their_prediction_stay(tmp_path):
    log = filled(tmp_path)
    log.label([("not yet", "no")])

    log.prune("2026-07-01T00")

    assert "not yet" in log.labels()


@pytest.mark.parametrize("step", ["_blocks", "_sealed", "_unlink", "_ids"])
def test_who_dies_between_two_steps_leaves_work_and_nothing_half(tmp_path, monkeypatch, step):
    log = filled(tmp_path)
    seal(tmp_path)
    log.append([{"id": "late", "at": "2026-06-30T05:00", "row": {}, "prediction": 0.5}])
    with monkeypatch.context() as patch:
        patch.setattr(log_retention, step, lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            log.prune("2026-07-01T00")
    there = log.read()
    assert len({record["id"] for record in there}) == len(there) == log.count()
    assert sum(log.pruned().values()) + len(there) == 151

    log.prune("2026-07-01T00")

    assert log.pruned() == {"2026-06-29": 50, "2026-06-30": 51}
    assert len(log.read()) == 50
    assert {path.name[:10] for path in sealed_folder(log.path).glob("*.parquet")} == {"2026-07-01"}
    assert set(log.labels()) == {f"2026-07-01-{i}" for i in range(3)}


def test_the_disk_gets_its_place_back_while_others_write(tmp_path):
    log = filled(tmp_path, 5_000, ("2026-06-30",))
    log.fold(end="2100")
    log.store.give_back()
    before = log.path.stat().st_size
    log.append([{"id": "new", "at": "2026-07-01T05:00", "row": {}, "prediction": 0.5}])

    done = log.prune("2026-07-01T00")
    log.store.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    assert done.given_back > 100_000
    assert log.path.stat().st_size < 0.6 * before


def test_a_file_of_a_log_that_was_pruned_while_somebody_read_is_no_damage(tmp_path):
    log = filled(tmp_path)
    seal(tmp_path)
    chunks = log.chunks("", "~", 10)
    first = next(chunks)

    log.prune("2026-07-01T00")

    ids = [record["id"] for records in [first, *chunks] for record in records]
    assert len(set(ids)) == len(ids)
    assert {one for one in ids if one.startswith("2026-07-01")} == {f"2026-07-01-{i}" for i in range(50)}


def test_a_log_with_days_lets_older_records_leave_by_itself(tmp_path, monkeypatch):
    filled(tmp_path).close()
    now = datetime.now(UTC)
    log = PredictionLog(tmp_path, days=30)
    log.append([{"id": "now", "at": now - timedelta(days=30), "row": {}, "prediction": 0.5}])

    assert wait_until(lambda: sum(log.pruned().values()) == 150)
    assert [record["id"] for record in log.read()] == ["now"]
    log.close()


def test_what_keeps_house_goes_on_after_a_fault():
    calls = []

    def work(stop) -> None:
        calls.append(stop())
        if len(calls) == 1:
            raise StoreError("The disk is full.")

    keeper = Keeper(work, often=False)
    for turn in (1, 2):
        keeper.ask()
        assert wait_until(lambda turn=turn: len(calls) == turn)
    keeper.close()

    assert calls == [False, False]


def wait_until(true) -> bool:
    pause = threading.Event()
    return any(true() or pause.wait(0.05) for _ in range(200))


def test_nobody_keeps_house_of_a_small_log(tmp_path):
    log = PredictionLog(tmp_path)
    log.append([{"row": {}, "prediction": 0.5}])

    assert log._keeper._thread is None
    assert log_writer.EVERY >= 60
