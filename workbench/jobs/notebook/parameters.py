"""The parameters of a notebook: read from its cell, checked before anything runs, written below it."""

from __future__ import annotations

import ast
import io
import json
import keyword
import re
import tokenize
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from workbench.core.references import reference, references
from workbench.core.secrets import check_secrets, is_reference, is_secret
from workbench.errors import BadParameter, InputError
from workbench.jobs.notebook.annotations import ANY, Annotations
from workbench.jobs.notebook.kernels import language_of
from workbench.jobs.notebook.shapes import MISSING, Shape, Unfit, plain, shape_of, shown, source, unfit
from workbench.storage.files import MISREAD

TAG, INJECTED = "parameters", "injected-parameters"
_TYPE_COMMENT = re.compile(r"type:\s*([^\s#]+)\s*")


@dataclass(frozen=True)
class Parameter:
    """One name of a notebook's ``parameters`` cell.

    Parameters
    ----------
    name : str
        The variable.
    default : object
        Its value in the cell; None also where the cell computes it.
    description : str
        The comment behind it.
    shape : Shape
        What it takes: as it is annotated, else as its default shows.
    required : bool
        Whether the cell only annotates it, so that a value must be given.
    annotated : bool
        Whether its type is written and not merely shown by its default; None is then taken only where that says so.
    """

    name: str
    default: Any
    description: str = ""
    shape: Shape = field(default=ANY, repr=False)
    required: bool = field(default=False, repr=False)
    annotated: bool = field(default=False, repr=False)


def parameters_of(notebook: Path) -> dict[str, Parameter]:
    """The parameters that a notebook declares, in order: assignments in its cell tagged ``parameters``.

    The cell is read as syntax and not run. papermill can inspect it too, at the price of importing papermill (2.6 s)
    in the process that submits, and line by line, so that it misses a default over several lines.

    Raises
    ------
    InputError
        If the file is not a notebook, or the cell of a Python notebook is not Python.
    """
    from workbench.jobs.notebook.notebooks import read

    return declared_in(read(notebook), notebook.name) or {}


def declared_in(content: Mapping[str, Any], notebook: str, language: str | None = None) -> dict[str, Parameter] | None:
    """The parameters of a notebook's content; None where its language is another, which papermill does not read.

    Parameters
    ----------
    content : mapping
        Of the notebook.
    notebook : str
        Its name, for errors.
    language : str, optional
        Of the kernel that is to run it, by default the notebook's own.
    """
    if (language or language_of(content.get("metadata") or {})).lower() not in ("python", "python3", "ipython"):
        return None
    cell = next((c for c in content["cells"] if TAG in tags_of(c)), None)
    return {} if cell is None else declared("".join(cell["source"]), notebook)


def declared(source: str, notebook: str) -> dict[str, Parameter]:
    """The parameters in the source of a cell.

    Raises
    ------
    InputError
        If it is not Python.

    Examples
    --------
    >>> declared("month = 7  # of the data", "score.ipynb")
    {'month': Parameter(name='month', default=7, description='of the data')}
    """
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        message = f"The parameters cell of {notebook} is not Python ({error}). Correct the cell."
        raise InputError(message) from error
    annotations, comments = Annotations(body), _comments(source)
    parameters = (_parameter(statement, annotations, comments) for statement in body)
    return {p.name: p for p in parameters if p}


def _comments(source: str) -> dict[int, str]:
    """The comment of each line; a sign in a text is none."""
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    except (tokenize.TokenError, IndentationError, SyntaxError):
        return {}
    return {t.start[0]: t.string.lstrip("#").strip() for t in tokens if t.type == tokenize.COMMENT}


def _parameter(statement: ast.stmt, annotations: Annotations, comments: Mapping[int, str]) -> Parameter | None:
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)], value=value) if name not in annotations.types:
            annotation = None
        case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation, value=value):
            pass
        case _:
            return None
    comment = comments.get(statement.lineno) or comments.get(statement.end_lineno or 0, "")
    told = _TYPE_COMMENT.match(comment)
    shape = annotations.shape(annotation)
    if annotation is None and told:
        shape, comment = annotations.shape(ast.Constant(told[1])), comment[told.end() :]
    shown_shape, default = _default(value, annotations)
    return Parameter(name, default, comment, _joined(shape, shown_shape), value is None, shape.kind != "any")


