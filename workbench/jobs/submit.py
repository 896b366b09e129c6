"""Submitting a notebook as a job."""

from __future__ import annotations

import os
import re
import secrets
import shlex
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

from workbench.core.arguments import mapping, place
from workbench.core.job import Cause, Job, JobState
from workbench.core.job_options import JobOptions
from workbench.core.parameters import listed, take
from workbench.core.progress import Tracker, progress
from workbench.errors import BadParameter, Busy, JobFailed, NotFound, StoreError
from workbench.jobs.line import chains, slots, tickets
from workbench.jobs.line.queue import dispatch
from workbench.jobs.line.starting import keep, launch, wait_for
from workbench.jobs.liveness import boot, hold, host
from workbench.jobs.messages import outbox
from workbench.jobs.messages.left_to_tell import tell_left
from workbench.jobs.notebook.hidden_state import warn
from workbench.jobs.notebook.kernels import installed, kernel_of
from workbench.jobs.notebook.notebooks import Notebook, opened, raw, read
from workbench.jobs.notebook.parameters import check
from workbench.jobs.processes import JOB
from workbench.jobs.records import RECORD, events, load, now, seen, settle, tell, update, write
from workbench.jobs.records import job as recorded
from workbench.jobs.run import outputs
from workbench.jobs.stopping import stop
from workbench.settings import scheduler, settings
from workbench.storage.files import write_bytes

LOOKS = 10  # looks at a job between two looks at the line


def submit(
    notebook: str | Path,
    parameters: dict[str, Any] | None = None,
    *,
    wait: bool = True,
    show: bool = True,
    kernel: str | None = None,
    home: str | Path | None = None,
    folder: str | Path | None = None,
    after: Any = None,
    due: str | datetime | None = None,
    **options: Any,
) -> Job:
    """Run a notebook with parameters, in a process of its own, and keep a record.

    Where as many jobs run as may (``WORKBENCH_JOBS``) it waits for its turn. What waits is started by whoever looks
    next, such as a job that ends, also after this process has.

    Parameters
    ----------
    notebook : str or Path
        A path, the name of one that comes with Workbench, such as ``score.ipynb``, or a URL of fsspec, such as
        ``s3://bucket/score.ipynb``.
    parameters : dict, optional
        Values for its ``parameters`` cell, of the types that it annotates or shows. Secrets by reference:
        ``{"password": "env:NAME"}``.
    wait : bool
        True: return when it has ended. False: return at once; look with :func:`workbench.jobs.records.job`.
    show : bool
        Show a progress bar while waiting.
    kernel : str, optional
        Name of an installed kernel; by default the one that the notebook names.
    home : str or Path, optional
        Folder of everything that Workbench writes.
    folder : str or Path, optional
        The notebook's working folder; by default the one of this process.
    after : Job, str or an iterable of them, optional
        Jobs, or their ids, that have to be COMPLETED before it starts. If one is not, this one is not started and ends
        as that did. Those whose results it is given need not be named: ``{"bundle": trained.result("bundle")}``.
    due : str or datetime, optional
        It does not start before that moment; without a zone it is meant in this machine's.
    **options
        How it is to run, as :class:`workbench.core.job_options.JobOptions` has it: ``timeout`` and ``cell_timeout``
        in seconds, ``retries``, ``backoff``, ``priority``, ``park``, ``notify``, ``output``.

    Returns
    -------
    Job
        Its state is COMPLETED, or STOPPED if somebody stopped it; with ``wait=False`` where it stands now.

    Raises
    ------
    NotFound
        If there is no such notebook, its kernel is not installed, or there is no such job to run after.
    BadParameter
        If the notebook does not take the parameters, or an option is none. Nothing has run then.
    StoreError
        If the record can't be written.
    JobFailed
        If a cell failed, its kernel died or the time was used up; it names the cell and the output.

    Examples
    --------
    >>> import workbench as wb
    >>> job = wb.submit("profile.ipynb", {"source": "churn.csv", "target": "Churn"}, show=False)
    >>> job.headline()
    'profile.ipynb COMPLETED (4 of 4 cells)'
    """
    at_once = wait and JOB in os.environ
    if options.get("notify"):
        _check_told(_options({"notify": options["notify"]}).notify, resolve=True)
    job = enqueue(
        notebook, parameters, kernel=kernel, home=home, folder=folder, after=after, due=due, at_once=at_once, **options
    )
    if wait:
        _check_reached(job)
    return watched(job, show) if wait else job


