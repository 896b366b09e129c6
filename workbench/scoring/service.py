"""The scoring service: rows in, predictions with reasons out.

Every row is checked against the contract first. What breaks it is a 422 that names the field, what was expected and
what came; what is merely unusual is scored and flagged. A client never sees a stack trace.

A single row is answered inside the event loop, for a hop to a thread costs more than a tree walk; batches and
reasons of many rows go to a thread. Any number of threads may score at once: a scorer is never changed, only exchanged.
"""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from threading import Lock, Thread
from typing import Any
from urllib.parse import parse_qs

from workbench import __version__
from workbench.core.checking import check
from workbench.core.fitting import check_fits
from workbench.errors import BadRow, Refused, StoreError, WorkbenchError
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
from workbench.scoring.loads import Loads
from workbench.scoring.log import PredictionLog
from workbench.scoring.metrics import Metrics, kept_beside
from workbench.scoring.openapi import MOST_REASONS, openapi
from workbench.scoring.rate import Rate
from workbench.scoring.routes import ROUTES
from workbench.scoring.runtime import REASONS, Scorer
from workbench.scoring.traffic import CANARY, SHADOW, Arm, Traffic, Trial, answered_by, scored

MOST_PROBLEMS = 100  # faults that one answer lists
WITHOUT_EXPLANATION = (
    "This version was packaged without an explanation that a service can tell. POST /explain tells that of rows; for "
    "this one explain the run and package it again."
)
MOST_FAILURES = 3  # requests that an arm may fail before it takes no more rows
MOST_BEHIND = 64  # requests whose rows wait for a shadow; those of more are not scored by it
INLINE = 8  # rows that are scored without a thread
# Where rows are answered: what requests there take, and how many fail, is told to the monitor so often.
ANSWERING, MINUTE = ("/predict", "/invocations"), 60.0
HOSTS = ("localhost", "127.0.0.1", "::1")  # what a browser may call a service on loopback

