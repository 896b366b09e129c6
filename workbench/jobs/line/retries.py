"""Whether a job that failed is tried again, and when."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from workbench.core.job import Cause, Job, JobState

LOST = "The Dask worker that ran it is gone."
MOST_LOST = 3  # tries that end with a worker and count for nothing: that is no failure of the notebook
CAP = 3600.0  # seconds that no further wait exceeds, unless the first one does


def next_try(ended: Job) -> str | None:
    """The moment of the next try, ISO 8601 in UTC; None where this was the last.

    Parameters
    ----------
    ended : Job
        With the end of this try, as :func:`workbench.jobs.records.finish` would write it.

    Examples
    --------
    >>> from workbench.core.job_options import JobOptions
    >>> failed = Job("a", "a.ipynb", {}, JobState.FAILED, ended="2026-11-21T01:50:00+00:00")
    >>> next_try(failed) is None
    True
    >>> from dataclasses import replace
    >>> next_try(replace(failed, options=JobOptions(retries=1, backoff=60.0)))
    '2026-11-21T01:51:00.000+00:00'
    """
    if ended.state is not JobState.FAILED or ended.ended is None:
        return None
    lost = [one for one in ended.attempts if one.get("cause") == Cause.WORKER.value]
    if ended.cause is Cause.WORKER and len(lost) < MOST_LOST:
        return ended.ended
    if len(ended.attempts) - len(lost) >= ended.options.retries:
        return None
    wait = timedelta(seconds=delay(ended.options.backoff, len(ended.attempts)))
    return (datetime.fromisoformat(ended.ended) + wait).isoformat(timespec="milliseconds")


def delay(backoff: float, tried: int) -> float:
    """Seconds before the next try: twice as many each time, at most an hour or what was asked for.

    >>> [delay(30.0, tried) for tried in (0, 1, 2, 20)], delay(7200.0, 5)
    ([30.0, 60.0, 120.0, 3600.0], 7200.0)
    """
    return min(backoff * 2.0**tried, max(CAP, backoff))


def attempt(ended: Job, output: str | None) -> dict[str, Any]:
    """What the record keeps of a try that failed."""
    cause = None if ended.cause is None else ended.cause.value
    told = {"started": ended.started, "ended": ended.ended, "error": ended.error, "cause": cause}
    return {**told, "failed_cell": ended.failed_cell, "output": output}


def afresh(ended: Job, due: str, output: str | None) -> dict[str, Any]:
    """What changes in the record of a job that is to be tried again."""
    nothing_yet: dict[str, Any] = {
        **dict.fromkeys(("started", "ended", "error", "cause", "failed_cell", "ended_early", "pid")),
        "cells_done": 0,
        "notes": ended.lasting_notes,
    }
    attempts = (*ended.attempts, attempt(ended, output))
    return {**nothing_yet, "state": JobState.QUEUED, "due": due, "attempts": attempts}
