"""Commands on a bundle: verify, sign, export, challenge, promote, rollback."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, cast

import typer

from workbench.cli.options import BundleName
from workbench.errors import BadParameter


def verify(
    bundle: BundleName,
    fresh: Annotated[
        bool,
        typer.Option("--fresh/--here", help="In a new environment from the bundle's own lock, or with what is here."),
    ] = True,
) -> None:
    """Start a bundle in a new environment and replay its golden and bad rows: one line a check."""
    from workbench.packaging.verify import verify as run

    verification = run(bundle, fresh=fresh)
    typer.echo(str(verification))
    if not verification.ok:
        raise typer.Exit(1)


def sign(
    bundle: Annotated[str, typer.Argument(help="NAME, NAME@alias, NAME/VERSION, or a bundle folder.")] = "",
    key: Annotated[
        Path | None, typer.Option(help="Private key in PEM; its passphrase is in WORKBENCH_SIGNING_PASSPHRASE.")
    ] = None,
    new_key: Annotated[
        Path | None, typer.Option(help="Make a pair of keys; the private one goes to this file.")
    ] = None,
) -> None:
    """Sign a bundle, so that a changed byte is refused where its key is trusted; or make a pair of keys."""
    from workbench.packaging.package import sign_registered
    from workbench.packaging.signing import new_key as make
    from workbench.settings import settings

    if new_key is not None:
        public, fingerprint = make(new_key)
        typer.echo(f"Private key: {new_key}\nPublic key:  {public}\nFingerprint: {fingerprint}")
        typer.echo("Trust it where bundles are loaded: put the public key into the folder of WORKBENCH_TRUSTED_KEYS.")
    chosen = key or new_key or settings().signing_key
    if bundle and chosen is None:
        raise BadParameter("With which key? Name one with --key, or make a pair with --new-key private.pem.")
    if not bundle and new_key is None:
        raise BadParameter("Name a bundle to sign, or make a pair of keys with --new-key private.pem.")
    if bundle and chosen is not None:
        typer.echo(f"{bundle} is signed by the key {sign_registered(bundle, chosen).key}")


def export(
    to: Annotated[str, typer.Argument(help="The format: onnx.")],
    bundle: BundleName,
    output: Annotated[Path | None, typer.Option(help="File to write; NAME-VERSION.onnx here by default.")] = None,
) -> None:
    """Write a bundle's model in another format, with the measured difference."""
    if to != "onnx":
        raise BadParameter(f"There is no format {to!r}. Formats: onnx.")
    from workbench.packaging.onnx import export_onnx

    typer.echo(str(export_onnx(bundle, output)))


def promote(
    name: Annotated[str, typer.Argument(help="Name of the bundle.")],
    version: Annotated[int, typer.Argument(min=1, help="Version that becomes champion, or is tried out.")],
    stage: Annotated[
        str, typer.Option(help="champion; or shadow (scores every row, for the log), canary (answers a share of them).")
    ] = "champion",
    share: Annotated[float | None, typer.Option(help="Of the rows that a canary answers; 0.1 by default.")] = None,
    reason: Annotated[str, typer.Option(help="Why; it goes to the audit log.")] = "",
) -> None:
    """Make a version of a bundle the champion, or try it out beside the champion."""
    from workbench.core.rollout import Stage
    from workbench.monitoring.promotion import promote as run
    from workbench.monitoring.rollout import current
    from workbench.settings import settings

    run(name, version, stage=cast(Stage, stage), share=share, reason=reason)
    typer.echo(str(current(name, settings()) or f"{name} version {version} is champion."))


def challenge(
    name: Annotated[str, typer.Argument(help="Name of the bundle.")],
    version: Annotated[str, typer.Argument(help="Version that is compared with the champion; or challenger.")],
    table: Annotated[
        Path | None, typer.Argument(help="Labelled rows; by default those of the service's log that both answered.")
    ] = None,
    least_gain: Annotated[
        float | None, typer.Option(min=0, help="By so much it must be better at least, in the score's unit.")
    ] = None,
    level: Annotated[float, typer.Option(help="Share of intervals that hold the true difference.")] = 0.9,
) -> None:
    """Compare a version with the champion, on rows that neither has seen; ends with 1 where it is not better."""
    from workbench.monitoring.challenge import challenge as run

    comparison = run(name, version, table, least_gain=least_gain, level=level)
    typer.echo(str(comparison))
    for finding in comparison.findings:
        typer.echo(str(finding))
    if not comparison.better:
        raise typer.Exit(1)


def audit_of(
    name: Annotated[str, typer.Argument(help="Name of the bundle.")],
    accept: Annotated[
        str, typer.Option(metavar="REASON", help="Go on with a log that lacks lines, and write down why.")
    ] = "",
) -> None:
    """Check the audit log and show what was done to a bundle: when, by whom, why."""
    from workbench.core.wording import how_many
    from workbench.monitoring.promotion import acts
    from workbench.settings import settings
    from workbench.storage import anchors
    from workbench.storage.registry import check_name

    force = settings()
    check_name(name, force)
    if accept:
        anchors.accept(name, accept, force)
    fit = anchors.check(name, force)
    for entry in acts(name, force):
        told = [
            entry["at"][:19],
            entry["by"],
            entry["act"],
            f"version {entry['version']}" if "version" in entry else "",
            f"{entry['stage']} {entry['share']:g}" if entry["act"] == "stage" else "",
        ]
        typer.echo("  ".join(filter(None, [*told, entry.get("reason", "")])))
    typer.echo(f"The log is what was written: its chain is whole, and {how_many(fit, 'head')} kept elsewhere fit.")


def rollback(
    name: Annotated[str, typer.Argument(help="Name of the bundle.")],
    reason: Annotated[str, typer.Option(help="Why; it goes to the audit log.")] = "",
) -> None:
    """End what is tried out; where nothing is, go back to the champion before."""
    from workbench.monitoring.promotion import rollback as run
    from workbench.settings import settings
    from workbench.storage.rollouts import there

    tried = there(name, settings())
    version = run(name, reason=reason)
    typer.echo(f"Nothing is tried out, {name} version {version} answers." if tried else
               f"{name} version {version} is champion again.")  # fmt: skip
