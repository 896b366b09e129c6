"""A connection on which nobody waits for ever and takes no more than its share: uvicorn's own, with bounds.

uvicorn bounds the pause between two requests alone. Here the same holds of a client that connects and says nothing, of
headers that never end, are too many or too long, of what comes after an answer and belongs to none, of an answer that
is never read, and of connections beyond those that there may be. A handshake of TLS is bounded by asyncio and uvloop
themselves (60 seconds), a body by :meth:`Request.body`.

Whoever still sends while the answer is there already, as with a body that is too large, would see a reset in place of
it: a socket that is closed with something unread says so. So it is closed to the other side first, and what comes is
read and thrown away, for some seconds and some bytes.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from workbench.scoring.http import JSON, Receive, Rejected, Scope, Send, answer_error
from workbench.scoring.ids import new_id
from workbench.scoring.limits import in_force

PROBES = (b"/health", b"/ready", b"/ping")  # what is asked by who restarts a service that does not answer
MOST_THROWN = 2**28  # bytes that are read and thrown away after an answer


class PatientConnection(HttpToolsProtocol):
    """One client.

    On the usual path, where a request comes whole, it costs some comparisons: clocks start only for what has to wait.
    """

    _request_clock: asyncio.TimerHandle | None = None
    _reader_clock: asyncio.TimerHandle | None = None
    _head = 0  # bytes so far of headers that have not ended
    _part = 0  # bytes of what is looked at now
    _thrown = -1  # bytes that came after the last answer; below 0: no answer was the last one

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """The first headers have the same bound as all others."""
        super().connection_made(transport)
        self._limits = in_force()
        self._crowded = len(self.connections) > self._limits.most_connections
        if len(self.connections) > 2 * self._limits.most_connections:  # those who get a 503 count, too
            self._abort()
        self._request_clock = self.loop.call_later(self._limits.header_seconds, self._abort)

    def connection_lost(self, exc: Exception | None) -> None:
        """No clock outlives its connection."""
        self._request_clock = _stopped(self._request_clock)
        self._reader_clock = _stopped(self._reader_clock)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Begin to count where no request is being answered: bytes that trickle don't begin it anew."""
        if self._thrown >= 0:
            self._throw_away(data)
            return
        self._part = len(data)
        super().data_received(data)
        cycle = self.cycle
        if cycle is not None and not cycle.response_complete:
            if self._request_clock is not None:
                self._request_clock = _stopped(self._request_clock)
            if cycle.more_body and cycle.transport is self.transport:
                cycle.transport = _Patient(self)  # type: ignore[assignment]  # what an answer needs of one
        elif self._request_clock is None and not self.transport.is_closing():
            rest = cycle is not None and cycle.more_body
            seconds = self._limits.body_seconds if rest else self._limits.header_seconds
            self._request_clock = self.loop.call_later(seconds, self._abort)
        if self.scope is not None and "method" not in self.scope:
            self._count_head()
        elif self._head:
            self._head = 0

    def on_headers_complete(self) -> None:
        """Start to answer; a request that has too much is answered without a look at the rest of it."""
        refusal = self._refusal() if self._is_odd() else None
        if refusal is None:
            super().on_headers_complete()
            return
        usual, self.app = self.app, refusal
        self.url = b"/"  # uvicorn's own parser has bounds, too, and no answer for what is beyond them
        try:
            super().on_headers_complete()
        finally:
            self.app = usual

    def pause_writing(self) -> None:
        """The client reads more slowly than we write."""
        super().pause_writing()
        self._watch_reader()

    def timeout_keep_alive_handler(self) -> None:
        """The pause was too long; what is still to be read of the last answer gets its time."""
        if self._thrown >= 0:
            return
        super().timeout_keep_alive_handler()
        self._watch_reader()

    def close_patiently(self) -> None:
        """Nothing more is said, and what the client still sends is thrown away until it hangs up."""
        if self._thrown >= 0 or self.transport.is_closing():
            return
        self._thrown = 0
        self._request_clock = _stopped(self._request_clock)
        self._end = self.loop.time() + self._limits.body_seconds
        if self.transport.can_write_eof():  # not over TLS: there the length of the answer tells its end
            self.transport.write_eof()
        self.flow.resume_reading()
        self._request_clock = self.loop.call_later(self._limits.idle_seconds, self._look_at_sender, 0)

    def _look_at_sender(self, before: int) -> None:
        if self._thrown == before or self.loop.time() > self._end:
            self._abort()
        else:
            self._request_clock = self.loop.call_later(self._limits.idle_seconds, self._look_at_sender, self._thrown)

    def _throw_away(self, data: bytes) -> None:
        self._thrown += len(data)
        if self._thrown > MOST_THROWN:
            self._abort()

    def _is_odd(self) -> bool:
        """Whether a closer look is due; three comparisons for all others."""
        limits = self._limits
        return (
            self._crowded
            or len(self.headers) > limits.most_headers
            or len(self.url) > limits.most_line_bytes
            or self._head + self._part > limits.most_header_bytes
        )

    def _refusal(self) -> Any:
        """An application that says what is too much; None where nothing is."""
        limits = self._limits
        if len(self.url) > limits.most_line_bytes:
            return _refusing(_too_long(limits.most_line_bytes))
        if len(self.headers) > limits.most_headers:
            told = f"The request has {len(self.headers)} headers, at most {limits.most_headers} are taken. Send fewer."
            return _refusing(Rejected(431, told, _CLOSE))
        if sum(len(name) + len(value) for name, value in self.headers) > limits.most_header_bytes:
            return _refusing(_too_large(limits.most_header_bytes))
        if self._crowded and self.url.partition(b"?")[0] not in PROBES:
            return _refusing(Rejected(503, "The service has too many connections. Wait and try again.", _LATER))
        return None

    def _count_head(self) -> None:
        """Headers that have not ended are in memory already."""
        self._head += self._part
        limits = self._limits
        if self._head <= limits.most_header_bytes:
            return
        if self.cycle is not None and not self.cycle.response_complete:
            self._abort()  # another answer is being written
        elif self.url and not self.headers and len(self.url) > limits.most_line_bytes:
            self._say(_too_long(limits.most_line_bytes))
        else:
            self._say(_too_large(limits.most_header_bytes))

    def _say(self, error: Rejected) -> None:
        """Answer where there is no whole request that an application could answer."""
        answer = answer_error(error)
        reason = {414: "URI Too Long", 431: "Request Header Fields Too Large"}[error.status]
        head = f"HTTP/1.1 {error.status} {reason}\r\ncontent-type: {JSON}\r\ncontent-length: {len(answer.body)}\r\n"
        self.transport.write(f"{head}connection: close\r\n\r\n".encode() + answer.body)
        self.close_patiently()

    def _watch_reader(self) -> None:
        left = self.transport.get_write_buffer_size()
        if left and self._reader_clock is None:
            self._reader_clock = self.loop.call_later(self._limits.body_seconds, self._look_at_reader, left)

    def _look_at_reader(self, before: int) -> None:
        """A slow reader is waited for as long as it reads at all."""
        self._reader_clock = None
        left = self.transport.get_write_buffer_size()
        if left >= before:
            self._abort()
        else:
            self._watch_reader()

    def _abort(self) -> None:
        self.transport.abort()


class _Patient:
    """What an answer sees of the transport while its request has not all come: to close it, it is let run out."""

    def __init__(self, connection: PatientConnection) -> None:
        self._connection = connection
        self.write = connection.transport.write
        self.is_closing = connection.transport.is_closing

    def close(self) -> None:
        cycle = self._connection.cycle
        if cycle is None or not cycle.more_body:
            self._connection.transport.close()
        else:
            self._connection.close_patiently()


_CLOSE = {"Connection": "close"}
_LATER = {**_CLOSE, "Retry-After": "1"}


def _too_long(most: int) -> Rejected:
    return Rejected(414, f"The address is longer than {most} bytes. Send the rows in the body.", _CLOSE)


def _too_large(most: int) -> Rejected:
    return Rejected(431, f"The headers have more than {most} bytes. Send fewer or shorter ones.", _CLOSE)


def _refusing(error: Rejected) -> Any:
    async def refuse(scope: Scope, receive: Receive, send: Send) -> None:
        await answer_error(error).send(send, new_id())

    return refuse


def _stopped(clock: asyncio.TimerHandle | None) -> Any:
    if clock is not None:
        clock.cancel()
    return None
