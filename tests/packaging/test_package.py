"""A run becomes a folder that runs alone, registered under the version that MLflow gave."""

import json
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyClassifier

import workbench as wb
from workbench.compiling.rounding import LOGISTIC
from workbench.core.bundle import Bundle
from workbench.errors import BadParameter, Damaged, NotFound, Refused
from workbench.packaging import serve as serving
from workbench.packaging.following import Follower
from workbench.packaging.lock import requirements
from workbench.scoring.runtime import Scorer
from workbench.scoring.service import Service
from workbench.settings import settings
from workbench.storage import audit
from workbench.storage.tracking import client


@pytest.mark.slow
def test_the_folder_holds_what_the_design_says(run):
    bundle = wb.package(run, name="shop")

    assert bundle.path == settings().bundles / "shop" / "1"
    assert {
        "model.npz", "contract.json", "reference.profile", "card.md", "requirements.lock", "golden/rows.json",
        "golden/bad.json", "scoring/__main__.py", "scoring/workbench/client.py", "deploy/Dockerfile",
        "deploy/compose.yaml", "MLmodel",
    } <= set(bundle.files)  # fmt: skip
    assert bundle.contract == run.contract
    assert bundle.reference.rows == run.profile.rows
    assert bundle.lineage["fingerprint"] == run.fingerprint


@pytest.mark.slow
def test_the_first_version_is_champion_and_the_next_a_challenger(run):
    first, second = wb.package(run, name="shop"), wb.package(run, name="shop")

    assert (first.version, second.version) == (1, 2)
    assert wb.bundle("shop").version == wb.bundle("shop@champion").version == 1
    assert wb.bundle("shop@challenger").version == 2
    assert wb.bundle("shop/2") == wb.bundle(second.path) == wb.bundle(str(second.path)) == second
    assert wb.package(run, name="shop", promote=True).version == wb.bundle("shop").version == 3


@pytest.mark.slow
def test_the_version_is_mlflows_and_its_artifacts_are_the_folder(run):
    bundle = wb.package(run, name="shop")

    registered = client().get_model_version("shop", str(bundle.version))
    artifacts = {
        f.path.split("/")[-1] for f in client().list_artifacts(run.id, registered.source.split("/artifacts/")[-1])
    }
    assert registered.run_id == run.id
    assert {"bundle.json", "model.npz", "MLmodel"} <= artifacts


@pytest.mark.slow
def test_mlflow_loads_it(run, monkeypatch):
    import mlflow

    wb.package(run, name="shop")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", settings().tracking_uri)
    monkeypatch.setattr(sys, "path", before := list(sys.path))

    loaded = mlflow.pyfunc.load_model("models:/shop@champion")

    rows = run.holdout[list(run.features)]
    answers, expected = loaded.predict(rows), run.pipeline.predict_proba(rows)[:, 1]
    np.testing.assert_allclose(answers, expected, rtol=0, atol=LOGISTIC)
    assert sys.path == before, "the bundle's copy of the runtime would hide the installed package from later processes"


@pytest.mark.slow
def test_each_act_is_in_the_audit_log(run):
    wb.package(run, name="shop")
    wb.package(run, name="shop")

    acts = [(e["act"], e["version"]) for e in audit.acts(settings().audit_log)]
    assert acts == [("package", 1), ("promote", 1), ("package", 2), ("challenge", 2)]
    assert not audit.open_intents(settings().audit_log)


@pytest.mark.slow
def test_tables_that_differ_do_not_ship_and_the_card_says_so(run, monkeypatch):
    monkeypatch.setattr("workbench.compiling.pipeline.difference", lambda *_: 1e-6)

    bundle = wb.package(run, name="shop")

    assert not bundle.compiled
    assert (bundle.path / "model.skops").is_file()
    assert "The tables differ from the pipeline by 1e-06" in (bundle.path / "card.md").read_text()


@pytest.mark.slow
def test_a_failure_half_way_takes_the_version_back(run, monkeypatch):
    def fail(*_):
        raise OSError("No space left on device")

    monkeypatch.setattr("workbench.packaging.package.write_deploy", fail)
    with pytest.raises(OSError, match="No space"):
        wb.package(run, name="shop")
    monkeypatch.undo()

    assert not client().search_model_versions("name = 'shop'")


def test_a_name_that_leaves_the_folder_is_refused(run):
    for name in ("../x", "a/b", "", ".hidden", "a@b"):
        with pytest.raises(BadParameter):
            wb.package(run, name=name)


@pytest.mark.slow
def test_an_unknown_name_version_or_alias_says_what_there_is(run):
    wb.package(run, name="shop")

    with pytest.raises(NotFound, match="Did you mean 'shop'"):
        wb.bundle("shpo")
    with pytest.raises(NotFound, match="'7'"):
        wb.bundle("shop/7")
    with pytest.raises(NotFound, match="no alias 'challenger'"):
        wb.bundle("shop@challenger")


