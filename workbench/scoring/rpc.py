"""The Open Inference Protocol over gRPC, by choice: each call is asked of the same service as its REST address.

So a row that comes by gRPC is checked, logged, counted, shared between versions, and held to keys and rates as any
other. What this adds is a translation: messages to the body of a request with raw bytes behind it, and back.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator, Mapping, MutableMapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from workbench.scoring.http import JSON, Receive, Scope, Send
from workbench.scoring.limits import in_force
from workbench.scoring.rpc_messages import CONTENTS, METHODS, SERVICE, messages, missing_extra
from workbench.scoring.v2 import LENGTH

GRACE = 5.0  # seconds that calls in progress get at the end
MOST_CALLS = 512  # at a time
# What a call ends with, by the status of HTTP.
CODES = {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND",
         408: "DEADLINE_EXCEEDED", 413: "INVALID_ARGUMENT", 415: "INVALID_ARGUMENT", 422: "INVALID_ARGUMENT",
         429: "RESOURCE_EXHAUSTED", 501: "UNIMPLEMENTED", 503: "UNAVAILABLE"}  # fmt: skip
NOT_READY = (404, 503)  # an answer to who asks whether it is, and no error
CALLERS = ("x-api-key", "authorization", "x-request-id")  # what of a call's metadata the service reads


class Called(NamedTuple):
    """What the service is asked for one call.

    Parameters
    ----------
    method, path : str
        Of the REST address.
    body : bytes
        Of the request.
    headers : dict of str to str
        Besides the caller's.
    """

    method: str
    path: str
    body: bytes = b""
    headers: Mapping[str, str] = {}


class Unfit(Exception):
    """A message that can't be asked."""


