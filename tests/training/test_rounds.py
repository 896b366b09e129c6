"""XGBoost and CatBoost by their names: as many trees as the folds agree on, tables, and a word where they are not."""

import importlib.util

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

import workbench as wb
from tests.training.churners import churners
from workbench.errors import BadParameter, MissingExtra
from workbench.explanation.explain import explain
from workbench.scoring.runtime import Scorer
from workbench.training.candidates import build
from workbench.training.rounds import agreed

COUNTS = {"xgboost": "n_estimators", "catboost": "iterations"}


def table(rows=400):
    """Texts, gaps, moments; three classes called 1, 2 and 3, and an amount."""
    rng = np.random.default_rng(0)
    frame = churners(rows).drop(columns="churn")
    frame["since"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 900, rows), unit="D")
    frame["until"] = frame["since"] + pd.to_timedelta(rng.integers(1, 90, rows), unit="D")
    frame.loc[::9, "city"] = None
    signal = frame["useful"] + (frame["city"] == "Ulm") + rng.normal(0, 0.5, rows)
    return frame.assign(level=np.digitize(signal, [-0.3, 0.9]) + 1, amount=100 + 10 * signal)


@pytest.mark.slow
@pytest.mark.parametrize("name", COUNTS)
@pytest.mark.parametrize("target", ["level", "amount"])
def test_a_candidate_goes_the_whole_way(store, name, target):
    rows = table().drop(columns={"level": "amount", "amount": "level"}[target])
    data = wb.dataset(rows, target=target)

    run = wb.train(data, candidates=["baseline", name], trials=1, folds=2)

    assert run.best.name == name
    assert 1 <= run.best.parameters[COUNTS[name]] < 500
    again = wb.run(run.id)
    assert wb.replay(again, data).ok
    bundle = wb.package(again, name=name)
    unusual = run.holdout[list(run.features)].assign(city="Rom")
    own = run.pipeline.predict(unusual) if target == "amount" else run.pipeline.predict_proba(unusual)
    np.testing.assert_allclose(Scorer(bundle.path).score_columns(unusual)[0], own, rtol=1e-6, atol=1e-7)
    assert bundle.compiled
    explained = explain(again, rows=20)
    assert explained.method == "tree paths"


@pytest.mark.parametrize("name", COUNTS)
def test_the_validated_answers_are_those_of_the_pipeline_that_is_named(store, name):
    run = wb.train(churners(300), target="churn", candidates=[name], trials=1, folds=2)
    rows = churners(300)
    X, truth, predicted = rows[list(run.features)], [], []

    for fit, scored in run.folds:
        made = build(name, run.contract, run.features, "binary", run.best.parameters, run.seed)
        made.fit(X.iloc[fit], rows["churn"].iloc[fit])
        predicted.append(made.predict_proba(X.iloc[scored])[:, 1])
        truth.append(rows["churn"].iloc[scored] == "Yes")

    score = roc_auc_score(np.concatenate(truth), np.concatenate(predicted))
    assert run.best.metrics[0].value == pytest.approx(score, rel=1e-12)


@pytest.mark.slow
def test_weights_count_in_every_round(store):
    weight = np.where(churners(300)["city"] == "Ulm", 5.0, 0.2)
    rows = churners(300).assign(w=weight)

    run = wb.train(rows, target="churn", weight="w", candidates=list(COUNTS), trials=1, folds=2)

    assert "WB218" not in {f.code for f in run.findings}
    best = build(run.best.name, run.contract, run.features, "binary", run.best.parameters, run.seed)
    option = {"model__sample_weight": weight}
    best.fit(rows[list(run.features)], rows["churn"], **option)
    np.testing.assert_array_equal(
        best.predict_proba(rows[list(run.features)]), run.pipeline.predict_proba(rows[list(run.features)])
    )


def test_one_number_of_trees_holds_for_all_folds():
    assert agreed([[3.0, 1.0, 2.0, 0.1], [5.0, 4.0, 1.0]]) == 3
    assert agreed([[1.0], [1.0, 0.5]]) == 1


def test_a_library_that_is_not_there_is_named_with_the_line_that_installs_it(store, monkeypatch):
    monkeypatch.setattr(
        "workbench.training.rounds.find_spec",
        lambda name: None if name == "catboost" else importlib.util.find_spec(name),
    )

    with pytest.raises(MissingExtra, match=r"pip install 'ml-workbench\[catboost\]'"):
        wb.train(churners(200), target="churn", candidates=["baseline", "catboost"])


@pytest.mark.slow
@pytest.mark.parametrize("name", COUNTS)
def test_a_calibrator_stands_behind_it_and_its_run_is_read_back(store, name):
    data = wb.dataset(churners(300), target="churn")

    run = wb.train(data, candidates=[name], trials=1, folds=2, calibration="sigmoid")

    again = wb.run(run.id)
    rows = data.features
    np.testing.assert_allclose(again.pipeline.predict_proba(rows), run.pipeline.predict_proba(rows), rtol=1e-6)


@pytest.mark.slow
def test_what_hands_no_weights_on_is_told_and_not_done(store):
    weighed = churners(300).assign(w=np.arange(300) % 5 + 1.0)

    run = wb.train(weighed, target="churn", weight="w", candidates=["xgboost"], folds=2, calibration="sigmoid")

    assert any(f.code == "WB218" and "no calibrator" in f.message for f in run.findings)
    assert run.thirds == ()
    with pytest.raises(BadParameter, match="ensemble= or weight="):
        wb.train(weighed, target="churn", weight="w", candidates=["linear", "xgboost"], ensemble="blend")
    with pytest.raises(BadParameter, match="numbers classes"):
        wb.train(churners(300), target="churn", class_weight={"Yes": 2}, ensemble="stack")


@pytest.mark.slow
@pytest.mark.parametrize("labels", [("No", "Yes"), (False, True), (1, 2)])
def test_weights_by_class_reach_catboost_whatever_the_labels(store, labels):
    rows = churners(300)
    rows["churn"] = np.where(rows["churn"] == "Yes", labels[1], labels[0])

    usual, heavy = (
        wb.train(wb.dataset(rows, target="churn"), candidates=["catboost"], trials=1, folds=2, **how)
        for how in ({}, {"class_weight": {labels[1]: 20}})
    )

    means = [run.pipeline.predict_proba(rows[list(run.features)])[:, 1].mean() for run in (usual, heavy)]
    assert means[1] > means[0] + 0.1
    assert wb.run(heavy.id).pipeline.classes_.tolist() == list(labels)
