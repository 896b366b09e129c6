"""Candidates: pipelines on the raw columns that can be compiled."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from workbench.compiling.onnx import to_onnx
from workbench.compiling.pipeline import compile_pipeline, difference
from workbench.compiling.rounding import limit
from workbench.core.contract import Column, Contract
from workbench.errors import CannotCompile
from workbench.storage.pipelines import load_pipeline, save_pipeline
from workbench.tables.compiled import CompiledModel
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
QUICK_DATES = {"lightgbm": {"n_estimators": 60}, "boosting": {"max_iter": 60}}
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


HOSTILE_DATES = ("a {x}\n'\"", "$(b)", "since")


@pytest.fixture(scope="module")
def lasting():
    """Dates, one of them beside the point, and the days between the other two with noise of 1."""
    rng = np.random.default_rng(0)
    start = pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 30_000, 1500), unit="h")
    end = start + pd.to_timedelta(rng.integers(-200, 2000, 1500), unit="h")
    since = pd.Timestamp("2000-01-01") + pd.to_timedelta(rng.integers(0, 150_000, 1500), unit="h")
    dates = pd.DataFrame(dict(zip(HOSTILE_DATES, (start, end, since), strict=True))).astype("datetime64[us]")
    return dates, pd.Series((end - start) / pd.Timedelta(days=1) + rng.normal(size=1500))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["linear", "lightgbm", "boosting", "forest"])
def test_the_days_between_two_dates_are_learnt_and_ship(name, lasting, tmp_path):
    dates, target = lasting
    contract = Contract(tuple(Column(date, "datetime") for date in HOSTILE_DATES))
    settings = settings_to_try(MODELS[name], 1, 0, dates=3)[0] | QUICK_DATES.get(name, {})
    gaps = dates.iloc[1200:].mask(np.random.default_rng(1).random((300, 3)) < 0.2)
    pipeline = build(name, contract, HOSTILE_DATES, "regression", settings, seed=0).fit(dates[:1200], target[:1200])
    again = load_pipeline(save_pipeline(pipeline, tmp_path / "pipeline.skops"))

    compiled = CompiledModel.load(
        compile_pipeline(pipeline, HOSTILE_DATES, "regression", dates[:300]).save(tmp_path / "model.npz")
    )

    missed = pipeline.predict(dates[1200:]) - target[1200:]
    assert (missed**2).mean() ** 0.5 < 1.4  # of 26 days, and 1 of noise
    np.testing.assert_array_equal(again.predict(gaps), pipeline.predict(gaps))
    assert difference(pipeline, compiled, gaps) <= limit(compiled)
    values, base = compiled.explain(gaps)
    np.testing.assert_allclose(base + values.sum(axis=1), compiled.output(gaps), rtol=1e-9)
    one = {date: [gaps[date].dropna().iloc[0].to_pydatetime()] for date in HOSTILE_DATES}
    assert compiled.predict(one) == pytest.approx(pipeline.predict(pd.DataFrame(one).astype("datetime64[us]")))
    with pytest.raises(CannotCompile, match="has no ONNX operator"):
        to_onnx(compiled)


@pytest.mark.parametrize(("says", "noise"), [("age", 3.0), ("day of the month", 1.0), ("season", 1.0)])
@pytest.mark.parametrize("name", ["linear", "lightgbm"])
def test_what_one_date_says_is_learnt(name, says, noise, lasting):
    born = lasting[0]["since"]
    rng = np.random.default_rng(2)
    meant = {
        "age": (pd.Timestamp("2025-01-01") - born) / pd.Timedelta(days=365),
        "day of the month": born.dt.day,
        "season": 10 * np.cos(born.dt.month * 2 * np.pi / 12),
    }[says] + rng.normal(0, noise, len(born))
    rows = born.to_frame()
    contract = Contract((Column("since", "datetime"),))
    setting = settings_to_try(MODELS[name], 1, 0)[0]

    pipeline = build(name, contract, ["since"], "regression", setting, seed=0).fit(rows[:1200], meant[:1200])

    missed = pipeline.predict(rows[1200:]) - meant[1200:]
    assert (missed**2).mean() ** 0.5 < 1.25 * noise


@pytest.mark.parametrize("name", NAMES)
def test_one_date_is_sampled_as_other_columns_are(name):
    assert settings_to_try(MODELS[name], 9, 0, dates=1) == settings_to_try(MODELS[name], 9, 0)


@pytest.mark.parametrize("name", ["lightgbm", "boosting"])
def test_the_search_starts_with_what_is_known_good_and_draws_the_others_from_the_space(name):
    known_good, space = MODELS[name].known_good, MODELS[name].space
    found = settings_to_try(MODELS[name], 8, seed=3)
    assert found[: len(known_good)] == list(known_good)
    assert len(found) == 8
    assert all(setting[key] in space[key] for setting in found[len(known_good) :] for key in space)
    assert found == settings_to_try(MODELS[name], 8, seed=3) != settings_to_try(MODELS[name], 8, seed=4)
    assert settings_to_try(MODELS[name], 1, seed=3) == [known_good[0]]


@pytest.mark.parametrize(("name", "first"), [("lightgbm", 1), ("boosting", 0)])
def test_with_few_rows_a_feature_small_trees_come_first(name, first):
    known_good = list(MODELS[name].known_good)
    found = settings_to_try(MODELS[name], 9, seed=0, wide=True)
    assert found[0] == known_good[first]
    assert sorted(map(str, found)) == sorted(map(str, settings_to_try(MODELS[name], 9, seed=0)))


@pytest.mark.parametrize(("features", "bins"), [(499, 255), (500, 63)])
def test_many_features_are_told_apart_by_fewer_values(features, bins):
    contract = Contract(tuple(Column(f"x{k}", "number") for k in range(features)))
    model = build("lightgbm", contract, contract.names, "regression", {}, seed=0)[-1]
    assert model.get_params().get("max_bin", 255) == bins


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
