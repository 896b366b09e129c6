"""Two jobs beside each other: what went in, what they ran in, and what came out of each cell."""

from __future__ import annotations

import time
from datetime import datetime
from pathlib import Path

from workbench.core.environment import JobEnvironment
from workbench.core.job import Job
from workbench.core.job_comparison import KINDS, JobComparison
from workbench.core.tolerance import Tolerance
from workbench.errors import BadParameter
from workbench.jobs.comparison.alike import Outcomes
from workbench.jobs.comparison.likeness import Sides
from workbench.jobs.comparison.ran import cells_of, imported, paired
from workbench.jobs.comparison.surroundings import around, kept, parameters
from workbench.jobs.comparison.told import Told
from workbench.jobs.comparison.volatile import When
from workbench.jobs.comparison.whys import Whys
from workbench.jobs.records import job as job_of

NO_TABLE = "No table was seen: those that a notebook reads by other means than Workbench are not known."


def compare(
    before: str | Job,
    after: str | Job,
    *,
    tolerance: float = 0.0,
    absolute: float = 0.0,
    home: str | Path | None = None,
) -> JobComparison:
    """Compare two jobs: parameters, tables, results, findings, outputs, figures, durations, and what they ran in.

    Parameters
    ----------
    before, after : str or Job
        Their ids, or jobs.
    tolerance : float
        By how much numbers may differ and be the same, as a share of the larger one, in [0, 1).
    absolute : float
        The same in the number's own unit; :class:`workbench.core.tolerance.Tolerance` says when each is wanted.
    home : str or Path, optional
        Folder of everything that Workbench writes.

    Returns
    -------
    JobComparison
        Cells are paired by their step, else by id, source and place. Moments of now, durations, addresses and ids
        are passed over as :mod:`workbench.jobs.comparison.volatile` says.

    Raises
    ------
    NotFound
        If there is no such job.
    Damaged
        If a record can't be read.
    BadParameter
        If a tolerance is out of its range.

    Examples
    --------
    >>> import workbench as wb
    >>> from workbench.jobs.comparison.comparing import compare
    >>> first, second = (wb.submit("profile.ipynb", {"source": "churn.csv"}, show=False) for _ in range(2))
    >>> compare(first, second).identical
    True
    """
    limits = Tolerance(tolerance, absolute)
    return _compared(_job(before, home), _job(after, home), limits)


def _job(one: str | Job, home: str | Path | None) -> Job:
    if isinstance(one, Job):
        return one
    if not isinstance(one, str):
        message = f"A job is compared by its id, got a {type(one).__name__}. Give one that `workbench jobs` lists."
        raise BadParameter(message)
    return job_of(one, home)


def _compared(before: Job, after: Job, tolerance: Tolerance) -> JobComparison:
    jobs = before, after
    (one, missing), (other, lacking) = kept(before), kept(after)
    told = Told(Sides(_when(before, one), _when(after, other), tolerance))
    told.unknown += filter(None, (missing, lacking))
    (ran, problem), (runs, trouble) = cells_of(before), cells_of(after)
    told.unknown += [f"Outputs are not compared: {why}." for why in (problem, trouble) if why]
    given, ran_in = parameters(jobs, told), around(jobs, (one, other), told)
    outcomes = Outcomes(told, Whys(told.differences, imported(runs), one, other))
    cells = tuple(outcomes.cell(*pair) for pair in paired(ran, runs))
    _compare_ends(before, after, told, outcomes.whys)
    order = list(KINDS)
    return JobComparison(
        (before.id, after.id),
        (before.notebook, after.notebook),
        (before.state.value, after.state.value),
        (before.started or "", after.started or ""),
        (_seconds(before), _seconds(after)),
        tuple(sorted(told.differences, key=lambda one: order.index(one.kind))),
        cells,
        given,
        tuple(outcomes.scores),
        tuple(outcomes.findings),
        ran_in,
        tuple(dict.fromkeys([*told.unknown, *([] if outcomes.tables else [NO_TABLE])])),
        dict(told.compared),
        str(tolerance),
        after.reproduces == before.id,
    )


def _compare_ends(before: Job, after: Job, told: Told, whys: Whys) -> None:
    one, other = _ended(before), _ended(after)
    if not told.sides.same_text(one, other):
        failed = after.failed_cell if after.failed_cell is not None else before.failed_cell
        told.differ("state", "outcome", (one, other), failed, whys.any())


def _ended(one: Job) -> str:
    return f"{one.state.value}: {one.error}" if one.error else one.state.value


def _when(of: Job, ran_in: JobEnvironment | None) -> When:
    start, end = (datetime.fromisoformat(at).timestamp() if at else time.time() for at in (of.created, of.ended))
    return When(start, end, (of.id, str(of.path)), ran_in.variables.get("TZ", "") if ran_in else "")


def _seconds(of: Job) -> float | None:
    if not of.started or not of.ended:
        return None
    return (datetime.fromisoformat(of.ended) - datetime.fromisoformat(of.started)).total_seconds()
