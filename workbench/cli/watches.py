"""Commands of watches: what looks after a model by itself, what it decided, and what it asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from workbench.core.watch import Watch

app = typer.Typer(help="Models that are looked after by themselves, within a policy.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="Name of the bundle.")]
Note = Annotated[str, typer.Option(help="Why; it goes to the audit log.")]
By = Annotated[str, typer.Option(help="Who says so; you by default.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print records as JSON, one a line.")]
SHOWN = 20  # decisions, where nobody asks for all


@app.command()
def add(
    name: Name,
    every: Annotated[
        str | None, typer.Option(help="When: '0 6 * * *', '@daily', or a time such as 15min, 6h, 1d.")
    ] = None,
    source: Annotated[
        str | None, typer.Option(help="Rows to score: a file, folder or glob; by default the service's log.")
    ] = None,
    labels: Annotated[str | None, typer.Option(help="Where labels come from: a file, folder or glob.")] = None,
    policy: Annotated[
        list[str] | None,
        typer.Option("--policy", "-p", metavar="NAME=VALUE", help="A setting of the policy; repeat for more."),
    ] = None,
    window: Annotated[str | None, typer.Option(help="How rows become windows: auto, day, week, month or file.")] = None,
    id: Annotated[list[str] | None, typer.Option(help="Column that identifies a row; repeat for more.")] = None,  # noqa: A002
    rate: Annotated[float | None, typer.Option(help="Share of windows without any drift that may still warn.")] = None,
    retrain: Annotated[
        list[str] | None,
        typer.Option("--retrain", "-r", metavar="NAME=VALUE", help="What else retraining is given, read as YAML."),
    ] = None,
    zone: Annotated[str | None, typer.Option(help="IANA name of the time zone; by default the machine's.")] = None,
) -> None:
    """Make the watch of a bundle, or change what is named; it runs as long as `workbench scheduler` does."""
    from workbench.monitoring.watching import watch

    given: dict[str, Any] = {
        "every": every, "source": source, "labels": labels, "policy": _policy(name, policy), "window": window,
        "id": id or None, "false_alarm_rate": rate, "retrain": _values(retrain) or None, "zone": zone,
    }  # fmt: skip
    typer.echo(watch(name, **given).headline())


def _policy(name: str, texts: list[str] | None) -> dict[str, Any] | None:
    """The policy that is there, with what is named changed."""
    from workbench.errors import NotFound
    from workbench.monitoring.watch_book import plan
    from workbench.settings import settings

    if not texts:
        return None
    try:
        before = plan(name, settings()).policy.asked()
    except NotFound:
        before = {}
    return {**before, **_values(texts)}


def _values(texts: list[str] | None) -> dict[str, Any]:
    import yaml

    from workbench.errors import BadParameter

    read = {}
    for text in texts or ():
        name, equals, value = text.partition("=")
        if not equals:
            raise BadParameter(f"A setting is NAME=VALUE, got {text[:60]!r}. Write for example -p fresh_rows=2000.")
        try:
            read[name.strip()] = yaml.safe_load(value)
        except yaml.YAMLError as error:
            raise BadParameter(f"The value of {name.strip()!r} can't be read as YAML. Put it in quotes.") from error
    return read


@app.command("list")
def listed(as_json: AsJson = False) -> None:
    """List the watches, each with when it runs and where it stands."""
    from workbench.monitoring.watching import watches
    from workbench.settings import settings

    for one in watches(settings()):
        typer.echo(_record(one) if as_json else one.headline())


@app.command()
def show(
    name: Name,
    every: Annotated[bool, typer.Option("--all", help="All decisions, and what was scored and taken in, too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show a watch: its policy, what it asks, and what it decided and why, newest last."""
    from workbench.monitoring.watching import watch

    _show(watch(name), every, as_json)


@app.command()
def run(name: Name) -> None:
    """Run a watch once, now: score what is new, monitor, tell, decide."""
    _act(name, "run")


@app.command()
def approve(name: Name, note: Note = "", by: By = "") -> None:
    """Approve what a watch asks: the new version becomes champion."""
    _act(name, "approve", note, by)


@app.command()
def refuse(name: Name, note: Note = "", by: By = "") -> None:
    """Refuse what a watch asks: the champion stays."""
    _act(name, "refuse", note, by)


@app.command()
def pause(name: Name) -> None:
    """Let a watch do nothing until it is resumed."""
    _act(name, "pause")


@app.command()
def resume(name: Name) -> None:
    """Let a watch go on."""
    _act(name, "resume")


@app.command()
def remove(name: Name) -> None:
    """Remove a watch; what it decided stays."""
    from workbench.monitoring.watching import watch

    watch(name, "remove")
    typer.echo(f"The watch of {name} is removed.")


def _act(name: str, act: str, note: str = "", by: str = "") -> None:
    from workbench.monitoring.watching import watch

    _show(watch(name, act, note=note, by=by))


def _show(one: Watch, every: bool = False, as_json: bool = False) -> None:
    if as_json:
        typer.echo(_record(one))
        return
    typer.echo(f"{one.headline()}\n  {one.plan.policy.words()}")
    shown = [d for d in one.decisions if every or d.what not in ("scored", "labels")]
    for decision in shown if every else shown[-SHOWN:]:
        typer.echo(f"  {decision.headline()}")


def _record(one: Watch) -> str:
    import json

    return json.dumps(one.to_dict(), ensure_ascii=False)
