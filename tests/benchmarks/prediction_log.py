"""How many single predictions a second the log takes, how long one waits for its acknowledgement, and what they fill.

    python tests/benchmarks/prediction_log.py [--seconds 5] [--records 1000000] [--results PREDICTION_LOG.md]

Ours beside what people write by hand: a line of JSON, with and without fsync, and SQLite as it comes. Each way gets the
same records, one at a time, from one thread; the whole time counts, the last commit among it.

What they fill is measured of single predictions of adult.csv with ids, flags and answers, in the folder of an open log,
its journal too: while it is live, and when its hours are sealed. CPU seconds are those of the whole process.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from workbench.monitoring.sealing import seal
from workbench.scoring.ids import new_ids
from workbench.scoring.log import FLUSH, PredictionLog

Keep = Callable[[dict], object]
TABLES = Path(os.environ.get("WORKBENCH_TEST_DATA") or Path(__file__).resolve().parents[3] / "shared" / "data")
ROW = {"age": 39, "workclass": "State-gov", "education": "Bachelors", "hours_per_week": 40, "capital_gain": 2174.0}


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=5.0, help="of each way")
    parser.add_argument("--records", type=int, default=1_000_000, help="whose place on disk is measured")
    parser.add_argument("--results", type=Path, help="the file to keep the table in")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        lines = [line(name, way, Path(folder), given.seconds) for name, way in WAYS.items()]
    with tempfile.TemporaryDirectory() as folder:
        sizes = filled(Path(folder), given.records)
    told = "\n".join([*HEAD, *lines, *FOOT, *sizes]) + "\n"
    print(told)
    if given.results:
        given.results.write_text(told, encoding="utf-8")
    return 0


def line(name: str, way: Callable[[Path, float], tuple[int, float, list[float]]], folder: Path, seconds: float) -> str:
    place = folder / name.replace(" ", "-").replace(",", "")
    place.mkdir()
    records, took, waits = way(place, seconds)
    p99 = statistics.quantiles(waits, n=100)[98]
    return f"| {name} | {records / took:,.0f} | {1000 * statistics.median(waits):.3f} | {1000 * p99:.3f} |"


def timed(keep: Keep, finish: Callable[[], object], seconds: float) -> tuple[int, float, list[float]]:
    """Records kept, the seconds that it took, and each wait."""
    waits: list[float] = []
    begin = time.perf_counter()
    while time.perf_counter() < begin + seconds:
        record = {"id": f"{len(waits):032x}", "version": 1, "row": ROW, "prediction": 0.25, "answer": "no", "flags": []}
        start = time.perf_counter()
        keep(record)
        waits.append(time.perf_counter() - start)
    finish()
    return len(waits), time.perf_counter() - begin, waits


def put(folder: Path, seconds: float):
    with closing(PredictionLog(folder)) as log:
        return timed(lambda record: log.put([record]), log.flush, seconds)


def append(folder: Path, seconds: float):
    with closing(PredictionLog(folder)) as log:
        return timed(lambda record: log.append([record]), log.flush, seconds)


def filled(folder: Path, records: int) -> list[str]:
    """What so many predictions fill and cost, as lines of the table."""
    rows, draw, begin = list(adult()), random.Random(1), time.process_time()
    with closing(PredictionLog(folder)) as log:
        for i in range(records):
            prediction, row = draw.random(), rows[i % len(rows)]
            flags = ["out_of_range:age"] if i % 50 == 0 else []
            answer = {"id": new_ids(1)[0], "version": 1, "prediction": prediction, "flags": flags}
            log.put([{**answer, "answer": ">50K" if prediction > 0.5 else "<=50K"}], [row], 0.2 + draw.random() / 10)
            if log.waiting > 5_000:
                log.flush()
        log.flush()
        log.fold()
        spent, live = time.process_time() - begin, size(folder)
        seal(folder, datetime.now(UTC) + timedelta(hours=2))
        assert log.count() == records
    per = 1 / records  # bytes of a record are MB of a million
    return [
        "",
        f"## {records:,} single predictions of adult.csv",
        "",
        "Goal: 150 MB a million, live.",
        "",
        "| | MB a million |",
        "|---|---:|",
        f"| live | {live * per:,.0f} |",
        f"| sealed | {size(folder) * per:,.0f} |",
        "",
        f"A record took {1e6 * spent / records:.1f} µs of CPU: made here, put, committed, and folded to a block.",
    ]


def adult() -> Iterator[dict]:
    """Rows as a client sends them."""
    with (TABLES / "adult.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield {name: int(text) if text.isdigit() else text or None for name, text in row.items()}


def size(folder: Path) -> int:
    """Bytes of all its files."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def lines_of_json(sync: bool):
    def way(folder: Path, seconds: float):
        with (folder / "log.jsonl").open("a", encoding="utf-8") as file:

            def keep(record: dict) -> None:
                file.write(json.dumps(record) + "\n")
                file.flush()
                if sync:
                    os.fsync(file.fileno())

            return timed(keep, file.flush, seconds)

    return way


def plain_sqlite(folder: Path, seconds: float):
    with closing(sqlite3.connect(folder / "log.sqlite", isolation_level=None)) as store:
        store.execute("CREATE TABLE records (id TEXT PRIMARY KEY, record TEXT)")
        return timed(
            lambda r: store.execute("INSERT INTO records VALUES (?, ?)", (r["id"], json.dumps(r))),
            store.commit,
            seconds,
        )


WAYS = {
    "ours, put": put,
    "ours, append": append,
    "a line of JSON": lines_of_json(sync=False),
    "a line of JSON, fsync": lines_of_json(sync=True),
    "SQLite as it comes": plain_sqlite,
}
HEAD = [
    "# The prediction log",
    "",
    "Goal: 10,000 single records a second, each acknowledged within 10 ms at p99.",
    "",
    "| way | records/s | wait p50, ms | wait p99, ms |",
    "|---|---:|---:|---:|",
]
FOOT = [
    "",
    f"*put* is what the service does: a thread commits, and kill -9 costs at most {FLUSH:g} s. *append* is committed "
    "when it returns. Both survive kill -9 without half a record, and find records by moment and id; a line of JSON "
    "may be torn.",
]

if __name__ == "__main__":
    raise SystemExit(main())
