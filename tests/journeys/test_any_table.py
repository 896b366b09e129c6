"""The journey of a data scientist with a table of her own: the target is all that she says."""

import json

import pandas as pd
import pytest

import workbench as wb
from workbench.core.job import JobState
from workbench.packaging.process import running

pytestmark = pytest.mark.slow
LATER = 2_000  # rows that no version is trained on


def parts(path):
    """Rows to train on, and rows that come later, drawn with a seed: some of these tables are sorted by place."""
    table = pd.read_csv(path)
    later = table.sample(LATER, random_state=0).sort_index()
    return table.drop(later.index).reset_index(drop=True), later.reset_index(drop=True)


def packaged(table, target, name, **roles):
    """Steps 1 to 5: dataset, profile, train, explain, package; then verified."""
    data = wb.dataset(table, target=target, **roles)
    profile = wb.profile(data)
    run = wb.train(data, profile=profile, trials=1, folds=2)
    explanation = wb.explain(run, rows=200)
    assert explanation.additivity_error < 1e-6 * max(1.0, max(map(abs, explanation.outputs)))
    bundle = wb.package(run, name=name, explanation=explanation)
    checked = wb.verify(bundle)
    assert checked.ok, checked
    return run, bundle


def answers_over_http(bundle, row):
    number = next(c.name for c in bundle.contract.columns if c.name in row and c.kind in ("number", "integer"))
    with running(bundle) as service:
        status, _ = service.post("/predict", row)
        assert status == 200
        status, told = service.post("/predict", {**row, number: "no number"})
    assert status == 422
    assert number in json.dumps(told)


def scored(name, target, later, folder):
    """Step 6: each half of the later rows is a window, answered and joined with its labels: by a job, and by verbs."""
    half = len(later) // 2
    for window, rows in {"first": later[:half], "second": later[half:]}.items():
        source, labels = folder / f"{window}.csv", folder / f"{window}-labels.csv"
        rows.drop(columns=target).to_csv(source, index=False)
        rows.to_csv(labels, index=False)  # without an id: the whole rows, each found by what it holds
        if window == "first":
            given = {"name": name, "source": str(source), "window": window, "labels": str(labels)}
            assert wb.submit("notebooks/score.ipynb", given, show=False).state is JobState.COMPLETED
        else:  # as that notebook does, without ten CPU seconds of a kernel's imports
            wb.score(name, str(source), window=window)
            assert wb.feedback(name, str(labels), window=window) == half


def whole_journey(path, target, name, folder):
    table, later = parts(path)
    run, first = packaged(table, target, name)
    row = json.loads(run.holdout[list(run.features)].head(1).to_json(orient="records"))[0]
    answers_over_http(first, row)
    scored(name, target, later, folder)
    report = wb.monitor(name)
    assert report.status != "unknown"
    assert [w.rows for w in report.windows] == [LATER // 2] * 2
    assert all(w.labelled == w.rows for w in report.windows)
    second = wb.package(
        wb.train(wb.dataset(table, target=target), candidates=("linear",), trials=1, folds=2), name=name
    )
    compared = wb.challenge(name, second.version, later)
    # A few hold what a row of the training holds, or only look like one.
    assert compared.rows + compared.seen == LATER
    assert compared.seen < LATER / 50
    assert wb.promote(name, second.version) == second.version
    assert wb.rollback(name) == first.version
    return run


def test_customers_who_may_leave(store, shared_table, tmp_path):
    run = whole_journey(shared_table("telco_churn.csv"), "Churn", "churn", tmp_path)
    assert run.left_out["customerID"] == "identifies the row"
    assert "TotalCharges" in run.features
    assert run.contract["TotalCharges"].kind == "number"
    assert run.metrics[0].value > 0.8


def test_prices_of_houses(store, shared_table, tmp_path):
    run = whole_journey(shared_table("housing.csv"), "median_house_value", "housing", tmp_path)
    assert run.task == "regression"
    assert run.best.name == "lightgbm"


def test_incomes_as_far_as_the_bundle(store, shared_table):
    run, _ = packaged(pd.read_csv(shared_table("adult.csv")).head(10_000), "income", "income")
    assert run.metrics[0].value > 0.85


def test_prices_of_electricity_as_far_as_the_bundle(store, shared_table):
    run, _ = packaged(pd.read_csv(shared_table("elec.csv")).tail(10_000), "class", "elec")
    assert run.metrics[0].value > run.candidates[-1].metrics[0].value


def test_bicycles_as_far_as_the_bundle_without_the_parts_of_the_count(store, shared_table):
    run, _ = packaged(pd.read_csv(shared_table("bike_hour.csv")), "count", "bikes", time="dateday")
    assert not {"casual", "registered", "instant"} & set(run.features)
    assert run.split.kind == "time"
