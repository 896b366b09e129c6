"""What a budget foresees: the training ends in it, whatever candidates cost and whoever else is busy."""

from dataclasses import replace
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import workbench as wb
from tests.training.churners import churners
from workbench.core.metric import Metric
from workbench.core.parameters import TrainStep, take
from workbench.training import search as searching
from workbench.training import trending
from workbench.training.budget import Ahead, Clock, ahead
from workbench.training.plan import make_plan
from workbench.training.trials import Trial

NO_JOURNAL = SimpleNamespace(read=lambda *_: None, write=lambda *_: None)


@pytest.fixture(scope="module")
def plan():
    data = wb.dataset(churners(), target="churn")
    return make_plan(data, wb.profile(data), take(TrainStep, {"budget": "60s"}))


class World:
    """Where time passes by what is done: seconds are CPU seconds times how busy others are."""

    def __init__(self, busy):
        self.seconds = self.cpu = self.longest_fold = 0.0
        self.busy = busy

    def work(self, cpu):
        self.cpu += cpu
        self.seconds += cpu * self.busy(self.seconds)

    def fold(self, cpu):
        began = self.seconds
        self.work(cpu)
        self.longest_fold = max(self.longest_fold, self.seconds - began)

    def clock(self, budget):
        return Clock(budget, now=lambda: self.seconds, cpu=lambda: self.cpu)


def searched(plan, world, budget, fold_of, quality):
    """The search of a world in which a fold of a candidate takes so many CPU seconds."""
    costs = {}

    def validated(_plan, name, setting, _rival, watch=None):
        cpu = fold_of(name, len(costs))
        for _ in plan.parts.folds:
            world.fold(cpu)
            if watch is not None:
                watch()
        costs[name, repr(setting)] = cpu
        scored = (Metric("roc_auc", quality(name, len(costs))),)
        return Trial(name, dict(setting), scored, 0.0, np.array([]), (), None, measured=True)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(searching, "validated", validated)
        patch.setattr(searching, "_baseline", None)
        found = searching.search(plan, NO_JOURNAL, world.clock(budget))
    return found, costs


@settings(deadline=None, max_examples=60)
@given(
    st.floats(5, 200), st.floats(0.01, 20), st.floats(0.01, 20), st.floats(1, 12), st.floats(0, 0.25),
    st.sampled_from(["none", "blend", "stack"]), st.sampled_from(["none", "auto"]), st.booleans(),
    st.integers(0, 2**32 - 1),
)  # fmt: skip
def test_a_training_ends_in_its_budget_but_for_a_fold_whatever_it_costs(
    plan, budget, of_line, of_trees, load, uneven, ensemble, calibration, curve, seed
):
    """The planned end is at most 5% and a fold late, unless the first candidate alone takes longer."""
    rng = np.random.default_rng(seed)
    asked = {"ensemble": ensemble, "calibration": calibration, "learning_curve": curve}
    plan = replace(plan, step=replace(plan.step, **asked))
    world = World(lambda _: load * rng.uniform(1 - uneven, 1 + uneven) if load > 1.5 else load)
    fold = {"baseline": 0.001, "linear": of_line, "lightgbm": of_trees}

    found, costs = searched(
        plan, world, budget, lambda name, _: fold[name] * rng.uniform(0.8, 1.2), lambda *_: rng.uniform(0.5, 0.9)
    )
    best, folds, left = found.best, len(plan.parts.folds), world.seconds
    own = {one.name: costs[one.name, repr(one.settings)] * folds for one in found.tried}
    # A fit takes as much of a validation as it has rows, but for the scores and the trees beyond enough.
    a_row = 0.7 / sum(len(fit) for fit, _ in plan.parts.folds)
    fits = a_row * (len(plan.parts.train) * (1.9 if curve else 1) + len(plan.table))
    last = sum(own.values()) if ensemble != "none" else own[best.name]
    combined = {"none": 0, "blend": 1, "stack": 4}[ensemble] * sum(own.values())
    calibrated = (8 if calibration == "auto" else 0) * own[best.name]
    world.work(0.7 + last * fits + combined + calibrated)

    late = world.seconds - (1.05 * budget + world.longest_fold)
    assert late <= 0 or set(own) == {"baseline"}, (late, left, found.late)


