"""Lines become blocks while others write and read: nobody sees a record twice or not at all."""

import json
import sqlite3
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from workbench.core.bundle import file_hash
from workbench.monitoring.sealing import seal
from workbench.scoring import log_lines
from workbench.scoring.log import PredictionLog
from workbench.scoring.log_records import FIELDS

LATER = "2100-01-01T00"


@pytest.fixture
def log(tmp_path, monkeypatch) -> PredictionLog:
    monkeypatch.setattr(log_lines, "BLOCK", 20)
    log = PredictionLog(tmp_path)
    yield log
    log.close()


def record(name: str, **changes) -> dict:
    return {"id": name, "version": 1, "row": {"x": 1}, "prediction": 0.5, "answer": "yes", **changes}


def counts(log: PredictionLog) -> dict[str, int]:
    with log.store.turn() as store:
        tables = {"fresh": "fresh WHERE rows > 0", "blocks": "blocks", "contents": "contents"}
        return {name: store.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for name, table in tables.items()}


def test_what_came_alone_is_one_block_and_reads_the_same(log):
    for i in range(25):
        log.append([record(str(i), version=i % 3, arm="shadow" if i % 5 == 0 else None, flags=["f"] * (i % 2))])
    before, versions = log.read(), log.versions("", "~")

    log.fold()

    assert counts(log) == {"fresh": 5, "blocks": 1, "contents": 1}
    assert (log.read(), log.versions("", "~")) == (before, versions)
    assert log.known(["3", "24", "no"]) == {"3", "24"}
    assert log.count() == 25


def test_hours_that_are_over_are_folded_to_the_last_record(log):
    log.append([record("a", at="2026-03-01T09:59"), record("b", at="2026-03-01T10:01"), record("c")])

    log.fold()

    assert counts(log) == {"fresh": 1, "blocks": 2, "contents": 2}
    assert [r["id"] for r in log.read()] == ["a", "b", "c"]


def test_a_stretch_reads_what_lies_in_it_wherever_it_is(log):
    moments = [f"2026-03-01T{h:02d}:{m:02d}" for h in (9, 10, 11) for m in (0, 30)]
    log.append([record(at, at=at) for at in moments])
    for step in (
        lambda: None,
        lambda: log.fold(end=LATER),
        lambda: seal(log.path.parent, datetime(2026, 3, 1, 11, 15, tzinfo=UTC)),
    ):
        step()
        found = [r["id"] for some in log.chunks("2026-03-01T09:30", "2026-03-01T11:30", 2) for r in some]
        assert found == moments[1:5]
        assert log.versions("2026-03-01T09:30", "2026-03-01T11:30") == {1: 4}


def test_two_that_fold_at_once_fold_each_record_once(log):
    for i in range(100):
        log.append([record(str(i))])

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: log.fold(end=LATER), range(4)))

    assert [r["id"] for r in log.read()] == [str(i) for i in range(100)]
    assert counts(log)["fresh"] == 0


