"""uvicorn's server with a quick second signal, and one that takes its connections from a socket shared by processes."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable
from types import FrameType
from typing import Any

import uvicorn

LAST_MOMENT = 0.3  # seconds from the second signal to the end
POLITE = 0.01  # seconds that another process gets to take a connection


class Server(uvicorn.Server):
    """One process: the first signal lets requests be answered, the second ends it at once.

    Parameters
    ----------
    config : uvicorn.Config
        As uvicorn takes it.
    quickly : callable
        What is still to be done at a second signal, such as to commit the log.
    """

    def __init__(self, config: uvicorn.Config, quickly: Callable[[], None]) -> None:
        super().__init__(config)
        self._quickly = quickly

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """uvicorn's own takes a second Ctrl-C alone for haste."""
        self.force_exit = self.force_exit or self.should_exit
        super().handle_exit(sig, frame)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Wait for what is being answered, unless there is haste."""
        watching = asyncio.create_task(self._watch_for_haste())
        await super().shutdown(sockets)
        watching.cancel()

    async def _watch_for_haste(self) -> None:
        while not self.force_exit:
            await asyncio.sleep(0.05)
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        await asyncio.sleep(LAST_MOMENT)
        # Whatever still runs is a thread that nobody can stop.
        self._quickly()
        os._exit(1)


class SharingServer(Server):
    """One of several processes on one listening socket.

    Parameters
    ----------
    config, quickly
        As :class:`Server` takes them.
    place : socket
        That listens; each connection goes to one process.
    counts : memoryview of int64
        Connections of each process; all of them see it.
    number : int
        Which of the counts is this one's.
    begun : callable
        Is called when the process takes connections.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        quickly: Callable[[], None],
        place: socket.socket,
        counts: memoryview,
        number: int,
        begun: Callable[[], None],
    ) -> None:
        super().__init__(config, quickly)
        self._place, self._counts, self._number, self._begun = place, counts, number, begun
        self.server_state.connections = _Counted(counts, number)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """In place of the sockets that uvicorn would open: asyncio's own server takes all connections it can get."""
        await self.lifespan.startup()
        taker = _Taker(self._place, self._protocol, self.config.ssl, self._is_my_turn)
        self.servers = [taker]  # type: ignore[list-item]  # to close it and to wait is all that uvicorn does
        taker.begin()
        self.started = True
        self._begun()

    def _protocol(self) -> asyncio.Protocol:
        return self.config.http_protocol_class(  # type: ignore[call-arg]
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )

    def _is_my_turn(self) -> bool:
        """Whether no other process has fewer connections."""
        return bool(self._counts[self._number] <= min(self._counts))


class _Counted(set[Any]):
    """Connections, whose number the other processes see."""

    def __init__(self, counts: memoryview, number: int) -> None:
        super().__init__()
        self._counts, self._number = counts, number

    def add(self, connection: Any) -> None:
        super().add(connection)
        self._counts[self._number] = len(self)

    def discard(self, connection: Any) -> None:
        super().discard(connection)
        self._counts[self._number] = len(self)


class _Taker:
    """Takes connections one by one, and leaves them to who has fewer, for a moment."""

    def __init__(
        self, place: socket.socket, protocol: Callable[[], asyncio.Protocol], tls: Any, is_my_turn: Callable[[], bool]
    ) -> None:
        self._place, self._protocol, self._tls, self._is_my_turn = place, protocol, tls, is_my_turn
        self._loop = asyncio.get_running_loop()
        self._later: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[Any]] = set()
        self._open = True

    def begin(self) -> None:
        self._loop.add_reader(self._place, self._look)

    def close(self) -> None:
        self._open = False
        self._loop.remove_reader(self._place)
        if self._later is not None:
            self._later.cancel()
        self._place.close()  # the other processes have their own

    async def wait_closed(self) -> None:
        """What is taken is uvicorn's."""

    def _look(self) -> None:
        if self._is_my_turn():
            self._take()
        else:
            self._pause(POLITE)

    def _pause(self, seconds: float) -> None:
        self._loop.remove_reader(self._place)
        self._later = self._loop.call_later(seconds, self._after_a_pause)

    def _after_a_pause(self) -> None:
        self._later = None
        self.begin()
        self._take()

    def _take(self) -> None:
        try:
            connection, _ = self._place.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return
        except OSError:  # no file is left: the connection waits where it is
            self._pause(0.1)
            return
        connection.setblocking(False)
        coming = self._loop.connect_accepted_socket(self._protocol, connection, ssl=self._tls)
        task = self._loop.create_task(coming)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # a handshake that failed is the client's fault
