"""What was trained is what is served: a fresh process, from the folder alone, answers as the notebook did."""

import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline

import workbench as wb
from workbench.core.bundle import MANIFEST, Bundle, file_hash
from workbench.errors import Damaged, Refused
from workbench.packaging.verify import verify


def names(verification) -> list[str]:
    return [c.name for c in verification.checks]


def spoil(bundle: Bundle, name: str, content: bytes) -> None:
    """Change a file and its hash, as somebody would who packages by hand."""
    (bundle.path / name).write_bytes(content)
    manifest = json.loads((bundle.path / MANIFEST).read_text())
    manifest["files"][name] = file_hash(bundle.path / name)
    (bundle.path / MANIFEST).write_text(json.dumps(manifest))


def test_a_bundle_is_verified_from_its_folder_alone(run):
    wb.package(run, name="shop")

    found = verify("shop")

    assert found.ok, str(found)
    assert {"files", "predictions", "reasons", "bad row", "malformed JSON", "runs alone", "light"} == set(names(found))
    assert "verified" in str(found)


@pytest.mark.parametrize("kind", ["linear", "regression", "multiclass"])
def test_each_kind_of_model_is_verified(make_run, small_table, kind):
    frame = small_table()
    if kind == "multiclass":
        frame["bought"] = pd.Series(
            np.where(frame["age"] < 40, "young", np.where(frame["age"] < 65, "mid", "old")), dtype="str"
        )
    if kind == "regression":
        frame["bought"] = frame["age"] * 2.5
    task = kind if kind != "linear" else "binary"

    bundle = wb.package(make_run(frame, "bought", task, "linear" if kind == "linear" else "boosting"), name="shop")

    assert verify(bundle).ok, str(verify(bundle))


def test_another_answer_is_not_verified(run):
    bundle = wb.package(run, name="shop")
    golden = json.loads((bundle.path / "golden" / "rows.json").read_text())
    golden["predictions"][3] += 1e-9
    spoil(bundle, "golden/rows.json", json.dumps(golden).encode())

    found = verify(bundle.path)

    assert [c.name for c in found.checks if not c.ok] == ["predictions"]
    assert "NOT verified" in str(found)


def test_a_damaged_file_is_found_before_anything_starts(run):
    bundle = wb.package(run, name="shop")
    (bundle.path / "scoring" / "__main__.py").write_text("print('hello')")

    with pytest.raises(Damaged, match=r"scoring/__main__\.py"):
        verify("shop")


def test_a_service_that_does_not_start_says_why(run):
    bundle = wb.package(run, name="shop")
    spoil(bundle, "scoring/__main__.py", b"raise SystemExit('no such luck')")

    with pytest.raises(Refused, match="no such luck"):
        verify(bundle.path)


def test_the_folder_runs_as_the_readme_says(run):
    bundle = wb.package(run, name="shop")

    done = subprocess.run(
        [sys.executable, "-B", "-m", "scoring", "--help"], cwd=bundle.path, capture_output=True, text=True, check=True
    )

    assert "--bundle" in done.stdout


def test_a_model_without_tables_ships_as_an_audited_pipeline(make_run, small_table, monkeypatch):
    """Nearest neighbours have no table; the type is trusted for this test only."""
    from workbench.core import pipelines

    strange = ("sklearn.neighbors._kd_tree.KDTree", "sklearn.metrics._dist_metrics.EuclideanDistance64")
    monkeypatch.setattr(pipelines, "TRUSTED", (*pipelines.TRUSTED, *strange))
    frame = small_table()
    frame["income"] = frame["income"].fillna(0.0)
    encode = ColumnTransformer([("numbers", "passthrough", ["age", "income"])], verbose_feature_names_out=False)
    pipeline = Pipeline([("encode", encode), ("model", KNeighborsClassifier(algorithm="brute"))])
    pipeline.fit(frame[["age", "income", "city"]], frame["bought"])

    bundle = wb.package(make_run(frame, "bought", pipeline=pipeline), name="near")

    found = verify(bundle)
    assert not bundle.compiled
    assert found.ok, str(found)
    assert "reasons" not in names(found)
    assert "KNeighborsClassifier has no exact table" in (bundle.path / "card.md").read_text()


@pytest.mark.parametrize(
    ("table", "target", "task"),
    [("telco_churn.csv", "Churn", "binary"), ("housing.csv", "median_house_value", "regression")],
)
@pytest.mark.parametrize("candidate", ["boosting", "linear", "forest"])
def test_real_tables_go_from_candidate_to_verified_bundle(shared_table, make_run, table, target, task, candidate):
    from workbench.training.candidates import build

    data = wb.dataset(shared_table(table), target=target).without("customerID") if "telco" in table else None
    data = data or wb.dataset(shared_table(table), target=target)
    sample = data.table.sample(1500, random_state=0).reset_index(drop=True)
    settings = {"max_iter": 30} if candidate == "boosting" else {}
    pipeline = build(candidate, data.contract, data.contract.features, task, settings, 0)
    pipeline.fit(sample[list(data.contract.features)], sample[target])

    bundle = wb.package(make_run(sample, target, task, pipeline=pipeline, contract=data.contract), name="real")

    assert bundle.compiled
    assert verify(bundle).ok, str(verify(bundle))


@pytest.mark.slow
def test_a_fresh_environment_from_the_lock_answers_the_same(run):
    wb.package(run, name="shop")

    assert verify("shop", fresh=True).ok


@pytest.mark.parametrize("candidate", ["boosting", "linear", "baseline"])
def test_moments_truth_values_and_missing_ones_survive_the_way_over_http(make_run, candidate):
    from workbench.training.candidates import build

    rng = np.random.default_rng(0)
    table = pd.DataFrame(
        {
            "when": pd.date_range("2013-01-01", periods=600, freq="7h", tz="America/New_York"),
            "member": rng.random(600) < 0.5,
            "visits": rng.integers(0, 9, 600),
            "city": rng.choice(["Ulm", "Bonn"], 600),
        }
    )
    table["bought"] = np.where(table["when"].dt.hour + 3 * table["member"] > 12, "yes", "no")
    table.loc[::7, "when"] = pd.NaT
    table.loc[::9, "city"] = None
    data = wb.dataset(table, target="bought")
    assert "when" in data.contract.features
    pipeline = build(candidate, data.contract, data.contract.features, "binary", {}, 0)
    pipeline.fit(data.features, data.target)

    bundle = wb.package(make_run(data.table, "bought", pipeline=pipeline, contract=data.contract), name="dates")

    found = verify(bundle)
    assert bundle.compiled
    assert found.ok, str(found)
