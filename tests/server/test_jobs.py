"""Jobs in the server: what is asked of them, and how they are followed, whoever started them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import fields, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import nbformat
import pytest
from jupyter_events import EventLogger
from nbformat.v4 import new_code_cell, new_notebook

from workbench.core.job import Cause, Job, JobState
from workbench.core.job_options import JobOptions
from workbench.jobs.liveness import boot, hold, host
from workbench.jobs.records import finish, tell, update, write
from workbench.server.events import SCHEMA, Watcher, gone
from workbench.server.outputs import lay_out

MOMENT = "2026-11-21T01:49:00+00:00"
Record = Callable[..., Job]


@pytest.fixture
def record(home: Path, jp_root_dir: Path) -> Record:
    """Writes the record of a job, as if somebody else had run it."""

    def made(name: str = "small", number: int = 0, **changes: Any) -> Job:
        job = Job(
            id=f"20261121T0149{number:02}-{name}-3f2a",
            notebook=str(jp_root_dir / f"{name}.ipynb"),
            parameters={},
            state=JobState.COMPLETED,
            created=MOMENT,
            started=MOMENT,
            host=host(),
            boot=boot(),
            path=home / "jobs" / f"20261121T0149{number:02}-{name}-3f2a",
        )
        job = replace(job, **changes)
        job.path.mkdir(parents=True)
        write(job)
        return job

    return made


@pytest.fixture
def notebook(jp_root_dir: Path) -> Path:
    cells = [
        new_code_cell("import datetime\nmonth: int = 7  # of the data", metadata={"tags": ["parameters"]}),
        new_code_cell("import time\ntime.sleep(0)\nprint(mnth)"),
    ]
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.write(new_notebook(cells=cells, metadata=metadata), jp_root_dir / "small.ipynb")
    return jp_root_dir / "small.ipynb"


async def test_jobs_come_in_pages_that_can_be_filtered(ask: Any, record: Record) -> None:
    ids = [record("day" if n % 2 else "night", n).id for n in range(5)]
    record("night", 9, state=JobState.FAILED, error="no", cause=Cause.CELL)

    first = (await ask("GET", "jobs?limit=2"))[1]["data"]
    second = (await ask("GET", f"jobs?limit=9&before={first['next']}"))[1]["data"]
    nights = (await ask("GET", "jobs?text=NIGHT&state=COMPLETED"))[1]["data"]

    assert [j["id"] for j in [*first["jobs"][1:], *second["jobs"]]] == ids[::-1]
    assert second["next"] is None
    assert first["counts"] == {"COMPLETED": 5, "FAILED": 1}
    assert [j["id"] for j in nights["jobs"]] == [ids[4], ids[2], ids[0]]


@pytest.mark.parametrize("limit", ["0", "501", "many", "-1"])
async def test_a_limit_that_is_none_is_refused(ask: Any, limit: str) -> None:
    status, answer = await ask("GET", f"jobs?limit={limit}")

    assert status == 400
    assert "from 1 to 500" in answer["message"]


@pytest.mark.usefixtures("notebook")
async def test_the_form_has_parameters_options_and_what_would_go_wrong(ask: Any) -> None:
    status, answer = await ask("GET", "jobs/form?notebook=small.ipynb")
    form = answer["data"]

    assert status == 200
    assert form["schema"]["properties"]["month"] == {
        "title": "month", "type": "integer", "description": "of the data", "default": 7,
    }  # fmt: skip
    assert list(form["options"]["properties"]) == [option.name for option in fields(JobOptions)]
    assert all("x-group" in of for of in form["options"]["properties"].values())
    assert form["problems"] == [["Cell %1 uses %2, which no cell makes", "2", "mnth"]]


@pytest.mark.parametrize("path", ["jobs", "jobs/20261121T014900-small-3f2a/again"])
@pytest.mark.usefixtures("notebook")
async def test_each_value_that_does_not_fit_is_told_beside_its_field(ask: Any, record: Record, path: str) -> None:
    record("small")
    asked = {"parameters": {"month": "x"}, "options": {"retries": -1, "timeout": 0, "odd": 1}}

    status, answer = await ask("POST", path, {"notebook": "small.ipynb", **asked})

    assert status == 400
    assert sorted(answer["fields"]) == ["month", "options.odd", "options.retries", "options.timeout"]
    assert "'month' is int" in answer["fields"]["month"]


@pytest.mark.usefixtures("notebook")
async def test_the_form_of_another_run_has_the_values_of_the_first(ask: Any, record: Record) -> None:
    made = record("small", parameters={"month": 8}, options=JobOptions(timeout=60.0))

    _, answer = await ask("GET", f"jobs/{made.id}/form")

    assert answer["data"]["values"] == {"month": 8}
    assert answer["data"]["chosen"] == {"timeout": 60.0}


async def test_the_last_lines_of_a_log_are_told(ask: Any, record: Record) -> None:
    made = record()
    empty = await ask("GET", f"jobs/{made.id}/log")
    (made.path / "log").write_text("".join(f"line {n}\n" for n in range(100_000)) + "é<b>", encoding="utf-8")

    _, answer = await ask("GET", f"jobs/{made.id}/log?tail=2")

    assert empty == (200, {"data": {"text": ""}})
    assert answer["data"]["text"] == "line 99999\né<b>"


async def test_a_failed_job_tells_the_text_of_its_cell(ask: Any, record: Record) -> None:
    made = record(state=JobState.FAILED, failed_cell=1, error="ZeroDivisionError: division by zero")
    for cell, line in enumerate(["month = 7", "1 / 0"]):
        tell(made.path, "cell_started", cell=cell, line=line)

    answer = (await ask("GET", f"jobs/{made.id}"))[1]["data"]

    assert (answer["failed_cell"], answer["line"]) == (1, "1 / 0")


async def test_a_record_is_deleted_and_every_page_hears_of_it(ask: Any, record: Record, jp_serverapp: Any) -> None:
    made, at_work = record("a", 1), record("b", 2, state=JobState.IN_PROGRESS)
    held = hold(at_work.path)
    heard: list[dict[str, Any]] = []

    async def listen(logger: Any, schema_id: str, data: dict[str, Any]) -> None:
        heard.append(data)

    jp_serverapp.event_logger.add_listener(schema_id=SCHEMA["$id"], listener=listen)
    deleted = await ask("DELETE", f"jobs/{made.id}/record")
    refused = await ask("DELETE", f"jobs/{at_work.id}/record")
    os.close(held)

    assert (deleted[0], made.path.exists()) == (200, False)
    assert (made.id, "DELETED") in [(told["id"], told["state"]) for told in heard]
    assert (refused[0], at_work.path.exists()) == (409, True)
    assert "Stop it first" in refused[1]["message"]


class TestOutput:
    """The copy of an executed notebook, where the file browser shows it."""

    @staticmethod
    def ran(job: Job, text: str = "1 + 1") -> Job:
        metadata = {"papermill": {"input_path": str(job.path / "input.ipynb")}}
        nbformat.write(new_notebook(cells=[new_code_cell(text)], metadata=metadata), job.output)
        return job

    async def test_it_has_the_name_of_the_notebook_and_the_moment(
        self, ask: Any, record: Record, jp_root_dir: Path
    ) -> None:
        made = record("small")
        missing = await ask("POST", f"jobs/{made.id}/output", {})
        self.ran(made)

        _, answer = await ask("POST", f"jobs/{made.id}/output", {})

        moment = datetime.fromisoformat(MOMENT).astimezone()
        assert missing[0] == 404
        assert answer["data"]["path"] == f"small {moment:%Y-%m-%d %H.%M}.ipynb"
        assert (jp_root_dir / answer["data"]["path"]).read_bytes() == made.output.read_bytes()

    def test_two_jobs_of_a_minute_have_two(self, record: Record, jp_root_dir: Path) -> None:
        one, other = (self.ran(record("small", number), str(number)) for number in (1, 2))

        paths = [lay_out(jp_root_dir, job) for job in (one, other, one)]

        assert paths[0] == paths[2]
        assert paths[1] == paths[0].replace(".ipynb", " 2.ipynb")

    def test_a_copy_that_somebody_changed_is_kept(self, record: Record, jp_root_dir: Path) -> None:
        made = self.ran(record("small"))
        copy = jp_root_dir / lay_out(jp_root_dir, made)
        notebook = json.loads(copy.read_text(encoding="utf-8"))
        notebook["cells"][0]["source"] = "mine"
        copy.write_text(json.dumps(notebook), encoding="utf-8")

        assert jp_root_dir / lay_out(jp_root_dir, made) == copy
        assert "mine" in copy.read_text(encoding="utf-8")

    def test_it_lies_in_the_root_where_the_notebook_lies_outside(
        self, record: Record, jp_root_dir: Path, tmp_path: Path
    ) -> None:
        made = self.ran(record("small", notebook=str(tmp_path / "elsewhere" / "a b.ipynb")))

        path = lay_out(jp_root_dir, made)

        assert path.startswith("a b 2026-11-2")
        assert (jp_root_dir / path).is_file()


class TestWatcher:
    """What the event bus tells, by a clock of the test's own."""

    @pytest.fixture
    def watcher(self, home: Path) -> Watcher:
        return Watcher(None, lambda told: None, home)

    def test_a_job_that_somebody_else_started_is_followed_to_its_end(self, watcher: Watcher, record: Record) -> None:
        assert list(watcher.look(0.0)) == []
        made = record(state=JobState.IN_PROGRESS, cells=2)
        held = hold(made.path)
        first = list(watcher.look(0.1))
        quiet = list(watcher.look(0.2))
        tell(made.path, "cell_started", cell=0, line="fit()")
        update(made.path, cells_done=1)
        second = list(watcher.look(0.3))
        finish(made.path, state=JobState.FAILED, failed_cell=0, error="no", ended=MOMENT)
        last = list(watcher.look(0.4))

        assert [(t["state"], t["cells_done"], t["line"]) for t in (*first, *second, *last)] == [
            ("IN_PROGRESS", 0, ""),
            ("IN_PROGRESS", 1, "fit()"),
            ("FAILED", 1, "fit()"),
        ]
        assert quiet == []
        assert list(watcher.look(9.0)) == []
        assert watcher.followed == {}
        os.close(held)

    def test_after_a_start_what_has_not_ended_is_followed_and_the_rest_is_silent(
        self, watcher: Watcher, record: Record
    ) -> None:
        record("old", 1)
        at_work = record("new", 2, state=JobState.IN_PROGRESS)
        held = hold(at_work.path)

        told = list(watcher.look(0.0))

        assert [t["id"] for t in told] == [at_work.id]
        os.close(held)

    def test_one_that_ended_before_anybody_looked_is_told_once(self, watcher: Watcher, record: Record) -> None:
        list(watcher.look(0.0))
        made = record()

        assert [t["state"] for t in watcher.look(0.1)] == ["COMPLETED"]
        assert list(watcher.look(5.0)) == []
        assert made.id not in watcher.followed

    def test_a_process_that_is_gone_is_noticed_though_nothing_was_written(
        self, watcher: Watcher, record: Record
    ) -> None:
        made = record(state=JobState.IN_PROGRESS)
        held = hold(made.path)
        list(watcher.look(0.0))
        os.close(held)

        assert [t["state"] for t in watcher.look(10.0)] == ["FAILED"]

    def test_a_record_that_is_deleted_or_damaged_ends_nothing_else(self, watcher: Watcher, record: Record) -> None:
        damaged, gone = record("a", 1, state=JobState.CREATED), record("b", 2, state=JobState.CREATED)
        held = [hold(job.path) for job in (damaged, gone)]
        list(watcher.look(0.0))
        (damaged.path / "job.json").write_text("{", encoding="utf-8")
        for file in gone.path.iterdir():
            file.unlink()
        gone.path.rmdir()

        assert list(watcher.look(10.0)) == []
        assert list(watcher.followed) == [damaged.id]
        for descriptor in held:
            os.close(descriptor)

    def test_what_it_tells_fits_the_schema(self, watcher: Watcher, record: Record) -> None:
        logger = EventLogger()
        logger.register_event_schema(SCHEMA)
        list(watcher.look(0.0))
        record(state=JobState.FAILED, failed_cell=1, error="no", notes=("a",), ended=MOMENT)

        for told in (*watcher.look(0.1), gone("a")):
            logger.schemas.validate_event(SCHEMA["$id"], told)
