"""Mutation testing of the central modules: ``python tests/mutants.py [MODULE …]``.

mutmut changes each module in a copy of the tree, in one place at a time, and runs the module's own tests on each change;
a mutant that lives is a change of behaviour that no test sees. Needs ``pip install mutmut`` and a system with ``fork``;
takes minutes a module, so it is no part of the usual tests. Exits with 1 where fewer than ``LEAST`` of a module's
mutants are killed.
"""

import argparse
import json
import random
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
LEAST = 0.85
# Each module with the tests that are about it.
CENTRAL: dict[str, tuple[str, ...]] = {
    "core/checking": ("tests/core/test_checking.py",),
    "core/scores": ("tests/core/test_scores.py",),
    "monitoring/incidents": ("tests/monitoring/test_monitor.py",),
    "monitoring/judgement": ("tests/monitoring/test_monitor.py",),
    "profiling/differences": ("tests/profiling/test_compare.py",),
    "profiling/drift_tests": ("tests/profiling/test_compare.py",),
    "storage/audit": ("tests/storage/test_files.py",),
    "storage/files": ("tests/storage/test_files.py",),
    "tables/cuts": ("tests/tables/test_cuts.py",),
    "tables/lookup": ("tests/tables/test_lookup.py",),
    "tables/trees": ("tests/tables/test_trees.py",),
    "training/splits": ("tests/training/test_splits.py",),
}
LIVED = {0: "no test fails", 33: "no test reaches it"}  # mutmut's exit codes; all others mean that a test saw it
CONFIG = """[mutmut]
source_paths=workbench
only_mutate=
    workbench/{module}.py
also_copy=
    README.md
    notebooks
pytest_add_cli_args_test_selection=
    {tests}
pytest_add_cli_args=
    -p
    no:cacheprovider
timeout_multiplier=4
timeout_constant=5
use_git_change_detection=false
"""


@dataclass(frozen=True)
class Outcome:
    """What became of a module's mutants.

    Parameters
    ----------
    module : str
        Such as ``core/checking``.
    mutants : int
        How many were tried.
    lived : dict of str to str
        Name of each mutant that lived, and why.
    """

    module: str
    mutants: int
    lived: dict[str, str]

    @property
    def killed(self) -> float:
        """Share of the mutants that a test saw, in [0, 1]."""
        return 1 - len(self.lived) / self.mutants if self.mutants else 1.0

    def __str__(self) -> str:
        return f"{self.module:24} {self.mutants:5} mutants {self.killed:7.1%} killed"


def main() -> int:
    """Mutate the modules that are named, or all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("modules", nargs="*", metavar="MODULE", help="such as core/checking; all by default")
    parser.add_argument("--most", type=int, help="mutants of each module, drawn at random from a fixed seed")
    parser.add_argument("--show", action="store_true", help="print each mutant that lived as a difference")
    chosen = parser.parse_args()
    outcomes = [mutate(module, chosen.most, chosen.show) for module in chosen.modules or CENTRAL]
    return int(any(outcome.killed < LEAST for outcome in outcomes))


def mutate(module: str, most: int | None = None, show: bool = False) -> Outcome:
    """Try a module's mutants in a copy of the tree, and print what became of them."""
    with tempfile.TemporaryDirectory() as place:
        tree = Path(place)
        copy_tree(tree)
        tests = "\n    ".join(CENTRAL[module])
        (tree / "setup.cfg").write_text(CONFIG.format(module=module, tests=tests), encoding="utf-8")
        # The pattern fits no mutant: they are only made.
        names = sorted(_codes(tree, module, "none of them"))
        drawn = sorted(random.Random(7).sample(names, most)) if most and most < len(names) else names
        codes = _codes(tree, module, *drawn)
        outcome = Outcome(module, len(drawn), {n: LIVED[codes[n]] for n in drawn if codes[n] in LIVED})
        sys.stdout.write(f"{outcome}\n")
        for name, reason in outcome.lived.items() if show else ():
            sys.stdout.write(f"\n{name}: {reason}\n{_mutmut(tree, 'show', name)}")
        sys.stdout.flush()
        return outcome


def copy_tree(tree: Path) -> None:
    """Copy what git knows of, as it is now."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, tree / name)


def _codes(tree: Path, module: str, *names: str) -> dict[str, int | None]:
    """mutmut's exit code by mutant, None for those that were not run."""
    _mutmut(tree, "run", "--max-children", "1", *names)
    return json.loads((tree / "mutants" / "workbench" / f"{module}.py.meta").read_text())["exit_code_by_key"]


def _mutmut(tree: Path, *arguments: str) -> str:
    done = subprocess.run([sys.executable, "-m", "mutmut", *arguments], cwd=tree, capture_output=True, text=True)
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
