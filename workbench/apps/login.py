"""Coming with a token, and going."""

from __future__ import annotations

from typing import Any

from jupyter_server.auth.decorator import allow_unauthenticated
from jupyter_server.auth.login import LoginFormHandler
from markupsafe import Markup

from workbench.apps.frame import PageHandler
from workbench.apps.sentences import say

FORM = Markup(
    '<div class="wb"><section aria-label="{title}"><h3>{title}</h3>{failed}<form method="post">'
    '<input type="hidden" name="_xsrf" value="{xsrf}"><p><label>{token} '
    '<input type="password" name="password" autocomplete="current-password" required autofocus></label> '
    '<button>{title}</button></p></form><p class="wb-sub">{where}</p></section></div>'
)


class Login(PageHandler, LoginFormHandler):
    """Asks for a token; Jupyter's handler takes it, and leads to where it was asked for."""

    @allow_unauthenticated
    def get(self) -> Any:
        """The form, or the page for who is known already."""
        return super().get()

    def _render(self, message: dict[str, str] | None = None) -> None:
        choice = self.choice()
        failed = Markup('<p role="alert">{}</p>').format(say("That is no token of these pages.", choice.lang))
        said = {
            "title": say("Log in", choice.lang),
            "token": say("Token", choice.lang),
            "where": say("Whoever started the pages has it: it is in the address that was printed.", choice.lang),
        }
        form = FORM.format(failed=failed if message else "", xsrf=self.xsrf_token.decode(), **said)
        self.finish(self.page(said["title"], form, choice))


class Logout(PageHandler):
    """Forgets the session."""

    @allow_unauthenticated
    def get(self) -> None:
        """Away with the cookie, and back to the form."""
        self.identity_provider.clear_login_cookie(self)
        self.redirect(f"{self.base_url}login")
