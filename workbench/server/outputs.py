"""The output of a job, where the file browser shows it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import datetime
from itertools import count
from pathlib import Path

from workbench.core.job import Job
from workbench.errors import InputError, NotFound
from workbench.jobs.notebook.notebooks import read


def lay_out(root: Path, job: Job) -> str:
    """Copy the executed notebook beside the one that was executed, and give its path from the root.

    Records lie in a hidden folder, which Jupyter does not show. The copy is called after the notebook and the moment of
    the job, in the server's zone; one that somebody has changed since is kept.

    Raises
    ------
    NotFound
        If the job has not executed a cell yet.
    """
    if not job.output.is_file():
        raise NotFound(f"The job {job.id!r} has no output yet. Wait until its first cell has run.")
    copy = next(place for place in _places(_folder(root.resolve(), job), job) if _is_of(place, job))
    if not copy.exists() or copy.stat().st_mtime < job.output.stat().st_mtime:
        shutil.copy2(job.output, copy)
    return copy.relative_to(root.resolve()).as_posix()


def _folder(root: Path, job: Job) -> Path:
    folder = Path(job.notebook).parent
    inside = folder.is_absolute() and folder.resolve().is_relative_to(root) and folder.is_dir()
    return folder.resolve() if inside else root


def _places(folder: Path, job: Job) -> Iterator[Path]:
    """Where the copy may lie: the second job of a minute has a number.

    >>> from workbench.core.job import JobState
    >>> job = Job("a", "/n/night.ipynb", {}, JobState.COMPLETED)
    >>> [place.name for place, _ in zip(_places(Path(), job), range(2))]
    ['night output.ipynb', 'night output 2.ipynb']
    """
    moment = job.started or job.created
    told = f"{datetime.fromisoformat(moment).astimezone():%Y-%m-%d %H.%M}" if moment else "output"
    stem = f"{Path(job.notebook).stem} {told}"
    yield folder / f"{stem}.ipynb"
    yield from (folder / f"{stem} {number}.ipynb" for number in count(2))


def _is_of(place: Path, job: Job) -> bool:
    """Whether nothing lies there, or the copy of this job."""
    return not place.exists() or _was_run_from(place) == job.path.name


def _was_run_from(notebook: Path) -> str:
    """Folder of the record that a notebook was executed in, as papermill writes it into its metadata; else nothing."""
    try:
        told = read(notebook)["metadata"]["papermill"]["input_path"]
    except (InputError, KeyError, TypeError):
        return ""
    return Path(told).parent.name if isinstance(told, str) else ""
