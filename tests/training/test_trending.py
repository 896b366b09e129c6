"""What goes on beyond the rows that were seen: it is used where later rows say that it pays, and nowhere else."""

import numpy as np
import pandas as pd
import pytest

import workbench as wb
from tests.training.test_glass_box import alone, claimed
from workbench.core.parameters import TrainStep, take
from workbench.training import search, trending
from workbench.training.evidence import said
from workbench.training.growing import Growing
from workbench.training.plan import make_plan
from workbench.training.trending import clocked, clocks, trended

SPREAD = 1.0  # of what nothing tells


def seasons(days=1500, slope=0.01, season=6.0, seed=0):
    """A number a day: a trend, a year's course, closed days, and noise."""
    rng = np.random.default_rng(seed)
    day = np.arange(days)
    frame = pd.DataFrame({"day": pd.date_range("2016-01-01", periods=days), "closed": rng.random(days) < 0.1})
    course = slope * day + season * np.sin(2 * np.pi * day / 365.25) - 4 * frame["closed"]
    return frame.assign(visits=50 + course + rng.normal(0, SPREAD, days))


def planned(frame, **asked):
    data = wb.dataset(frame, target=frame.columns[-1], time=frame.columns[0])
    return make_plan(data, wb.profile(data), take(TrainStep, {"trials": 1, **asked}))


@pytest.fixture(scope="module")
def trained(tmp_path_factory, put_store):
    folder = tmp_path_factory.mktemp("trend")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORKBENCH_HOME", str(put_store(folder / "home")))
        patch.setenv("WORKBENCH_THREADS", "1")
        seasons()[:1200].to_csv(folder / "seasons.csv", index=False)
        data = wb.dataset(str(folder / "seasons.csv"), target="visits", time="day")
        yield folder, data, wb.train(data, trials=1)


@pytest.fixture
def there(trained, monkeypatch):
    monkeypatch.setenv("WORKBENCH_HOME", str(trained[0] / "home"))
    return trained[1:]


def test_a_trend_and_a_season_are_carried_on_into_rows_to_come(there):
    _, run = there
    later = seasons()[1200:]

    missed = later["visits"] - run.pipeline.predict(later[list(run.features)])
    assert np.sqrt((missed**2).mean()) < 1.35 * SPREAD, "the mean of the rows before is off by 9"
    assert run.features == ("day", "closed")
    assert run.left_out == {}


def test_what_was_done_is_told_with_the_scores_without_it(there):
    _, run = there
    told = {f.code: f for f in run.findings}

    assert told["WB222"].column == "day"
    assert "without" in told["WB222"].message
    assert "trend=" in str(told["WB222"].cure)
    assert run.best.name == "trend" or "WB223" not in told


def test_who_wants_none_of_it_gets_the_run_without(there, monkeypatch):
    data, _ = there
    run = wb.train(data, trials=1, trend="none", candidates=["baseline", "linear"])

    assert run.features == ("closed",)
    assert run.left_out == {"day": "orders the rows"}
    assert run.metrics[0].value > 5 * SPREAD


@pytest.mark.slow
def test_the_run_replays_is_chosen_from_and_ships(there, tmp_path):
    data, run = there
    rows = seasons()[1190:1210].drop(columns="visits")

    assert wb.replay(run, data).ok
    other = run.choose("linear")  # from the file, by the roles that were given
    assert other.choose("lightgbm", data=data).features == run.features
    bundle = wb.package(run, name="seasons")
    assert bundle.compiled
    answers = wb.score("seasons", rows, window="later")
    np.testing.assert_allclose(answers["prediction"], run.pipeline.predict(rows[list(run.features)]), rtol=1e-12)
    # A moment that lies beyond the rows that were learnt from is what rows to come are for: no flag, no drift.
    assert not answers["flags"].astype(bool).any()


@pytest.mark.slow
def test_each_row_is_a_notebook_of_plain_scikit_learn(trained, monkeypatch):
    monkeypatch.setenv("WORKBENCH_HOME", str(trained[0] / "home"))
    run, paths = trained[2], {}
    for row in run.candidates[:2]:
        paths[row.name] = run.to_notebook(trained[0] / f"{row.name}.ipynb", row.name)

    found = alone(*paths.values())
    assert {name: found[str(path)] for name, path in paths.items()} == {
        row.name: claimed(row) for row in run.candidates[:2]
    }


