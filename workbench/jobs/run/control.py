"""What ends a run from outside: a signal, the record, a folder that is gone."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from workbench.core.job import JobState
from workbench.errors import StoreError
from workbench.jobs.elsewhere.cluster import is_lost
from workbench.jobs.liveness import BEAT, beat
from workbench.jobs.records import load


class Stopped(KeyboardInterrupt):
    """The run is to end now; no failure of the notebook."""


class Control:
    """Hears in the runner's main thread that its job is to stop, and tells the client.

    The first signal is passed on as an interrupt, so that the cell may tidy up; SIGTERM after that ends the run.

    Parameters
    ----------
    folder : Path, optional
        The job's; without one (papermill's own command line) nothing is heard but ``Ctrl-C``.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder
        self.stopping = False
        self.broken: str | None = None
        self.lost = False
        self.interrupt: Callable[[], None] | None = None
        self._ended = threading.Event()
        self._beats = threading.Thread(target=self._beat, name="heartbeat", daemon=True)

    def start(self) -> None:
        """Hear signals and send heartbeats from now on."""
        for name in ("SIGINT", "SIGTERM", "SIGHUP"):
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), self._hear)
        self._beats.start()

    def end(self) -> None:
        """The run has ended: what is heard from now on changes nothing."""
        self._ended.set()
        for name in ("SIGINT", "SIGTERM", "SIGHUP"):
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), signal.SIG_IGN)

    def check(self) -> None:
        """Raise :class:`Stopped` if the run is to end."""
        if self.stopping:
            raise Stopped

    def _hear(self, number: int, _frame: Any) -> None:
        again, self.stopping = self.stopping, True
        if self.interrupt is None or self.broken or self.lost or (again and number == signal.SIGTERM):
            raise Stopped
        self.interrupt()

    def _beat(self) -> None:
        """Heartbeats; a stop that was asked for on another machine is found in the record."""
        asked = 0
        while not self._ended.wait(BEAT):
            try:
                beat(self.folder)  # type: ignore[arg-type]
                asked += load(self.folder).state is JobState.STOPPING  # type: ignore[arg-type]
            except (OSError, StoreError) as error:
                self.broken = str(error)
                os.kill(os.getpid(), signal.SIGTERM)
                return
            if is_lost(self.folder):  # type: ignore[arg-type]
                self.lost = True
                os.kill(os.getpid(), signal.SIGTERM)
                return
            if asked in (1, 4):
                os.kill(os.getpid(), signal.SIGINT if asked == 1 else signal.SIGTERM)
