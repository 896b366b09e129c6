"""Estimators and scores that people bring: tried beside ours, and never in their way."""

from pathlib import Path
from urllib.parse import urlparse

import numpy as np
import pandas as pd
import pytest
import sklearn.metrics as sk
from lightgbm import LGBMClassifier
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.cluster import KMeans
from sklearn.compose import make_column_transformer
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Lasso, LogisticRegression, RidgeClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

import workbench as wb
from workbench.core.measures import known_anywhere
from workbench.errors import BadParameter, NotFound, Refused
from workbench.scoring.runtime import Scorer
from workbench.storage.tracking import client
from workbench.training.own import sorted_out


def table(rows=300, seed=0):
    rng = np.random.default_rng(seed)
    useful, city = rng.normal(size=rows), rng.choice(["Ulm", "Bonn", "Köln"], rows)
    signal = useful + (city == "Ulm") + rng.normal(0, 0.5, rows)
    frame = pd.DataFrame({"useful": useful, "city": city, "noise": rng.normal(size=rows)})
    frame.loc[::17, "useful"] = np.nan
    return frame.assign(
        churn=np.where(signal > 0.3, "Yes", "No"), level=np.digitize(signal, [-0.3, 0.9]), amount=100 + 10 * signal
    )


def one(target):
    return table().drop(columns=[t for t in ("churn", "level", "amount") if t != target])


def trained(target, candidates, **keywords):
    return wb.train(one(target), target=target, candidates=candidates, folds=2, **keywords)


@pytest.mark.parametrize(
    ("target", "candidate"),
    [
        ("churn", GaussianNB()),
        ("level", ExtraTreesClassifier(30, min_samples_leaf=5)),
        ("amount", Lasso()),
    ],
)
def test_an_estimator_is_tried_as_it_is_given_and_read_back(store, target, candidate):
    run = trained(target, ["baseline", candidate])
    assert run.best.name == type(candidate).__name__
    assert run.candidates[1].name == "baseline"
    again = wb.run(run.id)
    rows = one(target)[list(run.features)]
    np.testing.assert_array_equal(again.pipeline.predict(rows), run.pipeline.predict(rows))


def test_a_model_that_only_a_pickle_could_keep_is_scored_and_told(store):
    run = trained("amount", ["baseline", KNeighborsRegressor()])
    assert run.best.name == "KNeighborsRegressor"
    assert "KDTree" in next(f.message for f in run.findings if f.code == "WB209")


def test_a_pipeline_takes_the_columns_as_they_are(store):
    encode = make_column_transformer((OneHotEncoder(handle_unknown="ignore"), ["city"]), ("passthrough", ["noise"]))
    run = trained("churn", [("mine", make_pipeline(encode, LogisticRegression()))])
    assert run.best.name == "mine"
    assert [c.name for c in run.candidates] == ["mine"]
    assert list(run.pipeline[0].feature_names_in_) == list(run.features)
    bundle = wb.package(run, name="mine")
    rows = one("churn")[list(run.features)]
    own = run.pipeline.predict_proba(rows)[:, 1]
    np.testing.assert_allclose(Scorer(bundle.path).score_columns(rows)[0], own, atol=1e-12)


def test_a_lightgbm_of_somebody_goes_the_whole_way(store):
    run = trained("churn", ["linear", ("theirs", LGBMClassifier(n_estimators=20, verbose=-1))])
    assert {c.name for c in run.candidates} == {"linear", "theirs"}
    wb.package(run, name="theirs")


def test_a_candidate_without_a_seed_gets_that_of_the_training_and_its_own_stays(store):
    unset, own = ExtraTreesClassifier(5), ExtraTreesClassifier(5, random_state=99)
    run = trained("churn", [unset], seed=3)
    assert run.pipeline[-1].random_state == 3
    assert unset.random_state is None
    assert trained("churn", [own], seed=3).pipeline[-1].random_state == 99
    rows = one("churn")[list(run.features)]
    np.testing.assert_array_equal(
        trained("churn", [unset], seed=3).pipeline.predict_proba(rows), run.pipeline.predict_proba(rows)
    )


