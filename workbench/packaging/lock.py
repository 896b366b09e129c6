"""The exact packages that a bundle needs, from this environment, with the hashes of their files from the index.

What is installed does not know the hash of the file that it came from. So the package index is asked, at packaging
time, for the SHA-256 of every file of these versions: then whoever installs from the lock gets these files or nothing.
It is uv that asks, with the index that pip or uv is configured with; the lock holds no address. Where no index can be
reached, packaging goes on and the lock has no hashes, which the verification says. The answer is kept in Workbench's
home, so the next bundle with the same packages asks nobody.
"""

from __future__ import annotations

import hashlib
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from workbench.errors import Damaged, MissingExtra
from workbench.packaging.child_environment import installer_environment
from workbench.settings import Settings, settings
from workbench.storage.files import write_text

NOT_ON_WINDOWS = ("uvloop",)
# filelock: keys are managed from a bundle too, and two who change their file take turns.
COMPILED = (
    "numpy",
    "filelock",
    "uvicorn",
    "httptools",
    "msgspec",
    *(NOT_ON_WINDOWS if sys.platform != "win32" else ()),
)
PIPELINE = (*COMPILED, "pandas", "scikit-learn", "skops")
PATIENCE = 15.0  # seconds that the index may take; packaging goes on without it
ASK_AGAIN = 600.0  # seconds after which an index that did not answer is asked again
HASH = "--hash=sha256:"
_SHA256 = re.compile(r"[0-9a-f]{64}")


def requirements(compiled: bool, others: Iterable[str] = ()) -> str:
    """Lines of a requirements file: names and exact versions with all that they need, no addresses.

    Parameters
    ----------
    compiled : bool
        False adds scikit-learn and pandas, which a pipeline without tables needs.
    others : iterable of str
        Packages that this very pipeline needs besides.

    Examples
    --------
    >>> [line.split("==")[0] for line in requirements(True).splitlines()][-2:]
    ['uvicorn', 'uvloop']
    """
    versions: dict[str, str] = {}
    for name in (*(COMPILED if compiled else PIPELINE), *others):
        _add(name, versions)
    marker = dict.fromkeys(NOT_ON_WINDOWS, " ; sys_platform != 'win32'")
    return "".join(f"{name}=={version}{marker.get(name, '')}\n" for name, version in sorted(versions.items()))


def hashed(lines: str, given: Settings | None = None) -> str:
    r"""A lock with the SHA-256 of every file of its packages, for all platforms; unchanged where no index answers.

    Packages that another system needs besides come with a marker, such as ``tzdata`` on Windows.
    ``UV_OFFLINE`` or ``PIP_NO_INDEX`` in the environment keeps it from asking.

    Parameters
    ----------
    lines : str
        What :func:`requirements` gave.
    given : Settings, optional
        Says where the answer is kept.

    Examples
    --------
    >>> has_hashes(hashed("a-package-of-this-machine-alone==1.0\n"))
    False
    """
    kept = (given or settings()).home / "locks" / f"{hashlib.sha256(lines.encode()).hexdigest()[:32]}.txt"
    if not _is_fresh(kept):
        write_text(kept, "" if _is_offline() else _asked(lines))
    return kept.read_text(encoding="utf-8") or lines


@dataclass(frozen=True)
class Pinned:
    """One package of a lock.

    Parameters
    ----------
    name, version : str
        As on the index.
    marker : str
        On which systems it is needed; empty for all.
    hashes : tuple of str
        SHA-256 of each file that it may come from, 64 hexadecimal digits.
    """

    name: str
    version: str
    marker: str = ""
    hashes: tuple[str, ...] = ()


def read_lock(text: str) -> list[Pinned]:
    """The packages of a lock, which may be somebody else's.

    Raises
    ------
    Damaged
        If a line is anything but a name, an exact version, a marker and SHA-256 hashes: an address or an option would
        make the installer fetch or run what the lock does not name.

    Examples
    --------
    >>> read_lock("h11==0.16.0\\nsix==1.17.0 ; sys_platform == 'win32'\\n")[1].marker
    'sys_platform == "win32"'
    """
    lines = text.replace("\\\n", " ").splitlines()
    return [_pinned(line) for line in lines if line.strip() and not line.startswith("#")]


def has_hashes(lock: str) -> bool:
    """Whether each package of a lock comes with a hash.

    >>> has_hashes("six==1.17.0")
    False
    """
    packages = read_lock(lock)
    return bool(packages) and all(package.hashes for package in packages)