@pytest.mark.parametrize("place", ["pack", "_write"])
def test_who_dies_while_folding_leaves_the_lines(log, monkeypatch, place):
    log.append([record(str(i)) for i in range(20)])
    before = log.read()
    with monkeypatch.context() as patch:
        patch.setattr(log_lines, place, lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            log.fold(end=LATER)

    assert log.read() == before
    assert counts(log) == {"fresh": 1, "blocks": 0, "contents": 0}


def test_readers_see_each_record_once_while_lines_become_blocks_and_files(log):
    for i in range(200):
        log.append([record(str(i), at="2026-03-01T09:10")])
    seen = []

    def read() -> None:
        for _ in range(12):
            seen.append(Counter(r["id"] for some in log.chunks("", "~", 7) for r in some))

    with ThreadPoolExecutor(3) as pool:
        readers = [pool.submit(read) for _ in range(2)]
        pool.submit(log.fold).result(60)
        seal(log.path.parent)
        [reader.result(60) for reader in readers]

    assert all(len(one) == 200 and set(one.values()) == {1} for one in seen)


def test_a_commit_of_many_is_some_lines_and_a_large_record_one(log):
    log.append([record(str(i)) for i in range(600)])
    log.append([record("large", row={"x": "y" * 2_000_000})])

    assert counts(log)["fresh"] == 4
    assert len(log.read()) == 601


def test_no_number_is_given_twice(log):
    """What a reader knows by its number stays known, whatever was folded."""
    for i in range(70):
        log.append([record(str(i), at="2026-03-01T09:10" if i % 3 else None)])
        log.fold(end=LATER)
        seal(log.path.parent)
        with log.reading() as reading:
            assert reading.number() == i + 1
            assert [r["id"] for some in reading.chunks("", "~", 9, after=i) for r in some] == [str(i)]
            assert not list(reading.chunks("", "~", 9, after=i + 1))


def test_the_log_folds_by_itself(tmp_path, monkeypatch):
    asked = []
    log = PredictionLog(tmp_path)
    monkeypatch.setattr(log._keeper, "ask", lambda: asked.append(log.count()))
    for _ in range(3):
        log.append([record(f"{i}") for i in range(3_000)])

    assert asked == [6_000]


def test_what_an_older_format_left_is_folded_too(tmp_path):
    with closing(sqlite3.connect(tmp_path / "log.sqlite")) as old:
        old.executescript(FIFTH)
        lines = [(str(i), f"2026-03-01T09:{i:02d}:00.000000+00:00", 1, '{"x": 1.0}', "0.5", '"no"', "[]", 0.5, None)
                 for i in range(30)]  # fmt: skip
        old.executemany("INSERT INTO records (id, at, version, row, prediction, answer, flags, latency_ms, arm) "
                        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", lines)  # fmt: skip
        columns = {"id": ["b1", "b2"], "version": [2, 2], "row": [{"x": 1}, {}], "prediction": [[0.1, 0.9]] * 2,
                   "answer": ["yes"] * 2, "flags": [["f"], []], "latency_ms": [1.5] * 2,
                   "arm": [None, "shadow"]}  # fmt: skip
        old.execute("INSERT INTO batches (at, rows, records) VALUES (?, ?, ?)",
                    ("2026-03-01T10:00:00.000000+00:00", 2, json.dumps(columns)))  # fmt: skip
        old.executemany("INSERT INTO sealed_ids VALUES (?)", [("b1",), ("b2",), ("sealed",)])
        old.execute("INSERT INTO labels VALUES ('b1', '\"no\"', '2026-03-02T00:00:00.000000+00:00')")
        (tmp_path / "sealed").mkdir()
        path = tmp_path / "sealed" / "2026-03-01T08.parquet"
        sealed = ["sealed", "2026-03-01T08:30:00.000000+00:00", 1, '{"x": 2}', "0.5", '"no"', '["g"]', 0.1, None]
        pq.write_table(pa.table({name: [value] for name, value in zip(FIELDS, sealed, strict=True)}), path)
        line = (path.name, file_hash(path), 1, sealed[1], sealed[1])
        old.execute("INSERT INTO sealed VALUES (?, ?, ?, ?, ?)", line)
        old.commit()
    log = PredictionLog(tmp_path)
    before, versions, asked = log.read(), log.versions("", "~"), [*map(str, range(30)), "b1", "b2", "sealed", "new"]
    assert (len(before), versions, log.days()) == (33, {1: 31, 2: 1}, {"2026-03-01": 33})
    assert [before[0][name] for name in ("id", "row", "flags", "arm")] == ["sealed", {"x": 2}, ["g"], None]
    assert log.known(asked) == set(asked) - {"new"}

    log.fold()

    assert log.read() == before
    assert [r["label"] for r in before if r["id"].startswith("b")] == ["no", None]
    assert (log.versions("", "~"), log.known(asked)) == (versions, set(asked) - {"new"})
    with log.store.turn() as store:
        assert [store.execute(f"SELECT count(*) FROM {t}").fetchone()[0] for t in ("records", "batches")] == [
            0, 0,
        ]  # fmt: skip
    assert seal(tmp_path) == 32
    assert log.read() == before
    assert log.prune("2026-03-01T09").rows == 1
    assert log.known(asked) == set(asked) - {"new", "sealed"}
    log.close()


FIFTH = """
PRAGMA journal_mode=WAL;
CREATE TABLE records (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL, at TEXT NOT NULL, version INTEGER, row TEXT NOT NULL,
    prediction TEXT NOT NULL, answer TEXT NOT NULL, flags TEXT NOT NULL, latency_ms REAL, arm TEXT);
CREATE INDEX records_at ON records (at);
CREATE INDEX records_id ON records (id);
CREATE TABLE labels (id TEXT PRIMARY KEY, label TEXT NOT NULL, at TEXT NOT NULL);
CREATE TABLE label_events (number INTEGER PRIMARY KEY, id TEXT NOT NULL, label TEXT, at TEXT NOT NULL);
CREATE INDEX label_events_id ON label_events (id);
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE sealed (
    file TEXT PRIMARY KEY, sha256 TEXT NOT NULL, rows INTEGER NOT NULL, first TEXT NOT NULL, last TEXT NOT NULL);
CREATE TABLE sealed_ids (id TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE batches (
    number INTEGER PRIMARY KEY, at TEXT NOT NULL, rows INTEGER NOT NULL, records TEXT NOT NULL);
CREATE INDEX batches_at ON batches (at);
CREATE TABLE loads (
    hour TEXT NOT NULL, version INTEGER NOT NULL, process TEXT NOT NULL, load TEXT NOT NULL,
    PRIMARY KEY (hour, version, process)) WITHOUT ROWID;
PRAGMA user_version=5;
"""
