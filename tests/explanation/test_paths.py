"""Decision paths: within their conditions the answer stays as it is, and a step outside meets another test."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier

import workbench as wb
from tests.explanation.runs import customers, made
from workbench.errors import Refused

TREES = [("leaves", "boosting"), ("level", "boosting"), ("amount", "forest")]


def meets(condition, value):
    if value is None or value != value:
        return condition.missing
    if condition.values is not None:
        return value in condition.values
    return (condition.low is None or value > condition.low) and (condition.high is None or value <= condition.high)


def outputs(run, frame):
    return run.pipeline.predict_proba(frame) if run.classes else run.pipeline.predict(frame)[:, None]


@pytest.mark.parametrize(("target", "model"), TREES)
def test_the_row_meets_its_conditions_and_every_row_that_does_gets_the_same_answer(target, model):
    """Rows are made of values drawn from within the conditions; columns that were not asked about take any."""
    run, random = made(target, model), np.random.default_rng(0)
    table = run.holdout[list(run.features)]
    for i in range(6):
        path = run.decision_path(i)
        assert all(meets(one, one.value) for one in path.conditions)
        assert {one.column for one in path.conditions} | set(path.free) == set(run.features)
        made_up = table.iloc[np.full(80, i)].reset_index(drop=True)
        for one in path.conditions:
            fine = [value for value in [*customers()[one.column], *ends(one)] if meets(one, value)]
            values = pd.Series(random.choice(np.array(fine, dtype=object), 80))
            made_up[one.column] = values.astype(table.dtypes[one.column])
        for name in path.free:
            made_up[name] = random.choice(table[name], 80)
        expected = outputs(run, table.iloc[[i]])
        np.testing.assert_array_equal(outputs(run, made_up), np.repeat(expected, 80, axis=0))


def ends(condition):
    """Just inside the ends of an interval of numbers."""
    if condition.low is not None and condition.column == "charge":
        yield np.nextafter(condition.low, np.inf)
    if condition.high is not None and condition.column == "charge":
        yield condition.high


def tree(depth=3):
    """One tree on a scaled number and a category by its code."""
    frame = customers()[["tenure", "contract", "leaves"]].astype({"tenure": float})
    coded = make_column_transformer(
        (StandardScaler(), ["tenure"]),
        (OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), ["contract"]),
    )
    pipeline = make_pipeline(coded, DecisionTreeClassifier(max_depth=depth, random_state=0))
    pipeline.fit(frame[["tenure", "contract"]], frame["leaves"])
    return replace(made(columns=("tenure", "contract")), pipeline=pipeline)


def test_of_one_tree_the_conditions_are_those_of_its_path():
    run = tree()
    scale, model = run.pipeline[0].named_transformers_["standardscaler"], run.pipeline[-1]
    for i in range(12):
        path = run.decision_path(i)
        row = run.holdout[list(run.features)].iloc[[i]]
        nodes = model.decision_path(run.pipeline[:-1].transform(row)).indices[:-1]
        assert (path.trees, path.tests) == (1, len(nodes))
        limits = model.tree_.threshold[[n for n in nodes if model.tree_.feature[n] == 0]] * scale.scale_ + scale.mean_
        tenure = [one for one in path.conditions if one.column == "tenure"]
        inside = [end for one in tenure for end in (one.low, one.high) if end is not None]
        assert set(np.round(inside, 4)) <= set(np.round(limits, 4))
        above = [limit for limit in limits if limit < row["tenure"].iloc[0]]
        assert not tenure or (tenure[0].low is None and not above) or tenure[0].low == pytest.approx(max(above))


def test_conditions_in_words():
    run = made()
    words = {one.column: str(one) for one in run.decision_path(0).conditions}
    assert words["contract"].startswith("contract is ")
    assert words["tenure"].startswith("tenure above ") or words["tenure"].startswith("tenure up to ")
    assert "missing" not in words["tenure"]  # the contract allows no gap
    path = run.decision_path(0)
    assert str(path) == path.headline()
    assert f"{len(path.conditions)} conditions" in str(path)
    assert path.frame()["condition"].tolist() == [str(one) for one in path.conditions]
    gap = int(np.flatnonzero(run.holdout["charge"].isna())[0])
    assert {one.column: one for one in run.decision_path(gap).conditions}["charge"].missing


def test_a_model_without_trees_has_no_path():
    for model in ("linear", "network"):
        with pytest.raises(Refused, match="trees alone"):
            made("leaves", model).decision_path(0)


@pytest.mark.slow
def test_dates_are_told_by_what_is_asked_of_them(store):
    """Month, weekday and days since 1970 are each an interval; these are told as a date."""
    frame = customers()[["tenure", "since", "amount"]].copy()
    frame["amount"] += frame["since"].dt.month * 5 + (frame["since"] > "2024-11-01") * 30
    run = wb.train(frame, target="amount", split="random", candidates=["boosting"], trials=1, folds=2)
    path = run.decision_path(0)
    asked = {one.of: one for one in path.conditions if one.column == "since"}
    day = pd.Timestamp(asked["month"].value)
    assert asked["month"].low < day.month <= asked["month"].high
    assert str(asked["month"]).startswith("month of since above ")
    since = asked["days since 1970"]
    assert since.low < (day - pd.Timestamp("1970-01-01")).days <= since.high
    assert str(since).startswith("since above 202")
