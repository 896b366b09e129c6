"""What a parameter takes: its type as the cell annotates it, else as its default shows.

A shape reads the text of a command line, checks a value, makes the schema of a form and writes the value as Python. All
four agree, since each value goes through :meth:`Shape.read` and comes out as what the notebook will hold.
"""

from __future__ import annotations

import ast
import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from pathlib import PurePath
from typing import Any

from workbench.core.literals import literal
from workbench.core.wording import worded
from workbench.errors import BadParameter

MISSING: Any = type("Missing", (), {"__repr__": lambda self: "MISSING"})()
LONGEST = 60  # characters of a value that an error repeats
NOTHING = ("none", "null", "~")
TRUE, FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")
WORDS = {
    "text": "str", "whole": "int", "number": "float", "truth": "bool", "nothing": "None",
    "date": "a date such as 2026-01-31", "moment": "a time such as 2026-01-31T14:00", "clock": "a time such as 14:00",
    "path": "a path", "list": "list", "tuple": "list", "set": "list", "dict": "dict with texts as keys",
    "any": "any plain value",
}  # fmt: skip
_JSON = {"text": "string", "whole": "integer", "number": "number", "truth": "boolean", "nothing": "null",
         "date": "string", "moment": "string", "clock": "string", "path": "string", "list": "array",
         "tuple": "array", "set": "array", "dict": "object"}  # fmt: skip
# Where only an annotation in another cell could say how a path is spelt.
_PATH = '__import__("pathlib").Path'
_FORMATS = {"date": "date", "moment": "date-time", "clock": "time"}


class Unfit(ValueError):
    """A value that a shape does not take; the text says what it takes."""


