"""What was trained is what is served: a fresh process, from the folder alone, answers as the notebook did."""

import json
import marshal
import py_compile
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline
from typer.testing import CliRunner

import workbench as wb
from workbench.cli import app
from workbench.core.bundle import MANIFEST, Bundle, file_hash
from workbench.errors import Damaged, Refused
from workbench.packaging import environment
from workbench.packaging.lock import has_hashes
from workbench.packaging.verify import verify


def names(verification) -> list[str]:
    return [c.name for c in verification.checks]


def spoil(bundle: Bundle, name: str, content: bytes) -> None:
    """Change a file and its hash, as somebody would who packages by hand."""
    (bundle.path / name).write_bytes(content)
    manifest = json.loads((bundle.path / MANIFEST).read_text())
    manifest["files"][name] = file_hash(bundle.path / name)
    (bundle.path / MANIFEST).write_text(json.dumps(manifest))


@pytest.mark.slow
def test_a_bundle_is_verified_from_its_folder_alone(run):
    wb.package(run, name="shop")

    found = verify("shop")

    assert found.ok, str(found)
    assert {
        "signature", "files", "environment", "predictions", "reasons",
        "bad row", "malformed JSON", "runs alone", "light",
    } == set(names(found))  # fmt: skip
    assert "verified" in str(found)


@pytest.mark.slow
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


@pytest.mark.slow
def test_another_answer_is_not_verified(bundle):
    golden = json.loads((bundle.path / "golden" / "rows.json").read_text())
    golden["predictions"][3] += 1e-9
    spoil(bundle, "golden/rows.json", json.dumps(golden).encode())

    found = verify(bundle.path)

    assert [c.name for c in found.checks if not c.ok] == ["predictions"]
    assert "NOT verified" in str(found)


def test_a_damaged_file_is_found_before_anything_starts(bundle):
    (bundle.path / "scoring" / "__main__.py").write_text("print('hello')")

    with pytest.raises(Damaged, match=r"scoring/__main__\.py"):
        verify("shop")


def test_a_service_that_does_not_start_says_why(bundle):
    spoil(bundle, "scoring/__main__.py", b"raise SystemExit('no such luck')")

    with pytest.raises(Refused, match="no such luck"):
        verify(bundle.path)


@pytest.mark.slow
def test_the_folder_runs_as_the_readme_says(bundle):
    done = subprocess.run(
        [sys.executable, "-B", "-m", "scoring", "--help"], cwd=bundle.path, capture_output=True, text=True, check=True
    )

    assert "--bundle" in done.stdout


@pytest.mark.slow
def test_a_model_without_tables_ships_as_an_audited_pipeline(make_run, small_table, monkeypatch):
    """Nearest neighbours have no table; the type is trusted for this test only."""
    from workbench.storage import pipelines

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


@pytest.mark.slow
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
@pytest.mark.parametrize("uv", [True, False])
def test_a_new_environment_from_the_hashed_lock_answers_the_same(run, monkeypatch, uv):
    monkeypatch.delenv("UV_OFFLINE")
    bundle = wb.package(run, name="shop")
    if not has_hashes((bundle.path / "requirements.lock").read_text()):
        pytest.skip("no package index answers here")
    if not uv:
        monkeypatch.setattr(environment, "uv_program", lambda: None)

    found = verify("shop", fresh=True)

    assert found.ok, str(found)
    assert "each by its hash" in str(found)


@pytest.mark.slow
@pytest.mark.parametrize("uv", [True, False])
def test_a_package_that_is_not_what_the_lock_says_is_not_installed(run, monkeypatch, uv):
    monkeypatch.delenv("UV_OFFLINE")
    bundle = wb.package(run, name="shop")
    lock = (bundle.path / "requirements.lock").read_text()
    if not has_hashes(lock):
        pytest.skip("no package index answers here")
    spoil(bundle, "requirements.lock", re.sub("sha256:[0-9a-f]{4}", "sha256:0000", lock).encode())
    if not uv:
        monkeypatch.setattr(environment, "uv_program", lambda: None)

    with pytest.raises(Refused, match="can't be built"):
        verify(bundle.path, fresh=True)


@pytest.fixture
def stand_in(tmp_path, monkeypatch):
    """``stand_in(script)``: a Python script in uv's place; returns the list of its arguments."""

    def made(script: str) -> list[str]:
        program = tmp_path / "uv"
        program.write_text(f"#!{sys.executable}\nimport pathlib, sys, venv\n{script}\n")
        program.chmod(0o755)
        monkeypatch.setattr(environment, "uv_program", lambda: str(program))

    return made


# Sees the packages of this environment, so that no index is needed.
NEW = f"""
if sys.argv[1] == "venv":
    venv.create(sys.argv[-1])
    site, = pathlib.Path(sys.argv[-1]).glob("lib/python*/site-packages")
    (site / "here.pth").write_text({str(Path(np.__file__).parents[1])!r})
else:
    (pathlib.Path(sys.argv[5]).parents[2] / "asked.txt").write_text(" ".join(sys.argv[1:]))
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="a script in uv's place")
def test_a_new_environment_is_built_from_the_lock(bundle, stand_in):
    stand_in(NEW)

    found = verify("shop", fresh=True)

    line = next(c.detail for c in found.checks if c.name == "environment")
    assert found.ok, str(found)
    assert line.startswith("new, ")
    assert "its lock has no hashes" in line


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="a script in uv's place")
def test_without_an_index_it_says_what_to_do_and_tells_no_secret(bundle, stand_in):
    stand_in("sys.exit('no route to https://user:hunter2@index.example/simple')")

    with pytest.raises(Refused, match=r"no route to https://index\.example(.|\n)*workbench verify shop/1 --here"):
        verify("shop", fresh=True)


@pytest.mark.slow
def test_the_command_builds_a_new_environment_unless_told_otherwise(bundle, monkeypatch):
    asked = []
    monkeypatch.setattr(
        "workbench.packaging.verify.verify", lambda name, fresh: asked.append(fresh) or verify(name, fresh=False)
    )

    lines = CliRunner().invoke(app, ["verify", "shop"]).output.splitlines()
    CliRunner().invoke(app, ["verify", "shop", "--here"])

    assert asked == [True, False]
    assert lines[0] == "shop version 1: verified"
    assert all(line.startswith("  ok      ") for line in lines[1:])


@pytest.mark.slow
def test_the_present_environment_is_compared_with_the_lock(bundle):
    lock = (bundle.path / "requirements.lock").read_text().replace(f"numpy=={np.__version__}", "numpy==2.2.0")
    spoil(bundle, "requirements.lock", lock.encode())

    assert f"numpy {np.__version__} (lock: 2.2.0)" in str(verify(bundle.path))


@pytest.mark.slow
def test_code_that_python_compiled_beside_the_runtime_does_not_run(bundle):
    """It would run in the source's place, and no hash covers it."""
    source = bundle.path / "scoring" / "workbench" / "errors.py"
    hostile = Path(py_compile.compile(str(source), doraise=True))
    code = hostile.read_bytes()[:16] + marshal.dumps(compile("raise SystemExit('hostile')", "x", "exec"))
    hostile.write_bytes(code)

    assert verify(bundle.path).ok


def test_a_bundle_without_a_lock_is_not_verified(bundle):
    manifest = json.loads((bundle.path / MANIFEST).read_text())
    del manifest["files"]["requirements.lock"]
    (bundle.path / "requirements.lock").unlink()
    (bundle.path / MANIFEST).write_text(json.dumps(manifest))

    with pytest.raises(Damaged, match=r"has no requirements\.lock"):
        verify(bundle.path)


@pytest.mark.slow
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
