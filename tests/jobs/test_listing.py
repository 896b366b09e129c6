"""Jobs come by the page, and what is deleted is gone as a whole and nothing else."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from dispatchers import queued, record
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from workbench.cli import app
from workbench.core.job import Job, JobState
from workbench.errors import BadParameter, NotFound, Refused
from workbench.jobs import listing, records
from workbench.jobs.listing import delete, page, prune
from workbench.jobs.records import job, jobs, write

ENDS = [JobState.COMPLETED, JobState.FAILED, JobState.STOPPED]


def _ended(home: Path, number: int, state: JobState = JobState.COMPLETED, **told: Any) -> Job:
    made = record(home, number, state, **told)
    write(made)
    return made


@pytest.fixture
def many(home: Path) -> list[Job]:
    """Twelve that ended and one that waits, the newest first."""
    made = [_ended(home, i, ENDS[i % 3], error="NameError: fish" if i == 4 else None) for i in range(12)]
    made[3] = replace(made[3], batch="b1", schedule="nightly")
    write(made[3])
    return [queued(home, 12), *reversed(made)]


def _ids(found: listing.Page) -> list[str]:
    return [j.id for j in found.jobs]


@pytest.mark.usefixtures("many")
@settings(max_examples=50)
@given(limit=st.integers(1, 15), states=st.sets(st.sampled_from([*ENDS, JobState.QUEUED])))
def test_pages_one_after_the_other_are_the_whole_list(limit: int, states: set[JobState]) -> None:
    home = Path(os.environ["WORKBENCH_HOME"])
    whole = [j.id for j in jobs(home) if not states or j.state in states]

    found, before = [], None
    while True:
        some = page(home, states, limit=limit, before=before)
        found += _ids(some)
        before = some.following
        assert len(some.jobs) == limit or before is None
        if before is None:
            break

    assert found == whole
    assert sum(some.counts.values()) == 13


@pytest.mark.parametrize(
    ("asked", "numbers"),
    [
        ({"text": "FISH"}, [4]),
        ({"text": "small-0007"}, [7]),
        ({"states": ["failed"], "limit": 2}, [10, 7]),
        ({"states": "QUEUED"}, [12]),
        ({"batch": "b1"}, [3]),
        ({"schedule": "nightly", "text": "small"}, [3]),
        ({"since": "2026-11-21T01:49:09+00:00"}, [12, 11, 10, 9]),
        ({"since": datetime(2026, 11, 21, 1, 49, 11, tzinfo=UTC)}, [12, 11]),
        ({"since": "1s"}, []),
        ({"text": "no such"}, []),
    ],
)
def test_filters_leave_what_was_asked_for(home: Path, many: list[Job], asked: Any, numbers: list[int]) -> None:
    by_number = [*reversed(many)]

    assert _ids(page(**asked)) == [by_number[n].id for n in numbers]


def test_counts_are_of_all_that_fit_but_for_their_state(home: Path, many: list[Job]) -> None:
    assert page(states=["FAILED"], limit=1).counts == {"COMPLETED": 4, "FAILED": 4, "STOPPED": 4, "QUEUED": 1}
    assert page(text="fish", states=["STOPPED"]).counts == {"FAILED": 1}


def test_a_page_reads_no_more_records_than_it_shows(
    home: Path, many: list[Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    load = records.load
    monkeypatch.setattr(records, "load", lambda folder: [read.append(folder.name), load(folder)][1])

    first = page(limit=3)

    assert len(set(read)) <= 4
    assert first.jobs[0].place == 1


def test_a_page_shows_what_has_changed_since(home: Path, many: list[Job]) -> None:
    assert page(states=["FAILED"], text="small-000b").jobs == ()
    write(replace(many[1], state=JobState.FAILED, error="later"))

    assert _ids(page(states=["FAILED"], text="later")) == [many[1].id]


def test_damaged_records_are_listed_counted_and_can_be_deleted(home: Path, many: list[Job]) -> None:
    (many[1].path / "job.json").write_text("[]")

    assert [j.state for j in page(states=["DAMAGED"]).jobs] == [JobState.DAMAGED]
    assert page().counts["DAMAGED"] == 1
    delete(many[1].id)
    assert len(page().jobs) == 12


@pytest.mark.parametrize(
    "asked", [{"states": ["ODD"]}, {"limit": 0}, {"limit": "5"}, {"limit": True}, {"since": "soon"}, {"since": 5}]
)
def test_what_is_no_page_is_refused(home: Path, asked: Any) -> None:
    with pytest.raises(BadParameter):
        page(**asked)


# --- deleting


def test_a_deleted_job_is_gone_with_all_in_its_folder(home: Path, many: list[Job]) -> None:
    (many[1].path / "output.ipynb").write_text("{}")

    delete(many[1].id)

    assert not many[1].path.exists()
    assert [p.name for p in (home / "jobs").iterdir() if p.name.startswith(".")] == []
    with pytest.raises(NotFound):
        delete(many[1].id)


@pytest.mark.parametrize("name", ["../queue", "..", "", ".removed-x", "a/b"])
def test_nothing_but_a_job_can_be_deleted(home: Path, many: list[Job], name: str) -> None:
    with pytest.raises((BadParameter, NotFound)):
        delete(name)

    assert (home / "queue").is_dir()


def test_what_waits_or_is_waited_for_or_is_at_work_stays(home: Path, many: list[Job]) -> None:
    then = queued(home, 20, after=(many[1].id,))
    runs = record(home, 21, JobState.IN_PROGRESS)
    write(runs)
    held = records.hold(runs.path)

    for name, told in ((many[0].id, "Stop it first"), (many[1].id, then.id), (runs.id, "IN_PROGRESS")):
        with pytest.raises(Refused, match=told):
            delete(name)
    pruned = prune("1s")

    os.close(held)
    assert many[1].id not in pruned.ids
    assert [j.id for j in jobs()] == [runs.id, then.id, many[0].id, many[1].id]


def test_links_are_removed_and_what_they_lead_to_stays(home: Path, many: list[Job], tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "table.csv").write_text("a")
    (many[1].path / "data").symlink_to(mine)
    outside = _ended(tmp_path / "other", 30)
    (home / "jobs" / outside.id).symlink_to(outside.path)

    delete(many[1].id)
    delete(outside.id)

    assert (mine / "table.csv").read_text() == "a"
    assert (outside.path / "job.json").exists()
    assert len(jobs()) == 12


def test_who_is_killed_while_deleting_leaves_no_half_of_a_job(
    home: Path, many: list[Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(listing, "_clear", lambda _: None)  # killed before the first file goes
        delete(many[1].id)
    assert len(jobs()) == len(page().jobs) == 12

    delete(many[2].id)

    assert {p.name for p in (home / "jobs").iterdir()} == {j.id for j in (many[0], *many[3:])}


@settings(max_examples=30)
@given(
    ages=st.lists(st.integers(0, 40), max_size=8),
    days=st.integers(1, 39),
    states=st.sets(st.sampled_from(ENDS), min_size=1),
)
def test_only_what_ended_long_ago_in_such_a_state_is_pruned_and_a_dry_run_says_the_same(
    ages: list[int], days: int, states: set[JobState], tmp_path_factory: pytest.TempPathFactory
) -> None:
    home = tmp_path_factory.mktemp("prune") / "home"
    now = datetime.now(UTC)
    made = []
    for i, age in enumerate(ages):
        made.append(_ended(home, i, ENDS[i % 3], ended=(now - timedelta(days=age, hours=1)).isoformat()))
    expected = [j.id for j, age in zip(made, ages, strict=True) if age >= days and j.state in states]

    dry = prune(f"{days}d", states, home, dry_run=True)
    assert len(jobs(home)) == len(made)
    done = prune(timedelta(days=days), states, home)

    assert (list(dry.ids), dry) == (expected, done)
    assert (dry.size > 0) == bool(expected)
    assert {j.id for j in jobs(home)} == {j.id for j in made} - set(expected)


@pytest.mark.parametrize(
    ("older", "states"), [("30", ENDS), ("d", ENDS), ("-1d", ENDS), (5, ENDS), ("1d", ["IN_PROGRESS"]), ("1d", ["X"])]
)
def test_what_is_no_age_and_no_end_is_refused(home: Path, older: Any, states: Any) -> None:
    with pytest.raises(BadParameter):
        prune(older, states)


# --- the commands


@pytest.fixture
def run(many: list[Job]) -> Callable[..., str]:
    def run(*arguments: str) -> str:
        done = CliRunner().invoke(app, [*arguments])
        assert done.exit_code == 0, done.output
        return done.output

    return run


def test_the_command_lists_filters_and_goes_on(run: Callable[..., str], many: list[Job]) -> None:
    first = run("jobs", "--limit", "2").splitlines()

    assert first[0] == f"{many[0].id}  small.ipynb QUEUED (next)"
    assert first[-1] == f"More: --before {many[1].id}"
    assert run("jobs", "--limit", "1", "--before", many[1].id).startswith(many[2].id)
    told = [json.loads(line) for line in run("jobs", "--json", "--state", "failed", "--text", "FISH").splitlines()]
    assert [(one["id"], one["error"], one["place"]) for one in told] == [(many[8].id, "NameError: fish", None)]


def test_the_commands_delete_and_say_what_would_be(run: Callable[..., str], many: list[Job]) -> None:
    assert run("delete", many[1].id, many[2].id).count("deleted") == 2
    assert "10 jobs," in run("prune", "--older", "1s", "--dry-run")
    assert "4 jobs," in run("prune", "--older", "1s", "--state", "COMPLETED")
    assert len(jobs()) == 7
    assert job(many[0].id).state is JobState.QUEUED
