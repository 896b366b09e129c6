"""Commands that open a page: JupyterLab, and the monitoring pages."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from workbench.cli.options import Browser, Host, Port


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


def monitor(
    port: Port = 8866,
    host: Host = "127.0.0.1",
    browser: Browser = True,
    token: Annotated[
        str | None,
        typer.Option(envvar="WORKBENCH_APPS_TOKEN", help="Who knows it may look; a new one by default."),
    ] = None,
    act_token: Annotated[
        str | None,
        typer.Option(
            envvar="WORKBENCH_APPS_ACT_TOKEN", help="Who knows it may also act on incidents; a new one by default."
        ),
    ] = None,
    notebooks: Annotated[Path | None, typer.Option(help="Folder of notebooks that are shown as pages, too.")] = None,
) -> None:
    """Open the monitoring pages: all models, one model, and what other alarm rates would have told."""
    from workbench.apps.serve import serve

    serve(port, host, browser, token, notebooks, act_token)
