"""What all routes share: who is let in, where files lie, and how an error is told."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from jupyter_server.utils import ensure_async
from tornado.web import HTTPError, authenticated

from workbench.errors import BadParameter, Busy, InputError, NotFound, Refused, WorkbenchError
from workbench.storage.files import inside

Answer = Callable[..., Awaitable[Any]]
Kind = TypeVar("Kind")


def answers(method: Answer) -> Answer:
    """Only for who is signed in and allowed; the result becomes JSON, an error of ours a sentence of what to do."""

    @functools.wraps(method)
    async def answer(self: Any, *arguments: str) -> None:
        try:
            self.finish({"data": await method(self, *arguments)})
        except NotFound as error:
            self.refuse(404, error)
        except InputError as error:
            self.refuse(400, error)
        except (Refused, Busy) as error:
            self.refuse(409, error)
        except WorkbenchError as error:
            self.refuse(500, error)

    return authenticated(authorized(answer))


class Misfit(BadParameter):
    """Values of a form that don't fit, each with its own sentence."""

    def __init__(self, fields: dict[str, str]) -> None:
        super().__init__(" ".join(fields.values()))
        self.fields = fields


class Handler(APIHandler):
    """What all routes share."""

    auth_resource = "workbench"

    @property
    def root(self) -> Path:
        """The folder that the server shows."""
        return Path(self.settings["server_root_dir"]).expanduser()

    async def file(self, path: str) -> Path:
        """A file parameter as a path that lies in the root, and that the file browser would show."""
        if "\0" in path or "\\" in path or path.startswith("/"):
            raise BadParameter(f"{path!r} is no path from the server's folder. Give one like 'folder/table.csv'.")
        place = inside(self.root, path)
        contents = self.contents_manager
        if not contents.allow_hidden and await ensure_async(contents.is_hidden(path)):
            raise BadParameter(f"{path!r} is hidden. Move it to a folder that the file browser shows.")
        return place

    async def require(self, action: str, resource: str) -> None:
        """Refuse who may not do this; for what reaches further than the panel's own resource."""
        if not await ensure_async(self.authorizer.is_authorized(self, self.current_user, action, resource)):
            raise HTTPError(403, f"You may not {action} {resource} on this server.")

    def refuse(self, status: int, error: Exception) -> None:
        """Answer with the message of a user's error, and with those of single fields."""
        self.set_status(status)
        fields = error.fields if isinstance(error, Misfit) else {}
        self.finish({"message": str(error), "kind": type(error).__name__, "fields": fields})

    def asked(self, name: str, kind: type[Kind], default: Kind | None = None) -> Kind:
        """A field of the JSON that was sent, in the type it must have."""
        body = self.get_json_body()
        value = body.get(name, default) if isinstance(body, dict) else None
        if not isinstance(value, kind):
            got = type(value).__name__
            raise BadParameter(f"{name!r} must be {kind.__name__}, got {got}. Send it in a JSON object.")
        return value
