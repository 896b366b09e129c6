"""What a fork does to be as a process that was just started with ``python -m MODULE``."""

from __future__ import annotations

import atexit
import fcntl
import os
import random
import runpy
import select
import signal
import sys
import tempfile
import threading
import time
import traceback
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

from setproctitle import setproctitle

from workbench.instant.limits import take

FAILED = 1
FIRST_FREE = 3  # descriptors from here on are the zygote's
# Variables that the list of processes tells of a fork, for its environment is not where the system looks for it.
TITLED = ("WORKBENCH_JOB",)


def become(asked: dict[str, Any], files: tuple[int, ...], owner: int | None) -> int:
    """Run a module as the main program; the exit code.

    Parameters
    ----------
    asked : dict
        *argv* (the module and its arguments), *cwd*, *env*, and what :func:`workbench.instant.limits.own` tells.
    files : tuple of int
        Standard input, output and error, and those that *passed* gives numbers to.
    owner : int, optional
        Descriptor of the process without which this one shall not live.
    """
    os.setsid()
    watched = _place(files, asked["passed"], owner)
    take(asked)
    if watched is not None:
        threading.Thread(target=_outlive_nobody, args=(watched,), name="owner", daemon=True).start()
    _as_new(asked)
    return _run(asked["argv"])


def _place(files: tuple[int, ...], passed: list[int], owner: int | None) -> int | None:
    """Give descriptors the numbers that they shall have, and close all others; the owner's number."""
    numbers = [*range(FIRST_FREE), *passed]
    above = max(numbers) + 1
    moved = [fcntl.fcntl(file, fcntl.F_DUPFD, above) for file in files]  # out of the way of all numbers
    watched = None if owner is None else fcntl.fcntl(owner, fcntl.F_DUPFD_CLOEXEC, above)
    for file, number in zip(moved, numbers, strict=True):
        os.dup2(file, number)
    kept = sorted({*numbers, *(() if watched is None else (watched,))})
    for low, high in pairwise([*kept, os.sysconf("SC_OPEN_MAX")]):
        os.closerange(low + 1, high)
    return watched


def _as_new(asked: dict[str, Any]) -> None:
    """Forget what was the zygote's: signals, environment, random numbers, its name. Streams follow descriptors."""
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    os.environ.clear()
    os.environ.update(asked["env"])
    os.chdir(asked["cwd"])
    time.tzset()
    tempfile.tempdir = None
    random.seed()
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()
    told = (f"{name}={asked['env'][name]}" for name in TITLED if name in asked["env"])
    setproctitle(" ".join([sys.executable, "-m", *asked["argv"], *told]))


def _run(argv: list[str]) -> int:
    module, *arguments = argv
    sys.path.insert(0, str(Path.cwd()))
    sys.argv = [module, *arguments]
    code = FAILED
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
        code = 0
    except SystemExit as end:
        code = _code(end)
    except BaseException:  # noqa: BLE001 - as the interpreter does at the end of a program
        traceback.print_exc()
    return code


def _code(end: SystemExit) -> int:
    if end.code is None:
        return 0
    if isinstance(end.code, int):
        return end.code & 0xFF
    sys.stderr.write(f"{end.code}\n")
    return FAILED


def finish(code: int) -> None:
    """End this fork, after what was to be done at its exit; the zygote's own frames never go on in it."""
    # Caches that extensions empty at an exit, to be tidy; in a fork that copies five megabytes first.
    getattr(sys.modules.get("typing"), "_cleanups", []).clear()
    try:
        threading._shutdown()  # type: ignore[attr-defined]  # waits for threads that are no daemons, as an interpreter does
        atexit._run_exitfuncs()
    finally:
        with suppress(OSError, ValueError):  # a pipe that nobody reads, a stream that was closed
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def _outlive_nobody(owner: int) -> None:
    """Wait for the end of the owner, and end with it."""
    select.select([owner], [], [])
    os.killpg(0, signal.SIGKILL)
