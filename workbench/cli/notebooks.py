"""Commands that run notebooks: tour, submit, jobs, stop, delete, prune."""

from __future__ import annotations

import signal
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
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
    from workbench.core.job import Job

States = Annotated[list[str] | None, typer.Option(help="Only those in this state, such as FAILED; repeat for more.")]


def tour(
    sample: Annotated[
        int, typer.Option(min=0, help="Use every n-th flight only, for a quick look; 0 or 1 uses all.")
    ] = 1,
) -> None:
    """Run the flights journey: 336,776 real flights from raw table to monitored model."""
    from workbench.jobs.submit import submit

    with signals_stop():
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


@takes_job_options
def submit(
    notebook: Annotated[
        str, typer.Argument(help="A notebook in the working folder, one that ships with Workbench, or a URL.")
    ],
    parameter: ParameterTexts = None,
    raw: ParametersRaw = None,
    file: ParameterFiles = None,
    yaml: ParameterYaml = None,
    each: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=A,B,C",
            help="Run it for each of these values, and of several names for all their combinations; or for each row of "
            "a CSV file: --each table.csv.",
        ),
    ] = None,
    kernel: Kernel = None,
    after: Annotated[
        list[str] | None, typer.Option(metavar="JOB", help="A job that has to be COMPLETED before; repeat for more.")
    ] = None,
    wait: Annotated[
        bool, typer.Option("--wait/--no-wait", help="Wait for its end, or print its id and return at once.")
    ] = True,
    *,
    options: dict[str, Any],
) -> None:
    """Run a notebook as a job.

    \b
    Exit codes:
      0  completed
      1  a cell failed
      2  a wrong parameter, notebook or kernel; nothing has run
      3  the kernel did not start
     73  completed, and its output could not be copied to --output
     74  the record can't be written
     75  the Dask scheduler of WORKBENCH_SCHEDULER can't be reached; the job waits for it in the queue
    124  the time was used up
    130  stopped: Ctrl-C, SIGTERM, SIGHUP, workbench stop
    137  the job's process was killed
    138  the kernel died
    """
    from workbench.cli.parameters import given
    from workbench.jobs.submit import submit as run

    values = given(notebook, files=file or (), yaml=yaml or (), texts=parameter or (), raw=raw or ())
    how: dict[str, Any] = {"kernel": kernel, "after": after or (), **options}
    if each:
        _submit_each(notebook, each, values, wait, how)
        return
    with signals_stop(), _warnings_in_a_line():
        job = run(notebook, values, wait=wait, **how)
    if not wait:
        typer.echo(f"{job.id}  {job.headline()}")
        return
    _tell_outcome(job)
    _exit_unless_completed(job)


def _submit_each(notebook: str, each: list[str], values: dict[str, Any], wait: bool, how: dict[str, Any]) -> None:
    from workbench.cli.batches import each_of, show
    from workbench.jobs.batch import batch, follow, submit_each

    with _warnings_in_a_line():
        whole = submit_each(notebook, each_of(notebook, each), values, wait=False, **how)
    typer.echo(f"{whole.id}  {whole.headline()}")
    if not wait:
        return
    with signals_stop():
        follow(whole)
    ended = batch(whole.id)
    show(ended)
    if ended.exit_code:
        raise typer.Exit(ended.exit_code)


def resume(
    job: Annotated[str, typer.Argument(help="Id of the job, as `workbench jobs` lists it.")],
    notebook: Annotated[
        Path | None,
        typer.Option(help="The notebook, mended; by default the job's own file as it is now."),
    ] = None,
    parameter: Annotated[
        list[str] | None,
        typer.Option("--parameter", "-p", metavar="NAME=VALUE", help="Another value of a parameter; repeat for more."),
    ] = None,
    replay: Annotated[
        bool, typer.Option("--replay", help="Run in a new kernel, also where that of the job is kept.")
    ] = False,
    wait: Annotated[
        bool, typer.Option("--wait/--no-wait", help="Wait for its end, or print its id and return at once.")
    ] = True,
) -> None:
    """Go on with a job at the cell that failed.

    While its kernel is kept (`workbench submit --park 1800`), no finished cell runs again. Later a new job runs the
    notebook from its start and takes over results of steps where nothing that they depend on has changed. Exit codes
    are those of `workbench submit`.
    """
    from workbench.cli.parameters import given
    from workbench.jobs.resume import resume as run
    from workbench.jobs.resume import source

    values = given(str(source(job, notebook)), texts=parameter) if parameter else None
    with signals_stop():
        ended = run(job, notebook, values, replay=replay, wait=wait)
    if not wait:
        typer.echo(f"{ended.id}  {ended.headline()}")
        return
    _tell_outcome(ended)
    _exit_unless_completed(ended)


