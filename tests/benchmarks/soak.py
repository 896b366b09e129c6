"""The service under load for long: what it answers, how long that takes, and whether anything grows.

    python tests/benchmarks/soak.py --table adult.csv --folder ~/.cache/workbench-soak --minutes 60 --results soak.html

The bundle's own runtime answers, with its log. Meanwhile clients send rows, batches, labels and bad rows and leave in
the middle; the log's closed hours are sealed; the version is loaded again. Each second its memory, descriptors,
threads and the size of its log are kept. What must not be is listed at the end, and the exit status is 1 then.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import psutil

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1])]

from serving import free_ports, prepare, wait_for_answer  # noqa: E402 - they lie beside this file
from soak_report import drawn  # noqa: E402

WARM = 0.25  # of the time, at its begin: caches fill, and growth is no leak
# What may grow after that: a page cache of SQLite fills, and the allocator's arenas.
MOST_GROWTH = 24.0  # MB
MOST_DESCRIPTORS = 8
MOST_SECONDS = 5.0  # from SIGTERM to the end
ENDED = (0, -signal.SIGTERM)  # a server says by which signal it was ended


@dataclass
class Sample:
    """The server in one moment: seconds since the begin, MB, and numbers of descriptors and threads."""

    t: float
    memory: float
    descriptors: int
    threads: int
    log: float
    cpu: float


@dataclass
class Soak:
    """What was seen."""

    samples: list[Sample] = field(default_factory=list)
    lines: list[dict[str, Any]] = field(default_factory=list)
    acts: list[tuple[float, str]] = field(default_factory=list)
    rows: int = 0
    left: int = 0
    logged: int = 0
    stop: float = 0.0
    status: int | None = None
    said: str = ""

    @property
    def failed(self) -> Counter[str]:
        """Requests that were answered otherwise than they should, by what came."""
        return sum((Counter(line["failed"]) for line in self.lines), Counter())

    @property
    def answered(self) -> int:
        """Requests with the answer that they should get."""
        return sum(kind["n"] for line in self.lines for kind in line["kinds"].values()) - sum(self.failed.values())

    def growth(self, name: str) -> float:
        """By how much a figure's line rises from the end of the warm part on; medians of the first and last fifth."""
        values = [getattr(s, name) for s in self.samples if s.t >= WARM * self.samples[-1].t]
        fifth = max(1, len(values) // 5)
        return float(np.median(values[-fifth:]) - np.median(values[:fifth]))

    def faults(self) -> list[str]:
        """What must not be."""
        found = [f"{n} requests: {what}" for what, n in self.failed.most_common(10)]
        if not self.rows <= self.logged <= self.rows + self.left:
            found.append(f"{self.rows} rows were answered, {self.left} asked by who left; the log has {self.logged}")
        if (grown := self.growth("memory")) > MOST_GROWTH:
            found.append(f"memory grew by {grown:.0f} MB after the warm part")
        if (grown := self.growth("descriptors")) > MOST_DESCRIPTORS:
            found.append(f"{grown:.0f} more descriptors are open than after the warm part")
        if self.status not in ENDED or self.stop > MOST_SECONDS:
            found.append(f"it stopped after {self.stop:.1f} s with status {self.status}")
        if self.said.strip():
            found.append(f"it said: {self.said.strip()[:500]}")
        return found


def main(arguments: list[str] | None = None) -> int:
    """Soak, draw, and list what must not be."""
    given = parsed(arguments)
    ready = prepare(given.table, given.target, given.folder)
    found = soak(ready.folder, ready.rows, 60 * given.minutes, given.clients, given.sealed, given.serve)
    faults = found.faults()
    if given.results:
        given.results.write_text(drawn(found, faults), encoding="utf-8")
    print(told(found))
    print("\n".join(faults) or "Nothing failed, nothing grew.")
    return int(bool(faults))


def parsed(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--table", type=Path, required=True, help="the census table, adult.csv")
    parser.add_argument("--target", default="income")
    parser.add_argument("--folder", type=Path, required=True, help="model and log; outside the repository")
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--sealed", type=int, default=700_000, help="records of closed hours, sealed under load")
    parser.add_argument("--results", type=Path, help="the page to draw")
    parser.add_argument("serve", nargs="*", help="more words for the service, after --")
    given = parser.parse_args(arguments)
    given.folder = given.folder.expanduser().resolve()
    return given


def told(found: Soak) -> str:
    seconds = found.samples[-1].t
    mean = found.answered / seconds
    return (
        f"{found.answered:,} requests in {seconds:.0f} s ({mean:,.0f}/s), {sum(found.failed.values())} failed; "
        f"{found.rows:,} rows answered, {found.logged:,} in the log; memory {found.samples[-1].memory:.0f} MB "
        f"({found.growth('memory'):+.1f}), descriptors {found.samples[-1].descriptors} "
        f"({found.growth('descriptors'):+.0f}), stopped in {found.stop:.2f} s"
    )


def soak(
    folder: Path, rows: list[dict], seconds: float, clients: int = 16, sealed: int = 0, serve: list[str] | None = None
) -> Soak:
    """Let clients ask the bundle's own runtime for so long, and see what it does.

    Parameters
    ----------
    folder : path
        Holds ``bundle``; the log is made anew.
    rows : list of dict
        Good ones.
    seconds : float
        How long.
    clients : int
        Connections at once.
    sealed : int
        Records of closed hours that lie in the log at the begin and are sealed under load.
    serve : list of str, optional
        More words for the service's command line.
    """
    log, asked = folder / "soak-log", folder / "soak-rows.json"
    asked.write_text(json.dumps(rows))
    before = fill(log, rows, sealed)
    found = Soak()
    with server(folder, log, rows[0], found, serve or []) as (process, port):
        begin = time.perf_counter()
        watcher = threading.Thread(target=watch, args=(process, log, begin, seconds, found), daemon=True)
        actor = threading.Thread(target=act, args=(process, log, begin, seconds, found), daemon=True)
        watcher.start()
        actor.start()
        command = [sys.executable, HERE / "soak_client.py", *map(str, (port, clients, seconds, asked, 0))]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as client:
            for line in client.stdout:
                told = json.loads(line)
                if "rows" in told:
                    found.rows, found.left = told["rows"], told["left"]
                else:
                    found.lines.append(told)
        actor.join()
        watcher.join()
    found.logged = count(log) - before - 1  # the first answer was waited for
    return found


def fill(log: Path, rows: list[dict], many: int) -> int:
    """A log with records of the hours before, as a service that has run for long has them."""
    import shutil

    from workbench.scoring.log import PredictionLog

    shutil.rmtree(log, ignore_errors=True)
    made = PredictionLog(log)
    at = datetime.now(UTC) - timedelta(hours=3)
    for start in range(0, many, 500):
        moment = at + timedelta(milliseconds=start * 3600 / max(many, 1) * 1000)
        made.append(
            [{"row": row, "at": moment, "version": 1, "prediction": 0.25, "answer": "<=50K"}
             for row in (rows * (1 + 500 // len(rows)))[: min(500, many - start)]]
        )  # fmt: skip
    made.close()
    return count(log)


@contextmanager
def server(folder: Path, log: Path, row: dict, found: Soak, serve: list[str]):
    """The bundle's runtime, ended by SIGTERM; how long that took and what it said on the way are kept."""
    port = free_ports(1)[0]
    environment = {n: v for n, v in os.environ.items() if not n.startswith(("PYTHON", "WORKBENCH_"))}
    output = folder / "soak-server.log"
    command = [sys.executable, "-m", "scoring", "--port", str(port), "--log", str(log), *serve]
    with output.open("w") as said:
        process = subprocess.Popen(command, cwd=folder / "bundle", env={**environment, "OMP_NUM_THREADS": "1"},
                                   stdout=said, stderr=said)  # fmt: skip
        try:
            wait_for_answer(process, f"http://127.0.0.1:{port}/predict", json.dumps(row), output)
            yield psutil.Process(process.pid), port
            begin = time.perf_counter()
            process.send_signal(signal.SIGTERM)
            found.status = process.wait(60)
            found.stop = time.perf_counter() - begin
        finally:
            process.kill()
            process.wait()
    found.said = "\n".join(line for line in output.read_text().splitlines() if unusual(line))


def unusual(line: str) -> bool:
    """What a service says that nothing troubles: its address, its begin and its end."""
    return bool(line.strip()) and not line.startswith(("INFO", "Serving", "http"))


def watch(process: psutil.Process, log: Path, begin: float, seconds: float, found: Soak) -> None:
    while (t := time.perf_counter() - begin) < seconds:
        family = [process, *process.children(recursive=True)]
        found.samples.append(Sample(
            t, sum(p.memory_full_info().pss for p in family) / 2**20, sum(p.num_fds() for p in family),
            sum(p.num_threads() for p in family), size(log),
            sum(p.cpu_times().user + p.cpu_times().system for p in family),
        ))  # fmt: skip
        time.sleep(max(0.0, min(1.0, seconds / 60)))


def size(log: Path) -> float:
    """MB of all its files; one that is replaced meanwhile is nothing for a moment."""
    total = 0
    for path in log.rglob("*"):
        try:
            total += path.stat().st_size
        except FileNotFoundError:
            continue
    return total / 2**20


def act(process: psutil.Process, log: Path, begin: float, seconds: float, found: Soak) -> None:
    """Seal the closed hours at a third, and load the version again at each tenth."""
    sealing = "import sys; from workbench.monitoring.sealing import seal; print(seal(sys.argv[1]))"
    for part in range(1, 10):
        time.sleep(max(0.0, begin + part * seconds / 10 - time.perf_counter()))
        process.send_signal(signal.SIGHUP)
        found.acts.append((time.perf_counter() - begin, "loaded again"))
        if part == 3:
            started = time.perf_counter()
            moved = subprocess.run([sys.executable, "-c", sealing, log], capture_output=True, text=True, check=False)
            ended = time.perf_counter()
            words = moved.stdout.strip() if moved.returncode == 0 else moved.stderr.strip()[-300:]
            found.acts.append((started - begin, f"{words} records sealed in {ended - started:.1f} s"))


def count(log: Path) -> int:
    from workbench.scoring.log import PredictionLog

    opened = PredictionLog(log)
    try:
        return sum(opened.days().values())
    finally:
        opened.close()


if __name__ == "__main__":
    raise SystemExit(main())
