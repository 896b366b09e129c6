"""A budget is trials that a clock ends between rounds; a replay gives the same run, bit for bit."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from sklearn.naive_bayes import GaussianNB

import workbench as wb
from tests.training.churners import churners
from workbench.core.parameters import seconds, twice
from workbench.errors import BadParameter
from workbench.training import search
from workbench.training.budget import Clock


def trained(frame, **keywords):
    return wb.train(frame, target="churn", **{"folds": 2, **keywords})


class Ticking(Clock):
    """Whatever else goes on: MLflow's store takes no time."""

    write = property(lambda _clock: 0.0, lambda _clock, _seconds: None)


@pytest.fixture
def ticking(monkeypatch):
    """A clock that goes on by a second with each trial that is validated."""
    now, validated = [0.0], search.validated

    def a_second_later(*given):
        now[0] += 1.0
        return validated(*given)

    monkeypatch.setattr(search, "validated", a_second_later)
    monkeypatch.setattr("workbench.training.train.Clock", partial(Ticking, now=lambda: now[0], cpu=lambda: now[0]))
    return now


@pytest.mark.slow
def test_a_budget_tries_settings_until_what_follows_would_be_late(store, ticking):
    run = trained(churners(), budget="12s")
    # Three candidates and further settings, each a second; then two fits, of which one takes as long as a trial, and
    # what is told; a quarter of that is to spare. The last setting may be given up.
    assert 12 - 5 <= ticking[0] <= 12
    assert ticking[0] - 3 <= run.asked["trials"] <= ticking[0] - 2
    (told,) = [f for f in run.findings if f.code == "WB211"]
    assert f"In 12s, {run.asked['trials']} settings of boosting were tried" in told.message


def test_a_budget_that_is_too_short_leaves_candidates_out_says_so_and_replays(store, ticking):
    run = trained(churners(), budget="3 s")
    assert [c.name for c in run.candidates] == ["baseline"]
    assert run.asked["candidates"] == ("baseline",)
    (told,) = [f for f in run.findings if f.code == "WB229"]
    assert told.message == "3 s are too short for linear and lightgbm, left out. Give 6 s, say."
    assert str(told.cure) == 'run = wb.train(data, budget="6 s")'
    assert wb.replay(run, churners()).ok


@pytest.mark.slow
def test_as_many_trials_give_the_same_run_without_a_clock(store, ticking):
    run = trained(churners(), budget="9s")
    again = trained(churners(), trials=run.asked["trials"])
    assert again.metrics == run.metrics
    assert [(c.name, c.parameters) for c in again.candidates] == [(c.name, c.parameters) for c in run.candidates]
    rows = churners()[list(run.features)]
    np.testing.assert_array_equal(again.pipeline.predict_proba(rows), run.pipeline.predict_proba(rows))
    assert "WB211" not in {f.code for f in again.findings}


def test_two_kinds_of_boosting_are_tried_in_turns(store, ticking, monkeypatch):
    names, validated = [], search.validated
    monkeypatch.setattr(
        search, "validated", lambda plan, name, *given: names.append(name) or validated(plan, name, *given)
    )
    trained(churners(), candidates=["lightgbm", "boosting"], budget="14s")
    assert names[:4] == ["lightgbm", "boosting", "lightgbm", "boosting"]
    assert len(names) % 2 == 0


@pytest.mark.parametrize("budget", ["60", "s", "-1s", "1 day", "1m", "60s; rm", 60, ""])
def test_a_budget_that_is_no_span_is_refused(store, budget):
    if budget == "":  # as a form leaves it
        assert trained(churners(), candidates=["baseline"], budget=None).asked["budget"] is None
        return
    with pytest.raises(BadParameter, match="budget"):
        trained(churners(), budget=budget)


def test_spans_in_seconds():
    assert [seconds(span) for span in ("60s", "1.5 min", "2h", None)] == [60.0, 90.0, 7200.0, None]


def test_spans_that_are_twice_as_long():
    assert [twice(span) for span in ("60s", "1.5 min", "0.25h")] == ["120s", "3 min", "0.5h"]


def test_a_replay_is_the_same_bit_for_bit(store):
    data = wb.dataset(churners(), target="churn")
    run = wb.train(data, folds=2, trials=2)
    told = wb.replay(run.id, data)
    assert told.ok, str(told)
    assert "80 rows, bit for bit" in str(told)
    assert wb.run(run.id).asked == run.asked


def test_a_replay_on_other_rows_says_what_differs(store):
    run = trained(churners(), candidates=["linear"])
    told = wb.replay(run, churners(seed=1))
    assert not told.ok
    failed = [check.name for check in told.checks if not check.ok]
    assert "the same rows" in failed
    assert "the same predictions" in failed


def test_a_model_that_was_changed_is_found(store):
    data = wb.dataset(churners(), target="churn")
    run = wb.train(data, candidates=["linear"], folds=2)
    other = wb.train(data, candidates=["baseline"], folds=2)
    told = wb.replay(replace(run, pipeline=other.pipeline), data)
    assert [check.name for check in told.checks if not check.ok] == ["the same predictions"]
    assert "they differ by up to" in str(told)


@pytest.mark.slow
def test_a_run_that_does_not_say_how_it_was_made_is_refused(store):
    own = trained(churners(), candidates=["baseline", GaussianNB()])
    assert own.asked == {}
    with pytest.raises(BadParameter, match="does not say what it was asked for"):
        wb.replay(own, churners())
    by_own_score = trained(churners(), candidates=["baseline", "linear"], metric="f1")
    assert by_own_score.asked == {}
