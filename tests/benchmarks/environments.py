"""Throw-away environments: each peer of a benchmark in its own, made on demand and kept in a cache folder."""

import shutil
import subprocess
import sys
from pathlib import Path


def python_with(requirements: list[str], folder: Path) -> Path:
    """The Python of an environment that holds ``requirements``, made where it is not there yet.

    Raises
    ------
    subprocess.CalledProcessError
        If it can't be made; ``stderr`` tells why.
    """
    python = folder / "bin" / "python"
    marker, wanted = folder / "requirements.txt", "\n".join(requirements)
    if marker.exists() and marker.read_text() == wanted and python.exists():
        return python
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    for command in _commands(folder, python, requirements):
        subprocess.run(command, check=True, capture_output=True, text=True)
    marker.write_text(wanted)
    return python


def _commands(folder: Path, python: Path, requirements: list[str]) -> list[list[str]]:
    uv = shutil.which("uv")
    if uv:
        make = [uv, "venv", "--quiet", "--python", sys.executable, str(folder)]
        return [make, [uv, "pip", "install", "--quiet", "--python", str(python), *requirements]]
    make = [sys.executable, "-m", "venv", str(folder)]
    return [make, [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *requirements]]
