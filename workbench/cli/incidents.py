"""The command that lists incidents and says what somebody does about one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from workbench.core.incident import Incident

SHORT = {"ack": "acknowledge"}


def incidents(
    name: Annotated[str, typer.Argument(help="Name of the bundle.")],
    act: Annotated[
        str, typer.Argument(help="What to do: show, ack, snooze, close, own, reopen or note; nothing lists them.")
    ] = "",
    id: Annotated[str, typer.Argument(help="Of the incident, or how it begins.")] = "",  # noqa: A002
    note: Annotated[str, typer.Option(help="What there is to say; close and note need one.")] = "",
    until: Annotated[
        str | None, typer.Option(metavar="TIME", help="Of snooze: 2026-12-08, or 3d for three days from now.")
    ] = None,
    owner: Annotated[str, typer.Option(help="Of own: who looks after it; you by default.")] = "",
    every: Annotated[bool, typer.Option("--all", help="List those that are over, too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print records as JSON, one a line.")] = False,
) -> None:
    """List the incidents of a bundle, newest first, or acknowledge, snooze, close or take over one."""
    from workbench.errors import BadParameter
    from workbench.monitoring.acting import incident
    from workbench.monitoring.incident_book import acts, handled, known
    from workbench.settings import settings

    if act and not id:
        raise BadParameter(f"Which incident? Name it, as `workbench incidents` lists them: {act} ID.")
    if act:
        done = None if act == "show" else SHORT.get(act, act)
        one = incident(name, id, done, note=note, until=until, owner=owner)
        typer.echo(_record(one) if as_json else _whole(one))
        return
    force = settings()
    found = handled(known(name, force), acts(name, force))
    shown = [one for one in reversed(found) if every or one.open]
    for one in shown:
        typer.echo(_record(one) if as_json else f"{one.headline()}\n          {one.cause}")
    if not shown and not as_json:
        over = f" {len(found)} are over; --all lists them." if found else ""
        typer.echo(f"No incident of {name} goes on.{over}")


def _record(one: Incident) -> str:
    import json
    from dataclasses import asdict

    return json.dumps(asdict(one), ensure_ascii=False)


def _whole(one: Incident) -> str:
    told = [f"{act.at}  {act.by}  {act.act}  {act.owner}{act.until}  {act.note}".rstrip() for act in one.acts]
    return "\n".join([one.headline(), one.cause, *(cause.text for cause in one.causes), *told])
