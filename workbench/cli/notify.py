"""The command that tells people, and tries whether they can be told."""

from __future__ import annotations

from typing import Annotated

import typer


def notify(
    test: Annotated[
        str | None,
        typer.Option(
            metavar="TARGET",
            help="Send a test message there: mailto:anna@example.org, https://…, env:NAME; slack:… for Slack's form.",
        ),
    ] = None,
) -> None:
    """Deliver what jobs have left to be told, or send a test message.

    E-mail goes over the server in WORKBENCH_SMTP, such as smtps://anna@mail.example.org, with the password in
    WORKBENCH_SMTP_PASSWORD.
    """
    from workbench.jobs.telling import tell_all, try_out
    from workbench.settings import settings

    if test is not None:
        typer.echo(f"A test message was delivered to {try_out(test)}.")
        return
    for line in tell_all(settings().home):
        typer.echo(line)
