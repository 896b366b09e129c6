"""The scoring service: rows in, predictions with reasons out.

Every row is checked against the contract first. What breaks it is a 422 that names the field, what was expected and
what came; what is merely unusual is scored and flagged. A client never sees a stack trace.

:mod:`workbench.scoring.answering` scores them; here requests are told apart, and answered.
"""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
import sqlite3
import sys
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from typing import Any

from workbench import __version__
from workbench.errors import BadRow, Refused, StoreError, WorkbenchError
from workbench.scoring.addresses import Addresses, Handler
from workbench.scoring.answering import Answering
from workbench.scoring.bodies import ARROW, CSV, Rows, read_json, rows_of_arrow, rows_of_csv, rows_of_json
from workbench.scoring.bodies import rows_of_mlflow as mlflow_rows
from workbench.scoring.http import (
    JSON,
    Answer,
    Receive,
    Rejected,
    Request,
    Scope,
    Send,
    answer_error,
    answer_json,
    answer_text,
)
from workbench.scoring.keys import Access
from workbench.scoring.labels import clean_labels, labels_of
from workbench.scoring.loads import Loads
from workbench.scoring.log import PredictionLog
from workbench.scoring.metrics import Gauges, Metrics, kept_beside
from workbench.scoring.models import MOST_PROBLEMS
from workbench.scoring.openapi import openapi
from workbench.scoring.queries import reasons_asked
from workbench.scoring.rate import Rate
from workbench.scoring.repeats import LONGEST_KEY, Repeats
from workbench.scoring.routes import ROUTES
from workbench.scoring.runtime import Scorer
from workbench.scoring.traffic import Arm, Traffic, Trial

WITHOUT_EXPLANATION = (
    "This version was packaged without an explanation that a service can tell. POST /explain tells that of rows; for "
    "this one explain the run and package it again."
)
# Where rows are answered: what requests there take, and how many fail, is told to the monitor so often.
ANSWERING, MINUTE = frozenset(route.path for route in ROUTES if route.scope == "predict"), 60.0
HOSTS = ("localhost", "127.0.0.1", "::1")  # what a browser may call a service on loopback

_REQUESTS = logging.getLogger("workbench.scoring.requests")
Tracer = Callable[[Request], AbstractContextManager[Any]]


