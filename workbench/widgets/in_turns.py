"""What takes long, done in parts: in between a notebook's kernel hears what the page asks, and it may be called off."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from workbench.core.steps import Stepped

Message = dict[str, Any]
# Seconds for which it is done at once, for which it goes on before others have their turn, and for which they have it.
AT_ONCE, TURN, PAUSE = 0.12, 0.04, 0.005


class InTurns:
    """Long answers by name. One that is begun under the name of another one takes its place.

    Parameters
    ----------
    send : callable
        Takes an answer, and before it messages of kind ``progress`` with ``name`` and ``done``, the share in [0, 1].
    """

    def __init__(self, send: Callable[[Message], None]) -> None:
        self._send = send
        self._under_way: dict[str, Stepped[Message]] = {}

    def begin(self, name: str, work: Callable[[], Message]) -> None:
        """Do it: the first part at once; all of it where no loop of events runs, and so nobody else waits."""
        self.call_off(name)
        self._under_way[name] = Stepped(work)
        self._go_on(name, self._under_way[name], AT_ONCE)

    def call_off(self, name: str) -> None:
        """Nobody waits for it any more."""
        work = self._under_way.pop(name, None)
        if work is not None:
            work.call_off()

    def call_off_all(self) -> None:
        """Nobody waits for any of them."""
        for name in list(self._under_way):
            self.call_off(name)

    def _go_on(self, name: str, work: Stepped[Message], seconds: float) -> None:
        if self._under_way.get(name) is not work:
            return
        loop = running_loop()
        if work.go_on(None if loop is None else seconds):
            self._under_way.pop(name)
            self._send(work.result())
        elif loop is not None:
            self._send({"kind": "progress", "name": name, "done": work.done})
            loop.call_later(PAUSE, self._go_on, name, work, TURN)


def running_loop() -> asyncio.AbstractEventLoop | None:
    """The loop of events that runs this, as in a kernel; None in plain Python."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
