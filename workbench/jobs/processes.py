"""The processes of a job: whatever carries its id in the environment, or, forked by us, in its name."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable
from typing import Any

JOB = "WORKBENCH_JOB"


def family(job: str, spare: Iterable[int] = ()) -> list[Any]:
    """Processes of this user that were started for a job: its runner, the kernel and all that these started.

    Parameters
    ----------
    job : str
        Its id; the environment that a process was started with names it, whoever its parent is now.
    spare : iterable of int
        Numbers of processes to leave out; the one that asks is always left out.
    """
    import psutil

    others = {os.getpid(), *spare}
    # Names and values that can't be seen (another user's, one that ends just now) are None.
    seen = psutil.process_iter(["pid", "environ", "cmdline", "status"])
    return [
        p
        for p in seen
        if ((p.info["environ"] or {}).get(JOB) == job or f"{JOB}={job}" in " ".join(p.info["cmdline"] or ()).split())
        and p.info["pid"] not in others
        and p.info["status"] != psutil.STATUS_ZOMBIE
    ]


def end(processes: list[Any], grace: float = 0.5) -> None:
    """End processes: asked first, and by force after ``grace`` seconds; a suspended one hears nothing else."""
    import psutil

    for process in processes:
        _send(process, signal.SIGTERM)
    for process in psutil.wait_procs(processes, timeout=grace)[1]:
        _send(process, getattr(signal, "SIGKILL", signal.SIGTERM))


def end_family(job: str, spare: Iterable[int] = (), grace: float = 0.5) -> None:
    """End whatever a job has left, and what that starts in the meantime."""
    for _ in range(3):
        left = family(job, spare)
        if not left:
            return
        end(left, grace)


def _send(process: Any, number: int) -> None:
    import psutil

    try:
        process.send_signal(number)
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return  # it ended by itself, which is what was wanted, or is somebody else's by now
