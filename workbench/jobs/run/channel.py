"""The kernel's output as it arrives: read in a thread of its own, without a limit, and counted.

A kernel drops what it publishes when the other side is slow, and says nothing. So the queue has no mark on either side,
and where messages are missing all the same, they are counted: Jupyter's sessions number what they send.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from queue import Empty
from typing import Any

# Run in a Python kernel before the first cell. Its queue of output has no limit then (told in the thread that owns the
# socket), and a breakpoint, which would wait for somebody, is refused as input() is. At its end the thread that
# hears of it has the last word: ipykernel ends the thread that publishes without waiting for it, so one kernel in six
# waited for a word that nobody took, and was killed 2.7 seconds later.
SET_UP = """
def _workbench_set_up():
    import atexit
    import sys
    import zmq

    def refused(*_args, **_words):
        raise RuntimeError("breakpoint() was called, but nobody is there to answer. Take it out to run as a job.")

    sys.breakpointhook = refused
    kernel = get_ipython().kernel
    if kernel.control_thread is not None:
        atexit.register(kernel.control_thread.join, 1.0)
    thread = kernel.iopub_thread
    thread.schedule(lambda: thread.socket.setsockopt(zmq.SNDHWM, 0))
try:
    _workbench_set_up()
finally:
    del _workbench_set_up
"""


class OutputChannel:
    """Stands where a client has its output channel.

    Parameters
    ----------
    client : jupyter_client.KernelClient
        Whose connection is used.
    count : Count
        Told of each message.
    """

    def __init__(self, client: Any, count: Count) -> None:
        import zmq

        self._count = count

        self._session = client.session.clone()  # its history of signatures is no matter of two threads
        # A context of its own: sockets of asyncio's context belong to its loop.
        self._context = zmq.Context()
        self._socket = self._context.socket(zmq.SUB)
        self._socket.setsockopt(zmq.RCVHWM, 0)
        if client.curve_publickey is not None:
            self._socket.curve_secretkey = client.curve_secretkey
            self._socket.curve_publickey = client.curve_publickey
            self._socket.curve_serverkey = client.curve_publickey
        self._socket.connect(client._make_url("iopub"))
        self._socket.setsockopt(zmq.SUBSCRIBE, b"")
        self._arrived: deque[dict[str, Any]] = deque()
        self._waiting: tuple[asyncio.AbstractEventLoop, asyncio.Future[None]] | None = None
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._read, name="output", daemon=True)

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def is_alive(self) -> bool:
        """Whether it reads."""
        return self._thread.is_alive()

    def stop(self) -> None:
        """End the thread and close the socket."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()
        self._socket.close(linger=0)
        self._context.term()

    close = stop

    async def get_msg(self, timeout: float | None = None) -> dict[str, Any]:
        """The next message.

        Raises
        ------
        queue.Empty
            If none arrives within ``timeout`` seconds.
        """
        while not self._arrived:
            loop = asyncio.get_running_loop()
            future: asyncio.Future[None] = loop.create_future()
            self._waiting = (loop, future)
            if self._arrived:  # between the two lines
                break
            try:
                await asyncio.wait_for(future, timeout)
            except TimeoutError:
                raise Empty from None
        return self._arrived.popleft()

    def forget(self) -> None:
        """Drop what has arrived and was not asked for."""
        self._arrived.clear()

    def __len__(self) -> int:
        return len(self._arrived)

    def _read(self) -> None:
        while not self._stopped.is_set():
            if self._socket.poll(100):
                _, parts = self._session.feed_identities(self._socket.recv_multipart())
                message = _read_message(self._session, parts)
                self._count.add(message["header"])
                self._arrived.append(message)
                self._wake()

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is not None and not waiting[0].is_closed():
            waiting[0].call_soon_threadsafe(_arrive, waiting[1])


def _arrive(waiting: asyncio.Future[None]) -> None:
    if not waiting.done():
        waiting.set_result(None)


def _read_message(session: Any, parts: list[bytes]) -> dict[str, Any]:
    try:
        return dict(session.deserialize(parts))
    except Exception as error:  # noqa: BLE001 - whatever a kernel sent, the thread that reads must go on
        return {"msg_type": "unreadable", "content": {"error": str(error)}, "parent_header": {}, "header": {}}


class Count:
    """Which messages of a kernel arrived, by the numbers that its session gives them.

    Examples
    --------
    >>> count = Count()
    >>> for number in (3, 4, 7):
    ...     count.add({"msg_id": f"a_99_{number}"}, reply=number == 7)
    >>> count.missing()
    2
    """

    def __init__(self) -> None:
        self._seen: dict[str, set[int]] = {}
        self._kernels: set[str] = set()
        self._first: dict[str, int] = {}

    def add(self, header: dict[str, Any], reply: bool = False) -> None:
        """A message arrived, on whatever channel; who replies is the kernel, and no process that it forked."""
        sender, _, number = str(header.get("msg_id", "")).rpartition("_")
        if sender and number.isdecimal():
            self._seen.setdefault(sender, set()).add(int(number))
            if reply:
                self._kernels.add(sender)

    def start(self) -> None:
        """From now on what is missing counts: before a kernel is ready nobody listens to all that it says."""
        self._first = {sender: max(numbers) for sender, numbers in list(self._seen.items())}

    def missing(self) -> int:
        """Messages that were sent between others that arrived; 0 for kernels that don't number."""
        return sum(self._gaps(sender) for sender in self._kernels)

    def _gaps(self, sender: str) -> int:
        numbers = self._seen[sender].copy()
        first = self._first.get(sender, min(numbers))
        return max(numbers) - first - sum(number > first for number in numbers)
