"""What a job costs beside its notebook: ours, papermill and jupyter-scheduler, in turn in one run.

    python tests/benchmarks/jobs.py [--turns 5] [--jobs 20] [--cache FOLDER] [--without-scheduler] [--results FILE]

The notebooks have a ``parameters`` cell and one more: an empty one adds 1, the other imports pandas, scikit-learn and
plotly. CPU seconds count all processes that a job has: of what is forked from, by what it and its forks took; of
commands and of a server, by their children. Memory is what a runner and its kernel have to themselves while a cell
sleeps. jupyter-scheduler runs in an environment of its own, made on demand in the cache folder.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import chdir, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE), str(ROOT)]

import nbformat  # noqa: E402
import psutil  # noqa: E402
from environments import python_with  # noqa: E402 - it lies beside this file

import workbench as wb  # noqa: E402
from workbench.core.ports import free_port  # noqa: E402
from workbench.instant import asking, place  # noqa: E402
from workbench.instant.packages import USUAL  # noqa: E402
from workbench.jobs.stopping import stop  # noqa: E402

SCHEDULER = ["jupyter-scheduler>=2.12", "jupyterlab>=4.6,<5", "ipykernel>=7", "pandas", "scikit-learn", "plotly"]
CELLS = {
    "empty": "x + 1",
    "stack": "import pandas, sklearn.ensemble\nimport plotly.graph_objects as go\nfigure = go.Figure()",
    "asleep": "import time; time.sleep(600)",
}
Run = Callable[[Path], Any]


@dataclass
class Took:
    """What the turns of one way took."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{median(self.wall):.2f}, {median(self.cpu):.2f}"


# --- what is run ----------------------------------------------------------------------------------------------------


def notebooks(folder: Path) -> dict[str, Path]:
    """The notebooks, written into a folder."""
    return {name: _notebook(folder / f"{name}.ipynb", source) for name, source in CELLS.items()}


def _notebook(path: Path, source: str) -> Path:
    first = nbformat.v4.new_code_cell("x = 1", metadata={"tags": ["parameters"]})
    spec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    book = nbformat.v4.new_notebook(cells=[first, nbformat.v4.new_code_cell(source)], metadata={"kernelspec": spec})
    nbformat.write(book, path)
    return path


def ours(path: Path) -> Any:
    """From a process that lives, such as a kernel or a server."""
    return wb.submit(path, {"x": 2}, show=False)


def ours_by_command(path: Path) -> Any:
    """From the command line."""
    return _run("workbench", "submit", str(path), "-p", "x=2")


def ours_unforked(path: Path) -> Any:
    """From the command line, each process started anew."""
    return _run("workbench", "submit", str(path), "-p", "x=2", environment={"WORKBENCH_INSTANT": "0"})


def papermill(path: Path) -> Any:
    """papermill's command."""
    return _run("papermill", str(path), str(path.with_suffix(".out")), "-p", "x", "2", "--no-progress-bar")


def _run(module: str, *arguments: str, environment: dict[str, str] | None = None) -> Any:
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(command, check=True, capture_output=True, env={**os.environ, **(environment or {})})


