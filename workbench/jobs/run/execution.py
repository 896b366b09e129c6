"""One run of a notebook: its marks, its output notebook, its events and its record are kept in step.

This module imports papermill (2.6 s), so it is loaded by the process that runs a notebook alone.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from papermill.engines import NotebookExecutionManager
from papermill.iorw import load_notebook_node
from papermill.log import logger
from papermill.parameterize import parameterize_notebook

from workbench.core.job import JobState
from workbench.core.secrets import is_reference, is_secret
from workbench.errors import JobFailed, WorkbenchError
from workbench.jobs.messages.left_to_tell import tell_left
from workbench.jobs.notebook.edited import kept_places, runs
from workbench.jobs.notebook.kernels import installed
from workbench.jobs.notebook.parameters import Parameter, check, declared_in, inject, typed
from workbench.jobs.records import lasting_notes, load, now, tell, update
from workbench.jobs.records import park as write_parked
from workbench.jobs.run import park
from workbench.jobs.run.client import Client
from workbench.jobs.run.control import Control
from workbench.jobs.run.environment import Look
from workbench.jobs.run.masking import Masker, Stream
from workbench.jobs.run.park import Room
from workbench.jobs.run.step_results import StepResults
from workbench.jobs.run.trust import sign
from workbench.storage.files import write_bytes, write_text


@dataclass
class Run:
    """What a run of a notebook goes by.

    Parameters
    ----------
    masker : Masker
        Of its secrets.
    control : Control
        What ends it from outside.
    folder : Path, optional
        The job's; without one (papermill's own command line) only the notebook is kept.
    seconds, deadline : float, optional
        How long it may take, and the moment of ``time.monotonic`` at which that is used up.
    sockets : Path, optional
        An empty private folder for the kernel's sockets.
    look : Look, optional
        Writes down what the job runs in.
    completed : bool
        Whether the cells ran to their end; set by the run.
    park : float
        Seconds that the kernel is kept when a cell has failed.
    earlier : Path, optional
        Folder of the job that this one goes on with: results of its steps are taken over.
    room : Room
        The slots that it holds while it runs.
    """

    masker: Masker
    control: Control = field(default_factory=Control)
    folder: Path | None = None
    seconds: float | None = None
    deadline: float | None = None
    sockets: Path | None = None
    look: Look | None = None
    completed: bool = False
    park: float = 0.0
    earlier: Path | None = None
    room: Room = field(default_factory=Room)


class Recorder(NotebookExecutionManager):
    """Keeps the statuses of the cells, the output notebook, the events and the record of the job in step.

    Parameters
    ----------
    nb : nbformat.NotebookNode
        The notebook with its parameters injected.
    run : Run
        What it goes by.
    **options
        As papermill gives them.
    """

    nb: Any
    STOPPED, SKIPPED = "stopped", "skipped"

    def __init__(self, nb: Any, run: Run, language: str = "python", **options: Any) -> None:
        super().__init__(nb, **options)
        self.run, self.folder, self.language = run, run.folder, language
        self.done = 0
        self.total = sum(runs(cell) for cell in nb.cells)
        self.notes: list[str] = []
        self.reused: list[int] = []
        self.taken: list[int] = []  # those of them that are of an earlier job
        self.before_save: Callable[[], None] = lambda: None
        self._streams: dict[str, Stream] = {}
        self._running: Any = None
        self._begins = self._put_off = False

    def save(self, **kwargs: Any) -> None:
        """Write the output notebook, in one step where it is the job's, and without secrets."""
        self._put_off = self._begins
        if self._put_off:
            return
        self.before_save()
        clear = self.nb
        self.nb = self.masked()
        try:
            self._write()
        finally:
            self.nb = clear
        self.last_save_time = self.now()

    def _write(self) -> None:
        if self.folder is None:
            super().save()
        elif self.folder.is_dir():  # who removed it wants no new one
            write_text(self.folder / "output.ipynb", nbformat.writes(self.nb))
        else:
            raise FileNotFoundError(2, "its folder is gone", str(self.folder))

    def masked(self) -> Any:
        """The notebook to be written: outputs of cells that have ended are masked already."""
        return type(self.nb)({**self.nb, "cells": [self._masked_cell(cell) for cell in self.nb.cells]})

    def _masked_cell(self, cell: Any) -> Any:
        shown = type(cell)({**cell, "source": self.run.masker.text(cell.source)})
        if cell is self._running and cell.get("outputs"):
            shown["outputs"] = self.run.masker.outputs(cell.outputs)
        return shown

    def stream(self, name: str) -> Stream:
        """What masks a stream that is shown as it goes."""
        return self._streams.setdefault(name, Stream(self.run.masker))

    def notebook_start(self, **kwargs: Any) -> None:
        """Write down that the cells are to run."""
        super().notebook_start(**kwargs)
        for cell in self.nb.cells:
            _unmark(cell)
        self._record(state=JobState.IN_PROGRESS, cells=self.total)
        self._tell("job_started", cells=self.total)

    def kernel_started(self, kernel: dict[str, str]) -> None:
        """Write down what really runs."""
        self.nb.metadata["kernelspec"] = {name: kernel[name] for name in ("name", "display_name", "language")}
        self._record(kernel=kernel)

    def looked(self, answer: Any) -> None:
        """Write down what the kernel has told of itself."""
        if self.run.look:
            self.run.look.started(answer)

    def cell_start(self, cell: Any, cell_index: int | None = None, **kwargs: Any) -> None:
        """Write down that a cell begins to run; in the notebook only if it lasts, for most cells end at once."""
        self._running, self._begins = cell, True
        super().cell_start(cell, cell_index, **kwargs)
        self._begins = False
        if runs(cell):
            line = self.run.masker.text(_first_line(cell.source))
            self._tell("cell_started", cell=cell_index, line=line, done=self.done, cells=self.total)

    def cell_lasts(self) -> None:
        """Write down that a cell is still at work."""
        if self._put_off:
            self.save()

    def cell_complete(self, cell: Any, cell_index: int | None = None, **kwargs: Any) -> None:
        """Write down that a cell ran to its end."""
        super().cell_complete(cell, cell_index, **kwargs)
        self._running = None
        if runs(cell):
            self.done += 1
            self._record(cells_done=self.done)
            self._tell("cell_completed", cell=cell_index, done=self.done, cells=self.total)

    def cell_skipped(self, cell: Any, cell_index: int) -> None:
        """Write down that a cell is not to run."""
        cell.metadata.papermill["status"] = self.SKIPPED
        self.total -= runs(cell)
        self._record(cells=self.total)
        self._tell("cell_skipped", cell=cell_index, done=self.done, cells=self.total)
        self.save()

    def failed(self, cell: Any, cell_index: int, error: str) -> None:
        """Write down that a cell did not run to its end."""
        self.cell_exception(cell, cell_index)
        self._ended(cell)
        self._record(failed_cell=cell_index)
        self._tell("cell_failed", cell=cell_index, error=error, done=self.done, cells=self.total)

    def stopped(self, cell: Any, cell_index: int) -> None:
        """Write down that a cell was interrupted because the run is to end."""
        cell.metadata.papermill["status"] = self.STOPPED
        self._ended(cell)
        self._tell("cell_stopped", cell=cell_index, done=self.done, cells=self.total)

    def _ended(self, cell: Any) -> None:
        self._running = None
        cell.metadata.papermill["end_time"] = now()

    # Results of an earlier job

    def results(self, ask: Callable[[str, str], str | None]) -> StepResults | None:
        """What the job keeps of its steps, and takes over; papermill alone keeps nothing."""
        if self.folder is None:
            return None
        return StepResults(self.folder, ask, self.run.earlier, self.run.masker.text, self.nb.cells)

    def cell_reused(self, cell: Any, cell_index: int, job: str) -> None:
        """Write down that a cell's result and outputs are those of an earlier job."""
        self._mark(cell, job)
        self.taken.append(cell_index)
        self.reused.append(cell_index)
        self._record(reused=tuple(self.reused))

    @staticmethod
    def _mark(cell: Any, job: str) -> None:
        """Beside what the panel has written there."""
        cell.metadata["workbench"] = {**_marks(cell), "reused": job}

    def _tell_of_the_earlier(self) -> None:
        if self.run.earlier is not None:
            cells = [str(index + 1) for index in self.taken]
            which = f"result of cell {cells[0]} was" if len(cells) == 1 else f"results of cells {', '.join(cells)} were"
            told = f"the {which} taken over." if cells else "no result could be taken over."
            self.note(f"Goes on with {self.run.earlier.name}: {told}")

    # A kernel that is kept

    @property
    def parks(self) -> bool:
        """Whether the kernel is kept when a cell has failed."""
        return self.folder is not None and self.run.park > 0

    def parked(self, failure: JobFailed, alive: Callable[[], bool]) -> dict[int, int]:
        """Say that the kernel is kept, and wait until somebody goes on.

        Parameters
        ----------
        failure : JobFailed
            Of a cell; raised where nobody goes on in time, or the kernel dies.
        alive : callable
            Whether the kernel lives.

        Returns
        -------
        dict of int to int
            The finished cells: where each stood, and where it stands now.
        """
        assert self.folder is not None
        self.save()
        ended, due = now(), park.until(self.run.park)
        write_parked(self.folder, sign, error=str(failure), cause=failure.cause, due=due)
        self.run.room.give_back()
        self._tell_of_the_parking()
        for request in park.requests(self.folder, self.run.park, self.run.control, alive):
            try:
                edited = self._edited(request)
                kept = kept_places(self.nb.cells, failure.cell or 0, edited.cells)
            except WorkbenchError as error:
                park.refuse(self.folder, request.token, self.run.masker.text(str(error)))
                continue
            self.run.room.take_again()
            self._keep_the_try(request, ended)
            self._go_on(request, edited, kept)
            return kept
        self.note(park.OVER.format(seconds=self.run.park) if alive() else park.DIED)
        raise failure

    def _edited(self, request: park.Request) -> Any:
        """The notebook as it is now, with the parameters of the job, as papermill prepares one."""
        nb = load_notebook_node(nbformat.from_dict(request.notebook))
        if request.parameters:
            kernel = self.nb.metadata.kernelspec.name
            nb = parameterize_notebook(nb, request.parameters, kernel_name=kernel, language=self.language)
        _learn(self.run.masker, _check_parameters(nb, self.language))
        return nb

    def _keep_the_try(self, request: park.Request, ended: str) -> None:
        """What the failed try left stays beside what comes; the job's notebook is the edited one from now on."""
        assert self.folder is not None
        record = load(self.folder)
        number = len(record.attempts) + 1
        for name in ("output", "input"):
            write_bytes(self.folder / f"{name}-{number}.ipynb", (self.folder / f"{name}.ipynb").read_bytes())
        write_text(self.folder / "input.ipynb", nbformat.writes(nbformat.from_dict(request.notebook)))
        tried = {name: getattr(record, name) for name in ("started", "error", "cause", "failed_cell")}
        told = {**tried, "ended": ended, "output": f"output-{number}.ipynb"}
        self._record(attempts=(*record.attempts, told))

    def _go_on(self, request: park.Request, edited: Any, kept: dict[int, int]) -> None:
        """Take the edited notebook in place of the one that failed; finished cells keep their outputs and marks."""
        assert self.folder is not None
        for cell in edited.cells:
            self._reset(cell)
        for before, after in kept.items():
            old, cell = self.nb.cells[before], edited.cells[after]
            cell.outputs, cell.execution_count = old.outputs, old.execution_count
            cell.metadata.papermill = old.metadata.papermill
            self._mark(cell, _marks(old).get("reused") or self.folder.name)
        self.nb.cells[:] = edited.cells
        self.nb.metadata.papermill["exception"] = None
        reused = [i for i in kept.values() if self.nb.cells[i].metadata.papermill["status"] != self.SKIPPED]
        self.done, self.reused = len(reused), reused
        self.taken = [kept[i] for i in self.taken if i in kept]
        self.total = sum(runs(cell) for cell in self.nb.cells) - (len(kept) - self.done)
        begin = max(kept.values(), default=-1) + 2
        self.note(f"Resumed at cell {begin}: {_counted(len(reused))} not run again.")
        self.save()
        fresh = {"failed_cell": None, "error": None, "cause": None, "due": None, "started": now()}
        told = {"cells": self.total, "cells_done": self.done, "reused": tuple(reused)}
        self._record(state=JobState.IN_PROGRESS, **fresh, **told)
        self._tell(park.RESUMED, request=request.token, reused=reused, done=self.done, cells=self.total)

    def _reset(self, cell: Any) -> None:
        """As papermill does before the first cell."""
        empty = dict.fromkeys(("exception", "start_time", "end_time", "duration"))
        cell.metadata.papermill = {**empty, "status": self.PENDING}
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
        _unmark(cell)

    def ended_early(self, cell_index: int) -> None:
        """Write down that a cell ended the notebook on purpose."""
        self.note(f"Cell {cell_index + 1} ended the notebook early, by exit.")
        self._record(ended_early=cell_index)

    def _tell_of_the_parking(self) -> None:
        """Tell people beside the wait: the time in which somebody may go on has begun."""
        assert self.folder is not None
        who = {"home": self.folder.parent.parent, "mine": self.folder.name}
        threading.Thread(target=tell_left, kwargs=who, name="telling", daemon=True).start()

    def note(self, text: str) -> None:
        """Write down what else is to be known; each thing once."""
        if text not in self.notes:
            self.notes.append(text)
            logger.warning(text)
            lasting = lasting_notes(self.folder) if self.folder else ()
            self._record(notes=(*lasting, *self.notes))

    def notebook_complete(self, **kwargs: Any) -> None:
        """Note the time and save; a cell that never ran stays *pending*, and none stays *running*."""
        self._tell_of_the_earlier()
        self.end_time = self.now()
        self.nb.metadata.papermill["end_time"] = self.end_time.isoformat()
        self.nb.metadata.papermill["duration"] = (self.end_time - self.start_time).total_seconds()
        self.nb.metadata.pop("widgets", None)
        for cell in self.nb.cells:
            if cell.metadata.papermill["status"] == self.RUNNING:
                cell.metadata.papermill["status"] = self.STOPPED
        self.save()

    def _record(self, **changes: Any) -> None:
        if self.folder:
            update(self.folder, **changes)

    def _tell(self, event: str, **details: Any) -> None:
        if self.folder:
            tell(self.folder, event, **details)


