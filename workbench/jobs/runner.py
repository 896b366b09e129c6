"""The process of one job: ``python -m workbench.jobs.runner FOLDER [SECONDS]``."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any

from workbench.core.job import Job, JobState
from workbench.errors import JobFailed
from workbench.jobs.records import load, mark_output, now, tell, update
from workbench.jobs.trust import sign


def main(arguments: list[str]) -> int:
    """Run the job of a folder and write down how it ended; 0 if it completed."""
    folder, seconds = Path(arguments[0]), float(arguments[1]) if len(arguments) > 1 else None
    started = update(folder, state=JobState.IN_PROGRESS, pid=os.getpid(), started=now())
    try:
        _execute(started, seconds)
        end: dict[str, Any] = {"state": JobState.COMPLETED}
    except JobFailed as error:
        end = {"state": JobState.FAILED, "error": str(error)}
    except KeyboardInterrupt:
        end = {"state": JobState.STOPPED}
    except Exception as error:  # noqa: BLE001 - whatever it was, the record must say that the job failed
        _trace()
        end = {"state": JobState.FAILED, "error": f"{type(error).__name__}: {error}".splitlines()[0][:300]}
    return _finish(folder, end)


def _execute(job: Job, seconds: float | None) -> None:
    _skip_slow_grammar()
    from papermill.engines import papermill_engines
    from papermill.execute import execute_notebook

    from workbench.jobs.engine import WorkbenchEngine

    # By its entry point it is known only where the package is installed.
    papermill_engines.register("workbench", WorkbenchEngine)
    execute_notebook(
        str(job.path / "input.ipynb"),
        None,
        parameters=job.parameters,
        engine_name="workbench",
        progress_bar=False,
        kernel_name="python3",
        language="python",
        folder=job.path,
        deadline=None if seconds is None else time.monotonic() + seconds,
    )


def _skip_slow_grammar() -> None:
    """Keep jsonschema from compiling the grammar of internationalised addresses, which no notebook needs.

    papermill imports nbformat, that jsonschema, and that rfc3987_syntax: 1.7 s of each job's start. jsonschema goes
    without it where it can't be imported. Only this process is concerned; the kernel is another one.
    """
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]  # None is how Python spells "not there"


def _finish(folder: Path, end: dict[str, Any]) -> int:
    if load(folder).state is JobState.STOPPING:
        end = {"state": JobState.STOPPED}
    if end["state"] is JobState.STOPPED:
        end["error"] = "Stopped on request."
    job = load(folder)
    # The notebook and the event first: whoever sees a final state finds the output and the events complete.
    mark_output(Job.from_dict({**job.to_dict(), **end, "path": folder}))
    if job.output.is_file():
        sign(job.output)
    tell(folder, "job_ended", state=end["state"].value, error=end.get("error"), done=job.cells_done, cells=job.cells)
    job = update(folder, **end, ended=now())
    return 0 if job.state is JobState.COMPLETED else 1


def _trace() -> None:
    import traceback

    traceback.print_exc()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