_REQUESTS = logging.getLogger("workbench.scoring.requests")
Handler = Callable[[Request], Awaitable[Answer]]
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
        self.traffic = Traffic(scorer, tuple(arms), shadow)
        self.log = log
        self.access = access or Access.of_environment()
        self.metrics = Metrics()
        self._loads, self._process = Loads(), secrets.token_hex(4)
        self.rate = Rate(rate)
        self._hosts = None if hosts is None else frozenset(h.lower() for h in hosts)
        self._reload = reload
        self._tracer: Tracer = tracer or (lambda request: nullcontext())
        self._behind: set[asyncio.Task[None]] = set()
        self._failures: Counter[int] = Counter()
        self._turn = Lock()
        self._routes = self._table()
        for other in self.traffic.others:
            if other.bundle.version != scorer.bundle.version:  # an alias may mean the champion, too
                check_fits(other.bundle, scorer.bundle)
            self._hide(other)
        scorers = (scorer, *self.traffic.others)
        Thread(target=lambda: list(map(_warm, scorers)), name="paths of reasons", daemon=True).start()

    @property
    def scorer(self) -> Scorer:
        """The champion."""
        return self.traffic.champion

    def follow(self, scorer: Scorer) -> None:
        """Answer with another version from now on; a request in progress keeps the old one."""
        self._hide(scorer)
        warm = _warm(scorer)
        self._exchange(lambda traffic: traffic.follow(warm))

    def try_out(self, trial: Trial | None) -> None:
        """Try a version out from now on, in place of the one before; None: the champion answers all again.

        Raises
        ------
        Refused
            If it takes other rows than the champion, or answers another question; the one before has gone then.
        BadParameter
            If its share does not fit beside the other arms; likewise.
        """
        self.metrics.broken = None
        try:
            tried = None if trial is None else self._ready_to_try(trial)
            self._exchange(lambda traffic: replace(traffic, trial=tried))
        except WorkbenchError:
            self._exchange(lambda traffic: replace(traffic, trial=None))
            raise

    def _ready_to_try(self, trial: Trial) -> Trial:
        check_fits(trial.scorer.bundle, self.scorer.bundle)
        self._hide(trial.scorer)
        self._failures = Counter()
        return replace(trial, scorer=_warm(trial.scorer))

    def rollback(self) -> None:
        """End what is tried out; where nothing is, answer with the version before again: it is still in memory.

        Raises
        ------
        Refused
            If there was none since the service started.
        """
        self._exchange(Traffic.back)

    def _exchange(self, change: Callable[[Traffic], Traffic]) -> None:
        """One change after the other: who follows the store, an admin and a failing arm are threads of their own."""
        with self._turn:
            self.traffic = change(self.traffic)
            self.metrics.trial = None if self.traffic.trial is None else self.traffic.trial.rollout

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
        except StoreError:
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
                await asyncio.gather(noting, *self._behind, return_exceptions=True)
                await self.note()
                if self.log is not None:
                    await asyncio.to_thread(self.log.flush)
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        start = time.perf_counter()
        request = Request.of(scope, receive)
        request.notes["query"] = scope.get("query_string", b"")
        with self._tracer(request):
            answer = await self._safely(request)
            request.notes["status"] = answer.status
            path = request.path if request.path in self._routes else "other"
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
            wait = {} if error.retry_after is None else {"Retry-After": str(error.retry_after)}
            return answer_error(Rejected(503, str(error), wait))
        except Exception:  # the last resort: the log has the trace, the client a sentence
            logging.getLogger(__name__).exception("Request %s to %s failed", request.id, request.path)
            return answer_error(Rejected(500, "The service failed on this request. Its log says why."))

    def _handler(self, request: Request) -> Handler:
        self._check_host(request)
        methods = self._routes.get(request.path)
        if methods is None:
            raise Rejected(404, "There is no such address. GET /openapi.json lists those that there are.")
        if request.method not in methods:
            allowed = ", ".join(methods)
            raise Rejected(405, f"This address takes {allowed}. Send that.", {"Allow": allowed})
        scope, handler = methods[request.method]
        if scope:
            self._check_caller(request, scope)
        return handler

    def _check_host(self, request: Request) -> None:
        """A page of another site that has its name point to loopback can't read answers (DNS rebinding)."""
        if self._hosts is None:
            return
        host = request.header(b"host").lower()
        name = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
        if name not in self._hosts:
            raise Rejected(421, "This service answers for another host. Start it with --allow-host NAME.")

    def _check_caller(self, request: Request, scope: str) -> None:
        sent = request.header(b"x-api-key") or request.header(b"authorization").removeprefix("Bearer ")
        caller = self.access.caller(sent)
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

    def _table(self) -> dict[str, dict[str, tuple[str, Handler]]]:
        """Scope and handler by path and method, looked up once: a request pays for two dict look-ups alone."""
        table: dict[str, dict[str, tuple[str, Handler]]] = {}
        for route in ROUTES:
            table.setdefault(route.path, {})[route.method] = (route.scope, getattr(self, route.handler))
        return table

    async def _predict(self, request: Request) -> Answer:
        reasons = _reasons(request)
        rows, single = await _rows(request)
        answers = await self._scored(request, rows, reasons)
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
        answers = await self._scored(request, rows, 0)
        return answer_json({"predictions": [a["prediction"] for a in answers],
                            "ids": [a["id"] for a in answers], "flags": [a["flags"] for a in answers]})  # fmt: skip

    async def _scored(self, request: Request, rows: Rows, reasons: int) -> list[dict[str, Any]]:
        request.notes["rows"] = len(rows)
        traffic = self.traffic
        rows = list(traffic.champion.named(rows))
        if len(rows) <= INLINE and traffic.champion.bundle.compiled:
            answers = self._score(rows, reasons, traffic)
        else:
            answers = await asyncio.to_thread(self._score, rows, reasons, traffic)
        for shadow, places in _shadowed(traffic, answers):
            self._score_behind(shadow, [rows[i] for i in places], [answers[i]["id"] for i in places])
        return answers

    def _score(self, rows: Rows, reasons: int, traffic: Traffic) -> list[dict[str, Any]]:
        start = time.perf_counter()
        answers = traffic.predict(rows, reasons, self._failed)
        self._keep(traffic.champion, rows, answers, time.perf_counter() - start)
        self.metrics.predicted([(a["version"], a.get("arm", "")) for a in answers], _flags(answers))
        return answers

    def _score_behind(self, shadow: Scorer, rows: Rows, ids: list[str]) -> None:
        """Behind the answer, which has gone; where too much waits already, not at all."""
        version = shadow.bundle.version
        if len(self._behind) >= MOST_BEHIND:
            self.metrics.skipped(version, len(rows))
            return
        task = asyncio.create_task(asyncio.to_thread(self._shadow, shadow, rows, ids))
        self._behind.add(task)
        task.add_done_callback(self._behind.discard)

    def _shadow(self, shadow: Scorer, rows: Rows, ids: list[str]) -> None:
        start = time.perf_counter()
        answers, error = scored(shadow, rows, 0, ids)
        there = [i for i, answer in enumerate(answers) if answer]
        marked = [{**answers[i], "arm": SHADOW} for i in there]
        try:
            self._keep(shadow, [rows[i] for i in there], marked, time.perf_counter() - start)
        except WorkbenchError as full:  # nobody waits any more: only our own log can be told
            logging.getLogger(__name__).warning("The shadow's answers could not be kept: %s", full)
        self.metrics.predicted([(a["version"], SHADOW) for a in marked], ())
        if error is not None:
            self._tell_failure(SHADOW, shadow.bundle.version, error, len(rows) - len(there))

    def _failed(self, arm: Arm, error: Exception, rows: int) -> None:
        """The champion answered in an arm's place. What fails otherwise than by a row's fault takes no more rows."""
        version = arm.scorer.bundle.version
        self._tell_failure(arm.name, version, error, rows)
        if isinstance(error, BadRow):
            return
        with self._turn:
            self._failures[version] += 1
            enough = self._failures[version] == MOST_FAILURES
        if enough:
            self.metrics.broken = self.metrics.trial if arm.name == CANARY else None
            self._exchange(lambda traffic: traffic.without(arm))
            logging.getLogger(__name__).error(
                "Version %s (%s) has failed %s times and takes no more rows: the champion answers them.",
                version, arm.name, MOST_FAILURES,
            )  # fmt: skip

    def _tell_failure(self, arm: str, version: int, error: Exception, rows: int) -> None:
        """In the metrics each time, in the log when a kind of fault is met first, without a value of a row."""
        if self.metrics.failed(version, arm, type(error).__name__, rows):
            trace = None if isinstance(error, WorkbenchError) else error
            logging.getLogger(__name__).warning(
                "Version %s (%s) could not score %s rows: %s", version, arm, rows, _fault(error), exc_info=trace
            )

    def _keep(self, scorer: Scorer, rows: Rows, answers: list[dict[str, Any]], seconds: float) -> None:
        if self.log is None:
            return
        self.log.put(answers, _only(rows, scorer.known), 1000 * seconds)

    async def _explain(self, request: Request) -> Answer:
        rows, _ = await _rows(request)
        return answer_json(await asyncio.to_thread(self.scorer.explain, rows))

    async def _feedback(self, request: Request) -> Answer:
        if request.content_type != JSON:
            raise _unsupported(JSON)
        items = _labels(read_json(await request.body()))
        if self.log is None:
            raise Rejected(503, "This service keeps no log, so labels have no place. Start it with --log FOLDER.")
        labels = _clean_labels([i["label"] for i in items], self.scorer)
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
        waiting = self.log.waiting if self.log is not None else 0
        watched = "" if self.log is None else kept_beside(self.log.path)
        own = self.metrics.text(self.scorer.bundle.version, waiting)
        return answer_text(own + watched, "text/plain; version=0.0.4")

    async def _openapi(self, request: Request) -> Answer:
        return answer_json(openapi(self.scorer, keys=not self.access.open))

    def _hide(self, scorer: Scorer) -> None:
        """Before its first row: what any version calls sensitive is kept out of the log in clear."""
        if self.log is not None:
            self.log.sensitive |= frozenset(scorer.sensitive)


