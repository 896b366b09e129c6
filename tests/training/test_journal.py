"""What ended before a training was killed is not done again, and what comes of it is the same."""

import json
import signal
import subprocess
import sys

import numpy as np
import pytest
from sklearn.naive_bayes import GaussianNB

import workbench as wb
from tests.training.churners import churners
from workbench.core.codes import CODES
from workbench.settings import settings
from workbench.storage.tracking import client, experiment_id
from workbench.training import journal, recording, search


def trained(frame, **keywords):
    return wb.train(frame, target="churn", **{"folds": 2, "trials": 3, **keywords})


def told(run):
    """All that a run says but its ids, its moment and the seconds."""
    board = [(c.name, c.metrics, c.parameters) for c in run.candidates]
    findings = [f for f in run.findings if f.code != "WB207"]
    return run.metrics, board, findings, run.threshold, run.answers, run.split


def trials():
    return sorted(path.name for path in (settings().home / "trials").rglob("*.npz"))


def count_validations(monkeypatch, stop_at=None, error=KeyboardInterrupt):
    """Names of the candidates that are validated from now on; the one at ``stop_at`` raises instead."""
    names, validated = [], search.validated

    def counting(plan, name, *given):
        names.append(name)
        if len(names) - 1 == stop_at:
            raise error
        return validated(plan, name, *given)

    monkeypatch.setattr(search, "validated", counting)
    return names


KILLED = """
import os, signal, sys
import workbench as wb
from workbench.training import search
left, validated = int(sys.argv[2]), search.validated
def killing(*given):
    global left
    if not left:
        os.kill(os.getpid(), signal.SIGKILL)
    left -= 1
    return validated(*given)
search.validated = killing
wb.train(sys.argv[1], target="churn", folds=2, trials=3)
"""


@pytest.mark.slow
@pytest.mark.parametrize("after", [0, 2, 4])
def test_a_training_that_was_killed_goes_on_and_ends_as_if_it_had_not_been(store, tmp_path, monkeypatch, after):
    path = tmp_path / "t.csv"
    churners().to_csv(path, index=False)
    whole = trained(path)
    killed = subprocess.run([sys.executable, "-c", KILLED, str(path), str(after)], check=False, timeout=120)
    assert killed.returncode == -signal.SIGKILL
    assert len(trials()) == after

    names = count_validations(monkeypatch)
    again = trained(path, resume=True)
    assert len(names) == 5 - after  # baseline, linear, and three settings of LightGBM
    assert told(again) == told(whole)
    rows = churners()[list(again.features)]
    np.testing.assert_array_equal(again.pipeline.predict_proba(rows), whole.pipeline.predict_proba(rows))
    statuses = [run.info.status for run in client().search_runs([experiment_id()])]
    assert "RUNNING" not in statuses
    assert "KILLED" in statuses
    assert not trials()


@pytest.mark.slow
@pytest.mark.parametrize("at", [1, 3])
def test_a_training_that_was_stopped_goes_on(store, monkeypatch, at):
    whole = trained(churners())
    with monkeypatch.context() as patch:
        count_validations(patch, stop_at=at)
        stopped = trained(churners())
    (cure,) = [f.cure for f in stopped.findings if f.code == "WB207"]
    assert "resume=True" in str(cure)
    assert len(trials()) == at
    names = count_validations(monkeypatch)
    assert told(trained(churners(), resume=True)) == told(whole)
    assert len(names) == 5 - at


def test_lightgbm_stopped_while_it_grows_leaves_the_best_of_the_others(store, monkeypatch):
    def stopped(*given, **keywords):
        raise KeyboardInterrupt

    monkeypatch.setattr("workbench.training.growing.Growing.grow", stopped)
    run = trained(churners())
    assert run.best.name == "linear"
    assert "3 settings were not tried" in next(f.message for f in run.findings if f.code == "WB207")


def test_lightgbm_stopped_in_a_later_setting_is_fitted_and_can_be_used(store, monkeypatch):
    count_validations(monkeypatch, stop_at=1)
    run = trained(churners(), candidates=["lightgbm"])
    assert run.best.name == "lightgbm"
    assert wb.run(run.id).pipeline.predict(churners()[list(run.features)]).shape == (400,)


