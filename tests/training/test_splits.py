"""Splits: nothing is fitted on what it is scored on, nor on what came later."""

from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import workbench as wb
from workbench.core.contract import Column, Contract
from workbench.core.metric import short
from workbench.errors import BadParameter, BadTable
from workbench.training import splits
from workbench.training.splits import parts

TIME = Contract((Column("at", "datetime", "time"), Column("y", "category", "target")), "binary")
GROUP = Contract((Column("who", "category", "group"), Column("y", "category", "target")), "binary")
PLAIN = Contract((Column("x", "number"), Column("y", "category", "target")), "binary")


def timed(hours):
    at = pd.Timestamp("2013-07-04") + pd.to_timedelta(np.sort(hours), unit="h")
    return pd.DataFrame({"at": at, "y": np.resize(["No", "Yes"], len(hours))})


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 500), min_size=60, max_size=90), st.integers(2, 4), st.integers(1, 20))
def test_in_time_nothing_is_fitted_on_later_rows_and_equal_moments_stay_together(hours, folds, width):
    table = timed(np.array(hours) // width)
    try:
        made = parts(table, TIME, "binary", folds, seed=0)
    except BadTable:
        assume(False)
    at = table["at"]
    assert at.iloc[made.train].max() < at.iloc[made.holdout].min()
    assert sorted([*made.train, *made.holdout]) == list(range(len(table)))
    for fit, validate in made.folds:
        assert at.iloc[fit].max() < at.iloc[validate].min()
        assert set(validate) <= set(made.train)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(0, 300), min_size=60, max_size=90),
    st.sampled_from(["3 rows", "24 rows", "12h", "2d", "90 min"]),
    st.integers(0, 5),
)
def test_rows_whose_outcome_was_not_known_yet_are_not_fitted_on(hours, gap, lost):
    table = timed(np.array(hours))
    table.loc[: lost - 1, "at"] = pd.NaT  # these count as earlier than all others
    try:
        made = parts(table, TIME, "binary", 3, seed=0, gap=gap)
    except BadTable:
        assume(False)
    number, unit = float(gap.split()[0].rstrip("hd")), gap.lstrip("0123456789 ")
    order = splits.in_order(table["at"])
    place = np.argsort(order)
    for fit, scored in ((made.train, made.holdout), *made.folds):
        first = place[scored].min()
        earlier = {k for k in order[:first].tolist() if not table["at"][k] >= table["at"][order[first]]}
        if unit == "rows":
            known = {k for k in earlier if place[k] < first - number}
        else:
            known = {
                k
                for k in earlier
                if not table["at"][k] > table["at"][order[first]] - timedelta(**{splits.UNITS[unit]: number})
            }
        assert set(fit) <= known
        if scored is made.holdout:
            assert set(fit) == known
    assert f"Rows of the {gap} before scored ones are not fitted on." in made.split.reason


@pytest.mark.parametrize(
    ("table", "contract", "gap", "told"),
    [
        (timed(range(100)), TIME, "30d", r"lie in the gap of 30d"),
        (timed(range(100)), TIME, "60 rows", r"with a gap of 60 rows"),
    ],
    ids=["no row to fit on", "no row of a fold"],
)
def test_a_gap_that_leaves_nothing_is_an_error_that_says_so(table, contract, gap, told):
    with pytest.raises(BadTable, match=told):
        parts(table, contract, "binary", 3, seed=0, gap=gap)


def test_a_gap_asks_for_an_order_and_one_of_hours_for_moments():
    table = pd.DataFrame({"x": np.arange(100), "y": np.resize(["No", "Yes"], 100)})
    with pytest.raises(BadParameter, match="asks for an order in time"):
        parts(table, PLAIN, "binary", 3, seed=0, gap="2d")
    numbers = Contract((Column("x", "integer", "time"), Column("y", "category", "target")), "binary")
    with pytest.raises(BadParameter, match="'24 rows'"):
        parts(table, numbers, "binary", 3, seed=0, gap="2d")
    assert max(parts(table, numbers, "binary", 3, seed=0, gap="9 rows").train) == 70


def test_the_last_fifth_is_held_out_and_the_boundary_is_told():
    made = parts(timed(range(100)), TIME, "binary", 3, seed=0)
    assert made.holdout.tolist() == list(range(80, 100))
    assert (made.split.kind, made.split.column, made.split.train_rows, made.split.holdout_rows) == (
        "time",
        "at",
        80,
        20,
    )
    assert made.split.boundary == str(timed(range(100))["at"][80])


@pytest.mark.parametrize("hours", [[1] * 100, [1] * 90 + [2] * 10, [1, 2] * 50])
def test_too_few_moments_are_an_error_that_says_so(hours):
    with pytest.raises(BadTable, match="'at'"):
        parts(timed(hours), TIME, "binary", 3, seed=0)


