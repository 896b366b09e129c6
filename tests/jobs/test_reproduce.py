"""A job that is run again is identical, or what differs is told, with its cause where that is known."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import workbench as wb
from workbench.core.job import Job, JobState
from workbench.core.job_comparison import JobComparison
from workbench.errors import BadParameter, JobFailed, NotFound
from workbench.jobs.comparison.comparing import compare
from workbench.jobs.records import job, jobs, load, write
from workbench.jobs.run.environment import FILE, environment

Make = Callable[..., Path]
# What differs each time and is passed over, beside what is compared.
RESTLESS = """
import datetime, os, tempfile, time, uuid
began = time.time()
print("took", round(time.time() - began, 6), "s at", datetime.datetime.now(), uuid.uuid4(), object())
print(time.time(), time.ctime(), os.getcwd(), tempfile.mkdtemp(), "pid", os.getpid())
"""
TABLE = """
import pandas as pd
import workbench as wb
wb.dataset(pd.read_csv(source), target="late")
"""


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "table.csv"
    path.write_text("km,late\n" + "".join(f"{n},{'yes' if n % 3 else 'no'}\n" for n in range(60)), encoding="utf-8")
    return path


def _kinds(found: JobComparison) -> list[str]:
    return sorted({one.kind for one in found.differences} - {"git"})


@pytest.mark.slow
@pytest.mark.usefixtures("home")
def test_a_job_runs_again_as_it_was_and_what_differs_each_time_is_passed_over(notebook: Make, table: Path) -> None:
    path = notebook(
        RESTLESS, TABLE, "import random\nrandom.seed(seed); random.random()", parameters="source = ''\nseed = 0"
    )
    first = wb.submit(path, {"source": str(table), "seed": 3}, show=False)
    path.unlink()

    found = wb.reproduce(first.id, show=False)

    assert found.identical, str(found)
    second = job(found.jobs[1])
    assert (second.reproduces, second.parameters, second.notebook) == (first.id, first.parameters, first.notebook)
    assert Path(first.notebook).stem in second.id
    assert (second.folder, second.kernel["name"]) == (first.folder, first.kernel["name"])
    assert found.compared["results"] == 2
    assert found.headline().startswith("identical: 5 cells, 2 results")


@pytest.mark.slow
@pytest.mark.usefixtures("home")
def test_another_table_is_told_by_its_fingerprint_and_is_the_cause(notebook: Make, table: Path) -> None:
    first = wb.submit(notebook(TABLE, parameters="source = ''"), {"source": str(table)}, show=False)
    table.write_text(table.read_text("utf-8") + "61,no\n", encoding="utf-8")

    found = wb.reproduce(first.id, show=False)

    assert _kinds(found) == ["data", "result"]
    (data,) = found.of("data")
    assert (str(data.before).endswith("60 rows"), str(data.after).endswith("61 rows")) == (True, True)
    assert [(one.name, one.before, one.after) for one in found.of("result")] == [("dataset rows", 60, 61)]
    assert all("the table" in one.cause for one in found.of("result"))


@pytest.mark.slow
@pytest.mark.usefixtures("home")
def test_another_version_of_a_package_that_is_imported_is_the_likely_cause(
    notebook: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "site"
    _install(folder, "1.2")
    monkeypatch.setenv("PYTHONPATH", str(folder), prepend=":")
    first = wb.submit(notebook("import fakepack\nfakepack.answer"), show=False)
    _install(folder, "1.3")

    found = wb.reproduce(first.id, show=False)

    assert _kinds(found) == ["output", "package"]
    assert [(one.name, one.before, one.after) for one in found.of("package")] == [("fakepack", "1.2", "1.3")]
    assert found.of("output")[0].cause == "likely: fakepack 1.2 → 1.3"


@pytest.mark.slow
@pytest.mark.usefixtures("home")
def test_a_job_that_fails_this_time_is_a_difference_and_names_its_cell(notebook: Make, tmp_path: Path) -> None:
    there = tmp_path / "there.txt"
    there.write_text("1", encoding="utf-8")
    first = wb.submit(notebook(f"open({str(there)!r}).read()", "2"), show=False)
    there.unlink()

    found = wb.reproduce(first.id, show=False)

    assert (found.identical, job(found.jobs[1]).state) == (False, JobState.FAILED)
    (state,) = found.of("state")
    assert (state.before, state.cell) == ("COMPLETED", 1)
    assert "FileNotFoundError" in str(state.after)


@pytest.mark.slow
@pytest.mark.usefixtures("home")
def test_a_failed_job_has_its_environment_and_fails_the_same_way_again(notebook: Make) -> None:
    with pytest.raises(JobFailed):
        wb.submit(notebook("1 / 0", "2"), show=False)
    first = jobs()[0]

    found = wb.reproduce(first, show=False)

    assert found.identical, str(found)
    kept = environment(first)
    assert kept is not None
    assert kept.packages["numpy"]


@pytest.mark.slow
@pytest.mark.usefixtures("home")
def test_a_job_of_an_older_version_says_what_cannot_be_known(notebook: Make) -> None:
    first = wb.submit(notebook("21 * 2"), show=False)
    (first.path / FILE).unlink()
    old = json.loads((first.path / "job.json").read_text("utf-8"))
    for name in (
        "options",
        "after",
        "due",
        "attempts",
        "reused",
        "resumes",
        "reproduces",
        "batch",
        "schedule",
        "nominal",
    ):
        del old[name]
    (first.path / "job.json").write_text(json.dumps({**old, "format_version": 2, "timeout": 60.0}), encoding="utf-8")

    found = wb.reproduce(first.id, show=False)

    assert found.identical
    assert any("was not kept: packages, Python, machine and git are not compared" in one for one in found.unknown)


def test_what_can_not_be_run_again_is_a_clear_error(home: Path, tmp_path: Path) -> None:
    moment = "2026-01-01T00:00:00+00:00"
    record = Job(
        "20260101T000000-a-0000", "a.ipynb", {}, JobState.COMPLETED, created=moment, started=moment, ended=moment
    )
    path = home / "jobs" / record.id
    for changes, error, message in (
        ({}, NotFound, "was not kept"),
        ({"state": JobState.QUEUED, "ended": None, "started": None}, BadParameter, "has not run to its end"),
    ):
        write(Job(**{**vars(record), **changes, "path": path}))
        with pytest.raises(error, match=message):
            wb.reproduce(record.id, show=False)
    (path / "input.ipynb").write_text("{}", encoding="utf-8")
    write(Job(**{**vars(record), "folder": str(tmp_path / "gone"), "path": path}))
    with pytest.raises(NotFound, match=r"worked is gone.*Make it"):
        wb.reproduce(record.id, show=False)
    with pytest.raises(NotFound, match="No job"):
        wb.reproduce("20260101T000000-b-0000")
    with pytest.raises(BadParameter, match="id of a job"):
        wb.reproduce(7)  # type: ignore[arg-type]
    with pytest.raises(BadParameter, match="relative tolerance is a number from 0 on, below 1"):
        wb.reproduce(record.id, tolerance=2.0)


@pytest.mark.slow
def test_the_command_says_identical_or_different_by_its_exit_code(
    home: Path, notebook: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from typer.testing import CliRunner

    from workbench.cli import app

    counter = tmp_path / "counter"
    source = (
        f"from pathlib import Path\nfile = Path({str(counter)!r})\nn = len(file.read_text()) if file.exists() else 0\n"
    )
    path = notebook(source + "if grow: file.write_text('x' * (n + 1))\nn", parameters="grow = False")
    steady, growing = (wb.submit(path, {"grow": grow}, show=False).id for grow in (False, True))
    page = tmp_path / "page.html"

    again = CliRunner().invoke(app, ["reproduce", growing, "--html", str(page)])
    same = CliRunner().invoke(app, ["compare", steady, steady])

    assert (again.exit_code, same.exit_code) == (1, 0), again.output + same.output
    assert "output: cell 4, output 1: 0 → 1" in again.output
    assert page.read_text("utf-8").startswith("<!doctype html>")
    assert load(home / "jobs" / growing).id == growing
    assert compare(steady, growing, home=home).of("parameter")[0].after is True


def _install(folder: Path, version: str) -> None:
    """A distribution as an installer leaves it: a module, and a folder that tells its version."""
    folder.mkdir(exist_ok=True)
    for old in folder.glob("fakepack-*.dist-info"):
        (old / "METADATA").unlink()
        old.rmdir()
    told = folder / f"fakepack-{version}.dist-info"
    told.mkdir()
    (told / "METADATA").write_text(f"Metadata-Version: 2.1\nName: fakepack\nVersion: {version}\n", encoding="utf-8")
    (folder / "fakepack.py").write_text(f"answer = {version}\n", encoding="utf-8")
