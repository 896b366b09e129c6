"""The cells of a notebook: which names each reads and writes, and what is out of date because of another."""

from __future__ import annotations

import ast
import re
import symtable
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from workbench.codegen.parse import CALLS, bundles, imported_in, read, tree_of

Told = tuple[str, ...]
"""A sentence with ``%1``, ``%2`` and what stands for them, so that it can be translated."""


def sentence(told: Told) -> str:
    """A sentence with what stands for its places, in English.

    >>> sentence(("Cell %1 changed", "3"))
    'Cell 3 changed'
    """
    text, *parts = told
    for place, part in enumerate(parts, 1):
        text = text.replace(f"%{place}", part)
    return text


# What a step leaves in a bundle's folder, and what it finds there: no variable tells of it.
LEAVES = {"package": "versions", "score": "windows", "feedback": "labels"}
FINDS = {"score": ("versions",), "feedback": ("windows",), "monitor": ("versions", "windows", "labels")}

_MAGIC = re.compile(r"^\s*[%!].*$", re.MULTILINE)


@dataclass(frozen=True)
class CodeCell:
    """A code cell as the panel sees it.

    Parameters
    ----------
    id : str
        Of the cell.
    source : str
        What stands in it.
    ran : str, optional
        What stood in it when it last ran, if that was seen.
    count : int, optional
        Its execution count; None if it never ran.
    failed, running : bool
        How its last run ended, and whether one goes on.
    records : tuple of dict
        What its outputs say of results: noun, headline and findings.
    mark : str, optional
        The step that it was written for.
    tags : tuple of str
        Of the cell, such as ``parameters``.
    """

    id: str
    source: str
    ran: str | None = None
    count: int | None = None
    failed: bool = False
    running: bool = False
    records: tuple[dict[str, Any], ...] = ()
    mark: str | None = None
    tags: tuple[str, ...] = ()

    @property
    def changed(self) -> bool:
        """Whether another source stood in it when it ran."""
        return self.count is not None and self.ran is not None and self.ran.strip() != self.source.strip()


@lru_cache(maxsize=1024)
def names(source: str) -> tuple[frozenset[str], frozenset[str]]:
    """Variables that a cell reads and those that it writes, as far as its text tells.

    >>> reads, writes = names("import os\\ndata['x'] = [c for c in columns]")
    >>> sorted(reads), sorted(writes)
    (['columns', 'data'], ['data', 'os'])
    """
    tree = tree_of(_MAGIC.sub("", source))
    table = _symbols(tree) if tree and not source.lstrip().startswith("%%") else None
    if tree is None or table is None:
        return frozenset(), frozenset()
    own = table.get_symbols()
    changed = {name for node in ast.walk(tree) for name in _changed(node)}
    added = {n.target.id for n in ast.walk(tree) if isinstance(n, ast.AugAssign) and isinstance(n.target, ast.Name)}
    reads = {s.get_name() for s in own if s.is_referenced()} | set(_globals(table)) | added
    return frozenset(reads), frozenset({s.get_name() for s in own if _is_written(s)} | changed)


def _symbols(tree: ast.Module) -> symtable.SymbolTable | None:
    """The cell's table of symbols; None if it parses and still can't be compiled, as where a name is twice a parameter.

    Since 3.12 (PEP 709) a comprehension's variables stand among those of the scope around it, unless it is a
    generator: so all are read as generators. That is what they were until 3.11: a scope of their own.
    """
    try:
        return symtable.symtable(ast.unparse(_Generators().visit(tree)), "cell", "exec")
    except (SyntaxError, ValueError, RecursionError):
        return None


class _Generators(ast.NodeTransformer):
    """Comprehensions become generators, with the same variables."""

    def visit_ListComp(self, node: ast.ListComp | ast.SetComp) -> ast.AST:
        return self.generic_visit(ast.GeneratorExp(node.elt, node.generators))

    visit_SetComp = visit_ListComp  # noqa: N815

    def visit_DictComp(self, node: ast.DictComp) -> ast.AST:
        pair = ast.Tuple([node.key, node.value], ast.Load())
        return self.generic_visit(ast.GeneratorExp(pair, node.generators))


def _is_written(symbol: symtable.Symbol) -> bool:
    """Whether a cell gives the variable a value: ``:=`` in a comprehension declares it a global, too."""
    return symbol.is_assigned() or symbol.is_imported() or symbol.is_declared_global()


def _changed(node: ast.AST) -> Iterator[str]:
    """The variable whose item or attribute is set."""
    if isinstance(node, (ast.Attribute, ast.Subscript)) and isinstance(node.ctx, ast.Store):
        base: ast.expr = node
        while isinstance(base, (ast.Attribute, ast.Subscript)):
            base = base.value
        if isinstance(base, ast.Name):
            yield base.id


def _globals(table: symtable.SymbolTable) -> Iterator[str]:
    for child in table.get_children():
        yield from (s.get_name() for s in child.get_symbols() if s.is_global() and s.is_referenced())
        yield from _globals(child)


def sources_of(cells: Sequence[CodeCell]) -> list[frozenset[int]]:
    """For each cell, the cells above that last wrote what it reads, and those that filled the folder that it looks at.

    >>> sources_of([CodeCell("a", "x = 1"), CodeCell("b", "y = x"), CodeCell("c", "x + y")])[2] == {0, 1}
    True
    >>> sources_of([CodeCell("a", "wb.score('a', t, window='7')"), CodeCell("b", "wb.monitor('a')")])[1] == {0}
    True
    """
    writer: dict[str, int] = {}
    sources = []
    folders = _folders(cells)
    for index, cell in enumerate(cells):
        reads, writes = names(cell.source)
        sources.append(frozenset(writer[name] for name in reads if name in writer) | folders[index])
        writer |= dict.fromkeys(writes, index)
    return sources


