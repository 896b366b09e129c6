"""Rows of any number in one request: they are scored as they come, and answered in their order, in constant memory.

JSON lines in, JSON lines out; or an Arrow IPC stream in and out. What is read is bounded (one line or message at a
time, and what a client may send ahead), what is written waits until the client takes it, and what the log has not
committed makes the stream wait, too. So whoever sends must read meanwhile.

One line answers one line: what ``POST /predict`` answers for the row, or ``{"error": …}`` where the row breaks the
contract or is no JSON; the others are answered all the same. The last line is ``{"summary": …}``: without it the
stream was cut. Of Arrow each row has the columns of :func:`answer_schema`, and the summary is in the metadata of an
empty batch at the end, under ``summary``.
"""

from __future__ import annotations

import asyncio
import io
import json
import struct
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from workbench.core.bundle import Bundle
from workbench.errors import BadRow, WorkbenchError
from workbench.scoring.bodies import ARROW, batches_of_arrow, part_of, pyarrow, read_json, rows_of_batch
from workbench.scoring.http import JSON_LINES, Answer, Rejected, Request, Send, head_of, to_json
from workbench.scoring.limits import in_force
from workbench.scoring.refusals import Crowded, Gone

ROWS = 1_000  # that are scored together
MOST_WAITING = 20_000  # records that the log has not committed, beyond which a stream waits
MOST_PROBLEMS = 20  # faults that one row's answer lists
PAUSE = 0.02  # seconds until a stream looks again whether the log or the service has room
FAILED = "The service failed on this row. Its log says why."

Told = dict[str, Any]
Scored = Callable[[list[Any], int], Awaitable[list[Told]]]


@dataclass
class Summary:
    """What a stream has come to.

    Parameters
    ----------
    rows, answered, refused : int
        That came; that have an answer; that have none.
    seconds : float
        Since it began.
    error : str
        Why it ended before its end; empty where it did not.
    """

    rows: int = 0
    answered: int = 0
    refused: int = 0
    seconds: float = 0.0
    error: str = ""
    _start: float = field(default_factory=time.perf_counter, repr=False)

    def add(self, answers: Sequence[Told]) -> None:
        """Count some answers."""
        failed = sum("error" in answer for answer in answers)
        self.rows += len(answers)
        self.refused += failed
        self.answered += len(answers) - failed

    def told(self) -> Told:
        """As the client gets it."""
        self.seconds = round(time.perf_counter() - self._start, 3)
        plain = {name: getattr(self, name) for name in ("rows", "answered", "refused", "seconds", "error")}
        return plain if self.error else {name: value for name, value in plain.items() if name != "error"}


class Form(Protocol):
    """How rows are written in a stream, and answers."""

    media_type: str

    def rows(self, pieces: AsyncIterator[bytes]) -> AsyncIterator[list[Any]]:
        """Some rows at a time, each a mapping, or a :class:`Rejected` where it can't be read."""

    def write(self, answers: Sequence[Told]) -> bytes:
        """Some answers."""

    def end(self, summary: Summary) -> bytes:
        """The last words."""