@dataclass(frozen=True)
class Shape:
    """What a parameter takes.

    Parameters
    ----------
    kind : str
        One of ``WORDS``, or ``choice`` or ``either``.
    items : tuple of Shape
        Of a list: what is in it (one, or one a place of a tuple); of a dict: its values; of ``either``: the kinds.
    choices : tuple
        The values of a ``choice``.
    minimum, maximum, above, below : float, optional
        Range of a number, or of the length of a text or a list; the last two are outside of it.
    multiple : float, optional
        What a number is a multiple of.
    shortest, longest : int, optional
        Length of a text or a list.
    pattern : str
        Regular expression that a text matches from its beginning.
    call : str
        How the cell spells what makes such a value: ``date``, ``dt.date``, ``Path``.
    """

    kind: str
    items: tuple[Shape, ...] = ()
    choices: tuple[Any, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    above: float | None = None
    below: float | None = None
    multiple: float | None = None
    shortest: int | None = None
    longest: int | None = None
    pattern: str = ""
    call: str = ""

    @property
    def nullable(self) -> bool:
        """Whether None is taken."""
        return self.kind in ("nothing", "any") or (self.kind == "either" and any(i.nullable for i in self.items))

    def words(self) -> str:
        """What it takes, for a sentence."""
        if self.kind == "choice":
            return f"one of {', '.join(map(worded, self.choices))}"
        if self.kind == "either":
            return " or ".join(dict.fromkeys(item.words() for item in self.items))
        return f"{WORDS[self.kind]}{self._limits()}"

    def _limits(self) -> str:
        ends = [
            ("from {}", self.minimum),
            ("above {}", self.above),
            ("up to {}", self.maximum),
            ("below {}", self.below),
        ]
        told = [text.format(_number(end)) for text, end in ends if end is not None]
        told += [f"a multiple of {_number(self.multiple)}"] if self.multiple is not None else []
        told += [f"of at least {self.shortest}"] if self.shortest is not None else []
        told += [f"of at most {self.longest}"] if self.longest is not None else []
        told += [f"that matches {self.pattern}"] if self.pattern else []
        return f" {' and '.join(told)}" if told else ""

    def read(self, value: Any) -> Any:
        """``value`` as the notebook will hold it.

        Raises
        ------
        Unfit
            If it is not what this shape takes, or could not be carried exactly.
        """
        if self.kind == "either":
            return self._first(lambda item: item.read(value))
        if self.kind == "choice":
            chosen = [c for c in self.choices if type(c) is type(value) and c == value]
            return chosen[0] if chosen else self._refuse()
        return self._within(_READ[self.kind](self, value))

    def from_text(self, text: str) -> Any:
        """What a person means by a text on a command line; the type decides, never the look of the text.

        Raises
        ------
        Unfit
            If it does not say such a value.
        """
        if self.kind == "either":
            last_text = sorted(self.items, key=lambda item: item.kind in ("text", "path", "any"))
            return replace(self, items=tuple(last_text))._first(lambda item: item.from_text(text))
        if self.kind == "choice":
            named = [c for c in self.choices if (c if isinstance(c, str) else str(c)) == text]
            named = named or [
                c for c in self.choices if not isinstance(c, str) and str(c).lower() == text.strip().lower()
            ]
            return named[0] if named else self._refuse()
        return self.read(_FROM_TEXT.get(self.kind, lambda _, text: text)(self, text))

    def schema(self) -> dict[str, Any]:
        """JSON Schema of such a value, as the form takes it."""
        if self.kind == "any":
            return {"type": "string"}
        if self.kind == "choice":
            kinds = {_JSON[kind] for c in self.choices for kind in _kinds(c)}
            return {"type": kinds.pop() if len(kinds) == 1 else sorted(kinds), "enum": list(self.choices)}
        if self.kind == "either":
            return self._either()
        return self._single()

    def _single(self) -> dict[str, Any]:
        schema: dict[str, Any] = {"type": _JSON[self.kind]}
        limits = {"minimum": self.minimum, "maximum": self.maximum, "exclusiveMinimum": self.above,
                  "exclusiveMaximum": self.below, "multipleOf": self.multiple}  # fmt: skip
        schema |= {name: limit for name, limit in limits.items() if limit is not None}
        ends = ("minItems", "maxItems") if schema["type"] == "array" else ("minLength", "maxLength")
        schema |= {n: e for n, e in zip(ends, (self.shortest, self.longest), strict=True) if e is not None}
        schema |= {"pattern": f"^(?:{self.pattern})"} if self.pattern else {}
        schema |= {"format": _FORMATS[self.kind]} if self.kind in _FORMATS else {}
        if schema["type"] == "array":
            schema["items"] = self.items[0].schema() if len(set(self.items)) == 1 else {"type": "string"}
        return schema

    def _either(self) -> dict[str, Any]:
        """The kind that is not None, with null; several of them as a text that is read by all."""
        kinds = [item for item in self.items if item.kind != "nothing"]
        schema: dict[str, Any] = kinds[0].schema() if len(kinds) == 1 else {"type": "string"}
        if not self.nullable:
            return schema
        if "enum" in schema:
            schema["enum"] = [*schema["enum"], None]
        return {**schema, **({"type": [schema["type"], "null"]} if isinstance(schema.get("type"), str) else {})}

    def _first(self, read: Callable[[Shape], Any]) -> Any:
        for item in self.items:
            try:
                return read(item)
            except Unfit:
                continue
        return self._refuse()

    def _within(self, value: Any) -> Any:
        measured = value if isinstance(value, (int, float)) and not isinstance(value, bool) else None
        length = len(value) if isinstance(value, (str, list, tuple, set, dict)) else None
        fits = (
            _between(measured, self.minimum, self.maximum)
            and (self.above is None or measured is None or measured > self.above)
            and (self.below is None or measured is None or measured < self.below)
            and (not self.multiple or measured is None or _is_multiple(measured, self.multiple))
            and _between(length, self.shortest, self.longest)
            and (not self.pattern or not isinstance(value, str) or bool(re.match(self.pattern, value)))
        )
        return value if fits else self._refuse()

    def _refuse(self) -> Any:
        raise Unfit(self.words())


def shape_of(value: Any) -> Shape:
    """The shape that a default shows; any where it is None.

    >>> shape_of(7).words(), shape_of([1, 2]).words(), shape_of(None).words()
    ('int', 'list', 'any plain value')
    """
    kind = next((kind for kind in _kinds(value)), "any")
    if kind == "nothing":
        return Shape("any")
    if kind in ("list", "tuple", "set"):
        inner = {shape_of(item) for item in value}
        return Shape(kind, tuple(inner) if len(inner) == 1 else ())
    return Shape(kind)


def plain(value: Any) -> Any:
    """A value as plain JSON, which the same shape reads back as that value.

    >>> plain(date(2026, 1, 31)), plain(float("nan")), plain((1, 2))
    ('2026-01-31', 'nan', [1, 2])
    """
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, (date, time)):
        return value.isoformat()
    if isinstance(value, PurePath):
        return str(value)
    if isinstance(value, (set, frozenset)):
        return sorted((plain(item) for item in value), key=lambda item: (type(item).__name__, item))
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return {name: plain(part) for name, part in value.items()} if isinstance(value, dict) else value