class Broken(ClassifierMixin, BaseEstimator):
    """Fails when it is fitted."""

    def fit(self, rows, target):
        raise RuntimeError("no\nsuch luck")

    def predict_proba(self, rows):
        raise AssertionError("it was never fitted")

    predict = predict_proba


def test_a_candidate_that_fails_is_told_and_costs_the_others_nothing(store):
    run = trained("churn", ["baseline", "linear", Broken()])
    assert run.best.name == "linear"
    (told,) = [f for f in run.findings if f.code == "WB208"]
    assert "'Broken' could not be fitted" in told.message
    assert "RuntimeError: no" in told.message


def test_where_every_candidate_fails_the_reasons_are_the_error(store):
    with pytest.raises(BadParameter, match=r"No candidate could be fitted\. Broken: RuntimeError: no"):
        trained("churn", [Broken()])


class Mean(RegressorMixin, BaseEstimator):
    """A class of a notebook, which only a pickle could keep."""

    def fit(self, rows, target):
        self.mean_ = float(np.mean(target))
        return self

    def predict(self, rows):
        return np.full(len(rows), self.mean_)


def test_a_model_of_somebodys_own_class_is_scored_and_its_run_says_that_it_is_not_kept(store):
    run = trained("amount", [("mine", Mean())])
    (told,) = [f for f in run.findings if f.code == "WB209"]
    assert "Mean" in told.message
    assert run.pipeline.predict(one("amount")[list(run.features)]).shape == (300,)
    with pytest.raises(NotFound, match="gone with this session"):
        wb.run(run.id)


@pytest.mark.parametrize(
    ("target", "candidates", "message"),
    [
        ("churn", [Lasso()], "'Lasso' is not a classifier, and the task is binary"),
        ("amount", [GaussianNB()], "'GaussianNB' is not a regressor"),
        ("churn", [RidgeClassifier()], "predicts no probabilities"),
        ("churn", [KMeans()], "is not a classifier"),
        ("churn", [GaussianNB], r"GaussianNB is a class\. Give an instance: GaussianNB\(\)"),
        ("churn", [3], "got int"),
        ("churn", [None], "got NoneType"),
        ("churn", [("a", "b")], "got str"),
        ("churn", [GaussianNB(), GaussianNB()], "Two candidates are called 'GaussianNB'"),
        ("churn", ["linear", ("linear", GaussianNB())], "Two candidates are called 'linear'"),
        ("churn", ["linaer", GaussianNB()], "Did you mean 'linear'"),
        ("churn", GaussianNB(), "list of str"),
    ],
)
def test_what_can_be_no_candidate_is_refused_with_what_to_do(store, target, candidates, message):
    with pytest.raises(BadParameter, match=message):
        trained(target, candidates)


def test_names_alone_stay_as_they_are():
    assert sorted_out("linear") == ("linear", {})
    assert sorted_out(name for name in ("linear",)) == (("linear",), {})


def f2(truth, predicted):
    return sk.fbeta_score(truth, predicted, beta=2)


def mean_cubic_error(truth, predicted):
    return np.mean(np.abs(truth - predicted) ** 3)


@pytest.mark.parametrize(
    ("target", "metric", "name", "larger"),
    [
        ("churn", f2, "f2", True),
        ("churn", "f1", "f1", True),
        ("churn", "neg_brier_score", "neg_brier_score", True),
        ("churn", sk.make_scorer(sk.fbeta_score, beta=2), "fbeta_score", True),
        ("churn", sk.make_scorer(sk.brier_score_loss, greater_is_better=False, response_method="predict_proba"),
         "brier_score_loss", True),
        ("level", "f1_macro", "f1_macro", True),
        ("level", "roc_auc_ovr", "roc_auc_ovr", True),
        ("amount", "neg_mean_absolute_percentage_error", "neg_mean_absolute_percentage_error", True),
        ("amount", mean_cubic_error, "mean_cubic_error", False),
    ],
)  # fmt: skip
@pytest.mark.slow
def test_anybodys_score_decides_and_has_its_interval(store, target, metric, name, larger):
    run = trained(target, ["baseline", "linear"], metric=metric)
    first = run.metrics[0]
    assert (first.name, first.larger_is_better) == (name, larger)
    assert first.low <= first.value <= first.high
    assert run.best.name == "linear"
    assert wb.run(run.id).metrics == run.metrics


