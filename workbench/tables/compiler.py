"""The C file beside this one as a library, compiled once for a user by the C compiler that is there.

Only our own file is compiled, never one that a bundle brought; what runs inside a bundle is its own copy of this
package, with the file whose hash its manifest has. A library can do anything when it is loaded. So it is kept in a
folder that nobody else can write, under a name that has the hash of the source, the compiler and the flags, and of the
library itself: what was cut off or changed is not loaded, but made anew.
"""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from workbench.settings import compiled_folder, compiler
from workbench.storage.owned import safe, shut

SOURCE = Path(__file__).with_name("kernel.c")
# A sum that is fused or reordered has other last digits than numpy's.
FLAGS = ("-std=c99", "-O3", "-ffp-contract=off", "-fno-fast-math", "-fPIC", "-shared", "-fvisibility=hidden")
PATIENCE = 120.0  # seconds that a compiler may take
_HAS = ("PATH", "SYSTEMROOT", "SDKROOT", "DEVELOPER_DIR")  # what a compiler may see of the environment


def library(make: bool = True) -> Path | None:
    """The library for this machine; None where there is none, and no compiler or no safe place to make it.

    Parameters
    ----------
    make : bool
        Whether to compile it where it is not there, which takes a few seconds.
    """
    try:
        return _library(make)
    except OSError as error:  # a bundle whose model has no trees does not carry the source
        logging.getLogger(__name__).info("The compiled loops over trees can't be looked for: %s", type(error).__name__)
        return None


def can_be_made() -> bool:
    """Whether there is a library, or a compiler and a place for it."""
    place = folder()
    if place is None or not SOURCE.is_file():
        return False
    return (_command() is not None and os.access(place, os.W_OK)) or library(make=False) is not None


def folder() -> Path | None:
    """Where libraries are kept, made where it is not there; None where no folder is safe."""
    try:
        place = compiled_folder()
        if place is None:
            return None
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        place = place.resolve(strict=True)
        return place if safe(place, administered=True) else None
    except OSError:
        return None


def _library(make: bool) -> Path | None:
    place = folder()
    if place is None:
        return None
    source, command = SOURCE.read_bytes(), _command()
    name = f"{_key(source)}-{'any' if command is None else _identity(command)}"
    found = next(_sound(place, name if command else name.removesuffix("any")), None)
    if found is not None or command is None or not make or not os.access(place, os.W_OK):
        return found
    return _made(source, command, place, name)


def _command() -> str | None:
    """The compiler's path; a name is looked up on the PATH, but never in the working folder."""
    named = compiler()
    found = None if named is None else shutil.which(named)
    return found if found and Path(found).is_absolute() else None


def _key(source: bytes) -> str:
    """Of all that decides what a library is, but for the compiler that made it."""
    machine = [*FLAGS, sys.platform, os.uname().machine if hasattr(os, "uname") else os.name]
    machine.append(str(getattr(sys.implementation, "_multiarch", "")))  # which C library
    return f"kernel-{sha256(source + ' '.join(machine).encode()).hexdigest()[:20]}"


def _identity(command: str) -> str:
    """Of a compiler, without asking it: another version is another file."""
    path = Path(command).resolve()
    there = path.stat()
    return sha256(f"{path} {there.st_size} {there.st_mtime_ns}".encode()).hexdigest()[:12]


def _sound(place: Path, name: str) -> Iterator[Path]:
    """Libraries of a name that are what was written; others are taken away."""
    for path in sorted(place.glob(f"{name}*.so")):
        with suppress(OSError):
            if not shut(path):
                continue
            if path.name.endswith(f"-{_hash(path)}.so"):
                yield path
            else:
                path.unlink()


def _hash(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()[:32]


def _made(source: bytes, command: str, place: Path, name: str) -> Path | None:
    """Compile it beside what is kept, and move it there in one step: another process may do the same."""
    try:
        with tempfile.TemporaryDirectory(prefix="making-", dir=place) as room:
            made = Path(room) / "kernel.so"
            _compile(source, [command, *FLAGS, "-x", "c", "-o", str(made), "-"], room)
            kept = place / f"{name}-{_hash(made)}.so"
            made.replace(kept)
            return kept
    except (OSError, subprocess.SubprocessError) as error:
        told = getattr(error, "stderr", None) or str(error)
        logging.getLogger(__name__).info("The loops over trees can't be compiled, numpy does it: %s", told[-300:])
        return None


def _compile(source: bytes, command: list[str], room: str) -> None:
    """The very bytes that the name has the hash of; whoever answers rows meanwhile goes first."""
    seen = {name: os.environ[name] for name in _HAS if name in os.environ}
    pipe = subprocess.PIPE
    env = {**seen, "TMPDIR": room, "LC_ALL": "C"}
    mask = 0o022 if hasattr(os, "getuid") else -1  # an image is built by one user and run by another
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, stdin=pipe, stdout=quiet, stderr=pipe, cwd=room, env=env, umask=mask) as process:
        if hasattr(os, "setpriority"):
            with suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, process.pid, 10)
        try:
            _, told = process.communicate(source, timeout=PATIENCE)
        except BaseException:
            process.kill()
            raise
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command[0], stderr=told.decode("utf-8", "replace"))


def main() -> None:
    """``python -m workbench.tables.compiler``: compile it ahead, as an image is built; never a failure."""
    made = library()
    sys.stdout.write(
        "The loops over trees are compiled.\n" if made else "There is no C compiler: numpy walks the trees.\n"
    )


if __name__ == "__main__":
    main()