_NAME = Shape("any")  # of a part of a dict


def source(value: Any, shape: Shape) -> str:
    """The value as Python, in the cell's own words for what makes it.

    >>> source(date(2026, 1, 31), Shape("date", call="dt.date")), source(float("inf"), Shape("number"))
    ('dt.date(2026, 1, 31)', 'float("inf")')
    """
    shape = _taken(shape, value)
    if isinstance(value, float) and not math.isfinite(value):
        return f"float({literal(str(value))})"
    if isinstance(value, (date, time, PurePath)) or (shape.kind in ("date", "moment", "clock", "path") and shape.call):
        return _made(value, shape)
    if isinstance(value, dict):
        part = shape.items[0] if shape.items else Shape("any")
        pairs = (f"{source(name, _NAME)}: {source(v, part)}" for name, v in value.items())
        return f"{{{', '.join(pairs)}}}"
    if isinstance(value, (list, tuple, set)):
        return _sequence(value, shape)
    return literal(value) if isinstance(value, str) else repr(value)


def untyped(text: str) -> Any:
    """What a text says where the cell shows no type: a word or number as Python writes it, a list, a dict, or text.

    >>> [untyped(t) for t in ("2013", "01", "true", "1,2", "[1, 2]", "2013-07")]
    [2013, '01', True, '1,2', [1, 2], '2013-07']
    """
    word = text.strip().lower()
    if word in ("true", "false", "none", "null"):
        return {"true": True, "false": False}.get(word)
    if text.lstrip()[:1] in ("[", "{"):
        value = _literal(text)
        return value if isinstance(value, (list, dict)) else text
    try:
        number = float(text) if re.fullmatch(r"-?(0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?", text) else None
    except ValueError:
        return text
    if number is None or not math.isfinite(number):
        return text
    return int(text) if re.fullmatch(r"-?\d{1,4000}", text) else number


def shown(value: Any) -> str:
    """A value in an error: a long one by its beginning.

    >>> shown("a"), shown("x" * 100)[:12], shown(10**5000)
    ("'a'", "'xxxxxxxxxxx", 'a very long int')
    """
    try:
        text = ascii(value) if isinstance(value, str) and not value.isprintable() else worded(value)
    except ValueError:  # a number of more digits than Python writes
        return f"a very long {type(value).__name__}"
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def _kinds(value: Any) -> list[str]:
    known: list[tuple[type | tuple[type, ...], str]] = [
        (type(None), "nothing"), (bool, "truth"), (int, "whole"), (float, "number"), (str, "text"),
        (datetime, "moment"), (date, "date"), (time, "clock"), (PurePath, "path"), (list, "list"), (tuple, "tuple"),
        ((set, frozenset), "set"), (dict, "dict"),
    ]  # fmt: skip
    return [kind for kinds, kind in known if isinstance(value, kinds)][:1]


