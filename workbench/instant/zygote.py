"""The processes that are forked from: ``python -m workbench.instant.zygote TAG SECONDS KIND=PACKAGE,… …``.

There is one for each kind of process, forked from one another as packages are imported: the one for kernels has what
the one for jobs has, and what notebooks import. Each computes nothing, and forks for whoever of the same user asks on
its socket. A fork that has an owner is killed when the owner's connection ends. It ends itself when nobody has asked
for a while, when whoever it belongs to has ended, or when the packages are no longer those that it has imported; forks
that live are waited for.
"""

from __future__ import annotations

import fcntl
import gc
import os
import selectors
import signal
import socket
import stat
import sys
import threading
import time
import traceback
import warnings
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from setproctitle import setproctitle

from workbench.instant import packages, place, wire
from workbench.instant.child import FAILED, become, finish
from workbench.instant.limits import misfit

LOOK = 5.0  # seconds between two looks at the clock


@dataclass
class Zygote:
    """What it knows.

    Parameters
    ----------
    listener : socket
    path : Path
        Of the socket.
    seen : Installed
        What was installed when it had imported everything.
    lock : file
        Held as long as it takes requests.
    idle : float
        Seconds without a fork or a request after which it ends.
    owner : int, optional
        A pipe whose other end only the process has with which it ends.
    """

    listener: socket.socket
    path: Path
    seen: packages.Installed
    lock: BinaryIO
    idle: float
    forks: dict[int, socket.socket] = field(default_factory=dict)
    owned: set[socket.socket] = field(default_factory=set)
    retired: bool = False
    used: float = field(default_factory=time.monotonic)
    selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)
    owner: int | None = None

    def serve(self) -> None:
        """Fork for whoever asks, until nobody does."""
        ended, waker = socket.socketpair()
        for one in (ended, waker):
            one.setblocking(False)
        signal.set_wakeup_fd(waker.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self.selector.register(self.listener, selectors.EVENT_READ, self._accept)
        self.selector.register(ended, selectors.EVENT_READ, lambda: self._woken(ended))
        if self.owner is not None:
            self.selector.register(self.owner, selectors.EVENT_READ, self._orphaned)
        while self.forks or not (self.retired or time.monotonic() - self.used > self.idle):
            for key, _ in self.selector.select(LOOK):
                key.data()
            self._reap()
        self._retire()

    def _accept(self) -> None:
        try:
            asking, _ = self.listener.accept()
        except OSError:
            return
        asking.settimeout(wire.SECONDS)
        try:
            self._answer(asking)
        except (OSError, ValueError, KeyError, TypeError):
            traceback.print_exc()
            asking.close()

    def _answer(self, asking: socket.socket) -> None:
        """Fork for one request, and keep the connection until the fork has ended."""
        if wire.peer(asking)[1] != os.getuid():
            asking.close()
            return
        heard = wire.hear(asking)
        if heard is None:
            asking.close()
            return
        asked, files = heard
        self.used = time.monotonic()
        try:
            why = self._refusal(asked)
            if why:
                wire.send(asking, {"refused": why, "retired": self.retired})
                asking.close()
            else:
                self._fork(asking, asked, files)
        finally:
            for file in files:
                os.close(file)

    def _refusal(self, asked: dict[str, Any]) -> str:
        """Why nothing is forked; empty if it is. With packages that have changed, it makes room for another zygote."""
        if not self.seen.still():
            self._retire()
            return "packages have changed since they were imported"
        return misfit(asked)

    def _fork(self, asking: socket.socket, asked: dict[str, Any], files: tuple[int, ...]) -> None:
        owner = os.pidfd_open(wire.peer(asking)[0]) if asked["owned"] else None
        with warnings.catch_warnings():
            # Python tells that threads of libraries are there. They have computed nothing, and come anew in a fork.
            warnings.simplefilter("ignore", DeprecationWarning)
            pid = os.fork()
        if pid == 0:
            code = FAILED
            try:
                code = become(asked, files, owner)
            finally:
                finish(code)
        if owner is not None:
            os.close(owner)
        self.forks[pid] = asking
        if asked["owned"]:
            self.owned.add(asking)
        self.selector.register(asking, selectors.EVENT_READ, lambda: self._left(asking))
        handle = os.pidfd_open(pid)
        with suppress(OSError):  # who asked has gone: its end will be heard as that of any other
            wire.send(asking, {"pid": pid}, (handle,))
        os.close(handle)

    def _left(self, asking: socket.socket) -> None:
        """The other end has gone: a fork that it owned goes, too."""
        with suppress(OSError):
            if asking.recv(1):
                return
        self.selector.unregister(asking)
        if asking in self.owned:
            for pid, its in self.forks.items():
                if its is asking:
                    _end(pid)

    def _orphaned(self) -> None:
        """Whom it belongs to has ended: so does it, after its forks."""
        self.selector.unregister(self.owner)  # type: ignore[arg-type]  # it is what woke this
        self._retire()

    def _woken(self, ended: socket.socket) -> None:
        with suppress(BlockingIOError):
            ended.recv(4096)

    def _reap(self) -> None:
        """Tell those who wait how their forks ended."""
        for pid in list(self.forks):
            found, status = os.waitpid(pid, os.WNOHANG)
            if not found:
                continue
            asking = self.forks.pop(pid)
            self.owned.discard(asking)
            with suppress(OSError):
                wire.send(asking, {"exit": os.waitstatus_to_exitcode(status)})
            with suppress(KeyError, ValueError):
                self.selector.unregister(asking)
            asking.close()
            self.used = time.monotonic()

    def _retire(self) -> None:
        """Take no more requests: another one takes the place."""
        if self.retired:
            return
        self.retired = True
        self.path.unlink(missing_ok=True)
        self.selector.unregister(self.listener)
        self.listener.close()
        fcntl.flock(self.lock, fcntl.LOCK_UN)


def _end(pid: int) -> None:
    """Kill a fork and what it has started; one that is so young that it leads no group yet, alone."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
        os.killpg(pid, signal.SIGKILL)


def main(arguments: list[str]) -> int:
    """Import, and leave a zygote behind for each kind that has none. The tag names their sockets."""
    sys.path[:] = [one for one in sys.path if one not in ("", str(Path.cwd()))]
    tag, seconds, *kinds = arguments
    told = {kind: names.split(",") for kind, _, names in (one.partition("=") for one in kinds)}
    paths = {kind: place.socket_of(tag, kind) for kind in told}
    locks = {kind: lock for kind, path in paths.items() if (lock := _locked(path)) is not None}
    # ipykernel reads it at its import, to look for it among a kernel's own parents; a fork's owner is another.
    os.environ["JPY_PARENT_PID"] = "1"
    os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"  # no word about frozen modules at the debugger's import
    began = time.time_ns()
    for kind, names in told.items():
        if not locks:
            break
        packages.load(names)
        lock = locks.pop(kind, None)
        if lock is not None and os.fork() == 0:
            for other in locks.values():
                other.close()
            return _serve(paths[kind], lock, float(seconds), began)
        if lock is not None:
            lock.close()  # the fork holds it
    return 0


def _locked(path: Path) -> BinaryIO | None:
    """The lock of a zygote that is to be; None where another one is there, or on its way."""
    lock = path.with_suffix(".lock").open("wb")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        return None
    return lock


def _serve(path: Path, lock: BinaryIO, idle: float, began: int) -> int:
    """Fork for whoever asks at a path, until nobody does."""
    setproctitle(f"workbench: Python to fork from ({path.stem})")
    seen = packages.Installed.now()
    unfit = _unfit(seen, began)
    if unfit:
        sys.stderr.write(f"{unfit}: nothing is forked from here.\n")
        return 1
    zygote = Zygote(_listening(path), path, seen, lock, idle, owner=_owner())
    gc.collect()
    gc.freeze()  # so that collecting in a fork copies no page of what it shares
    zygote.serve()
    return 0


def _owner() -> int | None:
    """The pipe that stands for who has started it, where it shall end with that one."""
    return 0 if stat.S_ISFIFO(os.fstat(0).st_mode) else None


def _unfit(seen: packages.Installed, began: int) -> str:
    """Why nothing can be forked from what was imported; empty where it can."""
    if seen.newest >= began:
        return "Packages have changed while they were imported"
    names = [thread.name for thread in threading.enumerate() if thread is not threading.main_thread()]
    return f"A package has started threads when it was imported ({', '.join(names)})" if names else ""


def _listening(path: Path) -> socket.socket:
    """A socket that appears at its path when it answers."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    beside = path.with_suffix(f".{os.getpid()}")
    listener.bind(str(beside))
    listener.listen(64)
    beside.rename(path)
    return listener


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
