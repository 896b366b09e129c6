"""The Jupyter server sees to the line of jobs, so that what waits starts while nobody else looks."""

from __future__ import annotations

import asyncio
from typing import Any

from tornado.ioloop import PeriodicCallback

from workbench.errors import WorkbenchError
from workbench.jobs.line.queue import dispatch

LOOK = 5.0  # seconds between two looks; one costs a list of two folders


def tend(server: Any) -> PeriodicCallback:
    """Look along the line now and then, as long as a server runs.

    Parameters
    ----------
    server : jupyter_server.serverapp.ServerApp

    Returns
    -------
    tornado.ioloop.PeriodicCallback
        To be stopped.
    """

    async def look() -> None:
        try:
            for name in await asyncio.to_thread(dispatch):
                server.log.info("Workbench has started the job %s", name)
        except (OSError, WorkbenchError) as error:
            server.log.warning("Workbench can't start jobs that wait: %s", error)

    looks = PeriodicCallback(look, LOOK * 1000)
    server.io_loop.add_callback(looks.start)
    return looks
