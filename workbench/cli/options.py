"""Options and arguments that several commands share."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import fields
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

from workbench.core.job_options import JobOptions

Port = Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")]
Host = Annotated[str, typer.Option(help="Address to listen on; loopback unless you say otherwise.")]
Browser = Annotated[bool, typer.Option("--browser/--no-browser", help="Open a browser.")]
BundleName = Annotated[str, typer.Argument(help="NAME, NAME@alias, NAME/VERSION, or the path of a bundle folder.")]
Kernel = Annotated[
    str | None, typer.Option("--kernel", "-k", help="An installed kernel; by default the one the notebook names.")
]
ParameterTexts = Annotated[
    list[str] | None,
    typer.Option(
        "--parameter",
        "-p",
        metavar="NAME=VALUE",
        help="A parameter, read as the type that its cell annotates or shows; repeat for more.",
    ),
]
ParametersRaw = Annotated[
    list[str] | None,
    typer.Option("--parameters-raw", "-r", metavar="NAME=TEXT", help="A parameter that is the text as it stands."),
]
ParameterFiles = Annotated[
    list[Path] | None,
    typer.Option("--parameters-file", "-f", metavar="YAML", help="A file of parameters, YAML or JSON."),
]
ParameterYaml = Annotated[
    list[str] | None, typer.Option("--parameters-yaml", "-y", metavar="YAML", help="Parameters as YAML.")
]


def takes_job_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of a job; what was given comes as its argument ``options``.

    Parameters
    ----------
    command : callable
        With a parameter ``options``, the last one.
    """

    @wraps(command)
    def run(**given: Any) -> None:
        options = {f.name: given.pop(f.name) for f in fields(JobOptions)}
        command(**given, options={name: value for name, value in options.items() if value not in (None, [])})

    own = inspect.signature(command, eval_str=True).parameters.values()
    kept = [parameter for parameter in own if parameter.name != "options"]
    parameters = [*kept, *_job_options()]
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # what Typer reads
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    del run.__wrapped__  # it would be read instead
    return run


def _job_options() -> list[inspect.Parameter]:
    hints = get_type_hints(JobOptions)
    return [_job_option(f.name, hints[f.name], f.metadata) for f in fields(JobOptions)]


_KINDS = {"tuple[str, ...]": list[str], "int": int, "<class 'int'>": int, "str | None": str}


def _job_option(name: str, hint: Any, declared: Any) -> inspect.Parameter:
    """An option without a default: the ones of a job are declared where it is."""
    kind = _KINDS.get(str(hint), float)
    unit = f" ({declared['unit']})" if declared["unit"] else ""
    told = f"{declared['description'].rstrip('.')}{unit}."
    option = typer.Option(help=f"{told} Repeat for more." if kind == list[str] else told)
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[kind | None, option]
    )
