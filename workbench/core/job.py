"""A job: one execution of a notebook with parameters."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from workbench.core.job_options import JobOptions
from workbench.core.parameters import take
from workbench.core.references import Reference, reference
from workbench.core.result import Result
from workbench.errors import BadParameter

if TYPE_CHECKING:
    import pandas as pd


class JobState(StrEnum):
    """Where a job stands.

    QUEUED waits for its turn, for another job, or for the moment to be tried again. PARKED has failed and its kernel
    is kept, so that it can go on at the failed cell. UNKNOWN and DAMAGED are what a reader says and never stand in a
    record: of a job whose process can't be seen from here, and of a record that can't be read.
    """

    CREATED = "CREATED"
    QUEUED = "QUEUED"
    IN_PROGRESS = "IN_PROGRESS"
    PARKED = "PARKED"
    STOPPING = "STOPPING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    STOPPED = "STOPPED"
    UNKNOWN = "UNKNOWN"
    DAMAGED = "DAMAGED"

    @property
    def final(self) -> bool:
        """Whether nothing more will happen."""
        return self in (JobState.COMPLETED, JobState.FAILED, JobState.STOPPED, JobState.DAMAGED)


class Cause(StrEnum):
    """Why a job failed, as far as it is known; each has an exit code of its own.

    OUTPUT is said of a job whose cells all ran: it is COMPLETED, and the copy of its output is not where it should be.
    WORKER is the Dask worker that ran it; CLUSTER is no end, but what a command says of a job that still waits.
    """

    CELL = "failed cell"
    KERNEL = "dead kernel"
    TIME = "timed out"
    START = "kernel did not start"
    PROCESS = "process gone"
    RECORD = "record not written"
    OUTPUT = "output not delivered"
    WORKER = "worker lost"
    CLUSTER = "cluster not reached"
    OTHER = "other"

    @property
    def exit_code(self) -> int:
        """What a command ends with; as papermill (138), timeout (124), a shell (137), sysexits.h (73 to 75) have it."""
        return {"dead kernel": 138, "timed out": 124, "process gone": 137, "worker lost": 137,
                "record not written": 74, "output not delivered": 73, "cluster not reached": 75,
                "kernel did not start": 3}.get(self.value, 1)  # fmt: skip


_TUPLES = ("notes", "after", "attempts", "reused")
_MOMENTS = ("created", "started", "ended", "due", "nominal")
_SEEN = ("path", "place")  # by a reader, who knows where it lies and who waits before it
STOPPED_EXIT = 130  # as a shell says of a command that Ctrl-C ended


@dataclass(frozen=True)
class Job(Result):
    """One execution of a notebook. Made by :func:`workbench.submit`.

    Parameters
    ----------
    id : str
        Sorts by time: ``20261121T0149-score-3f2a``.
    notebook : str
        The notebook that was executed, as given.
    parameters : dict
        Plain JSON; secrets are given by reference and never stand here.
    state : JobState
        Where it stands.
    cells_done, cells : int
        Code cells that ran to their end, and all of them.
    failed_cell : int, optional
        Position of the cell that failed, from 0 over all cells.
    error : str, optional
        What failed, in one line.
    created, started, ended : str, optional
        ISO 8601 with zone.
    pid : int, optional
        Of the process that runs it.
    cause : Cause, optional
        Why it failed.
    ended_early : int, optional
        Position of the cell that ended the notebook by ``exit()``, from 0; the job is COMPLETED then.
    notes : tuple of str
        What else is to be known of the run, such as output that was lost.
    kernel : dict
        What really ran: name, language, version, implementation and command of the kernel.
    host, boot : str
        The machine that it runs on, and which start of that machine; empty in records of older versions.
    folder : str
        The notebook's working folder.
    options : JobOptions
        How it was asked to run.
    after : tuple of str
        Ids of the jobs that have to be COMPLETED before it starts.
    due : str, optional
        A QUEUED job does not start before that moment; the kernel of a PARKED one is kept until then.
    place : int, optional
        Of a QUEUED job, from 1, among those that wait; what a reader sees, never in a record.
    attempts : tuple of dict
        Earlier tries of the same job: started, ended, error, cause, failed_cell and the name of their output notebook.
    reused : tuple of int
        Positions of the cells, from 0 over all, whose results were taken over and that did not run again.
    resumes, reproduces : str
        Id of the job that it goes on with, or runs again.
    batch : str
        Id of the fan-out that it is a part of.
    schedule : str
        Name of the schedule that submitted it.
    nominal : str, optional
        The moment that the schedule had meant.
    path : Path
        Its folder: ``job.json``, ``output.ipynb``, ``log``.
    """

    id: str
    notebook: str
    parameters: dict[str, Any]
    state: JobState
    cells: int = 0
    cells_done: int = 0
    failed_cell: int | None = None
    error: str | None = None
    created: str = ""
    started: str | None = None
    ended: str | None = None
    pid: int | None = None
    cause: Cause | None = None
    ended_early: int | None = None
    notes: tuple[str, ...] = ()
    kernel: dict[str, str] = field(default_factory=dict)
    host: str = ""
    boot: str = ""
    folder: str = ""
    options: JobOptions = field(default_factory=JobOptions)
    after: tuple[str, ...] = ()
    due: str | None = None
    place: int | None = field(default=None, compare=False)
    attempts: tuple[dict[str, Any], ...] = ()
    reused: tuple[int, ...] = ()
    resumes: str = ""
    reproduces: str = ""
    batch: str = ""
    schedule: str = ""
    nominal: str | None = None
    path: Path = field(default=Path(), compare=False)

    noun: ClassVar[str] = "job"
    format_version: ClassVar[int] = 3

    @property
    def name(self) -> str:
        """Of the notebook's file; of one in an archive behind a URL that of the file in it."""
        return Path(self.notebook.partition("::")[0] if "://" in self.notebook else self.notebook).name

    @property
    def output(self) -> Path:
        """The executed notebook."""
        return self.path / "output.ipynb"

    @property
    def exit_code(self) -> int:
        """What a command ends with that ran it: 0, :attr:`Cause.exit_code`, or 130 where it was stopped."""
        if self.state in (JobState.FAILED, JobState.PARKED) or self.cause is Cause.OUTPUT:
            return (self.cause or Cause.OTHER).exit_code
        return STOPPED_EXIT if self.state is JobState.STOPPED else 0

    @property
    def lasting_notes(self) -> tuple[str, ...]:
        """Those of its schedule: they stand for the job, whatever becomes of a try."""
        return tuple(note for note in self.notes if self.schedule and note.startswith(f"Schedule {self.schedule}: "))

    def headline(self) -> str:
        """Notebook, state and progress in one line."""
        told = " ".join([*([self.error] if self.error else []), *self.notes])
        more = f": {told}" if told else ""
        stands = self.waits_for() if self.state is JobState.QUEUED else f"{self.cells_done} of {self.cells} cells"
        return f"{self.name} {self.state.value} ({stands}){more}"

    def waits_for(self) -> str:
        """What a QUEUED job waits for, in a few words.

        >>> Job("b", "b.ipynb", {}, JobState.QUEUED, place=1).waits_for()
        'next'
        >>> Job("b", "b.ipynb", {}, JobState.QUEUED, after=("a",), due="2026-11-21T06:00:00.000+00:00").waits_for()
        'after a, not before 2026-11-21 06:00:00 UTC'
        >>> Job("b", "b.ipynb", {}, JobState.QUEUED, place=3, attempts=({},)).waits_for()
        'place 3, try 2'
        """
        if self.place is not None:
            told = ["next" if self.place == 1 else f"place {self.place}"]
        else:
            told = [f"after {', '.join(self.after)}"] if self.after else []
            told += [f"not before {self.due[:19].replace('T', ' ')} UTC"] if self.due else []
        return ", ".join([*told, *([f"try {len(self.attempts) + 1}"] if self.attempts else [])]) or "to be started"

    def as_parameter(self) -> str:
        """Its id."""
        return self.id

    def result(self, name: str) -> str:
        """What a job that is submitted after this one is given, once this one has ended: a text that refers to it.

        Parameters
        ----------
        name : str
            ``output``, the path of the executed notebook; ``run``, ``bundle`` or another noun that it shows; or a name
            that it gives by :func:`workbench.give`.

        Raises
        ------
        BadParameter
            If it is no name.

        Examples
        --------
        >>> Job("20261121T0149-train-3f2a", "train.ipynb", {}, JobState.QUEUED).result("bundle")
        'job:20261121T0149-train-3f2a#bundle'
        """
        asked = Reference(self.id, name)
        if not isinstance(name, str) or reference(str(asked)) != asked:
            raise BadParameter(f"A job's result is a name such as 'output' or 'bundle', got {name!r}. Give its name.")
        return str(asked)

    def frame(self) -> pd.DataFrame:
        """One row: the record of the job."""
        return self._frame([self.to_dict()]).set_index("id")

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data, as in ``job.json``; the folder's own path is left out."""
        cause = None if self.cause is None else self.cause.value
        content = {**asdict(self), "state": self.state.value, "cause": cause, "options": self.options.asked()}
        for name in _TUPLES:
            content[name] = list(content[name])
        for name in _SEEN:
            del content[name]
        return content

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Job:
        """Read what :meth:`to_dict` wrote."""
        for moment in filter(None, (content.get(name) for name in _MOMENTS)):
            if datetime.fromisoformat(moment).tzinfo is None:
                raise ValueError(f"a time has a zone, got {moment}")
        content, cause = dict(content), content.get("cause")
        options = content.get("options", {})
        if "timeout" in content:  # where records of format 2 have it
            options = {"timeout": content.pop("timeout")}
        read = {
            "state": JobState(content["state"]),
            "cause": None if cause is None else Cause(cause),
            "options": take(JobOptions, options),
            **{name: tuple(content.get(name, ())) for name in _TUPLES},
        }
        if read["state"] in (JobState.UNKNOWN, JobState.DAMAGED):
            raise ValueError(f"no record says {content['state']}")
        return cls(**{**content, **read})
