"""Prometheus' own tool, which says whether it takes what we write."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture
def promtool() -> Callable[..., str]:
    """``promtool("check", "rules", path)``: its output; fails where it finds fault."""
    found = shutil.which("promtool")
    if found is None:
        message = "promtool is not on the PATH; Debian has it in the package prometheus"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(message)

    def ask(*arguments: str | Path, given: str | None = None) -> str:
        done = subprocess.run([found, *arguments], capture_output=True, text=True, encoding="utf-8", input=given)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return ask
