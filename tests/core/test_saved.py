"""Whatever is wrong with a file of ours is an error of the store, and never another."""

import copy
import json
import os
import re
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import workbench as wb
from workbench.core.comparison import Comparison
from workbench.core.contract import Column, Contract
from workbench.core.explanation import Explanation
from workbench.core.job import Job, JobState
from workbench.core.metric import Metric
from workbench.core.profile import Profile
from workbench.core.report import MonitorReport
from workbench.core.saved import check_types
from workbench.errors import Damaged, FormatVersion, NotFound
from workbench.jobs.records import jobs
from workbench.scoring.keys import Keys

WRONG = [None, True, -1, 0.5, "", "x", [], {}, [[]], {"a": {}}, 10**30, [None], "2026-01-01", {"format_version": 9}]


def _profile() -> Profile:
    draw = np.random.default_rng(0)
    frame = pd.DataFrame({"a": draw.normal(size=60), "c": list("xyz") * 20, "t": pd.date_range("2026", periods=60)})
    return wb.profile(frame)


GOOD = {
    "metric in a comparison": lambda: Comparison(
        "shop", (1, 2), 10, Metric("roc_auc", 0.8), Metric("roc_auc", 0.9), Metric("roc_auc", 0.1, 0.0, 0.2), True
    ),
    "contract": lambda: Contract((Column("a", "number", minimum=0.0), Column("y", "category", "target")), "binary"),
    "job": lambda: Job("a", "a.ipynb", {"n": 1}, JobState.FAILED, created="2026-01-01T00:00:00+00:00"),
    "profile": _profile,
}


def _mutated(draw, content):
    """One place of a JSON value removed, or of another kind."""
    content = copy.deepcopy(content)
    place = content
    while True:
        keys = list(place) if isinstance(place, dict) else range(len(place))
        if not keys:
            return content
        key = draw(st.sampled_from(list(keys)))
        deeper = isinstance(place[key], (dict, list)) and draw(st.booleans())
        if deeper:
            place = place[key]
        elif draw(st.integers(0, 3)) == 0:
            del place[key]
            return content
        else:
            place[key] = draw(st.sampled_from(WRONG))
            return content


@pytest.mark.parametrize("kind", GOOD)
@given(data=st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_file_with_one_place_changed_loads_or_is_damaged(kind, data, tmp_path):
    value = _value(kind)
    path = value.save(tmp_path / "a.json")
    path.write_text(json.dumps(_mutated(data.draw, json.loads(path.read_text()))))

    try:
        loaded = type(value).load(path)
    except (Damaged, FormatVersion):
        return
    # What it took for good is good: it says the same when it is written and read again.
    assert type(value).load(loaded.save(tmp_path / "b.json")) == loaded


@pytest.mark.parametrize("kind", GOOD)
def test_what_was_saved_is_loaded_as_the_same_value(kind, tmp_path):
    value = _value(kind)

    assert type(value).load(value.save(tmp_path / "a.json")) == value


WRONG_FIELDS = [
    (Metric("roc_auc", "high"), "Metric.value: Expected `float`, got `str`"),
    (replace(GOOD["metric in a comparison"](), champion=Metric(3, 0.8)), "Metric.name: Expected `str`, got `int`"),
    (Contract((Column("a", "number"), Column("b", "number", minimum="low"))), "Column.minimum: Expected `float"),
]


@pytest.mark.parametrize(("value", "message"), WRONG_FIELDS)
def test_a_field_of_another_type_is_named_however_deep_it_lies(value, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        check_types(value)


@cache
def _value(kind):
    return GOOD[kind]()


def _truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-10])


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


SPOILT = {
    "cut off": _truncated,
    "empty": lambda path: path.write_bytes(b""),
    "not UTF-8": lambda path: path.write_bytes(b"\xff\xfe{}"),
    "nested without end": lambda path: path.write_bytes(b"[" * 200_000),
    "a list": lambda path: path.write_bytes(b"[]"),
    "null": lambda path: path.write_bytes(b"null"),
    "a folder": _folder,
}
LOADERS = {
    **{noun.noun: noun.load for noun in (Comparison, Contract, Explanation, Job, MonitorReport, Profile)},
    "keys": lambda path: Keys(path).list(),
    "run": wb.Run.load,
}


@pytest.mark.parametrize("spoil", SPOILT)
@pytest.mark.parametrize("kind", LOADERS)
def test_a_spoilt_file_of_any_kind_is_damaged_and_names_its_path(kind, spoil, tmp_path):
    path = GOOD["job"]().save(tmp_path / "a.json")
    SPOILT[spoil](path)

    with pytest.raises(Damaged, match=r"a\.json"):
        LOADERS[kind](path)


def test_a_file_that_is_not_there_or_of_another_noun_says_so(tmp_path):
    with pytest.raises(NotFound, match="no file"):
        Job.load(tmp_path / "a.json")
    with pytest.raises(Damaged, match="expected a profile, got a job"):
        Profile.load(GOOD["job"]().save(tmp_path / "a.json"))


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="the superuser may read everything")
def test_a_file_that_may_not_be_read_is_damaged(tmp_path):
    path = GOOD["job"]().save(tmp_path / "a.json")
    path.chmod(0)
    with pytest.raises(Damaged, match="PermissionError"):
        Job.load(path)


def test_one_odd_job_takes_none_of_the_others_away(home):
    for name, content in {"1-list": "[]", "2-cells": '{"id": "a"}', "3-torn": "{"}.items():
        folder = home / "jobs" / name
        folder.mkdir(parents=True)
        (folder / "job.json").write_text(content)
    (home / "jobs" / "4-folder" / "job.json").mkdir(parents=True)
    (home / "jobs" / "5-good").mkdir()
    Job("5-good", "a.ipynb", {}, JobState.COMPLETED).save(home / "jobs" / "5-good" / "job.json")

    listed = jobs()

    assert [job.id for job in listed] == ["5-good", "4-folder", "3-torn", "2-cells", "1-list"]
    assert all("can't be read" in job.error and "job.json" in job.error for job in listed[1:])