def _joined(annotated: Shape, default: Shape) -> Shape:
    """The annotation decides; a default tells what an annotation leaves open, and how a moment is spelt."""
    if annotated.kind == "any":
        return default
    if annotated.kind in ("list", "set", "tuple", "dict") and not annotated.items and default.kind == annotated.kind:
        return replace(annotated, items=default.items)
    if default.call and annotated.kind == default.kind and not annotated.call:
        return replace(annotated, call=default.call)
    return annotated


def _default(value: ast.expr | None, annotations: Annotations) -> tuple[Shape, Any]:
    if value is None:
        return ANY, None
    try:
        default = ast.literal_eval(value)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return annotations.made(value) or (ANY, None)
    return shape_of(default), default


def form(parameters: Mapping[str, Parameter]) -> dict[str, Any]:
    """JSON Schema of a form for the parameters: types, choices, ranges; one that shows no type takes text.

    Examples
    --------
    >>> form(declared("month = 7  # of the data", "score.ipynb"))["properties"]
    {'month': {'title': 'month', 'type': 'integer', 'description': 'of the data', 'default': 7}}
    """
    required = [p.name for p in parameters.values() if p.required and not p.shape.nullable]
    return {"type": "object", "description": "", "properties": {n: _property(p) for n, p in parameters.items()},
            "required": required}  # fmt: skip


def _property(parameter: Parameter) -> dict[str, Any]:
    shape = {"title": parameter.name, **parameter.shape.schema(), "description": parameter.description}
    if is_secret(parameter.name):
        shape["examples"] = ["env:NAME"]
    default = plain(parameter.default)
    if shape["type"] == "object":  # a form has a line for it, and the check reads what it says
        shape["type"], default = "string", json.dumps(default, ensure_ascii=False)
    return shape if parameter.required else {**shape, "default": default}


def check(
    notebook: Path,
    values: Mapping[str, Any],
    content: Mapping[str, Any] | None = None,
    language: str | None = None,
    *,
    resolve: bool = True,
    whole: bool = True,
    later: bool = False,
) -> dict[str, Any]:
    """``values`` as the record keeps them, if the notebook takes them all, before a kernel starts.

    Parameters
    ----------
    notebook : Path
        Its file.
    values : mapping
        By name, as Python has them or as a record kept them.
    content : mapping, optional
        The notebook, where it has been read already.
    language : str, optional
        Of the kernel that is to run it, by default the notebook's own.
    resolve : bool
        False: what a reference to a secret leads to is looked at later, where it is needed.
    whole : bool
        Whether these are all values, so that none that the notebook needs may be missing.
    later : bool
        Whether a reference to a job's result stands for a value that is checked once it is there.

    Returns
    -------
    dict
        Plain JSON; :func:`typed` makes of it what the notebook will hold.

    Raises
    ------
    BadParameter
        If a name is unknown or no identifier, a value is not of the parameter's type or range or can't be carried
        exactly, or a secret is given in clear or by a reference to nothing.
    """
    from workbench.jobs.notebook.notebooks import read

    known = declared_in(read(notebook) if content is None else content, notebook.name, language)
    for name in values:
        _check_name(name, known, notebook.name)
    for told in _missing(notebook, values, known).values() if whole else ():
        raise BadParameter(told)
    return {name: plain(value) for name, value in _typed(values, known, resolve, later).items()}


def misfits(notebook: Path, values: Mapping[str, Any]) -> dict[str, str]:
    """What :func:`check` would say of each value that does not fit, and of each that is missing, by its name."""
    from workbench.jobs.notebook.notebooks import read

    known = declared_in(read(notebook), notebook.name)
    told = _missing(notebook, values, known)
    for name, value in values.items():
        try:
            _check_name(name, known, notebook.name)
            plain(_typed({name: value}, known, later=True)[name])
        except BadParameter as error:
            told[str(name)] = str(error)
    return told


def _missing(notebook: Path, values: Mapping[str, Any], known: Mapping[str, Parameter] | None) -> dict[str, str]:
    missing = [p for p in (known or {}).values() if p.required and p.name not in values]
    return {p.name: f"{notebook.name} needs {p.name!r} ({p.shape.words()}). Give it." for p in missing}


def typed(values: Mapping[str, Any], known: Mapping[str, Parameter] | None) -> dict[str, Any]:
    """What the notebook will hold, from what :func:`check` gave."""
    return _typed(values, known)


