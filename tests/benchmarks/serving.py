"""Our service beside the others: same model, same rows, same client, one thread each, on this machine's loopback.

    python tests/benchmarks/serving.py --table adult.csv --folder ~/.cache/workbench-serving

Each peer gets an environment of its own under the folder, made once. What can't be installed or does not answer is told
in the table with its reason. ``--seconds 1 --repeats 1`` is a quick look; the figures that count have windows of ten
seconds, three repeats (25 minutes, and 15 for the odd models) and a quiet machine. ``--results SERVING.md`` keeps them.
``--only odd`` measures the odd models alone, ``--only forest`` those of that name, ``--only KServe workbench`` some
servers; ``--quick`` has short windows, one repeat and fewer rows to fit.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import psutil

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1])]

import serving_odd  # noqa: E402
from serving_bad_input import Seen, all_cases, ask, good_row  # noqa: E402 - they lie beside this file
from serving_peers import (  # noqa: E402
    BODIES,
    EMPTY,
    OURS,
    PEERS,
    SERVERS,
    Peer,
    python_of,
    write_specials,
)
from serving_report import Run, Turn, told, written  # noqa: E402

START = 90.0  # seconds that a server may take to its first answer
# Rows a request, clients.
WINDOWS = {"c1": (1, 1), "c8": (1, 8), "c32": (1, 32), "batch": (1000, 1)}
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
HELD_OUT = 2000
COMPARED = 200  # rows that each server must answer as the pipeline does
BROKEN = (subprocess.SubprocessError, psutil.Error, OSError, ValueError, KeyError, TypeError, HTTPException)


@dataclass(frozen=True)
class Prepared:
    """What all servers get: rows, what the pipeline says of them, and which columns are numbers."""

    folder: Path
    rows: list[dict[str, Any]]
    expected: list[float]
    labels: list[Any]
    numbers: tuple[str, ...]

    def bodies(self, peer: Peer, size: int) -> Path:
        """File of the requests of a size in the peer's form, written once a run."""
        return self.folder / "requests" / f"{peer.body.replace(' ', '-')}-{size}.json"


def main(arguments: list[str] | None = None) -> int:
    """Measure, print the tables and keep them; the exit status is 0 whatever they say."""
    given = parsed(arguments)
    begin, load = time.monotonic(), os.getloadavg()[0]
    chosen = [p for p in PEERS if not given.only or any(part.lower() in p.name.lower() for part in given.only)]
    odd = [] if given.bad_input else serving_odd.chosen(given.only)
    if not chosen:
        text = written(list(serving_odd.odd_section(measured_odd(odd, given))))
        keep(text, given.results)
        sys.stdout.write(text)
        return 0
    ready = prepare(given.table, given.target, given.folder)
    inside = in_process(ready, min(1.5, given.seconds)) if given.seconds and any(p.name == OURS for p in chosen) else []
    turns: dict[str, list[Turn]] = {peer.name: [] for peer in chosen}
    bad: dict[str, dict[str, Seen]] = {}
    text = ""
    of_odd = list(serving_odd.odd_section(measured_odd(odd, given)))
    for turn in range(given.repeats):
        for peer in chosen:
            say(f"{turn + 1} of {given.repeats}: {peer.name}")
            last = turn + 1 == given.repeats
            turns[peer.name].append(attempt(peer, ready, given.seconds, bad if last else None))
        loads, minutes = (load, os.getloadavg()[0]), (time.monotonic() - begin) / 60
        versions = {p.name: version_words(p) for p in chosen}
        text = told(Run(turns, inside, bad, versions, given.table.name, given.seconds, loads, minutes, of_odd))
        keep(text, given.results)  # after each turn: a run that is cut has told something
    sys.stdout.write(text)
    return 0


def keep(text: str, path: Path | None) -> None:
    if path:
        path.write_text(text, encoding="utf-8")


