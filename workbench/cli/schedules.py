"""Commands of schedules, and the service that deals with them."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workbench.cli.options import (
    Kernel,
    ParameterFiles,
    ParametersRaw,
    ParameterTexts,
    ParameterYaml,
    takes_job_options,
)

if TYPE_CHECKING:
    from workbench.core.schedule import Schedule

app = typer.Typer(help="Notebooks that become jobs at the moments of a cron expression.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="Of the schedule, as `workbench schedule list` shows it.")]


@app.command()
@takes_job_options
def add(
    name: Annotated[str, typer.Argument(help="Of letters, digits, '.', '_' and '-'.")],
    notebook: Annotated[str, typer.Argument(help="A notebook, as `workbench submit` takes it.")],
    cron: Annotated[
        str,
        typer.Argument(help="Minute, hour, day of month, month, day of week: '30 6 * * mon-fri'; or '@daily' …"),
    ],
    zone: Annotated[str | None, typer.Option(help="IANA name of the time zone; by default the machine's.")] = None,
    parameter: ParameterTexts = None,
    raw: ParametersRaw = None,
    file: ParameterFiles = None,
    yaml: ParameterYaml = None,
    kernel: Kernel = None,
    folder: Annotated[Path | None, typer.Option(help="Working folder of the notebook; by default this one.")] = None,
    missed: Annotated[
        str, typer.Option(help="Moments while no scheduler ran: 'once' runs one job for them all, 'skip' none.")
    ] = "once",
    overlap: Annotated[
        str, typer.Option(help="The job before is still at work: 'skip' leaves the moment out, 'wait' runs it after.")
    ] = "skip",
    *,
    options: dict[str, Any],
) -> None:
    """Make a schedule; its jobs run as long as `workbench scheduler` does."""
    from workbench.cli.parameters import given
    from workbench.jobs.schedules import add as make

    values = given(notebook, files=file or (), yaml=yaml or (), texts=parameter or (), raw=raw or ())
    made = make(
        name, notebook, cron, values, zone=zone, missed=missed, overlap=overlap, kernel=kernel, folder=folder, **options
    )
    _show(made)


@app.command("list")
def listed() -> None:
    """List the schedules, each with its next moment."""
    from workbench.jobs.schedules import schedules

    for one in schedules():
        typer.echo(f"{one.name}  {one.headline()}")


@app.command()
def show(name: Name, n: Annotated[int, typer.Option("--next", min=1, max=100, help="How many moments.")] = 5) -> None:
    """Show a schedule: its next moments, and what became of the last."""
    from workbench.jobs.schedules import schedule

    _show(schedule(name), n)


@app.command("next")
def next_moments(
    cron: Annotated[str, typer.Argument(help="A cron expression, such as '30 6 * * mon-fri'.")],
    zone: Annotated[str | None, typer.Option(help="IANA name of the time zone; by default the machine's.")] = None,
    n: Annotated[int, typer.Option("--next", min=1, max=100, help="How many moments.")] = 5,
) -> None:
    """Show the next moments of a cron expression, without making a schedule."""
    from workbench.jobs.schedules import next_times

    for moment in next_times(cron, zone, n):
        typer.echo(f"{moment:%a %Y-%m-%d %H:%M %Z}")


@app.command()
def pause(name: Name) -> None:
    """Let no moment count until it is resumed."""
    from workbench.jobs.schedules import pause as run

    typer.echo(f"{name}  {run(name).headline()}")


@app.command()
def resume(name: Name) -> None:
    """Let moments count again; those of the pause are not missed."""
    from workbench.jobs.schedules import resume as run

    typer.echo(f"{name}  {run(name).headline()}")


@app.command()
def remove(name: Name) -> None:
    """Remove a schedule; its jobs stay."""
    from workbench.jobs.schedules import remove as run

    run(name)
    typer.echo(f"{name} is removed.")


def scheduler() -> None:
    """Deal with schedules and the queue until it is ended; one line for everything that happens.

    SIGTERM and Ctrl-C end it cleanly, and jobs at work go on. A second one of the same home says which is at work.
    """
    from workbench.jobs.scheduler import Scheduler
    from workbench.settings import settings

    service = Scheduler(settings().home, _tell)
    for number in (getattr(signal, name) for name in ("SIGTERM", "SIGINT", "SIGHUP") if hasattr(signal, name)):
        signal.signal(number, lambda *_: service.stopping.set())
    service.run()


def _tell(line: str) -> None:
    from workbench.jobs.records import now

    typer.echo(f"{now()}  {line}")
    sys.stdout.flush()  # whoever keeps it reads it as it happens


def _show(one: Schedule, n: int = 5) -> None:
    typer.echo(f"{one.name}  {one.headline()}")
    for moment in one.next_times(n):
        typer.echo(f"  {moment:%a %Y-%m-%d %H:%M %Z}")
    for line in one.history[-n:]:
        typer.echo(f"  {line['at']}  {line['said']}")
