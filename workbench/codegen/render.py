"""From a step and its values to the cell that a person would have written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import MISSING, fields
from typing import Any

from workbench.core.parameters import Step, make

IMPORT = "import workbench as wb"
WIDTH = 88


def render(verb: str, values: dict[str, Any], first: bool = False) -> str:
    """Source of the cell that takes a step.

    Parameters
    ----------
    verb : str
        The step: ``dataset``, ``profile``, ``train``, ``explain``, ``package`` or ``monitor``.
    values : dict
        Its parameters, as plain JSON. What equals the default is left out of the cell.
    first : bool
        True: begin with the import line.

    Raises
    ------
    BadParameter
        If there is no such step, or a value does not fit it.

    Examples
    --------
    >>> print(render("dataset", {"source": "churn.csv", "target": "Churn"}, first=True))
    import workbench as wb
    <BLANKLINE>
    data = wb.dataset("churn.csv", target="Churn")
    data
    """
    step = make(verb, values)
    opening = f"{IMPORT}\n\n" if first else ""
    return f"{opening}{_call(step)}\n{step.gives}"


def positional(step: type[Step]) -> str | None:
    """Name of the parameter that a step without an input takes first and unnamed.

    >>> from workbench.core.parameters import step_of
    >>> positional(step_of("dataset")), positional(step_of("train"))
    ('source', None)
    """
    if step.takes:
        return None
    return next((f.name for f in fields(step) if f.default is MISSING), None)


def _call(step: Step) -> str:
    arguments = list(_arguments(step))
    opening = f"{step.gives} = wb.{step.verb}("
    line = f"{opening}{', '.join(arguments)})"
    if len(line) <= WIDTH:
        return line
    return opening + "\n" + "".join(f"    {argument},\n" for argument in arguments) + ")"


def _arguments(step: Step) -> Iterator[str]:
    if step.takes:
        yield step.takes
    unnamed = positional(type(step))
    for of in fields(step):
        value = getattr(step, of.name)
        if of.name == unnamed:
            yield literal(value)
        elif of.default is MISSING or value != of.default:
            yield f"{of.name}={literal(value)}"


def literal(value: Any) -> str:
    """A Python literal in the style of formatted code: double quotes, lists for several values.

    >>> literal(("a", 'say "b"', 3))
    '["a", \\'say "b"\\', 3]'
    """
    if isinstance(value, (tuple, list)):
        return f"[{', '.join(map(literal, value))}]"
    if isinstance(value, str) and '"' not in value:
        # repr chooses double quotes for a text with a single one in it; it also escapes what can't be seen.
        return '"' + repr("'" + value)[2:]
    return repr(value)
