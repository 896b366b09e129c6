"""Schedules over HTTP: made, listed, paused, removed; the next moments before there is one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from tornado.httpclient import HTTPClientError

from workbench.jobs.schedules import folder

METADATA = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}


@pytest.fixture
def ask(jp_fetch: Any, jp_root_dir: Path) -> Any:
    """Sends JSON and reads the answer."""
    cell = new_code_cell("n = 1", metadata={"tags": ["parameters"]})
    nbformat.write(new_notebook(cells=[cell], metadata=METADATA), jp_root_dir / "a.ipynb")

    async def ask(verb: str, path: str, **body: Any) -> Any:
        sent = {"body": json.dumps(body)} if verb in ("POST", "PATCH") else {}
        return json.loads((await jp_fetch("workbench", *path.split("/"), method=verb, **sent)).body)["data"]

    return ask


async def test_a_schedule_is_made_listed_paused_and_removed(ask: Any) -> None:
    asked = {"name": "nightly", "notebook": "a.ipynb", "cron": "0 2 * * *", "zone": "Europe/Berlin"}
    made = await ask("POST", "schedules", **asked, parameters={"n": "7"}, options={"retries": 2}, overlap="wait")
    paused = await ask("PATCH", "schedules/nightly", paused=True)
    listed = await ask("GET", "schedules")
    resumed = await ask("PATCH", "schedules/nightly", paused=False)
    await ask("DELETE", "schedules/nightly")

    assert (made["parameters"], made["options"], made["overlap"]) == ({"n": 7}, {"retries": 2}, "wait")
    assert (len(made["next"]), made["words"], paused["next"]) == (5, "At 02:00 every day", [])
    assert ([one["name"] for one in listed], resumed["paused"]) == (["nightly"], False)
    assert await ask("GET", "schedules") == []


async def test_the_next_moments_are_told_before_there_is_a_schedule(ask: Any) -> None:
    told = await ask("POST", "schedules/moments", cron="30 6 * * MON-FRI", zone="Asia/Tokyo", n=3)

    assert (told["cron"], told["words"]) == ("30 6 * * mon-fri", "At 06:30 on Monday through Friday")
    assert [moment[10:] for moment in told["next"]] == ["T06:30:00+09:00"] * 3


@pytest.mark.parametrize(
    ("path", "body", "sentence"),
    [
        ("schedules/moments", {"cron": "61 * * * *"}, "the minute '61'"),
        ("schedules/moments", {"cron": "@daily", "zone": "Mars"}, "no such time zone"),
        ("schedules/moments", {"cron": "@daily", "n": 0}, "from 1 to 100"),
        ("schedules", {"name": "x", "notebook": "a.ipynb", "cron": "@daily", "parameters": {"m": 1}}, "parameter 'm'"),
        ("schedules", {"name": "x", "notebook": "a.ipynb", "cron": "@daily", "options": {"retries": -1}}, "etries"),
        ("schedules", {"name": "a/b", "notebook": "a.ipynb", "cron": "@daily"}, "schedule name"),
        ("schedules", {"name": "x", "notebook": "gone.ipynb", "cron": "@daily"}, "No notebook"),
    ],
)
async def test_what_does_not_fit_is_a_4xx_with_a_sentence(
    path: str, body: dict[str, Any], sentence: str, ask: Any
) -> None:
    with pytest.raises(HTTPClientError) as refused:
        await ask("POST", path, **body)

    assert refused.value.code in (400, 404)
    assert sentence in json.loads(refused.value.response.body)["message"]


async def test_a_damaged_schedule_is_listed_as_such(ask: Any) -> None:
    folder().mkdir(parents=True)
    (folder() / "broken.json").write_text("{")

    (listed,) = await ask("GET", "schedules")

    assert (listed["name"], listed["next"], "broken.json" in listed["error"]) == ("broken", [], True)
