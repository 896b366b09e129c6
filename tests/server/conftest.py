"""A Jupyter server with the extension, in a folder of its own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

# Here and not for all tests: it makes a loop of events and a server for each that it is loaded for.
from pytest_jupyter.jupyter_server import *  # noqa: F403
from tornado.httpclient import HTTPClientError


@pytest.fixture
def jp_server_config() -> dict[str, Any]:
    return {"ServerApp": {"jpserver_extensions": {"workbench.server": True}}}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WORKBENCH_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def ask(jp_fetch: Any) -> Any:
    """Asks a route and gives the status and the JSON that came."""

    async def fetch(method: str, path: str, body: Any = None, **options: Any) -> tuple[int, Any]:
        where, _, query = path.partition("?")
        params = dict(part.split("=") for part in query.split("&")) if query else None
        try:
            answer = await jp_fetch(
                "workbench",
                *where.split("/"),
                method=method,
                params=params,
                body=None if body is None else json.dumps(body),
                **options,
            )
        except HTTPClientError as error:
            return error.code, json.loads(error.response.body or "{}")
        return answer.code, json.loads(answer.body)

    return fetch
