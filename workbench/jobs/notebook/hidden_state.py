"""Names that a notebook uses before a cell makes them: what works only where its cells ran in another order.

The cells are read as syntax, in the order in which a job runs them, and nothing runs. A function's body is read where
the function is called, for only then its names have to be there. Where it can't be known whether a name is made (a
branch, a loop's body, a magic, ``import *``) it counts as made: what is told would fail.
"""

from __future__ import annotations

import ast
import builtins
import re
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from functools import partial
from typing import Any

from workbench.jobs.notebook.parameters import INJECTED, TAG, tags_of

# What IPython gives each notebook.
GIVEN = frozenset(
    {*dir(builtins), "get_ipython", "display", "In", "Out", "exit", "quit", "_", "__", "___", "_i", "_ii", "_iii"}
    | {"_ih", "_oh", "_dh", "_exit_code", "__name__", "__doc__", "__package__", "__loader__", "__spec__"}
    | {"__builtin__", "__builtins__", "__annotations__", "open"}
)
_HISTORY = re.compile(r"_i?\d+")
_IN_CLASSES = frozenset({"__module__", "__qualname__", "__class__"})

_MAGIC = re.compile(r"^(?P<indent>\s*)(?:%(?P<name>\w+)(?P<rest>.*)|[!?].*|[\w.*]+\?\??)\s*$")
_ASSIGNED = re.compile(r"^(?P<indent>\s*)(?P<targets>[\w\s,.\[\]'\"]+?)\s*=\s*[%!].*$")
_WORD = re.compile(r"[^\W\d]\w*")
# Magics whose rest is Python in the notebook's own names, and cell magics whose body is.
_PYTHON_LINES = frozenset({"time", "prun"})
_PYTHON_CELLS = frozenset({"time", "timeit", "capture", "prun"})
# Magics that may make any name; the rest is looked at for words, which may be names that it makes.
_OPENING = frozenset(
    {"run", "pylab", "store", "load", "loadpy", "reset", "reset_selective", "macro", "rerun", "recall"}
)
_PLAIN = frozenset(
    {"matplotlib", "config", "load_ext", "reload_ext", "autoreload", "env", "set_env", "cd", "pwd", "ls", "pip"}
    | {"conda", "who", "whos", "timeit", "precision", "xmode", "logstart", "system", "sx", "html", "javascript"}
)
_CONSUMERS = frozenset({"sum", "list", "any", "all", "max", "min", "tuple", "set", "sorted", "dict", "frozenset"})
_CATCH = frozenset({"NameError", "Exception", "BaseException"})
_DEEPEST, _MOST_CALLS = 20, 2000


@dataclass(frozen=True)
class Source:
    """The text of a code cell.

    Parameters
    ----------
    text : str
        As it stands in the notebook.
    tags : tuple of str
        Of the cell: the one of the parameters makes what it only annotates.
    """

    text: str
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Unmade:
    """A name that is used before it is made.

    Parameters
    ----------
    cell : int
        Position among the code cells, from 0.
    name : str
        The variable.
    maker : int, optional
        Position of the first cell that makes it, this one or one below; None: none does.
    """

    cell: int
    name: str
    maker: int | None


def unmade(cells: Sequence[Source]) -> list[Unmade]:
    """The names that cells use before any cell makes them, each once.

    Parameters
    ----------
    cells : sequence of Source
        All code cells, in order.

    Examples
    --------
    >>> unmade([Source("total = sum(prices)"), Source("prices = [1, 2]"), Source("print(totl)")])
    [Unmade(cell=0, name='prices', maker=1), Unmade(cell=2, name='totl', maker=None)]
    """
    trees = [_Cell.of(cell) for cell in cells]
    flow = _Flow()
    found: list[Unmade] = []
    for at, tree in enumerate(trees):
        found += [Unmade(at, name, _maker(name, trees, at)) for name in flow.run(tree)]
        if flow.ended:
            break
    return found


def _maker(name: str, trees: Sequence[_Cell], start: int) -> int | None:
    return next((at for at in range(start, len(trees)) if name in trees[at].may_make), None)


