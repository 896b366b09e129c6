"""JupyterLab in a process of its own, with a hermetic configuration, and a browser that looks at it."""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
import time
import tomllib
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
EXTENSION = ROOT / "workbench" / "labextension"
PATIENCE = int(os.environ.get("WORKBENCH_PATIENCE", "120")) * 1000

Lab = tuple[str, Path]
StartLab = Callable[..., Lab]


def _missing(what: str) -> None:
    if os.environ.get("CI") == "true":
        pytest.fail(what)
    pytest.skip(what)


@pytest.fixture(scope="module")
def start_lab(tmp_path_factory: pytest.TempPathFactory, shared_table: Any) -> Iterator[StartLab]:
    """Starts a JupyterLab with configuration folders of its own and a table in its root; its address and its root.

    ``settings`` are those of JupyterLab plugins by name; ``server_part`` says whether our server extension is on,
    ``voila`` whether Voila's is. In the ``base`` of one that has ended it goes on with its root and its home.
    """
    if not (EXTENSION / "package.json").is_file():
        _missing("the JupyterLab extension is not built; install the checkout with pip")
    table = b"".join(shared_table("telco_churn.csv").read_bytes().splitlines(keepends=True)[:800])
    with ExitStack() as running:

        def start(
            home: Path | None = None,
            python: str = sys.executable,
            server_part: bool = True,
            settings: dict[str, dict[str, Any]] | None = None,
            voila: bool = False,
            base: Path | None = None,
        ) -> Lab:
            base = base or tmp_path_factory.mktemp("lab")
            (base / "root").mkdir(exist_ok=True)
            (base / "root" / "churn.csv").write_bytes(table)
            env = _environment(base, home or base / "home", settings or {})
            return running.enter_context(_Running(base, python, env, server_part, voila))

        yield start


@pytest.fixture
def lab(start_lab: StartLab, home: Path) -> Lab:
    """A JupyterLab of the test's own."""
    return start_lab(home)


class _Running:
    """The process of a JupyterLab."""

    def __init__(self, base: Path, python: str, env: dict[str, str], server_part: bool, voila: bool) -> None:
        self.root, self.log, self.token = base / "root", base / "lab.log", secrets.token_hex(16)
        extensions = {"workbench.server": server_part, **({"voila.server_extension": True} if voila else {})}
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [
                    python,
                    "-m",
                    "jupyterlab",
                    "--no-browser",
                    "--allow-root",
                    f"--port={_free_port()}",  # it takes another where that is not free any more
                    "--ip=127.0.0.1",
                    f"--ServerApp.root_dir={self.root}",
                    f"--IdentityProvider.token={self.token}",
                    "--LabApp.news_url=None",
                    f"--ServerApp.jpserver_extensions={extensions}",
                    "--LabApp.expose_app_in_browser=True",
                ],
                env=env,
                stdout=log,
                stderr=log,
                cwd=self.root,
            )
        self.told = base / "run" / f"jpserver-{self.process.pid}.json"

    def __enter__(self) -> Lab:
        address = self._wait()
        return f"{address}/lab?token={self.token}", self.root

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:  # it waits for a kernel that does not end
            self.process.kill()
            self.process.wait()

    def _wait(self) -> str:
        """Its address, which it writes down, when it answers there."""
        for _ in range(600):
            try:
                address = f"http://127.0.0.1:{json.loads(self.told.read_text())['port']}"
                urllib.request.urlopen(f"{address}/api/status?token={self.token}", timeout=5).close()
                return address
            except (OSError, ValueError):  # not there yet, half written, or not listening yet
                assert self.process.poll() is None, self.log.read_text()
                time.sleep(0.2)
        self.__exit__()
        raise AssertionError(self.log.read_text())


def _environment(base: Path, home: Path, settings: dict[str, dict[str, Any]]) -> dict[str, str]:
    config, data, site = base / "config", base / "data", base / "site"
    (config / "labconfig").mkdir(parents=True, exist_ok=True)
    page = {"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}}
    # JupyterLab looks by npm and node, for two CPU seconds, whether its page is to be built anew.
    page |= {"buildAvailable": False, "buildCheck": False}
    (config / "labconfig" / "page_config.json").write_text(json.dumps(page))
    (data / "labextensions").mkdir(parents=True, exist_ok=True)
    if not (data / "labextensions" / "ml-workbench").is_symlink():
        (data / "labextensions" / "ml-workbench").symlink_to(EXTENSION)
    for plugin, values in settings.items():
        package, name = plugin.split(":")
        file = base / "settings" / package / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(values))
    _declare_entry_points(site)
    return {
        **os.environ,
        "JUPYTER_CONFIG_DIR": str(config),
        "JUPYTER_DATA_DIR": str(data),
        "JUPYTER_PREFER_ENV_PATH": "0",  # this checkout's extension, not what an environment got when it was made
        "WORKBENCH_HOME": str(home),
        "JUPYTER_RUNTIME_DIR": str(base / "run"),
        "JUPYTERLAB_SETTINGS_DIR": str(base / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(base / "workspaces"),
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(site), os.environ.get("PYTHONPATH", "")]),
    }


def _declare_entry_points(site: Path) -> None:
    """What pip would write down from pyproject.toml, for a checkout that is not installed."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    info = site / f"ml_workbench-{project['version']}.dist-info"
    info.mkdir(parents=True, exist_ok=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: ml-workbench\nVersion: {project['version']}\n")
    groups = project["entry-points"].items()
    text = "".join(f"[{group}]\n" + "".join(f"{k} = {v}\n" for k, v in of.items()) for group, of in groups)
    (info / "entry_points.txt").write_text(text)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture
def browse(chromium: Any) -> Callable[[str], Any]:
    """Opens a page at an address; its ``complaints`` are the errors of its console."""

    def open_page(address: str) -> Any:
        page = chromium.new_page(viewport={"width": 1360, "height": 900})
        page.set_default_timeout(PATIENCE)
        page.complaints = []
        page.on(
            "console",
            lambda m: page.complaints.append(f"{m.text} {m.location}") if m.type == "error" else None,
        )
        page.on("pageerror", lambda e: _is_of_jupyterlab(e) or page.complaints.append(e.stack or str(e)))
        page.goto(address)
        return page

    return open_page


def _is_of_jupyterlab(error: Any) -> bool:
    return _is_of_the_splash(error) or _is_of_the_widget_manager(error)


def _is_of_the_widget_manager(error: Any) -> bool:
    """The manager of ipywidgets asks each notebook for its kernel, also one that has none, as an output that is read.

    The error has frames of its bundle alone.
    """
    frames = (error.stack or "").split("\n    at ")[1:]
    return "(reading 'kernel')" in str(error) and all("/@jupyter-widgets/jupyterlab-manager/" in f for f in frames)


def _is_of_the_splash(error: Any) -> bool:
    """JupyterLab's splash has one timer too many where a start is slow: it takes away what is gone already.

    The error has that timer's frame alone, in JupyterLab's core; one that we cause has frames of ours.
    """
    frames = (error.stack or "").split("\n    at ")[1:]
    return "'removeChild'" in str(error) and len(frames) == 1 and "/static/lab/jlab_core." in frames[0]


@pytest.fixture
def page(browse: Callable[[str], Any], lab: Lab) -> Any:
    """A page that shows the launcher."""
    page = browse(lab[0])
    page.locator(".jp-LauncherCard", has_text="Workbench").first.wait_for()
    return page
