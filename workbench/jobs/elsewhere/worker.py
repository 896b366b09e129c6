"""What a Dask worker does with a job: it takes its ticket, starts its process, and waits for its end."""

from __future__ import annotations

import time
from contextlib import ExitStack, suppress
from itertools import count
from pathlib import Path
from typing import NoReturn

from workbench.core.job import Cause, JobState
from workbench.errors import Busy, StoreError
from workbench.jobs.elsewhere.cluster import watched
from workbench.jobs.line.queue import begin, dispatch, holding
from workbench.jobs.line.retries import LOST
from workbench.jobs.line.starting import wait_for
from workbench.jobs.line.tickets import waiting
from workbench.jobs.liveness import Life, last_beat, life
from workbench.jobs.records import WAITS, conclude, load, now, settle, settle_held

LOOK = 0.5  # seconds between two looks
LOOKS = 20  # at a job that waits and can't be started here


def run(folder: Path, number: int) -> str:
    """Run a try of a job; its state when this has nothing more to do with it.

    Dask runs a task anew where its worker is lost, or where it believes so. The job's lock, its ticket and its record
    say what is so: a try that another process runs is waited for; one whose process is gone is written down as that and
    tried again; what has ended stays as it is.

    Parameters
    ----------
    folder : Path
        The job's.
    number : int
        Of the try, from 0: how many have ended before.
    """
    _check_seen(folder)
    for looked in count(1):
        record = load(folder)
        if record.state.final or len(record.attempts) != number:
            return record.state.value
        if record.state in WAITS and looked > LOOKS:
            break  # what it lacks here, its record says
        ended = _taken(folder, number) if record.state in WAITS else None
        if ended is not None:
            return ended
        if record.state not in WAITS and life(record) is not Life.RUNS:
            _write_down_lost(folder)
        time.sleep(LOOK)
    _elsewhere()


def _check_seen(folder: Path) -> None:
    """Leave what this worker does not see to another."""
    if not folder.parent.is_dir():
        _elsewhere()


def _elsewhere() -> NoReturn:
    """Let Dask choose a worker anew."""
    from distributed import Reschedule

    time.sleep(LOOK)
    raise Reschedule


def _taken(folder: Path, number: int) -> str | None:
    """Start a job that waits, and wait for the end of this try; None where it is not to be had."""
    ticket = next((t for t in waiting(folder.parent.parent) if t.id == folder.name), None)
    if ticket is None:
        return None
    begun = False
    with ExitStack() as watching:
        with suppress(Busy, OSError, StoreError), holding(folder) as held:
            told = watching.enter_context(watched(folder, number))
            begun = begin(ticket, folder, held, None, told)
        return _waited(folder, number) if begun else None


def _waited(folder: Path, number: int) -> str:
    while True:
        record = load(folder)
        if record.state.final or len(record.attempts) != number:
            wait_for(record.pid)
            return record.state.value
        if life(record) is Life.GONE:
            settle(folder)
        time.sleep(LOOK)


def _write_down_lost(folder: Path) -> None:
    """The process of a try is gone with its worker: it is tried again, where it may be."""
    with suppress(Busy, OSError, StoreError), holding(folder):
        record = load(folder)
        if record.state is JobState.STOPPING:
            settle_held(folder)
        elif not record.state.final and record.state not in WAITS:
            ended = last_beat(folder) or now()
            conclude(folder, state=JobState.FAILED, cause=Cause.WORKER, error=LOST, ended=ended)
    dispatch(folder.parent.parent)
