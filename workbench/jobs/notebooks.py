"""Finding a notebook and checking the parameters that it is given, before anything runs."""

from __future__ import annotations

import ast
import json
import keyword
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.core.wording import worded
from workbench.errors import BadParameter, InputError, NotFound
from workbench.jobs.secrets import check_reference, is_secret


@dataclass(frozen=True)
class Parameter:
    """One name of a notebook's ``parameters`` cell.

    Parameters
    ----------
    name : str
        The variable.
    default : object
        Its literal in the cell; None also where the cell computes it.
    description : str
        The comment behind it.
    """

    name: str
    default: Any
    description: str = ""


def find(notebook: str | Path) -> Path:
    """Path of a notebook: in the working folder, else among those that come with Workbench.

    Parameters
    ----------
    notebook : str or Path
        Such as ``score.ipynb``, ``notebooks/score.ipynb`` or a full path; the suffix may be left out.

    Raises
    ------
    NotFound
        If there is no such notebook.
    """
    asked = Path(notebook).expanduser()
    asked = asked if asked.suffix == ".ipynb" else asked.with_name(f"{asked.name}.ipynb")
    if asked.is_file():
        return asked.absolute()
    ours = _shipped(asked)
    if ours is None:
        known = sorted(p.relative_to(folder).as_posix() for folder in shipped() for p in folder.rglob("*.ipynb"))
        raise NotFound.named("notebook", str(notebook), known, "Give the path of a notebook.")
    return ours


def shipped() -> list[Path]:
    """Folders of the notebooks that come with Workbench: in the installed package, or beside it in a checkout."""
    package = Path(__file__).parents[1]
    return [f for f in (package / "notebooks", package.parent / "notebooks") if f.is_dir()]


def _shipped(asked: Path) -> Path | None:
    if asked.is_absolute() or ".." in asked.parts:
        return None
    name = Path(*asked.parts[1:]) if asked.parts[0] == "notebooks" and len(asked.parts) > 1 else asked
    return next((folder / name for folder in shipped() if (folder / name).is_file()), None)


def parameters_of(notebook: Path) -> dict[str, Parameter]:
    """The parameters that a notebook declares, in order: assignments in its cell tagged ``parameters``.

    The cell is read as syntax and not run. papermill can inspect it too, at the price of importing papermill (2.6 s)
    in the process that submits, and line by line, so that it misses a default over several lines.

    Raises
    ------
    InputError
        If the file is not a notebook, or the cell is not Python.
    """
    cell = next((c for c in read(notebook)["cells"] if "parameters" in c.get("metadata", {}).get("tags", ())), None)
    if cell is None:
        return {}
    return declared("".join(cell["source"]), notebook.name)


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
    except (SyntaxError, ValueError) as error:
        message = f"The parameters cell of {notebook} is not Python ({error}). Correct the cell."
        raise InputError(message) from error
    parameters = (_parameter(statement, source.splitlines()) for statement in body)
    return {p.name: p for p in parameters if p}


def form(parameters: dict[str, Parameter]) -> dict[str, Any]:
    """JSON Schema of a form for the parameters; one without a plain default takes text.

    Examples
    --------
    >>> form(declared("month = 7  # of the data", "score.ipynb"))["properties"]
    {'month': {'title': 'month', 'type': 'integer', 'description': 'of the data', 'default': 7}}
    """
    return {"type": "object", "description": "", "properties": {n: _property(p) for n, p in parameters.items()},
            "required": []}  # fmt: skip


def _property(parameter: Parameter) -> dict[str, Any]:
    shape: dict[str, Any] = {"title": parameter.name, "type": _JSON.get(type(parameter.default), "string")}
    if shape["type"] == "array":
        kinds = {_JSON.get(type(item), "string") for item in parameter.default}
        shape["items"] = {"type": kinds.pop() if len(kinds) == 1 else "string"}
    default = list(parameter.default) if isinstance(parameter.default, tuple) else parameter.default
    return {**shape, "description": parameter.description, "default": default}


_JSON = {str: "string", int: "integer", float: "number", bool: "boolean", list: "array", tuple: "array"}


def read(notebook: Path) -> dict[str, Any]:
    """The notebook as plain JSON.

    Raises
    ------
    InputError
        If the file is not a notebook of format 4.
    """
    try:
        content = json.loads(notebook.read_text(encoding="utf-8"))
        if content["nbformat"] >= 4 and isinstance(content["cells"], list):
            return dict(content)
    except (ValueError, KeyError, TypeError):
        pass  # told below, in the same words for all three
    raise InputError(f"{notebook.name} is not a Jupyter notebook of format 4. Save it again with JupyterLab.")


def _parameter(statement: ast.stmt, lines: list[str]) -> Parameter | None:
    match statement:
        case (
            ast.Assign(targets=[ast.Name(id=name)], value=value) | ast.AnnAssign(target=ast.Name(id=name), value=value)
        ):
            comment = lines[statement.lineno - 1].partition("#")[2].strip()
            return Parameter(name, _literal(value), comment)
    return None


def _literal(value: ast.expr | None) -> Any:
    try:
        return ast.literal_eval(value) if value is not None else None
    except (ValueError, TypeError):
        return None


def check(notebook: Path, values: dict[str, Any]) -> dict[str, Any]:
    """``values`` if the notebook takes them all, before a kernel starts.

    Raises
    ------
    BadParameter
        If a name is unknown or no identifier, a value is not plain JSON or not of the type of the notebook's default,
        or a secret is given in clear.
    """
    declared = parameters_of(notebook)
    for name, value in values.items():
        if not str(name).isidentifier() or keyword.iskeyword(name):
            raise BadParameter(f"A parameter's name is a Python name, got {name!r}. Rename it.")
        if name not in declared:
            raise BadParameter.unknown(name, declared, f"The notebook {notebook.name}")
        if is_secret(name):
            check_reference(name, value)
        _check_type(declared[name], value)
    return values


def _check_type(parameter: Parameter, value: Any) -> None:
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise BadParameter(f"{parameter.name!r} must be plain JSON data: {error}. Change it.") from error
    expected = type(parameter.default)
    allowed = (int, float) if expected is float else (list, tuple) if expected in (list, tuple) else (expected,)
    if parameter.default is None or value is None:
        return
    if not isinstance(value, allowed) or (isinstance(value, bool) and expected is not bool):
        raise BadParameter(
            f"{parameter.name!r} is {expected.__name__} (by default {worded(parameter.default)}), "
            f"got {worded(value)} ({type(value).__name__}). Change it."
        )
