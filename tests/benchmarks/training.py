"""What a training costs and what it brings: true scores per CPU second, and the cost against rows, beside the peers.

    python tests/benchmarks/training.py [--tables adult telco …] [--rows 2000 20000 …] [--tools workbench lightgbm …]
                                        [--seconds 60] [--cache FOLDER] [--results FILE]

Each tool gets the same rows and nothing but the name of the target, runs in a process of its own, peers in throw-away
environments, and is scored on rows that it has not seen. CPU seconds are those of the call alone, in a process that has
trained before; peers that ask for a time get ``--seconds``.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from honesty import TOOLS, Judged, judge  # noqa: E402 - it lies beside this file
from honesty_tables import TABLES, Case, cases  # noqa: E402

USUAL = ("adult", "telco", "housing", "bike", "elec", "flights")
SIZES = (2_000, 20_000, 200_000, 1_000_000)
# Rows of the made table that tell the truth.
LATER = 50_000


def made(rows: int) -> Case:
    """Twenty columns, five of them categories, of which half say something: lines, curves and pairs."""
    rng = np.random.default_rng(0)
    n = rows + LATER
    frame = pd.DataFrame(rng.normal(size=(n, 15)), columns=[f"x{k}" for k in range(15)])
    for k in range(5):
        frame[f"c{k}"] = pd.Series(rng.choice([f"v{i}" for i in range(4 * (k + 1))], n), dtype="str")
    effect = dict(zip([f"v{i}" for i in range(20)], rng.normal(0, 0.7, 20), strict=True))
    score = frame["x0"] + np.sin(2 * frame["x1"]) + frame["x2"] * frame["x3"] + 0.5 * (frame["x4"] > 1) * frame["x5"]
    score += frame["c4"].map(effect) + frame["c1"].map(effect) * (frame["x6"] > 0)
    frame["y"] = np.where(rng.random(n) < 1 / (1 + np.exp(-score)), "yes", "no")
    return Case(f"{rows:,} rows", "y", 0, frame[:rows], frame[rows:])


def main(arguments: Sequence[str] | None = None) -> int:
    """Train with each tool on each table and print what it cost and brought."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tables", nargs="*", default=list(USUAL), choices=list(TABLES))
    parser.add_argument("--rows", nargs="*", type=int, default=list(SIZES))
    parser.add_argument("--tools", nargs="+", default=["workbench", "lightgbm"], choices=list(TOOLS))
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache" / "workbench-benchmarks")
    parser.add_argument("--results", type=Path)
    given = parser.parse_args(arguments)
    os.environ["WORKBENCH_BENCHMARK_SECONDS"] = str(given.seconds)
    real = [case for name in given.tables for case in cases(name, 1)]
    grown = (made(rows) for rows in given.rows)
    plain = [tool for tool in given.tools if tool in ("workbench", "lightgbm")]
    text = "\n\n".join([
        "### Scores and what they cost\n",
        report(list(_all(real, given.tools, given.cache)), given.tools),
        "### Cost against rows\n",
        report(list(_all(grown, plain, given.cache)), plain),
        _first_rows(),
    ])  # fmt: skip
    print(text)
    if given.results:
        given.results.write_text(text + "\n", encoding="utf-8")
    return 0


def _all(each: Iterable[Case], tools: Sequence[str], cache: Path) -> Iterator[Judged]:
    for case in each:
        for tool in tools:
            for one in judge(case, tool, cache):
                print(one, file=sys.stderr, flush=True)
                yield one


def report(found: Sequence[Judged], tools: Sequence[str]) -> str:
    """Of each table the true scores, the CPU seconds, and ours by those of LightGBM."""
    lines = [
        f"| table | {' | '.join(f'{tool}: true score, CPU s' for tool in tools)} | CPU by LightGBM's |",
        f"|---|{'---|' * len(tools)}---:|",
    ]
    for name in dict.fromkeys(one.table for one in found):
        of = {one.tool: one for one in found if one.table == name}
        cells = [f"{of[tool].true:.4g}, {of[tool].cpu:.1f}" if tool in of else "failed" for tool in tools]
        both = "workbench" in of and "lightgbm" in of
        ratio = f"{of['workbench'].cpu / of['lightgbm'].cpu:.1f}x" if both else ""
        lines.append(f"| {name} | {' | '.join(cells)} | {ratio} |")
    return "\n".join(lines)


def _first_rows() -> str:
    """Wall and CPU seconds until three candidates stand on the leaderboard, of 20,000 made rows."""
    case = made(20_000)
    with tempfile.TemporaryDirectory() as folder:
        known = Path(folder) / "known.parquet"
        case.known.to_parquet(known, index=False)
        done = subprocess.run(
            [sys.executable, str(HERE / "honesty_peers" / "first_rows.py"), str(known), case.target],
            capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": str(HERE.parents[1])},
        )  # fmt: skip
    took = json.loads(done.stdout.splitlines()[-1])
    return f"The first three rows of the leaderboard, 20,000 rows: {took['seconds']:.1f} s, {took['cpu']:.1f} CPU s."


if __name__ == "__main__":
    sys.exit(main())
