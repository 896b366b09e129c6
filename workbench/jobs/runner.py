"""The process of one job: ``python -m workbench.jobs.runner FOLDER [LOCK]``.

It holds the job's lock from before it is started (its submitter hands it down), starts its guardian, and writes down
how the job ended.
"""

from __future__ import annotations

import codecs
import os
import shutil
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.core.job import Cause, Job, JobState
from workbench.errors import InputError, JobFailed, StoreError
from workbench.instant.packages import skip_slow_grammar
from workbench.jobs import guardian
from workbench.jobs.control import Control
from workbench.jobs.liveness import boot, hold, host
from workbench.jobs.processes import end_family
from workbench.jobs.records import STOPPED, finish, now, unwritten, update

if TYPE_CHECKING:
    from workbench.jobs.masking import Masker


def main(arguments: list[str]) -> int:
    """Run the job of a folder and write down how it ended; the exit code is the job's."""
    try:
        folder = Path(arguments[0])
        held = int(arguments[1]) if len(arguments) > 1 else hold(folder)
        os.set_inheritable(held, False)
        return _guarded(folder, held)
    except (OSError, StoreError) as error:
        sys.stderr.write(f"workbench: {unwritten(error)}\n")
        return Cause.RECORD.exit_code


def _guarded(folder: Path, held: int) -> int:
    sockets = Path(tempfile.mkdtemp(prefix="wb-"))
    guard = guardian.start(folder, sockets, held)
    try:
        return _run(folder, sockets)
    finally:
        shutil.rmtree(sockets, ignore_errors=True)
        if guard:
            guard.dismiss()


def _run(folder: Path, sockets: Path) -> int:
    job = update(folder, state=JobState.IN_PROGRESS, pid=os.getpid(), started=now(), host=host(), boot=boot())
    control = Control(folder)
    control.start()
    try:
        end = _end(job, control, sockets)
    finally:
        control.end()
        end_family(folder.name)
    return finish(folder, seal=_sign, **end, ended=now()).exit_code


def _end(job: Job, control: Control, sockets: Path) -> dict[str, Any]:
    """Run the job; how it ended, as its record has it."""
    try:
        _execute(job, control, sockets)
    except JobFailed as error:
        end = {"state": JobState.FAILED, "error": str(error), "cause": error.cause}
    except KeyboardInterrupt:
        end = {"state": JobState.STOPPED, "error": STOPPED}
    except InputError as error:
        end = {"state": JobState.FAILED, "error": str(error), "cause": Cause.OTHER}
    except (OSError, StoreError) as error:
        end = {"state": JobState.FAILED, "error": unwritten(error), "cause": Cause.RECORD}
    except Exception as error:  # noqa: BLE001 - whatever it was, the record must say that the job failed
        _trace()
        message = f"{type(error).__name__}: {error}".splitlines()[0][:300]
        end = {"state": JobState.FAILED, "error": message, "cause": Cause.OTHER}
    else:
        end = {"state": JobState.COMPLETED}
    if control.broken:
        end = {"state": JobState.FAILED, "error": f"The job's record can't be written ({control.broken})."}
        end["cause"] = Cause.RECORD
    elif end["state"] is JobState.FAILED and end["cause"] is not Cause.RECORD and control.stopping:
        end = {"state": JobState.STOPPED, "error": STOPPED}
    return end


def _execute(job: Job, control: Control, sockets: Path) -> None:
    from workbench.jobs.masking import Masker

    masker = Masker.of(job.parameters)
    with _MaskedLog(masker):
        _papermill(job, control, sockets, masker)


def _papermill(job: Job, control: Control, sockets: Path, masker: Masker) -> None:
    skip_slow_grammar()
    from papermill.engines import papermill_engines
    from papermill.exceptions import PapermillExecutionError
    from papermill.execute import execute_notebook

    from workbench.jobs.engine import WorkbenchEngine
    from workbench.jobs.execution import Run

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
    )
    try:
        execute_notebook(
            # papermill takes braces in a path for parameters.
            str(job.path / "input.ipynb").replace("{", "{{").replace("}", "}}"),
            None,
            parameters=job.parameters,
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
    from workbench.jobs.trust import sign

    sign(output)


def _trace() -> None:
    import traceback

    traceback.print_exc()


class _MaskedLog:
    """What this process and its kernel write to their own output goes into the log without secrets."""

    def __init__(self, masker: Masker) -> None:
        from workbench.jobs.masking import Stream

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