def _text(shape: Shape, value: Any) -> str:
    if type(value) is not str:
        shape._refuse()
    return _encodable(value)


def _whole(shape: Shape, value: Any) -> int:
    if type(value) is not int:
        shape._refuse()
    if abs(value) >= 10**4000:
        raise Unfit("a whole number of at most 4000 digits")
    return value


def _float(shape: Shape, value: Any) -> float:
    if type(value) is str and value in ("nan", "inf", "-inf"):  # as the record has them
        return float(value)
    if type(value) not in (int, float):
        shape._refuse()
    if type(value) is int and abs(value) > 2**53 and (abs(value) > 10**308 or int(float(value)) != value):
        raise Unfit("a number that a float can hold")
    return float(value)


def _truth(shape: Shape, value: Any) -> bool:
    return value if isinstance(value, bool) else shape._refuse()


def _nothing(shape: Shape, value: Any) -> None:
    if value is not None:
        shape._refuse()


def _moment(kind: type) -> Callable[[Shape, Any], Any]:
    def read(shape: Shape, value: Any) -> Any:
        if type(value) is kind:
            return value
        try:
            return kind.fromisoformat(value)  # type: ignore[attr-defined]
        except (TypeError, ValueError):
            return shape._refuse()

    return read


def _path(shape: Shape, value: Any) -> PurePath:
    if isinstance(value, PurePath):
        value = str(value)
    if type(value) is not str or "\0" in value:
        shape._refuse()
    return PurePath(_encodable(value))


def _items(kind: Callable[[Any], Any], *given: type) -> Callable[[Shape, Any], Any]:
    def read(shape: Shape, value: Any) -> Any:
        if type(value) not in given:
            if isinstance(value, (tuple, set, frozenset)):
                raise Unfit(f"{shape.words()}; a {type(value).__name__} would arrive as a list")
            shape._refuse()
        values = list(value)
        if len(shape.items) > 1 and shape.kind == "tuple":
            if len(values) != len(shape.items):
                raise Unfit(f"a list of {len(shape.items)}")
            return kind(item.read(part) for item, part in zip(shape.items, values, strict=True))
        inner = shape.items[0] if shape.items else Shape("any")
        try:
            return kind(inner.read(part) for part in values)
        except TypeError:
            raise Unfit("a list of values that a set can hold") from None

    return read


