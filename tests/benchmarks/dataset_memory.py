"""The memory that a table takes: what a dataset keeps of its file, beside a frame that holds all of it.

    python tests/benchmarks/dataset_memory.py [--table "mixed 5M x 20"] [--cache FOLDER]

Each way is a process of its own, and its figure the most that was resident in it at once, the imports among it. The
tables are those of the profiling benchmark.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import profiling_tables  # noqa: E402 - it lies beside this file

DATASET = "import workbench as wb; data = wb.dataset(path, target='paid')"
WAYS = {
    "the imports alone": "import workbench.reading.dataset, workbench.profiling.profile",
    "`wb.profile(path)`": "import workbench as wb; wb.profile(path)",
    "`data = wb.dataset(path, target=…)`": DATASET,
    "and `wb.profile(data)`": f"{DATASET}; wb.profile(data)",
    "and two columns of it": f"{DATASET}; data.columns(['price', 'paid'])",
    "and `data.table`": f"{DATASET}; data.table",
    "in order of time, and `wb.profile(data)`": (
        "import workbench as wb; wb.profile(wb.dataset(path, target='paid', time='at'))"
    ),
    "`pandas.read_parquet(path)`": "import pandas; table = pandas.read_parquet(path)",
}
MEASURED = "import sys; path = sys.argv[1]; {way}; from stopwatch import peak_mb; print(peak_mb())"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--table", default="mixed 1M x 20", choices=profiling_tables.MIXED)
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache" / "workbench-benchmarks")
    given = parser.parse_args(arguments)
    path = profiling_tables.path_of(given.table, given.cache)
    if not path.exists():
        subprocess.run([sys.executable, str(HERE / "profiling_tables.py"), given.table, str(path)], check=True)
    print(f"| {given.table} | peak, MB |\n|---|---:|")
    for name, way in WAYS.items():
        print(f"| {name} | {peak(way, path):.0f} |", flush=True)
    return 0


def peak(way: str, path: Path) -> float:
    """MB that were resident at most in a process that goes this way."""
    folders = (str(HERE.parents[1]), str(HERE / "profilers"))
    run = subprocess.run(
        [sys.executable, "-c", MEASURED.format(way=way), str(path)],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(folders)},
    )
    return float(run.stdout.split()[-1])


if __name__ == "__main__":
    sys.exit(main())