@pytest.mark.slow
def test_code_that_was_added_is_refused_before_it_runs(run):
    """A ``numpy.py`` beside the runtime would be imported in numpy's place."""
    bundle = wb.package(run, name="shop")
    (bundle.path / "scoring" / "numpy.py").write_text("raise SystemExit('ran')")
    with pytest.raises(Damaged, match=r"scoring/numpy\.py was not packaged"):
        wb.bundle("shop")


@pytest.mark.slow
def test_any_changed_file_is_named(run):
    bundle = wb.package(run, name="shop")

    for name in ("model.npz", "card.md", "scoring/workbench/scoring/service.py"):
        content = (bundle.path / name).read_bytes()
        (bundle.path / name).write_bytes(content[:-1] + b"!")
        with pytest.raises(Damaged, match=name):
            wb.bundle("shop")
        (bundle.path / name).write_bytes(content)


@pytest.mark.slow
def test_a_manifest_that_points_outside_is_refused(run):
    bundle = wb.package(run, name="shop")
    manifest = json.loads((bundle.path / "bundle.json").read_text())
    manifest["files"]["../../../secret"] = "0" * 64
    (bundle.path / "bundle.json").write_text(json.dumps(manifest))

    with pytest.raises(Damaged, match="leaves the folder"):
        Bundle.load_folder(bundle.path)


@pytest.mark.slow
def test_the_card_is_complete_and_harmless(run):
    card = (wb.package(run, name="shop").path / "card.md").read_text()

    for part in ("# shop, version 1", "roc_auc | 0.8 | 0.7 to 0.9", run.fingerprint, "`city`", "## Limits", run.id):
        assert part in card
    assert "<b>" not in card


def test_the_lock_holds_exact_versions_and_no_address():
    lines = requirements(compiled=True).splitlines()

    assert all(line.count("==") == 1 and "/" not in line for line in lines)
    assert {"numpy", "uvicorn", "httptools", "h11"} <= {line.split("==")[0] for line in lines}
    assert len(lines) <= 9


@pytest.mark.slow
def test_golden_rows_of_sensitive_columns_are_no_persons(make_run, small_table):
    frame = small_table()
    frame["city"] = pd.Series([f"person {i}" for i in range(len(frame))], dtype="str")
    run = make_run(frame, "bought", model="linear", sensitive=["city"])

    golden = json.loads((wb.package(run, name="shop").path / "golden" / "rows.json").read_text())

    people = dict(zip(frame["city"], frame["income"], strict=True))
    assert sum(people[r["city"]] == r["income"] for r in golden["rows"]) < len(golden["rows"]) / 2


@pytest.mark.slow
def test_a_running_service_follows_the_alias(run):
    service = Service(Scorer(wb.package(run, name="shop").path))

    follower = Follower(service, "shop")

    follower.look()
    assert service.scorer.bundle.version == 1
    wb.package(run, name="shop", promote=True)
    follower.look()
    assert service.scorer.bundle.version == 2


@pytest.mark.slow
def test_a_constant_model_ships_too(make_run, small_table):
    frame = small_table()
    features = ["age", "income", "city"]
    frame_run = make_run(frame, "bought", model="linear")
    constant = frame_run.pipeline.__class__(
        [("encode", frame_run.pipeline["encode"]), ("model", DummyClassifier())]
    ).fit(frame[features], frame["bought"])

    bundle = wb.package(replace(frame_run, pipeline=constant), name="baseline")

    assert Scorer(bundle.path).predict([{"age": 3, "income": 1.0, "city": "Ulm"}])[0]["reasons"] == []


@pytest.mark.slow
def test_a_service_on_a_free_port_tells_which(run, monkeypatch, capsys):
    wb.package(run, name="shop")
    listened = []
    monkeypatch.setattr(serving, "run", lambda service, listen: listened.append(listen.port))

    serving.serve("shop/1", port=0)

    assert listened[0] > 0
    assert f"http://127.0.0.1:{listened[0]} " in capsys.readouterr().err


@pytest.mark.slow
def test_scores_go_with_the_pipeline_that_they_are_of(store, small_table):
    frame = small_table()
    run = wb.train(wb.dataset(frame, target="bought"), candidates=["linear"], folds=2)
    other = wb.train(wb.dataset(frame, target="bought"), candidates=["boosting"], trials=1, folds=2)

    with pytest.raises(Refused, match="scores are of another pipeline than the one it holds"):
        wb.package(replace(run, pipeline=other.pipeline), name="swapped")
    assert len(run.answers) == 2 * 20
    assert wb.package(wb.run(run.id), name="kept").version == 1
    assert wb.package(replace(run, answers=()), name="older").version == 1