def test_rows_without_a_moment_are_fitted_on_at_most_and_never_scored():
    table = timed(range(100))
    table.loc[:9, "at"] = pd.NaT  # a dataset puts them first
    made = parts(table, TIME, "binary", 3, seed=0)
    scored = np.concatenate([made.holdout, *(validate for _, validate in made.folds)])
    assert table["at"].iloc[scored].notna().all()


@settings(max_examples=40, deadline=None)
@given(st.integers(5, 25), st.integers(0, 99))
def test_a_group_is_never_on_both_sides(groups, seed):
    table = pd.DataFrame({"who": np.random.default_rng(seed).permutation(np.resize(np.arange(groups), 90)), "y": "No"})
    made = parts(table, GROUP, "binary", 3, seed)
    sides = [(made.train, made.holdout), *made.folds]
    assert all(set(table["who"].iloc[a]).isdisjoint(table["who"].iloc[b]) for a, b in sides)
    assert made.split.kind == "group"


def test_too_few_groups_are_an_error_that_says_so():
    table = pd.DataFrame({"who": ["a", "b"] * 50, "y": "No"})
    with pytest.raises(BadTable, match="who"):
        parts(table, GROUP, "binary", 3, seed=0)


def test_classes_keep_their_shares_where_rows_are_drawn():
    table = pd.DataFrame({"x": 0.0, "y": np.resize(["No"] * 9 + ["Yes"], 500)})
    made = parts(table, PLAIN, "binary", 3, seed=0)
    for rows in (made.train, made.holdout, *(side for fold in made.folds for side in fold)):
        assert (table["y"].iloc[rows] == "Yes").mean() == pytest.approx(0.1, abs=0.01)


@settings(max_examples=20, deadline=None)
@given(st.integers(40, 300), st.integers(2, 5), st.integers(0, 2**32 - 1))
def test_drawn_folds_are_within_the_training_rows_and_validate_each_once(n, folds, seed):
    made = parts(pd.DataFrame({"x": np.zeros(n), "y": np.arange(n)}), PLAIN, "regression", folds, seed)
    validated = np.concatenate([validate for _, validate in made.folds])
    assert sorted(validated) == sorted(made.train)
    assert set(made.train).isdisjoint(made.holdout)
    assert all(set(fit).isdisjoint(validate) for fit, validate in made.folds)


def test_a_seed_draws_the_same_rows_again():
    table = pd.DataFrame({"x": np.zeros(100), "y": np.resize(["No", "Yes"], 100)})
    one, again, other = (parts(table, PLAIN, "binary", 3, s).holdout.tolist() for s in (1, 1, 2))
    assert one == again
    assert one != other


def test_the_search_looks_at_the_latest_rows_of_a_long_table(monkeypatch):
    monkeypatch.setattr(splits, "MOST_SEARCHED", 40)
    made = parts(timed(range(100)), TIME, "binary", 3, seed=0)
    assert min(fit.min() for fit, _ in made.folds) == 40
    assert len(made.train) == 80


@pytest.mark.parametrize("hours", [[7] * 60, [1] * 10 + [2] * 50, [1] * 40 + [2] * 20], ids=["one", "late", "few"])
def test_too_few_moments_are_refused_before_anything_is_fitted(hours):
    """One moment leaves no earlier part; two leave none to validate on."""
    with pytest.raises(BadTable, match="'at'"):
        parts(timed(np.array(hours)), TIME, "binary", 3, seed=0)


def test_a_train_part_without_rows_is_told_as_such():
    with pytest.raises(BadTable, match="share one moment, or have none: there is no later part"):
        parts(timed(np.full(60, 7)), TIME, "binary", 3, seed=0)


def test_groups_hold_out_a_fifth_of_them_and_each_other_row_is_validated_once():
    table = pd.DataFrame({"who": np.resize(np.arange(20), 100), "y": "No"})
    one, again, other = (parts(table, GROUP, "binary", 4, seed) for seed in (1, 1, 2))

    assert table["who"].iloc[one.holdout].nunique() == 4
    assert sorted([*one.train, *one.holdout]) == list(range(100))
    assert sorted(np.concatenate([validate for _, validate in one.folds])) == sorted(one.train)
    assert all(sorted([*fit, *validate]) == sorted(one.train) for fit, validate in one.folds)
    assert one.holdout.tolist() == again.holdout.tolist() != other.holdout.tolist()
    told = one.split
    assert (told.folds, told.train_rows, told.holdout_rows, told.column, told.boundary) == (4, 80, 20, "who", None)


