"""Where compiled loops are kept between processes, and who compiles them before anybody waits. Loads no numba.

numba keeps code as pickles, which can do anything when they are read. So they lie in a folder of the user's own cache
that nobody else can write, nor anything on the way to it; else nothing is kept, and each process compiles anew.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from contextlib import suppress
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

from platformdirs import user_cache_path

from workbench.storage.owned import safe

_COMPILED_FROM = ("loops.py", "../tables/walk.py", "compiling.py")
_STARTED: list[subprocess.Popen[bytes]] = []


@cache
def folder() -> Path | None:
    """The folder of this version's code for this Python, made where it is not there; None where none is safe."""
    try:
        place = user_cache_path("ml-workbench", appauthor=False) / "kernels" / _version()
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        place = place.resolve(strict=True)
        return place if safe(place) and os.access(place, os.W_OK) else None
    except OSError:
        return None


def kept() -> bool:
    """Whether the code for this machine lies there."""
    place = folder()
    return place is not None and (place / _mark()).exists()


def mark() -> None:
    """Say that the code for this machine is all there."""
    place = folder()
    if place is not None:
        (place / _mark()).touch()


def keep_ahead() -> None:
    """Have another process compile them, one that gives way to all others; this one goes on at once."""
    if kept() or folder() is None or any(process.poll() is None for process in _STARTED):
        return
    with suppress(OSError):  # it would only have been quicker
        _STARTED[:] = [
            subprocess.Popen(
                [sys.executable, "-m", "workbench.kernels"],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                env=os.environ.copy(),  # our own code, in the user's own place
            )
        ]


@cache
def _version() -> str:
    """Of the loops' source, numba and Python: code of another one is of no use."""
    source = b"".join((Path(__file__).parent / name).read_bytes() for name in _COMPILED_FROM)
    return sha256(source + f"{version('numba')} {sys.version}".encode()).hexdigest()[:16]


def _mark() -> str:
    """Name of the file that says that all is there for this processor: a home may be on several machines."""
    features = platform.processor() + platform.machine()
    with suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
        features += "".join(sorted({line for line in lines if line.startswith(("model name", "flags", "Features"))}))
    return f"all-{sha256(features.encode()).hexdigest()[:16]}"
