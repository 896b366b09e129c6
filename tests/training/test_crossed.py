"""The reference of a bundle: what the recipe that ships answers for rows that it has not seen."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ks_2samp

import workbench as wb
from workbench.core.chunks import Chunks
from workbench.core.dataset import Dataset
from workbench.core.reference_predictions import Reference
from workbench.training import crossed as module
from workbench.training.crossed import apart, crossed, of_holdout, row_order
from workbench.training.search import search
from workbench.training.trials import fitted, predicted


def rows(n, seed, time=False):
    """Readings whose level wanders, and an alarm that follows it; with their hours, or without."""
    draw = np.random.default_rng(seed)
    level = np.cumsum(draw.normal(0, 0.15, n)) * (1 if time else 0) + draw.normal(0, 1, n)
    frame = pd.DataFrame({"level": level.round(3), "noise": draw.normal(size=n).round(3)})
    frame["place"] = draw.choice(["north", "south"], n)
    frame["alarm"] = np.where(level + draw.normal(0, 0.8, n) > 0.3, "yes", "no")
    return frame.assign(hour=pd.date_range("2024-01-01", periods=n, freq="h")) if time else frame


@pytest.fixture
def make_plan_of():
    from workbench.core.parameters import TrainStep, take
    from workbench.profiling.profile import profile
    from workbench.training.budget import Clock
    from workbench.training.journal import Journal
    from workbench.training.plan import make_plan
    from workbench.training.weighing import counting_rows

    def make(frame, **roles):
        data: Dataset = counting_rows(wb.dataset(frame, target="alarm", **roles))
        plan = make_plan(data, profile(data), take(TrainStep, {"candidates": ("linear",), "trials": 1}))
        return plan, search(plan, Journal(plan, data.fingerprint), Clock(None), {}, 0.0, (), 0).best

    return make


def held_of(plan, best):
    return predicted(fitted(plan, best, plan.parts.train), plan, best.name, plan.parts.holdout)


@pytest.mark.parametrize("time", [False, True])
def test_each_row_is_answered_once_by_a_model_that_has_not_seen_it(make_plan_of, monkeypatch, time):
    plan, best = make_plan_of(rows(900, 0, time), **({"time": "hour"} if time else {}))
    held, seen = held_of(plan, best), []
    fits = lambda plan, best, some: seen.append(set(some.tolist())) or fitted(plan, best, some)  # noqa: E731
    answers = lambda pipeline, plan, name, some: (  # noqa: E731
        predicted(pipeline, plan, name, some) if seen[-1].isdisjoint(some.tolist()) else pytest.fail("it has seen them")
    )
    monkeypatch.setattr(module, "fitted", fits)
    monkeypatch.setattr(module, "predicted", answers)

    told = crossed(plan, best, held)

    assert sorted(told.rows.tolist()) == list(range(900))
    assert len(told.prediction) == 900
    assert told.prediction[np.isin(told.rows, plan.parts.holdout)].tolist() == held.tolist()
    assert replace(told.told, apart=0.0) == Reference("cross-fitted", 900, 5 if time else 4)
    assert (told.told.apart == 0) == time
    assert len(seen) == (4 if time else 0)


def test_the_reference_is_of_the_whole_period_as_the_model_that_ships_sees_it(make_plan_of):
    """The hold-out is the last stretch of a level that wanders, answered by a model that ended before it."""
    plan, best = make_plan_of(rows(1500, 4, True), time="hour")
    held, shipped = held_of(plan, best), fitted(plan, best, np.arange(1500))
    said = predicted(shipped, plan, best.name, np.arange(1500))

    told = crossed(plan, best, held)

    assert ks_2samp(told.prediction, said).statistic < 0.05
    assert ks_2samp(held, said).statistic > 0.2


def test_rows_in_time_that_cannot_be_answered_leave_the_hold_out(make_plan_of, monkeypatch):
    plan, best = make_plan_of(rows(900, 0, True), time="hour")
    held = held_of(plan, best)
    monkeypatch.setattr(module, "fitted", lambda *_: 1 / 0)

    told = crossed(plan, best, held)

    assert told.rows.tolist() == plan.parts.holdout.tolist()
    assert told.told == of_holdout(plan, held).told == Reference("hold-out", len(held), 1)


def test_of_many_rows_that_were_drawn_the_hold_out_stands_alone(make_plan_of, monkeypatch):
    plan, best = make_plan_of(rows(900, 0))
    monkeypatch.setattr(module, "MOST_SEARCHED", 100)

    assert crossed(plan, best, held_of(plan, best)).told.predictions == "hold-out"


def test_drawn_rows_have_an_order_only_where_they_have_a_time(make_plan_of):
    frame = rows(600, 0, True).sample(frac=1, random_state=0)

    assert row_order(make_plan_of(rows(600, 0))[0]) is None
    plan, _ = make_plan_of(frame, time="hour")
    order = row_order(plan)
    assert plan.table["hour"].iloc[order].is_monotonic_increasing


@pytest.mark.slow
def test_a_run_and_its_bundle_keep_the_chunks_and_say_which_predictions_they_are_of(store):
    run = wb.train(wb.dataset(rows(900, 3, True), target="alarm", time="hour"), candidates=["linear"], trials=1)

    again, bundle = wb.run(run.id), wb.package(run, name="alarms")

    assert run.reference == again.reference == Reference("cross-fitted", 900, 5)
    assert Reference.from_dict(bundle.lineage["reference"]) == run.reference
    assert run.chunks == again.chunks == bundle.chunks == Chunks.load(bundle.path / "chunks.json")
    assert run.profile["prediction"].rows == sum(map(sum, run.chunks.of("prediction").counts)) == 900
    assert (run.chunks.order, run.chunks.begins[0], run.chunks.end) == (
        "hour", "2024-01-01T00:00:00", "2024-02-07T11:00:00",
    )  # fmt: skip
    assert (bundle.path / "chunks.json").stat().st_size < 10_000 * len(run.chunks.columns)
    card = (bundle.path / "card.md").read_text(encoding="utf-8")
    assert f"Later predictions are compared with {run.reference.text}; 30 chunks of time" in card


def test_models_of_one_recipe_that_answer_otherwise_are_told_apart():
    """Samples of one distribution differ by chance alone; models that are shifted differ by that."""
    draw = np.random.default_rng(0)
    alike = [draw.random(n) for n in (4000, 4000, 4000, 3000)]
    shifted = [np.clip(one + by, 0, 1) for one, by in zip(alike, (0.0, 0.08, -0.08, 0.02), strict=True)]

    assert apart("binary", alike) < 0.03
    assert 0.06 < apart("binary", shifted) < 0.2
    assert apart("multiclass", alike) == apart("binary", alike[:1]) == 0.0


def test_a_hold_out_says_which_model_has_answered_it():
    told = Reference("hold-out", 10, 1, itself=True)

    assert told.text == "10 predictions of rows that were held out, by the model itself"
    assert replace(told, itself=False).text.endswith("by a model of the same settings fitted on the other rows")
