"""A training that is killed does not stay *running* in MLflow: a small process waits for its end.

``kill -9``, a system without memory and a kernel that Jupyter shuts down leave no time to write anything. The process
that waits holds nothing but an interpreter without packages; it loads MLflow in the one case where it has to write.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

# Waits until its parent says that it ended, or dies; its children may hold the pipe open, hence the look at the parent.
_WAIT = """
import os, select, sys
parent = int(sys.argv[1])
while os.getppid() == parent:
    if select.select([0], [], [], 2)[0]:
        if os.read(0, 1):
            sys.exit()
        break
write = "from workbench.training.recording import end_what_died; end_what_died()"
os.execv(sys.executable, [sys.executable, "-c", write])
"""


@contextmanager
def watched() -> Iterator[None]:
    """If this process dies meanwhile, the runs that it left become *killed*.

    Where no process can be started, and on Windows, whose pipes can't be waited for like this, the next training does
    it.
    """
    waiting = _waiting() if os.name == "posix" else None
    try:
        yield
    finally:
        if waiting is not None:
            with suppress(OSError):  # somebody has killed it
                waiting.communicate(b".", timeout=10)


def _waiting() -> subprocess.Popen[bytes] | None:
    command = [sys.executable, "-I", "-S", "-c", _WAIT, str(os.getpid())]
    with suppress(OSError):
        return subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env=dict(os.environ),  # the user's own, whole: it writes where this process would have
            start_new_session=True,
        )  # fmt: skip
    return None
