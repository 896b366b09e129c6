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
import sys
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from datetime import UTC, datetime
from typing import Any, TypeVar

from workbench import __version__
from workbench.errors import BadRow, Refused, StoreError, WorkbenchError
from workbench.scoring.addresses import Addresses, Handler
from workbench.scoring.answering import MOST_FAILURES, Answering
from workbench.scoring.bodies import ARROW, CSV, Rows, read_json, rows_of_arrow, rows_of_csv, rows_of_json
from workbench.scoring.bodies import rows_of_mlflow as mlflow_rows
from workbench.scoring.crew import Crew, apart
from workbench.scoring.faults import Faults
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
from workbench.scoring.patience import Patience
from workbench.scoring.process import used
from workbench.scoring.pulse import Pulse
from workbench.scoring.queries import reasons_asked
from workbench.scoring.rate import Rate
from workbench.scoring.refusals import Crowded, Unanswered
from workbench.scoring.repeats import LONGEST_KEY, Repeats
from workbench.scoring.routes import ROUTES
from workbench.scoring.runtime import Scorer
from workbench.scoring.streaming import Form, Stream, form_of
from workbench.scoring.together import Together
from workbench.scoring.traffic import Arm, Traffic, Trial

WITHOUT_EXPLANATION = (
    "This version was packaged without an explanation that a service can tell. POST /explain tells that of rows; for "
    "this one explain the run and package it again."
)
# Where rows are answered: what requests there take, and how many fail, is told to the monitor so often.
ANSWERING, MINUTE = frozenset(route.path for route in ROUTES if route.scope == "predict"), 60.0
DEAR = ("predict", "explain")  # scopes of what may wait for a model
REFUSAL = 0.2  # seconds that a refusal takes: who asks again at once must not take what the others need
LARGE = 2**16  # bytes of a body from which on it is read in a thread
BYTE = 1e-7  # seconds that one takes: a value of a CSV takes a microsecond
MOST_LABELLING = 64  # requests with labels that wait
# Seconds after which Python's lock goes from a thread that computes to one that waits. By default it is ten times so
# long, and each time that the event loop has waited for a socket it would wait that long for a busy thread.
SWITCH = 0.0005
LAST = 20.0  # seconds that the end of the service leaves to the log
HOSTS = ("localhost", "127.0.0.1", "::1")  # what a browser may call a service on loopback

