"""Runs the cells of a notebook in a kernel, one by one, and says of each how it ended.

This module imports papermill and nbclient, so it is loaded by the process that runs a notebook alone.
"""

from __future__ import annotations

import asyncio
import os
import re
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from math import inf
from pathlib import Path
from queue import Empty
from typing import Any

import nbformat
from jupyter_client.channels import AsyncZMQSocketChannel
from jupyter_core.utils import run_sync
from nbclient.exceptions import CellExecutionComplete, CellExecutionError, CellTimeoutError, DeadKernelError
from papermill.clientwrap import PapermillNotebookClient
from traitlets import Type

from workbench.core.job import Cause
from workbench.errors import JobFailed
from workbench.instant.client import PromptClient
from workbench.instant.manager import InstantManager
from workbench.jobs.records import unwritten
from workbench.jobs.run import environment
from workbench.jobs.run.channel import SET_UP, Count, OutputChannel
from workbench.jobs.run.control import Control, Stopped
from workbench.jobs.run.masking import Masker, without_colours
from workbench.jobs.run.step_results import StepResults

# Between the kernel's reply and its last output nothing has come for so long: it will not come.
SILENCE = 30.0
# So long a kernel has to tell of a result, which is there already.
LONGEST_ANSWER = 60.0
# And to give up a cell that was interrupted, three times.
LONGEST_BREATH = 5.0
# The name of a socket has at most 107 bytes, and the kernel adds some.
LONGEST_SOCKET = 90
# A cell that takes longer is marked in the notebook as running; most end before.
SOON = 0.3
# Told to a kernel beside the environment of the job: no word about frozen modules in its log.
# What ipykernel calls the file of a cell: it says nothing to who wrote the notebook.
_OWN_FILE = re.compile(r"\((?:\d+\.py|<ipython-input-[^>]*>), line (?=\d+\))")
QUIET = {"PYDEVD_DISABLE_FILE_VALIDATION": "1"}


class ShellChannel(AsyncZMQSocketChannel):
    """Counts the replies."""

    count: Count | None = None

    async def get_msg(self, timeout: float | None = None) -> dict[str, Any]:
        """The next reply."""
        message = await super().get_msg(timeout)
        if self.count is not None:
            self.count.add(message["header"], reply=True)
        return message


class KernelClient(PromptClient):
    """A client that reads the kernel's output in a thread of its own."""

    shell_channel_class = Type(ShellChannel)
    _count: Count | None = None
    _output: OutputChannel | None = None

    @property
    def count(self) -> Count:
        """Of the messages that arrived."""
        if self._count is None:
            self._count = Count()
        return self._count

    @property
    def shell_channel(self) -> Any:
        """The replies, counted."""
        channel = super().shell_channel
        channel.count = self.count
        return channel

    @property
    def iopub_channel(self) -> Any:
        """The output; made on first use, as the other channels are."""
        if self._output is None:
            self._output = OutputChannel(self, self.count)
        return self._output


class KernelManager(InstantManager):
    """Makes such clients."""

    client_class = "workbench.jobs.run.client.KernelClient"
    client_factory = Type(KernelClient)