class Stream(Answer):
    """An answer that is sent while the request still comes.

    Parameters
    ----------
    request : Request
        Whose body has the rows.
    form : Form
        Of rows and answers.
    score : callable
        Answers some rows, all or none.
    reasons : int
        Columns named with each answer.
    waiting : callable
        How many records the log has not committed.
    failed : callable
        Is told of what failed otherwise than by a row's fault.
    """

    def __init__(
        self,
        request: Request,
        form: Form,
        score: Scored,
        reasons: int,
        waiting: Callable[[], int],
        failed: Callable[[Exception], None],
    ) -> None:
        super().__init__(b"", 200, form.media_type)
        self.request, self.form, self.reasons = request, form, reasons
        self.summary, self.parts = Summary(), 0
        self._score, self._waiting, self._failed = score, waiting, failed

    async def begin(self) -> Stream:
        """Read until there are rows: what is wrong before them is told by a status of its own.

        Raises
        ------
        Rejected
            If the stream can't be read.
        """
        self._coming = self.form.rows(self._pieces())
        self._first: list[Any] = await anext(self._coming, [])
        return self

    async def send(self, send: Send, request_id: str) -> None:
        """Send it over ASGI."""
        await send({"type": "http.response.start", "status": 200, "headers": head_of(self.form.media_type, request_id)})
        try:
            await self._answer(self._first, send)
            async for rows in self._coming:
                await self._answer(rows, send)
        except Gone:
            return
        except Rejected as error:  # of the whole stream: what comes behind it can't be read
            self.summary.error = str(error)
        self.request.notes["rows"] = self.summary.rows
        await send({"type": "http.response.body", "body": self.form.end(self.summary), "more_body": False})

    @property
    def seconds(self) -> float:
        """What one part of it took, in the mean."""
        return self.summary.seconds / max(1, self.parts)

    async def _answer(self, rows: list[Any], send: Send) -> None:
        for start in range(0, len(rows), ROWS):
            answers = await self._answers(rows[start : start + ROWS])
            self.summary.add(answers)
            self.parts += 1
            await send({"type": "http.response.body", "body": self.form.write(answers), "more_body": True})

    async def _pieces(self) -> AsyncIterator[bytes]:
        """The body as it comes; reading stops where nobody asks for the next one."""
        while True:
            try:
                async with asyncio.timeout(in_force().body_seconds):
                    message = await self.request.receive()
            except TimeoutError:
                late = f"Nothing came for {in_force().body_seconds:g} seconds. Send the rest again."
                raise Rejected(408, late) from None
            if message["type"] == "http.disconnect":
                raise Gone
            yield message.get("body", b"")
            if not message.get("more_body"):
                return

    async def _answers(self, rows: list[Any]) -> list[Told]:
        """One for each row; those of good rows whatever the others are."""
        answers: list[Told] = [_of_error(row) if isinstance(row, Rejected) else {} for row in rows]
        places = [i for i, row in enumerate(rows) if not isinstance(row, Rejected)]
        while places:
            await self._room()
            try:
                scored = await self._score([rows[i] for i in places], self.reasons)
            except BadRow as error:
                places = _without_bad(answers, places, error)
                continue
            except Crowded:  # whoever waits for nothing else can wait for this
                await asyncio.sleep(PAUSE)
                continue
            except Gone:
                raise
            except WorkbenchError as error:
                scored = [{"error": str(error)}] * len(places)
            except Exception as error:  # noqa: BLE001 - the last resort: the log has the place, the client a sentence
                self._failed(error)
                scored = [{"error": FAILED}] * len(places)
            for i, answer in zip(places, scored, strict=True):
                answers[i] = answer
            break
        return answers

    async def _room(self) -> None:
        while self._waiting() > MOST_WAITING:
            await asyncio.sleep(PAUSE)


class Lines:
    """JSON lines: an object a line, empty lines count for nothing.

    Examples
    --------
    >>> async def pieces():
    ...     yield b'{"age": 36}\\n{"a'
    ...     yield b'ge": 37}\\n\\n{"age": '
    >>> async def read():
    ...     return [rows async for rows in Lines().rows(pieces())]
    >>> first, second, last = asyncio.run(read())
    >>> first, second, str(last[0])[:20]
    ([{'age': 36}], [{'age': 37}], 'The body is not JSON')
    """

    media_type = JSON_LINES[0]

    async def rows(self, pieces: AsyncIterator[bytes]) -> AsyncIterator[list[Any]]:
        """Whatever lines are whole; the last one needs no end."""
        rest = bytearray()
        async for piece in pieces:
            before = len(rest)
            rest += piece
            end = rest.rfind(b"\n", before)
            if end >= 0:
                lines = bytes(rest[:end]).split(b"\n")
                del rest[: end + 1]
                for some in _some(lines):
                    yield some
            if len(rest) > in_force().most_bytes:
                raise Rejected(413, f"A line is longer than {in_force().most_bytes} bytes. Send one row a line.")
        for some in _some([bytes(rest)]):
            yield some

    def write(self, answers: Sequence[Told]) -> bytes:
        """A line each."""
        return b"".join([to_json(answer) + b"\n" for answer in answers])

    def end(self, summary: Summary) -> bytes:
        """The last line."""
        return to_json({"summary": summary.told()}) + b"\n"