class Service:
    """One model behind HTTP; it is the ASGI application.

    Parameters
    ----------
    scorer : Scorer
        The model to begin with; :meth:`follow` exchanges it between two requests.
    log : PredictionLog, optional
        Where questions and answers are kept.
    access : Access, optional
        Who may ask; by default who has the environment's ``WORKBENCH_API_KEY``, and everyone where there is none.
    hosts : collection of str, optional
        Names that the ``Host`` header may have; None: any. On loopback it keeps strange web pages out.
    rate : float
        Requests a second of each caller; 0: no limit.
    arms, shadow : optional
        As :class:`workbench.scoring.traffic.Traffic` takes them.
    reload : callable, optional
        Gives the scorer that should answer now; ``SIGHUP`` and ``POST /admin/reload`` call it.
    tracer : callable, optional
        A context for each request, as OpenTelemetry's spans.

    Raises
    ------
    Refused
        If an arm or the shadow takes other rows than the model, or answers another question.
    """

    def __init__(
        self,
        scorer: Scorer,
        log: PredictionLog | None = None,
        access: Access | None = None,
        *,
        hosts: Collection[str] | None = None,
        rate: float = 0.0,
        arms: Sequence[Arm] = (),
        shadow: Scorer | None = None,
        reload: Callable[[], Scorer] | None = None,
        tracer: Tracer | None = None,
    ) -> None:
        self.log = log
        self.access = access or Access.of_environment()
        self.metrics = Metrics(self._gauges)
        self.answering = Answering(Traffic(scorer, tuple(arms), shadow), self.metrics, log)
        self._loads, self._process = Loads(), secrets.token_hex(4)
        self.rate = Rate(rate)
        self._hosts = None if hosts is None else frozenset(h.lower() for h in hosts)
        self._reload = reload
        self._tracer: Tracer = tracer or (lambda request: nullcontext())
        self._repeats = Repeats()
        self._addresses = Addresses(self)

    @property
    def traffic(self) -> Traffic:
        """Who answers at this moment."""
        return self.answering.traffic

    @property
    def scorer(self) -> Scorer:
        """The champion."""
        return self.traffic.champion

    def follow(self, scorer: Scorer) -> None:
        """Answer with another version from now on; a request in progress keeps the old one."""
        self.answering.follow(scorer)

    def try_out(self, trial: Trial | None) -> None:
        """Try a version out from now on, in place of the one before; None: the champion answers all again.

        Raises
        ------
        Refused
            If it takes other rows than the champion, or answers another question; the one before has gone then.
        BadParameter
            If its share does not fit beside the other arms; likewise.
        """
        self.answering.try_out(trial)

    def rollback(self) -> None:
        """End what is tried out; where nothing is, answer with the version before again: it is still in memory.

        Raises
        ------
        Refused
            If there was none since the service started.
        """
        self.answering.rollback()

    def reload(self) -> bool:
        """Answer with the version that is named now; False if it answers already.

        Raises
        ------
        Refused
            If this service was started with one fixed version.
        """
        if self._reload is None:
            raise Refused("This service was started with one fixed version. Start it with an alias or a folder.")
        scorer = self._reload()
        same = scorer.bundle == self.scorer.bundle
        if not same:
            self.follow(scorer)
        return not same

    def application(self) -> Service:
        """The ASGI application: this object."""
        return self

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; ASGI calls this."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1003})

    async def note(self) -> None:
        """Tell the log what was borne since the last time; a log that can't take it is told the next time again."""
        if self.log is None or not (taken := self._loads.taken()):
            return
        try:
            await asyncio.to_thread(self.log.bear, self._process, taken)
        except (sqlite3.Error, OSError):
            logging.getLogger(__name__).warning("What the service bore can't be written to its log")

    async def _note_often(self) -> None:
        while True:
            await asyncio.sleep(MINUTE)
            await self.note()

    async def _live(self, receive: Receive, send: Send) -> None:
        noting = asyncio.create_task(self._note_often())
        while True:
            message = await receive()
            if message["type"] == "lifespan.shutdown":
                noting.cancel()
                await asyncio.gather(noting, return_exceptions=True)
                await self.answering.close()
                await self.note()
                if self.log is not None:
                    await asyncio.to_thread(self.log.flush)
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        start = time.perf_counter()
        request = Request.of(scope, receive)
        request.notes |= {"query": scope.get("query_string", b""), "scheme": scope.get("scheme", "http")}
        with self._tracer(request):
            answer = await self._safely(request)
            request.notes["status"] = answer.status
            path = request.notes["address"]
            seconds = time.perf_counter() - start
            self.metrics.answered(path, answer.status, seconds)
            if path in ANSWERING:
                rows = request.notes.get("rows", 0)
                self._loads.answered(answer.status, seconds, rows, self.scorer.bundle.version)
            _tell(request, path, answer.status, seconds)
            await answer.send(send, request.id)

    async def _safely(self, request: Request) -> Answer:
        try:
            return await self._handler(request)(request)
        except Rejected as error:
            return answer_error(error)
        except BadRow as error:
            rejection = Rejected(422, "A row breaks the contract. Correct the fields and send it again.")
            return answer_error(rejection, error.problems[:MOST_PROBLEMS], max(0, len(error.problems) - MOST_PROBLEMS))
        except Refused as error:
            return answer_error(Rejected(501, str(error)))
        except StoreError as error:
            return answer_error(Rejected(503, str(error)))
        except Exception:  # the last resort: the log has the trace, the client a sentence
            logging.getLogger(__name__).exception("Request %s to %s failed", request.id, request.path)
            return answer_error(Rejected(500, "The service failed on this request. Its log says why."))

    def _handler(self, request: Request) -> Handler:
        address = self._addresses.find(request)
        request.notes["address"] = "other" if address is None else address.path
        self._check_host(request)
        if address is None:
            raise Rejected(404, "There is no such address. GET /openapi.json lists those that there are.")
        methods = address.methods
        if request.method not in methods:
            allowed = ", ".join(methods)
            raise Rejected(405, f"This address takes {allowed}. Send that.", {"Allow": allowed})
        scope, handler = methods[request.method]
        if scope:
            self.check_caller(request, scope)
        return handler

    def _check_host(self, request: Request) -> None:
        """A page of another site that has its name point to loopback can't read answers (DNS rebinding)."""
        if self._hosts is None:
            return
        host = request.header(b"host").lower()
        name = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
        if name not in self._hosts:
            raise Rejected(421, "This service answers for another host. Start it with --allow-host NAME.")

    def has_key(self, request: Request) -> bool:
        """Whether a request brings a key, of whatever worth."""
        return bool(_sent_key(request))

    def check_caller(self, request: Request, scope: str) -> None:
        """Let in whoever may.

        Raises
        ------
        Rejected
            401 without a known key, 403 without its scope, 429 where it asks too often.
        """
        caller = self.access.caller(_sent_key(request))
        # Unknown keys are slowed down by address, so that nobody can guess for long.
        seconds = self.rate.wait(f"key:{caller.name}" if caller and caller.name else f"from:{request.client}")
        if seconds:
            headers = {"Retry-After": str(int(seconds) + 1)}
            raise Rejected(429, f"Too many requests. Wait {seconds:.1f} seconds and send it again.", headers)
        if caller is None:
            headers = {"WWW-Authenticate": "Bearer"}
            raise Rejected(401, "This service needs a key. Send it as the header X-API-Key.", headers)
        request.notes["caller"] = caller.name
        if scope not in caller.scopes:
            raise Rejected(403, f"This key has not the scope {scope!r}. Ask for one that has.")

    async def _predict(self, request: Request) -> Answer:
        reasons = reasons_asked(request)
        rows, single = await _rows(request)
        answers = await self.scored(request, rows, reasons)
        return answer_json(answers[0] if single else {"predictions": answers})

    async def _invocations(self, request: Request) -> Answer:
        content = await request.body()
        kind = request.content_type
        if kind == JSON:
            rows = mlflow_rows(read_json(content), self.scorer.features)
        elif kind == CSV:
            rows = rows_of_csv(content, self.scorer.contract)
        elif kind == ARROW:
            rows = rows_of_arrow(content)
        else:
            raise _unsupported(JSON, CSV, ARROW)
        answers = await self.scored(request, rows, 0)
        return answer_json({"predictions": [a["prediction"] for a in answers],
                            "ids": [a["id"] for a in answers], "flags": [a["flags"] for a in answers]})  # fmt: skip

    async def scored(
        self, request: Request, rows: Rows, reasons: int, traffic: Traffic | None = None
    ) -> list[dict[str, Any]]:
        """The one door of rows: answers, logged, counted and shared between versions.

        Parameters
        ----------
        request : Request
            Which asks.
        rows : list
            As they came.
        reasons : int
            Columns named with each answer.
        traffic : Traffic, optional
            Who answers; by default whoever does now.

        Raises
        ------
        BadRow
            If a row breaks the contract.
        """
        request.notes["rows"] = len(rows)
        key = request.headers.get(b"idempotency-key")
        if not key or len(key) > LONGEST_KEY:
            return await self.answering.score(rows, reasons, traffic)
        named = (request.notes.get("caller"), request.path, key)
        answers, again = await self._repeats.once(
            named, rows, reasons, lambda: self.answering.score(rows, reasons, traffic)
        )
        if again:
            request.notes["rows"] = 0
        return answers

    async def _explain(self, request: Request) -> Answer:
        rows, _ = await _rows(request)
        return answer_json(await asyncio.to_thread(self.scorer.explain, rows))

    async def _feedback(self, request: Request) -> Answer:
        if request.content_type != JSON:
            raise _unsupported(JSON)
        items = labels_of(read_json(await request.body()))
        if self.log is None:
            raise Rejected(503, "This service keeps no log, so labels have no place. Start it with --log FOLDER.")
        labels = clean_labels([i["label"] for i in items], self.scorer)
        known = await asyncio.to_thread(self._labelled, self.log, [i["id"] for i in items], labels)
        return answer_json({"labels": len(items), "known": known})

    def _labelled(self, log: PredictionLog, ids: list[Any], labels: list[Any]) -> int:
        return log.label(zip(self.scorer.label_ids(ids, log.known), labels, strict=True))

    async def _reloaded(self, request: Request) -> Answer:
        try:
            changed = await asyncio.to_thread(self.reload)
        except (WorkbenchError, OSError) as error:
            logging.getLogger(__name__).warning("The new version can't be loaded: %s", error)
            raise Rejected(501, "The new version can't be loaded; the old one answers. The log says why.") from None
        return answer_json({"version": self.scorer.bundle.version, "changed": changed})

    async def _rolled_back(self, request: Request) -> Answer:
        self.rollback()
        return answer_json({"version": self.scorer.bundle.version, "changed": True})

    async def _contract(self, request: Request) -> Answer:
        bundle = self.scorer.bundle
        contract = self.scorer.contract.only(bundle.features).to_dict()
        identity = {"name": bundle.name, "version": bundle.version, "features": list(bundle.features)}
        return answer_json({**identity, **contract})

    async def _explanation(self, request: Request) -> Answer:
        kept = self.scorer.kept_explanation
        if kept is None:
            raise Rejected(404, WITHOUT_EXPLANATION)
        return Answer(kept, 200, JSON, {})

    async def _health(self, request: Request) -> Answer:
        return answer_json({"status": "ok"})

    async def _ready(self, request: Request) -> Answer:
        if self.log is not None and self.log.full:
            raise Rejected(503, "The prediction log takes nothing. Free some space.")
        return answer_json({"status": "ready", "name": self.scorer.bundle.name, "version": self.scorer.bundle.version})

    async def _ping(self, request: Request) -> Answer:
        return answer_text("\n")

    async def _version(self, request: Request) -> Answer:
        return answer_text(__version__)

    async def _metrics(self, request: Request) -> Answer:
        watched = "" if self.log is None else kept_beside(self.log.path)
        return answer_text(self.metrics.text() + watched, "text/plain; version=0.0.4")

    def _gauges(self) -> Gauges:
        return {
            "workbench_model_version": {(): self.scorer.bundle.version},
            "workbench_log_waiting_records": {(): 0 if self.log is None else self.log.waiting},
        }

    async def _openapi(self, request: Request) -> Answer:
        return answer_json(openapi(self.scorer, keys=not self.access.open))


