"""A job that failed goes on at the failed cell: in the kernel that was kept, where no finished cell runs again."""

from __future__ import annotations

import base64
import json
import os
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import nbformat
import psutil
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell

import workbench as wb
from workbench.core.job import Cause, Job, JobState
from workbench.errors import BadParameter, Busy, JobFailed, NotFound
from workbench.jobs import resume as module
from workbench.jobs.notebook.edited import kept_places
from workbench.jobs.processes import family
from workbench.jobs.records import events, job, jobs, load, settle, write
from workbench.jobs.resume import resume
from workbench.jobs.stopping import stop

Make = Callable[..., Path]
PASSWORD = "correct-horse-battery"
PATIENCE = 120.0
SHOWS = """
import sys
from IPython.display import HTML, display
from workbench.jobs.secrets import secret
with open("ran", "a") as file:
    file.write("1")
print("out", secret(password))
print("err", file=sys.stderr)
display(HTML("<b>rich</b>"), display_id="shown")
"""
CATCHES = "import ipywidgets\nbox = ipywidgets.Output()\nwith box:\n    print('caught')\nipywidgets.IntSlider(3)"
WAIT = "import threading\nthreading.Event().wait()"


def _until(reached: Callable[[], Any]) -> Any:
    end = time.monotonic() + PATIENCE
    while not (seen := reached()):
        assert time.monotonic() < end, "not reached"
        time.sleep(0.05)
    return seen


def _parked(path: Path, **options: Any) -> Job:
    started = wb.submit(path, show=False, wait=False, park=options.pop("park", 3600.0), **options)
    return _until(lambda: (now := load(started.path)).state is JobState.PARKED and now)


def _edit(path: Path, change: Callable[[list[Any]], Any]) -> None:
    content = nbformat.read(path, 4)
    change(content.cells)
    nbformat.write(content, path)


def _put(place: int, source: str) -> Callable[[list[Any]], None]:
    return lambda cells: cells[place].update(source=source)


def _outputs(path: Path, places: list[int]) -> list[str]:
    cells = json.loads(path.read_bytes())["cells"]
    return [json.dumps([cells[i]["outputs"], cells[i]["execution_count"]]) for i in places]


def _event_names(of: Job) -> list[str]:
    return [event["event"] for event in events(of.path)[0]]


