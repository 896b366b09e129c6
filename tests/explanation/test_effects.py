"""Effects along a column: scikit-learn's partial dependence, and accumulated local effects by their definition."""

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest
from sklearn.inspection import partial_dependence

import workbench as wb
from tests.explanation.runs import made
from workbench.errors import BadParameter, ColumnNotFound
from workbench.explanation.effects import effect
from workbench.explanation.likeness import along_a_line

BOTH = [("leaves", "boosting"), ("leaves", "network"), ("level", "boosting"), ("amount", "linear")]


def answers(run, frame, label):
    if label is None:
        return run.pipeline.predict(frame)
    return run.pipeline.predict_proba(frame)[:, run.classes.index(label)]


def rows_of(run):
    """The hold-out with no whole numbers, which scikit-learn refuses."""
    return run.holdout[list(run.features)].astype({"tenure": float, "months": float})


@pytest.mark.parametrize(("target", "model"), BOTH)
@pytest.mark.parametrize("column", ["tenure", "charge", "contract"])
def test_partial_dependence_and_single_rows_equal_those_of_scikit_learn(target, model, column):
    run = made(target, model)
    found = run.effect(column, points=8)
    values = {column: np.array(found.grid, dtype=object if column == "contract" else float)}
    theirs = partial_dependence(run.pipeline, rows_of(run), [column], kind="both", custom_values=values)
    place = 0 if target in ("leaves", "amount") else run.classes.index(found.label)
    np.testing.assert_allclose(found.pdp, theirs["average"][place], rtol=1e-9)
    np.testing.assert_allclose(found.ice, theirs["individual"][place][: len(found.ice)], rtol=1e-9)
    assert (found.pdp_low <= found.pdp).all()
    assert (found.pdp <= found.pdp_high).all()


def accumulated(run, column, grid, label):
    """Accumulated local effects of a number, step by step, as they are defined."""
    rows = run.holdout[run.holdout[column].notna()]
    summed, heights, counts = [0.0], [], []
    for k in range(1, len(grid)):
        within = (rows[column] > grid[k - 1]) & (rows[column] <= grid[k]) | ((k == 1) & (rows[column] == grid[0]))
        frame = rows.loc[within, list(run.features)]
        upper, lower = (answers(run, frame.assign(**{column: end}), label) for end in (grid[k], grid[k - 1]))
        summed.append(summed[-1] + (upper - lower).mean())
        heights.append((summed[-1] + summed[-2]) / 2)
        counts.append(within.sum())
    return np.array(summed) - np.average(heights, weights=counts), np.array(counts)


@pytest.mark.parametrize(("target", "model"), BOTH)
@pytest.mark.parametrize("column", ["tenure", "charge"])
def test_accumulated_effects_of_numbers_are_those_of_their_definition(target, model, column):
    run = made(target, model)
    found = run.effect(column, points=9)
    expected, counts = accumulated(run, column, found.grid, found.label)
    np.testing.assert_allclose(found.ale, expected, atol=1e-9)
    np.testing.assert_array_equal(found.counts, counts)
    assert found.ale_rows == run.holdout[column].notna().sum()
    assert (found.ale_low <= found.ale + 1e-9).mean() > 0.9


def test_accumulated_effects_of_categories_are_those_of_their_definition():
    run = made("amount", "boosting")
    found = run.effect("contract")
    own = run.holdout["contract"].to_numpy()
    summed = [0.0]
    for lower, upper in zip(found.grid[:-1], found.grid[1:], strict=True):
        frame = run.holdout.loc[np.isin(own, [lower, upper]), list(run.features)]
        ends = [run.pipeline.predict(frame.assign(contract=value)) for value in (lower, upper)]
        summed.append(summed[-1] + (ends[1] - ends[0]).mean())
    shares = [(own == value).mean() for value in found.grid]
    np.testing.assert_allclose(found.ale, np.array(summed) - np.dot(summed, shares), atol=1e-9)
    assert found.counts.tolist() == [(own == value).sum() for value in found.grid]


def test_of_a_straight_line_both_effects_are_that_line():
    run = made("amount", "linear")
    found = run.effect("tenure")
    slope = np.diff(found.pdp) / np.diff(found.grid)
    np.testing.assert_allclose(slope, slope[0], rtol=1e-6)
    np.testing.assert_allclose(np.diff(found.ale) / np.diff(found.grid), slope[0], rtol=1e-6)
    assert run.effect("tenure", "contract").strength == pytest.approx(0, abs=1e-12)


class Apart:
    """A model of two columns that nearly say the same: where they are far apart, which never is, it goes wild."""

    def predict(self, frame):
        return np.where(abs(frame["a"] - frame["b"]) > 1, 100.0, frame["a"])


class Product:
    """A model that multiplies two columns."""

    def predict(self, frame):
        return frame["a"].to_numpy() * (frame["idle"].to_numpy() - 0.5)


@cache
def table():
    random = np.random.default_rng(0)
    a = random.uniform(-3, 3, 600)
    return pd.DataFrame({"a": a, "b": a + random.normal(0, 0.05, 600), "idle": random.random(600), "y": a})