@pytest.mark.slow
def test_another_seed_score_column_or_row_is_another_training(store, monkeypatch):
    count_validations(monkeypatch, stop_at=2)
    trained(churners())
    assert len(trials()) == 2
    others = [
        {"seed": 1}, {"metric": "log_loss"}, {"folds": 3}, {"split": "group", "group": "city"}, {"ignore": ["noise"]},
    ]  # fmt: skip
    for other in others:
        names = count_validations(monkeypatch)
        trained(churners(), candidates=["baseline"], resume=True, **other)
        assert names == ["baseline"], other
    names = count_validations(monkeypatch)
    trained(churners().iloc[1:], candidates=["baseline"], resume=True)
    assert names == ["baseline"]


def test_without_being_asked_nothing_is_taken_over(store, monkeypatch):
    with monkeypatch.context() as patch:
        count_validations(patch, stop_at=2)
        trained(churners())
    names = count_validations(monkeypatch)
    trained(churners(), trials=1)
    assert names == ["baseline", "linear", "lightgbm"]
    assert not trials()


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"no archive", None])
@pytest.mark.slow
def test_a_damaged_trial_is_tried_again(store, monkeypatch, content):
    with monkeypatch.context() as patch:
        count_validations(patch, stop_at=2)
        trained(churners())
    for path in (settings().home / "trials").rglob("*.npz"):
        path.write_bytes(path.read_bytes()[:-40] if content is None else content)
    names = count_validations(monkeypatch)
    trained(churners(), trials=1, resume=True)
    assert names == ["baseline", "linear", "lightgbm"]


@pytest.mark.slow
def test_a_trial_that_holds_objects_is_never_unpickled(store, monkeypatch):
    with monkeypatch.context() as patch:
        count_validations(patch, stop_at=1)
        trained(churners())
    (path,) = (settings().home / "trials").rglob("*.npz")
    settled = json.dumps({"settings": {}, "seconds": 0, "folds": 1})
    np.savez(path, told=np.array(settled), fold0=np.array([print], dtype=object))
    names = count_validations(monkeypatch)
    trained(churners(), candidates=["baseline"], resume=True)
    assert names == ["baseline"]


@pytest.mark.slow
def test_somebodys_own_estimator_or_score_is_tried_again(store, monkeypatch):
    with monkeypatch.context() as patch:
        count_validations(patch, stop_at=2)
        trained(churners(), candidates=["baseline", GaussianNB(), ("other", GaussianNB())])
    assert [name.split("-")[0] for name in trials()] == ["baseline"]

    def own(truth, predicted):
        return float(np.mean(truth == predicted))

    with monkeypatch.context() as patch:
        count_validations(patch, stop_at=2)
        trained(churners(1_000), metric=own)
    assert [name.split("-")[0] for name in trials()] == ["baseline"]


def test_a_full_disk_costs_the_journal_and_not_the_training(store, monkeypatch):
    def full(path, content):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(journal, "write_bytes", full)
    assert trained(churners(), trials=1).best.name in ("linear", "lightgbm")


def test_what_was_killed_long_ago_is_taken_away(store, monkeypatch):
    import os

    left = settings().home / "trials" / "left"
    left.mkdir(parents=True)
    os.utime(left, (0, 0))
    recent = settings().home / "trials" / "recent"
    recent.mkdir()
    trained(churners(), candidates=["baseline"])
    assert not left.exists()
    assert recent.exists()


def test_a_run_of_a_living_process_or_another_machine_stays_running(store):
    store_, experiment = client(), experiment_id()
    own = recording._this_process()
    elsewhere = own | {"host": "another-machine", "pid": 2**22 + 1}
    reused = own | {"started": own["started"] - 1000}
    runs = {}
    for name, process in {"own": own, "elsewhere": elsewhere, "reused": reused, "strange": "x", "broken": None}.items():
        tags = {recording.PROCESS: json.dumps(process) if process is not None else "{"}
        runs[name] = store_.create_run(experiment, tags=tags).info.run_id
    runs["none"] = store_.create_run(experiment).info.run_id
    recording.end_the_dead(store_)
    found = {name: store_.get_run(run_id).info.status for name, run_id in runs.items()}
    assert found == dict.fromkeys(runs, "RUNNING") | {"reused": "KILLED"}


def test_the_finding_of_a_stop_says_that_it_can_go_on():
    assert "goes on" in CODES["WB207"].text
