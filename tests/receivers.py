"""Receivers on this machine: a webhook and a server for e-mail that keep what comes."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult


@dataclass
class Hook:
    """A webhook that answers what it is told to, one after the other, and then 200."""

    url: str = ""
    answers: list[int] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    requests: list[tuple[str, dict[str, str], dict[str, Any]]] = field(default_factory=list)

    @property
    def texts(self) -> list[str]:
        """Of what came."""
        return [body["text"] for _, _, body in self.requests]


def _handler(hook: Hook) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            hook.requests.append((self.path, dict(self.headers), body))
            time.sleep(hook.delay)
            self.send_response(hook.answers.pop(0) if hook.answers else 200)
            for name, value in hook.headers.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    return Handler


@pytest.fixture
def hook() -> Iterator[Hook]:
    """A webhook on this machine."""
    made = Hook()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(made))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    made.url = f"http://127.0.0.1:{server.server_port}/hook"
    yield made
    server.shutdown()
    server.server_close()


@dataclass
class Post:
    """A server for e-mail that keeps what comes."""

    port: int = 0
    answers: list[str] = field(default_factory=list)
    refused: str = ""
    logins: list[tuple[str, str]] = field(default_factory=list)
    received: list[tuple[list[str], EmailMessage]] = field(default_factory=list)

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        """Take an address, or not."""
        if self.refused:
            return self.refused
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        """Keep a message."""
        answer = self.answers.pop(0) if self.answers else "250 OK"
        if answer.startswith("250"):
            self.received.append((envelope.rcpt_tos, message_from_bytes(envelope.content, policy=policy.default)))
        return answer


class _AnyPort(Controller):
    """Listens on a port that the system chooses."""

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@pytest.fixture
def post(monkeypatch: pytest.MonkeyPatch) -> Iterator[Post]:
    """A server for e-mail on this machine that asks for a login, and the environment that names it."""
    made = Post()

    def login(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        made.logins.append((data.login.decode(), data.password.decode()))
        return AuthResult(success=data.password == b"correct-horse", handled=False)

    controller = _AnyPort(
        made, hostname="127.0.0.1", port=0, authenticator=login, auth_require_tls=False, decode_data=False
    )
    controller.start()
    made.port = controller.port
    monkeypatch.setenv("WORKBENCH_SMTP", f"smtp://anna@127.0.0.1:{made.port}")
    monkeypatch.setenv("WORKBENCH_SMTP_PASSWORD", "correct-horse")
    monkeypatch.setenv("WORKBENCH_SMTP_FROM", "workbench@example.org")
    yield made
    controller.stop()
