"""A client that takes a kernel for ready when it has answered; Jupyter's own waits fixed times besides."""

from __future__ import annotations

import time
from queue import Empty
from typing import Any

from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.utils import ensure_async

ASK_AGAIN = 1.0  # seconds after which a kernel that has not answered is asked again
# A kernel that is quicker than the connection of its outputs has said *idle* to nobody: it is asked again soon, and
# each time a little later, for there is nothing else to be heard of it.
HEARD_SOON = 0.05


class PromptClient(AsyncKernelClient):
    """Waits for the answer to a request, on the channel of replies and on the one of outputs.

    What it says on the second comes in order. So when *idle* has come for that request the channel is heard, and what
    came before has been read.
    """

    async def _async_wait_for_ready(self, timeout: float | None = None) -> None:
        until = time.monotonic() + (float("inf") if timeout is None else timeout)
        patience = HEARD_SOON
        while not await self._answers(self.kernel_info(), patience):
            patience = min(2 * patience, ASK_AGAIN)
            if not await self._async_is_alive():
                raise RuntimeError("Kernel died before replying to kernel_info")
            if time.monotonic() > until:
                raise RuntimeError(f"Kernel didn't respond in {timeout:g} seconds")

    wait_for_ready = _async_wait_for_ready

    async def _answers(self, request: str, patience: float) -> bool:
        """Whether one request is answered within a while, and the outputs are heard soon after it."""
        until = time.monotonic() + ASK_AGAIN
        try:
            while not _is_reply(message := await self._next(self.shell_channel, until), request):
                pass
            self._handle_kernel_info_reply(message)
            until = time.monotonic() + patience
            while not _is_idle(await self._next(self.iopub_channel, until), request):
                pass
        except Empty:
            return False
        return True

    async def _next(self, channel: Any, until: float) -> dict[str, Any]:
        left = until - time.monotonic()
        if left <= 0:
            raise Empty
        message: dict[str, Any] = await ensure_async(channel.get_msg(timeout=left))
        return message


def _is_reply(message: dict[str, Any], request: str) -> bool:
    return message["msg_type"] == "kernel_info_reply" and message["parent_header"].get("msg_id") == request


def _is_idle(message: dict[str, Any], request: str) -> bool:
    told = message["msg_type"] == "status" and message["content"].get("execution_state") == "idle"
    return told and message["parent_header"].get("msg_id") == request
