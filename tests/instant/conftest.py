"""A zygote with nothing but the standard library, in a folder of its own."""

import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

import psutil
import pytest

from workbench.instant import asking, place

SECONDS = 60  # that a test waits for what takes a fraction of one
FEW = {"jobs": ("json",), "kernels": ("json",)}  # packages of either kind, quickly imported


def until(holds, what):
    """Wait for a condition."""
    end = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < end, what
        time.sleep(0.02)


def zygote():
    """The process that forks kernels for this environment, None where there is none."""
    title = f"({place.tag(os.environ)}-kernels)"
    return next((p for p in psutil.process_iter(["cmdline"]) if title in " ".join(p.info["cmdline"] or ())), None)


@pytest.fixture
def runtime(monkeypatch):
    """A folder for sockets alone; a socket's path is short, pytest's are not. What was started there is ended."""
    if not place.possible():
        pytest.skip("nothing is forked on this system")
    folder = tempfile.mkdtemp(prefix="wb-", dir="/tmp")
    monkeypatch.setenv("XDG_RUNTIME_DIR", folder)
    monkeypatch.setenv("WORKBENCH_INSTANT", "120")
    yield Path(folder)
    for process in psutil.process_iter(["cmdline"]):
        if any(path.stem in " ".join(process.info["cmdline"] or ()) for path in Path(folder).glob("*/*.lock")):
            process.kill()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def warmed(runtime):
    """The same, with zygotes that are ready."""
    asking.warm(packages=FEW)
    until(lambda: all(asking.ready(kind=kind) for kind in FEW), "the zygotes are not ready")
    return runtime


@pytest.fixture
def run(warmed, tmp_path):
    """Run a program as a module in a fork, and give its exit code, output and errors."""

    def ran(source, *arguments, env=None, cwd=None, owned=True):
        (tmp_path / "program.py").write_text(source, encoding="utf-8")
        out, errors = tmp_path / "out", tmp_path / "errors"
        with out.open("wb") as o, errors.open("wb") as e, Path(os.devnull).open("rb") as nothing:
            process = asking.forked(
                [sys.executable, "-m", "program", *arguments],
                os.environ if env is None else env,
                cwd or tmp_path,
                (nothing.fileno(), o.fileno(), e.fileno()),
                owned=owned,
            )
            code = process.wait(SECONDS)
        return code, out.read_text(encoding="utf-8"), errors.read_text(encoding="utf-8")

    return ran
