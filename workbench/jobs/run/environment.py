"""What a job runs in, written beside its record before its first cell runs.

The kernel tells of itself with the answer that sets it up for a job. Packages are read from the names of the folders
that installers make on the kernel's own path, which takes two milliseconds for 250 of them; git is asked in a thread
while the kernel starts.
"""

from __future__ import annotations

import ast
import json
import os
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.core.environment import JobEnvironment, Repository
from workbench.errors import StoreError
from workbench.jobs.run.repositories import repositories
from workbench.storage.files import write_json

if TYPE_CHECKING:
    from workbench.core.job import Job

FILE = "environment.json"
ASKED = "environment"  # under which the kernel is asked
# Variables that change what is computed, or in which order and form it is told.
TOLD = (
    "BLIS_NUM_THREADS", "LANG", "LC_ALL", "LC_NUMERIC", "LC_TIME", "MKL_CBWR", "MKL_NUM_THREADS",
    "NPY_DISABLE_CPU_FEATURES", "NPY_ENABLE_CPU_FEATURES", "NUMEXPR_NUM_THREADS", "OMP_NUM_THREADS",
    "OPENBLAS_CORETYPE", "OPENBLAS_NUM_THREADS", "POLARS_MAX_THREADS", "PYTHONHASHSEED", "PYTHONOPTIMIZE", "TZ",
    "VECLIB_MAXIMUM_THREADS",
)  # fmt: skip
# Evaluated by a Python kernel; a text of JSON. Nothing is imported that a kernel has not.
EXPRESSION = (
    "(lambda json, os, sys, platform: json.dumps({"
    "'python': platform.python_version(), 'implementation': platform.python_implementation(), "
    "'platform': platform.system() + ' ' + platform.release(), 'machine': platform.machine(), "
    "'processors': len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count() or 0, "
    f"'variables': {{n: os.environ[n] for n in {TOLD!r} if n in os.environ}}, "
    "'hashing': format(hash('workbench') % 2**64, 'x'), 'path': [str(p) for p in sys.path]}))"
    "(*map(__import__, ('json', 'os', 'sys', 'platform')))"
)
# Of a processor's flags those by which NumPy, OpenBLAS, oneMKL and LightGBM choose how to compute.
_CHOSEN_BY = frozenset((
    "sse3", "ssse3", "sse4_1", "sse4_2", "avx", "f16c", "fma", "avx2", "avx512f", "avx512cd", "avx512bw", "avx512dq",
    "avx512vl", "avx512ifma", "avx512vbmi", "avx512_vnni", "avx512_bf16", "avx512_fp16", "avx_vnni", "amx_tile",
    "amx_int8", "amx_bf16", "neon", "asimd", "asimdhp", "asimddp", "sve", "sve2", "vsx", "vx",
))  # fmt: skip


class Look:
    """Looks at what a job runs in, and writes it down when its kernel has told of itself.

    Parameters
    ----------
    job : Job
        With its ``path``.
    masked : callable
        Takes plain JSON and gives it without secrets.
    """

    def __init__(self, job: Job, masked: Callable[[Any], Any] = lambda plain: plain) -> None:
        self._folder, self._masked, self._works_in = job.path, masked, job.folder
        self._found = JobEnvironment(problem="its kernel has not told")
        self._path: list[str] = []
        self._turn = threading.Lock()
        self._asked = threading.Thread(target=self._ask, args=(job,), name="git", daemon=True)
        self._asked.start()

    def _ask(self, job: Job) -> None:
        folders = (Path(job.notebook).parent, Path(job.folder or os.curdir))
        self._learn(repositories=repositories(folders, but=job.path.parent.parent))
        if not self._found.problem:  # else it is written with what the kernel tells
            self._write()

    def started(self, answer: Any) -> None:
        """Write down what a kernel has answered, an ``execute_reply``, or None of one that is not asked."""
        told = _told(answer)
        self._path = told.pop("path", [])
        known = {"packages": packages(self._path), "problem": ""} if told else {"problem": "it is no Python kernel"}
        self._learn(**told, **known, **_processor())
        self._write()

    def ended(self) -> None:
        """Write down what was installed in the meantime, and whatever was not written yet."""
        self._asked.join(timeout=1.0)
        if self._asked.is_alive():
            self._learn(repositories=(Repository(self._works_in, problem="git had not answered when the job ended"),))
            self._write()
        before, now = self._found.packages, packages(self._path)
        changed = {name: now.get(name, "") for name in sorted({*before, *now}) if before.get(name) != now.get(name)}
        if changed or self._found.problem:
            self._learn(installed=changed)
            self._write()

    def _learn(self, **known: Any) -> None:
        with self._turn:
            self._found = replace(self._found, **known)

    def _write(self) -> None:
        """A record of the environment that can't be written is no failure of the job; the job's own record is."""
        with self._turn, suppress(OSError, StoreError):
            if self._folder.is_dir():
                told = self._found.document()
                packages = told.pop("packages")  # hundreds of names and versions, none of them a secret
                write_json(self._folder / FILE, {**self._masked(told), "packages": packages})