class WithRpc:
    """A service, and beside it a gRPC server that lives as long as it does; an ASGI application, too.

    Parameters
    ----------
    service : callable
        The ASGI application that answers.
    address : str
        ``HOST:PORT`` to listen on.
    host : str
        A name that the service answers for: gRPC has no pages of other sites that could ask.
    certificate, certificate_key : path, optional
        TLS, in PEM.
    shared : bool
        Whether other processes listen on the port, too.

    Raises
    ------
    MissingExtra
        If grpcio or protobuf is not installed.
    """

    def __init__(
        self,
        service: Callable[[Scope, Receive, Send], Awaitable[None]],
        address: str,
        host: str = "localhost",
        certificate: Path | None = None,
        certificate_key: Path | None = None,
        shared: bool = False,
    ) -> None:
        messages()
        try:
            self._grpc, self._aio = import_module("grpc"), import_module("grpc.aio")
        except ImportError as error:
            raise missing_extra() from error
        self._service, self._address, self._host, self._shared = service, address, host, shared
        self._tls = certificate and (certificate, certificate_key or certificate)
        self._server: Any = None
        self.port = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI calls this."""
        if scope["type"] != "lifespan":
            await self._service(scope, receive, send)
            return

        async def heard() -> MutableMapping[str, Any]:
            message = await receive()
            if message["type"] == "lifespan.shutdown":
                await self._server.stop(GRACE)
            else:
                await self._start(send)
            return message

        await self._service(scope, heard, send)

    async def _start(self, send: Send) -> None:
        options = (("grpc.max_receive_message_length", in_force().most_bytes), ("grpc.so_reuseport", int(self._shared)))
        self._server = self._aio.server(options=options, maximum_concurrent_rpcs=MOST_CALLS)
        known = messages()
        handlers = {
            name: self._grpc.unary_unary_rpc_method_handler(
                self._answering(name), known[f"{name}Request"].FromString, known[f"{name}Response"].SerializeToString
            )
            for name in METHODS
        }
        self._server.add_generic_rpc_handlers((self._grpc.method_handlers_generic_handler(SERVICE, handlers),))
        try:
            self.port = self._listen()
            await self._server.start()
        except (RuntimeError, OSError) as error:
            told = f"gRPC can't listen on {self._address}: is it another program's? Give another --grpc PORT."
            await send({"type": "lifespan.startup.failed", "message": told})
            raise RuntimeError(told) from error

    def _listen(self) -> int:
        if not self._tls:
            return int(self._server.add_insecure_port(self._address))
        certificate, key = (path.read_bytes() for path in self._tls)
        return int(self._server.add_secure_port(self._address, self._grpc.ssl_server_credentials([(key, certificate)])))

    def _answering(self, name: str) -> Callable[[Any, Any], Awaitable[Any]]:
        async def answer(message: Any, context: Any) -> Any:
            sent = {key: value for key, value in context.invocation_metadata() or () if key in CALLERS}
            try:
                status, headers, body = await asked(
                    self._service, called(name, message), sent, self._host, context.peer()
                )
            except Unfit as error:
                await context.abort(self._grpc.StatusCode.INVALID_ARGUMENT, str(error))
            if status in NOT_READY and name.endswith("Ready"):
                return messages()[f"{name}Response"](ready=False)
            if status != 200:
                told = json.loads(body).get("error", "") if body[:1] == b"{" else ""
                waits = [("retry-after", headers["retry-after"])] if "retry-after" in headers else []
                code = getattr(self._grpc.StatusCode, CODES.get(status, "INTERNAL"))
                await context.abort(code, told, tuple(waits))
            return answered(name, body, headers, bool(getattr(message, "raw_input_contents", ())))

        return answer


async def asked(
    service: Callable[[Scope, Receive, Send], Awaitable[None]],
    call: Called,
    sent: Mapping[str, str],
    host: str,
    peer: str,
) -> tuple[int, dict[str, str], bytes]:
    """Ask the service as a request of HTTP; status, headers and body of its answer."""
    headers = {**sent, **call.headers, "host": host, "content-length": str(len(call.body))}
    scope = {
        "type": "http",
        "method": call.method,
        "path": call.path,
        "query_string": b"",
        "headers": [(name.lower().encode(), value.encode("latin-1", "replace")) for name, value in headers.items()],
        "client": (peer.partition(":")[2].rpartition(":")[0].strip("[]"), 0),
    }
    came: list[MutableMapping[str, Any]] = []
    bodies = [call.body]

    async def receive() -> MutableMapping[str, Any]:
        while not bodies:
            await asyncio.Event().wait()  # a client that leaves cancels the call
        return {"type": "http.request", "body": bodies.pop(), "more_body": False}

    async def send(message: MutableMapping[str, Any]) -> None:
        came.append(message)

    await service(scope, receive, send)
    there = {name.decode().lower(): value.decode("latin-1") for name, value in came[0]["headers"]}
    return came[0]["status"], there, b"".join(message.get("body", b"") for message in came[1:])


def called(name: str, message: Any) -> Called:
    """What the service is asked for a message.

    Raises
    ------
    Unfit
        If its contents are not what it says.
    """
    if name in ("ServerLive", "ServerReady"):
        return Called("GET", f"/v2/health/{name.removeprefix('Server').lower()}")
    if name == "ServerMetadata":
        return Called("GET", "/v2")
    if name != "ModelInfer":
        return Called("GET", _model(message.name, message.version) + ("/ready" if name == "ModelReady" else ""))
    raw = list(message.raw_input_contents)
    if raw and len(raw) != len(message.inputs):
        raise Unfit(f"There are {len(message.inputs)} inputs and {len(raw)} raw contents. Send one of each.")
    head = {
        "id": message.id,
        "parameters": {**_plain(message.parameters), "binary_data_output": bool(raw)},
        "inputs": list(_inputs(message.inputs, raw)),
        "outputs": [{"name": one.name, "parameters": _plain(one.parameters)} for one in message.outputs],
    }
    text = json.dumps(head).encode()
    path = _model(message.model_name, message.model_version) + "/infer"
    return Called("POST", path, b"".join((text, *raw)), {"content-type": JSON, LENGTH: str(len(text))})


def answered(name: str, body: bytes, headers: Mapping[str, str], raw: bool) -> Any:
    """The message of an answer."""
    known = messages()
    if name != "ModelInfer":
        content = json.loads(body)
        fields = {field.name for field in known[f"{name}Response"].DESCRIPTOR.fields}
        return known[f"{name}Response"](**{key: value for key, value in content.items() if key in fields})
    head = int(headers.get(LENGTH.lower(), len(body)))
    content, at, behind = json.loads(body[:head]), head, []
    outputs = []
    for one in content["outputs"]:
        size = one.get("parameters", {}).pop("binary_data_size", None)
        if size is not None:
            behind.append(body[at : at + size])
            at += size
        outputs.append(_output(known, one))
    told = {key: content[key] for key in ("model_name", "model_version", "id") if key in content}
    return known["ModelInferResponse"](**told, outputs=outputs, raw_output_contents=behind if raw else [])


def _model(name: str, version: str) -> str:
    """The path of a model, as it stands in a request: ASGI has it unquoted, so what could be a part of it goes."""
    return f"/v2/models/{quote(name, safe='')}" + (f"/versions/{quote(version, safe='')}" if version else "")


def _inputs(inputs: Sequence[Any], raw: Sequence[bytes]) -> Iterator[dict[str, Any]]:
    for i, one in enumerate(inputs):
        said = {"name": one.name, "datatype": one.datatype, "shape": list(one.shape)}
        parameters = _plain(one.parameters)
        if raw:
            yield {**said, "parameters": {**parameters, "binary_data_size": len(raw[i])}}
        else:
            yield {**said, "parameters": parameters, "data": _contents(one)}


def _contents(tensor: Any) -> list[Any]:
    if tensor.datatype not in CONTENTS:
        raise Unfit(
            f"The datatype {tensor.datatype[:20]!r} comes as raw contents alone. Send BYTES, FP64, INT64 or BOOL."
        )
    values = getattr(tensor.contents, CONTENTS[tensor.datatype])
    try:
        return [value.decode() for value in values] if tensor.datatype == "BYTES" else list(values)
    except UnicodeDecodeError:
        raise Unfit(f"The input {tensor.name[:60]!r} holds texts that are no UTF-8. Send UTF-8.") from None


def _plain(parameters: Mapping[str, Any]) -> dict[str, Any]:
    chosen = {name: value.WhichOneof("choice") for name, value in parameters.items()}
    return {name: getattr(parameters[name], choice) for name, choice in chosen.items() if choice}


def _output(known: Mapping[str, Any], one: Mapping[str, Any]) -> Any:
    said = {name: one[name] for name in ("name", "datatype", "shape")}
    if "data" in one:
        values = (
            [text.encode("utf-8", "replace") for text in one["data"]] if one["datatype"] == "BYTES" else one["data"]
        )
        said["contents"] = known["Contents"](**{CONTENTS[one["datatype"]]: values})
    parameters = {name: known["Parameter"](string_param=str(v)) for name, v in one.get("parameters", {}).items()}
    return known["OutputTensor"](**said, parameters=parameters)
