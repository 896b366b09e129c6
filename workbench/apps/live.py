"""Pages that compute: Voila runs the notebook in a kernel, once a script in the reader's browser has asked for it.

::

    GET  voila/render/NAME.ipynb              a page that stands, with the way to the one that computes; no kernel
    POST voila/render/NAME.ipynb              its script asks: the answer is an address that works once, here and soon
    GET  voila/render/NAME.ipynb?live=TICKET  Voila's page, with a kernel that nobody else reaches
"""

from __future__ import annotations

import json
import os
import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

from jupyter_server.base.call_context import CallContext
from jupyter_server.services.kernels.handlers import KernelHandler
from tornado.ioloop import IOLoop
from tornado.web import HTTPError, authenticated
from voila.shutdown_kernel_handler import VoilaShutdownKernelHandler
from voila.tornado.handler import TornadoVoilaHandler
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler

from workbench.apps import whatif
from workbench.apps.frame import PageHandler, said
from workbench.apps.kernels import LIGHT, MOST, WHOLE, Opening, make_ready, opening
from workbench.apps.roles import visitor_of
from workbench.apps.sentences import say
from workbench.errors import BadParameter
from workbench.storage.files import inside

SECONDS = 60.0  # that an address with a ticket is good for
TICKET = "live"
PING_SECONDS = 20.0
FAILED = "What computes for this page has ended before it was there. Open it again."
# Voila's front end has scripts of its own in the page; it loads nothing from elsewhere.
POLICY = (
    "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'self'"
)


class Tickets:
    """Addresses that work once.

    Parameters
    ----------
    clock : callable
        Seconds, as :func:`time.monotonic`.

    Examples
    --------
    >>> tickets = Tickets()
    >>> ticket = tickets.give("anna", "whatif.ipynb")
    >>> tickets.take(ticket, "anna", "other.ipynb"), tickets.take(ticket, "anna", "whatif.ipynb")
    (False, False)
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._given: dict[str, tuple[str, str, float]] = {}

    def give(self, *of: str) -> str:
        """One for a browser and a page."""
        now = self._clock()
        self._given = {ticket: one for ticket, one in self._given.items() if one[-1] > now}
        ticket = secrets.token_urlsafe(18)
        self._given[ticket] = (*of, now + SECONDS)  # type: ignore[assignment]
        return ticket

    def take(self, ticket: str, *of: str) -> bool:
        """Whether it is good for that browser and page; it is good no more afterwards."""
        *known, until = self._given.pop(ticket, ("", "", 0.0))
        return tuple(known) == of and until > self._clock()


class LivePage(PageHandler, TornadoVoilaHandler):
    """A notebook of the folder: first a page that stands, then Voila's."""

    _page: Opening | None = None

    def initialize(self, tickets: Tickets, folder: Path, **kwargs: Any) -> None:
        """Where notebooks are, and who may run them; the rest is Voila's."""
        self._tickets, self._folder = tickets, folder
        super().initialize(**kwargs)

    @authenticated
    async def get(self, path: str) -> None:
        """Voila's page for who has a ticket, and the one before it for everybody else."""
        notebook, ticket = self._notebook(path), self.get_query_argument(TICKET, "")
        if ticket and self._tickets.take(ticket, visitor_of(self).username, path):
            await self._run(path, Opening(visitor_of(self).username, _kind(notebook)))
            return
        self.set_header("Content-Type", "text/html; charset=UTF-8")
        self.finish(await self._before(notebook))

    @authenticated
    async def post(self, path: str) -> None:
        """The address of the page that computes; ``?ready=1`` only lets it be at hand."""
        notebook = self._notebook(path)
        make_ready(os.environ, _kind(notebook))
        if self.get_query_argument("ready", ""):
            self.set_status(204)
            return
        if len(self.kernel_manager) >= MOST:
            raise HTTPError(503)
        asked = [pair for pair in parse_qsl(self.request.query) if pair[0] != TICKET]
        ticket = self._tickets.give(visitor_of(self).username, path)
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps({"address": f"{self.request.path}?{urlencode([*asked, (TICKET, ticket)])}"}))

    async def _run(self, path: str, page: Opening) -> None:
        """Voila's page; it ends where its kernel does, or its reader goes, which Voila itself does not notice."""
        self._forget_secrets()
        self.set_header("Content-Security-Policy", POLICY)
        opening.set(page)
        self._page = page
        try:
            async for piece in self.get_generator(path=path):
                if page.kernel_id and not await self.kernel_manager.lives(page.kernel_id):
                    self.write(f'<p role="alert">{say(FAILED, self.choice().lang)}</p>')
                    break
                self.write(piece)
                await self.flush()
        finally:
            self.kernel_manager.sent(page)

    def on_connection_close(self) -> None:
        """Who leaves before the page is there leaves no kernel."""
        super().on_connection_close()
        if self._page is not None:
            IOLoop.current().add_callback(self.kernel_manager.end, self._page.kernel_id)

    def _notebook(self, path: str) -> Path:
        """The notebook of a path, in the folder and not hidden there."""
        try:
            found = inside(self._folder, *path.split("/"))
        except BadParameter as error:
            raise HTTPError(404) from error
        hidden = any(part.startswith(".") for part in path.split("/"))
        if hidden or found.suffix != ".ipynb" or not found.is_file():
            raise HTTPError(404)
        return found

    async def _before(self, notebook: Path) -> str:
        choice, ours = self.choice(), _kind(notebook) == LIGHT
        title = say("What if", choice.lang) if ours else notebook.stem
        asked = whatif.Asked.of(self.request.query)
        make = whatif.shown if ours else waiting
        body = await IOLoop.current().run_in_executor(None, make, choice, asked)
        return self.page(title, body, choice, live="click" if ours else "at once", xsrf=self.xsrf_token.decode())

    def _forget_secrets(self) -> None:
        """What the kernel is told of the address is without tickets and tokens."""
        kept = [pair for pair in parse_qsl(self.request.query) if pair[0] not in (TICKET, "token")]
        self.request.query = urlencode(kept)
        self.request.uri = f"{self.request.path}?{self.request.query}"


