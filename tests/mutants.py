"""Mutation testing of the central modules: ``python tests/mutants.py [MODULE …]``.

mutmut changes each module in a copy of the tree, one place at a time, and runs the module's own tests on each change;
a mutant that lives is a change of behaviour that no test sees. Needs ``pip install mutmut`` and a system with ``fork``;
takes minutes a module, so it is no part of the usual tests. Exits with 1 where fewer than ``LEAST`` of a module's
mutants are killed. Mutants of a message's wording count as any other, though no test need see them.
"""

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import _lru_cache_wrapper
from pathlib import Path

ROOT = Path(__file__).parents[1]
LEAST = 0.85
# Each module with the tests that are about it. Those of reading can't be tried: Polars' threads are gone in a process
# that mutmut has forked, and whatever asks them waits for ever.
CENTRAL: dict[str, tuple[str, ...]] = {
    "codegen/parse": ("tests/codegen/test_round_trip.py",),
    "codegen/render": ("tests/codegen/test_round_trip.py",),
    "codegen/update": ("tests/codegen/test_round_trip.py",),
    "core/checking": ("tests/core/test_checking.py", "tests/core/test_checking_forms.py"),
    "core/codes": ("tests/core/test_codes.py",),
    "core/forms": ("tests/core/test_forms.py",),
    "core/json_values": ("tests/core/test_json_values.py",),
    "core/late": ("tests/core/test_late.py",),
    "core/literals": ("tests/core/test_literals.py",),
    "core/parameters": ("tests/core/test_parameters.py", "tests/core/test_agreement.py"),
    "core/saved": ("tests/core/test_saved.py",),
    "core/scores": ("tests/core/test_scores.py",),
    "monitoring/incidents": ("tests/monitoring/test_incidents.py",),
    "profiling/distinct": ("tests/profiling/test_distinct.py",),
    "profiling/drift_tests": ("tests/profiling/test_drift_tests.py",),
    "scoring/ids": ("tests/scoring/test_ids.py",),
    "scoring/quick_json": ("tests/scoring/test_quick_json.py",),
    "storage/audit": ("tests/storage/test_audit.py",),
    "storage/files": ("tests/storage/test_files.py",),
    "storage/pipelines": ("tests/storage/test_pipelines.py",),
    "tables/cuts": ("tests/tables/test_cuts.py",),
    "tables/lookup": ("tests/tables/test_lookup.py",),
    "tables/trees": ("tests/tables/test_trees.py",),
    "training/splits": ("tests/training/test_splits.py",),
}
# mutmut's exit codes of a mutant that no test saw; all other numbers mean that one failed, crashed or ran for ever.
LIVED = {0: "no test fails", 5: "no test reaches it", 33: "no test reaches it"}
UNTRIED = (None, 2, 34)  # not run, interrupted, left out
ENDLESS = (36, 24, -24, 152)  # ran for too long, by the clock or by the processor's time
CONFIG = """[mutmut]
source_paths=workbench
only_mutate=
    {modules}
also_copy=
    README.md
    notebooks
pytest_add_cli_args_test_selection=
    {tests}
pytest_add_cli_args=
    -p
    no:cacheprovider
    -p
    tests.mutants
    --hypothesis-profile=quick
timeout_multiplier=4
timeout_constant=10
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
        How many there are.
    tried : int
        How many of them were tried.
    lived : dict of str to str
        Name of each mutant that lived, and why.
    endless : int
        How many counted as killed because they ran for too long: many of them tell of a slow machine, or of tests that
        hang in a forked process.
    """

    module: str
    mutants: int
    tried: int
    lived: dict[str, str]
    endless: int

    @property
    def killed(self) -> float:
        """Share of those tried that a test saw, in [0, 1]."""
        return 1 - len(self.lived) / self.tried if self.tried else 1.0

    def __str__(self) -> str:
        return f"| {self.module} | {self.mutants} | {self.tried} | {self.killed:.0%} | {self.endless} |"


