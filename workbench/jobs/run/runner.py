"""The process of one job: ``python -m workbench.jobs.run.runner FOLDER [LOCK [SLOT]]``.

It holds the job's lock and slot from before it is started (who starts it hands them down), starts its guardian, writes
down how the job ended, and starts what waits.
"""

from __future__ import annotations

import codecs
import os
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.core.job import Cause, Job, JobState
from workbench.errors import InputError, JobFailed, StoreError, WorkbenchError
from workbench.instant.packages import skip_slow_grammar
from workbench.jobs.elsewhere.cluster import WATCHED
from workbench.jobs.line import tickets
from workbench.jobs.line.chains import meant, resolved
from workbench.jobs.line.queue import dispatch
from workbench.jobs.line.retries import LOST
from workbench.jobs.liveness import boot, hold, host, let_go
from workbench.jobs.messages.left_to_tell import tell_left
from workbench.jobs.processes import end_family
from workbench.jobs.records import conclude, finish, load, now, stopped, unwritten, update
from workbench.jobs.run import guardian
from workbench.jobs.run.control import Control
from workbench.jobs.run.park import NOWHERE, Room

if TYPE_CHECKING:
    from workbench.jobs.run.masking import Masker


def main(arguments: list[str]) -> int:
    """Run the job of a folder and write down how it ended; the exit code is the job's."""
    try:
        folder, *held = Path(arguments[0]), *map(int, arguments[1:])
        held = held or [hold(folder)]
        for descriptor in held:
            os.set_inheritable(descriptor, False)
        return _guarded(folder, held)
    except (OSError, StoreError) as error:
        sys.stderr.write(f"workbench: {unwritten(error)}\n")
        return Cause.RECORD.exit_code


def _guarded(folder: Path, held: list[int]) -> int:
    sockets = Path(tempfile.mkdtemp(prefix="wb-"))
    guard = guardian.start(folder, sockets, held)
    again = None
    try:
        ended = _run(folder, sockets, Room(folder.parent.parent, held[1:]))
        again = ended if ended.state is JobState.QUEUED else None
        return ended.exit_code
    finally:
        shutil.rmtree(sockets, ignore_errors=True)
        if again is None:
            _make_room(folder, held[1:])
            # While it is guarded: who is killed in the middle has somebody who goes on.
            tell_left(folder.parent.parent, folder.name)
        if guard:
            guard.dismiss(again)
        if again is not None:
            _make_room(folder, held)


def _make_room(folder: Path, held: list[int]) -> None:
    """Let go of the slot, and of a job that is tried again, and start what waits."""
    for descriptor in held:
        let_go(descriptor)
    with suppress(OSError, WorkbenchError):  # a full disk: whoever looks next tries again
        dispatch(folder.parent.parent)


def _run(folder: Path, sockets: Path, room: Room) -> Job:
    job = update(folder, state=JobState.IN_PROGRESS, pid=os.getpid(), started=now(), host=host(), boot=boot())
    # Whoever finds the process of a job gone that is tried again needs its ticket; so does a job that loses its worker.
    if len(job.attempts) >= job.options.retries and WATCHED not in os.environ:
        tickets.drop(folder.parent.parent, job.id)
    control = Control(folder)
    control.start()
    try:
        end, write_end = _end(job, control, sockets, room)
    finally:
        control.end()
        end_family(folder.name)
    for slot in room.slots:
        let_go(slot)  # whoever sees the end finds it free, and need not wait in line
    return write_end(folder, seal=_sign, deliver=_deliver, **{"due": None, **end}, ended=now())


