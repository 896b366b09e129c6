"""What is behind an incident: what moved the predictions, who lost most, and what the model can't see."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from lightgbm import LGBMRegressor

import workbench as wb
from workbench.core.contract import Column, Contract
from workbench.core.explanation_comparison import ReasonDifference
from workbench.core.fairness import Group, GroupMetric
from workbench.core.metric import Metric
from workbench.core.reasons import ColumnReasons, Reasons
from workbench.core.report import ColumnDrift, Signal, Window
from workbench.monitoring import causes
from workbench.monitoring.causes import moved, segments, trend, with_causes
from workbench.monitoring.incidents import incidents
from workbench.monitoring.windows import windows
from workbench.profiling.profile import profile_columns
from workbench.profiling.reason_shifts import shift
from workbench.profiling.reasons import counted_reasons, edges
from workbench.settings import settings

CLOCK = "follows the clock: its future values are never seen in training"


def bundle(task="regression", left_out=None, reasons=None):
    return SimpleNamespace(
        task=task, lineage={"left_out": left_out or {}}, contract=SimpleNamespace(target="count"), reasons=reasons,
        files={},
    )  # fmt: skip


def window(label, said=100.0, came=180.0, rmse=120.0, labelled=700, **more):
    performance = (Metric("rmse", rmse, rmse - 5, rmse + 5),) if rmse else ()
    signal = Signal("score", "alarm", "RMSE rose.", (), "up", rmse, 0.0)
    return Window(
        label, 700, labelled, 0.0, more.pop("drift", ()), performance, said, came, "alarm", ("RMSE rose.",),
        signals=(signal, *more.pop("signals", ())), **more,
    )  # fmt: skip


def told(*some, **of):
    """The trend that is told of windows, the last one the worst."""
    return [cause.text for cause in trend(some, some[-1], bundle(**of))]


def test_outcomes_above_the_predictions_name_the_clocks_that_training_left_out():
    out = {"month": CLOCK, "year": "has one value only", "id": "identifies the row", "zip": "has one value only"}

    (text,) = told(window("1"), window("2", came=190.0), left_out=out)

    assert "lay above the predictions in 2 of 2 windows, by 90.0 on average in 2, which makes 56%" in text
    assert text.endswith(
        "it goes up with time, and the training left out month, which follows the clock, and year, which had one "
        "value only, so the model can't see it."
    )
    assert "zip" not in text


def test_where_no_clock_was_left_out_the_level_is_told():
    (text,) = told(window("1", came=20.0))

    assert "below the predictions in 1, by 80.0" in text
    assert text.endswith("its level has gone down, and nothing that the model sees tells so.")


def test_shares_are_told_in_percentage_points():
    (text,) = told(window("1", said=0.2, came=0.35, rmse=None), task="binary", left_out={"day": CLOCK})

    assert "by 15.0 percentage points" in text


@pytest.mark.parametrize(
    "some",
    [
        [window("1", came=20.0), window("2", came=190.0)],  # now on this side, now on the other
        [window("1", came=110.0)],  # of the squared error next to nothing
        [window("1", labelled=3)],  # three rows
        [window("1", came=None)],
        [window("1", labelled=0)],
    ],
)
def test_what_is_no_trend_is_not_told(some):
    assert told(*some) == []


def table(held, added):
    """The reasons of one column of numbers or texts."""
    number = held.dtype != object
    at = edges(added, 16, 1e-9)
    given_, levels = (edges(held, 8), ()) if number else ((), tuple(sorted(set(held))))
    lines = len(given_) + 2 if given_ else len(levels) + 1
    empty = ColumnReasons("x", (0.0,) * 5, 0.0, at, given_, ((0,) * (len(at) + 1),) * lines, levels=levels)
    known = Reasons("m", "units of y", None, len(held), "", (empty,))
    return counted_reasons(known, added.reshape(-1, 1), {"x": held}).columns[0]


def profiled(held):
    kind = "number" if held.dtype != object else "category"
    return profile_columns(pd.DataFrame({"x": held}), Contract((Column("x", kind),)))[0]


CURVES = {"line": lambda x: x, "wave": np.sin, "step": lambda x: (x > 0) * 1.0, "well": lambda x: x**2}


@hypothesis_settings(max_examples=25)
@given(st.sampled_from(list(CURVES)), st.floats(-0.6, 0.6), st.integers(0, 9))
def test_what_a_change_moves_follows_from_where_values_are_now_and_what_they_add(curve, by, seed):
    draw = np.random.default_rng(seed)
    held = draw.normal(size=1500)
    weights = np.exp(by * held)
    now = draw.choice(held, 1500, p=weights / weights.sum())
    added = CURVES[curve](held)

    found = shift(table(held, added), profiled(now))

    truth = CURVES[curve](now).mean() - added.mean()
    # Eight parts of the values and sixteen of what they add: what lies within one is taken to add the same.
    assert found == pytest.approx(truth, abs=0.25 * added.std())


@pytest.mark.parametrize("kind", ["numbers", "texts"])
def test_what_has_not_changed_moves_nothing(kind):
    draw = np.random.default_rng(1)
    held = draw.normal(size=400) if kind == "numbers" else draw.choice(np.array(["a", "b", "c"], dtype=object), 400)
    added = np.where(held > 0, held, -1) if kind == "numbers" else (held == "a") * 1.0

    assert shift(table(held, added), profiled(held)) == pytest.approx(0.0, abs=0.01)


def test_of_categories_what_each_adds_counts():
    held = np.array(["a"] * 300 + ["b"] * 300, dtype=object)
    added = np.where(held == "a", 1.0, -1.0) + np.random.default_rng(0).normal(0, 0.05, 600)
    now = np.array(["a"] * 540 + ["b"] * 60, dtype=object)

    assert shift(table(held, added), profiled(now)) == pytest.approx(0.8, abs=0.05)


def explained(name, before, now, differs=True):
    return ReasonDifference(name, None, (90, 90), (0.5, 0.5), 0.0, 0.1, (before, now), (1, 1), None, 0.4, 0.0, differs)


def test_columns_that_moved_the_predictions_come_with_their_sign_and_those_that_did_not_are_left_out():
    known = SimpleNamespace(columns=[SimpleNamespace(importance=1.0)])
    of = (explained("a", 0.1, -0.4), explained("b", 0.0, 0.3), explained("c", 0.0, 0.05), explained("d", 0, 2, False))

    found = list(moved(window("1", explained=of), bundle(reasons=known), None, "log-odds"))

    assert [(cause.name, round(cause.amount, 3)) for cause in found] == [("a", -0.5), ("b", 0.3)]
    assert found[0].text == "What changed in a moved the mean prediction by -0.500 (log-odds)."


def test_where_reasons_are_not_followed_the_tables_of_the_bundle_tell():
    draw = np.random.default_rng(0)
    held = draw.normal(size=900)
    known = Reasons("m", "units of y", None, 900, "", (replace(table(held, 2 * held), column="x"),))
    drift = (ColumnDrift("x", "ks", 0.3, 0.0, 0.3, True, True),)
    now = {"x": profiled(held + 0.5)}

    (cause,) = moved(window("1", drift=drift), bundle(reasons=known), now)

    assert cause.amount == pytest.approx(1.0, abs=0.2)
    assert "moved the mean prediction by about +" in cause.text
    assert list(moved(window("1"), bundle(reasons=known), now)) == [], "what has not drifted moves nothing"


def group(value, own, rest):
    return Group("sex", value, 300, 0.5, False, (GroupMetric("accuracy", own, own - 0.02, own + 0.02, 300.0, rest),))


def test_the_group_that_lost_most_is_named_with_what_the_others_lost(monkeypatch):
    then = SimpleNamespace(unweighted=(), groups=(group("F", 0.84, 0.85), group("M", 0.85, 0.84)))
    monkeypatch.setattr(causes, "fairness_of", lambda _: then)
    (one,) = incidents([window("1")])
    now = window("1", groups=(group("F", 0.70, 0.83), group("M", 0.83, 0.70)))

    (cause,) = segments(one, now, bundle())

    assert cause.name == "sex F"
    assert cause.text == (
        "sex F lost most: its accuracy is 0.700, 0.840 in training; that of the others 0.830, 0.850 in training."
    )
    assert list(segments(one, window("1", groups=(group("F", 0.82, 0.83),)), bundle())) == [], "within its interval"


def test_a_segment_that_a_signal_names_comes_first():
    (one,) = incidents([window("1")])
    signal = Signal("segment", "warning", "Rows with city = Oslo lost most.", ("city",), "up", 0.3)

    (cause,) = segments(one, window("1", signals=(signal,)), bundle())

    assert cause.text == signal.text


def test_nothing_is_looked_at_again_while_an_incident_stays_as_it_was():
    asked = []

    def look(one):
        asked.append(one.label)
        return bundle(left_out={"year": CLOCK}), None

    some = [window("1"), window("2")]
    first = with_causes(incidents(some), some, look)
    second = with_causes(incidents(some, first), some, look, first)
    third = with_causes(
        incidents([*some, window("3", rmse=130.0)], second), [*some, window("3", rmse=130.0)], look, second
    )

    assert (second, asked) == (first, ["1", "3"])
    assert "in 3 of 3 windows" in third[0].cause


@pytest.mark.slow
def test_ridership_that_grew_with_the_year_is_called_what_the_model_can_not_see(store, shared_table):
    """Of 2012 weathersit and humidity were named, while all of it had grown with ``year``, which had been left out."""
    rides = pd.read_csv(shared_table("bike_hour.csv")).drop(columns=["casual", "registered"])
    months = pd.to_datetime(rides["dateday"], dayfirst=True).dt.strftime("%Y-%m")
    few = LGBMRegressor(n_estimators=60, num_leaves=15, n_jobs=1, verbose=-1)
    run = wb.train(rides[months < "2012"], target="count", candidates=[few], folds=2)
    made = wb.package(run, name="bike", explanation=wb.explain(run, rows=700))
    for month in ("2012-03", "2012-06", "2012-09"):
        batch = rides[months == month]
        said = wb.score("bike", batch.drop(columns="count"), window=month)
        wb.feedback("bike", pd.DataFrame({"id": said["id"], "count": batch["count"].to_numpy()}), id="id")

    one = next(one for one in wb.monitor("bike").incidents if one.kind == "score")

    seen = next(seen for seen in windows("bike", settings()) if seen.label == one.peak)
    (unseen,) = [cause for cause in one.causes if cause.kind == "trend"]
    assert unseen.amount > 50
    assert "year, which had one value only, so the model can't see it" in one.cause
    # The tables of the bundle name the column that the window's own reasons name.
    now = {c.column: c.mean for c in seen.reasons().columns}
    measured = {c.column: now[c.column] - c.mean for c in made.reasons.columns}
    estimated = {c.column: shift(c, seen.profile()[c.column]) for c in made.reasons.columns}
    most = max(measured, key=lambda name: abs(measured[name]))
    assert most == max(estimated, key=lambda name: abs(estimated[name]))
    assert np.sign(estimated[most]) == np.sign(measured[most])