def uv_program() -> str | None:
    """Path of uv, if it is installed."""
    try:
        from uv import find_uv_bin

        return str(find_uv_bin())
    except (ImportError, FileNotFoundError):
        return shutil.which("uv")


def uv_environment() -> dict[str, str]:
    """The environment for uv, which reads its own configuration only, with what pip was told about the index."""
    # An empty switch is a mistake.
    environment = {name: value for name, value in installer_environment().items() if value}
    for name, key in {"UV_DEFAULT_INDEX": "index-url", "SSL_CERT_FILE": "cert"}.items():
        value = None if environment.get(name) else _pip_setting(key)
        if value:
            environment[name] = value
    return environment


def _pinned(line: str) -> Pinned:
    from packaging.requirements import InvalidRequirement, Requirement

    asked, *hashes = line.split(HASH)
    try:
        needed = Requirement(asked.strip())
    except InvalidRequirement as error:
        raise _no_lock(line) from error
    exact = [s for s in needed.specifier if s.operator == "==" and not s.version.endswith("*")]
    plain = len(exact) == len(needed.specifier) == 1 and not needed.url and not needed.extras
    if not plain or not all(_SHA256.fullmatch(digest.strip()) for digest in hashes):
        raise _no_lock(line)
    marker = str(needed.marker) if needed.marker else ""
    return Pinned(needed.name, exact[0].version, marker, tuple(digest.strip() for digest in hashes))


def _no_lock(line: str) -> Damaged:
    return Damaged(
        f"requirements.lock holds {line.strip()[:80]!r}, which is no exact version of a package. "
        "Package the model again."
    )


def _is_fresh(kept: Path) -> bool:
    """An answer holds for good; that there was none, for a while."""
    try:
        state = kept.stat()
    except FileNotFoundError:
        return False
    return state.st_size > 0 or time.time() - state.st_mtime < ASK_AGAIN


def _is_offline() -> bool:
    switches = (os.environ.get(name, "").lower() for name in ("UV_OFFLINE", "UV_NO_INDEX", "PIP_NO_INDEX"))
    return any(value not in ("", "0", "false", "no") for value in switches)


def _asked(lines: str) -> str:
    """The lock with its hashes, or nothing."""
    program = uv_program()
    if program is None:
        return ""
    options = ("--universal", "--generate-hashes", "--no-emit-index-url", "--no-header", "--no-annotate", "--quiet")
    with tempfile.TemporaryDirectory() as scratch:  # so that no project's own configuration is met
        Path(scratch, "requirements.in").write_text(lines, encoding="utf-8")
        command = [program, "pip", "compile", *options, "--python", sys.executable, "requirements.in"]
        limits = {"UV_HTTP_TIMEOUT": "5", "UV_HTTP_RETRIES": "1"}
        try:
            done = subprocess.run(
                command, capture_output=True, timeout=PATIENCE, cwd=scratch, env={**uv_environment(), **limits}
            )
        except (subprocess.TimeoutExpired, OSError):
            return ""
    answer = done.stdout.decode(errors="replace")
    return answer if done.returncode == 0 and _is_the_same(lines, answer) else ""


def _is_the_same(lines: str, answer: str) -> bool:
    """All that was asked for, in these versions, with hashes and without an address."""
    try:
        packages = read_lock(answer)
    except Damaged:
        return False
    asked = {(package.name, package.version) for package in read_lock(lines)}
    return all(p.hashes for p in packages) and asked <= {(p.name, p.version) for p in packages}


def _pip_setting(key: str) -> str | None:
    value = os.environ.get(f"PIP_{key.replace('-', '_').upper()}")
    if value:
        return value
    command = [sys.executable, "-m", "pip", "config", "get", f"global.{key}"]
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=PATIENCE,
            env=installer_environment(),
        )
    except (subprocess.TimeoutExpired, OSError):
        return None
    return done.stdout.strip() or None if done.returncode == 0 else None


def _add(name: str, versions: dict[str, str]) -> None:
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    key = canonicalize_name(name)
    if key in versions:
        return
    try:
        package = distribution(name)
    except PackageNotFoundError as error:
        raise MissingExtra(
            f"A bundle needs {name!r}, which is not installed. Install it with: pip install {shlex.quote(name)}"
        ) from error
    versions[key] = package.version
    for line in package.requires or ():
        needed = Requirement(line)
        if needed.marker is None or needed.marker.evaluate({"extra": ""}):
            _add(needed.name, versions)
