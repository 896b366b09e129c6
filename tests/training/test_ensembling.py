"""Ensembles: candidates that answer together, as one more row of the leaderboard."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.naive_bayes import GaussianNB

import workbench as wb
from tests.training.churners import churners
from workbench.scoring.runtime import Scorer
from workbench.training import ensembling, splits, trials
from workbench.training.candidates import member_settings

USUAL = {"candidates": ["baseline", "linear", "lightgbm"], "trials": 1, "folds": 2}


def half_and_half(rows=900, seed=0):
    """Half of it follows a line over many columns, half a rule that no line has: each candidate sees one."""
    rng = np.random.default_rng(seed)
    x = pd.DataFrame(rng.normal(size=(rows, 8)), columns=list("abcdefgh"))
    y = x.sum(axis=1) + 2 * ((x["a"] > 0) ^ (x["b"] > 0)) + rng.normal(size=rows)
    return x.assign(y=y)


@pytest.mark.slow
@pytest.mark.parametrize("how", ["blend", "stack"])
@pytest.mark.parametrize("classes", [False, True], ids=["numbers", "classes"])
def test_candidates_that_see_different_things_are_better_together(store, how, classes):
    table = half_and_half()
    data = wb.dataset(table.assign(y=np.where(table["y"] > 1.5, "yes", "no")) if classes else table, target="y")
    run = wb.train(data, ensemble=how, **USUAL)

    assert run.best.name == how
    assert run.best.metrics[0].value != next(c for c in run.candidates if c.name == "lightgbm").metrics[0].value
    rows = run.holdout.head(20)[list(run.features)]
    expected = run.pipeline.predict_proba(rows)[:, 1] if classes else run.pipeline.predict(rows)
    bundle = wb.package(run, name="together")
    answers = [a["prediction"] for a in Scorer(bundle.path).predict(rows.to_dict("records"))]
    assert bundle.compiled
    assert answers == pytest.approx(expected, rel=1e-9)
    assert run.asked["ensemble"] == how
    assert wb.replay(run, data).ok


@pytest.mark.slow
def test_a_blend_is_the_weighted_mean_of_its_members(store):
    run = wb.train(half_and_half(), target="y", ensemble="blend", **USUAL)

    rows = run.holdout.head(50)[list(run.features)]
    weights = {name: run.best.parameters[name] for name in ("lightgbm", "linear")}
    inner = run.pipeline[-1].named_estimators_
    mean = sum(weight * inner[name].predict(rows) for name, weight in weights.items()) / sum(weights.values())
    np.testing.assert_allclose(run.pipeline.predict(rows), mean, rtol=1e-12)


@pytest.mark.slow
def test_where_one_is_best_alone_there_is_no_blend_and_a_finding_says_so(store):
    table = half_and_half()
    table["y"] = 9.0 * ((table["a"] > 0) ^ (table["b"] > 0))
    run = wb.train(table, target="y", ensemble="blend", **USUAL)
    single = wb.train(table, target="y", ensemble="stack", **USUAL | {"candidates": ["baseline", "linear"]})

    assert {c.name for c in run.candidates} == {"lightgbm", "linear", "baseline"}
    assert next(f.message for f in run.findings if f.code == "WB231") == (
        "There is no blend of the candidates: lightgbm is best alone."
    )
    assert "WB231" in {f.code for f in single.findings}
    assert "WB231" not in {f.code for f in wb.train(table, target="y", **USUAL).findings}


@pytest.mark.slow
def test_a_stack_learns_on_answers_to_groups_that_its_members_have_not_seen(store, monkeypatch):
    table = half_and_half(600).assign(who=np.repeat(np.arange(60), 10))
    who, shared, fit = table["who"].to_numpy(), [], ensembling.StackingRegressor.fit

    def watched(self, rows, target):
        groups = who[rows.index]
        shared.extend(set(groups[fitted]) & set(groups[left]) for fitted, left in self.cv)
        return fit(self, rows, target)

    monkeypatch.setattr(ensembling.StackingRegressor, "fit", watched)
    run = wb.train(wb.dataset(table, target="y", group="who"), ensemble="stack", **USUAL)

    assert "stack" in {c.name for c in run.candidates}
    assert len(shared) >= 3 * USUAL["folds"]
    assert not any(shared)
    assert len(run.thirds) == 3 * USUAL["folds"]


@pytest.mark.slow
def test_of_many_rows_a_member_has_as_many_trees_as_they_ask_for(store, monkeypatch):
    monkeypatch.setattr(splits, "MOST_SEARCHED", 300)
    table = half_and_half(3_000)
    run = wb.train(table, target="y", ensemble="blend", **USUAL)
    alone = wb.train(table, target="y", **USUAL | {"candidates": ["lightgbm"]})

    grown = run.best.parameters["lightgbm__n_estimators"]
    assert run.best.name == "blend"
    assert run.pipeline[-1].named_estimators_["lightgbm"][-1].n_estimators == grown
    assert grown == alone.best.parameters["n_estimators"]


@pytest.mark.slow
def test_somebodys_own_estimator_can_be_a_member(store):
    run = wb.train(
        churners(500), target="churn", candidates=["linear", ("mine", GaussianNB())], ensemble="stack", folds=2
    )

    assert [name for name, _ in run.unfitted["stack"][-1].estimators] == ["linear", "mine"]


@pytest.mark.slow
@pytest.mark.parametrize(("raised", "code"), [(KeyboardInterrupt, "WB207"), (ValueError, "WB208")])
def test_an_ensemble_that_is_stopped_or_fails_costs_nothing_of_the_others(store, monkeypatch, raised, code):
    def broken(*_, **__):
        raise raised("broken")

    monkeypatch.setattr(ensembling, "validated", broken)
    run = wb.train(half_and_half(400), target="y", ensemble="stack", **USUAL)

    assert {c.name for c in run.candidates} == {"lightgbm", "linear", "baseline"}
    assert code in {f.code for f in run.findings}
    assert "WB231" not in {f.code for f in run.findings}


def trial(name, truth, answer):
    return trials.Trial(name, {"c": 1}, (), 0.0, np.arange(len(truth)), ((truth, answer),), None)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 4), st.floats(0.1, 3.0))
def test_a_blend_is_never_worse_on_the_validated_rows_than_its_best_member(seed, many, noise):
    rng = np.random.default_rng(seed)
    truth = pd.Series(rng.normal(size=60))
    members = [trial(f"m{k}", truth, truth.to_numpy() + rng.normal(0, noise * (k + 1), 60)) for k in range(many)]
    plan = SimpleNamespace(task="regression", classes=(), metric="rmse", others=())
    found = ensembling._blended(plan, members)

    best = max(trials.scored_so_far(plan, member).quality for member in members)
    if found is None:
        return
    weights = {member.name: found.get(member.name, 0) for member in members}
    assert 2 <= sum(weights.values()) <= ensembling.STEPS
    assert ensembling._mean(plan, members, weights).quality >= best
    assert all(member_settings(found, name) == {"c": 1} for name, weight in weights.items() if weight)