class Client(PapermillNotebookClient):
    """Runs the cells and stops at the first that does not run to its end.

    Parameters
    ----------
    recorder : Recorder
        Told of each cell; papermill calls it ``nb_man``.
    masker : Masker
        Whatever is shown goes through it.
    control : Control
        What ends the run from outside.
    deadline : float, optional
        Moment of ``time.monotonic`` at which the whole run has used up its time.
    seconds : float, optional
        How long that is in all.
    sockets : Path, optional
        An empty private folder for the kernel's sockets.
    """

    _display_id_map: dict[str, dict[int, list[int]]]

    def __init__(
        self,
        recorder: Any,
        masker: Masker,
        control: Control,
        deadline: float | None = None,
        seconds: float | None = None,
        sockets: Path | None = None,
        **options: Any,
    ) -> None:
        super().__init__(recorder, kernel_manager_class=KernelManager, **options)
        self.masker, self.control, self.sockets = masker, control, sockets
        self.deadline, self.seconds = deadline, seconds
        self.lost = 0
        self.asked_to_exit = False
        self.results: StepResults | None = None
        self._tails: dict[int, tuple[Any, list[str]]] = {}
        # What a widget for output catches is an output of the cell: a record keeps no widgets.
        self.widget_registry: dict[str, dict[str, Any]] = {}
        recorder.before_save = self.join_streams

    def create_kernel_manager(self) -> Any:
        """A kernel that is reached by sockets in a private folder, where the system has such.

        Nobody else on the machine can listen then, and two jobs at once can't be given the same port.
        """
        manager = super().create_kernel_manager()
        if self.sockets is not None and os.name == "posix" and len(str(self.sockets)) < LONGEST_SOCKET:
            manager.transport, manager.connection_file = "ipc", f"{self.sockets}/kernel.json"
        return manager

    def execute(self, **options: Any) -> Any:
        """Start the kernel, run the cells and end the kernel.

        Raises
        ------
        JobFailed
            Naming the cell, what happened and why.
        Stopped
            If the run was to end.
        """
        self.reset_execution_trackers()
        self.control.check()
        with self._kernel():
            self.nb_man.kernel_started(self._kernel_info())
            self._run_to_the_end()
        return self.nb

    def _run_to_the_end(self) -> None:
        """Run the cells; where one fails and the kernel is kept, go on there when somebody asks for it."""
        begin = 0
        while True:
            try:
                return self.papermill_execute_cells(begin)
            except JobFailed as failure:
                begin = self._parked(failure)

    def _parked(self, failure: JobFailed) -> int:
        """Wait to be resumed, and where to go on; raises the failure where nobody asks, or the kernel is no good."""
        if not (self.nb_man.parks and self._is_good_after(failure)):
            raise failure
        began = time.monotonic()
        kept = self.nb_man.parked(failure, self._idles)
        if self.results is not None:
            self.results.part()
        if self.deadline is not None:
            self.deadline += time.monotonic() - began  # nobody's time runs while the job waits
        self._display_id_map = {
            name: {kept[cell]: outputs for cell, outputs in shown.items() if cell in kept}
            for name, shown in self._display_id_map.items()
        }
        return max(kept.values(), default=-1) + 1

    def _is_good_after(self, failure: JobFailed) -> bool:
        """Whether the kernel can go on: a cell whose own time was used up is interrupted, and the kernel answers."""
        if failure.cause is not Cause.TIME or (self.deadline is not None and time.monotonic() >= self.deadline):
            return failure.cause is Cause.CELL
        run_sync(self.km.interrupt_kernel)()
        good = any(self._asked("", "1", LONGEST_BREATH) == "1" for _ in range(3))
        self.shutdown_kernel = "graceful" if good else "immediate"
        return good

    def _idles(self) -> bool:
        """Whether the kernel lives; what its threads show meanwhile is no output of a cell."""
        self.kc.iopub_channel.forget()
        return self._kernel_lives()

    def _kernel_lives(self) -> bool:
        process = self._process()
        return process is None or process.poll() is None

    def papermill_execute_cells(self, begin: int = 0) -> None:
        """Run all cells from one on; the ones behind an early end stay as they are."""
        for index, cell in enumerate(self.nb.cells[begin:], begin):
            self.control.check()
            if _skipped(cell, self.skip_cells_with_tag):
                self.nb_man.cell_skipped(cell, index)
                continue
            self.nb_man.cell_start(cell, index)
            if not self._taken_over(cell, index):
                self._execute(cell, index)
                self._kept(cell, index)
            self.nb_man.cell_complete(cell, index)
            if self.asked_to_exit:
                self.nb_man.ended_early(index)
                return

    def _taken_over(self, cell: Any, index: int) -> bool:
        """Whether the cell's result is that of an earlier job: a cell that gives it the name runs in its place."""
        taken = None if self.results is None else self.results.take(cell)
        if self.results is None or taken is None:
            return False
        step, kept, outputs = taken
        stands_in = type(cell)({**cell, "source": step.stands_in, "outputs": []})
        try:
            self._execute(stands_in, index)
        finally:
            self.nb.cells[index] = cell
            cell.outputs, cell.execution_count = stands_in.outputs, stands_in.execution_count
        cell.outputs = outputs
        self.nb_man.cell_reused(cell, index, kept.job)
        self.results.keep(cell, index, kept.job)
        return True

    def _kept(self, cell: Any, index: int) -> None:
        if self.results is not None and not self.asked_to_exit:
            self.results.keep(cell, index)

    def _asked(self, source: str, expression: str, within: float = LONGEST_ANSWER) -> str | None:
        """What an expression is in the kernel, behind a source; nothing of it is seen, nor kept in its history."""
        message = self.kc.execute(source, silent=True, store_history=False, user_expressions={"it": expression})
        until = min(time.monotonic() + within, self.deadline or inf)
        while time.monotonic() < until and self._kernel_lives():
            self.control.check()
            try:
                reply = run_sync(self.kc.shell_channel.get_msg)(timeout=1.0)
            except Empty:
                continue
            if reply["parent_header"].get("msg_id") == message:
                told = reply["content"].get("user_expressions", {}).get("it", {})
                return told["data"]["text/plain"] if told.get("status") == "ok" else None
        return None

    def _execute(self, cell: Any, index: int) -> None:
        """Run one cell; whatever happens, its mark says how it ended."""
        try:
            self.execute_cell(cell, index)
            self._settle(cell)
        except BaseException as error:
            self._settle(cell)
            if _clean_exit(error, cell):
                self.asked_to_exit = True
                return
            if self.control.stopping or isinstance(error, KeyboardInterrupt):
                self.nb_man.stopped(cell, index)
                raise Stopped from error
            failure = self._failure(error, cell, index)
            self.nb_man.failed(cell, index, str(failure))
            raise failure from None  # the error has the cell's text and output, unmasked

    def _failure(self, error: BaseException, cell: Any, index: int) -> JobFailed:
        """The error in one line, and why, where that is known: by what was seen, never guessed from a class."""
        if isinstance(error, CellTimeoutError):  # raised by the clocks of this module alone
            self.shutdown_kernel = "immediate"
            return JobFailed(str(error), cell=index, cause=Cause.TIME)
        if isinstance(error, DeadKernelError):
            return JobFailed(f"The kernel died{self._how_it_died()}.", cell=index, cause=Cause.KERNEL)
        if isinstance(error, CellExecutionError):
            shown = next((o for o in reversed(cell.outputs) if o.output_type == "error"), error)
            line = _OWN_FILE.sub("(line ", f"{shown.ename}: {shown.evalue}")
            return JobFailed(self._line(line), cell=index, cause=Cause.CELL)
        self.shutdown_kernel = "immediate"
        if isinstance(error, OSError):
            return JobFailed(unwritten(error), cell=index, cause=Cause.RECORD)
        traceback.print_exception(error)
        return JobFailed(self._line(f"{type(error).__name__}: {error}"), cell=index, cause=Cause.OTHER)

    def _line(self, text: str) -> str:
        return self.masker.text(one_line(text))

    def _how_it_died(self) -> str:
        """The exit status of its process, where the system tells it."""
        process = self._process()
        status = process.poll() if process is not None else None
        if status is None:
            return ""
        return f" by signal {-status}" if status < 0 else f" with exit status {status}"

    def _process(self) -> Any:
        """The kernel's, where it is one of this machine."""
        return getattr(getattr(self.km, "provisioner", None), "process", None)

    # The kernel

    def _kernel(self) -> Any:
        """The kernel while the cells run; a failure to start is told as such."""
        return _Kernel(self)

    def _kernel_info(self) -> dict[str, str]:
        """What really runs, in the kernel's own words; afterwards it is set up for a job."""
        answer = self.wait_for_reply(self.kc.kernel_info())
        reply = answer["content"] if answer else {}
        language = reply.get("language_info", {})
        self.nb.metadata["language_info"] = language
        set_up = None
        if reply.get("implementation") == "ipython":
            self.results = self.nb_man.results(self._asked)
            asked = {environment.ASKED: environment.EXPRESSION}
            request = self.kc.execute(SET_UP, silent=True, store_history=False, user_expressions=asked)
            set_up = self.wait_for_reply(request)
        self.nb_man.looked(set_up)
        self.kc.count.start()
        spec = self.km.kernel_spec
        return {
            "name": self.kernel_name,
            "display_name": spec.display_name,
            "language": str(language.get("name", "")),
            "language_version": str(language.get("version", "")),
            "implementation": f"{reply.get('implementation', '')} {reply.get('implementation_version', '')}".strip(),
            "command": str(next(iter(self.km.format_kernel_cmd()), "")),
            "start": f"anew, for {why}" if (why := getattr(self.km.provisioner, "why_not", "")) else "forked",
        }

    # Messages

    async def _async_poll_output_msg(self, parent_msg_id: str, cell: Any, cell_index: int) -> None:
        """Take what the kernel shows of this cell until it is idle again."""
        while True:
            message = await self.kc.iopub_channel.get_msg()
            self.heard = time.monotonic()
            if message["parent_header"].get("msg_id") != parent_msg_id:
                continue
            try:
                self.process_message(message, cell, cell_index)
            except CellExecutionComplete:
                return
            except OSError:
                raise  # the record can't be written
            except Exception as error:  # noqa: BLE001 - an output that nbformat can't hold is no failure of the cell
                why = self._line(str(error))
                self.nb_man.note(f"An output of cell {cell_index + 1} is not valid and left out ({why}).")

    async def _async_poll_for_reply(
        self, msg_id: str, cell: Any, timeout: float | None, task_poll_output_msg: Any, task_poll_kernel_alive: Any
    ) -> dict[str, Any]:
        """Wait for the kernel's reply, then for the rest of its output, as long as some comes."""
        self.control.interrupt = self._interrupter(asyncio.get_running_loop())
        try:
            reply = await self._reply(msg_id, cell, timeout, task_poll_output_msg)
            await self._rest(task_poll_output_msg)
            self._look_at(reply)
        except CellTimeoutError:
            task_poll_output_msg.cancel()  # the kernel may be kept, and what it shows next is another cell's
            raise
        finally:
            self.control.interrupt = None
            task_poll_kernel_alive.cancel()
        return reply

    async def _reply(self, msg_id: str, cell: Any, timeout: float | None, output: Any) -> dict[str, Any]:
        clock, patience = _Clock(timeout, self.deadline, self.seconds), SOON
        while True:
            try:
                # In slices, so that a failure while reading the output is not waited for.
                message = await self.kc.shell_channel.get_msg(timeout=clock.slice(patience))
            except Empty:
                if output.done() and output.exception() is not None:
                    raise output.exception() from None
                self.nb_man.cell_lasts()
                patience = 1.0
                clock.check()
                continue
            if message["parent_header"].get("msg_id") == msg_id:
                return message

    async def _rest(self, output: Any) -> None:
        """What the kernel has shown and is still on its way."""
        clock, self.heard = _Clock(None, self.deadline, self.seconds), time.monotonic()
        while not output.done():
            await asyncio.wait([output], timeout=clock.slice())
            if not output.done():
                clock.check()
            if not output.done() and time.monotonic() - self.heard > SILENCE:
                output.cancel()
                self.nb_man.note("The kernel's output has no end: some of it may be missing.")
                return
        output.result()

    def _look_at(self, reply: dict[str, Any]) -> None:
        """Whether the cell asked the kernel to exit, and whether output was lost on the way."""
        payloads = reply["content"].get("payload") or ()
        self.asked_to_exit |= any(isinstance(p, dict) and p.get("source") == "ask_exit" for p in payloads)
        lost = self.kc.count.missing()
        if lost > self.lost:
            messages = "1 message" if lost - self.lost == 1 else f"{lost - self.lost} messages"
            self.nb_man.note(f"{messages} of the kernel did not arrive: output may be missing.")
            self.lost = lost

    def _interrupter(self, loop: asyncio.AbstractEventLoop) -> Callable[[], None]:
        def interrupt() -> None:
            loop.call_soon_threadsafe(lambda: asyncio.ensure_future(self.km.interrupt_kernel()))

        return interrupt

    def process_message(self, msg: dict[str, Any], cell: Any, cell_index: int) -> Any:
        """Masked before anything is kept; a stream is masked when it is written, as it comes in pieces."""
        if msg["msg_type"] != "stream":
            msg["content"] = self.masker.plain(msg["content"])
        return super().process_message(msg, cell, cell_index)

    def output(self, outs: list[Any], msg: dict[str, Any], display_id: str | None, cell_index: int) -> Any:
        """Pieces of one stream are one output, as in JupyterLab."""
        last = outs[-1] if outs and not self.clear_before_next_output else None
        hooked = self.output_hook_stack[msg["parent_header"].get("msg_id")]
        same = msg["msg_type"] == "stream" and not hooked
        if same and last is not None and _is_stream(last, msg["content"].get("name")):
            self._tails.setdefault(id(last), (last, []))[1].append(msg["content"]["text"])
            return nbformat.v4.new_output("stream", name=last["name"], text=msg["content"]["text"])
        return super().output(outs, msg, display_id, cell_index)

    def join_streams(self) -> None:
        """Put the pieces that came since into their outputs."""
        for output, pieces in self._tails.values():
            output["text"] += "".join(pieces)
        self._tails.clear()

    def log_output_message(self, output: Any) -> None:
        """What papermill writes to its log and its files is masked too, piece by piece."""
        if output.output_type == "stream":
            text = self.nb_man.stream(output["name"]).feed("".join(output["text"]))
            output = nbformat.v4.new_output("stream", name=output["name"], text=text)
        super().log_output_message(output)

    def _settle(self, cell: Any) -> None:
        """What a cell has shown is masked for good when it has ended."""
        self.join_streams()
        if cell.cell_type == "code":
            cell.outputs = self.masker.outputs(cell.get("outputs", []))


