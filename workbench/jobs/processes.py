"""The processes of a job: whatever carries its id in the environment, or, forked by us, in its name."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

JOB = "WORKBENCH_JOB"


def family(job: str) -> list[Any]:
    """Processes of this user that were started for a job: its runner, the kernel and all that these started.

    Parameters
    ----------
    job : str
        Its id; the environment that a process was started with names it, whoever its parent is now.

    Returns
    -------
    list of psutil.Process
        Without the one that asks, and without those that have ended already.
    """
    import psutil

    living = []
    for number in _carrying(job):
        try:
            process = psutil.Process(number)
            if number != os.getpid() and process.status() != psutil.STATUS_ZOMBIE:
                living.append(process)
        except psutil.NoSuchProcess:
            continue
    return living


def _carrying(job: str) -> Iterator[int]:
    """Numbers of the processes that carry the id. Where there is a /proc it is read as it is: psutil takes tenfold."""
    import psutil

    carries = _carries if sys.platform == "linux" else _carries_elsewhere
    return (number for number in psutil.pids() if carries(number, f"{JOB}={job}"))


def _carries(number: int, told: str) -> bool:
    for name in ("environ", "cmdline"):  # a fork of ours has the environment in its name
        try:
            content = Path(f"/proc/{number}/{name}").read_bytes()
        except OSError:
            return False  # it has ended, or is another user's
        if told.encode() in content.replace(b" ", b"\0").split(b"\0"):
            return True
    return False


def _carries_elsewhere(number: int, told: str) -> bool:
    import psutil

    try:
        process = psutil.Process(number)
        return told in (f"{JOB}={process.environ().get(JOB)}", *" ".join(process.cmdline()).split())
    except psutil.Error:
        return False


def end(processes: list[Any], grace: float = 0.5) -> None:
    """End processes: asked first, and by force after ``grace`` seconds; a suspended one hears nothing else."""
    import psutil

    for process in processes:
        _send(process, signal.SIGTERM)
    for process in psutil.wait_procs(processes, timeout=grace)[1]:
        _send(process, getattr(signal, "SIGKILL", signal.SIGTERM))


def end_family(job: str, grace: float = 0.5) -> None:
    """End whatever a job has left, and what that starts in the meantime."""
    for _ in range(3):
        left = family(job)
        if not left:
            return
        end(left, grace)


def _send(process: Any, number: int) -> None:
    import psutil

    try:
        process.send_signal(number)
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return  # it ended by itself, which is what was wanted, or is somebody else's by now
