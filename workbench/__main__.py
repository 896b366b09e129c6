"""The command: ``workbench``, and ``python -m workbench``.

A command about jobs runs in a process that is forked with all packages loaded, where there is one to fork from: to
start Python and load them takes ten times as long as what it does.
"""

from __future__ import annotations

import os
import signal
import sys

QUICK = ("submit", "jobs", "resume", "stop", "delete", "prune")
PASSED_ON = ("SIGINT", "SIGTERM", "SIGHUP")


def main() -> None:
    """Entry point of the command."""
    code = _forked(sys.argv[1:]) if sys.argv[1:2] and sys.argv[1] in QUICK else None
    if code is not None:
        sys.exit(code)
    from workbench.cli import main as run

    run()


def _forked(arguments: list[str]) -> int | None:
    """The exit code of the command as a fork; None where nothing can be forked."""
    from workbench.instant.asking import Unforked, forked

    if sys.platform != "linux":
        return None
    numbers = [getattr(signal, name) for name in PASSED_ON]
    signal.pthread_sigmask(signal.SIG_BLOCK, numbers)  # none is lost between the fork and who passes it on
    try:
        process = forked([sys.executable, "-m", "workbench.cli", *arguments], os.environ, owned=True)
        for number in numbers:
            if signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, lambda heard, _: process.send_signal(heard))
    except Unforked:
        return None
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, numbers)
    code = process.wait()
    return code if code >= 0 else 128 - code  # of a signal, as a shell says it


if __name__ == "__main__":
    main()
