"""A client of the scoring service, in one file that needs Python alone: use it here, or copy it into your project.

    from workbench.client import Client

    with Client("http://127.0.0.1:8080", key="wb_…") as client:
        answer = client.predict({"tenure": 3, "Contract": "monthly"}, reasons=3)
        print(answer.answer, answer.probability, [(r.column, r.added) for r in answer.reasons])
        for one in client.predict(rows, batch=500):
            …

A request that fails on its way, or that the service has no time for, is sent again with growing waits and the same key
of its own, so a row that was answered twice is one prediction in the log. A client may be used by several threads, each
with a connection of its own. pyarrow is used where it is installed and a frame or table is given, and never else.
"""

from __future__ import annotations

import io
import json
import random
import ssl
import threading
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from importlib import import_module
from itertools import islice
from typing import Any, overload
from urllib.parse import urlencode, urlsplit

__all__ = [
    "Client",
    "ClientError",
    "Explanation",
    "Health",
    "NotAllowed",
    "Overloaded",
    "Prediction",
    "Problem",
    "Reason",
    "RowRefused",
    "ServiceFailed",
    "Unreachable",
]

JSON, ARROW = "application/json", "application/vnd.apache.arrow.stream"
AGAIN = (429, 503)  # statuses after which a request is sent again
REFUSED = (400, 413, 415, 422)  # statuses of what was sent
FIRST_WAIT, LONGEST_WAIT = 0.2, 30.0  # seconds
BATCH = 1000  # rows of a request


class ClientError(Exception):
    """What went wrong; no message has the key or a value that was sent."""


class Unreachable(ClientError):
    """No answer came: nobody listens there, the connection broke, or it took too long."""


@dataclass(frozen=True)
class Problem:
    """What is wrong with one field of a row.

    Parameters
    ----------
    row : int
        Its place among all rows that were given.
    field, expected, got : str
        As the service says it.
    """

    row: int
    field: str
    expected: str
    got: str


class RowRefused(ClientError):
    """The service does not take these rows; ``problems`` says which fields must be what.

    Parameters
    ----------
    message : str
        The service's own sentence.
    status : int
        Of its answer.
    problems : sequence of Problem
        One for each fault, as far as the service lists them.
    """

    def __init__(self, message: str, status: int = 422, problems: Sequence[Problem] = ()) -> None:
        first = "".join(f" Row {p.row}, {p.field!r}: expected {p.expected}." for p in list(problems)[:1])
        super().__init__(message + first)
        self.status, self.problems = status, tuple(problems)


class NotAllowed(ClientError):
    """The key is missing, unknown, or not meant for this."""


class Overloaded(ClientError):
    """The service had no time, however often it was asked.

    Parameters
    ----------
    message : str
        The service's own sentence.
    wait : float, optional
        Seconds after which to ask again.
    """

    def __init__(self, message: str, wait: float | None = None) -> None:
        super().__init__(message)
        self.wait = wait


class ServiceFailed(ClientError):
    """The service answered with a fault of its own, or with what is no answer.

    Parameters
    ----------
    message : str
        What it said.
    status : int
        Of its answer.
    """

    def __init__(self, message: str, status: int = 500) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Reason:
    """What one column added to a prediction.

    Parameters
    ----------
    column : str
        Its name.
    value : object
        What the row has there.
    added : float
        In the model's unit (log-odds, or the target's).
    """

    column: str
    value: Any
    added: float


@dataclass(frozen=True)
class Prediction:
    """The answer to one row.

    Parameters
    ----------
    id : str
        By which a label can be told later.
    prediction : float or tuple of float
        Of two classes the probability of the second, of more that of each, of a regression the number.
    answer : object
        The label, or the number.
    probability : float, optional
        Of the answer; None for a regression.
    flags : tuple of str
        What is unusual about the row.
    reasons : tuple of Reason
        Strongest first; empty unless asked for.
    version : int
        Of the bundle that answered.
    arm : str
        Of an experiment, or empty.
    low, high : float, optional
        Of a regression, where the bundle knows it: ends of the interval that holds nine of ten.
    set : tuple, optional
        Of classes, where the bundle knows it: labels that hold the right one in nine of ten rows.
    """

    id: str
    prediction: float | tuple[float, ...]
    answer: Any
    probability: float | None = None
    flags: tuple[str, ...] = ()
    reasons: tuple[Reason, ...] = ()
    version: int = 0
    arm: str = ""
    low: float | None = None
    high: float | None = None
    set: tuple[Any, ...] | None = None


@dataclass(frozen=True)
class Explanation:
    """What every column added to each row.

    Parameters
    ----------
    features : tuple of str
        The columns.
    values : tuple of tuple of float, shape (rows, columns)
        What each added.
    base : tuple of float, shape (rows,)
        The output without any column.
    unit, method : str
        Of the values.
    """

    features: tuple[str, ...]
    values: tuple[tuple[float, ...], ...]
    base: tuple[Any, ...]
    unit: str = ""
    method: str = ""