def _sent_key(request: Request) -> str:
    return request.header(b"x-api-key") or request.header(b"authorization").removeprefix("Bearer ")


async def _rows(request: Request) -> tuple[Rows, bool]:
    """The rows of a body, and whether it was a single one."""
    kind = request.content_type
    if kind == JSON:
        return rows_of_json(read_json(await request.body()))
    if kind == ARROW:
        return rows_of_arrow(await request.body()), False
    raise _unsupported(JSON, ARROW)


def _unsupported(*kinds: str) -> Rejected:
    # A form of another site can't send these without asking first, so it can't ask a service on loopback.
    return Rejected(415, f"Send the body with the Content-Type {' or '.join(kinds)}.")


def _tell(request: Request, path: str, status: int, seconds: float) -> None:
    """One line of JSON a request, where the log of requests is on; never a value of a row."""
    if not _REQUESTS.isEnabledFor(logging.INFO):
        return
    notes = {name: request.notes[name] for name in ("rows", "caller") if request.notes.get(name)}
    line = {"at": datetime.now(UTC).isoformat(timespec="milliseconds"), "request": request.id, "method": request.method,
            "path": path, "status": status, "ms": round(1000 * seconds, 3), **notes}  # fmt: skip
    _REQUESTS.info(json.dumps(line))


def log_requests() -> None:
    """Write a line of JSON for each request to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(message)s"))
    _REQUESTS.addHandler(handler)
    _REQUESTS.setLevel(logging.INFO)
    _REQUESTS.propagate = False
