"""Where the process that is forked from listens, and whom it may stand for.

A fork has the interpreter, the packages, the namespaces and the start-up variables of the process that it came from. So
there is one such process (a *zygote*) for each combination of these, in a folder that is the user's own: whoever asks
for another combination does not find it.
"""

from __future__ import annotations

import hashlib
import os
import stat
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

# Variables that act when a process starts, or when a library is loaded, and never again.
AT_START = (
    "ARROW_", "BLIS_", "GLIBC_", "GOTO_", "JOBLIB_", "KMP_", "LANG", "LC_", "LD_", "MALLOC_", "MKL_", "MLFLOW_",
    "NPY_", "NUMBA_", "NUMEXPR_", "OMP_", "OPENBLAS_", "POLARS_", "PYTHON", "TZ", "VECLIB_",
)  # fmt: skip
NAMESPACES = ("cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts")
TAGGED = 16  # digits of the name: a socket's path has at most 107 bytes


def possible() -> bool:
    """Whether this system lets a process be forked and watched safely: Linux, with descriptors of processes."""
    return sys.platform == "linux" and hasattr(os, "pidfd_open") and Path("/proc/self/cgroup").exists()


def at_start(environment: Mapping[str, str]) -> dict[str, str]:
    """The variables of an environment that act only when a process starts.

    >>> at_start({"OMP_NUM_THREADS": "2", "PYTHONPATH": "/src", "HOME": "/root"})
    {'OMP_NUM_THREADS': '2', 'PYTHONPATH': '/src'}
    """
    return {name: value for name, value in sorted(environment.items()) if name.startswith(AT_START)}


def tag(environment: Mapping[str, str]) -> str:
    """What tells zygotes apart: a hash of all that a fork can't change, and of where they listen."""
    told = [
        str(folder()),
        sys.executable,
        sys.prefix,
        sys.version,
        str(Path(__file__).parent),
        str(os.getuid()),
        str(os.getgid()),
    ]
    told += [str(sorted(os.getgroups())), *(str(Path(f"/proc/self/ns/{name}").readlink()) for name in _namespaces())]
    told += [Path("/proc/self/cgroup").read_text(encoding="utf-8"), repr(at_start(environment))]
    return hashlib.sha256("\0".join(told).encode()).hexdigest()[:TAGGED]


def folder() -> Path:
    """The user's own folder for sockets; made where it is not there.

    Raises
    ------
    PermissionError
        If it is somebody else's, or others may look into it.
    """
    root = Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir())
    found = root / f"workbench-{os.getuid()}"
    found.mkdir(mode=stat.S_IRWXU, exist_ok=True)
    told = found.lstat()
    if not stat.S_ISDIR(told.st_mode) or told.st_uid != os.getuid() or stat.S_IMODE(told.st_mode) & 0o077:
        raise PermissionError(f"{found} is not this user's own folder. Remove it.")
    return found


def socket_of(tag: str, kind: str) -> Path:
    """Where the zygote of a kind of process listens; its lock lies beside it."""
    return folder() / f"{tag}-{kind}.sock"


def _namespaces() -> list[str]:
    return [name for name in NAMESPACES if os.path.lexists(f"/proc/self/ns/{name}")]
