"""A run in MLflow: its data, contract, split, trials and curves are there, and its model loads and answers."""

import json
import time
import types
from dataclasses import replace
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

import workbench as wb
from workbench.core.measures import measure
from workbench.core.metric import Metric
from workbench.core.run import Tried
from workbench.errors import BadRow, Untrusted
from workbench.settings import settings
from workbench.storage.tracking import client, experiment_id
from workbench.training.evaluating import evaluate
from workbench.training.recording import Recorder, _trials_table

NEAREST = KNeighborsClassifier(n_neighbors=1, algorithm="kd_tree").fit([[0.0], [1.0]], [0, 1])


def shop(rows=240, seed=0):
    draw = np.random.default_rng(seed)
    frame = pd.DataFrame({"spent": draw.normal(size=rows), "city": draw.choice(["Rome", "Oslo"], rows)})
    frame["day"] = pd.date_range("2024-01-01", periods=rows)
    frame.loc[::11, "spent"] = np.nan
    frame["visits"] = draw.integers(0, 20, rows)
    return frame.assign(stays=np.where(frame["visits"] + 5 * draw.normal(size=rows) > 9, "yes", "no"))


@pytest.fixture(scope="module")
def made(tmp_path_factory, put_store):
    """A home with a run of a file."""
    folder = put_store(tmp_path_factory.mktemp("recorded"))
    shop().to_csv(folder / "shop.csv", index=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORKBENCH_HOME", str(folder))
        data = wb.dataset(folder / "shop.csv", target="stays", time="day")
        run = wb.train(data, candidates=["baseline", "linear", "lightgbm"], trials=3, folds=2)
    return folder, data, run


@pytest.fixture
def recorded(made, monkeypatch):
    monkeypatch.setenv("WORKBENCH_HOME", str(made[0]))
    return made


@pytest.fixture
def model(recorded):
    """As MLflow loads it."""
    run = recorded[2]
    mlflow.set_tracking_uri(settings().tracking_uri)
    yield mlflow.pyfunc.load_model(f"runs:/{run.id}/model")
    mlflow.set_tracking_uri(None)


def files(run):
    return Path(client(settings()).download_artifacts(run.id, ""))


def test_the_data_are_the_runs_input(recorded):
    _, data, run = recorded
    (shown,) = client(settings()).get_run(run.id).inputs.dataset_inputs

    columns = json.loads(shown.dataset.schema)["mlflow_colspec"]
    assert (shown.dataset.name, data.fingerprint.startswith(shown.dataset.digest)) == ("shop.csv", True)
    assert json.loads(shown.dataset.source) == {"uri": data.source}
    assert {c["name"]: c["type"] for c in columns} == {
        "spent": "double", "city": "string", "day": "datetime", "visits": "long", "stays": "string"
    }  # fmt: skip
    assert json.loads(shown.dataset.profile) == {"num_rows": 240, "num_elements": 1200}
    assert [(tag.key, tag.value) for tag in shown.tags] == [("mlflow.data.context", "training")]
    assert mlflow.data.get_source(shown.dataset).uri == data.source


def test_the_split_and_the_contract_are_there(recorded):
    run = recorded[2]
    place, tags = files(run) / "workbench", client(settings()).get_run(run.id).data.tags

    split = json.loads((place / "split.json").read_text())
    assert (tags["workbench.split"], tags["workbench.split.reason"]) == ("time", run.split.reason)
    assert (split["strategy"], split["column"], split["holdout_rows"]) == ("time", "day", run.split.holdout_rows)
    assert [fold["validated"] for fold in split["folds"]] == [64, 64]
    assert wb.Contract.load(place / "contract.json") == run.contract


def test_every_trial_is_a_run_below_the_training(recorded):
    run = recorded[2]
    found = client(settings()).search_runs([experiment_id()], f"tags.`mlflow.parentRunId` = '{run.id}'")

    assert sorted(one.data.params["model"] for one in found) == ["baseline", *["lightgbm"] * 3, "linear"]
    assert {one.info.status for one in found} == {"FINISHED"}
    kept = {one.info.run_id: one for one in found if one.data.tags["workbench.trial"] == "kept"}
    assert set(kept) == {candidate.run_id for candidate in run.candidates}
    for candidate in run.candidates:
        numbers = kept[candidate.run_id].data.metrics
        assert {m.name: m.value for m in candidate.metrics} == {
            name.removeprefix("validated_"): value for name, value in numbers.items() if name.startswith("validated_")
        }
    others = [one for one in found if one.info.run_id not in kept]
    assert {one.data.tags["workbench.trial"] for one in others} <= {
        "validated", "fell behind the best of its kind on the first folds"
    }  # fmt: skip


def test_scores_have_their_ends(recorded):
    run = recorded[2]
    told = client(settings()).get_run(run.id).data

    assert {name: value for name, value in told.metrics.items() if not name.startswith("trial_")} == {
        name: value
        for m in run.metrics
        for name, value in ((m.name, m.value), (f"{m.name}_low", m.low), (f"{m.name}_high", m.high))
    }
    assert told.params == {"seed": "0", "model": run.best.name, "split": "time", "folds": "2"}


def test_curves_are_those_of_the_hold_out(recorded):
    from sklearn.metrics import auc

    run = recorded[2]
    curves = json.loads((files(run) / "workbench" / "curves.json").read_text())

    assert set(curves) == {"calibration", "roc", "precision_recall", "lift"}
    roc = curves["roc"]
    assert auc(roc["false_alarm_rate"], roc["recall"]) == pytest.approx(run.metrics[0].value, abs=0.02)
    assert sum(curves["calibration"]["rows"]) == run.split.holdout_rows
    assert all(len(numbers) <= 400 for curve in curves.values() for numbers in curve.values())
    assert {len(set(map(len, curve.values()))) for curve in curves.values()} == {1}
    assert curves["lift"]["lift"][0] == 1.0


def test_curves_of_numbers_and_of_several_classes():
    draw = np.random.default_rng(0)
    truth = pd.Series(draw.normal(size=900))
    numbers = evaluate("regression", (), measure("rmse", "regression"), pd.DataFrame(), truth, truth + 0.1).curves()
    shares, labels = np.full((900, 3), 1 / 3), pd.Series(draw.integers(0, 3, 900))
    several = evaluate(
        "multiclass", (0, 1, 2), measure("log_loss", "multiclass", (0, 1, 2)), pd.DataFrame(), labels, shares
    ).curves()

    assert set(numbers) == {"calibration", "predicted_and_true", "residuals"}
    assert sum(numbers["residuals"]["rows"]) == 900
    pairs = numbers["predicted_and_true"]
    np.testing.assert_allclose(np.subtract(pairs["predicted"], pairs["true"]), 0.1)  # off by as good as the same
    assert len(pairs["true"]) <= 400
    assert set(several) == {"calibration"}


def test_mlflow_loads_the_model_which_answers_as_the_pipeline_and_reads_as_the_contract_does(model, recorded):
    run = recorded[2]
    rows = shop(seed=1).drop(columns="stays")

    expected = run.pipeline.predict_proba(rows.astype({"visits": float})[list(run.features)])[:, 1]
    np.testing.assert_array_equal(model.predict(rows), expected)
    np.testing.assert_array_equal(model.predict(rows.assign(visits=rows["visits"].astype(str))), expected)
    assert [column.name for column in model.metadata.signature.inputs] == list(run.features)
    with pytest.raises(BadRow, match="visits"):
        model.predict(rows.assign(visits="many"))


def test_a_model_of_foreign_types_is_not_loaded(recorded, tmp_path):
    import skops.io

    from workbench.scoring.pyfunc import _load_pyfunc

    folder = Path(client(settings()).download_artifacts(recorded[2].id, "model", str(tmp_path)))
    (folder / "pipeline.skops").write_bytes(skops.io.dumps(NEAREST))
    assert not list(folder.rglob("*.pkl"))
    with pytest.raises(Untrusted, match="KDTree"):
        _load_pyfunc(str(folder))


def test_a_model_that_can_not_be_kept_is_loaded_by_its_tables(store):
    xgboost = pytest.importorskip("xgboost")
    frame = shop().assign(stays=lambda t: (t["stays"] == "yes").astype(int))
    theirs = xgboost.XGBClassifier(n_estimators=5).fit(frame[["visits", "spent"]], frame["stays"])
    later = shop(seed=1).assign(stays=lambda t: (t["stays"] == "yes").astype(int))
    run = wb.adopt(theirs, frame, target="stays", holdout=later)

    from workbench.scoring.pyfunc import _load_pyfunc

    loaded = _load_pyfunc(client(settings()).download_artifacts(run.id, "model"))
    np.testing.assert_array_equal(loaded.predict(frame), theirs.predict_proba(frame[["visits", "spent"]])[:, 1])


def test_an_adopted_run_shows_both_tables(store):
    frame = shop()
    mine = LogisticRegression().fit(frame[["visits"]], frame["stays"])

    run = wb.adopt(mine, frame, target="stays", holdout=shop(seed=1))

    shown = client(settings()).get_run(run.id).inputs.dataset_inputs
    assert sorted(tag.value for one in shown for tag in one.tags) == ["evaluation", "training"]
    assert {json.loads(one.dataset.source)["tags"]["workbench.source"] for one in shown} == {run.source}


def test_a_pipeline_that_lies_where_it_did_before_is_read(recorded, tmp_path):
    """In runs of older versions it lay beside the record."""
    store, run = client(settings()), recorded[2]
    older = store.create_run(experiment_id()).info.run_id
    store.log_artifacts(older, str(files(run) / "workbench"), "workbench")
    store.log_artifact(older, str(files(run) / "model" / "pipeline.skops"), "workbench")

    assert wb.run(older).to_dict() == run.to_dict()


@pytest.mark.slow
def test_what_is_written_costs_little_however_many_trials(recorded):
    """At most 0.4 CPU seconds with two hundred trials: measured 0.25, of which the eight child runs take 0.13."""
    _, data, run = recorded
    tried = [Tried("linear", {"C": 0.1 * k}, run.best.metrics, 0.1, "validated") for k in range(200)]

    def whole():
        began = time.process_time()
        recorder = Recorder.start(data, run.left_out, 0)
        recorder.others(tried)
        recorder.finished(replace(run, trials=tuple(tried)))
        return time.process_time() - began

    assert min(whole() for _ in range(3)) < 0.4


def test_of_many_trials_the_best_and_those_that_failed_are_child_runs_and_all_are_a_table(store):
    recorder = Recorder.start(wb.dataset(shop(), target="stays"), {}, 0)
    tried = [Tried("linear", {"C": k}, (Metric("rmse", 100.0 - k),), 0.1, "validated") for k in range(20)]
    tried[3] = Tried("linear", {"C": 3}, (), 0.1, "ValueError: no", failed=True)
    recorder.others(tried)

    children = client(settings()).search_runs([experiment_id()], f"tags.mlflow.parentRunId = '{recorder.run_id}'")
    assert {child.data.params["C"] for child in children} == {"3", *(str(k) for k in range(13, 20))}
    table = _trials_table(types.SimpleNamespace(trials=tried))
    assert len(table["data"]) == 20
    assert table["columns"] == ["candidate", "told", "rmse", "cpu_seconds", "C"]


def test_mlflow_shows_all_trials_as_a_table_and_as_a_history(recorded):
    _, _, run = recorded
    store = client(settings())
    table = json.loads((files(run) / "trials.json").read_text())

    assert [row[0] for row in table["data"]] == [one.name for one in run.trials]
    assert json.loads(store.get_run(run.id).data.tags["mlflow.loggedArtifacts"]) == [
        {"path": "trials.json", "type": "table"}
    ]
    history = store.get_metric_history(run.id, f"trial_{run.metrics[0].name}")
    assert [point.value for point in history] == [one.metrics[0].value for one in run.trials if one.metrics]


def test_a_trial_that_failed_is_told(store):
    recorder = Recorder.start(wb.dataset(shop(), target="stays"), {}, 0)
    child = recorder.trial(Tried("mine", {}, (Metric("roc_auc", 0.5),), 0.1, "ValueError: no", failed=True))

    told = client(settings()).get_run(child)
    assert (told.info.status, told.data.tags["workbench.trial"]) == ("FAILED", "ValueError: no")