def environment(job: Job) -> JobEnvironment | None:
    """What a job ran in; None where that was not written, as by older versions.

    Parameters
    ----------
    job : Job
        With its ``path``.

    Raises
    ------
    Damaged
        If the file is not what was written.
    """
    path = job.path / FILE
    return JobEnvironment.load(path) if os.path.lexists(path) else None


def packages(path: Iterable[str]) -> dict[str, str]:
    """Version of each installed distribution by its name, as Python finds them on a path: the first of a name counts.

    Parameters
    ----------
    path : iterable of str
        Folders, as in ``sys.path``; others are passed over.

    Examples
    --------
    >>> import sys
    >>> "numpy" in packages(sys.path), packages(["/no/such"])
    (True, {})
    """
    found: dict[str, str] = {}
    for folder in path:
        with suppress(OSError, ValueError):
            for entry in sorted(os.listdir(folder or os.curdir)):  # noqa: PTH208 - names alone, in a tenth of the time
                name, version = _distribution(folder, entry)
                if name:
                    found.setdefault(name, version)
    return dict(sorted(found.items()))


def _distribution(folder: str, entry: str) -> tuple[str, str]:
    """Name and version from an installer's folder: ``NAME-VERSION.dist-info``, or an older ``.egg-info``."""
    stem, _, ending = entry.rpartition(".")
    if ending not in ("dist-info", "egg-info"):
        return "", ""
    if ending == "egg-info":
        stem = stem.partition("-py")[0]
    name, _, version = stem.partition("-")
    return name.lower().replace("_", "-").replace(".", "-"), version or _written(folder, entry)


def _written(folder: str, entry: str) -> str:
    """The version of a folder whose name tells none, as of a checkout that was installed in place."""
    for file in ("METADATA", "PKG-INFO"):
        with suppress(OSError):
            lines = Path(folder or os.curdir, entry, file).read_text("utf-8", "replace").splitlines()[:20]
            return next((line[8:].strip() for line in lines if line.startswith("Version:")), "")
    return ""


def _told(answer: Any) -> dict[str, Any]:
    """What a kernel has told; nothing where it was not asked or answers something else."""
    try:
        said = answer["content"]["user_expressions"][ASKED]["data"]["text/plain"]
        told = json.loads(ast.literal_eval(said))
        return dict(told) if isinstance(told, dict) else {}
    except (LookupError, TypeError, ValueError, SyntaxError):
        return {}


def _processor() -> dict[str, Any]:
    """Name and instructions, where Linux tells them."""
    try:
        with Path("/proc/cpuinfo").open(encoding="utf-8", errors="replace") as file:
            lines = file.read(8192).splitlines()
    except OSError:
        return {}
    told: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(":")
        told.setdefault(name.strip(), value.strip())
    flags = (told.get("flags") or told.get("Features") or "").split()
    return {"processor": told.get("model name", ""), "features": tuple(sorted(_CHOSEN_BY.intersection(flags)))}
