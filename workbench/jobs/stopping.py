"""Stopping a job: its cell is interrupted and may tidy up; what does not end by itself is ended."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

from workbench.core.job import Job, JobState
from workbench.jobs.line.queue import withdraw
from workbench.jobs.liveness import Life, boot, life
from workbench.jobs.processes import end_family, family
from workbench.jobs.records import STOPPED, job, load, now, settle, update


def stop(id: str, home: str | Path | None = None, grace: float = 5.0) -> Job:  # noqa: A002 - the record's own word
    """Stop a job: interrupt its kernel, and end its processes if that does not help.

    Parameters
    ----------
    id : str
        The job. One that has ended is returned as it is; one that waits is never started.
    grace : float
        Seconds that the running cell has to give up.

    Returns
    -------
    Job
        STOPPED; STOPPING where it runs on another machine, whose runner reads that with its next heartbeat.

    Raises
    ------
    NotFound
        If there is no such job.
    """
    record = job(id, home)
    if record.state.final:
        # Nobody may have written down that its process is gone; who stops it may.
        return settle(record.path) if not load(record.path).state.final else record
    if record.state is JobState.QUEUED and (ended := withdraw(record)):
        end_family(record.id)  # what waits for the moment of its next try
        return ended
    update(record.path, state=JobState.STOPPING)
    if record.boot not in ("", boot()):
        return _elsewhere(record, grace)
    for number in (signal.SIGINT, signal.SIGTERM):
        _signal(record, number)
        if _ended(record, grace):
            return _settled(record)
    end_family(record.id)
    return _settled(record, now())


def _settled(record: Job, moment: str | None = None) -> Job:
    ended = settle(record.path, moment)
    until = time.monotonic() + 5.0
    while not ended.state.final and record.boot and time.monotonic() < until:  # its guardian is at it
        time.sleep(0.05)
        ended = settle(record.path, moment)
    if ended.state.final or record.boot:
        return ended
    # A record of an older version has no lock: nobody can run it whose process is not here.
    return update(record.path, state=JobState.STOPPED, error=STOPPED) if not family(record.id) else ended


def _elsewhere(record: Job, grace: float) -> Job:
    _ended(record, 2 * grace)
    return load(record.path)


def _signal(record: Job, number: int) -> None:
    """Tell the runner; its number is believed only if that process carries the job's id."""
    for process in family(record.id):
        if process.pid == record.pid:
            with suppress(ProcessLookupError):
                os.kill(process.pid, number)


def _ended(record: Job, within: float) -> bool:
    until = time.monotonic() + within
    while time.monotonic() < until:
        if load(record.path).state.final or life(record) is Life.GONE:
            return True
        time.sleep(0.05)
    return False
