"""A bundle of a stacked, calibrated model of several libraries: the folder alone answers as the notebook did."""

import lightgbm
import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier, StackingClassifier
from sklearn.impute import KNNImputer, SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import FixedThresholdClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import RobustScaler, TargetEncoder

import workbench as wb
from workbench.scoring.runtime import Scorer

FEATURES = ["age", "income", "city"]


def stacked():
    numbers = make_pipeline(SimpleImputer(strategy="median", add_indicator=True), RobustScaler())
    encode = ColumnTransformer([("numbers", numbers, ["age", "income"]), ("city", TargetEncoder(cv=3), ["city"])])
    light = lightgbm.LGBMClassifier(n_estimators=10, verbose=-1, n_jobs=1)
    members = [
        ("light", light),
        ("steps", CalibratedClassifierCV(RandomForestClassifier(n_estimators=5), method="isotonic", cv=3)),
    ]
    stack = StackingClassifier(members, final_estimator=LogisticRegression(), cv=3, passthrough=True)
    return FixedThresholdClassifier(make_pipeline(encode, stack), threshold=0.3, pos_label="yes")


@pytest.fixture
def made(make_run, small_table):
    frame = small_table()
    pipeline = stacked().fit(frame[FEATURES][:300], frame["bought"][:300])
    return make_run(frame, "bought", pipeline=pipeline)


@pytest.mark.slow
def test_the_folder_alone_answers_and_gives_reasons(made):
    bundle = wb.package(made, name="stack")
    rows = made.holdout[FEATURES]
    plain = [{c: None if v != v else v for c, v in row.items()} for row in rows.to_dict("records")]

    scorer = Scorer(bundle.path)
    found, why = scorer.predict(plain), scorer.explain(plain)

    expected = made.pipeline.predict_proba(rows)[:, 1]
    log_odds = np.array(why["base"]) + np.array(why["values"]).sum(axis=1)
    np.testing.assert_allclose([f["prediction"] for f in found], expected, rtol=0, atol=1e-12)
    np.testing.assert_allclose(1 / (1 + np.exp(-log_odds)), expected, atol=1e-9)
    assert why["method"] == "tree paths through a curve"


@pytest.mark.slow
def test_it_is_proven_in_a_process_of_its_own(made):
    bundle = wb.package(made, name="stack")

    verification = wb.verify(bundle)

    assert verification.ok, str(verification)


def test_its_explanation_adds_up(made):
    explanation = wb.explain(made, rows=50)

    assert explanation.additivity_error < 1e-9
    assert explanation.unit == "log-odds"
    assert not explanation.findings


@pytest.mark.slow
def test_a_pipeline_without_tables_brings_lightgbm_and_what_reads_it(make_run, small_table):
    frame = small_table()
    encode = ColumnTransformer([("near", KNNImputer(), ["age", "income"])])
    model = lightgbm.LGBMClassifier(n_estimators=10, verbose=-1, n_jobs=1)
    pipeline = make_pipeline(encode, model).fit(frame[FEATURES][:300], frame["bought"][:300])
    made = make_run(frame, "bought", pipeline=pipeline)
    bundle = wb.package(made, name="near")

    assert not bundle.compiled
    assert "lightgbm==" in (bundle.path / "requirements.lock").read_text()
    assert wb.verify(bundle).ok
    rows = made.holdout[FEATURES]
    found, _ = Scorer(bundle.path).score_columns(rows)
    np.testing.assert_array_equal(found, made.pipeline.predict_proba(rows)[:, 1])
