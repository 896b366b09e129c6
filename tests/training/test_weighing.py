"""Rows count by their weights in all that a training fits and scores, and classes where somebody says so."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import compute_sample_weight

import workbench as wb
from tests.training.churners import churners
from workbench.errors import BadParameter, BadTable
from workbench.training.candidates import build
from workbench.training.growing import Growing
from workbench.training.weighing import class_weight_asked, counting_rows, fit_options, takes_weights

slow = pytest.mark.slow  # each trains


def weighed(rows=400, **columns):
    """Churners; those of one city count more."""
    table = churners(rows)
    weight = np.where(table["city"] == "Ulm", 3.0, 0.5) * np.random.default_rng(5).uniform(0.5, 2.0, rows)
    return table.assign(**{"w": weight, **columns})


def told(run):
    return {finding.code for finding in run.findings}


@pytest.mark.parametrize(
    ("weights", "said", "mended"),
    [
        (np.where(np.arange(400) % 50, 1.0, -1.0), "is below 0 in 8 rows", True),
        (np.where(np.arange(400) % 50, 1.0, np.nan), "is missing in 8 rows", True),
        (np.where(np.arange(400) % 50, 1.0, np.inf), "is infinite in 8 rows", True),
        (np.where(np.arange(400) % 50, 1.0, -np.inf), "is infinite in 8 rows", True),
        (np.zeros(400), "All weights in 'w' are 0", False),
        (np.where(np.arange(400) % 2, "heavy", "light"), "weights are numbers", False),
    ],
)
def test_what_is_no_weight_is_refused_with_a_cure_that_mends_it(weights, said, mended):
    data = wb.dataset(weighed(w=weights), target="churn", weight="w")

    with pytest.raises(BadTable, match=said) as refused:
        counting_rows(data)

    if mended:
        scope = {"data": data}
        exec(str(refused.value.cure), scope)
        assert counting_rows(scope["data"]).rows == 392 + 8 * (said.startswith("is missing"))


def test_a_training_refuses_what_is_no_weight(store):
    with pytest.raises(BadTable, match="'city' holds a category"):
        wb.train(churners(200), target="churn", weight="city", candidates=["baseline"])


def test_a_weight_is_a_role_that_a_dataset_keeps(tmp_path):
    data = wb.dataset(weighed(), target="churn", weight="w")
    data.contract.save(tmp_path / "contract.json")

    again = type(data.contract).load(tmp_path / "contract.json")

    assert again.weight == data.contract.weight == "w"
    assert "w" not in data.contract.features
    with pytest.raises(BadParameter, match="weight='noise' asks for another"):
        wb.train(data, weight="noise")


@slow
def test_weights_of_one_give_the_run_that_none_give(store):
    ones = wb.dataset(weighed(w=1.0), target="churn", weight="w")
    none = wb.dataset(weighed(w=1.0), target="churn", ignore=["w"])

    one, other = (wb.train(d, candidates=["baseline", "linear", "lightgbm", "forest"], folds=2) for d in (ones, none))

    assert [c.metrics for c in one.candidates] == [c.metrics for c in other.candidates]
    assert (one.metrics, one.threshold, one.uncertainty) == (other.metrics, other.threshold, other.uncertainty)
    assert one.evaluation == other.evaluation
    rows = none.features
    np.testing.assert_array_equal(one.pipeline.predict_proba(rows), other.pipeline.predict_proba(rows))


@slow
def test_rows_of_weight_0_are_not_there(store):
    table = weighed()
    table.loc[::4, "w"] = 0.0
    kept = table[table["w"] > 0].reset_index(drop=True)

    one, other = (wb.train(t, target="churn", weight="w", candidates=["linear"]) for t in (table, kept))

    assert (one.metrics, one.split) == (other.metrics, other.split)
    assert any(f.code == "WB203" and "weight of 0" in f.message for f in one.findings)


@pytest.fixture(scope="module")
def run(tmp_path_factory, put_store):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORKBENCH_HOME", str(put_store(tmp_path_factory.mktemp("weighed") / "home")))
        yield wb.train(
            weighed(600), target="churn", weight="w", trials=1, folds=2, learning_curve=True,
            candidates=["baseline", "linear", "lightgbm", "boosting", KNeighborsClassifier()],
        )  # fmt: skip


@slow
def test_every_fit_is_that_of_scikit_learn_with_sample_weight(run):
    table = weighed(600)
    X, y, w = table[list(run.features)], table["churn"], table["w"].to_numpy()
    for name in ("linear", "lightgbm", "boosting"):
        candidate = next(c for c in run.candidates if c.name == name)
        made = build(name, run.contract, run.features, "binary", candidate.parameters, 0)
        fit, _ = run.folds[0]
        made.fit(X.iloc[fit], y.iloc[fit], model__sample_weight=w[fit])
        blind = build(name, run.contract, run.features, "binary", candidate.parameters, 0)
        blind.fit(X.iloc[fit], y.iloc[fit])
        assert np.abs(made.predict_proba(X) - blind.predict_proba(X)).max() > 0.01
    best = build(run.best.name, run.contract, run.features, "binary", run.best.parameters, 0)
    best.fit(X, y, model__sample_weight=w)
    np.testing.assert_array_equal(best.predict_proba(X), run.pipeline.predict_proba(X))


@slow
def test_every_score_is_weighted_and_the_plain_one_stands_beside(run):
    held = weighed(600).merge(run.holdout, on=["useful", "city", "noise", "churn"])
    probability = run.pipeline.predict_proba(held[list(run.features)])[:, 1]

    assert len(held) == run.split.holdout_rows
    assert run.unweighted[0].value != run.metrics[0].value
    assert len(probability) == len(held), "the pipeline answers rows without a weight"
    seen = run.evaluation
    assert sum((seen.thresholds.positives, seen.thresholds.negatives)) < 0.8 * run.split.holdout_rows
    assert [one.rows for one in seen.learned] == sorted(one.rows for one in seen.learned)


@slow
def test_a_candidate_or_a_score_that_takes_no_weights_is_told(run, store):
    own = wb.train(
        weighed(), target="churn", weight="w", candidates=["linear"], metric=lambda y, p: float((y == p).mean())
    )

    assert any(f.code == "WB218" and "KNeighborsClassifier" in f.message for f in run.findings)
    assert any(f.code == "WB218" and "sample_weight" in f.message for f in own.findings)


@slow
def test_a_weighted_run_is_replayed_and_read_back(run, monkeypatch, tmp_path, put_store):
    monkeypatch.setenv("WORKBENCH_HOME", str(put_store(tmp_path / "home")))
    data = wb.dataset(weighed(), target="churn", weight="w")
    first = wb.train(data, candidates=["linear", "lightgbm"], class_weight="balanced", trials=1, folds=2)

    assert wb.replay(first, data).ok
    again = wb.run(first.id)
    assert (again.unweighted, again.asked) == (first.unweighted, first.asked)
    assert again.candidates[0].parameters["class_weight"] == "balanced"


def rare(rows=4_000, seed=0):
    """Six in a hundred say yes."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, 4))
    yes = rng.random(rows) < 1 / (1 + np.exp(3.6 - 1.2 * x[:, 0] - 0.8 * x[:, 1]))
    return pd.DataFrame(x, columns=list("abcd")).assign(y=np.where(yes, "yes", "no"))


