"""One table over all routes: who is not signed in or not allowed gets nothing, and no file parameter leads out."""

from __future__ import annotations

import inspect
import json
import re
from pathlib import Path
from typing import Any

import pytest
from jupyter_server.auth import Authorizer
from tornado.httpclient import HTTPClientError, HTTPResponse
from traitlets.config import Config

from workbench.server.routes import ROUTES

VERBS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
JOB = "20261121T014900-small-3f2a"
TABLE = [(verb, re.sub(r"\([^)]+\)", JOB, path), handler) for path, handler in ROUTES for verb in VERBS]
ANSWERED = [(verb, path) for verb, path, handler in TABLE if verb.lower() in vars(handler)]
UNKNOWN = [(verb, path) for verb, path, handler in TABLE if verb.lower() not in vars(handler)]
CHANGES = [(verb, path) for verb, path in ANSWERED if verb != "GET"]

# The file parameters: a route that takes a new one is named here, or the test of the names below fails.
FILES = {
    ("GET", "columns"): "path",
    ("POST", "jobs"): "notebook",
    ("GET", "jobs/form"): "notebook",
    ("POST", "schedules"): "notebook",
}
OUTSIDE = {
    "up": "../outside.csv",
    "up from a folder": "folder/../../outside.csv",
    "absolute": "/etc/passwd",
    "absolute in an encoding": "%2Fetc%2Fpasswd",
    "up in an encoding": "%2e%2e%2foutside.csv",
    "up in Windows": "..\\outside.csv",
    "a drive": "C:\\outside.csv",
    "another machine": "\\\\machine\\share\\outside.csv",
    "another machine, slashes": "//machine/share/outside.csv",
    "a NUL": "folder/a.csv\0.png",
    "a link": "link.csv",
    "a link to a folder": "away/outside.csv",
    "hidden": ".hidden.csv",
    "in a hidden folder": ".ssh/key.csv",
    "nothing": "",
}


class Doorkeeper(Authorizer):
    """Lets signed-in people do everything but what a test forbids."""

    forbidden = ("any", "workbench")

    def is_authorized(self, handler: Any, user: Any, action: str, resource: str) -> bool:
        return not (resource == self.forbidden[1] and self.forbidden[0] in ("any", action))


@pytest.fixture
def send(http_server_client: Any, jp_base_url: str) -> Any:
    """Sends a request as it is, with no header that was not asked for."""

    async def send(verb: str, path: str, **options: Any) -> HTTPResponse:
        if verb in ("POST", "PUT", "PATCH"):
            options.setdefault("body", "{}")
        try:
            return await http_server_client.fetch(
                f"{jp_base_url}{path}", method=verb, follow_redirects=False, **options
            )
        except HTTPClientError as error:
            return error.response

    return send


async def _signed_in(send: Any, token: str) -> dict[str, str]:
    """The cookies of a browser that has signed in and has a page."""
    return _set_by(await send("GET", "login")) | _set_by(await send("GET", f"api/status?token={token}"))


def _set_by(answer: HTTPResponse) -> dict[str, str]:
    pairs = [c.partition(";")[0].partition("=") for c in answer.headers.get_list("Set-Cookie")]
    return {name: value for name, _, value in pairs}


def _joined(cookies: dict[str, str]) -> str:
    return "; ".join(f"{name}={value}" for name, value in cookies.items())


@pytest.mark.parametrize(("verb", "path"), ANSWERED)
async def test_nobody_is_answered_without_signing_in(send: Any, verb: str, path: str) -> None:
    for headers in ({}, {"Authorization": "token wrong"}, {"Cookie": "username-127-0-0-1=forged"}):
        answer = await send(verb, f"workbench/{path}", headers=headers)

        assert answer.code in (302, 403)
        assert b"data" not in answer.body


@pytest.mark.parametrize(("verb", "path"), UNKNOWN)
async def test_another_verb_is_refused(send: Any, jp_auth_header: dict[str, str], verb: str, path: str) -> None:
    assert (await send(verb, f"workbench/{path}", headers=jp_auth_header)).code == 405


@pytest.mark.parametrize(("verb", "path"), CHANGES)
async def test_a_browser_must_prove_that_the_page_asked(send: Any, jp_serverapp: Any, verb: str, path: str) -> None:
    cookies = await _signed_in(send, jp_serverapp.identity_provider.token)
    without = await send(verb, f"workbench/{path}", headers={"Cookie": _joined(cookies)})
    proven = {"Cookie": _joined(cookies), "X-XSRFToken": cookies["_xsrf"]}
    answered = await send(verb, f"workbench/{path}", headers=proven)

    assert without.code == 403
    assert "_xsrf" in without.body.decode()
    assert answered.code in (200, 400, 404), answered.body


class TestAuthorisation:
    """A server whose administrator decides who may do what."""

    @pytest.fixture
    def jp_server_config(self) -> Config:
        extensions = {"jpserver_extensions": {"workbench.server": True}}
        return Config({"ServerApp": {**extensions, "authorizer_class": Doorkeeper}})

    @pytest.mark.parametrize(("verb", "path"), ANSWERED)
    async def test_who_may_not_use_workbench_is_refused(
        self, send: Any, jp_auth_header: dict[str, str], verb: str, path: str
    ) -> None:
        answer = await send(verb, f"workbench/{path}", headers=jp_auth_header)

        assert answer.code == 403

    async def test_who_may_not_run_kernels_starts_no_job(
        self, send: Any, jp_auth_header: dict[str, str], jp_root_dir: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(Doorkeeper, "forbidden", ("execute", "kernels"))
        (jp_root_dir / "a.ipynb").write_text('{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}')

        listed = await send("GET", "workbench/jobs", headers=jp_auth_header)
        started = await send("POST", "workbench/jobs", headers=jp_auth_header, body='{"notebook": "a.ipynb"}')

        assert listed.code == 200
        assert started.code == 403


@pytest.mark.parametrize("where", OUTSIDE)
@pytest.mark.parametrize("route", FILES)
async def test_no_file_parameter_leads_out_of_the_folder(
    jp_fetch: Any, jp_root_dir: Path, tmp_path: Path, route: tuple[str, str], where: str
) -> None:
    (tmp_path / "outside.csv").write_text("secret\n")
    (jp_root_dir / "folder").mkdir()
    (jp_root_dir / "link.csv").symlink_to(tmp_path / "outside.csv")
    (jp_root_dir / "away").symlink_to(tmp_path)
    (jp_root_dir / ".ssh").mkdir()
    for hidden in (".hidden.csv", ".ssh/key.csv"):
        (jp_root_dir / hidden).write_text("secret\n")
    given = {FILES[route]: OUTSIDE[where]}
    asked = {"params": given} if route[0] == "GET" else {"body": json.dumps(given)}

    with pytest.raises(HTTPClientError) as refused:
        await jp_fetch("workbench", *route[1].split("/"), method=route[0], **asked)

    assert refused.value.code in (400, 404)
    assert "secret" not in refused.value.response.body.decode()


def test_every_route_that_takes_a_file_is_tried_above() -> None:
    """Files are reached by ``Handler.file`` alone."""
    for path, handler in ROUTES:
        for verb in VERBS:
            method = vars(handler).get(verb.lower())
            source = inspect.getsource(method) if method else ""
            assert "inside(" not in source, "Handler.file looks at more than inside"
            assert ("self.file(" in source) == ((verb, path) in FILES), (verb, path)