def _check_reached(job: Job) -> None:
    """Nobody waits for a cluster that is not there; the job does."""
    if scheduler() is not None and job.state is JobState.QUEUED and job.notes:
        raise JobFailed(
            f"{job.name} is in the queue as {job.id} and has not started. {' '.join(job.notes)}", cause=Cause.CLUSTER
        )


def enqueue(
    notebook: str | Path,
    parameters: dict[str, Any] | None = None,
    *,
    kernel: str | None = None,
    home: str | Path | None = None,
    folder: str | Path | None = None,
    after: Any = None,
    due: str | datetime | None = None,
    at_once: bool = False,
    told: Mapping[str, Any] | None = None,
    **options: Any,
) -> Job:
    """Put a job into the line, start it if it may start now, and return where it stands.

    Parameters
    ----------
    notebook, parameters, kernel, home, folder, after, due, **options
        As :func:`submit` takes them.
    at_once : bool
        Whether it needs no slot: somebody who has one waits for it.
    told : mapping, optional
        What else its record has: ``batch``, ``schedule``, ``nominal``, ``resumes``, ``reproduces``. With an ``id``
        there is one job of that id, whoever asks how often.
    """
    where, told = settings(home=home).jobs, told or {}
    if "id" in told and os.path.lexists(where / told["id"] / RECORD):
        return _in_line(where / told["id"])
    order = Order.of(opened(notebook), kernel, folder, options)
    job = order.job(mapping(parameters, "parameters", "wb.submit"), home, after=after, due=due, **told)
    order.warn()
    return _begun(order.notebook, job, at_once)


def go_on(record: Job, notebook: Path, parameters: dict[str, Any], at_once: bool = False) -> Job:
    """Start a new job that goes on with one that has ended: the same options and kernel, in the same folder.

    Parameters
    ----------
    record : Job
        The one that has ended.
    notebook : Path
        What is run now.
    parameters : dict
        Checked values.
    at_once : bool
        Whether it needs no slot: somebody who has one waits for it.
    """
    own = notebook.parent == record.path
    found = Notebook(record.notebook if own else str(notebook), record.name if own else notebook.name, raw(notebook))
    kernel = _kernel(found.content, record.kernel.get("name"))
    order = Order(found, kernel, str(_folder(record.folder or None)), record.options)
    return _begun(found, order.job(parameters, record.path.parent.parent, resumes=record.id), at_once)


def _begun(notebook: Notebook, job: Job, at_once: bool) -> Job:
    try:
        return _enter(notebook, job, at_once)
    except OSError as error:
        message = f"The job's record can't be written to {job.path.parent} ({error.strerror})."
        raise StoreError(f"{message} Make room there, or give another folder in WORKBENCH_HOME.") from error


@dataclass(frozen=True)
class Order:
    """What jobs of one notebook have in common, checked.

    Parameters
    ----------
    notebook : Notebook
    kernel : dict
        What is to run it: ``name``, ``display_name``, ``language``.
    folder : str
        Its working folder.
    options : JobOptions
        How it is to run.
    """

    notebook: Notebook
    kernel: dict[str, str]
    folder: str
    options: JobOptions

    @classmethod
    def of(cls, notebook: Notebook, kernel: str | None, folder: str | Path | None, options: Mapping[str, Any]) -> Order:
        """The order, from what somebody gave."""
        return cls(notebook, _kernel(notebook.content, kernel), str(_folder(folder)), _options(options))

    def checked(self, parameters: Mapping[str, Any], resolve: bool = True) -> dict[str, Any]:
        """Parameters of its notebook as a record keeps them."""
        name, language = Path(self.notebook.name), self.kernel["language"]
        return check(name, parameters, self.notebook.content, language, resolve=resolve, later=True)

    def warn(self) -> None:
        """Tell where its notebook needs its cells in another order."""
        warn(self.notebook.content, self.notebook.name, self.kernel["language"])

    def job(
        self,
        parameters: Mapping[str, Any],
        home: str | Path | None = None,
        *,
        after: Any = None,
        due: str | datetime | None = None,
        id: str | None = None,  # noqa: A002 - the record's own word
        **told: Any,
    ) -> Job:
        """The record of a job with these parameters, which stands nowhere yet."""
        values = self.checked(parameters)
        moment = datetime.now(UTC)
        name = id or new_id(Path(told.get("notebook", self.notebook.name)).stem, moment)
        return Job(
            id=name,
            parameters=values,
            state=JobState.CREATED,
            created=moment.isoformat(timespec="milliseconds"),
            host=host(),
            boot=boot(),
            kernel=self.kernel,
            folder=self.folder,
            options=outputs.checked(self.options, values, self.folder),
            after=chains.before(after, values, home),
            due=_due(due),
            path=settings(home=home).jobs / name,
            **{"notebook": self.notebook.place, **told},
        )


