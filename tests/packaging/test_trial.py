"""What is packaged is started before it is registered: what does not serve as it must leaves nothing behind."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest
import yaml
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder

import workbench as wb
from workbench.core.bundle import Bundle
from workbench.errors import BadParameter, Refused
from workbench.packaging import golden
from workbench.packaging.process import running
from workbench.packaging.verify import verify
from workbench.scoring.runtime import Scorer
from workbench.settings import settings
from workbench.storage import audit
from workbench.storage.files import write_json
from workbench.storage.tracking import client

ROW = {"age": 30, "income": 2e4, "city": "Ulm"}


def nothing_is_left() -> bool:
    force = settings()
    folders = [path for path in (force.bundles / "shop").glob("*") if path.is_dir()]
    registered = client().search_registered_models("name = 'shop'")
    begun = [record for record in audit.entries(force.audit_log) if record.get("name") == "shop"]
    return not folders and not registered and not begun


def wrong_predictions(bundle, run, packed) -> None:
    golden.write_golden(bundle, run, packed)
    place = bundle.path / "golden" / "rows.json"
    content = json.loads(place.read_text())
    write_json(place, {**content, "predictions": [p + 0.01 for p in content["predictions"]]})


def wrong_reasons(bundle, run, packed) -> None:
    golden.write_golden(bundle, run, packed)
    place = bundle.path / "golden" / "rows.json"
    content = json.loads(place.read_text())
    write_json(place, {**content, "values": [[v + 0.01 for v in row] for row in content["values"]]})


def wrong_problems(bundle, run, packed) -> None:
    golden.write_golden(bundle, run, packed)
    write_json(
        bundle.path / "golden" / "bad.json", [{"row": ROW, "problems": [{"field": "age", "expected": "x", "got": "y"}]}]
    )


@pytest.mark.parametrize(
    ("spoilt", "said"), [(wrong_predictions, "predictions"), (wrong_reasons, "reasons"), (wrong_problems, "bad row")]
)
def test_a_service_that_answers_otherwise_is_not_registered(run, monkeypatch, spoilt, said):
    monkeypatch.setattr("workbench.packaging.package.write_golden", spoilt)

    with pytest.raises(Refused, match=f"'shop' does not serve as it must, so nothing was registered: {said}"):
        wb.package(run, name="shop")

    assert nothing_is_left()


def test_a_service_that_does_not_start_is_not_registered(run, monkeypatch):
    def lost(folder, bundle):
        write_runtime(folder, bundle)
        (folder / "scoring" / "workbench" / "tables" / "steps.py").unlink()

    from workbench.packaging.runtime import write_runtime

    monkeypatch.setattr("workbench.packaging.package.write_runtime", lost)

    with pytest.raises(Refused, match=r"(?s)service did not start.*workbench\.tables\.steps"):
        wb.package(run, name="shop")

    assert nothing_is_left()


def test_a_part_that_can_not_be_read_again_is_not_registered(run, monkeypatch):
    """The writer asks what the reader asks."""
    monkeypatch.setattr("workbench.core.bundle.MOST_TEXT", 100)

    with pytest.raises(wb.errors.Damaged, match=r"contract\.json is longer than"):
        wb.package(run, name="shop")

    assert nothing_is_left()


def test_what_a_killed_process_left_is_taken_away(run, home):
    left = home / "bundles" / "shop" / ".0a1b2c3d.tmp"
    left.mkdir(parents=True)

    wb.package(run, name="shop")

    assert not left.exists()


def test_tables_that_would_not_be_read_again_ship_as_a_pipeline(run, monkeypatch):
    monkeypatch.setattr("workbench.tables.compiled.CompiledModel.check_size", too_large)

    bundle = wb.package(run, name="shop")

    assert not bundle.compiled
    assert "would unpack to 900 MB" in (bundle.path / "card.md").read_text()


def too_large(_):
    raise Refused("The model's table would unpack to 900 MB, and at most 512 MB are read.")


def test_what_it_took_is_kept_and_told(bundle):
    needs = bundle.needs

    assert needs.row > 0
    assert needs.reasons.row > 0
    assert needs.batch == 1000
    assert needs.clock == "wall" or 10 < needs.start <= needs.answers <= needs.reasons.memory < 2000
    card = (bundle.path / "card.md").read_text()
    assert "## What it needs" in card
    assert "| 1,000 rows at once |" in card


def test_limits_of_the_deployment_follow_from_it(bundle):
    needs, deploy = bundle.needs, bundle.path / "deploy"
    found = {one["kind"]: one for one in yaml.safe_load_all((deploy / "kubernetes.yaml").read_text())}
    (container,) = found["StatefulSet"]["spec"]["template"]["spec"]["containers"]
    compose = yaml.safe_load((deploy / "compose.yaml").read_text())["services"]["scoring"]

    if needs.memory is None:
        pytest.skip("this system does not tell what a process took")
    assert container["resources"]["requests"] == {"cpu": f"{needs.cpu}m", "memory": f"{needs.memory}Mi"}
    assert container["resources"]["limits"]["memory"] == f"{needs.most_memory}Mi"
    assert (compose["mem_limit"], compose["mem_reservation"]) == (f"{needs.most_memory}m", f"{needs.memory}m")


def test_dear_reasons_are_refused_with_their_cost(run, monkeypatch):
    monkeypatch.setenv("WORKBENCH_REASONS_CPU", "0.001")

    bundle = wb.package(run, name="shop")

    with running(bundle) as service:
        status, answer = service.post("/explain", ROW)
        _, predicted = service.post("/predict", ROW)
    assert status == 501
    assert "ms of CPU a row" in answer["error"]
    assert "reasons='always'" in answer["error"]
    assert predicted["reasons"] == []
    assert "**Its service tells no reasons.**" in (bundle.path / "card.md").read_text()


@pytest.mark.parametrize(("asked", "told"), [("always", True), ("never", False)])
def test_who_packages_says_whether_reasons_are_told(run, monkeypatch, asked, told):
    monkeypatch.setenv("WORKBENCH_REASONS_CPU", "0.001" if told else "50")

    scorer = Scorer(wb.package(run, name="shop", reasons=asked).path)

    assert bool(scorer.predict([ROW])[0]["reasons"]) is told
    assert bool(scorer.without_reasons) is not told


@pytest.mark.slow
def test_a_bundle_that_tells_no_reasons_is_verified(run):
    wb.package(run, name="shop", reasons="never")

    found = verify("shop")

    assert found.ok, str(found)
    assert "refused: This bundle was packaged to tell no reasons" in str(found)


def test_other_words_and_limits_are_refused(run, monkeypatch):
    with pytest.raises(BadParameter, match="always"):
        wb.package(run, name="shop", reasons="sometimes")
    monkeypatch.setenv("WORKBENCH_REASONS_MEMORY", "much")
    with pytest.raises(BadParameter, match="WORKBENCH_REASONS_MEMORY is a number above 0, got 'much'"):
        wb.package(run, name="shop")


@pytest.mark.slow
@pytest.mark.parametrize("model", [LogisticRegression(), RandomForestClassifier(5, max_leaf_nodes=40, random_state=0)])
def test_a_column_of_ten_thousand_levels_is_packaged_loaded_and_answered(make_run, model):
    order = np.random.default_rng(0)
    codes = np.concatenate([np.arange(10_000), order.integers(0, 10_000, 5_000)])
    frame = pd.DataFrame({"shop": [f"shop {code}" for code in codes]}, dtype="str")
    frame["age"] = order.integers(18, 90, len(frame))
    frame["bought"] = pd.Series(np.where(codes % 3 == 0, "yes", "no"), dtype="str")
    encode = ColumnTransformer(
        [("shop", OneHotEncoder(handle_unknown="ignore"), ["shop"]), ("age", "passthrough", ["age"])]
    )
    pipeline = Pipeline([("encode", encode), ("model", model)]).fit(frame[["shop", "age"]], frame["bought"])

    bundle = wb.package(make_run(frame, "bought", pipeline=pipeline), name="shop")

    assert bundle.compiled
    assert Scorer(bundle.path).predict([{"shop": "shop 3", "age": 40}])[0]["flags"] == []
    assert bundle.needs.most_memory is None or bundle.needs.most_memory < 500


def test_a_bundle_of_before_is_served_as_before(bundle, tmp_path):
    """Without the file nothing is refused."""
    copied = shutil.copytree(bundle.path, tmp_path / "shop")
    content = json.loads((copied / "bundle.json").read_text())
    del content["files"]["needs.json"]
    (copied / "needs.json").unlink()
    (copied / "bundle.json").write_text(json.dumps(content))

    assert Bundle.load_folder(copied).needs is None
    assert Scorer(copied).predict([ROW])[0]["reasons"]
