"""A job is given what came out of another: by a text in its record, checked before its kernel starts."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_notebook, new_output

import workbench as wb
from workbench.core.job import Job, JobState
from workbench.core.references import Reference, filled, raw, reference, references
from workbench.core.result import MIME
from workbench.errors import BadParameter, NotFound
from workbench.jobs.line.chains import before, meant, resolved
from workbench.jobs.line.queue import dispatch
from workbench.jobs.notebook.giving import GIVEN
from workbench.jobs.notebook.outcome import results
from workbench.jobs.notebook.parameters import check, from_form, from_texts
from workbench.jobs.records import job, load, update, write

Make = Callable[..., Path]
A = "20261130T010203-train-0a1b"

# Texts near to references, and references.
NAMES = st.from_regex(r"[A-Za-z_]\w{0,8}", fullmatch=True)
IDS = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,12}", fullmatch=True)
REFERENCES = st.builds(Reference, IDS, NAMES).map(str)
TEXTS = st.text() | REFERENCES | st.builds(lambda colons, r: f"job{':' * colons}{r[4:]}", st.integers(0, 4), REFERENCES)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(VALUES)
def test_what_is_meant_as_it_stands_comes_out_so_and_survives_json(value: Any) -> None:
    kept = json.loads(json.dumps(raw(value)))

    assert not list(references(kept))
    assert filled(kept, pytest.fail) == value


@given(IDS, NAMES)
def test_a_reference_survives_the_text(job: str, name: str) -> None:
    asked = Reference(job, name)

    assert reference(json.loads(json.dumps(str(asked)))) == asked


@given(VALUES, st.integers())
def test_only_references_are_filled(value: Any, found: int) -> None:
    """Each is asked for once, in order, wherever it stands; everything else comes out as it is meant."""
    asked: list[Reference] = []

    filled(value, lambda r: asked.append(r) or found)

    assert asked == list(references(value))


@pytest.mark.parametrize("name", ["", "a b", "a#b", "7", None, 7, "a\n"])
def test_a_result_has_a_name(name: Any) -> None:
    with pytest.raises(BadParameter, match="'output' or 'bundle'"):
        Job(A, "train.ipynb", {}, JobState.QUEUED).result(name)


def _shown(*records: dict[str, Any]) -> Any:
    bundles = [{"text/plain": "", MIME: record} for record in records]
    cell = new_code_cell("", outputs=[new_output("display_data", data=data) for data in bundles])
    return new_notebook(cells=[cell])


def _record(noun: str, **more: Any) -> dict[str, Any]:
    return {"noun": noun, "headline": "", "findings": [], "format_version": 1, **more}


@pytest.fixture
def ended(home: Path) -> Callable[..., Job]:
    """A job that has ended, whose notebook shows these records."""

    def make(*records: dict[str, Any], state: JobState = JobState.COMPLETED, name: str = A, **more: Any) -> Job:
        job = Job(name, "train.ipynb", {}, state, path=home / "jobs" / name, **more)
        job.path.mkdir(parents=True)
        nbformat.write(_shown(*records), job.output)
        write(job)
        return job

    return make


@pytest.fixture
def waiting(home: Path, notebook: Make) -> Callable[..., Job]:
    """A job that has not begun, with parameters."""

    def make(cell: str, **parameters: Any) -> Job:
        path = home / "jobs" / "20261130T020304-score-2c3d"
        path.mkdir(parents=True)
        (path / "input.ipynb").write_bytes(notebook("1", parameters=cell).read_bytes())
        job = Job(path.name, "score.ipynb", parameters, JobState.CREATED, path=path, kernel={"language": "python"})
        write(job)
        return job

    return make


def test_results_are_the_last_of_each_noun_and_what_is_given(ended: Callable[..., Job]) -> None:
    job = ended(
        _record("run", parameter="r1"),
        _record("profile"),
        _record("run", parameter="r2"),
        _record(GIVEN, results={"rows": 7, "table": "t.parquet"}),
        _record(GIVEN, results={"rows": 8}),
        _record("bundle", parameter=["no", "text"]),
        {"noun": 7},
    )

    assert results(job.output) == {"run": "r2", "rows": 8, "table": "t.parquet"}


def test_references_are_filled_and_written_into_the_record(
    ended: Callable[..., Job], waiting: Callable[..., Job]
) -> None:
    a = ended(_record("bundle", parameter="/b/1"), _record(GIVEN, results={"rows": 7, "note": f"job:{A}#rows"}))
    b = waiting(
        "bundle = ''\nrows = 0\noutputs = ['']\nnote = ''\ntext = ''",
        bundle=a.result("bundle"), rows=a.result("rows"), outputs=[a.result("output")], note=a.result("note"),
        text=raw(a.result("rows")),
    )  # fmt: skip

    filled_in = resolved(b)

    assert meant(filled_in.parameters) == {
        "bundle": "/b/1", "rows": 7, "outputs": [str(a.output)], "note": f"job:{A}#rows", "text": f"job:{A}#rows"
    }  # fmt: skip
    assert load(b.path).parameters == filled_in.parameters
    assert resolved(filled_in) == filled_in  # a second try fills nothing in anew


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("bundel", rf"job {A} shows no 'bundel'. Did you mean 'bundle'\? It has: output, bundle.*by wb.give"),
        ("bundle", rf"'rows' is int.*It came from job:{A}#bundle"),
    ],
)
def test_a_result_that_is_not_there_or_does_not_fit_is_told_with_its_job(
    ended: Callable[..., Job], waiting: Callable[..., Job], name: str, message: str
) -> None:
    a = ended(_record("bundle", parameter="/b/1"))

    with pytest.raises(BadParameter, match=message):
        resolved(waiting("rows = 0", rows=a.result(name)))


@pytest.mark.parametrize("state", [JobState.FAILED, JobState.STOPPED])
def test_a_job_that_did_not_end_well_gives_nothing(
    ended: Callable[..., Job], waiting: Callable[..., Job], state: JobState
) -> None:
    a = ended(_record("bundle", parameter="/b/1"), state=state)

    with pytest.raises(BadParameter, match=f"the job {A} is {state.value}"):
        resolved(waiting("bundle = ''", bundle=a.result("bundle")))


def test_a_job_that_was_deleted_or_whose_output_is_damaged_gives_nothing(
    ended: Callable[..., Job], waiting: Callable[..., Job]
) -> None:
    a = ended(_record("bundle", parameter="/b/1"))
    b = waiting("bundle = ''", bundle=a.result("bundle"))
    a.output.write_text("{", encoding="utf-8")

    with pytest.raises(BadParameter, match="can't be had"):
        resolved(b)
    (a.path / "job.json").unlink()
    with pytest.raises(BadParameter, match=f"the job {A} was deleted"):
        resolved(b)


def test_a_secret_is_never_handed_on(ended: Callable[..., Job], waiting: Callable[..., Job]) -> None:
    a = ended(_record(GIVEN, results={"key": "ghp_" + "a1" * 18}))

    with pytest.raises(BadParameter, match="looks like a secret") as caught:
        resolved(waiting("key = ''", key=a.result("key")))

    assert "a1a1" not in str(caught.value)


def test_who_is_given_from_comes_before(ended: Callable[..., Job]) -> None:
    a, b = ended(), ended(name=f"{A}2")

    assert before(b, {"x": [a.result("run")], "y": a.result("output"), "z": "job: none"}) == (b.id, a.id)
    assert before([a.id, (b,)], {}) == (a.id, b.id)
    assert before(None, {}) == ()


def test_a_job_that_is_not_there_comes_before_none(home: Path) -> None:
    with pytest.raises(NotFound, match=f"No job named '{A}'"):
        before(None, {"x": f"job:{A}#run"})
    with pytest.raises(BadParameter, match="'after' takes jobs or their ids, got the number 7"):
        before(7, {})


def test_a_circle_is_refused(ended: Callable[..., Job]) -> None:
    """Somebody has changed a record: a job is submitted after those alone that are there."""
    a, b = ended(state=JobState.QUEUED), ended(name=f"{A}2", state=JobState.QUEUED, after=(A,))
    update(a.path, after=(b.id,))

    with pytest.raises(BadParameter, match=f"{b.id} comes after itself"):
        before(b, {})


def test_a_reference_passes_the_check_of_any_type_until_its_value_is_there(notebook: Make) -> None:
    path = notebook(
        "1", parameters="n: int\nshare = 0.5\nnames = ['a']\nwhere = None\nfrom pathlib import Path\np = Path('x')"
    )
    given_as = {"n": f"job:{A}#n", "names": [f"job:{A}#a", "b"], "p": f"job:{A}#output"}

    assert check(path, given_as, later=True) == given_as
    assert from_texts(path, [("n", f"job:{A}#n"), ("p", f"job:{A}#output")]) == {
        "n": f"job:{A}#n",
        "p": f"job:{A}#output",
    }
    assert from_form(path, {"p": f"job:{A}#output"}) == {"p": f"job:{A}#output"}
    with pytest.raises(BadParameter, match="'n' is int"):
        check(path, given_as)


def test_what_is_given_is_plain_data(capsys: pytest.CaptureFixture[str]) -> None:
    wb.give(rows=np.int64(7), share=np.float64(0.5), table=Path("a") / "t.parquet", day=date(2026, 1, 31))

    shown = f"rows = 7, share = 0.5, table = {str(Path('a') / 't.parquet')!r}, day = '2026-01-31'\n"
    assert capsys.readouterr().out == shown


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, "by name"),
        ({"output": 1}, "the executed notebook itself"),
        ({"x": object()}, "plain data that a record can hold"),
        ({"x": "y" * 200_000}, "at most 100,000"),
        ({"x": "ghp_" + "a1" * 18}, "looks like a secret"),
    ],
)
def test_what_can_not_be_given_is_refused(values: dict[str, Any], message: str) -> None:
    with pytest.raises(BadParameter, match=message):
        wb.give(**values)


def test_a_noun_is_given_by_what_stands_for_it(capsys: pytest.CaptureFixture[str]) -> None:
    wb.give(first=Job(A, "train.ipynb", {}, JobState.COMPLETED))

    assert capsys.readouterr().out == f"first = {A!r}\n"


@pytest.mark.slow
@pytest.mark.usefixtures("home")
def test_a_notebook_gets_what_another_gave(notebook: Make) -> None:
    a = wb.submit(notebook("import workbench as wb\nwb.give(n=21)", name="a.ipynb"))
    b = wb.submit(
        notebook("print(n * 2, str(table).endswith('output.ipynb'))", parameters="n = 0\ntable = ''", name="b.ipynb"),
        {"n": a.result("n"), "table": a.result("output")},
    )

    assert (b.state, b.after) == (JobState.COMPLETED, (a.id,))
    assert nbformat.read(b.output, 4).cells[-1].outputs[0].text == "42 True\n"
    assert replace(b, parameters={}).to_dict() == {**b.to_dict(), "parameters": {}}
    assert b.parameters == {"n": 21, "table": str(a.output)}


@pytest.mark.slow
@pytest.mark.usefixtures("home")
def test_a_chain_goes_on_by_itself_and_ends_where_a_link_breaks(notebook: Make) -> None:
    """The last is given from one that fails, and one that is given nothing that fits ends before its kernel starts."""
    a = wb.submit(notebook("import workbench as wb\nwb.give(n='many')", name="a.ipynb"), wait=False)
    path = notebook("1 / n", parameters="n = 0\nwhat = ''", name="b.ipynb")
    fits = wb.submit(path, {"what": a.result("n")}, wait=False)
    unfit = wb.submit(path, {"n": a.result("n")}, wait=False)
    last = wb.submit(path, {"what": fits.result("output")}, wait=False)

    ended = [_ended(one) for one in (a, fits, unfit, last)]

    assert [one.state.value for one in ended] == ["COMPLETED", "FAILED", "FAILED", "FAILED"]
    assert "ZeroDivisionError" in str(ended[1].error)
    assert "'n' is int" in str(ended[2].error)
    assert f"It came from job:{a.id}#n" in str(ended[2].error)
    assert (ended[2].cells_done, ended[2].output.exists()) == (0, False)
    assert fits.id in str(ended[3].error)
    assert ended[3].started is None


def _ended(of: Job) -> Job:
    until = time.monotonic() + 180
    while not (seen := job(of.id)).state.final:
        assert time.monotonic() < until, seen.headline()
        dispatch()
        time.sleep(0.1)
    return seen