def test_a_clock_that_says_nothing_stays_left_out_and_nothing_is_done_twice(store, monkeypatch):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"day": pd.date_range("2020-01-01", periods=600), "x": rng.normal(size=600)})
    frame["y"] = frame["x"] + rng.normal(size=600)
    looked, searched, validated = [], [], trending.validated
    monkeypatch.setattr(trending, "validated", lambda *given: looked.append(given[1]) or validated(*given))
    monkeypatch.setattr(search, "validated", lambda *given: searched.append(given[1]) or validated(*given))
    data = wb.dataset(frame, target="y", time="day")

    run = wb.train(data, trials=1)
    assert searched == ["baseline"]
    assert looked[:2] == ["linear", "lightgbm"]
    without = wb.train(data, trials=1, trend="none")
    assert run.features == ("x",)
    assert [(c.name, c.parameters, c.metrics) for c in run.candidates] == [
        (c.name, c.parameters, c.metrics) for c in without.candidates
    ]
    assert run.metrics == without.metrics
    assert {"WB222", "WB223"}.isdisjoint(f.code for f in run.findings)


def test_the_days_between_two_dates_that_follow_the_clock_tell_what_they_tell():
    rng = np.random.default_rng(0)
    ordered = pd.Timestamp("2020-01-01") + pd.to_timedelta(np.sort(rng.integers(0, 20_000, 900)), unit="h")
    days = rng.gamma(2, 4, 900)
    frame = pd.DataFrame({"ordered": ordered, "sent": ordered + pd.to_timedelta(days * 24, unit="h")})
    frame["rating"] = 10 - 0.4 * days + rng.normal(0, SPREAD, 900)
    plan = planned(frame.assign(price=rng.normal(size=900))[["ordered", "sent", "price", "rating"]])

    assert plan.features == ("price",)
    assert clocks(plan) == ("ordered", "sent")
    after, looked = clocked(plan)
    assert after.features == ("ordered", "sent", "price")
    assert looked.columns == ("ordered", "sent")
    assert looked.with_them.value < 1.5 * SPREAD < 2 * SPREAD < looked.without.value
    assert all(after.contract[name].role == "feature" for name in looked.columns)


def test_a_number_that_counts_the_rows_is_a_clock_where_there_is_no_date():
    rng = np.random.default_rng(0)
    x, step = rng.normal(size=800), np.arange(800)
    plan = planned(pd.DataFrame({"step": step, "x": x, "y": 0.02 * step + x + rng.normal(size=800)}))

    after, looked = clocked(plan)
    assert after.features == ("step", "x")
    assert looked.with_them.value < looked.without.value / 2


def test_equal_rows_are_found_with_the_clock_among_the_features():
    plan = planned(seasons(600))
    after, _ = clocked(plan)

    assert "equal" in plan.parts.split.reason
    assert "equal" not in after.parts.split.reason
    assert said(plan.table, plan.contract).columns == ("day",)
    for (_, rows), (_, others) in zip(plan.parts.folds, after.parts.folds, strict=True):
        np.testing.assert_array_equal(rows, others)


@pytest.mark.parametrize("asked", [{"loss": "poisson"}, {"trend": "none"}, {"split": "random"}])
def test_there_is_no_line_below_trees_where_a_sum_makes_no_sense_or_nobody_wants_it(asked):
    frame = seasons(400).assign(visits=lambda rows: rows["visits"].clip(lower=0).round())
    plan = planned(frame, **asked)

    class Found:
        untried, tried = 0, ()

    assert trended(plan, Found())[0] is plan


def test_who_presses_ctrl_c_during_the_look_gets_a_run(store, monkeypatch):
    def stopped(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(trending, "validated", stopped)

    run = wb.train(seasons(400), target="visits", time="day", trials=1)
    assert run.best.name == "baseline"
    assert "WB207" in {f.code for f in run.findings}


def test_a_library_that_fails_during_the_look_is_told_by_the_search(store, monkeypatch):
    def failing(*_):
        raise ValueError("no such option")

    monkeypatch.setattr(trending, "validated", failing)

    run = wb.train(seasons(400), target="visits", time="day", trials=1, candidates=["baseline", "linear"])
    assert run.features == ("closed",)
    assert {c.name for c in run.candidates} == {"baseline", "linear"}


def test_trees_are_counted_on_what_is_left_in_each_fold():
    plan = planned(seasons(600))
    folds = plan.parts.folds
    nothing = [np.zeros(len(plan.table)) for _ in folds]

    grown = Growing(plan.to_fit("lightgbm", {}), plan.numbered.table, plan.labels, 0, folds, left=nothing).grow({})
    assert grown.trees == 1, "where nothing is left, more trees bring nothing"
    assert all(not np.abs(predicted).max() for predicted in grown.predictions)
