"""What a target sets as the task, what may be asked for, and what may be the time."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import workbench as wb
from workbench.core.contract import Contract
from workbench.errors import BadParameter, BadTable, BadTarget
from workbench.reading.door import aimed_at
from workbench.reading.tasks import Seen, infer_task, is_count

ROWS = 400


def table(**columns):
    rng = np.random.default_rng(0)
    return pd.DataFrame({"x": rng.normal(size=ROWS), "n": np.arange(ROWS), **columns})


def scores(rarest=2):
    """From 3 to 8, the last one rare."""
    return np.r_[np.resize([3, 4, 5, 6, 7], ROWS - rarest), np.full(rarest, 8)]


@pytest.mark.parametrize(
    ("values", "task"),
    [
        (scores(2), "regression"),
        (scores(20), "multiclass"),
        (np.resize([0, 1], ROWS), "binary"),
        (np.resize(np.arange(11), ROWS), "regression"),
        (np.resize(["a", "b", "c"], ROWS), "multiclass"),
        (np.r_[["a"] * (ROWS - 3), ["b", "b", "c"]], "multiclass"),
        (np.linspace(0, 1, ROWS), "regression"),
        (np.r_[np.repeat(np.arange(5), [150, 130, 70, 30, 20])], "regression"),
        (np.resize([f"plant {i}" for i in range(40)], ROWS), "multiclass"),
        (np.resize(np.arange(8), ROWS), "multiclass"),
    ],
)
def test_the_rule_that_decides(values, task):
    assert wb.dataset(table(y=values), target="y").contract.task == task
    assert wb.profile(table(y=values), target="y").contract.task == task


@pytest.mark.parametrize(
    ("values", "task"),
    [
        (scores(2), "multiclass"),
        (scores(20), "regression"),
        (np.resize([0, 1], ROWS), "regression"),
        (np.resize([f"plant {i}" for i in range(80)], ROWS), "multiclass"),
        (np.resize([True, False], ROWS), "regression"),
        (np.resize(np.arange(60), ROWS), "multiclass"),
    ],
)
def test_a_task_that_fits_may_be_asked_for(values, task):
    assert wb.dataset(table(y=values), target="y", task=task).contract.task == task
    assert wb.profile(table(y=values), target="y", task=task).contract.task == task


@pytest.mark.parametrize(
    ("values", "task", "message"),
    [
        (np.resize(["a", "b"], ROWS), "regression", "needs numbers"),
        (np.linspace(0, 1, ROWS), "multiclass", "numbers with fractions"),
        (np.resize(["a", "b", "c"], ROWS), "binary", "needs two classes, the target .y. has 3"),
        (np.resize(["a", "b"], ROWS), "multiclass", "has two classes only"),
        (np.resize(["a"], ROWS), "binary", "one class only"),
        (pd.date_range("2024-01-01", periods=ROWS), "multiclass", "datetime values"),
    ],
)
def test_a_task_that_does_not_fit_is_refused(values, task, message):
    for verb in (wb.dataset, wb.profile):
        with pytest.raises(BadTarget, match=message):
            verb(table(y=values), target="y", task=task)


@settings(max_examples=40, deadline=None)
@given(st.floats(0.8, 25.0), st.integers(0, 2**32 - 1), st.integers(200, 5000))
def test_counts_are_a_number_whatever_their_mean_and_rows(mean, seed, rows):
    """Poisson's counts with a rare tail, with nothing set, under a name that says nothing."""
    drawn = np.random.default_rng(seed).poisson(mean, rows)
    counts = Counter(drawn.tolist())

    assert infer_task(Seen("y", "integer", rows, len(counts), list(counts.items()))) == "regression" or len(counts) < 5
    assert infer_task(Seen("visits", "integer", rows, len(counts), list(counts.items()))) != "multiclass"
    assert is_count("visits", list(counts.items()))
    assert is_count("y", list(counts.items())) or not 1.5 < mean < 12


@settings(max_examples=40, deadline=None)
@given(st.integers(3, 300), st.integers(0, 2**32 - 1), st.sampled_from([0, 1, 1000]))
def test_codes_are_classes_however_many_they_are_where_their_name_says_so(classes, seed, first):
    codes = first + np.random.default_rng(seed).integers(0, classes, 20 * classes)
    counts = Counter(codes.tolist())
    seen = Seen("species_code", "integer", len(codes), len(counts), list(counts.items()))

    assert infer_task(seen) == "multiclass"
    assert infer_task(replace(seen, name="visits_count")) in ("regression", "binary")


def test_a_hundred_codes_that_come_equally_often_are_classes_and_a_hundred_ages_are_none():
    codes = np.random.default_rng(0).integers(0, 100, 20_000)
    ages = np.clip(np.random.default_rng(0).normal(45, 18, 20_000), 18, 90).astype(int)
    frame = pd.DataFrame({"x": np.arange(20_000.0), "y": codes, "age": ages})

    assert wb.dataset(frame[["x", "y"]], target="y").contract.task == "multiclass"
    assert wb.dataset(frame[["x", "age"]], target="age").contract.task == "regression"
    profile = wb.profile(frame[["x", "y"]], target="y")
    (told,) = [f for f in profile.findings if f.code == "WB137"]
    assert profile.contract.task == "multiclass"
    assert "taken as classes, since they come equally often" in told.message


@pytest.mark.parametrize("verb", [wb.dataset, wb.profile])
def test_whole_numbers_that_a_frame_calls_categories_are_classes_however_rare(verb):
    frame = table(y=pd.Categorical(scores(2)))

    assert (verb(frame, target="y").contract["y"].kind, verb(frame, target="y").contract.task) == (
        "integer",
        "multiclass",
    )
    assert verb(frame, target="y", task="regression").contract.task == "regression"


