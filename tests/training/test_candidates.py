"""Candidates: pipelines on the raw columns that can be compiled."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from workbench.compiling.pipeline import compile_pipeline
from workbench.core.contract import Column, Contract
from workbench.training.candidates import MODELS, build, settings_to_try

CONTRACT = Contract(
    (
        Column("size", "number"),
        Column("count", "integer"),
        Column("new", "boolean"),
        Column("city", "category"),
        Column("at", "datetime"),
    )
)
NAMES = ("baseline", "linear", "lightgbm", "boosting", "forest")
QUICK = {"boosting": {"max_iter": 5}, "lightgbm": {"n_estimators": 5, "min_child_samples": 5}}


def table(rows=150):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "size": rng.normal(size=rows),
            "count": rng.integers(0, 9, rows),
            "new": np.resize([0.0, 1.0, np.nan], rows),
            "city": pd.Series(rng.choice(["Ulm", "Bonn", "Köln"], rows), dtype="str"),
            "at": pd.date_range("2013-07-04", periods=rows, freq="7h"),
        }
    )
    frame.loc[::9, ["size", "city", "at"]] = None
    return frame


def target(task, rows=150):
    if task == "regression":
        return table(rows)["count"] + np.linspace(0, 1, rows)
    return pd.Series(np.resize(["No", "Yes"] if task == "binary" else [3, 1, 2], rows))


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
@pytest.mark.parametrize("name", NAMES)
def test_each_candidate_takes_raw_columns_and_compiles_to_the_same_answers(name, task):
    pipeline = build(name, CONTRACT, CONTRACT.names, task, QUICK.get(name, {}), seed=0).fit(table(), target(task))
    own = pipeline.predict(table()) if task == "regression" else pipeline.predict_proba(table())
    compiled = compile_pipeline(pipeline, CONTRACT.names, task, background=table())
    np.testing.assert_allclose(compiled.predict(table()), own[:, 1] if task == "binary" else own, atol=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_values_that_were_never_seen_and_missing_ones_are_answered(name):
    pipeline = build(name, CONTRACT, CONTRACT.names, "binary", QUICK.get(name, {}), seed=0).fit(
        table(), target("binary")
    )
    strange = table(2).assign(city=pd.Series(["Oslo", None], dtype="str"), size=[np.nan, 1e9], at=pd.NaT)
    assert np.isfinite(pipeline.predict_proba(strange.astype({"at": "datetime64[us]"}))).all()


@pytest.mark.parametrize("name", NAMES)
def test_a_seed_gives_the_same_model_again(name):
    pipeline = build(name, CONTRACT, CONTRACT.names, "binary", QUICK.get(name, {}), seed=7)
    one, again = (clone(pipeline).fit(table(), target("binary")).predict_proba(table()) for _ in range(2))
    np.testing.assert_array_equal(one, again)


@pytest.mark.parametrize("name", NAMES)
def test_one_kind_of_column_is_enough(name):
    for column in CONTRACT.names:
        pipeline = build(name, CONTRACT, [column], "regression", QUICK.get(name, {}), seed=0)
        assert np.isfinite(pipeline.fit(table()[[column]], target("regression")).predict(table()[[column]])).all()


@pytest.mark.parametrize("name", ["lightgbm", "boosting"])
def test_the_search_starts_with_what_is_known_good_and_draws_the_others_from_the_space(name):
    known_good, space = MODELS[name].known_good, MODELS[name].space
    found = settings_to_try(MODELS[name], 8, seed=3)
    assert found[: len(known_good)] == list(known_good)
    assert len(found) == 8
    assert all(setting[key] in space[key] for setting in found[len(known_good) :] for key in space)
    assert found == settings_to_try(MODELS[name], 8, seed=3) != settings_to_try(MODELS[name], 8, seed=4)
    assert settings_to_try(MODELS[name], 1, seed=3) == [known_good[0]]


@pytest.mark.parametrize("name", ["baseline", "linear", "forest"])
def test_only_boosting_is_searched(name):
    assert settings_to_try(MODELS[name], 5, seed=0) == [{}]


@pytest.mark.parametrize("name", ["lightgbm", "boosting"])
def test_settings_are_plain_python_values(name):
    assert {type(v) for s in settings_to_try(MODELS[name], 9, seed=0) for v in s.values()} == {int, float}


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_lightgbm_gives_the_same_model_on_any_number_of_threads(threads):
    pipeline = build("lightgbm", CONTRACT, CONTRACT.names, "binary", {"n_estimators": 20}, seed=0)
    rows, truth = table(3_000), target("binary", 3_000)
    one = clone(pipeline).fit(rows, truth).predict_proba(rows)
    more = clone(pipeline).set_params(model__n_jobs=threads).fit(rows, truth).predict_proba(rows)
    np.testing.assert_array_equal(more, one)


def test_lightgbm_splits_by_sets_of_categories():
    rows = table(600)
    truth = rows["city"].eq("Bonn").map({True: "Yes", False: "No"})
    pipeline = build("lightgbm", CONTRACT, ["city"], "binary", {"n_estimators": 1}, seed=0).fit(rows, truth)
    assert pipeline[-1].booster_.dump_model()["tree_info"][0]["tree_structure"]["decision_type"] == "=="


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_printed_or_warned_of(name, capfd, recwarn):
    pipeline = build(name, CONTRACT, CONTRACT.names, "binary", QUICK.get(name, {}), seed=0)
    pipeline.fit(table(), target("binary")).predict_proba(table())
    assert capfd.readouterr() == ("", "")
    assert not recwarn.list
