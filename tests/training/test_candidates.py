"""Candidates: pipelines on the raw columns that can be compiled."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from workbench.compiling.pipeline import compile_pipeline
from workbench.core.contract import Column, Contract
from workbench.training.candidates import BOOSTING, SPACE, build, settings_to_try

CONTRACT = Contract(
    (
        Column("size", "number"),
        Column("count", "integer"),
        Column("new", "boolean"),
        Column("city", "category"),
        Column("at", "datetime"),
    )
)
NAMES = ("baseline", "linear", "boosting", "forest")
QUICK = {"boosting": {"max_iter": 5}}


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


def test_the_search_starts_with_the_defaults_and_draws_the_others_from_the_space():
    first, *drawn = settings_to_try("boosting", 5, seed=3)
    assert first == BOOSTING
    assert all(setting[key] in SPACE[key] for setting in drawn for key in SPACE)
    assert [first, *drawn] == settings_to_try("boosting", 5, seed=3)
    assert drawn != settings_to_try("boosting", 5, seed=4)[1:]


@pytest.mark.parametrize("name", ["baseline", "linear", "forest"])
def test_only_boosting_is_searched(name):
    assert settings_to_try(name, 5, seed=0) == [{}]


def test_settings_are_plain_python_values():
    assert {type(v) for s in settings_to_try("boosting", 4, seed=0) for v in s.values()} == {int, float}
