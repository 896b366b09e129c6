"""Every notebook that ships runs headless, on a table that it was not written for."""

import json
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pytest

import workbench as wb
from workbench.jobs.notebook.outcome import records

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"


@pytest.fixture
def churn(tmp_path):
    """A small table with a signal, an id, a number kept as text and a gap."""
    rng = np.random.default_rng(0)
    months = rng.integers(0, 72, 600)
    leaves = rng.random(600) < 1 / (1 + np.exp((months - 20) / 8))
    frame = pd.DataFrame(
        {
            "customer": [f"c{i:05d}" for i in range(600)],
            "months": months,
            "plan": rng.choice(["basic", "plus", None], 600),
            "paid": [f"{m * 20.5:.2f}" if m else " " for m in months],
            "left": np.where(leaves, "Yes", "No"),
        }
    )
    path = tmp_path / "churn.csv"
    frame.to_csv(path, index=False)
    return path


@pytest.mark.parametrize("path", sorted(NOTEBOOKS.rglob("*.ipynb")), ids=lambda p: p.name)
def test_notebooks_are_stored_without_outputs(path):
    """What is stored is source alone, valid, with our own public names only."""
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    code = [c for c in notebook.cells if c.cell_type == "code"]

    assert all(not c.outputs and c.execution_count is None for c in code)
    assert "/home/" not in json.dumps(notebook)


@pytest.mark.slow
def test_the_stage_notebooks_run_one_after_another(churn, store, monkeypatch):
    """Profile, train, explain and package as jobs; each job's record tells its result."""
    monkeypatch.chdir(churn.parent)
    profiled = wb.submit("notebooks/profile.ipynb", {"source": str(churn), "target": "left"}, show=False)
    trained = wb.submit("notebooks/train.ipynb", {"source": str(churn), "target": "left", "trials": 1}, show=False)
    run_id = nbformat.read(trained.output, as_version=4).cells[-1].outputs[0]["data"]["text/plain"].strip("'")
    explained = wb.submit("notebooks/explain.ipynb", {"run_id": run_id, "rows": 50}, show=False)
    compared = wb.submit("notebooks/fairness.ipynb", {"run_id": run_id, "by": ["plan"], "why": False}, show=False)
    packaged = wb.submit("notebooks/package.ipynb", {"run_id": run_id, "name": "churn"}, show=False)

    jobs = (profiled, trained, explained, compared, packaged)
    assert [j.state.value for j in jobs] == ["COMPLETED"] * 5, [j.error for j in jobs]
    nouns = [[r["noun"] for r in records(j.output)] for j in jobs]
    assert "profile" in nouns[0]
    assert "run" in nouns[1]
    assert "explanation" in nouns[2]
    assert "fairness" in nouns[3]
    assert "bundle" in nouns[4]
    assert wb.bundle("churn@champion").features == wb.run(run_id).features


@pytest.mark.slow
def test_the_gallery_of_reasons_runs(store):
    """Our pictures, shap's of the same values, and what the model can be asked."""
    job = wb.submit("notebooks/gallery/explanation.ipynb", {"rows": 60}, show=False)

    outputs = [o for c in nbformat.read(job.output, as_version=4).cells for o in c.get("outputs", ())]
    kinds = [kind for output in outputs for kind in output.get("data", ())]
    assert job.state.value == "COMPLETED", job.error
    assert kinds.count("application/vnd.plotly.v1+json") == 6
    assert kinds.count("image/png") == 3
    assert sum("wb-explanation" in output.get("data", {}).get("text/html", "") for output in outputs) == 2


@pytest.mark.slow
def test_the_notebooks_of_the_life_after_run_one_after_another(churn, store, monkeypatch):
    """Score, monitor and retrain as jobs: a month with its labels, its report, and a challenger that must win."""
    monkeypatch.chdir(churn.parent)
    table = pd.read_csv(churn)
    table[:400].to_csv("train.csv", index=False)
    table[400:].to_csv("later.csv", index=False)
    data = wb.dataset("train.csv", target="left", id="customer")
    wb.package(wb.train(data, candidates=["linear"], folds=2), name="leavers")

    scored = wb.submit(
        "notebooks/score.ipynb",
        {"name": "leavers", "source": "later.csv", "window": "2026-07", "labels": "later.csv"},
        show=False,
    )
    watched = wb.submit("notebooks/monitor.ipynb", {"name": "leavers"}, show=False)
    given = {"name": "leavers", "source": "train.csv", "evaluation": "later.csv", "target": "left", "id": "customer"}
    retrained = wb.submit("notebooks/retrain.ipynb", {**given, "trials": 1}, show=False)

    assert [j.state.value for j in (scored, watched, retrained)] == ["COMPLETED"] * 3
    assert [(w.rows, w.labelled) for w in wb.monitor("leavers").windows] == [(200, 200)]
    assert [r["noun"] for r in records(watched.output)] == ["report"]
    assert {"run", "bundle", "comparison"} <= {r["noun"] for r in records(retrained.output)}
    better = "is better than" in next(r for r in records(retrained.output) if r["noun"] == "comparison")["headline"]
    assert wb.bundle("leavers").version == (2 if better else 1)
