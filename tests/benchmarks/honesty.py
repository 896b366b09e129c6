"""Whether the score that a tool shows is the score that one gets: claimed beside true, ours and the peers' in one run.

    python tests/benchmarks/honesty.py [--tables bike elec …] [--tools workbench lightgbm …] [--draws 3]
                                       [--cache FOLDER] [--results FILE]

Each tool gets the same rows and nothing but the name of the target, and is scored on rows that it has not seen: later
ones where the rows come in time, other persons where they belong to persons, drawn ones elsewhere. Each runs in a
process of its own, peers in throw-away environments.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from environments import python_with  # noqa: E402 - it lies beside this file
from honesty_tables import TABLES, Case, cases  # noqa: E402

# How far a claim may be from the truth: a ratio of errors, a difference of ranks.
RATIO, DIFFERENCE = 1.10, 0.01
TOOLS = {
    "workbench": ("workbench_train.py", None),
    "lightgbm": ("lightgbm_plain.py", None),
    "flaml": ("flaml_automl.py", ["flaml[automl]", "pyarrow"]),
    "autogluon": ("autogluon_tabular.py", ["autogluon.tabular[lightgbm]", "pyarrow"]),
}


@dataclass(frozen=True)
class Judged:
    """What one tool claimed of one case, and what was true."""

    table: str
    tool: str
    number: bool
    claimed: float
    interval: tuple[float, float] | None
    true: float
    cpu: float

    @property
    def promised_too_much(self) -> float:
        """Errors: true by claimed. Ranks: claimed less true."""
        return self.true / self.claimed if self.number else self.claimed - self.true

    @property
    def honest(self) -> bool:
        """Whether it promised no more than the goal allows."""
        return self.promised_too_much <= (RATIO if self.number else DIFFERENCE)

    @property
    def inside(self) -> bool:
        """Whether its interval holds the truth."""
        return self.interval is not None and self.interval[0] <= self.true <= self.interval[1]


def main(arguments: Sequence[str] | None = None) -> int:
    """Judge each tool on each table and print what came out."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tables", nargs="+", default=list(TABLES), choices=list(TABLES))
    parser.add_argument("--tools", nargs="+", default=["workbench", "lightgbm"], choices=list(TOOLS))
    parser.add_argument("--draws", type=int, default=3)
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache" / "workbench-benchmarks")
    parser.add_argument("--results", type=Path)
    given = parser.parse_args(arguments)
    judged = []
    for name in given.tables:
        for case in cases(name, given.draws):
            for tool in given.tools:
                judged += list(judge(case, tool, given.cache))
                print(
                    f"{name} {case.number} {tool}: {judged[-1] if judged else 'nothing'}", file=sys.stderr, flush=True
                )
    text = report(judged, given.tools)
    print(text)
    if given.results:
        given.results.write_text(text, encoding="utf-8")
    return 0


def judge(case: Case, tool: str, cache: Path) -> Iterator[Judged]:
    """One tool on one case, in a process of its own; nothing where it failed."""
    script, requirements = TOOLS[tool]
    python = Path(sys.executable) if requirements is None else python_with(requirements, cache / "environments" / tool)
    with tempfile.TemporaryDirectory() as folder:
        known, later = Path(folder) / "known.parquet", Path(folder) / "later.parquet"
        case.known.to_parquet(known, index=False)
        case.later.to_parquet(later, index=False)
        root = str(HERE.parents[1])
        done = subprocess.run(
            [str(python), str(HERE / "honesty_peers" / script), str(known), str(later), case.target],
            capture_output=True, text=True, env={**os.environ, "PYTHONPATH": root if tool == "workbench" else ""},
        )  # fmt: skip
    if done.returncode:
        print(done.stderr[-2000:], file=sys.stderr)
        return
    told = json.loads(done.stdout.splitlines()[-1])
    yield Judged(
        case.table, tool, told["number"], told["claimed"], tuple(told["interval"]) if told["interval"] else None,
        told["true"], told["cpu"],
    )  # fmt: skip


def report(judged: Sequence[Judged], tools: Sequence[str]) -> str:
    """A table of medians, and how often each tool kept its word."""
    lines = [
        f"| table | {' | '.join(f'{t}: claimed → true' for t in tools)} |",
        f"|---|{'---|' * len(tools)}",
        *(f"| {name} | {' | '.join(_cell(judged, name, t) for t in tools)} |" for name in _names(judged)),
        "",
        "| tool | claims kept | intervals that hold the truth | CPU s, median |",
        "|---|---:|---:|---:|",
        *(_summary(tool, [j for j in judged if j.tool == tool]) for tool in tools),
    ]
    return "\n".join(lines) + "\n"


def _names(judged: Iterable[Judged]) -> list[str]:
    return list(dict.fromkeys(j.table for j in judged))


def _cell(judged: Sequence[Judged], table: str, tool: str) -> str:
    own = sorted((j for j in judged if (j.table, j.tool) == (table, tool)), key=lambda j: j.promised_too_much)
    if not own:
        return "failed"
    middle = own[len(own) // 2]
    measure = f"{middle.promised_too_much:.2f}x" if middle.number else f"{middle.promised_too_much:+.3f}"
    return f"{middle.claimed:.4g} → {middle.true:.4g} ({measure})"


def _summary(tool: str, own: Sequence[Judged]) -> str:
    if not own:
        return f"| {tool} | | | |"
    kept, given = sum(j.honest for j in own), [j for j in own if j.interval]
    held = f"{sum(j.inside for j in given)} of {len(given)}" if given else "gives none"
    cpu = sorted(j.cpu for j in own)[len(own) // 2]
    return f"| {tool} | {kept} of {len(own)} | {held} | {cpu:.1f} |"


if __name__ == "__main__":
    sys.exit(main())
