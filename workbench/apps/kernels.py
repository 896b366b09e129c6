"""The kernels of pages: forked at once, each for the one browser that opened its page, and gone when that is closed."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager, ServerKernelManager

from workbench.instant.asking import warm
from workbench.instant.manager import InstantManager
from workbench.instant.packages import KERNELS, PAGES
from workbench.instant.provisioner import KIND

# A kernel whose page never connects, and one whose page has gone: a connection that is lost for a moment comes back.
UNSEEN_SECONDS, GONE_SECONDS = 60.0, 10.0
MOST = 32  # kernels at once
SECRETS = ("WORKBENCH_APPS_TOKEN", "WORKBENCH_APPS_ACT_TOKEN")  # no notebook needs them
LIGHT, WHOLE = "pages", "pages-data"  # what a page of ours needs, and what others may import besides


@dataclass
class Opening:
    """A page that is being made.

    Parameters
    ----------
    username : str
        Of the browser that opens it.
    kind : str
        What its kernel is forked from.
    kernel_id : str
        Of its kernel, once it is started.
    """

    username: str
    kind: str = WHOLE
    kernel_id: str = ""


opening: ContextVar[Opening] = ContextVar("opening")


class PageKernelManager(InstantManager, ServerKernelManager):
    """Starts them at once, and knows what Jupyter's server asks of its kernels."""


class PageKernels(AsyncMappingKernelManager):
    """All kernels of pages, with whose they are."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._owners: dict[str, str] = {}
        self._sockets: Counter[str] = Counter()
        self._ends: dict[str, asyncio.TimerHandle] = {}

    async def _async_start_kernel(self, **options: Any) -> str:
        """Start one for the page that is being made."""
        page = opening.get()
        env = {key: value for key, value in options.pop("env", {}).items() if key not in SECRETS}
        kernel_id: str = await super()._async_start_kernel(env={**env, KIND: page.kind}, **options)
        page.kernel_id = kernel_id
        self._owners[kernel_id] = page.username
        return kernel_id

    start_kernel = _async_start_kernel

    def remove_kernel(self, kernel_id: str) -> Any:
        """Forget one that has ended."""
        self._owners.pop(kernel_id, None)
        self._sockets.pop(kernel_id, None)
        self._stay(kernel_id)
        return super().remove_kernel(kernel_id)

    def is_of(self, kernel_id: str, username: str) -> bool:
        """Whether a kernel is there, and belongs to the page of that browser."""
        return kernel_id in self and self._owners.get(kernel_id) == username

    async def lives(self, kernel_id: str) -> bool:
        """Whether its process does; one that has ended by itself is forgotten."""
        if kernel_id not in self:
            return False
        if await self.get_kernel(kernel_id).is_alive():
            return True
        self.remove_kernel(kernel_id)
        return False

    def sent(self, page: Opening) -> None:
        """A page has been sent: its kernel goes if it never connects."""
        if page.kernel_id in self and not self._sockets[page.kernel_id]:
            self._end_after(UNSEEN_SECONDS, page.kernel_id)

    def joined(self, kernel_id: str) -> None:
        """A page is connected."""
        self._sockets[kernel_id] += 1
        self._stay(kernel_id)

    def left(self, kernel_id: str) -> None:
        """A page is gone: nobody needs the kernel if no other one is there soon."""
        self._sockets[kernel_id] -= 1
        if self._sockets[kernel_id] <= 0 and kernel_id in self:
            self._end_after(GONE_SECONDS, kernel_id)

    async def end(self, kernel_id: str) -> None:
        """End one now: it has nothing to keep."""
        if kernel_id in self:
            await self.shutdown_kernel(kernel_id, now=True)

    async def end_all(self) -> None:
        """End all of them now."""
        await asyncio.gather(*map(self.end, list(self.list_kernel_ids())))

    def _end_after(self, seconds: float, kernel_id: str) -> None:
        self._stay(kernel_id)
        loop = asyncio.get_running_loop()
        self._ends[kernel_id] = loop.call_later(seconds, lambda: loop.create_task(self.end(kernel_id)))

    def _stay(self, kernel_id: str) -> None:
        ending = self._ends.pop(kernel_id, None)
        if ending is not None:
            ending.cancel()


def make_ready(env: Mapping[str, str], kind: str) -> None:
    """Start what kernels of a kind are forked from, if it is not there; it ends with this process."""
    packages = {LIGHT: PAGES} if kind == LIGHT else {LIGHT: PAGES, WHOLE: KERNELS}
    warm(env, packages, owned=True)