def execute(
    nb: Any,
    kernel_name: str,
    output_path: str | None = None,
    *,
    job: Run | None = None,
    progress_bar: Any = False,
    log_output: bool = False,
    autosave_cell_every: int = 30,
    start_timeout: int = 60,
    execution_timeout: float | None = None,
    stdout_file: Any = None,
    stderr_file: Any = None,
    **_others: Any,
) -> Any:
    """Run ``nb`` and return it with its outputs; the arguments are papermill's, and ``job``.

    Raises
    ------
    BadParameter
        If the notebook does not take what is injected; no kernel has started then.
    JobFailed
        If a cell does not run to its end.
    """
    language = installed(kernel_name)["language"]
    known = _check_parameters(nb, language)
    run = job or Run(Masker.of(nb.metadata.papermill.get("parameters") or {}))
    _learn(run.masker, known)
    recorder = Recorder(
        nb,
        run,
        language,
        output_path=output_path,
        progress_bar=progress_bar,
        log_output=log_output,
        autosave_cell_every=autosave_cell_every,
    )
    recorder.notebook_start()
    client = Client(
        recorder,
        run.masker,
        run.control,
        deadline=run.deadline,
        seconds=run.seconds,
        sockets=run.sockets,
        kernel_name=kernel_name,
        startup_timeout=start_timeout,
        timeout=execution_timeout,
        # The state of widgets is large, and what a record shows is their static view.
        store_widget_state=False,
        log_output=log_output,
        log=logger,
        stdout_file=stdout_file,
        stderr_file=stderr_file,
    )
    try:
        client.execute()
        run.completed = True
    finally:
        recorder.cleanup_pbar()
        recorder.notebook_complete()
        if run.look:
            run.look.ended()
    return recorder.masked()