def code_sources(content: Mapping[str, Any]) -> list[Source]:
    """The code cells of a notebook's content."""
    code = (cell for cell in content["cells"] if cell.get("cell_type") == "code")
    return [Source("".join(cell["source"]), tuple(map(str, tags_of(cell)))) for cell in code]


class HiddenState(UserWarning):
    """A notebook uses a name before it makes it."""


def warn(content: Mapping[str, Any], notebook: str, language: str) -> None:
    """Warn who submits a notebook that will fail for the order of its cells."""
    message = told(content, notebook) if language.lower() in ("python", "python3", "ipython") else ""
    if message:
        warnings.warn(message, HiddenState, stacklevel=4)


def told(content: Mapping[str, Any], notebook: str) -> str:
    """One sentence on the names that a notebook uses before it makes them; empty where there are none.

    Parameters
    ----------
    content : mapping
        Of a notebook in Python.
    notebook : str
        Its name.
    """
    found = unmade(code_sources(content))
    if not found:
        return ""
    each = "; ".join(f"code cell {one.cell + 1} uses {one.name!r}, {_where(one)}" for one in found[:5])
    more = f"; and {len(found) - 5} more" if len(found) > 5 else ""
    return f"{notebook} runs from its first cell to its last, and {each}{more}. Make it in a cell above."


def _where(one: Unmade) -> str:
    if one.maker is None:
        return "which no cell makes"
    return "before it makes it" if one.maker == one.cell else "which only a cell below it makes"


@dataclass(frozen=True)
class _Cell:
    """A cell as it is run: its syntax, and what magics in it may make."""

    tree: ast.Module | None
    words: frozenset[str] = frozenset()
    opens: bool = False
    guarded: bool = False
    annotated: bool = False

    @classmethod
    def of(cls, cell: Source) -> _Cell:
        if "skip-execution" in cell.tags:
            return cls(ast.Module([], []))
        text, words, opens, is_python = _cell_magic(cell.text)
        tree = None
        if is_python:
            tree, more, opening = _parsed(text)
            words, opens = words | more, opens or opening
        declares = TAG in cell.tags or INJECTED in cell.tags
        return cls(tree, words, opens, "raises-exception" in cell.tags, declares)

    @property
    def may_make(self) -> frozenset[str]:
        made = set() if self.tree is None else _bound(self.tree.body) | _declared_global(self.tree)
        return self.words | made


def _cell_magic(text: str) -> tuple[str, frozenset[str], bool, bool]:
    """The Python of a cell, words that its magic may make, whether that makes any name, and whether it is Python."""
    stripped = text.lstrip()
    if not stripped.startswith("%%"):
        return text, frozenset(), False, True
    first, _, body = stripped.partition("\n")
    name = (_WORD.search(first) or [""])[0]
    words = frozenset(_WORD.findall(first)) - {name}
    if name in _PYTHON_CELLS:
        return body, words if name == "capture" else frozenset(), False, True
    return "", words, name in _OPENING, False


def _parsed(text: str) -> tuple[ast.Module | None, frozenset[str], bool]:
    """The syntax of a cell without its magics: each line that does not parse and is a magic is taken out in its turn.

    Only such lines: a line of Python may begin with ``%`` too, where it goes on with the one above.
    """
    lines = text.split("\n")
    words: frozenset[str] = frozenset()
    opens = False
    for _ in range(len(lines) + 1):
        try:
            return ast.parse("\n".join(lines)), words, opens
        except SyntaxError as error:
            at = (error.lineno or 0) - 1
            plain = _without_magic(lines[at]) if 0 <= at < len(lines) else None
            if plain is None:
                break
            lines[at], more, opening = plain
            words, opens = words | more, opens or opening
        except (ValueError, RecursionError, MemoryError):
            break
    return None, frozenset(_WORD.findall(text)), opens


def _without_magic(line: str) -> tuple[str, frozenset[str], bool] | None:
    """What a line with a magic is in Python, the words in it that may be names it makes, and whether it makes any."""
    if assigned := _ASSIGNED.match(line):
        return f"{assigned['indent']}{assigned['targets'].strip()} = None", frozenset(), False
    magic = _MAGIC.match(line)
    if magic is None:
        return None
    name, rest = magic["name"] or "", (magic["rest"] or "").strip()
    if name in _PYTHON_LINES and rest:
        return magic["indent"] + rest, frozenset(), False
    words = frozenset() if not name or name in _PLAIN else frozenset(_WORD.findall(rest))
    return f"{magic['indent']}pass", words, name in _OPENING