def _folders(cells: Sequence[CodeCell]) -> list[frozenset[int]]:
    """For each cell, those above that left in a bundle's folder what it finds there."""
    calls = frozenset({**CALLS, **{k: v for cell in cells for k, v in imported_in(cell.source).items()}}.items())
    called: dict[str, str] = {}
    left: dict[tuple[str, str], set[int]] = {}
    sources = []
    for index, cell in enumerate(cells):
        for variable, bundle in _aliases(cell.source, calls).items():
            called[variable] = called.get(bundle, bundle)
        steps = [(verb, called.get(bundle, bundle)) for verb, bundle in _bundles(cell.source, calls)]
        found = [left.get((what, bundle), set()) for verb, bundle in steps for what in FINDS.get(verb, ())]
        sources.append(frozenset().union(*found))
        for verb, bundle in steps:
            left.setdefault((LEAVES.get(verb, ""), bundle), set()).add(index)
    return sources


@lru_cache(maxsize=1024)
def _bundles(source: str, calls: frozenset[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple(bundles(source, dict(calls)))


@lru_cache(maxsize=1024)
def _aliases(source: str, calls: frozenset[tuple[str, str]]) -> dict[str, str]:
    """Variables that stand for a bundle's name: a plain text, or the bundle that a cell packages."""
    texts = {name: repr(value) for name, value in _constants(source).items() if isinstance(value, str)}
    named = dict(_bundles(source, calls))
    found = read(source, dict(calls)) if "package" in named else None
    return {**texts, found.gives: named["package"]} if found and found.gives else texts


def out_of_date(cells: Sequence[CodeCell]) -> dict[int, Told]:
    """The cells whose result is no longer what they would give now, each with the reason.

    A cell is out of date if its text changed since it ran, or if a cell whose variables it reads changed, ran again
    later, has not run, or is out of date itself.

    >>> cells = [CodeCell("a", "x = 2", ran="x = 1", count=1), CodeCell("b", "x", ran="x", count=2)]
    >>> list(out_of_date(cells))
    [0, 1]
    """
    stale: dict[int, Told] = {}
    for index, above in enumerate(sources_of(cells)):
        cell = cells[index]
        if cell.count is None or cell.running:
            continue
        if cell.changed:
            stale[index] = ("Its code changed since it ran",)
            continue
        reasons = [r for r in (_reason(cells, i, cell, stale) for i in sorted(above)) if r]
        if reasons:
            stale[index] = reasons[0]
    return stale


def _reason(cells: Sequence[CodeCell], above: int, cell: CodeCell, stale: dict[int, Told]) -> Told | None:
    source = cells[above]
    place = str(above + 1)
    if above in stale:
        return ("Cell %1 changed", place) if source.changed else stale[above]
    if source.running:
        return ("Cell %1 is running", place)
    if source.failed:
        return ("Cell %1 failed", place)
    if source.count is None:
        return ("Cell %1 has not run", place)
    if cell.count is not None and source.count > cell.count:
        return ("Cell %1 ran again", place)
    return None


def needed(cells: Sequence[CodeCell], wanted: frozenset[int], alive: frozenset[str] | None = None) -> list[int]:
    """The cells to run, in order, so that the results of the wanted ones are there and true.

    Parameters
    ----------
    cells : sequence of CodeCell
        All code cells, in order.
    wanted : frozenset of int
        Places of cells.
    alive : frozenset of str, optional
        Variables that the kernel holds, if known: a cell whose variables are gone has to run again.
    """
    above, stale = sources_of(cells), out_of_date(cells)
    todo = {i for i in wanted if not _holds(cells[i], i in stale)}
    seen: set[int] = set()
    waiting = set(wanted)
    while waiting:
        index = waiting.pop()
        seen.add(index)
        reads = names(cells[index].source)[0]
        for feeding in above[index]:
            passed = reads & names(cells[feeding].source)[1]
            gone = alive is not None and not passed <= alive
            if gone or not _holds(cells[feeding], feeding in stale):
                todo.add(feeding)
            # What a cell has left in a folder is there, whatever the kernel holds.
            if (passed or feeding in todo) and feeding not in seen:
                waiting.add(feeding)
    return sorted(todo)


def _holds(cell: CodeCell, stale: bool) -> bool:
    return cell.count is not None and not cell.failed and not stale


def constants(cells: Sequence[CodeCell]) -> dict[str, Any]:
    """Variables that are plain values, by the cells' text.

    >>> constants([CodeCell("a", "path = 'a.csv'\\nn = len(path)")])
    {'path': 'a.csv'}
    """
    literals: dict[str, Any] = {}
    for cell in cells:
        literals |= _constants(cell.source)
    return {name: value for name, value in literals.items() if value is not None}


@lru_cache(maxsize=1024)
def _constants(source: str) -> dict[str, Any]:
    """Variables of one cell; None where the value is computed."""
    literals: dict[str, Any] = {}
    tree = tree_of(source)
    for statement in tree.body if tree else ():
        match statement:
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=value)
                | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
            ):
                literals[name] = _literal(value)
    return literals


def _literal(value: ast.expr) -> Any:
    try:
        return ast.literal_eval(value)
    except (ValueError, TypeError, RecursionError, MemoryError):
        return None
