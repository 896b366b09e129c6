"""The notebook that an agent works in: each step is a cell of it, written as a click writes it, and run.

So the notebook is the whole truth of what an agent did: a person reads it, goes on in JupyterLab, or makes it a job.
"""

from __future__ import annotations

import asyncio
import json
import re
from ast import literal_eval
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from html import unescape
from pathlib import Path
from typing import Any

import nbformat
from jupyter_client.utils import ensure_async
from nbclient import NotebookClient
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook

from workbench.codegen.cells import CodeCell, names
from workbench.codegen.journey import Journey, journey, write
from workbench.codegen.parse import imported_in
from workbench.codegen.render import IMPORT
from workbench.core.parameters import problems
from workbench.core.result import MIME
from workbench.errors import BadParameter, Busy
from workbench.storage.files import write_text

KEY = "workbench"  # of a cell's metadata, as the panel writes it
MOST_TEXT = 20_000  # characters of a result's text
STOPPING = 60.0  # seconds that a step may take to stop before its kernel is ended
_BAR = re.compile(r"<b>(.*?)</b> (.*?) <progress (?:max=\"([\d.e+]+)\" value=\"([\d.e+]+)\")?", re.DOTALL)
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")

Tell = Callable[[float, float | None, str], Any]
"""Told of each progress: what is done, of how much, and what goes on."""


@dataclass(frozen=True)
class Taken:
    """A step that was taken.

    Parameters
    ----------
    source : str
        The cell that was written.
    text : str
        What it gave, as text, or the error's sentence.
    record : dict
        The machine-readable record of the result: noun, headline, findings.
    view : str
        The result as HTML; empty where there is none.
    failed : bool
        Whether it ended in an error.
    ran : tuple of str
        Sources of the cells that ran before it, so that the kernel held what it starts from.
    findings : tuple of dict
        What the result has to tell: code, severity, message, column, and the code that deals with it.
    """

    source: str
    text: str
    record: dict[str, Any] = field(default_factory=dict)
    view: str = ""
    failed: bool = False
    ran: tuple[str, ...] = ()
    findings: tuple[dict[str, Any], ...] = ()