def main() -> int:
    """Mutate the modules that are named, or all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("modules", nargs="*", metavar="MODULE", help="such as core/checking; all by default")
    parser.add_argument("--most", type=int, help="mutants of each module, drawn at random from a fixed seed")
    parser.add_argument("--show", action="store_true", help="print each mutant that lived as a difference")
    chosen = parser.parse_args()
    unknown = sorted(set(chosen.modules) - set(CENTRAL))
    if unknown:
        parser.error(f"no tests are known for {', '.join(unknown)}; add them to CENTRAL")
    outcomes = mutate(chosen.modules or list(CENTRAL), chosen.most, chosen.show)
    return int(any(outcome.killed < LEAST for outcome in outcomes))


def mutate(modules: Sequence[str], most: int | None = None, show: bool = False) -> list[Outcome]:
    """Try the modules' mutants in one copy of the tree, and print what became of them.

    Each mutant meets those of the modules' tests that reach its function.
    """
    with tempfile.TemporaryDirectory() as place:
        tree = Path(place)
        copy_tree(tree)
        # No test is found, so the mutants are written and none is tried.
        _configure(tree, modules, ["no_such_test.py"])
        _mutmut(tree, "run", "--max-children", "1")
        drawn = {module: _drawn(sorted(_codes(tree, module)), most) for module in modules}
        _configure(tree, modules, sorted({test for module in modules for test in CENTRAL[module]}))
        output = _mutmut(tree, "run", "--max-children", "1", *(name for names in drawn.values() for name in names))
        outcomes = [_outcome(module, _codes(tree, module), drawn[module], output) for module in modules]
        sys.stdout.write("\n".join(map(str, outcomes)) + "\n")
        for name, reason in ((n, r) for o in outcomes for n, r in o.lived.items()) if show else ():
            sys.stdout.write(f"\n{name}: {reason}\n{_mutmut(tree, 'show', name)}")
        return outcomes


def copy_tree(tree: Path) -> None:
    """Copy what git knows of, as it is now."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, tree / name)


def pytest_sessionstart() -> None:
    """As a plugin of pytest: make modules of tests anew, and what some make as they are imported.

    A mutant is forked from a process that has run all tests, and what that kept would hide it.
    """
    for name in [n for n in sys.modules if n.startswith("tests.") and n.rpartition(".")[2].startswith("test_")]:
        del sys.modules[name]


def pytest_runtest_setup() -> None:
    """No answer is kept from test to test, so a mutant meets each test that asks for one."""
    for module in [m for n, m in sys.modules.items() if n.startswith("workbench.")]:
        for value in vars(module).values():
            if isinstance(value, _lru_cache_wrapper):
                value.cache_clear()


def _configure(tree: Path, modules: Sequence[str], tests: Sequence[str]) -> None:
    lines = {"modules": [f"workbench/{module}.py" for module in modules], "tests": tests}
    content = CONFIG.format(**{key: "\n    ".join(value) for key, value in lines.items()})
    (tree / "setup.cfg").write_text(content, encoding="utf-8")


def _drawn(names: list[str], most: int | None) -> list[str]:
    return sorted(random.Random(7).sample(names, most)) if most and most < len(names) else names


def _codes(tree: Path, module: str) -> dict[str, int | None]:
    """mutmut's exit code by mutant, None for those that were not run."""
    return json.loads((tree / "mutants" / "workbench" / f"{module}.py.meta").read_text())["exit_code_by_key"]


def _outcome(module: str, codes: dict[str, int | None], drawn: list[str], output: str) -> Outcome:
    untried = [name for name in drawn if codes[name] in UNTRIED]
    if untried:
        raise RuntimeError(f"mutmut did not try {', '.join(untried)}. It said:\n{output[-5000:]}")
    lived = {name: LIVED[code] for name in drawn if (code := codes[name]) in LIVED}
    return Outcome(module, len(codes), len(drawn), lived, sum(codes[name] in ENDLESS for name in drawn))


def _mutmut(tree: Path, *arguments: str) -> str:
    command = [sys.executable, "-m", "mutmut", *arguments]
    # Tables lie beside the repository, not beside the copy.
    tables = os.environ.get("WORKBENCH_TEST_DATA", str(ROOT.parent / "shared" / "data"))
    # A process that has used OpenMP's threads and is forked hangs where it uses them again, as scikit-learn does.
    environment = os.environ | {"WORKBENCH_TEST_DATA": tables, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=tree, capture_output=True, text=True, env=environment)
    return done.stdout + done.stderr


if __name__ == "__main__":
    sys.exit(main())