@cache
def run_with(model):
    """A run of a model without tables."""
    data = wb.dataset(table(), target="y")
    profile = wb.profile(data)
    return replace(
        made("amount", "linear"), contract=profile.contract, features=("a", "b", "idle"), pipeline=model(),
        holdout=data.frame(), profile=profile,
    )  # fmt: skip


def test_where_columns_go_together_partial_dependence_is_called_untrue_and_the_other_is_true():
    found = effect(run_with(Apart), "a")
    assert found.pdp.min() > 30  # it asks about rows that don't exist
    np.testing.assert_allclose(np.diff(found.ale), np.diff(found.grid), rtol=1e-6)
    (told,) = found.findings
    assert (told.code, told.column) == ("WB238", "a")
    assert "'b'" in told.message
    assert told.evidence["columns"]["b"] > 0.99
    assert str(told.cure) == 'run.effect("a").ale'
    assert found.headline().endswith("by ALE")
    assert effect(run_with(Apart), "idle").findings == ()
    assert [f.column for f in effect(run_with(Apart), "idle", "b").findings] == ["b"]


def test_two_columns_together_equal_scikit_learns():
    run = made()
    found = run.effect("tenure", "contract", points=6)
    grids = {"tenure": np.array(found.grids[0], dtype=float), "contract": np.array(found.grids[1], dtype=object)}
    theirs = partial_dependence(run.pipeline, rows_of(run), ["tenure", "contract"], custom_values=grids)
    np.testing.assert_allclose(found.pdp, theirs["average"][0], rtol=1e-9)
    assert found.counts.sum() == len(run.holdout)
    assert 0 <= found.strength <= 1
    assert np.sum(found.interaction * found.counts) == pytest.approx(0, abs=1e-9)
    assert found.frame().shape == (6, 3)


def test_an_interaction_is_all_that_a_product_is():
    """Of a product, around the means of its parts, no sum of two effects is left."""
    assert effect(run_with(Product), "a", "idle").strength > 0.9


@pytest.mark.slow
def test_intervals_hold_the_effect_of_all_rows():
    """Of many samples of one population."""
    run, random, held = run_with(Product), np.random.default_rng(1), 0
    for _ in range(40):
        rows = run.holdout.iloc[random.integers(len(run.holdout), size=120)].reset_index(drop=True)
        found = effect(replace(run, holdout=rows), "a", points=5)
        expected = found.grid[-1] * (run.holdout["idle"].mean() - 0.5)
        held += found.pdp_low[-1] <= expected <= found.pdp_high[-1]
    assert held >= 34  # of 40 at 95%: fewer come once in 500 times


def test_a_missing_value_has_an_effect_of_its_own_where_it_may_be():
    run = made()
    frame = run.holdout[list(run.features)].assign(charge=np.nan)
    assert run.effect("charge").missing == pytest.approx(run.pipeline.predict_proba(frame)[:, 1].mean())
    assert run.effect("tenure").missing is None


def test_flags_and_kinds():
    run = made("leaves", "linear")
    flag = run.effect("paperless")
    assert (flag.kind, flag.grid) == ("category", (False, True))
    assert flag.counts.tolist() == run.holdout["paperless"].value_counts().sort_index().tolist()
    assert run.effect("tenure").kind == "number"
    assert run.effect("tenure").label == "Yes"
    no, yes = run.effect("tenure", label="No"), run.effect("tenure")
    np.testing.assert_allclose(no.pdp, 1 - yes.pdp)
    assert list(yes.frame().columns) == ["tenure", "pdp", "pdp_low", "pdp_high", "ale", "ale_low", "ale_high"]
    assert yes.to_dict()["grid"] == yes.grid


@pytest.mark.parametrize(
    ("asked", "error", "said"),
    [
        ({"column": "size"}, ColumnNotFound, "size"),
        ({"column": "tenure", "beside": "tenure"}, BadParameter, "another column"),
        ({"column": "tenure", "rows": 1}, BadParameter, "rows is a whole number from 2"),
        ({"column": "tenure", "points": "many"}, BadParameter, "points"),
        ({"column": "tenure", "label": "Perhaps"}, BadParameter, "'Yes'"),
    ],
)
def test_what_is_asked_for_wrongly_is_refused(asked, error, said):
    with pytest.raises(error, match=said):
        made().effect(**asked)


def test_a_column_of_one_value_or_of_free_text_has_no_effect_to_tell():
    run = made()
    with pytest.raises(BadParameter, match="free text"):
        made(contract={"kind": "text"}).effect("contract")
    run = replace(run, holdout=run.holdout.assign(tenure=3))
    with pytest.raises(BadParameter, match="one value only"):
        run.effect("tenure")


def test_likeness_puts_on_a_line_what_lies_on_one():
    random = np.random.default_rng(0)
    for _ in range(20):
        at = random.normal(size=random.integers(3, 9))
        order = along_a_line(np.abs(at[:, None] - at[None, :]))
        assert order.tolist() in (np.argsort(at).tolist(), np.argsort(-at).tolist())
