"""Notebooks come from any URL of fsspec, and a copy of what was run goes to any, whole or not at all."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

import workbench as wb
from workbench.core.job import Cause, Job, JobState
from workbench.core.job_options import JobOptions
from workbench.errors import InputError
from workbench.jobs.notebook.notebooks import opened
from workbench.jobs.records import events
from workbench.jobs.run import outputs
from workbench.jobs.run.outputs import checked, delivered, put
from workbench.storage.urls import holds_secret, told, without_secrets

fsspec = pytest.importorskip("fsspec")
from fsspec.implementations.local import LocalFileSystem  # noqa: E402
from fsspec.implementations.memory import MemoryFileSystem  # noqa: E402

Make = Callable[..., Path]
ENDED = Job("20261130T010203-small-0a1b", "/x/small.ipynb", {"region": "north"}, JobState.COMPLETED)


class Shelf(LocalFileSystem):
    """A file system with folders that does not move onto what is there, and fails as often as it is told to."""

    protocol = "shelf"
    failures: list[Exception] = []  # noqa: RUF012 - of the test that runs
    seen: list[str] = []  # noqa: RUF012

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        return super()._strip_protocol(path.removeprefix("shelf://"))

    def pipe_file(self, path: str, value: bytes, **options: Any) -> None:
        self.seen.append(path)
        if self.failures:
            Path(path).write_bytes(value[: len(value) // 2])
            raise self.failures.pop(0)
        super().pipe_file(path, value, **options)

    def mv(self, path1: str, path2: str, **options: Any) -> None:
        if self.exists(path2):
            raise FileExistsError(path2)
        super().mv(path1, path2, **options)


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[str]:
    fsspec.register_implementation("shelf", Shelf, clobber=True)
    Shelf.failures, Shelf.seen = [], []
    yield f"shelf://{tmp_path}/shelf"
    MemoryFileSystem.store.clear()


@pytest.fixture
def ended(tmp_path: Path) -> Callable[..., Job]:
    """A job that has ended, with its output."""

    def make(output: str, **changes: Any) -> Job:
        folder = tmp_path / ENDED.id
        folder.mkdir()
        (folder / ".alive").touch()
        job = replace(ENDED, path=folder, options=JobOptions(output=output), **changes)
        job.output.write_bytes(b'{"cells": []}')
        return job

    return make


@pytest.mark.slow
@pytest.mark.usefixtures("home")
def test_a_notebook_in_an_archive_runs_and_its_output_is_copied(notebook: Make, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "n.zip", "w") as archive:
        archive.write(notebook("print(region)", parameters="region = ''"), "deep/small.ipynb")

    ended = wb.submit(
        f"zip://deep/small.ipynb::file://{tmp_path}/n.zip",
        {"region": "north"},
        output=f"file://{tmp_path}/out/{{notebook}} of {{region}}.ipynb",
    )

    assert (ended.state, ended.exit_code, ended.notes) == (JobState.COMPLETED, 0, ())
    assert ended.notebook == f"zip://deep/small.ipynb::file://{tmp_path}/n.zip"
    assert (tmp_path / "out" / "small of north.ipynb").read_bytes() == ended.output.read_bytes()
    assert nbformat.read(ended.output, 4).metadata.workbench.state == "COMPLETED"


@pytest.mark.slow
@pytest.mark.usefixtures("home")
def test_a_job_whose_output_can_not_be_copied_is_completed_and_says_so(notebook: Make, tmp_path: Path) -> None:
    from workbench.cli import app

    (tmp_path / "file").touch()
    answer = CliRunner().invoke(app, ["submit", str(notebook("1")), "--output", str(tmp_path / "file" / "out.ipynb")])

    assert answer.exit_code == 73
    assert "COMPLETED (1 of 1 cells): Its output could not be copied" in answer.output
    assert "complete in the job's own folder" in answer.output


def test_a_notebook_is_read_from_memory(notebook: Make, shelf: str) -> None:
    path = notebook("1")
    fsspec.filesystem("memory").pipe_file("/folder/small one.ipynb", path.read_bytes())

    found = opened("memory://folder/small one.ipynb")

    assert (found.name, found.place) == ("small one.ipynb", "memory://folder/small one.ipynb")
    assert found.content["nbformat"] == 4


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("memory://nothing.ipynb", r"memory://nothing.ipynb can't be opened \(FileNotFoundError\)"),
        ("nonsense://me:s3cret@x/n.ipynb", "nonsense:// is no known protocol"),
        ("zip://n.ipynb::http://me:s3cret@127.0.0.1:9/x.zip?token=t0ken", "zip://n.ipynb::http://127.0.0.1:9/x.zip"),
    ],
)
def test_a_notebook_that_can_not_be_had_is_told_without_secrets(url: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        wb.submit(url)

    assert "s3cret" not in str(caught.value)
    assert "t0ken" not in str(caught.value)


def test_what_is_no_notebook_is_refused_by_its_name(shelf: str) -> None:
    fsspec.filesystem("memory").pipe_file("/t.csv", b"a,b\n1,2\n")

    with pytest.raises(InputError, match=r"t.csv is not a Jupyter notebook"):
        wb.submit("memory://t.csv")


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("s3://me:s3cret@bucket/out.ipynb", "user or a key"),
        ("https://host/out.ipynb", "Nothing can be written"),
        ("zip://out.ipynb::s3://bucket/x.zip", "Nothing can be written"),
        ("memory://out.ipynb", "a job has its own"),
        ("nonsense://x/out.ipynb", "no known protocol"),
        ("out.csv", "end in .ipynb"),
        ("{mounth}.ipynb", "no parameter 'mounth'. Did you mean 'month'"),
        ("{password}.ipynb", "no parameter 'password'"),
        ("{month.ipynb", "brace"),
    ],
)
def test_a_place_that_can_be_none_is_refused_before_anything_runs(
    home: Path, notebook: Make, place: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WAREHOUSE", "correct-horse")
    path = notebook("1", parameters="month = 7\npassword = ''")

    with pytest.raises(InputError, match=message) as caught:
        wb.submit(path, {"month": 8, "password": "env:WAREHOUSE"}, output=place)

    assert "s3cret" not in str(caught.value)
    assert not (home / "jobs").exists()


def test_a_path_is_that_of_the_working_folder(tmp_path: Path) -> None:
    options = checked(JobOptions(output="out/{id}.ipynb"), {}, str(tmp_path))

    assert options.output == str(tmp_path / "out" / "{id}.ipynb")


@given(st.text())
def test_a_value_in_a_place_stays_one_name_of_it(value: str) -> None:
    name = outputs._filled("out/{value}.ipynb", "id", "small", {"value": value})

    assert name.count("/") == 1
    assert name not in ("out/.ipynb", "out/..ipynb", "out/...ipynb")


def test_an_object_store_gets_the_file_as_a_whole(shelf: str) -> None:
    put("memory://bucket/out.ipynb", b"new")

    assert fsspec.filesystem("memory").cat_file("/bucket/out.ipynb") == b"new"


def test_elsewhere_it_is_moved_onto_what_is_there(shelf: str, tmp_path: Path) -> None:
    put(f"{shelf}/out.ipynb", b"old")
    put(f"{shelf}/out.ipynb", b"new")

    assert (tmp_path / "shelf" / "out.ipynb").read_bytes() == b"new"
    assert [f.name for f in (tmp_path / "shelf").iterdir()] == ["out.ipynb"]
    assert all(path.endswith(".tmp") for path in Shelf.seen)


def test_a_place_that_fails_is_tried_again_with_longer_waits(
    shelf: str, ended: Callable[..., Job], tmp_path: Path
) -> None:
    Shelf.failures = [ConnectionError("gone"), TimeoutError()]
    job, waited = ended(f"{shelf}/{{region}}.ipynb"), []

    changes = delivered(job, waits=(1.0, 4.0, 15.0), sleep=waited.append)

    assert (changes, waited) == ({}, [1.0, 4.0])
    assert (tmp_path / "shelf" / "north.ipynb").read_bytes() == job.output.read_bytes()
    assert [f.name for f in (tmp_path / "shelf").iterdir()] == ["north.ipynb"]
    assert [(e["event"], e["place"]) for e in events(job.path)[0]] == [("output_delivered", f"{shelf}/north.ipynb")]


@pytest.mark.parametrize(
    ("state", "failure", "tries", "cause"),
    [
        (JobState.COMPLETED, ConnectionError("gone"), 3, Cause.OUTPUT),
        (JobState.COMPLETED, PermissionError(13, "Permission denied"), 1, Cause.OUTPUT),
        (JobState.FAILED, ConnectionError("gone"), 3, Cause.CELL),
        (JobState.STOPPED, ConnectionError("gone"), 1, None),
    ],
)
def test_what_was_not_copied_is_noted_and_changes_no_state(
    shelf: str, ended: Callable[..., Job], state: JobState, failure: Exception, tries: int, cause: Cause | None
) -> None:
    Shelf.failures = [failure] * 9
    job = ended(f"{shelf}/out.ipynb", state=state, cause=Cause.CELL if state is JobState.FAILED else None)

    after = replace(job, **delivered(job, waits=(1.0, 4.0), sleep=lambda _: None))

    assert (after.state, after.cause, len(Shelf.seen)) == (state, cause, tries)
    assert "Its output could not be copied: shelf://" in after.headline()
    assert after.exit_code == {JobState.COMPLETED: 73, JobState.FAILED: 1, JobState.STOPPED: 130}[state]


def test_a_place_that_never_answers_keeps_no_job_from_ending(
    ended: Callable[..., Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    import threading

    monkeypatch.setattr(outputs, "put", lambda *_: threading.Event().wait())
    monkeypatch.setattr(outputs, "BEAT", 0.01)

    changes = delivered(ended("out.ipynb"), waits=(), longest=0.01)

    assert "does not answer" in changes["notes"][0]


# Names that are no words of a URL or a sentence by themselves.
_SECRET = st.from_regex(r"q[a-z0-9]{5}z", fullmatch=True)


@given(st.lists(st.sampled_from(["zip", "tar", "simplecache"]), max_size=2), _SECRET, _SECRET, _SECRET)
def test_no_link_of_a_chain_tells_its_secrets(outer: list[str], user: str, password: str, token: str) -> None:
    inner = f"https://{user}:{password}@host/x.zip?token={token}"
    url = "::".join([*(f"{scheme}://n.ipynb" for scheme in outer), inner])

    shown = told(url) + without_secrets(f"no answer: {inner} in {url}", url)

    assert holds_secret(url)
    assert not any(secret in shown for secret in (user, password, token))
    assert told(url).endswith("https://host/x.zip")
