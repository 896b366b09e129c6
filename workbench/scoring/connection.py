"""A connection on which nobody waits for ever: uvicorn's own, with a bound where it has none.

uvicorn bounds the pause between two requests alone. Here the same holds of a client that connects and says nothing, of
headers that never end, of what comes after an answer and belongs to none, and of an answer that is never read.
A handshake of TLS is bounded by asyncio and uvloop themselves (60 seconds), a body by :meth:`Request.body`.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

PATIENCE = 30.0  # seconds for all headers of a request, and for a reader to take anything of an answer


class PatientConnection(HttpToolsProtocol):
    """One client.

    On the usual path, where a request comes whole, it costs two comparisons: clocks start only for what has to wait.
    """

    _request_clock: asyncio.TimerHandle | None = None
    _reader_clock: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """The first headers have the same bound as all others."""
        super().connection_made(transport)
        self._request_clock = self.loop.call_later(PATIENCE, self._abort)

    def connection_lost(self, exc: Exception | None) -> None:
        """No clock outlives its connection."""
        self._request_clock = _stopped(self._request_clock)
        self._reader_clock = _stopped(self._reader_clock)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Begin to count where no request is being answered: bytes that trickle don't begin it anew."""
        super().data_received(data)
        if self.cycle is not None and not self.cycle.response_complete:
            if self._request_clock is not None:
                self._request_clock = _stopped(self._request_clock)
        elif self._request_clock is None and not self.transport.is_closing():
            self._request_clock = self.loop.call_later(PATIENCE, self._abort)

    def pause_writing(self) -> None:
        """The client reads more slowly than we write."""
        super().pause_writing()
        self._watch_reader()

    def timeout_keep_alive_handler(self) -> None:
        """The pause was too long; what is still to be read of the last answer gets its time."""
        super().timeout_keep_alive_handler()
        self._watch_reader()

    def _watch_reader(self) -> None:
        left = self.transport.get_write_buffer_size()
        if left and self._reader_clock is None:
            self._reader_clock = self.loop.call_later(PATIENCE, self._look_at_reader, left)

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


def _stopped(clock: asyncio.TimerHandle | None) -> Any:
    if clock is not None:
        clock.cancel()
    return None