class _Bound(ast.NodeVisitor):
    """The names that statements give a value in their own scope."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Store):
            self.names.add(node.id)

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> None:
        self.names.add(node.name)
        for outside in _evaluated_at(node):
            self.visit(outside)

    visit_AsyncFunctionDef = visit_ClassDef = visit_FunctionDef  # noqa: N815

    def visit_Lambda(self, node: ast.Lambda) -> None:
        for default in filter(None, (*node.args.defaults, *node.args.kw_defaults)):
            self.visit(default)

    def visit_ListComp(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> None:
        own = {n.id for made in node.generators for n in ast.walk(made.target) if isinstance(n, ast.Name)}
        inner = _Bound()
        inner.generic_visit(node)
        self.names |= inner.names - own  # := in a comprehension makes a name outside it

    visit_SetComp = visit_GeneratorExp = visit_DictComp = visit_ListComp  # noqa: N815

    def visit_alias(self, node: ast.alias) -> None:
        self.names.add(node.asname or node.name.partition(".")[0])

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        self.names |= {node.name} if node.name else set()
        self.generic_visit(node)

    def visit_MatchAs(self, node: ast.MatchAs | ast.MatchStar) -> None:
        self.names |= {node.name} if node.name else set()
        self.generic_visit(node)

    visit_MatchStar = visit_MatchAs  # noqa: N815

    def visit_MatchMapping(self, node: ast.MatchMapping) -> None:
        self.names |= {node.rest} if node.rest else set()
        self.generic_visit(node)


def _evaluated_at(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> list[ast.expr]:
    """What of a definition is evaluated where it stands, annotations aside."""
    if isinstance(node, ast.ClassDef):
        return [*node.decorator_list, *node.bases, *(keyword.value for keyword in node.keywords)]
    return [*node.decorator_list, *node.args.defaults, *(d for d in node.args.kw_defaults if d is not None)]


def _bound(statements: Iterable[ast.AST]) -> set[str]:
    seen = _Bound()
    for statement in statements:
        seen.visit(statement)
    return seen.names


def _declared_global(tree: ast.AST) -> set[str]:
    return {name for node in ast.walk(tree) if isinstance(node, ast.Global) for name in node.names}


_Made = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef


class _Kind(Enum):
    MODULE, FUNCTION, CLASS, COMPREHENSION = range(4)


@dataclass(eq=False)
class _Scope:
    """Where names are looked up.

    Of the notebook itself and of a class the names that may have been made by now; of a function and a comprehension
    all that are its own, since those are no matter of other cells.
    """

    kind: _Kind
    own: set[str]
    outer: _Scope | None = None
    to_module: frozenset[str] = frozenset()
    made: dict[str, tuple[_Made, _Scope]] = field(default_factory=dict)

    def find(self, name: str) -> _Scope | None:
        """The scope that a name is read from; None if none has it."""
        if name in self.to_module:
            return self.module.find(name)
        scope: _Scope | None = self
        while scope is not None and (name not in scope.own or (scope is not self and scope.kind is _Kind.CLASS)):
            scope = scope.outer
        return scope

    @property
    def module(self) -> _Scope:
        return self if self.outer is None else self.outer.module


_State = list[tuple[_Scope, set[str], dict[str, tuple[_Made, _Scope]]]]


class _Flow(ast.NodeVisitor):
    """Reads cells in the order of their execution and keeps the names that may have been made by then."""

    def __init__(self) -> None:
        self.module = self.scope = _Scope(_Kind.MODULE, set(GIVEN))
        self.opened = self.ended = False
        self.lazy = sys.version_info >= (3, 14)  # annotations are evaluated where somebody asks for them
        self.guards = 0
        self.loops: list[set[str]] = []
        self.by_call: set[str] = set()  # what functions make of the notebook's names once somebody calls them
        self.found: list[str] = []
        self.calls: list[_Made] = []
        self.settled: set[tuple[_Made, int]] = set()
        self.version = self.called = 0

    def run(self, cell: _Cell) -> list[str]:
        """The names that the cell uses and none above or in it has made."""
        self.found = []
        self.opened |= cell.opens
        self.module.own |= cell.words
        self.guards += cell.guarded
        if cell.tree is not None:
            if cell.annotated:
                self.module.own |= _annotated(cell.tree)
            self.ended = self._block(cell.tree.body) and not cell.guarded
        self.guards -= cell.guarded
        return self.found

    def _block(self, statements: Sequence[ast.stmt]) -> bool:
        """Whether the block is left before its end, for certain."""
        return any(self._leaves(statement) for statement in statements)

    def _leaves(self, statement: ast.stmt) -> bool:
        match statement:
            case ast.If():
                return self._if(statement)
            case ast.Try() | ast.TryStar():
                return self._try(statement)
            case ast.Match():
                return self._match(statement)
            case ast.With() | ast.AsyncWith():
                return self._with(statement)
        self.visit(statement)
        return isinstance(statement, (ast.Raise, ast.Return, ast.Break, ast.Continue)) or _exits(statement)

    # Names

    def _reads(self, name: str) -> None:
        if self.guards or self.opened or self.scope.find(name) is not None or _HISTORY.fullmatch(name):
            return
        if self.scope.kind is not _Kind.MODULE and name in _IN_CLASSES:
            return
        self.found.append(name)
        self.module.own.add(name)

    def _home(self, name: str) -> _Scope:
        """The scope in which a name is made."""
        return self.module if name in self.scope.to_module else self.scope

    def _makes(self, name: str, what: _Made | None = None) -> None:
        home = self._home(name)
        home.own.add(name)
        home.made.pop(name, None)
        if what is not None:
            home.made[name] = (what, self.scope)
        self.version += 1

    def _unmakes(self, name: str) -> None:
        home = self._home(name)
        if home.kind in (_Kind.MODULE, _Kind.CLASS):
            home.own.discard(name)
        home.made.pop(name, None)
        self.version += 1

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Store):
            self._makes(node.id)
            return
        self._reads(node.id)
        if isinstance(node.ctx, ast.Del):
            self._unmakes(node.id)
        elif node.id in _OPENERS:
            self.opened = True

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Name):
            self._reads(node.target.id)
        self.visit(node.value)
        self.visit(node.target)

    def visit_Assign(self, node: ast.Assign) -> None:
        self.visit(node.value)
        for target in node.targets:
            self.visit(target)
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Lambda() as function):
                self._makes(name, function)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.visit(node.value)
        if node.value is not None or not isinstance(node.target, ast.Name):
            self.visit(node.target)
        if self.scope.kind in (_Kind.MODULE, _Kind.CLASS):  # those of a function's names are never evaluated
            self._annotation(node.annotation)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self.visit(node.value)
        before = self.scope
        while self.scope.kind is _Kind.COMPREHENSION and self.scope.outer is not None:
            self.scope = self.scope.outer
        self.visit(node.target)
        self.scope = before

    def visit_Import(self, node: ast.Import | ast.ImportFrom) -> None:
        for alias in node.names:
            self._makes(alias.asname or alias.name.partition(".")[0])

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        self.lazy |= node.module == "__future__" and any(alias.name == "annotations" for alias in node.names)
        if any(alias.name == "*" for alias in node.names):
            self.opened = True
        else:
            self.visit_Import(node)

    def visit_Global(self, node: ast.Global) -> None:
        self.scope.to_module |= frozenset(node.names)

    def _annotation(self, node: ast.expr | None) -> None:
        if node is not None and not self.lazy:
            self.visit(node)

    # Branches and loops

    def _state(self) -> _State:
        scopes = [self.module] if self.scope is self.module else [self.module, self.scope]
        return [(scope, set(scope.own), dict(scope.made)) for scope in scopes]

    def _restore(self, state: _State) -> None:
        for scope, own, made in state:
            scope.own, scope.made = set(own), dict(made)
        self.version += 1

    def _from(self, state: _State, statements: Sequence[ast.stmt]) -> bool:
        self._restore(state)
        return self._block(statements)

    def _join(self, states: Sequence[_State]) -> None:
        """Names that one of the ways may have made; what a name stands for only where all ways say the same."""
        for at, (scope, _, first) in enumerate(states[0]):
            scope.own = set().union(*(state[at][1] for state in states))
            scope.made = {n: f for n, f in first.items() if all(state[at][2].get(n) == f for state in states)}
        self.version += 1

    def _ways(self, ways: Sequence[Callable[[], bool]]) -> bool:
        """Take each way from here; whether all of them lead out of the block."""
        self._conditional()
        start, ends = self._state(), []
        for way in ways:
            self._restore(start)
            if not way():
                ends.append(self._state())
        self._join(ends or [start])
        return not ends

    def _conditional(self) -> None:
        """In a loop, what is reached under a condition may be reached after the rest of its body was."""
        for names in self.loops:
            self.module.own |= names

    def _if(self, node: ast.If) -> bool:
        self.visit(node.test)
        return self._ways([lambda: self._block(node.body), lambda: self._block(node.orelse)])

    def visit_IfExp(self, node: ast.IfExp | ast.BoolOp) -> None:
        self._conditional()
        self.generic_visit(node)

    visit_BoolOp = visit_IfExp  # noqa: N815

    def _match(self, node: ast.Match) -> bool:
        self.visit(node.subject)
        for case in node.cases:
            self.visit(case.pattern)  # its names are made even where its guard says no
        ways = [partial(self._case, case) for case in node.cases]
        return self._ways([*ways, *([] if _takes_all(node.cases[-1]) else [lambda: False])])

    def _case(self, case: ast.match_case) -> bool:
        if case.guard is not None:
            self.visit(case.guard)
        return self._block(case.body)

    def visit_MatchAs(self, node: ast.MatchAs | ast.MatchStar) -> None:
        self.generic_visit(node)
        if node.name:
            self._makes(node.name)

    visit_MatchStar = visit_MatchAs  # noqa: N815

    def visit_MatchMapping(self, node: ast.MatchMapping) -> None:
        self.generic_visit(node)
        if node.rest:
            self._makes(node.rest)

    def _try(self, node: ast.Try | ast.TryStar) -> bool:
        self._conditional()
        start = self._state()
        with self._guarded(any(_catches_names(handler.type) for handler in node.handlers)):
            left = self._block(node.body)
        done = self._state()
        self._join([start, done])
        self._may_make(node.body)
        broken = self._state()
        ways: list[Callable[[], bool]] = [lambda: left or self._from(done, node.orelse)]
        ways += [partial(self._handler, handler, broken) for handler in node.handlers]
        left = self._ways(ways)
        return self._block(node.finalbody) or left

    def _handler(self, handler: ast.ExceptHandler, state: _State) -> bool:
        self._restore(state)
        if handler.type is not None:
            self.visit(handler.type)
        if handler.name:
            self._makes(handler.name)
        left = self._block(handler.body)
        if handler.name:
            self._unmakes(handler.name)
        return left

    def _with(self, node: ast.With | ast.AsyncWith) -> bool:
        for item in node.items:
            self.visit(item)
        guarded = any(_suppresses_names(item.context_expr) for item in node.items)
        with self._guarded(guarded):
            return self._block(node.body) and not guarded

    @contextmanager
    def _guarded(self, guarded: bool) -> Iterator[None]:
        self.guards += guarded
        yield
        self.guards -= guarded

    def visit_For(self, node: ast.For | ast.AsyncFor) -> None:
        self.visit(node.iter)
        self._loop([node.target, *node.body], node.orelse, lambda: self.visit(node.target))

    visit_AsyncFor = visit_For  # noqa: N815

    def visit_While(self, node: ast.While) -> None:
        self.visit(node.test)
        self._loop(node.body, node.orelse)

    def _loop(
        self, again: Sequence[ast.AST], otherwise: Sequence[ast.stmt], first: Callable[[], None] = lambda: None
    ) -> None:
        start = self._state()
        self.loops.append(self._of_module(again))
        first()
        self._block([statement for statement in again if isinstance(statement, ast.stmt)])
        self.loops.pop()
        self._join([start, self._state()])
        self._may_make(again)
        self._block(otherwise)

    def _may_make(self, nodes: Iterable[ast.AST]) -> None:
        names = _bound(nodes)
        self.module.own |= self._of_module(nodes)
        if self.scope.kind is _Kind.CLASS:
            self.scope.own |= names - self.scope.to_module

    def _of_module(self, nodes: Iterable[ast.AST]) -> set[str]:
        """Names of the notebook that statements here give a value."""
        names = _bound(nodes)
        return names if self.scope.kind is _Kind.MODULE else names & self.scope.to_module

    # Functions, classes, comprehensions

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        for outside in _evaluated_at(node):
            self.visit(outside)
        with self._types(node):
            arguments = node.args
            for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
                self._annotation(argument.annotation)
            for others in (arguments.vararg, arguments.kwarg):
                self._annotation(others.annotation if others else None)
            self._annotation(node.returns)
        self._later(node)
        self._makes(node.name, None if node.decorator_list or _waits(node) else node)
        for decorator in node.decorator_list:
            self._call(decorator)

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815

    def _later(self, node: ast.AST) -> None:
        """What a function makes of the notebook's names is made by who calls it."""
        self.by_call |= _declared_global(node)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        for default in filter(None, (*node.args.defaults, *node.args.kw_defaults)):
            self.visit(default)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        with self._types(node):
            for outside in _evaluated_at(node):
                self.visit(outside)
            with self._inside(_Scope(_Kind.CLASS, set(), self.scope)):
                self._block(node.body)
        self.module.own |= _declared_global(node)  # a method is called by who knows whom
        self._makes(node.name, node if not node.decorator_list and not node.keywords else None)
        for decorator in node.decorator_list:
            self._call(decorator)

    @contextmanager
    def _inside(self, scope: _Scope) -> Iterator[None]:
        before, self.scope = self.scope, scope
        yield
        self.scope = before

    @contextmanager
    def _types(self, node: ast.AST) -> Iterator[None]:
        """The scope of ``def f[T]``."""
        names = {parameter.name for parameter in getattr(node, "type_params", ())}
        with self._inside(_Scope(_Kind.COMPREHENSION, names, self.scope) if names else self.scope):
            yield

    def visit_TypeAlias(self, node: Any) -> None:
        """``type X = …`` is evaluated where somebody asks for it."""
        self.visit(node.name)

    def visit_ListComp(self, node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp) -> None:
        first, *others = node.generators
        self.visit(first.iter)
        self._conditional()
        own = {n.id for made in node.generators for n in ast.walk(made.target) if isinstance(n, ast.Name)}
        with self._inside(_Scope(_Kind.COMPREHENSION, own, self.scope)):
            for condition in first.ifs:
                self.visit(condition)
            for other in others:
                self.visit(other)
            for part in (node.key, node.value) if isinstance(node, ast.DictComp) else (node.elt,):
                self.visit(part)

    visit_SetComp = visit_DictComp = visit_ListComp  # noqa: N815

    def visit_GeneratorExp(self, node: ast.GeneratorExp) -> None:
        """Only its first source is looked at where it stands; the rest waits for who asks for the items."""
        self.visit(node.generators[0].iter)
        self._may_make([node])

    def visit_comprehension(self, node: ast.comprehension) -> None:
        self.visit(node.iter)
        for condition in node.ifs:
            self.visit(condition)

    # Calls

    def visit_Call(self, node: ast.Call) -> None:
        self.visit(node.func)
        takes_all = isinstance(node.func, ast.Name) and node.func.id in _CONSUMERS
        for argument in (*node.args, *(keyword.value for keyword in node.keywords)):
            if takes_all and isinstance(argument, ast.GeneratorExp):
                self.visit_ListComp(argument)
            else:
                self.visit(argument)
                if isinstance(argument, (ast.Name, ast.Lambda, ast.Attribute)):
                    self._unknown()
        self._call(node.func)

    def _call(self, function: ast.expr) -> None:
        match function:
            case ast.Lambda():
                self._enter(function, self.scope)
            case ast.Name(id=name):
                home = self.scope.find(name)
                known = home.made.get(name) if home else None
                if known:
                    self._enter(*known)
                elif not (home is self.module and name in GIVEN):
                    self._unknown()
            case _:
                self._unknown()

    def _unknown(self) -> None:
        """Somebody may call any function by now."""
        self.module.own |= self.by_call

    def _enter(self, made: _Made, outer: _Scope) -> None:
        """Read what a function does where it is called."""
        self.called += 1
        if isinstance(made, ast.ClassDef):
            made, outer = _initial(made) or made, _Scope(_Kind.CLASS, set(), outer)
        if isinstance(made, ast.ClassDef):
            return
        if made in self.calls or len(self.calls) >= _DEEPEST or self.called > _MOST_CALLS:
            self._unknown()
        elif (made, self.version) not in self.settled:
            self.settled.add((made, self.version))
            self.calls.append(made)
            loops, self.loops = self.loops, []
            with self._inside(_scope_of(made, outer)):
                self.visit(made.body) if isinstance(made, ast.Lambda) else self._block(made.body)
            self.loops = loops
            self.calls.pop()