def new_id(stem: str, moment: datetime) -> str:
    """An id that sorts by time and says which notebook it is of."""
    word = re.sub(r"[^A-Za-z0-9]+", "-", stem).strip("-")[:40] or "notebook"
    return f"{moment:%Y%m%dT%H%M%S}{moment.microsecond // 1000:03d}-{word}-{secrets.token_hex(2)}"


def again(job: Job, *, show: bool = True, **told: Any) -> Job:
    """Run the notebook of a job as it was when that was submitted, and wait for the end, however it ends.

    Parameters
    ----------
    job : Job
        Whose notebook, parameters, kernel, folder and limits of time are taken.
    show : bool
        Show a progress bar.
    **told
        What the record says besides, such as ``reproduces``.
    """
    started = enqueue_again(job, **told)
    with suppress(JobFailed):
        return watched(started, show)
    return load(started.path)


def enqueue_again(job: Job, **told: Any) -> Job:
    """Put the notebook of a job into the line once more, as it was when that was submitted.

    Parameters
    ----------
    job : Job
        Whose notebook, parameters, kernel, folder and limits of time are taken.
    **told
        What the record says besides, such as ``reproduces``.
    """
    return enqueue(
        job.path / "input.ipynb",
        job.parameters,
        kernel=job.kernel.get("name") or None,
        home=job.path.parent.parent,
        folder=job.folder or None,
        at_once=JOB in os.environ,
        told={"notebook": job.notebook, **told},
        timeout=job.options.timeout,
        cell_timeout=job.options.cell_timeout,
    )


def _options(given: Mapping[str, Any]) -> JobOptions:
    asked = take(JobOptions, {name: listed(value) for name, value in given.items()})
    if asked.notify:
        _check_told(asked.notify, resolve=False)
    return asked


def _check_told(notify: Sequence[str], resolve: bool) -> None:
    from workbench.jobs.messages.telling import check as told  # whoever tells nobody loads nothing of it

    told(notify, resolve)


def refused(home: str | Path | None, why: Exception, **record: Any) -> Job:
    """The record of a job that could not even be put into the line: FAILED, with the sentence.

    Parameters
    ----------
    home : str or Path, optional
        Folder of everything that Workbench writes.
    why : Exception
        Its message is the error of the job.
    **record
        Fields of the record, its id among them; a record that is there already stays as it is.
    """
    path, moment = settings(home=home).jobs / record["id"], now()
    end: dict[str, Any] = {"state": JobState.FAILED, "cause": Cause.OTHER, "created": moment, "ended": moment}
    if not os.path.lexists(path / RECORD):
        failed = Job(**record, **end, error=str(why), host=host(), boot=boot(), path=path)
        outbox.put(failed)
        write(failed)
        tell(path, "job_ended", state=JobState.FAILED.value, error=str(why), done=0, cells=0)
    return load(path)


def _kernel(content: dict[str, Any], asked: str | None) -> dict[str, str]:
    """What is to run it; the runner writes down what really did."""
    metadata = content.get("metadata") or {}
    spec = installed(kernel_of(metadata, asked))
    return {"name": spec["name"], "display_name": spec["display_name"], "language": spec["language"]}


