"""The panel's questions: answered for who is signed in, refused in words for a user's error."""

from __future__ import annotations

import asyncio
import gzip
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

import workbench
from workbench.core.parameters import STEPS
from workbench.server import line
from workbench.server.events import SCHEMA

NOTEBOOK = "small.ipynb"


@pytest.fixture
def notebook(jp_root_dir: Path) -> Path:
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    cells = [
        new_code_cell("seconds = 0", metadata={"tags": ["parameters"]}),
        new_code_cell("import time\ntime.sleep(seconds)"),
    ]
    nbformat.write(new_notebook(cells=cells, metadata=metadata), jp_root_dir / NOTEBOOK)
    return jp_root_dir / NOTEBOOK


async def test_the_version_is_told(ask: Any) -> None:
    assert await ask("GET", "version") == (200, {"data": {"version": workbench.__version__}})


async def test_steps_come_in_order_with_their_forms(ask: Any) -> None:
    status, answer = await ask("GET", "steps")

    assert status == 200
    assert [s["verb"] for s in answer["data"]] == list(STEPS)
    assert answer["data"][0]["schema"]["required"] == ["source"]


async def test_a_cell_is_rendered_and_parsed_again(ask: Any) -> None:
    values = {"source": "churn.csv", "target": "Churn"}

    _, cell = await ask("POST", "cell", {"step": "dataset", "values": values, "first": True})
    _, parsed = await ask("POST", "parse", {"source": cell["data"]["source"]})
    _, edited = await ask("POST", "parse", {"source": "print(1)"})

    assert cell["data"]["source"].startswith("import workbench as wb\n")
    assert parsed["data"] == {"step": "dataset", "values": values, "code": {}}
    assert edited["data"] == {"step": None, "values": {}, "code": {}}


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "message"),
    [
        ("POST", "cell", {"step": "trian"}, 400, "Did you mean 'train'"),
        ("POST", "cell", {"step": "train", "values": {"folds": 1}}, 400, "'folds' lies between"),
        ("POST", "cell", {"step": "train", "values": []}, 400, "'values' must be dict"),
        ("POST", "cell", [1], 400, "'step' must be str"),
        ("POST", "parse", {"source": 3}, 400, "'source' must be str"),
        ("GET", "columns?path=../secret.csv", None, 400, "leaves the folder"),
        ("GET", "columns?path=no.csv", None, 400, "no file"),
        ("POST", "jobs", {"notebook": "../../x.ipynb"}, 400, "leaves the folder"),
        ("POST", "jobs", {"notebook": "no.ipynb"}, 404, "No notebook named"),
        ("POST", "jobs", {"notebook": NOTEBOOK, "parameters": {"second": 1}}, 400, "Did you mean 'seconds'"),
        ("GET", "jobs/20261121T014900-small-3f2a", None, 404, "No job named"),
        ("DELETE", "jobs/20261121T014900-small-3f2a", None, 404, "No job named"),
        ("DELETE", "jobs/..%2F..%2Fetc", None, 400, "job name"),
    ],
)
@pytest.mark.usefixtures("notebook")
async def test_a_users_error_is_told_in_words(
    ask: Any, method: str, path: str, body: Any, status: int, message: str
) -> None:
    got, answer = await ask(method, path, body)

    assert got == status
    assert message in answer["message"]


@pytest.mark.parametrize(
    ("content", "columns"),
    [
        ("a,b\n1,2\n", ["a", "b"]),
        ("\ufeffa;b c;ü\n1;2;3\n", ["a", "b c", "ü"]),
        ('"x, y",z\n', ["x, y", "z"]),
        ("Report of the year\n\na;b\n1,5;x\n2,5;y\n", ["a", "b"]),
        ("", []),
    ],
)
async def test_columns_are_read_as_those_of_the_table(
    ask: Any, jp_root_dir: Path, content: str, columns: list[str]
) -> None:
    (jp_root_dir / "a.csv").write_text(content, encoding="utf-8")

    assert await ask("GET", "columns?path=a.csv") == (200, {"data": columns})


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("wide.csv", b"x" * 200_000),
        ("bad.csv.gz", gzip.compress(b"a,b\n1,2\n", mtime=0)[:12] + b"\xff" * 40),
        ("u.csv", b"\xff\xfe,"),
    ],
)
async def test_a_first_line_that_is_no_header_is_told_in_words(
    ask: Any, jp_root_dir: Path, name: str, content: bytes
) -> None:
    (jp_root_dir / name).write_bytes(content)

    status, answer = await ask("GET", f"columns?path={name}")

    assert status == 400
    assert "can't be read" in answer["message"]


@pytest.mark.slow
@pytest.mark.usefixtures("notebook")
async def test_a_job_is_started_listed_and_told_on_the_event_bus(ask: Any, jp_serverapp: Any) -> None:
    heard: list[dict[str, Any]] = []

    async def listen(logger: Any, schema_id: str, data: dict[str, Any]) -> None:
        heard.append(data)

    jp_serverapp.event_logger.add_listener(schema_id=SCHEMA["$id"], listener=listen)
    _, started = await ask("POST", "jobs", {"notebook": NOTEBOOK, "parameters": {"seconds": 0}})
    for _ in range(600):
        if heard and heard[-1]["state"] == "COMPLETED":
            break
        await asyncio.sleep(0.1)

    assert heard[-1] == {**heard[-1], "id": started["data"]["id"], "cells_done": 3, "cells": 3, "error": None}
    assert [j["state"] for j in (await ask("GET", "jobs"))[1]["data"]["jobs"]] == ["COMPLETED"]


@pytest.mark.slow
@pytest.mark.usefixtures("notebook")
async def test_a_running_job_can_be_stopped(ask: Any) -> None:
    _, started = await ask("POST", "jobs", {"notebook": NOTEBOOK, "parameters": {"seconds": 60}})

    _, stopped = await ask("DELETE", f"jobs/{started['data']['id']}", request_timeout=60)

    assert stopped["data"]["state"] == "STOPPED"


def test_the_extension_loads_nothing_heavy() -> None:
    heavy = {"pandas", "numpy", "sklearn", "scipy", "shap", "mlflow", "plotly", "papermill"}
    code = f"import sys, workbench.server; print(sorted({heavy} & set(sys.modules)))"

    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"


async def test_the_server_sees_to_the_line(jp_serverapp: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody else looks: no job ends, nobody submits one or waits for one."""
    looked = asyncio.Event()
    loop = asyncio.get_running_loop()
    monkeypatch.setattr(line, "dispatch", lambda: loop.call_soon_threadsafe(looked.set) or [])
    monkeypatch.setattr(line, "LOOK", 0.01)

    looks = line.tend(jp_serverapp)

    await asyncio.wait_for(looked.wait(), timeout=60)
    looks.stop()