class Arrow:
    """An Arrow IPC stream, without compression.

    Parameters
    ----------
    bundle : Bundle
        Whose answers have their columns.
    """

    media_type = ARROW

    def __init__(self, bundle: Bundle) -> None:
        self._arrow, ipc = pyarrow()
        self._schema = answer_schema(bundle, self._arrow)
        self._sink = io.BytesIO()
        self._writer = ipc.new_stream(self._sink, self._schema)

    async def rows(self, pieces: AsyncIterator[bytes]) -> AsyncIterator[list[Any]]:
        """Of each record batch, some at a time."""
        messages = Messages()
        async for piece in pieces:
            for whole in messages.of(piece):
                for batch in batches_of_arrow(whole):
                    for start in range(0, batch.num_rows, ROWS):
                        yield rows_of_batch(batch.slice(start, ROWS))
        messages.end()

    def write(self, answers: Sequence[Told]) -> bytes:
        """A record batch."""
        columns = [[_cell(answer, column) for answer in answers] for column in self._schema]
        arrays = [self._arrow.array(values, column.type) for values, column in zip(columns, self._schema, strict=True)]
        self._writer.write_batch(self._arrow.record_batch(arrays, schema=self._schema))
        return self._taken()

    def end(self, summary: Summary) -> bytes:
        """An empty batch that says it, and the end of the stream."""
        empty = self._arrow.RecordBatch.from_pylist([], schema=self._schema)
        self._writer.write_batch(empty, custom_metadata={"summary": json.dumps(summary.told())})
        self._writer.close()
        return self._taken()

    def _taken(self) -> bytes:
        part = self._sink.getvalue()
        self._sink.seek(0)
        self._sink.truncate()
        return part


class Messages:
    """An Arrow IPC stream that comes in pieces, cut where a record batch ends.

    Each part is a whole stream of its own: the schema, the dictionaries so far, and one record batch. It is parsed
    where the form of messages says how long they are; what they hold is Arrow's to read.
    """

    def __init__(self) -> None:
        self._rest = bytearray()
        self._schema = b""
        self._dictionaries: dict[int, list[bytes]] = {}
        self._ended = False

    def of(self, piece: bytes) -> Iterator[bytes]:
        """Streams of one batch each that have come whole with this piece."""
        if self._ended:
            return
        self._rest += piece
        try:
            while (message := self._next()) is not None:
                yield from self._whole(message)
        except (struct.error, IndexError):
            raise _broken() from None

    def end(self) -> None:
        """There is no more.

        Raises
        ------
        Rejected
            If the stream is not whole.
        """
        if self._rest or not self._schema:
            raise _broken()

    def _next(self) -> tuple[int, bytes, int] | None:
        """Kind, bytes, and where the metadata begins, of a message that is whole."""
        most = in_force().most_bytes
        if self._ended or len(self._rest) < 8:
            return None
        mark, size = struct.unpack_from("<II", self._rest)
        if mark != 0xFFFFFFFF:  # as Arrow wrote before version 0.15
            raise _broken()
        if size == 0:
            self._ended = True
            self._rest.clear()
            return None
        if size > most:
            raise _too_long(most)
        if len(self._rest) < 8 + size:
            return None
        metadata = bytes(memoryview(self._rest)[8 : 8 + size])
        kind, body = part_of(metadata)
        if not 0 <= body <= most:
            raise _too_long(most)
        end = 8 + size + body
        if len(self._rest) < end:
            return None
        message = bytes(memoryview(self._rest)[:end])
        del self._rest[:end]
        return kind, message, 8

    def _whole(self, message: tuple[int, bytes, int]) -> Iterator[bytes]:
        kind, content, at = message
        if kind == _SCHEMA:
            if self._schema:
                raise _broken()
            self._schema = content
        elif kind == _DICTIONARY:
            number, more = part_of(content[at:], dictionary=True)
            self._dictionaries[number] = [*(self._dictionaries.get(number, []) if more else []), content]
            if sum(len(one) for parts in self._dictionaries.values() for one in parts) > in_force().most_bytes:
                raise _too_long(in_force().most_bytes)
        elif kind == _BATCH and self._schema:
            dictionaries = (one for parts in self._dictionaries.values() for one in parts)
            yield b"".join([self._schema, *dictionaries, content, _END])
        else:
            raise _broken()


