"""From a cell back to the step and its values, so that the form follows what is typed."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from workbench.core.parameters import STEPS, Step, checked_value, unnamed
from workbench.errors import BadParameter

CALLS: dict[str, str] = {f"{module}.{verb}": verb for module in ("wb", "workbench") for verb in STEPS}


@dataclass(frozen=True)
class Reading:
    """What stands in a cell that takes a step.

    Parameters
    ----------
    verb : str
        The step.
    values : dict
        Its parameters as plain JSON; defaults are left out where the cell leaves them out.
    code : dict of str
        Parameters that are expressions, such as ``{"source": "path"}``, and values that don't fit: as they are
        written. A form shows them and leaves them alone.
    errors : dict of str
        What is wrong with a value, by parameter.
    kept : dict of str
        Keywords that no form knows, as they are written.
    takes : str, optional
        The expression that the step starts from, such as ``data``.
    gives : str, optional
        The variable that holds the result.
    callee : str
        How the step is called, such as ``wb.train``.
    call : ast.Call
        Where it stands.
    """

    verb: str
    values: dict[str, Any]
    code: dict[str, str]
    errors: dict[str, str]
    kept: dict[str, str]
    takes: str | None
    gives: str | None
    callee: str
    call: ast.Call = field(repr=False, compare=False)


def parse(source: str) -> tuple[str, dict[str, Any]] | None:
    """The step of a cell and the values that stand in it.

    Parameters
    ----------
    source : str
        Source of a cell.

    Returns
    -------
    (str, dict) or None
        The verb and its values as plain JSON, as far as they are literals; :func:`read` tells of the others. None if
        the cell does not take one step in a way that a form could write back: it was edited by hand.

    Examples
    --------
    >>> parse('data = wb.dataset("churn.csv", target="Churn")  # the first month\\ndata')
    ('dataset', {'source': 'churn.csv', 'target': 'Churn'})
    >>> parse('for path in paths:\\n    wb.dataset(path)') is None
    True
    """
    reading = read(source)
    return (reading.verb, reading.values) if reading else None


def read(source: str, calls: Mapping[str, str] = CALLS) -> Reading | None:
    """All that stands in a cell with one step.

    Parameters
    ----------
    source : str
        Source of a cell: one statement calls a step; the others are not looked at.
    calls : mapping
        The verb of each way to call a step, from :func:`imported`; what the cell imports itself is added.

    Returns
    -------
    Reading or None
        None if no step, more than one, or one inside another expression is called.

    Examples
    --------
    >>> found = read("model = wb.train(flights, folds=n, trials=2)")
    >>> found.gives, found.takes, found.values, found.code
    ('model', 'flights', {'trials': 2}, {'folds': 'n'})
    """
    calls = {**calls, **imported_in(source)}
    tree = tree_of(source) if _may_call(source, calls) else None
    if tree is None:
        return None
    steps = [statement for statement in tree.body if _verb(_value(statement), calls)]
    if len(steps) != 1 or len(list(_step_calls(tree, calls))) != 1:
        return None
    return _read(steps[0], calls)


def mentioned(source: str, calls: Mapping[str, str] = CALLS) -> list[str]:
    """The steps that a cell calls in any way, also where it can't be read as Python.

    >>> mentioned("for path in paths:\\n    wb.profile(wb.dataset(path))")
    ['profile', 'dataset']
    """
    calls = {**calls, **imported_in(source)}
    if not _may_call(source, calls):
        return []
    tree = tree_of(source)
    if tree is None:
        at = {source.find(f"{callee}("): verb for callee, verb in calls.items()}
        return [at[place] for place in sorted(at) if place >= 0]
    return [calls[ast.unparse(call.func)] for call in _step_calls(tree, calls)]


def bundles(source: str, calls: Mapping[str, str] = CALLS) -> list[tuple[str, str]]:
    """The steps that a cell takes with a bundle, each with that bundle as it is written: its name, or a variable.

    >>> bundles('wb.score("churn", path, window=month)\\nwb.monitor(name=shop)')
    [('score', "'churn'"), ('monitor', 'shop')]
    """
    calls = {**calls, **imported_in(source)}
    tree = tree_of(source) if _may_call(source, calls) else None
    found = []
    for call in _step_calls(tree, calls) if tree else ():
        given = _arguments(call, STEPS[calls[ast.unparse(call.func)]]) or {}
        if "name" in given:
            found.append((calls[ast.unparse(call.func)], ast.unparse(given["name"])))
    return found


def imported(tree: ast.Module) -> dict[str, str]:
    """The ways to call a step that a cell's imports open.

    >>> imported(ast.parse("import workbench as w\\nfrom workbench import train as fit"))["fit"]
    'train'
    """
    calls: dict[str, str] = {}
    for statement in tree.body:
        match statement:
            case ast.Import(names=names):
                modules = [n.asname or n.name for n in names if n.name == "workbench"]
                calls |= {f"{module}.{verb}": verb for module in modules for verb in STEPS}
            case ast.ImportFrom(module="workbench", names=names):
                calls |= {n.asname or n.name: n.name for n in names if n.name in STEPS}
    return calls


def imported_in(source: str) -> dict[str, str]:
    """The same for the source of a cell; nothing where it is not Python."""
    tree = tree_of(source) if "workbench" in source else None
    return imported(tree) if tree else {}


def _may_call(source: str, calls: Mapping[str, str]) -> bool:
    """Whether it is worth to read a source as Python: a notebook may be long, and is looked at as somebody types."""
    return any(callee.rpartition(".")[2] in source for callee in calls)


def tree_of(source: str) -> ast.Module | None:
    """The syntax of a cell; None where it is not Python, as with a magic command or while somebody types."""
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _step_calls(tree: ast.Module, calls: Mapping[str, str]) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _verb(node, calls):
            yield node


def _verb(value: ast.expr | None, calls: Mapping[str, str]) -> str | None:
    match value:
        case ast.Call(func=ast.Name() | ast.Attribute(value=ast.Name()) as called):
            return calls.get(ast.unparse(called))
    return None


def _value(statement: ast.stmt) -> ast.expr | None:
    match statement:
        case ast.Assign(targets=[ast.Name()], value=value) | ast.AnnAssign(target=ast.Name(), value=value):
            return value
        case ast.Expr(value=value):
            return value
    return None


def _gives(statement: ast.stmt) -> str | None:
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            return name
    return None


def _read(statement: ast.stmt, calls: Mapping[str, str]) -> Reading | None:
    call = _value(statement)
    assert isinstance(call, ast.Call)
    callee = ast.unparse(call.func)
    step = STEPS[calls[callee]]
    given = _arguments(call, step)
    if given is None:
        return None
    takes = given.pop(step.takes, None) if step.takes else None
    known = {parameter.name for parameter in fields(step)}
    values, code, errors = _sorted(step, {n: v for n, v in given.items() if n in known})
    return Reading(
        step.verb,
        values,
        code,
        errors,
        {name: ast.unparse(value) for name, value in given.items() if name not in known},
        ast.unparse(takes) if takes else None,
        _gives(statement),
        callee,
        call,
    )


def _arguments(call: ast.Call, step: type[Step]) -> dict[str, ast.expr] | None:
    """Arguments by name; None where the step has no such call or where ``*`` and ``**`` hide names."""
    named = {k.arg: k.value for k in call.keywords if k.arg is not None}
    places = unnamed(step)
    hidden = len(named) < len(call.keywords) or any(isinstance(a, ast.Starred) for a in call.args)
    if hidden or len(call.args) > len(places) or named.keys() & set(places[: len(call.args)]):
        return None
    given = {**dict(zip(places, call.args, strict=False)), **named}
    return given if not places or places[0] in given else None


def _sorted(step: type[Step], given: dict[str, ast.expr]) -> tuple[dict[str, Any], dict[str, str], dict[str, str]]:
    """Values that fit, expressions and values that don't as they are written, and what is wrong."""
    values: dict[str, Any] = {}
    code: dict[str, str] = {}
    errors: dict[str, str] = {}
    for name, value in given.items():
        try:
            fitting = checked_value(step, name, _several(step, name, ast.literal_eval(value)))
            values[name] = list(fitting) if isinstance(fitting, tuple) else fitting
        except BadParameter as error:
            code[name], errors[name] = ast.unparse(value), str(error)
        except (ValueError, TypeError, RecursionError, MemoryError):
            code[name] = ast.unparse(value)
    return values, code, errors


def _several(step: type[Step], name: str, value: Any) -> Any:
    """A text that stands for a list of one, where the verb takes it so."""
    alone = next(parameter.metadata["alone"] for parameter in fields(step) if parameter.name == name)
    return [value] if alone and isinstance(value, str) else value
