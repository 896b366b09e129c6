"""A job: where it stands, with what, and where its output lies."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from workbench.core.job import Job, JobState
from workbench.display.rendering import fragment

if TYPE_CHECKING:
    import plotly.graph_objects as go

KINDS = {
    JobState.COMPLETED: "ok",
    JobState.FAILED: "error",
    JobState.PARKED: "error",
    JobState.DAMAGED: "error",
    JobState.STOPPED: "warning",
    JobState.STOPPING: "warning",
    JobState.UNKNOWN: "warning",
}


def html(job: Job) -> str:
    """State, progress over the cells, parameters and the error if there is one."""
    return fragment(
        "job",
        j=job,
        title=job.name,
        kind=KINDS.get(job.state, "info"),
        took=duration(job),
        share=f"{100 * job.cells_done / job.cells:.0f}" if job.cells else "0",
        parameters=[(name, str(value)) for name, value in job.parameters.items()],
        output=str(job.output) if job.state.final or job.state is JobState.PARKED else None,
    )


def figure(job: Job) -> go.Figure:
    """Cells that ran, and cells that did not."""
    from workbench.display.figures import bars

    return bars(["done", "left"], [job.cells_done, job.cells - job.cells_done], job.name, "cells")


def duration(job: Job) -> str:
    """How long it took, in words.

    >>> at = "2026-01-01T00:0{}:0{}"
    >>> duration(Job("a", "n.ipynb", {}, JobState.COMPLETED, started=at.format(0, 0), ended=at.format(1, 5)))
    '1 min 5 s'
    """
    if not job.started or not job.ended:
        return "–"
    seconds = round((datetime.fromisoformat(job.ended) - datetime.fromisoformat(job.started)).total_seconds())
    return f"{seconds // 60} min {seconds % 60} s" if seconds >= 60 else f"{seconds} s"