@dataclass(frozen=True)
class Health:
    """Whether the service can answer.

    Parameters
    ----------
    ready : bool
        Whether it can.
    name, version : str, int
        Of the bundle; empty and 0 where it can't.
    message : str
        Why it can't.
    """

    ready: bool
    name: str = ""
    version: int = 0
    message: str = ""


@dataclass(frozen=True)
class _Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


class Client:
    """A scoring service, asked from Python.

    Parameters
    ----------
    url : str
        Where it listens, such as ``https://churn.example.org``; a path in front of its addresses may follow.
    key : str, optional
        Of the service, or a JSON web token.
    timeout : float
        Seconds to wait for an answer.
    retries : int
        How often a request is sent again that failed on its way, or that the service had no time for (429, 503).
    context : ssl.SSLContext, optional
        For certificates of your own.

    Examples
    --------
    >>> Client("https://churn.example.org", key="wb_secret")
    Client('https://churn.example.org')
    """

    def __init__(
        self,
        url: str,
        key: str | None = None,
        *,
        timeout: float = 30.0,
        retries: int = 3,
        context: ssl.SSLContext | None = None,
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("The url of a service is http://HOST:PORT or https://HOST. Give that.")
        if parts.username or parts.password:
            raise ValueError("The url has a name or a password in it. Give the key as key=.")
        if key and not (key.isascii() and key.isprintable()):
            raise ValueError("The key has characters that no header can have. Give it as it was made.")
        self._scheme, self._host, self._port = parts.scheme, parts.hostname, parts.port
        self._base = parts.path.rstrip("/")
        self._key, self._timeout, self._retries, self._context = key, timeout, retries, context
        self._own = threading.local()
        self._all: list[HTTPConnection] = []
        self._turn = threading.Lock()
        self._sleep, self._random = time.sleep, random.Random()  # noqa: S311 - waits need no secret

    def __repr__(self) -> str:
        port = f":{self._port}" if self._port else ""
        return f"Client('{self._scheme}://{self._host}{port}{self._base}')"

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Hang up; the client can be used again."""
        with self._turn:
            connections, self._all = self._all, []
        for connection in connections:
            connection.close()

    @overload
    def predict(self, rows: Mapping[str, Any], *, reasons: int = 0, batch: int = BATCH) -> Prediction: ...
    @overload
    def predict(
        self, rows: Iterable[Mapping[str, Any]], *, reasons: int = 0, batch: int = BATCH
    ) -> Iterator[Prediction]: ...
    def predict(
        self, rows: Mapping[str, Any] | Iterable[Mapping[str, Any]], *, reasons: int = 0, batch: int = BATCH
    ) -> Prediction | Iterator[Prediction]:
        """Score one row, or many.

        Parameters
        ----------
        rows : mapping, or iterable of mappings
            Column to value. Of an iterable no more than one batch is held at a time.
        reasons : int
            Columns named with each answer, strongest first.
        batch : int
            Rows of a request.

        Returns
        -------
        Prediction, or iterator of Prediction
            In the order of the rows. What is asked is asked when it is read.

        Raises
        ------
        RowRefused
            If a row breaks the contract.
        NotAllowed
            If the key is missing, unknown, or not meant for this.
        Overloaded, Unreachable, ServiceFailed
            If no answer came.
        """
        _check_batch(batch)
        if isinstance(rows, Mapping):
            return next(self._predicted([rows], reasons, 0))
        return self._each(rows, reasons, batch)

    def predict_table(self, table: Any, *, reasons: int = 0, batch: int = BATCH) -> Iterator[Prediction]:
        """Score a table of Arrow, or whatever tells its columns as Arrow does (polars, DuckDB, pandas); needs pyarrow.

        Parameters
        ----------
        table : pyarrow.Table, or an object with ``__arrow_c_stream__``
            Named columns.
        reasons : int
            Columns named with each answer.
        batch : int
            Rows of a request.

        Raises
        ------
        ImportError
            If pyarrow is not installed.
        """
        _check_batch(batch)
        arrow = import_module("pyarrow")
        whole = table if isinstance(table, arrow.Table) else arrow.table(table)
        return self._tables(arrow, whole, reasons, batch)

    def predict_frame(self, frame: Any, *, reasons: int = 0, batch: int = BATCH) -> Iterator[Prediction]:
        """Score a frame of pandas or polars: by Arrow where pyarrow is installed, else as JSON.

        Parameters
        ----------
        frame : DataFrame
            Named columns; the index is left out.
        reasons : int
            Columns named with each answer.
        batch : int
            Rows of a request.
        """
        _check_batch(batch)
        try:
            arrow = import_module("pyarrow")
        except ImportError:
            rows = (
                frame.to_dict("records") if hasattr(frame, "to_numpy") and hasattr(frame, "index") else frame.to_dicts()
            )
            return self.predict(map(_plain, rows), reasons=reasons, batch=batch)
        pandas = hasattr(frame, "index")
        table = arrow.Table.from_pandas(frame, preserve_index=False) if pandas else arrow.table(frame)
        return self._tables(arrow, table, reasons, batch)

    def explain(self, rows: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> Explanation:
        """What every column added to each row.

        Raises
        ------
        RowRefused
            If a row breaks the contract.
        ServiceFailed
            If the model gives no exact reasons.
        """
        many = [rows] if isinstance(rows, Mapping) else list(rows)
        told = self._json("POST", "/explain", {"rows": many})
        return Explanation(
            tuple(told["features"]),
            tuple(map(tuple, told["values"])),
            tuple(told["base"]),
            told.get("unit", ""),
            told.get("method", ""),
        )

    def feedback(self, id: str, label: Any) -> bool:  # noqa: A002 - as the service calls it
        """Tell what a prediction should have been.

        Parameters
        ----------
        id : str
            Of the prediction.
        label : object
            What came true; None: not known after all.

        Returns
        -------
        bool
            Whether the service knows the prediction.
        """
        return self.feedback_many({id: label}) == 1

    def feedback_many(self, labels: Mapping[str, Any]) -> int:
        """Tell what predictions should have been, by id; returns how many of them the service knows."""
        parts = iter(labels.items())
        known = 0
        while part := list(islice(parts, BATCH)):
            items = [{"id": identity, "label": label} for identity, label in part]
            known += int(self._json("POST", "/feedback", {"labels": items})["known"])
        return known

    def health(self) -> Health:
        """Whether the service can answer; asked once, and needs no key."""
        answer = self._ask("GET", "/ready", retries=0, again=())
        told = _read(answer)
        if answer.status != 200:
            return Health(False, message=_sentence(told))
        return Health(True, str(told.get("name", "")), int(told.get("version", 0)))

    def schema(self) -> dict[str, Any]:
        """What a row must look like, as JSON Schema: it is part of the service's own description."""
        told = self._json("GET", "/openapi.json")
        schema: dict[str, Any] = told["components"]["schemas"]["Row"]
        return schema

    def contract(self) -> dict[str, Any]:
        """The contract: name and version of the bundle, its features, kinds, ranges, categories."""
        return self._json("GET", "/contract")

    def _each(self, rows: Iterable[Mapping[str, Any]], reasons: int, batch: int) -> Iterator[Prediction]:
        left, before = iter(rows), 0
        while part := list(islice(left, batch)):
            yield from self._predicted(part, reasons, before)
            before += len(part)

    def _tables(self, arrow: Any, table: Any, reasons: int, batch: int) -> Iterator[Prediction]:
        for start in range(0, table.num_rows, batch):
            sink = io.BytesIO()
            with import_module("pyarrow.ipc").new_stream(sink, table.schema) as stream:
                stream.write_table(table.slice(start, batch))
            yield from self._answers(sink.getvalue(), ARROW, reasons, start)

    def _predicted(self, rows: list[Mapping[str, Any]], reasons: int, before: int) -> Iterator[Prediction]:
        return self._answers(_written({"rows": rows}), JSON, reasons, before)

    def _answers(self, body: bytes, kind: str, reasons: int, before: int) -> Iterator[Prediction]:
        path = f"/predict?{urlencode({'reasons': reasons})}"
        told = _checked(self._ask("POST", path, body, kind), before)
        try:
            found = [_prediction(one) for one in told["predictions"]]
        except (KeyError, TypeError, ValueError) as error:
            raise ServiceFailed("What came is no prediction. Is it a scoring service of Workbench?") from error
        return iter(found)

    def _json(self, method: str, path: str, content: Any = None) -> dict[str, Any]:
        body = None if content is None else _written(content)
        return _checked(self._ask(method, path, body, JSON if body else ""), 0)

    def _ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        kind: str = "",
        *,
        retries: int | None = None,
        again: tuple[int, ...] = AGAIN,
    ) -> _Answer:
        """Ask until there is an answer: each time with the same key, by which rows keep their ids."""
        headers = {"Accept": JSON, "Idempotency-Key": uuid.uuid4().hex}
        if kind:
            headers["Content-Type"] = kind
        if self._key:
            headers["X-API-Key"] = self._key
        tries = self._retries if retries is None else retries
        for n in range(tries + 1):
            wait: float | None = None
            try:
                answer = self._once(method, self._base + path, body, headers)
            except (OSError, HTTPException) as error:
                if n == tries:
                    raise Unreachable(f"{self!r} gave no answer ({type(error).__name__}). Does it run there?") from None
            else:
                if answer.status not in again or n == tries:
                    return answer
                wait = _retry_after(answer.headers)
            self._sleep(self._wait(n, wait))
        raise AssertionError("a loop that always ends in an answer or an error")

    def _wait(self, n: int, told: float | None) -> float:
        """Growing, with a share by chance, so that clients that failed together don't come back together."""
        own = min(LONGEST_WAIT, FIRST_WAIT * 2**n) * (0.5 + self._random.random() / 2)
        return own if told is None else min(LONGEST_WAIT, told) + own * 0.25

    def _once(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> _Answer:
        connection = self._connection()
        fresh = connection.sock is None
        try:
            return _exchanged(connection, method, path, body, headers)
        except (OSError, HTTPException):
            connection.close()
            if fresh:
                raise
        # What was kept open may have been closed meanwhile: that is no failure yet.
        try:
            return _exchanged(connection, method, path, body, headers)
        except (OSError, HTTPException):
            connection.close()
            raise

    def _connection(self) -> HTTPConnection:
        """That of this thread."""
        found: HTTPConnection | None = getattr(self._own, "connection", None)
        if found is None:
            if self._scheme == "https":
                found = HTTPSConnection(self._host, self._port, timeout=self._timeout, context=self._context)
            else:
                found = HTTPConnection(self._host, self._port, timeout=self._timeout)
            self._own.connection = found
        with self._turn:
            if found not in self._all:
                self._all.append(found)
        return found


def _exchanged(
    connection: HTTPConnection, method: str, path: str, body: bytes | None, headers: Mapping[str, str]
) -> _Answer:
    connection.request(method, path, body, dict(headers))
    answer = connection.getresponse()
    content = answer.read()
    return _Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, content)


