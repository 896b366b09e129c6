"""How fast and how small: our profile beside those of the peers, side by side in one run.

    python tests/benchmarks/profiling.py --cache ~/.cache/workbench-benchmarks

Each peer is installed into a throw-away environment of its own under the cache, where the seeded tables lie too. Each
measurement is a fresh process that tells its CPU seconds (user and system, all threads), those of the import apart, its
peak memory and the size of what it wrote. The profilers take turns (ABCABC…), so that a busy moment of the machine
meets them all, and the median is told. The last whole run is kept in RESULTS.md.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from environments import python_with  # noqa: E402 - it lies beside this file
from profiling_tables import path_of  # noqa: E402

LIMIT_S = 600  # of one measurement
MARKS = ("<!-- profiling: begin -->", "<!-- profiling: end -->")
MB_A_COLUMN = 1.0  # the "little per column" of the memory goal


@dataclass(frozen=True)
class Tool:
    """A profiler: its script, what its environment holds (nothing: this one), and whether it holds the whole table."""

    name: str
    script: str
    requirements: tuple[str, ...] = ()
    holds_all: bool = False


OURS = Tool("workbench", "workbench_profile.py")
DUCKDB = Tool("duckdb SUMMARIZE", "duckdb_summarize.py", ("duckdb",))
POLARS = Tool("polars describe", "polars_describe.py", ("polars",))
FG = Tool("fg-data-profiling minimal", "fg_minimal.py", ("fg-data-profiling", "pyarrow"), True)
SKRUB = Tool("skrub TableReport", "skrub_report.py", ("skrub", "pyarrow"), True)
PYSURICATA = Tool("pysuricata", "pysuricata_report.py", ("pysuricata", "pandas", "polars", "pyarrow"))
TOOLS = (OURS, DUCKDB, POLARS, FG, SKRUB, PYSURICATA)

TABLES = ("census income", "flights", "mixed 1M x 20", "mixed 5M x 20", "wide 10k x 500")
WARM = "wide 500 x 50"
QUICK = ("census income", "mixed 20k x 20", "wide 500 x 50")
LARGEST = "mixed 50M x 20"
# Who holds a table whole needs tens of GB for these: it is left out, and that is told.
TOO_LONG = ("mixed 5M x 20", LARGEST)


@dataclass(frozen=True)
class Measured:
    """Medians of one profiler on one table; where it failed, why."""

    runs: int = 0
    import_s: float = 0.0
    work_s: float = 0.0
    peak_mb: float = 0.0
    output_kb: float = 0.0
    failure: str = ""

    @property
    def cpu_s(self) -> float:
        """Of the whole process."""
        return self.import_s + self.work_s


Rows = dict[tuple[str, str], Measured]


@dataclass(frozen=True)
class Goal:
    """A figure of ours on one table, as such or by that of a peer, and its limit."""

    text: str
    table: str
    figure: str
    limit: float
    peer: Tool | None = None
    table_of_peer: str = ""

    def value(self, rows: Rows) -> float | None:
        """None where one of both was not measured."""
        ours = rows.get((self.table, OURS.name))
        other = rows.get((self.table_of_peer or self.table, self.peer.name)) if self.peer else None
        if ours is None or ours.failure or (self.peer and (other is None or other.failure)):
            return None
        value = getattr(ours, self.figure)
        return value / getattr(other, self.figure) if other else value


GOALS = (
    Goal("CPU by duckdb SUMMARIZE", "mixed 1M x 20", "cpu_s", 1.2, DUCKDB),
    Goal("CPU by duckdb SUMMARIZE", "mixed 5M x 20", "cpu_s", 1.0, DUCKDB),
    Goal("CPU by fg-data-profiling minimal", "mixed 1M x 20", "cpu_s", 0.12, FG),
    Goal("CPU by skrub TableReport", "mixed 1M x 20", "cpu_s", 0.6, SKRUB),
    Goal("CPU by pysuricata", "mixed 1M x 20", "cpu_s", 0.2, PYSURICATA),
    Goal("CPU of the work, s", "census income", "work_s", 0.6),
    Goal("CPU of the import, s", "census income", "import_s", 0.4),
    Goal("CPU by duckdb SUMMARIZE, all associations", "wide 10k x 500", "cpu_s", 3.0, DUCKDB),
    Goal("Peak memory, MB", "mixed 1M x 20", "peak_mb", 250 + 20 * MB_A_COLUMN),
    Goal("Peak memory, MB", "mixed 5M x 20", "peak_mb", 250 + 20 * MB_A_COLUMN),
    Goal("Peak memory, MB", LARGEST, "peak_mb", 250 + 20 * MB_A_COLUMN),
    Goal("Peak memory by that at 1M", LARGEST, "peak_mb", 1.1, OURS, "mixed 1M x 20"),
    Goal("HTML, KB", "mixed 1M x 20", "output_kb", 300),
    Goal("HTML, KB", "mixed 5M x 20", "output_kb", 300),
)


def main(arguments: list[str] | None = None) -> int:
    """Measure, print the tables and keep them; the exit status is 0 whatever they say."""
    given = _parsed(arguments)
    tables = _tables(given)
    tools = [t for t in TOOLS if t is OURS or (not given.ours_alone and _wanted(t, given.only))]
    pythons, failures = _environments(tools, given.cache)
    rows: Rows = {(table, name): Measured(failure=why) for name, why in failures.items() for table in tables}
    versions: dict[str, dict[str, str]] = {}
    if not given.quick:
        _warm([t for t in tools if t.name in pythons], pythons, given)
    for table in tables:
        path = _made(table, given.cache)
        those = [t for t in tools if t.name in pythons]
        rows |= _table(table, path, those, pythons, given, versions)
    text = told(rows, tools, tables, versions, given.repeats)
    print(text)
    if given.results:
        keep(text, given.results)
    return 0


def _parsed(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cache", type=Path, required=True, help="a folder outside the repository, kept between runs")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="small tables, once each and not warmed; keeps nothing")
    parser.add_argument("--memory", action="store_true", help="50 million rows too (6 GB on the disk), ours alone")
    parser.add_argument("--only", nargs="*", default=[], help="peers by a part of their name")
    parser.add_argument("--ours-alone", action="store_true", help="no peers")
    parser.add_argument("--tables", nargs="*", default=[], help="tables by a part of their name")
    parser.add_argument("--limit", type=float, default=LIMIT_S, help="seconds that one measurement may take")
    parser.add_argument("--results", type=Path, help="the file to keep the tables in; a whole run keeps RESULTS.md")
    given = parser.parse_args(arguments)
    given.cache = given.cache.expanduser().resolve()
    given.repeats = 1 if given.quick else given.repeats
    whole = not (given.quick or given.only or given.tables or given.ours_alone)
    given.results = given.results or (HERE / "RESULTS.md" if whole else None)
    return given


def _tables(given: argparse.Namespace) -> list[str]:
    known = [*(QUICK if given.quick else TABLES), *([LARGEST] if given.memory else [])]
    return [t for t in known if not given.tables or any(part in t for part in given.tables)]


def _wanted(tool: Tool, parts: list[str]) -> bool:
    return not parts or any(part in tool.name for part in parts)


def _environments(tools: list[Tool], cache: Path) -> tuple[dict[str, Path], dict[str, str]]:
    """The Python of each tool, and why one has none."""
    pythons, failures = {}, {}
    for tool in tools:
        try:
            folder = cache / "environments" / Path(tool.script).stem
            made = python_with(list(tool.requirements), folder) if tool.requirements else Path(sys.executable)
        except subprocess.CalledProcessError as error:
            failures[tool.name] = f"not installed: {_last_line(error.stderr)}"
        else:
            pythons[tool.name] = made
    return pythons, failures


def _warm(tools: list[Tool], pythons: dict[str, Path], given: argparse.Namespace) -> None:
    """Each profiler once, unmeasured: modules are compiled then, font caches are there, and files lie in memory."""
    path = _made(WARM, given.cache)
    for tool in tools:
        _say(f"warming {tool.name}")
        measure(pythons[tool.name], HERE / "profilers" / tool.script, path, given.limit, given.cache)


def _made(table: str, cache: Path) -> Path:
    path = path_of(table, cache)
    if not path.exists():
        _say(f"making {table}")
        subprocess.run([sys.executable, str(HERE / "profiling_tables.py"), table, str(path)], check=True)
    return path


def _table(
    table: str, path: Path, tools: list[Tool], pythons: dict[str, Path], given: argparse.Namespace,
    versions: dict[str, dict[str, str]],
) -> Rows:  # fmt: skip
    """All profilers on one table, in turns."""
    found: dict[str, list[dict]] = {t.name: [] for t in tools}
    failed: dict[str, str] = {t.name: "holds the table whole: left out" for t in tools if _left_out(t, table)}
    for turn in range(given.repeats):
        for tool in tools:
            if tool.name in failed:
                continue
            _say(f"{table}: {tool.name}, {turn + 1} of {given.repeats}")
            one = measure(pythons[tool.name], HERE / "profilers" / tool.script, path, given.limit, given.cache)
            if isinstance(one, str):
                failed[tool.name] = one
            else:
                versions[tool.name] = one.pop("versions")
                found[tool.name].append(one)
    return {(table, n): Measured(failure=failed[n]) if n in failed else _medians(runs) for n, runs in found.items()}


def _left_out(tool: Tool, table: str) -> bool:
    return (tool.holds_all and table in TOO_LONG) or (tool is not OURS and table == LARGEST)


def measure(python: Path, script: Path, table: Path, limit: float = LIMIT_S, cache: Path | None = None) -> dict | str:
    """One measurement in a fresh process, or why there is none; compiled modules are kept in ``cache``."""
    with tempfile.TemporaryDirectory() as folder:
        variables = {**os.environ, "PYTHONPATH": str(HERE.parents[1]), "WORKBENCH_HOME": folder}
        variables.pop("PYTHONDONTWRITEBYTECODE", None)
        variables["PYTHONPYCACHEPREFIX"] = str((cache or Path(folder)) / "compiled")
        command = [str(python), str(script), str(table), folder]
        try:
            subprocess.run(
                command, check=True, capture_output=True, text=True, timeout=limit, env=variables, cwd=folder
            )
        except subprocess.TimeoutExpired:
            return f"took more than {limit:.0f} s"
        except subprocess.CalledProcessError as error:
            return f"failed: {_last_line(error.stderr) or error.returncode}"
        return json.loads(Path(folder, "measured.json").read_text())


def _medians(runs: list[dict]) -> Measured:
    names = ("import_s", "work_s", "peak_mb", "output_kb")
    return Measured(len(runs), *(median(r[n] for r in runs) for n in names))


def told(rows: Rows, tools: list[Tool], tables: list[str], versions: dict[str, dict[str, str]], repeats: int) -> str:
    """Both tables in Markdown: the goals, and what was measured."""
    return "\n".join(
        [
            "## Profiling",
            "",
            f"{datetime.now(UTC):%Y-%m-%d}, {_machine()}. Medians of {repeats}, profilers in turns, each in a process "
            "of its own. CPU is user and system time of the whole process, all threads. "
            f"Load when it ended: {os.getloadavg()[0]:.1f}.",
            "",
            *_goals(rows, tables),
            "",
            *_figures(rows, tools, tables),
            "",
            "Versions: " + "; ".join(_version(name, versions[name]) for name in versions) + ".",
            "",
        ]
    )


def _goals(rows: Rows, tables: list[str]) -> list[str]:
    lines = ["| goal | table | value | at most | holds |", "|---|---|---:|---:|---|"]
    for goal in GOALS:
        value = goal.value(rows)
        shown, holds = ("–", "not measured") if value is None else (f"{value:.3g}", _holds(value <= goal.limit))
        if goal.table in tables or goal.table in TABLES:
            lines.append(f"| {goal.text} | {goal.table} | {shown} | {goal.limit:g} | {holds} |")
    return lines


def _holds(true: bool) -> str:
    return "yes" if true else "**no**"


def _figures(rows: Rows, tools: list[Tool], tables: list[str]) -> list[str]:
    lines = [
        "| table | profiler | CPU, s | of it import | work | peak, MB | output, KB | our CPU by its | runs |",
        "|---|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    return lines + [_line(rows, table, tool.name) for table in tables for tool in tools if (table, tool.name) in rows]


def _line(rows: Rows, table: str, name: str) -> str:
    one, ours = rows[table, name], rows.get((table, OURS.name))
    if one.failure:
        return f"| {table} | {name} | {one.failure} | | | | | | |"
    ratio = f"{ours.cpu_s / one.cpu_s:.2f}" if ours and not ours.failure and one.cpu_s else "–"
    return (
        f"| {table} | {name} | {one.cpu_s:.2f} | {one.import_s:.2f} | {one.work_s:.2f} | {one.peak_mb:.0f} | "
        f"{one.output_kb:.0f} | {ratio} | {one.runs} |"
    )


def _version(name: str, found: dict[str, str]) -> str:
    return f"{name} ({', '.join(f'{package} {number}' for package, number in found.items())})"


def _machine() -> str:
    """What matters of the machine, and nothing that names it."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{platform.machine()} with {cores} cores and {memory:.0f} GiB, Python {platform.python_version()}"


def keep(text: str, path: Path) -> None:
    """Put the text between its marks in a file that may hold other results too."""
    old = path.read_text(encoding="utf-8") if path.exists() else "# Results of the last whole runs\n"
    before, _, rest = old.partition(MARKS[0])
    after = rest.partition(MARKS[1])[2].strip()
    parts = [before.strip(), f"{MARKS[0]}\n{text.strip()}\n{MARKS[1]}", after]
    path.write_text("\n\n".join(p for p in parts if p) + "\n", encoding="utf-8")


def _last_line(text: str | None) -> str:
    """The last line of an error, shortened, without what would break a table or name a folder of this machine."""
    lines = (text or "").strip().splitlines()
    return (lines[-1] if lines else "").replace("|", "/").replace(str(Path.home()), "~")[:160]


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
