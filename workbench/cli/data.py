"""Commands that look at a table."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def profile(
    table: Annotated[str, typer.Argument(help="A path, a glob such as '2024/*.parquet', or a URL of fsspec.")],
    target: Annotated[str | None, typer.Option(help="Column to predict: finds what gives it away.")] = None,
    task: Annotated[str | None, typer.Option(help="What is predicted: binary, multiclass or regression.")] = None,
    html: Annotated[Path | None, typer.Option(help="Write the view, one file that needs nothing else.")] = None,
    save: Annotated[Path | None, typer.Option(help="Write the profile as JSON, to merge and compare later.")] = None,
    memory: Annotated[str | None, typer.Option(help="Memory that it may take, such as 512MB.")] = None,
) -> None:
    """Look at a table of any size, and say what is to be known before training."""
    from rich.console import Console

    from workbench.display import page
    from workbench.display.terminal import table as terminal_table
    from workbench.profiling.profile import profile as look

    profiled = look(table, target=target, task=task, memory_budget=memory)
    Console().print(terminal_table(profiled))
    if html is not None:
        html.write_text(page(profiled), encoding="utf-8")
    if save is not None:
        profiled.save(save)
