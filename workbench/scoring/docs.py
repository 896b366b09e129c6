"""``/``, ``/docs`` and ``/client.py``: what a person sees who opens the service's address."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import workbench
from workbench.scoring.http import Answer, Request, answer_json
from workbench.scoring.page import POLICY, Seen, key_page, page

if TYPE_CHECKING:
    from workbench.scoring.service import Service

HTML = "text/html; charset=utf-8"
CLIENT = Path(workbench.__file__).with_name("client.py")
_HOST = re.compile(r"[A-Za-z0-9.:\[\]_-]{1,255}")
_HEADERS = {"Content-Security-Policy": POLICY, "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY"}


async def root(service: Service, request: Request) -> Answer:
    """The page for browsers; for others where to go on."""
    if "text/html" in request.header(b"accept").lower():
        return await docs(service, request)
    bundle = service.scorer.bundle
    return answer_json({
        "name": bundle.name, "version": bundle.version, "predict": "/predict", "docs": "/docs",
        "openapi": "/openapi.json", "client": "/client.py",
    })  # fmt: skip


async def docs(service: Service, request: Request) -> Answer:
    """The page. Where keys are needed, who sends none sees a place for one and nothing of the contract."""
    if not service.access.open and not service.has_key(request):
        content = key_page(service.scorer.bundle)
    else:
        if not service.access.open:
            service.check_caller(request, "read")
        content = page(service.scorer, Seen(_address(request), not service.access.open))
    return Answer(content.encode("utf-8", "replace"), 200, HTML, _HEADERS)


async def client(service: Service, request: Request) -> Answer:
    """The client of Python, one file to copy."""
    return Answer(CLIENT.read_bytes(), 200, "text/x-python; charset=utf-8")


def _address(request: Request) -> str:
    """Where the one who asks has reached the service."""
    host = request.header(b"host")
    return f"{request.notes.get('scheme', 'http')}://{host if _HOST.fullmatch(host) else 'localhost:8080'}"
