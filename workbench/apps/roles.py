"""Who looks, and who may act: a token for each, and a session of its own for each browser."""

from __future__ import annotations

import hmac
import json
import uuid
from dataclasses import asdict, dataclass, replace
from typing import Any

from jupyter_server.auth.identity import PasswordIdentityProvider, User
from tornado.web import RequestHandler
from traitlets import Unicode


@dataclass
class Visitor(User):
    """One browser that knows a token.

    Parameters
    ----------
    may_act : bool
        Whether it knows the one for acting.
    called : str
        Who the person said to be when something was done; empty before.
    """

    may_act: bool = False
    called: str = ""


class Visitors(PasswordIdentityProvider):
    """Knows visitors by one of two tokens, and afterwards by a signed cookie."""

    act_token = Unicode("", config=True, help="Who knows it may look and act; empty: nobody acts.")

    async def get_user_token(self, handler: Any) -> Visitor | None:
        """The visitor that a token in the address or the header stands for; the same one as the cookie's."""
        may_act = self._role(self.get_token(handler) or "")
        return None if may_act is None else self._with_role(handler, may_act)

    def process_login_form(self, handler: Any) -> Visitor | None:
        """The visitor that typed a token."""
        may_act = self._role(handler.get_body_argument("password", ""))
        return None if may_act is None else self._with_role(handler, may_act)

    def user_to_cookie(self, user: Any) -> str:
        """A visitor as text."""
        return json.dumps(asdict(user))

    def user_from_cookie(self, cookie_value: str) -> Visitor:
        """The visitor that was written; without a token for acting nobody acts."""
        visitor = Visitor(**json.loads(cookie_value))
        return replace(visitor, may_act=visitor.may_act and bool(self.act_token))

    def get_handlers(self) -> list[tuple[str, object]]:
        """The pages for coming and going are the server's own."""
        return []

    def _role(self, given: str) -> bool | None:
        """Whether who gives it may act; None where it is no token. Takes as long whatever it is."""
        acts, looks = (hmac.compare_digest(given.encode(), known.encode()) for known in (self.act_token, self.token))
        return True if acts and given else False if looks and given else None

    def _with_role(self, handler: Any, may_act: bool) -> Visitor:
        known = self.get_user_cookie(handler)
        visitor = known if isinstance(known, Visitor) else Visitor(uuid.uuid4().hex)
        return replace(visitor, may_act=may_act)


def visitor_of(handler: RequestHandler) -> Visitor:
    """Who asks; only where the request was let in."""
    visitor = handler.current_user
    assert isinstance(visitor, Visitor)
    return visitor


def remember(handler: Any, called: str) -> None:
    """Keep what a person is called, in the session."""
    handler.identity_provider.set_login_cookie(handler, replace(visitor_of(handler), called=called))
