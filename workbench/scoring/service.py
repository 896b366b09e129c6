"""The scoring service: JSON rows in, predictions with reasons out.

Every row is checked against the contract first. What breaks it is a 422 that names the field, what was expected and
what came; what is merely unusual is scored and flagged. A client never sees a stack trace.
"""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Awaitable, Callable
from hmac import compare_digest
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from workbench.core.checking import check
from workbench.core.contract import Column, Contract
from workbench.errors import BadRow, Refused, WorkbenchError
from workbench.scoring.log import PredictionLog
from workbench.scoring.metrics import Metrics
from workbench.scoring.runtime import Scorer

MOST_BYTES = 10 * 2**20
MOST_ROWS = 10_000
KEY = "WORKBENCH_API_KEY"
OPEN = ("/health", "/ready")  # probes carry no key

Handler = Callable[[Request], Awaitable[Response]]


class Service:
    """One model behind HTTP; :meth:`follow` exchanges the model between two requests.

    Parameters
    ----------
    scorer : Scorer
        The model to begin with.
    log : PredictionLog, optional
        Where questions and answers are kept.
    key : str, optional
        What a client must send as ``X-API-Key`` or bearer token; by default the environment's ``WORKBENCH_API_KEY``.
    """

    def __init__(self, scorer: Scorer, log: PredictionLog | None = None, key: str | None = None) -> None:
        self.scorer = _warm(scorer)
        self.log = log
        self.metrics = Metrics()
        self._key = key if key is not None else os.environ.get(KEY)

    def follow(self, scorer: Scorer) -> None:
        """Answer with another version from now on; a request in progress keeps the old one."""
        if self.log is not None:  # before its first row: what either version calls sensitive is kept out in clear
            self.log.sensitive |= frozenset(scorer.sensitive)
        self.scorer = _warm(scorer)

    def application(self) -> Starlette:
        """The ASGI application."""
        posts = {"/predict": self._predict, "/explain": self._explain, "/feedback": self._feedback}
        gets = {
            "/contract": self._contract,
            "/health": self._health,
            "/ready": self._ready,
            "/metrics": self._metrics,
            "/openapi.json": self._openapi,
        }
        return Starlette(
            routes=[
                *(Route(path, self._guarded(path, handler), methods=["POST"]) for path, handler in posts.items()),
                *(Route(path, self._guarded(path, handler), methods=["GET"]) for path, handler in gets.items()),
            ]
        )

    def _guarded(self, path: str, handler: Handler) -> Handler:
        """The handler behind the key, with errors as answers and the time counted."""

        async def answer(request: Request) -> Response:
            start = time.perf_counter()
            response = await self._safely(path, handler, request)
            self.metrics.answered(path, response.status_code, time.perf_counter() - start)
            return response

        return answer

    async def _safely(self, path: str, handler: Handler, request: Request) -> Response:
        try:
            if path not in OPEN and not self._allowed(request):
                return _error(401, "This service needs a key. Send it as the header X-API-Key.")
            return await handler(request)
        except _Rejected as error:
            return _error(error.status, str(error))
        except BadRow as error:
            return _error(422, "A row breaks the contract. Correct the fields and send it again.", error.problems)
        except Refused as error:
            return _error(501, str(error))
        except ClientDisconnect:
            return _error(400, "The body ended early. Send the whole request.")
        except Exception:  # the last resort: the log has the trace, the client a sentence
            logging.getLogger(__name__).exception("Request to %s failed", path)
            return _error(500, "The service failed on this request. Its log says why.")

    def _allowed(self, request: Request) -> bool:
        if not self._key:
            return True
        sent = request.headers.get("x-api-key") or request.headers.get("authorization", "").removeprefix("Bearer ")
        return compare_digest(sent.encode("latin-1", "replace"), self._key.encode())  # HTTP headers are Latin-1

    async def _predict(self, request: Request) -> Response:
        rows, single = _rows(await _body(request))
        answers = await run_in_threadpool(self._score, rows)
        return _json(answers[0] if single else {"predictions": answers})

    def _score(self, rows: list[Any]) -> list[dict[str, Any]]:
        start, scorer = time.perf_counter(), self.scorer
        answers = scorer.predict(rows)
        self.metrics.predicted(scorer.bundle.version, len(rows), (f for a in answers for f in a["flags"]))
        if self.log is not None:
            latency = 1000 * (time.perf_counter() - start)
            known = set(scorer.contract.names)
            self.log.append(
                [
                    {**a, "row": {c: v for c, v in row.items() if c in known}, "latency_ms": latency}
                    for a, row in zip(answers, rows, strict=True)
                ]
            )
        return answers

    async def _explain(self, request: Request) -> Response:
        rows, _ = _rows(await _body(request))
        return _json(await run_in_threadpool(self.scorer.explain, rows))

    async def _feedback(self, request: Request) -> Response:
        body = await _body(request)
        items = body.get("labels", [body]) if isinstance(body, dict) else None
        if not isinstance(items, list) or not all(isinstance(i, dict) and {"id", "label"} <= i.keys() for i in items):
            raise _Rejected(422, 'Feedback is {"id": …, "label": …} or {"labels": [those]}. Send one of them.')
        if self.log is None:
            raise _Rejected(503, "This service keeps no log, so labels have no place. Start it with --log FOLDER.")
        _check_labels([i["label"] for i in items], self.scorer)
        known = await run_in_threadpool(self.log.label, [(i["id"], i["label"]) for i in items])
        return _json({"labels": len(items), "known": known})

    async def _contract(self, request: Request) -> Response:
        bundle = self.scorer.bundle
        return _json(
            {
                "name": bundle.name,
                "version": bundle.version,
                "features": list(bundle.features),
                **self.scorer.contract.only(bundle.features).to_dict(),
            }
        )

    async def _health(self, request: Request) -> Response:
        return _json({"status": "ok"})

    async def _ready(self, request: Request) -> Response:
        return _json({"status": "ready", "name": self.scorer.bundle.name, "version": self.scorer.bundle.version})

    async def _metrics(self, request: Request) -> Response:
        return PlainTextResponse(self.metrics.text(self.scorer.bundle.version), media_type="text/plain; version=0.0.4")

    async def _openapi(self, request: Request) -> Response:
        return _json(openapi(self.scorer))