def parsed(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--table", type=Path, required=True, help="the census table, adult.csv")
    parser.add_argument("--target", default="income")
    parser.add_argument("--folder", type=Path, required=True, help="environments and models; outside the repository")
    parser.add_argument("--seconds", type=float, default=10.0, help="of each window")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--only", nargs="*", default=[], help="servers and odd models by a part of their name; or: odd")
    parser.add_argument("--quick", action="store_true", help="windows of a second, one repeat, fewer rows to fit")
    parser.add_argument("--bad-input", action="store_true", help="the bad rows alone, without windows")
    parser.add_argument("--results", type=Path, help="the file to keep the tables in")
    given = parser.parse_args(arguments)
    given.folder = given.folder.expanduser().resolve()
    if given.quick:
        given.seconds, given.repeats = min(given.seconds, 1.0), 1
    if given.bad_input:
        given.seconds, given.repeats = 0.0, 1
    return given


def measured_odd(models: list[serving_odd.Odd], given: argparse.Namespace) -> dict[str, dict[str, list[Turn]]]:
    """By model and server what was measured; one start each."""
    import pandas as pd

    table, found = pd.read_csv(given.table) if models else None, {}
    for odd in models:
        place = given.folder / "odd" / "".join(c if c.isalnum() else "-" for c in odd.name)
        say(f"odd: {odd.name}")
        serving_odd.linked(given.folder, place)
        rows = min(odd.rows, serving_odd.QUICK_ROWS) if given.quick else odd.rows
        found[odd.name] = turns = {}
        try:
            ready = prepare_odd(odd, odd.frame(table, rows + serving_odd.HELD_OUT), place)
        except BROKEN as error:
            turns["both"] = [Turn(reason=short(error, given.folder))]
            continue
        for peer in serving_odd.peers():
            turns[peer.name] = [attempt(peer, ready, given.seconds, None)]
    return found


def prepare_odd(odd: serving_odd.Odd, frame, place: Path) -> Prepared:
    """One odd model fitted, in each form, and the requests."""
    import joblib

    (place / "requests").mkdir(exist_ok=True)
    known, held_out = frame.iloc[: -serving_odd.HELD_OUT], frame.iloc[-serving_odd.HELD_OUT :].drop(columns="target")
    features = known.drop(columns="target")
    pipeline = odd.pipeline(features).fit(features, known["target"])
    joblib.dump(pipeline, place / "model.joblib")
    write_bundle(known, "target", pipeline, place / "bundle")
    first = held_out.head(COMPARED)
    ready = Prepared(
        place, json.loads(held_out.to_json(orient="records", double_precision=15)),
        pipeline.predict_proba(first)[:, 1].tolist(), pipeline.predict(first).tolist(),
        tuple(held_out.select_dtypes("number")),
    )  # fmt: skip
    for peer in serving_odd.peers():
        write_requests(peer, ready)
    return ready


def prepare(table: Path, target: str, folder: Path) -> Prepared:
    """Fit the one pipeline where it is not there yet, write it in each form, and the requests."""
    import pandas as pd

    (folder / "requests").mkdir(parents=True, exist_ok=True)
    frame = pd.read_csv(table)
    pipeline = fitted(frame, target, folder, hashlib.sha256(table.read_bytes()).hexdigest())
    held_out = frame.drop(columns=target).tail(HELD_OUT)
    rows = json.loads(held_out.to_json(orient="records"))
    (folder / "example.json").write_text(json.dumps(rows[:20]))
    write_bundle(frame, target, pipeline, folder / "bundle")
    first = held_out.head(COMPARED)
    expected, labels = pipeline.predict_proba(first)[:, 1].tolist(), pipeline.predict(first).tolist()
    ready = Prepared(folder, rows, expected, labels, tuple(held_out.select_dtypes("number")))
    for peer in PEERS:
        write_requests(peer, ready)
    return ready


def write_requests(peer: Peer, ready: Prepared) -> None:
    for size, most in ((1, 500), (1000, 2)):
        parts = [ready.rows[i * size : (i + 1) * size] for i in range(most)]
        texts = [json.dumps(BODIES[peer.body](part, ready.numbers)) for part in parts if part]
        ready.bodies(peer, size).write_text(json.dumps(texts))


def fitted(frame, target: str, folder: Path, content: str):
    """The pipeline that everybody writes: impute, scale, one-hot, gradient boosting. Kept between runs."""
    import joblib
    import sklearn

    place, marker = folder / "model.joblib", folder / "model.txt"
    wanted = f"{content} scikit-learn {sklearn.__version__}"
    if not (place.exists() and marker.exists() and marker.read_text() == wanted):
        shutil.rmtree(folder / "mlflow-model", ignore_errors=True)
        part = frame.iloc[:-HELD_OUT]
        joblib.dump(unfitted().fit(part.drop(columns=target), part[target]), place)
        marker.write_text(wanted)
    return joblib.load(place)


def unfitted():
    from sklearn.compose import ColumnTransformer, make_column_selector
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    numbers, texts = make_column_selector(dtype_include="number"), make_column_selector(dtype_exclude="number")
    encode = ColumnTransformer([
        ("numbers", make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), numbers),
        ("texts", make_pipeline(SimpleImputer(strategy="most_frequent"),
                                OneHotEncoder(handle_unknown="ignore", sparse_output=False)), texts),
    ])  # fmt: skip
    return make_pipeline(encode, HistGradientBoostingClassifier(max_iter=100, random_state=0))


