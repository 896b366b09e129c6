"""Fitted models that people bring: taken as they are, scored on rows that they have not seen, and shipped."""

import copy
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from lightgbm import LGBMClassifier
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_selection import SelectKBest
from sklearn.frozen import FrozenEstimator
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import FixedThresholdClassifier, GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

import workbench as wb
from workbench.errors import BadParameter, BadTable, BadTarget, ColumnNotFound, Refused
from workbench.scoring.runtime import Scorer
from workbench.settings import settings
from workbench.storage.tracking import client


def table(seed=0, rows=300):
    draw = np.random.default_rng(seed)
    useful, city = draw.normal(size=rows), draw.choice(["Ulm", "Bonn", "Köln"], rows)
    signal = useful + (city == "Ulm") + draw.normal(0, 0.7, rows)
    noise, spare = draw.normal(size=rows), 1.0 * draw.integers(0, 9, rows)
    frame = pd.DataFrame({"useful": useful, "city": city, "noise": noise, "spare": spare})
    frame.loc[::17, "useful"] = np.nan
    frame["city"] = frame["city"].astype("str")
    return frame.assign(churn=np.where(signal > 0.3, "Yes", "No"))


FRAME, LATER = table(), table(seed=1)
DATA = wb.dataset(FRAME, target="churn")
COLUMNS = ["useful", "city", "noise"]


def pipeline(model=None):
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    encode = make_column_transformer((OneHotEncoder(handle_unknown="ignore"), ["city"]), (numbers, ["useful", "noise"]))
    return make_pipeline(encode, model or LogisticRegression())


MINE = pipeline().fit(FRAME[COLUMNS], FRAME["churn"])


def codes(run):
    return {finding.code for finding in run.findings}


@pytest.mark.slow
def test_the_very_pipeline_is_scored_on_rows_that_it_has_not_seen(store):
    before = copy.deepcopy(MINE)

    run = wb.adopt(("mine", MINE), DATA, holdout=LATER)

    expected = roc_auc_score(LATER["churn"] == "Yes", MINE.predict_proba(LATER[COLUMNS])[:, 1])
    assert run.metrics[0].value == pytest.approx(expected, abs=1e-12)
    assert run.metrics[0].low < expected < run.metrics[0].high
    assert (run.best.name, run.pipeline, run.features) == ("mine", MINE, tuple(COLUMNS))
    assert (run.split.kind, run.split.holdout_rows, run.threshold) == ("given", 300, 0.5)
    assert run.left_out == {"spare": "the pipeline does not take it"}
    assert codes(run) == set()
    np.testing.assert_array_equal(MINE.predict_proba(LATER[COLUMNS]), before.predict_proba(LATER[COLUMNS]))


@pytest.mark.slow
def test_without_such_rows_clones_are_scored_as_a_training_scores_its_candidates(store):
    run = wb.adopt(("mine", MINE), DATA)

    trained = wb.train(DATA.without("spare"), candidates=[("mine", pipeline())])
    assert run.metrics == trained.metrics
    assert run.best.metrics == trained.best.metrics
    assert run.split == trained.split
    assert run.pipeline is MINE
    assert codes(run) == {"WB215"}


@pytest.mark.slow
def test_a_run_of_a_pipeline_goes_the_whole_way(store):
    run = wb.adopt(MINE, DATA, holdout=LATER)

    again = wb.run(run.id)
    assert again.to_dict() == run.to_dict()
    np.testing.assert_array_equal(again.pipeline.predict(LATER[COLUMNS]), MINE.predict(LATER[COLUMNS]))
    bundle = wb.package(again, name="mine")
    assert bundle.compiled
    assert bundle.metrics == run.metrics
    assert wb.explain(again, rows=20).features == run.features
    np.testing.assert_allclose(
        wb.score("mine", LATER.drop(columns="churn"), window="w")["prediction"],
        MINE.predict_proba(LATER[COLUMNS])[:, 1],
    )


@pytest.mark.slow
def test_verbs_that_take_a_run_take_a_pipeline_with_data(store):
    assert wb.explain(MINE, DATA, rows=20).features == tuple(COLUMNS)
    bundle = wb.package(MINE, FRAME, name="mine", target="churn", holdout=LATER)
    assert bundle.model == "LogisticRegression"
    with pytest.raises(BadParameter, match=r"takes a Run, got a Pipeline\. Give wb\.adopt\(pipeline, data\)"):
        wb.explain(MINE)
    assert wb.explain(wb.run(bundle.run_id), DATA, rows=5).positions == tuple(range(len(FRAME) - 5, len(FRAME)))
    with pytest.raises(BadParameter, match=r"got a run and data\. Give wb\.package\(run\)"):
        wb.package(wb.run(bundle.run_id), DATA, name="mine")


