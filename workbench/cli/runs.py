"""Commands that ask a run: fairness."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from workbench.errors import BadParameter


def fairness(
    run: Annotated[str, typer.Argument(help="Id of the run, as a notebook or MLflow's pages show it.")],
    by: Annotated[
        list[str] | None,
        typer.Option(help="Column whose groups are compared; repeat for more, crossed. By default the sensitive ones."),
    ] = None,
    label: Annotated[str | None, typer.Option(help="The class whose rates are told; of two the second.")] = None,
    bins: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMN=A,B,…", help="Where a number's parts begin; repeat for more. Else its quarters."),
    ] = None,
    data: Annotated[
        str | None, typer.Option(help="Other rows with their target, new to the model; by default its hold-out.")
    ] = None,
    smallest: Annotated[int, typer.Option(help="Rows below which a group is shown and not judged.")] = 50,
    false_alarm_rate: Annotated[float, typer.Option(help="Chance to tell of a group where none differs.")] = 0.05,
    why: Annotated[
        bool, typer.Option("--why/--no-why", help="Also what makes the gap, and what closing it would cost.")
    ] = True,
    reweigh: Annotated[
        bool, typer.Option("--reweigh", help="Fit anew on rows weighed so that group and outcome are independent.")
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with 1 where a group differs by more than chance.")
    ] = False,
    html: Annotated[Path | None, typer.Option(help="Write the view, one file that needs nothing else.")] = None,
    save: Annotated[Path | None, typer.Option(help="Write the numbers as JSON.")] = None,
) -> None:
    """Compare how a run answers groups of people: rates, errors, gaps with intervals, and what makes them."""
    from rich.console import Console

    from workbench.display import page
    from workbench.display.terminal import fairness as told
    from workbench.explanation.fairness import fairness as compare
    from workbench.training.runs import run as trained

    found = compare(
        trained(run), by or (), data=data, bins=_bins(bins or ()), label=label, smallest=smallest,
        false_alarm_rate=false_alarm_rate, why=why, reweigh=reweigh,
    )  # fmt: skip
    Console().print(told(found))
    if html is not None:
        html.write_text(page(found), encoding="utf-8")
    if save is not None:
        found.save(save)
    if strict and found.told_apart():
        raise typer.Exit(1)


def _bins(given: Sequence[str]) -> dict[str, list[float]]:
    """``COLUMN=A,B`` with the edges as numbers."""
    return dict(_edges(text) for text in given)


def _edges(text: str) -> tuple[str, list[float]]:
    """
    >>> _edges("age=30,60")
    ('age', [30.0, 60.0])
    """
    name, _, edges = text.rpartition("=")
    try:
        return name, [float(edge) for edge in edges.split(",")]
    except ValueError:
        raise BadParameter(f"Bins are COLUMN=A,B,…, got {text!r}. Write for example: --bins age=30,60") from None
