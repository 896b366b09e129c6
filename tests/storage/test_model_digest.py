"""What a model is, as one hash: the same wherever it is the same model, another one for every number in it."""

import copy
import pickle
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lightgbm import LGBMClassifier
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    StackingClassifier,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

from workbench.storage.model_digest import digest
from workbench.storage.pipelines import load_pipeline, save_pipeline, untrusted


def rows(n=200):
    draw = np.random.default_rng(0)
    frame = pd.DataFrame({"age": draw.normal(size=n), "pay": draw.normal(size=n), "city": draw.choice(["a", "b"], n)})
    frame.loc[::9, "age"] = np.nan
    return frame.astype({"city": "str"}), np.where(frame["pay"] + (frame["city"] == "a") > 0, "yes", "no")


MODELS = {
    "linear": LogisticRegression(),
    "lightgbm": LGBMClassifier(n_estimators=5, verbose=-1, random_state=0),
    "histogram": HistGradientBoostingClassifier(max_iter=5, random_state=0),
    "forest": RandomForestClassifier(5, random_state=0),
    "boosting": GradientBoostingClassifier(n_estimators=5, random_state=0),
    "calibrated": CalibratedClassifierCV(GaussianNB(), cv=2),
    "stacked": StackingClassifier([("a", GaussianNB())], LogisticRegression(), cv=2),
    "neighbours": KNeighborsClassifier(),
}
FRAME, LABELS = rows()


def fitted(kind, labels=LABELS):
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    encode = make_column_transformer((OneHotEncoder(sparse_output=False), ["city"]), (numbers, ["age", "pay"]))
    return make_pipeline(encode, clone(MODELS[kind])).fit(FRAME, labels)


PIPELINES = {kind: fitted(kind) for kind in MODELS}


@pytest.mark.parametrize("kind", MODELS)
def test_a_model_is_the_same_before_and_after_it_answered_was_copied_or_lay_on_disk(kind, tmp_path):
    model = PIPELINES[kind]
    before = digest(model)

    model.predict_proba(FRAME)

    again = [model, copy.deepcopy(model), pickle.loads(pickle.dumps(model))]
    if not untrusted(model):
        again.append(load_pipeline(save_pipeline(model, tmp_path / "model.skops")))
    assert {digest(one) for one in again} == {before}


@pytest.mark.parametrize("kind", MODELS)
def test_the_same_rows_give_the_same_model_and_others_another(kind):
    other = LABELS.copy()
    other[:20] = "no"

    assert digest(fitted(kind)) == digest(PIPELINES[kind])
    assert digest(fitted(kind, other)) != digest(PIPELINES[kind])


def test_no_two_models_are_the_same():
    assert len({digest(model) for model in PIPELINES.values()}) == len(PIPELINES)


# Numbers that a prediction depends on, where they lie, and the same as something else that can be written to.
def leaf_of_tree(model):
    return model[-1].estimators_[2].tree_.value


def leaf_of_histogram(model):
    return model[-1]._predictors[1][0].nodes["value"]


EDITS = {
    "coefficient": ("linear", lambda m: m[-1].coef_),
    "intercept": ("linear", lambda m: m[-1].intercept_),
    "mean of the scaler": ("linear", lambda m: m[0].transformers_[1][1][1].mean_),
    "filled value": ("linear", lambda m: m[0].transformers_[1][1][0].statistics_),
    "leaf of a forest": ("forest", leaf_of_tree),
    "limit of a forest": ("forest", lambda m: m[-1].estimators_[0].tree_.threshold),
    "leaf of histogram boosting": ("histogram", leaf_of_histogram),
    "start of histogram boosting": ("histogram", lambda m: m[-1]._baseline_prediction),
    "mean of a calibrated model": ("calibrated", lambda m: m[-1].calibrated_classifiers_[1].estimator.theta_),
    "slope of a calibrator": ("calibrated", lambda m: m[-1].calibrated_classifiers_[0].calibrators[0]),
    "final of a stack": ("stacked", lambda m: m[-1].final_estimator_.coef_),
    "point of neighbours": ("neighbours", lambda m: m[-1]._fit_X),
}


@pytest.mark.parametrize("edit", EDITS)
@settings(max_examples=8)
@given(data=st.data())
def test_every_number_counts_down_to_its_last_bit(edit, data):
    kind, find = EDITS[edit]
    model = copy.deepcopy(PIPELINES[kind])
    numbers = find(model)
    if hasattr(numbers, "a_"):
        numbers.a_ = np.nextafter(numbers.a_, np.inf)
    else:
        place = data.draw(st.integers(0, numbers.size - 1))
        numbers.flat[place] = np.nextafter(numbers.flat[place], np.inf, dtype=numbers.dtype)

    assert digest(model) != digest(PIPELINES[kind])


@pytest.mark.parametrize(
    "edit",
    [
        lambda m: m[0].transformers_[0][1].categories_[0].__setitem__(0, "z"),
        lambda m: setattr(m[-1], "classes_", m[-1].classes_[::-1]),
        lambda m: setattr(m, "steps", m.steps[1:]),
        lambda m: setattr(m[0], "transformers_", m[0].transformers_[::-1]),
    ],
    ids=["category", "order of the classes", "a step less", "order of the columns"],
)
def test_what_is_no_number_counts_too(edit):
    model = copy.deepcopy(PIPELINES["linear"])
    edit(model)

    assert digest(model) != digest(PIPELINES["linear"])


def test_a_leaf_of_lightgbm_counts():
    text = PIPELINES["lightgbm"][-1].booster_.model_to_string()
    model = copy.deepcopy(PIPELINES["lightgbm"])
    model[-1].booster_.set_leaf_output(3, 1, model[-1].booster_.get_leaf_output(3, 1) + 1e-12)

    assert model[-1].booster_.model_to_string() != text
    assert digest(model) != digest(PIPELINES["lightgbm"])


def test_how_fast_and_how_loudly_it_answers_does_not_count():
    model = copy.deepcopy(PIPELINES["forest"])
    model.set_params(randomforestclassifier__n_jobs=2, randomforestclassifier__verbose=1)

    assert digest(model) == digest(PIPELINES["forest"])


def test_a_function_of_a_notebook_counts_by_what_it_does():
    one, same, other, held = (digest(FunctionTransformer(f)) for f in (by(2), by(2), by(3), lambda x: x + 2))

    assert one == same
    assert len({one, other, held}) == 3


def by(factor):
    return lambda x: x * factor


def test_what_holds_itself_has_an_end():
    loop = [1]
    loop.append(loop)

    assert len(digest(loop)) == 64


@pytest.mark.slow
def test_another_process_says_the_same(tmp_path):
    path = save_pipeline(PIPELINES["lightgbm"], tmp_path / "model.skops")
    code = (
        "import sys; from pathlib import Path; from workbench.storage.pipelines import load_pipeline; "
        "from workbench.storage.model_digest import digest; print(digest(load_pipeline(Path(sys.argv[1]))))"
    )

    told = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, check=True).stdout

    assert told.strip() == digest(PIPELINES["lightgbm"])
