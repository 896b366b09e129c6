"""A fan-out: one notebook over many parameters, and one record of the whole.

The whole is written down before the first part: what is to run, under which ids. Where somebody is killed between two
parts, the record says which are there, and :func:`again` submits the others under the ids that they were to have.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

from workbench.core.arguments import mapping
from workbench.core.batch import Batch
from workbench.core.job import Cause, Job, JobState
from workbench.core.progress import progress
from workbench.core.wording import worded
from workbench.errors import BadParameter, Busy, JobFailed, NotFound, StoreError
from workbench.jobs.line.chains import before
from workbench.jobs.line.queue import dispatch
from workbench.jobs.line.tickets import find, put, waiting
from workbench.jobs.liveness import Life, hold, life
from workbench.jobs.notebook.combinations import combinations
from workbench.jobs.notebook.notebooks import Notebook, opened
from workbench.jobs.notebook.outcome import scores
from workbench.jobs.processes import JOB
from workbench.jobs.records import RECORD, WAITS, load, seen, settle
from workbench.jobs.stopping import stop
from workbench.jobs.submit import LOOKS, Order, line_up, new_id
from workbench.settings import settings
from workbench.storage.files import lock, safe_name, write_bytes

WHOLE = "batch.json"
FIRST = 16  # parts after which the line is looked at: many take a while to be written


def submit_each(
    notebook: str | Path,
    each: Any,
    parameters: dict[str, Any] | None = None,
    *,
    wait: bool = True,
    show: bool = True,
    kernel: str | None = None,
    home: str | Path | None = None,
    folder: str | Path | None = None,
    after: Any = None,
    **options: Any,
) -> Batch:
    """Run a notebook over many parameters, each time as a job of its own, and keep one record of the whole.

    All parameters are checked before anything is written. If this process is killed in the middle,
    :func:`workbench.jobs.batch.again` submits what is missing.

    Parameters
    ----------
    notebook : str or Path
        As :func:`workbench.submit` takes it.
    each : mapping, list of dict, frame or path
        Lists of values by name make their product, the last name changing fastest. A list of dicts, the rows of a
        pandas or polars frame or of a CSV file make a part each; a missing value is not given. At most 10,000 parts.
    parameters : dict, optional
        Those that all parts have.
    wait : bool
        True: return when all have ended. False: return at once; look with :func:`workbench.batch`.
    show : bool
        Show a progress bar while waiting.
    kernel, home, folder, after
        As :func:`workbench.submit` takes them.
    **options
        How each part is to run, as :class:`workbench.core.job_options.JobOptions` has it. ``output`` names a place for
        each, such as ``"reports/{region}-{k}.ipynb"``.

    Returns
    -------
    Batch
        With a table of the parts, ``.frame()``: parameters, state, scores side by side.

    Raises
    ------
    BadParameter
        If the notebook does not take the parameters of a part, or there are none or too many. Nothing has run then.
    NotFound
        If there is no such notebook, kernel or job before it.
    StoreError
        If the record can't be written; what of it is there can be gone on with.
    JobFailed
        If a part failed, after all have ended; it names the first and the batch.

    Examples
    --------
    >>> import workbench as wb
    >>> whole = wb.submit_each("profile.ipynb", {"target": ["Churn", "Contract"]}, {"source": "churn.csv"}, show=False)
    >>> whole.headline()
    'profile.ipynb 2 times: 2 completed'
    """
    order = Order.of(opened(notebook, "wb.submit_each"), kernel, folder, options)
    shared = mapping(parameters, "parameters", "wb.submit_each")
    whole, jobs = _planned(order, combinations(each, order.notebook), shared, home, after)
    order.warn()
    try:
        write_bytes(whole.path / "input.ipynb", order.notebook.raw)
        whole.save(whole.path / WHOLE)
        with _alone(whole):
            _line_up(order.notebook, jobs)
    except OSError as error:
        message = f"The batch can't be written to {whole.path.parent} ({error.strerror})."
        raise StoreError(f"{message} Make room there, or give another folder in WORKBENCH_HOME.") from error
    return _watched(whole, show) if wait else batch(whole.id, home)


def batch(id: str, home: str | Path | None = None, *, scored: bool = True) -> Batch:  # noqa: A002 - the record's own word
    """The batch of that id, with its jobs as they stand now.

    Parameters
    ----------
    id : str
    home : str or Path, optional
        Folder of everything that Workbench writes.
    scored : bool
        Whether the output notebooks of parts that are COMPLETED are read for their scores.

    Raises
    ------
    NotFound
        If there is no such batch.
    Damaged
        If its record can't be read.

    Examples
    --------
    >>> from workbench.jobs.batch import batch
    >>> batch("20261121T014900-score-3f2a")
    Traceback (most recent call last):
    ...
    workbench.errors.NotFound: No batch named '20261121T014900-score-3f2a'. ...
    """
    folder = settings(home=home).batches / safe_name(id, "batch")
    if not (folder / WHOLE).is_file():
        known = [path.parent.name for path in sorted(folder.parent.glob(f"*/{WHOLE}"))]
        raise NotFound.named("batch", id, known, "Submit one with wb.submit_each(…).")
    return _filled(replace(Batch.load(folder / WHOLE), path=folder), scored)


def again(id: str, home: str | Path | None = None) -> Batch:  # noqa: A002 - the record's own word
    """Submit the parts of a batch that are not there: it was killed in the middle, or they were deleted.

    Those that are there stay as they are, whatever became of them, and none is submitted twice.
    """
    whole = batch(id, home, scored=False)
    notebook = Notebook(whole.notebook, whole.name, (whole.path / "input.ipynb").read_bytes())
    order = Order.of(notebook, whole.kernel, whole.folder, whole.options.asked())
    with _alone(whole):
        missing = [part for part in whole.parts if _is_missing(_folder(whole, part.id))]
        given = [(part.number, part.id, {**whole.parameters, **part.parameters}) for part in missing]
        _line_up(notebook, [_job(order, whole, *part) for part in given])
    return batch(id, home)


def stop_batch(id: str, home: str | Path | None = None, grace: float = 5.0) -> Batch:  # noqa: A002 - the record's own word
    """Stop all parts of a batch: those that wait never start, those at work are interrupted.

    Parameters
    ----------
    id : str
    home : str or Path, optional
        Folder of everything that Workbench writes.
    grace : float
        Seconds that each running cell has to give up.
    """
    whole = batch(id, home, scored=False)
    with _alone(whole):  # nobody submits further ones meanwhile
        # The last first: what waits is to be gone before a slot is free.
        for part in reversed(whole.parts):
            if part.job is not None and not part.job.state.final:
                stop(part.id, home=_home(whole), grace=grace)
    return batch(id, home)


def _planned(
    order: Order, each: list[dict[str, Any]], shared: Mapping[str, Any], home: str | Path | None, after: Any
) -> tuple[Batch, list[Job]]:
    """The record of the whole, and its jobs, all checked and none of them written."""
    moment = datetime.now(UTC)
    name = new_id(order.notebook.stem, moment)
    whole = Batch(
        name,
        order.notebook.place,
        tuple(each),
        created=moment.isoformat(timespec="milliseconds"),
        kernel=order.kernel["name"],
        folder=order.folder,
        options=order.options,
        after=before(after, {}, home),
        path=settings(home=home).batches / name,
    )
    numbered = enumerate(zip(whole.ids, each, strict=True), 1)
    jobs = [_job(order, whole, at, part, {**shared, **differs}) for at, (part, differs) in numbered]
    common = set(shared) - {name for differs in each for name in differs}
    own = tuple({name: value for name, value in job.parameters.items() if name not in common} for job in jobs)
    return replace(whole, each=own, parameters={name: jobs[0].parameters[name] for name in common}), jobs


def _job(order: Order, whole: Batch, number: int, part: str, values: dict[str, Any]) -> Job:
    try:
        return order.job(values, _home(whole), after=whole.after, id=part, batch=whole.id)
    except BadParameter as error:
        raise BadParameter(f"Part {number} of {len(whole.each)}: {error}") from error


def _line_up(notebook: Notebook, jobs: list[Job]) -> None:
    for number, job in enumerate(jobs, 1):
        line_up(notebook, job)
        if number in (FIRST, len(jobs)):
            dispatch(job.path.parent.parent)


def _home(whole: Batch) -> Path:
    return whole.path.parent.parent


def _folder(whole: Batch, part: str) -> Path:
    return settings(home=_home(whole)).jobs / part


def _alone(whole: Batch) -> AbstractContextManager[None]:
    """One process at a time submits and stops."""
    return lock(whole.path / ".batch.lock")


def _is_missing(folder: Path) -> bool:
    """Whether a part was not submitted, or was killed between its record and its ticket."""
    if not (folder / RECORD).is_file():
        return True
    record = load(folder)
    lost = record.state in WAITS and find(folder.parent.parent, record.id) is None
    return lost and life(record) is not Life.RUNS


def _filled(whole: Batch, scored: bool) -> Batch:
    places = _places(_home(whole))
    jobs = tuple(_part(_folder(whole, part), places) for part in whole.ids)
    return replace(whole, jobs=jobs, scores=tuple(map(_scores, jobs)) if scored else ())


def _places(home: Path) -> dict[str, int | None]:
    """The place of each job in the line, None where it waits for a moment or another job; looked up once for all."""
    free = count(1)
    return {ticket.id: None if ticket.held else next(free) for ticket in waiting(home)}


def _part(folder: Path, places: Mapping[str, int | None]) -> Job | None:
    """The job of a part as a reader sees it; one whose record can't be read is DAMAGED."""
    try:
        record = load(folder)
        if record.state in WAITS and record.id in places:
            return replace(record, state=JobState.QUEUED, place=places[record.id])
        return seen(record)
    except NotFound:
        return None
    except (StoreError, OSError) as error:
        message = f"Its record can't be read ({error})."
        return Job(folder.name, folder.name, {}, JobState.DAMAGED, error=message, path=folder)


