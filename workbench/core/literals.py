"""Python that is shown, inserted or run: built from templates of ours and literals of values, and nowhere else.

A name or value from data (a column, a class, a path) never becomes code: it stands in a literal, which reads back as
that value. Templates are constants with marks, as the parameters of a query.
"""

from __future__ import annotations

import ast
import keyword
import re
import tokenize
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from io import StringIO
from numbers import Integral, Real
from typing import Any, Literal, NewType

from workbench.errors import BadParameter

Code = NewType("Code", str)
"""Python that this module built; a type checker takes no other text for it."""
Cure = Code | Literal[""]

# Columns of a line of code that is shown.
WIDTH = 88


@dataclass(frozen=True)
class Written:
    """An expression that this module built, to stand among values.

    >>> literal({"missing_values": Written(python("np.nan"))})
    '{"missing_values": np.nan}'
    """

    code: Code


_MARK = re.compile(r"\$(\w+)")
_HOLE = "_hole_"


def python(template: str, /, **values: Any) -> Code:
    """A template with a literal in place of each mark.

    Parameters
    ----------
    template : str
        Python with marks such as ``$column`` where an expression may stand; a constant.
    **values
        What the marks stand for, as :func:`literal` takes it.

    Raises
    ------
    BadParameter
        If a value has no literal, a mark has no value, or the template is not Python.

    Examples
    --------
    >>> python("data.table[$column].isna()", column='t"); exit(); ("')
    'data.table[\\'t"); exit(); ("\\'].isna()'
    """
    marks = _marks(template)
    if marks != values.keys():
        raise BadParameter(f"The template has the marks {sorted(marks)}, got {sorted(values)}. Give each a value.")
    return Code(_MARK.sub(lambda mark: literal(values[mark.group(1)]), template))


def looks(code: str) -> bool:
    """Whether code only looks: it gives no variable a value and calls no verb.

    >>> looks("data.table['day'].tail()"), looks("data = data.without('x')"), looks("wb.feedback('a', 'labels.csv')")
    (True, False, False)
    """
    try:
        statements = ast.parse(code).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False  # of a file from anywhere
    return all(isinstance(one, ast.Expr) and not _is_verb(one.value) for one in statements)


def _is_verb(value: ast.expr) -> bool:
    return isinstance(value, ast.Call) and ast.unparse(value.func).startswith("wb.")


def call(function: str, /, *values: Any, **named: Any) -> Code:
    """A call with literals as its arguments.

    Parameters
    ----------
    function : str
        A name, dotted or not.
    *values, **named
        Arguments, as :func:`literal` takes them.

    Raises
    ------
    BadParameter
        If a value has no literal or ``function`` is no name.

    Examples
    --------
    >>> call("data.without", "age", 'a"b')
    'data.without("age", \\'a"b\\')'
    """
    for part in function.split("."):
        identifier(part)
    arguments = [*map(literal, values), *(f"{identifier(name)}={literal(value)}" for name, value in named.items())]
    return Code(f"{function}({', '.join(arguments)})")


def assigned(variable: str, value: Code) -> Code:
    """A statement that gives a variable its value.

    >>> assigned("data", call("data.without", "age"))
    'data = data.without("age")'
    """
    return Code(f"{identifier(variable)} = {value}")


def dotted(*names: str) -> Code:
    """Names with points between them, such as an attribute of a module.

    >>> dotted("np", "float64")
    'np.float64'
    """
    return Code(".".join(identifier(name) for text in names for name in text.split(".")))


def in_brackets(values: Sequence[Any]) -> Code:
    """A tuple; :func:`literal` writes a list.

    >>> in_brackets(("a", 1)), in_brackets((100,))
    ('("a", 1)', '(100,)')
    """
    return Code(f"({', '.join(map(literal, values))}{',' if len(values) == 1 else ''})")


def imported(module: str, names: Iterable[str] = ()) -> Code:
    """A statement that imports names from a module, or the module itself.

    >>> imported("sklearn.pipeline", ["Pipeline"]), imported("hashlib")
    ('from sklearn.pipeline import Pipeline', 'import hashlib')
    """
    wanted = ", ".join(map(identifier, names))
    return Code(f"from {dotted(module)} import {wanted}" if wanted else f"import {dotted(module)}")


def one_below_another(*statements: Code) -> Code:
    """Statements, each on lines of its own.

    >>> one_below_another(assigned("a", call("int", 1)), assigned("b", call("int", 2)))
    'a = int(1)\\nb = int(2)'
    """
    return Code("\n".join(statements))


def laid_out(statement: Code, width: int = WIDTH) -> Code:
    """A statement of one line on several ones where it is too long, as people write it.

    Parameters
    ----------
    statement : Code
        An expression, or one that a variable gets.
    width : int
        Columns of a line.

    Examples
    --------
    >>> print(laid_out(assigned("model", call("Ridge", alpha=1.0, random_state=0)), width=30))
    model = Ridge(
        alpha=1.0,
        random_state=0,
    )
    """
    (node,) = ast.parse(statement).body
    assert isinstance(node, (ast.Assign, ast.Expr)), "an expression, or one that a variable gets"
    raw = statement.encode()
    before = raw[: node.value.col_offset].decode()
    return Code(before + _Line(raw, width).laid_out(node.value, "", len(before)))


