"""Commands that run notebooks: tour, submit, jobs, stop."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workbench.errors import BadParameter

if TYPE_CHECKING:
    from workbench.core.job import Job


def tour(
    sample: Annotated[
        int, typer.Option(min=0, help="Use every n-th flight only, for a quick look; 0 or 1 uses all.")
    ] = 1,
) -> None:
    """Run the flights journey: 336,776 real flights from raw table to monitored model."""
    from workbench.jobs.submit import submit

    job = submit("notebooks/tour.ipynb", {"every": max(sample, 1)})
    _tell_outcome(job)
    _exit_unless_completed(job)
    typer.echo(
        "\nNext: `workbench lab` opens JupyterLab with the panel, `workbench monitor` the pages for stakeholders,"
    )
    typer.echo("and `workbench serve flights` answers rows over HTTP.")
    if job.output.is_relative_to(Path.cwd()):
        typer.echo(f"Read it in JupyterLab: File, Open from Path, {job.output.relative_to(Path.cwd())}")


def notebook(
    run: Annotated[str, typer.Argument(help="Id of the run, as a notebook or MLflow's pages show it.")],
    candidate: Annotated[str | None, typer.Argument(help="Row of the leaderboard; the best by default.")] = None,
    data: Annotated[
        str | None, typer.Option(help="The table that it was trained on; by default the file that it was read from.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Of the notebook; by default NAME.ipynb in this folder.")] = None,
) -> None:
    """Write a row of a run's leaderboard as a notebook of plain scikit-learn, which finds its score again."""
    from workbench.core.wording import file_name
    from workbench.training.runs import run as read

    trained = read(run)
    path = out or Path(f"{file_name(candidate or trained.best.name)}.ipynb")
    typer.echo(trained.to_notebook(path, candidate, data=data))


def submit(
    notebook: Annotated[
        str, typer.Argument(help="A notebook in the working folder, or one that ships with Workbench.")
    ],
    parameter: Annotated[
        list[str] | None, typer.Option("--parameter", "-p", metavar="NAME=VALUE", help="A parameter; repeat for more.")
    ] = None,
) -> None:
    """Run a notebook as a job."""
    from workbench.jobs.submit import submit as run

    job = run(notebook, dict(_pair(text) for text in parameter or ()))
    _tell_outcome(job)
    _exit_unless_completed(job)


def jobs(most: Annotated[int, typer.Option(min=1, help="How many of the latest.")] = 20) -> None:
    """List the jobs, latest first."""
    from workbench.jobs.records import jobs as records

    for job in list(records())[:most]:
        typer.echo(f"{job.id}  {job.headline()}")


def stop(job: Annotated[str, typer.Argument(help="Id of the job, as `workbench jobs` lists it.")]) -> None:
    """Stop a job: finished cells stay in its output notebook."""
    from workbench.jobs.records import stop as run

    typer.echo(run(job).headline())


def _tell_outcome(job: Job) -> None:
    """State of the job, the headline of each result in its notebook, and where things lie."""
    from workbench.jobs.outcome import records
    from workbench.settings import settings

    typer.echo(f"\n{job.headline()}")
    for record in records(job.output) if job.output.exists() else ():
        typer.echo(f"  {record['noun']:<12} {record['headline']}")
    typer.echo(f"\nNotebook: {job.output}\nBundles, jobs, runs, reports: {settings().home}")


def _pair(text: str) -> tuple[str, Any]:
    """``NAME=VALUE`` with a Python literal or plain text as the value."""
    import ast

    name, equals, value = text.partition("=")
    if not equals:
        raise BadParameter(f"A parameter is NAME=VALUE, got {text!r}. Write for example: -p window=2013-07")
    try:
        return name, ast.literal_eval(value)
    except (ValueError, SyntaxError):
        return name, value


def _exit_unless_completed(job: Job) -> None:
    if job.state.value != "COMPLETED":
        raise typer.Exit(1)
