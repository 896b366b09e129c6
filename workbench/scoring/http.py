"""Requests and answers of the service over ASGI: what any server hands over, and no more.

Hand-written because it is small and hot: a routing framework costs more per request than a tree walk.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Generator, Mapping, MutableMapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from workbench.errors import WorkbenchError
from workbench.scoring.ids import new_id
from workbench.scoring.limits import in_force
from workbench.scoring.quick_json import writer

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

JSON = "application/json"
JSON_LINES = ("application/x-ndjson", "application/jsonl")
_ALWAYS = ((b"x-content-type-options", b"nosniff"), (b"cache-control", b"no-store"))
_SAFE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}\Z")


class Rejected(WorkbenchError):
    """A request that is answered with a 4xx or 503 and one sentence.

    Parameters
    ----------
    status : int
        Of the answer.
    message : str
        What was expected, what came, what to do.
    headers : dict, optional
        More headers of the answer.
    """

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.headers = dict(headers or {})


@dataclass
class Request:
    """What a client sent.

    Parameters
    ----------
    method, path : str
        Of the request.
    headers : dict of bytes to bytes
        By lower-case name; of several, the last.
    client : str
        Address of the peer.
    receive : callable
        ASGI's.
    id : str
        The client's own ``X-Request-ID`` where it is plain, or a new one.
    """

    method: str
    path: str
    headers: dict[bytes, bytes]
    client: str
    receive: Receive
    id: str
    notes: dict[str, Any] = field(default_factory=dict)
    whole: bool = False  # whether the body has come: what follows then is that the client hangs up

    @classmethod
    def of(cls, scope: Scope, receive: Receive) -> Request:
        """The request of an ASGI scope."""
        headers = dict(scope["headers"])
        own = headers.get(b"x-request-id", b"").decode("latin-1")
        client = (scope.get("client") or ("",))[0]
        request_id = own if own and _SAFE_ID.match(own) else new_id()
        return cls(scope["method"], scope["path"], headers, client, receive, request_id)

    def header(self, name: bytes) -> str:
        """A header's value, or an empty text."""
        return self.headers.get(name, b"").decode("latin-1")

    @property
    def content_type(self) -> str:
        """Without its parameters, in lower case."""
        return self.header(b"content-type").partition(";")[0].strip().lower()

    async def body(self) -> bytes:
        """The whole body.

        Raises
        ------
        Rejected
            413 if it is larger than it may be, with or without a ``Content-Length``; 408 if it takes too long;
            400 if it ends early.
        """
        length = self.headers.get(b"content-length", b"0")
        if length.isdigit() and len(length) < 20 and int(length) > in_force().most_bytes:
            raise _too_large()
        try:
            message = await _AtOnceOrTimed(self.receive())
            if message["type"] == "http.request" and not message.get("more_body"):
                self.whole = True
                return _bounded(message.get("body", b""))
            async with asyncio.timeout(in_force().body_seconds):
                return await self._rest(message)
        except TimeoutError:
            late = f"The body took longer than {in_force().body_seconds:g} seconds. Send it again."
            raise Rejected(408, late, {"Connection": "close"}) from None  # what comes late belongs to no request

    async def _rest(self, message: Mapping[str, Any]) -> bytes:
        content = bytearray()
        while True:
            if message["type"] == "http.disconnect":
                raise Rejected(400, "The body ended early. Send the whole request.")
            content += message.get("body", b"")
            _bounded(content)
            if not message.get("more_body"):
                self.whole = True
                return bytes(content)
            message = await self.receive()


class _AtOnceOrTimed:
    """A message that mostly is there at once: only one that has to be waited for pays for a clock."""

    def __init__(self, coming: Awaitable[MutableMapping[str, Any]]) -> None:
        self._steps = coming.__await__()

    def __await__(self) -> Generator[Any, Any, MutableMapping[str, Any]]:
        try:
            waited_for = next(self._steps)
        except StopIteration as arrived:
            return arrived.value
        return (yield from self._timed(waited_for).__await__())

    async def _timed(self, waited_for: Any) -> MutableMapping[str, Any]:
        async with asyncio.timeout(in_force().body_seconds):
            return await _Begun(waited_for, self._steps)


class _Begun:
    """The rest of an awaitable that has already given the first future it waits for."""

    def __init__(self, waited_for: Any, steps: Generator[Any, Any, MutableMapping[str, Any]]) -> None:
        self._waited_for = waited_for
        self._steps = steps

    def __await__(self) -> Generator[Any, Any, MutableMapping[str, Any]]:
        waited_for = self._waited_for
        while True:
            try:
                yield waited_for
            except BaseException as error:  # noqa: BLE001 - a cancellation belongs to what waits, as with yield from
                resume = partial(self._steps.throw, error)
            else:
                resume = partial(next, self._steps)
            try:
                waited_for = resume()
            except StopIteration as arrived:
                return arrived.value


@dataclass(slots=True)
class Answer:
    """What a client gets.

    Parameters
    ----------
    body : bytes
        Content.
    status : int
        HTTP status.
    media_type : str
        Of the body.
    headers : dict
        More headers.
    """

    body: bytes
    status: int = 200
    media_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)

    async def send(self, send: Send, request_id: str) -> None:
        """Send it over ASGI."""
        headers = [*head_of(self.media_type, request_id), (b"content-length", str(len(self.body)).encode())]
        if self.headers:
            headers += [(name.encode(), value.encode("latin-1", "replace")) for name, value in self.headers.items()]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body})


def head_of(media_type: str, request_id: str) -> list[tuple[bytes, bytes]]:
    """Headers that every answer has."""
    return [(b"content-type", media_type.encode()), (b"x-request-id", request_id.encode()), *_ALWAYS]


def answer_json(content: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """Content as JSON."""
    return Answer(to_json(content), status, JSON, headers or {})


def answer_text(content: str, media_type: str = "text/plain; charset=utf-8") -> Answer:
    """Content as plain text."""
    return Answer(content.encode(), 200, media_type)


def answer_error(
    error: Rejected,
    problems: list[dict[str, Any]] | None = None,
    more: int = 0,
    also: Mapping[str, Any] | None = None,
) -> Answer:
    """A sentence, and the faults of the rows. ``error_code`` and ``message`` are where an MLflow client looks."""
    body: dict[str, Any] = {
        "error": str(error),
        "error_code": _code(error.status),
        "message": str(error),
        **(also or {}),
    }
    if problems:
        body |= {"problems": problems, "more_problems": more}
    headers = {"Retry-After": "1", **error.headers} if error.status in (429, 503) else error.headers
    return answer_json(body, error.status, headers)


def _code(status: int) -> str:
    codes = {401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "ENDPOINT_NOT_FOUND", 429: "REQUEST_LIMIT_EXCEEDED"}
    return codes.get(status, "INTERNAL_ERROR" if status >= 500 else "BAD_REQUEST")


def _bounded(content: bytes | bytearray) -> bytes:
    if len(content) > in_force().most_bytes:
        raise _too_large()
    return content  # type: ignore[return-value]  # a bytearray is only measured here


def _too_large() -> Rejected:
    told = f"The body is larger than {in_force().most_bytes} bytes. Send fewer rows at a time, or a stream."
    return Rejected(413, told, {"Connection": "close"})  # the rest of it belongs to no request


def _text(value: Any) -> str:
    """A moment that came in Arrow."""
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


# In ASCII where the quick way does not take it: a lone surrogate in a value has no UTF-8.
to_json = writer(_text, json.JSONEncoder(allow_nan=False, default=_text).encode)
