"""A small process that outlives the runner of a job by a moment, and leaves the truth behind when that is killed.

It is a shell that waits on a pipe which only the runner holds, for half a millisecond and one megabyte: a fork of the
runner would take the job more time than anything else but its kernel. At the pipe's end it becomes ``python -m
workbench.jobs.run.guardian FOLDER SOCKETS``, which ends what the job has started, removes its socket folder, writes
down an end that nobody did, and starts what waits. It shares the runner's lock and slot, so that nobody takes the job
for gone before that is done. Where the job is tried again it stays until then, for there may be nobody else to see to
it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from workbench.core.job import Job, JobState
from workbench.errors import WorkbenchError
from workbench.jobs.line import tickets
from workbench.jobs.line.queue import dispatch
from workbench.jobs.liveness import let_go
from workbench.jobs.messages.left_to_tell import tell_left
from workbench.jobs.processes import JOB, end_family
from workbench.jobs.records import is_due, load, now, settle_held

# In the background, as nobody's child, and deaf to what ends the runner's group and terminal. It hears nothing, an
# empty line, or how long to wait as long as there is a ticket: seconds, and times that LOOK seconds follow them.
LOOK = 5
WAIT = f"""trap "" INT TERM HUP; exec 3<&0
(read -r first times ticket <&3 || exec "$@"
[ "$first" ] || exit 0
sleep "$first"
while [ "$times" -gt 0 ] && [ -e "$ticket" ]; do sleep {LOOK}; times=$((times-1)); done
[ -e "$ticket" ] && exec "$@" due) &"""


class Guardian:
    """The guardian of this process, as this process knows it.

    Parameters
    ----------
    pipe : int
        What it waits on; closed with this process, however that ends.
    """

    def __init__(self, pipe: int) -> None:
        self._pipe = pipe

    def dismiss(self, again: Job | None = None) -> None:
        """Nothing is left to be done: it ends at once, or when the job is tried again."""
        with suppress(BrokenPipeError):  # somebody has ended it
            os.write(self._pipe, f"{_until(again)}\n".encode() if again else b"\n")
        os.close(self._pipe)


def start(folder: Path, sockets: Path, held: Sequence[int]) -> Guardian | None:
    """Start the guardian of this process; None where the system has no such shell.

    Parameters
    ----------
    folder : Path
        The job's.
    sockets : Path
        The folder to remove at the end.
    held : sequence of int
        Descriptors of the job's lock and slot.
    """
    if os.name != "posix":
        return None
    watched, kept = os.pipe()
    command = [sys.executable, "-m", "workbench.jobs.run.guardian", str(folder), str(sockets), *map(str, held)]
    # No member of the job's family, which it ends.
    env = {name: value for name, value in os.environ.items() if name != JOB}
    with os.fdopen(watched, "rb") as end:
        shell = subprocess.Popen(
            ["/bin/sh", "-c", WAIT, "guardian", *command], stdin=end, pass_fds=held, start_new_session=True, env=env
        )
    shell.wait()
    return Guardian(kept)


def _until(job: Job) -> str:
    """How long it is until a job is tried again, as the shell hears it."""
    ticket = tickets.find(job.path.parent.parent, job.id)
    seconds = (datetime.fromisoformat(job.due or now()) - datetime.now(UTC)).total_seconds()
    times, first = divmod(max(seconds, 0.0) + 0.05, LOOK)
    return f"{first:.3f} {times:.0f} {ticket.path if ticket else job.path}"


def main(arguments: list[str]) -> int:
    """The runner has gone without a word, or the moment has come to try its job again."""
    moment, folder, sockets, held = now(), Path(arguments[0]), Path(arguments[1]), arguments[2:]
    if held[-1:] != ["due"]:
        end_family(folder.name)
        shutil.rmtree(sockets, ignore_errors=True)
        with suppress(Exception):  # a full disk, a folder that is gone: readers still see that the process is
            settle_held(folder, moment)
        for descriptor in map(int, held):
            let_go(descriptor)
    with suppress(OSError, WorkbenchError):  # a full disk: whoever looks next tries again
        dispatch(folder.parent.parent)
        _wait_again(load(folder), sockets)
    tell_left(folder.parent.parent, folder.name)
    return 0


def _wait_again(job: Job, sockets: Path) -> None:
    """Wait for the moment at which a job is tried again, as a shell."""
    if job.state is JobState.QUEUED and not is_due(job):
        guard = start(job.path, sockets, ())
        if guard:
            guard.dismiss(job)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
