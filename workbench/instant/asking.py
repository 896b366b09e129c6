"""Asking for a process that starts at once, and starting the one that it is forked from."""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from subprocess import TimeoutExpired
from typing import Any, BinaryIO

from workbench.instant import place, wire
from workbench.instant.packages import USUAL, kind_of
from workbench.settings import instant_seconds

UNKNOWN = 1  # the exit code of a fork whose zygote is gone
# What a zygote needs of its starter's environment besides what acts at a start; each fork gets that of who asked.
NEEDED = ("HOME", "PATH", "TMPDIR", "USER", "XDG_RUNTIME_DIR")


class Unforked(Exception):
    """No process was forked; the message says why, and the caller starts one as usual."""


class NotYet(Unforked):
    """There is nothing to fork from; :func:`warm` makes it."""


class Forked:
    """A forked process, with what :class:`subprocess.Popen` offers of it.

    Parameters
    ----------
    pid : int
    handle : int
        Its descriptor: no other process that is given the number later can be meant.
    zygote : socket
        Tells the exit code. A process that is *owned* ends when this is closed.
    """

    stdin = stdout = stderr = None

    def __init__(self, pid: int, handle: int, zygote: socket.socket) -> None:
        self.pid = pid
        self._handle, self._zygote = handle, zygote
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """The exit code, None as long as it lives; of a signal minus its number."""
        if self.returncode is None and select.select([self._handle], [], [], 0)[0]:
            self._ended()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end.

        Raises
        ------
        subprocess.TimeoutExpired
            If it lives longer.
        """
        if self.returncode is None:
            if not select.select([self._handle], [], [], timeout)[0]:
                raise TimeoutExpired(str(self.pid), timeout or 0.0)
            self._ended()
        assert self.returncode is not None
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal to it, unless it has ended."""
        if self.poll() is None:
            signal.pidfd_send_signal(self._handle, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)

    def _ended(self) -> None:
        try:
            heard = wire.hear(self._zygote)
        except (OSError, ValueError):
            heard = None
        code = heard[0].get("exit") if heard else None
        self.returncode = code if isinstance(code, int) else UNKNOWN
        self._zygote.close()
        os.close(self._handle)


def forked(
    argv: Sequence[str],
    env: Mapping[str, str],
    cwd: str | os.PathLike[str] | None = None,
    files: tuple[int, int, int] = (0, 1, 2),
    passed: Sequence[int] = (),
    *,
    owned: bool,
    kind: str | None = None,
) -> Forked:
    """A process that runs ``python -m MODULE …`` at once, as if it had been started.

    Parameters
    ----------
    argv : sequence of str
        The interpreter, ``-m``, the module, its arguments.
    env : mapping
        Its environment.
    cwd : path, optional
        Its working folder; by default this process's.
    files : tuple of int
        Descriptors that become its input, output and error.
    passed : sequence of int
        Further ones, which have the same numbers there.
    owned : bool
        Whether it ends with this process.
    kind : str, optional
        Of the process that it is forked from; by default the usual one of the module.

    Raises
    ------
    NotYet
        If there is nothing to fork from.
    Unforked
        If what is there can't be what is asked.
    """
    module, *arguments = _module(argv)
    asked = {"argv": [module, *arguments], "env": dict(env), "cwd": str(cwd or Path.cwd()), "owned": owned}
    connection = _connected(env, kind or kind_of(module))
    from workbench.instant.limits import own  # what it looks at is there where forks are

    try:
        wire.send(connection, {**asked, "passed": list(passed), **own()}, (*files, *passed))
        said = wire.hear(connection)
    except (OSError, ValueError) as error:
        connection.close()
        raise Unforked(f"the process to fork from does not answer ({error})") from error
    if said is None or "pid" not in said[0]:
        connection.close()
        raise _refused(said)
    return Forked(said[0]["pid"], said[1][0], connection)


def _refused(said: tuple[dict[str, Any], tuple[int, ...]] | None) -> Unforked:
    """Why a zygote forked nothing; one whose packages have changed makes room for another."""
    if said is None:
        return NotYet("the process to fork from ended")
    why = str(said[0].get("refused"))
    return NotYet(why) if said[0].get("retired") else Unforked(why)