@slow
def test_balanced_classes_distort_probabilities_and_a_calibrator_mends_them(store):
    usual, balanced, mended = (
        wb.train(rare(), target="y", candidates=["linear"], **how)
        for how in ({}, {"class_weight": "balanced"}, {"class_weight": "balanced", "calibration": "sigmoid"})
    )

    assert "WB219" not in told(usual) | told(mended)
    assert {"WB214", "WB219"} <= told(balanced)
    off = [run.evaluation.calibration_error for run in (usual, balanced, mended)]
    assert off[1] > 0.15 > 0.04 > max(off[0], off[2])
    assert balanced.metrics[0].value == pytest.approx(usual.metrics[0].value, abs=0.02), "ranks hardly change"
    inner = mended.pipeline[-1]
    assert isinstance(inner, CalibratedClassifierCV)
    assert inner.estimator.class_weight == "balanced"


@slow
def test_weights_by_class_are_those_of_the_estimators(store):
    run = wb.train(
        rare(1_000), target="y", class_weight={"yes": 4}, folds=2, trials=1,
        candidates=["baseline", "linear", "lightgbm", RandomForestClassifier(20, random_state=1), GaussianNB()],
    )  # fmt: skip

    settings = {c.name: c.parameters.get("class_weight") for c in run.candidates}
    assert settings == {
        "baseline": None, "linear": {"yes": 4.0}, "lightgbm": {"yes": 4.0},
        "RandomForestClassifier": {"yes": 4.0}, "GaussianNB": None,
    }  # fmt: skip
    assert any(f.code == "WB218" and "GaussianNB" in f.message for f in run.findings)
    assert run.unfitted["RandomForestClassifier"][-1].class_weight == {"no": 1.0, "yes": 4.0}


def test_trees_that_grow_on_folds_count_rows_and_classes():
    table = churners(300)
    labels = (table["churn"] == "Yes").to_numpy().astype(int)
    wb_data = wb.dataset(table, target="churn")
    unfitted = build("lightgbm", wb_data.contract, ["useful", "city", "noise"], "binary", {}, 0)
    folds = [(np.arange(0, 300, 2), np.arange(1, 300, 2))]
    weights = np.random.default_rng(0).uniform(0.5, 2, 300)

    grown = Growing(unfitted, table, labels, 2, folds, weights, "balanced")

    wanted = weights * compute_sample_weight("balanced", labels)
    np.testing.assert_allclose(grown._binned.get_weight(), wanted, rtol=1e-6)


