"""The server of the Model Context Protocol, by its official SDK: over standard input, or over HTTP with keys.

It reads alone unless it is started with more (``--allow author``, ``--allow approve``). Over HTTP a key with the scope
*read* looks, and one with *admin* may do what the server was started for.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from importlib import import_module
from typing import Any

from workbench import __version__
from workbench.core.parameters import STEPS
from workbench.errors import BadParameter, MissingExtra, WorkbenchError
from workbench.mcp.tools import ROLES, TOOLS, Answered, Tool, Workplace
from workbench.scoring.keys import Access

ROLE = "workbench.role"  # of who asks, in a request's scope
VIEW = "workbench://view/"
NOTEBOOK = "workbench://notebook"
HELP = (
    "Workbench leads from a table to a model that is watched: dataset, profile, train, explain, fairness, package, "
    "score, feedback, monitor. Call status to see where the notebook stands and what is sensible next. Each step "
    "writes a cell of plain Python into the notebook; findings in a result say what is wrong and what to do about it."
)
Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]


def server(place: Workplace, allow: str = "look") -> Any:
    """A server of the SDK with the tools of a workplace.

    Parameters
    ----------
    place : Workplace
        Where the steps are taken.
    allow : {"look", "author", "approve"}
        What who asks may do at most.

    Raises
    ------
    MissingExtra
        If the SDK is not installed.
    BadParameter
        If there is no such role.
    """
    if allow not in ROLES:
        raise BadParameter.unknown(allow, ROLES, "What an agent may do")
    types, lowlevel = _sdk("mcp_types"), _sdk("mcp.server.lowlevel")
    speaking = _Speaking(place, allow, types)

    @asynccontextmanager
    async def living(server: Any) -> Any:
        try:
            yield {}
        finally:
            await place.notebook.close()

    return lowlevel.Server(
        "workbench",
        version=__version__,
        title="Workbench",
        instructions=HELP,
        lifespan=living,
        on_list_tools=speaking.tools,
        on_call_tool=speaking.call,
        on_list_resources=speaking.resources,
        on_read_resource=speaking.read,
    )


async def over_standard_input(place: Workplace, allow: str = "look") -> None:
    """Answer who has started this process, until its input ends."""
    made, stdio = server(place, allow), _sdk("mcp.server.stdio")
    async with stdio.stdio_server() as (coming, going):
        await made.run(coming, going, made.create_initialization_options())


def over_http(place: Workplace, allow: str = "look", access: Access | None = None, host: str = "127.0.0.1") -> Any:
    """The ASGI application; without any key it is for this machine alone.

    Raises
    ------
    BadParameter
        If it would listen beyond loopback without a key.
    """
    known = access or Access.of_environment()
    if known.open and host not in ("127.0.0.1", "localhost", "::1"):
        raise BadParameter("Beyond this machine an agent needs a key. Make one with workbench keys, and give --keys.")
    return Guarded(server(place, allow).streamable_http_app(host=host), known, allow)


class Guarded:
    """An application that answers whose key it knows, each in the role of its scopes.

    Parameters
    ----------
    application : ASGI application
    access : Access
        The keys.
    allow : str
        What somebody may do at most.
    """

    def __init__(self, application: Any, access: Access, allow: str) -> None:
        self._application, self._access, self._allow = application, access, allow

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; ASGI calls this."""
        if scope["type"] == "http":
            role = self._role(dict(scope["headers"]))
            if not role:
                await _refuse(send)
                return
            scope = {**scope, ROLE: role}
        await self._application(scope, receive, send)

    def _role(self, headers: dict[bytes, bytes]) -> str:
        if self._access.open:
            return self._allow
        sent = headers.get(b"x-api-key") or headers.get(b"authorization", b"").removeprefix(b"Bearer ")
        caller = self._access.caller(sent.decode("latin-1"))
        scopes = caller.scopes if caller else frozenset()
        return self._allow if "admin" in scopes else "look" if "read" in scopes else ""


