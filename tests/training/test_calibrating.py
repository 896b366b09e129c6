"""Probabilities mean what they say where a calibrator stands behind the model, and it stands there only if it helps."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.calibration import CalibratedClassifierCV
from sklearn.naive_bayes import GaussianNB

import workbench as wb
from workbench.core.run import Split
from workbench.scoring.runtime import Scorer
from workbench.training import calibrating
from workbench.training.splits import Parts

pytestmark = pytest.mark.slow  # each trains


def copies(rows=1_600):
    """Ten columns that say the same: naive Bayes takes them for ten witnesses, and is far too sure."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=rows)
    table = pd.DataFrame({f"x{k}": x + rng.normal(0, 0.4, rows) for k in range(10)})
    return table.assign(y=np.where(rng.random(rows) < 1 / (1 + np.exp(-1.2 * x)), "yes", "no"))


def trained(rows=1_600, **how):
    return wb.train(copies(rows), target="y", candidates=[GaussianNB()], **how)


def test_probabilities_that_are_off_are_told_and_the_cure_mends_them(store):
    before, after = trained(4_000), trained(4_000, calibration="auto")

    told = next(f for f in before.findings if f.code == "WB214")
    assert 'calibration="auto"' in told.cure
    assert before.evaluation.calibration_error > 0.2 > 0.07 > after.evaluation.calibration_error
    assert "WB214" not in {f.code for f in after.findings}
    loss = [next(m.value for m in run.metrics if m.name == "log_loss") for run in (before, after)]
    assert loss[1] < 0.5 * loss[0]
    assert after.metrics[0].value == pytest.approx(before.metrics[0].value, abs=0.01), "ranks are as they were"


def test_a_model_that_is_right_stays_without_one(store):
    run = wb.train(copies(), target="y", candidates=["linear"], calibration="auto")

    assert not isinstance(run.pipeline[-1], CalibratedClassifierCV)
    assert "WB214" not in {f.code for f in run.findings}


@pytest.mark.parametrize("method", ["sigmoid", "isotonic"])
def test_what_was_asked_for_is_taken_ships_and_is_replayed(store, method):
    data = wb.dataset(copies(800), target="y")
    run = wb.train(data, candidates=["lightgbm"], trials=1, calibration=method)

    bundle = wb.package(run, name="calibrated")

    rows = run.holdout.head(20)[list(run.features)]
    answers = [a["prediction"] for a in Scorer(bundle.path).predict(rows.to_dict("records"))]
    assert run.pipeline[-1].method == method
    assert bundle.compiled
    assert answers == pytest.approx(run.pipeline.predict_proba(rows)[:, 1], abs=1e-9)
    assert run.asked["calibration"] == method
    assert wb.replay(run, data).ok


def test_several_classes_are_calibrated_too(store):
    table = copies()
    table["y"] = np.where(table["y"] == "no", "no", np.where(table["x0"] > 0.5, "much", "some"))
    before, after = (
        wb.train(table, target="y", candidates=[GaussianNB()], calibration=how) for how in ("none", "sigmoid")
    )

    assert after.evaluation.calibration_error < before.evaluation.calibration_error / 2


def test_whoever_stops_it_keeps_the_model_without_a_calibrator(store, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(calibrating, "_tried", stop)

    run = trained(calibration="sigmoid")

    assert not isinstance(run.pipeline[-1], CalibratedClassifierCV)
    assert "WB207" in {f.code for f in run.findings}


@settings(max_examples=30)
@given(
    st.lists(st.integers(0, 12), min_size=30, max_size=80), st.sampled_from(["time", "group", "random"]), st.booleans()
)
def test_a_third_leaves_whole_units_or_stretches_of_time(units, kind, numbers):
    units = np.asarray(units)
    rows = np.arange(0, len(units), 2)
    labels = (units[rows] + np.arange(len(rows))) % 2 + (np.sin(rows) if numbers else 0)
    parts = Parts(rows, rows, (), Split(kind, 3, 1, 1), units)

    thirds = parts.thirds(rows, labels, seed=0)

    assert sorted(np.concatenate([left for _, left in thirds]).tolist()) == list(range(len(rows)))
    for fit, left in thirds:
        assert not set(fit) & set(left)
        if kind == "time":
            assert np.ptp(left) == len(left) - 1
        else:
            assert not set(units[rows[fit]]) & set(units[rows[left]])