def _shadowed(traffic: Traffic, answers: Sequence[dict[str, Any]]) -> Iterator[tuple[Scorer, Sequence[int]]]:
    """Who scores which rows behind their answers: shadows all of them, and the champion those of the canary.

    So both versions have answered the same rows, and can be compared by them.
    """
    yield from ((shadow, range(len(answers))) for shadow in traffic.shadows)
    of_canary = list(answered_by(answers, CANARY))
    if of_canary:
        yield traffic.champion, of_canary


def _fault(error: Exception) -> str:
    """What went wrong, without a row's values."""
    if isinstance(error, BadRow):
        return f"field {error.problems[0]['field']!r} must be {error.problems[0]['expected']}"
    return str(error) if isinstance(error, WorkbenchError) else type(error).__name__


def _only(rows: Rows, known: frozenset[str]) -> Rows:
    """What the contract knows of the rows."""
    if all(map(known.issuperset, set(map(tuple, rows)))):  # rows mostly have the same names
        return rows
    return [{c: v for c, v in row.items() if c in known} for row in rows]


def _warm(scorer: Scorer) -> Scorer:
    """The scorer with its paths found, so that no client waits for them."""
    scorer.model.explain({name: [None] for name in scorer.features})
    return scorer


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


def _reasons(request: Request) -> int:
    query = request.notes["query"]
    return _asked_reasons(query) if query else REASONS