def _checked(answer: _Answer, before: int) -> dict[str, Any]:
    """The content of an answer, or the error that it tells."""
    told = _read(answer)
    if answer.status == 200:
        if not isinstance(told, dict):
            raise ServiceFailed("What came is no JSON object. Is it a scoring service of Workbench?")
        return told
    sentence = _sentence(told)
    if answer.status in (401, 403):
        raise NotAllowed(sentence)
    if answer.status in AGAIN:
        raise Overloaded(sentence, _retry_after(answer.headers))
    if answer.status in REFUSED:
        raise RowRefused(sentence, answer.status, _problems(told, before))
    raise ServiceFailed(sentence, answer.status)


def _read(answer: _Answer) -> Any:
    try:
        return json.loads(answer.body)
    except ValueError:
        return {"error": f"The service answered with the status {answer.status} and no JSON."}


def _sentence(told: Any) -> str:
    return (
        str(told.get("error", "The service gave no reason."))
        if isinstance(told, dict)
        else "The service gave no reason."
    )


def _problems(told: Any, before: int) -> list[Problem]:
    listed = told.get("problems", ()) if isinstance(told, dict) else ()
    texts = ("field", "expected", "got")
    return [Problem(before + int(p.get("row", 0)), *(str(p.get(name, "")) for name in texts)) for p in listed]