def openapi(scorer: Scorer) -> dict[str, Any]:
    """The OpenAPI description of the service, with the contract as the schema of a row."""
    row = {"$ref": "#/components/schemas/Row"}
    many = {
        "type": "object",
        "properties": {"rows": {"type": "array", "maxItems": MOST_ROWS, "items": row}},
        "required": ["rows"],
    }
    body = {"required": True, "content": {"application/json": {"schema": {"oneOf": [row, many]}}}}
    bad = {"description": "A row breaks the contract: field, expected, got."}
    post = {"requestBody": body, "responses": {"200": {"description": "Answers."}, "422": bad}}
    get = {"responses": {"200": {"description": "OK"}}}
    return {
        "openapi": "3.1.0",
        "info": {"title": scorer.bundle.name, "version": str(scorer.bundle.version)},
        "paths": {
            **{
                path: {"post": {"summary": what, **post}}
                for path, what in (("/predict", "Score rows"), ("/explain", "Say why"))
            },
            "/feedback": {
                "post": {"summary": "Send labels that came later", "responses": {"200": {"description": "OK"}}}
            },
            **{p: {"get": get} for p in ("/contract", "/health", "/ready", "/metrics")},
        },
        "components": {"schemas": {"Row": row_schema(scorer.contract, scorer.features)}},
    }


def row_schema(contract: Contract, features: tuple[str, ...]) -> dict[str, Any]:
    """JSON Schema of a row."""
    return {
        "type": "object",
        "required": list(features),
        "properties": {name: _column_schema(contract[name]) for name in features},
    }


def _column_schema(column: Column) -> dict[str, Any]:
    kind = {"number": "number", "integer": "integer", "boolean": "boolean"}.get(column.kind, "string")
    schema: dict[str, Any] = {"type": [kind, "null"] if column.missing_allowed else kind}
    if column.kind == "datetime":
        schema["format"] = "date-time"
    if column.categories is not None and column.kind == "category":
        schema["examples"] = list(column.categories[:5])
    return schema


class _Rejected(WorkbenchError):
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def _warm(scorer: Scorer) -> Scorer:
    """The scorer with its paths found, so that no client waits for them."""
    scorer.model.explain({name: [None] for name in scorer.features})
    return scorer


async def _body(request: Request) -> Any:
    """The JSON of a request, never more than the limit."""
    content = bytearray()
    async for part in request.stream():
        content += part
        if len(content) > MOST_BYTES:
            raise _Rejected(413, f"The body is larger than {MOST_BYTES} bytes. Send fewer rows at a time.")
    try:
        return json.loads(bytes(content))
    except (ValueError, RecursionError) as error:
        where = f" at line {error.lineno}, column {error.colno}" if isinstance(error, json.JSONDecodeError) else ""
        raise _Rejected(400, f"The body is not JSON{where}. Send an object of columns and values.") from error


def _rows(body: Any) -> tuple[list[Any], bool]:
    """The rows of a body, and whether it was a single one."""
    if not isinstance(body, dict):
        raise _Rejected(422, 'Send one row as an object, or {"rows": [objects]}.')
    rows = body.get("rows")
    if not isinstance(rows, list):
        return [body], True
    if not rows:
        raise _Rejected(422, "There is no row. Send at least one.")
    if len(rows) > MOST_ROWS:
        raise _Rejected(413, f"{len(rows)} rows are more than {MOST_ROWS}. Send them in parts.")
    return rows, False


def _check_labels(labels: list[Any], scorer: Scorer) -> None:
    """Refuse what the model can't have predicted: one such label in the log would stop the monitoring of all others."""
    classes, target = scorer.bundle.classes, str(scorer.contract.target)
    if classes:
        told = f"one of {', '.join(map(repr, classes))}"
        problems = [{"row": i, "field": "label", "expected": told, "got": repr(label)[:60]}
                    for i, label in enumerate(labels) if label is not None and label not in classes]  # fmt: skip
    else:
        given = [{target: label} for label in labels if label is not None]
        problems = [{**p, "field": "label"} for p in check(given, scorer.contract, (target,)).problems]
    if problems:
        raise BadRow(problems)


def _error(status: int, message: str, problems: list[dict[str, Any]] | None = None) -> Response:
    return _json({"error": message, **({"problems": problems} if problems else {})}, status)


def _json(content: Any, status: int = 200) -> Response:
    # ASCII only: a lone surrogate in a value has no UTF-8.
    return Response(json.dumps(content, allow_nan=False), status, media_type="application/json")