class GuidedNotebook:
    """A notebook with a kernel of its own, in which one step after the other is taken.

    Parameters
    ----------
    path : path
        The notebook; made if it is not there. It is written after each step, whole or not at all.
    kernel : str
        Name of the kernel's specification.

    Raises
    ------
    BadParameter
        If the file is no notebook.

    Examples
    --------
    >>> import tempfile
    >>> notebook = GuidedNotebook(Path(tempfile.mkdtemp()) / "agent.ipynb")
    >>> notebook.journey().places["train"].state
    'waiting'
    """

    def __init__(self, path: str | Path, kernel: str = "python3") -> None:
        self.path = Path(path)
        self._kernel = kernel
        self._content, self._kept = _read(self.path)
        self._ran = {cell.id: cell.source for cell in self._code() if cell.execution_count is not None}
        self._done: set[str] = set()  # cells that ran in this kernel
        self._running = ""
        self._client: _Client | None = None
        self._turn = asyncio.Lock()
        self._told: dict[str, tuple[dict[str, Any], ...]] = {}

    def journey(self) -> Journey:
        """Where each step stands."""
        return journey(self._cells(), alive=None if self._client else ())

    @property
    def findings(self) -> dict[str, tuple[dict[str, Any], ...]]:
        """What the result of each step has to tell, as it was last taken."""
        return dict(self._told)

    def source(self) -> str:
        """The notebook as JSON."""
        return str(nbformat.writes(self._content))

    def view(self, verb: str) -> str:
        """The last result of a step as HTML; empty where there is none."""
        place = self.journey().places[verb].cell
        return "" if place is None else _data(self._code()[place], "text/html")

    async def take(
        self, verb: str, values: Mapping[str, Any], code: Mapping[str, str] | None = None, tell: Tell | None = None
    ) -> Taken:
        """Write the cell of a step, or its own with other values, and run it with what it needs.

        Raises
        ------
        BadParameter
            If a value does not fit; nothing is written then.
        Busy
            If another step is being taken.
        """
        misfits = problems(verb, dict(values), tuple(code or ()))
        if misfits:
            raise BadParameter(" ".join(misfits.values()))
        if self._turn.locked():
            raise Busy("A step is being taken in this notebook. Wait for its end, or cancel it.")
        async with self._turn:
            self._look()
            written = write(self.journey(), verb, dict(values), dict(code or {}))
            before = [self._code()[i] for i in written.before]
            cell = self._put(verb, written.source, written.cell, written.after)
            try:
                taken = await self._run([*before, cell], tell)
                self._told[verb] = () if taken.failed else await self._findings(verb)
                return replace(taken, findings=self._told[verb])
            finally:
                self._save([*before, cell])

    async def _findings(self, verb: str) -> tuple[dict[str, Any], ...]:
        """What the result of a step has to tell, asked of the kernel beside the notebook."""
        reading = self.journey().places[verb].reading
        if self._client is None or reading is None or not reading.gives:
            return ()
        listed = f"[vars(one) for one in getattr({reading.gives}, 'findings', ())]"
        found = await self._client.evaluated(f"__import__('json').dumps({listed}, default=str)")
        return tuple(json.loads(literal_eval(found))) if found else ()

    async def act(self, source: str, tell: Tell | None = None, after: str | None = None) -> Taken:
        """Write a line of code as a cell of its own, and run it.

        Parameters
        ----------
        source : str
            A call that :func:`workbench.core.literals.call` has made.
        tell : callable, optional
            Told of progress.
        after : str, optional
            The step below which it belongs, and below what changes the same; by default it is the last cell.

        Raises
        ------
        Busy
            If another step is being taken.
        """
        if self._turn.locked():
            raise Busy("A step is being taken in this notebook. Wait for its end, or cancel it.")
        async with self._turn:
            self._look()
            opened = any(imported_in(cell.source) for cell in self._code() if cell.id in self._done)
            cell = new_code_cell(source if opened else f"{IMPORT}\n\n{source}")
            self._content.cells.insert(self._below(source, after), cell)
            try:
                return await self._run([cell], tell)
            finally:
                self._save([cell])

    async def close(self) -> None:
        """End the kernel."""
        if self._client is not None:
            client, self._client, self._done = self._client, None, set()
            await client._async_cleanup_kernel()  # nbclient offers it to its own context manager alone

    def _below(self, source: str, verb: str | None) -> int:
        """Place among all cells of one that belongs to a step."""
        now = self.journey()
        step = now.places[verb].cell if verb else None
        if step is None:
            return len(self._content.cells)
        changed = names(source)[1]
        last = max([step, *(i for i, cell in enumerate(now.cells) if changed & names(cell.source)[1])])
        return self._content.cells.index(self._code()[last]) + 1

    def _put(self, verb: str, source: str, own: int | None, after: int | None) -> NotebookNode:
        code = self._code()
        if own is not None:
            cell = code[own]
            cell.source = source
            return cell
        cell = new_code_cell(source, metadata={KEY: {"step": verb}})
        cells = self._content.cells
        cells.insert(len(cells) if after is None else cells.index(code[after]) + 1, cell)
        return cell

    async def _run(self, cells: list[NotebookNode], tell: Tell | None) -> Taken:
        client = await self._started()
        client.tell = tell
        for cell in cells:
            await self._execute(client, cell)
            if _failed(cell):
                break
        *before, last = cells[: cells.index(cell) + 1]
        return _taken(last, tuple(one.source for one in before), cells[-1])

    async def _started(self) -> _Client:
        if self._client is None:
            client = _Client(
                self._content, kernel_name=self._kernel, allow_errors=True, timeout=None, store_widget_state=False,
                resources={"metadata": {"path": str(self.path.parent.absolute())}},
            )  # fmt: skip
            client.create_kernel_manager()
            await client.async_start_new_kernel()
            await client.async_start_new_kernel_client()
            self._client = client
        return self._client

    async def _execute(self, client: _Client, cell: NotebookNode) -> None:
        """Run a cell; who cancels gets its kernel interrupted, and what the step gave until then is kept."""
        self._ran[cell.id], self._running = cell.source, cell.id
        running = asyncio.ensure_future(client.async_execute_cell(cell, self._content.cells.index(cell)))
        try:
            await asyncio.shield(running)
            self._done.add(cell.id)
        except asyncio.CancelledError:
            await self._interrupt(client, running)
            raise
        finally:
            self._running = ""

    async def _interrupt(self, client: _Client, running: asyncio.Future[Any]) -> None:
        await client.km.interrupt_kernel()
        done, _ = await asyncio.wait([running], timeout=STOPPING)
        if not done:
            running.cancel()
            await self.close()

    def _code(self) -> list[NotebookNode]:
        return [cell for cell in self._content.cells if cell.cell_type == "code"]

    def _cells(self) -> list[CodeCell]:
        return [
            CodeCell(
                cell.id,
                cell.source,
                self._ran.get(cell.id),
                cell.execution_count,
                _failed(cell),
                cell.id == self._running,
                records=tuple(o.data[MIME] for o in cell.outputs if MIME in o.get("data", {})),
                mark=cell.metadata.get(KEY, {}).get("step"),
                tags=tuple(cell.metadata.get("tags", ())),
            )
            for cell in self._code()
        ]

    def _look(self) -> None:
        """Take what somebody else has written into the file since, as a person in JupyterLab does."""
        content, text = _read(self.path)
        if text != self._kept:
            self._use(content)
            self._kept = text

    def _use(self, content: NotebookNode) -> None:
        self._content = content
        if self._client is not None:
            self._client.nb = content

    def _save(self, ours: list[NotebookNode]) -> None:
        """Write the notebook; what somebody else wrote meanwhile stays, but for the cells that ran here."""
        content, text = _read(self.path)
        if text != self._kept:
            _put_into(content, ours, [cell.id for cell in self._content.cells])
            self._use(content)
        self._kept = self.source()
        write_text(self.path, self._kept)