def _dict(shape: Shape, value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        shape._refuse()
    if not all(type(name) is str for name in value):
        raise Unfit("a dict whose keys are texts, as JSON has no others")
    inner = shape.items[0] if shape.items else Shape("any")
    return {_encodable(name): inner.read(part) for name, part in value.items()}


def _any(shape: Shape, value: Any) -> Any:
    """Plain JSON alone, since nothing says what else it should become again."""
    if isinstance(value, Mapping):
        return _dict(Shape("dict"), value)
    if isinstance(value, (tuple, set, frozenset)):
        raise Unfit(f"plain JSON data; a {type(value).__name__} would arrive as a list")
    if type(value) is list:
        return [_any(shape, item) for item in value]
    if type(value) is float and not math.isfinite(value):
        raise Unfit("plain JSON data; for NaN annotate the parameter as float")
    if value is None or type(value) in (bool, float):
        return value
    if type(value) in (str, int):
        return (_text if type(value) is str else _whole)(shape, value)
    raise Unfit(f"plain JSON data; a {type(value).__name__} can't be carried")


_READ: dict[str, Callable[[Shape, Any], Any]] = {
    "text": _text, "whole": _whole, "number": _float, "truth": _truth, "nothing": _nothing, "date": _moment(date),
    "moment": _moment(datetime), "clock": _moment(time), "path": _path, "list": _items(list, list),
    "tuple": _items(tuple, list, tuple), "set": _items(set, list, set, frozenset), "dict": _dict, "any": _any,
}  # fmt: skip


def _whole_from(shape: Shape, text: str) -> Any:
    try:
        return int(text)
    except ValueError:
        return shape._refuse()


def _float_from(shape: Shape, text: str) -> Any:
    try:
        return float(text)
    except ValueError:
        return shape._refuse()


def _truth_from(shape: Shape, text: str) -> Any:
    word = text.strip().lower()
    return word in TRUE if word in (*TRUE, *FALSE) else shape._refuse()


def _nothing_from(shape: Shape, text: str) -> Any:
    return None if text.strip().lower() in NOTHING else shape._refuse()


def _container_from(shape: Shape, text: str) -> Any:
    value = _literal(text)
    return shape._refuse() if value is MISSING else value


_FROM_TEXT: dict[str, Callable[[Shape, str], Any]] = {
    "whole": _whole_from, "number": _float_from, "truth": _truth_from, "nothing": _nothing_from,
    "list": _container_from, "tuple": _container_from, "set": _container_from, "dict": _container_from,
    "any": lambda _, text: untyped(text), "date": lambda _, text: text.strip(), "moment": lambda _, text: text.strip(),
    "clock": lambda _, text: text.strip(),
}  # fmt: skip


def _literal(text: str) -> Any:
    """A list or a dict, as JSON or as Python writes it."""
    for read in (json.loads, ast.literal_eval):
        try:
            return read(text)
        except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
            continue
    return MISSING


def _taken(shape: Shape, value: Any) -> Shape:
    """Of several kinds the one that the value is of."""
    if shape.kind != "either":
        return shape
    kinds = _kinds(value)
    return next((i for i in shape.items if i.kind in kinds), Shape("any"))


def _made(value: Any, shape: Shape) -> str:
    call = shape.call
    if isinstance(value, PurePath):
        return f"{call or _PATH}({literal(str(value))})"
    if call.rpartition(".")[2] == "Timestamp":
        return f"{call}({literal(value.isoformat())})"
    kind = call or f'__import__("datetime").{type(value).__name__}'
    if getattr(value, "tzinfo", None) is not None:
        return f"{kind}.fromisoformat({literal(value.isoformat())})"
    written = repr(value)
    return f"{kind}{written[written.index('(') :]}"


def _sequence(value: Any, shape: Shape) -> str:
    items = (
        shape.items
        if len(shape.items) > 1 and shape.kind == "tuple"
        else (shape.items[:1] or (Shape("any"),)) * len(value)
    )
    written = [source(part, item) for part, item in zip(value, items, strict=True)]
    if isinstance(value, set):
        return f"{{{', '.join(sorted(written))}}}" if written else "set()"
    if isinstance(value, tuple):
        return f"({', '.join(written)}{',' if len(written) == 1 else ''})"
    return f"[{', '.join(written)}]"


def _encodable(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise Unfit("text that UTF-8 can hold; this one has half of a pair of signs") from None
    return text


def _between(value: float | None, low: float | None, high: float | None) -> bool:
    """Said so that NaN, which compares with nothing, is outside of any range."""
    return value is None or ((low is None or low <= value) and (high is None or value <= high))


def _is_multiple(value: float, of: float) -> bool:
    return math.isfinite(value) and math.isclose(value / of, round(value / of), rel_tol=1e-12, abs_tol=1e-12)


def _number(value: float | None) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def unfit(name: str, shape: Shape, value: Any, error: Unfit, default: Any = MISSING) -> BadParameter:
    """The error of a parameter whose value does not fit."""
    by_default = "" if default is MISSING or default is None else f" (by default {shown(default)})"
    return BadParameter(f"{name!r} is {error}{by_default}, got {shown(value)} ({type(value).__name__}). Change it.")
