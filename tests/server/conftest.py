"""A Jupyter server with the extension, in a folder of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

# Here and not for all tests: it makes a loop of events and a server for each that it is loaded for.
from pytest_jupyter.jupyter_server import *  # noqa: F403


@pytest.fixture
def jp_server_config() -> dict[str, Any]:
    return {"ServerApp": {"jpserver_extensions": {"workbench.server": True}}}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WORKBENCH_HOME", str(tmp_path / "home"))
    return tmp_path / "home"
