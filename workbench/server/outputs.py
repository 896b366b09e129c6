"""The output of a job, where the file browser shows it."""

from __future__ import annotations

import shutil
from pathlib import Path

from workbench.core.job import Job
from workbench.errors import NotFound


def lay_out(root: Path, job: Job) -> str:
    """Copy the executed notebook beside the one that was executed, and give its path from the root.

    Records lie in a hidden folder, which Jupyter does not show. A copy that somebody has changed since is kept.

    Raises
    ------
    NotFound
        If the job has not executed a cell yet.
    """
    if not job.output.is_file():
        raise NotFound(f"The job {job.id!r} has no output yet. Wait until its first cell has run.")
    folder = Path(job.notebook).parent
    root = root.resolve()
    beside = folder.resolve() if folder.is_absolute() and folder.resolve().is_relative_to(root) else root
    copy = beside / f"{job.id}.ipynb"
    if not copy.exists() or copy.stat().st_mtime < job.output.stat().st_mtime:
        shutil.copy2(job.output, copy)
    return copy.relative_to(root).as_posix()