def _typed(
    values: Mapping[str, Any], known: Mapping[str, Parameter] | None, resolve: bool = True, later: bool = False
) -> dict[str, Any]:
    return {name: _value(name, value, (known or {}).get(name), resolve, later) for name, value in values.items()}


def _value(name: str, value: Any, parameter: Parameter | None, resolve: bool, later: bool = False) -> Any:
    try:
        check_secrets(name, value, resolve)
    except RecursionError as error:
        raise BadParameter(f"{name!r} must be plain JSON data; this one holds itself, or is too deep.") from error
    if is_reference(value) or (is_secret(name) and value in (None, "")):
        return value
    comes = later and any(references(value))
    shape = ANY if parameter is None or comes else parameter.shape
    if value is None and parameter is not None and _takes_none(parameter):
        return None
    try:
        return shape.read(value)
    except Unfit as error:
        raise unfit(name, shape, value, error, MISSING if parameter is None else parameter.default) from None
    except MISREAD as error:  # an object of somebody's that compares or counts in its own way
        raise BadParameter(f"{name!r} must be plain JSON data, got a {type(value).__name__}. Change it.") from error


def _takes_none(parameter: Parameter) -> bool:
    """What the cell itself shows is taken, and nothing where no type is written."""
    return not parameter.annotated or (parameter.default is None and not parameter.required)


def _check_name(name: Any, known: Mapping[str, Parameter] | None, notebook: str) -> None:
    if not isinstance(name, str) or not name.isidentifier() or keyword.iskeyword(name):
        raise BadParameter(f"A parameter's name is a Python name, got {shown(name)}. Rename it.")
    if known is not None and name not in known:
        raise BadParameter.unknown(name[:100], known, f"The notebook {notebook}")


def from_texts(
    notebook: Path, texts: Iterable[tuple[str, str]], content: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Values from the texts of a command line, each read as its parameter's type says.

    Raises
    ------
    BadParameter
        If a name is unknown, or a text does not say such a value.
    """
    from workbench.jobs.notebook.notebooks import read

    known = declared_in(read(notebook) if content is None else content, notebook.name)
    values = {}
    for name, text in texts:
        _check_name(name, known, notebook.name)
        parameter = (known or {}).get(name)
        values[name] = text if _stands(text) or (text and is_secret(name)) else _from_text(name, text, parameter)
    return values


def from_form(notebook: Path, values: Mapping[str, Any]) -> dict[str, Any]:
    """Values as a form gives them: a line is read as on a command line, and the check sees to the rest."""
    from workbench.jobs.notebook.notebooks import find, read

    known = declared_in(read(find(notebook)), notebook.name) or {}
    return {name: _from_field(value, known[name].shape) if name in known else value for name, value in values.items()}


def _from_field(value: Any, shape: Shape) -> Any:
    try:
        if isinstance(value, str) and not _stands(value):
            return shape.from_text(value)
        if isinstance(value, list) and shape.items and shape.kind in ("list", "set", "tuple"):
            return [_from_field(item, shape.items[min(at, len(shape.items) - 1)]) for at, item in enumerate(value)]
    except Unfit:
        return value
    return value


def _stands(text: str) -> bool:
    """Whether a text stands for a value that is elsewhere: a secret, or what another job gives."""
    return is_reference(text) or reference(text) is not None


def _from_text(name: str, text: str, parameter: Parameter | None) -> Any:
    shape = ANY if parameter is None else parameter.shape
    try:
        return shape.from_text(text)
    except Unfit as error:
        raise unfit(name, shape, text, error, MISSING if parameter is None else parameter.default) from None


def inject(cells: list[Any], known: Mapping[str, Parameter], values: Mapping[str, Any]) -> None:
    """Write the values below the ``parameters`` cell as that cell's types have them; papermill writes JSON alone."""
    cell = next((c for c in cells if INJECTED in tags_of(c)), None)
    if cell is not None and values:
        lines = (
            f"{name} = {source(value, known[name].shape if name in known else ANY)}" for name, value in values.items()
        )
        cell["source"] = "\n".join(["# Parameters", *lines])


def tags_of(cell: Mapping[str, Any]) -> Any:
    """The tags of a cell."""
    metadata = cell.get("metadata")
    tags = metadata.get("tags", ()) if isinstance(metadata, Mapping) else ()
    return tags if isinstance(tags, (list, tuple)) else ()
