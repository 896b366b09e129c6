"""Dispatchers as processes of their own, stopped at each of their steps: a program, for it forks without a thread.

    python dispatchers.py < scenarios, one line of JSON each

A job is a fork that writes when it begins and when it ends into one file, and ends as its record asks.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from workbench.core.job import Cause, Job, JobState
from workbench.core.job_options import JobOptions
from workbench.jobs import submit
from workbench.jobs.line import queue, slots, tickets
from workbench.jobs.liveness import ALIVE, boot, hold, host
from workbench.jobs.notebook.notebooks import Notebook
from workbench.jobs.records import conclude, jobs, load, update, write

BEGAN = datetime(2026, 11, 21, 1, 49, tzinfo=UTC)
STEPS = ("open", "os.", "fcntl.")  # of the system, as Python's audit names them
PATIENCE = 60.0
REACHED = 3  # the status of an act that went on behind the step at which the disk was full
_left: list[int] = []  # steps until this process is killed, or told that the disk is full; empty where it is not
_full = False


def record(home: Path, number: int, state: JobState = JobState.QUEUED, **told: Any) -> Job:
    """The record of a job, some seconds after the first; its folder is made, and nothing written."""
    moment = BEGAN + timedelta(seconds=number)
    name = f"{moment:%Y%m%dT%H%M%S}-small-{number:04x}"
    folder = home / "jobs" / name
    folder.mkdir(parents=True, exist_ok=True)
    created = moment.isoformat(timespec="milliseconds")
    usual = {"parameters": {}, "host": host(), "boot": boot(), "folder": str(home.parent)}
    return Job(id=name, notebook="small.ipynb", state=state, created=created, path=folder, **{**usual, **told})


def queued(home: Path, number: int, **told: Any) -> Job:
    """A job that waits."""
    made = record(home, number, **told)
    (made.path / ALIVE).touch()
    write(made)
    tickets.put(made)
    return made


def launch(job: Job, held: int, slot: int | None = None, start: Any = None) -> int:
    """In the place of the real one: a fork that has the lock and the slot for some milliseconds."""
    return _forked(lambda: _be(job))


def _be(job: Job) -> None:
    home = job.path.parent.parent
    _say(home, f"+{job.id}")
    update(job.path, state=JobState.IN_PROGRESS, pid=os.getpid(), host=host(), boot=boot())
    if len(job.attempts) >= job.options.retries:
        tickets.drop(home, job.id)
    time.sleep(0.003)
    state = JobState.FAILED if job.parameters.get("fails") else JobState.COMPLETED
    planned = job.parameters.get("dies", [])[len(job.attempts) : len(job.attempts) + 1]
    _left.extend(planned)
    _say(home, f"-{job.id}")
    conclude(job.path, state=state, cause=Cause.CELL if state is JobState.FAILED else None, ended=BEGAN.isoformat())
    whole = len(_left) == len(planned)  # else it came to that step, and may have gone on behind it
    _left.clear()
    if whole:
        _say(home, f"={job.id}")


def _say(home: Path, line: str) -> None:
    descriptor = os.open(home / "said", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(descriptor, f"{line}\n".encode())
    os.close(descriptor)


def said(home: Path) -> list[str]:
    """What jobs have said, in order."""
    return (home / "said").read_text().split() if (home / "said").exists() else []


def _count(event: str, arguments: Any) -> None:
    if _left and event.startswith(STEPS) and (not _full or _needs_room(event, arguments)):
        _left[0] -= 1
        if _left[0] < 0:
            _left.clear()
            if not _full:
                os.kill(os.getpid(), signal.SIGKILL)
            raise OSError(errno.ENOSPC, "No space left on device")


def _needs_room(event: str, arguments: Any) -> bool:
    return event in ("os.mkdir", "os.rename") or (event == "open" and arguments[2] & (os.O_WRONLY | os.O_RDWR))


def _forked(act: Callable[[], Any], steps: int | None = None) -> int:
    child = os.fork()
    if child == 0:
        _left[:] = [] if steps is None else [steps]
        try:
            act()
        except OSError as error:
            if error.errno != errno.ENOSPC:
                traceback.print_exc()
        finally:
            os._exit(0 if _left else REACHED)
    return child


def _stopped_at(steps: int, act: Callable[[], Any]) -> bool:
    """Whether an act has come to one of its steps, where it was stopped; it has ended before where it has fewer."""
    status = os.waitpid(_forked(act, steps), 0)[1]
    return os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == REACHED


def _reap() -> None:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return


def _until_all_ended(home: Path) -> None:
    """Dispatch until nothing is left to do."""
    until = time.monotonic() + PATIENCE
    while not all(job.state.final for job in jobs(home)):
        if time.monotonic() > until:
            raise TimeoutError([job.headline() for job in jobs(home)])
        queue.dispatch(home)
        _reap()
        time.sleep(0.002)


def _told(home: Path) -> dict[str, Any]:
    """What is left when all has ended."""
    for job in jobs(home):
        os.close(hold(job.path, PATIENCE))  # until its process has ended
    _reap()
    return {
        "said": said(home),
        "states": {job.id: load(job.path).state.value for job in jobs(home)},
        "attempts": [len(job.attempts) for job in jobs(home)],
        "errors": [job.error for job in jobs(home)],
        "tickets": [ticket.path.name for ticket in (*tickets.waiting(home), *tickets.started(home))],
    }


def together(home: Path, priorities: list[int], dispatchers: int, kills: list[int]) -> dict[str, Any]:
    """Some dispatchers at once, and others that are killed at some step."""
    for number, priority in enumerate(priorities):
        queued(home, number, options=JobOptions(priority=priority))
    for steps in kills:
        _forked(lambda: queue.dispatch(home), steps)
    children = [_forked(lambda: _until_all_ended(home)) for _ in range(dispatchers)]
    for child in children:
        os.waitpid(child, 0)
    _until_all_ended(home)
    return _told(home)


def stopped(home: Path, act: str, full: bool = False) -> list[dict[str, Any]]:
    """Stop an act at each of its steps in turn; what is left each time when others have gone on.

    It is killed there, or told that the disk is full.
    """
    global _full
    _full = full
    act_of = {"dispatch": _dispatched, "retry": _retried, "withdraw": _withdrawn, "submit": _submitted}[act]
    told, again = [], True
    while again:
        own = home / str(len(told))
        again = act_of(own, len(told))
        told.append(_told(own))
        shutil.rmtree(own)
    return told


def _dispatched(home: Path, steps: int) -> bool:
    queued(home, 0)
    again = _stopped_at(steps, lambda: queue.dispatch(home))
    _until_all_ended(home)
    return again


def _retried(home: Path, steps: int) -> bool:
    """A job that fails twice is killed at a step while it writes down that it is to be tried again."""
    queued(home, 0, parameters={"fails": True, "dies": [steps]}, options=JobOptions(retries=1, backoff=0.0))
    _until_all_ended(home)
    return sum(line.startswith("=") for line in said(home)) < 2


def _withdrawn(home: Path, steps: int) -> bool:
    made = queued(home, 0)
    again = _stopped_at(steps, lambda: queue.withdraw(made))
    queue.withdraw(made)
    queue.dispatch(home)
    return again


def _submitted(home: Path, steps: int) -> bool:
    """All slots are taken, and then they are not."""
    notebook = Notebook("small.ipynb", "small.ipynb", b"{}")
    home.mkdir(parents=True)
    taken, made = slots.take(home), record(home, 0)
    again = _stopped_at(steps, lambda: submit._enter(notebook, made, at_once=False))
    os.close(taken)
    _until_all_ended(home)
    return again


def main() -> None:
    """Play one scenario a line."""
    queue.launch = submit.launch = launch
    sys.addaudithook(_count)
    for line in sys.stdin:
        told = json.loads(line)
        os.environ["WORKBENCH_JOBS"] = str(told.pop("most"))
        with tempfile.TemporaryDirectory() as folder:
            play = {"together": together, "stopped": stopped}[told.pop("play")]
            sys.stdout.write(json.dumps(play(Path(folder, "home"), **told)) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
