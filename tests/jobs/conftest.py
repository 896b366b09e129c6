"""Small notebooks, made where a test needs them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tests.receivers import hook, post  # noqa: F401 - fixtures

sys.path.insert(0, str(Path(__file__).parent))  # what these tests share lies beside them

KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WORKBENCH_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "run"))
    return tmp_path / "home"


@pytest.fixture
def notebook(tmp_path: Path) -> Callable[..., Path]:
    """Makes a notebook: a title, the parameters cell if there is one, and the code cells."""

    def make(*sources: str, parameters: str | None = None, name: str = "small.ipynb") -> Path:
        cells = [new_markdown_cell("# Small"), *map(new_code_cell, sources)]
        if parameters is not None:
            cells.insert(1, new_code_cell(parameters, metadata={"tags": ["parameters"]}))
        nbformat.write(new_notebook(cells=cells, metadata=KERNEL), tmp_path / name)
        return tmp_path / name

    return make
