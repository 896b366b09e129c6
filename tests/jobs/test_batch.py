"""A batch runs a notebook over many parameters: each once, whatever happens, and the whole is never told wrongly."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

import workbench as wb
from workbench.cli import app
from workbench.cli.batches import each_of
from workbench.core.batch import Batch
from workbench.core.job import Job, JobState
from workbench.core.result import MIME
from workbench.errors import BadParameter, InputError, JobFailed, NotFound
from workbench.jobs import batch as batches
from workbench.jobs.batch import WHOLE, again, stop_batch
from workbench.jobs.line.tickets import waiting
from workbench.jobs.notebook.combinations import MOST, combinations
from workbench.jobs.notebook.notebooks import opened
from workbench.jobs.notebook.outcome import scores
from workbench.jobs.records import load, update

Make = Callable[..., Path]
CELL = "region = 'x'\nk = 1\nshare = 0.5"


@pytest.fixture
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody starts what waits."""
    monkeypatch.setattr(batches, "dispatch", lambda *_: [])


# What a batch runs over.


@given(st.dictionaries(st.sampled_from("abcdef"), st.lists(st.integers(), min_size=1, max_size=4), min_size=1))
def test_values_by_name_make_their_product_in_order(each: dict[str, list[int]]) -> None:
    parts = combinations(each, None)  # type: ignore[arg-type]

    assert [tuple(part.values()) for part in parts] == list(itertools.product(*each.values()))
    assert all(list(part) == list(each) for part in parts)


@given(st.lists(st.dictionaries(st.sampled_from("abc"), st.integers() | st.text(max_size=3)), min_size=1, max_size=9))
def test_rows_stay_as_they_are_and_their_ids_sort_in_order(rows: list[dict[str, Any]]) -> None:
    whole = Batch("b", "n.ipynb", tuple(combinations(rows, None)))  # type: ignore[arg-type]

    assert list(whole.each) == rows
    assert list(whole.ids) == sorted(set(whole.ids))
    assert Batch.parse(json.loads(json.dumps(whole.document()))) == whole


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"region": ["a", None], "k": pd.array([1, None], dtype="Int64"), "share": [0.5, float("nan")]}),
        pl.DataFrame({"region": ["a", None], "k": [1, None], "share": [0.5, float("nan")]}),
    ],
)
def test_what_a_frame_misses_is_not_given(frame: Any) -> None:
    parts = combinations(frame, None)  # type: ignore[arg-type]

    assert parts == [{"region": "a", "k": 1, "share": 0.5}, {}]
    assert [type(value) for value in parts[0].values()] == [str, int, float]


def test_texts_of_a_file_are_read_as_the_notebook_has_them(notebook: Make, tmp_path: Path) -> None:
    (tmp_path / "each.csv").write_text('region,k,share\n01,2,\n"a, b",,3\n\n', encoding="utf-8-sig")

    parts = combinations(tmp_path / "each.csv", opened(notebook("1", parameters=CELL)))

    assert parts == [{"region": "01", "k": 2}, {"region": "a, b", "share": 3.0}]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("region,k\na\n", "Line 2 of .*1 values below 2 names"),
        ("regoin\na\n", "Did you mean 'region'"),
        ("k\nmany\n", "'k' is int"),
        ("k\n", "nothing to run"),
        ('k\n"1', "Line 2"),
    ],
)
def test_a_file_that_can_not_be_meant_is_refused(notebook: Make, tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "each.csv").write_text(content, encoding="utf-8")

    with pytest.raises(InputError, match=message):
        combinations(tmp_path / "each.csv", opened(notebook("1", parameters=CELL)))