class Scheduler:
    """A Jupyter server with jupyter-scheduler, and the jobs that it is given."""

    def __init__(self, python: Path, folder: Path) -> None:
        self.port, self.folder = free_port("127.0.0.1"), folder
        own = {f"JUPYTER_{name}_DIR": str(folder / name) for name in ("CONFIG", "DATA", "RUNTIME")}
        options = [f"--ServerApp.port={self.port}", f"--ServerApp.root_dir={folder}", "--IdentityProvider.token=t"]
        self.process = psutil.Popen(
            [str(python), "-m", "jupyterlab", "--no-browser", "--allow-root", *options],
            env={**os.environ, **own, "JUPYTER_PREFER_ENV_PATH": "1"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        while not self._is_up():
            time.sleep(0.2)

    def __call__(self, path: Path) -> Any:
        """Run one notebook and wait for its end."""
        told = {
            "name": path.stem,
            "input_uri": path.name,
            "runtime_environment_name": "",
            "parameters": {"x": "2"},
            "output_formats": ["ipynb"],
        }
        job = self._asked("scheduler/jobs", told)["job_id"]
        # STOPPED is what it says of a job that it has not started yet, too.
        while (state := self._asked(f"scheduler/jobs/{job}")["status"]) not in ("COMPLETED", "FAILED"):
            time.sleep(0.1)
        if state != "COMPLETED":
            raise RuntimeError(f"jupyter-scheduler: {state}")

    def _is_up(self) -> bool:
        try:
            return bool(self._asked("api/status"))
        except OSError:
            return False

    def _asked(self, path: str, told: Any = None) -> Any:
        data = None if told is None else json.dumps(told).encode()
        headers = {"Authorization": "token t", "Content-Type": "application/json"}
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/{path}", data, headers)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)


# --- what it takes --------------------------------------------------------------------------------------------------


def zygotes() -> list[psutil.Process]:
    """What is forked from; started, and waited for."""
    asking.warm()
    while not all(asking.ready(kind=kind) for kind in USUAL):
        time.sleep(0.1)
    stem = f"({place.tag(os.environ)}-"
    return [p for p in psutil.process_iter(["cmdline"]) if stem in " ".join(p.info["cmdline"] or ())]


def seconds(*servers: psutil.Process) -> float:
    """CPU seconds of this process, of its children that have ended, and the same of some servers."""
    own = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    told = [server.cpu_times() for server in servers]
    return sum(u.ru_utime + u.ru_stime for u in own) + sum(
        t.user + t.system + t.children_user + t.children_system for t in told
    )


def in_turn(ways: dict[str, Run], path: Path, turns: int, servers: dict[str, list[psutil.Process]]) -> dict[str, Took]:
    """Run a notebook in each way, one after the other, some times; of servers a way's own counts, or ours."""
    took = {name: Took() for name in ways}
    for _ in range(turns):
        for name, run in ways.items():
            own = servers.get(name, servers["ours"])
            before, began = seconds(*own), time.perf_counter()
            run(path)
            took[name].wall.append(time.perf_counter() - began)
            time.sleep(0.5)  # until what has ended is counted
            took[name].cpu.append(seconds(*own) - before)
    return took


def together(run: Run, path: Path, jobs: int) -> float:
    """Jobs a second, as many at once as there are cores."""
    from concurrent.futures import ThreadPoolExecutor

    began = time.perf_counter()
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        list(pool.map(run, [path] * jobs))
    return jobs / (time.perf_counter() - began)


@contextmanager
def family(start: Callable[[], Any], stop: Callable[[Any], Any]) -> Iterator[list[psutil.Process]]:
    """Python processes that one way has while a cell sleeps."""
    before = set(psutil.pids())
    started = start()
    time.sleep(6)
    try:
        yield [psutil.Process(pid) for pid in set(psutil.pids()) - before]
    finally:
        stop(started)


def memory(processes: Sequence[psutil.Process]) -> float:
    """MB that they have to themselves."""
    return sum(p.memory_full_info().uss for p in processes) / 1e6


# --- the report -----------------------------------------------------------------------------------------------------


def report(took: dict[str, dict[str, Took]]) -> str:
    """Tables of each notebook, with how many times papermill's CPU each takes."""
    lines = []
    for notebook, ways in took.items():
        theirs = median(ways["papermill"].cpu)
        lines += [f"| {notebook} | wall s, CPU s | of papermill's CPU |", "|---|---:|---:|"]
        lines += [f"| {name} | {t} | 1/{theirs / median(t.cpu):.1f} |" for name, t in ways.items()]
        lines.append("")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure all and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--jobs", type=int, default=20)
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache" / "workbench-benchmarks")
    parser.add_argument("--without-scheduler", action="store_true")
    parser.add_argument("--results", type=Path)
    given = parser.parse_args(arguments)
    # In no repository: of one a job asks git for the commit and what differs from it, which no peer does.
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        os.environ["WORKBENCH_HOME"] = folder
        told = _measured(given, notebooks(Path(folder)), Path(folder))
    sys.stdout.write(told)
    if given.results:
        given.results.write_text(told, encoding="utf-8")
    return 0


def _measured(given: Any, books: dict[str, Path], folder: Path) -> str:
    servers = {"ours": zygotes()}
    ways: dict[str, Run] = {
        "ours, from a process": ours,
        "ours, by command": ours_by_command,
        "ours, by command, unforked": ours_unforked,
        "papermill": papermill,
    }
    scheduler = None
    if not given.without_scheduler:
        scheduler = Scheduler(python_with(SCHEDULER, given.cache / "environments" / "scheduler"), folder)
        servers["jupyter-scheduler"] = [scheduler.process]
        ways["jupyter-scheduler"] = scheduler
    try:
        took = {name: in_turn(ways, books[name], given.turns, servers) for name in ("empty", "stack")}
    finally:
        if scheduler is not None:
            scheduler.process.kill()
    many = {name: together(ways[name], books["empty"], given.jobs) for name in ("ours, from a process", "papermill")}
    with family(lambda: wb.submit(books["asleep"], wait=False), lambda job: stop(job.id)) as processes:
        ours_has = memory([p for p in processes if p not in servers["ours"]])
    own, theirs = many.values()
    return (
        f"{report(took)}\n{given.jobs} empty jobs, as many at once as cores: {own:.2f} a second, papermill "
        f"{theirs:.2f}, {own / theirs:.1f} x.\nRunner and kernel of a sleeping job: {ours_has:.0f} MB. Load at the "
        f"end: {os.getloadavg()[0]:.1f}.\n"
    )


if __name__ == "__main__":
    sys.exit(main())