@pytest.mark.slow
def test_a_pipeline_that_is_fitted_again_after_it_was_scored_is_refused(store):
    mine = pipeline().fit(FRAME[COLUMNS], FRAME["churn"])
    run = wb.adopt(mine, DATA, holdout=LATER)
    mine.fit(LATER[COLUMNS], LATER["churn"])

    with pytest.raises(Refused, match="another pipeline than the one it holds"):
        wb.package(run, name="mine")


@pytest.mark.slow
def test_a_model_on_numbers_without_names_takes_the_features_in_their_order(store):
    data = DATA.without("city", "spare")
    forest = make_pipeline(SimpleImputer(), RandomForestClassifier(10, random_state=0))
    forest.fit(FRAME[["useful", "noise"]].to_numpy(), FRAME["churn"])

    run = wb.adopt(forest, data, holdout=LATER)

    rows = LATER[["useful", "noise"]]
    assert run.pipeline[-1] is forest
    np.testing.assert_array_equal(run.pipeline.predict_proba(rows), forest.predict_proba(rows.to_numpy()))
    assert wb.package(run, name="numbers").compiled
    with pytest.raises(BadParameter, match=r"fitted on 2 columns without names, and the data have 4 features"):
        wb.adopt(forest, DATA)
    with pytest.raises(BadParameter, match="fitted on numbers without names, and 'city' has category values"):
        wb.adopt(forest, DATA.without("noise", "spare"))


@pytest.mark.slow
@pytest.mark.parametrize("kept", [True, False], ids=["on a table", "on an array"])
def test_a_bare_lightgbm_is_taken(store, kept):
    data = DATA.without("city", "spare")
    rows = FRAME[["useful", "noise"]]
    model = LGBMClassifier(n_estimators=5, verbose=-1).fit(rows if kept else rows.to_numpy(), FRAME["churn"])

    run = wb.adopt(model, data)

    assert run.features == ("useful", "noise")
    assert (run.pipeline is model) is kept
    assert wb.package(wb.run(run.id), name="trees").compiled


@pytest.mark.slow
def test_a_search_stands_for_its_best_and_is_searched_anew_in_each_fold(store):
    search = GridSearchCV(pipeline(), {"logisticregression__C": [0.01, 1.0]}, cv=2)
    search.fit(FRAME[COLUMNS], FRAME["churn"])

    run = wb.adopt(search, DATA)

    assert run.pipeline is search.best_estimator_
    assert run.best.name == "LogisticRegression"


@pytest.mark.slow
def test_the_threshold_is_the_one_that_the_pipeline_answers_with(store):
    mine = FixedThresholdClassifier(pipeline(), threshold=0.2).fit(FRAME[COLUMNS], FRAME["churn"])

    assert wb.adopt(mine, DATA, holdout=LATER).threshold == 0.2


@pytest.mark.slow
def test_numbers_are_adopted_too(store):
    frame = FRAME.drop(columns="churn").assign(pay=FRAME["noise"] * 3 + FRAME["spare"])
    model = LinearRegression().fit(frame[["noise", "spare"]], frame["pay"])
    later = LATER.drop(columns="churn").assign(pay=LATER["noise"] * 3 + LATER["spare"] + 0.5)

    run = wb.adopt(model, frame, target="pay", holdout=later)

    assert run.metrics[0].name == "rmse"
    assert run.metrics[0].value == pytest.approx(0.5)


@pytest.mark.slow
def test_the_hold_out_is_read_as_the_data_are(store, tmp_path):
    frame, later = (t.assign(noise=t["noise"].map("{:.3f}".format).str.replace(".", ",")) for t in (FRAME, LATER))
    frame.to_csv(tmp_path / "data.csv", sep=";", index=False)
    later.loc[:, "noise"] = later["noise"].str.replace(",", ".")
    data = wb.dataset(tmp_path / "data.csv", target="churn")
    mine = pipeline().fit(data.frame()[COLUMNS], data.target)
    later.assign(noise=frame["noise"]).to_csv(tmp_path / "later.csv", sep=";", index=False)

    run = wb.adopt(mine, data, holdout=tmp_path / "later.csv")

    assert run.holdout["noise"].tolist() == pytest.approx(data.frame()["noise"].tolist())