def _learn(masker: Masker, known: Mapping[str, Parameter]) -> None:
    """What a parameters cell shows for a secret is one, too."""
    masker.learn(p.default for p in known.values() if is_secret(p.name) and not is_reference(p.default))


def _check_parameters(nb: Any, language: str) -> Mapping[str, Parameter]:
    """The check of a job, also where papermill's own command line runs the notebook; then the cell is written anew."""
    values = nb.metadata.papermill.get("parameters") or {}
    name = Path(str(nb.metadata.papermill.get("input_path") or "the notebook")).name
    own = {n: v for n, v in values.items() if n not in ("PAPERMILL_INPUT_PATH", "PAPERMILL_OUTPUT_PATH")}
    known = declared_in(nb, name, language)
    plain_values = check(Path(name), own, nb, language)
    nb.metadata.papermill["parameters"] = {**values, **plain_values}
    if known is not None:
        inject(nb.cells, known, {**values, **typed(plain_values, known)})
    return known or {}


def _marks(cell: Any) -> dict[str, Any]:
    told = cell.metadata.get("workbench")
    return dict(told) if isinstance(told, dict) else {}


def _unmark(cell: Any) -> None:
    """What an earlier job has marked is not so any more."""
    if "reused" in _marks(cell):
        del cell.metadata["workbench"]["reused"]


def _counted(cells: int) -> str:
    return "1 finished cell was" if cells == 1 else f"{cells} finished cells were"


def _first_line(source: str) -> str:
    """What a cell says it does: its first line that is more than an import, without the comment's sign."""
    lines = [line.strip() for line in source.splitlines() if line.strip()]
    first = next((line for line in lines if not line.startswith(("import ", "from ", "%"))), lines[0])
    return first.lstrip("# ")[:80] or lines[0][:80]
