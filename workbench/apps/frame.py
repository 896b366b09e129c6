"""The page around what is shown: title, colours, language, the word about the connection, and what it may load."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from jupyter_server.base.handlers import JupyterHandler
from markupsafe import Markup

from workbench.apps.choice import Choice
from workbench.apps.roles import Visitor
from workbench.apps.sentences import say
from workbench.errors import WorkbenchError

SCRIPT = Path(__file__).parent / "share" / "voila" / "templates" / "workbench" / "static" / "pages.js"
# A page runs our script and no other, loads nothing from elsewhere, and sends its forms here.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; img-src data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
)
# What the script says: it knows the server's address, not the reader's language.
TOLD = {
    "lost": "No connection to the server since #1. What is shown may be old; it is tried again.",
    "ended": "Your session has ended.",
    "again": "Log in again",
    "rested": "What computes for this page was put to rest.",
    "resume": "Go on",
    "newer": "There are newer figures.",
    "show": "Show them",
    "failed": "It could not be started: #1",
    "starting": "Starting …",
}


class PageHandler(JupyterHandler):
    """Answers with a page in our frame, errors included."""

    @property
    def content_security_policy(self) -> str:
        """What a page may load, run and send."""
        return POLICY

    def set_default_headers(self) -> None:
        """A page is the reader's own, and asked for each time; what stands in its address is told to nobody."""
        super().set_default_headers()
        self.set_header("Cache-Control", "private, no-cache")
        self.set_header("Referrer-Policy", "same-origin")
        self.set_header("Vary", "Accept-Language, Cookie")

    def choice(self, **given: Any) -> Choice:
        """What the address asks for, by whom, and in which language."""
        visitor = self.current_user
        if isinstance(visitor, Visitor):
            given = {"may_act": visitor.may_act, "by": visitor.called, **given}
        return Choice.of(self.request.query, language=self.request.headers.get("Accept-Language", ""), **given)

    def page(self, title: str, body: str, choice: Choice, **more: Any) -> str:
        """A whole page around HTML that is safe already."""
        template = self.settings["voila_jinja2_env"].get_template("page.html.j2")
        tag = hashlib.sha256(body.encode()).hexdigest()[:16]
        told = {
            "refresh": 0,
            "more": (),
            **more,
            "tag": tag,
            "said": said(choice.lang),
            "script": script_address(self.base_url),
        }
        text: str = template.render(title=title, body=Markup(body), choice=choice, **told)  # noqa: S704 - see above
        return text

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """What went wrong, in a sentence."""
        error = kwargs.get("exc_info", (None, None, None))[1]
        choice = self.choice()
        self.set_header("Content-Type", "text/html; charset=UTF-8")
        self.finish(self.page(say("No page", choice.lang), _told(error, status_code, choice.lang), choice))


def said(lang: str) -> dict[str, str]:
    """What the script says."""
    return {name: say(sentence, lang, "#1") for name, sentence in TOLD.items()}  # the script puts the value in


def _told(error: BaseException | None, status: int, lang: str) -> str:
    known = {
        403: "This needs the token for acting, or a form of this page. Open the page again with that token.",
        404: "There is no such page.",
        503: "So many pages compute at the moment that no other one can. Try again later.",
    }
    sentence = say(known.get(status, "This page could not be made. The server's log says why."), lang)
    text = str(error) if isinstance(error, WorkbenchError) else sentence
    link = Markup('<div class="wb"><p role="alert">{}</p><p><a href="models.ipynb">{}</a></p></div>')
    return link.format(text, say("All models", lang))


@cache
def script_address(base: str) -> str:
    """Address of our script; another one when it changes, so that browsers may keep it."""
    return f"{base}voila/static/pages.js?v={hashlib.sha256(SCRIPT.read_bytes()).hexdigest()[:12]}"
