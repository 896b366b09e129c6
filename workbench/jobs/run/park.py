"""A job that has failed keeps its kernel for a while, and goes on at the failed cell when somebody asks it to.

Who asks puts a file into the job's folder, which the job looks for: that works wherever the folder is seen, in another
container or on another machine. The answer is an event of the job. Nothing else of a job changes meanwhile: its lock is
held, its heart beats, its guardian waits.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

from workbench.core.job import Job
from workbench.core.saved import Flat
from workbench.errors import Busy, Damaged, NotFound, StoreError, WorkbenchError
from workbench.jobs.line.queue import dispatch
from workbench.jobs.liveness import let_go, locked
from workbench.jobs.records import load, tell
from workbench.jobs.run.control import Control
from workbench.storage.files import change

REQUEST = "resume.json"
LOOK = 0.1  # seconds between two looks for a request
RESUMED, REFUSED = "job_resumed", "resume_refused"
OVER = "Its kernel was kept for {seconds:g} s, and nobody went on with it."
DIED = "Its kernel, which was kept after the failure, has died."


@dataclass(frozen=True)
class Request(Flat):
    """That a parked job is to go on.

    Parameters
    ----------
    token : str
        What the answer names.
    attempt : int
        How many tries the job had before the one that is parked: a request for another one is out of date.
    notebook : dict
        The notebook as it is now, as plain JSON.
    parameters : dict
        The job's, as plain JSON.
    """

    token: str
    attempt: int
    notebook: dict[str, Any] = field(repr=False)
    parameters: dict[str, Any] = field(repr=False)

    noun: ClassVar[str] = "request to resume"


@dataclass(frozen=True)
class Room:
    """The slots that a job holds: while it is parked others may have them.

    Parameters
    ----------
    home : Path, optional
        Folder of everything that Workbench writes.
    slots : sequence of int
        Descriptors that hold them.
    """

    home: Path | None = None
    slots: Sequence[int] = ()

    def give_back(self) -> None:
        """Let go of them, and start what waits."""
        for slot in self.slots:
            let_go(slot)
        if self.home is not None:
            with suppress(OSError, WorkbenchError):  # a full disk: whoever looks next tries again
                dispatch(self.home)

    def take_again(self) -> None:
        """Hold those that are free: somebody waits for the job, so it goes on without them, too."""
        for slot in self.slots:
            locked(slot)


NOWHERE = Room()


def ask(job: Job, request: Request) -> None:
    """Leave a request in the folder of a job.

    Raises
    ------
    Busy
        If somebody else's is there.
    """

    def only(before: Request | None) -> Request:
        if before is not None:
            raise Busy(f"The job {job.id} is being resumed by somebody else. Wait, and look at it again.")
        return request

    change(job.path / REQUEST, only, parse=Request.parse, plain=Request.document)


def withdraw(job: Job, token: str) -> None:
    """Take one's own request away again."""
    with suppress(StoreError):
        if Request.load(job.path / REQUEST).token == token:
            (job.path / REQUEST).unlink(missing_ok=True)


def requests(folder: Path, seconds: float, control: Control, alive: Callable[[], bool]) -> Iterator[Request]:
    """Requests to go on, as they come, for so long as the kernel is kept and lives.

    Parameters
    ----------
    folder : Path
        The parked job's.
    seconds : float
        How long the kernel is kept.
    control : Control
        What ends the job from outside.
    alive : callable
        Whether the kernel lives.
    """
    until = time.monotonic() + seconds
    while time.monotonic() < until and alive():
        control.check()
        request = _request(folder)
        if request is not None:
            yield request
        time.sleep(LOOK)


def _request(folder: Path) -> Request | None:
    """The request that lies there, if it is one for the try that is parked; it is taken away."""
    path = folder / REQUEST
    if not path.exists():
        return None
    try:
        request = Request.load(path)
    except NotFound:
        return None  # withdrawn in between
    except Damaged as error:
        refuse(folder, "", str(error))
        request = None
    path.unlink(missing_ok=True)
    if request is not None and request.attempt != len(load(folder).attempts):
        refuse(folder, request.token, "The job has gone on since this was asked for. Look at it again.")
        return None
    return request


def refuse(folder: Path, token: str, why: str) -> None:
    """Answer that the job does not go on."""
    tell(folder, REFUSED, request=token, error=why)


def until(seconds: float) -> str:
    """The moment that is so far away, ISO 8601 in UTC."""
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat(timespec="milliseconds")