@pytest.mark.slow
def test_a_score_of_somebody_is_that_of_scikit_learn_on_the_holdout(store):
    run = trained("churn", ["linear"], metric="f1")
    plain = trained("churn", ["linear"])
    assert {m.name: m.value for m in run.metrics if m.name != "f1"} == {m.name: m.value for m in plain.metrics}


@pytest.mark.slow
def test_a_bundle_of_somebodys_own_score_is_watched_by_one_that_is_known_anywhere(store):
    bundle = wb.package(trained("churn", ["linear"], metric=f2), name="own")
    assert bundle.metrics[0].name == "f2"
    assert known_anywhere(bundle.metrics, "binary").name == "roc_auc"


@pytest.mark.parametrize(
    ("target", "metric", "message"),
    [
        ("churn", "r2", "roc_auc"),
        ("amount", "f1", "could not be computed for a regression task"),
        ("churn", lambda truth, predicted: 1 / 0, "could not be computed for a binary task: division by zero"),
        ("churn", lambda truth: 1, "could not be computed"),
        ("churn", 3, "takes text, got 3"),
        ("churn", "f11", "f11"),
    ],
)
def test_a_score_that_can_not_be_is_refused(store, target, metric, message):
    with pytest.raises(BadParameter, match=message):
        trained(target, ["baseline", "linear"], metric=metric)


def theirs(kind):
    """A pipeline of a library whose models only a pickle could keep, or that draws rows by neighbours."""
    if kind == "xgboost":
        from xgboost import XGBRegressor

        return XGBRegressor(n_estimators=5, n_jobs=1)
    if kind == "catboost":
        from catboost import CatBoostRegressor

        return CatBoostRegressor(iterations=5, thread_count=1, verbose=0, allow_writing_files=False)
    from imblearn.over_sampling import SMOTE
    from imblearn.pipeline import make_pipeline as made

    return made(SimpleImputer(), SMOTE(random_state=0), LogisticRegression())


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["xgboost", "catboost", "smote"])
def test_what_only_a_pickle_could_keep_is_kept_as_its_tables(store, kind):
    target = "churn" if kind == "smote" else "amount"
    numbers = one(target).drop(columns="city")
    run = wb.train(numbers, target=target, candidates=[("theirs", theirs(kind))], folds=2)

    again = wb.run(run.id)

    rows = numbers[list(run.features)]
    alike = np.testing.assert_allclose if target == "amount" else np.testing.assert_array_equal
    alike(again.pipeline.predict(rows), run.pipeline.predict(rows))
    assert [f.severity for f in run.findings if f.code == "WB209"] == ["info"]
    bundle = wb.package(again, name="kept")
    assert bundle.compiled
    assert wb.explain(again, rows=20).frame().shape[1] >= 2
    answers = Scorer(bundle.path).score_columns(rows)[0]
    own = run.pipeline.predict(rows) if target == "amount" else run.pipeline.predict_proba(rows)[:, 1]
    np.testing.assert_allclose(answers, own, rtol=1e-6)


@pytest.mark.slow
def test_tables_that_were_exchanged_are_refused(store):
    numbers = one("amount").drop(columns="city")
    first, other = (
        wb.train(numbers, target="amount", candidates=[("x", theirs("xgboost").set_params(n_estimators=n))])
        for n in (5, 6)
    )
    places = (urlparse(client().get_run(run.id).info.artifact_uri).path for run in (first, other))
    mine, theirs_ = (Path(place, "model", "model.npz") for place in places)
    mine.write_bytes(theirs_.read_bytes())

    with pytest.raises(Refused, match="were exchanged or changed"):
        wb.run(first.id)
