"""The pages of all models and of one: answered from the stored reports, in the server's process, without a kernel."""

from __future__ import annotations

import hashlib
import json
import secrets
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tornado.ioloop import IOLoop
from tornado.web import authenticated

from workbench.apps import model, models, whatif
from workbench.apps.choice import Choice
from workbench.apps.frame import PageHandler
from workbench.apps.kept import Kept, state
from workbench.apps.sentences import say
from workbench.settings import settings

REFRESH = 30  # seconds between two looks for newer figures
XSRF = secrets.token_hex(16)  # stands in a kept page for the token of whoever reads it; no text of the data is it
DONE = "wb-done"  # the cookie that tells the next page what was done
PAGES = {"models": models.shown, "model": model.shown}


class Maker:
    """Makes pages one after another, beside the loop that answers: who asks for the same at once gets the same.

    Parameters
    ----------
    kept : Kept
    """

    def __init__(self, kept: Kept | None = None) -> None:
        self._kept = kept or Kept()
        self._thread = ThreadPoolExecutor(1, "pages")

    async def page(self, name: str, choice: Choice) -> str:
        """The body of a page."""
        return await IOLoop.current().run_in_executor(self._thread, self._page, name, choice)

    def _page(self, name: str, choice: Choice) -> str:
        force = settings()
        key = (name, choice, state(choice.name if name == "model" else "", force))
        return self._kept.page(key, lambda: PAGES[name](choice, force))


class FixedPage(PageHandler):
    """Answers with a page that stands, and with nothing where the reader has it already."""

    def initialize(self, maker: Maker) -> None:
        """Who makes it."""
        self._maker, self._tag = maker, ""

    @authenticated
    async def get(self, name: str) -> None:
        """The page."""
        done = self._done()
        await self.answer(name, self.choice(hidden=(("_xsrf", XSRF),), done=done))

    async def answer(self, name: str, choice: Choice) -> None:
        """Show it; the token of the reader's forms is put in last, for it is another each time."""
        body = await self._maker.page(name, choice if choice.may_act else choice.but(hidden=()))
        title = choice.name if name == "model" and choice.name else say("All models", choice.lang)
        more = (
            [(choice.kept().link(whatif.NOTEBOOK), say("What if", choice.lang))]
            if name == "model" and choice.name
            else []
        )
        page = self.page(title, body, choice, refresh=REFRESH, more=more)
        session = self.get_cookie("_xsrf", "") if choice.may_act else ""
        self._tag = hashlib.sha256(f"{session}{page}".encode()).hexdigest()[:32]
        self.set_header("Content-Type", "text/html; charset=UTF-8")
        self.finish(page.replace(XSRF, self.xsrf_token.decode()))

    def compute_etag(self) -> str | None:
        """Of the page without what is another each time."""
        return f'"{self._tag}"' if self._tag else None

    def _done(self) -> str:
        told = self.get_secure_cookie(DONE, max_age_days=1) or b""
        if told:
            self.clear_cookie(DONE)
        return told.decode()


def is_ours(notebook: Path, shipped: Path) -> bool:
    """Whether a notebook calls what the one that ships does, so that its page can be made without running it."""
    return not notebook.is_file() or _code(notebook) == _code(shipped)


def _code(notebook: Path) -> list[Any]:
    cells = json.loads(notebook.read_text(encoding="utf-8")).get("cells", [])
    return ["".join(cell.get("source", "")).strip() for cell in cells if cell.get("cell_type") == "code"]