def _prediction(told: Mapping[str, Any]) -> Prediction:
    prediction, labels = told["prediction"], told.get("set")
    return Prediction(
        id=str(told["id"]),
        prediction=tuple(prediction) if isinstance(prediction, list) else prediction,
        answer=told["answer"],
        probability=told.get("probability"),
        flags=tuple(told.get("flags", ())),
        reasons=tuple(Reason(r["column"], r.get("value"), r["added"]) for r in told.get("reasons", ())),
        version=int(told.get("version", 0)),
        arm=str(told.get("arm", "")),
        low=told.get("low"),
        high=told.get("high"),
        set=None if labels is None else tuple(labels),
    )


def _plain(row: Mapping[Any, Any]) -> dict[str, Any]:
    """A row of a frame, with gaps as JSON has them and moments as text."""
    return {str(name): _plain_value(value) for name, value in row.items()}


def _plain_value(value: Any) -> Any:
    if value is None or value != value or type(value).__name__ in ("NAType", "NaTType"):
        return None
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return value.item() if hasattr(value, "item") else value


def _written(content: Any) -> bytes:
    try:
        return json.dumps(content, allow_nan=False, default=_plain_value).encode()
    except (TypeError, ValueError) as error:
        raise ValueError("A row has a value that JSON has not, such as NaN. Give None for what is missing.") from error


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds, or until a date."""
    text = headers.get("retry-after", "")
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (TypeError, ValueError):
        return None


def _check_batch(batch: int) -> None:
    if batch < 1:
        raise ValueError("A batch has at least one row. Give batch=1 or more.")