def write_bundle(frame, target: str, pipeline, place: Path) -> None:
    """Our bundle of the same pipeline, with the runtime that it carries, compiled as an installer compiles packages."""
    from compileall import compile_dir
    from dataclasses import replace

    import workbench as wb
    from workbench.compiling.pipeline import compile_pipeline
    from workbench.core.bundle import MANIFEST, Bundle, file_hash
    from workbench.core.metric import Metric
    from workbench.packaging.runtime import write_runtime
    from workbench.storage.files import write_json

    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    # As training does: the contract has the ranges and categories that were seen, so what is unusual is flagged.
    contract, features = wb.profile(wb.dataset(frame, target=target)).contract, tuple(frame.columns.drop(target))
    task = "binary" if len(pipeline.classes_) == 2 else "multiclass"
    compile_pipeline(pipeline, features, task, frame[list(features)].head(1000)).save(place / "model.npz")
    write_json(place / "contract.json", contract.to_dict())
    lineage = {"environment": {"python": "3.11"}}
    threshold = 0.5 if task == "binary" else None
    bundle = Bundle("adult", 1, "run", "boosting", task, tuple(pipeline.classes_.tolist()), features, threshold,
                    (Metric("roc_auc", 0.9),), "", True, {}, "2026-01-01T00:00:00", lineage, place)  # fmt: skip
    write_runtime(place, bundle)
    files = {p.relative_to(place).as_posix(): file_hash(p) for p in sorted(place.rglob("*")) if p.is_file()}
    replace(bundle, files=files).save(place / MANIFEST)
    compile_dir(place / "scoring", quiet=2)


def attempt(peer: Peer, ready: Prepared, seconds: float, bad: dict[str, dict[str, Seen]] | None) -> Turn:
    """One start of a server and all that is measured of it, or why there is nothing."""
    try:
        python = python_of(peer, ready.folder)
        shutil.rmtree(ready.folder / "log", ignore_errors=True)
        with started(peer, python, ready) as (process, port, cold):
            difference = 0.0 if peer.name == EMPTY else compare(peer, port, ready)
            found = windows(peer, process.pid, port, ready, seconds) if seconds else {}
            pss = memory(process.pid)
            if bad is not None and (peer.compared or peer.name == OURS):
                bad[peer.name] = dict(all_cases(peer, port, good_row(ready.rows), ready.numbers))
        return Turn(cold, difference, found, pss, *installed(python))
    except BROKEN as error:
        return Turn(reason=short(error, ready.folder))


def short(error: Exception, folder: Path) -> str:
    """The end of what it said, without the folders of this machine."""
    words = " ".join(str(getattr(error, "stderr", None) or error or repr(error)).split())
    return words.replace(str(folder), "…").replace(str(Path.home()), "~")[-300:]


@contextmanager
def started(peer: Peer, python: Path, ready: Prepared) -> Iterator[tuple[subprocess.Popen, int, float]]:
    """The server once it has answered, its port, and the seconds from its start to its first answer."""
    folder, ports = ready.folder, free_ports(3)
    write_specials(peer, python, folder, ports)
    words = {"python": python, "bin": python.parent, "folder": folder, "port": ports[0]}
    command = [word.format(**words) for word in peer.command]
    first = json.loads(ready.bodies(peer, 1).read_text())[0]
    with (folder / "server.log").open("w") as output:
        began = time.perf_counter()
        process = subprocess.Popen(command, cwd=folder / peer.at, env=variables(peer, python, folder), stdout=output,
                                   stderr=output, start_new_session=True)  # fmt: skip
        try:
            wait_for_answer(process, f"http://127.0.0.1:{ports[0]}{peer.path}", first, folder / "server.log")
            yield process, ports[0], time.perf_counter() - began
        finally:
            end(process)


def variables(peer: Peer, python: Path, folder: Path) -> dict[str, str]:
    """The same for all: one thread, the environment's own programs first, nothing of the caller's Python."""
    foreign = ("PYTHON", "WORKBENCH_", "MLFLOW_", "VIRTUAL_ENV")
    kept = {name: text for name, text in os.environ.items() if not name.startswith(foreign)}
    path = f"{python.parent}{os.pathsep}{os.environ['PATH']}"
    own = {name: text.format(folder=folder) for name, text in peer.environment.items()}
    return {**kept, **ONE_THREAD, **own, "PATH": path}


