"""Commands of the scoring service: serve, keys, feedback."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from workbench.cli.options import BundleName, Host, Port


def serve_bundle(
    bundle: BundleName,
    port: Port = 8080,
    host: Host = "127.0.0.1",
    keys: Annotated[Path | None, typer.Option(help="File of keys, made by `workbench keys`.")] = None,
    open_to_all: Annotated[bool, typer.Option("--open-to-all", help="Listen beyond loopback without a key.")] = False,
    allow_host: Annotated[list[str] | None, typer.Option(help="A host name to answer for; repeat for more.")] = None,
    rate: Annotated[float, typer.Option(min=0, help="Requests a second of each caller; 0: no limit.")] = 0.0,
    certificate: Annotated[Path | None, typer.Option(help="TLS certificate in PEM.")] = None,
    certificate_key: Annotated[Path | None, typer.Option(help="Its private key in PEM.")] = None,
    jwt_key: Annotated[Path | None, typer.Option(help="Public key or shared secret of JSON web tokens.")] = None,
    jwt_audience: Annotated[str | None, typer.Option(help="Audience that the tokens must name.")] = None,
    jwt_issuer: Annotated[str | None, typer.Option(help="Issuer that the tokens must name.")] = None,
    ab: Annotated[
        list[str] | None, typer.Option(metavar="NAME@alias=SHARE", help="A version that answers a share of the rows.")
    ] = None,
    shadow: Annotated[str | None, typer.Option(help="A version that scores too; only the log sees it.")] = None,
    log_days: Annotated[
        int | None, typer.Option(min=1, help="Days of which the log keeps records; WORKBENCH_LOG_DAYS, or all.")
    ] = None,
    grpc: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Port for the Open Inference Protocol over gRPC, too.")
    ] = None,
    requests: Annotated[bool, typer.Option("--requests", help="A line of JSON for each request.")] = False,
    workers: Annotated[int | None, typer.Option(help="Processes that answer on the one port; 1 by default.")] = None,
    micro_batch: Annotated[
        float | None, typer.Option(metavar="MS", help="Milliseconds that a row waits to be scored with others; 0.")
    ] = None,
    most_bytes: Annotated[int | None, typer.Option(help="Bytes of a body.")] = None,
    most_rows: Annotated[int | None, typer.Option(help="Rows of a request; a stream has any number.")] = None,
    most_header_bytes: Annotated[int | None, typer.Option(help="Bytes of a request's headers.")] = None,
    most_headers: Annotated[int | None, typer.Option(help="Headers of a request.")] = None,
    most_line_bytes: Annotated[int | None, typer.Option(help="Bytes of an address with its query.")] = None,
    most_connections: Annotated[int | None, typer.Option(help="Connections of one process at a time.")] = None,
    header_seconds: Annotated[float | None, typer.Option(help="Seconds for a request's headers.")] = None,
    body_seconds: Annotated[float | None, typer.Option(help="Seconds for a body, or a stream's next part.")] = None,
    idle_seconds: Annotated[float | None, typer.Option(help="Seconds between two requests of a connection.")] = None,
    deadline: Annotated[float, typer.Option(min=0.001, help="Seconds that an answer may take.")] = 30.0,
    most_wait: Annotated[float, typer.Option(min=0.001, help="Seconds of waiting beyond which it is refused.")] = 1.0,
) -> None:
    """Answer rows over HTTP with predictions and reasons."""
    from workbench.packaging.serve import serve
    from workbench.scoring.limits import Limits

    bounds = {
        "most_bytes": most_bytes,
        "most_rows": most_rows,
        "most_header_bytes": most_header_bytes,
        "most_headers": most_headers,
        "most_line_bytes": most_line_bytes,
        "most_connections": most_connections,
        "header_seconds": header_seconds,
        "body_seconds": body_seconds,
        "idle_seconds": idle_seconds,
    }

    serve(
        bundle,
        host=host,
        port=port,
        ab=ab or (),
        shadow=shadow,
        log_days=log_days,
        keys=keys,
        open_to_all=open_to_all,
        allow_hosts=tuple(allow_host or ()),
        rate=rate,
        certificate=certificate,
        certificate_key=certificate_key,
        jwt_key=jwt_key,
        jwt_audience=jwt_audience,
        jwt_issuer=jwt_issuer,
        grpc=grpc,
        requests=requests,
        workers=workers,
        micro_batch=micro_batch,
        limits=Limits.of(bounds),
        deadline=deadline,
        most_wait=most_wait,
    )


def keys_of_services(
    act: Annotated[str, typer.Argument(help="add, list or remove.")],
    name: Annotated[str, typer.Argument(help="Whose key it is.")] = "",
    scope: Annotated[
        list[str] | None, typer.Option(help="predict, explain, read, feedback, admin; repeat for more.")
    ] = None,
    file: Annotated[Path | None, typer.Option(help="File of keys; keys.json in Workbench's home by default.")] = None,
) -> None:
    """Make, list and take back keys of the scoring service; only their hashes are kept."""
    from workbench.scoring.__main__ import manage_keys
    from workbench.settings import settings

    for line in manage_keys(act, name, scope or (), file or settings().home / "keys.json"):
        typer.echo(line)


def feedback(
    name: Annotated[str, typer.Argument(help="Name of the bundle.")],
    labels: Annotated[Path, typer.Argument(help="Table with a column of labels, and of ids or what else tells a row.")],
    id: Annotated[  # noqa: A002
        list[str] | None, typer.Option(help="Its id column, the contract's by default; repeat for several.")
    ] = None,
    label: Annotated[str | None, typer.Option(help="Its label column; the target by default.")] = None,
    window: Annotated[str | None, typer.Option(help="Of which the rows are, where keys find several.")] = None,
    withdraw: Annotated[bool, typer.Option(help="Take back what was said of these rows.")] = False,
) -> None:
    """Join labels that came later to their predictions, by id or by what tells a row."""
    from workbench.monitoring.feedback import feedback as run

    typer.echo(
        f"{run(name, labels, id=id or None, label=label, window=window, withdraw=withdraw):,} labels "
        f"{'were withdrawn' if withdraw else 'joined their predictions'}."
    )