def config_of(config: dict[str, Any], **_: Any) -> dict[str, Any]:
    """What Voila tells its front end, and ours: what to say, in the reader's language."""
    handler = CallContext.get(CallContext.JUPYTER_HANDLER)
    return {**config, "said": said(handler.choice().lang)}


def waiting(choice: Any, asked: Any) -> str:
    """The page before one that computes from the first moment."""
    waits, needs = (
        say("Starting …", choice.lang),
        say("This page computes while it is read, and needs a script.", choice.lang),
    )
    return f'<div class="wb"><p role="status" id="wb-opening">{waits}</p><noscript><p>{needs}</p></noscript></div>'


class KernelState(KernelHandler):
    """Says whether a page's kernel lives, to that page."""

    SUPPORTED_METHODS = ("GET",)

    @authenticated
    async def get(self, kernel_id: str) -> None:
        """What Jupyter tells of it, or that there is none."""
        kernels = self.kernel_manager
        if not kernels.is_of(kernel_id, visitor_of(self).username) or not await kernels.lives(kernel_id):
            raise HTTPError(404)
        self.finish(json.dumps(kernels.kernel_model(kernel_id), default=str))


class KernelEnd(VoilaShutdownKernelHandler):
    """Ends the kernel of a page that is closed."""

    @authenticated
    async def post(self, kernel_id: str) -> None:
        """Of one's own page only."""
        if not self.kernel_manager.is_of(kernel_id, visitor_of(self).username):
            raise HTTPError(404)
        await self.kernel_manager.end(kernel_id)
        self.set_status(204)


class KernelSocket(VoilaKernelWebsocketHandler):
    """The connection of a page to its kernel; it carries what widgets say, and no code."""

    _counted = False

    @property
    def ping_interval(self) -> float:
        """In seconds, for tornado, which asks first; Jupyter, which takes it for milliseconds, has none to send."""
        return 0 if self.ws_connection else PING_SECONDS

    @property
    def ping_timeout(self) -> float:
        """Without an answer for so long a browser is gone."""
        return PING_SECONDS

    async def pre_get(self) -> None:
        """Let in the browser whose page it is, and nobody else."""
        if not self.kernel_manager.is_of(self.kernel_id, visitor_of(self).username):
            raise HTTPError(404)
        await super().pre_get()

    async def open(self, kernel_id: str) -> None:
        """Count it."""
        self._counted = True
        self.kernel_manager.joined(kernel_id)
        await super().open(kernel_id)

    def on_close(self) -> None:
        """Count it off."""
        super().on_close()
        if self._counted:
            self.kernel_manager.left(self.kernel_id)


def _kind(notebook: Path) -> str:
    """What the notebook's kernel is forked from."""
    return LIGHT if notebook.name == whatif.NOTEBOOK else WHOLE