def started(
    argv: Sequence[str],
    env: Mapping[str, str],
    cwd: str | os.PathLike[str] | None,
    log: BinaryIO,
    passed: Sequence[int] = (),
) -> Forked | subprocess.Popen[bytes]:
    """A process that outlives this one: forked where that can be, else started as usual, which its log says.

    Parameters
    ----------
    argv, env, cwd, passed
        As :func:`forked` takes them.
    log : binary file
        Gets its output and errors.
    """
    with Path(os.devnull).open("rb") as nothing:
        try:
            return forked(argv, env, cwd, (nothing.fileno(), log.fileno(), log.fileno()), passed, owned=False)
        except Unforked as error:
            log.write(f"Started anew, for {error}.\n".encode())
            log.flush()
            if isinstance(error, NotYet):
                warm(env)
        return subprocess.Popen(
            argv,
            cwd=cwd,
            env=dict(env),
            stdin=nothing,
            stdout=log,
            stderr=log,
            start_new_session=True,
            pass_fds=passed,
        )


def warm(
    env: Mapping[str, str] | None = None, packages: Mapping[str, Sequence[str]] = USUAL, *, owned: bool = False
) -> None:
    """Start what processes with this environment are forked from, if nobody has; it is ready some seconds later.

    Parameters
    ----------
    env : mapping, optional
        By default that of this process.
    packages : mapping of str to sequence of str
        What it imports for each kind of process; each kind also has what the ones before it have.
    owned : bool
        Whether it ends with this process.
    """
    env = os.environ if env is None else env
    idle = instant_seconds()
    if idle and place.possible():
        with suppress(OSError):  # no folder, or somebody else's: whoever asks for a fork is told
            _start(env, idle, packages, owned)


def _start(env: Mapping[str, str], idle: float, packages: Mapping[str, Sequence[str]], owned: bool) -> None:
    if all(_is_there(env, kind) for kind in packages):
        return
    kept = {name: os.environ[name] for name in NEEDED if name in os.environ}
    told = [f"{kind}={','.join(names)}" for kind, names in packages.items()]
    with (place.folder() / f"{place.tag(env)}.log").open("wb") as log:
        starter = subprocess.Popen(
            [sys.executable, "-m", "workbench.instant.zygote", place.tag(env), str(idle), *told],
            env={**kept, **place.at_start(env)},
            cwd="/",
            stdin=_life() if owned else subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    threading.Thread(target=starter.wait, name="zygotes", daemon=True).start()  # it ends when all are there


@cache
def _life() -> int:
    """A pipe that nothing is written to: who has its other end is told that this process has ended."""
    reading, _ = os.pipe()  # neither end is closed before this process ends
    return reading


def ready(env: Mapping[str, str] | None = None, kind: str = "kernels") -> bool:
    """Whether processes of a kind with this environment can be forked now."""
    try:
        _connected(os.environ if env is None else env, kind).close()
    except Unforked:
        return False
    return True


def _is_there(env: Mapping[str, str], kind: str) -> bool:
    """Whether one takes requests, or is on its way to: it holds its lock meanwhile, and a dead one holds nothing."""
    import fcntl

    with place.socket_of(place.tag(env), kind).with_suffix(".lock").open("ab") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _module(argv: Sequence[str]) -> list[str]:
    """The module and its arguments, of a command that starts this interpreter."""
    command = [word for word in argv if word != "-Xfrozen_modules=off"]
    if len(command) < 3 or command[1] != "-m" or not _is_this(command[0]):
        raise Unforked("it is no module of this interpreter")
    return command[2:]


def _is_this(interpreter: str) -> bool:
    """Whether it is the interpreter of this environment; others have their own packages."""
    return Path(interpreter).absolute() == Path(sys.executable).absolute()


def _connected(env: Mapping[str, str], kind: str) -> socket.socket:
    if not place.possible() or not instant_seconds():
        raise Unforked("WORKBENCH_INSTANT is 0" if place.possible() else "this system can't fork safely")
    try:
        path = str(place.socket_of(place.tag(env), kind))
    except OSError as error:
        raise Unforked(str(error)) from error
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(wire.SECONDS)
    try:
        connection.connect(path)
    except OSError as error:
        connection.close()
        raise NotYet("there is no process to fork from yet") from error
    if wire.peer(connection)[1] != os.getuid():
        connection.close()
        raise Unforked("the process to fork from is somebody else's")
    return connection
