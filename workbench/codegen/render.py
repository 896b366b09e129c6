"""From a step and its values to the cell that a person would have written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields
from typing import Any

from workbench.core.literals import WIDTH, expression, identifier, literal
from workbench.core.parameters import bare, make, step_of

IMPORT = "import workbench as wb"


def render(
    verb: str,
    values: Mapping[str, Any],
    first: bool = False,
    *,
    code: Mapping[str, str] | None = None,
    takes: str | None = None,
    gives: str | None = None,
    callee: str | None = None,
) -> str:
    """Source of the cell that takes a step.

    Parameters
    ----------
    verb : str
        The step, such as ``train``: a key of :data:`workbench.core.parameters.STEPS`.
    values : mapping
        Its parameters, as plain JSON. What equals the default is left out of the cell.
    first : bool
        True: begin with the import line.
    code : mapping of str, optional
        Parameters that are expressions, such as ``{"source": "frame"}``.
    takes, gives : str, optional
        Variables that the step starts from and that hold its result; by default the step's own words.
    callee : str, optional
        How the step is called; by default ``wb.`` and the verb.

    Raises
    ------
    BadParameter
        If there is no such step, a value does not fit it, or a text that should be an expression or a name is none.

    Examples
    --------
    >>> print(render("dataset", {"source": "churn.csv", "target": "Churn"}, first=True))
    import workbench as wb
    <BLANKLINE>
    data = wb.dataset("churn.csv", target="Churn")
    data
    >>> print(render("train", {}, code={"folds": "n"}, takes="flights", gives="model"))
    model = wb.train(flights, folds=n)
    model
    """
    step = step_of(verb)
    gives = identifier(gives or step.gives)
    text = call(verb, values, code or {}, takes or step.takes, callee or f"wb.{verb}", len(f"{gives} = "))
    opening = f"{IMPORT}\n\n" if first else ""
    return f"{opening}{gives} = {text}\n{gives}"


def call(
    verb: str,
    values: Mapping[str, Any],
    code: Mapping[str, str],
    takes: str | None,
    callee: str,
    before: int,
    kept: Mapping[str, str] | None = None,
) -> str:
    """The call alone, on one line, or with a line for each argument where it would be too long.

    >>> call("explain", {"rows": 50}, {}, "run", "wb.explain", before=len("explanation = "))
    'wb.explain(run, rows=50)'
    """
    given = list(arguments(verb, values, code, takes))
    texts = [text if name is None else f"{name}={text}" for name, text in given]
    texts += [f"{name}={text}" for name, text in (kept or {}).items()]
    line = f"{callee}({', '.join(texts)})"
    if before + len(line) <= WIDTH and "\n" not in line:
        return line
    return f"{callee}(\n" + "".join(f"    {argument},\n" for argument in texts) + ")"


def arguments(
    verb: str, values: Mapping[str, Any], code: Mapping[str, str], takes: str | None
) -> Iterator[tuple[str | None, str]]:
    """Name, or None, and text of each argument that is not the default.

    >>> list(arguments("dataset", {"source": "a.csv", "target": None}, {}, None))
    [(None, '"a.csv"')]
    """
    step = make(verb, dict(values), elsewhere=tuple(code))
    unnamed = bare(type(step))
    if takes:
        yield None, expression(takes)
    for parameter in fields(step):
        name = None if parameter.name in unnamed else parameter.name
        value = getattr(step, parameter.name, None)
        if parameter.name in code:
            yield name, expression(code[parameter.name])
        elif parameter.default is MISSING or value != parameter.default:
            yield name, literal(value)
