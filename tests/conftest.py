"""Fixtures that all tests share."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TABLES = Path(os.environ.get("WORKBENCH_TEST_DATA", ROOT.parent / "shared" / "data"))


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """Everything that a test writes goes to a folder of its own."""
    folder = tmp_path / "workbench-home"
    monkeypatch.setenv("WORKBENCH_HOME", str(folder))
    monkeypatch.setenv("WORKBENCH_THREADS", "1")
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return folder


@pytest.fixture(scope="session")
def shared_table():
    """Path of a real table by its file name; the tables live beside the repository."""

    def find(name: str) -> Path:
        path = TABLES / name
        if not path.exists():
            message = f"the table {name} is not in {TABLES}; set WORKBENCH_TEST_DATA"
            if os.environ.get("CI") == "true":
                pytest.fail(message)
            pytest.skip(message)
        return path

    return find