class _Client(NotebookClient):
    """Hears the progress of a step among what its cell shows."""

    tell: Tell | None = None

    def process_message(self, message: dict[str, Any], cell: NotebookNode, cell_index: int) -> Any:
        if self.tell is not None and message["msg_type"] in ("display_data", "update_display_data"):
            found = _BAR.search(message["content"].get("data", {}).get("text/html", ""))
            if found and message["content"].get("metadata", {}).get(KEY, {}).get("passing"):
                title, note, total, done = found.groups()
                self.tell(float(done or 0), float(total) if total else None, unescape(f"{title} {note}").strip())
        return super().process_message(message, cell, cell_index)

    async def evaluated(self, expression: str) -> str:
        """What an expression of ours is in the kernel, as its ``repr``; empty where it can't be told."""
        reply = await ensure_async(self.kc.execute("", silent=True, reply=True, user_expressions={"told": expression}))
        told = reply["content"].get("user_expressions", {}).get("told", {})
        return str(told.get("data", {}).get("text/plain", ""))


def _read(path: Path) -> tuple[NotebookNode, str]:
    """A notebook, and its file's text; a new one and nothing where there is none."""
    if not path.exists():
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        return new_notebook(metadata={"kernelspec": kernel}), ""
    try:
        text = path.read_text(encoding="utf-8")
        return nbformat.reads(text, as_version=4), text
    except (OSError, ValueError, nbformat.reader.NotJSONError, nbformat.ValidationError) as error:
        raise BadParameter(f"{path} is no notebook that can be read. Name another, or a new one.") from error


def _put_into(content: NotebookNode, ours: list[NotebookNode], order: list[str]) -> None:
    """Cells in the place of those with their id, or below the nearest that stood above them."""
    for cell in ours:
        there = {other.id: place for place, other in enumerate(content.cells)}
        if cell.id in there:
            content.cells[there[cell.id]] = cell
        else:
            above = [there[one] for one in order[: order.index(cell.id)] if one in there]
            content.cells.insert(above[-1] + 1 if above else 0, cell)


def _taken(last: NotebookNode, before: tuple[str, ...], wanted: NotebookNode) -> Taken:
    failed = _failed(last)
    text = _text(last)
    if last is not wanted:
        text = f"A step before failed, so this one did not run. {text}"
    return Taken(wanted.source, text, _record(last), _data(last, "text/html"), failed, before)


def _failed(cell: NotebookNode) -> bool:
    return any(output.output_type == "error" for output in cell.outputs)


def _text(cell: NotebookNode) -> str:
    """What a cell gave as text: its result, or the sentence of its error."""
    for output in cell.outputs:
        if output.output_type == "error":
            return _COLOURS.sub("", f"{output.ename}: {output.evalue}")[:MOST_TEXT]
    return _data(cell, "text/plain")[:MOST_TEXT]


def _record(cell: NotebookNode) -> dict[str, Any]:
    found = _data(cell, MIME)
    return dict(found) if isinstance(found, dict) else {}


def _data(cell: NotebookNode, kind: str) -> Any:
    results = [o.data for o in cell.outputs if o.output_type == "execute_result" and kind in o.data]
    return results[-1][kind] if results else ""
