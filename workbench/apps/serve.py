"""Starting the server of the pages: Voila with two tokens, our own template, and kernels that go when nobody looks."""

from __future__ import annotations

import os
import secrets
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from workbench.apps.session_secret import session_secret
from workbench.apps.shipped import folder
from workbench.errors import BadParameter, NotFound
from workbench.instant.packages import skip_slow_grammar
from workbench.settings import settings

if TYPE_CHECKING:
    from traitlets.config import Config

__all__ = ["folder", "serve"]

SHARE = Path(__file__).parent / "share"
TOKEN, ACT_TOKEN = "WORKBENCH_APPS_TOKEN", "WORKBENCH_APPS_ACT_TOKEN"
# A page that is open but has not been touched for so long computes no more; it says so, and goes on by a click.
IDLE_SECONDS = 3600
LONGEST_SOCKET = 103  # bytes of a socket's path, where least are allowed
# Of what is installed for JupyterLab a page that computes loads what draws widgets.
EXTENSIONS = ["@jupyter-widgets/jupyterlab-manager", "@voila-dashboards/widgets-manager8", "anywidget"]


def serve(
    port: int = 8866,
    host: str = "127.0.0.1",
    open_browser: bool = True,
    token: str | None = None,
    notebooks: Path | None = None,
    act_token: str | None = None,
) -> None:
    """Serve the pages until SIGINT or SIGTERM, and print their addresses.

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
        Folder of notebooks that are shown besides; by default the ones that ship. A ``models.ipynb`` or
        ``model.ipynb`` in it that does something else takes the place of the page of that name.
    act_token : str, optional
        Who knows it may look, and acknowledge, note, snooze and close incidents; a new one by default.
        ``WORKBENCH_APPS_ACT_TOKEN`` sets it too.

    Raises
    ------
    NotFound
        If there is no such folder.
    BadParameter
        If both tokens are the same.
    Busy
        If the port is taken.

    Examples
    --------
    >>> serve(notebooks=Path("nowhere"))
    Traceback (most recent call last):
    ...
    workbench.errors.NotFound: ...
    """
    if notebooks is not None and not notebooks.is_dir():
        raise NotFound(f"There is no folder {str(notebooks)!r}. Give one with notebooks, or leave it out.")
    looks, acts = _tokens(token, act_token)
    skip_slow_grammar()
    from workbench.apps.server import Pages

    _add_template()
    os.environ["WORKBENCH_HOME"] = str(settings().home)  # the kernels work in the notebooks' folder, not in this one
    Pages.clear_instance()
    app = Pages.instance(config=_config(looks, acts), started=lambda at: _told(host, at, looks, acts, open_browser))
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
    app.start()


def _tokens(token: str | None, act_token: str | None) -> tuple[str, str]:
    looks = token or os.environ.get(TOKEN) or secrets.token_urlsafe(24)
    acts = act_token or os.environ.get(ACT_TOKEN) or secrets.token_urlsafe(24)
    if looks == acts:
        raise BadParameter(f"Who looks and who acts have the same token. Give two, or leave {ACT_TOKEN} out.")
    return looks, acts


def _config(token: str, act_token: str) -> Config:
    from traitlets.config import Config

    from workbench.apps.live import config_of

    config = Config()
    config.Voila.token = token
    config.Voila.cookie_secret = session_secret(settings(), token, act_token)
    config.Voila.identity_provider_class = "workbench.apps.roles.Visitors"
    config.Voila.port_retries = 0
    config.Voila.log_level = "WARN"
    config.Visitors.act_token = act_token
    config.Visitors.cookie_options = {"samesite": "Lax"}
    config.VoilaConfiguration.page_config_hook = config_of
    config.VoilaConfiguration.allow_template_override = "NO"
    config.VoilaConfiguration.theme = "auto"
    config.VoilaConfiguration.http_keep_alive_timeout = 2  # seconds between two looks whether a page still comes
    config.VoilaConfiguration.extension_allowlist = EXTENSIONS
    config.VoilaConfiguration.file_allowlist = ["^$"]
    config.VoilaConfiguration.multi_kernel_manager_class = "workbench.apps.kernels.PageKernels"
    config.MappingKernelManager.kernel_manager_class = "workbench.apps.kernels.PageKernelManager"
    config.MappingKernelManager.cull_idle_timeout = IDLE_SECONDS
    config.MappingKernelManager.cull_interval = IDLE_SECONDS // 60
    config.MappingKernelManager.cull_connected = True
    config.KernelManager.transport = _transport(tempfile.gettempdir())
    config.KernelManager.autorestart = False  # a kernel that has started anew knows nothing of its page
    return config


def _transport(folder: str) -> str:
    """By files that are this user's own, where their names fit into an address of a socket; else by ports.

    >>> _transport("/tmp"), _transport("/" + 60 * "x")
    ('ipc', 'tcp')
    """
    longest = len(f"{folder}/voila_12345678/kernel-12345678-1234-1234-1234-123456789012-ipc-12".encode())
    return "ipc" if os.name == "posix" and longest <= LONGEST_SOCKET else "tcp"


def _add_template() -> None:
    """Let Jupyter find our template beside the installed ones."""
    paths = os.environ.get("JUPYTER_PATH", "")
    if str(SHARE) not in paths.split(os.pathsep):
        os.environ["JUPYTER_PATH"] = os.pathsep.join(p for p in (str(SHARE), paths) if p)


def _told(host: str, port: int, token: str, act_token: str, open_browser: bool) -> None:
    """Print the addresses, and open the one for acting."""
    root = f"http://{f'[{host}]' if ':' in host else host}:{port}/voila/render/models.ipynb?token="
    looks, acts = root + quote(token), root + quote(act_token)
    sys.stdout.write(f"Workbench monitoring: {looks}\nFor who acts, too:    {acts}\nStop with Ctrl+C.\n")
    sys.stdout.flush()
    if open_browser:
        import threading
        import webbrowser

        threading.Thread(target=webbrowser.open, args=[acts], daemon=True).start()
