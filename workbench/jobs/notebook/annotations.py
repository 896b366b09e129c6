"""From the annotation of a parameter to what it takes; read as syntax, nothing is run.

``int | None``, ``Optional[int]``, ``Literal["a", "b"]``, ``list[int]``, ``tuple[int, ...]``, ``dict[str, float]``,
``Annotated[int, Field(ge=1, le=12)]`` with the words that annotated-types, pydantic and msgspec share, ``range(1, 13)``
or a pair of ends. What it does not know takes anything.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from workbench.jobs.notebook.shapes import Shape

_KINDS = {
    "str": "text", "int": "whole", "float": "number", "bool": "truth", "None": "nothing", "NoneType": "nothing",
    "date": "date", "datetime": "moment", "Timestamp": "moment", "time": "clock", "Path": "path", "PurePath": "path",
    "PosixPath": "path", "PurePosixPath": "path", "list": "list", "List": "list", "Sequence": "list", "tuple": "tuple",
    "Tuple": "tuple", "set": "set", "Set": "set", "frozenset": "set", "dict": "dict", "Dict": "dict",
    "Mapping": "dict",
}  # fmt: skip
_CALLED = ("date", "moment", "clock", "path")
# Words of a range, by those of annotated-types, pydantic, msgspec and JSON Schema.
_LIMITS = {
    "ge": "minimum", "le": "maximum", "gt": "above", "lt": "below", "multiple_of": "multiple", "min_length": "shortest",
    "max_length": "longest", "pattern": "pattern", "regex": "pattern", "minimum": "minimum", "maximum": "maximum",
    "Ge": "minimum", "Le": "maximum", "Gt": "above", "Lt": "below", "MultipleOf": "multiple", "MinLen": "shortest",
    "MaxLen": "longest",
}  # fmt: skip
ANY = Shape("any")


class Annotations:
    """Reads annotations with what a cell imports and names.

    Parameters
    ----------
    body : iterable of ast.stmt
        The statements of the cell.

    Examples
    --------
    >>> body = ast.parse("from typing import Literal\\nSize = Literal['s', 'm']\\nsize: Size = 's'").body
    >>> Annotations(body).shape(body[-1].annotation).choices
    ('s', 'm')
    """

    def __init__(self, body: Iterable[ast.stmt]) -> None:
        self._aliases: dict[str, str] = {}
        self.types: dict[str, ast.expr] = {}
        for statement in body:
            self._learn(statement)

    def _learn(self, statement: ast.stmt) -> None:
        match statement:
            case ast.ImportFrom(names=names):
                self._aliases |= {a.asname: a.name for a in names if a.asname}
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Subscript() as value) if self._is_type(value):
                self.types[name] = value
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.BinOp(op=ast.BitOr()) as value):
                self.types[name] = value

    def _is_type(self, value: ast.Subscript) -> bool:
        return self._last(value.value) in ("Literal", "Annotated", "Optional", "Union", *_KINDS)

    def shape(self, annotation: ast.expr | None) -> Shape:
        """What it takes."""
        match annotation:
            case ast.Constant(value=str(text)):
                return self._quoted(text)
            case ast.Constant(value=None):
                return Shape("nothing")
            case ast.BinOp(left=left, op=ast.BitOr(), right=right):
                return _either([self.shape(left), self.shape(right)])
            case ast.Name(id=name) if name in self.types:
                return self.shape(self.types[name])
            case ast.Name() | ast.Attribute():
                return self._named(annotation)
            case ast.Subscript(value=value, slice=inner):
                return self._generic(self._last(value), inner)
        return ANY

    def _quoted(self, text: str) -> Shape:
        try:
            return self.shape(ast.parse(text, mode="eval").body)
        except (SyntaxError, ValueError):
            return ANY

    def _named(self, annotation: ast.expr) -> Shape:
        kind = _KINDS.get(self._last(annotation), "any")
        return Shape(kind, call=ast.unparse(annotation) if kind in _CALLED else "")

    def _last(self, expression: ast.expr) -> str:
        name = ast.unparse(expression)
        return self._aliases.get(name, name).rpartition(".")[2]

    def _generic(self, name: str, inner: ast.expr) -> Shape:
        parts = inner.elts if isinstance(inner, ast.Tuple) else [inner]
        if name == "Literal":
            return _choice(parts)
        if name in ("Optional", "Union"):
            return _either([*map(self.shape, parts), *([Shape("nothing")] if name == "Optional" else [])])
        if name == "Annotated":
            return _limited(self.shape(parts[0]), parts[1:])
        if name in ("Final", "ClassVar", "Required", "NotRequired"):
            return self.shape(parts[0])
        kind = _KINDS.get(name, "any")
        if kind == "dict":
            return Shape(kind, (self.shape(parts[-1]),))
        if kind in ("list", "set", "tuple"):
            items = tuple(self.shape(p) for p in parts if not (isinstance(p, ast.Constant) and p.value is Ellipsis))
            return Shape(kind, items)
        return ANY

    def made(self, call: ast.expr) -> tuple[Shape, Any] | None:
        """The shape and the value of a default such as ``date(2026, 1, 31)`` or ``Path("data")``; None for others."""
        match call:
            case ast.Call(func=function, args=arguments, keywords=words):
                return self._made(function, arguments, words)
        return None

    def _made(
        self, function: ast.expr, arguments: list[ast.expr], words: list[ast.keyword]
    ) -> tuple[Shape, Any] | None:
        from datetime import date, datetime, time
        from pathlib import PurePath

        spelt, name = ast.unparse(function), self._last(function)
        call, parse = spelt, False
        if name in ("fromisoformat", "strptime", "today", "now", "utcnow", "cwd", "home"):
            call, parse = spelt.rpartition(".")[0], name == "fromisoformat"
            name = self._aliases.get(call, call).rpartition(".")[2]
            if not parse:
                return (Shape(_KINDS[name], call=call), None) if _KINDS.get(name) in _CALLED else None
        kind = _KINDS.get(name, "")
        makers: Mapping[str, Any] = {"date": date, "moment": datetime, "clock": time, "path": PurePath}
        try:
            given = [ast.literal_eval(a) for a in arguments]
            named = {str(w.arg): ast.literal_eval(w.value) for w in words}
        except (ValueError, TypeError):
            return (Shape(kind, call=call), None) if kind in makers else None
        if name == "float" and len(given) == 1:
            return _float(given[0])
        if kind in ("list", "set", "dict", "tuple") and not given and not named:
            return Shape(kind), {"list": list, "set": set, "dict": dict, "tuple": tuple}[kind]()
        if kind not in makers:
            return None
        text = parse or name == "Timestamp"
        try:
            value = makers[kind].fromisoformat(given[0]) if text else makers[kind](*given, **named)
        except (TypeError, ValueError, IndexError):
            value = None
        return Shape(kind, call=call), value


def _float(text: Any) -> tuple[Shape, float] | None:
    try:
        return Shape("number"), float(text)
    except (TypeError, ValueError):
        return None


def _either(shapes: list[Shape]) -> Shape:
    flat = [part for shape in shapes for part in (shape.items if shape.kind == "either" else (shape,))]
    if any(part.kind == "any" for part in flat):
        return ANY
    unique = tuple(dict.fromkeys(flat))
    # A whole number is a number too: the narrower kind reads first, so that 3 stays 3.
    return unique[0] if len(unique) == 1 else Shape("either", tuple(sorted(unique, key=_width)))


def _width(shape: Shape) -> int:
    order = ("nothing", "choice", "truth", "whole", "number", "moment", "date", "clock", "list", "tuple", "set", "dict")
    return order.index(shape.kind) if shape.kind in order else len(order) + (shape.kind == "text")


def _choice(parts: list[ast.expr]) -> Shape:
    values, nested = [], []
    for part in parts:
        try:
            values.append(ast.literal_eval(part))
        except (ValueError, TypeError):
            nested.append(part)
    plain = tuple(v for v in values if v is not None and isinstance(v, (str, int, bool)))
    if nested or not plain:
        return ANY
    chosen = Shape("choice", choices=plain)
    return _either([chosen, Shape("nothing")]) if None in values else chosen


def _limited(shape: Shape, metadata: list[ast.expr]) -> Shape:
    """The shape within the range that its metadata give."""
    limits: dict[str, Any] = {}
    for part in metadata:
        limits |= _limits(part)
    if shape.kind == "either":
        return replace(shape, items=tuple(i if i.kind == "nothing" else replace(i, **limits) for i in shape.items))
    return replace(shape, **limits)


def _limits(part: ast.expr) -> dict[str, Any]:
    match part:
        case ast.Call(func=ast.Name(id="range") | ast.Attribute(attr="range"), args=arguments):
            return _range(_values(arguments))
        case ast.Call(func=function, args=arguments, keywords=words):
            named = {_LIMITS[w.arg]: w.value for w in words if w.arg in _LIMITS}
            name = ast.unparse(function).rpartition(".")[2]
            if name in _LIMITS and len(arguments) == 1:
                named[_LIMITS[name]] = arguments[0]
            if name == "Len" and arguments:
                named |= dict(zip(("shortest", "longest"), arguments, strict=False))
            values = {limit: _values([value]) for limit, value in named.items()}
            return {limit: value[0] for limit, value in values.items() if value and _is_limit(limit, value[0])}
        case ast.Tuple(elts=[_, _]) | ast.List(elts=[_, _]):
            ends = _values(part.elts)
            return {"minimum": ends[0], "maximum": ends[1]} if len(ends) == 2 and all(map(_is_end, ends)) else {}
    return {}


def _range(ends: list[Any]) -> dict[str, Any]:
    """``range(1, 13)``: 1 to 12."""
    try:
        values = range(*ends)
    except (TypeError, ValueError):
        return {}
    if not values:
        return {}
    return {"minimum": min(values[0], values[-1]), "maximum": max(values[0], values[-1])}


def _values(expressions: list[ast.expr]) -> list[Any]:
    try:
        return [ast.literal_eval(e) for e in expressions]
    except (ValueError, TypeError):
        return []


def _is_end(value: Any) -> bool:
    return value is None or (isinstance(value, (int, float)) and not isinstance(value, bool))


def _is_limit(limit: str, value: Any) -> bool:
    return isinstance(value, str) if limit == "pattern" else _is_end(value)