def test_a_hundred_texts_are_classes_where_each_has_ten_rows_in_the_mean():
    texts = [f"plant {i % 100}" for i in range(1000)]

    assert wb.dataset(pd.DataFrame({"x": range(1000), "y": texts}), target="y").contract.task == "multiclass"


def test_more_classes_than_fifty_are_refused_with_what_to_do():
    values = np.resize([f"plant {i}" for i in range(80)], ROWS)
    with pytest.raises(BadTarget, match="task='multiclass'"):
        wb.dataset(table(y=values), target="y")


def test_more_classes_than_a_thousand_are_refused_however_they_are_asked_for():
    rows = pd.DataFrame({"x": np.arange(2400), "y": [f"plant {i % 1200}" for i in range(2400)]})
    with pytest.raises(BadTarget, match="at most 1,000"):
        wb.dataset(rows, target="y", task="multiclass")


@pytest.mark.slow
def test_a_rare_score_does_not_keep_a_table_from_training():
    run = wb.train(wb.dataset(table(y=scores(2)), target="y"), candidates=["linear"])

    assert run.task == "regression"


@pytest.mark.slow
def test_eighty_classes_are_trained_where_they_are_asked_for():
    classes = np.repeat(np.arange(60), 8)
    frame = pd.DataFrame({"x": classes + np.random.default_rng(1).normal(0, 0.1, len(classes)), "y": classes})
    frame["y"] = "plant " + frame["y"].astype(str)
    run = wb.train(wb.dataset(frame, target="y", task="multiclass"), candidates=["linear"])

    assert len(run.classes) == 60


def test_classes_are_kept_in_their_order_and_others_are_refused():
    values = np.resize(["low", "middle", "high"], ROWS)
    data = wb.dataset(table(y=values), target="y", classes=["low", "middle", "high"])

    assert data.contract["y"].categories == ("low", "middle", "high")
    assert Contract.from_dict(data.contract.to_dict()) == data.contract
    with pytest.raises(BadTarget, match=r"has 133 rows with 'high', none of the classes 'low', 'middle'\. Name"):
        wb.dataset(table(y=values), target="y", classes=["low", "middle"])


@pytest.mark.parametrize(("values", "classes", "task"), [
    (scores(2), ["3", "4", "5", "6", "7", "8"], "multiclass"),
    (np.resize([0, 1], ROWS), ["0", "1"], "binary"),
    (np.resize([True, False], ROWS), ["false", "true"], "binary"),
    (np.resize(["a", "b"], ROWS), ["a", "b", "never"], "binary"),
])  # fmt: skip
def test_named_classes_are_classes_whatever_their_kind(values, classes, task):
    assert wb.dataset(table(y=values), target="y", classes=classes).contract.task == task


@pytest.mark.parametrize(
    "keywords",
    [{"task": "regression", "classes": ["3", "4"]}, {"classes": ["3"]}, {"classes": "ab"}, {"task": "classes"}],
)
def test_what_contradicts_itself_is_refused(keywords):
    with pytest.raises(BadParameter):
        wb.dataset(table(y=scores()), target="y", **keywords)


@pytest.mark.parametrize("keywords", [{"task": "binary"}, {"classes": ["a", "b"]}])
def test_a_task_without_a_target_is_refused(keywords):
    with pytest.raises(BadParameter, match="about a target"):
        wb.dataset(table(), **keywords)


def test_an_accepted_contract_keeps_its_task():
    asked = wb.dataset(table(y=scores(20)), target="y", task="regression")

    assert wb.dataset(asked.table, contract=asked.contract).contract.task == "regression"
    assert wb.dataset(asked.table, contract=asked.contract, target="y").contract.task == "multiclass"


SEX = np.resize(["female", "male"], ROWS)
WHEN = pd.date_range("2024-01-01", periods=ROWS, freq="h")


@pytest.mark.parametrize("verb", [wb.dataset, wb.profile])
@pytest.mark.parametrize(
    ("values", "told"),
    [
        (SEX, "texts that are no moments, such as 'female', 'male'"),
        (np.resize([True, False], ROWS), "true and false"),
        ([f"in week {i} of the year we had word" for i in range(ROWS)], "texts that are no moments"),
    ],
)
def test_what_is_no_moment_is_no_time(verb, values, told):
    with pytest.raises(BadTable, match=told) as caught:
        verb(table(sex=values, when=WHEN), time="sex")

    assert "Moments are in 'when'" in str(caught.value)


def test_without_moments_the_numbers_are_named():
    with pytest.raises(BadTable, match="No column holds moments; numbers that may rise with time are in 'x', 'n'"):
        wb.dataset(table(sex=SEX), time="sex")


@pytest.mark.parametrize("values", [WHEN, WHEN.strftime("%Y-%m-%d %H:%M"), np.arange(ROWS), np.linspace(0, 1, ROWS)])
def test_moments_and_numbers_are_a_time(values):
    assert wb.dataset(table(t=values), time="t").contract.time == "t"


def test_a_contract_with_a_time_that_is_none_is_refused_too():
    contract = wb.dataset(table(sex=SEX)).contract.set_role("time", ["sex"])
    with pytest.raises(BadTable, match="time= takes a column of moments"):
        wb.dataset(table(sex=SEX), contract=contract)


def test_a_target_that_is_named_later_sets_the_task_that_it_sets_at_once():
    """A rare score makes a number of it, whoever asks: the dataset, or a verb that is given one."""
    scores = pd.DataFrame({"x": range(122), "score": [3] * 60 + [4] * 60 + [8] * 2})

    at_once = wb.dataset(scores, target="score").contract
    assert aimed_at(wb.dataset(scores), "score").contract.task == at_once.task == "regression"
