"""A schedule: a notebook that becomes a job at the moments of a cron expression."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar

from workbench.core.cron import explained, expression_of, moments, zone_of
from workbench.core.job_options import JobOptions
from workbench.core.parameters import take
from workbench.core.saved import Saved

MISSED = ("once", "skip")
OVERLAP = ("skip", "wait")
KEPT = 50  # lines of the history
_MOMENTS = ("since", "handled", "waiting")


@dataclass(frozen=True)
class Schedule(Saved):
    """A notebook that becomes a job at certain moments. Made by :func:`workbench.jobs.schedules.add`.

    Parameters
    ----------
    name : str
        Of its file, and in the ids of its jobs.
    notebook : str
        Its path.
    parameters : dict
        Plain JSON; secrets are references, and resolved when a job starts.
    cron : str
        Five fields: minute, hour, day of the month, month, day of the week.
    zone : str
        IANA name of the time zone that the expression is meant in.
    since : str
        ISO 8601 with zone; only moments after it count.
    options : JobOptions
        How each job is to run.
    kernel : str, optional
        Name of an installed kernel; by default the one that the notebook names.
    folder : str
        The notebook's working folder.
    missed : str
        What becomes of moments while nobody was there: ``"once"`` runs one job for them all, ``"skip"`` none.
    overlap : str
        Where the job before is still at work: ``"skip"`` leaves the moment out, ``"wait"`` runs one job after it.
    paused : bool
        Whether no moment counts.
    handled : str, optional
        The last moment that has been dealt with.
    waiting : str, optional
        A moment that waits for the end of the job before.
    job : str
        Id of its last job.
    history : tuple of dict
        What became of the last moments: ``at``, ``nominal``, ``what`` (run, failed, skipped, missed, waits, clock),
        ``job`` and ``said``.
    error : str
        What a reader says of a file that can't be read; never in the file.
    """

    name: str
    notebook: str
    parameters: dict[str, Any]
    cron: str
    zone: str
    since: str
    options: JobOptions = field(default_factory=JobOptions)
    kernel: str | None = None
    folder: str = ""
    missed: str = "once"
    overlap: str = "skip"
    paused: bool = False
    handled: str | None = None
    waiting: str | None = None
    job: str = ""
    history: tuple[dict[str, Any], ...] = ()
    error: str = field(default="", compare=False)

    noun: ClassVar[str] = "schedule"
    format_version: ClassVar[int] = 1

    @property
    def cursor(self) -> datetime:
        """Moments after it are to come, or to be dealt with."""
        return max(map(datetime.fromisoformat, filter(None, (self.since, self.handled))))

    def next_times(self, n: int = 5, after: datetime | None = None) -> tuple[datetime, ...]:
        """The next moments, in the time of its zone; none where it is paused or damaged.

        Parameters
        ----------
        n : int
            How many.
        after : datetime, optional
            By default now.
        """
        if self.paused or self.error:
            return ()
        start = max(after or datetime.now(UTC), self.cursor)
        return tuple(islice(moments(self.cron, self.zone, start), n))

    def headline(self) -> str:
        """Notebook, moments and state in one line."""
        if self.error:
            return f"damaged: {self.error}"
        coming = self.next_times(1)
        state = "paused" if self.paused else f"next {coming[0]:%Y-%m-%d %H:%M}" if coming else "no moment is left"
        return f"{Path(self.notebook).name}, {explained(self.cron)} ({self.zone}), {state}"

    def __str__(self) -> str:
        return self.headline()

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data, as in its file."""
        content = {**asdict(self), "options": self.options.asked(), "history": list(self.history)}
        del content["error"]
        return content

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Schedule:
        """Read what :meth:`to_dict` wrote."""
        for moment in filter(None, (content.get(name) for name in _MOMENTS)):
            if datetime.fromisoformat(moment).tzinfo is None:
                raise ValueError(f"a time has a zone, got {moment}")
        for name, known in (("missed", MISSED), ("overlap", OVERLAP)):
            if content.get(name, known[0]) not in known:
                raise ValueError(f"{name} is {' or '.join(known)}, got {content[name]!r}")
        read = {
            "cron": expression_of(content["cron"]),
            "zone": zone_of(content["zone"]),
            "options": take(JobOptions, content.get("options", {})),
            "history": tuple(content.get("history", ())),
        }
        return cls(**{**content, **read})
