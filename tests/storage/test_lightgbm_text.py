"""LightGBM's own text: what is read anew is the same model, and no number may lead outside of it."""

import re

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lightgbm import LGBMClassifier, LGBMRegressor
from lightgbm.basic import LightGBMError

from workbench.errors import Damaged
from workbench.storage.lightgbm_text import booster, sound

RNG = np.random.default_rng(0)
ROWS = RNG.normal(size=(900, 4))
ROWS[:, 0] = RNG.integers(0, 70, 900)
ROWS[::7, 1] = np.nan
NUMBERS = ROWS[:, 2] + RNG.normal(size=70)[ROWS[:, 0].astype(int)]
MODELS = {
    "two classes": (LGBMClassifier, {}, NUMBERS > 0),
    "five classes": (LGBMClassifier, {}, np.digitize(NUMBERS, [-2, -1, 0, 1])),
    "numbers": (LGBMRegressor, {}, NUMBERS * 1e9),
    "small numbers": (LGBMRegressor, {}, NUMBERS * 1e-9),
    "quantile": (LGBMRegressor, {"objective": "quantile", "alpha": 0.3}, NUMBERS),
    "counts": (LGBMRegressor, {"objective": "poisson"}, np.abs(NUMBERS).round()),
    "forest": (LGBMRegressor, {"boosting_type": "rf", "subsample": 0.5, "subsample_freq": 1}, NUMBERS),
    "a constant": (LGBMRegressor, {}, np.ones(900)),
}


def model(kind, trees=8):
    make, own, target = MODELS[kind]
    made = make(n_estimators=trees, num_leaves=7, categorical_column=[0], verbose=-1, n_jobs=1, random_state=0, **own)
    return made.fit(ROWS, target).booster_


@pytest.mark.parametrize("kind", MODELS)
def test_a_model_that_is_read_anew_answers_with_the_same_bits(kind):
    own = model(kind)
    again = booster(own.model_to_string(), "the file")
    strange = np.vstack([ROWS, [[99, np.nan, 1e300, -0.0], [-3, np.inf, np.nan, 2], [np.nan] * 4]])
    np.testing.assert_array_equal(again.predict(strange), own.predict(strange))
    np.testing.assert_array_equal(again.predict(ROWS, raw_score=True), own.predict(ROWS, raw_score=True))
    assert again.num_trees() == own.num_trees()


@pytest.mark.parametrize("kind", MODELS)
def test_a_model_that_is_read_anew_gives_the_same_reasons(kind):
    """They are shared out by how many rows went each way."""
    own = model(kind)
    again = booster(own.model_to_string(), "the file")
    np.testing.assert_array_equal(again.predict(ROWS, pred_contrib=True), own.predict(ROWS, pred_contrib=True))


@pytest.mark.parametrize("kind", MODELS)
def test_what_is_written_anew_stays_the_same(kind):
    text = sound(model(kind).model_to_string())
    assert sound(text) == text
    assert sound(booster(text, "the file").model_to_string()) == text


def test_counts_of_files_of_before_are_read_as_what_they_were():
    text = sound(model("two classes").model_to_string())
    before = re.sub(r"^(internal_count|leaf_count)=.*$", lambda m: re.sub(r"(\d+)", r"\1.0", m[0]), text, flags=re.M)
    assert before != text
    assert sound(before) == text


def test_nothing_but_numbers_and_the_objective_is_taken_over():
    text = model("two classes").model_to_string()
    hostile = text.replace("Column_0", "../../etc/passwd").replace("[data: ]", "[data: /etc/passwd]")
    assert sound(hostile) == sound(text)
    assert "passwd" not in sound(hostile)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("left_child", "0"),  # itself
        ("left_child", "6"),  # there are six splits, the last one is 5
        ("right_child", "-8"),  # there are seven leaves
        ("right_child", "2147483648"),
        ("split_feature", "4"),
        ("split_feature", "-1"),
        ("decision_type", "64"),
        ("threshold", "0x"),
        ("num_leaves", "8"),
        ("num_leaves", "0"),
        ("num_leaves", "-1"),
        ("leaf_value", ""),
        ("cat_boundaries", "5"),
        ("cat_threshold", "-1"),
        ("num_cat", "900"),
        ("is_linear", "1"),
        ("max_feature_idx", "1"),
        ("max_feature_idx", "99999999999"),
        ("num_tree_per_iteration", "3"),
        ("num_class", "7"),
        ("objective", "system:rm"),
    ],
)
def test_a_number_that_leads_outside_is_refused(key, value):
    text = model("two classes").model_to_string()
    assert re.search(rf"^{key}=", text, flags=re.MULTILINE)
    with pytest.raises(Damaged, match="LightGBM"):
        booster(re.sub(rf"^{key}=\S*", f"{key}={value}", text, count=1, flags=re.MULTILINE), "the file")


def test_a_set_of_categories_that_is_not_there_is_refused():
    text = model("two classes").model_to_string()
    by_category = re.sub(r"^decision_type=.*$", lambda m: re.sub(r"\d+", "1", m[0]), text, flags=re.MULTILINE)
    with pytest.raises(Damaged, match="set of categories"):
        booster(by_category, "the file")


@pytest.mark.parametrize("text", ["", "tree", "Tree=0", None, 3, b"tree", "tree\nversion=v4\n\nend of trees\n"])
def test_what_is_no_model_is_refused(text):
    with pytest.raises(Damaged, match="the file holds a model of LightGBM that is broken"):
        booster(text, "the file")


TEXT = model("five classes", trees=2).model_to_string()
WORDS = [m.span() for m in re.finditer(r"(?<==|\s)-?[0-9.e+-]+", TEXT.partition("parameters:")[0])]


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(where=st.sampled_from(WORDS), value=st.one_of(st.integers(-(2**70), 2**70), st.floats(), st.text(max_size=3)))
def test_any_other_number_anywhere_is_refused_or_answers(where, value):
    changed = TEXT[: where[0]] + str(value) + TEXT[where[1] :]
    try:
        answers = booster(changed, "the file").predict(ROWS[:50])
    except (Damaged, LightGBMError):
        return
    assert answers.shape[0] == 50
