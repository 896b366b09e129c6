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


def monitor(port: Port = 8866, host: Host = "127.0.0.1", browser: Browser = True) -> None:
    """Open the monitoring pages: all models, and one model."""
    from workbench.apps.serve import serve

    serve(port=port, host=host, open_browser=browser)