@pytest.mark.slow
def test_a_hold_out_in_order_of_time_has_an_interval_of_its_stretches(store):
    def timed(frame, start):
        return frame.assign(day=pd.date_range(start, periods=len(frame)))

    drifting = LATER.assign(churn=np.where(np.arange(300) < 150, LATER["churn"], table(seed=9)["churn"]))
    drawn = wb.adopt(MINE, DATA, holdout=drifting).metrics[0]
    run = wb.adopt(MINE, timed(FRAME, "2024-01-01"), target="churn", time="day", holdout=timed(drifting, "2025-01-01"))

    assert run.metrics[0].value == drawn.value
    assert run.metrics[0].high - run.metrics[0].low > 1.5 * (drawn.high - drawn.low)


@pytest.mark.slow
def test_held_out_rows_that_are_among_the_data_are_told(store):
    run = wb.adopt(MINE, DATA, holdout=pd.concat([LATER.head(100), FRAME.head(50)]))

    (told,) = [f for f in run.findings if f.code == "WB216"]
    assert told.message.startswith("50 of the 150 rows held out equal a row of the data")
    with pytest.raises(BadParameter, match="very table that was given as data"):
        wb.adopt(MINE, DATA, holdout=FRAME)


@pytest.mark.slow
def test_columns_that_a_training_would_leave_out_are_told(store):
    data = wb.dataset(FRAME.assign(later=LATER["noise"]), target="churn", known_after=["later"])
    model = make_pipeline(SimpleImputer(), LogisticRegression())
    model.fit(data.frame()[["noise", "later"]], data.target)

    run = wb.adopt(model, data)

    (told,) = [f for f in run.findings if f.code == "WB217"]
    assert (told.column, told.severity) == ("later", "warning")
    assert "is known only after the moment of prediction" in told.message


def test_a_pipeline_that_takes_persons_is_refused_unless_there_is_a_reason(store):
    frame = FRAME.assign(mail=[f"person{i}@example.org" for i in range(300)])
    data = wb.dataset(frame, target="churn")
    encode = make_column_transformer((OneHotEncoder(handle_unknown="ignore"), ["mail"]), ("passthrough", ["noise"]))
    model = make_pipeline(encode, LogisticRegression()).fit(frame[["mail", "noise"]], frame["churn"])

    with pytest.raises(BadParameter, match="takes 'mail', which names persons"):
        wb.adopt(model, data)
    assert "mail" in wb.adopt(model, data.with_personal("mail", reason="it is the key")).features


class Uncloneable(LogisticRegression):
    """Changes what it is given, which scikit-learn's clone finds out."""

    def __init__(self, C=1.0):
        super().__init__(C=C + 1)


class Plain:
    """None of scikit-learn's kind."""

    classes_ = np.array(["No", "Yes"])

    def predict(self, rows):
        return self.classes_[(rows["noise"] > 0).astype(int)]

    def predict_proba(self, rows):
        second = 1 / (1 + np.exp(-rows["noise"].to_numpy()))
        return np.column_stack([1 - second, second])


@pytest.mark.slow
def test_what_can_not_be_cloned_needs_a_hold_out(store):
    mine = make_pipeline(SimpleImputer(), Uncloneable()).fit(FRAME[["useful", "noise"]], FRAME["churn"])

    for model in (mine, Plain()):
        with pytest.raises(BadParameter, match=r"can't be cloned.*wb\.adopt\(pipeline, data, holdout=…\)"):
            wb.adopt(model, DATA)
        assert wb.adopt(model, DATA, holdout=LATER).metrics[0].value > 0.4
    assert {run.info.status for run in client(settings()).search_runs(["1"])} <= {"FINISHED"}


@pytest.mark.slow
@pytest.mark.parametrize("keeps", [FrozenEstimator, lambda inner: make_pipeline(FrozenEstimator(inner))])
def test_a_clone_that_keeps_what_it_has_learnt_is_no_witness(store, keeps):
    """It would be scored on the rows that it was fitted on."""
    overfitted = pipeline(DecisionTreeClassifier(random_state=0)).fit(FRAME[COLUMNS], FRAME["churn"])
    model = keeps(overfitted)

    with pytest.raises(BadParameter, match="keeps what its FrozenEstimator has learnt"):
        wb.adopt(model, DATA)
    assert wb.adopt(model, DATA, holdout=LATER).metrics[0].value < 0.9