_SCHEMA, _DICTIONARY, _BATCH = 1, 2, 3  # kinds of messages, as Arrow's Message.fbs numbers them
_END = b"\xff\xff\xff\xff\0\0\0\0"


def answer_schema(bundle: Bundle, arrow: Any) -> Any:
    """Columns of answers in Arrow: those of JSON, with ``error`` and ``problems`` (as JSON) of rows that have none.

    ``prediction`` is a number, or a list of them, one a class; ``answer`` a number, or a class as text.
    """
    number, text = arrow.float64(), arrow.string()
    several = bundle.task == "multiclass"
    reason = arrow.struct([("column", text), ("value", text), ("added", arrow.list_(number) if several else number)])
    return arrow.schema(
        [
            ("id", text),
            ("version", arrow.int64()),
            ("prediction", arrow.list_(number) if several else number),
            ("answer", text if bundle.classes else number),
            ("probability", number),
            ("low", number),
            ("high", number),
            ("set", arrow.list_(text)),
            ("reasons", arrow.list_(reason)),
            ("flags", arrow.list_(text)),
            ("arm", text),
            ("error", text),
            ("problems", text),
        ]
    )


def form_of(request: Request, bundle: Bundle) -> Form | None:
    """The form of a stream, where a request's content type and what it accepts ask for one."""
    kind = request.content_type
    if kind in JSON_LINES:
        return Lines()
    wanted = request.header(b"accept").partition(";")[0].strip().lower() if kind == ARROW else ""
    return Arrow(bundle) if wanted == ARROW else None


def _some(lines: list[bytes]) -> Iterator[list[Any]]:
    rows = [_row(line) for line in lines if line.strip()]
    if rows:
        yield rows


def _row(line: bytes) -> Any:
    try:
        return read_json(line)
    except Rejected as error:
        return error


def _of_error(error: Rejected) -> Told:
    return {"error": str(error)}


def _without_bad(answers: list[Told], places: list[int], error: BadRow) -> list[int]:
    """The places of good rows; the others are told what is wrong."""
    problems: dict[int, list[Told]] = {}
    for problem in error.problems:
        problems.setdefault(int(str(problem["row"])), []).append(problem)
    if not problems.keys() & set(range(len(places))):  # nobody in particular: all of them
        problems = {i: [] for i in range(len(places))}
    for i, found in problems.items():
        told = [{name: value for name, value in one.items() if name != "row"} for one in found]
        sentence = "The row breaks the contract. Correct the fields and send it again."
        answers[places[i]] = {"error": sentence, "problems": told[:MOST_PROBLEMS]}
    return [place for i, place in enumerate(places) if i not in problems]


def _cell(answer: Told, column: Any) -> Any:
    """A value of an answer as its column has it."""
    value = answer.get(column.name)
    if value is None:
        return None
    if column.name == "problems":
        return json.dumps(value)
    if column.name == "answer":
        return str(value) if str(column.type) == "string" else float(value)
    if column.name == "set":
        return [str(one) for one in value]
    if column.name == "reasons":
        return [{**one, "value": json.dumps(one["value"], default=str)} for one in value]
    return value


def _broken() -> Rejected:
    return Rejected(400, "The body is not a whole, uncompressed Arrow IPC stream. Send one.")


def _too_long(most: int) -> Rejected:
    return Rejected(413, f"A message of the stream is larger than {most} bytes. Send smaller record batches.")
