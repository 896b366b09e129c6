"""Commands that set jobs beside each other: reproduce, compare."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from workbench.core.job_comparison import JobComparison

Relative = Annotated[
    float,
    typer.Option(
        "--tolerance",
        min=0.0,
        help="By how much numbers may differ, as a share of the larger one; 1e-9 for another processor. Exact: 0.",
    ),
]
Absolute = Annotated[
    float, typer.Option(min=0.0, help="The same in the number's own unit, for numbers that are about 0.")
]
Html = Annotated[Path | None, typer.Option(help="Write the comparison as a page, both jobs side by side.")]
Strict = Annotated[
    bool, typer.Option("--strict", help="Another environment is a difference, too: packages, Python, machine, commit.")
]


def reproduce(
    job: Annotated[str, typer.Argument(help="Id of the job, as `workbench jobs` lists it.")],
    tolerance: Relative = 0.0,
    absolute: Absolute = 0.0,
    html: Html = None,
    strict: Strict = False,
) -> None:
    """Run a job again and say whether the same came out, or what differs.

    \b
    Exit codes:
      0  identical: the same notebook, parameters and tables gave the same results, outputs and figures
      1  different
      2  there is no such job, or it can't be run again; nothing has run
    and those of `workbench submit` where the job does not run to its end this time.
    """
    from workbench.cli.notebooks import signals_stop
    from workbench.jobs.records import job as record
    from workbench.jobs.reproduce import reproduce as run

    with signals_stop():
        found = run(job, tolerance=tolerance, absolute=absolute)
    _tell(found, html)
    code = record(found.jobs[1]).exit_code
    raise typer.Exit(code or _code(found, strict))


def compare(
    before: Annotated[str, typer.Argument(help="Id of a job, as `workbench jobs` lists it.")],
    after: Annotated[str, typer.Argument(help="Id of the other job.")],
    tolerance: Relative = 0.0,
    absolute: Absolute = 0.0,
    html: Html = None,
    strict: Strict = False,
) -> None:
    """Set two jobs beside each other: parameters, scores, durations, findings, figures, environment.

    \b
    Exit codes: 0 identical, 1 different, 2 there is no such job.
    """
    from workbench.jobs.comparison.comparing import compare as run

    found = run(before, after, tolerance=tolerance, absolute=absolute)
    _tell(found, html)
    raise typer.Exit(_code(found, strict))


def _tell(found: JobComparison, html: Path | None) -> None:
    typer.echo(f"\n{found}")
    typer.echo(f"\nJobs: {found.jobs[0]}, {found.jobs[1]}; numbers compared: {found.tolerance}")
    if html is not None:
        from workbench.storage.files import write_text

        write_text(html, found.page())
        typer.echo(f"Page: {html}")


def _code(found: JobComparison, strict: bool) -> int:
    return int(bool(found.differences) if strict else not found.identical)