@dataclass(frozen=True)
class _Line:
    """One line of code in bytes, as the syntax tree counts them."""

    raw: bytes
    width: int

    def text(self, node: ast.expr) -> str:
        return self.raw[node.col_offset : node.end_col_offset].decode()

    def laid_out(self, node: ast.expr, indent: str, before: int) -> str:
        """An expression with so much before it: on this line, or its parts on lines of their own."""
        text = self.text(node)
        if before + len(text) < self.width:
            return text
        match node:
            case ast.Call(func=function, args=values, keywords=named):
                parts = [("", v) for v in values] + [(f"{k.arg}=", k.value) for k in named]
                return self._opened(f"{self.text(function)}(", parts, ")", indent) if parts else text
            case ast.List(elts=[_, *_]) | ast.Tuple(elts=[_, *_]):
                return self._opened(text[0], [("", v) for v in node.elts], text[-1], indent)
            case ast.Dict(keys=[_, *_] as keys, values=values):
                pairs = [(f"{self.text(k)}: ", v) for k, v in zip(keys, values, strict=True) if k]
                return self._opened("{", pairs, "}", indent)
        return text

    def _opened(self, opening: str, parts: Sequence[tuple[str, ast.expr]], closing: str, indent: str) -> str:
        inner = f"{indent}    "
        lines = [inner + name + self.laid_out(value, inner, len(inner + name)) for name, value in parts]
        return "\n".join([opening, *(f"{line}," for line in lines), indent + closing])


def corrected(source: str, wrong: str, right: str) -> Cure:
    """Somebody's own code with one text in place of another that stands in it.

    Parameters
    ----------
    source : str
        Python as it was written.
    wrong, right : str
        What a literal in it says, and what it is to say.

    Returns
    -------
    Cure
        Nothing where no literal says ``wrong``, or it is no Python.

    Examples
    --------
    >>> corrected("data = wb.dataset(frame, target='tenur')  # at first", "tenur", "tenure")
    'data = wb.dataset(frame, target="tenure")  # at first'
    """
    try:
        tokens = [t for t in tokenize.generate_tokens(StringIO(source).readline) if t.type == tokenize.STRING]
    except (tokenize.TokenError, SyntaxError):
        return ""
    lines = source.splitlines(keepends=True)
    wanted = [t for t in tokens if t.start[0] == t.end[0] and _says(t.string) == wrong]
    for (line, start), (_, end) in reversed([(t.start, t.end) for t in wanted]):
        lines[line - 1] = lines[line - 1][:start] + literal(right) + lines[line - 1][end:]
    return Code("".join(lines)) if wanted else ""


def _says(token: str) -> Any:
    try:
        return ast.literal_eval(token)
    except (ValueError, SyntaxError):  # such as an f-string
        return None


def literal(value: Any) -> str:
    """A Python literal in the style of formatted code: double quotes, lists for several values.

    Parameters
    ----------
    value : None, bool, int, float, str, Written, or lists, tuples and dicts of them
        Numbers and texts of numpy count as Python's own.

    Returns
    -------
    str
        What ``ast.literal_eval`` reads back as an equal value, tuples as lists. Whatever can't be seen is escaped.

    Raises
    ------
    BadParameter
        If the value has no literal, as NaN.

    Examples
    --------
    >>> literal(("a", 'say "b"', 3))
    '["a", \\'say "b"\\', 3]'
    """
    if isinstance(value, Written):
        return value.code
    if value is None or isinstance(value, bool):
        return repr(value)
    if isinstance(value, str):
        return _text(str(value))
    if isinstance(value, (tuple, list)):
        return f"[{', '.join(map(literal, value))}]"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{literal(key)}: {literal(item)}" for key, item in value.items()) + "}"
    return _number(value)


def _text(text: str) -> str:
    # repr chooses double quotes for a text with a single one in it; it also escapes what can't be seen.
    return repr(text) if '"' in text else '"' + repr("'" + text)[2:]


def _number(value: Any) -> str:
    try:
        if isinstance(value, Integral):
            return repr(int(value))
        if isinstance(value, Real) and float(value) == value:  # NaN equals nothing, and no literal is one
            return repr(float(value)).replace("inf", "1e999")
    except (OverflowError, ValueError) as error:  # more digits than Python reads
        raise BadParameter(f"This number can't be written in code ({error}). Give a smaller one.") from error
    raise BadParameter(f"{value!r} ({type(value).__name__}) has no literal. Give a text, a number, a list or a dict.")


def expression(text: str) -> str:
    """``text`` if it is one Python expression.

    Raises
    ------
    BadParameter
        If it is none.

    Examples
    --------
    >>> expression("frames[0]")
    'frames[0]'
    """
    try:
        parsed = ast.parse(text, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise BadParameter(f"{text!r} is not a Python expression ({error}). Write a name or a value.") from error
    return ast.unparse(parsed) if "#" in text or "\n" in text else text.strip()


def identifier(text: str) -> str:
    """``text`` if it can be the name of a variable.

    Raises
    ------
    BadParameter
        If it can't.

    Examples
    --------
    >>> identifier("data")
    'data'
    """
    if not text.isidentifier() or keyword.iskeyword(text):
        raise BadParameter(f"{text!r} is not a Python name. Use letters, digits and underscores.")
    return text


@lru_cache(maxsize=256)
def _marks(template: str) -> frozenset[str]:
    """The marks of a template; each stands where an expression may, not inside a text."""
    marks = _MARK.findall(template)
    try:
        nodes = list(ast.walk(ast.parse(_MARK.sub(rf"{_HOLE}\1", template))))
    except SyntaxError as error:
        raise BadParameter(f"The template {template!r} is not Python ({error}). Correct it.") from error
    holes = [n for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load) and n.id.startswith(_HOLE)]
    if len(holes) != len(marks) or any(isinstance(node, ast.JoinedStr) for node in nodes):
        raise BadParameter(f"The template {template!r} has a mark inside a text. Put it where an expression may stand.")
    return frozenset(marks)
