"""Voila with nothing but pages: who has the token may look, and cannot reach a kernel."""

from __future__ import annotations

from typing import Any

from tornado.web import RedirectHandler
from voila.app import Voila

# What a page of plain HTML does not need. The kernels among them would run any code of whoever has the token.
UNUSED = ("/api/kernels", "/voila/api", "/voila/tree", "/voila/files", "/voila/labextensions", "/voila/execution")


class Pages(Voila):
    """Voila's application with the page of all models at its root."""

    def init_handlers(self) -> list[Any]:
        """The routes that pages need: login, static files of the login page, and the notebooks."""
        routes = [route for route in super().init_handlers() if not _unused(route)]
        home = (
            self.server_url,
            RedirectHandler,
            {"url": f"{self.server_url}voila/render/models.ipynb", "permanent": False},
        )
        return [home, *(route for route in routes if route[0] != self.server_url)]


def _unused(route: Any) -> bool:
    return any(part in route[0] for part in UNUSED)
