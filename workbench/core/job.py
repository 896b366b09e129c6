"""A job: one execution of a notebook with parameters."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from workbench.core.result import Result

if TYPE_CHECKING:
    import pandas as pd


class JobState(StrEnum):
    """Where a job stands; the last three are final."""

    CREATED = "CREATED"
    QUEUED = "QUEUED"
    IN_PROGRESS = "IN_PROGRESS"
    STOPPING = "STOPPING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    STOPPED = "STOPPED"

    @property
    def final(self) -> bool:
        """Whether nothing more will happen."""
        return self in (JobState.COMPLETED, JobState.FAILED, JobState.STOPPED)


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
    path: Path = field(default=Path(), compare=False)

    noun: ClassVar[str] = "job"

    @property
    def output(self) -> Path:
        """The executed notebook."""
        return self.path / "output.ipynb"

    def headline(self) -> str:
        """Notebook, state and progress in one line."""
        told = f": {self.error}" if self.error else ""
        return f"{Path(self.notebook).name} {self.state.value} ({self.cells_done} of {self.cells} cells){told}"

    def frame(self) -> pd.DataFrame:
        """One row: the record of the job."""
        return self._frame([self.to_dict()]).set_index("id")

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data, as in ``job.json``; the folder's own path is left out."""
        content = {**asdict(self), "state": self.state.value}
        del content["path"]
        return content

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Job:
        """Read what :meth:`to_dict` wrote."""
        for moment in filter(None, (content.get(name) for name in ("created", "started", "ended"))):
            if datetime.fromisoformat(moment).tzinfo is None:
                raise ValueError(f"a time has a zone, got {moment}")
        return cls(**{**content, "state": JobState(content["state"])})
