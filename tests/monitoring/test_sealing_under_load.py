"""A closed hour is sealed while a service answers and takes labels over HTTP: no request fails, memory is bounded."""

import json
import statistics
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path

import pytest

from tests.scoring.conftest import folder  # noqa: F401 - a fixture
from tests.scoring.test_process import serving
from workbench.scoring.log import PredictionLog

ROOT = Path(__file__).parents[2]
RECORDS, CLIENTS, MOST = 200_000, 3, 300  # MB
SEAL = """
import sys
from pathlib import Path
from workbench.monitoring.sealing import seal
import pyarrow.parquet
def most():  # of this program: what getrusage tells counts what it was forked from, too
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) // 1024
before = most()
print(seal(sys.argv[1]), most() - before)
"""
ROW = {"age": 60, "city": "Ulm"}


def ask_until(stop: threading.Event, port: int) -> list[tuple[int, float]]:
    """Statuses and seconds of predictions, each with its label behind it."""
    connection, found = HTTPConnection("127.0.0.1", port, timeout=60), []

    def ask(path: str, content: dict) -> dict:
        begin = time.perf_counter()
        connection.request("POST", path, json.dumps(content), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        told = json.loads(answer.read())
        found.append((answer.status, time.perf_counter() - begin))
        return told

    while not stop.is_set():
        told = ask("/predict", ROW)
        ask("/feedback", {"id": told.get("id"), "label": "no"})
    connection.close()
    return found


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the system does not tell a program's memory")
def test_nothing_fails_while_a_closed_hour_is_sealed(folder, tmp_path):  # noqa: F811
    log = PredictionLog(tmp_path / "log")
    row = {f"column {k}": k for k in range(14)}
    for start in range(0, RECORDS, 5_000):
        log.append([
            {"id": f"{i:032x}", "at": "2026-03-01T09:10", "version": 1, "row": {**row, "age": i % 90},
             "prediction": i / RECORDS, "answer": "no"}
            for i in range(start, start + 5_000)
        ])  # fmt: skip
    log.close()

    with serving(folder, "--log", str(tmp_path / "log")) as (_, port), ThreadPoolExecutor(CLIENTS) as pool:
        stop = threading.Event()
        clients = [pool.submit(ask_until, stop, port) for _ in range(CLIENTS)]
        sealed = subprocess.run(
            [sys.executable, "-c", SEAL, str(tmp_path / "log")], cwd=ROOT, capture_output=True, text=True, timeout=600
        )
        stop.set()
        asked = [one for client in clients for one in client.result(60)]

    rows, grown = map(int, sealed.stdout.split())
    waits = statistics.quantiles([seconds for _, seconds in asked], n=100)
    print(f"{len(asked):,} requests, p50 {1e3 * waits[49]:.1f} ms, p99 {1e3 * waits[98]:.1f} ms; {grown} MB grown")
    assert {status for status, _ in asked} == {200}
    assert (rows, grown < MOST) == (RECORDS, True), sealed.stderr
    log = PredictionLog(tmp_path / "log")
    days = log.days()
    assert days["2026-03-01"] == RECORDS
    assert days[f"{datetime.now(UTC):%Y-%m-%d}"] == len(log.labels()) == len(asked) // 2
    log.close()
