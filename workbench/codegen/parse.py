"""From a cell back to the step and its values, so that the form follows what is typed."""

from __future__ import annotations

import ast
import io
import tokenize
from typing import Any

from workbench.codegen.render import positional
from workbench.core.parameters import STEPS, Step, make
from workbench.errors import BadParameter


def parse(source: str) -> tuple[str, dict[str, Any]] | None:
    """The step of a cell and the values that stand in it.

    Parameters
    ----------
    source : str
        Source of a cell.

    Returns
    -------
    (str, dict) or None
        The verb and its values as plain JSON, defaults left out where the cell leaves them out. None if the cell holds
        anything that a form could not write back (a comment, another statement, an expression): it was edited by hand.

    Examples
    --------
    >>> parse('data = wb.dataset("churn.csv", target="Churn")\\ndata')
    ('dataset', {'source': 'churn.csv', 'target': 'Churn'})
    >>> parse('data = wb.dataset(path, target="Churn")\\ndata') is None
    True
    """
    try:
        body = ast.parse(source).body
        if _has_comment(source):
            return None
        return _step(body)
    except (SyntaxError, ValueError, RecursionError, MemoryError, tokenize.TokenError):
        # Whatever a person may type: not ours to write back.
        return None


def _step(body: list[ast.stmt]) -> tuple[str, dict[str, Any]] | None:
    rest = body[1:] if body and _is_import(body[0]) else body
    if not rest or not isinstance(rest[0], ast.Assign):
        return None
    verb = _verb(rest[0].value)
    if verb is None or not _gives(rest, STEPS[verb].gives):
        return None
    values = _values(rest[0].value, STEPS[verb])  # type: ignore[arg-type]
    return None if values is None else _fitting(verb, values)


def _is_import(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Import) and ast.unparse(statement) == "import workbench as wb"


def _verb(value: ast.expr) -> str | None:
    """The step that ``value`` calls as ``wb.verb(…)``."""
    match value:
        case ast.Call(func=ast.Attribute(value=ast.Name(id="wb"), attr=verb)) if verb in STEPS:
            return verb
    return None


def _gives(statements: list[ast.stmt], name: str) -> bool:
    """Whether the statements are ``name = …`` and, perhaps, ``name`` alone to show it."""
    shape = [
        ast.unparse(s.targets[0]) if isinstance(s, ast.Assign) and len(s.targets) == 1 else ast.unparse(s)
        for s in statements
    ]
    return shape in ([name], [name, name]) and not any(isinstance(s, ast.Assign) for s in statements[1:])


def _values(call: ast.Call, step: type[Step]) -> dict[str, Any] | None:
    named = {k.arg: ast.literal_eval(k.value) for k in call.keywords if k.arg is not None}
    if len(named) < len(call.keywords):
        return None  # ``**more``
    match call.args:
        case [] if not step.takes:
            return named
        case [ast.Name(id=name)] if name == step.takes:
            return named
        case [value] if not step.takes and positional(step) not in named:
            return {str(positional(step)): ast.literal_eval(value), **named}
    return None


def _fitting(verb: str, values: dict[str, Any]) -> tuple[str, dict[str, Any]] | None:
    try:
        make(verb, values)
    except BadParameter:
        return None
    return verb, {name: list(v) if isinstance(v, tuple) else v for name, v in values.items()}


def _has_comment(source: str) -> bool:
    return any(t.type == tokenize.COMMENT for t in tokenize.generate_tokens(io.StringIO(source).readline))
