"""The command line: ``workbench tour``, ``lab``, ``monitor``, ``serve``, ``verify``, ``submit``, ``jobs``, …

One file a group of commands. Each command imports what it needs when it runs, so ``workbench --help`` is quick.
"""

from __future__ import annotations

import sys

import typer

from workbench import __version__
from workbench.cli import (
    batches,
    bundles,
    comparisons,
    data,
    incidents,
    logs,
    notebooks,
    notify,
    pages,
    runs,
    schedules,
    service,
    watches,
)
from workbench.errors import JobFailed, WorkbenchError
from workbench.settings import debugging

app = typer.Typer(
    name="workbench",
    help="The notebook-native machine learning workbench: profile, train, explain, package, monitor.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def main() -> None:
    """Entry point; an error of ours is one clear line, not a traceback unless ``WORKBENCH_DEBUG=1`` asks for it."""
    try:
        app(prog_name="workbench")
    except WorkbenchError as error:
        if debugging():
            raise
        sys.stderr.write(f"workbench: {printable(error)}\n")
        raise SystemExit(_exit_code(error)) from None


def printable(error: Exception) -> str:
    """Its message, as any terminal can show it."""
    encoding = sys.stderr.encoding or "utf-8"
    return str(error).encode(encoding, "backslashreplace").decode(encoding)


def _exit_code(error: WorkbenchError) -> int:
    """2 where something was asked for in a wrong way; a job's own code where it has run."""
    if not isinstance(error, JobFailed):
        return 2
    from workbench.core.job import Cause

    return Cause(error.cause).exit_code if error.cause else 1


def version() -> None:
    """Print the version."""
    typer.echo(__version__)


# In the order of `workbench --help`.
app.command()(notebooks.tour)
app.command()(data.profile)
app.command()(runs.fairness)
# Further options go to JupyterLab.
app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(pages.lab)
app.command()(pages.monitor)
app.command("serve")(service.serve_bundle)
app.command("keys")(service.keys_of_services)
app.command()(service.feedback)
app.add_typer(logs.app, name="log")
app.command()(incidents.incidents)
app.command()(bundles.verify)
app.command()(bundles.sign)
app.command()(bundles.export)
app.command()(notebooks.notebook)
app.command()(notebooks.submit)
app.command()(notebooks.jobs)
app.command()(batches.batch)
app.command()(notebooks.resume)
app.command()(notebooks.stop)
app.command()(notebooks.delete)
app.command()(notebooks.prune)
app.command()(comparisons.reproduce)
app.command()(comparisons.compare)
app.add_typer(schedules.app, name="schedule")
app.command()(schedules.scheduler)
app.add_typer(watches.app, name="watch")
app.add_typer(notify.app, name="notify")
app.command()(bundles.challenge)
app.command()(bundles.promote)
app.command()(bundles.rollback)
app.command("audit")(bundles.audit_of)
app.command()(version)