@pytest.mark.slow
def test_finished_cells_run_once_and_keep_what_they_showed(
    home: Path, notebook: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fails, is refused, fails again at another cell, and ends: streams, rich outputs, widgets stay byte for byte."""
    monkeypatch.setenv("WAREHOUSE", PASSWORD)
    monkeypatch.chdir(tmp_path)
    path = notebook(SHOWS, CATCHES, "value = 1 / 0", "value", parameters="password = ''\nn = 1")

    with pytest.raises(JobFailed, match=r"kept until 20\d\d-.* UTC.*workbench resume 20") as first:
        wb.submit(path, {"password": "env:WAREHOUSE", "n": 2}, show=False, park=3600)
    parked = jobs()[0]
    _edit(path, _put(2, SHOWS + "# changed"))
    with pytest.raises(BadParameter, match=r"Cell 4 \(import sys\) has finished and was changed.*--replay"):
        resume(parked.id, show=False)
    still = job(parked.id)
    _edit(path, _put(2, SHOWS))
    _edit(
        path, _put(4, "value = n * 21; update_display = display(HTML('<i>new</i>'), display_id='shown', update=True)")
    )
    _edit(path, lambda cells: cells.insert(0, new_markdown_cell("Mended.")))
    _edit(path, lambda cells: cells.append(new_code_cell(f"raise KeyError({PASSWORD[:8]!r} + {PASSWORD[8:]!r})")))
    with pytest.raises(JobFailed, match=r"cell 9: KeyError: '\*+'") as second:
        resume(parked.id, show=False)
    again = job(parked.id)
    _edit(path, _put(-1, "open('ran').read(), value"))
    ended = resume(parked.id, show=False)

    assert (first.value.cell, first.value.cause, second.value.cell) == (5, Cause.CELL, 8)
    assert (parked.state, parked.exit_code, parked.cells_done) == (JobState.PARKED, 1, 4)
    assert parked.error == still.error == "ZeroDivisionError: division by zero"
    assert (again.state, again.reused, len(again.attempts)) == (JobState.PARKED, (2, 3, 4, 5), 1)
    assert (ended.state, ended.error, ended.failed_cell, ended.due) == (JobState.COMPLETED, None, None, None)
    assert (ended.id, ended.reused, ended.cells_done) == (parked.id, (2, 3, 4, 5, 6, 7), 7)
    tries = [(t["failed_cell"], t["cause"], t["output"]) for t in ended.attempts]
    assert tries == [(5, "failed cell", "output-1.ipynb"), (8, "failed cell", "output-2.ipynb")]
    assert all(t["started"] <= t["ended"] for t in ended.attempts)
    assert _event_names(ended).count("job_resumed") == 2
    cells = nbformat.read(ended.output, 4).cells
    assert cells[-1].outputs[0].data["text/plain"] == "('1', 42)"
    # A display that is updated from a later cell changes where it stands now; all else is as it was.
    old, new = _outputs(ended.path / "output-1.ipynb", [1, 2, 3, 4]), _outputs(ended.output, [2, 3, 4, 5])
    assert [text.replace("<b>rich</b>", "<i>new</i>") for text in old] == new
    assert "caught" in new[3]
    assert [c.metadata.get("workbench") for c in cells[2:5]] == [{"reused": ended.id}] * 3
    secret = PASSWORD.encode()
    forms = (secret, base64.b64encode(secret).strip(b"="))
    assert not [f.name for f in ended.path.iterdir() for form in forms if form in f.read_bytes()]
    assert not family(ended.id)


@pytest.mark.slow
def test_when_its_time_is_over_nothing_is_left(home: Path, notebook: Make) -> None:
    """What is tried again by itself is parked after the last try alone."""
    started = wb.submit(notebook("1", "1 / 0"), show=False, wait=False, park=0.2, retries=1, backoff=0.0)

    ended = _until(lambda: (now := load(started.path)).state.final and now)

    assert (ended.state, ended.failed_cell, ended.cause, ended.due) == (JobState.FAILED, 2, Cause.CELL, None)
    assert ended.error == "ZeroDivisionError: division by zero"
    assert "kept for 0.2 s, and nobody went on" in " ".join(ended.notes)
    assert [name for name in _event_names(ended) if name in ("job_retried", "job_parked", "job_ended")] == [
        "job_retried", "job_parked", "job_ended",
    ]  # fmt: skip
    assert len(ended.attempts) == 1
    _until(lambda: not family(ended.id))


def _kernel(of: Job) -> psutil.Process:
    return next(p for p in family(of.id) if "ipykernel_launcher" in " ".join(p.cmdline()))


def _suspend_and_stop(of: Job) -> None:
    os.kill(of.pid or 0, signal.SIGSTOP)
    stop(of.id, grace=0.2)


def _kill_guardian_and_runner(of: Job) -> None:
    """Who resumes or stops the job then writes down its end."""
    guardians = [
        p for p in psutil.process_iter(["cmdline"]) if "workbench.jobs.run.guardian" in (p.info["cmdline"] or ())
    ]
    own = [p for p in guardians if str(of.path) in p.info["cmdline"]]
    for process in own:
        process.kill()
    psutil.wait_procs(own, PATIENCE)
    os.kill(of.pid or 0, signal.SIGKILL)
    _until(lambda: job(of.id).state is JobState.FAILED)
    _until(lambda: not family(of.id))
    settle(of.path)


ENDS: dict[str, tuple[Callable[[Job], Any], JobState, str]] = {
    "stopped": (lambda of: stop(of.id), JobState.STOPPED, "division by zero Stopped on request."),
    "suspended and stopped": (_suspend_and_stop, JobState.STOPPED, "division by zero Stopped on request."),
    "runner killed": (lambda of: os.kill(of.pid or 0, signal.SIGKILL), JobState.FAILED, "is gone with its process"),
    "guardian and runner killed": (_kill_guardian_and_runner, JobState.FAILED, "is gone with its process"),
    "kernel killed": (lambda of: _kernel(of).kill(), JobState.FAILED, "has died"),
}


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_however_a_parked_job_ends_its_record_says_what_had_failed(home: Path, notebook: Make) -> None:
    path = notebook("1", "1 / 0", "2")
    with ThreadPoolExecutor(len(ENDS)) as pool:
        parked = list(pool.map(lambda _: _parked(path), ENDS))

    for (strike, _, _), one in zip(ENDS.values(), parked, strict=True):
        strike(one)
    ended = [_until(lambda one=one: (now := load(one.path)).state.final and now) for one in parked]

    for (_, state, words), one in zip(ENDS.values(), ended, strict=True):
        assert (one.state, one.failed_cell, one.cause, one.due) == (state, 2, Cause.CELL, None), words
        assert one.error.startswith("ZeroDivisionError: division by zero")
        assert words in one.headline()
        output = nbformat.read(one.output, 4)
        assert output.metadata.workbench.state == state.value
        assert [c.metadata.papermill.status for c in output.cells[1:]] == ["completed", "failed", "pending"]
        _until(lambda one=one: not family(one.id))


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_one_of_two_resumes_at_once_goes_on(home: Path, notebook: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """And a suspended job, which can't answer, is told of and loses nothing: it goes on when somebody lets it."""
    path = notebook("1", "1 / 0")
    parked = _parked(path)
    _edit(path, _put(-1, WAIT))
    os.kill(parked.pid or 0, signal.SIGSTOP)
    monkeypatch.setattr(module, "PATIENCE", 0.3)
    with pytest.raises(Busy, match="does not answer"):
        resume(parked.id, show=False)
    os.kill(parked.pid or 0, signal.SIGCONT)
    monkeypatch.setattr(module, "PATIENCE", PATIENCE)

    def tried() -> str:
        try:
            return resume(parked.id, wait=False).state.value
        except Busy as error:
            return str(error)

    with ThreadPoolExecutor(2) as pool:
        said = sorted(f.result() for f in [pool.submit(tried), pool.submit(tried)])

    assert said[0] == "IN_PROGRESS"
    assert "resumed by somebody else" in said[1] or "IN_PROGRESS. Wait" in said[1]
    with pytest.raises(Busy, match="IN_PROGRESS"):
        resume(parked.id)
    assert _event_names(parked).count("job_resumed") == 1
    stop(parked.id)


@pytest.mark.slow
def test_a_parked_job_gives_its_turn_to_others_and_goes_on_at_once(
    home: Path, notebook: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One job may run at once: the second waits for the first until that is parked, and the first for nobody after."""
    monkeypatch.setenv("WORKBENCH_JOBS", "1")
    path, others = notebook("1", "1 / 0"), notebook(WAIT, name="other.ipynb")
    parked = _parked(path)
    other = wb.submit(others, show=False, wait=False)
    _until(lambda: job(other.id).state is JobState.IN_PROGRESS)
    waits = wb.submit(notebook("2", name="third.ipynb"), show=False, wait=False)
    _edit(path, _put(-1, "'mended'"))

    ended = resume(parked.id, show=False)
    third = job(waits.id).state
    stop(other.id)

    assert (ended.state, third) == (JobState.COMPLETED, JobState.QUEUED)
    _until(lambda: job(waits.id).state is JobState.COMPLETED)


def test_the_time_of_a_job_does_not_run_while_it_is_parked(monkeypatch: pytest.MonkeyPatch) -> None:
    from workbench.jobs.run import client

    clock = iter([100.0, 1900.0])
    monkeypatch.setattr(client, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    recorder = SimpleNamespace(parks=True, parked=lambda failure, alive: {1: 2, 3: 4})
    shown = {"a": {1: [0], 5: [1]}}
    one = SimpleNamespace(nb_man=recorder, deadline=130.0, _display_id_map=shown, _idles=None, results=None)
    one._is_good_after = lambda failure: True

    begin = client.Client._parked(one, JobFailed("", cell=5, cause=Cause.CELL))

    assert (begin, one.deadline, one._display_id_map) == (5, 1930.0, {"a": {2: [0]}})


@pytest.mark.slow
def test_a_cell_whose_own_time_is_used_up_is_interrupted_and_the_kernel_kept(home: Path, notebook: Make) -> None:
    path = notebook("n = 1", f"print('begun')\n{WAIT}")
    parked = _parked(path, cell_timeout=3.0)
    _edit(path, _put(-1, "for i in range(500): print(i, flush=True)"))

    ended = resume(parked.id, show=False)

    assert (parked.cause, parked.exit_code, parked.failed_cell) == (Cause.TIME, 124, 2)
    assert (ended.state, ended.reused) == (JobState.COMPLETED, (1,))
    assert nbformat.read(ended.output, 4).cells[2].outputs[0].text == "".join(f"{i}\n" for i in range(500))
    assert [note for note in ended.notes if "arrive" in note] == []


@pytest.mark.parametrize("cause", [cause for cause in Cause if cause is not Cause.CELL])
def test_only_the_kernel_of_a_failed_cell_is_kept(cause: Cause) -> None:
    from workbench.jobs.run.client import Client

    failure = JobFailed("", cell=1, cause=cause)

    one = SimpleNamespace(nb_man=SimpleNamespace(parks=True), deadline=0.0)
    one._is_good_after = lambda failure: Client._is_good_after(one, failure)

    with pytest.raises(JobFailed) as caught:
        Client._parked(one, failure)

    assert caught.value is failure


def _cells(*sources: str) -> list[dict[str, Any]]:
    return [
        {"cell_type": "markdown" if source.startswith("# ") else "code", "source": source, "metadata": {}}
        for source in sources
    ]


EDITS = {
    "words and empty cells": (("# t", "", "a = 1", "b = 2", "# more", "mended"), {0: 2, 2: 3}),
    "a cell after the finished ones": (("a = 1", "b = 2", "new", "mended"), {0: 0, 2: 1}),
    "the failed cell is taken out": (("a = 1", "b = 2"), {0: 0, 2: 1}),
    "space at an end": (("a = 1\n", "b = 2", "mended"), {0: 0, 2: 1}),
    "changed": (("a = 1", "b = 3", "mended"), r"Cell 3 \(b = 2\) has finished and was changed"),
    "indented": ((" a = 1", "b = 2"), r"Cell 1 \(a = 1\) has finished and was changed"),
    "removed": (("b = 2", "mended"), r"Cell 1 \(a = 1\) has finished and was removed"),
    "the last removed": (("a = 1",), r"Cell 3 \(b = 2\) has finished and was removed"),
    "added": (("a = 1", "new", "b = 2", "mended"), r"Cell 2 \(new\) was added before cells that have finished"),
    "all gone": ((), r"Cell 1 \(a = 1\) has finished and was removed"),
}


@pytest.mark.parametrize("name", EDITS)
def test_what_may_be_edited_is_what_has_not_finished(name: str) -> None:
    before = _cells("a = 1", "# words", "b = 2", "1 / 0", "c")
    edited, expected = EDITS[name]

    if isinstance(expected, dict):
        assert kept_places(before, 3, _cells(*edited)) == expected
    else:
        with pytest.raises(BadParameter, match=expected):
            kept_places(before, 3, _cells(*edited))


def test_a_tag_that_changes_what_a_cell_does_is_a_change() -> None:
    before, after = _cells("a = 1", "1 / 0"), _cells("a = 1", "1")
    after[0]["metadata"]["tags"] = ["hide-input"]
    assert kept_places(before, 1, after) == {0: 0}

    after[0]["metadata"]["tags"] = ["skip-execution"]
    with pytest.raises(BadParameter, match="was changed"):
        kept_places(before, 1, after)


def _record(home: Path, state: JobState, **more: Any) -> Job:
    of = Job("20260101T000000-n-0000", "n.ipynb", {}, state, path=home / "jobs" / "20260101T000000-n-0000", **more)
    of.path.mkdir(parents=True)
    write(of)
    return of


def test_what_can_not_be_resumed_is_refused(home: Path, notebook: Make) -> None:
    done = _record(home, JobState.COMPLETED)

    with pytest.raises(BadParameter, match="has completed: there is nothing to resume"):
        resume(done.id)
    with pytest.raises(NotFound, match="No job named"):
        resume("20260101T000000-n-0001")
    with pytest.raises(BadParameter, match="takes the id of a job, got None"):
        resume(None)
    with pytest.raises(BadParameter, match="job name"):
        resume("../../etc")


def test_a_notebook_that_papermill_ran_is_no_job(home: Path, notebook: Make) -> None:
    path = notebook("1")
    with pytest.raises(NotFound, match=r"that papermill or JupyterLab ran there is no record.*workbench submit"):
        resume(str(path))

    _edit(path, lambda cells: None)
    content = nbformat.read(path, 4)
    content.metadata["workbench"] = {"job": "20260101T000000-n-0000"}
    nbformat.write(content, path)
    with pytest.raises(BadParameter, match="workbench resume 20260101T000000-n-0000"):
        resume(str(path))


def test_a_parked_job_whose_process_is_gone_keeps_its_failure(home: Path) -> None:
    failed = {"failed_cell": 3, "error": "KeyError: 'x'", "cause": Cause.CELL, "due": "2026-01-01T00:00:00+00:00"}
    one = _record(home, JobState.PARKED, started="2026-01-01T00:00:00+00:00", boot="", host="", **failed)

    seen = job(one.id)

    assert seen.state in (JobState.FAILED, JobState.UNKNOWN)
    assert (seen.failed_cell, seen.cause) == (3, Cause.CELL)


STEP = "seen = wb.profile(data, bins=n)\nseen"
BEFORE = (
    "open('ran', 'a').write('1')\nimport workbench as wb\ndata = wb.dataset({'x': [1, 2, 3], 'y': list('aab')})",
    STEP,
    "1 / 0",
)


@pytest.mark.slow
def test_a_job_whose_kernel_is_gone_is_replayed_with_the_results_of_its_steps(
    home: Path, notebook: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then once more by the command, with another value of a parameter that the step uses: nothing is taken over."""
    from typer.testing import CliRunner

    from workbench.cli import app

    monkeypatch.chdir(tmp_path)
    path = notebook(*BEFORE, parameters="n = 5")
    with pytest.raises(JobFailed):
        wb.submit(path, {"n": 7}, show=False, timeout=3000)
    failed = jobs()[0]
    _edit(path, _put(-1, "print(seen.rows * n)"))

    ended = resume(failed.id, show=False)
    told = CliRunner().invoke(app, ["resume", failed.id, "-p", "n=9"])

    assert (ended.state, ended.resumes, ended.reused) == (JobState.COMPLETED, failed.id, (4,))
    assert (ended.options.timeout, ended.parameters, ended.notebook) == (3000, {"n": 7}, str(path))
    assert f"Goes on with {failed.id}: the result of cell 5 was taken over." in ended.headline()
    assert failed.id in (ended.path / "log").read_text(encoding="utf-8")
    assert (tmp_path / "ran").read_text(encoding="utf-8") == "111"
    output = nbformat.read(ended.output, 4)
    assert (output.metadata.workbench.resumes, output.metadata.workbench.reused) == (failed.id, [4])
    assert output.cells[4].metadata.workbench == {"reused": failed.id}
    assert [output.cells[4].source, output.cells[4].metadata.papermill.status] == [STEP, "completed"]
    assert output.cells[4].outputs == nbformat.read(failed.output, 4).cells[4].outputs != []
    assert output.cells[5].outputs[0].text == "21\n"
    assert job(failed.id) == failed
    assert told.exit_code == 0, told.output
    last = jobs()[0]
    assert (last.resumes, last.reused, last.parameters) == (failed.id, (), {"n": 9})
    assert "no result could be taken over" in last.headline()


@pytest.mark.slow
def test_a_parked_job_is_replayed_where_that_is_asked_for(home: Path, notebook: Make) -> None:
    parked = _parked(notebook("n = 1", "1 / 0"), park=3600.0)
    _edit(Path(parked.notebook), _put(1, "n = 2"))
    _edit(Path(parked.notebook), _put(2, "print(n)"))

    ended = resume(parked.id, replay=True, show=False)

    assert (ended.state, ended.resumes, ended.reused) == (JobState.COMPLETED, parked.id, ())
    assert nbformat.read(ended.output, 4).cells[2].outputs[0].text == "2\n"
    assert job(parked.id).state is JobState.PARKED
    stop(parked.id)