@settings(max_examples=20, deadline=None)
@given(st.data())
def test_whole_weights_are_rows_that_repeat_in_linear_fits(data):
    rng = np.random.default_rng(data.draw(st.integers(0, 1000)))
    X, times = rng.normal(size=(40, 3)), rng.integers(1, 4, 40)
    again = np.repeat(np.arange(40), times)
    for model, y in ((Ridge(), X[:, 0] + rng.normal(size=40)), (LogisticRegression(tol=1e-8), np.arange(40) % 2)):
        pipeline = make_pipeline(StandardScaler().fit(X), model)
        fitted = pipeline[-1].fit(pipeline[0].transform(X), y, sample_weight=times.astype(float))
        options = fit_options(make_pipeline(model), times.astype(float))
        assert set(options) == {f"{type(model).__name__.lower()}__sample_weight"}
        coefficients = fitted.coef_.copy()
        repeated = pipeline[-1].fit(pipeline[0].transform(X[again]), y[again])
        np.testing.assert_allclose(coefficients, repeated.coef_, atol=1e-4)


@pytest.mark.parametrize(
    ("estimator", "takes"),
    [
        (LogisticRegression(), True),
        (make_pipeline(StandardScaler(), LogisticRegression()), True),
        (CalibratedClassifierCV(LogisticRegression()), True),
        (CalibratedClassifierCV(KNeighborsClassifier()), False),
        (GridSearchCV(LogisticRegression(), {"C": [1.0]}), True),
        (GridSearchCV(KNeighborsClassifier(), {"n_neighbors": [3]}), False),
        (GridSearchCV(make_pipeline(StandardScaler(), LogisticRegression()), {}), False),
        (TransformedTargetRegressor(Ridge()), True),
        (KNeighborsClassifier(), False),
    ],
)
def test_what_takes_weights_is_known(estimator, takes):
    assert takes_weights(estimator) is takes
    if takes:
        X, y = np.random.default_rng(0).normal(size=(60, 2)), np.arange(60) % 2
        estimator.fit(X, y, **fit_options(estimator, np.ones(60)))


@pytest.mark.parametrize(
    ("weight", "said"),
    [
        ({"yes": 0}, "above 0, such as"),
        ({"yes": True}, "got True"),
        ({"yes": float("nan")}, "got nan"),
        ({}, "got none"),
        ("{yes: 1}", "is 'balanced', or a mapping"),
        (["yes"], "got a list"),
        (5, "got the number 5"),
    ],
)
def test_what_no_class_can_count_is_refused(weight, said):
    with pytest.raises(BadParameter, match=said):
        class_weight_asked(weight)


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"class_weight": {"maybe": 2}}, "'maybe', which is no class of the target"),
        ({"class_weight": "balance"}, "'class_weight' is balanced, or"),
        ({"class_weight": {"Yes": 2}, "calibration": "auto"}, "class_weight='balanced'"),
    ],
)
def test_class_weights_that_fit_nothing_are_refused(store, how, said):
    with pytest.raises(BadParameter, match=said):
        wb.train(churners(200), target="churn", candidates=["baseline"], **how)


def test_a_regression_has_no_classes_to_weigh(store):
    table = churners(200).drop(columns="churn")

    with pytest.raises(BadParameter, match="A regression has no classes"):
        wb.train(table, target="useful", candidates=["baseline"], class_weight="balanced")


@slow
def test_an_adopted_pipeline_is_scored_by_weights(store):
    table = weighed(600)
    fit, held = table[:400], table[400:]
    mine = make_pipeline(StandardScaler(), LogisticRegression()).fit(fit[["useful", "noise"]], fit["churn"])

    run = wb.adopt(mine, fit, holdout=held, target="churn", weight="w")

    truth, probability = (held["churn"] == "Yes").astype(int), mine.predict_proba(held[["useful", "noise"]])[:, 1]
    from sklearn.metrics import roc_auc_score

    assert run.metrics[0].value == pytest.approx(roc_auc_score(truth, probability, sample_weight=held["w"]))
    assert run.unweighted[0].value == pytest.approx(roc_auc_score(truth, probability))


@slow
def test_a_window_is_compared_with_the_score_that_counts_rows_the_same(store):
    table = weighed(1_200).assign(id=np.arange(1_200).astype(str))
    run = wb.train(table, target="churn", weight="w", id="id", candidates=["linear"], class_weight="balanced")
    wb.package(run, name="weighed")
    later = churners(600, seed=9).assign(id=np.arange(5_000, 5_600).astype(str))

    wb.score("weighed", later.drop(columns="churn"), window="2026-01")
    wb.feedback("weighed", later[["id", "churn"]])
    report = wb.monitor("weighed")

    assert report.reference[0].value == run.unweighted[0].value
    assert report.windows[0].status == "ok", report.windows[0].reasons
    assert "WB305" in {f.code for f in report.findings}
