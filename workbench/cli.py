"""The command line: ``workbench tour``, ``lab``, ``monitor``, ``serve``, ``verify``, ``submit``, ``jobs``, …

Each command imports what it needs when it runs, so ``workbench --help`` is quick.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workbench import __version__
from workbench.errors import BadParameter, WorkbenchError

if TYPE_CHECKING:
    from workbench.core.job import Job

app = typer.Typer(
    name="workbench",
    help="The notebook-native machine learning workbench: profile, train, explain, package, monitor.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Port = Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")]
Host = Annotated[str, typer.Option(help="Address to listen on; loopback unless you say otherwise.")]
Browser = Annotated[bool, typer.Option("--browser/--no-browser", help="Open a browser.")]
BundleName = Annotated[str, typer.Argument(help="NAME, NAME@alias, NAME/VERSION, or the path of a bundle folder.")]


def main() -> None:
    """Entry point; an error of ours is one clear line, not a traceback."""
    try:
        app()
    except WorkbenchError as error:
        sys.stderr.write(f"workbench: {error}\n")
        raise SystemExit(2) from None


@app.command()
def tour(
    sample: Annotated[
        int, typer.Option(min=0, help="Use every n-th flight only, for a quick look; 0 or 1 uses all.")
    ] = 1,
) -> None:
    """Run the flights journey: 336,776 real flights from raw table to monitored model."""
    from workbench.jobs.submit import submit

    job = submit("notebooks/tour.ipynb", {"every": max(sample, 1)})
    _tell_outcome(job)
    _exit_unless_completed(job)
    typer.echo(
        "\nNext: `workbench lab` opens JupyterLab with the panel, `workbench monitor` the pages for stakeholders,"
    )
    typer.echo("and `workbench serve flights` answers rows over HTTP.")
    if job.output.is_relative_to(Path.cwd()):
        typer.echo(f"Read it in JupyterLab: File, Open from Path, {job.output.relative_to(Path.cwd())}")


@app.command()
def profile(
    table: Annotated[str, typer.Argument(help="A path, a glob such as '2024/*.parquet', or a URL of fsspec.")],
    target: Annotated[str | None, typer.Option(help="Column to predict: finds what gives it away.")] = None,
    html: Annotated[Path | None, typer.Option(help="Write the view, one file that needs nothing else.")] = None,
    save: Annotated[Path | None, typer.Option(help="Write the profile as JSON, to merge and compare later.")] = None,
    memory: Annotated[str | None, typer.Option(help="Memory that it may take, such as 512MB.")] = None,
) -> None:
    """Look at a table of any size, and say what is to be known before training."""
    from rich.console import Console

    from workbench.display import page
    from workbench.display.terminal import table as told
    from workbench.profiling.profile import profile as look

    found = look(table, target=target, memory_budget=memory)
    Console().print(told(found))
    if html is not None:
        html.write_text(page(found), encoding="utf-8")
    if save is not None:
        found.save(save)


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def lab(
    context: typer.Context,
    port: Port = 8888,
    browser: Browser = True,
    folder: Annotated[Path, typer.Option(exists=True, file_okay=False, help="Folder to work in.")] = Path(),
) -> None:
    """Open JupyterLab with the Workbench panel; further options, such as --allow-root, go to JupyterLab."""
    from jupyterlab.labapp import LabApp

    # What jobs write lies in .workbench, and Jupyter opens nothing in a folder with a dot unless told so.
    hidden = "--ContentsManager.allow_hidden=True"
    arguments = [f"--ServerApp.root_dir={folder.absolute()}", f"--ServerApp.port={port}", hidden, *context.args]
    LabApp.launch_instance(argv=arguments if browser else [*arguments, "--no-browser"])


@app.command()
def monitor(port: Port = 8866, host: Host = "127.0.0.1", browser: Browser = True) -> None:
    """Open the monitoring pages: all models, and one model."""
    from workbench.apps.serve import serve

    serve(port=port, host=host, open_browser=browser)


@app.command("serve")
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
    requests: Annotated[bool, typer.Option("--requests", help="A line of JSON for each request.")] = False,
) -> None:
    """Answer rows over HTTP with predictions and reasons."""
    from workbench.packaging.serve import serve

    serve(
        bundle,
        host=host,
        port=port,
        ab=ab or (),
        shadow=shadow,
        keys=keys,
        open_to_all=open_to_all,
        allow_hosts=tuple(allow_host or ()),
        rate=rate,
        certificate=certificate,
        certificate_key=certificate_key,
        jwt_key=jwt_key,
        jwt_audience=jwt_audience,
        jwt_issuer=jwt_issuer,
        requests=requests,
    )


@app.command("keys")
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


@app.command()
def feedback(
    name: Annotated[str, typer.Argument(help="Name of the bundle.")],
    labels: Annotated[Path, typer.Argument(help="CSV or Parquet file with an id and a label column.")],
    id: Annotated[str | None, typer.Option(help="Its id column; the contract's by default.")] = None,  # noqa: A002
    label: Annotated[str | None, typer.Option(help="Its label column; the target by default.")] = None,
) -> None:
    """Join labels that came later to their predictions, by id."""
    from workbench.monitoring.score import feedback as run

    typer.echo(f"{run(name, labels, id=id, label=label):,} labels joined their predictions.")


@app.command()
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


@app.command()
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
    from workbench.packaging.package import place_of
    from workbench.packaging.signing import new_key as make
    from workbench.packaging.signing import sign as run
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
        typer.echo(f"{bundle} is signed by the key {run(place_of(bundle), chosen).key}")


@app.command()
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


@app.command()
def submit(
    notebook: Annotated[
        str, typer.Argument(help="A notebook in the working folder, or one that ships with Workbench.")
    ],
    parameter: Annotated[
        list[str] | None, typer.Option("--parameter", "-p", metavar="NAME=VALUE", help="A parameter; repeat for more.")
    ] = None,
) -> None:
    """Run a notebook as a job."""
    from workbench.jobs.submit import submit as run

    job = run(notebook, dict(_pair(text) for text in parameter or ()))
    _tell_outcome(job)
    _exit_unless_completed(job)


@app.command()
def jobs(most: Annotated[int, typer.Option(min=1, help="How many of the latest.")] = 20) -> None:
    """List the jobs, latest first."""
    from workbench.jobs.records import jobs as records

    for job in list(records())[:most]:
        typer.echo(f"{job.id}  {job.headline()}")


@app.command()
def stop(job: Annotated[str, typer.Argument(help="Id of the job, as `workbench jobs` lists it.")]) -> None:
    """Stop a job: finished cells stay in its output notebook."""
    from workbench.jobs.records import stop as run

    typer.echo(run(job).headline())


@app.command()
def promote(
    name: Annotated[str, typer.Argument(help="Name of the bundle.")],
    version: Annotated[int, typer.Argument(min=1, help="Version that becomes champion.")],
    reason: Annotated[str, typer.Option(help="Why; it goes to the audit log.")] = "",
) -> None:
    """Make a version of a bundle the champion."""
    from workbench.monitoring.promotion import promote as run

    run(name, version, reason=reason)
    typer.echo(f"{name} version {version} is champion.")


@app.command()
def rollback(name: Annotated[str, typer.Argument(help="Name of the bundle.")]) -> None:
    """Go back to the champion before."""
    from workbench.monitoring.promotion import rollback as run

    typer.echo(f"{name} version {run(name)} is champion again.")


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


def _tell_outcome(job: Job) -> None:
    """State of the job, the headline of each result in its notebook, and where things lie."""
    from workbench.jobs.outcome import records
    from workbench.settings import settings

    typer.echo(f"\n{job.headline()}")
    for record in records(job.output) if job.output.exists() else ():
        typer.echo(f"  {record['noun']:<12} {record['headline']}")
    typer.echo(f"\nNotebook: {job.output}\nBundles, jobs, runs, reports: {settings().home}")


def _pair(text: str) -> tuple[str, Any]:
    """``NAME=VALUE`` with a Python literal or plain text as the value."""
    import ast

    name, equals, value = text.partition("=")
    if not equals:
        raise BadParameter(f"A parameter is NAME=VALUE, got {text!r}. Write for example: -p window=2013-07")
    try:
        return name, ast.literal_eval(value)
    except (ValueError, SyntaxError):
        return name, value


def _exit_unless_completed(job: Job) -> None:
    if job.state.value != "COMPLETED":
        raise typer.Exit(1)