def wait_for_answer(process: subprocess.Popen, url: str, body: str, log: Path) -> None:
    end_at, last = time.monotonic() + START, ""
    while time.monotonic() < end_at and process.poll() is None:
        try:
            asked = Request(url, body.encode(), {"Content-Type": "application/json"})
            with urlopen(asked, timeout=30) as response:
                if response.status == 200 and response.read():
                    return
        except (OSError, HTTPException) as error:
            last = str(error.read() if isinstance(error, HTTPError) else error)
            time.sleep(0.01)
    raise TimeoutError(f"no answer: {last[-150:]} {log.read_text(errors='replace')[-150:]}")


def end(process: subprocess.Popen) -> None:
    """The server and the workers that it started, which share its session."""
    for sign, seconds in ((signal.SIGTERM, 10), (signal.SIGKILL, 10)):
        try:
            os.killpg(process.pid, sign)
            process.wait(seconds)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            continue


def compare(peer: Peer, port: int, ready: Prepared) -> float:
    """The largest difference from the pipeline's predictions, in one batch and row by row; of labels, the share.

    Raises
    ------
    ValueError
        If it refuses the rows.
    """
    alone = [answer(peer, port, [row], ready)[0] for row in ready.rows[:20]]
    got = [*answer(peer, port, ready.rows[:COMPARED], ready), *alone]
    wanted = [*(both := ready.labels if peer.labels else ready.expected), *both[:20]]
    differences = [float(a != b) if peer.labels else abs(a - b) for a, b in zip(got, wanted, strict=True)]
    return sum(differences) / len(differences) if peer.labels else max(differences)


def answer(peer: Peer, port: int, rows: list[dict], ready: Prepared) -> list[Any]:
    status, text = ask(port, peer.path, json.dumps(BODIES[peer.body](rows, ready.numbers)).encode())
    if status != 200:
        raise ValueError(f"{len(rows)} good rows are answered with {status}: {text[:200]}")
    return [label_of(value, ready.labels) for value in peer.answered(json.loads(text))]


def label_of(value: Any, labels: list[Any]) -> Any:
    return value if isinstance(value, float) or value in labels else float(value)


def windows(peer: Peer, pid: int, port: int, ready: Prepared, seconds: float) -> dict[str, dict[str, float]]:
    found = {}
    for name in peer.windows:
        size, clients = WINDOWS[name]
        command = [sys.executable, str(HERE / "serving_client.py"), str(port), peer.path, str(clients), str(seconds)]
        before = cpu_seconds(pid)
        done = subprocess.run([*command, str(ready.bodies(peer, size))], check=True, capture_output=True, text=True,
                              timeout=3 * seconds + 60)  # fmt: skip
        told = json.loads(done.stdout)
        found[name] = {**told, "cpu": 1000 * (cpu_seconds(pid) - before) / max(1, told.pop("asked"))}
    return found


def family(pid: int) -> list:
    parent = psutil.Process(pid)
    return [parent, *parent.children(recursive=True)]


def cpu_seconds(pid: int) -> float:
    return sum(sum(process.cpu_times()[:2]) for process in family(pid))


def memory(pid: int) -> float:
    """Proportional set size of a process and all below it, in MB."""
    return sum(process.memory_full_info().pss for process in family(pid)) / 2**20


def installed(python: Path) -> tuple[float, int]:
    """Megabytes of the packages, without compiled caches, and their number."""
    place = next((python.parents[1] / "lib").glob("python3*/site-packages"))
    files = [p for p in place.rglob("*") if p.is_file() and "__pycache__" not in p.parts]
    own = [p for p in place.glob("*.dist-info") if p.name.split("-")[0] not in ("pip", "setuptools")]
    return sum(p.stat().st_size for p in files) / 2**20, len(own)


def version_words(peer: Peer) -> str:
    return ", ".join(package.replace("==", " ") for package in peer.packages)


def in_process(ready: Prepared, seconds: float) -> list[dict[str, float]]:
    """The parts of a request of one row and of a thousand, inside our process and in its environment."""
    peer = next(p for p in PEERS if p.name == OURS)
    python, log = python_of(peer, ready.folder), ready.folder / "log-inside"
    shutil.rmtree(log, ignore_errors=True)
    files = [ready.folder / "bundle", log, ready.bodies(peer, 1), ready.bodies(peer, 1000)]
    command = [str(python), str(SERVERS / "inside.py"), str(seconds), *map(str, files)]
    env = variables(peer, python, ready.folder)
    return json.loads(subprocess.run(command, env=env, check=True, capture_output=True, text=True).stdout)


def free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
