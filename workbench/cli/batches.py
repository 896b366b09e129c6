"""Commands on batches: many parameters of one notebook."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workbench.errors import BadParameter

if TYPE_CHECKING:
    from workbench.core.batch import Batch


def batch(
    id: Annotated[str, typer.Argument(help="Id of the batch, as `workbench submit --each` tells it.")],  # noqa: A002
    again: Annotated[bool, typer.Option("--again", help="Submit the parts that are not there.")] = False,
    stop: Annotated[bool, typer.Option("--stop", help="Stop all parts.")] = False,
    csv: Annotated[Path | None, typer.Option(help="Write the table of its parts.")] = None,
    html: Annotated[Path | None, typer.Option(help="Write the view, one file that needs nothing else.")] = None,
) -> None:
    """Show a batch: its parts with parameters, state and scores side by side."""
    from workbench.jobs import batch as batches

    if again and stop:
        raise BadParameter("Either --again or --stop: parts that are stopped are not submitted. Give one of them.")
    act = batches.stop_batch if stop else batches.again if again else batches.batch
    show(act(id))
    if csv is not None:
        csv.write_text(batches.batch(id).frame().to_csv(), encoding="utf-8")
    if html is not None:
        from workbench.display import page

        html.write_text(page(batches.batch(id)), encoding="utf-8")


def show(whole: Batch) -> None:
    """The parts in a table, and the headline."""
    from rich.console import Console

    from workbench.display.terminal import parts

    Console().print(parts(whole))
    typer.echo(f"{whole.id}  {whole.headline()}")


def each_of(notebook: str, given: Sequence[str]) -> Any:
    """What ``--each`` names: a CSV file, or values by name, read as the parameter's type.

    Parameters
    ----------
    notebook : str
        Whose parameters they are.
    given : sequence of str
        ``NAME=A,B,C``, ``NAME=["A", "B"]``, or the path of one CSV file.
    """
    files = [text for text in given if "=" not in text]
    if len(files) > 1 or (files and len(given) > 1):
        raise BadParameter("--each takes one CSV file, or NAME=A,B,C once for each name. Give either of them.")
    if files:
        return Path(files[0])
    from workbench.jobs.notebook.notebooks import opened
    from workbench.jobs.notebook.parameters import from_texts

    found = opened(notebook, "workbench submit")
    each: dict[str, list[Any]] = {}
    for name, texts in (_named(text) for text in given):
        values = [from_texts(Path(found.name), [(name, text)], found.content)[name] for text in texts]
        each[name] = [*each.get(name, ()), *values]
    return each


def _named(text: str) -> tuple[str, list[str]]:
    """
    >>> _named("k=1, 2"), _named('city=["Bonn, Rhein", "Ulm"]')
    (('k', ['1', '2']), ('city', ['Bonn, Rhein', 'Ulm']))
    """
    name, _, values = text.partition("=")
    if values.lstrip().startswith("["):
        try:
            return name.strip(), [v if isinstance(v, str) else json.dumps(v) for v in json.loads(values)]
        except ValueError as error:
            raise BadParameter(f"The list of {name.strip()!r} is not JSON ({error}). Write NAME=A,B,C.") from error
    return name.strip(), [value.strip() for value in values.split(",")]