@lru_cache(256)  # clients ask the same again and again
def _asked_reasons(query: bytes) -> int:
    digits = parse_qs(query.decode("latin-1"), keep_blank_values=True).get("reasons", [str(REASONS)])[-1]
    if not (digits.isascii() and digits.isdigit() and len(digits) < 4 and int(digits) <= MOST_REASONS):
        raise Rejected(400, f"reasons is a whole number from 0 to {MOST_REASONS}. Correct it, or leave it out.")
    return int(digits)


def _labels(body: Any) -> list[dict[str, Any]]:
    items = body.get("labels") if isinstance(body, dict) else None
    items = items if isinstance(items, list) else [body]
    if not items or not all(isinstance(i, dict) and {"id", "label"} <= i.keys() and _is_id(i["id"]) for i in items):
        raise Rejected(422, 'Feedback is {"id": …, "label": …} or {"labels": [those]}. Send one of them.')
    return items


def _is_id(value: Any) -> bool:
    return isinstance(value, (str, int, float)) and not isinstance(value, bool)


def _clean_labels(labels: list[Any], scorer: Scorer) -> list[Any]:
    """Labels as the contract reads them.

    What the model can't have predicted is refused: one such label in the log would stop the monitoring of all others.
    """
    classes, target = scorer.bundle.classes, str(scorer.contract.target)
    there = [i for i, label in enumerate(labels) if label is not None]
    if classes:
        expected = f"one of {', '.join(map(repr, classes))}"
        problems = [{"row": i, "field": "label", "expected": expected, "got": repr(labels[i])[:60]}
                    for i in there if not _is_one(labels[i], classes)]  # fmt: skip
    else:
        checked = check([{target: labels[i]} for i in there], scorer.contract, (target,))
        problems = [{**p, "row": there[p["row"]], "field": "label"} for p in checked.problems]
    if problems:
        raise BadRow(problems)
    return labels if classes else _numbers(labels, dict(zip(there, checked.columns[target], strict=True)))


def _numbers(labels: list[Any], read: Mapping[int, Any]) -> list[Any]:
    """The numbers that texts are; None where they stand for a missing label."""
    return [_number(read[i]) if isinstance(label, str) else label for i, label in enumerate(labels)]


def _number(value: Any) -> float | None:
    return None if value is None or value != value else float(value)


def _is_one(label: Any, classes: Sequence[Any]) -> bool:
    """Python takes True for 1; JSON does not."""
    return any(label == c and isinstance(label, bool) == isinstance(c, bool) for c in classes)


def _flags(answers: list[dict[str, Any]]) -> list[str]:
    return [flag for a in answers for flag in a["flags"]]


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
