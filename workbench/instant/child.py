"""What a fork does to be as a process that was just started with ``python -m MODULE``."""

from __future__ import annotations

import atexit
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
from pathlib import Path
from typing import Any

from setproctitle import setproctitle

from workbench.instant.limits import take

FAILED = 1
FIRST_FREE = 3  # descriptors from here on are the zygote's


def become(asked: dict[str, Any], files: tuple[int, ...], owner: int | None) -> int:
    """Run a module as the main program; the exit code.

    Parameters
    ----------
    asked : dict
        *argv* (the module and its arguments), *cwd*, *env*, and what :func:`workbench.instant.limits.own` tells.
    files : tuple of int
        Standard input, output and error.
    owner : int, optional
        Descriptor of the process without which this one shall not live.
    """
    os.setsid()
    for place, file in enumerate(files):
        os.dup2(file, place)
    kept = None if owner is None else os.dup2(owner, FIRST_FREE, inheritable=False)
    os.closerange(FIRST_FREE if kept is None else kept + 1, os.sysconf("SC_OPEN_MAX"))
    take(asked)
    if kept is not None:
        threading.Thread(target=_outlive_nobody, args=(kept,), name="owner", daemon=True).start()
    _as_new(asked)
    return _run(asked["argv"])


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
    setproctitle(f"{sys.executable} -m {' '.join(asked['argv'])}")


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
