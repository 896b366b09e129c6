"""Ways to another answer, ours and DiCE's, for the same rows of the census and the same fitted pipeline.

    python tests/benchmarks/counterfactuals.py [--table adult.csv] [--rows 1000] [--peer-seconds 100]
                                               [--methods random genetic kdtree] [--cache FOLDER] [--results FILE]

Rows with gaps are left out, since DiCE takes none. Sex, race, origin and age must stay. A row counts as solved where
the pipeline answers otherwise for a way that keeps these columns; DiCE runs in a throw-away environment, each method
until its time is up.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from environments import python_with  # noqa: E402 - it lies beside this file

KEPT = ("sex", "race", "native_country", "age")
TABLES = Path(os.environ.get("WORKBENCH_TEST_DATA", HERE.parents[2] / "shared" / "data"))
TARGET = "income"


@dataclass
class Ways:
    """What one tool found.

    Parameters
    ----------
    tool : str
    seconds : list of float
        Of each row that was asked about.
    solved : list of bool
        Whether a way leads to the other answer and keeps what must stay.
    changed : list of int
        Columns that the smallest such way changes.
    unreal : int
        Ways with a value that no row of the table has.
    ways : int
        Found in all.
    """

    tool: str
    seconds: list[float] = field(default_factory=list)
    solved: list[bool] = field(default_factory=list)
    changed: list[int] = field(default_factory=list)
    unreal: int = 0
    ways: int = 0

    def take(self, row: dict, found: list[dict], pipeline: object, values: dict[str, set], seconds: float) -> None:
        """Judge what was found for one row."""
        features = list(row)
        frame = pd.DataFrame([row, *found], columns=features).infer_objects()
        answers = pipeline.predict(frame)
        differing = [[n for n in features if way[n] != row[n]] for way in found]
        fine = [a != answers[0] and not set(d) & set(KEPT) for a, d in zip(answers[1:], differing, strict=True)]
        self.seconds.append(seconds)
        self.solved.append(any(fine))
        self.changed += [min(len(d) for d, ok in zip(differing, fine, strict=True) if ok)] if any(fine) else []
        self.unreal += sum(any(way[n] not in values[n] for n in d) for way, d in zip(found, differing, strict=True))
        self.ways += len(found)

    def line(self) -> str:
        """A row of the table."""
        if not self.seconds:
            return f"| {self.tool} | 0 | | | | | |"
        changed = f"{np.mean(self.changed):.1f}, at most {max(self.changed)}" if self.changed else "none"
        return (
            f"| {self.tool} | {len(self.seconds)} | {np.mean(self.solved):.1%} | {np.median(self.seconds):.3f} | "
            f"{max(self.seconds):.2f} | {changed} | {self.unreal} of {self.ways} |"
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """Ask ours about all rows and the peer as long as it may, and print what came out."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--table", type=Path, default=TABLES / "adult.csv")
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--peer-seconds", type=float, default=100)
    parser.add_argument("--methods", nargs="*", default=["random", "genetic", "kdtree"])
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache" / "workbench-benchmarks")
    parser.add_argument("--results", type=Path)
    given = parser.parse_args(arguments)
    known, asked = tables(given.table, given.rows)
    run, pipeline = adopted(known, asked)
    values = {name: set(known[name]) | set(asked[name]) for name in known}
    told = [ours(run, pipeline, asked, values)]
    for method in given.methods:
        told.append(dices(method, known, asked, pipeline, values, given.peer_seconds, given.cache))
    text = report(told)
    print(text)
    if given.results:
        given.results.write_text(text, encoding="utf-8")
    return 0


def tables(path: Path, rows: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows to fit on, and later ones to ask about."""
    table = pd.read_csv(path, na_values="?").dropna().reset_index(drop=True)
    table[TARGET] = (table[TARGET] == ">50K").astype(int)
    return table.iloc[:-rows], table.iloc[-rows:].reset_index(drop=True)


def adopted(known: pd.DataFrame, asked: pd.DataFrame) -> tuple:
    """The pipeline, fitted as the peer fits it, and the run that adopts it."""
    from sklearn.compose import make_column_selector, make_column_transformer
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder

    import workbench as wb

    features = [name for name in known if name != TARGET]
    numbers = known[features].select_dtypes("number").columns.tolist()
    hot = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    texts = make_column_selector(dtype_include=[object, "str"])
    pipeline = make_pipeline(
        make_column_transformer(("passthrough", numbers), (hot, texts)), HistGradientBoostingClassifier(random_state=0)
    ).fit(known[features], known[TARGET])
    return wb.adopt(pipeline, known, target=TARGET, holdout=asked), pipeline


def ours(run: object, pipeline: object, asked: pd.DataFrame, values: dict[str, set]) -> Ways:
    """Every row; the first one makes the search ready."""
    told, what_if = Ways("workbench"), run.what_if()
    for row in asked[list(run.features)].to_dict("records"):
        began = time.perf_counter()
        found = what_if.counterfactuals(row, immutable=KEPT, wanted=None)
        seconds = time.perf_counter() - began
        ways = [row | {change.column: change.after for change in way.changes} for way in found.found]
        told.take(row, ways, pipeline, values, seconds)
    return told


def dices(
    method: str, known: pd.DataFrame, asked: pd.DataFrame, pipeline: object, values: dict[str, set], seconds: float,
    cache: Path,
) -> Ways:  # fmt: skip
    """As many rows as one of DiCE's methods gets through."""
    told = Ways(f"DiCE, {method}")
    python = python_with(["dice-ml", "pyarrow"], cache / "environments" / "dice")
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / name for name in ("known.parquet", "asked.parquet")]
        known.to_parquet(paths[0], index=False)
        asked.to_parquet(paths[1], index=False)
        command = [python, HERE / "counterfactual_peers" / "dice_ways.py", *paths, TARGET, method, seconds, *KEPT]
        done = subprocess.Popen(
            list(map(str, command)), stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": ""}
        )
        try:
            out, _ = done.communicate(timeout=seconds + 200)
        except subprocess.TimeoutExpired:
            done.kill()
            out, _ = done.communicate()
    features = [name for name in asked if name != TARGET]
    for line in (json.loads(one) for one in out.splitlines() if one.startswith("{")):
        row = asked[features].iloc[line["row"]].to_dict()
        ways = [{name: type(row[name])(way[name]) for name in features} for way in line["ways"]]
        told.take(row, ways, pipeline, values, line["seconds"])
    return told


def report(told: Sequence[Ways]) -> str:
    """One line a tool."""
    return "\n".join([
        "| tool | rows asked about | solved | s a row, median | s a row, most | columns changed | with a value that no "
        "row has |",
        "|---|---:|---:|---:|---:|---|---:|",
        *(one.line() for one in told),
        "",
    ])  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
