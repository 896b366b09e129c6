"""A small process that outlives the runner of a job by a moment, and leaves the truth behind when that is killed.

It is forked before the runner has loaded anything, waits on a pipe that only the runner holds, and acts at its end:
what the job started is ended, its socket folder removed, and an end that nobody wrote down is written down. It shares
the runner's lock, so that nobody takes the job for gone before that is done.
"""

from __future__ import annotations

import os
import shutil
import signal
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from workbench.jobs.processes import end_family
from workbench.jobs.records import now, settle_held


@dataclass(frozen=True)
class Guardian:
    """The guardian of this process, as this process knows it.

    Parameters
    ----------
    pid : int
        Its number.
    pipe : int
        What it waits on; closed with this process, however that ends.
    """

    pid: int
    pipe: int

    def dismiss(self) -> None:
        """Nothing is left to be done: it ends at once."""
        os.write(self.pipe, b".")
        os.close(self.pipe)


def start(folder: Path, sockets: Path) -> Guardian | None:
    """Fork the guardian of this process; None where the system can't fork.

    Parameters
    ----------
    folder : Path
        The job's.
    sockets : Path
        The folder to remove at the end.
    """
    if not hasattr(os, "fork"):
        return None
    (watched, kept), (heard, told) = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        _become(folder, sockets, watched, (kept, heard), told)
    os.close(watched)
    os.close(told)
    os.waitpid(child, 0)
    number = int(os.read(heard, 32) or b"0")
    os.close(heard)
    return Guardian(number, kept)


def _become(folder: Path, sockets: Path, watched: int, others: tuple[int, ...], told: int) -> None:
    """Leave the family, so that who ends the runner's group does not end the guardian, and wait."""
    try:
        os.setsid()
        if os.fork():
            os._exit(0)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        for descriptor in others:
            os.close(descriptor)
        os.write(told, str(os.getpid()).encode())
        os.close(told)
        if not os.read(watched, 1):
            _leave_the_truth(folder, sockets, now())
    finally:
        os._exit(0)


def _leave_the_truth(folder: Path, sockets: Path, moment: str) -> None:
    end_family(folder.name)
    shutil.rmtree(sockets, ignore_errors=True)
    with suppress(Exception):  # a full disk, a folder that is gone: readers still see that the process is
        settle_held(folder, moment)
