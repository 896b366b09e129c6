"""A small process that outlives the runner of a job by a moment, and leaves the truth behind when that is killed.

It is a shell that waits on a pipe which only the runner holds, for half a millisecond and one megabyte: a fork of the
runner would take the job more time than anything else but its kernel. At the pipe's end it becomes ``python -m
workbench.jobs.guardian FOLDER SOCKETS``, which ends what the job has started, removes its socket folder and writes down
an end that nobody did. It shares the runner's lock, so that nobody takes the job for gone before that is done.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from workbench.jobs.processes import JOB, end_family
from workbench.jobs.records import now, settle_held

# In the background, as nobody's child, and deaf to what ends the runner's group and terminal.
WAIT = """trap "" INT TERM HUP; exec 3<&0; (read -r _ <&3 || exec "$@") &"""


class Guardian:
    """The guardian of this process, as this process knows it.

    Parameters
    ----------
    pipe : int
        What it waits on; closed with this process, however that ends.
    """

    def __init__(self, pipe: int) -> None:
        self._pipe = pipe

    def dismiss(self) -> None:
        """Nothing is left to be done: it ends at once."""
        with suppress(BrokenPipeError):  # somebody has ended it
            os.write(self._pipe, b"\n")
        os.close(self._pipe)


def start(folder: Path, sockets: Path, held: int) -> Guardian | None:
    """Start the guardian of this process; None where the system has no such shell.

    Parameters
    ----------
    folder : Path
        The job's.
    sockets : Path
        The folder to remove at the end.
    held : int
        Descriptor of the job's lock.
    """
    if os.name != "posix":
        return None
    watched, kept = os.pipe()
    command = [sys.executable, "-m", "workbench.jobs.guardian", str(folder), str(sockets)]
    # No member of the job's family, which it ends.
    env = {name: value for name, value in os.environ.items() if name != JOB}
    with os.fdopen(watched, "rb") as end:
        shell = subprocess.Popen(
            ["/bin/sh", "-c", WAIT, "guardian", *command], stdin=end, pass_fds=[held], start_new_session=True, env=env
        )
    shell.wait()
    return Guardian(kept)


def main(arguments: list[str]) -> int:
    """The runner has gone without a word."""
    moment, (folder, sockets) = now(), map(Path, arguments)
    end_family(folder.name)
    shutil.rmtree(sockets, ignore_errors=True)
    with suppress(Exception):  # a full disk, a folder that is gone: readers still see that the process is
        settle_held(folder, moment)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
