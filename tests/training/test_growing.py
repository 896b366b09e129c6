"""How many trees: as lightgbm.cv says, on folds that are encoded and binned once."""

import lightgbm as lgb
import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import KFold

from workbench.core.contract import Column, Contract
from workbench.training.candidates import MODELS, build
from workbench.training.growing import Growing, grow_until_enough

CONTRACT = Contract((Column("a", "number"), Column("b", "number"), Column("city", "category")))
FIRST, *OTHERS = MODELS["lightgbm"].known_good


def table(rows=900, noise=1.0):
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(
        {"a": rng.normal(size=rows), "b": rng.normal(size=rows), "city": rng.integers(0, 9, rows) * 1.0}
    )
    signal = frame["a"] * 2 + np.sin(3 * frame["b"]) + (frame["city"] % 3)
    return frame, (signal + noise * rng.normal(size=rows)).to_numpy()


def growing(frame, labels, classes=0, folds=3):
    task = {0: "regression", 2: "binary"}.get(classes, "multiclass")
    pairs = list(KFold(folds, shuffle=True, random_state=0).split(frame))
    return Growing(build("lightgbm", CONTRACT, CONTRACT.names, task, {}, seed=0), frame, labels, classes, pairs), pairs


def test_the_number_of_trees_has_the_least_mean_loss():
    frame, labels = table()
    grower, pairs = growing(frame, labels)
    grown = grower.grow(FIRST)

    def loss(trees):
        errors = []
        for fit, validate in pairs:
            pipeline = build(
                "lightgbm", CONTRACT, CONTRACT.names, "regression", FIRST | {"n_estimators": trees}, seed=0
            )
            predicted = pipeline.fit(frame.iloc[fit], labels[fit]).predict(frame.iloc[validate])
            errors.append(np.mean((labels[validate] - predicted) ** 2))
        return np.mean(errors)

    assert 5 < grown.trees < 300
    assert loss(grown.trees) < min(loss(max(grown.trees // 3, 1)), loss(grown.trees * 4))


@pytest.mark.parametrize("classes", [0, 2, 4])
def test_the_predictions_are_those_of_models_that_never_saw_the_rows(classes):
    frame, labels = table()
    known = labels if not classes else np.digitize(labels, np.quantile(labels, np.arange(1, classes) / classes))
    grown = growing(frame, known, classes)[0].grow(FIRST)
    shapes = {0: (300,), 2: (300,), 4: (300, 4)}
    assert [p.shape for p in grown.predictions] == [shapes[classes]] * 3
    if classes == 4:
        np.testing.assert_allclose(np.concatenate(grown.predictions).sum(axis=1), 1)
    noise = growing(frame, np.random.default_rng(5).permutation(known), classes)[0].grow(FIRST)
    assert noise.trees < grown.trees


def test_later_settings_grow_on_the_same_bins_as_if_they_came_first():
    frame, labels = table()
    after = growing(frame, labels)[0]
    after.grow(FIRST)
    for settings in OTHERS:
        alone = growing(frame, labels)[0].grow(settings)
        again = after.grow(settings)
        assert again.trees == alone.trees
        for one, other in zip(again.predictions, alone.predictions, strict=True):
            np.testing.assert_array_equal(one, other)


def test_the_first_fold_alone_is_the_first_of_all():
    frame, labels = table()
    grown = growing(frame, labels)[0].grow(FIRST, folds=1)
    assert len(grown.predictions) == 1


def test_a_pipeline_grown_on_many_rows_keeps_as_many_trees_as_others_ask_for():
    frame, labels = table(3_000)
    pipeline = build("lightgbm", CONTRACT, CONTRACT.names, "regression", FIRST, seed=0)
    fit, watch = np.arange(2_400), np.arange(2_400, 3_000)
    trees = grow_until_enough(pipeline, frame, pd.Series(labels), fit, watch)

    same = build("lightgbm", CONTRACT, CONTRACT.names, "regression", FIRST | {"n_estimators": trees}, seed=0)
    np.testing.assert_array_equal(pipeline.predict(frame), same.fit(frame.iloc[fit], labels[fit]).predict(frame))
    assert pipeline[-1].n_estimators == trees
    assert lgb.Booster(model_str=pipeline[-1].booster_.model_to_string()).num_trees() == trees


@pytest.mark.parametrize("names", [["no", "yes"], ["a", "b", "c"], [False, True], [3, 7, 9]])
def test_classes_of_any_kind_are_watched(names):
    frame, labels = table(3_000)
    classes = pd.Series(
        np.asarray(names)[np.digitize(labels, np.quantile(labels, np.arange(1, len(names)) / len(names)))]
    )
    pipeline = build("lightgbm", CONTRACT, CONTRACT.names, "binary", FIRST, seed=0)
    fit, watch = np.arange(2_400), np.arange(2_400, 3_000)
    trees = grow_until_enough(pipeline, frame, classes, fit, watch)

    assert 5 < trees < 200
    assert pipeline.classes_.tolist() == names
    assert (pipeline.predict(frame.iloc[watch]) == classes.iloc[watch]).mean() > 1.5 / len(names)


def test_a_class_that_only_watched_rows_have_is_not_watched():
    frame, labels = table(600)
    classes = pd.Series(np.where(labels > 0, "yes", "no"))
    classes.iloc[-3:] = "new"
    pipeline = build("lightgbm", CONTRACT, CONTRACT.names, "binary", FIRST, seed=0)
    assert grow_until_enough(pipeline, frame, classes, np.arange(500), np.arange(500, 600)) > 1
    assert pipeline.classes_.tolist() == ["no", "yes"]
