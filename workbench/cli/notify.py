"""Commands that say who is told of incidents, tell what is left, and try whether somebody can be told."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

HELP = """Who is told of incidents; without a command what jobs and monitors have left to be told is told now.

E-mail goes over the server in WORKBENCH_SMTP, such as smtps://anna@mail.example.org, with the password in
WORKBENCH_SMTP_PASSWORD.
"""
app = typer.Typer(help=HELP)
TARGETS = (
    "mailto:anna@example.org, https://…, slack:https://…, file:/var/log/alarms.jsonl, mqtts://broker/topic, or "
    "env:NAME where one lies."
)
To = Annotated[str, typer.Argument(metavar="TARGET", help=TARGETS)]


@app.callback(invoke_without_command=True)
def notify(
    context: typer.Context,
    test: Annotated[str | None, typer.Option(metavar="TARGET", help="The same as `workbench notify test`.")] = None,
) -> None:
    """Tell what jobs and monitors have left to be told."""
    from workbench.jobs.messages.telling import tell_all
    from workbench.settings import settings

    if test is not None:
        try_target(test)
    elif context.invoked_subcommand is None:
        for line in tell_all(settings().home):
            typer.echo(line)


@app.command()
def add(
    to: To,
    model: Annotated[str, typer.Option(help="Name of a bundle, or a pattern such as 'churn-*'.")] = "*",
    severity: Annotated[str, typer.Option(help="The least: alarm, or warning for both.")] = "alarm",
) -> None:
    """Tell somebody of incidents from now on."""
    from workbench.monitoring.routes import add_route
    from workbench.settings import settings

    typer.echo(add_route(to, model, severity, settings()).shown())


@app.command("list")
def list_routes() -> None:
    """List who is told of which models, from which severity on."""
    from workbench.monitoring.routes import routes
    from workbench.settings import settings

    for one in routes(settings()):
        typer.echo(one.shown())


@app.command()
def remove(to: To, model: Annotated[str, typer.Option(help="Of this model alone.")] = "") -> None:
    """Tell somebody no more."""
    from workbench.monitoring.routes import remove_route
    from workbench.settings import settings

    gone = remove_route(to, model, settings())
    typer.echo(f"{gone} removed.")


@app.command("test")
def try_target(to: To) -> None:
    """Send a test message."""
    from workbench.jobs.messages.telling import try_out

    typer.echo(f"A test message was delivered to {try_out(to)}.")


@app.command()
def rules(
    output: Annotated[Path | None, typer.Option(help="File to write; printed by default.")] = None,
    stale: Annotated[str, typer.Option(metavar="TIME", help="Say so where no report was made for so long.")] = "8d",
) -> None:
    """Write rules by which Prometheus tells its Alertmanager of incidents, from the metrics of stored reports."""
    from workbench.core.spans import span
    from workbench.monitoring.exposition import alert_rules
    from workbench.storage.files import write_text

    text = alert_rules(span(stale))
    if output is None:
        typer.echo(text, nl=False)
    else:
        write_text(output, text)
        typer.echo(str(output))
