"""Processes of their own that cost no imports: one that has imported everything forks a child for each act.

A test that kills a process half-way, or lets several work on the same files, starts them here as it would start
``python -c CODE ARGUMENTS``, and each is as much a process as that: it has the environment and the folder of who asks,
can be killed, and ends as an interpreter does. Only MLflow, pandas and scikit-learn are there already, which take
seconds to import, each time.

The process that forks only imports; whatever has threads that work (a pool of polars, of OpenMP) begins after the fork,
and a fork beside such a thread is refused: what it held would stay locked in the child for ever.

This file is both sides: a test's side imports it, the process that forks runs it.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

WHOLE = 1 << 20
SECONDS = 240
# Begun by an import: jemalloc stops and begins its own at a fork, and polars' sweeps up files that nobody has written.
IDLE = {"jemalloc_bg_thd", "polars-ooc-clea"}


@dataclass
class Child:
    """A forked process; its standard output and error are files that are read as they come."""

    pid: int
    stdout: IO[str]
    stderr: IO[str]
    forks: Forks
    returncode: int | None = None

    def wait(self) -> int:
        """How it ended: 0, another status, or minus the signal that killed it."""
        if self.returncode is None:
            self.returncode = self.forks._ask({"wait": self.pid})
        return self.returncode

    def communicate(self) -> tuple[str, str]:
        """All that it wrote, when it has ended; its errors must fit into a pipe."""
        with self.stdout, self.stderr:
            said = self.stdout.read(), self.stderr.read()
        self.wait()
        return said


@dataclass
class Forks:
    """The process that forks, for as long as the ``with`` lasts; its children that still run end with it."""

    modules: tuple[str, ...]
    _line: socket.socket = field(init=False)
    _process: subprocess.Popen[bytes] = field(init=False)

    def __enter__(self) -> Forks:
        self._line, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._line.settimeout(SECONDS)
        with far:
            command = [sys.executable, str(Path(__file__)), str(far.fileno()), *self.modules]
            # OpenBLAS begins its threads when it is imported, unless it is to have one.
            environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
            self._process = subprocess.Popen(command, env=environment, pass_fds=[far.fileno()], start_new_session=True)
        return self

    def __exit__(self, *_: object) -> None:
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._line.close()

    def start(self, code: str, *arguments: object) -> Child:
        """Begin ``python -c code arguments`` with the environment and the folder of now."""
        out, err = os.pipe(), os.pipe()
        request = {
            "code": code,
            "arguments": [str(argument) for argument in arguments],
            "environment": dict(os.environ),
            "folder": str(Path.cwd()),
        }
        pid = self._ask(request, [out[1], err[1]])
        for end in (out[1], err[1]):
            os.close(end)
        return Child(pid, os.fdopen(out[0], encoding="utf-8"), os.fdopen(err[0], encoding="utf-8"), self)

    def _ask(self, request: dict[str, Any], files: list[int] | None = None) -> int:
        socket.send_fds(self._line, [json.dumps(request).encode()], files or [])
        answer = self._line.recv(WHOLE)
        assert answer, "the process that forks has ended: what it said stands above"
        return int(answer)


def serve(line: socket.socket) -> dict[str, Any] | None:
    """In the process that forks: nothing, when nobody asks any more. In each child: what it is to do."""
    while True:
        content, files, _, _ = socket.recv_fds(line, WHOLE, 2)
        if not content:
            return None
        request = json.loads(content)
        if "wait" in request:
            _, status = os.waitpid(request["wait"], 0)
            line.send(str(os.waitstatus_to_exitcode(status)).encode())
            continue
        assert not others(), f"{others()} run beside it: what they hold would stay locked in a child"
        pid = os.fork()
        if not pid:
            line.close()
            become(request, files)
            return request
        line.send(str(pid).encode())
        for file in files:
            os.close(file)


def others() -> list[str]:
    """Names of threads that run beside this one, but for those that wait idle and that a child does without."""
    own = threading.get_native_id()
    threads = (thread for thread in Path("/proc/self/task").iterdir() if thread.name != str(own))
    return sorted({(thread / "comm").read_text(encoding="utf-8").strip() for thread in threads} - IDLE)


def become(request: dict[str, Any], files: list[int]) -> None:
    """The streams, the environment, the folder and the arguments of who asked."""
    for stream, file in enumerate(files, 1):
        os.dup2(file, stream)
        os.close(file)
    os.environ.clear()
    os.environ.update(request["environment"])
    os.chdir(request["folder"])
    sys.argv = ["-c", *request["arguments"]]


if __name__ == "__main__":
    sys.path[0] = ""
    for name in sys.argv[2:]:
        importlib.import_module(name)
    gc.freeze()  # or each child would go through all of these modules when it ends, which takes seconds too
    act = serve(socket.socket(fileno=int(sys.argv[1])))
    if act:
        exec(compile(act["code"], "<act>", "exec"), {"__name__": "__main__"})