def test_what_does_not_end_in_time_is_late_and_a_round_counts_whole_or_not_at_all(plan):
    world = World(lambda _: 1.0)
    fold = {"baseline": 0.0, "linear": 0.1, "lightgbm": 50.0}
    found, _ = searched(plan, world, 20.0, lambda name, _: fold[name], lambda *_: 0.7)
    assert list(found.late) == ["lightgbm"]
    assert {one.name for one in found.tried} == {"baseline", "linear"}

    world = World(lambda seconds: 1.0 if seconds < 10 else 100.0)  # others come
    fold["lightgbm"] = 0.5
    found, _ = searched(plan, world, 20.0, lambda name, _: fold[name], lambda _, k: 0.5 + 0.01 * k)
    tried = sum(one.name == "lightgbm" for one in (*found.tried, *found.others))
    assert not found.late
    assert found.rounds == tried


def test_without_a_budget_nothing_is_late(plan):
    plan = replace(plan, step=replace(plan.step, budget=None, trials=2))
    found, costs = searched(plan, World(lambda _: 1.0), None, lambda *_: 1e6, lambda *_: 0.7)
    assert (found.late, found.rounds, len(costs)) == ({}, 2, 4)


def test_what_follows_is_foreseen_with_all_that_was_asked_for(plan):
    def after(write=0.0, suspects=0, **more):
        clock = Clock(60.0, now=lambda: 0.0, cpu=lambda: 0.0)
        clock.took, clock.write = {"baseline": [0.0], "linear": [1.0], "lightgbm": [2.0]}, write
        return ahead(replace(plan, step=replace(plan.step, **more)), suspects).seconds(clock, 2.0, shown=3)

    plain = after()
    assert after(ensemble="blend") >= plain + 3.0
    assert after(ensemble="stack") >= plain + 12.0
    assert after(calibration="auto") > after(calibration="sigmoid") > plain
    assert after(learning_curve=True) > plain
    assert after(suspects=2) > plain
    assert after(write=1.0) > plain + 3 * 3


@given(st.floats(0, 5), st.floats(0, 5), st.floats(0, 2), st.lists(st.floats(0.01, 30), min_size=1), st.floats(0, 30))
def test_a_trial_that_takes_all_the_time_it_may_leaves_enough_for_what_follows(together, leader, cpu, took, leading):
    work = Ahead(together, leader, cpu)
    now = [0.0]
    clock = Clock(100.0, now=lambda: now[0], cpu=lambda: now[0])
    clock.took = {f"other {k}": [seconds] for k, seconds in enumerate(took)}
    most = work.at_most(clock, "new", leading, shown=2)

    if most > 0:
        now[0] += most
        clock.took["new"] = [most]
        assert work.seconds(clock, max(most, leading), shown=2) <= clock.left() + 1e-6


def test_what_follows_takes_as_long_as_the_last_trials_say_where_others_came_in_between():
    now = {"wall": 0.0, "cpu": 0.0}
    clock = Clock(100.0, now=lambda: now["wall"], cpu=lambda: now["cpu"])

    for pace in (1.0, 4.0):
        for _ in range(10):
            with clock.running("linear"):
                now["wall"], now["cpu"] = now["wall"] + pace, now["cpu"] + 1.0
    assert clock.takes(1.0) == pytest.approx(4.0)
    assert clock.usual() == {"linear": 4.0}


@pytest.mark.slow
def test_a_look_at_the_clock_that_is_too_long_is_given_up_and_the_run_replays(store, monkeypatch):
    rng = np.random.default_rng(0)
    days = np.arange("2020-01-01", "2020-07-01", dtype="datetime64[D]")
    x = rng.normal(size=len(days))
    table = {"day": days.astype("datetime64[s]"), "x": x, "y": x + np.arange(len(days)) / 20}
    data = wb.dataset(table, target="y", time="day")
    now = [0.0]
    tried = trending.validated

    def slow(*given):
        now[0] += 100.0
        return tried(*given)

    monkeypatch.setattr(trending, "validated", slow)
    monkeypatch.setattr("workbench.training.train.Clock", partial(Clock, now=lambda: now[0], cpu=lambda: now[0]))
    run = wb.train(data, budget="60s", trials=1, folds=2)

    assert run.asked["trend"] == "none"
    assert "trend" in next(f for f in run.findings if f.code == "WB229").message
    assert "day" not in run.features
    assert wb.replay(run, data).ok
