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
import shutil
import subprocess
import sys
import tempfile
import time
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from workbench.core.store import write_text
from workbench.errors import MissingExtra
from workbench.settings import Settings, settings

COMPILED = ("numpy", "uvicorn", "httptools")
PIPELINE = (*COMPILED, "pandas", "scikit-learn", "skops")
PATIENCE = 15.0  # seconds that the index may take; packaging goes on without it
ASK_AGAIN = 600.0  # seconds after which an index that did not answer is asked again
HASH = "--hash=sha256:"


def requirements(compiled: bool) -> str:
    """Lines of a requirements file: names and exact versions with all that they need, no addresses.

    Parameters
    ----------
    compiled : bool
        False adds scikit-learn and pandas, which a pipeline without tables needs.

    Examples
    --------
    >>> [line.split("==")[0] for line in requirements(True).splitlines()][-2:]
    ['numpy', 'uvicorn']
    """
    found: dict[str, str] = {}
    for name in COMPILED if compiled else PIPELINE:
        _add(name, found)
    return "".join(f"{name}=={version}\n" for name, version in sorted(found.items()))


def hashed(lines: str, of: Settings | None = None) -> str:
    """A lock with the SHA-256 of every file of its packages, for all platforms; unchanged where no index answers.

    Packages that another system needs besides come with a marker, such as ``tzdata`` on Windows.
    ``UV_OFFLINE`` or ``PIP_NO_INDEX`` in the environment keeps it from asking.

    Parameters
    ----------
    lines : str
        What :func:`requirements` gave.
    of : Settings, optional
        Says where the answer is kept.

    Examples
    --------
    >>> has_hashes(hashed("a-package-of-this-machine-alone==1.0\n"))
    False
    """
    kept = (of or settings()).home / "locks" / f"{hashlib.sha256(lines.encode()).hexdigest()[:32]}.txt"
    if not _is_fresh(kept):
        write_text(kept, "" if _is_offline() else _asked(lines))
    return kept.read_text(encoding="utf-8") or lines


def has_hashes(lock: str) -> bool:
    r"""Whether each package of a lock comes with a hash.

    >>> has_hashes("h11==0.16.0 --hash=sha256:4e35\nsix==1.17.0\n")
    False
    """
    packages = [line for line in lock.replace("\\\n", " ").splitlines() if line.strip()]
    return bool(packages) and all(HASH in line for line in packages)


def uv_program() -> str | None:
    """Path of uv, if it is installed."""
    try:
        from uv import find_uv_bin

        return str(find_uv_bin())
    except (ImportError, FileNotFoundError):
        return shutil.which("uv")


def uv_environment() -> dict[str, str]:
    """The environment for uv, which reads its own configuration only, with what pip was told about the index."""
    told = dict(os.environ)
    for name, key in {"UV_DEFAULT_INDEX": "index-url", "SSL_CERT_FILE": "cert"}.items():
        value = None if told.get(name) else _pip_setting(key)
        if value:
            told[name] = value
    return told


def _is_fresh(kept: Path) -> bool:
    """An answer holds for good; that there was none, for a while."""
    try:
        state = kept.stat()
    except FileNotFoundError:
        return False
    return state.st_size > 0 or time.time() - state.st_mtime < ASK_AGAIN


def _is_offline() -> bool:
    told = (os.environ.get(name, "").lower() for name in ("UV_OFFLINE", "UV_NO_INDEX", "PIP_NO_INDEX"))
    return any(value not in ("", "0", "false", "no") for value in told)


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
    found = done.stdout.decode(errors="replace")
    return found if done.returncode == 0 and _is_the_same(lines, found) else ""


def _is_the_same(lines: str, found: str) -> bool:
    """All that was asked for, in these versions, with hashes and without an address."""
    asked = {line for line in lines.splitlines() if line}
    return (
        asked <= {line.split()[0] for line in found.splitlines() if line} and has_hashes(found) and "://" not in found
    )


def _pip_setting(key: str) -> str | None:
    value = os.environ.get(f"PIP_{key.replace('-', '_').upper()}")
    if value:
        return value
    command = [sys.executable, "-m", "pip", "config", "get", f"global.{key}"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
    except (subprocess.TimeoutExpired, OSError):
        return None
    return done.stdout.strip() or None if done.returncode == 0 else None


def _add(name: str, found: dict[str, str]) -> None:
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    key = canonicalize_name(name)
    if key in found:
        return
    try:
        package = distribution(name)
    except PackageNotFoundError as error:
        raise MissingExtra(
            f"A bundle needs {name!r}, which is not installed. Install it with: pip install {name}"
        ) from error
    found[key] = package.version
    for line in package.requires or ():
        needed = Requirement(line)
        if needed.marker is None or needed.marker.evaluate({"extra": ""}):
            _add(needed.name, found)
