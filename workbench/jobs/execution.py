"""One run of a notebook: its marks, its output notebook, its events and its record are kept in step.

This module imports papermill (2.6 s), so it is loaded by the process that runs a notebook alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from papermill.engines import NotebookExecutionManager
from papermill.log import logger

from workbench.core.job import JobState
from workbench.jobs.client import Client
from workbench.jobs.control import Control
from workbench.jobs.kernels import installed
from workbench.jobs.masking import Masker, Stream
from workbench.jobs.parameters import Parameter, check, declared_in, inject, typed
from workbench.jobs.records import now, tell, update
from workbench.jobs.secrets import is_reference, is_secret
from workbench.storage.files import write_text


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
    completed : bool
        Whether the cells ran to their end; set by the run.
    """

    masker: Masker
    control: Control = field(default_factory=Control)
    folder: Path | None = None
    seconds: float | None = None
    deadline: float | None = None
    sockets: Path | None = None
    completed: bool = False


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

    def __init__(self, nb: Any, run: Run, **options: Any) -> None:
        super().__init__(nb, **options)
        self.run, self.folder = run, run.folder
        self.done = 0
        self.total = sum(_runs(cell) for cell in nb.cells)
        self.notes: list[str] = []
        self.before_save: Callable[[], None] = lambda: None
        self._streams: dict[str, Stream] = {}
        self._running: Any = None

    def save(self, **kwargs: Any) -> None:
        """Write the output notebook, in one step where it is the job's, and without secrets."""
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
        self._record(state=JobState.IN_PROGRESS, cells=self.total)
        self._tell("job_started", cells=self.total)

    def kernel_started(self, kernel: dict[str, str]) -> None:
        """Write down what really runs."""
        self.nb.metadata["kernelspec"] = {name: kernel[name] for name in ("name", "display_name", "language")}
        self._record(kernel=kernel)

    def cell_start(self, cell: Any, cell_index: int | None = None, **kwargs: Any) -> None:
        """Write down that a cell begins to run."""
        self._running = cell
        super().cell_start(cell, cell_index, **kwargs)
        if _runs(cell):
            line = self.run.masker.text(_first_line(cell.source))
            self._tell("cell_started", cell=cell_index, line=line, done=self.done, cells=self.total)

    def cell_complete(self, cell: Any, cell_index: int | None = None, **kwargs: Any) -> None:
        """Write down that a cell ran to its end."""
        super().cell_complete(cell, cell_index, **kwargs)
        self._running = None
        if _runs(cell):
            self.done += 1
            self._record(cells_done=self.done)
            self._tell("cell_completed", cell=cell_index, done=self.done, cells=self.total)

    def cell_skipped(self, cell: Any, cell_index: int) -> None:
        """Write down that a cell is not to run."""
        cell.metadata.papermill["status"] = self.SKIPPED
        self.total -= _runs(cell)
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

    def ended_early(self, cell_index: int) -> None:
        """Write down that a cell ended the notebook on purpose."""
        self.note(f"Cell {cell_index + 1} ended the notebook early, by exit.")
        self._record(ended_early=cell_index)

    def note(self, text: str) -> None:
        """Write down what else is to be known; each thing once."""
        if text not in self.notes:
            self.notes.append(text)
            logger.warning(text)
            self._record(notes=tuple(self.notes))

    def notebook_complete(self, **kwargs: Any) -> None:
        """Note the time and save; a cell that never ran stays *pending*, and none stays *running*."""
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
    known = _check_parameters(nb, installed(kernel_name)["language"])
    run = job or Run(Masker.of(nb.metadata.papermill.get("parameters") or {}))
    run.masker.learn(p.default for p in known.values() if is_secret(p.name) and not is_reference(p.default))
    recorder = Recorder(
        nb,
        run,
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
    return recorder.masked()


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


def _runs(cell: Any) -> bool:
    return cell.cell_type == "code" and bool(cell.source.strip())


def _first_line(source: str) -> str:
    """What a cell says it does: its first line that is more than an import, without the comment's sign."""
    lines = [line.strip() for line in source.splitlines() if line.strip()]
    first = next((line for line in lines if not line.startswith(("import ", "from ", "%"))), lines[0])
    return first.lstrip("# ")[:80] or lines[0][:80]
