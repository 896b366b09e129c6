"""Voila with our pages in front: those that stand need no kernel, and a kernel is reached by its own page alone."""

from __future__ import annotations

import asyncio
import errno
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import GZipContentEncoding, RedirectHandler
from traitlets import Any as Anything
from traitlets import Instance
from voila.app import Voila

from workbench.apps.acts import Acts, Answers
from workbench.apps.fixed import PAGES, FixedPage, Maker, is_ours
from workbench.apps.live import KernelEnd, KernelSocket, KernelState, LivePage, Tickets
from workbench.apps.login import Login, Logout
from workbench.apps.shipped import folder
from workbench.errors import Busy

STOPS = (signal.SIGINT, signal.SIGTERM)
# Of Voila's routes those that stay: static files, themes and extensions of its front end.
KEPT = ("/voila/templates/", "/voila/static/", "/voila/api/themes/", "/voila/labextensions/")
ID = r"(\w+-\w+-\w+-\w+-\w+)"


class Pages(Voila):
    """Voila's application with our pages in front of its own."""

    port: int  # Voila's
    started = Anything(help="Called with the port once it listens.").tag(config=False)
    server = Instance(HTTPServer, allow_none=True)

    def init_handlers(self) -> list[Any]:
        """The routes of ours, and those of Voila's that its front end needs."""
        usual = super().init_handlers()
        kept = [route for route in usual if any(route[0].startswith(one) for one in KEPT)]
        voilas = next(route[2] for route in usual if route[0].endswith("/voila/render/(.*)"))
        return [*self._fixed(), *self._live(voilas), *kept]

    def _fixed(self) -> list[Any]:
        own = "|".join(
            name for name in PAGES if is_ours(Path(self.root_dir) / f"{name}.ipynb", folder() / f"{name}.ipynb")
        )
        made, root = {"maker": Maker()}, self.server_url
        home = RedirectHandler, {"url": f"{root}voila/render/models.ipynb", "permanent": False}
        fixed = [(f"{root}voila/render/({own})\\.ipynb", FixedPage, made)] if own else []
        doors = [(f"{root}login", Login), (f"{root}logout", Logout)]
        return [
            *doors,
            (root, *home),
            (f"{root}voila/render/?", *home),
            *fixed,
            (f"{root}voila/render/incidents", Acts, made),
            (f"{root}voila/render/watch", Answers, made),
        ]

    def _live(self, voilas: dict[str, Any]) -> list[Any]:
        given = {**voilas, "tickets": Tickets(), "folder": Path(self.root_dir)}
        root = self.server_url
        return [
            (f"{root}voila/render/(.*)", LivePage, given),
            (f"{root}api/kernels/{ID}", KernelState),
            (f"{root}api/kernels/{ID}/channels", KernelSocket),
            (f"{root}voila/api/shutdown/{ID}", KernelEnd),
        ]

    def start(self) -> None:
        """Answer until somebody says SIGINT or SIGTERM; afterwards no kernel is left."""
        asyncio.run(self._until_stopped())

    async def _until_stopped(self) -> None:
        stopped, loop = asyncio.Event(), asyncio.get_running_loop()
        for one in STOPS:
            loop.add_signal_handler(one, stopped.set)
        try:
            super().start()
            await stopped.wait()
        finally:
            await self._end()

    def listen(self) -> None:
        """Take the port; who waits for it is told."""
        try:
            sockets = bind_sockets(self.port, self.ip)
        except OSError as error:
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise
            raise Busy(f"Port {self.port} of {self.ip} can't be taken ({error.strerror}). Give another one.") from error
        self.app.transforms.append(GZipContentEncoding)  # Voila makes the application without a way to say so
        self.server = HTTPServer(self.app, xheaders=False)
        self.server.add_sockets(sockets)
        self.port = sockets[0].getsockname()[1]
        self.started(self.port)

    async def _end(self) -> None:
        if self.server is not None:
            self.server.stop()
        if getattr(self, "kernel_manager", None) is not None:
            await self.kernel_manager.end_all()
        if self.server is not None:
            await self.server.close_all_connections()
        shutil.rmtree(self.connection_dir, ignore_errors=True)

    def _handle_signal_stop(self, sig: int, frame: Any) -> None:
        """Between the reading of its options and its start there is nothing to be stopped."""
        raise SystemExit(0)


Started = Callable[[int], None]
