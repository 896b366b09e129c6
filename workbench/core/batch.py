"""A batch: one notebook over many parameters, each a job of its own, and the record of the whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from workbench.core.job import Job, JobState
from workbench.core.job_options import JobOptions
from workbench.core.parameters import take
from workbench.core.result import Result

if TYPE_CHECKING:
    import pandas as pd

# What the whole is, by the first of these that a part is; a batch of which nothing is left to be done has ended.
_BEFORE_ITS_END = (JobState.IN_PROGRESS, JobState.STOPPING, JobState.QUEUED, JobState.CREATED, JobState.UNKNOWN)
_AT_ITS_END = (JobState.PARKED, JobState.DAMAGED, JobState.FAILED, JobState.STOPPED, JobState.COMPLETED)


@dataclass(frozen=True)
class Part:
    """One job of a batch, as a reader sees it.

    Parameters
    ----------
    number : int
        From 1, in the order of the parameters.
    id : str
        Of its job.
    parameters : dict
        What it has that others may not have.
    job : Job, optional
        None where it was not submitted, or was deleted.
    scores : dict of str to float
        What its notebook shows: the scores of runs and bundles, and the numbers that it gives.
    """

    number: int
    id: str
    parameters: dict[str, Any]
    job: Job | None = None
    scores: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Batch(Result):
    """One notebook over many parameters. Made by :func:`workbench.submit_each`.

    What stands in its file is what was asked for; how far it has come is read from the jobs each time.

    Parameters
    ----------
    id : str
        Sorts by time; its jobs are called ``ID-0001`` and so on.
    notebook : str
        As it was given.
    each : tuple of dict
        The parameters of each part, in order.
    parameters : dict
        Those that all parts have.
    created : str
        ISO 8601 with zone.
    kernel : str
        Name of the kernel.
    folder : str
        The notebook's working folder.
    options : JobOptions
        How each part is to run.
    after : tuple of str
        Ids of the jobs that have to be COMPLETED before any part starts.
    jobs : tuple
        The parts' jobs as a reader sees them; None where one is not there.
    scores : tuple of dict
        What the parts' notebooks show.
    path : Path
        Its folder: ``batch.json`` and ``input.ipynb``.

    Examples
    --------
    >>> whole = Batch("b", "score.ipynb", ({"k": 1}, {"k": 2}), jobs=(Job("b-0001", "", {}, JobState.COMPLETED), None))
    >>> whole.state.value, whole.headline()
    ('CREATED', 'score.ipynb 2 times: 1 completed, 1 not submitted')
    """

    id: str
    notebook: str
    each: tuple[dict[str, Any], ...]
    parameters: dict[str, Any] = field(default_factory=dict)
    created: str = ""
    kernel: str = ""
    folder: str = ""
    options: JobOptions = field(default_factory=JobOptions)
    after: tuple[str, ...] = ()
    jobs: tuple[Job | None, ...] = field(default=(), compare=False)
    scores: tuple[dict[str, float], ...] = field(default=(), compare=False)
    path: Path = field(default=Path(), compare=False)

    noun: ClassVar[str] = "batch"

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids of its jobs, also of those that were not submitted yet."""
        digits = max(4, len(str(len(self.each))))
        return tuple(f"{self.id}-{number:0{digits}d}" for number in range(1, len(self.each) + 1))

    @property
    def name(self) -> str:
        """Of the notebook's file."""
        return Job(self.id, self.notebook, {}, JobState.CREATED).name

    @property
    def parts(self) -> tuple[Part, ...]:
        """Its jobs, in order."""
        return tuple(self._parts())

    def _parts(self) -> Iterator[Part]:
        for at, (name, differs) in enumerate(zip(self.ids, self.each, strict=True)):
            job = self.jobs[at] if at < len(self.jobs) else None
            yield Part(at + 1, name, differs, job, self.scores[at] if at < len(self.scores) else {})

    @property
    def varied(self) -> tuple[str, ...]:
        """Names of the parameters that the parts have of their own."""
        return tuple(dict.fromkeys(name for differs in self.each for name in differs))

    @property
    def scored(self) -> tuple[str, ...]:
        """Names of the scores that any part shows; a parameter's name is the parameter's."""
        shown = dict.fromkeys(name for scores in self.scores for name in scores)
        return tuple(name for name in shown if name not in self.varied)

    @property
    def counts(self) -> dict[JobState | None, int]:
        """How many parts are in each state; None counts those that are not there."""
        return dict(Counter(None if part.job is None else part.job.state for part in self._parts()))

    @property
    def missing(self) -> tuple[str, ...]:
        """Ids of the parts that were not submitted, or were deleted."""
        return tuple(part.id for part in self._parts() if part.job is None)

    @property
    def state(self) -> JobState:
        """Of the whole: as far as the part that is least far; at its end as the part that went worst.

        CREATED where all that was submitted has ended and parts are missing.
        """
        found = self.counts
        at_work = next((state for state in _BEFORE_ITS_END if state in found), None)
        if at_work is not None or None in found:
            return at_work or JobState.CREATED
        return next(state for state in _AT_ITS_END if state in found)

    @property
    def exit_code(self) -> int:
        """What a command ends with: 0, or that of the first part that has another."""
        codes = (part.job.exit_code for part in self._parts() if part.job is not None)
        return next((code for code in codes if code), 0)

    def result(self, name: str) -> list[str]:
        """What a later job is given of all parts, in order: a list of texts that refer to them.

        Parameters
        ----------
        name : str
            As :meth:`workbench.Job.result` takes it.
        """
        return [Job(part, "", {}, JobState.CREATED).result(name) for part in self.ids]

    def as_parameter(self) -> str:
        """Its id."""
        return self.id

    @property
    def told(self) -> list[tuple[JobState | None, int]]:
        """States with how many parts are in each: the worst first, what is missing last."""
        return sorted(self.counts.items(), key=_order)

    def headline(self) -> str:
        """Notebook, and how many parts stand where."""
        told = [f"{count} {worded(state)}" for state, count in self.told]
        return f"{self.name} {len(self.each)} times: {', '.join(told)}"

    def frame(self) -> pd.DataFrame:
        """One row a part: its parameters, state, seconds, scores, error and job."""
        return self._frame([_row(part, self.varied, self.scored) for part in self.parts]).set_index("part")

    def results(self) -> dict[str, Any]:
        """How many parts there are, and how many in each state."""
        return {"parts": len(self.each), **{worded(state): parts for state, parts in self.told}}

    def passing(self) -> tuple[str, ...]:
        """Its id and those of its parts."""
        return (self.id, *self.ids)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data: what was asked for."""
        return {
            "id": self.id, "notebook": self.notebook, "each": list(self.each), "parameters": self.parameters,
            "created": self.created, "kernel": self.kernel, "folder": self.folder, "options": self.options.asked(),
            "after": list(self.after),
        }  # fmt: skip

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Batch:
        """Read what :meth:`to_dict` wrote."""
        if not content["each"]:
            raise ValueError("a batch has parts")
        each, after = tuple(content["each"]), tuple(content.get("after", ()))
        return cls(**{**content, "each": each, "after": after, "options": take(JobOptions, content["options"])})


def worded(state: JobState | None) -> str:
    """A state in words; of a part that is not there, too.

    >>> worded(JobState.IN_PROGRESS), worded(None)
    ('in progress', 'not submitted')
    """
    return "not submitted" if state is None else state.value.lower().replace("_", " ")


def _order(pair: tuple[JobState | None, int]) -> int:
    """The worst first, what is missing last."""
    states: list[JobState | None] = [
        JobState.FAILED, JobState.DAMAGED, JobState.STOPPED, JobState.PARKED, JobState.UNKNOWN, JobState.COMPLETED,
        JobState.IN_PROGRESS, JobState.STOPPING, JobState.QUEUED, JobState.CREATED, None,
    ]  # fmt: skip
    return states.index(pair[0])


def _row(part: Part, parameters: Any, scores: Any) -> dict[str, Any]:
    job = part.job
    return {
        "part": part.number,
        **{name: part.parameters.get(name) for name in parameters},
        "state": None if job is None else job.state.value,
        "seconds": None if job is None else seconds(job),
        **{name: part.scores.get(name) for name in scores},
        "error": None if job is None else job.error,
        "job": part.id,
    }


def seconds(job: Job) -> float | None:
    """How long a job took."""
    if not job.started or not job.ended:
        return None
    return (datetime.fromisoformat(job.ended) - datetime.fromisoformat(job.started)).total_seconds()