_REQUESTS = logging.getLogger("workbench.scoring.requests")
PLAIN = JSON.encode()
Tracer = Callable[[Request], AbstractContextManager[Any]]
T = TypeVar("T")


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
    patience : Patience, optional
        How long a client is kept waiting.
    micro_batch : float
        Seconds that a single row waits for others, to be scored with them; 0: it does not.

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
        patience: Patience | None = None,
        micro_batch: float = 0.0,
    ) -> None:
        self.log = log
        self.access = access or Access.of_environment()
        self.metrics = Metrics(self._gauges)
        self.faults, self.patience = Faults(), patience or Patience()
        traffic = Traffic(scorer, tuple(arms), shadow)
        self.answering = Answering(traffic, self.metrics, log, self.patience, self.faults)
        self._together = Together(self.answering.score, micro_batch) if micro_batch else None
        self._pulse = Pulse()
        self._labelling = Crew("labels")
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
        log = self.log
        try:
            await apart("what was borne", lambda: log.bear(self._process, taken))
        except StoreError as error:
            self.faults.tell("What the service bore can't be written to its log", error)

    async def _note_often(self) -> None:
        while True:
            await asyncio.sleep(MINUTE)
            await self.note()

    async def _live(self, receive: Receive, send: Send) -> None:
        noting, switch = asyncio.create_task(self._note_often()), sys.getswitchinterval()
        sys.setswitchinterval(SWITCH)
        while True:
            message = await receive()
            if message["type"] == "lifespan.shutdown":
                sys.setswitchinterval(switch)
                noting.cancel()
                await self._end()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return

    async def _end(self) -> None:
        """Whatever hangs, the end comes: its threads keep no process alive."""
        await apart("end of shadows", self.answering.close)
        with suppress(TimeoutError):
            await asyncio.wait_for(self._last_records(), LAST)

    async def _last_records(self) -> None:
        await self.note()
        if self.log is not None:
            await apart("end of the log", self.log.flush)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        start = time.perf_counter()
        self._pulse.start()
        request = Request.of(scope, receive)
        request.notes |= {"query": scope.get("query_string", b""), "scheme": scope.get("scheme", "http")}
        with self._tracer(request):
            answer = await self._safely(request)
            request.notes["status"] = answer.status
            path = self._path(request)
            if isinstance(answer, Stream):  # what it bore is known at its end
                await answer.send(send, request.id)
                start = time.perf_counter() - answer.seconds
            seconds = time.perf_counter() - start
            self.metrics.answered(path, answer.status, seconds)
            if path in ANSWERING:
                rows = request.notes.get("rows", 0)
                self._loads.answered(answer.status, seconds, rows, self.scorer.bundle.version)
            _tell_request(request, path, answer.status, seconds)
            if not isinstance(answer, Stream):
                await answer.send(send, request.id)

    async def _safely(self, request: Request) -> Answer:
        try:
            return await self._handler(request)(request)
        except Unanswered as error:
            self.metrics.unanswered(self._path(request), error.why)
            if isinstance(error, Crowded):
                await asyncio.sleep(REFUSAL)
            return answer_error(error)
        except Rejected as error:
            return answer_error(error)
        except BadRow as error:
            rejection = Rejected(422, "A row breaks the contract. Correct the fields and send it again.")
            return answer_error(rejection, error.problems[:MOST_PROBLEMS], max(0, len(error.problems) - MOST_PROBLEMS))
        except Refused as error:
            return answer_error(Rejected(501, str(error)))
        except StoreError as error:
            wait = {} if error.retry_after is None else {"Retry-After": str(error.retry_after)}
            return answer_error(Rejected(503, str(error), wait))
        except Exception as error:  # noqa: BLE001 - the last resort: the log has the place, the client a sentence
            self._tell(request, error)
            return answer_error(Rejected(500, "The service failed on this request. Its log says why."))

    def _tell(self, request: Request, error: Exception) -> None:
        path = self._path(request)
        self.metrics.erred(path, type(error).__name__)
        self.faults.tell(f"A request to {path} failed", error, logging.ERROR, f"request {request.id}")

    def _path(self, request: Request) -> str:
        """The address, where it is one of ours: others can be of any number."""
        return str(request.notes.get("address", "other"))

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
        # Half of it: what was read is answered in the turn after, and waited as long in the turn before.
        if scope in DEAR and self._pulse.crowded > self.patience.most_wait / 2:
            raise Crowded(self._pulse.crowded)
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
        plain = request.headers.get(b"content-type") == PLAIN  # as nearly all say it
        form = None if plain else form_of(request, self.scorer.bundle)
        if form is not None:
            return await self._streamed(request, form, reasons)
        rows, single = await self._rows(request)
        answers = await self.scored(request, rows, reasons)
        return answer_json(answers[0] if single else {"predictions": answers})

    async def _streamed(self, request: Request, form: Form, reasons: int) -> Stream:
        """Rows of any number, answered as they come."""

        def waiting() -> int:
            return 0 if self.log is None else self.log.waiting

        def failed(error: Exception) -> None:
            self.faults.tell("Rows of a stream failed", error, logging.ERROR, f"request {request.id}")

        return await Stream(request, form, self.answering.score, reasons, waiting, failed).begin()

    async def _invocations(self, request: Request) -> Answer:
        content, kind = await request.body(), request.content_type
        if kind == JSON:
            rows = await self.read(content, lambda: mlflow_rows(read_json(content), self.scorer.features))
        elif kind == CSV:
            rows = await self.read(content, lambda: rows_of_csv(content, self.scorer.contract))
        elif kind == ARROW:
            rows = await self.read(content, lambda: rows_of_arrow(content))
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
        StoreError
            If the log takes no more.
        Unanswered
            If too much waits already, the time is over or the client has left.
        """
        request.notes["rows"] = len(rows)
        key = request.headers.get(b"idempotency-key")
        if not key or len(key) > LONGEST_KEY:
            return await self._answered(rows, reasons, traffic, request)
        named = (request.notes.get("caller"), request.path, key)
        # Nobody watches whether the client leaves: who comes again with the key wants this very answer.
        answers, again = await self._repeats.once(named, rows, reasons, lambda: self._answered(rows, reasons, traffic))
        if again:
            request.notes["rows"] = 0
        return answers

    async def _answered(
        self, rows: Rows, reasons: int, traffic: Traffic | None, request: Request | None = None
    ) -> list[dict[str, Any]]:
        """Together with the rows of others, where that was asked for, or alone."""
        if self._together is not None and len(rows) == 1 and traffic is None:
            return await self._together.score(rows, reasons)
        return await self.answering.score(rows, reasons, traffic, request)

    async def _rows(self, request: Request) -> tuple[Rows, bool]:
        """The rows of a body, and whether it was a single one."""
        kind = request.content_type
        if kind == JSON:
            content = await request.body()
            return await self.read(content, lambda: rows_of_json(read_json(content)))
        if kind == ARROW:
            content = await request.body()
            return await self.read(content, lambda: rows_of_arrow(content)), False
        raise _unsupported(JSON, ARROW)

    async def read(self, content: bytes, read: Callable[[], T]) -> T:
        """What a body holds; a large one is read in a thread."""
        if len(content) < LARGE:
            return read()
        return await self.answering.aside(read, BYTE * len(content))

    async def _explain(self, request: Request) -> Answer:
        rows, _ = await self._rows(request)
        return answer_json(await self.answering.explain(rows, request))

    async def _feedback(self, request: Request) -> Answer:
        if request.content_type != JSON:
            raise _unsupported(JSON)
        content, log = await request.body(), self.log
        if log is None:
            raise Rejected(503, "This service keeps no log, so labels have no place. Start it with --log FOLDER.")
        if self._labelling.jobs >= MOST_LABELLING:
            raise Crowded(self._labelling.stuck)
        work = self._labelling.call(lambda: self._labels_kept(log, content))
        return answer_json(await self.answering.within(work, request))

    def _labels_kept(self, log: PredictionLog, content: bytes) -> dict[str, int]:
        items = labels_of(read_json(content))
        labels = clean_labels([i["label"] for i in items], self.scorer)
        return {"labels": len(items), "known": self._labelled(log, [i["id"] for i in items], labels)}

    def _labelled(self, log: PredictionLog, ids: list[Any], labels: list[Any]) -> int:
        return log.label(zip(self.scorer.label_ids(ids, log.known), labels, strict=True))

    async def _reloaded(self, request: Request) -> Answer:
        try:
            changed = await apart("reload", self.reload)
        except (WorkbenchError, OSError) as error:
            self.faults.tell("The new version can't be loaded", error)
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
        troubles = self.troubles()
        if troubles:
            told = {"status": "not ready", "reasons": troubles}
            return answer_error(Rejected(503, " ".join(one["message"] for one in troubles)), also=told)
        return answer_json({"status": "ready", "name": self.scorer.bundle.name, "version": self.scorer.bundle.version})

    def troubles(self) -> list[dict[str, str]]:
        """Why rows can't be answered now: ``reason`` and ``message`` each; nothing where they can."""
        found = []
        if self.log is not None and self.log.full:
            found.append(("log full", "The prediction log takes nothing. Free some space."))
        if (failed := self.answering.failed_in_turn) >= MOST_FAILURES:
            found.append(("model fails", f"The model failed on the last {failed} requests. Read the service's log."))
        if (wait := self.answering.waits) > self.patience.most_wait:
            found.append(("queue full", f"A request would wait about {wait:.1f} seconds. Wait, or start another one."))
        return [{"reason": reason, "message": message} for reason, message in found]

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
            "workbench_ready": {(): int(not self.troubles())},
            "workbench_loop_late_seconds": {(): self._pulse.late},
            **self.answering.gauges(),
            **used(),
        }

    async def _openapi(self, request: Request) -> Answer:
        from workbench.scoring.openapi import openapi  # hardly anybody asks, and a start would wait for it

        return answer_json(openapi(self.scorer, keys=not self.access.open))


def _sent_key(request: Request) -> str:
    return request.header(b"x-api-key") or request.header(b"authorization").removeprefix("Bearer ")


def _unsupported(*kinds: str) -> Rejected:
    # A form of another site can't send these without asking first, so it can't ask a service on loopback.
    return Rejected(415, f"Send the body with the Content-Type {' or '.join(kinds)}.")


def _tell_request(request: Request, path: str, status: int, seconds: float) -> None:
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