@pytest.mark.parametrize(("groups", "folds"), [(5, 4), (6, 4), (4, 3), (3, 2)])
def test_the_fewest_groups_are_one_a_fold_beside_the_fifth_that_is_held_out(groups, folds):
    def table(n):
        return pd.DataFrame({"who": np.resize(np.arange(n), 60), "y": "No"})

    assert len(parts(table(groups), GROUP, "binary", folds, seed=0).folds) == folds
    with pytest.raises(BadTable, match=f"has {folds} groups, too few for a hold-out and {folds} folds"):
        parts(table(folds), GROUP, "binary", folds, seed=0)


def test_drawn_rows_hold_out_a_fifth_and_the_split_says_so():
    made = parts(pd.DataFrame({"x": 0.0, "y": np.resize(["No", "Yes"], 100)}), PLAIN, "binary", 3, seed=0)
    told = made.split

    assert (told.kind, told.folds, told.train_rows, told.holdout_rows, told.column) == ("random", 3, 80, 20, None)
    assert "Nothing says that the rows have an order" in told.reason
    assert (len(made.train), len(made.holdout)) == (80, 20)


@pytest.mark.parametrize("task", ["binary", "regression"])
def test_a_seed_draws_the_folds_too(task):
    table = pd.DataFrame({"x": np.zeros(100), "y": np.resize([0, 1], 100)})

    def validated(seed):
        return [validate.tolist() for _, validate in parts(table, PLAIN, task, 3, seed).folds]

    assert validated(1) == validated(1) != validated(2)
    assert any(np.diff(np.sort(rows)).max() > 1 for rows in validated(1)), "drawn, not cut in pieces"


def test_the_search_looks_at_some_of_the_drawn_rows_of_a_long_table(monkeypatch):
    """Not at the first of them: what a long table begins with may be its oldest part."""
    monkeypatch.setattr(splits, "MOST_SEARCHED", 40)
    made = parts(pd.DataFrame({"x": np.zeros(400), "y": np.arange(400)}), PLAIN, "regression", 4, seed=0)
    searched = np.sort(np.concatenate([validate for _, validate in made.folds]))

    assert len(searched) == len(set(searched)) == 40
    assert set(searched) <= set(made.train)
    assert searched.max() > 200


def test_folds_in_time_are_as_many_as_asked_for_and_none_of_their_rows_is_lost():
    made = parts(timed(range(100)), TIME, "binary", 4, seed=0)

    assert made.split.folds == len(made.folds) == 4
    assert [validate.tolist() for _, validate in made.folds] == [list(range(i, i + 16)) for i in (16, 32, 48, 64)]
    assert all(fit.tolist() == list(range(validate[0])) for fit, validate in made.folds)
    assert "came after" in made.split.reason


def test_rows_as_few_as_the_folds_are_refused_by_the_number_of_their_moments():
    with pytest.raises(BadTable, match="has 5 moments, too few for 4 folds in order"):
        parts(timed(range(5)), TIME, "binary", 4, seed=0)


def test_each_fold_has_its_share_of_a_rare_class():
    table = pd.DataFrame({"x": 0.0, "y": np.resize(["No"] * 19 + ["Yes"], 300)})
    for seed in range(5):
        made = parts(table, PLAIN, "binary", 3, seed)

        assert [(table["y"].iloc[validate] == "Yes").sum() for _, validate in made.folds] == [4, 4, 4]


WIDE = (Column("a", "integer"), Column("b", "category"))


def copied(seed, different, most):
    """Rows that come several times each, in any order, with equal or other targets, some with gaps."""
    rng = np.random.default_rng(seed)
    rows = pd.DataFrame({"a": rng.permutation(different).astype(float), "b": rng.choice(["u", "v", None], different)})
    rows.loc[rng.random(different) < 0.1, "a"] = np.nan
    table = rows.loc[np.repeat(np.arange(different), rng.integers(1, most + 1, different))]
    table = table.sample(frac=1, random_state=seed).reset_index(drop=True)
    at = np.sort(rng.integers(0, 200, len(table)))
    return table.assign(y=rng.choice(["No", "Yes"], len(table)), at=at, who=rng.integers(0, 30, len(table)))