def _folder(folder: str | Path | None) -> Path:
    if folder is None:
        return Path.cwd()
    where = Path(place(folder, "folder", "wb.submit")).expanduser().absolute()
    if not where.is_dir():
        raise BadParameter(f"'folder' is where the notebook works, and there is no folder {where}. Make it.")
    return where


def _due(moment: str | datetime | None) -> str | None:
    """A moment in UTC, as records have it."""
    if moment is None:
        return None
    try:
        read = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
        return read.astimezone(UTC).isoformat(timespec="milliseconds")
    except (ValueError, TypeError, AttributeError, OverflowError) as error:
        raise BadParameter(
            f"'due' is a moment, got {str(moment)[:80]!r}. Give one such as '2026-12-01T06:00', or a datetime."
        ) from error


def _enter(notebook: Notebook, job: Job, at_once: bool) -> Job:
    """Start a job where nobody waits and a slot is free, and else give it a ticket."""
    home = job.path.parent.parent
    here = at_once or scheduler() is None
    # What a schedule starts gets a ticket in any case: it is found and started whoever is killed when.
    free = here and not (job.due or job.after or job.schedule) and (at_once or not tickets.waiting(home))
    slot = slots.take(home) if free and not at_once else None
    if slot is None and not (free and at_once):
        line_up(notebook, job, at_once)
        dispatch(home)
        return recorded(job.id, home)
    try:
        with _held(job) as held:
            write_bytes(job.path / "input.ipynb", notebook.raw)
            write(job)
            return _start(job, held, slot, at_once)
    finally:
        if slot is not None:
            os.close(slot)


def line_up(notebook: Notebook, job: Job, at_once: bool = False) -> None:
    """Write down a job that waits, and give it a ticket; whoever looks next starts it when it may.

    Of one id there is one job: one that is written down already gets no more than a ticket that it lacks.
    """
    with _held(job):
        if os.path.lexists(job.path / RECORD):
            _give_ticket(job.path)
            return
        write_bytes(job.path / "input.ipynb", notebook.raw)
        keep(job)
        write(replace(job, state=JobState.QUEUED))
        tickets.put(job, at_once=at_once or scheduler() is not None)  # a cluster has slots of its own


def _give_ticket(folder: Path) -> None:
    """A ticket for a job that waits without one, by who holds its lock."""
    job = load(folder)
    if job.state is JobState.QUEUED and not tickets.find(folder.parent.parent, job.id):
        tickets.put(job, at_once=scheduler() is not None)


@contextmanager
def _held(job: Job) -> Iterator[int]:
    """The job's lock: whoever sees the record finds that somebody sees to it."""
    job.path.mkdir(parents=True, exist_ok=True)
    held = hold(job.path)
    try:
        yield held
    finally:
        os.close(held)


def _in_line(folder: Path) -> Job:
    """A job that is written down already; whoever wrote it may not have lived to give it a ticket."""
    with suppress(Busy):  # somebody is at it
        held = hold(folder, patience=0.0)
        try:
            _give_ticket(folder)
        finally:
            os.close(held)
    dispatch(folder.parent.parent)
    return recorded(folder.name, folder.parent.parent)


def _start(job: Job, held: int, slot: int | None, at_once: bool) -> Job:
    if job.options.retries:  # it may have to be started again
        keep(job)
        tickets.put(job, at_once=at_once, taken=True)
    return update(job.path, pid=launch(job, held, slot))


def watched(job: Job, show: bool) -> Job:
    """Wait for the end of a job; Ctrl-C stops it.

    Raises
    ------
    JobFailed
        If it fails.
    """
    try:
        ended = _follow(job, show)
    except KeyboardInterrupt:
        stop(job.id, home=job.path.parent.parent)
        wait_for(job.pid)
        raise
    if ended.state is not JobState.PARKED:
        wait_for(ended.pid)  # so that nothing of the job is left when this returns
        if ended.options.notify:  # its process may not have lived to tell of its end
            tell_left(job.path.parent.parent, job.id)
    if ended.state in (JobState.FAILED, JobState.PARKED):
        where = "" if ended.failed_cell is None else f" in cell {ended.failed_cell + 1}"
        raise JobFailed(
            f"{Path(ended.notebook).name} failed{where}: {ended.error}{_tried(ended)} {_what_to_do(ended)}",
            cell=ended.failed_cell,
            output=str(ended.output),
            cause=ended.cause,
        )
    return ended


