"""Commands on the log of a service: what it holds, as a table, and what leaves it."""

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer(help="The log of what a service was asked and answered.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="Name of the bundle.")]
SHOWN = 31  # days


@app.command()
def show(name: Name) -> None:
    """Show what a log holds: records by day, labels, and its size on disk."""
    from workbench.core.wording import how_many
    from workbench.monitoring.log_keeping import overview
    from workbench.settings import log_days, settings

    told = overview(name, settings())
    for day, rows in list(told.days.items())[-SHOWN:]:
        typer.echo(f"{day}  {rows:>12,}")
    if len(told.days) > SHOWN:
        typer.echo(f"… and {len(told.days) - SHOWN:,} days before")
    typer.echo(
        f"{how_many(sum(told.days.values()), 'record')} of {how_many(len(told.days), 'day')}, "
        f"{how_many(told.labels, 'label')}. "
        f"{told.live / 1e6:.1f} MB live, {told.sealed / 1e6:.1f} MB sealed. {sum(told.pruned.values()):,} records have "
        f"left; {'all are kept' if (days := log_days()) is None else f'{days} days are kept'}."
    )


@app.command()
def export(
    name: Name,
    to: Annotated[str, typer.Option(help="A file; or a folder (ends with /), which gets a file a day.")],
    since: Annotated[str, typer.Option(help="Records from this moment on, such as 2026-07-01.")] = "",
    before: Annotated[str, typer.Option(help="Records before this moment.")] = "",
    format: Annotated[  # noqa: A002
        str | None, typer.Option(help="parquet, csv or jsonl; by default as the file ends.")
    ] = None,
) -> None:
    """Write records with their labels as a table."""
    from workbench.monitoring.log_export import export_log
    from workbench.settings import settings

    done = export_log(name, to, settings(), since, before, format)
    for path in done.files:
        typer.echo(path)
    typer.echo(f"{done.rows:,} records.")


@app.command()
def prune(
    name: Name,
    before: Annotated[str, typer.Option(help="Records before this moment leave, whole hours.")] = "",
    days: Annotated[int | None, typer.Option(min=1, help="So many days stay, and the present one.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Remove nothing; say what would leave.")] = False,
    anyway: Annotated[bool, typer.Option("--anyway", help="Also what is still needed.")] = False,
) -> None:
    """Remove old records with their sealed files and labels; windows and reports stay."""
    from workbench.core.wording import how_many
    from workbench.monitoring.log_keeping import prune_log
    from workbench.settings import settings

    told, needs = prune_log(name, settings(), before=before, days=days, dry_run=dry_run, anyway=anyway)
    for line in needs:
        typer.echo(line)
    span = f" of {min(told.days)} to {max(told.days)}" if told.days else ""
    size = (sum(told.files.values()) + told.given_back) / 1e6
    typer.echo(
        f"{how_many(told.rows, 'record')}{span}, {how_many(told.labels, 'label')} and "
        f"{how_many(len(told.files), 'sealed file')} "
        f"{'would leave' if dry_run else 'have left'}; {size:.1f} MB {'at least' if dry_run else 'given back'}."
    )