@pytest.mark.parametrize(
    ("each", "message"),
    [
        ({}, "nothing to run"),
        ({"k": []}, "nothing to run"),
        ([], "nothing to run"),
        ({"k": "abc"}, "has a list of values for 'k'"),
        ({"k": 7}, "has a list of values for 'k', got the number 7"),
        (7, "'each' takes lists of values by name"),
        ([1, 2], "'each' takes lists of values by name"),
        ({"k": itertools.count()}, "at most 10,000 parts"),
        ({"k": range(101), "region": range(100)}, "these values make 10,100"),
        ([{}] * (MOST + 1), "these values make 10,001"),
        (Path("no such.csv"), "can't be read"),
    ],
)
def test_what_makes_no_batch_is_refused(home: Path, notebook: Make, each: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        wb.submit_each(notebook("1", parameters=CELL), each)

    assert not home.exists()


def test_one_wrong_part_is_named_and_nothing_is_written(home: Path, notebook: Make) -> None:
    with pytest.raises(BadParameter, match="Part 3 of 4: 'k' is int"):
        wb.submit_each(notebook("1", parameters=CELL), {"region": ["a"], "k": [1, 2, "3", 4]})

    assert not home.exists()


@pytest.mark.parametrize(
    ("given_as", "each"),
    [
        (["region=a,b", "k=1, 2"], {"region": ["a", "b"], "k": [1, 2]}),
        (['region=["a, b", "c"]', "k=[1, 2]"], {"region": ["a, b", "c"], "k": [1, 2]}),
        (["region=a", "region=b"], {"region": ["a", "b"]}),
        (["table.csv"], Path("table.csv")),
    ],
)
def test_values_of_the_command_line_have_the_notebooks_types(notebook: Make, given_as: list[str], each: Any) -> None:
    assert each_of(str(notebook("1", parameters=CELL)), given_as) == each


# The record of the whole.


def _job(part: str, state: JobState) -> Job:
    return Job(part, "n.ipynb", {}, state)


STATES = [None, *(state for state in JobState)]


@given(st.lists(st.sampled_from(STATES), min_size=1, max_size=6))
def test_the_whole_is_completed_only_if_every_part_is(states: list[JobState | None]) -> None:
    each = tuple({"k": at} for at in range(len(states)))
    whole = Batch("b", "n.ipynb", each, jobs=tuple(None if s is None else _job("j", s) for s in states))

    assert (whole.state is JobState.COMPLETED) == all(state is JobState.COMPLETED for state in states)
    if whole.state.final:
        assert all(state is not None and (state.final or state is JobState.PARKED) for state in states)
    assert sum(whole.counts.values()) == len(states)
    assert len(whole.missing) == states.count(None)


def test_nothing_of_how_far_it_is_stands_in_its_file(home: Path, notebook: Make, quiet: None) -> None:
    whole = wb.submit_each(notebook("1", parameters=CELL), {"k": [1, 2]}, {"region": "a"}, wait=False)

    written = json.loads((home / "batches" / whole.id / WHOLE).read_text(encoding="utf-8"))
    update(home / "jobs" / whole.ids[0], state=JobState.FAILED, error="x")

    assert not {"state", "jobs", "scores"} & set(written)
    assert wb.batch(whole.id).counts == {JobState.FAILED: 1, JobState.QUEUED: 1}
    assert [part.job.batch for part in whole.parts if part.job] == [whole.id] * 2
    assert (whole.parameters, whole.each) == ({"region": "a"}, ({"k": 1}, {"k": 2}))


def test_what_all_have_and_one_has_otherwise_stands_with_the_parts(notebook: Make, home: Path, quiet: None) -> None:
    rows = [{"k": 1}, {"k": 2, "region": "b"}]

    whole = wb.submit_each(notebook("1", parameters=CELL), rows, {"region": "a", "share": 0.1}, wait=False)

    assert whole.parameters == {"share": 0.1}
    assert whole.each == ({"k": 1, "region": "a"}, {"k": 2, "region": "b"})


def test_parts_come_before_a_job_that_is_given_their_results(notebook: Make, home: Path, quiet: None) -> None:
    from workbench.jobs.line.chains import before

    whole = wb.submit_each(notebook("1", parameters=CELL), {"k": [1, 2]}, wait=False)

    assert before(whole, {}) == whole.ids
    assert before(None, {"all": whole.result("output")}) == whole.ids


@pytest.mark.usefixtures("home")
def test_a_batch_that_is_not_there_is_told() -> None:
    with pytest.raises(NotFound, match="No batch named 'b'"):
        wb.batch("b")
    with pytest.raises(BadParameter, match="batch name"):
        wb.batch("../b")


# Killed in the middle.


class Killed(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("at", ["record", "ticket"])
def test_what_is_missing_is_submitted_once(
    home: Path, notebook: Make, quiet: None, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    """The process ends before the fourth part's record is written, or between that and its ticket."""
    from workbench.jobs import submit

    seen = itertools.count(1)
    where, name = (submit, "write") if at == "record" else (submit.tickets, "put")
    act = getattr(where, name)

    def until(*given: Any, **options: Any) -> Any:
        if next(seen) == 4:
            raise Killed
        return act(*given, **options)

    monkeypatch.setattr(where, name, until)
    with pytest.raises(Killed):
        wb.submit_each(notebook("1", parameters=CELL), {"k": list(range(10))}, wait=False)
    monkeypatch.setattr(where, name, act)
    (broken,) = [wb.batch(folder.name) for folder in (home / "batches").iterdir()]

    mended = again(broken.id)

    assert [part.job is not None for part in broken.parts][:3] == [True] * 3
    assert not any(part.job for part in broken.parts[4:])
    assert broken.state is not JobState.COMPLETED
    assert [ticket.id for ticket in waiting(home)] == list(mended.ids)
    assert mended.counts == {JobState.QUEUED: 10}
    assert [load(home / "jobs" / part).parameters for part in mended.ids] == [{"k": k} for k in range(10)]
    assert again(broken.id) == mended
    assert len(waiting(home)) == 10


def test_again_leaves_what_has_ended_and_submits_what_was_deleted(home: Path, notebook: Make, quiet: None) -> None:
    import shutil

    whole = wb.submit_each(notebook("1", parameters=CELL), {"k": [1, 2, 3]}, wait=False)
    update(home / "jobs" / whole.ids[0], state=JobState.COMPLETED)
    for ticket in waiting(home)[:2]:
        ticket.path.unlink()
    shutil.rmtree(home / "jobs" / whole.ids[1])

    assert again(whole.id).counts == {JobState.COMPLETED: 1, JobState.QUEUED: 2}


def test_stopping_stops_all_that_wait(home: Path, notebook: Make, quiet: None) -> None:
    whole = wb.submit_each(notebook("1", parameters=CELL), {"k": [1, 2, 3]}, wait=False)
    update(home / "jobs" / whole.ids[0], state=JobState.COMPLETED)

    stopped = stop_batch(whole.id)

    assert stopped.counts == {JobState.COMPLETED: 1, JobState.STOPPED: 2}
    assert stopped.state is JobState.STOPPED
    assert [ticket.id for ticket in waiting(home)] == [whole.ids[0]]


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="kill -9")
def test_a_batch_that_was_killed_for_real_can_be_completed(home: Path, notebook: Make) -> None:
    path = notebook("1", parameters=CELL)
    program = (
        "import sys, os, signal, workbench as wb\n"
        "from workbench.jobs import batch\n"
        "batch.dispatch, act, left = (lambda *_: []), batch.line_up, [3]\n"
        "def line_up(*given):\n"
        "    if not left[0]: os.kill(os.getpid(), signal.SIGKILL)\n"
        "    left[0] -= 1\n"
        "    act(*given)\n"
        "batch.line_up = line_up\n"
        "wb.submit_each(sys.argv[1], {'k': list(range(5))}, wait=False)"
    )
    killed = subprocess.run([sys.executable, "-c", program, str(path)], env=dict(os.environ), timeout=120, check=False)
    (broken,) = [wb.batch(folder.name) for folder in (home / "batches").iterdir()]

    again(broken.id)
    batches.follow(broken, show=False)

    assert killed.returncode == -signal.SIGKILL
    assert broken.headline() == "small.ipynb 5 times: 3 queued, 2 not submitted"
    assert wb.batch(broken.id).headline() == "small.ipynb 5 times: 5 completed"
    assert len(list((home / "jobs").iterdir())) == 5


@pytest.mark.slow
def test_parts_run_and_their_scores_stand_side_by_side(home: Path, notebook: Make, tmp_path: Path) -> None:
    path = notebook("import workbench as wb\nassert k != 3\nwb.give(double=k * 2, word=region)", parameters=CELL)

    with pytest.raises(JobFailed, match=r"1 of 3 parts of small.ipynb failed, first part 3 \(k=3\): AssertionError"):
        wb.submit_each(path, {"k": [1, 2, 3]}, {"region": "a"}, output=f"{tmp_path}/out/{{k}}.ipynb")

    (whole,) = [wb.batch(folder.name) for folder in (home / "batches").iterdir()]
    shown = whole.frame()
    assert list(shown["k"]) == [1, 2, 3]
    assert list(shown["state"]) == ["COMPLETED", "COMPLETED", "FAILED"]
    assert list(shown["double"])[:2] == [2, 4]
    assert whole.state is JobState.FAILED
    assert whole.exit_code == 1
    assert sorted(f.name for f in (tmp_path / "out").iterdir()) == ["1.ipynb", "2.ipynb", "3.ipynb"]
    answer = CliRunner().invoke(app, ["batch", whole.id, "--csv", str(tmp_path / "b.csv")])
    assert answer.exit_code == 0
    assert "1 failed, 2 completed" in answer.output
    assert list(pd.read_csv(tmp_path / "b.csv")["state"]) == ["COMPLETED", "COMPLETED", "FAILED"]


@pytest.mark.slow
@pytest.mark.usefixtures("home")
def test_a_job_that_waits_for_its_batch_lends_it_its_slot(notebook: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKBENCH_JOBS", "1")
    inner = notebook("1", parameters=CELL, name="inner.ipynb")
    outer = notebook(f"import workbench as wb\nwb.submit_each({str(inner)!r}, {{'k': [1, 2]}}, show=False)")

    assert wb.submit(outer).state is JobState.COMPLETED


@pytest.mark.slow
def test_the_command_runs_each_and_ends_with_the_first_failure(home: Path, notebook: Make) -> None:
    path = notebook("assert k != 2", parameters=CELL)

    answer = CliRunner().invoke(app, ["submit", str(path), "--each", "k=1,2"])

    assert answer.exit_code == 1
    assert "small.ipynb 2 times: 1 failed, 1 completed" in answer.output


def test_scores_are_those_of_results_and_the_numbers_that_are_given(tmp_path: Path) -> None:
    records = [
        {"noun": "run", "headline": "", "results": {"metrics": {"roc_auc": 0.7}, "best": "linear"}},
        {"noun": "bundle", "headline": "", "results": {"metrics": {"roc_auc": 0.8, "odd": "text"}}},
        {"noun": "given", "headline": "", "results": {"rows": 7, "word": "a", "yes": True}},
        {"noun": "profile", "headline": "", "results": 7},
    ]
    outputs = [{"output_type": "display_data", "metadata": {}, "data": {MIME: record}} for record in records]
    cell = {"cell_type": "code", "metadata": {}, "source": "", "execution_count": 1, "outputs": outputs}
    path = tmp_path / "n.ipynb"
    path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell]}), encoding="utf-8")

    assert scores(path) == {"roc_auc": 0.8, "rows": 7}
