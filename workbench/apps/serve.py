"""The server of the pages: Voila with Jupyter's token, our own template, and kernels that go when nobody looks."""

from __future__ import annotations

import os
import secrets
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.core.ports import free_port
from workbench.errors import NotFound
from workbench.instant.asking import warm
from workbench.settings import settings

if TYPE_CHECKING:
    from traitlets.config import Config

HERE = Path(__file__).parent
SHARE = HERE / "share"
IDLE_SECONDS = 30


def serve(
    port: int = 8866,
    host: str = "127.0.0.1",
    open_browser: bool = True,
    token: str | None = None,
    notebooks: Path | None = None,
) -> None:
    """Serve the pages until interrupted, and print their address.

    Parameters
    ----------
    port : int
        Port to listen on; 0 takes a free one.
    host : str
        Address to listen on; loopback by default.
    open_browser : bool
        Open the page of all models.
    token : str, optional
        Who knows it may look; a new one by default. ``WORKBENCH_APPS_TOKEN`` sets it too.
    notebooks : Path, optional
        Folder of ``models.ipynb`` and ``model.ipynb``; by default the ones that ship.

    Raises
    ------
    NotFound
        If the folder holds no such notebooks.

    Examples
    --------
    >>> serve(notebooks=Path("nowhere"))
    Traceback (most recent call last):
    ...
    workbench.errors.NotFound: ...
    """
    from workbench.apps.server import Pages

    if notebooks is not None and not (notebooks / "models.ipynb").is_file():
        raise NotFound(
            f"There is no models.ipynb in {str(notebooks)!r}. Give the folder of the pages, or leave it out."
        )
    token = token or os.environ.get("WORKBENCH_APPS_TOKEN") or secrets.token_urlsafe(24)
    port = port or free_port(host)
    _add_template()
    os.environ["WORKBENCH_HOME"] = str(settings().home)  # the kernels work in the notebooks' folder, not in this one
    warm()
    Pages.clear_instance()
    app = Pages.instance(config=_config(token))
    app.initialize(
        [
            str(notebooks or folder()),
            f"--port={port}",
            f"--Voila.ip={host}",
            "--no-browser",
            "--template=workbench",
            "--theme=auto",
        ]
    )
    address = f"http://{host}:{port}/voila/render/models.ipynb?token={token}"
    sys.stdout.write(f"Workbench monitoring: {address}\nStop with Ctrl+C.\n")
    sys.stdout.flush()
    if open_browser:
        _open_soon(address)
    app.start()


def folder() -> Path:
    """Folder of the notebooks: in the package where it is installed, beside it in a checkout.

    Raises
    ------
    NotFound
        If neither is there.
    """
    for place in (HERE.parent / "notebooks" / "apps", HERE.parents[1] / "notebooks" / "apps"):
        if (place / "models.ipynb").exists():
            return place
    raise NotFound("The notebooks of the pages are not installed. Install ml-workbench again.")


def _config(token: str) -> Config:
    from traitlets.config import Config

    config = Config()
    config.Voila.token = token
    config.Voila.port_retries = 0
    config.Voila.log_level = "WARN"
    config.VoilaConfiguration.allow_template_override = "NO"
    config.VoilaConfiguration.theme = "auto"
    config.VoilaConfiguration.extension_allowlist = ["none"]
    config.VoilaConfiguration.file_allowlist = ["^$"]
    config.MappingKernelManager.kernel_manager_class = "workbench.apps.kernels.PageKernelManager"
    # The pages are plain HTML, so a kernel is done once its page is sent.
    config.MappingKernelManager.cull_idle_timeout = IDLE_SECONDS
    config.MappingKernelManager.cull_interval = IDLE_SECONDS // 3
    config.MappingKernelManager.cull_connected = True
    return config


def _add_template() -> None:
    """Let Jupyter find our template beside the installed ones."""
    paths = os.environ.get("JUPYTER_PATH", "")
    if str(SHARE) not in paths.split(os.pathsep):
        os.environ["JUPYTER_PATH"] = os.pathsep.join(p for p in (str(SHARE), paths) if p)


def _open_soon(address: str) -> None:
    import threading
    import webbrowser

    threading.Timer(1.0, webbrowser.open, [address]).start()
