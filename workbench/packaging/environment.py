"""The environment in which a bundle is verified: a new one from its lock, or the present one."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from workbench.core.bundle import Bundle
from workbench.core.verification import Check
from workbench.errors import Damaged, Refused, shortened
from workbench.packaging.lock import has_hashes, read_lock, uv_environment, uv_program

PATIENCE = 900.0  # seconds for the packages to arrive
LOCK = "requirements.lock"
_SECRET = re.compile(r"(?<=://)[^/@\s]+@")
_UNHASHED = "by version alone: its lock has no hashes, since no index answered when it was packaged"


def build(bundle: Bundle, place: Path) -> tuple[str, Check]:
    """A new virtual environment with what the bundle's lock names, and nothing else.

    Returns
    -------
    python : str
        Its interpreter.
    check : Check
        How many packages of which size it took, and whether by their hashes.

    Raises
    ------
    Refused
        If the packages can't be had, or one is not what the lock's hash says.
    """
    hashed = has_hashes(_lock_of(bundle))
    for command in _commands(place, bundle.path / LOCK, hashed):
        _run(command, bundle, place.parent)
    packages = len(list(_packages(place).glob("*.dist-info")))
    size = sum(f.stat().st_size for f in _packages(place).rglob("*") if f.is_file()) / 2**20
    how = "each by its hash" if hashed else _UNHASHED
    return str(_python(place)), Check("environment", True, f"new, {packages} packages of {size:.0f} MB, {how}")


def present(bundle: Bundle) -> Check:
    """The present environment, and where it differs from the bundle's lock."""
    wanted = [p for p in read_lock(_lock_of(bundle)) if not p.marker]
    other = [f"{p.name} {_version(p.name)} (lock: {p.version})" for p in wanted if _version(p.name) != p.version]
    told = f"differs from the lock in {shortened(other, 5)}" if other else "the lock's versions"
    return Check("environment", True, f"the present one, not a new one; {told}")


def _lock_of(bundle: Bundle) -> str:
    if LOCK not in bundle.files:
        raise Damaged(f"{bundle.name} version {bundle.version} has no {LOCK}. Package the model again.")
    return (bundle.path / LOCK).read_text(encoding="utf-8", errors="replace")


def _commands(place: Path, lock: Path, hashed: bool) -> list[list[str]]:
    """With uv in seconds, otherwise with venv and pip. A lock without hashes lists all that is needed here.

    Wheels only: to build a package is to run its code, with the installer's passwords in the environment.
    """
    how = ["--only-binary", ":all:", "--require-hashes" if hashed else "--no-deps"]
    uv, python = uv_program(), str(_python(place))
    if uv is not None:
        new = [uv, "venv", "--quiet", "--python", sys.executable, str(place)]
        return [new, [uv, "pip", "install", "--quiet", "--python", python, *how, "-r", str(lock)]]
    new = [sys.executable, "-m", "venv", str(place)]
    return [new, [python, "-m", "pip", "install", "--quiet", *how, "-r", str(lock)]]


def _run(command: list[str], bundle: Bundle, folder: Path) -> None:
    """Not in the bundle's folder: the installer would take the settings that lie there."""
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            encoding="utf-8",
            errors="replace",  # what a package's build says may be in any encoding
            timeout=PATIENCE,
            env=uv_environment(),
            cwd=folder,
        )
        told = "" if done.returncode == 0 else done.stderr.strip() or "no message"
    except subprocess.TimeoutExpired:
        told = f"nothing came in {PATIENCE:.0f} seconds"
    if told:
        raise Refused(
            f"A new environment can't be built from the lock of {bundle.name} version {bundle.version}: "
            f"{_SECRET.sub('', told)[-600:]}\nLook whether the package index can be reached and has these files "
            f"(UV_DEFAULT_INDEX or pip's index-url name it), or use the packages of this environment: "
            + shlex.join(["workbench", "verify", f"{bundle.name}/{bundle.version}", "--here"])
        )


def _python(place: Path) -> Path:
    return place / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def _packages(place: Path) -> Path:
    found = [place / "Lib" / "site-packages", *place.glob("lib/python*/site-packages")]
    return next(folder for folder in found if folder.is_dir())


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "missing"