async def _refuse(send: Send) -> None:
    body = json.dumps({"error": "This needs a key with the scope read or admin. Send it as Authorization: Bearer KEY."})
    headers = [(b"content-type", b"application/json"), (b"www-authenticate", b"Bearer")]
    await send({"type": "http.response.start", "status": 401, "headers": headers})
    await send({"type": "http.response.body", "body": body.encode()})


class _Speaking:
    """What the protocol asks, answered by the tools."""

    def __init__(self, place: Workplace, allow: str, types: Any) -> None:
        self._place, self._allow, self._types = place, allow, types

    def _role(self, context: Any) -> str:
        """Of who asks: over HTTP that of the key."""
        scope = getattr(context.request, "scope", {})
        return str(scope.get(ROLE, self._allow))

    async def tools(self, context: Any, params: Any) -> Any:
        role = self._role(context)
        return self._types.ListToolsResult(tools=[self._tool(t) for t in TOOLS.values() if t.allowed(role)])

    def _tool(self, tool: Tool) -> Any:
        hints = self._types.ToolAnnotations(
            title=tool.title, read_only_hint=tool.role == "look", destructive_hint=tool.destroys, open_world_hint=False
        )
        return self._types.Tool(
            name=tool.name, title=tool.title, description=tool.description, input_schema=tool.schema, annotations=hints
        )

    async def call(self, context: Any, params: Any) -> Any:
        tool, role = TOOLS.get(params.name), self._role(context)
        if tool is None or not tool.allowed(role):
            return self._answer(Answered(_refusal(params.name, tool, role), failed=True))
        try:
            return self._answer(await tool.run(self._place, dict(params.arguments or {}), _teller(context)))
        except WorkbenchError as error:
            return self._answer(Answered(str(error), failed=True))

    def _answer(self, given: Answered) -> Any:
        return self._types.CallToolResult(
            content=[self._types.TextContent(text=given.text)],
            structured_content=given.content or None,
            is_error=given.failed,
        )

    async def resources(self, context: Any, params: Any) -> Any:
        views = [verb for verb in STEPS if self._place.notebook.view(verb)]
        made = [self._types.Resource(uri=NOTEBOOK, name="notebook", mime_type="application/x-ipynb+json")]
        made += [self._types.Resource(uri=f"{VIEW}{v}", name=f"view of {v}", mime_type="text/html") for v in views]
        return self._types.ListResourcesResult(resources=made)

    async def read(self, context: Any, params: Any) -> Any:
        uri = str(params.uri)
        verb = uri.removeprefix(VIEW)
        if uri == NOTEBOOK:
            text, kind = self._place.notebook.source(), "application/x-ipynb+json"
        elif verb in STEPS and (view := self._place.notebook.view(verb)):
            text, kind = view, "text/html"
        else:
            exceptions = _sdk("mcp.shared.exceptions")
            raise exceptions.MCPError(-32602, f"There is no resource {uri[:200]!r}. List them to see which there are.")
        contents = self._types.TextResourceContents(uri=uri, text=text, mime_type=kind)
        return self._types.ReadResourceResult(contents=[contents])


def _refusal(name: str, tool: Tool | None, role: str) -> str:
    if tool is None:
        known = ", ".join(t.name for t in TOOLS.values() if t.allowed(role))
        return f"There is no tool {name[:60]!r}. Call one of {known}."
    return f"{name} needs the role {tool.role}, and this is {role}. Ask a person to start with --allow {tool.role}."


def _teller(context: Any) -> Callable[[float, float | None, str], None]:
    """Tells progress to who asked, from inside the loop of events, and never waits for it."""
    sending: set[asyncio.Future[None]] = set()

    def tell(done: float, total: float | None, note: str) -> None:
        told = asyncio.ensure_future(context.session.report_progress(done, total, note))
        sending.add(told)
        told.add_done_callback(sending.discard)

    return tell


def _sdk(module: str) -> Any:
    try:
        return import_module(module)
    except ImportError as error:
        raise MissingExtra(
            "Agents need the SDK of the Model Context Protocol. Install it with: pip install 'ml-workbench[mcp]'"
        ) from error
