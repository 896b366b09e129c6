"""Which cells are one step of ours, and whether its result can be taken over: the runner's side of it.

A cell qualifies that does nothing but import Workbench, give one name to what one call returns, and show that name. Its
arguments are names and plain values, so that looking at them runs nothing. The kernel tells whether the call is one of
our verbs and what it depends on (:mod:`workbench.jobs.run.kept`); whatever is in doubt runs.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from workbench.core.literals import literal
from workbench.errors import BadParameter, StoreError
from workbench.jobs.notebook.edited import TELLING, kept_places, runs, tags
from workbench.jobs.run.kept import RUNS, Kept

FOLDER = "kept"
_MODULE = '__import__("workbench.jobs.run.kept", fromlist=["kept"])'
_LOOKED_AT = (
    ast.Constant, ast.Name, ast.List, ast.Tuple, ast.Dict, ast.UnaryOp, ast.USub, ast.UAdd, ast.Load,
)  # fmt: skip


@dataclass(frozen=True)
class StepCell:
    """A cell that does nothing but take one step.

    Parameters
    ----------
    source : str
        What stands in it.
    imports : str
        Its imports of Workbench.
    gives : str
        The name of the result.
    call : str
        What is called.
    given : str
        The arguments, as the source of a dictionary.
    stands_in : str
        The cell with the result that is taken over in place of the call.
    """

    source: str
    imports: str
    gives: str
    call: str
    given: str
    stands_in: str


def step_cell(source: str) -> StepCell | None:
    """The step of a cell; None where it may do anything else.

    Examples
    --------
    >>> step_cell("run = wb.train(data, trials=n)\\nrun").given
    "{'0': data, 'trials': n}"
    >>> step_cell("run = wb.train(data)\\nprint(run)") is None, step_cell("run = wb.train(load())") is None
    (True, True)
    """
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    imports = [s for s in body if _imports_workbench(s)]
    steps = [s for s in body if isinstance(s, ast.Assign)]
    if len(steps) != 1 or body[: len(imports) + 1] != [*imports, *steps]:
        return None
    step, shown = steps[0], body[len(imports) + 1 :]
    match step:
        case ast.Assign(targets=[ast.Name(id=gives)], value=ast.Call() as call):
            given = _given(call)
        case _:
            return None
    # What the step starts from must be there afterwards, as it was.
    if given is None or gives in _names(call) or not all(_shows(s, gives) for s in shown):
        return None
    stands_in = "\n".join([*map(ast.unparse, imports), f"{gives} = {_MODULE}.taken()", *map(ast.unparse, shown)])
    return StepCell(source, "\n".join(map(ast.unparse, imports)), gives, ast.unparse(call.func), given, stands_in)


def _imports_workbench(statement: ast.stmt) -> bool:
    match statement:
        case ast.Import(names=names):
            return all(name.name == "workbench" for name in names)
        case ast.ImportFrom(module="workbench", level=0, names=names):
            return all(name.name != "*" for name in names)
    return False


def _given(call: ast.Call) -> str | None:
    """The arguments of a call whose looks run nothing."""
    named = [(keyword.arg, keyword.value) for keyword in call.keywords]
    given = [*((str(i), value) for i, value in enumerate(call.args)), *named]
    match call.func:
        case ast.Name() | ast.Attribute(value=ast.Name()):
            if all(name is not None and _is_looked_at(value) for name, value in given):
                return "{" + ", ".join(f"{name!r}: {ast.unparse(value)}" for name, value in given) + "}"
    return None


def _is_looked_at(value: ast.expr) -> bool:
    return all(isinstance(node, _LOOKED_AT) for node in ast.walk(value))


def _names(call: ast.Call) -> set[str]:
    return {node.id for node in ast.walk(call) if isinstance(node, ast.Name)}


def _shows(statement: ast.stmt, gives: str) -> bool:
    match statement:
        case ast.Expr(value=ast.Name(id=name)):
            return name == gives
    return False


@dataclass
class StepResults:
    """The results of a job's steps: those that it takes over, and those that it keeps.

    Parameters
    ----------
    folder : Path
        The job's.
    ask : callable
        Runs a source in the kernel without a trace and gives the text that an expression has there afterwards; None
        where that fails.
    earlier : Path, optional
        The folder of the job that this one goes on with.
    masked : callable
        What a text looks like in an output notebook.
    cells : sequence of cells
        Of the notebook that runs.
    """

    folder: Path
    ask: Callable[[str, str], str | None]
    earlier: Path | None = None
    masked: Callable[[str], str] = str
    cells: Sequence[Any] = ()
    _opened: bool = field(default=False, init=False)
    _looks: bool = field(default=False, init=False)
    _parted: bool = field(default=False, init=False)
    _outputs: list[Any] | None = field(default=None, init=False)

    def take(self, cell: Any) -> tuple[StepCell, Kept, list[Any]] | None:
        """The result of a cell, loaded in the kernel, with where it comes from and what the cell has shown there."""
        step = self._step(cell)
        if step is None or self.earlier is None or not (self.earlier / FOLDER).is_dir():
            return None
        whose = f"{literal(str(self.earlier / FOLDER))}, {self._as_before}"
        asked = f"{_MODULE}.take({whose}, {self._call(step)})"
        kept = self._kept(self.earlier, self.ask(step.imports, asked))
        outputs = None if kept is None else self._shown(step, kept)
        return None if kept is None or outputs is None else (step, kept, outputs)

    def keep(self, cell: Any, index: int, job: str = "") -> None:
        """Keep the result of a cell that has run to its end, or was taken over from a job, which it then outlives."""
        step, folder = self._step(cell), literal(str(self.folder / FOLDER))
        if step is not None and not any(output.output_type == "error" for output in cell.outputs):
            whose = f"{folder}, {literal(job or self.folder.name)}, {index}"
            self._looks |= bool(self.ask("", f"{_MODULE}.keep({whose}, {self._call(step)}, {step.gives})"))
        if self._looks and not self._parted and cell.cell_type == "code":
            # Where the store does not answer, it is not asked again.
            self._parted |= self.ask("", f"{_MODULE}.look({folder})") is None

    def part(self) -> None:
        """A cell has failed, and others go on in its kernel: what it did to a run is not told by the notebook."""
        self._parted = True
        (self.folder / FOLDER / RUNS).unlink(missing_ok=True)

    @cached_property
    def _as_before(self) -> bool:
        """Whether all cells that finished in the earlier job stand here as they did, and none packages too early.

        Too early is before something is told of a run: in the store it is told already.
        """
        before = self._cells()
        failed = next((i for i, cell in enumerate(before) if runs(cell) and not _has_run(cell)), len(before))
        shown = [type(cell)({**cell, "source": self.masked(cell.source)}) for cell in self.cells]
        try:
            kept_places(before, failed, shown)
        except BadParameter:
            return False
        return not any("package" in cell.source for cell in before[: self._last_told()])

    def _last_told(self) -> int:
        """Position of the last cell that told something of a run."""
        assert self.earlier is not None
        found = [Kept.load(path) for path in (self.earlier / FOLDER).glob("*.json") if path.name != RUNS]
        return max((one.cell for one in found if one.verb in ("explain", "fairness")), default=0)

    def _step(self, cell: Any) -> StepCell | None:
        """The step of a cell, once a cell has named Workbench."""
        self._opened |= cell.cell_type == "code" and "workbench" in cell.source
        if not self._opened or cell.cell_type != "code" or TELLING & set(tags(cell)):
            return None
        return step_cell(cell.source)

    @staticmethod
    def _call(step: StepCell) -> str:
        return f"{literal(step.source)}, {step.call}, {step.given}"

    def _kept(self, folder: Path, answer: str | None) -> Kept | None:
        key = (answer or "").strip("'")
        try:
            return Kept.load(folder / FOLDER / f"{key}.json") if key else None
        except StoreError:
            return None

    def _shown(self, step: StepCell, kept: Kept) -> list[Any] | None:
        """What the cell has shown when it was computed; None where that is not there any more."""
        cells = self._cells()
        fitting = [i for i, cell in enumerate(cells) if cell.source == self.masked(step.source) and _has_run(cell)]
        place = fitting[0] if len(fitting) == 1 else kept.cell if kept.cell in fitting else None
        return None if place is None else list(cells[place].outputs)

    def _cells(self) -> list[Any]:
        import nbformat

        if self._outputs is None:
            assert self.earlier is not None
            try:
                self._outputs = nbformat.read(self.earlier / "output.ipynb", as_version=4).cells
            except (OSError, ValueError, AttributeError):
                self._outputs = []
        return self._outputs


def _has_run(cell: Any) -> bool:
    told = cell.metadata.get("papermill", {})
    return bool(cell.cell_type == "code" and told.get("status") in ("completed", "skipped"))