class _Clock:
    """The time that a cell has: its own, and what is left to the whole run."""

    def __init__(self, timeout: float | None, deadline: float | None, seconds: float | None) -> None:
        own = None if timeout is None else time.monotonic() + timeout
        self.ends = [
            (end, f"The time for the {what} is used up ({given:g} s).")
            for end, given, what in ((own, timeout, "cell"), (deadline, seconds, "job"))
            if end is not None and given is not None
        ]

    def slice(self, most: float = 1.0) -> float:
        """Seconds to wait for the next message, at most so many."""
        return max(0.0, min([most, *(end - time.monotonic() for end, _ in self.ends)]))

    def check(self) -> None:
        """Raise if the time is used up."""
        for end, what in self.ends:
            if time.monotonic() >= end:
                raise CellTimeoutError(what)


class _Kernel:
    """Starts a client's kernel and ends it; what goes wrong at its start is told as such."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def __enter__(self) -> None:
        client = self.client
        client.km = client.create_kernel_manager()
        try:
            client.start_new_kernel(env={**os.environ, **QUIET})
            client.start_new_kernel_client()
        except KeyboardInterrupt:
            self._end()
            raise
        except Exception as error:
            self._end()
            message = f"The kernel {client.kernel_name!r} did not start: {client._line(str(error))}"
            raise JobFailed(message, cause=Cause.START) from error

    def __exit__(self, kind: Any, *rest: Any) -> None:
        if kind is not None and kind is not JobFailed:
            self.client.shutdown_kernel = "immediate"
        self._end()

    def _end(self) -> None:
        if self.client.km is not None and self.client.km.has_kernel:
            with suppress(Exception):  # what is left of it is ended with the job
                self.client._cleanup_kernel()


def _skipped(cell: Any, tag: str) -> bool:
    return cell.cell_type == "code" and tag in cell.metadata.get("tags", [])


def _is_stream(output: Any, name: Any) -> bool:
    return output.get("output_type") == "stream" and output.get("name") == name


def _clean_exit(error: BaseException, cell: Any) -> bool:
    """``sys.exit()`` and its like, as papermill tells them from failures."""
    last = next((o for o in reversed(cell.get("outputs", [])) if o.output_type == "error"), None)
    if last is None or not isinstance(error, CellExecutionError):
        return False
    return last.ename == "SystemExit" and last.evalue in ("", "0", "None")


def one_line(text: str) -> str:
    """The first line of a text, without colours.

    >>> one_line("\\x1b[31mno\\x1b[0m\\nmore")
    'no'
    """
    lines = without_colours(text).strip().splitlines()
    return lines[0][:300] if lines else ""