def _scores(job: Job | None) -> dict[str, float]:
    if job is None or job.state is not JobState.COMPLETED:
        return {}
    try:
        return scores(job.output)
    except StoreError:
        return {}  # somebody has changed the notebook; the job is what its record says


def _watched(whole: Batch, show: bool) -> Batch:
    follow(whole, show)
    ended = batch(whole.id, _home(whole))
    failed = [part for part in ended.parts if part.job is not None and part.job.state is JobState.FAILED]
    if failed:
        first = failed[0]
        assert first.job is not None
        named = ", ".join(f"{name}={worded(value)}" for name, value in first.parameters.items())
        raise JobFailed(
            f"{len(failed)} of {len(ended.each)} parts of {ended.name} failed, first part {first.number} ({named}): "
            f"{first.job.error} Look at {ended.id}, as wb.batch reads it.",
            cell=first.job.failed_cell,
            output=str(first.job.output),
            cause=first.job.cause,
        )
    return ended


def follow(whole: Batch, show: bool = True) -> None:
    """Wait until all parts of a batch have ended; whoever is interrupted while waiting stops them."""
    try:
        _follow(whole, show)
    except KeyboardInterrupt:
        stop_batch(whole.id, _home(whole))
        raise


def _follow(whole: Batch, show: bool) -> None:
    """Wait until all parts have ended; who waits sees to the line, too."""
    left = [_folder(whole, part) for part in whole.ids]
    with progress(whole.name, total=len(left)) if show else nullcontext() as tracker:
        for number in count(1):
            places = _places(_home(whole))
            states = {folder: _state(folder, places) for folder in left}
            left = [folder for folder in left if not states[folder].final]
            for state in states.values():
                if tracker is not None and state.final:
                    tracker.advance(state.value.lower())
            if not left:
                return
            if JOB in os.environ and not any(_at_work(states[folder]) for folder in left):
                _lend(left)
            time.sleep(0.1 + len(left) / 5000)
            if number % LOOKS == 0:
                with suppress(OSError):  # a full disk: nothing starts until there is room
                    dispatch(_home(whole))


def _state(folder: Path, places: Mapping[str, int | None]) -> JobState:
    """Where a part stands; who waits for it may write down that its process is gone."""
    now = _part(folder, places)
    if now is None:
        message = f"The record of the part {folder.name} is gone: somebody removed it while the batch ran."
        raise JobFailed(message, cause=Cause.RECORD)
    if now.state in (JobState.FAILED, JobState.STOPPED) and not load(folder).state.final:
        return settle(folder).state
    return now.state


def _at_work(state: JobState) -> bool:
    return state is not JobState.QUEUED


def _lend(left: list[Path]) -> None:
    """A job that waits for its batch lends it its own slot: else a limit of one would never end."""
    home = left[0].parent.parent
    ticket = next((t for t in waiting(home) if not t.held and t.id in {folder.name for folder in left}), None)
    if ticket is None or ticket.at_once:
        return
    with suppress(Busy, OSError, StoreError):
        held = hold(home / "jobs" / ticket.id, patience=0.1)
        try:
            if ticket.path.exists():
                put(load(home / "jobs" / ticket.id), at_once=True)
                ticket.path.unlink(missing_ok=True)
        finally:
            os.close(held)
        dispatch(home)