_OPENERS = frozenset({"globals", "locals", "vars", "exec", "eval", "get_ipython"})


def _annotated(tree: ast.Module) -> set[str]:
    """Names that a cell of parameters only annotates: they are given."""
    given = (s.target for s in tree.body if isinstance(s, ast.AnnAssign) and s.value is None)
    return {target.id for target in given if isinstance(target, ast.Name)}


def _exits(statement: ast.stmt) -> bool:
    match statement:
        case ast.Expr(value=ast.Call(func=ast.Name(id="exit" | "quit"))):
            return True
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id="sys"), attr="exit"))):
            return True
    return False


def _takes_all(case: ast.match_case) -> bool:
    return case.guard is None and isinstance(case.pattern, ast.MatchAs) and case.pattern.pattern is None


def _catches_names(caught: ast.expr | None) -> bool:
    """Whether a handler may catch a NameError; of a class that is no plain name nobody knows."""
    if caught is None:
        return True
    kinds = caught.elts if isinstance(caught, ast.Tuple) else [caught]
    return any(not isinstance(kind, (ast.Name, ast.Attribute)) or _named(kind) in _CATCH for kind in kinds)


def _suppresses_names(context: ast.expr) -> bool:
    """``suppress(NameError)``, ``pytest.raises(NameError)`` and the like."""
    return isinstance(context, ast.Call) and any(
        isinstance(argument, (ast.Name, ast.Attribute)) and _named(argument) in _CATCH for argument in context.args
    )


