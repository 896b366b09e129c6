"""Running a job again, and saying whether the same came out."""

from __future__ import annotations

from pathlib import Path

from workbench.core.arguments import place
from workbench.core.job import Job
from workbench.core.job_comparison import JobComparison
from workbench.core.tolerance import Tolerance
from workbench.errors import BadParameter, NotFound
from workbench.jobs.comparison.comparing import compare
from workbench.jobs.records import job as job_of
from workbench.jobs.submit import again, enqueue_again


def reproduce(
    id: str | Job,  # noqa: A002 - the record's own word
    *,
    tolerance: float = 0.0,
    absolute: float = 0.0,
    show: bool = True,
    home: str | Path | None = None,
) -> JobComparison:
    """Run a job again, with its notebook, parameters, kernel and folder as they were, and compare what came out.

    The new job is one as any other; its record says which job it reproduces.

    Parameters
    ----------
    id : str or Job
        The job, as ``workbench jobs`` lists it.
    tolerance : float
        By how much numbers may differ and be the same, as a share of the larger one, in [0, 1); 1e-9 where another
        processor or another number of threads adds up in another order. Exactly equal by default.
    absolute : float
        The same in the number's own unit, for numbers that are about 0 because terms cancel out.
    show : bool
        Show a progress bar.
    home : str or Path, optional
        Folder of everything that Workbench writes.

    Returns
    -------
    JobComparison
        :attr:`~workbench.core.job_comparison.JobComparison.identical`, or what differs; a job that fails this time is
        a difference, too.

    Raises
    ------
    NotFound
        If there is no such job, its notebook was not kept, or its kernel or folder is not there any more.
    BadParameter
        If a tolerance is out of its range, the job has not ended, or its secrets are not given.
    StoreError
        If the record can't be written.

    Examples
    --------
    >>> import workbench as wb
    >>> job = wb.submit("profile.ipynb", {"source": "churn.csv", "target": "Churn"}, show=False)
    >>> wb.reproduce(job.id, show=False).identical
    True
    """
    Tolerance(tolerance, absolute)  # before anything runs
    first = _ended(id, home)
    second = again(first, show=show, reproduces=first.id)
    return compare(first, second, tolerance=tolerance, absolute=absolute)


def begin(id: str | Job, *, home: str | Path | None = None) -> Job:  # noqa: A002 - the record's own word
    """Put a job into the line once more, as :func:`reproduce` does, and wait for nothing.

    Parameters
    ----------
    id : str or Job
        The job, as ``workbench jobs`` lists it.
    home : str or Path, optional
        Folder of everything that Workbench writes.

    Returns
    -------
    Job
        The new one; its ``reproduces`` is the job to compare it with.

    Raises
    ------
    NotFound, BadParameter, StoreError
        As :func:`reproduce`.
    """
    first = _ended(id, home)
    return enqueue_again(first, reproduces=first.id)


def _ended(asked: str | Job, home: str | Path | None) -> Job:
    name = asked.id if isinstance(asked, Job) else asked
    if not isinstance(name, str):
        raise BadParameter(f"wb.reproduce takes the id of a job, got a {type(name).__name__}. Give job.id.")
    found = job_of(name, home if not isinstance(asked, Job) else asked.path.parent.parent)
    if not found.state.final or found.started is None:
        raise BadParameter(
            f"The job {name} has not run to its end ({found.state.value}). Wait for it: `workbench jobs`."
        )
    if not (found.path / "input.ipynb").is_file():
        raise NotFound(
            f"The notebook of {name} was not kept: there is no {found.path / 'input.ipynb'}. Submit it anew."
        )
    folder = Path(found.folder) if found.folder else None
    if folder and not Path(place(folder, "folder", "wb.reproduce")).is_dir():
        raise NotFound(f"The folder in which {name} worked is gone: {folder}. Make it, with what the notebook reads.")
    return found
