"""papermill's engine ``workbench``: runs the cells and records the truth about each.

papermill's own engine writes *completed* on every cell of a notebook whose kernel was killed or timed out. This one
writes *completed* on cells that ran to their end, *failed* on the one that did not, and leaves the others *pending*.

This module imports papermill (2.6 s), so it is loaded by the process of a job and by papermill alone.
"""

from __future__ import annotations

import atexit
import os
import re
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

import nbformat
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import Engine, NotebookExecutionManager

from workbench.core.job import JobState
from workbench.errors import JobFailed
from workbench.jobs.records import load, now, tell, update
from workbench.storage.files import write_text

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


class Recorder(NotebookExecutionManager):
    """Keeps the statuses of the cells, the output notebook, the events and the record of the job in step.

    Parameters
    ----------
    nb : nbformat.NotebookNode
        The notebook with its parameters injected.
    folder : Path, optional
        The job's; without one (papermill's own command line) only the notebook is kept.
    **options
        As papermill gives them.
    """

    def __init__(self, nb: Any, folder: Path | None = None, **options: Any) -> None:
        super().__init__(nb, **options)
        self.folder = folder
        self.done = 0
        self.total = sum(_runs(cell) for cell in nb.cells)

    def save(self, **kwargs: Any) -> None:
        """Write the output notebook, in one step where it is the job's."""
        if self.folder is None:
            super().save(**kwargs)
            return
        write_text(self.folder / "output.ipynb", nbformat.writes(self.nb))
        self.last_save_time = self.now()

    def notebook_start(self, **kwargs: Any) -> None:
        """Write down that the cells begin to run."""
        super().notebook_start(**kwargs)
        self._record(state=JobState.IN_PROGRESS, cells=self.total)
        self._tell("job_started", cells=self.total)

    def cell_start(self, cell: Any, cell_index: int | None = None, **kwargs: Any) -> None:
        """Write down that a cell begins to run, unless the job is to stop."""
        if self.folder and load(self.folder).state is JobState.STOPPING:
            raise KeyboardInterrupt
        super().cell_start(cell, cell_index, **kwargs)
        if _runs(cell):
            self._tell("cell_started", cell=cell_index, line=_first_line(cell.source), done=self.done, cells=self.total)

    def cell_complete(self, cell: Any, cell_index: int | None = None, **kwargs: Any) -> None:
        """Write down that a cell ran to its end."""
        super().cell_complete(cell, cell_index, **kwargs)
        if _runs(cell):
            self.done += 1
            self._record(cells_done=self.done)
            self._tell("cell_completed", cell=cell_index, done=self.done, cells=self.total)

    def failed(self, cell: Any, cell_index: int, error: str) -> None:
        """Write down that a cell did not run to its end."""
        self.cell_exception(cell, cell_index)
        cell.metadata.papermill["end_time"] = now()
        self._record(failed_cell=cell_index)
        self._tell("cell_failed", cell=cell_index, error=error, done=self.done, cells=self.total)

    def notebook_complete(self, **kwargs: Any) -> None:
        """Note the time and save; a cell that never ran stays *pending*."""
        self.end_time = self.now()
        self.nb.metadata.papermill["end_time"] = self.end_time.isoformat()
        self.nb.metadata.papermill["duration"] = (self.end_time - self.start_time).total_seconds()
        self.nb.metadata.pop("widgets", None)
        self.save()

    def _record(self, **changes: Any) -> None:
        if self.folder:
            update(self.folder, **changes)

    def _tell(self, event: str, **details: Any) -> None:
        if self.folder:
            tell(self.folder, event, **details)


