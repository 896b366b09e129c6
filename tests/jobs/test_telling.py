"""People are told how a job ended: by whoever writes the end, once, and without a secret."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import workbench as wb
from workbench.core.job import Cause, Job, JobState
from workbench.core.job_options import JobOptions
from workbench.delivery.send import lines
from workbench.errors import BadParameter, JobFailed
from workbench.jobs.messages import outbox
from workbench.jobs.messages.telling import message, tell_all, try_out
from workbench.jobs.records import finish, job, jobs, load, park, write
from workbench.jobs.scheduler import chores

Make = Callable[..., Path]


def _record(home: Path, *notify: str, state: JobState = JobState.IN_PROGRESS, **more: Any) -> Job:
    path = home / "jobs" / "20271030T230000-nightly-1"
    path.mkdir(parents=True)
    about = {"id": path.name, "notebook": "/x/nightly.ipynb", "parameters": {}, "state": state, "path": path}
    made = Job(**{**about, "options": JobOptions(notify=notify), **more})
    write(made)
    return made


@pytest.mark.parametrize(
    ("state", "heard"),
    [
        (JobState.COMPLETED, {"always", "success"}),
        (JobState.FAILED, {"always", "failure"}),
        (JobState.STOPPED, {"always"}),
    ],
)
def test_each_target_hears_of_the_ends_that_it_asked_for(
    state: JobState, heard: set[str], home: Path, hook: Any
) -> None:
    made = _record(home, hook.url + "/always", f"failure:{hook.url}/failure", f"success:{hook.url}/success")

    finish(made.path, state=state)
    tell_all(home, made.id)
    tell_all(home, made.id)

    assert {path.rpartition("/")[2] for path, _, _ in hook.requests} == heard
    assert len(hook.requests) == len(heard)
    assert list(outbox.marks(home)) == []


def test_an_end_that_is_written_again_is_told_once(home: Path, hook: Any) -> None:
    made = _record(home, hook.url)

    for state in (JobState.FAILED, JobState.COMPLETED, JobState.FAILED):
        finish(made.path, state=state, cause=Cause.PROCESS if state is JobState.FAILED else None, error="gone")
        tell_all(home)

    assert [body["data"]["state"] for _, _, body in hook.requests] == ["FAILED"]


def test_a_delivery_that_fails_changes_nothing_of_the_job_and_is_noted(home: Path) -> None:
    made = _record(home, "env:NOT_SET_ANYWHERE", "mailto:anna@example.org")

    finish(made.path, state=JobState.COMPLETED)
    said = tell_all(home, made.id)

    assert load(made.path).state is JobState.COMPLETED
    assert "not everybody could be told yet" in said[0]
    assert {line["state"] for line in lines(made.path).values()} == {"failed"}
    assert [mark.id for mark in outbox.marks(home)] == [made.id]


def test_the_scheduler_tells_what_others_left(home: Path, hook: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that was killed before it told anybody has left a mark; so has one whose receiver was down."""
    made = _record(home, "env:HOOK")
    finish(made.path, state=JobState.COMPLETED)
    monkeypatch.delenv("HOOK", raising=False)
    tell_all(home, made.id)
    monkeypatch.setenv("HOOK", hook.url)

    chores(home)
    early = len(hook.requests)
    monkeypatch.setattr("workbench.delivery.send._pause", lambda line: __import__("datetime").timedelta(0))
    chores(home)

    assert (early, len(hook.requests)) == (0, 1)
    assert list(outbox.marks(home)) == []


def test_a_mark_without_an_end_waits_for_it_and_one_without_a_job_goes(home: Path, hook: Any) -> None:
    made = _record(home, hook.url)
    outbox.put(Job(**{**vars(made), "state": JobState.FAILED}))
    (home / "outbox" / "20200101T000000-gone-1@FAILED").touch()

    tell_all(home)
    before = ([mark.id for mark in outbox.marks(home)], len(hook.requests))
    finish(made.path, state=JobState.FAILED, cause=Cause.PROCESS, error="gone")
    tell_all(home)

    assert before == ([made.id], 0)
    assert (list(outbox.marks(home)), len(hook.requests)) == ([], 1)


def test_a_parked_job_is_told_at_once_and_its_end_too(home: Path, hook: Any) -> None:
    """The time in which somebody may go on runs from then."""
    made = _record(home, f"failure:{hook.url}", hook.url, failed_cell=0)

    park(made.path, error="ValueError: no", cause=Cause.CELL, due="2027-10-31T00:00:00+00:00")
    tell_all(home, made.id)
    finish(made.path, state=JobState.COMPLETED, error=None, cause=None, failed_cell=None, due=None)
    tell_all(home, made.id)

    told = [(body["data"]["state"], body["facts"].get("Kept until", "")) for _, _, body in hook.requests]
    assert told[:1] == [("PARKED", "2027-10-31T00:00:00+00:00")]
    assert told[-1:] == [("COMPLETED", "")]
    assert list(outbox.marks(home)) == []


HOSTILE = "a\r\nBcc: evil@example.org\r\n\r\n<script>alert(1)</script> <!channel> \x1b[31m \u202e"