def _tried(job: Job) -> str:
    """
    >>> _tried(Job("a", "a.ipynb", {}, JobState.FAILED, attempts=({},)))
    ' This was try 2 of 2.'
    """
    tries = len(job.attempts) + 1
    return "" if tries == 1 or job.state is JobState.PARKED else f" This was try {tries} of {tries}."


def _what_to_do(job: Job) -> str:
    look = f"Look at {_place_to_look(job)}"
    if job.state is not JobState.PARKED or job.due is None:
        return look
    moment = f"{datetime.fromisoformat(job.due).astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    way = shlex.join(["workbench", "resume", job.id])
    return f"Its kernel is kept until {moment}. Mend the cell and go on there: `{way}`. {look}"


def _place_to_look(job: Job) -> Path:
    """Its output, else its log; of a job that was never started its folder."""
    return next((path for path in (job.output, job.path / "log") if path.is_file()), job.path)


def _follow(job: Job, show: bool) -> Job:
    """Wait for the end, through the line and through all tries."""
    position = 0
    while not (job.state.final or job.state is JobState.PARKED):
        job, position = _follow_try(_follow_line(job, show), position, show)
    return job


def _follow_line(job: Job, show: bool) -> Job:
    """Wait for the turn of a job, and show its place."""
    if job.state is not JobState.QUEUED:
        return job
    with progress(Path(job.notebook).name, total=None) if show else nullcontext() as tracker:
        told = ""
        for _ in _looks(job):
            job = _state(job)
            if job.state is not JobState.QUEUED:
                break
            if tracker is not None and job.waits_for() != told:
                tracker.advance(told := job.waits_for())
    return job


def _follow_try(job: Job, position: int, show: bool) -> tuple[Job, int]:
    """Wait for the end of one try and pass on each event of a cell from a position on."""
    with _bar(job, show) as heard:
        for _ in _looks(job):
            # The state before the events: what is told before the end is shown before the end.
            job = _state(job)
            new_events, position = events(job.path, position)
            for event in new_events:
                heard(event)
            if job.state.final or job.state in (JobState.QUEUED, JobState.PARKED):
                break
    return job, position


def _looks(job: Job) -> Iterator[int]:
    """Looks at a job that is waited for; who waits sees to the line, too."""
    for number in count(1):
        yield number
        time.sleep(0.1)
        if number % LOOKS == 0:
            with suppress(OSError):  # a full disk: nothing starts until there is room
                dispatch(job.path.parent.parent)


def _state(job: Job) -> Job:
    """Where it stands; who waits for a job may write down that its process is gone."""
    try:
        written = load(job.path)
        now = seen(written)
        return settle(job.path) if now.state.final and not written.state.final else now
    except NotFound as error:
        message = f"The record of {job.name} is gone: somebody removed {job.path} while it ran."
        raise JobFailed(message, cause=Cause.RECORD) from error


@contextmanager
def _bar(job: Job, show: bool) -> Iterator[Callable[[dict[str, Any]], None]]:
    """A bar that shows the first line of the cell at work; it appears with the first cell."""
    if not show:
        yield lambda event: None
        return
    cells = _code_cells(job)
    with progress(job.name, total=cells) as tracker:
        yield lambda event: _show(tracker, event)


def _show(tracker: Tracker, event: dict[str, Any]) -> None:
    if event["event"] == "cell_started" and event["done"] > 0:
        tracker.advance(event["line"])
    elif event["event"] == "cell_completed" and event["done"] == event["cells"]:
        tracker.advance("done")


def _code_cells(job: Job) -> int:
    cells = read(job.path / "input.ipynb")["cells"]
    return sum(c["cell_type"] == "code" and bool("".join(c["source"]).strip()) for c in cells) + bool(job.parameters)