class NeedsWeights(ClassifierMixin, BaseEstimator):
    """Was fitted with something that a clone is not given."""

    def fit(self, rows, target, weights=None):
        if weights is None:
            raise ValueError("weights are needed.")
        self.classes_ = np.unique(target)
        self.n_features_in_ = rows.shape[1]
        return self

    def predict_proba(self, rows):
        return np.full((len(rows), 2), 0.5)

    def predict(self, rows):
        return self.classes_[np.zeros(len(rows), dtype=int)]


def test_a_clone_that_can_not_be_fitted_is_told_and_leaves_no_running_run(store):
    model = NeedsWeights().fit(FRAME[["noise"]].to_numpy(), FRAME["churn"], weights=1)

    with pytest.raises(BadParameter, match=r"can't be fitted anew: ValueError: weights are needed\..*holdout=…"):
        wb.adopt(model, DATA.without("useful", "city", "spare"))
    experiment = client(settings()).get_experiment_by_name("workbench").experiment_id
    assert [run.info.status for run in client(settings()).search_runs([experiment])] == ["FAILED"]


def categories(frame):
    return frame.assign(city=frame["city"].astype("category"))


def of_booleans(frame):
    return frame.assign(city=(frame["city"] == "Ulm").astype(object))


REFUSED = {
    "not fitted": (lambda: pipeline(), {}, BadParameter, r"is not fitted.*wb\.train\(data, candidates=\[pipeline\]\)"),
    "a search without its best": (
        lambda: GridSearchCV(pipeline(), {}, cv=2, refit=False).fit(FRAME[COLUMNS], FRAME["churn"]), {},
        BadParameter, r"got a GridSearchCV\. Give one that has predict"),
    "no model": (lambda: "mine", {}, BadParameter, "takes a fitted pipeline.*got the text 'mine'"),
    "a class": (lambda: LogisticRegression, {}, BadParameter, "takes a fitted pipeline"),
    "no probabilities": (
        lambda: LinearSVC().fit(FRAME[["noise", "spare"]], FRAME["churn"]), {}, BadParameter, "CalibratedClassifierCV"),
    "another task": (
        lambda: LinearRegression().fit(FRAME[["noise"]], FRAME["spare"]), {}, BadParameter, "is not a classifier"),
    "a column less": (
        lambda: LogisticRegression().fit(FRAME[["noise"]].set_axis(["nois"], axis=1), FRAME["churn"]), {},
        ColumnNotFound, "'nois'.*Did you mean 'noise'"),
    "the target": (
        lambda: pipeline().fit(FRAME.assign(useful=0.0)[[*COLUMNS, "churn"]], FRAME["churn"]), {},
        BadParameter, "fitted on 'churn', the column to predict"),
    "other classes": (
        lambda: LogisticRegression().fit(FRAME[["noise"]], FRAME["churn"] == "Yes"), {},
        BadParameter, r"answers the classes \[False, True\], and 'churn' has \['No', 'Yes'\]"),
    "gaps": (
        lambda: LogisticRegression().fit(FRAME[["useful", "noise"]].dropna(), FRAME["churn"][FRAME["useful"].notna()]),
        {}, BadParameter, "can't answer rows of the data: ValueError: Input X contains NaN"),
    "categories of pandas": (
        lambda: LGBMClassifier(n_estimators=2, verbose=-1).fit(categories(FRAME)[COLUMNS], FRAME["churn"]), {},
        BadParameter, r"can't answer rows of the data: ValueError.*OrdinalEncoder"),
    "a hold-out without target": (lambda: MINE, {"holdout": LATER[COLUMNS]}, BadTable, "no column 'churn'"),
    "a hold-out of few rows": (lambda: MINE, {"holdout": LATER.head(5)}, BadTable, "has 5 rows with a target"),
    "a hold-out of another class": (
        lambda: MINE, {"holdout": LATER.assign(churn=["Maybe"] * 30 + ["Yes"] * 270)}, BadTarget, "the class 'Maybe'"),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_what_does_not_fit_is_told_with_what_to_do(what, store):
    make, keywords, error, sentence = REFUSED[what]

    with pytest.raises(error, match=sentence):
        wb.adopt(make(), DATA, **keywords)


def test_a_frame_that_is_read_otherwise_than_the_pipeline_knows_it_is_told(store):
    """Its score would be of another model than the one that its maker has."""
    frame = of_booleans(FRAME)
    encode = make_column_transformer((FunctionTransformer(words), ["city"]), ("passthrough", ["noise"]))
    model = make_pipeline(encode, LogisticRegression()).fit(frame[["city", "noise"]], frame["churn"])

    with pytest.raises(BadParameter, match=r"otherwise as Workbench reads.*'city' is object there"):
        wb.adopt(model, frame, target="churn")


def words(frame):
    return (frame.astype("str") == "True").astype(float)


@dataclass
class Report:
    """As skore's report of one estimator."""

    estimator_: object
    X_train: object
    y_train: object
    X_test: object
    y_test: object


@pytest.mark.slow
def test_a_report_brings_its_test_rows(store):
    report = Report(MINE, FRAME[COLUMNS], FRAME["churn"], LATER[COLUMNS], LATER["churn"])

    run = wb.adopt(report)

    assert run.metrics == wb.adopt(MINE, DATA, holdout=LATER).metrics
    assert run.pipeline is MINE
    assert run.contract.target == "churn"
    assert wb.adopt(report, DATA).fingerprint == DATA.fingerprint
    with pytest.raises(BadParameter, match="no training rows"):
        wb.adopt(Report(MINE, None, None, LATER[COLUMNS], LATER["churn"]))
    with pytest.raises(BadParameter, match="no test rows"):
        wb.adopt(Report(MINE, FRAME[COLUMNS], FRAME["churn"], None, None))


@pytest.mark.slow
def test_a_report_of_skore_is_read(store):
    import skore

    train, test = {"X_train": FRAME[COLUMNS], "y_train": FRAME["churn"]}, {"X_test": LATER[COLUMNS]}
    test |= {"y_test": LATER["churn"], "pos_label": "Yes"}
    fitted_there, fitted_here = skore.EstimatorReport(pipeline(), **train, **test), skore.EstimatorReport(MINE, **test)

    run = wb.adopt(fitted_there)

    assert run.metrics[0].value == pytest.approx(fitted_there.metrics.roc_auc(), abs=1e-12)
    assert wb.adopt(fitted_here, DATA).metrics[0].value == pytest.approx(fitted_here.metrics.roc_auc(), abs=1e-12)
    with pytest.raises(BadParameter, match="no training rows"):
        wb.adopt(fitted_here)
    with pytest.raises(BadParameter, match="holds several models"):
        wb.adopt(skore.CrossValidationReport(pipeline(), FRAME[COLUMNS], FRAME["churn"], splitter=2))


@pytest.mark.slow
def test_a_pipeline_of_skrub_is_kept_and_ships_audited(store):
    """It has no exact tables, and needs skrub where it answers."""
    import skrub

    theirs = skrub.tabular_pipeline("classifier").fit(FRAME[COLUMNS], FRAME["churn"])

    run = wb.run(wb.adopt(theirs, DATA, holdout=LATER).id)

    bundle = wb.package(run, name="tabular")
    assert not bundle.compiled
    assert "skrub==" in (bundle.path / "requirements.lock").read_text(encoding="utf-8")
    np.testing.assert_array_equal(
        Scorer(bundle.path).score_columns(LATER[COLUMNS])[0], theirs.predict_proba(LATER[COLUMNS])[:, 1]
    )


@pytest.mark.slow
def test_a_pipeline_that_draws_rows_is_kept_and_ships_as_tables(store):
    from imblearn import over_sampling as sampling
    from imblearn.pipeline import make_pipeline as made

    theirs = made(SimpleImputer(), sampling.RandomOverSampler(random_state=0), LogisticRegression())
    theirs.fit(FRAME[["useful", "noise"]], FRAME["churn"])

    assert wb.package(wb.run(wb.adopt(theirs, DATA).id), name="drawn").compiled


def test_selected_columns_stay_those_that_it_asks_for(store):
    mine = make_pipeline(SimpleImputer(), SelectKBest(k=1), LogisticRegression())
    mine.fit(FRAME[["useful", "noise"]], FRAME["churn"])

    assert wb.adopt(mine, DATA, holdout=LATER).features == ("useful", "noise")