class Client(PapermillNotebookClient):
    """Runs the cells one by one and stops at the first that does not run to its end."""

    def create_kernel_manager(self) -> Any:
        """A kernel that is reached by sockets in a private folder, where the system has such.

        Nobody else on the machine can listen then, and two jobs at once can't be given the same port.
        """
        manager = super().create_kernel_manager()
        if os.name == "posix":
            # A short path: the name of a socket has at most 107 bytes.
            folder = tempfile.mkdtemp(prefix="wb-")
            atexit.register(shutil.rmtree, folder, ignore_errors=True)
            manager.transport, manager.connection_file = "ipc", f"{folder}/kernel.json"
        return manager

    def papermill_execute_cells(self) -> None:
        """Run all cells.

        Raises
        ------
        JobFailed
            Naming the cell and what happened.
        """
        for index, cell in enumerate(self.nb.cells):
            self.nb_man.cell_start(cell, index)
            try:
                self.execute_cell(cell, index)
            except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
                message = _message(error, self.nb.cells[index])
                self.nb_man.failed(self.nb.cells[index], index, message)
                raise JobFailed(message, cell=index) from error
            self.nb_man.cell_complete(self.nb.cells[index], index)


class WorkbenchEngine(Engine):
    """The engine; ``papermill --engine workbench`` uses it too."""

    @classmethod
    def execute_notebook(
        cls,
        nb: Any,
        kernel_name: str,
        output_path: str | None = None,
        progress_bar: Any = False,
        log_output: bool = False,
        autosave_cell_every: int = 30,
        folder: Path | None = None,
        **options: Any,
    ) -> Any:
        """Run ``nb`` and return it with its outputs; the arguments are papermill's, and the job's folder."""
        recorder = Recorder(
            nb,
            folder=folder,
            output_path=output_path,
            progress_bar=progress_bar,
            log_output=log_output,
            autosave_cell_every=autosave_cell_every,
        )
        recorder.notebook_start()
        try:
            cls.execute_managed_notebook(recorder, kernel_name, log_output=log_output, **options)
        finally:
            recorder.cleanup_pbar()
            recorder.notebook_complete()
        return recorder.nb

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: Any,
        kernel_name: str,
        start_timeout: int = 60,
        execution_timeout: float | None = None,
        deadline: float | None = None,
        **options: Any,
    ) -> Any:
        """Run the cells of a recorder's notebook.

        Parameters
        ----------
        execution_timeout : float, optional
            Seconds a cell, as papermill means it.
        deadline : float, optional
            Moment of ``time.monotonic`` at which the whole job has used up its time.
        """
        left = None if deadline is None else lambda _cell: max(0.01, deadline - time.monotonic())
        return Client(
            nb_man,
            kernel_name=kernel_name,
            startup_timeout=start_timeout,
            timeout=execution_timeout,
            timeout_func=left,
            # The state of widgets is large, and what a record shows is their static view.
            store_widget_state=False,
            log_output=options.get("log_output", False),
            stdout_file=options.get("stdout_file"),
            stderr_file=options.get("stderr_file"),
        ).execute()


def _runs(cell: Any) -> bool:
    return cell.cell_type == "code" and bool(cell.source.strip())


def _first_line(source: str) -> str:
    """What a cell says it does: its first line that is more than an import, without the comment's sign."""
    lines = [line.strip() for line in source.splitlines() if line.strip()]
    first = next((line for line in lines if not line.startswith(("import ", "from ", "%"))), lines[0])
    return first.lstrip("# ")[:80] or lines[0][:80]


def _message(error: Exception, cell: Any) -> str:
    """What happened, in one line without colours."""
    if isinstance(error, CellTimeoutError):
        return "The time for the job is used up."
    if isinstance(error, DeadKernelError):
        return "The kernel died; often it ran out of memory, or something killed it."
    shown: Any = next((o for o in reversed(cell.get("outputs", [])) if o.output_type == "error"), error)
    text = f"{shown.ename}: {shown.evalue}" if isinstance(error, CellExecutionError) else str(error)
    lines = _COLOURS.sub("", text).strip().splitlines()
    return lines[0][:300] if lines else type(error).__name__
