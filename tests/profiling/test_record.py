"""A profile in MLflow."""

import json
from pathlib import Path

import pandas as pd
import pytest

import workbench as wb
from workbench.errors import NotFound
from workbench.storage.tracking import client, experiment_id

MAILS = [f"mira{i}@example.org" for i in range(40)]


@pytest.fixture
def profile(store):
    return wb.profile(wb.dataset(pd.DataFrame({"mail": MAILS, "size": range(40)})))


@pytest.fixture
def logged(profile, tmp_path):
    run_id = wb.log_profile(profile)
    return client().get_run(run_id), Path(client().download_artifacts(run_id, "profile", str(tmp_path)))


def test_the_page_and_the_statistics_are_artifacts(profile, logged):
    run, folder = logged
    read = wb.Profile.load(folder / "profile.json")

    assert run.info.status == "FINISHED"
    assert (folder / "profile.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert read["size"].mean == profile["size"].mean
    assert read.findings == profile.findings


def test_the_run_says_which_dataset_it_is_of(profile, logged):
    (used,) = logged[0].inputs.dataset_inputs

    assert profile.fingerprint.startswith(used.dataset.digest)
    assert json.loads(used.dataset.profile)["num_rows"] == 40


def test_nothing_sensitive_is_logged(logged):
    run, folder = logged
    files = [f.read_text(encoding="utf-8") for f in folder.iterdir()]

    assert not any(mail in text for text in [*files, str(run.to_dictionary())] for mail in MAILS)
    assert '"state":{"' not in files[0].replace(" ", "") + files[1].replace(" ", ""), "no hashes to guess from"


def test_a_run_of_ones_own_gets_it_and_goes_on(profile):
    mine = client().create_run(experiment_id()).info.run_id

    assert wb.log_profile(profile, mine) == mine
    assert client().get_run(mine).info.status == "RUNNING"


@pytest.mark.slow
def test_a_run_that_could_not_be_written_is_marked_as_failed(profile, monkeypatch):
    def full(*_):
        raise OSError("No space left on device")

    monkeypatch.setattr("workbench.profiling.record.write_json", full)
    with pytest.raises(OSError, match="No space"):
        wb.log_profile(profile)

    assert client().search_runs([experiment_id()])[0].info.status == "FAILED"


def test_a_run_that_is_not_there_is_named(profile):
    with pytest.raises(NotFound, match="'nowhere'"):
        wb.log_profile(profile, "nowhere")