def test_hostile_texts_are_text(home: Path, hook: Any, post: Any) -> None:
    made = _record(home, "mailto:anna@example.org", f"slack:{hook.url}", notebook=f"/x/{HOSTILE}.ipynb", failed_cell=0)
    error = {"output_type": "error", "ename": HOSTILE, "evalue": "", "traceback": [HOSTILE]}
    cell = {"cell_type": "code", "source": HOSTILE, "metadata": {}, "execution_count": 1, "outputs": [error]}
    made.output.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell]}))

    finish(made.path, state=JobState.FAILED, cause=Cause.CELL, error=HOSTILE)
    tell_all(home, made.id)

    ((to, mail),) = post.received
    assert (to, mail["Bcc"], mail.get_content_type()) == (["anna@example.org"], None, "text/plain")
    assert "\n" not in mail["Subject"]
    assert "<script>" not in hook.texts[0]
    assert "!channel" not in hook.texts[0]
    assert not [sign for sign in "\x1b\u202e" if sign in mail.get_content() + hook.texts[0]]


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"cells": 3}', '{"cells": [3]}', '{"cells": [{"outputs": 5}]}'])
def test_an_output_that_is_no_notebook_keeps_nobody_from_being_told(content: str, home: Path) -> None:
    made = _record(home, state=JobState.FAILED, failed_cell=0, error="ValueError: no", cause=Cause.CELL)
    made.output.write_text(content)

    assert message(made).title == "nightly.ipynb FAILED in cell 1: ValueError: no"


def test_a_wrong_target_or_a_secret_in_clear_is_refused_before_anything_runs(
    home: Path, notebook: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WORKBENCH_SMTP", raising=False)
    for given, sentence in [
        ("anna@example.org", "neither"),
        ("https://hooks.slack.com/services/T0/B0/a1b2c3d4e5f6a7b8", "env:NAME"),
        ("env:NOT_SET_ANYWHERE", "NOT_SET_ANYWHERE is not set"),
        ("mailto:anna@example.org", "needs a server"),
    ]:
        with pytest.raises(BadParameter, match=sentence):
            wb.submit(notebook("1"), notify=[given])

    assert not (home / "jobs").exists()


def test_what_is_no_target_is_refused_when_it_is_tried_out() -> None:
    with pytest.raises(BadParameter, match="Write for example"):
        try_out("nobody")


def test_a_test_message_is_delivered_or_the_reason_told(hook: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOK", f"{hook.url}/a1B2c3D4e5F6a7B8")
    hook.answers = [200, 403]

    assert try_out("env:HOOK") == "env:HOOK"
    with pytest.raises(BadParameter, match=r"was not delivered.*HTTP 403"):
        try_out("env:HOOK")
    assert hook.requests[0][2]["kind"] == "test"


LEAKS = """
import os
print(os.environ["HOOK"], os.environ["WORKBENCH_SMTP_PASSWORD"], os.environ["DB"])
raise ValueError("no " + os.environ["HOOK"] + os.environ["DB"] + " ghp_" + "a1B2" * 9)
"""


@pytest.mark.slow
def test_a_job_that_fails_is_told_with_its_cell_and_last_lines_and_no_secret(
    home: Path, notebook: Make, hook: Any, post: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets = {"HOOK": f"{hook.url}/a1B2c3D4e5F6a7B8", "DB": "swordfish-of-the-warehouse"}
    for name, value in secrets.items():
        monkeypatch.setenv(name, value)
    path = notebook("print('all is well')", LEAKS, parameters="db = ''")

    with pytest.raises(JobFailed):
        wb.submit(path, {"db": "env:DB"}, notify=["env:HOOK", "success:mailto:a@example.org", "mailto:b@example.org"])

    ((_, _, body),), ((to, mail),) = hook.requests, post.received
    ended = jobs()[0]
    assert (to, body["data"]["failed_cell"]) == (["b@example.org"], 4)
    assert "small.ipynb FAILED in cell 5: ValueError: no" in body["title"]
    assert all(part in mail.get_content() for part in ("Cell 5:", "raise ValueError", "Traceback", str(ended.output)))
    assert {line["target"] for line in lines(ended.path).values()} == {"env:HOOK", "mailto:b@example.org"}
    planted = ["a1B2c3D4e5F6a7B8", secrets["DB"], "ghp_" + "a1B2" * 9, "correct-horse"]
    shown = {f: f.read_bytes() for f in home.rglob("*") if f.is_file()}
    shown |= {Path("mail"): mail.as_bytes(), Path("hook"): json.dumps(body).encode()}
    assert [(str(f), s) for f, text in shown.items() for s in planted if s.encode() in text] == []


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_a_job_whose_process_is_killed_is_told_too(home: Path, notebook: Make, hook: Any) -> None:
    path = notebook("import threading\nprint('on it', flush=True)\nthreading.Event().wait()")

    started = wb.submit(path, notify=[hook.url], wait=False)
    _until(lambda: job(started.id).cells_done == 0 and job(started.id).state is JobState.IN_PROGRESS)
    os.kill(load(started.path).pid or 0, signal.SIGKILL)
    _until(lambda: bool(hook.requests) and not list(outbox.marks(home)))

    assert [body["data"]["cause"] for _, _, body in hook.requests] == ["process gone"]
    assert [line["state"] for line in lines(started.path).values()] == ["delivered"]


@pytest.mark.slow
def test_a_success_is_told_with_its_results(home: Path, notebook: Make, hook: Any) -> None:
    shows = """
from IPython.display import publish_display_data
publish_display_data({"application/vnd.workbench+json": {"noun": "run", "headline": "AUC 0.85"}})
"""

    wb.submit(notebook(shows), notify=[hook.url])

    assert hook.requests[0][2]["title"] == "small.ipynb COMPLETED (1 of 1 cells)"
    assert hook.requests[0][2]["details"] == "run: AUC 0.85"
    assert hook.requests[0][2]["data"]["results"] == [{"noun": "run", "headline": "AUC 0.85"}]


def _until(reached: Callable[[], bool], within: float = 120.0) -> None:
    end = time.monotonic() + within
    while not reached():
        assert time.monotonic() < end, "not reached"
        time.sleep(0.05)
