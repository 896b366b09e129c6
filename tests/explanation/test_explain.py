"""Explanations: values that add up to the model's own output, equal shap's, and hide what must stay hidden."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import workbench as wb
from workbench.core.explanation import Explanation
from workbench.errors import BadParameter
from workbench.storage.tracking import client
from workbench.tables.compiled import CompiledModel

TASKS = {"churn": "binary", "level": "multiclass", "amount": "regression"}


def trained(target, model="boosting", rows=300, numeric=False):
    rng = np.random.default_rng(0)
    x, city = rng.normal(size=rows), rng.choice(["Ulm", "Bonn", "Köln"], rows)
    signal = x + (city == "Ulm") + rng.normal(0, 0.5, rows)
    frame = pd.DataFrame({"x": x, "noise": rng.normal(size=rows), "city": city})
    frame.loc[::11, ["noise", "city"]] = np.nan
    targets = {
        "churn": np.where(signal > 0.3, "Yes", "No"),
        "level": np.digitize(signal, [-0.3, 0.9]),
        "amount": 100 + 10 * signal,
    }
    kept = ["x", "noise"] if numeric else ["x", "noise", "city"]
    data = wb.dataset(frame[kept].assign(**{target: targets[target]}), target=target)
    return wb.train(data, candidates=(model,), folds=2, trials=1)


@pytest.mark.slow
@pytest.mark.parametrize("target", TASKS)
@pytest.mark.parametrize("model", ["linear", "boosting", "forest"])
def test_values_and_base_add_up_to_the_models_own_output(store, target, model):
    run = trained(target, model)
    found = wb.explain(run)
    total = found.base + np.sum(found.values, axis=1)
    np.testing.assert_allclose(total, found.outputs, atol=1e-6)
    np.testing.assert_allclose(found.outputs, own_output(run, found), atol=1e-6)
    assert found.additivity_error <= 1e-6
    assert "WB210" not in [f.code for f in found.findings]
    assert found.features == run.features
    assert found.importance()["x"] > found.importance()["noise"]


def own_output(run, found):
    table = run.holdout[list(run.features)]
    if run.task == "regression":
        return run.pipeline.predict(table)
    place = run.classes.index(found.label)
    if found.unit == "probability":
        return run.pipeline.predict_proba(table)[:, place]
    own = run.pipeline.decision_function(table)
    return own[:, place] if own.ndim == 2 else own


@pytest.mark.slow
@pytest.mark.parametrize("target", ["churn", "amount"])
def test_values_of_boosting_equal_those_of_shap(store, target):
    import shap

    run = trained(target, numeric=True)
    found = wb.explain(run)
    theirs = shap.TreeExplainer(run.pipeline.named_steps["model"]).shap_values(
        run.holdout[list(run.features)].to_numpy()
    )
    np.testing.assert_allclose(np.array(found.values), theirs, atol=1e-6)


@pytest.mark.slow
def test_of_two_classes_the_second_is_explained_in_log_odds(store):
    found = wb.explain(trained("churn"))
    assert (found.label, found.unit) == ("Yes", "log-odds")


@pytest.mark.slow
def test_of_more_classes_the_one_predicted_most_often_is_explained(store):
    run = trained("level")
    answers = run.pipeline.predict(run.holdout[list(run.features)])
    assert wb.explain(run).label == pd.Series(answers).mode()[0]


@pytest.mark.slow
def test_rows_are_the_latest_of_the_hold_out(store):
    run = trained("churn", "linear")
    few = wb.explain(run, rows=7)
    assert len(few.values) == len(few.rows) == len(few.outputs) == 7
    assert [r["x"] for r in few.rows] == run.holdout["x"].tail(7).tolist()
    assert len(wb.explain(run, rows=10_000).values) == len(run.holdout)


def test_rows_out_of_range_are_refused(store):
    run = trained("churn", "linear")
    for rows in (0, -1, "all"):
        with pytest.raises(BadParameter, match="rows"):
            wb.explain(run, rows=rows)


def test_values_of_sensitive_columns_are_masked(store):
    run = trained("churn", "linear")
    hidden = replace(run, contract=run.contract.change("city", sensitive=True))
    found = wb.explain(hidden, rows=5)
    assert {row["city"] for row in found.rows} == {"•••"}
    assert "•••" not in {row["x"] for row in found.rows}


def test_the_explanation_is_kept_with_its_run(store, tmp_path):
    found = wb.explain(trained("churn", "linear"))
    path = client().download_artifacts(found.run_id, "workbench/explanation.parquet", str(tmp_path))
    kept = Explanation.load(path)
    np.testing.assert_allclose(kept.values, found.values, rtol=1e-6, atol=1e-9)
    assert (kept.header(), kept.columns, kept.truth) == (found.header(), found.columns, found.truth)


def test_wrong_values_are_called_wrong(store, monkeypatch):
    explain_class = CompiledModel.explain_class

    def off(self, *arguments):
        values, base = explain_class(self, *arguments)
        return values + 0.01, base

    monkeypatch.setattr(CompiledModel, "explain_class", off)
    found = wb.explain(trained("churn", "linear"))
    assert [(f.code, f.severity) for f in found.findings] == [("WB210", "error")]