def _named(kind: ast.expr) -> str:
    return kind.id if isinstance(kind, ast.Name) else kind.attr if isinstance(kind, ast.Attribute) else ""


def _waits(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether a call does not run the body: a coroutine, a generator."""
    return isinstance(node, ast.AsyncFunctionDef) or any(
        isinstance(inner, (ast.Yield, ast.YieldFrom)) for inner in _own_nodes(node.body)
    )


def _own_nodes(statements: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """All of a function's body but the bodies of functions and classes in it."""
    waiting = list(statements)
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
            waiting += ast.iter_child_nodes(node)


def _initial(made: ast.ClassDef) -> ast.FunctionDef | None:
    """What a call of a class runs."""
    own = (s for s in made.body if isinstance(s, ast.FunctionDef) and s.name == "__init__" and not s.decorator_list)
    return next(own, None)


def _scope_of(made: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, outer: _Scope) -> _Scope:
    arguments = made.args
    named = (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg)
    parameters = {argument.arg for argument in named if argument is not None}
    body: list[ast.AST] = [made.body] if isinstance(made, ast.Lambda) else list(made.body)
    nodes = list(_own_nodes(body))
    to_module = {n for node in nodes if isinstance(node, ast.Global) for n in node.names}
    elsewhere = {n for node in nodes if isinstance(node, ast.Nonlocal) for n in node.names}
    own = (parameters | _bound(body)) - to_module - elsewhere
    return _Scope(_Kind.FUNCTION, own, outer, frozenset(to_module))