def jobs(
    state: States = None,
    text: Annotated[str, typer.Option(help="Only those whose id, notebook or error has it.")] = "",
    since: Annotated[
        str | None, typer.Option(metavar="TIME", help="Only those made since: 2026-12-01, or 2d for two days ago.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many of the latest.")] = 20,
    before: Annotated[str | None, typer.Option(metavar="JOB", help="Go on behind this one.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print records as JSON, one a line.")] = False,
) -> None:
    """List the jobs, latest first."""
    import json

    from workbench.jobs.listing import page

    page_ = page(states=state or (), text=text, since=since, limit=limit, before=before)
    for job in page_.jobs:
        record = {**job.to_dict(), "place": job.place, "path": str(job.path)}
        typer.echo(json.dumps(record, ensure_ascii=False) if as_json else f"{job.id}  {job.headline()}")
    if page_.following and not as_json:
        typer.echo(f"More: --before {page_.following}")


def delete(job: Annotated[list[str], typer.Argument(help="Ids of jobs, as `workbench jobs` lists them.")]) -> None:
    """Delete jobs that have ended, with output and log."""
    from workbench.jobs.listing import delete as run

    for name in job:
        run(name)
        typer.echo(f"{name} deleted")


def prune(
    older: Annotated[str, typer.Option(metavar="TIME", help="How long ago they ended at least: 30d, 12h, 2w.")],
    state: States = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Delete nothing; say what would be.")] = False,
) -> None:
    """Delete jobs that ended some time ago, with output and log."""
    from workbench.jobs.listing import FINAL
    from workbench.jobs.listing import prune as run

    pruned = run(older, states=state or FINAL, dry_run=dry_run)
    for name in pruned.ids:
        typer.echo(name)
    jobs = "1 job" if len(pruned.ids) == 1 else f"{len(pruned.ids)} jobs"
    typer.echo(f"{jobs}, {pruned.size / 1e6:.1f} MB{' would be' if dry_run else ''} deleted.")


def stop(job: Annotated[str, typer.Argument(help="Id of the job, as `workbench jobs` lists it.")]) -> None:
    """Stop a job: finished cells stay in its output notebook."""
    from workbench.jobs.stopping import stop as run

    typer.echo(run(job).headline())


@contextmanager
def _warnings_in_a_line() -> Iterator[None]:
    """A warning is a line of its own on stderr, without the place in our code that gave it."""
    with warnings.catch_warnings():
        warnings.showwarning = lambda message, *_, **__: typer.echo(f"workbench: {message}", err=True)
        yield


@contextmanager
def signals_stop() -> Iterator[None]:
    """SIGTERM and SIGHUP stop the job as Ctrl-C does, and the command ends with its exit code."""
    from workbench.core.job import STOPPED_EXIT

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    heard = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    # What was ignored when the command started (nohup) stays so.
    before = {
        number: signal.signal(number, interrupt) for number in heard if signal.getsignal(number) != signal.SIG_IGN
    }
    try:
        yield
    except KeyboardInterrupt:
        typer.echo("workbench: stopped; finished cells stay in the job's output notebook.", err=True)
        raise typer.Exit(STOPPED_EXIT) from None
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _tell_outcome(job: Job) -> None:
    """State of the job, the headline of each result in its notebook, and where things lie."""
    from workbench.jobs.notebook.outcome import records
    from workbench.settings import settings

    typer.echo(f"\n{job.headline()}")
    for record in records(job.output) if job.output.exists() else ():
        typer.echo(f"  {record['noun']:<12} {record['headline']}")
    typer.echo(f"\nNotebook: {job.output}\nBundles, jobs, runs, reports: {settings().home}")


def _exit_unless_completed(job: Job) -> None:
    if job.exit_code:
        raise typer.Exit(job.exit_code)