def rows_of(table, rows):
    return set(map(tuple, table[["a", "b"]].iloc[rows].astype(object).fillna("gap").to_numpy()))


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 2**16), st.integers(60, 150), st.integers(1, 9), st.integers(2, 4),
    st.sampled_from([None, ("at", "integer", "time"), ("who", "integer", "group")]),
    st.sampled_from(["binary", "regression"]),
)  # fmt: skip
def test_equal_rows_are_never_on_both_sides(seed, different, most, folds, role, task):
    table = copied(seed, different, most)
    target = Column("y", "category", "target")
    contract = Contract((*WIDE, target) if role is None else (*WIDE, target, Column(*role)), task)
    made = parts(table.assign(y=(table["y"] == "Yes").astype(float)), contract, task, folds, seed)

    shared = False
    for fit, scored in ((made.train, made.holdout), *made.folds):
        assert len(fit)
        assert len(scored)
        both = rows_of(table, fit) & rows_of(table, scored)
        if both:
            shared = True
            rest = [i for i in fit if not rows_of(table, [i]) & both]
            classes = task == "binary" and table["y"].iloc[rest].nunique() < table["y"].iloc[fit].nunique()
            assert len(rest) < 0.1 * len(fit) or classes, "where hardly any row, or not every class, would stay"
    assert shared == ("scores flatter" in made.split.reason)
    if role is None:
        assert not shared
        assert sorted([*made.train, *made.holdout]) == list(range(len(table)))
        assert sorted(np.concatenate([validate for _, validate in made.folds])) == sorted(made.train)
        assert len(made.holdout) == pytest.approx(0.2 * len(table), rel=0.5)


def test_copies_keep_together_with_their_classes_share_and_the_split_says_so():
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"x": rng.normal(size=200).repeat(5), "y": rng.choice(["No", "Yes"], 1000, p=[0.9, 0.1])})
    made = parts(table, PLAIN, "binary", 3, seed=0)

    assert "800 rows equal an earlier one in every feature, or nearly; these are kept on one side." in made.split.reason
    assert len(made.holdout) == 200
    assert (table["y"].iloc[made.holdout] == "Yes").mean() == pytest.approx((table["y"] == "Yes").mean(), abs=0.04)


def test_rows_of_a_few_levels_are_drawn_as_they_are_and_the_split_says_so():
    table = pd.DataFrame({"x": np.resize(np.arange(6.0), 300), "y": np.resize(["No", "Yes"], 300)})
    made = parts(table, PLAIN, "binary", 3, seed=0)

    assert len(made.holdout) == 60
    assert "equal ones are on both sides" in made.split.reason


@pytest.mark.parametrize(("folds", "together"), [(8, True), (9, False)])
def test_rows_of_fewer_levels_than_three_a_fold_are_drawn_as_they_are(folds, together):
    table = pd.DataFrame({"x": np.resize(np.arange(25.0), 500), "y": np.resize(["No", "Yes"], 500)})
    made = parts(table, PLAIN, "binary", folds, seed=0)

    assert ("kept on one side" in made.split.reason) == together
    assert set(table["x"].iloc[made.train]).isdisjoint(table["x"].iloc[made.holdout]) == together


def test_one_row_that_half_the_table_repeats_is_fitted_on():
    """An empty form, say: held out it would be all that is scored."""
    x = np.where(np.arange(1000) < 500, 0.0, np.arange(1000))
    made = parts(pd.DataFrame({"x": x, "y": np.resize(["No", "Yes"], 1000)}), PLAIN, "binary", 3, seed=0)

    assert (x[made.holdout] > 0).all()
    assert len(made.holdout) == 100


def test_a_table_without_copies_is_split_as_ever():
    table = pd.DataFrame({"x": np.arange(200.0), "y": np.resize(["No", "No", "Yes"], 200)})
    one, other = (parts(table, PLAIN, "binary", 3, 0, features) for features in (None, ()))

    assert (one.train.tolist(), one.holdout.tolist()) == (other.train.tolist(), other.holdout.tolist())
    assert one.split == other.split


def test_rows_are_compared_in_the_features_that_are_used():
    """An identifier that is left out keeps no two copies apart."""
    table = pd.DataFrame({"id": np.arange(300), "x": np.arange(100.0).repeat(3), "y": np.resize(["No", "Yes"], 300)})
    contract = Contract((Column("id", "integer"), *PLAIN.columns), "binary")

    made = parts(table, contract, "binary", 3, 0, ["x"])

    assert set(table["x"].iloc[made.train]).isdisjoint(table["x"].iloc[made.holdout])


@pytest.mark.parametrize("uneven", [True, False])
def test_stretches_of_time_that_differ_are_told_with_their_scores(store, uneven):
    rng = np.random.default_rng(0)
    x, spread = rng.normal(size=2_000), np.repeat([1, 8, 1, 8, 1] if uneven else [1] * 5, 400)
    table = {"day": pd.date_range("2020-01-01", periods=2_000), "x": x, "y": 3 * x + spread * rng.normal(size=2_000)}
    run = wb.train(table, target="y", time="day", trend="none", candidates=["linear"])
    told = [f.message for f in run.findings if f.code == "WB232"]
    assert bool(told) == uneven
    if uneven:
        low, high = (short(end) for end in (run.metrics[0].low, run.metrics[0].high))
        assert told[0].endswith(f"on those before. The next may have anything from {low} to {high}.")