def _end(job: Job, control: Control, sockets: Path, room: Room = NOWHERE) -> tuple[dict[str, Any], Callable[..., Job]]:
    """Run the job; how it ended, as its record has it, and what writes that down."""
    write_end: Callable[..., Job] = conclude
    try:
        _execute(resolved(job), control, sockets, room)
    except JobFailed as error:
        end = {"state": JobState.FAILED, "error": str(error), "cause": error.cause}
    except KeyboardInterrupt:
        end = stopped(load(job.path))
    except InputError as error:
        end = {"state": JobState.FAILED, "error": str(error), "cause": Cause.OTHER}
        write_end = finish  # what was wrong with it will be so again
    except (OSError, StoreError) as error:
        end = {"state": JobState.FAILED, "error": unwritten(error), "cause": Cause.RECORD}
    except Exception as error:  # noqa: BLE001 - whatever it was, the record must say that the job failed
        _trace()
        message = f"{type(error).__name__}: {error}".splitlines()[0][:300]
        end = {"state": JobState.FAILED, "error": message, "cause": Cause.OTHER}
    else:
        end = {"state": JobState.COMPLETED}
    if control.lost:
        end, write_end = {"state": JobState.FAILED, "error": LOST, "cause": Cause.WORKER}, conclude
    elif control.broken:
        end = {"state": JobState.FAILED, "error": f"The job's record can't be written ({control.broken})."}
        end["cause"] = Cause.RECORD
    elif end["state"] is JobState.FAILED and end["cause"] is not Cause.RECORD and control.stopping:
        end = stopped(load(job.path))
    return end, write_end


def _execute(job: Job, control: Control, sockets: Path, room: Room) -> None:
    from workbench.jobs.run.masking import Masker

    masker = Masker.of(job.parameters)
    if job.options.notify:
        from workbench.jobs.messages.telling import known_secrets

        masker.learn(known_secrets(job))
    with _MaskedLog(masker):
        _papermill(job, control, sockets, masker, room)


def _papermill(job: Job, control: Control, sockets: Path, masker: Masker, room: Room) -> None:
    skip_slow_grammar()
    from papermill.engines import papermill_engines
    from papermill.exceptions import PapermillExecutionError
    from papermill.execute import execute_notebook

    from workbench.jobs.run.engine import WorkbenchEngine
    from workbench.jobs.run.environment import Look
    from workbench.jobs.run.execution import Run

    # By its entry point it is known only where the package is installed.
    papermill_engines.register("workbench", WorkbenchEngine)
    started = time.monotonic()
    run = Run(
        masker,
        control,
        folder=job.path,
        seconds=job.options.timeout,
        deadline=None if job.options.timeout is None else started + job.options.timeout,
        sockets=sockets,
        room=room,
        earlier=job.path.with_name(job.resumes) if job.resumes else None,
        park=job.options.park if len(job.attempts) >= job.options.retries else 0.0,
        look=Look(job, masker.plain),
    )
    try:
        execute_notebook(
            # papermill takes braces in a path for parameters.
            str(job.path / "input.ipynb").replace("{", "{{").replace("}", "}}"),
            None,
            parameters=meant(job.parameters),
            engine_name="workbench",
            progress_bar=False,
            kernel_name=job.kernel.get("name"),
            language=job.kernel.get("language"),
            execution_timeout=job.options.cell_timeout,
            job=run,
        )
    except PapermillExecutionError:
        # It takes any error that is shown for a failure, also of a cell that is tagged raises-exception.
        if not run.completed:
            raise


def _sign(output: Path) -> None:
    from workbench.jobs.run.trust import sign

    sign(output)


def _deliver(job: Job) -> dict[str, Any]:
    from workbench.jobs.run.outputs import delivered

    return delivered(job)


def _trace() -> None:
    import traceback

    traceback.print_exc()


class _MaskedLog:
    """What this process and its kernel write to their own output goes into the log without secrets."""

    def __init__(self, masker: Masker) -> None:
        from workbench.jobs.run.masking import Stream

        self._stream = Stream(masker)

    def __enter__(self) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        self._log = os.dup(1)
        self._read, write = os.pipe()
        os.dup2(write, 1)
        os.dup2(write, 2)
        os.close(write)
        self._thread = threading.Thread(target=self._pump, name="log", daemon=True)
        self._thread.start()

    def __exit__(self, *_: Any) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        os.dup2(self._log, 1)
        os.dup2(self._log, 2)
        # Until whoever was started and still writes there has ended; the job's end sees to that.
        self._thread.join(timeout=2.0)

    def _pump(self) -> None:
        decoder = codecs.getincrementaldecoder("utf-8")("replace")  # a sign may come in two pieces
        while content := os.read(self._read, 65536):
            self._write(self._stream.feed(decoder.decode(content)))
        self._write(self._stream.rest())

    def _write(self, text: str) -> None:
        try:
            os.write(self._log, text.encode())
        except OSError:
            return  # a full disk: the record says so


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
