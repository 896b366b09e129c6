"""A notebook that a person wrote becomes one that runs by itself, with parameters."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields
from itertools import chain, count
from typing import Any

from workbench.codegen.cells import CodeCell, Told, names
from workbench.codegen.journey import Journey, journey
from workbench.codegen.parse import tree_of
from workbench.codegen.update import update
from workbench.core.literals import literal
from workbench.core.parameters import STEPS
from workbench.jobs.notebook.hidden_state import Source, Unmade, unmade

# What changes from one run to the next, by step.
LIFTED = (
    *(("dataset", "source"), ("dataset", "target"), ("package", "name")),
    *(("score", "name"), ("score", "source"), ("score", "window")),
    *(("feedback", "name"), ("feedback", "labels"), ("feedback", "window"), ("monitor", "name")),
)
EMPTY = "# Parameters of the job, such as month = 7  # of the data"

_WAITS = {
    "input": "Cell %1 asks with input(): nobody answers in a job",
    "getpass": "Cell %1 asks for a password: give it as a parameter by reference, such as env:NAME",
    "breakpoint": "Cell %1 stops at a breakpoint: take it out",
    "set_trace": "Cell %1 stops in the debugger: take it out",
    "interact": "Cell %1 waits for a widget: in a job its first value counts",
    "interactive": "Cell %1 waits for a widget: in a job its first value counts",
    "on_click": "Cell %1 acts on a click: nobody clicks in a job",
    "observe": "Cell %1 acts on a widget: nobody moves it in a job",
}
_DEBUGS = re.compile(r"^\s*%(debug|pdb)\b", re.MULTILINE)
_MAGIC = re.compile(r"^\s*[%!?]", re.MULTILINE)


@dataclass(frozen=True)
class Conversion:
    """What makes a job of a notebook.

    Parameters
    ----------
    cell : str, optional
        The cell that holds the parameters; None: a new one, above all others.
    source : str
        What stands in it then.
    changes : dict of str
        New sources of other cells, by id.
    problems : tuple of Told
        What would go wrong without a person, each with the number of the code cell.
    """

    cell: str | None
    source: str
    changes: dict[str, str] = field(default_factory=dict)
    problems: tuple[Told, ...] = ()


def convert(cells: Sequence[CodeCell], parameters: str | None = None, lift: bool = True) -> Conversion:
    """Find or make the cell of parameters, and look for what needs a person.

    Parameters
    ----------
    cells : sequence of CodeCell
        All code cells, in order.
    parameters : str, optional
        The cell that is tagged ``parameters`` already.
    lift : bool
        Make parameters of the tables, the target, the bundle's name and the window, where they are plain values.

    Examples
    --------
    >>> made = convert([CodeCell("a", 'import workbench as wb\\ndata = wb.dataset("churn.csv")')])
    >>> made.source
    'source = "churn.csv"  # Path of a table: text such as CSV, Excel, Parquet, JSON and others.'
    >>> made.changes["a"]
    'import workbench as wb\\ndata = wb.dataset(source)'
    """
    now = journey(cells)
    own = next((c for c in cells if c.id == parameters), None) or _constants(cells)
    lines, changes = _lifted(now, own) if lift else ([], {})
    above = "" if own is None or not own.source.strip() else own.source.rstrip() + "\n"
    source = above + "".join(lines)
    return Conversion(own.id if own else None, source.rstrip() or EMPTY, changes, tuple(problems(cells)))


def _constants(cells: Sequence[CodeCell]) -> CodeCell | None:
    """The first cell, if all that it does is to give names to plain values."""
    first = next((c for c in cells if c.source.strip()), None)
    tree = tree_of(first.source) if first else None
    plain = tree is not None and tree.body and all(_is_constant(statement) for statement in tree.body)
    return first if plain else None


def _is_constant(statement: ast.stmt) -> bool:
    match statement:
        case (
            ast.Assign(targets=[ast.Name()], value=value) | ast.AnnAssign(target=ast.Name(), value=ast.expr() as value)
        ):
            return not any(isinstance(node, (ast.Call, ast.Name)) for node in ast.walk(value))
    return False


def _lifted(now: Journey, own: CodeCell | None) -> tuple[list[str], dict[str, str]]:
    """Lines of the cell of parameters, and the cells that read them."""
    taken = {name for cell in now.cells for name in names(cell.source)[1]}
    variables: dict[tuple[str, Any], str] = {}
    lines: list[str] = []
    code: dict[str, dict[str, str]] = {}
    for verb, name in LIFTED:
        place = now.places[verb]
        value = place.reading.values.get(name) if place.reading else None
        if value is None or (own and place.cell is not None and now.cells[place.cell].id == own.id):
            continue
        if (name, value) not in variables:
            variables[name, value] = _free(name, verb, taken | set(variables.values()))
            lines.append(f"{variables[name, value]} = {literal(value)}  # {_described(verb, name)}\n")
        code.setdefault(verb, {})[name] = variables[name, value]
    return lines, dict(_changed(now, code))


def _free(name: str, verb: str, taken: set[str]) -> str:
    others = (f"{verb}_{name}_{number}" for number in count(2))
    return next(n for n in chain((name, f"{verb}_{name}"), others) if n not in taken)


def _described(verb: str, name: str) -> str:
    return str(next(f.metadata["description"] for f in fields(STEPS[verb]) if f.name == name))


def _changed(now: Journey, code: dict[str, dict[str, str]]) -> Iterator[tuple[str, str]]:
    for verb, lifted in code.items():
        place = now.places[verb]
        assert place.reading is not None
        assert place.cell is not None
        values = {n: v for n, v in place.reading.values.items() if n not in lifted}
        cell = now.cells[place.cell]
        yield cell.id, update(cell.source, values, {**place.reading.code, **lifted}, now.calls)


def problems(cells: Sequence[CodeCell]) -> Iterator[Told]:
    """What would go wrong where nobody looks on.

    >>> list(problems([CodeCell("a", "n = input()")]))
    [('Cell %1 asks with input(): nobody answers in a job', '1')]
    """
    lacks = unmade([Source(cell.source, cell.tags) for cell in cells])
    for index, cell in enumerate(cells):
        yield from ((problem, str(index + 1)) for problem in _needs_a_person(cell.source))
        yield from ((_order(lack), str(index + 1), lack.name) for lack in lacks if lack.cell == index)


def _order(lack: Unmade) -> str:
    if lack.maker is None:
        return "Cell %1 uses %2, which no cell makes"
    above = lack.maker == lack.cell
    return "Cell %1 uses %2 before it makes it" if above else "Cell %1 uses %2, which only a cell below it makes"


def _needs_a_person(source: str) -> Iterator[str]:
    tree = tree_of(source)
    if tree is None:
        if _DEBUGS.search(source):
            yield _WAITS["set_trace"]
        elif not _MAGIC.search(source):
            yield "Cell %1 is not Python yet: finish it"
        return
    called = {_called(node) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    yield from dict.fromkeys(problem for name, problem in _WAITS.items() if name in called)


def _called(call: ast.Call) -> str:
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""
